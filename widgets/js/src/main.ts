// Entry of the bundle: the hub registers the api under its hash, a stub asks it to render, a saved page mounts it.
import { type Bytes, type Incoming, type Outgoing, type Transport, type Unpacked, fromBase64, unpack } from "./protocol";
import { Store } from "./store";
import { createView } from "./view";
import { showView, viewOf } from "./views";

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

/** A view in an output: called by the stub. Which view it is, the snapshot says. Returns what takes it away. */
export function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const found = snapshotOf(model);
  return found === null || viewOf(found) === "live" ? renderLive(model, el, found) : renderView(model, el, found);
}

function snapshotOf(model: Model): Unpacked | null {
  const packed = model.get("snapshot") as Bytes | null | undefined;
  return packed ? unpack(packed) : null;
}

function renderLive(model: Model, el: HTMLElement, first: Unpacked | null): () => void {
  const store = new Store();
  const load = (): void => store.load(snapshotOf(model));
  const dress = (): void => {
    const theme = model.get("theme");
    if (typeof theme === "string") store.setUi({ theme });
  };
  store.load(first);
  dress();
  model.on("change:snapshot", load);
  model.on("change:theme", dress);
  const remove = createView(el, store, modelTransport(model));
  return () => {
    model.off("change:snapshot", load);
    model.off("change:theme", dress);
    remove();
  };
}

/** Any other view; another snapshot, or another theme, makes it anew. */
function renderView(model: Model, el: HTMLElement, first: Unpacked): () => void {
  const make = (message: Unpacked): (() => void) => showView(el, message, modelTransport(model), String(model.get("theme") ?? "auto"));
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

/** View of a saved page: everything but the controls. `source`: the packed snapshot, as bytes or as base64 text. */
export function mount(el: HTMLElement, source: Bytes | string, theme = "auto"): () => void {
  const found = unpack(typeof source === "string" ? fromBase64(source) : source);
  if (found !== null && viewOf(found) !== "live") return showView(el, found, null, theme);
  const store = new Store("static");
  store.load(found);
  store.setUi({ theme });
  return createView(el, store, null);
}

export const api = { render, mount };

type Registry = Record<string, typeof api> & { waiting?: Record<string, ((ready: typeof api) => void)[]> };

/** Make the api known as `globalThis[Symbol.for("gradbook")][hash]` and wake the stubs that came earlier. */
export function register(hash: string): void {
  const key = Symbol.for("gradbook");
  const space = globalThis as unknown as Record<symbol, Registry | undefined>;
  const registry = (space[key] ??= {} as Registry);
  registry[hash] = api;
  for (const wake of registry.waiting?.[hash]?.splice(0) ?? []) wake(api);
}

export default {
  initialize({ model }: { model: Model }): void {
    const hash = model.get("_hub");
    if (typeof hash === "string") register(hash);
  },
  render: (): void => undefined,
};
