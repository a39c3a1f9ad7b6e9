"""Eight training steps, W1 to W8, written once for PyTorch and gradbook: `WORKLOADS["W1"].build(torch)`.

Data and weights are drawn by NumPy, so that both start from the same numbers and their losses can be compared.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

__all__ = ["WORKLOADS", "Workload"]


class Step(NamedTuple):
    """What a workload is made of: `whole(loss)` is a step that computes its loss with `loss` and gives it back."""

    loss: Callable[[], Any]
    whole: Callable[[Callable[[], Any]], Callable[[], Any]]


class Workload(NamedTuple):
    """A training step to time. Bars: how many times faster than PyTorch's eager mode it is to be."""

    name: str
    what: str
    make: Callable[[ModuleType], Step]
    compiled_bar: float
    compiled_aim: float
    eager_bar: float
    tolerance: float = 1e-4  # of the loss of each of the first steps, relative

    def build(self, torch: ModuleType, wrap: Callable[[Callable[[], Any]], Any] | None = None) -> Callable[[], Any]:
        """The step with this library. wrap: what its loss goes through first, as torch.compile."""
        loss, whole = self.make(torch)
        return whole(loss if wrap is None else wrap(loss))


def draw(torch: ModuleType, *shape: int, seed: int = 1) -> Any:
    """Normal numbers."""
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape, np.float32))


def classes(torch: ModuleType, count: int, *shape: int) -> Any:
    """Integers below `count`."""
    return torch.from_numpy(np.random.default_rng(2).integers(0, count, shape))


def filled(torch: ModuleType, model: Any) -> Any:
    """The model, its parameters drawn by NumPy: uniform, the smaller the wider the layer, as by default."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            rng = np.random.default_rng(zlib.crc32(name.encode()))
            fan = int(np.prod(parameter.shape[1:])) if parameter.ndim > 1 else 0
            values = rng.uniform(-1, 1, tuple(parameter.shape)) / np.sqrt(fan) if fan else np.full(parameter.shape, 0.5)
            parameter.copy_(torch.from_numpy(values.astype(np.float32)))
    return model


def trained(optimizer: Any, *leaves: Any) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """A step: gradients cleared (those of `leaves` too), the loss, backward, the optimizer."""

    def whole(loss_of: Callable[[], Any]) -> Callable[[], Any]:
        def step() -> Any:
            for leaf in leaves:
                leaf.grad = None
            optimizer.zero_grad()
            loss = loss_of()
            loss.backward()
            optimizer.step()
            return loss

        return step

    return whole


def differentiated(*leaves: Any) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """A step without an optimizer: the loss and the gradients of `leaves`."""

    def whole(loss_of: Callable[[], Any]) -> Callable[[], Any]:
        def step() -> Any:
            for leaf in leaves:
                leaf.grad = None
            loss = loss_of()
            loss.backward()
            return loss

        return step

    return whole


def small_mlp(torch: ModuleType) -> Step:
    """W1."""
    nn = torch.nn
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))
    filled(torch, model)
    x, y = draw(torch, 64, 2), draw(torch, 64, 1, seed=3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    return Step(lambda: nn.functional.mse_loss(model(x), y), trained(optimizer))


def mlp(torch: ModuleType) -> Step:
    """W2."""
    nn = torch.nn
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
    filled(torch, model)
    x, y = draw(torch, 64, 784), classes(torch, 10, 64)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    return Step(lambda: nn.functional.cross_entropy(model(x), y), trained(optimizer))


def lenet(torch: ModuleType) -> Step:
    """W3."""
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip
    filled(torch, model)
    x, y = draw(torch, 64, 1, 28, 28), classes(torch, 10, 64)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    return Step(lambda: nn.functional.cross_entropy(model(x), y), trained(optimizer))


def residual_block(torch: ModuleType) -> Step:
    """W4."""
    nn = torch.nn

    class Block(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self, channels: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
            self.bn1 = nn.BatchNorm2d(channels)
            self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
            self.bn2 = nn.BatchNorm2d(channels)

        def forward(self, x: Any) -> Any:
            y = torch.relu(self.bn1(self.conv1(x)))
            return torch.relu(self.bn2(self.conv2(y)) + x)

    model = filled(torch, Block(64))
    x = draw(torch, 32, 64, 32, 32).requires_grad_()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)
    return Step(lambda: model(x).square().mean(), trained(optimizer, x))


def gpt(torch: ModuleType, vocabulary: int = 65, width: int = 128, heads: int = 4, layers: int = 4) -> Any:
    """A language model of nanoGPT's kind; its embedding is tied to its last layer."""
    nn, F = torch.nn, torch.nn.functional

    class Attention(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.qkv, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)

        def forward(self, x: Any) -> Any:
            b, t, c = x.shape
            q, k, v = (part.view(b, t, heads, c // heads).transpose(1, 2) for part in self.qkv(x).split(c, dim=2))
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.out(y.transpose(1, 2).reshape(b, t, c))

    class Layer(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.attention, self.norm2 = nn.LayerNorm(width), Attention(), nn.LayerNorm(width)
            self.up, self.down = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)

        def forward(self, x: Any) -> Any:
            x = x + self.attention(self.norm1(x))
            return x + self.down(F.gelu(self.up(self.norm2(x))))

    class Model(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.token, self.place = nn.Embedding(vocabulary, width), nn.Embedding(64, width)
            self.layers = nn.ModuleList([Layer() for _ in range(layers)])
            self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)
            self.token.weight = self.head.weight

        def forward(self, index: Any) -> Any:
            x = self.token(index) + self.place(torch.arange(index.shape[1]))
            for layer in self.layers:
                x = layer(x)
            return self.head(self.norm(x))

    return filled(torch, Model())


def language_model(torch: ModuleType) -> Step:
    """W5."""
    model = gpt(torch)
    index, target = classes(torch, 65, 12, 64), classes(torch, 65, 12 * 64)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1)
    return Step(lambda: torch.nn.functional.cross_entropy(model(index).view(-1, 65), target), trained(optimizer))


def lstm(torch: ModuleType) -> Step:
    """W6."""
    nn = torch.nn
    layer, head = filled(torch, nn.LSTM(64, 128, batch_first=True)), filled(torch, nn.Linear(128, 64))
    x, y = draw(torch, 32, 50, 64), classes(torch, 64, 32 * 50)
    optimizer = torch.optim.Adam([*layer.parameters(), *head.parameters()], lr=1e-3)
    return Step(lambda: nn.functional.cross_entropy(head(layer(x)[0]).reshape(-1, 64), y), trained(optimizer))


def small_ops(torch: ModuleType) -> Step:
    """W7."""
    a, b = draw(torch, 10).requires_grad_(), draw(torch, 10, seed=3).requires_grad_()

    def loss() -> Any:
        x = a
        for _ in range(250):
            x = (x * b + a).tanh() - b
        return x.sum()

    return Step(loss, differentiated(a, b))


def large_ops(torch: ModuleType) -> Step:
    """W8."""
    x, w = draw(torch, 1000, 1000).requires_grad_(), draw(torch, 1000, 1000, seed=3)

    def loss() -> Any:
        y = x * w + 1.0
        y = torch.sigmoid(y) * x
        y = torch.tanh(y) - 0.5 * w
        y = torch.exp(-y * y)
        return (y * x).sum()

    return Step(loss, differentiated(x))


WORKLOADS = {
    each.name: each
    for each in (
        Workload("W1", "MLP 2-16-16-1, batch 64, SGD", small_mlp, 40, 80, 4),
        Workload("W2", "MLP 784-256-128-10, batch 64, Adam", mlp, 2.5, 3.5, 1.1),
        Workload("W3", "LeNet, batch 64, SGD with momentum", lenet, 2.5, 4, 1.0),
        Workload("W4", "ResNet block, 64 channels, 32×32, batch 32", residual_block, 2.2, 3, 1.0, 5e-4),  # Winograd
        Workload("W5", "GPT, 4 layers of 128, 64 tokens, batch 12, AdamW", language_model, 1.5, 1.8, 0.9),
        Workload("W6", "LSTM 64-128, 50 steps, batch 32, Adam", lstm, 1.6, 2, 1.0),
        Workload("W7", "1,000 elementwise ops on 10 numbers", small_ops, 100, 400, 2),
        Workload("W8", "12 elementwise ops on 1,000,000 numbers", large_ops, 8, 14, 1.3, 1e-3),  # of a sum near zero
    )
}
