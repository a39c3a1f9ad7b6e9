"""What the coach costs: a step of four models with nobody watching, with the coach, with it and a live view's recorder.

Three numbers of each, against the same training unwatched: all steps of a second of training from the first on, by the
training thread's own clock, which stands still while another process has the core; a usual step, the median; and what
the first steps take, where every operation is looked at.
"""

from __future__ import annotations

import contextlib
import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import gradbook
from gradbook import coach, nn, observe, optim
from tests.benchmarks.bench_observe import cnn
from tests.benchmarks.bench_observe import mlp as small_mlp
from tests.benchmarks.table import Row, milliseconds
from tests.benchmarks.workloads import gpt

ROUNDS = 6
SECONDS = 1.0  # of one training, about
BEGINNING = 6  # steps
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
    return gpt(gradbook, layers=2), texts[:, :-1], texts[:, 1:].reshape(-1)  # type: ignore[arg-type]


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


class Training(NamedTuple):
    """Seconds of some steps one after the other: of each by the clock, of all of the thread's own work."""

    steps: list[float]
    work: float

    @property
    def usual(self) -> float:
        """A usual step."""
        return statistics.median(self.steps[BEGINNING:])

    @property
    def beginning(self) -> float:
        """The first steps."""
        return sum(self.steps[:BEGINNING])


def timed(step: Step, steps: int) -> Training:
    """Run so many steps. The thread's own clock is asked twice only: asking costs more than a step may."""
    clock, found, began = time.perf_counter, [], time.thread_time()
    before = clock()
    for _ in range(steps):
        step()
        now = clock()
        found.append(now - before)
        before = now
    return Training(found, time.thread_time() - began)


def measured(name: str, compiled: bool = False) -> dict[str, list[Training]]:
    """Whole trainings, watched in turns by each."""
    step = training(MODELS[name], compiled)
    timed(step, 12)
    steps = max(30, int(SECONDS / statistics.median(timed(step, 12).steps)))
    found: dict[str, list[Training]] = {who: [] for who in WATCHING}
    for _ in range(ROUNDS):
        for who, watching in WATCHING.items():
            with watching():
                found[who].append(timed(step, steps))
    return found


def model_rows(name: str, compiled: bool = False) -> list[Row]:
    """The rows of one model: medians of what the rounds give, each against the same round's training unwatched."""
    times = measured(name, compiled)
    alone = times.pop("nobody")
    what = f"{'compiled ' if compiled else ''}step of a {name}"
    found = [Row(f"{what}, nobody watching", milliseconds(min(each.usual for each in alone)))]
    for who, watched in times.items():
        pairs = list(zip(watched, alone, strict=True))
        mean = statistics.median(a.work / b.work for a, b in pairs) - 1
        step = statistics.median(a.usual / b.usual for a, b in pairs) - 1
        first = min(each.beginning for each in watched) - min(each.beginning for each in alone)
        note = f"{len(alone[0].steps)} steps; a usual step {step:+.1%}; the first {BEGINNING} {1e3 * first:+.1f} ms"
        found.append(Row(f"{what}, {who}", f"{mean:+.1%}", "" if name == "small MLP" else BAR, note))
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
