// What the coach teaches of a rule, and lines of Python with their colours.
import { type Child, h } from "./dom";

/** Text with a style: of code k, s, c, n (keyword, string, comment, number), ` bad` where it fails; of a title `code` or none. */
export type Span = [text: string, style: string];
/** `line`: that of the example's fault, from 1; `fix`: what mends it, '' where that takes more. */
export interface Lesson { idea: string; threshold: string; line: number; example: Span[][]; fix: string }

const KINDS = new Set(["k", "s", "c", "n", "bad"]);

export function spans(parts: Span[]): Child[] {
  return parts.map(([text, style]) => {
    const kinds = style.split(" ").filter((kind) => KINDS.has(kind));
    return kinds.length > 0 ? h("span", { class: kinds.join(" ") }, text) : text;
  });
}

/** The idea, what convinces the rule, and a program that shows the fault. */
export function lessonParts({ idea, threshold, line, example, fix }: Lesson): Child[] {
  return [
    h("p", {}, idea), threshold !== "" && h("p", { class: "dim" }, `What convinces it: ${threshold}.`),
    example.length > 0 && h("details", { class: "lesson" }, h("summary", {}, "A small program with this fault"),
      h("code", { class: "listing" }, ...example.map((row, i) => h("span", { class: i + 1 === line ? "row at" : "row", "data-n": i + 1 }, i + 1 === line && h("span", { class: "a11y" }, "fault: "), ...spans(row), "\n"))),
      fix !== "" && h("p", {}, `What mends line ${line}: `, h("code", {}, fix))),
  ];
}
