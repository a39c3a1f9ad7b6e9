// The whole graph, unfolded, as a strip of ops: where am I, and what is folded away.
import type { GraphModel } from "./graphmodel";
import type { Camera } from "./graphscene";
import type { GraphCamera } from "./graphview";
import type { Inks } from "./theme";

export const MINIMAP = { width: 52, height: 150 };
const PAD = 8;

const NARROW = 540; // px: a panel less wide has no room for it

export interface Place { x: number; y: number }

/** Where the minimap stands, beside the picture; null where there is no room, or nothing that it would add. */
export function minimapPlace(model: GraphModel, { camera: { x, y, scale }, width, height }: GraphCamera): Place | null {
  if (width < NARROW || height < 280) return null;
  const { picture } = model;
  const free = x + (picture.norms + 6) * scale <= width - MINIMAP.width;
  const whole = picture.height * scale + y <= height && y >= 0;
  return free && (picture.folded > 0 || !whole) ? { x: width - MINIMAP.width, y: height - MINIMAP.height } : null;
}

/** Ops that are on the screen, as positions in the order of the graph; null if none is. */
export function opsInView(model: GraphModel, camera: Camera, height: number): [first: number, last: number] | null {
  const top = -camera.y / camera.scale;
  const bottom = top + height / camera.scale;
  let [first, last] = [Infinity, -Infinity];
  for (const at of model.strip(top, bottom)?.items ?? []) {
    const item = model.picture.items[at];
    const block = model.block(item);
    if (!block || block.first < 0 || item.y + item.h < top || item.y > bottom) continue;
    first = Math.min(first, block.first);
    last = Math.max(last, block.last);
  }
  return first <= last ? [first, last] : null;
}

export function drawMinimap(ctx: CanvasRenderingContext2D, { x, y }: Place, model: GraphModel, camera: Camera, height: number, ink: Inks): void {
  const { width: w, height: h } = MINIMAP;
  const { order } = model.tree;
  const step = (h - 2 * PAD) / Math.max(1, order.length);
  ctx.fillStyle = ink.bg;
  ctx.strokeStyle = ink["line-2"];
  ctx.lineWidth = 1;
  ctx.fillRect(x, y, w, h);
  ctx.strokeRect(x + 0.5, y + 0.5, w - 1, h - 1);
  const view = opsInView(model, camera, height);
  if (view) {
    ctx.fillStyle = ink["brand-fill"];
    ctx.strokeStyle = ink.brand;
    const top = Math.round(y + PAD - 4 + view[0] * step);
    const tall = Math.max(6, Math.round((view[1] - view[0] + 1) * step + 8));
    ctx.fillRect(x + 4, top, w - 8, tall);
    ctx.strokeRect(x + 4.5, top + 0.5, w - 9, tall - 1);
  }
  for (const { first, last, foldable, opened } of shownBlocks(model)) {
    const [top, tall] = [y + PAD + first * step, (last - first + 1) * step];
    ctx.fillStyle = foldable ? ink["ink-3"] : ink["ink-2"];
    if (step >= 2) for (let op = first; op <= last; op++) ctx.fillRect(x + w / 2 - 7, y + PAD + op * step, 14, Math.max(1, step * 0.6));
    else ctx.fillRect(x + w / 2 - 7, top, 14, Math.max(0.5, tall - (tall > 2 ? 0.75 : 0)));
    if (!foldable || opened || tall < 4) continue;
    ctx.strokeStyle = ink["line-2"];
    ctx.beginPath();
    ctx.moveTo(x + w / 2 + 9, top + 0.5);
    ctx.lineTo(x + w / 2 + 14.5, top + 0.5);
    ctx.lineTo(x + w / 2 + 14.5, top + tall - 1);
    ctx.lineTo(x + w / 2 + 9, top + tall - 1);
    ctx.stroke();
  }
}

/** Shown blocks; of a `×n` box its repeats, so that each has its bracket. */
function shownBlocks(model: GraphModel): { first: number; last: number; foldable: boolean; opened: boolean }[] {
  const every = model.picture.items.flatMap((item) => {
    const block = model.block(item);
    if (!block || block.first < 0) return [];
    return block.count > 1 && block.children.length <= 12 ? block.children : [block];
  });
  const thin = Math.ceil(every.length / 600); // more would share a pixel
  return thin > 1 ? every.filter((_, at) => at % thin === 0) : every;
}

/** The op at a height of the minimap. */
export function opAt(model: GraphModel, y: number): number {
  const { order } = model.tree;
  const position = Math.round(((y - PAD) / (MINIMAP.height - 2 * PAD)) * (order.length - 1));
  return order[Math.min(order.length - 1, Math.max(0, position))] ?? -1;
}
