// A timeline that nobody measured: two models' worth of sites, for the harness and the tests.
import { type Frame, pack } from "../src/protocol";
import { Buffers } from "./fake";

type FakeSite = [op: string, module: [string, string, string] | null, place: [string, string, number, string], numbers: number[]];

const net = (path: string, cls: string): [string, string, string] => ["model (Net)", path, cls];
const forward = (line: number, source: string): [string, string, number, string] => ["[6]", "Net.forward", line, source];
const SITES: FakeSite[] = [
  ["linear", net("blocks.0.fc", "Linear"), forward(4, "h = self.blocks(x)"), [10, 0.004, 10, 0.006, 0, 4096, 1024, 1024]],
  ["relu", net("blocks.0", "Block"), forward(4, "h = self.blocks(x)"), [10, 0.001, 10, 0.001, 0, 4096, 2048, 2048]],
  ["linear", net("head", "Linear"), forward(5, "return self.head(h)"), [10, 0.002, 10, 0.003, 0, 1024, 512, 512]],
  ["cross_entropy", null, ["[7]", "", 11, "loss = F.cross_entropy(model(x), y)"], [10, 0.001, 10, 0.0005, 0, 64, 64, 64]],
  ["SGD.step", null, ["[7]", "", 13, "opt.step()"], [10, 0, 0, 0, 0.0015, 0, 0, 0]],
];

export function fakeTimeline(sites: FakeSite[] = SITES, more: Record<string, unknown> = {}): Uint8Array {
  const buffers = new Buffers();
  const number = <T>(list: T[], one: T): number => {
    const at = list.findIndex((other) => JSON.stringify(other) === JSON.stringify(one));
    return at >= 0 ? at : list.push(one) - 1;
  };
  const [ops, modules, places]: [string[], unknown[], unknown[]] = [[], [], []];
  const triples = sites.map(([op, module, place]) => [number(ops, op), module === null ? -1 : number(modules, module as unknown), number(places, place as unknown)]);
  const header = {
    kind: "snapshot", seq: 0, view: "timeline", cell: "[7]", by: "op", measure: "time", error: null, ops, modules, places, sites: triples,
    summary: { wall: 0.03, watching: 0.004, other: 0.006, peak: 3648, ops: 40, rules: 90, passes: 10, steps: 10, left_out: 0 },
    table: buffers.floats(sites.flatMap(([, , , numbers]) => numbers)), curve: buffers.floats([0.001, 0, 0.004, 3648, 0.008, 100]), ...more,
  };
  return pack(header as unknown as Frame, buffers.list);
}
