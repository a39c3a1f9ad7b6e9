// The walkthrough: one stepper over the ops of a cell, with its code, its graph, its formulas and questions.
import { h, setText } from "../dom";
import { type Stage, createStage, isFull } from "../stage";
import type { Scene as Message } from "../views";
import { createCode } from "./code";
import { readWalk } from "./data";
import { createFormula } from "./formula";
import { createGraph } from "./graph";
import { type Pane, createButtons, createTitle, stepText } from "./header";
import { keys } from "./keys";
import { Model } from "./model";
import { Player, type WalkState } from "./player";
import { createQuiz } from "./quiz";
import { createRail } from "./rail";

/** What a viewer did outlives the view: a notebook takes outputs out of the page and makes them anew. */
const kept = new WeakMap<ArrayBufferLike, WalkState>();
const SPOKEN_MS = 1500; // at most one message in this time: playing would flood a screen reader

/** Show a walkthrough in `el`. Returns what takes it away. */
export function createWalk(el: HTMLElement, { header, buffers, theme }: Message): () => void {
  const memory = buffers[0]?.buffer;
  const player = new Player(new Model(readWalk(header, buffers)), memory && kept.get(memory));
  const stage = createStage(el, "walk", "Walkthrough", draw);
  const { root } = stage;
  root.tabIndex = -1; // a click anywhere in it brings the keys
  const says = h("div", { class: "a11y", role: "status" }, stepText(player.model, player.state.step));
  const speak = speaker(says);
  const presenter = (): void => present(player, stage);
  const panes = compose(root, player, { presenter, speak });
  root.append(says);
  const playing = clock(player);
  let shown = player.state.step;

  function draw(): void {
    const { state } = player;
    stage.dress(theme);
    for (const [name, on] of [["presenting", state.presenter], ["second", state.presenter && state.phase === 1]] as const) root.classList.toggle(name, on);
    for (const pane of panes) pane.draw();
    if (state.step !== shown) speak(stepText(player.model, state.step));
    shown = state.step;
  }
  const changed = (): void => {
    if (memory) kept.set(memory, player.state);
    playing.keep();
    stage.schedule();
  };
  const left = (): void => {
    if (!isFull(root) && player.state.presenter) player.set({ presenter: false, phase: 0 });
  };
  document.addEventListener("fullscreenchange", left);
  root.addEventListener("keydown", (event) => keys(event, player, presenter));
  const end = player.subscribe(changed);
  stage.schedule();
  return () => {
    playing.stop();
    document.removeEventListener("fullscreenchange", left);
    end();
    stage.remove();
  };
}

/** Into presenter mode and full screen, or out of both. */
function present(player: Player, stage: Stage): void {
  const on = !player.state.presenter;
  player.set({ presenter: on, phase: 0 });
  if (on !== isFull(stage.root)) stage.toggleFullScreen();
  stage.root.querySelector<HTMLElement>(".next")?.focus();
}

/** Beats while the walk plays. `keep`: after each change of the state. */
function clock(player: Player): { keep(): void; stop(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  const beat = (): void => {
    timer = undefined;
    player.beat();
  };
  const keep = (): void => {
    if (player.state.playing) timer ??= setTimeout(beat, pause(player));
    else stop();
  };
  return { keep, stop };
}

/** Milliseconds to the next beat; where motion is reduced, one step a second. */
function pause(player: Player): number {
  const calm = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;
  const windows = player.windows(player.state.step) > 1 ? 2 : 1; // windows go twice as fast as ops
  return calm ? 1000 : 1000 / player.state.speed / windows;
}

function compose(root: HTMLElement, player: Player, actions: { presenter(): void; speak(text: string): void }): Pane[] {
  const { walk } = player.model;
  const title = createTitle(player, actions);
  const buttons = createButtons(player);
  const rail = createRail(player);
  const nav = h("div", { class: "nav" }, buttons.el, rail.el);
  const code = createCode(player);
  const grid = h("div", { class: "grid" }, title.el, nav);
  root.append(grid);
  if (walk.truncated) grid.append(h("p", { class: "cut", role: "note" }, h("b", {}, "In part: "), `${walk.truncated}.`));
  if (walk.steps.length === 0) {
    grid.append(
      code.el,
      h(
        "div", { class: "none" }, h("p", {}, "Nothing to walk through: this cell ran no operation on tensors."),
        h(
          "p", { class: "dim" }, "Put the computation itself into the cell, for example ",
          h("code", {}, "loss = ((x @ w - y) ** 2).mean()"), " and ", h("code", {}, "loss.backward()"), ".",
        ),
      ),
    );
    grid.classList.add("empty");
    return [title, buttons, rail, code];
  }
  const [graph, formula, quiz] = [createGraph(player), createFormula(player), createQuiz(player, actions.speak)];
  const side = h("div", { class: "ws" }, code.el, quiz.el);
  const main = h("div", { class: "wr" }, graph.el, formula.el);
  grid.append(side, main, footer());
  return [title, buttons, rail, code, graph, formula, quiz];
}

function footer(): HTMLElement {
  const key = (...names: string[]): (Node | string)[] => names.flatMap((name) => [h("kbd", {}, name), " "]);
  return h("footer", { class: "wf dim" },
    h("span", {}, ...key("←", "→"), "step"), h("span", {}, ...key("Space"), "play"), h("span", {}, ...key("F", "B"), "first forward, backward step"), h("span", {}, ...key("+", "−"), "speed"),
    h("span", {}, ...key("H"), "hide new"), h("span", {}, ...key("P"), "presenter: full screen, type × 1.6, one idea a press: code and graph, then the formula"));
}

/** Says the latest text, not more often than a listener can follow. */
function speaker(el: HTMLElement): (text: string) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let next = "";
  return (text) => {
    next = text;
    if (timer !== undefined) return;
    setText(el, next);
    timer = setTimeout(() => {
      timer = undefined;
      setText(el, next);
    }, SPOKEN_MS);
  };
}
