"""torch.special: values, dtypes, gradients of both orders and refusals against PyTorch, function by function."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradbook
from tests.parity_tools import compare, draw, same_error, torch

POSITIVE = draw(4, 3, low=0.2, high=6.0, dtype="float64")
ANY = draw(4, 3, low=-4.0, high=4.0, dtype="float64")
SHARE = draw(4, 3, low=0.02, high=0.98, dtype="float64")

DIFFERENTIABLE = {
    "digamma": POSITIVE, "entr": POSITIVE, "erf": ANY, "erfc": ANY, "erfcx": ANY, "erfinv": SHARE, "exp2": ANY,
    "expit": ANY, "expm1": ANY, "gammaln": POSITIVE, "i0": ANY, "i0e": ANY, "i1": ANY, "i1e": ANY, "log1p": POSITIVE,
    "log_ndtr": ANY * 4, "logit": SHARE, "ndtr": ANY, "ndtri": SHARE, "psi": POSITIVE, "round": ANY, "sinc": ANY,
}  # fmt: skip
FLAT = {
    "airy_ai": ANY, "bessel_j0": ANY, "bessel_j1": ANY, "bessel_y0": POSITIVE, "bessel_y1": POSITIVE,
    "modified_bessel_i0": ANY, "modified_bessel_i1": ANY, "modified_bessel_k0": POSITIVE,
    "modified_bessel_k1": POSITIVE, "scaled_modified_bessel_k0": POSITIVE, "scaled_modified_bessel_k1": POSITIVE,
    "spherical_bessel_j0": ANY,
}  # fmt: skip
POLYNOMIALS = [name for name in dir(gradbook.special) if "_polynomial_" in name]
BEYOND = {"Tensor", "common_args", "multi_dim_common", "torch"}  # what torch.special happens to import


def call(name: str, *rest: Any) -> Any:
    return lambda lib, *tensors: getattr(lib.special, name)(*tensors, *rest)


def test_every_name_of_torch_special_is_there() -> None:
    public = {name for name in dir(torch.special) if not name.startswith("_")} - BEYOND
    assert public == set(gradbook.special.__all__)
    assert public <= set(DIFFERENTIABLE) | set(FLAT) | set(POLYNOMIALS) | {
        "gammainc", "gammaincc", "log_softmax", "logsumexp", "multigammaln", "polygamma", "softmax", "xlog1py", "xlogy",
        "zeta",
    }  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_functions_with_gradients(name: str) -> None:
    compare(call(name), DIFFERENTIABLE[name], second=name != "round", rtol=1e-9)
    compare(call(name), DIFFERENTIABLE[name].astype("f4"))
    if name != "round":  # PyTorch has torch.round for integers, but not this name of it
        compare(call(name), np.array([0, 1]))


@pytest.mark.parametrize("name", ["i0", "i0e", "i1", "i1e"])
def test_bessel_gradients_at_zero(name: str) -> None:
    compare(call(name), np.array([0.0, -0.0, 1e-12]), second=name in ("i0", "i0e"))


@pytest.mark.parametrize("name", FLAT)
def test_functions_without_gradients(name: str) -> None:
    compare(call(name), FLAT[name], rtol=1e-5)  # PyTorch keeps six digits of some; see the last test
    compare(call(name), np.array([1, 2, 3]))
    same_error(call(name), np.ones(2, "f2"))
    assert not getattr(gradbook.special, name)(gradbook.ones(1, requires_grad=True)).requires_grad


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_polynomials(name: str) -> None:
    degrees = np.array([-1.0, 0.0, 1.0, 2.7, 5.0, 9.0])[:, None]
    compare(call(name), draw(5, low=-1.5, high=1.5, dtype="float64"), degrees, rtol=1e-7)
    compare(call(name, 3), draw(5))
    compare(lambda lib, n: getattr(lib.special, name)(0.3, n=n), np.arange(4))
    same_error(call(name), np.ones(2, "f2"), np.ones(2, "f2"))
    same_error(lambda lib: getattr(lib.special, name)(0.3, 2))


@pytest.mark.parametrize("name", ["gammainc", "gammaincc"])
def test_incomplete_gamma(name: str) -> None:
    orders = draw(4, 3, seed=1, low=0.3, high=5.0, dtype="float64")
    compare(lambda lib, a, x: getattr(lib.special, name)(a.detach(), x), orders, POSITIVE, second=True, rtol=1e-9)
    compare(call(name), np.array([0.5, 2.0], "f2"), np.array([1.0, 0.0], "f2"), grad=False)
    same_error(call(name), np.array([1, 2]), np.array([1, 2]))
    same_error(lambda lib, a, x: getattr(lib.special, name)(a.requires_grad_(), x).sum().backward(), orders, POSITIVE)
    compare(lambda lib, a, x: a.igamma(x) + a.igammac(x), orders.astype("f4"), POSITIVE.astype("f4"), grad=False)


def test_zeta() -> None:
    orders = draw(4, 3, seed=1, low=1.3, high=5.0, dtype="float64")
    compare(lambda lib, a, b: lib.special.zeta(a.detach(), b), orders, POSITIVE, second=True, rtol=1e-9)
    compare(lambda lib, b: lib.special.zeta(2, b), POSITIVE)
    compare(lambda lib, a: lib.special.zeta(a.detach(), 2), orders)
    same_error(lambda lib, a: lib.special.zeta(a.requires_grad_(), 2.0).sum().backward(), orders)
    same_error(call("zeta"), np.ones(2, "f2"), np.ones(2, "f2"))


def test_xlog1py() -> None:
    other = np.array([-1.0, -0.5, 0.0, 2.0, np.nan, -1.0])
    compare(call("xlog1py"), np.array([0.0, 1.0, 2.0, -3.0, 0.0, 2.0]), other)
    compare(call("xlog1py"), POSITIVE, SHARE, second=True)
    compare(lambda lib, x: lib.special.xlog1py(2, x), np.array([1, 2]))
    compare(lambda lib, x: lib.special.xlog1py(x, 2.5), POSITIVE)


def test_out_is_filled_and_keeps_its_dtype() -> None:
    compare(lambda lib, x: lib.special.i1(x, out=lib.empty(4, 3, dtype=lib.float64)), ANY, grad=False)
    same_error(lambda lib, x: lib.special.zeta(x, x, out=lib.empty(4, 3, dtype=lib.int64)), POSITIVE)
    same_error(lambda lib, x: lib.special.i1e(x.requires_grad_(), out=lib.empty(4, 3, dtype=lib.float64)), ANY)


def test_ndtri_is_exact_far_below() -> None:
    compare(call("ndtri"), np.array([1e-300, 1e-20, 0.0, 1.0]), grad=False)


def test_bessel_functions_keep_all_digits() -> None:
    """PyTorch's y0 is off by 4e-7 in float64; J_1 Y_0 - J_0 Y_1 is 2 / (pi x) for every x."""
    x = gradbook.tensor(POSITIVE)
    special = gradbook.special
    wronskian = special.bessel_j1(x) * special.bessel_y0(x) - special.bessel_j0(x) * special.bessel_y1(x)
    np.testing.assert_allclose(wronskian.numpy(), 2 / (np.pi * POSITIVE), rtol=1e-12)
