"""One backward pass: at each node the incoming gradient, what each operand receives, and what it then has in all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook import backends
from gradbook.autograd.rules import array_of, cast, sum_to
from gradbook.observe.walkthrough.block import Block
from gradbook.observe.walkthrough.factors import Raw, host, take_apart
from gradbook.observe.walkthrough.spelling import spell
from gradbook.observe.walkthrough.steps import Call, Part, Step, Value

if TYPE_CHECKING:
    from gradbook.observe.walkthrough.recorder import Recorder

__all__ = ["OPERANDS", "Pass"]

OPERANDS = 64  # of one operation that are shown; there are those that take ten thousand


class Pass:
    """Follows the gradients of one pass as the engine adds them up."""

    def __init__(self, recorder: Recorder, number: int, root: Value, inputs: Any) -> None:
        self.recorder, self.number, self.root = recorder, number, root
        self.repeat: tuple[Any, ...] = ()
        self.to_leaves = inputs is None
        self._held: dict[Any, Any] = {}  # node -> what it has received so far, on top of an earlier `.grad`
        self._times: dict[Any, int] = {}  # node -> how often it received something
        self._leaves: dict[int, tuple[Value, Any]] = {}

    def step(self, call: Call, node: Any, grad: Any, edges: Sequence[Any], results: Any) -> Step:
        """The step back through one node."""
        arrays = [None if g is None else bare(g) for g in grad] if isinstance(grad, list) else [bare(grad)]
        for output, array in zip(call.outputs, arrays, strict=False):
            if array is not None:
                output.grad_block = Block.of(array)
        step = Step("backward", call=call, place=call.place, repeat=self.repeat, passed=self.number)
        step.grad = next((Block.of(array) for array in arrays if array is not None), None)
        parts = []
        for slot, (edge, result) in enumerate(zip(edges, results, strict=False)):
            if edge is None or result is None:
                continue
            if slot >= OPERANDS:
                self._receive(edge, bare(result))
                continue
            part = self._part(call, node, arrays, slot, edge, bare(result))
            if part is not None:
                parts.append(part)
        step.parts = tuple(parts)
        return step

    def _part(self, call: Call, node: Any, arrays: list[Any], slot: int, edge: Any, result: Any) -> Part | None:
        grad = next((host(backends.all_samples(array)) for array in arrays if array is not None), np.zeros(()))
        value = self.recorder.node_value(edge)
        if value is None:
            return None
        leaf = edge.tensor() if edge.tensor is not None else None
        stored = leaf is not None and self.to_leaves
        fitted, total, why = self._receive(edge, result)
        if leaf is not None:
            self._leaves[id(leaf)] = (value, leaf)
        array = array_of(result)
        asked = not call.dropped and len(node.edges) <= OPERANDS  # a rule gives the gradients of all at once
        asked = asked and not any(map(backends.is_batched, (array, *arrays)))  # vmap's factors are each sample's own
        raw = take_apart(call, node, arrays, slot, array) if asked else Raw("rule")
        entry = spell(raw, grad, host(fitted), lambda value: fitted_to(value, edge)) if raw.factors else None
        shown = 1 - slot if call.extra.get("swapped") else slot
        return Part(
            shown, value, raw.operation, raw.factors, Block.of(fitted), Block.of(total),
            adds=why != "", stored=stored, spread=tuple(result.shape) != tuple(fitted.shape), why=why,
            entry=entry,
        )  # fmt: skip

    def _receive(self, edge: Any, result: Any) -> tuple[Any, Any, str]:
        """A gradient arrives at an operand -> it in the operand's shape, all so far, and why there was some before."""
        fitted = fitted_to(array_of(result), edge)
        leaf = edge.tensor() if edge.tensor is not None else None
        held, why = self._held.get(edge), ""
        if held is not None:
            why = f"{self._ordinal(edge)} part of the gradient"
        elif leaf is not None and self.to_leaves and leaf._grad is not None:
            held, why = leaf._grad._array, "what lay in .grad before"
        total = self._held[edge] = fitted if held is None else held + fitted
        return fitted, total, why

    def finish(self) -> None:
        """The pass has ended: leaves have their gradients."""
        for value, leaf in self._leaves.values():
            if self.to_leaves and leaf._grad is not None:
                value.grad_block = Block.of(leaf._grad._array)
        self._held.clear()
        self._leaves.clear()

    def _ordinal(self, edge: Any) -> str:
        """Which part of its gradient an edge receives now, after the first."""
        count = self._times[edge] = self._times.get(edge, 1) + 1
        return {2: "second", 3: "third"}.get(count, f"{count}th")


def fitted_to(value: Any, edge: Any) -> Any:
    """A rule's result in the shape and dtype of the operand: broadcasting is undone."""
    if edge.op.multi:
        return value
    if tuple(value.shape) != edge.shape:
        value = array_of(sum_to(value, edge.shape))
    return array_of(cast(value, edge.dtype))


def bare(value: Any) -> Any:
    """The array of a gradient, whether it comes as a Tensor or as an array."""
    return value._array if hasattr(value, "_array") else array_of(value)
