// The spine of a block, and the columns of what stands beside it.
import type { Block } from "./blocks";

/** The path with the most ops; it is drawn straight. */
export function findSpine(children: Block[], before: Block[][]): void {
  const length = children.map(() => 0);
  const came: (Block | null)[] = children.map(() => null);
  let end: Block | null = null;
  for (const child of children) {
    let best = 0;
    let path: Block | null = null;
    child.spine = false;
    for (const operand of before[child.at]) {
      if (length[operand.at] > best) {
        best = length[operand.at];
        path = operand;
      }
    }
    came[child.at] = ratherFirst(before[child.at], path, came);
    length[child.at] = best + Math.max(1, child.ops);
    if (end === null || length[child.at] >= length[end.at]) end = child;
  }
  for (; end !== null; end = came[end.at]) end.spine = true;
}

/** The first operand, where its path is but one row shorter than the best and no part of it (no skip). */
function ratherFirst(operands: Block[], best: Block | null, came: (Block | null)[]): Block | null {
  if (best === null || operands[0] === best || best.rank - operands[0].rank > 1) return best;
  const onPath = best.rank === operands[0].rank ? best : came[best.at];
  return onPath === operands[0] ? best : operands[0];
}

/** A branch keeps its column; the spine is column 0. */
export function placeRow(row: Block[], before: Block[][]): void {
  if (row.length === 1 && row[0].spine) {
    row[0].column = 0;
    return;
  }
  const taken = new Set(row[0].spine ? [0] : []);
  let last = 0;
  for (const child of row) {
    if (child.spine) {
      child.column = 0;
      continue;
    }
    const wanted = before[child.at].find((other) => other.column > 0 && !other.spine);
    let column = wanted ? Math.max(wanted.column, last + 1) : last + 1;
    if (row.length === 1 && !wanted) column = 0;
    while (taken.has(column)) column++;
    taken.add(column);
    child.column = last = column;
  }
  row.sort((a, b) => a.column - b.column);
}
