"""Settings of PyTorch that change little or nothing here: kept, so that they can be read back, and documented as such.

Everything gradbook computes on the CPU is deterministic and in full precision already, by any number of threads.
"""

from __future__ import annotations

import importlib
import warnings
from typing import Any

from gradbook.backends import native
from gradbook.device import device as device_type

__all__ = [
    "are_deterministic_algorithms_enabled", "get_deterministic_debug_mode", "get_device_module",
    "get_float32_matmul_precision", "get_num_interop_threads", "is_deterministic_algorithms_warn_only_enabled",
    "is_warn_always_enabled", "set_deterministic_debug_mode", "set_float32_matmul_precision", "set_flush_denormal",
    "set_num_interop_threads", "set_warn_always", "use_deterministic_algorithms",
]  # fmt: skip

MODES = ("default", "warn", "error")
PRECISIONS = ("highest", "high", "medium")


class Settings:
    deterministic = False
    warn_only = False
    precision = "highest"
    interop_threads = 1
    warn_always = False


settings = Settings()


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Keep the wish, as torch.use_deterministic_algorithms: the algorithms here are deterministic in any case.

    Convolutions are then computed without Winograd's method, which rounds a little more, and operations wait for their
    native kernels, as they do once a seed was set.
    """
    if not isinstance(mode, bool):
        raise TypeError(f"use_deterministic_algorithms(): mode must be bool, not {type(mode).__name__}")
    settings.deterministic, settings.warn_only = mode, warn_only
    native.state.precise = mode
    native.forget()
    if mode:
        native.repeatable()


def are_deterministic_algorithms_enabled() -> bool:
    """What use_deterministic_algorithms was told."""
    return settings.deterministic


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """What use_deterministic_algorithms was told of warn_only."""
    return settings.warn_only


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """The same wish in one word or number: "default" 0, "warn" 1, "error" 2. Raises RuntimeError for another."""
    if debug_mode not in (*MODES, 0, 1, 2):
        raise RuntimeError(f"set_deterministic_debug_mode: expected one of {', '.join(MODES)}, got {debug_mode!r}")
    number = MODES.index(debug_mode) if isinstance(debug_mode, str) else debug_mode
    use_deterministic_algorithms(number > 0, warn_only=number == 1)


def get_deterministic_debug_mode() -> int:
    """0, 1 or 2: see set_deterministic_debug_mode."""
    return 0 if not settings.deterministic else 1 if settings.warn_only else 2


def set_float32_matmul_precision(precision: str) -> None:
    """Keep the wish: "highest", "high" or "medium"; float32 products are exact to float32 in any case.

    Warns of another word, as torch.set_float32_matmul_precision.
    """
    if precision in PRECISIONS:
        settings.precision = precision
    else:
        warnings.warn(f"{precision} is not one of 'highest', 'high', or 'medium'; nothing was changed", stacklevel=2)


def get_float32_matmul_precision() -> str:
    """What set_float32_matmul_precision was told."""
    return settings.precision


def set_flush_denormal(mode: bool) -> bool:
    """-> False: the processor's treatment of the smallest numbers is left as it is, and PyTorch says so that way.

    Differs: False on every processor; nothing is flushed.
    """
    return False


def get_num_interop_threads() -> int:
    """What set_num_interop_threads was told; operations run one after another here."""
    return settings.interop_threads


def set_num_interop_threads(threads: int) -> None:
    """Keep the number. Raises RuntimeError if it is below 1."""
    if threads < 1:
        raise RuntimeError(f"set_num_interop_threads: expected a positive number of threads, got {threads}")
    settings.interop_threads = int(threads)


def set_warn_always(b: bool) -> None:
    """Keep the wish: Python's own filters say how often a warning is shown."""
    settings.warn_always = bool(b)


def is_warn_always_enabled() -> bool:
    """What set_warn_always was told."""
    return settings.warn_always


def get_device_module(device: Any = None) -> Any:
    """torch.cuda for "cuda", torch.cpu for "cpu", as torch.get_device_module; None: of the GPU if there is one."""
    from gradbook import cuda

    kind = device_type(device).type if device is not None else "cuda" if cuda.is_available() else "cpu"
    return importlib.import_module(f"gradbook.{kind}")
