// The graph panel by its roles and names; folding, finding and walking without a kernel; what is drawn, by a recording context.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeRun, graphStats, teachingGraph } from "../dev/fake";
import { createGraph } from "../src/graph";
import { boxMarks } from "../src/graphboxes";
import { GraphModel } from "../src/graphmodel";
import { drawGraph } from "../src/graphpaint";
import { findNodes } from "../src/graphquery";
import type { Scene } from "../src/graphscene";
import { GraphCamera } from "../src/graphview";
import { WIDE } from "../src/layout";
import { opAt, opsInView } from "../src/minimap";
import { Gauge, type Overlay, flowWidth } from "../src/overlays";
import type { Actions, Panel } from "../src/panel";
import { Store } from "../src/store";
import type { Inks } from "../src/theme";

const SIZE = { width: 575, height: 454 };
const actions: Actions = { control: vi.fn(), inspect: vi.fn(), toggleFullScreen: vi.fn(), savePicture: vi.fn(), focus: vi.fn(), showLine: vi.fn(), canShowLine: () => false, applyFix: () => "gone" as const, canApply: () => false };
let store: Store;
let panel: Panel;

function storeOf(steps = 100): Store {
  const run = new FakeRun();
  run.run(steps);
  const made = new Store();
  const { frame, buffers } = run.snapshot();
  made.apply(frame, buffers);
  return made;
}
const items = (): HTMLElement[] => [...panel.el.querySelectorAll<HTMLElement>('[role="treeitem"]')];
const names = (): string[] => items().map((item) => item.getAttribute("aria-label")!);
const item = (name: string): HTMLElement => items().find((one) => one.getAttribute("aria-label")!.startsWith(name))!;
const press = (element: Element, key: string, rest: KeyboardEventInit = {}): boolean => element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...rest }));
const click = (name: string): void => panel.el.querySelector<HTMLElement>(`button[aria-label="${name}"]`)!.click();
const redraw = (): void => panel.draw(store.state);
const active = (): string => document.activeElement!.getAttribute("aria-label")!;

beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(SIZE.width);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(SIZE.height);
  store = storeOf();
  panel = createGraph(store, actions);
  document.body.append(panel.el);
  redraw();
});
afterEach(() => {
  panel.destroy();
  vi.restoreAllMocks();
});

describe("the panel", () => {
  it("has the names of the design", () => {
    expect(panel.el.getAttribute("aria-label")).toBe("Computation graph");
    expect(panel.el.querySelector('[role="img"]')!.getAttribute("aria-label")).toBe(`graph with ${teachingGraph().nodes.length} nodes, 13 shown`);
    expect(panel.el.querySelector('input[type="search"]')!.getAttribute("aria-label")).toBe("Find in graph");
    for (const name of ["Fit graph", "Expand all", "Collapse all", "Save graph"]) expect(panel.el.querySelector(`button[aria-label="${name}"]`)).not.toBeNull();
    expect(names()).toContain("conv1 (Conv2d, 64×6×24×24)");
    expect(names()).toContain("blocks ×4 (Sequential, 64×16×4×4)");
    expect(names()).toContain("x (input, 64×1×28×28)");
    expect(names()).toContain("h (relu, 64×120)");
    expect(names()).toContain("stem (Sequential, 64×16×4×4)");
  });

  it("is a tree with one tab stop, levels and folds", () => {
    expect(items().filter(({ tabIndex }) => tabIndex === 0)).toHaveLength(1);
    expect(item("blocks").getAttribute("aria-expanded")).toBe("false");
    expect(item("stem").getAttribute("aria-expanded")).toBe("true");
    expect(item("conv1").getAttribute("aria-level")).toBe("2");
    expect(item("conv1").hasAttribute("aria-expanded")).toBe(false);
  });

  it("says in words what a triangle or a cross means", () => {
    store = storeOf(1930);
    redraw();
    expect(item("fc1").getAttribute("aria-description")).toMatch(/^head\.fc1\.weight: (gradient exploding|update high); /);
    store.state.error = { type: "ShapeError", message: "(2, 3) @ (2, 3)", line: 4, node: store.state.graph!.nodes.length - 1 };
    redraw();
    expect(item("loss").getAttribute("aria-description")).toMatch(/^failed: \(2, 3\) @ \(2, 3\); /);
  });

  it("takes no more height than its graph, and draws in the height that it just took", () => {
    const high = (): number => Number.parseInt(panel.el.style.getPropertyValue("--graph-height"), 10);
    expect(high()).toBe(474);
    const graph = teachingGraph();
    const few = { ...graph, signature: "few", nodes: graph.nodes.slice(0, 6), edges: graph.edges.filter(([src, dst]) => src < 6 && dst < 6) };
    const asked: number[] = [];
    vi.spyOn(GraphCamera.prototype, "resize").mockImplementation((_, height) => void asked.push(height));
    vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockImplementation(high);
    Object.assign(store.state, { graph: few, graphStats: null });
    redraw();
    expect(high()).toBeGreaterThanOrEqual(180);
    expect(high()).toBeLessThan(474);
    expect(asked).toEqual([high()]);
  });

  it("says what it waits for before the first graph", () => {
    store = new Store();
    redraw();
    expect(panel.el.textContent).toContain("the graph appears here");
    expect(panel.el.querySelector<HTMLElement>(".plot")!.hidden).toBe(true);
  });

  it("folds to its title with a summary", () => {
    store.toggleFolded("panel:graph");
    redraw();
    expect(panel.el.querySelector<HTMLElement>(".body")!.hidden).toBe(true);
    expect(panel.el.querySelector(".summary")!.textContent).toBe("35 ops");
  });

  it("takes names as text only", () => {
    const graph = teachingGraph();
    graph.modules[0].label = "<img src=x onerror=alert(1)>";
    store.state.graph = graph;
    store.state.versions.graph++;
    redraw();
    expect(panel.el.querySelector("img[src]")).toBeNull();
    expect(names().some((name) => name.startsWith("<img src=x"))).toBe(true);
  });
});

describe("folding", () => {
  it("opens a box in place with Space, and closes the module of an op", () => {
    item("blocks").focus();
    press(item("blocks"), " ");
    redraw();
    expect(item("blocks").getAttribute("aria-expanded")).toBe("true");
    expect(names()).toContain("0 (Block, 64×16×4×4)");
    item("conv1 (").focus();
    press(item("conv1 ("), " ");
    redraw();
    expect(item("stem").getAttribute("aria-expanded")).toBe("false");
    expect(active()).toMatch(/^stem/);
  });

  it("expands and collapses everything", () => {
    click("Expand all");
    redraw();
    expect(names().filter((name) => name.startsWith("add (op"))).toHaveLength(4);
    click("Collapse all");
    redraw();
    expect(names()).toEqual(["x (input, 64×1×28×28)", "stem (Sequential, 64×16×4×4)", "blocks ×4 (Sequential, 64×16×4×4)", "x (flatten, 64×256)", "head (Sequential, 64×10)", "loss (cross_entropy, ())"]);
  });

  it("stays as the user left it when a new graph of the same model comes", () => {
    click("Collapse all");
    store.state.graph = teachingGraph();
    store.state.versions.graph++;
    redraw();
    expect(names()).toHaveLength(6);
  });
});

describe("the keyboard", () => {
  it("walks along the edges", () => {
    item("x (").focus();
    const path = ["ArrowDown", "ArrowDown", "ArrowUp"].map((key) => {
      press(document.activeElement!, key);
      redraw();
      return active();
    });
    expect(path).toEqual(["conv1 (Conv2d, 64×6×24×24)", "relu (op, 64×6×24×24)", "conv1 (Conv2d, 64×6×24×24)"]);
    press(document.activeElement!, "ArrowLeft");
    redraw();
    expect(active()).toMatch(/^stem/);
    press(document.activeElement!, "End");
    redraw();
    expect(active()).toMatch(/^loss/);
  });

  it("selects with Enter: a node, a module", () => {
    item("fc1 (").focus();
    press(document.activeElement!, "Enter");
    const node = teachingGraph().nodes.findIndex(({ name }) => name === "h0");
    expect(store.state.ui.selected).toEqual({ kind: "node", key: String(node) });
    expect(store.state.ui.inspectorOpen).toBe(true);
    redraw();
    expect(item("fc1 (").getAttribute("aria-selected")).toBe("true");
    item("blocks").focus();
    press(document.activeElement!, "Enter");
    expect(store.state.ui.selected).toEqual({ kind: "module", key: "blocks" });
  });

  it("leaves keys with Ctrl to the page", () => {
    item("x (").focus();
    expect(press(document.activeElement!, "c", { ctrlKey: true })).toBe(true);
    redraw();
    expect(item("stem").getAttribute("aria-expanded")).toBe("true");
  });
});

describe("finding", () => {
  it("opens what hides a match and selects it; Shift goes back", () => {
    const input = panel.el.querySelector<HTMLInputElement>('input[type="search"]')!;
    input.value = "BATCH_NORM";
    input.dispatchEvent(new Event("input"));
    expect(findNodes(store.state.graph!, "BATCH_NORM")).toHaveLength(4);
    press(input, "Enter");
    redraw();
    expect(store.state.graph!.nodes[Number(store.state.ui.selected!.key)].op).toBe("batch_norm");
    expect(names().some((name) => name.startsWith("norm (BatchNorm2d"))).toBe(true);
    const first = store.state.ui.selected!.key;
    press(input, "Enter");
    press(input, "Enter", { shiftKey: true });
    expect(store.state.ui.selected!.key).toBe(first);
    press(input, "Escape");
    expect(input.value).toBe("");
  });
});

// ── drawing ──

function recorder(): { ctx: CanvasRenderingContext2D; texts: string[]; calls: string[]; strokes: number[] } {
  const texts: string[] = [];
  const calls: string[] = [];
  const strokes: number[] = [];
  const target: Record<string, unknown> = {
    measureText: (text: string) => ({ width: text.length * 6 }),
    fillText: (text: string) => texts.push(text),
    stroke: () => strokes.push(target.lineWidth as number),
  };
  const ctx = new Proxy(target, { get: (known, name: string) => known[name] ?? (() => calls.push(name)), set: (known, name: string, value) => { known[name] = value; return true; } });
  return { ctx: ctx as unknown as CanvasRenderingContext2D, texts, calls, strokes };
}

function sceneOf(rest: Partial<Scene> = {}, overlay: Overlay = "flow"): Scene {
  const graph = teachingGraph();
  const model = new GraphModel(graph, null);
  const stats = { step: 1, table: Float32Array.from(graphStats(graph)) };
  return {
    model, camera: { x: 290, y: 2, scale: 1 }, ...SIZE, stats, gauge: new Gauge(overlay, model, stats),
    selected: new Set(), selectedKey: null, lit: new Set(), hovered: -1, trail: null, found: null, diff: null, trouble: new Map(), failed: -1,
    ink: new Proxy({} as Inks, { get: (_, name) => String(name) }), measure: (text) => text.length * 6, ...rest,
  };
}

describe("the drawing", () => {
  it("writes labels, shapes, numbers and parameters", () => {
    const { ctx, texts } = recorder();
    drawGraph(ctx, sceneOf());
    for (const text of ["conv1", "Conv2d", "64×6×24×24", "weight", "6×1×5×5", "×4", "|grad|", "2,572 parameters"]) expect(texts).toContain(text);
  });

  it("leaves out what is not in sight, and words too small to read", () => {
    const above = recorder();
    drawGraph(above.ctx, sceneOf({ camera: { x: 290, y: -5000, scale: 1 } }));
    expect(above.texts).toEqual([]);
    const far = recorder();
    drawGraph(far.ctx, sceneOf({ camera: { x: 290, y: 2, scale: 0.1 } }));
    expect(far.texts).toEqual([]);
    expect(far.calls).toContain("fill");
  });

  it("marks trouble and the node that failed", () => {
    const fills = (rest: Partial<Scene>, at: number): unknown[] => boxMarks(sceneOf(rest), at).shapes.map((mark) => mark.is !== "text" && mark.fill);
    expect(fills({}, 3)).not.toContain("error");
    expect(fills({ failed: 3 }, 3)).toContain("error"); // a cross on it, so not by its frame alone
    expect(fills({ trouble: new Map([[1, "exploding"]]) }, 1)).toContain("warn-mark");
    const { ctx, strokes } = recorder();
    drawGraph(ctx, sceneOf({ failed: 3 }));
    expect(strokes).toContain(3);
  });

  it("gives an edge the width of its gradient", () => {
    expect([0, NaN, 1e-9, 1e-3, 1, 1e5].map(flowWidth)).toEqual([1.5, 1.5, 1.5, 1.5, 9, 9]);
  });

  it("says of a folded box what its ops say together", () => {
    const read = (overlay: Overlay, known = true): string => {
      const { model, stats } = sceneOf();
      const blocks = model.picture.items.find(({ key }) => key === "blocks")!;
      return new Gauge(overlay, model, known ? stats : null).reading(blocks).text;
    };
    expect(read("time")).toBe("720\u2009µs"); // 24 ops of 11 + 19 µs
    expect(read("dead")).toBe("20\u2009%");
    expect(read("value")).toBe("0.10±1.0");
    expect(read("time", false)).toBe("");
    expect(read("memory")).toBe("1.5\u2009MB"); // 24 outputs of 64×16×4×4 float32
  });
});

describe("the camera", () => {
  const camera = (): { camera: GraphCamera; model: GraphModel } => {
    const model = new GraphModel(teachingGraph(), null);
    const made = new GraphCamera();
    made.resize(SIZE.width, SIZE.height, model);
    return { camera: made, model };
  };

  it("zooms around the pointer", () => {
    const { camera: view, model } = camera();
    const [x, y] = view.toPicture(300, 200);
    view.zoom(2, 300, 200, model);
    const [after, below] = view.toPicture(300, 200);
    expect(after).toBeCloseTo(x);
    expect(below).toBeCloseTo(y);
  });

  it("never loses the picture", () => {
    const { camera: view, model } = camera();
    view.pan(1e6, -1e6, model);
    const { x, y, scale } = view.camera;
    expect(x + model.picture.x0 * scale).toBeLessThan(SIZE.width);
    expect(y + model.picture.height * scale).toBeGreaterThan(SIZE.height / 2);
  });

  it("keeps the picture in place when the inspector closes", () => {
    const { camera: view, model } = camera();
    const { x } = view.camera;
    view.resize(620, SIZE.height, model);
    expect(view.camera.x).toBe(x);
  });

  it("shows a box without moving more than that takes", () => {
    const { camera: view, model } = camera();
    const before = view.camera;
    view.reveal({ left: -60, right: 60, top: 100, bottom: 119 }, model);
    expect(view.camera).toEqual(before);
  });
});

describe("the minimap", () => {
  it("knows which ops are in view, and which op is where", () => {
    const model = new GraphModel(teachingGraph(), null);
    expect(opsInView(model, { x: 0, y: 0, scale: 1 }, 2000)).toEqual([0, 34]);
    expect(opsInView(model, { x: 0, y: 0, scale: 1 }, 60)![0]).toBe(0);
    expect(opAt(model, 0)).toBe(model.tree.order[0]);
    expect(opAt(model, 150)).toBe(model.tree.order.at(-1));
  });
});

describe("keys", () => {
  it("tell a node from a module whose path is a number", () => {
    const graph = teachingGraph();
    const paths: Record<string, string> = { stem: "0", head: "1" };
    const modules = graph.modules.map((module) => ({ ...module, path: module.path.replace(/^(stem|head)/, (name) => paths[name]) }));
    const model = new GraphModel({ ...graph, modules }, null, WIDE);
    model.expandAll();
    const keys = [...model.picture.items.map(({ key }) => key), ...model.picture.groups.map(({ key }) => key)];
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toContain("0");
  });
});
