// The gradients picture: one row a parameter, drawn on one canvas for the rows that can be seen.
import { power } from "./axes";
import { num } from "./format";
import { EXPLODING, type RowData, VANISHING } from "./gradmodel";
import { triangle } from "./lossplot";
import { type Inks, density, line } from "./theme";

export const HEAD = 20;
export const FOOT = 16;
export const LEAST_ROW = 24;

/** Columns in CSS pixels. */
export interface Columns { width: number; name: number; value: number; spark: number; sparkWidth: number; scale: number; scaleWidth: number; ratio: number; ratioWidth: number; ridge: number; ridgeWidth: number }

const NORM_AXIS = { low: -7, high: 3, ticks: [-6, -3, 0, 3] };
const RATIO_AXIS = { low: -5, high: -1, ticks: [-3, -1] };

/** Divide `width` among the columns; `longest`: pixels of the longest name. */
export function columnsFor(width: number, longest: number): Columns {
  const small = width < 490;
  const tiny = width < 430;
  const name = Math.round(Math.min(Math.max(longest, 60) + 4, width * 0.3));
  const value = name + 46;
  const sparkWidth = tiny ? 0 : small ? 32 : 40;
  const spark = value + 12;
  const scale = spark + (sparkWidth > 0 ? sparkWidth + 14 : 4);
  const ridgeWidth = small ? Math.min(76, Math.round(width * 0.18)) : Math.round(width * 0.17);
  const ratioWidth = small ? Math.min(70, Math.round(width * 0.17)) : Math.max(82, Math.round(width * 0.165));
  const ridge = width - ridgeWidth;
  const ratio = ridge - ratioWidth - 12;
  return { width, name, value, spark, sparkWidth, scale, scaleWidth: Math.max(30, ratio - scale - 14), ratio, ratioWidth, ridge, ridgeWidth };
}

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));
const place = (value: number, axis: { low: number; high: number }, left: number, width: number): number => left + ((clamp(Math.log10(Math.max(value, 1e-30)), axis.low, axis.high) - axis.low) / (axis.high - axis.low)) * width;
export const normX = (value: number, columns: Columns): number => place(value, NORM_AXIS, columns.scale, columns.scaleWidth);
export const ratioX = (value: number, columns: Columns): number => place(value, RATIO_AXIS, columns.ratio, columns.ratioWidth - 2);

/** Column titles, zones, guides and axis words. `top`, `bottom`: where the rows lie. */
export function drawGround(ctx: CanvasRenderingContext2D, columns: Columns, top: number, bottom: number, hatch: CanvasPattern | null, inks: Inks): void {
  const { scale, scaleWidth } = columns;
  const zones: [number, number][] = [[10 ** NORM_AXIS.low, VANISHING], [EXPLODING, 10 ** NORM_AXIS.high]];
  for (const [from, to] of zones) {
    const [x0, x1] = [normX(from, columns), normX(to, columns)];
    ctx.fillStyle = inks.fill;
    ctx.fillRect(x0, top, x1 - x0, bottom - top);
    if (hatch === null) continue;
    ctx.fillStyle = hatch;
    ctx.fillRect(x0, top, x1 - x0, bottom - top);
  }
  ctx.lineWidth = 1;
  const vertical = (x: number, color: string, dash: number[]): void => {
    ctx.strokeStyle = color;
    ctx.setLineDash(dash);
    line(ctx, Math.round(x) + 0.5, top, Math.round(x) + 0.5, bottom);
    ctx.setLineDash([]);
  };
  const baseline = bottom + FOOT - 4;
  ctx.font = `10px ${inks.ui}`;
  ctx.textBaseline = "alphabetic";
  ctx.fillStyle = inks["ink-2"];
  for (const tick of NORM_AXIS.ticks) {
    const x = normX(10 ** tick, columns);
    vertical(x, inks.line, []);
    if (scaleWidth < 100 && Math.abs(tick) === 3) continue;
    const word = tick === 0 ? "1" : `1e${tick}`.replace("-", "−");
    ctx.textAlign = tick === NORM_AXIS.high ? "right" : "center";
    ctx.fillText(word, tick === NORM_AXIS.high ? x + 2 : x, baseline);
  }
  vertical(ratioX(1e-3, columns), inks["ink-2"], [2, 2]);
  for (const tick of RATIO_AXIS.ticks) {
    ctx.textAlign = tick === RATIO_AXIS.high ? "right" : "center";
    ctx.fillText(tick === -3 ? "1e−3" : power(10 ** tick), ratioX(10 ** tick, columns) + (tick === RATIO_AXIS.high ? 2 : 0), baseline);
  }
  const words: [string, number, CanvasTextAlign][] = [["−", columns.ridge, "left"], ["0", columns.ridge + columns.ridgeWidth / 2, "center"], ["+", columns.width, "right"]];
  for (const [text, x, align] of words) { ctx.textAlign = align; ctx.fillText(text, x, baseline); }
  const [vanishing, exploding] = scaleWidth >= 106 ? ["vanishing", "exploding"] : ["small", "large"];
  if (scaleWidth >= 66) {
    ctx.textAlign = "left";
    ctx.fillText(vanishing, scale, 12);
    ctx.textAlign = "right";
    ctx.fillText(exploding, scale + scaleWidth + 2, 12);
  }
  ctx.font = `11px ${inks.ui}`;
  ctx.textAlign = "left";
  ctx.fillText("parameter", 0, 12);
  ctx.fillText(columns.ratioWidth < 82 ? "update" : "update/weight", columns.ratio, 12);
  ctx.fillText(columns.ridgeWidth < 54 ? "hist." : "histogram", columns.ridge, 12);
  ctx.textAlign = "right";
  ctx.fillText("|grad|", columns.value, 12);
}

export interface RowLook { y: number; height: number; selected: boolean }

export function drawRow(ctx: CanvasRenderingContext2D, data: RowData, spark: Float32Array, cursor: number | null, ridge: Float32Array[], columns: Columns, look: RowLook, inks: Inks): void {
  const { y, height, selected } = look;
  const middle = y + height / 2;
  if (selected) {
    ctx.fillStyle = inks["brand-fill"];
    ctx.fillRect(0, y, columns.width, height);
  }
  ctx.strokeStyle = inks.line;
  ctx.lineWidth = 1;
  line(ctx, 0, Math.round(y) + 0.5, columns.width, Math.round(y) + 0.5);
  drawName(ctx, data, middle, columns, selected, inks);
  if (columns.sparkWidth > 0) drawSpark(ctx, spark, cursor, columns, y, height, inks);
  drawNorm(ctx, data, middle, columns, inks);
  drawRatio(ctx, data, middle, columns, inks);
  drawRidge(ctx, ridge, columns, y, height, inks);
}

function drawName(ctx: CanvasRenderingContext2D, { row, norm, trouble }: RowData, middle: number, columns: Columns, selected: boolean, inks: Inks): void {
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  ctx.fillStyle = inks.ink;
  const bold = selected || trouble !== null ? "600 " : "";
  ctx.font = `${bold}10.5px ${inks.code}`;
  const indent = row.kind === "group" || row.inside ? 10 : 0;
  if (row.kind === "group") {
    ctx.save();
    ctx.translate(3, middle);
    if (row.open) ctx.rotate(Math.PI / 2);
    ctx.fillStyle = inks["ink-2"];
    ctx.beginPath();
    ctx.moveTo(-2, -3);
    ctx.lineTo(2, 0);
    ctx.lineTo(-2, 3);
    ctx.fill();
    ctx.restore();
  }
  ctx.fillText(fitted(ctx, row.label, columns.name - indent), indent, middle + 0.5);
  ctx.textAlign = "right";
  ctx.font = `${bold}11px ${inks.ui}`;
  if (trouble === "NaN" || !Number.isNaN(norm)) ctx.fillText(num(norm), columns.value, middle + 0.5);
}

/** Both ends of a name tell: `0.sel…q_proj.weight`. */
function fitted(ctx: CanvasRenderingContext2D, text: string, width: number): string {
  if (ctx.measureText(text).width <= width) return text;
  const each = ctx.measureText("m").width;
  const most = Math.max(4, Math.floor(width / each) - 1);
  const head = Math.min(5, most >> 2);
  return `${text.slice(0, head)}…${text.slice(head - most)}`;
}

function drawSpark(ctx: CanvasRenderingContext2D, spark: Float32Array, cursor: number | null, columns: Columns, y: number, height: number, inks: Inks): void {
  if (spark.length === 0) return;
  let [low, high] = [Infinity, -Infinity];
  for (const value of spark) { if (value < low) low = value; if (value > high) high = value; }
  if (!Number.isFinite(low)) return;
  const slack = Math.max(0, 1 - (high - low)) / 2; // at least a decade high: noise stays small
  const inner = Math.min(height - 8, 18);
  const top = y + (height - inner) / 2;
  const at = (value: number): number => top + inner * (1 - (value - low + slack) / (high - low + 2 * slack));
  const x = (i: number): number => columns.spark + (spark.length === 1 ? columns.sparkWidth : (i / (spark.length - 1)) * columns.sparkWidth);
  ctx.strokeStyle = inks.grad;
  ctx.lineWidth = 1;
  ctx.lineJoin = "round";
  ctx.beginPath();
  spark.forEach((value, i) => (i === 0 ? ctx.moveTo(x(i), at(value)) : ctx.lineTo(x(i), at(value))));
  if (spark.length === 1) ctx.lineTo(x(0) - 2, at(spark[0]));
  ctx.stroke();
  if (cursor === null) return;
  ctx.strokeStyle = inks["ink-2"];
  ctx.setLineDash([1, 2]);
  const mark = Math.round(columns.spark + cursor * columns.sparkWidth) + 0.5;
  line(ctx, mark, y + 2, mark, y + height - 2);
  ctx.setLineDash([]);
}

function drawNorm(ctx: CanvasRenderingContext2D, data: RowData, middle: number, columns: Columns, inks: Inks): void {
  const { norm, low, high, repeats, trouble } = data;
  if (trouble === "NaN") return triangle(ctx, columns.scale + columns.scaleWidth, middle, inks);
  if (Number.isNaN(norm)) return;
  const x = normX(norm, columns);
  ctx.strokeStyle = inks.grad;
  if (repeats.length === 0 && high > low) {
    ctx.globalAlpha = 0.55;
    ctx.lineWidth = 1;
    line(ctx, normX(low, columns), middle, normX(high, columns), middle);
    ctx.globalAlpha = 1;
  }
  ctx.lineWidth = 1;
  for (const repeat of repeats) if (Number.isFinite(repeat)) dot(ctx, normX(repeat, columns), middle, 2.25, inks.bg, inks.grad);
  if (trouble !== null) triangle(ctx, x, middle, inks);
  else if (repeats.length === 0) dot(ctx, x, middle, 3, norm === 0 ? inks.bg : inks.grad, inks.grad);
}

function drawRatio(ctx: CanvasRenderingContext2D, { ratio, ratioHigh }: RowData, middle: number, columns: Columns, inks: Inks): void {
  if (!Number.isFinite(ratio)) return;
  const x = ratioX(ratio, columns);
  ctx.strokeStyle = inks["line-2"];
  ctx.lineWidth = 1;
  line(ctx, ratioX(1e-3, columns), Math.round(middle) + 0.5, x, Math.round(middle) + 0.5);
  if (!ratioHigh) return dot(ctx, x, middle, 2.5, ratio === 0 ? inks.bg : inks.ink, inks.ink);
  triangle(ctx, x, middle, inks);
  ctx.font = `600 10px ${inks.ui}`;
  ctx.textAlign = "right";
  ctx.fillStyle = inks.ink;
  ctx.fillText(num(ratio), x - 7, middle - 5);
}

/** Up to five moments, the oldest behind and higher up. */
function drawRidge(ctx: CanvasRenderingContext2D, ridge: Float32Array[], columns: Columns, y: number, height: number, inks: Inks): void {
  const stretch = Math.min(height, 34) / LEAST_ROW;
  ctx.lineWidth = 0.8;
  ctx.lineJoin = "round";
  ctx.strokeStyle = inks.grad;
  ctx.fillStyle = inks.bg;
  ridge.forEach((heights, q) => {
    const late = 5 - ridge.length + q; // the newest is always in front
    const base = y + height - 2 - (4 - late) * 2 * stretch;
    const amplitude = (8 + late * 0.8) * stretch;
    const step = columns.ridgeWidth / (heights.length - 1);
    ctx.beginPath();
    ctx.moveTo(columns.ridge, base);
    for (let i = 0; i < heights.length; i++) ctx.lineTo(columns.ridge + i * step, base - amplitude * heights[i]);
    ctx.lineTo(columns.ridge + columns.ridgeWidth, base);
    ctx.globalAlpha = 1;
    ctx.fill();
    ctx.globalAlpha = 0.35 + late * 0.16;
    ctx.stroke();
    ctx.globalAlpha = 1;
  });
}

/** Slanted lines for the zones in which gradients are of no use. */
export function hatching(ctx: CanvasRenderingContext2D, inks: Inks): CanvasPattern | null {
  const tile = document.createElement("canvas");
  const scale = density();
  const size = 7 * scale;
  tile.width = tile.height = Math.round(size);
  const pen = tile.getContext("2d");
  if (pen === null) return null;
  pen.strokeStyle = inks["ink-3"];
  pen.lineWidth = 0.8 * scale;
  pen.globalAlpha = 0.6;
  for (const shift of [-size, 0, size]) line(pen, shift, size, shift + size, 0);
  const pattern = ctx.createPattern(tile, "repeat");
  pattern?.setTransform(new DOMMatrix().scale(1 / scale));
  return pattern;
}

function dot(ctx: CanvasRenderingContext2D, x: number, y: number, radius: number, fill: string, edge: string): void {
  ctx.beginPath();
  ctx.arc(x, y, radius - (fill === edge ? 0 : 0.5), 0, 2 * Math.PI);
  ctx.fillStyle = fill;
  ctx.fill();
  if (fill === edge) return;
  ctx.strokeStyle = edge;
  ctx.stroke();
}
