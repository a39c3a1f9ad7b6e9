import { h, setText } from "./dom";
import type { Actions, Panel } from "./panel";
import type { State, Store } from "./store";

export function createHeader(_store: Store, _actions: Actions): Panel {
  const status = h("div", { class: "status", role: "status" });
  const el = h("header", { class: "head" }, status);
  return { el, draw: (state: State) => setText(status, `${state.status.state} · step ${state.status.step}`), destroy: () => el.remove() };
}
