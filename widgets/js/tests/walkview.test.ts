import { afterEach, describe, expect, it, vi } from "vitest";
import { type Tape, emptyWalk, errorWalk, loopWalk, residualWalk, scalarWalk, teachingWalk } from "../dev/fakewalk";
import { FakeModel } from "../dev/fake";
import { mount, render } from "../src/walkmain";

let cleanups: (() => void)[] = [];
const nextFrame = (): Promise<void> => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));

async function show(tape: Tape): Promise<HTMLElement> {
  const el = document.createElement("div");
  document.body.append(el);
  cleanups.push(mount(el, tape.packed()), () => el.remove());
  await nextFrame();
  return el;
}
const region = (el: HTMLElement): HTMLElement => el.querySelector<HTMLElement>('[role="region"][aria-label="Walkthrough"]')!;
const nameOf = (one: Element): string => (one.getAttribute("aria-label") ?? one.textContent ?? "").trim();
const button = (el: HTMLElement, name: string): HTMLButtonElement => [...el.querySelectorAll("button")].find((one) => nameOf(one) === name)!;
const slider = (el: HTMLElement): HTMLInputElement => el.querySelector<HTMLInputElement>('input[aria-label="Walkthrough step"]')!;
const off = (one: Element): boolean => one.getAttribute("aria-disabled") === "true";
const items = (el: HTMLElement): string[] => [...el.querySelectorAll('[role="treeitem"]')].map(nameOf);
async function press(target: Element, key: string, options: KeyboardEventInit = {}): Promise<void> {
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options }));
  await nextFrame();
}
async function click(target: Element): Promise<void> {
  target.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  await nextFrame();
}

afterEach(() => {
  for (const end of cleanups) end();
  cleanups = [];
  vi.useRealTimers();
});

describe("a walkthrough", () => {
  it("stands under the names of the design, and goes on by buttons", async () => {
    const el = await show(teachingWalk());
    expect(region(el)).not.toBeNull();
    expect(el.querySelector("h3")!.textContent).toBe("Step 1 of 17");
    expect(["First", "Previous", "Next", "Last"].map((name) => off(button(el, name)))).toEqual([true, true, false, false]);
    await click(button(el, "Next"));
    expect(slider(el).value).toBe("2");
    expect(slider(el).getAttribute("aria-valuetext")).toBe("step 2 of 17, forward through z = x @ W + b, line 2");
    await click(button(el, "Last"));
    expect(el.querySelector("h3")!.textContent).toBe("Step 17 of 17");
    await click(button(el, "Previous"));
    await click(button(el, "First"));
    expect(el.querySelector("h3")!.textContent).toBe("Step 1 of 17");
  });

  it("can be gone through by keys alone", async () => {
    const el = await show(teachingWalk());
    const root = region(el);
    const seen = new Set<string>();
    for (let at = 0; at < 17; at++) {
      seen.add(el.querySelector("h3")!.textContent!);
      await press(root, "ArrowRight");
    }
    expect(seen.size).toBe(17);
    await press(root, "b");
    expect(slider(el).getAttribute("aria-valuetext")).toContain("backward through");
    await press(root, "f");
    expect(slider(el).value).toBe("1");
    await press(root, "End");
    await press(root, "ArrowLeft");
    expect(slider(el).value).toBe("16");
    await press(root, "Home");
    expect(slider(el).value).toBe("1");
    await press(root, "4");
    expect(el.querySelector("select")!.value).toBe("4");
    await press(root, "-");
    expect(el.querySelector("select")!.value).toBe("2");
  });

  it("leaves a key to the field that somebody types into", async () => {
    const el = await show(teachingWalk());
    await click(button(el, "Next"));
    const field = el.querySelector<HTMLInputElement>('input[aria-label="entry 0,0"]')!;
    await press(field, "b");
    await press(field, "ArrowRight");
    expect(slider(el).value).toBe("2");
  });

  it("plays at its speed, and pauses", async () => {
    const el = await show(scalarWalk());
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    button(el, "Play").click();
    vi.advanceTimersByTime(2100);
    vi.useRealTimers();
    await nextFrame();
    expect(slider(el).value).toBe("3");
    expect(button(el, "Pause")).toBeDefined();
    await click(button(el, "Pause"));
    expect(button(el, "Play")).toBeDefined();
  });

  it("shows the numbers of a step to a screen reader, and what is not known yet", async () => {
    const el = await show(teachingWalk());
    expect(items(el)).toContain("x (input, 2×3): 1, 2, −1; 0, 1, 3");
    expect(items(el).some((name) => name.startsWith("h ("))).toBe(false);
    slider(el).value = "12";
    slider(el).dispatchEvent(new Event("input"));
    await nextFrame();
    expect(items(el).find((name) => name.startsWith("h (relu"))).toBe("h (relu, 2×2): 3.1, 0; 0, 3.3; gradient not known yet");
    expect(items(el).find((name) => name.startsWith("o ("))).toContain("gradient 1; −2");
    expect(el.querySelectorAll('[role="treeitem"][tabindex="0"]')).toHaveLength(1);
    expect(el.querySelector('[role="status"]')!.textContent).toBe("step 12 of 17, backward through o - y, line 5");
  });

  it("goes where a line or a node is clicked", async () => {
    const el = await show(teachingWalk());
    const line = [...el.querySelectorAll<HTMLElement>("button.ln")].find((one) => one.dataset.n === "4")!;
    await click(line);
    expect(slider(el).value).toBe("4");
    await click(line);
    expect(slider(el).value).toBe("13");
    const z = [...el.querySelectorAll('[role="treeitem"]')].find((one) => nameOf(one).startsWith("z ("))!;
    await click(z);
    expect(slider(el).value).toBe("2");
    expect(el.querySelector('button[aria-current="step"]')!.getAttribute("data-n")).toBe("2");
  });

  it("lets the arrows up and down go over the nodes, and Enter go there", async () => {
    const el = await show(teachingWalk());
    await press(region(el), "End");
    const stop = (): Element => el.querySelector('[role="treeitem"][tabindex="0"]')!;
    (stop() as HTMLElement).focus();
    const first = nameOf(stop());
    await press(stop(), "ArrowDown");
    expect(nameOf(stop())).not.toBe(first);
    await press(stop(), "Enter");
    expect(slider(el).value).not.toBe("17");
  });
});

describe("predict, then reveal", () => {
  it("checks what was typed entry by entry and counts", async () => {
    const el = await show(teachingWalk());
    await click(button(el, "Next"));
    const group = el.querySelector<HTMLElement>('[role="group"][aria-label="Predict"]')!;
    expect(group.textContent).toContain("What are the entries of h?");
    const fields = [...group.querySelectorAll<HTMLInputElement>("input")];
    ["3.1", "0", "1", ""].forEach((text, at) => { fields[at].value = text; });
    await click(button(group, "Check"));
    expect(group.textContent).toContain("1 not right, 1 to fill in");
    expect(group.textContent).toContain("0 of 1 right so far");
    const again = [...group.querySelectorAll<HTMLInputElement>("input")];
    ["3.1", "0", "0", "3.3"].forEach((text, at) => { again[at].value = text; });
    await press(again[0], "Enter");
    expect(group.textContent).toContain("✓ Right.");
    expect(group.textContent).toContain("1 of 1 right so far");
    await click(button(el, "Next"));
    expect(items(el).find((name) => name.startsWith("h (relu"))).toContain("3.1, 0; 0, 3.3");
  });

  it("keeps a value hidden until it is revealed", async () => {
    const el = await show(teachingWalk());
    await press(region(el), "ArrowRight");
    await press(region(el), "ArrowRight");
    expect(items(el).find((name) => name.startsWith("h (relu"))).toBe("h (relu, 2×2): hidden");
    expect([...el.querySelectorAll(".wm math")].map((one) => one.textContent).join(" ")).toContain("????");
    await click(button(el, "Reveal"));
    expect(items(el).find((name) => name.startsWith("h (relu"))).toBe("h (relu, 2×2): 3.1, 0; 0, 3.3");
    expect([...el.querySelectorAll<HTMLInputElement>('[aria-label="Predict"] input')].map(({ value }) => value)).toEqual(["3.1", "0", "0", "3.3"]);
  });

  it("takes shapes and tapped zeros", async () => {
    const el = await show(teachingWalk());
    for (let at = 0; at < 3; at++) await press(region(el), "ArrowRight");
    const field = el.querySelector<HTMLInputElement>('input[aria-label="Shape of o"]')!;
    field.value = "(2, 1)";
    await press(field, "Enter");
    expect(el.querySelector('[aria-label="Predict"]')!.textContent).toContain("✓ Right.");
    slider(el).value = "13";
    slider(el).dispatchEvent(new Event("input"));
    await nextFrame();
    for (const place of ["entry 0,1", "entry 1,0"]) await click(button(el, place));
    expect(button(el, "entry 0,1").getAttribute("aria-pressed")).toBe("true");
    await click(button(el, "Check"));
    expect(el.querySelector('[aria-label="Predict"]')!.textContent).toContain("✓ Right.");
  });

  it("hides what comes next at the lecturer's wish, or one matrix by a key", async () => {
    const el = await show(scalarWalk());
    await click(button(el, "Hide new"));
    await press(region(el), "ArrowRight");
    expect(items(el).find((name) => name.startsWith("d ("))).toBe("d (add, ()): hidden");
    expect(el.querySelector('[aria-label="Predict"]')!.textContent).toContain("What is d?");
    const guess = el.querySelector<HTMLInputElement>('[aria-label="Predict"] input')!;
    guess.value = ".5";
    await press(guess, "Enter");
    expect(el.querySelector('[aria-label="Predict"]')!.textContent).toContain("✕ 1 not right. Try again.");
    const again = el.querySelector<HTMLInputElement>('[aria-label="Predict"] input')!;
    again.value = "0.4";
    await press(again, "Enter");
    expect(el.querySelector('[aria-label="Predict"]')!.textContent).toContain("✓ Right.");
    expect(items(el).find((name) => name.startsWith("d ("))).toBe("d (add, ()): .4");
    await click(button(el, "Hide new"));
    const e = [...el.querySelectorAll<HTMLElement>('[role="treeitem"]')].find((one) => nameOf(one).startsWith("e ("))!;
    e.focus();
    await press(e, "h");
    expect(items(el).find((name) => name.startsWith("e ("))).toBe("e (mul, ()): hidden");
  });
});

it("offers an eye to hide the matrix under the pointer", async () => {
  const el = await show(scalarWalk());
  const find = (): Element => [...el.querySelectorAll('[role="treeitem"]')].find((one) => nameOf(one).startsWith("e ("))!;
  const eye = el.querySelector(".eye")!;
  expect(eye.getAttribute("visibility")).toBe("hidden");
  find().dispatchEvent(new Event("pointerover", { bubbles: true }));
  eye.firstElementChild!.dispatchEvent(new Event("pointerover", { bubbles: true }));
  expect(eye.getAttribute("visibility")).toBe("visible");
  await click(eye.querySelector("rect")!);
  expect(nameOf(find())).toBe("e (mul, ()): hidden");
  await click(eye.querySelector("rect")!);
  expect(nameOf(find())).toBe("e (mul, ()): −.6");
  el.querySelector(".wbox svg")!.dispatchEvent(new Event("pointerover", { bubbles: true }));
  expect(eye.getAttribute("visibility")).toBe("hidden");
});

describe("what is rare", () => {
  it("a cell without ops says what to do", async () => {
    const el = await show(emptyWalk());
    expect(el.textContent).toContain("Nothing to walk through");
    expect([off(button(el, "Next")), off(button(el, "Play")), slider(el).disabled]).toEqual([true, true, true]);
  });
  it("a cell that raised ends at the line that failed, with the message as text", async () => {
    const tape = errorWalk();
    tape.error!.message = "<img src=x onerror=alert(1)>";
    const el = await show(tape);
    await press(region(el), "End");
    expect(el.querySelector(".fail")!.textContent).toContain("<img src=x");
    expect(el.querySelector("img")).toBeNull();
    expect([...el.querySelectorAll(".wrong")].map(({ textContent }) => textContent)).toEqual(["h(2, 2) float32", "v(3, 1) float32"]);
    expect(el.querySelector(".ln.error")!.getAttribute("data-n")).toBe("3");
  });
  it("a walk that was cut says so", async () => {
    const tape = scalarWalk();
    tape.truncated = "400 of 12,000 steps are shown";
    expect((await show(tape)).querySelector(".cut")!.textContent).toBe("In part: 400 of 12,000 steps are shown.");
  });
  it("hundreds of steps go by without hundreds of elements more", async () => {
    const el = await show(residualWalk(40));
    await press(region(el), "End");
    expect(el.querySelectorAll(".scr svg *").length).toBeLessThan(400);
    expect(el.querySelectorAll('.wbox [role="treeitem"]').length).toBeLessThan(120);
  });
  it("a module folds and opens", async () => {
    const el = await show(residualWalk(2));
    await press(region(el), "End");
    const bracket = [...el.querySelectorAll('[role="treeitem"]')].find((one) => nameOf(one).startsWith("blocks.1 (module"))!;
    expect(bracket.getAttribute("aria-expanded")).toBe("true");
    await click(bracket);
    expect(items(el).some((name) => name === "blocks.1 (module, folded)")).toBe(true);
  });
  it("a turn of a loop is named", async () => {
    const el = await show(loopWalk(3));
    slider(el).value = "14";
    slider(el).dispatchEvent(new Event("input"));
    await nextFrame();
    expect(el.querySelector(".turn")!.textContent).toBe("turn 2 of 3 of line 2");
    expect(el.querySelector('.ln[data-n="2"]')!.textContent).toContain("2 of 3");
  });
});

it("keeps step, answers and speed when the notebook makes the output anew", async () => {
  const model = new FakeModel(null);
  model.traits.snapshot = teachingWalk().packed();
  const el = document.createElement("div");
  document.body.append(el);
  const remove = render({ model, el });
  await nextFrame();
  await press(region(el), "ArrowRight");
  await press(region(el), "ArrowRight");
  await click(button(el, "Reveal"));
  await press(region(el), "4");
  remove();
  cleanups.push(render({ model, el }), () => el.remove());
  await nextFrame();
  expect([slider(el).value, el.querySelector("select")!.value]).toEqual(["3", "4"]);
  expect(items(el).find((name) => name.startsWith("h (relu"))).toContain("3.1");
});
