"""Gamma draws through which gradients flow: the draw moves with its shape parameter so that its rank stays."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.autograd.op import Op
from gradbook.backends.science import science
from gradbook.ops.random import stream
from gradbook.tensor import Tensor

__all__ = ["standard_gamma"]

MANY = 200.0  # from this shape parameter on the cube of a normal draw (Wilson and Hilferty, 1931) is close enough
SMALLEST = {2: 6e-5, 4: 1.2e-38, 8: 2.3e-308}  # draws of tiny shape parameters are kept above 0, by bytes

standard_gamma_op = Op(
    "standard_gamma",
    "x",
    formula=r"y \sim \Gamma(x, 1)",
    grads={"x": r"-\bar y\, \frac{\partial F(y; x) / \partial x}{f(y; x)}"},
)


@standard_gamma_op.forward
def _(xp: Any, x: Any, *, generator: Any = None) -> Any:
    rng = stream(generator, xp)
    alpha = x.astype(np.float64)
    small = alpha < 1  # Gamma(a) = Gamma(a + 1) U^(1/a), in logarithms where the power would underflow
    draw = rng.standard_gamma(xp.where(small, alpha + 1, alpha))
    shrink = xp.where(small, -rng.standard_exponential(alpha.shape) / xp.where(small, alpha, 1.0), 0.0)
    return xp.maximum(draw * xp.exp(shrink), SMALLEST[x.dtype.itemsize]).astype(x.dtype)


standard_gamma_grad_op = Op("standard_gamma_grad", "x out", node_name="StandardGammaGradBackward0")


@standard_gamma_grad_op.forward
def _(xp: Any, x: Any, out: Any) -> Any:
    alpha, draw = np.broadcast_arrays(x.astype(np.float64), out.astype(np.float64))
    found = xp.empty(alpha.shape)
    many = alpha > MANY
    found[many] = _by_cube(alpha[many], draw[many])
    found[~many] = _by_series(xp, alpha[~many], draw[~many])
    return found.astype(x.dtype)


@standard_gamma_op.grad("x")
def _(grad: Any, x: Any, out: Any) -> Any:
    return grad * standard_gamma_grad_op(x, out)


def _by_cube(alpha: Any, draw: Any) -> Any:
    """dx/da at a fixed z of x = a (1 - 1/(9a) + z / (3 sqrt a))^3."""
    root = np.cbrt(draw / alpha)
    z = 3 * np.sqrt(alpha) * (root - 1 + 1 / (9 * alpha))
    slope = 1 / (9 * alpha**2) - z / (6 * alpha**1.5)
    return root**3 + 3 * alpha * root**2 * slope


def _by_series(xp: Any, alpha: Any, draw: Any) -> Any:
    """-(dF/da) / f from the series of the lower incomplete gamma function, term by term.

    F = x^a e^-x sum_n x^n / Gamma(a + n + 1) and f = x^(a-1) e^-x / Gamma(a), so that -(dF/da) / f is
    x sum_n c_n (digamma(a + n + 1) - log x) with c_0 = 1/a and c_n = c_(n-1) x / (a + n).
    """
    special = science(xp, "special", "the gradient of gamma draws")
    term, digamma = 1 / alpha, special.digamma(alpha + 1)
    log_draw, total = xp.log(draw), xp.zeros(alpha.shape)
    n = 0.0
    while term.size:
        total += term * (digamma - log_draw)
        n += 1
        digamma += 1 / (alpha + n)
        term = term * draw / (alpha + n)
        past = draw < alpha + n  # terms fall from here on
        if bool((past & (term * abs(digamma - log_draw) <= 1e-13 * abs(total) + 1e-300)).all()):
            break
    return draw * total


def standard_gamma(concentration: Tensor, generator: Any = None) -> Tensor:
    """One draw of Gamma(concentration, 1) an element, differentiable in the concentration (torch._standard_gamma).

    (*) -> (*), floating. The gradient is the implicit one (Figurnov, Mohamed and Mnih, 2018); it needs SciPy.
    """
    result: Tensor = standard_gamma_op(concentration, generator=generator)
    return result
