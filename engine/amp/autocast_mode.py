"""torch.autocast: inside it, products and convolutions run in half precision, and what would suffer in float32."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from gradbook import backends, dtypes
from gradbook.autograd import casting
from gradbook.device import device as device_type_of
from gradbook.tensor import Tensor

__all__ = [
    "autocast", "clear_autocast_cache", "custom_bwd", "custom_fwd", "get_autocast_cpu_dtype",
    "get_autocast_dtype", "get_autocast_gpu_dtype", "is_autocast_available", "is_autocast_cache_enabled",
    "is_autocast_cpu_enabled", "is_autocast_enabled", "set_autocast_cache_enabled", "set_autocast_dtype",
    "set_autocast_enabled",
]  # fmt: skip

HALVES = (dtypes.bfloat16, dtypes.float16)


def _kind(device_type: Any) -> str:
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    return str(device_type_of(device_type).type)


class autocast:
    """Mixed precision for a block or a function, as torch.autocast: `with torch.autocast("cpu", torch.bfloat16):`.

    Products, convolutions and attention take their operands in `dtype` (bfloat16 on the CPU, float16 on the GPU);
    losses and what else loses by it take theirs in float32; everything else takes what comes. float64 is left alone.
    Warns and does nothing for a GPU that is not there, or a dtype that is no half precision. Raises RuntimeError for an
    unknown device type. Differs: on a GPU the CPU's lists hold; torch.linalg is on none; no cast is kept.
    """

    def __init__(
        self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        self.device = _kind(device_type)
        known = self.device in casting.DEFAULTS
        self.fast_dtype = dtype if dtype is not None else casting.state.dtype.get(self.device)
        self._enabled = bool(enabled) and known
        self._cache = casting.state.cache if cache_enabled is None else bool(cache_enabled)
        self._before: list[tuple[bool, Any, bool]] = []
        if self._enabled and self.device == "cuda" and not _gpu_is_there():
            warnings.warn("CUDA is not available. Disabling autocast.", UserWarning, stacklevel=2)
            self._enabled = False
        elif self._enabled and self.fast_dtype not in HALVES:
            words = (
                f"In {self.device.upper()} autocast, but the target dtype {dtype} is not supported. Disabling autocast."
            )
            warnings.warn(f"{words} Use torch.bfloat16 or torch.float16.", UserWarning, stacklevel=2)
            self._enabled = False

    def __enter__(self) -> autocast:
        state = casting.state
        self._before.append((state.enabled.get(self.device, False), state.dtype.get(self.device), state.cache))
        casting.count(1)
        self._set(self._enabled, self.fast_dtype, self._cache)
        return self

    def __exit__(self, *exc: object) -> None:
        self._set(*self._before.pop())
        casting.count(-1)

    def _set(self, enabled: bool, dtype: Any, cache: bool) -> None:
        state = casting.state
        if self.device in casting.DEFAULTS:
            state.enabled = {**state.enabled, self.device: enabled}
            state.dtype = {**state.dtype, self.device: dtype}
        state.cache = cache

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(func)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self:
                return func(*args, **kwargs)

        return inside


def _gpu_is_there() -> bool:
    from gradbook.backends import cuda

    return cuda.device_count() > 0


def is_autocast_available(device_type: str) -> bool:
    """True for the device types that autocast knows, "cpu" and "cuda"."""
    return _kind(device_type) in casting.DEFAULTS


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """True inside autocast for that device type; without one, for "cuda", as torch.is_autocast_enabled."""
    return casting.state.enabled.get("cuda" if device_type is None else _kind(device_type), False)


def is_autocast_cpu_enabled() -> bool:
    """True inside autocast for "cpu"."""
    return is_autocast_enabled("cpu")


def get_autocast_dtype(device_type: str) -> Any:
    """The dtype that autocast uses on that device type. Raises RuntimeError for one without autocast."""
    kind = _kind(device_type)
    if kind not in casting.DEFAULTS:
        raise RuntimeError(f"unsupported scalarType: autocast has no dtype for {device_type!r}; use 'cpu' or 'cuda'")
    return casting.state.dtype[kind]


def get_autocast_cpu_dtype() -> Any:
    """The dtype that autocast uses on the CPU."""
    return get_autocast_dtype("cpu")


def get_autocast_gpu_dtype() -> Any:
    """The dtype that autocast uses on the GPU."""
    return get_autocast_dtype("cuda")


def set_autocast_enabled(device_type: Any, enabled: bool | None = None) -> None:
    """Switch autocast on or off on this thread from now on, for a device type, or for "cuda" with one argument."""
    kind, on = ("cuda", bool(device_type)) if enabled is None else (_kind(device_type), bool(enabled))
    casting.count(int(on) - int(casting.state.enabled[kind]))
    casting.state.enabled = {**casting.state.enabled, kind: on}


def set_autocast_dtype(device_type: str, dtype: Any) -> None:
    """Let autocast use that dtype on a device type from now on."""
    casting.state.dtype = {**casting.state.dtype, _kind(device_type): dtype}


def is_autocast_cache_enabled() -> bool:
    """What autocast(cache_enabled=...) was told."""
    return casting.state.cache


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Keep the wish: no cast is kept in any case."""
    casting.state.cache = bool(enabled)


def clear_autocast_cache() -> None:
    """No cast is kept."""


# -- autograd.Function under autocast --------------------------------------------------------------------------------


def custom_fwd(fwd: Any = None, *, device_type: str, cast_inputs: Any = None) -> Any:
    """Decorator for Function.forward, as torch.amp.custom_fwd.

    cast_inputs: the dtype that floating tensors of that device come in, with autocast off inside; without it the
    function runs as it is called. Either way custom_bwd does the same in backward.
    """
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)
    kind = _kind(device_type)

    @functools.wraps(fwd)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        on = casting.state.enabled.get(kind, False)
        args[0]._dtype = casting.state.dtype.get(kind)
        args[0]._fwd_used_autocast = on and cast_inputs is None
        if cast_inputs is None or not on:
            return fwd(*args, **kwargs)
        with autocast(kind, enabled=False):
            return fwd(*_cast(args, kind, cast_inputs), **_cast(kwargs, kind, cast_inputs))

    return decorated


def custom_bwd(bwd: Any = None, *, device_type: str) -> Any:
    """Decorator for Function.backward: autocast is on or off as it was in forward, as torch.amp.custom_bwd."""
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)
    kind = _kind(device_type)

    @functools.wraps(bwd)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        with autocast(kind, enabled=args[0]._fwd_used_autocast, dtype=args[0]._dtype):
            return bwd(*args, **kwargs)

    return decorated


def _cast(value: Any, kind: str, dtype: Any) -> Any:
    if isinstance(value, Tensor):
        fits = value.dtype.is_floating_point and value.dtype is not dtypes.float64
        return value.to(dtype) if fits and value.device.type == kind else value
    if isinstance(value, dict):
        return {key: _cast(item, kind, dtype) for key, item in value.items()}
    if isinstance(value, list | tuple) and not backends.is_array(value):
        return type(value)(_cast(item, kind, dtype) for item in value)
    return value
