"""A recurrent layer's gates, what is kept of them and their gradients share memory where nobody else reads them."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import kernels, nn, optim
from gradbook.compiler import plan
from gradbook.compiler.in_place import in_place
from gradbook.compiler.instruction import Instruction
from gradbook.compiler.memory import Block, Window
from gradbook.ops.linear import linear
from gradbook.ops.recurrent_layers import lstm_layer

SHAPE, STRIDES, KIND = (3, 2, 8), (64, 32, 4), np.dtype(np.float32)


def window(number: int, kind: str = "temporary", shape: Any = SHAPE, strides: Any = STRIDES) -> Window:
    """All of a block of its own, of (3, 2, 8) numbers if nothing else is said."""
    return Window(Block(np.empty(shape, KIND), kind, number), 0, shape, strides, KIND)


def layer(gates: Window, kept: Window) -> Instruction:
    """LSTM forward."""
    h0, c0, weight, states, last, cells = (window(number, "outside") for number in range(100, 106))
    return Instruction("op", [gates, h0, c0, weight], [states, last, states, kept, cells], lstm_layer)


def layer_grad(gates: Window, kept: Window, dgates: Window) -> Instruction:
    """LSTM backward."""
    h0, c0, weight, states, grad, cells = (window(number, "outside") for number in range(100, 106))
    return Instruction(
        "rule", [[grad, None], gates, h0, c0, weight, states, kept, cells, (True,) * 4, False], [dgates, *[None] * 3],
        lstm_layer,
    )  # fmt: skip


def numbers(instructions: list[Instruction]) -> list[int]:
    """The blocks that gates, kept and dgates lie on."""
    return [instructions[0].inputs[0].block.number, instructions[0].outputs[3].block.number,
            instructions[-1].inputs[6].block.number, instructions[-1].outputs[0].block.number]  # fmt: skip


def test_gates_what_is_kept_and_gradients_are_one_block() -> None:
    gates, kept, dgates = window(1), window(2), window(3)
    after = Instruction("copy", [dgates], [window(4, "outside")])
    found = in_place([layer(gates, kept), layer_grad(gates, kept, dgates), after], set())
    assert numbers(found[:2]) == [1, 1, 1, 1]
    assert found[2].inputs[0].block.number == 1


@pytest.mark.parametrize("alone", [1, 2, 3])
def test_what_the_caller_reads_keeps_its_memory(alone: int) -> None:
    found = in_place([layer(window(1), window(2)), layer_grad(window(1), window(2), window(3))], {alone})
    assert numbers(found) == {1: [1, 2, 2, 2], 2: [1, 2, 2, 3], 3: [1, 1, 1, 3]}[alone]


def test_what_is_read_later_or_laid_out_otherwise_stays() -> None:
    gates, kept, dgates, out = window(1), window(2), window(3), window(4, "outside")
    reads_gates, reads_kept = Instruction("copy", [gates], [out]), Instruction("copy", [kept], [out])
    steps = [layer(gates, kept), reads_gates, layer_grad(gates, kept, dgates)]
    assert numbers(in_place(steps, set())) == [1, 2, 2, 2]
    steps = [layer(gates, kept), layer_grad(gates, kept, dgates), reads_kept]
    assert numbers(in_place(steps, set())[:2]) == [1, 1, 1, 3]
    given = window(1, "input")
    assert numbers(in_place([layer(given, kept), layer_grad(given, kept, dgates)], set())) == [1, 2, 2, 2]
    turned = window(1, strides=(32, 96, 4))
    assert numbers(in_place([layer(turned, kept), layer_grad(turned, kept, dgates)], set())) == [1, 2, 2, 2]


def trained(model: Any, loss: Any, native: bool, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Any], Any, int]:
    """Train by a compiled step. -> losses, parameters, on how many blocks the layer's largest arrays lie"""
    model, blocks = copy.deepcopy(model), set()
    optimizer = optim.SGD(model.parameters(), lr=0.5)

    @gradbook.compile
    def step() -> Any:
        optimizer.zero_grad()
        value = loss(model)
        value.backward()
        optimizer.step()
        return value

    def look(instructions: list[Instruction], alone: set[int]) -> list[Instruction]:
        found = in_place(instructions, alone)
        for each in (each for each in found if getattr(each.op, "name", "") == lstm_layer.name):
            windows = [w for w in (*each.inputs, *each.outputs) if isinstance(w, Window)]
            blocks.update(w.block.number for w in windows if w.shape == (5, 4, 28))
        return found

    monkeypatch.setattr(plan, "in_place", look)
    if not native:
        monkeypatch.setattr(kernels, "usable", lambda: False)
    losses = [step().item() for _ in range(6)]
    assert [len(found) for found in step.variants.values()] == [1]
    return losses, model.parameters(), len(blocks)


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("reads", ["nothing", "gates", "gates before"])
@pytest.mark.parametrize("reverse", [False, True])
def test_a_step_is_the_same_whoever_else_reads_gates(
    reads: str, reverse: bool, native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    gradbook.manual_seed(0)
    x, model = gradbook.randn(5, 4, 3), nn.LSTM(3, 7)
    first = gradbook.randn(2, 4, 7)

    def loss(model: Any) -> Any:
        gates = linear(x, model.weight_ih_l0, model.bias_ih_l0 + model.bias_hh_l0)
        early = gates.exp().mean() if reads == "gates before" else 0.0
        states, cells = lstm_layer(gates, *first, model.weight_hh_l0, reverse=reverse)
        late = (gates * gates).mean() if reads == "gates" else 0.0
        return states.square().mean() + cells.abs().mean() + early + late

    losses, parameters, blocks = trained(model, loss, native, monkeypatch)
    assert blocks == (2 if reads == "gates" else 1)
    optimizer = optim.SGD(model.parameters(), lr=0.5)
    for expected in losses:
        optimizer.zero_grad()
        value = loss(model)
        value.backward()
        optimizer.step()
        np.testing.assert_allclose(expected, value.item(), rtol=2e-5)
    for got, wanted in zip(parameters, model.parameters(), strict=True):
        np.testing.assert_allclose(got.detach().numpy(), wanted.detach().numpy(), rtol=1e-4, atol=1e-5)
