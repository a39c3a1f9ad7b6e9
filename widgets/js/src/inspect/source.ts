// A line of the user's code, with the expression marked that made the value.
import { h, setText } from "../dom";

export interface Place { cell: string | null; line: number | null; source: string | null; marked?: [first: number, end: number] | null }

/** `cell [7] line 4`, `model.py line 12` */
export function placeName({ cell, line }: Place): string {
  return [!cell ? "" : cell.startsWith("[") ? `cell ${cell}` : cell, line === null ? "" : `line ${line}`].filter(Boolean).join(" ");
}

export interface SourceLine { readonly el: HTMLElement; draw(place: Place | null, canShow: boolean): void }

/** `show` leads to the line in the notebook, where there is one. */
export function createSource(show: (place: Place) => void): SourceLine {
  const go = h("button", { class: "link", type: "button", title: "Show the line in its cell" });
  const plain = h("span", { class: "dim" });
  const code = h("code");
  const el = h("div", { class: "source" }, h("span", { class: "where" }, go, plain), code);
  let shown: Place | null = null;
  go.addEventListener("click", () => shown && show(shown));
  const draw = (place: Place | null, canShow: boolean): void => {
    shown = place;
    el.hidden = place === null || (!place.source && place.line === null);
    if (place === null || el.hidden) return;
    go.hidden = !canShow;
    plain.hidden = canShow;
    setText(canShow ? go : plain, placeName(place));
    const text = place.source ?? "";
    const key = `${text}|${place.marked?.join()}`;
    if (code.dataset.key === key) return;
    code.dataset.key = key;
    code.replaceChildren(...markedText(text, place.marked ?? null));
  };
  return { el, draw };
}

function markedText(text: string, marked: [number, number] | null): (Node | string)[] {
  const letters = [...text]; // as Python counts
  if (marked === null || marked[0] >= letters.length) return [text];
  const part = (from: number, to?: number): string => letters.slice(from, to).join("");
  return [part(0, marked[0]), h("mark", {}, part(...marked)), part(marked[1])].filter((piece) => piece !== "");
}
