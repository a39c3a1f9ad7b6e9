// Loss curves: every step, its smoothed line, held-out data, earlier runs; and the scrubber that moves all panels through time.
import { findingsOf, keyOf } from "./coachstate";
import { coachWords } from "./coachwords";
import { Curve, type Spike, autoSmoothing } from "./curve";
import { indexAt, nearest } from "./decimate";
import { h, setAttr, setText } from "./dom";
import { count, loss, num, plain } from "./format";
import { type End, type Frame, type Line, type LossScene, isLogPossible, layoutLoss, newMemory } from "./losslayout";
import { drawLoss } from "./lossplot";
import type { Actions, Panel } from "./panel";
import { createScrubber } from "./scrubber";
import { createShell } from "./shell";
import { createSpikes, nextSpike, spikesOf } from "./spikes";
import { type Series, type State, type Store, mainSeries, shownStep } from "./store";
import { type Inks, fitCanvas, inks } from "./theme";

const SMOOTHING: [text: string, value: string][] = [["no smoothing", "0"], ["EMA 0.9", "0.9"], ["EMA 0.98", "0.98"], ["EMA 0.99", "0.99"], ["EMA 0.999", "0.999"]];
const CATCH = 6; // px beside a spike that still mean it
const DASHES = [[], [5, 3], [2, 2]];

export function createLoss(store: Store, _actions: Actions): Panel {
  const shell = createShell(store, "loss", "Loss", "Loss curves");
  const tools = createTools(store);
  const spikes = createSpikes(store, () => spikesNow());
  shell.tools.append(spikes.el, tools.smoothing, tools.scale);
  const read = h("div", { class: "read" });
  const canvas = h("canvas", { role: "img", tabindex: 0, "aria-label": "loss: no value yet" });
  const plot = h("div", { class: "plot" }, canvas);
  const scrubber = createScrubber(store);
  shell.body.append(read, plot, scrubber.ticks, scrubber.slider, scrubber.follow);
  const curves = new Map<Series, Curve>();
  let memory = newMemory();
  let frame: Frame | null = null;

  const draw = (state: State): void => {
    const main = mainSeries(state) ?? state.series.find((series) => series.role !== "ghost" && series.role !== "lr") ?? null;
    if (!shell.fold(state, summaryOf(state))) return;
    const ink = inks(shell.el);
    const scene = sceneOf(state, main, curves, ink);
    tools.draw(state, scene);
    spikes.draw(state);
    setAttr(canvas, "aria-label", nameOf(state, scene));
    drawRead(read, state, scene, main);
    const [width, height] = [plot.clientWidth, plot.clientHeight];
    const ctx = width > 0 ? fitCanvas(canvas, width, height) : null;
    if (state.run !== null && memory.run !== state.run.id) memory = { ...newMemory(), run: state.run.id, right: memory.right };
    if (ctx !== null) {
      ctx.font = `600 11px ${ink.ui}`;
      frame = layoutLoss(scene, width, height, memory, (text) => ctx.measureText(text).width);
      drawLoss(ctx, scene, frame, ink);
      if (main === null || main.length === 0) drawEmpty(ctx, frame, ink);
    } else frame = null;
    scrubber.draw(state, main, frame, width);
  };

  const spikesNow = (): Spike[] => spikesOf(store.state, curves);
  steer(store, canvas, () => frame, spikesNow);
  return { el: shell.el, draw, destroy: () => shell.el.remove(), summary: summaryOf };
}

function drawEmpty(ctx: CanvasRenderingContext2D, frame: Frame, ink: Inks): void {
  const text = "the loss appears here";
  const [x, y] = [frame.left + 8, frame.top + frame.height / 2];
  ctx.font = `12px ${ink.ui}`;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.fillStyle = ink.bg;
  ctx.fillRect(x - 4, y - 9, ctx.measureText(text).width + 8, 18);
  ctx.fillStyle = ink["ink-2"];
  ctx.fillText(text, x, y);
}

/** Smoothing choice and the kind of the axis. */
function createTools(store: Store): { smoothing: HTMLElement; scale: HTMLElement; draw(state: State, scene: LossScene): void } {
  const auto = h("option", { value: "auto" }, "EMA auto");
  const smoothing = h("select", { class: "quiet", "aria-label": "Smoothing", title: "Smoothing: exponential moving average" }, auto, ...SMOOTHING.map(([text, value]) => h("option", { value }, text)));
  smoothing.addEventListener("change", () => store.setUi({ smoothing: smoothing.value === "auto" ? null : Number(smoothing.value) }));
  const button = (scale: "linear" | "log"): HTMLButtonElement => h("button", { class: "btn", type: "button", onclick: () => store.setUi({ lossScale: scale }) }, h("span", {}, scale));
  const linear = button("linear");
  const log = button("log");
  const scale = h("span", { class: "seg", role: "group", "aria-label": "Loss axis" }, linear, log);
  const draw = (state: State, scene: LossScene): void => {
    const { ui } = state;
    const word = scene.smoothing === 0 ? "no smoothing" : `EMA ${scene.smoothing}`;
    setText(auto, ui.smoothing === null ? word : "EMA auto");
    const value = ui.smoothing === null ? "auto" : String(ui.smoothing);
    if (smoothing.value !== value && document.activeElement !== smoothing) smoothing.value = value;
    const possible = isLogPossible(scene.lines);
    const isLog = ui.lossScale === "log" && possible;
    setAttr(log, "aria-pressed", String(isLog));
    setAttr(linear, "aria-pressed", String(!isLog));
    log.disabled = !possible;
    setAttr(log, "title", possible ? null : "A log axis needs values of at least 0");
  };
  return { smoothing, scale, draw };
}

/** Pointer and keys on the plot: hover previews, click and Enter pin, n and p go to the next and the previous spike, Esc goes back to live. */
function steer(store: Store, canvas: HTMLCanvasElement, frameNow: () => Frame | null, spikesNow: () => Spike[]): void {
  const main = (): Series | null => mainSeries(store.state);
  const stepAt = (event: PointerEvent | MouseEvent): number | null => {
    const [frame, series] = [frameNow(), main()];
    if (frame === null || series === null) return null;
    const spike = spikesNow().find(({ step }) => Math.abs(frame.x(step) - event.offsetX) <= CATCH);
    if (spike !== undefined) return spike.step;
    const at = nearest(series.steps, series.length, ((event.offsetX - frame.left) / frame.width) * frame.span);
    return at < 0 ? null : series.steps[at];
  };
  canvas.addEventListener("pointermove", (event) => {
    const step = stepAt(event);
    if (step !== store.state.ui.hoverStep) store.setUi({ hoverStep: step });
  });
  canvas.addEventListener("pointerleave", () => store.setUi({ hoverStep: null }));
  const pin = (step: number | null): void => store.setUi({ pinnedStep: step, hoverStep: null, ...(step === null ? {} : { inspectorOpen: true }) });
  canvas.addEventListener("click", (event) => pin(stepAt(event)));
  canvas.addEventListener("blur", () => store.setUi({ hoverStep: null }));
  canvas.addEventListener("keydown", (event) => {
    const series = main();
    if (series === null || series.length === 0) return;
    const { ui } = store.state;
    const at = nearest(series.steps, series.length, shownStep(ui) ?? series.lastStep);
    const move = event.shiftKey ? 100 : 1;
    const target: Record<string, number> = { ArrowLeft: at - move, ArrowRight: at + move, Home: 0, End: series.length - 1 };
    if (event.key in target) store.setUi({ hoverStep: series.steps[Math.max(0, Math.min(series.length - 1, target[event.key]))] });
    else if (event.key === "n" || event.key === "p") pin(nextSpike(spikesNow(), shownStep(ui), event.key === "n") ?? ui.pinnedStep);
    else if (event.key === "Enter") pin(ui.hoverStep);
    else if (event.key === "Escape" && (ui.hoverStep !== null || ui.pinnedStep !== null)) store.setUi({ hoverStep: null, pinnedStep: null });
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

function sceneOf(state: State, main: Series | null, curves: Map<Series, Curve>, ink: Inks): LossScene {
  const { ui } = state;
  const smoothing = ui.smoothing ?? autoSmoothing(main?.length ?? 0);
  const shown = state.series.filter((series) => series.role !== "lr");
  for (const series of curves.keys()) if (!shown.includes(series)) curves.delete(series);
  const ghosts = shown.filter((series) => series.role === "ghost");
  const nth = { train: 0, val: 0, other: 0 };
  const lines = shown.map((series): Line => {
    let curve = curves.get(series);
    if (curve === undefined) curves.set(series, (curve = new Curve(series)));
    const role = series.role === "lr" ? "other" : series.role;
    curve.update(role === "val" || role === "other" ? 0 : smoothing);
    if (role === "ghost") return { curve, series, label: series === ghosts.at(-1) ? "previous" : "", color: ink.ghost, text: ink["ink-2"], dash: [], kind: "ghost" };
    const dash = DASHES[Math.min(nth[role]++, DASHES.length - 1)];
    if (series === main) return { curve, series, label: series.name, color: ink.value, text: ink["value-ink"], dash: [], kind: "main" };
    if (role === "val") return { curve, series, label: series.name, color: ink.val, text: ink["val-ink"], dash, kind: "val" };
    if (role === "train") return { curve, series, label: series.name, color: ink.value, text: ink["value-ink"], dash, kind: "train" };
    return { curve, series, label: series.name, color: ink["ink-2"], text: ink["ink-2"], dash: DASHES[Math.min(nth.other, 2)], kind: "other" };
  });
  const order: Record<Line["kind"], number> = { ghost: 0, other: 1, train: 2, main: 3, val: 4 };
  lines.sort((a, b) => order[a.kind] - order[b.kind]);
  return { lines, epochs: state.epochs, scale: ui.lossScale, smoothing, shown: shownStep(ui), pinned: ui.hoverStep === null, end: endOf(state), total: state.status.total, findings: foundAt(state) };
}

/** The steps at which the coach spoke. */
function foundAt(state: State): LossScene["findings"] {
  const { key } = coachWords(state);
  return findingsOf(state).flatMap((one) => (one.step === null ? [] : [{ step: one.step, kind: one.severity, rule: one.rule, chosen: keyOf(one) === key && state.ui.coach.open }]));
}

function endOf(state: State): End {
  const ends: Partial<Record<string, End>> = { finished: "done", stopped: "stopped", error: "error" };
  return ends[state.status.state] ?? (state.connection === "connected" ? "live" : "done");
}

/** `step 1,412  loss 1.484  ema 0.485  val 0.543  previous 0.640`, always in the same place. */
function drawRead(el: HTMLElement, state: State, scene: LossScene, main: Series | null): void {
  const step = shownStep(state.ui) ?? main?.lastStep ?? null;
  const parts: [name: string, value: string, kind: string][] = [];
  if (main !== null && main.length > 0 && step !== null) {
    parts.push(["step", count(step), ""]);
    const rank = { val: 0, train: 1, other: 2, main: 3, ghost: 3 };
    const rest = scene.lines.filter((line) => line.series !== main && line.label !== "" && line.kind !== "ghost").sort((a, b) => rank[a.kind] - rank[b.kind]);
    const first = scene.lines.find((line) => line.series === main);
    const ghost = scene.lines.findLast((line) => line.kind === "ghost" && line.label !== "");
    for (const line of [first, ...rest, ghost]) {
      if (line === undefined) continue;
      const at = indexAt(line.series.steps, line.series.length, step);
      if (at < 0) continue;
      const kind = line.kind === "val" ? "val" : line.kind === "ghost" || line.kind === "other" ? "" : "value";
      parts.push([line.kind === "ghost" ? "prev" : shortened(line.label), loss(line.kind === "ghost" ? line.curve.ema[at] : line.series.values[at]), kind]);
      if (line === first && scene.smoothing > 0) parts.push(["ema", loss(line.curve.ema[at]), "value"]);
    }
  }
  const { travel } = state;
  if (travel !== null && travel.step !== travel.asked) parts.push(travel.waiting ? ["values", "…", ""] : ["values of step", travel.step === null ? "—" : count(travel.step), ""]);
  while (el.children.length > parts.length) el.lastChild!.remove();
  while (el.children.length < parts.length) el.append(h("span", {}, h("i", { style: "font-style:normal" }), " ", h("b")));
  parts.forEach(([name, value, kind], i) => {
    const [label, , number] = el.children[i].childNodes as unknown as [HTMLElement, Text, HTMLElement];
    setText(label, name);
    setText(number, value);
    setAttr(number, "class", kind || null);
  });
}

const shortened = (name: string): string => (name.length > 22 ? `${name.slice(0, 12)}…${name.slice(-8)}` : name);

/** `loss 0.412 at step 1,930; val 0.447 at step 1,920; previous run 0.52` */
function nameOf(state: State, scene: LossScene): string {
  const main = mainSeries(state);
  const told = scene.lines.filter((line) => line.series.length > 0 && line.kind !== "ghost").sort((a) => (a.series === main ? -1 : 0));
  if (told.length === 0) return "loss: no value yet";
  const texts = told.map(({ series }) => `${series.name} ${loss(series.last)} at step ${count(series.lastStep)}`);
  const ghost = scene.lines.findLast((line) => line.kind === "ghost");
  if (ghost) texts.push(`previous run ${num(ghost.series.last)}`);
  return plain(texts.join("; "));
}

function summaryOf(state: State): string {
  const main = mainSeries(state);
  return main === null || main.length === 0 ? "no value yet" : `${main.name} ${loss(main.last)} at step ${count(main.lastStep)}`;
}
