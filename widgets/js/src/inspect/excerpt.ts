// The values of a tensor as they came: part of it, with as many axes; and how to lay any number of axes out on a plane. Pure.
import { floats, type Bytes, type WirePart } from "../protocol";

/** Element i along axis a of `values` is element i · every[a] of the whole; `coarse`: two axes of pixels, about as large as the values. */
export interface Excerpt { values: Float32Array; shape: number[]; every: number[]; coarse?: boolean }

/** A value or a gradient in numbers; NaN where unknown. `bad`: how many of the elements looked at are not finite. */
export interface Part { picture: Excerpt | null; hist: Float32Array; mean: number; std: number; lo: number; hi: number; zeros: number; bad: number }

/** How it is drawn: `free` axes are chosen by an index each, the one or two axes in `tiled` are laid out side by side. */
export interface Plan {
  kind: "number" | "list" | "map" | "image" | "filters" | "tiles";
  free: number[];
  tiled: number[];
  colour: "heat" | "rgb" | "grey";
}

/** What is known of the tensor beside its values. */
export interface About { shape: readonly number[]; kind: string; op: string }

/** Pixels of a picture: which element stands where; -1 in the gaps. */
export interface Raster { width: number; height: number; index: Int32Array }

const KERNEL = 11; // a filter is at most this wide
const IMAGE = 8; // an image is at least this wide
const ASPECT = 2; // width to height that tiles are laid out for

export function readPart(wire: WirePart, buffers: Bytes[]): Part {
  const { picture, hist, mean, std, lo, hi, zeros, bad } = wire;
  return {
    picture: picture && { values: floats(buffers[picture.buf]), shape: picture.shape, every: picture.every },
    hist: floats(buffers[hist]), mean: mean ?? NaN, std: std ?? NaN, lo: lo ?? NaN, hi: hi ?? NaN, zeros: zeros ?? NaN, bad,
  };
}

/** What to make of a tensor: images by their one or three channels, filters by their few pixels, the rest by its axes. */
export function planOf({ shape, kind, op }: About): Plan {
  const axes = shape.length;
  const plan = (what: Plan["kind"], free: number, tiled: number[] = [], colour: Plan["colour"] = "heat"): Plan => ({ kind: what, free: Array.from({ length: free }, (_, axis) => axis), tiled, colour });
  if (shape.every((size) => size === 1)) return plan("number", 0);
  if (axes === 1) return plan("list", 0);
  if (axes === 2) return plan("map", 0);
  const [channels, rows, columns] = shape.slice(-3);
  const given = kind === "input" || kind === "constant";
  if (given && (channels === 1 || channels === 3) && Math.min(rows, columns) >= IMAGE) {
    return plan("image", Math.max(0, axes - 4), axes > 3 ? [axes - 4] : [], channels === 3 ? "rgb" : "grey");
  }
  if (axes === 3) return plan("map", 1);
  const filters = axes === 4 && Math.max(rows, columns) <= KERNEL && (kind === "parameter" || op.startsWith("conv"));
  if (filters && kind === "parameter") return plan("filters", 0, [0, 1]);
  return plan("tiles", axes - 3, [axes - 3]);
}

/** Lay the planes out that `at` (one index for each free axis) leaves; colours are not its business. */
export function rasterOf({ shape }: Excerpt, plan: Plan, at: readonly number[]): Raster {
  const axes = shape.length;
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const start = plan.free.reduce((sum, axis, i) => sum + Math.min(at[i] ?? 0, shape[axis] - 1) * strides[axis], 0);
  const [rows, columns] = axes < 2 ? [1, shape[0] ?? 1] : shape.slice(-2);
  const planes = tilesOf(shape, strides, plan).map((offset) => start + offset);
  const across = acrossOf(shape, plan, planes.length, rows, columns);
  const gap = planes.length > 1 ? 1 : 0;
  const width = across * (columns + gap) - gap;
  const height = Math.ceil(planes.length / across) * (rows + gap) - gap;
  const index = new Int32Array(width * height).fill(-1);
  planes.forEach((offset, tile) => {
    const [left, top] = [(tile % across) * (columns + gap), Math.floor(tile / across) * (rows + gap)];
    for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) index[(top + y) * width + left + x] = offset + y * columns + x;
  });
  return { width, height, index };
}

/** Where each tile begins. Filters have two axes of them: the longer one runs from left to right. */
function tilesOf(shape: number[], strides: number[], { tiled }: Plan): number[] {
  if (tiled.length === 0) return [0];
  const run = (axis: number): number[] => Array.from({ length: shape[axis] }, (_, i) => i * strides[axis]);
  if (tiled.length === 1) return run(tiled[0]);
  const [down, along] = shape[tiled[0]] > shape[tiled[1]] ? [tiled[1], tiled[0]] : tiled;
  return run(down).flatMap((a) => run(along).map((b) => a + b));
}

function acrossOf(shape: number[], { tiled }: Plan, tiles: number, rows: number, columns: number): number {
  if (tiled.length === 2 && Math.min(shape[tiled[0]], shape[tiled[1]]) > 1) return Math.max(shape[tiled[0]], shape[tiled[1]]);
  return Math.max(1, Math.min(tiles, Math.round(Math.sqrt((tiles * ASPECT * (rows + 1)) / (columns + 1)))));
}

/** Indices, in the whole tensor, of one element of the excerpt. */
export function indicesOf({ shape, every }: Excerpt, at: number): number[] {
  const indices: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    indices.unshift((at % shape[axis]) * every[axis]);
    at = Math.floor(at / shape[axis]);
  }
  return indices;
}

/** Whether nothing of the tensor is left out. */
export const isWhole = ({ shape, every, coarse }: Excerpt, full: readonly number[]): boolean => !coarse && every.every((step) => step === 1) && shape.every((size, axis) => size === full[axis]);

/** What is left out, in words: `rows 0, 2, 4, …`, `0–4 of 64`; empty for a whole tensor. */
export function omitted({ shape, every, coarse }: Excerpt, full: readonly number[]): string {
  if (coarse) return "a coarse picture, which is what this page has of the step";
  const words = shape.flatMap((size, axis) => {
    if (every[axis] > 1) return [`every ${nth(every[axis])} along axis ${axis}`];
    return size < full[axis] ? [`${size === 1 ? "0" : `0–${size - 1}`} of ${full[axis]} along axis ${axis}`] : [];
  });
  return words.join(", ");
}

const nth = (n: number): string => `${n}${n % 10 === 1 && n % 100 !== 11 ? "st" : n % 10 === 2 && n % 100 !== 12 ? "nd" : n % 10 === 3 && n % 100 !== 13 ? "rd" : "th"}`;
