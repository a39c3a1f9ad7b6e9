// Ways through the graph: what lies between two nodes, what lies around one. Pure; every walk is a loop, never a recursion.
import { isLeaf } from "./blocks";
import { plural } from "./format";
import type { GraphDescription } from "./protocol";

/** What connects two places: `nodes` on all ways together, `length` of the shortest in edges. */
export interface Between { kind: "way" | "meet" | "split" | "none"; nodes: Set<number>; length: number; via: number }

export class Ways {
  private readonly after: number[][];
  private readonly before: number[][];

  constructor(private readonly graph: GraphDescription) {
    this.after = graph.nodes.map(() => []);
    this.before = graph.nodes.map(() => []);
    for (const [src, dst] of graph.edges) {
      this.after[src].push(dst);
      this.before[dst].push(src);
    }
  }

  /** Edges from the nearest of `from` to each node that can be reached along (or against) the edges. */
  reach(from: Iterable<number>, forward: boolean): Map<number, number> {
    const next = forward ? this.after : this.before;
    const far = new Map([...from].map((node): [number, number] => [node, 0]));
    for (const [node, steps] of far) for (const other of next[node]) if (!far.has(other)) far.set(other, steps + 1);
    return far;
  }

  /** All ways from `a` to `b`, or back; where there are none, the ways by which both go into one node, or come from one. */
  between(a: number[], b: number[]): Between {
    const [fromA, fromB] = [this.reach(a, true), this.reach(b, true)];
    for (const [ahead, goal] of [[fromA, b], [fromB, a]] as const) {
      const reached = goal.filter((node) => ahead.has(node));
      if (reached.length === 0) continue;
      const nodes = common(ahead, this.reach(reached, false));
      return { kind: "way", nodes, length: Math.min(...reached.map((node) => ahead.get(node) as number)), via: -1 };
    }
    const meet = first(common(fromA, fromB));
    if (meet >= 0) {
      const back = this.reach([meet], false);
      return { kind: "meet", nodes: new Set([...common(fromA, back), ...common(fromB, back)]), length: (fromA.get(meet) ?? 0) + (fromB.get(meet) ?? 0), via: meet };
    }
    const [toA, toB] = [this.reach(a, false), this.reach(b, false)];
    const split = Math.max(-1, ...common(toA, toB));
    if (split < 0) return { kind: "none", nodes: new Set(), length: 0, via: -1 };
    const ahead = this.reach([split], true);
    return { kind: "split", nodes: new Set([...common(toA, ahead), ...common(toB, ahead)]), length: (toA.get(split) ?? 0) + (toB.get(split) ?? 0), via: split };
  }

  /** Everything up to `steps` edges away, in any direction; a parameter or input is an end, however many ops use it. */
  around(seeds: readonly number[], steps: number): Set<number> {
    const { nodes } = this.graph;
    const far = new Map(seeds.map((node): [number, number] => [node, 0]));
    for (const [node, distance] of far) {
      if (distance > 0 && isLeaf(nodes[node])) continue;
      for (const other of [...this.before[node], ...this.after[node]]) {
        if (far.has(other)) continue;
        if (distance < steps) far.set(other, distance + 1);
        else if (isLeaf(nodes[other])) far.set(other, distance + 1); // the parameters of what is shown belong to it
      }
    }
    return new Set(far.keys());
  }
}

function common(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): Set<number> {
  const [few, many] = a.size <= b.size ? [a, b] : [b, a];
  return new Set([...few.keys()].filter((node) => many.has(node)));
}

function first(nodes: Set<number>): number {
  let least = -1;
  for (const node of nodes) if (least < 0 || node < least) least = node;
  return least;
}

/** The same in words; `name` says what a node is called. */
export function titleOf({ kind, nodes, length, via }: Between, graph: GraphDescription, [from, to]: [string, string], name: (node: number) => string): string {
  const ops = [...nodes].filter((node) => !isLeaf(graph.nodes[node])).length;
  switch (kind) {
    case "way": return `${from} → ${to}: ${plural(ops, "op")}, shortest way ${plural(length, "edge")}`;
    case "meet": return `no way between ${from} and ${to}; they meet in ${name(via)}`;
    case "split": return `no way between ${from} and ${to}; both come from ${name(via)}`;
    default: return `nothing connects ${from} and ${to}`;
  }
}
