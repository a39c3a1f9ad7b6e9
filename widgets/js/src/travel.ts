// Asking the kernel for the step that is to be shown: one question at a time, and of several wishes the newest.
import type { Outgoing } from "./protocol";
import type { Store } from "./store";

const PATIENCE_MS = 1500;

export interface Traveller {
  /** The inspector looks at this node of the shown graph; null: at none. */
  look(node: number | null): void;
  /** The kernel has answered. */
  answered(): void;
  close(): void;
}

export function createTraveller(store: Store, send: (message: Outgoing) => void): Traveller {
  let node: number | null = null;
  let asked = ""; // the question under way, or the last one that stayed unanswered
  let away = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const check = (): void => {
    const { pinnedStep } = store.state.ui;
    if (pinnedStep === null) {
      if (away) {
        send({ kind: "moment", step: null, node: null, known: [] });
        send({ kind: "inspect", node });
      }
      away = false;
      asked = "";
      return;
    }
    const wish = store.wish(node);
    if (wish === null) asked = "";
    if (wish === null || timer !== undefined || store.state.connection !== "connected") return;
    const question = `${wish.step} ${wish.node}`;
    if (question === asked) return;
    asked = question;
    away = true;
    timer = setTimeout(unanswered, PATIENCE_MS);
    send({ kind: "moment", ...wish, known: [...store.past.graphs.keys()] });
  };
  const unanswered = (): void => {
    timer = undefined;
    store.giveUp();
    check();
  };
  const unsubscribe = store.subscribe(check);
  return {
    look(next) {
      node = next;
      if (store.state.travel === null) send({ kind: "inspect", node });
      check();
    },
    answered() {
      clearTimeout(timer);
      timer = undefined;
      check();
    },
    close() {
      clearTimeout(timer);
      unsubscribe();
    },
  };
}
