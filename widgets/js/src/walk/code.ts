// The cell's own lines: which one runs, which expression of it, what has run and what the gradient has come back through.
import { h, setText } from "../dom";
import { type Pane, turnsAt } from "./header";
import type { Model } from "./model";
import type { Player } from "./player";
import { cut, pieces } from "./python";

export type Forth = "" | "run" | "done" | "todo";
export type Back = "" | "now" | "done" | "todo";
export interface LineMark { forth: Forth; back: Back; calling: boolean; failed: boolean }

/** The marks of a line at a step, in the turn of the loop that is on screen. */
export function markOf(model: Model, line: number, at: number): LineMark {
  const episode = model.episodeAt(at);
  const { steps } = model.walk;
  const of = (phase: (name: string) => boolean): number[] => steps.flatMap((step, index) => (step.line === line && phase(step.phase) ? [index] : []));
  const here = (all: number[]): number[] => (episode === null ? all : all.filter((index) => index >= episode.from && index <= episode.to));
  const forward = of((phase) => phase !== "backward");
  const mine = here(forward);
  const backward = here(of((phase) => phase === "backward"));
  const current = steps[at];
  const forth = mine.length > 0 ? way(mine, at) : forward.length === 0 ? "" : forward.some((index) => index <= at) ? "done" : "todo";
  const back = backward.length === 0 || mine.every((index) => index > at) ? "" : backwardWay(backward, at);
  return { forth, back, calling: current?.phase === "backward" && callOf(model, at) === line, failed: current?.phase === "error" && current.line === line };
}

const way = (mine: number[], at: number): Forth => (mine.every((index) => index <= at) ? "done" : mine.some((index) => index <= at) ? "run" : "todo");
const backwardWay = (mine: number[], at: number): Back => (mine.includes(at) ? "now" : mine.every((index) => index <= at) ? "done" : mine.some((index) => index <= at) ? "now" : "todo");

/** The line of the call (`loss.backward()`) that a backward step is part of. */
export function callOf(model: Model, at: number): number | null {
  for (let before = at; before >= 0; before--) {
    const step = model.step(before);
    if (step?.phase === "call") return step.line;
    if (step?.phase === "forward") return null;
  }
  return null;
}

export function createCode(player: Player): Pane {
  const { model } = player;
  const { code } = model.walk;
  const rows = code.lines.map((text, index) => createLine(player, text, code.first + index));
  const source = h("div", { class: "src", role: "group", "aria-label": "Source", onkeydown: ((event: KeyboardEvent) => upAndDown(event, source)) as EventListener }, ...rows.map(({ el }) => el));
  const note = h("p", { class: "dim note" });
  const legend = h("span", { class: "leg", "aria-hidden": "true" }, h("b", { class: "f" }, "✓"), "run\u2002", h("b", { class: "bk" }, "◂"), "going back");
  const el = h("div", { class: "wc" }, h("div", { class: "cap" }, h("span", {}, code.label || "cell"), legend), source, note);
  let shown: number | null = -1;
  return {
    el,
    draw() {
      const { step } = player.state;
      for (const row of rows) row.draw(step);
      setText(note, model.step(step)?.say ?? "");
      const line = model.step(step)?.line ?? null;
      if (line === shown) return;
      shown = line;
      const stop = line === null || rows[line - code.first]?.el.tagName !== "BUTTON" ? rows.find((row) => row.el.tagName === "BUTTON") : rows[line - code.first];
      for (const row of rows) if (row.el.tagName === "BUTTON") row.el.tabIndex = row === stop ? 0 : -1;
      if (line === null) return;
      follow(source, rows[line - code.first]?.el);
    },
  };
}

/** Up and down go over the lines that have steps: one tab stop for all of them. */
function upAndDown(event: KeyboardEvent, source: HTMLElement): void {
  if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
  const lines = [...source.querySelectorAll<HTMLElement>("button.ln")];
  const at = lines.indexOf(event.target as HTMLElement);
  const next = lines[at + (event.key === "ArrowUp" ? -1 : 1)];
  event.preventDefault();
  event.stopPropagation();
  if (at >= 0 && next) next.focus();
}

/** Scroll the lines, never the page, so that the line and its neighbours are in sight. */
function follow(source: HTMLElement, line: HTMLElement | undefined): void {
  if (line === undefined || source.scrollHeight <= source.clientHeight) return;
  const top = line.offsetTop - source.offsetTop;
  if (top < source.scrollTop + 24 || top > source.scrollTop + source.clientHeight - 48) source.scrollTop = top - source.clientHeight / 2;
}

/** One line; a click goes to its first step (of the turn on screen), another click to its next one. */
function createLine(player: Player, text: string, line: number): { el: HTMLElement; draw(step: number): void } {
  const { model } = player;
  const steps = model.walk.steps.flatMap((step, at) => (step.line === line ? [at] : []));
  const forth = h("b", { class: "f" });
  const back = h("b", { class: "bk" });
  const gutter = h("i", { class: "g", "aria-hidden": "true" }, forth, back);
  const words = h("span", { class: "tx" });
  const turn = h("span", { class: "iter" });
  const go = (): void => {
    const { step } = player.state;
    const episode = model.episodeAt(step);
    const near = steps.filter((at) => episode !== null && at >= episode.from && at <= episode.to);
    const choices = near.length > 0 ? near : steps;
    player.go(choices.find((at) => at > step && choices.includes(step)) ?? choices[0]);
  };
  const el = steps.length > 0
    ? h("button", { type: "button", class: "ln", "data-n": line, tabindex: "-1", title: "Go to this line's step; again: its next one", onclick: go }, gutter, words, turn)
    : h("div", { class: "ln", "data-n": line }, gutter, words, turn);
  let drawn = "";
  const draw = (step: number): void => {
    const mark = markOf(model, line, step);
    const current = model.step(step);
    const at = current?.line === line;
    const loops = turnsAt(model, step).filter((one) => one.line === line);
    const span = at ? current.span : null;
    const key = JSON.stringify([mark, at, current?.phase, span, loops]);
    if (key === drawn) return;
    drawn = key;
    el.classList.toggle("at", at);
    for (const phase of ["forward", "backward", "call", "error"]) el.classList.toggle(phase, at && current.phase === phase);
    el.classList.toggle("run", mark.calling && !at);
    el.classList.toggle("todo", mark.forth === "todo" && !at);
    setText(forth, mark.failed ? "✕" : mark.calling || mark.forth === "run" ? "▸" : mark.forth === "done" ? "✓" : "");
    forth.classList.toggle("x", mark.failed);
    setText(back, mark.back === "now" ? "◂" : mark.back === "done" ? "✓" : mark.back === "todo" ? "·" : "");
    back.classList.toggle("p", mark.back === "todo");
    setText(turn, loops.map(({ index, of }) => (of === null ? `turn ${index + 1}` : `${index + 1} of ${of}`)).join(", "));
    const [from, to] = span === null ? [0, 0] : [span[1], span[0] === span[2] ? span[3] : text.length];
    words.replaceChildren(...cut(pieces(text), from, to).map((piece) => h(piece.inside ? "u" : "span", { class: piece.inside ? `${piece.kind} lit` : piece.kind }, piece.text)));
    if (at) el.setAttribute("aria-current", "step");
    else el.removeAttribute("aria-current");
  };
  return { el, draw };
}
