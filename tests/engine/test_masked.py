"""gradbook.masked: what a mask leaves, as torch.masked, gradients too."""

from __future__ import annotations

import math

import numpy as np
import pytest

import gradbook
from tests.parity_tools import compare, draw, integers, same_error

torch = pytest.importorskip("torch")
MASK = np.array([[True, False, True, True], [True, True, False, False], [False, True, True, False]])
PART = np.array([True, False, True, True])
WHOLE = ["sum", "prod", "amax", "amin", "mean", "var", "std", "logsumexp", "norm"]
ALONG = ["cumsum", "cumprod", "softmax", "log_softmax", "softmin", "median", "argmax", "argmin"]


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("mask", [None, MASK, PART, MASK[:, :1] | True], ids=["none", "full", "row", "column"])
def test_reductions(name, mask):
    x = draw(3, 4, dtype="float64")
    for options in ({}, {"dim": 1}, {"dim": (0, 1), "keepdim": True}, {"dim": -2, "keepdim": True}):

        def fn(lib, x, o=options):
            return getattr(lib.masked, name)(x, mask=None if mask is None else lib.tensor(mask), **o)

        compare(fn, x, second=True, rtol=1e-8)


@pytest.mark.parametrize("name", ALONG)
@pytest.mark.parametrize("mask", [None, MASK, PART], ids=["none", "full", "row"])
def test_along_an_axis(name, mask):
    for dim in (0, 1, -1):

        def fn(lib, x, d=dim):
            return getattr(lib.masked, name)(x, dim=d, mask=None if mask is None else lib.tensor(mask))

        compare(fn, draw(3, 4, dtype="float64"), rtol=1e-8)


@pytest.mark.parametrize("name", ["sum", "prod", "amax", "amin", "argmax", "argmin", "cumsum", "cumprod", "median"])
def test_integers(name):
    for kind in ("int64", "int32", "uint8"):
        x = integers(3, 4, low=0, dtype=kind)
        compare(lambda lib, x: getattr(lib.masked, name)(x, dim=1, mask=lib.tensor(MASK)), x)
        compare(lambda lib, x: getattr(lib.masked, name)(x, dim=0, dtype=lib.float64), x)
    compare(lambda lib, x: lib.masked.var(x, 1, mask=lib.tensor(MASK)), integers(3, 4))


@pytest.mark.parametrize("name", [*WHOLE[:4], "norm", "softmax", "log_softmax", "softmin", "median", "mean", "var"])
def test_nothing_counts(name):
    def fn(lib, x):
        return getattr(lib.masked, name)(x, dim=1, mask=lib.tensor([[True] * 4, [False] * 4]))

    options = {"ord": 2.0} if name == "norm" else {}
    compare(lambda lib, x: fn(lib, x), draw(2, 4, dtype="float64"), grad=not options and name not in ("var", "median"))


def test_options():
    x, y = draw(3, 4, dtype="float64"), draw(3, 4, seed=1, dtype="float64")
    for ord in (0, 1, 3.5, math.inf, -math.inf):
        compare(lambda lib, x, p=ord: lib.masked.norm(x, p, 1, mask=lib.tensor(MASK)), x)
    for less in (0, 1, 2):
        compare(lambda lib, x, c=less: lib.masked.var(x, 1, correction=c, mask=lib.tensor(MASK)), x, grad=False)
    compare(lambda lib, x: lib.masked.std(x, 1, False, mask=lib.tensor(MASK)), x)
    compare(lambda lib, x: lib.masked.normalize(x, 2.0, 1, mask=lib.tensor(MASK)), x, second=True)
    compare(lambda lib, x: lib.masked.normalize(x, 1.0, 0), x)
    compare(lambda lib, x: lib.masked.softmax(x, 1, dtype=lib.float64, mask=lib.tensor(MASK)), x.astype("float32"))
    compare(
        lambda lib, x, y: lib.masked.logaddexp(x, y, input_mask=lib.tensor(MASK), other_mask=lib.tensor(PART)), x, y
    )
    compare(lambda lib, x, y: lib.masked.logaddexp(x, y), x, y)


def test_complex():
    x = draw(3, 4, dtype="float64") + 1j * draw(3, 4, seed=1, dtype="float64")
    for name in ("sum", "prod", "mean", "norm", "var", "logsumexp"):
        compare(lambda lib, x, n=name: getattr(lib.masked, n)(x, dim=1, mask=lib.tensor(MASK)), x)


ERRORS = {
    "mask of more axes": lambda lib, x: lib.masked.sum(x, 1, mask=lib.tensor(MASK)[None]),
    "mask of another shape": lambda lib, x: lib.masked.sum(x, 1, mask=lib.tensor(MASK)[:, :2]),
    "axis": lambda lib, x: lib.masked.sum(x, 5),
    "axis twice": lambda lib, x: lib.masked.sum(x, (0, 0)),
    "mean of integers": lambda lib, x: lib.masked.mean(x.long(), 1),
    "amax of bool": lambda lib, x: lib.masked.amax(x > 0, 1, mask=lib.tensor(MASK)),
    "amax of complex": lambda lib, x: lib.masked.amax(x + 0j, 1, mask=lib.tensor(MASK)),
    "median of nothing": lambda lib, x: lib.masked.median(x.long(), 1, mask=lib.zeros(3, 4, dtype=lib.bool)),
    "two corrections": lambda lib, x: lib.masked.var(x, 1, True, correction=1),
    "argmax of axes": lambda lib, x: lib.masked.argmax(x, (0, 1)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    same_error(ERRORS[name], draw(3, 4))


def test_every_function_is_there():
    beside = {"MaskedTensor", "as_masked_tensor", "is_masked_tensor", "masked_tensor"}
    theirs = {name for name in dir(torch.masked) if name[0] != "_" and callable(getattr(torch.masked, name))}
    assert set(gradbook.masked.__all__) == theirs - beside


def test_logsumexp_of_complex_numbers():
    x = draw(3, 4, dtype="float64") * 4 + 4j * draw(3, 4, seed=1, dtype="float64")
    compare(lambda lib, x: lib.logsumexp(x, 1), x)
