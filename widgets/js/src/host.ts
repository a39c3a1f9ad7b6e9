// Between a page and the views: a widget model in a notebook, a packed snapshot on a saved page.
import { type Bytes, type Incoming, type Outgoing, type Transport, type Unpacked, fromBase64, unpack } from "./protocol";
import { type ViewMaker, showView } from "./views";

/** What anywidget hands over; only what is used here. */
export interface Model {
  get(name: string): unknown;
  send(content: unknown): void;
  on(event: string, listener: (...args: never[]) => void): void;
  off(event: string, listener: (...args: never[]) => void): void;
}

/** Transport over a widget model's custom messages. */
export function modelTransport(model: Model): Transport {
  return {
    send: (message: Outgoing) => model.send(message),
    onMessage(listener) {
      const take = (content: Incoming, buffers: Bytes[] = []): void => listener(content, buffers);
      model.on("msg:custom", take);
      return () => model.off("msg:custom", take);
    },
    onClose(listener) {
      const closed = (): void => listener("kernel restarted");
      model.on("comm:close", closed);
      model.on("comm_live_update", closed);
      return () => {
        model.off("comm:close", closed);
        model.off("comm_live_update", closed);
      };
    },
  };
}

/** What a bundle offers to a page: draw a model's view, or a saved one. Both return what takes the view away. */
export interface Api {
  render(output: { model: Model; el: HTMLElement }): () => void;
  mount(el: HTMLElement, source: Bytes | string, theme?: string): () => void;
}

/** The snapshot that a model holds. */
export function snapshotOf(model: Model): Unpacked | null {
  const packed = model.get("snapshot") as Bytes | null | undefined;
  return packed ? unpack(packed) : null;
}

/** `source`: a packed snapshot, as bytes or as base64 text. */
export const opened = (source: Bytes | string): Unpacked | null => unpack(typeof source === "string" ? fromBase64(source) : source);

/** A view that stands still, in an output; another snapshot, or another theme, makes it anew. */
export function renderStill(model: Model, el: HTMLElement, first: Unpacked, views: Record<string, ViewMaker>): () => void {
  const make = (message: Unpacked): (() => void) => showView(el, message, modelTransport(model), String(model.get("theme") ?? "auto"), views);
  let remove = make(first);
  const again = (): void => {
    const found = snapshotOf(model);
    if (found === null) return;
    remove();
    remove = make(found);
  };
  model.on("change:snapshot", again);
  model.on("change:theme", again);
  return () => {
    model.off("change:snapshot", again);
    model.off("change:theme", again);
    remove();
  };
}

type Registry = Record<string, Api> & { waiting?: Record<string, ((ready: Api) => void)[]> };

/** Make an api known as `globalThis[Symbol.for("gradbook")][hash]` and wake the stubs that came earlier. */
export function register(hash: string, api: Api): void {
  const key = Symbol.for("gradbook");
  const space = globalThis as unknown as Record<symbol, Registry | undefined>;
  const registry = (space[key] ??= {} as Registry);
  registry[hash] = api;
  for (const wake of registry.waiting?.[hash]?.splice(0) ?? []) wake(api);
}

/** The module of a hub: it draws nothing itself, but makes its api known. */
export const hubOf = (api: Api): { initialize(hub: { model: Model }): void; render(): void } => ({
  initialize({ model }) {
    const hash = model.get("_hub");
    if (typeof hash === "string") register(hash, api);
  },
  render: () => undefined,
});
