"""Recurrent layers, forward and back through time: LSTM, GRU, RNN in one direction, all steps in one kernel.

The rows of a batch are shared among threads; a row's sums are the same however many there are. The gradient of the
weight is a product over all steps and rows (gemm.py). Arrays are those of the ops in ops/recurrent_layers.py:

    lstm(program, states, last, gates, h0, c0, weight, kept=kept, cells=cells)
    lstm_grad(program, dgates, dh0, dc0, dweight, dstates, dlast, h0, c0, weight, states, kept, cells)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.kernels.columns import column_sum
from gradbook.kernels.expression import constant, inputs
from gradbook.kernels.gemm import matmul
from gradbook.kernels.host import host
from gradbook.kernels.pointwise import pointwise
from gradbook.kernels.program import Kernel, Program, Unsupported
from gradbook.kernels.recurrent_steps import GATES, TRACKS, backward_kernel, forward_kernel, pack_kernel
from gradbook.kernels.rows import apart

__all__ = ["gru", "gru_grad", "lstm", "lstm_grad", "rnn", "rnn_grad"]

Array = np.ndarray[Any, Any]
GRAIN = 2  # rows that are not divided: fewer make small tiles


def checked(name: str, array: Any, shape: tuple[int, ...]) -> None:
    """Raise Unsupported unless it is an array of float32 of this shape, whose rows' numbers lie side by side."""
    if not isinstance(array, np.ndarray) or array.dtype != np.float32 or not array.flags.aligned:
        raise Unsupported(f"a recurrent layer of {getattr(array, 'dtype', type(array).__name__)}")
    if array.shape != shape:
        raise Unsupported(f"{name}: {array.shape}, not {shape}")
    if (array.shape[-1] > 1 and array.strides[-1] != 4) or any(step % 4 for step in array.strides):
        raise Unsupported(f"{name}: a row's numbers are not adjacent")


class Layer:
    """One layer's arrays under their names, in the order in which steps are taken."""

    def __init__(
        self, program: Program, cell: str, size: tuple[int, int, int], reverse: bool, outs: Any, **given: Any
    ) -> None:
        self.program, self.cell, self.reverse = program, cell, reverse
        self.steps, self.rows, self.size = size
        self.tracks: dict[str, Any] = {}
        steps, n, d = size
        gates, widths = GATES[cell], {"kept": 4 * d}
        widths |= dict.fromkeys(("gates", "grad_gates", "grad_own"), gates * d)
        in_time = {"gates", "states", "kept", "cells", "grad", "grad_gates", "grad_own"}
        for name, array in given.items():
            if array is None:
                continue
            shapes: dict[str, tuple[int, ...]] = {"weight": (gates * d, d), "bias": (gates * d,)}
            shape = (steps, n, widths.get(name, d)) if name in in_time else shapes.get(name, (n, d))
            checked(name, array, shape)
            self.tracks[name] = array[::-1] if name in in_time and reverse else array
        if host() is None:
            raise Unsupported("no native kernels here")
        for out in outs:
            if out in self.tracks:
                apart(self.tracks[out], *(array for name, array in self.tracks.items() if name not in outs))

    def words(self) -> list[Any]:
        """The kernel's arguments."""
        found: list[Any] = []
        for name in TRACKS:
            array = self.tracks.get(name)
            steps = () if array is None else tuple(step // 4 for step in array.strides[:-1])
            found += [0 if array is None else array, *(0,) * (2 - len(steps)), *steps]
        return [*found, self.steps, self.size, self.deep()]

    def deep(self) -> int:
        """Rows of a packed vector of states: whole vectors."""
        return -(-self.size // lanes()) * lanes()

    def add(self, name: str, address: int) -> None:
        """Add the kernel of the steps."""
        flops = 2 * self.steps * self.rows * GATES[self.cell] * self.size * self.size
        self.program.add(Kernel(name, address, self.rows, GRAIN, flops=flops), *self.words())

    def forward(self) -> None:
        """The weight packed, then the steps."""
        gates, weight = GATES[self.cell], self.tracks["weight"]
        vectors = -(-self.size // lanes())
        packed = self.program.scratch(vectors * self.deep() * gates * lanes())
        row = weight.strides[0] // 4
        self.program.add(
            Kernel("recurrent_pack", pack_kernel(gates), vectors), weight, row, packed, self.size, self.deep()
        )
        self.tracks["weight"] = packed.reshape(1, -1)
        self.add(self.cell, forward_kernel(self.cell, "kept" in self.tracks, "bias" in self.tracks))

    def backward(self, dweight: Array | None, dh0: Array | None, h0: Array) -> None:
        """The steps back, then the gradients of the weight and of the first states."""
        self.add(f"{self.cell}_grad", backward_kernel(self.cell, "grad" in self.tracks))
        own = self.tracks["grad_own" if self.cell == "gru" else "grad_gates"]
        states = self.tracks["states"]
        if dh0 is not None:
            matmul(
                self.program,
                dh0,
                own[0],
                self.tracks["weight"],
                start=self.tracks["dh"] if self.cell == "gru" else None,
            )
        if dweight is None:
            return
        later, before = own[1:], states[:-1]
        if self.reverse:
            later, before = later[::-1], before[::-1]  # as they lie in memory
        if self.steps > 1:
            matmul(self.program, dweight, flat(later).T, flat(before))
        matmul(self.program, dweight, own[0].T, h0, accumulate=self.steps > 1)


def lanes() -> int:
    """Numbers of a vector."""
    here = host()
    return here.lanes if here else 4


def flat(array: Array) -> Array:
    """(time, n, size) -> (time * n, size), the same memory. Raises Unsupported where that cannot be."""
    rows = array.reshape(-1, array.shape[-1])
    if array.size and not np.shares_memory(rows, array):
        raise Unsupported("steps that do not lie one behind the other")
    return rows


def sizes(states: Any) -> tuple[int, int, int]:
    """(steps, rows, size). Raises Unsupported where there is nothing to do."""
    if not isinstance(states, np.ndarray) or states.ndim != 3 or not states.size:
        raise Unsupported("a recurrent layer without steps, rows or states")
    steps, n, size = states.shape
    return steps, n, size


def room(program: Program, shape: tuple[int, ...], which: int) -> Array:
    """An array that is needed only meanwhile."""
    return program.scratch(int(np.prod(shape)), which)[: int(np.prod(shape))].reshape(shape)


# -- LSTM ------------------------------------------------------------------------------------------------------------


def lstm(
    program: Program, states: Array, last: Array | None, gates: Array, h0: Array, c0: Array, weight: Array, *,
    kept: Array | None = None, cells: Array | None = None, reverse: bool = False,
) -> None:  # fmt: skip
    """Add states, last cells = LSTM(gates) to a program.

    gates: (time, n, 4 size), the input's part of i, f, g, o with all biases; h0, c0: (n, size); weight: (4 size, size).
    states: (time, n, size); last: (n, size). kept (time, n, 4 size), cells (time, n, size): what lstm_grad needs; both
    or none. float32, rows of adjacent numbers. Raises Unsupported for others.
    """
    size = sizes(states)
    last = room(program, size[1:], 1) if last is None else last
    if (kept is None) != (cells is None):
        raise ValueError("lstm: kept and cells are both needed for the gradient")
    outs = ("states", "last", "kept", "cells")
    Layer(program, "lstm", size, reverse, outs, states=states, last=last, gates=gates, h0=h0, c0=c0, weight=weight,
          kept=kept, cells=cells).forward()  # fmt: skip


def lstm_grad(
    program: Program, dgates: Array | None, dh0: Array | None, dc0: Array | None, dweight: Array | None,
    dstates: Array | None, dlast: Array | None, h0: Array, c0: Array, weight: Array, states: Array, kept: Array,
    cells: Array, *, reverse: bool = False,
) -> None:  # fmt: skip
    """Add the gradients of lstm's operands to a program, given those of its results; None: not wanted, not there."""
    size = sizes(states)
    dgates = room(program, kept.shape, 1) if dgates is None else dgates
    dh, dc = room(program, size[1:], 2), room(program, size[1:], 3) if dc0 is None else dc0
    layer = Layer(program, "lstm", size, reverse, ("grad_gates", "dh", "dc"), grad=dstates, last=dlast, h0=h0, c0=c0,
                  weight=weight, states=states, kept=kept, cells=cells, grad_gates=dgates, dh=dh, dc=dc)  # fmt: skip
    begin(program, dc, dlast)
    layer.backward(dweight, dh0, h0)


def begin(program: Program, dc: Array, dlast: Array | None) -> None:
    """What the cells' gradient begins with."""
    (given,) = inputs(np.float32)
    if dlast is None:
        pointwise(program, [(constant(0, np.float32), dc)], [])
    else:
        pointwise(program, [(given, dc)], [dlast])


# -- GRU, RNN --------------------------------------------------------------------------------------------------------


def gru(
    program: Program, states: Array, gates: Array, h0: Array, weight: Array, bias: Array | None = None, *,
    kept: Array | None = None, reverse: bool = False,
) -> None:  # fmt: skip
    """Add states = GRU(gates) to a program.

    gates: (time, n, 3 size), the input's part of r, z, n with its bias; h0: (n, size); weight: (3 size, size), bias:
    (3 size,). kept (time, n, 4 size): what gru_grad needs. Raises Unsupported as lstm.
    """
    Layer(program, "gru", sizes(states), reverse, ("states", "kept"), states=states, gates=gates, h0=h0, weight=weight,
          bias=bias, kept=kept).forward()  # fmt: skip


def gru_grad(
    program: Program, dgates: Array | None, dh0: Array | None, dweight: Array | None, dbias: Array | None,
    dstates: Array, h0: Array, weight: Array, states: Array, kept: Array, *, reverse: bool = False,
) -> None:  # fmt: skip
    """Add the gradients of gru's operands to a program, given that of the states; None: not wanted."""
    size = steps, n, d = sizes(states)
    dgates = room(program, (steps, n, 3 * d), 1) if dgates is None else dgates
    own, dh = room(program, (steps, n, 3 * d), 2), room(program, (n, d), 3)
    layer = Layer(program, "gru", size, reverse, ("grad_gates", "grad_own", "dh"), grad=dstates, h0=h0, weight=weight,
                  states=states, kept=kept, grad_gates=dgates, grad_own=own, dh=dh)  # fmt: skip
    layer.backward(dweight, dh0, h0)
    if dbias is not None:
        column_sum(program, dbias, own.reshape(-1, 3 * d))


def rnn(
    program: Program, states: Array, gates: Array, h0: Array, weight: Array, *, relu: bool = False,
    reverse: bool = False,
) -> None:  # fmt: skip
    """Add states = tanh or relu of (gates + states before @ weight.T) to a program. Raises Unsupported as lstm."""
    Layer(program, "relu" if relu else "tanh", sizes(states), reverse, ("states",), states=states, gates=gates, h0=h0,
          weight=weight).forward()  # fmt: skip


def rnn_grad(
    program: Program, dgates: Array | None, dh0: Array | None, dweight: Array | None, dstates: Array, h0: Array,
    weight: Array, states: Array, *, relu: bool = False, reverse: bool = False,
) -> None:  # fmt: skip
    """Add the gradients of rnn's operands to a program, given that of the states; None: not wanted."""
    size = sizes(states)
    dgates = room(program, size, 1) if dgates is None else dgates
    dh = room(program, size[1:], 2)
    layer = Layer(program, "relu" if relu else "tanh", size, reverse, ("grad_gates", "dh"), grad=dstates, h0=h0,
                  weight=weight, states=states, grad_gates=dgates, dh=dh)  # fmt: skip
    layer.backward(dweight, dh0, h0)
