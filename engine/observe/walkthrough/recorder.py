"""Listens while a cell runs: every operation with its values, every change in place, every backward pass."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from threading import get_ident
from types import FrameType
from typing import Any

from gradbook import events
from gradbook.observe.raw import is_parameter
from gradbook.observe.walkthrough.block import Block
from gradbook.observe.walkthrough.naming import Namer, number_first
from gradbook.observe.walkthrough.passes import OPERANDS, Pass
from gradbook.observe.walkthrough.places import Lines, Sources, frames_of, inside_a_module
from gradbook.observe.walkthrough.steps import Call, Step, Update, Value
from gradbook.observe.walkthrough.thinning import Thinning

__all__ = ["Recorder"]

EVENTS = 6_000  # operations after which a walk listens no more: it has cost some seconds by then
EITHER_WAY = ("add", "mul")  # the engine puts a number second, whatever the user wrote
PARAMETERS = 32  # of an optimizer whose change is shown


class Recorder:
    """Writes down what a stretch of code computes. Attach it to events; `steps` is what was seen, in order.

    base: the frame of the cell, or of the `with` statement. Only the thread that made it is heard.
    """

    def __init__(self, base: FrameType | None, sources: Sources) -> None:
        self.base, self.sources = base, sources
        self.code = base.f_code if base is not None else None
        self.lines = Lines(base, sources)
        self.steps: list[Step] = []
        self.values = 0
        self.calls = 0
        self.passes = 0
        self.namer = Namer(base)
        self.thinning = Thinning(self.steps)
        self.ended = False  # after too many operations
        self._thread = get_ident()
        self._by_node: weakref.WeakKeyDictionary[Any, Value] = weakref.WeakKeyDictionary()
        self._calls: weakref.WeakKeyDictionary[Any, Call] = weakref.WeakKeyDictionary()
        self._by_tensor: dict[int, Value] = {}  # tensors without a node, checked by their weak reference
        self._by_memory: dict[Any, Value] = {}
        self._writers: dict[int, Call] = {}  # address of memory -> what wrote to it last
        self._pass: Pass | None = None
        self._silent = 0  # inside a backward pass or an optimizer's step: what it computes is told as one step
        self._before: list[tuple[Any, Value, Block | None]] = []

    # -- what the engine says --------------------------------------------------------------------------------------

    def on_op(self, op: Any, operands: tuple[Any, ...], params: dict[str, Any], output: Any, node: Any,
              where: Any) -> None:  # fmt: skip
        """One operation has run."""
        if self._silent or self.ended or get_ident() != self._thread:
            return
        if self.calls >= EVENTS:
            self.ended = True
            self.lines.stop()
            return
        frames = frames_of(self.code, 3)
        call = self._call(op, operands, params, frames)
        outputs = output if isinstance(output, tuple) else (output,)
        call.outputs = tuple(self._output(call, tensor) for tensor in outputs if _is_tensor(tensor))
        if node is not None:
            self._calls[node] = call
        self.steps.append(Step("forward", call=call, place=call.place, repeat=call.repeat))
        self.thinning.look()

    def on_write(self, target: Any, value: Any) -> None:
        """A tensor was changed in place."""
        if self._silent or self.ended or get_ident() != self._thread:
            return
        if inside_a_module():  # parameters get their first numbers: nothing the user computes
            return
        source = self._known(value) if value is not None else None
        call = source.source if source is not None else None
        if call is None:
            call = self._written(target, value, frames_of(self.code, 3))
        elif source is not None:
            call.extra["in place"] = True
            self._taken_over(target, source)
        self._writers[_address(target._array)] = call
        root = target._view[0] if target._view is not None else None
        self._replace(target, call)
        if root is not None and root is not target:
            self._root_changed(root, target, frames_of(self.code, 3))

    def on_backward(self, phase: str, root: Any, inputs: Any) -> None:
        """A backward pass begins or ends."""
        if self.ended or get_ident() != self._thread:
            return
        if phase == "start":
            self._silent += 1
            if self._silent == 1:
                self._begin_pass(root, inputs, frames_of(self.code, 3))
            return
        self._silent = max(0, self._silent - 1)
        if self._silent == 0 and self._pass is not None:
            self._pass.finish()
            self._pass = None

    def on_grad(self, node: Any, grad: Any) -> None:
        """A gradient has reached a node."""
        if self._pass is not None and get_ident() == self._thread:
            value = self._by_node.get(node)
            if value is not None:
                value.grad_block = Block.of(grad)

    def on_rule(self, node: Any, grad: Any, edges: Sequence[Any], results: Any) -> None:
        """A node's rule has run."""
        if self._pass is None or get_ident() != self._thread:
            return
        call = self._calls.get(node) or self._earlier(node)
        step = self._pass.step(call, node, grad, edges, results)
        if not call.dropped:
            self.steps.append(step)
            self.thinning.look()

    def on_step(self, phase: str, optimizer: Any) -> None:
        """An optimizer's step begins or ends."""
        if self.ended or get_ident() != self._thread:
            return
        if phase == "start":
            self._silent += 1
            parameters = [p for group in optimizer.param_groups for p in group["params"]][:PARAMETERS]
            self._before = [(p, self.value_of(p), Block.of(p._grad._array) if p._grad is not None else None)
                            for p in parameters]  # fmt: skip
            return
        self._silent = max(0, self._silent - 1)
        step = self._event("step", frames_of(self.code, 3), type(optimizer).__name__)
        updates = []
        for parameter, before, grad in self._before:
            updates.append(Update(before, self.value_of(parameter), grad))
        step.updates, self._before = tuple(updates), []
        step.rate = _plain_rate(optimizer)

    def on_zero_grad(self, owner: Any) -> None:
        """Gradients were cleared."""
        if not self._silent and not self.ended and get_ident() == self._thread:
            self._event("zero_grad", frames_of(self.code, 3), type(owner).__name__)

    def note(self) -> str | None:
        """What was left out, in a sentence."""
        if self.ended:
            return f"recorded up to {EVENTS:,} operations; the rest of the run went on unseen"
        return self.thinning.note()

    def let_go(self) -> None:
        """Forget everything but the steps."""
        self._by_tensor.clear()
        self._by_memory.clear()
        self._writers.clear()
        self._before, self._pass, self.base = [], None, None
        self._by_node = weakref.WeakKeyDictionary()
        self._calls = weakref.WeakKeyDictionary()
        self.namer.forget()

    # -- operations ------------------------------------------------------------------------------------------------

    def _call(self, op: Any, operands: Sequence[Any], params: dict[str, Any], frames: list[FrameType]) -> Call:
        self.calls += 1
        names = tuple(getattr(op, "operands", ()))
        taken = tuple(self.value_of(o, frames) if _is_tensor(o) else o for o in operands[:OPERANDS])
        call = Call(self.calls, op.name, taken, names, dict(params), declared=op)
        if len(operands) > OPERANDS:
            call.params["operands"] = f"{len(operands):,}, the first {OPERANDS} are shown"
        self._locate(call, frames)
        if op.name in EITHER_WAY and not _is_tensor(operands[-1]) and frames and number_first(frames[0]):
            call.operands, call.extra["swapped"] = taken[::-1], True
        stack = events.module_stack()
        if stack:
            call.path, module = stack[-1]
            call.cls = type(module).__name__
            self.namer.add_root(stack[0][1])
        return call

    def _locate(self, call: Call, frames: list[FrameType]) -> None:
        call.wheres = tuple((frame.f_code, frame.f_lasti) for frame in frames)
        places = [place for where in call.wheres if (place := self.sources.place(where)) is not None]
        call.place, call.via = (places[0], tuple(reversed(places[1:]))) if places else (None, ())
        call.repeat = self.lines.loops_at(frames)

    def _output(self, call: Call, tensor: Any) -> Value:
        value = self._value(tensor, "op", Block.of(tensor._array))
        value.source = call
        self._remember(tensor, value)
        return value

    def _taken_over(self, target: Any, value: Value) -> None:
        """A computed value was written into `target`: it is what the target is now."""
        old = self._by_tensor.get(id(target))
        if old is not None and old is not value and old.tensor is not None and old.tensor() is target:
            value.was = old
        self._remember(target, value)

    def _written(self, target: Any, value: Any, frames: list[FrameType]) -> Call:
        """A change in place that no recorded operation computed: a fill, or a copy."""
        operands = (value,) if value is not None else ()
        old = self._known(target)
        call = self._call(_Written("write"), operands, {}, frames)
        call.outputs = (self._output(call, target),)
        call.output.was = old
        self.steps.append(Step("forward", call=call, place=call.place, repeat=call.repeat))
        self.thinning.look()
        return call

    def _replace(self, target: Any, call: Call) -> None:
        """From now on `target` is what `call` computed."""
        known, block = self._known(target), Block.of(target._array)
        if known is not None and known.source is call and _same(known.block, block):
            return
        value = self._value(target, "op" if target._node is None or target._node.tensor is None else "input", block)
        if value.kind != "op" and is_parameter(target):
            value.kind = "parameter"
        value.source, value.name, value.was = call, self.namer.name(target, None), known
        self._remember(target, value)

    def _root_changed(self, root: Any, part: Any, frames: list[FrameType]) -> None:
        """A tensor was changed through a view of it."""
        old, new = self._known(root), self._known(part)
        call = self._call(_Written("copy_slices", "base value"), (), {}, frames)
        call.operands = (old, new)
        call.outputs = (self._output(call, root),)
        call.output.was = old
        if root._node is not None and root._node.op.name == "copy_slices":
            self._calls[root._node] = call
        self.steps.append(Step("forward", call=call, place=call.place, repeat=call.repeat))

    # -- values ----------------------------------------------------------------------------------------------------

    def value_of(self, tensor: Any, frames: Sequence[FrameType] | None = None) -> Value:
        """The Value a tensor is now; a new one if it was not seen before or was changed since."""
        known, block = self._known(tensor), Block.of(tensor._array)
        if known is not None and _same(known.block, block):
            if tensor._node is not None:  # a user's own Function gives its result one at the end
                self._by_node.setdefault(tensor._node, known)
            return known
        kind = "input"
        if is_parameter(tensor):
            kind = "parameter"
        elif tensor._array.ndim == 0 and tensor._node is None:
            kind = "constant"
        value = self._value(tensor, kind, block)
        value.source = self._writers.get(_address(tensor._array)) if known is not None else None
        value.name = (known.name if known is not None else "") or self._name_of(tensor, frames)
        value.was = known
        self._remember(tensor, value)
        return value

    def _name_of(self, tensor: Any, frames: Sequence[FrameType] | None) -> str:
        """The user's name for a tensor that no operation made; `W.grad` for what lies in a leaf's `.grad`."""
        for value in self._by_tensor.values() if tensor._node is None else ():
            leaf = value.tensor() if value.kind != "op" and value.tensor is not None else None
            if leaf is not None and leaf._grad is tensor:
                return f"{value.name}.grad" if value.name else ""
        return self.namer.name(tensor, frames)

    def node_value(self, node: Any) -> Value | None:
        """The Value whose history a node is."""
        value = self._by_node.get(node)
        if value is not None:
            return value
        tensor = node.tensor() if node.tensor is not None else None
        if tensor is not None:
            return self.value_of(tensor)
        if node.op.name == "accumulate":
            return None
        call = self._calls.get(node.edges[0] if node.op.name == "pick" else node)
        if call is None:
            call = self._earlier(node.edges[0] if node.op.name == "pick" else node)
        return self._by_node.get(node) or call.outputs[0]

    def _known(self, tensor: Any) -> Value | None:
        if tensor._node is not None:
            found = self._by_node.get(tensor._node)
            if found is not None:
                return found
        found = self._by_tensor.get(id(tensor))
        if found is not None and found.tensor is not None and found.tensor() is tensor:
            return found
        found = self._by_memory.get(_memory(tensor._array))
        return found if found is not None and found.tensor is not None and found.tensor() is not None else None

    def _remember(self, tensor: Any, value: Value) -> None:
        value.tensor = weakref.ref(tensor)
        if tensor._node is not None:
            self._by_node[tensor._node] = value
        self._by_tensor[id(tensor)] = value
        if len(self._by_tensor) > 4 * EVENTS:  # ids of tensors long gone
            self._by_tensor = {key: v for key, v in self._by_tensor.items() if v.tensor() is not None}
        self._by_memory[_memory(tensor._array)] = value

    def _value(self, tensor: Any, kind: str, block: Block) -> Value:
        self.values += 1
        dtype, device = str(tensor._array.dtype), str(tensor.device)
        return Value(self.values, kind, tuple(tensor._array.shape), dtype, device, tensor._node is not None, block)

    def _earlier(self, node: Any) -> Call:
        """An operation that ran before the walk began: what its node kept is all that is known of it."""
        self.calls += 1
        op, names = node.op, tuple(getattr(node.op, "operands", ()))
        call = self._calls[node] = Call(self.calls, op.name, (), names, dict(node.params or {}), declared=op)
        call.wheres = (node.where,) if node.where is not None else ()
        call.place, call.path = self.sources.place(node.where), node.path or ""
        call.extra["earlier"] = True
        several = op.multi or bool(node.shape and isinstance(node.shape[0], tuple))
        shapes = tuple(node.shape) if several else (node.shape,)
        saved, count = node.saved or (), len(node.edges)
        out = saved[count] if not several and len(saved) > count else None
        seen = self._by_node.get(node) if not several else None
        call.outputs = (seen,) if seen is not None else tuple(self._unseen(node, shape, out) for shape in shapes)
        for output in call.outputs:
            output.source = output.source or call
        if seen is None and not several:
            self._by_node[node] = call.output
        call.operands = tuple(
            self._operand_of(edge, saved[i] if i < len(saved) else None) for i, edge in enumerate(node.edges)
        )
        return call

    def _operand_of(self, edge: Any, array: Any) -> Value | None:
        if edge is None:
            return None
        value = self._by_node.get(edge)
        if value is None and edge.tensor is not None and edge.tensor() is not None:
            value = self.value_of(edge.tensor())
        if value is None:
            value = self._by_node[edge] = self._unseen(edge, edge.shape, array)
        return value

    def _unseen(self, node: Any, shape: Any, array: Any) -> Value:
        self.values += 1
        shape = tuple(shape) if not shape or not isinstance(shape[0], tuple) else tuple(shape[0])
        dtype = node.dtype[0] if isinstance(node.dtype, tuple) else node.dtype
        fits = array is not None and tuple(getattr(array, "shape", (-1,))) == shape
        block = Block.of(array) if fits else Block.unknown(shape)
        return Value(self.values, "op", shape, str(dtype), "cpu", True, block, name=node.label or "")

    # -- calls -----------------------------------------------------------------------------------------------------

    def _event(self, what: str, frames: list[FrameType], owner: str = "") -> Step:
        places = [p for f in frames if (p := self.sources.place((f.f_code, f.f_lasti))) is not None]
        step = Step("call", what=what, owner=owner, place=places[0] if places else None,
                    repeat=self.lines.loops_at(frames), passed=self.passes)  # fmt: skip
        self.steps.append(step)
        return step

    def _begin_pass(self, root: Any, inputs: Any, frames: list[FrameType]) -> None:
        self.passes += 1
        value = (self.node_value(root._node) if root._node is not None else None) or self.value_of(root)
        self._pass = Pass(self, self.passes, value, inputs)
        step = self._event("backward", frames)
        step.passed, step.root = self.passes, value
        self._pass.repeat = step.repeat


class _Written:
    """Stands for the op of a change in place that the engine makes without one."""

    def __init__(self, name: str, operands: str = "value") -> None:
        self.name, self.operands = name, tuple(operands.split())
        self.formula = ""
        self.grads: dict[str, str] = {}


def _plain_rate(optimizer: Any) -> float | None:
    """The learning rate of gradient descent with nothing beside it; None of any other optimizer."""
    groups = optimizer.param_groups
    rate = groups[0].get("lr")
    beside = ("momentum", "weight_decay", "nesterov", "maximize")
    simple = type(optimizer).__name__ == "SGD" and not any(group.get(key) for group in groups for key in beside)
    return float(rate) if simple and len(groups) == 1 else None


def _is_tensor(value: Any) -> bool:
    return hasattr(value, "_node") and hasattr(value, "_array")


def _same(a: Block, b: Block) -> bool:
    """Whether the numbers are the same, bit by bit."""
    return a.values.tobytes() == b.values.tobytes()


def _address(array: Any) -> int:
    from gradbook.autograd import versions

    return id(versions.owner(array))


def _memory(array: Any) -> tuple[Any, ...]:
    """What two tensors on the same elements have in common, such as `p` and `p.data`."""
    interface = getattr(array, "__array_interface__", None)
    if interface is None:
        return (id(array),)
    return interface["data"][0], array.shape, array.strides
