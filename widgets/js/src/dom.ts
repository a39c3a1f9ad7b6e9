// Making elements: text only ever as text, never as markup.

export type Child = Node | string | null | undefined | false;
type Props = Record<string, string | number | boolean | EventListener | undefined>;

const SVG = "http://www.w3.org/2000/svg";

/** `h("button", { class: "btn", onclick: f, "aria-label": "Fit" }, "Fit")`; `false` and undefined leave an attribute out. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, props?: Props, ...children: Child[]): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), props, children);
}

export function s<K extends keyof SVGElementTagNameMap>(tag: K, props?: Props, ...children: Child[]): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill<E extends Element>(element: E, props: Props | undefined, children: Child[]): E {
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  for (const child of children) if (child !== null && child !== undefined && child !== false) element.append(child);
  return element;
}

/** Put these in the place of what an element holds. */
export function refill(element: Element, children: Child[]): void {
  element.replaceChildren();
  fill(element, undefined, children);
}

/** A small drawing from path data, e.g. an icon in a button; hidden from screen readers. */
export function icon(size: number, ...paths: string[]): SVGSVGElement {
  return s("svg", { viewBox: `0 0 ${size} ${size}`, "aria-hidden": "true", focusable: "false" }, ...paths.map((d) => s("path", { d })));
}

/** The element in this one that has the keyboard, itself too, in the page or in a shadow tree. */
export function focusedIn(element: Element): HTMLElement | SVGElement | null {
  const active = (element.getRootNode() as Document | ShadowRoot).activeElement as HTMLElement | SVGElement | null;
  return element.contains(active) ? active : null;
}

export const hasFocus = (element: Element): boolean => focusedIn(element) !== null;

/** Change what is in a panel; if the focus was there and its place goes away, `instead` has it. */
export function keepFocus(panel: Element, instead: HTMLElement, change: () => void): void {
  const had = hasFocus(panel);
  change();
  const now = focusedIn(panel);
  if (had && (now === null || now.closest("[hidden]"))) instead.focus({ preventScroll: true });
}

/** Write only what differs: no layout, no announcement without a change. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** null removes the attribute. */
export function setAttr(element: Element, name: string, value: string | null): void {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
