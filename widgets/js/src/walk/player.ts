// The one state of a walkthrough: which step, what is hidden, what was answered. Panes read it; keys, buttons and clicks change it here.
import { largest } from "../decimate";
import type { Quiz } from "./data";
import { type Outcome, isSettled } from "./grade";
import { type Key, type Model, keyOf } from "./model";

export const SPEEDS = [0.5, 1, 2, 4]; // steps a second

export interface WalkState {
  step: number; // from 0
  phase: 0 | 1; // presenter mode: code and graph, then the formula
  window: number; // of a convolution
  facet: number; // of a tensor with more than two dimensions; a head of attention
  speed: number;
  playing: boolean;
  presenter: boolean;
  hideNew: boolean; // what a step brings is hidden until it is revealed
  hidden: Set<Key>;
  revealed: Set<string>; // `step:key`: shown although new values are hidden
  folded: Set<string>;
  typed: Map<string, string[]>; // by question
  outcomes: Map<string, Outcome>;
}

/** A question on screen: one of the lesson's, or about what the lecturer hid. */
export interface Question extends Quiz { id: string; own: boolean }

const fresh = (): WalkState => ({
  step: 0, phase: 0, window: 0, facet: 0, speed: 1, playing: false, presenter: false, hideNew: false, hidden: new Set(), revealed: new Set(), folded: new Set(), typed: new Map(), outcomes: new Map(),
});

export class Player {
  readonly state: WalkState;
  private readonly listeners = new Set<() => void>();

  constructor(readonly model: Model, kept?: WalkState) {
    this.state = kept ? { ...kept, playing: false, presenter: false, phase: 0 } : fresh();
    this.state.step = this.clamp(this.state.step);
  }

  get last(): number {
    return Math.max(0, this.model.walk.steps.length - 1);
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  set(change: Partial<WalkState>): void {
    Object.assign(this.state, change);
    for (const listener of this.listeners) listener();
  }

  private readonly clamp = (step: number): number => Math.min(this.last, Math.max(0, Math.round(step)));

  /** Go to a step; the hands of the viewer end the playing. */
  go(step: number): void {
    this.set({ step: this.clamp(step), window: 0, phase: 0, playing: false });
  }

  /** Next idea: in presenter mode code and graph come first, then the formula. */
  next(): void {
    const { presenter, phase, step } = this.state;
    if (presenter && phase === 0 && this.hasFormula(step)) this.set({ phase: 1, playing: false });
    else if (step < this.last) this.go(step + 1);
  }

  previous(): void {
    const { presenter, phase, step } = this.state;
    if (presenter && phase === 1) this.set({ phase: 0, playing: false });
    else if (step > 0) {
      this.go(step - 1);
      if (presenter && this.hasFormula(this.state.step)) this.set({ phase: 1 });
    }
  }

  hasFormula(at: number): boolean {
    const step = this.model.step(at);
    return step !== undefined && step.filled.length + step.parts.length + step.changes.length + step.chain.length > 0;
  }

  play(playing = !this.state.playing): void {
    const { step, window } = this.state;
    const ended = step >= this.last;
    this.set({ playing: playing && this.last > 0, ...(playing && ended ? { step: 0, window: 0, phase: 0 } : { step, window }) });
  }

  /** One beat of playing: windows of a convolution first, then the next step; an open question waits for its answer. */
  beat(): void {
    const { step, window } = this.state;
    const windows = this.windows(step);
    if (window < windows - 1) this.set({ window: window + 1 });
    else if (step >= this.last) this.set({ playing: false });
    else this.set({ step: step + 1, window: 0, phase: 0, playing: step + 1 < this.last && !this.waits(step + 1) });
  }

  /** Whether a question of a step is still open. */
  private waits(at: number): boolean {
    const question = this.question(at);
    return question !== null && !this.settled(question.id);
  }

  windows(at: number): number {
    return this.model.step(at)?.phase === "forward" ? (this.model.op(at)?.windows?.windows.length ?? 0) : 0;
  }

  /** The first step of a phase, in the turn of the loop that is on screen. */
  firstOf(phase: "forward" | "backward"): void {
    const { steps } = this.model.walk;
    const episode = this.model.episodeAt(this.state.step);
    const from = episode?.from ?? 0;
    const found = steps.findIndex((step, at) => at >= from && step.phase === phase);
    if (found >= 0) this.go(found);
  }

  faster(by: 1 | -1): void {
    const at = SPEEDS.indexOf(this.state.speed);
    this.set({ speed: SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, at + by))] });
  }

  toggleFold(key: string): void {
    const folded = new Set(this.state.folded);
    if (!folded.delete(key)) folded.add(key);
    this.set({ folded });
  }

  /** The question at a step: one that the lesson asks there, else what was hidden by hand and is known by now. */
  question(at: number): Question | null {
    const { quiz } = this.model.walk;
    for (const [index, one] of quiz.entries()) {
      if ((at === one.step || at === one.step - 1) && !this.settledBefore(`quiz:${index}`, at, one)) return { ...one, id: `quiz:${index}`, own: false };
    }
    return this.ownQuestion(at);
  }

  /** A settled question stays on screen where it was settled or what it asks about appears; elsewhere it makes room for the next one. */
  private settledBefore(id: string, at: number, one: Quiz): boolean {
    return this.settled(id) && at !== one.step && this.model.walk.quiz.some((other, index) => (at === other.step || at === other.step - 1) && !this.settled(`quiz:${index}`));
  }

  settled(id: string): boolean {
    return isSettled(this.state.outcomes.get(id));
  }

  /** About what was hidden by hand and is known by now; once it is settled, as long as the step stays. */
  private ownQuestion(at: number): Question | null {
    const { hidden, outcomes } = this.state;
    const settled = [...outcomes.keys()].findLast((id) => id.startsWith("own:") && id.endsWith(`@${at}`));
    const open = [...this.model.newAt(at), ...hidden].find((key) => this.hiddenByHand(key, at) && this.blockOf(key, at) !== null);
    const key = open ?? (settled?.slice(4, settled.indexOf("@")) as Key | undefined);
    const block = key === undefined ? null : this.blockOf(key, at);
    if (key === undefined || block === null) return null;
    const [of, id] = key.split(":") as ["value" | "grad", string];
    const tolerance = Math.min(0.05, 0.02 * largest(block.data)); // as exact as a matrix shows its entries
    return {
      id: `own:${key}@${at}`, own: true, step: at, ask: "value", target: Number(id), of, entry: null, prompt: "",
      answer: [...block.data], tolerance, why: "",
    };
  }

  private blockOf(key: Key, at: number): { data: Float32Array } | null {
    const [of, id] = key.split(":");
    if (of === "grad") return this.model.gradAt(Number(id), at);
    return this.model.madeAt(Number(id)) <= at ? (this.model.value(Number(id))?.block ?? null) : null;
  }

  private hiddenByHand(key: Key, at: number): boolean {
    const { hidden, hideNew, revealed } = this.state;
    return hidden.has(key) || (hideNew && this.model.newAt(at).has(key) && !revealed.has(`${at}:${key}`));
  }

  /** Whether a value or gradient is shown as `?` at the current step. */
  isHidden(of: "value" | "grad", id: number): boolean {
    const { step } = this.state;
    const key = keyOf(of, id);
    if (this.hiddenByHand(key, step)) return true;
    return this.model.walk.quiz.some((one, index) => one.step === step && one.target === id && one.of === of && one.ask !== "shape" && !this.settled(`quiz:${index}`));
  }

  /** Hide a value by hand, or show it again. */
  toggleHidden(key: Key): void {
    const hidden = new Set(this.state.hidden);
    const revealed = new Set(this.state.revealed);
    if (this.hiddenByHand(key, this.state.step)) {
      hidden.delete(key);
      revealed.add(`${this.state.step}:${key}`);
    } else {
      hidden.add(key);
      revealed.delete(`${this.state.step}:${key}`);
    }
    this.set({ hidden, revealed });
  }

  type(question: Question, texts: string[]): void {
    this.set({ typed: new Map(this.state.typed).set(question.id, texts) });
  }

  settle(question: Question, outcome: Outcome): void {
    const outcomes = new Map(this.state.outcomes).set(question.id, outcome);
    const key = keyOf(question.of, question.target);
    const hidden = new Set(this.state.hidden);
    const revealed = new Set(this.state.revealed);
    if (question.own && isSettled(outcome)) {
      hidden.delete(key);
      revealed.add(`${this.state.step}:${key}`);
    }
    this.set({ outcomes, hidden, revealed });
  }

  /** Answered so far, and right ones among them. */
  score(): { right: number; of: number } {
    const checked = [...this.state.outcomes.values()].filter(({ by }) => by !== "skip");
    return { right: checked.filter(({ right }) => right).length, of: checked.length };
  }
}
