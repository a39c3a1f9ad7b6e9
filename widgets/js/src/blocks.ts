// The computation graph as a tree of blocks: ops inside modules inside modules, in the order of creation.
// Every block is an interval of the creation order; contracting intervals of a topological order never makes a cycle,
// so any set of blocks may be folded at any time. Same algorithm, same numbers in widgets/blocks.py.
import type { Area } from "./arrange";
import { count } from "./format";
import type { GraphDescription, GraphEdge, GraphNode, ModuleInfo } from "./protocol";
import { type Work, drain } from "./work";

const BOXED_USES = 4; // an input with more uses is drawn as a chip at each use
const BOXES = 24; // inputs drawn as boxes
const SEGMENT = 100; // ops in one fold of a long stretch without modules
const LONG = 200; // children a block may have before it is cut into segments
const PERIOD = 16; // longest loop body that is looked for
const PAUSE = 1024; // ops between two places where building may be interrupted

export const isLeaf = (node: GraphNode): boolean => node.kind !== "op";

export type BlockKind = "root" | "op" | "input" | "module" | "repeat" | "segment";

/** One op, one input, or a foldable interval of ops (a call of a module, a repeat, a segment). */
export class Block {
  cls = "";
  count = 1;
  node = -1;
  first = -1;
  last = -1;
  children: Block[] = [];
  sig = 0;
  at = 0;
  rank = 0;
  column = 0;
  nest = 0;
  opened = false;
  compact = false;
  spine = false;
  x = 0;
  y = 0;
  left = 0;
  right = 0;
  height = 0;
  depth = 0;
  index = -1; // in the picture's items
  chips: { node: number; name: string }[] = [];
  area: Area | null = null;

  constructor(readonly id: number, public key: string, public kind: BlockKind, public label: string, public parent: Block | null, readonly module = -1) {}

  get foldable(): boolean {
    return this.children.length > 0;
  }

  get ops(): number {
    return this.first >= 0 ? this.last - this.first + 1 : 0;
  }
}

/** Blocks of one graph: the root, the op order, and which inputs are drawn as boxes. `keep`: only these of its nodes. */
export class Tree {
  readonly nodes: GraphNode[];
  readonly edges: GraphEdge[];
  readonly root: Block;
  order: number[] = [];
  boxed = new Set<number>();
  private readonly signatures = new Map<string, number>();
  private made = 0;

  constructor(readonly graph: GraphDescription, private readonly keep: ReadonlySet<number> | null = null, now = true) {
    this.nodes = graph.nodes;
    this.edges = keep ? graph.edges.filter(([src, dst]) => keep.has(src) && keep.has(dst)) : graph.edges;
    this.root = this.block("", "root", "", null);
    if (now) drain(this.build());
  }

  /** What the constructor does unless told otherwise. */
  *build(): Work<void> {
    const { keep } = this;
    this.order = opOrder(this.nodes, this.edges);
    if (keep) this.order = this.order.filter((node) => keep.has(node));
    yield;
    this.boxed = boxedInputs(this.nodes, this.edges);
    yield;
    yield* this.grow();
    yield* this.finish();
    const leaves = [...this.boxed].sort((a, b) => a - b).map((node) => {
      const leaf = this.block(`node ${node}`, "input", this.nodes[node].name || "input", this.root);
      leaf.node = node;
      return leaf;
    });
    this.root.children.unshift(...leaves);
  }

  /** Every block, parents before children, in order. */
  walk(): Block[] {
    const found: Block[] = [];
    const stack = [this.root];
    for (let block = stack.pop(); block; block = stack.pop()) {
      found.push(block);
      for (let i = block.children.length - 1; i >= 0; i--) stack.push(block.children[i]);
    }
    return found;
  }

  /** `key` is a module's path, or `node 7`: a path may be a number itself. */
  block(key: string, kind: BlockKind, label: string, parent: Block | null, module = -1): Block {
    return new Block(this.made++, key, kind, label, parent, module);
  }

  intern(text: string): number {
    let known = this.signatures.get(text);
    if (known === undefined) this.signatures.set(text, (known = this.signatures.size));
    return known;
  }

  private *grow(): Work<void> {
    const { modules } = this.graph;
    const calls = modules.map(() => 0);
    const chains = new Map<number, number[]>([[-1, []]]);
    const stack = [this.root];
    const path = [-1];
    for (const [position, node] of this.order.entries()) {
      if (position % PAUSE === PAUSE - 1) yield;
      const { module, label, op } = this.nodes[node];
      let chain = chains.get(module);
      if (chain === undefined) chains.set(module, (chain = ancestors(modules, module)));
      let keep = 1;
      while (keep < path.length && keep <= chain.length && path[keep] === chain[keep - 1]) keep++;
      stack.length = path.length = keep;
      for (const inner of chain.slice(keep - 1)) {
        const info = modules[inner];
        const key = ++calls[inner] === 1 ? info.path : `${info.path}#${calls[inner]}`;
        const parent = stack[stack.length - 1];
        const block = this.block(key, "module", info.label, parent, inner);
        block.cls = info.cls;
        block.first = block.last = position;
        parent.children.push(block);
        stack.push(block);
        path.push(inner);
      }
      const parent = stack[stack.length - 1];
      const leaf = this.block(`node ${node}`, "op", label || op, parent, module);
      leaf.node = node;
      leaf.first = leaf.last = position;
      parent.children.push(leaf);
      for (const block of stack) block.last = position;
    }
    this.root.first = this.order.length > 0 ? 0 : -1;
  }

  /** Bottom-up: name single-op modules, sign each block, fold repeats and long stretches. */
  private *finish(): Work<void> {
    for (const [at, block] of this.walk().reverse().entries()) {
      if (at % PAUSE === PAUSE - 1) yield;
      if (block.kind === "op") {
        const { op, shape, line } = this.nodes[block.node];
        block.sig = this.intern(`${op}|${shape.join()}|${line}`);
        continue;
      }
      const only = block.children.length === 1 ? block.children[0] : null;
      if (block.kind === "module" && only?.kind === "op") { // a module that is one op is drawn as that op, under the module's name
        Object.assign(block, { node: only.node, kind: "op", sig: only.sig, children: [] });
      }
      foldRepeats(this, block);
      foldSegments(this, block);
      block.sig = sign(this, block);
      if (block.children.length > 0) block.node = this.order[block.last];
    }
  }
}

/** Op ids so that operands come first: the creation order itself, unless a graph was put together otherwise. */
function opOrder(nodes: GraphNode[], edges: GraphEdge[]): number[] {
  const ops = nodes.filter((node) => !isLeaf(node)).map((node) => node.id);
  if (edges.every(([src, dst]) => src < dst)) return ops;
  const waiting = nodes.map(() => 0);
  const users: number[][] = nodes.map(() => []);
  for (const [src, dst] of edges) { waiting[dst]++; users[src].push(dst); }
  // A bucket for each id stands in for a heap: ids only become ready once.
  const ready = new Heap(nodes.map((_, id) => id).filter((id) => waiting[id] === 0));
  const order: number[] = [];
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    if (!isLeaf(nodes[node])) order.push(node);
    for (const user of users[node]) if (--waiting[user] === 0) ready.push(user);
  }
  if (order.length < ops.length) throw new Error(`layout: the graph has a cycle through ${ops.length - order.length} of its ${ops.length} ops`);
  return order;
}

class Heap {
  constructor(private readonly items: number[]) {} // ascending numbers are a heap

  push(item: number): void {
    const { items } = this;
    let at = items.push(item) - 1;
    for (let up = (at - 1) >> 1; at > 0 && items[up] > items[at]; up = (at - 1) >> 1) {
      [items[up], items[at]] = [items[at], items[up]];
      at = up;
    }
  }

  pop(): number | undefined {
    const { items } = this;
    const top = items[0];
    const last = items.pop();
    if (items.length === 0 || last === undefined) return top;
    items[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < items.length && items[child] < items[least]) least = child;
      if (least === at) return top;
      [items[least], items[at]] = [items[at], items[least]];
      at = least;
    }
  }
}

/** Inputs drawn as boxes: those with which an op begins that nothing else flows into. */
function boxedInputs(nodes: GraphNode[], edges: GraphEdge[]): Set<number> {
  const fed = new Set(edges.filter(([src]) => !isLeaf(nodes[src])).map(([, dst]) => dst));
  const uses = new Map<number, number[]>();
  for (const [src, dst] of edges) {
    if (nodes[src].kind !== "input") continue;
    const known = uses.get(src);
    if (known) known.push(dst);
    else uses.set(src, [dst]);
  }
  const boxed = new Set<number>();
  for (const node of [...uses.keys()].sort((a, b) => a - b)) {
    const used = uses.get(node) ?? [];
    if (used.length <= BOXED_USES && used.some((dst) => !fed.has(dst))) {
      boxed.add(node);
      for (const dst of used) fed.add(dst);
    }
  }
  if (boxed.size > BOXES) return new Set([Math.min(...boxed)]); // a loop over its data: each is a chip where it goes in
  return boxed;
}

/** Keys of the blocks that are open at first: the outer ones, as long as no more than `atMost` boxes show. */
export function defaultExpanded(tree: Tree, atMost = 14): Set<string> {
  let shown = tree.root.children.length;
  const opened = new Set<string>();
  const inside = (block: Block): Block[] => block.children.filter((child) => child.foldable);
  let level = inside(tree.root);
  while (level.length === 1 && level[0].kind === "module" && level[0].ops * 2 > tree.order.length) { // the model itself
    opened.add(level[0].key);
    shown += level[0].children.length - 1;
    level = inside(level[0]);
  }
  const whole = tree.order.length <= atMost;
  while (level.length > 0) {
    const following: Block[] = [];
    const deep = (block: Block): number => (inside(block).length > 0 ? 0 : 1);
    for (const block of [...level].sort((a, b) => deep(a) - deep(b))) {
      const more = block.children.length - 1;
      const plain = block.kind === "module" && block.count === 1;
      if (whole || (plain && shown + more <= atMost && !isLayer(block))) {
        opened.add(block.key);
        shown += more;
        following.push(...inside(block));
      }
    }
    level = following;
  }
  return opened;
}

/** Is it a module whose ops are all its own? */
export function isLayer(block: Block): boolean {
  return block.kind === "module" && block.children.every((child) => child.kind === "op" && child.module === block.module);
}

function ancestors(modules: ModuleInfo[], module: number): number[] {
  const chain: number[] = [];
  for (; module >= 0; module = modules[module].parent) if (modules[module].path) chain.push(module); // the root module is the picture itself
  return chain.reverse();
}

function sign(tree: Tree, block: Block): number {
  return tree.intern(`${block.cls}(${block.children.map((child) => child.sig).join()})`);
}

/** Mark a block made of equal modules `×n`; fold equal stretches of a long list of children. */
function foldRepeats(tree: Tree, block: Block): void {
  const { children } = block;
  if (children.length > 1 && children.every((child) => child.kind === "module" && child.sig === children[0].sig)) {
    block.count = children.length;
    return;
  }
  if (children.length < 12) return;
  const folded: Block[] = [];
  for (let start = 0; start < children.length; ) {
    const [period, turns] = bestPeriod(children, start);
    if (turns === 0) folded.push(children[start++]);
    else {
      folded.push(repeat(tree, block, children, start, period, turns));
      start += period * turns;
    }
  }
  block.children = folded;
}

/** [length of the body, how often it comes] of the longest repetition that begins here; [0, 0] if none does. */
function bestPeriod(children: Block[], start: number): [number, number] {
  let best: [number, number] = [0, 0];
  const { sig } = children[start];
  const longest = Math.min(PERIOD, Math.floor((children.length - start) / 3));
  for (let period = 1; period <= longest; period++) {
    if (children[start + period].sig !== sig || children[start + 2 * period].sig !== sig) continue;
    let end = start + period;
    while (end < children.length && children[end].sig === children[end - period].sig) end++;
    const turns = Math.floor((end - start) / period);
    const modular = children.slice(start, start + period).some((child) => child.kind === "module");
    const enough = modular ? turns >= 3 : turns >= 4 && children.length >= 40;
    if (enough && turns * period > best[0] * best[1]) best = [period, turns];
  }
  return best;
}

function repeat(tree: Tree, parent: Block, children: Block[], start: number, period: number, turns: number): Block {
  const whole = group(tree, `rep:${children[start].key}`, "repeat", parent, children.slice(start, start + period * turns));
  whole.count = turns;
  whole.node = tree.order[whole.last];
  if (period === 1) {
    whole.label = fromTo(children[start], children[start + turns - 1]);
    whole.cls = children[start].cls;
    return whole;
  }
  const bodies = whole.children;
  whole.children = [];
  for (let turn = 0; turn < turns; turn++) {
    const body = bodies.slice(turn * period, (turn + 1) * period);
    const step = group(tree, `turn:${body[0].key}`, "segment", whole, body);
    step.label = `${turn + 1} of ${turns}`;
    step.node = tree.order[step.last];
    step.sig = sign(tree, step);
    whole.children.push(step);
  }
  const named = bodies.slice(0, period).find((child) => child.kind === "module");
  whole.label = named ? named.label : fromTo(bodies[0], bodies[period - 1]);
  foldSegments(tree, whole);
  return whole;
}

function foldSegments(tree: Tree, block: Block): void {
  if (block.children.length <= LONG) return;
  let size = SEGMENT;
  while (block.children.length > size * LONG) size *= 10;
  const { children } = block;
  block.children = [];
  for (let start = 0; start < children.length; start += size) {
    const part = children.slice(start, start + size);
    const segment = group(tree, `seg:${part[0].key}`, "segment", block, part);
    segment.label = part[0].kind === "segment" ? `${start + 1} … ${start + part.length}` : fromTo(part[0], part[part.length - 1]);
    segment.node = part[part.length - 1].node;
    block.children.push(segment);
  }
}

function fromTo(first: Block, last: Block): string {
  return first.label === last.label ? first.label : `${first.label} … ${last.label}`;
}

function group(tree: Tree, key: string, kind: BlockKind, parent: Block, children: Block[]): Block {
  const block = tree.block(key, kind, "", parent, parent.module);
  block.children = children;
  block.first = children[0].first;
  block.last = children[children.length - 1].last;
  block.cls = kind === "segment" ? `${count(block.ops)} ops` : "";
  for (const child of children) child.parent = block;
  return block;
}
