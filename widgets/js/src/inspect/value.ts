// A tensor to look at: its value or its gradient as a picture that fits its axes, a chooser for each axis left, both histograms.
import { largest } from "../decimate";
import { h, setAttr, setText } from "../dom";
import { count, num, plural, shape } from "../format";
import { type Inks, density } from "../theme";
import { type About, type Excerpt, type Part, type Plan, type Raster, indicesOf, isWhole, omitted, planOf, rasterOf } from "./excerpt";
import { brokenInk, drawHistogram, drawList, drawNumbers, drawRaster, drawScale, imageRange } from "./plots";

const LIST_HIGH = 56;
const TALLEST = { narrow: 128, wide: 216 }; // px, by the width of the inspector
const WIDE = 300;
const NUMBER = { wide: 34, high: 20, rows: 10 }; // a matrix whose cells are at least so wide has its numbers written in
const LARGEST_PIXEL = 24;

/** One tensor at one step; of some nothing but the gradient is known. */
export interface Seen { about: About; value: Part | null; grad: Part | null; step: number | null; noGrad: string }

export interface ValuePart { readonly el: HTMLElement; draw(seen: Seen | null, ink: Inks): void }

export function createValue(): ValuePart {
  return new Value();
}

class Value implements ValuePart {
  private readonly words = h("span", { class: "dim read" });
  private readonly spoken = h("span", { class: "a11y", "aria-live": "polite" });
  private readonly ofValue = this.choice("value", false);
  private readonly ofGrad = this.choice("gradient", true);
  private readonly choosers = h("div", { class: "choosers" });
  private readonly canvas = h("canvas", { role: "img", tabindex: 0 });
  private readonly mark = h("i", { class: "at", hidden: true });
  private readonly number = h("output", { class: "number" });
  private readonly picture = h("div", { class: "picture" }, this.canvas, this.mark, this.number);
  private readonly low = h("span", { class: "mono" });
  private readonly high = h("span", { class: "mono" });
  private readonly ramp = h("canvas", { "aria-hidden": "true" });
  private readonly scale = h("div", { class: "scale" }, this.low, this.ramp, this.high);
  private readonly swatch = h("i", { "aria-hidden": "true" }); // as what is not finite looks in a heat map
  private readonly badWords = h("span");
  private readonly bad = h("p", { class: "bad" }, this.swatch, this.badWords);
  private readonly bars = [createHistogram("value"), createHistogram("grad")] as const;
  private readonly two = h("div", { class: "two" }, this.bars[0].el, this.bars[1].el);
  private readonly head = h("div", { class: "lab" }, h("span", { class: "seg", role: "group", "aria-label": "Picture" }, this.ofValue, this.ofGrad), this.words, this.spoken);
  readonly el = h(
    "div", { class: "tensor" },
    this.head,
    this.choosers, this.picture, this.scale, this.bad, this.two,
  );
  private showsGrad = false;
  private at: number[] = []; // indices along the free axes
  private cursor = -1; // pixel of the raster, or element of a list
  private seen: Seen | null = null;
  private ink: Inks | null = null;
  private plan: Plan = planOf({ shape: [], kind: "", op: "" });
  private raster: Raster = { width: 1, height: 1, index: new Int32Array(1) };
  private drawn: unknown[] = [];

  constructor() {
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => this.moveTo(-1, false));
    this.canvas.addEventListener("blur", () => this.moveTo(-1, false));
    this.canvas.addEventListener("keydown", (event) => this.keys(event));
  }

  draw(seen: Seen | null, ink: Inks): void {
    this.el.hidden = seen === null;
    if (seen === null) { this.seen = null; return; }
    if (seen.about.shape.join() !== this.seen?.about.shape.join()) [this.at, this.cursor, this.showsGrad] = [[], -1, false];
    this.seen = seen;
    this.ink = ink;
    if (seen.grad === null) this.showsGrad = false;
    else if (seen.value === null) this.showsGrad = seen.grad.picture !== null;
    this.paint();
  }

  private choice(text: string, grad: boolean): HTMLButtonElement {
    const choose = (): void => { this.showsGrad = grad; this.cursor = -1; this.paint(); };
    return h("button", { class: "btn", type: "button", onclick: choose }, h("span", {}, text));
  }

  private part(): Part | null {
    return this.showsGrad ? (this.seen?.grad ?? null) : (this.seen?.value ?? null);
  }

  private paint(): void {
    const { seen, ink } = this;
    if (seen === null || ink === null) return;
    const part = this.part();
    const width = this.picture.clientWidth || 276;
    const now = [seen.value, seen.grad, seen.step, ink, width, this.showsGrad, this.at.join(), density()];
    if (now.every((one, i) => one === this.drawn[i]) && now.length === this.drawn.length) return;
    this.drawn = now;
    setAttr(this.ofValue, "aria-pressed", String(!this.showsGrad));
    setAttr(this.ofGrad, "aria-pressed", String(this.showsGrad));
    this.ofGrad.disabled = seen.grad === null;
    this.ofValue.disabled = seen.value === null;
    setAttr(this.ofValue, "title", seen.value === null ? "The value was not recorded at this step" : null);
    setAttr(this.ofGrad, "title", seen.grad === null ? seen.noGrad : null);
    this.head.hidden = this.choosers.hidden = this.picture.hidden = part === null;
    if (part !== null) this.paintPicture(part, seen, width, ink);
    if (part === null) this.scale.hidden = this.swatch.hidden = true;
    const bad = part?.bad ?? 0;
    this.bad.hidden = bad === 0;
    setText(this.badWords, `▲ ${plural(bad, "element")} looked at ${bad === 1 ? "is" : "are"} NaN or infinite`);
    this.two.hidden = part !== null && this.plan.kind === "number";
    this.bars[0].draw(seen.value, ink.value, ink);
    this.bars[1].draw(seen.grad, ink.grad, ink);
    this.tell();
  }

  private paintPicture(part: Part, seen: Seen, width: number, ink: Inks): void {
    const { picture } = part;
    const known = picture?.coarse ? { ...seen.about, shape: picture.shape } : seen.about;
    this.plan = this.showsGrad ? { ...planOf(known), colour: "heat" } : planOf(known);
    const { kind, colour } = this.plan;
    const tallest = width > WIDE ? TALLEST.wide : TALLEST.narrow;
    const listed = kind === "list";
    this.canvas.hidden = picture === null || kind === "number";
    this.number.hidden = kind !== "number" || picture === null;
    const most = picture ? largest(picture.values) : 0;
    this.scale.hidden = picture === null || kind === "number" || listed || (colour === "heat" && most === 0); // of nothing but 0 and NaN there is none
    this.swatch.hidden = true;
    if (picture === null) { this.choosers.replaceChildren(); return; }
    setText(this.number, num(picture.values[0]));
    this.paintChoosers(picture, seen);
    this.raster = rasterOf(picture, this.plan, this.at);
    setAttr(this.canvas, "aria-label", labelOf(this.showsGrad ? "gradient" : "value", part, seen));
    if (listed) {
      this.size(width, LIST_HIGH);
      drawList(this.canvas, picture, width, LIST_HIGH, ink);
    } else if (kind === "map" && width / this.raster.width >= NUMBER.wide && this.raster.height <= NUMBER.rows) {
      this.size(width, this.raster.height * NUMBER.high);
      drawNumbers(this.canvas, this.raster, picture, width, NUMBER.high, ink);
    } else {
      const { width: columns, height: rows } = this.raster;
      const square = Math.min(width / columns, tallest / rows, LARGEST_PIXEL);
      // A map of any proportion fills the width; what has a shape of its own keeps it.
      if (kind === "map") this.size(width, Math.max(48, Math.min(tallest, rows * Math.max(1, Math.min(width / columns, LARGEST_PIXEL)))));
      else this.size(columns * (square >= 1 ? Math.floor(square) : square), rows * (square >= 1 ? Math.floor(square) : square));
      drawRaster(this.canvas, this.raster, picture, this.plan, ink);
      this.swatch.hidden = false;
      this.swatch.style.background = `var(--${brokenInk(colour)})`;
    }
    const [low, high] = colour === "heat" ? [-most, most] : imageRange(picture.values);
    if (!this.scale.hidden) drawScale(this.ramp, colour, ink);
    setText(this.low, num(low));
    setText(this.high, num(high));
  }

  private size(width: number, height: number): void {
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
  }

  /** One slider for each axis that is not drawn. */
  private paintChoosers({ shape: kept }: Excerpt, { about }: Seen): void {
    const { free } = this.plan;
    const known = [...this.choosers.querySelectorAll("input")];
    if (known.length !== free.length || free.some((axis, i) => known[i].max !== String(kept[axis] - 1))) {
      this.choosers.replaceChildren(...free.map((axis, i) => this.chooser(axis, i, kept[axis], about)));
    }
    [...this.choosers.querySelectorAll("output")].forEach((output, i) => setText(output, `${this.at[i] ?? 0} of ${count(about.shape[free[i]])}`));
  }

  private chooser(axis: number, i: number, kept: number, about: About): HTMLElement {
    const name = axisName(axis, about);
    const input = h("input", { type: "range", min: 0, max: kept - 1, step: 1, value: this.at[i] ?? 0, "aria-label": `Index along ${name}` });
    input.addEventListener("input", () => {
      this.at[i] = Number(input.value);
      this.paint();
    });
    return h("label", {}, h("span", { class: "dim" }, name), input, h("output"));
  }

  // ── one element under the pointer or the keys ──

  private point(event: PointerEvent): void {
    const { width, height } = this.raster;
    const { clientWidth, clientHeight } = this.canvas;
    const x = Math.floor((event.offsetX / clientWidth) * width);
    const y = this.plan.kind === "list" ? 0 : Math.floor((event.offsetY / clientHeight) * height);
    this.moveTo(x >= 0 && x < width && y >= 0 && y < height ? y * width + x : -1, false);
  }

  private keys(event: KeyboardEvent): void {
    const { width, index } = this.raster;
    const moves: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -width, ArrowDown: width };
    if (!(event.key in moves) && event.key !== "Home" && event.key !== "End") return;
    let next = event.key === "End" ? index.length - 1 : event.key === "Home" || this.cursor < 0 ? 0 : this.cursor + moves[event.key];
    while (index[next] === -1) next += moves[event.key] ?? -1; // over a gap
    if (index[next] !== undefined) this.moveTo(next, true);
    event.preventDefault();
    event.stopPropagation();
  }

  private moveTo(cursor: number, aloud: boolean): void {
    if (this.raster.index[cursor] === undefined || this.raster.index[cursor] < 0) cursor = -1;
    if (cursor === this.cursor) return;
    this.cursor = cursor;
    this.tell();
    if (aloud) setText(this.spoken, this.words.textContent ?? "");
  }

  /** What is shown, or the one element pointed at; always in the same place. */
  private tell(): void {
    const { seen, cursor } = this;
    const picture = this.part()?.picture ?? null;
    const element = this.raster.index[cursor];
    const pointed = cursor >= 0 && picture !== null && element !== undefined;
    this.mark.hidden = !pointed;
    if (seen === null) return;
    if (!pointed) {
      setText(this.words, picture === null ? "empty" : heading(picture, seen));
      return setAttr(this.words, "title", picture === null ? null : omitted(picture, seen.about.shape) || null);
    }
    setText(this.words, picture.coarse ? `≈ ${num(picture.values[element])}` : `[${indicesOf(picture, element).join(", ")}]  ${exact(this.plan, picture, element)}`);
    const { width, height } = this.raster;
    const [wide, high] = [this.canvas.clientWidth / width, this.canvas.clientHeight / (this.plan.kind === "list" ? 1 : height)];
    this.mark.style.cssText = `left:${(cursor % width) * wide}px;top:${Math.floor(cursor / width) * high}px;width:${Math.max(wide, 2)}px;height:${Math.max(high, 2)}px`;
  }
}

/** One element as it is: more figures than a picture needs, since somebody asked for just this one. */
function exact({ colour }: Plan, { values, shape: kept }: Excerpt, element: number): string {
  const text = (value: number): string => (Number.isFinite(value) ? String(Number(value.toPrecision(6))).replaceAll("-", "−") : num(value));
  if (colour !== "rgb") return text(values[element]);
  const plane = kept[kept.length - 1] * kept[kept.length - 2];
  return [0, 1, 2].map((channel) => text(values[element + channel * plane])).join("  ");
}

function heading(picture: Excerpt, { about, step }: Seen): string {
  return [isWhole(picture, about.shape) ? shape(about.shape) : picture.coarse ? "coarse" : "part of it", step === null ? "" : `step ${count(step)}`].filter(Boolean).join(" · ");
}

function labelOf(name: string, part: Part, { about, step }: Seen): string {
  const when = step === null ? "" : ` at step ${count(step)}`;
  return `${name} ${shape(about.shape)}${when}, mean ${num(part.mean)}, from ${num(part.lo)} to ${num(part.hi)}`;
}

/** `example`, `channel` where the op says so, else `axis 0`. */
function axisName(axis: number, { shape: sizes, kind, op }: About): string {
  const images = sizes.length === 4 && (kind === "input" || /^(conv|max_pool|avg_pool|batch_norm|adaptive)/.test(op));
  return images ? ["example", "channel", "row", "column"][axis] : `axis ${axis}`;
}

function createHistogram(name: string): { el: HTMLElement; draw(part: Part | null, colour: string, ink: Inks): void } {
  const words = h("span", { class: "dim mono" });
  const canvas = h("canvas", { role: "img" });
  const el = h("div", {}, h("div", { class: "lab" }, h("span", {}, name), words), canvas);
  return {
    el,
    draw(part, colour, ink) {
      el.hidden = part === null;
      if (part === null) return;
      const { mean, std, lo, hi } = part;
      canvas.hidden = Number.isNaN(lo) && part.bad > 0;
      setText(words, canvas.hidden ? "▲ none is finite" : Number.isNaN(std) ? "" : Number.isNaN(mean) ? "▲ mean NaN" : `${num(mean)} ± ${num(std)}`);
      setAttr(canvas, "aria-label", Number.isNaN(lo) ? `${name}: no finite number` : `${name} from ${num(lo)} to ${num(hi)}, mean ${num(mean)} ± ${num(std)}`);
      drawHistogram(canvas, part.hist, lo, hi, colour, ink);
    },
  };
}
