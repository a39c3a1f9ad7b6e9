// Horizontal places, column by column: gap with its tracks, op, value; pushed right where operands above would run into each other.
import { type Leaf, type Plan, circleWidth } from "./plan";

export const TRACK = 11;
const SIDE = 5; // between a value and its gradient
const APART = 12; // between the operands of two ops

export interface Columns {
  width: number;
  shift: number; // how far the leftmost operand reaches beyond the first column
  cx: number[]; // middle of the ops of a column
  left: number[]; // left end of its values
  end: number[]; // right end of its values
  stub: number[]; // where the tracks of the gap before it begin
  sides: Map<number, { value: number; grad: number | null }[]>; // of each unit: x of its operands, measured from the op's middle
}

/** `extra`: room given to each gap beyond what it needs. */
export function columnsOf(plan: Plan, extra: number): Columns {
  const { grid, units, leaves, routed } = plan;
  const lastLeaf = Array.from({ length: grid.lanes }, () => Number.NEGATIVE_INFINITY);
  const columns: Columns = { width: 0, shift: 0, cx: [0], left: [0], end: [0], stub: [0], sides: new Map() };
  const members = Array.from({ length: grid.ranks + 2 }, (): number[] => []);
  units.forEach((_, unit) => members[grid.rank[unit]].push(unit));
  const wide = (id: number | null): number => (id === null ? 0 : plan.look(id).w);
  const leads = (column: number): number => Math.max(0, ...members[column + 1].map((unit) => wide(grid.lead[unit])));
  columns.end[0] = leads(0);
  for (let c = 1; c <= grid.ranks; c++) {
    const circle = Math.max(0, ...members[c].map((unit) => circleWidth(units[unit])));
    columns.stub[c] = Math.max(columns.end[c - 1] + extra / 2, ...[...routed.crossed[c]].map((lane) => lastLeaf[lane])) + 4;
    for (const lane of routed.crossed[c]) lastLeaf[lane] = columns.stub[c] + routed.gaps[c] * TRACK - APART;
    let cx = columns.stub[c] + routed.gaps[c] * TRACK + 3 + circle / 2;
    for (const unit of members[c]) {
      const cluster = clusterAt(leaves[unit], lastLeaf[grid.lane[unit]] + APART, cx);
      columns.sides.set(unit, cluster.xs);
      cx = Math.max(cx, cluster.cx);
    }
    for (const unit of members[c]) if (leaves[unit].length > 0) lastLeaf[grid.lane[unit]] = cx + rightOf(leaves[unit], columns.sides.get(unit)!);
    columns.cx[c] = cx;
    columns.left[c] = cx + circle / 2 + 7 + extra / 2;
    columns.end[c] = columns.left[c] + Math.max(leads(c), ...members[c].map((unit) => wide(units[unit].output)));
  }
  const reach = [...columns.sides].map(([unit, xs]) => columns.cx[grid.rank[unit]] + Math.min(0, ...xs.map(({ value, grad }) => Math.min(value, grad ?? value))));
  columns.shift = -Math.min(0, ...reach);
  columns.width = Math.max(columns.end[grid.ranks], ...lastLeaf) + columns.shift;
  return columns;
}

/** The operands of an op, their gradients beside them; and the least x of the op so that they begin right of `from`. */
function clusterAt(leaves: Leaf[], from: number, cx: number): { cx: number; xs: { value: number; grad: number | null }[] } {
  if (leaves.length === 0) return { cx, xs: [] };
  if (leaves.length === 1) {
    const [{ w, grad }] = leaves;
    if (!grad) return { cx: from + w / 2, xs: [{ value: -w / 2, grad: null }] };
    const left = -w / 2 - SIDE - w;
    return cx + left >= Math.max(from, 0) ? { cx, xs: [{ value: -w / 2, grad: left }] } : { cx: from + w / 2, xs: [{ value: -w / 2, grad: w / 2 + SIDE }] };
  }
  const total = leaves.reduce((sum, { w, grad }) => sum + w + (grad ? w + SIDE : 0), 0) + APART * (leaves.length - 1);
  let x = -total / 2;
  const xs = leaves.map(({ w, grad }) => {
    const place = { value: x, grad: grad ? x + w + SIDE : null };
    x += w + (grad ? w + SIDE : 0) + APART;
    return place;
  });
  return { cx: from + total / 2, xs };
}

const rightOf = (leaves: Leaf[], xs: { value: number; grad: number | null }[]): number => Math.max(...leaves.map(({ w }, at) => Math.max(xs[at].value, xs[at].grad ?? xs[at].value) + w));
