// Save picture: what is on the screen as a PNG. Canvases are copied, words are written where they stand; controls are left out.
import { h } from "./dom";

export const SCALE = 2; // pixels a CSS pixel
const LEFT_OUT = "button, select, input, kbd, .a11y, .ctl, .fix, .tools, [hidden]";
const INKED = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "opacity", "font", "text-anchor"];

/** The view as a canvas, without its controls. Call it while the panels' canvases are drawn at SCALE. */
export async function pictureOf(root: HTMLElement): Promise<HTMLCanvasElement> {
  const place = root.getBoundingClientRect();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(place.width * SCALE);
  canvas.height = Math.round(place.height * SCALE);
  const ctx = canvas.getContext("2d");
  if (ctx === null) return canvas;
  ctx.scale(SCALE, SCALE);
  ctx.translate(-place.left, -place.top);
  ctx.fillStyle = opaque(getComputedStyle(root).backgroundColor, root);
  ctx.fillRect(place.left, place.top, place.width, place.height);
  const drawings: SVGSVGElement[] = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node: Node | null = walker.currentNode; node !== null; node = walker.nextNode()) {
    if (node instanceof Text) writeText(ctx, node);
    else if (node instanceof HTMLCanvasElement) copyCanvas(ctx, node);
    else if (node instanceof SVGSVGElement) drawings.push(node);
    else if (node instanceof HTMLElement) drawBox(ctx, node);
  }
  for (const drawing of drawings) if (drawing.closest(LEFT_OUT) === null) await copyDrawing(ctx, drawing);
  return canvas;
}

/** Offer the picture as a download. */
export async function savePicture(root: HTMLElement, name: string): Promise<void> {
  await download(await pictureOf(root), name);
}

/** A canvas as a PNG of this name. */
export async function download(canvas: HTMLCanvasElement, name: string): Promise<void> {
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done));
  if (blob === null) return;
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function opaque(color: string, root: HTMLElement): string {
  const seeThrough = color === "transparent" || /,\s*0\)$/.test(color);
  return seeThrough ? (root.dataset.gbTheme === "dark" ? "#111" : "#fff") : color;
}

function copyCanvas(ctx: CanvasRenderingContext2D, source: HTMLCanvasElement): void {
  const { left, top, width, height } = source.getBoundingClientRect();
  if (width > 0 && source.width > 0) ctx.drawImage(source, left, top, width, height);
}

/** An inline drawing keeps its colours only when they are written into it. */
async function copyDrawing(ctx: CanvasRenderingContext2D, source: SVGSVGElement): Promise<void> {
  const { left, top, width, height } = source.getBoundingClientRect();
  if (width === 0 || height === 0) return;
  const copy = source.cloneNode(true) as SVGSVGElement;
  const [from, to] = [[...source.querySelectorAll("*")], [...copy.querySelectorAll("*")]];
  from.forEach((element, i) => {
    const style = getComputedStyle(element);
    for (const name of INKED) (to[i] as SVGElement).style.setProperty(name, style.getPropertyValue(name));
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  const image = new Image(width * SCALE, height * SCALE);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  try {
    await image.decode();
  } catch {
    return; // a drawing that the browser cannot read again is left out; the rest of the picture stands
  }
  ctx.drawImage(image, left, top, width, height);
}

/** Ground and bottom and right hairlines of a box. */
function drawBox(ctx: CanvasRenderingContext2D, element: HTMLElement): void {
  if (element.closest(LEFT_OUT) !== null) return;
  const style = getComputedStyle(element);
  const { left, top, width, height } = element.getBoundingClientRect();
  if (!element.classList.contains("gb") && !/,\s*0\)$|transparent/.test(style.backgroundColor)) {
    ctx.fillStyle = style.backgroundColor;
    ctx.fillRect(left, top, width, height);
  }
  const edges: [string, string, number, number, number, number][] = [
    [style.borderBottomWidth, style.borderBottomColor, left, top + height - 1, width, 1],
    [style.borderRightWidth, style.borderRightColor, left + width - 1, top, 1, height],
    [style.borderTopWidth, style.borderTopColor, left, top, width, 1],
    [style.borderLeftWidth, style.borderLeftColor, left, top, 1, height],
  ];
  for (const [thick, color, x, y, wide, high] of edges) {
    if (Number.parseFloat(thick) < 0.5) continue;
    ctx.fillStyle = color;
    ctx.fillRect(x, y, wide, high);
  }
}

/** Words of the page; those of an inline drawing come with it. */
function writeText(ctx: CanvasRenderingContext2D, text: Text): void {
  const parent = text.parentElement;
  if (parent === null || text.data.trim() === "" || parent.closest("svg") !== null || (parent.closest(LEFT_OUT) !== null && parent.closest(".fold") === null)) return;
  const style = getComputedStyle(parent);
  if (style.visibility === "hidden") return;
  ctx.save();
  const box = (parent.closest(".text, .ev, .read, .status, .bar, .body") ?? parent).getBoundingClientRect();
  ctx.beginPath();
  ctx.rect(box.left, box.top, box.width, box.height);
  ctx.clip();
  ctx.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  ctx.fillStyle = style.color;
  ctx.textBaseline = "middle";
  for (const { string, left, middle } of lines(text)) ctx.fillText(string, left, middle);
  ctx.restore();
}

/** The lines into which the browser broke a text. */
function lines(text: Text): { string: string; left: number; middle: number }[] {
  const range = document.createRange();
  range.selectNodeContents(text);
  const rects = [...range.getClientRects()];
  const single = rects[0];
  if (single === undefined) return [];
  if (rects.length === 1) return [{ string: text.data, left: single.left, middle: single.top + single.height / 2 }];
  const found: { string: string; left: number; middle: number }[] = [];
  for (let i = 0; i < text.data.length; i++) {
    range.setStart(text, i);
    range.setEnd(text, i + 1);
    const rect = range.getBoundingClientRect();
    const middle = rect.top + rect.height / 2;
    const last = found[found.length - 1];
    if (last !== undefined && Math.abs(last.middle - middle) < 2) last.string += text.data[i];
    else found.push({ string: text.data[i], left: rect.left, middle });
  }
  return found;
}
