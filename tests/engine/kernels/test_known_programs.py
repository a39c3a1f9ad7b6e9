"""Random programs of small operations, whose calls are known: PyTorch agrees, and Python gives the same bits."""

from __future__ import annotations

import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")
pytest.importorskip("torch")

from gradbook.autograd.op import registry
from gradbook.backends import native
from gradbook.kernels import known
from gradbook.kernels.host import unavailable
from tests.engine.kernels.known_programs import Program, Seen, compared, looked_at_twice

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)
if not known.usable():
    pytest.skip("not this Python, or not this NumPy", allow_module_level=True)


@pytest.fixture(autouse=True)
def ready(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Kernels are loaded, and operations wait for them."""
    monkeypatch.setattr(native.state, "patient", True)
    native.wake()
    assert native.state.known
    for each in known._all:  # what tests before this one called in vain
        each.vain = 0
    yield
    known.forget()


@pytest.mark.parametrize("block", range(4))
def test_random_programs_give_what_pytorch_gives(block: int) -> None:
    ended = 0
    with looked_at_twice() as seen:
        for seed in range(block * 1000, block * 1000 + 25):
            program = Program(random.Random(seed).randrange)
            program.run(30)
            ended += program.ended
    assert seen.known > 20  # most calls are those of shapes that came before
    assert ended > 15


@pytest.mark.parametrize("wrong", [
    lambda x: x + 1, lambda x: x[:1].copy(), lambda x: x, lambda x: x.astype(float), lambda x: (x.copy(), None),
    lambda x: np.add(x, 1, out=x) - 1,
])  # fmt: skip
def test_a_second_look_sees_what_is_wrong(wrong: Any) -> None:
    each = SimpleNamespace(calls=0, plain=lambda x: x.copy(), function=lambda x: x.copy())
    x = np.ones((2, 3), np.float32)
    compared(Seen(), each, (x,), {})
    each.function = wrong
    with pytest.raises(AssertionError):
        compared(Seen(), each, (x,), {})


def test_looking_twice_leaves_everything_as_it_was() -> None:
    def functions() -> list[Any]:
        found: list[Any] = []
        for name in sorted({*native.SMALL, *native.PRODUCTS}):
            op, _, part = name.partition(".")
            if op in registry:
                registry[op].replace(part, lambda fast: found.append(fast) or fast)
        return found

    before = functions()
    with looked_at_twice():
        assert not any(a is b for a, b in zip(before, functions(), strict=True))
    assert all(a is b for a, b in zip(before, functions(), strict=True))
