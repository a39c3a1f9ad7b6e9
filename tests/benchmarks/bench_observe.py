"""What being watched costs: the step time of two models with nobody watching, at level health and at level full."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import gradbook
from gradbook import nn, observe, optim
from tests.benchmarks.table import Row, milliseconds

ROUNDS = 25
ROUND_SECONDS = 0.2
BARS = {"health": "≤ 5 %", "full": "≤ 2×"}
Times = list[tuple[float, float]]  # seconds a step: on the clock, and of the training thread's own work


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


def loop(build: Callable[[], tuple[Any, Any, Any]]) -> Callable[[float], tuple[float, float]]:
    """A training loop. -> a function that trains for some seconds and gives the times of a step."""
    gradbook.manual_seed(0)
    model, x, y = build()
    optimizer = optim.Adam(model.parameters(), lr=1e-4)

    def train(seconds: float) -> tuple[float, float]:
        steps, began, worked = 0, time.perf_counter(), time.thread_time()
        while (took := time.perf_counter() - began) < seconds:
            loss = nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            steps += 1
        return took / steps, (time.thread_time() - worked) / steps

    return train


def measure(train: Callable[[float], tuple[float, float]]) -> dict[str, Times]:
    """Times of a step, level by level in turns, so that what else the machine does meets all of them alike."""
    found: dict[str, Times] = {"off": [], "health": [], "full": []}
    train(ROUND_SECONDS)
    for _ in range(ROUNDS):
        for level, times in found.items():
            if level == "off":
                times.append(train(ROUND_SECONDS))
            else:
                with observe.start_run(level=level):
                    train(ROUND_SECONDS / 4)  # the first recorded step is paid once a run
                    times.append(train(ROUND_SECONDS))
    return found


def breakpoint_rows() -> list[Row]:
    """What a breakpoint costs that never stops: each operation and each gradient is looked at while one is set."""
    found = []
    for name, build in (("small MLP", mlp), ("medium CNN", cnn)):
        train = loop(build)
        times: dict[str, Times] = {"none": [], "nan": [], "grad>1e9": []}
        train(ROUND_SECONDS)
        for _ in range(ROUNDS):
            for condition, column in times.items():
                if condition == "none":
                    column.append(train(ROUND_SECONDS))
                else:
                    with observe.breakpoint(condition):
                        column.append(train(ROUND_SECONDS))
        work = {condition: min(own for _, own in column) for condition, column in times.items()}
        for condition in ("nan", "grad>1e9"):
            more = 100 * (work[condition] / work["none"] - 1)
            note = f"{more:+.0f} %, of the thread's own work"
            found.append(Row(f"step of a {name}, breakpoint {condition}", milliseconds(work[condition]), "", note))
    return found


def timeline_rows() -> list[Row]:
    """What %%timeline costs, and how near what it tells comes to a step that nobody watches."""
    found = []
    for name, build in (("small MLP", mlp), ("medium CNN", cnn)):
        train = loop(build)
        train(ROUND_SECONDS)
        bare, timed, told = [], [], []
        for _ in range(ROUNDS):
            bare.append(train(ROUND_SECONDS)[0])
            with observe.timeline({}) as t:
                timed.append(train(ROUND_SECONDS)[0])
            told.append((t.wall - t.watching) / t.steps)
        least, most = min(bare), min(timed)
        told_step, bare_step = milliseconds(min(told)), milliseconds(least)
        note = f"{most / least:.2f}×; it tells {told_step}, an unwatched one takes {bare_step}"
        found.append(Row(f"step of a {name}, %%timeline", milliseconds(most), "", note))
    return found


def birth_rows() -> list[Row]:
    """How long it takes to find where a NaN was born in a graph of 5,000 operations."""
    gradbook.manual_seed(0)
    turn, x = gradbook.eye(8), gradbook.randn(16, 8)
    h = x @ gradbook.randn(8, 8, requires_grad=True)
    for i in range(1250):
        h = gradbook.tanh(h @ turn + 0.01) * 1.01
        if i == 3:
            with np.errstate(all="ignore"):
                h = gradbook.log(h - 5)
    loss, took = h.mean(), []
    for _ in range(5):
        began = time.process_time()
        observe.why_nan(loss)
        took.append(time.process_time() - began)
    return [Row("where a NaN was born, 5,000 operations", milliseconds(min(took)), "≤ 1 s")]


def rows() -> list[Row]:
    """Measure: ratios of the medians; beside them those of the thread's own work, which a busy machine hardly moves."""
    found = []
    for name, build in (("small MLP", mlp), ("medium CNN", cnn)):
        medians = {
            level: [statistics.median(column) for column in zip(*times, strict=True)]
            for level, times in measure(loop(build)).items()
        }
        wall, work = medians["off"]
        found.append(Row(f"step of a {name}, nobody watching", milliseconds(wall)))
        for level, bar in BARS.items():
            ratios = medians[level][0] / wall, medians[level][1] / work
            note = ", of its own work ".join(
                f"{100 * (r - 1):+.1f} %" if level == "health" else f"{r:.2f}×" for r in ratios
            )
            found.append(Row(f"step of a {name}, level {level}", milliseconds(medians[level][0]), bar, note))
    return [*found, *timeline_rows(), *breakpoint_rows(), *birth_rows()]
