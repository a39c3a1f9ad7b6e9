// %inspect: one tensor by itself, in the page or saved.
import { afterEach, describe, expect, it } from "vitest";
import { Buffers } from "../dev/fake";
import { mount } from "../src/main";
import { type Frame, pack } from "../src/protocol";

const nextFrame = (): Promise<void> => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
let ends: (() => void)[] = [];
afterEach(() => { for (const end of ends.splice(0)) end(); });

async function shown(patch: object = {}): Promise<HTMLElement> {
  const buffers = new Buffers();
  const value = { picture: { shape: [2, 2], every: [1, 1], buf: buffers.floats([1, -2, 3, 0.25]) }, hist: buffers.floats(new Float32Array(32)), mean: 0.56, std: 1.8, lo: -2, hi: 3, zeros: 0, bad: 0 };
  const header = {
    kind: "snapshot", seq: 0, view: "inspect", title: "<b>w</b>", facts: [["shape", "2×2"], ["memory", "16 B"]], about: { shape: [2, 2], kind: "op", op: "relu" },
    place: { cell: "[3]", line: 2, source: "h = torch.relu(x)", marked: [4, 17] }, formula: { value: "<math><mi>y</mi></math>", grads: { x: "<math><mi>g</mi></math>" } },
    detail: { node: 0, step: 0, shape: [2, 2], value, grad: null, saved: [] }, noGrad: "not kept: call retain_grad() before backward", ...patch,
  };
  const el = document.body.appendChild(document.createElement("div"));
  ends.push(mount(el, pack(header as unknown as Frame, buffers.list)), () => el.remove());
  await nextFrame();
  return el;
}

describe("%inspect", () => {
  it("shows value, facts, formula and line, and why there is no gradient", async () => {
    const el = await shown();
    expect(el.querySelector('[role="region"]')!.getAttribute("aria-label")).toBe("Tensor <b>w</b>");
    expect(el.querySelector("b")).toBeNull();
    expect(el.querySelector(".facts")!.textContent).toBe("shape2×2memory16 B");
    expect(el.querySelector(".source mark")!.textContent).toBe("torch.relu(x)");
    expect(el.querySelectorAll(".formula math")).toHaveLength(2);
    expect(el.querySelector(".wait")!.textContent).toBe("gradient: not kept: call retain_grad() before backward");
    const canvas = el.querySelector<HTMLElement>(".picture canvas")!;
    canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "End" }));
    expect(el.querySelector(".read")!.textContent).toBe("[1, 1]  0.25");
  });

  it("leaves out what a leaf has not", async () => {
    const el = await shown({ place: null, formula: null });
    expect(el.querySelector<HTMLElement>(".source")!.hidden).toBe(true);
    expect(el.querySelector(".formula")).toBeNull();
  });

  it("leaves nothing behind", async () => {
    const el = await shown();
    for (const end of ends.splice(0)) end();
    expect(el.childNodes).toHaveLength(0);
  });
});
