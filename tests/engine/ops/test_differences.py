"""torch.gradient and histogramdd, as PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.parity_tools import compare, draw, same_error

PLACES = np.array([0.0, 1.0, 3.0, 3.5])
CASES = [
    {}, {"spacing": 2}, {"spacing": (2, 3.0), "dim": (1, 0)}, {"dim": 0, "edge_order": 2}, {"edge_order": 2},
    {"dim": (-1,), "spacing": 0.5}, {"spacing": 2 + 1j},
]  # fmt: skip


@pytest.mark.parametrize("options", CASES, ids=str)
def test_gradient(options):
    compare(lambda lib, x: lib.gradient(x, **options), draw(4, 6, dtype="float64"), second=True)


@pytest.mark.parametrize("edge_order", [1, 2])
def test_gradient_at_places(edge_order):
    def slopes(lib, x):
        return lib.gradient(x, spacing=[lib.tensor(PLACES)], dim=0, edge_order=edge_order)

    compare(slopes, draw(4, 6, dtype="float64"), second=True)
    compare(lambda lib, x: lib.gradient(x, spacing=[lib.arange(4), lib.arange(6)]), draw(4, 6))


def test_gradient_of_integers():
    compare(lambda lib: lib.gradient(lib.arange(6) ** 2))


ERRORS = {
    "edge order": lambda lib, x: lib.gradient(x, edge_order=3),
    "too short": lambda lib, x: lib.gradient(x[:1]),
    "uint8": lambda lib, x: lib.gradient(x.to(lib.uint8)),
    "bool": lambda lib, x: lib.gradient(x > 0),
    "spacings": lambda lib, x: lib.gradient(x, spacing=(2,)),
    "spacings of one axis": lambda lib, x: lib.gradient(x, spacing=(2, 3), dim=1),
    "places without a list": lambda lib, x: lib.gradient(x, spacing=lib.arange(4), dim=0),
    "axis": lambda lib, x: lib.gradient(x, dim=5),
    "axis twice": lambda lib, x: lib.gradient(x, dim=(0, 0)),
    "bins": lambda lib, x: lib.histogramdd(x, bins=[2, 3]),
    "no bins": lambda lib, x: lib.histogramdd(x[:, :2], bins=[2, 0]),
    "vector": lambda lib, x: lib.histogramdd(x[0], bins=2),
    "range": lambda lib, x: lib.histogramdd(x[:, :2], bins=2, range=[0.0, 1]),
    "range upside down": lambda lib, x: lib.histogramdd(x[:, :2], bins=2, range=[1.0, 0, 0, 1]),
    "integers": lambda lib, x: lib.histogramdd(x.long(), bins=2),
    "weight": lambda lib, x: lib.histogramdd(x, bins=2, weight=lib.ones(9)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    same_error(ERRORS[name], draw(4, 6))


def test_histogramdd():
    x, weight = draw(40, 2, dtype="float64"), draw(40, seed=1, low=0.0, dtype="float64")
    edges = (np.array([-1.0, 0.0, 0.5]), np.array([-2.0, 2.0]))
    for options in ({"bins": [2, 3]}, {"bins": 4, "range": [-1.0, 1, 0, 2]}, {"bins": 3, "density": True}):
        compare(lambda lib, x, o=options: tuple(lib.histogramdd(x, **o)), x, grad=False)
    compare(lambda lib, x, w: lib.histogramdd(x, 3, weight=w, density=True).hist, x, weight, grad=False)
    compare(lambda lib, x, *e: tuple(lib.histogramdd(x, list(e), density=True)), x, *edges, grad=False)
    compare(lambda lib, x: tuple(lib.histogramdd(x[:0], 2)), x, grad=False)
    compare(lambda lib, x: lib.histogramdd(x.reshape(4, 5, 4), 2).hist, x, grad=False)
    compare(lambda lib: tuple(lib.histogramdd(lib.ones(3, 1), 2)))


@pytest.mark.parametrize("options", [{}, {"density": True}, {"bins": 7}, {"bins": 3, "range": (-1.0, 2.0)}])
def test_a_histogram_has_names_and_a_hundred_bins(options: dict[str, Any]) -> None:
    x = draw(40)

    def parts(lib: Any, x: Any) -> Any:
        found = lib.histogram(x, **options)
        return found.hist, found.bin_edges, x.histogram(**options)[0]

    compare(lambda lib, x: parts(lib, x.detach()), x)
