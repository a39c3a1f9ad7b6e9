// What a difference is made of, as the kernel tells it.
import { changes } from "../format";

export type Mark = "+" | "-" | "~" | "=";
export interface Counts { added: number; removed: number; changed: number; same: number }
export interface Row { mark: Mark; name: string; what: string }
export interface NodeRow extends Row { node: number }
/** Two tensors of one name: ‖Δ‖, ‖Δ‖/‖a‖ and max |Δ|, null where they cannot be subtracted; `broken`: the difference is not finite. */
export interface TensorRow extends Row { shape: number[]; norm: number | null; relative: number | null; largest: number | null; broken: boolean }
export interface TensorTable { title: string; counts: Counts; norm: number | null; rows: TensorRow[] }
export interface DiffHeader {
  names: [before: string, after: string];
  facts: [name: string, before: string, after: string][];
  tables: TensorTable[];
  nodes?: NodeRow[];
  counts?: Counts;
}

export const SIGNS: Record<Mark, string> = { "+": "+", "-": "−", "~": "~", "=": "" };
export const WORDS: Record<Mark, string> = { "+": "added", "-": "removed", "~": "changed", "=": "the same" };

/** `+3 −1 ~2`; empty when nothing differs. */
export function tally({ added, removed, changed }: Counts): string {
  return changes(added, removed, changed);
}

const [LEAST, DECADES] = [1e-4, 5];

/** Length of the bar of a relative change: 0 at 1e-4 and below, 1 at 10 and above. */
export function barOf(relative: number | null): number {
  return relative === null || !(relative > 0) ? 0 : Math.min(1, Math.max(0.02, Math.log10(relative / LEAST) / DECADES));
}
