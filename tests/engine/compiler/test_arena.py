"""Blocks share memory only where they are never needed at the same time."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from gradbook.compiler.arena import Arena
from gradbook.compiler.instruction import Instruction
from gradbook.compiler.memory import Memory, Window


def chain(memory: Memory, sizes: list[int]) -> list[Window]:
    """Temporary blocks of these sizes."""
    return [memory.declare(np.zeros(size, np.uint8), "temporary") for size in sizes]


def test_a_chain_needs_two_neighbours() -> None:
    windows = chain(Memory(), [640] * 10)
    steps = [Instruction("op", [a], [b]) for a, b in itertools.pairwise(windows)]
    assert Arena(steps, set(), lambda each: True).size == 2 * 640
    assert Arena(steps, set(), lambda each: False).size == 10 * 640  # all in one kernel
    kept = Arena(steps, {windows[3].block.number}, lambda each: True)
    assert windows[3].block.number not in kept.places


@pytest.mark.parametrize("seed", range(20))
def test_what_lives_at_the_same_time_lies_apart(seed: int) -> None:
    draw = random.Random(seed)
    windows = chain(Memory(), [draw.randint(1, 500) for _ in range(40)])
    steps = []
    for i, window in enumerate(windows):
        sources = draw.sample(windows[:i], min(i, draw.randint(0, 3)))
        steps.append(Instruction(draw.choice(["op", "add"]), sources, [window]))
    arena = Arena(steps, set(), lambda each: each.kind == "op")
    epochs, epoch = [], 0
    for each in steps:
        epoch += each.kind == "op"
        epochs.append(epoch)
        epoch += each.kind == "op"
    lives = {}
    for i, each in enumerate(steps):
        for window in (*each.inputs, *each.outputs):
            first, _ = lives.get(window.block.number, (epochs[i], 0))
            lives[window.block.number] = (first, epochs[i])
    blocks = {window.block.number: window.block for window in windows}
    for a, (first, last) in lives.items():
        assert arena.places[a] % 64 == 0
        for b, (begins, ends) in lives.items():
            if a < b and first <= ends and begins <= last:
                low, high = sorted((a, b), key=arena.places.__getitem__)
                assert arena.places[low] + blocks[low].size <= arena.places[high]
