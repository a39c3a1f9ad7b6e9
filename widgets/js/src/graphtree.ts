// The boxes that keyboard, pointer and screen reader meet: one tree, either drawn itself (SVG) or laid over the canvas.
import { h, hasFocus, setAttr } from "./dom";
import { groupName, itemName, type GraphModel, type Spot } from "./graphmodel";
import type { Camera, Scene } from "./graphscene";

export const MOST = 300; // treeitems at once; of a larger picture those on the screen

/** What a tree is made of. */
export interface Skin {
  readonly el: Element; // in which all of it is
  readonly tree: Element; // whose children are the treeitems
  make(): Element;
  /** The part's place, and whatever of it is drawn. */
  dress(part: Element, scene: Scene, spot: Spot): void;
  /** Everything that is not a part, and the camera. */
  frame(scene: Scene): void;
}

export interface GraphTree {
  el: Element;
  /** Put the boxes where they are drawn. `selected`: keys; `note`: what else is said of one; `anew`: they look otherwise. */
  draw(scene: Scene, selected: ReadonlySet<string>, note: (spot: Spot) => string | null, anew: boolean): void;
  /** Move the focus (and the one tab stop) to a box. */
  focus(key: string): void;
  readonly current: string;
  readonly focused: boolean;
}

type Part = Element & { tabIndex: number; dataset: DOMStringMap; focus(options?: FocusOptions): void };

export function createGraphTree(skin: Skin): GraphTree {
  const { tree } = skin;
  const parts = new Map<string, Part>();
  let spots = new Map<string, Spot>();
  let picture: unknown = null;
  let shown = "";
  let current = "";
  let wanted = "";

  const draw = (scene: Scene, selected: ReadonlySet<string>, note: (spot: Spot) => string | null, anew: boolean): void => {
    const { model, camera, height } = scene;
    skin.frame(scene);
    const all = isSmall(model);
    const top = -camera.y / camera.scale;
    const range = all ? "" : `${Math.round(top / 100)}:${Math.round(height / camera.scale / 100)}`;
    if (picture !== model.picture || range !== shown) {
      picture = model.picture;
      shown = range;
      fill(scene, all ? model.spots() : visible(model, top, top + height / camera.scale, current));
    } else if (anew) for (const [key, part] of parts) skin.dress(part, scene, spots.get(key) as Spot);
    for (const [key, part] of parts) {
      setAttr(part, "aria-selected", String(selected.has(key)));
      setAttr(part, "aria-description", note(spots.get(key) as Spot));
    }
    if (wanted !== "" && parts.has(wanted)) {
      parts.get(wanted)?.focus({ preventScroll: true });
      wanted = "";
    }
  };

  const fill = (scene: Scene, list: Spot[]): void => {
    const { model } = scene;
    const focused = hasFocus(tree);
    const before = new Map(parts);
    parts.clear();
    spots = new Map();
    const elements = list.map((spot) => {
      const key = keyOf(model, spot);
      const part = before.get(key) ?? (skin.make() as Part);
      name(part, model, spot, key);
      skin.dress(part, scene, spot);
      parts.set(key, part);
      spots.set(key, spot);
      return part;
    });
    if (!parts.has(current)) current = nearest(model, current, parts);
    for (const [key, part] of parts) setAttr(part, "tabindex", key === current ? "0" : "-1");
    if (elements.length !== tree.children.length || elements.some((part, at) => tree.children[at] !== part)) tree.replaceChildren(...elements);
    if (focused) parts.get(current)?.focus({ preventScroll: true });
  };

  tree.addEventListener("focusin", (event) => {
    const part = (event.target as Element).closest<Part>("[data-key]");
    const key = part?.dataset.key;
    if (!part || key === undefined) return;
    const before = parts.get(current);
    if (before) setAttr(before, "tabindex", "-1");
    current = key;
    setAttr(part, "tabindex", "0");
  });

  return {
    el: skin.el,
    draw,
    focus(key) {
      wanted = key;
      current = key;
    },
    get current() {
      return current;
    },
    get focused() {
      return hasFocus(tree);
    },
  };
}

/** Few enough boxes that each is an element of its own. */
export function isSmall({ picture }: GraphModel): boolean {
  return picture.items.length + picture.groups.length <= MOST;
}

const MANY = 600;

/** So many boxes in sight that finding the nearest takes time: their treeitems wait until the picture stands still. */
export function isCrowded({ model, camera, height }: Scene): boolean {
  const top = -camera.y / camera.scale;
  return model.strip(top, top + height / camera.scale).items.length > MANY;
}

function keyOf({ picture }: GraphModel, { kind, at }: Spot): string {
  return kind === "item" ? picture.items[at].key : picture.groups[at].key;
}

function name(part: Part, model: GraphModel, { kind, at }: Spot, key: string): void {
  const { picture, graph, blocks } = model;
  const item = kind === "item" ? picture.items[at] : null;
  part.setAttribute("data-key", key);
  setAttr(part, "role", "treeitem");
  setAttr(part, "aria-label", item ? itemName(item, graph) : groupName(picture.groups[at], graph));
  let level = 1;
  for (let block = blocks.get(key)?.parent; block?.parent; block = block.parent) level++;
  setAttr(part, "aria-level", String(level));
  setAttr(part, "aria-expanded", item ? (item.foldable ? "false" : null) : "true");
}

function visible(model: GraphModel, top: number, bottom: number, current: string): Spot[] {
  const strip = model.strip(top - 100, bottom + 100);
  const { items, groups } = model.picture;
  const found: Spot[] = [...strip.groups.map((at) => ({ kind: "group" as const, at })), ...strip.items.map((at) => ({ kind: "item" as const, at }))];
  const place = ({ kind, at }: Spot): number => (kind === "item" ? items[at].y : groups[at].y);
  const middle = (top + bottom) / 2;
  const near = found.sort((a, b) => Math.abs(place(a) - middle) - Math.abs(place(b) - middle)).slice(0, MOST);
  const held = model.spot(current);
  if (held?.kind === "item" && !near.some((spot) => spot.kind === "item" && spot.at === held.at)) near.push(held);
  return near.sort((a, b) => place(a) - place(b));
}

/** When the box that had the focus is gone: what it was folded into, else what came out of it, else the first. */
function nearest(model: GraphModel, key: string, parts: Map<string, Part>): string {
  for (let block = model.blocks.get(key)?.parent; block; block = block.parent) if (parts.has(block.key)) return block.key;
  return parts.keys().next().value ?? "";
}

/** Boxes without words of their own, over a canvas that shows them. */
export function overCanvas(): Skin {
  const el = h("div", { class: "tree", role: "tree", "aria-label": "Operations" });
  return {
    el,
    tree: el,
    make: () => h("div"),
    dress(part, { model }, { kind, at }) {
      const { items, groups } = model.picture;
      const item = kind === "item" ? items[at] : null;
      const [left, top, width, height] = item ? [item.x - item.w / 2, item.y, item.w, item.h] : [groups[at].x, groups[at].y, groups[at].w, 20];
      (part as HTMLElement).style.cssText = `left:${left}px;top:${top}px;width:${width}px;height:${height}px`;
      setAttr(part, "title", item && item.label === item.title ? null : part.getAttribute("aria-label"));
    },
    frame: ({ camera }) => void (el.style.transform = moved(camera)),
  };
}

const moved = ({ x, y, scale }: Camera): string => `translate(${x}px, ${y}px) scale(${scale})`;
