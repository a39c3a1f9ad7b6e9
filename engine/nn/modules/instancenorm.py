"""Instance norm."""

from __future__ import annotations

from typing import Any

from gradbook.nn.modules.batchnorm import _LazyNormBase, _NormBase
from gradbook.ops.norm import instance_norm
from gradbook.tensor import Tensor

__all__ = [
    "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "LazyInstanceNorm1d", "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
]  # fmt: skip


class _InstanceNorm(_NormBase):
    """Instance norm over any number of axes."""

    rank = 0

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = False,
        track_running_stats: bool = False, device: Any = None, dtype: Any = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim not in (self.rank + 1, self.rank + 2):
            raise ValueError(f"expected {self.rank + 1}D or {self.rank + 2}D input (got {input.ndim}D input)")

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        channels = input.shape[input.ndim - self.rank - 1]
        if channels != self.num_features and self.affine:
            raise ValueError(
                f"expected input's size at dim={input.ndim - self.rank - 1} to match num_features "
                f"({self.num_features}), but "
                f"got: {channels}."
            )
        batched = input.ndim == self.rank + 2
        y = instance_norm(
            input if batched else input.unsqueeze(0),
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            self.momentum if self.momentum is not None else 0.0,
            self.eps,
        )
        return y if batched else y.squeeze(0)


class InstanceNorm1d(_InstanceNorm):
    """Every channel of every sample normalised over its length, as torch.nn.InstanceNorm1d: (n, c, l) or (c, l).

    affine: weight 1 and bias 0 a channel to learn; off by default. Raises ValueError for other axes or one value a
    channel.
    """

    rank = 1


class InstanceNorm2d(_InstanceNorm):
    """As InstanceNorm1d for images: (n, c, h, w) or (c, h, w) (torch.nn.InstanceNorm2d)."""

    rank = 2


class InstanceNorm3d(_InstanceNorm):
    """As InstanceNorm1d for volumes: (n, c, d, h, w) or (c, d, h, w) (torch.nn.InstanceNorm3d)."""

    rank = 3


class LazyInstanceNorm1d(_LazyNormBase, InstanceNorm1d):
    """InstanceNorm1d that takes num_features from its first input, as torch.nn.LazyInstanceNorm1d."""

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNormBase, InstanceNorm2d):
    """InstanceNorm2d that takes num_features from its first input, as torch.nn.LazyInstanceNorm2d."""

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNormBase, InstanceNorm3d):
    """InstanceNorm3d that takes num_features from its first input, as torch.nn.LazyInstanceNorm3d."""

    cls_to_become = InstanceNorm3d
