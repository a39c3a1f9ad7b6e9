"""Softmax over very many classes, the rare ones in clusters of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import gradbook
from gradbook.nn.module import Module
from gradbook.nn.modules.container import ModuleList, Sequential
from gradbook.nn.modules.linear import Linear
from gradbook.ops.softmax import log_softmax
from gradbook.tensor import Tensor

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class _ASMoutput(NamedTuple):
    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """log softmax with frequent classes first and rare ones in clusters, as torch.nn.AdaptiveLogSoftmaxWithLoss.

    input (n, in_features) or (in_features,), target int64 (n,) or () -> (log probability of the target, mean loss).
    Each cluster projects to in_features / div_value^i features first. Raises ValueError for cutoffs that do not rise
    within 1..n_classes - 1, RuntimeError for targets that do not fit. Grave et al. 2017.
    """

    in_features: int
    n_classes: int
    cutoffs: list[int]

    def __init__(
        self, in_features: int, n_classes: int, cutoffs: Sequence[int], div_value: float = 4.0, head_bias: bool = False,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        cutoffs = list(cutoffs)
        if len(cutoffs) == 0:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        rising = cutoffs == sorted(set(cutoffs)) and all(int(c) == c for c in cutoffs)
        if not rising or cutoffs[0] <= 0 or cutoffs[-1] > n_classes - 1:
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each "
                "value is between 1 and n_classes-1"
            )
        where = {"device": device, "dtype": dtype}
        self.in_features, self.n_classes, self.cutoffs = in_features, n_classes, [*cutoffs, n_classes]
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, bias=head_bias, **where)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            inner = int(in_features // (div_value ** (i + 1)))
            size = self.cutoffs[i + 1] - self.cutoffs[i]
            down = Linear(in_features, inner, bias=False, **where)
            self.tail.append(Sequential(down, Linear(inner, size, bias=False, **where)))

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        self.head.reset_parameters()
        for down, up in self.tail:
            down.reset_parameters()
            up.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        axes = target_.dim()
        if axes > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if axes == 1 and input_.shape[0] != target_.shape[0]:
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        if input_.dim() != axes + 1:
            raise RuntimeError(
                f"{axes}D target tensor expects {axes + 1}D input tensors, but found inputs with size {input_.size()}"
            )
        single = target_.dim() == 0
        input, target = (input_.unsqueeze(0), target_.unsqueeze(0)) if single else (input_, target_)
        output = self._of_targets(input, target)
        loss = (-output).mean()
        return _ASMoutput(output.squeeze(0) if single else output, loss)

    def _of_targets(self, input: Tensor, target: Tensor) -> Any:
        """The log probability of each target: only the clusters that occur are computed."""
        if target.numel() and (int(target.min()) < 0 or int(target.max()) >= self.n_classes):
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{int(target.min())}, {int(target.max())}] were found. "
            )
        in_head, rest = target, None
        for i, (low, high) in enumerate(zip(self.cutoffs, self.cutoffs[1:], strict=False)):
            rows = ((target >= low) & (target < high)).nonzero().squeeze(1)
            if rows.numel() == 0:
                continue
            logprob = log_softmax(self.tail[i](input.index_select(0, rows)), 1)
            found = logprob.gather(1, (target[rows] - low).unsqueeze(1)).squeeze(1)
            part = gradbook.zeros(target.shape, dtype=found.dtype, device=found.device).index_copy(0, rows, found)
            rest = part if rest is None else rest + part
            in_head = in_head.index_fill(0, rows, self.shortlist_size + i)
        output = log_softmax(self.head(input), 1).gather(1, in_head.unsqueeze(1)).squeeze(1)
        return output if rest is None else output + rest

    def _get_full_log_prob(self, input: Tensor, head_output: Tensor) -> Tensor:
        """The log probabilities of all classes, from the head's scores."""
        head = log_softmax(head_output, 1)
        parts = [head[:, : self.shortlist_size]]
        for i, cluster in enumerate(self.tail):
            parts.append(log_softmax(cluster(input), 1) + head[:, self.shortlist_size + i].unsqueeze(1))
        made: Tensor = gradbook.cat(parts, 1)
        return made

    def log_prob(self, input: Tensor) -> Tensor:
        """(n, in_features) -> the log probabilities of all classes (n, n_classes)."""
        return self._get_full_log_prob(input, self.head(input))

    def predict(self, input: Tensor) -> Tensor:
        """(n, in_features) -> the most likely class of each (n,): a cluster is looked into only where it wins."""
        head_output = self.head(input)
        output = head_output.argmax(1)
        unsure = output >= self.shortlist_size
        if bool(unsure.any()):
            output[unsure] = self._get_full_log_prob(input[unsure], head_output[unsure]).argmax(1)
        made: Tensor = output
        return made
