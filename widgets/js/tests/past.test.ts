import { describe, expect, it, vi } from "vitest";
import { Buffers, FakeRun, teachingGraph } from "../dev/fake";
import { createLink } from "../src/link";
import { Past, carry, marksOf } from "../src/past";
import type { GraphDescription, Incoming, Outgoing, Bytes, WireHistory, WireKept, WireMoment } from "../src/protocol";
import { Store } from "../src/store";

function graphOf(...ops: string[]): GraphDescription {
  const nodes = ops.map((op, id) => ({ id, kind: "op" as const, op, label: op, name: "", module: -1, shape: [2], dtype: "float32", device: "cpu", rg: true, cell: null, line: null, source: null, params: {} }));
  return { signature: ops.join(), ops: ops.length, nodes, edges: ops.slice(1).map((_, i) => [i, i + 1, 0]), modules: [], formulas: {} };
}

function momentOf(step: number, asked = step, more: Partial<WireMoment> = {}): { wire: WireMoment; buffers: Uint8Array[] } {
  const buffers = new Buffers();
  const nodes = (more.graph as GraphDescription | undefined)?.nodes.length ?? teachingGraph().nodes.length;
  const wire: WireMoment = { kind: "moment", run: "run-1", asked, step, version: 1, stats: buffers.floats(new Float32Array(nodes * 8).fill(step)), ...more };
  if (more.node !== undefined) wire.detail = { node: more.node, step, shape: [2], value: { picture: { shape: [2], every: [1], buf: buffers.floats([step, -step]) }, mean: step, std: 0, lo: -step, hi: step, zeros: 0, bad: 0, hist: buffers.floats(new Float32Array(32).fill(step)) }, grad: null, saved: [] };
  return { wire, buffers: buffers.list };
}

/** Two nodes a step: one of 4 exact numbers, one of 9 × 9 pixels. */
function historyOf(steps: number[], graph: GraphDescription | null = null): { history: WireHistory; buffers: Uint8Array[] } {
  const list: Uint8Array[] = [];
  const add = (array: ArrayBufferView): number => list.push(new Uint8Array(array.buffer, array.byteOffset, array.byteLength)) - 1;
  const moments = steps.map((step): WireKept => ({
    step, version: 1, stats: add(new Float32Array(8 * 60).fill(step)), nodes: add(Uint32Array.of(1, 2)),
    numbers: add(Float32Array.of(2, 2, 0, step, 1, 0, 3, 7, 8, 5, 6, 1, 9, 9, 254, step, 1, -254, 254, NaN, NaN, NaN, NaN, 0)),
    exact: add(Float32Array.of(step, 1, NaN, 3)), pixels: add(Int8Array.from({ length: 81 }, (_, i) => (i === 0 ? -128 : i === 1 ? 127 : -127))), hists: add(new Uint8Array(128).fill(255)),
  }));
  return { history: { graphs: graph === null ? [] : [[1, graph]], moments, kept: 99 }, buffers: list };
}

function told(): { store: Store; run: FakeRun } {
  const run = new FakeRun();
  run.run(400);
  const store = new Store();
  const { frame, buffers } = run.snapshot();
  store.apply({ ...frame, graph_version: 1 }, buffers);
  return { store, run };
}

/** A store with a kernel that answers only when it is told to. */
function linked(): { store: Store; sent: Outgoing[]; answer(message: Incoming, buffers?: Bytes[]): void; asked(): (Outgoing & { kind: "moment" })[]; look(node: number | null): void } {
  const { store } = told();
  const sent: Outgoing[] = [];
  let take: (message: Incoming, buffers: Bytes[]) => void = () => undefined;
  const link = createLink(store, { send: (message) => sent.push(message), onMessage: (listener) => { take = listener; return () => undefined; }, onClose: () => () => undefined });
  return { store, sent, answer: (message, buffers = []) => take(message, buffers), asked: () => sent.filter((one) => one.kind === "moment"), look: (node) => link.inspect(node) };
}

describe("Past", () => {
  it("reads what travels with a snapshot: exact numbers, pixels, histograms", () => {
    const past = new Past();
    const { history, buffers } = historyOf([5, 9], teachingGraph());
    past.load(history, buffers);
    expect(past.steps).toEqual([5, 9]);
    const { details, stats } = past.nearest(8)!;
    expect(stats.table[0]).toBe(9);
    const [small, large] = [details.get(1)!, details.get(2)!];
    expect([...small.value.picture!.values]).toEqual([9, 1, NaN, 3]);
    expect([small.value.mean, small.value.lo, small.value.hi, small.grad!.lo, small.grad!.std]).toEqual([9, 0, 3, 5, 8]);
    expect(large.value.picture!.values).toHaveLength(81);
    expect([large.value.picture!.values[1], large.value.picture!.values[2]]).toEqual([254, -254]);
    expect(large.value.picture!.values[0]).toBeNaN();
    expect(large.grad).toBeNull();
    expect(small.value.hist).toHaveLength(32);
  });

  it("finds the nearest step, and of several the next one that was kept", () => {
    const past = new Past();
    past.load(...(({ history, buffers }) => [history, buffers] as const)(historyOf([5, 9, 40], teachingGraph())));
    expect([1, 7, 8, 24, 25, 99].map((step) => past.nearest(step)!.step)).toEqual([5, 5, 9, 9, 40, 40]);
    expect([past.next(9, true), past.next(9, false), past.next(40, true), past.next(5, false), past.next(30, false)]).toEqual([40, 5, null, null, 9]);
  });

  it("stays bounded", () => {
    const past = new Past();
    past.learn(1, teachingGraph());
    for (let step = 1; step <= 1000; step++) past.add(step, { step, version: 1, stats: { step, table: new Float32Array(8) }, details: new Map(), since: undefined, newest: undefined });
    expect(past.length).toBeLessThanOrEqual(400);
    expect(past.answered(1000)!.step).toBe(1000);
    past.add(1, { step: 1, version: 1, stats: { step: 1, table: new Float32Array(1 << 20) }, details: new Map(), since: undefined, newest: undefined });
    expect(past.length).toBe(16);
    expect(past.answered(1)!.step, "what was just asked for stays").toBe(1);
    for (let version = 2; version < 200; version++) past.learn(version, graphOf("add"));
    expect(past.graphs.size).toBeLessThanOrEqual(64);
  });
});

describe("carry", () => {
  const old = { version: 1, newest: { version: 9, gone: [1], changed: [], fresh: [3], pairs: [[2, 1], [3, 2]] as [number, number][] } } as never;
  const other = { version: 2, newest: { version: 9, gone: [], changed: [], fresh: [0], pairs: [[0, 1], [1, 2], [2, 3]] as [number, number][] } } as never;
  it("follows a node from one graph to another by way of the newest", () => {
    expect([0, 1, 2, 3].map((id) => carry(id, old, null))).toEqual([0, null, 1, 2]);
    expect([0, 1, 2, 3].map((id) => carry(id, null, old))).toEqual([0, 2, 3, null]);
    expect(carry(2, old, other)).toBe(0);
    expect(carry(0, old, other)).toBeNull();
    expect(carry(5, old, old)).toBe(5);
    expect(carry(5, null, null)).toBe(5);
  });
});

describe("Travelling", () => {
  it("shows a step when it comes, and the newest graph, numbers and values again at the end", () => {
    const { store, answer, asked } = linked();
    const { graph, graphStats, details } = store.state;
    store.setUi({ pinnedStep: 120 });
    expect(asked()).toEqual([{ kind: "moment", step: 120, node: null, known: [1] }]);
    expect(store.state.travel).toEqual({ asked: 120, step: null, waiting: true });
    expect(store.state.graphStats).toBe(graphStats);
    const { wire, buffers } = momentOf(118, 120);
    answer(wire, buffers);
    expect(store.state.travel).toEqual({ asked: 120, step: 118, waiting: false });
    expect(store.state.graphStats!.table[3]).toBe(118);
    expect(store.state.graph).toBe(graph);
    expect(store.state.details.size).toBe(0);
    store.setUi({ pinnedStep: null });
    expect(store.state.travel).toBeNull();
    expect(store.state.graphStats).toBe(graphStats);
    expect(store.state.details).toBe(details);
    expect(asked().at(-1)!.step).toBeNull();
  });

  it("asks one question at a time, and of many wishes the newest", () => {
    const { store, answer, asked } = linked();
    for (let step = 10; step < 60; step++) store.setUi({ pinnedStep: step });
    expect(asked().map(({ step }) => step)).toEqual([10]);
    answer(...(({ wire, buffers }) => [wire, buffers] as const)(momentOf(10)));
    expect(asked().map(({ step }) => step)).toEqual([10, 59]);
    expect(store.state.travel!.waiting).toBe(true);
    answer(...(({ wire, buffers }) => [wire, buffers] as const)(momentOf(59)));
    expect(asked()).toHaveLength(2);
    store.setUi({ pinnedStep: 10 });
    expect(asked(), "what is known is not asked again").toHaveLength(2);
    expect(store.state.travel).toEqual({ asked: 10, step: 10, waiting: false });
  });

  it("asks for the value of the node that is looked at, and keeps what it got", () => {
    const { store, answer, asked, look, sent } = linked();
    look(3);
    expect(sent.at(-1)).toEqual({ kind: "inspect", node: 3 });
    store.setUi({ pinnedStep: 120 });
    expect(asked()[0].node).toBe(3);
    const first = momentOf(120, 120, { node: 3 });
    answer(first.wire, first.buffers);
    expect(store.state.details.get(3)!.value.mean).toBe(120);
    look(5);
    expect(asked()).toHaveLength(2);
    expect(sent.filter(({ kind }) => kind === "inspect"), "the newest graph's node is another matter").toHaveLength(1);
    const second = momentOf(120, 120, { node: 5 });
    answer(second.wire, second.buffers);
    expect([...store.state.details.keys()].sort()).toEqual([3, 5]);
    store.setUi({ pinnedStep: null });
    expect(sent.at(-1)).toEqual({ kind: "inspect", node: 5 });
  });

  it("goes on with the newest in the background while an earlier step is shown", () => {
    const { store, answer } = linked();
    store.setUi({ pinnedStep: 120 });
    answer(...(({ wire, buffers }) => [wire, buffers] as const)(momentOf(120)));
    const shown = store.state.graph;
    const buffers = new Buffers();
    const next = graphOf("relu", "sum");
    store.apply({ kind: "frame", seq: store.seq + 1, graph: next, graph_version: 2, graph_stats: { step: 500, table: buffers.floats(new Float32Array(16).fill(7)) } }, buffers.list);
    expect(store.state.graph).toBe(shown);
    expect(store.state.graphStats!.step).toBe(120);
    store.setUi({ pinnedStep: null });
    expect(store.state.graph).toBe(next);
    expect(store.state.graphStats!.table[0]).toBe(7);
  });

  it("draws the graph of that step, says what changed, and follows the chosen node", () => {
    const { store, answer } = linked();
    store.select({ kind: "node", key: "4" });
    store.setUi({ pinnedStep: 120 });
    const graph = graphOf("add", "tanh", "mul", "exp", "sum");
    const { wire, buffers } = momentOf(120, 120, { version: 7, graph, since: { step: 119, added: [1], changed: [2], removed: 3 }, newest: { version: 1, gone: [1, 2, 3], changed: [], fresh: [5], pairs: [[4, 2], [0, 4]] } });
    answer(wire, buffers);
    expect(store.state.graph).toBe(graph);
    expect(store.state.ui.diff).toEqual({ added: [1], removed: [], changed: [2], title: "+1 −3 ~1 since step 119" });
    expect(store.state.ui.selected).toEqual({ kind: "node", key: "0" });
    store.setUi({ pinnedStep: null });
    expect(store.state.ui.diff).toBeNull();
    expect(store.state.ui.selected).toEqual({ kind: "node", key: "4" });
  });

  it("shows the nearest step it knows when the kernel is silent, gone, or has none", () => {
    vi.useFakeTimers();
    const { store, answer, asked } = linked();
    store.setUi({ pinnedStep: 50 });
    answer(...(({ wire, buffers }) => [wire, buffers] as const)(momentOf(50)));
    store.setUi({ pinnedStep: 200 });
    expect(store.state.travel).toEqual({ asked: 200, step: 50, waiting: true });
    vi.advanceTimersByTime(2000);
    expect(store.state.travel).toEqual({ asked: 200, step: 50, waiting: false });
    expect(asked(), "no flood of the same question").toHaveLength(2);
    store.disconnect("kernel gone");
    store.setUi({ pinnedStep: 300 });
    expect(asked()).toHaveLength(2);
    expect(store.state.travel!.step).toBe(50);
    vi.useRealTimers();
    const empty = linked();
    empty.store.setUi({ pinnedStep: 9 });
    for (let i = 0; i < 5; i++) empty.answer({ kind: "moment", run: "run-1", asked: 9 });
    expect(empty.asked()).toHaveLength(1);
    expect(empty.store.state.travel?.step ?? null).toBeNull();
    expect(empty.store.state.graphStats!.step).toBe(400);
  });

  it("takes the history of a snapshot whose frames it has already, and needs no kernel then", () => {
    const { store, run } = told();
    const { history, buffers } = historyOf([1, 200, 400]);
    const { frame } = run.snapshot();
    store.load({ frame: { kind: "snapshot", seq: store.seq, run: frame.run!, history }, buffers });
    expect(store.past.kept).toEqual([1, 200, 400]);
    store.disconnect("kernel gone");
    store.setUi({ pinnedStep: 150 });
    expect(store.state.travel).toEqual({ asked: 150, step: 200, waiting: false });
    expect(store.state.details.get(1)!.value.mean).toBe(200);
    store.load({ frame: { kind: "snapshot", seq: 0, run: { id: "other", cell: "", name: "" }, history: { ...history, moments: [] } }, buffers });
    expect(store.past.kept).toHaveLength(3);
  });
});

describe("marksOf", () => {
  it("is nothing where nothing changed", () => {
    expect(marksOf({ since: undefined, newest: undefined } as never)).toBeNull();
    expect(marksOf({ newest: { version: 2, gone: [3], changed: [], fresh: [1, 2], pairs: [] } } as never)).toEqual({ added: [], removed: [3], changed: [], title: "the newest graph: +2 −1" });
  });
});
