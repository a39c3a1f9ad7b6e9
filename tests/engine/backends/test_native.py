"""Eager operations by native kernels: what they give is what they give without, and when kernels are taken."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import gradbook as gb
import gradbook.nn.functional as F
from gradbook.backends import native, threads
from gradbook.kernels import now
from gradbook.kernels.host import host

pytestmark = pytest.mark.skipif(host() is None, reason="no kernels for this machine")


@pytest.fixture
def ready(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Kernels that are taken at once. -> the names of those that computed something."""
    monkeypatch.setattr(native.state, "patient", True)
    monkeypatch.setattr(now, "at_once", [True])
    if native.state.stage is not native.READY:
        native.state.stage = native.ASLEEP
        assert native.wake()
    used: list[str] = []

    def spied(name: str, kernel: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **params: Any) -> Any:
            made = kernel(*args, **params)
            if made is not None:
                used.append(name)
            return made

        return run

    before = dict(native.kernels)
    native.kernels.update({name: spied(name, kernel) for name, kernel in before.items()})
    native.forget()  # calls that are known by now would be spied on by nobody
    yield used
    native.kernels.update(before)


CLASSES = np.random.default_rng(1).integers(0, 10, 64)


def classes(*shape: int) -> gb.Tensor:
    return gb.tensor(CLASSES[: int(np.prod(shape))].reshape(shape))


def normalised(x: Any, w: Any, b: Any, training: bool = True) -> Any:
    mean, var = gb.zeros(x.shape[1]), gb.ones(x.shape[1])
    y = F.batch_norm(x, mean, var, w, b, training, 0.3)
    return y + mean.reshape(1, -1, *(1,) * (x.ndim - 2)) * 0.5 + var.reshape(1, -1, *(1,) * (x.ndim - 2))


def attention(q: Any, k: Any, v: Any, **options: Any) -> Any:
    return F.scaled_dot_product_attention(*(x.transpose(1, 2) for x in (q, k, v)), **options)


CALLS: dict[str, tuple[Any, ...]] = {  # (function, names of kernels, shapes)
    "conv2d": (lambda x, w, b: F.conv2d(x, w, b, stride=(2, 1), padding=1, groups=2),
               "conv2d conv2d.weight conv_transpose2d", (2, 6, 9, 8), (4, 3, 3, 3), (4,)),
    "conv2d_many": (lambda x, w, b: F.conv2d(x, w, b, padding=1), "conv2d conv2d.bias", (6, 16, 12, 12),
                    (32, 16, 3, 3), (32,)),
    "conv1d": (lambda x, w: F.conv1d(x, w, padding=2, dilation=2), "conv1d conv1d.weight conv_transpose1d",
               (2, 5, 30), (7, 5, 3)),
    "conv_transpose2d": (lambda x, w, b: F.conv_transpose2d(x, w, b, stride=2, padding=1, output_padding=1),
                         "conv_transpose2d conv2d conv2d_weight", (2, 4, 6, 6), (4, 3, 3, 3), (3,)),
    "max_pool2d": (lambda x: F.max_pool2d(x, 3, 2, 1), "max_pool2d max_pool2d_backward", (2, 3, 9, 10)),
    "max_pool2d_ceil": (lambda x: F.max_pool2d(x, 2, ceil_mode=True), "max_pool2d", (2, 3, 9, 9)),
    "avg_pool1d": (lambda x: F.avg_pool1d(x, 2, ceil_mode=True), "avg_pool1d avg_pool1d_backward", (4, 6, 11)),
    "batch_norm": (normalised, "batch_norm batch_norm.backward", (4, 5, 7, 3), (5,), (5,)),
    "batch_norm_2d": (normalised, "batch_norm batch_norm.backward", (40, 9), (9,), (9,)),
    "batch_norm_eval": (lambda *x: normalised(*x, training=False), "batch_norm batch_norm.backward",
                        (4, 5, 7, 3), (5,), (5,)),
    "batch_norm_bare": (lambda x: F.batch_norm(x, None, None, training=True), "batch_norm", (4, 5, 7, 3)),
    "layer_norm": (lambda x, w, b: F.layer_norm(x, (6, 9), w, b), "layer_norm layer_norm.backward",
                   (3, 5, 6, 9), (6, 9), (6, 9)),
    "layer_norm_bare": (lambda x: F.layer_norm(x, (33,)), "layer_norm layer_norm.backward", (9, 33)),
    "group_norm": (lambda x, w, b: F.group_norm(x, 3, w, b), "group_norm group_norm.backward", (4, 6, 5, 4),
                   (6,), (6,)),
    "rms_norm": (lambda x, w: F.rms_norm(x, (33,), w), "rms_norm rms_norm.backward", (9, 33), (33,)),
    "softmax": (lambda x: F.softmax(x, -1), "softmax softmax.x", (3, 7, 19)),
    "log_softmax": (lambda x: F.log_softmax(x, 1), "log_softmax log_softmax.x", (17, 30)),
    "cross_entropy": (lambda x: F.cross_entropy(x, classes(32)) * 1.5, "cross_entropy cross_entropy.backward",
                      (32, 10)),
    "cross_entropy_each": (
        lambda x, w: F.cross_entropy(x, classes(32), w.detach() ** 2, None, 3, None, "none", 0.1),
        "cross_entropy cross_entropy.backward", (32, 10), (10,)),
    "cross_entropy_of_places": (
        lambda x: F.cross_entropy(x, classes(4, 5, 3)), "cross_entropy.backward", (4, 10, 5, 3)),
    "cross_entropy_of_moved_places": (
        lambda x: F.cross_entropy(x.movedim(-1, 1), classes(8, 6)), "cross_entropy.backward", (8, 6, 10)),
    "nll_loss": (lambda x: F.nll_loss(x, classes(32)) * 1.5, "nll_loss nll_loss.input", (32, 10)),
    "nll_loss_weighted": (lambda x, w: F.nll_loss(x, classes(32), w.detach() ** 2, None, 3),
                          "nll_loss nll_loss.input", (32, 10), (10,)),
    "nll_loss_of_places": (lambda x: F.nll_loss(x, classes(4, 5, 3), reduction="none"),
                           "nll_loss nll_loss.input", (4, 10, 5, 3)),
    "nll_loss_of_much": (lambda x: F.nll_loss(x, classes(64), reduction="sum"), "nll_loss nll_loss.input", (64, 1100)),
    "huber_loss": (lambda x, y: F.huber_loss(x, y, delta=0.7), "huber_loss huber_loss.input", (50, 60), (50, 60)),
    "smooth_l1_loss": (lambda x, y: F.smooth_l1_loss(x, y.detach(), reduction="none"),
                       "huber_loss huber_loss.input", (50, 60), (50, 60)),
    "binary_cross_entropy_with_logits": (
        lambda x, y: F.binary_cross_entropy_with_logits(x, y.sigmoid()),
        "binary_cross_entropy_with_logits binary_cross_entropy_with_logits.input", (50, 60), (50, 60)),
    "binary_cross_entropy_with_logits_each": (
        lambda x, y: F.binary_cross_entropy_with_logits(x, y.detach() ** 2, reduction="none"),
        "binary_cross_entropy_with_logits binary_cross_entropy_with_logits.input", (50, 60), (50, 60)),
    "cross_entropy_of_maps": (
        lambda x, w: F.cross_entropy(x, classes(4, 4, 4), w.detach() ** 2, label_smoothing=0.1),
        "cross_entropy cross_entropy.backward", (4, 10, 4, 4), (10,)),
    "cross_entropy_of_maps_each": (
        lambda x: F.cross_entropy(x, classes(4, 15), reduction="none"), "cross_entropy cross_entropy.backward",
        (4, 10, 15)),
    "embedding": (lambda w: F.embedding(classes(8, 8), w, padding_idx=3), "embedding embedding_backward", (12, 40)),
    "embedding_scaled": (lambda w: F.embedding(classes(64), w, scale_grad_by_freq=True), "embedding_backward",
                         (12, 40)),
    "gather": (lambda x: x.gather(1, classes(16, 3) % 9), "gather gather_grad", (16, 9)),
    "gather_of_some_rows": (lambda x: x.gather(0, classes(3, 9)), "gather gather_grad", (16, 9)),
    "scatter_add": (lambda x, y: x.scatter_add(1, classes(16, 3) % 9, y[:, :3]), "scatter_add gather",
                    (20, 9), (16, 4)),
    "index": (lambda x: x[classes(8, 4) - 5], "index index_grad", (16, 3, 7)),
    "index_select": (lambda x: x.index_select(0, classes(33)), "index_select index_grad", (16, 9)),
    "index_of_columns": (lambda x: x[:, classes(8, 4) - 5], "index index_grad", (7, 16)),
    "index_of_a_vector": (lambda x: x[classes(64)], "index index_grad", (160,)),
    "upsampled": (lambda x: F.interpolate(x, size=(7, 9)), "index_select index_grad", (2, 3, 5, 6)),
    "broadcast": (lambda x, y: x[:, :, None] * y[:, None] + y[:1, :1], "summed", (30, 40), (30, 50)),
    "max_of_rows": (lambda x: x.max(1)[0] * x.max(0, keepdim=True)[0].sum(), "take_along put_along", (16, 9)),
    "sort": (lambda x: x.sort(1)[0], "take_along put_along", (16, 9)),
    "cumsum": (lambda x: x.cumsum(1) + x.cumsum(0), "cumsum", (16, 9)),
    "where": (lambda x, y: gb.where(x.detach() > 0, x, y[:1]), "where where.input where.other", (50, 60), (50, 60)),
    "where_number": (lambda x: gb.where(x.detach() > 0, 2.0, x), "where where.other", (50, 60)),
    "masked_fill": (lambda x: x.masked_fill(x.detach()[:, :1] > 0, 3.0), "masked_fill", (50, 60)),
    "sum": (lambda x: x.sum() + x.sum(1, keepdim=True) + x.mean(0), "sum", (200, 200)),
    "sum_of_much": (lambda x: x.sum((0, 2)), "sum copied", (8, 200, 100)),
    "linear": (F.linear, "linear linear.together", (3, 40, 50), (60, 50), (60,)),
    "gelu": (F.gelu, "gelu gelu.backward", (50, 60)),
    "gelu_tanh": (lambda x: F.gelu(x, approximate="tanh"), "gelu_tanh gelu_tanh.backward", (50, 60)),
    "softplus": (lambda x: F.softplus(x, 2.0), "softplus softplus.x", (50, 60)),
    "leaky_relu": (F.leaky_relu, "leaky_relu.x", (50, 60)),
    "hardswish": (F.hardswish, "hardswish hardswish.x", (50, 60)),
    "silu": (F.silu, "silu", (80, 60)),
    "sigmoid_of_rows_that_lie_apart": (lambda x: x[:, ::2].sigmoid() + x.T[::2].T.sigmoid(), "", (120, 90)),
    "maximum": (gb.maximum, "maximum.a maximum.b", (50, 60), (50, 60)),
    "linear_outer": (F.linear, "linear linear.together", (1, 120), (100, 120)),
    "matmul": (lambda a, b: a @ b, "matmul", (5, 40, 50), (50, 60)),
    "mm": (lambda a, b: a.T @ b, "mm", (50, 40), (50, 80)),
    "bmm": (lambda a, b: a @ b.transpose(1, 2), "bmm", (9, 24, 32), (9, 40, 32)),
    "attention": (attention, "scaled_dot_product_attention scaled_dot_product_attention.backward",
                  *((2, 17, 3, 16),) * 3),
    "attention_causal": (lambda *x: attention(*x, is_causal=True), "scaled_dot_product_attention",
                         (2, 17, 3, 16), (2, 17, 3, 16), (2, 17, 3, 8)),
}  # fmt: skip


def computed(function: Any, arrays: list[Any]) -> list[Any]:
    """The result and the gradients."""
    tensors = [gb.tensor(array, requires_grad=True) for array in arrays]
    y = function(*tensors)
    (y * y.detach().cos()).sum().backward()
    return [y.detach().numpy(), *(None if x.grad is None else x.grad.numpy() for x in tensors)]


def without(function: Any, *args: Any) -> Any:
    """The same without kernels."""
    stage, native.state.stage = native.state.stage, native.OFF
    native.forget()
    try:
        return function(*args)
    finally:
        native.state.stage = stage


@pytest.mark.parametrize("name", CALLS)
def test_values_gradients_and_layouts_are_those_without_kernels(name: str, ready: list[str]) -> None:
    function, kernels, *shapes = CALLS[name]
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape).astype(np.float32) for shape in shapes]
    wanted = without(computed, function, arrays)
    assert not ready
    for _ in range(2):  # a plan that is made, and one that is there
        for a, b in zip(computed(function, arrays), wanted, strict=True):
            if b is None:
                assert a is None
                continue
            assert (a.dtype, a.shape, a.strides) == (b.dtype, b.shape, b.strides)
            np.testing.assert_allclose(a, b, atol=3e-5 * max(1, np.abs(b).max()), rtol=1e-5)
    assert set(kernels.split()) <= set(ready)


def picked(x: gb.Tensor, dim: int) -> gb.Tensor:
    return x.index_select(dim, gb.tensor([0, 2, 0]))


@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        (lambda x: picked(x, 1), [(4, 3), (4, 300), (4, 5), (4, 40000)]),
        (lambda x: picked(x, 0), [(3,), (500,), (4,), (80000,)]),
        (lambda x: picked(x, 0), [(3, 5), (500, 5), (4, 5)]),
        (lambda x: x.gather(0, gb.tensor([[0, 1, 2]])), [(3, 3), (300, 3), (5, 3)]),
        (lambda x: F.nll_loss(x, gb.tensor([0, 2])), [(2, 3), (2, 900), (2, 5)]),
        (lambda x: x.max(1)[0], [(2, 3), (2, 900), (2, 5)]),
    ],
)
def test_what_was_picked_does_not_tell_of_how_much(function: Any, shapes: Any, ready: list[str]) -> None:
    for shape in (*shapes, *shapes):
        array = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
        wanted = without(computed, function, [array])
        for a, b in zip(computed(function, [array]), wanted, strict=True):
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, atol=1e-3)


@pytest.mark.parametrize("name", CALLS)
def test_results_are_fresh(name: str, ready: list[str]) -> None:
    function, _, *shapes = CALLS[name]
    rng = np.random.default_rng(0)
    first = [gb.tensor(rng.standard_normal(shape).astype(np.float32)) for shape in shapes]
    y = function(*first)
    kept = y.numpy().copy()
    function(*(x * 2 + 1 for x in first))
    np.testing.assert_array_equal(y.numpy(), kept)


@pytest.mark.parametrize("name", CALLS)
def test_what_is_not_finite_stays_where_it_was(name: str, ready: list[str]) -> None:
    function, _, *shapes = CALLS[name]
    if name == "conv2d_many":
        pytest.skip("Winograd's method spreads it within its tiles")
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape).astype(np.float32) for shape in shapes]
    arrays[0].reshape(-1)[5] = np.nan
    arrays[0].reshape(-1)[-3] = np.inf
    with np.errstate(all="ignore"):
        wanted = without(function, *(gb.tensor(x) for x in arrays)).numpy()
        got = function(*(gb.tensor(x) for x in arrays)).numpy()
    np.testing.assert_array_equal(np.isfinite(got), np.isfinite(wanted))


@pytest.mark.parametrize("dtype", [np.float64, np.float16])
def test_other_types_are_numpys(dtype: Any, ready: list[str]) -> None:
    x = gb.tensor(np.ones((4, 4, 8, 8), dtype), requires_grad=True)
    for y in (F.max_pool2d(x, 2), F.softmax(x, -1), F.layer_norm(x, (8,)), x @ x, F.conv2d(x, x)):
        assert y.dtype is x.dtype
        y.sum().backward()
    assert not ready


def test_gradients_of_gradients_are_numpys_formulas(ready: list[str]) -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape).astype(np.float32) for shape in ((2, 3, 8, 8), (4, 3, 3, 3), (4,))]

    def twice(*given: Any) -> list[Any]:
        x, w, b = (gb.tensor(array, requires_grad=True) for array in given)
        y = F.layer_norm(F.conv2d(x, w, b).tanh(), (6, 6)).softmax(-1)
        (g,) = gb.autograd.grad((y**2).sum(), x, create_graph=True)
        (g**2).sum().backward()
        return [x.grad.numpy(), w.grad.numpy()]

    for a, b in zip(twice(*arrays), without(twice, *arrays), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4 * np.abs(b).max())


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
def test_optimizers_step_by_a_kernel(kind: str, ready: list[str]) -> None:
    rng = np.random.default_rng(0)
    starts = [rng.standard_normal(shape).astype(np.float32) for shape in ((70, 80), (9,), (3, 4, 5))]
    options: dict[str, Any] = {"momentum": 0.9} if kind in ("SGD", "RMSprop") else {}

    def trained() -> list[Any]:
        params = [gb.nn.Parameter(gb.tensor(start)) for start in starts]
        optimizer = getattr(gb.optim, kind)(params, lr=0.01, weight_decay=0.1, **options)
        for _ in range(5):
            for param, start in zip(params, starts, strict=True):
                param.grad = gb.tensor(np.sin(start * 3))
            optimizer.step()
        state = [optimizer.state_dict()["state"][i] for i in range(3)]
        kept = [value for one in state for value in one.values() if isinstance(value, gb.Tensor)]
        return [x.detach().numpy().copy() for x in (*params, *kept)]

    for a, b in zip(trained(), without(trained), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=3e-6 * max(1, np.abs(b).max()))
    assert "optimizer_step" in ready


def test_large_gradients_are_not_copied_and_share_no_memory(ready: list[str]) -> None:
    x, w = gb.randn(64, 300), gb.randn(400, 300, requires_grad=True)

    def gradient(factor: float) -> np.ndarray[Any, Any]:
        w.grad = None
        (F.linear(x, w) * factor).sum().backward()
        return w.grad.numpy()

    first = gradient(1.0)
    kept = first.copy()
    second = gradient(2.0)
    assert not np.shares_memory(first, second)
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_allclose(second, 2 * kept, rtol=1e-4, atol=1e-4)
    assert first.base is not None  # the workspace's memory, which the kernel wrote: not a copy


def test_vmap_has_its_own_way(ready: list[str]) -> None:
    x, w = gb.randn(3, 4, 40), gb.randn(50, 40)
    one = [F.layer_norm(F.linear(row, w), (50,)).softmax(-1) for row in x]
    got = gb.func.vmap(lambda row: F.layer_norm(F.linear(row, w), (50,)).softmax(-1))(x)
    np.testing.assert_allclose(got.numpy(), gb.stack(one).numpy(), atol=1e-5)


def test_threads_do_not_disturb_each_other(ready: list[str]) -> None:
    inputs = [gb.randn(16, 40) for _ in range(4)]
    wanted = [x.softmax(-1).numpy().copy() for x in inputs]
    wrong: list[int] = []

    def work(i: int) -> None:
        for _ in range(200):
            if not np.array_equal(inputs[i].softmax(-1).numpy(), wanted[i]):
                wrong.append(i)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_threads_share_what_is_large_and_the_bits_are_the_same(ready: list[str], monkeypatch: Any) -> None:
    x, w = gb.randn(8, 32, 20, 20, requires_grad=True), gb.randn(48, 32, 3, 3, requires_grad=True)

    def results(count: int) -> list[Any]:
        gb.set_num_threads(count)
        y = F.conv2d(x, w)
        found = [y.detach().numpy().copy(), *(g.numpy() for g in gb.autograd.grad((y * y).sum(), (x, w)))]
        return [*found, (w.reshape(48, -1) @ w.reshape(48, -1).T).detach().numpy()]

    before = threads._threads, threads._decided
    try:
        alone = results(1)
        for _ in range(12):  # while one thread and two are compared
            for a, b in zip(results(2), alone, strict=True):
                np.testing.assert_array_equal(a, b)
    finally:
        gb.set_num_threads(before[0])
        threads._decided = before[1]


# -- when kernels come, in processes of their own ----------------------------------------------------------------------


def child(code: str, **environment: str) -> str:
    """What a fresh Python prints."""
    head = "import sys, time, threading\nimport gradbook as gb\nfrom gradbook.backends import native\n"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", head + textwrap.dedent(code)],
        env={**os.environ, **environment}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_nothing_is_loaded_for_small_operations() -> None:
    code = """
    x = gb.randn(3, 4, requires_grad=True)
    (x @ x.T).softmax(-1).sum().backward()
    print("llvmlite" in sys.modules, "gradbook.kernels" in sys.modules, native.state.stage)
    """
    assert child(code) == "False False asleep"


def test_switched_off() -> None:
    code = """
    gb.manual_seed(0)
    for _ in range(3): gb.randn(64, 64).softmax(-1)
    print("llvmlite" in sys.modules, native.state.stage)
    """
    assert child(code, GRADBOOK_KERNELS="off") == "False off"


def test_without_llvmlite_all_is_as_before() -> None:
    code = """
    sys.modules["llvmlite"] = None
    gb.manual_seed(0)
    for _ in range(3): y = gb.randn(64, 64).softmax(-1)
    print(native.state.stage, bool(abs(y.sum() - 64) < 1e-3))
    """
    assert child(code) == "off True"


def test_kernels_come_in_the_background_and_leave_no_thread() -> None:
    code = """
    x, ends = gb.randn(64, 64), time.time() + 60
    first = x.softmax(-1)
    stage = native.state.stage
    plans = []
    while time.time() < ends and plans != ["Plan"]:
        y = x.softmax(-1)
        time.sleep(0.01)
        if native.kernels:
            from gradbook.kernels import now
            plans = [type(plan).__name__ for plan in now.own.plans.values()]
    while time.time() < ends and threading.active_count() > 1: time.sleep(0.01)
    print(stage != "asleep", native.state.stage, plans, threading.active_count(), bool((first - y).abs().max() < 1e-6))
    """
    assert child(code) == "True ready ['Plan'] 1 True"


def test_a_program_with_a_seed_gives_the_same_bits_each_time() -> None:
    code = """
    gb.manual_seed(0)
    nn = gb.nn
    model = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1014, 10))
    start, losses = model.state_dict(), []
    start = {name: value.clone() for name, value in start.items()}
    x, t = gb.randn(16, 1, 28, 28), gb.randint(0, 10, (16,))
    for again in range(2):
        model.load_state_dict(start)
        optimizer = gb.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(8):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), t)
            loss.backward()
            optimizer.step()
        losses.append(loss.item())
    print(native.state.stage, losses[0].hex(), losses[0] == losses[1], threading.active_count())
    """
    found = {child(code) for _ in range(3)}
    assert len(found) == 1
    words = found.pop().split()
    assert (words[0], words[2]) == ("ready", "True")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_child_process_forked_while_kernels_are_made_goes_on() -> None:
    code = """
    import os
    x = gb.randn(64, 64)
    x.softmax(-1)
    pid = os.fork()
    for _ in range(20): y = x.softmax(-1)
    ok = bool(abs(y.sum() - 64) < 1e-3)
    if pid == 0:
        os._exit(0 if ok else 1)
    print(ok, os.waitpid(pid, 0)[1])
    """
    assert child(code) == "True 0"


def test_shapes_that_never_come_again_make_no_plans(ready: list[str]) -> None:
    now.at_once[0] = native.state.patient = False
    now.own.plans.clear()
    for n in range(20, 40):
        gb.randn(n, 64).softmax(-1)
    assert not ready
    assert all(plan is now.SEEN for plan in now.own.plans.values())


def test_a_call_costs_little_more_than_its_kernel(ready: list[str]) -> None:
    x, y = np.zeros((2, 2), np.float32), np.zeros((2, 2), np.float32)
    from gradbook.kernels.softmax import softmax

    def seconds() -> float:
        started = time.process_time()
        for _ in range(2000):
            now.run(softmax, (y,), (x,))
        return (time.process_time() - started) / 2000

    now.run(softmax, (y,), (x,))
    assert min(seconds() for _ in range(5)) < 6e-6  # about 1 µs on a quiet machine
