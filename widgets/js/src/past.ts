// The recorded steps that a page knows: those it asked the kernel for, and those that came with the last snapshot.
import { changes, count } from "./format";
import { readGraph } from "./graphwire";
import { type Bytes, type GraphDescription, type WireHistory, type WireKept, type WireMoment, HISTOGRAM_BINS, asBytes, floats, uints } from "./protocol";
import { readBatch } from "./inspect/batch";
import type { Detail, GraphStats } from "./store";

/** Nodes of the shown graph that are new, gone or changed, against another step's graph; `title` says which and how many. */
export interface Marks { added: number[]; removed: number[]; changed: number[]; title: string }

/** One recorded step. `version` is its graph's. */
export interface Moment {
  step: number;
  version: number;
  stats: GraphStats;
  details: Map<number, Detail | null>; // null: the kernel has nothing of this node
  since: WireMoment["since"]; // against the recorded step before
  newest: WireMoment["newest"]; // against the newest graph
}

const MOST = 400; // steps
const MOST_BYTES = 64 << 20; // of their statistics
const MOST_GRAPHS = 64;
const COLUMNS = 12;
const EXACT = 64;

export class Past {
  readonly graphs = new Map<number, GraphDescription>();
  private moments: Moment[] = []; // by step
  private answers = new Map<number, number>(); // step asked for -> step that the kernel has for it
  /** Steps that came with a snapshot: what there is without a kernel. */
  kept: number[] = [];

  get length(): number { return this.moments.length; }
  get steps(): number[] { return this.moments.map(({ step }) => step); }

  clear(): void {
    this.graphs.clear();
    this.moments = [];
    this.answers.clear();
    this.kept = [];
  }

  learn(version: number, graph: GraphDescription): void {
    this.graphs.delete(version);
    this.graphs.set(version, graph);
    for (const old of this.graphs.keys()) {
      if (this.graphs.size <= MOST_GRAPHS) break;
      this.graphs.delete(old);
    }
  }

  /** The kernel's answer for step `asked`. */
  add(asked: number, moment: Moment): void {
    const known = this.exact(moment.step);
    if (known !== null && known.version === moment.version) for (const [node, detail] of known.details) if (!moment.details.has(node)) moment.details.set(node, detail);
    this.put(moment);
    this.answers.set(asked, moment.step);
    this.evict(moment);
  }

  /** What came with a snapshot; what the kernel said in detail stays. -> all steps that are known now. */
  load({ graphs, moments }: WireHistory, buffers: Bytes[]): Moment[] {
    for (const [version, graph] of graphs) this.learn(version, readGraph(graph));
    for (const wire of moments) {
      const graph = this.graphs.get(wire.version);
      if (graph === undefined) continue;
      const moment = readKept(wire, buffers, graph);
      const known = this.exact(wire.step);
      if (known !== null && known.version === moment.version) for (const [node, detail] of known.details) moment.details.set(node, detail);
      this.put(moment);
    }
    this.kept = moments.map(({ step }) => step);
    return this.moments;
  }

  /** What the kernel has for `step`, as far as it was asked; null when it was not. */
  answered(step: number): Moment | null {
    const found = this.answers.get(step);
    return found === undefined ? null : this.exact(found);
  }

  /** A step, if it is known with this graph. */
  at(step: number, version: number): Moment | null {
    const found = this.exact(step);
    return found?.version === version ? found : null;
  }

  /** The known step nearest to `step`, of two the earlier. */
  nearest(step: number): Moment | null {
    let best: Moment | null = null;
    for (const moment of this.moments) if (this.graphs.has(moment.version) && (best === null || Math.abs(moment.step - step) < Math.abs(best.step - step))) best = moment;
    return best;
  }

  /** The kept step next to `step` in a direction; null at the ends. */
  next(step: number, forward: boolean): number | null {
    const { kept } = this;
    return (forward ? kept.find((one) => one > step) : kept.findLast((one) => one < step)) ?? null;
  }

  private exact(step: number): Moment | null {
    return this.moments.find((moment) => moment.step === step && this.graphs.has(moment.version)) ?? null;
  }

  /** The earliest steps go; the one just asked for stays, and what came with a snapshot. */
  private evict(newest: Moment): void {
    const most = Math.max(16, Math.min(MOST, Math.floor(MOST_BYTES / Math.max(1, newest.stats.table.byteLength))));
    while (this.moments.length > most) {
      const at = this.moments.findIndex((moment) => moment !== newest && !this.kept.includes(moment.step));
      if (at < 0) return;
      this.moments.splice(at, 1);
    }
  }

  private put(moment: Moment): void {
    this.moments = this.moments.filter(({ step }) => step !== moment.step);
    const at = this.moments.findIndex(({ step }) => step > moment.step);
    this.moments.splice(at < 0 ? this.moments.length : at, 0, moment);
  }
}

/** A node of one graph in another, by way of the newest one; null where it is not. */
export function carry(id: number, from: Moment | null, to: Moment | null): number | null {
  const newest = from === null || from.version === to?.version ? id : forward(id, from.newest);
  if (newest === null || to === null || from?.version === to.version) return newest;
  return backward(newest, to.newest);
}

function forward(id: number, newest: Moment["newest"]): number | null {
  if (newest === undefined) return id;
  if (newest.gone.includes(id)) return null;
  return newest.pairs.find(([old]) => old === id)?.[1] ?? id;
}

function backward(id: number, newest: Moment["newest"]): number | null {
  if (newest === undefined) return id;
  const found = newest.pairs.find(([, now]) => now === id);
  if (found !== undefined) return found[0];
  return newest.gone.includes(id) || newest.fresh.includes(id) || newest.pairs.some(([old]) => old === id) ? null : id;
}

/** What changed in the graph at this step; else how it differs from the newest one; null when it does in neither. */
export function marksOf(moment: Moment): Marks | null {
  const { since, newest } = moment;
  if (since) return { added: since.added, removed: [], changed: since.changed, title: `${signs(since.added.length, since.removed, since.changed.length)} since step ${count(since.step)}` };
  if (newest) return { added: [], removed: newest.gone, changed: newest.changed, title: `the newest graph: ${signs(newest.fresh.length, newest.gone.length, newest.changed.length)}` };
  return null;
}

/** `+3 −1 ~2` */
export const tally = ({ added, removed, changed }: Omit<Marks, "title">): string => signs(added.length, removed.length, changed.length);

const signs = (added: number, removed: number, changed: number): string => changes(added, removed, changed) || "the same nodes";

function readKept(wire: WireKept, buffers: Bytes[], graph: GraphDescription): Moment {
  const nodes = uints(buffers[wire.nodes]);
  const numbers = floats(buffers[wire.numbers]);
  const exact = floats(buffers[wire.exact]);
  const pixels = octets(buffers[wire.pixels], Int8Array);
  const bars = octets(buffers[wire.hists], Uint8Array);
  const details = new Map<number, Detail>();
  let [atExact, atPixel] = [0, 0];
  nodes.forEach((node, i) => {
    const [rows, cols, largest, mean, std, lo, hi, gradMean, gradStd, gradLo, gradHi, hasGrad] = numbers.subarray(i * COLUMNS, (i + 1) * COLUMNS);
    const size = rows * cols;
    let values: Float32Array;
    if (size <= EXACT) values = exact.subarray(atExact, (atExact += size));
    else values = Float32Array.from(pixels.subarray(atPixel, (atPixel += size)), (level) => (level === -128 ? NaN : (level * largest) / 127));
    const hist = (k: number): Float32Array => Float32Array.from(bars.subarray(k * HISTOGRAM_BINS, (k + 1) * HISTOGRAM_BINS));
    const unknown = { zeros: NaN, bad: 0 };
    details.set(node, {
      node, step: wire.step, shape: graph.nodes[node]?.shape ?? [], saved: [],
      value: { picture: size > 0 ? { values, shape: [rows, cols], every: [1, 1], coarse: true } : null, hist: hist(2 * i), mean, std, lo, hi, ...unknown },
      grad: hasGrad ? { picture: null, hist: hist(2 * i + 1), lo: gradLo, hi: gradHi, mean: gradMean, std: gradStd, ...unknown } : null,
    });
  });
  return { step: wire.step, version: wire.version, stats: { step: wire.step, table: floats(buffers[wire.stats]), batch: readBatch(wire.batch, buffers) }, details, since: wire.since, newest: wire.newest };
}

function octets<T>(bytes: Bytes | undefined, type: new (buffer: ArrayBuffer, offset: number, length: number) => T): T {
  const { buffer, byteOffset, byteLength } = bytes === undefined ? new Uint8Array(0) : asBytes(bytes);
  return new type(buffer as ArrayBuffer, byteOffset, byteLength);
}
