// A convolution or a pooling goes window by window: the part of x under the window, the kernel, what comes of them, the entry that it becomes.
import { h } from "../dom";
import type { Block, Op, Window, Windows } from "./data";
import { blockTerm, bold, pair, term } from "./formula";
import { blockNote, entry, formulaMatrix, mathMatrix } from "./matrix";
import { called } from "./model";
import { cell } from "./numbers";
import type { Player } from "./player";

export function windowRows(player: Player, op: Op, { x, w, windows }: Windows): Node[] {
  const { model, state } = player;
  const at = Math.min(state.window, windows.length - 1);
  const window = windows[at];
  const image = model.value(x)?.block ?? null;
  const kernel = w === null ? null : (model.value(w)?.block ?? null);
  const result = model.value(op.output[0])?.block ?? null;
  const hidden = player.isHidden("value", op.output[0]);
  const row = h("div", { class: "eqr mid" });
  const add = (text: string, one: HTMLElement): void => row.append(pair(text, one));
  const facet = image === null ? 0 : w === null ? facetOf(image, window, state.facet) : state.facet % image.facets.length;
  if (image) row.append(term(
    formulaMatrix(
      image,
      { facet, cls: "lo", lit: (i, j) => (inWindow(image, window, i, j) ? "hot" : ""), window, picture: image.cols.length > SMALL },
    ),
    [bold(`${called(model, x)} `), blockNote(image, facet)],
  ));
  const under = image && patch(image, facet, window);
  if (under) add("→", term(mathMatrix(under, { cls: "lo" }), [bold("window "), blockNote(under, 0)]));
  if (kernel) add("⊙", blockTerm(player, kernel, [bold(`${called(model, w!)} `)], { cls: "lo", facet: kernelOf(kernel, window, state.facet) }));
  if (result) {
    const channel = facetOf(result, window, state.facet);
    add(
      kernel ? "sum →" : "→",
      term(
        formulaMatrix(
          result,
          {
            facet: channel, cls: "lo", hidden, lit: (i, j) => mark(result, window, i, j), window: entryOf(window),
            picture: result.cols.length > SMALL,
          },
        ),
        [bold(`${called(model, op.output[0])} `), blockNote(result, channel)], "res v",
      ),
    );
  }
  const sum = hidden ? "" : `[${window.out.join(",")}] = ${[window.text, window.result === null ? "" : cell(window.result)].filter((text) => text !== "").join(" = ")}`;
  return [windowChoice(player, windows.length), h("div", { class: "eqb" }, row, h("div", { class: "entry" }, sum))];
}

const SMALL = 4; // more columns than this are a picture

/** What lies under a window, 0 where it reaches beyond the edge; null where the message has only a part of the image. */
export function patch(image: Block, facet: number, { rows: [top, bottom], cols: [left, right] }: Window): Block | null {
  if (!image.whole) return null;
  const [rows, cols] = [range(top, bottom), range(left, right)];
  const inside = (i: number, j: number): boolean => i >= 0 && i < image.rows.length && j >= 0 && j < image.cols.length;
  const data = Float32Array.from(rows.flatMap((i) => cols.map((j) => (inside(i, j) ? entry(image, facet, i, j) : 0))));
  return { rows: rows.map((_, i) => i), cols: cols.map((_, j) => j), facets: [[]], whole: true, shape: [rows.length, cols.length], data };
}

const range = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at);

const inWindow = ({ rows, cols }: Block, window: Window, i: number, j: number): boolean =>
  rows[i] >= window.rows[0] && rows[i] < window.rows[1] && cols[j] >= window.cols[0] && cols[j] < window.cols[1];

/** The entry that a window becomes, as rows and columns of the result. */
function entryOf({ out }: Window): { rows: [number, number]; cols: [number, number] } {
  const [row, col] = [out.at(-2) ?? 0, out.at(-1) ?? 0];
  return { rows: [row, row + 1], cols: [col, col + 1] };
}

/** The matrix of a tensor with the window's leading indices (batch and channel). */
function facetOf(block: Block, window: Window, fallback: number): number {
  const lead = window.out.slice(0, -2);
  const found = block.facets.findIndex((facet) => facet.length === lead.length && facet.every((index, at) => index === lead[at]));
  return found >= 0 ? found : fallback % block.facets.length;
}

/** The kernel that makes the window's channel. */
function kernelOf(block: Block, window: Window, fallback: number): number {
  const channel = window.out.at(-3);
  const found = block.facets.findIndex((facet) => facet[0] === channel);
  return found >= 0 ? found : fallback % block.facets.length;
}

/** The entry of this window is lit; those after it are still to come. */
function mark(block: Block, { out }: Window, i: number, j: number): string {
  const [row, col] = [out.at(-2) ?? 0, out.at(-1) ?? 0];
  if (block.rows[i] === row && block.cols[j] === col) return "hot";
  return block.rows[i] > row || (block.rows[i] === row && block.cols[j] > col) ? "later" : "";
}

function windowChoice(player: Player, total: number): HTMLElement {
  const at = Math.min(player.state.window, total - 1);
  const go = (window: number): void => player.set({ window: Math.min(total - 1, Math.max(0, window)), playing: false });
  const input = h(
    "input",
    {
      type: "range", min: 1, max: total, value: at + 1, "aria-label": "Window", "aria-valuetext": `window ${at + 1} of ${total}`,
      oninput: () => go(Number(input.value) - 1),
    },
  );
  const button = (label: string, text: string, by: number): HTMLButtonElement => h(
    "button",
    { type: "button", class: "btn q", "aria-label": label, title: `${label} (Shift ${by < 0 ? "←" : "→"})`, onclick: () => go(at + by) },
    text,
  );
  return h(
    "div", { class: "sub", role: "group", "aria-label": "Windows" }, button("Previous window", "‹", -1), input,
    button("Next window", "›", 1), h("span", { class: "dim" }, `window ${at + 1} of ${total}`),
  );
}
