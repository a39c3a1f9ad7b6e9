// Which rows the gradients panel has: parameters from input to loss, repeated blocks folded into one row.
import type { Parameter } from "./protocol";

export interface ParameterRow { kind: "parameter"; key: string; label: string; index: number; inside: boolean }
export interface GroupRow { kind: "group"; key: string; label: string; path: string; repeats: number[][]; open: boolean }
export type Row = ParameterRow | GroupRow;

const FOLD_FROM = 12; // with fewer parameters all are shown

interface Repeat { prefix: string; number: string; indices: number[]; signature: string }

/** Rows to show. `all`: nothing is folded; `open`: keys of groups that the user unfolded. */
export function rowsOf(params: readonly Parameter[], all: boolean, open: ReadonlySet<string>): Row[] {
  const row = (index: number, inside: boolean): ParameterRow => ({ kind: "parameter", key: params[index].name, label: params[index].name, index, inside });
  if (all || params.length <= FOLD_FROM) return labelled(params.map((_, i) => row(i, false)));
  const rows: Row[] = [];
  const blocks = blocksOf(params);
  for (let i = 0; i < blocks.length; ) {
    let end = i + 1;
    while (end < blocks.length && blocks[i].number !== "" && blocks[end].prefix === blocks[i].prefix && blocks[end].signature === blocks[i].signature) end++;
    if (end - i < 2) rows.push(...blocks[i].indices.map((index) => row(index, false)));
    else rows.push(...groupRows(blocks.slice(i, end), blocks, open, row));
    i = end;
  }
  return labelled(rows);
}

/** Short names, as long as needed to tell the rows apart that are shown together. */
function labelled(rows: Row[]): Row[] {
  const shown = rows.filter((row) => row.kind === "parameter");
  shortLabels(shown.map(({ key }) => key)).forEach((label, i) => (shown[i].label = label));
  return rows;
}

function groupRows(repeats: Repeat[], blocks: Repeat[], open: ReadonlySet<string>, row: (index: number, inside: boolean) => ParameterRow): Row[] {
  const [first, last] = [repeats[0], repeats[repeats.length - 1]];
  const whole = blocks.filter((block) => block.number !== "" && block.prefix === first.prefix).length === repeats.length;
  const path = whole && first.prefix !== "" ? first.prefix : [first.prefix, `${first.number}…${last.number}`].filter(Boolean).join(".");
  const key = `group:${path}`;
  const isOpen = open.has(key);
  const group: GroupRow = { kind: "group", key, path, label: `${tail(path)} ×${repeats.length}`, repeats: repeats.map(({ indices }) => indices), open: isOpen };
  return [group, ...(isOpen ? repeats.flatMap(({ indices }) => indices.map((index) => row(index, true))) : [])];
}

/** Neighbours that belong to the same numbered block (`blocks.3.…`); a parameter in no such block stands alone. */
function blocksOf(params: readonly Parameter[]): Repeat[] {
  const blocks: Repeat[] = [];
  params.forEach(({ name, shape }, index) => {
    const parts = name.split(".");
    const at = parts.findIndex((part) => /^\d+$/.test(part));
    const [prefix, number, rest] = at < 0 ? [name, "", ""] : [parts.slice(0, at).join("."), parts[at], parts.slice(at + 1).join(".")];
    const last = blocks[blocks.length - 1];
    const part = `${rest}:${shape.join("×")};`;
    if (number !== "" && last?.prefix === prefix && last.number === number) {
      last.indices.push(index);
      last.signature += part;
    } else blocks.push({ prefix, number, indices: [index], signature: part });
  });
  return blocks;
}

const tail = (path: string): string => path.split(".").slice(-2).join(".");

/** The shortest ends of the names, from two parts on, that tell them apart. */
export function shortLabels(names: readonly string[]): string[] {
  const parts = names.map((name) => name.split("."));
  const deepest = Math.max(0, ...parts.map(({ length }) => length));
  const labels = parts.map((part) => part.slice(-2).join("."));
  for (let depth = 3; depth <= deepest; depth++) {
    const times = new Map<string, number>();
    for (const label of labels) times.set(label, (times.get(label) ?? 0) + 1);
    labels.forEach((label, i) => {
      if (times.get(label)! > 1) labels[i] = parts[i].slice(-depth).join(".");
    });
  }
  return labels;
}
