"""What notebooks compute most has kernels in a compiled step: nothing is left to Python, and it agrees with eager."""

from __future__ import annotations

import importlib.util
import linecache
from typing import Any

import numpy as np
import pytest

import gradbook

pytestmark = pytest.mark.skipif(importlib.util.find_spec("llvmlite") is None, reason="kernels need llvmlite")

LOSSES = {
    "softmax": "(F.softmax(h, 1) * h).sum()",
    "softmax of columns": "(F.softmax(h, 0) * h).sum()",
    "softmax of channels": "F.softmax(h.view(4, 8, 4, 4), 1).square().sum()",
    "softmax, masked": "F.softmax(h.masked_fill(h > 1, -torch.inf), 1).square().sum()",
    "log_softmax": "(F.log_softmax(h, 1) * 0.1).sum()",
    "log_softmax of a transposed one": "F.log_softmax(h.t(), 0).square().sum()",
    "group_norm": "F.group_norm(h.view(4, 8, 4, 4), 4, scale, shift).square().mean()",
    "group_norm, plain": "F.group_norm(h.view(4, 8, 16), 2).square().mean()",
    "instance_norm": "F.instance_norm(h.view(4, 8, 4, 4)).pow(3).mean()",
    "rms_norm": "F.rms_norm(h, (32,)).pow(3).mean()",
    "cross_entropy": "F.cross_entropy(h, y)",
    "cross_entropy of maps": "F.cross_entropy(h.view(4, 8, 16), maps)",
    "cross_entropy of maps, each": "F.cross_entropy(h.view(4, 8, 16), maps, reduction='none').square().sum()",
    "nll_loss": "F.nll_loss(F.log_softmax(h, 1), y)",
    "nll_loss of maps, ignoring": "F.nll_loss(F.log_softmax(h.view(4, 8, 16), 1), maps, ignore_index=3)",
    "nll_loss, each": "F.nll_loss(F.log_softmax(h, 1), y, reduction='none').square().sum()",
    "mse_loss": "F.mse_loss(h, h.detach() * 0.5)",
    "mse_loss, summed": "F.mse_loss(h, h * 0.5, reduction='sum')",
    "l1_loss": "F.l1_loss(h, h.detach() * 0.5)",
    "huber_loss": "F.huber_loss(h, h.detach() * 0.5, delta=0.2)",
    "smooth_l1_loss": "F.smooth_l1_loss(h, h.detach() * 0.5)",
    "smooth_l1_loss, each": "F.smooth_l1_loss(h, h.detach() * 0.5, reduction='none').square().sum()",
    "bce": "F.binary_cross_entropy(h.sigmoid(), (h.detach() > 0).float())",
    "bce with logits": "F.binary_cross_entropy_with_logits(h, (h.detach() > 0).float())",
    "bce with logits, weighted":
        "F.binary_cross_entropy_with_logits(h[:, :8], (h[:, :8] > 0).float(), pos_weight=scale.detach() + 1)",
    "kl_div": "F.kl_div(F.log_softmax(h, 1), F.softmax(h.detach() * 2, 1), reduction='batchmean')",
    "cat": "torch.cat([h, h * 2], 1).square().sum()",
    "cat of rows": "torch.cat([h, h * 2], 0).pow(3).mean()",
    "stack": "torch.stack([h, h * 2], 1).pow(3).mean()",
    "chunk": "sum(part.pow(3).mean() * (i + 1) for i, part in enumerate(h.chunk(2, 1)))",
    "glu": "F.glu(h, 1).square().sum()",
    "unbind": "sum((row * row).sum() for row in h.view(4, 4, -1).unbind(1))",
}  # fmt: skip

TEXT = """
def build(torch):
    F, optim = torch.nn.functional, torch.optim
    layer = torch.nn.Linear(8, 32)
    scale, shift = torch.nn.Parameter(torch.ones(8)), torch.nn.Parameter(torch.zeros(8))
    params = [*layer.parameters(), scale, shift]
    opt = optim.{optimizer}
    x, y = torch.randn(16, 8), torch.randint(0, 32, (16,))
    maps = torch.randint(0, 8, (4, 16))

    def step():
        opt.zero_grad()
        h = layer(x)
        loss = {loss}
        loss.backward()
        {then}
        opt.step()
        return loss

    return step, params
"""


def run(name: str, parts: dict[str, str], compiled: bool, steps: int = 5) -> tuple[list[Any], Any]:
    """(the loss of each step, then the parameters; the step)"""
    text, file = TEXT.format(**parts), f"<step {name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space: dict[str, Any] = {}
    exec(compile(text, file, "exec"), space)
    gradbook.manual_seed(7)
    step, params = space["build"](gradbook)
    if compiled:
        step = gradbook.compile(step, options={"wait": True})
    losses = [step().detach().numpy() for _ in range(steps)]
    return [*losses, *(p.detach().numpy() for p in params)], step


def check(name: str, **parts: str) -> None:
    """Assert that a step is compiled as a whole, and agrees."""
    given = {"loss": "h.square().mean()", "optimizer": "SGD(params, lr=0.05)", "then": "pass", **parts}
    plain, _ = run(name, given, compiled=False)
    fast, step = run(name, given, compiled=True)
    assert not step.report, step.report
    (variants,) = step.variants.values()
    assert not variants[0].plan.left
    for a, b in zip(plain, fast, strict=True):
        np.testing.assert_allclose(b, a, rtol=3e-5, atol=3e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_nothing_of_a_loss_is_left_to_python(name: str) -> None:
    check(name, loss=LOSSES[name])
