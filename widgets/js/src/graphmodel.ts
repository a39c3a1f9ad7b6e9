// What the graph panel shows: which blocks are open, where everything lies, what is under the pointer, what follows what.
import { type Block, Tree, defaultExpanded } from "./blocks";
import { shape } from "./format";
import { momentAt, rowData } from "./gradmodel";
import { wirePath } from "./graphwires";
import type { Piece } from "./lanes";
import { type Chip, type Group, type Item, type Options, type Picture, WIDE, laying } from "./layout";
import type { Path } from "./marks";
import type { GraphDescription } from "./protocol";
import { type State, shownStep } from "./store";
import { type Work, drain } from "./work";

const BIN = 256; // px of a strip in which things are looked up

/** A box or a group; `at` is the place in the picture's items or groups. */
export interface Spot { kind: "item" | "group"; at: number }
export type Hit = (Spot & { fold: boolean }) | { kind: "chip"; at: number; fold: false };

/** What lies in a strip of the picture. */
interface Bin { items: number[]; groups: number[]; chips: number[]; wires: number[] }

/** Where everything lies, and how to find it again. */
interface Placed {
  picture: Picture;
  bins: Bin[];
  boxOf: Int32Array; // node -> item that stands for it
  next: Map<number, number[]>;
  previous: Map<number, number[]>;
  keys: Map<string, Spot>;
}

/** Boxes that are laid out at once; more take more than a frame. */
const AT_ONCE = 1500;

export class GraphModel {
  readonly tree: Tree;
  readonly blocks = new Map<string, Block>();
  opened = new Set<string>();
  /** The user has folded or unfolded something: what is open is theirs to choose. */
  touched = false;
  private placed: Placed = nowhere();
  private paths: (Path | undefined)[] = [];
  private titles: Map<number, string> | null = null;
  private joined: { of: Bin[]; first: number; last: number; bin: Bin } = { of: [], first: 0, last: 0, bin: { items: [], groups: [], chips: [], wires: [] } };
  private trail: { nodes: ReadonlySet<number> | null; edges: Uint8Array; boxes: Map<number, number> } = { nodes: null, edges: new Uint8Array(0), boxes: new Map() };

  /** `keep`: show only these nodes. `now` false: nothing is there before `build` has run. */
  constructor(readonly graph: GraphDescription, opened: ReadonlySet<string> | "all" | null, private options: Options = WIDE, readonly keep: ReadonlySet<number> | null = null, now = true) {
    this.tree = new Tree(graph, keep, false);
    this.touched = opened !== null && opened !== "all";
    if (now) drain(this.build(opened));
  }

  *build(opened: ReadonlySet<string> | "all" | null): Work<this> {
    yield* this.tree.build();
    for (const block of this.tree.walk()) this.blocks.set(block.key, block);
    yield;
    const all = (): string[] => [...this.blocks.values()].filter((block) => block.foldable && block.parent).map(({ key }) => key);
    this.opened = new Set(opened === null ? defaultExpanded(this.tree) : (opened === "all" ? all() : [...opened]).filter((key) => this.blocks.get(key)?.foldable));
    return yield* this.place();
  }

  get picture(): Picture {
    return this.placed.picture;
  }

  /** Whether the picture can be placed within a frame. */
  get quick(): boolean {
    let shown = 0;
    const stack = [this.tree.root];
    for (let block = stack.pop(); block && shown <= AT_ONCE; block = stack.pop()) {
      if (block !== this.tree.root && !this.opened.has(block.key)) continue;
      shown += block.children.length;
      for (const child of block.children) if (child.foldable) stack.push(child);
    }
    return shown <= AT_ONCE && this.graph.edges.length <= 12 * AT_ONCE;
  }

  /** How much room a table row has. Returns whether the picture has to be placed anew. */
  setOptions(options: Options): boolean {
    const { left, right, chipShapes } = this.options;
    if (left === options.left && right === options.right && chipShapes === options.chipShapes) return false;
    this.options = options;
    return true;
  }

  toggle(key: string): void {
    if (!this.blocks.get(key)?.foldable) return;
    if (!this.opened.delete(key)) this.opened.add(key);
    this.touched = true;
  }

  expandAll(): void {
    for (const block of this.blocks.values()) if (block.foldable && block.parent) this.opened.add(block.key);
    this.touched = true;
  }

  collapseAll(): void {
    this.opened.clear();
    this.touched = true;
  }

  /** Open whatever hides the node. */
  reveal(node: number): void {
    let hidden: Block | null = this.blocks.get(this.picture.items[this.box(node)]?.key ?? "") ?? null;
    const position = this.tree.order.indexOf(node);
    while (hidden?.foldable) {
      this.opened.add(hidden.key);
      hidden = hidden.children.find((child) => child.first >= 0 && child.first <= position && position <= child.last) ?? null;
    }
    this.touched = true;
  }

  /** The box in which a node is shown; -1 for one that is drawn as a chip. */
  box(node: number): number {
    return this.placed.boxOf[node] ?? -1;
  }

  /** What a node is called: by the user, else as its box is when nothing is folded. */
  title(node: number): string {
    if (this.titles === null) {
      this.titles = new Map();
      for (const { kind, node: own, label } of this.blocks.values()) if (kind === "op") this.titles.set(own, label);
    }
    const { name, label, op } = this.graph.nodes[node];
    return name || this.titles.get(node) || label || op;
  }

  block(item: Item): Block | undefined {
    return this.blocks.get(item.key);
  }

  after(item: number): number[] {
    return this.placed.next.get(item) ?? [];
  }

  before(item: number): number[] {
    return this.placed.previous.get(item) ?? [];
  }

  /** Nodes that a box or group stands for: the ops inside it, or its input. */
  nodesAt({ kind, at }: Spot): number[] {
    const thing = kind === "item" ? this.picture.items[at] : this.picture.groups[at];
    const block = this.blocks.get(thing.key);
    return block && block.first >= 0 ? this.tree.order.slice(block.first, block.last + 1) : [thing.node];
  }

  /** The box or group with that key. */
  spot(key: string): Spot | null {
    return this.placed.keys.get(key) ?? null;
  }

  /** Number of the group with that key; -1 if none is open. */
  groupAt(key: string): number {
    const spot = this.placed.keys.get(key);
    return spot?.kind === "group" ? spot.at : -1;
  }

  /** The way of a wire. */
  wire(at: number): Path {
    return (this.paths[at] ??= wirePath(this.picture.wires[at][2]));
  }

  /** How much of a wire belongs to edges between nodes of the trail: nothing, all of it, or all but its end. */
  carriesTrail(at: number, nodes: ReadonlySet<number>): "" | "whole" | "trunk" {
    const { edges } = this.lightTrail(nodes);
    const { pieces, from, to, trunk } = this.picture.carries[at];
    const lit = (piece: Piece): boolean => piece.edges.some((edge) => edges[edge] === 1);
    for (let i = from; i < to; i++) if (lit(pieces[i])) return "whole";
    if (trunk) for (let i = to; i < pieces.length; i++) if (lit(pieces[i])) return "trunk";
    return "";
  }

  /** Boxes in which nodes of the trail are, with how many. */
  trailBoxes(nodes: ReadonlySet<number>): ReadonlyMap<number, number> {
    return this.lightTrail(nodes).boxes;
  }

  /** Everything that may touch the strip from `top` to `bottom`, in px of the picture; each thing once. */
  strip(top: number, bottom: number): Bin {
    const { bins } = this.placed;
    const first = Math.max(0, Math.floor(top / BIN));
    const last = Math.min(bins.length - 1, Math.floor(bottom / BIN));
    if (first === last) return bins[first];
    const known = this.joined;
    if (known.of === bins && known.first === first && known.last === last) return known.bin;
    const join = (kind: keyof Bin): number[] => {
      if (first === 0 && last === bins.length - 1) return this.picture[kind].map((_, at) => at);
      const seen = new Set<number>();
      for (let bin = first; bin <= last; bin++) for (const at of bins[bin][kind]) seen.add(at);
      return [...seen];
    };
    this.joined = { of: bins, first, last, bin: { items: join("items"), groups: join("groups"), chips: join("chips"), wires: join("wires") } };
    return this.joined.bin;
  }

  /** What is at a place of the picture; a group only by its header. */
  hit(x: number, y: number): Hit | null {
    const { items, chips, groups } = this.strip(y, y);
    const { picture } = this;
    for (const at of chips ?? []) {
      const chip = picture.chips[at];
      if (x >= chip.x && x <= chip.x + chip.w && y >= chip.y && y <= chip.y + 16) return { kind: "chip", at, fold: false };
    }
    for (const at of items ?? []) {
      const item = picture.items[at];
      const left = item.x - item.w / 2;
      const right = item.compact ? left + item.w : Math.max(left + item.w, picture.norms + 4); // a row is chosen by its numbers too
      if (x >= left && x <= right && y >= item.y && y <= item.y + item.h) return { kind: "item", at, fold: item.foldable && x < left + 17 && y < item.y + 18 };
    }
    let found: Hit | null = null;
    for (const at of groups ?? []) {
      const { x: left, y: top, w } = picture.groups[at];
      if (x >= left && x <= left + w && y >= top && y <= top + 22) found = { kind: "group", at, fold: x < left + 22 };
    }
    return found;
  }

  /** Boxes and groups in reading order, a group before what it holds. */
  spots(): Spot[] {
    const index = this.placed.keys;
    const found: Spot[] = [];
    const stack = [...this.tree.root.children].reverse();
    for (let block = stack.pop(); block; block = stack.pop()) {
      const spot = index.get(block.key);
      if (spot) found.push(spot);
      if (spot?.kind === "group") for (let i = block.children.length - 1; i >= 0; i--) stack.push(block.children[i]);
    }
    return found;
  }

  /** Lay out what is open now; the picture before it stays until this one is done. */
  *place(): Work<this> {
    const picture = yield* laying(this.tree, this.opened, this.options);
    const boxOf = new Int32Array(this.graph.nodes.length).fill(-1);
    const keys = new Map<string, Spot>();
    picture.items.forEach((item, at) => {
      keys.set(item.key, { kind: "item", at });
      const block = this.blocks.get(item.key);
      if (item.kind === "input" || !block) boxOf[item.node] = at;
      else for (let position = block.first; position <= block.last; position++) boxOf[this.tree.order[position]] = at;
    });
    picture.groups.forEach(({ key }, at) => keys.set(key, { kind: "group", at }));
    yield;
    const [next, previous] = [new Map<number, number[]>(), new Map<number, number[]>()];
    const add = (map: Map<number, number[]>, from: number, to: number): void => {
      const known = map.get(from);
      if (known) known.push(to);
      else map.set(from, [to]);
    };
    for (const [from, to] of picture.links) {
      add(next, from, to);
      add(previous, to, from);
    }
    yield;
    this.placed = { picture, bins: binned(picture), boxOf, next, previous, keys };
    this.paths = [];
    this.trail.nodes = null;
    return this;
  }

  private lightTrail(nodes: ReadonlySet<number>): { edges: Uint8Array; boxes: Map<number, number> } {
    if (this.trail.nodes === nodes) return this.trail;
    const edges = Uint8Array.from(this.tree.edges, ([src, dst]) => Number(nodes.has(src) && nodes.has(dst)));
    const boxes = new Map<number, number>();
    for (const node of nodes) if (this.box(node) >= 0) boxes.set(this.box(node), (boxes.get(this.box(node)) ?? 0) + 1);
    this.trail = { nodes, edges, boxes };
    return this.trail;
  }
}

function nowhere(): Placed {
  const picture: Picture = { x0: 0, x1: 1, height: 1, shapes: 0, norms: 0, items: [], groups: [], chips: [], wires: [], carries: [], links: [], shown: 0, folded: 0 };
  return { picture, bins: binned(picture), boxOf: new Int32Array(0), next: new Map(), previous: new Map(), keys: new Map() };
}

function binned(picture: Picture): Bin[] {
  const bins: Bin[] = Array.from({ length: Math.floor(Math.max(0, picture.height) / BIN) + 1 }, () => ({ items: [], groups: [], chips: [], wires: [] }));
  const put = (kind: keyof Bin, at: number, top: number, bottom: number): void => {
    const last = Math.min(bins.length - 1, Math.floor(bottom / BIN));
    for (let bin = Math.max(0, Math.floor(top / BIN)); bin <= last; bin++) bins[bin][kind].push(at);
  };
  picture.groups.forEach(({ y, h }, at) => put("groups", at, y, y + h));
  picture.items.forEach(({ y, h }, at) => put("items", at, y - 8, y + h + 8));
  picture.chips.forEach(({ y }, at) => put("chips", at, y, y + 16));
  picture.wires.forEach(([, , points], at) => {
    let [top, bottom] = [Infinity, -Infinity];
    for (let i = 1; i < points.length; i += 2) {
      top = Math.min(top, points[i]);
      bottom = Math.max(bottom, points[i]);
    }
    put("wires", at, top, bottom);
  });
  return bins;
}

/** The same name everywhere: `<name> (<op or module>, <shape>)`. */
export function itemName(item: Item, graph: GraphDescription): string {
  const node = graph.nodes[item.node];
  const sizes = shape(node.shape);
  const times = item.count > 1 ? ` ×${item.count}` : "";
  if (item.kind === "input") return `${item.title} (input, ${sizes})`;
  if (item.kind === "op" && !item.cls) return node.name ? `${node.name} (${item.title}, ${sizes})` : `${item.title} (op, ${sizes})`;
  return `${item.title}${times} (${item.cls || "module"}, ${sizes})`;
}

export function groupName(group: Group, graph: GraphDescription): string {
  return `${group.title}${group.count > 1 ? ` ×${group.count}` : ""} (${group.cls || "module"}, ${shape(graph.nodes[group.node].shape)})`;
}

/** Boxes whose parameters explode, vanish or are NaN, or move too much at once, with words for it. */
export function troubleOf(state: State, model: GraphModel): Map<number, string> {
  const found = new Map<number, string>();
  const words = new Map<string, string>();
  const moment = momentAt(state.probes, shownStep(state.ui));
  state.params.forEach(({ name }, index) => {
    const { trouble, ratioHigh } = rowData(state, { kind: "parameter", key: name, label: name, index, inside: false }, moment);
    if (trouble !== null) words.set(name, `${name}: gradient ${trouble}`);
    else if (ratioHigh) words.set(name, `${name}: update high`);
  });
  if (words.size === 0) return found;
  for (const [src, dst] of model.graph.edges) {
    const { kind, name } = model.graph.nodes[src];
    const text = words.get(name);
    if (text !== undefined && kind === "parameter" && model.box(dst) >= 0) found.set(model.box(dst), text);
  }
  return found;
}

export type { Chip, Group, Item, Picture };
