// The table: one row an op, a module or a line; sorted by any column; a row is chosen with the icicle's block.
import { h, hasFocus, icon, setAttr, setText } from "../dom";
import { bytes, count } from "../format";
import { type By, type Measure, type Row, type Timeline, matches, seconds } from "./model";
import { one, rowName, share, time } from "./words";

const FIRST = 200; // rows drawn at once; the rest on demand

interface Column { key: string; head: string; kind: "text" | "number"; value(row: Row): number | string; text(row: Row): string }

const TEXTS: Record<By, Column> = {
  op: { key: "op", head: "op", kind: "text", value: (row) => one(row.ops, "ops"), text: (row) => one(row.ops, "ops") },
  module: { key: "module", head: "module", kind: "text", value: (row) => one(row.modules, "modules"), text: (row) => one(row.modules, "modules") },
  line: { key: "line", head: "line", kind: "text", value: (row) => one(row.lines, "lines"), text: (row) => one(row.lines, "lines") },
};
const dash = (value: number, text: (value: number) => string): string => (value > 0 ? text(value) : "–");

const MEMORY = { held: "at peak", saved: "kept", made: "made" };

function columns(by: By, measure: Measure, { total }: Timeline): Column[] {
  const bytesOf = measure === "time" ? "held" : measure;
  const first: Column = { key: by, head: by, kind: "text", value: (row) => row.label, text: rowName };
  const number = (key: string, head: string, value: (row: Row) => number, text: (value: number) => string): Column => ({ key, head, kind: "number", value, text: (row) => text(value(row)) });
  const whole = seconds(total);
  return [
    first,
    ...(["op", "module", "line"] as const).filter((other) => other !== by).map((other) => TEXTS[other]),
    number("calls", "calls", ({ sums }) => sums.calls, (value) => dash(value, count)),
    number("forward", "forward", ({ sums }) => sums.forward, (value) => dash(value, time)),
    number("backward", "backward", ({ sums }) => sums.backward, (value) => dash(value, time)),
    number("total", "total", ({ sums }) => seconds(sums), time),
    number("share", "%", ({ sums }) => seconds(sums), (value) => share(value, whole).replace(/\s?%$/, "")),
    number("memory", MEMORY[bytesOf], ({ sums }) => sums[bytesOf], (value) => dash(value, bytes)),
  ];
}

export interface TableState { by: By; measure: Measure; rows: Row[]; chosen: string | null; words: string }

export function createTable(timeline: Timeline, choose: (row: string) => void): { el: HTMLElement; draw(state: TableState): void } {
  const head = h("tr", {});
  const body = h("tbody", {});
  const table = h("table", { role: "grid" }, h("thead", {}, head), body);
  const more = h("button", { class: "btn q", type: "button", onclick: () => { all = true; if (last !== null) draw(last); } });
  const el = h("div", { class: "tabular" }, table, more);
  let sort = { key: "total", down: true };
  let all = false;
  let last: TableState | null = null;
  let heads = "";
  let keyboard = false;

  const order = (column: Column): void => {
    sort = sort.key === column.key ? { key: column.key, down: !sort.down } : { key: column.key, down: column.kind === "number" };
    if (last !== null) draw(last);
  };
  const drawHead = (found: Column[], { by, measure }: TableState): void => {
    const now = by + measure;
    if (heads !== now) {
      head.replaceChildren(...found.map((column) => h("th", { scope: "col", class: `${column.kind} ${column.key}` },
        h("button", { type: "button", onclick: () => order(column) }, column.head, icon(8, "M1 5.5L4 2.5 7 5.5")))));
      heads = now;
    }
    found.forEach((column, i) => setAttr(head.children[i], "aria-sort", sort.key === column.key ? (sort.down ? "descending" : "ascending") : "none"));
  };
  const draw = (state: TableState): void => {
    if (last?.measure !== state.measure) sort = { key: state.measure === "time" ? "total" : "memory", down: true };
    last = state;
    const found = columns(state.by, state.measure, timeline);
    if (!found.some(({ key }) => key === sort.key)) sort = { key: "total", down: true };
    setAttr(table, "aria-label", `Table by ${state.by}`);
    setAttr(table, "data-measure", state.measure);
    drawHead(found, state);
    const rows = sorted(state.words === "" ? state.rows : state.rows.filter((row) => matches(rowName(row) + row.ops.join(" ") + row.modules.join(" "), state.words)), found.find(({ key }) => key === sort.key) as Column, sort.down);
    const shown = all ? rows : rows.slice(0, FIRST);
    setAttr(table, "aria-rowcount", String(rows.length + 1));
    while (body.childElementCount > shown.length) body.lastElementChild?.remove();
    while (body.childElementCount < shown.length) body.append(h("tr", {}, ...found.map(() => h("td", {}))));
    const stop = shown.some(({ key }) => key === state.chosen) ? state.chosen : shown[0]?.key;
    shown.forEach((row, i) => drawRow(body.children[i] as HTMLElement, row, found, { selected: row.key === state.chosen, stop: row.key === stop, at: i + 2 }, timeline));
    more.hidden = shown.length === rows.length;
    setText(more, `${count(rows.length - shown.length)} more`);
    const here = body.querySelector<HTMLElement>('[tabindex="0"]');
    if (keyboard && here !== null && hasFocus(body)) here.focus({ preventScroll: false });
    keyboard = false;
  };
  body.addEventListener("click", (event) => {
    const row = (event.target as Element).closest<HTMLElement>("tr");
    if (row?.dataset.key !== undefined) choose(row.dataset.key);
  });
  body.addEventListener("keydown", (event) => {
    const row = (event.target as Element).closest<HTMLElement>("tr");
    const to = event.key === "ArrowDown" ? row?.nextElementSibling : event.key === "ArrowUp" ? row?.previousElementSibling : event.key === "Enter" || event.key === " " ? row : null;
    if (!(to instanceof HTMLElement) || to.dataset.key === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    keyboard = true;
    choose(to.dataset.key);
  });
  return { el, draw };
}

interface Look { selected: boolean; stop: boolean; at: number }

function drawRow(tr: HTMLElement, row: Row, found: Column[], { selected, stop, at }: Look, { total }: Timeline): void {
  tr.dataset.key = row.key;
  setAttr(tr, "aria-rowindex", String(at));
  setAttr(tr, "aria-selected", String(selected));
  setAttr(tr, "tabindex", stop ? "0" : "-1");
  found.forEach((column, i) => {
    const cell = tr.children[i] as HTMLElement;
    if (cell.className !== `${column.kind} ${column.key}`) cell.className = `${column.kind} ${column.key}`;
    setText(cell, column.text(row));
    if (column.kind === "text") cell.title = column.text(row);
    else cell.removeAttribute("title");
    if (column.key === "share") {
      const whole = seconds(total) || 1;
      cell.style.setProperty("--forward", `${((100 * row.sums.forward) / whole).toFixed(2)}%`);
      cell.style.setProperty("--all", `${((100 * (row.sums.forward + row.sums.backward)) / whole).toFixed(2)}%`);
      cell.style.setProperty("--whole", `${((100 * seconds(row.sums)) / whole).toFixed(2)}%`);
    } else cell.removeAttribute("style");
  });
}

function sorted(rows: Row[], column: Column, down: boolean): Row[] {
  const sign = down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [column.value(a), column.value(b)];
    if (typeof x === "number" && typeof y === "number") return sign * (x - y) || 0;
    return sign * String(x).localeCompare(String(y), "en", { numeric: true });
  });
}
