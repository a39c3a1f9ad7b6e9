"""Programs whose graphs are large, deep, wide, empty, or named by somebody who means harm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradbook
from gradbook import Tensor, nn

__all__ = ["NAMES", "PROGRAMS", "ResNet50", "Rude"]


class Attention(nn.Module):
    """Causal self-attention with two heads, op by op."""

    def __init__(self, wide: int, length: int) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(wide, 3 * wide), nn.Linear(wide, wide)
        self.register_buffer("mask", gradbook.triu(gradbook.ones(length, length), 1) * -1e9)

    def forward(self, x: Tensor) -> Tensor:
        n, length, wide = x.shape
        q, k, v = (part.view(n, length, 2, wide // 2).transpose(1, 2) for part in self.qkv(x).split(wide, dim=2))
        scores = q @ k.transpose(2, 3) / (wide // 2) ** 0.5 + self.mask
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(n, length, wide))


class Layer(nn.Module):
    """A transformer layer, norms first."""

    def __init__(self, wide: int, length: int) -> None:
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(wide), Attention(wide, length)
        self.norm2 = nn.LayerNorm(wide)
        self.mlp = nn.Sequential(nn.Linear(wide, 2 * wide), nn.GELU(), nn.Linear(2 * wide, wide))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    """As many layers as make a graph of about 10,000 nodes; tiny everything else."""

    def __init__(self, layers: int = 280, wide: int = 4, length: int = 3, words: int = 7) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(words, wide), nn.Embedding(length, wide)
        self.layers = nn.Sequential(*(Layer(wide, length) for _ in range(layers)))
        self.norm, self.head = nn.LayerNorm(wide), nn.Linear(wide, words, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = self.tokens(x) + self.places(gradbook.arange(x.shape[1]))
        return self.head(self.norm(self.layers(h)))


class RNN(nn.Module):
    """A recurrent net unrolled by hand: the same weights at each step."""

    def __init__(self, steps: int = 300, wide: int = 4) -> None:
        super().__init__()
        self.steps, self.inside, self.again = steps, nn.Linear(2, wide), nn.Linear(wide, wide)

    def forward(self, x: Tensor) -> Tensor:
        h = gradbook.zeros(x.shape[0], self.again.in_features)
        for step in range(self.steps):
            h = (self.inside(x[:, step]) + self.again(h)).tanh()
        return h


class Bottleneck(nn.Module):
    """The block of ResNet-50: 1×1, 3×3, 1×1, and the way around."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        after = 4 * width
        self.conv1, self.bn1 = nn.Conv2d(before, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, after, 1, bias=False), nn.BatchNorm2d(after)
        self.downsample = None
        if stride != 1 or before != after:
            self.downsample = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        around = x if self.downsample is None else self.downsample(x)
        h = self.bn1(self.conv1(x)).relu()
        h = self.bn2(self.conv2(h)).relu()
        return (self.bn3(self.conv3(h)) + around).relu()


class ResNet50(nn.Module):
    """ResNet-50 (He et al. 2015): 3, 4, 6 and 3 bottlenecks. `width` 64 is the paper's."""

    def __init__(self, width: int = 64, classes: int = 1000) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        before = width
        for i, (blocks, size) in enumerate(zip((3, 4, 6, 3), (width, 2 * width, 4 * width, 8 * width), strict=True)):
            layer = []
            for block in range(blocks):
                layer.append(Bottleneck(before, size, 2 if block == 0 and i > 0 else 1))
                before = 4 * size
            setattr(self, f"layer{i + 1}", nn.Sequential(*layer))
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(before, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.bn1(self.conv1(x)).relu())
        for i in range(4):
            x = getattr(self, f"layer{i + 1}")(x)
        return self.fc(self.avgpool(x).flatten(1))


def gpt() -> Tensor:
    """A GPT-like graph of about 10,000 nodes."""
    return GPT()(gradbook.tensor([[1, 2, 3]])).sum()


def rnn() -> Tensor:
    """300 steps of a recurrent net."""
    return RNN()(gradbook.ones(1, 300, 2)).sum()


def resnet50() -> Tensor:
    """ResNet-50, an eighth as wide, on a small picture."""
    return ResNet50(8, 10)(gradbook.ones(2, 3, 32, 32)).sum()


def many_into_one() -> Tensor:
    """10,000 leaves, each with an edge into one node."""
    return gradbook.stack([gradbook.ones((), requires_grad=True) for _ in range(10_000)]).sum()


def one_many_times() -> Tensor:
    """10,000 edges from one node into one other."""
    w = gradbook.ones((), requires_grad=True) * 2
    return gradbook.stack([w] * 10_000).sum()


def nothing() -> Tensor:
    """A graph without an operation."""
    return gradbook.ones((), requires_grad=True)


PROGRAMS: dict[str, Callable[[], Tensor]] = {
    "GPT-like, 10,000 nodes": gpt,
    "RNN, 300 steps": rnn,
    "ResNet-50": resnet50,
    "10,000 leaves into one node": many_into_one,
    "10,000 edges between two nodes": one_many_times,
    "no operation": nothing,
}

NAMES = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "]]>--><!--",
    "层 权重 🧠 é́́́",
    "\u202egnp.exe\u202c",
    "line\nbreak\ttab",
    "null\x00 bell\x07 \ud800",
    "x" * 10_000,
    "</style></title></textarea>",
    "${7*7} {{7*7}} %(x)s {0}",
)


class Rude:
    """A parameter of an op that raises whatever it is asked."""

    def __repr__(self) -> str:
        raise ZeroDivisionError("no repr for you")

    __str__ = __repr__

    @property
    def shape(self) -> Any:
        """Not to be had."""
        raise ZeroDivisionError("no shape for you")
