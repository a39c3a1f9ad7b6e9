// Attention goes head by head: scores, their softmax as a heat map, and what each row takes from v.
import { h, s } from "../dom";
import type { Attention, Block } from "./data";
import { sign, term } from "./formula";
import { blockNote, entry, mathMatrix } from "./matrix";
import { cell } from "./numbers";
import type { Player } from "./player";

export function attentionRows(player: Player, attention: Attention): Node[] {
  const { state } = player;
  const head = state.facet % attention.heads;
  const at = (block: Block): number => head % block.facets.length;
  const matrix = (block: Block | null, name: string, cls = "lo", box = ""): HTMLElement[] => (block ? [term(mathMatrix(block, { facet: at(block), cls }), [h("b", {}, `${name} `), blockNote(block, at(block))], box)] : []);
  const row = h("div", { class: "eqr" });
  const parts: [Block | null, string][] = [[attention.q, "q"], [attention.k, "k"]];
  for (const [block, name] of parts) row.append(...matrix(block, name));
  if (attention.scores) row.append(sign("→"), ...matrix(attention.scores, `q kᵀ${attention.scale ? ` · ${attention.scale}` : ""}`));
  if (attention.weights) row.append(sign("softmax →"), term(heat(attention.weights, at(attention.weights), attention.tokens), [h("b", {}, "weights "), "each row sums to 1"]));
  row.append(...(attention.v ? [sign("×"), ...matrix(attention.v, "v")] : []), ...(attention.out ? [sign("="), ...matrix(attention.out, "result", "lo", "res v")] : []));
  return [heads(player, attention.heads, head), h("div", { class: "eqb" }, row)];
}

function heads(player: Player, count: number, head: number): HTMLElement {
  const tabs = Array.from({ length: count }, (_, at) => h("button", { type: "button", class: "btn", role: "tab", "aria-selected": String(at === head), tabindex: at === head ? 0 : -1, onclick: () => player.set({ facet: at }) }, h("span", {}, `head ${at + 1}`)));
  const keys = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    event.stopPropagation();
    player.set({ facet: (head + (event.key === "ArrowRight" ? 1 : -1) + count) % count });
    requestAnimationFrame(() => requestAnimationFrame(() => (el.getRootNode() as ParentNode).querySelector<HTMLElement>(".heads [aria-selected=true]")?.focus()));
  };
  const el = h("div", { class: "sub seg heads", role: "tablist", "aria-label": "Heads", onkeydown: keys as EventListener }, ...tabs);
  return el;
}

const CELL = 26;

/** Weights as a heat map with their numbers; rows ask, columns are looked at. */
function heat(block: Block, facet: number, tokens: string[]): SVGElement {
  const [rows, cols] = [block.rows.length, block.cols.length];
  const left = tokens.length > 0 ? 44 : 0;
  const top = tokens.length > 0 ? 16 : 0;
  const svg = s("svg", { width: left + cols * CELL + 1, height: top + rows * CELL + 1, role: "img", "aria-label": `attention weights, ${rows}×${cols}` });
  const token = (index: number): string => (tokens[index] ?? "").slice(0, 6);
  block.rows.forEach((row, i) => {
    if (left > 0) svg.append(s("text", { class: "ts e", x: left - 4, y: top + i * CELL + 17 }, token(row)));
    block.cols.forEach((_, j) => {
      const value = entry(block, facet, i, j);
      svg.append(s("rect", { x: left + j * CELL, y: top + i * CELL, width: CELL, height: CELL, fill: `rgba(var(--pos),${Math.round(Math.min(1, Math.max(0, value)) * 60) / 100})` }), s("text", { class: "m nums", x: left + j * CELL + CELL / 2, y: top + i * CELL + 17 }, cell(value)));
    });
  });
  if (top > 0) block.cols.forEach((col, j) => svg.append(s("text", { class: "ts m", x: left + j * CELL + CELL / 2, y: 11 }, token(col))));
  svg.append(s("rect", { class: "mv", x: left + 0.5, y: top + 0.5, width: cols * CELL, height: rows * CELL }));
  return svg;
}
