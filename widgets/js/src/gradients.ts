// Gradients: one row a parameter, from input to loss. Drawn on a canvas; over it lie the rows that keyboard and reader meet.
import { h, setAttr, setText } from "./dom";
import { plural } from "./format";
import { neighbours } from "./inspect/links";
import { type RowData, hasHistogram, momentAt, ridges, rowData, rowName, sparkline } from "./gradmodel";
import { type Columns, FOOT, HEAD, LEAST_ROW, columnsFor, drawGround, drawRow, hatching } from "./gradplot";
import { type Row, rowsOf } from "./groups";
import type { Actions, Panel } from "./panel";
import { createShell } from "./shell";
import { type State, type Store, hoveredRows, selectedRows, shownStep } from "./store";
import { type Inks, density, fitCanvas, inks } from "./theme";

const TALLEST_ROW = 36;

export function createGradients(store: Store, _actions: Actions): Panel {
  const shell = createShell(store, "gradients", "Gradients", "Gradients");
  const canvas = h("canvas", { "aria-hidden": "true" });
  const list = h("div", { class: "rows", role: "listbox", "aria-label": "Parameters" });
  const none = h("div", { class: "none" });
  shell.body.append(canvas, list, none);
  let all = false;
  const open = new Set<string>();
  const choice = createChoice((value) => { all = value; store.setUi({}); });
  shell.tools.append(choice.el);
  const hatch = createHatch();
  let longest = { key: "", width: 0 };
  const rowList = createRows(store, list, (key) => { if (!open.delete(key)) open.add(key); store.setUi({}); });
  list.addEventListener("scroll", () => store.setUi({}));

  let drawn = "";
  let drawnInk: Inks | null = null;

  const draw = (state: State): void => {
    const { params, versions } = state;
    const ink = inks(shell.el);
    // Probes come a few times a second, frames at up to twenty.
    const now = [versions.probes, versions.params, versions.ui, state.level, state.status.state, shell.body.clientWidth, shell.body.clientHeight, density()].join();
    if (now === drawn && ink === drawnInk) return;
    [drawn, drawnInk] = [now, ink];
    setText(shell.count, params.length === 0 ? "" : `${plural(params.length, "parameter")}, rows in the order of the graph`);
    const folded = params.length > 0 && rowsOf(params, false, new Set()).length < params.length;
    choice.draw(folded, all);
    const rows = rowsOf(params, all, open);
    shell.body.style.setProperty("--gradients-height", params.length === 0 ? null : `${Math.max(4, Math.min(rows.length, 9)) * LEAST_ROW + HEAD + FOOT}px`);
    if (!shell.fold(state, summaryOf(state))) return;
    const message = emptyText(state);
    none.hidden = message === "";
    setText(none, message);
    const height = shell.body.clientHeight;
    const space = Math.max(0, height - HEAD - FOOT);
    const rowHeight = Math.max(LEAST_ROW, Math.min(TALLEST_ROW, Math.floor(space / Math.max(1, rows.length))));
    const fits = rows.length * rowHeight <= space;
    list.classList.toggle("fits", fits);
    const moment = momentAt(state.probes, shownStep(state.ui));
    const chosen = selectedRows(state);
    rowList.draw(state, rows, rowHeight, moment, chosen);
    const width = shell.body.clientWidth - (fits ? 0 : 8);
    const ctx = width > 0 ? fitCanvas(canvas, shell.body.clientWidth, height) : null;
    if (ctx === null) return;
    const key = rows.length + (rows[0]?.label ?? "") + rows.at(-1)?.label + ink.code + all + open.size;
    if (longest.key !== key) longest = { key, width: longestName(ctx, rows, ink) };
    paint(ctx, state, { rows, rowHeight, scroll: list.scrollTop, space, moment, chosen }, columnsFor(width, longest.width), hatch(ctx, ink), ink);
  };
  return { el: shell.el, draw, destroy: () => shell.el.remove(), summary: summaryOf };
}

interface Scene { rows: Row[]; rowHeight: number; scroll: number; space: number; moment: number; chosen: Set<number> }

function paint(ctx: CanvasRenderingContext2D, state: State, scene: Scene, columns: Columns, hatch: CanvasPattern | null, ink: Inks): void {
  const { rows, rowHeight, scroll, space, moment } = scene;
  const { probes } = state;
  const bottom = HEAD + Math.min(space, rows.length === 0 ? space : rows.length * rowHeight);
  ctx.save();
  ctx.beginPath();
  ctx.rect(-1, HEAD, columns.width + 2, bottom - HEAD);
  ctx.clip();
  const first = Math.max(0, Math.floor(scroll / rowHeight));
  const last = Math.min(rows.length, Math.ceil((scroll + space) / rowHeight));
  ctx.restore();
  drawGround(ctx, columns, HEAD, bottom, hatch, ink);
  ctx.save();
  ctx.beginPath();
  ctx.rect(-1, HEAD, columns.width + 2, bottom - HEAD);
  ctx.clip();
  const pinned = shownStep(state.ui) !== null && probes.length > 1 ? moment / (probes.length - 1) : null;
  for (let i = first; i < last; i++) {
    const row = rows[i];
    const data = rowData(state, row, moment);
    const selected = row.kind === "parameter" ? scene.chosen.has(row.index) : !row.open && row.repeats.some((repeat) => repeat.some((index) => scene.chosen.has(index)));
    const look = { y: HEAD + i * rowHeight - scroll, height: rowHeight, selected };
    drawRow(ctx, data, sparkline(probes, row, columns.sparkWidth), pinned, hasHistogram(state.params, row) ? ridges(probes, row, moment).heights : [], columns, look, ink);
  }
  ctx.restore();
}

function longestName(ctx: CanvasRenderingContext2D, rows: Row[], ink: Inks): number {
  ctx.font = `600 10.5px ${ink.code}`;
  return Math.max(0, ...rows.map((row) => ctx.measureText(row.label).width + (row.kind === "group" || row.inside ? 10 : 0)));
}

function createHatch(): (ctx: CanvasRenderingContext2D, ink: Inks) => CanvasPattern | null {
  let made: { ink: Inks; scale: number; pattern: CanvasPattern | null } | null = null;
  return (ctx, ink) => {
    const scale = density();
    if (made === null || made.ink !== ink || made.scale !== scale) made = { ink, scale, pattern: hatching(ctx, ink) };
    return made.pattern;
  };
}

function createChoice(choose: (all: boolean) => void): { el: HTMLElement; draw(possible: boolean, all: boolean): void } {
  const button = (text: string, all: boolean): HTMLButtonElement => h("button", { class: "btn", type: "button", onclick: () => choose(all) }, h("span", {}, text));
  const grouped = button("grouped", false);
  const every = button("all", true);
  const el = h("span", { class: "seg", role: "group", "aria-label": "Rows" }, grouped, every);
  const draw = (possible: boolean, all: boolean): void => {
    el.hidden = !possible;
    setAttr(grouped, "aria-pressed", String(!all));
    setAttr(every, "aria-pressed", String(all));
  };
  return { el, draw };
}

/** One element a row: a pointer target of full height, one tab stop for all, arrows inside. */
function createRows(store: Store, list: HTMLElement, toggle: (key: string) => void): { draw(state: State, rows: Row[], height: number, moment: number, chosen: Set<number>): void } {
  const elements: HTMLElement[] = [];
  const spacer = h("div", { "aria-hidden": "true" });
  list.append(spacer);
  let rows: Row[] = [];
  let current = 0;
  let named = "";
  const activate = (i: number): void => {
    const row = rows[i];
    if (row === undefined) return;
    if (row.kind === "group") toggle(row.key);
    else {
      const { selected } = store.state.ui;
      store.select(selected?.kind === "param" && selected.key === row.key ? null : { kind: "param", key: row.key });
    }
  };
  const focus = (i: number): void => {
    current = Math.max(0, Math.min(rows.length - 1, i));
    elements.forEach((element, k) => (element.tabIndex = k === current ? 0 : -1));
    elements[current]?.focus();
  };
  const preview = (target: EventTarget | null): void => {
    const row = rows[elements.indexOf(target as HTMLElement)];
    const node = row?.kind === "parameter" ? takerOf(store.state, row.key) : null;
    if (node !== store.state.ui.hovered) store.setUi({ hovered: node });
  };
  list.addEventListener("pointerover", (event) => preview(event.target));
  list.addEventListener("pointerleave", () => preview(null));
  list.addEventListener("focusin", (event) => preview(event.target));
  list.addEventListener("focusout", () => preview(null));
  list.addEventListener("click", (event) => {
    const i = elements.indexOf(event.target as HTMLElement);
    if (i >= 0) { current = i; activate(i); }
  });
  list.addEventListener("keydown", (event) => {
    const moves: Record<string, number> = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: rows.length - 1, PageDown: current + 8, PageUp: current - 8 };
    const row = rows[current];
    if (event.key in moves) focus(moves[event.key]);
    else if (event.key === "Enter" || event.key === " ") activate(current);
    else if (row?.kind === "group" && ((event.key === "ArrowRight" && !row.open) || (event.key === "ArrowLeft" && row.open))) toggle(row.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const draw = (state: State, next: Row[], height: number, moment: number, chosen: Set<number>): void => {
    rows = next;
    while (elements.length > rows.length) elements.pop()!.remove();
    while (elements.length < rows.length) { const el = h("div", { class: "row", role: "option", tabindex: -1 }); elements.push(el); list.append(el); }
    if (current >= rows.length) current = Math.max(0, rows.length - 1);
    spacer.style.height = `${rows.length * height}px`;
    const key = `${state.versions.probes} ${state.versions.params} ${moment} ${rows.length}`;
    const rename = key !== named;
    const near = hoveredRows(state);
    named = key;
    elements.forEach((element, i) => {
      const row = rows[i];
      element.style.top = `${i * height}px`;
      element.style.height = `${height}px`;
      const tab = i === current ? 0 : -1;
      if (element.tabIndex !== tab) element.tabIndex = tab;
      setAttr(element, "aria-selected", String(row.kind === "parameter" && chosen.has(row.index)));
      element.classList.toggle("near", row.kind === "parameter" && near.has(row.index));
      if (!rename) return;
      const data: RowData = rowData(state, row, moment);
      setAttr(element, "aria-label", rowName(data));
      setAttr(element, "title", row.kind === "group" ? row.path : row.key);
    });
  };
  return { draw };
}

/** The op that takes a parameter first: what to light in the graph and in the code. */
function takerOf({ graph }: State, name: string): number | null {
  const node = graph?.nodes.find((one) => one.kind === "parameter" && one.name === name);
  return graph && node ? (neighbours(graph).consumers[node.id][0] ?? node.id) : null;
}

/** What stands where no rows are. */
export function emptyText(state: State): string {
  if (state.params.length > 0) return ""; // their rows stand there, and wait for numbers
  if (state.level === "off") return "Gradients are recorded at level health or full: %gradbook level health";
  if (state.status.state === "waiting" || state.status.state === "running") return "the gradients appear here";
  return "no gradients were recorded";
}

/** `32 parameters · fc1.weight high` */
function summaryOf(state: State): string {
  const moment = momentAt(state.probes, shownStep(state.ui));
  const words = [plural(state.params.length, "parameter")];
  for (const row of rowsOf(state.params, true, new Set())) {
    const { trouble, ratioHigh } = rowData(state, row, moment);
    if (trouble !== null || ratioHigh) { words.push(`${row.label} ${trouble ?? "moves fast"}`); break; }
  }
  return words.join(" · ");
}
