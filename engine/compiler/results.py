"""What a recorded call returned, as something that each call of a plan puts together again."""

from __future__ import annotations

from typing import Any

from gradbook import backends
from gradbook.compiler.breaks import Hosted
from gradbook.compiler.guards import is_constant
from gradbook.compiler.interpreter import Interpreter
from gradbook.compiler.memory import Window
from gradbook.compiler.outward import is_used_up
from gradbook.compiler.recording import Recorder
from gradbook.tensor import Tensor

__all__ = ["Unfit", "shape_of_result"]


class Unfit(Exception):
    """A recorded call that cannot be made into a plan. place: (file, line) of what is to blame, if that is known."""

    def __init__(self, reason: str, place: tuple[str, int] | None = None) -> None:
        super().__init__(reason)
        self.place = place


def shape_of_result(
    value: Any, interpreter: Interpreter, recorder: Recorder, outputs: list[Any], spent: list[Any]
) -> Any:
    """A result with its tensors taken out: ("out", i), ("in", i), ("item", i), ("same", object), views, containers.

    outputs: their windows. spent: of each, the tensor itself if its gradients may still be asked for, else its node.
    """
    kind = type(value)
    if kind is Hosted:
        return ("slot", value.slot)
    if id(value) in interpreter.taken:
        return ("slot", interpreter.taken[id(value)])
    if id(value) in interpreter.items:
        outputs.append(recorder.memory.find(interpreter.items[id(value)][1]._array))
        spent.append(None)
        return ("item", len(outputs) - 1)
    if isinstance(value, Tensor):
        if id(value) in recorder.input_ids:
            return ("in", recorder.input_ids[id(value)])
        if recorder.is_outside(value):
            return ("same", value)
        return shape_of_tensor(value, recorder, outputs, spent)
    if kind in (tuple, list) or (isinstance(value, tuple) and hasattr(value, "_fields")):
        return (kind, [shape_of_result(part, interpreter, recorder, outputs, spent) for part in value])
    if kind is dict:
        keys = list(value)
        parts = [shape_of_result(part, interpreter, recorder, outputs, spent) for part in value.values()]
        return (kind, keys, parts)
    if is_constant(value):
        return ("same", value)
    raise Unfit(f"a {kind.__name__} is returned")


def shape_of_tensor(value: Tensor, recorder: Recorder, outputs: list[Any], spent: list[Any]) -> Any:
    """A tensor that the call computed. The same one twice is one output."""
    empty = type(value._array) is backends.ndarray and not value._array.size
    window = recorder.constant(value._array) if empty else recorder.memory.find(value._array)
    if window is None:
        raise Unfit("a tensor is returned that was not seen being computed")
    if window.block.kind not in ("temporary", "constant"):
        return shape_of_view(value, window, recorder)
    for i, other in enumerate(spent):
        if other is value:
            return ("out", i)
    node = value._node
    alive = node is not None and not recorder.is_spent(value) and not is_used_up(node, recorder.histories)
    outputs.append(window)
    spent.append(value if alive else node)
    return ("out", len(outputs) - 1)


def shape_of_view(value: Tensor, window: Window, recorder: Recorder) -> Any:
    """A result that lies in the memory of an argument, or of a tensor from outside: ("view", whose, lengths, ...)."""
    where = window.block.number
    owners: list[Any] = [(("in", i), seen) for i, seen in enumerate(recorder.inputs)]
    owners += [(("same", tensor), recorder.memory.find(array)) for tensor, array in recorder.outside.values()]
    fit = [
        (whose, seen) for whose, seen in owners if seen and seen.block.number == where and seen.dtype == window.dtype
    ]
    if value._node is not None or not fit:
        raise Unfit("a view of a tensor from outside is returned")
    (whose, seen), width = fit[0], window.dtype.itemsize
    steps = tuple(step // width for step in window.strides)
    return ("view", whose, window.shape, steps, (window.offset - seen.offset) // width)
