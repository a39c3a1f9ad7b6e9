// What is asked of the state again and again.
import type { Selection, Series, State, Ui } from "./store";

/** The curve that the view is about: the first training series. */
export function mainSeries(state: State): Series | null {
  return state.series.find((series) => series.role === "train") ?? null;
}

/** Whether a click on Pause can have an effect now. */
export function controlsLive(state: State): boolean {
  return state.connection === "connected" && state.controls.live && !state.silent;
}

/** Whether a further step can be expected. */
export const isComing = ({ connection, status }: State): boolean => connection === "connected" && (status.state === "running" || status.state === "waiting");

/** Whether a run goes on, or is held. */
export const isActive = (state: State): boolean => isComing(state) || (state.connection === "connected" && state.status.state === "paused");

/** The step every panel shows: hovered, else pinned, else null for the newest. */
export function shownStep(ui: Ui): number | null {
  return ui.hoverStep ?? ui.pinnedStep;
}

/** Rows of `params` that belong to the selection: the parameter itself, a module's, or those a node takes. */
export function selectedRows(state: State): Set<number> {
  return rowsOf(state, state.ui.selected);
}

/** Rows of the parameters that the node under the pointer or the focus takes. */
export function hoveredRows(state: State): Set<number> {
  const { hovered } = state.ui;
  return rowsOf(state, hovered === null ? null : { kind: "node", key: String(hovered) });
}

function rowsOf(state: State, selected: Selection | null): Set<number> {
  if (selected === null) return new Set();
  const rows = (test: (name: string) => boolean): Set<number> => new Set(state.params.flatMap(({ name }, i) => (test(name) ? [i] : [])));
  if (selected.kind === "param") return rows((name) => name === selected.key);
  if (selected.kind === "module") return rows((name) => name.startsWith(selected.key + "."));
  const { graph } = state;
  const id = Number(selected.key);
  const node = graph?.nodes[id];
  if (!graph || !node) return new Set();
  if (node.kind === "parameter") return rows((name) => name === node.name);
  const operands = new Set(graph.edges.filter(([, dst]) => dst === id).map(([src]) => graph.nodes[src]).filter((src) => src.kind === "parameter").map((src) => src.name));
  return rows((name) => operands.has(name));
}
