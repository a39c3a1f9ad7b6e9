// The style sheets as text in the bundle, given once to each document or shadow root that holds a view.
import card from "./card/card.css";
import graph from "./graph.css";
import inspect from "./inspect/inspect.css";
import timeline from "./timeline/timeline.css";
import tokens from "./tokens.css";
import view from "./view.css";
import walk from "./walk/walk.css";

const sheets = [tokens, view, graph, inspect, timeline, walk, card];
const styled = new WeakSet<Node>();

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
