// What a walkthrough is made of, read from a packed message. Whatever a message lacks is filled with nothing: a lesson saved by an older release opens.
import { floats } from "../protocol";

/** What is drawn of a tensor: `facets` matrices, each of `rows` × `cols` shown entries, which are the real indices. */
export interface Block { rows: number[]; cols: number[]; facets: number[][]; whole: boolean; shape: number[]; data: Float32Array }
export interface Value {
  id: number;
  name: string;
  symbol: string; // what to call it where it has no name: `t₁`, or a constant's number
  kind: "parameter" | "input" | "buffer" | "constant" | "op";
  shape: number[];
  dtype: string;
  rg: boolean;
  from: number | null;
  block: Block | null;
}
type Span = [line: number, col: number, endLine: number, endCol: number];
interface Loop { line: number; index: number; of: number | null }
/** A place in one of the walk's texts: the cell is text 0, functions written elsewhere follow. */
export interface Place { text: number; line: number | null; span: Span | null }
/** A convolution, or a pooling (without weights). */
export interface Windows { x: number; w: number | null; windows: Window[] }
export interface Window { out: number[]; rows: [number, number]; cols: [number, number]; text: string; result: number | null }
export interface Attention { heads: number; q: number; k: number; v: number; out: number; scores: Block | null; weights: Block | null; scale: string; causal: boolean }
export interface Op {
  id: number;
  op: string;
  symbol: string;
  inputs: (number | null)[];
  output: number[];
  via: Place[]; // calls that lead from the cell to a function written elsewhere
  module: number;
  params: Record<string, string>;
  repeat: Loop[];
  windows: Windows | null;
  attention: Attention | null;
}
export interface Factor { text: string; mathml: string; role: "incoming" | "local"; block: Block | null }
export interface Part {
  to: number;
  symbols: string;
  operation: string; // times: entry by entry; matmul; jacobian; convolve; route: numbers that only move; rule: not taken apart
  factors: Factor[];
  result: Block | null;
  spread: boolean; // the operand was broadcast: the product was summed back to its shape
  adds: boolean;
  total: Block | null; // with what was there before
  stored: boolean;
  why: string;
  entry: string; // one entry spelled out, MathML
}
export interface Filled { formula: string; numbers: string; text: string; entry: boolean }
export interface Change { value: number; before: Block | null; grad: Block | null; after: Block | null; text: string }
export interface Step extends Place {
  phase: "forward" | "backward" | "call" | "error";
  what: string; // of a call: backward, step, zero_grad
  root: { value: number; symbol: string } | null; // of a call of backward: the value that it starts from
  op: number | null;
  say: string;
  repeat: Loop[];
  filled: Filled[];
  grad: Block | null;
  parts: Part[];
  chain: string[];
  chainNumbers: string[];
  changes: Change[];
  failed: { op: string; operands: { name: string; shape: string; dtype: string }[] } | null; // of the last step of a cell that raised in an op
}
export interface Quiz { step: number; ask: "value" | "shape" | "zeros"; target: number; of: "value" | "grad"; entry: number[] | null; prompt: string; answer: number[]; tolerance: number; why: string }
export interface Source { label: string; lines: string[]; first: number }
interface Module { path: string; label: string; cls: string; parent: number }
export interface Walk {
  texts: Source[]; // the cell, then functions written elsewhere
  ran: Set<number>; // lines of the cell that ran; empty where nobody knows
  modules: Module[];
  values: Map<number, Value>;
  ops: Map<number, Op>;
  steps: Step[];
  quiz: Quiz[];
  error: { type: string; message: string } | null;
  truncated: string | null;
}

type Json = Record<string, unknown>;
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const integer = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);
const list = <T>(value: unknown): T[] => (Array.isArray(value) ? (value as T[]) : []);
const record = (value: unknown): Json => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {});

/** The walkthrough that a message holds. */
export function readWalk(header: Json, buffers: Uint8Array[]): Walk {
  const read = new Reader(buffers);
  const error = header.error ? record(header.error) : null;
  return {
    texts: [header.code, ...list(header.others)].map((one) => readSource(record(one), text(header.title))),
    ran: new Set(list<number>(header.ran)),
    modules: list<Json>(header.modules).map((one) => ({ path: text(one.path), label: text(one.label), cls: text(one.cls), parent: integer(one.parent) ?? -1 })),
    values: new Map(list<Json>(header.values).map((one) => [Number(one.id), read.value(one)])),
    ops: new Map(list<Json>(header.ops).map((one) => [Number(one.id), read.op(one)])),
    steps: list<Json>(header.steps).map((one) => read.step(one)),
    quiz: list<Json>(header.quiz).map(readQuiz),
    error: error && { type: text(error.type), message: text(error.message) },
    truncated: header.truncated ? text(header.truncated) : null,
  };
}

const SIGNS: Record<string, string> = { ᵀ: "T", gt: ">", lt: "<", ge: "≥", le: "≤", eq: "=", ne: "≠" };
const readSource = (one: Json, title: string): Source => ({
  label: text(one.label) || title, lines: list<string>(one.lines).map(String), first: integer(one.first) ?? 1,
});
const readLoops = (found: unknown): Loop[] => list<Json>(found).map((loop) => ({ line: Number(loop.line), index: Number(loop.index), of: integer(loop.of) }));
const readPlace = (one: Json): Place => ({ text: integer(one.text) ?? 0, line: integer(one.line), span: readSpan(one.span) });

class Reader {
  constructor(private readonly buffers: Uint8Array[]) {}

  block(found: unknown): Block | null {
    const one = record(found);
    if (integer(one.buf) === null || this.buffers[one.buf as number] === undefined) return null;
    const rows = list<number>(one.rows);
    const cols = list<number>(one.cols);
    const facets = list<number[]>(one.facets);
    const data = floats(this.buffers[one.buf as number]);
    return { rows, cols, facets: facets.length > 0 ? facets : [[]], whole: one.whole !== false, shape: list<number>(one.shape), data };
  }

  value(one: Json): Value {
    return {
      id: Number(one.id), name: text(one.name), symbol: text(one.symbol), kind: (text(one.kind) || "op") as Value["kind"], shape: list<number>(one.shape), dtype: text(one.dtype),
      rg: one.rg === true, from: integer(one.from), block: this.block(one.block),
    };
  }

  op(one: Json): Op {
    const name = text(one.op);
    const windows = one.conv ?? one.pool;
    return {
      id: Number(one.id), op: name, symbol: SIGNS[text(one.symbol)] ?? (text(one.symbol) || name), inputs: list<unknown>(one.inputs).map(integer), output: list<number>(one.output),
      via: list<Json>(one.via).map(readPlace), module: integer(one.module) ?? -1, params: record(one.params) as Record<string, string>, repeat: readLoops(one.repeat),
      windows: windows ? readWindows(record(windows)) : null, attention: one.attention ? this.attention(record(one.attention)) : null,
    };
  }

  attention(one: Json): Attention {
    return {
      heads: integer(one.heads) ?? 1, q: Number(one.q), k: Number(one.k), v: Number(one.v), out: Number(one.out),
      scores: this.block(one.scores), weights: this.block(one.weights), scale: text(one.scale), causal: one.causal === true,
    };
  }

  factor(one: Json): Factor {
    return { text: text(one.text), mathml: text(one.mathml), role: one.role === "incoming" ? "incoming" : "local", block: this.block(one.block) };
  }

  part(one: Json): Part {
    const result = this.block(one.result);
    return {
      to: Number(one.to), symbols: text(one.symbols), operation: text(one.operation), factors: list<Json>(one.factors).map((factor) => this.factor(factor)),
      result, spread: one.spread === true, adds: one.adds === true, total: this.block(one.total) ?? result, stored: one.stored === true, why: text(one.why),
      entry: text(record(one.entry).numbers),
    };
  }

  step(one: Json): Step {
    return {
      ...readPlace(one), phase: (text(one.phase) || "call") as Step["phase"], what: text(one.what), root: one.root ? readRoot(record(one.root)) : null, op: integer(one.op), say: text(one.say), repeat: readLoops(one.repeat),
      filled: list<Json>(one.filled).map((filled) => ({
        formula: text(filled.formula), numbers: text(filled.numbers), text: text(filled.text), entry: Boolean(filled.entry),
      })),
      grad: this.block(one.grad), parts: list<Json>(one.parts).map((part) => this.part(part)), chain: list<string>(one.chain).map(String), chainNumbers: list<string>(one.chain_numbers).map(String),
      failed: one.error ? readFailed(record(one.error)) : null,
      changes: list<Json>(one.changes).map((change) => ({
        value: Number(change.value), before: this.block(change.before), grad: this.block(change.grad),
        after: this.block(change.after), text: text(change.text),
      })),
    };
  }
}

const readRoot = (one: Json): Step["root"] => ({ value: Number(one.value), symbol: text(one.symbol) || "L" });

function readFailed(one: Json): Step["failed"] {
  const operands = list<Json>(one.operands).map((row) => ({ name: text(row.name), shape: text(row.shape), dtype: text(row.dtype) }));
  return text(one.op) ? { op: text(one.op), operands } : null;
}

function readWindows(one: Json): Windows {
  const pair = (value: unknown): [number, number] => {
    const [from, to] = list<number>(value);
    return [from ?? 0, to ?? 0];
  };
  const windows = list<Json>(one.windows).map((window) => ({
    out: list<number>(window.out), rows: pair(window.rows), cols: pair(window.cols), text: text(window.text),
    result: integer(window.result),
  }));
  return { x: Number(one.x), w: integer(one.w), windows };
}

function readSpan(found: unknown): Span | null {
  const span = list<number>(found);
  return span.length === 4 ? (span as Span) : null;
}

function readQuiz(one: Json): Quiz {
  const entry = list<number>(one.entry);
  return {
    step: Number(one.step), ask: (text(one.ask) || "value") as Quiz["ask"], target: Number(one.target), of: one.of === "grad" ? "grad" : "value", entry: entry.length > 0 ? entry : null,
    prompt: text(one.prompt), answer: list<number>(one.answer).map(Number), tolerance: integer(one.tolerance) ?? 0, why: text(one.why),
  };
}
