// Which node of a new graph is which of the one before it, so that what is open, lit and in sight stays so. Pure.
import type { GraphDescription } from "./protocol";

/** Old node -> new node, for those that do the same thing in the same place, counted from the start. */
export function matchNodes(before: GraphDescription, after: GraphDescription): Map<number, number> {
  const places = new Map<string, number[]>();
  each(after, (place, node) => {
    const known = places.get(place);
    if (known) known.push(node);
    else places.set(place, [node]);
  });
  const taken = new Map<string, number>();
  const found = new Map<number, number>();
  each(before, (place, node) => {
    const turn = taken.get(place) ?? 0;
    taken.set(place, turn + 1);
    const other = places.get(place)?.[turn];
    if (other !== undefined) found.set(node, other);
  });
  return found;
}

function each({ nodes, modules }: GraphDescription, visit: (place: string, node: number) => void): void {
  for (const { id, kind, op, name, module, line } of nodes) visit(`${kind}|${op}|${name}|${modules[module]?.path ?? ""}|${kind === "op" ? line : ""}`, id);
}

/** Keys of blocks, where they hold numbers of nodes, in the new graph's numbers; those that are gone are left out. */
export function moveKeys(keys: Iterable<string>, nodes: ReadonlyMap<number, number>): Set<string> {
  const moved = new Set<string>();
  for (const key of keys) {
    const [, prefix = "", number] = /^((?:\w+:)*)(\d+)$/.exec(key) ?? [];
    const node = number === undefined ? undefined : nodes.get(Number(number));
    if (number === undefined) moved.add(key);
    else if (node !== undefined) moved.add(`${prefix}${node}`);
  }
  return moved;
}
