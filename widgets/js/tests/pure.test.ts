import { describe, expect, it } from "vitest";
import { manyParameters, teachingParameters } from "../dev/fake";
import { linearBounds, linearTicks, logBounds, logTicks, spanFor, tickLabels } from "../src/axes";
import { learningRateOf } from "../src/coachwords";
import { Curve, autoSmoothing, columnsOf } from "../src/curve";
import { decimateInPlace, indexAt, nearest } from "../src/decimate";
import * as format from "../src/format";
import { rowsOf, shortLabels } from "../src/groups";
import { pushApart } from "../src/lossplot";
import { Series } from "../src/store";

describe("numbers", () => {
  it.each([[0.041, "0.041"], [19, "19"], [3.1e-3, "3.1e−3"], [0.0095, "9.5e−3"], [0.88, "0.88"], [1, "1.0"], [994, "990"], [999, "1.0e3"], [1000, "1.0e3"], [-0.5, "−0.50"], [0, "0"], [NaN, "NaN"], [-Infinity, "−∞"], [9.96, "10"], [0.0996, "0.10"]])("num %f is %s", (value, text) => {
    expect(format.num(value)).toBe(text);
  });
  it("other kinds", () => {
    expect(format.sci(3e-3)).toBe("3.0e−3");
    expect(format.sci(9.99e-4)).toBe("1.0e−3");
    expect(format.loss(0.4123)).toBe("0.412");
    expect(format.loss(2e-5)).toBe("2.0e−5");
    expect(format.loss(1234.5)).toBe("1,235");
    expect(format.count(79730)).toBe("79,730");
    expect(format.span(0.62)).toBe("0.62\u2009s");
    expect(format.span(42)).toBe("0:42");
    expect(format.time(42)).toBe("0:42");
    expect(format.time(3723)).toBe("1:02:03");
    expect(format.shape([64, 120])).toBe("64×120");
    expect(format.shape([])).toBe("()");
    expect(format.bytes(30 * 1024)).toBe("30\u2009KB");
    expect(format.micros(11)).toBe("11\u2009µs");
    expect(format.rate(0.25)).toBe("0.25");
    expect(format.plain("−1.0e−3")).toBe("-1.0e-3");
  });
});

describe("axes", () => {
  it("grow outward in nice steps", () => {
    expect(spanFor(1930)).toBe(2000);
    expect(spanFor(2001)).toBe(2500);
    expect(spanFor(3)).toBe(10);
    const [low, high] = logBounds(0.33, 2.7);
    expect(low).toBeLessThanOrEqual(0.33);
    expect(high).toBeGreaterThanOrEqual(2.7);
    expect(high / low).toBeLessThan(15);
    expect(linearBounds(0.2, 2.4)).toEqual([0, 2.5]);
    expect(linearBounds(-3.2, -0.5)).toEqual([-4, 0]);
  });
  it("hold a constant, which has no range", () => {
    const [low, high] = logBounds(1, 1);
    expect(low).toBeLessThan(1);
    expect(high).toBeGreaterThan(1);
    const [a, b] = linearBounds(5, 5);
    expect(b).toBeGreaterThan(a);
    expect(linearBounds(0, 0)[1]).toBeGreaterThan(0);
  });
  it("label ticks", () => {
    expect(tickLabels(logTicks(0.25, 4, 6))).toEqual(["0.3", "0.5", "1.0", "2.0", "3.0"]);
    expect(tickLabels(logTicks(1e-6, 10, 8))).toEqual(["1e−6", "1e−5", "1e−4", "1e−3", "0.01", "0.1", "1", "10"].map((t, i) => (i === 3 ? "0.001" : t)));
    expect(linearTicks(0, 2000, 4)).toEqual([0, 500, 1000, 1500, 2000]);
    for (const [low, high] of [[1e-8, 1e8], [0.5, 0.6], [1, 1e30]]) {
      const ticks = logTicks(low, high, 6);
      expect(ticks.length).toBeGreaterThan(0);
      expect(ticks.length).toBeLessThanOrEqual(6);
    }
  });
});

describe("decimation", () => {
  it("keeps lowest and highest of each bucket in their order", () => {
    const steps = Uint32Array.from([0, 1, 2, 3, 4, 5, 6, 7]);
    const values = Float32Array.from([1, 9, -3, 2, 5, 5, 5, 5]);
    const n = decimateInPlace(steps, values, 8, 2);
    expect(Array.from(steps.subarray(0, n))).toEqual([1, 2, 4]);
    expect(Array.from(values.subarray(0, n))).toEqual([9, -3, 5]);
  });
  it("finds steps", () => {
    const steps = Uint32Array.of(2, 4, 8, 16);
    expect([0, 2, 7, 100].map((step) => indexAt(steps, 4, step))).toEqual([-1, 0, 1, 3]);
    expect([0, 3, 7, 100].map((step) => nearest(steps, 4, step))).toEqual([0, 0, 2, 3]);
    expect(nearest(steps, 0, 5)).toBe(-1);
  });
});

function curveOf(values: number[], beta = 0.9): Curve {
  const series = new Series(0, "loss", "train");
  series.append(Uint32Array.from(values, (_, i) => i + 1), Float32Array.from(values));
  const curve = new Curve(series);
  curve.update(beta);
  return curve;
}

describe("Curve", () => {
  const noisy = Array.from({ length: 400 }, (_, i) => (0.4 + 2 * Math.exp(-i / 60)) * (1 + 0.1 * Math.sin(i * 12.9898) * Math.cos(i * 4.1)));

  it("tells a spike with its factor, and no spike in an ordinary run", () => {
    expect(curveOf(noisy).spikes).toEqual([]);
    const spiked = [...noisy];
    spiked[300] *= 3.4;
    const [spike, ...rest] = curveOf(spiked).spikes;
    expect(rest).toEqual([]);
    expect(spike.step).toBe(301);
    expect(spike.factor).toBeGreaterThan(2.8);
    expect(spike.factor).toBeLessThan(4);
  });
  it("tells the first step of each stretch that is no number", () => {
    const { odd } = curveOf([1, NaN, NaN, 2, Infinity, 1]);
    expect(odd).toEqual([{ step: 2, kind: "NaN" }, { step: 5, kind: "∞" }]);
  });
  it("smooths without a bias at the start, and the same whether points come at once or one by one", () => {
    expect(curveOf([3, 3, 3], 0.98).ema[2]).toBeCloseTo(3, 5);
    const series = new Series(0, "loss", "train");
    const slow = new Curve(series);
    noisy.forEach((value, i) => { series.append(Uint32Array.of(i + 1), Float32Array.of(value)); slow.update(0.9); });
    expect(Array.from(slow.ema.subarray(0, 400))).toEqual(Array.from(curveOf(noisy).ema.subarray(0, 400)));
  });
  it("chooses the smoothing by the length of the run", () => {
    expect([10, 100, 1930, 1e6].map(autoSmoothing)).toEqual([0, 0.7, 0.98, 0.99]);
  });
  it("draws every extreme in its pixel column", () => {
    const curve = curveOf(Array.from({ length: 10_000 }, (_, i) => (i === 5000 ? 50 : 1)));
    const { low, high } = columnsOf(curve.series, 100, 10_000);
    expect(high[50]).toBe(50);
    expect(low[50]).toBe(1);
    expect(high[49]).toBe(1);
  });
});

describe("rows of the gradients panel", () => {
  it("fold equal repeats and keep the order of the graph", () => {
    const params = teachingParameters();
    const rows = rowsOf(params, false, new Set());
    expect(rows.map(({ label }) => label)).toEqual(["conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "blocks ×4", "fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]);
    expect(rowsOf(params, false, new Set(["group:blocks"]))).toHaveLength(33);
    expect(rowsOf(params, true, new Set())).toHaveLength(32);
  });
  it("fold nothing that differs or is small", () => {
    expect(rowsOf(manyParameters(200), false, new Set())).toHaveLength(200);
    const small = ["0.weight", "0.bias", "2.weight", "2.bias"].map((name) => ({ name, shape: [4], numel: 4, module: name[0] }));
    expect(rowsOf(small, false, new Set())).toHaveLength(4);
  });
  it("are named as short as tells them apart", () => {
    expect(shortLabels(["stem.conv1.weight", "head.conv1.weight", "head.fc.bias", "w"])).toEqual(["stem.conv1.weight", "head.conv1.weight", "fc.bias", "w"]);
  });
});

describe("labels and fixes", () => {
  it("are pushed apart inside their room", () => {
    const places = pushApart([50, 52, 53], 15, 0, 60);
    expect(places[1] - places[0]).toBeGreaterThanOrEqual(14.9);
    expect(places[2] - places[1]).toBeGreaterThanOrEqual(14.9);
    expect(places[2]).toBeLessThanOrEqual(60);
    expect(pushApart([10, 40], 15, 0, 60)).toEqual([10, 40]);
    expect(pushApart([-3000, 30], 15, 0, 60)).toEqual([0, 30]); // a curve far outside takes no other one's name along
    expect(pushApart([30, 4000], 15, 0, 60)).toEqual([30, 60]);
  });
  it("apply only what can act at once", () => {
    expect(learningRateOf("lr=3e-4")).toBeCloseTo(3e-4);
    expect(learningRateOf("opt.zero_grad()")).toBeNull();
    expect(learningRateOf("lr=0")).toBeNull();
  });
});
