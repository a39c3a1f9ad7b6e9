"""What the kernels of products have in common: their words, their units, and where a panel of columns lies.

A unit is `height` rows of one panel of columns; units are numbered rows first, then panels, then matrices of the batch.
A call computes the rows of its units panel by panel, so that what is done once for a panel is done once in a call.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from gradbook.kernels import jit
from gradbook.kernels.emit import DOUBLE, FLOAT, LONG, POINTER, KernelBuilder
from gradbook.kernels.host import host

__all__ = ["FINISH_WORDS", "WORDS", "PanelKernel", "kernel_of"]

POINTERS = (
    "out", "a", "b",
    "start",  # what is added to, or null
    "bias",  # or null
    "offsets",  # of out, a, b and start: 4 numbers for each matrix of the batch
)  # fmt: skip
NUMBERS = (
    "rows", "columns", "depth",
    "out_row", "a_row", "a_step", "b_step", "b_column", "start_row",  # strides, in elements; step: along k
    "packing",  # one of packing.WAYS
    "block",  # steps of k at a time
    "panels", "heights", "height",  # heights: units in a panel
    "relu",  # 0 or 1
)  # fmt: skip
WORDS = (*POINTERS, *NUMBERS, "alpha", "finish")  # finish: a kernel for what is done, or null; its own words follow
FINISH_WORDS = ("out", "out_row", "column", "columns", "words")  # of `finish`: a panel of out; units: its rows


def kernel_of(name: str, double: bool, make: Callable[[], PanelKernel], form: str = "") -> int:
    """Where the kernel is that `make()` writes, if no machine code is kept of it."""
    return jit.address_of(f"{name} double={double} {form} {host()}", lambda: make().text())


class PanelKernel:
    """A kernel while it is written: out = max(alpha * a @ b + start + bias, floor). words: WORDS by name."""

    def __init__(self, name: str, double: bool) -> None:
        self.element = DOUBLE if double else FLOAT
        self.build = build = KernelBuilder(name)
        build.lanes //= 2 if double else 1
        self.kind = build.vector(self.element)
        kinds = (
            dict.fromkeys(POINTERS, POINTER) | dict.fromkeys(NUMBERS, LONG) | {"alpha": self.element, "finish": POINTER}
        )
        self.words = SimpleNamespace(**{name: build.word(i, kinds[name]) for i, name in enumerate(WORDS)})

    def panel(self, matrix: Any, index: Any, first: Any, last: Any) -> None:
        """Write rows [first, last) of one panel of one matrix."""
        raise NotImplementedError

    def text(self) -> str:
        """Write all of it. -> its IR."""
        build, words = self.build, self.words
        up = build.ir.add(build.stop, build.ir.sub(words.heights, LONG(1)))
        with build.loop(build.ir.sdiv(build.start, words.heights), build.ir.sdiv(up, words.heights), name="panel") as i:
            before = build.ir.mul(i, words.heights)
            first, last = build.ir.sub(build.start, before), build.ir.sub(build.stop, before)
            first = build.ir.mul(build.larger_index(first, LONG(0)), words.height)
            last = build.smaller_index(build.ir.mul(last, words.height), words.rows)
            matrix = build.ir.sdiv(i, words.panels)
            self.panel(matrix, build.ir.sub(i, build.ir.mul(matrix, words.panels)), first, last)
        return build.text()

    def place(self, matrix: Any, column: Any) -> SimpleNamespace:
        """The addresses of out, a, b, start and bias for one matrix, at a panel's first column."""
        build, words, found = self.build, self.words, SimpleNamespace()
        steps = (column, LONG(0), build.ir.mul(column, words.b_column), column)
        for i, (name, step) in enumerate(zip(("out", "a", "b", "start"), steps, strict=True)):
            offset = build.load(words.offsets, build.ir.add(build.ir.mul(matrix, LONG(4)), LONG(i)), LONG)
            setattr(found, name, self.far(getattr(words, name), build.ir.add(offset, step)))
        found.bias = self.far(words.bias, column)
        return found

    def finish(self, place: SimpleNamespace, column: Any, columns: Any, first: Any, last: Any) -> None:
        """Call what is to be done with rows [first, last) of a panel."""
        build, words = self.build, self.words
        own = build.ir.gep(build.words, [LONG(len(WORDS))], source_etype=LONG)
        block = build.scratch(len(FINISH_WORDS), LONG)
        with build.ir.if_then(self.exists(words.finish)):
            for i, value in enumerate((place.out, words.out_row, column, columns, own)):
                build.ir.store(value, build.at(block, LONG(i), LONG))
            build.call_kernel(words.finish, block, first, last)

    def far(self, base: Any, index: Any) -> Any:
        """The address of an element of an array that may not be there."""
        return self.build.ir.gep(base, [index], source_etype=self.element)

    def exists(self, pointer: Any) -> Any:
        """Whether an array was given."""
        return self.build.ir.icmp_unsigned("!=", pointer, POINTER(None))

    def either(self, condition: Any, write: Any, otherwise: list[Any]) -> list[Any]:
        """The values that `write()` gives where the condition holds, else `otherwise`."""
        before = self.build.ir.block
        with self.build.ir.if_then(condition):
            written, after = write(), self.build.ir.block
        joined = [self.build.ir.phi(value.type) for value in otherwise]
        for phi, one, other in zip(joined, written, otherwise, strict=True):
            phi.add_incoming(one, after)
            phi.add_incoming(other, before)
        return joined
