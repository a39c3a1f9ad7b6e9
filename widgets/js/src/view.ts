// The live view: frame, panels, one animation frame for all of them.
import { h } from "./dom";
import { createHeader } from "./header";
import type { Actions, Panel } from "./panel";
import type { Transport } from "./protocol";
import type { Store } from "./store";

export interface ViewOptions { transport?: Transport; theme?: string }

export function createView(el: HTMLElement, store: Store, options: ViewOptions): () => void {
  const { transport } = options;
  let message = 0;
  const actions: Actions = {
    control: (action, value) => transport?.send({ kind: "control", action, id: ++message, ...(value === undefined ? {} : { value }) }),
    inspect: (node) => transport?.send({ kind: "inspect", node }),
    toggleFullScreen: () => undefined,
    savePicture: () => undefined,
    focus: () => undefined,
  };
  const panels: Panel[] = [createHeader(store, actions)];
  const root = h("section", { class: "gb live", role: "region", "aria-label": "Live view" }, ...panels.map((panel) => panel.el));
  el.append(root);
  let frame = 0;
  const draw = (): void => {
    frame = 0;
    for (const panel of panels) panel.draw(store.state);
  };
  const schedule = (): void => {
    frame ||= requestAnimationFrame(draw);
  };
  const ends = [store.subscribe(schedule)];
  if (transport) {
    ends.push(
      transport.onMessage((incoming, buffers) => {
        if (incoming.kind === "closed") store.disconnect("kernel closed");
        if ((incoming.kind === "frame" || incoming.kind === "snapshot") && !store.apply(incoming, buffers)) transport.send({ kind: "hello", seq: store.seq });
      }),
      transport.onClose((why) => store.disconnect(why)),
    );
    transport.send({ kind: "hello", seq: store.seq });
  }
  schedule();
  return () => {
    cancelAnimationFrame(frame);
    for (const end of ends) end();
    for (const panel of panels) panel.destroy();
    root.remove();
  };
}
