// A kernel that is not there: realistic frames for the harness and the tests.
import type { Model } from "../src/host";
import { type Bytes, type Frame, type GraphDescription, type GraphNode, type Incoming, type Parameter, type WireDetail, pack } from "../src/protocol";

export function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
const gauss = (r: () => number): number => Math.sqrt(-2 * Math.log(r() + 1e-12)) * Math.cos(2 * Math.PI * r());

/** Collects buffers and hands out their indices. */
export class Buffers {
  readonly list: Uint8Array[] = [];
  floats(values: ArrayLike<number>): number { return this.add(Float32Array.from(values)); }
  steps(values: ArrayLike<number>): number { return this.add(Uint32Array.from(values)); }
  private add(array: Float32Array | Uint32Array): number {
    this.list.push(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    return this.list.length - 1;
  }
}

interface FakeParameter extends Parameter { norm: number; ratio: number; spread: number }

const parameter = (name: string, shape: number[], norm: number, ratio: number): FakeParameter => ({
  name, shape, numel: shape.reduce((a, b) => a * b, 1), module: name.split(".").slice(0, -1).join("."), norm, ratio, spread: shape.length > 1 ? 0.3 : 0.4,
});

export function teachingParameters(): FakeParameter[] {
  const blocks = [0.018, 0.026, 0.041, 0.074].flatMap((norm, i) => ["conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "norm.weight", "norm.bias"].map((name, k) =>
    parameter(`blocks.${i}.${name}`, name.endsWith("weight") && k < 4 ? [16, 16, 3, 3] : [16], norm * [0.7, 0.1, 0.6, 0.1, 0.3, 0.2][k], 8e-4)));
  return [
    parameter("stem.conv1.weight", [6, 1, 5, 5], 2.1e-2, 7e-4), parameter("stem.conv1.bias", [6], 3.4e-3, 4e-4),
    parameter("stem.conv2.weight", [16, 6, 5, 5], 4.8e-2, 9e-4), parameter("stem.conv2.bias", [16], 6.2e-3, 4e-4), ...blocks,
    parameter("head.fc1.weight", [120, 256], 19, 2.1e-2), parameter("head.fc1.bias", [120], 0.88, 3.6e-3),
    parameter("head.fc2.weight", [10, 120], 0.26, 1.4e-3), parameter("head.fc2.bias", [10], 0.041, 8e-4),
  ];
}

export function manyParameters(n: number): FakeParameter[] {
  const r = random(3);
  return Array.from({ length: n }, (_, i) => {
    const layer = Math.floor(i / 8);
    const name = ["self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight", "self_attn.out_proj.weight", "norm1.weight", "norm1.bias", "mlp.fc1.weight", "mlp.fc2.weight"][i % 8];
    return parameter(`encoder.${layer}.${name}`, name.startsWith("norm") ? [256 + layer] : [256 + layer, 256], 10 ** (-3 + layer * 0.12 + 0.4 * gauss(r)), 10 ** (-3 + 0.3 * gauss(r)));
  });
}

export const hostileParameters = (): FakeParameter[] => [
  parameter("<script>alert(1)</script>.weight", [3, 3], 0.2, 1e-3),
  parameter("a_module_with_a_very_long_name_indeed.another_quite_long_name.and_then_some.weight", [512, 512], 4e-8, 3e-4),
  parameter("层.权重", [4, 4], 1.2, 2e-3), parameter("zero.bias", [4], 0, 0),
];

export interface Options {
  parameters?: FakeParameter[];
  steps?: number;
  total?: number | null;
  state?: string;
  seed?: number;
  spike?: number | null;
  nanAt?: number | null;
  val?: boolean;
  graph?: boolean;
  runId?: string;
  lossName?: string;
  lossScale?: number;
}

const EVERY_PROBE = 24;

export class FakeRun {
  readonly options: Required<Options>;
  step = 0;
  seq = 0;
  private readonly r: () => number;
  private readonly losses: number[] = [];
  private readonly vals: [number, number][] = [];
  private probes: { step: number; table: Float32Array; hist: Float32Array; range: Float32Array }[] = [];
  state: string;
  learningRate = 3e-3;
  controls = { live: true, why: "" };
  coach: Frame["coach"] = { rules: 56, muted: [], findings: [], lessons: {} };
  suggested: number | null = 3e-4;
  level: Frame["level"] = "full";
  error: Frame["error"] = null;
  ghost: Float32Array | null = null;
  panels: string[] | null = null;
  others: [name: string, role: "train" | "val" | "other", value: (step: number) => number][] = [];

  constructor(options: Options = {}) {
    this.options = { parameters: teachingParameters(), steps: 1930, total: 79730, state: "running", seed: 7, spike: 1412, nanAt: null, val: true, graph: true, runId: "run-1", lossName: "loss", lossScale: 1, ...options };
    this.state = this.options.state;
    this.r = random(this.options.seed);
  }

  /** Train `n` steps. */
  run(n: number): void {
    const { spike, nanAt, val, lossScale } = this.options;
    for (let k = 0; k < n; k++) {
      const i = ++this.step;
      const bump = spike !== null && i >= spike ? 1 + 2.7 * Math.exp(-(i - spike) / 26) : 1;
      const value = nanAt !== null && i >= nanAt ? NaN : lossScale * (0.352 + 1.95 * Math.exp(-i / 400)) * bump * Math.exp(0.15 * gauss(this.r));
      this.losses.push(value);
      if (val && i % 240 === 0) this.vals.push([i, lossScale * (0.39 + 1.95 * Math.exp(-i / 400) * 1.06 + 0.012 * gauss(this.r))]);
      if (i % EVERY_PROBE === 1) this.probe(i);
    }
  }

  private probe(step: number): void {
    const { parameters, nanAt } = this.options;
    const t = Math.min(1, step / 1930);
    const table = new Float32Array(parameters.length * 5);
    const hist = new Float32Array(parameters.length * 32);
    const range = new Float32Array(parameters.length);
    parameters.forEach((one, row) => {
      const broken = nanAt !== null && step >= nanAt;
      const drift = one.norm >= 10 ? 10 ** ((t - 1) * 0.8) : 10 ** ((1 - t) * 0.25);
      const norm = broken ? NaN : one.norm * drift * Math.exp(0.18 * gauss(this.r));
      table.set([norm, 1, broken ? NaN : one.ratio * drift * Math.exp(0.15 * gauss(this.r)), Number.isNaN(one.norm) ? NaN : 0, norm * 0.2], row * 5);
      const scale = (one.norm >= 10 ? 0.2 + 0.5 * t : 0.5 - 0.2 * t) * (1 + 0.2 * Math.sin(row * 2.1));
      range[row] = one.norm * 0.3 * (one.norm >= 10 ? 1 + t : 1);
      for (let i = 0; i < 32; i++) {
        const u = ((i + 0.5) / 32) * 2 - 1 - 0.06 * Math.sin(row * 2.1);
        hist[row * 32 + i] = Math.max(0, Math.round(one.numel * (Math.exp(-0.5 * (u / scale) ** 2) + 0.16 * Math.exp(-0.5 * ((u + 0.2) / (scale * 1.9)) ** 2)) * (1 + 0.07 * gauss(this.r)) * 0.1));
      }
    });
    this.probes.push({ step, table, hist, range });
  }

  private status(): NonNullable<Frame["status"]> {
    const moving = this.state === "running";
    const { total } = this.options;
    return {
      state: this.state as "running", step: this.step, epoch: this.step === 0 ? null : Math.floor(this.step / 938) + 1, total,
      rate: moving ? 1840 : null, eta: moving && total !== null ? 42 : null, seconds: this.step / 1840, message: "", line: this.error?.line ?? null,
    };
  }

  private part(kind: "frame" | "snapshot", from: number, probesFrom: number): { frame: Frame; buffers: Uint8Array[] } {
    const buffers = new Buffers();
    const { parameters, runId, lossName } = this.options;
    const steps = Array.from({ length: this.step - from }, (_, i) => from + i + 1);
    const reset = kind === "snapshot";
    const frame: Frame = {
      kind, seq: ++this.seq, run: { id: runId, cell: "[7]", name: "train" }, status: this.status(), controls: this.controls,
      lr: { value: this.step === 0 ? null : this.learningRate, suggested: this.suggested }, level: this.level!, panels: this.panels, error: this.error!, coach: this.coach!,
      epochs: Array.from({ length: Math.floor(this.step / 938) }, (_, i) => [i + 2, (i + 1) * 938]),
      series: [{ id: 0, name: lossName, role: "train", steps: buffers.steps(steps), values: buffers.floats(this.losses.slice(from)), reset }],
    };
    const vals = this.vals.filter(([step]) => step > from);
    if (vals.length > 0) frame.series!.push({ id: 1, name: "val", role: "val", steps: buffers.steps(vals.map(([step]) => step)), values: buffers.floats(vals.map(([, value]) => value)), reset });
    if (this.ghost !== null && reset) frame.series!.push({ id: 65536, name: "loss", role: "ghost", steps: buffers.steps(Array.from(this.ghost, (_, i) => i + 1)), values: buffers.floats(this.ghost), reset });
    for (const [i, [name, role, value]] of this.others.entries()) frame.series!.push({ id: 10 + i, name, role, steps: buffers.steps(steps), values: buffers.floats(steps.map(value)), reset });
    const probes = this.probes.slice(probesFrom);
    if (reset && this.step > 0) frame.params = { rows: parameters.map(({ name, shape, numel, module }) => ({ name, shape, numel, module })) };
    if (probes.length > 0 && this.step > 0) {
      const join = (key: "table" | "hist" | "range"): number[] => probes.flatMap((probe) => Array.from(probe[key]));
      frame.probes = { steps: buffers.steps(probes.map(({ step }) => step)), table: buffers.floats(join("table")), hist: buffers.floats(join("hist")), range: buffers.floats(join("range")) };
    }
    if (reset && this.options.graph && this.step > 0) {
      frame.graph = teachingGraph();
      frame.graph_stats = { step: this.step, table: buffers.floats(graphStats(frame.graph)), batch: { index: 411, total: 938, inputs: [[frame.graph.nodes.findIndex(({ name }) => name === "x"), [64, 1, 28, 28], 0, null], [frame.graph.nodes.findIndex(({ name }) => name === "y"), [64], 0, buffers.floats([7, 5, 8, 6, 4, 9, 6, 7, 5, 7])]] } };
      frame.details = [detailOf(frame.graph, frame.graph.nodes.findIndex(({ name }) => name === "h0"), this.step, buffers)];
    }
    return { frame, buffers: buffers.list };
  }

  snapshot(): { frame: Frame; buffers: Uint8Array[] } { return this.part("snapshot", 0, 0); }

  packed(): Uint8Array {
    const { frame, buffers } = this.snapshot();
    return pack(frame, buffers);
  }

  /** Value and gradient of one node. */
  detail(node: number): { frame: Frame; buffers: Uint8Array[] } {
    const buffers = new Buffers();
    return { frame: { kind: "frame", seq: ++this.seq, details: [detailOf(teachingGraph(), node, this.step, buffers)] }, buffers: buffers.list };
  }

  /** Train `n` more steps and tell only what is new. */
  advance(n: number): { frame: Frame; buffers: Uint8Array[] } {
    const [from, probesFrom] = [this.step, this.probes.length];
    this.run(n);
    return this.part("frame", from, probesFrom);
  }
}

/** The model of a stub, with a run behind it. */
export class FakeModel implements Model {
  readonly sent: Record<string, unknown>[] = [];
  readonly traits: Record<string, unknown> = { _hub: "hash", theme: "auto", snapshot: null };
  answers = true;
  private readonly listeners = new Map<string, Set<(...args: never[]) => void>>();

  constructor(readonly run: FakeRun | null = null) {}

  get(name: string): unknown { return this.traits[name]; }
  on(event: string, listener: (...args: never[]) => void): void {
    if (!this.listeners.has(event)) this.listeners.set(event, new Set());
    this.listeners.get(event)!.add(listener);
  }
  off(event: string, listener: (...args: never[]) => void): void { this.listeners.get(event)?.delete(listener); }
  emit(event: string, ...args: unknown[]): void { for (const listener of this.listeners.get(event) ?? []) (listener as (...args: unknown[]) => void)(...args); }
  deliver(message: Incoming, buffers: Bytes[] = []): void { this.emit("msg:custom", message, buffers); }

  send(content: unknown): void {
    const message = content as { kind: string; id?: number; action?: string; value?: number; rule?: string; node?: number | null };
    this.sent.push(message);
    if (!this.answers) return;
    if (message.kind === "ping") this.deliver({ kind: "pong", id: message.id! });
    if (message.kind === "hello" && this.run !== null) { const { frame, buffers } = this.run.snapshot(); this.deliver(frame, buffers); }
    if (message.kind === "inspect" && this.run !== null && message.node != null) { const { frame, buffers } = this.run.detail(message.node); this.deliver(frame, buffers); }
    if (message.kind !== "control" || this.run === null) return;
    if (message.action === "pause") this.run.state = "paused";
    if (message.action === "resume") this.run.state = "running";
    if (message.action === "stop") this.run.state = "stopped";
    if (message.action === "mute" || message.action === "unmute") {
      const muted = this.run.coach!.muted.filter((rule) => rule !== message.rule);
      this.run.coach = { ...this.run.coach!, muted: message.action === "mute" ? [...muted, message.rule!].sort() : muted };
    }
    if (message.action === "learning_rate") this.run.learningRate = message.value!;
    this.deliver({ kind: "ack", id: message.id! });
    const { frame, buffers } = this.run.advance(message.action === "step" ? 1 : 0);
    this.deliver(frame, buffers);
  }
}

// ── graph of the teaching network ──


export function teachingGraph(): GraphDescription {
  const modules: GraphDescription["modules"] = [];
  const moduleOf = (path: string, cls: string, parameters: number): number => {
    const found = modules.findIndex((module) => module.path === path);
    if (found >= 0) return found;
    const parts = path.split(".");
    const parent = parts.length > 1 ? modules.findIndex((module) => module.path === parts.slice(0, -1).join(".")) : -1;
    modules.push({ path, label: parts.at(-1)!, cls, parent, parameters });
    return modules.length - 1;
  };
  moduleOf("stem", "Sequential", 2572);
  moduleOf("stem.conv1", "Conv2d", 156);
  moduleOf("stem.conv2", "Conv2d", 2416);
  moduleOf("blocks", "Sequential", 18_688);
  for (let i = 0; i < 4; i++) { moduleOf(`blocks.${i}`, "Block", 4672); moduleOf(`blocks.${i}.conv1`, "Conv2d", 2320); moduleOf(`blocks.${i}.conv2`, "Conv2d", 2320); moduleOf(`blocks.${i}.norm`, "BatchNorm2d", 32); }
  moduleOf("head", "Sequential", 32_050);
  moduleOf("head.fc1", "Linear", 30_840);
  moduleOf("head.fc2", "Linear", 1210);
  const nodes: GraphNode[] = [];
  const edges: GraphDescription["edges"] = [];
  const add = (kind: GraphNode["kind"], label: string, op: string, name: string, module: number, shape: number[], line: number | null, source: string): number => {
    nodes.push({ id: nodes.length, kind, op, label, name, module, shape, marked: source.includes("self.fc1(x)") ? [11, 22] : null, dtype: "float32", device: "cpu", rg: kind !== "input", cell: "[7]", line, source, params: op === "conv2d" ? { stride: "1", padding: "0" } : {} });
    return nodes.length - 1;
  };
  const index = (path: string): number => modules.findIndex((module) => module.path === path);
  let last = add("input", "x", "", "x", -1, [64, 1, 28, 28], 10, "for x, y in train_loader:");
  const chain = (label: string, op: string, name: string, path: string, shape: number[], parameters: [string, number[]][], line: number, source: string): number => {
    const operands = parameters.map(([short, size]) => add("parameter", short, "", `${path}.${short}`, index(path), size, null, ""));
    const node = add("op", label, op, name, index(path), shape, line, source);
    [last, ...operands].forEach((src, slot) => edges.push([src, node, slot]));
    return (last = node);
  };
  const stem = "x = self.blocks(self.stem(x)).flatten(1)";
  chain("conv2d", "conv2d", "", "stem.conv1", [64, 6, 24, 24], [["weight", [6, 1, 5, 5]], ["bias", [6]]], 3, stem);
  chain("relu", "relu", "", "stem", [64, 6, 24, 24], [], 3, stem);
  chain("max_pool2d", "max_pool2d", "", "stem", [64, 6, 12, 12], [], 3, stem);
  chain("conv2d", "conv2d", "", "stem.conv2", [64, 16, 8, 8], [["weight", [16, 6, 5, 5]], ["bias", [16]]], 3, stem);
  chain("relu", "relu", "", "stem", [64, 16, 8, 8], [], 3, stem);
  chain("max_pool2d", "max_pool2d", "", "stem", [64, 16, 4, 4], [], 3, stem);
  for (let i = 0; i < 4; i++) {
    const into = last;
    const at = `blocks.${i}`;
    chain("conv2d", "conv2d", "", `${at}.conv1`, [64, 16, 4, 4], [["weight", [16, 16, 3, 3]], ["bias", [16]]], 3, stem);
    chain("relu", "relu", "", at, [64, 16, 4, 4], [], 3, stem);
    chain("conv2d", "conv2d", "", `${at}.conv2`, [64, 16, 4, 4], [["weight", [16, 16, 3, 3]], ["bias", [16]]], 3, stem);
    chain("batch_norm", "batch_norm", "", `${at}.norm`, [64, 16, 4, 4], [["weight", [16]], ["bias", [16]]], 3, stem);
    const sum = chain("add", "add", "", at, [64, 16, 4, 4], [], 3, stem);
    edges.push([into, sum, 1]);
    chain("relu", "relu", "", at, [64, 16, 4, 4], [], 3, stem);
  }
  chain("flatten", "flatten", "x", "", [64, 256], [], 3, stem);
  chain("linear", "linear", "h0", "head.fc1", [64, 120], [["weight", [120, 256]], ["bias", [120]]], 4, "h = F.relu(self.fc1(x))");
  chain("relu", "relu", "h", "head", [64, 120], [], 4, "h = F.relu(self.fc1(x))");
  chain("linear", "linear", "", "head.fc2", [64, 10], [["weight", [10, 120]], ["bias", [10]]], 5, "return self.fc2(h)");
  for (const { id, kind, op } of nodes) if (kind === "op" && ["conv2d", "linear"].includes(op)) nodes[id].saved = edges.filter(([, dst]) => dst === id).slice(0, 2).map(([src], i) => [["x", "weight"][i], nodes[src].shape.reduce((a, b) => a * b, 4), src]);
  for (const { id, kind, op, shape } of nodes) if (kind === "op" && op === "relu") nodes[id].saved = [["out", shape.reduce((a, b) => a * b, 4), id]];
  const target = add("input", "y", "", "y", -1, [64], 10, "for x, y in train_loader:");
  const loss = chain("cross_entropy", "cross_entropy", "loss", "", [], [], 11, "loss = F.cross_entropy(model(x), y)");
  edges.push([target, loss, 1]);
  return { signature: "teaching", ops: nodes.filter(({ kind }) => kind === "op").length, nodes, edges, modules, formulas: { linear: { value: "<math><mi>y</mi><mo>=</mo><mi>x</mi><msup><mi>W</mi><mo>⊤</mo></msup><mo>+</mo><mi>b</mi></math>", grads: { x: "<math><mover><mi>y</mi><mo>¯</mo></mover><mi>W</mi></math>" } } } };
}

export function graphStats(graph: GraphDescription): number[] {
  return graph.nodes.flatMap(({ id, kind }) => (kind === "input" ? [0.13, 0.31, 0, 1, 0.8, NaN, NaN, NaN] : [0.1, 1, -3, 3, 0.2, 3e-3 * 10 ** ((2.4 * id) / graph.nodes.length), 11, 19]));
}

function detailOf(graph: GraphDescription, node: number, step: number, buffers: Buffers): WireDetail {
  const r = random(5);
  const bell = (sigma: number): number[] => Array.from({ length: 32 }, (_, i) => 200 * Math.exp(-0.5 * ((((i + 0.5) / 32) * 6 - 3) / sigma) ** 2) * (1 + 0.1 * gauss(r)));
  const { shape, kind } = graph.nodes[node];
  const kept = [...shape];
  for (let axis = 0; kept.reduce((a, b) => a * b, 1) > 1 << 14 && axis < shape.length - 2; axis++) kept[axis] = Math.max(1, Math.floor((1 << 14) / kept.slice(axis + 1).reduce((a, b) => a * b, 1)));
  const every = shape.map((_, axis) => (shape.length === 2 ? Math.ceil(kept[axis] / [64, 120][axis]) : 1));
  kept.forEach((size, axis) => (kept[axis] = Math.ceil(size / every[axis])));
  const [size, cols] = [kept.reduce((a, b) => a * b, 1), kept.at(-1) ?? 1];
  const off = Array.from({ length: cols }, (_, j) => ([7, 22, 23, 41, 58, 77, 90, 91, 112].includes(j) ? -1.5 : 0.18 + gauss(r) * 0.55));
  const blob = (i: number): number => Math.exp(-(((i % cols) - cols * (0.35 + 0.3 * r())) ** 2 + ((Math.floor(i / cols) % cols) - cols / 2) ** 2) / cols);
  const values = Array.from({ length: size }, (_, i) => (kind === "input" && shape.length === 4 ? blob(i) : off[i % cols] + gauss(r) * 0.8));
  const part = (picture: number[], sigma: number, hi: number): WireDetail["value"] => ({ picture: { shape: kept, every, buf: buffers.floats(picture) }, hist: buffers.floats(bell(sigma)), mean: 0.18 * hi, std: 0.28 * hi, lo: -hi, hi, zeros: 0.02, bad: 0 });
  return {
    node, step, shape, value: part(values, 0.95, 3.4), saved: [],
    grad: kind === "input" ? null : part(values.map(() => 0.05 * gauss(r)), 0.5, 0.3),
  };
}
