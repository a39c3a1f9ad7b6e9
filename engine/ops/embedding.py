"""Rows of a table: embedding, embedding_bag, one_hot."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import backends, dtypes
from gradbook.autograd import versions
from gradbook.autograd.op import Op
from gradbook.errors import DTypeError, ShapeError
from gradbook.ops.mistakes import foreign, mistake, need_tensor, scalar_name
from gradbook.tensor import Tensor

__all__ = ["embedding", "embedding_bag", "one_hot"]

embedding_op = Op(
    "embedding", "weight", node_name="EmbeddingBackward0", formula=r"y_i = W_{x_i}",
    grads={"weight": r"\bar W_k = \sum_{i:\, x_i = k} \bar y_i"},
)  # fmt: skip
scatter_rows_op = Op("embedding_backward", "grad", formula=r"\bar W_k = \sum_{i:\, x_i = k} \bar y_i")


@embedding_op.forward
def _(xp: Any, weight: Any, *, index: Any, padding_idx: int = -1, scale: bool = False) -> Any:
    return weight[index]


@embedding_op.grad("weight")
def _(grad: Any, weight_shape: Any, index: Any, padding_idx: int, scale: bool) -> Any:
    return scatter_rows_op(grad, index=index, rows=weight_shape[0], padding_idx=padding_idx, scale=scale)


@scatter_rows_op.forward
def _(xp: Any, grad: Any, *, index: Any, rows: int, padding_idx: int, scale: bool) -> Any:
    flat = grad.reshape(-1, grad.shape[-1])
    index = index.reshape(-1)
    if padding_idx >= 0:
        keep = index != padding_idx
        if not keep.all():
            flat, index = flat[keep], index[keep]
    if scale:
        flat = flat / xp.bincount(index, minlength=rows)[index][:, None].astype(flat.dtype)
    return add_rows(xp, flat, index, rows)


def add_rows(xp: Any, values: Any, index: Any, rows: int) -> Any:
    """out[index[i]] += values[i]: (n, d), (n,) -> (rows, d)."""
    out = xp.zeros((rows, values.shape[-1]), values.dtype)
    if xp is not np:
        xp.add.at(out, index, values)
        return out
    if len(index) == 0:
        return out
    order = np.argsort(index, kind="stable")
    found = index[order]
    starts = np.flatnonzero(np.concatenate(([True], found[1:] != found[:-1])))
    out[found[starts]] = np.add.reduceat(values[order], starts, axis=0)
    return out


@scatter_rows_op.grad("grad")
def _(grad_: Any, index: Any, rows: int, padding_idx: int, scale: bool) -> Any:
    picked = embedding_op(grad_, index=index, padding_idx=padding_idx, scale=scale)
    if scale:
        count = np.bincount(backends.cpu.asarray(index).reshape(-1), minlength=rows)[index]
        picked = picked * like(1.0 / count[..., None], picked)
    if padding_idx >= 0:
        picked = picked * like((index != padding_idx)[..., None], picked)
    return picked


def like(array: Any, example: Any) -> Any:
    """A constant in the kind (Tensor or array), dtype and place of `example`."""
    bare = example._array if isinstance(example, Tensor) else example
    made = backends.like(array, bare).astype(bare.dtype)
    return Tensor._of(made) if isinstance(example, Tensor) else made


def check_index(op: str, index: Tensor, rows: int, name: str = "input") -> None:
    """Raise what PyTorch raises for indices that are no integers or not in range."""
    need_tensor(op, index, name)
    if index._array.dtype.kind not in "iu" or index._array.dtype.itemsize < 4:
        words = (
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"gradbook.{scalar_name(index.dtype)}Tensor instead (while checking arguments for {op})"
        )
        raise mistake(
            DTypeError, op, words, "Indices pick rows, so they are whole numbers", f"{name}.long()", **{name: index}
        )
    array = index._array
    flat = type(array) is np.ndarray and array.dtype.itemsize == 8
    if flat and array.size and array.view(np.uint64).max() < rows:
        return  # as unsigned numbers those below 0 are large
    if array.size and (int(array.min()) < 0 or int(array.max()) >= rows):
        worst = int(array.max()) if int(array.max()) >= rows else int(array.min())
        raise foreign(
            IndexError,
            op,
            "index out of range in self",
            f"Got index {worst}, but the table has {rows} rows, 0 to {rows - 1}",
            f"build the layer with num_embeddings={worst + 1} or more" if worst >= rows else "indices count from 0",
            "check how the indices were made",
            **{name: index},
        )


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Rows of a table, as torch.nn.functional.embedding: input (*) of indices, weight (rows, d) -> (*, d).

    padding_idx: the row whose gradient is not counted. max_norm: rows that are longer are shortened in place first.
    Raises DTypeError for indices that are not integers, IndexError for one out of range. Differs: sparse is ignored.
    """
    if need_tensor("embedding", weight, "weight", 2).ndim != 2:
        raise mistake(ShapeError, "embedding", "'weight' must be 2-D", weight=weight)
    check_index("embedding", input, weight.shape[0])
    rows = weight.shape[0]
    if padding_idx is None:
        padding_idx = -1
    elif not -rows <= padding_idx < rows:
        raise AssertionError("Padding_idx must be within num_embeddings")
    elif padding_idx < 0:
        padding_idx += rows
    if max_norm is not None:
        shorten(weight, input, max_norm, norm_type)
    y: Tensor = embedding_op(weight, index=input._array, padding_idx=padding_idx, scale=scale_grad_by_freq)
    return y


def shorten(weight: Tensor, input: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale the rows that will be used and are longer than max_norm down to it, in place."""
    array = weight._array
    xp = backends.xp_of(array)
    used = xp.unique(input._array)
    rows = array[used]
    norms = xp.linalg.norm(rows, ord=norm_type, axis=1)
    long = norms > max_norm
    array[used[long]] = rows[long] * (max_norm / (norms[long] + 1e-7))[:, None].astype(array.dtype)
    versions.stamp(array)


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Sum, mean or max of rows a bag, as torch.nn.functional.embedding_bag.

    input (bags, n), or (n,) with offsets where each bag starts -> (bags, d). Empty bags give zeros.
    """
    if input.dtype.is_floating_point and not weight.dtype.is_floating_point:
        raise ValueError("Argument order of embedding_bag was changed. Usage: embedding_bag(input, weight, ...)")
    if per_sample_weights is not None and per_sample_weights.shape != input.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({tuple(per_sample_weights.shape)}) is not None, then "
            "it must have the "
            f"same shape as the input ({tuple(input.shape)})"
        )
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            f"embedding_bag: per_sample_weights was not None; it is only supported for mode='sum', got '{mode}'"
        )
    if input.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of "
                "fixed length sequences."
            )
        count, length = input.shape
        starts = np.arange(count) * length
        input = input.reshape(-1)
        per_sample_weights = None if per_sample_weights is None else per_sample_weights.reshape(-1)
    elif input.ndim == 1:
        starts = bag_starts(offsets, include_last_offset)
    else:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.ndim}")
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    total = input.numel()
    ends = np.append(starts[1:], total)
    bag = np.repeat(np.arange(len(starts)), ends - starts)
    rows = embedding(input, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq)
    valid = (
        np.ones(total, bool)
        if padding_idx is None
        else backends.cpu.asarray(input._array) != padding_idx % weight.shape[0]
    )
    if mode == "max":
        return bag_max(rows, bag, valid, len(starts))
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.unsqueeze(-1)
    matrix = np.zeros((len(starts), total), weight._array.dtype)
    matrix[bag[valid], np.flatnonzero(valid)] = 1
    if mode == "mean":
        matrix /= np.maximum(matrix.sum(1, keepdims=True), 1)
    y: Tensor = Tensor._of(backends.like(matrix, weight._array)) @ rows
    return y


def bag_starts(offsets: Tensor | None, include_last: bool) -> Any:
    """Where each bag starts. Raises ValueError as PyTorch does."""
    if offsets is None:
        raise ValueError("offsets has to be a 1D Tensor but got None")
    if offsets.ndim != 1:
        raise ValueError("offsets has to be a 1D Tensor")
    starts = backends.cpu.asarray(offsets._array)
    if len(starts) and starts[0] != 0:
        raise ValueError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from "
            f"position 0. However, got {starts[0]}"
        )
    return starts[:-1] if include_last else starts


def bag_max(rows: Tensor, bag: Any, valid: Any, count: int) -> Tensor:
    """The largest value of each column in each bag: its row is found first, then picked."""
    values = backends.cpu.asarray(rows._array)
    best = np.zeros((count, values.shape[1]), np.int64)
    empty = np.ones((count, 1), bool)
    for i in range(count):
        members = np.flatnonzero((bag == i) & valid)
        if len(members):
            best[i], empty[i] = members[values[members].argmax(0)], False
    picked = rows.gather(0, Tensor._of(backends.like(best, rows._array)))
    y: Tensor = picked * Tensor._of(backends.like((~empty).astype(values.dtype), rows._array))
    return y


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Ones at the given classes, zeros elsewhere, as torch.nn.functional.one_hot: (*) of int64 -> (*, num_classes)."""
    if tensor.dtype is not dtypes.int64:
        words = f"one_hot is only applicable to index tensor of type LongTensor, got {scalar_name(tensor.dtype)}Tensor"
        raise mistake(DTypeError, "one_hot", words, "", "tensor.long()", tensor=tensor)
    array = tensor._array
    xp = backends.xp_of(array)
    if array.size == 0 and num_classes <= 0:
        raise mistake(ShapeError, "one_hot", "Can not infer total number of classes from empty tensor.", tensor=tensor)
    if array.size and int(array.min()) < 0:
        raise mistake(ShapeError, "one_hot", "Class values must be non-negative.", tensor=tensor)
    largest = int(array.max()) if array.size else -1
    if num_classes == -1:
        num_classes = largest + 1
    elif num_classes < 1 or largest >= num_classes:
        words = (
            "num_classes should be positive" if num_classes < 1 else "Class values must be smaller than num_classes."
        )
        raise mistake(ShapeError, "one_hot", words, tensor=tensor)
    made: Tensor = Tensor._of((array[..., None] == xp.arange(num_classes)).astype(np.int64))
    return made
