// The code of a notebook's cells as it stands in the page: JupyterLab's and Notebook's editors, and the coloured text of an exported page.

/** A line's place: `left` and `top` from the corner that `lay` lays from, `screen` the top in the window. */
export interface LineBox { left: number; top: number; height: number; screen: number }
export interface Box { left: number; top: number; width: number; height: number }

/** The code of one cell. Lines count from 1, as Python's do. */
export interface Code {
  readonly cell: HTMLElement;
  /** The text of a line; undefined where it is not in the page (an editor keeps only the lines in sight). */
  line(n: number): string | undefined;
  box(n: number): LineBox | null;
  /** Where characters of the line's text, white space at its beginning not counted, stand. */
  boxes(n: number, characters: [first: number, end: number]): Box[];
  /** Lay an element of ours over the code; it scrolls with it. */
  lay(element: HTMLElement): void;
}

const CELL = ".jp-CodeCell";
const EDITOR = ".jp-InputArea-editor";
const NOTEBOOK = ".jp-Notebook, .jp-NotebookPanel, main, body";

/** The code of every cell of the notebook around an element, its own cell first. */
export function* codesIn(el: Element): Generator<Code> {
  const own = el.closest<HTMLElement>(CELL);
  if (own) {
    const code = read(own);
    if (code) yield code;
  }
  for (const cell of el.closest(NOTEBOOK)?.querySelectorAll<HTMLElement>(CELL) ?? []) {
    const code = cell === own ? null : read(cell);
    if (code) yield code;
  }
}

/** The code that an element of the page is part of, if it belongs to the notebook around `el`. */
export function codeOf(target: Element, el: Element): Code | null {
  const editor = target.closest(EDITOR);
  const cell = editor?.closest<HTMLElement>(CELL) ?? null;
  const notebook = el.closest(NOTEBOOK);
  return cell !== null && notebook?.contains(cell) ? read(cell) : null;
}

/** `[7]` as the cell's prompt says, `[*]` while it runs, '' for a cell that never ran. */
export function labelOf({ cell }: Code): string {
  const number = /\[\s*(\d+|\*)\s*\]/.exec(cell.querySelector(".jp-InputPrompt")?.textContent ?? "")?.[1];
  return number === undefined ? "" : `[${number}]`;
}

function read(cell: HTMLElement): Code | null {
  const editor = cell.querySelector<HTMLElement>(EDITOR);
  const content = editor?.querySelector<HTMLElement>(".cm-content");
  const scroller = editor?.querySelector<HTMLElement>(".cm-scroller");
  if (content && scroller) return editorCode(cell, content, scroller);
  const pre = editor?.querySelector<HTMLElement>("pre");
  return pre?.parentElement ? textCode(cell, pre, pre.parentElement) : null;
}

/** CodeMirror: one element a line; lines far out of sight are one gap, as high as they were. */
function editorCode(cell: HTMLElement, content: HTMLElement, scroller: HTMLElement): Code {
  const find = (n: number): HTMLElement | null => {
    const children = [...content.children] as HTMLElement[];
    const high = children.find((child) => child.classList.contains("cm-line"))?.offsetHeight || Infinity;
    let at = 1;
    for (const child of children) {
      if (child.classList.contains("cm-gap")) at += Math.round(child.offsetHeight / high); // whoever asks compares the text
      else if (child.classList.contains("cm-line") && at++ === n) return child;
    }
    return null;
  };
  return {
    cell,
    line: (n) => find(n)?.textContent ?? undefined,
    box(n) {
      const element = find(n);
      return element && lineBox(element.getBoundingClientRect(), scroller);
    },
    boxes(n, characters) {
      const element = find(n);
      return element === null ? [] : boxesOf(element, utf16(element.textContent ?? "", characters, 0), scroller);
    },
    lay: (element) => scroller.append(element),
  };
}

/** The text of an exported page: all lines in one element. */
function textCode(cell: HTMLElement, pre: HTMLElement, frame: HTMLElement): Code {
  const lines = (pre.textContent ?? "").split("\n");
  const start = (n: number): number => lines.slice(0, n - 1).reduce((sum, line) => sum + line.length + 1, 0);
  return {
    cell,
    line: (n) => lines[n - 1],
    box(n) {
      if (!lines[n - 1]) return null;
      const [first] = boxesOf(pre, [start(n), start(n) + lines[n - 1].length], frame);
      return first ? { left: first.left, top: first.top, height: first.height, screen: first.top + frame.getBoundingClientRect().top - frame.scrollTop } : null;
    },
    boxes: (n, characters) => (lines[n - 1] === undefined ? [] : boxesOf(pre, utf16(lines[n - 1], characters, start(n)), frame)),
    lay(element) {
      if (getComputedStyle(frame).position === "static") frame.style.position = "relative";
      frame.append(element);
    },
  };
}

function lineBox({ left, top, height }: DOMRect, frame: HTMLElement): LineBox {
  const corner = frame.getBoundingClientRect();
  return { left: left - corner.left + frame.scrollLeft, top: top - corner.top + frame.scrollTop, height, screen: top };
}

/** Characters of the stripped line, as Python counts them -> offsets as the page counts them, from `start` on. */
function utf16(text: string, [first, end]: [number, number], start: number): [number, number] {
  const stripped = text.trimStart();
  const letters = [...stripped];
  const before = start + text.length - stripped.length + letters.slice(0, first).join("").length;
  return [before, before + letters.slice(first, end).join("").length];
}

/** Where the characters [from, to) of an element's text stand, from the corner of `frame`. */
function boxesOf(element: HTMLElement, [from, to]: [number, number], frame: HTMLElement): Box[] {
  const range = document.createRange();
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let at = 0;
  let begun = false;
  for (let text = walker.nextNode(); text !== null; text = walker.nextNode()) {
    const length = text.nodeValue!.length;
    if (!begun && from < at + length) {
      range.setStart(text, from - at);
      begun = true;
    }
    if (begun && to <= at + length) {
      range.setEnd(text, to - at);
      break;
    }
    at += length;
  }
  if (!begun || range.collapsed) return [];
  const corner = frame.getBoundingClientRect();
  return joined([...range.getClientRects()]).map(({ left, top, right, bottom }) => ({ left: left - corner.left + frame.scrollLeft, top: top - corner.top + frame.scrollTop, width: right - left, height: bottom - top }));
}

interface Edges { left: number; top: number; right: number; bottom: number }

/** Coloured words of one line are one box. */
function joined(rects: DOMRect[]): Edges[] {
  const lines: Edges[] = [];
  for (const { left, top, right, bottom } of rects) {
    if (right <= left) continue;
    const last = lines.at(-1);
    if (last && Math.abs(last.bottom - bottom) < (bottom - top) / 2) Object.assign(last, { left: Math.min(last.left, left), top: Math.min(last.top, top), right: Math.max(last.right, right), bottom: Math.max(last.bottom, bottom) });
    else lines.push({ left, top, right, bottom });
  }
  return lines;
}
