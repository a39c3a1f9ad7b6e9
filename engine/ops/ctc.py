"""Connectionist temporal classification: the probability of a label sequence over all its alignments."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import backends
from gradbook.autograd import casting
from gradbook.errors import ShapeError
from gradbook.ops.mistakes import mistake, need_tensor
from gradbook.tensor import Tensor

__all__ = ["ctc_loss"]


def lengths_of(value: Any, count: int) -> Any:
    """Lengths given as a tensor, a sequence or a number, as int64 (count,)."""
    array = backends.cpu.asarray(value._array) if isinstance(value, Tensor) else np.asarray(value)
    return np.broadcast_to(array.reshape(-1), (count,)).astype(np.int64)


def label_rows(targets: Any, lengths: Any) -> list[Any]:
    """The labels of each sample: rows of (n, s), or parts of one joined vector."""
    array = backends.cpu.asarray(targets._array)
    if array.ndim == 2:
        return [array[i, :n] for i, n in enumerate(lengths)]
    ends = np.cumsum(lengths)
    return [array[end - n : end] for end, n in zip(ends, lengths, strict=True)]


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """-log p(targets), as torch.nn.functional.ctc_loss (Graves et al., 2006).

    log_probs (t, n, c) or (t, c); targets (n, s) or joined. mean: divided by target lengths first. Raises ShapeError
    where
    lengths do not fit.
    """
    if casting.scopes:
        (log_probs,) = casting.full(log_probs)
    import gradbook

    need_tensor("ctc_loss", log_probs)
    batched = log_probs.ndim == 3
    x = log_probs if batched else log_probs.unsqueeze(1)
    steps, count, classes = x.shape
    if not 0 <= blank < classes:
        raise mistake(ShapeError, "ctc_loss", "blank must be in label range", log_probs=log_probs)
    times, sizes = lengths_of(input_lengths, count), lengths_of(target_lengths, count)
    if (times > steps).any() or (times < 0).any():
        raise mistake(
            ShapeError, "ctc_loss", f"Expected input_lengths to have value at most {steps}, but got value {times.max()}"
        )
    losses = [
        sample_loss(x[:, i], row, int(t), blank)
        for i, (row, t) in enumerate(zip(label_rows(targets, sizes), times, strict=True))
    ]
    values = gradbook.stack(losses)
    if zero_infinity:
        values = gradbook.where(values == np.inf, gradbook.zeros_like(values), values)
    if reduction == "mean":
        made: Tensor = (values / gradbook.tensor(np.maximum(sizes, 1), dtype=values.dtype)).mean()
        return made
    if reduction == "sum":
        total: Tensor = values.sum()
        return total
    return values if batched else values.squeeze(0)


def sample_loss(x: Tensor, labels: Any, steps: int, blank: int) -> Tensor:
    """-log of the probability of one label sequence: (t, c) -> ()"""
    import gradbook

    path = np.full(2 * len(labels) + 1, blank, np.int64)
    path[1::2] = labels
    skip = np.zeros(len(path), bool)  # a label may follow the one before without a blank if they differ
    skip[2:] = (path[2:] != blank) & (path[2:] != path[:-2])
    scores = x[:, gradbook.tensor(path)]
    low = -1e30
    start = np.full(len(path), low)
    start[: min(2, len(path))] = 0
    alpha = scores[0] + gradbook.tensor(start, dtype=x.dtype) if steps else gradbook.tensor(start, dtype=x.dtype)
    no_skip = gradbook.tensor(np.where(skip, 0.0, low), dtype=x.dtype)
    edge = gradbook.tensor([low, low], dtype=x.dtype)
    for t in range(1, steps):
        padded = gradbook.cat([edge, alpha])
        before = gradbook.stack([padded[2:], padded[1:-1], padded[:-2] + no_skip])
        alpha = scores[t] + before.logsumexp(0)
    last = alpha[-2:].logsumexp(0) if len(path) > 1 else alpha[-1]
    if float(last.detach()) < low / 2:
        lost: Tensor = -last * np.inf
        return lost
    # PyTorch's gradient is that with respect to the scores before log_softmax: it has softmax on top
    total = x[:steps].exp().sum()
    made: Tensor = total - total.detach() - last
    return made
