// A convolution goes window by window: the part of x under the kernel, the kernel, the sum of their products, the entry that it becomes.
import { h } from "../dom";
import type { Block, Conv, ConvWindow, Op } from "./data";
import { blockTerm, sign, term } from "./formula";
import { blockNote, mathMatrix } from "./matrix";
import { called } from "./model";
import { cell } from "./numbers";
import type { Player } from "./player";

export function convRows(player: Player, op: Op, conv: Conv): Node[] {
  const { model, state } = player;
  const at = Math.min(state.window, conv.windows.length - 1);
  const window = conv.windows[at];
  const image = conv.image ?? model.value(conv.x)?.block ?? null;
  const kernel = conv.kernel ?? model.value(conv.w)?.block ?? null;
  const result = conv.result ?? model.value(op.output[0])?.block ?? null;
  const hidden = player.isHidden("value", op.output[0]);
  const row = h("div", { class: "eqr" });
  if (image) row.append(term(mathMatrix(image, { facet: state.facet % image.facets.length, cls: "lo", lit: (i, j) => (inWindow(image, window, i, j) ? "hot" : "") }), [h("b", {}, `${called(model, conv.x)} `), blockNote(image, state.facet)]));
  if (kernel) row.append(sign("∗"), blockTerm(player, kernel, [h("b", {}, `${called(model, conv.w)} `)], { cls: "lo" }));
  if (result) row.append(sign("="), term(mathMatrix(result, { facet: facetOf(result, window, state.facet), cls: "lo", hidden, lit: (i, j) => mark(result, conv, at, i, j) }), [h("b", {}, "result "), blockNote(result, facetOf(result, window, state.facet))], "res v"));
  const sum = hidden ? "" : `[${window.out.join(",")}] = ${[window.text, window.result === null ? "" : cell(window.result)].filter((text) => text !== "").join(" = ")}`;
  return [windowChoice(player, conv), h("div", { class: "eqb" }, row, h("div", { class: "entry" }, sum))];
}

const inWindow = ({ rows, cols }: Block, window: ConvWindow, i: number, j: number): boolean =>
  rows[i] >= window.rows[0] && rows[i] < window.rows[1] && cols[j] >= window.cols[0] && cols[j] < window.cols[1];

/** The matrix of the result that a window writes to: its leading indices. */
function facetOf(block: Block, window: ConvWindow, fallback: number): number {
  const lead = window.out.slice(0, -2);
  const found = block.facets.findIndex((facet) => facet.length === lead.length && facet.every((index, at) => index === lead[at]));
  return found >= 0 ? found : fallback % block.facets.length;
}

/** The entry of this window is lit; those of later windows are still to come. */
function mark(block: Block, conv: Conv, at: number, i: number, j: number): string {
  const [row, col] = conv.windows[at].out.slice(-2);
  if (block.rows[i] === row && block.cols[j] === col) return "hot";
  const mine = conv.windows.findIndex(({ out }) => out.at(-2) === block.rows[i] && out.at(-1) === block.cols[j]);
  return mine > at ? "later" : "";
}

function windowChoice(player: Player, conv: Conv): HTMLElement {
  const at = Math.min(player.state.window, conv.windows.length - 1);
  const total = conv.windows.length;
  const go = (window: number): void => player.set({ window: Math.min(total - 1, Math.max(0, window)), playing: false });
  const input = h("input", { type: "range", min: 1, max: total, value: at + 1, "aria-label": "Window", "aria-valuetext": `window ${at + 1} of ${total}`, oninput: () => go(Number(input.value) - 1) });
  const button = (label: string, text: string, by: number): HTMLButtonElement => h("button", { type: "button", class: "btn q", "aria-label": label, title: `${label} (Shift ${by < 0 ? "←" : "→"})`, onclick: () => go(at + by) }, text);
  return h("div", { class: "sub", role: "group", "aria-label": "Windows" }, button("Previous window", "‹", -1), input, button("Next window", "›", 1), h("span", { class: "dim" }, `window ${at + 1} of ${total}`));
}
