"""The functions behind the layers, as torch.nn.functional; they live with their op families in ops/."""

from __future__ import annotations

import warnings
from typing import Any

from gradbook.ops import activation as _activation
from gradbook.ops import hard_activation as _hard
from gradbook.ops import random as _random
from gradbook.ops import softmax as _softmax
from gradbook.ops.activation import *
from gradbook.ops.attention import scaled_dot_product_attention
from gradbook.ops.conv import conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d
from gradbook.ops.cross_entropy import cross_entropy, nll_loss
from gradbook.ops.ctc import ctc_loss
from gradbook.ops.dropout import alpha_dropout, dropout, dropout1d, dropout2d, dropout3d, feature_alpha_dropout
from gradbook.ops.embedding import embedding, embedding_bag, one_hot
from gradbook.ops.grid import affine_grid, grid_sample
from gradbook.ops.hard_activation import *
from gradbook.ops.linear import bilinear, linear
from gradbook.ops.loss import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    gaussian_nll_loss,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    poisson_nll_loss,
    smooth_l1_loss,
)
from gradbook.ops.multihead import multi_head_attention_forward
from gradbook.ops.norm import batch_norm, group_norm, instance_norm, layer_norm, local_response_norm, rms_norm
from gradbook.ops.padding import pad
from gradbook.ops.pool_functions import *
from gradbook.ops.pool_functions import __all__ as _pools
from gradbook.ops.pool_functions import adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d
from gradbook.ops.ranking_loss import *
from gradbook.ops.ranking_loss import __all__ as _rankings
from gradbook.ops.spatial import *
from gradbook.ops.spatial import __all__ as _spatial
from gradbook.tensor import Tensor

__all__ = [
    *_activation.__all__, *_hard.__all__, *_pools, *_rankings, *_spatial,
    "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d_with_indices", "adaptive_max_pool3d_with_indices",
    "affine_grid", "alpha_dropout", "batch_norm", "bilinear", "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "cross_entropy",
    "ctc_loss",
    "dropout", "dropout1d", "dropout2d", "dropout3d", "embedding", "embedding_bag", "feature_alpha_dropout",
    "gaussian_nll_loss", "grid_sample", "group_norm", "gumbel_softmax", "huber_loss", "instance_norm", "kl_div",
    "l1_loss",
    "layer_norm", "linear", "local_response_norm", "log_softmax", "mse_loss", "multi_head_attention_forward",
    "nll_loss",
    "one_hot", "pad", "poisson_nll_loss", "rms_norm", "scaled_dot_product_attention", "sigmoid", "smooth_l1_loss",
    "softmax",
    "softmin", "tanh",
]  # fmt: skip


def _dim(name: str, ndim: int, stacklevel: int) -> int:
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=stacklevel,
    )
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """exp(x) / sum(exp(x)) along dim, as torch.nn.functional.softmax.

    Without dim an axis is guessed, with a warning.
    """
    return _softmax.softmax(input, _dim("softmax", input.ndim, _stacklevel) if dim is None else dim, dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """log(softmax(x)) along dim, as torch.nn.functional.log_softmax; without dim an axis is guessed, with a warning."""
    return _softmax.log_softmax(input, _dim("log_softmax", input.ndim, _stacklevel) if dim is None else dim, dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """softmax(-x), as torch.nn.functional.softmin."""
    return _softmax.softmax(-input, _dim("softmin", input.ndim, _stacklevel) if dim is None else dim, dtype)


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A random choice that has a gradient, as torch.nn.functional.gumbel_softmax; hard: one-hot forward."""
    noise = -_random.rand_like(logits).clamp(min=1e-20).log()
    soft = _softmax.softmax((logits - noise.clamp(min=1e-20).log()) / tau, dim)
    if not hard:
        return soft
    index = soft.max(dim, keepdim=True)[1]
    chosen = Tensor._of(soft._array * 0).scatter(dim, index, 1.0)
    made: Tensor = chosen - soft.detach() + soft
    return made


def tanh(input: Tensor) -> Tensor:
    """tanh x."""
    made: Tensor = input.tanh()
    return made


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-x))."""
    made: Tensor = input.sigmoid()
    return made


def adaptive_max_pool1d_with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """adaptive_max_pool1d with return_indices."""
    return adaptive_max_pool1d(input, output_size, True)


def adaptive_max_pool2d_with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """adaptive_max_pool2d with return_indices."""
    return adaptive_max_pool2d(input, output_size, True)


def adaptive_max_pool3d_with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """adaptive_max_pool3d with return_indices."""
    return adaptive_max_pool3d(input, output_size, True)
