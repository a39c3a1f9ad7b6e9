// What the user has chosen in the coach's region, and what of its findings is shown. Pure.
import type { Outcome } from "./editor";
import type { Coach, Finding } from "./protocol";
import type { State } from "./store";

export interface CoachUi {
  chosen: string | null; // key of what the row shows; null: the worst
  open: boolean; // the row is explained below it
  muted: ReadonlyMap<string, boolean>; // rules that were muted, or heard again, before the kernel has said so
  note: string | null; // the rule that was just muted
  outcomes: ReadonlyMap<string, Outcome>; // of fixes that were applied, by `${key}#${place}`
}

export const newCoachUi = (): CoachUi => ({ chosen: null, open: false, muted: new Map(), note: null, outcomes: new Map() });

/** The same finding has the same key in each message. */
export const keyOf = ({ rule, cell, line }: Finding): string => `${rule} ${cell}:${line}`;

/** The kernel has spoken: what it agrees with need not be kept here. */
export function told(ui: CoachUi, { muted }: Coach): CoachUi {
  const left = [...ui.muted].filter(([rule, silent]) => muted.includes(rule) !== silent);
  return left.length === ui.muted.size ? ui : { ...ui, muted: new Map(left) };
}

/** Findings of rules that are not muted. */
export function findingsOf({ coach, ui }: State): Finding[] {
  return coach?.findings.filter(({ rule }) => ui.coach.muted.get(rule) !== true) ?? [];
}

/** Ids of the muted rules, in the order of the alphabet. */
export function mutedOf({ coach, ui }: State): string[] {
  const muted = new Set(coach?.muted ?? []);
  for (const [rule, silent] of ui.coach.muted) {
    if (silent) muted.add(rule);
    else muted.delete(rule);
  }
  return [...muted].sort();
}

/** Mute a rule or hear it again; a note says so of the one that was just muted. */
export function muting(ui: CoachUi, rule: string, silent: boolean): CoachUi {
  return { ...ui, muted: new Map(ui.muted).set(rule, silent), note: silent ? rule : null };
}
