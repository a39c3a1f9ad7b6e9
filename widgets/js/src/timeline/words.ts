// What the timeline says of its parts, in numbers and words.
import { THIN, bytes, count, micros, num } from "../format";
import { type Block, type Measure, type Row, type Sums, type Timeline, seconds, valueOf } from "./model";

export const time = (value: number): string => micros(value * 1e6);
export const share = (part: number, whole: number): string => (whole > 0 ? `${num((100 * part) / whole)}${THIN}%` : "–");
export const MEASURES: [Measure, string][] = [["time", "time"], ["held", "memory at the peak"], ["saved", "kept for backward"], ["made", "memory made"]];
export const amount = (value: number, measure: Measure): string => (measure === "time" ? time(value) : bytes(value));

/** `forward 3.1 ms · backward 6.2 ms · 12 calls · 9.0 % of the time · 64 KB at the peak` */
export function facts(sums: Sums, { total }: Timeline, measure: Measure): string[] {
  const found: string[] = [];
  if (sums.forward > 0) found.push(`forward ${time(sums.forward)}`);
  if (sums.backward > 0) found.push(`backward ${time(sums.backward)}`);
  if (sums.step > 0) found.push(`optimizer ${time(sums.step)}`);
  if (sums.calls > 0) found.push(`${count(sums.calls)} ${sums.calls === 1 ? "call" : "calls"}`);
  found.push(`${share(seconds(sums), seconds(total))} of the time`);
  if (measure === "time" && sums.held > 0) found.push(`${bytes(sums.held)} at the peak`);
  if (measure !== "time") found.push(`${bytes(sums[measure])} ${{ held: "at the peak", saved: "kept for backward", made: "made" }[measure]}, ${share(valueOf(sums, measure), valueOf(total, measure))}`);
  return found;
}

export const nameOf = (block: Block): string => (block.cls === "" ? block.label : `${block.label} (${block.cls})`);
export const one = (names: string[], plural: string): string => (names.length === 1 ? names[0] : `${names.length} ${plural}`);
export const rowName = (row: Row): string => (row.source === "" ? row.label : `${row.label}  ${row.source}`);
