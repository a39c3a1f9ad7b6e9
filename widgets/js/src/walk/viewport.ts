// The window onto the picture: it follows the steps, and goes where wheel, drag and buttons move it.
import { type Camera, READABLE, type Size, clamped, fitScale, fitted, focusOf, follow, stepScale, zoomed } from "./camera";
import type { Box, Scene } from "./scene";

export class Viewport {
  camera: Camera = { x: 0, y: 0, scale: 1 };
  dragged = false; // the last press moved the picture: its click means nothing
  private placed = false;
  private followed = "";
  private chosen = 0; // zoom by hand; 0: the picture chooses

  constructor(private readonly box: HTMLElement, private readonly scene: () => Scene | null, private readonly redraw: () => void) {
    box.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.drag();
  }

  size(): Size {
    return { w: this.box.clientWidth || 580, h: this.box.clientHeight || 284 };
  }

  /** Another picture, or another width: look at it anew. */
  reset(): void {
    this.placed = false;
  }

  /** Where the camera is for some units of a picture; it moves once for each `key`, so that what is moved by hand stays. */
  look(scene: Scene, units: ReadonlySet<number>, key: string): Camera {
    const size = this.size();
    const whole = fitScale(scene, size) >= READABLE;
    if (!this.placed) {
      this.camera = whole ? fitted(scene, size) : { x: 0, y: 0, scale: this.chosen || stepScale(scene, size) };
      this.placed = true;
      this.followed = "";
    }
    const now = `${key}:${size.w}:${size.h}`;
    if (now === this.followed) return this.camera;
    this.followed = now;
    this.camera = whole && this.chosen === 0 ? fitted(scene, size) : follow(this.camera, scene, size, focusOf(scene, units));
    return this.camera;
  }

  /** Whether a box is in the window, or not further from it than the window is large. */
  sight(): (box: Box) => boolean {
    const { x, y, scale } = this.camera;
    const { w, h } = this.size();
    const [left, top, right, bottom] = [(-x - w) / scale, (-y - h) / scale, (-x + 2 * w) / scale, (-y + 2 * h) / scale];
    return (box) => box.x < right && box.x + box.w > left && box.y < bottom && box.y + box.h > top;
  }

  fit(): void {
    const scene = this.scene();
    if (scene === null) return;
    this.camera = fitted(scene, this.size());
    this.chosen = this.camera.scale;
    this.redraw();
  }

  /** Zoom about a point of the window, its middle if none is given. */
  zoom(by: number, at = { x: this.size().w / 2, y: this.size().h / 2 }): void {
    const scene = this.scene();
    if (scene === null) return;
    this.camera = clamped(zoomed(this.camera, by, at), scene, this.size());
    this.chosen = this.camera.scale;
    this.redraw();
  }

  private wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const place = this.box.getBoundingClientRect();
    this.zoom(Math.exp(-event.deltaY / 300), { x: event.clientX - place.left, y: event.clientY - place.top });
  }

  private drag(): void {
    let from: { x: number; y: number; camera: Camera } | null = null;
    this.box.addEventListener("pointerdown", (event) => {
      this.dragged = false;
      if (event.button === 0) from = { x: event.clientX, y: event.clientY, camera: this.camera };
    });
    this.box.addEventListener("pointermove", (event) => {
      const scene = this.scene();
      if (from === null || scene === null) return;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      if (!this.dragged && Math.hypot(dx, dy) < 4) return;
      if (!this.dragged) this.box.setPointerCapture?.(event.pointerId);
      this.dragged = true;
      this.camera = clamped({ ...from.camera, x: from.camera.x + dx, y: from.camera.y + dy }, scene, this.size());
      this.redraw();
    });
    for (const end of ["pointerup", "pointercancel"] as const) this.box.addEventListener(end, () => { from = null; });
  }
}
