"""Compiled calls whose gradients may still be asked for: their node on the tape, and the plans of their backward.

Each call has memory of its own for what its backward reads, as long as its node needs it; that of calls whose backward
is over is used again. Which of several results have a gradient is known when backward comes: each combination has a
plan of its own, made when it is first met.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradbook.autograd import grad_mode
from gradbook.autograd.node import Node
from gradbook.autograd.op import Op
from gradbook.autograd.rules import alias
from gradbook.compiler.background import background
from gradbook.compiler.instruction import DRAWING, Instruction
from gradbook.compiler.kept import Kept
from gradbook.compiler.memory import Window
from gradbook.compiler.outward import Input, Outward, Result, asked_for, collect
from gradbook.compiler.plan import Plan
from gradbook.compiler.recording import Recorder
from gradbook.compiler.taps import Taps
from gradbook.errors import AutogradError
from gradbook.kernels.program import address_of
from gradbook.tensor import Tensor

__all__ = ["Flight", "Flights", "backward_op"]

ndarray = np.ndarray
SMALL = 1 << 14  # bytes up to which it does not matter that memory begins in the midst of a line of the cache
SPARE = 4  # pieces of memory that are kept for later calls


class BackwardOp(Op):
    """The op of the node behind a compiled call's results."""

    custom = True

    def __init__(self, multi: bool) -> None:
        super().__init__("compiled_function", "", variadic=True, node_name="CompiledFunctionBackward")
        self.multi, self.plain = multi, False

    def keep(self, need: int) -> tuple[int, ...]:
        """The call keeps; the node holds the call."""
        return ()

    def backward_node(self, node: Node, g: Any, create_graph: bool) -> Sequence[Any]:
        """The gradients of everything that the call used, in the order of the node's edges."""
        flight, leg = node.saved[:2]
        found: Sequence[Any] = leg.backward(flight, g if isinstance(g, list) else [g], create_graph)
        return found


ops = {several: BackwardOp(several) for several in (False, True)}


def backward_op(results: int) -> Op:
    """The op of a node for so many results."""
    return ops[results > 1]


class Flight:
    """One call between its forward and its backward: the memory that is its own, its arguments and their arrays."""

    __slots__ = ("arrays", "flights", "inputs", "memory")

    def __init__(self, flights: Flights, memory: Any, inputs: list[Tensor]) -> None:
        self.flights, self.memory, self.inputs = flights, memory, inputs
        self.arrays = [tensor._array for tensor in inputs]

    def __del__(self) -> None:
        spare = self.flights.spare
        if len(spare) < SPARE:
            spare.append(self.memory)


class Flights:
    """The calls of one plan that are between forward and backward, and how their gradients are computed."""

    def __init__(
        self, recorder: Recorder, legs: list[Outward], again: Callable[[list[Tensor]], dict[int, Tensor]]
    ) -> None:
        """again: runs the function once more. -> its results that require grad, by their numbers."""
        self.again = again
        self.kept = Kept({block.number: block for leg in legs for block in leg.kept}.values())
        self.inputs, self.memory = list(recorder.inputs), recorder.memory
        self.repeatable = not any(map(has_effects, recorder.instructions))
        self.lock: Any = threading.RLock()
        self.legs = [Leg(self, outward) for outward in legs]
        self.spare: list[Any] = []
        self.forward: Any = None  # the plan of the calls themselves
        self.tell: Callable[[str, None], None] = lambda reason, place: None

    def begin(self) -> Any:
        """Memory for a call that begins."""
        try:
            memory = self.spare.pop()
        except IndexError:
            memory = self.kept.memory()
        self.forward.bind_kept(memory)
        return memory

    def prepare(self, forward: Any) -> None:
        """Make the plans that will most likely be needed. forward: the plan of the calls."""
        self.forward = forward
        for leg in self.legs:
            leg.make(leg.usual())


class Leg:
    """The gradients of some results, none of which is computed from another."""

    def __init__(self, flights: Flights, outward: Outward) -> None:
        self.flights, self.outward = flights, outward
        self.halves: dict[tuple[bool, ...], Half] = {}  # which of the results have a gradient: what computes

    def usual(self) -> tuple[bool, ...]:
        """The results whose gradients are most likely to be asked for: of one number among others, that alone."""
        numbers = [window.size == 1 for window in self.outward.given]
        return tuple(numbers) if sum(numbers) == 1 else (True,) * len(numbers)

    def make(self, asked: tuple[bool, ...]) -> None:
        """Make the plan of these gradients."""
        self.halves[asked] = Half(self, asked)

    def improve(self, asked: tuple[bool, ...]) -> None:
        """Make the plan of these gradients with kernels; without, it is there."""
        try:
            self.make(asked)
        except Exception as error:
            self.flights.tell(f"no kernels for these gradients: {type(error).__name__}: {error}", None)

    def backward(self, flight: Flight, grads: list[Any], create_graph: bool) -> Sequence[Any]:
        """The gradients of the ends. Raises RuntimeError where they are to be differentiated themselves, and cannot."""
        if create_graph or any(type(g) is not ndarray for g in grads if g is not None):
            return self.in_python(flight, grads, create_graph)
        asked = tuple(g is not None for g in grads)
        half = self.halves.get(asked)
        if half is None:
            half = self.halves[asked] = Half(self, asked, kernels=False)
            background().do(lambda: self.improve(asked))
        with self.flights.lock:
            return half.run(flight, [g for g in grads if g is not None])

    def in_python(self, flight: Flight, grads: list[Any], create_graph: bool) -> list[Any]:
        """Gradients through a graph of the engine's own: the call is run once more, by Python."""
        same = all(tensor._array is array for tensor, array in zip(flight.inputs, flight.arrays, strict=True))
        if not (self.flights.repeatable and same):
            raise AutogradError(CANNOT)
        with grad_mode.enable_grad():
            inputs = [alias(tensor) if tensor._node is not None else tensor for tensor in flight.inputs]
            results = self.flights.again(inputs)
        ends: dict[Any, Any] = {tensor._node: Input(i) for i, tensor in enumerate(inputs)}
        ends |= {t._node: Result(i) for i, t in results.items() if i not in self.outward.numbers}
        given = {i: g for i, g in zip(self.outward.numbers, grads, strict=True) if g is not None}
        starts: list[Any] = [(results[i]._node, as_tensor(g) if create_graph else g) for i, g in given.items()]
        found = collect(starts, set(ends), create_graph)
        places = {name_of(end): i for i, end in enumerate(self.outward.ends)}
        gradients: list[Any] = [None] * len(places)
        for node, g in found.items():
            gradients[places[name_of(ends[node] if node in ends else node.tensor())]] = g
        return gradients


def name_of(end: Any) -> tuple[type, int]:
    """An end of gradients as a key."""
    return (type(end), end) if isinstance(end, int) else (Tensor, id(end))


CANNOT = (
    "backward with create_graph=True (or over a batch of gradients) through what gradbook.compile compiled runs the "
    "function once more, and this one cannot be: it draws random numbers, or has effects beside its result, or its "
    "arguments were changed. Where you need such gradients, call the function itself, not what gradbook.compile gave."
)


def as_tensor(g: Any) -> Any:
    """A gradient for a backward that is differentiated."""
    return g if isinstance(g, Tensor) else Tensor._of(np.asarray(g))


def has_effects(each: Instruction) -> bool:
    """True for an instruction that has effects: it draws random numbers, changes what was there, runs Python."""
    outside = any(window.block.kind in ("outside", "input", "grad") for window in each.changes())
    return outside or each.kind == "left" or (each.kind == "op" and each.op.name in DRAWING)


class Half:
    """The plan that turns gradients of some results into gradients of the ends."""

    def __init__(self, leg: Leg, asked: tuple[bool, ...], kernels: bool = True) -> None:
        outward, flights = leg.outward, leg.flights
        given = [window for window, wanted in zip(outward.given, asked, strict=True) if wanted]
        instructions, present = asked_for(outward.instructions, given)
        windows = [window if window.block.number in present else None for window in outward.windows]
        fresh = [window for window in windows if window is not None and is_own(window, windows, flights.kept)]
        inputs = [flights.inputs[i] for i in outward.read_inputs]
        kept = flights.kept.also(outward.again, [window.block for window in fresh])
        part = Part(flights.memory, instructions, [*given, *inputs])
        self.plan = Plan(part, [window for window in windows if window is not None], kept, native=kernels)
        self.given, self.count = given, len(windows)
        self.inputs = [(flights.inputs[i].block, i) for i in outward.read_inputs]
        self.lent: list[tuple[int, Window]] = []
        self.small: list[tuple[int, Any, Any, Any]] = []  # of those only kernels write to: shape, dtype, the words
        for i, window in enumerate(windows):
            if window is not None and window in fresh:
                words = self.plan.words(window.block)
                if words is None or window.block.size > SMALL or not is_compact(window):
                    self.lent.append((i, window))
                else:
                    self.small.append((i, window.shape, window.dtype, words))
        self.copied = [(i, self.plan.register(w)) for i, w in enumerate(windows) if w is not None and w not in fresh]

    def run(self, flight: Flight, grads: list[Any]) -> list[Any]:
        """The gradients of the ends, in memory that is nobody else's."""
        plan = self.plan
        found: list[Any] = [None] * self.count
        plan.bind_kept(flight.memory)
        for window, g in zip(self.given, grads, strict=True):
            plan.rebind(window.block, g if g.strides == window.strides else g.copy("C"))
        for block, i in self.inputs:
            plan.rebind(block, flight.arrays[i])
        for i, window in self.lent:
            found[i] = plan.lend(window)
        for i, shape, dtype, words in self.small:
            found[i] = array = np.empty(shape, dtype)
            start = address_of(array)
            for packed, word, offset in words:
                packed[word] = start + offset
        for step in plan.steps:
            step()
        for i, register in self.copied:
            found[i] = plan.arrays[register].copy()
        if self.lent:
            plan.take_back()
        return found


class Part:
    """A recording's second half, as a Plan reads it."""

    def __init__(self, memory: Any, instructions: list[Instruction], inputs: list[Window]) -> None:
        self.memory, self.instructions, self.inputs = memory, instructions, inputs
        self.taps = Taps()
        self.outside: dict[int, Any] = {}
        self.leaf_grads: dict[int, Any] = {}
        self.held_grads: list[Any] = []


def is_compact(window: Window) -> bool:
    """True for a window whose elements lie one after the other."""
    step = window.dtype.itemsize
    for length, stride in zip(reversed(window.shape), reversed(window.strides), strict=True):
        if length > 1 and stride != step:
            return False
        step *= length
    return True


def is_own(window: Window, windows: Sequence[Window | None], kept: Kept) -> bool:
    """True for a gradient that has a block to itself: a plan may put it into memory that is given away."""
    block = window.block
    alone = sum(other is not None and other.block is block for other in windows) == 1
    return alone and block.kind == "temporary" and block.number not in kept.places and window.covers_block()
