// The row of overlays over the graph, and the strip below it: legend, what is lit, how to leave it.
import { h, hasFocus, icon, s, setAttr, setText } from "./dom";
import { count, plural } from "./format";
import type { GraphModel } from "./graphmodel";
import { swatchMarks } from "./graphpaint";
import { paintInto } from "./marks";
import { type LegendPart, OVERLAYS, type Overlay } from "./overlays";
import type { State } from "./store";

export interface OverlayChoice { el: HTMLElement; draw(chosen: Overlay, recorded: boolean): void }

/** One click, or its number, chooses what the numbers, bars and edges say; those that need a recorded step wait for one. */
export function createOverlayChoice(chosen: (overlay: Overlay) => void): OverlayChoice {
  const radios = OVERLAYS.map(({ id, word, title }, at) =>
    h("button", { class: "btn", type: "button", role: "radio", "aria-checked": "false", "data-id": id, title: `${title} (${at + 1})`, onclick: () => chosen(id) }, h("span", {}, word)));
  const el = h("div", { class: "seg overlays", role: "radiogroup", "aria-label": "Overlay" }, ...radios);
  el.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const open = radios.filter((one) => !one.disabled);
    const next = open[(open.indexOf(event.target as HTMLButtonElement) + step + open.length) % open.length];
    next.focus();
    next.click();
    event.preventDefault();
    event.stopPropagation();
  });
  return {
    el,
    draw(overlay, recorded) {
      radios.forEach((one, at) => {
        const { id, title, recorded: needs } = OVERLAYS[at];
        setAttr(one, "aria-checked", String(id === overlay));
        one.tabIndex = id === overlay ? 0 : -1;
        one.disabled = needs && !recorded;
        one.title = one.disabled ? `${title}: no step was recorded` : `${title} (${at + 1})`;
      });
    },
  };
}

/** A button that is there only sometimes. */
export interface StripButton { name: string; text: string; act(): void }
export interface Strip { el: HTMLElement; draw(legend: readonly LegendPart[], words: string, buttons: readonly StripButton[]): void }

export function createStrip(): Strip {
  const legend = h("div", { class: "legend", role: "group", "aria-label": "Legend" });
  const words = h("span", { class: "words", role: "status" });
  const buttons = h("span", { class: "acts" });
  const el = h("div", { class: "strip" }, legend, words, buttons);
  let shown = "";
  let acts: readonly StripButton[] = [];
  return {
    el,
    draw(parts, text, wanted) {
      const key = JSON.stringify(parts);
      if (key !== shown) {
        shown = key;
        legend.replaceChildren(...parts.map(legendPart));
      }
      setText(words, text);
      words.title = text;
      if (wanted.length !== acts.length || wanted.some(({ name }, at) => name !== acts[at].name)) {
        const focused = hasFocus(buttons);
        buttons.replaceChildren(...wanted.map(({ name, text: label }, at) => h("button", { class: "btn q", type: "button", "aria-label": name, title: name, onclick: () => acts[at].act() }, label)));
        if (focused) (buttons.lastElementChild as HTMLElement | null)?.focus();
      }
      acts = wanted;
      el.classList.toggle("lit", wanted.length > 0);
    },
  };
}

/** What the strip says when nothing is lit. */
export function footWords({ graphStats, status, ui }: State, model: GraphModel, busy: boolean): string {
  const { folded } = model.picture;
  if (busy) return "laying out …";
  if (ui.diff !== null) return ui.diff.title;
  if (graphStats !== null && status.state !== "running" && graphStats.step !== status.step) return `numbers of step ${count(graphStats.step)}`;
  const ops = model.keep ? `${count(model.tree.order.length)} of ${plural(model.graph.ops, "op")}` : plural(model.graph.ops, "op");
  return folded > 0 ? `${ops}, ${count(folded)} folded` : ops;
}

function legendPart({ swatch, text }: LegendPart): HTMLElement {
  const part = h("span", { class: "part" });
  if (swatch) {
    const sample = s("svg", { width: swatch.width, height: 12, "aria-hidden": "true" });
    paintInto(sample, swatchMarks(swatch, 0, 6));
    part.append(sample);
  }
  part.append(text);
  return part;
}

/** Path and neighbourhood of what is selected. */
export function createWayButtons(path: () => void, focus: () => void): { el: HTMLElement; draw(selected: boolean, picking: boolean, focused: boolean): void } {
  const button = (name: string, drawing: string[], act: () => void): HTMLButtonElement => h("button", { class: "btn i", type: "button", "aria-label": name, onclick: act }, icon(14, ...drawing));
  const way = button("Path to…", ["M3 4.6a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 1 0 0 3.2M11 12.6a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 1 0 0 3.2", "M4.6 3h3.2c2 0 2 2.5 0 3.6L6 7.8C4.4 9 4.6 11 6.4 11h3"], path);
  const around = button("Neighbourhood", ["M7 9a2 2 0 1 0 0-4 2 2 0 1 0 0 4M2 5V2h3M9 2h3v3M12 9v3H9M5 12H2V9"], focus);
  return {
    el: h("span", { class: "icons ways" }, way, around),
    draw(selected, picking, focused) {
      way.disabled = around.disabled = !selected;
      setAttr(way, "aria-pressed", String(picking));
      setAttr(around, "aria-pressed", String(focused));
      const hint = selected ? "" : ": select a box first";
      way.title = `Path to another box (P, or Shift and click it)${hint}`;
      around.title = `Only what is around it (N)${hint}`;
    },
  };
}
