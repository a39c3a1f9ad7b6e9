"""Instructions without a kernel: the engine's own function of each, on the plan's arrays."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.autograd import grad_mode
from gradbook.autograd.node import Node
from gradbook.autograd.promotion import promote_arrays
from gradbook.autograd.rules import cast, sum_to
from gradbook.compiler.between import left_step
from gradbook.compiler.instruction import Instruction
from gradbook.compiler.memory import Window
from gradbook.ops.embedding import check_index
from gradbook.tensor import Tensor

if TYPE_CHECKING:
    from gradbook.compiler.plan import Plan

__all__ = ["STEPS"]


def op_step(plan: Plan, each: Instruction) -> Callable[[], None]:
    """Run an op's forward."""
    run, arrays, targets = each.op._run, plan.arrays, plan.targets(each)
    inputs = operands_of(plan, each)
    params = {name: plan.value(value) for name, value in each.params.items()}
    several, both = each.op.multi or bool(each.op.extras), each.op.multi and bool(each.op.extras)
    check = index_check(plan, each) if each.op.name == "embedding" else None

    def step() -> None:
        if check is not None:
            check()
        result = run(np, *[get() for get in inputs], **{name: get() for name, get in params.items()})
        if not several:
            arrays[targets[0]][...] = result
            return
        if both:
            result = (*result[0], *result[1:])
        for number, value in zip(targets, result, strict=False):
            if number >= 0 and value is not None:
                arrays[number][...] = value

    return step


def operands_of(plan: Plan, each: Instruction) -> list[Callable[[], Any]]:
    """How an op's operands are read: numbers among them as arrays, in the dtype of the others."""
    inputs = [plan.value(operand) for operand in each.inputs]
    if not each.op.promote or all(operand is None or isinstance(operand, Window) for operand in each.inputs):
        return inputs
    given = [get() for get in inputs]
    for i, made in enumerate(promote_arrays(each.op.name, given, given)):
        if not isinstance(each.inputs[i], Window):
            inputs[i] = functools.partial(as_it_is, made)
    return inputs


def as_it_is(value: Any) -> Any:
    """What is given."""
    return value


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


def found_step(plan: Plan, each: Instruction) -> Callable[[], None]:
    """Indices, by a function of arrays."""
    function, params, arrays, number = each.op, each.params, plan.arrays, plan.targets(each)[0]
    inputs = [plan.value(operand) for operand in each.inputs]

    def step() -> None:
        arrays[number][...] = function(*[get() for get in inputs], **params)

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
    "custom": custom_step, "left": left_step,
    "found": found_step,
}  # fmt: skip
