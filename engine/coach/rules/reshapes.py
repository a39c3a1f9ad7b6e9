"""Axes by name, and what a reshape does to them: whole ones are joined, one is split, or several are mixed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

from gradbook.coach.record import Call

__all__ = ["Axis", "Layout", "Split", "fresh", "order_of", "part", "split"]

MANY = 7  # axes of one value from which on no other order of them is looked for


class Axis:
    """One axis, of its own length. It keeps its name through operations that keep its elements in order.

    `rows`: these are samples that a loader or a row of indices has picked. `paired`: they are as many as the targets.
    `front`: the first axis of data. `lane`: the call of a sequence layer that takes it for the batch, `first` as that
    layer's batch_first. `whole`: what it is a part of.
    """

    __slots__ = ("first", "front", "lane", "paired", "rows", "size", "whole")

    def __init__(self, size: int, whole: Axis | None = None) -> None:
        self.size, self.whole = size, whole
        self.rows: bool = whole is not None and whole.rows
        self.paired: bool = whole is not None and whole.paired
        self.front: bool = whole is not None and whole.front
        self.lane: Call | None = None
        self.first = False

    @property
    def samples(self) -> bool:
        """Whether it is known to be the samples of a batch."""
        return self.rows or self.paired or self.lane is not None


Layout = tuple[tuple[Axis, ...], ...]  # for each axis of a tensor what it is made of, the slowest first; () of length 1


class Split:
    """An axis whose parts went to several axes of the result, at least one of which holds other axes too."""

    __slots__ = ("axis", "others")

    def __init__(self, axis: Axis, others: list[Axis]) -> None:
        self.axis, self.others = axis, others


def fresh(shape: tuple[int, ...]) -> Layout:
    """New axes of these lengths."""
    return tuple((Axis(size),) if size != 1 else () for size in shape)


def part(axes: tuple[Axis, ...], size: int) -> tuple[Axis, ...]:
    """Some of an axis, in order."""
    if math.prod(axis.size for axis in axes) == size:
        return axes
    if size == 1:
        return ()
    made = Axis(size)
    if len(axes) == 1:
        old = axes[0]
        made.rows, made.paired, made.front, made.lane, made.first = old.rows, old.paired, old.front, old.lane, old.first
    return (made,)


def split(given: Layout, shape: tuple[int, ...]) -> tuple[Layout, list[Split]]:
    """The axes of a reshaped value, and those that were mixed with others on the way."""
    if 0 in shape:
        return fresh(shape), []
    waiting = [axis for axes in given for axis in axes][::-1]
    whole = {axis: axis for axis in waiting}  # of each part what it is a part of
    held: list[list[Axis]] = []  # what each axis of the result has something of
    made: list[tuple[Axis, ...]] = []
    for size in shape:
        here: list[Axis] = []
        names: list[Axis] = []
        while size > 1 and waiting:
            axis = waiting.pop()
            name = whole[axis]
            names.append(name)
            if size % axis.size and axis.size % size:  # it ends in the middle: from here on nothing is in order
                after = [whole[each] for each in waiting[-1:]]
                others = [other for other in (*names[:-1], *after) if other is not name]
                return fresh(shape), [Split(name, others)] if others else []
            if size % axis.size == 0:
                here.append(axis)
                size //= axis.size
                continue
            here.append(Axis(size, name))
            inner = Axis(axis.size // size, name)
            whole[inner] = name
            waiting.append(inner)
            size = 1
        made.append(tuple(here))
        held.append(names)
    return tuple(made), _straddling(held)


def _straddling(held: list[list[Axis]]) -> list[Split]:
    """The axes that several axes of the result have something of, one of which has something of others too."""
    found = []
    for name in dict.fromkeys(axis for names in held for axis in names):
        homes = [names for names in held if name in names]
        others = [other for names in homes for other in names if other is not name]
        if len(homes) > 1 and others:
            found.append(Split(name, others))
    return found


def order_of(given: Layout, shape: tuple[int, ...], joined: bool) -> list[list[Axis]] | None:
    """Another order of whole axes that has this shape, one list an axis of the result; None if there is none.

    joined: axes of the result may be made of several ones.
    """
    axes = [axis for each in given for axis in each]
    if len(axes) > MANY:
        return None
    found = next(_orders(axes, [size for size in shape if size != 1], joined), None)
    return found if found is not None and [a for each in found for a in each] != axes else None


def _orders(axes: list[Axis], sizes: list[int], joined: bool) -> Iterator[list[list[Axis]]]:
    if not sizes:
        if not axes:
            yield []
        return
    most = len(axes) - len(sizes) + 1 if joined else 1
    for count in range(1, most + 1):
        for chosen in combinations(axes, count):
            if math.prod(axis.size for axis in chosen) == sizes[0]:
                rest = [axis for axis in axes if axis not in chosen]
                for tail in _orders(rest, sizes[1:], joined):
                    yield [list(chosen), *tail]
