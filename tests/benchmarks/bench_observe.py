"""What being watched costs: the step time of two models with nobody watching, at level health and at level full."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import gradbook
from gradbook import nn, observe, optim
from tests.benchmarks.table import Row, milliseconds

ROUNDS = 15
ROUND_SECONDS = 0.4
BARS = {"health": ("≤ 5 %", 1.05), "full": ("≤ 2×", 2.0)}


def mlp() -> tuple[Any, Any, Any]:
    """Three layers on 64 rows of 64 numbers."""
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))
    return model, gradbook.randn(64, 64), gradbook.randint(0, 10, (64,))


def cnn() -> tuple[Any, Any, Any]:
    """Two convolutions on 32 images of 28 by 28."""
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 49, 10),
    )
    return model, gradbook.randn(32, 1, 28, 28), gradbook.randint(0, 10, (32,))


def loop(build: Callable[[], tuple[Any, Any, Any]]) -> Callable[[float], float]:
    """A training loop. -> a function that trains for some seconds and gives seconds a step."""
    gradbook.manual_seed(0)
    model, x, y = build()
    optimizer = optim.Adam(model.parameters(), lr=1e-4)

    def train(seconds: float) -> float:
        steps, began = 0, time.perf_counter()
        while (took := time.perf_counter() - began) < seconds:
            for _ in range(10):
                loss = nn.functional.cross_entropy(model(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            steps += 10
        return took / steps

    return train


def measure(train: Callable[[float], float]) -> dict[str, list[float]]:
    """Seconds a step, level by level in turns, so that what else the machine does meets all of them alike."""
    seconds: dict[str, list[float]] = {"off": [], "health": [], "full": []}
    train(ROUND_SECONDS)
    for _ in range(ROUNDS):
        for level, found in seconds.items():
            if level == "off":
                found.append(train(ROUND_SECONDS))
            else:
                with observe.start_run(level=level):
                    train(0.05)  # the first recorded step is paid once a run
                    found.append(train(ROUND_SECONDS))
    return seconds


def rows() -> list[Row]:
    """Measure."""
    found = []
    for name, build in (("small MLP", mlp), ("medium CNN", cnn)):
        seconds = measure(loop(build))
        alone = statistics.median(seconds["off"])
        found.append(Row(f"step of a {name}, nobody watching", milliseconds(alone)))
        for level, (bar, _) in BARS.items():
            watched = statistics.median(seconds[level])
            ratio = watched / alone
            shown = f"{100 * (ratio - 1):+.1f} %" if level == "health" else f"{ratio:.2f}×"
            found.append(Row(f"step of a {name}, level {level}", milliseconds(watched), bar, shown))
    return found
