// Colours for what is drawn on a canvas: read from the style sheet once per theme, so that a canvas follows it like everything else.

const NAMES = [
  "ink", "ink-2", "ink-3", "bg", "line", "line-2", "fill", "fill-2", "brand", "brand-fill", "value", "value-ink", "grad", "grad-ink", "val", "val-ink",
  "ghost", "warn", "warn-mark", "warn-fill", "error", "error-fill", "pos", "neg", "ui", "code",
] as const;
export type InkName = (typeof NAMES)[number];
export type Inks = Record<InkName, string>;

const cache = new WeakMap<Element, Inks>();

/** The colours and fonts that hold inside the view around `el`; `pos` and `neg` are `r,g,b` triples for heat maps. */
export function inks(el: Element): Inks {
  const root = el.closest(".gb") ?? el;
  let found = cache.get(root);
  if (found === undefined) {
    const style = getComputedStyle(root);
    found = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Inks;
    cache.set(root, found);
  }
  return found;
}

/** Forget the colours of a view: its theme, its connection or the contrast setting changed. */
export function refreshInks(root: Element): void {
  cache.delete(root);
}

/** Size a canvas to CSS pixels at the screen's density. Returns its context scaled to CSS pixels and cleared; null where there is none. */
export function fitCanvas(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const density = globalThis.devicePixelRatio || 1;
  const [wide, high] = [Math.round(width * density), Math.round(height * density)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context?.setTransform(density, 0, 0, density, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}
