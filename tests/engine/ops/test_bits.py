"""frexp, nextafter, hash_tensor; unravel_index and nonzero_static; renorm, sum_to_size, fill_diagonal_."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.parity_tools import compare, draw, same_error

X = draw(3, 4, seed=1, dtype="float64")


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_frexp(dtype: str) -> None:
    values = np.array([0.0, 1.0, -3.5, 1e-3, np.inf, np.nan]).astype(dtype)
    compare(lambda lib, x: tuple(lib.frexp(x)), values[:4])
    compare(lambda lib, x: lib.frexp(x).mantissa, values, grad=False)
    compare(lambda lib, x: x.frexp().exponent, values[:4])


def test_frexp_out_and_refusals() -> None:
    compare(lambda lib, x: tuple(lib.frexp(x, out=(lib.empty(3, 4).double(), lib.empty(3, 4).int()))), X, grad=False)
    same_error(lambda lib, x: lib.frexp(x), np.array([1, 2]))


def test_nextafter() -> None:
    compare(lambda lib, a, b: lib.nextafter(a, b), np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 1.0]))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float32", "float64"])
def test_hash_tensor(dtype: str) -> None:
    x = np.array([[0, 1, 1], [3, 2, 0]]).astype(dtype)
    compare(lambda lib, x: lib.hash_tensor(x), x, grad=False)
    compare(lambda lib, x: lib.hash_tensor(x, 1, keepdim=True), x, grad=False)
    compare(lambda lib, x: x.hash_tensor((0, 1)), x, grad=False)


def test_hash_tensor_refusals() -> None:
    same_error(lambda lib, x: lib.hash_tensor(x), np.ones((0, 3)))
    same_error(lambda lib, x: lib.hash_tensor(x, 0), np.ones((0, 3)))
    same_error(lambda lib, x: lib.hash_tensor(x), np.ones(2, "c8"))
    same_error(lambda lib, x: lib.hash_tensor(x, mode=3), np.ones(2))


def test_unravel_index() -> None:
    index = np.array([[3, -1, 5], [6, 100, 0]])
    for shape in ((2, 3), 7, (3, 1, 2)):
        compare(lambda lib, i, s=shape: lib.unravel_index(i, s), index)
    for bad in ((2, -3), (2, 3.0)):
        same_error(lambda lib, i, s=bad: lib.unravel_index(i, s), index)
    same_error(lambda lib, i: lib.unravel_index(i, 2), X)


def test_nonzero_static() -> None:
    for x in (np.array([[1, 0], [1, 1]]), np.array(1), np.zeros((0, 2))):
        compare(lambda lib, x: lib.nonzero_static(x, size=5, fill_value=9), x, grad=False)
        compare(lambda lib, x: x.nonzero_static(size=1), x, grad=False)
    same_error(lambda lib, x: lib.nonzero_static(x, size=-1), X)


@pytest.mark.parametrize("p", [1, 2, 3, float("inf")])
def test_renorm(p: float) -> None:
    compare(lambda lib, x: lib.renorm(x, p, 0, 1.0), X, second=p == 2)
    compare(lambda lib, x: x.renorm(p, -1, 0.3), X.astype("f4"))
    compare(lambda lib, x: (x * 1).renorm_(p, 1, 0.3), X)


def test_renorm_refusals() -> None:
    for args in ((-2, 0, 1), (2, 0, -1), (2, 7, 1)):
        same_error(lambda lib, x, a=args: lib.renorm(x, *a), X)
    same_error(lambda lib, x: lib.renorm(x, 2, 0, 1), X[0])
    same_error(lambda lib, x: lib.renorm(x, 2, 0, 1), np.ones((2, 2), "i8"))


def test_sum_to_size() -> None:
    for shape in ((3, 4), (1, 4), (3, 1), (4,), (1,), ()):
        compare(lambda lib, x, s=shape: x.sum_to_size(s), X)
    compare(lambda lib, x: x.sum_to_size(3, 1), X)
    for bad in ((3, 2), (1, 3, 4), (3,)):
        same_error(lambda lib, x, s=bad: x.sum_to_size(s), X)


@pytest.mark.parametrize("shape", [(3, 3), (5, 2), (2, 5), (7, 2), (2, 2, 2)])
@pytest.mark.parametrize("wrap", [False, True])
def test_fill_diagonal(shape: tuple[int, ...], wrap: bool) -> None:
    x = draw(*shape)
    compare(lambda lib, x: (x * 2).fill_diagonal_(7, wrap=wrap), x)


def test_fill_diagonal_refusals() -> None:
    same_error(lambda lib, x: x.fill_diagonal_(1), X[0])
    same_error(lambda lib, x: x.fill_diagonal_(1), draw(2, 3, 4))


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("alias_copy", ()), ("detach_copy", ()), ("diagonal_copy", (1,)), ("expand_copy", ((2, 3, 4),)),
        ("permute_copy", ((1, 0),)), ("select_copy", (1, 2)), ("slice_copy", (1, 0, 4, 2)), ("split_copy", (2,)),
        ("split_with_sizes_copy", ([1, 2],)), ("squeeze_copy", ()), ("t_copy", ()), ("transpose_copy", (0, 1)),
        ("unbind_copy", (1,)), ("unfold_copy", (1, 2, 1)), ("unsqueeze_copy", (0,)), ("view_copy", ((12,),)),
        ("as_strided_copy", ((2, 2), (1, 2))),
    ],
)  # fmt: skip
def test_copies(name: str, args: Any) -> None:
    compare(lambda lib, x: getattr(lib, name)(x, *args), X, grad=name != "detach_copy")

    def written(lib: Any, x: Any) -> Any:
        copy = getattr(lib, name)(x, *args)
        (copy if not isinstance(copy, tuple) else copy[0]).zero_()
        return x

    compare(written, X, grad=False)
