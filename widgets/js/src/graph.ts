// Computation graph: the panel. Small graphs are SVG, large ones a canvas; folding, finding and ways need no kernel.
import { h, setAttr, setText } from "./dom";
import { plural } from "./format";
import { createOverlayChoice, createStrip, createWayButtons, footWords } from "./graphbar";
import { createFinder } from "./graphfind";
import { graphKey } from "./graphkeys";
import type { GraphModel, Hit, Spot } from "./graphmodel";
import { MarkCache, drawGraph } from "./graphpaint";
import { choicesOf } from "./graphquery";
import type { Scene } from "./graphscene";
import { SceneMaker } from "./graphstate";
import { asDrawing } from "./graphsvg";
import { createButtons } from "./graphtools";
import { type GraphTree, createGraphTree, isCrowded, isSmall, overCanvas } from "./graphtree";
import { GraphCamera, watchPointer } from "./graphview";
import { stepFrom } from "./graphwalk";
import { GraphWays } from "./graphways";
import { Layouts, roomFor } from "./graphlayouts";
import { wholeGraph } from "./graphwhole";
import { selectionOf } from "./inspect/subject";
import type { Options } from "./layout";
import { type Place, drawMinimap, minimapPlace } from "./minimap";
import { type Overlay, firstOverlay } from "./overlays";
import type { Actions, Panel } from "./panel";
import { download } from "./picture";
import { createShell } from "./shell";
import { type State, type Store } from "./store";
import { density, fitCanvas } from "./theme";

const ROW = 28; // px above the picture for the overlays
const STRIP = 24; // px below it for the legend
const [LEAST_HIGH, MOST_HIGH] = [212, 474];
const SETTLED_MS = 120;

export function createGraph(store: Store, _actions: Actions): Panel {
  return new GraphPanel(store);
}

class GraphPanel implements Panel {
  readonly el: HTMLElement;
  private readonly shell: ReturnType<typeof createShell>;
  private readonly canvas = h("canvas", { role: "img", "aria-label": "graph: no step yet" });
  private readonly cache = new MarkCache();
  private readonly drawing: GraphTree;
  private readonly boxes = createGraphTree(overCanvas());
  private tree: GraphTree;
  private readonly plot = h("div", { class: "plot" });
  private readonly noneText = h("span");
  private readonly none = h("div", { class: "none" }, this.noneText, ...Array.from({ length: 5 }, () => h("i", { "aria-hidden": "true" })));
  private readonly strip = createStrip();
  private readonly camera = new GraphCamera();
  private readonly layouts: Layouts;
  private readonly scenes: SceneMaker;
  private readonly ways: GraphWays;
  private readonly finder: ReturnType<typeof createFinder>;
  private readonly choice: ReturnType<typeof createOverlayChoice>;
  private readonly wayButtons: ReturnType<typeof createWayButtons>;
  private readonly row: HTMLElement;
  private chosen: Overlay | null = null;
  private frame = 0;
  private still: ReturnType<typeof setTimeout> | undefined;
  private drawn = "";
  private anew = true; // boxes and edges look otherwise than they were drawn
  private hovered = -1;
  private lit: unknown = null;

  constructor(private readonly store: Store) {
    this.shell = createShell(store, "graph", "Computation graph", "Computation graph");
    this.el = this.shell.el;
    this.drawing = createGraphTree(asDrawing(this.cache, () => this.anew));
    this.tree = this.drawing;
    this.scenes = new SceneMaker(this.el);
    this.layouts = new Layouts(this.camera, () => this.changed());
    this.ways = new GraphWays(store, this.layouts, this.camera, () => this.scenes.forget());
    const schedule = (): void => this.schedule();
    this.finder = createFinder({
      find: (words) => { this.scenes.find(words); schedule(); },
      next: (back) => this.nextMatch(back),
      leave: () => { this.tree.focus(this.tree.current); schedule(); },
      choices: () => (this.model ? choicesOf(this.model.graph, this.store.state.graphStats) : []),
    });
    this.choice = createOverlayChoice((overlay) => this.setOverlay(overlay));
    this.wayButtons = createWayButtons(() => { this.ways.pick(); schedule(); }, () => { this.ways.toggleFocus(this.selectedNodes(), this.options(null)); schedule(); });
    this.row = h("div", { class: "row2" }, this.choice.el, h("span", { class: "gap" }), this.wayButtons.el);
    const buttons = createButtons({ fit: () => this.fit(), unfold: (open) => this.unfoldAll(open), save: () => this.save() });
    this.shell.tools.append(this.finder.el, buttons);
    this.plot.append(this.tree.el);
    this.shell.body.append(this.row, this.canvas, this.plot, this.none, this.strip.el);
    this.plot.addEventListener("scroll", () => this.scrolled());
    this.plot.addEventListener("keydown", (event) => this.keys(event));
    this.plot.addEventListener("focusin", () => this.showFocused());
    this.plot.addEventListener("focusout", () => this.store.setUi({ hovered: null }));
    watchPointer(this.plot, this.camera, {
      model: () => this.model,
      changed: schedule,
      settle: () => this.scrolled(),
      hover: (hit) => this.hover(hit),
      click: (x, y, more) => this.click(x, y, more),
      fold: (key) => this.fold(key),
      minimap: () => this.minimapPlace(),
    });
  }

  private get model(): GraphModel | null {
    return this.layouts.model;
  }

  summary(state: State): string {
    return state.graph === null ? "" : plural(state.graph.ops, "op");
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.still);
    this.layouts.cancel();
    this.el.remove();
  }

  draw(state: State): void {
    const { graph } = state;
    setText(this.shell.count, graph === null ? "" : plural(graph.ops, "op"));
    if (!this.shell.fold(state, this.summary(state))) return;
    this.canvas.hidden = this.plot.hidden = graph === null; // the plot tells how much room there is
    if (graph === null) this.layouts.clear();
    else this.take(state);
    const { failed } = this.layouts;
    const empty = this.model?.picture.items.length === 0;
    this.strip.el.hidden = this.row.hidden = this.shell.tools.hidden = this.model === null || empty; // nothing to act on
    this.none.hidden = this.model !== null && !empty && failed === "";
    this.none.classList.toggle("empty", empty);
    setText(this.noneText, failed ? `no picture: ${failed}` : graph === null ? "the graph appears here" : empty ? "Nothing to draw: no operation made this tensor." : `laying out ${plural(graph.nodes.length, "node")} …`);
    this.paint(state);
  }

  // ── state ──

  /** A new graph keeps what the user opened, and the camera; while it is laid out the one before it stays. */
  private take(state: State): void {
    const width = this.plot.clientWidth;
    if (state.graph !== null && state.graph !== this.layouts.goal) {
      this.ways.move(state.graph);
      this.layouts.show(state.graph, this.options(null));
    }
    const { model } = this;
    if (model === null || width === 0) return;
    this.layouts.fit(this.options(model));
    // a small graph takes the place that it needs, not the whole of what it may have
    const high = Math.ceil(Math.min(MOST_HIGH, Math.max(LEAST_HIGH, model.picture.height + 8 + STRIP + ROW)));
    this.el.style.setProperty("--graph-height", `${high}px`);
    this.camera.resize(width, this.plot.clientHeight, model);
  }

  private readonly options = (model: GraphModel | null): Options => roomFor(this.plot.clientWidth, model);

  /** Another picture is there. */
  private changed(): void {
    this.scenes.forget();
    this.schedule();
  }

  private schedule(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw(this.store.state);
    });
  }

  private get overlay(): Overlay {
    return this.chosen ?? firstOverlay(this.store.state.graphStats);
  }

  private setOverlay(overlay: Overlay): void {
    this.chosen = overlay;
    this.schedule();
  }

  // ── drawing ──

  private paint(state: State): void {
    const { model, camera } = this;
    const [width, height] = [this.plot.clientWidth, this.plot.clientHeight];
    if (model === null || width === 0 || height === 0) return;
    const scene = this.scenes.make(state, model, camera, this.overlay);
    this.choice.draw(this.overlay, state.graphStats !== null);
    this.wayButtons.draw(state.ui.selected !== null, this.ways.picking, this.ways.focus !== null);
    this.finder.draw(this.scenes.matches.length, this.scenes.match);
    this.strip.draw(scene.gauge.legend(), this.ways.words() || footWords(state, model, this.layouts.busy), this.ways.buttons(this.options(null), () => this.schedule()));
    setAttr(this.canvas, "aria-label", `graph with ${model.graph.nodes.length} nodes, ${model.picture.shown} shown${camera.camera.scale < 0.45 ? ", zoomed out" : ""}`);
    this.showLit(state, scene);
    const look = this.scenes.look(state);
    const key = [look, width, height, ...Object.values(camera.camera), density(), scene.hovered].join();
    this.anew = this.cache.renew(scene, look);
    this.choosePainter(model);
    const small = this.tree === this.drawing;
    if (small || !isCrowded(scene)) this.drawTree(state, scene, this.anew || scene.hovered !== this.hovered);
    else this.drawWhenStill(state, scene);
    this.hovered = scene.hovered;
    if (key === this.drawn) return;
    this.drawn = key;
    const ctx = fitCanvas(this.canvas, width, height);
    if (ctx === null) return;
    if (!small) drawGraph(ctx, scene, this.cache);
    const map = this.minimapPlace();
    if (map) drawMinimap(ctx, map, model, camera.camera, height, scene.ink);
  }

  /** SVG for what has few boxes, else the canvas; the focus goes along. */
  private choosePainter(model: GraphModel): void {
    const next = isSmall(model) ? this.drawing : this.boxes;
    if (next === this.tree) return;
    const { focused, current } = this.tree;
    this.tree.el.replaceWith(next.el);
    this.tree = next;
    this.anew = true;
    if (focused) next.focus(current);
  }

  private drawTree(state: State, scene: Scene, anew: boolean): void {
    this.tree.draw(scene, this.scenes.selectedKeys(state, scene.model), this.scenes.notes(state, scene), anew);
  }

  private drawWhenStill(state: State, scene: Scene): void {
    clearTimeout(this.still);
    if (this.drawn === "") this.drawTree(state, scene, true);
    this.still = setTimeout(() => this.model === scene.model && this.drawTree(state, scene, true), SETTLED_MS);
  }

  /** A trail that was just lit, out of sight: go to its beginning. */
  private showLit(state: State, { model, trail }: Scene): void {
    if (this.lit === state.ui.lit) return;
    this.lit = state.ui.lit;
    const items = [...(trail ? model.trailBoxes(trail).keys() : [])].sort((a, b) => a - b).map((at) => model.picture.items[at]);
    if (items.length > 0 && !items.some((item) => this.camera.shows(item))) this.showBox(items[0].x - items[0].w / 2, items[0].y, items[0].w, items[0].h);
  }

  private minimapPlace(): Place | null {
    return this.model && minimapPlace(this.model, this.camera);
  }

  private save(): void {
    const canvas = this.model && wholeGraph(this.scenes.make(this.store.state, this.model, this.camera, this.overlay));
    if (canvas) void download(canvas, `${this.store.state.run?.name || "graph"}-graph.png`);
  }

  // ── what the user does ──

  private hover(hit: Hit | null): void {
    const node = this.scenes.hover(hit, this.model);
    if (node !== this.store.state.ui.hovered) this.store.setUi({ hovered: node });
    this.plot.classList.toggle("over", hit !== null);
    this.schedule();
  }

  private click(x: number, y: number, more: boolean): void {
    const { model } = this;
    const hit = model?.hit(...this.camera.toPicture(x, y));
    if (!model || !hit) return;
    if (hit.kind === "chip") {
      const { node } = model.picture.chips[hit.at];
      if (node >= 0 && !this.ways.reach([node], more)) this.choose(node);
    } else {
      const thing = hit.kind === "item" ? model.picture.items[hit.at] : model.picture.groups[hit.at];
      this.tree.focus(thing.key);
      if (hit.fold && !more) this.fold(thing.key);
      else this.select(hit, more);
    }
    this.schedule();
  }

  /** Select a parameter by its name, anything else by its node. */
  private choose(node: number): void {
    this.store.select(selectionOf((this.model as GraphModel).graph.nodes[node]));
  }

  private select(spot: Spot, more = false): void {
    const model = this.model as GraphModel;
    const { kind, at } = spot;
    if (this.ways.reach(model.nodesAt(spot), more)) return;
    const thing = kind === "item" ? model.picture.items[at] : model.picture.groups[at];
    const module = model.block(model.picture.items[at])?.kind === "module" || kind === "group";
    if (module && thing.kind === "module") this.store.select({ kind: "module", key: model.graph.modules[thing.module].path });
    else this.store.select({ kind: "node", key: String(thing.node) });
  }

  private selectedNodes(): number[] {
    return this.model ? this.ways.nodesOf(this.store.state.ui.selected) : [];
  }

  private fold(key: string): void {
    const { model } = this;
    if (!model) return;
    model.toggle(key);
    this.tree.focus(key);
    this.layouts.place(this.options(model));
  }

  private unfoldAll(open: boolean): void {
    const { model } = this;
    if (!model) return;
    if (open) model.expandAll();
    else model.collapseAll();
    this.layouts.place(this.options(model), !open);
  }

  private fit(): void {
    if (this.model) this.camera.fit(this.model);
    this.schedule();
  }

  private nextMatch(back: boolean): void {
    const { model } = this;
    const match = model ? this.scenes.turn(back, model) : -1;
    if (!model || match < 0) return;
    let node = match;
    if (model.box(node) < 0) node = model.graph.edges.find(([src]) => src === node)?.[1] ?? node; // a chip: the box that it belongs to
    if (model.box(node) < 0) return;
    const show = (): void => {
      const item = model.picture.items[model.box(node)];
      this.showBox(item.x - item.w / 2, item.y, item.w, item.h);
    };
    if (model.picture.items[model.box(node)].foldable) {
      model.reveal(node);
      this.layouts.place(this.options(model), false, show);
    } else show();
    this.choose(match);
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

  private showFocused(): void {
    const { model } = this;
    const spot = model?.spot(this.tree.current);
    if (!spot || !model) return;
    this.store.setUi({ hovered: model.nodesAt(spot).at(-1) ?? null });
    if (spot.kind === "item") {
      const { x, y, w, h: high } = model.picture.items[spot.at];
      this.showBox(x - w / 2, y, w, high);
    } else this.showBox(0, model.picture.groups[spot.at].y, 0, 20);
  }

  private keys(event: KeyboardEvent): void {
    const { model } = this;
    if (!model || event.ctrlKey || event.metaKey || event.altKey) return;
    const spot = model.spot(this.tree.current);
    const { width, height } = this.camera;
    const done = graphKey(event, {
      select: () => spot && this.select(spot),
      fold: () => this.fold(this.foldKey(model, spot)),
      fit: () => this.fit(),
      zoom: (factor) => this.camera.zoom(factor, width / 2, height / 2, model),
      unfold: (open) => this.unfoldAll(open),
      save: () => this.save(),
      path: () => spot && this.ways.pathFrom(model.nodesAt(spot)),
      around: (by) => this.around(model, spot, by),
      overlay: (id) => this.setOverlay(id),
      walk: (key) => this.walk(key, model, spot),
      leave: () => this.ways.leave(),
    });
    if (!done) return;
    event.preventDefault();
    event.stopPropagation();
    this.schedule();
  }

  /** Only what is around the box with the focus; where that is shown already, a step more or less of it. */
  private around(model: GraphModel, spot: Spot | null, by: 1 | -1): void {
    if (this.ways.focus) this.ways.widen(by, this.options(null));
    else if (spot) this.ways.focusOn(model.nodesAt(spot), this.options(null));
  }

  /** Space folds what has the focus; on an op, the module around it. */
  private foldKey(model: GraphModel, spot: Spot | null): string {
    if (spot?.kind === "item") {
      const item = model.picture.items[spot.at];
      return item.foldable ? item.key : item.parent;
    }
    return this.tree.current;
  }

  /** A step with an arrow key, Home or End. */
  private walk(key: string, model: GraphModel, spot: Spot | null): void {
    const goal = stepFrom(model, spot, key);
    if (goal !== "") {
      this.tree.focus(goal);
      this.showFocused();
    } else if (key === "ArrowRight" && spot?.kind === "item" && model.picture.items[spot.at].foldable) this.fold(model.picture.items[spot.at].key);
  }
}
