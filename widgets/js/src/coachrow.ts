// The row under the header. Always there, always as high: what must be said changes its words, never the layout. Below it, when asked: why, and how to mend it.
import { createMessage } from "./coachmessage";
import { type CoachPanel, createPanel } from "./coachpanel";
import { type CoachUi, muting, mutedOf } from "./coachstate";
import { type Item, type Words, coachWords, itemsOf, mutedWords } from "./coachwords";
import { copyText } from "./copy";
import { h, icon, setAttr, setText } from "./dom";
import { cardNear, followFailure, showCard } from "./failure";
import { count, plain } from "./format";
import type { Actions, Panel } from "./panel";
import type { State, Store, Trail } from "./store";

/** `name`: of the region. */
export const createCoachRow = (store: Store, actions: Actions, name = "Coach"): Panel => new CoachRow(store, actions, name);

const button = (text: string, title: string, onclick: () => void, kind = "q"): HTMLButtonElement => h("button", { class: `btn ${kind}`, type: "button", title, onclick }, text);
const arrow = (label: string, path: string, onclick: () => void): HTMLButtonElement => h("button", { class: "btn i", type: "button", "aria-label": label, title: label, onclick }, icon(14, path));

class CoachRow implements Panel {
  readonly el: HTMLElement;
  private readonly message: ReturnType<typeof createMessage>;
  private readonly panel: CoachPanel;
  private readonly follow: ReturnType<typeof followFailure>;
  private readonly nth = h("span", { class: "nth" });
  private readonly turns = h("span", { class: "turns" }, arrow("Previous finding", "M8.500 3.500L5 7l3.500 3.500", () => this.go(-1)), this.nth, arrow("Next finding", "M5.500 3.500L9 7l-3.500 3.500", () => this.go(1)));
  private readonly apply = button("Apply", "Look at the change, then write it into the cell", () => { this.open(true); this.panel.focusFix(); }, "p apply");
  private readonly copy = button("Copy", "The first fix, to be pasted", () => copyText(plain(this.words.finding?.fixes[0]?.code ?? ""), this.copy), "q copy");
  private readonly where = button("Show where", "Light its way to the loss, and look at where it was born", () => showTrail(this.store, this.words.trail, this.actions));
  private readonly card = button("Show error card", "The card under this view: what went wrong, and what mends it", () => showCard(cardNear(this.el)));
  private readonly explain = button("Explain", "Why it matters, what convinced the coach, every fix", () => this.open(!this.ui.open));
  private readonly undo = button("Undo", "Hear this rule again", () => this.silence(this.ui.note ?? "", false), "p");
  private readonly fine = button("OK", "Go on", () => this.set({ note: null }));
  private readonly muted = button("", "The rules that are silent", () => this.set({ open: !this.ui.open }));
  private readonly announced = h("span", { class: "a11y", "aria-live": "polite" });

  constructor(private readonly store: Store, private readonly actions: Actions, name: string) {
    this.message = createMessage(actions, store);
    this.panel = createPanel(store, actions, (rule, silent) => this.silence(rule, silent));
    const acts = h("div", { class: "acts" }, this.turns, this.where, this.card, this.apply, this.copy, this.explain, this.undo, this.fine, this.muted);
    const row = h("div", { class: "row" }, this.message.mark, this.message.el, acts);
    this.el = h("section", { class: "coach quiet", role: "region", "aria-label": name }, row, this.panel.el, this.announced);
    this.el.addEventListener("keydown", (event) => this.leave(event));
    this.follow = followFailure(this.el, () => this.draw(store.state));
  }

  destroy(): void {
    this.follow.stop();
    this.el.remove();
  }

  draw(state: State): void {
    this.follow.draw(state);
    const words = coachWords(state);
    const { note, open } = state.ui.coach;
    const opened = open && note === null && (words.finding !== null || mutedOf(state).length > 0);
    this.el.className = `coach ${note === null ? words.kind : "say"}${opened ? " open" : ""}`;
    this.message.draw(note === null ? words : noteOf(note));
    setText(this.announced, words.of > 0 ? `${words.lead}: ${words.text}` : "");
    setText(this.nth, `${count(words.at + 1)} of ${count(words.of)}`);
    setText(this.muted, mutedWords(state));
    for (const one of [this.explain, this.muted]) setAttr(one, "aria-expanded", String(opened));
    this.offer(state, words, opened);
    this.panel.draw(state, opened ? words : null);
  }

  /** As the state is now: who clicks twice within a frame means what the first click made. */
  private get words(): Words {
    return coachWords(this.store.state);
  }

  private get ui(): CoachUi {
    return this.store.state.ui.coach;
  }

  private set(patch: Partial<CoachUi>): void {
    this.store.setUi({ coach: { ...this.ui, ...patch } });
  }

  /** Which buttons there are. */
  private offer(state: State, { finding, trail, key, kind, of }: Words, opened: boolean): void {
    const noted = state.ui.coach.note !== null;
    const fix = opened ? undefined : finding?.fixes[0];
    const can = fix !== undefined && this.actions.canApply(fix.hunks);
    const show = (one: HTMLElement, wanted: boolean, now = !noted): void => { one.hidden = !(wanted && now); };
    show(this.turns, of > 1);
    show(this.apply, can);
    show(this.copy, fix !== undefined && !can);
    show(this.where, (finding === null || finding.rule === "nan-origin") && trail !== null && !opened);
    show(this.card, (key === "failure" || (finding?.raised === true && !opened)) && cardNear(this.el) !== null);
    show(this.explain, finding !== null);
    show(this.muted, kind === "quiet" && mutedOf(state).length > 0);
    for (const one of [this.undo, this.fine]) show(one, true, noted);
  }

  private go(by: number): void {
    const items = itemsOf(this.store.state);
    const next = items[(this.words.at + by + items.length) % items.length];
    this.set({ chosen: next.key, note: null });
    if (this.ui.open) light(this.store, next);
  }

  private open(wanted: boolean): void {
    const words = this.words;
    this.set({ open: wanted, note: null, chosen: words.finding === null ? null : words.key });
    light(this.store, wanted ? words : null);
  }

  /** Escape closes what explains the row. */
  private leave(event: KeyboardEvent): void {
    if (event.key !== "Escape" || !this.ui.open) return;
    this.open(false);
    event.stopPropagation();
    (this.explain.hidden ? this.muted : this.explain).focus({ preventScroll: true });
  }

  /** Mute a rule, or hear it again. The keyboard goes to what takes that back. */
  private silence(rule: string, silent: boolean): void {
    this.actions.control(silent ? "mute" : "unmute", rule);
    this.set({ ...muting(this.ui, rule, silent), ...(silent ? { open: false, chosen: null } : {}) });
    if (silent) light(this.store, null);
    requestAnimationFrame(() => (silent ? this.undo : this.muted.hidden ? this.explain : this.muted).focus({ preventScroll: true }));
  }
}

const noteOf = (rule: string): Item => ({ key: "note", kind: "say", lead: `Muted ${rule}`, text: "It stays silent, in later sessions too.", source: "", place: null, notes: [], trail: null, finding: null });

/** Light in the graph what an item speaks of; null: what was lit for one goes out. */
function light(store: Store, item: Item | null): void {
  const { lit } = store.state.ui;
  const trail = item?.finding ? item.trail : null;
  if (trail !== null) store.setUi({ lit: trail });
  else if (lit !== null && store.state.coach?.findings.some(({ rule }) => lit.title.startsWith(`${rule}:`))) store.setUi({ lit: null });
}

function showTrail(store: Store, trail: Trail | null, actions: Actions): void {
  if (trail === null) return;
  store.setUi({ lit: trail });
  store.select({ kind: "node", key: String(trail.nodes[0]) });
  actions.focus("graph");
}
