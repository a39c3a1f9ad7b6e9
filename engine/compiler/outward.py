"""The gradients of a call's results, recorded as if they were asked for: from there to where they leave the call.

A backward that comes after the call is not seen. So the recorded call's own graph is walked once, beforehand, with
gradients of ones; it stays as it is. The walk ends at the leaves, and at arguments that have a history of their own:
there the engine takes over again when it happens.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from gradbook import events
from gradbook.autograd.engine import deposit, general_step
from gradbook.autograd.node import Node
from gradbook.autograd.op import is_differentiable
from gradbook.autograd.rules import check_saved
from gradbook.compiler.coalesce import windows_in
from gradbook.compiler.instruction import NOT_KEPT, Instruction, NotRecordable
from gradbook.compiler.memory import Block, Window
from gradbook.compiler.recording import Recorder
from gradbook.tensor import Tensor

__all__ = ["Input", "Outward", "Result", "asked_for", "collect", "is_used_up", "levels"]


class Input(int):
    """An end of gradients: an argument, by its number."""


class Result(int):
    """An end of gradients: another result, by its number."""


class Outward:
    """What the gradients of some results become, none of which is computed from another. Raises NotRecordable.

    numbers: the results'. given: windows of their gradients. ends: leaves, Inputs, Results, and windows: the gradient
    of each.
    """

    def __init__(self, recorder: Recorder, live: dict[int, Tensor], numbers: list[int]) -> None:
        """live: all results whose gradients may be asked for, by their numbers."""
        self.numbers = numbers
        self.given: list[Window] = []
        self.ends: list[Any] = []
        self.windows: list[Window] = []
        forward = list(recorder.instructions)
        stops: dict[Any, Any] = {node: Input(i) for i, (_, node) in enumerate(recorder.arguments) if node is not None}
        stops |= {tensor._node: Result(i) for i, tensor in live.items() if i not in numbers}
        found = self._walk(recorder, [live[i] for i in numbers], set(stops))
        for node in sorted(found, key=lambda node: node.seq):
            window = recorder.grads.pop(node)
            end = stops.get(node)
            if end is None:
                end = node.tensor() if node.tensor is not None else None
                if end is None or id(end) not in recorder.outside:
                    raise NotRecordable("gradients go to a tensor that the call made itself")
            self.ends.append(end)
            self.windows.append(window)
        self.instructions = recorder.instructions[len(forward) :]
        recorder.instructions = forward
        self.kept, self.again = kept_blocks(forward, self.instructions)
        read = {window.block.number for each in self.instructions for window in windows_in((each.inputs, each.params))}
        read |= {w.block.number for each in self.again.values() for w in windows_in((each.inputs, each.params))}
        self.read_inputs = [i for i, window in enumerate(recorder.inputs) if window.block.number in read]
        self.read_outside = [a for _, a in recorder.outside.values() if number_of(recorder.memory.find(a)) in read]
        self.read = read
        if any(block.number in read and block.kind == "late" for block in recorder.memory.blocks):
            raise NotRecordable("gradients depend on a tensor that Python made in the midst of the call")

    def _walk(self, recorder: Recorder, results: Sequence[Tensor], ends: set[Node]) -> dict[Node, Any]:
        starts = []
        for tensor in results:
            ones = np.ones(tensor._array.shape, tensor._array.dtype)
            if not ones.size or not is_differentiable(ones):
                raise NotRecordable("a result without elements requires grad")
            window = recorder.memory.declare(ones, "input")
            node: Any = tensor._node
            recorder.grads[node] = window
            self.given.append(window)
            starts.append((node, ones))
        with events.observing(recorder), np.errstate(all="ignore"):
            found = collect(starts, ends)
        if recorder.failure is not None:
            raise recorder.failure
        return found


def levels(recorder: Recorder, live: dict[int, Tensor]) -> list[list[int]]:
    """The numbers of results in groups: what a result is computed from comes in a group before its own."""
    numbers = {tensor._node: i for i, tensor in live.items()}
    level: dict[int, int] = {}
    for i in sorted(live, key=lambda i: live[i]._node.seq):  # type: ignore[union-attr]  # it has one
        below = [numbers[node] for node in nodes_below(live[i]._node, recorder.histories) if node in numbers]
        level[i] = max((level[other] + 1 for other in below), default=0)
    return [[i for i in sorted(live) if level[i] == k] for k in range(max(level.values()) + 1)]


def nodes_below(root: Any, ends: Iterable[Node]) -> Iterator[Node]:
    """All nodes that a node's gradient goes on to, as far as they belong to the call."""
    seen, stack = {root, *ends}, [root]
    while stack:
        for edge in stack.pop().edges:
            if edge is not None and edge not in seen:
                seen.add(edge)
                stack.append(edge)
                yield edge


def number_of(window: Window | None) -> int | None:
    """The number of a window's block."""
    return None if window is None else window.block.number


def collect(starts: Iterable[tuple[Node, Any]], ends: set[Node], create_graph: bool = False) -> dict[Node, Any]:
    """Walk a graph back from its starts, and not beyond `ends`. -> the gradients there and at the leaves.

    Nothing is added to `.grad`, and what is saved stays. Raises RuntimeError where it is no longer what it was.
    """
    grads: dict[Node, Any] = {}
    owned: set[Node] = set()
    heap: list[tuple[int, Node]] = []
    found: dict[Node, Any] = {}
    for node, value in starts:
        deposit(node, value, grads, owned, heap, create_graph)
    while heap:
        node = heapq.heappop(heap)[1]
        g = grads.pop(node)
        if node in ends:
            found[node] = g
            continue
        if node.saved:
            check_saved(node)
        general_step(node, g, grads, owned, heap, None, create_graph)
    return found | grads


def is_used_up(root: Node, ends: Iterable[Node]) -> bool:
    """Whether a backward has freed some of the graph below a node, as far as it belongs to the call."""
    return any(node.saved is None and node.edges for node in (root, *nodes_below(root, ends)))


def kept_blocks(
    forward: Sequence[Instruction], backward: Sequence[Instruction]
) -> tuple[list[Block], dict[int, Instruction]]:
    """(the blocks that backward reads of those that forward computes, what it computes again where it must)."""
    made = {w.block.number: w.block for each in forward for w in windows_in(each.outputs) if is_temporary(w)}
    read = {w.block.number for each in backward for w in windows_in((each.inputs, each.params))} & made.keys()
    again = {}
    for each in forward:
        place = NOT_KEPT.get(each.op.name) if each.kind == "op" else None
        extra = each.outputs[place] if place is not None and len(each.outputs) > place else None
        if isinstance(extra, Window) and extra.block.number in read:
            again[extra.block.number] = copied(each)
            read.discard(extra.block.number)
            read |= {w.block.number for w in windows_in(each.inputs) if is_temporary(w)}
    return [made[number] for number in sorted(read)], again


def is_temporary(window: Window) -> bool:
    """True for memory of values that the call computes."""
    return window.block.kind == "temporary"


def copied(each: Instruction) -> Instruction:
    """The same instruction, to be changed."""
    return Instruction(each.kind, each.inputs, each.outputs, each.op, each.params, each.rule, each.where)


# -- some of the results only ----------------------------------------------------------------------------------------


def asked_for(instructions: Sequence[Instruction], given: Sequence[Window]) -> tuple[list[Instruction], set[int]]:
    """The instructions, copied, that gradients of `given` alone need. -> (those, the blocks that have a gradient)."""
    present = {window.block.number for window in given}
    for each in instructions:
        if any(window.block.number in present for window in gradients_of(each)):
            present |= {window.block.number for window in windows_in(each.outputs)}
    found = [part for each in instructions if (part := needed(each, present)) is not None]
    return found, present


def gradients_of(each: Instruction) -> list[Window]:
    """The gradients that an instruction makes others of."""
    return [*windows_in(each.inputs if each.kind == "add" else each.inputs[:1])]


def needed(each: Instruction, present: set[int]) -> Instruction | None:
    """An instruction as it is where some gradients are none; None if nothing is left of it."""
    if not any(window.block.number in present for window in windows_in(each.outputs)):
        return None
    here = [window for window in gradients_of(each) if window.block.number in present]
    out = each.outputs[0]
    if each.kind == "copy" and not here:
        return Instruction("zero", [], [out])  # a part of a gradient whose other parts are there
    if each.kind == "add":
        if each.inputs[0] == out:
            return copied(each) if each.inputs[1].block.number in present else None
        return copied(each) if len(here) == 2 else Instruction("copy", here, [out])
    made = copied(each)
    first = made.inputs[0] if made.inputs else None
    if isinstance(first, list):
        made.inputs[0] = [part if isinstance(part, Window) and part.block.number in present else None for part in first]
    return made
