// Facts about a walkthrough that several panes ask for: when a value is made, what a gradient is by then, which ops stand on one picture.
import type { Block, Op, Step, Value, Walk } from "./data";

/** A value or a gradient, as hidden, asked for and highlighted: `value:3`, `grad:3`. */
export type Key = `value:${number}` | `grad:${number}`;
export const keyOf = (of: "value" | "grad", id: number): Key => `${of}:${id}`;

/** A part of the walk that is one picture: a forward pass with the backward passes after it. `back`: its first backward step, Infinity without one. */
interface Episode { index: number; from: number; to: number; back: number; ops: number[] }

interface Known { step: number; block: Block }

export class Model {
  readonly forwardOf = new Map<number, number>();
  readonly backwardOf = new Map<number, number[]>();
  readonly episodes: Episode[];
  private news: { at: number; keys: ReadonlySet<Key> } = { at: -1, keys: new Set() };
  private readonly lines = new Map<string, number[]>();
  private readonly grads = new Map<number, Known[]>();
  private readonly used = new Map<number, number>();
  private readonly roots = new Map<number, { step: number; symbol: string }>(); // the call of backward that starts from a value

  constructor(readonly walk: Walk) {
    walk.steps.forEach((step, at) => this.take(step, at));
    this.episodes = episodesOf(walk, this.forwardOf);
  }

  private take(step: Step, at: number): void {
    const op = step.op === null ? undefined : this.walk.ops.get(step.op);
    for (const { text, line } of [step, ...(op?.via ?? [])]) this.onLine(text, line, at);
    if (step.root !== null) this.roots.set(step.root.value, { step: at, symbol: step.root.symbol });
    if (op === undefined) return;
    if (step.phase === "forward") {
      if (!this.forwardOf.has(op.id)) this.forwardOf.set(op.id, at);
      for (const input of op.inputs) if (input !== null && !this.used.has(input)) this.used.set(input, at);
    }
    if (step.phase !== "backward") return;
    this.backwardOf.set(op.id, [...(this.backwardOf.get(op.id) ?? []), at]);
    const [out] = op.output;
    if (step.grad && out !== undefined && this.gradAt(out, at) === null) this.know(out, this.roots.get(out)?.step ?? at, step.grad);
    for (const part of step.parts) if (part.total) this.know(part.to, at, part.total);
  }

  private onLine(text: number, line: number | null, at: number): void {
    const key = `${text}:${line}`;
    const steps = this.lines.get(key);
    if (steps === undefined) this.lines.set(key, [at]);
    else if (steps[steps.length - 1] !== at) steps.push(at);
  }

  /** Steps of a line of one of the texts, those inside functions that it calls among them. */
  stepsOn(text: number, line: number): number[] {
    return this.lines.get(`${text}:${line}`) ?? [];
  }

  private know(value: number, step: number, block: Block): void {
    const known = this.grads.get(value);
    if (known) known.push({ step, block });
    else this.grads.set(value, [{ step, block }]);
  }

  /** How the loss is called in formulas, `L` in `∂L/∂h`; of another value: null. */
  rootSymbol(id: number): string | null {
    return this.roots.get(id)?.symbol ?? null;
  }

  /** What the backward pass around a step starts from, as formulas call it. */
  lossAt(at: number): string {
    const episode = this.episodeAt(at);
    return [...this.roots.values()].find(({ step }) => episode !== null && step >= episode.from && step <= episode.to)?.symbol ?? "";
  }

  /** Whether there is a backward at all. */
  get goesBack(): boolean {
    return this.backwardOf.size > 0;
  }

  step(at: number): Step | undefined {
    return this.walk.steps[at];
  }

  op(at: number): Op | undefined {
    const step = this.walk.steps[at];
    return step?.op === null || step === undefined ? undefined : this.walk.ops.get(step.op);
  }

  value(id: number): Value | undefined {
    return this.walk.values.get(id);
  }

  /** Step that makes a value, or that first uses it; -1: it was there before. */
  madeAt(id: number): number {
    const from = this.value(id)?.from;
    return (from !== null && from !== undefined ? this.forwardOf.get(from) : undefined) ?? this.used.get(id) ?? -1;
  }

  /** The gradient of a value as it stands after `step`: null while none has arrived. */
  gradAt(id: number, step: number): Block | null {
    return this.lastGrad(id, step)?.block ?? null;
  }

  /** The step by which the gradient of a value last changed. */
  gradStep(id: number, step: number): number {
    return this.lastGrad(id, step)?.step ?? -1;
  }

  private lastGrad(id: number, step: number): Known | null {
    return this.grads.get(id)?.findLast((known) => known.step <= step) ?? null;
  }

  everGrad(id: number): boolean {
    return this.grads.has(id);
  }

  episodeAt(step: number): Episode | null {
    return this.episodes.find(({ from, to }) => step >= from && step <= to) ?? null;
  }

  /** Whether the backward pass on a step's picture has begun by then: from there on, gradients that will come are shown as `?`. */
  hasBegun(step: number): boolean {
    return step >= (this.episodeAt(step)?.back ?? Infinity);
  }

  /** What a step brings: its op's outputs, or the gradients that it hands on. */
  newAt(at: number): ReadonlySet<Key> {
    if (this.news.at !== at) this.news = { at, keys: this.findNew(at) };
    return this.news.keys;
  }

  private findNew(at: number): Set<Key> {
    const step = this.walk.steps[at];
    const op = this.op(at);
    const keys = new Set<Key>();
    if (step?.phase === "forward") for (const id of op?.output ?? []) keys.add(keyOf("value", id));
    if (step?.phase === "backward") {
      for (const part of step.parts) keys.add(keyOf("grad", part.to));
    }
    if (step?.root && this.gradStep(step.root.value, at) === at) keys.add(keyOf("grad", step.root.value));
    for (const { value } of step?.changes ?? []) keys.add(keyOf("value", value));
    return keys;
  }
}

/** Cut the steps where another pass begins after a backward; ops that a later backward still goes through are on its picture too. */
function episodesOf(walk: Walk, forwardOf: Map<number, number>): Episode[] {
  const episodes: Episode[] = [];
  let from = 0;
  let [forth, back] = [false, false];
  walk.steps.forEach(({ phase, what }, at) => {
    if (back && (phase === "forward" || (!forth && what === "backward"))) {
      episodes.push({ index: episodes.length, from, to: at - 1, back: Infinity, ops: [] });
      from = at;
      [forth, back] = [false, false];
    }
    forth ||= phase === "forward";
    back ||= phase === "backward";
  });
  if (walk.steps.length > 0) episodes.push({ index: episodes.length, from, to: walk.steps.length - 1, back: Infinity, ops: [] });
  for (const episode of episodes) {
    const ops = new Set<number>();
    walk.steps.slice(episode.from, episode.to + 1).forEach(({ op, phase }, at) => {
      if (op !== null && walk.ops.has(op)) ops.add(op);
      if (phase === "backward") episode.back = Math.min(episode.back, episode.from + at);
    });
    episode.ops = [...ops].sort((a, b) => (forwardOf.get(a) ?? -1) - (forwardOf.get(b) ?? -1) || a - b); // ids are in the order of running
  }
  return episodes;
}

/** How a value is called in a sentence: its symbol (the name, with a number where others share it), else what made it. */
export function called(model: Model, id: number): string {
  const value = model.value(id);
  if (value === undefined) return "?";
  return value.symbol || value.name || value.kind;
}
