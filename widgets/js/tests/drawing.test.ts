import { describe, expect, it } from "vitest";
import { FakeRun } from "../dev/fake";
import { Curve } from "../src/curve";
import { momentAt, ridges, rowData, rowName, sparkline } from "../src/gradmodel";
import { columnsFor, drawRow, normX, ratioX } from "../src/gradplot";
import { type Row, rowsOf } from "../src/groups";
import { type Line, type LossScene, layoutLoss, newMemory } from "../src/losslayout";
import { drawLoss } from "../src/lossplot";
import { Store } from "../src/store";
import type { Inks } from "../src/theme";

const inks = new Proxy({} as Inks, { get: (_, name) => String(name) });

/** A context that remembers what it was told. */
function recorder(): { ctx: CanvasRenderingContext2D; texts: { text: string; x: number; y: number }[]; points: number[] } {
  const texts: { text: string; x: number; y: number }[] = [];
  const points: number[] = [];
  const known: Record<string, unknown> = {
    canvas: { clientWidth: 400 },
    measureText: (text: string) => ({ width: text.length * 6 }),
    fillText: (text: string, x: number, y: number) => texts.push({ text, x, y }),
    moveTo: (x: number, y: number) => points.push(x, y),
    lineTo: (x: number, y: number) => points.push(x, y),
  };
  const ctx = new Proxy(known, { get: (target, name: string) => target[name] ?? (() => undefined), set: () => true }) as unknown as CanvasRenderingContext2D;
  return { ctx, texts, points };
}

function stateOf(steps: number, options = {}): Store["state"] {
  const run = new FakeRun(options);
  run.run(steps);
  const store = new Store();
  const { frame, buffers } = run.snapshot();
  store.apply(frame, buffers);
  return store.state;
}

function sceneOf(state: Store["state"], rest: Partial<LossScene> = {}): LossScene {
  const lines = state.series.map((series): Line => {
    const curve = new Curve(series);
    curve.update(series.role === "val" ? 0 : 0.98);
    return { curve, series, label: series.name, color: "c", text: "t", dash: [], kind: series.role === "val" ? "val" : "main" };
  });
  return { lines, epochs: state.epochs, scale: "log", smoothing: 0.98, shown: null, pinned: false, findings: [], end: "live", total: null, ...rest };
}

function drawn(state: Store["state"], rest: Partial<LossScene> = {}, width = 400): ReturnType<typeof recorder> {
  const record = recorder();
  const scene = sceneOf(state, rest);
  drawLoss(record.ctx, scene, layoutLoss(scene, width, 208, newMemory(), (text) => text.length * 6), inks);
  return record;
}

describe("the loss picture", () => {
  it("names series, epochs and the spike, and sends no point astray", () => {
    const { texts, points } = drawn(stateOf(1930));
    const words = texts.map(({ text }) => text);
    expect(words).toEqual(expect.arrayContaining(["epoch 2", "epoch 3", "step", "1,000"]));
    expect(words.some((text) => /^spike ×\d\.\d$/.test(text))).toBe(true);
    expect(words.some((text) => /^loss ≈ 0\.\d{3}$/.test(text))).toBe(true);
    expect(points.every(Number.isFinite)).toBe(true);
  });

  it("marks where the coach spoke, and names what is explained where the curve is not", () => {
    const findings = [{ step: 20, kind: "error", rule: "missing-zero-grad", chosen: true }, { step: 21, kind: "hint", rule: "hidden", chosen: false }, { step: 1900, kind: "warning", rule: "late", chosen: false }];
    const plain = drawn(stateOf(1930));
    const { texts, points } = drawn(stateOf(1930), { findings });
    expect(points.length).toBeGreaterThan(plain.points.length);
    expect(points.every(Number.isFinite)).toBe(true);
    const named = texts.filter(({ text }) => ["missing-zero-grad", "hidden", "late"].includes(text));
    expect(named.map(({ text }) => text)).toEqual(["missing-zero-grad"]);
    expect(named[0].y).toBeGreaterThan(150); // the curve begins high: it stands low
    const low = drawn(stateOf(1930), { scale: "linear", findings: [{ ...findings[0], step: 1200 }] }).texts.find(({ text }) => text === "missing-zero-grad")!;
    expect(low.y).toBeLessThan(60);
  });

  it("tells the step at which the loss stopped being a number", () => {
    const { texts, points } = drawn(stateOf(1930, { nanAt: 1204 }));
    expect(texts.map(({ text }) => text)).toContain("NaN at step 1,204");
    expect(points.every(Number.isFinite)).toBe(true);
  });

  it.each([["nothing", 0, {}], ["one point", 1, {}], ["a loss below zero", 500, { lossScale: -1 }], ["nothing but NaN", 50, { nanAt: 1 }]])("stands with %s", (_, steps, options) => {
    const { points, texts } = drawn(stateOf(steps, { val: false, ...options }));
    expect(points.every(Number.isFinite)).toBe(true);
    expect(texts.map(({ text }) => text)).toContain("step");
  });

  it("keeps labels apart and inside", () => {
    const { texts } = drawn(stateOf(1930));
    const ends = texts.filter(({ text }) => /^(loss|val) /.test(text)).map(({ y }) => y).sort((a, b) => a - b);
    expect(ends).toHaveLength(2);
    expect(ends[1] - ends[0]).toBeGreaterThanOrEqual(14.9);
    expect(ends[1]).toBeLessThan(208);
  });

  it("has axes that only grow while a run goes on", () => {
    const memory = newMemory();
    let last: [number, number, number] = [Infinity, -Infinity, 0];
    for (const steps of [5, 60, 300, 900, 1930]) {
      const frame = layoutLoss(sceneOf(stateOf(steps)), 400, 208, memory, (text) => text.length * 6);
      expect(frame.low).toBeLessThanOrEqual(last[0]);
      expect(frame.high).toBeGreaterThanOrEqual(last[1]);
      expect(frame.span).toBeGreaterThanOrEqual(last[2]);
      expect(frame.span).toBeGreaterThanOrEqual(steps);
      last = [frame.low, frame.high, frame.span];
    }
  });
});

describe("the words of the loss picture", () => {
  const withValues = (values: number[]): { texts: { text: string }[]; points: number[] } => {
    const state = stateOf(1, { val: false });
    state.series[0].append(Uint32Array.from(values, (_, i) => i + 2), Float32Array.from(values));
    return drawn(state);
  };

  it("keep the log axis when some losses are exactly 0", () => {
    const { texts, points } = withValues([1, 0.1, 0, 0.001, 0, 1e-4]);
    expect(points.every(Number.isFinite)).toBe(true);
    expect(texts.map(({ text }) => text)).toEqual(expect.arrayContaining(["1e−4", "0.01"]));
  });

  it("say the mean at the end of a smoothed line, and the value where both are one", () => {
    expect(withValues(Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 1 : 3))).texts.some(({ text }) => /^loss ≈ [12]\.\d{3}$/.test(text))).toBe(true);
    const same = stateOf(1, { val: false });
    expect(drawn(same).texts.some(({ text }) => /^loss \d\.\d{3}$/.test(text))).toBe(true);
  });

  it("name each step of a short run once", () => {
    const { texts } = drawn(stateOf(1, { val: false }), { end: "done" });
    const axis = texts.find(({ text }) => text === "step")!.y;
    expect(texts.filter(({ text, y }) => y === axis && text !== "step").map(({ text }) => text)).toEqual(["0", "1"]);
  });
});

describe("the gradients", () => {
  it("that shrink together have converged; the one that shrinks alone has vanished", () => {
    const one = (name: string, norm: number): { name: string; shape: number[]; numel: number; module: string; norm: number; ratio: number; spread: number } => ({ name, shape: [4, 4], numel: 16, module: "", norm, ratio: 1e-3, spread: 0 });
    const troubleOf = (norms: number[]): (string | null)[] => {
      const state = stateOf(1000, { parameters: norms.map((norm, i) => one(`w${i}`, norm)) });
      return rowsOf(state.params, true, new Set()).map((row) => rowData(state, row, momentAt(state.probes, null)).trouble);
    };
    expect(troubleOf([2e-8, 5e-8])).toEqual([null, null]);
    expect(troubleOf([2e-8, 0.5])).toEqual(["vanishing", null]);
  });

  const state = stateOf(1930);
  const rowOf = (label: string): Row => rowsOf(state.params, false, new Set()).find((row) => row.label === label)!;
  const newest = momentAt(state.probes, null);

  it("warn of what lasts, and of nothing in an ordinary row", () => {
    const hot = rowData(state, rowOf("fc1.weight"), newest);
    expect(hot.trouble).toBe("exploding");
    expect(hot.ratioHigh).toBe(true);
    expect(rowName(hot)).toMatch(/^head\.fc1\.weight, \|grad\| \d+ exploding, update\/weight 0\.02\d high$/);
    for (const label of ["conv1.weight", "fc1.bias", "fc2.weight", "blocks ×4"]) {
      expect(rowData(state, rowOf(label), newest)).toMatchObject({ trouble: null, ratioHigh: false });
    }
  });

  it("say NaN with a warning, but not of a parameter that never had a gradient", () => {
    const broken = stateOf(1000, { nanAt: 500 });
    const row = rowsOf(broken.params, true, new Set())[0];
    expect(rowData(broken, row, momentAt(broken.probes, null)).trouble).toBe("NaN");
    expect(rowData(broken, row, momentAt(broken.probes, 400)).trouble).toBeNull();
    const always = stateOf(1000, { nanAt: 1 });
    expect(rowData(always, rowsOf(always.params, true, new Set())[0], 0).trouble).toBe("NaN");
    const unused = stateOf(1000, { parameters: [{ name: "frozen", shape: [2, 2], numel: 4, module: "", norm: NaN, ratio: NaN, spread: 0.3 }] });
    expect(rowData(unused, rowsOf(unused.params, true, new Set())[0], 3).trouble).toBeNull();
  });

  it("give a folded group the median of its repeats", () => {
    const { norm, repeats } = rowData(state, rowOf("blocks ×4"), newest);
    const sorted = [...repeats].sort((a, b) => a - b);
    expect(repeats).toHaveLength(4);
    expect(norm).toBeCloseTo((sorted[1] + sorted[2]) / 2, 8);
  });

  it("put up to five histograms on one range", () => {
    const { heights, range } = ridges(state.probes, rowOf("conv1.weight"), newest);
    expect(heights).toHaveLength(5);
    expect(range).toBeGreaterThan(0);
    for (const row of heights) expect(Math.max(...row)).toBeCloseTo(1, 5);
    expect(ridges(state.probes, rowOf("conv1.weight"), -1).heights).toEqual([]);
    expect(sparkline(state.probes, rowOf("conv1.weight"), 40)).toHaveLength(40);
  });

  it("hold to the step that is shown", () => {
    expect(momentAt(state.probes, 1)).toBe(0);
    expect(momentAt(state.probes, 0)).toBe(0);
    expect(state.probes.steps[momentAt(state.probes, 500)]).toBeLessThanOrEqual(500);
  });

  it.each([300, 476, 900])("leave every column its place at %i px", (width) => {
    const columns = columnsFor(width, 120);
    expect(columns.value).toBeLessThanOrEqual(columns.scale);
    expect(columns.scale + columns.scaleWidth).toBeLessThanOrEqual(columns.ratio);
    expect(columns.ratio + columns.ratioWidth).toBeLessThanOrEqual(columns.ridge);
    for (const value of [0, 1e-30, 1e30]) {
      expect(normX(value, columns)).toBeGreaterThanOrEqual(columns.scale);
      expect(normX(value, columns)).toBeLessThanOrEqual(columns.scale + columns.scaleWidth);
      expect(ratioX(value, columns)).toBeLessThanOrEqual(columns.ridge);
    }
  });

  it("draw a row without a stray point", () => {
    const { ctx, texts, points } = recorder();
    for (const label of ["fc1.weight", "blocks ×4", "conv1.bias"]) {
      const row = rowOf(label);
      drawRow(ctx, rowData(state, row, newest), sparkline(state.probes, row, 40), 0.5, ridges(state.probes, row, newest).heights, columnsFor(500, 100), { y: 20, height: 24, selected: true }, inks);
    }
    expect(texts.map(({ text }) => text)).toEqual(expect.arrayContaining(["fc1.weight", "blocks ×4", "conv1.bias"]));
    expect(points.every(Number.isFinite)).toBe(true);
  });
});
