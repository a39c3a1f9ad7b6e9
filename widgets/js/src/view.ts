// The live view: its panels, and which of them are shown.
import { createCoachRow } from "./coachrow";
import { coachWords } from "./coachwords";
import { linkCode } from "./codeline";
import { applyHunks, canApply } from "./editor";
import { focusedIn, h, hasFocus, setAttr } from "./dom";
import { plain } from "./format";
import { createGradients } from "./gradients";
import { createGraph } from "./graph";
import { createHeader } from "./header";
import { createInspector } from "./inspector";
import { type Link, createLink, noLink } from "./link";
import { createLoss } from "./loss";
import type { Actions, Panel } from "./panel";
import { SCALE, savePicture } from "./picture";
import type { ControlAction, Transport } from "./protocol";
import { createStage } from "./stage";
import { type State, type Store, type Ui, controlsLive, isActive } from "./store";
import { withDensity } from "./theme";

const STOPPED: Record<string, ControlAction> = { c: "continue", s: "step_op" }; // keys while a breakpoint holds the run

/** Put a live view of `store` into `el`. `transport` null: a saved page, nothing to control. Returns what takes it away. */
export function createView(el: HTMLElement, store: Store, transport: Transport | null): () => void {
  let link: Link = noLink;
  const stage = createStage(el, "live", "Live view", draw, true);
  const { root, schedule } = stage;
  const code = linkCode(root, store);
  const actions: Actions = {
    control: (action, value) => link.control(action, value),
    inspect: (node) => link.inspect(node),
    toggleFullScreen: stage.toggleFullScreen,
    savePicture() {
      withDensity(SCALE, draw);
      void savePicture(root, plain(`${store.state.run?.name || "run"}-step-${store.state.status.step}.png`)).finally(schedule);
    },
    showLine: (place) => code.show(place),
    canShowLine: (place) => code.canShow(place),
    applyFix: (hunks) => applyHunks(root, store.state.run?.cell, hunks),
    canApply: (hunks) => canApply(root, store.state.run?.cell, hunks),
    focus: (panel) => root.querySelector<HTMLElement>(`.${panel} .plot [tabindex="0"]`)?.focus(),
  };
  const panels = createPanels(store, actions);
  const grid = h("div", { class: "grid" }, ...panels.all.map((panel) => panel.el));
  root.append(grid);
  const returning = createReturn(root, panels.inspector.el);

  let choice = -1;
  const seen = new Set<Element>();
  function draw(): void {
    const { state } = store;
    stage.dress(state.ui.theme, state.connection === "disconnected");
    returning.around(state.ui, () => arrange(grid, panels, state));
    const chosen = state.versions.ui !== choice; // the inspector asks for its value at once, in sight or not
    choice = state.versions.ui;
    for (const panel of panels.all) if (!panel.el.hidden && (seen.has(panel.el) || (chosen && panel === panels.inspector))) panel.draw(state);
  }
  const sight = watchSight(panels.all, seen, schedule);
  const size = new ResizeObserver(schedule);
  for (const panel of panels.all) size.observe(panel.el);
  root.addEventListener("keydown", (event) => keys(event, store, actions));
  const changed = (): void => {
    returning.note(store.state.ui);
    schedule();
  };
  const ends = [store.subscribe(changed), () => sight.disconnect(), () => size.disconnect()];
  if (transport !== null) link = createLink(store, transport);
  schedule();
  return () => {
    link.close();
    code.remove();
    for (const end of ends) end();
    for (const panel of panels.all) panel.destroy();
    stage.remove();
  };
}

interface Panels { all: Panel[]; coach: Panel; loss: Panel; gradients: Panel; graph: Panel; inspector: Panel }

function createPanels(store: Store, actions: Actions): Panels {
  const coach = createCoachRow(store, actions);
  const loss = createLoss(store, actions);
  const gradients = createGradients(store, actions);
  const graph = createGraph(store, actions);
  const inspector = createInspector(store, actions);
  return { coach, loss, gradients, graph, inspector, all: [createHeader(store, actions), coach, loss, gradients, graph, inspector] };
}

/** The focus goes back from a panel that closes to where something was chosen for it, else to the graph. */
function createReturn(root: HTMLElement, panel: HTMLElement): { note(ui: Ui): void; around(ui: Ui, change: () => void): void } {
  let chosen: unknown = null;
  let opener: HTMLElement | SVGElement | null = null;
  return {
    note({ selected }) {
      if (selected !== chosen && selected !== null && !hasFocus(panel)) opener = focusedIn(root);
      chosen = selected;
    },
    around({ inspectorOpen }, change) {
      const within = hasFocus(panel);
      change();
      if (!within || inspectorOpen) return;
      opener?.focus();
      if (!opener || !hasFocus(opener)) root.querySelector<HTMLElement>('.graph .plot [tabindex="0"]')?.focus();
    },
  };
}

/** Panels that the run cannot fill are not shown; a closed inspector gives its width to the graph. */
function arrange(grid: HTMLElement, panels: Panels, state: State): void {
  const wanted = (name: string): boolean => state.panels === null || state.panels.includes(name);
  const fillable = state.level !== "off" && isActive(state);
  const { kind, finding } = coachWords(state);
  panels.coach.el.hidden = !wanted("coach") && (kind === "quiet" || finding !== null); // what has to be said is said; findings stand under the cell then
  panels.loss.el.hidden = !wanted("loss");
  panels.gradients.el.hidden = !wanted("gradients") || (state.params.length === 0 && !fillable);
  panels.graph.el.hidden = !wanted("graph") || (state.graph === null && !fillable);
  panels.inspector.el.hidden = !state.ui.inspectorOpen;
  const still = state.panels?.join() === "graph" && state.status.state === "finished" && state.status.step === 0; // no training stands behind it
  panels.all[0].el.hidden = still;
  setAttr(grid.parentElement as HTMLElement, "aria-label", still ? "Graph" : "Live view");
  for (const name of ["loss", "gradients", "graph", "inspector"] as const) grid.classList.toggle(`no${name}`, panels[name].el.hidden);
}

/** Keep `seen` at the panels that are on the screen. */
function watchSight(panels: Panel[], seen: Set<Element>, changed: () => void): { disconnect(): void } {
  for (const panel of panels) seen.add(panel.el);
  if (typeof IntersectionObserver === "undefined") return { disconnect: () => undefined };
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) seen.add(target);
      else seen.delete(target);
    }
    changed();
  }, { rootMargin: "200px" });
  for (const panel of panels) observer.observe(panel.el);
  return observer;
}

function keys(event: KeyboardEvent, store: Store, actions: Actions): void {
  const target = event.target as HTMLElement;
  const typing = target instanceof HTMLInputElement && target.type !== "range";
  if (event.key === "Escape" && store.state.ui.inspectorOpen) store.select(null);
  else if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  else if (store.state.stop !== null && controlsLive(store.state) && STOPPED[event.key]) actions.control(STOPPED[event.key]);
  else return;
  event.preventDefault();
  event.stopPropagation();
}
