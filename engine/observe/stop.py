"""What is in hand where a breakpoint stops: the operation, its operands and result, gradients, line and graph."""

from __future__ import annotations

import itertools
from functools import cached_property
from types import FrameType
from typing import Any

from gradbook import backends
from gradbook.observe.causes import Cause
from gradbook.observe.graph import Graph, build
from gradbook.observe.naming import Names
from gradbook.observe.raw import Key, RawNode
from gradbook.observe.source import Location, locate, place_text
from gradbook.tensor import Tensor

__all__ = ["Stop"]

_numbers = itertools.count(1)
SHOWN = 12  # numbers of a tensor in the text


class Stop:
    """One stop; `_gb` in a notebook, until the next one.

    `inputs` are the operands as the operation got them: tensors and numbers, in a backward pass None where nothing was
    kept. `output` is its result, `grad` the gradient that reached it, `grads` what its rule made of that, one an
    operand. `op` is the operation's name, `node` its node (None under no_grad), `line` a Location with file, cell, line
    and source, `module` the path of the module. `graph` is the computation so far, `index` the operation's place in it.
    """

    def __init__(self, *, reason: str, phase: str, op: str, inputs: tuple[Any, ...] = (), output: Any = None,
                 grad: Any = None, grads: tuple[Any, ...] = (), params: dict[str, Any] | None = None, node: Any = None,
                 where: Any = None, module: str = "", cause: Cause | None = None, key: Key | None = None,
                 raw: list[RawNode] | None = None, frame: FrameType | None = None,
                 names: tuple[str, ...] = ()) -> None:  # fmt: skip
        self.reason, self.phase, self.op = reason, phase, op
        self.inputs, self.output, self.grad, self.grads = tuple(map(_whole, inputs)), _whole(output), grad, grads
        self.params, self.node, self.module, self.cause = params or {}, node, module, cause
        self.line: Location | None = locate(where)
        self.names = names
        self.breakpoint: Any = None
        self.number = next(_numbers)  # of all stops of this process
        self._key, self.raw, self.frame = key, raw or [], frame

    @cached_property
    def graph(self) -> Graph:
        """The computation so far, in the user's names."""
        return build(self.raw, Names.in_sight(self.frame))

    @property
    def index(self) -> int:
        """The operation's place in `graph`, -1 if it is not in it."""
        return next((i for i, node in enumerate(self.raw) if node.key == self._key), -1)

    def settle(self) -> None:
        """Look up what takes the running code, which is let go of then."""
        _ = self.graph
        self.frame = None

    @property
    def place(self) -> str:
        """'cell [7] line 4', or a file and its line; '' where it is unknown."""
        return "" if self.line is None else place_text(self.line.cell, self.line.line)

    @property
    def sentence(self) -> str:
        """What happened and why, in one sentence; '' where the breakpoint only asked for a place."""
        return self.cause.sentence if self.cause is not None else ""

    @property
    def title(self) -> str:
        """'`h = torch.log(x)` · cell [7] line 4 · NaN'."""
        source = f"`{self.line.source}`" if self.line is not None and self.line.source else ""
        return " · ".join(filter(None, (source, self.place, self.reason)))

    def __repr__(self) -> str:
        back = " in the backward pass" if self.phase == "backward" else ""
        lines = [f"stopped{back} at {self.title}"]
        if self.sentence:
            lines.append(f"  why     {self.sentence}")
        lines.append(f"  op      {self.op}" + (f" in {self.module}" if self.module else ""))
        for i, value in enumerate(self.inputs):
            name = f" ({self.names[i]})" if i < len(self.names) and self.names[i] else ""
            lines.append(f"  inputs[{i}]{name} {_short(value)}")
        lines += [f"  {name:7s} {_short(value)}" for name, value in (("output", self.output), ("grad", self.grad))
                  if value is not None]  # fmt: skip
        if self.cause is not None and self.cause.fix:
            lines.append(f"  fix     {self.cause.fix}")
        return "\n".join(lines)


def _whole(value: Any) -> Any:
    """What a vmap computes with is a tensor of all samples once it is in hand; anything else is as it is."""
    if isinstance(value, tuple):
        return tuple(map(_whole, value))
    if isinstance(value, Tensor) and backends.is_batched(value._array):
        return Tensor._of(backends.all_samples(value._array))
    return value


def _short(value: Any) -> str:
    """A tensor in one line: shape, dtype, range; a small one in numbers."""
    if value is None:
        return "not kept"
    if isinstance(value, tuple | list):
        return f"{len(value)} values"
    if not isinstance(value, Tensor):
        return str(value)[:60]
    array = value._array
    if array.size <= SHOWN:
        numbers = ", ".join(f"{x:.4g}" if isinstance(x, float) else str(x) for x in array.reshape(-1).tolist())
        return f"{tuple(array.shape)} {array.dtype}: {numbers}"
    return f"{tuple(array.shape)} {array.dtype}"
