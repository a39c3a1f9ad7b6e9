"""Tensors that Python gets in the midst of a compiled call, and keeps: their gradients may still be asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import gradbook
from gradbook import nn
from gradbook.tensor import Tensor
from tests.engine.compiler.test_across import close


class Model(nn.Module):
    """Two layers; `kept` and `aux` are for what a forward leaves behind."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Linear(6, 8), nn.Linear(8, 3)
        self.aux: Any = None
        self.kept: list[Any] = []
        self.register_buffer("mean", gradbook.zeros(3))
        self.mean: Tensor


def trained(kind: type[Model], compiled: bool, extra: Callable[[Model], Any]) -> tuple[list[Any], Any]:
    """Train with a loss that is computed outside, from the result and what was left behind."""
    gradbook.manual_seed(4)
    model = kind()
    call: Any = gradbook.compile(model) if compiled else model
    trace: list[Any] = []
    for _ in range(7):
        loss = call(gradbook.randn(5, 6)).square().sum() + extra(model)
        model.zero_grad()
        loss.backward()
        trace.append([loss, [p.grad for p in model.parameters()], model.mean.clone(), model.kept[-2:]])
    return trace, call


class Attribute(Model):
    def forward(self, x: Tensor) -> Tensor:
        h = self.body(x).relu()
        self.aux = h.square().mean()
        return self.head(h)


class Element(Model):
    def forward(self, x: Tensor) -> Tensor:
        h = self.body(x).relu()
        self.kept.append(h)
        return self.head(h)


class Unpacked(Model):
    def forward(self, x: Tensor) -> Tensor:
        self.aux, h = self.body(x), self.body(x * 2)
        return self.head(h)


class Buffer(Model):
    """Python gets the result's other half, and makes the result of it."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.head(self.body(x))
        self.mean = self.mean * 0.9 + 0.1 * y.detach().mean(0)
        return y - self.mean


KEEPING: dict[type[Model], Callable[[Model], Any]] = {
    Attribute: lambda m: m.aux,
    Element: lambda m: m.kept[-1].sum(),
    Unpacked: lambda m: m.aux.sum(),
    Buffer: lambda m: 0.0,
}


@pytest.mark.parametrize("kind", KEEPING, ids=lambda kind: kind.__name__)
def test_what_python_keeps_has_its_gradients(kind: type[Model]) -> None:
    plain, _ = trained(kind, False, KEEPING[kind])
    compiled, call = trained(kind, True, KEEPING[kind])
    close(plain, compiled)
    reasons = [why for why in gradbook.compile.explain(call) if "return it, or keep it detached" in why[0]]
    assert gradbook.compile.explain(call)
    assert kind is Unpacked or reasons[0][1].startswith(__file__)  # there gradients flow through what Python does


class Reading(Model):
    """Of this, Python only reads numbers, and keeps what has no history."""

    def forward(self, x: Tensor) -> Tensor:
        h = self.body(x)
        self.kept.append(gradbook.tensor(h.sum().item()))
        self.kept.append(h.detach())
        print(f"{float(h.mean()):.2f} of {h.shape}")
        if h.mean() > 1e3:
            h = h * 0
        return self.head(h)


def test_what_only_reads_is_compiled() -> None:
    plain, _ = trained(Reading, False, lambda m: 0.0)
    compiled, call = trained(Reading, True, lambda m: 0.0)
    close(plain, compiled)
    assert not gradbook.compile.explain(call).whole
    assert call(gradbook.randn(5, 6)).grad_fn.name() == "CompiledFunctionBackward"


def test_a_loss_that_is_kept_after_its_backward() -> None:
    w, kept = gradbook.ones(3, requires_grad=True), []

    @gradbook.compile
    def step() -> None:
        loss = (w * w).sum()
        kept.append(loss)
        loss.backward()

    for i in range(6):
        step()
        assert kept[i].item() == 3.0
    assert not step.report
