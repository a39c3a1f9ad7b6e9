// A matrix as a picture: tinted cells gathered into one path a tint, so that an image of many entries is a few elements.
import { s } from "../dom";
import type { Block } from "./data";
import { entry } from "./matrix";

const STEPS = 8; // tints a sign
const OFF = Infinity; // what is not finite is off the scale
const LEGIBLE = 0.5; // weaker tints have numbers on them

/** Path elements for one matrix: `place(i, j)` is the upper left corner of an entry, `w` × `h` its size, `shown` whether it is known yet. */
export function tints(block: Block, facet: number, most: number, strength: number, place: (i: number, j: number) => [number, number], w: number, h: number, shown?: (i: number, j: number) => boolean): SVGElement[] {
  const paths = new Map<number, string>();
  block.rows.forEach((_, i) => block.cols.forEach((_, j) => {
    const value = entry(block, facet, i, j);
    const broken = !Number.isFinite(value);
    if ((broken && strength < LEGIBLE) || shown?.(i, j) === false) return; // a number says it, where there is one
    const level = broken ? OFF : Math.round((Math.abs(value) / most) ** 0.85 * STEPS) * Math.sign(value);
    if (level === 0) return;
    const [x, y] = place(i, j);
    paths.set(level, `${paths.get(level) ?? ""}M${x} ${y}h${w}v${h}h${-w}z`);
  }));
  return [...paths].map(([level, d]) => s(
    "path",
    { d, fill: level === OFF ? "var(--ink)" : `rgba(var(--${level > 0 ? "pos" : "neg"}),${Math.round((Math.abs(level) / STEPS) * strength * 100) / 100})` },
  ));
}
