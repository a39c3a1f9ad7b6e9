// The icicle: every block as wide as its time or memory, its parts below it. One tab stop; arrows move, Enter goes in, Esc out.
import { h, hasFocus, setAttr, setText } from "../dom";
import { plain } from "../format";
import { type Block, type Measure, type Place, type Timeline, depthOf, matches, places, seconds, valueOf } from "./model";
import { facts, nameOf } from "./words";

export const LEVEL = 24; // px
const GAP = 1;

export interface IcicleState { focus: Block; chosen: Block; measure: Measure; words: string }
export interface IcicleActions {
  /** null: the pointer left. */
  hover(block: Block | null): void;
  choose(block: Block): void;
  /** Let a block fill the width. */
  zoom(block: Block): void;
}

export function createIcicle(timeline: Timeline, actions: IcicleActions): { el: HTMLElement; draw(state: IcicleState, root: Block, name: string): void; focus(): void } {
  const el = h("div", { class: "icicle", role: "tree" });
  let shown: Place[] = [];
  let state: IcicleState | null = null;
  const placeAt = (event: Event): Place | null => {
    const cell = (event.target as Element).closest<HTMLElement>("[data-at]");
    return cell === null ? null : shown[Number(cell.dataset.at)] ?? null;
  };
  el.addEventListener("pointerover", (event) => actions.hover(placeAt(event)?.block ?? null));
  el.addEventListener("pointerleave", () => actions.hover(null));
  el.addEventListener("click", (event) => {
    const block = placeAt(event)?.block;
    if (block === undefined || state === null) return;
    actions.choose(block);
    actions.zoom(block === state.focus && block.parent !== null ? block.parent : block);
  });
  el.addEventListener("focusin", (event) => {
    const block = placeAt(event)?.block;
    if (block !== undefined && block !== state?.chosen) actions.choose(block);
  });
  el.addEventListener("keydown", (event) => {
    if (state === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const { chosen, focus } = state;
    if (event.key === "Enter" || event.key === " ") actions.zoom(chosen === focus && chosen.parent !== null ? chosen.parent : chosen);
    else if (event.key === "Escape" && focus.parent !== null) actions.zoom(focus.parent);
    else {
      const to = neighbour(shown, chosen, event.key);
      if (to === null) return;
      actions.choose(to);
    }
    event.preventDefault();
    event.stopPropagation();
  });

  const draw = (next: IcicleState, root: Block, name: string): void => {
    state = next;
    setAttr(el, "aria-label", name);
    const width = el.clientWidth;
    el.style.height = `${(depthOf(root) + 1) * LEVEL}px`;
    shown = width > 0 ? places(next.focus, next.measure, width) : [];
    if (shown.length > 0 && !shown.some(({ block }) => block === next.chosen)) actions.choose(next.focus);
    const within = hasFocus(el); // the keyboard is in here: it follows the chosen block
    while (el.childElementCount > shown.length) el.lastElementChild?.remove();
    while (el.childElementCount < shown.length) el.append(createCell(el.childElementCount));
    shown.forEach((place, i) => dress(el.children[i] as HTMLElement, place, next, timeline));
    const here = el.querySelector<HTMLElement>('[tabindex="0"]');
    if (within && here !== null && !hasFocus(here)) here.focus({ preventScroll: true });
  };
  return { el, draw, focus: () => el.querySelector<HTMLElement>('[tabindex="0"]')?.focus() };
}

function createCell(at: number): HTMLElement {
  return h("div", { class: "cell", role: "treeitem", "data-at": String(at) }, h("i", { class: "b" }), h("i", { class: "s" }), h("span", {}));
}

function dress(cell: HTMLElement, { block, x, width, level }: Place, { focus, chosen, measure, words }: IcicleState, timeline: Timeline): void {
  const { style } = cell;
  const [backward, step, label] = Array.from(cell.children) as HTMLElement[];
  style.transform = `translate(${x.toFixed(2)}px, ${level * LEVEL}px)`;
  style.width = `${Math.max(1, width - GAP).toFixed(2)}px`;
  const total = seconds(block.sums);
  const part = (value: number): number => (measure === "time" && total > 0 ? (100 * value) / total : 0);
  const [forward, back] = [part(block.sums.forward), part(block.sums.backward)];
  backward.style.left = `${forward}%`;
  backward.style.width = `${back}%`;
  step.style.left = `${forward + back}%`;
  step.style.width = `${measure === "time" ? 100 - forward - back : 0}%`;
  setText(label, width > 26 ? block.label : "");
  const name = nameOf(block);
  setAttr(cell, "aria-label", plain([name, ...facts(block.sums, timeline, measure)].join(", ")));
  setAttr(cell, "aria-level", String(level + 1));
  setAttr(cell, "aria-selected", String(block === chosen));
  setAttr(cell, "tabindex", block === chosen ? "0" : "-1");
  cell.classList.toggle("around", level < focus.level);
  cell.classList.toggle("thin", width <= 26);
  cell.classList.toggle("hit", words !== "" && matches(name, words));
  cell.classList.toggle("miss", words !== "" && !matches(name, words));
}

/** Where an arrow leads: down into the widest part, up, left and right among those on the same level; Home to the whole. */
function neighbour(shown: Place[], from: Block, key: string): Block | null {
  if (key === "ArrowUp") return from.parent;
  if (key === "Home") return shown[0]?.block ?? null;
  if (key === "ArrowDown") {
    const below = shown.filter(({ block }) => block.parent === from);
    return below.length === 0 ? null : below.reduce((a, b) => (b.width > a.width ? b : a)).block;
  }
  if (key !== "ArrowLeft" && key !== "ArrowRight") return null;
  const level = shown.filter(({ block }) => block.level === from.level);
  const at = level.findIndex(({ block }) => block === from);
  return at < 0 ? null : level[at + (key === "ArrowLeft" ? -1 : 1)]?.block ?? null;
}

/** The widest block that matches, for Enter in the search. */
export function bestMatch(root: Block, words: string, measure: Measure): Block | null {
  let best: Block | null = null;
  const look = (block: Block): void => {
    if (block.parent !== null && matches(nameOf(block), words) && (best === null || valueOf(block.sums, measure) > valueOf(best.sums, measure))) best = block;
    block.children.forEach(look);
  };
  look(root);
  return best;
}
