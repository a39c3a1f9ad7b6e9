// From units to a grid: a rank (column) for each, and lanes in which paths run straight from left to right.
import type { Value } from "./data";
import type { Unit } from "./units";

export interface Grid {
  rank: number[]; // of each unit, from 1; column 0 has what goes in
  lane: number[]; // of each unit; 0: the main chain
  lead: (number | null)[]; // of each unit that starts a path: the operand that stands left of it in its lane
  before: (number | null)[]; // of each unit: the unit that comes before it in its path
  lanes: number;
  ranks: number;
}

/** `main`: the unit at which the main chain ends (the loss). */
export function gridOf(units: Unit[], values: Map<number, Value>, main: number): Grid {
  const producer = new Map<number, number>();
  units.forEach((unit, at) => { if (unit.output !== null) producer.set(unit.output, at); });
  const sources = units.map((unit, at) => unit.inputs.map((id) => producer.get(id) ?? -1).filter((from) => from >= 0 && from < at));
  const early = units.map(() => 1);
  units.forEach((_, at) => { for (const from of sources[at]) early[at] = Math.max(early[at], early[from] + 1); });
  const onMain = backFrom(main, sources, early, () => true);
  const rank = lateRanks(early, sources, new Set(onMain));
  const grid: Grid = { rank, lane: units.map(() => -1), lead: units.map(() => null), before: units.map(() => null), lanes: 0, ranks: Math.max(0, ...rank) };
  const taken: [number, number][][] = [];
  const homes = new Set<number>();
  const place = (path: number[]): void => {
    const [first] = path;
    const lead = leadOf(units[first], values, producer, homes);
    grid.lead[first] = lead;
    if (lead !== null) homes.add(lead);
    const span: [number, number] = [rank[first] - (lead === null ? 0 : 1), rank[path[path.length - 1]]];
    const lane = laneFor(taken, span, path === onMain);
    path.forEach((at, i) => {
      grid.lane[at] = lane;
      grid.before[at] = i > 0 ? path[i - 1] : null;
    });
  };
  if (units.length > 0) place(onMain);
  for (let at = units.length - 1; at >= 0; at--) if (grid.lane[at] < 0) place(backFrom(at, sources, rank, (from) => grid.lane[from] < 0, rank));
  grid.lanes = taken.length;
  return grid;
}

/** The longest way that ends at `end`, through units that are `free`; with `steps`, only through neighbouring columns. */
function backFrom(end: number, sources: number[][], rank: number[], free: (at: number) => boolean, steps?: number[]): number[] {
  const path: number[] = [];
  for (let at: number | undefined = end; at !== undefined && at >= 0; ) {
    path.unshift(at);
    const here: number = at;
    const next: number[] = sources[here].filter((from) => free(from) && (steps === undefined || steps[from] === steps[here] - 1));
    at = next.length === 0 ? undefined : next.reduce((best, from) => (rank[from] > rank[best] ? from : best));
  }
  return path;
}

/** Side paths stand as late as they can: just before what they go into. */
function lateRanks(early: number[], sources: number[][], fixed: Set<number>): number[] {
  const late = early.map(() => Number.POSITIVE_INFINITY);
  const rank = [...early];
  for (let at = early.length - 1; at >= 0; at--) {
    if (!fixed.has(at) && Number.isFinite(late[at])) rank[at] = Math.max(early[at], late[at]);
    for (const from of sources[at]) late[from] = Math.min(late[from], rank[at] - 1);
  }
  return rank;
}

/** Which operand of a path's first unit stands in the lane: data before parameters; none where an earlier value flows in. */
function leadOf(unit: Unit, values: Map<number, Value>, producer: Map<number, number>, homes: Set<number>): number | null {
  if (unit.inputs.some((id) => producer.has(id) || homes.has(id))) return null;
  const leaves = unit.inputs;
  return leaves.find((id) => values.get(id)?.kind !== "parameter" && values.get(id)?.kind !== "buffer") ?? leaves[0] ?? null;
}

/** The first lane below the main one in which the span is free. */
function laneFor(taken: [number, number][][], span: [number, number], main: boolean): number {
  let lane = main ? 0 : 1;
  while (taken[lane]?.some(([from, to]) => span[0] <= to && from <= span[1])) lane++;
  while (taken.length <= lane) taken.push([]);
  taken[lane].push(span);
  return lane;
}
