// Placed picture of a computation graph: description + open blocks -> boxes, groups, chips and wires in px.
// The spine stands at x = 0, y grows from input to loss. A block is laid out by itself, so folding one moves only what is below
// it. Same algorithm, same numbers in widgets/layout.py; tests/widgets/fixtures/layout.json holds both to it.
import { Area, LANE, NODE } from "./arrange";
import { type Block, type BlockKind, Tree, defaultExpanded, isLayer, isLeaf } from "./blocks";
import { plural, shape as shapeText } from "./format";
import { HALF, chipWidth, size } from "./lanes";
import type { GraphDescription } from "./protocol";
import { type Carried, wireBlock } from "./wiring";
import { type Work, drain } from "./work";

export { Tree, defaultExpanded };

/** px left and right of the spine that a table row takes; shapes in chips only where there is room. */
export interface Options { left: number; right: number; chipShapes: boolean }
export const WIDE: Options = { left: 264, right: 208, chipShapes: true };

export interface Item {
  key: string;
  kind: BlockKind;
  node: number; // whose value leaves the box
  module: number;
  title: string;
  x: number; // middle
  y: number; // top
  w: number;
  h: number;
  label: string; // title, cut to the room there is
  right: string; // class or `×n`
  cls: string;
  name: string;
  shape: string; // "" where it is the operand's
  count: number;
  ops: number;
  foldable: boolean;
  compact: boolean; // one of several in a row: shape and |grad| stand in the box
  bars: number[]; // nodes, one for each repeat
  parent: string;
}
export interface Group {
  key: string;
  kind: BlockKind;
  node: number;
  module: number;
  title: string;
  x: number; // left
  y: number;
  w: number;
  h: number;
  label: string;
  meta: string;
  cls: string;
  count: number;
  nest: number; // levels inside
  depth: number; // levels around
  parent: string;
}
export interface Chip { item: number; node: number; x: number; y: number; w: number; name: string; shape: string; first: boolean }
/** Two points of different x are an S-curve; more are straight lines with round corners. */
export type Wire = [source: number, arrow: boolean, points: number[]];
export interface Picture {
  x0: number;
  x1: number;
  height: number;
  shapes: number; // x of the column
  norms: number;
  items: Item[];
  groups: Group[];
  chips: Chip[];
  wires: Wire[];
  carries: Carried[]; // for each wire
  links: [from: number, to: number][];
  shown: number;
  folded: number;
}

/** Place the graph. `expanded`: keys of the open blocks (module paths); null: those that defaultExpanded chooses. */
export function layout(graph: GraphDescription | Tree, expanded: ReadonlySet<string> | null = null, options: Options = WIDE): Picture {
  const tree = graph instanceof Tree ? graph : new Tree(graph);
  return drain(laying(tree, expanded ?? defaultExpanded(tree), options));
}

/** The same with pauses. */
export function laying(tree: Tree, expanded: ReadonlySet<string>, options: Options): Work<Picture> {
  return new Layout(tree, options).run(expanded);
}

const BARS = 20; // in a `×n` box
const PAUSE = 1024; // boxes or edges between two places where laying out may be interrupted

class Layout {
  private readonly opened: { block: Block; area: Area }[] = [];
  private readonly items: Block[] = [];
  private readonly shown: (Block | null)[];
  private readonly cut = new Set<number>();
  private readonly firstOperand = new Map<number, number>();
  private readonly links = new Map<number, [number, number]>();
  private readonly wires: Wire[] = [];
  private readonly carries: Carried[] = [];
  private shapes = 0;

  constructor(private readonly tree: Tree, private readonly options: Options) {
    this.shown = tree.nodes.map(() => null);
  }

  *run(expanded: ReadonlySet<string>): Work<Picture> {
    const { left, right } = this.options;
    this.open(expanded);
    yield;
    yield* this.splitEdges();
    for (const { area } of this.opened) { // parents first
      area.drop(this.cut);
      area.rank();
      area.assignLanes(this.cut);
      yield;
    }
    this.referToCut();
    for (let i = this.opened.length - 1; i >= 0; i--) {
      this.opened[i].area.measure(left, right);
      yield;
    }
    return yield* this.picture();
  }

  /** Which blocks are open, which are shown, and by which box each node is represented. */
  private open(expanded: ReadonlySet<string>): void {
    const { root, order } = this.tree;
    const stack = [root];
    for (let block = stack.pop(); block; block = stack.pop()) {
      block.chips = [];
      block.opened = block === root || (block.foldable && expanded.has(block.key));
      if (block.opened) {
        block.depth = block.parent ? block.parent.depth + 1 : 0;
        block.area = new Area(block);
        block.children.forEach((child, at) => (child.at = at));
        this.opened.push({ block, area: block.area });
        for (let i = block.children.length - 1; i >= 0; i--) stack.push(block.children[i]);
        continue;
      }
      block.area = null;
      block.index = this.items.push(block) - 1;
      if (block.kind === "input") this.shown[block.node] = block;
      else for (let position = block.first; position <= block.last; position++) this.shown[order[position]] = block;
    }
  }

  /** Hand each edge to the blocks it passes, as pieces; edges from parameters become chips. */
  private *splitEdges(): Work<void> {
    for (const [at, [src, dst]] of this.tree.edges.entries()) {
      if (at % PAUSE === PAUSE - 1) yield;
      let a = this.shown[src];
      let b = this.shown[dst];
      if (b === null || a === b) continue;
      if (a === null) {
        this.addChip(b, src);
        continue;
      }
      if (!this.firstOperand.has(dst)) this.firstOperand.set(dst, src);
      this.links.set(a.index * this.items.length + b.index, [a.index, b.index]);
      let up = a.parent;
      let down = b.parent;
      while (up && down && up !== down) {
        if (up.depth >= down.depth) {
          up.area?.add(a, src, null, at);
          a = up;
          up = up.parent;
        } else {
          down.area?.add(null, src, b, at);
          b = down;
          down = down.parent;
        }
      }
      const bundle = a.foldable && b.foldable && !a.opened && !b.opened; // between two folds one wire is enough
      up?.area?.add(a, bundle ? a.node : src, b, at);
    }
  }

  private addChip(block: Block, node: number): void {
    if (!isLeaf(this.tree.nodes[node])) return;
    const wanted = block.kind === "op" || (isLayer(block) && block.chips.length < 4 && block.chips.every((known) => known.node !== node));
    if (wanted) block.chips.push({ node, name: this.chipName(node) });
  }

  private chipName(node: number): string {
    const { name, label, kind } = this.tree.nodes[node];
    const whole = name || label || kind;
    return fit(kind === "constant" ? whole : (whole.split(".").pop() as string), 20);
  }

  /** The end of an edge that is not drawn names where it comes from. */
  private referToCut(): void {
    for (const edge of [...this.cut].sort((a, b) => a - b)) {
      const [src, dst] = this.tree.edges[edge];
      const a = this.shown[src];
      const b = this.shown[dst];
      if (a && b && (b.kind === "op" || b.kind === "module")) b.chips.push({ node: src, name: fit(this.tree.nodes[src].name || a.label, 20) });
    }
  }

  // ── the picture ──

  private *picture(): Work<Picture> {
    const groups: Group[] = [];
    const { root } = this.tree;
    const inner = this.opened.reduce((lanes, { block, area }) => (block.compact ? lanes : Math.max(lanes, area.innerLanes)), 0);
    this.shapes = HALF + 12 + LANE * inner;
    root.x = root.y = 0;
    for (const { block, area } of this.opened) {
      const { x, y } = block;
      for (const child of block.children) {
        child.x += x;
        child.y += y;
      }
      if (block !== root) groups.push(this.group(block));
      wireBlock(block, area, this.cut, (source, arrow, points, carried) => {
        this.wires.push([source, arrow, points]);
        this.carries.push(carried);
      });
      yield;
    }
    const chips: Chip[] = [];
    const items: Item[] = [];
    for (const [at, item] of this.items.entries()) {
      if (at % PAUSE === PAUSE - 1) yield;
      this.placeChips(item, chips);
      items.push(this.item(item));
    }
    return {
      x0: -root.left, x1: root.right, height: root.height, shapes: this.shapes, norms: this.options.right,
      items, groups, chips, wires: this.wires, carries: this.carries, links: [...this.links.values()],
      shown: this.items.length, folded: this.items.reduce((sum, item) => sum + (item.foldable ? item.ops : 0), 0),
    };
  }

  private item(item: Block): Item {
    const [label, right] = boxTexts(item);
    const [name, shape] = this.columnTexts(item);
    return {
      key: item.key, kind: item.kind, node: item.node, module: item.module, title: item.label, x: item.x, y: item.y, w: 2 * HALF,
      h: item.height - (item.count > 1 ? 6 : 0), label, right, cls: item.cls, name, shape, count: item.count, ops: item.ops,
      foldable: item.foldable, compact: item.compact, bars: item.count > 1 ? barsOf(item) : [],
      parent: item.parent ? item.parent.key : "",
    };
  }

  /** The user's name of the value, and its shape where it is another than the operand's. */
  private columnTexts(item: Block): [name: string, shape: string] {
    const node = this.tree.nodes[item.node];
    const name = item.kind === "input" ? "" : fit(node.name, 12);
    const before = this.firstOperand.get(item.node);
    const same = before !== undefined && node.shape.join() === this.tree.nodes[before].shape.join();
    if (item.kind === "op" && !item.cls && same && !item.compact) return [name, ""];
    const room = item.compact ? 16 : Math.floor(((this.options.right - 44 - this.shapes) * 10) / 64);
    const shape = fit(shapeText(node.shape), room - (name ? size(name) + 1 : 0));
    return [name, shape.endsWith("…") && name ? "" : shape];
  }

  private group(block: Block): Group {
    const count = block.kind === "module" ? this.tree.graph.modules[block.module].parameters : 0;
    const what = count > 0 ? plural(count, "parameter") : block.cls;
    const meta = [block.count > 1 ? `×${block.count}` : "", what].filter(Boolean).join(" · ");
    const width = block.left + block.right;
    const label = fit(block.label, Math.min(Math.floor(((width - 32) * 10) / 70), 40));
    const rest = Math.floor(((width - 40 - size(label) * 7) * 10) / 54);
    return {
      key: block.key, kind: block.kind, node: block.node, module: block.module, title: block.label, x: block.x - block.left, y: block.y,
      w: width, h: block.height, label, meta: rest > 3 ? fit(meta, rest) : "", cls: block.cls, count: block.count, nest: block.nest, depth: block.depth,
      parent: block.parent ? block.parent.key : "",
    };
  }

  private placeChips(item: Block, chips: Chip[]): void {
    const { compact } = item;
    const shapes = this.options.chipShapes && !compact;
    let texts = item.chips.map(({ node, name }) => ({ node, name, shape: shapes ? this.chipShape(node) : "" }));
    let widths = texts.map(({ name, shape }) => chipWidth(name, shape));
    if (!compact && widths.reduce((sum, width) => sum + width, 0) + 6 * (widths.length - 1) > this.options.left - HALF - 14) {
      texts = texts.map((text) => ({ ...text, shape: "" }));
      widths = texts.map(({ name }) => chipWidth(name, ""));
    }
    let x = item.x - HALF - 14;
    const height = item.count > 1 ? item.height - 6 : item.height;
    const middle = item.y + (item.count > 1 && !compact ? (NODE >> 1) + 1 : height >> 1);
    let limit = compact ? 3 : texts.length;
    const stack = Math.min(limit, texts.length);
    for (let number = 0; number < texts.length; number++) {
      let { node, name, shape } = texts[number];
      let width = widths[number];
      const more = texts.length - number;
      let y = middle - 8;
      if (compact) {
        x = item.x - HALF - 8 - width;
        y = middle + 18 * number - 9 * stack + 1;
      } else {
        x -= width;
        if (x - (more > 1 ? 40 : 0) < item.x - this.options.left && number > 0) {
          limit = number;
          x += width;
        }
      }
      if (number >= limit || (compact && number === limit - 1 && more > 1)) {
        [node, name, shape, width] = [-1, `+${more}`, "", chipWidth(`+${more}`, "")];
        x = compact ? item.x - HALF - 8 - width : x - width;
      }
      chips.push({ item: item.index, node, x, y, w: width, name, shape, first: number === 0 || compact });
      if (node < 0) break;
      x -= 6;
    }
  }

  private chipShape(node: number): string {
    const { shape } = this.tree.nodes[node];
    return shape.length > 0 ? fit(shapeText(shape), 16) : "";
  }
}

/** Label and what stands right of it in the box: `×n`, or as much of the class as there is room for. */
function boxTexts(item: Block): [label: string, right: string] {
  const room = item.foldable || item.cls ? 92 : 100;
  if (item.count > 1) {
    const right = `×${item.count}`;
    return [shorter(item.label, Math.floor(((room - 6 * right.length - 8) * 10) / 64)), right];
  }
  const label = shorter(item.label, Math.floor((room * 10) / 64));
  const rest = Math.floor(((room - Math.floor((size(label) * 64) / 10)) * 10) / 54);
  if (size(item.cls) <= rest) return [label, item.cls];
  return [label, rest > 2 && item.kind !== "segment" ? fit(item.cls, rest) : ""];
}

/** A label `first … last` that finds no room is cut after its first part. */
function shorter(label: string, characters: number): string {
  const whole = size(label) <= characters || !label.includes(" … ");
  return fit(whole ? label : `${label.split(" … ")[0]} …`, characters);
}

/** The text, cut with an ellipsis to that many characters. */
export function fit(text: string, characters: number): string {
  return size(text) <= characters ? text : [...text].slice(0, Math.max(0, characters - 1)).join("") + "…";
}

/** Nodes for the bars of a `×n` box: one a repeat, of many an even choice from the first to the last. */
function barsOf(item: Block): number[] {
  let turns = item.children;
  while (turns.length < item.count && turns[0].foldable) turns = turns.flatMap((turn) => turn.children);
  const [last, spaces] = [turns.length - 1, Math.min(turns.length, BARS) - 1];
  return Array.from({ length: spaces + 1 }, (_, bar) => turns[spaces > 0 ? Math.floor((2 * bar * last + spaces) / (2 * spaces)) : 0].node);
}
