// One element of the picture each: a value with its gradient, an op, a wire, a module's bracket.
import { s } from "../dom";
import { shape } from "../format";
import type { Model } from "./model";
import type { SpotState, UnitState } from "./graphstate";
import { called } from "./model";
import { drawCells, frames, spoken } from "./matrix";
import { lookOf } from "./look";
import type { Bracket, Box, Circle, Point, Scene, Spot, Wire } from "./scene";


/** A value: its cells, frame, name and shape; beside or below it its gradient, or a place for it. */
export function drawSpot(model: Model, spot: Spot, state: SpotState, step: number, detail: "all" | "some" | "few"): SVGElement[] {
  const value = model.value(spot.value);
  const out: SVGElement[] = [];
  if (value === undefined) return out;
  if (spot.kind === "chip") return drawChip(value.name || called(model, spot.value), spot);
  const block = value.block;
  if (state.hidden) out.push(...unknown(spot, "mq ask"));
  else if (block === null) out.push(s("rect", { class: "mv", x: spot.x + 0.5, y: spot.y + 0.5, width: spot.w, height: spot.h }), s("text", { class: "m ts", x: spot.x + spot.w / 2, y: spot.y + spot.h / 2 + 4 }, value.dtype || "?"));
  else out.push(...(detail === "few" ? [s("rect", { class: "dull", x: spot.x, y: spot.y, width: spot.w, height: spot.h })] : drawCells(block, spot.look, spot.x, spot.y, detail === "all")), ...frames(spot.look, spot.x, spot.y, state.fresh || state.moving ? "mnew v" : "mv"));
  if (detail !== "few") out.push(...labels(model, spot, state));
  if (spot.grad && state.grad !== "none") out.push(...drawGrad(model, spot, spot.grad, state, step, detail));
  return out;
}

function labels(model: Model, spot: Spot, state: SpotState): SVGElement[] {
  const value = model.value(spot.value)!;
  const out: SVGElement[] = [];
  if (value.name) out.push(s("text", { class: "nm", x: spot.x, y: spot.y - 6 }, short(value.name, Math.max(spot.w + 24, 48))));
  if (spot.kind === "chain") {
    out.push(s("text", { class: "ts m", x: spot.x + spot.w / 2, y: spot.y + spot.h + 13 }, shape(value.shape) + more(spot)));
    if (spot.grad === null && value.kind !== "op" && state.shown && spot.w >= 56 && model.walk.steps.some(({ phase }) => phase === "backward")) {
      out.push(s("text", { class: "ts m", x: spot.x + spot.w / 2, y: spot.y + spot.h + 27 }, "no gradient"));
    }
  }
  return out;
}

/** `+8`: matrices of a tensor with more dimensions that are not drawn. */
function more(spot: Spot): string {
  return spot.look.facets > 1 ? "" : "";
}

function drawGrad(model: Model, spot: Spot, box: Box, state: SpotState, step: number, detail: "all" | "some" | "few"): SVGElement[] {
  const value = model.value(spot.value)!;
  const out: SVGElement[] = [];
  const block = model.gradAt(spot.value, step);
  if (state.grad === "unknown" || block === null) out.push(...unknown(box, "mq"));
  else if (state.gradHidden) out.push(...unknown(box, "mq ask"));
  else {
    const look = lookOf(block, spot.look.ch === 17);
    const same = { ...look, ...(look.w === spot.look.w && look.numbers === spot.look.numbers ? {} : { cw: spot.look.cw, ch: spot.look.ch, fw: spot.look.fw, fh: spot.look.fh, w: spot.look.w, h: spot.look.h, perRow: spot.look.perRow, numbers: spot.look.numbers }) };
    out.push(...(detail === "few" ? [s("rect", { class: "dull g", x: box.x, y: box.y, width: box.w, height: box.h })] : drawCells(block, same, box.x, box.y, detail === "all")), ...frames(same, box.x, box.y, state.gradFresh ? "mnew g" : "mg"));
  }
  if (detail === "few") return out;
  const name = value.name ? `∂${value.name}` : "";
  if (name) out.push(s("text", { class: state.grad === "known" ? "nm" : "nm t2", x: box.x, y: box.y - 6 }, short(name, Math.max(box.w + 24, 48))));
  if (state.gradFresh && spot.kind === "chain") out.push(s("text", { class: "ts new", x: box.x, y: box.y + box.h + 13 }, "new in this step"));
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
    s("rect", { class: `op ${state.now}${unit.group === null ? "" : " folded"}`, x: circle.x, y: circle.y, width: circle.w, height: circle.h, rx: unit.group === null ? circle.h / 2 : 3 }),
    s("text", { class: small ? "m small" : "m", x: circle.cx, y: circle.cy + (small ? 3.5 : 4) }, short(unit.symbol, circle.w)),
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
  return [s("path", { class: "lf", d: path(wire.forth) }), ...(wire.kind === "out" ? [head(wire.forth, "af", 3)] : wire.kind === "chain" ? [] : [head(wire.forth, "af", 3)])];
}

export function drawBack(wire: Wire, state: "now" | "done" | "todo"): SVGElement[] {
  const points = wire.back!;
  if (state === "todo") return wire.kind === "chain" ? [s("path", { class: "lp", d: path(points) })] : [];
  return [s("path", { class: `lb ${state}`, d: path(points) }), head(points, "ab", 3.5)];
}

/** The name of a module over its ops; a click folds it. */
export function drawBracket({ group, folded, x, y, w }: Bracket): SVGElement[] {
  const text = `${folded ? "▸" : group.ops.length > 1 ? "▾" : ""} ${group.label}`.trim();
  const cls = group.cls && group.cls !== group.label ? ` · ${group.cls}` : "";
  const room = Math.max(w, 40);
  return [
    s("rect", { class: "hit", x, y, width: Math.max(w, 40), height: 20 }),
    s("path", { class: "brk", d: `M${round(x) + 0.5} ${y + 20}V${y + 16.5}H${round(x + w) + 0.5}V${y + 20}` }),
    s("text", { class: "tm", x: x + 2, y: y + 12 }, short(text + cls, room)),
  ];
}

/** A text cut to a width, by the usual width of its letters. */
export function short(text: string, width: number): string {
  const most = Math.max(2, Math.floor(width / 6.4));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
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
