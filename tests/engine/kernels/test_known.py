"""Calls that are known: the machine code gives what Python gives, learns nothing else, and leaks nothing."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import gradbook as gb
import gradbook.nn.functional as F
from gradbook.autograd.op import registry
from gradbook.backends import native
from gradbook.kernels import indexed_now, known, losses_now, now
from gradbook.kernels.host import unavailable
from gradbook.kernels.rows_now import softmax

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)
if not known.usable():
    pytest.skip("not this Python, or not this NumPy", allow_module_level=True)

F32 = np.dtype(np.float32)


@pytest.fixture
def calls() -> Iterator[Callable[[Callable[..., Any]], tuple[Callable[..., Any], list[Any]]]]:
    """Makes a function that knows its calls, and a list of those that Python had to compute."""
    count = len(known._all)

    def made(plain: Callable[..., Any]) -> tuple[Callable[..., Any], list[Any]]:
        computed: list[Any] = []

        def told(*args: Any, **params: Any) -> Any:
            computed.append(args)
            return plain(*args, **params)

        return known.known(told), computed

    yield made
    del known._all[count:]


def numbers(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def test_a_call_like_an_earlier_one_is_native_and_gives_the_same(calls: Any) -> None:
    fast, computed = calls(softmax)
    for seed in range(4):
        x = numbers(5, 7, seed=seed)
        np.testing.assert_array_equal(fast(np, x, dim=1), softmax(np, x, dim=1))
    assert len(computed) == 1


@pytest.mark.parametrize(
    "other",
    [
        lambda x: x[:, :6].copy(),  # lengths
        lambda x: x[:4],
        lambda x: np.concatenate([x, x], 1)[:, ::2],  # strides
        lambda x: np.asfortranarray(x),
        lambda x: x.astype(np.float64),  # dtype
        lambda x: x[None],  # axes
        lambda x: x.view(np.int32),
        lambda x: np.ma.array(x),  # another class
    ],
)
def test_other_arrays_are_not_taken_for_known_ones(calls: Any, other: Any) -> None:
    def plain(x: Any) -> Any:
        y = np.empty(x.shape, np.float32)
        if x.dtype is F32 and x.flags.c_contiguous and type(x) is np.ndarray and x.ndim == 2:
            now.run(now_softmax, (y,), (x,))
        return y

    from gradbook.kernels.softmax import softmax as now_softmax

    fast, computed = calls(plain)
    x = numbers(5, 8)
    fast(x), fast(x)
    assert len(computed) == 1
    fast(other(x))
    assert len(computed) == 2


@pytest.mark.parametrize(
    ("first", "second", "known_then"),
    [
        ((1, 2), (1, 2), True),
        ((1, 2), (1, 3), False),
        ((1, 2), (1, 2, 3), False),
        ((1, 2), (1.0, 2), False),  # equal, and yet another type
        ((1, True), (1, 1), False),
        ((), (), True),
        ((1, 2), (np.ones(3), 2), False),  # == would raise
        ((1, (2,)), (1, (2,)), False),
        (1, True, False),  # equal, and yet another type
        (1.0, 1.0, True),
        (0.0, -0.0, False),
        (float("nan"), float("nan"), True),
        ("mean", "".join(["me", "an"]), True),
        (None, 0, False),
        (10**30, 10**30 + 0, True),
        ([1], [1], False),  # a list may change
    ],
)
def test_values_are_compared_by_type_and_value(calls: Any, first: Any, second: Any, known_then: bool) -> None:
    from gradbook.kernels.softmax import softmax as add

    def plain(x: Any, *, setting: Any) -> Any:
        y = np.empty(x.shape, np.float32)
        now.run(add, (y,), (x,))
        return y

    fast, computed = calls(plain)
    x = numbers(3, 4)
    fast(x, setting=first)
    fast(x, setting=second)
    assert len(computed) == (1 if known_then else 2)
    with pytest.raises(TypeError, match="setting"):  # Python's own words for wrong arguments
        fast(x)
    with pytest.raises(TypeError, match="other"):
        fast(x, other=first)


def test_what_is_not_one_run_on_arguments_is_not_learnt(calls: Any) -> None:
    from gradbook.kernels.softmax import softmax as add

    def copied(x: Any) -> Any:  # of a copy, not of the argument
        y = np.empty(x.shape, np.float32)
        now.run(add, (y,), (x.copy(),))
        return y

    def twice(x: Any) -> Any:
        y, z = np.empty(x.shape, np.float32), np.empty(x.shape, np.float32)
        now.run(add, (y,), (x,))
        now.run(add, (z,), (y,))
        return z

    def more(x: Any) -> Any:  # an array that is no result
        y, z = np.empty(x.shape, np.float32), np.ones(2, np.float32)
        now.run(add, (y,), (x,))
        return y, z

    def beside(x: Any) -> Any:  # an array that is made and not given
        y, z = np.empty(x.shape, np.float32), np.empty(x.shape, np.float32)
        now.run(lambda program, a, b, x: (add(program, a, x), add(program, b, x)), (y, z), (x,))
        return y

    def nothing(x: Any) -> Any:
        return x * 2

    for plain in (copied, twice, more, beside, nothing):
        fast, computed = calls(plain)
        x = numbers(3, 4)
        for _ in range(3):
            for got, wanted in zip(fast(x), plain(x), strict=True):
                np.testing.assert_array_equal(got, wanted)
        assert len(computed) == 3, plain.__name__


def test_answers_of_several_parts_in_other_shapes(calls: Any) -> None:
    from gradbook.kernels.softmax import softmax as add

    def plain(x: Any) -> Any:
        y = np.empty(x.shape, np.float32)
        now.run(add, (y,), (x.reshape(-1, x.shape[-1]).reshape(x.shape),))
        return None, y.reshape(-1), None

    fast, computed = calls(plain)
    x = numbers(2, 3, 4)
    for i in range(3):
        nothing, y, none = fast(x)
        assert nothing is None
        assert none is None
        assert y.shape == (24,)
        assert y.dtype is F32
        assert i == 0 or y.base is None
        np.testing.assert_array_equal(y, plain(x)[1])
    assert len(computed) == 1


def test_references_are_neither_lost_nor_kept(calls: Any) -> None:
    fast, _ = calls(softmax)
    x = numbers(6, 9)
    fast(np, x, dim=1)
    watched = (None, F32, x, np.ndarray)
    before = [sys.getrefcount(o) for o in watched]
    for _ in range(2000):
        fast(np, x, dim=1)
    after = [sys.getrefcount(o) for o in watched]
    assert all(abs(b - a) < 50 for a, b in zip(before, after, strict=True))
    made = fast(np, x, dim=1)
    assert sys.getrefcount(made) == 2  # its name, and the argument of this call


def test_many_shapes_are_forgotten_rather_than_kept(calls: Any) -> None:
    fast, computed = calls(softmax)
    each = known._all[-1]
    for n in range(1, known.MOST + 40):
        x = numbers(2, n)
        np.testing.assert_array_equal(fast(np, x, dim=1), softmax(np, x, dim=1))
    assert len(each.entries) <= known.MOST
    before = len(computed)
    fast(np, numbers(2, known.MOST + 39), dim=1)
    assert len(computed) == before
    known.forget()
    fast(np, numbers(2, known.MOST + 39), dim=1)
    assert len(computed) == before + 1
    assert len(each.entries) == 1


def test_threads_learn_call_and_forget_at_once(calls: Any) -> None:
    fast, _ = calls(softmax)
    each, wrong, ends = known._all[-1], [], threading.Event()
    given = [numbers(3, n, seed=n) for n in range(1, 200)]
    wanted = [softmax(np, x, dim=1) for x in given]

    def work(first: int) -> None:
        for i in range(1500):
            k = (first + i * 7) % len(given)
            if not np.array_equal(fast(np, given[k], dim=1), wanted[k]):
                wrong.append(k)

    def forget() -> None:
        while not ends.wait(0.001):
            each.forget()

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        workers = [threading.Thread(target=work, args=(k,)) for k in range(0, 200, 50)]
        other = threading.Thread(target=forget)
        for thread in (*workers, other):
            thread.start()
        for thread in workers:
            thread.join()
        ends.set()
        other.join()
    finally:
        sys.setswitchinterval(before)
    assert wrong == []


def test_errors_of_python_come_through(calls: Any) -> None:
    def plain(x: Any) -> Any:
        raise ValueError("as it is")

    fast, _ = calls(plain)
    with pytest.raises(ValueError, match="as it is"):
        fast(numbers(3))


def test_a_training_step_is_known_after_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """All its small operations: linear, relu and the loss, and their gradients."""
    monkeypatch.setattr(native.state, "patient", True)
    for each in known._all:  # what tests before this one called in vain
        each.vain = 0
    model = gb.nn.Sequential(gb.nn.Linear(2, 16), gb.nn.ReLU(), gb.nn.Linear(16, 16), gb.nn.ReLU(), gb.nn.Linear(16, 1))
    x, y = gb.randn(64, 2), gb.randn(64, 1)
    for _ in range(2):  # kernels may be loaded in the first operation: by then it is computed
        F.mse_loss(model(x), y).backward()
    before = [(each.calls, each) for each in known._all]
    for _ in range(3):
        F.mse_loss(model(x), y).backward()
    assert [each.calls - count for count, each in before] == [0] * len(before)
    assert registry["linear"]._cpu is not registry["linear"]._run


def test_the_same_array_twice_is_not_taken_for_two(calls: Any) -> None:
    from gradbook.kernels.products_now import kernels

    multiply = kernels()["matmul"]
    fast, _ = calls(multiply)
    a, b = numbers(6, 6), numbers(6, 6, seed=1)
    for x, y in ((a, a), (a, b), (b, a), (a, a.T), (a, b.T), (a.T, b), (b, b)):
        np.testing.assert_array_equal(fast(x, y), multiply(x, y))


@pytest.mark.parametrize("rows", [8, 200, 1000])  # results small, in memory used again, and too large to be known
def test_what_a_kernel_clears_is_cleared_in_known_calls_too(calls: Any, rows: int) -> None:
    labels, one = np.arange(rows) % 100, np.ones(1, np.float32)
    index, grad = labels[:, None].copy(), np.ones((rows, 1), np.float32)
    picked, _ = calls(indexed_now.gather_grad)
    likely, _ = calls(losses_now.nll_rule)
    for _ in range(4):
        held = [np.full((rows, 100), 7, np.float32) for _ in range(3)]
        del held  # leaves no zeros behind it
        assert abs(picked(np, grad, index, dim=1, shape=(rows, 100))).sum() == rows
        assert abs(likely(one.reshape(()), labels, None, (rows, 100), "sum", -100)).sum() == rows
