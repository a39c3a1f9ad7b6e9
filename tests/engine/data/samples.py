"""Samples of every kind, in a module that a spawned worker imports quickly."""

from __future__ import annotations

import collections

import numpy as np

import gradbook
from gradbook.utils import data

Point = collections.namedtuple("Point", "x y")


class Squares(data.Dataset):
    """Samples of every kind, small and large."""

    def __init__(self, n=7):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        image = np.full((3, 40, 50), i, np.float32)
        return i, float(i) ** 2, f"sample {i}", {"a": image, "b": [i, Point(i, -i)]}, gradbook.full((2,), i)
