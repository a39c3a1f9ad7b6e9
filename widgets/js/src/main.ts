// Entry of the bundle `gradbook`: the live view, and all others but the walkthrough, which has a bundle of its own.
import card from "./card/card.css";
import { createCard } from "./card/card";
import coach from "./coach.css";
import { createCoachView } from "./coachview";
import diff from "./diff/diff.css";
import { createDiff } from "./diff/diff";
import graph from "./graph.css";
import { type Api, type Model, hubOf, modelTransport, opened, renderStill, snapshotOf } from "./host";
import inspect from "./inspect/inspect.css";
import { createInspection } from "./inspect/still";
import type { Bytes, Unpacked } from "./protocol";
import { Store } from "./store";
import { useSheets } from "./styles";
import timeline from "./timeline/timeline.css";
import { createTimeline } from "./timeline/timeline";
import { createView } from "./view";
import { type ViewMaker, showView, viewOf } from "./views";

useSheets(coach, graph, inspect, timeline, card, diff);
const views: Record<string, ViewMaker> = { card: createCard, coach: createCoachView, diff: createDiff, inspect: createInspection, timeline: createTimeline };

/** A view in an output: called by the stub. Which view it is, the snapshot says. Returns what takes it away. */
export function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const found = snapshotOf(model);
  return found === null || viewOf(found) === "live" ? renderLive(model, el, found) : renderStill(model, el, found, views);
}

function renderLive(model: Model, el: HTMLElement, first: Unpacked | null): () => void {
  const store = new Store();
  const load = (): void => store.load(snapshotOf(model));
  const dress = (): void => {
    const theme = model.get("theme");
    if (typeof theme === "string") store.setUi({ theme });
  };
  store.load(first);
  dress();
  model.on("change:snapshot", load);
  model.on("change:theme", dress);
  const remove = createView(el, store, modelTransport(model));
  return () => {
    model.off("change:snapshot", load);
    model.off("change:theme", dress);
    remove();
  };
}

/** View of a saved page: everything but the controls. `source`: the packed snapshot, as bytes or as base64 text. */
export function mount(el: HTMLElement, source: Bytes | string, theme = "auto"): () => void {
  const found = opened(source);
  if (found !== null && viewOf(found) !== "live") return showView(el, found, null, theme, views);
  const store = new Store("static");
  store.load(found);
  store.setUi({ theme });
  return createView(el, store, null);
}

export const api: Api = { render, mount };
export default hubOf(api);
