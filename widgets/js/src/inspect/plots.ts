// The small pictures of the inspector: heat maps, images, lists of numbers, their scale, histograms, curves over the steps.
import { largest } from "../decimate";
import { num } from "../format";
import { type Inks, fitCanvas, line } from "../theme";
import type { Excerpt, Plan, Raster } from "./excerpt";

const GAMMA = 0.85; // opacity of a heat map grows with |value| to this power
const STEPS = 21;
const BARS_HIGH = 44;
const CURVE_HIGH = 20;

type Paint = (element: number) => [red: number, green: number, blue: number, alpha: number];

/** One pixel an element. Heat: −negative … ground … +positive, symmetric about 0. What is not finite is off the scale: in ink, in an image in red. */
export function drawRaster(canvas: HTMLCanvasElement, { width, height, index }: Raster, { values, shape }: Excerpt, plan: Plan, ink: Inks): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const ctx = canvas.getContext("2d");
  if (!ctx) return;
  const image = ctx.createImageData(width, height);
  const paint = plan.colour === "heat" ? heat(values, ink) : picture(values, plan, shape);
  for (let at = 0; at < index.length; at++) if (index[at] >= 0 && Number.isFinite(values[index[at]])) image.data.set(paint(index[at]), at * 4);
  ctx.putImageData(image, 0, 0);
  ctx.fillStyle = ink[brokenInk(plan.colour)];
  for (let at = 0; at < index.length; at++) if (index[at] >= 0 && !Number.isFinite(values[index[at]])) ctx.fillRect(at % width, Math.floor(at / width), 1, 1);
}

/** The colour of what is not finite. */
export const brokenInk = (colour: Plan["colour"]): "ink" | "error" => (colour === "heat" ? "ink" : "error");

function heat(values: Float32Array, ink: Inks): Paint {
  const most = largest(values);
  const [plus, minus] = [ink.pos, ink.neg].map((text) => text.split(",").map(Number));
  return (element) => {
    const [r, g, b] = values[element] >= 0 ? plus : minus;
    return [r, g, b, most > 0 ? Math.round(255 * (Math.abs(values[element]) / most) ** GAMMA) : 0];
  };
}

/** Colours or greys from the lowest value to the highest; 0 … 1 and 0 … 255 stay what they mean. */
function picture(values: Float32Array, { colour }: Plan, shape: number[]): Paint {
  const [low, high] = imageRange(values);
  const level = (value: number): number => Math.max(0, Math.min(255, Math.round((255 * (value - low)) / (high - low))));
  const plane = shape[shape.length - 1] * shape[shape.length - 2];
  return (element) => {
    const red = level(values[element]);
    return colour === "rgb" ? [red, level(values[element + plane]), level(values[element + 2 * plane]), 255] : [red, red, red, 255];
  };
}

export function imageRange(values: Float32Array): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low && value > -Infinity) low = value;
    if (value > high && value < Infinity) high = value;
  }
  if (low >= 0 && high <= 1) return [0, 1];
  if (low >= 0 && high <= 255 && high > 64) return [0, 255];
  return high > low ? [low, high] : [low - 1, low + 1];
}

/** A small matrix with its numbers written into it. */
export function drawNumbers(canvas: HTMLCanvasElement, raster: Raster, { values }: Excerpt, width: number, cell: number, ink: Inks): void {
  const ctx = fitCanvas(canvas, width, raster.height * cell);
  if (!ctx) return;
  const paint = heat(values, ink);
  const wide = width / raster.width;
  ctx.font = `10px ${ink.ui}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  raster.index.forEach((element, at) => {
    const [x, y] = [(at % raster.width) * wide, Math.floor(at / raster.width) * cell];
    const [r, g, b, alpha] = paint(element);
    if (Number.isFinite(values[element])) {
      ctx.fillStyle = `rgba(${r},${g},${b},${((alpha / 255) * 0.5).toFixed(3)})`; // light enough for the number on it
      ctx.fillRect(x, y, wide - 1, cell - 1);
    } else {
      ctx.strokeStyle = ink.error;
      ctx.strokeRect(x + 0.5, y + 0.5, wide - 2, cell - 2);
    }
    ctx.fillStyle = ink.ink;
    ctx.fillText(num(values[element]), x + wide / 2 - 0.5, y + cell / 2, wide - 4);
  });
}

/** A list: bars from 0 where there is room for each, else a line. */
export function drawList(canvas: HTMLCanvasElement, { values }: Excerpt, width: number, height: number, ink: Inks): void {
  const ctx = fitCanvas(canvas, width, height);
  if (!ctx || values.length === 0) return;
  let [low, high] = [0, 0];
  for (const value of values) if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const y = (value: number): number => (high > low ? 2 + ((high - value) / (high - low)) * (height - 4) : height / 2);
  const wide = width / values.length;
  ctx.lineWidth = 1;
  ctx.strokeStyle = ink["line-2"];
  line(ctx, 0, Math.round(y(0)) + 0.5, width, Math.round(y(0)) + 0.5);
  if (wide >= 2) {
    values.forEach((value, i) => {
      ctx.fillStyle = `rgb(${value < 0 ? ink.neg : ink.pos})`;
      if (Number.isFinite(value)) ctx.fillRect(i * wide, Math.min(y(value), y(0)), Math.max(1, wide - 1), Math.max(1, Math.abs(y(value) - y(0))));
    });
  } else {
    ctx.strokeStyle = ink.value;
    trace(ctx, values, (i) => (i + 0.5) * wide, y);
  }
  ctx.strokeStyle = ink.error;
  ctx.setLineDash([2, 2]);
  values.forEach((value, i) => { if (!Number.isFinite(value)) line(ctx, Math.round((i + 0.5) * wide) + 0.5, 0, Math.round((i + 0.5) * wide) + 0.5, height); });
  ctx.setLineDash([]);
}

/** The scale of a heat map, or of an image's greys. */
export function drawScale(canvas: HTMLCanvasElement, colour: Plan["colour"], ink: Inks): void {
  const width = canvas.clientWidth || 200;
  const ctx = fitCanvas(canvas, width, 4);
  if (!ctx) return;
  for (let i = 0; i < STEPS; i++) {
    const part = i / (STEPS - 1);
    const at = 2 * part - 1;
    const grey = Math.round(255 * part);
    ctx.fillStyle = colour === "heat" ? `rgba(${at < 0 ? ink.neg : ink.pos},${Math.abs(at) ** GAMMA || 0.06})` : `rgb(${grey},${grey},${grey})`;
    ctx.fillRect((i * width) / STEPS, 0, width / STEPS - (colour === "heat" ? 1 : 0), 4);
  }
}

/** Bars over [low, high], with 0 marked where it is inside. */
export function drawHistogram(canvas: HTMLCanvasElement, bars: ArrayLike<number>, low: number, high: number, colour: string, ink: Inks): void {
  const width = canvas.clientWidth || 130;
  const ctx = fitCanvas(canvas, width, BARS_HIGH);
  if (!ctx) return;
  const most = largest(bars);
  const wide = width / bars.length;
  ctx.fillStyle = colour;
  ctx.globalAlpha = 0.75;
  for (let i = 0; i < bars.length; i++) {
    const tall = most > 0 ? (30 * bars[i]) / most : 0;
    ctx.fillRect(i * wide, 32 - tall, Math.max(1, wide - 1), tall);
  }
  ctx.globalAlpha = 1;
  ctx.strokeStyle = ink["line-2"];
  ctx.lineWidth = 1;
  line(ctx, 0, 32.5, width, 32.5);
  const zero = Math.round(((0 - low) / (high - low)) * width) + 0.5;
  const inside = low < 0 && high > 0;
  if (inside) line(ctx, zero, 32, zero, 36);
  if (Number.isNaN(low)) return;
  ctx.fillStyle = ink["ink-2"];
  ctx.font = `10px ${ink.ui}`;
  ctx.textAlign = "left";
  ctx.fillText(num(low), 0, 43);
  ctx.textAlign = "right";
  if (high > low) ctx.fillText(num(high), width, 43);
  if (!inside || zero < ctx.measureText(num(low)).width + 8 || zero > width - ctx.measureText(num(high)).width - 8) return;
  ctx.textAlign = "center";
  ctx.fillText("0", zero, 43);
}

/** One number over the recorded steps; a cross-hair at the step that is shown. `log`: a size, which is never negative. */
export function drawCurve(canvas: HTMLCanvasElement, steps: ArrayLike<number>, values: readonly number[], step: number | null, colour: string, log: boolean, ink: Inks): void {
  const width = canvas.clientWidth || 120;
  const ctx = fitCanvas(canvas, width, CURVE_HIGH);
  if (!ctx || steps.length === 0) return;
  const points = log ? values.map(Math.log10) : values;
  const known = points.filter(Number.isFinite);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const [from, to] = [steps[0], steps[steps.length - 1]];
  const x = (at: number): number => (to > from ? ((at - from) / (to - from)) * (width - 2) + 1 : width / 2);
  const y = (value: number): number => (high > low ? 2 + ((high - value) / (high - low)) * (CURVE_HIGH - 4) : CURVE_HIGH / 2);
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1;
  trace(ctx, points, (i) => x(steps[i]), y);
  if (step === null) return;
  ctx.strokeStyle = ink["ink-2"];
  ctx.setLineDash([1, 2]);
  line(ctx, Math.round(x(step)) + 0.5, 0, Math.round(x(step)) + 0.5, CURVE_HIGH);
  ctx.setLineDash([]);
}

/** A line through what is finite, interrupted where it is not. */
function trace(ctx: CanvasRenderingContext2D, values: ArrayLike<number>, x: (i: number) => number, y: (value: number) => number): void {
  ctx.beginPath();
  let pen = false;
  for (let i = 0; i < values.length; i++) {
    const known = Number.isFinite(values[i]);
    if (known && pen) ctx.lineTo(x(i), y(values[i]));
    else if (known) ctx.moveTo(x(i), y(values[i]));
    pen = known;
  }
  ctx.stroke();
}
