"""The steps of recurrent layers as kernels: all of them, for some rows of the batch, which need no other rows.

Forward, the tile of a product holds the same few states' numbers for every gate, so that a cell's formula follows from
registers. Its weight is packed for that: for each vector of states, for each k, one vector a gate. Backward, the
gradient of a step's states is a product with the weight as it lies, and then the cells are gone through once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from gradbook.kernels import jit
from gradbook.kernels.emit import LONG, KernelBuilder
from gradbook.kernels.packing import transpose
from gradbook.kernels.tile import A, B, cover, heights, masks_are_free, multiply, widest
from gradbook.kernels.transcendental import sigmoid, tanh

__all__ = ["GATES", "TRACKS", "backward_kernel", "forward_kernel", "pack_kernel"]

GATES = {"lstm": 4, "gru": 3, "tanh": 1, "relu": 1}
# arrays (time, n, size) or (n, size): three words each, the address, from step to step, from row to row
TRACKS = (
    "gates", "states", "kept", "cells", "h0", "c0", "last", "grad", "grad_gates", "grad_own", "weight", "dh", "dc",
    "bias",
)  # fmt: skip
STEPS, SIZE, DEEP = (3 * len(TRACKS) + i for i in range(3))  # DEEP: rows of a packed vector of states


@jit.kept
def pack_kernel(gates: int) -> int:
    """words: weight, its row step, out, size, deep, rows of the weight for a gate. Unit: one vector of states.

    out: for each unit, for each k below deep, `gates` vectors.
    """
    build = KernelBuilder("recurrent_pack")
    weight, out = build.pointer(0), build.pointer(2)
    step, size, deep = (build.word(i) for i in (1, 3, 4))
    lanes = build.lanes
    with build.loop(build.start, build.stop, name="vector") as unit:
        first, to = build.ir.mul(unit, LONG(lanes)), build.ir.mul(unit, build.ir.mul(deep, LONG(gates * lanes)))
        last = build.ir.sub(size, LONG(1))
        for gate in range(gates):
            rows = [build.smaller_index(build.ir.add(first, LONG(lane)), last) for lane in range(lanes)]
            base = build.ir.mul(size, LONG(gate))
            lines = [build.at(weight, build.ir.mul(build.ir.add(base, row), step)) for row in rows]
            with build.loop(LONG(0), size, lanes, name="k") as k:
                mask = build.mask(build.ir.sub(size, k))
                square = transpose(build, [build.load_masked(line, k, mask) for line in lines])
                for i, column in enumerate(square):
                    place = build.ir.mul(build.ir.add(k, LONG(i)), LONG(gates * lanes))
                    build.store(column, out, build.ir.add(to, build.ir.add(place, LONG(gate * lanes))))
    return build.address()


class Steps:
    """What both directions are written with."""

    def __init__(self, name: str, cell: str) -> None:
        self.build = KernelBuilder(name)
        self.cell, self.gates = cell, GATES[cell]
        build = self.build
        self.tracks = {
            track: (build.pointer(3 * i), build.word(3 * i + 1), build.word(3 * i + 2))
            for i, track in enumerate(TRACKS)
        }
        self.steps, self.size, self.deep = (build.word(i) for i in (STEPS, SIZE, DEEP))
        self.lanes = build.lanes

    def place(self, track: str, t: Any, row: Any, gate: int = 0) -> Any:
        """Where a row of a step begins, or the part of it that belongs to a gate."""
        build = self.build
        base, by_step, by_row = self.tracks[track]
        index = build.ir.add(build.ir.mul(t, by_step), build.ir.mul(row, by_row))
        return build.at(base, build.ir.add(index, build.ir.mul(self.size, LONG(gate))) if gate else index)

    def row_step(self, track: str) -> Any:
        """From row to row of a track."""
        return self.tracks[track][2]

    def load(self, track: str, t: Any, row: Any, at: Any, mask: Any, gate: int = 0) -> Any:
        """A vector of a row."""
        base = self.place(track, t, row, gate)
        return self.build.load_vector(base, at) if mask is None else self.build.load_masked(base, at, mask)

    def store(self, value: Any, track: str, t: Any, row: Any, at: Any, mask: Any, gate: int = 0) -> None:
        """Store a vector of a row."""
        base = self.place(track, t, row, gate)
        if mask is None:
            self.build.store(value, base, at)
        else:
            self.build.store_masked(value, base, at, mask)

    def vectors(self, body: Callable[[Any, Any], None]) -> None:
        """Go over the vectors of states: body(first, mask), mask None where a vector is whole and masks are dear."""
        build = self.build
        with build.loop(LONG(0), self.size, self.lanes, name="vector") as at:
            left = build.ir.sub(self.size, at)
            if masks_are_free():
                body(at, build.mask(left))
            else:
                with build.ir.if_else(build.ir.icmp_signed(">=", left, LONG(self.lanes))) as (whole, partial):
                    with whole:
                        body(at, None)
                    with partial:
                        body(at, build.mask(left))

    def copy(self, source: str, target: str, row: Any) -> None:
        """A row of a state."""
        self.vectors(
            lambda at, mask: self.store(self.load(source, LONG(0), row, at, mask), target, LONG(0), row, at, mask)
        )

    def times(self, *values: Any) -> Any:
        """The product of several."""
        return functools.reduce(self.build.mul, values)

    def rest(self, value: Any) -> Any:
        """1 - value."""
        return self.build.sub(self.build.constant(1.0, value), value)


# -- forward ---------------------------------------------------------------------------------------------------------


@jit.kept
def forward_kernel(cell: str, kept: bool, bias: bool) -> int:
    """words: as TRACKS, STEPS, SIZE, DEEP. Unit: a row of the batch. kept: what the gradient needs is kept."""
    return jit.address_of(f"recurrent {cell} {kept} {bias}", lambda: Forward(cell, kept, bias).text())


class Forward(Steps):
    """All steps of some rows."""

    def __init__(self, cell: str, kept: bool, bias: bool) -> None:
        super().__init__("recurrent", cell)
        self.kept, self.bias = kept, bias
        self.tile = self.build.scratch(heights(self.gates)[0] * self.gates * self.lanes)

    def text(self) -> str:
        """The IR of the finished kernel."""
        build = self.build
        if self.cell == "lstm":
            with build.loop(build.start, build.stop, name="row") as row:
                self.copy("c0", "last", row)
        with build.loop(LONG(0), self.steps, name="t") as t:
            self.vectors(lambda at, mask: self.one_vector(t, at, mask))
        return build.text()

    def before(self, t: Any) -> tuple[Any, Any]:
        """(address of row 0, from row to row) of the states before step t."""
        build, zero = self.build, LONG(0)
        first = build.ir.icmp_signed("==", t, zero)
        earlier = self.place("states", build.ir.sub(t, LONG(1)), zero)
        address = build.ir.select(first, self.place("h0", zero, zero), earlier)
        return address, build.ir.select(first, self.row_step("h0"), self.row_step("states"))

    def one_vector(self, t: Any, at: Any, mask: Any) -> None:
        """One vector of all rows' states at step t."""
        build, width = self.build, LONG(self.gates * self.lanes)
        base, step = self.before(t)
        panel = build.at(self.tracks["weight"][0], build.ir.mul(build.ir.mul(at, self.deep), LONG(self.gates)))

        def tile(row: Any, rows: int) -> None:
            a = A(build.at(base, build.ir.mul(row, step)), step, LONG(1))
            start = [self.begin(t, build.ir.add(row, LONG(i)), at, mask) for i in range(rows)]
            sums = multiply(build, rows, self.gates, self.size, a, B(panel, width), start=start)
            for place, value in enumerate(value for line in sums for value in line):
                build.store(value, self.tile, LONG(place * self.lanes))
            with build.loop(LONG(0), LONG(rows), name="cell") as i:
                line = build.ir.mul(i, width)
                values = [
                    build.load_vector(self.tile, build.ir.add(line, LONG(g * self.lanes))) for g in range(self.gates)
                ]
                own = build.ir.add(row, i)
                earlier = build.at(base, build.ir.mul(own, step))
                getattr(self, self.cell)(t, own, at, mask, values, earlier)

        cover(build, build.start, build.stop, self.gates, tile)

    def begin(self, t: Any, row: Any, at: Any, mask: Any) -> list[Any]:
        """What the sums of a row begin with: the input's part of the gates, or for GRU's last gate the bias."""
        parts = range(self.gates - (self.cell == "gru"))
        found = [self.load("gates", t, row, at, mask, gate) for gate in parts]
        if self.cell == "gru":
            found.append(self.build.constant(0.0, self.build.vector()))
        if self.bias:
            zero = LONG(0)
            biases = [self.load("bias", zero, zero, at, mask, gate) for gate in range(self.gates)]
            found = [self.build.add(x, b) for x, b in zip(found, biases, strict=True)]
        return found

    def keep(self, values: list[Any], t: Any, row: Any, at: Any, mask: Any) -> None:
        """Keep values for the gradient."""
        if self.kept:
            for gate, value in enumerate(values):
                self.store(value, "kept", t, row, at, mask, gate)

    def lstm(self, t: Any, row: Any, at: Any, mask: Any, values: list[Any], earlier: Any) -> None:
        """c = f c + i g, h = o tanh(c)"""
        build, zero = self.build, LONG(0)
        i, f, o = (sigmoid(build, values[gate]) for gate in (0, 1, 3))
        g = tanh(build, values[2])
        c = build.fma(f, self.load("last", zero, row, at, mask), build.mul(i, g))
        self.store(build.mul(o, tanh(build, c)), "states", t, row, at, mask)
        self.store(c, "last", zero, row, at, mask)
        self.keep([i, f, g, o], t, row, at, mask)
        if self.kept:
            self.store(c, "cells", t, row, at, mask)

    def gru(self, t: Any, row: Any, at: Any, mask: Any, values: list[Any], earlier: Any) -> None:
        """n = tanh(a + r s), h = n + z (h - n)"""
        build = self.build
        r, z = (sigmoid(build, value) for value in values[:2])
        new = tanh(build, build.fma(r, values[2], self.load("gates", t, row, at, mask, 2)))
        h = build.load_vector(earlier, at) if mask is None else build.load_masked(earlier, at, mask)
        self.store(build.fma(z, build.sub(h, new), new), "states", t, row, at, mask)
        self.keep([r, z, new, values[2]], t, row, at, mask)

    def tanh(self, t: Any, row: Any, at: Any, mask: Any, values: list[Any], earlier: Any) -> None:
        """h = tanh(a)"""
        self.store(tanh(self.build, values[0]), "states", t, row, at, mask)

    def relu(self, t: Any, row: Any, at: Any, mask: Any, values: list[Any], earlier: Any) -> None:
        """h = the larger of a and 0; NaN stays"""
        zero = self.build.constant(0.0, values[0])
        below = self.build.ir.fcmp_ordered("<", values[0], zero)
        self.store(self.build.ir.select(below, zero, values[0]), "states", t, row, at, mask)


# -- backward --------------------------------------------------------------------------------------------------------


@jit.kept
def backward_kernel(cell: str, grad: bool) -> int:
    """words: as the forward's. Unit: a row. grad: there is a gradient of the states, not of the last cells alone.

    dh begins with anything and ends with what GRU hands on besides the product; dc begins with the last cells'
    gradient and ends with the first's.
    """
    return jit.address_of(f"recurrent_grad {cell} {grad}", lambda: Backward(cell, grad).text())


class Backward(Steps):
    """All steps of some rows, from the last."""

    def __init__(self, cell: str, grad: bool) -> None:
        super().__init__("recurrent_grad", cell)
        self.grad, self.own = grad, "grad_own" if cell == "gru" else "grad_gates"

    def text(self) -> str:
        """The IR of the finished kernel."""
        build = self.build
        if self.cell == "gru":
            zero = build.constant(0.0, build.vector())
            with build.loop(build.start, build.stop, name="row") as row:
                self.vectors(lambda at, mask: self.store(zero, "dh", LONG(0), row, at, mask))
        with build.loop(LONG(0), self.steps, name="s") as s:
            t = build.ir.sub(build.ir.sub(self.steps, LONG(1)), s)
            self.product(s, t)
            first = build.ir.icmp_signed("==", t, LONG(0))
            with build.loop(build.start, build.stop, name="row") as row:
                self.vectors(lambda at, mask: getattr(self, self.cell)(t, first, row, at, mask))
        return build.text()

    def product(self, s: Any, t: Any) -> None:
        """dh = the states' gradient + the product of the following step's gates with the weight (+ dh of GRU)."""
        build = self.build
        following = build.ir.icmp_signed(">", s, LONG(0))
        depth = build.ir.select(following, build.ir.mul(self.size, LONG(self.gates)), LONG(0))
        width = widest() * self.lanes
        whole = build.ir.mul(build.ir.sdiv(self.size, LONG(width)), LONG(width))

        def panel(at: Any, vectors: int, mask: Any) -> None:
            b = B(build.at(self.tracks["weight"][0], at), self.row_step("weight"), mask)

            def tile(row: Any, rows: int) -> None:
                a = A(self.place(self.own, build.ir.add(t, LONG(1)), row), self.row_step(self.own), LONG(1))
                places = [(build.ir.add(row, LONG(i)), build.ir.add(at, LONG(j * self.lanes)))
                          for i in range(rows) for j in range(vectors)]  # fmt: skip
                flat = [self.begin(t, own, column, mask) for own, column in places]
                start = [flat[i : i + vectors] for i in range(0, len(flat), vectors)]
                sums = multiply(build, rows, vectors, depth, a, b, start=start)
                for (own, column), value in zip(places, (v for line in sums for v in line), strict=True):
                    self.store(value, "dh", LONG(0), own, column, mask)

            cover(build, build.start, build.stop, vectors, tile)

        with build.loop(LONG(0), whole, width, name="panel") as at:
            panel(at, widest(), None)
        with build.loop(whole, self.size, self.lanes, name="rest") as at:
            panel(at, 1, build.mask(build.ir.sub(self.size, at)))

    def begin(self, t: Any, row: Any, at: Any, mask: Any) -> Any:
        """What a vector of dh begins with."""
        zero = self.build.constant(0.0, self.build.vector())
        value = self.load("grad", t, row, at, mask) if self.grad else zero
        return self.build.add(value, self.load("dh", LONG(0), row, at, mask)) if self.cell == "gru" else value

    def earlier(self, track: str, start: str, t: Any, first: Any, row: Any) -> Any:
        """Where the row of the step before begins; of the first step, that of `start`."""
        before = self.place(track, self.build.ir.sub(t, LONG(1)), row)
        return self.build.ir.select(first, self.place(start, LONG(0), row), before)

    def load_at(self, base: Any, at: Any, mask: Any) -> Any:
        """A vector of the row that begins at `base`."""
        return self.build.load_vector(base, at) if mask is None else self.build.load_masked(base, at, mask)

    def lstm(self, t: Any, first: Any, row: Any, at: Any, mask: Any) -> None:
        """The cells of one vector."""
        build, zero = self.build, LONG(0)
        dh = self.load("dh", zero, row, at, mask)
        i, f, g, o = (self.load("kept", t, row, at, mask, gate) for gate in range(4))
        squashed = tanh(build, self.load("cells", t, row, at, mask))
        before = self.load_at(self.earlier("cells", "c0", t, first, row), at, mask)
        one = build.constant(1.0, dh)
        slope = build.fma(build.ir.fneg(squashed), squashed, one)
        dc = build.fma(build.mul(dh, o), slope, self.load("dc", zero, row, at, mask))
        grads = [
            self.times(dc, g, build.mul(i, self.rest(i))), self.times(dc, before, build.mul(f, self.rest(f))),
            self.times(dc, i, build.fma(build.ir.fneg(g), g, one)),
            self.times(dh, squashed, build.mul(o, self.rest(o))),
        ]  # fmt: skip
        self.store(build.mul(dc, f), "dc", zero, row, at, mask)
        for gate, value in enumerate(grads):
            self.store(value, "grad_gates", t, row, at, mask, gate)

    def gru(self, t: Any, first: Any, row: Any, at: Any, mask: Any) -> None:
        """The cells of one vector."""
        build = self.build
        dh = self.load("dh", LONG(0), row, at, mask)
        r, z, new, inner = (self.load("kept", t, row, at, mask, gate) for gate in range(4))
        before = self.load_at(self.earlier("states", "h0", t, first, row), at, mask)
        slope = build.fma(build.ir.fneg(new), new, build.constant(1.0, dh))
        dn = self.times(dh, self.rest(z), slope)
        dz = self.times(dh, build.sub(before, new), build.mul(z, self.rest(z)))
        dr = self.times(dn, inner, build.mul(r, self.rest(r)))
        self.store(build.mul(dh, z), "dh", LONG(0), row, at, mask)
        for gate, value in enumerate((dr, dz, dn)):
            self.store(value, "grad_gates", t, row, at, mask, gate)
            self.store(build.mul(value, r) if gate == 2 else value, "grad_own", t, row, at, mask, gate)

    def tanh(self, t: Any, first: Any, row: Any, at: Any, mask: Any) -> None:
        """The cells of one vector."""
        y = self.load("states", t, row, at, mask)
        slope = self.build.fma(self.build.ir.fneg(y), y, self.build.constant(1.0, y))
        dh = self.load("dh", LONG(0), row, at, mask)
        self.store(self.build.mul(dh, slope), "grad_gates", t, row, at, mask)

    def relu(self, t: Any, first: Any, row: Any, at: Any, mask: Any) -> None:
        """The cells of one vector; no gradient where the state is 0 or NaN, as the op's rule has it."""
        y, zero = self.load("states", t, row, at, mask), self.build.constant(0.0, self.build.vector())
        above = self.build.ir.fcmp_ordered(">", y, zero)
        slope = self.build.ir.select(above, self.build.constant(1.0, y), zero)
        dh = self.load("dh", LONG(0), row, at, mask)
        self.store(self.build.mul(dh, slope), "grad_gates", t, row, at, mask)
