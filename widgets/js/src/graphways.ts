// Paths and neighbourhoods as the user asks for them: choosing two ends, lighting what lies between, showing only what is around.
import { count, plural } from "./format";
import type { StripButton } from "./graphbar";
import type { Layouts } from "./graphlayouts";
import { matchNodes } from "./graphmatch";
import type { GraphModel } from "./graphmodel";
import { Ways, titleOf } from "./graphtrail";
import type { Camera } from "./graphscene";
import type { GraphCamera } from "./graphview";
import { nodesOf } from "./inspect/subject";
import type { Options } from "./layout";
import type { GraphDescription } from "./protocol";
import type { Selection, Store, Trail } from "./store";

const AGAIN_MS = 700; // Esc twice within this time leaves the neighbourhood
const STEPS = 2;
const FARTHEST = 40;
const ALL_OPEN = 60; // nodes of a neighbourhood that is shown unfolded

interface Focus { seeds: number[]; steps: number; whole: GraphModel; camera: Camera; home: boolean }

export class GraphWays {
  picking = false;
  focus: Focus | null = null;
  private from: number[] = [];
  private ways: { of: GraphDescription; ways: Ways } | null = null;
  private escaped = -Infinity;
  private known: Trail | null = null; // the trail as of the last graph

  constructor(private readonly store: Store, private readonly layouts: Layouts, private readonly camera: GraphCamera, private readonly forget: () => void) {}

  /** A new graph comes: what is lit moves along with its nodes, a neighbourhood is left. */
  move(graph: GraphDescription): void {
    const before = this.layouts.goal;
    const { lit } = this.store.state.ui;
    this.picking = false;
    this.focus = null;
    if (before && lit && lit === this.known && before.signature !== graph.signature) {
      const nodes = matchNodes(before, graph);
      const left = lit.nodes.flatMap((node) => nodes.get(node) ?? []);
      this.store.setUi({ lit: left.length > 1 ? { nodes: left, title: lit.title } : null });
    }
    this.known = this.store.state.ui.lit;
  }

  // ── a path ──

  /** Begin at what is selected: the next box that is chosen is the other end. Once more: never mind. */
  pick(): void {
    this.from = this.nodesOf(this.store.state.ui.selected);
    this.picking = !this.picking && this.from.length > 0;
  }

  /** With the key: from what is selected to here; where that is here, or nothing, begin here. */
  pathFrom(here: number[]): void {
    const selected = this.nodesOf(this.store.state.ui.selected);
    if (this.picking) this.reach(here, false);
    else if (selected.length > 0 && !here.some((node) => selected.includes(node))) this.light(selected, here);
    else [this.picking, this.from] = [true, here];
  }

  /** These are the other end, if one is wanted (`more`: Shift says so). Returns whether. */
  reach(goal: number[], more: boolean): boolean {
    const from = this.picking ? this.from : more ? this.nodesOf(this.store.state.ui.selected) : [];
    if (from.length === 0) return false;
    this.picking = false;
    this.light(from, goal);
    return true;
  }

  private light(from: number[], goal: number[]): void {
    const graph = this.graph();
    if (!graph) return;
    const found = this.between(graph).between(from, goal);
    const title = titleOf(found, graph, [this.name(from), this.name(goal)], (node) => this.name([node]));
    this.known = { nodes: [...found.nodes], title };
    this.store.setUi({ lit: this.known });
  }

  // ── a neighbourhood ──

  toggleFocus(seeds: number[], options: Options): void {
    if (this.focus) this.unfocus();
    else this.focusOn(seeds, options);
  }

  /** Only what is near these nodes. */
  focusOn(seeds: number[], options: Options): void {
    const whole = this.layouts.model;
    if (!whole || seeds.length === 0) return;
    this.focus = { seeds, steps: STEPS, whole: this.focus?.whole ?? whole, camera: this.focus?.camera ?? this.camera.camera, home: this.focus?.home ?? this.camera.atHome };
    this.showNear(options);
  }

  /** A step more of it, or less. */
  widen(by: 1 | -1, options: Options): void {
    if (!this.focus) return;
    this.focus = { ...this.focus, steps: Math.min(FARTHEST, Math.max(1, this.focus.steps + by)) };
    this.showNear(options);
  }

  private showNear(options: Options): void {
    const { focus } = this;
    if (!focus) return;
    const { graph } = focus.whole;
    const keep = this.between(graph).around(focus.seeds, focus.steps);
    this.layouts.show(graph, options, { keep, opened: keep.size <= ALL_OPEN ? "all" : null });
  }

  unfocus(): void {
    const { focus } = this;
    if (!focus) return;
    this.focus = null;
    if (focus.whole.graph !== this.store.state.graph) return;
    this.layouts.back(focus.whole);
    this.camera.camera = focus.camera;
    this.camera.atHome = focus.home;
    this.forget();
  }

  // ── leaving, and what is said ──

  /** Esc: leave what is on top; twice in a row leaves the neighbourhood. Returns whether there was something. */
  leave(): boolean {
    const again = Date.now() - this.escaped < AGAIN_MS;
    this.escaped = Date.now();
    if (this.picking) this.picking = false;
    else if (this.store.state.ui.lit) this.store.setUi({ lit: null });
    else if (again && this.focus) this.unfocus();
    else return false;
    return true;
  }

  words(): string {
    const graph = this.graph();
    const { lit } = this.store.state.ui;
    if (this.picking && graph) return `path from ${this.name(this.from)} to …: choose a box`;
    if (lit) return lit.title;
    const { focus } = this;
    if (!focus || !graph) return "";
    return `${plural(focus.steps, "step")} around ${this.name(focus.seeds)}: ${count(this.layouts.model?.tree.order.length ?? 0)} of ${plural(graph.ops, "op")}`;
  }

  buttons(options: Options, changed: () => void): StripButton[] {
    const button = (name: string, text: string, act: () => void): StripButton => ({ name, text, act: () => { act(); changed(); } });
    const found: StripButton[] = [];
    if (this.picking) return [button("Cancel path", "Cancel", () => { this.picking = false; })];
    if (this.focus && !this.store.state.ui.lit) found.push(button("Fewer steps", "−", () => this.widen(-1, options)), button("More steps", "+", () => this.widen(1, options)));
    if (this.store.state.ui.lit) found.push(button("Clear trail", "Clear", () => this.store.setUi({ lit: null })));
    if (this.focus) found.push(button("Whole graph", "Whole graph", () => this.unfocus()));
    return found;
  }

  /** The nodes that a selection means. */
  nodesOf(selected: Selection | null): number[] {
    const graph = this.graph();
    return graph ? nodesOf(graph, selected).map(({ id }) => id) : [];
  }

  /** What these nodes are called: by their last one, as a box is. */
  private name(nodes: readonly number[]): string {
    return (this.focus?.whole ?? this.layouts.model)?.title(nodes[nodes.length - 1]) ?? "";
  }

  private graph(): GraphDescription | null {
    return this.layouts.model?.graph ?? null;
  }

  private between(graph: GraphDescription): Ways {
    if (this.ways?.of !== graph) this.ways = { of: graph, ways: new Ways(graph) };
    return this.ways.ways;
  }
}
