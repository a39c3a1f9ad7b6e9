"""Complex tensors: making them, their parts, conjugates and angles, and the two ways to see them as real."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.autograd.inplace import inplace
from gradbook.autograd.op import Elementwise, Op
from gradbook.ops.arguments import tensor_of, write_out
from gradbook.ops.elementwise import masked
from gradbook.tensor import Tensor, method

__all__ = [
    "angle", "complex", "conj", "conj_physical", "imag", "polar", "real", "resolve_conj", "resolve_neg",
    "view_as_complex", "view_as_real",
]  # fmt: skip

complex_op = Op(
    "complex", "real imag", formula=r"y = a + \mathrm{i} b", grads={"real": r"\Re \bar y", "imag": r"\Im \bar y"}
)
complex_op.grad("real")(lambda grad: grad.real)
complex_op.grad("imag")(lambda grad: grad.imag)


@complex_op.forward
def _(xp: Any, real: Any, imag: Any) -> Any:
    made = xp.empty(np.broadcast_shapes(real.shape, imag.shape), dtypes.of_array(real).to_complex()._np)
    made.real, made.imag = real, imag
    return made


def complex(real: Tensor, imag: Tensor, *, out: Any = None) -> Tensor:
    """Real + i imag, as torch.complex. Raises RuntimeError unless both have one floating dtype."""
    tensor_of("complex", real, "real")
    tensor_of("complex", imag, "imag")
    if not (real.is_floating_point() and imag.is_floating_point()) or real.dtype is not imag.dtype:
        raise RuntimeError(
            f"Expected object of one floating dtype for 'real' and 'imag', got {real.dtype!r} and {imag.dtype!r}"
        )
    return write_out("complex", complex_op(real, imag), out)


def polar(abs: Tensor, angle: Tensor, *, out: Any = None) -> Tensor:
    """Abs (cos angle + i sin angle), as torch.polar."""
    tensor_of("polar", abs, "abs")
    tensor_of("polar", angle, "angle")
    return write_out("polar", complex(abs * angle.cos(), abs * angle.sin()), out)


# -- parts -----------------------------------------------------------------------------------------------------------

real_op = Op("real", "x", view=True, formula=r"y = \Re x", grads={"x": r"\bar y"}, node_name="SelectBackward0")
real_op.forward(lambda xp, x: x.real)
real_op.grad("x")(lambda grad: grad)
imag_op = Op(
    "imag", "x", view=True, formula=r"y = \Im x", grads={"x": r"\mathrm{i} \bar y"}, node_name="SelectBackward0"
)
imag_op.forward(lambda xp, x: x.imag)
imag_op.grad("x")(lambda grad: grad * 1j)
conj_op = Elementwise("conj", np.conjugate, "x", formula=r"y = \overline{x}", grads={"x": r"\overline{\bar y}"})
conj_op.grad("x")(lambda grad: grad.conj())
angle_op = Elementwise(
    "angle",
    lambda x: np.angle(x).astype(x.real.dtype) if x.dtype.kind in "fc" else np.angle(x),
    "x",
    float_input=True,
    formula=r"y = \arg x",
)


@angle_op.grad("x")
def _(grad: Any, x: Any) -> Any:
    if x.dtype in (dtypes.complex64, dtypes.complex128) or getattr(x.dtype, "kind", "") == "c":
        size = x.real * x.real + x.imag * x.imag
        return masked(grad / size, size != 0) * 1j * x
    return grad * 0


def real(input: Tensor) -> Tensor:
    """The real part, sharing memory; a real tensor itself (torch.real)."""
    return real_op(input) if tensor_of("real", input).is_complex() else input


def imag(input: Tensor) -> Tensor:
    """The imaginary part, sharing memory, as torch.imag. Raises RuntimeError for a real tensor."""
    if not tensor_of("imag", input).is_complex():
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    result: Tensor = imag_op(input)
    return result


@method("conj", "conj_physical")
def conj(input: Tensor) -> Tensor:
    """A - ib for a + ib; a real tensor itself (torch.conj)."""
    return conj_op.fast(input) if input._array.dtype.kind == "c" else input


def conj_physical(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """As conj (torch.conj_physical)."""
    return write_out("conj_physical", conj(input), out)


method("conj_physical_")(lambda self: inplace(conj_op, self) if self._array.dtype.kind == "c" else self)


@method("resolve_conj")
def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself: nothing here is conjugated lazily."""
    return input


@method("resolve_neg")
def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself: nothing here is negated lazily."""
    return input


@method("angle")
def angle(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle of each number with the real axis, in radians (torch.angle)."""
    return write_out("angle", angle_op.fast(input), out)


Tensor.real = property(real, doc=real.__doc__)  # type: ignore[attr-defined]
Tensor.imag = property(imag, doc=imag.__doc__)  # type: ignore[attr-defined]
method("is_conj", "is_neg")(lambda self: False)

# -- seen as real ----------------------------------------------------------------------------------------------------

view_as_real_op = Op("view_as_real", "x", view=True, formula=r"y = (\Re x, \Im x)")
view_as_complex_op = Op("view_as_complex", "x", view=True, formula=r"y = x_0 + \mathrm{i} x_1")
view_as_real_op.forward(lambda xp, x: x[..., None].view(x.real.dtype))
view_as_complex_op.forward(lambda xp, x: _paired(xp, x))
view_as_real_op.grad("x")(lambda grad: view_as_complex_op(grad))
view_as_complex_op.grad("x")(lambda grad: view_as_real_op(grad))


def _paired(xp: Any, x: Any) -> Any:
    if x.strides[-1] != x.itemsize:
        x = xp.ascontiguousarray(x)
    return x.view(dtypes.of_array(x).to_complex()._np)[..., 0]


def view_as_real(input: Tensor) -> Tensor:
    """(*) complex -> (*, 2) real, sharing memory (torch.view_as_real). Raises RuntimeError for a real tensor."""
    if not input.is_complex():
        raise RuntimeError(f"view_as_real is only supported for complex tensors, not {input.dtype!r}")
    result: Tensor = view_as_real_op(input)
    return result


def view_as_complex(input: Tensor) -> Tensor:
    """(*, 2) real -> (*) complex, sharing memory. Raises RuntimeError unless the last axis has 2."""
    if input.dtype not in (dtypes.float32, dtypes.float64):
        raise RuntimeError(
            f"view_as_complex is only supported for half, float and double tensors, but got {input.dtype!r}"
        )
    if not input.ndim or input.shape[-1] != 2:
        raise RuntimeError("Tensor must have a last dimension of size 2")
    result: Tensor = view_as_complex_op(input)
    return result
