// Edges on their way through one block: pieces, the lanes they run in, the places where they meet a box.
import type { Block } from "./blocks";

export const HALF = 60; // half width of a box
export const OWN = -1; // track of an edge that runs straight down below its box
const INNER = 6; // lanes beside the boxes of a table row
const OUTER = 24; // lanes outside of everything

/** Part of edges inside one block: value `source` from child `a` (null: enters) to child `b` (null: leaves). */
export interface Piece { a: Block | null; source: number; b: Block | null; edges: number[] }
/** Where a long edge runs: beside the boxes of table rows, or outside of everything it passes. */
export interface Lane { inner: boolean; track: number; a: Block | null; source: number }

const NODES = 2 ** 21; // more than there are nodes
const CHILDREN = 2 ** 16; // more than a block has children (blocks.ts folds them from 200 on)

/** Key of a value that starts at a child (or enters): what shares a lane. */
export const laneKey = (a: Block | null, source: number): number => (a ? a.at + 1 : 0) * NODES + source;
export const pieceKey = (a: Block | null, source: number, b: Block | null): number => laneKey(a, source) * CHILDREN + (b ? b.at + 1 : 0);

/** Where on the top of its child an edge that comes down a lane ends. */
export function laneEnd(b: Block, source: number, lane: Lane): number {
  if (b.opened) return b.x + (b.area?.entries.get(source) ?? 0);
  return lane.track === OWN && b.column === 0 && b.spine ? b.x : b.x + 16;
}

/** Where the value leaves the lower border of the child. */
export function exitX(child: Block, source: number): number {
  return child.x + (child.opened ? (child.area?.exits.get(source) ?? 0) : 0);
}

/** Characters, not UTF-16 units. */
export function size(text: string): number {
  return /[\ud800-\udfff]/.test(text) ? [...text].length : text.length;
}

/** px of a chip with that text in the code font. */
export function chipWidth(name: string, shape: string): number {
  const text = size(name) + (shape ? 1 + size(shape) : 0);
  return Math.floor((text * 632 + 99) / 100) + 12;
}

/** First track on which nothing lies between the rows top and bottom; inner ones first where they are possible. */
export function freeLane(tracks: { inner: [number, number][][]; outer: [number, number][][] }, inner: boolean, top: number, bottom: number): { inner: boolean; track: number } | null {
  for (const inside of inner ? [true, false] : [false]) {
    const kept = inside ? tracks.inner : tracks.outer;
    for (const [track, taken] of kept.entries()) {
      let at = taken.findIndex(([from, to]) => from > top || (from === top && to >= bottom));
      if (at < 0) at = taken.length;
      if ((at === 0 || taken[at - 1][1] <= top) && (at === taken.length || taken[at][0] >= bottom)) {
        taken.splice(at, 0, [top, bottom]);
        return { inner: inside, track };
      }
    }
    if (kept.length < (inside ? INNER : OUTER)) {
      kept.push([[top, bottom]]);
      return { inner: inside, track: kept.length - 1 };
    }
  }
  return null;
}
