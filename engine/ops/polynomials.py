"""Orthogonal polynomials of integer degree, element by element, as torch.special. They have no gradient, as there.

p_0 = 1,  p_1 = a x + b,  p_{k+1} = (A_k x + B_k) p_k - C_k p_{k-1};  degrees are cut to integers, p_n = 0 below 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook import backends
from gradbook.ops.rare import rare_binary

__all__ = [
    "chebyshev_polynomial_t", "chebyshev_polynomial_u", "chebyshev_polynomial_v", "chebyshev_polynomial_w",
    "hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p",
    "shifted_chebyshev_polynomial_t", "shifted_chebyshev_polynomial_u", "shifted_chebyshev_polynomial_v",
    "shifted_chebyshev_polynomial_w",
]  # fmt: skip

Step = Callable[[int], tuple[float, float, float]]


def _chebyshev(k: int) -> tuple[float, float, float]:
    return 2.0, 0.0, 1.0


def _shifted(k: int) -> tuple[float, float, float]:
    return 4.0, -2.0, 1.0


def _recurrence(name: str, first: tuple[float, float], step: Step) -> Callable[[Any, Any], Any]:
    """The array function: all degrees up to the largest are gone through once, and each element keeps its own."""

    def run(x: Any, n: Any) -> Any:
        if x.dtype.kind != "f" or x.dtype.itemsize < 4:
            raise TypeError(name)
        xp = backends.xp_of(x, n)
        x, n = xp.broadcast_arrays(x, n)
        wide, degree = x.astype("f8"), xp.trunc(n)
        before, now = xp.ones_like(wide), first[0] * wide + first[1]
        result = xp.where(degree == 0, 1.0, xp.where(degree >= 1, now, 0.0))
        last = int(xp.nan_to_num(degree, posinf=0).max(initial=0)) if degree.size else 0
        for k in range(1, last):
            a, b, c = step(k)
            before, now = now, (a * wide + b) * now - c * before
            result = xp.where(degree > k, now, result)
        return result.astype(x.dtype)

    return run


_TABLE: dict[str, tuple[tuple[float, float], Step, str, str]] = {
    "chebyshev_polynomial_t": ((1, 0), _chebyshev, "T_n(x)", "The Chebyshev polynomial of the first kind"),
    "chebyshev_polynomial_u": ((2, 0), _chebyshev, "U_n(x)", "The Chebyshev polynomial of the second kind"),
    "chebyshev_polynomial_v": ((2, -1), _chebyshev, "V_n(x)", "The Chebyshev polynomial of the third kind"),
    "chebyshev_polynomial_w": ((2, 1), _chebyshev, "W_n(x)", "The Chebyshev polynomial of the fourth kind"),
    "shifted_chebyshev_polynomial_t": ((2, -1), _shifted, "T_n(2x - 1)", "The Chebyshev polynomial T of 2x - 1"),
    "shifted_chebyshev_polynomial_u": ((4, -2), _shifted, "U_n(2x - 1)", "The Chebyshev polynomial U of 2x - 1"),
    "shifted_chebyshev_polynomial_v": ((4, -3), _shifted, "V_n(2x - 1)", "The Chebyshev polynomial V of 2x - 1"),
    "shifted_chebyshev_polynomial_w": ((4, -1), _shifted, "W_n(2x - 1)", "The Chebyshev polynomial W of 2x - 1"),
    "hermite_polynomial_h": ((2, 0), lambda k: (2.0, 0.0, 2.0 * k), "H_n(x)", "The physicist's Hermite polynomial"),
    "hermite_polynomial_he": ((1, 0), lambda k: (1.0, 0.0, k), "He_n(x)", "The probabilist's Hermite polynomial"),
    "laguerre_polynomial_l": (
        (-1, 1), lambda k: (-1 / (k + 1), (2 * k + 1) / (k + 1), k / (k + 1)), "L_n(x)", "The Laguerre polynomial",
    ),
    "legendre_polynomial_p": (
        (1, 0), lambda k: ((2 * k + 1) / (k + 1), 0.0, k / (k + 1)), "P_n(x)", "The Legendre polynomial",
    ),
}  # fmt: skip
_functions = {
    name: rare_binary(name, f"y = {formula}", f"{text} of degree n", array=_recurrence(name, first, step), second="n")[
        1
    ]
    for name, (first, step, formula, text) in _TABLE.items()
}
chebyshev_polynomial_t = _functions["chebyshev_polynomial_t"]
chebyshev_polynomial_u = _functions["chebyshev_polynomial_u"]
chebyshev_polynomial_v = _functions["chebyshev_polynomial_v"]
chebyshev_polynomial_w = _functions["chebyshev_polynomial_w"]
shifted_chebyshev_polynomial_t = _functions["shifted_chebyshev_polynomial_t"]
shifted_chebyshev_polynomial_u = _functions["shifted_chebyshev_polynomial_u"]
shifted_chebyshev_polynomial_v = _functions["shifted_chebyshev_polynomial_v"]
shifted_chebyshev_polynomial_w = _functions["shifted_chebyshev_polynomial_w"]
hermite_polynomial_h = _functions["hermite_polynomial_h"]
hermite_polynomial_he = _functions["hermite_polynomial_he"]
laguerre_polynomial_l = _functions["laguerre_polynomial_l"]
legendre_polynomial_p = _functions["legendre_polynomial_p"]
