// What an error card is told: the header of its message (widgets/describe_card.py).
import type { Lesson, Span } from "../lesson";

/** A rectangle, a path, a circle or a text, each with class names from our own list. */
export type Shape =
  | ["r", x: number, y: number, width: number, height: number, style: string]
  | ["p", data: string, style: string]
  | ["c", x: number, y: number, radius: number, style: string]
  | ["t", x: number, y: number, text: string, style: string];

export interface Drawing { w: number; h: number; label: string; shapes: Shape[] }
export interface CodeLine { n: number; spans: Span[]; fails: boolean }
/** One line that a fix replaces. */
export interface Change { code: [before: string, changed: string, after: string]; place: string }
export interface Fix extends Change { also?: Change[]; copy: string; why: string; check: string }

export interface CardData {
  rule: string;
  lesson?: Lesson | null; // absent in cards of an older release
  name: string;
  title: Span[];
  error: string;
  message: string;
  place: string;
  lines: CodeLine[];
  operands: Drawing | null;
  scale: string;
  relation: string;
  stages: { wide: Drawing; narrow: Drawing } | null;
  reached: string;
  fixes: Fix[];
  tried: string;
  frames: string;
  traceback: string;
}
