// What the status line says in each state: one word, then facts; nothing that is not known, nothing that is no longer true.
import { count, loss, plural, rate, span, time } from "./format";
import type { Stop } from "./protocol";
import { type State, mainSeries } from "./store";

export type Shape = "waiting" | "running" | "paused" | "finished" | "stopped" | "error" | "disconnected" | "halted";

/** One fact: words around a number that is set in ink, e.g. `step`, `1,930`, ``. */
export interface Fact { before: string; value: string; after: string }

const fact = (before: string, value = "", after = ""): Fact => ({ before, value, after });

/** Shape and word of the state, and the facts after it. */
export function describeStatus(state: State): { shape: Shape; word: string; facts: Fact[] } {
  const { status, connection } = state;
  if (connection === "disconnected") {
    const over = ["finished", "stopped", "error"].includes(status.state);
    const seen = status.step > 0 ? [fact(over ? `${status.state} at step ` : "last seen at step ", count(status.step))] : [];
    return { shape: "disconnected", word: "disconnected", facts: [fact(state.connectionWhy || "kernel gone"), ...seen] };
  }
  if (connection === "static" && (status.state === "running" || status.state === "paused")) {
    return { shape: "paused", word: "saved", facts: [fact("at step ", count(status.step))] };
  }
  if (state.stop !== null && status.state === "paused") return { shape: "halted", word: "stopped at breakpoint", facts: stopFacts(state.stop, status.step) };
  return { shape: status.state, word: status.state, facts: factsOf(state) };
}

function stopFacts({ reason, phase, place }: Stop, step: number): Fact[] {
  const facts = [fact(place || reason), ...(place ? [fact("", reason)] : []), ...(phase === "backward" ? [fact("backward")] : []), fact("step ", count(step))];
  return facts;
}

function factsOf(state: State): Fact[] {
  const { status, error } = state;
  const known = (...facts: (Fact | null)[]): Fact[] => facts.filter((one) => one !== null);
  const step = fact("step ", count(status.step));
  const epoch = status.epoch === null ? null : fact("epoch ", count(status.epoch));
  switch (status.state) {
    case "waiting":
      return [status.line === null ? fact(status.message || "for the first backward()") : fact("line ", count(status.line), " is running")];
    case "running":
      return known(step, epoch, status.rate === null ? null : fact("", rate(status.rate), " steps/s"), status.eta === null ? null : fact("ETA ", time(status.eta)));
    case "paused":
      return known(step, epoch);
    case "stopped":
      return [fact("by you at step ", count(status.step)), fact("", span(status.seconds))];
    case "finished": {
      const main = mainSeries(state);
      if (status.step === 0) return [fact("no backward() in this cell"), fact("", span(status.seconds))];
      return known(
        fact("", count(status.step), status.step === 1 ? " step" : " steps"),
        status.epoch === null ? null : fact(plural(status.epoch, "epoch")),
        fact("", span(status.seconds)),
        main === null || main.length === 0 ? null : fact(`${main.name} `, loss(main.last)),
      );
    }
    case "error": {
      const where = error?.node === null || error?.node === undefined ? "" : (state.graph?.nodes[error.node]?.label ?? "");
      const line = error?.line ?? status.line;
      return known(fact(error === null ? status.message : error.type + (where && ` in ${where}`)), step, line === null ? null : fact("line ", count(line)));
    }
  }
}

/** The status line as one text: `running · step 930 · epoch 3 · 1,840 steps/s`, `disconnected: kernel restarted · …`. */
export function statusText(state: State): string {
  const { word, facts } = describeStatus(state);
  const texts = facts.map(({ before, value, after }) => before + value + after).filter((text) => text !== "");
  if (word === "disconnected") return `disconnected: ${texts.join(" · ")}`;
  return [word, ...texts].join(" · ");
}
