// Laying out large graphs: in slices, with the old picture in place, given up for a newer one; nothing hangs.
import { describe, expect, it, vi } from "vitest";
import { GraphModel } from "../src/graphmodel";
import { Layouts } from "../src/graphlayouts";
import { GraphCamera } from "../src/graphview";
import { WIDE } from "../src/layout";
import type { GraphDescription, GraphNode } from "../src/protocol";
import { type Work, inSlices } from "../src/work";

const node = (id: number, op: string, more: Partial<GraphNode> = {}): GraphNode => ({ id, kind: op ? "op" : "input", op, label: op || "x", name: "", module: -1, shape: [8], dtype: "float32", device: "cpu", rg: true, cell: null, line: null, source: null, params: {}, ...more });
const graphOf = (nodes: GraphNode[], edges: [number, number][], signature = "g"): GraphDescription => ({ signature, ops: nodes.filter(({ kind }) => kind === "op").length, nodes, edges: edges.map(([a, b], slot) => [a, b, slot % 8]), modules: [], formulas: {} });

/** Ops of changing kinds, each on the one before and now and then on an older one. */
function tangle(size: number, signature = "tangle"): GraphDescription {
  const nodes = [node(0, ""), ...Array.from({ length: size }, (_, i) => node(i + 1, ["sin", "cos", "exp", "neg", "tanh"][(i * i + (i >> 3)) % 5]))];
  const edges = nodes.slice(1).flatMap(({ id }): [number, number][] => (id > 9 && id % 7 === 0 ? [[id - 1, id], [id - 9, id]] : [[id - 1, id]]));
  return graphOf(nodes, edges, signature);
}

/** `size` edges into one op: of values, or of ops that nothing holds together. */
function fan(size: number, ofOps: boolean): GraphDescription {
  const nodes = Array.from({ length: size }, (_, id) => node(id, ofOps ? ["sin", "cos", "exp"][(id * id) % 3] : ""));
  return graphOf([...nodes, node(size, "stack")], nodes.map(({ id }): [number, number] => [id, size]));
}

const empty = graphOf([], [], "empty");
const hostile = graphOf([node(0, "", { name: "<img src=x onerror=alert(1)>", label: "\u202egnp.exe" }), node(1, "𝛁".repeat(200), { name: "__proto__" }), node(2, "constructor", { name: "toString", label: "" })], [[0, 1], [1, 2]]);
const done = async (layouts: Layouts): Promise<void> => vi.waitFor(() => expect(layouts.busy).toBe(false), { timeout: 20_000, interval: 5 });

describe("a large graph", () => {
  it("is laid out in many short steps", () => {
    const model = new GraphModel(tangle(10_000), null, WIDE, null, false);
    let [steps, longest] = [0, 0];
    const begun = performance.now();
    for (const work = model.build("all"); ; steps++) {
      const started = performance.now();
      const step = work.next();
      longest = Math.max(longest, performance.now() - started);
      if (step.done) break;
    }
    expect(model.picture.items).toHaveLength(10_001);
    expect(steps).toBeGreaterThan(100);
    expect(longest).toBeLessThan(Math.max(60, (performance.now() - begun) / 4));
  });

  it("leaves the picture before it in place until it is there", async () => {
    const changed = vi.fn();
    const layouts = new Layouts(new GraphCamera(), changed);
    const small = tangle(20, "small");
    layouts.show(small, WIDE);
    expect(layouts.model!.graph).toBe(small);
    const large = tangle(10_000);
    layouts.show(large, WIDE);
    expect(layouts.busy).toBe(true);
    expect(layouts.model!.graph).toBe(small);
    expect(layouts.model!.picture.items.length).toBeGreaterThan(0);
    await done(layouts);
    expect(layouts.model!.graph).toBe(large);
    layouts.model!.expandAll();
    layouts.place(WIDE);
    expect(layouts.busy).toBe(true);
    const { picture } = layouts.model!;
    expect(picture.items.length).toBeLessThan(1000);
    await done(layouts);
    expect(layouts.model!.picture.items).toHaveLength(10_001);
  });

  it("is given up for a newer one", async () => {
    const shown: string[] = [];
    const layouts = new Layouts(new GraphCamera(), () => { if (layouts.model) shown.push(layouts.model.graph.signature); });
    layouts.show(tangle(10_000, "first"), WIDE);
    layouts.show(tangle(9_000, "second"), WIDE);
    layouts.show(tangle(8_000, "third"), WIDE);
    await done(layouts);
    expect(new Set(shown)).toEqual(new Set(["third"]));
  });

  it("comes though something in the picture before it is opened meanwhile, and takes that over", async () => {
    const layouts = new Layouts(new GraphCamera(), () => undefined);
    layouts.show(tangle(1000, "small"), WIDE);
    const large = tangle(10_000);
    layouts.show(large, WIDE);
    layouts.model!.collapseAll();
    layouts.model!.toggle([...layouts.model!.blocks.values()].find(({ kind }) => kind === "segment")!.key);
    layouts.place(WIDE);
    expect(layouts.busy).toBe(true);
    await done(layouts);
    expect(layouts.model!.graph).toBe(large);
    expect(layouts.model!.opened.size).toBe(1);
  });

  it("stops in the middle when it is given up, and a failure is told", async () => {
    let steps = 0;
    let cancel = (): void => undefined;
    cancel = inSlices((function* (): Work<void> {
      for (;;) {
        if (++steps === 100_000) cancel();
        yield;
      }
    })(), () => undefined, () => undefined);
    await vi.waitFor(() => expect(steps).toBe(100_000));
    await new Promise((next) => setTimeout(next, 30));
    expect(steps).toBe(100_000);
    const failed = vi.fn();
    inSlices((function* (): Work<void> { yield; throw new Error("no"); })(), () => undefined, failed);
    await vi.waitFor(() => expect(failed).toHaveBeenCalledWith(new Error("no")));
  });
});

describe("hard graphs", () => {
  it.each([["10,000 values into one op", fan(10_000, false), 2], ["10,000 ops into one", fan(10_000, true), 1000], ["nothing", empty, 0], ["names that mean harm", hostile, 3]])("%s: there soon, and whole", (_, graph, least) => {
    const started = performance.now();
    const model = new GraphModel(graph, "all");
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(model.picture.items.length).toBeGreaterThanOrEqual(Math.min(least, 1));
    expect(model.picture.items.length).toBeLessThanOrEqual(graph.nodes.length);
    for (const { x, y } of model.picture.items) expect(Number.isFinite(x + y)).toBe(true);
    for (const { ops } of graph.ops > 0 ? [graph] : []) expect(model.tree.order).toHaveLength(ops);
  });

  it("a cycle says what is wrong, and the panel goes on", () => {
    const layouts = new Layouts(new GraphCamera(), () => undefined);
    layouts.show(graphOf([node(0, "sin"), node(1, "cos")], [[0, 1], [1, 0]]), WIDE);
    expect(layouts.failed).toMatch(/cycle through 2 of its 2 ops/);
    expect(layouts.model).toBeNull();
    layouts.show(tangle(5), WIDE);
    expect(layouts.failed).toBe("");
    expect(layouts.model!.picture.items.length).toBeGreaterThan(0);
  });
});
