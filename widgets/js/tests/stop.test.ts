import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeModel, FakeRun } from "../dev/fake";
import { emptyText } from "../src/gradients";
import { render } from "../src/main";
import type { Birth, Frame, Stop } from "../src/protocol";
import { Store } from "../src/store";

let cleanups: (() => void)[] = [];
const nextFrame = (): Promise<void> => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
const region = (el: HTMLElement, name: string): HTMLElement => el.querySelector<HTMLElement>(`[role="region"][aria-label="${name}"]`)!;
const button = (el: HTMLElement, name: string): HTMLButtonElement | undefined => [...el.querySelectorAll("button")].find((one) => !one.closest("[hidden]") && (one.getAttribute("aria-label") ?? one.textContent) === name);
const status = (el: HTMLElement): string => el.querySelector('[role="status"]')!.textContent!;

const STOP: Stop = { number: 1, reason: "NaN", phase: "forward", op: "log", module: "head", place: "cell [7] line 4", line: 4, source: "h = torch.log(x)", text: "log of -0.3 at [12, 4]: a negative number has no logarithm", fix: "x.clamp(min=1e-8)", node: 3 };
const BIRTH: Birth = { kind: "NaN", text: "log of -0.3 at [12, 4]", place: "cell [7] line 4", source: "h = torch.log(x)", fix: "clamp", path: [3, 4, 6], certain: true };

beforeEach(() => { cleanups = []; });
afterEach(() => { for (const end of cleanups) end(); });

function show(): { model: FakeModel; el: HTMLElement; tell(change: Partial<Frame>): Promise<void> } {
  const model = new FakeModel(new FakeRun());
  model.run!.run(100);
  const el = document.createElement("div");
  document.body.append(el);
  cleanups.push(render({ model, el }), () => el.remove());
  return {
    model, el,
    tell(change) {
      const { frame, buffers } = model.run!.advance(0);
      model.deliver({ ...frame, ...change, ...(change.stop ? { status: { ...frame.status!, state: "paused" } } : {}) }, buffers);
      return nextFrame();
    },
  };
}
const sent = (model: FakeModel): unknown[] => model.sent.filter(({ kind }) => kind === "control").map(({ action }) => action);

describe("a run that a breakpoint holds", () => {
  it("in its first backward pass has rows without numbers, and no words across them", () => {
    const store = new Store();
    const run = new FakeRun();
    run.run(1);
    const { frame, buffers } = run.snapshot();
    store.load({ frame, buffers });
    const first = { ...store.state, probes: new Store().state.probes };
    expect(first.params.length).toBeGreaterThan(0);
    expect(emptyText(first)).toBe("");
    expect(emptyText({ ...first, params: [], status: { ...first.status, state: "waiting" } })).toBe("the gradients appear here");
  });

  it("says where and why, and opens the inspector on the operation", async () => {
    const { el, tell } = show();
    await tell({ stop: STOP });
    expect(status(el)).toBe("stopped at breakpoint · cell [7] line 4 · NaN · step 100");
    expect(region(el, "Coach").textContent).toContain("h = torch.log(x)");
    expect(region(el, "Coach").textContent).toContain("a negative number has no logarithm");
    expect(region(el, "Coach").textContent).toContain("log in head");
    expect(region(el, "Inspector").hidden).toBe(false);
  });

  it("goes on by buttons and by keys, and only while it is held", async () => {
    const { model, el, tell } = show();
    await tell({ stop: STOP });
    for (const name of ["Continue", "Step op", "Stop"]) button(el, name)!.click();
    const press = (key: string): boolean => region(el, "Live view").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    press("c");
    press("s");
    expect(sent(model)).toEqual(["continue", "step_op", "stop", "continue", "step_op"]);
    await tell({ stop: null });
    press("c");
    expect(sent(model)).toHaveLength(5);
  });

  it("gives the usual buttons back, and closes what it had opened", async () => {
    const { el, tell } = show();
    await tell({ stop: STOP });
    await tell({ stop: { ...STOP, number: 2, node: 4, op: "sum", reason: "step", text: "" } });
    expect(region(el, "Coach").className).toContain("hint");
    await tell({ stop: null });
    expect(button(el, "Pause")).toBeDefined();
    expect(button(el, "Step")).toBeDefined();
    expect(button(el, "Continue")).toBeUndefined();
    expect(region(el, "Inspector").hidden).toBe(true);
  });

  it("does not take the selection from the user while it stands", async () => {
    const store = new Store();
    store.apply({ kind: "snapshot", seq: 0, stop: STOP }, []);
    expect(store.state.ui.selected).toEqual({ kind: "node", key: "3" });
    store.select({ kind: "node", key: "1" });
    store.apply({ kind: "frame", seq: 1, stop: STOP }, []);
    expect(store.state.ui.selected).toEqual({ kind: "node", key: "1" });
  });
});

describe("a loss that is no longer finite", () => {
  it("says where it was born, and lights its way", async () => {
    const { el, tell } = show();
    await tell({ birth: BIRTH });
    const row = region(el, "Coach");
    expect(row.className).toContain("error");
    expect(row.textContent).toContain("NaN born");
    expect(row.textContent).toContain("log of -0.3 at [12, 4]");
    button(row, "Show where")!.click();
    await nextFrame();
    expect(region(el, "Inspector").hidden).toBe(false);
  });

  it("lights it once, again for another graph, and never against the user", () => {
    const store = new Store();
    store.apply({ kind: "snapshot", seq: 0, birth: BIRTH }, []);
    expect(store.state.ui.lit).toEqual({ nodes: [3, 4, 6], title: "NaN: from where it was born to the loss" });
    store.setUi({ lit: null });
    store.apply({ kind: "frame", seq: 1, birth: BIRTH }, []);
    expect(store.state.ui.lit).toBeNull();
    store.apply({ kind: "frame", seq: 2, birth: { ...BIRTH, path: [] } }, []);
    expect(store.state.ui.lit).toBeNull();
    store.apply({ kind: "frame", seq: 3, birth: { ...BIRTH, path: [5, 8] } }, []);
    expect(store.state.ui.lit?.nodes).toEqual([5, 8]);
  });
});
