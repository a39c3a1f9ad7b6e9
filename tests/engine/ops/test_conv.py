"""Convolutions against PyTorch: values, gradients of both orders, errors; and against finite differences."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

import gradbook
from gradbook.autograd import gradcheck, gradgradcheck
from gradbook.ops import workspace
from tests.parity_tools import compare, draw, same_error

SPATIAL = {1: (9,), 2: (9, 8), 3: (6, 5, 5)}
CHANNELS = [(4, 8), (4, 4), (16, 32), (40, 40)]  # each way of unfolding, with and without groups


def operands(rank: int, cin: int, cout: int, kernel: int, groups: int, transposed: bool, dtype: str = "float64") -> Any:
    shape = (cin, cout // groups) if transposed else (cout, cin // groups)
    x = draw(2, cin, *SPATIAL[rank], dtype=dtype)
    return x, draw(*shape, *(kernel,) * rank, seed=1, dtype=dtype), draw(cout, seed=2, dtype=dtype)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", [0, 2])
@pytest.mark.parametrize("groups", [1, 4])
def test_every_way_of_unfolding(rank: int, stride: int, padding: int, groups: int) -> None:
    for dilation, kernel, (cin, cout) in itertools.product((1, 2), (1, 3), CHANNELS):
        if rank == 3 and (cin > 4 or kernel * dilation > 5):
            continue
        x, w, b = operands(rank, cin, cout, kernel, groups, transposed=False)
        kwargs = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        compare(lambda lib, x, w, b, k=kwargs: getattr(lib, f"conv{rank}d")(x, w, b, **k), x, w, b)
        x, w, b = operands(rank, cin, cout, kernel, groups, transposed=True)
        kwargs["output_padding"] = max(stride, dilation) - 1
        if all((n - 1) * stride - 2 * padding + dilation * (kernel - 1) >= 0 for n in SPATIAL[rank]):
            compare(lambda lib, x, w, b, k=kwargs: getattr(lib, f"conv_transpose{rank}d")(x, w, b, **k), x, w, b)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("kernel", [2, 3, 4])
def test_named_padding(padding: str, kernel: int) -> None:
    x, w, b = operands(2, 4, 8, kernel, 1, transposed=False)
    compare(lambda lib, x, w, b: lib.conv2d(x, w, b, padding=padding, dilation=2), x, w, b)


def test_without_batch_or_bias_and_in_single() -> None:
    x, w, _ = operands(2, 4, 8, 3, 1, transposed=False, dtype="float32")
    compare(lambda lib, x, w: lib.conv2d(x[0], w), x, w, rtol=1e-4)
    compare(lambda lib, x, w: lib.conv_transpose2d(x[0], w.transpose(0, 1)), x, w, rtol=1e-4)


@pytest.mark.parametrize("groups", [1, 2])
def test_gradients_of_any_order(groups: int) -> None:
    x, w, b = (
        gradbook.tensor(a[..., :5] if a.ndim > 1 else a, requires_grad=True)
        for a in operands(1, 4, 4, 2, groups, False)
    )
    kwargs = {"stride": 2, "padding": 1, "groups": groups}
    assert gradcheck(lambda *a: gradbook.conv1d(*a, **kwargs), (x, w, b))
    assert gradgradcheck(lambda *a: gradbook.conv1d(*a, **kwargs), (x, w, b))
    assert gradgradcheck(lambda *a: gradbook.conv_transpose1d(*a, **kwargs), (x, w, b))


def test_second_order_as_pytorch() -> None:
    x, w, b = operands(2, 4, 8, 3, 1, transposed=False)
    compare(lambda lib, x, w, b: lib.conv2d(x, w, b, stride=2, padding=1), x, w, b, second=True)


@pytest.mark.parametrize(
    "case",
    [
        lambda lib, x, w: lib.conv2d(x[:, :3], w),
        lambda lib, x, w: lib.conv2d(x[0, 0], w),
        lambda lib, x, w: lib.conv2d(x.float(), w),
        lambda lib, x, w: lib.conv2d(x[..., :2], w),
        lambda lib, x, w: lib.conv2d(x, w, lib.zeros(3).double()),
        lambda lib, x, w: lib.conv2d(x, w, stride=0),
        lambda lib, x, w: lib.conv2d(x, w, dilation=-1),
        lambda lib, x, w: lib.conv2d(x, w, padding=-1),
        lambda lib, x, w: lib.conv2d(x, w, padding="same", stride=2),
        lambda lib, x, w: lib.conv2d(x, w[0]),
        lambda lib, x, w: lib.conv_transpose2d(x, w, output_padding=3),
    ],
)
def test_errors_are_of_pytorchs_type(case: Any) -> None:
    x, w, _ = operands(2, 4, 8, 3, 1, transposed=False)
    same_error(case, x, w)


def test_channels_last_is_recognised() -> None:
    with pytest.raises(RuntimeError, match="permute") as caught:
        gradbook.nn.Conv2d(3, 4, 3)(gradbook.zeros(2, 8, 8, 3))
    assert caught.value.card.op == "conv2d"  # type: ignore[attr-defined]
    assert caught.value.card.operands[0]["shape"] == (2, 8, 8, 3)  # type: ignore[attr-defined]


def test_memory_is_used_again_only_when_nobody_holds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    monkeypatch.setattr(workspace, "_blocks", [])  # what other tests left may fit as well
    first = workspace.empty(np, (1 << 16,), "f4")
    first[...] = 1
    second = workspace.empty(np, (1 << 16,), "f4")
    second[...] = 2
    assert first[0] == 1
    assert not np.shares_memory(first, second)
    address = first.__array_interface__["data"][0]
    del first
    assert workspace.empty(np, (1 << 16,), "f4").__array_interface__["data"][0] == address
