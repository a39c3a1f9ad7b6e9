"""Real training, the same code with PyTorch and gradbook: seconds to a fixed loss, loader and metrics included.

python -m tests.benchmarks.training [digits,names,shakespeare,resnet] [--threads 1] [--data FOLDER] [--seconds 60]

FOLDER has tinyshakespeare.txt and names.txt; what is not there is made up (names) or left out (shakespeare). Also by
the variable GRADBOOK_BENCHMARK_DATA. gradbook runs eager, compiled, and compiled while a run is recorded at `health`.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import gradbook
from gradbook import observe
from gradbook.datasets import digits
from tests.benchmarks.machine import machine, versions
from tests.benchmarks.workloads import gpt

__all__ = ["TASKS", "Ended", "Parts", "Task", "train"]

RIVALS = ("torch", "eager", "compile", "compile, recorded")
SMOOTH = 0.9  # of the loss that is compared with the target


class Parts(NamedTuple):
    """What a task trains: `loss(logits, y)` of `model(x)` for each (x, y) of `loader`."""

    model: Any
    loader: Any
    loss: Callable[[Any, Any], Any]
    optimizer: Any


class Task(NamedTuple):
    """A training task and the smoothed loss that ends it. make(library, folder of data): None without its data."""

    name: str
    what: str
    make: Callable[[Any, Path | None], Parts | None]
    target: float


class Ended(NamedTuple):
    """How one training went."""

    reached: bool
    seconds: float
    steps: int
    loss: float
    accuracy: float
    first_seconds: float  # until the third step had ended, in which compiling may be
    left_to_python: str


def loader_of(torch: Any, *arrays: Any, batch: int) -> Any:
    """A DataLoader over arrays, shuffled."""
    data = torch.utils.data
    whole = data.TensorDataset(*[torch.from_numpy(np.ascontiguousarray(array)) for array in arrays])
    return data.DataLoader(whole, batch_size=batch, shuffle=True)


def digits_cnn(torch: Any, folder: Path | None) -> Parts:
    """The first lesson's network on its images."""
    nn = torch.nn
    images, labels = digits()
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.25), nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip
    loader = loader_of(torch, images.numpy(), labels.numpy(), batch=32)
    return Parts(model, loader, nn.functional.cross_entropy, torch.optim.Adam(model.parameters(), lr=1e-3))


def shakespeare(torch: Any, folder: Path | None) -> Parts | None:
    """A small GPT on characters."""
    if folder is None or not (folder / "tinyshakespeare.txt").exists():
        return None
    text = (folder / "tinyshakespeare.txt").read_text(encoding="utf-8")
    letters = sorted(set(text))
    codes = np.array([letters.index(letter) for letter in text[:200_000]])
    starts = np.random.default_rng(0).integers(0, len(codes) - 65, 20_000)
    windows = codes[starts[:, None] + np.arange(65)]
    model = gpt(torch, vocabulary=len(letters))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1)
    return Parts(model, loader_of(torch, windows[:, :-1], windows[:, 1:], batch=12), by_letter(torch), optimizer)


def by_letter(torch: Any) -> Callable[[Any, Any], Any]:
    """Cross entropy of each letter of each text."""

    def loss(logits: Any, y: Any) -> Any:
        return torch.nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), y.reshape(-1))

    return loss


def resnet18(torch: Any) -> Any:
    """ResNet-18 for images of 32 by 32."""
    nn = torch.nn

    class Block(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self, before: int, after: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
            self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
            self.bn1, self.bn2 = nn.BatchNorm2d(after), nn.BatchNorm2d(after)
            self.short = nn.Sequential()
            if stride != 1 or before != after:
                self.short = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

        def forward(self, x: Any) -> Any:
            y = torch.relu(self.bn1(self.conv1(x)))
            return torch.relu(self.bn2(self.conv2(y)) + self.short(x))

    layers = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    before = 64
    for width, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Block(before, width, stride), Block(width, width, 1)]
        before = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def resnet(torch: Any, folder: Path | None) -> Parts:
    """ResNet-18; the images are noise, and learnt by heart."""
    model = resnet18(torch)
    rng = np.random.default_rng(0)
    images, labels = rng.standard_normal((64, 3, 32, 32), np.float32), rng.integers(0, 10, 64)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=5e-4)
    return Parts(model, loader_of(torch, images, labels, batch=16), torch.nn.functional.cross_entropy, optimizer)


def name_lstm(torch: Any, folder: Path | None) -> Parts:
    """An LSTM that learns to spell names."""
    nn = torch.nn
    file = None if folder is None else folder / "names.txt"
    words = file.read_text(encoding="utf-8").split() if file is not None and file.exists() else made_up()
    codes = np.zeros((len(words), 17), np.int64)  # 0: before the first letter and after the last
    for row, word in zip(codes, words, strict=True):
        row[1 : len(word[:15]) + 1] = [ord(letter) - 96 for letter in word[:15].lower()]

    class Speller(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.letters, self.lstm = nn.Embedding(27, 32), nn.LSTM(32, 128, batch_first=True)
            self.head = nn.Linear(128, 27)

        def forward(self, index: Any) -> Any:
            return self.head(self.lstm(self.letters(index))[0])

    model = Speller()
    loader = loader_of(torch, codes[:, :-1], codes[:, 1:], batch=32)
    return Parts(model, loader, by_letter(torch), torch.optim.Adam(model.parameters(), lr=3e-3))


def made_up() -> list[str]:
    """Words of syllables, for machines without the file of names."""
    rng = np.random.default_rng(0)
    return ["".join(rng.choice(list("bdfgklmnrst")) + rng.choice(list("aeiou")) for _ in range(rng.integers(2, 5)))
            for _ in range(5000)]  # fmt: skip


TASKS = {
    each.name: each
    for each in (
        Task("digits", "CNN of the first lesson on digits, batch 32, Adam", digits_cnn, 0.15),
        Task("names", "LSTM of 128 on names, batch 32, Adam", name_lstm, 0.95),
        Task("shakespeare", "GPT of 4 layers on tinyshakespeare, batch 12, AdamW", shakespeare, 2.45),
        Task("resnet", "ResNet-18 on 64 images of 32×32, batch 16, SGD", resnet, 1.5),
    )
}


def train(task: Task, rival: str, folder: Path | None, seconds: float) -> Ended | None:
    """Train until the smoothed loss is below the task's target, or for so long. None: its data are not there."""
    torch: Any = importlib.import_module("torch") if rival == "torch" else gradbook
    torch.manual_seed(0)
    parts = task.make(torch, folder)
    if parts is None:
        return None
    model, loader, loss_of, optimizer = parts

    def step(x: Any, y: Any) -> tuple[Any, Any]:
        optimizer.zero_grad()
        logits = model(x)
        loss = loss_of(logits, y)
        loss.backward()
        optimizer.step()
        return loss, logits.detach()

    run = gradbook.compile(step) if rival.startswith("compile") else step
    with observe.start_run(level="health") if "recorded" in rival else contextlib.nullcontext():
        ended = until(task.target, run, loader, seconds)
    reasons = gradbook.compile.explain(run) if run is not step else []  # type: ignore[attr-defined]
    return ended._replace(left_to_python="; ".join(f"{place}: {reason}" for reason, place in reasons))


def until(target: float, step: Callable[[Any, Any], tuple[Any, Any]], loader: Any, seconds: float) -> Ended:
    """The loop that a user writes: batches, a step, loss and accuracy."""
    smooth = right = count = 0.0
    steps, began, first = 0, time.perf_counter(), 0.0
    while True:
        for x, y in loader:
            loss, logits = step(x, y)
            steps += 1
            smooth = SMOOTH * smooth + (1 - SMOOTH) * loss.item()
            right = SMOOTH * right + (logits.argmax(-1) == y).sum().item()
            count = SMOOTH * count + y.numel()
            took, mean = time.perf_counter() - began, smooth / (1 - SMOOTH**steps)
            first = took if steps == 3 else first
            if (mean < target and steps > 10) or took > seconds:
                return Ended(mean < target, took, steps, mean, right / count, first, "")


def line(task: Task, rival: str, ended: Ended, beside: Ended | None) -> str:
    """One training, as a row."""
    rate = ended.steps / ended.seconds
    end = f"{ended.seconds:.2f} s" if ended.reached else f"not in {ended.seconds:.0f} s (loss {ended.loss:.2f})"
    more = "" if beside is None else f"{rate / (beside.steps / beside.seconds):.2f}×"
    if beside is not None and ended.reached and beside.reached:
        more += f" a step, {beside.seconds / ended.seconds:.2f}× to the loss"
    cells = [
        task.what,
        rival,
        f"{rate:,.1f}",
        end,
        str(ended.steps),
        f"{ended.accuracy:.0%}",
        f"{ended.first_seconds:.2f} s",
        more,
    ]
    return "| " + " | ".join([*cells, ended.left_to_python]) + " |"


def main(words: list[str]) -> int:
    """Train and print. -> 0"""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.training", description=__doc__)
    parser.add_argument("tasks", nargs="?", type=lambda text: text.split(","), default=list(TASKS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--data", type=Path, default=os.environ.get("GRADBOOK_BENCHMARK_DATA"))
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args(words)
    if unknown := set(asked.tasks) - set(TASKS):
        parser.error(f"no {', '.join(sorted(unknown))}; there are {', '.join(TASKS)}")
    importlib.import_module("torch").set_num_threads(asked.threads)
    gradbook.set_num_threads(asked.threads)
    about = ", ".join(f"{name} {version}" for name, version in versions().items())
    print(f"{machine()}; {about}; {asked.threads} thread(s), wall clock\n")
    print("| task | with | steps/s | to the loss | steps | accuracy | first 3 steps | than PyTorch | left to Python |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in asked.tasks:
        beside = None
        for rival in RIVALS:
            ended = train(TASKS[name], rival, asked.data and Path(asked.data), asked.seconds)
            if ended is None:
                print(f"| {TASKS[name].what} | not measured: its data are not there (--data) | | | | | | | |")
                break
            print(line(TASKS[name], rival, ended, beside), flush=True)
            beside = ended if rival == "torch" else beside
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
