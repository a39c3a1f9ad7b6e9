// Value and gradient of one node at one recorded step.
import type { Bytes, WireDetail } from "../protocol";
import { type Part, readPart } from "./excerpt";

export interface Detail { node: number; step: number; shape: number[]; value: Part; grad: Part | null; saved: [name: string, bytes: number][] }

export function readDetail({ value, grad, ...plain }: WireDetail, buffers: Bytes[]): Detail {
  return { ...plain, value: readPart(value, buffers), grad: grad && readPart(grad, buffers) };
}

export function sameDetails(a: Map<number, Detail>, b: Map<number, Detail>): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [node, detail] of a) if (b.get(node)?.value.hist !== detail.value.hist) return false;
  return true;
}
