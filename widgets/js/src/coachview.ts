// What the coach found, by itself: under a cell without a live view, and for `%coach report`. A row a finding, each explained below itself.
import { showCode } from "./codeline";
import { createCoachRow } from "./coachrow";
import { muting } from "./coachstate";
import { coachWords } from "./coachwords";
import { h } from "./dom";
import { applyHunks, canApply } from "./editor";
import type { Actions } from "./panel";
import type { Coach } from "./protocol";
import { createStage } from "./stage";
import { Store } from "./store";
import type { ViewMaker } from "./views";

/** `cell`: the one that shows it; `mutes`: the kernel hears of a rule that is muted. */
interface Header { title: string; cell: string; coach: Coach; mutes: boolean }

export const createCoachView: ViewMaker = (el, { header, transport, theme }) => {
  const { title, cell, coach, mutes } = header as unknown as Header;
  const stores = coach.findings.map((finding) => storeOf({ ...coach, findings: [finding] }, cell, transport !== null && mutes));
  const none = h("p", { class: "none" }, "The coach has nothing to say.");
  const stage = createStage(el, "live coaches", title, draw);
  const code = showCode(() => stage.root);
  let id = 0;
  const actions: Actions = {
    control(action, rule) {
      transport?.send({ kind: "control", action, rule: String(rule), id: ++id });
      for (const store of stores) store.setUi({ coach: { ...muting(store.state.ui.coach, String(rule), action === "mute"), note: store.state.ui.coach.note } });
    },
    inspect: () => undefined, toggleFullScreen: stage.toggleFullScreen, savePicture: () => undefined, focus: () => undefined,
    showLine: (place) => code.show(place), canShowLine: (place) => code.canShow(place),
    applyFix: (hunks) => applyHunks(stage.root, cell, hunks), canApply: (hunks) => canApply(stage.root, cell, hunks),
  };
  const rows = stores.map((store, i) => createCoachRow(store, actions, stores.length > 1 ? `Coach, ${i + 1} of ${stores.length}` : "Coach"));
  stage.root.append(...rows.map((row) => row.el), none);
  function draw(): void {
    stage.dress(theme, stores.some(({ state }) => state.connection === "disconnected"));
    rows.forEach((row, i) => {
      row.draw(stores[i].state);
      row.el.hidden = coachWords(stores[i].state).finding === null && stores[i].state.ui.coach.note === null;
    });
    none.hidden = rows.some((row) => !row.el.hidden);
  }
  const ends = stores.map((store) => store.subscribe(stage.schedule));
  if (transport !== null) ends.push(transport.onClose((why) => { for (const store of stores) store.disconnect(why); }));
  stage.schedule();
  return () => {
    for (const end of ends) end();
    for (const row of rows) row.destroy();
    code.remove();
    stage.remove();
  };
};

function storeOf(coach: Coach, cell: string, live: boolean): Store {
  const store = new Store(live ? "connected" : "static");
  store.apply({ kind: "snapshot", seq: 0, run: { id: "coach", cell, name: "" }, coach }, []);
  store.state.status.state = "finished";
  return store;
}
