// The inspector: what it says of a node, a parameter and a module, what it asks the kernel, and what it lets in as a formula.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeRun } from "../dev/fake";
import type { Part } from "../src/inspect/excerpt";
import { createInspector, subjectOf } from "../src/inspector";
import { formula } from "../src/mathml";
import type { Actions, Panel } from "../src/panel";
import { Store } from "../src/store";

let store: Store;
let panel: Panel;
let inspect: ReturnType<typeof vi.fn<(node: number | null) => void>>;

const nodeOf = (name: string): number => store.state.graph!.nodes.findIndex((node) => node.name === name);
const text = (selector: string): string => panel.el.querySelector(selector)!.textContent!;
const shown = (selector: string): boolean => !panel.el.querySelector<HTMLElement>(selector)!.closest("[hidden]");
const choose = (kind: "node" | "param" | "module", key: string): void => {
  store.select({ kind, key });
  panel.draw(store.state);
};

beforeEach(() => {
  const run = new FakeRun();
  run.run(200);
  store = new Store();
  const { frame, buffers } = run.snapshot();
  store.apply(frame, buffers);
  inspect = vi.fn();
  const actions: Actions = { control: vi.fn(), inspect, toggleFullScreen: vi.fn(), savePicture: vi.fn(), focus: vi.fn(), showLine: vi.fn(), canShowLine: () => false, applyFix: () => "gone" as const, canApply: () => false };
  panel = createInspector(store, actions);
  document.body.append(panel.el);
});
afterEach(() => panel.destroy());

describe("the inspector", () => {
  const part = (shape: number[], every: number[], values: Float32Array): Part => ({ picture: { shape, every, values }, hist: new Float32Array(32), mean: 0, std: 1, lo: -1, hi: 1, zeros: 0, bad: 0 });
  const show = (shape: number[], kept: number[], every: number[], values?: Float32Array, grad: Part | null = null): void => {
    const node = nodeOf("h0");
    const size = kept.reduce((a, b) => a * b, 1);
    store.state.details.set(node, { node, step: 7, shape, value: part(kept, every, values ?? Float32Array.from({ length: size }, (_, i) => i)), grad, saved: [] });
    choose("node", String(node));
  };

  it.each([[[48], [48], [1], "48"], [[6, 8], [6, 8], [1, 1], "6×8"], [[2, 3, 8], [2, 3, 8], [1, 1, 1], "2×3×8"], [[64, 512], [64, 103], [1, 5], "part of it"]])("says how much of %j it shows", (shape, kept, every, words) => {
    show(shape, kept, every);
    expect(text(".tensor .read")).toBe(`${words} · step 7`);
  });

  it("reads one element out, by its indices in the whole tensor, for the keyboard too", () => {
    show([3, 4, 100], [3, 4, 50], [1, 1, 2]);
    const [canvas, chooser] = [panel.el.querySelector<HTMLElement>(".picture canvas")!, panel.el.querySelector<HTMLInputElement>(".choosers input")!];
    expect(chooser.getAttribute("aria-label")).toBe("Index along axis 0");
    expect(text(".choosers output")).toBe("0 of 3");
    chooser.value = "2";
    chooser.dispatchEvent(new Event("input"));
    const press = (key: string): void => void canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    for (const key of ["Home", "ArrowRight", "ArrowDown"]) press(key);
    expect(text(".tensor .read")).toBe(`[2, 1, 2]  ${2 * 200 + 50 + 1}`);
    expect(text(".tensor .a11y")).toBe(text(".tensor .read"));
    press("ArrowUp");
    press("ArrowUp"); // over the edge: stays
    expect(text(".tensor .read")).toBe(`[2, 0, 2]  ${2 * 200 + 1}`);
    canvas.dispatchEvent(new Event("blur"));
    expect(text(".tensor .read")).toBe("part of it · step 7");
  });

  it("shows a scalar as its number, and says where values are not finite", () => {
    show([], [], [], Float32Array.of(0.5));
    expect(text(".number")).toBe("0.50");
    expect([shown(".picture canvas"), shown(".tensor .two")]).toEqual([false, false]);
    show([2, 2], [2, 2], [1, 1], Float32Array.of(1, NaN, 2, Infinity));
    store.state.details.get(nodeOf("h0"))!.value.bad = 2;
    panel.draw(store.state);
    store.state.details.set(nodeOf("h0"), { ...store.state.details.get(nodeOf("h0"))!, step: 8 });
    panel.draw(store.state);
    expect(text(".bad")).toBe("▲ 2 elements looked at are NaN or infinite");
  });

  it("shows the gradient in the place of the value when asked, and says why there is none", () => {
    show([2, 3], [2, 3], [1, 1]);
    const gradient = [...panel.el.querySelectorAll<HTMLButtonElement>(".tensor .seg button")][1];
    expect([gradient.disabled, gradient.title]).toEqual([true, "No gradient was recorded"]);
    show([2, 3], [2, 3], [1, 1], undefined, part([2, 3], [1, 1], Float32Array.of(5, 6, 7, 8, 9, 10)));
    gradient.click();
    const canvas = panel.el.querySelector<HTMLElement>(".picture canvas")!;
    canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "End" }));
    expect(text(".tensor .read")).toBe("[1, 2]  10");
    expect(canvas.getAttribute("aria-label")).toMatch(/^gradient 2×3 at step 7/);
  });

  it("names the node with its modules, and shows its line, facts and value", () => {
    choose("node", String(nodeOf("h0")));
    expect(panel.el.getAttribute("aria-label")).toBe("Inspector");
    expect(text(".bar")).toBe("head › fc1Linear");
    expect(text(".source")).toBe("cell [7] line 4h = F.relu(self.fc1(x))");
    expect(text(".source mark")).toBe("self.fc1(x)");
    expect(text(".body > .facts")).toContain("shape64×120dtypefloat32devicecpumemory30\u2009KBforward11\u2009µsbackward19\u2009µs|grad|");
    expect(panel.el.querySelector(".picture canvas")!.getAttribute("aria-label")).toBe("value 64×120 at step 200, mean 0.61, from −3.4 to 3.4");
    expect(text(".history")).toContain("fc1 over the steps");
  });

  it("leads to what went in, where it goes, and what is kept for backward with whom", () => {
    choose("node", String(nodeOf("h0")));
    const links = (selector: string): HTMLButtonElement[] => [...panel.el.querySelectorAll<HTMLButtonElement>(`${selector} .link`)];
    expect(text(".ways")).toBe("fromx 64×256, weight 120×256, bias 120intoh");
    expect(text(".kept")).toBe("kept for backwardx 64\u2009KB · shared with xweight 120\u2009KB · shared with weight");
    links(".ways")[3].click();
    panel.draw(store.state);
    expect([text("h3"), text(".kept")]).toEqual(["h", "kept for backwardout 30\u2009KB · its own output"]);
    expect(text(".ways")).toBe("fromh0 64×120intolinearheld bylinear");
    choose("node", String(nodeOf("h0")));
    links(".ways")[1].click();
    expect(store.state.ui.selected).toEqual({ kind: "param", key: "head.fc1.weight" });
    choose("node", String(nodeOf("h0")));
    links(".path")[0].click();
    expect(store.state.ui.selected).toEqual({ kind: "module", key: "head" });
  });

  it("asks the kernel once for each node, and lets it go when closed", () => {
    choose("node", String(nodeOf("h0")));
    panel.draw(store.state);
    expect(inspect.mock.calls).toEqual([[nodeOf("h0")]]);
    panel.el.querySelector<HTMLElement>('button[aria-label="Close inspector"]')!.click();
    panel.draw(store.state);
    expect(store.state.ui.inspectorOpen).toBe(false);
    expect(inspect.mock.calls.at(-1)).toEqual([null]);
  });

  it("says that a value is on its way, and that a saved page has none", () => {
    choose("node", String(nodeOf("h")));
    expect(text(".wait")).toBe("Its value comes with the next recorded step.");
    expect(shown(".tensor")).toBe(false);
    store.disconnect("kernel gone");
    panel.draw(store.state);
    expect(text(".wait")).toBe("The value of this node was not recorded.");
  });

  it("shows a parameter with the histogram of its gradient", () => {
    choose("param", "head.fc1.weight");
    expect(text(".bar")).toBe("head › fc1 › weightparameter");
    expect(shown(".two")).toBe(true);
    expect([...panel.el.querySelectorAll(".two canvas")].filter((canvas) => !canvas.closest("[hidden]"))[0].getAttribute("aria-label")).toMatch(/^grad from −/);
    expect(text(".history")).toContain("step 1 … 193");
  });

  it("shows a module by the op that leaves it", () => {
    choose("module", "head");
    const subject = subjectOf(store.state)!;
    expect([subject.title, subject.cls, subject.node!.shape]).toEqual(["head", "Sequential", [64, 10]]);
  });

  it("is empty when what was selected is gone", () => {
    choose("node", "9999");
    expect(text("h3")).toBe("Nothing selected");
    expect(text(".wait")).toContain("Choose a node");
    expect(shown(".body > .facts")).toBe(false);
  });
});

describe("a formula", () => {
  it("keeps MathML and nothing else", () => {
    const math = formula('<math xmlns="http://www.w3.org/1998/Math/MathML" onclick="alert(1)"><mi href="javascript:alert(1)" mathvariant="bold">x</mi><script>alert(1)</script><mtext><img src="x"/>a</mtext><semantics><mi>y</mi></semantics></math>', true)!;
    expect(math.querySelector("script, img, semantics")).toBeNull();
    expect(math.outerHTML).not.toMatch(/onclick|href|alert/);
    expect(math.querySelector("mi")!.getAttribute("mathvariant")).toBe("bold");
    expect(math.getAttribute("display")).toBe("block");
    expect(math.textContent).toBe("xa");
  });

  it("is left out when it is no MathML", () => {
    for (const text of ["", "x", "<math>", "<p>x</p>", "<svg/>"]) expect(formula(text, true)).toBeNull();
  });
});
