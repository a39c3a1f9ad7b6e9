// One step: its loss, the batch it was given, and the gradients that were unlike the steps before. What is not of this very step says so.
import { h, setAttr, setText } from "../dom";
import { count, loss, num, shape } from "../format";
import { indexAt } from "../decimate";
import { momentAt } from "../gradmodel";
import { shortLabels } from "../groups";
import { NODE_STATS, NODE_STAT_COUNT } from "../protocol";
import { type State, mainSeries } from "../store";
import { type Inks, fitCanvas } from "../theme";
import type { Go } from "./links";
import type { BatchInput } from "./batch";

const PROFILE = 6; // parameters in the list
const BEFORE = 20; // recorded steps that the usual size of a gradient is taken from
const LABELS_HIGH = 36;

/** A parameter whose gradient stands out: its size, and how many times its usual size that is. */
export interface Unusual { row: number; name: string; norm: number; factor: number }

/** The gradients at a step, those least like the recorded steps before it first. */
export function profileOf({ probes, params }: State, moment: number): Unusual[] {
  const found = params.map(({ name }, row): Unusual => {
    const before = [];
    for (let at = Math.max(0, moment - BEFORE); at < moment; at++) {
      const norm = probes.at(at, row, 0);
      if (norm > 0 && norm < Infinity) before.push(norm);
    }
    before.sort((a, b) => a - b);
    const norm = probes.at(moment, row, 0);
    return { row, name, norm, factor: norm / (before[before.length >> 1] ?? NaN) };
  });
  const unlike = ({ factor }: Unusual): number => (Number.isNaN(factor) ? -1 : Math.abs(Math.log(factor)));
  return found.filter(({ norm }) => !Number.isNaN(norm)).sort((a, b) => unlike(b) - unlike(a)).slice(0, PROFILE);
}

/** `recorded at 1,408, 4 steps before` for what is near a step and not of it; empty for the step itself. */
export function recordedAt(recorded: number, step: number): string {
  if (recorded === step) return "";
  const apart = Math.abs(recorded - step);
  return `recorded at ${count(recorded)}, ${count(apart)} ${apart === 1 ? "step" : "steps"} ${recorded < step ? "before" : "after"}`;
}

export interface StepPart { readonly el: HTMLElement; draw(state: State, step: number | null, whole: boolean, ink: Inks): void }

/** `whole`: nothing else is looked at, so that all is shown; else one line that leads there. */
export function createStep(go: Go, choose: (parameter: string) => void, open: () => void): StepPart {
  const line = h("button", { class: "link", type: "button", onclick: open });
  const facts = h("dl", { class: "facts" });
  const batch = h("div", { class: "batch" });
  const profile = h("div", { class: "profile" });
  const rest = h("div", {}, facts, batch, profile);
  const el = h("div", { class: "stepview" }, h("div", { class: "lab" }, line), rest);
  let drawn: unknown[] = [];
  const draw = (state: State, step: number | null, whole: boolean, ink: Inks): void => {
    el.hidden = step === null;
    if (step === null) return;
    rest.hidden = !whole;
    line.hidden = whole;
    setText(line, `step ${count(step)}: batch and gradients`);
    const moment = momentAt(state.probes, step);
    const now = [step, whole, ink, state.graphStats, state.graph, state.probes.length, state.params, state.versions.series];
    if (!whole || now.every((one, i) => one === drawn[i])) return;
    drawn = now;
    facts.replaceChildren(...factsOf(state, step).flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]));
    batch.replaceChildren(...batchRows(state, step, go, ink));
    profile.replaceChildren(...profileRows(state, step, moment, choose));
  };
  return { el, draw };
}

function factsOf(state: State, step: number): [string, string][] {
  const main = mainSeries(state);
  const facts: [string, string][] = [];
  const at = main === null ? -1 : indexAt(main.steps, main.length, step);
  if (main !== null && at >= 0) facts.push([main.name.slice(0, 16), loss(main.values[at])]);
  const epoch = state.epochs.findLast(([, first]) => first < step)?.[0] ?? (state.status.epoch === null ? null : 1);
  if (epoch !== null) facts.push(["epoch", count(epoch)]);
  const rate = state.series.find(({ role }) => role === "lr");
  const rateAt = rate ? indexAt(rate.steps, rate.length, step) : -1;
  if (rate && rateAt >= 0) facts.push(["lr", num(rate.values[rateAt])]);
  return facts;
}

function heading(name: string, note: string): HTMLElement {
  return h("div", { class: "lab" }, h("h4", {}, name), h("span", { class: "dim" }, note));
}

function batchRows(state: State, step: number, go: Go, ink: Inks): HTMLElement[] {
  const { graph, graphStats } = state;
  const given = graphStats?.batch ?? null;
  if (graph === null || graphStats === null || given === null) return [heading("batch", state.travel?.waiting ? "asking the kernel" : "not recorded")];
  const place = given.index === null ? "" : `${count(given.index + 1)}${given.total === null ? "" : ` of ${count(given.total)}`}`;
  const rows = given.inputs.slice(0, 6).map((input) => inputRow(state, input, go, ink));
  return [heading(place ? `batch ${place}` : "batch", recordedAt(graphStats.step, step)), ...rows];
}

function inputRow({ graph, graphStats }: State, { node, shape: sizes, first, labels }: BatchInput, go: Go, ink: Inks): HTMLElement {
  const known = graph!.nodes[node];
  const of = (name: (typeof NODE_STATS)[number]): number => graphStats!.table[node * NODE_STAT_COUNT + NODE_STATS.indexOf(name)] ?? NaN;
  const name = h("button", { class: "link", type: "button", onclick: () => known && go(known) }, known?.name || known?.label || "input");
  const words = labels === null ? ` ${num(of("value_mean"))} ± ${num(of("value_std"))}, ${num(of("value_min"))} … ${num(of("value_max"))}` : ` ${labels.filter((n) => n > 0).length} labels`;
  const row = h("div", { class: "input" }, h("div", {}, name, h("span", { class: "mono" }, ` ${shape(sizes)}`), h("span", { class: "dim" }, words)));
  if (labels !== null) row.append(labelBars(labels, first, ink));
  return row;
}

/** How often each label came. */
function labelBars(labels: Float32Array, first: number, ink: Inks): HTMLCanvasElement {
  const most = Math.max(...labels);
  const rarest = Math.min(...labels);
  const canvas = h("canvas", { role: "img", "aria-label": `labels ${first} to ${first + labels.length - 1}, each ${rarest === most ? most : `${rarest} to ${most}`} times` });
  requestAnimationFrame(() => {
    const width = canvas.clientWidth || 276;
    const ctx = fitCanvas(canvas, width, LABELS_HIGH);
    if (!ctx) return;
    const wide = Math.min(24, width / labels.length);
    ctx.font = `10px ${ink.ui}`;
    ctx.textAlign = "center";
    labels.forEach((times, i) => {
      const tall = most > 0 ? (24 * times) / most : 0;
      ctx.fillStyle = ink.value;
      ctx.fillRect(i * wide, 24 - tall, Math.max(1, wide - 1), tall);
      ctx.fillStyle = ink["ink-2"];
      if (wide >= 14) ctx.fillText(String(first + i), (i + 0.5) * wide, LABELS_HIGH - 2, wide);
    });
    setAttr(canvas, "title", `each label up to ${most} times`);
  });
  return canvas;
}

function profileRows(state: State, step: number, moment: number, choose: (parameter: string) => void): HTMLElement[] {
  if (moment < 0 || state.params.length === 0) return [];
  const labels = shortLabels(state.params.map(({ name }) => name));
  const rows = profileOf(state, moment).map(({ row, name, norm, factor }) => {
    const unlike = factor >= 2 || factor <= 0.5;
    const usual = Number.isNaN(factor) ? "" : `${unlike ? "▲ " : ""}×${num(factor)}`;
    return h("div", {}, h("button", { class: "link mono", type: "button", title: name, onclick: () => choose(name) }, labels[row]), h("b", {}, num(norm)), h("span", { class: "dim" }, usual));
  });
  return [heading("|grad|, × its usual size", recordedAt(state.probes.steps[moment], step)), ...rows];
}
