// Inspector: everything known about one node of the graph, or about one parameter.
import { h, icon, setAttr, setText } from "./dom";
import { bytes, count, micros, num, plural, shape } from "./format";
import { drawHeat, drawHistogram, drawHistory, drawScale } from "./inspectorplots";
import { formula } from "./mathml";
import type { Actions, Panel } from "./panel";
import { type GraphDescription, type GraphNode, HISTOGRAM_BINS, NODE_STAT_COUNT } from "./protocol";
import { type Detail, type State, type Store, selectedRows, shownStep } from "./store";
import { inks } from "./theme";

const ITEM_SIZE: Record<string, number> = { float64: 8, int64: 8, complex64: 8, float32: 4, int32: 4, float16: 2, bfloat16: 2, int16: 2, int8: 1, uint8: 1, bool: 1, complex128: 16 };
const [FORWARD, BACKWARD, ZEROS] = [6, 7, 4];

/** What the selection is about: a node, a row of the parameters, or both. */
interface Subject { node: GraphNode | null; row: number; path: string[]; title: string; cls: string }

export function createInspector(store: Store, actions: Actions): Panel {
  return new Inspector(store, actions);
}

class Inspector implements Panel {
  readonly el: HTMLElement;
  private readonly path = h("span", { class: "dim path" });
  private readonly title = h("h3");
  private readonly cls = h("span", { class: "dim" });
  private readonly where = h("span", { class: "dim" });
  private readonly code = h("code");
  private readonly source = h("div", { class: "source" }, this.where, this.code);
  private readonly formula = h("div", { class: "formula" });
  private readonly facts = h("dl", { class: "facts" });
  private readonly wait = h("p", { class: "wait" });
  private readonly heatWords = h("span", { class: "dim" });
  private readonly heat = h("canvas", { class: "heat", role: "img" });
  private readonly low = h("span", { class: "mono" });
  private readonly high = h("span", { class: "mono" });
  private readonly ramp = h("canvas", { "aria-hidden": "true" });
  private readonly value = h("div", { class: "value" }, h("div", { class: "lab" }, h("span", {}, "value"), this.heatWords), this.heat, h("div", { class: "scale" }, this.low, this.ramp, this.high));
  private readonly valueHist = histogram("value");
  private readonly gradHist = histogram("grad");
  private readonly two = h("div", { class: "two" }, this.valueHist.el, this.gradHist.el);
  private readonly historyName = h("span");
  private readonly historySpan = h("span", { class: "dim" });
  private readonly historyPlot = h("canvas", { role: "img" });
  private readonly history = h("div", { class: "history" }, h("div", { class: "lab" }, this.historyName, this.historySpan), this.historyPlot);
  private readonly kept = h("span", { class: "dim" });
  private readonly keptRow = h("div", { class: "lab kept" }, h("span", {}, "kept for backward"), this.kept);
  private asked: number | null = null;
  private described = "";

  constructor(store: Store, private readonly actions: Actions) {
    const close = h("button", { class: "btn i", type: "button", "aria-label": "Close inspector", title: "Close (Esc)", onclick: () => this.close(store) }, icon(14, "M3.5 3.5l7 7M10.5 3.5l-7 7"));
    const bar = h("div", { class: "bar" }, this.path, this.title, this.cls, h("span", { class: "gap" }), close);
    const body = h("div", { class: "body", tabindex: -1 }, this.source, this.formula, this.facts, this.wait, this.value, this.two, this.history, this.keptRow);
    this.el = h("section", { class: "pan inspector", role: "region", "aria-label": "Inspector" }, bar, body);
  }

  destroy(): void {
    this.ask(null);
    this.el.remove();
  }

  draw(state: State): void {
    const subject = state.ui.inspectorOpen ? subjectOf(state) : null;
    this.ask(subject?.node?.id ?? null);
    this.path.hidden = !subject || subject.path.length === 0;
    setText(this.path, subject ? subject.path.map((part) => `${part} › `).join("") : "");
    setText(this.title, subject?.title ?? "Nothing selected");
    setText(this.cls, subject?.cls ?? "");
    const parts = [this.source, this.formula, this.facts, this.value, this.two, this.history, this.keptRow];
    if (subject === null) {
      for (const part of parts) part.hidden = true;
      this.wait.hidden = false;
      setText(this.wait, "Choose a node of the graph or a row of the gradients.");
      return;
    }
    this.describe(state, subject);
    this.drawFacts(state, subject);
    this.drawDetail(state, subject);
    this.drawHistory(state, subject);
  }

  private close(store: Store): void {
    store.select(null);
    this.actions.focus("graph");
  }

  /** The kernel records the value of one node only; tell it which. */
  private ask(node: number | null): void {
    if (node === this.asked) return;
    this.asked = node;
    this.actions.inspect(node);
  }

  /** What does not change while the run goes on. */
  private describe(state: State, { node }: Subject): void {
    const key = `${state.versions.graph}:${node?.id}`;
    if (key === this.described) return;
    this.described = key;
    this.source.hidden = !node?.source && node?.line == null;
    setText(this.where, [!node?.cell ? "" : node.cell.startsWith("[") ? `cell ${node.cell}` : node.cell, node?.line == null ? "" : `line ${node.line}`].filter(Boolean).join(" "));
    setText(this.code, node?.source ?? "");
    const known = node ? state.graph?.formulas[node.op] : undefined;
    const value = known ? formula(known.value, true) : null;
    this.formula.hidden = value === null;
    const grads = Object.values(known?.grads ?? {}).map((text) => formula(text, false)).filter((math) => math !== null);
    this.formula.replaceChildren(...(value ? [value] : []), ...(value && grads.length > 0 ? [h("div", { class: "grads", role: "group", "aria-label": "Gradients" }, ...grads)] : []));
  }

  private drawFacts(state: State, { node, row }: Subject): void {
    const parameter = state.params[row];
    const sizes = node?.shape ?? parameter?.shape ?? [];
    const facts: [string, string, boolean?][] = [["shape", shape(sizes)]];
    if (node) {
      const of = (column: number): number => state.graphStats?.table[node.id * NODE_STAT_COUNT + column] ?? NaN;
      const memory = sizes.reduce((product, size) => product * size, 1) * (ITEM_SIZE[node.dtype.replace("torch.", "")] ?? NaN);
      facts.push(["dtype", node.dtype], ["device", node.device]);
      if (!Number.isNaN(memory)) facts.push(["memory", bytes(memory)]);
      if (!Number.isNaN(of(FORWARD))) facts.push(["forward", micros(of(FORWARD))]);
      if (!Number.isNaN(of(BACKWARD))) facts.push(["backward", micros(of(BACKWARD))]);
      if (of(ZEROS) > 0) facts.push(["zeros", `${Math.round(of(ZEROS) * 100)}\u2009%`]);
      const operands = state.graph ? operandsOf(state.graph, node.id) : "";
      if (operands) facts.push(["operands", operands, true]);
      const options = Object.entries(node.params).map(([name, value]) => `${name}=${value}`).join(", ");
      if (options) facts.push(["options", options, true]);
    } else if (parameter) facts.push(["elements", count(parameter.numel)]);
    const text = JSON.stringify(facts);
    if (this.facts.dataset.facts === text) return;
    this.facts.dataset.facts = text;
    this.facts.hidden = false;
    this.facts.replaceChildren(...facts.flatMap(([name, value, whole]) => [h("dt", whole ? { class: "first" } : {}, name), h("dd", whole ? { class: "whole" } : {}, value)]));
  }

  private drawDetail(state: State, { node, row }: Subject): void {
    const ink = inks(this.el);
    const detail = node ? state.details.get(node.id) : undefined;
    this.value.hidden = !detail?.thumb;
    this.keptRow.hidden = !detail || detail.saved.length === 0;
    this.wait.hidden = detail !== undefined || node === null;
    setText(this.wait, state.connection === "connected" ? waiting(state) : "The value of this node was not recorded.");
    if (detail?.thumb) {
      const { values, rows, cols } = detail.thumb;
      const most = drawHeat(this.heat, values, rows, cols, ink);
      drawScale(this.ramp, ink);
      setText(this.low, num(-most));
      setText(this.high, num(most));
      setText(this.heatWords, heatWords(detail));
      setAttr(this.heat, "aria-label", `value ${shape(detail.shape)} at step ${count(detail.step)}, mean ${num(detail.mean)}, from ${num(detail.lo)} to ${num(detail.hi)}`);
    }
    const grad = detail?.grad ?? gradOfRow(state, row);
    this.valueHist.el.hidden = !detail;
    this.gradHist.el.hidden = grad === null;
    this.two.hidden = !detail && grad === null;
    if (detail) this.valueHist.draw(detail.hist, detail, ink.value, ink);
    if (grad !== null) this.gradHist.draw(grad.hist, grad, ink.grad, ink);
    if (detail) setText(this.kept, detail.saved.map(([name, size]) => `${name} ${size > 0 ? bytes(size) : "shared"}`).join(", "));
  }

  private drawHistory(state: State, { row }: Subject): void {
    const { probes } = state;
    this.history.hidden = row < 0 || probes.length < 2;
    if (this.history.hidden) return;
    const { name } = state.params[row];
    setText(this.historyName, `|grad| of ${name.split(".").slice(-2).join(".")}`);
    setText(this.historySpan, `step ${count(probes.steps[0])} … ${count(probes.steps[probes.length - 1])}`);
    drawHistory(this.historyPlot, probes, row, shownStep(state.ui), inks(this.el));
    setAttr(this.historyPlot, "aria-label", `gradient norm of ${name}, ${num(probes.tables[probes.length - 1][row * 5])} at step ${count(probes.steps[probes.length - 1])}`);
  }
}

function waiting(state: State): string {
  if (state.level === "off") return "Values are recorded at level full only.";
  return state.status.state === "running" || state.status.state === "waiting" ? "Its value comes with the next recorded step." : "The value of this node was not recorded.";
}

function heatWords({ shape: sizes, thumb, step }: Detail): string {
  const whole = thumb !== null && thumb.rows * thumb.cols === sizes.reduce((product, size) => product * size, 1);
  const words = sizes.length === 2 ? `${sizes[0]} rows × ${sizes[1]} units` : sizes.length === 1 ? plural(sizes[0], "value") : shape(sizes);
  return `${whole ? words : `${shape(sizes)}, part of it`} · step ${count(step)}`;
}

/** The gradient's histogram of a parameter from the newest probe, where no detail has one. */
function gradOfRow(state: State, row: number): { hist: Float32Array; lo: number; hi: number; mean: number; std: number } | null {
  const { probes } = state;
  if (row < 0 || probes.length === 0) return null;
  const last = probes.length - 1;
  const range = probes.ranges[last][row];
  if (!(range > 0)) return null;
  return { hist: probes.histograms[last].subarray(row * HISTOGRAM_BINS, (row + 1) * HISTOGRAM_BINS), lo: -range, hi: range, mean: NaN, std: NaN };
}

function histogram(name: string): { el: HTMLElement; draw(bars: Float32Array, of: { lo: number; hi: number; mean: number; std: number }, colour: string, ink: ReturnType<typeof inks>): void } {
  const words = h("span", { class: "dim mono" });
  const canvas = h("canvas", { role: "img" });
  return {
    el: h("div", {}, h("div", { class: "lab" }, h("span", {}, name), words), canvas),
    draw(bars, { lo, hi, mean, std }, colour, ink) {
      setText(words, Number.isNaN(mean) ? "" : `${num(mean)} ± ${num(std)}`);
      setAttr(canvas, "aria-label", `${name} from ${num(lo)} to ${num(hi)}${Number.isNaN(mean) ? "" : `, mean ${num(mean)} ± ${num(std)}`}`);
      drawHistogram(canvas, bars, lo, hi, colour, ink);
    },
  };
}

/** Selection -> the node and the parameter it is about; null when neither is there any more. */
export function subjectOf(state: State): Subject | null {
  const { ui: { selected }, graph, params } = state;
  if (selected === null) return null;
  const rows = [...selectedRows(state)];
  if (selected.kind === "param") {
    const row = params.findIndex(({ name }) => name === selected.key);
    const node = graph?.nodes.find(({ name, kind }) => name === selected.key && kind === "parameter") ?? null;
    if (row < 0 && node === null) return null;
    const path = selected.key.split(".");
    return { node, row, title: path.pop() as string, path, cls: "parameter" };
  }
  if (graph === null) return null;
  if (selected.kind === "module") {
    const module = graph.modules.find(({ path }) => path === selected.key);
    const node = graph.nodes.filter((one) => one.kind === "op" && insideOf(graph, one.module, selected.key)).pop() ?? null;
    const path = selected.key.split(".");
    return { node, row: rows[0] ?? -1, title: path.pop() as string, path, cls: module?.cls ?? "" };
  }
  const node = graph.nodes[Number(selected.key)];
  return node ? { node, row: rows[0] ?? -1, ...titleOf(graph, node) } : null;
}

function insideOf(graph: GraphDescription, module: number, path: string): boolean {
  for (; module >= 0; module = graph.modules[module].parent) if (graph.modules[module].path === path) return true;
  return false;
}

/** A module of one op is named after the module, as in the graph; any other op by its variable or what it does. */
function titleOf(graph: GraphDescription, node: GraphNode): { title: string; path: string[]; cls: string } {
  const module = graph.modules[node.module];
  const path = module && module.path ? module.path.split(".") : [];
  const alone = node.kind === "op" && path.length > 0 && graph.nodes.filter((one) => one.kind === "op" && insideOf(graph, one.module, module.path)).length === 1;
  if (alone) return { title: path.pop() as string, path, cls: module.cls };
  if (node.kind !== "op") return { title: node.name.split(".").pop() || node.label, path: node.name.split(".").slice(0, -1), cls: node.kind };
  return { title: node.name || node.label, path, cls: node.name ? node.op : "" };
}

function operandsOf(graph: GraphDescription, id: number): string {
  return graph.edges.filter(([, dst]) => dst === id).sort((a, b) => a[2] - b[2]).map(([src]) => {
    const { name, label, shape: sizes } = graph.nodes[src];
    return `${(name || label).split(".").pop()} ${shape(sizes)}`;
  }).join(", ");
}
