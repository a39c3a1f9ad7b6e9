// All that one live view knows: what the kernel said, and what the user chose. Panels read it, and only the store writes it.
import { Probes, Series } from "./series";
import {
  type Bytes, type Coach, type Controls, type Frame, type GraphDescription, type LearningRate, type Level, type Parameter,
  type RunError, type RunInfo, type Status, type Unpacked, type WireDetail, floats, uints, unpack,
} from "./protocol";

export { Probes, Series };

export interface GraphStats { step: number; table: Float32Array } // (nodes, 8), columns NODE_STATS

/** Value and gradient of one node at one recorded step. */
export interface Detail {
  node: number;
  step: number;
  thumb: { rows: number; cols: number; values: Float32Array } | null;
  shape: number[];
  mean: number;
  std: number;
  lo: number;
  hi: number;
  hist: Float32Array;
  grad: { hist: Float32Array; lo: number; hi: number; mean: number; std: number } | null;
  saved: [name: string, bytes: number][];
}

/** `node`: key is the node's id as text; `param`: the parameter's name; `module`: the module's path. */
export interface Selection { kind: "node" | "param" | "module"; key: string }

export interface Ui {
  hoverStep: number | null;
  pinnedStep: number | null; // null: live
  selected: Selection | null;
  folded: ReadonlySet<string>; // "panel:loss", "module:blocks"
  inspectorOpen: boolean;
  lossScale: "log" | "linear";
  theme: string; // auto, light, dark
  lit: Trail | null; // nodes lit as one trail, with the edges between them
  smoothing: number | null; // EMA factor, 0: none, null: chosen by the length of the run
}

/** A way through the graph, such as a NaN's from where it was born to the loss; `title` says what it is. */
export interface Trail { nodes: number[]; title: string }

/** connected: a kernel talks; disconnected: it did; static: a saved page. */
export type Connection = "connected" | "disconnected" | "static";

/** Counters that grow when that part changed, so that a panel can skip a drawing. */
export interface Versions {
  status: number;
  series: number;
  params: number;
  probes: number;
  graph: number;
  stats: number;
  details: number;
  ui: number;
}

export interface State {
  run: RunInfo | null;
  status: Status;
  controls: Controls;
  lr: LearningRate;
  coach: Coach | null;
  level: Level;
  panels: string[] | null; // null: all
  series: Series[];
  epochs: [epoch: number, step: number][];
  params: Parameter[];
  probes: Probes;
  graph: GraphDescription | null;
  graphStats: GraphStats | null;
  details: Map<number, Detail>;
  error: RunError | null;
  connection: Connection;
  connectionWhy: string;
  silent: boolean; // a ping stayed unanswered while the cell runs: messages do not get through
  ui: Ui;
  versions: Versions;
}

const GHOSTS = 3; // earlier runs kept beside the present one
const GHOST_POINTS = 20_000;

const noStatus = (): Status => ({ state: "waiting", step: 0, epoch: null, total: null, rate: null, eta: null, seconds: 0, message: "", line: null });

function emptyState(connection: Connection): State {
  return {
    run: null, status: noStatus(), controls: { live: false, why: "" }, lr: { value: null, suggested: null }, coach: null, level: "health", panels: null,
    series: [], epochs: [], params: [], probes: new Probes(), graph: null, graphStats: null, details: new Map(), error: null,
    connection, connectionWhy: "", silent: false,
    ui: { hoverStep: null, pinnedStep: null, selected: null, folded: new Set(), inspectorOpen: false, lossScale: "log", theme: "auto", lit: null, smoothing: null },
    versions: { status: 0, series: 0, params: 0, probes: 0, graph: 0, stats: 0, details: 0, ui: 0 },
  };
}

export class Store {
  readonly state: State;
  /** Number of the last frame taken; -1 before the first. */
  seq = -1;
  private readonly listeners = new Set<() => void>();
  private readonly own = new WeakSet<Series>(); // ghosts made here
  private ghostId = -1_000_000;

  constructor(connection: Connection = "connected") {
    this.state = emptyState(connection);
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Take a frame. Returns false when frames are missing before it: ask the kernel for a snapshot. */
  apply(frame: Frame, buffers: Bytes[]): boolean {
    const snapshot = frame.kind === "snapshot";
    if (!snapshot && frame.seq !== this.seq + 1) return false;
    this.seq = frame.seq;
    const newRun = frame.run !== undefined && frame.run.id !== this.state.run?.id;
    if (newRun) this.startRun();
    else if (snapshot) this.forget();
    if (this.state.connection === "disconnected") this.connect();
    this.take(frame, buffers);
    this.changed();
    return true;
  }

  /** Take a packed snapshot; an empty one, or one older than what is known, changes nothing. */
  load(packed: Bytes | Unpacked | null): void {
    const found = packed !== null && "frame" in packed ? packed : packed && unpack(packed);
    if (found === null || found.frame.seq <= this.seq) return;
    this.apply({ ...found.frame, kind: "snapshot" }, found.buffers);
  }

  disconnect(why: string): void {
    if (this.state.connection !== "connected") return;
    this.state.connection = "disconnected";
    this.state.connectionWhy = why;
    this.state.versions.status++;
    this.changed();
  }

  setUi(patch: Partial<Ui>): void {
    Object.assign(this.state.ui, patch);
    this.state.versions.ui++;
    this.changed();
  }

  setSilent(silent: boolean): void {
    if (this.state.silent === silent) return;
    this.state.silent = silent;
    this.state.versions.status++;
    this.changed();
  }

  /** Select (and open the inspector), or clear with null. */
  select(selected: Selection | null): void {
    this.setUi({ selected, inspectorOpen: selected !== null });
  }

  toggleFolded(key: string): void {
    const folded = new Set(this.state.ui.folded);
    if (!folded.delete(key)) folded.add(key);
    this.setUi({ folded });
  }

  private connect(): void {
    this.state.connection = "connected";
    this.state.connectionWhy = "";
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }

  /** The run that ends here stays as a ghost behind the next one. */
  private startRun(): void {
    const state = this.state;
    const main = mainSeries(state);
    const ghosts = state.series.filter((series) => series.role === "ghost");
    this.forget();
    if (main !== null && main.length > 1) ghosts.push(this.ghostOf(main));
    state.series = ghosts.slice(-GHOSTS);
    state.graph = null;
    state.graphStats = null;
    state.versions.graph++;
    state.ui.pinnedStep = state.ui.hoverStep = null;
    if (state.ui.selected?.kind === "node") Object.assign(state.ui, { selected: null, inspectorOpen: false });
    state.versions.ui++;
  }

  private ghostOf(main: Series): Series {
    const ghost = new Series(this.ghostId++, main.name, "ghost");
    this.own.add(ghost);
    const every = Math.ceil(main.length / GHOST_POINTS);
    const pick = <T extends Uint32Array | Float32Array>(list: T): T => list.subarray(0, main.length).filter((_, i) => i % every === 0) as T;
    ghost.append(pick(main.steps), pick(main.values));
    return ghost;
  }

  /** Everything of the run but its graph, which a snapshot of the same run brings anew anyhow. */
  private forget(): void {
    const state = this.state;
    state.status = noStatus();
    state.coach = null;
    state.error = null;
    state.epochs = [];
    state.series = state.series.filter((series) => this.own.has(series));
    state.params = [];
    state.probes.clear(0);
    state.details = new Map();
    for (const key of ["status", "series", "params", "probes", "details"] as const) state.versions[key]++;
  }

  private take(frame: Frame, buffers: Bytes[]): void {
    const { state } = this;
    const { versions } = state;
    for (const key of ["run", "status", "controls", "lr", "coach", "level", "panels", "error"] as const) {
      if (frame[key] === undefined) continue;
      (state as unknown as Record<string, unknown>)[key] = frame[key];
      versions.status++;
    }
    if (frame.epochs) { state.epochs = frame.epochs; versions.series++; }
    if (frame.series) this.takeSeries(frame.series, buffers);
    if (frame.params) { state.params = frame.params.rows; state.probes.clear(state.params.length); versions.params++; versions.probes++; }
    if (frame.probes) {
      const { steps, table, hist, range } = frame.probes;
      state.probes.append(uints(buffers[steps]), floats(buffers[table]), floats(buffers[hist]), floats(buffers[range]));
      versions.probes++;
    }
    if (frame.graph !== undefined) { state.graph = frame.graph; state.graphStats = null; state.details = new Map(); versions.graph++; versions.stats++; versions.details++; }
    if (frame.graph_stats) { state.graphStats = { step: frame.graph_stats.step, table: floats(buffers[frame.graph_stats.table]) }; versions.stats++; }
    for (const detail of frame.details ?? []) { state.details.set(detail.node, readDetail(detail, buffers)); versions.details++; }
  }

  private takeSeries(wire: NonNullable<Frame["series"]>, buffers: Bytes[]): void {
    const { state } = this;
    for (const { id, name, role, steps, values, reset } of wire) {
      let series = state.series.find((one) => one.id === id);
      if (series === undefined) state.series.push((series = new Series(id, name, role)));
      series.name = name;
      series.role = role;
      if (reset) series.clear();
      series.append(uints(buffers[steps]), floats(buffers[values]));
      // The kernel keeps the last run too: then ours of the same run goes.
      const { lastStep } = series;
      if (role === "ghost") state.series = state.series.filter((one) => !this.own.has(one) || one.lastStep !== lastStep);
    }
    state.versions.series++;
  }
}

function readDetail(wire: WireDetail, buffers: Bytes[]): Detail {
  const { thumb, grad, hist, ...plain } = wire;
  return {
    ...plain,
    thumb: thumb && { rows: thumb.rows, cols: thumb.cols, values: floats(buffers[thumb.buf]) },
    hist: floats(buffers[hist]),
    grad: grad && { ...grad, hist: floats(buffers[grad.hist]) },
  };
}

/** The curve that the view is about: the first training series. */
export function mainSeries(state: State): Series | null {
  return state.series.find((series) => series.role === "train") ?? null;
}

/** Whether a click on Pause can have an effect now. */
export function controlsLive(state: State): boolean {
  return state.connection === "connected" && state.controls.live && !state.silent;
}

/** The step every panel shows: hovered, else pinned, else null for the newest. */
export function shownStep(ui: Ui): number | null {
  return ui.hoverStep ?? ui.pinnedStep;
}

/** Rows of `params` that belong to the selection: the parameter itself, a module's, or those a node takes. */
export function selectedRows(state: State): Set<number> {
  const { selected } = state.ui;
  if (selected === null) return new Set();
  const rows = (test: (name: string) => boolean): Set<number> => new Set(state.params.flatMap(({ name }, i) => (test(name) ? [i] : [])));
  if (selected.kind === "param") return rows((name) => name === selected.key);
  if (selected.kind === "module") return rows((name) => name.startsWith(selected.key + "."));
  const { graph } = state;
  const id = Number(selected.key);
  const node = graph?.nodes[id];
  if (!graph || !node) return new Set();
  if (node.kind === "parameter") return rows((name) => name === node.name);
  const operands = new Set(graph.edges.filter(([, dst]) => dst === id).map(([src]) => graph.nodes[src]).filter((src) => src.kind === "parameter").map((src) => src.name));
  return rows((name) => operands.has(name));
}
