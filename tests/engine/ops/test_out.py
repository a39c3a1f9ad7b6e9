"""out=: where the result goes, what it is cast to, when it warns and when it refuses, for every way an op takes it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import gradbook
from tests.parity_tools import compare, draw, integers, same_error, torch

X, Y = draw(3, 3, seed=1, low=0.2, high=0.9), draw(3, 3, seed=2, low=0.2, high=0.9)
I = integers(3, 3, low=0, high=2)  # noqa: E741

# name -> arguments after the first tensor; one name of each way that results are made
CASES: dict[str, tuple[Any, ...]] = {
    "abs": (), "add": (Y,), "exp": (), "logit": (), "floor": (), "maximum": (Y,), "clamp": (0.3,), "matmul": (Y,),
    "mm": (Y,), "addmm": (X, Y), "outer": (), "cat": (), "stack": (), "gather": (1, I), "index_select": (0, I[0]),
    "take": (I,), "tril": (), "diag": (), "sum": (0,), "mean": (0,), "std": (0,), "var": (0,), "cumsum": (0,),
    "argmax": (0,), "amax": (0,), "softmax": (0,), "sort": (), "topk": (2,), "max": (0,), "logsumexp": (0,), "all": (),
    "eq": (Y,), "isposinf": (), "nonzero": (), "scatter": (0, I, Y), "index_add": (0, I[0], Y), "kron": (Y,),
    "diagonal_copy": (), "unfold_copy": (0, 2, 1), "renorm": (2, 0, 0.5), "frexp": (), "nextafter": (Y,),
    "quantile": (0.5,),
    "slice_scatter": (Y,), "take_along_dim": (I, 0), "isin": (Y,), "masked_select": (I > 0,), "histc": (4,),
}  # fmt: skip
SILENTLY = {
    "softmax",
    "diag",
    "diagonal_copy",
    "unfold_copy",
    "quantile",
    "slice_scatter",
}  # without a gradient

ANY_DTYPE = {"cumsum", "sum", "std", "var"}  # PyTorch computes in the dtype of out; we in that of the result


def first(name: str) -> list[Any]:
    """The operands before the others: a list for those that join, one vector for those of vectors."""
    if name in ("cat", "stack"):
        return [[X, Y]]
    return [X[0], Y[0]] if name == "outer" else [X]


def call(name: str, prepare: Any) -> Any:
    """Call the op with outs that `prepare(lib, result)` makes of each result; -> (outs, did it warn?)."""

    def run(lib: Any, *args: Any) -> Any:
        fn = getattr(lib, name)
        results = fn(*args)
        many = not isinstance(results, lib.Tensor)
        outs = tuple(prepare(lib, r.detach()) for r in (results if many else (results,)))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            given = fn(*args, out=outs if many else outs[0])
        assert all(a is b for a, b in zip(outs, given if many else (given,), strict=True))
        return *outs, any("was resized" in str(w.message) for w in caught)

    return run


@pytest.mark.parametrize("name", CASES)
def test_out(name: str) -> None:
    operands = [*first(name), *CASES[name]]
    compare(call(name, lambda lib, r: lib.empty_like(r)), *operands, grad=False)
    compare(call(name, lambda lib, r: lib.empty(0, dtype=r.dtype)), *operands, grad=False)
    compare(call(name, lambda lib, r: lib.empty((*r.shape, 2), dtype=r.dtype)), *operands, grad=False)


@pytest.mark.parametrize("name", sorted(set(CASES) - ANY_DTYPE))
@pytest.mark.parametrize("dtype", ["int8", "complex128"])
def test_dtype_of_out(name: str, dtype: str) -> None:
    operands = [*first(name), *CASES[name]]
    prepared = call(name, lambda lib, r: lib.empty(tuple(r.shape), dtype=getattr(lib, dtype)))
    try:
        prepared(torch, *[parts(torch, o) for o in operands])
    except (RuntimeError, TypeError):
        same_error(prepared, *operands)
    else:
        compare(prepared, *operands, grad=False, rtol=1e-6)


def parts(lib: Any, value: Any) -> Any:
    if isinstance(value, list):
        return [parts(lib, part) for part in value]
    return lib.tensor(value) if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize("name", sorted(set(CASES) - SILENTLY - {"argmax", "all", "eq", "isposinf", "nonzero", "isin"}))
def test_autograd_refuses_out(name: str) -> None:
    def run(lib: Any, *args: Any) -> Any:
        tensors = args[0] if isinstance(args[0], (list, tuple)) else args[:1]
        for x in tensors:
            x.requires_grad_()
        return call(name, lambda lib, r: lib.empty_like(r))(lib, *args)

    if name == "histc":
        pytest.skip("histc has no gradient")
    error = same_error(run, *first(name), *CASES[name])
    assert "don't support automatic differentiation" in str(error)


def test_out_that_is_no_tensor() -> None:
    same_error(lambda lib, x: lib.exp(x, out=3), X)
    same_error(lambda lib, x: lib.tril(x, out=3), X)


def test_out_that_requires_grad() -> None:
    same_error(lambda lib, x: lib.exp(x, out=lib.empty(3, 3, requires_grad=True)), X)


def test_out_keeps_its_memory_and_counts_the_change() -> None:
    out = gradbook.empty(3, 3)
    where, before = out.data_ptr(), out._version
    gradbook.mm(gradbook.tensor(X), gradbook.tensor(Y), out=out)
    assert out.data_ptr() == where
    assert out._version == before + 1


@pytest.mark.parametrize("name", ["sum", "prod", "cumsum", "cumprod"])
@pytest.mark.parametrize("dtype", ["int8", "float16", "float64"])
def test_out_says_in_which_dtype_sums_are_taken(name, dtype) -> None:
    for given in (np.array([1.7, 2.6], "f4"), np.array([200, 100])):
        compare(lambda lib, x: getattr(lib, name)(x, 0, out=lib.empty(0, dtype=getattr(lib, dtype))), given, grad=False)
