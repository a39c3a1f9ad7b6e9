// The harness page: one live view in a state chosen by the address, e.g. index.html#scene=paused&dark&w=900
import { mount, render } from "../src/main";
import { mount as mountWalk } from "../src/walkmain";
import { emptyWalk, errorWalk, loopWalk, residualWalk, scalarWalk, teachingWalk } from "./fakewalk";
import { clearing, coachOf, hostile, rate, scores } from "./fakecoach";
import { FakeModel, FakeRun, hostileParameters, manyParameters, teachingParameters } from "./fake";

const choice = new URLSearchParams(location.hash.slice(1));
const stage = document.getElementById("stage")!;
const width = choice.get("w") ?? "900";
stage.style.maxWidth = width === "full" ? "none" : `${width}px`;
document.body.dataset.jpThemeLight = String(!choice.has("dark"));

function focused(element: HTMLElement | undefined): HTMLElement | undefined {
  element?.focus();
  return element;
}

function ghostOf(scale: number): Float32Array {
  const run = new FakeRun({ seed: 9, spike: null });
  return Float32Array.from({ length: 1930 }, (_, i) => scale * (0.47 + 1.85 * Math.exp(-i / 560)) * (0.9 + 0.2 * ((i * 7919) % 101) / 101) + 0 * run.step);
}

const scenes: Record<string, () => FakeModel> = {
  running() { const model = new FakeModel(new FakeRun()); model.run!.ghost = ghostOf(1); model.run!.coach = coachOf(rate); model.run!.run(1930); return model; },
  quiet() { const model = new FakeModel(new FakeRun({ spike: null })); model.run!.suggested = null; model.run!.run(640); return model; },
  early() { const model = new FakeModel(new FakeRun({ total: null })); model.run!.suggested = null; model.run!.run(12); return model; },
  short() { const model = new FakeModel(new FakeRun({ total: null, state: "finished", val: false })); model.run!.run(100); return model; },
  waiting() { const model = new FakeModel(new FakeRun({ state: "waiting" })); return model; },
  paused() { const model = new FakeModel(new FakeRun({ state: "paused" })); model.run!.run(1930); return model; },
  stopped() { const model = new FakeModel(new FakeRun({ state: "stopped" })); model.run!.run(1930); return model; },
  finished() { const model = new FakeModel(new FakeRun({ state: "finished", spike: null })); model.run!.run(79730); return model; },
  error() { const model = new FakeModel(new FakeRun({ state: "error" })); model.run!.run(1930); model.run!.error = { type: "RuntimeError", message: "linear: (64, 256) @ (120, 255)ᵀ: x has 256 columns, but in_features is 255", line: 4, node: 50 }; return model; },
  noctl() { const model = new FakeModel(new FakeRun()); model.run!.controls = { live: false, why: "Buttons need ipykernel 7.1, this kernel has 6.31: pip install -U ipykernel. To stop now: Interrupt." }; model.run!.run(1930); return model; },
  gone() { const model = new FakeModel(new FakeRun()); model.run!.run(1930); setTimeout(() => model.emit("comm_live_update"), 100); return model; },
  nan() { const model = new FakeModel(new FakeRun({ nanAt: 1204 })); model.run!.run(1930); return model; },
  one() { const model = new FakeModel(new FakeRun({ parameters: teachingParameters().slice(0, 1), val: false, graph: false })); model.run!.run(300); return model; },
  many() { const model = new FakeModel(new FakeRun({ parameters: manyParameters(200) })); model.run!.run(1930); return model; },
  hostile() { const model = new FakeModel(new FakeRun({ parameters: hostileParameters(), lossName: "<script>alert(2)</script>_loss_with_a_long_name" })); model.run!.run(800); return model; },
  several() {
    const model = new FakeModel(new FakeRun({ lossName: "loss_d", val: false, spike: null }));
    model.run!.others = [["loss_g", "train", (i) => 1.2 + 0.4 * Math.sin(i / 90) + 0.1 * Math.sin(i * 78.233)], ["accuracy", "other", (i) => 1 - Math.exp(-i / 300)], ["val_loss", "val", (i) => 0.5 + Math.exp(-i / 400)]];
    model.run!.run(900);
    return model;
  },
  coach() { const model = new FakeModel(new FakeRun()); model.run!.coach = coachOf({ ...clearing, nodes: [4, 5, 12] }, { ...rate, nodes: [44, 45] }, scores); model.run!.run(1930); return model; },
  hint() { const model = new FakeModel(new FakeRun()); model.run!.coach = coachOf(scores); model.run!.run(1930); return model; },
  longcoach() { const model = new FakeModel(new FakeRun()); model.run!.coach = { ...coachOf(hostile), muted: ["missing-zero-grad", "stale-optimizer"] }; model.run!.run(1930); return model; },
  muted() { const model = new FakeModel(new FakeRun()); model.run!.coach = { ...coachOf(), muted: ["missing-zero-grad", "stale-optimizer"] }; model.run!.run(1930); return model; },
  negative() { const model = new FakeModel(new FakeRun({ lossScale: -1, spike: null })); model.run!.run(800); return model; },
};

const walks: Record<string, () => Uint8Array> = {
  walk: () => teachingWalk().packed(), "walk-scalar": () => scalarWalk().packed(), "walk-residual": () => residualWalk(2).packed(), "walk-deep": () => residualWalk(40).packed(),
  "walk-loop": () => loopWalk(3).packed(), "walk-loops": () => loopWalk(40).packed(), "walk-error": () => errorWalk().packed(), "walk-empty": () => emptyWalk().packed(),
  "walk-hostile": () => {
    const tape = residualWalk(12);
    tape.truncated = "60 of 1,200 steps are shown; the loop in line 2: turns 13 to 240 of it are left out";
    for (const value of tape.values) if (value.name === "h") Object.assign(value, { name: "<script>alert(1)</script>_ünïcode_名前_with_a_long_name", symbol: "<b>h</b>" });
    for (const module of tape.modules) module.label = `<img src=x onerror=alert(1)>.${"very_".repeat(12)}long`;
    tape.lines[1] += "  # " + "a long comment ".repeat(12);
    return tape.packed();
  },
};

/** A walkthrough, by scene or from a file beside the page (`packet=NAME.bin`), at a step. */
async function showWalk(name: string): Promise<void> {
  const packet = choice.get("packet");
  mountWalk(box, packet ? new Uint8Array(await (await fetch(packet)).arrayBuffer()) : walks[name]());
  const step = choice.get("step");
  const slider = box.querySelector<HTMLInputElement>("[aria-label='Walkthrough step']");
  if (step && slider) {
    slider.value = step;
    slider.dispatchEvent(new Event("input"));
  }
  if (choice.has("press")) setTimeout(() => { for (const key of choice.get("press")!.split(",")) slider?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })); }, 300);
}

const scene = choice.get("scene") ?? "running";
const box = document.createElement("div");
stage.append(box);
if (scene in walks || scene === "packet") void showWalk(scene);
else if (scene === "static") mount(box, scenes.finished().run!.packed());
else {
  const model = scenes[scene]();
  if (choice.has("panels")) model.run!.panels = choice.get("panels")!.split(",");
  if (choice.has("theme")) model.traits.theme = choice.get("theme");
  render({ model, el: box });
  Object.assign(window, { model });
  if (choice.has("live")) {
    setInterval(() => {
      if (model.run!.state !== "running") return;
      const { frame, buffers } = model.run!.advance(60);
      model.deliver(frame, buffers);
    }, 50);
  }
  if (choice.has("node")) setTimeout(() => focused([...document.querySelectorAll<HTMLElement>("[role=treeitem]")].find((item) => item.getAttribute("aria-label")!.startsWith(choice.get("node")!)))?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true })), 400);
  if (choice.has("key")) setTimeout(() => { const plot = document.querySelector<HTMLElement>(".loss [role=img]")!; plot.focus(); for (const key of choice.get("key")!.split(",")) plot.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })); }, 400);
  if (choice.has("click")) setTimeout(() => { for (const name of choice.get("click")!.split(",")) setTimeout(() => [...document.querySelectorAll<HTMLElement>(".coach button")].find((one) => !one.closest("[hidden]") && (one.getAttribute("aria-label") ?? one.textContent) === name)?.click(), 60); }, 300);
  if (choice.has("select")) setTimeout(() => document.querySelector<HTMLElement>(`.row[title="${choice.get("select")}"]`)?.click(), 300);
}
