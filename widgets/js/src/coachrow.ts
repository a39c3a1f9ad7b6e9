// The row under the header. Always there, always as high: what must be said changes its words, never the layout.
import { h, s, setText } from "./dom";
import { count, plain, plural } from "./format";
import type { Actions, Panel } from "./panel";
import type { Birth, Stop } from "./protocol";
import { trailOf } from "./stops";
import { type State, type Store, type Trail, controlsLive, isActive } from "./store";

type Kind = "quiet" | "say" | "hint" | "warning" | "error";

interface Words { kind: Kind; lead: string; text: string; evidence: string; fix: string; learningRate: number | null; trail: Trail | null; source: string }

const quiet = (text: string): Words => ({ kind: "quiet", lead: "", text, evidence: "", fix: "", learningRate: null, trail: null, source: "" });
const LEAD = { hint: "Hint", warning: "Warning", error: "Error" } as const;
const SILENT = "The kernel does not answer while this cell runs, so the buttons wait until it ends. To stop now: Interrupt.";

/** What the row says: why the buttons are off, else the finding, else the error, else the quiet line. */
export function coachWords(state: State): Words {
  const { coach, error, status, connection, stop, birth } = state;
  const active = isActive(state);
  if (stop !== null && (active || connection === "static")) return stopWords(stop);
  if (coach !== null && coach.severity !== "quiet") {
    const where = coach.line === null ? "" : `${state.run?.cell ? `cell ${state.run.cell} ` : ""}line ${count(coach.line)}`;
    const evidence = [where, coach.evidence, coach.rule].filter(Boolean).join(" · ");
    return { ...quiet(coach.text), kind: coach.severity, lead: LEAD[coach.severity], evidence, fix: coach.fix, learningRate: active && controlsLive(state) ? learningRateOf(coach.fix) : null };
  }
  if (status.state === "error" && error !== null) return { ...quiet(error.message), kind: "error", lead: error.type };
  if (birth !== null) return birthWords(birth);
  if (active && state.silent) return { ...quiet(SILENT), kind: "say" };
  if (active && !state.controls.live && state.controls.why) return { ...quiet(state.controls.why), kind: "say" };
  if (connection === "disconnected") return { ...quiet("The last picture stays readable. Run the cell again to go on."), kind: "say" };
  return quiet(coach?.text || subject(state));
}

/** Where a breakpoint holds the run: the line, what happened there, what usually mends it. */
function stopWords({ reason, source, text, fix, op, module, place }: Stop): Words {
  const where = [place, module ? `${op} in ${module}` : op, fix && `usual fix: ${fix}`].filter(Boolean).join(" · ");
  return { ...quiet(text), kind: text ? "error" : "hint", lead: reason, evidence: where, source };
}

/** Where the loss stopped being finite, and the way to it. */
function birthWords(birth: Birth): Words {
  const evidence = [birth.place, birth.fix && `usual fix: ${birth.fix}`, !birth.certain && "not certain"].filter(Boolean).join(" · ");
  return { ...quiet(birth.text), kind: "error", lead: `${birth.kind} born`, evidence, trail: trailOf(birth) };
}

/** What is looked at, where nobody has more to say: `cell [7] · baseline · 1,633 weights in 6 parameters`. */
function subject({ run, params }: State): string {
  const weights = params.reduce((sum, { numel }) => sum + numel, 0);
  return [run?.cell && `cell ${run.cell}`, run?.name, params.length > 0 && `${plural(weights, "weight")} in ${plural(params.length, "parameter")}`].filter(Boolean).join(" · ");
}

/** The value in a fix that Apply can carry out at once (`lr=3e-4`); null for any other fix. */
export function learningRateOf(fix: string): number | null {
  const found = /^\s*lr\s*=\s*([0-9.]+(?:e[+-]?[0-9]+)?)\s*$/i.exec(fix);
  const value = found === null ? NaN : Number(found[1]);
  return value > 0 ? value : null;
}

export function createCoachRow(store: Store, actions: Actions): Panel {
  const mark = s("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" });
  const lead = h("span", { class: "lead" });
  const source = h("code", { class: "src" });
  const rest = h("span");
  const message = h("div", { class: "msg" }, h("div", { class: "text" }, lead, source, rest));
  const evidence = h("div", { class: "ev" });
  message.append(evidence);
  const code = h("code", { class: "fixc" });
  let words = quiet("");
  const apply = h("button", { class: "btn p", type: "button", title: "Sets the learning rate now; the cell keeps its text", onclick: () => words.learningRate !== null && actions.control("learning_rate", words.learningRate) }, "Apply");
  const copy = h("button", { class: "btn q", type: "button", onclick: () => copyText(plain(words.fix), copy) }, "Copy");
  const show = h("button", { class: "btn q", type: "button", title: "Light its way to the loss, and look at where it was born", onclick: () => words.trail !== null && showTrail(store, words.trail, actions) }, "Show where");
  const card = h("button", { class: "btn q", type: "button", title: "The card under this view: what went wrong, and what mends it", onclick: () => showCard(cardNear(el)) }, "Show error card");
  const fix = h("div", { class: "fix" }, code, apply, copy, show, card);
  const el = h("section", { class: "coach quiet", role: "region", "aria-label": "Coach" }, mark, message, fix);
  let drawn = "";
  let failed = false;
  const showing = (): void => {
    card.hidden = !failed || cardNear(el) === null;
    fix.hidden = words.fix === "" && words.trail === null && card.hidden;
  };
  const later = new MutationObserver(showing); // the card comes after the view has heard of the error
  const draw = (state: State): void => {
    words = coachWords(state);
    if (failed !== (state.status.state === "error")) {
      failed = !failed;
      const outputs = outputsOf(el);
      later.disconnect();
      if (failed && outputs !== null) later.observe(outputs, { childList: true, subtree: true });
      showing();
    }
    const key = JSON.stringify(words);
    if (key === drawn) return;
    drawn = key;
    el.className = `coach ${words.kind}`;
    const plainRow = words.kind === "quiet" || words.kind === "say";
    el.classList.toggle("quiet", plainRow);
    mark.toggleAttribute("hidden", plainRow);
    mark.replaceChildren(...markOf(words.kind));
    setText(lead, words.lead);
    lead.hidden = words.lead === "";
    setText(source, words.source);
    source.hidden = words.source === "";
    setText(rest, words.text);
    message.classList.toggle("two", words.evidence !== "");
    message.title = [words.text, words.evidence].filter(Boolean).join("\n");
    evidence.hidden = words.evidence === "";
    setText(evidence, words.evidence);
    showing();
    code.hidden = copy.hidden = words.fix === "";
    show.hidden = words.trail === null;
    setText(code, words.fix);
    apply.hidden = words.learningRate === null;
  };
  return { el, draw, destroy: () => { later.disconnect(); el.remove(); } };
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

function markOf(kind: Kind): SVGElement[] {
  if (kind === "error") return [s("path", { class: "cross", d: "M3 3l10 10M13 3L3 13" })];
  if (kind === "warning" || kind === "hint") return [s("path", { class: "tri", d: "M8 2.200L14.600 13.600H1.400z" }), s("path", { class: "bang", d: "M8 6v4M8 11.200v1.200" })];
  return [];
}

/** Text into the clipboard; the button says how it went. */
export function copyText(text: string, button: HTMLElement): void {
  const done = (word: string): void => {
    setText(button, word);
    setTimeout(() => setText(button, "Copy"), 1500);
  };
  if (!navigator.clipboard) return done("Select it");
  navigator.clipboard.writeText(text).then(() => done("Copied"), () => done("Select it"));
}
