// Which part of the picture is in the window: all of it while that can be read, else the surroundings of the current step.
import type { Box, Scene } from "./scene";

export interface Camera { x: number; y: number; scale: number }
export interface Size { w: number; h: number }

export const READABLE = 0.8; // below this the whole is not worth shrinking
const LEGIBLE = 0.6;
const LEAST = 0.02;
export const MOST = 2.5;
const MARGIN = 24;

/** The scale at which the whole picture is in the window, at most 1. */
export const fitScale = (scene: Size, pane: Size): number => Math.min(1, pane.w / Math.max(1, scene.w), pane.h / Math.max(1, scene.h));

/** The scale at which each step's surroundings are in the window: at most 1, and never too small for its numbers. */
export function stepScale(scene: Scene, pane: Size): number {
  let scale = 1;
  scene.units.forEach((_, unit) => {
    const box = focusOf(scene, new Set([unit]));
    if (box) scale = Math.min(scale, (pane.w - 8) / box.w, (pane.h - 4) / box.h);
  });
  return Math.max(LEGIBLE, scale);
}

/** Whole, in the middle. */
export function fitted(scene: Size, pane: Size): Camera {
  const scale = Math.max(LEAST, fitScale(scene, pane));
  return { scale, x: Math.max(0, (pane.w - scene.w * scale) / 2), y: Math.max(0, (pane.h - scene.h * scale) / 2) };
}

/** The least move of a camera that brings a box into the window, a little further where the walk goes on. */
export function follow(camera: Camera, scene: Size, pane: Size, box: Box | null): Camera {
  if (box === null) return clamped(camera, scene, pane);
  const { scale } = camera;
  const axis = (at: number, from: number, size: number, room: number): number => {
    const long = size * scale;
    const [start, end] = [from * scale + at, from * scale + at + long];
    const margin = Math.min(MARGIN, Math.max(0, (room - long) / 2));
    if (long > room) return at + (room - long) / 2 - start; // too large: its middle
    if (end > room - margin) return at + Math.min(Math.max(margin, room * 0.25), room - margin - long) - start;
    if (start < margin) return at + Math.max(Math.min(room - margin, room * 0.75), margin + long) - end;
    return at;
  };
  return clamped({ scale, x: axis(camera.x, box.x, box.w, pane.w), y: axis(camera.y, box.y, box.h, pane.h) }, scene, pane);
}

/** Keep the picture in the window: in the middle where it is smaller, without empty margins where it is larger. */
export function clamped({ x, y, scale }: Camera, scene: Size, pane: Size): Camera {
  const axis = (at: number, size: number, room: number): number => (size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, at)));
  return { scale, x: axis(x, scene.w * scale, pane.w), y: axis(y, scene.h * scale, pane.h) };
}

/** Zoom about a point of the window. */
export function zoomed(camera: Camera, by: number, at: { x: number; y: number }): Camera {
  const scale = Math.min(MOST, Math.max(LEAST, camera.scale * by));
  const k = scale / camera.scale;
  return { scale, x: at.x - (at.x - camera.x) * k, y: at.y - (at.y - camera.y) * k };
}

/** What is around the given units: their circles, what goes in and what comes out. */
export function focusOf(scene: Scene, units: ReadonlySet<number>): Box | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  const add = ({ x, y, w, h }: Box): void => {
    [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y - 18), Math.max(right, x + w), Math.max(bottom, y + h + 16)];
  };
  for (const unit of units) {
    add(scene.circles[unit]);
    const { output } = scene.units[unit];
    const near = scene.wires.filter((wire) => wire.unit === unit && wire.kind !== "far").map((wire) => scene.spots.find((spot) => spot.value === wire.value && (spot.unit === unit || spot.kind === "chain")));
    for (const spot of [...near, output === null ? undefined : scene.home.get(output)]) {
      if (spot === undefined) continue;
      add(spot);
      if (spot.grad) add(spot.grad);
    }
  }
  return Number.isFinite(left) ? { x: left, y: top, w: right - left, h: bottom - top } : null;
}
