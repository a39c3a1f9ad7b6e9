"""Names for annotations, as torch.types."""

from __future__ import annotations

import builtins
from typing import Any

import gradbook

__all__ = ["Device", "FileLike", "Number", "Storage"]

_int, _float, _bool, _complex = builtins.int, builtins.float, builtins.bool, builtins.complex
_dtype, _device, _size = gradbook.dtype, gradbook.device, gradbook.Size | list[int] | tuple[int, ...]
Number = int | float | bool
Device = gradbook.device | str | int | None
FileLike = Any
Storage = Any
