"""The kernels of average pooling: the mean of each window, and the gradient shared among its numbers."""

from __future__ import annotations

import functools
from typing import Any

from gradbook.kernels import jit
from gradbook.kernels.emit import LONG
from gradbook.kernels.pool_windows import Windows, clear

__all__ = ["mean", "mean_grad"]


@jit.kept
def mean(layout: str, step: int) -> int:
    """The address of the kernel target = sum of each window / divisors[window].

    step: as for the largest; -1: windows are so long that a vector holds numbers of one.
    Units: maps, or lines of windows.
    """
    windows = Windows("avg_pool")
    if layout == "nhwc":
        _mean_pixels(windows)
    elif step == -1:
        _mean_long(windows)
    else:
        _mean_maps(windows, step)
    return windows.build.address()


def _mean_maps(w: Windows, step: int) -> None:
    build, word = w.build, w.word
    with (
        w.maps() as (source, target, _),
        build.loop(LONG(0), word["out_height"], name="y") as y,
        build.loop(LONG(0), word["out_width"], build.lanes, name="x") as x,
    ):
        mask = build.mask(w.ir.sub(word["out_width"], x))
        if step == -2:
            total = functools.reduce(build.add, w.squares(source, y, x))
        else:
            total = _sum_of_maps(w, source, y, x, step)
        at = w.sum((y, word["out_width"]), x)
        build.store_masked(build.div(total, build.load_masked(word["table"], at, mask, 1.0)), target, at, mask)


def _sum_of_maps(w: Windows, source: Any, y: Any, x: Any, step: int) -> Any:
    build, word = w.build, w.word
    top, left = w.begin(y, "y"), w.begin(x, "x")

    def body(i: Any, j: Any, _: Any, values: list[Any]) -> list[Any]:
        line = build.at(source, w.ir.mul(w.sum(top, i), word["width"]))
        return [build.add(values[0], w.spaced(line, w.sum(left, j), step, 0.0))]

    start = [build.constant(0.0, build.vector())]
    return w.taps(w.clipped(top, "height", "y"), (LONG(0), word["kernel_x"]), start, body)[0]


def _mean_long(w: Windows) -> None:
    build, word = w.build, w.word
    zero = build.constant(0.0, build.vector())
    with (
        w.maps() as (source, target, _),
        build.loop(LONG(0), word["out_height"], name="y") as y,
        build.loop(LONG(0), word["out_width"], name="x") as x,
    ):
        top, left = w.begin(y, "y"), w.begin(x, "x")
        low, high = w.clipped(left, "width", "x")
        with build.loop_with(*w.clipped(top, "height", "y"), [zero], name="i") as (i, outer, after):
            line = build.at(source, w.sum((w.sum(top, i), word["width"]), left))
            with build.loop_with(low, high, outer, build.lanes, name="j") as (j, (total,), then):
                then[:] = [build.add(total, build.load_masked(line, j, build.mask(w.ir.sub(high, j))))]
            after[:] = then
        at = w.sum((y, word["out_width"]), x)
        build.store(build.div(build.total(after[0]), build.load(word["table"], at)), target, at)


def _mean_pixels(w: Windows) -> None:
    build, word = w.build, w.word
    with (
        build.loop(build.start, build.stop, name="line") as unit,
        build.loop(LONG(0), word["out_width"], name="x") as x,
        build.loop(LONG(0), word["channels"], build.lanes, name="c") as c,
    ):
        image, y = w.ir.sdiv(unit, word["out_height"]), w.ir.srem(unit, word["out_height"])
        source = build.at(word["source"], w.sum((image, word["source_unit"]), c))
        target = build.at(word["target"], w.sum((image, word["target_unit"]), c))
        top, left = w.begin(y, "y"), w.begin(x, "x")
        mask = build.mask(w.ir.sub(word["channels"], c))

        def body(i: Any, j: Any, _: Any, values: list[Any]) -> list[Any]:
            pixel = w.sum((w.sum(top, i), word["width"]), left, j)
            return [build.add(values[0], build.load_masked(source, w.ir.mul(pixel, word["channels"]), mask))]

        start = [build.constant(0.0, build.vector())]
        (total,) = w.taps(w.clipped(top, "height", "y"), w.clipped(left, "width", "x"), start, body)
        at = w.sum((y, word["out_width"]), x)
        share = build.div(total, build.splat(build.load(word["table"], at)))
        build.store_masked(share, target, w.ir.mul(at, word["channels"]), mask)


@jit.kept
def mean_grad(layout: str) -> int:
    """The address of the kernel target = 0, then every number of a window += source / divisors[window].

    Units: maps, or images.
    """
    windows = Windows("avg_pool_grad")
    (_mean_grad_pixels if layout == "nhwc" else _mean_grad_maps)(windows)
    return windows.build.address()


def _mean_grad_maps(w: Windows) -> None:
    build, word = w.build, w.word
    with w.maps() as (source, target, _):
        clear(w, target, w.ir.mul(word["height"], word["width"]))
        with (
            build.loop(LONG(0), word["out_height"], name="y") as y,
            build.loop(LONG(0), word["out_width"], name="x") as x,
        ):
            top, left = w.begin(y, "y"), w.begin(x, "x")
            low, high = w.clipped(left, "width", "x")
            at = w.sum((y, word["out_width"]), x)
            share = build.splat(build.div(build.load(source, at), build.load(word["table"], at)))
            with build.loop(*w.clipped(top, "height", "y"), name="i") as i:
                line = build.at(target, w.sum((w.sum(top, i), word["width"]), left))
                with build.loop(low, high, build.lanes, name="j") as j:
                    mask = build.mask(w.ir.sub(high, j))
                    build.store_masked(build.add(build.load_masked(line, j, mask), share), line, j, mask)


def _mean_grad_pixels(w: Windows) -> None:
    build, word = w.build, w.word
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
            at = w.sum((y, word["out_width"]), x)
            grad = build.load_masked(source, w.sum((at, word["channels"]), c), mask)
            share = build.div(grad, build.splat(build.load(word["table"], at)))

            def body(i: Any, j: Any, _: Any, __: list[Any]) -> list[Any]:
                pixel = w.sum((w.sum(top, i), word["width"]), left, j)
                place = w.sum((pixel, word["channels"]), c)
                build.store_masked(build.add(build.load_masked(target, place, mask), share), target, place, mask)
                return []

            w.taps(w.clipped(top, "height", "y"), w.clipped(left, "width", "x"), [], body)
