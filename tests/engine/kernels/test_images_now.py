"""Convolution and pooling as eager operations: with kernels in the place of their forwards, beside NumPy."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import gradbook as gb
import gradbook.nn.functional as F
from gradbook.kernels import now
from gradbook.kernels.images_now import channel_sum, kernels
from gradbook.kernels.program import Unsupported
from gradbook.ops.conv import OPS
from gradbook.ops.pooling import AVG, MAX

CALLS: dict[str, Any] = {
    "conv2d": (lambda x, w, b: F.conv2d(x, w, b, stride=(2, 1), padding=1, groups=2), (2, 6, 9, 8), (4, 3, 3, 3), (4,)),
    "conv2d_no_bias": (lambda x, w: F.conv2d(x, w, padding="same"), (2, 3, 9, 8), (4, 3, 3, 3)),
    "conv1d": (lambda x, w, b: F.conv1d(x, w, b, stride=2, padding=2, dilation=2), (2, 5, 20), (7, 5, 3), (7,)),
    "conv_transpose2d": (
        lambda x, w, b: F.conv_transpose2d(x, w, b, stride=2, padding=1, output_padding=1),
        (2, 4, 5, 6), (4, 3, 3, 3), (3,),
    ),
    "conv_transpose1d": (lambda x, w: F.conv_transpose1d(x, w, stride=3), (2, 4, 5), (4, 3, 4)),
    "max_pool2d": (lambda x: F.max_pool2d(x, 3, 2, 1), (2, 3, 9, 10)),
    "max_pool1d": (lambda x: F.max_pool1d(x, 2), (2, 3, 11)),
    "avg_pool2d": (lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), (2, 3, 9, 10)),
    "avg_pool1d": (lambda x: F.avg_pool1d(x, 2, ceil_mode=True), (2, 3, 11)),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_results_and_gradients_are_those_without_kernels(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function, *shapes = CALLS[name]
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape).astype(np.float32) for shape in shapes]

    def computed() -> list[np.ndarray[Any, Any]]:
        tensors = [gb.tensor(array, requires_grad=True) for array in arrays]
        y = function(*tensors)
        (y * y.detach().cos()).sum().backward()
        return [y.detach().numpy(), *(tensor.grad.numpy() for tensor in tensors)]

    wanted, used = computed(), []

    def put_in(op: Any) -> None:
        forward = kernels().get(op.name)
        if forward is not None:
            monkeypatch.setattr(op, "_cpu", lambda *a, **k: (used.append(op.name), forward(*a, **k))[1])
            monkeypatch.setattr(op, "_run", op._cpu)

    for rank in (1, 2):
        for op in (*OPS[rank], MAX[rank], AVG[rank]):
            put_in(op)
    got = computed()
    assert name.removesuffix("_no_bias") in used
    for a, b in zip(got, wanted, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5, rtol=1e-5)


def test_a_plan_is_made_once_for_each_shape_and_thread() -> None:
    forward = kernels()["max_pool2d"]
    window: dict[str, Any] = {"kernel": (2, 2), "stride": (2, 2), "padding": (0, 0), "dilation": (1, 1)}
    now.own.plans.clear()
    for n in (1, 2, 1, 2):
        x = np.random.default_rng(n).standard_normal((n, 3, 4, 4)).astype(np.float32)
        best, which = forward(np, x, out=(2, 2), **window)
        np.testing.assert_array_equal(best, x.reshape(n, 3, 2, 2, 2, 2).max((3, 5)))
        assert which.dtype == np.uint8
    assert [type(plan) for plan in now.own.plans.values()] == [now.Plan] * 2
    others: list[Any] = []
    thread = threading.Thread(target=lambda: others.append((now.own.plans, now.own.scratch)))
    thread.start()
    thread.join()
    assert others[0][0] == {}
    assert others[0][1] is not now.own.scratch


def test_threads_do_not_disturb_each_other() -> None:
    rng = np.random.default_rng(0)
    forward = kernels()["conv2d"]
    window: dict[str, Any] = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
    x, w = (rng.standard_normal(s).astype(np.float32) for s in ((4, 20, 12, 12), (24, 20, 3, 3)))
    inputs = [x * (i + 1) for i in range(4)]
    wanted = [forward(np, array, w, None, **window)[0].copy() for array in inputs]
    wrong: list[int] = []

    def work(i: int) -> None:
        for _ in range(50):
            if not np.array_equal(forward(np, inputs[i], w, None, **window)[0], wanted[i]):
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_gradient_of_a_bias_and_arrays_that_lie_otherwise() -> None:
    grad = np.random.default_rng(0).standard_normal((4, 3, 5, 6)).astype(np.float32)
    np.testing.assert_allclose(channel_sum(grad), grad.sum((0, 2, 3)), atol=1e-5)
    turned = grad.transpose(0, 1, 3, 2)
    np.testing.assert_allclose(channel_sum(turned), grad.sum((0, 2, 3)), atol=1e-5)


@pytest.mark.parametrize("dtype", ["float64", "float16", "int64", ">f4"])
def test_other_types_are_refused(dtype: str) -> None:
    x = np.zeros((1, 2, 4, 4), dtype)
    with pytest.raises(Unsupported):
        kernels()["avg_pool2d"](np, x, kernel=(2, 2), stride=(2, 2), padding=(0, 0), out=(2, 2), count_pad=True,
                                 divisor=None)  # fmt: skip
