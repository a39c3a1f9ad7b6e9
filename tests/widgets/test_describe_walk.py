"""A walk as the browser gets it, as a picture, as text, and as a page of its own."""

from __future__ import annotations

import base64
import json
import re
import zlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import gradbook
import gradbook.nn.functional as F
from gradbook import nn, observe
from gradbook.observe.walkthrough.quiz import Wish, questions_of, wishes
from gradbook.observe.walkthrough.steps import Formula
from gradbook.widgets.describe_walk import describe_walk, formula_markup
from gradbook.widgets.walk_still import walk_still
from gradbook.widgets.walk_text import walk_text
from gradbook.widgets.wire import Message, pack, unpack

HOSTILE = "</script><img src=x onerror=alert(1)>&\"'"


def lesson() -> observe.Walk:
    x = gradbook.tensor([[1.0, 2.0, -1.0], [0.0, 1.0, 3.0]])
    w = gradbook.tensor([[0.5, -1.0], [1.0, 0.5], [-0.5, 1.0]], requires_grad=True)
    with observe.walk() as walk:
        for _ in range(2):
            z = x @ w
            h = F.relu(z)
            loss = h.mean()
            loss.backward()
    return walk


def numbers(message: Message, block: dict[str, Any]) -> np.ndarray:
    """The numbers of a described block, [facets, rows, columns]."""
    data = np.frombuffer(message.buffers[block["buf"]], "<f4")
    return data.reshape(len(block["facets"]), *block["dims"])


def test_the_message_says_everything_with_indices_that_fit() -> None:
    walk = lesson()
    message = describe_walk(walk)
    content = unpack(pack(message.content, message.buffers)).content
    assert (content["kind"], content["view"]) == ("snapshot", "walk")
    assert content["code"]["lines"][0].strip() == "with observe.walk() as walk:"
    values, ops, steps = content["values"], content["ops"], content["steps"]
    assert [value["id"] for value in values] == list(range(len(values)))
    assert [op["symbol"] for op in ops][:3] == ["@", "relu", "mean"]
    for op in ops:
        assert all(0 <= i < len(values) for i in (*op["inputs"], *op["output"]))
        assert all(values[i]["from"] == op["id"] for i in op["output"])
        line, start, end_line, end = op["span"]
        text = content["code"]["lines"][line - content["code"]["first"]]
        assert line == end_line
        assert text[start:end] in ("x @ w", "F.relu(z)", "h.mean()")
    assert [step["phase"] for step in steps] == (["forward"] * 3 + ["call"] + ["backward"] * 3) * 2
    assert [loop["index"] for step in steps for loop in step["repeat"]] in ([0] * 7 + [1] * 7, [])
    for step in steps:
        for part in step.get("parts", ()):
            assert 0 <= part["to"] < len(values)
            assert part["symbols"].startswith("<math>")
            assert part["adds"] or part["total"]["buf"] == part["result"]["buf"]
            assert re.fullmatch(r"∂L/∂.* = .* = .*", part["entry"]["text"])
    again = next(part for step in steps[7:] for part in step.get("parts", ()) if values[part["to"]]["name"] == "w")
    assert again["adds"]
    assert again["why"] == "what lay in .grad before"


def test_blocks_hold_small_tensors_in_full_and_large_ones_sampled() -> None:
    x, big = gradbook.arange(24.0).reshape(2, 3, 4), gradbook.randn(50, 60)
    image = gradbook.randn(2, 3, 20, 20)
    with observe.walk() as walk:
        y = x + 1
        s = big * 2
        i = image * 1
    message = describe_walk(walk)
    by_name = {value["name"]: value for value in message.content["values"]}
    block = by_name["y"]["block"]
    assert (block["dims"], block["facets"], block["whole"]) == ([3, 4], [[0], [1]], True)
    np.testing.assert_array_equal(numbers(message, block), y.numpy())
    block = by_name["s"]["block"]
    assert block["rows"] == [0, 1, 2, 3, 4, 5, 48, 49]
    assert block["cols"] == [0, 1, 2, 3, 4, 5, 58, 59]
    assert not block["whole"]
    np.testing.assert_array_equal(numbers(message, block)[0], s.numpy()[np.ix_(block["rows"], block["cols"])])
    block = by_name["i"]["block"]
    assert block["dims"] == [20, 20]
    assert block["facets"] == [[0, 0], [0, 1], [1, 1], [1, 2]]
    np.testing.assert_array_equal(numbers(message, block)[2], i.numpy()[1, 1])


def test_names_of_the_user_are_text_in_formulas() -> None:
    markup = formula_markup(Formula(r"\frac{\partial L}{\partial 0}".replace("0", "\ue000"), (HOSTILE,)))
    tree = ElementTree.fromstring(markup)
    assert HOSTILE in "".join(tree.itertext())
    assert "<img" not in markup


def hostile_walk() -> observe.Walk:
    """A walk whose title, names, source and error are out to break a page."""
    x = gradbook.tensor([1.0, 2.0], requires_grad=True)
    walk = observe.walk()

    def fail() -> None:
        (x * 2).sum().backward()
        raise ValueError(HOSTILE)

    with pytest.raises(ValueError, match="script"), walk:
        fail()
    walk.title = HOSTILE
    for value in walk.values:
        value.name = HOSTILE
    return walk


def test_hostile_names_survive_every_form(tmp_path: Path) -> None:
    walk = hostile_walk()
    still = walk_still(walk, quiz=questions_of(walk)[0])
    ElementTree.fromstring(still.picture)
    assert "<img" not in still.picture
    assert HOSTILE in walk_text(walk)
    page = still.save(tmp_path / "lesson.html").read_text(encoding="utf-8")
    assert "<img src=x" not in page
    assert page.count("</script>") == 3  # the data, the bundle, the mounting


def test_the_picture_shows_values_and_gradients_and_the_error() -> None:
    picture = walk_still(lesson()).picture
    words = "".join(ElementTree.fromstring(picture).itertext())
    assert "walkthrough of test_describe_walk.py: 6 steps forward, 6 backward" in words
    assert "∂loss" in words
    assert "2×3" in words
    assert "ValueError" in walk_still(hostile_walk()).picture


@pytest.mark.parametrize("make", [
    lambda: gradbook.zeros(0, 3) + 1, lambda: gradbook.tensor([float("nan"), float("inf")]) * 2,
    lambda: gradbook.zeros(2, 3, 4, 5, 6) + 1, lambda: gradbook.tensor([1 + 2j]) * 2,
    lambda: gradbook.ones(3).bfloat16() + 1, lambda: gradbook.tensor([True]) & gradbook.tensor([False]),
    lambda: nn.Embedding(3, 2)(gradbook.tensor([0, 2])), lambda: nn.LSTM(2, 3)(gradbook.ones(2, 1, 2)),
])  # fmt: skip
def test_odd_tensors_can_be_shown(make: Any) -> None:
    with observe.walk() as walk:
        made = make()
    still = walk_still(walk)
    json.dumps(still.message.content, allow_nan=False)
    ElementTree.fromstring(still.picture)
    assert len(walk.forward) > 0
    del made


def test_an_empty_walk_can_be_shown() -> None:
    with observe.walk() as walk:
        pass
    still = walk_still(walk)
    assert still.text.endswith("0 steps forward, 0 backward")
    ElementTree.fromstring(still.picture)


def test_the_text_says_every_step() -> None:
    lines = walk_text(lesson()).splitlines()
    assert lines[0] == "walkthrough of test_describe_walk.py: 6 steps forward, 6 backward"
    assert any(re.search(r"^ +1  forward   line \d+ .*x @ w:  z\[0,0\] = 1 · 0.5 \+ 2 · 1", line) for line in lines)
    assert any("∂L/∂w = xᵀ ∂L/∂z = " in line for line in lines)
    assert any(", in all " in line for line in lines)


def test_a_lesson_of_200_operations_is_a_small_page(tmp_path: Path) -> None:
    x = gradbook.randn(4, 6, requires_grad=True)
    w = gradbook.randn(6, 6, requires_grad=True)
    with observe.walk() as walk:
        h = x
        for _ in range(66):
            h = (h @ w).tanh()
            h = h * 0.9
        h.sum().backward()
    assert len(walk.forward) >= 199
    assert len(walk.backward) >= 199
    page = walk_still(walk, quiz=questions_of(walk)[0]).save(tmp_path / "lesson.html")
    assert page.stat().st_size <= 1_000_000
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", text)
    packed = zlib.decompress(base64.b64decode(text.split('<script type="text/plain">')[1].split("<")[0]))
    assert len(unpack(packed).content["steps"]) == len(walk)


# -- questions ---------------------------------------------------------------------------------------------------------


def test_wishes_are_read_and_bad_ones_refused() -> None:
    assert wishes("h, o[0, 1], W.grad, z.grad.zeros, fc.weight.shape, fc.weight.grad[2]") == [
        Wish("h"), Wish("o", entry=(0, 1)), Wish("W", "grad"), Wish("z", "grad", "zeros"),
        Wish("fc.weight", "value", "shape"), Wish("fc.weight", "grad", "value", (2,)),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="'h=2' is nothing to predict"):
        wishes("h=2")


def test_answers_come_from_the_engine() -> None:
    walk = lesson()
    found, notes = questions_of(walk, wishes("h, z.shape, z.grad.zeros, w.grad[0,1], q, x"), quiz=False)
    by_prompt = {question.prompt: question for question in found}
    h = by_prompt["What will the entries of h be?"]
    assert h.answer == walk.all("h")[0].array.reshape(-1).tolist()
    assert h.check(h.answer)
    assert not h.check([v + 1 for v in h.answer])
    assert by_prompt["What shape will z have?"].answer == [2.0, 2.0]
    zeros = by_prompt["Which entries of ∂L/∂z will be 0?"]
    assert zeros.answer == (walk.all("z")[0].grad == 0).reshape(-1).astype(float).tolist()
    entry = by_prompt["What will ∂L/∂w[0, 1] be?"]
    assert len(entry.answer) == 1
    assert notes == [
        "predict q: the walk has no value called q",
        "predict x: x is given, not computed; ask for x.grad, or for what is made of it",
    ]
    described = describe_walk(walk, quiz=found).content
    for question, row in zip(found, described["quiz"], strict=True):
        step = described["steps"][row["step"]]
        known = ops_outputs(described, step) if row["of"] == "value" else [part["to"] for part in step["parts"]]
        assert row["target"] in known
        assert row["answer"] == question.answer


def ops_outputs(described: dict[str, Any], step: dict[str, Any]) -> list[int]:
    return described["ops"][step["op"]]["output"]


def test_a_tensor_that_is_too_large_is_asked_for_one_entry() -> None:
    x = gradbook.ones(9, 9, requires_grad=True)
    with observe.walk() as walk:
        h = x * 2
        h.sum().backward()
    (question,), notes = questions_of(walk, wishes("h, h.zeros"), quiz=False)
    assert question.prompt == "What will h[0, 0] be?"
    assert notes == ["predict h: 81 entries are too many to mark; ask for one, as in h[0,1]"]


def test_what_is_saved_with_a_notebook_is_small() -> None:
    a = gradbook.randn(4, 4, requires_grad=True)
    with observe.walk() as walk:
        b = a
        for _ in range(150):
            b = (b @ a).tanh()
        b.sum().backward()
    still = walk_still(walk)
    assert len(still.text) + len(still.html()) < 60_000
    assert still.text.splitlines()[-1].strip().startswith("… ")


def test_a_long_walk_of_large_tensors_is_sampled_the_more() -> None:
    layers = nn.Sequential(*(nn.Linear(64, 64) for _ in range(40)))
    with observe.walk() as walk:
        layers(gradbook.randn(16, 64)).square().mean().backward()
    message = describe_walk(walk)
    assert message.nbytes <= 400_000
    buffers = [bytes(buffer) for buffer in message.buffers]
    assert len(set(buffers)) == len(buffers)  # numbers that are shown twice are sent once


def test_two_figures_are_right_and_one_is_not() -> None:
    x = gradbook.tensor(3.1416)
    with observe.walk() as walk:
        y = x * 1
    (question,), _ = questions_of(walk, [Wish("y")], quiz=False)
    assert question.check(3.1)
    assert question.check([3.14])
    assert not question.check(3.0)
    assert not question.check([3.1, 3.1])
    del y


def test_good_questions_are_found() -> None:
    walk = lesson()
    found, notes = questions_of(walk)
    assert notes == []
    assert {(question.of, question.ask) for question in found} >= {("value", "shape"), ("grad", "zeros")}
    for question in found:
        assert question.check(question.answer)
        assert len({id(q.step) for q in found if q is question}) == 1
