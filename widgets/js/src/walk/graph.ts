// The picture: laid out once an episode, drawn anew where something changed, the current step kept in sight.
import { h, icon, s, setAttr, setText } from "../dom";
import type { Block } from "./data";
import { type Detail, drawBack, drawBracket, drawCircle, drawForth, drawSpot, spotName } from "./drawing";
import { backState, spotState, unitState } from "./graphstate";
import type { Pane } from "./header";
import { type Key, type Model, keyOf } from "./model";
import type { Player } from "./player";
import { BRACKET_HEIGHT, type Box, type Bracket, type Circle, type Scene, type Spot, type Wire, layOut } from "./scene";
import { Viewport } from "./viewport";

const EYE = "M1.5 7c2.6-4.6 8.4-4.6 11 0-2.6 4.6-8.4 4.6-11 0zM7 5.2a1.8 1.8 0 1 0 .01 0z";
const LEAST_HEIGHT = 236;
const MOST_HEIGHT = 440;

/** What is drawn of a thing, and over it the box that keyboard, pointer and screen reader meet. */
interface Part { g: SVGGElement; look: string; box: SVGRectElement | null }

export function createGraph(player: Player): Pane {
  return new Graph(player);
}

class Graph implements Pane {
  readonly el: HTMLElement;
  private readonly box = h("div", { class: "wbox" });
  private readonly svg = s("svg", {});
  private readonly world = s("g", {});
  private readonly layers = { wires: s("g", {}), brackets: s("g", {}), spots: s("g", {}), circles: s("g", {}) };
  private readonly boxes = s("g", { class: "boxes" });
  private readonly eye = s(
    "g", { class: "eye", "aria-hidden": "true" }, s("title", {}, "Hide or show (H)"), s("rect", { width: 18, height: 16, rx: 2 }),
    s("path", { d: EYE, transform: "translate(2 1)" }),
  );
  private readonly parts = new Map<string, Part>();
  private seen = new Set<string>(); // parts of this drawing
  private readonly hide: HTMLButtonElement;
  private readonly tools: HTMLElement;
  private readonly count = h("span", { class: "dim small" });
  private readonly view: Viewport;
  private readonly meaning = h("span", { class: "meaning" });
  private scene: Scene | null = null;
  private sceneKey = "";
  private current = ""; // the part that has the one tab stop
  private offered: Spot | null = null; // the matrix under the pointer
  private heights = new Map<string, number>();

  constructor(private readonly player: Player) {
    this.view = new Viewport(this.box, () => this.scene, () => this.draw());
    const tool = (label: string, title: string, path: string, press: () => void): HTMLButtonElement => h(
      "button", { type: "button", class: "btn i", "aria-label": label, title, onclick: press }, icon(14, path),
    );
    this.hide = h(
      "button",
      {
        type: "button", class: "btn q ask", "aria-pressed": "false",
        title: "Ask first: what a step brings is hidden until somebody predicts or reveals it. H on a matrix hides that one.",
        onclick: () => player.set({ hideNew: !player.state.hideNew }),
      },
      icon(14, `${EYE}M2.5 12L11.5 2`), "Hide new",
    );
    this.tools = h(
      "span", { class: "tools" }, tool("Zoom out", "Zoom out", "M3 7h8", () => this.view.zoom(1 / 1.3)),
      tool("Zoom in", "Zoom in", "M3 7h8M7 3v8", () => this.view.zoom(1.3)),
      tool("Fit graph", "The whole graph (0)", "M2 5V2h3M9 2h3v3M12 9v3H9M5 12H2V9", () => this.view.fit()),
    );
    const legend = h("span", { class: "leg", "aria-hidden": "true" }, h("i", { class: "sw v" }), "value →\u2002", h("i", { class: "sw g" }), "gradient ←", this.meaning);
    this.svg.append(this.world);
    this.world.append(s("g", { "aria-hidden": "true" }, ...Object.values(this.layers)), this.boxes, this.eye);
    this.box.append(this.svg);
    this.el = h(
      "div", { class: "wg" },
      h("div", { class: "cap" }, h("span", {}, "graph"), this.count, legend, this.hide, this.tools),
      this.box,
    );
    this.svg.addEventListener("click", (event) => this.press(event));
    this.svg.addEventListener("keydown", (event) => this.keys(event as KeyboardEvent));
    this.svg.addEventListener("pointerover", (event) => this.offer(event.target as Element));
    this.svg.addEventListener("pointerleave", () => this.offer(null));
    this.svg.addEventListener("focusin", (event) => this.stop((event.target as Element).getAttribute("data-key") ?? ""));
    this.offer(null);
  }

  draw(): void {
    const { state, model } = this.player;
    setAttr(this.hide, "aria-pressed", String(state.hideNew));
    const scene = this.layout();
    const episode = model.episodeAt(state.step);
    const few = model.episodes.length > 1 && episode ? `pass ${episode.index + 1} of ${model.episodes.length}` : "";
    setText(this.count, few);
    const loss = model.lossAt(state.step);
    setText(this.meaning, loss === "" ? "" : `∂h is short for ∂${loss}/∂h`);
    this.look(scene);
    this.paint(scene);
  }

  /** The scene of the episode on screen at the pane's width; its height is kept for all steps. */
  private layout(): Scene {
    const { model, state } = this.player;
    const episode = model.episodeAt(state.step) ?? { index: -1, from: 0, to: 0, back: Infinity, ops: [] };
    const { w } = this.view.size();
    const key = `${episode.index}:${w}:${[...state.folded].join()}`;
    if (this.scene && key === this.sceneKey) return this.scene;
    const before = this.sceneKey.split(":");
    this.sceneKey = key;
    this.scene = layOut(model.walk, episode.ops, model.step(episode.back)?.op ?? null, state.folded, w, finalGrad(model, episode));
    if (before[0] !== String(episode.index) || before[1] !== String(w)) this.view.reset();
    this.keepHeight(w);
    return this.scene;
  }

  /** The pane is as high as the highest of all pictures needs, within bounds, and stays so. */
  private keepHeight(w: number): void {
    const { model, state } = this.player;
    const key = `${w}`;
    if (!this.heights.has(key)) {
      const first = model.episodes.slice(0, 3).map((episode) => layOut(model.walk, episode.ops.slice(0, 400), null, state.folded, w, finalGrad(model, episode)).h);
      this.heights.set(key, Math.min(MOST_HEIGHT, Math.max(LEAST_HEIGHT, this.scene?.h ?? 0, ...first)));
    }
    this.box.style.setProperty("--h", `${this.heights.get(key)}px`);
  }

  /** Move the camera as little as the step needs. */
  private look(scene: Scene): void {
    const op = this.player.model.step(this.player.state.step)?.op ?? null;
    const units = new Set(scene.units.flatMap((unit, at) => (op !== null && unit.ops.includes(op) ? [at] : [])));
    const { x, y, scale } = this.view.look(scene, units, `${this.player.state.step}:${this.sceneKey}`);
    const { w, h: high } = this.view.size();
    setAttr(this.svg, "width", String(w));
    setAttr(this.svg, "height", String(high));
    setAttr(this.world, "transform", `translate(${Math.round(x)} ${Math.round(y)}) scale(${Math.round(scale * 1000) / 1000})`);
  }

  /** Draw what is there at the step and near the window; take away what is not. */
  private paint(scene: Scene): void {
    this.seen = new Set();
    const inSight = this.view.sight();
    for (const wire of scene.wires) this.paintWire(scene, wire, inSight);
    for (const bracket of scene.brackets) if (inSight({ ...bracket, h: BRACKET_HEIGHT })) this.paintBracket(bracket);
    for (const spot of scene.spots) if (inSight(spot.grad ? join(spot, spot.grad) : spot)) this.paintSpot(spot);
    for (const circle of scene.circles) if (inSight(circle)) this.paintCircle(scene, circle);
    for (const [key, { g, box }] of this.parts) {
      if (this.seen.has(key)) continue;
      g.remove();
      box?.remove();
      this.parts.delete(key);
    }
    this.oneStop();
  }

  private paintWire(scene: Scene, wire: Wire, inSight: (box: Box) => boolean): void {
    if (!inSight(bounds(wire.forth)) || !unitState(this.player, scene, scene.circles[wire.unit]).shown) return;
    const back = backState(this.player, scene, wire);
    this.part(this.layers.wires, wire.key, back, () => [...(back === "" ? [] : drawBack(wire, back)), ...drawForth(wire)]);
  }

  private paintBracket(bracket: Bracket): void {
    const { model, state } = this.player;
    const { group: { key, label, cls, ops }, folded, x, y, w } = bracket;
    if (!ops.some((op) => (model.forwardOf.get(op) ?? -1) <= state.step)) return;
    const left = Math.round(-this.view.camera.x / this.view.camera.scale);
    this.part(this.layers.brackets, `b${key}`, `${x},${folded},${Math.max(x, left)}`, () => drawBracket(bracket, left));
    const box = { x, y, w: Math.max(w, 40), h: BRACKET_HEIGHT };
    this.name(`b${key}`, box, `${label} (module ${cls}, ${ops.length} ops)`, ops.length > 1 ? String(!folded) : null);
  }

  private paintSpot(spot: Spot): void {
    const { player, view: { camera: { scale } } } = this;
    const { model, state: { step } } = player;
    const state = spotState(player, spot);
    if (!state.shown) return;
    const detail: Detail = scale >= 0.55 ? "all" : scale >= 0.3 ? "some" : "few";
    const look = JSON.stringify([{ ...state, moved: state.moved !== null }, model.gradStep(spot.value, step), detail, spot.x, spot.y]);
    this.part(this.layers.spots, spot.key, look, () => drawSpot(model, spot, state, step, detail));
    if (spot.kind !== "chip") this.name(spot.key, spot, spotName(model, spot, state, step), null);
  }

  private paintCircle(scene: Scene, circle: Circle): void {
    const state = unitState(this.player, scene, circle);
    if (!state.shown) return;
    const { symbol, group } = scene.units[circle.unit];
    this.part(this.layers.circles, circle.key, `${JSON.stringify(state)}${circle.cx},${circle.cy}`, () => drawCircle(scene, circle, state));
    const label = group === null ? `${symbol} (op${state.now ? ", current step" : ""})` : `${symbol} (module, folded)`;
    this.name(circle.key, circle, label, group === null ? null : "false", state.now !== "");
  }

  /** The element of a part, filled anew when its look has changed. */
  private part(layer: SVGGElement, key: string, look: string, make: () => SVGElement[]): void {
    this.seen.add(key);
    const scene = `${this.sceneKey}|${look}`;
    let part = this.parts.get(key);
    if (part === undefined) {
      part = { g: s("g", { "data-key": key }), look: "", box: null };
      this.parts.set(key, part);
      layer.append(part.g);
    }
    if (part.look !== scene) {
      part.look = scene;
      part.g.replaceChildren(...make());
    }
  }

  /** The treeitem of a part: where it is and what it is called. */
  private name(key: string, { x, y, w, h: high }: Box, label: string, expanded: string | null, current = false): void {
    const part = this.parts.get(key)!;
    if (part.box === null) {
      part.box = s("rect", { role: "treeitem", "data-key": key, tabindex: -1 });
      this.boxes.append(part.box);
    }
    const { box } = part;
    for (const [name, value] of [["x", x], ["y", y], ["width", w], ["height", high]] as const) setAttr(box, name, String(value));
    setAttr(box, "aria-label", label);
    setAttr(box, "aria-expanded", expanded);
    setAttr(box, "aria-current", current ? "step" : null);
  }

  private items(): SVGElement[] {
    return [...this.boxes.querySelectorAll<SVGElement>("[role=treeitem]")].sort((a, b) => this.middle(a) - this.middle(b));
  }

  private middle(g: Element): number {
    const key = g.getAttribute("data-key") ?? "";
    const { scene } = this;
    const place = scene?.circles.find((circle) => circle.key === key) ?? scene?.spots.find((spot) => spot.key === key) ?? scene?.brackets.find((bracket) => `b${bracket.group.key}` === key);
    return place ? place.x * 10_000 + place.y : 0;
  }

  private oneStop(): void {
    const none = this.boxes.childElementCount === 0; // a tree must have items
    setAttr(this.svg, "role", none ? "img" : "tree");
    setAttr(this.svg, "aria-label", none ? "Graph, nothing in it yet" : "Graph");
    if (!this.parts.get(this.current)?.box) this.current = this.items()[0]?.getAttribute("data-key") ?? "";
    for (const [key, { box }] of this.parts) if (box) setAttr(box, "tabindex", key === this.current ? "0" : "-1");
  }

  private stop(key: string): void {
    if (key === "" || key === this.current) return;
    this.current = key;
    this.oneStop();
  }

  /** The eye that hides a matrix, at the upper right of the one under the pointer. */
  private offer(over: Element | null): void {
    if (over !== null && this.eye.contains(over)) return;
    const key = over?.closest("[data-key]")?.getAttribute("data-key");
    const spot = this.scene?.spots.find((one) => one.key === key && one.kind !== "chip");
    this.offered = spot ?? null;
    setAttr(this.eye, "visibility", spot ? "visible" : "hidden");
    if (spot) setAttr(this.eye, "transform", `translate(${spot.x + spot.w - 9} ${spot.y - 12})`);
  }

  private press(event: Event): void {
    if (this.eye.contains(event.target as Node) && this.offered) {
      this.toggle(this.offered.value);
      return;
    }
    const key = (event.target as Element).closest("[data-key]")?.getAttribute("data-key");
    if (key && !this.view.dragged) this.open(key, (event as MouseEvent).altKey);
  }

  /** Go to the step of a node; fold or open a module. */
  private open(key: string, hide: boolean): void {
    const { player, scene } = this;
    const { model, state } = player;
    const spot = scene?.spots.find((one) => one.key === key);
    const circle = scene?.circles.find((one) => one.key === key);
    const bracket = scene?.brackets.find((one) => `b${one.group.key}` === key);
    if (bracket && bracket.group.ops.length > 1) player.toggleFold(bracket.group.key);
    else if (circle && scene!.units[circle.unit].group !== null) player.toggleFold(scene!.units[circle.unit].group!);
    else if (circle) this.goTo(scene!.units[circle.unit].ops[0]);
    else if (spot && (hide || player.isHidden("value", spot.value) || player.isHidden("grad", spot.value))) this.toggle(spot.value);
    else if (spot) {
      const grad = model.gradStep(spot.value, state.step);
      const made = model.madeAt(spot.value);
      if (made >= 0) player.go(state.step === made && grad >= 0 ? grad : made);
    }
  }

  /** An op's forward step; from there (or when it is on screen already) its backward step. */
  private goTo(op: number): void {
    const { model, state } = this.player;
    const forward = model.forwardOf.get(op) ?? -1;
    const backward = model.backwardOf.get(op)?.at(-1) ?? -1;
    const wanted = state.step === forward && backward >= 0 ? backward : forward;
    if (wanted >= 0) this.player.go(wanted);
  }

  /** Hide or show what a spot has: its gradient once that is known, else its value. */
  private toggle(value: number): void {
    const { player } = this;
    const { model, state } = player;
    const hidden = (["value", "grad"] as const).filter((of) => player.isHidden(of, value));
    const of = hidden[0] ?? (model.gradAt(value, state.step) !== null && model.step(state.step)?.phase === "backward" ? "grad" : "value");
    player.toggleHidden(keyOf(of, value) satisfies Key);
  }

  private keys(event: KeyboardEvent): void {
    const items = this.items();
    const at = items.findIndex((item) => item.getAttribute("data-key") === this.current);
    const key = event.key;
    if (key === "ArrowDown" || key === "ArrowUp") focus(items[at + (key === "ArrowDown" ? 1 : -1)]);
    else if (key === "Enter") this.open(this.current, false);
    else if (key === "h" || key === "H") {
      const spot = this.scene?.spots.find((one) => one.key === this.current);
      if (spot === undefined) return;
      this.toggle(spot.value);
    } else if (key === "0") this.view.fit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** Gradients as they stand at the end of an episode: they say how much room to keep. */
const finalGrad = (model: Model, { from, to }: { from: number; to: number }) => (value: number): Block | null => (model.gradStep(value, to) >= from ? model.gradAt(value, to) : null);

const focus = (item: SVGElement | undefined): void => item?.focus({ preventScroll: true });

function bounds(points: [number, number][]): Box {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, w: Math.max(...xs) - x + 1, h: Math.max(...ys) - y + 1 };
}

function join(a: Box, b: Box): Box {
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return { x, y, w: Math.max(a.x + a.w, b.x + b.w) - x, h: Math.max(a.y + a.h, b.y + b.h) - y };
}
