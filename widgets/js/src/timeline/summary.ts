// Where all the time went, in one bar; and the bytes held over time.
import { h, s } from "../dom";
import { bytes, count, plain, plural } from "../format";
import type { Timeline } from "./model";
import { time } from "./words";

/** The bar's parts are also the legend of the icicle's colours. */
export function createSummary({ header, total }: Timeline): HTMLElement {
  const { summary } = header;
  const parts: [key: string, name: string, seconds: number][] = [
    ["f", "forward", total.forward], ["b", "backward", total.backward], ["s", "optimizer", total.step], ["o", "Python and the rest", summary.other],
  ];
  const there = parts.filter(([, , seconds]) => seconds > 0);
  const whole = there.reduce((sum, [, , seconds]) => sum + seconds, 0) || 1;
  const name = there.map(([, word, seconds]) => `${word} ${time(seconds)}`).join(", ");
  const bar = h("div", { class: "bar", role: "img", "aria-label": plain(`${time(whole)}: ${name}`) }, ...there.map(([key, , seconds]) => {
    const part = h("i", { class: key });
    part.style.flexGrow = String(seconds / whole);
    return part;
  }));
  const legend = h("div", { class: "legend" }, ...there.map(([key, word, seconds]) => h("span", {}, h("i", { class: key, "aria-hidden": "true" }), `${word} `, h("b", {}, time(seconds)))),
    h("span", { class: "watching", title: "Measured around every op, and not part of the other numbers" }, `watching took ${time(summary.watching)} more, taken out`));
  return h("div", { class: "sum" }, bar, legend);
}

/** `1.2 s · 1,400 ops · 100 backward passes · 100 optimizer steps` */
export function headline({ header, total }: Timeline): string {
  const { summary } = header;
  const words = [time(total.forward + total.backward + total.step + summary.other), plural(summary.ops, "op")];
  if (summary.passes > 0) words.push(`${count(summary.passes)} backward ${summary.passes === 1 ? "pass" : "passes"}`);
  if (summary.steps > 0) words.push(plural(summary.steps, "optimizer step"));
  return words.join(" · ");
}

const [WIDTH, HEIGHT, TOP] = [1000, 48, 4];

/** Bytes that outputs and gradients held, over time. */
export function createCurve({ curve, header }: Timeline): HTMLElement {
  const { peak, wall } = header.summary;
  const end = Math.max(wall, curve.at(-1)?.[0] ?? 0) || 1;
  const x = (when: number): string => ((WIDTH * when) / end).toFixed(1);
  const y = (held: number): string => (TOP + (HEIGHT - TOP) * (1 - held / (peak || 1))).toFixed(1);
  const line = curve.map(([when, held]) => `${x(when)} ${y(held)}`).join("L");
  const most = curve.reduce((best, point) => (point[1] > best[1] ? point : best), [0, 0]);
  const svg = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": plain(`bytes held over time, most ${bytes(peak)} after ${time(most[0])}`) },
    ...(curve.length === 0 ? [] : [s("path", { class: "area", d: `M${x(curve[0][0])} ${HEIGHT}L${line}L${x(curve[curve.length - 1][0])} ${HEIGHT}Z` }), s("path", { class: "stroke", d: `M${line}` })]),
    s("path", { class: "peak", d: `M${x(most[0])} ${TOP}V${HEIGHT}` }));
  const words = h("div", { class: "dim small" }, "outputs and gradients held, over time; most: ", h("b", {}, bytes(peak)), ` after ${time(most[0])}`);
  return h("div", { class: "curve" }, words, svg);
}
