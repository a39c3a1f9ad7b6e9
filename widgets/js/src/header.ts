// The line on top: state, controls, learning rate, progress.
import { suggestedRate } from "./coachwords";
import { h, icon, s, setAttr, setText } from "./dom";
import { count, plain, sci } from "./format";
import type { Actions, Panel } from "./panel";
import { fullScreenButton } from "./stage";
import { type State, type Store, controlsLive, isActive } from "./store";
import { type Shape, describeStatus, statusText } from "./words";

const ANNOUNCE_MS = 5000; // while a run goes on, the polite status says at most one thing in five seconds; a new state at once
const SEND_MS = 50;
const SETTLE_MS = 1500; // how long the slider's own value holds while the kernel has not confirmed it
const SLIDER = { left: 10, width: 93, thumb: 4 };

const SHAPES: Record<Shape, [tag: "circle" | "path", kind: string, value: string][]> = {
  waiting: [["circle", "o", "2 2"]],
  running: [["circle", "b", ""]],
  paused: [["path", "", "M1.5 1H4v8H1.5zM6 1h2.500v8H6z"]],
  halted: [["path", "h", "M3.200.500h3.600L9.500 3.200v3.600L6.800 9.500H3.200L.500 6.800V3.200z"]],
  stopped: [["path", "", "M1.500 1.500h7v7h-7z"]],
  finished: [["path", "k", "M1 5.500L4 8.500 9.200 1.800"]],
  disconnected: [["circle", "o", ""], ["path", "o", "M2.300 7.700L7.700 2.300"]],
  error: [["path", "x", "M1.500 1.500l7 7M8.500 1.500l-7 7"]],
};

const PAUSE = "M1.5 1h2.500v8H1.500zM6 1h2.500v8H6z";
const RESUME = "M2 1l7 4-7 4z";

export function createHeader(_store: Store, actions: Actions): Panel {
  const line = createStatusLine();
  const buttons = createButtons(actions);
  const slider = createLearningRate(actions);
  const saveWord = h("span", {}, "Save picture");
  const save = h("button", { class: "btn save", type: "button", "aria-label": "Save picture", title: "Save this view as a picture", onclick: () => actions.savePicture() }, icon(14, "M7 2v6.500M4.200 6L7 8.800 9.800 6M2.500 11.500h9"), saveWord);
  const progress = createProgress();
  const el = h("header", { class: "head" }, line.announced, line.el, h("div", { class: "ctl" }, buttons.el, slider.el, save, fullScreenButton(() => actions.toggleFullScreen())), progress.el);
  const draw = (state: State): void => {
    const over = isOver(state);
    line.draw(state);
    buttons.el.hidden = over;
    save.classList.toggle("i", !over);
    saveWord.hidden = !over;
    if (!over) buttons.draw(state);
    slider.el.hidden = over || state.lr.value === null;
    slider.draw(state);
    progress.draw(state);
  };
  return { el, draw, destroy: () => { line.destroy(); slider.destroy(); el.remove(); } };
}

/** Nothing left to control: the run ended, or nobody is there. */
const isOver = (state: State): boolean => !isActive(state);

function createStatusLine(): { el: HTMLElement; announced: HTMLElement; draw(state: State): void; destroy(): void } {
  const mark = s("svg", { viewBox: "0 0 10 10" });
  const word = h("strong");
  const el = h("div", { class: "status", "aria-hidden": "true" }, mark, word);
  const announced = h("div", { class: "a11y", role: "status", "aria-live": "polite" });
  const spans: HTMLElement[] = [];
  let shape = "";
  let said = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let latest = "";
  const say = (): void => {
    timer = undefined;
    said = Date.now();
    setText(announced, latest);
  };
  const announce = (text: string, atOnce: boolean): void => {
    if (text === latest) return;
    latest = text;
    if (atOnce) { clearTimeout(timer); say(); }
    else timer ??= setTimeout(say, Math.max(0, said + ANNOUNCE_MS - Date.now()));
  };
  const draw = (state: State): void => {
    const found = describeStatus(state);
    announce(statusText(state), found.word !== shape || found.word !== "running");
    if (found.word !== shape) {
      shape = found.word;
      mark.replaceChildren(...SHAPES[found.shape].map(([tag, kind, value]) =>
        tag === "path" ? s("path", { class: kind, d: value }) : s("circle", { class: kind, cx: 5, cy: 5, r: kind === "b" ? 4 : 3.8, "stroke-dasharray": value || undefined })));
      setText(word, found.word);
    }
    while (spans.length < found.facts.length) { const span = h("span", {}, h("i", {}, "·"), document.createTextNode(""), h("b"), document.createTextNode("")); spans.push(span); el.append(span); }
    while (spans.length > found.facts.length) spans.pop()?.remove();
    found.facts.forEach(({ before, value, after }, i) => {
      const [, first, middle, last] = spans[i].childNodes as unknown as [Node, Text, HTMLElement, Text];
      if (first.data !== before) first.data = before;
      setText(middle, value);
      if (last.data !== after) last.data = after;
    });
    setAttr(el, "title", state.status.state === "error" && state.error ? `${state.error.type}: ${state.error.message}` : null);
  };
  return { el, announced, draw, destroy: () => clearTimeout(timer) };
}

function createButtons(actions: Actions): { el: HTMLElement; draw(state: State): void } {
  const pausePath = s("path", { d: PAUSE });
  const pauseWord = document.createTextNode("Pause");
  let paused = false;
  const button = (label: Node, picture: Node, kind: string, act: () => void): HTMLButtonElement => h("button", { class: `btn ${kind}`, type: "button", onclick: act }, picture, label);
  let halted = false;
  const stepWord = document.createTextNode("Step");
  const pause = button(pauseWord, s("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, pausePath), "pause", () => actions.control(halted ? "continue" : paused ? "resume" : "pause"));
  const step = button(stepWord, icon(10, "M1 1l5 4-5 4zM7 1h1.800v8H7z"), "", () => actions.control(halted ? "step_op" : "step"));
  const stop = button(document.createTextNode("Stop"), icon(10, "M1.500 1.500h7v7h-7z"), "", () => actions.control("stop"));
  const draw = (state: State): void => {
    paused = state.status.state === "paused";
    setAttr(pausePath, "d", paused ? RESUME : PAUSE);
    halted = paused && state.stop !== null;
    rename(pauseWord, halted ? "Continue" : paused ? "Resume" : "Pause");
    rename(stepWord, halted ? "Step op" : "Step");
    const off = !controlsLive(state) || state.status.state === "waiting";
    for (const one of [pause, step, stop]) {
      one.disabled = off;
      setAttr(one, "title", off && state.controls.why ? plain(state.controls.why) : null);
    }
    if (off) return;
    setAttr(step, "title", halted ? "Compute one more operation (S)" : "One step, then pause");
    setAttr(pause, "title", halted ? "Go on to the next stop (C)" : null);
  };
  return { el: h("span", { class: "bt" }, pause, step, stop), draw };
}

function rename(word: Text, text: string): void {
  if (word.data !== text) word.data = text;
}

/** Bounds of the slider as powers of ten that hold every value shown so far: they only grow. */
function createLearningRate(actions: Actions): { el: HTMLElement; draw(state: State): void; destroy(): void } {
  const scale = s("svg", { viewBox: "0 0 112 24", "aria-hidden": "true", preserveAspectRatio: "none" });
  const input = h("input", { type: "range", min: -5, max: -1, step: "any", "aria-label": "Learning rate" });
  const output = h("output", { "aria-hidden": "true" });
  const el = h("label", { class: "lr" }, h("span", { class: "dim" }, "Learning rate"), h("span", { class: "lrs" }, scale, input), output);
  let bounds: [number, number] = [-5, -1];
  let drawn = "";
  let heldUntil = 0;
  let pending: ReturnType<typeof setTimeout> | undefined;
  let sentAt = 0;
  const show = (value: number): void => {
    setText(output, sci(value));
    setAttr(input, "aria-valuetext", plain(sci(value)));
  };
  const send = (): void => {
    pending = undefined;
    sentAt = Date.now();
    actions.control("learning_rate", Number((10 ** Number(input.value)).toPrecision(3)));
  };
  input.addEventListener("input", () => {
    heldUntil = Date.now() + SETTLE_MS;
    show(10 ** Number(input.value));
    pending ??= setTimeout(send, Math.max(0, sentAt + SEND_MS - Date.now()));
  });
  // Twenty presses a decade: each is 12 %, which the two figures of the read-out show.
  input.addEventListener("keydown", (event) => {
    const moves: Record<string, number> = { ArrowRight: 0.05, ArrowUp: 0.05, ArrowLeft: -0.05, ArrowDown: -0.05, PageUp: 0.5, PageDown: -0.5 };
    const move = moves[event.key];
    if (move === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.value = String(Math.min(bounds[1], Math.max(bounds[0], Number(input.value) + move)));
    input.dispatchEvent(new Event("input"));
  });
  const place = (exponent: number): number => SLIDER.left + ((exponent - bounds[0]) / (bounds[1] - bounds[0])) * SLIDER.width;
  const drawScale = (suggested: number | null): void => {
    const key = `${bounds.join()} ${suggested}`;
    if (key === drawn) return;
    drawn = key;
    const ticks = Array.from({ length: bounds[1] - bounds[0] + 1 }, (_, i) => s("path", { class: "tick", d: `M${Math.round(place(bounds[0] + i)) + 0.5} 17v4` }));
    const x = suggested === null ? 0 : place(Math.log10(suggested));
    scale.replaceChildren(...ticks, ...(suggested === null ? [] : [s("path", { class: "hint", d: `M${x - 3.5} 1.500h7l-3.500 6z` })]));
    setAttr(el, "title", suggested === null ? null : `suggested ${sci(suggested)}`);
  };
  const draw = (state: State): void => {
    const { value } = state.lr;
    const suggested = state.lr.suggested ?? suggestedRate(state);
    if (value === null) return;
    const wanted = [value, suggested].filter((one): one is number => one !== null && one > 0).map(Math.log10);
    bounds = [Math.min(bounds[0], ...wanted.map(Math.floor)), Math.max(bounds[1], ...wanted.map(Math.ceil))];
    setAttr(input, "min", String(bounds[0]));
    setAttr(input, "max", String(bounds[1]));
    drawScale(suggested !== null && suggested > 0 ? suggested : null);
    input.disabled = !controlsLive(state);
    if (Date.now() < heldUntil) return;
    input.value = String(value > 0 ? Math.log10(value) : bounds[0]);
    show(value);
  };
  return { el, draw, destroy: () => clearTimeout(pending) };
}

function createProgress(): { el: HTMLElement; draw(state: State): void } {
  const bar = h("i");
  const el = h("div", { class: "prog", role: "progressbar", "aria-label": "Progress", "aria-valuemin": "0", "aria-valuemax": "100" }, bar);
  const draw = (state: State): void => {
    const { step, total } = state.status;
    el.hidden = total === null || total === 0 || isOver(state);
    if (total === null || total === 0) return;
    const percent = Math.min(100, (100 * step) / total);
    bar.style.width = `${percent.toFixed(2)}%`;
    setAttr(el, "aria-valuenow", percent.toFixed(0));
    setAttr(el, "aria-valuetext", `step ${count(step)} of ${count(total)}`);
  };
  return { el, draw };
}
