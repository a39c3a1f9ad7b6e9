// What stands on a picture, before it has a place: operands above their op, ways between lanes, sizes.
import type { Block, Walk } from "./data";
import { type Look, lookOf } from "./look";
import { type Grid, gridOf } from "./paths";
import type { Unit } from "./units";
import { type Routed, type Way, route } from "./wires";

/** An operand above its op. `chip`: its full picture stands elsewhere. */
export interface Leaf { value: number; chip: boolean; look: Look; w: number; h: number; grad: boolean }
export interface Plan {
  units: Unit[];
  grid: Grid;
  leaves: Leaf[][]; // of each unit
  ways: (Way & { unit: number; value: number; slot: number })[];
  routed: Routed;
  look(value: number): Look;
  /** Whether a place for a value's gradient is kept. */
  hasGrad(value: number): boolean;
}

const CHIP = 18;

export function planOf(walk: Walk, units: Unit[], main: number, narrow: boolean, gradOf: (value: number) => Block | null): Plan {
  const grid = gridOf(units, walk.values, main);
  const looks = new Map<number, Look>();
  const look = (value: number): Look => {
    let found = looks.get(value);
    if (found === undefined) {
      const { block = null, name = "" } = walk.values.get(value) ?? {};
      const grad = gradOf(value);
      const letters = name.includes(".") ? 6 : Math.min(9, name.length);
      looks.set(value, (found = lookOf(block, grad, { narrow, crowded: units.length > 12, least: letters < 3 ? 0 : 7.2 * (letters + (grad ? 1 : 0)) })));
    }
    return found;
  };
  const homes = homesOf(units, grid);
  const above = new Set<number>();
  const ways: Plan["ways"] = [];
  const leaves = units.map((unit, at): Leaf[] => {
    let straight = straightInto(units, grid, at);
    const mine: Leaf[] = [];
    unit.inputs.forEach((value, slot) => {
      const home = homes.get(value);
      if (value === straight) straight = null; // the same value twice: the second comes by another way
      else if (home && home.column < grid.rank[at]) ways.push({ unit: at, value, slot, from: home.column, start: home.lane, to: grid.rank[at], end: grid.lane[at] });
      else {
        const chip = homes.has(value) || above.has(value);
        above.add(value);
        const size = look(value);
        mine.push({ value, chip, look: size, w: chip ? chipWidth(walk, value) : size.w, h: chip ? CHIP : size.h, grad: !chip && gradOf(value) !== null });
      }
    });
    return mine;
  });
  return { units, grid, leaves, ways, routed: route(ways, grid.ranks, grid.lanes), look, hasGrad: (value) => gradOf(value) !== null };
}

/** Column and lane of each value that stands in a lane. */
function homesOf(units: Unit[], grid: Grid): Map<number, { column: number; lane: number }> {
  const homes = new Map<number, { column: number; lane: number }>();
  units.forEach((unit, at) => {
    const lead = grid.lead[at];
    if (lead !== null && !homes.has(lead)) homes.set(lead, { column: grid.rank[at] - 1, lane: grid.lane[at] });
    if (unit.output !== null) homes.set(unit.output, { column: grid.rank[at], lane: grid.lane[at] });
  });
  return homes;
}

/** The value that stands just left of a unit in its lane. */
export function straightInto(units: Unit[], grid: Grid, at: number): number | null {
  const before = grid.before[at];
  return grid.lead[at] ?? (before === null ? null : units[before].output);
}

const chipWidth = (walk: Walk, value: number): number => Math.max(22, 7 * Math.min(12, walk.values.get(value)?.symbol.length ?? 1) + 12);

/** Width of an op's circle (a pill for words), or of a folded module's box. */
export function circleWidth(unit: Unit): number {
  if (unit.group !== null) return Math.max(48, Math.min(150, unit.symbol.length * 6.6 + 22));
  return unit.symbol.length <= 2 ? 20 : Math.min(96, Math.round(unit.symbol.length * 5.1 + 10));
}
