"""The functions behind the layers, as torch.nn.functional; they live with their op families in ops/."""

from __future__ import annotations

import warnings
from typing import Any

# fmt: off
# isort: off
from gradbook.ops import random as _random
from gradbook.ops import softmax as _softmax
from gradbook.ops.activation import (
    celu, celu_, elu, elu_, gelu, glu, leaky_relu, leaky_relu_, logsigmoid, mish, prelu, relu, relu_, rrelu,
    selu, selu_, silu, softplus, softsign, tanhshrink,
)
from gradbook.ops.attention import scaled_dot_product_attention
from gradbook.ops.conv import conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d
from gradbook.ops.cross_entropy import cross_entropy, nll_loss
from gradbook.ops.ctc import ctc_loss
from gradbook.ops.dropout import (
    alpha_dropout, dropout, dropout1d, dropout2d, dropout3d, feature_alpha_dropout,
)
from gradbook.ops.embedding import embedding, embedding_bag, one_hot
from gradbook.ops.fractional_pool import (
    fractional_max_pool2d, fractional_max_pool2d_with_indices, fractional_max_pool3d,
    fractional_max_pool3d_with_indices,
)
from gradbook.ops.grid import affine_grid, grid_sample
from gradbook.ops.hard_activation import (
    hardshrink, hardsigmoid, hardswish, hardtanh, hardtanh_, relu6, softshrink, threshold, threshold_,
)
from gradbook.ops.linear import bilinear, linear, linear_cross_entropy
from gradbook.ops.loss import (
    binary_cross_entropy, binary_cross_entropy_with_logits, gaussian_nll_loss, huber_loss, kl_div, l1_loss,
    mse_loss, poisson_nll_loss, smooth_l1_loss,
)
from gradbook.ops.multihead import multi_head_attention_forward
from gradbook.ops.norm import batch_norm, group_norm, instance_norm, layer_norm, local_response_norm, rms_norm
from gradbook.ops.padding import pad
from gradbook.ops.pool_functions import (
    adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d, adaptive_max_pool1d, adaptive_max_pool2d,
    adaptive_max_pool3d, avg_pool1d, avg_pool2d, avg_pool3d, lp_pool1d, lp_pool2d, lp_pool3d, max_pool1d,
    max_pool1d_with_indices, max_pool2d, max_pool2d_with_indices, max_pool3d, max_pool3d_with_indices,
    max_unpool1d, max_unpool2d, max_unpool3d,
)
from gradbook.ops.ranking_loss import (
    cosine_embedding_loss, cosine_similarity, hinge_embedding_loss, margin_ranking_loss, multi_margin_loss,
    multilabel_margin_loss, multilabel_soft_margin_loss, normalize, pairwise_distance, pdist,
    soft_margin_loss, triplet_margin_loss, triplet_margin_with_distance_loss,
)
from gradbook.ops.spatial import (
    channel_shuffle, fold, interpolate, native_channel_shuffle, pixel_shuffle, pixel_unshuffle, unfold,
    upsample, upsample_bilinear, upsample_nearest,
)
from gradbook.tensor import Tensor
# isort: on
# fmt: on

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d",
    "adaptive_max_pool3d_with_indices",
    "affine_grid",
    "alpha_dropout",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "batch_norm",
    "bilinear",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "celu_",
    "channel_shuffle",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_tbc",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "cosine_embedding_loss",
    "cosine_similarity",
    "cross_entropy",
    "ctc_loss",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "elu",
    "elu_",
    "embedding",
    "embedding_bag",
    "feature_alpha_dropout",
    "fold",
    "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
    "gaussian_nll_loss",
    "gelu",
    "glu",
    "grid_sample",
    "group_norm",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hardtanh_",
    "hinge_embedding_loss",
    "huber_loss",
    "instance_norm",
    "interpolate",
    "kl_div",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "leaky_relu_",
    "linear",
    "linear_cross_entropy",
    "local_response_norm",
    "log_softmax",
    "logsigmoid",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "margin_ranking_loss",
    "max_pool1d",
    "max_pool1d_with_indices",
    "max_pool2d",
    "max_pool2d_with_indices",
    "max_pool3d",
    "max_pool3d_with_indices",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "mish",
    "mse_loss",
    "multi_head_attention_forward",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "native_channel_shuffle",
    "nll_loss",
    "normalize",
    "one_hot",
    "pad",
    "pairwise_distance",
    "pdist",
    "pixel_shuffle",
    "pixel_unshuffle",
    "poisson_nll_loss",
    "prelu",
    "relu",
    "relu6",
    "relu_",
    "rms_norm",
    "rrelu",
    "scaled_dot_product_attention",
    "selu",
    "selu_",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "soft_margin_loss",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
    "threshold_",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
    "unfold",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
]


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


def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """conv1d with time first, as torch.nn.functional.conv_tbc: input (t, n, c), weight (k, c, c') -> (t', n, c')."""
    made: Tensor = conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, padding=pad).permute(2, 0, 1)
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
