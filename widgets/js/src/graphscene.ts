// All that the graph's painters need to know, as plain data.
import type { GraphModel } from "./graphmodel";
import type { Measure } from "./marks";
import type { Gauge } from "./overlays";
import type { GraphStats } from "./store";
import type { Inks } from "./theme";

export const WORDS = 0.45; // below this scale nothing could be read
export const OUTLINES = 0.18;
export const WIRES = 0.04;

/** `mixed`: a box that holds nodes of several kinds. */
export type Change = "new" | "gone" | "changed" | "mixed";

export interface Camera { x: number; y: number; scale: number } // of the picture's origin on the screen

export interface Scene {
  model: GraphModel;
  camera: Camera;
  width: number;
  height: number;
  stats: GraphStats | null;
  gauge: Gauge;
  selected: ReadonlySet<number>; // items
  selectedKey: string | null; // group
  lit: ReadonlySet<number>; // nodes whose chips are lit
  hovered: number; // item, or -1
  trail: ReadonlySet<number> | null; // nodes of the lit trail
  found: ReadonlyMap<number, number> | null; // items that match the search, with how many of their nodes do; null: no search
  diff: ReadonlyMap<number, Change> | null; // what is otherwise than at another step: item -> how
  trouble: ReadonlyMap<number, string>; // item -> words
  failed: number; // item, or -1
  ink: Inks;
  measure: Measure;
}

/** Whether a box steps back because something else is lit. */
export function isFaded({ trail, found, model }: Scene, at: number): boolean {
  if (trail) return !model.trailBoxes(trail).has(at);
  return found !== null && !found.has(at);
}
