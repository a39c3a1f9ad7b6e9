// The camera over the graph, and what pointer, wheel and keys do to it.
import type { GraphModel, Hit, Item } from "./graphmodel";
import type { Camera } from "./graphscene";
import { MINIMAP, type Place, opAt } from "./minimap";

const LEAST = 0.02; // scale; of a longer graph less, so that all of it can be seen
const READABLE = 0.75; // a wider picture is not made smaller than this by itself, but moved by hand
const MOST = 4;
const EDGE = 2; // px around the picture
const WIDE = 540;

export class GraphCamera {
  camera: Camera = { x: 0, y: 0, scale: 1 };
  /** Nobody has moved the picture: it may be placed anew when the room changes. */
  atHome = true;
  width = 0;
  height = 0;

  /** The picture at reading size, its beginning in sight, whole where that stays readable. */
  home(model: GraphModel): void {
    const { x0, x1, height } = model.picture;
    const wide = this.width / (x1 - x0 + (this.width < WIDE ? 2 : 20));
    const high = this.height / (height + 8);
    const roomy = this.width >= 700 && this.height >= 600 ? 1.2 : 1;
    let scale = Math.max(READABLE, Math.min(1, wide));
    if (Math.min(wide, high) > 1) scale = Math.min(roomy, wide, high);
    else if (high < scale && high >= 0.78 * scale) scale = high;
    this.camera = { scale, x: this.spine(model, scale), y: 2 };
    this.atHome = true;
  }

  /** All of it in sight. */
  fit(model: GraphModel): void {
    const scale = Math.min(1.25, this.whole(model));
    const { height } = model.picture;
    this.camera = { scale, x: this.spine(model, scale), y: Math.max(2, (this.height - height * scale) / 8) };
    this.atHome = true;
  }

  /** The scale at which all of it is in sight. */
  private whole({ picture: { x0, x1, height } }: GraphModel): number {
    return Math.min((this.width - 8) / (x1 - x0), (this.height - 8) / height);
  }

  /** x of the spine: where it is, if the picture fits there, so that a closed inspector moves nothing. */
  private spine(model: GraphModel, scale: number): number {
    const { x0, x1 } = model.picture;
    const left = -x0 * scale;
    const beside = this.width - x1 * scale - MINIMAP.width - 8; // leaves room for the minimap, if there is any
    const right = this.width >= WIDE && beside >= left ? beside : this.width - x1 * scale;
    const { x } = this.camera;
    if (this.atHome && x >= left && x <= right && this.camera.scale === scale) return x;
    const wished = this.width > 700 ? this.width * 0.46 : left + Math.min(16, Math.max(0, (right - left) / 2));
    return Math.round(Math.max(left, Math.min(right, wished)));
  }

  resize(width: number, height: number, model: GraphModel): void {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    if (this.atHome) this.home(model);
    else this.clamp(model);
  }

  pan(dx: number, dy: number, model: GraphModel): void {
    this.camera = { ...this.camera, x: Math.round(this.camera.x + dx), y: Math.round(this.camera.y + dy) };
    this.atHome = false;
    this.clamp(model);
  }

  zoom(factor: number, x: number, y: number, model: GraphModel): void {
    const { camera } = this;
    const scale = Math.max(Math.min(LEAST, this.whole(model)), Math.min(MOST, camera.scale * factor));
    const real = scale / camera.scale;
    this.camera = { scale, x: x - (x - camera.x) * real, y: y - (y - camera.y) * real };
    this.atHome = false;
    this.clamp(model);
  }

  /** Is the box on the screen, whole from top to bottom? */
  shows({ y, h }: { y: number; h: number }): boolean {
    const { camera } = this;
    return y * camera.scale + camera.y >= 0 && (y + h) * camera.scale + camera.y <= this.height;
  }

  /** Show a box, moving as little as that takes. */
  reveal(box: { left: number; top: number; right: number; bottom: number }, model: GraphModel): void {
    const { x, y, scale } = this.camera;
    const shift = (low: number, high: number, room: number): number => (low < 24 ? 24 - low : high > room - 24 ? Math.max(room - 24 - high, 24 - low) : 0);
    const dx = shift(box.left * scale + x, box.right * scale + x, this.width);
    const dy = shift(box.top * scale + y, box.bottom * scale + y, this.height);
    if (dx !== 0 || dy !== 0) this.pan(dx, dy, model);
  }

  /** After folding: what is on the screen stays, unless the picture has become too wide for it. */
  settle(model: GraphModel): void {
    const { x0, x1 } = model.picture;
    const { scale, x } = this.camera;
    if (this.atHome && (x0 * scale + x < 0 || x1 * scale + x > this.width)) {
      const narrower = Math.min(scale, Math.max(READABLE, this.width / (x1 - x0 + (this.width < WIDE ? 2 : 20))));
      const y = this.camera.y * (narrower / scale);
      this.camera = { scale: narrower, x: this.spine(model, narrower), y };
    }
    this.clamp(model);
  }

  /** Can the picture still move that way? */
  reaches(dy: number, model: GraphModel): boolean {
    const { y, scale } = this.camera;
    return dy < 0 ? y < 2 : y + model.picture.height * scale > this.height - 8;
  }

  toPicture(x: number, y: number): [x: number, y: number] {
    return [(x - this.camera.x) / this.camera.scale, (y - this.camera.y) / this.camera.scale];
  }

  /** As a scrolled page: a picture that is larger than the room fills it, a smaller one stays inside. */
  private clamp(model: GraphModel): void {
    const { x0, x1, height } = model.picture;
    const { scale } = this.camera;
    const keep = (at: number, low: number, high: number, room: number): number => {
      const [first, last] = [EDGE - low * scale, room - EDGE - high * scale];
      return Math.min(Math.max(first, last), Math.max(Math.min(first, last), at));
    };
    this.camera.x = keep(this.camera.x, x0, x1, this.width);
    this.camera.y = keep(this.camera.y, 0, height, this.height);
  }
}

export interface PlotEvents {
  model(): GraphModel | null;
  changed(): void;
  settle(): void; // a box may just have been scrolled into view
  hover(hit: Hit | null): void;
  click(x: number, y: number, more: boolean): void; // on the screen; `more`: with Shift
  fold(key: string): void;
  minimap(): Place | null;
}

/** Drag moves, Ctrl or ⌘ and the wheel zoom; the wheel alone scrolls the graph only while it has the focus, else the page. */
export function watchPointer(plot: HTMLElement, camera: GraphCamera, events: PlotEvents): void {
  let drag: { id: number; x: number; y: number; moved: boolean; map: Place | null } | null = null;
  const at = (event: MouseEvent): [number, number] => {
    events.settle();
    const { left, top } = plot.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const jump = (place: Place, y: number): void => {
    const model = events.model();
    const item = model ? (model.picture.items[model.box(opAt(model, y - place.y))] as Item | undefined) : undefined;
    if (!model || !item) return;
    camera.pan(0, camera.height / 2 - (item.y * camera.camera.scale + camera.camera.y), model);
    events.changed();
  };
  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const [x, y] = at(event);
    const map = events.minimap();
    const onMap = map !== null && x >= map.x && x <= map.x + MINIMAP.width && y >= map.y && y <= map.y + MINIMAP.height;
    drag = { id: event.pointerId, x, y, moved: false, map: onMap ? map : null };
    if (onMap) jump(map, y);
  });
  plot.addEventListener("pointermove", (event) => {
    const model = events.model();
    const [x, y] = at(event);
    if (!model) return;
    if (!drag) {
      events.hover(model.hit(...camera.toPicture(x, y)));
      return;
    }
    if (drag.map) jump(drag.map, y);
    else if (drag.moved || Math.hypot(x - drag.x, y - drag.y) > 4) {
      if (!drag.moved) plot.setPointerCapture?.(drag.id);
      drag.moved = true;
      plot.classList.add("drag");
      camera.pan(x - drag.x, y - drag.y, model);
      [drag.x, drag.y] = [x, y];
      events.changed();
    }
  });
  const end = (event: PointerEvent): void => {
    const done = drag;
    drag = null;
    plot.classList.remove("drag");
    if (done && !done.moved && !done.map && event.type === "pointerup") events.click(...at(event), event.shiftKey);
  };
  plot.addEventListener("pointerup", end);
  plot.addEventListener("pointercancel", end);
  plot.addEventListener("pointerleave", () => events.hover(null));
  plot.addEventListener("dblclick", (event) => {
    const model = events.model();
    const hit = model?.hit(...camera.toPicture(...at(event)));
    if (model && hit?.kind === "item" && !hit.fold) events.fold(model.picture.items[hit.at].key);
    if (model && hit?.kind === "group" && !hit.fold) events.fold(model.picture.groups[hit.at].key);
  });
  plot.addEventListener("wheel", (event) => {
    const model = events.model();
    if (!model) return;
    if (event.ctrlKey || event.metaKey) camera.zoom(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.002)), ...at(event), model);
    else if (plot.matches(":focus-within") && camera.reaches(-event.deltaY, model)) camera.pan(-event.deltaX, -event.deltaY * (event.deltaMode === 1 ? 16 : 1), model);
    else return;
    event.preventDefault();
    events.changed();
  }, { passive: false });
}
