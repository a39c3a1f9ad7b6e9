"""Losses on scores, distances and pairs: margins, triplets, cosine, hinge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook import backends
from gradbook.autograd import casting
from gradbook.errors import ShapeError
from gradbook.ops.cross_entropy import reduction_of
from gradbook.ops.loss import reduce as reduce_values
from gradbook.ops.mistakes import mistake
from gradbook.ops.shape import broadcast_tensors
from gradbook.tensor import Tensor

__all__ = [
    "cosine_embedding_loss", "cosine_similarity", "hinge_embedding_loss", "margin_ranking_loss", "multi_margin_loss",
    "multilabel_margin_loss", "multilabel_soft_margin_loss", "normalize", "pairwise_distance", "pdist",
    "soft_margin_loss",
    "triplet_margin_loss", "triplet_margin_with_distance_loss",
]  # fmt: skip


def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """input / max(its p-norm along dim, eps), as torch.nn.functional.normalize."""
    made: Tensor = input / input.norm(p, dim, keepdim=True).clamp(min=eps).expand_as(input)
    if out is not None:
        out.copy_(made)
        return out
    return made


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x1 · x2 / (max(|x1|, eps) max(|x2|, eps)) along dim, as torch.nn.functional.cosine_similarity."""
    if x1.shape != x2.shape:
        x1, x2 = broadcast_tensors(x1, x2)
    dot = (x1 * x2).sum(dim)
    n1 = x1.norm(2, dim).clamp(min=eps)
    n2 = x2.norm(2, dim).clamp(min=eps)
    made: Tensor = dot / (n1 * n2)
    return made


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """p-norm of x1 - x2 + eps along the last axis, as torch.nn.functional.pairwise_distance."""
    made: Tensor = (x1 - x2 + eps).norm(p, -1, keepdim=keepdim)
    return made


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """p-norm distances of every pair of rows, as torch.nn.functional.pdist: (n, d) -> (n (n - 1) / 2,)."""
    if input.ndim != 2:
        raise mistake(ShapeError, "pdist", "pdist only supports 2D tensors, got: " + f"{input.ndim}D", input=input)
    xp = backends.xp_of(input._array)
    first, second = xp.triu_indices(input.shape[0], 1)
    made: Tensor = (input[Tensor._of(first)] - input[Tensor._of(second)]).norm(p, -1)
    return made


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, -target (input1 - input2) + margin), as torch.nn.functional.margin_ranking_loss."""
    if casting.scopes:
        input1, input2 = casting.full(input1, input2)
    how = reduction_of(reduction, size_average, reduce)
    if input1.ndim != input2.ndim or input1.ndim != target.ndim:
        words = (
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape} "
        )
        raise mistake(ShapeError, "margin_ranking_loss", words)
    return reduce_values((-target * (input1 - input2) + float(margin)).clamp(min=0), how)


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """input where target is 1, max(0, margin - input) where it is -1, as torch.nn.functional.hinge_embedding_loss."""
    if casting.scopes:
        (input,) = casting.full(input)
    how = reduction_of(reduction, size_average, reduce)
    near = input.masked_fill(target == -1, 0)
    far = (margin - input).clamp(min=0).masked_fill(target == 1, 0)
    return reduce_values(near + far, how)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """1 - cos where target is 1, max(0, cos - margin) where it is -1, as torch.nn.functional.cosine_embedding_loss."""
    if casting.scopes:
        input1, input2 = casting.full(input1, input2)
    how = reduction_of(reduction, size_average, reduce)
    if target.ndim not in (0, 1):
        words = "0D or 1D target tensor expected, multi-target not supported"
        raise mistake(ShapeError, "cosine_embedding_loss", words, target=target)
    if input1.ndim != input2.ndim or input1.ndim != target.ndim + 1:
        words = (
            f"{target.ndim}D target tensor expects {target.ndim + 1}D input tensors, but found inputs with sizes "
            f"{list(input1.shape)} and {list(input2.shape)}."
        )
        raise mistake(ShapeError, "cosine_embedding_loss", words)
    eps = 1e-12
    dot = (input1 * input2).sum(-1)
    cos = dot / (((input1 * input1).sum(-1) + eps) * ((input2 * input2).sum(-1) + eps)).sqrt()
    near = (1 - cos).masked_fill(target != 1, 0)
    far = (cos - margin).clamp(min=0).masked_fill(target != -1, 0)
    return reduce_values(near + far, how)


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """log(1 + exp(-target input)), as torch.nn.functional.soft_margin_loss."""
    if casting.scopes:
        input, target = casting.full(input, target)
    how = reduction_of(reduction, size_average, reduce)
    return reduce_values((-target * input).exp().log1p(), how)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Mean over classes of two-class cross entropies, as torch.nn.functional.multilabel_soft_margin_loss."""
    from gradbook.ops.loss import logits_op

    how = reduction_of(reduction, size_average, reduce)
    values = logits_op(input, target, None, reduction="none")
    if weight is not None:
        values = values * weight
    return reduce_values(values.sum(-1) / input.shape[-1], how)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Σ over wrong classes of max(0, margin - x_target + x_class)ᵖ / c, as torch.nn.functional.multi_margin_loss."""
    if casting.scopes:
        input, weight = casting.full(input, weight)
    how = reduction_of(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    rows = input if input.ndim == 2 else input.reshape(1, -1)
    if target.ndim > 1 or target.numel() != rows.shape[0]:
        words = (
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch "
            f"size). Expected target size [{rows.shape[0]}], but got {list(target.shape)}. Input has shape "
            f"{list(input.shape)}."
        )
        raise mistake(ShapeError, "multi_margin_loss", words)
    index = target.reshape(-1, 1)
    right = rows.gather(1, index)
    values = (margin - right + rows).clamp(min=0) ** p
    if weight is not None:
        values = values * weight[target.reshape(-1)].unsqueeze(1)
    xp = backends.xp_of(rows._array)
    wrong = xp.arange(rows.shape[1])[None] != index._array
    values = (values * Tensor._of(wrong.astype(rows._array.dtype))).sum(1) / rows.shape[1]
    return reduce_values(values if input.ndim == 2 and target.ndim else values.reshape(target.shape), how)


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Σ over right and wrong classes of max(0, 1 - (x_right - x_wrong)) / c, as torch's multilabel_margin_loss.

    target: indices of right classes, ended by -1.
    """
    if casting.scopes:
        (input,) = casting.full(input)
    how = reduction_of(reduction, size_average, reduce)
    if input.ndim > 2 or 0 in input.shape[-1:] or (input.ndim == 1 and input.numel() == 0):
        words = f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(input.shape)}"
        raise mistake(ShapeError, "multilabel_margin_loss", words)
    if target.shape != input.shape:
        words = f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}"
        raise mistake(ShapeError, "multilabel_margin_loss", words)
    rows = input if input.ndim == 2 else input.reshape(1, -1)
    array = target._array.reshape(rows.shape)
    xp = backends.xp_of(array)
    listed = xp.cumsum(array < 0, axis=1) == 0  # before the first -1
    right = xp.zeros(array.shape, bool)
    line, column = xp.nonzero(listed)
    right[line, array[line, column]] = True
    safe = Tensor._of(xp.where(listed, array, 0))
    gaps = (1 - (rows.gather(1, safe).unsqueeze(2) - rows.unsqueeze(1))).clamp(min=0)
    counted = (listed[:, :, None] & ~right[:, None, :]).astype(rows._array.dtype)
    values = (gaps * Tensor._of(counted)).sum((1, 2)) / rows.shape[1]
    return reduce_values(values if input.ndim == 2 else values.reshape(()), how)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin), as torch.nn.functional.triplet_margin_loss."""
    if casting.scopes:
        anchor, positive, negative = casting.full(anchor, positive, negative)
    how = reduction_of(reduction, size_average, reduce)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return pairwise_distance(a, b, p, eps)

    return reduce_values(triplet(anchor, positive, negative, distance, margin, swap), how)


def triplet(
    anchor: Tensor, positive: Tensor, negative: Tensor, distance: Callable[..., Tensor], margin: float, swap: bool
) -> Tensor:
    """The losses of triplets, before they are reduced."""
    if not anchor.ndim == positive.ndim == negative.ndim:
        words = (
            "The anchor, positive, and negative tensors are expected to have the same number of "
            "dimensions, but got: anchor "
            f"{anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )
        raise mistake(ShapeError, "triplet_margin_loss", words)
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = far.minimum(distance(positive, negative))
    made: Tensor = (near - far + margin).clamp(min=0)
    return made


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[..., Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """triplet_margin_loss with a distance of one's own, as torch's function of that name."""
    how = reduction_of(reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    return reduce_values(triplet(anchor, positive, negative, distance_function or pairwise_distance, margin, swap), how)
