// Over the canvas lie the boxes that keyboard, pointer and screen reader meet: a tree of treeitems without words of their own.
import { h, setAttr } from "./dom";
import { type GraphModel, type Spot, groupName, itemName } from "./graphmodel";
import type { Camera } from "./graphpaint";

export const MOST = 300; // treeitems at once; of a larger picture those on the screen

export interface GraphTree {
  el: HTMLElement;
  /** Put the boxes where they are drawn. `selected`: keys; `notes`: what is wrong with a box, by its key. */
  draw(model: GraphModel, camera: Camera, height: number, selected: ReadonlySet<string>, notes: ReadonlyMap<string, string>): void;
  /** Move the focus (and the one tab stop) to a box. */
  focus(key: string): void;
  readonly current: string;
}

export function createGraphTree(): GraphTree {
  const el = h("div", { class: "tree", role: "tree", "aria-label": "Operations" });
  const parts = new Map<string, HTMLElement>();
  let picture: unknown = null;
  let shown = "";
  let current = "";
  let wanted = "";

  const draw = (model: GraphModel, camera: Camera, height: number, selected: ReadonlySet<string>, notes: ReadonlyMap<string, string>): void => {
    el.style.transform = `translate(${camera.x}px, ${camera.y}px) scale(${camera.scale})`;
    const all = model.picture.items.length + model.picture.groups.length <= MOST;
    const top = -camera.y / camera.scale;
    const range = all ? "" : `${Math.round(top / 100)}:${Math.round(height / camera.scale / 100)}`;
    if (picture !== model.picture || range !== shown) {
      picture = model.picture;
      shown = range;
      fill(model, all ? model.spots() : visible(model, top, top + height / camera.scale, current));
    }
    for (const [key, part] of parts) {
      setAttr(part, "aria-selected", String(selected.has(key)));
      setAttr(part, "aria-description", notes.get(key) ?? null);
    }
    if (wanted !== "" && parts.has(wanted)) {
      parts.get(wanted)?.focus({ preventScroll: true });
      wanted = "";
    }
  };

  const fill = (model: GraphModel, spots: Spot[]): void => {
    const focused = el.contains(document.activeElement) || el.contains((el.getRootNode() as ShadowRoot).activeElement ?? null);
    const before = new Map(parts);
    parts.clear();
    const list = spots.map((spot) => {
      const part = dress(model, spot, before);
      parts.set(part.dataset.key as string, part);
      return part;
    });
    if (!parts.has(current)) current = nearest(model, current, parts);
    for (const [key, part] of parts) part.tabIndex = key === current ? 0 : -1;
    if (list.length !== el.children.length || list.some((part, at) => el.children[at] !== part)) el.replaceChildren(...list);
    if (focused) parts.get(current)?.focus({ preventScroll: true });
  };

  el.addEventListener("focusin", (event) => {
    const key = (event.target as HTMLElement).dataset.key;
    if (key === undefined) return;
    const before = parts.get(current);
    if (before) before.tabIndex = -1;
    current = key;
    (event.target as HTMLElement).tabIndex = 0;
  });

  return {
    el,
    draw,
    focus(key) {
      wanted = key;
      current = key;
    },
    get current() {
      return current;
    },
  };
}

function dress(model: GraphModel, { kind, at }: Spot, known: Map<string, HTMLElement>): HTMLElement {
  const { picture, graph, blocks } = model;
  const thing = kind === "item" ? picture.items[at] : picture.groups[at];
  const part = known.get(thing.key) ?? h("div", { role: "treeitem", tabindex: -1 });
  part.dataset.key = thing.key;
  const item = kind === "item" ? picture.items[at] : null;
  const name = item ? itemName(item, graph) : groupName(picture.groups[at], graph);
  setAttr(part, "aria-label", name);
  setAttr(part, "title", item && item.label === item.title ? null : name);
  let level = 1;
  for (let block = blocks.get(thing.key)?.parent; block?.parent; block = block.parent) level++;
  setAttr(part, "aria-level", String(level));
  setAttr(part, "aria-expanded", item ? (item.foldable ? "false" : null) : "true");
  const [left, height] = item ? [item.x - item.w / 2, item.h] : [picture.groups[at].x, 20];
  part.style.cssText = `left:${left}px;top:${thing.y}px;width:${thing.w}px;height:${height}px`;
  return part;
}

function visible(model: GraphModel, top: number, bottom: number, current: string): Spot[] {
  const strip = model.strip(top - 100, bottom + 100);
  const { items, groups } = model.picture;
  const spots: Spot[] = [...(strip?.groups ?? []).map((at) => ({ kind: "group" as const, at })), ...(strip?.items ?? []).map((at) => ({ kind: "item" as const, at }))];
  const place = ({ kind, at }: Spot): number => (kind === "item" ? items[at].y : groups[at].y);
  const middle = (top + bottom) / 2;
  const near = spots.sort((a, b) => Math.abs(place(a) - middle) - Math.abs(place(b) - middle)).slice(0, MOST);
  const at = items.findIndex(({ key }) => key === current);
  if (at >= 0 && !near.some((spot) => spot.kind === "item" && spot.at === at)) near.push({ kind: "item", at });
  return near.sort((a, b) => place(a) - place(b));
}

/** When the box that had the focus is gone: what it was folded into, else what came out of it, else the first. */
function nearest(model: GraphModel, key: string, parts: Map<string, HTMLElement>): string {
  for (let block = model.blocks.get(key)?.parent; block; block = block.parent) if (parts.has(block.key)) return block.key;
  return parts.keys().next().value ?? "";
}
