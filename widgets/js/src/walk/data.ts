// What a walkthrough is made of, read from a packed message. Whatever a message lacks is filled with nothing: a lesson saved by an older release opens.
import { floats } from "../protocol";

/** What is drawn of a tensor: `facets` matrices, each of `rows` × `cols` shown entries, which are the real indices. */
export interface Block { dims: number[]; rows: number[]; cols: number[]; facets: number[][]; whole: boolean; shape: number[]; data: Float32Array }
export interface Value {
  id: number;
  name: string;
  kind: "parameter" | "input" | "buffer" | "constant" | "op";
  shape: number[];
  dtype: string;
  device: string;
  rg: boolean;
  from: number | null;
  block: Block | null;
  was: number | null; // the same parameter before an update
}
export type Span = [line: number, col: number, endLine: number, endCol: number];
export interface Turn { line: number; index: number; of: number | null }
export interface Conv { x: number; w: number; windows: ConvWindow[]; image: Block | null; kernel: Block | null; result: Block | null }
export interface ConvWindow { out: number[]; rows: [number, number]; cols: [number, number]; text: string; result: number | null }
export interface Attention { heads: number; q: Block | null; k: Block | null; v: Block | null; scores: Block | null; weights: Block | null; out: Block | null; scale: string; tokens: string[] }
export interface Op {
  id: number;
  op: string;
  symbol: string;
  label: string;
  inputs: (number | null)[];
  output: number[];
  line: number | null;
  span: Span | null;
  module: number;
  params: Record<string, string>;
  repeat: Turn[];
  conv: Conv | null;
  attention: Attention | null;
}
export interface Factor { text: string; mathml: string; role: "incoming" | "local" | "operand"; glue: string; block: Block | null; value: number | null }
export interface Part {
  slot: number;
  to: number;
  symbols: string;
  operation: string;
  factors: Factor[];
  result: Block | null;
  adds: boolean;
  total: Block | null;
  stored: boolean;
  why: string;
}
export interface Filled { formula: string; factors: Factor[]; result: Block | null; entries: string[] }
export interface Change { value: number; name: string; before: Block | null; grad: Block | null; after: Block | null; text: string }
export interface Step {
  phase: "forward" | "backward" | "call" | "error";
  op: number | null;
  line: number | null;
  span: Span | null;
  say: string;
  filled: Filled[];
  grad: Block | null;
  parts: Part[];
  chain: string[];
  changes: Change[];
  title: string;
}
export interface Quiz { step: number; ask: "value" | "shape" | "zeros"; target: number; of: "value" | "grad"; entry: number[] | null; prompt: string; answer: number[]; tolerance: number }
export interface Module { path: string; label: string; cls: string; parent: number }
export interface Walk {
  title: string;
  code: { label: string; lines: string[]; first: number };
  modules: Module[];
  values: Map<number, Value>;
  ops: Map<number, Op>;
  formulas: Record<string, { value: string; grads: Record<string, string> }>;
  steps: Step[];
  quiz: Quiz[];
  error: { type: string; message: string; line: number | null } | null;
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
  const code = record(header.code);
  const error = header.error ? record(header.error) : null;
  return {
    title: text(header.title),
    code: { label: text(code.label) || text(header.title), lines: list<string>(code.lines).map(String), first: integer(code.first) ?? 1 },
    modules: list<Json>(header.modules).map((one) => ({ path: text(one.path), label: text(one.label), cls: text(one.cls), parent: integer(one.parent) ?? -1 })),
    values: new Map(list<Json>(header.values).map((one) => [Number(one.id), read.value(one)])),
    ops: new Map(list<Json>(header.ops).map((one) => [Number(one.id), read.op(one)])),
    formulas: record(header.formulas) as Walk["formulas"],
    steps: list<Json>(header.steps).map((one) => read.step(one)),
    quiz: list<Json>(header.quiz).map(readQuiz),
    error: error && { type: text(error.type), message: text(error.message), line: integer(error.line) },
    truncated: header.truncated ? text(header.truncated) : null,
  };
}

class Reader {
  constructor(private readonly buffers: Uint8Array[]) {}

  block(found: unknown): Block | null {
    const one = record(found);
    if (integer(one.buf) === null || this.buffers[one.buf as number] === undefined) return null;
    const rows = list<number>(one.rows);
    const cols = list<number>(one.cols);
    const facets = list<number[]>(one.facets);
    const data = floats(this.buffers[one.buf as number]);
    return { dims: list<number>(one.dims), rows, cols, facets: facets.length > 0 ? facets : [[]], whole: one.whole !== false, shape: list<number>(one.shape), data };
  }

  value(one: Json): Value {
    return {
      id: Number(one.id), name: text(one.name), kind: (text(one.kind) || "op") as Value["kind"], shape: list<number>(one.shape), dtype: text(one.dtype), device: text(one.device),
      rg: one.rg === true, from: integer(one.from), block: this.block(one.block), was: integer(one.was),
    };
  }

  op(one: Json): Op {
    const name = text(one.op);
    return {
      id: Number(one.id), op: name, symbol: text(one.symbol) || name, label: text(one.label), inputs: list<unknown>(one.inputs).map(integer), output: list<number>(one.output),
      line: integer(one.line), span: readSpan(one.span), module: integer(one.module) ?? -1, params: record(one.params) as Record<string, string>,
      repeat: list<Json>(one.repeat).map((turn) => ({ line: Number(turn.line), index: Number(turn.index), of: integer(turn.of) })),
      conv: one.conv ? this.conv(record(one.conv)) : null, attention: one.attention ? this.attention(record(one.attention)) : null,
    };
  }

  conv(one: Json): Conv {
    const pair = (value: unknown): [number, number] => {
      const [from, to] = list<number>(value);
      return [from ?? 0, to ?? 0];
    };
    return {
      x: Number(one.x), w: Number(one.w), image: this.block(one.image), kernel: this.block(one.kernel), result: this.block(one.result),
      windows: list<Json>(one.windows).map((window) => ({ out: list<number>(window.out), rows: pair(window.rows), cols: pair(window.cols), text: text(window.text), result: integer(window.result) })),
    };
  }

  attention(one: Json): Attention {
    const block = (name: string): Block | null => this.block(one[name]);
    return { heads: integer(one.heads) ?? 1, q: block("q"), k: block("k"), v: block("v"), scores: block("scores"), weights: block("weights"), out: block("out"), scale: text(one.scale), tokens: list<string>(one.tokens).map(String) };
  }

  factor(one: Json): Factor {
    const role = text(one.role);
    return { text: text(one.text), mathml: text(one.mathml), role: role === "incoming" || role === "local" ? role : "operand", glue: text(one.glue), block: this.block(one.block), value: integer(one.value) };
  }

  part(one: Json): Part {
    return {
      slot: Number(one.slot), to: Number(one.to), symbols: text(one.symbols), operation: text(one.operation), factors: list<Json>(one.factors).map((factor) => this.factor(factor)),
      result: this.block(one.result), adds: one.adds === true, total: this.block(one.total) ?? this.block(one.result), stored: one.stored === true, why: text(one.why),
    };
  }

  filled(one: Json): Filled {
    return { formula: text(one.formula), factors: list<Json>(one.factors).map((factor) => this.factor(factor)), result: this.block(one.result), entries: list<unknown>(one.entries ?? (one.entry ? [one.entry] : [])).map(readEntry) };
  }

  step(one: Json): Step {
    return {
      phase: (text(one.phase) || "call") as Step["phase"], op: integer(one.op), line: integer(one.line), span: readSpan(one.span), say: text(one.say), title: text(one.title),
      filled: list<Json>(one.filled).map((filled) => this.filled(filled)), grad: this.block(one.grad), parts: list<Json>(one.parts).map((part) => this.part(part)), chain: list<string>(one.chain).map(String),
      changes: list<Json>(one.changes).map((change) => ({ value: Number(change.value), name: text(change.name), before: this.block(change.before), grad: this.block(change.grad), after: this.block(change.after), text: text(change.text) })),
    };
  }
}

function readSpan(found: unknown): Span | null {
  const span = list<number>(found);
  return span.length === 4 ? (span as Span) : null;
}

/** `o[0,0] = 3.1·1 + 0·(−1) = 3.1`, from the text itself or from its three parts. */
function readEntry(found: unknown): string {
  if (typeof found === "string") return found;
  const one = record(found);
  const at = list<number>(one.at);
  return `${at.length > 0 ? `[${at.join(",")}] = ` : ""}${text(one.text)} = ${text(one.result)}`;
}

function readQuiz(one: Json): Quiz {
  const entry = list<number>(one.entry);
  return {
    step: Number(one.step), ask: (text(one.ask) || "value") as Quiz["ask"], target: Number(one.target), of: one.of === "grad" ? "grad" : "value", entry: entry.length > 0 ? entry : null,
    prompt: text(one.prompt), answer: list<number>(one.answer).map(Number), tolerance: integer(one.tolerance) ?? 0,
  };
}
