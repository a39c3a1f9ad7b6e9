"""Row kernels whose blocks of units run one by one and backwards: threads may share them in any way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels import rows
from gradbook.kernels.columns import column_sum
from gradbook.kernels.host import unavailable
from gradbook.kernels.program import call
from tests.engine.kernels import (
    test_batch_norm,
    test_cross_entropy,
    test_embedding,
    test_losses,
    test_moving,
    test_optimizers,
    test_reductions,
    test_row_norm,
    test_softmax,
)

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)


@pytest.fixture(autouse=True)
def scattered(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Kernels run block by block from the last to the first -> how many blocks each had."""
    ran: list[int] = []

    def add(self: Any, kernel: Any, *words: Any, onward: bool = False) -> None:
        if kernel.alone or kernel.split:
            call(kernel.address, 0, 1 if kernel.split else kernel.units, *words)
            return
        starts = range(0, kernel.units, kernel.grain)
        ran.append(len(starts))
        for start in reversed(starts):
            call(kernel.address, start, min(start + kernel.grain, kernel.units), *words)

    monkeypatch.setattr(rows.Now, "add", add)
    return ran


def test_rows(scattered: list[int]) -> None:
    test_softmax.test_forward_and_backward(1025, "end")
    test_cross_entropy.test_loss_and_gradient(40, 65, "mean", True, 0.2, 0)
    for keep in ("hat", "mean"):
        test_row_norm.test_layer_norm(333, 128, True, keep)
        test_row_norm.test_group_norm((2, 6, 5, 5), 3, True, keep)
    test_row_norm.test_rms_norm(333, 128, True)
    test_reductions.test_sums_means_and_variances(1, 50_000)
    test_reductions.test_extremes_and_their_places(2, 9000, True)
    test_losses.test_loss_and_gradient("bce_with_logits", "mean", (30, 1001))
    assert max(scattered) > 4


@pytest.mark.parametrize("last", [False, True])
def test_batches(last: bool, scattered: list[int]) -> None:
    for shape in ((3, 17, 5, 5), (600, 9, 40)):
        test_batch_norm.test_forward_and_backward(shape, last, {"relu": True, "residual": True})
    assert max(scattered) > 4


def test_tables_lists_and_copies(scattered: list[int]) -> None:
    test_embedding.test_forward_and_backward((2, 3), 400, 200, np.int64)
    test_optimizers.test_norms_of_nothing_of_much_and_of_nan()
    test_optimizers.test_a_clipping_factor_may_go_into_the_step()
    test_moving.test_every_order_of_axes_to_every_other((2, 7, 17, 18))
    test_moving.test_casts(np.int64, 8200)
    assert max(scattered) > 4


def test_sums_are_the_same_bit_for_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).standard_normal((3000, 40)).astype(np.float32)
    apart, whole = np.zeros(40, np.float32), np.zeros(40, np.float32)
    column_sum(rows.NOW, apart, x)
    monkeypatch.undo()
    column_sum(rows.NOW, whole, x)
    np.testing.assert_array_equal(apart, whole)
