// What the coach's row says: everything there is to say, the worst first. Pure.
import { findingsOf, keyOf, mutedOf } from "./coachstate";
import { count, plural } from "./format";
import type { Place } from "./inspect/source";
import type { Birth, Finding, Fix, Stop } from "./protocol";
import { trailOf } from "./stops";
import { type State, type Trail, controlsLive, isActive } from "./store";

export type Kind = "quiet" | "say" | "hint" | "warning" | "error";

/** One thing to say. `lead` is its first word, `source` a line of code, `notes` come after the place. */
export interface Item { key: string; kind: Kind; lead: string; text: string; source: string; place: Place | null; notes: string[]; trail: Trail | null; finding: Finding | null }
/** The item that the row shows: number `at` of `of`. */
export interface Words extends Item { at: number; of: number }

const LEAD = { hint: "Hint", warning: "Warning", error: "Error" } as const;
const SILENT = "The kernel does not answer while this cell runs, so the buttons wait until it ends. To stop now: Interrupt.";
const item = (kind: Kind, text: string, more: Partial<Item> = {}): Item => ({ key: kind, kind, lead: "", text, source: "", place: null, notes: [], trail: null, finding: null, ...more });
const known = (...notes: (string | false)[]): string[] => notes.filter((note) => note !== false && note !== "") as string[];

/** What the row says: where a breakpoint holds, else a finding, else why the buttons are off, else the quiet line. */
export function coachWords(state: State): Words {
  const items = itemsOf(state);
  const at = Math.max(0, items.findIndex(({ key }) => key === state.ui.coach.chosen));
  return { ...(items[at] ?? calm(state)), at, of: items.length };
}

/** All that is wrong: the error, the birth of a NaN, the coach's findings. Each cause once. */
export function itemsOf(state: State): Item[] {
  const { error, status, connection, stop, birth, run } = state;
  if (stop !== null && (isActive(state) || connection === "static")) return [stopItem(stop)];
  const items = findingsOf(state).map((finding) => findingItem(finding, state));
  if (status.state === "error" && error !== null) {
    if (items.some(({ finding }) => finding?.raised)) return items;
    const failure = item("error", error.message, { key: "failure", lead: error.type, notes: known(error.line !== null && placeOf(run?.cell ?? "", error.line)) });
    items.splice(items.filter(({ kind }) => kind === "error").length, 0, failure); // a finding may say more of it
  } else if (birth !== null) {
    const same = items.find(({ finding }) => finding?.rule === "nan-origin");
    const born = birthItem(birth);
    if (same === undefined) items.unshift(born);
    else if (same.place?.source === birth.source) Object.assign(same, { lead: born.lead, trail: born.trail });
    else Object.assign(same, { ...born, key: same.key, finding: same.finding }); // the rule saw it later than it was born
  }
  return items;
}

function findingItem(finding: Finding, state: State): Item {
  const { rule, severity, text, cell, line, source, evidence, nodes } = finding;
  const [first] = evidence;
  return item(severity, text, {
    key: keyOf(finding), lead: LEAD[severity], finding, place: line === null ? null : { cell, line, source },
    notes: known(first !== undefined && `${first[0]}: ${first[1]}`, rule),
    trail: nodes.length > 0 && state.travel === null ? { nodes, title: `${rule}: ${plural(nodes.length, "node")}` } : null,
  });
}

/** Where a breakpoint holds the run: the line, what happened there, what usually mends it. */
function stopItem({ reason, source, text, fix, op, module, place }: Stop): Item {
  return item(text ? "error" : "hint", text, { key: "stop", lead: reason, source, notes: known(place, module ? `${op} in ${module}` : op, fix && `usual fix: ${fix}`) });
}

/** Where the loss stopped being finite, and the way to it. */
function birthItem(birth: Birth): Item {
  return item("error", birth.text, { key: "birth", lead: `${birth.kind} born`, notes: known(birth.place, birth.fix && `usual fix: ${birth.fix}`, !birth.certain && "not certain"), trail: trailOf(birth) });
}

/** Nothing is wrong: what else there is to say. */
function calm(state: State): Item {
  const { coach, connection, controls, silent } = state;
  const active = isActive(state);
  if (active && silent) return item("say", SILENT);
  if (active && !controls.live && controls.why) return item("say", controls.why);
  if (connection === "disconnected") return item("say", "The last picture stays readable. Run the cell again to go on.");
  if (coach === null) return item("quiet", subject(state));
  return item("quiet", `${plural(coach.rules, "rule")}, nothing to say`);
}

/** What is looked at, where nobody watches: `cell [7] · baseline · 1,633 weights in 6 parameters`. */
function subject({ run, params }: State): string {
  const weights = params.reduce((sum, { numel }) => sum + numel, 0);
  return [run?.cell && `cell ${run.cell}`, run?.name, params.length > 0 && `${plural(weights, "weight")} in ${plural(params.length, "parameter")}`].filter(Boolean).join(" · ");
}

const placeOf = (cell: string, line: number): string => `${cell ? `cell ${cell} ` : ""}line ${count(line)}`;

const RATE = /(^|[\s(,])lr\s*=\s*([0-9.]+(?:e[+-]?[0-9]+)?)\s*(?=$|[,)])/i;

/** The learning rate that a line of code sets, null for any other line. */
export function learningRateOf(code: string): number | null {
  const value = Number(RATE.exec(code)?.[2] ?? NaN);
  return value > 0 ? value : null;
}

/** What a fix would set the learning rate of the running cell to; null where it cannot, or changes more than that. */
export function liveRate(state: State, { code, hunks }: Fix): number | null {
  const gone = hunks.flatMap(({ rows }) => rows.filter(([sign]) => sign === "-"));
  const only = hunks.length === 0 ? code.replace(RATE, "").trim() === "" : gone.length === 1 && gone[0][1].replace(RATE, "").trim() === code.replace(RATE, "").trim();
  const value = only && isActive(state) && controlsLive(state) ? learningRateOf(code) : null;
  return value === state.lr.value ? null : value;
}

/** The learning rate that the coach would set, the worst finding's first. */
export const suggestedRate = (state: State): number | null => findingsOf(state).flatMap(({ fixes }) => fixes.map((fix) => liveRate(state, fix))).find((value) => value !== null) ?? null;

/** `2 muted`, '' for none. */
export const mutedWords = (state: State): string => { const { length } = mutedOf(state); return length > 0 ? `${count(length)} muted` : ""; };
