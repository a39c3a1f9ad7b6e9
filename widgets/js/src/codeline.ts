// Code and graph, each lighting the other: the line behind a node in the cell that made it, the nodes behind a line of a cell.
// The notebook's page is not ours: what is looked for is compared with what is known, and where it differs nothing happens.
import { h } from "./dom";
import type { Place } from "./inspect/source";
import { nodesOf } from "./inspect/subject";
import { neighbours } from "./inspect/links";
import { type Code, codeOf, codesIn, labelOf } from "./notebook";
import type { GraphNode } from "./protocol";
import type { State, Store } from "./store";

const MOST_LINES = 24;
const CUT = "…"; // the kernel shortens a long line
const Z_INDEX = "2";
const DWELL_MS = 80; // a pointer that only passes by lights nothing
const LIT_MS = 4000; // how long a line is lit that somebody asked for

export interface CodeLink {
  /** Whether the line stands in a cell of this page, as it was when it ran. */
  canShow(place: Place): boolean;
  show(place: Place): void;
  remove(): void;
}

/** Link the view `root` with the code of the notebook around it. */
export function linkCode(root: HTMLElement, store: Store): CodeLink {
  const lights: HTMLElement[] = [];
  let lit = "";
  const clear = (): void => {
    for (const light of lights.splice(0)) light.remove();
    lit = "";
  };
  const lightAll = (places: Place[]): void => {
    clear();
    lit = places.map(keyOf).join();
    for (const place of places) light(root, store.state.run?.cell, place, lights);
  };
  const follow = (): void => {
    const places = placesOf(store.state);
    if (places.map(keyOf).join() !== lit || !lights.every((light) => light.isConnected)) lightAll(places);
  };
  const ends = [store.subscribe(follow), watchLines(root, store, () => lightAll(placesOf(store.state)))];
  return {
    canShow: (place) => find(root, store.state.run?.cell, place) !== null,
    show(place) {
      lightAll([place]);
      lights[0]?.scrollIntoView({ block: "center" });
    },
    remove() {
      for (const end of ends) end();
      clear();
    },
  };
}

/** The same for a view that stands still: nothing is lit until somebody asks, and then for a while. */
export function showCode(root: () => HTMLElement): CodeLink {
  const lights: HTMLElement[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const clear = (): void => {
    clearTimeout(timer);
    for (const light of lights.splice(0)) light.remove();
  };
  return {
    canShow: (place) => find(root(), undefined, place) !== null,
    show(place) {
      clear();
      light(root(), undefined, place, lights);
      lights[0]?.scrollIntoView({ block: "center" });
      timer = setTimeout(clear, LIT_MS);
    },
    remove: clear,
  };
}

const keyOf = ({ cell, line, marked }: Place): string => `${cell}:${line}:${marked?.join("-")}`;

/** The lines to light: of the node under the pointer or the focus, else of the selection. Each once. */
export function placesOf(state: State): Place[] {
  const { graph, ui: { hovered, selected } } = state;
  if (graph === null) return [];
  const nodes = hovered !== null ? [graph.nodes[hovered]] : nodesOf(graph, selected);
  const places = new Map<string, Place>();
  for (const node of nodes) {
    if (node === undefined) continue;
    const takers = node.line === null ? neighbours(graph).consumers[node.id].map((id) => graph.nodes[id]) : [node]; // a parameter has no line: those of the ops that take it
    for (const { cell, line, source, marked } of takers) {
      if (cell === null || line === null || !source) continue;
      const known = places.get(`${cell}:${line}`);
      places.set(`${cell}:${line}`, { cell, line, source, marked: (known === undefined ? marked : widest(known.marked, marked)) ?? null });
    }
    if (places.size >= MOST_LINES) break;
  }
  return [...places.values()];
}

function widest(a: Place["marked"], b: Place["marked"]): [number, number] | null {
  return a && b ? [Math.min(a[0], b[0]), Math.max(a[1], b[1])] : null;
}

/** The code that holds this line, unchanged since it ran; null where there is none. `running`: what the cell around the view is called. */
function find(root: HTMLElement, running: string | undefined, { cell, line, source }: Place): Code | null {
  if (!cell?.startsWith("[") || line === null || !source) return null;
  for (const code of codesIn(root)) if (ran(code, root, running) === cell && isThere(code, line, source)) return code;
  return null;
}

/** Which cell this is, as the kernel calls it: its number, of the cell that runs above us the run's. */
export function ran(code: Code, root: HTMLElement, running: string | undefined): string {
  const label = labelOf(code);
  return label === "[*]" && code.cell.contains(root) ? (running ?? "") : label;
}

function isThere(code: Code, line: number, source: string): boolean {
  const text = code.line(line)?.trim();
  if (text === undefined) return false;
  return source.endsWith(CUT) && source.length > 100 ? text.startsWith(source.slice(0, -1)) : text === source;
}

/** Lay a light over the line, and a line under the expression; the editor's own text stays as it is. */
function light(root: HTMLElement, running: string | undefined, place: Place, lights: HTMLElement[]): void {
  const code = find(root, running, place);
  const line = place.line as number;
  const whole = code?.box(line) ?? null;
  if (code === null || whole === null) return;
  const bar = h("div", { class: "gradbook-line", "data-line": line, "aria-hidden": "true" });
  bar.style.cssText = `position:absolute;z-index:${Z_INDEX};pointer-events:none;left:0;right:0;top:${whole.top}px;height:${whole.height}px;background:color-mix(in srgb, var(--jp-brand-color1, #1976d2) 12%, transparent);border-left:3px solid var(--jp-brand-color1, #1976d2);box-sizing:border-box`;
  for (const { left, top, width, height } of place.marked ? code.boxes(line, place.marked) : []) {
    const under = h("i");
    under.style.cssText = `position:absolute;left:${left - 3}px;top:${top - whole.top}px;width:${width}px;height:${height}px;box-sizing:border-box;border-bottom:2px solid var(--jp-brand-color1, #1976d2)`;
    bar.append(under);
  }
  code.lay(bar);
  lights.push(bar);
}

/** Pointer and caret in the code of a cell light what its line made. */
function watchLines(root: HTMLElement, store: Store, again: () => void): () => void {
  let shown = ""; // what we have lit ourselves
  let timer: ReturnType<typeof setTimeout> | undefined;
  const say = (target: EventTarget | null, y: number): void => {
    const found = nodesAt(root, store.state, target, y);
    const key = found === null ? "" : found.title;
    if (key === shown) return;
    if (found === null && store.state.ui.lit?.title !== shown) { shown = ""; return; } // somebody else's light
    shown = key;
    store.setUi({ lit: found });
  };
  const move = (event: PointerEvent): void => {
    clearTimeout(timer);
    timer = setTimeout(() => say(event.target, event.clientY), DWELL_MS);
  };
  const caret = (event: KeyboardEvent): void => {
    if (!(event.target instanceof Element) || codeOf(event.target, root) === null) return;
    if (!event.key.startsWith("Arrow")) return again(); // the text may be another now
    const node = document.getSelection()?.anchorNode ?? null;
    const element = node instanceof Element ? node : (node?.parentElement ?? null);
    if (!event.target.contains(element)) return;
    const box = element?.getBoundingClientRect();
    if (box) say(element, box.top + box.height / 2);
  };
  const leave = (): void => say(null, 0);
  document.addEventListener("pointermove", move, { passive: true });
  document.addEventListener("pointerleave", leave);
  document.addEventListener("keyup", caret, { passive: true });
  document.addEventListener("focusout", leave);
  return () => {
    clearTimeout(timer);
    document.removeEventListener("pointermove", move);
    document.removeEventListener("pointerleave", leave);
    document.removeEventListener("keyup", caret);
    document.removeEventListener("focusout", leave);
  };
}

/** The nodes that the line at height `y` of the code around `target` made; null elsewhere. */
function nodesAt(root: HTMLElement, state: State, target: EventTarget | null, y: number): { nodes: number[]; title: string } | null {
  const code = target instanceof Element ? codeOf(target, root) : null;
  if (code === null || state.graph === null) return null;
  const cell = ran(code, root, state.run?.cell);
  const lines = new Map<number, GraphNode[]>();
  for (const node of state.graph.nodes) {
    if (node.kind !== "op" || node.cell !== cell || node.line === null || !node.source) continue;
    if (lines.has(node.line)) lines.get(node.line)!.push(node);
    else lines.set(node.line, [node]);
  }
  for (const [line, nodes] of lines) {
    const box = code.box(line);
    if (box === null || y < box.screen || y >= box.screen + box.height || !isThere(code, line, nodes[0].source as string)) continue;
    return { nodes: nodes.map(({ id }) => id), title: `cell ${cell} line ${line}` };
  }
  return null;
}
