"""Loaders with options drawn at random, and samples that raise, against PyTorch's: batches, errors, lengths."""

from __future__ import annotations

import multiprocessing
import random

import numpy as np
import pytest

from gradbook.utils import data

pytest.importorskip("torch")
from torch.utils import data as torch_data

LONGEST = 14


def make_dataset(lib, kind, n, bad, width):
    """A data set of either library: by index, by several indices, or a stream that is shared out."""

    class ByIndex(lib.Dataset):
        def __len__(self):
            return n

        def __getitem__(self, i):
            if i in bad:
                raise bad[i](f"sample {i} is bad")
            return i, np.full(width, i)

    class BySeveral(ByIndex):
        def __getitems__(self, indices):
            return [self[i] for i in indices]

    class Stream(lib.IterableDataset):
        def __iter__(self):
            info = lib.get_worker_info()
            for i in range(n) if info is None else range(info.id, n, info.num_workers):
                if i in bad:
                    raise bad[i](f"sample {i} is bad")
                yield i, np.full(width, i)

    return {"index": ByIndex, "several": BySeveral, "stream": Stream}[kind]()


def story(loader):
    """All that a pass says: batches, errors (after which it goes on), the end."""
    said = []
    batches = iter(loader)
    while len(said) < 100:
        try:
            said.append([np.asarray(column).tolist() for column in next(batches)])
        except StopIteration:
            return [*said, "end"]
        except Exception as error:
            said.append((type(error).__name__, str(error).splitlines()[0]))
    return said


def length(loader):
    try:
        return len(loader)
    except TypeError as error:
        return type(error).__name__


def draw_options(draw, kind, n):
    options = {"num_workers": draw.choice([0, 1, 2, 2]), "batch_size": draw.choice([None, 1, 2, 3, 20])}
    if options["batch_size"] and draw.random() < 0.4:
        options["drop_last"] = True
    if options["num_workers"] and draw.random() < 0.4:
        options.update(prefetch_factor=draw.choice([1, 3]), persistent_workers=draw.random() < 0.5)
    if kind != "stream" and n and draw.random() < 0.3:
        options["sampler"] = [draw.randrange(n) for _ in range(draw.randrange(8))]
    return options


@pytest.mark.parametrize("seed", range(16))
def test_a_random_loader_does_what_pytorchs_does(seed):
    draw = random.Random(seed)
    kind, n, width = draw.choice(["index", "several", "stream"]), draw.randrange(LONGEST), draw.choice([1, 3, 5000])
    errors = [ValueError, KeyError, OSError]
    bad = {draw.randrange(LONGEST): draw.choice(errors) for _ in range(draw.choice([0, 0, 1, 2]))}
    options = draw_options(draw, kind, n)
    passes = 2 if options.get("persistent_workers") else 1
    stories = []
    for lib in (data, torch_data):
        loader = lib.DataLoader(make_dataset(lib, kind, n, bad, width), **options)
        stories.append([[story(loader) for _ in range(passes)], length(loader)])
        del loader
    assert stories[0] == stories[1], (kind, n, bad, options)
    assert multiprocessing.active_children() == []
