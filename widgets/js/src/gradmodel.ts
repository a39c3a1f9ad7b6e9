// What the gradients panel shows of each row, read from the probes: pure, without a pixel.
import { indexAt } from "./decimate";
import { num } from "./format";
import { type Row } from "./groups";
import type { Parameter } from "./protocol";
import { type Probes, type State } from "./store";

export const VANISHING = 1e-6;
export const EXPLODING = 10;
export const RATIO_HIGH = 1e-2;
const WARM_UP = 200; // steps in which large updates are usual
const LASTING = 3; // probes in a row that make a warning of a value
const RECENT = 20;
const FADED = 1e-3; // of the largest |grad|: gradients that shrink together have converged, not vanished
const MOMENTS = 5;
const LIKE_SIZE = 3;
const FEWEST = 4; // numbers that make a histogram
const [NORM, RATIO, ZEROS] = [0, 2, 3];

export type Trouble = "vanishing" | "exploding" | "NaN" | null;

export interface RowData {
  row: Row;
  norm: number; // |grad|, of a group the median of its repeats; NaN: not known
  low: number; // extremes of |grad| over the last probes
  high: number;
  repeats: number[]; // |grad| of each repeat of a folded group
  ratio: number; // update / weight; NaN: not known
  trouble: Trouble;
  ratioHigh: boolean;
}

/** The probe that holds at `step` (null: the newest); -1 before the first. */
export function momentAt(probes: Probes, step: number | null): number {
  if (step === null) return probes.length - 1;
  return Math.max(probes.length > 0 ? 0 : -1, indexAt(probes.steps, probes.length, step));
}

export function rowData(state: State, row: Row, moment: number): RowData {
  const { probes, params } = state;
  const unknown: RowData = { row, norm: NaN, low: NaN, high: NaN, repeats: [], ratio: NaN, trouble: null, ratioHigh: false };
  if (moment < 0) return unknown;
  const norms = (at: number): number => normOf(probes, row, at);
  const norm = norms(moment);
  const from = Math.max(0, moment - RECENT + 1);
  let [low, high] = [norm, norm];
  for (let at = from; at < moment; at++) {
    const value = norms(at);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const lasting = (test: (at: number) => boolean): boolean => {
    for (let at = moment; at > moment - LASTING; at--) if (at < 0 || !test(at)) return false;
    return true;
  };
  const trouble: Trouble = isBroken(probes, row, moment) ? "NaN" : lasting((at) => norms(at) >= EXPLODING) ? "exploding" : lasting((at) => norms(at) <= Math.min(VANISHING, FADED * largest(probes, params.length, at))) ? "vanishing" : null;
  const ratio = ratioOf(probes, row, moment);
  // A bias starts at zero, so that its first updates are large beside it: only matrices are judged.
  const judged = row.kind === "parameter" && params[row.index].shape.length >= 2;
  const ratioHigh = judged && probes.steps[moment] >= WARM_UP && lasting((at) => ratioOf(probes, row, at) >= RATIO_HIGH);
  return { row, norm, low, high, repeats: row.kind === "group" && !row.open ? row.repeats.map((repeat) => repeatNorm(probes, repeat, moment)) : [], ratio, trouble, ratioHigh };
}

/** NaN or infinite gradient; a parameter that has no gradient has no fraction of zeros either, and is not broken. */
function isBroken(probes: Probes, row: Row, moment: number): boolean {
  const indices = row.kind === "parameter" ? [row.index] : row.repeats.flat();
  return indices.some((index) => {
    const norm = probes.at(moment, index, NORM);
    return norm === Infinity || (Number.isNaN(norm) && !Number.isNaN(probes.at(moment, index, ZEROS)));
  });
}

function normOf(probes: Probes, row: Row, moment: number): number {
  if (row.kind === "parameter") return probes.at(moment, row.index, NORM);
  return median(row.repeats.map((repeat) => repeatNorm(probes, repeat, moment)));
}

function largest(probes: Probes, rows: number, moment: number): number {
  let most = 0;
  for (let row = 0; row < rows; row++) if (probes.at(moment, row, NORM) > most) most = probes.at(moment, row, NORM);
  return most;
}

function repeatNorm(probes: Probes, indices: readonly number[], moment: number): number {
  let sum = 0;
  for (const index of indices) sum += probes.at(moment, index, NORM) ** 2;
  return Math.sqrt(sum);
}

function ratioOf(probes: Probes, row: Row, moment: number): number {
  if (row.kind === "parameter") return probes.at(moment, row.index, RATIO);
  return median(row.repeats.flat().map((index) => probes.at(moment, index, RATIO)));
}

function median(values: number[]): number {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return NaN;
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** log10 |grad| over all probes up to the newest, at most `points` of them. */
export function sparkline(probes: Probes, row: Row, points: number): Float32Array {
  const n = Math.min(points, probes.length);
  return Float32Array.from({ length: n }, (_, i) => {
    const moment = n === 1 ? 0 : Math.round((i / (n - 1)) * (probes.length - 1));
    return Math.log10(Math.max(1e-12, normOf(probes, row, moment)));
  });
}

/**
 * Up to five gradient histograms, oldest first, on one range: rows of 32 heights 0 … 1. They reach back from `moment` as far
 * as gradients were of like size: beside gradients many times as wide the newest would be a needle.
 */
export function ridges(probes: Probes, row: Row, moment: number): { heights: Float32Array[]; range: number } {
  if (moment < 0) return { heights: [], range: 0 };
  const indices = row.kind === "parameter" ? [row.index] : row.repeats.flat();
  const widest = (m: number): number => indices.reduce((most, index) => Math.max(most, Number.isFinite(probes.ranges[m][index]) ? probes.ranges[m][index] : 0), 0);
  const newest = widest(moment);
  let first = moment;
  while (first > 0 && (newest === 0 || widest(first - 1) <= newest * LIKE_SIZE)) first--;
  const n = Math.min(MOMENTS, moment - first + 1);
  const at = Array.from({ length: n }, (_, i) => (n === 1 ? moment : first + Math.round((i / (n - 1)) * (moment - first))));
  const range = Math.max(...at.map(widest));
  if (!(range > 0)) return { heights: [], range: 0 };
  return { range, heights: at.map((m) => density(probes, indices, m, range)) };
}

/** A bias of one number has no distribution worth a picture. */
export function hasHistogram(params: readonly Parameter[], row: Row): boolean {
  return row.kind === "group" || params[row.index].numel >= FEWEST;
}

/** Counts of several histograms with own ranges, put on ±range as a density and scaled to a highest value of 1. */
function density(probes: Probes, indices: readonly number[], moment: number, range: number): Float32Array {
  const bins = 32;
  const heights = new Float32Array(bins);
  for (const index of indices) {
    const counts = probes.histogram(moment, index);
    const own = probes.ranges[moment][index];
    if (!(own > 0) || counts.length === 0) continue;
    const stretch = range / own;
    for (let i = 0; i < bins; i++) {
      const place = (((i + 0.5) / bins) * 2 - 1) * stretch; // in units of own range
      if (place <= -1 || place >= 1) continue;
      const bin = ((place + 1) / 2) * bins - 0.5;
      const left = Math.max(0, Math.min(bins - 1, Math.floor(bin)));
      const right = Math.min(bins - 1, left + 1);
      heights[i] += (counts[left] + (counts[right] - counts[left]) * Math.max(0, bin - left)) / own;
    }
  }
  const top = heights.reduce((a, b) => Math.max(a, b), 0);
  return top > 0 ? heights.map((height) => (height / top) ** 0.8) : heights;
}

/** What a screen reader hears of a row. */
export function rowName({ row, norm, ratio, trouble, ratioHigh }: RowData): string {
  const parts = [row.kind === "group" ? `${row.path}, ${row.repeats.length} repeats, ${row.open ? "unfolded" : "folded"}` : row.key];
  if (trouble === "NaN" || !Number.isNaN(norm)) parts.push(`|grad| ${num(norm)}${trouble !== null && trouble !== "NaN" ? ` ${trouble}` : ""}`);
  if (!Number.isNaN(ratio)) parts.push(`update/weight ${num(ratio)}${ratioHigh ? " high" : ""}`);
  return parts.join(", ");
}
