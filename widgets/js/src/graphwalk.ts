// Where an arrow key leads from a box of the graph.
import type { GraphModel, Spot } from "./graphmodel";

export const STEPS = new Set(["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Home", "End"]);

/** Key of the box or group that the step leads to, "" for none: up and down along the edges, left and right in a row, out of a module, into it. */
export function stepFrom(model: GraphModel, spot: Spot | null, step: string): string {
  if (step === "Home" || step === "End" || spot === null) {
    const spots = model.spots();
    return keyOf(model, step === "End" ? spots[spots.length - 1] : spots[0]);
  }
  return spot.kind === "group" ? fromGroup(model, spot, step) : fromItem(model, spot.at, step);
}

function keyOf(model: GraphModel, spot: Spot | undefined): string {
  if (!spot) return "";
  return spot.kind === "item" ? model.picture.items[spot.at].key : model.picture.groups[spot.at].key;
}

function fromGroup(model: GraphModel, spot: Spot, step: string): string {
  if (step === "ArrowLeft") return model.picture.groups[spot.at].parent;
  const spots = model.spots();
  const here = spots.findIndex(({ kind, at }) => kind === "group" && at === spot.at);
  return keyOf(model, spots[step === "ArrowUp" ? here - 1 : here + 1]);
}

function fromItem(model: GraphModel, at: number, step: string): string {
  const { items } = model.picture;
  const item = items[at];
  if (step === "ArrowDown" || step === "ArrowUp") {
    const ends = step === "ArrowDown" ? model.after(at) : model.before(at);
    const far = (one: number): [number, number] => [Math.abs(items[one].x - item.x), Math.abs(items[one].y - item.y)];
    const nearest = [...ends].sort((a, b) => far(a)[0] - far(b)[0] || far(a)[1] - far(b)[1])[0]; // straight on, if that is a way
    return items[nearest]?.key ?? "";
  }
  const row = items.filter(({ y }) => y === item.y).sort((a, b) => a.x - b.x);
  const beside = row[row.indexOf(item) + (step === "ArrowLeft" ? -1 : 1)];
  return beside?.key ?? (step === "ArrowLeft" ? item.parent : "");
}
