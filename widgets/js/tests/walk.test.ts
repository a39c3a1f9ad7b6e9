import { describe, expect, it } from "vitest";
import { type Tape, emptyWalk, errorWalk, loopWalk, residualWalk, scalarWalk, teachingWalk } from "../dev/fakewalk";
import { fitted, focusOf, follow } from "../src/walk/camera";
import { markOf } from "../src/walk/code";
import { patch } from "../src/walk/conv";
import { type Walk, readWalk } from "../src/walk/data";
import { gradeNumbers, gradeShape, gradeZeros } from "../src/walk/grade";
import { backState, spotState, unitState } from "../src/walk/graphstate";
import { stepText } from "../src/walk/header";
import { lookOf } from "../src/walk/look";
import { Model } from "../src/walk/model";
import { cell, typed, typedShape } from "../src/walk/numbers";
import { Player } from "../src/walk/player";
import { cut, pieces } from "../src/walk/python";
import { planRail } from "../src/walk/rail";
import { type Box, type Scene, layOut } from "../src/walk/scene";

const read = (tape: Tape): Walk => readWalk(tape.header(), tape.buffers);
const play = (tape: Tape): Player => new Player(new Model(read(tape)));
const sceneOf = (player: Player, episode = 0, width = 600, folded = new Set<string>()): Scene => {
  const { model } = player;
  const { ops, from, to } = model.episodes[episode];
  const back = model.walk.steps.slice(from, to + 1).find(({ phase }) => phase === "backward");
  return layOut(model.walk, ops, back?.op ?? null, folded, width, (value) => model.gradAt(value, to));
};

/** A tape of random ops: each takes earlier values or new leaves, so that branches, reuse and loose ends all occur. */
function randomWalk(seed: number, size: number): Tape {
  let state = seed;
  const random = (): number => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
  const tape = teachingWalk();
  const leaf = (): ReturnType<Tape["leaf"]> => tape.leaf(`p${Math.floor(random() * 1e6)}`, [[random(), -random()], [random(), 2]], random() < 0.5 ? "parameter" : "input");
  const values = [leaf(), leaf()];
  for (let at = 0; at < size; at++) {
    const pick = (): ReturnType<Tape["leaf"]> => (random() < 0.25 ? leaf() : values[Math.floor(random() * values.length)]);
    const [name, ...inputs] = random() < 0.5 ? ([["add", "mul", "sub", "matmul"][Math.floor(random() * 4)], pick(), pick()] as const) : (["tanh", pick()] as const);
    values.push(tape.op(name, [...inputs], random() < 0.5 ? `v${at}` : "", "h @ v"));
  }
  tape.backward(tape.op("mean", [values[values.length - 1]], "loss2", "o - y"));
  return tape;
}

const overlap = (a: Box, b: Box): boolean => a.x < b.x + b.w - 0.01 && b.x < a.x + a.w - 0.01 && a.y < b.y + b.h - 0.01 && b.y < a.y + a.h - 0.01;
function overlaps(scene: Scene): [string, string][] {
  const boxes: [string, Box][] = [...scene.spots.flatMap((spot): [string, Box][] => [[spot.key, spot], ...(spot.grad ? [[`∂${spot.key}`, spot.grad] as [string, Box]] : [])]), ...scene.circles.map((circle): [string, Box] => [circle.key, circle])];
  return boxes.flatMap(([a, one], at) => boxes.slice(at + 1).filter(([, other]) => overlap(one, other)).map(([b]): [string, string] => [a, b]));
}

describe("numbers", () => {
  it("are short in a matrix", () => {
    expect([0, 0.5, -1.23456, 34.56, 345.6, 0.00021, -123456, Number.NaN, Number.POSITIVE_INFINITY].map(cell)).toEqual(["0", ".5", "−1.23", "34.6", "346", "2e−4", "−1e5", "NaN", "∞"]);
  });
  it("are understood as people type them", () => {
    expect(["−.5", "-0.5", "1/4", "2,5", "1e-3", " 7 ", "", "x", "--1"].map(typed)).toEqual([-0.5, -0.5, 0.25, 2.5, 0.001, 7, null, null, null]);
    expect(["2×3", "(2, 3)", "[2,3]", "2 x 3", "torch.Size([2, 3])", "()", "5", "", "two"].map(typedShape)).toEqual([[2, 3], [2, 3], [2, 3], [2, 3], [2, 3], [], [5], null, null]);
  });
});

describe("answers", () => {
  it("are marked entry by entry, within the tolerance", () => {
    expect(gradeNumbers(["3.1", "0", "", "4"], [3.12, 0, 0, 3], 0.05)).toEqual(["right", "right", "empty", "wrong"]);
    expect(gradeNumbers(["1000"], [1004], 0)).toEqual(["right"]); // what three figures say
    expect(gradeNumbers(["1"], [Number.NaN], 0.1)).toEqual(["wrong"]);
  });
  it("of shapes and zeros", () => {
    expect([gradeShape("2x1", [2, 1]), gradeShape("1×2", [2, 1]), gradeShape("()", []), gradeShape(" ", [2])]).toEqual([["right"], ["wrong"], ["right"], ["empty"]]);
    expect(gradeZeros(["0", "", "0", ""], [1, 0, 0, 1])).toEqual(["right", "right", "wrong", "wrong"]);
  });
});

describe("stepping", () => {
  it("goes on and back, to both ends and no further", () => {
    const player = play(teachingWalk());
    expect(player.last).toBe(16);
    player.previous();
    expect(player.state.step).toBe(0);
    player.next();
    player.next();
    expect(player.state.step).toBe(2);
    player.go(99);
    expect(player.state.step).toBe(16);
    player.next();
    expect(player.state.step).toBe(16);
    expect(stepText(player.model, 12)).toBe("step 13 of 17, backward through o = h @ v, line 4");
  });
  it("jumps to the first forward and backward step of the turn on screen", () => {
    const player = play(loopWalk(3));
    player.go(14);
    player.firstOf("backward");
    expect(player.state.step).toBe(17);
    player.firstOf("forward");
    expect(player.state.step).toBe(11);
  });
  it("plays to the end, and waits at an open question", () => {
    const stops = play(teachingWalk());
    stops.play();
    stops.beat(); // step 2 of 17 is asked about h
    expect([stops.state.step, stops.state.playing]).toEqual([1, false]);
    const through = play(scalarWalk());
    through.play();
    for (let i = 0; i < 20; i++) through.beat();
    expect([through.state.step, through.state.playing]).toEqual([through.last, false]);
    through.play();
    expect(through.state.step).toBe(0); // again from the start
  });
  it("in presenter mode shows the formula before it goes on, and the same way back", () => {
    const player = play(scalarWalk());
    player.set({ presenter: true });
    player.next();
    expect([player.state.step, player.state.phase]).toEqual([0, 1]);
    player.next();
    expect([player.state.step, player.state.phase]).toEqual([1, 0]);
    player.previous();
    expect([player.state.step, player.state.phase]).toEqual([0, 1]);
  });
  it("keeps a kept state within a walk that became shorter", () => {
    const player = play(teachingWalk());
    player.go(16);
    expect(new Player(new Model(read(errorWalk())), player.state).state.step).toBe(1);
  });
  it("has nothing to step through where no op ran", () => {
    const player = play(emptyWalk());
    player.next();
    player.play();
    expect([player.state.step, player.state.playing, player.model.episodes.length]).toEqual([0, false, 0]);
  });
});

describe("hiding and asking", () => {
  it("hides what a question asks about until it is settled; a wrong answer leaves it hidden", () => {
    const player = play(teachingWalk());
    const h = [...player.model.walk.values.values()].find(({ name }) => name === "h")!;
    player.go(2);
    const question = player.question(2)!;
    expect(player.isHidden("value", h.id)).toBe(true);
    player.settle(question, { marks: ["wrong"], right: false, by: "check" });
    expect(player.isHidden("value", h.id)).toBe(true);
    player.settle(question, { marks: ["right"], right: true, by: "check" });
    expect(player.isHidden("value", h.id)).toBe(false);
    expect(player.score()).toEqual({ right: 1, of: 1 });
  });
  it("does not ask for what was passed by", () => {
    const player = play(teachingWalk());
    player.go(6);
    expect([...player.model.walk.values.keys()].some((id) => player.isHidden("value", id))).toBe(false);
  });
  it("hides what a step brings while that is wished, and asks for it", () => {
    const player = play(scalarWalk());
    player.set({ hideNew: true });
    player.go(1);
    const d = [...player.model.walk.values.values()].find(({ name }) => name === "d")!;
    expect(player.isHidden("value", d.id)).toBe(true);
    const question = player.question(1)!;
    expect([question.target, question.own, question.answer.length]).toEqual([d.id, true, 1]);
    player.settle(question, { marks: [], right: false, by: "reveal" });
    expect(player.isHidden("value", d.id)).toBe(false);
    player.toggleHidden(`value:${d.id}`);
    player.go(3);
    expect(player.isHidden("value", d.id)).toBe(true); // by hand: until it is shown by hand
  });
});

describe("the picture", () => {
  const tapes: [string, () => Tape][] = [["the lesson", teachingWalk], ["scalars", scalarWalk], ["residual blocks", () => residualWalk(3)], ["a failing cell", errorWalk], ...[1, 2, 3, 4, 5, 6].map((seed): [string, () => Tape] => [`random ops ${seed}`, () => randomWalk(seed * 7919, 12 * seed)])];
  it.each(tapes)("of %s has no two things in one place, at any width", (_, make) => {
    const player = play(make());
    for (const [episode] of player.model.episodes.entries()) for (const width of [440, 600, 1300]) expect(overlaps(sceneOf(player, episode, width))).toEqual([]);
  });
  it.each(tapes)("of %s shows each value once in full, inside its bounds", (_, make) => {
    const player = play(make());
    player.model.episodes.forEach((episode, at) => {
      const scene = sceneOf(player, at);
      const full = scene.spots.filter(({ kind }) => kind !== "chip").map(({ value }) => value);
      const needed = new Set(episode.ops.flatMap((id) => [...player.model.walk.ops.get(id)!.inputs, ...player.model.walk.ops.get(id)!.output]).filter((id) => id !== null));
      expect(new Set(full)).toEqual(needed);
      for (const { x, y, w, h } of [...scene.spots, ...scene.circles]) expect([x >= 0, y >= 0, x + w <= scene.w + 0.01, y + h <= scene.h + 0.01]).toEqual([true, true, true, true]);
    });
  });
  it("keeps the main chain straight, and every value left of the op that uses it", () => {
    const player = play(residualWalk(3));
    const scene = sceneOf(player);
    const lane = (name: string): number => scene.spots.find(({ value, kind }) => kind === "chain" && player.model.value(value)!.name === name)!.lane;
    expect([lane("loss"), lane("h")]).toEqual([0, 0]);
    expect(new Set(scene.circles.filter((circle) => circle.lane === 0).map(({ cy }) => cy)).size).toBe(1);
    for (const wire of scene.wires) if (wire.kind !== "leaf") expect(wire.forth[0][0]).toBeLessThanOrEqual(wire.forth[wire.forth.length - 1][0]);
  });
  it("draws each operand of each op", () => {
    for (const [, make] of tapes) {
      const player = play(make());
      player.model.episodes.forEach((episode, at) => {
        const scene = sceneOf(player, at);
        const lines = scene.wires.filter(({ kind }) => kind !== "out").length;
        expect(lines).toBe(episode.ops.reduce((sum, id) => sum + player.model.walk.ops.get(id)!.inputs.length, 0));
      });
    }
  });
  it.each(tapes)("of %s leads no line through a matrix", (_, make) => {
    const player = play(make());
    const scene = sceneOf(player, player.model.episodes.length - 1, 600);
    const boxes = scene.spots.flatMap((spot): Box[] => [spot, ...(spot.grad ? [spot.grad] : [])]);
    const through = scene.wires.filter((wire) => [wire.forth, wire.back ?? []].some((points) => points.slice(1).some(([x, y], at) => {
      const [px, py] = points[at];
      const line = { x: Math.min(x, px), y: Math.min(y, py), w: Math.abs(x - px), h: Math.abs(y - py) };
      return boxes.some((box) => overlap({ x: line.x + 0.5, y: line.y + 0.5, w: Math.max(0.1, line.w - 1), h: Math.max(0.1, line.h - 1) }, { x: box.x + 1, y: box.y + 1, w: box.w - 2, h: box.h - 2 }));
    })));
    expect(through.map(({ key }) => key)).toEqual([]);
  });
  it("folds a module into one box, and what stays outside keeps its order", () => {
    const player = play(residualWalk(2));
    const open = sceneOf(player);
    const { group } = open.brackets[0];
    expect(group.ops).toHaveLength(4);
    const scene = sceneOf(player, 0, 600, new Set([group.key]));
    expect(scene.units.filter((unit) => unit.group === group.key)).toHaveLength(1);
    expect(scene.circles).toHaveLength(open.circles.length - 3);
    expect(overlaps(scene)).toEqual([]);
  });
  it("grows: nothing is there before its step, and what is there stays where it is", () => {
    const player = play(teachingWalk());
    const scene = sceneOf(player);
    const shown = (step: number): string[] => {
      player.set({ step });
      return [...scene.spots.filter((spot) => spotState(player, spot).shown).map(({ key }) => key), ...scene.circles.filter((circle) => unitState(player, scene, circle).shown).map(({ key }) => key)];
    };
    let before: string[] = [];
    for (let step = 0; step <= player.last; step++) {
      const now = shown(step);
      expect(now).toEqual(expect.arrayContaining(before));
      before = now;
    }
    expect(shown(0)).toHaveLength(4); // x, W, their product, @
    expect(before).toHaveLength(scene.spots.length + scene.circles.length);
  });
  it("shows gradients as unknown from the call of backward on, and as they come", () => {
    const player = play(teachingWalk());
    const scene = sceneOf(player);
    const state = (name: string, step: number): string => {
      player.set({ step });
      return spotState(player, scene.spots.find(({ value }) => player.model.value(value)!.name === name)!).grad;
    };
    expect([6, 9, 12, 13].map((step) => state("h", step))).toEqual(["none", "unknown", "known", "known"]);
    expect(state("loss", 8)).toBe("known"); // backward starts with 1
    player.set({ step: 12 });
    const back = (unit: string): string => backState(player, scene, scene.wires.find(({ kind, unit: at }) => kind === "chain" && scene.units[at].key === unit)!);
    expect([back("op:3"), back("op:4"), back("op:2")]).toEqual(["now", "done", "todo"]);
  });
  it("is the same where only the way back is walked, and there from the start", () => {
    const tape = teachingWalk();
    tape.steps.splice(0, tape.steps.length, ...tape.steps.filter(({ phase }) => phase !== "forward"));
    const player = play(tape);
    const scene = sceneOf(player);
    expect(scene.circles.map(({ lane }) => lane)).toEqual(new Array(7).fill(0));
    expect(scene.spots.every((spot) => spotState(player, spot).shown)).toBe(true);
  });
  it("draws a large tensor as a small heat map", () => {
    const room = { narrow: false, crowded: false, least: 0 };
    const indices = [0, 1, 2, 3, 4, 5, 126, 127];
    const block = { rows: indices, cols: indices, facets: [[]], whole: false, shape: [128, 128], data: new Float32Array(64) };
    const look = lookOf(block, null, room);
    expect([look.numbers, look.w < 100, look.h < 100]).toEqual([false, true, true]);
    expect(lookOf({ ...block, rows: [0, 1], cols: [0, 1], whole: true, data: new Float32Array(4) }, null, room).numbers).toBe(true);
  });
});

describe("the camera", () => {
  it("moves only as far as the step needs, and never shows an empty margin", () => {
    const player = play(residualWalk(20));
    const scene = sceneOf(player);
    const pane = { w: 600, h: 300 };
    let camera = { x: 0, y: 0, scale: 1 };
    scene.units.forEach((_, unit) => {
      const box = focusOf(scene, new Set([unit]))!;
      camera = follow(camera, scene, pane, box);
      expect(camera.x + box.x).toBeGreaterThanOrEqual(-0.01);
      expect(camera.x + box.x + box.w).toBeLessThanOrEqual(pane.w + 0.01);
      expect(camera.x).toBeLessThanOrEqual(0);
      expect(follow(camera, scene, pane, box)).toEqual(camera); // there already
    });
    const whole = fitted(scene, pane);
    expect(scene.w * whole.scale).toBeLessThanOrEqual(Math.max(pane.w, scene.w * 0.02) + 0.01);
  });
});

describe("code", () => {
  it("is cut into its colours, and at the ends of an expression", () => {
    expect(pieces("x = None if y else 'a#b' # c").filter(({ kind }) => kind !== "").map(({ text, kind }) => `${kind}:${text}`)).toEqual(["k:None", "k:if", "k:else", "s:'a#b'", "c:# c"]);
    const line = "o = h @ v2";
    const parts = cut(pieces(line), 4, 10);
    expect(parts.map(({ text }) => text).join("")).toBe(line);
    expect(parts.filter(({ inside }) => inside).map(({ text }) => text).join("")).toBe("h @ v2");
  });
  it("marks what has run, what waits, and what the gradient has come back through", () => {
    const { model } = play(teachingWalk());
    expect(markOf(model, 0, 2, 0)).toMatchObject({ forth: "run", back: "todo" });
    expect(markOf(model, 0, 4, 12)).toMatchObject({ forth: "done", back: "now" });
    expect(markOf(model, 0, 5, 12)).toMatchObject({ forth: "done", back: "done" });
    expect(markOf(model, 0, 3, 12)).toMatchObject({ forth: "done", back: "todo" });
    expect(markOf(model, 0, 8, 12).calling).toBe(true);
    expect(markOf(model, 0, 9, 12).forth).toBe("todo");
  });
  it("starts anew with each turn of a loop", () => {
    const { model } = play(loopWalk(2));
    expect(markOf(model, 0, 5, 10).forth).toBe("done");
    expect(markOf(model, 0, 5, 11).forth).toBe("todo");
  });
  it("marks the line that failed", () => expect(markOf(play(errorWalk()).model, 0, 3, 1).failed).toBe(true));
});

describe("the rail", () => {
  it("has a dot a step while there is room, and few marks for hundreds", () => {
    const lesson = planRail(play(teachingWalk()).model, 600);
    expect([lesson.marks.length, lesson.dense]).toEqual([17, false]);
    expect(lesson.bounds).toHaveLength(1);
    const long = planRail(play(residualWalk(60)).model, 440);
    expect([long.marks.length <= 120, long.dense]).toEqual([true, true]);
    expect(long.marks.at(-1)!.last).toBe(play(residualWalk(60)).last);
    const three = planRail(play(loopWalk(3)).model, 900);
    expect(three.turns.map(({ text }) => text)).toEqual(["turn 1", "turn 2", "turn 3"]);
    expect(three.bounds.map(({ text }) => text)).toEqual(["", "", "", "", ""]);
    const loop = planRail(play(loopWalk(40)).model, 600);
    expect(loop.turns[0].text).toBe("1");
    loop.turns.slice(1).forEach((turn, at) => expect(turn.x - loop.turns[at].x).toBeGreaterThanOrEqual(17));
  });
});

it("cuts the walk into pictures: one a turn of a training loop", () => {
  const { model } = play(loopWalk(3));
  expect(model.episodes.map(({ ops }) => ops.length)).toEqual([4, 4, 4]);
  expect(model.episodes.map(({ from }) => from)).toEqual([0, 11, 22]);
});

it("shows what lies under a window of a convolution, 0 beyond the edge", () => {
  const image = { rows: [0, 1, 2], cols: [0, 1, 2], facets: [[0, 0]], whole: true, shape: [1, 1, 3, 3], data: Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]) };
  const window = { out: [0, 0, 0, 0], rows: [-1, 2] as [number, number], cols: [-1, 2] as [number, number], text: "", result: null };
  expect([...patch(image, 0, window)!.data]).toEqual([0, 0, 0, 0, 1, 2, 0, 4, 5]);
  expect(patch({ ...image, whole: false }, 0, window)).toBeNull();
});

it("reads a message that lacks almost everything", () => {
  const walk = readWalk({ view: "walk", steps: [{ phase: "forward", op: 7 }], values: [{ id: 0 }] }, []);
  expect([walk.steps.length, walk.values.get(0)!.block, walk.texts[0].lines.length]).toEqual([1, null, 0]);
  const player = new Player(new Model(walk));
  player.next();
  expect(player.state.step).toBe(0);
});
