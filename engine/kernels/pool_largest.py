"""The kernels of max pooling: the largest value of each window and its place, and the gradient's way back there."""

from __future__ import annotations

from typing import Any

from gradbook.kernels import jit
from gradbook.kernels.emit import BYTE, FLOAT, INT, LONG
from gradbook.kernels.pool_windows import Windows, clear
from gradbook.kernels.transposing import order_of

__all__ = ["slide", "spread", "spread_pairs"]


@jit.kept
def slide(layout: str, step: int, relu: bool = False) -> int:
    """The address of the kernel target = largest of each window, which = its place in the window (a byte).

    step: how far windows of a line are apart, 1 or 2; 0: stride_x; -2: windows of 2 x 2 side by side.
    Units: maps, or lines of windows.
    """
    windows = Windows("max_pool")
    if layout == "nhwc":
        _slide_pixels(windows, relu)
    else:
        _slide_maps(windows, step, relu)
    return windows.build.address()


def _slide_maps(w: Windows, step: int, relu: bool) -> None:
    build, word = w.build, w.word
    with (
        w.maps() as (source, target, unit),
        build.loop(LONG(0), word["out_height"], name="y") as y,
        build.loop(LONG(0), word["out_width"], build.lanes, name="x") as x,
    ):
        mask = build.mask(w.ir.sub(word["out_width"], x))
        best, which = _largest_of_maps(w, source, y, x, step)
        at = w.sum((y, word["out_width"]), x)
        size = w.ir.mul(word["out_width"], word["out_height"])
        w.write_best(best, which, target, at, w.sum((unit, size), at), mask, relu)


def _largest_of_maps(w: Windows, source: Any, y: Any, x: Any, step: int) -> list[Any]:
    build, word = w.build, w.word
    found = [build.constant(float("-inf"), build.vector()), build.constant(0, build.vector(INT))]
    if step == -2:
        for number, seen in enumerate(w.squares(source, y, x)):
            found = w.better(seen, LONG(number), *found)
        return found
    top, left = w.begin(y, "y"), w.begin(x, "x")

    def body(i: Any, j: Any, number: Any, values: list[Any]) -> list[Any]:
        line = build.at(source, w.ir.mul(w.sum(top, (i, word["dilation_y"])), word["width"]))
        seen = w.spaced(line, w.sum(left, (j, word["dilation_x"])), step, float("-inf"))
        return w.better(seen, number, *values)

    return w.taps(w.clipped(top, "height", "y"), (LONG(0), word["kernel_x"]), found, body)


def _slide_pixels(w: Windows, relu: bool) -> None:
    build, word = w.build, w.word
    start = [build.constant(float("-inf"), build.vector()), build.constant(0, build.vector(INT))]
    with (
        build.loop(build.start, build.stop, name="line") as unit,
        build.loop(LONG(0), word["out_width"], name="x") as x,
        build.loop(LONG(0), word["channels"], build.lanes, name="c") as c,
    ):
        image, y = w.ir.sdiv(unit, word["out_height"]), w.ir.srem(unit, word["out_height"])
        source = build.at(word["source"], w.sum((image, word["source_unit"]), c))
        top, left = w.begin(y, "y"), w.begin(x, "x")
        mask = build.mask(w.ir.sub(word["channels"], c))

        def body(i: Any, j: Any, number: Any, values: list[Any]) -> list[Any]:
            pixel = w.sum((w.sum(top, (i, word["dilation_y"])), word["width"]), left, (j, word["dilation_x"]))
            seen = build.load_masked(source, w.ir.mul(pixel, word["channels"]), mask, float("-inf"))
            return w.better(seen, number, *values)

        best, which = w.taps(w.clipped(top, "height", "y"), w.clipped(left, "width", "x"), start, body)
        within = w.ir.mul(w.sum((y, word["out_width"]), x), word["channels"])
        size = w.ir.mul(w.ir.mul(word["out_width"], word["out_height"]), word["channels"])
        target = build.at(word["target"], w.ir.mul(image, word["target_unit"]))
        w.write_best(best, which, target, w.sum(within, c), w.sum((image, size), within, c), mask, relu)


# -- its gradient ----------------------------------------------------------------------------------------------------


@jit.kept
def spread(layout: str, bounded: bool) -> int:
    """The address of the kernel target = 0, then target[place of the largest] += source, for each window.

    bounded: only where the window's largest value, in `bound`, is above 0. Units: maps, or images.
    """
    windows = Windows("max_pool_grad")
    if layout == "nhwc":
        _spread_pixels(windows, bounded)
    else:
        _spread_maps(windows, bounded)
    return windows.build.address()


def _spread_maps(w: Windows, bounded: bool) -> None:
    build, word = w.build, w.word
    with w.maps() as (source, target, unit):
        clear(w, target, w.ir.mul(word["height"], word["width"]))
        size = w.ir.mul(word["out_width"], word["out_height"])
        with (
            build.loop(LONG(0), word["out_height"], name="y") as y,
            build.loop(LONG(0), word["out_width"], name="x") as x,
        ):
            at = w.sum((y, word["out_width"]), x)
            there = w.sum((unit, size), at)
            entry = w.ir.shl(w.ir.zext(build.load(word["which"], there, BYTE), LONG), LONG(1))
            row = w.sum(w.begin(y, "y"), build.load(word["table"], entry, LONG))
            column = w.sum(w.begin(x, "x"), build.load(word["table"], w.sum(entry, LONG(1)), LONG))
            fits = w.ir.and_(w.ir.icmp_unsigned("<", row, word["height"]),
                             w.ir.icmp_unsigned("<", column, word["width"]))  # fmt: skip
            if bounded:
                largest = build.load(word["bound"], there)
                fits = w.ir.and_(fits, w.ir.fcmp_ordered(">", largest, FLOAT(0.0)))
            with w.ir.if_then(fits):
                place = w.sum((row, word["width"]), column)
                build.store(build.add(build.load(target, place), build.load(source, at)), target, place)


def _spread_pixels(w: Windows, bounded: bool) -> None:
    build, word = w.build, w.word
    size = w.ir.mul(w.ir.mul(word["out_width"], word["out_height"]), word["channels"])
    with build.loop(build.start, build.stop, name="image") as unit:
        target = build.at(word["target"], w.ir.mul(unit, word["target_unit"]))
        source = build.at(word["source"], w.ir.mul(unit, word["source_unit"]))
        clear(w, target, w.ir.mul(w.ir.mul(word["height"], word["width"]), word["channels"]))
        with (
            build.loop(LONG(0), word["out_height"], name="y") as y,
            build.loop(LONG(0), word["out_width"], name="x") as x,
            build.loop(LONG(0), word["channels"], build.lanes, name="c") as c,
        ):
            top, left = w.begin(y, "y"), w.begin(x, "x")
            mask = build.mask(w.ir.sub(word["channels"], c))
            at = w.sum((w.sum((y, word["out_width"]), x), word["channels"]), c)
            there = w.sum((unit, size), at)
            grad = build.load_masked(source, at, mask)
            if bounded:
                largest = build.load_masked(word["bound"], there, mask)
                positive = w.ir.fcmp_ordered(">", largest, build.constant(0.0, largest))
                grad = w.ir.select(positive, grad, build.constant(0.0, grad))
            which = build.load_masked(word["which"], there, mask, 0, BYTE)

            def body(i: Any, j: Any, number: Any, _: list[Any]) -> list[Any]:
                pixel = w.sum((w.sum(top, (i, word["dilation_y"])), word["width"]), left, (j, word["dilation_x"]))
                place = w.sum((pixel, word["channels"]), c)
                here = w.ir.icmp_unsigned("==", which, build.splat(w.ir.trunc(number, BYTE)))
                here = w.ir.and_(here, mask)
                build.store_masked(build.add(build.load_masked(target, place, here), grad), target, place, here)
                return []

            w.taps(w.clipped(top, "height", "y"), w.clipped(left, "width", "x"), [], body)


@jit.kept
def spread_pairs(kind: str, bounded: bool = False) -> int:
    """The address of `spread` ("max") or `mean_grad` ("mean") for windows of 2 x 2 side by side in maps.

    A line of windows fills two lines of the map at once, and nothing is added to.
    """
    w = Windows("pool_pairs")
    build, word = w.build, w.word
    twice = [i // 2 + (i % 2) * build.lanes for i in range(2 * build.lanes)]
    size = w.ir.mul(word["out_width"], word["out_height"])
    with w.maps() as (source, target, unit):
        ends = (w.ir.icmp_signed("<", w.ir.mul(word[f"out_{a}"], LONG(2)), word[a]) for a in ("height", "width"))
        with w.ir.if_then(w.ir.or_(*ends)):
            clear(w, target, w.ir.mul(word["height"], word["width"]))
        with (
            build.loop(LONG(0), word["out_height"], name="y") as y,
            build.loop(LONG(0), word["out_width"], build.lanes, name="x") as x,
        ):
            left = w.ir.sub(word["out_width"], x)
            mask = build.mask(left)
            at = w.sum((y, word["out_width"]), x)
            grad = build.load_masked(source, at, mask)
            if kind == "mean":
                rows = [[build.div(grad, build.load_masked(word["table"], at, mask, 1.0))] * 2] * 2
            else:
                rows = _picked_pairs(w, grad, w.sum((unit, size), at), mask, bounded)
            for row, halves in enumerate(rows):
                both = w.ir.shuffle_vector(*halves, order_of(twice))
                place = w.sum((w.sum((y, LONG(2)), LONG(row)), word["width"]), (x, LONG(2)))
                build.store_masked(both, target, place, build.mask(w.ir.mul(left, LONG(2)), 2 * build.lanes))
    return build.address()


def _picked_pairs(w: Windows, grad: Any, there: Any, mask: Any, bounded: bool) -> list[list[Any]]:
    build, zero = w.build, w.build.constant(0.0, w.build.vector())
    if bounded:
        largest = build.load_masked(w.word["bound"], there, mask)
        grad = w.ir.select(w.ir.fcmp_ordered(">", largest, zero), grad, zero)
    which = build.load_masked(w.word["which"], there, mask, 0, BYTE)
    here = [w.ir.icmp_unsigned("==", which, build.constant(number, which)) for number in range(4)]
    picked = [w.ir.select(bits, grad, zero) for bits in here]
    return [picked[:2], picked[2:]]
