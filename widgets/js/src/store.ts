// All that one live view knows: what the kernel said, and what the user chose. Panels read it, and only the store writes it.
import { type Batch, readBatch } from "./inspect/batch";
import { type CoachUi, newCoachUi, told } from "./coachstate";
import { readGraph } from "./graphwire";
import { type Detail, readDetail, sameDetails } from "./inspect/detail";
import { Tables } from "./inspect/tables";
import { type Marks, type Moment, Past, carry, marksOf, tally } from "./past";
import { mainSeries } from "./selectors";
import { Probes, Series } from "./series";
import { choiceAt, trailOf } from "./stops";
import {
  type Birth, type Bytes, type Coach, type Controls, type Frame, type GraphDescription, type LearningRate, type Level, type Parameter,
  type RunError, type RunInfo, type Status, type Stop, type Unpacked, type WireMoment, floats, uints, unpack,
} from "./protocol";

export { controlsLive, hoveredRows, isActive, isComing, mainSeries, selectedRows, shownStep } from "./selectors";
export { type Detail, Probes, Series };

export interface GraphStats { step: number; table: Float32Array; batch?: Batch | null } // (nodes, 8), columns NODE_STATS

/** `node`: key is the node's id as text; `param`: the parameter's name; `module`: the module's path. */
export interface Selection { kind: "node" | "param" | "module"; key: string }

export interface Ui {
  hoverStep: number | null;
  pinnedStep: number | null; // null: live
  selected: Selection | null;
  hovered: number | null; // the node under the pointer or the focus
  folded: ReadonlySet<string>; // "panel:loss", "module:blocks"
  inspectorOpen: boolean;
  lossScale: "log" | "linear";
  theme: string; // auto, light, dark
  diff: Marks | null; // nodes of the shown graph that are new, gone or changed
  lit: Trail | null; // nodes lit as one trail, with the edges between them
  coach: CoachUi;
  smoothing: number | null; // EMA factor, 0: none, null: chosen by the length of the run
}

/** A way through the graph, such as a NaN's from where it was born to the loss; `title` says what it is. */
export interface Trail { nodes: number[]; title: string }

/** An earlier step is on the screen: graph, statistics and values are those of recorded step `step`, for step `asked`. */
export interface Travel { asked: number; step: number | null; waiting: boolean }

/** connected: a kernel talks; disconnected: it did; static: a saved page. */
export type Connection = "connected" | "disconnected" | "static";

/** Counters that grow when that part changed, so that a panel can skip a drawing. */
export type Versions = Record<"status" | "series" | "params" | "probes" | "graph" | "stats" | "details" | "ui", number>;

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
  travel: Travel | null; // null: graph, graphStats and details are the newest
  error: RunError | null;
  stop: Stop | null; // where a breakpoint holds the run
  birth: Birth | null; // where its loss stopped being finite
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
    series: [], epochs: [], params: [], probes: new Probes(), graph: null, graphStats: null, details: new Map(), travel: null, error: null, stop: null, birth: null,
    connection, connectionWhy: "", silent: false,
    ui: { hoverStep: null, pinnedStep: null, selected: null, hovered: null, folded: new Set(), inspectorOpen: false, lossScale: "log", theme: "auto", diff: null, lit: null, coach: newCoachUi(), smoothing: null },
    versions: { status: 0, series: 0, params: 0, probes: 0, graph: 0, stats: 0, details: 0, ui: 0 },
  };
}

export class Store {
  readonly state: State;
  /** Number of the last frame taken; -1 before the first. */
  seq = -1;
  /** Recorded steps that can be shown. */
  readonly past = new Past();
  /** Statistics of nodes at all recorded steps that were told. */
  readonly tables = new Tables();
  private live: { graph: GraphDescription | null; version: number; stats: GraphStats | null; details: Map<number, Detail>; marks: Marks | null } = { graph: null, version: -1, stats: null, details: new Map(), marks: null };
  private shown: Moment | null = null; // null: live
  private gaveUp = false; // the kernel does not answer: show what is known
  private chosen: { id: number; in: Moment | null } | null = null; // the node that was selected, and in which graph
  private readonly listeners = new Set<() => void>();
  private readonly own = new WeakSet<Series>(); // ghosts made here
  private ghostId = -1_000_000;

  constructor(connection: Connection = "connected") {
    this.state = emptyState(connection);
  }

  /** The version of the graph that is shown. */
  get version(): number { return this.shown?.version ?? this.live.version; }

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
    if (found === null) return;
    if (found.frame.seq <= this.seq) return this.loadHistory(found); // the rest is known
    this.apply({ ...found.frame, kind: "snapshot" }, found.buffers);
  }

  disconnect(why: string): void {
    if (this.state.connection !== "connected") return;
    this.state.connection = "disconnected";
    this.state.connectionWhy = why;
    this.state.versions.status++;
    this.travel();
    this.changed();
  }

  setUi(patch: Partial<Ui>): void {
    Object.assign(this.state.ui, patch);
    this.state.versions.ui++;
    if (patch.selected !== undefined) this.chosen = patch.selected?.kind === "node" ? { id: Number(patch.selected.key), in: this.shown } : null;
    if (patch.pinnedStep !== undefined) this.travel();
    this.changed();
  }

  /** The recorded step that the kernel should be asked for; null when the one to be shown is known. */
  wish(node: number | null): { step: number; node: number | null } | null {
    const step = this.state.ui.pinnedStep;
    if (step === null) return null;
    const known = this.past.answered(step);
    return known === null || (node !== null && known === this.shown && !known.details.has(node)) ? { step, node } : null;
  }

  /** The kernel's answer to a wish. */
  takeMoment(wire: WireMoment, buffers: Bytes[]): void {
    if (wire.run !== this.state.run?.id) return;
    if (wire.step === undefined || wire.version === undefined) return this.giveUp();
    if (wire.graph) this.past.learn(wire.version, readGraph(wire.graph));
    const details = new Map<number, Detail | null>();
    if (wire.node !== undefined) details.set(wire.node, wire.detail ? readDetail(wire.detail, buffers) : null);
    const table = floats(buffers[wire.stats ?? -1]);
    this.tables.add(wire.version, { step: wire.step, table });
    this.past.add(wire.asked, { step: wire.step, version: wire.version, stats: { step: wire.step, table, batch: readBatch(wire.batch, buffers) }, details, since: wire.since, newest: wire.newest });
    this.gaveUp = false;
    this.travel();
    this.changed();
  }

  /** The kernel does not answer: the nearest step that is known has to do. */
  giveUp(): void {
    this.gaveUp = true;
    this.travel();
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
    this.past.clear();
    this.tables.clear();
    this.live = { graph: null, version: -1, stats: null, details: new Map(), marks: null };
    state.stop = state.birth = state.ui.lit = null;
    state.ui.coach = newCoachUi();
    state.ui.pinnedStep = state.ui.hoverStep = state.ui.hovered = null;
    this.shown = this.chosen = null;
    this.showLive();
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
    this.live.details = new Map();
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
    if (frame.coach) state.ui.coach = told(state.ui.coach, frame.coach);
    if (frame.epochs) { state.epochs = frame.epochs; versions.series++; }
    if (frame.series) this.takeSeries(frame.series, buffers);
    if (frame.params) { state.params = frame.params.rows; state.probes.clear(state.params.length); versions.params++; versions.probes++; }
    if (frame.probes) {
      const { steps, table, hist, range } = frame.probes;
      state.probes.append(uints(buffers[steps]), floats(buffers[table]), floats(buffers[hist]), floats(buffers[range]));
      versions.probes++;
    }
    this.takeGraph(frame, buffers);
    if (frame.history) this.remember(frame.history, buffers);
    this.travel();
    if (frame.stop !== undefined) this.takeStop(frame.stop);
    if (frame.birth !== undefined) this.takeBirth(frame.birth);
  }

  /** The newest graph and its numbers; what is shown is another matter. */
  private takeGraph(frame: Frame, buffers: Bytes[]): void {
    const { live } = this;
    if (frame.graph !== undefined) {
      const graph = frame.graph && readGraph(frame.graph);
      this.live = { graph, version: frame.graph_version ?? live.version + 1, stats: null, details: new Map(), marks: frame.marks ? { ...frame.marks, title: tally(frame.marks) } : null };
      if (graph !== null) this.past.learn(this.live.version, graph);
    }
    if (frame.graph_stats) this.live.stats = { step: frame.graph_stats.step, table: floats(buffers[frame.graph_stats.table]), batch: readBatch(frame.graph_stats.batch, buffers) };
    if (this.live.stats !== null) this.tables.add(this.live.version, this.live.stats);
    for (const detail of frame.details ?? []) this.live.details = new Map(this.live.details).set(detail.node, readDetail(detail, buffers));
  }

  private loadHistory({ frame, buffers }: Unpacked): void {
    if (frame.history === undefined || frame.run?.id !== this.state.run?.id) return;
    this.remember(frame.history, buffers);
    this.travel();
    this.changed();
  }

  private remember(history: NonNullable<Frame["history"]>, buffers: Bytes[]): void {
    for (const { version, stats } of this.past.load(history, buffers)) this.tables.add(version, stats);
  }

  // ── time ──

  /** Show the step that is pinned, as well as it is known; or the newest. */
  private travel(): void {
    const { state, past } = this;
    const asked = state.ui.pinnedStep;
    const before = this.shown;
    if (asked === null || (past.length === 0 && !this.mayAsk())) {
      this.shown = null;
      state.travel = null;
    } else {
      const answer = past.answered(asked);
      const waiting = answer === null && this.mayAsk();
      this.shown = answer ?? (waiting ? before : past.nearest(asked));
      state.travel = { asked, step: this.shown?.step ?? null, waiting };
    }
    if (this.shown === null) this.showLive();
    else this.showMoment(this.shown);
    if (before?.version !== this.shown?.version) this.reselect();
  }

  private mayAsk(): boolean {
    return this.state.connection === "connected" && !this.gaveUp && !this.state.silent;
  }

  private showLive(): void {
    const { graph, version, stats, details, marks } = this.live;
    const kept = stats === null ? null : this.past.at(stats.step, version); // the newest step, as it came with the page
    this.show(graph, stats, kept === null || kept.details.size === 0 ? details : new Map([...known(kept), ...details]), marks);
  }

  private showMoment(moment: Moment): void {
    const details = new Map<number, Detail>();
    const same = moment.version === this.live.version;
    for (const [node, detail] of known(moment)) details.set(node, detail.saved.length === 0 && same ? { ...detail, saved: this.live.details.get(node)?.saved ?? [] } : detail);
    this.show(this.past.graphs.get(moment.version) ?? null, moment.stats, details, marksOf(moment));
  }

  private show(graph: State["graph"], stats: GraphStats | null, details: Map<number, Detail>, diff: Marks | null): void {
    const { state } = this;
    const { versions, ui } = state;
    if (state.graph !== graph) { state.graph = graph; versions.graph++; }
    if (state.graphStats?.table !== stats?.table) { state.graphStats = stats; versions.stats++; }
    if (!sameDetails(state.details, details)) { state.details = details; versions.details++; }
    if (ui.diff?.title !== diff?.title) { ui.diff = diff; versions.ui++; }
  }

  /** Another graph is shown: the node that was chosen has another number there, or is not there at all. */
  private reselect(): void {
    const { ui, versions } = this.state;
    ui.hovered = null;
    if (this.chosen === null) return;
    const id = carry(this.chosen.id, this.chosen.in, this.shown);
    ui.selected = id === null ? null : { kind: "node", key: String(id) };
    versions.ui++;
  }

  private takeStop(stop: Stop | null): void {
    const { state } = this;
    const before = state.stop;
    if (before?.number === stop?.number) return;
    state.stop = stop;
    state.versions.status++;
    this.setUi(choiceAt(stop, before, state.ui));
  }

  /** The way that a NaN took is lit once, when it becomes known. */
  private takeBirth(birth: Birth | null): void {
    const { state } = this;
    if (birth?.path.join() === state.birth?.path.join() && birth?.text === state.birth?.text) return;
    state.birth = birth;
    state.versions.status++;
    if (birth !== null) this.setUi({ lit: trailOf(birth) });
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

const known = (moment: Moment): [number, Detail][] => [...moment.details].filter((entry): entry is [number, Detail] => entry[1] !== null);
