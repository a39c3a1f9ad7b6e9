// The canvas painter of the graph: the marks of what is in sight, with less detail the smaller it is drawn.
import { type BoxMarks, boxMarks, chipMarks, groupMarks, rowMark } from "./graphboxes";
import { OUTLINES, type Scene, WIRES, WORDS } from "./graphscene";
import { arrowPath, bundle } from "./graphwires";
import { type Mark, fontOf, paintMark, run } from "./marks";
import type { LegendPart } from "./overlays";
import type { Inks } from "./theme";

const FADED = 0.3; // what is not lit, beside what is

export function drawGraph(ctx: CanvasRenderingContext2D, scene: Scene, cache = new MarkCache()): void {
  const { camera, model, ink } = scene;
  const { scale } = camera;
  const top = -camera.y / scale;
  const seen = model.strip(top - 20, top + scene.height / scale + 20);
  if (!seen) return;
  const words = scale >= WORDS;
  const paint = ({ shapes, words: texts }: BoxMarks): void => {
    for (const mark of shapes) paintMark(ctx, mark, ink);
    if (words) for (const mark of texts()) paintMark(ctx, mark, ink);
  };
  ctx.save();
  ctx.translate(camera.x, camera.y);
  ctx.scale(scale, scale);
  for (const at of seen.groups.sort((a, b) => a - b)) paint(groupMarks(scene, at, Math.max(1, 0.5 / scale)));
  for (const at of seen.items) if (scene.selected.has(at)) paintMark(ctx, rowMark(scene, model.picture.items[at]), ink);
  if (scale >= WIRES) drawWires(ctx, scene, seen.wires);
  if (scale >= OUTLINES) {
    for (const at of seen.chips) paint(chipMarks(scene, at));
    for (const at of seen.items) paint(cache.of(scene, at));
  } else drawFar(ctx, scene, seen.items);
  ctx.restore();
}

/** Marks of boxes, kept as long as what they show stays the same. */
export class MarkCache {
  private look = "";
  private picture: unknown = null;
  private readonly known = new Map<number, { look: string; marks: BoxMarks }>();

  /** Forget all marks where they may be out of date: another picture, or another look. Returns whether they were. */
  renew(scene: Scene, look: string): boolean {
    if (this.look === look && this.picture === scene.model.picture) return false;
    this.known.clear();
    [this.look, this.picture] = [look, scene.model.picture];
    return true;
  }

  of(scene: Scene, at: number): BoxMarks {
    const look = `${scene.selected.has(at)}${scene.hovered === at}`;
    const known = this.known.get(at);
    if (known?.look === look) return known.marks;
    const marks = boxMarks(scene, at);
    this.known.set(at, { look, marks });
    return marks;
  }
}

/** Boxes so small that their outlines would touch: one filled shape each. */
function drawFar(ctx: CanvasRenderingContext2D, scene: Scene, items: readonly number[]): void {
  const { model, ink, found, trail } = scene;
  const lit = trail ? model.trailBoxes(trail) : found;
  const fill = (fits: (at: number) => boolean): void => {
    ctx.beginPath();
    for (const at of items) {
      if (!fits(at)) continue;
      const { x, y, w, h } = model.picture.items[at];
      ctx.rect(x - w / 2, y, w, h);
    }
    ctx.fill();
  };
  ctx.fillStyle = ink["ink-2"];
  ctx.globalAlpha = lit ? FADED : 1;
  fill((at) => !lit?.has(at));
  ctx.globalAlpha = 1;
  if (!lit) return;
  ctx.fillStyle = ink.brand;
  fill((at) => lit.has(at));
}

function drawWires(ctx: CanvasRenderingContext2D, scene: Scene, wires: number[]): void {
  const { ink, camera, model } = scene;
  const { strokes, heads } = bundle(scene, wires);
  for (const { stroke, paths } of strokes) {
    ctx.beginPath();
    for (const path of paths) run(ctx, path);
    ctx.strokeStyle = ink[stroke.ink];
    ctx.globalAlpha = stroke.alpha;
    ctx.lineWidth = Math.max(stroke.width, 0.75 / camera.scale);
    ctx.setLineDash(stroke.dash ? [2, 2] : []);
    ctx.stroke();
  }
  ctx.setLineDash([]);
  for (const { ink: name, alpha, wires: ends } of camera.scale < OUTLINES ? [] : heads) {
    ctx.fillStyle = ink[name];
    ctx.globalAlpha = alpha;
    ctx.beginPath();
    for (const at of ends) run(ctx, arrowPath(model.picture.wires[at][2]));
    ctx.fill();
  }
  ctx.globalAlpha = 1;
}

/** What the widths and bars mean, in the strip below a saved picture. */
export function drawLegend(ctx: CanvasRenderingContext2D, y: number, parts: readonly LegendPart[], ink: Inks): void {
  let x = 4;
  for (const { swatch, text } of parts) {
    if (swatch) {
      for (const mark of swatchMarks(swatch, x, y)) paintMark(ctx, mark, ink);
      x += swatch.width + 4;
    }
    paintMark(ctx, { is: "text", x, y: y + 4, text, font: "small", fill: "ink-2", at: "start" }, ink);
    ctx.font = fontOf("small", ink);
    x += (ctx.measureText(text)?.width ?? 0) + 12;
  }
}

/** A sample of a band or bar, `y` its middle. */
export function swatchMarks({ width, height, ink, alpha, dash }: NonNullable<LegendPart["swatch"]>, x: number, y: number): Mark[] {
  if (dash) return [{ is: "path", d: ["M", x, y, "L", x + width, y], stroke: ink, line: height, dash, alpha }];
  return [{ is: "rect", x, y: y - height / 2, w: width, h: height, r: 0, fill: ink, alpha }];
}
