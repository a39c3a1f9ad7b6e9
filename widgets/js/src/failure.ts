// The error card among the outputs of the cell that an element stands in.
import type { State } from "./store";

/** The card comes after the view has heard of the error. */
export function followFailure(el: HTMLElement, again: () => void): { draw(state: State): void; stop(): void } {
  const later = new MutationObserver(again);
  let failed = false;
  return {
    draw({ status }) {
      if (failed === (status.state === "error")) return;
      failed = !failed;
      later.disconnect();
      const outputs = outputsOf(el);
      if (failed && outputs !== null) later.observe(outputs, { childList: true });
    },
    stop: () => later.disconnect(),
  };
}

/** The outputs of the cell that an element stands among; null on a page of its own. */
const outputsOf = (el: Element): Element | null => el.closest(".jp-OutputArea");

/** The error card among the same outputs. */
export const cardNear = (el: Element): HTMLElement | null => outputsOf(el)?.querySelector<HTMLElement>(".gb.err") ?? null;

export function showCard(card: HTMLElement | null): void {
  if (card === null) return;
  card.tabIndex = -1;
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
}
