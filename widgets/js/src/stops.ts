// What a stop at a breakpoint, or the birth of a NaN, chooses for the user to look at.
import type { Birth, Stop } from "./protocol";
import type { Trail, Ui } from "./store";

/** A new stop opens the inspector on its operation, in the present; when the run goes on, what was chosen in its graph closes. */
export function choiceAt(stop: Stop | null, before: Stop | null, ui: Ui): Partial<Ui> {
  if (stop !== null && stop.node >= 0) return { selected: { kind: "node", key: String(stop.node) }, inspectorOpen: true, pinnedStep: null };
  if (before !== null && ui.selected?.kind === "node") return { selected: null, inspectorOpen: false };
  return {};
}

/** The way from where a NaN was born to the loss, null where the graph on the screen is another one. */
export function trailOf({ kind, path }: Birth): Trail | null {
  return path.length === 0 ? null : { nodes: path, title: `${kind}: from where it was born to the loss` };
}
