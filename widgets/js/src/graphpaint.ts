// Pixels of the graph panel: a pure function of picture, numbers and camera, drawn on one canvas.
import { micros, num } from "./format";
import type { GraphModel, Item, Picture } from "./graphmodel";
import { NODE_STAT_COUNT } from "./protocol";
import type { GraphStats } from "./store";
import type { Inks } from "./theme";

export type Overlay = "flow" | "value" | "zeros" | "time";
export const OVERLAYS: [text: string, value: Overlay][] = [["gradient flow", "flow"], ["value mean ± std", "value"], ["zero fraction", "zeros"], ["time", "time"]];
const HEADINGS: Record<Overlay, string> = { flow: "|grad|", value: "value", zeros: "zeros", time: "time" };
const LEGENDS = { value: "numbers: mean ± standard deviation of the value", zeros: "numbers: part of the value that is 0", time: "numbers: forward + backward" };
const [MEAN, STD, ZEROS, NORM, FORWARD, BACKWARD] = [0, 1, 4, 5, 6, 7];
const WORDS = 0.45; // below this scale nothing could be read
const OUTLINES = 0.18;
const WIRES = 0.04;

export interface Camera { x: number; y: number; scale: number } // of the picture's origin on the screen

export interface Scene {
  model: GraphModel;
  camera: Camera;
  width: number;
  height: number;
  stats: GraphStats | null;
  overlay: Overlay;
  selected: ReadonlySet<number>; // items
  selectedKey: string | null; // group
  lit: ReadonlySet<number>; // nodes whose chips are lit
  hovered: number; // item, or -1
  found: ReadonlySet<number> | null; // items that match the search; null: no search
  trouble: ReadonlyMap<number, string>; // item -> words
  failed: number; // item, or -1
  ink: Inks;
}

/** px of the band along which a gradient of that norm flows. */
export function flowWidth(norm: number): number {
  return norm > 0 ? Math.min(9, Math.max(1.5, 1.5 + (Math.log10(norm) + 3) * 2.5)) : 1.5;
}

export function drawGraph(ctx: CanvasRenderingContext2D, scene: Scene): void {
  const { camera, model, ink } = scene;
  const { scale } = camera;
  const top = -camera.y / scale;
  const seen = model.strip(top - 20, top + scene.height / scale + 20);
  if (!seen) return;
  ctx.save();
  ctx.translate(camera.x, camera.y);
  ctx.scale(scale, scale);
  drawGroups(ctx, scene, seen.groups);
  for (const at of seen.items) if (scene.selected.has(at)) drawSelectedRow(ctx, scene, model.picture.items[at]);
  if (scale >= WIRES) drawWires(ctx, scene, seen.wires);
  if (scale >= OUTLINES) drawChips(ctx, scene, seen.chips);
  drawBoxes(ctx, scene, seen.items);
  if (scale >= WORDS) drawWords(ctx, scene, seen.items, ink);
  ctx.restore();
}

function drawGroups(ctx: CanvasRenderingContext2D, { model, camera, ink, selectedKey }: Scene, groups: number[]): void {
  ctx.lineWidth = Math.max(1, 0.5 / camera.scale);
  for (const at of groups.sort((a, b) => a - b)) {
    const { x, y, w, h, label, meta, key, depth } = model.picture.groups[at];
    if (depth > 1) { // levels alternate, so that deep ones do not grow dark
      ctx.fillStyle = ink.bg;
      ctx.fillRect(x, y, w, h);
    }
    ctx.fillStyle = ink.fill;
    if (depth % 2 === 1) ctx.fillRect(x, y, w, h);
    ctx.strokeStyle = key === selectedKey ? ink.brand : ink["line-2"];
    ctx.strokeRect(x + 0.5, y + 0.5, w - 1, h - 1);
    if (camera.scale < WORDS) continue;
    ctx.beginPath();
    ctx.moveTo(x + 9, y + 9);
    ctx.lineTo(x + 12.5, y + 13);
    ctx.lineTo(x + 16, y + 9);
    ctx.strokeStyle = ink["ink-2"];
    ctx.stroke();
    ctx.textAlign = "left";
    ctx.fillStyle = ink.ink;
    ctx.font = `600 11px ${ink.ui}`;
    ctx.fillText(label, x + 22, y + 15);
    const wide = ctx.measureText(label).width;
    ctx.fillStyle = ink["ink-2"];
    ctx.font = `10px ${ink.ui}`;
    ctx.fillText(meta, x + 30 + wide, y + 15);
  }
}

/** The row across its group, as in a table. */
function drawSelectedRow(ctx: CanvasRenderingContext2D, { model, ink }: Scene, item: Item): void {
  const { picture } = model;
  const group = picture.groups.find(({ key }) => key === item.parent);
  ctx.fillStyle = ink["brand-fill"];
  if (item.compact) ctx.fillRect(item.x - item.w / 2 - 4, item.y - 4, item.w + 8, item.h + 8);
  else if (group) ctx.fillRect(group.x + 1, item.y - 3, group.w - 2, item.h + 6);
  else ctx.fillRect(picture.x0, item.y - 3, Math.min(picture.x1, picture.norms + 10) - picture.x0, item.h + 6);
}

function drawWires(ctx: CanvasRenderingContext2D, scene: Scene, wires: number[]): void {
  const { model, stats, ink, overlay, camera } = scene;
  const buckets = new Map<string, number[][]>();
  const arrows: number[][] = [];
  for (const at of wires) {
    const [source, arrow, points] = model.picture.wires[at];
    const norm = overlay === "flow" && stats ? stats.table[source * NODE_STAT_COUNT + NORM] : NaN;
    const style = norm === norm ? String(Math.round(flowWidth(norm) * 2) / 2) : model.graph.nodes[source].rg ? "line" : "dash";
    const bucket = buckets.get(style);
    if (bucket) bucket.push(points);
    else buckets.set(style, [points]);
    if (arrow) arrows.push(points);
  }
  for (const [style, paths] of [...buckets].sort()) {
    const band = style !== "line" && style !== "dash";
    ctx.beginPath();
    for (const points of paths) trace(ctx, points);
    ctx.strokeStyle = band ? ink.grad : ink["ink-2"];
    ctx.globalAlpha = band ? 0.55 : 0.8;
    ctx.lineWidth = Math.max(band ? Number(style) : 1, 0.75 / camera.scale);
    ctx.setLineDash(style === "dash" ? [2, 2] : []);
    ctx.stroke();
  }
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
  if (camera.scale < OUTLINES) return;
  ctx.fillStyle = ink["ink-2"];
  ctx.beginPath();
  for (const points of arrows) arrow(ctx, points);
  ctx.fill();
}

/** Two points of different x are an S-curve; more are straight lines with round corners. */
function trace(ctx: CanvasRenderingContext2D, points: number[]): void {
  ctx.moveTo(points[0], points[1]);
  if (points.length === 4) {
    const [x0, y0, x1, y1] = points;
    if (x0 === x1) ctx.lineTo(x1, y1);
    else ctx.bezierCurveTo(x0, (y0 + y1) / 2, x1, (y0 + y1) / 2, x1, y1);
    return;
  }
  for (let i = 2; i < points.length - 2; i += 2) ctx.arcTo(points[i], points[i + 1], points[i + 2], points[i + 3], 5);
  ctx.lineTo(points[points.length - 2], points[points.length - 1]);
}

function arrow(ctx: CanvasRenderingContext2D, points: number[]): void {
  const [x, y] = points.slice(-2);
  if (points[points.length - 3] === y && points[points.length - 4] > x) { // comes in from the right
    ctx.moveTo(x + 4.5, y - 3);
    ctx.lineTo(x + 4.5, y + 3);
  } else {
    ctx.moveTo(x - 3, y - 4.5);
    ctx.lineTo(x + 3, y - 4.5);
  }
  ctx.lineTo(x, y);
  ctx.closePath();
}

function drawChips(ctx: CanvasRenderingContext2D, { model, ink, lit, camera }: Scene, chips: number[]): void {
  const { picture } = model;
  ctx.lineWidth = 1;
  ctx.strokeStyle = ink["line-2"];
  ctx.beginPath();
  for (const at of chips) {
    const chip = picture.chips[at];
    const item = picture.items[chip.item];
    ctx.moveTo(chip.x + chip.w, chip.y + 8.5);
    ctx.lineTo(chip.first ? item.x - item.w / 2 : chip.x + chip.w + 6, chip.y + 8.5);
  }
  ctx.stroke();
  const words = camera.scale >= WORDS;
  ctx.textAlign = "left";
  ctx.font = `10.5px ${ink.code}`;
  for (const at of chips) {
    const { x, y, w, name, shape, node } = picture.chips[at];
    const chosen = lit.has(node);
    ctx.beginPath();
    ctx.roundRect(x, y + 0.5, w, 16, 8);
    ctx.fillStyle = ink.bg;
    ctx.fill();
    ctx.strokeStyle = chosen ? ink.brand : ink["line-2"];
    ctx.lineWidth = chosen ? 1.5 : 1;
    ctx.stroke();
    if (!words) continue;
    ctx.fillStyle = ink.ink;
    ctx.fillText(name, x + 6, y + 12);
    if (shape === "") continue;
    ctx.fillStyle = ink["ink-2"];
    ctx.fillText(shape, x + 6 + ctx.measureText(`${name} `).width, y + 12);
  }
}

function drawBoxes(ctx: CanvasRenderingContext2D, scene: Scene, items: number[]): void {
  const { model, ink, camera, found } = scene;
  const { picture } = model;
  if (camera.scale < OUTLINES) {
    ctx.fillStyle = ink["ink-2"];
    for (const at of items) {
      const { x, y, w, h } = picture.items[at];
      ctx.fillRect(x - w / 2, y, w, h);
    }
    return;
  }
  for (const at of items) {
    const item = picture.items[at];
    const [x, y] = [item.x - item.w / 2, item.y];
    ctx.lineWidth = 1;
    if (item.count > 1) {
      ctx.strokeStyle = ink["line-2"];
      ctx.fillStyle = ink.bg;
      for (const shift of [6, 3]) box(ctx, x + shift, y + shift, item.w, item.h);
    }
    const chosen = scene.selected.has(at);
    const match = found?.has(at) ?? false;
    const failed = scene.failed === at;
    ctx.lineWidth = failed ? 3 : chosen || match ? 2 : 1;
    ctx.strokeStyle = failed ? ink.error : chosen || match ? ink.brand : at === scene.hovered ? ink.ink : ink["ink-2"];
    ctx.fillStyle = ink.bg;
    ctx.setLineDash(item.kind === "input" ? [2, 2] : []);
    box(ctx, x, y, item.w, item.h);
    ctx.setLineDash([]);
    if (item.foldable) foldMark(ctx, x + 8, y + 6, ink);
    drawBars(ctx, scene, item, x);
    if (failed) cross(ctx, x + item.w - 1, y, ink);
    else if (scene.trouble.has(at)) triangle(ctx, x, y, ink);
  }
}

function box(ctx: CanvasRenderingContext2D, x: number, y: number, w: number, h: number): void {
  ctx.beginPath();
  ctx.roundRect(x + 0.5, y + 0.5, w - 1, h - 1, 2);
  ctx.fill();
  ctx.stroke();
}

function foldMark(ctx: CanvasRenderingContext2D, x: number, y: number, ink: Inks): void {
  ctx.fillStyle = ink["ink-2"];
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.lineTo(x + 4, y + 3.5);
  ctx.lineTo(x, y + 7);
  ctx.fill();
}

function triangle(ctx: CanvasRenderingContext2D, x: number, y: number, ink: Inks): void {
  ctx.beginPath();
  ctx.moveTo(x, y - 5);
  ctx.lineTo(x + 5.5, y + 4.5);
  ctx.lineTo(x - 5.5, y + 4.5);
  ctx.closePath();
  ctx.fillStyle = ink["warn-mark"];
  ctx.strokeStyle = ink.ink;
  ctx.lineWidth = 1;
  ctx.fill();
  ctx.stroke();
}

function cross(ctx: CanvasRenderingContext2D, x: number, y: number, ink: Inks): void {
  ctx.beginPath();
  ctx.arc(x, y, 7, 0, 2 * Math.PI);
  ctx.fillStyle = ink.error;
  ctx.fill();
  ctx.strokeStyle = ink.bg;
  ctx.lineWidth = 1.75;
  ctx.beginPath();
  ctx.moveTo(x - 3, y - 3);
  ctx.lineTo(x + 3, y + 3);
  ctx.moveTo(x + 3, y - 3);
  ctx.lineTo(x - 3, y + 3);
  ctx.stroke();
}

/** One bar for each repeat in a `×n` box. */
function drawBars(ctx: CanvasRenderingContext2D, { stats, ink }: Scene, { bars, y, h, w }: Item, x: number): void {
  if (bars.length === 0 || stats === null) return;
  const step = Math.min(24, (w - 20) / bars.length);
  ctx.fillStyle = ink.grad;
  ctx.globalAlpha = 0.8;
  bars.forEach((node, at) => {
    const norm = stats.table[node * NODE_STAT_COUNT + NORM];
    const high = norm > 0 ? Math.min(13, Math.max(2, 2 + (Math.log10(norm) + 3) * 3.7)) : 2;
    ctx.fillRect(x + 12 + at * step, y + h - 4 - high, Math.max(1, step - 4), high);
  });
  ctx.globalAlpha = 1;
}

function drawWords(ctx: CanvasRenderingContext2D, scene: Scene, items: number[], ink: Inks): void {
  const { picture, graph } = scene.model;
  const head = picture.items[0];
  if (scene.stats !== null && items.includes(0) && head?.kind === "input" && !head.compact && (scene.overlay === "flow" || readOut(scene, head) === "")) {
    ctx.textAlign = "right";
    ctx.font = `10px ${ink.ui}`;
    ctx.fillStyle = ink["ink-2"];
    ctx.fillText(HEADINGS[scene.overlay], picture.norms, head.y + 13);
  }
  for (const at of items) {
    const item = picture.items[at];
    const [left, right] = [item.x - item.w / 2 + 10, item.x + item.w / 2 - 10];
    const tall = item.compact || item.count > 1;
    const line = item.y + (tall ? 13.5 : item.h / 2 + 4);
    const aside = item.right !== "" || item.compact || item.foldable;
    ctx.fillStyle = ink.ink;
    ctx.font = `${item.cls || item.kind === "input" || item.count > 1 ? "600 " : ""}11px ${ink.ui}`;
    ctx.textAlign = aside ? "left" : "center";
    ctx.fillText(item.label, aside ? left + (item.foldable ? 6 : 0) : item.x, line);
    ctx.textAlign = "right";
    if (item.right) {
      ctx.font = `10px ${ink.ui}`;
      ctx.fillStyle = ink["ink-2"];
      ctx.fillText(item.right, right, line);
    }
    readOuts(ctx, scene, item, line, graph.nodes[item.node].shape.length === 0);
  }
}

function readOuts(ctx: CanvasRenderingContext2D, scene: Scene, item: Item, line: number, scalar: boolean): void {
  const { ink, stats, overlay } = scene;
  const { picture } = scene.model;
  const text = item.kind === "input" && overlay === "flow" ? "" : readOut(scene, item);
  ctx.font = `10.5px ${ink.code}`;
  ctx.fillStyle = overlay === "flow" ? ink["grad-ink"] : overlay === "time" ? ink.ink : ink["value-ink"];
  ctx.textAlign = "right";
  const bottom = item.compact ? item.y + 27 : line;
  ctx.fillText(text, item.compact ? item.x + item.w / 2 - 8 : picture.norms, bottom);
  const taken = ctx.measureText(text).width;
  const mean = scalar && stats ? stats.table[item.node * NODE_STAT_COUNT + MEAN] : NaN;
  const value = mean === mean && overlay !== "value";
  const second = value ? num(mean) : item.shape;
  ctx.textAlign = "left";
  let x = item.compact ? item.x - item.w / 2 + 8 : picture.shapes;
  let room = item.compact ? item.w - 20 - taken : picture.norms - picture.shapes - taken - 4;
  for (const [part, colour] of [[item.name, ink.ink], [second, value ? ink["value-ink"] : ink["ink-2"]]] as const) {
    const width = part ? ctx.measureText(part).width : 0;
    if (width === 0 || width > room) continue;
    ctx.fillStyle = colour;
    ctx.fillText(part, x, bottom);
    x += width + 7;
    room -= width + 7;
  }
}

/** What the right column says of a box, by the overlay; "" where nothing is known. */
export function readOut({ stats, overlay, model }: Pick<Scene, "stats" | "overlay" | "model">, item: Item): string {
  if (stats === null) return "";
  const { table } = stats;
  const of = (column: number): number => table[item.node * NODE_STAT_COUNT + column];
  if (overlay === "flow") return Number.isNaN(of(NORM)) ? "" : num(of(NORM));
  if (overlay === "value") return Number.isNaN(of(MEAN)) ? "" : `${num(of(MEAN))}±${num(of(STD))}`;
  if (overlay === "zeros") return Number.isNaN(of(ZEROS)) ? "" : `${Math.round(of(ZEROS) * 100)}\u2009%`;
  const block = model.block(item);
  let total = NaN;
  if (!block || block.first < 0) return "";
  for (let position = block.first; position <= block.last; position++) {
    for (const column of [FORWARD, BACKWARD]) {
      const part = table[model.tree.order[position] * NODE_STAT_COUNT + column];
      if (part === part) total = (total === total ? total : 0) + part;
    }
  }
  return Number.isNaN(total) ? "" : micros(total);
}

/** What the widths mean, in the strip below the picture. */
export function drawLegend(ctx: CanvasRenderingContext2D, y: number, overlay: Overlay, known: boolean, ink: Inks): void {
  if (!known) return;
  ctx.textAlign = "left";
  ctx.font = `10px ${ink.ui}`;
  let x = 4;
  const word = (text: string, gap: number): void => {
    ctx.fillStyle = ink["ink-2"];
    ctx.fillText(text, x, y + 4);
    x += ctx.measureText(text).width + gap;
  };
  if (overlay !== "flow") {
    word(LEGENDS[overlay], 0);
    return;
  }
  word("|grad|", 8);
  for (const [norm, text] of [[1e-3, "1e−3"], [0.03, "0.03"], [1, "1"]] as const) {
    const band = flowWidth(norm);
    ctx.fillStyle = ink.grad;
    ctx.globalAlpha = 0.55;
    ctx.fillRect(x, y - band / 2, 16, band);
    ctx.globalAlpha = 1;
    x += 20;
    word(text, 12);
  }
}

export type { Picture };
