"""How parameters start, as torch.nn.init: every function fills a tensor in place, without history, and returns it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook import backends, events
from gradbook.autograd import grad_mode, versions
from gradbook.ops.random import normal_array, stream
from gradbook.tensor import Tensor

__all__ = [
    "calculate_gain", "constant", "constant_", "dirac", "dirac_", "eye", "eye_", "kaiming_normal", "kaiming_normal_",
    "kaiming_uniform", "kaiming_uniform_", "normal", "normal_", "ones_", "orthogonal", "orthogonal_", "sparse",
    "sparse_",
    "trunc_normal_", "uniform", "uniform_", "xavier_normal", "xavier_normal_", "xavier_uniform", "xavier_uniform_",
    "zeros_",
]  # fmt: skip


def calculate_gain(nonlinearity: str, param: Any = None) -> float:
    """By how much the values after a nonlinearity shrink, as torch.nn.init.calculate_gain.

    1 for linear, conv and sigmoid; 5/3 tanh; √2 relu; √(2 / (1 + slope²)) leaky_relu; 3/4 selu. Raises ValueError for
    others.
    """
    kinds = (
        "linear",
        "conv1d",
        "conv2d",
        "conv3d",
        "conv_transpose1d",
        "conv_transpose2d",
        "conv_transpose3d",
        "sigmoid",
    )
    if nonlinearity in kinds:
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        if param is None:
            slope = 0.01
        elif not isinstance(param, bool) and isinstance(param, (int, float)):
            slope = param
        else:
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise ValueError(f"Unsupported nonlinearity {nonlinearity}")


def fill(tensor: Tensor, values: Any) -> Tensor:
    """Write values into a tensor's memory, unseen by autograd."""
    tensor._array[...] = values
    versions.stamp(tensor._array)
    if events.write:
        events.emit(events.write, tensor, None)
    return tensor


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Uniform in [a, b)."""
    with grad_mode.no_grad():
        made: Tensor = tensor.uniform_(a, b, generator=generator)
        return made


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Normal with a mean and a standard deviation."""
    with grad_mode.no_grad():
        made: Tensor = tensor.normal_(mean, std, generator=generator)
        return made


def trunc_normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Any = None
) -> Tensor:
    """Normal, drawn again until it lies in [a, b]; std is in units of the values, and so are a and b."""
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may "
            "be incorrect.",
            stacklevel=2,
        )
    return fill(tensor, truncated(tensor.numel(), mean, std, a, b, generator).reshape(tuple(tensor.shape)))


def truncated(count: int, mean: float, std: float, a: float, b: float, generator: Any) -> Any:
    """`count` values of a truncated normal distribution."""
    rng = stream(generator)
    low, high = (a - mean) / std, (b - mean) / std
    if high < -2 or low > 2 or high - low < 0.5:  # rejection would take long: invert the distribution, by bisection
        edges = [0.5 * math.erfc(-v / math.sqrt(2)) for v in (low, high)]
        chance = rng.uniform(edges[0], edges[1], count)
        left, right = np.full(count, low), np.full(count, high)
        erfc = np.vectorize(math.erfc, otypes=[float])
        for _ in range(50):
            middle = (left + right) / 2
            below = 0.5 * erfc(-middle / math.sqrt(2)) < chance if count else middle < 0
            left, right = np.where(below, middle, left), np.where(below, right, middle)
        return np.clip(mean + std * (left + right) / 2, a, b)
    found = rng.standard_normal(count)
    outside = np.flatnonzero((found < low) | (found > high))
    while len(outside):
        found[outside] = rng.standard_normal(len(outside))
        outside = outside[(found[outside] < low) | (found[outside] > high)]
    return np.clip(mean + std * found, a, b)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """One value everywhere."""
    return fill(tensor, val)


def ones_(tensor: Tensor) -> Tensor:
    """Ones."""
    return fill(tensor, 1)


def zeros_(tensor: Tensor) -> Tensor:
    """Zeros."""
    return fill(tensor, 0)


def eye_(tensor: Tensor) -> Tensor:
    """The identity matrix. Raises ValueError unless the tensor has two axes."""
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    return fill(tensor, backends.xp_of(tensor._array).eye(*tensor.shape, dtype=tensor._array.dtype))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Kernels that let channels through unchanged. Raises ValueError for other than 3, 4 or 5 axes."""
    if tensor.ndim not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    if tensor.shape[0] % groups:
        raise ValueError("dim 0 must be divisible by groups")
    each = tensor.shape[0] // groups
    values = np.zeros(tuple(tensor.shape))
    middle = tuple(n // 2 for n in tensor.shape[2:])
    for group in range(groups):
        for i in range(min(each, tensor.shape[1])):
            values[(group * each + i, i, *middle)] = 1
    return fill(tensor, backends.like(values, tensor._array))


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    if tensor.ndim < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def _calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    mode = mode.lower()
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return fan_in if mode == "fan_in" else fan_out


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Uniform in ±gain √(6 / (fan in + fan out)) (Glorot and Bengio, 2010)."""
    bound = gain * math.sqrt(6.0 / sum(_calculate_fan_in_and_fan_out(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Normal with standard deviation gain √(2 / (fan in + fan out)) (Glorot and Bengio, 2010)."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(_calculate_fan_in_and_fan_out(tensor))), generator)


def kaiming_uniform_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Uniform in ±gain √(3 / fan) (He et al., 2015); a: slope of leaky_relu."""
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    bound = math.sqrt(3.0) * calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Normal with standard deviation gain / √fan (He et al., 2015); a: slope of leaky_relu."""
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    std = calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))
    return normal_(tensor, 0.0, std, generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """Rows (or columns) of length `gain`, at right angles. Raises ValueError for fewer than two axes."""
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows, columns = tensor.shape[0], tensor.numel() // tensor.shape[0]
    flat = normal_array(stream(generator), (rows, columns), np.dtype(np.float64))
    q, r = np.linalg.qr(flat.T if rows < columns else flat)
    q *= np.sign(np.diag(r))
    q = q.T if rows < columns else q
    return fill(tensor, backends.like(gain * q.reshape(tuple(tensor.shape)), tensor._array))


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Any = None) -> Tensor:
    """Normal, and `sparsity` of every column zero. Raises ValueError unless the tensor has two axes."""
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rng = stream(generator)
    values = rng.standard_normal(tuple(tensor.shape)) * std
    none = math.ceil(sparsity * tensor.shape[0])
    for column in range(tensor.shape[1]):
        values[rng.permutation(tensor.shape[0])[:none], column] = 0
    return fill(tensor, backends.like(values, tensor._array))


def _old(name: str, fn: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def call(*args: Any, **kwargs: Any) -> Tensor:
        warnings.warn(f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`.", FutureWarning, stacklevel=2)
        return fn(*args, **kwargs)

    call.__name__, call.__doc__ = name, f"{name}_ under its old name."
    return call


uniform, normal, constant = _old("uniform", uniform_), _old("normal", normal_), _old("constant", constant_)
eye, dirac, sparse = _old("eye", eye_), _old("dirac", dirac_), _old("sparse", sparse_)
xavier_uniform, xavier_normal = _old("xavier_uniform", xavier_uniform_), _old("xavier_normal", xavier_normal_)
kaiming_uniform, kaiming_normal = _old("kaiming_uniform", kaiming_uniform_), _old("kaiming_normal", kaiming_normal_)
orthogonal = _old("orthogonal", orthogonal_)
