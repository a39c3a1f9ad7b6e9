"""How elements lie in memory, by PyTorch's names: torch.strided, torch.contiguous_format and their kin."""

from __future__ import annotations

__all__ = [
    "channels_last", "channels_last_3d", "contiguous_format", "jagged", "layout", "memory_format", "preserve_format",
    "sparse_bsc", "sparse_bsr", "sparse_coo", "sparse_csc", "sparse_csr", "strided",
]  # fmt: skip


class _Name:
    """One of a few values, told apart by identity; pickles as itself."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"gradbook.{self.name}"

    def __reduce__(self) -> str:
        return self.name


class layout(_Name):
    """How a tensor keeps its elements, as torch.layout. Only `strided` and `sparse_coo` tensors can be made."""

    __slots__ = ()


class memory_format(_Name):
    """The order of axes in memory, as torch.memory_format."""

    __slots__ = ()


strided, sparse_coo, jagged = layout("strided"), layout("sparse_coo"), layout("jagged")
sparse_csr, sparse_csc = layout("sparse_csr"), layout("sparse_csc")
sparse_bsr, sparse_bsc = layout("sparse_bsr"), layout("sparse_bsc")
contiguous_format, preserve_format = memory_format("contiguous_format"), memory_format("preserve_format")
channels_last, channels_last_3d = memory_format("channels_last"), memory_format("channels_last_3d")
