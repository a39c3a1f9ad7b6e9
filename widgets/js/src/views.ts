// Views beside the live one. Each draws one message that says everything; the message names its view.
import { h } from "./dom";
import type { Transport, Unpacked } from "./protocol";

/** What a view is made of: the header of a packed message, its buffers, the way to the kernel (null on a saved page), the wished theme. */
export interface Scene<Header = Record<string, unknown>> {
  header: Header;
  buffers: Uint8Array[];
  transport: Transport | null;
  theme: string;
}
/** Puts a view into `el`; returns what takes it away. */
export type ViewMaker = (el: HTMLElement, scene: Scene) => () => void;

/** Show a message in the view that it names; one that this bundle does not know says so. */
export function showView(el: HTMLElement, message: Unpacked, transport: Transport | null, theme: string, views: Record<string, ViewMaker>): () => void {
  const name = viewOf(message);
  if (!Object.hasOwn(views, name)) {
    const note = h("p", {}, `gradbook: this page cannot show "${name}"; it was made by another version`);
    el.append(note);
    return () => note.remove();
  }
  const header = message.frame as unknown as Record<string, unknown>;
  return views[name](el, { header, buffers: message.buffers, transport, theme });
}

export const viewOf = (message: Unpacked | null): string => message?.frame.view ?? "live";
