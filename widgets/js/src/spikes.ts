// The spikes of the loss: found by the curve, gone to one after the other.
import type { Curve, Spike } from "./curve";
import { h, icon, setAttr, setText } from "./dom";
import { count, num, plural } from "./format";
import { type Series, type State, type Store, mainSeries } from "./store";

/** The spikes of the main curve and the steps at which it was no number, in the order of steps. */
export function spikesOf(state: State, curves: ReadonlyMap<Series, Curve>): Spike[] {
  const main = mainSeries(state);
  const curve = main === null ? undefined : curves.get(main);
  if (curve === undefined) return [];
  const odd = curve.odd.map(({ step }): Spike => ({ step, value: NaN, factor: NaN }));
  return [...curve.spikes, ...odd].sort((a, b) => a.step - b.step);
}

/** The step of the next spike after `from` (null: the end of the run), or of the one before; null where there is none. */
export function nextSpike(spikes: readonly Spike[], from: number | null, forward: boolean): number | null {
  if (from === null) return (forward ? spikes[0] : spikes[spikes.length - 1])?.step ?? null;
  return (forward ? spikes.find(({ step }) => step > from) : spikes.findLast(({ step }) => step < from))?.step ?? null;
}

/** Buttons to the previous and the next spike; there only when there is one. */
export function createSpikes(store: Store, spikesNow: () => Spike[]): { el: HTMLElement; draw(state: State): void } {
  const move = (forward: boolean): void => {
    const step = nextSpike(spikesNow(), store.state.ui.pinnedStep, forward);
    if (step !== null) store.setUi({ pinnedStep: step, hoverStep: null, inspectorOpen: true });
  };
  const words = h("span", { class: "small" });
  const before = h("button", { class: "btn i", type: "button", "aria-label": "Previous spike", title: "Previous spike (p)", onclick: () => move(false) }, icon(14, "M8.500 3.500L5 7l3.500 3.500"));
  const after = h("button", { class: "btn i", type: "button", "aria-label": "Next spike", title: "Next spike (n)", onclick: () => move(true) }, icon(14, "M5.500 3.500L9 7l-3.500 3.500"));
  const el = h("span", { class: "spikes", role: "group", "aria-label": "Spikes", hidden: true }, before, words, after);
  const draw = ({ ui: { pinnedStep } }: State): void => {
    const spikes = spikesNow();
    el.hidden = spikes.length === 0;
    const at = spikes.findIndex(({ step }) => step === pinnedStep);
    setText(words, `▲ ${at < 0 ? count(spikes.length) : `${count(at + 1)}/${count(spikes.length)}`}`);
    const here = at < 0 ? null : spikes[at];
    setAttr(words, "title", here === null ? plural(spikes.length, "spike") : Number.isNaN(here.factor) ? "the loss is no number here" : `spike ×${num(here.factor)}`);
    before.disabled = nextSpike(spikes, pinnedStep, false) === null;
    after.disabled = nextSpike(spikes, pinnedStep, true) === null;
  };
  return { el, draw };
}
