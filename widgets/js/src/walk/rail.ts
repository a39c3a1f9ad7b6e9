// All steps on one line: dots with the ops' signs while there is room, ticks beyond, one column for several steps beyond that.
import { h, s, setAttr } from "../dom";
import { type Pane, stepText } from "./header";
import type { Model } from "./model";
import type { Player } from "./player";

const EDGE = 10; // half the width of the slider's thumb
const HEIGHT = 44;
const LINE = 20;

export interface Mark { step: number; last: number; x: number; phase: string; label: string }
/** What the rail draws at some width: marks, each for the steps from `step` to `last`, and signs that do not touch. */
interface RailPlan { marks: Mark[]; dense: boolean; bounds: { x: number; text: string; after: string }[]; turns: { x: number; text: string }[] }

function railX(step: number, steps: number, width: number): number {
  return steps < 2 ? width / 2 : EDGE + (step * (width - 2 * EDGE)) / (steps - 1);
}

export function planRail(model: Model, width: number): RailPlan {
  const { steps } = model.walk;
  const each = Math.max(1, Math.ceil((steps.length * 4) / Math.max(40, width)));
  const marks: Mark[] = [];
  for (let step = 0; step < steps.length; step += each) {
    const last = Math.min(steps.length - 1, step + each - 1);
    const { phase, what } = steps[step];
    marks.push({ step, last, x: railX((step + last) / 2, steps.length, width), phase, label: model.op(step)?.symbol ?? (CALLS[what] ?? what) });
  }
  const apart = steps.length < 2 ? width : (width - 2 * EDGE) / (steps.length - 1);
  return { marks, dense: apart < 9, bounds: boundsOf(model, width), turns: turnsOf(model, width) };
}

const CALLS: Record<string, string> = { zero_grad: "zero", backward: "", step: "step" };

/** Where forward turns to backward: a line, with both words when there is room for them. */
function boundsOf(model: Model, width: number): RailPlan["bounds"] {
  const { steps } = model.walk;
  const bounds: RailPlan["bounds"] = [];
  let way = "";
  steps.forEach(({ phase }, at) => {
    if (phase !== "forward" && phase !== "backward") return;
    if (way !== "" && way !== phase) bounds.push({ x: (railX(at - 1, steps.length, width) + railX(at, steps.length, width)) / 2, text: way, after: phase });
    way = phase;
  });
  const looped = turnsOf(model, width).length > 1; // then the turns have their numbers there
  const near = looped || bounds.some(({ x }, at) => (at > 0 && x - bounds[at - 1].x < 120) || x < 64 || x > width - 64);
  return near ? bounds.map((bound) => ({ ...bound, text: "", after: "" })) : bounds;
}

/** Where a turn of the outermost loop begins, as far as the numbers have room. */
function turnsOf(model: Model, width: number): RailPlan["turns"] {
  const { steps } = model.walk;
  const turns: RailPlan["turns"] = [];
  let before = "";
  steps.forEach((_, at) => {
    const [turn] = model.walk.steps[at].repeat;
    const now = turn ? `${turn.line}:${turn.index}` : "";
    if (turn && now !== before && model.step(at)?.phase === "forward") turns.push({ x: railX(at, steps.length, width), text: String(turn.index + 1) });
    before = now || before;
  });
  const room = turns.length < 2 ? width : turns[1].x - turns[0].x;
  const every = Math.max(1, Math.ceil(18 / Math.max(1, room)));
  return turns.filter((_, at) => at % every === 0).map((turn) => (room < 60 ? turn : { ...turn, text: `turn ${turn.text}` }));
}

export function createRail(player: Player): Pane {
  const { model } = player;
  const total = model.walk.steps.length;
  const svg = s("svg", { "aria-hidden": "true", height: HEIGHT });
  const input = h(
    "input",
    { type: "range", min: 1, max: Math.max(1, total), step: 1, "aria-label": "Walkthrough step", oninput: () => player.go(Number(input.value) - 1) },
  );
  const el = h("div", { class: "scr" }, svg, input);
  let drawn = "";
  return {
    el,
    draw() {
      const { step } = player.state;
      if (input.value !== String(step + 1)) input.value = String(step + 1);
      setAttr(input, "aria-valuetext", total === 0 ? "no steps" : stepText(model, step));
      input.disabled = total < 2;
      const width = el.clientWidth || 520;
      const key = `${width}:${step}`;
      if (key === drawn) return;
      drawn = key;
      setAttr(svg, "width", String(width));
      svg.replaceChildren(...(total === 0 ? [] : draw(planRail(model, width), step, total, width)));
    },
  };
}

const PASSED: Record<string, string> = { forward: "var(--value)", backward: "var(--grad)", call: "var(--ink-2)", error: "var(--error)" };

function draw(plan: RailPlan, step: number, total: number, width: number): SVGElement[] {
  const here = railX(step, total, width);
  const out: SVGElement[] = [s("path", { class: "ax2", d: `M${EDGE} ${LINE + 0.5}H${width - EDGE}` }), ...passed(plan, step, here)];
  for (const { x, text, after } of plan.bounds) {
    out.push(s("path", { class: "ax2", d: `M${Math.round(x) + 0.5} ${text ? 4 : 12}V${text ? LINE + 18 : LINE + 8}` }));
    if (text) out.push(s("text", { class: "ts e", x: x - 6, y: 9 }, text), s("text", { class: "ts", x: x + 6, y: 9 }, after));
  }
  for (const { x, text } of plan.turns) out.push(s("text", { class: text.length < 4 ? "ts m" : "ts", x: text.length < 4 ? x : x - 6, y: 9 }, text));
  for (const mark of plan.marks) if (mark.step > step || mark.last < step) out.push(dot(mark, mark.last < step, plan.dense));
  const now = plan.marks.find((mark) => mark.step <= step && step <= mark.last)!;
  out.push(s("circle", { cx: here, cy: LINE, r: 6, fill: "var(--bg)", stroke: PASSED[now.phase] ?? "var(--ink)", "stroke-width": 2 }));
  return [...out, ...signs(plan, step, here, width)];
}

/** The line up to here, in the colour of each way. */
function passed(plan: RailPlan, step: number, here: number): SVGElement[] {
  const out: SVGElement[] = [];
  let from = EDGE;
  let way = plan.marks[0].phase;
  for (const mark of plan.marks) {
    if (mark.step > step) break;
    if (mark.phase !== way && (mark.phase === "forward" || mark.phase === "backward")) {
      if (way === "forward" || way === "backward") out.push(s("path", { d: `M${from} ${LINE + 0.5}H${mark.x}`, stroke: PASSED[way] }));
      from = mark.x;
      way = mark.phase;
    }
  }
  out.push(s("path", { d: `M${from} ${LINE + 0.5}H${here}`, stroke: PASSED[way] ?? "var(--ink-2)" }));
  return out;
}

function dot({ x, phase }: Mark, over: boolean, dense: boolean): SVGElement {
  const colour = over ? PASSED[phase] : "var(--line-2)";
  if (phase === "error") return s("path", { d: `M${x - 3} ${LINE - 3}l6 6m0-6l-6 6`, stroke: "var(--error)", "stroke-width": 1.75 });
  if (dense) return s("path", { d: `M${x} ${LINE - 3}v6`, stroke: colour });
  if (phase === "call") return s("rect", { x: x - 2.5, y: LINE - 2.5, width: 5, height: 5, fill: over ? colour : "var(--bg)", stroke: colour });
  return s("circle", { cx: x, cy: LINE, r: 3, fill: over ? colour : "var(--bg)", stroke: colour });
}

/** The signs under the dots: this step's first, then as many as do not touch. */
function signs(plan: RailPlan, step: number, here: number, width: number): SVGElement[] {
  const wide = (label: string): number => label.length * 5.4 + 8;
  const taken: [number, number][] = [];
  const free = (x: number, w: number): boolean => x - w / 2 > -4 && x + w / 2 < width + 4 && taken.every(([from, to]) => x + w / 2 <= from || x - w / 2 >= to);
  const out: SVGElement[] = [];
  const put = (label: string, at: number, now: boolean): void => {
    const w = wide(label);
    const x = Math.min(width - w / 2 + 4, Math.max(w / 2 - 4, at));
    if (label === "" || !free(x, w)) return;
    taken.push([x - w / 2, x + w / 2]);
    out.push(s("text", { class: now ? "ts m now" : "ts m", x, y: LINE + 19 }, label));
  };
  const now = plan.marks.find((mark) => mark.step <= step && step <= mark.last);
  if (now) put(now.step === now.last ? now.label : "", here, true);
  if (!plan.dense) for (const mark of plan.marks) if (mark !== now) put(mark.label, mark.x, false);
  return out;
}
