"""What a program's own words say of the data that it looks at."""

from __future__ import annotations

import linecache
from typing import Any

import pytest

from gradbook.coach.claims import claim


def said(text: str) -> str | None:
    """The word that claims, where `here()` is called in a program."""
    found: list[Any] = []

    def here(*args: Any) -> int:
        found.append(claim())
        return 0

    file = "/program/claims.py"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    exec(compile(text, file, "exec"), {"here": here, "model": here})
    return found[-1].word if found[-1] is not None else None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("x_test = 1\ny = here(x_test)", "x_test"),
        ("val_loss = here()", "val_loss"),
        ("valLoader = [1]\nfor batch in valLoader:\n    here(batch)", "valLoader"),
        ("def evaluate(loader):\n    return here(loader)\ntest_acc = evaluate([])", "test_acc"),
        ("def validate(loader):\n    return here(loader)\nx = validate([])", "validate"),
        ("def evaluate(loader):\n    return here(loader)\ntrain_acc = evaluate([])", None),
        ("out = here()\nprint('accuracy on the validation set', out)", "accuracy on the validation set"),
        ("for phase in ['val', 'train']:\n    out = here()", None),
        ("for phase in ['train', 'val phase']:\n    out = here()", "val phase"),
        ("def train():\n    val_set = [1]\n    for x in val_set:\n        here()\ntrain()", "val_set"),
        ("def train():\n    here()\ntest = train()", None),
        ("values = [1]\nvalue = here(values)", None),
        ("latest = here()", None),
        ("def run(loader):\n    return here(loader)\na, b = run('train_set'), run('val_set')", "val_set"),
        ("val = here()", None),
        ("q2_val = here()", None),
        ("x_val = here()", "x_val"),
        ("XVal = here()", "XVal"),
    ],
)
def test_what_is_called_validation(text: str, word: str | None) -> None:
    assert said(text) == word
