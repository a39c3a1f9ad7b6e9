// Checking what was typed: entry by entry, with the tolerance of the question.
import { typed, typedShape } from "./numbers";

export type Mark = "right" | "wrong" | "empty";
export interface Outcome { marks: Mark[]; right: boolean; by: "check" | "reveal" | "skip" }

/** Answered right, revealed or skipped: a wrong answer leaves the question open. */
export const isSettled = (outcome: Outcome | null | undefined): boolean => !!outcome && (outcome.right || outcome.by !== "check");

/** Two numbers are the same answer within `tolerance`, or within what the given figures of the answer can say. */
export const near = (given: number, answer: number, tolerance: number): boolean =>
  Number.isFinite(answer) ? Math.abs(given - answer) <= Math.max(tolerance, 0.005 * Math.abs(answer), 1e-9) : false;

/** Marks of typed numbers, one a cell. */
export function gradeNumbers(texts: string[], answer: ArrayLike<number>, tolerance: number): Mark[] {
  return Array.from(answer, (want, at) => {
    const given = typed(texts[at] ?? "");
    return given === null ? ((texts[at] ?? "").trim() === "" ? "empty" : "wrong") : near(given, want, tolerance) ? "right" : "wrong";
  });
}

/** Mark of a typed shape. */
export function gradeShape(text: string, answer: number[]): Mark[] {
  if (text.trim() === "") return ["empty"];
  const given = typedShape(text);
  return [given !== null && given.length === answer.length && given.every((size, at) => size === answer[at]) ? "right" : "wrong"];
}

/** Marks of entries that were tapped as zero ("0") or not (""). `answer`: 1 where the entry is zero. */
export const gradeZeros = (texts: string[], answer: number[]): Mark[] => answer.map((zero, at) => ((texts[at] === "0") === (zero !== 0) ? "right" : "wrong"));

export const allRight = (marks: Mark[]): boolean => marks.length > 0 && marks.every((mark) => mark === "right");
