// The tools in the title row of the graph: find, what the numbers say, fit, fold, save.
import { h, icon } from "./dom";
import { OVERLAYS, type Overlay } from "./graphpaint";

/** Chooses what the numbers on the boxes say. */
export function createOverlayChoice(chosen: (overlay: Overlay) => void): HTMLElement {
  const options = OVERLAYS.map(([text, value]) => h("option", { value }, text));
  const select = h("select", { class: "quiet", "aria-label": "Overlay", title: "What the numbers on the boxes say" }, ...options);
  select.addEventListener("change", () => chosen(select.value as Overlay));
  return h("span", { class: "overlay" }, select, icon(8, "M1 2.5L4 5.5 7 2.5"));
}

export function createButtons({ fit, unfold, save }: { fit(): void; unfold(open: boolean): void; save(): void }): HTMLElement {
  const button = (name: string, key: string, path: string, act: () => void): HTMLElement =>
    h("button", { class: "btn i", type: "button", "aria-label": name, title: `${name} (${key})`, onclick: act }, icon(14, path));
  const frame = "M2.5 2.5h9v9h-9z";
  return h("span", { class: "icons" },
    button("Fit graph", "0", "M2 4.5V2h2.5M9.5 2H12v2.5M12 9.5V12H9.5M4.5 12H2V9.5M5 5h4v4H5z", fit),
    button("Expand all", "E", `${frame}M7 4.8v4.4M4.8 7h4.4`, () => unfold(true)),
    button("Collapse all", "C", `${frame}M4.8 7h4.4`, () => unfold(false)),
    button("Save graph", "S", "M7 2v6.5M4.2 6L7 8.8 9.8 6M2.5 11.5h9", save),
  );
}

/** The search field: words as they are typed, Enter for the next match (Shift: the one before), Esc to leave it empty. */
export function createFinder(find: (words: string) => void, next: (back: boolean) => void, leave: () => void): { el: HTMLElement; words(): string } {
  const input = h("input", { type: "search", placeholder: "Find in graph", "aria-label": "Find in graph", autocomplete: "off", spellcheck: "false" });
  input.addEventListener("input", () => find(input.value));
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") next(event.shiftKey);
    else if (event.key === "Escape") {
      input.value = "";
      find("");
      leave();
    } else return;
    event.preventDefault();
  });
  const glass = icon(14, "M6 2.4a3.6 3.6 0 1 0 0 7.2 3.6 3.6 0 1 0 0-7.2M8.8 8.8L12 12");
  return { el: h("label", { class: "find" }, glass, input, h("kbd", { "aria-hidden": "true" }, "/")), words: () => input.value.trim() };
}
