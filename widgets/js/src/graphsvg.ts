// The SVG painter of the graph: every box is an element that takes the focus, drawn from the same marks as on the canvas.
import { s, setAttr, setText } from "./dom";
import { type BoxMarks, chipMarks, groupMarks, rowMark } from "./graphboxes";
import type { MarkCache } from "./graphpaint";
import { type Scene, OUTLINES, WORDS } from "./graphscene";
import type { Skin } from "./graphtree";
import { wireMarks } from "./graphwires";
import { type Mark, paintInto } from "./marks";

/** The tree as a drawing. `stale` tells whether what lies behind the boxes has to be drawn anew. */
export function asDrawing(cache: MarkCache, stale: () => boolean): Skin {
  const drawn = new WeakMap<Element, BoxMarks>();
  const back = s("g", { "aria-hidden": "true" });
  const tree = s("g", { role: "tree", "aria-label": "Operations" });
  const front = s("g", { "aria-hidden": "true", class: "front" }); // words: an element's name is not what stands in its row
  const stage = s("g", {}, back, tree, front);
  const el = s("svg", { class: "drawing" }, stage);
  let known: unknown = null;
  return {
    el,
    tree,
    make: () => s("g", {}, s("title"), s("rect", { class: "hit" }), s("g", { class: "ink" }), s("rect", { class: "ring", rx: 2 })),
    dress(part, scene, { kind, at }) {
      const [title, hit, ink, ring] = part.children;
      const { items, groups } = scene.model.picture;
      const item = kind === "item" ? items[at] : null;
      const [x, y, w, h] = item ? [item.x - item.w / 2, item.y, item.w, item.h] : [groups[at].x, groups[at].y, groups[at].w, 20];
      const wide = item && !item.compact ? Math.max(w, scene.model.picture.norms - x) : w; // a row is chosen by its numbers too
      for (const [name, value] of [["x", x], ["y", y], ["width", w], ["height", h]] as const) {
        setAttr(ring, name, String(name === "x" || name === "y" ? value - 2 : value + 4));
        setAttr(hit, name, String(name === "width" ? wide : value));
      }
      const words = item && item.label === item.title ? "" : (part.getAttribute("aria-label") ?? "");
      setText(title, words);
      if (!item) return;
      const marks = cache.of(scene, at);
      if (drawn.get(part) === marks) return;
      drawn.set(part, marks);
      paintInto(ink, marks.shapes);
    },
    frame(scene) {
      const { camera, width, height } = scene;
      setAttr(el, "width", String(width));
      setAttr(el, "height", String(height));
      setAttr(stage, "transform", `translate(${camera.x} ${camera.y}) scale(${camera.scale})`);
      setAttr(el, "class", `drawing${camera.scale < WORDS ? " far" : ""}${camera.scale < OUTLINES ? " tiny" : ""}`);
      if (!stale() && known === scene.model.picture) return;
      const picture = known = scene.model.picture;
      paintInto(back, behind(scene));
      paintInto(front, [
        ...picture.groups.flatMap((_, at) => groupMarks(scene, at, 1).words()),
        ...picture.items.flatMap((_, at) => cache.of(scene, at).words()),
      ]);
    },
  };
}

/** Frames, rows, wires and chips. */
function behind(scene: Scene): Mark[] {
  const { picture } = scene.model;
  const every = (list: readonly unknown[]): number[] => list.map((_, at) => at);
  return [
    ...every(picture.groups).flatMap((at) => groupMarks(scene, at, 1).shapes),
    ...[...scene.selected].map((at) => rowMark(scene, picture.items[at])),
    ...wireMarks(scene, every(picture.wires)),
    ...every(picture.chips).flatMap((at) => {
      const { shapes, words } = chipMarks(scene, at);
      return [...shapes, ...words()];
    }),
  ];
}
