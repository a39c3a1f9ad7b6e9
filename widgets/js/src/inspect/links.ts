// Ways from one node to others: what went into it, where it goes, what it keeps alive, and who keeps it. Each name is a button.
import { h } from "../dom";
import { bytes, count, shape } from "../format";
import type { GraphDescription, GraphNode } from "../protocol";

const MOST = 12; // names in one row
export type Go = (node: GraphNode) => void;

interface Neighbours { producers: number[][]; consumers: number[][]; holders: number[][] }
const known = new WeakMap<GraphDescription, Neighbours>();

/** By node: operands in order, ops that take it, ops that keep it until backward. */
export function neighbours(graph: GraphDescription): Neighbours {
  const found = known.get(graph);
  if (found) return found;
  const lists = (): number[][] => graph.nodes.map(() => []);
  const all = { producers: lists(), consumers: lists(), holders: lists() };
  for (const [src, dst] of [...graph.edges].sort((a, b) => a[1] - b[1] || a[2] - b[2])) {
    all.producers[dst].push(src);
    if (all.consumers[src].at(-1) !== dst) all.consumers[src].push(dst);
  }
  for (const { id, saved } of graph.nodes) for (const [, , source] of saved ?? []) if (source >= 0 && source !== id && !all.holders[source].includes(id)) all.holders[source].push(id);
  known.set(graph, all);
  return all;
}

/** `fc1`, `h`, `relu`: what the graph writes on the box. */
function shortName({ kind, name, label }: GraphNode): string {
  if (kind !== "op") return name.split(".").pop() || label;
  return name || label;
}

function link(graph: GraphDescription, id: number, go: Go, withShape: boolean): Node {
  const node = graph.nodes[id];
  const button = h("button", { class: "link", type: "button", title: node.name || node.label, onclick: () => go(node) }, shortName(node));
  return withShape ? h("span", {}, button, ` ${shape(node.shape)}`) : button;
}

/** Names in a row, the first dozen of many. */
export function linkList(graph: GraphDescription, ids: number[], go: Go, withShape = false): Node[] {
  const parts = ids.slice(0, MOST).flatMap((id, i): Node[] => [...(i > 0 ? [document.createTextNode(", ")] : []), link(graph, id, go, withShape)]);
  if (ids.length > MOST) parts.push(document.createTextNode(` and ${count(ids.length - MOST)} more`));
  return parts;
}

/** What a node keeps until backward has used it, one line each: name, bytes, and with whom the memory is shared. */
export function keptLines(graph: GraphDescription, node: GraphNode, go: Go): HTMLElement[] {
  return (node.saved ?? []).map(([name, size, source]) => {
    const whose: (Node | string)[] = source === node.id ? ["its own output"] : source < 0 ? ["held by this op alone"] : ["shared with ", link(graph, source, go, false)];
    return h("div", {}, h("span", { class: "mono" }, name), ` ${bytes(size)} `, h("span", { class: "dim" }, "· ", ...whose));
  });
}
