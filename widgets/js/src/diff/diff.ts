// The differences of two graphs, steps, runs or checkpoints: facts, curves, tables, and both graphs as one.
import { h } from "../dom";
import { createGraph } from "../graph";
import { createLoss } from "../loss";
import type { Actions, Panel } from "../panel";
import { savePicture } from "../picture";
import type { Frame } from "../protocol";
import { createStage, fullScreenButton } from "../stage";
import { Store } from "../store";
import type { Scene } from "../views";
import { type Counts, type DiffHeader, SIGNS } from "./model";
import { createTable, nodeColumns, tensorColumns } from "./table";

export function createDiff(el: HTMLElement, scene: Scene): () => void {
  const header = scene.header as unknown as DiffHeader & Frame;
  const store = new Store("static");
  const stage = createStage(el, "diff", "Differences", draw, true);
  const { root } = stage;
  store.apply({ ...header, kind: "snapshot" }, scene.buffers);
  store.setUi({ theme: scene.theme });
  const actions: Actions = {
    control: () => undefined,
    inspect: () => undefined,
    toggleFullScreen: stage.toggleFullScreen,
    savePicture: () => void savePicture(root, "differences.png"),
    showLine: () => undefined,
    canShowLine: () => false, applyFix: () => "gone", canApply: () => false, // its cell is not above
    focus: (panel) => root.querySelector<HTMLElement>(`.${panel} .plot [tabindex="0"]`)?.focus(),
  };
  const panels: Panel[] = [...(store.state.series.length > 0 ? [createLoss(store, actions)] : []), ...(header.graph ? [createGraph(store, actions)] : [])];
  const tables = createTables(header, store);
  const [before, after] = header.names;
  root.append(
    h("div", { class: "head" }, h("h3", {}, "Differences"), h("span", { class: "names" }, h("b", {}, before), h("span", { class: "dim" }, " → "), h("b", {}, after)), h("span", { class: "dim small" }, legend(header)), h("span", { class: "gap" }), fullScreenButton(stage.toggleFullScreen)),
    ...(header.facts.length > 0 ? [facts(header)] : []),
    h("div", { class: `columns${panels.length > 0 && tables.length > 0 ? " two" : ""}` }, h("div", { class: "left" }, ...tables.map((table) => table.el)), h("div", { class: "right" }, ...panels.map((panel) => panel.el))),
  );
  if (tables.length === 0 && panels.length === 0) root.append(h("p", { class: "same" }, "Nothing to compare: neither side has a graph or a tensor."));
  const ends = [store.subscribe(stage.schedule)];

  function draw(): void {
    stage.dress(store.state.ui.theme);
    for (const panel of panels) panel.draw(store.state);
    for (const table of tables) table.draw(store.state);
  }
  stage.schedule();
  return () => {
    for (const end of ends) end();
    for (const panel of panels) panel.destroy();
    stage.remove();
  };
}

/** `+ added − removed ~ changed`, only what there is. */
function legend({ counts, tables }: DiffHeader): string {
  const all: Counts[] = [...(counts ? [counts] : []), ...tables.map((table) => table.counts)];
  const words = ([["added", "+"], ["removed", "-"], ["changed", "~"]] as const).filter(([key]) => all.some((one) => one[key] > 0)).map(([key, mark]) => `${SIGNS[mark]} ${key}`);
  return words.length > 0 ? words.join("  ") : "no difference";
}

/** What is known of both sides; a row that differs is written in full ink. */
function facts({ names, facts: rows }: DiffHeader): HTMLElement {
  const head = h("tr", {}, h("td"), ...names.map((name) => h("th", { scope: "col" }, name)));
  const body = rows.map(([name, before, after]) => h("tr", { class: before === after ? "alike" : "" }, h("th", { scope: "row" }, name), h("td", {}, before), h("td", {}, after)));
  return h("div", { class: "facts" }, h("table", { "aria-label": "Both sides" }, h("thead", {}, head), h("tbody", {}, ...body)));
}

function createTables(header: DiffHeader, store: Store): ReturnType<typeof createTable>[] {
  const found = header.tables.map((table) => createTable({ title: table.title, counts: table.counts, rows: table.rows, columns: tensorColumns(table.rows), choose: (row) => store.select({ kind: "param", key: row.name }), chosen: (row, { ui }) => ui.selected?.kind === "param" && ui.selected.key === row.name }));
  if (header.nodes && header.counts) found.unshift(createTable({ title: "graph", counts: header.counts, rows: header.nodes, columns: nodeColumns, choose: (row) => store.select({ kind: "node", key: String(row.node) }), chosen: (row, { ui }) => ui.selected?.kind === "node" && ui.selected.key === String(row.node) }));
  return found;
}

