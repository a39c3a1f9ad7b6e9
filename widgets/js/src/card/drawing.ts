// A list of shapes as SVG. Their styles are class names that this file knows; text is only ever text.
import { s } from "../dom";
import type { Drawing, Shape } from "./data";

const STYLES = new Set(["ar", "b", "bad", "badge", "big", "bw", "bx", "c", "cut", "e", "hatch", "in", "lead", "lk", "m", "mid", "more", "n", "pe", "pn", "ss", "t2", "tb", "te", "thin", "tm", "ts", "x"]);
let patterns = 0;

/** A picture with a name; no wider than its place, and never larger than drawn. */
export function drawShapes(drawing: Drawing): SVGSVGElement {
  const hatch = `gb-hatch-${++patterns}`;
  const marks = s("pattern", { id: hatch, width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, s("path", { class: "hx", d: "M0 0V5" }));
  const shapes = drawing.shapes.map((shape) => one(shape, hatch));
  return s("svg", { viewBox: `0 0 ${drawing.w} ${drawing.h}`, style: `width:${drawing.w}px;max-width:100%;height:auto`, role: "img", "aria-label": drawing.label }, s("defs", {}, marks), ...shapes);
}

function one(shape: Shape, hatch: string): SVGElement {
  switch (shape[0]) {
    case "r": {
      const [, x, y, width, height, style] = shape;
      return s("rect", { x, y, width, height, class: known(style), fill: style === "hatch" ? `url(#${hatch})` : undefined });
    }
    case "p":
      return s("path", { d: shape[1], class: known(shape[2]) });
    case "c":
      return s("circle", { cx: shape[1], cy: shape[2], r: shape[3], class: known(shape[4]) });
    default:
      return s("text", { x: shape[1], y: shape[2], class: known(shape[4]) }, shape[3]);
  }
}

const known = (style: string): string => style.split(" ").filter((name) => STYLES.has(name)).join(" ");
