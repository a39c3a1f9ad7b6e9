// The error card. Reading order: what is wrong, where, why (the operands), how far it got, what to do, the traceback.
import { h, icon } from "../dom";
import { createStage } from "../stage";
import type { ViewMaker } from "../views";
import { copyText } from "../copy";
import { lessonParts, spans } from "../lesson";
import type { CardData, CodeLine, Fix } from "./data";
import { drawShapes } from "./drawing";

const NUMBERS = 52; // the column of line numbers, which stays
const ONE_ROW = 680; // from here on the stages stand in one row

export const createCard: ViewMaker = (el, { header, theme }) => {
  const card = header as unknown as CardData;
  let wide: boolean | null = null;
  let width = -1;
  const place = h("div", {});
  const stage = createStage(el, "err", card.name, () => {
    stage.dress(theme);
    if (stage.root.clientWidth === width) return;
    width = stage.root.clientWidth;
    showMark(stage.root);
    const now = width >= ONE_ROW;
    if (now === wide || card.stages === null) return;
    wide = now;
    place.replaceChildren(drawShapes(wide ? card.stages.wide : card.stages.narrow));
  });
  stage.root.append(...drawCard(card, place));
  stage.schedule();
  return () => stage.remove();
};

/** A failing stretch beyond the edge of its panel comes into sight. */
function showMark(root: HTMLElement): void {
  const code = root.querySelector<HTMLElement>(".src");
  const marks = root.querySelectorAll<HTMLElement>(".src .bad");
  const last = marks[marks.length - 1];
  if (code === null || last === undefined) return;
  const end = last.offsetLeft + last.offsetWidth + 12 - code.clientWidth;
  code.scrollLeft = Math.max(0, Math.min(end, marks[0].offsetLeft - NUMBERS));
}

/** Everything but the stages, whose drawing depends on the width. */
function drawCard(card: CardData, stages: HTMLElement): HTMLElement[] {
  const parts = [head(card), code(card)];
  if (card.operands !== null) parts.push(h("div", { class: "eo" }, caption(card.scale, card.relation), drawShapes(card.operands)));
  if (card.stages !== null) parts.push(h("div", { class: "eg" }, caption("how far it got", card.reached), stages));
  parts.push(h("div", { class: "ef" }, caption(card.fixes.length > 0 ? "fixes, best first" : "fixes", card.tried), fixes(card.fixes)));
  if (card.lesson) parts.push(h("div", { class: "el" }, caption("what this is about", card.rule), ...lessonParts(card.lesson)));
  parts.push(traceback(card));
  return [h("div", { class: card.operands === null ? "grid alone" : "grid" }, ...parts)];
}

function head(card: CardData): HTMLElement {
  const title = card.title.map(([text, style]) => (style === "code" ? h("code", {}, text) : text));
  return h("header", { class: "eh" },
    icon(16, "M5 1h6l4 4v6l-4 4H5l-4-4V5z", "M5.500 5.500l5 5M10.500 5.500l-5 5"),
    h("div", {}, h("h3", {}, ...title), h("div", { class: "dim sub" }, h("b", {}, card.error), " ", h("code", {}, card.message))),
    h("span", { class: "dim rule" }, card.rule));
}

function caption(title: string, remark: string): HTMLElement {
  return h("div", { class: "cap" }, h("span", {}, title), h("span", { class: "dim" }, remark));
}

function code(card: CardData): HTMLElement {
  return h("div", { class: "ec" }, caption(card.place, ""), h("code", { class: "src", tabindex: 0, role: "group", "aria-label": `code, ${card.place}` }, ...card.lines.map(line)));
}

function line(one: CodeLine): HTMLElement {
  return h("span", { class: one.fails ? "ln fail" : "ln", "data-n": one.n }, one.fails && h("span", { class: "a11y" }, "fails: "), ...spans(one.spans), "\n");
}

function fixes(found: Fix[]): HTMLElement | null {
  if (found.length === 0) return null;
  return h("ol", {}, ...found.map((fix, index) => {
    const copy = h("button", { class: "btn", type: "button", "aria-label": `Copy fix ${index + 1}`, onclick: () => copyText(fix.copy, copy) }, "Copy");
    return h("li", {},
      ...[fix, ...(fix.also ?? [])].map(({ code: [before, changed, after], place }) => h("div", { class: "fx" }, h("code", {}, before, h("mark", {}, changed), after), h("span", { class: "at" }, place))),
      h("div", { class: "wy" }, fix.why, " ", h("span", { class: "ck" }, `✓ ${fix.check}`)),
      copy);
  }));
}

function traceback(card: CardData): HTMLElement {
  return h("details", { class: "et" }, h("summary", {}, "show traceback ", h("span", { class: "dim" }, card.frames)), h("pre", { tabindex: 0, role: "group", "aria-label": "traceback" }, card.traceback));
}
