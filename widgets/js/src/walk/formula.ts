// The mathematics of a step: symbols, then the same with the numbers put in; going back, for each operand what comes in times the local derivative.
import { h, setText } from "../dom";
import { formula as readFormula } from "../mathml";
import { attentionRows } from "./attention";
import { convRows } from "./conv";
import type { Block, Factor, Filled, Part, Step, Value } from "./data";
import type { Pane } from "./header";
import { blockNote, m, mathMatrix, shownPart } from "./matrix";
import { type Model, called } from "./model";
import type { Player } from "./player";

export function createFormula(player: Player): Pane {
  const { model } = player;
  const title = h("span", {});
  const facet = h("span", { class: "facet" });
  const body = h("div", { class: "eq", tabindex: "0", role: "group", "aria-label": "Formula" });
  const el = h("div", { class: "wm" }, h("div", { class: "cap" }, title, facet), body);
  body.style.setProperty("--h", `${reserved(model)}px`);
  let drawn = "";
  return {
    el,
    draw() {
      const { state } = player;
      const step = model.step(state.step);
      const hidden = [...model.newAt(state.step)].filter((key) => player.isHidden(...(split(key)))).join();
      const key = `${state.step}|${state.facet}|${state.window}|${hidden}`;
      if (key === drawn) return;
      drawn = key;
      setText(title, titleOf(step));
      facet.replaceChildren(...facetChoice(player, step));
      body.replaceChildren(...(step ? rowsOf(player, step) : []));
    },
  };
}

const split = (key: string): ["value" | "grad", number] => {
  const [of, id] = key.split(":");
  return [of as "value" | "grad", Number(id)];
};

function titleOf(step: Step | undefined): string {
  if (step?.phase === "forward") return "the formula, with the numbers put in";
  if (step?.phase === "backward") return "incoming gradient × local derivative = result";
  if (step?.phase === "error") return "what went wrong";
  return step && step.changes.length > 0 ? "what changes" : "what happens";
}

/** Height that the tallest step needs, within bounds: the pane keeps it, so nothing below moves. */
export function reserved(model: Model): number {
  const rows = (block: Block | null): number => (block === null ? 1 : Math.max(1, block.rows.length));
  const line = (factors: Factor[], result: Block | null): number => 52 + 20 * Math.max(1, rows(result), ...factors.map((factor) => rows(factor.block)));
  let most = 120;
  for (const [at, step] of model.walk.steps.entries()) {
    const forward = step.filled.reduce((sum, one) => sum + line(one.factors, one.result) + 24 * Math.min(2, one.entries.length), 0);
    const backward = step.parts.reduce((sum, part) => sum + line(part.factors, part.result) + (part.adds ? 24 : 0) + (part.why ? 20 : 0), 0);
    const chain = step.chain.length > 0 ? 52 : 0;
    const special = model.op(at)?.conv || model.op(at)?.attention ? 260 : 0;
    most = Math.max(most, step.phase === "forward" ? Math.max(forward, special) : backward + chain, step.changes.length * 110);
  }
  return Math.min(320, most);
}

/** With more than two dimensions one matrix is shown at a time; this chooses which. */
function facetChoice(player: Player, step: Step | undefined): HTMLElement[] {
  const attention = step?.phase === "forward" ? player.model.op(player.state.step)?.attention : null;
  if (!step || attention) return [];
  const blocks = [...step.filled.flatMap((one) => [one.result, ...one.factors.map(({ block }) => block)]), ...step.parts.flatMap((part) => [part.result, ...part.factors.map(({ block }) => block)])];
  const largest = blocks.reduce<Block | null>((most, block) => (block && block.facets.length > (most?.facets.length ?? 1) ? block : most), null);
  if (largest === null) return [];
  const total = largest.facets.length;
  const at = player.state.facet % total;
  const turn = (by: number): HTMLButtonElement => h("button", { type: "button", class: "btn q", "aria-label": by < 0 ? "Previous matrix" : "Next matrix", onclick: () => player.set({ facet: (at + by + total) % total }) }, by < 0 ? "‹" : "›");
  return [turn(-1), h("span", { class: "dim" }, `matrix [${largest.facets[at].join(",")}], ${at + 1} of ${total}`), turn(1)];
}

function rowsOf(player: Player, step: Step): Node[] {
  const { model, state } = player;
  const op = model.op(state.step);
  if (step.phase === "forward" && op?.conv && op.conv.windows.length > 0) return convRows(player, op, op.conv);
  if (step.phase === "forward" && op?.attention) return attentionRows(player, op.attention);
  if (step.phase === "forward") return step.filled.map((filled) => forwardRow(player, filled));
  if (step.phase === "backward") return [...step.parts.map((part) => backwardRow(player, part)), ...chainRow(step)];
  if (step.phase === "error") return [h("p", { class: "fail" }, h("b", {}, model.walk.error?.type || step.title || "Error"), " ", model.walk.error?.message || step.say)];
  return step.changes.length > 0 ? step.changes.map((change) => changeRow(player, change)) : [h("p", { class: "dim" }, step.say)];
}

export const sign = (text: string): HTMLElement => h("div", { class: "sym" }, text);

/** One term with words under it: `incoming`, `2×1`. `short`: set the words in bold. */
export function term(content: Element | string | null, caption: (Node | string)[], cls = "", title = ""): HTMLElement {
  return h("div", { class: `term ${cls}`.trim(), title: title || undefined }, content, h("div", { class: "mcap" }, ...caption));
}

export const mathOf = (text: string): Element => readFormula(text, false) ?? m("math", {}, m("mtext", {}, text));

const bold = (text: string): HTMLElement => h("b", {}, text);

/** A matrix as a term; a hidden one shows `?` in each place. */
export function blockTerm(player: Player, block: Block, words: (Node | string)[], options: { cls?: string; hidden?: boolean; box?: string } = {}): HTMLElement {
  const { facet } = player.state;
  return term(mathMatrix(block, { facet: facet % block.facets.length, cls: options.cls ?? "", hidden: options.hidden ?? false }), [...words, blockNote(block, facet)], options.box ?? "", shownPart(block));
}

function forwardRow(player: Player, filled: Filled): HTMLElement {
  const op = player.model.op(player.state.step);
  const [output] = op?.output ?? [];
  const hidden = output !== undefined && player.isHidden("value", output);
  const row = h("div", { class: "eqr" }, h("span", { class: "who" }, output === undefined ? "" : naming(player.model, output)));
  if (filled.formula) row.append(term(mathOf(filled.formula), ["symbols"]));
  filled.factors.forEach((factor, at) => {
    row.append(sign(at === 0 ? "=" : factor.glue || ","));
    row.append(factor.block ? blockTerm(player, factor.block, [factor.text ? bold(`${factor.text} `) : ""], { cls: "lo", hidden: factor.value !== null && player.isHidden("value", factor.value) }) : term(factor.mathml ? mathOf(factor.mathml) : h("span", { class: "word" }, factor.text), [""]));
  });
  if (filled.result) row.append(sign("="), blockTerm(player, filled.result, [bold("result "), ""], { cls: "lo", hidden, box: "res v" }));
  const entries = hidden ? [] : filled.entries.map((entry) => h("div", { class: "entry" }, entry));
  return h("div", { class: "eqb" }, row, ...entries);
}

function naming(model: Model, id: number): Node {
  const value: Value | undefined = model.value(id);
  return value?.name ? h("span", {}, "for ", h("i", {}, value.name)) : h("span", {}, called(model, id));
}

function backwardRow(player: Player, part: Part): HTMLElement {
  const { model, state } = player;
  const hidden = player.isHidden("grad", part.to);
  const op = model.op(state.step);
  const incomingHidden = op !== undefined && op.output[0] !== undefined && player.isHidden("grad", op.output[0]);
  const row = h("div", { class: "eqr" }, h("span", { class: "who" }, naming(model, part.to)));
  if (part.symbols) row.append(term(mathOf(part.symbols), ["symbols"]));
  part.factors.forEach((factor, at) => {
    row.append(sign(at === 0 ? "=" : glueOf(part, factor)));
    const incoming = factor.role === "incoming";
    const words = [bold(incoming ? "incoming" : "local"), factor.text && factor.text !== "incoming" ? ` ${factor.text}` : "", " "];
    row.append(factor.block ? blockTerm(player, factor.block, words, { cls: incoming ? "in" : "lo", hidden: incoming && incomingHidden }) : term(factor.mathml ? mathOf(factor.mathml) : h("span", { class: `word ${incoming ? "in" : "lo"}` }, factor.text), [bold(incoming ? "incoming" : "local")]));
  });
  if (part.result) row.append(sign("="), blockTerm(player, part.result, [bold("result ")], { cls: "in", hidden, box: "res" }));
  if (part.adds && part.total) row.append(sign("→"), blockTerm(player, part.total, [bold("sum ")], { cls: "in", hidden, box: "res sum" }));
  const words = [part.adds ? `Adds to what came to ${called(model, part.to)} before.` : "", part.stored ? `Kept in ${called(model, part.to)}.grad.` : "", part.why].filter((text) => text !== "");
  return h("div", { class: "eqb" }, row, words.length > 0 ? h("div", { class: "entry dim" }, words.join(" ")) : null);
}

/** Between the factors of a matrix product stands `×` in the mock-up's sense; where entries meet one by one, `⊙`. */
const glueOf = (part: Part, factor: Factor): string => (factor.glue === "@" || part.operation === "matmul" ? "×" : factor.glue || "⊙");

function chainRow(step: Step): Node[] {
  if (step.chain.length === 0) return [];
  const last = step.chain.slice(-2);
  return [h("div", { class: "eqb chain" }, h("div", { class: "eqr" }, h("span", { class: "who" }, "chain rule"), ...last.map((text) => h("div", { class: "term" }, mathOf(text)))))];
}

function changeRow(player: Player, change: Step["changes"][number]): HTMLElement {
  const name = change.name || called(player.model, change.value);
  const row = h("div", { class: "eqr" }, h("span", { class: "who" }, h("span", {}, "for ", h("i", {}, name))));
  if (change.before) row.append(blockTerm(player, change.before, [bold(`${name} before `)], { cls: "lo" }));
  if (change.grad) row.append(sign("·"), blockTerm(player, change.grad, [bold(`∂${name} `)], { cls: "in" }));
  if (change.after) row.append(sign("→"), blockTerm(player, change.after, [bold(`${name} after `)], { cls: "lo", box: "res v" }));
  return h("div", { class: "eqb" }, row, change.text ? h("div", { class: "entry" }, change.text) : null);
}
