// What of the picture is there at a step, and in which state: pure, so that tests can ask it.
import type { Block } from "./data";
import { keyOf } from "./model";
import type { Player } from "./player";
import type { Circle, Scene, Spot, Wire } from "./scene";

type GradState = "none" | "unknown" | "known";
export interface SpotState { shown: boolean; fresh: boolean; hidden: boolean; grad: GradState; gradFresh: boolean; gradHidden: boolean; moved: Block | null }
export interface UnitState { shown: boolean; now: "" | "forward" | "backward"; back: boolean }

export function spotState(player: Player, spot: Spot): SpotState {
  const { model, state: { step } } = player;
  const news = model.newAt(step);
  const made = model.madeAt(spot.value);
  const shown = made <= step && (made >= 0 || model.value(spot.value) !== undefined);
  const known = model.gradAt(spot.value, step) !== null;
  return {
    shown,
    fresh: news.has(keyOf("value", spot.value)),
    hidden: player.isHidden("value", spot.value),
    grad: spot.grad === null || !shown ? "none" : known ? "known" : model.hasBegun(step) ? "unknown" : "none",
    gradFresh: news.has(keyOf("grad", spot.value)),
    gradHidden: player.isHidden("grad", spot.value),
    moved: model.step(step)?.changes.find(({ value }) => value === spot.value)?.after ?? null,
  };
}

export function unitState(player: Player, scene: Scene, { unit }: Circle): UnitState {
  const { model, state: { step } } = player;
  const { ops } = scene.units[unit];
  const current = model.step(step);
  const mine = current?.op !== null && current?.op !== undefined && ops.includes(current.op);
  const phase = current?.phase;
  return {
    shown: ops.some((op) => (model.forwardOf.get(op) ?? -1) <= step),
    now: mine && (phase === "forward" || phase === "backward") ? phase : "",
    back: ops.some((op) => model.backwardOf.get(op)?.some((at) => at <= step) ?? false),
  };
}

/** Whether a gradient has gone back along a wire: `now` in this step, `done` before, `todo` still expected. */
export function backState(player: Player, scene: Scene, wire: Wire): "" | "now" | "done" | "todo" {
  const { model, state: { step } } = player;
  if (wire.back === null) return "";
  const { ops } = scene.units[wire.unit];
  let state: "" | "now" | "done" | "todo" = "";
  for (const op of ops) {
    for (const at of model.backwardOf.get(op) ?? []) {
      if (!model.walk.steps[at].parts.some(({ to }) => to === wire.value)) continue;
      if (at === step) return "now";
      if (at < step) state = "done";
      else if (state === "" && model.hasBegun(step)) state = "todo";
    }
  }
  return state;
}
