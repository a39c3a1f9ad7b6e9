// Formulas come as MathML text from the kernel: read as XML, and rebuilt from the elements of MathML alone.
import { h } from "./dom";
import type { Formula } from "./protocol";

const NAMESPACE = "http://www.w3.org/1998/Math/MathML";
const ELEMENTS = new Set(
  "math mrow mi mo mn ms mtext mspace msup msub msubsup munder mover munderover mfrac msqrt mroot mstyle mpadded mphantom mtable mtr mtd menclose".split(" "),
);
const ATTRIBUTES = new Set(
  "mathvariant stretchy fence separator form lspace rspace minsize maxsize movablelimits largeop symmetric accent accentunder linethickness width height depth displaystyle scriptlevel columnalign rowalign columnspacing rowspacing notation".split(" "),
);
const ROLES = new Set(["in", "lo"]); // classes that colour a gradient and a value
const DEEPEST = 60;

/** The formula as an element, or null when the text is no MathML. Scripts, links, handlers and foreign elements fall away. */
export function formula(text: string, block: boolean): Element | null {
  const parsed = new DOMParser().parseFromString(text, "application/xml").documentElement;
  if (parsed === null || parsed.localName !== "math" || parsed.getElementsByTagName("parsererror").length > 0) return null;
  const math = adopt(parsed, 0);
  math?.setAttribute("display", block ? "block" : "inline");
  return math;
}

/** A formula and, below it, those of its gradients; nothing where it is unknown or no MathML. */
export function withGrads(known: Formula | null | undefined): Element[] {
  const value = known ? formula(known.value, true) : null;
  if (!known || value === null) return [];
  const grads = Object.values(known.grads).map((text) => formula(text, false)).filter((math) => math !== null);
  return grads.length > 0 ? [value, h("div", { class: "grads", role: "group", "aria-label": "Gradients" }, ...grads)] : [value];
}

function adopt(source: Element, depth: number): Element | null {
  if (!ELEMENTS.has(source.localName) || depth > DEEPEST) return null;
  const element = document.createElementNS(NAMESPACE, source.localName);
  for (const { name, value } of source.attributes) if (ATTRIBUTES.has(name) || (name === "class" && ROLES.has(value))) element.setAttribute(name, value);
  for (const child of source.childNodes) {
    if (child.nodeType === 3) element.append(child.textContent ?? "");
    else if (child.nodeType === 1) {
      const adopted = adopt(child as Element, depth + 1);
      if (adopted) element.append(adopted);
    }
  }
  return element;
}
