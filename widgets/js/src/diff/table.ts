// A table of what differs: one row a name; rows are chosen with the graph, arrows move between them.
import { h, setAttr, setText } from "../dom";
import { count, num, shape } from "../format";
import type { State } from "../store";
import { type Counts, type NodeRow, type Row, SIGNS, type TensorRow, WORDS, barOf, tally } from "./model";

const FIRST = 20; // rows drawn at once; the rest on demand

export interface Column<R extends Row> { head: string; title: string; class: string; cell(row: R): HTMLElement | string }

interface Options<R extends Row> {
  title: string;
  counts: Counts;
  rows: R[];
  columns: Column<R>[];
  choose(row: R): void;
  chosen(row: R, state: State): boolean;
}

export const nodeColumns: Column<NodeRow>[] = [{ head: "what", title: "Shape, or what changed", class: "what", cell: ({ what }) => arrows(what) }];

const arrows = (text: string): string => text.replaceAll(" -> ", " → ");

/** Numbers where there are any; a checkpoint of settings alone has none. */
export function tensorColumns(rows: TensorRow[]): Column<TensorRow>[] {
  const text = (value: number | null, { broken }: TensorRow): string => (value !== null ? num(value) : broken ? "not finite" : "");
  const numbers: Column<TensorRow>[] = [
    { head: "‖Δ‖/‖a‖", title: "Size of the change beside the size of the first", class: "number relative", cell: (row) => h("span", { class: "bar" }, h("i", { style: `width:${Math.round(100 * barOf(row.relative))}%`, "aria-hidden": "true" }), h("span", {}, text(row.relative, row))) },
    { head: "‖Δ‖", title: "Euclidean norm of the change", class: "number norm", cell: (row) => text(row.norm, row) },
    { head: "max |Δ|", title: "Largest change of one element", class: "number largest", cell: (row) => text(row.largest, row) },
  ];
  const what: Column<TensorRow> = { head: "also", title: "What else changed", class: "what", cell: (row) => (row.mark === "~" ? arrows(row.what) : "") };
  const sizes: Column<TensorRow> = { head: "shape", title: "Shape", class: "shape", cell: (row) => (row.shape.length > 0 || row.norm !== null ? shape(row.shape) : "") };
  return [sizes, ...(rows.some(({ norm, broken }) => norm !== null || broken) ? numbers : []), ...(rows.some(({ mark, what }) => mark === "~" && what !== "") ? [what] : [])];
}

function headline(counts: Counts): string {
  const same = count(counts.same);
  return tally(counts) === "" ? `all ${same} the same` : counts.same > 0 ? `${tally(counts)} · ${same} the same` : tally(counts);
}

export function createTable<R extends Row>({ title, counts, rows, columns, choose, chosen }: Options<R>): { el: HTMLElement; draw(state: State): void } {
  const different = rows.filter(({ mark }) => mark !== "=");
  let all = false;
  let words = "";
  const body = h("tbody");
  const buttons: HTMLButtonElement[] = [];
  let shown: R[] = [];
  const more = h("button", { class: "btn q more", type: "button", onclick: () => { all = true; fill(); } });
  const finder = h("input", { type: "search", placeholder: "Find", "aria-label": `Find in ${title}`, autocomplete: "off", spellcheck: "false" });
  finder.addEventListener("input", () => { words = finder.value.trim().toLowerCase(); fill(); });
  finder.addEventListener("keydown", (event) => { if (event.key !== "Escape") event.stopPropagation(); });
  const find = h("label", { class: "find" }, finder);
  find.hidden = rows.length < 12;
  const head = h("tr", {}, h("th", { scope: "col", class: "mark" }, h("span", { class: "a11y" }, "difference")), h("th", { scope: "col", class: "name" }, "name"), ...columns.map((column) => h("th", { scope: "col", class: column.class, title: column.title }, column.head)));
  const none = h("p", { class: "dim none" }, "nothing found");
  const table = h("table", { "aria-label": title }, h("thead", {}, head), body);
  const el = h("section", { class: "differences", role: "region", "aria-label": title },
    h("div", { class: "bar" }, h("h3", {}, title), h("span", { class: "dim small" }, headline(counts)), h("span", { class: "gap" }), find), table, none, more);

  const rowOf = (row: R): HTMLElement => {
    const button = h("button", { type: "button", tabindex: -1, title: row.name, onclick: () => choose(row) }, row.name);
    buttons.push(button);
    return h("tr", { class: { "+": "added", "-": "removed", "~": "changed", "=": "alike" }[row.mark] },
      h("td", { class: "mark" }, h("span", { "aria-hidden": "true" }, SIGNS[row.mark]), h("span", { class: "a11y" }, WORDS[row.mark])),
      h("th", { scope: "row", class: "name" }, button), ...columns.map((column) => h("td", { class: column.class }, column.cell(row))));
  };
  const fill = (): void => {
    const found = (words === "" ? different : rows).filter(({ name }) => name.toLowerCase().includes(words));
    shown = all ? found : found.slice(0, FIRST);
    buttons.length = 0;
    body.replaceChildren(...shown.map(rowOf));
    if (buttons.length > 0) buttons[0].tabIndex = 0;
    table.hidden = shown.length === 0;
    none.hidden = shown.length > 0 || words === "";
    more.hidden = shown.length === found.length;
    setText(more, `Show all ${count(found.length)}`);
  };
  table.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const move = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (at < 0 || move === undefined) return;
    const to = buttons[Math.max(0, Math.min(buttons.length - 1, move))];
    buttons[at].tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
    event.preventDefault();
    event.stopPropagation();
  });
  const draw = (state: State): void => {
    shown.forEach((row, i) => setAttr(body.children[i], "aria-current", chosen(row, state) ? "true" : null));
  };
  fill();
  return { el, draw };
}
