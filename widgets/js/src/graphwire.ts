// A graph as it travels: columns, each distinct value of a column once. widgets/describe_graph.py writes it.
import type { GraphDescription, GraphEdge, GraphNode } from "./protocol";

type Column = [values: unknown[], at: number[]];
export type CompactGraph = Omit<GraphDescription, "nodes" | "edges"> & { columns: Record<string, Column>; edges: number[] };
export type WireGraph = GraphDescription | CompactGraph;

/** The description; one that travelled whole stays as it is. Nodes that are alike share their shapes and parameters. */
export function readGraph(wire: WireGraph): GraphDescription {
  if (!("columns" in wire)) return wire;
  const { columns, edges: flat, ...rest } = wire;
  const count = columns.kind?.[1].length ?? 0;
  const names = Object.keys(columns);
  const cells = names.map((name) => columns[name]);
  const nodes: GraphNode[] = [];
  for (let id = 0; id < count; id++) {
    const node: Record<string, unknown> = { id };
    for (let field = 0; field < names.length; field++) node[names[field]] = cells[field][0][cells[field][1][id]];
    nodes.push(node as unknown as GraphNode);
  }
  const edges: GraphEdge[] = [];
  for (let at = 0; at < flat.length; at += 3) edges.push([flat[at], flat[at + 1], flat[at + 2]]);
  return { ...rest, nodes, edges };
}
