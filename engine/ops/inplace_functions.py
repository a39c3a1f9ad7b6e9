"""The in-place ops that PyTorch also has as functions: gradbook.abs_(x) is x.abs_(). `functions` holds them by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook.ops.arguments import tensor_of
from gradbook.ops.elementwise import describe
from gradbook.tensor import Tensor

__all__ = ["functions"]

NAMES = """
    abs_ acos_ acosh_ addmv_ arccos_ arccosh_ arcsin_ arcsinh_ arctan_ arctanh_ asin_ asinh_ atan_ atanh_ ceil_
    clamp_ clamp_max_ clamp_min_ clip_ conj_physical_ cos_ cosh_ deg2rad_ detach_ erf_ erfc_ exp2_ exp_ expm1_
    fill_ fix_ floor_ frac_ gcd_ i0_ index_put_ lcm_ ldexp_ log10_ log1p_ log2_ log_ logit_ nan_to_num_ neg_
    negative_ rad2deg_ reciprocal_ resize_as_ round_ rsqrt_ sigmoid_ sin_ sinc_ sinh_ sqrt_ square_ tan_ tanh_
    trunc_ xlogy_ zero_
""".split()


def function_of(name: str) -> Callable[..., Tensor]:
    """The function that calls a method of its first argument."""

    def call(input: Tensor, *args: Any, **named: Any) -> Tensor:
        changed: Tensor = getattr(tensor_of(name, input), name)(*args, **named)
        return changed

    describe(call, name, f"As {name[:-1]}, in the memory of `input` (torch.{name}). -> input")
    return call


functions: dict[str, Callable[..., Tensor]] = {name: function_of(name) for name in NAMES}
