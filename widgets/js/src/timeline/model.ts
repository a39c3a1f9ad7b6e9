// A timeline's numbers: sites from the message, put together into nested blocks (the icicle) and flat rows (the table).
import { floats } from "../protocol";
import type { Scene } from "../views";

export type By = "op" | "module" | "line";
export type Measure = "time" | "held" | "saved" | "made";

export interface TimelineHeader {
  cell: string;
  by: By;
  measure: Measure;
  summary: { wall: number; watching: number; other: number; peak: number; ops: number; rules: number; passes: number; steps: number; left_out: number };
  error: { type: string; message: string } | null;
  ops: string[];
  modules: [root: string, path: string, cls: string][];
  places: [cell: string, fn: string, line: number, source: string][];
  sites: [op: number, module: number, place: number][];
  table: number;
  curve: number;
}

/** Numbers that add up: times in seconds, memory in bytes. */
export interface Sums { calls: number; forward: number; backwardCalls: number; backward: number; step: number; made: number; saved: number; held: number }
const KEYS = ["calls", "forward", "backwardCalls", "backward", "step", "made", "saved", "held"] as const;

export interface Site { op: string; root: string; path: string; cls: string; cell: string; fn: string; line: number; source: string; sums: Sums }

/** A part of the whole. `key` names its place from the root down; `row` the table's row that it belongs to, if only one. */
export interface Block { key: string; label: string; sums: Sums; level: number; parent: Block | null; children: Block[]; row: string | null; cls: string; sites: number }

export interface Row { key: string; label: string; ops: string[]; modules: string[]; lines: string[]; source: string; sums: Sums }

export interface Timeline { header: TimelineHeader; sites: Site[]; curve: [when: number, bytes: number][]; total: Sums }

export const OUTSIDE = "outside modules";
export const NO_LINE = "no line";
const noSums = (): Sums => ({ calls: 0, forward: 0, backwardCalls: 0, backward: 0, step: 0, made: 0, saved: 0, held: 0 });

export function readTimeline({ header, buffers }: Scene): Timeline {
  const found = header as unknown as TimelineHeader;
  const table = floats(buffers[found.table]);
  const sites = found.sites.map(([op, module, place], i): Site => {
    const [root, path, cls] = module < 0 ? ["", "", ""] : found.modules[module];
    const [cell, fn, line, source] = found.places[place];
    const sums = noSums();
    KEYS.forEach((key, k) => { sums[key] = table[i * KEYS.length + k]; });
    return { op: found.ops[op], root, path, cls, cell, fn, line, source, sums };
  });
  const flat = floats(buffers[found.curve]);
  const curve = Array.from({ length: flat.length >> 1 }, (_, i): [number, number] => [flat[2 * i], flat[2 * i + 1]]);
  return { header: found, sites, curve, total: sites.reduce((all, { sums }) => add(all, sums), noSums()) };
}

function add(to: Sums, more: Sums): Sums {
  for (const key of KEYS) to[key] += more[key];
  return to;
}

export const seconds = (sums: Sums): number => sums.forward + sums.backward + sums.step;
export const valueOf = (sums: Sums, measure: Measure): number => (measure === "time" ? seconds(sums) : sums[measure]);
export const lineOf = (site: Site): string => (site.line === 0 ? NO_LINE : `${site.cell}:${site.line}`);

/** `encoder.0`, in front of it the model where there are several. */
export function moduleOf(site: Site, several: boolean): string {
  if (site.root === "") return OUTSIDE;
  return several ? `${site.root} ${site.path}`.trim() : site.path || site.root;
}
export const severalModels = (sites: Site[]): boolean => new Set(sites.flatMap(({ root }) => root || [])).size > 1;

/** The blocks that a site is in, outermost first, and the one among them that is its row of the table. */
function pathOf(site: Site, by: By): { labels: string[]; row: number } {
  if (by === "op") return { labels: [site.op, lineOf(site)], row: 0 };
  if (by === "line") {
    if (site.line === 0) return { labels: [NO_LINE, site.op], row: 0 };
    const labels = [site.cell, ...(site.fn === "" ? [] : [site.fn]), `${site.line}  ${site.source}`, site.op];
    return { labels, row: labels.length - 2 };
  }
  if (site.root === "") return { labels: [OUTSIDE, site.op], row: 0 };
  const labels = [site.root, ...(site.path === "" ? [] : site.path.split(".")), site.op];
  return { labels, row: labels.length - 2 };
}

const rowKey = (site: Site, by: By, several: boolean): string => (by === "op" ? site.op : by === "line" ? lineOf(site) : moduleOf(site, several));

/** All sites as nested blocks: modules in the order of their first use, lines by number, ops by time. */
export function blocks({ sites, header }: Timeline, by: By): Block {
  const several = severalModels(sites);
  const block = (key: string, label: string, parent: Block | null): Block =>
    ({ key, label, sums: noSums(), level: parent === null ? 0 : parent.level + 1, parent, children: [], row: null, cls: "", sites: 0 });
  const root = block("", header.cell === "" ? "everything" : `cell ${header.cell}`, null);
  const known = new Map<string, Block>();
  for (const site of sites) {
    const { labels, row } = pathOf(site, by);
    let at = root;
    add(at.sums, site.sums);
    labels.forEach((label, i) => {
      const key = `${at.key}\u0000${label}`;
      let child = known.get(key);
      if (child === undefined) {
        child = block(key, label, at);
        known.set(key, child);
        at.children.push(child);
      }
      at = child;
      add(at.sums, site.sums);
      at.sites++;
      if (i >= row) at.row = rowKey(site, by, several);
      if (i === row && by === "module") at.cls = site.cls;
    });
  }
  if (by === "op") root.children.sort((a, b) => seconds(b.sums) - seconds(a.sums));
  if (by === "line") for (const one of known.values()) one.children.sort((a, b) => (parseInt(a.label, 10) || 0) - (parseInt(b.label, 10) || 0));
  return root;
}

/** The table: one row an op, a module or a line. */
export function rows({ sites }: Timeline, by: By): Row[] {
  const several = severalModels(sites);
  const found = new Map<string, Row>();
  const put = (list: string[], one: string): void => { if (!list.includes(one)) list.push(one); };
  for (const site of sites) {
    const key = rowKey(site, by, several);
    let row = found.get(key);
    if (row === undefined) found.set(key, (row = { key, label: key, ops: [], modules: [], lines: [], source: by === "line" ? site.source : "", sums: noSums() }));
    add(row.sums, site.sums);
    put(row.ops, site.op);
    put(row.modules, moduleOf(site, several));
    put(row.lines, lineOf(site));
  }
  return [...found.values()];
}

export interface Place { block: Block; x: number; width: number; level: number }
const LEAST = 2; // px; a block that would be narrower is not drawn, its parent shows through

/** Where the blocks go when `focus` fills the width: those around it on top, the parts of it below. */
export function places(focus: Block, measure: Measure, width: number): Place[] {
  const found: Place[] = [];
  for (let around = focus.parent; around !== null; around = around.parent) found.unshift({ block: around, x: 0, width, level: around.level });
  const put = (block: Block, x: number, wide: number): void => {
    found.push({ block, x, width: wide, level: block.level });
    const total = valueOf(block.sums, measure);
    let at = x;
    for (const child of block.children) {
      const part = total > 0 ? (wide * valueOf(child.sums, measure)) / total : 0;
      if (part >= LEAST) put(child, at, part);
      at += part;
    }
  };
  if (valueOf(focus.sums, measure) > 0) put(focus, 0, width);
  return found;
}

export function find(root: Block, key: string): Block | null {
  if (root.key === key) return root;
  for (const child of root.children) if (key === child.key || key.startsWith(`${child.key}\u0000`)) return find(child, key);
  return null;
}

/** The outermost block of a row. */
export function blockOfRow(root: Block, row: string): Block | null {
  if (root.row === row) return root;
  for (const child of root.children) {
    const found = blockOfRow(child, row);
    if (found !== null) return found;
  }
  return null;
}

export const depthOf = (block: Block): number => Math.max(block.level, ...block.children.map(depthOf));

/** Whether words are found in a block's name or class; all of them must be. */
export const matches = (text: string, words: string): boolean => words.toLowerCase().split(/\s+/).every((word) => text.toLowerCase().includes(word));
