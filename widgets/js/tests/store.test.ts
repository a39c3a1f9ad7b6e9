import { describe, expect, it } from "vitest";
import { FakeRun } from "../dev/fake";
import { MAX_POINTS } from "../src/series";
import { Series, Store, mainSeries, selectedRows } from "../src/store";

function told(steps: number, options = {}): { store: Store; run: FakeRun } {
  const run = new FakeRun(options);
  run.run(steps);
  const store = new Store();
  const { frame, buffers } = run.snapshot();
  expect(store.apply(frame, buffers)).toBe(true);
  return { store, run };
}

describe("Store", () => {
  it("appends frames in order and asks again on a gap", () => {
    const { store, run } = told(100);
    const next = run.advance(50);
    expect(store.apply(next.frame, next.buffers)).toBe(true);
    expect(mainSeries(store.state)!.length).toBe(150);
    run.advance(10); // lost
    const late = run.advance(10);
    expect(store.apply(late.frame, late.buffers)).toBe(false);
    expect(mainSeries(store.state)!.length).toBe(150);
    const whole = run.snapshot();
    expect(store.apply(whole.frame, whole.buffers)).toBe(true);
    expect(mainSeries(store.state)!.length).toBe(170);
    expect(store.state.probes.length).toBe(Math.ceil(170 / 24));
  });

  it("keeps the ended run as a ghost, once, and forgets what was pinned in it", () => {
    const { store } = told(300);
    store.setUi({ pinnedStep: 17 });
    store.select({ kind: "node", key: "3" });
    const again = new FakeRun({ runId: "run-2" });
    again.run(40);
    const { frame, buffers } = again.snapshot();
    store.apply(frame, buffers);
    const ghosts = store.state.series.filter(({ role }) => role === "ghost");
    expect(ghosts.map(({ length }) => length)).toEqual([300]);
    expect(mainSeries(store.state)!.length).toBe(40);
    expect(store.state.ui.pinnedStep).toBeNull();
    expect(store.state.ui.selected).toBeNull();
    expect(store.state.probes.length).toBe(2);
  });

  it("drops its own ghost when the kernel sends the same run", () => {
    const { store } = told(300);
    const again = new FakeRun({ runId: "run-2" });
    again.ghost = new Float32Array(300).fill(0.5);
    again.run(40);
    const { frame, buffers } = again.snapshot();
    store.apply(frame, buffers);
    expect(store.state.series.filter(({ role }) => role === "ghost").map(({ id }) => id)).toEqual([65536]);
  });

  it("comes back when a frame arrives after a disconnect", () => {
    const { store, run } = told(10);
    store.disconnect("kernel restarted");
    expect(store.state.connection).toBe("disconnected");
    const { frame, buffers } = run.snapshot();
    store.apply(frame, buffers);
    expect(store.state.connection).toBe("connected");
  });

  it("does not go back to an older packed snapshot", () => {
    const { store, run } = told(100);
    const old = run.packed();
    const { frame, buffers } = run.snapshot();
    store.apply(frame, buffers);
    const seq = store.seq;
    store.load(old);
    expect(store.seq).toBe(seq);
  });

  it("lights the parameters of a selected node, parameter or module", () => {
    const { store } = told(30);
    const { graph, params } = store.state;
    const names = (): string[] => [...selectedRows(store.state)].map((row) => params[row].name);
    store.select({ kind: "node", key: String(graph!.nodes.find(({ name }) => name === "h0")!.id) });
    expect(names()).toEqual(["head.fc1.weight", "head.fc1.bias"]);
    store.select({ kind: "param", key: "stem.conv1.bias" });
    expect(names()).toEqual(["stem.conv1.bias"]);
    store.select({ kind: "module", key: "blocks.1" });
    expect(names()).toHaveLength(6);
    store.select(null);
    expect(names()).toEqual([]);
  });
});

describe("Series", () => {
  it("stays bounded over ten million points and loses neither the highest, the lowest nor a NaN", () => {
    const series = new Series(0, "loss", "train");
    const chunk = 100_000;
    for (let from = 0; from < 10_000_000; from += chunk) {
      const steps = Uint32Array.from({ length: chunk }, (_, i) => from + i);
      const values = new Float32Array(chunk).fill(1);
      if (from === 300_000) { values[17] = 99; values[5000] = -7; values[60_000] = NaN; }
      series.append(steps, values);
    }
    expect(series.length).toBeLessThanOrEqual(MAX_POINTS);
    const kept = series.values.subarray(0, series.length);
    expect(kept).toContain(99);
    expect(kept).toContain(-7);
    expect(kept.some(Number.isNaN)).toBe(true);
    expect(series.steps[kept.indexOf(99)]).toBe(300_017);
    expect(series.lastStep).toBe(9_999_999);
    for (let i = 1; i < series.length; i++) expect(series.steps[i] > series.steps[i - 1]).toBe(true);
    expect(series.steps.byteLength + series.values.byteLength).toBeLessThan(4 << 20);
  }, 60_000); // a machine that is shared takes its time
});
