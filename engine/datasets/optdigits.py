"""Handwritten digits; source and licence stand beside the data, in digits.md."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import gradbook

if TYPE_CHECKING:
    from gradbook.tensor import Tensor
    from gradbook.utils.data import TensorDataset

__all__ = ["Digits", "digits"]

INK = 16.0  # the darkest grey level in the file


class Digits(NamedTuple):
    """Scans and what they show: unpack it, or ask for a `split`.

    images: float32 (n, 1, 8, 8), 0 paper to 1 ink; labels: int64 (n,), 0 to 9.
    """

    images: Tensor
    labels: Tensor

    def split(self, test: float = 0.2, seed: int = 0) -> tuple[TensorDataset, TensorDataset]:
        """Shuffle once, the same way every time, and hold a part out. -> (train, test) data sets of (image, label).

        test: the fraction held out, above 0 and below 1.
        Raises ValueError if either part would be empty.
        """
        from gradbook.utils.data import TensorDataset

        n = len(self.labels)
        held_out = round(n * test)
        if not 0 < held_out < n:
            raise ValueError(f"digits: test={test} of {n} scans leaves one part empty; choose a fraction such as 0.2")
        order = gradbook.from_numpy(np.random.default_rng(seed).permutation(n))
        train_rows, test_rows = order[held_out:], order[:held_out]
        return (
            TensorDataset(self.images[train_rows], self.labels[train_rows]),
            TensorDataset(self.images[test_rows], self.labels[test_rows]),
        )


def digits() -> Digits:
    """1,797 scans of handwritten digits, 8×8 pixels each.

    -> images float32 (1797, 1, 8, 8), 0 paper to 1 ink; labels int64 (1797,), 0 to 9. Fresh tensors at each call.
    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998 (CC BY 4.0); its test part.
    """
    with (files("gradbook.datasets") / "digits.npz").open("rb") as file, np.load(file, allow_pickle=False) as data:
        images = data["images"].astype(np.float32)[:, None] / np.float32(INK)
        labels = data["labels"].astype(np.int64)
    return Digits(gradbook.from_numpy(images), gradbook.from_numpy(labels))
