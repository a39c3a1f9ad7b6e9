// The search field of the graph: words and filters, how many nodes match, from one to the next, and filters to click.
import { h, icon, setAttr, setText } from "./dom";
import { count } from "./format";
import { type Choice, toggled } from "./graphquery";

export interface FinderEvents {
  find(words: string): void;
  next(back: boolean): void;
  leave(): void; // Esc: back to the graph
  choices(): Choice[];
}
export interface Finder { el: HTMLElement; draw(matches: number, at: number): void }

export function createFinder(events: FinderEvents): Finder {
  const input = h("input", { type: "search", placeholder: "Find in graph", "aria-label": "Find in graph", title: "words, or op:relu module:encoder dtype:float16 nan grad>1e3", autocomplete: "off", spellcheck: "false" });
  const found = h("span", { class: "found", role: "status" });
  const step = (name: string, back: boolean, path: string): HTMLElement => h("button", { class: "btn i step", type: "button", "aria-label": name, title: name, onclick: () => events.next(back) }, icon(14, path));
  const steps = h("span", { class: "steps", hidden: true }, step("Previous match", true, "M4 8.5L7 5.5 10 8.5"), step("Next match", false, "M4 5.5L7 8.5 10 5.5"));
  const filters = h("div", { class: "filters", role: "group", "aria-label": "Filters", hidden: true });
  const glass = icon(14, "M6 2.4a3.6 3.6 0 1 0 0 7.2 3.6 3.6 0 1 0 0-7.2M8.8 8.8L12 12");
  const el = h("div", { class: "find" }, glass, input, found, steps, h("kbd", { "aria-hidden": "true" }, "/"), filters);
  const change = (words: string): void => {
    input.value = words;
    events.find(words);
    offer();
  };
  const offer = (): void => {
    const tokens = input.value.split(/\s+/);
    const known = new Map([...filters.children].map((chip) => [chip.getAttribute("data-token") ?? "", chip]));
    const chips = events.choices().map(({ token, text, nodes }) => {
      const chip = known.get(token) ?? h("button", { class: "btn", type: "button", "data-token": token, onclick: () => change(toggled(input.value, token)) }, text, h("b", {}, ""));
      setAttr(chip, "aria-pressed", String(tokens.includes(token)));
      setText(chip.lastElementChild as Element, count(nodes));
      return chip;
    });
    if (chips.length !== filters.children.length || chips.some((chip, at) => chip !== filters.children[at])) filters.replaceChildren(...chips); // moving one would take its focus
  };
  const show = (open: boolean): void => {
    if (open) offer();
    filters.hidden = !open || filters.children.length === 0;
  };
  input.addEventListener("focus", () => show(true));
  el.addEventListener("focusout", (event) => { if (!el.contains(event.relatedTarget as Node | null)) show(false); });
  filters.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
  input.addEventListener("input", () => { change(input.value); show(true); });
  input.addEventListener("click", () => show(true));
  el.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") {
      change("");
      show(false);
      events.leave();
    } else if (event.target !== input) return;
    else if (event.key === "Enter") {
      show(false); // it would lie over what was found
      events.next(event.shiftKey);
    }
    else if (event.key === "ArrowDown" && !filters.hidden) (filters.firstElementChild as HTMLElement).focus();
    else return;
    event.preventDefault();
  });
  return {
    el,
    draw(matches, at) {
      const some = input.value.trim() !== "";
      setText(found, !some ? "" : matches === 0 ? "none" : at < 0 ? count(matches) : `${count(at + 1)} of ${count(matches)}`);
      steps.hidden = !some || matches === 0;
      el.classList.toggle("busy", some);
    },
  };
}
