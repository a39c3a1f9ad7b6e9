// Inspector: everything known about one node of the graph, or about one parameter.
import { markOf } from "./coachmessage";
import { findingsOf, keyOf } from "./coachstate";
import { h, icon, keepFocus, s, setText } from "./dom";
import { THIN, bytes, count, micros, num, shape } from "./format";
import { type Part } from "./inspect/excerpt";
import { createHistory, tracksOf } from "./inspect/history";
import { keptLines, linkList, neighbours } from "./inspect/links";
import { createSource } from "./inspect/source";
import { createStep } from "./inspect/step";
import { type Subject, selectionOf, subjectOf } from "./inspect/subject";
import { createValue } from "./inspect/value";
import { withGrads } from "./mathml";
import type { Actions, Panel } from "./panel";
import { type GraphDescription, type GraphNode, HISTOGRAM_BINS, NODE_STATS, NODE_STAT_COUNT } from "./protocol";
import { type State, type Store, isComing } from "./store";
import { inks } from "./theme";

const ITEM_SIZE: Record<string, number> = { float64: 8, int64: 8, complex64: 8, float32: 4, int32: 4, float16: 2, bfloat16: 2, int16: 2, int8: 1, uint8: 1, bool: 1, complex128: 16 };

export { subjectOf };

export function createInspector(store: Store, actions: Actions): Panel {
  return new Inspector(store, actions);
}

class Inspector implements Panel {
  readonly el: HTMLElement;
  private readonly body = h("div", { class: "body", tabindex: -1 });
  private readonly path = h("span", { class: "dim path" });
  private readonly title = h("h3");
  private readonly cls = h("span", { class: "dim" });
  private readonly source = createSource((place) => this.actions.showLine(place));
  private readonly coach = h("div", { class: "said", hidden: true });
  private readonly formula = h("div", { class: "formula" });
  private readonly facts = h("dl", { class: "facts" });
  private readonly ways = h("dl", { class: "facts ways" });
  private readonly wait = h("p", { class: "wait" });
  private readonly value = createValue();
  private readonly history = createHistory();
  private readonly kept = h("div", { class: "kept" });
  private readonly step = createStep((node) => this.go(node), (key) => this.store.select({ kind: "param", key }), () => this.store.setUi({ selected: null }));
  private asked: number | null = null;
  private described = "";

  constructor(private readonly store: Store, private readonly actions: Actions) {
    const close = h("button", { class: "btn i", type: "button", "aria-label": "Close inspector", title: "Close (Esc)", onclick: () => this.store.select(null) }, icon(14, "M3.5 3.5l7 7M10.5 3.5l-7 7"));
    const bar = h("div", { class: "bar" }, this.path, this.title, this.cls, h("span", { class: "gap" }), close);
    this.body.append(this.step.el, this.source.el, this.coach, this.formula, this.facts, this.ways, this.wait, this.value.el, this.history.el, this.kept);
    this.el = h("section", { class: "pan inspector", role: "region", "aria-label": "Inspector" }, bar, this.body);
  }

  destroy(): void {
    this.ask(null);
    this.el.remove();
  }

  draw(state: State): void {
    keepFocus(this.el, this.body, () => this.show(state)); // a link that was followed is another one now
  }

  private show(state: State): void {
    const subject = state.ui.inspectorOpen ? subjectOf(state) : null;
    this.ask(subject?.node?.id ?? null);
    const { pinnedStep } = state.ui;
    setText(this.title, subject?.title ?? (pinnedStep === null ? "Nothing selected" : `Step ${count(pinnedStep)}`));
    this.path.hidden = subject === null || subject.path.length === 0;
    this.step.draw(state, pinnedStep, subject === null, inks(this.el));
    setText(this.cls, subject?.cls ?? "");
    if (subject === null) {
      this.described = "";
      this.path.replaceChildren();
      for (const part of [this.source.el, this.coach, this.formula, this.facts, this.ways, this.value.el, this.history.el, this.kept]) part.hidden = true;
      this.wait.hidden = pinnedStep !== null;
      setText(this.wait, "Choose a node of the graph or a row of the gradients.");
      return;
    }
    this.describe(state, subject);
    drawFindings(this.coach, this.store, subject);
    this.source.draw(subject.node, subject.node !== null && this.actions.canShowLine(subject.node));
    this.drawFacts(state, subject);
    this.drawValue(state, subject);
    const { node, row, title } = subject;
    this.history.draw(state, tracksOf(state, this.store.tables.of(this.store.version), node, row), title, inks(this.el));
  }

  /** The kernel records the whole value of one node only; tell it which. */
  private ask(node: number | null): void {
    if (node === this.asked) return;
    this.asked = node;
    this.actions.inspect(node);
  }

  private readonly go = (node: GraphNode): void => this.store.select(selectionOf(node));

  /** What does not change while the run goes on. */
  private describe(state: State, { node, path, title }: Subject): void {
    const { graph } = state;
    const key = `${state.versions.graph}:${node?.id}:${path.join(".")}:${title}`;
    if (key === this.described) return;
    this.described = key;
    this.path.replaceChildren(...path.flatMap((part, i) => [this.crumb(graph, path.slice(0, i + 1).join("."), part), " › "]));
    this.formula.replaceChildren(...withGrads(node ? graph?.formulas[node.op] : null));
    this.formula.hidden = this.formula.childElementCount === 0;
    this.describeWays(graph, node);
  }

  /** A part of the module path; a button where the graph knows the module. */
  private crumb(graph: GraphDescription | null, path: string, label: string): Node {
    if (!graph?.modules.some((module) => module.path === path)) return h("span", {}, label);
    return h("button", { class: "link", type: "button", title: path, onclick: () => this.store.select({ kind: "module", key: path }) }, label);
  }

  private describeWays(graph: GraphDescription | null, node: GraphNode | null): void {
    this.ways.hidden = this.kept.hidden = true;
    if (graph === null || node === null) return;
    const { producers, consumers, holders } = neighbours(graph);
    const rows: [string, Node[]][] = [["from", linkList(graph, producers[node.id], this.go, true)], ["into", linkList(graph, consumers[node.id], this.go)], ["held by", linkList(graph, holders[node.id], this.go)]];
    const shown = rows.filter(([, nodes]) => nodes.length > 0);
    this.ways.hidden = shown.length === 0;
    this.ways.replaceChildren(...shown.flatMap(([name, nodes]) => [h("dt", { class: "first", title: name === "held by" ? "ops that keep this value until backward" : false }, name), h("dd", { class: "whole" }, ...nodes)]));
    if (node.kind !== "op" || !node.rg) return;
    const lines = keptLines(graph, node, this.go);
    this.kept.hidden = false;
    this.kept.replaceChildren(h("h4", { class: "dim" }, lines.length > 0 ? "kept for backward" : "kept for backward: nothing"), ...lines);
  }

  private drawFacts(state: State, { node, row }: Subject): void {
    const parameter = state.params[row];
    const sizes = node?.shape ?? parameter?.shape ?? [];
    const facts: [string, string, boolean?][] = [["shape", shape(sizes)]];
    if (node) facts.push(...factsOf(state, node, !state.details.has(node.id) && !isComing(state)));
    else if (parameter) facts.push(["elements", count(parameter.numel)]);
    const text = JSON.stringify(facts);
    this.facts.hidden = false;
    if (this.facts.dataset.facts === text) return;
    this.facts.dataset.facts = text;
    this.facts.replaceChildren(...facts.flatMap(([name, value, whole]) => [h("dt", whole ? { class: "first" } : {}, name), h("dd", whole ? { class: "whole" } : {}, value)]));
  }

  private drawValue(state: State, { node, row }: Subject): void {
    const detail = node ? state.details.get(node.id) : undefined;
    const grad = node === null || node.kind === "parameter" ? gradOfRow(state, row) : null;
    this.wait.hidden = detail !== undefined || node === null;
    setText(this.wait, state.connection === "connected" ? waiting(state) : "The value of this node was not recorded.");
    const about = { shape: detail?.shape ?? [], kind: node?.kind ?? "", op: node?.op ?? "" };
    const noGrad = node?.rg === false ? "It needs no gradient" : "No gradient was recorded";
    const known = detail && (detail.value.picture !== null || !Number.isNaN(detail.value.lo)); // of a step whose loss jumped the gradient may be all
    if (detail) this.value.draw({ about, value: known ? detail.value : null, grad: detail.grad ?? grad, step: detail.step, noGrad }, inks(this.el));
    else this.value.draw(grad && { about, value: null, grad, step: null, noGrad }, inks(this.el));
  }
}

/** What the coach says of a node, or of a parameter; each leads to its explanation. */
function drawFindings(el: HTMLElement, store: Store, { node, row }: Subject): void {
  const { state } = store;
  const name = node?.kind === "parameter" ? node.name : node === null ? (state.params[row]?.name ?? "") : "";
  const about = (of: number[]): boolean => node !== null ? of.includes(node.id) : of.some((id) => state.graph?.nodes[id]?.name === name);
  const found = state.travel === null ? findingsOf(state).filter(({ nodes }) => about(nodes)) : [];
  el.hidden = found.length === 0;
  const key = JSON.stringify(found);
  if (el.dataset.key === key) return;
  el.dataset.key = key;
  el.replaceChildren(...found.map((one) => h("button", { class: `link ${one.severity}`, type: "button", title: "Explain it", onclick: () => store.setUi({ coach: { ...store.state.ui.coach, chosen: keyOf(one), open: true, note: null } }) }, s("svg", { class: "mark", viewBox: "0 0 16 16", "aria-hidden": "true" }, ...markOf(one.severity)), h("span", {}, one.text))));
}

/** Everything about a node that is one number or one word; `alone`: no picture says how its values lie. */
function factsOf(state: State, node: GraphNode, alone: boolean): [string, string, boolean?][] {
  const of = (name: (typeof NODE_STATS)[number]): number => state.graphStats?.table[node.id * NODE_STAT_COUNT + NODE_STATS.indexOf(name)] ?? NaN;
  const facts: [string, string, boolean?][] = [["dtype", node.dtype], ["device", node.device]];
  const memory = node.shape.reduce((product, size) => product * size, 1) * (ITEM_SIZE[node.dtype.replace("torch.", "")] ?? NaN);
  const add = (name: string, value: number, text: (value: number) => string): void => { if (!Number.isNaN(value)) facts.push([name, text(value)]); };
  add("memory", memory, bytes);
  add("forward", of("forward_us"), micros);
  add("backward", of("backward_us"), micros);
  if (alone) for (const [name, column] of [["mean", "value_mean"], ["std", "value_std"], ["min", "value_min"], ["max", "value_max"]] as const) add(name, of(column), num);
  add("|grad|", of("grad_norm"), num);
  if (of("zero_fraction") > 0) facts.push(["zeros", `${Math.round(of("zero_fraction") * 100)}${THIN}%`]);
  if (Number.isNaN(of("value_mean")) && !Number.isNaN(of("zero_fraction"))) facts.push(["▲", "not all of its values are finite", true]);
  const options = Object.entries(node.params).map(([name, value]) => `${name}=${value}`).join(", ");
  if (options) facts.push(["options", options, true]);
  return facts;
}

function waiting(state: State): string {
  if (state.level === "off") return "Values are recorded at levels health and full: %gradbook level health";
  return isComing(state) ? "Its value comes with the next recorded step." : "The value of this node was not recorded.";
}

/** The gradient's histogram of a parameter from the newest probe, where no detail has one. */
function gradOfRow(state: State, row: number): Part | null {
  const { probes } = state;
  if (row < 0 || probes.length === 0) return null;
  const last = probes.length - 1;
  const range = probes.ranges[last][row];
  if (!(range > 0)) return null;
  return { picture: null, hist: probes.histograms[last].subarray(row * HISTOGRAM_BINS, (row + 1) * HISTOGRAM_BINS), lo: -range, hi: range, mean: NaN, std: NaN, zeros: NaN, bad: 0 };
}
