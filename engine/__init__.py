"""gradbook: an autograd engine that speaks PyTorch, made to be watched.

PYTEST_DONT_REWRITE (for pytest, which knows us as a plugin: it may find us imported, and our asserts are not its tests)
"""

from __future__ import annotations

import importlib
import warnings
from typing import Any

# Tensor comes first, what is made of ops last; one name a line would be a thousand lines.
# fmt: off
# isort: off
from gradbook.tensor import Size, Tensor
from gradbook import autograd, backends, dtypes, errors, events
from gradbook.amp.autocast_mode import (
    autocast, clear_autocast_cache, get_autocast_cpu_dtype, get_autocast_dtype, get_autocast_gpu_dtype,
    is_autocast_cache_enabled, is_autocast_cpu_enabled, is_autocast_enabled, set_autocast_cache_enabled,
    set_autocast_dtype, set_autocast_enabled,
)
from gradbook.autograd.grad_mode import (
    enable_grad, inference_mode, is_grad_enabled, is_inference_mode_enabled, no_grad, set_grad_enabled,
)
from gradbook.backends.threads import get_num_threads, set_num_threads
from gradbook.compiler import compile
from gradbook.determinism import (
    are_deterministic_algorithms_enabled, get_deterministic_debug_mode, get_device_module,
    get_float32_matmul_precision, get_num_interop_threads, is_deterministic_algorithms_warn_only_enabled,
    is_warn_always_enabled, set_deterministic_debug_mode, set_float32_matmul_precision, set_flush_denormal,
    set_num_interop_threads, set_warn_always, use_deterministic_algorithms,
)
from gradbook.device import device, get_default_device, set_default_device
from gradbook.dtypes import (
    bfloat16, bool_ as bool, can_cast, cdouble, cfloat, complex64, complex128, double, dtype, finfo, float16,
    float32, float64, float_ as float, get_default_dtype, half, iinfo, int8, int16, int32, int64, int_ as int,
    long, promote_types, set_default_dtype, short, uint8, uint16, uint32, uint64,
)
from gradbook.ops.activation import celu, celu_, prelu, relu, relu_, rrelu, selu, selu_
from gradbook.ops.bessel import i0
from gradbook.ops.combining import (
    as_strided_scatter, block_diag, cartesian_prod, combinations, diagonal_scatter, select_scatter,
)
from gradbook.ops.comparison import (
    allclose, bitwise_and, bitwise_left_shift, bitwise_not, bitwise_or, bitwise_right_shift, bitwise_xor, eq,
    equal, gcd, ge, greater, greater_equal, gt, heaviside, isclose, isfinite, isinf, isnan, isneginf,
    isposinf, isreal, lcm, le, less, less_equal, logical_and, logical_not, logical_or, logical_xor, lt,
    nan_to_num, ne, not_equal, signbit, where,
)
from gradbook.ops.complex import (
    angle, complex, conj, conj_physical, imag, polar, real, resolve_conj, resolve_neg, view_as_complex,
    view_as_real,
)
from gradbook.ops.conv import conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d
from gradbook.ops.conversion import (
    BFloat16Tensor, BoolTensor, ByteTensor, CharTensor, DoubleTensor, FloatTensor, HalfTensor, IntTensor,
    LongTensor, ShortTensor, clone, fill, set_default_tensor_type,
)
from gradbook.ops.counting import bincount, histc, histogram, histogramdd, isin, unique, unique_consecutive
from gradbook.ops.creation import (
    arange, as_tensor, asarray, empty, eye, from_numpy, full, is_complex, is_floating_point, is_nonzero,
    is_tensor, linspace, logspace, numel, ones, range, scalar_tensor, tensor, tril_indices, triu_indices,
    zeros,
)
from gradbook.ops.like import empty_like, full_like, ones_like, zeros_like
from gradbook.autograd.inference import is_marked as is_inference
from gradbook.ops.ctc import ctc_loss
from gradbook.ops.differences import gradient
from gradbook.ops.dropout import (
    alpha_dropout, alpha_dropout_, dropout, dropout_, feature_alpha_dropout, feature_alpha_dropout_,
    feature_dropout, feature_dropout_,
)
from gradbook.ops.einsum import einsum
from gradbook.ops.exchange import from_dlpack, frombuffer, to_dlpack
from gradbook.ops.embedding import embedding, embedding_bag
from gradbook.ops.extremes import amax, amin, aminmax, argmax, argmin, max, min
from gradbook.ops.gamma import digamma, igamma, igammac, lgamma, mvlgamma, polygamma
from gradbook.ops.gathering import (
    argwhere, gather, index_add, index_copy, index_fill, index_select, masked_fill, masked_scatter,
    masked_select, nonzero, put, scatter, scatter_add, take, take_along_dim,
)
from gradbook.ops.hard_activation import hardshrink, threshold, threshold_
from gradbook.ops.indexing import index_put, select, slice_scatter
from gradbook.ops.joining import (
    cat, chunk, column_stack, concat, concatenate, dsplit, dstack, hsplit, hstack, narrow, narrow_copy,
    row_stack, split, split_with_sizes, stack, tensor_split, unbind, unsafe_chunk, unsafe_split, vsplit,
    vstack,
)
from gradbook.ops.limits import clamp, clamp_max, clamp_min, clip, fmax, fmin, maximum, minimum
from gradbook.ops.linalg import (
    addbmm, addmm, addmv, addr, baddbmm, bmm, chain_matmul, cross, dot, ger, inner, kron, matmul, mm, mv,
    outer, tensordot, trace, vdot,
)
from gradbook.ops.linear import bilinear
from gradbook.ops.loss import binary_cross_entropy_with_logits, kl_div, poisson_nll_loss
from gradbook.ops.norm import batch_norm, group_norm, instance_norm, layer_norm, rms_norm
from gradbook.ops.numpy_names import accept_numpy_names
from gradbook.ops.ordering import (
    argsort, kthvalue, median, mode, msort, nanmedian, nanquantile, quantile, sort, topk,
)
from gradbook.ops.pointwise import (
    abs, absolute, add, addcdiv, addcmul, lerp, mul, multiply, neg, negative, positive, reciprocal, rsub, sgn,
    sign, square, sub, subtract,
)
from gradbook.ops.pool_functions import (
    adaptive_avg_pool1d, adaptive_max_pool1d, avg_pool1d, max_pool1d, max_pool1d_with_indices, max_pool2d,
    max_pool3d,
)
from gradbook.ops.quotient import div, divide, floor_divide, fmod, remainder, true_divide
from gradbook.ops.random import (
    bernoulli, multinomial, normal, poisson, rand, rand_like, randint, randint_like, randn, randn_like,
    randperm,
)
from gradbook.ops.ranking_loss import (
    cosine_embedding_loss, cosine_similarity, hinge_embedding_loss, margin_ranking_loss, pairwise_distance,
    pdist, triplet_margin_loss,
)
from gradbook.ops.reduction import all, any, count_nonzero, mean, nanmean, nansum, prod, sum
from gradbook.ops.rounding import ceil, fix, floor, frac, round, trunc
from gradbook.ops.scan import (
    cummax, cummin, cumprod, cumsum, cumulative_trapezoid, diff, logcumsumexp, trapezoid, trapz,
)
from gradbook.ops.scattering import bucketize, index_reduce, scatter_reduce, searchsorted
from gradbook.ops.shape import (
    adjoint, broadcast_shapes, broadcast_tensors, broadcast_to, flatten, moveaxis, movedim, permute, ravel,
    reshape, squeeze, swapaxes, swapdims, t, transpose, unflatten, unsqueeze,
)
from gradbook.ops import sharing as _sharing  # noqa: F401 (methods of Tensor)
from gradbook.ops.softmax import log_softmax, softmax
from gradbook.ops.spatial import channel_shuffle, native_channel_shuffle, pixel_shuffle, pixel_unshuffle
from gradbook.ops.special import erf, erfc, erfinv, logit, sigmoid
from gradbook.ops.statistics import cdist, corrcoef, cov
from gradbook.ops.stft import istft, stft
from gradbook.ops.strides import as_strided, diag, diag_embed, diagflat, diagonal, tril, triu
from gradbook.ops.tiling import (
    atleast_1d, atleast_2d, atleast_3d, flip, fliplr, flipud, meshgrid, repeat_interleave, roll, rot90, tile,
)
from gradbook.ops.transcendental import (
    acos, acosh, arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh, asin, asinh, atan, atan2, atanh,
    copysign, cos, cosh, deg2rad, exp, exp2, expm1, float_power, hypot, ldexp, log1p, log2, log10, logaddexp,
    logaddexp2, pow, rad2deg, rsqrt, sin, sinc, sinh, sqrt, tan, tanh, xlogy,
)
from gradbook.ops.variance import std, std_mean, var, var_mean
from gradbook.ops.vector_norm import dist, logsumexp, norm
from gradbook.ops.window_functions import (
    bartlett_window, blackman_window, hamming_window, hann_window, kaiser_window,
)
from gradbook.printing import set_printoptions
from gradbook.random import (
    Generator, default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state,
)
from gradbook.serialization import load, save
from gradbook.ops.transcendental import log as natural_log

from gradbook import einops_backend, linalg, nn, optim, overrides, special, utils
from gradbook.version import __version__
from gradbook.linalg.factors import (
    cholesky_inverse, cholesky_solve, torch_cholesky as cholesky, torch_qr as qr, torch_svd as svd,
)
from gradbook.linalg.householder import geqrf, orgqr, ormqr, triangular_solve
from gradbook.linalg.least_squares import pinverse
from gradbook.linalg.low_rank import pca_lowrank, svd_lowrank
from gradbook.linalg.lu_factors import lu_unpack, torch_lu as lu, torch_lu_solve as lu_solve
from gradbook.linalg.products import matrix_exp
from gradbook.linalg.solving import det, inv as inverse, logdet, matrix_power, slogdet


from gradbook.formats import (
    channels_last, channels_last_3d, contiguous_format, jagged, layout, memory_format, preserve_format,
    sparse_bsc, sparse_bsr, sparse_coo, sparse_csc, sparse_csr, strided,
)
from gradbook.ops.attributes import is_same_size
from gradbook.ops.bits import frexp, hash_tensor, nextafter
from gradbook.ops.coordinates import nonzero_static, unravel_index
from gradbook.ops.copies import (
    alias_copy, as_strided_copy, detach_copy, diagonal_copy, expand_copy, permute_copy, select_copy,
    slice_copy, split_copy, split_with_sizes_copy, squeeze_copy, t_copy, transpose_copy, unbind_copy,
    unfold_copy, unsqueeze_copy, view_as_complex_copy, view_as_real_copy, view_copy,
)
from gradbook.ops.native import (
    affine_grid_generator, constant_pad_nd, frobenius_norm, grid_sampler, grid_sampler_2d, grid_sampler_3d,
    native_batch_norm, native_dropout, native_group_norm, native_layer_norm, native_norm, norm_except_dim,
    nuclear_norm,
)
from gradbook.ops.storage import (
    TypedStorage, UntypedStorage, empty_permuted, empty_strided, is_storage, resize_as_,
)
from gradbook.symbols import (
    e, inf, nan, newaxis, pi, result_type, sym_float, sym_int, sym_ite, sym_max, sym_min, sym_not, sym_sqrt,
    sym_sum, typename,
)
from gradbook.ops.joining import unsafe_split_with_sizes
from gradbook.ops.vector_norm import renorm

from gradbook.ops.attributes import dequantize, detach, get_device, is_conj, is_neg, is_signed
from gradbook.ops.random import binomial

__all__ = [
    "BFloat16Tensor", "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "Generator",
    "HalfTensor", "IntTensor", "LongTensor", "ShortTensor", "Size", "Tensor", "TypedStorage",
    "UntypedStorage", "__version__", "abs", "absolute", "acos", "acosh", "adaptive_avg_pool1d",
    "adaptive_max_pool1d", "add", "addbmm", "addcdiv", "addcmul", "addmm", "addmv", "addr", "adjoint",
    "affine_grid_generator", "alias_copy", "all", "allclose", "alpha_dropout", "alpha_dropout_", "amax",
    "amin", "aminmax", "angle", "any", "arange", "arccos", "arccosh", "arcsin", "arcsinh", "arctan",
    "arctan2", "arctanh", "are_deterministic_algorithms_enabled", "argmax", "argmin", "argsort", "argwhere",
    "as_strided", "as_strided_copy", "as_strided_scatter", "as_tensor", "as_torch", "asarray", "asin",
    "asinh", "atan", "atan2", "atanh", "atleast_1d", "atleast_2d", "atleast_3d", "autocast", "autograd",
    "avg_pool1d", "backends", "baddbmm", "bartlett_window", "batch_norm", "bernoulli", "bfloat16", "bilinear",
    "binary_cross_entropy_with_logits", "bincount", "binomial", "bitwise_and", "bitwise_left_shift",
    "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "blackman_window", "block_diag", "bmm",
    "bool", "broadcast_shapes", "broadcast_tensors", "broadcast_to", "bucketize", "can_cast",
    "cartesian_prod", "cat", "cdist", "cdouble", "ceil", "celu", "celu_", "cfloat", "chain_matmul",
    "channel_shuffle", "channels_last", "channels_last_3d", "cholesky", "cholesky_inverse", "cholesky_solve",
    "chunk", "clamp", "clamp_max", "clamp_min", "clear_autocast_cache", "clip", "clone", "column_stack",
    "combinations", "compile", "complex", "complex64", "complex128", "concat", "concatenate", "conj",
    "conj_physical", "constant_pad_nd", "contiguous_format", "conv1d", "conv2d", "conv3d", "conv_transpose1d",
    "conv_transpose2d", "conv_transpose3d", "copysign", "corrcoef", "cos", "cosh", "cosine_embedding_loss",
    "cosine_similarity", "count_nonzero", "cov", "cross", "ctc_loss", "cummax", "cummin", "cumprod", "cumsum",
    "cumulative_trapezoid", "datasets", "default_generator", "deg2rad", "dequantize", "det", "detach",
    "detach_copy", "device", "diag", "diag_embed", "diagflat", "diagonal", "diagonal_copy",
    "diagonal_scatter", "diff", "digamma", "dist", "div", "divide", "dot", "double", "dropout", "dropout_",
    "dsplit", "dstack", "dtype", "dtypes", "e", "einsum", "embedding", "embedding_bag", "empty", "empty_like",
    "empty_permuted", "empty_strided", "enable_grad", "eq", "equal", "erf", "erfc", "erfinv", "errors",
    "events", "exp", "exp2", "expand_copy", "expm1", "eye", "feature_alpha_dropout", "feature_alpha_dropout_",
    "feature_dropout", "feature_dropout_", "fill", "finfo", "fix", "flatten", "flip", "fliplr", "flipud",
    "float", "float16", "float32", "float64", "float_power", "floor", "floor_divide", "fmax", "fmin", "fmod",
    "frac", "frexp", "frobenius_norm", "from_dlpack", "from_numpy", "frombuffer", "full", "full_like",
    "gather", "gcd", "ge", "geqrf", "ger", "get_autocast_cpu_dtype", "get_autocast_dtype",
    "get_autocast_gpu_dtype", "get_default_device", "get_default_dtype", "get_deterministic_debug_mode",
    "get_device", "get_device_module", "get_float32_matmul_precision", "get_num_interop_threads",
    "get_num_threads", "get_rng_state", "gradient", "greater", "greater_equal", "grid_sampler",
    "grid_sampler_2d", "grid_sampler_3d", "group_norm", "gt", "half", "hamming_window", "hann_window",
    "hardshrink", "hash_tensor", "heaviside", "hinge_embedding_loss", "histc", "histogram", "histogramdd",
    "hsplit", "hstack", "hypot", "i0", "igamma", "igammac", "iinfo", "imag", "index_add", "index_copy",
    "index_fill", "index_put", "index_reduce", "index_select", "inf", "inference_mode", "initial_seed",
    "inner", "instance_norm", "int", "int8", "int16", "int32", "int64", "inverse",
    "is_autocast_cache_enabled", "is_autocast_cpu_enabled", "is_autocast_enabled", "is_complex", "is_conj",
    "is_deterministic_algorithms_warn_only_enabled", "is_floating_point", "is_grad_enabled", "is_inference",
    "is_inference_mode_enabled", "is_neg", "is_nonzero", "is_same_size", "is_signed", "is_storage",
    "is_tensor", "is_warn_always_enabled", "isclose", "isfinite", "isin", "isinf", "isnan", "isneginf",
    "isposinf", "isreal", "istft", "jagged", "kaiser_window", "kl_div", "kron", "kthvalue", "layer_norm",
    "layout", "lcm", "ldexp", "le", "lerp", "less", "less_equal", "lgamma", "linalg", "linspace", "load",
    "log", "log1p", "log2", "log10", "log_softmax", "logaddexp", "logaddexp2", "logcumsumexp", "logdet",
    "logical_and", "logical_not", "logical_or", "logical_xor", "logit", "logspace", "logsumexp", "long", "lt",
    "lu", "lu_solve", "lu_unpack", "manual_seed", "margin_ranking_loss", "masked_fill", "masked_scatter",
    "masked_select", "matmul", "matrix_exp", "matrix_power", "max", "max_pool1d", "max_pool1d_with_indices",
    "max_pool2d", "max_pool3d", "maximum", "mean", "median", "memory_format", "meshgrid", "min", "minimum",
    "mm", "mode", "moveaxis", "movedim", "msort", "mul", "multinomial", "multiply", "mv", "mvlgamma", "nan",
    "nan_to_num", "nanmean", "nanmedian", "nanquantile", "nansum", "narrow", "narrow_copy",
    "native_batch_norm", "native_channel_shuffle", "native_dropout", "native_group_norm", "native_layer_norm",
    "native_norm", "ne", "neg", "negative", "newaxis", "nextafter", "nn", "no_grad", "nonzero",
    "nonzero_static", "norm", "norm_except_dim", "normal", "not_equal", "nuclear_norm", "numel", "observe",
    "ones", "ones_like", "optim", "orgqr", "ormqr", "outer", "overrides", "pairwise_distance", "pca_lowrank",
    "pdist", "permute", "permute_copy", "pi", "pinverse", "pixel_shuffle", "pixel_unshuffle", "poisson",
    "poisson_nll_loss", "polar", "polygamma", "positive", "pow", "prelu", "preserve_format", "prod",
    "promote_types", "put", "qr", "quantile", "rad2deg", "rand", "rand_like", "randint", "randint_like",
    "randn", "randn_like", "randperm", "range", "ravel", "real", "reciprocal", "relu", "relu_", "remainder",
    "renorm", "repeat_interleave", "reshape", "resize_as_", "resolve_conj", "resolve_neg", "result_type",
    "rms_norm", "roll", "rot90", "round", "row_stack", "rrelu", "rsqrt", "rsub", "save", "scalar_tensor",
    "scatter", "scatter_add", "scatter_reduce", "searchsorted", "seed", "select", "select_copy",
    "select_scatter", "selu", "selu_", "set_autocast_cache_enabled", "set_autocast_dtype",
    "set_autocast_enabled", "set_default_device", "set_default_dtype", "set_default_tensor_type",
    "set_deterministic_debug_mode", "set_float32_matmul_precision", "set_flush_denormal", "set_grad_enabled",
    "set_num_interop_threads", "set_num_threads", "set_printoptions", "set_rng_state", "set_warn_always",
    "sgn", "short", "sigmoid", "sign", "signbit", "sin", "sinc", "sinh", "slice_copy", "slice_scatter",
    "slogdet", "softmax", "sort", "sparse_bsc", "sparse_bsr", "sparse_coo", "sparse_csc", "sparse_csr",
    "special", "split", "split_copy", "split_with_sizes", "split_with_sizes_copy", "sqrt", "square",
    "squeeze", "squeeze_copy", "stack", "std", "std_mean", "stft", "strided", "sub", "subtract", "sum", "svd",
    "svd_lowrank", "swapaxes", "swapdims", "sym_float", "sym_int", "sym_ite", "sym_max", "sym_min", "sym_not",
    "sym_sqrt", "sym_sum", "t", "t_copy", "take", "take_along_dim", "tan", "tanh", "tensor", "tensor_split",
    "tensordot", "threshold", "threshold_", "tile", "to_dlpack", "topk", "trace", "transpose",
    "transpose_copy", "trapezoid", "trapz", "triangular_solve", "tril", "tril_indices", "triplet_margin_loss",
    "triu", "triu_indices", "true_divide", "trunc", "typename", "uint8", "uint16", "uint32", "uint64",
    "unbind", "unbind_copy", "unflatten", "unfold_copy", "unique", "unique_consecutive", "unravel_index",
    "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes", "unsqueeze", "unsqueeze_copy",
    "use_deterministic_algorithms", "utils", "var", "var_mean", "vdot", "view_as_complex",
    "view_as_complex_copy", "view_as_real", "view_as_real_copy", "view_copy", "vsplit", "vstack", "where",
    "xlogy", "zeros", "zeros_like",
]
# isort: on
# fmt: on

autograd.complete()
overrides.watch()
einops_backend.when_imported()

# PyTorch says nothing of 0/0 or an overflow; NumPy would warn of each that we compute. Only those are silenced.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"gradbook\.(ops|autograd|nn|optim|kernels)\b")


def log(input: Any, *value: Any, **named: Any) -> Any:
    """`log(x)`: the natural logarithm, as torch.log. `log("val_loss", value)`: a point of a curve of the current run.

    input: (*) -> (*), or a curve's name with one number, which returns nothing. Raises TypeError for what is neither.
    """
    if isinstance(input, str):
        from gradbook.observe import log as log_point

        return log_point(input, *value, **named)
    return natural_log(input, *value, **named)


def as_torch(on: Any = True) -> Any:
    """Let `import torch` give gradbook from now on, or for a block: `with gradbook.as_torch():`. See gradbook.alias."""
    from gradbook.alias import as_torch as switch

    return switch(on)


accept_numpy_names(globals(), __all__)

# Submodules that cost nothing until they are named, as `gradbook.observe`.
_LAZY = [
    "coach",
    "profiler",
    "_C",
    "functional",
    "xpu",
    "types",
    "torch_version",
    "testing",
    "return_types",
    "onnx",
    "mps",
    "jit",
    "hub",
    "distributed",
    "cpu",
    "compiler",
    "amp",
    "accelerator",
    "_dynamo",
    "__config__",
    "cuda",
    "func",
    "datasets",
    "distributions",
    "fft",
    "masked",
    "multiprocessing",
    "observe",
    "signal",
    "fx",
    "sparse",
]
_LAZY_NAMES = {"GradScaler": "amp", "sparse_coo_tensor": "sparse", "spmm": "sparse", "vmap": "func"}


def __getattr__(name: str) -> Any:
    """A lazy submodule is there by name, and imported then."""
    if name in _LAZY:
        return importlib.import_module(f"gradbook.{name}")
    if name in _LAZY_NAMES:
        return getattr(importlib.import_module(f"gradbook.{_LAZY_NAMES[name]}"), name)
    if name[:4] == "has_" and name[4:] in backends.LIBRARIES:
        return backends.has_library(name[4:])
    if name[:1] == "_" or name[-1:] == "_":  # families of functions, made from tables
        family = "foreach" if name.startswith("_foreach_") else "native" if name[0] == "_" else "inplace_functions"
        functions = importlib.import_module(f"gradbook.ops.{family}").functions
        if name in functions:
            return functions[name]
    raise AttributeError(f"module 'gradbook' has no attribute {name!r}")


def load_ipython_extension(ipython: Any) -> None:
    """`%load_ext gradbook`: hand over to the extension."""
    from gradbook.kernel_ext import load_ipython_extension as load  # noqa: TID251 (the one arrow up, on request)

    load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """`%unload_ext gradbook`."""
    from gradbook.kernel_ext import unload_ipython_extension as unload  # noqa: TID251

    unload(ipython)
