// One element of the picture each: a value with its gradient, an op, a wire, a module's bracket.
import { s } from "../dom";
import { shape } from "../format";
import { type Model, called } from "./model";
import type { SpotState, UnitState } from "./graphstate";
import type { Block } from "./data";
import type { Look } from "./look";
import { drawCells, frames, spoken } from "./matrix";
import { BRACKET_HEIGHT, type Box, type Bracket, type Circle, type Point, type Scene, type Spot, type Wire } from "./scene";

const NEW_WIDE = 84; // px of "new in this step"

export type Detail = "all" | "some" | "few"; // with numbers, without, boxes only

/** A value: its cells, frame, name and shape; beside or below it its gradient, or a place for it. */
export function drawSpot(model: Model, spot: Spot, state: SpotState, step: number, detail: Detail): SVGElement[] {
  const value = model.value(spot.value);
  if (value === undefined) return [];
  if (spot.kind === "chip") return drawChip(called(model, spot.value), spot);
  const block = state.moved ?? value.block;
  const out: SVGElement[] = [];
  if (state.hidden) out.push(...unknown(spot, "mq ask"));
  else if (block === null) out.push(
    s("rect", { class: "mv", x: spot.x + 0.5, y: spot.y + 0.5, width: spot.w, height: spot.h }),
    s("text", { class: "m ts", x: spot.x + spot.w / 2, y: spot.y + spot.h / 2 + 4 }, value.dtype || "?"),
  );
  else out.push(...matrix(block, spot.look, spot, detail, "v", state.fresh));
  if (detail !== "few") out.push(...labels(model, spot));
  if (spot.grad && state.grad !== "none") out.push(...drawGrad(model, spot, spot.grad, state, step, detail));
  return out;
}

/** Cells and frame in a box; what is new has a thick frame. */
function matrix(block: Block, look: Look, box: Box, detail: Detail, tone: "v" | "g", fresh: boolean): SVGElement[] {
  const cells = detail === "few" ? [s(
    "rect", { class: `dull ${tone}`, x: box.x, y: box.y, width: box.w, height: box.h },
  )] : drawCells(block, look, box.x, box.y, detail === "all");
  return [...cells, ...frames(look, box.x, box.y, fresh ? `mnew ${tone}` : `m${tone}`)];
}

function labels(model: Model, spot: Spot): SVGElement[] {
  const value = model.value(spot.value)!;
  const room = spot.kind === "leaf" ? Math.max(spot.w + (spot.grad ? 3 : 10), 20) : Math.max(spot.w + 16, 40);
  const name = s("text", { class: value.name ? "nm" : "nm t2", x: spot.x, y: spot.y - 6 }, short(called(model, spot.value), room, 7.2));
  if (spot.kind !== "chain") return [name];
  const shown = shape(value.shape) + (value.block && value.block.facets.length > spot.look.facets ? ` (${spot.look.facets} shown)` : "");
  const size = s("text", { class: "ts m", x: spot.x + spot.w / 2, y: spot.y + spot.h + 13 }, shown);
  const none = spot.grad === null && value.kind !== "op" && spot.w >= 48 && !value.rg && model.goesBack;
  return [name, size, ...(none ? [s("text", { class: "ts m", x: spot.x + spot.w / 2, y: spot.y + spot.h + 26 }, "no gradient")] : [])];
}

function drawGrad(model: Model, spot: Spot, box: Box, state: SpotState, step: number, detail: Detail): SVGElement[] {
  const block = model.gradAt(spot.value, step);
  const out: SVGElement[] = [];
  if (state.grad === "unknown" || block === null) out.push(...unknown(box, "mq"));
  else if (state.gradHidden) out.push(...unknown(box, "mq ask"));
  else out.push(...matrix(block, spot.look, box, detail, "g", state.gradFresh));
  if (detail === "few") return out;
  const room = Math.max(box.w + (spot.kind === "leaf" ? 3 : 16), 20);
  out.push(s("text", { class: state.grad === "known" ? "nm" : "nm t2", x: box.x, y: box.y - 6 }, short(`∂${model.rootSymbol(spot.value) ?? called(model, spot.value)}`, room, 7.2)));
  if (state.gradFresh && spot.kind === "chain") {
    const left = box.x < NEW_WIDE; // the first one's words go right, all others' left: both ends of the picture keep them
    out.push(s("text", { class: `ts new${left ? "" : " e"}`, x: left ? box.x : box.x + box.w, y: box.y + box.h + 13 }, "new in this step"));
  }
  return out;
}

const unknown = (box: Box, cls: string): SVGElement[] => [
  s("rect", { class: cls, x: box.x + 0.5, y: box.y + 0.5, width: box.w, height: box.h }),
  s("text", { class: "t2 m", x: box.x + box.w / 2, y: box.y + box.h / 2 + 4 }, "?"),
];

function drawChip(name: string, spot: Spot): SVGElement[] {
  return [
    s("rect", { class: "chip", x: spot.x + 0.5, y: spot.y + 0.5, width: spot.w, height: spot.h, rx: 2 }),
    s("text", { class: "nm m", x: spot.x + spot.w / 2, y: spot.y + 13 }, short(name, spot.w)),
  ];
}

/** An op's circle, pill or folded module. */
export function drawCircle(scene: Scene, circle: Circle, state: UnitState): SVGElement[] {
  const unit = scene.units[circle.unit];
  const small = unit.symbol.length > 2 && unit.group === null;
  return [
    s(
      "rect",
      {
        class: `op ${state.now}${unit.group === null ? "" : " folded"}`, x: circle.x, y: circle.y, width: circle.w,
        height: circle.h, rx: unit.group === null ? circle.h / 2 : 3,
      },
    ),
    s("text", { class: small ? "m small" : "m", x: circle.cx, y: circle.cy + (small ? 3.5 : 4) }, short(unit.symbol, circle.w, small ? 5 : 6.4)),
  ];
}

const path = (points: Point[]): string => points.map(([x, y], at) => `${at === 0 ? "M" : "L"}${round(x)} ${round(y)}`).join("");
const round = (x: number): number => Math.round(x * 2) / 2;

/** The head of an arrow at the end of a line. */
function head(points: Point[], cls: string, size: number): SVGElement {
  const [x, y] = points[points.length - 1];
  const [px, py] = points[points.length - 2] ?? [x - 1, y];
  const [dx, dy] = Math.abs(x - px) >= Math.abs(y - py) ? [Math.sign(x - px) || 1, 0] : [0, Math.sign(y - py) || 1];
  const [bx, by] = [x - dx * size * 1.6, y - dy * size * 1.6];
  return s("path", { class: cls, d: `M${round(x)} ${round(y)}L${bx + dy * size} ${by + dx * size}L${bx - dy * size} ${by - dx * size}Z` });
}

export function drawForth(wire: Wire): SVGElement[] {
  return [s("path", { class: "lf", d: path(wire.forth) }), ...(wire.kind === "chain" ? [] : [head(wire.forth, "af", 3)])];
}

export function drawBack(wire: Wire, state: "now" | "done" | "todo"): SVGElement[] {
  const points = wire.back!;
  if (state === "todo") return wire.kind === "chain" ? [s("path", { class: "lp", d: path(points) })] : [];
  return [s("path", { class: `lb ${state}`, d: path(points) }), head(points, "ab", 3.5)];
}

/** The name of a module over its ops; a click folds it. `left`: where the window begins: the name stays in sight. */
export function drawBracket({ group, folded, x, y, w }: Bracket, left: number): SVGElement[] {
  const cls = group.cls && group.cls !== group.label ? ` · ${group.cls}` : "";
  const text = `${folded ? "▸ " : group.ops.length > 1 ? "▾ " : ""}${group.label}${cls}`;
  const at = Math.max(x, Math.min(left, x + w - 60));
  return [
    s("rect", { class: "hit", x, y, width: Math.max(w, 40), height: BRACKET_HEIGHT }),
    s("path", { class: "brk", d: `M${round(x) + 0.5} ${y + BRACKET_HEIGHT}V${y + 16.5}H${round(x + w) + 0.5}V${y + BRACKET_HEIGHT}` }),
    s("text", { class: "tm", x: at + 2, y: y + 12 }, short(text, Math.max(x + w - at, 24))),
  ];
}

/** A text cut to a width, by the usual width of its letters; of a dotted path the last name is kept. */
export function short(text: string, width: number, letter = 6.4): string {
  const most = Math.max(2, Math.floor(width / letter));
  if (text.length <= most) return text;
  const path = /^(∂?)[\w.]+\.(\w+)$/.exec(text);
  if (path) return short(path[1] + path[2], width, letter);
  return `${text.slice(0, most - 1)}…`;
}

/** How a screen reader names a value: `h (relu, 2×2): 3.1, 0; 0, 3.3; gradient 1, −1; −2, 2`. */
export function spotName(model: Model, spot: Spot, state: SpotState, step: number): string {
  const value = model.value(spot.value)!;
  const op = value.from === null ? undefined : model.walk.ops.get(value.from);
  const about = `${called(model, spot.value)} (${op?.op ?? value.kind}, ${shape(value.shape)})`;
  const numbers = state.hidden ? "hidden" : value.block ? spoken(value.block) : "";
  const grad = model.gradAt(spot.value, step);
  const back = state.grad === "none" ? "" : state.grad === "unknown" || grad === null ? "gradient not known yet" : state.gradHidden ? "gradient hidden" : `gradient ${spoken(grad) || shape(grad.shape)}`;
  return [[about, numbers].filter((part) => part !== "").join(": "), back].filter((part) => part !== "").join("; ");
}
