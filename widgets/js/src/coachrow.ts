// The row under the header. Always there, always as high: what must be said changes its words, never the layout. Below it, when asked: why, and how to mend it.
import { createPanel } from "./coachpanel";
import { type CoachUi, muting } from "./coachstate";
import { type Item, type Kind, type Words, coachWords, itemsOf, mutedWords } from "./coachwords";
import { copyText } from "./copy";
import { h, icon, s, setAttr, setText } from "./dom";
import { count, plain } from "./format";
import { placeName } from "./inspect/source";
import type { Actions, Panel } from "./panel";
import { type State, type Store, type Trail } from "./store";

export { coachWords } from "./coachwords";

/** `name`: of the region. */
export function createCoachRow(store: Store, actions: Actions, name = "Coach"): Panel {
  let words: Words | null = null;
  let state = store.state;
  const set = (patch: Partial<CoachUi>): void => store.setUi({ coach: { ...store.state.ui.coach, ...patch } });
  const button = (text: string, title: string, onclick: () => void, kind = "q"): HTMLButtonElement => h("button", { class: `btn ${kind}`, type: "button", title, onclick }, text);
  const go = (by: number): void => {
    const items = itemsOf(store.state);
    const next = items[(words!.at + by + items.length) % items.length];
    set({ chosen: next.key, note: null });
    if (store.state.ui.coach.open) light(store, next);
  };
  const open = (wanted: boolean): void => {
    set({ open: wanted, note: null, chosen: words!.finding === null ? null : words!.key });
    light(store, wanted ? words : null);
  };

  const message = createMessage(actions, store);
  const before = h("button", { class: "btn i", type: "button", "aria-label": "Previous finding", title: "Previous finding", onclick: () => go(-1) }, icon(14, "M8.500 3.500L5 7l3.500 3.500"));
  const after = h("button", { class: "btn i", type: "button", "aria-label": "Next finding", title: "Next finding", onclick: () => go(1) }, icon(14, "M5.500 3.500L9 7l-3.500 3.500"));
  const place = h("span", { class: "nth" });
  const turns = h("span", { class: "turns" }, before, place, after);
  const apply = button("Apply", "Look at the change, then write it into the cell", () => { open(true); panel.focusFix(); }, "p apply");
  const copy = button("Copy", "The first fix, to be pasted", () => copyText(plain(words?.finding?.fixes[0]?.code ?? ""), copy), "q copy");
  const show = button("Show where", "Light its way to the loss, and look at where it was born", () => showTrail(store, words!.trail!, actions));
  const card = button("Show error card", "The card under this view: what went wrong, and what mends it", () => showCard(cardNear(el)));
  const explain = button("Explain", "Why it matters, what convinced the coach, every fix", () => open(!store.state.ui.coach.open), "q explain");
  const undo = button("Undo", "Hear this rule again", () => { const { note } = store.state.ui.coach; if (note !== null) silence(note, false); }, "p");
  const fine = button("OK", "Go on", () => set({ note: null }));
  const muted = button("", "The rules that are silent", () => set({ open: !store.state.ui.coach.open }), "q muted");
  const acts = h("div", { class: "acts" }, turns, show, card, apply, copy, explain, undo, fine, muted);
  const row = h("div", { class: "row" }, message.mark, message.el, acts);
  const silence = (rule: string, silent: boolean): void => {
    actions.control(silent ? "mute" : "unmute", rule);
    const ui = muting(store.state.ui.coach, rule, silent);
    store.setUi({ coach: silent ? { ...ui, open: false, chosen: null } : ui });
    if (silent) light(store, null);
    requestAnimationFrame(() => (silent ? undo : muted.hidden ? explain : muted).focus({ preventScroll: true }));
  };
  const panel = createPanel(store, actions, silence);
  const announced = h("span", { class: "a11y", "aria-live": "polite" });
  const el = h("section", { class: "coach quiet", role: "region", "aria-label": name }, row, panel.el, announced);
  el.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !store.state.ui.coach.open) return;
    open(false);
    event.stopPropagation();
    (explain.hidden ? muted : explain).focus({ preventScroll: true });
  });
  const follow = followFailure(el, () => draw(store.state));

  function draw(now: State): void {
    state = now;
    words = coachWords(state);
    const { ui: { coach: ui } } = state;
    follow.draw(state);
    const note = ui.note !== null;
    const { finding } = words;
    el.className = `coach ${note ? "say" : words.kind}`;
    const opened = ui.open && !note && (finding !== null || mutedWords(state) !== "");
    el.classList.toggle("open", opened);
    message.draw(note ? noteOf(ui.note!) : words);
    setAttr(announced, "data-of", words.key);
    setText(announced, words.of > 0 ? `${words.lead}: ${words.text}` : "");
    const first = finding?.fixes[0];
    const can = first !== undefined && actions.canApply(first.hunks);
    setText(place, `${count(words.at + 1)} of ${count(words.of)}`);
    setText(muted, mutedWords(state));
    for (const one of [explain, muted]) setAttr(one, "aria-expanded", String(opened));
    reveal([turns, !note && words.of > 1], [apply, !note && !opened && can], [copy, !note && !opened && first !== undefined && !can],
      [show, !note && finding === null && words.trail !== null], [card, !note && !opened && (words.key === "failure" || finding?.raised === true) && cardNear(el) !== null], [explain, !note && finding !== null],
      [undo, note], [fine, note], [muted, !note && finding === null && words.kind === "quiet" && mutedWords(state) !== ""]);
    panel.draw(state, opened ? words : null);
  }
  return { el, draw, destroy: () => { follow.stop(); el.remove(); } };
}

const reveal = (...those: [HTMLElement, boolean][]): void => { for (const [one, wanted] of those) one.hidden = !wanted; };

const noteOf = (rule: string): Item => ({ key: "note", kind: "say", lead: `Muted ${rule}`, text: "It stays silent, in later sessions too.", source: "", place: null, notes: [], trail: null, finding: null });

/** Mark, headline, and under it where and what convinced. */
function createMessage(actions: Actions, store: Store): { mark: SVGSVGElement; el: HTMLElement; draw(item: Item): void } {
  const mark = s("svg", { class: "mark", viewBox: "0 0 16 16", "aria-hidden": "true" });
  const lead = h("span", { class: "lead" });
  const source = h("code", { class: "src" });
  const rest = h("span");
  let shown: Item | null = null;
  const where = h("button", { class: "link", type: "button", title: "Show the line in its cell", onclick: () => shown?.place && actions.showLine(shown.place) });
  const plainWhere = h("span");
  const step = h("button", { class: "link", type: "button", title: "Show this step in all panels", onclick: () => shown?.finding && store.setUi({ pinnedStep: shown.finding.step, hoverStep: null }) });
  const fix = h("code");
  const usual = h("span", {}, "fix: ", fix);
  const notes = h("span");
  const evidence = h("div", { class: "ev" }, where, plainWhere, step, usual, notes);
  const el = h("div", { class: "msg" }, h("div", { class: "text" }, lead, source, rest), evidence);
  let drawn = "";
  return {
    mark, el,
    draw(item) {
      shown = item;
      const place = item.place === null ? "" : placeName(item.place);
      const can = item.place !== null && actions.canShowLine(item.place);
      const key = JSON.stringify([item, can, store.state.series.length > 0]);
      if (key === drawn) return;
      drawn = key;
      const at = item.finding?.step ? `step ${count(item.finding.step)}` : "";
      const pins = store.state.series.length > 0;
      mark.toggleAttribute("hidden", item.kind === "quiet" || item.kind === "say");
      mark.replaceChildren(...markOf(item.kind));
      for (const [one, text] of [[lead, item.lead], [source, item.source], [rest, item.text], [where, can ? place : ""], [plainWhere, can ? "" : place], [step, pins ? at : ""], [notes, [pins ? "" : at, ...item.notes].filter(Boolean).join(" · ")]] as const) {
        setText(one, text);
        one.hidden = text === "";
      }
      setText(fix, item.finding?.fixes[0]?.code ?? "");
      usual.hidden = fix.textContent === "";
      evidence.hidden = place === "" && item.notes.length === 0;
      el.classList.toggle("two", !evidence.hidden);
      el.title = [item.text, [place, ...item.notes].filter(Boolean).join(" · ")].filter(Boolean).join("\n");
    },
  };
}

/** Light in the graph what an item speaks of; null: what was lit for one goes out. */
function light(store: Store, item: Item | null): void {
  const { lit } = store.state.ui;
  const trail = item?.finding ? item.trail : null;
  if (trail !== null) store.setUi({ lit: trail });
  else if (lit !== null && store.state.coach?.findings.some(({ rule }) => lit.title.startsWith(`${rule}:`))) store.setUi({ lit: null });
}

/** The card comes after the view has heard of the error. */
function followFailure(el: HTMLElement, again: () => void): { draw(state: State): void; stop(): void } {
  const later = new MutationObserver(again);
  let failed = false;
  return {
    draw({ status }) {
      if (failed === (status.state === "error")) return;
      failed = !failed;
      later.disconnect();
      const outputs = outputsOf(el);
      if (failed && outputs !== null) later.observe(outputs, { childList: true });
    },
    stop: () => later.disconnect(),
  };
}

/** The outputs of the cell that an element stands among; null on a page of its own. */
const outputsOf = (el: Element): Element | null => el.closest(".jp-OutputArea");

/** The error card among the same outputs. */
const cardNear = (el: Element): HTMLElement | null => outputsOf(el)?.querySelector<HTMLElement>(".gb.err") ?? null;

function showCard(card: HTMLElement | null): void {
  if (card === null) return;
  card.tabIndex = -1;
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
}

function showTrail(store: Store, trail: Trail, actions: Actions): void {
  store.setUi({ lit: trail });
  store.select({ kind: "node", key: String(trail.nodes[0]) });
  actions.focus("graph");
}

/** A cross, a triangle, a ring: severities differ in shape, not in colour alone. */
export function markOf(kind: Kind): SVGElement[] {
  if (kind === "error") return [s("path", { class: "cross", d: "M3 3l10 10M13 3L3 13" })];
  if (kind === "warning") return [s("path", { class: "tri", d: "M8 2.200L14.600 13.600H1.400z" }), s("path", { class: "bang", d: "M8 6v4M8 11.200v1.200" })];
  if (kind === "hint") return [s("circle", { class: "ring", cx: 8, cy: 8, r: 6.25 }), s("path", { class: "ring", d: "M8 7.200v4M8 4.600v1.200" })];
  return [];
}
