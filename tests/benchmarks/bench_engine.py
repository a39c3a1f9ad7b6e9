"""Step time of the first lesson's models, and of one small operation, against PyTorch eager on the same threads."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

import gradbook
from gradbook.datasets import digits
from tests.benchmarks.table import Row, interleaved, milliseconds

BATCH = 32


def linear(nn: Any) -> Any:
    """Ten neurons."""
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))


def mlp(nn: Any) -> Any:
    """One hidden layer."""
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10))


def cnn(nn: Any) -> Any:
    """The lesson's DigitNet, without its dropout (the two would draw different numbers)."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(512, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )


def training_step(torch: ModuleType, build: Callable[[Any], Any]) -> Callable[[], object]:
    """One whole step, forward, backward and Adam, on one batch of digits. -> a function that does it."""
    images, labels = digits()
    x = torch.from_numpy(np.ascontiguousarray(images.numpy()[:BATCH]))
    y = torch.from_numpy(np.ascontiguousarray(labels.numpy()[:BATCH]))
    model = build(torch.nn)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)

    def step() -> None:
        loss = torch.nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def small_op(torch: ModuleType) -> Callable[[], object]:
    """A chain of 100 multiplications of 10 numbers, forward and backward."""
    x = torch.ones(10, requires_grad=True)

    def chain() -> None:
        y = x
        for _ in range(100):
            y = y * 1.001
        y.sum().backward()

    return chain


def rows() -> list[Row]:
    """Measure. Without PyTorch only our own times."""
    rivals: dict[str, ModuleType] = {"gradbook": gradbook}
    try:
        import torch
    except ImportError:
        note = "PyTorch is not installed"
    else:
        torch.set_num_threads(gradbook.get_num_threads())
        rivals["torch"] = torch
        note = f"PyTorch {torch.__version__}, {torch.get_num_threads()} thread(s) each"
    out = []
    for name, build in (("linear", linear), ("mlp", mlp), ("cnn", cnn)):
        times = interleaved({rival: training_step(module, build) for rival, module in rivals.items()})
        out.append(Row(f"training step, lesson's {name}, batch {BATCH}", versus(times), "", note))
    times = {
        rival: seconds / 100 for rival, seconds in interleaved({r: small_op(m) for r, m in rivals.items()}).items()
    }
    out.append(Row("one small operation, forward + backward", versus(times), "≤ 2.5 µs", note))
    return out


def versus(times: dict[str, float]) -> str:
    """`1.10 ms (PyTorch 0.90 ms, ×0.82)`: above 1 we are faster."""
    ours = times["gradbook"]
    if "torch" not in times:
        return milliseconds(ours)
    return f"{milliseconds(ours)} (PyTorch {milliseconds(times['torch'])}, ×{times['torch'] / ours:.2f})"
