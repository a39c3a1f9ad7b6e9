"""What the coach costs: a step of four models with nobody watching, with the coach, with it and a live view's recorder.

Short trainings of one model, watched by each in turn, in CPU time, which stands still while another process has the
core. Of each two numbers, against the training that nobody watches: what the first 40 steps take, ten of which the
coach looks at closely, and a step after these on average, later looks included.
"""

from __future__ import annotations

import contextlib
import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import gradbook
from gradbook import coach, nn, observe, optim
from tests.benchmarks.bench_observe import cnn
from tests.benchmarks.bench_observe import mlp as small_mlp
from tests.benchmarks.table import Row, milliseconds
from tests.benchmarks.workloads import gpt

ROUNDS = 5
SECONDS = 0.6  # of one training
WARM = 6  # steps that nobody counts
BEGINNING = 40  # steps
BAR = "≤ 5 %"
Step = Callable[[], Any]
Watching = Callable[[], contextlib.AbstractContextManager[Any]]


def mlp() -> tuple[Any, Any, Any]:
    """Three layers on 64 images of 28 by 28."""
    model = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))
    return model, gradbook.randn(64, 784), gradbook.randint(0, 10, (64,))


def language_model() -> tuple[Any, Any, Any]:
    """A GPT of two layers, 128 wide, on 12 texts of 64 letters."""
    texts = gradbook.randint(0, 65, (12, 65))
    return gpt(gradbook, layers=2), texts[:, :-1], texts[:, 1:].reshape(-1)


MODELS = {"medium MLP": mlp, "medium CNN": cnn, "small GPT": language_model, "small MLP": small_mlp}


@contextlib.contextmanager
def watched_and_shown() -> Iterator[None]:
    """As in a cell with the live view and the coach."""
    with observe.start_run(), coach.watch():
        yield


WATCHING: dict[str, Watching] = {
    "nobody": contextlib.nullcontext,
    "the coach": coach.watch,
    "coach and health": watched_and_shown,
}


def training(build: Callable[[], tuple[Any, Any, Any]], compiled: bool = False) -> Step:
    """A new model and its optimizer. -> its step."""
    gradbook.manual_seed(0)
    model, x, y = build()
    optimizer = optim.Adam(model.parameters(), lr=1e-4)

    def step() -> Any:
        scores = model(x)
        loss = nn.functional.cross_entropy(scores.reshape(-1, scores.shape[-1]), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return gradbook.compile(step, options={"wait": True}) if compiled else step


def worked(step: Step, steps: int) -> float:
    """Seconds of CPU time that a step takes on average."""
    began = time.process_time()
    for _ in range(steps):
        step()
    return (time.process_time() - began) / steps


def measured(name: str, compiled: bool) -> tuple[dict[str, list[tuple[float, float]]], int]:
    """Of each training, by who watches: seconds of the beginning, and of a later step. -> these, and how many steps."""
    step = training(MODELS[name], compiled)
    worked(step, WARM)
    steps = max(100, round(SECONDS / min(worked(step, 3) for _ in range(5))))
    found: dict[str, list[tuple[float, float]]] = {who: [] for who in WATCHING}
    for _ in range(ROUNDS):
        for who, watching in WATCHING.items():
            with watching():
                found[who].append((BEGINNING * worked(step, BEGINNING), worked(step, steps)))
    return found, steps


def model_rows(name: str, compiled: bool = False) -> list[Row]:
    """The rows of one model: medians of the rounds, each against the same round's training unwatched."""
    times, steps = measured(name, compiled)
    alone = times.pop("nobody")
    what = f"{'compiled ' if compiled else ''}step of a {name}"
    found = [Row(f"{what}, nobody watching", milliseconds(min(later for _, later in alone)))]
    for who, watched in times.items():
        pairs = list(zip(watched, alone, strict=True))
        more = statistics.median(mine / bare for (_, mine), (_, bare) in pairs) - 1
        micros = 1e6 * statistics.median(mine - bare for (_, mine), (_, bare) in pairs)
        first = 1e3 * min(mine - bare for (mine, _), (bare, _) in pairs)
        note = f"{micros:+.0f} µs over {steps} steps; the first {BEGINNING} {first:+.1f} ms"
        found.append(Row(f"{what}, {who}", f"{more:+.1%}", "" if name == "small MLP" else BAR, note))
    return found


def memory_row() -> Row:
    """What a watch of 300 steps holds at its end."""
    step = training(mlp)
    step()
    gc.collect()
    tracemalloc.start()
    with coach.watch():
        for _ in range(300):
            step()
        gc.collect()
        held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Row(
        "memory of a watch, medium MLP, 300 steps", f"{held / 1e6:.1f} MB", "", f"at most {peak / 1e6:.1f} MB more"
    )


def rows() -> list[Row]:
    """Measure, with one thread: what waits for another one looks like work."""
    before = gradbook.get_num_threads()
    gradbook.set_num_threads(1)
    try:
        found = [row for name in MODELS for row in model_rows(name)]
        return [*found, *model_rows("medium MLP", compiled=True), memory_row()]
    finally:
        gradbook.set_num_threads(before)
