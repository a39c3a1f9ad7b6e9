// The words of the coach's row: a mark, the headline, and under it where it is and what convinced the coach.
import type { Item, Kind } from "./coachwords";
import { h, s, setText } from "./dom";
import { count } from "./format";
import { placeName } from "./inspect/source";
import type { Actions } from "./panel";
import type { Store } from "./store";

export function createMessage(actions: Actions, store: Store): { mark: SVGSVGElement; el: HTMLElement; draw(item: Item): void } {
  const mark = s("svg", { class: "mark", viewBox: "0 0 16 16", "aria-hidden": "true" });
  const lead = h("span", { class: "lead" });
  const source = h("code", { class: "src" });
  const rest = h("span");
  let shown: Item | null = null;
  const where = h("button", { class: "link", type: "button", title: "Show the line in its cell", onclick: () => shown?.place && actions.showLine(shown.place) });
  const plainWhere = h("span");
  const step = h("button", { class: "link", type: "button", title: "Show this step in all panels", onclick: () => shown?.finding && store.setUi({ pinnedStep: shown.finding.step, hoverStep: null }) });
  const fix = h("code");
  const usual = h("span", {}, "fix: ", fix);
  const notes = h("span");
  const evidence = h("div", { class: "ev" }, where, plainWhere, step, usual, notes);
  const el = h("div", { class: "msg" }, h("div", { class: "text" }, lead, source, rest), evidence);
  let drawn = "";
  return {
    mark, el,
    draw(item) {
      shown = item;
      const place = item.place === null ? "" : placeName(item.place);
      const can = item.place !== null && actions.canShowLine(item.place);
      const key = JSON.stringify([item, can, store.state.series.length > 0]);
      if (key === drawn) return;
      drawn = key;
      const at = item.finding?.step ? `step ${count(item.finding.step)}` : "";
      const pins = store.state.series.length > 0;
      mark.toggleAttribute("hidden", item.kind === "quiet" || item.kind === "say");
      mark.replaceChildren(...markOf(item.kind));
      for (const [one, text] of [[lead, item.lead], [source, item.source], [rest, item.text], [where, can ? place : ""], [plainWhere, can ? "" : place], [step, pins ? at : ""], [notes, [pins ? "" : at, ...item.notes].filter(Boolean).join(" · ")]] as const) {
        setText(one, text);
        one.hidden = text === "";
      }
      setText(fix, item.finding?.fixes[0]?.code ?? "");
      usual.hidden = fix.textContent === "";
      evidence.hidden = place === "" && item.notes.length === 0;
      el.classList.toggle("two", !evidence.hidden);
      el.title = [item.text, [place, ...item.notes].filter(Boolean).join(" · ")].filter(Boolean).join("\n");
    },
  };
}

/** A cross, a triangle, a ring: severities differ in shape, not in colour alone. */
export function markOf(kind: Kind): SVGElement[] {
  if (kind === "error") return [s("path", { class: "cross", d: "M3 3l10 10M13 3L3 13" })];
  if (kind === "warning") return [s("path", { class: "tri", d: "M8 2.200L14.600 13.600H1.400z" }), s("path", { class: "bang", d: "M8 6v4M8 11.200v1.200" })];
  if (kind === "hint") return [s("circle", { class: "ring", cx: 8, cy: 8, r: 6.25 }), s("path", { class: "ring", d: "M8 7.200v4M8 4.600v1.200" })];
  return [];
}
