// What the graph panel shows: which blocks are open, where everything lies, what is under the pointer, what follows what.
import { type Block, Tree, defaultExpanded } from "./blocks";
import { momentAt, rowData } from "./gradmodel";
import { type Chip, type Group, type Item, type Options, type Picture, WIDE, layout } from "./layout";
import type { GraphDescription } from "./protocol";
import { type State, shownStep } from "./store";

const BIN = 256; // px of a strip in which things are looked up

/** A box or a group; `at` is the place in the picture's items or groups. */
export interface Spot { kind: "item" | "group"; at: number }
export type Hit = (Spot & { fold: boolean }) | { kind: "chip"; at: number; fold: false };

/** What lies in a strip of the picture. */
interface Bin { items: number[]; groups: number[]; chips: number[]; wires: number[] }

export class GraphModel {
  readonly tree: Tree;
  readonly blocks = new Map<string, Block>();
  picture: Picture;
  opened: Set<string>;
  /** The user has folded or unfolded something: what is open is theirs to choose. */
  touched = false;
  private bins: Bin[] = [];
  private boxOf = new Int32Array(0); // node -> item that stands for it
  private next = new Map<number, number[]>();
  private previous = new Map<number, number[]>();

  constructor(readonly graph: GraphDescription, opened: ReadonlySet<string> | null, private options: Options = WIDE) {
    this.tree = new Tree(graph);
    for (const block of this.tree.walk()) this.blocks.set(block.key, block);
    this.opened = new Set(opened === null ? defaultExpanded(this.tree) : [...opened].filter((key) => this.blocks.get(key)?.foldable));
    this.touched = opened !== null;
    this.picture = this.place();
  }

  /** How much room a table row has. Returns whether the picture changed. */
  setOptions(options: Options): boolean {
    const { left, right, chipShapes } = this.options;
    if (left === options.left && right === options.right && chipShapes === options.chipShapes) return false;
    this.options = options;
    this.picture = this.place();
    return true;
  }

  toggle(key: string): void {
    if (!this.blocks.get(key)?.foldable) return;
    if (!this.opened.delete(key)) this.opened.add(key);
    this.update();
  }

  expandAll(): void {
    for (const block of this.blocks.values()) if (block.foldable && block.parent) this.opened.add(block.key);
    this.update();
  }

  collapseAll(): void {
    this.opened.clear();
    this.update();
  }

  /** Open whatever hides the node. */
  reveal(node: number): void {
    let hidden: Block | null = this.blocks.get(this.picture.items[this.boxOf[node]]?.key ?? "") ?? null;
    const position = this.tree.order.indexOf(node);
    while (hidden?.foldable) {
      this.opened.add(hidden.key);
      hidden = hidden.children.find((child) => child.first >= 0 && child.first <= position && position <= child.last) ?? null;
    }
    this.update();
  }

  /** The box in which a node is shown; -1 for one that is drawn as a chip. */
  box(node: number): number {
    return this.boxOf[node] ?? -1;
  }

  block(item: Item): Block | undefined {
    return this.blocks.get(item.key);
  }

  after(item: number): number[] {
    return this.next.get(item) ?? [];
  }

  before(item: number): number[] {
    return this.previous.get(item) ?? [];
  }

  /** Everything that may touch the strip from `top` to `bottom`, in px of the picture; each thing once. */
  strip(top: number, bottom: number): Bin {
    const first = Math.max(0, Math.floor(top / BIN));
    const last = Math.min(this.bins.length - 1, Math.floor(bottom / BIN));
    if (first === last) return this.bins[first];
    const join = (kind: keyof Bin): number[] => {
      const seen = new Set<number>();
      for (let bin = first; bin <= last; bin++) for (const at of this.bins[bin][kind]) seen.add(at);
      return [...seen];
    };
    return { items: join("items"), groups: join("groups"), chips: join("chips"), wires: join("wires") };
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
      if (x >= left && x <= left + item.w && y >= item.y && y <= item.y + item.h) return { kind: "item", at, fold: item.foldable && x < left + 17 && y < item.y + 18 };
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
    const { items, groups } = this.picture;
    const found: Spot[] = [];
    const index = new Map<string, Spot>();
    items.forEach((item, at) => index.set(item.key, { kind: "item", at }));
    groups.forEach((group, at) => index.set(group.key, { kind: "group", at }));
    const stack = [...this.tree.root.children].reverse();
    for (let block = stack.pop(); block; block = stack.pop()) {
      const spot = index.get(block.key);
      if (spot) found.push(spot);
      if (spot?.kind === "group") for (let i = block.children.length - 1; i >= 0; i--) stack.push(block.children[i]);
    }
    return found;
  }

  private update(): void {
    this.touched = true;
    this.picture = this.place();
  }

  private place(): Picture {
    const picture = layout(this.tree, this.opened, this.options);
    this.boxOf = new Int32Array(this.graph.nodes.length).fill(-1);
    picture.items.forEach((item, at) => {
      const block = this.blocks.get(item.key);
      if (item.kind === "input" || !block) this.boxOf[item.node] = at;
      else for (let position = block.first; position <= block.last; position++) this.boxOf[this.tree.order[position]] = at;
    });
    this.bins = binned(picture);
    this.next = new Map();
    this.previous = new Map();
    const add = (map: Map<number, number[]>, from: number, to: number): void => {
      const known = map.get(from);
      if (known) known.push(to);
      else map.set(from, [to]);
    };
    for (const [from, to] of picture.links) {
      add(this.next, from, to);
      add(this.previous, to, from);
    }
    return picture;
  }
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
  const sizes = node.shape.length > 0 ? node.shape.join("×") : "()";
  const times = item.count > 1 ? ` ×${item.count}` : "";
  if (item.kind === "input") return `${item.title} (input, ${sizes})`;
  if (item.kind === "op" && !item.cls) return node.name ? `${node.name} (${item.title}, ${sizes})` : `${item.title} (op, ${sizes})`;
  return `${item.title}${times} (${item.cls || "module"}, ${sizes})`;
}

export function groupName(group: Group, graph: GraphDescription): string {
  const { shape } = graph.nodes[group.node];
  return `${group.title} (${group.cls || "module"}, ${shape.length > 0 ? shape.join("×") : "()"})`;
}

/** Nodes whose name, op, module or parameter contains the words, without regard to case; ops first, then in the order of the graph. */
export function findNodes(graph: GraphDescription, words: string): number[] {
  const wanted = words.trim().toLowerCase();
  if (wanted === "") return [];
  const found = graph.nodes.filter(({ name, label, op, module }) => {
    const path = module >= 0 ? `${graph.modules[module].path} ${graph.modules[module].cls}` : "";
    return `${name} ${label} ${op} ${path}`.toLowerCase().includes(wanted);
  });
  const leaf = ({ kind }: { kind: string }): number => (kind === "op" ? 0 : 1);
  return found.sort((a, b) => leaf(a) - leaf(b) || a.id - b.id).map(({ id }) => id);
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
