// What grows while a run goes on, in bounded memory: series (min-max decimated) and probes (oldest thinned).
import { decimateInPlace } from "./decimate";
import { HISTOGRAM_BINS, PROBE_COLUMN_COUNT, type SeriesRole } from "./protocol";

const START = 1024;
export const MAX_POINTS = 200_000; // a series; 1.6 MB
const MAX_PROBE_BYTES = 24 << 20;

/** A named curve. `steps` and `values` have room to spare: only [0, length) is data. */
export class Series {
  steps = new Uint32Array(START);
  values = new Float32Array(START);
  length = 0;
  /** Grows by one whenever earlier points changed (reset or thinned): whoever keeps something derived starts again. */
  generation = 0;

  private settled = 0; // points before this index are thinned already …
  private resolution = 1; // … to two of 2·resolution

  constructor(readonly id: number, public name: string, public role: SeriesRole) {}

  get last(): number { return this.length > 0 ? this.values[this.length - 1] : NaN; }
  get lastStep(): number { return this.length > 0 ? this.steps[this.length - 1] : 0; }

  append(steps: Uint32Array, values: Float32Array): void {
    const n = Math.min(steps.length, values.length);
    this.reserve(this.length + n);
    this.steps.set(steps.subarray(0, n), this.length);
    this.values.set(values.subarray(0, n), this.length);
    this.length += n;
    if (this.length > MAX_POINTS) this.thin();
  }

  clear(): void {
    this.length = this.settled = 0;
    this.resolution = 1;
    this.generation++;
  }

  /** Bring the newest points to the resolution of the settled ones; halve all when that is not enough. */
  private thin(): void {
    this.length = decimateInPlace(this.steps, this.values, this.length, this.resolution, this.settled);
    while (this.length > MAX_POINTS / 2) {
      this.length = decimateInPlace(this.steps, this.values, this.length, 2);
      this.resolution *= 2;
    }
    this.settled = this.length;
    this.generation++;
  }

  private reserve(wanted: number): void {
    if (wanted <= this.steps.length) return;
    const room = Math.max(wanted, this.steps.length * 2);
    const steps = new Uint32Array(room);
    const values = new Float32Array(room);
    steps.set(this.steps.subarray(0, this.length));
    values.set(this.values.subarray(0, this.length));
    this.steps = steps;
    this.values = values;
  }
}

/** Parameter probes over time: k moments of a (rows, 5) table and of (rows, 32) gradient histograms with range ±range. */
export class Probes {
  steps: Uint32Array = new Uint32Array(0);
  readonly tables: Float32Array[] = [];
  readonly histograms: Float32Array[] = [];
  readonly ranges: Float32Array[] = [];
  rows = 0;
  generation = 0;

  get length(): number { return this.tables.length; }

  clear(rows: number): void {
    this.rows = rows;
    this.steps = new Uint32Array(0);
    this.tables.length = this.histograms.length = this.ranges.length = 0;
    this.generation++;
  }

  append(steps: Uint32Array, table: Float32Array, hist: Float32Array, range: Float32Array): void {
    if (this.rows === 0) return;
    const wide = this.rows * PROBE_COLUMN_COUNT;
    const bins = this.rows * HISTOGRAM_BINS;
    const n = Math.min(steps.length, Math.floor(table.length / wide));
    for (let i = 0; i < n; i++) {
      this.tables.push(table.slice(i * wide, (i + 1) * wide));
      this.histograms.push(hist.slice(i * bins, (i + 1) * bins));
      this.ranges.push(range.slice(i * this.rows, (i + 1) * this.rows));
    }
    const joined = new Uint32Array(this.steps.length + n);
    joined.set(this.steps);
    joined.set(steps.subarray(0, n), this.steps.length);
    this.steps = joined;
    const most = Math.max(64, Math.floor(MAX_PROBE_BYTES / (4 * (wide + bins + this.rows))));
    if (this.length > most) this.thin();
  }

  /** One number: column `column` of parameter `row` at moment `moment`. */
  at(moment: number, row: number, column: number): number {
    return this.tables[moment][row * PROBE_COLUMN_COUNT + column];
  }

  /** The 32 counts of parameter `row` at `moment`; empty when the kernel sent none. */
  histogram(moment: number, row: number): Float32Array {
    return this.histograms[moment].subarray(row * HISTOGRAM_BINS, (row + 1) * HISTOGRAM_BINS);
  }

  /** Drop every second moment of the older half. */
  private thin(): void {
    const half = this.length >> 1;
    const keep = (i: number): boolean => i >= half || i % 2 === 0;
    this.steps = this.steps.filter((_, i) => keep(i));
    for (const list of [this.tables, this.histograms, this.ranges]) {
      const kept = list.filter((_, i) => keep(i));
      list.length = 0;
      list.push(...kept);
    }
    this.generation++;
  }
}
