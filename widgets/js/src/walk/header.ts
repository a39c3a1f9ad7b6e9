// Where the walk stands in words, and the buttons. They are on top: hands stay while the mathematics below changes its height.
import { h, icon, setAttr, setText } from "../dom";
import type { Place } from "./data";
import type { Model } from "./model";
import { type Player, SPEEDS } from "./player";

export interface Pane { el: HTMLElement; draw(): void }

/** What a step does, without its number: `backward through`, `o = h @ v`, `line 4`. */
function stepWords(model: Model, at: number): { verb: string; code: string; line: string } {
  const step = model.step(at);
  const op = model.op(at);
  const line = step?.line === null || step === undefined ? "" : `line ${step.line}`;
  if (step === undefined) return { verb: "nothing to walk through", code: "", line: "" };
  if (step.phase === "forward") return { verb: "forward through", code: sourceOf(model, at) || (op?.symbol ?? ""), line };
  if (step.phase === "backward") return { verb: "backward through", code: sourceOf(model, at) || (op?.symbol ?? ""), line };
  if (step.phase === "error") return { verb: "stopped by", code: model.walk.error?.type || "an error", line };
  return { verb: "running", code: sourceOf(model, at) || lineOf(model, step).trim(), line };
}

/** The line of source at a place. */
function lineOf(model: Model, { text, line }: Pick<Place, "text" | "line">): string {
  const source = model.walk.texts[text];
  return line === null || source === undefined ? "" : (source.lines[line - source.first] ?? "");
}

/** The expression of a step with the name that its result gets, when the whole statement is short. */
function sourceOf(model: Model, at: number): string {
  const step = model.step(at);
  const span = step?.span ?? null;
  if (step === undefined || span === null) return "";
  const line = lineOf(model, { text: step.text, line: span[0] });
  const expression = span[0] === span[2] ? line.slice(span[1], span[3]) : `${line.slice(span[1])} …`;
  const name = /^\s*([\w.]+)\s*=[^=]/.exec(line)?.[1];
  return name && line.trim() === `${name} = ${expression}` ? line.trim() : expression;
}

/** `step 11 of 14, backward through o = h @ v, line 4` */
export function stepText(model: Model, at: number): string {
  const { verb, code, line } = stepWords(model, at);
  return [`step ${at + 1} of ${model.walk.steps.length}`, `${verb} ${code}`.trim(), line].filter((part) => part !== "").join(", ");
}

export function createTitle(player: Player, actions: { presenter(): void }): Pane {
  const { model } = player;
  const number = h("h3", {});
  const verb = h("span", { class: "dim" });
  const code = h("code", {});
  const line = h("span", { class: "dim" });
  const turn = h("span", { class: "dim turn" });
  const presenter = h(
    "button",
    {
      type: "button", class: "btn q pres", "aria-pressed": "false",
      title: "Presenter mode: full screen, type × 1.6, one idea at a time; Space is Next (P)", onclick: () => actions.presenter(),
    },
    h("span", {}, "Presenter"), " ", h("kbd", { "aria-hidden": "true" }, "P"),
  );
  const el = h("header", { class: "wh" }, h("div", { class: "ttl" }, number, verb, code, line, turn), presenter);
  return {
    el,
    draw() {
      const { step, presenter: presenting } = player.state;
      const words = stepWords(model, step);
      setText(number, model.walk.steps.length === 0 ? "No steps" : `Step ${step + 1} of ${model.walk.steps.length}`);
      setText(verb, words.verb);
      setText(code, words.code);
      setText(line, words.line);
      setText(turn, turnText(model, step));
      setAttr(presenter, "aria-pressed", String(presenting));
      setText(presenter.firstElementChild!, presenting ? "Leave presenter" : "Presenter");
    },
  };
}

/** `turn 2 of 3 of line 2`, innermost loop first. */
function turnText(model: Model, at: number): string {
  const turns = model.step(at)?.repeat ?? [];
  return turns.map(({ line, index, of }) => `turn ${index + 1}${of === null ? "" : ` of ${of}`} of line ${line}`).reverse().join(", ");
}

const BACK = "M9.5 3l-5 4 5 4";
const ON = "M4.5 3l5 4-5 4";

export function createButtons(player: Player): Pane {
  const round = (label: string, key: string, path: string, press: () => void): HTMLButtonElement => h(
    "button", { type: "button", class: "btn i o", "aria-label": label, title: `${label} (${key})`, onclick: press },
    icon(14, path),
  );
  const first = round("First", "Home", "M3 3v8M11 3L6 7l5 4", () => player.go(0));
  const previous = round("Previous", "←", BACK, () => player.previous());
  const play = round("Play", "Space", "M4.5 3l6 4-6 4z", () => player.play());
  const next = h("button", { type: "button", class: "btn p next", title: "Next (→)", onclick: () => player.next() }, "Next ", icon(14, ON));
  const last = round("Last", "End", "M10.5 3v8M3 3l5 4-5 4", () => player.go(player.last));
  const speed = h(
    "select",
    {
      class: "quiet speed", "aria-label": "Speed", title: "Speed of Play, in steps a second (+ and −)",
      onchange: () => player.set({ speed: Number(speed.value) }),
    },
    ...SPEEDS.map((one) => h("option", { value: one }, one === 0.5 ? "½ ×" : `${one} ×`)),
  );
  const el = h("span", { class: "bt" }, first, previous, play, next, last, speed);
  const path = play.querySelector("path")!;
  return {
    el,
    draw() {
      const { step, playing, phase, presenter, speed: chosen } = player.state;
      const atEnd = step >= player.last && !(presenter && phase === 0 && player.hasFormula(step));
      const atStart = step === 0 && !(presenter && phase === 1);
      // not `disabled`: a button that loses the focus at the last step would take the keys away from who goes by keys
      for (const [button, off] of [
        [first, atStart], [previous, atStart], [next, atEnd], [last, step >= player.last], [play, player.last === 0],
      ] as const) setAttr(button, "aria-disabled", off ? "true" : null);
      setAttr(play, "aria-label", playing ? "Pause" : "Play");
      setAttr(play, "title", playing ? "Pause (Space)" : "Play (Space)");
      setAttr(path, "d", playing ? "M5 3v8M9 3v8" : "M4.5 3l6 4-6 4z");
      if (speed.value !== String(chosen)) speed.value = String(chosen);
    },
  };
}
