// The keys of the walkthrough, wherever the focus is in it; not while somebody types, and not those that a control takes itself.
import { type Player, SPEEDS } from "./player";

export function keys(event: KeyboardEvent, player: Player, presenter: () => void): void {
  const target = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const act = typing(target) ? null : action(event, target, player, presenter);
  if (act === null) return;
  act();
  event.preventDefault();
  event.stopPropagation();
}

const typing = (target: HTMLElement): boolean => target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && target.type !== "range");

function action(event: KeyboardEvent, target: HTMLElement, player: Player, presenter: () => void): (() => void) | null {
  const { state } = player;
  const window = (by: number): (() => void) | null => (player.windows(state.step) > 1 ? () => player.set({
    window: Math.min(player.windows(state.step) - 1, Math.max(0, state.window + by)), playing: false,
  }) : null);
  const own = target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.getAttribute("aria-label") !== "Walkthrough step");
  switch (event.key) {
    case "ArrowRight": case "PageDown": return own ? null : event.shiftKey ? window(1) : () => player.next();
    case "ArrowLeft": case "PageUp": return own ? null : event.shiftKey ? window(-1) : () => player.previous();
    case "Home": return own ? null : () => player.go(0);
    case "End": return own ? null : () => player.go(player.last);
    case " ": return presses(target) && !state.presenter ? null : state.presenter ? () => player.next() : () => player.play();
    case "f": case "F": return () => player.firstOf("forward");
    case "b": case "B": return () => player.firstOf("backward");
    case "p": case "P": return presenter;
    case "h": case "H": return () => player.set({ hideNew: !state.hideNew });
    case "+": case "=": return () => player.faster(1);
    case "-": case "_": return () => player.faster(-1);
    case "Escape": return state.presenter ? presenter : null;
    default: return /^[1-4]$/.test(event.key) && !own ? () => player.set({ speed: SPEEDS[Number(event.key) - 1] }) : null;
  }
}

/** Space on a button presses that button. */
const presses = (target: HTMLElement): boolean => target instanceof HTMLButtonElement || target instanceof HTMLSelectElement;
