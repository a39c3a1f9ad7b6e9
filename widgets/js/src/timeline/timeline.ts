// The timeline: where a cell's time and memory went. Bar, icicle, table; what is chosen in one is chosen in all.
import { h, icon, setAttr, setText } from "../dom";
import { createStage, fullScreenButton } from "../stage";
import type { Scene } from "../views";
import { bestMatch, createIcicle } from "./icicle";
import { type Block, type By, type Measure, type Row, blockOfRow, blocks, find, readTimeline, rows } from "./model";
import { createCurve, createSummary, headline } from "./summary";
import { createTable } from "./table";
import { MEASURES, facts, nameOf } from "./words";

interface State { by: By; measure: Measure; root: Block; rows: Row[]; focus: Block; chosen: Block; hovered: Block | null; words: string }

export function createTimeline(el: HTMLElement, scene: Scene): () => void {
  const timeline = readTimeline(scene);
  const { header } = timeline;
  const stage = createStage(el, "timeline", "Timeline", draw, true);
  const { root, schedule } = stage;
  const begin = (by: By): Pick<State, "by" | "root" | "rows" | "focus" | "chosen" | "hovered"> => {
    const top = blocks(timeline, by);
    return { by, root: top, rows: rows(timeline, by), focus: top, chosen: top, hovered: null };
  };
  let state: State = { ...begin(header.by), measure: header.measure, words: "" };
  const change = (more: Partial<State>): void => {
    state = { ...state, ...more };
    schedule();
  };
  const choose = (chosen: Block): void => change({ chosen });
  const zoom = (focus: Block): void => change({ focus, chosen: focus });
  const icicle = createIcicle(timeline, { hover: (hovered) => change({ hovered }), choose, zoom });
  const table = createTable(timeline, (row) => {
    const block = blockOfRow(state.root, row);
    if (block !== null) change({ chosen: block, focus: inside(block, state.focus) ? state.focus : state.root });
  });
  const bys = createBy((by) => change(begin(by)));
  const measures = createMeasure((measure) => change({ measure }));
  const finder = createFinder((words) => change({ words }), () => {
    const found = state.words === "" ? null : bestMatch(state.root, state.words, state.measure);
    if (found !== null) zoom(found);
  });
  const out = h("button", { class: "btn", type: "button", title: "Show everything again (Esc)", onclick: () => { zoom(state.root); icicle.focus(); } }, "Show all");
  const read = h("div", { class: "read", role: "status" });
  const curve = createCurve(timeline);
  const tools = h("div", { class: "tools" }, bys.el, measures.el, h("span", { class: "gap" }), out, finder);
  root.append(
    h("div", { class: "head" }, h("h3", {}, "Timeline"), h("span", { class: "dim small" }, [header.cell === "" ? "" : `cell ${header.cell}`, headline(timeline)].filter(Boolean).join(" · ")), h("span", { class: "gap" }), fullScreenButton(stage.toggleFullScreen)),
    ...(header.error === null ? [] : [h("div", { class: "fail" }, h("b", {}, `✕ up to ${header.error.type}: `), header.error.message)]),
    createSummary(timeline),
    tools, curve, read, icicle.el, table.el,
  );

  function draw(): void {
    stage.dress(scene.theme);
    const { by, measure, focus, chosen, hovered, words } = state;
    bys.draw(by);
    measures.draw(measure);
    out.disabled = focus === state.root;
    curve.hidden = measure === "time" || timeline.curve.length === 0;
    setText(read, timeline.sites.length === 0 ? "nothing of the engine ran in this cell" : readout(hovered ?? chosen));
    tools.hidden = icicle.el.hidden = table.el.hidden = timeline.sites.length === 0;
    icicle.draw({ focus, chosen: find(state.root, chosen.key) ?? focus, measure, words }, state.root, `${MEASURES.find(([key]) => key === measure)?.[1]} by ${by}`);
    table.draw({ by, measure, rows: state.rows, chosen: chosen.row, words });
  }
  const readout = (block: Block): string => [nameOf(block), ...facts(block.sums, timeline, state.measure)].join(" · ");
  schedule();
  return stage.remove;
}

function inside(block: Block, around: Block): boolean {
  for (let at: Block | null = block; at !== null; at = at.parent) if (at === around) return true;
  return false;
}

function createBy(chosen: (by: By) => void): { el: HTMLElement; draw(by: By): void } {
  const buttons = (["op", "module", "line"] as const).map((by) => h("button", { class: "btn", type: "button", onclick: () => chosen(by), "data-by": by }, h("span", {}, by)));
  const el = h("span", { class: "seg", role: "group", "aria-label": "By" }, ...buttons);
  return { el, draw: (by) => { for (const button of buttons) setAttr(button, "aria-pressed", String(button.dataset.by === by)); } };
}

function createMeasure(chosen: (measure: Measure) => void): { el: HTMLElement; draw(measure: Measure): void } {
  const select = h("select", { class: "quiet", "aria-label": "Width shows", title: "What the width of a block shows" }, ...MEASURES.map(([value, text]) => h("option", { value }, text)));
  select.addEventListener("change", () => chosen(select.value as Measure));
  return { el: h("span", { class: "pick" }, select, icon(8, "M1 2.5L4 5.5 7 2.5")), draw: (measure) => { select.value = measure; } };
}

/** Words as they are typed; Enter goes to the widest block that has them. */
function createFinder(find: (words: string) => void, go: () => void): HTMLElement {
  const input = h("input", { type: "search", placeholder: "Find", "aria-label": "Find in timeline", autocomplete: "off", spellcheck: "false" });
  input.addEventListener("input", () => find(input.value.trim()));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && input.value === "") return;
    event.stopPropagation();
    if (event.key === "Enter") go();
    else if (event.key === "Escape") {
      input.value = "";
      find("");
    } else return;
    event.preventDefault();
  });
  return h("label", { class: "find" }, icon(14, "M6 2.4a3.6 3.6 0 1 0 0 7.2 3.6 3.6 0 1 0 0-7.2M8.8 8.8L12 12"), input, h("kbd", { "aria-hidden": "true" }, "/"));
}
