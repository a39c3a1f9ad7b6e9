// The frame that every panel of the view has: a region, a 36 px title row that folds it, a place for tools, a body.
import { h, icon, setAttr, setText } from "./dom";
import type { State, Store } from "./store";

export interface Shell {
  el: HTMLElement;
  count: HTMLElement; // dim words after the title, e.g. `41 ops`
  tools: HTMLElement; // right end of the title row
  body: HTMLElement;
  /** Show or hide the body by `ui.folded`; `summary` is shown in place of count and tools while folded. Returns whether it is open. */
  fold(state: State, summary: string): boolean;
}

/** `key` names the grid area, the class and the fold (`panel:<key>`): loss, gradients, graph. */
export function createShell(store: Store, key: string, title: string, label: string): Shell {
  const count = h("span", { class: "dim small count" });
  const summaryText = h("span", { class: "dim small summary", hidden: true });
  const tools = h("div", { class: "tools" });
  const body = h("div", { class: "body", id: `gb-${key}-${serial++}` });
  const button = h(
    "button",
    { class: "fold", type: "button", "aria-expanded": "true", "aria-controls": body.id, onclick: () => store.toggleFolded(`panel:${key}`) },
    icon(8, "M1 2.5L4 5.5 7 2.5"),
    h("h3", {}, title),
  );
  const bar = h("div", { class: "bar" }, button, count, summaryText, h("span", { class: "gap" }), tools);
  const el = h("section", { class: `pan ${key}`, role: "region", "aria-label": label }, bar, body);
  const fold = (state: State, summary: string): boolean => {
    const open = !state.ui.folded.has(`panel:${key}`);
    setAttr(button, "aria-expanded", String(open));
    el.classList.toggle("folded", !open);
    body.hidden = tools.hidden = count.hidden = !open;
    summaryText.hidden = open;
    setText(summaryText, open ? "" : summary);
    return open;
  };
  return { el, count, tools, body, fold };
}

let serial = 0;
