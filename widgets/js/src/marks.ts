// One description of what to paint, for two painters: a canvas (large graphs) and SVG elements (those of teaching size).
import { s, setAttr, setText } from "./dom";
import type { InkName, Inks } from "./theme";

/** `M x y`, `L x y`, `C x1 y1 x2 y2 x y`, `Q x1 y1 x y`, `Z`, one after the other. */
export type Path = (string | number)[];
export type Mark =
  | { is: "rect"; x: number; y: number; w: number; h: number; r: number; fill?: InkName; stroke?: InkName; line?: number; dash?: boolean; alpha?: number }
  | { is: "path"; d: Path; fill?: InkName; stroke?: InkName; line?: number; dash?: boolean; alpha?: number }
  | { is: "text"; x: number; y: number; text: string; font: Font; fill: InkName; at: "start" | "middle" | "end"; alpha?: number };

/** The few fonts there are, by their size in px and their kind. */
export type Font = "label" | "title" | "small" | "code";
const FONTS: Record<Font, [size: number, weight: number, family: "ui" | "code"]> = { label: [11, 400, "ui"], title: [11, 600, "ui"], small: [10, 400, "ui"], code: [10.5, 400, "code"] };

export type Measure = (text: string, font: Font) => number;

/** Widths of texts as the browser draws them; each asked for once. */
export function measureWith(ctx: CanvasRenderingContext2D | null, ink: Inks): Measure {
  const known = new Map<string, number>();
  return (text, font) => {
    const key = `${font}${text}`;
    let width = known.get(key);
    if (width === undefined) {
      if (ctx) ctx.font = fontOf(font, ink);
      width = ctx?.measureText(text)?.width ?? text.length * 6;
      if (known.size > 20_000) known.clear();
      known.set(key, width);
    }
    return width;
  };
}

export function fontOf(font: Font, ink: Inks): string {
  const [size, weight, family] = FONTS[font];
  return `${weight} ${size}px ${ink[family]}`;
}

// ── canvas ──

export function paintMark(ctx: CanvasRenderingContext2D, mark: Mark, ink: Inks): void {
  ctx.globalAlpha = mark.alpha ?? 1;
  if (mark.is === "text") {
    ctx.font = fontOf(mark.font, ink);
    ctx.textAlign = mark.at === "middle" ? "center" : mark.at;
    ctx.fillStyle = ink[mark.fill];
    ctx.fillText(mark.text, mark.x, mark.y);
    ctx.globalAlpha = 1;
    return;
  }
  ctx.beginPath();
  if (mark.is === "path") run(ctx, mark.d);
  else if (mark.r > 0) ctx.roundRect(mark.x, mark.y, mark.w, mark.h, mark.r);
  else ctx.rect(mark.x, mark.y, mark.w, mark.h);
  if (mark.fill) {
    ctx.fillStyle = ink[mark.fill];
    ctx.fill();
  }
  if (mark.stroke) {
    ctx.strokeStyle = ink[mark.stroke];
    ctx.lineWidth = mark.line ?? 1;
    ctx.setLineDash(mark.dash ? DASH : SOLID);
    ctx.stroke();
  }
  ctx.globalAlpha = 1;
}

const DASH = [2, 2];
const SOLID: number[] = [];

/** Add a path to the canvas's current one. */
export function run(ctx: CanvasRenderingContext2D, d: Path): void {
  for (let at = 0; at < d.length; ) {
    const command = d[at++];
    const next = (): number => d[at++] as number;
    if (command === "M") ctx.moveTo(next(), next());
    else if (command === "L") ctx.lineTo(next(), next());
    else if (command === "C") ctx.bezierCurveTo(next(), next(), next(), next(), next(), next());
    else if (command === "Q") ctx.quadraticCurveTo(next(), next(), next(), next());
    else ctx.closePath();
  }
}

// ── SVG ──

/** Make the children of `parent` these marks, reusing the elements that are there. */
export function paintInto(parent: Element, marks: readonly Mark[]): void {
  let child = parent.firstElementChild;
  for (const mark of marks) {
    if (child?.tagName !== mark.is) {
      const made = s(mark.is);
      if (child) child.replaceWith(made);
      else parent.append(made);
      child = made;
    }
    dress(child, mark);
    child = child.nextElementSibling;
  }
  while (child) {
    const next: Element | null = child.nextElementSibling;
    child.remove();
    child = next;
  }
}

function dress(element: Element, mark: Mark): void {
  const set = (name: string, value: string | number | null): void => setAttr(element, name, value === null ? null : String(value));
  if (mark.is === "text") {
    set("x", mark.x);
    set("y", mark.y);
    set("class", `${mark.font} f-${mark.fill} ${mark.at}`);
    set("opacity", mark.alpha ?? null);
    setText(element, mark.text);
    return;
  }
  if (mark.is === "path") set("d", mark.d.join(" "));
  else {
    for (const name of ["x", "y"] as const) set(name, mark[name]);
    set("width", mark.w);
    set("height", mark.h);
    set("rx", mark.r || null);
  }
  set("class", `${mark.fill ? `f-${mark.fill}` : "f-none"}${mark.stroke ? ` s-${mark.stroke}` : ""}${mark.dash ? " dash" : ""}`);
  set("stroke-width", mark.stroke && mark.line !== undefined && mark.line !== 1 ? mark.line : null);
  set("opacity", mark.alpha ?? null);
}
