// What every part of the view is, and what a part may ask the view to do.
import type { Outcome } from "./editor";
import type { ControlAction, Hunk } from "./protocol";
import type { Place } from "./inspect/source";
import type { State } from "./store";

/** A part of the live view. `draw` is called in one animation frame for all panels, only while the panel can be seen. */
export interface Panel {
  readonly el: HTMLElement;
  draw(state: State): void;
  destroy(): void;
  /** One line for the folded panel, e.g. `32 parameters · fc1.weight high`. */
  summary?(state: State): string;
}

/** What panels may ask for. Selection, hover and folding go through the store's setters; this is for what leaves the panel. */
export interface Actions {
  control(action: ControlAction, value?: number | string): void;
  /** Tell the kernel which node's value to record; null: none. */
  inspect(node: number | null): void;
  toggleFullScreen(): void;
  savePicture(): void;
  /** Bring a line of the user's code into sight, in the notebook around the view; whether it is there to be shown. */
  showLine(place: Place): void;
  canShowLine(place: Place): boolean;
  /** Write a change into the cells of the notebook around the view; whether they are there to be written to. */
  applyFix(hunks: Hunk[]): Outcome;
  canApply(hunks: Hunk[]): boolean;
  /** Move keyboard focus to a panel: "graph" | "inspector" | "gradients" | "loss". */
  focus(panel: string): void;
}
