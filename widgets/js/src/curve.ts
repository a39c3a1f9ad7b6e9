// What is derived from a series as it grows, point by point: smoothed line, extremes, spikes, values that are no numbers.
import type { Series } from "./store";

export interface Spike { step: number; value: number; factor: number }
export interface Odd { step: number; kind: "NaN" | "∞" | "−∞" }

const WARM_WINDOW = 10; // the smoothing window is a tenth of the steps so far, until it is as wide as wished
const WARM_UP = 30; // points before a spike can be told
const LEAST_SPIKE = Math.log(2);
const DEVIATIONS = 6;
const MOST_SPIKES = 64;
const CHOICES = [0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99];

/** The EMA factor for a run of `n` points: a window of about n / 25, so that a short run is not flattened. */
export function autoSmoothing(n: number): number {
  return CHOICES.findLast((beta) => 1 / (1 - beta) <= Math.max(1, n / 25)) ?? 0;
}

/** Derived data of one series. `update` looks only at new points unless the past or the smoothing changed. */
export class Curve {
  ema: Float32Array = new Float32Array(0);
  low = Infinity;
  high = -Infinity;
  lowPositive = Infinity; // lowest value > 0
  spikes: Spike[] = [];
  odd: Odd[] = [];
  private done = 0;
  private generation = -1;
  private beta = -1;
  private taken = 0; // steps behind the smoothed value
  private smooth = 0;
  private center = 0;
  private spread = 0;
  private seen = 0;
  private current: Spike | null = null;
  private lastOdd = false;

  constructor(readonly series: Series) {}

  update(beta: number): void {
    const { series } = this;
    if (series.generation !== this.generation || beta !== this.beta) this.restart(beta);
    if (this.ema.length < series.length) {
      const room = new Float32Array(Math.max(series.length, series.steps.length));
      room.set(this.ema.subarray(0, this.done));
      this.ema = room;
    }
    for (let i = this.done; i < series.length; i++) this.take(i);
    this.done = series.length;
  }

  private restart(beta: number): void {
    this.generation = this.series.generation;
    this.beta = beta;
    this.done = this.taken = this.smooth = this.center = this.spread = this.seen = 0;
    this.low = this.lowPositive = Infinity;
    this.high = -Infinity;
    this.spikes = [];
    this.odd = [];
    this.current = null;
    this.lastOdd = false;
  }

  private take(i: number): void {
    const { steps, values } = this.series;
    const value = values[i];
    if (!Number.isFinite(value)) {
      this.ema[i] = NaN;
      if (!this.lastOdd && this.odd.length < MOST_SPIKES) this.odd.push({ step: steps[i], kind: Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞" });
      this.lastOdd = true;
      return;
    }
    this.lastOdd = false;
    if (value < this.low) this.low = value;
    if (value > this.high) this.high = value;
    if (value > 0 && value < this.lowPositive) this.lowPositive = value;
    // The window opens slowly, so that the fall at the start is followed; points that decimation left far apart count for the steps between them.
    const keep = Math.min(this.beta, this.taken / (this.taken + WARM_WINDOW));
    const gap = i > 0 ? Math.max(1, steps[i] - steps[i - 1]) : 1;
    this.taken += gap;
    this.smooth += (value - this.smooth) * (1 - (gap === 1 ? keep : keep ** gap));
    this.ema[i] = this.smooth;
    if (value > 0) this.watch(steps[i], value);
  }

  /** A spike rises above the running level by a factor of at least 2 and 6 mean deviations, both on the log scale. */
  private watch(step: number, value: number): void {
    const x = Math.log(value);
    if (this.seen++ === 0) this.center = x;
    const excess = x - this.center;
    const limit = Math.max(LEAST_SPIKE, DEVIATIONS * this.spread);
    if (this.current !== null) {
      if (value > this.current.value) Object.assign(this.current, { step, value, factor: Math.max(this.current.factor, Math.exp(excess)) });
      if (excess < limit / 2) this.current = null;
    } else if (this.seen > WARM_UP && excess > limit) {
      this.current = { step, value, factor: Math.exp(excess) };
      this.spikes.push(this.current);
      if (this.spikes.length > MOST_SPIKES) this.spikes = this.spikes.sort((a, b) => b.factor - a.factor).slice(0, MOST_SPIKES / 2);
    }
    const rate = this.current === null ? 0.05 : 0.005;
    this.center += rate * excess;
    if (this.current === null) this.spread += rate * (Math.abs(excess) - this.spread);
  }
}

/** Lowest and highest of each pixel column. Columns without a point stay NaN. */
export interface Columns { low: Float32Array; high: Float32Array }

/** Points of `series` as vertical strokes, one a column of width 1 over [0, width) for steps [0, span]. */
export function columnsOf(series: Series, width: number, span: number): Columns {
  const n = Math.max(1, Math.ceil(width) + 1);
  const low = new Float32Array(n).fill(NaN);
  const high = new Float32Array(n).fill(NaN);
  const { steps, values, length } = series;
  const scale = width / span;
  const joined = length < 4 * width; // few points a column: each stroke reaches back to the point before it, as a line would
  let before = NaN;
  for (let i = 0; i < length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) { before = NaN; continue; }
    const column = Math.min(n - 1, Math.floor(steps[i] * scale));
    if (joined && Number.isNaN(low[column]) && !Number.isNaN(before)) low[column] = high[column] = before;
    before = value;
    if (!(low[column] <= value)) low[column] = value;
    if (!(high[column] >= value)) high[column] = value;
  }
  return { low, high };
}
