// The layout in the browser gives the same coordinates as the kernel's.
import { describe, expect, it } from "vitest";
import fixture from "../../../tests/widgets/fixtures/layout.json?raw";
import { Tree, defaultExpanded, layout } from "../src/layout";
import type { GraphDescription } from "../src/protocol";

interface Case {
  name: string;
  graph: GraphDescription;
  pictures: { expanded: string[] | null; opened: string[]; options: { left: number; right: number; chip_shapes: boolean }; picture: unknown }[];
}
const cases = JSON.parse(fixture) as Case[];

describe.each(cases)("$name", ({ graph, pictures }) => {
  it("stands where Python puts it", () => {
    for (const { expanded, options, picture } of pictures) {
      const { carries, ...mine } = layout(graph, expanded && new Set(expanded), { left: options.left, right: options.right, chipShapes: options.chip_shapes });
      expect(JSON.parse(JSON.stringify(mine))).toEqual(picture);
      expect(carries).toHaveLength(mine.wires.length); // only the browser lights single edges
    }
  });

  it("opens the same blocks at first", () => {
    expect([...defaultExpanded(new Tree(graph))].sort()).toEqual(pictures[0].opened);
  });
});

function chain(ops: number): GraphDescription {
  const node = { name: "", module: -1, shape: [8], dtype: "float32", device: "cpu", rg: true, cell: null, line: null, source: null, params: {} };
  const nodes: GraphDescription["nodes"] = [{ ...node, id: 0, kind: "input", op: "", label: "x" }];
  const edges: GraphDescription["edges"] = [];
  for (let id = 1; id <= ops; id++) {
    const op = ["sin", "cos", "exp", "neg", "tanh"][(id * id) % 5];
    nodes.push({ ...node, id, kind: "op", op, label: op });
    edges.push([id - 1, id, 0]);
    if (id > 9 && id % 7 === 0) edges.push([id - 9, id, 1]);
  }
  return { signature: "", ops, nodes, edges, modules: [], formulas: {} };
}

it("refuses a cycle", () => {
  const graph = chain(3);
  graph.edges.push([3, 1, 1]);
  expect(() => layout(graph)).toThrow("cycle through 3 of its 3 ops");
});

it("counts characters, not UTF-16 units", () => {
  const graph = chain(1);
  graph.nodes[1].label = "𝛁".repeat(30);
  expect([...layout(graph).items[1].label]).toHaveLength(15);
});
