import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { mount } from "../src/main";
import { type Frame, pack } from "../src/protocol";

const drawing = { w: 470, h: 100, label: "x is 8 by 400; 400 is not 256", shapes: [["r", 12, 40, 100, 20, "bx"], ["t", 12, 12, "<img src=x>", "tm evil"], ["p", "M0 0h9", "bad"], ["c", 5, 5, 9, "badge"]] };
const header = {
  kind: "snapshot", seq: 0, view: "card", rule: "shape-mismatch", name: "Error: fc1 takes 256 and got 400.",
  title: [["fc1", "code"], [" takes <b>256</b>", ""]], error: "ShapeError", message: "mat1 and mat2", place: "cell [7] line 4",
  lines: [{ n: 3, spans: [["x = 1", ""]], fails: false }, { n: 4, spans: [["return ", "k"], ["self.fc1(x)", "bad onclick"]], fails: true }],
  operands: drawing, scale: "the operands, to scale", relation: "the marked axes must be equal",
  stages: { wide: { ...drawing, label: "graph with 3 nodes, failed at fc1" }, narrow: { ...drawing, label: "graph with 3 nodes, failed at fc1" } },
  reached: "2 of 4 operations ran; dashed = never reached",
  fixes: [{ code: ["self.fc1 = nn.Linear(", "400", ", 10)"], copy: "self.fc1 = nn.Linear(400, 10)", place: "replaces cell [6] line 9", why: "Wider.", check: "then (8, 10), loss ()" }],
  tried: "each was tried on shapes alone, through to the loss", frames: "2 frames of yours, 5 inside the library", traceback: "Traceback\n  <script>",
};

function show(changes: object = {}): HTMLElement {
  const el = document.createElement("div");
  document.body.append(el);
  mount(el, pack({ ...header, ...changes } as unknown as Frame, []));
  return el;
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

it("reads: what, where, operands, how far, fixes, traceback", () => {
  const el = show();
  const region = el.querySelector("section")!;
  expect(region.getAttribute("role")).toBe("region");
  expect(region.getAttribute("aria-label")).toBe(header.name);
  vi.advanceTimersByTime(50);
  const order = [...region.querySelectorAll("header, .ec, .eo, .eg, .ef, .et")].map((part) => part.className);
  expect(order).toEqual(["eh", "ec", "eo", "eg", "ef", "et"]);
  expect(region.querySelector(".eo svg")!.getAttribute("aria-label")).toBe(drawing.label);
  expect(region.querySelector(".eg svg")!.getAttribute("aria-label")).toContain("failed at fc1");
  expect(region.querySelector(".ln.fail")!.textContent).toContain("fails: return self.fc1(x)");
  expect(region.querySelector("mark")!.textContent).toBe("400");
});

it("shows what users write as text, and takes no style that it does not know", () => {
  const el = show();
  expect(el.querySelector("h3 b, img, script")).toBeNull();
  expect(el.querySelector("h3")!.textContent).toBe("fc1 takes <b>256</b>");
  expect(el.querySelector(".eo text")!.textContent).toBe("<img src=x>");
  expect(el.querySelector(".eo text")!.getAttribute("class")).toBe("tm");
  expect(el.querySelector(".ln.fail .bad")!.className).toBe("bad");
});

it("copies the line of a fix, and says so", async () => {
  const written: string[] = [];
  vi.stubGlobal("navigator", { clipboard: { writeText: (text: string) => Promise.resolve(void written.push(text)) } });
  const button = show().querySelector<HTMLButtonElement>("li button")!;
  expect(button.getAttribute("aria-label")).toBe("Copy fix 1");
  button.click();
  await Promise.resolve();
  await Promise.resolve();
  expect(written).toEqual(["self.fc1 = nn.Linear(400, 10)"]);
  expect(button.textContent).toBe("Copied");
  vi.advanceTimersByTime(2000);
  expect(button.textContent).toBe("Copy");
  vi.unstubAllGlobals();
});

it("shows every line that a fix changes", () => {
  const fix = { code: ["m = nn.Linear(", "12", ", 3)"], copy: "m = nn.Linear(12, 3)\nloss = f(s, y.long())", place: "replaces cell [2] line 1", why: "Two changes.", check: "then loss ()",
    also: [{ code: ["loss = f(s, y", ".long()", ")"], place: "replaces cell [2] line 4" }] };
  const el = show({ fixes: [fix] });
  expect([...el.querySelectorAll("li code")].map((code) => code.textContent)).toEqual(["m = nn.Linear(12, 3)", "loss = f(s, y.long())"]);
  expect([...el.querySelectorAll("li .at")].map((at) => at.textContent)).toEqual(["replaces cell [2] line 1", "replaces cell [2] line 4"]);
});

it("is whole without operands, stages and fixes", () => {
  const el = show({ operands: null, stages: null, fixes: [], tried: "none that was tried works" });
  expect(el.querySelector(".eo, .eg, li")).toBeNull();
  expect(el.querySelector(".grid.alone")).not.toBeNull();
  expect(el.querySelector(".ef")!.textContent).toBe("fixesnone that was tried works");
});
