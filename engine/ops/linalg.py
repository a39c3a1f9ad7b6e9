"""Matrix products: matmul and its special cases, with an added term, outer, tensordot, kron, cross, trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.autograd import casting
from gradbook.autograd.op import Elementwise, Op
from gradbook.errors import DTypeError, ShapeError, UnsupportedDTypeError
from gradbook.ops.arguments import write_out
from gradbook.ops.mistakes import mistake
from gradbook.ops.shape import need_tensor, permute_op, reshape_op, transpose_op, unsqueeze_op, wrap_dim
from gradbook.ops.strides import diagonal_op
from gradbook.tensor import Tensor, method

__all__ = [
    "addbmm",
    "addmm",
    "addmv",
    "addr",
    "baddbmm",
    "bmm",
    "chain_matmul",
    "cross",
    "dot",
    "ger",
    "inner",
    "kron",
    "matmul",
    "mm",
    "mv",
    "outer",
    "tensordot",
    "trace",
    "vdot",
]


# -- ops -----------------------------------------------------------------------------------------------------------


def product(a: Any, b: Any) -> Any:
    """A @ b; 16-bit floats are multiplied in 32 bits, as PyTorch accumulates them."""
    return a @ b if a.dtype.itemsize > 2 else narrow(a, b)


def flops(a: Sequence[int], b: Sequence[int], out: Sequence[int]) -> int:
    """Multiplications and additions of a matrix product."""
    return 2 * int(np.prod(out, dtype=np.int64)) * (a[-1] if a else 1)


def conj(x: Any) -> Any:
    """The complex conjugate of an array or Tensor; real ones as they are."""
    kind = x._array.dtype.kind if isinstance(x, Tensor) else x.dtype.kind
    return x.conj() if kind == "c" else x


def last_two(x: Any) -> Any:
    """Matrices transposed: array or Tensor."""
    return transpose_op(x, dim0=x.ndim - 2, dim1=x.ndim - 1)


_GRADS = {"a": r"\bar y \, b^\top", "b": r"a^\top \bar y"}

mm_op = Elementwise("mm", product, "a b", formula=r"y_{ij} = \textstyle\sum_k a_{ik} b_{kj}", grads=_GRADS, flops=flops)
mm_op.grad("a")(lambda grad, b: mm_op(grad, conj(b).T))
mm_op.grad("b")(lambda grad, a: mm_op(conj(a).T, grad))

mv_op = Elementwise(
    "mv", product, "a b", formula=r"y_i = \textstyle\sum_k a_{ik} b_k", flops=flops,
    grads={"a": r"\bar y \, b^\top", "b": r"a^\top \bar y"},
)  # fmt: skip
mv_op.grad("a")(lambda grad, b: unsqueeze_op(grad, dim=1) * conj(b))
mv_op.grad("b")(lambda grad, a: mv_op(conj(a).T, grad))

dot_op = Elementwise(
    "dot", product, "a b", formula=r"y = \textstyle\sum_k a_k b_k", grads={"a": r"\bar y \, b", "b": r"\bar y \, a"},
    flops=flops,
)  # fmt: skip
dot_op.grad("a")(lambda grad, b: grad * conj(b))
dot_op.grad("b")(lambda grad, a: grad * conj(a))

bmm_op = Elementwise(
    "bmm", product, "a b", formula=r"y_{nij} = \textstyle\sum_k a_{nik} b_{nkj}", grads=_GRADS, flops=flops
)
bmm_op.grad("a")(lambda grad, b: bmm_op(grad, last_two(conj(b))))
bmm_op.grad("b")(lambda grad, a: bmm_op(last_two(conj(a)), grad))


def declare_together(op: Elementwise) -> None:
    """Both gradients of a product at once, for which there is a kernel."""
    of_a, of_b = (rule.fn for rule in op.rules)

    @op.together
    def _(grad: Any, a: Any, b: Any, needs: Any) -> Any:
        return of_a(grad, b) if needs[0] else None, of_b(grad, a) if needs[1] else None


declare_together(mm_op)
declare_together(bmm_op)


matmul_op = Op(
    "matmul", "a b", promote=False, formula=r"y_{\dots ij} = \textstyle\sum_k a_{\dots ik} b_{\dots kj}", grads=_GRADS,
    flops=flops,
)  # fmt: skip


@matmul_op.forward
def _(xp: Any, a: Any, b: Any) -> Any:
    if b.ndim == 2 and a.ndim > 2 and a.size and a.flags.c_contiguous:  # one large product instead of many small ones
        return product(a.reshape(-1, a.shape[-1]), b).reshape((*a.shape[:-1], b.shape[1]))
    return product(a, b)


@matmul_op.grad("a")
def _(grad: Any, b: Any, a_shape: Any) -> Any:
    if b.ndim == 1:
        return unsqueeze_op(grad, dim=grad.ndim) * conj(b)
    if len(a_shape) == 1:
        back = matmul_op(conj(b), unsqueeze_op(grad, dim=grad.ndim))  # (.., k, 1)
        return reshape_op(back, shape=tuple(back.shape[:-1]))
    return matmul_op(grad, last_two(conj(b)))


@matmul_op.grad("b")
def _(grad: Any, a: Any, b_shape: Any) -> Any:
    if len(b_shape) == 2 and a.ndim > 2:  # the sum over all leading axes is part of one product
        rows = reshape_op(a, shape=(-1, a.shape[-1])) if a.shape[-1] else a
        if rows.ndim == 2:
            return mm_op(conj(rows).T, reshape_op(grad, shape=(rows.shape[0], b_shape[1])))
    if len(b_shape) == 1:
        back = matmul_op(last_two(conj(a)), unsqueeze_op(grad, dim=grad.ndim))
        return reshape_op(back, shape=tuple(back.shape[:-1]))
    if a.ndim == 1:
        return unsqueeze_op(conj(a), dim=1) * unsqueeze_op(grad, dim=grad.ndim - 1)
    return matmul_op(last_two(conj(a)), grad)


addmm_op = Op(
    "addmm", "input mat1 mat2", promote=False, formula=r"y = \beta \, c + \alpha \, a b",
    grads={"input": r"\beta \bar y", "mat1": r"\alpha \, \bar y \, b^\top", "mat2": r"\alpha \, a^\top \bar y"},
    flops=lambda c, a, b, out: flops(a, b, out),
)  # fmt: skip


@addmm_op.forward
def _(xp: Any, input: Any, mat1: Any, mat2: Any, *, beta: Any, alpha: Any) -> Any:
    out = product(mat1, mat2)
    if alpha != 1:
        out *= xp.asarray(alpha).astype(out.dtype)
    if beta != 0:
        out += input if beta == 1 else input * xp.asarray(beta).astype(out.dtype)
    return out


addmm_op.grad("input")(lambda grad, beta: _scaled(grad, beta))
addmm_op.grad("mat1")(lambda grad, mat2, alpha: _scaled(mm_op(grad, conj(mat2).T), alpha))
addmm_op.grad("mat2")(lambda grad, mat1, alpha: _scaled(mm_op(conj(mat1).T, grad), alpha))


def _scaled(x: Any, alpha: Any) -> Any:
    return x if alpha == 1 else x * (alpha.conjugate() if isinstance(alpha, complex) else alpha)


# -- what is wrong with a product ------------------------------------------------------------------------------------


def same_dtype(name: str, **operands: Tensor) -> None:
    """Raise RuntimeError unless all operands have one dtype."""
    (first, a), *others = operands.items()
    for other, b in others:
        if a._array.dtype != b._array.dtype:
            low = first if a.dtype.itemsize < b.dtype.itemsize or not a.dtype.is_floating_point else other
            wanted = (b if low == first else a).dtype
            raise mistake(
                DTypeError, name,
                f"expected m1 and m2 to have the same dtype, but got: {_c_name(a.dtype)} != {_c_name(b.dtype)}",
                "PyTorch multiplies matrices of one dtype only", f"{low}.to({wanted!r})", **operands,
            )  # fmt: skip


def _c_name(dtype: dtypes.dtype) -> str:
    return {"float64": "double", "float32": "float", "int64": "long", "int32": "int", "float16": "c10::Half"}.get(
        dtype._name, dtype._name
    )


def product_error(name: str, words: str, a: Tensor, b: Tensor) -> ShapeError:
    """Why two matrices cannot be multiplied, with a transpose that would fit if there is one."""
    m, n = tuple(a._array.shape), tuple(b._array.shape)
    inner = n[-2] if len(n) > 1 else n[0]
    why = f"the inner lengths must be equal: the first has {m[-1]} columns, the second {inner} rows"
    fixes = []
    if len(n) > 1 and m[-1] == n[-1]:
        fixes.append("a @ b.T" if len(n) == 2 else "a @ b.mT")
    if len(m) > 1 and m[-2] == inner:
        fixes.append("a.T @ b" if len(m) == 2 else "a.mT @ b")
    if len(n) > 1 and len(m) > 1 and n[-1] == m[-2] and not fixes:
        fixes.append("b @ a")
    if not fixes and len(m) > 2 and len(n) == 2 and int(np.prod(m[1:])) == inner:
        fixes.append(f"a.flatten(1) @ b, (b has {inner} rows = {' · '.join(map(str, m[1:]))})")
    return mistake(ShapeError, name, words, why, *fixes, a=a, b=b)


def _by(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))


def _need_ndim(name: str, ndim: int, words: str, **operands: Any) -> None:
    for value in operands.values():
        if value._array.ndim != ndim:
            raise mistake(
                ShapeError, name, words, f"{name} takes tensors with {ndim} axes", "use matmul (@)", **operands
            )


# -- products ------------------------------------------------------------------------------------------------------


def _not_dense(input: Any, other: Any) -> Tensor:
    """What matmul does with a sparse matrix; called while the error of asking it for an array is handled."""
    need_tensor("matmul", input), need_tensor("matmul", other, 2, "other")
    if not input.is_sparse:
        raise
    made: Tensor = input.matmul(other)
    return made


def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Matrix product, as torch.matmul and @. (.., n, k) @ (.., k, m) -> (.., n, m); vectors are rows or columns.

    Leading axes are broadcast. Raises RuntimeError where inner lengths or dtypes differ.
    """
    if casting.scopes and out is None:
        input, other = casting.lower(input, other)
    try:
        a, b = input._array, other._array
    except (AttributeError, RuntimeError):
        return _not_dense(input, other)
    if a.dtype is not b.dtype and a.dtype != b.dtype:
        same_dtype("matmul", input=input, other=other)
    m, n = a.shape, b.shape
    if not m or not n:
        raise mistake(
            ShapeError, "matmul", f"both arguments to matmul need to be at least 1D, but they are {len(m)}D and "
f"{len(n)}D",
            "a number multiplies with *", "a * b", input=input, other=other,
        )  # fmt: skip
    op: Any
    if len(m) == 2 and len(n) == 2:
        if m[1] != n[0]:
            raise product_error(
                "matmul", f"mat1 and mat2 shapes cannot be multiplied ({_by(m)} and {_by(n)})", input, other
            )
        op = mm_op
    elif len(n) == 1:
        if m[-1] != n[0]:
            raise _vector_error(input, other)
        op = dot_op if len(m) == 1 else mv_op if len(m) == 2 else matmul_op
    else:
        if m[-1] != n[-2]:
            raise _batch_error(input, other)
        if len(m) > 2 and len(n) > 2 and m[:-2] != n[:-2]:
            _check_batches(input, other)
        op = bmm_op if len(m) == len(n) == 3 and m[0] == n[0] else matmul_op
    result: Tensor = op(input, other)
    return result if out is None else write_out("matmul", result, out)


def _vector_error(a: Tensor, b: Tensor) -> ShapeError:
    m, n = a._array.shape, b._array.shape
    if len(m) == 1:
        words = (
            f"inconsistent tensor size, expected tensor [{m[0]}] and src [{n[0]}] to have the same "
            "number of elements, but "
            f"got {m[0]} and {n[0]} elements respectively"
        )
    else:
        words = f"size mismatch, got input ({m[0]}), mat ({_by(m)}), vec ({n[0]})"
    return product_error("matmul", words, a, b)


def _batch_error(a: Tensor, b: Tensor) -> ShapeError:
    m, n = a._array.shape, b._array.shape
    if len(m) == 1 or len(n) == 2:
        rows = 1 if len(m) == 1 else int(np.prod(m[:-1]))
        words = f"mat1 and mat2 shapes cannot be multiplied ({rows}x{m[-1]} and {_by(n[-2:])})"
    else:
        batch = int(np.prod(np.broadcast_shapes(m[:-2], n[:-2]))) if _fit(m[:-2], n[:-2]) else n[0]
        words = (
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"[{batch}, {m[-1]}] but got: [{batch}, {n[-2]}]."
        )
    return product_error("matmul", words, a, b)


def _fit(a: Sequence[int], b: Sequence[int]) -> bool:
    return all(x == y or 1 in (x, y) for x, y in zip(a[::-1], b[::-1], strict=False))


def _check_batches(a: Tensor, b: Tensor) -> None:
    from gradbook.autograd.promotion import broadcast_error

    m, n = a._array.shape[:-2], b._array.shape[:-2]
    if not _fit(m, n):
        error = broadcast_error("matmul", m, n)
        raise mistake(
            ShapeError, "matmul", str(error).removeprefix("matmul: "), "these are the batch axes", input=a, other=b
        )


def narrow(a: Any, b: Any) -> Any:
    """A @ b of elements of one or two bytes."""
    if a.dtype.kind == "b":
        raise UnsupportedDTypeError("\"matmul\" not implemented for 'Bool'; use .to(gradbook.uint8), or any() of a & b")
    if a.dtype.kind in "fV":
        return (a.astype(np.float32) @ b.astype(np.float32)).astype(a.dtype)
    return a @ b


def mm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Product of two matrices, as torch.mm: no broadcasting. (n, k), (k, m) -> (n, m)."""
    need_tensor("mm", input), need_tensor("mm", mat2, 2, "mat2")
    if input.is_sparse:
        return matmul(input, mat2)
    _need_ndim(
        "mm", 2, "self must be a matrix" if input._array.ndim != 2 else "mat2 must be a matrix", input=input, mat2=mat2
    )
    return matmul(input, mat2, out=out)


def mv(input: Tensor, vec: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Product of a matrix and a vector, as torch.mv. (n, k), (k,) -> (n,)."""
    need_tensor("mv", input), need_tensor("mv", vec, 2, "vec")
    if input._array.ndim != 2 or vec._array.ndim != 1:
        raise mistake(
            ShapeError, "mv", f"vector + matrix @ vector expected, got 1, {input._array.ndim}, {vec._array.ndim}",
            "mv takes a matrix and a vector", "use matmul (@)", input=input, vec=vec,
        )  # fmt: skip
    return matmul(input, vec, out=out) if not casting.scopes else casting.apart(matmul, input, vec, out=out)


def bmm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Products of two batches of matrices, as torch.bmm: no broadcasting. (b, n, k), (b, k, m) -> (b, n, m)."""
    need_tensor("bmm", input), need_tensor("bmm", mat2, 2, "mat2")
    _need_ndim(
        "bmm", 3, "batch1 must be a 3D tensor" if input._array.ndim != 3 else "batch2 must be a 3D tensor",
        input=input, mat2=mat2,
    )  # fmt: skip
    m, n = input._array.shape, mat2._array.shape
    if m[0] != n[0] or m[2] != n[1]:
        words = (
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"[{m[0]}, {m[2]}] but got: [{n[0]}, {n[1]}]."
        )
        raise product_error("bmm", words, input, mat2)
    return matmul(input, mat2, out=out)


def dot(input: Tensor, tensor: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Sum of the products of two vectors, as torch.dot. (n,), (n,) -> ()."""
    need_tensor("dot", input), need_tensor("dot", tensor, 2, "tensor")
    if input._array.ndim != 1 or tensor._array.ndim != 1:
        words = f"1D tensors expected, but got {input._array.ndim}D and {tensor._array.ndim}D tensors"
        raise mistake(ShapeError, "dot", words, "", "use matmul (@)", input=input, tensor=tensor)
    if input._array.dtype != tensor._array.dtype:
        words = (
            "dot : expected both vectors to have same dtype, but found "
            f"{_c_name(input.dtype).capitalize()} and {_c_name(tensor.dtype).capitalize()}"
        )
        raise mistake(DTypeError, "dot", words, input=input, tensor=tensor)
    return matmul(input, tensor, out=out) if not casting.scopes else casting.apart(matmul, input, tensor, out=out)


def vdot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """As dot, with the first vector conjugated, as torch.vdot."""
    return dot(input.conj() if input.is_complex() else input, other, out=out)


def inner(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Sums of products along the last axes, as torch.inner. (.., k), (*, k) -> (.., *)."""
    if casting.scopes and out is None:
        input, other = casting.lower(input, other)
    m, n = need_tensor("inner", input)._array.shape, need_tensor("inner", other, 2, "other")._array.shape
    if not m or not n:
        result: Tensor = input * other
    elif m[-1] != n[-1]:
        raise ShapeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(m)} and {list(n)}"
        )
    else:
        result = tensordot(input, other, dims=([-1], [-1]))
    return result if out is None else write_out("inner", result, out)


def outer(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """All products of two vectors' elements, as torch.outer. (n,), (m,) -> (n, m)."""
    need_tensor("outer", input), need_tensor("outer", vec2, 2, "vec2")
    for name, value in (("self", input), ("vec2", vec2)):
        if value._array.ndim != 1:
            raise ShapeError(f"outer: Expected 1-D argument {name}, but got {value._array.ndim}-D")
    result: Tensor = unsqueeze_op(input, dim=1) * vec2
    return result if out is None else write_out("outer", result, out)


ger = outer


# -- with an added term --------------------------------------------------------------------------------------------


def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None
) -> Tensor:
    """Beta · input + alpha · mat1 @ mat2, as torch.addmm; input is broadcast. (n, k), (k, m) -> (n, m)."""
    if casting.scopes and out is None:
        input, mat1, mat2 = casting.lower(input, mat1, mat2)
    for position, (name, value) in enumerate({"input": input, "mat1": mat1, "mat2": mat2}.items(), 1):
        need_tensor("addmm", value, position, name)
    m, n = mat1._array.shape, mat2._array.shape
    if len(m) != 2 or len(n) != 2:
        which = "mat1" if len(m) != 2 else "mat2"
        raise mistake(
            ShapeError,
            "addmm",
            f"{which} must be a matrix, got {len(m if which == 'mat1' else n)}-D tensor",
            mat1=mat1,
            mat2=mat2,
        )
    if m[1] != n[0]:
        raise product_error("addmm", f"mat1 and mat2 shapes cannot be multiplied ({_by(m)} and {_by(n)})", mat1, mat2)
    same_dtype("addmm", input=input, mat1=mat1, mat2=mat2)
    _check_added("addmm", input, (m[0], n[1]))
    result = addmm_op(input, mat1, mat2, beta=beta, alpha=alpha)
    return result if out is None else write_out("addmm", result, out)


def _check_added(name: str, input: Tensor, shape: tuple[int, ...]) -> None:
    own = input._array.shape
    if len(own) > len(shape) or not all(x in (1, y) for x, y in zip(own[::-1], shape[::-1], strict=False)):
        raise mistake(
            ShapeError, name, f"The expanded size of the tensor must match the existing size: {list(own)} to "
f"{list(shape)}",
            f"the added term does not broadcast to the product's shape {shape}", input=input,
        )  # fmt: skip


def _added(name: str, input: Tensor, product: Tensor, beta: Any, alpha: Any) -> Tensor:
    same_dtype(name, input=input, product=product)
    return _sum_of(name, input, product, _whole(product, beta), _whole(product, alpha))


def _whole(tensor: Tensor, factor: Any) -> Any:
    """A factor as the kernels take it: beside integers only its whole part counts."""
    kind = tensor._array.dtype.kind
    return bool(factor) if kind == "b" else int(factor) if kind in "iu" else factor


def _sum_of(name: str, input: Tensor, product: Tensor, beta: Any, alpha: Any) -> Tensor:
    _check_added(name, input, product._array.shape)
    if product._array.dtype.kind in "iu":  # PyTorch cuts both to whole numbers, except in addr
        for which, number in (("beta", beta), ("alpha", alpha)):
            if name == "addr" and isinstance(number, float):
                raise RuntimeError(f"For integral input tensors, argument {which} must not be a floating point number.")
        beta, alpha = int(beta), int(alpha)
    elif product._array.dtype.kind == "b":
        beta, alpha = bool(beta), bool(alpha)
    scaled = product if alpha == 1 else product * alpha
    if beta == 0:  # nan in what is left out does not count
        return scaled
    return (input if beta == 1 else input * beta) + scaled


def addmv(
    input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None
) -> Tensor:
    """Beta · input + alpha · mat @ vec, as torch.addmv. (n,), (n, k), (k,) -> (n,)."""
    result = _added("addmv", input, mv(mat, vec), beta, alpha)
    return result if out is None else write_out("addmv", result, out)


def addr(
    input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None
) -> Tensor:
    """Beta · input + alpha · outer(vec1, vec2), as torch.addr. (n, m), (n,), (m,) -> (n, m)."""
    product = outer(vec1, vec2)
    wanted = dtypes.promote_types(input.dtype, product.dtype)
    if wanted._np.kind in "iub":
        for name, factor in (("beta", beta), ("alpha", alpha)):
            if isinstance(factor, float):
                raise DTypeError(f"For integral input tensors, argument {name} must not be a floating point number.")
        beta, alpha = (bool(beta), bool(alpha)) if wanted is dtypes.bool_ else (beta, alpha)
    result = _sum_of("addr", input.to(wanted), product.to(wanted), beta, alpha)
    return result if out is None else write_out("addr", result, out)


def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None
) -> Tensor:
    """Beta · input + alpha · bmm(batch1, batch2), as torch.baddbmm. (b, n, k), (b, k, m) -> (b, n, m)."""
    if casting.scopes and out is None:
        input, batch1, batch2 = casting.lower(input, batch1, batch2)
    result = _added("baddbmm", input, bmm(batch1, batch2), beta, alpha)
    return result if out is None else write_out("baddbmm", result, out)


def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None
) -> Tensor:
    """Beta · input + alpha · the sum over the batch of bmm(batch1, batch2), as torch.addbmm. -> (n, m)."""
    if casting.scopes and out is None:
        input, batch1, batch2 = casting.lower(input, batch1, batch2)
    result = _added("addbmm", input, bmm(batch1, batch2).sum(0, dtype=batch1.dtype), beta, alpha)
    return result if out is None else write_out("addbmm", result, out)


# -- others ----------------------------------------------------------------------------------------------------------


def tensordot(a: Tensor, b: Tensor, dims: Any = 2, out: Tensor | None = None) -> Tensor:
    """Sums of products over several axes at once, as torch.tensordot.

    dims: how many last axes of a meet the first of b, or (axes of a, axes of b). Raises RuntimeError where lengths
    differ.
    """
    if casting.scopes and out is None:
        a, b = casting.lower(a, b)
    m, n = need_tensor("tensordot", a, 1, "a")._array.shape, need_tensor("tensordot", b, 2, "b")._array.shape
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(len(m), len(n)):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        dims = (list(range(len(m) - dims, len(m))), list(range(dims)))
    mine, theirs = ([d] if isinstance(d, int) else list(d) for d in dims)
    if len(mine) != len(theirs):
        raise ShapeError(f"both dimension lists should have same length, got {mine} and {theirs}")
    mine, theirs = [wrap_dim(d, len(m)) for d in mine], [wrap_dim(d, len(n)) for d in theirs]
    for i, k in zip(mine, theirs, strict=True):
        if m[i] != n[k] and 1 not in (m[i], n[k]):
            raise ShapeError(
                f"contracted dimensions need to match, but first has size {m[i]} in dim {i} and second has "
                f"size {n[k]} in dim {k}"
            )
        if m[i] != n[k]:  # an axis of length 1 meets each of the other's entries
            a = a.sum(i, keepdim=True) if m[i] != 1 else a
            b = b.sum(k, keepdim=True) if n[k] != 1 else b
    same_dtype("tensordot", a=a, b=b)
    m, n = a._array.shape, b._array.shape
    free_a, free_b = [i for i in range(len(m)) if i not in mine], [k for k in range(len(n)) if k not in theirs]
    inner_size = int(np.prod([m[i] for i in mine], dtype=np.int64))
    rows = int(np.prod([m[i] for i in free_a], dtype=np.int64))
    columns = int(np.prod([n[k] for k in free_b], dtype=np.int64))
    left = reshape_op(permute_op(a, dims=(*free_a, *mine)), shape=(rows, inner_size))
    right = reshape_op(permute_op(b, dims=(*theirs, *free_b)), shape=(inner_size, columns))
    result = reshape_op(mm_op(left, right), shape=(*[m[i] for i in free_a], *[n[k] for k in free_b]))
    return result if out is None else write_out("tensordot", result, out)


def kron(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Kronecker product, as torch.kron. (a, b), (c, d) -> (ac, bd)."""
    m, n = need_tensor("kron", input)._array.shape, need_tensor("kron", other, 2, "other")._array.shape
    ndim = max(len(m), len(n))
    m, n = (1,) * (ndim - len(m)) + tuple(m), (1,) * (ndim - len(n)) + tuple(n)
    left = reshape_op(input, shape=tuple(k for size in m for k in (size, 1)))
    right = reshape_op(other, shape=tuple(k for size in n for k in (1, size)))
    result = reshape_op(left * right, shape=tuple(a * b for a, b in zip(m, n, strict=True)))
    return result if out is None else write_out("kron", result, out)


def cross(input: Tensor, other: Tensor, dim: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """The cross product of vectors of three elements along an axis (None: the first of length 3), as torch.cross."""
    from gradbook.ops.shape import broadcast_shapes
    from gradbook.ops.tiling import roll_op

    m, n = need_tensor("cross", input)._array.shape, need_tensor("cross", other, 2, "other")._array.shape
    if dim is None:
        dim = next((i for i, size in enumerate(m) if size == 3), None)
        if dim is None:
            raise RuntimeError("no dimension of size 3 in input")
    if len(m) != len(n):
        raise ShapeError("linalg.cross: inputs must have the same number of dimensions.")
    axis = wrap_dim(dim, len(m))
    if m[axis] != 3 or n[axis] != 3:
        raise ShapeError(f"linalg.cross: inputs dimension {dim} must have length 3. Got {m[axis]} and {n[axis]}")
    shape = broadcast_shapes(m, n)
    a, b = input.expand(shape), other.expand(shape)

    def turned(x: Tensor, by: int) -> Any:
        return roll_op(x, shifts=(by,), dims=(axis,))

    result: Tensor = turned(a, -1) * turned(b, 1) - turned(a, 1) * turned(b, -1)
    return result if out is None else write_out("cross", result, out)


def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal, as torch.trace. (n, m) -> (). Raises RuntimeError for other tensors."""
    if casting.scopes:
        (input,) = casting.full(input)
    if need_tensor("trace", input)._array.ndim != 2:
        raise ShapeError(f"trace: expected a matrix, but got tensor with dim {input._array.ndim}")
    if input.dtype is dtypes.bool_:
        raise UnsupportedDTypeError("\"trace\" not implemented for 'Bool'; use .long()")
    result: Tensor = diagonal_op(input, offset=0, dim1=0, dim2=1).sum()
    return result


def chain_matmul(*matrices: Tensor, out: Tensor | None = None) -> Tensor:
    """The product of several matrices in the cheapest order, as torch.chain_matmul."""
    from gradbook.linalg import multi_dot

    result = multi_dot(list(matrices)) if len(matrices) > 1 else matrices[0]
    return result if out is None else write_out("chain_matmul", result, out)


for _fn in (
    matmul, mm, mv, bmm, dot, vdot, inner, outer, ger, addmm, addmv, addr, baddbmm, addbmm, kron, cross, trace,
):  # fmt: skip
    method(_fn.__name__)(_fn)


@method("__matmul__")
def _at(self: Tensor, other: Any) -> Any:
    """Self @ other: matmul. Raises TypeError for what is no tensor."""
    return matmul(self, other) if isinstance(other, Tensor) else NotImplemented


@method("__rmatmul__")
def _rat(self: Tensor, other: Any) -> Any:
    """Other @ self: matmul."""
    return matmul(other, self) if isinstance(other, Tensor) else NotImplemented


def _changed(fn: Any) -> Any:
    from gradbook.autograd.inplace import assign, check_leaf

    def change(self: Tensor, *args: Any, **named: Any) -> Tensor:
        check_leaf(self)
        return assign(self, fn(self, *args, **named))

    change.__doc__ = f"As {fn.__name__}, in place. Raises RuntimeError for a leaf that requires grad."
    return change


for _fn in (addmm, addmv, addr, baddbmm, addbmm):
    method(f"{_fn.__name__}_")(_changed(_fn))

method("ger")(outer)
