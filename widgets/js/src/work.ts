// Long computations in small pieces, so that the page stays alive: each is a generator that pauses now and then.

/** Yields where it may be interrupted; returns its result. */
export type Work<T> = Generator<undefined, T, undefined>;

const BUDGET_MS = 8; // of a frame's 16

/** All of it at once. */
export function drain<T>(work: Work<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/**
 * In slices between the page's own tasks; `done` gets the result, `failed` what was thrown. Returns what cancels it.
 * No worker: the result is a hundred thousand small objects, and copying them over would take as long as making them.
 */
export function inSlices<T>(work: Work<T>, done: (result: T) => void, failed: (error: unknown) => void): () => void {
  const { port1, port2 } = new MessageChannel();
  let over = false;
  const end = (): void => {
    over = true;
    port1.close();
  };
  port1.onmessage = () => {
    if (over) return;
    const started = performance.now();
    try {
      do {
        const step = work.next();
        if (!step.done) continue;
        end();
        done(step.value);
        return;
      } while (!over && performance.now() - started < BUDGET_MS);
    } catch (error) {
      end();
      failed(error);
      return;
    }
    if (!over) port2.postMessage(null);
  };
  port2.postMessage(null);
  return end;
}
