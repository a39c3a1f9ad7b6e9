// What goes over the wire, kernel to browser and back, and the packed form of a snapshot.
// Buffers are little-endian; an integer field named after data (steps, values, table, …) is an index into the buffers.

import type { WireGraph } from "./graphwire";
import type { Lesson } from "./lesson";

export type RunState = "waiting" | "running" | "paused" | "finished" | "stopped" | "error";
export type Level = "off" | "health" | "full";
export type SeriesRole = "train" | "val" | "lr" | "other" | "ghost";
export type Severity = "hint" | "warning" | "error";
export type NodeKind = "op" | "input" | "parameter" | "buffer" | "constant";

export interface RunInfo { id: string; cell: string; name: string }
export interface Status {
  state: RunState;
  step: number;
  epoch: number | null;
  total: number | null;
  rate: number | null; // steps per second
  eta: number | null; // seconds
  seconds: number;
  message: string;
  line: number | null;
}
export interface Controls { live: boolean; why: string }
export interface LearningRate { value: number | null; suggested: number | null }
/** One line of a change: `-` goes, `+` comes, a blank stays. */
export type ChangeRow = [sign: "-" | "+" | " ", text: string];
/** Lines that follow each other in one cell (`[7]`) or file; `line` is that of the first row. */
export interface Hunk { cell: string; line: number; rows: ChangeRow[] }
/** `hunks`: none where it is to be written by hand. */
export interface Fix { code: string; why: string; hunks: Hunk[] }
export interface Finding {
  rule: string;
  severity: Severity;
  text: string;
  evidence: [name: string, text: string][];
  cell: string;
  line: number | null;
  source: string;
  step: number | null;
  nodes: number[];
  fixes: Fix[];
  raised?: boolean; // it is the exception that ended the cell
}
/** `rules`: how many look; findings are the worst first. */
export interface Coach { rules: number; muted: string[]; findings: Finding[]; lessons: Record<string, Lesson> }
export interface Parameter { name: string; shape: number[]; numel: number; module: string }

/** One node of the computation; `id` is its index in `nodes`, `module` an index into `modules` (-1: top level). */
export interface GraphNode {
  id: number;
  kind: NodeKind;
  op: string;
  label: string;
  name: string;
  module: number;
  shape: number[];
  dtype: string;
  device: string;
  rg: boolean;
  cell: string | null;
  line: number | null;
  source: string | null;
  params: Record<string, string>;
  marked?: [first: number, end: number] | null; // the expression within `source`, in characters
  saved?: [name: string, bytes: number, source: number][]; // kept until backward; source: the node whose value it is, -1: none's
}
export type GraphEdge = [src: number, dst: number, slot: number];
export interface ModuleInfo { path: string; label: string; cls: string; parent: number; parameters: number }
export interface Formula { value: string; grads: Record<string, string> } // MathML
export interface GraphDescription {
  signature: string;
  ops: number;
  nodes: GraphNode[];
  edges: GraphEdge[];
  modules: ModuleInfo[];
  formulas: Record<string, Formula>;
}

/** Columns of the graph_stats table. */
export const NODE_STATS = ["value_mean", "value_std", "value_min", "value_max", "zero_fraction", "grad_norm", "forward_us", "backward_us"] as const;
/** Columns of the probes table. */
export const PROBE_COLUMNS = ["grad_norm", "weight_norm", "update_ratio", "zero_fraction", "grad_max_abs"] as const;
export const NODE_STAT_COUNT = NODE_STATS.length;
export const PROBE_COLUMN_COUNT = PROBE_COLUMNS.length;
export const HISTOGRAM_BINS = 32;

export interface WireSeries { id: number; name: string; role: SeriesRole; steps: number; values: number; reset: boolean }
export interface WireProbes { steps: number; table: number; hist: number; range: number }
/** A value or a gradient; null: unknown. Element i along axis a of the picture is element i · every[a] of the whole. */
export interface WirePart {
  picture: { shape: number[]; every: number[]; buf: number } | null;
  hist: number;
  mean: number | null;
  std: number | null;
  lo: number | null;
  hi: number | null;
  zeros: number | null;
  bad: number;
}
export interface WireDetail { node: number; step: number; shape: number[]; value: WirePart; grad: WirePart | null; saved: [name: string, bytes: number][] }
/** What a step was given; `labels`: buffer of counts of the whole numbers from `first` on. */
export interface WireBatch { index: number | null; total: number | null; inputs: [node: number, shape: number[], first: number, labels: number | null][] }
/** How the graph of a recorded step differs from that of the recorded step before, and from the newest one; absent: not at all. */
export interface WireChanges {
  since?: { step: number; added: number[]; changed: number[]; removed: number };
  newest?: { version: number; gone: number[]; changed: number[]; fresh: number[]; pairs: [old: number, now: number][] };
}
/** A recorded step that was asked for: the one nearest to `asked`; without `step` the kernel has none. */
export interface WireMoment extends WireChanges {
  kind: "moment";
  run: string;
  asked: number;
  step?: number;
  version?: number;
  stats?: number;
  batch?: WireBatch;
  graph?: WireGraph;
  node?: number;
  detail?: WireDetail | null;
}
/** A recorded step that travels with the last snapshot. `numbers`: 12 a node, see past.ts; `pixels` int8, `hists` uint8. */
export interface WireKept extends WireChanges {
  step: number;
  version: number;
  stats: number;
  batch?: WireBatch;
  nodes: number;
  numbers: number;
  exact: number;
  pixels: number;
  hists: number;
}
/** Where a breakpoint holds the run: `number` tells one stop from the next, `node` is its place in the graph or -1. */
export interface Stop {
  number: number;
  reason: string;
  phase: "forward" | "backward";
  op: string;
  module: string;
  place: string;
  line: number | null;
  source: string;
  text: string;
  fix: string;
  node: number;
}
/** Where the loss stopped being finite; `path` leads from there to the loss. */
export interface Birth { kind: string; text: string; place: string; source: string; fix: string; path: number[]; certain: boolean }
export interface WireHistory { graphs: [version: number, graph: WireGraph][]; moments: WireKept[]; kept: number }
export interface RunError { type: string; message: string; line: number | null; node: number | null }

/** A frame carries what changed since the last one; a snapshot carries everything and replaces what is there. */
export interface Frame {
  kind: "frame" | "snapshot";
  seq: number;
  view?: string; // which view the message is for; absent: the live one
  run?: RunInfo;
  status?: Status;
  controls?: Controls;
  lr?: LearningRate;
  coach?: Coach | null;
  level?: Level;
  panels?: string[] | null; // which to show of loss, gradients, graph, coach; null: all
  series?: WireSeries[];
  epochs?: [epoch: number, step: number][];
  params?: { rows: Parameter[] };
  probes?: WireProbes;
  graph?: WireGraph | null;
  graph_version?: number;
  marks?: { added: number[]; removed: number[]; changed: number[] }; // of a merged graph
  history?: WireHistory; // in the last snapshot
  graph_stats?: { step: number; table: number; batch?: WireBatch } | null;
  details?: WireDetail[];
  error?: RunError | null;
  stop?: Stop | null;
  birth?: Birth | null;
}
export type Incoming = Frame | WireMoment | { kind: "pong"; id: number } | { kind: "ack"; id: number } | { kind: "closed" };

export type ControlAction = "pause" | "resume" | "step" | "stop" | "continue" | "step_op" | "learning_rate" | "mute" | "unmute";
export type Outgoing =
  | { kind: "hello"; seq: number }
  | { kind: "ping"; id: number }
  | { kind: "here" | "gone"; view: string } // one of several pages, or outputs, that show the model
  | { kind: "control"; action: ControlAction; value?: number; rule?: string; id: number }
  | { kind: "inspect"; node: number | null }
  | { kind: "moment"; step: number | null; node: number | null; known: number[] }; // null: no longer

export type Bytes = ArrayBuffer | ArrayBufferView;

/** The way to the kernel; the view of a saved page has none. */
export interface Transport {
  send(message: Outgoing): void;
  onMessage(listener: (message: Incoming, buffers: Bytes[]) => void): () => void;
  onClose(listener: (why: string) => void): () => void;
}

/** View of `bytes` as float32, copied only when the memory is not aligned. */
export function floats(bytes: Bytes | undefined): Float32Array {
  return bytes === undefined ? new Float32Array(0) : aligned(bytes, Float32Array);
}

/** View of `bytes` as uint32, copied only when the memory is not aligned. */
export function uints(bytes: Bytes | undefined): Uint32Array {
  return bytes === undefined ? new Uint32Array(0) : aligned(bytes, Uint32Array);
}

function aligned<T>(bytes: Bytes, type: new (buffer: ArrayBuffer, offset: number, length: number) => T): T {
  const view = asBytes(bytes);
  const length = view.byteLength >> 2;
  if (view.byteOffset % 4 === 0) return new type(view.buffer as ArrayBuffer, view.byteOffset, length);
  return new type(view.slice().buffer as ArrayBuffer, 0, length);
}

export function asBytes(bytes: Bytes): Uint8Array {
  return bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const align8 = (n: number): number => (n + 7) & ~7;

export interface Unpacked { frame: Frame; buffers: Uint8Array[] }

/** Packed snapshot: u4 length of the header, JSON header with `_buffers: [[offset, length], …]`, buffers on 8-byte bounds from the start. */
export function unpack(packed: Bytes): Unpacked | null {
  const bytes = asBytes(packed);
  if (bytes.byteLength < 4) return null;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  if (4 + length > bytes.byteLength) throw new Error(`snapshot: the header claims ${length} bytes, the packet has ${bytes.byteLength}`);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as Frame & { _buffers?: [number, number][] };
  const buffers = (header._buffers ?? []).map(([offset, size]) => {
    if (offset + size > bytes.byteLength) throw new Error(`snapshot: buffer at ${offset} with ${size} bytes leaves the packet of ${bytes.byteLength}`);
    return bytes.subarray(offset, offset + size);
  });
  return { frame: header, buffers };
}

/** The inverse of `unpack`. */
export function pack(frame: Frame, buffers: Bytes[]): Uint8Array {
  const parts = buffers.map(asBytes);
  const encode = (places: [number, number][]): Uint8Array => new TextEncoder().encode(JSON.stringify({ ...frame, _buffers: places }));
  // Offsets are written into the header that they depend on: grow until they agree.
  let places: [number, number][] = [];
  let header = encode(places);
  for (let length = -1; length !== header.byteLength; ) {
    length = header.byteLength;
    let at = align8(4 + length);
    places = parts.map((part) => {
      const place: [number, number] = [at, part.byteLength];
      at = align8(at + part.byteLength);
      return place;
    });
    header = encode(places);
  }
  const last = places[places.length - 1];
  const packed = new Uint8Array(last ? last[0] + last[1] : 4 + header.byteLength);
  new DataView(packed.buffer).setUint32(0, header.byteLength, true);
  packed.set(header, 4);
  parts.forEach((part, i) => packed.set(part, places[i][0]));
  return packed;
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text.trim()), (char) => char.charCodeAt(0));
}
