// The style sheets as text in the bundle, given once to each document or shadow root that holds a view.
import tokens from "./tokens.css";
import view from "./view.css";

const sheets = [tokens, view];
const styled = new WeakSet<Node>();

/** Those of the views that a bundle holds; called once, by its entry. */
export const useSheets = (...more: string[]): void => void sheets.push(...more);

/** Style the document or shadow root around `el`. */
export function adoptStyles(el: Element): void {
  const root = el.getRootNode();
  const target = root instanceof ShadowRoot ? root : document;
  if (styled.has(target)) return;
  styled.add(target);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(sheets.join("\n"));
  target.adoptedStyleSheets = [...target.adoptedStyleSheets, sheet];
}
