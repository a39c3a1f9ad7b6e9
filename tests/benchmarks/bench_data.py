"""Loading images that must be decoded and augmented: with worker processes, without, and PyTorch's loader beside."""

from __future__ import annotations

import functools
import multiprocessing
import random
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.utils import data
from tests.benchmarks.table import Row, interleaved, milliseconds

SAMPLES, BATCH, WORKERS, SIDE = 256, 32, 2, 96


class Compressed:
    """Images as a PNG has them: compressed rows of differences. A sample is decoded, cropped, turned and brightened."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        waves = np.cumsum(rng.integers(-3, 4, (SAMPLES, SIDE, SIDE, 3)), 2).astype(np.uint8)
        self.files = [zlib.compress(np.diff(image, axis=1, prepend=np.uint8(0)).tobytes()) for image in waves]

    def __len__(self) -> int:
        return SAMPLES

    def __getitem__(self, index: int) -> tuple[Any, int]:
        rows = np.frombuffer(zlib.decompress(self.files[index]), np.uint8).reshape(SIDE, SIDE, 3)
        image = np.cumsum(rows, 1, dtype=np.uint8)
        top, left = random.randrange(16), random.randrange(16)
        image = image[top : top + 80, left : left + 80]
        if random.random() < 0.5:
            image = image[:, ::-1]
        bright = image.astype(np.float32) * random.uniform(0.8, 1.2)
        bright = (bright - bright.mean((0, 1))) / (bright.std((0, 1)) + 1e-3)
        return np.ascontiguousarray(bright.transpose(2, 0, 1)), index % 10


compressed = functools.cache(Compressed)  # made before processes fork


class Ready:
    """Images that cost nothing to make: what is left is the way to the main process."""

    def __init__(self) -> None:
        self.image = np.ones((3, 224, 224), np.float32)

    def __len__(self) -> int:
        return 64

    def __getitem__(self, index: int) -> Any:
        return self.image


def decode(indices: range) -> None:
    """Load some samples, in whatever process this runs."""
    dataset = compressed()
    for _ in range(4):
        for index in indices:
            dataset[index]


def processes_alone() -> Row:
    """What this machine gives two processes that have nothing to do with each other: no loader can be faster."""
    compressed()
    with multiprocessing.get_context("fork").Pool(WORKERS) as pool:
        halves = [range(SAMPLES // 2), range(SAMPLES // 2, SAMPLES)]
        times = interleaved(
            {"one": lambda: pool.map(decode, [range(SAMPLES)], 1), "two": lambda: pool.map(decode, halves, 1)}
        )
    return Row(f"{WORKERS} processes without a loader / one", f"{times['one'] / times['two']:.2f} x", "", "its limit")


def epoch(loader: Any) -> Callable[[], object]:
    """A function that takes all batches once, and looks at each."""

    def run() -> None:
        for batch in loader:
            (batch if hasattr(batch, "shape") else batch[0]).sum()

    return run


def rows() -> list[Row]:
    """Measure; each rival keeps its worker processes between epochs. Without PyTorch only our own times."""
    libraries: dict[str, Any] = {"gradbook": data}
    try:
        from torch.utils import data as torch_data
    except ImportError:
        note = "PyTorch is not installed"
    else:
        note = ""
        libraries["torch"] = torch_data
    found = [processes_alone()]
    for name, dataset, samples in (("decode and augment", compressed(), SAMPLES), ("224 x 224 images", Ready(), 64)):
        loaders = {
            (library, workers): module.DataLoader(
                dataset, BATCH, shuffle=True, num_workers=workers, persistent_workers=workers > 0
            )
            for library, module in libraries.items()
            for workers in (0, WORKERS)
        }
        times = interleaved({f"{library} {workers}": epoch(one) for (library, workers), one in loaders.items()})
        alone, shared = times["gradbook 0"], times[f"gradbook {WORKERS}"]
        beside = ""
        if "torch" in libraries:
            theirs = times[f"torch {WORKERS}"]
            beside = f"torch {theirs / samples * 1e6:,.0f} µs: {shared / theirs:.2f} x its time"
        bar = ">= 1.50 x" if samples == SAMPLES else ""
        found.append(Row(f"a sample, {name}, no workers", milliseconds(alone / samples), "", note))
        found.append(Row(f"a sample, {name}, {WORKERS} workers", milliseconds(shared / samples), "", beside or note))
        found.append(Row(f"rate with {WORKERS} workers / without, {name}", f"{alone / shared:.2f} x", bar))
    return found
