// From a curve to a step: spikes one after the other, what the step was given, which gradients were unlike before; from code to nodes and back.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Buffers, FakeModel, FakeRun } from "../dev/fake";
import { linkCode, placesOf } from "../src/codeline";
import { momentAt } from "../src/gradmodel";
import { tracksOf } from "../src/inspect/history";
import { profileOf, recordedAt } from "../src/inspect/step";
import { Tables } from "../src/inspect/tables";
import { render } from "../src/main";
import { nextSpike } from "../src/spikes";
import { Store } from "../src/store";

const nextFrame = (): Promise<void> => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
const region = (el: HTMLElement, name: string): HTMLElement => el.querySelector<HTMLElement>(`[role="region"][aria-label="${name}"]`)!;
const button = (el: HTMLElement, name: string): HTMLButtonElement => el.querySelector<HTMLButtonElement>(`button[aria-label="${name}"]`)!;
let ends: (() => void)[] = [];
afterEach(() => { for (const end of ends.splice(0)) end(); document.body.replaceChildren(); });

function shown(run: FakeRun): HTMLElement {
  const el = document.body.appendChild(document.createElement("div"));
  ends.push(render({ model: new FakeModel(run), el }));
  return el;
}

describe("spikes", () => {
  const spike = (step: number) => ({ step, value: 1, factor: 3 });

  it("follow one another from the step that is pinned, and from the end of the run", () => {
    const spikes = [spike(40), spike(90)];
    expect([nextSpike(spikes, null, true), nextSpike(spikes, null, false), nextSpike(spikes, 40, true), nextSpike(spikes, 60, false), nextSpike(spikes, 90, true), nextSpike([], null, true)]).toEqual([40, 90, 90, 40, null, null]);
  });

  it("are gone to by button and by key, pin their step and open it", async () => {
    const run = new FakeRun({ spike: 700 });
    run.run(1200);
    const el = shown(run);
    await nextFrame();
    const loss = region(el, "Loss curves");
    button(loss, "Previous spike").click();
    await nextFrame();
    const inspector = region(el, "Inspector");
    const step = Number(inspector.querySelector("h3")!.textContent!.replace(/\D/g, ""));
    expect(step).toBeGreaterThanOrEqual(700);
    expect(step).toBeLessThan(730);
    expect(inspector.hidden).toBe(false);
    expect(loss.querySelector(".read")!.textContent).toContain(`step ${step}`);
    expect([button(loss, "Previous spike").disabled, button(loss, "Next spike").disabled]).toEqual([true, true]);
    loss.querySelector<HTMLElement>("[role=img]")!.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    loss.querySelector<HTMLElement>("[role=img]")!.dispatchEvent(new KeyboardEvent("keydown", { key: "n", bubbles: true }));
    await nextFrame();
    expect(loss.querySelector(".read")!.textContent).toContain(`step ${step}`);
  });

  it("are not offered where there are none", async () => {
    const run = new FakeRun({ spike: null });
    run.run(300);
    const el = shown(run);
    await nextFrame();
    expect(el.querySelector<HTMLElement>(".spikes")!.hidden).toBe(true);
  });
});

describe("a step", () => {
  it("says what it was given, and where that was recorded", async () => {
    const run = new FakeRun({ spike: 700 });
    run.run(1200);
    const el = shown(run);
    await nextFrame();
    button(region(el, "Loss curves"), "Previous spike").click();
    await nextFrame();
    const batch = region(el, "Inspector").querySelector(".batch")!;
    expect(batch.textContent).toMatch(/^batch 412 of 938recorded at 1,200, \d+ steps afterx 64×1×28×28 0\.13 ± 0\.31, 0 … 1\.0y 64 10 labels$/);
    expect(batch.querySelector("canvas")!.getAttribute("aria-label")).toBe("labels 0 to 9, each 4 to 9 times");
    batch.querySelector("button")!.click();
    await nextFrame();
    expect(region(el, "Inspector").querySelector("h3")!.textContent).toBe("x");
    region(el, "Inspector").querySelector<HTMLButtonElement>(".stepview .link")!.click();
    await nextFrame();
    expect(region(el, "Inspector").querySelector("h3")!.textContent).toMatch(/^Step 7/);
  });

  it("is told apart from what is only near", () => {
    expect([recordedAt(1408, 1412), recordedAt(1413, 1412), recordedAt(1412, 1412)]).toEqual(["recorded at 1,408, 4 steps before", "recorded at 1,413, 1 step after", ""]);
  });

  it("lists the gradients that are least like the steps before first", () => {
    const run = new FakeRun();
    run.run(1000);
    const store = new Store();
    const { frame, buffers } = run.snapshot();
    store.apply(frame, buffers);
    const moment = momentAt(store.state.probes, 1000);
    store.state.probes.tables[moment][5 * 3] *= 40; // row 3
    const [first, second] = profileOf(store.state, moment);
    expect(first.row).toBe(3);
    expect(first.factor).toBeGreaterThan(15);
    expect(second.factor).toBeLessThan(5);
  });
});

describe("the numbers of a node", () => {
  it("are curves over all the recorded steps of its graph, thinned when they become many", () => {
    const tables = new Tables();
    const table = (value: number): Float32Array => new Float32Array(16).fill(value);
    for (const step of [1, 9, 4, 9]) tables.add(7, { step, table: table(step) });
    tables.add(8, { step: 5, table: table(5) });
    expect(tables.of(7)).toEqual({ steps: [1, 4, 9], tables: [table(1), table(4), table(9)] });
    expect(tables.of(99).steps).toEqual([]);
    const large = new Float32Array(1 << 17); // half a megabyte a step
    for (let step = 0; step < 60; step++) tables.add(9, { step, table: large });
    expect(tables.of(9).steps.length).toBeLessThan(40);
    expect([tables.of(9).steps[0], tables.of(9).steps.at(-1)]).toEqual([0, 59]);
  });

  it("come with each frame, so that the inspector draws them", async () => {
    const run = new FakeRun();
    run.run(100);
    const store = new Store();
    const first = run.snapshot();
    store.apply(first.frame, first.buffers);
    const { graph } = store.state;
    for (const step of [150, 200]) {
      const buffers = new Buffers();
      store.apply({ kind: "frame", seq: store.seq + 1, graph_stats: { step, table: buffers.floats(new Float32Array(graph!.nodes.length * 8).fill(step)) } }, buffers.list);
    }
    const node = graph!.nodes.find(({ name }) => name === "h0")!;
    const tracks = tracksOf(store.state, store.tables.of(store.version), node, -1);
    expect(tracks.map(({ name }) => name)).toEqual(["|grad|", "mean", "std", "zeros"]);
    expect(Array.from(tracks[1].steps)).toEqual([100, 150, 200]);
    expect(tracks[1].values.slice(1)).toEqual([150, 200]);
  });
});

describe("a row of the gradients", () => {
  it("lights the op that takes it, and is lit by it", async () => {
    const run = new FakeRun();
    run.run(200);
    const el = shown(run);
    await nextFrame();
    const rows = (): HTMLElement[] => [...region(el, "Gradients").querySelectorAll<HTMLElement>('[role="option"]')];
    rows()[0].dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
    await nextFrame();
    const near = (): string[] => rows().filter((row) => row.classList.contains("near")).map((row) => row.title);
    expect(near(), "all that this op takes").toEqual(["stem.conv1.weight", "stem.conv1.bias"]);
    rows()[0].parentElement!.dispatchEvent(new PointerEvent("pointerleave"));
    await nextFrame();
    expect(near()).toEqual([]);
    rows()[1].focus();
    await nextFrame();
    expect(near()).toContain("stem.conv1.bias");
  });
});

describe("code", () => {
  let store: Store;
  beforeEach(() => {
    const run = new FakeRun();
    run.run(200);
    store = new Store();
    const { frame, buffers } = run.snapshot();
    store.apply(frame, buffers);
  });
  const nodeOf = (name: string): number => store.state.graph!.nodes.findIndex((node) => node.name === name);

  /** A notebook as JupyterLab builds it; happy-dom lays nothing out, so lines are as high as this says. */
  function notebook(cells: [prompt: string, lines: string[]][], mine: number): HTMLElement {
    const root = document.body.appendChild(document.createElement("div"));
    root.className = "jp-Notebook";
    const view = document.createElement("div");
    cells.forEach(([prompt, lines], at) => {
      const cell = root.appendChild(document.createElement("div"));
      cell.className = "jp-Cell jp-CodeCell";
      cell.innerHTML = '<div class="jp-InputPrompt"></div><div class="jp-InputArea-editor"><div class="cm-editor"><div class="cm-scroller"><div class="cm-content"></div></div></div></div>';
      cell.querySelector(".jp-InputPrompt")!.textContent = prompt;
      lines.forEach((text, i) => {
        const line = cell.querySelector(".cm-content")!.appendChild(document.createElement("div"));
        line.className = "cm-line";
        line.textContent = text;
        line.getBoundingClientRect = () => ({ left: 0, top: at * 1000 + i * 20, height: 20, width: 300, right: 300, bottom: 0, x: 0, y: 0, toJSON: () => "" });
      });
      if (at === mine) cell.append(view);
    });
    return view;
  }
  const code = ["class Net(Base):", "    def forward(self, x):", "        x = self.blocks(self.stem(x)).flatten(1)", "        h = F.relu(self.fc1(x))", "        return self.fc2(h)"];
  const lit = (): string[] => [...document.querySelectorAll<HTMLElement>(".gradbook-line")].map((bar) => `${bar.closest(".jp-Cell")!.querySelector(".jp-InputPrompt")!.textContent} ${bar.dataset.line}`);

  it("is lit by the node that is looked at, in the cell that has the number and the text", () => {
    const view = notebook([["[6]:", code], ["[7]:", code], ["[8]:", ["fit()"]]], 2);
    const link = linkCode(view, store);
    ends.push(() => link.remove());
    store.setUi({ hovered: nodeOf("h0") });
    expect(lit()).toEqual(["[7]: 4"]);
    store.setUi({ hovered: null });
    expect(lit()).toEqual([]);
    store.select({ kind: "param", key: "head.fc2.weight" }); // a parameter has no line of its own: the op that takes it has
    expect(lit()).toEqual(["[7]: 5"]);
    link.remove();
    expect(lit()).toEqual([]);
    store.setUi({ hovered: nodeOf("h0") });
    expect(lit(), "nothing is left behind").toEqual([]);
  });

  it("stays dark where the text is another one, the number is missing, or there is no notebook", () => {
    const view = notebook([["[7]:", code.map((line) => line.replace("relu", "gelu"))], ["[ ]:", code], ["[*]:", ["fit()"]]], 2);
    const link = linkCode(view, store);
    ends.push(() => link.remove());
    store.setUi({ hovered: nodeOf("h0") });
    expect(lit()).toEqual([]);
    expect(link.canShow({ cell: "[7]", line: 4, source: "h = F.relu(self.fc1(x))" })).toBe(false);
    const alone = linkCode(document.body.appendChild(document.createElement("div")), store);
    ends.push(() => alone.remove());
    expect(() => store.setUi({ hovered: nodeOf("h") })).not.toThrow();
  });

  it("of the cell that still runs is found by its text", () => {
    const view = notebook([["[*]:", code], ["[*]:", code]], 1);
    const link = linkCode(view, store);
    ends.push(() => link.remove());
    store.setUi({ hovered: nodeOf("h0") });
    expect(lit()).toEqual(["[*]: 4"]);
    expect(document.querySelector(".gradbook-line")!.closest(".jp-Cell")!.contains(view)).toBe(true);
  });

  it("under the pointer lights the nodes that its line made, and lets them go", async () => {
    const view = notebook([["[7]:", code]], 0);
    const link = linkCode(view, store);
    const over = async (line: number | null): Promise<void> => {
      const target = line === null ? document.body : document.querySelectorAll(".cm-line")[line - 1];
      target.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, clientY: ((line ?? 1) - 1) * 20 + 5 }));
      await new Promise((done) => setTimeout(done, 120));
    };
    await over(4);
    expect(store.state.ui.lit).toEqual({ nodes: [nodeOf("h0"), nodeOf("h")], title: "cell [7] line 4" });
    await over(1);
    expect(store.state.ui.lit).toBeNull();
    await over(4);
    await over(null);
    expect(store.state.ui.lit).toBeNull();
    link.remove();
    await over(4);
    expect(store.state.ui.lit, "nobody listens any longer").toBeNull();
  });

  it("names each line once, whatever is selected", () => {
    store.select({ kind: "module", key: "head" });
    expect(placesOf(store.state).map(({ cell, line }) => `${cell} ${line}`)).toEqual(["[7] 4", "[7] 5"]);
    store.select(null);
    expect(placesOf(store.state)).toEqual([]);
  });
});
