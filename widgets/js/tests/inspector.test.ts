// The inspector: what it says of a node, a parameter and a module, what it asks the kernel, and what it lets in as a formula.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeRun } from "../dev/fake";
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
  const actions: Actions = { control: vi.fn(), inspect, toggleFullScreen: vi.fn(), savePicture: vi.fn(), focus: vi.fn() };
  panel = createInspector(store, actions);
  document.body.append(panel.el);
});
afterEach(() => panel.destroy());

describe("the inspector", () => {
  it.each([[[48], 1, 48, "48 values"], [[6, 8], 6, 8, "6 rows × 8 units"], [[2, 3, 8], 6, 8, "2×3×8"], [[64, 512], 60, 120, "64×512, part of it"]])("says how much of %j it shows", (shape, rows, cols, words) => {
    const node = nodeOf("h0");
    const numbers = { mean: 0, std: 1, lo: -1, hi: 1, hist: new Float32Array(32) };
    store.state.details.set(node, { node, step: 7, shape, thumb: { rows, cols, values: new Float32Array(rows * cols) }, ...numbers, grad: null, saved: [] });
    choose("node", String(node));
    expect(text(".value .dim")).toBe(`${words} · step 7`);
  });

  it("names the node with its modules, and shows its line, facts and value", () => {
    choose("node", String(nodeOf("h0")));
    expect(panel.el.getAttribute("aria-label")).toBe("Inspector");
    expect(text(".bar")).toBe("head › fc1Linear");
    expect(text(".source")).toBe("cell [7] line 4h = F.relu(self.fc1(x))");
    expect(text(".facts")).toContain("shape64×120dtypefloat32devicecpumemory30\u2009KBforward11\u2009µsbackward19\u2009µs");
    expect(text(".facts")).toContain("operandsx 64×256, weight 120×256, bias 120");
    expect(panel.el.querySelector(".heat")!.getAttribute("aria-label")).toBe("value 64×120 at step 200, mean 0.18, from −3.4 to 3.4");
    expect(text(".kept")).toBe("kept for backwardx 64\u2009KB, weight shared");
    expect(text(".history")).toContain("|grad| of fc1.weight");
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
    expect(shown(".heat")).toBe(false);
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
    expect(shown(".facts")).toBe(false);
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
