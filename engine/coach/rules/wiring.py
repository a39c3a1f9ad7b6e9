"""How layers follow one another: which operations are linear, what stands between two, and which code wires them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gradbook.coach.origin import is_library
from gradbook.coach.record import Call, Op, Value

__all__ = [
    "ACTIVATIONS", "AFFINE", "CONVOLUTIONS", "LINEAR", "PASSING", "POOLING", "Consumers", "home", "input_of",
    "is_learned", "producer", "recurrent", "weight_of",
]  # fmt: skip

CONVOLUTIONS = frozenset(("conv1d", "conv2d", "conv3d"))
LINEAR = CONVOLUTIONS | {"linear", "mm", "matmul", "addmm"}
# a value is still what it was, in another order or shape
PASSING = frozenset((
    "view", "reshape", "flatten", "squeeze", "unsqueeze", "transpose", "permute", "contiguous", "copy", "clone", "to",
    "t", "movedim", "unflatten",
))  # fmt: skip
# what is linear in training, or scales: two linear layers with only these between are one
AFFINE = PASSING | {"dropout", "batch_norm", "avg_pool1d", "avg_pool2d", "avg_pool3d"}
POOLING = frozenset(("max_pool1d", "max_pool2d", "max_pool3d", "dropout"))
ACTIVATIONS = frozenset((
    "relu", "leaky_relu", "sigmoid", "tanh", "softmax", "log_softmax", "gelu", "gelu_tanh", "silu", "elu", "softplus",
    "mish", "hardtanh", "prelu", "logsigmoid", "hardsigmoid", "hardswish", "softsign",
))  # fmt: skip
SCALING = frozenset(("mul", "div"))
SLOTS = {"linear": 1, "mm": 1, "matmul": 1, "addmm": 2, "conv1d": 1, "conv2d": 1, "conv3d": 1}


def is_learned(value: Any) -> bool:
    """Whether a value is a leaf that a gradient is wanted for, a parameter or one made by hand."""
    tensor = value.tensor if isinstance(value, Value) else None
    return tensor is not None and tensor._node is not None and tensor.is_leaf


def weight_of(op: Op) -> Value | None:
    """The learned matrix or kernel of a linear operation; None if it is no layer but a product of two activations."""
    weight = op.operand(SLOTS[op.name]) if op.name in SLOTS else None
    if weight is None:
        return None
    while not is_learned(weight):
        if weight.maker is None or weight.maker.name not in PASSING or not weight.maker.inputs:
            return None
        weight = weight.maker.inputs[0]
    return weight if len(weight.shape) >= 2 else None


def input_of(op: Op) -> Value | None:
    """What a layer is applied to."""
    return op.operand(1 if op.name == "addmm" else 0)


def producer(value: Value | None, through: frozenset[str]) -> Iterator[Value]:
    """The values on the way back from one to what made it, the maker's output last.

    Passed are operations of these names and a learned bias that is added.
    """
    while value is not None:
        yield value
        maker = value.maker
        if maker is None:
            return
        if maker.name in through and maker.inputs:
            value = maker.inputs[0]
        elif maker.name == "add" and len(maker.operands) == 2:
            a, b = maker.operand(0), maker.operand(1)
            bias = next((x for x in (b, a) if is_learned(x) and x is not None and len(x.shape) < 2), None)
            if bias is None:
                return
            value = a if bias is b else b
        else:
            return


def home(op: Op) -> Call | None:
    """The call whose code wires an operation to others: of a layer the module that holds it; None outside of any."""
    call = op.call
    if call is not None and is_library(call.module) and not getattr(call.module, "_modules", None):
        return call.parent
    return call


def recurrent(ops: Iterable[Op]) -> set[int]:
    """Ids of the weights that are applied to what they themselves led to, as in a recurrent layer written by hand."""
    depths: dict[int, int] = {}
    layers: dict[int, set[int]] = {}
    for op in ops:
        depth = max((depths.get(id(value), 0) for value in op.inputs), default=0)
        weight = weight_of(op) if op.name in LINEAR else None
        if weight is not None:
            depth += 1
            layers.setdefault(id(weight), set()).add(depth)
        for value in op.outputs:
            depths[id(value)] = depth
    return {key for key, found in layers.items() if len(found) > 1}


class Consumers:
    """Who takes each value of a turn."""

    def __init__(self, ops: Iterable[Op]) -> None:
        self._of: dict[int, list[Op]] = {}
        for op in ops:
            for value in op.inputs:
                self._of.setdefault(id(value), []).append(op)

    def of(self, value: Value) -> list[Op]:
        """The operations that take a value."""
        return self._of.get(id(value), [])

    def adapter(self, first: Op, last: Op) -> bool:
        """Whether what two operations make together is added to what another layer makes of the same input, as LoRA."""
        start, value = input_of(first), last.output
        while len(takers := self.of(value)) == 1 and takers[0].name in SCALING:
            value = takers[0].output
        beside = [x.maker for op in takers if op.name == "add" for x in op.inputs if x is not value]
        entry = start.back(AFFINE) if start is not None else None
        others = [input_of(maker) for maker in beside if maker is not None and maker.name in LINEAR]
        return entry is not None and any(other is not None and other.back(AFFINE) is entry for other in others)

    def alone(self, values: Iterable[Value]) -> bool:
        """Whether each of these values is taken once."""
        return all(len(self.of(value)) == 1 for value in values)
