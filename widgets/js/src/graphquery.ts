// What is typed into the search field: words, and filters such as `op:relu dtype:float16 nan grad>1e3`. Pure.
import { isBroken } from "./overlays";
import { type GraphDescription, type GraphNode, NODE_STAT_COUNT } from "./protocol";
import type { GraphStats } from "./store";

const FIELDS = ["op", "module", "dtype", "device", "name", "line"] as const;
export type Field = (typeof FIELDS)[number];
const COLUMNS: Record<string, number> = { zeros: 4, grad: 5 };
const MOST = 8; // values of one field that are offered

/** Values of one field are alternatives; all else must hold together. */
export interface Query {
  words: string[];
  fields: Map<Field, string[]>;
  bounds: { column: number; above: boolean; limit: number }[];
  nan: boolean;
}

export function parseQuery(text: string): Query {
  const query: Query = { words: [], fields: new Map(), bounds: [], nan: false };
  for (const token of text.toLowerCase().match(/(?:[^\s"]|"[^"]*"?)+/g) ?? []) {
    const [, field, value] = /^(\w+):(.+)$/.exec(token) ?? [];
    const [, column, sign, limit] = /^(\w+)([<>])=?(.+)$/.exec(token) ?? [];
    const known = FIELDS.find((one) => one === field);
    if (token === "nan" || token === "has:nan") query.nan = true;
    else if (known) query.fields.set(known, [...(query.fields.get(known) ?? []), bare(value)]);
    else if (column in COLUMNS && Number.isFinite(Number(limit))) query.bounds.push({ column: COLUMNS[column], above: sign === ">", limit: Number(limit) });
    else if (bare(token) !== "") query.words.push(bare(token));
  }
  return query;
}

const bare = (text: string): string => text.replaceAll('"', "");

/** Is there anything to look for? */
export const isEmpty = ({ words, fields, bounds, nan }: Query): boolean => words.length === 0 && fields.size === 0 && bounds.length === 0 && !nan;

/** The nodes that match; ops first, then in the order of the graph. */
export function findNodes(graph: GraphDescription, text: string, stats: GraphStats | null = null): number[] {
  const query = parseQuery(text);
  if (isEmpty(query)) return [];
  const whole = new Map([...query.fields].map(([field, values]) => [field, values.map((value) => ({ value, exact: graph.nodes.some((node) => fieldOf(graph, node, field) === value) }))]));
  const matches = (node: GraphNode): boolean =>
    [...whole].every(([field, values]) => values.some(({ value, exact }) => fits(graph, node, field, value, exact))) &&
    query.bounds.every(({ column, above, limit }) => {
      const known = stats ? stats.table[node.id * NODE_STAT_COUNT + column] : NaN;
      return above ? known > limit : known < limit;
    }) && (!query.nan || isBroken(stats, node.id)) && hasWords(graph, node, query.words);
  const leaf = ({ kind }: GraphNode): number => (kind === "op" ? 0 : 1);
  return graph.nodes.filter(matches).sort((a, b) => leaf(a) - leaf(b) || a.id - b.id).map(({ id }) => id);
}

function hasWords(graph: GraphDescription, node: GraphNode, words: string[]): boolean {
  if (words.length === 0) return true;
  const text = `${node.name} ${node.label} ${node.op} ${fieldOf(graph, node, "module")} ${graph.modules[node.module]?.cls ?? ""}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** A module holds what is in the modules inside it; of the other fields a part is enough where no node has just that value. */
function fits(graph: GraphDescription, node: GraphNode, field: Field, value: string, exact: boolean): boolean {
  const own = fieldOf(graph, node, field);
  if (field === "module") return own === value || own.startsWith(`${value}.`) || graph.modules[node.module]?.cls.toLowerCase() === value || (!exact && own.includes(value));
  return exact ? own === value : own.includes(value);
}

function fieldOf(graph: GraphDescription, node: GraphNode, field: Field): string {
  const value = field === "module" ? graph.modules[node.module]?.path : field === "op" ? node.op || node.kind : node[field];
  return String(value ?? "").toLowerCase();
}

// ── what is offered to click ──

export interface Choice { token: string; text: string; nodes: number }

/** Filters for the ops, dtypes, devices and outer modules that this graph has, the frequent ones first; a field with one value says nothing. */
export function choicesOf(graph: GraphDescription, stats: GraphStats | null): Choice[] {
  const found: Choice[] = [];
  const broken = graph.nodes.filter(({ id }) => isBroken(stats, id)).length;
  if (broken > 0) found.push({ token: "nan", text: "has NaN ▲", nodes: broken });
  for (const field of ["dtype", "device", "module", "op"] as const) {
    const counts = new Map<string, number>();
    for (const node of graph.nodes) {
      if (node.kind !== "op") continue;
      const value = field === "module" ? (graph.modules[node.module]?.path.split(".")[0] ?? "") : node[field];
      if (value) counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    if (counts.size < 2 && field !== "op") continue;
    for (const [value, nodes] of [...counts].sort((a, b) => b[1] - a[1]).slice(0, MOST)) found.push({ token: `${field}:${/\s/.test(value) ? `"${value}"` : value}`, text: field === "op" ? value : `${field}:${value}`, nodes });
  }
  return found;
}

/** The text with that filter taken in, or out if it is there. */
export function toggled(text: string, token: string): string {
  const tokens = text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
  const kept = tokens.filter((one) => one !== token);
  return (kept.length < tokens.length ? kept : [...kept, token]).join(" ");
}
