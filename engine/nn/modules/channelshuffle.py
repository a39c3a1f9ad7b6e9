"""Channels of groups interleaved."""

from __future__ import annotations

from gradbook.nn.module import Module
from gradbook.ops.spatial import channel_shuffle
from gradbook.tensor import Tensor

__all__ = ["ChannelShuffle"]


class ChannelShuffle(Module):
    """Channels of groups interleaved, as torch.nn.ChannelShuffle: (n, c, *) -> the same."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        return channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"
