"""The switches of torch.backends.cuda: which attention kernel, which precision. Kept; one kernel serves all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

__all__ = [
    "can_use_flash_attention", "cudnn_sdp_enabled", "enable_cudnn_sdp", "enable_flash_sdp", "enable_math_sdp",
    "enable_mem_efficient_sdp", "flash_sdp_enabled", "is_flash_attention_available", "math_sdp_enabled", "matmul",
    "mem_efficient_sdp_enabled", "preferred_linalg_library", "sdp_kernel",
]  # fmt: skip


class Matmul:
    """torch.backends.cuda.matmul: what precision products may give up. Products here give up none."""

    allow_tf32 = False
    allow_fp16_reduced_precision_reduction = True
    allow_bf16_reduced_precision_reduction = True
    allow_fp16_accumulation = False
    fp32_precision = "none"


matmul = Matmul()
_kernels = {"flash": True, "mem_efficient": True, "math": True, "cudnn": True}


def flash_sdp_enabled() -> bool:
    """What enable_flash_sdp was told."""
    return _kernels["flash"]


def enable_flash_sdp(enabled: bool) -> None:
    """Keep the wish."""
    _kernels["flash"] = bool(enabled)


def mem_efficient_sdp_enabled() -> bool:
    """What enable_mem_efficient_sdp was told."""
    return _kernels["mem_efficient"]


def enable_mem_efficient_sdp(enabled: bool) -> None:
    """Keep the wish."""
    _kernels["mem_efficient"] = bool(enabled)


def math_sdp_enabled() -> bool:
    """What enable_math_sdp was told."""
    return _kernels["math"]


def enable_math_sdp(enabled: bool) -> None:
    """Keep the wish."""
    _kernels["math"] = bool(enabled)


def cudnn_sdp_enabled() -> bool:
    """What enable_cudnn_sdp was told."""
    return _kernels["cudnn"]


def enable_cudnn_sdp(enabled: bool) -> None:
    """Keep the wish."""
    _kernels["cudnn"] = bool(enabled)


def is_flash_attention_available() -> bool:
    """False: that kernel is not here."""
    return False


def can_use_flash_attention(params: object, debug: bool = False) -> bool:
    """False: that kernel is not here."""
    return False


def preferred_linalg_library(backend: object = None) -> str:
    """One library: "default"."""
    return "default"


@contextlib.contextmanager
def sdp_kernel(
    enable_flash: bool = True, enable_math: bool = True, enable_mem_efficient: bool = True, enable_cudnn: bool = True
) -> Iterator[None]:
    """Keep which attention kernels a block may use, as torch.backends.cuda.sdp_kernel."""
    before = dict(_kernels)
    _kernels.update(
        flash=enable_flash, math=enable_math, mem_efficient=enable_mem_efficient, cudnn=enable_cudnn
    )  # fmt: skip
    try:
        yield
    finally:
        _kernels.update(before)
