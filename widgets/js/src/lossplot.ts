// The loss picture: a pure function of what is to be seen and of the room there is.
import { linearTicks, niceStep, tickLabels } from "./axes";
import { type Columns, columnsOf } from "./curve";
import { indexAt } from "./decimate";
import { count, num } from "./format";
import { type Frame, type Line, type LossScene, isLabelled, labelOf, lastFinite, yTicks } from "./losslayout";
import type { Series } from "./store";
import type { Inks } from "./theme";

const LABEL_GAP = 15;
const STROKE_ALPHA = 0.28;

export function drawLoss(ctx: CanvasRenderingContext2D, scene: LossScene, frame: Frame, inks: Inks): void {
  const { lines } = scene;
  const main = lines.find((line) => line.kind === "main");
  drawAxes(ctx, scene, frame, inks);
  ctx.save();
  ctx.beginPath();
  ctx.rect(frame.left, frame.top - 2, frame.width + 2, frame.height + 4);
  ctx.clip();
  for (const line of lines) if (line.kind === "main" || line.kind === "train") drawRaw(ctx, line, frame);
  for (const line of lines) drawLine(ctx, line, frame, inks);
  ctx.restore();
  if (main) {
    drawMarks(ctx, main, frame, inks);
    drawFindings(ctx, scene, main, frame, inks);
    drawCross(ctx, scene, main, frame, inks);
    drawEnd(ctx, scene, main, frame, inks);
  }
  drawLabels(ctx, lines, frame, inks);
}

function drawAxes(ctx: CanvasRenderingContext2D, scene: LossScene, frame: Frame, inks: Inks): void {
  const { left, top, width, height } = frame;
  const ticks = yTicks(frame.low, frame.high, frame.log, height);
  const labels = tickLabels(ticks);
  ctx.lineWidth = 1;
  ctx.font = `11px ${inks.ui}`;
  ctx.textBaseline = "middle";
  ticks.forEach((tick, i) => {
    const y = Math.round(frame.y(tick)) + 0.5;
    ctx.strokeStyle = inks.line;
    stroke(ctx, left, y, left + width, y);
    ctx.fillStyle = inks["ink-2"];
    ctx.textAlign = "right";
    ctx.fillText(labels[i], left - 6, y);
  });
  drawEpochs(ctx, scene.epochs, frame, inks);
  ctx.textBaseline = "alphabetic";
  ctx.fillStyle = inks["ink-2"];
  const baseline = top + height + 15;
  let end = left + width;
  ctx.strokeStyle = inks["line-2"];
  for (const tick of linearTicks(0, frame.span, Math.max(1, Math.min(frame.span, Math.floor(width / 62))))) {
    const x = Math.round(frame.x(tick)) + 0.5;
    stroke(ctx, x, top + height, x, top + height + 4);
    const text = count(tick);
    const half = ctx.measureText(text).width / 2;
    ctx.textAlign = "center";
    ctx.fillText(text, Math.max(x, left + half - 4), baseline);
    end = Math.max(end, x + half);
  }
  ctx.textAlign = "left";
  ctx.fillText("step", end + 8, baseline);
}

function drawEpochs(ctx: CanvasRenderingContext2D, epochs: LossScene["epochs"], frame: Frame, inks: Inks): void {
  const { left, top, width, height } = frame;
  const starts = epochs.filter(([, step]) => step > 0 && step <= frame.span);
  if (starts.length === 0) return;
  const every = Math.max(1, niceStep(starts[starts.length - 1][0] - starts[0][0] + 1, width / 62));
  let free = left;
  ctx.font = `10px ${inks.ui}`;
  ctx.textBaseline = "alphabetic";
  for (let i = 0; i < starts.length; i++) {
    const [epoch, step] = starts[i];
    if (every > 1 && epoch % every !== 0) continue;
    const x = Math.round(frame.x(step)) + 0.5;
    ctx.strokeStyle = inks["line-2"];
    ctx.setLineDash([1, 3]);
    stroke(ctx, x, top - 2, x, top + height);
    ctx.setLineDash([]);
    const text = `epoch ${count(epoch)}`;
    const wide = ctx.measureText(text).width;
    const end = x + wide + 3 > left + width + 36; // the margin of the labels is free up here
    const start = end ? x - 3 - wide : x + 3;
    if (start < free) continue;
    free = start + wide + 8;
    ctx.fillStyle = inks["ink-2"];
    ctx.textAlign = "left";
    ctx.fillText(text, start, top - 6);
  }
}

/** Every step: one stroke from lowest to highest a pixel column; a thin line while there are fewer points than pixels. */
function drawRaw(ctx: CanvasRenderingContext2D, line: Line, frame: Frame): void {
  const { series } = line;
  if (series.length === 0 || line.curve.ema.length === 0) return;
  ctx.strokeStyle = line.color;
  ctx.globalAlpha = STROKE_ALPHA;
  ctx.lineWidth = 1;
  const dense = series.length > frame.width;
  if (dense) strokeColumns(ctx, columnsOf(series, frame.width, frame.span), frame);
  else { ctx.globalAlpha = 0.45; tracePoints(ctx, line, series.values, frame); ctx.stroke(); }
  ctx.globalAlpha = 1;
}

function strokeColumns(ctx: CanvasRenderingContext2D, columns: Columns, frame: Frame): void {
  ctx.beginPath();
  const floor = frame.top + frame.height;
  for (let i = 0; i < columns.low.length; i++) {
    if (Number.isNaN(columns.low[i])) continue;
    const x = Math.floor(frame.left + i) + 0.5;
    const top = frame.y(columns.high[i]);
    ctx.moveTo(x, top);
    ctx.lineTo(x, Math.max(top + 1, Math.min(floor, frame.y(columns.low[i]))));
  }
  ctx.stroke();
}

function drawLine(ctx: CanvasRenderingContext2D, line: Line, frame: Frame, inks: Inks): void {
  const { series, curve, kind } = line;
  if (series.length === 0) return;
  ctx.strokeStyle = line.color;
  ctx.lineJoin = "round";
  ctx.lineWidth = kind === "main" || kind === "train" ? 1.75 : 1;
  ctx.globalAlpha = kind === "ghost" ? 0.8 : 1;
  ctx.setLineDash(line.dash);
  if (kind === "val" || kind === "other") tracePoints(ctx, line, series.values, frame);
  else traceSmooth(ctx, series, curve.ema, frame);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
  const single = series.length === 1;
  if (!(single || ((kind === "val" || kind === "other") && series.length <= frame.width / 12))) return;
  ctx.fillStyle = inks.bg;
  ctx.lineWidth = 1.5;
  for (let i = 0; i < series.length; i++) {
    if (!Number.isFinite(series.values[i])) continue;
    ctx.beginPath();
    ctx.arc(frame.x(series.steps[i]), frame.y(series.values[i]), 2.75, 0, 2 * Math.PI);
    ctx.fill();
    ctx.stroke();
  }
}

function tracePoints(ctx: CanvasRenderingContext2D, { series }: Line, values: Float32Array, frame: Frame): void {
  ctx.beginPath();
  let pen = false;
  for (let i = 0; i < series.length; i++) {
    const y = frame.y(values[i]);
    if (!Number.isFinite(y)) { pen = false; continue; }
    if (pen) ctx.lineTo(frame.x(series.steps[i]), y);
    else ctx.moveTo(frame.x(series.steps[i]), y);
    pen = true;
  }
}

/** The smoothed line with at most one corner a half pixel. */
function traceSmooth(ctx: CanvasRenderingContext2D, series: Series, values: Float32Array, frame: Frame): void {
  ctx.beginPath();
  let pen = false;
  let lastX = -Infinity;
  for (let i = 0; i < series.length; i++) {
    const x = frame.x(series.steps[i]);
    if (pen && x - lastX < 0.5 && i < series.length - 1) continue;
    const y = frame.y(values[i]);
    if (!Number.isFinite(y)) { pen = false; continue; }
    if (pen) ctx.lineTo(x, y);
    else ctx.moveTo(x, y);
    pen = true;
    lastX = x;
  }
}

/** Triangles: spikes with their factor, and the step at which the loss stopped being a number. */
function drawMarks(ctx: CanvasRenderingContext2D, main: Line, frame: Frame, inks: Inks): void {
  const { curve } = main;
  const taken: number[] = [];
  const free = (x: number, room: number): boolean => taken.every((other) => Math.abs(other - x) >= room);
  ctx.font = `10px ${inks.ui}`;
  ctx.textBaseline = "alphabetic";
  for (const { step, kind } of curve.odd.slice(0, 3)) {
    const x = frame.x(step);
    if (!free(x, 24)) continue;
    taken.push(x);
    ctx.strokeStyle = inks.error;
    ctx.lineWidth = 1;
    ctx.setLineDash([2, 2]);
    stroke(ctx, Math.round(x) + 0.5, frame.top, Math.round(x) + 0.5, frame.top + frame.height);
    ctx.setLineDash([]);
    const y = frame.top + 14;
    triangle(ctx, x, y, inks);
    labelBeside(ctx, `${kind} at step ${count(step)}`, x, y, frame, inks, taken.length === 1);
  }
  const spikes = [...curve.spikes].sort((a, b) => b.factor - a.factor).slice(0, 6);
  for (const [rank, { step, value, factor }] of spikes.entries()) {
    const x = frame.x(step);
    if (!free(x, rank < 3 ? 70 : 16)) continue;
    taken.push(x);
    const y = Math.max(frame.top + 5, frame.y(value) - 9);
    triangle(ctx, x, y, inks);
    if (rank < 3) labelBeside(ctx, `spike ×${num(factor)}`, x, y, frame, inks, true);
  }
}

/** On the axis, where the coach spoke: a mark as its row has it; the finding that is explained by name. */
function drawFindings(ctx: CanvasRenderingContext2D, { findings }: LossScene, main: Line, frame: Frame, inks: Inks): void {
  const taken: number[] = [];
  const y = frame.top + frame.height;
  for (const { step, kind, chosen, rule } of [...findings].sort((a, b) => Number(b.chosen) - Number(a.chosen))) {
    const x = frame.x(Math.min(step, frame.span));
    if (taken.some((other) => Math.abs(other - x) < 12)) continue;
    taken.push(x);
    if (chosen) {
      ctx.strokeStyle = inks["ink-2"];
      ctx.lineWidth = 1;
      ctx.setLineDash([2, 2]);
      stroke(ctx, Math.round(x) + 0.5, frame.top, Math.round(x) + 0.5, y);
      ctx.setLineDash([]);
      ctx.font = `10px ${inks.ui}`;
      ctx.textBaseline = "alphabetic";
      labelBeside(ctx, rule, x, isLow(main, step, frame) ? frame.top + 8 : y - 10, frame, inks, true);
    }
    if (kind === "error") cross(ctx, x, y, inks);
    else if (kind === "warning") triangle(ctx, x, y, inks);
    else ring(ctx, x, y, inks);
  }
}

/** Whether the curve runs along the axis there, where the name would stand. */
function isLow({ series, curve }: Line, step: number, frame: Frame): boolean {
  return [step, step + frame.span / 6, step + frame.span / 3].some((at) => frame.y(curve.ema[indexAt(series.steps, series.length, Math.min(at, series.lastStep))]) > frame.top + frame.height - 28);
}

function cross(ctx: CanvasRenderingContext2D, x: number, y: number, inks: Inks): void {
  for (const [ink, width] of [[inks.bg, 5], [inks.error, 2]] as const) {
    ctx.strokeStyle = ink;
    ctx.lineWidth = width;
    stroke(ctx, x - 4, y - 4, x + 4, y + 4);
    stroke(ctx, x + 4, y - 4, x - 4, y + 4);
  }
}

function ring(ctx: CanvasRenderingContext2D, x: number, y: number, inks: Inks): void {
  ctx.fillStyle = inks.bg;
  ctx.strokeStyle = inks.ink;
  ctx.lineWidth = 1.25;
  ctx.beginPath();
  ctx.arc(x, y, 4, 0, 2 * Math.PI);
  ctx.fill();
  ctx.stroke();
}

function labelBeside(ctx: CanvasRenderingContext2D, text: string, x: number, y: number, frame: Frame, inks: Inks, wanted: boolean): void {
  if (!wanted) return;
  const wide = ctx.measureText(text).width;
  const left = x + 9 + wide > frame.left + frame.width;
  ctx.textAlign = left ? "right" : "left";
  ctx.fillStyle = inks.ink;
  write(ctx, text, left ? x - 9 : x + 9, y + 4, inks);
}

/** Words that stay readable on lines. */
function write(ctx: CanvasRenderingContext2D, text: string, x: number, y: number, inks: Inks): void {
  ctx.lineJoin = "round";
  ctx.lineWidth = 3;
  ctx.strokeStyle = inks.bg;
  ctx.strokeText(text, x, y);
  ctx.fillText(text, x, y);
}

/** Warning triangle, 10 px wide, centred at (x, y). */
export function triangle(ctx: CanvasRenderingContext2D, x: number, y: number, inks: Inks): void {
  ctx.beginPath();
  ctx.moveTo(x, y - 5);
  ctx.lineTo(x + 5.2, y + 4);
  ctx.lineTo(x - 5.2, y + 4);
  ctx.closePath();
  ctx.lineJoin = "round";
  ctx.lineWidth = 1;
  ctx.fillStyle = inks["warn-mark"];
  ctx.strokeStyle = inks.ink;
  ctx.fill();
  ctx.stroke();
}

function drawCross(ctx: CanvasRenderingContext2D, scene: LossScene, main: Line, frame: Frame, inks: Inks): void {
  if (scene.shown === null) return;
  const x = Math.round(frame.x(scene.shown)) + 0.5;
  if (x < frame.left - 1 || x > frame.left + frame.width + 1) return;
  ctx.strokeStyle = inks["ink-2"];
  ctx.lineWidth = 1;
  ctx.setLineDash(scene.pinned ? [] : [1, 2]);
  stroke(ctx, x, frame.top, x, frame.top + frame.height);
  ctx.setLineDash([]);
  const at = indexAt(main.series.steps, main.series.length, scene.shown);
  if (at < 0) return;
  const y = frame.y(main.curve.ema[at]);
  if (Number.isFinite(y)) dot(ctx, x, y, 3, main.color);
}

/** How the curve ends: a dot while it lives or is done, a square when stopped, a cross on an error. */
function drawEnd(ctx: CanvasRenderingContext2D, scene: LossScene, main: Line, frame: Frame, inks: Inks): void {
  if (main.series.length === 0) return;
  const { step, value } = lastFinite(main);
  const [x, y] = [frame.x(step), frame.y(value)];
  if (!Number.isFinite(y)) return;
  if (scene.end === "stopped") { ctx.fillStyle = inks.ink; ctx.fillRect(x - 3, y - 3, 6, 6); }
  else if (scene.end === "error") {
    ctx.strokeStyle = inks.error;
    ctx.lineWidth = 1.75;
    stroke(ctx, x - 4, y - 4, x + 4, y + 4);
    stroke(ctx, x + 4, y - 4, x - 4, y + 4);
  } else if (Number.isFinite(main.series.last)) dot(ctx, x, y, 2.5, main.color);
}

function dot(ctx: CanvasRenderingContext2D, x: number, y: number, radius: number, color: string): void {
  ctx.fillStyle = color;
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fill();
}

/** Names at the ends of the lines, pushed apart; no legend. */
function drawLabels(ctx: CanvasRenderingContext2D, lines: Line[], frame: Frame, inks: Inks): void {
  const wanted = lines.filter(isLabelled).map((line) => { const { step, value } = lastFinite(line); return { line, x: frame.x(step), y: frame.y(value) }; }).filter(({ y }) => Number.isFinite(y));
  if (wanted.length === 0) return;
  wanted.sort((a, b) => a.y - b.y);
  const places = pushApart(wanted.map(({ y }) => y), LABEL_GAP, frame.top + 4, frame.top + frame.height);
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  const room = ctx.canvas.clientWidth - frame.left - frame.width - 8;
  const column = Math.min(frame.left + frame.width, Math.max(...wanted.map(({ x }) => x))) + 10;
  wanted.forEach(({ line, x, y }, i) => {
    if (y >= frame.top - 4 && y <= frame.top + frame.height + 4) {
      ctx.strokeStyle = inks["line-2"];
      ctx.lineWidth = 1;
      if ((Math.abs(places[i] - y) > 2 || column - x > 16) && column - x < 60) stroke(ctx, Math.min(x + 4, column - 8), y, column - 2, places[i]);
    }
    ctx.font = `${line.kind === "main" ? "600 " : ""}11px ${inks.ui}`;
    ctx.fillStyle = line.text;
    write(ctx, fitLabel(labelOf(line), (text) => ctx.measureText(text).width <= room), column, places[i] + 0.5, inks);
  });
}

/** A label too long loses letters of its name, never its number. */
function fitLabel(text: string, fits: (text: string) => boolean): string {
  if (fits(text)) return text;
  const cut = text.lastIndexOf(" ");
  for (let keep = cut - 1; keep > 1; keep--) {
    const shorter = `${text.slice(0, keep)}…${text.slice(cut)}`;
    if (fits(shorter)) return shorter;
  }
  return text.slice(cut + 1);
}

/** Places near sorted `wanted`, at least `gap` apart and inside [low, high] where they fit; what lies outside comes to the edge. */
export function pushApart(wanted: number[], gap: number, low: number, high: number): number[] {
  const places = wanted.map((place) => Math.min(Math.max(place, low), high));
  for (let round = 0; round < 50; round++) {
    let moved = false;
    for (let i = 1; i < places.length; i++) {
      const lack = gap - (places[i] - places[i - 1]);
      if (lack > 0.01) { places[i - 1] -= lack / 2; places[i] += lack / 2; moved = true; }
    }
    if (!moved) break;
  }
  const over = Math.max(0, places[places.length - 1] - high);
  const shifted = places.map((place) => place - over);
  const under = Math.max(0, low - shifted[0]);
  return shifted.map((place) => place + under);
}

function stroke(ctx: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}
