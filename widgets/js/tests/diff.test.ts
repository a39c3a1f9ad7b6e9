import { afterEach, describe, expect, it } from "vitest";
import { Buffers, teachingGraph } from "../dev/fake";
import { createDiff } from "../src/diff/diff";
import { type DiffHeader, type TensorRow, barOf, tally } from "../src/diff/model";

const tensor = (name: string, more: Partial<TensorRow> = {}): TensorRow => ({ mark: "~", name, what: "", shape: [2, 3], norm: 0.5, relative: 0.01, largest: 0.25, broken: false, ...more });

function show(more: Partial<DiffHeader> & Record<string, unknown> = {}, curves = false): { el: HTMLElement; remove(): void } {
  const buffers = new Buffers();
  const status = { state: "finished", step: 0, epoch: null, total: null, rate: null, eta: null, seconds: 0, message: "", line: null };
  const header = { kind: "snapshot", seq: 0, view: "diff", run: { id: "diff", cell: "", name: "" }, status, names: ["1 relu", "2 tanh"], facts: [], tables: [], ...more };
  if (curves) Object.assign(header, { series: [0, 1].map((id) => ({ id, name: `loss ${id}`, role: "train", steps: buffers.steps([1, 2]), values: buffers.floats([2, 1]), reset: true })) });
  const el = document.createElement("div");
  document.body.append(el);
  const remove = createDiff(el, { header, buffers: buffers.list, transport: null, theme: "light" });
  return { el, remove };
}

const frame = (): Promise<void> => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
const table = (el: HTMLElement, name: string): HTMLElement => el.querySelector(`section[aria-label="${name}"]`) as HTMLElement;
const rows = (el: HTMLElement, name: string): string[][] => [...table(el, name).querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent ?? ""));

afterEach(() => document.body.replaceChildren());

describe("The view of differences", () => {
  it("names both sides, tells what is known of them, and what differs", async () => {
    const { el, remove } = show({ facts: [["steps", "299", "299"], ["last loss", "0.1", "0.2"]], tables: [{ title: "parameters", norm: 1, counts: { added: 1, removed: 1, changed: 2, same: 3 }, rows: [
      tensor("gone", { mark: "-", norm: null, relative: null, largest: null, what: "float32" }), tensor("new", { mark: "+", norm: null, relative: null, largest: null, what: "float32" }),
      tensor("w"), tensor("b", { relative: null, norm: null, largest: null, what: "shape 3 -> 4" })] }] });
    await frame();
    expect(el.querySelector("section.diff")!.getAttribute("aria-label")).toBe("Differences");
    expect(el.querySelector(".names")!.textContent).toBe("1 relu → 2 tanh");
    expect([...el.querySelectorAll(".facts tr.alike")].map((row) => row.children[0].textContent)).toEqual(["steps"]);
    expect(table(el, "parameters").querySelector(".bar")!.textContent).toContain("+1 −1 ~2 · 3 the same");
    expect(rows(el, "parameters").map((cells) => cells.slice(0, 2))).toEqual([["−removed", "gone"], ["+added", "new"], ["~changed", "w"], ["~changed", "b"]]);
    expect(rows(el, "parameters")[2].slice(2)).toEqual(["2×3", "0.010", "0.50", "0.25", ""]);
    expect(rows(el, "parameters")[3].at(-1)).toBe("shape 3 → 4");
    remove();
    expect(el.children).toHaveLength(0);
  });

  it("marks the merged graph and chooses in it the row that is clicked", async () => {
    const graph = teachingGraph();
    const { el } = show({ graph, graph_version: 1, marks: { added: [3], removed: [4], changed: [] }, counts: { added: 1, removed: 1, changed: 0, same: 9 }, nodes: [{ mark: "+", node: 3, name: "relu", what: "3" }, { mark: "-", node: 4, name: "max_pool2d", what: "3" }] });
    await frame();
    const [first, second] = [...table(el, "graph").querySelectorAll<HTMLButtonElement>("tbody button")];
    expect([first.tabIndex, second.tabIndex]).toEqual([0, -1]);
    first.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
    expect([first.tabIndex, second.tabIndex]).toEqual([-1, 0]);
    second.click();
    await frame();
    expect(table(el, "graph").querySelectorAll("tr[aria-current]")).toHaveLength(1);
    expect(second.closest("tr")!.getAttribute("aria-current")).toBe("true");
    expect(el.querySelector('section[aria-label="Computation graph"]')).not.toBeNull();
  });

  it("shows twenty rows, all on demand, and finds also what is the same", async () => {
    const { el } = show({ tables: [{ title: "tensors", norm: 1, counts: { added: 0, removed: 0, changed: 90, same: 1 }, rows: [...Array.from({ length: 90 }, (_, i) => tensor(`layer.${i}.weight`)), tensor("still", { mark: "=", norm: 0, relative: 0, largest: 0 })] }] });
    await frame();
    expect(rows(el, "tensors")).toHaveLength(20);
    const finder = table(el, "tensors").querySelector("input") as HTMLInputElement;
    finder.value = "STILL";
    finder.dispatchEvent(new Event("input"));
    expect(rows(el, "tensors").map((cells) => cells.slice(0, 2))).toEqual([["the same", "still"]]);
    finder.value = "nothing like it";
    finder.dispatchEvent(new Event("input"));
    expect(rows(el, "tensors")).toHaveLength(0);
    expect((table(el, "tensors").querySelector(".none") as HTMLElement).hidden).toBe(false);
    finder.value = "";
    finder.dispatchEvent(new Event("input"));
    const more = table(el, "tensors").querySelector(".more") as HTMLButtonElement;
    expect(more.textContent).toBe("Show all 90");
    more.click();
    expect(rows(el, "tensors")).toHaveLength(90);
  });

  it("says so when nothing differs, when there is nothing, and never takes a name for markup", async () => {
    const same = show({ tables: [{ title: "tensors", norm: 0, counts: { added: 0, removed: 0, changed: 0, same: 4 }, rows: [] }] });
    await frame();
    expect(same.el.textContent).toContain("no difference");
    expect(table(same.el, "tensors").textContent).toContain("all 4 the same");
    same.remove();
    const nothing = show();
    await frame();
    expect(nothing.el.textContent).toContain("Nothing to compare");
    nothing.remove();
    const { el } = show({ names: ["<img src=x>", "b"], facts: [["<b>", "<i>", "x"]], tables: [{ title: "<u>", norm: 1, counts: { added: 1, removed: 0, changed: 0, same: 0 }, rows: [tensor("<script>alert(1)</script>", { mark: "+" })] }] }, true);
    await frame();
    expect(el.querySelectorAll("img, script, u, .facts b").length).toBe(0);
    expect(el.querySelector('section[aria-label="Loss curves"]')).not.toBeNull();
  });

  it("has bars on a log scale and short counts", () => {
    expect([null, 0, NaN, 1e-9, 1e-4, 10, 1e6].map(barOf)).toEqual([0, 0, 0, 0.02, 0.02, 1, 1]);
    expect(barOf(0.1)).toBeCloseTo(0.6);
    expect([tally({ added: 1, removed: 2, changed: 0, same: 9 }), tally({ added: 0, removed: 0, changed: 0, same: 9 })]).toEqual(["+1 −2", ""]);
  });
});
