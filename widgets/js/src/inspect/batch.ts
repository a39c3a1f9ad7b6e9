// What a step was given: its inputs, and how often each label came.
import { type Bytes, type WireBatch, floats } from "../protocol";

export interface BatchInput { node: number; shape: number[]; first: number; labels: Float32Array | null }
/** `index`: which batch of the loader's pass, from 0, of `total`; null where no loader gave it. */
export interface Batch { index: number | null; total: number | null; inputs: BatchInput[] }

export function readBatch(wire: WireBatch | undefined, buffers: Bytes[]): Batch | null {
  if (wire === undefined || wire.inputs.length === 0) return null;
  return { index: wire.index, total: wire.total, inputs: wire.inputs.map(([node, shape, first, labels]) => ({ node, shape, first, labels: labels === null ? null : floats(buffers[labels]) })) };
}
