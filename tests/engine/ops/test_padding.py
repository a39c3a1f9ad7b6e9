"""Padding by what is at the edges: values and gradients are PyTorch's, whatever is added and cut off."""

from __future__ import annotations

import numpy as np
import pytest

import gradbook
from gradbook.nn import functional as F

PADS = [(1, 2), (0, 3), (2, 0, 1, 1), (-1, 2, 3, -2), (3, -5), (-2, -1), (1, 1, 0, 0, 2, 1), (-3, 3)]


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("pads", PADS)
def test_edges_are_those_of_pytorch(mode: str, pads: tuple[int, ...]) -> None:
    torch = pytest.importorskip("torch")
    if mode == "circular" and min(pads) < 0 < max(pads):
        pytest.skip("PyTorch's values there are those of memory that was not set")
    x = np.random.default_rng(0).standard_normal((2, 3, *(5, 4, 4)[-len(pads) // 2 :]))
    ours = gradbook.tensor(x, requires_grad=True)
    places = np.arange(x.size, dtype=np.float64).reshape(x.shape)
    try:
        want = torch.nn.functional.pad(torch.tensor(x), pads, mode=mode).numpy()
    except RuntimeError:
        with pytest.raises(RuntimeError):
            F.pad(ours, pads, mode=mode)
        return
    found = F.pad(ours, pads, mode=mode)
    np.testing.assert_array_equal(found.detach().numpy(), want)
    grad, total = np.random.default_rng(1).standard_normal(want.shape), np.zeros(x.size)
    picked = torch.nn.functional.pad(torch.tensor(places), pads, mode=mode).numpy().astype(int)
    np.add.at(total, picked, grad)
    found.backward(gradbook.tensor(grad))
    np.testing.assert_allclose(ours.grad.numpy(), total.reshape(x.shape), atol=1e-12)


def test_all_that_is_left_may_be_edge() -> None:
    x = gradbook.tensor([[[1.0, 2.0, 3.0]]], requires_grad=True)
    y = F.pad(x, (3, -4), mode="replicate")
    y.sum().backward()
    np.testing.assert_array_equal(y.detach().numpy(), [[[1, 1]]])
    np.testing.assert_array_equal(x.grad.numpy(), [[[2, 0, 0]]])
