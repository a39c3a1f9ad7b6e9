"""The bits of numbers: mantissa and exponent, the next float, a hash."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import backends, dtypes
from gradbook.autograd.op import Elementwise, Op
from gradbook.errors import UnsupportedDTypeError
from gradbook.ops.arguments import axes, tensor_of, write_out
from gradbook.ops.elementwise import binary, masked, zeros_of
from gradbook.ops.extremes import Parts
from gradbook.ops.transcendental import exp2_op
from gradbook.tensor import Tensor, method

__all__ = ["frexp", "hash_tensor", "nextafter"]

# -- mantissa and exponent -------------------------------------------------------------------------------------------

frexp_op = Op("frexp", "x", extras="exponent", formula=r"x = y \cdot 2^e", grads={"x": r"\bar y \, 2^{-e}"})


@frexp_op.forward
def _(xp: Any, x: Any) -> Any:
    mantissa, exponent = xp.frexp(x.astype(dtypes.F32) if x.dtype == dtypes.BF16 else x)
    return mantissa.astype(x.dtype), exponent.astype(np.int32)


@frexp_op.grad("x")
def _(grad: Any, exponent: Any) -> Any:
    array = exponent._array if isinstance(exponent, Tensor) else exponent
    power = exp2_op(-array.astype(np.float64))
    return grad * (Tensor._of(power.astype(grad._array.dtype)) if isinstance(grad, Tensor) else power)


@method("frexp")
def frexp(input: Tensor, *, out: tuple[Tensor, Tensor] | None = None) -> Any:
    """(mantissa, exponent) with input = mantissa * 2**exponent and 0.5 <= |mantissa| < 1, as torch.frexp.

    (*) -> (*), (*) int32. Raises RuntimeError unless input is floating.
    """
    if tensor_of("frexp", input)._array.dtype.kind not in "fV":
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    array = input._array
    exponent = backends.xp_of(array).frexp(array.astype(dtypes.F32) if array.dtype == dtypes.BF16 else array)[1]
    parts = Parts(frexp_op(input), Tensor._of(backends.as_array(exponent, array).astype(np.int32)))
    if out is None:
        return parts
    return Parts(*(write_out("frexp", part, place) for part, place in zip(parts, out, strict=True)))


# -- the next float --------------------------------------------------------------------------------------------------

nextafter_op = Elementwise("nextafter", np.nextafter, "a b", grads={"a": r"\bar y \, [a \neq b]", "b": "0"})
nextafter_op.grad("a")(lambda grad, a, b: masked(grad, a != b))
nextafter_op.grad("b")(lambda grad: zeros_of(grad))
nextafter = binary(nextafter_op, "The next float after input toward other", tensors=True)

# -- hash ------------------------------------------------------------------------------------------------------------


@method("hash_tensor")
def hash_tensor(
    input: Tensor, dim: Any = (), *, keepdim: bool = False, mode: int = 0, out: Tensor | None = None
) -> Tensor:
    """The elements' bits as 64-bit numbers, combined by xor over all axes or those in `dim` (torch.hash_tensor).

    (*) -> uint64. Raises IndexError for an empty axis, RuntimeError for an empty tensor without dim.
    """
    array = tensor_of("hash_tensor", input)._array
    if mode != 0:
        raise RuntimeError(f"Unknown hash_tensor mode: {mode}")
    if array.dtype.kind == "c":
        raise UnsupportedDTypeError(f'"xor_sum_cpu" not implemented for {input.dtype!r}')
    over = axes(dim, array.ndim)
    if not array.size and over is None:
        raise RuntimeError(
            "hash_tensor: Expected reduction dim to be specified for input.numel() == 0. "
            "Specify the reduction dim with the 'dim' argument."
        )
    for axis in over or ():
        if not array.shape[axis]:
            raise IndexError(f"hash_tensor: Expected reduction dim {axis} to have non-zero size.")
    words = array.astype(np.float64 if array.dtype.kind in "fV" else np.int64)
    xor: Any = np.bitwise_xor
    found = xor.reduce(backends.cpu.asarray(words).view(np.uint64), over, keepdims=keepdim)
    return write_out("hash_tensor", Tensor._of(backends.like(np.asarray(found), array)), out)
