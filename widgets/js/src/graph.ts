// Computation graph: the panel. Drawn on a canvas, with a tree of boxes over it; folding and finding need no kernel.
import { h, setAttr, setText } from "./dom";
import { count, plural } from "./format";
import { GraphModel, type Spot, findNodes, troubleOf } from "./graphmodel";
import { type Overlay, type Scene, drawGraph, drawLegend } from "./graphpaint";
import { createButtons, createFinder, createOverlayChoice } from "./graphtools";
import { createGraphTree } from "./graphtree";
import { GraphCamera, watchPointer } from "./graphview";
import { STEPS, stepFrom } from "./graphwalk";
import { type Options, WIDE } from "./layout";
import { MINIMAP, type Place, drawMinimap } from "./minimap";
import type { Actions, Panel } from "./panel";
import { createShell } from "./shell";
import { type State, type Store, shownStep } from "./store";
import { fitCanvas, inks } from "./theme";

const STRIP = 20; // px below the picture for the legend
const NARROW = 540; // below it: no shapes in chips, no minimap
const [LEAST_HIGH, MOST_HIGH] = [180, 474];
const LARGEST = 8192; // px of a saved picture

export function createGraph(store: Store, _actions: Actions): Panel {
  return new GraphPanel(store);
}

class GraphPanel implements Panel {
  readonly el: HTMLElement;
  private readonly shell: ReturnType<typeof createShell>;
  private readonly canvas = h("canvas", { role: "img", "aria-label": "graph: no step yet" });
  private readonly tree = createGraphTree();
  private readonly plot = h("div", { class: "plot" }, this.tree.el);
  private readonly noneText = h("span");
  private readonly none = h("div", { class: "none" }, this.noneText, ...Array.from({ length: 5 }, () => h("i", { "aria-hidden": "true" })));
  private readonly foot = h("div", { class: "foot small dim", "aria-live": "polite" });
  private readonly choice: HTMLElement; // of the numbers on the boxes
  private readonly camera = new GraphCamera();
  private readonly finder: ReturnType<typeof createFinder>;
  private model: GraphModel | null = null;
  private overlay: Overlay = "flow";
  private hovered: Spot | null = null;
  private matches: number[] = [];
  private match = -1;
  private frame = 0;
  private drawn = "";
  private troubles: { key: string; of: unknown; found: Map<number, string> } = { key: "", of: null, found: new Map() };

  constructor(private readonly store: Store) {
    this.shell = createShell(store, "graph", "Computation graph", "Computation graph");
    this.el = this.shell.el;
    this.finder = createFinder((words) => this.find(words), (back) => this.nextMatch(back), () => this.focusCurrent());
    const choice = this.choice = createOverlayChoice((overlay) => { this.overlay = overlay; this.schedule(); });
    const buttons = createButtons({ fit: () => this.fit(), unfold: (open) => this.unfoldAll(open), save: () => void this.save() });
    this.shell.tools.append(this.finder.el, choice, buttons);
    this.shell.body.append(this.canvas, this.plot, this.none, this.foot);
    this.plot.addEventListener("scroll", () => this.scrolled());
    this.plot.addEventListener("keydown", (event) => this.keys(event));
    this.tree.el.addEventListener("focusin", () => this.showFocused());
    this.tree.el.addEventListener("focusout", () => this.store.setUi({ hovered: this.nodeAt(this.hovered) }));
    watchPointer(this.plot, this.camera, {
      model: () => this.model,
      changed: () => this.schedule(),
      settle: () => this.scrolled(),
      hover: (spot) => this.hover(spot),
      click: (x, y) => this.click(x, y),
      fold: (key) => this.fold(key),
      minimap: () => this.minimapPlace(),
    });
  }

  summary(state: State): string {
    return state.graph === null ? "" : plural(state.graph.ops, "op");
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    this.el.remove();
  }

  draw(state: State): void {
    const { graph } = state;
    setText(this.shell.count, graph === null ? "" : plural(graph.ops, "op"));
    if (!this.shell.fold(state, this.summary(state))) return;
    this.none.hidden = graph !== null;
    this.canvas.hidden = this.plot.hidden = this.foot.hidden = this.shell.tools.hidden = graph === null;
    if (graph === null) {
      setText(this.noneText, "the graph appears here");
      this.model = null;
      return;
    }
    this.choice.hidden = state.graphStats === null;
    this.take(state);
    this.paint(state);
  }

  picture(): Promise<HTMLCanvasElement | null> {
    return Promise.resolve(this.model ? this.whole(this.store.state) : null);
  }

  // ── state ──

  /** A new graph keeps what the user opened, and the camera. */
  private take(state: State): void {
    const { graph } = state;
    const width = this.plot.clientWidth;
    if (graph !== null && this.model?.graph !== graph) {
      const before = this.model;
      this.model = new GraphModel(graph, before?.touched ? before.opened : null, this.options(width, null));
      this.hovered = null;
      if (this.finder.words()) this.matches = findNodes(graph, this.finder.words());
      if (before === null || before.graph.signature !== graph.signature) this.camera.atHome ||= before === null;
    }
    if (this.model === null || width === 0) return;
    if (this.model.setOptions(this.options(width, this.model))) this.camera.settle(this.model);
    // a small graph takes the place that it needs, not the whole of what it may have
    this.el.style.setProperty("--graph-height", `${Math.ceil(Math.min(MOST_HIGH, Math.max(LEAST_HIGH, this.model.picture.height + 8 + STRIP)))}px`);
    this.camera.resize(width, this.plot.clientHeight, this.model);
  }

  /** A narrow panel gives its whole width to the rows; groups around groups need some of it for their frames. */
  private options(width: number, model: GraphModel | null): Options {
    if (width === 0 || width >= NARROW) return WIDE;
    const frames = 10 * (model ? Math.max(0, ...model.picture.groups.map(({ nest }) => nest)) : 1);
    return { left: Math.max(150, Math.round(width * 0.46) - frames - 1), right: Math.max(150, Math.round(width * 0.54) - frames - 1), chipShapes: false };
  }

  private schedule(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.paint(this.store.state);
    });
  }

  // ── drawing ──

  private paint(state: State): void {
    const { model, camera } = this;
    const [width, height] = [this.plot.clientWidth, this.plot.clientHeight];
    if (model === null || width === 0 || height === 0) return;
    const scene = this.scene(state, model);
    const { versions } = state;
    const key = [versions.graph, versions.stats, versions.probes, versions.params, versions.ui, state.error?.node, state.connection, state.status.state, width, height, Object.values(camera.camera), this.overlay, this.hovered?.kind, this.hovered?.at, this.finder.words(), this.match, scene.ink.ink, scene.ink.grad, globalThis.devicePixelRatio, [...model.opened].length, model.picture.items.length].join();
    setAttr(this.canvas, "aria-label", `graph with ${model.graph.nodes.length} nodes, ${model.picture.shown} shown${camera.camera.scale < 0.45 ? ", zoomed out" : ""}`);
    const notes = new Map([...scene.trouble].map(([at, words]) => [model.picture.items[at].key, words]));
    if (scene.failed >= 0) notes.set(model.picture.items[scene.failed].key, `failed: ${state.error?.message ?? ""}`);
    this.tree.draw(model, camera.camera, height, this.selectedKeys(state), notes);
    if (key === this.drawn) return;
    this.drawn = key;
    const ctx = fitCanvas(this.canvas, width, height + STRIP);
    if (ctx === null) return;
    ctx.save();
    ctx.beginPath();
    ctx.rect(0, 0, width, height);
    ctx.clip();
    drawGraph(ctx, scene);
    const map = this.minimapPlace();
    if (map) drawMinimap(ctx, map, model, camera.camera, height, scene.ink);
    ctx.restore();
    drawLegend(ctx, height + STRIP / 2, this.overlay, state.graphStats !== null, scene.ink);
    setText(this.foot, this.footText(model));
    this.foot.style.right = `${map ? MINIMAP.width + 8 : 0}px`;
  }

  private scene(state: State, model: GraphModel): Scene {
    const { selected } = state.ui;
    const failed = state.error?.node ?? null;
    const lit = new Set<number>();
    const items = new Set<number>();
    let selectedKey: string | null = null;
    if (selected?.kind === "param") for (const { id, name, kind } of model.graph.nodes) if (kind === "parameter" && name === selected.key) lit.add(id);
    if (selected?.kind === "node") {
      const node = Number(selected.key);
      if (model.box(node) >= 0) items.add(model.box(node));
      else lit.add(node);
    }
    if (selected?.kind === "module") {
      selectedKey = selected.key;
      model.picture.items.forEach(({ key }, at) => { if (key === selected.key) items.add(at); });
    }
    if (lit.size > 0) for (const [src, dst] of model.graph.edges) if (lit.has(src) && model.box(dst) >= 0) items.add(model.box(dst));
    return {
      model, camera: this.camera.camera, width: this.camera.width, height: this.camera.height, stats: state.graphStats, overlay: this.overlay,
      selected: items, selectedKey, lit, hovered: this.hovered?.kind === "item" ? this.hovered.at : -1,
      found: this.finder.words() ? new Set(this.matches.map((node) => model.box(node))) : null,
      trouble: this.trouble(state, model), failed: failed === null ? -1 : model.box(failed), ink: inks(this.el),
    };
  }

  private trouble(state: State, model: GraphModel): Map<number, string> {
    const key = `${state.versions.probes}:${state.versions.params}:${shownStep(state.ui)}`;
    if (this.troubles.key !== key || this.troubles.of !== model.picture) this.troubles = { key, of: model.picture, found: troubleOf(state, model) };
    return this.troubles.found;
  }

  private selectedKeys(state: State): Set<string> {
    const { model } = this;
    const { selected } = state.ui;
    if (!model || !selected) return new Set();
    if (selected.kind === "node") return new Set([model.picture.items[model.box(Number(selected.key))]?.key ?? ""]);
    return new Set([selected.key]);
  }

  private footText(model: GraphModel): string {
    if (this.finder.words()) {
      if (this.matches.length === 0) return "nothing found";
      return this.match < 0 ? `${count(this.matches.length)} found` : `${count(this.match + 1)} of ${count(this.matches.length)}`;
    }
    const { folded } = model.picture;
    const { graphStats, status, ui } = this.store.state;
    if (ui.diff !== null) return ui.diff.title;
    if (graphStats !== null && status.state !== "running" && graphStats.step !== status.step) return `numbers of step ${count(graphStats.step)}`;
    return folded > 0 ? `${plural(model.graph.ops, "op")}, ${count(folded)} folded` : plural(model.graph.ops, "op");
  }

  private minimapPlace(): Place | null {
    const { model, camera } = this;
    if (!model || camera.width < NARROW || camera.height < 320) return null;
    const free = camera.camera.x + (model.picture.norms + 6) * camera.camera.scale <= camera.width - MINIMAP.width;
    const whole = model.picture.height * camera.camera.scale + camera.camera.y <= camera.height && camera.camera.y >= 0;
    return free && (model.picture.folded > 0 || !whole) ? { x: camera.width - MINIMAP.width, y: camera.height - MINIMAP.height } : null;
  }

  /** The whole picture, not only what is on the screen. */
  private whole(state: State): HTMLCanvasElement | null {
    const { model } = this;
    if (model === null) return null;
    const { x0, x1, height } = model.picture;
    const [wide, high] = [x1 - x0 + 16, height + 16 + STRIP];
    const scale = Math.min(2, LARGEST / wide, LARGEST / high);
    const canvas = document.createElement("canvas");
    canvas.width = Math.ceil(wide * scale);
    canvas.height = Math.ceil(high * scale);
    const ctx = canvas.getContext("2d");
    if (ctx === null) return null;
    const scene = this.scene(state, model);
    ctx.fillStyle = scene.ink.bg;
    ctx.fillRect(0, 0, canvas.width, canvas.height);
    drawGraph(ctx, { ...scene, camera: { x: (8 - x0) * scale, y: 8 * scale, scale }, width: canvas.width, height: canvas.height, hovered: -1, found: null });
    ctx.scale(scale, scale);
    drawLegend(ctx, high - STRIP / 2, this.overlay, state.graphStats !== null, scene.ink);
    return canvas;
  }

  private async save(): Promise<void> {
    const canvas = this.whole(this.store.state);
    const blob = canvas && (await new Promise<Blob | null>((done) => canvas.toBlob(done)));
    if (!blob) return;
    const url = URL.createObjectURL(blob);
    h("a", { href: url, download: `${this.store.state.run?.name || "graph"}-graph.png` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  // ── what the user does ──

  private hover(spot: Spot | null): void {
    if (spot?.kind === this.hovered?.kind && spot?.at === this.hovered?.at) return;
    this.hovered = spot;
    this.store.setUi({ hovered: this.nodeAt(spot) });
    this.plot.classList.toggle("over", spot !== null);
    this.schedule();
  }

  private nodeAt(spot: Spot | null): number | null {
    if (spot === null || this.model === null) return null;
    const { items, groups } = this.model.picture;
    return (spot.kind === "item" ? items[spot.at] : groups[spot.at])?.node ?? null;
  }

  private click(x: number, y: number): void {
    const { model } = this;
    const hit = model?.hit(...this.camera.toPicture(x, y));
    if (!model || !hit) return;
    if (hit.kind === "chip") {
      const { node } = model.picture.chips[hit.at];
      if (node >= 0) this.choose(node);
      return;
    }
    const thing = hit.kind === "item" ? model.picture.items[hit.at] : model.picture.groups[hit.at];
    this.tree.focus(thing.key);
    if (hit.fold) this.fold(thing.key);
    else this.select(hit);
    this.schedule();
  }

  /** Select a parameter by its name, anything else by its node. */
  private choose(node: number): void {
    const { kind, name } = (this.model as GraphModel).graph.nodes[node];
    this.store.select(kind === "parameter" && name ? { kind: "param", key: name } : { kind: "node", key: String(node) });
  }

  private select({ kind, at }: Spot): void {
    const model = this.model as GraphModel;
    const thing = kind === "item" ? model.picture.items[at] : model.picture.groups[at];
    const module = model.block(model.picture.items[at])?.kind === "module" || kind === "group";
    if (module && thing.kind === "module") this.store.select({ kind: "module", key: model.graph.modules[thing.module].path });
    else this.store.select({ kind: "node", key: String(thing.node) });
  }

  private fold(key: string): void {
    const { model } = this;
    if (!model) return;
    model.toggle(key);
    this.refold(model);
    this.tree.focus(key);
  }

  private refold(model: GraphModel): void {
    model.setOptions(this.options(this.plot.clientWidth, model));
    this.hovered = null;
    this.camera.settle(model);
    this.schedule();
  }

  private unfoldAll(open: boolean): void {
    const { model } = this;
    if (!model) return;
    if (open) model.expandAll();
    else model.collapseAll();
    this.refold(model);
    if (!open) this.camera.home(model);
  }

  private fit(): void {
    if (this.model) this.camera.fit(this.model);
    this.schedule();
  }

  private find(words: string): void {
    this.matches = this.model ? findNodes(this.model.graph, words) : [];
    this.match = -1;
    this.schedule();
  }

  private nextMatch(back: boolean): void {
    const { model, matches } = this;
    if (!model || matches.length === 0) return;
    this.match = back ? (this.match <= 0 ? matches.length : this.match) - 1 : (this.match + 1) % matches.length;
    let node = matches[this.match];
    if (model.box(node) < 0) node = model.graph.edges.find(([src]) => src === node)?.[1] ?? node; // a chip: the box that it belongs to
    if (model.box(node) < 0) return;
    if (model.picture.items[model.box(node)].foldable) {
      model.reveal(node);
      this.refold(model);
    }
    const item = model.picture.items[model.box(node)];
    this.showBox(item.x - item.w / 2, item.y, item.w, item.h);
    this.choose(matches[this.match]);
  }

  private showBox(left: number, top: number, width: number, height: number): void {
    if (this.model) this.camera.reveal({ left, top, right: left + width, bottom: top + height }, this.model);
    this.schedule();
  }

  /** Something (a screen reader, a script) scrolled a box into view: the camera goes there instead. */
  private scrolled(): void {
    const { scrollLeft, scrollTop } = this.plot;
    if (!this.model || (scrollLeft === 0 && scrollTop === 0)) return;
    this.plot.scrollTo(0, 0);
    this.camera.pan(-scrollLeft, -scrollTop, this.model);
    this.paint(this.store.state);
  }

  private focusCurrent(): void {
    this.tree.focus(this.tree.current);
    this.schedule();
  }

  private showFocused(): void {
    const spot = this.spot(this.tree.current);
    const { model } = this;
    if (!spot || !model) return;
    this.store.setUi({ hovered: this.nodeAt(spot) });
    if (spot.kind === "item") {
      const { x, y, w, h: high } = model.picture.items[spot.at];
      this.showBox(x - w / 2, y, w, high);
    } else this.showBox(0, model.picture.groups[spot.at].y, 0, 20);
  }

  private spot(key: string): Spot | null {
    const { model } = this;
    if (!model) return null;
    const item = model.picture.items.findIndex((one) => one.key === key);
    if (item >= 0) return { kind: "item", at: item };
    const group = model.picture.groups.findIndex((one) => one.key === key);
    return group >= 0 ? { kind: "group", at: group } : null;
  }

  private keys(event: KeyboardEvent): void {
    const { model } = this;
    if (!model || event.ctrlKey || event.metaKey || event.altKey) return;
    const spot = this.spot(this.tree.current);
    const { width, height } = this.camera;
    const centre = [width / 2, height / 2] as const;
    if (event.key === "Enter" && spot) this.select(spot);
    else if (event.key === " ") this.fold(this.foldKey(model, spot));
    else if (event.key === "0") this.camera.fit(model);
    else if (event.key === "+" || event.key === "=") this.camera.zoom(1.25, ...centre, model);
    else if (event.key === "-") this.camera.zoom(0.8, ...centre, model);
    else if (event.key === "e" || event.key === "E") this.unfoldAll(true);
    else if (event.key === "c" || event.key === "C") this.unfoldAll(false);
    else if (event.key === "s" || event.key === "S") void this.save();
    else if (!this.walk(event.key, model, spot)) return;
    event.preventDefault();
    event.stopPropagation();
    this.schedule();
  }

  /** Space folds what has the focus; on an op, the module around it. */
  private foldKey(model: GraphModel, spot: Spot | null): string {
    if (spot?.kind === "item") {
      const item = model.picture.items[spot.at];
      return item.foldable ? item.key : item.parent;
    }
    return this.tree.current;
  }

  /** Take a step with an arrow key, Home or End; false for any other key. */
  private walk(key: string, model: GraphModel, spot: Spot | null): boolean {
    if (!STEPS.has(key)) return false;
    const goal = stepFrom(model, spot, key);
    if (goal !== "") {
      this.tree.focus(goal);
      this.showFocused();
    } else if (key === "ArrowRight" && spot?.kind === "item" && model.picture.items[spot.at].foldable) this.fold(model.picture.items[spot.at].key);
    return true;
  }
}
