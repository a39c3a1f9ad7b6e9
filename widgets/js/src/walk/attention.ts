// Attention goes head by head: scores, their softmax as a heat map, and what each row takes from v.
import { h, s } from "../dom";
import type { Attention, Block } from "./data";
import { bold, pair, sized, term } from "./formula";
import { blockNote, entry, formulaMatrix } from "./matrix";
import { called } from "./model";
import { cell } from "./numbers";
import type { Player } from "./player";

export function attentionRows(player: Player, attention: Attention, hidden: boolean): Node[] {
  const { state, model } = player;
  const head = state.facet % attention.heads;
  const matrix = (block: Block | null, name: string, box = ""): HTMLElement[] =>
    block ? [term(
      formulaMatrix(block, { facet: head % block.facets.length, cls: "lo", hidden: hidden && box !== "" }),
      [bold(`${name} `), blockNote(block, head)], box,
    )] : [];
  const of = (id: number): HTMLElement[] => matrix(model.value(id)?.block ?? null, called(model, id));
  const row = h("div", { class: "eqr" }, ...of(attention.q));
  const add = (text: string, terms: HTMLElement[]): void => row.append(...terms.map((one) => pair(text, one)));
  add("·", of(attention.k));
  add("→", matrix(attention.scores, `q kᵀ${attention.scale ? ` · ${attention.scale}` : ""}`));
  if (attention.weights) add(
    attention.causal ? "mask, softmax →" : "softmax →",
    [term(heat(attention.weights, head % attention.weights.facets.length), [bold("weights "), "each row sums to 1"])],
  );
  add("×", of(attention.v));
  add("=", matrix(model.value(attention.out)?.block ?? null, called(model, attention.out), "res v"));
  return [
    heads(player, attention.heads, head),
    h("div", { class: "eqb" }, sized(row, [attention.q, attention.k, attention.v, attention.out].map((id) => model.value(id)?.block))),
  ];
}

function heads(player: Player, count: number, head: number): HTMLElement {
  const tabs = Array.from(
    { length: count },
    (_, at) => h(
      "button",
      {
        type: "button", class: "btn", role: "tab", "aria-selected": String(at === head), tabindex: at === head ? 0 : -1,
        onclick: () => player.set({ facet: at }),
      },
      h("span", {}, `head ${at + 1}`),
    ),
  );
  const keys = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    event.stopPropagation();
    const pane = el.parentElement; // the tabs are made anew for the next head
    player.set({ facet: (head + (event.key === "ArrowRight" ? 1 : -1) + count) % count });
    requestAnimationFrame(() => pane?.querySelector<HTMLElement>(".heads [aria-selected=true]")?.focus());
  };
  const el = h("div", { class: "sub seg heads", role: "tablist", "aria-label": "Heads", onkeydown: keys as EventListener }, ...tabs);
  return el;
}

const CELL = 26;

/** Weights as a heat map with their numbers; rows ask, columns are looked at. */
function heat(block: Block, facet: number): SVGElement {
  const { rows, cols } = block;
  const svg = s(
    "svg",
    { width: cols.length * CELL + 1, height: rows.length * CELL + 1, role: "img", "aria-label": `attention weights, ${rows.length}×${cols.length}` },
  );
  rows.forEach((_, i) => cols.forEach((_, j) => {
    const value = entry(block, facet, i, j);
    const tint = Math.round(Math.min(1, Math.max(0, value)) * 60) / 100;
    svg.append(
      s("rect", { x: j * CELL, y: i * CELL, width: CELL, height: CELL, fill: `rgba(var(--pos),${tint})` }),
      s("text", { class: "m nums", x: j * CELL + CELL / 2, y: i * CELL + 17 }, cell(value)),
    );
  }));
  svg.append(s("rect", { class: "mv", x: 0.5, y: 0.5, width: cols.length * CELL, height: rows.length * CELL }));
  return svg;
}
