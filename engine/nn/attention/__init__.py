"""Which kernels scaled_dot_product_attention may use, as torch.nn.attention; here all names lead to the same one."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gradbook.ops import attention as ops

__all__ = ["WARN_FOR_UNFUSED_KERNELS", "SDPBackend", "sdpa_kernel"]

WARN_FOR_UNFUSED_KERNELS = False


class SDPBackend(enum.IntEnum):
    """Names of PyTorch's attention kernels, as torch.nn.attention.SDPBackend.

    Differs: gradbook has one; MATH and FLASH_ATTENTION (what PyTorch has on a CPU) allow it.
    """

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4

    def __str__(self) -> str:
        return f"SDPBackend.{self.name}"


_USABLE = {SDPBackend.MATH, SDPBackend.FLASH_ATTENTION}


@contextmanager
def sdpa_kernel(backends: Any, set_priority: bool = False) -> Iterator[None]:
    """Inside, scaled_dot_product_attention may only use these kernels, as torch.nn.attention.sdpa_kernel.

    backends: one SDPBackend or a list. Raises AssertionError for anything else; attention raises RuntimeError where
    none of them runs on a CPU.
    """
    if not isinstance(backends, (list, SDPBackend)):
        raise AssertionError(
            "Backend must be an instance of SDPBackend or a list of SDPBackend instances, got "
            f"{type(backends).__name__}"
        )
    wanted = {backends} if isinstance(backends, SDPBackend) else set(backends)
    token = ops.allowed.set(bool(wanted & _USABLE))
    try:
        yield
    finally:
        ops.allowed.reset(token)
