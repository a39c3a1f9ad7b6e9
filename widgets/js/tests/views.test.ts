import { afterEach, expect, it } from "vitest";
import { FakeModel } from "../dev/fake";
import { mount, render } from "../src/main";
import { type Frame, pack } from "../src/protocol";

const packed = (view: string): Uint8Array => pack({ kind: "snapshot", seq: 0, view } as Frame, []);
const place = (): HTMLElement => {
  const el = document.createElement("div");
  document.body.append(el);
  return el;
};

afterEach(() => document.body.replaceChildren());

it("says that it cannot show a view of another version, names it as text, and takes the note away", () => {
  const el = place();
  const remove = mount(el, packed("<b>hologram</b>"));
  expect(el.textContent).toContain('cannot show "<b>hologram</b>"');
  expect(el.querySelector("b")).toBeNull();
  remove();
  expect(el.childElementCount).toBe(0);
});

it("makes a view anew when its snapshot changes", () => {
  const el = place();
  const model = new FakeModel(null);
  model.traits.snapshot = packed("first");
  const remove = render({ model, el });
  model.traits.snapshot = packed("second");
  model.emit("change:snapshot");
  expect(el.textContent).toContain("second");
  expect(el.childElementCount).toBe(1);
  remove();
  model.emit("change:snapshot");
  expect(el.childElementCount).toBe(0);
});
