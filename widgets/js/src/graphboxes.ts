// What boxes, groups and chips of the graph look like, as marks: pure functions of the scene.
import { num } from "./format";
import type { Item } from "./graphmodel";
import { type Change, type Scene, isFaded } from "./graphscene";
import type { Font, Mark, Path } from "./marks";
import { overlayOf } from "./overlays";
import { NODE_STAT_COUNT } from "./protocol";
import type { InkName } from "./theme";

const [MEAN, NORM] = [0, 5];
const BAR = 64; // px of the longest bar in the column

/** A box in two layers: what stays when it is small, and the words in it (asked for only where they can be read). */
export interface BoxMarks { shapes: Mark[]; words(): Mark[] }
const FADED = 0.3; // what is not lit, beside what is

const rect = (x: number, y: number, w: number, h: number, r: number, more: Partial<Mark & { is: "rect" }>): Mark => ({ is: "rect", x, y, w, h, r, ...more });
const outline = (x: number, y: number, w: number, h: number, more: Partial<Mark & { is: "rect" }>): Mark => rect(x + 0.5, y + 0.5, w - 1, h - 1, 2, { fill: "bg", ...more });
const text = (x: number, y: number, words: string, font: Font, fill: InkName, at: "start" | "middle" | "end" = "start"): Mark => ({ is: "text", x, y, text: words, font, fill, at });

export function boxMarks(scene: Scene, at: number): BoxMarks {
  const item = scene.model.picture.items[at];
  return layers(shapesOf(scene, item, at), () => wordsOf(scene, item, at), isFaded(scene, at));
}

/** Marks that step back are drawn thinly, over their own ground, so that no edge shines through. */
function layers(shapes: Mark[], words: () => Mark[], faded: boolean): BoxMarks {
  let known: Mark[] | null = null;
  const thin = (mark: Mark): Mark => ({ ...mark, alpha: (mark.alpha ?? 1) * FADED });
  const grounds = faded ? shapes.flatMap((mark): Mark[] => (mark.is === "rect" && mark.fill === "bg" ? [rect(mark.x, mark.y, mark.w, mark.h, mark.r, { fill: "bg" })] : [])) : [];
  return { shapes: faded ? [...grounds, ...shapes.map(thin)] : shapes, words: () => (known ??= faded ? words().map(thin) : words()) };
}

function shapesOf(scene: Scene, item: Item, at: number): Mark[] {
  const [x, y] = [item.x - item.w / 2, item.y];
  const marks: Mark[] = [];
  if (item.count > 1) for (const shift of [6, 3]) marks.push(outline(x + shift, y + shift, item.w, item.h, { stroke: "line-2" }));
  const strong = scene.selected.has(at) || (scene.trail ? scene.model.trailBoxes(scene.trail) : scene.found)?.has(at) === true;
  const failed = scene.failed === at;
  marks.push(outline(x, y, item.w, item.h, {
    stroke: failed ? "error" : strong ? "brand" : at === scene.hovered ? "ink" : "ink-2", line: failed ? 3 : strong ? 2 : 1, dash: item.kind === "input" || scene.diff?.get(at) === "gone",
  }));
  const reading = scene.gauge.reading(item);
  if (reading.tint) marks.push(rect(x + 1, y + 1, 4, item.h - 2, 0, { fill: reading.tint }));
  if (item.foldable) marks.push({ is: "path", d: ["M", x + 8, y + 6, "L", x + 12, y + 9.5, "L", x + 8, y + 13, "Z"], fill: "ink-2" });
  marks.push(...repeatBars(scene, item, x));
  const change = scene.diff?.get(at);
  if (change) marks.push(...sign(x, y + item.h / 2, change));
  if (failed) marks.push(...cross(x + item.w - 1, y));
  else if (scene.trouble.has(at) || (reading.alarm && reading.text.startsWith("NaN"))) marks.push({ is: "path", d: ["M", x, y - 5, "L", x + 5.5, y + 4.5, "L", x - 5.5, y + 4.5, "Z"], fill: "warn-mark", stroke: "ink" });
  return marks;
}

/** + new, − gone, ~ changed, ± several of them. */
function sign(x: number, y: number, change: Change): Mark[] {
  const across: Path = ["M", x - 3, y, "L", x + 3, y];
  const wave: Path = ["M", x - 3, y + 1, "C", x - 1, y - 4, x + 1, y + 4, x + 3, y - 1];
  const d: Record<Change, Path> = { new: [...across, "M", x, y - 3, "L", x, y + 3], gone: across, changed: wave, mixed: ["M", x - 3, y - 1.5, "L", x + 3, y - 1.5, "M", x, y - 4.5, "L", x, y + 1.5, "M", x - 3, y + 4, "L", x + 3, y + 4] };
  return [rect(x - 7, y - 7, 14, 14, 7, { fill: "bg", stroke: "brand", line: 1.5 }), { is: "path", d: d[change], stroke: "ink", line: 1.5 }];
}

function cross(x: number, y: number): Mark[] {
  const d: Path = ["M", x - 3, y - 3, "L", x + 3, y + 3, "M", x + 3, y - 3, "L", x - 3, y + 3];
  return [rect(x - 7, y - 7, 14, 14, 7, { fill: "error" }), { is: "path", d, stroke: "bg", line: 1.75 }];
}

/** One bar for each repeat in a `×n` box: its gradient, whatever the overlay. */
function repeatBars({ stats }: Scene, { bars, y, h, w }: Item, x: number): Mark[] {
  if (bars.length === 0 || stats === null) return [];
  const step = Math.min(24, (w - 20) / bars.length);
  return bars.map((node, at) => {
    const norm = stats.table[node * NODE_STAT_COUNT + NORM];
    const high = norm > 0 ? Math.min(13, Math.max(2, 2 + (Math.log10(norm) + 3) * 3.7)) : 2;
    return rect(x + 12 + at * step, y + h - 4 - high, step - Math.min(4, 0.3 * step), high, 0, { fill: "grad", alpha: 0.8 });
  });
}

function wordsOf(scene: Scene, item: Item, at: number): Mark[] {
  const marks: Mark[] = [];
  const { picture } = scene.model;
  const left = item.x - item.w / 2 + 10;
  const tall = item.compact || item.count > 1;
  const line = item.y + (tall ? 13.5 : item.h / 2 + 4);
  const aside = item.right !== "" || item.compact || item.foldable;
  const heading = at === 0 && item.kind === "input" && !item.compact && scene.gauge.reading(item).text === "";
  if (heading) marks.push(text(picture.norms, item.y + 13, overlayOf(scene.gauge.overlay).heading, "small", "ink-2", "end"));
  const font = item.cls || item.kind === "input" || item.count > 1 ? "title" : "label";
  const start = left + (item.foldable ? 6 : 0);
  const room = item.x + item.w / 2 - 10 - start - (item.right ? scene.measure(item.right, "small") + 4 : 0);
  marks.push(text(aside ? start : item.x, line, cut(scene, item.label, font, room), font, "ink", aside ? "start" : "middle"));
  if (item.right) marks.push(text(item.x + item.w / 2 - 10, line, item.right, "small", "ink-2", "end"));
  const found = (scene.trail ? scene.model.trailBoxes(scene.trail) : scene.found)?.get(at) ?? 0;
  if (found > 0 && item.ops > 1) marks.push(...pill(scene, item.x + item.w / 2, item.y, String(found)));
  marks.push(...readOuts(scene, item, line));
  return marks;
}

/** The words, as much of them as there is room for: the layout knows no font. */
function cut({ measure }: Scene, words: string, font: Font, room: number): string {
  if (measure(words, font) <= room + 2) return words;
  const letters = [...words];
  while (letters.length > 1 && measure(`${letters.join("")}…`, font) > room) letters.pop();
  return `${letters.join("").replace(/[\s…]+$/, "")}…`;
}

/** How many of the nodes inside are meant. */
function pill(scene: Scene, x: number, y: number, words: string): Mark[] {
  const wide = scene.measure(words, "small") + 10;
  return [rect(x - wide + 6, y - 7, wide, 14, 7, { fill: "bg", stroke: "brand", line: 1.5 }), text(x - wide / 2 + 6, y + 3.5, words, "small", "ink", "middle")];
}

/** The name and shape of the value, and the overlay's number over its bar. */
function readOuts(scene: Scene, item: Item, line: number): Mark[] {
  const { gauge, stats, measure, model } = scene;
  const { picture } = model;
  const marks: Mark[] = [];
  const reading = gauge.reading(item);
  const bottom = item.compact ? item.y + 27 : line;
  const end = item.compact ? item.x + item.w / 2 - 8 : picture.norms;
  if (reading.share > 0) {
    const wide = Math.max(1, Math.round(reading.share * (item.compact ? item.w - 16 : BAR)));
    marks.push(item.compact ? rect(item.x - item.w / 2 + 8, item.y + item.h - 4, wide, 2, 0, { fill: gauge.barInk(), alpha: 0.6 }) : rect(end - wide, line + 2.5, wide, 3, 0, { fill: gauge.barInk(), alpha: 0.6 }));
  }
  if (reading.text) marks.push(text(end, bottom, reading.text, "code", reading.alarm ? "ink" : gauge.textInk(), "end"));
  const taken = reading.text ? measure(reading.text, "code") : 0;
  const mean = model.graph.nodes[item.node].shape.length === 0 && stats ? stats.table[item.node * NODE_STAT_COUNT + MEAN] : NaN;
  const value = mean === mean && gauge.overlay !== "value";
  let x = item.compact ? item.x - item.w / 2 + 8 : picture.shapes;
  let room = item.compact ? item.w - 20 - taken : picture.norms - picture.shapes - taken - 4;
  for (const [part, fill] of [[item.name, "ink"], [value ? num(mean) : item.shape, value ? "value-ink" : "ink-2"]] as const) {
    const width = part ? measure(part, "code") : 0;
    if (width === 0 || width > room) continue;
    marks.push(text(x, bottom, part, "code", fill));
    x += width + 7;
    room -= width + 7;
  }
  return marks;
}

// ── what lies behind the boxes ──

/** Frames of groups in `shapes`, their headers in `words`. */
export function groupMarks({ model, selectedKey, measure }: Scene, at: number, hairline: number): BoxMarks {
  const { x, y, w, h, label, meta, key, depth } = model.picture.groups[at];
  const frame = (more: Partial<Mark & { is: "rect" }>): Mark => rect(x + 0.5, y + 0.5, w - 1, h - 1, 0, more);
  const shapes: Mark[] = [];
  if (depth > 1) shapes.push(frame({ fill: "bg" })); // levels alternate, so that deep ones do not grow dark
  shapes.push(frame({ ...(depth % 2 === 1 ? { fill: "fill" as const } : {}), stroke: key === selectedKey ? "brand" : "line-2", line: hairline }));
  const words = (): Mark[] => [
    { is: "path", d: ["M", x + 9, y + 9, "L", x + 12.5, y + 13, "L", x + 16, y + 9], stroke: "ink-2" },
    text(x + 22, y + 15, label, "title", "ink"),
    text(x + 30 + measure(label, "title"), y + 15, meta, "small", "ink-2"),
  ];
  return { shapes, words };
}

/** The row of a selected box across its group, as in a table. */
export function rowMark({ model }: Scene, item: Item): Mark {
  const { picture } = model;
  const group = picture.groups[model.groupAt(item.parent)];
  if (item.compact) return rect(item.x - item.w / 2 - 4, item.y - 4, item.w + 8, item.h + 8, 0, { fill: "brand-fill" });
  if (group) return rect(group.x + 1, item.y - 3, group.w - 2, item.h + 6, 0, { fill: "brand-fill" });
  return rect(picture.x0, item.y - 3, Math.min(picture.x1, picture.norms + 10) - picture.x0, item.h + 6, 0, { fill: "brand-fill" });
}

export function chipMarks(scene: Scene, at: number): BoxMarks {
  const { model, lit, measure, trail } = scene;
  const chip = model.picture.chips[at];
  const item = model.picture.items[chip.item];
  const { x, y, w, name, shape, node } = chip;
  const chosen = lit.has(node) || (trail?.has(node) ?? false);
  const shapes: Mark[] = [
    { is: "path", d: ["M", x + w, y + 8.5, "L", chip.first ? item.x - item.w / 2 : x + w + 6, y + 8.5], stroke: "line-2" },
    rect(x, y + 0.5, w, 16, 8, { fill: "bg", stroke: chosen ? "brand" : "line-2", line: chosen ? 2 : 1 }),
  ];
  const words = (): Mark[] => [
    text(x + 6, y + 12, name, "code", "ink"),
    ...(shape === "" ? [] : [text(x + 6 + measure(`${name} `, "code"), y + 12, shape, "code", "ink-2")]),
  ];
  return layers(shapes, words, !chosen && isFaded(scene, chip.item));
}
