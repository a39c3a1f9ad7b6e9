// Ops as the picture draws them: one circle an output, or one box for a folded module; and the modules they belong to.
import type { Walk } from "./data";

/** What one circle or box stands for. `inputs` and `output` are value ids; `slots` says which operand of its op each input is. */
export interface Unit {
  key: string;
  ops: number[];
  inputs: number[];
  output: number | null;
  symbol: string;
  group: string | null; // the folded group that it stands for
}

/** One call of a module: ops that ran one after the other inside it. */
export interface Group { key: string; label: string; cls: string; depth: number; ops: number[]; parent: string | null }

/** Runs of ops inside one module, outer before inner. */
export function groupsOf(walk: Walk, ops: number[]): Group[] {
  const groups: Group[] = [];
  let open: (Group & { module: number })[] = [];
  for (const id of ops) {
    const chain = chainOf(walk, walk.ops.get(id)?.module ?? -1);
    let same = 0;
    while (same < open.length && same < chain.length && open[same].module === chain[same]) same++;
    open = open.slice(0, same);
    for (let depth = same; depth < chain.length; depth++) {
      const module = walk.modules[chain[depth]];
      const group = {
        key: `${module.path}#${id}`, label: module.label || module.path, cls: module.cls, depth, ops: [],
        parent: open[depth - 1]?.key ?? null, module: chain[depth],
      };
      groups.push(group);
      open.push(group);
    }
    for (const group of open) group.ops.push(id);
  }
  return groups;
}

/** Modules from the outermost to the one itself. */
function chainOf(walk: Walk, module: number): number[] {
  const chain: number[] = [];
  for (let at = module; at >= 0 && walk.modules[at] !== undefined && !chain.includes(at); at = walk.modules[at].parent) chain.unshift(at);
  return chain;
}

/** The units of some ops in the order they ran, with each folded group as one. */
export function unitsOf(walk: Walk, ops: number[], groups: Group[], folded: ReadonlySet<string>): Unit[] {
  const inside = new Map<number, Group>();
  for (const group of groups) if (folded.has(group.key) && group.ops.length > 1) for (const op of group.ops) if (!inside.has(op)) inside.set(op, group);
  const units: Unit[] = [];
  const done = new Set<string>();
  for (const id of ops) {
    const group = inside.get(id);
    if (group === undefined) units.push(...unitsOfOp(walk, id));
    else if (!done.has(group.key)) {
      done.add(group.key);
      units.push(...unitsOfGroup(walk, group, ops));
    }
  }
  return units;
}

const operands = (walk: Walk, id: number): number[] => (walk.ops.get(id)?.inputs ?? []).filter((input) => input !== null && walk.values.has(input)) as number[];

function unitsOfOp(walk: Walk, id: number): Unit[] {
  const op = walk.ops.get(id);
  if (op === undefined) return [];
  const inputs = operands(walk, id);
  if (op.output.length < 2) return [{ key: `op:${id}`, ops: [id], inputs, output: op.output[0] ?? null, symbol: op.symbol, group: null }];
  return op.output.map((output, at) => ({ key: `op:${id}.${at}`, ops: [id], inputs, output, symbol: `${op.symbol}[${at}]`, group: null }));
}

/** A folded module: in goes what it does not make itself and is no parameter, out comes what others use of it (else its last value). */
function unitsOfGroup(walk: Walk, group: Group, ops: number[]): Unit[] {
  const made = new Set(group.ops.flatMap((id) => walk.ops.get(id)?.output ?? []));
  const inputs = [...new Set(group.ops.flatMap((id) => operands(walk, id)))].filter((id) => !made.has(id) && walk.values.get(id)?.kind !== "parameter");
  const members = new Set(group.ops);
  const later = new Set(ops.filter((id) => !members.has(id)).flatMap((id) => operands(walk, id)));
  const last = walk.ops.get(group.ops[group.ops.length - 1])?.output[0];
  const outputs = [...made].filter((id) => later.has(id));
  if (outputs.length === 0 && last !== undefined) outputs.push(last);
  return outputs.map((output, at) => ({
    key: `group:${group.key}${at > 0 ? `.${at}` : ""}`, ops: group.ops, inputs, output, symbol: group.label, group: group.key,
  }));
}
