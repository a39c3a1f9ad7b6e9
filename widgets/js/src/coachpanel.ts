// A finding explained: what convinced the coach, every fix with what it changes, the idea behind the rule, and which rules are silent.
import { type FixList, createFixes } from "./coachfixes";
import { mutedOf } from "./coachstate";
import type { Words } from "./coachwords";
import { type Child, h, keepFocus, refill } from "./dom";
import { lessonParts } from "./lesson";
import type { Actions } from "./panel";
import type { Finding } from "./protocol";
import type { State, Store } from "./store";

export interface CoachPanel {
  readonly el: HTMLElement;
  /** `words` null: closed. */
  draw(state: State, words: Words | null): void;
  /** The keyboard goes to what applies the first fix. */
  focusFix(): void;
}

/** `silence` mutes a rule, or hears it again. */
export function createPanel(store: Store, actions: Actions, silence: (rule: string, silent: boolean) => void): CoachPanel {
  const evidence = h("div", { class: "because" });
  const idea = h("div", { class: "idea" });
  const foot = h("div", { class: "foot" });
  const fixes: FixList = createFixes(store, actions);
  const el = h("div", { class: "more", tabindex: -1, hidden: true }, evidence, fixes.el, idea, foot);
  let drawn = "";
  let wantsFocus = false;
  const draw = (state: State, words: Words | null): void => {
    el.hidden = words === null;
    if (words === null) return;
    const muted = mutedOf(state);
    const mayMute = state.connection === "connected";
    const lessons = state.coach?.lessons ?? {};
    const lesson = words.finding && Object.hasOwn(lessons, words.finding.rule) ? lessons[words.finding.rule] : null;
    const key = JSON.stringify([words.finding, muted, mayMute]);
    if (key !== drawn) {
      drawn = key;
      keepFocus(el, el, () => {
        refill(evidence, words.finding ? evidenceOf(words.finding) : []);
        refill(idea, lesson === null ? [] : [h("h4", {}, "What it is about"), ...lessonParts(lesson)]);
        refill(foot, footOf(words.finding, muted, mayMute, silence));
      });
      for (const part of [evidence, idea, foot]) part.hidden = part.childElementCount === 0;
    }
    fixes.draw(state, words.finding);
    if (wantsFocus) el.querySelector<HTMLElement>(".fixes .btn")?.focus({ preventScroll: true });
    wantsFocus = false;
  };
  return { el, draw, focusFix: () => { wantsFocus = true; } };
}

function evidenceOf({ evidence, source }: Finding): Child[] {
  const rows = evidence.flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]);
  return [h("h4", {}, "What convinced it"), source !== "" && h("code", { class: "line" }, source), rows.length > 0 && h("dl", {}, ...rows)];
}

function footOf(finding: Finding | null, muted: string[], may: boolean, silence: (rule: string, silent: boolean) => void): Child[] {
  const parts: Child[] = [];
  const act = (word: string, rule: string, silent: boolean): HTMLElement => h("button", { class: "btn q", type: "button", title: silent ? "This rule says nothing from now on, in later sessions too" : "Hear this rule again", onclick: () => silence(rule, silent) }, `${word} ${rule}`);
  if (finding !== null && may) parts.push(act("Mute", finding.rule, true));
  if (muted.length > 0) parts.push(h("span", { class: "dim" }, "Muted:"), ...muted.map((rule) => (may ? act("Unmute", rule, false) : h("code", {}, rule))));
  return parts;
}
