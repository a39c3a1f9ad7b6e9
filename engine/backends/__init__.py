"""The only place that knows which array library holds the data: NumPy on the CPU, CuPy on the GPU."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from gradbook.backends import cpu, memory, native

ndarray = np.ndarray
batched: Any = None  # the module of vmap's arrays, from the first vmap on


memory.keep_freed()


def _cuda() -> Any:
    from gradbook.backends import cuda

    return cuda


def _cupy_loaded() -> bool:
    return "cupy" in sys.modules


def is_array(value: Any) -> bool:
    """True for a NumPy or CuPy array, and for what vmap makes of them."""
    if type(value) is ndarray or isinstance(value, ndarray):
        return True
    return is_batched(value) or (_cupy_loaded() and bool(_cuda().is_array(value)))


def is_batched(value: Any) -> bool:
    """True for an array with hidden axes, as vmap makes them."""
    return batched is not None and type(value) is batched.Batched


def all_samples(array: Any) -> Any:
    """The array that holds all samples of a batched one; any other as it is."""
    while is_batched(array):
        array = array.data
    return array


def xp_of(*values: Any) -> Any:
    """The array module of `values`: vmap's if one is batched, cupy if the first array lives on a GPU, else numpy."""
    if batched is not None:
        for value in values:
            if type(value) is batched.Batched:
                from gradbook.backends import batched_module

                return batched_module.module_of(values)
    if _cupy_loaded():
        cuda = _cuda()
        for value in values:
            if cuda.is_array(value):
                return cuda.xp()
    return np


def of_device(kind: str) -> Any:
    """The backend of a device type, "cpu" or "cuda". Raises DeviceError with the mend if it is not there."""
    if kind == "cpu":
        return cpu
    cuda = _cuda()
    cuda.require()
    return cuda


def as_array(value: Any, example: Any) -> Any:
    """A result that may be a scalar, as an array of the library that holds `example`."""
    if batched is not None and type(value) is batched.Batched:
        return value
    if isinstance(value, ndarray) or type(example) is ndarray:
        return np.asarray(value)
    return xp_of(example).asarray(value)


def like(array: Any, example: Any) -> Any:
    """An array moved to where `example` is."""
    return xp_of(example).asarray(array)


def device_of(array: Any) -> tuple[str, int]:
    """("cpu", 0) or ("cuda", index)."""
    if isinstance(array, ndarray):
        return ("cpu", 0)
    return device_of(array.data) if is_batched(array) else ("cuda", int(array.device.id))


def on_cpu(name: str, forward: Callable[..., Any]) -> Callable[..., Any]:
    """The forward of op `name` for NumPy's arrays: a kernel of the CPU, where there is one and it is worth while."""
    return native.forward(name, cpu.kernels.get(name, forward))


def with_kernels(name: str, forward: Callable[..., Any]) -> Callable[..., Any]:
    """The forward of op `name`, replaced by a device's own kernel where that device has one."""
    cpu_run = on_cpu(name, forward)

    def run(xp: Any, *arrays: Any, **params: Any) -> Any:
        if xp is np:
            return cpu_run(xp, *arrays, **params)
        if not isinstance(xp, ModuleType):  # vmap's: it has no kernels, but rules for some ops
            from gradbook.backends.batched_ops import RULES

            rule = RULES.get(name)
            return forward(xp, *arrays, **params) if rule is None else rule(run, arrays, params)
        return _cuda().kernels.get(name, forward)(xp, *arrays, **params)

    return run


LIBRARIES = {"cuda": "is_built", "cudnn": "is_available", "mkldnn": "is_available", "mps": "is_built"}


def has_library(name: str) -> bool:
    """What torch.has_mps and its kin tell, with the warning that asks for torch.backends.mps.is_built() instead."""
    ask = f"backends.{name}.{LIBRARIES[name]}"
    warnings.warn(f"'has_{name}' is deprecated, please use 'torch.{ask}()'", UserWarning, stacklevel=3)
    return bool(getattr(importlib.import_module(f"gradbook.backends.{name}"), LIBRARIES[name])())


def __getattr__(name: str) -> Any:
    """The modules of torch.backends, imported when they are named."""
    if name in ("cuda", "cudnn", "mkl", "mkldnn", "mps", "nnpack", "openmp", "opt_einsum", "quantized"):
        return importlib.import_module(f"gradbook.backends.{name}")
    raise AttributeError(f"module 'gradbook.backends' has no attribute {name!r}")
