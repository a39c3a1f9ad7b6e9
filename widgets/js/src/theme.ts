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

/** `light` or `dark`: as wished, else as the notebook around says, else as the system does. `own`: not the notebook's. */
export function themeOf(el: Element, wish: string): { theme: "light" | "dark"; own: boolean } {
  const host = hostTheme(el);
  if (wish === "light" || wish === "dark") return { theme: wish, own: host !== wish };
  return { theme: host, own: false };
}

function hostTheme(el: Element): "light" | "dark" {
  const jupyter = el.closest("[data-jp-theme-light]") ?? document.querySelector("[data-jp-theme-light]");
  if (jupyter !== null) return jupyter.getAttribute("data-jp-theme-light") === "false" ? "dark" : "light";
  const { body, documentElement } = document;
  if (body.classList.contains("vscode-dark") || documentElement.dataset.theme === "dark") return "dark";
  if (body.classList.contains("vscode-light") || documentElement.dataset.theme === "light") return "light";
  return globalThis.matchMedia?.("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

const LATE_MS = [0, 100, 400, 1200, 3000];

/**
 * Call `changed` when the notebook or the system changes colours. Returns the end of it.
 * JupyterLab says that its theme changed before the theme's style sheet is there: so look again, some times.
 */
export function watchTheme(again: () => void): () => void {
  let timers: ReturnType<typeof setTimeout>[] = [];
  const changed = (): void => {
    for (const timer of timers) clearTimeout(timer);
    timers = LATE_MS.map((ms) => setTimeout(again, ms));
  };
  const observer = new MutationObserver(changed);
  for (const target of [document.documentElement, document.body]) observer.observe(target, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "data-theme", "class"] });
  const queries = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map((query) => globalThis.matchMedia?.(query));
  for (const query of queries) query?.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    for (const timer of timers) clearTimeout(timer);
    for (const query of queries) query?.removeEventListener("change", changed);
  };
}

/** Forget the colours of a view: its theme, its connection or the contrast setting changed. */
export function refreshInks(root: Element): void {
  cache.delete(root);
}

let forced: number | null = null;

/** Pixels a CSS pixel: the screen's, or finer while `draw` runs for a picture. */
export function withDensity(scale: number, draw: () => void): void {
  forced = scale;
  try {
    draw();
  } finally {
    forced = null;
  }
}

export const density = (): number => forced ?? (globalThis.devicePixelRatio || 1);

/** Size a canvas to CSS pixels at the screen's density. Returns its context scaled to CSS pixels and cleared; null where there is none. */
export function fitCanvas(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const scale = density();
  const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  canvas.style.width = `${wide / scale}px`; // whole pixels of the screen: a canvas that is stretched by a part of one is blurred
  canvas.style.height = `${high / scale}px`;
  const context = canvas.getContext("2d");
  context?.setTransform(scale, 0, 0, scale, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}

/** One straight stroke. */
export function line(ctx: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}
