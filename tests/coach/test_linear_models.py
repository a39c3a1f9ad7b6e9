"""Whether data asks for more than a straight line, and what is written in the line's place."""

import ast

import numpy as np
import pytest

from gradbook.coach import code
from gradbook.coach.rules.linear_models import neighbours_know, widened


def of_text(tmp_path, text):
    """The place of the first call of Linear in a file of this text."""
    path = tmp_path / "program.py"
    path.write_text(text)
    at = code.Place((compile(text, str(path), "exec"), 0))
    at.expression = next(
        node for node in at.source.nodes() if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Linear")
    )
    return at


def test_neighbours_know_what_no_line_can() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 2))
    inside = ((rows**2).sum(1) < 1.2).astype(np.int64)[:, None]
    assert neighbours_know(rows, inside, "cross_entropy")
    assert not neighbours_know(rows, rng.permutation(inside), "cross_entropy")
    assert neighbours_know(rows, (rows**2).sum(1, keepdims=True), "mse_loss")
    assert not neighbours_know(rows, rng.normal(size=(200, 1)), "mse_loss")


def test_neighbours_of_one_class_are_no_better_than_a_guess() -> None:
    rows = np.random.default_rng(0).normal(size=(100, 3))
    assert not neighbours_know(rows, np.ones((100, 1), dtype=np.int64), "cross_entropy")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("net = nn.Linear(4, 2)", "net = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))"),
        (
            "net = Sequential(Flatten(), Linear(4, 4, bias=False))",
            "net = Sequential(Flatten(), Linear(4, 32), ReLU(), Linear(32, 4, bias=False))",
        ),
        ("net = nn.Linear(out_features=2, in_features=4)", "nn.Sequential(nn.Linear(inputs, 32), nn.ReLU(), "),
    ],
)
def test_a_hidden_layer_is_put_before_the_only_one(tmp_path, text: str, wanted: str) -> None:
    assert str(widened(of_text(tmp_path, text))).startswith(wanted)
