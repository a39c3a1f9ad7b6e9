import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clearing, coachOf, rate, scores } from "../dev/fakecoach";
import { FakeModel, FakeRun } from "../dev/fake";
import { parts } from "../src/coachfixes";
import { muting, mutedOf, newCoachUi, told } from "../src/coachstate";
import { coachWords, itemsOf, liveRate, suggestedRate } from "../src/coachwords";
import { changesOf } from "../src/editor";
import { mount, render } from "../src/main";
import { type Coach, type Frame, type Hunk, pack } from "../src/protocol";
import { Store } from "../src/store";
import { createView } from "../src/view";

let cleanups: (() => void)[] = [];
beforeEach(() => { cleanups = []; });
afterEach(() => { for (const end of cleanups) end(); document.body.replaceChildren(); });
const nextFrame = (): Promise<void> => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
const region = (name: string): HTMLElement => document.querySelector<HTMLElement>(`[role="region"][aria-label="${name}"]`)!;
const buttons = (): HTMLButtonElement[] => [...region("Coach").querySelectorAll("button")].filter((one) => !one.closest("[hidden]"));
const names = (): string[] => buttons().map((one) => one.getAttribute("aria-label") ?? one.textContent!);
const press = async (name: string): Promise<void> => { buttons().find((one) => (one.getAttribute("aria-label") ?? one.textContent) === name)!.click(); await nextFrame(); await nextFrame(); };
const text = (): string => [...region("Coach").querySelectorAll(".row .msg > div > *")].filter((one) => !one.closest("[hidden]")).map((one) => one.textContent).join("");
/** A view whose store is in hand. */
async function held(coach: Coach): Promise<Store> {
  const run = new FakeRun({ state: "finished" });
  run.coach = coach;
  run.run(100);
  const store = new Store("static");
  store.load(run.packed());
  const el = document.createElement("div");
  document.body.append(el);
  cleanups.push(createView(el, store, null));
  await nextFrame();
  return store;
}

/** The editor of CodeMirror, as far as it is used: a text that a transaction changes, and each transaction can be undone. */
class FakeEditor {
  readonly past: string[] = [];
  constructor(public value: string, readonly readOnly = false) {}
  get state(): unknown {
    const lines = this.value.split("\n");
    const line = (n: number) => { const from = lines.slice(0, n - 1).reduce((sum, one) => sum + one.length + 1, 0); return { from, to: from + lines[n - 1].length, text: lines[n - 1] }; };
    return { doc: { lines: lines.length, line }, readOnly: this.readOnly };
  }
  dispatch({ changes }: { changes: { from: number; to: number; insert: string }[] }): void {
    this.past.push(this.value);
    for (const { from, to, insert } of [...changes].sort((a, b) => b.from - a.from)) this.value = this.value.slice(0, from) + insert + this.value.slice(to);
  }
}

/** A cell of JupyterLab with an editor; `keep` says how CodeMirror keeps it. */
function cell(label: string, editor: FakeEditor | null, keep: "cmTile" | "cmView" = "cmTile"): HTMLElement {
  const el = document.createElement("div");
  el.className = "jp-CodeCell";
  el.innerHTML = '<div class="jp-InputPrompt"></div><div class="jp-InputArea-editor"><div class="cm-scroller"><div class="cm-content"></div></div></div><div class="jp-OutputArea"></div>';
  el.querySelector(".jp-InputPrompt")!.textContent = `${label}:`;
  const content = el.querySelector(".cm-content")!;
  for (const line of editor?.value.split("\n") ?? []) content.append(Object.assign(document.createElement("div"), { className: "cm-line", textContent: line }));
  if (editor !== null) Object.assign(content, keep === "cmTile" ? { cmTile: { root: { view: editor } } } : { cmView: { rootView: { view: editor } } });
  document.body.append(el);
  return el;
}

const LOOP = "import torch\nmodel = Net()\nopt = SGD(model)\nfor x, y in data:\n\n\n\n\n\n\n\n    loss = F.cross_entropy(model(x), y)\n    loss.backward()\n    opt.step()";

async function show(coach: Coach | null, place: Element = document.body, options = {}): Promise<FakeModel> {
  const model = new FakeModel(new FakeRun(options));
  model.run!.coach = coach;
  model.run!.run(100);
  const el = document.createElement("div");
  place.append(el);
  cleanups.push(render({ model, el }));
  await nextFrame();
  return model;
}
const sent = (model: FakeModel): unknown[] => model.sent.filter(({ kind }) => kind === "control").map(({ action, rule, value }) => [action, rule ?? value]);

describe("the coach's row", () => {
  it("says how many rules look, where nothing is wrong; what is looked at, where nobody watches", async () => {
    await show(coachOf());
    expect(text()).toBe("56 rules, nothing to say");
    expect(names()).toEqual([]);
    expect(region("Coach").className).toContain("quiet");
    for (const end of cleanups.splice(0)) end();
    await show(null);
    expect(text()).toMatch(/^cell \[7\] · train/);
  });

  it("says the worst first: severity, message, place, step, fix, evidence, rule", async () => {
    await show(coachOf(clearing));
    expect(region("Coach").className).toContain("error");
    expect(region("Coach").querySelector(".mark path.cross")).not.toBeNull();
    expect(text()).toBe("ErrorGradients are never cleared: opt.step() uses the sum of the gradients of all steps so far.cell [7] line 13step 3fix: opt.zero_grad()steps that used old gradients: 2 of 3 · missing-zero-grad");
    expect(names()).toEqual(["step 3", "Copy", "Explain"]);
    expect(region("Coach").querySelector('[aria-live="polite"]')!.textContent).toBe(`Error: ${clearing.text}`);
  });

  it("goes through several and round again, and stays at the chosen one when a worse one comes", async () => {
    const model = await show(coachOf(rate, scores));
    expect(region("Coach").querySelector(".nth")!.textContent).toBe("1 of 2");
    await press("Next finding");
    expect(text()).toContain("Hint");
    model.run!.coach = coachOf(clearing, rate, scores);
    const { frame, buffers } = model.run!.advance(1);
    model.deliver(frame, buffers);
    await nextFrame();
    expect(region("Coach").querySelector(".nth")!.textContent).toBe("3 of 3");
    await press("Next finding");
    expect(text()).toContain("Error");
    await press("Previous finding");
    expect(text()).toContain("Hint");
  });

  it("takes what comes within one frame in its order", async () => {
    await show(coachOf(clearing, rate));
    await press("Next finding");
    for (const name of ["Previous finding", "Explain"]) void press(name); // no frame between them
    await nextFrame();
    expect(text()).toContain("Error");
    for (const name of ["Next finding", "Next finding"]) void press(name);
    await nextFrame();
    expect(region("Coach").querySelector(".nth")!.textContent).toBe("1 of 2");
  });

  it("pins the step of a finding", async () => {
    await show(coachOf(clearing));
    await press("step 3");
    expect(document.querySelector('input[aria-label="Step to show"]')!.getAttribute("aria-valuetext")).toContain("step 3");
  });
});

describe("what is wrong besides", () => {
  const state = (frame: Partial<Frame>) => {
    const store = new Store();
    store.apply({ kind: "snapshot", seq: 0, run: { id: "r", cell: "[7]", name: "" }, ...frame }, []);
    return store.state;
  };
  const status = { state: "error" as const, step: 3, epoch: null, total: null, rate: null, eta: null, seconds: 1, message: "", line: 4 };
  const error = { type: "ZeroDivisionError", message: "division by zero", line: 4, node: null };
  const birth = { kind: "NaN", text: "log of -0.3", place: "cell [7] line 3", source: "", fix: "clamp", path: [3, 4], certain: true };

  it("the exception comes after findings that are errors, before all others", () => {
    expect(itemsOf(state({ status, error, coach: coachOf(clearing, rate) })).map(({ lead }) => lead)).toEqual(["Error", "ZeroDivisionError", "Warning"]);
    expect(coachWords(state({ status, error, coach: coachOf(rate) })).lead).toBe("ZeroDivisionError");
    expect(coachWords(state({ status, error, coach: coachOf(rate) })).notes).toEqual(["cell [7] line 4"]);
    expect(itemsOf(state({ status, error, coach: coachOf({ ...clearing, raised: true }, rate) })).map(({ lead }) => lead)).toEqual(["Error", "Warning"]);
  });

  it("the birth of a NaN is one thing with the coach's finding of it", () => {
    expect(itemsOf(state({ birth, coach: coachOf(rate) })).map(({ key }) => key)[0]).toBe("birth");
    const [same, ...rest] = itemsOf(state({ birth, coach: coachOf({ ...rate, rule: "nan-origin" }) }));
    expect([same.lead, same.text, same.trail?.nodes, same.finding?.rule, rest]).toEqual(["NaN born", birth.text, [3, 4], "nan-origin", []]);
    const [exact] = itemsOf(state({ birth: { ...birth, source: rate.source }, coach: coachOf({ ...rate, rule: "nan-origin" }) }));
    expect([exact.lead, exact.text, exact.place?.line, exact.trail?.nodes]).toEqual(["NaN born", rate.text, rate.line, [3, 4]]);
  });

  it("why the buttons are off is said where nothing is wrong", () => {
    const controls = { live: false, why: "Buttons need ipykernel 7.1." };
    const running = { ...status, state: "running" as const };
    expect(coachWords(state({ status: running, controls, coach: coachOf() })).text).toBe(controls.why);
    expect(coachWords(state({ status: running, controls, coach: coachOf(rate) })).lead).toBe("Warning");
  });
});

describe("an explanation", () => {
  it("shows evidence, every fix with its change, the idea and an example, and lights the nodes", async () => {
    const store = await held(coachOf({ ...clearing, nodes: [4, 5] }, rate));
    await press("Explain");
    const more = region("Coach").querySelector<HTMLElement>(".more")!;
    expect(more.hidden).toBe(false);
    expect([...more.querySelectorAll("dt")].map((dt) => dt.textContent)).toEqual(["steps that used old gradients", "zero_grad() calls"]);
    expect([...more.querySelectorAll("h4")].map((h4) => h4.textContent)).toEqual(["What convinced it", "Fixes, best first", "What it is about"]);
    expect([...more.querySelectorAll(".dl")].map((line) => line.textContent)).toEqual(["12    loss = F.cross_entropy(model(x), y)", "+comes:     opt.zero_grad()", "13    loss.backward()"]);
    expect(more.querySelector("details .listing .at")!.textContent).toBe("fault:     (w * 2).sum().backward()\n");
    expect(names()).toContain("Copy fix 2");
    expect(names()).not.toContain("Apply fix 1"); // no notebook round it
    expect(store.state.ui.lit).toEqual({ nodes: [4, 5], title: "missing-zero-grad: 2 nodes" });
    await press("Next finding");
    expect(more.textContent).toContain("a tenth of it");
    expect(store.state.ui.lit).toBeNull();
    more.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    await nextFrame();
    expect(more.hidden).toBe(true);
    expect(document.activeElement!.textContent).toBe("Explain");
  });

  it("marks in a line what differs, unless that is most of it", () => {
    const marked = (a: string, b: string): string => parts(a, b).map((part) => (part instanceof HTMLElement ? `[${part.textContent}]` : (part as string))).join("");
    expect(marked("opt = SGD(lr=3e-3)", "opt = SGD(lr=3e-4)")).toBe("opt = SGD(lr=3e-[3])");
    expect(marked("x", "y")).toBe("x");
    expect(marked("aaa", "aaaa")).toBe("aaa");
    expect(marked("a = f(x)", "a = f(x).detach()")).toBe("a = f(x)");
    expect(marked("a = f(x, y).detach()", "a = f(x, y)")).toBe("a = f(x, y)[.detach()]");
  });

  it("leads from a node in the inspector to the finding", async () => {
    const store = await held(coachOf(rate, { ...scores, nodes: [4] }));
    store.select({ kind: "node", key: "5" });
    await nextFrame();
    expect(region("Inspector").querySelector(".said button")).toBeNull();
    store.select({ kind: "node", key: "4" });
    await nextFrame();
    const link = region("Inspector").querySelector<HTMLButtonElement>(".said button")!;
    expect(link.textContent).toBe(scores.text);
    link.click();
    await nextFrame();
    expect(text()).toContain(scores.text);
    expect(region("Coach").querySelector<HTMLElement>(".more")!.hidden).toBe(false);
  });
});

describe("Apply", () => {
  it.each(["cmTile", "cmView"] as const)("shows the change first, then writes it into the cell (%s)", async (keep) => {
    const editor = new FakeEditor(LOOP);
    const el = cell("[7]", editor, keep);
    await show(coachOf(clearing), el.querySelector(".jp-OutputArea")!, { state: "finished" });
    expect(names()).toEqual(["cell [7] line 13", "step 3", "Apply", "Explain"]);
    await press("Apply");
    expect(editor.value).toBe(LOOP);
    expect(document.activeElement!.getAttribute("aria-label")).toBe("Apply fix 1");
    await press("Apply fix 1");
    expect(editor.value).toBe(LOOP.replace("    loss.backward()", "    opt.zero_grad()\n    loss.backward()"));
    expect(editor.past).toEqual([LOOP]); // one step of its own undo
    expect(region("Coach").querySelector(".outcome")!.textContent).toContain("Written into cell [7]");
    expect(names()).not.toContain("Apply fix 1");
    expect(document.activeElement).not.toBe(document.body);
  });

  it("changes nothing where the cell's lines are others, and says so", async () => {
    const editor = new FakeEditor(LOOP.replace("cross_entropy", "nll_loss"));
    const el = cell("[7]", editor);
    await show(coachOf(clearing), el.querySelector(".jp-OutputArea")!, { state: "finished" });
    await press("Apply");
    await press("Apply fix 1");
    expect(editor.past).toEqual([]);
    expect(region("Coach").querySelector(".outcome.changed")!.textContent).toContain("Nothing was changed");
  });

  it("is not offered without an editor: an exported page, another front end, a read-only cell, a file", async () => {
    for (const editor of [null, new FakeEditor(LOOP, true)]) {
      const el = cell("[7]", editor);
      await show(coachOf(clearing), el.querySelector(".jp-OutputArea")!, { state: "finished" });
      expect(names()).toContain("Copy");
      expect(names()).not.toContain("Apply");
      for (const end of cleanups.splice(0)) end();
      el.remove();
    }
    const el = cell("[7]", new FakeEditor(LOOP));
    await show(coachOf({ ...clearing, cell: "train.py", fixes: clearing.fixes.map((fix) => ({ ...fix, hunks: fix.hunks.map((hunk) => ({ ...hunk, cell: "train.py" })) })) }), el.querySelector(".jp-OutputArea")!);
    expect(names()).not.toContain("Apply");
  });

  it("finds the cell that runs, and other cells by their number", async () => {
    const other = new FakeEditor("import torch\nraw = load()\n\nx = images.float()");
    cell("[3]", other);
    const el = cell("[*]", new FakeEditor(LOOP));
    await show(coachOf(clearing, scores), el.querySelector(".jp-OutputArea")!);
    expect(names()).toContain("Apply");
    await press("Next finding");
    await press("Apply");
    await press("Apply fix 1");
    expect(other.value).toContain("x = images.float() / 255");
  });
});

describe("a change in a text", () => {
  const doc = (value: string) => (new FakeEditor(value).state as { doc: Parameters<typeof changesOf>[0] }).doc;
  const hunk = (line: number, ...rows: Hunk["rows"]): Hunk => ({ cell: "[7]", line, rows });

  it("may have moved as a whole, if there is one place for it", () => {
    expect(changesOf(doc("\n\na\nb"), [hunk(1, [" ", "a"], ["-", "b"], ["+", "c"])])).toEqual([{ from: 2, to: 5, insert: "a\nc" }]);
    expect(changesOf(doc("x\na\na"), [hunk(1, ["-", "a"], ["+", "c"])])).toBeNull();
    expect(changesOf(doc("x\na\ny\nz\nb"), [hunk(1, ["-", "a"], ["+", "c"]), hunk(4, ["-", "b"])])).toEqual([{ from: 2, to: 3, insert: "c" }, { from: 8, to: 9, insert: "" }]);
  });

  it("needs lines to compare with", () => {
    expect(changesOf(doc("a"), [hunk(1, ["+", "b"])])).toBeNull();
    expect(changesOf(doc("a\nb"), [hunk(1, ["-", "a"]), hunk(2, ["-", "x"])])).toBeNull();
    expect(changesOf(doc("a"), [hunk(1, [" ", "a"], [" ", "b"])])).toBeNull();
  });
});

describe("a learning rate", () => {
  it("can be set in the running loop, if the fix changes only that", async () => {
    const model = await show(coachOf(rate));
    await press("Explain");
    await press("Set now fix 1");
    expect(sent(model)).toEqual([["learning_rate", 3e-4]]);
    expect(names()).not.toContain("Set now fix 1"); // it is so now
    const { state } = new Store();
    Object.assign(state, { status: { ...state.status, state: "running" }, controls: { live: true, why: "" }, lr: { value: 0.1, suggested: null } });
    const change = (code: string, ...gone: string[]) => ({ code, why: "", hunks: gone.length > 0 ? [{ cell: "[1]", line: 1, rows: [...gone.map((text): ["-", string] => ["-", `  ${text}`]), ["+", `  ${code}`] as ["+", string]] }] : [] });
    expect(liveRate(state, change("opt = SGD(p, lr=0.01)", "opt = SGD(p, lr=0.1)"))).toBe(0.01);
    expect(liveRate(state, change("lr=0.01"))).toBe(0.01);
    expect(liveRate(state, change("opt = Adam(p, lr=0.01)", "opt = SGD(p, lr=0.1)"))).toBeNull();
    expect(liveRate(state, change("opt = SGD(p, lr=0.01)"))).toBeNull(); // a line of its own
    expect(liveRate(state, change("opt = SGD(p, lr=0.01)", "opt = SGD(p, lr=0.1)", "other()"))).toBeNull();
    expect(liveRate(state, change("opt = SGD(p, lr=0.1)", "opt = SGD(p, lr=0.2)"))).toBeNull();
    Object.assign(state, { coach: coachOf(clearing, rate) });
    expect(suggestedRate(state)).toBe(3e-4);
    state.status.state = "finished";
    expect(liveRate(state, change("lr=0.01"))).toBeNull();
    expect(suggestedRate(state)).toBeNull();
  });
});

describe("Mute", () => {
  it("tells the kernel, takes the finding away at once, and can be undone", async () => {
    const model = await show(coachOf(clearing, rate));
    model.answers = false;
    await press("Explain");
    await press("Mute missing-zero-grad");
    expect(sent(model)).toEqual([["mute", "missing-zero-grad"]]);
    expect(text()).toBe("Muted missing-zero-gradIt stays silent, in later sessions too.");
    expect(names()).toEqual(["Undo", "OK"]);
    expect(document.activeElement!.textContent).toBe("Undo");
    await press("Undo");
    expect(sent(model)).toEqual([["mute", "missing-zero-grad"], ["unmute", "missing-zero-grad"]]);
    expect(text()).toContain("Gradients are never cleared");
    await press("Explain");
    await press("Mute missing-zero-grad");
    await press("OK");
    expect(text()).toContain("head.fc1.weight moves");
    expect(region("Coach").querySelector(".nth")!.closest("[hidden]")).not.toBeNull();
  });

  it("keeps a list of the silent ones, which can be heard again", async () => {
    const model = await show({ ...coachOf(), muted: ["stale-optimizer", "dead-relu"] });
    expect(names()).toEqual(["2 muted"]);
    await press("2 muted");
    expect(names()).toEqual(["2 muted", "Unmute dead-relu", "Unmute stale-optimizer"]);
    await press("Unmute dead-relu");
    expect(sent(model)).toEqual([["unmute", "dead-relu"]]);
    expect(names()).toContain("1 muted");
  });

  it("is not offered where nobody would remember it", async () => {
    const run = new FakeRun({ state: "finished" });
    run.coach = { ...coachOf(clearing), muted: ["dead-relu"] };
    run.run(10);
    const el = document.createElement("div");
    document.body.append(el);
    cleanups.push(mount(el, run.packed()));
    await nextFrame();
    await press("Explain");
    expect(names()).not.toContain("Mute missing-zero-grad");
    expect(region("Coach").querySelector(".foot")!.textContent).toContain("dead-relu");
  });

  it("is kept only until the kernel agrees", () => {
    const ui = muting(newCoachUi(), "a", true);
    const store = new Store();
    Object.assign(store.state, { coach: coachOf() });
    store.state.ui.coach = ui;
    expect(mutedOf(store.state)).toEqual(["a"]);
    expect(told(ui, { ...coachOf(), muted: [] })).toBe(ui);
    expect(told(ui, { ...coachOf(), muted: ["a"] }).muted.size).toBe(0);
  });
});

it("a new run begins with a closed region", () => {
  const store = new Store();
  store.apply({ kind: "snapshot", seq: 0, run: { id: "a", cell: "[1]", name: "" }, coach: coachOf(clearing) }, []);
  store.setUi({ coach: { ...store.state.ui.coach, open: true, chosen: "x" } });
  store.apply({ kind: "snapshot", seq: 1, run: { id: "b", cell: "[1]", name: "" }, coach: coachOf(clearing) }, []);
  expect(store.state.ui.coach).toEqual(newCoachUi());
});

describe("findings by themselves", () => {
  const shown = async (...findings: Coach["findings"]): Promise<FakeModel> => {
    const model = new FakeModel(null);
    const el = document.createElement("div");
    document.body.append(el);
    const frame = { kind: "snapshot", seq: 0, view: "coach", title: "coach · 2 errors", cell: "[4]", coach: coachOf(...findings), mutes: true } as unknown as Frame;
    model.traits.snapshot = pack(frame, []);
    cleanups.push(render({ model, el }));
    await nextFrame();
    return model;
  };
  const visible = (): string[] => [...document.querySelectorAll<HTMLElement>(".coach")].filter((one) => !one.hidden).map((one) => one.querySelector(".lead")!.textContent!);

  it("are a row each, with a region of its own", async () => {
    await shown(clearing, rate);
    expect(visible()).toEqual(["Error", "Warning"]);
    expect(region("coach · 2 errors").querySelectorAll('[role="region"]')).toHaveLength(2);
    const second = region("Coach, 2 of 2");
    [...second.querySelectorAll("button")].find(({ textContent }) => textContent === "Explain")!.click();
    await nextFrame();
    expect(second.querySelector<HTMLElement>(".more")!.hidden).toBe(false);
    expect(region("Coach, 1 of 2").querySelector<HTMLElement>(".more")!.hidden).toBe(true);
  });

  it("go with their rule when it is muted, all of them", async () => {
    const model = await shown(clearing, { ...clearing, line: 20 }, rate);
    const first = region("Coach, 1 of 3");
    const click = async (name: string): Promise<void> => { [...first.querySelectorAll("button")].find((one) => one.textContent === name)!.click(); await nextFrame(); };
    await click("Explain");
    await click("Mute missing-zero-grad");
    expect(visible()).toEqual(["Muted missing-zero-grad", "Warning"]);
    expect(sent(model)).toEqual([["mute", "missing-zero-grad"]]);
    await click("Undo");
    expect(visible()).toEqual(["Error", "Error", "Warning"]);
  });

  it("say so when there are none", async () => {
    await shown();
    expect(region("coach · 2 errors").textContent).toBe("The coach has nothing to say.");
  });
});
