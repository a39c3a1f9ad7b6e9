"""gradbook: an autograd engine that speaks PyTorch, made to be watched."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

from gradbook import tensor as _tensor  # isort: skip  (first: everything else needs Tensor)
from gradbook import autograd, backends, dtypes, errors, events
from gradbook.autograd.grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from gradbook.backends.threads import get_num_threads, set_num_threads
from gradbook.device import device, get_default_device, set_default_device
from gradbook.dtypes import (
    bfloat16,
    can_cast,
    cdouble,
    cfloat,
    complex64,
    complex128,
    double,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    get_default_dtype,
    half,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    long,
    promote_types,
    set_default_dtype,
    short,
    uint8,
    uint16,
    uint32,
    uint64,
)
from gradbook.dtypes import bool_ as bool
from gradbook.dtypes import float_ as float
from gradbook.dtypes import int_ as int
from gradbook.ops.activation import celu, celu_, hardshrink, prelu, relu, relu_, rrelu, selu, selu_, threshold, threshold_
from gradbook.ops.creation import *
from gradbook.ops.complex import *
from gradbook.ops.special import *
from gradbook.ops.counting import *
from gradbook.ops.ordering import *
from gradbook.ops.softmax import *
from gradbook.ops.scan import *
from gradbook.ops.reduction import *
from gradbook.ops.random import *
from gradbook.ops.comparison import *
from gradbook.ops import transcendental
from gradbook.ops.transcendental import *
from gradbook.ops.pointwise import *
from gradbook.ops.combining import *
from gradbook.ops.einsum import *
from gradbook.ops.gathering import *
from gradbook.ops.indexing import *
from gradbook.ops.joining import *
from gradbook.ops.linalg import *
from gradbook.ops.scattering import *
from gradbook.ops.shape import *
from gradbook.ops.strides import *
from gradbook.ops.tiling import *
from gradbook.ops.conv import conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d
from gradbook.ops.ctc import ctc_loss
from gradbook.ops.dropout import (
    alpha_dropout, alpha_dropout_, dropout, dropout_, feature_alpha_dropout, feature_alpha_dropout_, feature_dropout,
    feature_dropout_,
)  # fmt: skip
from gradbook.ops.embedding import embedding, embedding_bag
from gradbook.ops.linear import bilinear
from gradbook.ops.loss import binary_cross_entropy_with_logits, kl_div, poisson_nll_loss
from gradbook.ops.norm import batch_norm, group_norm, instance_norm, layer_norm, rms_norm
from gradbook.ops.pool_functions import (
    adaptive_avg_pool1d, adaptive_max_pool1d, avg_pool1d, max_pool1d, max_pool1d_with_indices, max_pool2d, max_pool3d,
)  # fmt: skip
from gradbook.ops.ranking_loss import (
    cosine_embedding_loss, cosine_similarity, hinge_embedding_loss, margin_ranking_loss, pairwise_distance, pdist,
    triplet_margin_loss,
)  # fmt: skip
from gradbook.ops.spatial import channel_shuffle, native_channel_shuffle, pixel_shuffle, pixel_unshuffle
from gradbook.printing import get_printoptions, printoptions, set_printoptions
from gradbook.random import Generator, default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state
from gradbook.serialization import load, save
from gradbook.tensor import Size, Tensor

from gradbook import datasets, linalg, nn, observe, optim, utils  # isort: skip  (what is made of ops comes after them)
from gradbook.linalg import (  # isort: skip
    cholesky_inverse, cholesky_solve, det, inverse, logdet, matrix_exp, matrix_power, pinverse, slogdet,
    torch_cholesky as cholesky, torch_qr as qr, torch_svd as svd,
)  # fmt: skip

__version__ = "0.1.0"

_natural_log = log  # noqa: F405


def log(input: Any, *value: Any, **named: Any) -> Any:  # noqa: F811
    """`log(x)`: the natural logarithm, as torch.log. `log("val_loss", value)`: a point of a curve of the current run."""
    if isinstance(input, str):
        from gradbook.observe import log as note

        return note(input, *value, **named)
    return _natural_log(input, *value, **named)


def __getattr__(name: str) -> Any:
    """gradbook.observe is imported when it is first asked for."""
    if name == "observe":
        import importlib

        return importlib.import_module("gradbook.observe")
    raise AttributeError(f"module 'gradbook' has no attribute {name!r}")

# PyTorch says nothing of 0/0 or an overflow; NumPy would warn of each one computed by us, and only of those we silence it
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"gradbook\.(ops|autograd|nn|optim|kernels)\b")


def log(input: Any, value: Any = None, *, out: Tensor | None = None) -> Any:  # noqa: F811 (see the docstring)
    """Natural logarithm, element by element (torch.log); or `log("val_loss", value)`: a point of a curve of the live view.

    input: (*) -> (*), or the name of a curve and its value, one number. Raises TypeError for a value that is no number.
    """
    if isinstance(input, str):
        from gradbook.observe import log as log_point

        return log_point(input, value)
    return transcendental.log(input, out=out)


def __getattr__(name: str) -> Any:
    """`gradbook.datasets` and `gradbook.observe` are there by name, and cost nothing until then."""
    if name in ("datasets", "observe"):
        return importlib.import_module(f"gradbook.{name}")
    raise AttributeError(f"module 'gradbook' has no attribute {name!r}")


def load_ipython_extension(ipython: Any) -> None:
    """`%load_ext gradbook`: hand over to the extension."""
    from gradbook.kernel_ext import load_ipython_extension as load

    load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """`%unload_ext gradbook`."""
    from gradbook.kernel_ext import unload_ipython_extension as unload

    unload(ipython)
