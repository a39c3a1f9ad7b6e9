// Where everything stands on one picture of the walk. The whole picture is laid out once, so nothing moves while it grows.
import { type Columns, TRACK, columnsOf } from "./columns";
import type { Block, Walk } from "./data";
import type { Look } from "./look";
import { type Plan, circleWidth, planOf, straightInto } from "./plan";
import { type Group, type Unit, groupsOf, unitsOf } from "./units";

export interface Box { x: number; y: number; w: number; h: number }
/** A drawn value. chain: in a lane; leaf: an operand above its op; chip: a value whose full picture stands elsewhere. */
export interface Spot extends Box { key: string; value: number; kind: "chain" | "leaf" | "chip"; lane: number; unit: number; look: Look; grad: Box | null }
export interface Circle extends Box { key: string; unit: number; cx: number; cy: number; lane: number }
export type Point = [x: number, y: number];
/** A line from a value to an op with the gradient's way back, or (`out`) from an op to its value. */
export interface Wire { key: string; kind: "chain" | "leaf" | "far" | "out"; unit: number; value: number; forth: Point[]; back: Point[] | null }
export interface Bracket { group: Group; folded: boolean; x: number; y: number; w: number }
export interface Scene { w: number; h: number; spots: Spot[]; circles: Circle[]; wires: Wire[]; brackets: Bracket[]; units: Unit[]; home: Map<number, Spot> }

const LABEL = 18;
const SHAPE = 17;
const LIFT = 20; // least length of the arrow from an operand down to its op
export const BRACKET_HEIGHT = 20;
const BRACKET = BRACKET_HEIGHT + 2;
const MARGIN = 6;
const STRETCH = 44;
const RADIUS = 10;

/** Lay out some ops of a walk. `width`: of the pane, which a small picture fills; `main`: the op whose output is the loss; `gradOf`: gradients that will be known. */
export function layOut(walk: Walk, ops: number[], main: number | null, folded: ReadonlySet<string>, width: number, gradOf: (value: number) => Block | null): Scene {
  const groups = groupsOf(walk, ops);
  const units = unitsOf(walk, ops, groups, folded);
  const end = units.findLastIndex((unit) => main !== null && unit.ops.includes(main));
  const plan = planOf(walk, units, end >= 0 ? end : units.length - 1, width < 560, gradOf);
  let columns = columnsOf(plan, 0);
  const rest = width - 2 * MARGIN - columns.width;
  if (rest > 0 && plan.grid.ranks > 0) columns = columnsOf(plan, Math.min(STRETCH, rest / plan.grid.ranks));
  const deep = Math.max(0, ...groups.map(({ depth }) => depth + 1));
  const lanes = lanesOf(plan, deep);
  return new Placing(plan, columns, lanes).scene(groups, folded);
}

interface Lane { brackets: number; leaves: number; channel: number; axis: number; high: number; grads: number; bottom: number }

/** Vertical places of each lane, top to bottom: brackets, operands, tracks, values, gradients. */
function lanesOf({ grid, units, leaves, look, routed, hasGrad }: Plan, deep: number): Lane[] {
  let y = 0;
  return Array.from({ length: grid.lanes }, (_, lane): Lane => {
    const mine = units.map((_, at) => at).filter((at) => grid.lane[at] === lane);
    const values = mine.flatMap((at) => [units[at].output, grid.lead[at]]).filter((id) => id !== null);
    const high = Math.max(2 * RADIUS + 2, ...values.map((id) => look(id).h));
    const above = Math.max(0, ...mine.flatMap((at) => leaves[at].map((leaf) => leaf.h + LABEL)));
    const brackets = y;
    const bottomOfLeaves = y + deep * BRACKET + above;
    const channel = bottomOfLeaves + (above > 0 ? LIFT + 8 * Math.max(0, ...mine.map((at) => leaves[at].length - 1)) : 0);
    const axis = channel + routed.channels[lane] * TRACK + LABEL + high / 2;
    const grads = axis + high / 2 + SHAPE + LABEL + high / 2;
    y = values.some(hasGrad) ? grads + high / 2 + SHAPE : axis + high / 2 + SHAPE;
    return { brackets, leaves: bottomOfLeaves, channel, axis, high, grads, bottom: y };
  });
}

class Placing {
  private readonly spots: Spot[] = [];
  private readonly circles: Circle[] = [];
  private readonly wires: Wire[] = [];
  private readonly home = new Map<number, Spot>();
  private readonly dx: number;

  constructor(private readonly plan: Plan, private readonly columns: Columns, private readonly lanes: Lane[]) {
    this.dx = MARGIN + columns.shift;
    plan.units.forEach((_, unit) => this.circle(unit));
    plan.units.forEach((_, unit) => this.lane(unit));
    plan.units.forEach((_, unit) => this.above(unit));
    plan.units.forEach((_, unit) => this.straight(unit));
    plan.ways.forEach((_, at) => this.far(at));
  }

  scene(groups: Group[], folded: ReadonlySet<string>): Scene {
    const { columns, lanes, spots, circles, wires, home, plan } = this;
    const h = (lanes[lanes.length - 1]?.bottom ?? 0) + MARGIN;
    return { w: columns.width + 2 * MARGIN, h, spots, circles, wires, brackets: this.brackets(groups, folded), units: plan.units, home };
  }

  private circle(unit: number): void {
    const { grid, units } = this.plan;
    const lane = grid.lane[unit];
    const w = circleWidth(units[unit]);
    const h = units[unit].group === null ? 2 * RADIUS : 2 * RADIUS + 6;
    const [cx, cy] = [this.dx + this.columns.cx[grid.rank[unit]], this.lanes[lane].axis];
    this.circles.push({ key: units[unit].key, unit, cx, cy, x: cx - w / 2, y: cy - h / 2, w, h, lane });
  }

  /** The values of a unit that stand in its lane: its output, and what comes in at the start of a path. */
  private lane(unit: number): void {
    const { grid, units } = this.plan;
    const [rank, lead, { output }] = [grid.rank[unit], grid.lead[unit], units[unit]];
    if (lead !== null) this.inLane(lead, unit, (w) => this.columns.end[rank - 1] - w);
    if (output !== null) this.inLane(output, unit, () => this.columns.left[rank]);
  }

  private inLane(value: number, unit: number, x: (w: number) => number): void {
    const look = this.plan.look(value);
    const lane = this.lanes[this.plan.grid.lane[unit]];
    const box = { x: this.dx + x(look.w), y: lane.axis - look.h / 2, w: look.w, h: look.h };
    const grad = this.plan.hasGrad(value) ? { ...box, y: lane.grads - look.h / 2 } : null;
    this.put({ ...box, key: `v${value}.${unit}`, value, kind: "chain", lane: this.plan.grid.lane[unit], unit, look, grad });
  }

  private put(spot: Spot): Spot {
    this.spots.push(spot);
    if (spot.kind !== "chip" && !this.home.has(spot.value)) this.home.set(spot.value, spot);
    return spot;
  }

  /** Operands above their op, with arrows down, and the gradients' way up beside them. */
  private above(unit: number): void {
    const { leaves, grid } = this.plan;
    const circle = this.circles[unit];
    const lane = this.lanes[grid.lane[unit]];
    const several = leaves[unit].length - 1;
    leaves[unit].forEach((leaf, at) => {
      const side = this.columns.sides.get(unit)![at];
      const box = { x: circle.cx + side.value, y: lane.leaves - leaf.h, w: leaf.w, h: leaf.h };
      const grad = side.grad === null ? null : { ...box, x: circle.cx + side.grad };
      const spot = this.put({
        ...box, key: `l${leaf.value}.${unit}.${at}`, value: leaf.value, kind: leaf.chip ? "chip" : "leaf", lane: grid.lane[unit],
        unit, look: leaf.look, grad,
      });
      const top = circle.y;
      const foot = circle.cx + (several > 0 ? (at - several / 2) * 8 : 0);
      const middle = spot.x + spot.w / 2;
      const knee = lane.leaves + 7 + 4 * at;
      const forth: Point[] = Math.abs(middle - foot) < 0.5 ? [[middle, lane.leaves], [foot, top]] : [[middle, lane.leaves], [middle, knee], [foot, knee], [foot, top]];
      const turn = knee + (several > 0 ? 4 * several + 5 : 5);
      const back: Point[] | null = grad && [[foot - 4, top], [foot - 4, turn], [grad.x + grad.w / 2, turn], [grad.x + grad.w / 2, lane.leaves]];
      this.wires.push({ key: `w${spot.key}`, kind: "leaf", unit, value: leaf.value, forth, back });
    });
  }

  /** The straight pieces of a chain: value → op → value, and back between their gradients. */
  private straight(unit: number): void {
    const { units, grid } = this.plan;
    const circle = this.circles[unit];
    const into = straightInto(units, grid, unit);
    const left = into === null ? undefined : this.spots.find((spot) => spot.value === into && spot.kind === "chain" && spot.lane === circle.lane && spot.x < circle.cx);
    const { output } = units[unit];
    const right = output === null ? undefined : this.home.get(output);
    if (right) this.wires.push({
      key: `o${circle.key}`, kind: "out", unit, value: right.value,
      forth: [[circle.x + circle.w, circle.cy], [right.x, circle.cy]], back: null,
    });
    if (!left) return;
    const from = right?.grad ?? null;
    const back: Point[] | null = left.grad && from ? [[from.x, from.y + from.h / 2], [left.grad.x + left.grad.w, left.grad.y + left.grad.h / 2]] : null;
    this.wires.push({ key: `c${circle.key}`, kind: "chain", unit, value: left.value, forth: [[left.x + left.w, circle.cy], [circle.x, circle.cy]], back });
  }

  /** A value that comes from another lane, or over other columns: along its tracks. */
  private far(at: number): void {
    const { ways, routed } = this.plan;
    const { unit, value, slot, from, to, start, end } = ways[at];
    const tracks = routed.tracks[at];
    const [spot, circle] = [this.home.get(value), this.circles[unit]];
    if (spot === undefined) return;
    const track = (column: number, index: number): number => this.dx + this.columns.stub[column] + index * TRACK;
    const below = start > end;
    const entry = circle.cy + (below ? 6 : -6);
    const exit: Point = [spot.x + spot.w, spot.y + spot.h / 2];
    const into = track(to, tracks.into);
    const inset = circle.x + 3;
    const grad = spot.grad;
    const home = (x: number): Point[] => (grad ? [[x, grad.y + grad.h / 2], [grad.x + grad.w, grad.y + grad.h / 2]] : []);
    let forth: Point[];
    let back: Point[] | null;
    if (tracks.channel < 0) {
      forth = [exit, [into, exit[1]], [into, entry], [inset, entry]];
      back = grad && [[inset, entry + 3], [into + 4, entry + 3], ...home(into + 4)];
    } else {
      const out = track(from + 1, tracks.out);
      const y = this.lanes[tracks.lane].channel + tracks.channel * TRACK + 3;
      forth = [exit, [out, exit[1]], [out, y], [into, y], [into, entry], [inset, entry]];
      back = grad && [[inset, entry + 3], [into + 4, entry + 3], [into + 4, y + 4], [out + 4, y + 4], ...home(out + 4)];
    }
    this.wires.push({ key: `f${circle.key}.${slot}`, kind: "far", unit, value, forth, back });
  }

  /** Over each module that is open, a line with its name; in the topmost lane that it has ops in. */
  private brackets(groups: Group[], folded: ReadonlySet<string>): Bracket[] {
    const unitsOfOp = new Map<number, number[]>();
    this.plan.units.forEach((unit, at) => { for (const op of unit.ops) unitsOfOp.set(op, [...(unitsOfOp.get(op) ?? []), at]); });
    const hidden = new Set<string>();
    for (const group of groups) if (group.parent !== null && (folded.has(group.parent) || hidden.has(group.parent))) hidden.add(group.key);
    return groups.filter(({ key }) => !hidden.has(key)).map((group) => {
      const units = [...new Set(group.ops.flatMap((op) => unitsOfOp.get(op) ?? []))];
      const lane = Math.min(...units.map((unit) => this.circles[unit].lane));
      const x = Math.min(...units.map((unit) => this.circles[unit].x));
      const right = Math.max(...units.map((unit) => this.home.get(this.plan.units[unit].output ?? -1)).map((spot) => (spot ? spot.x + spot.w : x + 20)));
      return { group, folded: folded.has(group.key) && group.ops.length > 1, x, w: right - x, y: this.lanes[lane].brackets + group.depth * BRACKET };
    });
  }
}
