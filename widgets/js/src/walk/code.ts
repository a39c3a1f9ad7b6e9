// The cell's own lines, and below them those of a function written elsewhere: which line runs, which expression of it, what has run and what the gradient has come back through.
import { h, setAttr, setText } from "../dom";
import type { Source } from "./data";
import type { Pane } from "./header";
import type { Model } from "./model";
import type { Player } from "./player";
import { cut, pieces } from "./python";

type Forth = "" | "run" | "done" | "todo";
type Back = "" | "now" | "done" | "todo";
/** `calling`: the line waits for what it has called (a backward, or a function written elsewhere). */
interface LineMark { forth: Forth; back: Back; calling: boolean; failed: boolean }

/** The marks of a line at a step, in the turn of the loop that is on screen. */
export function markOf(model: Model, text: number, line: number, at: number): LineMark {
  const all = model.stepsOn(text, line);
  const episode = model.episodeAt(at);
  const { steps } = model.walk;
  const here = episode === null ? all : all.filter((index) => index >= episode.from && index <= episode.to);
  const forward = here.filter((index) => steps[index].phase !== "backward");
  const backward = here.filter((index) => steps[index].phase === "backward");
  const current = steps[at];
  const forth = forward.length > 0 ? way(forward, at) : backward.length > 0 || all.some((index) => index <= at) ? "done" : all.length > 0 ? "todo" : passedBy(model, text, line, at);
  const back = backward.length === 0 || forth === "todo" ? "" : backwardWay(backward, at);
  const own = current?.text === text && current.line === line;
  const call = own ? null : callOf(model, at);
  return {
    forth, back, calling: !own && (call?.[0] === text && call[1] === line || all.includes(at)),
    failed: current?.phase === "error" && own,
  };
}

const way = (mine: number[], at: number): Forth => (mine.every((index) => index <= at) ? "done" : mine.some((index) => index <= at) ? "run" : "todo");
const backwardWay = (mine: number[], at: number): Back => (mine.includes(at) ? "now" : mine.every((index) => index <= at) ? "done" : mine.some((index) => index <= at) ? "now" : "todo");

/** A line of the cell that ran without an op of its own counts as run once the walk is at or beyond it. */
function passedBy(model: Model, text: number, line: number, at: number): Forth {
  if (text !== 0 || !model.walk.ran.has(line)) return "";
  return model.walk.steps.slice(0, at + 1).some((step) => step.text === 0 && step.line !== null && step.line >= line) ? "done" : "todo";
}

/** Text and line of the call (`loss.backward()`) that a backward step is part of. */
function callOf(model: Model, at: number): [number, number | null] | null {
  if (model.step(at)?.phase !== "backward") return null;
  for (let before = at; before >= 0; before--) {
    const step = model.step(before);
    if (step?.phase === "call") return [step.text, step.line];
    if (step?.phase === "forward") return null;
  }
  return null;
}

export function createCode(player: Player): Pane {
  const { model } = player;
  const { texts } = model.walk;
  const cell = createSource(player, texts[0], 0);
  const others = texts.slice(1).map((source, index) => createSource(player, source, index + 1));
  const note = h("p", { class: "dim note" });
  const legend = h("span", { class: "leg", "aria-hidden": "true" }, h("b", { class: "f" }, "✓"), "run\u2002", h("b", { class: "bk" }, "◂"), "going back");
  const otherName = h("span", {});
  const place = h("div", { class: "other" });
  const el = h(
    "div", { class: "wc" }, h("div", { class: "cap" }, h("span", {}, texts[0].label || "cell"), legend), cell.el,
    others.length > 0 && h("div", { class: "cap" }, otherName), others.length > 0 && place, note,
  );
  place.style.setProperty("--lines", String(Math.min(8, Math.max(0, ...texts.slice(1).map(({ lines }) => lines.length)))));
  let shown = 0;
  return {
    el,
    draw() {
      const { step } = player.state;
      cell.draw(step);
      const text = model.step(step)?.text ?? 0;
      if (others.length > 0) {
        if (text > 0 || shown === 0) {
          const next = text > 0 ? text : 1;
          if (next !== shown) place.replaceChildren(others[next - 1].el);
          shown = next;
          setText(otherName, texts[shown].label);
        }
        others[shown - 1].draw(step);
      }
      setText(note, model.step(step)?.say ?? "");
    },
  };
}

interface Part { el: HTMLElement; draw(step: number): void }

function createSource(player: Player, source: Source, text: number): Part {
  const { model } = player;
  const rows = source.lines.map((line, index) => createLine(player, line, text, source.first + index));
  const el = h("div", { class: "src", role: "group", "aria-label": source.label ? `Source of ${source.label}` : "Source" }, ...rows.map((row) => row.el));
  el.addEventListener("keydown", (event) => upAndDown(event, el));
  if (!rows.some((row) => row.el.tagName === "BUTTON")) el.tabIndex = 0; // to be scrolled by keys
  let shown = -2;
  const draw = (step: number): void => {
    for (const row of rows) row.draw(step);
    const current = model.step(step);
    const call = current?.op === null || current === undefined ? undefined : model.walk.ops.get(current.op)?.via.find((one) => one.text === text);
    const line = (current?.text === text ? current.line : (call?.line ?? null)) ?? -1;
    if (line === shown) return;
    shown = line;
    const buttons = rows.filter((row) => row.el.tagName === "BUTTON");
    const here = rows[line - source.first];
    const stop = buttons.includes(here) ? here : buttons[0];
    for (const row of buttons) row.el.tabIndex = row === stop ? 0 : -1;
    follow(el, here?.el);
  };
  return { el, draw };
}

/** Up and down go over the lines that have steps: one tab stop for all of them. */
function upAndDown(event: KeyboardEvent, source: HTMLElement): void {
  if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
  const lines = [...source.querySelectorAll<HTMLElement>("button.ln")];
  const at = lines.indexOf(event.target as HTMLElement);
  event.preventDefault();
  event.stopPropagation();
  lines[at + (event.key === "ArrowUp" ? -1 : 1)]?.focus();
}

/** Scroll the lines, never the page, so that the line and its neighbours are in sight. */
function follow(source: HTMLElement, line: HTMLElement | undefined): void {
  if (line === undefined || source.scrollHeight <= source.clientHeight) return;
  const top = line.offsetTop;
  if (top < source.scrollTop + 24 || top > source.scrollTop + source.clientHeight - 48) source.scrollTop = top - source.clientHeight / 2;
}

/** Where a click on a line goes: its first step on this picture; when it is the current one, its next. */
function stepOf(player: Player, text: number, line: number): number {
  const { model, state: { step } } = player;
  const all = model.stepsOn(text, line);
  const episode = model.episodeAt(step);
  const near = all.filter((at) => episode !== null && at >= episode.from && at <= episode.to);
  const choices = near.length > 0 ? near : all;
  return choices.find((at) => at > step && choices.includes(step)) ?? choices[0];
}

function createLine(player: Player, words: string, text: number, line: number): Part {
  const { model } = player;
  const forth = h("b", { class: "f" });
  const back = h("b", { class: "bk" });
  const gutter = h("i", { class: "g", "aria-hidden": "true" }, forth, back);
  const code = h("span", { class: "tx", style: `--in:${/^ */.exec(words)![0].length}` });
  const turn = h("span", { class: "iter" });
  const go = (): void => player.go(stepOf(player, text, line));
  const el = model.stepsOn(text, line).length > 0
    ? h(
      "button",
      { type: "button", class: "ln", "data-n": line, tabindex: "-1", title: "Go to this line's step; again: its next one", onclick: go },
      gutter, code, turn,
    )
    : h("div", { class: "ln", "data-n": line }, gutter, code, turn);
  let drawn = "";
  const draw = (step: number): void => {
    const mark = markOf(model, text, line, step);
    const current = model.step(step);
    const at = current?.text === text && current.line === line;
    const call = current?.op === null || current === undefined || at ? undefined : model.walk.ops.get(current.op)?.via.find((one) => one.text === text && one.line === line);
    const loops = text === 0 ? (current?.repeat ?? []).filter((one) => one.line === line) : [];
    const span = at ? current.span : (call?.span ?? null);
    const key = JSON.stringify([mark, at, current?.phase, span, loops]);
    if (key === drawn) return;
    drawn = key;
    for (const [name, on] of [["at", at], ["run", mark.calling && !at], ["todo", mark.forth === "todo" && !at]] as const) el.classList.toggle(name, on);
    for (const phase of ["forward", "backward", "call", "error"]) el.classList.toggle(phase, at && current.phase === phase);
    setText(forth, mark.failed ? "✕" : mark.calling || mark.forth === "run" ? "▸" : mark.forth === "done" ? "✓" : "");
    forth.classList.toggle("x", mark.failed);
    setText(back, mark.back === "now" ? "◂" : mark.back === "done" ? "✓" : mark.back === "todo" ? "·" : "");
    back.classList.toggle("p", mark.back === "todo");
    setText(turn, loops.map(({ index, of }) => (of === null ? `turn ${index + 1}` : `${index + 1} of ${of}`)).join(", "));
    code.replaceChildren(...lit(words, line, span));
    setAttr(el, "aria-current", at ? "step" : null);
  };
  return { el, draw };
}

/** A line's words in the editor's colours, with the part of a span that lies on this line underlined. */
function lit(words: string, line: number, span: [number, number, number, number] | null): Node[] {
  const [from, to] = span === null ? [0, 0] : [span[0] === line ? span[1] : 0, span[2] === line ? span[3] : words.length];
  return cut(pieces(words), from, to).map((piece) => h(piece.inside ? "u" : "span", { class: piece.inside ? `${piece.kind} lit` : piece.kind }, piece.text));
}
