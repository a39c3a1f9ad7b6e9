"""Linear algebra: what its functions give and take."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

from gradbook.errors import DTypeError, ShapeError
from gradbook.ops.arguments import write_out
from gradbook.ops.mistakes import scalar_name
from gradbook.ops.shape import need_tensor
from gradbook.tensor import Tensor

Result = TypeVar("Result", bound=tuple[Any, ...])


class QRResult(NamedTuple):
    """Q with orthonormal columns, R an upper triangle."""

    Q: Tensor
    R: Tensor


class SVDResult(NamedTuple):
    """A = U diag(S) Vh."""

    U: Tensor
    S: Tensor
    Vh: Tensor


class TorchSVDResult(NamedTuple):
    """A = U diag(S) Vᴴ."""

    U: Tensor
    S: Tensor
    V: Tensor


class EigResult(NamedTuple):
    """Eigenvalues and, as columns, eigenvectors."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class SlogdetResult(NamedTuple):
    """det A = sign · exp(logabsdet)."""

    sign: Tensor
    logabsdet: Tensor


class LstsqResult(NamedTuple):
    """The least squares solution, sums of squared residuals, rank, singular values."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


class InvExResult(NamedTuple):
    """An inverse, and 0 where it could be computed."""

    inverse: Tensor
    info: Tensor


class SolveExResult(NamedTuple):
    """A solution, and 0 where it could be computed."""

    result: Tensor
    info: Tensor


class CholeskyExResult(NamedTuple):
    """A triangular factor, and 0 where it could be computed."""

    L: Tensor
    info: Tensor


class LUResult(NamedTuple):
    """A = P L U."""

    P: Tensor
    L: Tensor
    U: Tensor


class LUFactorResult(NamedTuple):
    """L and U in one matrix, and the swaps of rows."""

    LU: Tensor
    pivots: Tensor


class LUFactorExResult(NamedTuple):
    """L and U in one matrix, the swaps of rows, and where U has its first zero on the diagonal."""

    LU: Tensor
    pivots: Tensor
    info: Tensor


class LDLResult(NamedTuple):
    """L and D in one matrix, and how rows were swapped."""

    LD: Tensor
    pivots: Tensor


class LDLExResult(NamedTuple):
    """L and D in one matrix, how rows were swapped, and where D has its first zero."""

    LD: Tensor
    pivots: Tensor
    info: Tensor


class QRFactors(NamedTuple):
    """The reflections of a QR factorisation below the diagonal, R above; and the reflections' factors."""

    a: Tensor
    tau: Tensor


class TriangularResult(NamedTuple):
    """A solution, and a copy of the triangle."""

    solution: Tensor
    cloned_coefficient: Tensor


def need_matrix(name: str, A: Any, square: bool = False, argument: str = "A") -> Tensor:
    """The operand, if it is a floating matrix (or a batch). Raises TypeError or RuntimeError otherwise."""
    need_tensor(f"linalg.{name}", A, 1, argument)
    shape = A._array.shape
    if len(shape) < 2:
        raise ShapeError(f"linalg.{name}: The input tensor A must have at least 2 dimensions; it is {tuple(shape)}.")
    if square and shape[-1] != shape[-2]:
        raise ShapeError(
            f"linalg.{name}: A must be batches of square matrices, but they are {shape[-2]} by {shape[-1]} matrices"
        )
    kind = A.dtype
    if not (kind.is_floating_point or kind.is_complex):
        raise RuntimeError(
            f"linalg.{name}: Expected a floating point or complex tensor as input. Got {scalar_name(kind)}"
        )
    if A._array.dtype.itemsize == 2:
        raise RuntimeError(f"linalg.{name}: Low precision dtypes not supported. Got {scalar_name(kind)}; use .float()")
    found: Tensor = A
    return found


def written(out: Any, result: Result, exact: bool = True) -> Result:
    """A tuple of results, each written into its tensor of `out` if there is one."""
    if out is None:
        return result
    if len(out) != len(result):
        raise TypeError(f"expected tuple of {len(result)} elements but got {len(out)}")
    parts = [into(target, part, exact) for target, part in zip(out, result, strict=True)]
    made: Result = type(result)(*parts)
    return made


def check_dtypes(words: str, **operands: Tensor) -> None:
    """Raise RuntimeError unless two operands have one dtype; {a}, {b}, {x}, {y} in words: their names and dtypes."""
    (a, x), (b, y) = operands.items()
    if x._array.dtype != y._array.dtype:
        raise DTypeError(words.format(a=a, b=b, x=scalar_name(x.dtype), y=scalar_name(y.dtype)))


def into(out: Tensor | None, result: Tensor, exact: bool = True) -> Tensor:
    """The result, written into `out` if there is one; exact: that must have its very dtype. Raises RuntimeError."""
    if exact and isinstance(out, Tensor) and out._array.dtype != result._array.dtype:
        raise DTypeError(f"linalg: Expected out tensor to have dtype {result.dtype!r}, but got {out.dtype!r} instead")
    return write_out("linalg", result, out)
