// What the selection is about: a node of the graph, a row of the parameters, or both. Pure.
import type { GraphDescription, GraphNode } from "../protocol";
import { type Selection, type State, selectedRows } from "../store";

/** `path`: the modules around it, outermost first. */
export interface Subject { node: GraphNode | null; row: number; path: string[]; title: string; cls: string }

/** Selection -> the node and the parameter it is about; null when neither is there any more. */
export function subjectOf(state: State): Subject | null {
  const { ui: { selected }, graph, params } = state;
  if (selected === null) return null;
  const rows = [...selectedRows(state)];
  if (selected.kind === "param") {
    const row = params.findIndex(({ name }) => name === selected.key);
    const node = (graph && nodesOf(graph, selected)[0]) ?? null;
    if (row < 0 && node === null) return null;
    const path = selected.key.split(".");
    return { node, row, title: path.pop() as string, path, cls: "parameter" };
  }
  if (graph === null) return null;
  if (selected.kind === "module") {
    const module = graph.modules.find(({ path }) => path === selected.key);
    const node = nodesOf(graph, selected).pop() ?? null;
    const path = selected.key.split(".");
    return { node, row: rows[0] ?? -1, title: path.pop() as string, path, cls: module?.cls ?? "" };
  }
  const node = nodesOf(graph, selected).pop();
  return node ? { node, row: rows[0] ?? -1, ...titleOf(graph, node) } : null;
}

function insideOf(graph: GraphDescription, module: number, path: string): boolean {
  for (; module >= 0; module = graph.modules[module].parent) if (graph.modules[module].path === path) return true;
  return false;
}

/** Selection -> the nodes it means: of a module all of its ops. */
export function nodesOf(graph: GraphDescription, selected: Selection | null): GraphNode[] {
  if (selected === null) return [];
  if (selected.kind === "param") return graph.nodes.filter(({ kind, name }) => kind === "parameter" && name === selected.key);
  if (selected.kind === "module") return graph.nodes.filter(({ kind, module }) => kind === "op" && insideOf(graph, module, selected.key));
  const node = graph.nodes[Number(selected.key)];
  return node ? [node] : [];
}

/** What a click on a node selects: a parameter by its name, so that its row is meant too. */
export function selectionOf({ kind, name, id }: GraphNode): Selection {
  return kind === "parameter" && name ? { kind: "param", key: name } : { kind: "node", key: String(id) };
}

/** A module of one op is named after the module, as in the graph; any other op by its variable or what it does. */
function titleOf(graph: GraphDescription, node: GraphNode): { title: string; path: string[]; cls: string } {
  const module = graph.modules[node.module];
  const path = module && module.path ? module.path.split(".") : [];
  const alone = node.kind === "op" && path.length > 0 && nodesOf(graph, { kind: "module", key: module.path }).length === 1;
  if (alone) return { title: path.pop() as string, path, cls: module.cls };
  if (node.kind !== "op") return { title: node.name.split(".").pop() || node.label, path: node.name.split(".").slice(0, -1), cls: node.kind };
  return { title: node.name || node.label, path, cls: node.name ? node.op : "" };
}
