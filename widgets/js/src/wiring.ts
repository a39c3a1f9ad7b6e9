// The wires of one open block: straight or curved between rows that follow each other, along lanes past the rows between.
// Same algorithm, same numbers in widgets/layout.py, but for `carried`: only the browser lights single edges.
import { type Area, NODE } from "./arrange";
import type { Block } from "./blocks";
import { HALF, type Lane, OWN, type Piece, exitX, laneEnd, laneKey } from "./lanes";

/** Whose way a wire is part of: the edges of `pieces` from number `from` to before `to`; `trunk`: all but its end also those after. */
export interface Carried { pieces: readonly Piece[]; from: number; to: number; trunk: boolean }
type Draw = (source: number, arrow: boolean, points: number[], carried: Carried) => void;
type Wirer = (source: number, arrow: boolean, points: number[], pieces: readonly Piece[], from?: number, to?: number, trunk?: boolean) => void;

const wirer = (draw: Draw): Wirer => (source, arrow, points, pieces, from = 0, to = pieces.length, trunk = false) => draw(source, arrow, points, { pieces, from, to, trunk });

/** Every wire inside an open block that is laid out. */
export function wireBlock(block: Block, area: Area, cut: ReadonlySet<number>, draw: Draw): void {
  const { x, y } = block;
  const wire = wirer(draw);
  const far = new Map<number, Piece[]>();
  for (const piece of area.pieces.values()) {
    if (cut.size > 0 && piece.edges.every((edge) => cut.has(edge))) continue;
    const { a, source, b, edges } = piece;
    const one = [piece];
    if (area.bottomOf(b) - area.topOf(a) > 1) {
      const key = laneKey(a, source);
      const known = far.get(key);
      if (known) known.push(piece);
      else far.set(key, [piece]);
      continue;
    }
    const startX = a === null ? x + (area.entries.get(source) ?? 0) : exitX(a, source);
    const goalX = b === null ? x + (area.exits.get(source) ?? 0) : area.arrivalX(piece);
    const rowEnd = a === null ? y : y + area.bottoms[a.rank];
    let startY = a === null ? y : a.y + a.height;
    let goalY = b === null ? y + block.height : b.y;
    if (startX !== goalX && startY < rowEnd) {
      wire(source, false, [startX, startY, startX, rowEnd], one);
      startY = rowEnd;
    }
    if (startX !== goalX && a === null) goalY = y + area.tops[0];
    const arrow = b !== null && !b.opened;
    wire(source, arrow, [startX, startY, goalX, goalY], one);
    if (edges.length > 1 && a?.kind === "op" && b?.kind === "op") {
      for (let extra = 1; extra < Math.min(edges.length, 4); extra++) wire(source, arrow, [startX + 16 * extra, startY, goalX + 16 * extra, goalY], one);
    }
  }
  for (const [key, pieces] of far) {
    pieces.sort((p, q) => area.bottomOf(p.b) - area.bottomOf(q.b));
    const lane = area.lanes.get(key);
    if (lane) drawLane(wire, area, lane, x + (area.laneX.get(key) ?? 0), pieces, x, y);
  }
}

function drawLane(wire: Wirer, area: Area, lane: Lane, laneX: number, pieces: Piece[], x: number, y: number): void {
  const { a, source } = lane;
  let start: number[];
  if (a === null) {
    const entry = x + (area.entries.get(source) ?? 0);
    start = [laneX, entry === laneX ? y : y + area.tops[0]];
    if (entry !== laneX) wire(source, false, [entry, y, ...start], pieces);
  } else if (area.aside(a, lane)) {
    const side = a.y + (Math.min(a.height, NODE) >> 1) + 4;
    start = [a.x + HALF, side, laneX, side];
  } else if (lane.track === OWN) {
    start = [laneX, a.y + a.height];
  } else {
    const [exit, bottom, rowEnd] = [exitX(a, source), a.y + a.height, y + area.bottoms[a.rank]];
    start = [laneX, y + area.tops[a.rank + 1]];
    if (bottom < rowEnd) wire(source, false, [exit, bottom, exit, rowEnd], pieces);
    wire(source, false, [exit, rowEnd, ...start], pieces);
  }
  for (const [at, { b }] of pieces.entries()) {
    if (b === null) {
      wire(source, false, [...start, laneX, y + area.block.height], pieces, at);
      start = [laneX, y + area.block.height];
    } else if (area.aside(b, lane)) {
      const side = b.y + (Math.min(b.height, NODE) >> 1) - 4;
      wire(source, true, [...start, laneX, side, b.x + HALF, side], pieces, at, at + 1, at + 1 < pieces.length);
      start = [laneX, side];
    } else {
      const stop = y + area.bottoms[b.rank - 1];
      if (start[start.length - 1] !== stop) wire(source, false, [...start, laneX, stop], pieces, at);
      wire(source, !b.opened, [laneX, stop, laneEnd(b, source, lane), b.y], pieces, at, at + 1);
      start = [laneX, stop];
    }
  }
}
