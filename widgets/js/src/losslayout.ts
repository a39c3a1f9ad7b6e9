// Where the loss picture lies: lines, bounds of the axes, margins wide enough for the words. Pure.
import { linearBounds, linearTicks, logBounds, logTicks, spanFor, tickLabels } from "./axes";
import type { Curve } from "./curve";
import { loss, num } from "./format";
import type { Series } from "./store";

export type End = "live" | "done" | "stopped" | "error";

/** One curve with its ink. */
export interface Line { curve: Curve; series: Series; label: string; color: string; text: string; dash: number[]; kind: "main" | "train" | "val" | "other" | "ghost" }

export interface LossScene {
  lines: Line[]; // back to front; main last
  epochs: [epoch: number, step: number][];
  scale: "log" | "linear";
  smoothing: number;
  shown: number | null; // step of the cross-hair
  pinned: boolean;
  findings: { step: number; kind: string; chosen: boolean; rule: string }[]; // of the coach
  end: End;
  total: number | null;
}

/** Where the plot lies and how steps and values become pixels. */
export interface Frame { left: number; top: number; width: number; height: number; span: number; low: number; high: number; log: boolean; x(step: number): number; y(value: number): number }

/** Kept from drawing to drawing so that axes and margins only grow, and never tremble. */
export interface Memory { run: string; scale: string; low: number; high: number; left: number; right: number }

export const newMemory = (): Memory => ({ run: "", scale: "", low: Infinity, high: -Infinity, left: 32, right: 72 });

const TOP = 20;
const BOTTOM = 20;

export function isLogPossible(lines: Line[]): boolean {
  const judged = lines.filter((line) => line.kind !== "other" && line.curve.high > -Infinity);
  return judged.every((line) => line.curve.low >= 0 && (line.curve.lowPositive < Infinity || line.kind === "ghost"));
}

/** Lay the frame out: bounds of both axes and margins wide enough for the words. */
export function layoutLoss(scene: LossScene, width: number, height: number, memory: Memory, measure: (text: string) => number): Frame {
  const log = scene.scale === "log" && isLogPossible(scene.lines);
  const last = Math.max(0, ...scene.lines.map((line) => line.series.lastStep));
  const running = scene.end === "live";
  const span = running ? Math.min(spanFor(last), scene.total !== null && scene.total >= last ? Math.max(scene.total, 10) : Infinity) : Math.max(last, 1);
  const [low, high] = valueBounds(scene, log, memory);
  const labels = tickLabels(yTicks(low, high, log, height - TOP - BOTTOM));
  memory.left = Math.max(memory.left, roundUp(Math.max(0, ...labels.map(measure)) + 10, 8));
  const names = scene.lines.filter(isLabelled).map((line) => measure(labelOf(line)));
  memory.right = Math.max(memory.right, roundUp(Math.max(0, ...names) + 14, 12));
  const right = Math.min(memory.right, Math.max(72, width * 0.36));
  const frame = { left: memory.left, top: TOP, width: Math.max(20, width - memory.left - right), height: Math.max(20, height - TOP - BOTTOM), span, low, high, log };
  const [logLow, logRange] = [Math.log(low), Math.log(high / low)];
  return {
    ...frame,
    x: (step) => frame.left + (step / span) * frame.width,
    y: (value) => TOP + frame.height * (1 - (log ? (Math.log(value === 0 ? low : value) - logLow) / logRange : (value - low) / (high - low))),
  };
}

function valueBounds(scene: LossScene, log: boolean, memory: Memory): [number, number] {
  let judged = scene.lines.filter((line) => line.kind !== "other" && line.curve.high > -Infinity);
  if (judged.length === 0) judged = scene.lines.filter((line) => line.curve.high > -Infinity);
  if (judged.length === 0) return log ? [0.05, 2] : [0, 1];
  const scale = log ? "log" : "linear";
  if (memory.scale !== scale) Object.assign(memory, { scale, low: Infinity, high: -Infinity });
  memory.low = Math.min(memory.low, ...judged.map((line) => (log ? line.curve.lowPositive : line.curve.low)));
  memory.high = Math.max(memory.high, ...judged.map((line) => line.curve.high));
  return log ? logBounds(memory.low, memory.high) : linearBounds(memory.low, memory.high);
}

export function yTicks(low: number, high: number, log: boolean, height: number): number[] {
  const most = Math.max(2, Math.floor(height / 30));
  return log ? logTicks(low, high, Math.min(most, 7)) : linearTicks(low, high, Math.min(most, 6));
}

const roundUp = (value: number, to: number): number => Math.ceil(value / to) * to;
export const isLabelled = (line: Line): boolean => line.label !== "" && line.series.length > 0;
/** Name and value; where the line that ends there is a smoothed one, its own value, marked as a mean. */
export function labelOf(line: Line): string {
  if (line.kind === "ghost") return `${line.label} ${num(lastFinite(line).value)}`;
  const [last, mean] = [loss(line.series.last), loss(lastFinite(line).value)];
  return last === mean || !Number.isFinite(line.series.last) ? `${line.label} ${last}` : `${line.label} ≈ ${mean}`;
}

/** Where a line ends: the last number of the smoothed line. */
export function lastFinite({ series, curve }: Line): { step: number; value: number } {
  for (let i = series.length - 1; i >= 0; i--) if (Number.isFinite(curve.ema[i])) return { step: series.steps[i], value: curve.ema[i] };
  return { step: 0, value: NaN };
}
