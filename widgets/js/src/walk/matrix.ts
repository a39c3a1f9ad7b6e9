// A block as a picture: tinted cells with numbers, or a small heat map; and as MathML with brackets.
import { largest } from "../decimate";
import { s } from "../dom";
import { shape as shapeText } from "../format";
import type { Block } from "./data";
import { tints } from "./heat";
import { type Look, facetAt, offset } from "./look";
import { cell } from "./numbers";

/** What the strongest tint of a block stands for. */
const strongest = (block: Block): number => Math.max(1e-9, largest(block.data));

/** Entry of matrix `facet` (of those in the block) at row i, column j of the shown ones. */
export const entry = (block: Block, facet: number, i: number, j: number): number => block.data[(facet * block.rows.length + i) * block.cols.length + j];

/** The cells of a block at (x, y), without a frame. `numbers`: false where nobody could read them. */
export function drawCells(block: Block, look: Look, x: number, y: number, numbers: boolean): SVGElement[] {
  const most = strongest(block);
  const out: SVGElement[] = [];
  for (let facet = 0; facet < look.facets; facet++) {
    const at = facetAt(look, facet);
    const place = (i: number, j: number): [number, number] => [x + at.x + offset(block.cols, j, look.cw), y + at.y + offset(block.rows, i, look.ch)];
    out.push(...tints(block, facet, most, look.numbers ? 0.42 : 0.85, place, look.cw, look.ch));
    if (!block.whole) out.push(...leftOut(block, look, x + at.x, y + at.y));
    if (look.numbers && numbers) out.push(...digits(block, facet, look, place));
  }
  return out;
}

function digits(block: Block, facet: number, look: Look, place: (i: number, j: number) => [number, number]): SVGElement[] {
  return block.rows.flatMap((_, i) => block.cols.map((_, j) => {
    const value = entry(block, facet, i, j);
    const [x, y] = place(i, j);
    return s("text", { class: Number.isFinite(value) ? "m nums" : "m nums bad", x: x + look.cw / 2, y: y + look.ch / 2 + 4 }, cell(value));
  }));
}

/** `…` where indices are left out. */
function leftOut(block: Block, look: Look, x: number, y: number): SVGElement[] {
  const dots: SVGElement[] = [];
  const jump = (indices: number[], at: number): boolean => at > 0 && indices[at] !== indices[at - 1] + 1;
  block.cols.forEach((_, j) => { if (jump(block.cols, j)) dots.push(s(
    "text", { class: "m dots", x: x + offset(block.cols, j, look.cw) - 3.5, y: y + look.fh / 2 + 2 }, "⋮",
  )); });
  block.rows.forEach((_, i) => { if (jump(block.rows, i)) dots.push(s(
    "text", { class: "m dots", x: x + look.fw / 2, y: y + offset(block.rows, i, look.ch) - 1 }, "⋯",
  )); });
  return dots;
}

/** One outline a matrix. */
export function frames(look: Look, x: number, y: number, cls: string): SVGElement[] {
  return Array.from({ length: look.facets }, (_, at) => {
    const place = facetAt(look, at);
    return s("rect", { class: cls, x: x + place.x + 0.5, y: y + place.y + 0.5, width: look.fw, height: look.fh });
  });
}

const MATHML = "http://www.w3.org/1998/Math/MathML";
type Attributes = Record<string, string>;

export function m(tag: string, attributes: Attributes = {}, ...children: (Element | string)[]): Element {
  const element = document.createElementNS(MATHML, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

interface MatrixOptions {
  facet?: number;
  cls?: string; // "in": a gradient, "lo": a value
  hidden?: boolean;
  lit?: (i: number, j: number) => string; // class of an entry; "later": not known yet
}

export const MOST_IN_BRACKETS = 100;
const PICTURE = 92;

/** A matrix in brackets; one with too many entries for that as a picture of the same size. `window`: entries to frame. */
export function formulaMatrix(block: Block, options: MatrixOptions & { window?: { rows: [number, number]; cols: [number, number] }; picture?: boolean } = {}): Element {
  const { rows, cols } = block;
  if (!options.picture && rows.length * cols.length <= MOST_IN_BRACKETS) return mathMatrix(block, options);
  const size = Math.max(2, Math.floor(PICTURE / Math.max(rows.length, cols.length)));
  const [w, h] = [cols.length * size, rows.length * size];
  const svg = s("svg", { width: w + 2, height: h + 2, role: "img", "aria-label": `picture of ${rows.length}×${cols.length} entries` });
  if (options.hidden) svg.append(s("text", { class: "m", x: w / 2, y: h / 2 + 4 }, "?"));
  else svg.append(...tints(
    block, options.facet ?? 0, strongest(block), 0.85, (i, j) => [1 + j * size, 1 + i * size], size, size,
    (i, j) => options.lit?.(i, j) !== "later",
  ));
  svg.append(s("rect", { class: options.cls === "in" ? "mg" : "mv", x: 0.5, y: 0.5, width: w + 1, height: h + 1 }));
  const { window } = options;
  if (window) svg.append(s(
    "rect",
    {
      class: "win", x: 1 + (window.cols[0] - cols[0]) * size, y: 1 + (window.rows[0] - rows[0]) * size,
      width: (window.cols[1] - window.cols[0]) * size, height: (window.rows[1] - window.rows[0]) * size,
    },
  ));
  return svg;
}

/** A matrix in brackets, which the style sheet draws (fonts without mathematics set them in pieces); a scalar as a number; `⋯` and `⋮` stand for what is left out. */
export function mathMatrix(block: Block, { facet = 0, cls = "", hidden = false, lit }: MatrixOptions = {}): Element {
  const scalar = block.shape.length === 0 && block.data.length === 1;
  const show = (i: number, j: number): Element => {
    const mark = lit?.(i, j) ?? "";
    return m("mn", mark ? { class: mark } : {}, hidden ? "?" : mark === "later" ? "·" : cell(entry(block, facet, i, j)));
  };
  if (scalar) return m("math", {}, m("mrow", { class: cls }, show(0, 0)));
  const cells = (i: number): Element[] => block.cols.flatMap((col, j) => [
    ...(j > 0 && col !== block.cols[j - 1] + 1 ? [m("mtd", {}, m("mo", {}, "⋯"))] : []), m("mtd", {}, show(i, j)),
  ]);
  const rows = block.rows.flatMap((row, i) => {
    const line = cells(i);
    const gap = i > 0 && row !== block.rows[i - 1] + 1 ? [m("mtr", {}, ...line.map(() => m("mtd", {}, m("mo", {}, "⋮"))))] : [];
    return [...gap, m("mtr", {}, ...line)];
  });
  return m("math", {}, m("mrow", { class: cls }, m("mtable", { class: "mat", columnspacing: ".8em", rowspacing: ".15em" }, ...rows)));
}

/** `2×3`, and of more than two dimensions which matrix is shown: `2×3×3 [0]`. */
export function blockNote(block: Block, facet: number): string {
  const size = shapeText(block.shape.length > 0 || block.data.length === 1 ? block.shape : [block.rows.length, block.cols.length]);
  return block.facets.length > 1 ? `${size} [${block.facets[facet % block.facets.length].join(",")}]` : size;
}

/** The indices that are shown of a large tensor: `rows 0–2, 63 · columns 0–2, 127`. */
export function shownPart(block: Block): string {
  return block.whole ? "" : `rows ${ranges(block.rows)} · columns ${ranges(block.cols)}`;
}

/** The first entries and the last ones of a sampled block: what of it has room in a row of several. */
export function thinned(block: Block, first: number, last: number): Block {
  if (block.whole || (block.rows.length <= first + last && block.cols.length <= first + last)) return block;
  const keep = (indices: number[]): number[] => indices.map((_, at) => at).filter((at) => at < first || at >= indices.length - last);
  const [rows, cols] = [keep(block.rows), keep(block.cols)];
  const data = block.facets.flatMap((_, facet) => rows.flatMap((i) => cols.map((j) => entry(block, facet, i, j))));
  return { ...block, rows: rows.map((i) => block.rows[i]), cols: cols.map((j) => block.cols[j]), data: Float32Array.from(data) };
}

function ranges(indices: number[]): string {
  const out: string[] = [];
  for (let at = 0; at < indices.length; ) {
    let end = at;
    while (end + 1 < indices.length && indices[end + 1] === indices[end] + 1) end++;
    out.push(end > at ? `${indices[at]}–${indices[end]}` : String(indices[at]));
    at = end + 1;
  }
  return out.join(", ");
}

/** What a screen reader says of a small block: `3.1, 0; 0, 3.3`. */
export function spoken(block: Block): string {
  if (!block.whole || block.data.length > 36) return "";
  return block.facets.map((_, facet) => block.rows.map((_, i) => block.cols.map((_, j) => cell(entry(block, facet, i, j))).join(", ")).join("; ")).join(" | ");
}
