// The slider under the loss that moves all panels through time, and the way back to the newest step.
import { h, setAttr, setText } from "./dom";
import { count } from "./format";
import type { Frame } from "./losslayout";
import type { Series } from "./series";
import { type State, type Store, isComing } from "./store";

const THUMB = 5.5; // half a slider thumb
const FAR = 100; // steps of Shift with an arrow, as in the curve

export interface Scrubber {
  slider: HTMLInputElement;
  ticks: HTMLElement; // marks at the steps that are there without a kernel
  follow: HTMLButtonElement;
  draw(state: State, main: Series | null, frame: Frame | null, width: number): void;
}

export function createScrubber(store: Store): Scrubber {
  const slider = h("input", { class: "scrub", type: "range", min: 0, max: 1, step: 1, value: 1, "aria-label": "Step to show" });
  const ticks = h("div", { class: "ticks", "aria-hidden": "true" });
  const follow = h("button", { class: "follow", type: "button", onclick: () => store.setUi({ pinnedStep: null, hoverStep: null }) });
  const go = (step: number): void => {
    const last = Number(slider.max);
    store.setUi({ pinnedStep: step >= last ? null : Math.max(step, 0), hoverStep: null });
  };
  slider.addEventListener("input", () => go(Number(slider.value)));
  slider.addEventListener("keydown", (event) => {
    const now = Number(slider.value);
    const arrow = { ArrowLeft: -FAR, ArrowDown: -FAR, ArrowRight: FAR, ArrowUp: FAR }[event.key];
    const page = { PageUp: false, PageDown: true }[event.key];
    const steps = Number(slider.max) - Number(slider.min);
    if (event.shiftKey && arrow !== undefined) go(now + arrow);
    else if (page !== undefined) go(pageTo(store, now, page, steps));
    else if (event.key === "Escape" && store.state.ui.pinnedStep !== null) go(Infinity);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const draw = (state: State, main: Series | null, frame: Frame | null, width: number): void => {
    const last = main?.lastStep ?? 0;
    const { pinnedStep } = state.ui;
    slider.disabled = last === 0;
    slider.max = String(Math.max(last, 1));
    const step = pinnedStep ?? Math.max(last, 1);
    if (Number(slider.value) !== step) slider.value = String(step);
    setAttr(slider, "aria-valuetext", pinnedStep === null ? `newest step, ${count(last)}` : `step ${count(step)}${valuesOf(state)}`);
    setAttr(slider, "title", "Step to show: arrows by 1, with Shift by 100, Page keys to the next recorded step");
    setText(follow, isComing(state) ? "live" : "last");
    setAttr(follow, "aria-pressed", String(pinnedStep === null));
    setAttr(follow, "title", pinnedStep === null ? "Showing the newest step" : "Show the newest step again (Esc)");
    if (frame === null) return;
    const left = frame.left;
    const right = last === 0 ? left + frame.width : Math.max(left + 40, frame.x(last));
    slider.style.left = `${left - THUMB}px`;
    slider.style.width = `${right - left + 2 * THUMB}px`;
    follow.style.left = `${Math.min(right + 8, width - 34)}px`;
    drawTicks(ticks, store.past.kept, last, left, right);
  };
  return { slider, ticks, follow, draw };
}

/** The recorded step, of those that came with the page, next to the shown one; where none did, a twentieth of the run on. */
function pageTo(store: Store, now: number, forward: boolean, steps: number): number {
  const next = store.past.kept.length > 0 ? store.past.next(store.state.travel?.step ?? now, forward) : null;
  return next ?? now + (forward ? 1 : -1) * Math.max(1, Math.round(steps / 20));
}

function valuesOf({ travel }: State): string {
  if (travel === null || travel.step === null || travel.step === travel.asked) return "";
  return travel.waiting ? ", values on their way" : `, values of step ${count(travel.step)}`;
}

function drawTicks(el: HTMLElement, steps: number[], last: number, left: number, right: number): void {
  while (el.children.length > steps.length) el.lastChild!.remove();
  while (el.children.length < steps.length) el.append(h("i"));
  steps.forEach((step, i) => {
    (el.children[i] as HTMLElement).style.left = `${Math.round(left + ((right - left) * step) / Math.max(last, 1))}px`;
  });
}
