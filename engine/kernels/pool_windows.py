"""What the kernels of pooling share: windows on maps, their taps, and where they begin.

With channels first a vector holds neighbouring windows of one map, with channels innermost channels of one window.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from gradbook.kernels.emit import BYTE, FLOAT, INT, LONG, KernelBuilder
from gradbook.kernels.transposing import order_of

__all__ = ["WORDS", "Windows", "clear"]

# the words of all kernels; a unit is a map, a line of pixels or an image
# table: what sums are divided by, or how far (down, right) the numbers of a window are
WORDS = (
    "source", "target", "which", "bound", "maps", "source_unit", "source_map", "target_unit", "target_map",
    "height", "width", "out_height", "out_width", "kernel_y", "kernel_x", "stride_y", "stride_x", "padding_y",
    "padding_x", "dilation_y", "dilation_x", "channels", "table",
)  # fmt: skip
POINTERS = {"source", "target", "which", "bound", "table"}


class Windows:
    """A kernel over windows while it is written."""

    def __init__(self, name: str) -> None:
        self.build = KernelBuilder(name)
        self.ir = self.build.ir
        self.lanes = self.build.lanes
        self.word: dict[str, Any] = {
            name: self.build.pointer(i) if name in POINTERS else self.build.word(i) for i, name in enumerate(WORDS)
        }

    def sum(self, *terms: Any) -> Any:
        """Terms added; a pair is multiplied first."""
        values = [self.ir.mul(*term) if isinstance(term, tuple) else term for term in terms]
        return functools.reduce(self.ir.add, values)

    @contextmanager
    def maps(self) -> Iterator[tuple[Any, Any, Any]]:
        """Units are maps: gives (where the map begins in the source, in the target, the number of the map)."""
        word, build = self.word, self.build
        with build.loop(build.start, build.stop, name="map") as unit:
            image, map_ = self.ir.sdiv(unit, word["maps"]), self.ir.srem(unit, word["maps"])
            source, target = (
                build.at(word[name], self.sum((image, word[f"{name}_unit"]), (map_, word[f"{name}_map"])))
                for name in ("source", "target")
            )
            yield source, target, unit

    def clipped(self, begin: Any, size: str, axis: str) -> tuple[Any, Any]:
        """The taps of a window that begins at `begin` which lie on the image: [first, stop)."""
        word, one = self.word, LONG(1)
        kernel, dilation = word[f"kernel_{axis}"], word[f"dilation_{axis}"]
        up = self.ir.sub(self.ir.add(self.ir.neg(begin), dilation), one)
        low = self.ir.sdiv(up, dilation)  # of taps before the image; begin >= 0: none
        low = self.ir.select(self.ir.icmp_signed("<", begin, LONG(0)), low, LONG(0))
        rest = self.ir.sdiv(self.ir.sub(self.ir.add(self.ir.sub(word[size], begin), dilation), one), dilation)
        rest = self.ir.select(self.ir.icmp_signed("<", begin, word[size]), rest, LONG(0))
        return low, self.ir.select(self.ir.icmp_signed("<", rest, kernel), rest, kernel)

    def begin(self, place: Any, axis: str) -> Any:
        """Where the window of a place begins on the image."""
        return self.ir.sub(self.ir.mul(place, self.word[f"stride_{axis}"]), self.word[f"padding_{axis}"])

    def spaced(self, line: Any, first: Any, step: int, other: float) -> Any:
        """Numbers `step` apart of a line (0: stride_x apart), from number `first` on; `other` outside the line."""
        build, count = self.build, self.lanes
        if step == 0:
            return self._picked(line, first, other)
        parts = []
        for part in range(step):
            at = self.ir.add(first, LONG(part * count))
            parts.append(build.load_masked(line, at, self.inside(at), other))
        if step == 1:
            return parts[0]
        return self.ir.shuffle_vector(*parts, order_of([2 * i for i in range(count)]))

    def inside(self, first: Any) -> Any:
        """Which of the numbers from `first` on lie on the line."""
        build = self.build
        order = ir.Constant(build.vector(INT), list(range(self.lanes)))
        at = self.ir.add(order, build.splat(self.ir.trunc(first, INT)))
        return self.ir.icmp_unsigned("<", at, build.splat(self.ir.trunc(self.word["width"], INT)))

    def _picked(self, line: Any, first: Any, other: float) -> Any:
        build, width = self.build, self.word["width"]
        made = build.constant(other, build.vector())
        for lane in range(self.lanes):
            at = self.sum(first, (self.word["stride_x"], LONG(lane)))
            there = self.ir.icmp_unsigned("<", at, width)
            safe = self.ir.select(there, at, LONG(0))
            value = self.ir.select(there, build.load(line, safe), FLOAT(other))
            made = self.ir.insert_element(made, value, INT(lane))
        return made

    def squares(self, source: Any, y: Any, x: Any) -> list[Any]:
        """The four numbers of windows of 2 x 2 side by side, from window (y, x) on, that lie on the map."""
        build, word, found = self.build, self.word, []
        left = self.ir.mul(self.ir.sub(word["out_width"], x), LONG(2))
        for row in range(2):
            line = build.at(source, self.ir.mul(self.sum((y, LONG(2)), LONG(row)), word["width"]))
            halves = [
                build.load_masked(line, self.sum((x, LONG(2)), LONG(part)), build.mask(self.ir.sub(left, LONG(part))))
                for part in (0, self.lanes)
            ]
            found += [self.ir.shuffle_vector(*halves, order_of([2 * i + j for i in range(self.lanes)])) for j in (0, 1)]
        return found

    def taps(
        self, ys: tuple[Any, Any], xs: tuple[Any, Any], carried: list[Any], body: Callable[..., list[Any]]
    ) -> list[Any]:
        """Loop over taps: body(i, j, number of the tap, values) -> the values after it."""
        build = self.build
        with build.loop_with(*ys, carried, name="i") as (i, outer, after):
            with build.loop_with(*xs, outer, name="j") as (j, inner, then):
                number = self.sum((i, self.word["kernel_x"]), j)
                then[:] = body(i, j, number, inner)
            after[:] = then
        return after

    def better(self, seen: Any, number: Any, best: Any, which: Any) -> list[Any]:
        """(best, which) after one more value: a larger one, or NaN, takes the place."""
        takes = self.ir.or_(self.ir.fcmp_ordered(">", seen, best), self.ir.fcmp_unordered("uno", seen, seen))
        number = self.build.splat(self.ir.trunc(number, INT))
        return [self.ir.select(takes, seen, best), self.ir.select(takes, number, which)]

    def write_best(self, best: Any, which: Any, target: Any, at: Any, which_at: Any, mask: Any, relu: bool) -> None:
        """A vector of largest values, and where they were."""
        build = self.build
        if relu:
            best = build.maximum(best, build.constant(0.0, best))
        build.store_masked(best, target, at, mask)
        narrow = self.ir.trunc(which, build.vector(BYTE))
        build.store_masked(narrow, self.word["which"], which_at, mask)


def clear(w: Windows, target: Any, count: Any) -> None:
    """Fill a map or an image with 0."""
    build = w.build
    with build.loop(LONG(0), count, build.lanes, name="zero") as i:
        build.store_masked(build.constant(0.0, build.vector()), target, i, build.mask(w.ir.sub(count, i)))
