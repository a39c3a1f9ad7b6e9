// Looking for nodes, ways between them, what is around them; overlays and their legends; a graph that changes. Pure, and by the panel.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeRun, graphStats, teachingGraph } from "../dev/fake";
import { createGraph } from "../src/graph";
import { matchNodes, moveKeys } from "../src/graphmatch";
import { GraphModel } from "../src/graphmodel";
import { choicesOf, findNodes, parseQuery, toggled } from "../src/graphquery";
import { Ways } from "../src/graphtrail";
import { Gauge, OVERLAYS, isBroken, itemSize, outputBytes } from "../src/overlays";
import type { Actions, Panel } from "../src/panel";
import { type GraphDescription, NODE_STAT_COUNT } from "../src/protocol";
import { type GraphStats, Store } from "../src/store";

const SIZE = { width: 575, height: 454 };
const actions: Actions = { control: vi.fn(), inspect: vi.fn(), toggleFullScreen: vi.fn(), savePicture: vi.fn(), focus: vi.fn(), showLine: vi.fn(), canShowLine: () => false, applyFix: () => "gone" as const, canApply: () => false };
const statsOf = (graph: GraphDescription): GraphStats => ({ step: 1, table: Float32Array.from(graphStats(graph)) });
const set = ({ table }: GraphStats, node: number, column: number, value: number): void => { table[node * NODE_STAT_COUNT + column] = value; };

/** Ops from a list of edges, named by their number. */
function ops(count: number, edges: [number, number][]): GraphDescription {
  const nodes = Array.from({ length: count }, (_, id) => ({ id, kind: "op" as const, op: "add", label: "add", name: `n${id}`, module: -1, shape: [2], dtype: "float32", device: "cpu", rg: true, cell: null, line: id, source: null, params: {} }));
  return { signature: String(edges.length), ops: count, nodes, edges: edges.map(([a, b]) => [a, b, 0]), modules: [], formulas: {} };
}

describe("a query", () => {
  const graph = teachingGraph();
  const labels = (text: string, stats: GraphStats | null = null): Set<string> => new Set(findNodes(graph, text, stats).map((id) => graph.nodes[id].op || graph.nodes[id].kind));

  it("knows fields, words, bounds and NaN", () => {
    const query = parseQuery('op:relu "two words" dtype:float16 nan grad>1e-3 odd:thing');
    expect(query.fields).toEqual(new Map([["op", ["relu"]], ["dtype", ["float16"]]]));
    expect(query.words).toEqual(["two words", "odd:thing"]);
    expect(query.bounds).toEqual([{ column: 5, above: true, limit: 1e-3 }]);
    expect(query.nan).toBe(true);
  });

  it("takes values of one field as alternatives, and the rest together", () => {
    expect(labels("op:relu op:add")).toEqual(new Set(["relu", "add"]));
    expect(labels("op:relu module:head")).toEqual(new Set(["relu"]));
    expect(findNodes(graph, "op:relu module:head")).toHaveLength(1);
    expect(findNodes(graph, "module:blocks.1 op:conv2d")).toHaveLength(2); // in the modules inside, too
    expect(labels("dtype:float64")).toEqual(new Set());
  });

  it("finds what is not finite, and gradients by size", () => {
    const stats = statsOf(graph);
    const relu = findNodes(graph, "op:relu")[2];
    set(stats, relu, 0, NaN);
    expect(findNodes(graph, "nan", stats)).toEqual([relu]);
    expect(findNodes(graph, "grad>0.5", stats).length).toBeGreaterThan(0);
    expect(findNodes(graph, "grad>0.5", stats).every((id) => stats.table[id * NODE_STAT_COUNT + 5] > 0.5)).toBe(true);
    expect(findNodes(graph, "nan", null)).toEqual([]);
  });

  it("offers what the graph has, NaN first", () => {
    const stats = statsOf(graph);
    set(stats, 5, 0, NaN);
    const choices = choicesOf(graph, stats);
    expect(choices[0]).toEqual({ token: "nan", text: "has NaN ▲", nodes: 1 });
    expect(choices.map(({ token }) => token)).toContain("op:conv2d");
    expect(choices.map(({ token }) => token)).not.toContain("dtype:float32"); // all are
    expect(toggled("op:relu h", "op:add")).toBe("op:relu h op:add");
    expect(toggled("op:relu h op:add", "op:relu")).toBe("h op:add");
  });
});

describe("ways", () => {
  //   0 → 1 → 2 → 5      6 → 7 (apart)
  //    ↘ 3 → 4 ↗
  const graph = ops(8, [[0, 1], [1, 2], [2, 5], [0, 3], [3, 4], [4, 5], [6, 7]]);
  const ways = new Ways(graph);

  it("are all ways together, in either direction", () => {
    expect(ways.between([0], [5])).toEqual({ kind: "way", nodes: new Set([0, 1, 2, 3, 4, 5]), length: 3, via: -1 });
    expect(ways.between([5], [3]).nodes).toEqual(new Set([3, 4, 5]));
  });

  it("lead over where branches meet or part, and say when there are none", () => {
    expect(ways.between([1], [3])).toMatchObject({ kind: "meet", via: 5, length: 4, nodes: new Set([1, 2, 5, 3, 4]) });
    expect(new Ways(ops(3, [[0, 1], [0, 2]])).between([1], [2])).toMatchObject({ kind: "split", via: 0, nodes: new Set([0, 1, 2]) });
    expect(ways.between([0], [7])).toEqual({ kind: "none", nodes: new Set(), length: 0, via: -1 });
  });

  it("stop at parameters, which would lead everywhere", () => {
    const shared = ops(5, [[0, 1], [0, 2], [1, 3], [2, 4]]);
    shared.nodes[0].kind = "parameter";
    expect(new Ways(shared).around([1], 2)).toEqual(new Set([0, 1, 3]));
    expect(ways.around([0], 1)).toEqual(new Set([0, 1, 3]));
  });

  it("do not recurse: a chain of 100,000", () => {
    const long = ops(100_000, Array.from({ length: 99_999 }, (_, i): [number, number] => [i, i + 1]));
    expect(new Ways(long).between([0], [99_999])).toMatchObject({ kind: "way", length: 99_999 });
  });
});

describe("overlays", () => {
  const graph = teachingGraph();
  const stats = statsOf(graph);
  const relu = findNodes(graph, "op:relu module:stem")[0];
  const model = new GraphModel(graph, null);
  const item = model.picture.items[model.box(relu)];

  it("each have a legend, and say a number for every box that they know", () => {
    for (const { id } of OVERLAYS) {
      const gauge = new Gauge(id, model, stats);
      expect(gauge.legend().map(({ text }) => text).join(" ").length).toBeGreaterThan(3);
      expect(gauge.reading(item).text).not.toBe("");
    }
  });

  it("mark vanishing, exploding and broken gradients by sign and by stroke", () => {
    const look = (norm: number): [string, unknown] => {
      const changed = { step: 1, table: stats.table.slice() };
      set(changed, relu, 5, norm);
      const gauge = new Gauge("flow", model, changed);
      return [gauge.reading(item).text, gauge.stroke(relu)];
    };
    expect(look(1e-9)).toEqual(["1.0e−9 ▽", { ink: "grad", width: 1.5, dash: true, alpha: 0.9 }]);
    expect(look(4e3)).toEqual(["4.0e3 ▲", { ink: "grad", width: 9, dash: false, alpha: 0.95 }]);
    expect(look(NaN)).toEqual(["NaN ▲", { ink: "error", width: 9, dash: true, alpha: 0.9 }]);
    expect(look(0.1)).toEqual(["0.10", { ink: "grad", width: 6.5, dash: false, alpha: 0.55 }]);
  });

  it("tell a value that is not finite from one that was not recorded", () => {
    const changed = { step: 1, table: stats.table.slice() };
    set(changed, relu, 0, NaN);
    expect(new Gauge("value", model, changed).reading(item).text).toBe("NaN ▲");
    expect(isBroken(changed, relu)).toBe(true);
    for (let column = 0; column < NODE_STAT_COUNT; column++) set(changed, relu, column, NaN);
    expect(new Gauge("value", model, changed).reading(item).text).toBe("");
    expect(isBroken(changed, relu)).toBe(false);
  });

  it("count bytes, and what is kept in a fold together", () => {
    expect(["float32", "float16", "bfloat16", "complex64", "bool", "int8", "float8_e4m3fn"].map(itemSize)).toEqual([4, 2, 2, 8, 1, 1, 1]);
    expect(outputBytes({ ...graph.nodes[0], shape: [64, 1, 28, 28], dtype: "float16" })).toBe(64 * 28 * 28 * 2);
    const kept = teachingGraph();
    for (const node of kept.nodes) node.saved = [];
    const weight = kept.nodes.findIndex(({ kind }) => kind === "parameter");
    for (const id of findNodes(kept, "module:blocks op:relu")) kept.nodes[id].saved = [["out", 1024, id], ["weight", 4096, weight]];
    for (const id of findNodes(kept, "module:blocks op:batch_norm")) kept.nodes[id].saved = [["x", 1024, findNodes(kept, "module:blocks op:relu")[0]], ["mean", 512, -1]];
    const folded = new GraphModel(kept, null);
    const blocks = folded.picture.items.find(({ key }) => key === "blocks")!;
    expect(new Gauge("saved", folded, null).reading(blocks)).toMatchObject({ text: "10\u2009KB", share: 1 }); // 8 outputs once each, 4 means, no weight
  });

  it("name each dtype in words, and say where a fold holds others", () => {
    const mixed = teachingGraph();
    for (const id of findNodes(mixed, "module:blocks.2 op:conv2d")) mixed.nodes[id].dtype = "float16";
    const folded = new GraphModel(mixed, null);
    const gauge = new Gauge("dtype", folded, null);
    expect(gauge.reading(folded.picture.items.find(({ key }) => key === "blocks")!).text).toBe("float32 +1");
    expect(gauge.legend().map(({ text }) => text)).toEqual(["float32 33", "float16 2"]);
    expect(new Set(gauge.legend().map(({ swatch }) => swatch!.ink)).size).toBe(2);
  });
});

describe("a graph that changes", () => {
  const loop = (turns: number, first = 0): GraphDescription => {
    const graph = ops(0, []);
    const add = (op: string, line: number, ...operands: number[]): number => {
      const id = graph.nodes.length;
      graph.nodes.push({ id, kind: "op", op, label: op, name: "", module: -1, shape: [2], dtype: "float32", device: "cpu", rg: true, cell: null, line, source: null, params: {} });
      for (const [slot, src] of operands.entries()) graph.edges.push([src, id, slot]);
      graph.ops = id + 1;
      return id;
    };
    let h = add("zeros", 1);
    for (let i = 0; i < first; i++) h = add("sin", 2, h);
    for (let i = 0; i < turns; i++) h = add("tanh", 4, add("matmul", 3, h));
    add("sum", 9, h);
    return { ...graph, signature: `${turns}:${first}` };
  };

  it("grows without moving what was there", () => {
    const [before, after] = [8, 11].map((turns) => new GraphModel(loop(turns), null).picture);
    for (const item of before.items.slice(0, -1)) expect(after.items.find(({ key }) => key === item.key)).toMatchObject({ x: item.x, y: item.y });
  });

  it("folds without moving what is above, and unfolds back to where all was", () => {
    const model = new GraphModel(teachingGraph(), null);
    const places = (): Map<string, number[]> => new Map(model.picture.items.map(({ key, x, y }) => [key, [x, y]]));
    const before = places();
    model.toggle("blocks");
    for (const step = model.place(); !step.next().done;);
    const above = [...before].slice(0, [...before.keys()].indexOf("blocks"));
    for (const [key, place] of above) expect(places().get(key)).toEqual(place);
    model.toggle("blocks");
    for (const step = model.place(); !step.next().done;);
    expect(places()).toEqual(before);
  });

  it("recognises nodes though their numbers have moved, and keeps what is open", () => {
    const [before, after] = [loop(3), loop(3, 2)];
    const nodes = matchNodes(before, after);
    for (const [old, now] of nodes) expect(after.nodes[now].op).toBe(before.nodes[old].op);
    expect(nodes.get(1)).toBe(3);
    expect(moveKeys(["rep:1", "turn:3", "encoder.0", "rep:seg:999"], nodes)).toEqual(new Set(["rep:3", "turn:5", "encoder.0"]));
  });

  it("folds a loop of 300 steps into one box, and opens it turn by turn", () => {
    const model = new GraphModel(loop(300), null);
    const body = model.picture.items.find(({ count }) => count === 300)!;
    expect(model.picture.items).toHaveLength(3);
    expect(body.right).toBe("×300");
    model.toggle(body.key);
    for (const step = model.place(); !step.next().done;);
    expect(model.picture.items.map(({ title }) => title)).toEqual(["zeros", "1 … 100", "101 … 200", "201 … 300", "sum"]);
  });
});

describe("ways by the panel", () => {
  let store: Store;
  let panel: Panel;
  const redraw = (): void => panel.draw(store.state);
  const item = (name: string): HTMLElement => [...panel.el.querySelectorAll<HTMLElement>('[role="treeitem"]')].find((one) => one.getAttribute("aria-label")!.startsWith(name))!;
  const press = (key: string, rest: KeyboardEventInit = {}): boolean => document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...rest }));
  const button = (name: string): HTMLButtonElement => panel.el.querySelector<HTMLButtonElement>(`button[aria-label="${name}"]`)!;
  const words = (): string => panel.el.querySelector(".strip .words")!.textContent!;

  beforeEach(() => {
    vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(SIZE.width);
    vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(SIZE.height);
    const run = new FakeRun();
    run.run(100);
    store = new Store();
    const { frame, buffers } = run.snapshot();
    store.apply(frame, buffers);
    panel = createGraph(store, actions);
    document.body.append(panel.el);
    redraw();
  });
  afterEach(() => {
    panel.destroy();
    vi.restoreAllMocks();
  });

  it("lights a path with the keyboard, says so, and clears it with Escape", () => {
    item("conv1 (").focus();
    press("Enter");
    item("fc2 (").focus();
    press("p");
    redraw();
    expect(store.state.ui.lit!.title).toMatch(/^h\d* → h\d*|conv1 → fc2/);
    expect(words()).toBe(store.state.ui.lit!.title);
    expect(item("relu (").getAttribute("aria-description")).toMatch(/^lit; \|grad\| 4/);
    expect(item("blocks").getAttribute("aria-description")).toMatch(/^24 nodes lit; /);
    expect(item("loss (").getAttribute("aria-description")).toMatch(/^\|grad\| /);
    press("Escape");
    redraw();
    expect(store.state.ui.lit).toBeNull();
  });

  it("draws a trail that somebody else lit, with a button to clear it", () => {
    const { nodes } = store.state.graph!;
    store.setUi({ lit: { nodes: nodes.slice(-4).map(({ id }) => id), title: "NaN from fc2 to the loss" } });
    redraw();
    expect(words()).toBe("NaN from fc2 to the loss");
    button("Clear trail").click();
    redraw();
    expect(button("Clear trail")).toBeNull();
  });

  it("marks what is otherwise than at another step, by a sign and in words", () => {
    const { nodes } = store.state.graph!;
    const relu = nodes.find(({ op }) => op === "relu")!.id;
    store.setUi({ diff: { added: [relu], removed: [nodes.length - 1], changed: [], title: "+1 −1 since step 3" } });
    redraw();
    expect(item("relu (").getAttribute("aria-description")).toMatch(/^new; /);
    expect(item("loss (").getAttribute("aria-description")).toMatch(/^gone; /);
    expect(item("relu (").querySelectorAll(".s-brand")).toHaveLength(1);
    expect(words()).toBe("+1 −1 since step 3");
  });

  it("begins a path at the button, and ends it at the next box that is chosen", () => {
    expect(button("Path to…").disabled).toBe(true);
    item("conv1 (").focus();
    press("Enter");
    redraw();
    button("Path to…").click();
    redraw();
    expect(words()).toMatch(/choose a box$/);
    const selected = store.state.ui.selected;
    item("x (flatten").focus();
    press("Enter");
    redraw();
    expect(store.state.ui.lit!.title).toMatch(/→ x: /);
    expect(store.state.ui.selected).toEqual(selected);
  });

  it("shows only what is around a box, wider and narrower, and goes back after Escape twice", () => {
    const whole = panel.el.querySelectorAll('[role="treeitem"]').length;
    item("fc1 (").focus();
    press("n");
    redraw();
    expect(words()).toMatch(/^2 steps around .*: \d of 35 ops$/);
    const near = panel.el.querySelectorAll('[role="treeitem"]').length;
    press("n");
    redraw();
    expect(panel.el.querySelectorAll('[role="treeitem"]').length).toBeGreaterThan(near);
    press("n", { shiftKey: true });
    redraw();
    expect(panel.el.querySelectorAll('[role="treeitem"]')).toHaveLength(near);
    press("Escape");
    redraw();
    expect(panel.el.querySelectorAll('[role="treeitem"]')).toHaveLength(near);
    press("Escape");
    redraw();
    expect(panel.el.querySelectorAll('[role="treeitem"]')).toHaveLength(whole);
  });

  it("changes the overlay with one click or its number", () => {
    const radio = (name: string): HTMLElement => [...panel.el.querySelectorAll<HTMLElement>('[role="radio"]')].find(({ textContent }) => textContent === name)!;
    const legend = (): string => panel.el.querySelector('[aria-label="Legend"]')!.textContent!;
    radio("memory").click();
    redraw();
    expect(radio("memory").getAttribute("aria-checked")).toBe("true");
    expect(legend()).toMatch(/^outputs/);
    item("conv1 (").focus();
    press("4");
    redraw();
    expect(legend()).toMatch(/forward \+ backward/);
    store.state.graphStats = null;
    redraw();
    expect((radio("time") as HTMLButtonElement).disabled).toBe(true);
  });
});
