// What %inspect shows: one tensor by itself, with the parts that the inspector is made of.
import { h, setText } from "../dom";
import { withGrads } from "../mathml";
import type { Formula, WireDetail } from "../protocol";
import { createStage } from "../stage";
import { inks } from "../theme";
import type { Scene } from "../views";
import { showCode } from "../codeline";
import { type About, readPart } from "./excerpt";
import { type Place, createSource } from "./source";
import { createValue } from "./value";

interface Header {
  title: string;
  facts: [name: string, text: string][];
  about: About;
  place: Place | null;
  formula: Formula | null;
  detail: WireDetail;
  noGrad: string;
}

export function createInspection(el: HTMLElement, scene: Scene): () => void {
  const { title, facts, about, place, formula: known, detail, noGrad } = scene.header as unknown as Header;
  const code = showCode(() => stage.root);
  const source = createSource((where) => code.show(where));
  const value = createValue();
  const math = withGrads(known);
  const words = h("dl", { class: "facts" }, ...facts.flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]));
  const why = h("p", { class: "wait", hidden: detail.grad !== null });
  setText(why, `gradient: ${noGrad}`);
  const seen = { about, value: readPart(detail.value, scene.buffers), grad: detail.grad && readPart(detail.grad, scene.buffers), step: null, noGrad };
  const stage = createStage(el, "inspect", `Tensor ${title}`, () => {
    stage.dress(scene.theme);
    source.draw(place, place !== null && code.canShow(place));
    value.draw(seen, inks(stage.root));
  });
  stage.root.append(h("div", { class: "bar" }, h("h3", {}, title)), h("div", { class: "columns" }, h("div", {}, source.el, math.length > 0 && h("div", { class: "formula" }, ...math), words, why), value.el));
  stage.schedule();
  return () => {
    code.remove();
    stage.remove();
  };
}
