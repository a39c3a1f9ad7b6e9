// The small pictures of the inspector: value as a heat map with its scale, histograms, a gradient's history.
import { num } from "./format";
import type { Probes } from "./store";
import { type Inks, fitCanvas } from "./theme";

const GAMMA = 0.85; // opacity of a heat map grows with |value| to this power
const STEPS = 21;

/** Diverging heat map of (rows, cols) values: −grad … ground … +value, symmetric about 0; NaN is hatched ink. Returns the largest |value|. */
export function drawHeat(canvas: HTMLCanvasElement, values: Float32Array, rows: number, cols: number, ink: Inks): number {
  let most = 0;
  for (const value of values) if (Math.abs(value) > most && Number.isFinite(value)) most = Math.abs(value);
  if (canvas.width !== cols) canvas.width = cols;
  if (canvas.height !== rows) canvas.height = rows;
  const ctx = canvas.getContext("2d");
  if (!ctx) return most;
  const image = ctx.createImageData(cols, rows);
  const [plus, minus] = [ink.pos, ink.neg].map((text) => text.split(",").map(Number));
  for (let i = 0; i < rows * cols; i++) {
    const value = values[i];
    const colour = value >= 0 ? plus : minus;
    const broken = !Number.isFinite(value);
    const strength = broken ? 0.9 * ((i + Math.floor(i / cols)) % 2) : most > 0 ? Math.pow(Math.abs(value) / most, GAMMA) : 0;
    image.data.set([broken ? 128 : colour[0], broken ? 128 : colour[1], broken ? 128 : colour[2], Math.round(255 * strength)], i * 4);
  }
  ctx.putImageData(image, 0, 0);
  return most;
}

export function drawScale(canvas: HTMLCanvasElement, ink: Inks): void {
  const width = canvas.clientWidth || 200;
  const ctx = fitCanvas(canvas, width, 4);
  if (!ctx) return;
  for (let i = 0; i < STEPS; i++) {
    const at = (2 * i) / (STEPS - 1) - 1;
    ctx.fillStyle = `rgba(${at < 0 ? ink.neg : ink.pos},${Math.abs(at) ** GAMMA || 0.06})`;
    ctx.fillRect((i * width) / STEPS, 0, width / STEPS - 1, 4);
  }
}

/** Bars over [low, high], with 0 marked where it is inside. */
export function drawHistogram(canvas: HTMLCanvasElement, bars: ArrayLike<number>, low: number, high: number, colour: string, ink: Inks): void {
  const [width, tall] = [canvas.clientWidth || 130, 44];
  const ctx = fitCanvas(canvas, width, tall);
  if (!ctx) return;
  let most = 0;
  for (let i = 0; i < bars.length; i++) most = Math.max(most, bars[i]);
  const wide = width / bars.length;
  ctx.fillStyle = colour;
  ctx.globalAlpha = 0.75;
  for (let i = 0; i < bars.length; i++) {
    const high = most > 0 ? (30 * bars[i]) / most : 0;
    ctx.fillRect(i * wide, 32 - high, Math.max(1, wide - 1), high);
  }
  ctx.globalAlpha = 1;
  ctx.strokeStyle = ink["line-2"];
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(0, 32.5);
  ctx.lineTo(width, 32.5);
  const zero = Math.round(((0 - low) / (high - low)) * width) + 0.5;
  const inside = low < 0 && high > 0;
  if (inside) {
    ctx.moveTo(zero, 32);
    ctx.lineTo(zero, 36);
  }
  ctx.stroke();
  ctx.fillStyle = ink["ink-2"];
  ctx.font = `10px ${ink.ui}`;
  ctx.textAlign = "left";
  ctx.fillText(num(low), 0, 43);
  ctx.textAlign = "right";
  ctx.fillText(num(high), width, 43);
  if (!inside || zero < ctx.measureText(num(low)).width + 8 || zero > width - ctx.measureText(num(high)).width - 8) return;
  ctx.textAlign = "center";
  ctx.fillText("0", zero, 43);
}

/** |grad| of one parameter over all probes, log scale; a cross-hair at the step that is shown. */
export function drawHistory(canvas: HTMLCanvasElement, probes: Probes, row: number, step: number | null, ink: Inks): void {
  const [width, tall] = [canvas.clientWidth || 260, 36];
  const ctx = fitCanvas(canvas, width, tall);
  if (!ctx || probes.length === 0) return;
  const norms = probes.tables.map((table) => Math.log10(table[row * 5]));
  const known = norms.filter(Number.isFinite);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const [from, to] = [probes.steps[0], probes.steps[probes.length - 1]];
  const x = (at: number): number => (to > from ? ((at - from) / (to - from)) * (width - 1) : width / 2);
  ctx.strokeStyle = ink.line;
  ctx.lineWidth = 1;
  ctx.strokeRect(0, 34.5, width, 0);
  ctx.strokeStyle = ink.grad;
  ctx.beginPath();
  let pen = false;
  norms.forEach((norm, i) => {
    if (!Number.isFinite(norm)) { pen = false; return; }
    const y = high > low ? 31 - (28 * (norm - low)) / (high - low) : 17;
    if (pen) ctx.lineTo(x(probes.steps[i]), y);
    else ctx.moveTo(x(probes.steps[i]), y);
    pen = true;
  });
  ctx.stroke();
  if (step === null) return;
  ctx.strokeStyle = ink["ink-2"];
  ctx.setLineDash([1, 2]);
  ctx.beginPath();
  ctx.moveTo(Math.round(x(step)) + 0.5, 0);
  ctx.lineTo(Math.round(x(step)) + 0.5, 34);
  ctx.stroke();
  ctx.setLineDash([]);
}
