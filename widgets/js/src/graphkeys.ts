// What keys do while the graph has the focus.
import { STEPS } from "./graphwalk";
import { OVERLAYS, type Overlay } from "./overlays";

export interface KeyActions {
  select(): void; // the box with the focus
  fold(): void;
  fit(): void;
  zoom(factor: number): void;
  unfold(open: boolean): void;
  save(): void;
  path(): void;
  around(by: 1 | -1): void;
  overlay(id: Overlay): void;
  walk(key: string): void;
  /** Leave what is on top: true when there was something to leave. */
  leave(): boolean;
}

/** Does what the key says; false when it says nothing. */
export function graphKey(event: KeyboardEvent, actions: KeyActions): boolean {
  const { key } = event;
  const number = OVERLAYS[Number(key) - 1];
  if (key === "Enter") actions.select();
  else if (key === " ") actions.fold();
  else if (key === "0") actions.fit();
  else if (key === "+" || key === "=") actions.zoom(1.25);
  else if (key === "-") actions.zoom(0.8);
  else if (number) actions.overlay(number.id);
  else if (key === "Escape") return actions.leave();
  else if (STEPS.has(key)) actions.walk(key);
  else return letter(event, actions);
  return true;
}

function letter(event: KeyboardEvent, actions: KeyActions): boolean {
  switch (event.key.toLowerCase()) {
    case "e": actions.unfold(true); break;
    case "c": actions.unfold(false); break;
    case "s": actions.save(); break;
    case "p": actions.path(); break;
    case "n": actions.around(event.shiftKey ? -1 : 1); break;
    default: return false;
  }
  return true;
}
