// Any number of axes on a plane: what is an image, what is a filter, which element stands where.
import { describe, expect, it } from "vitest";
import { type Excerpt, indicesOf, isWhole, omitted, planOf, rasterOf } from "../src/inspect/excerpt";

const excerpt = (shape: number[], every = shape.map(() => 1)): Excerpt => ({ shape, every, values: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i) });
const about = (shape: number[], kind = "op", op = "relu") => ({ shape, kind, op });

describe("a plan", () => {
  it.each([
    [[], "op", "", "number", 0, [], "heat"], [[1, 1], "op", "", "number", 0, [], "heat"], [[7], "op", "", "list", 0, [], "heat"], [[3, 4], "op", "", "map", 0, [], "heat"],
    [[64, 3, 32, 32], "input", "", "image", 0, [0], "rgb"], [[64, 1, 28, 28], "input", "", "image", 0, [0], "grey"], [[3, 224, 224], "input", "", "image", 0, [], "rgb"], [[2, 64, 3, 32, 32], "input", "", "image", 1, [1], "rgb"],
    [[64, 3, 32, 32], "op", "conv2d", "tiles", 1, [1], "heat"], [[16, 6, 5, 5], "parameter", "", "filters", 0, [0, 1], "heat"], [[16, 6, 5, 5], "op", "relu", "tiles", 1, [1], "heat"],
    [[8, 10, 64], "op", "", "map", 1, [], "heat"], [[2, 3, 4, 5, 6], "op", "", "tiles", 2, [2], "heat"], [[64, 3, 4, 4], "input", "", "tiles", 1, [1], "heat"],
  ] as const)("of %j (%s) is %s", (shape, kind, op, what, free, tiled, colour) => {
    const plan = planOf(about([...shape], kind, op));
    expect([plan.kind, plan.free.length, plan.tiled, plan.colour]).toEqual([what, free, [...tiled], colour]);
  });
});

describe("a raster", () => {
  it("puts every element of the chosen plane where its indices say", () => {
    const picture = excerpt([2, 3, 4], [1, 1, 10]);
    const raster = rasterOf(picture, planOf(about([2, 3, 40])), [1]);
    expect([raster.width, raster.height]).toEqual([4, 3]);
    expect(indicesOf(picture, raster.index[2 * 4 + 3])).toEqual([1, 2, 30]);
  });

  it("lays the channels of one example out side by side, with gaps between", () => {
    const picture = excerpt([2, 6, 4, 4]);
    const raster = rasterOf(picture, planOf(about([2, 6, 4, 4])), [1]);
    const seen = [...raster.index].filter((at) => at >= 0);
    expect(seen.length).toBe(6 * 16);
    expect(new Set(seen).size).toBe(6 * 16);
    expect(Math.min(...seen)).toBe(6 * 16); // all of the second example
    expect(raster.index[4]).toBe(-1);
    expect(raster.width / raster.height).toBeGreaterThan(1);
  });

  it("puts filters in a grid of output by input channel, the longer from left to right", () => {
    const picture = excerpt([8, 2, 3, 3]);
    const raster = rasterOf(picture, planOf(about([8, 2, 3, 3], "parameter", "")), []);
    expect([raster.width, raster.height]).toEqual([8 * 4 - 1, 2 * 4 - 1]);
    expect(indicesOf(picture, raster.index[4 * raster.width + 4])).toEqual([1, 1, 0, 0]);
  });

  it("shows coloured images once, by their first channel", () => {
    const picture = excerpt([4, 3, 8, 8]);
    const raster = rasterOf(picture, planOf(about([4, 3, 8, 8], "input", "")), []);
    const seen = [...raster.index].filter((at) => at >= 0);
    expect(seen.length).toBe(4 * 64);
    expect(seen.every((at) => indicesOf(picture, at)[1] === 0)).toBe(true);
  });

  it("never leaves the excerpt, whatever index is asked for", () => {
    const raster = rasterOf(excerpt([2, 3, 4]), planOf(about([64, 3, 4])), [63]);
    expect(Math.max(...raster.index)).toBe(23);
  });
});

describe("what is left out", () => {
  it("is said by axis", () => {
    expect(omitted(excerpt([5, 3, 16, 16], [1, 1, 2, 2]), [64, 3, 32, 32])).toBe("0–4 of 64 along axis 0, every 2nd along axis 2, every 2nd along axis 3");
    expect(omitted(excerpt([3, 4]), [3, 4])).toBe("");
    expect(isWhole(excerpt([3, 4]), [3, 4])).toBe(true);
    expect(isWhole(excerpt([2, 4]), [3, 4])).toBe(false);
  });
});
