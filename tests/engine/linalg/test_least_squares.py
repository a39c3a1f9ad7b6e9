"""lstsq: every driver's outputs, and the gradient of the solution and of the residuals."""

from __future__ import annotations

import pytest

from tests.parity_tools import compare, draw


@pytest.mark.parametrize("driver", [None, "gels", "gelsy", "gelsd", "gelss"])
@pytest.mark.parametrize("shape", [(5, 3), (3, 3), (3, 5), (2, 5, 3)])
def test_lstsq(driver, shape):
    a = draw(*shape, dtype="float64")
    b = draw(*shape[:-1], 2, seed=1, dtype="float64")
    compare(lambda lib, a, b: tuple(lib.linalg.lstsq(a, b, driver=driver)), a, b, grad=False, rtol=1e-8)
    z = a + 1j * draw(*shape, seed=2, dtype="float64")
    compare(lambda lib, a, b: tuple(lib.linalg.lstsq(a, b + 0j, driver=driver)), z, b, grad=False, rtol=1e-8)
    compare(lambda lib, a, b: lib.linalg.lstsq(a, b + 0j, driver=driver).solution, z, b, rtol=1e-8)


def test_lstsq_of_a_vector():
    a, b = draw(2, 5, 3, dtype="float64"), draw(2, 5, seed=1, dtype="float64")
    compare(lambda lib, a, b: lib.linalg.lstsq(a, b).solution, a, b, second=True, rtol=1e-8)


def test_the_rank_falls_with_rcond():
    a = draw(4, 3, dtype="float64")
    a[:, 2] = a[:, 0] + a[:, 1] * 1e-3 + a[:, 2] * 1e-6
    for rcond in (None, 1e-2, 1e-5):
        compare(lambda lib, a, r=rcond: lib.linalg.lstsq(a, a, rcond=r, driver="gelsd").rank, a, grad=False)
