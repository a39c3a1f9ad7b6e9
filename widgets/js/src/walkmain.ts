// Entry of the bundle `walk`: the walkthrough alone, so that a notebook that trains does not carry it.
import { type Api, hubOf, opened, renderStill, snapshotOf } from "./host";
import { useSheets } from "./styles";
import { showView } from "./views";
import { createWalk } from "./walk/walk";
import walk from "./walk/walk.css";

useSheets(walk);
const views = { walk: createWalk };

export const api: Api = {
  render({ model, el }) {
    const found = snapshotOf(model);
    return found === null ? () => undefined : renderStill(model, el, found, views);
  },
  mount(el, source, theme = "auto") {
    const found = opened(source);
    return found === null ? () => undefined : showView(el, found, null, theme, views);
  },
};
export const { render, mount } = api;
export default hubOf(api);
