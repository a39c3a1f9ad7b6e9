"""The names under which PyTorch's own library calls ops: native_group_norm, grid_sampler_2d and others.

Programs meet them in exported graphs; each is an op that is already here, its arguments in another order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import backends
from gradbook.errors import ShapeError
from gradbook.ops.dropout import dropout
from gradbook.ops.grid import affine_grid, grid_sample
from gradbook.ops.joining import cat
from gradbook.ops.norm import batch_norm
from gradbook.ops.norm_rows import group_norm, layer_norm
from gradbook.ops.padding import pad as pad_
from gradbook.ops.shape import need_tensor, need_tensors, wrap_dim
from gradbook.ops.vector_norm import vector_norm
from gradbook.tensor import Tensor

__all__ = [
    "affine_grid_generator", "chunk_cat", "constant_pad_nd", "frobenius_norm", "grid_sampler", "grid_sampler_2d",
    "grid_sampler_3d", "native_batch_norm", "native_dropout", "native_group_norm", "native_layer_norm", "native_norm",
    "norm_except_dim", "nuclear_norm", "shape_as_tensor",
]  # fmt: skip

MODES, EDGES = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")

# -- padding, grids, shapes ------------------------------------------------------------------------------------------


def constant_pad_nd(input: Tensor, pad: Any, value: Any = 0) -> Tensor:
    """As nn.functional.pad with a constant (torch.constant_pad_nd)."""
    return pad_(input, pad, "constant", value)


def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """As nn.functional.grid_sample, the modes by number (torch.grid_sampler)."""
    return grid_sample(input, grid, MODES[interpolation_mode], EDGES[padding_mode], align_corners)


grid_sampler_2d = grid_sampler_3d = grid_sampler


def affine_grid_generator(theta: Tensor, size: Any, align_corners: bool) -> Tensor:
    """As nn.functional.affine_grid (torch.affine_grid_generator)."""
    return affine_grid(theta, size, align_corners)


def shape_as_tensor(self: Tensor) -> Tensor:
    """The shape as an int64 tensor (torch._shape_as_tensor)."""
    return Tensor._of(np.array(need_tensor("_shape_as_tensor", self)._array.shape, np.int64))


def chunk_cat(tensors: Any, dim: int, num_chunks: int, *, out: Tensor | None = None) -> Tensor:
    """Each tensor padded along `dim` to `num_chunks` equal parts, the parts side by side (torch._chunk_cat).

    Lists of (..., n_i, ...) -> (..., num_chunks, sum of the parts' sizes). Raises RuntimeError for 0 chunks.
    """
    parts = need_tensors("_chunk_cat", tensors)
    if not parts or any(not x.numel() for x in parts):
        raise RuntimeError("_chunk_cat expects a non-empty list of tensors that are not empty")
    if num_chunks < 1:
        raise RuntimeError(f"_chunk_cat expects positive num_chunks, got {num_chunks}")
    if dim < 0 and len({x.ndim for x in parts}) > 1:
        raise RuntimeError("_chunk_cat expects non-negative dim when input tensors have different ndims")
    axis = wrap_dim(dim, parts[0].ndim)
    rows = []
    for x in parts:
        if axis >= x.ndim:
            raise RuntimeError("_chunk_cat expects dim < ndim for all input tensors")
        if x.shape[:axis] != parts[0].shape[:axis]:
            raise ShapeError("_chunk_cat expects same sizes of 0,...,dim-1 dimensions for all tensors")
        short = -x.shape[axis] % num_chunks
        whole = pad_(x, [0, 0] * (x.ndim - 1 - axis) + [0, short]) if short else x
        rows.append(whole.reshape(*x.shape[:axis], num_chunks, -1))
    return cat(rows, axis + 1, out=out)


# -- norms -----------------------------------------------------------------------------------------------------------


def native_group_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, N: int, C: int, HxW: int, group: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """(group norm, mean, 1 / standard deviation), the last two (N, group), as torch.native_group_norm."""
    rows = need_tensor("native_group_norm", input).reshape(N, group, C // group * HxW)
    y = group_norm(input.reshape(N, C, HxW), group, weight, bias, eps).reshape(input.shape)
    return y, rows.mean(2), (rows.var(2, correction=0) + eps).rsqrt()


def native_layer_norm(
    input: Tensor, normalized_shape: Any, weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """(layer norm, mean, 1 / standard deviation), the last two with 1s for the normalised axes (native_layer_norm)."""
    axes = tuple(range(-len(normalized_shape), 0))
    y = layer_norm(input, normalized_shape, weight, bias, eps)
    x = input.detach()
    return y, x.mean(axes, keepdim=True), (x.var(axes, correction=0, keepdim=True) + eps).rsqrt()


def native_batch_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None,
    training: bool, momentum: float, eps: float,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """(batch norm, mean, 1 / standard deviation), the last two (C,) in training, else empty (native_batch_norm)."""
    y = batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    if not training:
        none = Tensor._of(backends.xp_of(input._array).zeros(0, input._array.dtype))
        return y, none, none
    axes = (0, *range(2, input.ndim))
    x = input.detach()
    return y, x.mean(axes), (x.var(axes, correction=0) + eps).rsqrt()


def native_dropout(input: Tensor, p: float, train: bool | None) -> tuple[Tensor, Tensor]:
    """(dropout, which elements stayed), as torch.native_dropout."""
    ones = Tensor._of(backends.xp_of(input._array).ones_like(input._array))
    scaled = ones if train is False else dropout(ones, p, True)
    return input * scaled, scaled != 0


def native_norm(input: Tensor, p: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
    """As linalg.vector_norm (torch.native_norm)."""
    return vector_norm(input, p, dim, keepdim, dtype=dtype)


def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """The norm over all axes but `dim`, which -1 leaves out too, with 1s in their place (torch.norm_except_dim)."""
    if dim == -1:
        return vector_norm(v, pow)
    return vector_norm(v, pow, tuple(axis for axis in range(v.ndim) if axis != dim), True)


def frobenius_norm(input: Tensor, dim: Any = (), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The square root of the sum of |x|**2 over all axes or those in `dim` (torch.frobenius_norm)."""
    return vector_norm(input, 2, dim or None, keepdim, out=out)


def nuclear_norm(input: Tensor, dim: Any = (-2, -1), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The sum of singular values, as torch.nuclear_norm."""
    from gradbook import linalg

    return linalg.matrix_norm(input, "nuc", dim, keepdim, out=out)


def assert_(condition: Any, message: str) -> None:
    """Raise AssertionError with the message unless the condition holds (torch._assert)."""
    if not condition:
        raise AssertionError(message)


functions = {
    "_assert": assert_,
    "_chunk_cat": chunk_cat,
    "_shape_as_tensor": shape_as_tensor,
}  # public under these names
