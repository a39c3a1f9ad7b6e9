"""axis and keepdims, wherever PyTorch takes them beside dim and keepdim."""

from __future__ import annotations

import inspect
import pickle

import numpy as np
import pytest

import gradbook
from tests.parity_tools import compare, draw, same_error

ALONG = {
    "sum": {"axis": 0, "keepdims": True}, "mean": {"axis": (0, 1), "keepdims": True}, "prod": {"axis": 0},
    "max": {"axis": 0, "keepdims": True}, "min": {"axis": 0}, "argmax": {"axis": 0, "keepdims": True},
    "softmax": {"axis": 0}, "log_softmax": {"axis": 0}, "std": {"axis": 0, "keepdims": True}, "var": {"axis": 0},
    "median": {"axis": 0}, "any": {"axis": 0}, "all": {"axis": 0}, "cumsum": {"axis": 0}, "sort": {"axis": 0},
    "topk": {"k": 1, "axis": 0}, "squeeze": {"axis": 0}, "unsqueeze": {"axis": 0}, "logsumexp": {"axis": 0},
    "amax": {"axis": 0, "keepdims": True}, "chunk": {"chunks": 2, "axis": 0}, "unbind": {"axis": 0},
    "select": {"axis": 0, "index": 0}, "narrow": {"axis": 0, "start": 0, "length": 1},
    "repeat_interleave": {"repeats": 2, "axis": 0}, "quantile": {"q": 0.5, "axis": 0},
}  # fmt: skip


@pytest.mark.parametrize("name", ALONG)
def test_functions_and_methods(name):
    x = draw(3, 2)
    compare(lambda lib, x: getattr(lib, name)(x, **ALONG[name]), x)
    compare(lambda lib, x: getattr(x, name)(**ALONG[name]), x)


def test_of_lists():
    compare(lambda lib, a, b: (lib.cat([a, b], axis=1), lib.stack((a, b), axis=-1)), draw(2, 2), draw(2, 2, seed=1))


def test_input_too():
    compare(lambda lib, x: (lib.sum(x=x, axis=0), lib.softmax(a=x, dim=0)), draw(2, 3))


def test_both_are_refused():
    same_error(lambda lib, x: lib.sum(x, dim=0, axis=1), draw(2, 3))
    same_error(lambda lib, x: x.argmax(axle=1), draw(2, 3))


def test_methods_write_nowhere_else():
    same_error(lambda lib, x: x.sum(0, out=lib.empty(3)), draw(2, 3))
    same_error(lambda lib, x: np.sum(x), draw(2, 3))


def test_they_can_be_pickled():
    for function in (gradbook.sum, gradbook.softmax, gradbook.Tensor.sum):
        assert pickle.loads(pickle.dumps(function)) is function


def test_signatures_are_as_written():
    assert str(inspect.signature(gradbook.argmax)).startswith("(input: 'Tensor', dim:")
    assert gradbook.sum.__name__ == "sum"
