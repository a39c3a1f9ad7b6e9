"""Every number of a walkthrough: both sides of each equals sign are the same, and gradients are PyTorch's."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

import gradbook
from gradbook import observe
from gradbook.observe import Walk
from gradbook.observe.walkthrough.symbols import gradient_symbols, plain
from gradbook.observe.walkthrough.telling import root_of
from gradbook.widgets.describe_walk import formula_markup
from tests.engine.observe.walk_programs import PROGRAMS, inputs_of

SAID = str.maketrans({"−": "-", "·": "*", "×": "*", "²": "**2", "³": "**3", "∞": "inf", "√": " sqrt ", "σ": "sigmoid"})
FUNCTIONS: dict[str, Any] = {
    "max": max, "min": min, "sqrt": math.sqrt, "ln": math.log, "tanh": math.tanh, "sin": math.sin, "cos": math.cos,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)), "e": math.e, "inf": math.inf, "arctan": math.atan, "True": True,
    "False": False, "sign": lambda x: float(np.sign(x)),
}  # fmt: skip
NUMBER = r"\d[\d.]*(?:e-?\d+)?"
CALLED = re.compile(rf"\b(sqrt|ln|tanh|sin|cos|sigmoid|arctan|sign) +({NUMBER})")


def value_of(text: str) -> float | None:
    """What an arithmetic expression of the walkthrough is worth; None for one that leaves terms out or has names."""
    text = text.translate(SAID).replace("^", "**")
    text = CALLED.sub(r"\1(\2)", text)
    text = re.sub(r"\b(sqrt|ln|tanh|sin|cos|sigmoid|arctan|sign) +\(", r"\1(", text)
    text = re.sub(r"\|([^|]*)\|", r"abs(\1)", text)
    text = re.sub(rf"(?<![,\d.])({NUMBER}|\)) +(?=\(|\d|sigmoid|ln|max|min|tanh)", r"\1 * ", text)
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return None
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    if not names <= {*FUNCTIONS, "abs"}:
        return None
    found = eval(compile(tree, "said", "eval"), {"__builtins__": {}, "abs": abs}, FUNCTIONS)
    return float(found[0] if isinstance(found, list) else found)  # `[3 > 2]` is 1 or 0


def equations(walk: Walk) -> Iterator[str]:
    for step in walk.forward:
        yield from (filled.text for filled in step.filled if filled.numbers.latex)


@pytest.fixture(params=PROGRAMS, ids=lambda program: program.__name__)
def walked(request: pytest.FixtureRequest) -> tuple[Walk, Callable[..., Any], list[Any]]:
    program = request.param
    given = [gradbook.tensor(array, requires_grad=array.dtype.kind == "f") for array in inputs_of(program)]
    with observe.walk() as walk:
        program(gradbook, *given).backward()
    return walk, program, given


def test_what_is_said_is_true(walked: tuple[Walk, Any, Any]) -> None:
    walk, _, _ = walked
    checked = 0
    for text in equations(walk):
        _, *sides = text.split(" = ")
        values = [value for side in sides if (value := value_of(side)) is not None]
        if len(values) > 1:
            checked += 1
        for value in values[1:]:
            assert value == pytest.approx(values[0], rel=5e-3, abs=5e-3), text
    assert checked >= 0.3 * len(list(equations(walk)))


def test_gradients_are_those_of_pytorch(walked: tuple[Walk, Any, list[Any]]) -> None:
    walk, program, given = walked
    twins = [torch.tensor(array, requires_grad=array.dtype.kind == "f") for array in inputs_of(program)]
    program(torch, *twins).backward()
    for tensor, twin in zip(given, twins, strict=True):
        if twin.grad is not None:
            value = next(v for v in walk.values if v.tensor is not None and v.tensor() is tensor)
            np.testing.assert_allclose(value.grad, twin.grad.numpy(), rtol=1e-9, atol=1e-12)
    for step in walk.backward:
        for part in step.parts:
            total = part.result.array if not part.adds else part.total.array
            assert np.isfinite(total).all()


def test_no_markup_is_left_in_a_formula(walked: tuple[Walk, Any, Any]) -> None:
    walk, _, _ = walked
    roots = {step.passed: root_of(step.root) for step in walk.steps if step.root is not None}
    formulas = [f for step in walk.forward for filled in step.filled for f in (filled.formula, filled.numbers)]
    for step in walk.backward:
        formulas += [gradient_symbols(step.call, part, roots[step.passed]) for part in step.parts]
    for formula in formulas:
        text = plain(formula)
        assert not re.search(r"begin|frac|cases|sqrt|\\|[{}&]|[\ue000-\uf8ff]", text), text
        markup = formula_markup(formula)
        assert "\\" not in markup, markup
        assert not re.search("[\ue000-\uf8ff]", markup)


def test_the_checker_sees_a_wrong_number() -> None:
    assert value_of("2 · (−3)") == -6
    assert value_of("(1 + 2)/√4") == 1.5
    assert value_of("1/(1 + e^(−(−0.5)))") == pytest.approx(1 / (1 + math.exp(0.5)))
    assert value_of("1 + … + 3") is None
