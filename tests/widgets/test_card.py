from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from gradbook.observe.failure import Failure, Fix, Given, Line, Stage
from gradbook.widgets.card import error_card, told
from gradbook.widgets.card_drawing import WIDTH, draw_operands, draw_stages, fitted
from gradbook.widgets.describe_card import describe_card, titled
from gradbook.widgets.describe_lesson import coloured
from gradbook.widgets.wire import unpack

HOSTILE = "<script>alert(1)</script>\"'&`"
X = Given("x", (64, 400), "float32", "cpu", (1,), "", (("400 = 16 × 5 × 5", "flatten, cell [7] line 3"),))
W = Given("fc1.weight.T", (256, 120), "float32", "cpu", (0,), "", (("256 = in_features", "cell [6] line 9"),))


def failure(**changes: object) -> Failure:
    made = Failure(
        rule="shape-mismatch", kind="ShapeError", message="mat1 and mat2 shapes cannot be multiplied",
        headline="`fc1` takes 256 numbers per row and got 400.", op="linear",
        module_path="fc1", place="cell [7] line 4", file="/cells/7.py",
        lines=(Line(3, "x = x.flatten(1)"), Line(4, "h = self.fc1(x)", True, (4, 15)), Line(5, "return h  # done")),
        operands=(X, W), relation="the marked axes must be equal", between="@", transposed=True,
        stages=(Stage("x", "64×1×32×32", "ran"), Stage("conv", "64×16×5×5", "ran", "cell [7] line 3"),
                Stage("fc1", "400 ≠ 256", "failed", "cell [7] line 4"), Stage("loss", "", "never")),
        reached="2 of 4 operations ran; dashed = never reached",
        fixes=(Fix("self.fc1 = nn.Linear(", "400", ", 120)", "replaces cell [6] line 9", "As wide.", "then loss ()"),),
        tried="each was tried on shapes alone, through to the loss",
        frames=(("cell [7] line 4", "h = self.fc1(x)"), ("nn/modules/linear.py", "return linear(…)")),
        yours=1, inside=1,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def inks(failure: Failure) -> list[list[object]]:
    return draw_operands(failure).shapes


def test_boxes_are_to_one_scale() -> None:
    drawing = draw_operands(failure())
    x, w = (shape for shape in drawing.shapes if shape[0] == "r" and shape[-1] == "bx")
    assert drawing.to_scale
    assert x[3] / x[4] == pytest.approx(400 / 64, rel=0.02)
    assert w[3] / w[4] == pytest.approx(120 / 256, rel=0.02)
    assert x[3] / w[3] == pytest.approx(400 / 120, rel=0.02)


def test_the_marked_axes_are_drawn_and_named() -> None:
    shapes = inks(failure())
    assert sum(shape[0] == "p" and shape[-1] == "bad" for shape in shapes) == 2
    texts = [shape[3] for shape in shapes if shape[0] == "t"]
    assert {"400", "256", "≠", "144 too many", "@", "= none", "400 = 16 × 5 × 5"} <= set(texts)


@pytest.mark.parametrize(
    "shape", [(), (3,), (1, 1), (2, 3, 4, 5), (1, 1_000_000), (1_000_000, 1), (0, 4), (10**9, 10**9)]
)
@pytest.mark.parametrize("bad", [True, False])
def test_every_shape_stays_in_the_picture(shape: tuple[int, ...], bad: bool) -> None:
    axes = (len(shape) - 1,) if bad and shape else ()
    drawing = draw_operands(failure(operands=(replace(X, shape=shape, bad=axes), W)))
    for kind, x, y, width, height, _ in (s for s in drawing.shapes if s[0] == "r"):
        assert kind == "r"
        assert x >= 0
        assert y >= 0
        assert x + width <= WIDTH + 1
        assert y + height <= drawing.height


def test_a_picture_that_is_not_to_scale_does_not_say_so() -> None:
    wide = failure(operands=(replace(X, shape=(1, 100_000)), W))
    assert describe_card(wide, "").content["scale"] == "the operands"
    assert describe_card(failure(), "").content["scale"] == "the operands, to scale"


def test_a_wrong_dtype_is_marked() -> None:
    wrong = failure(operands=(replace(X, bad=(), wrong="dtype"), replace(W, bad=(), wrong="dtype", dtype="float64")))
    red = [shape[3] for shape in inks(wrong) if shape[0] == "t" and "te" in str(shape[-1]).split()]
    assert {"float32", "float64", "≠"} == set(red)


def test_stages_fit_into_their_width() -> None:
    many = tuple(Stage(f"a layer with a long name {i}", "64×1×32×32", "ran", f"cell [7] line {i}") for i in range(12))
    for width in (868, 452):
        drawing = draw_stages(many, width)
        assert drawing.width == width
        boxes = [shape for shape in drawing.shapes if shape[0] == "r"]
        assert len(boxes) == 12
        assert all(x + w <= width and y + h <= drawing.height for _, x, y, w, h, _ in boxes)


def test_text_is_cut_to_its_room() -> None:
    assert fitted("short", 100) == "short"
    assert fitted("a very long name indeed", 50).endswith("…")
    assert fitted("anything", 0) == "…"


def test_the_message_travels_whole() -> None:
    still = error_card(failure())
    content = unpack(still.packed()).content
    assert content["view"] == "card"
    assert content["title"] == [["fc1", "code"], [" takes 256 numbers per row and got 400.", ""]]
    assert content["fixes"][0]["copy"] == "self.fc1 = nn.Linear(400, 120)"
    assert content["frames"] == "1 frame of yours, 1 inside the library"
    assert "nn/modules/linear.py  return linear(…)" in content["traceback"]
    assert len(still.packed()) < 20_000


def test_a_copied_line_is_what_python_reads() -> None:
    assert all(char.isascii() for char in describe_card(failure(), "").content["fixes"][0]["copy"])


def test_code_is_coloured_and_marked() -> None:
    assert coloured("return f(1, 'a')  # no") == [
        ["return", "k"], [" f(", ""], ["1", "n"], [", ", ""], ["'a'", "s"], [")  ", ""], ["# no", "c"],
    ]  # fmt: skip
    assert ["self.fc1(x)", "bad"] in coloured("h = self.fc1(x)", (4, 15))
    assert "".join(text for text, _ in coloured("x = '''unterminated")) == "x = '''unterminated"


def test_titles_keep_code_apart() -> None:
    assert titled("`a` is 1") == [("a", "code"), (" is 1", "")]
    assert titled("plain") == [("plain", "")]


def test_hostile_names_are_text() -> None:
    nasty = failure(
        headline=f"`{HOSTILE.replace('`', '')}` is wrong.", message=HOSTILE, place=HOSTILE, rule=HOSTILE,
        operands=(replace(X, name=HOSTILE, origin=((HOSTILE, HOSTILE),)), W),
        lines=(Line(1, HOSTILE, True, (0, 5)),), stages=(Stage(HOSTILE, HOSTILE, "failed", HOSTILE),),
        fixes=(Fix(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
    )  # fmt: skip
    still = error_card(nasty)
    picture = ET.fromstring(still.picture)
    assert not [el for el in picture.iter() if el.tag.endswith("script")]
    assert "<script" not in still.html()
    assert HOSTILE[:24] in still.text


def test_the_picture_is_one_svg_of_moderate_size() -> None:
    still = error_card(failure())
    root = ET.fromstring(still.picture)
    assert root.get("width") == "900"
    assert 200 < float(root.get("height") or 0) < 1200
    assert len(still.picture) < 40_000
    texts = "".join(el.text or "" for el in root.iter() if el.tag.endswith(("text", "tspan")))
    for part in ("fc1", "cell [7] line 4", "how far it got", "✓ then loss ()", "self.fc1(x)"):
        assert part in texts


def test_the_text_says_the_same() -> None:
    text = error_card(failure()).text
    parts = (
        "✕ fc1 takes 256 numbers per row and got 400.", "▸   4 │ h = self.fc1(x)", "(64, [400])", "([256], 120)",
        "x → conv → ✕ fc1 (400 ≠ 256) ⇢ loss", "1  self.fc1 = nn.Linear(400, 120)", "✓ then loss ()",
    )  # fmt: skip
    for part in parts:
        assert part in text
    mark = next(line for line in text.splitlines() if set(line.strip()) == {"~"})
    code = next(line for line in text.splitlines() if "▸" in line)
    assert code[mark.index("~") : mark.rindex("~") + 1] == "self.fc1(x)"


def test_a_card_without_operands_and_fixes_is_whole() -> None:
    bare = failure(operands=(), stages=(), fixes=(), tried="none was tried: no line", lines=())
    still = error_card(bare)
    assert "none was tried: no line" in still.text
    assert unpack(still.packed()).content["operands"] is None
    ET.fromstring(still.picture)


def test_a_long_traceback_is_shortened_in_the_middle() -> None:
    deep = failure(frames=tuple((f"cell [1] line {i}", "f(n - 1)") for i in range(900)))
    lines = told(deep).splitlines()
    assert len(lines) < 70
    assert any("840 more" in line for line in lines)
    assert re.search("line 0 ", lines[1])
