"""Reductions, scans, softmax, order and counting against PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook.autograd import gradcheck, gradgradcheck
from tests.parity_tools import compare, draw, integers, same_error, torch

DIMS: list[Any] = [None, 0, -1, (0, 2), [1]]
OVER_AXES = [
    "sum",
    "mean",
    "amax",
    "amin",
    "logsumexp",
    "nansum",
    "nanmean",
    "std",
    "var",
    "all",
    "any",
    "count_nonzero",
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("name", OVER_AXES)
def test_over_axes(name: str, keepdim: bool, dtype: str) -> None:
    x = draw(3, 4, 2, dtype=dtype)
    for dim in DIMS:
        if name == "logsumexp" and dim is None:
            continue
        kwargs: dict[str, Any] = {} if dim is None and name in ("all", "any", "amax", "amin") else {"dim": dim}
        if name != "count_nonzero" and (dim is not None or name in ("sum", "mean", "std", "var", "nansum", "nanmean")):
            kwargs["keepdim"] = keepdim
        second = name not in ("amax", "amin", "nansum", "nanmean")
        compare(lambda lib, x, kwargs=kwargs: getattr(lib, name)(x, **kwargs), x, second=second, grad_rtol=1e-4)
        compare(lambda lib, x, kwargs=kwargs: getattr(x, name)(**kwargs), x)


@pytest.mark.parametrize(
    "name", ["sum", "prod", "mean", "cumsum", "cumprod", "nansum", "max", "min", "amax", "argmax", "std", "median"]
)
@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "bool", "float16", "bfloat16"])
def test_dtypes(name: str, dtype: str) -> None:
    x = integers(3, 4, low=0, high=3).astype("f4")
    args = (0,) if name.startswith("cum") else ()

    def call(lib: Any, x: Any) -> Any:
        return getattr(lib, name)(x.detach().to(getattr(lib, dtype)), *args)

    try:
        call(torch, torch.tensor(x))
    except (RuntimeError, NotImplementedError):
        if name not in ("median",):
            same_error(call, x)
    else:
        compare(call, x, rtol=2e-2 if dtype == "bfloat16" else 2e-3 if dtype == "float16" else None)


def test_sum_in_another_dtype_and_by_numpys_names() -> None:
    compare(lambda lib, x: (lib.sum(x, dtype=lib.float64), x.sum(axis=1), x.mean(axis=0), x.sum(0, True)), draw(3, 4))
    compare(lambda lib, x: lib.sum(input=x, dim=(0, 1)), integers(3, 4))
    same_error(lambda lib, x: x.sum(2), draw(3, 4))
    same_error(lambda lib, x: x.sum((0, 0)), draw(3, 4))
    same_error(lambda lib, x: x.mean(), integers(3))
    compare(lambda lib, x: (x.sum(), x.sum(0), x.mean(-1), x.max(), x.argmax(0)), draw(), grad=False)
    compare(
        lambda lib, x: (x.sum(), x.mean(), x.sum(0), x.prod(), x.any(), x.all()), np.zeros((0, 3), "f4"), grad=False
    )


@pytest.mark.parametrize("args", [(), (1,), (1, False), (False,), (0, True, True)])
def test_variance_in_its_old_forms(args: Any) -> None:
    for name in ("var", "std", "var_mean", "std_mean"):
        compare(lambda lib, x, name=name: getattr(lib, name)(x, *args), draw(4, 3), grad_rtol=1e-4)
    compare(lambda lib, x: (x.var(correction=0), x.std(dim=0, correction=2)), draw(4, 3), grad_rtol=1e-4)
    same_error(lambda lib, x: x.std(), integers(3))


def test_products_with_zeros() -> None:
    x = draw(3, 4)
    for zeros in ([], [(0, 1)], [(0, 1), (0, 2), (2, 0)]):
        for place in zeros:
            x[place] = 0.0
        compare(
            lambda lib, x: (x.prod(), x.prod(1), x.prod(0, keepdim=True), x.cumprod(0), x.cumprod(-1)),
            x,
            second=True,
            grad_rtol=1e-4,
        )


@pytest.mark.parametrize("p", [2, 1, 3, 0.5, 1.5, float("inf"), -float("inf"), 0])
def test_norms(p: Any) -> None:
    x = draw(3, 4, low=0.3)
    compare(
        lambda lib, x: (lib.norm(x, p), lib.norm(x, p, dim=1), x.norm(p, 0, True)), x, grad_rtol=1e-4, second=p == 2
    )
    compare(lambda lib, x, y: lib.dist(x, y, p), x, draw(3, 4, seed=2), grad=p != 0, grad_rtol=1e-4)


def test_the_norm_of_zeros_has_a_gradient_of_zero() -> None:
    compare(lambda lib, x: (x.norm(), x.norm(dim=1), x.norm("fro")), np.zeros((2, 3), "f4"))
    compare(lambda lib, x: x.std(0), np.ones((2, 3), "f4"))


@pytest.mark.parametrize("name", ["max", "min"])
def test_extremes_in_all_forms(name: str) -> None:
    x = draw(3, 4)
    compare(lambda lib, x: getattr(lib, name)(x), x)
    for keepdim in (False, True):
        compare(lambda lib, x, k=keepdim: getattr(lib, name)(x, 1, keepdim=k), x, second=True)
    compare(lambda lib, x: getattr(x, name)(dim=0).values + getattr(x, name)(dim=0).indices, x)
    compare(lambda lib, x, y: getattr(lib, name)(x, y), x, draw(3, 4, seed=1))
    compare(lambda lib, x: getattr(lib, name)(x), np.array([1.0, 3.0, 3.0, 1.0], "f4"))
    compare(
        lambda lib, x: (getattr(lib, name)(x), getattr(lib, name)(x, 0), getattr(lib, "arg" + name)(x)),
        np.array([1.0, np.nan, 3.0], "f4"),
        grad=False,
    )
    same_error(lambda lib, x: getattr(lib, name)(x), np.zeros((0, 2), "f4"))
    same_error(lambda lib, x: getattr(lib, name)(x, 0), np.zeros((0, 2), "f4"))
    same_error(lambda lib, x: getattr(lib, name)(x, 3), x)


def test_named_results_open_like_tuples() -> None:
    values, indices = gradbook.tensor([3.0, 5.0, 4.0]).max(0)
    assert (values.item(), indices.item()) == (5.0, 1)
    assert gradbook.tensor([[1.0, 2.0]]).aminmax(dim=1).max.tolist() == [2.0]


def test_arguments_of_extremes() -> None:
    x = draw(3, 4, 2)
    for name in ("argmax", "argmin"):
        compare(
            lambda lib, x, name=name: [getattr(lib, name)(x), getattr(x, name)(1), getattr(x, name)(-1, keepdim=True)],
            x,
        )


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softmax(name: str, dtype: str) -> None:
    for dim in (0, 1, -1):
        compare(
            lambda lib, x, dim=dim: getattr(lib, name)(x, dim), draw(3, 4, 2, dtype=dtype), second=True, grad_rtol=1e-4
        )
    compare(lambda lib, x: getattr(x, name)(dim=0), np.array([1e4, -1e4, 0.0, -np.inf], dtype), grad=False)
    compare(lambda lib, x: getattr(x, name)(0, dtype=lib.float64), draw(4, dtype=dtype))
    same_error(lambda lib, x: getattr(lib, name)(x, 0), integers(3))
    same_error(lambda lib, x: getattr(lib, name)(x, 5), draw(3))


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "cummax", "cummin", "logcumsumexp"])
def test_scans(name: str) -> None:
    for dim in (0, 1, -1):
        compare(
            lambda lib, x, dim=dim: getattr(lib, name)(x, dim), draw(3, 4), second=name[:4] == "cums", grad_rtol=1e-4
        )
    compare(lambda lib, x: getattr(lib, name)(x, 0), draw(), grad=False)


def test_differences_and_integrals() -> None:
    compare(lambda lib, x: (lib.diff(x), lib.diff(x, 2, 0), lib.diff(x, prepend=x[:, :1])), draw(3, 4))
    compare(
        lambda lib, y, x: (lib.trapezoid(y), lib.trapezoid(y, x), lib.cumulative_trapezoid(y, dx=0.5)),
        draw(3, 4),
        draw(4, seed=1),
    )


def test_sorting() -> None:
    for x in (draw(3, 5), integers(3, 5, low=0, high=3), np.array([[1.0, np.nan, 3.0, 2.0]], "f4")):
        for descending in (False, True):
            compare(lambda lib, x, d=descending: lib.sort(x, descending=d, stable=True), x, grad=not np.isnan(x).any())
            compare(lambda lib, x, d=descending: lib.argsort(x, dim=0, descending=d, stable=True), x, grad=False)
    compare(lambda lib, x: (x.sort(0)[0], lib.msort(x)), draw(4, 3), second=True)


def test_topk_kthvalue_median_mode() -> None:
    x = draw(3, 50)
    for largest in (True, False):
        compare(lambda lib, x, b=largest: lib.topk(x, 4, largest=b), x, second=True)
        compare(lambda lib, x, b=largest: lib.topk(x, 2, dim=0, largest=b), x)
        compare(lambda lib, x, b=largest: x.topk(7, largest=b), draw(4000), grad=False)
    compare(lambda lib, x: (lib.kthvalue(x, 3), lib.kthvalue(x, 2, 0, True)), x)
    compare(lambda lib, x: (lib.median(x), lib.median(x, 1), x.median(0, keepdim=True)), x)
    holes = np.array([[1.0, np.nan, 3.0, 2.0], [4.0, 3.0, 2.0, 1.0]], "f4")
    compare(
        lambda lib, x: (lib.median(x), lib.nanmedian(x), lib.nanmedian(x, 1).values, lib.median(x, 1)),
        holes,
        grad=False,
    )
    compare(lambda lib, x: (lib.mode(x, 1), lib.mode(x, 0, True)), integers(4, 9, low=0, high=3))
    same_error(lambda lib, x: x.topk(51), x)
    same_error(lambda lib, x: x.kthvalue(0), x)


@pytest.mark.parametrize("way", ["linear", "lower", "higher", "midpoint", "nearest"])
def test_quantiles(way: str) -> None:
    x = draw(4, 7, dtype="float64")
    compare(lambda lib, x: lib.quantile(x, 0.3, interpolation=way), x)
    compare(
        lambda lib, x, q: lib.quantile(x, q.detach(), dim=1, keepdim=True, interpolation=way),
        x,
        np.array([0.1, 0.5, 1.0]),
    )
    x[0, 0] = np.nan
    compare(lambda lib, x: (lib.quantile(x, 0.3, 1), lib.nanquantile(x, 0.3, 1, interpolation=way)), x, grad=False)
    same_error(lambda lib, x: lib.quantile(x, 1.5), x)


def test_unique() -> None:
    x = integers(4, 6, low=0, high=4)
    for kwargs in (
        {},
        {"return_inverse": True},
        {"return_counts": True},
        {"return_inverse": True, "return_counts": True, "dim": 1},
    ):
        compare(lambda lib, x, kwargs=kwargs: lib.unique(x, **kwargs), x)
        compare(lambda lib, x, kwargs=kwargs: lib.unique_consecutive(x, **kwargs), x)


def test_counting() -> None:
    x = integers(20, low=0, high=6)
    compare(lambda lib, x, w: (lib.bincount(x), x.bincount(minlength=9), lib.bincount(x, w.detach())), x, draw(20))
    compare(lambda lib, x: (lib.histc(x, 5), lib.histc(x, 4, -1, 1)), draw(50), grad=False)
    edges = np.array([0.0, 1.0, 2.0, 3.0], "f4")
    for right in (False, True):
        compare(
            lambda lib, e, v, r=right: (lib.searchsorted(e, v, right=r), lib.bucketize(v, e, right=r)),
            edges,
            draw(3, 4, low=-1, high=4),
        )
        compare(lambda lib, e, v, r=right: lib.bucketize(v, e, right=r), edges, edges)
    compare(lambda lib, x, y: lib.isin(x, y), x, np.array([1, 3]))
    same_error(lambda lib, x: lib.bincount(x), np.array([-1, 2]))


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("sum", (1,)),
        ("mean", (0,)),
        ("var", (1,)),
        ("std", (1,)),
        ("prod", (1,)),
        ("logsumexp", (1,)),
        ("softmax", (1,)),
        ("log_softmax", (1,)),
        ("cumsum", (1,)),
        ("cumprod", (1,)),
        ("norm", ()),
        ("amax", (1,)),
        ("max", ()),
        ("logcumsumexp", (1,)),
    ],
)
def test_gradients_by_differences(name: str, args: Any) -> None:
    x = gradbook.tensor(draw(3, 4, dtype="float64"), requires_grad=True)
    assert gradcheck(lambda x: getattr(gradbook, name)(x, *args), (x,))
    assert gradgradcheck(lambda x: getattr(gradbook, name)(x, *args), (x,))


def test_out_receives_the_result() -> None:
    compare(
        lambda lib, x: (lib.sum(x, 0, out=lib.empty(0)), lib.cumsum(x, 0, out=lib.empty(0))), draw(3, 4), grad=False
    )
    compare(lambda lib, x: lib.max(x, 0, out=(lib.empty(0), lib.empty(0, dtype=lib.int64))), draw(3, 4), grad=False)


def test_covariance_and_distances() -> None:
    x, weights = draw(3, 6, dtype="float64"), np.array([1, 2, 1, 3, 1, 1])
    compare(lambda lib, x: (lib.cov(x), lib.cov(x, correction=0), lib.corrcoef(x), lib.cov(x[0])), x, second=True)
    compare(lambda lib, x, w: (lib.cov(x, fweights=w), lib.cov(x, aweights=w.double())), x, weights)
    compare(lambda lib, x, y: (lib.cdist(x, y), lib.cdist(x, y, 1.0)), draw(3, 4), draw(5, 4, seed=1), grad_rtol=1e-4)
    same_error(lambda lib, x: lib.cov(x, fweights=lib.ones(6)), x)
    same_error(lambda lib, x: lib.cdist(x, x[:, :2]), x)
    compare(lambda lib, a, b: lib.cdist(a, b), draw(2, 30, 4), draw(2, 7, 4, seed=1), second=True, rtol=1e-4)
    product = "use_mm_for_euclid_dist"
    compare(lambda lib, a, b: lib.cdist(a, b, compute_mode=product), draw(3, 4), draw(2, 4, seed=1), second=True)
    compare(lambda lib, a: lib.cdist(a, a), draw(40, 4, dtype="float64"), grad=False, rtol=1e-6)
    same_error(lambda lib, x: lib.cdist(x, x, compute_mode="another"), x)


def test_the_distance_of_a_point_to_itself_has_no_gradient():
    x = gradbook.rand(40, 3, dtype=gradbook.float64, requires_grad=True)
    gradbook.cdist(x, x).diagonal().sum().backward()
    assert x.grad.abs().max().item() < 1e-6
