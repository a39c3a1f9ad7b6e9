// The mathematics of a step: symbols, then the same with the numbers put in; going back, for each operand what comes in times the local derivative.
import { h, setText } from "../dom";
import { formula as readFormula } from "../mathml";
import { attentionRows } from "./attention";
import { windowRows } from "./conv";
import type { Block, Change, Factor, Filled, Op, Part, Step } from "./data";
import type { Pane } from "./header";
import { MOST_IN_BRACKETS, blockNote, formulaMatrix, m, shownPart, thinned } from "./matrix";
import { type Model, called } from "./model";
import type { Player } from "./player";

export function createFormula(player: Player): Pane {
  const { model } = player;
  const title = h("span", {});
  const facet = h("span", { class: "facet" });
  const body = h("div", { class: "eq", tabindex: "0", role: "group", "aria-label": "Formula" });
  const el = h("div", { class: "wm" }, h("div", { class: "cap" }, title, facet), body);
  const edge = (): void => { body.classList.toggle("more", body.scrollTop + body.clientHeight < body.scrollHeight - 4); };
  body.addEventListener("scroll", edge, { passive: true });
  let drawn = "";
  let wide = 0;
  return {
    el,
    draw() {
      const { state } = player;
      const step = model.step(state.step);
      const width = el.clientWidth - 24;
      if (width !== wide) body.style.setProperty("--h", `${reserved(model, Math.max(280, width))}px`);
      wide = width;
      const hidden = [...model.walk.values.keys()].filter((id) => player.isHidden("value", id) || player.isHidden("grad", id)).join();
      const key = `${state.step}|${state.facet}|${state.window}|${hidden}`;
      if (key === drawn) return;
      if (drawn.split("|")[0] !== String(state.step)) body.scrollTop = 0;
      drawn = key;
      setText(title, titleOf(step));
      facet.replaceChildren(...facetChoice(player, step));
      body.replaceChildren(...(step ? rowsOf(player, step) : []));
      edge();
    },
  };
}

function titleOf(step: Step | undefined): string {
  if (step?.phase === "forward") return "the formula, with the numbers put in";
  if (step?.phase === "backward") return "incoming gradient × local derivative = result";
  if (step?.phase === "error") return "what went wrong";
  return step && step.changes.length > 0 ? "what changes" : "what happens";
}

/** The blocks that a step's formulas show. */
function blocksOf(model: Model, step: Step, at: number): Block[] {
  const op = model.op(at);
  const forward = step.phase === "forward" && op ? [...op.inputs, ...op.output].map((id) => (id === null ? null : (model.value(id)?.block ?? null))) : [];
  return [
    ...forward, ...step.parts.flatMap((part) => [part.result, ...part.factors.map(({ block }) => block)]),
    ...step.changes.map(({ after }) => after),
  ].filter((block) => block !== null);
}

const LINE = 21;
const MOST = 440;

/** Height of a row of matrices in a pane of some width: what has no room goes to a second line. */
function rowHeight(blocks: (Block | null)[], width: number): number {
  const shown = blocks.filter((block) => block !== null).map(({ rows, cols, whole }) => {
    const picture = rows.length * cols.length > MOST_IN_BRACKETS;
    const most = whole ? 8 : 6;
    return { picture, rows: Math.min(rows.length, most), cols: Math.min(cols.length, most), note: whole ? 0 : 12 };
  });
  const columns = shown.reduce((sum, { picture, cols }) => sum + (picture ? 3 : cols), 0);
  const size = columns > 14 ? 0.78 : columns > 10 ? 0.88 : 1;
  const wide = shown.reduce((sum, { picture, cols }) => sum + 64 + (picture ? 94 : 46 * size * cols), 150);
  const high = Math.max(LINE, ...shown.map(({ picture, rows, note }) => note + (picture ? 94 : LINE * size * rows)));
  return Math.ceil(wide / width) * (high + 44);
}

/** Height that the tallest step needs, within bounds: the pane keeps it, so nothing below moves. */
function reserved(model: Model, width: number): number {
  let most = 120;
  for (const [at, step] of model.walk.steps.entries()) {
    const op = model.op(at);
    const special = op?.windows || op?.attention ? 84 : 0;
    const forward = rowHeight(blocksOf(model, step, at), width) + special + 34 * step.filled.length;
    const backward = step.parts.reduce(
      (sum, part) => sum + (part.entry ? 42 : 10) + rowHeight(
        [part.result, ...part.factors.map(({ block }) => block), part.adds ? part.total : null],
        width - (part.stored || part.why || part.adds ? 120 : 0),
      ),
      0,
    ) + 52 * step.chain.length;
    const changes = step.changes.reduce((sum, change) => sum + 10 + rowHeight([change.before, change.grad, change.after], width), 0);
    most = Math.max(most, step.phase === "forward" ? forward : step.phase === "backward" ? backward : changes);
  }
  return Math.min(MOST, Math.round(most));
}

/** With more than two dimensions one matrix is shown at a time; this chooses which. */
function facetChoice(player: Player, step: Step | undefined): HTMLElement[] {
  const at = player.state.step;
  const op = player.model.op(at);
  if (!step || (step.phase === "forward" && (op?.attention || (op?.windows && op.windows.w === null)))) return [];
  const blocks = blocksOf(player.model, step, at);
  const largest = blocks.reduce<Block | null>((most, block) => (block.facets.length > (most?.facets.length ?? 1) ? block : most), null);
  if (largest === null) return [];
  const total = largest.facets.length;
  const facet = player.state.facet % total;
  const turn = (by: number): HTMLButtonElement => h(
    "button",
    {
      type: "button", class: "btn q", "aria-label": by < 0 ? "Previous matrix" : "Next matrix",
      onclick: () => player.set({ facet: (facet + by + total) % total }),
    },
    by < 0 ? "‹" : "›",
  );
  return [turn(-1), h("span", { class: "dim" }, `matrix [${largest.facets[facet].join(",")}], ${facet + 1} of ${total}`), turn(1)];
}

function rowsOf(player: Player, step: Step): Node[] {
  const { model, state } = player;
  const op = model.op(state.step);
  if (step.phase === "error") return errorRows(model, step);
  if (step.phase === "backward") return [...step.parts.map((part) => backwardRow(player, part)), ...chainRows(step)];
  if (step.phase === "forward" && op) return forwardRows(player, op, step);
  return step.changes.length > 0 ? step.changes.map((change) => changeRow(player, change)) : [h("p", { class: "dim" }, step.say)];
}

/** The op that raised with its operands, and what it says. */
function errorRows(model: Model, { failed, say }: Step): Node[] {
  const message = h("p", { class: "fail" }, h("b", {}, model.walk.error?.type || "Error"), " ", model.walk.error?.message || say);
  if (failed === null) return [message];
  const operands = failed.operands.map(({ name, shape, dtype }) => h(
    "div", { class: "term res wrong" }, h("span", { class: "word" }, name || "operand"),
    h("div", { class: "mcap" }, `${shape} ${dtype}`),
  ));
  return [
    h(
      "div", { class: "eqr" }, h("span", { class: "who" }, h("code", {}, failed.op)),
      ...operands.flatMap((one, at) => (at > 0 ? [sign(","), one] : [one])),
    ),
    message,
  ];
}

export const sign = (text: string): HTMLElement => h("div", { class: text.length > 3 ? "sym said" : "sym" }, text);
export const bold = (text: string): HTMLElement => h("b", {}, text);

/** A sign and what stands after it stay together where a row is broken. */
export const pair = (text: string, after: Node): HTMLElement => h("div", { class: "pair" }, sign(text), after);

/** Matrices with many columns are set smaller, so that a row of them has room. */
export function sized(row: HTMLElement, blocks: (Block | null | undefined)[]): HTMLElement {
  const columns = blocks.reduce(
    (sum, block) => sum + (block && block.rows.length * block.cols.length <= MOST_IN_BRACKETS ? (block.whole ? block.cols.length : Math.min(6, block.cols.length)) : 3),
    0,
  );
  row.classList.toggle("mid", columns > 10 && columns <= 14);
  row.classList.toggle("tight", columns > 14);
  return row;
}

/** One term with words under it: `incoming 2×1`. */
export function term(content: Element | string | null, caption: (Node | string)[], cls = ""): HTMLElement {
  return h("div", { class: `term ${cls}`.trim() }, content, h("div", { class: "mcap" }, ...caption));
}

const mathOf = (text: string): Element => readFormula(text, false) ?? m("math", {}, m("mtext", {}, text));

interface TermOptions { cls?: string; hidden?: boolean; box?: string; facet?: number }

/** A matrix as a term; a hidden one shows `?` in each place. */
export function blockTerm(player: Player, block: Block, words: (Node | string)[], { cls = "", hidden = false, box = "", facet = player.state.facet }: TermOptions = {}): HTMLElement {
  const at = facet % block.facets.length;
  const shown = thinned(block, 3, 2);
  const part = shownPart(shown);
  return term(formulaMatrix(shown, { facet: at, cls, hidden }), [...words, blockNote(block, at), ...(part ? [h("br"), part] : [])], box);
}

function naming(model: Model, id: number): Node {
  return h("span", {}, "for ", h("i", {}, called(model, id)));
}

function forwardRows(player: Player, op: Op, step: Step): Node[] {
  const [output] = op.output;
  const hidden = output !== undefined && player.isHidden("value", output);
  if (op.windows && op.windows.windows.length > 0) return [...symbols(step.filled), ...windowRows(player, op, op.windows)];
  if (op.attention) return [...symbols(step.filled), ...attentionRows(player, op.attention, hidden)];
  return [operandsRow(player, op, step.filled[0], hidden), ...(hidden ? [] : step.filled.flatMap(entryRow))];
}

const symbols = (filled: Filled[]): Node[] => (filled[0]?.formula ? [h("div", { class: "eqr" }, h("div", { class: "term" }, mathOf(filled[0].formula)))] : []);

/** `h = relu(z)`, and below it the same for one entry with its numbers. */
function operandsRow(player: Player, op: Op, filled: Filled | undefined, hidden: boolean): HTMLElement {
  const { model } = player;
  const row = h("div", { class: "eqr" });
  if (filled?.formula) row.append(term(mathOf(filled.formula), ["symbols"]));
  const infix = op.inputs.length === 2 && op.symbol.length <= 2;
  const glue = infix ? op.symbol : ",";
  op.inputs.forEach((id, at) => row.append(pair(at > 0 ? glue : infix ? "=" : `= ${op.symbol}`, operand(player, op, id, at))));
  const block = model.value(op.output[0])?.block;
  if (block) row.append(pair("=", blockTerm(player, block, [bold(`${called(model, op.output[0])} `)], { cls: "lo", hidden, box: "res v" })));
  return h("div", { class: "eqb" }, sized(row, [...op.inputs.map((id) => (id === null ? null : model.value(id)?.block)), block]));
}

function operand(player: Player, op: Op, id: number | null, at: number): HTMLElement {
  const value = id === null ? undefined : player.model.value(id);
  if (value?.block) return blockTerm(player, value.block, [bold(`${called(player.model, value.id)} `)], { cls: "lo", hidden: player.isHidden("value", value.id) });
  const constant = value ? called(player.model, value.id) : (Object.values(op.params)[at - op.inputs.filter((one, slot) => slot < at && one !== null).length] ?? "");
  return term(h("span", { class: "word" }, constant), [""]);
}

const entryRow = (filled: Filled): Node[] => {
  if (filled.numbers) return [h("div", { class: "entry" }, mathOf(filled.numbers))];
  return filled.entry && filled.text ? [h("div", { class: "entry" }, filled.text)] : [];
};

const GLUE: Record<string, string> = { times: "⊙", convolve: "∗" };

function backwardRow(player: Player, part: Part): HTMLElement {
  const { model, state } = player;
  const hidden = player.isHidden("grad", part.to);
  const [output] = model.op(state.step)?.output ?? [];
  const incomingHidden = output !== undefined && player.isHidden("grad", output);
  const row = h("div", { class: "eqr" }, h("span", { class: "who" }, naming(model, part.to)));
  if (part.symbols) row.append(term(mathOf(part.symbols), ["symbols"]));
  const moved = part.operation === "route";
  const factors = moved ? part.factors.filter(({ role }) => role === "incoming") : part.factors; // nothing is multiplied there
  factors.forEach((factor, at) => row.append(pair(at === 0 ? "=" : (GLUE[part.operation] ?? "×"), factorTerm(player, factor, incomingHidden))));
  const rule = part.operation === "rule" ? `by the rule of ${model.op(state.step)?.op ?? "its op"}` : moved ? "moved to its place" : "";
  const equals = [rule, part.spread ? "summed" : ""].filter((text) => text !== "").join(", ") + (rule || part.spread ? " →" : "=");
  if (part.result) row.append(pair(equals, blockTerm(player, part.result, [bold("result ")], { cls: "in", hidden, box: "res" })));
  if (part.adds && part.total) row.append(pair("added up →", blockTerm(player, part.total, [bold("sum ")], { cls: "in", hidden, box: "res sum" })));
  const name = called(model, part.to);
  const before = part.why.startsWith("what") ? part.why : `what came to ${name} before`;
  const words = [part.adds ? `Added to ${before}.` : part.why, part.stored ? `Kept in ${name}.grad.` : ""].filter((text) => text !== "");
  if (words.length > 0) row.append(h("span", { class: "dim aside" }, words.join(" ")));
  const entry = part.entry && !hidden && !incomingHidden ? h("div", { class: "entry" }, mathOf(part.entry)) : null;
  return h("div", { class: "eqb" }, sized(row, [...factors.map(({ block }) => block), part.result, part.adds ? part.total : null]), entry);
}

function factorTerm(player: Player, factor: Factor, incomingHidden: boolean): HTMLElement {
  const incoming = factor.role === "incoming";
  const cls = incoming ? "in" : "lo";
  const words = [bold(incoming ? "incoming " : "local "), incoming || factor.block?.data.length === 1 ? "" : `${factor.text} `];
  if (factor.block) return blockTerm(player, factor.block, words, { cls, hidden: incoming && incomingHidden });
  return term(factor.mathml ? mathOf(factor.mathml) : h("span", { class: `word ${cls}` }, factor.text), [bold(incoming ? "incoming" : "local")]);
}

/** The chain rule from the loss down to each operand, in symbols and, along a chain of scalars, in numbers. */
function chainRows(step: Step): Node[] {
  return step.chain.flatMap((text, at) => {
    if (!text) return [];
    const numbers = step.chainNumbers[at];
    return [h(
      "div", { class: "eqb chain" },
      h(
        "div", { class: "eqr" }, h("span", { class: "who" }, at === 0 ? "chain rule" : ""),
        h("div", { class: "term" }, mathOf(text)), numbers ? sign("=") : null,
        numbers ? h("div", { class: "term" }, mathOf(numbers)) : null,
      ),
    )];
  });
}

function changeRow(player: Player, change: Change): HTMLElement {
  const name = called(player.model, change.value);
  const row = h("div", { class: "eqr" }, h("span", { class: "who" }, naming(player.model, change.value)));
  if (change.before) row.append(blockTerm(player, change.before, [bold(`${name} before `)], { cls: "lo" }));
  if (change.grad) row.append(pair("with", blockTerm(player, change.grad, [bold(`∂${name} `)], { cls: "in" })));
  if (change.after) row.append(pair(
    "→",
    blockTerm(player, change.after, [bold(`${name} after `)], { cls: "lo", box: "res v", hidden: player.isHidden("value", change.value) }),
  ));
  if (change.text) row.append(h("code", { class: "aside" }, change.text));
  return h("div", { class: "eqb" }, sized(row, [change.before, change.grad, change.after]));
}
