"""The digits are the real ones, ready to train on, and split the same way every time."""

from __future__ import annotations

import numpy as np
import pytest

import gradbook
from gradbook.datasets import Digits, digits


def test_shapes_types_and_range() -> None:
    images, labels = digits()
    assert tuple(images.shape) == (1797, 1, 8, 8)
    assert tuple(labels.shape) == (1797,)
    assert (images.dtype, labels.dtype) == (gradbook.float32, gradbook.int64)
    assert (images.min().item(), images.max().item()) == (0.0, 1.0)
    assert np.bincount(labels.numpy()).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_the_first_scan_is_a_zero() -> None:
    images, labels = digits()
    assert labels[0].item() == 0
    assert (images[0, 0, 1] * 16).tolist() == [0, 0, 13, 15, 10, 15, 5, 0]


def test_each_call_gives_its_own_tensors() -> None:
    first = digits().images
    first.zero_()
    assert digits().images.max().item() == 1.0


def test_split_is_disjoint_complete_and_repeatable() -> None:
    data = digits()
    train, test = data.split()
    assert (len(train), len(test)) == (1438, 359)
    counted = np.bincount(train.tensors[1].numpy()) + np.bincount(test.tensors[1].numpy())
    assert counted.tolist() == np.bincount(data.labels.numpy()).tolist()
    assert test[0][0].tolist() == data.split()[1][0][0].tolist()
    assert test.tensors[1].tolist() != data.split(seed=1)[1].tensors[1].tolist()
    ink = train.tensors[0].sum().item() + test.tensors[0].sum().item()
    assert ink == pytest.approx(data.images.sum().item(), rel=1e-5)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5, 1e-9])
def test_a_split_with_an_empty_part_is_refused(fraction: float) -> None:
    with pytest.raises(ValueError, match=r"leaves one part empty; choose a fraction such as 0\.2"):
        digits().split(fraction)


def test_a_part_of_the_scans_splits_too() -> None:
    images, labels = digits()
    train, test = Digits(images[:10], labels[:10]).split(0.3)
    assert (len(train), len(test)) == (7, 3)
