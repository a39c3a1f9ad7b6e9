// The fixes of a finding: each with its change, line by line, and with buttons that carry it out or copy it.
import { keyOf } from "./coachstate";
import { liveRate } from "./coachwords";
import { copyText } from "./copy";
import { type Child, h, keepFocus } from "./dom";
import type { Outcome } from "./editor";
import { MINUS, plain, sci } from "./format";
import type { Actions } from "./panel";
import type { ChangeRow, Finding, Fix, Hunk } from "./protocol";
import type { State, Store } from "./store";

export interface FixList { readonly el: HTMLElement; draw(state: State, finding: Finding | null): void }

/** What a fix can do now: written into its cells, or into the running loop. */
interface Able { apply: boolean; rate: number | null; outcome: Outcome | undefined }

export function createFixes(store: Store, actions: Actions): FixList {
  const el = h("div", { class: "fixes" });
  let drawn = "";
  const note = (id: string, outcome: Outcome): void => {
    const { coach } = store.state.ui;
    store.setUi({ coach: { ...coach, outcomes: new Map(coach.outcomes).set(id, outcome) } });
  };
  const one = (fix: Fix, nth: number, id: string, { apply, rate, outcome }: Able): HTMLElement => {
    const press = (kind: string, word: string, title: string, act: (button: HTMLElement) => void): HTMLButtonElement => {
      const made: HTMLButtonElement = h("button", { class: `btn ${kind}`, type: "button", title, "aria-label": `${word} fix ${nth + 1}`, onclick: () => act(made) }, word);
      return made;
    };
    const buttons: Child[] = [
      apply && outcome === undefined && press("p", "Apply", "Write it into the cell; its own Undo takes it back", () => note(id, actions.applyFix(fix.hunks))),
      rate !== null && press("", "Set now", "Sets the learning rate of the running cell; its text stays", () => actions.control("learning_rate", rate)),
      press("q", "Copy", "The line, to be pasted", (button) => copyText(plain(fix.code), button)),
    ];
    const code = h("code", { class: "whole" }, fix.code);
    const body = fix.hunks.length > 0 ? fix.hunks.map(changeOf) : fix.why === "" ? [] : [code];
    return h("li", {},
      h("div", { class: "way" }, fix.why !== "" ? h("span", {}, fix.why) : fix.hunks.length === 0 && code, rate !== null && h("span", { class: "dim" }, `lr ${sci(rate)}`)), h("div", { class: "do" }, ...buttons),
      h("div", { class: "what" }, ...body, outcome !== undefined && h("p", { class: `outcome ${outcome}`, role: "note" }, said(outcome, fix.hunks))));
  };
  const draw = (state: State, finding: Finding | null): void => {
    const fixes = finding?.fixes ?? [];
    el.hidden = fixes.length === 0;
    if (finding === null || fixes.length === 0) return;
    const key = keyOf(finding);
    const able = fixes.map((fix, i): Able => ({
      apply: actions.canApply(fix.hunks), rate: liveRate(state, fix), outcome: state.ui.coach.outcomes.get(`${key}#${i}`),
    }));
    const now = JSON.stringify([key, fixes, able]);
    if (now === drawn) return;
    drawn = now;
    keepFocus(el, el, () => el.replaceChildren(
      h("h4", {}, fixes.length > 1 ? "Fixes, best first" : "The fix"), h("ol", {}, ...fixes.map((fix, i) => one(fix, i, `${key}#${i}`, able[i])))));
  };
  el.tabIndex = -1;
  return { el, draw };
}

function said(outcome: Outcome, hunks: Hunk[]): string {
  const cells = [...new Set(hunks.map(({ cell }) => `cell ${cell}`))].join(" and ");
  if (outcome === "applied") return `✓ Written into ${cells}. Run it again to see what it does; Undo in the cell takes it back.`;
  if (outcome === "changed") return `Nothing was changed: the lines of ${cells} are others by now. Copy the fix instead.`;
  return `Nothing was changed: ${cells} cannot be written to on this page. Copy the fix instead.`;
}

const NAMES = { "-": "goes: ", "+": "comes: ", " ": "" } as const;
const SIGNS = { "-": MINUS, "+": "+", " ": "" } as const;

/** The lines of a change, those that go and come marked by a sign, and in them what differs. */
function changeOf({ cell, line, rows }: Hunk): HTMLElement {
  let number = line;
  const pairs = pairsOf(rows);
  const lines = rows.map(([sign, text], i) => {
    const other = pairs.get(i);
    return h("div", { class: `dl ${sign === "-" ? "goes" : sign === "+" ? "comes" : ""}` },
      h("span", { class: "n", "aria-hidden": "true" }, sign === "+" ? "" : String(number++)), h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[sign]),
      h("code", {}, NAMES[sign] !== "" && h("span", { class: "a11y" }, NAMES[sign]), ...parts(text, other === undefined ? null : rows[other][1])));
  });
  return h("div", { class: "change", role: "group", "aria-label": `change of ${cell.startsWith("[") ? `cell ${cell}` : cell}` }, h("div", { class: "file" }, cell.startsWith("[") ? `cell ${cell}` : cell), ...lines);
}

/** Lines that go and as many that come in their place: each with its partner. */
function pairsOf(rows: ChangeRow[]): Map<number, number> {
  const pairs = new Map<number, number>();
  for (let i = 0; i < rows.length; i++) {
    const run = (sign: string, from: number): number => { let n = 0; while (rows[from + n]?.[0] === sign) n++; return n; };
    const gone = run("-", i);
    const come = run("+", i + gone);
    if (gone === come) for (let k = 0; k < gone; k++) pairs.set(i + k, i + gone + k).set(i + gone + k, i + k);
    i += Math.max(gone + come - 1, 0);
  }
  return pairs;
}

/** A line with what differs from the other one marked. */
export function parts(text: string, other: string | null): Child[] {
  if (other === null) return [text];
  let first = 0;
  while (first < text.length && text[first] === other[first]) first++;
  let last = 0;
  while (last < Math.min(text.length, other.length) - first && text.at(-1 - last) === other.at(-1 - last)) last++;
  const middle = text.slice(first, text.length - last);
  if (middle === "" || 2 * middle.length > text.trim().length) return [text];
  return [text.slice(0, first), h("mark", {}, middle), text.slice(text.length - last)];
}
