import { describe, expect, it } from "vitest";
import { type Frame, floats, fromBase64, pack, uints, unpack } from "../src/protocol";

const frame: Frame = { kind: "snapshot", seq: 3, run: { id: "a", cell: "[7]", name: "训练" }, series: [{ id: 0, name: "loss", role: "train", steps: 0, values: 1, reset: true }] };

describe("pack and unpack", () => {
  it("give back frame and buffers, each buffer on an 8-byte bound", () => {
    const packed = pack(frame, [Uint32Array.of(1, 2, 3), Float32Array.of(0.5, NaN, -1)]);
    const found = unpack(packed)!;
    expect(found.frame).toMatchObject(frame);
    expect(Array.from(uints(found.buffers[0]))).toEqual([1, 2, 3]);
    expect(Array.from(floats(found.buffers[1]))).toEqual([0.5, NaN, -1]);
    for (const buffer of found.buffers) expect(buffer.byteOffset % 8).toBe(0);
  });

  it("survive base64, as in an exported page", () => {
    const packed = pack(frame, [Float32Array.of(1.25)]);
    const text = btoa(String.fromCharCode(...packed));
    expect(Array.from(floats(unpack(fromBase64(`\n${text}\n`))!.buffers[0]))).toEqual([1.25]);
  });

  it("work at an odd address: a view into a larger memory", () => {
    const packed = pack(frame, [Float32Array.of(2.5, 3.5)]);
    const moved = new Uint8Array(packed.length + 3);
    moved.set(packed, 3);
    expect(Array.from(floats(unpack(moved.subarray(3))!.buffers[0]))).toEqual([2.5, 3.5]);
  });

  it("refuse a packet that was cut, and take none for nothing", () => {
    expect(unpack(new Uint8Array(0))).toBeNull();
    const packed = pack(frame, [new Float32Array(100)]);
    expect(() => unpack(packed.slice(0, 20))).toThrow(/header claims/);
    expect(() => unpack(packed.slice(0, packed.length - 8))).toThrow(/leaves the packet/);
  });
});
