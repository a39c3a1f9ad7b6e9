import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fakeTimeline } from "../dev/faketimeline";
import { plain } from "../src/format";
import { mount } from "../src/main";
import { unpack } from "../src/protocol";
import { type By, type Timeline, blockOfRow, blocks, depthOf, places, readTimeline, rows, seconds } from "../src/timeline/model";

const read = (packed: Uint8Array): Timeline => {
  const { frame, buffers } = unpack(packed)!;
  return readTimeline({ header: frame as unknown as Record<string, unknown>, buffers, transport: null, theme: "auto" });
};
const labels = (timeline: Timeline, by: By): string[] => rows(timeline, by).map(({ label }) => label);

describe("the numbers of a timeline", () => {
  const timeline = read(fakeTimeline());

  it("go into rows by op, module and line", () => {
    expect(labels(timeline, "op")).toEqual(["linear", "relu", "cross_entropy", "SGD.step"]);
    expect(labels(timeline, "module")).toEqual(["blocks.0.fc", "blocks.0", "head", "outside modules"]);
    expect(labels(timeline, "line")).toEqual(["[6]:4", "[6]:5", "[7]:11", "[7]:13"]);
    const linear = rows(timeline, "op")[0];
    expect([linear.sums.calls, linear.modules, linear.lines]).toEqual([20, ["blocks.0.fc", "head"], ["[6]:4", "[6]:5"]]);
    expect(seconds(linear.sums)).toBeCloseTo(0.015, 6);
  });

  it("go into blocks whose parts make up the whole, at each level", () => {
    for (const by of ["op", "module", "line"] as const) {
      const check = (block: ReturnType<typeof blocks>): void => {
        if (block.children.length > 0) expect(block.children.reduce((sum, child) => sum + seconds(child.sums), 0)).toBeCloseTo(seconds(block.sums), 6);
        block.children.forEach(check);
      };
      check(blocks(timeline, by));
    }
    const root = blocks(timeline, "module");
    expect(root.children.map(({ label }) => label)).toEqual(["model (Net)", "outside modules"]);
    expect(blockOfRow(root, "blocks.0.fc")).toMatchObject({ label: "fc", cls: "Linear" });
    expect(blockOfRow(root, "blocks.0")).toMatchObject({ label: "0", cls: "Block" });
    expect(blockOfRow(blocks(timeline, "line"), "[6]:5")!.label).toBe("5  return self.head(h)");
    expect(depthOf(root)).toBe(5);
  });

  it("give places: those around the focus above it, nothing narrower than two pixels", () => {
    const root = blocks(timeline, "op");
    const all = places(root, "time", 1000);
    expect(all[0]).toMatchObject({ x: 0, width: 1000, level: 0 });
    const first = all.filter(({ level }) => level === 1);
    expect(first.map(({ block }) => block.label)).toEqual(["linear", "relu", "cross_entropy", "SGD.step"]);
    expect(first[0].width).toBeCloseTo(750, 0);
    expect(first.reduce((at, place) => (expect(place.x).toBeCloseTo(at, 2), at + place.width), 0)).toBeCloseTo(1000, 1);
    expect(places(root, "time", 10).every(({ width }) => width >= 2)).toBe(true);
    const inner = places(root.children[0], "time", 1000);
    expect(inner.map(({ block, width }) => [block.label, Math.round(width)]).slice(0, 2)).toEqual([["cell [7]", 1000], ["linear", 1000]]);
  });

  it("keep two models of one class apart", () => {
    const place: [string, string, number, string] = ["[7]", "", 1, "g(d(x))"];
    const two = read(fakeTimeline([["linear", ["g (Net)", "0", "Linear"], place, [1, 1, 0, 0, 0, 0, 0, 0]], ["linear", ["d (Net)", "0", "Linear"], place, [1, 1, 0, 0, 0, 0, 0, 0]]]));
    expect(labels(two, "module")).toEqual(["g (Net) 0", "d (Net) 0"]);
  });
});

describe("the view", () => {
  const nextFrame = (): Promise<void> => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  let el: HTMLElement;
  let remove: () => void = () => undefined;
  const show = async (packed = fakeTimeline()): Promise<void> => {
    remove = mount(el, packed);
    await nextFrame();
  };
  const cells = (): HTMLElement[] => [...el.querySelectorAll<HTMLElement>("[role=treeitem]")];
  const cell = (name: string): HTMLElement => cells().find((one) => one.getAttribute("aria-label")!.startsWith(name))!;
  const names = (): string[] => cells().map((one) => one.getAttribute("aria-label")!.split(",")[0]);
  const press = async (target: Element, key: string): Promise<void> => {
    target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    await nextFrame();
  };
  const firstCells = (): string[] => [...el.querySelectorAll("tbody tr")].map((row) => row.children[0].textContent!);
  const text = (of: Element): string => plain(of.textContent!);
  const button = (name: string): HTMLButtonElement => [...el.querySelectorAll("button")].find((one) => (one.getAttribute("aria-label") ?? one.textContent) === name)!;

  beforeEach(() => {
    vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(800);
    el = document.createElement("div");
    document.body.append(el);
  });
  afterEach(() => {
    remove();
    vi.restoreAllMocks();
    document.body.replaceChildren();
  });

  it("says where the time went, in words", async () => {
    await show();
    expect(el.querySelector('[role="region"]')!.getAttribute("aria-label")).toBe("Timeline");
    expect(el.querySelector('.bar[role="img"]')!.getAttribute("aria-label")).toBe("26 ms: forward 8.0 ms, backward 11 ms, optimizer 1.5 ms, Python and the rest 6.0 ms");
    expect(text(el)).toContain("watching took 4.0 ms more, taken out");
    expect(text(el)).toContain("26 ms · 40 ops · 10 backward passes · 10 optimizer steps");
    expect(cell("linear").getAttribute("aria-label")).toBe("linear, forward 6.0 ms, backward 9.0 ms, 20 calls, 75 % of the time, 1.5 KB at the peak");
  });

  it("goes by op, module or line, in icicle and table alike", async () => {
    await show();
    button("module").click();
    await nextFrame();
    expect(el.querySelector('[role="tree"]')!.getAttribute("aria-label")).toBe("time by module");
    expect(names()).toContain("fc (Linear)");
    expect(firstCells()).toEqual(["blocks.0.fc", "head", "outside modules", "blocks.0"]);
    button("line").click();
    await nextFrame();
    expect(firstCells()[0]).toBe("[6]:4  h = self.blocks(x)");
    expect(button("line").getAttribute("aria-pressed")).toBe("true");
  });

  it("is walked and zoomed with keys alone", async () => {
    await show();
    const root = cells()[0];
    root.focus();
    await press(root, "ArrowDown");
    expect(document.activeElement).toBe(cell("linear"));
    await press(cell("linear"), "ArrowRight");
    expect(cell("relu").getAttribute("aria-selected")).toBe("true");
    expect(text(el.querySelector("[role=status]")!)).toMatch(/^relu · forward 1.0 ms/);
    await press(cell("relu"), "Enter");
    expect(names()).toEqual(["cell [7]", "relu", "[6]:4"]);
    expect(document.activeElement).toBe(cell("relu"));
    await press(cell("relu"), "Escape");
    expect(names()).toContain("SGD.step");
  });

  it("links rows and blocks", async () => {
    await show();
    const row = [...el.querySelectorAll<HTMLElement>("tbody tr")].find(({ textContent }) => textContent!.startsWith("relu"))!;
    row.click();
    await nextFrame();
    expect(row.getAttribute("aria-selected")).toBe("true");
    expect(cell("relu").getAttribute("aria-selected")).toBe("true");
    cell("cross_entropy").click();
    await nextFrame();
    expect(el.querySelector('tbody tr[aria-selected="true"]')!.textContent).toContain("cross_entropy");
    expect(button("Show all").disabled).toBe(false);
    button("Show all").click();
    await nextFrame();
    expect(button("Show all").disabled).toBe(true);
  });

  it("sorts by any column, both ways, and says so", async () => {
    await show();
    const head = (): HTMLElement => [...el.querySelectorAll<HTMLElement>("th")].find(({ textContent }) => textContent === "backward")!;
    head().querySelector("button")!.click();
    expect(head().getAttribute("aria-sort")).toBe("descending");
    expect(firstCells()).toEqual(["linear", "relu", "cross_entropy", "SGD.step"]);
    head().querySelector("button")!.click();
    expect(head().getAttribute("aria-sort")).toBe("ascending");
    expect(firstCells()[0]).toBe("SGD.step");
  });

  it("finds by words, in both", async () => {
    await show();
    const input = el.querySelector<HTMLInputElement>('input[aria-label="Find in timeline"]')!;
    input.value = "entropy";
    input.dispatchEvent(new Event("input"));
    await nextFrame();
    expect(firstCells()).toEqual(["cross_entropy"]);
    expect(cell("cross_entropy").classList.contains("hit")).toBe(true);
    expect(cell("linear").classList.contains("miss")).toBe(true);
    input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
    await nextFrame();
    expect(names()).toContain("cross_entropy");
    expect(names()).not.toContain("relu");
  });

  it("shows who holds memory, with the bytes over time and the column for it", async () => {
    await show(fakeTimeline(undefined, { measure: "held" }));
    expect(el.querySelector('svg[role="img"]')!.getAttribute("aria-label")).toBe("bytes held over time, most 3.6 KB after 4.0 ms");
    expect(firstCells()[0]).toBe("relu");
    expect(names()).not.toContain("SGD.step");
    const select = el.querySelector<HTMLSelectElement>('select[aria-label="Width shows"]')!;
    expect(select.value).toBe("held");
    select.value = "made";
    select.dispatchEvent(new Event("change"));
    await nextFrame();
    expect([...el.querySelectorAll("th")].at(-1)!.textContent).toBe("made");
    expect(firstCells()[0]).toBe("linear");
  });

  it("shows hostile names as text, an exception, and an empty cell", async () => {
    const nasty = "<img src=x onerror=alert(1)>";
    await show(fakeTimeline([[nasty, [nasty, nasty, nasty], [nasty, nasty, 3, nasty], [1, 1, 0, 0, 0, 0, 0, 0]]], { error: { type: nasty, message: nasty } }));
    for (const by of ["op", "module", "line"]) {
      button(by).click();
      await nextFrame();
    }
    expect(el.querySelector("img")).toBeNull();
    expect(el.textContent).toContain(`up to ${nasty}`);
    remove();
    await show(fakeTimeline([]));
    expect(el.querySelector("[role=status]")!.textContent).toBe("nothing of the engine ran in this cell");
    expect(el.querySelector<HTMLElement>(".tabular")!.hidden).toBe(true);
  });

  it("draws the first 200 of very many rows at once", async () => {
    const many = Array.from({ length: 450 }, (_, i): Parameters<typeof fakeTimeline>[0] => [[`op${i}`, null, ["[7]", "", i + 1, "x"], [1, 1, 0, 0, 0, 0, 0, 0]]]).flatMap((one) => one!);
    await show(fakeTimeline(many));
    expect(firstCells()).toHaveLength(200);
    button("250 more").click();
    expect(firstCells()).toHaveLength(450);
  });
});
