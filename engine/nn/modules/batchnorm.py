"""Batch norm and its running statistics."""

from __future__ import annotations

from typing import Any

import gradbook
from gradbook.nn import init
from gradbook.nn.module import Module
from gradbook.nn.modules.lazy import LazyModuleMixin
from gradbook.nn.parameter import Parameter, UninitializedBuffer, UninitializedParameter, is_lazy
from gradbook.ops.mistakes import foreign
from gradbook.ops.norm import batch_norm
from gradbook.tensor import Tensor

__all__ = [
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d",
    "SyncBatchNorm",
]  # fmt: skip


class _NormBase(Module):
    """What batch and instance norm share: weight, bias, running mean and variance."""

    _version = 2
    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, device: Any = None, dtype: Any = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            made = Parameter(gradbook.empty(num_features, device=device, dtype=dtype)) if wanted else None
            self.register_parameter(name, made)
        if track_running_stats:
            self.register_buffer("running_mean", gradbook.zeros(num_features, device=device, dtype=dtype))
            self.register_buffer("running_var", gradbook.ones(num_features, device=device, dtype=dtype))
            self.register_buffer("num_batches_tracked", gradbook.tensor(0, dtype=gradbook.long, device=device))
        else:
            for name in ("running_mean", "running_var", "num_batches_tracked"):
                self.register_buffer(name, None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Running mean 0, running variance 1, no batch seen."""
        if self.track_running_stats:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)
            init.zeros_(self.num_batches_tracked)

    def reset_parameters(self) -> None:
        """weight 1, bias 0, and the running statistics anew."""
        self.reset_running_stats()
        if self.affine:
            init.ones_(self.weight)
            if self.bias is not None:
                init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        raise NotImplementedError(f"{type(self).__name__} must say which inputs it takes")

    def extra_repr(self) -> str:
        text = f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}"
        text += f", bias={self.bias is not None}"
        return f"{text}, track_running_stats={self.track_running_stats}"

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: Any, *rest: Any) -> None:
        version = local_metadata.get("version", None)
        if (version is None or version < 2) and self.track_running_stats:  # before there was num_batches_tracked
            key = prefix + "num_batches_tracked"
            if key not in state_dict:
                known = self.num_batches_tracked
                state_dict[key] = known if known is not None else gradbook.tensor(0, dtype=gradbook.long)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


class _BatchNorm(_NormBase):
    """Batch norm over any number of axes."""

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        factor = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats and self.num_batches_tracked is not None:
            count = self.num_batches_tracked._array
            count += 1
            if self.momentum is None:
                factor = 1.0 / float(count)
        kept = self.track_running_stats or not self.training
        return batch_norm(
            input,
            self.running_mean if kept else None,
            self.running_var if kept else None,
            self.weight,
            self.bias,
            self.training or (self.running_mean is None and self.running_var is None),
            factor,
            self.eps,
        )

    def _check_axes(self, input: Tensor, *wanted: int) -> None:
        if input.ndim not in wanted:
            names = " or ".join(f"{n}D" for n in wanted)
            kind = type(self).__name__
            raise foreign(
                ValueError,
                kind,
                f"expected {names} input (got {input.ndim}D input)",
                f"{kind} takes {' or '.join(_AXES[n] for n in wanted)}",
                f"BatchNorm{input.ndim - 2}d" if input.ndim in (4, 5) else "BatchNorm1d",
                input=input,
            )


_AXES = {2: "(n, c)", 3: "(n, c, l)", 4: "(n, c, h, w)", 5: "(n, c, d, h, w)"}


class BatchNorm1d(_BatchNorm):
    """y = weight (x - mean) / sqrt(var + eps) + bias a channel, over the batch, as torch.nn.BatchNorm1d.

    x: (n, num_features) or (n, num_features, l) -> the same. In training, mean and biased variance are the batch's,
    and the
    running ones move towards them by `momentum` (None: plain average); in eval the running ones are used.
    weight starts 1, bias 0. Raises ValueError for other axes or one value a channel, ShapeError for other channels.
    """

    def _check_input_dim(self, input: Tensor) -> None:
        self._check_axes(input, 2, 3)


class BatchNorm2d(_BatchNorm):
    """As BatchNorm1d for images: (n, num_features, h, w) -> the same (torch.nn.BatchNorm2d)."""

    def _check_input_dim(self, input: Tensor) -> None:
        self._check_axes(input, 4)


class BatchNorm3d(_BatchNorm):
    """As BatchNorm1d for volumes: (n, num_features, d, h, w) -> the same (torch.nn.BatchNorm3d)."""

    def _check_input_dim(self, input: Tensor) -> None:
        self._check_axes(input, 5)


class SyncBatchNorm(_BatchNorm):
    """Batch norm over one process, as torch.nn.SyncBatchNorm. Differs: nothing is synchronised between processes."""

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, process_group: Any = None, device: Any = None, dtype: Any = None, *,
        bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim < 2:
            raise ValueError(f"expected at least 2D input (got {input.ndim}D input)")

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """The module with every batch norm in it replaced by a SyncBatchNorm of the same state."""
        made = module
        if isinstance(module, _BatchNorm):
            made = cls(
                module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats,
                process_group,
            )  # fmt: skip
            made._parameters.update(module._parameters)
            made._buffers.update(module._buffers)
            made.training = module.training
        for name, child in module.named_children():
            made.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return made


class _LazyNormBase(LazyModuleMixin):
    """What lazy norms share: num_features comes from axis 1 of the first input."""

    num_features: int

    def __init__(
        self, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True, track_running_stats: bool = True,
        device: Any = None, dtype: Any = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(0, eps, momentum, False, False)
        me: Any = self
        me.affine, me.track_running_stats = affine, track_running_stats
        if affine:
            me.weight = UninitializedParameter(device=device, dtype=dtype)
            if bias:
                me.bias = UninitializedParameter(device=device, dtype=dtype)
        if track_running_stats:
            me.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            me.running_var = UninitializedBuffer(device=device, dtype=dtype)
            me.num_batches_tracked = gradbook.tensor(0, dtype=gradbook.long, device=device)

    def reset_parameters(self) -> None:
        """Set weight, bias and statistics anew, once they have a shape."""
        if not self.has_uninitialized_params() and self.num_features != 0:
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: Tensor) -> None:
        """Take num_features from the first input."""
        me: Any = self
        if not me.has_uninitialized_params():
            return
        me.num_features = input.shape[1]
        for value in (me.weight, me.bias, me.running_mean, me.running_var):
            if is_lazy(value):
                value.materialize((me.num_features,))
        me.reset_parameters()


class LazyBatchNorm1d(_LazyNormBase, BatchNorm1d):
    """BatchNorm1d that takes num_features from its first input, as torch.nn.LazyBatchNorm1d."""

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNormBase, BatchNorm2d):
    """BatchNorm2d that takes num_features from its first input, as torch.nn.LazyBatchNorm2d."""

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNormBase, BatchNorm3d):
    """BatchNorm3d that takes num_features from its first input, as torch.nn.LazyBatchNorm3d."""

    cls_to_become = BatchNorm3d
