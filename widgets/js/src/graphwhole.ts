// The whole graph as a PNG, not only what is on the screen.
import { drawGraph, drawLegend } from "./graphpaint";
import type { Scene } from "./graphscene";

const LARGEST = 8192; // px of a saved picture
const STRIP = 24;

export function wholeGraph(scene: Scene): HTMLCanvasElement | null {
  const { x0, x1, height } = scene.model.picture;
  const [wide, high] = [x1 - x0 + 16, height + 16 + STRIP];
  const scale = Math.min(2, LARGEST / wide, LARGEST / high);
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(wide * scale);
  canvas.height = Math.ceil(high * scale);
  const ctx = canvas.getContext("2d");
  if (ctx === null) return null;
  ctx.fillStyle = scene.ink.bg;
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  drawGraph(ctx, { ...scene, camera: { x: (8 - x0) * scale, y: 8 * scale, scale }, width: canvas.width, height: canvas.height, hovered: -1 });
  ctx.scale(scale, scale);
  drawLegend(ctx, high - STRIP / 2, scene.gauge.legend(), scene.ink);
  return canvas;
}
