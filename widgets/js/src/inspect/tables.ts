// Statistics of all nodes at every recorded step that this page has heard of, by graph: what a node's curves are drawn from.
import type { GraphStats } from "../store";
import type { Recorded } from "./history";

const MOST_BYTES = 16 << 20;
const LEAST = 32; // steps of one graph
const GRAPHS = 16;

interface List { steps: number[]; tables: Float32Array[] }

export class Tables {
  private readonly byGraph = new Map<number, List>();

  /** Take the statistics of a step; another time for the same step changes nothing. In bounded memory: then every second of the older half goes. */
  add(version: number, { step, table }: GraphStats): void {
    const list = this.byGraph.get(version) ?? { steps: [], tables: [] };
    this.byGraph.delete(version);
    this.byGraph.set(version, list);
    const at = list.steps.findLastIndex((one) => one <= step);
    if (list.steps[at] === step) return;
    list.steps.splice(at + 1, 0, step);
    list.tables.splice(at + 1, 0, table);
    if (list.steps.length > LEAST && list.steps.length * table.byteLength > MOST_BYTES) this.byGraph.set(version, thinned(list));
    for (const old of this.byGraph.keys()) if (this.byGraph.size > GRAPHS) this.byGraph.delete(old);
  }

  of(version: number): Recorded {
    return this.byGraph.get(version) ?? { steps: [], tables: [] };
  }

  clear(): void {
    this.byGraph.clear();
  }
}

function thinned({ steps, tables }: List): List {
  const keep = (_: unknown, at: number): boolean => at >= steps.length >> 1 || at % 2 === 0;
  return { steps: steps.filter(keep), tables: tables.filter(keep) };
}
