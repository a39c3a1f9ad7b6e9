"""The operations of the benchmark compute the same with gradbook as with PyTorch, and the table counts what is slow."""

from __future__ import annotations

import pytest

import gradbook
from tests.benchmarks.operations import OPERATIONS, prepared
from tests.benchmarks.ops import table
from tests.benchmarks.timing import Timing


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_runs(name: str) -> None:
    prepared(gradbook, name, "small")()


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in ("dropout",)])
def test_operations_mean_the_same_to_pytorch(name: str) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = (OPERATIONS[name](module, "small") for module in (gradbook, torch))
    if not ours[1]:
        return
    with torch.no_grad(), gradbook.no_grad():
        for mine, other in zip(ours[1], theirs[1], strict=True):
            assert tuple(mine.shape) == tuple(other.shape)
            mine.copy_(gradbook.tensor(other.detach().numpy()))
        a, b = ours[0](*ours[1]), theirs[0](*theirs[1])
    assert tuple(a.shape) == tuple(b.shape)
    assert abs(a.detach().numpy() - b.detach().numpy()).max() < 1e-4


def test_the_table_marks_what_is_slow() -> None:
    def timing(seconds: float) -> Timing:
        return Timing(seconds, 0.0, seconds, 1, 1)

    shown = table({"exp": {"small": {"torch": timing(1e-5), "gradbook": timing(1.3e-5)}}})
    assert "| exp | 10.0 | 13.0 | 1.30* |" in shown
