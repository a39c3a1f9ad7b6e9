// Walkthroughs to look at and to test with: a tape of matrix ops that records what the kernel's own recorder would say.
import { type Frame, pack } from "../src/protocol";

type Matrix = number[][];
interface Node { id: number; name: string; data: Matrix; rg: boolean; from: number | null; scalar: boolean }
type Json = Record<string, unknown>;

const mi = (name: string, cls = ""): string => `<mi${cls && ` class="${cls}"`}>${name}</mi>`;
const dd = (name: string, cls = ""): string => `<mfrac${cls && ` class="${cls}"`}><mrow><mi>∂</mi><mi>L</mi></mrow><mrow><mi>∂</mi><mi>${name}</mi></mrow></mfrac>`;
const math = (inner: string): string => `<math>${inner}</math>`;
const transposed = (a: Matrix): Matrix => a[0].map((_, j) => a.map((row) => row[j]));
const product = (a: Matrix, b: Matrix): Matrix => a.map((row) => b[0].map((_, j) => row.reduce((sum, q, k) => sum + q * b[k][j], 0)));
const zip = (a: Matrix, b: Matrix, f: (p: number, q: number) => number): Matrix => {
  const [rows, cols] = [Math.max(a.length, b.length), Math.max(a[0].length, b[0].length)];
  const at = (m: Matrix, i: number, j: number): number => m[i % m.length][j % m[0].length];
  return Array.from({ length: rows }, (_, i) => Array.from({ length: cols }, (_, j) => f(at(a, i, j), at(b, i, j))));
};
/** Sum a gradient back to the shape of its operand. */
const unbroadcast = (grad: Matrix, like: Matrix): Matrix => {
  let out = grad;
  if (like.length === 1 && out.length > 1) out = [out[0].map((_, j) => out.reduce((sum, row) => sum + row[j], 0))];
  if (like[0].length === 1 && out[0].length > 1) out = out.map((row) => [row.reduce((sum, q) => sum + q, 0)]);
  return out;
};
const OPS: Record<string, { symbol: string; forward: (a: Matrix, b: Matrix) => Matrix; backward: (grad: Matrix, a: Matrix, b: Matrix, out: Matrix) => Matrix[] }> = {
  matmul: { symbol: "@", forward: product, backward: (g, a, b) => [product(g, transposed(b)), product(transposed(a), g)] },
  add: { symbol: "+", forward: (a, b) => zip(a, b, (p, q) => p + q), backward: (g, a, b) => [unbroadcast(g, a), unbroadcast(g, b)] },
  sub: { symbol: "−", forward: (a, b) => zip(a, b, (p, q) => p - q), backward: (g, a, b) => [unbroadcast(g, a), unbroadcast(g.map((r) => r.map((q) => -q)), b)] },
  mul: { symbol: "×", forward: (a, b) => zip(a, b, (p, q) => p * q), backward: (g, a, b) => [unbroadcast(zip(g, b, (p, q) => p * q), a), unbroadcast(zip(g, a, (p, q) => p * q), b)] },
  relu: { symbol: "relu", forward: (a) => a.map((r) => r.map((q) => Math.max(0, q))), backward: (g, a) => [zip(g, a, (p, q) => (q > 0 ? p : 0))] },
  tanh: { symbol: "tanh", forward: (a) => a.map((r) => r.map(Math.tanh)), backward: (g, _a, _b, out) => [zip(g, out, (p, q) => p * (1 - q * q))] },
  square: { symbol: "x²", forward: (a) => a.map((r) => r.map((q) => q * q)), backward: (g, a) => [zip(g, a, (p, q) => 2 * p * q)] },
  mean: { symbol: "mean", forward: (a) => [[a.flat().reduce((s, q) => s + q, 0) / a.flat().length]], backward: (g, a) => [a.map((r) => r.map(() => g[0][0] / a.flat().length))] },
};

/** Records forward ops one by one, and the steps that go back. */
export class Tape {
  readonly buffers: Uint8Array[] = [];
  readonly values: Json[] = [];
  readonly ops: Json[] = [];
  readonly steps: Json[] = [];
  readonly quiz: Json[] = [];
  modules: Json[] = [];
  module = -1;
  repeat: Json[] = [];
  error: Json | null = null;
  truncated: string | null = null;
  private readonly nodes: Node[] = [];
  private readonly record: { inputs: Node[]; out: Node; op: string; line: number; span: number[] }[] = [];
  private passed = 0;

  constructor(readonly lines: string[], readonly title = "cell [9]") {}

  block(data: Matrix, scalar = false): Json {
    const [rows, cols] = [data.length, data[0].length];
    this.buffers.push(new Uint8Array(Float32Array.from(data.flat()).buffer));
    return { dims: [rows, cols], rows: Array.from({ length: rows }, (_, i) => i), cols: Array.from({ length: cols }, (_, j) => j), facets: [], whole: true, shape: scalar ? [] : [rows, cols], buf: this.buffers.length - 1 };
  }

  leaf(name: string, data: Matrix | number, kind = "parameter"): Node {
    const matrix = typeof data === "number" ? [[data]] : data;
    const node: Node = { id: this.nodes.length, name, data: matrix, rg: kind === "parameter", from: null, scalar: typeof data === "number" };
    this.add(node, kind);
    return node;
  }

  private add(node: Node, kind: string): void {
    this.nodes.push(node);
    this.values.push({ id: node.id, name: node.name, symbol: node.name || `t${node.id}`, kind, shape: node.scalar ? [] : [node.data.length, node.data[0].length], dtype: "float32", device: "cpu", rg: node.rg, from: node.from, block: this.block(node.data, node.scalar) });
  }

  /** One op; its line and span are found by the text of the expression. */
  op(op: string, inputs: Node[], name: string, text: string): Node {
    const line = Math.max(0, this.lines.findIndex((one) => one.includes(text)));
    const col = Math.max(0, this.lines[line].indexOf(text));
    const span = [line + 1, col, line + 1, col + text.length];
    const data = OPS[op].forward(inputs[0].data, inputs[1]?.data);
    const id = this.ops.length;
    const out: Node = { id: this.nodes.length, name, data, rg: inputs.some((one) => one.rg), from: id, scalar: op === "mean" || inputs.every((one) => one.scalar) };
    this.add(out, "op");
    this.ops.push({ id, op, symbol: OPS[op].symbol, label: op, inputs: inputs.map((one) => one.id), output: [out.id], line: line + 1, span, module: this.module, params: {}, repeat: this.repeat });
    this.record.push({ inputs, out, op, line: line + 1, span });
    const said = name || `t${out.id}`;
    const named = inputs.map((one) => mi(one.name || `t${one.id}`));
    const formula = inputs.length > 1 ? named.join(`<mo>${OPS[op].symbol}</mo>`) : `<mi>${OPS[op].symbol}</mi><mo>(</mo>${named[0]}<mo>)</mo>`;
    this.steps.push({ phase: "forward", op: id, text: 0, line: line + 1, span, repeat: this.repeat, say: `${said} is computed.`, filled: [{ slot: null, formula: math(`${mi(said)}<mo>=</mo>${formula}`), numbers: "", text: `${said}[0,0] = ${data[0][0]}`, entry: { at: [0, 0], text: "", result: "" } }] });
    return out;
  }

  call(text: string, what: string, say: string, changes: Json[] = [], root?: Node): void {
    const line = this.lines.findIndex((one) => one.includes(text)) + 1;
    const col = this.lines[line - 1].indexOf(text);
    this.steps.push({ phase: "call", op: null, text: 0, line, span: [line, col, line, col + text.length], repeat: this.repeat, what, say, changes, root: root && { value: root.id, symbol: root.name } });
  }

  backward(loss: Node, text = "loss.backward()"): Map<Node, Matrix> {
    this.call(text, "backward", `${text} starts: the gradient of the loss by itself is 1.`, [], loss);
    const grads = new Map<Node, Matrix>([[loss, [[1]]]]);
    for (let at = this.record.length - 1; at >= this.passed; at--) {
      const { inputs, out, op, line, span } = this.record[at];
      const grad = grads.get(out);
      if (!grad) continue;
      const results = OPS[op].backward(grad, inputs[0].data, inputs[1]?.data, out.data);
      const parts = inputs.map((one, slot) => ({ one, slot })).filter(({ one }) => one.rg).map(({ one, slot }) => {
        const before = grads.get(one);
        const total = before ? zip(before, results[slot], (p, q) => p + q) : results[slot];
        grads.set(one, total);
        return this.part(op, slot, one, inputs, out, grad, results[slot], before ? total : null);
      });
      this.steps.push({ phase: "backward", op: at, text: 0, line, span, repeat: this.repeat, say: `The gradient of ${out.name || "the result"} arrives, and is handed to ${parts.length === 1 ? "the operand" : "each operand"}.`, grad: this.block(grad, out.scalar), parts, chain_numbers: [""], chain: [math(`${dd(inputs[0].name || "x")}<mo>=</mo>${dd(out.name || "y", "in")}<mo>·</mo><mfrac class="lo"><mrow><mi>∂</mi><mi>${out.name || "y"}</mi></mrow><mrow><mi>∂</mi><mi>${inputs[0].name || "x"}</mi></mrow></mfrac>`)] });
    }
    this.passed = this.record.length;
    return grads;
  }

  private part(op: string, slot: number, one: Node, inputs: Node[], out: Node, grad: Matrix, result: Matrix, total: Matrix | null): Json {
    const other = inputs[1 - slot];
    const incoming = { text: "incoming", role: "incoming", block: this.block(grad, out.scalar) };
    const local = op === "matmul" ? { text: `${other.name}ᵀ`, role: "local", block: this.block(transposed(other.data)) } : null;
    const order = local ? (slot === 0 ? [incoming, local] : [local, incoming]) : [incoming];
    const name = one.name || "x";
    return {
      slot, to: one.id, operation: op === "matmul" ? "matmul" : "times", why: op === "relu" ? "0 where the input was 0 or less: relu passes nothing back there." : "",
      symbols: math(`${dd(name)}<mo>=</mo>${slot === 0 || !local ? `${dd(out.name || "y", "in")}${local ? `<msup class="lo"><mi>${other.name || "x"}</mi><mi mathvariant="normal">T</mi></msup>` : ""}` : `<msup class="lo"><mi>${other.name || "x"}</mi><mi mathvariant="normal">T</mi></msup>${dd(out.name || "y", "in")}`}`),
      factors: order, result: this.block(result, one.scalar), adds: total !== null, total: total && this.block(total, one.scalar), stored: one.from === null,
    };
  }

  header(): Json {
    return { kind: "snapshot", view: "walk", seq: 0, title: this.title, code: { label: this.title, lines: this.lines, first: 1 }, ran: this.lines.map((_, at) => at + 1), modules: this.modules, values: this.values, ops: this.ops, formulas: {}, steps: this.steps, quiz: this.quiz, error: this.error, truncated: this.truncated };
  }

  packed(): Uint8Array {
    return pack(this.header() as unknown as Frame, this.buffers);
  }
}

/** The example of the mock-up: two layers, 14 ops' worth of steps. */
export function teachingWalk(): Tape {
  const tape = new Tape(["%%walk", "z = x @ W + b", "h = F.relu(z)", "o = h @ v", "loss = ((o - y) ** 2).mean()", "", "opt.zero_grad()", "loss.backward()", "opt.step()"]);
  const x = tape.leaf("x", [[1, 2, -1], [0, 1, 3]], "input");
  const [W, b, v] = [tape.leaf("W", [[0.5, -1], [1, 0.5], [-0.5, 1]]), tape.leaf("b", [[0.1, -0.2]]), tape.leaf("v", [[1], [-1]])];
  const y = tape.leaf("y", [[2.1], [-1.3]], "input");
  const z = tape.op("add", [tape.op("matmul", [x, W], "", "x @ W"), b], "z", "x @ W + b");
  const h = tape.op("relu", [z], "h", "F.relu(z)");
  const o = tape.op("matmul", [h, v], "o", "h @ v");
  const loss = tape.op("mean", [tape.op("square", [tape.op("sub", [o, y], "", "o - y")], "", "(o - y) ** 2")], "loss", "((o - y) ** 2).mean()");
  tape.call("opt.zero_grad()", "zero_grad", "Gradients of the step before are forgotten.");
  tape.backward(loss);
  tape.quiz.push({ step: tape.steps.length - 3, ask: "zeros", target: z.id, of: "grad", entry: null, prompt: "Next is relu, line 3. Tap the entries of ∂L/∂z that will be 0.", answer: [0, 1, 1, 0], tolerance: 0, why: "relu passes nothing back where its input was 0 or less." });
  tape.quiz.unshift({ step: 2, ask: "value", target: h.id, of: "value", entry: null, prompt: "h = F.relu(z). What are the entries of h?", answer: h.data.flat(), tolerance: 0.05 }, { step: 3, ask: "shape", target: o.id, of: "value", entry: null, prompt: "What shape will o = h @ v have?", answer: [2, 1], tolerance: 0 });
  const W2 = W.data.map((row) => row.map((q) => q - 0.1));
  tape.call("opt.step()", "step", "Each parameter moves a little against its gradient.", [{ value: W.id, before: tape.block(W.data), grad: tape.block(W.data), after: tape.block(W2), text: "W − 0.1 · ∂L/∂W" }]);
  return tape;
}

/** Scalars, one op an expression; `x` is used twice. */
export function scalarWalk(): Tape {
  const tape = new Tape(["%%walk", "a = Value(2.0); b = Value(-3.0); c = Value(10.0)", "e = a * b", "d = e + c", "f = tanh(d * a)", "f.backward()"], "cell [3]");
  const [a, b, c] = [tape.leaf("a", 0.2), tape.leaf("b", -3), tape.leaf("c", 1)];
  const d = tape.op("add", [tape.op("mul", [a, b], "e", "a * b"), c], "d", "e + c");
  const f = tape.op("tanh", [tape.op("mul", [d, a], "", "d * a")], "f", "tanh(d * a)");
  tape.backward(f, "f.backward()");
  return tape;
}

/** `layers` residual blocks in modules. */
export function residualWalk(layers: number): Tape {
  const tape = new Tape(["%%walk", "for block in blocks:", "    h = torch.relu(x @ block.weight)", "    x = x + h @ block.out", "loss = (x ** 2).mean()", "loss.backward()"], "cell [12]");
  let x = tape.leaf("x", [[1, -1, 0.5], [0.3, 2, -0.4]], "input");
  for (let at = 0; at < layers; at++) {
    tape.modules.push({ path: `blocks.${at}`, label: `blocks.${at}`, cls: "Block", parent: -1 });
    tape.module = at;
    tape.repeat = [{ line: 2, index: at, of: layers }];
    const W = tape.leaf(`blocks.${at}.weight`, [[0.3, -0.2], [0.1 * (at % 7), 0.5], [-0.4, 0.2]]);
    const V = tape.leaf(`blocks.${at}.out`, [[0.3, -0.2, 0.1], [0.1, -0.1, 0.2]]);
    const h = tape.op("relu", [tape.op("matmul", [x, W], "", "x @ block.weight")], "h", "torch.relu(x @ block.weight)");
    x = tape.op("add", [x, tape.op("matmul", [h, V], "", "h @ block.out")], "x", "x + h @ block.out");
  }
  tape.module = -1;
  tape.repeat = [];
  const loss = tape.op("mean", [tape.op("square", [x], "", "x ** 2")], "loss", "(x ** 2).mean()");
  tape.backward(loss);
  return tape;
}

/** A training loop of `turns` steps. */
export function loopWalk(turns: number): Tape {
  const tape = new Tape(["%%walk", `for step in range(${turns}):`, "    loss = ((x @ w - y) ** 2).mean()", "    opt.zero_grad()", "    loss.backward()", "    opt.step()"], "cell [5]");
  const [x, y] = [tape.leaf("x", [[1, 2], [3, -1], [0, 1]], "input"), tape.leaf("y", [[1], [0], [2]], "input")];
  let w = tape.leaf("w", [[0.5], [-0.5]]);
  for (let at = 0; at < turns; at++) {
    tape.repeat = [{ line: 2, index: at, of: turns }];
    const loss = tape.op("mean", [tape.op("square", [tape.op("sub", [tape.op("matmul", [x, w], "", "x @ w"), y], "", "x @ w - y")], "", "(x @ w - y) ** 2")], "loss", "((x @ w - y) ** 2).mean()");
    tape.call("opt.zero_grad()", "zero_grad", "Gradients of the step before are forgotten.");
    const grad = tape.backward(loss).get(w)!;
    const next = tape.leaf("w", zip(w.data, grad, (p, q) => p - 0.1 * q));
    tape.values[next.id].was = w.id;
    tape.call("opt.step()", "step", "w moves against its gradient: 0.1 times it.", [{ value: w.id, before: tape.block(w.data), grad: tape.block(grad), after: tape.block(next.data), text: "w − 0.1 · ∂L/∂w" }]);
    w = next;
  }
  return tape;
}

/** The walk up to an op that raised. */
export function errorWalk(): Tape {
  const tape = new Tape(["%%walk", "h = x @ W", "o = h @ v", "o.mean().backward()"], "cell [7]");
  tape.op("matmul", [tape.leaf("x", [[1, 2, -1], [0, 1, 3]], "input"), tape.leaf("W", [[0.5, -1], [1, 0.5], [-0.5, 1]])], "h", "x @ W");
  tape.error = { type: "ShapeError", message: "matmul: (2, 2) @ (3, 1): a has 2 columns, b has 3 rows", line: 3 };
  tape.steps.push({ phase: "error", op: null, text: 0, line: 3, span: [3, 4, 3, 9], say: "matmul: (2, 2) @ (3, 1): a has 2 columns, b has 3 rows", error: { type: "ShapeError", message: "", op: "matmul", operands: [{ name: "h", shape: "(2, 2)", dtype: "float32" }, { name: "v", shape: "(3, 1)", dtype: "float32" }] } });
  return tape;
}

export function emptyWalk(): Tape {
  return new Tape(["%%walk", "print('no tensors here')"], "cell [2]");
}
