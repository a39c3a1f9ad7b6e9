// Placed picture of a computation graph: description + open blocks -> boxes, groups, chips and wires in px.
// The spine stands at x = 0, y grows from input to loss. A block is laid out by itself, so folding one moves only what is below
// it. Same algorithm, same numbers in widgets/layout.py; tests/widgets/fixtures/layout.json holds both to it.
import { Area, LANE, NODE } from "./arrange";
import { type Block, type BlockKind, Tree, defaultExpanded, isLayer, isLeaf } from "./blocks";
import { HALF, type Lane, OWN, type Piece, chipWidth, exitX, laneEnd, laneKey, size } from "./lanes";
import type { GraphDescription } from "./protocol";

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
  links: [from: number, to: number][];
  shown: number;
  folded: number;
}

/** Place the graph. `expanded`: keys of the open blocks (module paths); null: those that defaultExpanded chooses. */
export function layout(graph: GraphDescription | Tree, expanded: ReadonlySet<string> | null = null, options: Options = WIDE): Picture {
  const tree = graph instanceof Tree ? graph : new Tree(graph);
  return new Layout(tree, expanded ?? defaultExpanded(tree), options).picture();
}

class Layout {
  private readonly opened: { block: Block; area: Area }[] = [];
  private readonly items: Block[] = [];
  private readonly shown: (Block | null)[];
  private readonly cut = new Set<number>();
  private readonly firstOperand = new Map<number, number>();
  private readonly links = new Map<number, [number, number]>();
  private readonly wires: Wire[] = [];
  private shapes = 0;

  constructor(private readonly tree: Tree, expanded: ReadonlySet<string>, private readonly options: Options) {
    this.shown = tree.nodes.map(() => null);
    this.open(expanded);
    this.splitEdges();
    for (const { area } of this.opened) { // parents first
      area.drop(this.cut);
      area.rank();
      area.assignLanes(this.cut);
    }
    this.referToCut();
    for (let i = this.opened.length - 1; i >= 0; i--) this.opened[i].area.measure(options.left, options.right);
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
  private splitEdges(): void {
    this.tree.edges.forEach(([src, dst], at) => {
      let a = this.shown[src];
      let b = this.shown[dst];
      if (b === null || a === b) return;
      if (a === null) {
        this.addChip(b, src);
        return;
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
    });
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

  picture(): Picture {
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
      this.drawWires(block, area);
    }
    const chips: Chip[] = [];
    for (const item of this.items) this.placeChips(item, chips);
    return {
      x0: -root.left, x1: root.right, height: root.height, shapes: this.shapes, norms: this.options.right,
      items: this.items.map((item) => this.item(item)), groups, chips, wires: this.wires, links: [...this.links.values()],
      shown: this.items.length, folded: this.items.reduce((sum, item) => sum + (item.foldable ? item.ops : 0), 0),
    };
  }

  private item(item: Block): Item {
    const [label, right] = boxTexts(item);
    const [name, shape] = this.columnTexts(item);
    return {
      key: item.key, kind: item.kind, node: item.node, module: item.module, title: item.label, x: item.x, y: item.y, w: 2 * HALF,
      h: item.height - (item.count > 1 ? 6 : 0), label, right, cls: item.cls, name, shape, count: item.count, ops: item.ops,
      foldable: item.foldable, compact: item.compact, bars: item.count > 1 ? item.children.slice(0, 12).map((child) => child.node) : [],
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
    const meta = count > 0 ? `${count.toLocaleString("en-US")} parameter${count === 1 ? "" : "s"}` : block.cls;
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

  // ── wires ──

  private drawWires(block: Block, area: Area): void {
    const { x, y } = block;
    const far = new Map<number, Piece[]>();
    for (const piece of area.pieces.values()) {
      if (this.cut.size > 0 && piece.edges.every((edge) => this.cut.has(edge))) continue;
      const { a, source, b, edges } = piece;
      if (area.bottomOf(b) - area.topOf(a) > 1) {
        const key = laneKey(a, source);
        const known = far.get(key);
        if (known) known.push(piece);
        else far.set(key, [piece]);
        continue;
      }
      const startX = a === null ? x + (area.entries.get(source) ?? 0) : exitX(a, source);
      const goalX = b === null ? x + (area.exits.get(source) ?? 0) : area.arrivalX(piece);
      const rowEnd = a === null ? y : y + area.bottoms[a.rank];
      let startY = a === null ? y : a.y + a.height;
      let goalY = b === null ? y + block.height : b.y;
      if (startX !== goalX && startY < rowEnd) {
        this.wires.push([source, false, [startX, startY, startX, rowEnd]]);
        startY = rowEnd;
      }
      if (startX !== goalX && a === null) goalY = y + area.tops[0];
      const arrow = b !== null && !b.opened;
      this.wires.push([source, arrow, [startX, startY, goalX, goalY]]);
      if (edges.length > 1 && a?.kind === "op" && b?.kind === "op") {
        for (let extra = 1; extra < Math.min(edges.length, 4); extra++) this.wires.push([source, arrow, [startX + 16 * extra, startY, goalX + 16 * extra, goalY]]);
      }
    }
    for (const [key, pieces] of far) {
      pieces.sort((p, q) => area.bottomOf(p.b) - area.bottomOf(q.b));
      const lane = area.lanes.get(key);
      if (lane) this.drawLane(area, lane, x + (area.laneX.get(key) ?? 0), pieces, x, y);
    }
  }

  private drawLane(area: Area, lane: Lane, laneX: number, pieces: Piece[], x: number, y: number): void {
    const { a, source } = lane;
    let start: number[];
    if (a === null) {
      const entry = x + (area.entries.get(source) ?? 0);
      start = [laneX, entry === laneX ? y : y + area.tops[0]];
      if (entry !== laneX) this.wires.push([source, false, [entry, y, ...start]]);
    } else if (area.aside(a, lane)) {
      const side = a.y + (Math.min(a.height, NODE) >> 1) + 4;
      start = [a.x + HALF, side, laneX, side];
    } else if (lane.track === OWN) {
      start = [laneX, a.y + a.height];
    } else {
      const [exit, bottom, rowEnd] = [exitX(a, source), a.y + a.height, y + area.bottoms[a.rank]];
      start = [laneX, y + area.tops[a.rank + 1]];
      if (bottom < rowEnd) this.wires.push([source, false, [exit, bottom, exit, rowEnd]]);
      this.wires.push([source, false, [exit, rowEnd, ...start]]);
    }
    for (const { b } of pieces) {
      if (b === null) {
        this.wires.push([source, false, [...start, laneX, y + area.block.height]]);
        start = [laneX, y + area.block.height];
      } else if (area.aside(b, lane)) {
        const side = b.y + (Math.min(b.height, NODE) >> 1) - 4;
        this.wires.push([source, true, [...start, laneX, side, b.x + HALF, side]]);
        start = [laneX, side];
      } else {
        const stop = y + area.bottoms[b.rank - 1];
        if (start[start.length - 1] !== stop) this.wires.push([source, false, [...start, laneX, stop]]);
        this.wires.push([source, !b.opened, [laneX, stop, laneEnd(b, source, lane), b.y]]);
        start = [laneX, stop];
      }
    }
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

function shapeText(shape: number[]): string {
  return shape.length > 0 ? shape.join("×") : "()";
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
