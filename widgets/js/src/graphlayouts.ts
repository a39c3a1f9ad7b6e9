// Which graph is laid out, and when: small ones at once, large ones in slices while the picture before them stays.
import { matchNodes, moveKeys } from "./graphmatch";
import { GraphModel } from "./graphmodel";
import type { GraphCamera } from "./graphview";
import { type Options, WIDE } from "./layout";
import type { GraphDescription } from "./protocol";
import { type Work, drain, inSlices } from "./work";

const QUICK = 1500; // nodes of a graph that is laid out within a frame

const NARROW = 540;

/** A narrow panel gives its whole width to the rows, and no shapes to the chips; groups around groups need some of it for their frames. */
export function roomFor(width: number, model: GraphModel | null): Options {
  if (width === 0 || width >= NARROW) return WIDE;
  const frames = 10 * (model ? Math.max(0, ...model.picture.groups.map(({ nest }) => nest)) : 1);
  return { left: Math.max(150, Math.round(width * 0.46) - frames - 1), right: Math.max(150, Math.round(width * 0.54) - frames - 1), chipShapes: false };
}

interface Part { keep: ReadonlySet<number>; opened: "all" | null }

export class Layouts {
  model: GraphModel | null = null;
  /** The graph that is shown, or will be as soon as it is laid out. */
  goal: GraphDescription | null = null;
  /** Why there is no picture of it. */
  failed = "";
  private stop: (() => void) | null = null;
  private coming: { graph: GraphDescription; part: Part | null } | null = null; // laid out now, to replace the model

  constructor(private readonly camera: GraphCamera, private readonly changed: () => void) {}

  get busy(): boolean {
    return this.stop !== null;
  }

  clear(): void {
    this.cancel();
    this.model = this.goal = null;
  }

  cancel(): void {
    this.stop?.();
    this.stop = this.coming = null;
  }

  /** Lay a graph out; what the user has opened in the one before stays open. `part`: only some of its nodes. */
  show(graph: GraphDescription, options: Options, part: Part | null = null): void {
    const before = this.model;
    this.goal = graph;
    this.failed = "";
    const nodes = before && !part && !before.keep ? matchNodes(before.graph, graph) : null;
    const opened = part ? part.opened : nodes && before?.touched ? moveKeys(before.opened, nodes) : null;
    const model = new GraphModel(graph, opened, options, part?.keep ?? null, false);
    this.cancel();
    this.coming = { graph, part };
    this.run(model.build(opened), (part?.keep.size ?? graph.nodes.length) <= QUICK, () => {
      if (before && nodes) this.anchor(before, model, nodes);
      this.coming = null;
      this.model = model;
      if (part) this.camera.home(model);
    });
  }

  /** Show a model that is laid out already. */
  back(model: GraphModel): void {
    this.cancel();
    this.goal = model.graph;
    this.model = model;
    this.changed();
  }

  /** The room may have changed. */
  fit(options: Options): void {
    if (this.model?.setOptions(options)) this.place(options);
  }

  /** Lay out anew what is open now. */
  place(options: Options, home = false, then: () => void = () => undefined): void {
    const { model } = this;
    if (model === null) return;
    model.setOptions(options);
    if (this.coming !== null) { // what was just opened or closed is taken over into the graph that comes
      this.show(this.coming.graph, options, this.coming.part);
      return;
    }
    this.run(model.place(), model.quick, () => {
      if (home) this.camera.home(model);
      else this.camera.settle(model);
      then();
    });
  }

  private run(work: Work<unknown>, quick: boolean, then: () => void): void {
    this.stop?.();
    this.stop = null;
    const end = (): void => {
      this.stop = null;
      then();
      this.changed();
    };
    const fail = (error: unknown): void => {
      this.stop = null;
      this.failed = String(error instanceof Error ? error.message : error);
      this.changed();
    };
    if (!quick) {
      this.stop = inSlices(work, end, fail);
      this.changed();
      return;
    }
    try {
      drain(work);
    } catch (error) {
      fail(error); // a graph that cannot be laid out says so, and the rest of the view stands
      return;
    }
    end();
  }

  /** What is on top of the screen stays where it is, though what is above it has changed. */
  private anchor(before: GraphModel, after: GraphModel, nodes: ReadonlyMap<number, number>): void {
    const { y, scale } = this.camera.camera;
    if (y >= 0) return; // the beginning is in sight
    const top = -y / scale;
    for (const item of before.picture.items) {
      if (item.y < top) continue;
      const node = nodes.get(item.node);
      const now = node === undefined ? undefined : after.picture.items[after.box(node)];
      if (!now) continue;
      this.camera.camera = { ...this.camera.camera, y: y - (now.y - item.y) * scale };
      return;
    }
  }
}
