// From the state of the view to the scene that the painters draw: what is selected, found, lit, hovered, in trouble.
import { type GraphModel, type Hit, type Spot, troubleOf } from "./graphmodel";
import { findNodes } from "./graphquery";
import type { Change, Scene } from "./graphscene";
import type { GraphCamera } from "./graphview";
import { type Measure, measureWith } from "./marks";
import { Gauge, type Overlay, overlayOf } from "./overlays";
import type { Marks } from "./past";
import { type GraphStats, type State, type Trail, shownStep } from "./store";
import { type Inks, inks } from "./theme";

export class SceneMaker {
  matches: number[] = [];
  match = -1;
  private words = "";
  private searched: unknown[] = [];
  private hovered = -1;
  private twin = -1; // node whose chip is under the pointer
  private gauge: Gauge | null = null;
  private stats: GraphStats | null = null; // of the graph that is shown, which may not be the newest
  private found: Map<number, number> | null = null;
  private foundOf: unknown[] = [];
  private trail: { of: Trail | null; nodes: ReadonlySet<number> | null } = { of: null, nodes: null };
  private diff: { of: unknown[]; boxes: ReadonlyMap<number, Change> | null } = { of: [], boxes: null };
  private troubles: { key: string; of: unknown; found: Map<number, string> } = { key: "", of: null, found: new Map() };
  private measure: { ink: Inks; measure: Measure } | null = null;
  private readonly versions = new Map<string, [value: unknown, version: number]>();

  constructor(private readonly el: HTMLElement) {}

  /** Another picture: what was under the pointer is not any more. */
  forget(): void {
    this.hovered = this.twin = -1;
  }

  /** What is under the pointer; returns its node. */
  hover(hit: Hit | null, model: GraphModel | null): number | null {
    this.hovered = this.twin = -1;
    if (!hit || !model) return null;
    const { items, groups, chips } = model.picture;
    if (hit.kind === "group") return groups[hit.at].node;
    this.hovered = hit.kind === "item" ? hit.at : chips[hit.at].item;
    if (hit.kind === "item") return items[hit.at].node;
    this.twin = chips[hit.at].node;
    return this.twin < 0 ? null : this.twin;
  }

  find(words: string): void {
    this.words = words.trim();
    this.match = -1;
  }

  /** The next node that matches, or the one before; -1 for none. */
  turn(back: boolean, model: GraphModel): number {
    this.search(model, this.stats);
    const { length } = this.matches;
    if (length === 0) return -1;
    this.match = back ? (this.match <= 0 ? length : this.match) - 1 : (this.match + 1) % length;
    return this.matches[this.match];
  }

  make(state: State, model: GraphModel, { camera, width, height }: GraphCamera, overlay: Overlay): Scene {
    if (model.graph === state.graph) this.stats = state.graphStats;
    const { stats } = this;
    if (this.gauge?.overlay !== overlay || this.gauge.picture !== model.picture || this.gauge.stats !== stats) this.gauge = new Gauge(overlay, model, stats);
    const ink = inks(this.el);
    if (this.measure?.ink !== ink) this.measure = { ink, measure: measureWith(document.createElement("canvas").getContext("2d"), ink) };
    const failed = state.error?.node ?? null;
    const { selected, selectedKey, lit } = selection(state, model);
    if (this.twin >= 0) lit.add(this.twin);
    return {
      model, camera, width, height, stats, gauge: this.gauge, selected, selectedKey, lit, hovered: this.hovered < 0 && state.ui.hovered !== null ? model.box(state.ui.hovered) : this.hovered,
      trail: this.words ? null : this.trailOf(state.ui.lit, model), found: this.search(model, stats), diff: this.diffOf(state.ui.diff, model), trouble: this.trouble(state, model),
      failed: failed === null ? -1 : model.box(failed), ink, measure: this.measure.measure,
    };
  }

  /** Changes whenever something but the camera has: what was drawn has to be drawn anew. */
  look(state: State): string {
    const { ui } = state;
    const seen = { gauge: this.gauge, found: this.found, trail: this.words ? null : this.trail.nodes, diff: this.diff.boxes, trouble: this.troubles.found, failed: state.error?.node, selected: ui.selected, ink: this.measure?.ink, twin: this.twin, connection: state.connection };
    return Object.entries(seen).map(([name, value]) => this.version(name, value)).join();
  }

  selectedKeys(state: State, model: GraphModel): Set<string> {
    const { selected } = state.ui;
    if (!selected) return new Set();
    if (selected.kind === "node") return new Set([model.picture.items[model.box(Number(selected.key))]?.key ?? ""]);
    return new Set([selected.key]);
  }

  /** What is said of a box beyond its name: what is wrong, otherwise or lit, and the overlay's number. */
  notes(state: State, scene: Scene): (spot: Spot) => string | null {
    const { model, trouble, failed, diff, gauge } = scene;
    const lit = scene.trail ? model.trailBoxes(scene.trail) : null;
    return ({ kind, at }) => {
      if (kind === "group") return null;
      const change = diff?.get(at);
      const nodes = lit?.get(at) ?? 0;
      const number = gauge.reading(model.picture.items[at]).text;
      const words = [
        trouble.get(at), failed === at && `failed: ${state.error?.message ?? ""}`, change === "mixed" ? "some of it new, gone or changed" : change,
        nodes > 1 ? `${nodes} nodes lit` : nodes === 1 && "lit", number && `${overlayOf(gauge.overlay).heading} ${number}`,
      ].filter(Boolean);
      return words.length > 0 ? words.join("; ") : null;
    };
  }

  private version(name: string, value: unknown): number {
    const known = this.versions.get(name);
    if (known && known[0] === value) return known[1];
    const next = (known?.[1] ?? 0) + 1;
    this.versions.set(name, [value, next]);
    return next;
  }

  private search(model: GraphModel, stats: GraphStats | null): Map<number, number> | null {
    const wanted = [this.words, model.graph, stats];
    if (wanted.some((value, at) => value !== this.searched[at])) {
      this.searched = wanted;
      this.matches = this.words === "" ? [] : findNodes(model.graph, this.words, stats);
      if (model.keep) this.matches = this.matches.filter((node) => model.keep?.has(node));
      this.match = Math.min(this.match, this.matches.length - 1);
      this.foundOf = [];
    }
    if (this.foundOf[0] === this.matches && this.foundOf[1] === model.picture) return this.found;
    this.foundOf = [this.matches, model.picture];
    this.found = this.words === "" ? null : boxesOf(model, this.matches);
    return this.found;
  }

  private trailOf(lit: Trail | null, { graph }: GraphModel): ReadonlySet<number> | null {
    if (this.trail.of !== lit) this.trail = { of: lit, nodes: lit && new Set(lit.nodes.filter((node) => node < graph.nodes.length)) };
    return this.trail.nodes;
  }

  private diffOf(marks: Marks | null, model: GraphModel): ReadonlyMap<number, Change> | null {
    if (this.diff.of[0] === marks && this.diff.of[1] === model.picture) return this.diff.boxes;
    const boxes = new Map<number, Change>();
    const add = (nodes: number[], change: Change): void => {
      for (const node of nodes) {
        const at = model.box(node);
        if (at >= 0) boxes.set(at, boxes.has(at) && boxes.get(at) !== change ? "mixed" : change);
      }
    };
    add(marks?.added ?? [], "new");
    add(marks?.removed ?? [], "gone");
    add(marks?.changed ?? [], "changed");
    this.diff = { of: [marks, model.picture], boxes: boxes.size > 0 ? boxes : null };
    return this.diff.boxes;
  }

  private trouble(state: State, model: GraphModel): Map<number, string> {
    const key = `${state.versions.probes}:${state.versions.params}:${shownStep(state.ui)}`;
    if (this.troubles.key === key && this.troubles.of === model.picture) return this.troubles.found;
    const found = troubleOf(state, model);
    const same = this.troubles.of === model.picture && [...found].join() === [...this.troubles.found].join();
    this.troubles = { key, of: model.picture, found: same ? this.troubles.found : found };
    return this.troubles.found;
  }
}

/** How many of the nodes each box holds; a parameter counts for the boxes that take it. */
function boxesOf(model: GraphModel, nodes: number[]): Map<number, number> {
  const found = new Map<number, number>();
  const chips = new Set<number>();
  const add = (at: number): void => void (at >= 0 && found.set(at, (found.get(at) ?? 0) + 1));
  for (const node of nodes) {
    if (model.box(node) >= 0) add(model.box(node));
    else chips.add(node);
  }
  if (chips.size > 0) for (const [src, dst] of model.tree.edges) if (chips.has(src)) add(model.box(dst));
  return found;
}

/** Boxes of the selection, the key of a selected module, and nodes whose chips are lit. */
function selection(state: State, model: GraphModel): { selected: Set<number>; selectedKey: string | null; lit: Set<number> } {
  const { selected } = state.ui;
  const found = { selected: new Set<number>(), selectedKey: null as string | null, lit: new Set<number>() };
  if (selected?.kind === "param") for (const { id, name, kind } of model.graph.nodes) if (kind === "parameter" && name === selected.key) found.lit.add(id);
  if (selected?.kind === "node") {
    const node = Number(selected.key);
    if (model.box(node) >= 0) found.selected.add(model.box(node));
    else found.lit.add(node);
  }
  if (selected?.kind === "module") {
    found.selectedKey = selected.key;
    model.picture.items.forEach(({ key }, at) => { if (key === selected.key) found.selected.add(at); });
  }
  if (found.lit.size > 0) for (const [src, dst] of model.tree.edges) if (found.lit.has(src) && model.box(dst) >= 0) found.selected.add(model.box(dst));
  return found;
}
