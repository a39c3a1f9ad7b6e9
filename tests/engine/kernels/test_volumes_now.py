"""Convolutions over three axes as eager operations: with kernels in the place of their forwards and rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import gradbook as gb
from gradbook.backends import native
from gradbook.kernels import now
from gradbook.kernels.program import Unsupported
from gradbook.kernels.volumes_now import added_up, kernels, side_by_side
from gradbook.nn import functional as F

CALLS: dict[str, Any] = {
    "plain": (lambda x, w, b: F.conv3d(x, w, b), (2, 5, 6, 7, 8), (4, 5, 3, 2, 3), (4,)),
    "one channel": (lambda x, w: F.conv3d(x, w, padding=1), (3, 1, 4, 9, 8), (6, 1, 3, 3, 3)),
    "one plane": (lambda x, w, b: F.conv3d(x, w, b), (2, 3, 4, 5, 6), (7, 3, 4, 3, 3), (7,)),
    "strides": (lambda x, w, b: F.conv3d(x, w, b, (3, 2, 1), (2, 0, 1)), (2, 6, 9, 8, 7), (4, 6, 3, 3, 3), (4,)),
    "groups": (lambda x, w, b: F.conv3d(x, w, b, groups=3), (2, 6, 5, 6, 7), (9, 2, 2, 3, 3), (9,)),
    "each alone": (lambda x, w: F.conv3d(x, w, padding=1, groups=17), (2, 17, 4, 6, 5), (17, 1, 3, 3, 3)),
    "apart": (lambda x, w: F.conv3d(x, w, padding=(4, 2, 0), dilation=(4, 2, 1)), (2, 4, 3, 6, 7), (5, 4, 3, 3, 1)),
    "padding alone": (
        lambda x, w: F.conv3d(x, w, padding=(3, 0, 0), stride=(2, 1, 1)), (1, 4, 1, 8, 8), (5, 4, 2, 1, 1),
    ),
    "Winograd": (lambda x, w: F.conv3d(x, w, padding=1), (1, 32, 3, 9, 8), (48, 32, 3, 3, 3)),
    "same": (lambda x, w: F.conv3d(x, w, padding="same"), (1, 3, 4, 8, 8), (5, 3, 2, 3, 4)),
    "transposed": (lambda x, w, b: F.conv_transpose3d(x, w, b), (2, 5, 3, 4, 5), (5, 4, 3, 2, 3), (4,)),
    "transposed, strides": (
        lambda x, w, b: F.conv_transpose3d(x, w, b, 2, 1, 1, 2), (2, 4, 3, 4, 5), (4, 3, 3, 3, 3), (6,),
    ),
    "transposed, apart": (
        lambda x, w: F.conv_transpose3d(x, w, None, (3, 1, 2), (0, 1, 2), (2, 0, 1), 1, (1, 2, 3)),
        (2, 4, 3, 4, 5), (4, 3, 2, 3, 3),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_results_and_gradients_are_those_without_kernels(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function, *shapes = CALLS[name]
    rng = np.random.default_rng(0)
    arrays = [0.3 * rng.standard_normal(shape).astype(np.float32) for shape in shapes]

    def computed(dtype: str) -> list[np.ndarray[Any, Any]]:
        tensors = [gb.tensor(array.astype(dtype), requires_grad=True) for array in arrays]
        y = function(*tensors)
        (y * y.detach().cos()).sum().backward()
        return [y.detach().numpy(), *(tensor.grad.numpy() for tensor in tensors)]

    wanted, used = computed("float64"), set()
    native.wake()

    def noting(key: str, kernel: Any) -> Any:
        def run(*args: Any, **params: Any) -> Any:
            made = kernel(*args, **params)
            used.add(key)
            return made

        return run

    for key, kernel in kernels().items():
        monkeypatch.setitem(native.kernels, key, noting(key, kernel))
    for found, want in zip(computed("float32"), wanted, strict=True):
        assert found.flags.c_contiguous
        np.testing.assert_allclose(found, want, atol=2e-5 * np.abs(want).max(), rtol=2e-5)
    if np.prod(shapes[0]) >= 256:  # from so many numbers on
        assert {"conv3d", "conv_transpose3d"} & used


def test_planes_that_no_window_reaches_and_windows_without_planes() -> None:
    x = np.arange(1, 5, dtype=np.float32).reshape(1, 1, 4, 1, 1)
    found = side_by_side(x, 4, 2, 3, 4, 1)  # windows begin at -4, -1, 2, 5
    np.testing.assert_array_equal(found.reshape(4, 2), [[0, 0], [0, 1], [3, 4], [0, 0]])
    back = added_up(np.ones((4, 2, 1, 1), np.float32), 1, 4, 2, 3, 4, 1)
    np.testing.assert_array_equal(back.reshape(-1), [1, 0, 1, 1])


@pytest.mark.parametrize("dtype", ["float64", "float16", "int64"])
def test_other_types_are_refused(dtype: str) -> None:
    x, w = np.zeros((1, 2, 4, 4, 4), dtype), np.zeros((3, 2, 2, 2, 2), dtype)
    with pytest.raises(Unsupported):
        kernels()["conv3d"](np, x, w, None, stride=(1, 1, 1), padding=(0, 0, 0), dilation=(1, 1, 1), groups=1)


def test_they_are_among_the_kernels_of_eager_operations() -> None:
    assert kernels().keys() <= now.kernels({}).keys()
    assert kernels().keys() <= native.LEAST.keys()
