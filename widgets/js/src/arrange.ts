// The inside of one open block: its children in rows and columns, its long edges in lanes.
// Rows are layers (as late as possible for what only feeds in, as early as possible for what hangs off), the longest path is
// the spine and stays at x = 0, everything else stands right of it. Same algorithm, same numbers in widgets/arrange.py.
import type { Block } from "./blocks";
import { HALF, type Lane, OWN, type Piece, chipWidth, exitX, freeLane, laneEnd, laneKey, pieceKey } from "./lanes";
import { findSpine, placeRow } from "./spine";

export const NODE = 19; // heights of a box: one with two lines, one with bars
export const TALL = 33;
export const REPEAT = 39;
export const LANE = 12;
const GAP = 10;
const BEND = 28;
const HEAD = 20;
const FOOT = 8;
const PAD = 10;
const COLUMN = 20;
const ROW = 8; // boxes side by side at most
const LONGEST = 400; // rows an edge may span before it becomes a chip at its end

const most = (values: Iterable<number>, least: number): number => {
  let found = least;
  for (const value of values) if (value > found) found = value;
  return found;
};

/** What `Block.area` of an open block holds. */
export class Area {
  readonly pieces = new Map<number, Piece>();
  rows: Block[][] = [];
  readonly lanes = new Map<number, Lane>();
  readonly laneX = new Map<number, number>();
  readonly entries = new Map<number, number>(); // value -> x of its port on the upper border
  readonly exits = new Map<number, number>();
  tops: number[] = [];
  bottoms: number[] = [];
  innerLanes = 0;
  private bend: boolean[] = []; // gap above each row (and below the last) needs room for curves
  private edges: number[] = []; // right end of each row
  private readonly arrivals = new Map<Block, Piece[]>();

  constructor(readonly block: Block) {}

  add(a: Block | null, source: number, b: Block | null, edge: number): void {
    const key = pieceKey(a, source, b);
    const known = this.pieces.get(key);
    if (known) known.edges.push(edge);
    else this.pieces.set(key, { a, source, b, edges: [edge] });
  }

  // ── rows ──

  /** Rows, spine and columns of the children. */
  rank(): void {
    const { children } = this.block;
    const before: Block[][] = children.map(() => []);
    const after: Block[][] = children.map(() => []);
    for (const { a, b } of this.pieces.values()) {
      if (a === null || b === null) continue;
      before[b.at].push(a);
      after[a.at].push(b);
    }
    this.early(children, before);
    this.late(children, before, after);
    const rows: Block[][] = Array.from({ length: most(children.map((child) => child.rank), -1) + 1 }, () => []);
    for (const child of children) rows[child.rank].push(child);
    this.rows = rows.filter((row) => row.length > 0);
    this.rows.forEach((row, at) => { for (const child of row) child.rank = at; });
    findSpine(children, before);
    this.columns(before, after);
    for (const row of this.rows) for (const child of row) child.compact = this.block.compact || row.length > 1 || child.column > 0;
  }

  /** Each child one row below the last of its operands; a full row sends it further down. */
  private early(children: Block[], before: Block[][]): void {
    const filled = new Map<number, number>();
    const following = new Map<number, number>(); // full row -> a later row to look at
    for (const child of children) {
      let row = 0;
      for (const operand of before[child.at]) if (operand.rank >= row) row = operand.rank + 1;
      const seen: number[] = [];
      while ((filled.get(row) ?? 0) >= ROW) {
        seen.push(row);
        row = following.get(row) ?? row + 1;
      }
      for (const full of seen) following.set(full, row);
      filled.set(row, (filled.get(row) ?? 0) + 1);
      child.rank = row;
    }
  }

  /** Pull what only feeds in down to its consumer. */
  private late(children: Block[], before: Block[][], after: Block[][]): void {
    const late = children.map((child) => child.rank);
    for (let at = children.length - 1; at >= 0; at--) {
      if (after[at].length > 0) late[at] = Math.min(...after[at].map((user) => late[user.at])) - 1;
    }
    const fed = new Set<Block | null>();
    for (const piece of this.pieces.values()) if (piece.a === null) fed.add(piece.b);
    const loose = children.map(() => false);
    for (const child of children) {
      if (!fed.has(child)) loose[child.at] = late[child.at] > child.rank && before[child.at].every((operand) => loose[operand.at]);
    }
    const filled = new Map<number, number>();
    for (const child of children) filled.set(child.rank, (filled.get(child.rank) ?? 0) + 1);
    for (let at = children.length - 1; at >= 0; at--) {
      const child = children[at];
      if (!loose[at]) continue;
      let row = Math.min(...after[at].map((user) => user.rank)) - 1;
      while (row > child.rank && (filled.get(row) ?? 0) >= ROW) row--;
      filled.set(child.rank, (filled.get(child.rank) ?? 0) - 1);
      filled.set(row, (filled.get(row) ?? 0) + 1);
      child.rank = row;
    }
  }

  /** Order inside the rows by barycentres, then columns: a branch keeps its column. */
  private columns(before: Block[][], after: Block[][]): void {
    const wide = this.rows.filter((row) => row.length > 1);
    for (const child of this.block.children) child.column = 0;
    const number = (row: Block[]): void => row.forEach((child, at) => (child.column = at));
    wide.forEach(number);
    for (let sweep = 0; sweep < 4; sweep++) {
      const near = sweep % 2 === 0 ? before : after;
      for (const row of sweep % 2 === 0 ? wide : [...wide].reverse()) {
        const centre = new Map<Block, number>();
        for (const child of row) {
          const around = near[child.at];
          const mean = around.length > 0 ? around.reduce((sum, other) => sum + other.column, 0) / around.length : child.column;
          centre.set(child, child.spine ? -1 : mean);
        }
        row.sort((a, b) => (centre.get(a) as number) - (centre.get(b) as number));
        number(row);
      }
    }
    for (const row of this.rows) placeRow(row, before);
  }

  // ── lanes ──

  /** Forget the pieces of edges that are not drawn. */
  drop(cut: Set<number>): void {
    if (cut.size > 0) for (const [key, piece] of this.pieces) if (piece.edges.every((edge) => cut.has(edge))) this.pieces.delete(key);
  }

  topOf(a: Block | null): number {
    return a ? a.rank : -1;
  }

  bottomOf(b: Block | null): number {
    return b ? b.rank : this.rows.length;
  }

  /** A lane for each value that passes rows on its way; edges for which none is left are put into `cut`. */
  assignLanes(cut: Set<number>): void {
    const wanted = new Map<number, Piece[]>();
    for (const piece of this.pieces.values()) {
      if (piece.edges.every((edge) => cut.has(edge)) || this.bottomOf(piece.b) - this.topOf(piece.a) <= 1) continue;
      const key = laneKey(piece.a, piece.source);
      const known = wanted.get(key);
      if (known) known.push(piece);
      else wanted.set(key, [piece]);
    }
    const spans = [...wanted].map(([key, pieces]) => {
      const { a, source } = pieces[0];
      const top = this.topOf(a);
      const stop = most(pieces.map((piece) => this.bottomOf(piece.b)), -1);
      return { key, pieces, a, source, top, stop, length: stop - top };
    });
    spans.sort((p, q) => p.length - q.length || p.top - q.top || p.source - q.source);
    const tracks = { inner: [] as [number, number][][], outer: [] as [number, number][][] };
    for (const { key, pieces, a, source, top, stop, length } of spans) {
      let lane: { inner: boolean; track: number } | null = null;
      if (length <= LONGEST) {
        if (a !== null && this.freeBelow(a, stop)) lane = { inner: false, track: OWN };
        else lane = freeLane(tracks, this.fitsInside(top, stop), top, stop);
      }
      if (lane === null) for (const piece of pieces) for (const edge of piece.edges) cut.add(edge);
      else this.lanes.set(key, { ...lane, a, source });
    }
    this.innerLanes = tracks.inner.length;
  }

  /** Is the way down free of boxes, and of the columns of a table? */
  private freeBelow(a: Block, stop: number): boolean {
    if (a.opened) return false;
    for (let row = a.rank + 1; row < Math.min(stop, this.rows.length); row++) {
      for (const child of this.rows[row]) {
        if (child.foldable || child.column === a.column || (a.column < 2 && !child.compact)) return false;
      }
    }
    return true;
  }

  private fitsInside(top: number, stop: number): boolean {
    for (let row = Math.max(0, top + 1); row < Math.min(stop, this.rows.length); row++) if (!this.simpleRow(row)) return false;
    return true;
  }

  private simpleRow(row: number): boolean {
    return row < this.rows.length && this.rows[row].length === 1 && !this.rows[row][0].opened && this.rows[row][0].column === 0;
  }

  /** Does an edge on that lane meet the child at its right side (or else in the gap between the rows)? */
  aside(child: Block, lane: Lane): boolean {
    const row = this.rows[child.rank];
    if (child.opened || lane.track === OWN || row[row.length - 1] !== child) return false;
    return lane.inner ? child.column === 0 : child.compact;
  }

  // ── sizes, once those of the children are known ──

  /** Places of the children from the spine (x) and the upper border (y), ports, and the size of the block. */
  measure(left: number, right: number): void {
    const { block } = this;
    this.sizeChildren(left, right);
    this.placeColumns();
    const clear = this.innerLanes > 0 ? HALF + LANE * (this.innerLanes + 1) : 0;
    this.edges = this.rows.map((row) => most(row.map((child) => child.x + child.right), clear));
    this.ports();
    this.markBends();
    this.placeRows();
    const pad = block.parent ? PAD : 0;
    block.left = (block.children.length > 0 ? most(block.children.map((child) => child.left - child.x), -Infinity) : 0) + pad;
    const widest = [...this.edges, ...[...this.laneX.values()].map((x) => x + LANE / 2)];
    block.right = (widest.length > 0 ? most(widest, -Infinity) : 0) + pad;
    block.nest = 1 + most(block.children.map((child) => child.nest), 0);
  }

  private placeRows(): void {
    let top = this.block.parent ? HEAD : 4;
    this.tops = [];
    this.bottoms = [];
    this.rows.forEach((row, at) => {
      if (at === 0 && this.bend[0]) top += BEND - GAP;
      this.tops.push(top);
      for (const child of row) child.y = top;
      const bottom = top + most(row.map((child) => child.height), 0);
      this.bottoms.push(bottom);
      top = bottom + (this.bend[at + 1] ? BEND : GAP);
    });
    this.block.height = top - GAP + FOOT;
  }

  private sizeChildren(left: number, right: number): void {
    for (const child of this.block.children) {
      if (child.opened) {
        if (child.compact) {
          child.left = Math.max(child.left, HALF + PAD);
          child.right = Math.max(child.right, HALF + PAD);
        }
        continue;
      }
      child.nest = 0;
      child.height = child.count > 1 ? REPEAT : NODE;
      child.left = left;
      child.right = right;
      if (!child.compact) continue;
      const widths = child.chips.slice(0, 3).map(({ name }) => chipWidth(name, ""));
      child.left = HALF + (widths.length > 0 ? most(widths, 0) + 8 : 0);
      child.right = HALF + (child.count > 1 ? 6 : 0);
      child.height = Math.max(child.height + TALL - NODE, 18 * widths.length - 2);
    }
  }

  private placeColumns(): void {
    const lefts = new Map<number, number>();
    const rights = new Map<number, number>();
    for (const row of this.rows) {
      if (row.length === 1 && row[0].column === 0) continue;
      for (const { column, left, right } of row) {
        lefts.set(column, Math.max(lefts.get(column) ?? 0, left));
        rights.set(column, Math.max(rights.get(column) ?? 0, right));
      }
    }
    const places = new Map([[0, 0]]);
    let edge = rights.get(0) ?? HALF;
    for (const column of [...rights.keys()].sort((a, b) => a - b)) {
      if (column === 0) continue;
      const at = edge + COLUMN + (lefts.get(column) ?? 0);
      places.set(column, at);
      edge = at + (rights.get(column) ?? 0);
    }
    for (const child of this.block.children) child.x = places.get(child.column) ?? 0;
  }

  /** Where values come in and leave, and where their lanes are. */
  private ports(): void {
    this.placeLanes();
    for (const piece of this.pieces.values()) {
      if (piece.b === null || piece.b.rank - this.topOf(piece.a) !== 1) continue;
      const known = this.arrivals.get(piece.b);
      if (known) known.push(piece);
      else this.arrivals.set(piece.b, [piece]);
    }
    const branch = ({ a }: Piece): number => (a === null || a.spine ? 0 : 1);
    for (const pieces of this.arrivals.values()) pieces.sort((p, q) => branch(p) - branch(q) || (p.a ? p.a.x : 0) - (q.a ? q.a.x : 0));
    for (const piece of this.pieces.values()) {
      const { a, source, b } = piece;
      if (a === null && b !== null && b.rank === 0) {
        const x = this.arrivalX(piece);
        this.entries.set(source, Math.min(x, this.entries.get(source) ?? x));
      } else if (b === null && a !== null) {
        const x = exitX(a, source);
        this.exits.set(source, a.rank === this.rows.length - 1 ? x : (this.laneX.get(laneKey(a, source)) ?? x));
      }
    }
    for (const [key, x] of this.laneX) {
      const lane = this.lanes.get(key);
      if (lane && lane.a === null && !this.entries.has(lane.source)) this.entries.set(lane.source, x);
    }
  }

  private placeLanes(): void {
    const reach = new Map<number, number>();
    for (const { a, source, b } of this.pieces.values()) {
      const key = laneKey(a, source);
      reach.set(key, Math.max(reach.get(key) ?? 0, this.bottomOf(b)));
    }
    for (const [key, { a, inner, track }] of this.lanes) {
      const stop = reach.get(key);
      if (stop === undefined) continue;
      let start = HALF;
      if (a !== null && track === OWN) start = a.x;
      else if (!inner) start = most(this.edges.slice(a ? a.rank : 0, stop + 1), -Infinity);
      this.laneX.set(key, start + LANE * (track + 1));
    }
  }

  /** Which gaps need room for curves. */
  private markBends(): void {
    this.bend = Array.from({ length: this.rows.length + 1 }, () => false);
    for (const piece of this.pieces.values()) {
      const { a, source, b } = piece;
      const top = this.topOf(a);
      const bottom = this.bottomOf(b);
      const start = a === null ? (this.entries.get(source) ?? 0) : exitX(a, source);
      const lane = bottom - top > 1 ? this.lanes.get(laneKey(a, source)) : undefined;
      if (lane) {
        const x = this.laneX.get(laneKey(a, source));
        if (start !== x && (a === null || !this.aside(a, lane) || this.mayOpen(top, bottom))) this.bend[top + 1] = true;
        if (b !== null && !this.aside(b, lane) && laneEnd(b, source, lane) !== x) this.bend[bottom] = true;
      } else if (bottom - top === 1 && start !== (b === null ? this.exits.get(source) : this.arrivalX(piece))) {
        this.bend[bottom] = true;
      }
    }
  }

  /** Room is kept for the curve around an open block, so that unfolding moves nothing above it. */
  private mayOpen(top: number, bottom: number): boolean {
    for (let row = top + 1; row < Math.min(bottom, this.rows.length); row++) if (this.rows[row].some((child) => child.foldable)) return true;
    return false;
  }

  /** Where on the top of its child an edge from the row above ends. */
  arrivalX(piece: Piece): number {
    const { b, source } = piece;
    if (b === null) return 0;
    if (b.opened) return b.x + (b.area?.entries.get(source) ?? 0);
    return b.x + Math.min(16 * (this.arrivals.get(b) ?? []).indexOf(piece), 48);
  }
}
