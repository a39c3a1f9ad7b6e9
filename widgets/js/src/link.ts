// The conversation with the kernel: frames in, wishes out, and whether anybody answers.
import type { ControlAction, Incoming, Bytes, Transport } from "./protocol";
import type { Store } from "./store";
import { createTraveller } from "./travel";

const PATIENCE_MS = 4000;
const ASK_AGAIN_MS = 1000;

export interface Link {
  /** `value`: a learning rate, or the rule that is muted. */
  control(action: ControlAction, value?: number | string): void;
  inspect(node: number | null): void;
  close(): void;
}

export const noLink: Link = { control: () => undefined, inspect: () => undefined, close: () => undefined };

/** Connect the store with its kernel: asks for what is missing, and tells the store when messages are not answered. */
export function createLink(store: Store, transport: Transport): Link {
  let next = 1;
  let askedAt = -Infinity; // do not ask again for each frame that comes before the answer
  const waiting = new Map<number, ReturnType<typeof setTimeout>>();

  const send = (message: Parameters<Transport["send"]>[0]): void => {
    try {
      transport.send(message);
    } catch (error) {
      // A comm that is closed refuses to send: that is the news, not a failure of ours.
      store.disconnect("kernel gone");
      console.warn("gradbook: the kernel cannot be reached", error);
    }
  };
  const expect = (id: number): void => {
    waiting.set(id, setTimeout(() => {
      waiting.delete(id);
      if (store.state.connection !== "connected" || store.state.status.state !== "running") return;
      store.setSilent(true);
      ping();
    }, PATIENCE_MS));
  };
  const ping = (): void => {
    const id = next++;
    expect(id);
    send({ kind: "ping", id });
  };
  const hello = (): void => {
    askedAt = Date.now();
    send({ kind: "hello", seq: store.seq });
  };
  const answered = (id: number): void => {
    clearTimeout(waiting.get(id));
    waiting.delete(id);
    store.setSilent(false);
  };
  const take = (message: Incoming, buffers: Bytes[]): void => {
    switch (message.kind) {
      case "pong":
      case "ack":
        return answered(message.id);
      case "closed":
        return store.disconnect("view closed");
      case "moment":
        store.takeMoment(message, buffers);
        return traveller.answered();
      default:
        if (!store.apply(message, buffers) && Date.now() - askedAt > ASK_AGAIN_MS) hello();
    }
  };
  const traveller = createTraveller(store, send);
  const ends = [() => traveller.close(), transport.onMessage(take), transport.onClose((why) => store.disconnect(why))];
  const view = `${Date.now()}.${Math.random()}`;
  const here = (): void => send({ kind: "here", view });
  const leave = (): void => {
    if (store.state.connection === "connected") send({ kind: "gone", view });
  };
  hello();
  ping();
  here();
  addEventListener("pagehide", leave);
  addEventListener("pageshow", here);
  return {
    control(action, value) {
      const id = next++;
      expect(id);
      send({ kind: "control", action, id, ...(value === undefined ? {} : typeof value === "string" ? { rule: value } : { value }) });
    },
    inspect: (node) => traveller.look(node),
    close() {
      leave();
      removeEventListener("pagehide", leave);
      removeEventListener("pageshow", here);
      for (const timer of waiting.values()) clearTimeout(timer);
      for (const end of ends) end();
    },
  };
}
