// Predict, then reveal: a question of the lesson, or about what the lecturer hid, answered entry by entry.
import { h, hasFocus, setText } from "../dom";
import { shape } from "../format";
import type { Block } from "./data";
import { type Mark, type Outcome, allRight, gradeNumbers, gradeShape, gradeZeros, isSettled } from "./grade";
import type { Pane } from "./header";
import { mathMatrix } from "./matrix";
import { called } from "./model";
import { cell } from "./numbers";
import type { Player, Question } from "./player";

const MOST_CELLS = 64;

/** `speak`: says a verdict to who cannot see it. */
export function createQuiz(player: Player, speak: (text: string) => void): Pane {
  const score = h("span", { class: "dim" });
  const body = h("div", { class: "qb" });
  const el = h("div", { class: "wp", role: "group", "aria-label": "Predict" }, h("div", { class: "cap" }, h("span", {}, "predict, then reveal"), score), body);
  let drawn = "";
  return {
    el,
    draw() {
      const { state } = player;
      const question = player.question(state.step);
      const { right, of } = player.score();
      setText(score, of === 0 ? "" : `${right} of ${of} right so far`);
      const outcome = question && state.outcomes.get(question.id);
      const key = JSON.stringify([question?.id, state.hideNew, outcome, question && state.step]);
      if (key === drawn) return;
      drawn = key;
      if (outcome) speak(verdict(outcome));
      const focused = hasFocus(body);
      body.replaceChildren(...(question ? ask(player, question, outcome || null) : idle(player)));
      if (focused) (body.querySelector<HTMLElement>("input:not(:disabled), button:not(:disabled)") ?? el.closest(".walk")?.querySelector<HTMLElement>(".next"))?.focus();
    },
  };
}

function idle(player: Player): Node[] {
  const asked = player.model.walk.quiz.length;
  const words = asked > 0 ? `No question at this step; the lesson asks ${asked}.` : "No question at this step.";
  return [
    h("p", { class: "dim" }, words),
    h(
      "p", { class: "dim" }, "To ask one, press Hide new: each step then waits for a prediction. Or go to a matrix and press ",
      h("kbd", {}, "H"), ".",
    ),
  ];
}

function blockOf(player: Player, question: Question): Block | null {
  const { model } = player;
  if (question.of === "grad") return model.gradAt(question.target, Math.max(question.step, player.state.step));
  return model.value(question.target)?.block ?? null;
}

function ask(player: Player, question: Question, outcome: Outcome | null): Node[] {
  const name = called(player.model, question.target);
  const title = question.of === "grad" ? `∂L/∂${name}` : name;
  const block = blockOf(player, question);
  const settled = isSettled(outcome);
  const prompt = question.prompt || `What is ${title}? Type its entries.`;
  const say = h("span", { class: "dim say" }, verdict(outcome));
  const size = question.ask === "shape" ? 1 : question.entry ? 1 : question.answer.length;
  if (size > MOST_CELLS) return [
    h("p", {}, prompt), h("p", { class: "dim" }, `${size} entries are too many to type: say it aloud.`),
    h("div", { class: "pb" }, ...buttons(player, question, null, settled), say),
  ];
  const texts = settled ? solution(question) : (player.state.typed.get(question.id) ?? Array.from({ length: size }, () => ""));
  const form = fields(player, question, block, texts, outcome, settled);
  const known = knownOperand(player, question);
  const why = settled && question.why ? h("p", { class: "dim why" }, question.why) : null;
  const caption = question.ask === "shape" ? `shape of ${name}` : `${title}, your guess`;
  return [
    h("p", {}, prompt),
    h("div", { class: "pg" }, known, h("div", {}, form, h("div", { class: "mcap" }, caption))),
    h("div", { class: "pb" }, ...buttons(player, question, form, settled), say),
    ...(why ? [why] : []),
  ];
}

/** What the asked value is made from, when it is one small matrix: it stands beside the guess. */
function knownOperand(player: Player, question: Question): Node | null {
  const { model } = player;
  const from = model.value(question.target);
  const block = question.of === "grad" ? (from?.block ?? null) : null;
  if (block === null || !block.whole || block.data.length > 24 || question.ask !== "zeros") return null;
  return h("div", {}, mathMatrix(block, { cls: "lo" }), h("div", { class: "mcap" }, `${called(model, question.target)}, known`));
}

function verdict(outcome: Outcome | null): string {
  if (outcome === null) return "";
  if (outcome.by === "skip") return "Skipped.";
  if (outcome.by === "reveal") return outcome.right ? "✓ Right." : "Revealed.";
  if (outcome.right) return "✓ Right.";
  const wrong = outcome.marks.filter((mark) => mark === "wrong").length;
  const empty = outcome.marks.filter((mark) => mark === "empty").length;
  return `✕ ${[wrong > 0 ? `${wrong} not right` : "", empty > 0 ? `${empty} to fill in` : ""].filter((part) => part !== "").join(", ")}. Try again.`;
}

const solution = (question: Question): string[] => (question.ask === "shape" ? [shape(question.answer)] : question.ask === "zeros" ? question.answer.map((zero) => (zero ? "0" : "")) : question.answer.map(cell));

function grade(question: Question, texts: string[]): Mark[] {
  if (question.ask === "shape") return gradeShape(texts[0] ?? "", question.answer);
  if (question.ask === "zeros") return gradeZeros(texts, question.answer);
  return gradeNumbers(texts, question.answer, question.tolerance);
}

function fields(player: Player, question: Question, block: Block | null, texts: string[], outcome: Outcome | null, settled: boolean): HTMLElement {
  if (question.ask === "shape") {
    const input = h(
      "input",
      {
        type: "text", class: `cell wide ${outcome?.marks[0] ?? ""}`,
        "aria-label": `Shape of ${called(player.model, question.target)}`, placeholder: "2×3", autocomplete: "off",
        value: texts[0] ?? "", disabled: settled, oninput: () => player.type(question, [input.value]),
      },
    );
    return h("div", { class: "tap one" }, input);
  }
  const cols = question.entry ? 1 : Math.max(1, block?.cols.length ?? texts.length);
  const form = h("div", { class: "tap", style: `--cols:${cols}` });
  texts.forEach((text, at) => {
    const mark = outcome?.marks[at] ?? "";
    const place = question.entry ? question.entry.join(",") : `${Math.floor(at / cols)},${at % cols}`;
    form.append(question.ask === "zeros" ? zero(player, question, text, mark, place, settled) : number(player, question, text, mark, place, settled));
  });
  return form;
}

const values = (form: HTMLElement): string[] => [...form.querySelectorAll<HTMLInputElement | HTMLButtonElement>("input, button")].map((one) => (one instanceof HTMLInputElement ? one.value : (one.textContent ?? "").replace("✕", "")));
const label = (place: string, mark: string): string => `entry ${place}${mark === "right" ? ", right" : mark === "wrong" ? ", not right" : ""}`;

function number(player: Player, question: Question, text: string, mark: string, place: string, settled: boolean): HTMLElement {
  const input = h("input", {
    type: "text", inputmode: "decimal", class: `cell ${mark}`, "aria-label": label(place, mark), autocomplete: "off", value: text, disabled: settled,
    oninput: () => player.type(question, values(input.parentElement!)),
  });
  return input;
}

function zero(player: Player, question: Question, text: string, mark: string, place: string, settled: boolean): HTMLElement {
  const button = h("button", {
    type: "button", class: `cell ${mark}`, "aria-label": label(place, mark), "aria-pressed": String(text === "0"), disabled: settled,
    onclick: () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(on));
      setText(button, on ? "0" : "");
      player.type(question, values(button.parentElement!));
    },
  }, text);
  return button;
}

function buttons(player: Player, question: Question, form: HTMLElement | null, settled: boolean): Node[] {
  if (settled) return [];
  const give = (by: Outcome["by"]): void => {
    const marks = by === "skip" || form === null ? [] : grade(question, values(form));
    player.settle(question, { marks, right: by !== "skip" && allRight(marks), by });
  };
  const check = form && h("button", { type: "button", class: "btn p check", onclick: () => give("check") }, "Check");
  form?.addEventListener("keydown", (event) => {
    if ((event as KeyboardEvent).key !== "Enter" || (event.target as Element).tagName !== "INPUT") return;
    event.preventDefault();
    give("check");
  });
  return [
    check as Node, h("button", { type: "button", class: "btn", onclick: () => give("reveal") }, "Reveal"),
    h("button", { type: "button", class: "btn q", onclick: () => give("skip") }, "Skip"),
  ].filter((node) => node !== null);
}
