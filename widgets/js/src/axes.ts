// Axes: bounds that move in nice steps, ticks, and their words.
import { count, num } from "./format";

const LOG_EDGES = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];
const SPANS = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];
const EXACT = 1e-9; // relative slack for "is a multiple"

/** Smallest of 1, 1.2, 1.5, 2, … × 10ᵏ that holds `value`; at least 10. */
export function spanFor(value: number): number {
  if (!(value > 10)) return 10;
  const power = 10 ** Math.floor(Math.log10(value));
  return (SPANS.find((edge) => edge * power >= value * (1 - EXACT)) ?? 10) * power;
}

/** Bounds outward to 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 × 10ᵏ. low, high > 0. */
export function logBounds(low: number, high: number): [number, number] {
  const down = (value: number): number => {
    const power = 10 ** Math.floor(Math.log10(value));
    return LOG_EDGES.filter((edge) => edge * power <= value * (1 + EXACT)).pop()! * power;
  };
  const up = (value: number): number => {
    const power = 10 ** Math.floor(Math.log10(value));
    return (LOG_EDGES.find((edge) => edge * power >= value * (1 - EXACT)) ?? 10) * power;
  };
  const bounds: [number, number] = [down(low * 0.97), up(high * 1.03)];
  return bounds[1] / bounds[0] < 1.5 ? [down(low / 1.3), up(high * 1.3)] : bounds;
}

/** 1, 2 or 5 × 10ᵏ so that `span` has at most `most` intervals. */
export function niceStep(span: number, most: number): number {
  const rough = span / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5].find((factor) => factor * power >= rough * (1 - EXACT)) ?? 10) * power;
}

/** Bounds outward to whole steps. */
export function linearBounds(low: number, high: number): [number, number] {
  const bottom = low >= 0 && low < 0.6 * high ? 0 : low;
  const step = niceStep(Math.max(high - bottom, Math.abs(high) * 1e-3, 1e-12), 5);
  const first = Math.floor(bottom / step + EXACT);
  return [first * step, Math.max(Math.ceil(high / step - EXACT), first + 1) * step + 0]; // + 0: no -0
}

export function linearTicks(low: number, high: number, most: number): number[] {
  const step = niceStep(high - low, most);
  const first = Math.ceil(low / step - EXACT);
  const n = Math.floor(high / step + EXACT) - first + 1;
  return Array.from({ length: n }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** At most `most` ticks on a log axis: 1 2 3 5, else 1 2 5, else powers of ten, else every second, … */
export function logTicks(low: number, high: number, most: number): number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const within = (factors: number[], every: number): number[] => {
    const ticks: number[] = [];
    for (let k = Math.ceil(first / every) * every; k <= last; k += every) for (const factor of factors) ticks.push(Number((factor * 10 ** k).toPrecision(3)));
    return ticks.filter((tick) => tick >= low * (1 - EXACT) && tick <= high * (1 + EXACT));
  };
  if (last - first <= 1 || high / low < 8) {
    const fine = linearTicks(low, high, Math.min(most, 4)).filter((tick) => tick > 0);
    const coarse = within([1, 2, 3, 5], 1);
    if (coarse.length >= 3 && coarse.length <= most) return coarse;
    if (high / low < 2.5) return fine;
  }
  for (const factors of [[1, 2, 3, 5], [1, 2, 5], [1, 3], [1]]) {
    const ticks = within(factors, 1);
    if (ticks.length <= most) return ticks;
  }
  for (let every = 2; every < 100; every++) {
    const ticks = within([1], every);
    if (ticks.length <= most) return ticks;
  }
  return [];
}

/** Labels of one axis: the same number of decimals for all when they are close, each its own when they span decades. */
export function tickLabels(ticks: number[]): string[] {
  const sizes = ticks.map(Math.abs).filter((size) => size > 0);
  const [low, high] = [Math.min(...sizes), Math.max(...sizes)];
  if (sizes.length === 0) return ticks.map(() => "0");
  if (low < 1e-3 || high >= 1e4) return ticks.map(power);
  const decimals = (value: number): number => { let d = 0; while (d < 5 && Math.abs(value * 10 ** d - Math.round(value * 10 ** d)) > 1e-6 * 10 ** d * Math.abs(value)) d++; return d; };
  const common = Math.max(...ticks.map(decimals));
  return ticks.map((tick) => (tick === 0 ? "0" : tick.toFixed(high / low > 50 ? decimals(tick) : common).replace("-", "−")));
}

/** `1e−6`, `5e−6`; plain inside 0.001 … 1000. */
export function power(tick: number): string {
  if (tick === 0) return "0";
  const size = Math.abs(tick);
  if (size >= 1e-3 && size < 1e4) return size >= 1000 ? count(tick) : String(Number(tick.toPrecision(3))).replace("-", "−");
  return num(tick).replace(".0e", "e");
}
