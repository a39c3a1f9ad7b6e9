// How the numbers of one node, or of one parameter, went over the recorded steps: one small curve each.
import { h, setAttr, setText } from "../dom";
import { count, num } from "../format";
import { type GraphNode, NODE_STAT_COUNT, NODE_STATS, PROBE_COLUMN_COUNT, PROBE_COLUMNS } from "../protocol";
import { type State, shownStep } from "../store";
import type { Inks } from "../theme";
import { drawCurve } from "./plots";

/** One number over steps. */
export interface Track { name: string; steps: ArrayLike<number>; values: number[]; kind: "value" | "grad"; size: boolean }

/** Statistics of nodes at recorded steps, oldest first. */
export interface Recorded { steps: readonly number[]; tables: readonly Float32Array[] }

const NODE_TRACKS = [["|grad|", "grad_norm", "grad"], ["mean", "value_mean", "value"], ["std", "value_std", "value"], ["zeros", "zero_fraction", "value"]] as const;
const ROW_TRACKS = [["|grad|", "grad_norm", "grad"], ["|weight|", "weight_norm", "value"], ["update/weight", "update_ratio", "value"]] as const;

/** The curves of a node; of a parameter those that the gradients panel measures too, and of an op the one of its first parameter. */
export function tracksOf(state: State, recorded: Recorded, node: GraphNode | null, row: number): Track[] {
  const tracks: Track[] = [];
  const add = (tables: readonly Float32Array[], steps: ArrayLike<number>, at: number, name: string, kind: Track["kind"]): void => {
    const values = tables.map((table) => table[at]);
    if (values.filter(Number.isFinite).length > 1) tracks.push({ name, steps, values, kind, size: name !== "mean" && name !== "zeros" });
  };
  const { probes } = state;
  const own = node === null || node.kind === "parameter";
  if (row >= 0 && own) for (const [name, column, kind] of ROW_TRACKS) add(probes.tables, probes.steps, row * PROBE_COLUMN_COUNT + PROBE_COLUMNS.indexOf(column), name, kind);
  if (node !== null) {
    for (const [name, column, kind] of NODE_TRACKS) {
      if (tracks.some((track) => track.name === name)) continue;
      add(recorded.tables, recorded.steps, node.id * NODE_STAT_COUNT + NODE_STATS.indexOf(column), name, kind);
    }
  }
  if (row >= 0 && !own) add(probes.tables, probes.steps, row * PROBE_COLUMN_COUNT, `|grad| of ${state.params[row].name.split(".").pop()}`, "grad");
  return tracks.filter(({ name, values }) => name !== "zeros" || values.some((value) => value > 0));
}

export interface HistoryPart { readonly el: HTMLElement; draw(state: State, tracks: Track[], name: string, ink: Inks): void }

export function createHistory(): HistoryPart {
  const title = h("span");
  const span = h("span", { class: "dim" });
  const rows = h("div", { class: "tracks" });
  const el = h("div", { class: "history" }, h("div", { class: "lab" }, title, span), rows);
  const draw = (state: State, tracks: Track[], name: string, ink: Inks): void => {
    el.hidden = tracks.length === 0;
    if (el.hidden) return;
    const [{ steps }] = tracks;
    setText(title, `${name} over the steps`);
    setText(span, `step ${count(steps[0])} … ${count(steps[steps.length - 1])}`);
    while (rows.children.length > tracks.length) rows.lastChild!.remove();
    while (rows.children.length < tracks.length) rows.append(h("div", {}, h("span", { class: "dim" }), h("canvas", { role: "img" }), h("b")));
    const step = shownStep(state.ui);
    tracks.forEach((track, i) => {
      const [label, canvas, value] = rows.children[i].children as unknown as [HTMLElement, HTMLCanvasElement, HTMLElement];
      const at = nearestAt(track.steps, step);
      setText(label, track.name);
      const known = track.values[at];
      setText(value, Number.isNaN(known) ? "" : num(known)); // not known of this step
      setAttr(canvas, "aria-label", `${track.name} of ${name}, ${Number.isNaN(known) ? "unknown" : num(known)} at step ${count(track.steps[at])}`);
      drawCurve(canvas, track.steps, track.values, step, track.kind === "grad" ? ink.grad : ink.value, track.size, ink);
    });
  };
  return { el, draw };
}

/** The last of ascending steps that is not after `step`; the last of all for null. */
function nearestAt(steps: ArrayLike<number>, step: number | null): number {
  let at = steps.length - 1;
  while (step !== null && at > 0 && steps[at] > step) at--;
  return at;
}
