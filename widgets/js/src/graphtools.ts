// The buttons in the title row of the graph: fit, fold, save.
import { h, icon } from "./dom";

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
