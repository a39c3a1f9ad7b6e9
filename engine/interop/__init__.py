"""Other people's files: PyTorch's checkpoints and safetensors, read and written without PyTorch."""

from __future__ import annotations

__all__: list[str] = []
