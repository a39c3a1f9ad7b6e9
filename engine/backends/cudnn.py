"""torch.backends.cudnn: cuDNN is not used; what is switched is kept and changes nothing."""

from __future__ import annotations

from typing import Any

from gradbook.backends.flags import scoped

__all__ = ["allow_tf32", "benchmark", "benchmark_limit", "deterministic", "enabled", "flags", "is_acceptable",
           "is_available", "set_flags", "version"]  # fmt: skip

enabled = True
benchmark = False
benchmark_limit: int | None = None
deterministic = False
allow_tf32 = True
flags = scoped(globals(), "enabled", "benchmark", "benchmark_limit", "deterministic", "allow_tf32")


def version() -> int | None:
    """None: there is no cuDNN."""
    return None


def is_available() -> bool:
    """False: there is no cuDNN."""
    return False


def is_acceptable(tensor: Any) -> bool:
    """False: no tensor goes to cuDNN."""
    return False


def set_flags(**named: Any) -> None:
    """Set switches for good."""
    globals().update({f"{name.removeprefix('_')}": value for name, value in named.items() if value is not None})
