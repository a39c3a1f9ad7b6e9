"""The GPU: refused with the mend where it is not there, and the CPU's results where it is."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

import gradbook
from gradbook import nn
from gradbook.backends import cuda
from gradbook.errors import MissingExtraError

needs_gpu = pytest.mark.skipif(cuda.device_count() == 0, reason="no GPU that CuPy can use")
without_cupy = pytest.mark.skipif(importlib.util.find_spec("cupy") is not None, reason="CuPy is installed")


@without_cupy
def test_without_cupy_the_error_names_the_install() -> None:
    x = gradbook.ones(2)
    with pytest.raises(MissingExtraError, match=r"pip install 'gradbook\[cuda\]'"):
        x.to("cuda")
    with pytest.raises(ImportError, match="CuPy"):
        gradbook.zeros(2, device="cuda:0")
    assert x.device == gradbook.device("cpu")


def test_cupy_is_imported_only_when_asked_for() -> None:
    code = "import sys, gradbook; gradbook.ones(2).sum(); assert 'cupy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "tpu:0", ""])
def test_devices_that_are_none(name: str) -> None:
    with pytest.raises(RuntimeError, match=r"device"):
        gradbook.device(name)


@needs_gpu
def test_a_training_step_agrees_with_the_cpu() -> None:
    gradbook.manual_seed(0)
    images, labels = gradbook.rand(4, 1, 8, 8), gradbook.tensor([0, 1, 2, 1])
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3))
    found = {}
    for where in ("cpu", "cuda"):
        model.to(where).zero_grad()
        loss = nn.functional.cross_entropy(model(images.to(where)), labels.to(where))
        loss.backward()
        found[where] = [loss.item(), *(p.grad.cpu().numpy().copy() for p in model.parameters())]
    for on_cpu, on_gpu in zip(found["cpu"], found["cuda"], strict=True):
        np.testing.assert_allclose(on_gpu, on_cpu, rtol=1e-4, atol=1e-6)
