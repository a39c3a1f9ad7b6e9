// A graph in columns is the graph that it was made of.
import { expect, it } from "vitest";
import { teachingGraph } from "../dev/fake";
import { readGraph } from "../src/graphwire";

it("is read as it was written", () => {
  const graph = teachingGraph();
  for (const node of graph.nodes) node.saved ??= [];
  const columns = Object.fromEntries(Object.keys(graph.nodes[0]).filter((name) => name !== "id").map((name) => {
    const cells = graph.nodes.map((node) => node[name as "op"]);
    const values = [...new Map(cells.map((cell) => [JSON.stringify(cell), cell])).values()];
    return [name, [values, cells.map((cell) => values.findIndex((one) => JSON.stringify(one) === JSON.stringify(cell)))]];
  }));
  const { nodes: _, edges, ...rest } = graph;
  const compact = { ...rest, columns, edges: edges.flat() } as Parameters<typeof readGraph>[0];
  expect(readGraph(compact)).toEqual(graph);
  expect(readGraph(graph)).toBe(graph);
  expect(readGraph({ ...rest, columns: {}, edges: [] })).toMatchObject({ nodes: [], edges: [] });
});
