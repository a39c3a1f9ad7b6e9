"""A recording made into something that runs: memory for every block, and one step after the other.

Steps that have a native kernel are gathered in programs; the others are the engine's own forward functions and gradient
rules, called on the plan's arrays. Nothing else of Python runs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradbook.autograd import grad_mode, versions
from gradbook.autograd.node import Node
from gradbook.autograd.rules import cast, sum_to
from gradbook.compiler.memory import Block, Window
from gradbook.compiler.recording import Instruction, Recorder
from gradbook.kernels.host import unavailable
from gradbook.kernels.program import Program, aligned
from gradbook.ops.embedding import check_index
from gradbook.tensor import Tensor

__all__ = ["Plan"]

getrefcount = sys.getrefcount
HELD = 3  # references to a gradient that only its leaf and the plan hold, as getrefcount counts them


class Plan:
    """What a call computes, ready to run again: `run(inputs)` with tensors of the inputs' shapes, dtypes, strides."""

    def __init__(self, recorder: Recorder, outputs: list[Window]) -> None:
        self.recorder = recorder
        self.arrays: list[Any] = []
        self._register: dict[Window, int] = {}
        self._of_block: dict[int, list[tuple[int, Window]]] = {}
        self._memory: dict[int, Any] = {}
        self._addresses: dict[int, int] = {}
        self._places: dict[int, list[Any]] = {}
        self.outputs = outputs
        self.grads = Gradients(self)
        self.moving = moving_blocks(recorder)
        self.programs: list[tuple[Any, list[tuple[int, Any]]]] = []
        self.left: list[Instruction] = []  # what has no kernel
        self.last = last_reads(recorder.instructions)
        self.lasting = {window.block.number for window in outputs} | {w.block.number for _, w in self.grads.kept}
        self.steps: list[Callable[[], None]] = self.lowered() if unavailable() == "" else [
            self.step_of(each) for each in recorder.instructions
        ]  # fmt: skip
        self.input_blocks = [window.block for window in recorder.inputs]
        for _, places in self.programs:
            for number, place in places:
                self._places.setdefault(number, []).append(place)
        self.output_registers = [self.register(window) for window in outputs]
        self.held_grads = [(leaf, window.block) for leaf, window in recorder.held_grads]
        self.written = [tensor for tensor, array in recorder.outside.values() if self._is_written(array)]

    # -- memory ------------------------------------------------------------------------------------------------------

    def register(self, window: Window) -> int:
        """The number under which the window's array is found in `arrays`."""
        found = self._register.get(window)
        if found is None:
            found = self._register[window] = len(self.arrays)
            self.arrays.append(self._view(window))
            self._of_block.setdefault(window.block.number, []).append((found, window))
        return found

    def _view(self, window: Window) -> Any:
        block = window.block
        memory = self._memory.get(block.number)
        if memory is None:
            memory = self._memory[block.number] = self._place(block)
        return np.ndarray(window.shape, window.dtype, memory, window.offset, window.strides)

    def _place(self, block: Block) -> Any:
        if block.kind == "temporary":
            return aligned((max(1, block.size),), np.uint8)
        memory = bytes_of(block.array, block.start, block.size)
        return memory.copy() if block.kind == "constant" else memory

    def rebind(self, block: Block, array: Any) -> None:
        """Let all windows of a block look into another array."""
        start = array.__array_interface__["data"][0]
        if self._addresses.get(block.number) == start:
            return
        self._addresses[block.number] = start
        for place in self._places.get(block.number, ()):
            place.bind(start)
        memory = self._memory[block.number] = bytes_of(array, start, block.size)
        for number, window in self._of_block.get(block.number, ()):
            self.arrays[number] = np.ndarray(window.shape, window.dtype, memory, window.offset, window.strides)

    def _is_written(self, array: Any) -> bool:
        window = self.recorder.memory.find(array)
        return window is not None and any(
            out.overlaps(window)
            for each in self.recorder.instructions
            if each.kind != "update"
            for out in each.changes()
        )

    # -- steps -------------------------------------------------------------------------------------------------------

    def lowered(self) -> list[Callable[[], None]]:
        """The instructions as native programs where there are kernels, and as calls between them where not."""
        from gradbook.compiler.lowering import Lowering

        return Lowering(self).steps

    def program(self) -> Program:
        """A new native program that knows which memory is another one in each run."""
        program = Program()
        places = []
        for block in self.moving:
            if block.size:
                memory = self._memory.get(block.number)
                if memory is None:
                    memory = self._memory[block.number] = self._place(block)
                places.append((block.number, program.place(memory[: block.size])))
        self.programs.append((program, places))
        return program

    def needed(self, window: Window, now: int) -> bool:
        """Whether instruction number `now`, or a later one, or who called, reads what is written to a window."""
        block = window.block
        return block.kind != "temporary" or block.number in self.lasting or self.last.get(block.number, -1) >= now

    def array(self, operand: Any) -> Any:
        """The array of a window; None and constants as they are."""
        return self.arrays[self.register(operand)] if isinstance(operand, Window) else operand

    def step_of(self, each: Instruction) -> Callable[[], None]:
        """An instruction as a function without arguments that calls the engine's own."""
        return STEPS[each.kind](self, each)

    def value(self, operand: Any) -> Callable[[], Any]:
        """How an operand is read when a step runs."""
        arrays = self.arrays
        if isinstance(operand, Window):
            number = self.register(operand)
            return lambda: arrays[number]
        if type(operand) in (tuple, list) and any(isinstance(part, Window | tuple | list) for part in operand):
            parts, kind = [self.value(part) for part in operand], type(operand)
            return lambda: kind(part() for part in parts)
        return lambda: operand

    def targets(self, each: Instruction) -> list[int]:
        """The registers of an instruction's outputs; -1 where there is none."""
        return [self.register(out) if isinstance(out, Window) else -1 for out in each.outputs]

    # -- running -----------------------------------------------------------------------------------------------------

    def run(self, inputs: list[Tensor]) -> list[Tensor]:
        """Compute the call for these inputs. -> its output tensors"""
        for block, tensor in zip(self.input_blocks, inputs, strict=True):
            self.rebind(block, tensor._array)
        for leaf, block in self.held_grads:
            self.rebind(block, leaf._grad._array)  # type: ignore[union-attr]  # it was checked
        self.grads.prepare()
        for step in self.steps:
            step()
        for tensor in self.written:
            versions.stamp(tensor._array)
        self.grads.hand_out(inputs)
        return [Tensor._of(self.arrays[number].copy()) for number in self.output_registers]


def moving_blocks(recorder: Recorder) -> list[Block]:
    """Blocks whose memory is another one from run to run: inputs, gradients."""
    found = [window.block for window in recorder.inputs] + [window.block for _, window in recorder.held_grads]
    for _, window in recorder.leaf_grads.values():
        if window is not None and window.block not in found:
            found.append(window.block)
    return found


def windows_in(value: Any) -> Iterator[Window]:
    """The windows in an operand, a parameter, or a tuple or list of them."""
    if isinstance(value, Window):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from windows_in(part)


def last_reads(instructions: list[Instruction]) -> dict[int, int]:
    """The index of the last instruction that reads a block, by the block's number."""
    found = {}
    for i, each in enumerate(instructions):
        for window in windows_in([*each.inputs, *each.params.values()]):
            found[window.block.number] = i
        if each.kind in ("set", "count"):
            found[each.outputs[0].block.number] = i
    return found


class Gradients:
    """The gradients that a call leaves in `.grad`, in memory that is used again unless somebody else holds it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        recorder = plan.recorder
        starts = {window.block.start: i for i, window in enumerate(recorder.inputs)}
        self.cleared: list[Any] = []
        self.kept: list[tuple[Any, Window]] = []
        for tensor, window in recorder.leaf_grads.values():
            leaf = starts.get(tensor._array.__array_interface__["data"][0], tensor)
            if window is None:
                self.cleared.append(leaf)
            else:
                self.kept.append((leaf, window))
        self.made: list[Tensor | None] = [None] * len(self.kept)

    def prepare(self) -> None:
        """Before a run: new memory for gradients of the last run that somebody still holds."""
        for i, made in enumerate(self.made):
            if made is None:
                continue
            leaf, window = self.kept[i]
            mine = 1 if isinstance(leaf, Tensor) and leaf._grad is made else 0
            if getrefcount(made) > HELD - 1 + mine or getrefcount(made._array) > HELD - 1:
                self.plan.rebind(window.block, aligned((max(1, window.block.size),), np.uint8))
                self.made[i] = None

    def hand_out(self, inputs: list[Tensor]) -> None:
        """After a run: `.grad` of the leaves."""
        for leaf in self.cleared:
            (inputs[leaf] if type(leaf) is int else leaf)._grad = None
        for i, (leaf, window) in enumerate(self.kept):
            made = self.made[i]
            if made is None:
                number = self.plan.register(window)
                made = self.made[i] = Tensor._of(self.plan.arrays[number].view())
            (inputs[leaf] if type(leaf) is int else leaf)._grad = made


def bytes_of(owner: Any, start: int, size: int) -> Any:
    """The memory of an array as bytes, from address `start` on. Keeps the array."""
    return np.asarray(Raw(owner, start, size))


class Raw:
    """Memory at an address, for NumPy; keeps the array that owns it."""

    __slots__ = ("__array_interface__", "owner")

    def __init__(self, owner: Any, start: int, size: int) -> None:
        self.owner = owner
        self.__array_interface__ = {"version": 3, "shape": (max(1, size),), "typestr": "|u1", "data": (start, False)}


# -- one function a kind of instruction ------------------------------------------------------------------------------


def op_step(plan: Plan, each: Instruction) -> Callable[[], None]:
    """Run an op's forward."""
    run, arrays, targets = each.op._run, plan.arrays, plan.targets(each)
    inputs = [plan.value(operand) for operand in each.inputs]
    params = {name: plan.value(value) for name, value in each.params.items()}
    several = each.op.multi or bool(each.op.extras)
    check = index_check(plan, each) if each.op.name == "embedding" else None

    def step() -> None:
        if check is not None:
            check()
        result = run(np, *[get() for get in inputs], **{name: get() for name, get in params.items()})
        if not several:
            arrays[targets[0]][...] = result
            return
        for number, value in zip(targets, result, strict=False):
            if number >= 0 and value is not None:
                arrays[number][...] = value

    return step


def index_check(plan: Plan, each: Instruction) -> Callable[[], None]:
    """What embedding() looks at before its op runs."""
    get, rows = plan.value(each.params["index"]), each.inputs[0].shape[0]
    return lambda: check_index("embedding", Tensor._of(get()), rows)


def call_step(plan: Plan, each: Instruction) -> Callable[[], None]:
    """Call a function of the library on tensors."""
    function, arrays, targets = each.op, plan.arrays, plan.targets(each)
    inputs = [plan.value(operand) for operand in each.inputs]
    params = {name: plan.value(value) for name, value in each.params.items()}

    def step() -> None:
        with grad_mode.no_grad():
            args = [as_tensors(get()) for get in inputs]
            result = function(*args, **{name: as_tensors(get()) for name, get in params.items()})
        for number, out in zip(targets, result if isinstance(result, tuple | list) else (result,), strict=True):
            if out._array.shape != arrays[number].shape:
                raise RuntimeError(
                    f"gradbook.compile: {function.__name__} gave another shape than when it was recorded"
                )
            arrays[number][...] = out._array

    return step


def as_tensors(value: Any) -> Any:
    """Arrays, also in tuples and lists, as tensors."""
    if isinstance(value, np.ndarray):
        return Tensor._of(value)
    return type(value)(as_tensors(part) for part in value) if type(value) in (tuple, list) else value


def rule_step(plan: Plan, each: Instruction) -> Callable[[], None]:
    """Run a gradient rule."""
    assert each.rule is not None
    fn, arrays, targets = each.rule.fn, plan.arrays, plan.targets(each)
    inputs = [plan.value(operand) for operand in each.inputs]
    joint = each.op.joint is not None

    def step() -> None:
        values = fn(*[get() for get in inputs])
        for number, value in zip(targets, values if joint else (values,), strict=False):
            if number >= 0:
                put(arrays[number], value)

    return step


def custom_step(plan: Plan, each: Instruction) -> Callable[[], None]:
    """A rule of an op that computes its gradients in a way of its own, from a node that stands for the real one."""
    arrays, targets, given = plan.arrays, plan.targets(each), each.params
    first, *saved = [plan.value(operand) for operand in each.inputs]
    params = {name: plan.value(value) for name, value in given["params"].items()}
    edges = tuple(None if kind is None else stand_in(*kind) for kind in given["edges"])

    def step() -> None:
        node = stand_in(given["shape"], given["dtype"])
        node.op, node.edges, node.saved = each.op, edges, tuple(get() for get in saved)
        node.params = {name: get() for name, get in params.items()}
        for number, value in zip(targets, each.op.backward_node(node, first(), False), strict=False):
            if number >= 0:
                put(arrays[number], value)

    return step


def stand_in(shape: Any, dtype: Any) -> Node:
    """A node of which only the shape and dtype are known."""
    made = Node()
    made.shape, made.dtype, made.edges, made.origin, made.seq = shape, dtype, (), None, 0
    return made


def put(target: Any, value: Any) -> None:
    """Store a rule's value, which may repeat memory along axes where the target has length 1."""
    if np.shape(value) != target.shape:
        value = value[tuple(slice(0, 1) if n == 1 else slice(None) for n in target.shape)]
    target[...] = value


def fit_step(plan: Plan, each: Instruction) -> Callable[[], None]:
    """A gradient summed to its operand's shape, in its dtype."""
    get, arrays, number = plan.value(each.inputs[0]), plan.arrays, plan.targets(each)[0]
    shape, kind = each.outputs[0].shape, each.outputs[0].dtype

    def step() -> None:
        value = get()
        arrays[number][...] = cast(sum_to(value, shape) if value.shape != shape else value, kind)

    return step


def add_step(plan: Plan, each: Instruction) -> Callable[[], None]:
    """Two gradients added."""
    a, b = (plan.value(operand) for operand in each.inputs)
    arrays, number = plan.arrays, plan.targets(each)[0]

    def step() -> None:
        np.add(a(), b(), out=arrays[number])

    return step


def copy_step(plan: Plan, each: Instruction) -> Callable[[], None]:
    """One window copied to another, cast where dtypes differ."""
    get, arrays, number = plan.value(each.inputs[0]), plan.arrays, plan.targets(each)[0]

    def step() -> None:
        arrays[number][...] = get()

    return step


def zero_step(plan: Plan, each: Instruction) -> Callable[[], None]:
    """A gradient set to zeros."""
    arrays, number = plan.arrays, plan.targets(each)[0]

    def step() -> None:
        arrays[number][...] = 0

    return step


def update_step(plan: Plan, each: Instruction) -> Callable[[], None]:
    """An optimizer's own step on the gradients of this call."""
    optimizer = each.op
    leaves = [tensor for group in optimizer.param_groups for tensor in group["params"]]
    by_array = {id(tensor._array): tensor for tensor in leaves}
    pairs = []
    for param, grad in zip(each.inputs[::2], each.inputs[1::2], strict=True):
        found = next(t for t in by_array.values() if plan.recorder.memory.find(t._array) == param)
        pairs.append((found, plan.register(grad)))
    arrays, held = plan.arrays, {id(found) for found, _ in pairs}
    others = [tensor for tensor in leaves if id(tensor) not in held]

    def step() -> None:
        for tensor in others:
            tensor._grad = None
        for tensor, number in pairs:
            tensor._grad = Tensor._of(arrays[number])
        optimizer.step()

    return step


def clip_step(plan: Plan, each: Instruction) -> Callable[[], None]:
    """Gradients made smaller in place by the engine's own function."""
    function, arrays, numbers = each.op, plan.arrays, [plan.register(window) for window in each.inputs]
    targets, args, kwargs = plan.targets(each), each.params["args"], each.params["kwargs"]

    def step() -> None:
        leaves = []
        for number in numbers:
            leaf = Tensor._of(arrays[number])
            leaf._grad = leaf
            leaves.append(leaf)
        norm = function(leaves, *args, **kwargs)
        for leaf in leaves:
            leaf._grad = None  # no cycles
        for number in targets:
            arrays[number][...] = norm._array

    return step


def count_step(plan: Plan, each: Instruction) -> Callable[[], None]:
    """One more."""
    arrays, number = plan.arrays, plan.targets(each)[0]

    def step() -> None:
        array = arrays[number]
        array += 1

    return step


def set_step(plan: Plan, each: Instruction) -> Callable[[], None]:
    """A part of a tensor set."""
    arrays, number = plan.arrays, plan.targets(each)[0]
    get, key = plan.value(each.inputs[0]), plan.value(each.params["key"])

    def step() -> None:
        with grad_mode.no_grad():
            Tensor._of(arrays[number])[as_tensors(key())] = as_tensors(get())

    return step


STEPS: dict[str, Callable[[Plan, Instruction], Callable[[], None]]] = {
    "op": op_step, "rule": rule_step, "fit": fit_step, "add": add_step, "copy": copy_step, "zero": zero_step,
    "update": update_step, "call": call_step, "clip": clip_step, "count": count_step, "set": set_step,
    "custom": custom_step,
}  # fmt: skip
