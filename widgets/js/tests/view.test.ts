import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { coachOf, hostile } from "../dev/fakecoach";
import { FakeModel, FakeRun, hostileParameters, teachingGraph } from "../dev/fake";
import { register } from "../src/host";
import { api, mount, render } from "../src/main";
import type { Frame } from "../src/protocol";
import { Store } from "../src/store";
import { createView } from "../src/view";

let cleanups: (() => void)[] = [];
const nextFrame = (): Promise<void> => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));

function show(model: FakeModel): HTMLElement {
  const el = document.createElement("div");
  document.body.append(el);
  cleanups.push(render({ model, el }), () => el.remove());
  return el;
}
function train(steps: number, options = {}): FakeModel {
  const model = new FakeModel(new FakeRun(options));
  model.run!.run(steps);
  return model;
}
const region = (el: HTMLElement, name: string): HTMLElement => el.querySelector<HTMLElement>(`[role="region"][aria-label="${name}"]`)!;
const button = (el: HTMLElement, name: string): HTMLButtonElement | undefined => [...el.querySelectorAll("button")].find((one) => !one.closest("[hidden]") && (one.getAttribute("aria-label") ?? one.textContent) === name);
const status = (el: HTMLElement): string => el.querySelector('[role="status"]')!.textContent!;

beforeEach(() => { cleanups = []; });
afterEach(() => { for (const end of cleanups) end(); });

describe("a live view", () => {
  it("says hello, and shows the snapshot by the names of the design", async () => {
    const model = train(930, { val: false });
    const el = show(model);
    await nextFrame();
    expect(model.sent[0]).toEqual({ kind: "hello", seq: -1 });
    expect(status(el)).toMatch(/^running · step 930 · epoch 1 · 1,840 steps\/s · ETA 0:42$/);
    expect(region(el, "Loss curves").querySelector('[role="img"]')!.getAttribute("aria-label")).toMatch(/^loss \d\.\d{3} at step 930$/);
    expect(region(el, "Gradients").querySelectorAll('[role="option"]')).toHaveLength(9);
    expect(region(el, "Gradients").querySelector('[role="option"]')!.getAttribute("aria-label")).toMatch(/^stem\.conv1\.weight, \|grad\| 0\.0\d\d, update\/weight/);
    for (const name of ["Pause", "Step", "Stop"]) expect(button(el, name)!.disabled).toBe(false);
    expect(el.querySelector('input[aria-label="Learning rate"]')!.getAttribute("aria-valuetext")).toBe("3.0e-3");
    expect(el.querySelector('input[aria-label="Step to show"]')).not.toBeNull();
  });

  it("asks for what is missing, but not again before an answer can be there", () => {
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
    const model = train(100);
    show(model);
    model.answers = false;
    model.run!.advance(5); // lost
    const more = (ms: number): number => {
      vi.advanceTimersByTime(ms);
      const { frame, buffers } = model.run!.advance(5);
      model.deliver(frame, buffers);
      return model.sent.filter(({ kind }) => kind === "hello").length;
    };
    expect([more(1100), more(50), more(50), more(1100)]).toEqual([2, 2, 2, 3]);
    vi.useRealTimers();
  });

  it("says that it is there, and that it goes, so that nobody waits for it", () => {
    const model = train(10);
    const el = document.createElement("div");
    const said = (): string[] => model.sent.map(({ kind }) => kind).filter((kind) => kind === "here" || kind === "gone");
    const end = render({ model, el });
    expect(said()).toEqual(["here"]);
    dispatchEvent(new Event("pagehide"));
    dispatchEvent(new Event("pageshow"));
    end();
    dispatchEvent(new Event("pagehide"));
    expect(said()).toEqual(["here", "gone", "here", "gone"]);
    expect(new Set(model.sent.flatMap((one) => ("view" in one ? [one.view] : []))).size).toBe(1);
  });

  it("pauses, resumes and stops; controls leave when the run has ended", async () => {
    const model = train(100);
    const el = show(model);
    await nextFrame();
    button(el, "Pause")!.click();
    await nextFrame();
    expect(status(el)).toBe("paused · step 100 · epoch 1");
    button(el, "Resume")!.click();
    await nextFrame();
    expect(model.sent.filter(({ kind }) => kind === "control").map(({ action }) => action)).toEqual(["pause", "resume"]);
    button(el, "Stop")!.click();
    await nextFrame();
    expect(status(el)).toBe("stopped · by you at step 100 · 0.054\u2009s");
    expect(button(el, "Pause")).toBeUndefined();
    expect(button(el, "Save picture")).toBeDefined();
  });

  it("sends the learning rate as a number on the log scale", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
    const model = train(100);
    const el = show(model);
    const slider = el.querySelector<HTMLInputElement>('input[aria-label="Learning rate"]')!;
    for (const value of ["-3.4", "-3.2", "-3"]) { slider.value = value; slider.dispatchEvent(new Event("input")); }
    vi.advanceTimersByTime(200);
    vi.useRealTimers();
    expect(model.sent.filter(({ kind }) => kind === "control")).toMatchObject([{ action: "learning_rate", value: 1e-3 }]);
  });

  it("moves the learning rate by keys, far enough to be seen", async () => {
    const el = show(train(100));
    await nextFrame();
    const slider = el.querySelector<HTMLInputElement>('input[aria-label="Learning rate"]')!;
    slider.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, cancelable: true }));
    expect(slider.getAttribute("aria-valuetext")).toBe("3.4e-3");
    slider.dispatchEvent(new KeyboardEvent("keydown", { key: "PageDown", bubbles: true, cancelable: true }));
    expect(slider.getAttribute("aria-valuetext")).toBe("1.1e-3");
  });

  it("says why the buttons are off", async () => {
    const model = train(100);
    model.run!.controls = { live: false, why: "Buttons need ipykernel 7.1." };
    const el = show(model);
    await nextFrame();
    expect(button(el, "Pause")!.disabled).toBe(true);
    expect(region(el, "Coach").textContent).toContain("Buttons need ipykernel 7.1.");
  });

  it("notices that nobody answers while the cell runs, and recovers", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const model = train(100);
    const el = show(model);
    model.answers = false;
    await nextFrameWithFakeTimers();
    button(el, "Pause")!.click();
    vi.advanceTimersByTime(4100);
    await nextFrameWithFakeTimers();
    expect(region(el, "Coach").textContent).toContain("does not answer");
    expect(button(el, "Pause")!.disabled).toBe(true);
    const ping = model.sent.findLast(({ kind }) => kind === "ping")!;
    model.deliver({ kind: "pong", id: ping.id as number });
    await nextFrameWithFakeTimers();
    expect(button(el, "Pause")!.disabled).toBe(false);
    vi.useRealTimers();
  });

  it("goes grey when the kernel is gone", async () => {
    const model = train(1930);
    const el = show(model);
    model.emit("comm_live_update");
    await nextFrame();
    expect(status(el)).toBe("disconnected: kernel restarted · last seen at step 1,930");
    expect(region(el, "Live view").classList.contains("off")).toBe(true);
  });

  it("moves all panels with the scrubber and by keys", async () => {
    const model = train(1000, { val: false });
    const el = show(model);
    await nextFrame();
    const loss = region(el, "Loss curves");
    const first = (): string => region(el, "Gradients").querySelector('[role="option"]')!.getAttribute("aria-label")!;
    const newest = first();
    const scrubber = loss.querySelector<HTMLInputElement>('input[aria-label="Step to show"]')!;
    scrubber.value = "250";
    scrubber.dispatchEvent(new Event("input"));
    await nextFrame();
    expect(loss.querySelector(".read")!.textContent).toContain("step 250");
    expect(first()).not.toBe(newest);
    const picture = loss.querySelector<HTMLElement>('[role="img"]')!;
    picture.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", shiftKey: true, bubbles: true }));
    await nextFrame();
    expect(loss.querySelector(".read")!.textContent).toContain("step 150");
    button(loss, "live")!.click();
    await nextFrame();
    expect(loss.querySelector(".read")!.textContent).toContain("step 1,000");
  });

  it("selects a parameter by keyboard and unfolds a group", async () => {
    const el = show(train(100));
    await nextFrame();
    const rows = (): HTMLElement[] => [...region(el, "Gradients").querySelectorAll<HTMLElement>('[role="option"]')];
    const press = (key: string): void => void (document.activeElement ?? rows()[0]).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    expect(rows().filter(({ tabIndex }) => tabIndex === 0)).toHaveLength(1);
    rows()[0].focus();
    for (let i = 0; i < 4; i++) press("ArrowDown");
    expect(document.activeElement!.getAttribute("aria-label")).toMatch(/^blocks, 4 repeats, folded/);
    press("ArrowRight");
    await nextFrame();
    expect(rows()).toHaveLength(33);
    press("ArrowUp");
    press("Enter");
    await nextFrame();
    expect(rows()[3].getAttribute("aria-selected")).toBe("true");
    expect(region(el, "Inspector").hidden).toBe(false);
    press("Escape");
    await nextFrame();
    expect(region(el, "Inspector").hidden).toBe(true);
  });

  it("folds a panel to one line that sums it up", async () => {
    const el = show(train(1930));
    await nextFrame();
    const panel = region(el, "Gradients");
    panel.querySelector<HTMLButtonElement>(".fold")!.click();
    await nextFrame();
    expect(panel.querySelector(".fold")!.getAttribute("aria-expanded")).toBe("false");
    expect(panel.querySelector(".summary")!.textContent).toBe("32 parameters · fc1.weight exploding");
    expect(panel.querySelector<HTMLElement>(".body")!.hidden).toBe(true);
  });

  it("leaves the coach's findings to what stands under the cell, where its panel is not wanted", async () => {
    const model = train(50);
    model.run!.coach = coachOf(hostile);
    model.run!.panels = ["loss"];
    const el = show(model);
    await nextFrame();
    expect(region(el, "Coach").hidden).toBe(true);
  });

  it("writes hostile names as text only", async () => {
    const model = train(50, { parameters: hostileParameters(), lossName: "<img src=x onerror=alert(1)>" });
    model.run!.coach = coachOf(hostile);
    const el = show(model);
    await nextFrame();
    button(region(el, "Coach"), "Explain")!.click();
    await nextFrame();
    expect(el.querySelector("script, img, .coach i, .coach b")).toBeNull();
    for (const text of ["<img src=x", "<script>alert(2)", "<b>rule</b>", "<i>"]) expect(region(el, "Coach").textContent).toContain(text);
    expect(el.querySelector('[role="option"]')!.getAttribute("aria-label")).toContain("<script>alert(1)</script>.weight");
  });

  it("keeps plain keys from JupyterLab's shortcuts, and leaves it save and run", async () => {
    const el = show(train(50));
    await nextFrame();
    const target = button(el, "Pause")!;
    const taken = (init: KeyboardEventInit): boolean => {
      target.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, ...init }));
      return target.hasAttribute("data-lm-suppress-shortcuts"); // on the focused element itself: JupyterLab looks there first
    };
    expect(taken({ key: "0" })).toBe(true);
    expect(taken({ key: "s", ctrlKey: true })).toBe(false);
    expect(taken({ key: "Enter", shiftKey: true })).toBe(false);
    expect(taken({ key: "Escape" })).toBe(true);
  });

  it("leaves nothing behind", async () => {
    const model = train(50);
    const el = document.createElement("div");
    const end = render({ model, el });
    await nextFrame();
    end();
    expect(el.childNodes).toHaveLength(0);
    const { frame, buffers } = model.run!.advance(5);
    model.deliver(frame, buffers);
    await nextFrame();
    expect(el.childNodes).toHaveLength(0);
  });
});

function nextFrameWithFakeTimers(): Promise<void> {
  return new Promise<void>((done) => { requestAnimationFrame(() => done()); vi.advanceTimersByTime(50); });
}

describe("a graph alone", () => {
  it("has no status line, and a name of its own", async () => {
    const store = new Store();
    store.apply({ kind: "snapshot", seq: 0, panels: ["graph"], status: { state: "finished", step: 0, epoch: null, total: null, rate: null, eta: null, seconds: 0, message: "", line: null }, graph: teachingGraph() } as unknown as Frame, []);
    const el = document.body.appendChild(document.createElement("div"));
    cleanups.push(createView(el, store, null), () => el.remove());
    await nextFrame();
    expect(el.querySelector(".gb")!.getAttribute("aria-label")).toBe("Graph");
    expect(el.querySelector<HTMLElement>("header")!.hidden).toBe(true);
    expect([...el.querySelectorAll<HTMLElement>('.pan[role="region"]')].filter(({ hidden }) => !hidden).map((one) => one.getAttribute("aria-label"))).toEqual(["Computation graph"]);
  });
});

describe("a saved page", () => {
  it("shows a finished run without a kernel and without controls", async () => {
    const run = new FakeRun({ state: "finished", val: false });
    run.run(400);
    const el = document.createElement("div");
    document.body.append(el);
    cleanups.push(mount(el, run.packed()), () => el.remove());
    await nextFrame();
    expect(status(el)).toMatch(/^finished · 400 steps · 1 epoch · 0\.22\u2009s · loss \d\.\d{3}$/);
    expect(button(el, "Pause")).toBeUndefined();
    expect(el.querySelector('input[aria-label="Step to show"]')).not.toBeNull();
  });
});

describe("the registry", () => {
  it("wakes stubs that waited for the bundle", () => {
    const space = globalThis as unknown as Record<symbol, Record<string, unknown>>;
    const got: unknown[] = [];
    space[Symbol.for("gradbook")] = { waiting: { abc: [(ready: unknown) => got.push(ready)] } };
    register("abc", api);
    expect(got).toEqual([api]);
    expect(space[Symbol.for("gradbook")].abc).toBe(api);
  });
});
