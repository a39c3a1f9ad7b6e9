// What the numbers, bars and edges of the graph say: one overlay at a time, each with its legend. Pure, without a pixel.
import type { Block } from "./blocks";
import { THIN, bytes, count, micros, num } from "./format";
import { VANISHING } from "./gradmodel";
import type { GraphModel, Item, Picture } from "./graphmodel";
import { type GraphNode, NODE_STAT_COUNT } from "./protocol";
import type { GraphStats } from "./store";
import type { InkName } from "./theme";

export type Overlay = "flow" | "value" | "dead" | "time" | "memory" | "saved" | "dtype" | "device";

interface Kind { id: Overlay; word: string; heading: string; title: string; recorded: boolean }
/** In the order of their keys, 1 … 8. `recorded`: needs the numbers of a recorded step. */
export const OVERLAYS: readonly Kind[] = [
  { id: "flow", word: "|grad|", heading: "|grad|", title: "gradient norm: the wider an edge, the more flows back", recorded: true },
  { id: "value", word: "value", heading: "value", title: "mean ± standard deviation of the value", recorded: true },
  { id: "dead", word: "dead", heading: "zeros", title: "share of the value that is exactly 0", recorded: true },
  { id: "time", word: "time", heading: "time", title: "forward + backward", recorded: true },
  { id: "memory", word: "memory", heading: "output", title: "bytes of the outputs", recorded: false },
  { id: "saved", word: "saved", heading: "kept", title: "bytes kept for backward", recorded: false },
  { id: "dtype", word: "dtype", heading: "dtype", title: "dtype of the output", recorded: false },
  { id: "device", word: "device", heading: "device", title: "device of the output", recorded: false },
];
export const overlayOf = (id: Overlay): Kind => OVERLAYS.find((one) => one.id === id) as Kind;

export const EXPLODING = 1e3; // |grad| of a value
const [MEAN, STD, ZEROS, NORM, FORWARD, BACKWARD] = [0, 1, 4, 5, 6, 7];
const TINTS: readonly InkName[] = ["value", "grad", "val", "ghost", "warn-mark", "brand"];
const NAMED = 4; // dtypes or devices that a legend names
export const WARN = "▲"; // beside a number that should not be
const FAINT = "▽";

/** What stands in the column of one box. `share`: length of its bar, 0 … 1, NaN without one; `tint`: ink of its group. */
export interface Reading { text: string; share: number; alarm: boolean; tint: InkName | null }
/** How a value's edges are drawn. */
export interface Stroke { ink: InkName; width: number; dash: boolean; alpha: number }
export interface LegendPart { swatch: { width: number; height: number; ink: InkName; alpha: number; dash: boolean } | null; text: string }

const NOTHING: Reading = { text: "", share: NaN, alarm: false, tint: null };

/** px of the band along which a gradient of that norm flows. */
export function flowWidth(norm: number): number {
  return norm > 0 ? Math.min(9, Math.max(1.5, 1.5 + (Math.log10(norm) + 3) * 2.5)) : 1.5;
}

/** px of an edge that carries so many bytes: 1.5 below 1 KB, 9 from 100 MB on. */
export function bytesWidth(size: number): number {
  return size > 0 ? Math.min(9, Math.max(1.5, 1.5 + (Math.log10(size) - 3) * 1.5)) : 1.5;
}

/** Bytes of one element, read from the name of its dtype. */
export function itemSize(dtype: string): number {
  const bits = /(\d+)(?:_\w+)?$/.exec(dtype)?.[1];
  return bits ? Number(bits) / 8 : 1;
}

export function outputBytes({ shape, dtype }: GraphNode): number {
  return shape.reduce((product, size) => product * size, itemSize(dtype));
}

/** A value that holds NaN or infinities: it was counted, and has no mean. */
export function isBroken(stats: GraphStats | null, node: number): boolean {
  if (stats === null) return false;
  const of = (column: number): number => stats.table[node * NODE_STAT_COUNT + column];
  return (of(ZEROS) === of(ZEROS) && !Number.isFinite(of(MEAN))) || hasBrokenGradient(stats, node);
}

function hasBrokenGradient({ table }: GraphStats, node: number): boolean {
  const norm = table[node * NODE_STAT_COUNT + NORM];
  const after = table[node * NODE_STAT_COUNT + BACKWARD]; // known: a gradient came by
  return norm === Infinity || (norm !== norm && after === after);
}

/** One overlay over one picture, with the numbers of one step. */
export class Gauge {
  private readonly nodes: GraphNode[];
  private readonly known = new Map<number, Reading>();
  private readonly sums: Float64Array | null; // over the order of ops, for what adds up
  private readonly tints = new Map<string, InkName>();
  private readonly groups: [name: string, ops: number][] = [];
  private most = 0;
  private readonly kept = new Set<number>(); // values whose bytes are counted
  private readonly strokes = new Map<string, Stroke>(); // each look once, so that edges of one look are drawn together
  private readonly strokeOf: (Stroke | undefined)[] = [];
  readonly picture: Picture;

  constructor(readonly overlay: Overlay, readonly model: GraphModel, readonly stats: GraphStats | null) {
    this.nodes = model.graph.nodes;
    this.picture = model.picture;
    this.sums = this.adds() ? this.summed() : null;
    if (overlay === "dtype" || overlay === "device") this.sort(overlay);
    if (this.sums) for (const item of model.picture.items) if (this.total(item) > this.most) this.most = this.total(item);
  }

  reading(item: Item): Reading {
    let known = this.known.get(item.node);
    if (known === undefined || item.foldable) {
      known = this.read(item);
      if (!item.foldable) this.known.set(item.node, known);
    }
    return known;
  }

  /** How the edges of a node's value are drawn; the same object for the same look. */
  stroke(node: number): Stroke {
    let known = this.strokeOf[node];
    if (known === undefined) {
      const look = this.lookOf(node);
      const key = Object.values(look).join();
      known = this.strokes.get(key);
      if (known === undefined) this.strokes.set(key, (known = look));
      this.strokeOf[node] = known;
    }
    return known;
  }

  private lookOf(node: number): Stroke {
    const plain: Stroke = { ink: "ink-2", width: 1, dash: !this.nodes[node].rg, alpha: 0.8 };
    if (this.overlay === "memory") return { ink: "value", width: half(bytesWidth(outputBytes(this.nodes[node]))), dash: false, alpha: 0.55 };
    if (this.overlay !== "flow" || this.stats === null) return plain;
    const norm = this.at(node, NORM);
    if (hasBrokenGradient(this.stats, node)) return { ink: "error", width: 9, dash: true, alpha: 0.9 };
    if (norm !== norm) return plain;
    if (norm <= VANISHING) return { ink: "grad", width: 1.5, dash: true, alpha: 0.9 };
    return { ink: "grad", width: half(flowWidth(norm)), dash: false, alpha: norm >= EXPLODING ? 0.95 : 0.55 };
  }

  legend(): LegendPart[] {
    const band = (width: number, text: string, more: { ink?: InkName; dash?: boolean; alpha?: number } = {}): LegendPart =>
      ({ swatch: { width: 16, height: width, ink: more.ink ?? "grad", alpha: more.alpha ?? 0.55, dash: more.dash ?? false }, text });
    const bar = (text: string): LegendPart => ({ swatch: { width: 16, height: 3, ink: this.barInk(), alpha: 0.6, dash: false }, text });
    const words = (text: string): LegendPart => ({ swatch: null, text });
    switch (this.overlay) {
      case "flow": return [words("|grad|"), band(1.5, "1e−3"), band(5.3, "0.03"), band(9, "1"), band(1.5, `${FAINT} vanishing ≤ 1e−6`, { dash: true, alpha: 0.9 }), band(9, `${WARN} exploding ≥ 1e3`, { alpha: 0.95 })];
      case "value": return [words("mean ± standard deviation"), bar("deviation, 1e−3 … 10"), words(`${WARN} not finite`)];
      case "dead": return [words("exactly 0"), bar(`0 … 100${THIN}%`)];
      case "time": return [words("forward + backward"), bar(`up to ${micros(this.most)}`)];
      case "memory": return [words("outputs"), bar(`up to ${bytes(this.most)}`), band(1.5, `1${THIN}KB`, { ink: "value" }), band(9, `100${THIN}MB`, { ink: "value" })];
      case "saved": return [words("kept for backward, each array once"), bar(`up to ${bytes(this.most)}, ${bytes(this.sums?.[this.sums.length - 1] ?? 0)} in all`)];
      default: return [...this.groups.slice(0, NAMED).map(([name, ops]): LegendPart => ({ swatch: { width: 8, height: 10, ink: this.tints.get(name) ?? "ghost", alpha: 1, dash: false }, text: `${name} ${count(ops)}` })), ...(this.groups.length > NAMED ? [words(`+${this.groups.length - NAMED} more`)] : [])];
    }
  }

  /** Ink of bars, and of the texts over them. */
  barInk(): InkName {
    return this.overlay === "flow" ? "grad" : this.overlay === "time" ? "ink-2" : "value";
  }

  textInk(): InkName {
    if (this.overlay === "flow") return "grad-ink";
    return this.overlay === "time" || this.overlay === "dtype" || this.overlay === "device" ? "ink" : "value-ink";
  }

  // ── inside ──

  private at(node: number, column: number): number {
    return this.stats ? this.stats.table[node * NODE_STAT_COUNT + column] : NaN;
  }

  private read(item: Item): Reading {
    switch (this.overlay) {
      case "flow": return this.flow(item);
      case "value": return this.value(item);
      case "dead": return this.dead(item);
      case "dtype": case "device": return this.kind(item, this.overlay);
      default: return this.added(item);
    }
  }

  private flow({ node, kind }: Item): Reading {
    if (kind === "input" || this.stats === null) return NOTHING;
    const norm = this.at(node, NORM);
    if (hasBrokenGradient(this.stats, node)) return { text: `${norm === Infinity ? "∞" : "NaN"} ${WARN}`, share: NaN, alarm: true, tint: null };
    if (norm !== norm) return NOTHING;
    const mark = norm >= EXPLODING ? ` ${WARN}` : norm <= VANISHING ? ` ${FAINT}` : "";
    return { text: num(norm) + mark, share: NaN, alarm: mark !== "", tint: null };
  }

  private value({ node }: Item): Reading {
    const [mean, std, zeros] = [this.at(node, MEAN), this.at(node, STD), this.at(node, ZEROS)];
    if (zeros === zeros && !Number.isFinite(mean)) return { text: `NaN ${WARN}`, share: NaN, alarm: true, tint: null };
    if (mean !== mean) return NOTHING;
    return { text: `${num(mean)}±${num(std)}`, share: std > 0 ? Math.min(1, Math.max(0.02, (Math.log10(std) + 3) / 4)) : 0, alarm: false, tint: null };
  }

  private dead({ node }: Item): Reading {
    const zeros = this.at(node, ZEROS);
    return zeros === zeros ? { text: `${Math.round(zeros * 100)}${THIN}%`, share: zeros, alarm: false, tint: null } : NOTHING;
  }

  private kind(item: Item, field: "dtype" | "device"): Reading {
    const own = this.nodes[item.node][field];
    const others = new Set(this.ops(this.model.block(item)).map((node) => this.nodes[node][field]));
    others.delete(own);
    return { text: others.size > 0 ? `${own} +${others.size}` : own, share: NaN, alarm: false, tint: this.tints.get(own) ?? "ghost" };
  }

  private added(item: Item): Reading {
    const total = this.total(item);
    if (total !== total) return NOTHING;
    const text = this.overlay === "time" ? micros(total) : total === 0 ? "0" : bytes(total);
    return { text, share: this.most > 0 ? total / this.most : 0, alarm: false, tint: null };
  }

  private total(item: Item): number {
    const block = this.model.block(item);
    if (!this.sums || !block || block.first < 0) return item.kind === "input" && this.overlay === "memory" ? outputBytes(this.nodes[item.node]) : NaN;
    const sum = this.sums[block.last + 1] - this.sums[block.first];
    if (this.overlay !== "time" || sum > 0) return sum;
    return this.ops(block).some((node) => this.at(node, FORWARD) === this.at(node, FORWARD)) ? sum : NaN;
  }

  private ops(block: Block | undefined): number[] {
    return block && block.first >= 0 ? this.model.tree.order.slice(block.first, block.last + 1) : [];
  }

  private adds(): boolean {
    return this.overlay === "memory" || this.overlay === "saved" || (this.overlay === "time" && this.stats !== null);
  }

  private summed(): Float64Array {
    const { order } = this.model.tree;
    const sums = new Float64Array(order.length + 1);
    order.forEach((node, position) => { sums[position + 1] = sums[position] + this.amount(node); });
    return sums;
  }

  private amount(node: number): number {
    if (this.overlay === "memory") return outputBytes(this.nodes[node]);
    if (this.overlay === "saved") return this.keptBytes(node);
    const [forward, backward] = [this.at(node, FORWARD), this.at(node, BACKWARD)];
    return (forward === forward ? forward : 0) + (backward === backward ? backward : 0);
  }

  /** Bytes kept for backward; a value that several ops keep counts at the first of them, a parameter nowhere. */
  private keptBytes(node: number): number {
    let sum = 0;
    for (const [, size, source] of this.nodes[node].saved ?? []) {
      if (source >= 0 && (this.kept.has(source) || this.nodes[source].kind === "parameter")) continue;
      if (source >= 0) this.kept.add(source);
      sum += size;
    }
    return sum;
  }

  /** The dtypes or devices of the ops, the usual one first. */
  private sort(field: "dtype" | "device"): void {
    const counts = new Map<string, number>();
    for (const node of this.model.tree.order) counts.set(this.nodes[node][field], (counts.get(this.nodes[node][field]) ?? 0) + 1);
    this.groups.push(...[...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
    this.groups.forEach(([name], at) => this.tints.set(name, TINTS[Math.min(at, TINTS.length - 1)]));
  }
}

/** Widths in half pixels: few enough that edges of one width are drawn as one. */
const half = (width: number): number => Math.round(width * 2) / 2;

/** Something the graph can show before any step was recorded. */
export function firstOverlay(stats: GraphStats | null): Overlay {
  return stats === null ? "memory" : "flow";
}

