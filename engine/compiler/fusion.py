"""Runs of pointwise instructions as one kernel: expressions made from the ops' own declarations, one in the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.autograd.op import PARAM, SLOT
from gradbook.compiler.instruction import DRAWING, Instruction
from gradbook.compiler.memory import Window
from gradbook.kernels.expression import INPUT, Expression, Inexpressible, cast, constant, node, walk
from gradbook.kernels.pointwise import pointwise
from gradbook.kernels.program import Program, Unsupported
from gradbook.kernels.reduction import fused, sum_to
from gradbook.kernels.trace import of_op, of_rule

__all__ = ["Group"]

RELAID = ("reshape", "view", "squeeze", "unsqueeze")
LOSSES = ("mse_loss", "huber_loss", "binary_cross_entropy_with_logits")  # number by number, then reduced
MOST = 1000  # operations in one kernel: more compile too long


class Group:
    """Pointwise instructions of one shape, and sums of what they compute, gathered until something else comes."""

    def __init__(self) -> None:
        self.shape: tuple[int, ...] | None = None
        self.inputs: list[Window] = []
        self.values: dict[Window, Expression] = {}  # what the group has computed so far
        self.written: list[Window] = []
        self.sums: list[tuple[Expression, Window]] = []
        self.members: list[Instruction] = []

    def take(self, each: Instruction) -> bool:
        """Add an instruction to the group. -> False if it does not belong to it: flush, and ask a new group."""
        made = self.expressions(each)
        if made is None:
            return False
        shape, outputs, sums = made
        if self.shape not in (None, shape) or len(self.members) > MOST or not self._apart(shape, outputs, sums):
            return False
        self.shape = shape
        for window, expression in outputs:
            self.values[window] = expression
            if window not in self.written:
                self.written.append(window)
        self.sums += [(expression, window) for window, expression in sums]
        self.members.append(each)
        return True

    def _apart(self, shape: tuple[int, ...], outputs: Any, sums: Any) -> bool:
        """Nothing may be written that the group reads in another way."""
        for window, _ in (*outputs, *sums):
            for other in (*self.inputs, *self.written, *(w for _, w in self.sums)):
                if other != window and other.overlaps(window):
                    return False
        return not any(window in self.inputs and window.shape != shape for window, _ in outputs)

    # -- an instruction as expressions -------------------------------------------------------------------------------

    def expressions(self, each: Instruction) -> Any:
        """(shape, [(output, expression)], [(sum, expression)]) of an instruction, or None."""
        before = len(self.inputs)
        try:
            found = EXPRESS[each.kind](self, each) if each.kind in EXPRESS else None
        except Inexpressible:  # a dtype that kernels lack
            found = None
        if found is None or not all(isinstance(w, Window) for w, _ in (*found[1], *found[2])):
            del self.inputs[before:]
            return None
        return found

    def leaf(self, operand: Any) -> Any:
        """An operand as the group knows it: computed in it, or an input of the kernel."""
        if not isinstance(operand, Window):
            return None
        known = self.values.get(operand)
        if known is not None:
            return known
        if any(written.overlaps(operand) for written in self.written):
            raise Unsupported("what the group computes is read in another way")
        if any(window.overlaps(operand) for _, window in self.sums):
            raise Unsupported("a sum is read")
        block = operand.block
        if block.kind == "constant" and operand.size == 1 and block.array is not None:
            return constant(block.array.reshape(-1)[0], operand.dtype)
        if operand not in self.inputs:
            self.inputs.append(operand)
        return node(INPUT, (), operand.dtype, self.inputs.index(operand))

    def operand(self, value: Any, like: Any) -> Any:
        """An operand of an op: an expression, or a number in the dtype of the result."""
        if value is None or isinstance(value, Window):
            return self.leaf(value)
        return constant(value, like)

    # -- the kernels -------------------------------------------------------------------------------------------------

    def flush(self, program: Program, array: Callable[[Any], Any], needed: Callable[[Window], bool]) -> None:
        """Add the group's kernels to a program: the sums, then all that is read later, in one pass.

        Raises Unsupported. What was added until then may run: nothing is written in place but by the last kernel.
        """
        stores = [(self.values[window], array(window)) for window in self.written if needed(window)]
        sums = [(expression, array(window)) for expression, window in self.sums]
        if not stores and not sums:
            return
        expressions, inputs = compact([one for one, _ in (*stores, *sums)], [array(window) for window in self.inputs])
        pairs = list(zip(expressions, [out for _, out in (*stores, *sums)], strict=True))
        stores, sums = pairs[: len(stores)], pairs[len(stores) :]
        if len({out.shape for _, out in sums}) <= 1:
            fused(program, stores, sums, inputs)
            return
        for one, out in sums:
            sum_to(program, one, inputs, out)
        if stores:
            pointwise(program, stores, inputs)


def compact(expressions: list[Expression], inputs: list[Any]) -> tuple[list[Expression], list[Any]]:
    """Expressions with their inputs numbered anew from 0, and only the arrays they use."""
    used = sorted({leaf.value for leaf in walk(tuple(expressions)) if leaf.name == INPUT})
    if used == list(range(len(inputs))):
        return expressions, inputs
    number = {old: new for new, old in enumerate(used)}
    known: dict[bytes, Expression] = {}
    for one in walk(tuple(expressions)):
        if one.name == INPUT:
            known[one.key] = node(INPUT, (), one.dtype, number[one.value])
        elif one.operands:
            known[one.key] = node(one.name, tuple(known[o.key] for o in one.operands), one.dtype, one.value)
        else:
            known[one.key] = one
    return [known[one.key] for one in expressions], [inputs[i] for i in used]


def broadcast(windows: list[Any]) -> tuple[int, ...]:
    """The shape to which operands broadcast."""
    return np.broadcast_shapes(*(w.shape for w in windows if isinstance(w, Window)))


def shape_of(windows: list[Window]) -> tuple[int, ...] | None:
    """The shape to which windows broadcast; None where they do not, or there are none."""
    try:
        return broadcast(windows) if windows else None
    except ValueError:
        return None


def of_op_instruction(group: Group, each: Instruction) -> Any:
    """An op."""
    name, out = each.op.name, each.outputs[0]
    if name in ("sum", "mean"):
        return of_sum(group, each)
    if name in LOSSES:
        return of_loss(group, each)
    if name in RELAID:
        return of_relaid(group, each.inputs[0], out)
    if name in DRAWING:
        return None
    made = operands_made(group, each, out.dtype)
    if made is None or broadcast(each.inputs) != out.shape:
        return None
    pairs = [(w, one) for w, one in zip(each.outputs, made, strict=False) if isinstance(w, Window)]
    if any(one.dtype != w.dtype or w.shape != out.shape for w, one in pairs):
        return None
    return out.shape, pairs, []


def operands_made(group: Group, each: Instruction, kind: Any) -> Any:
    """What an op makes of its operands, as expressions, or None. kind: of numbers, if there is no array."""
    kinds = [w.dtype for w in each.inputs if isinstance(w, Window)]
    wanted = np.result_type(*kinds) if kinds else kind
    try:
        return of_op(each.op, [group.operand(value, wanted) for value in each.inputs], each.params)
    except Unsupported:
        return None


def of_sum(group: Group, each: Instruction) -> Any:
    """A sum or a mean over some axes, of what the group computes."""
    source, out, dim = each.inputs[0], each.outputs[0], each.params.get("dim")
    axes = range(len(source.shape)) if dim is None else dim
    if source.dtype.char not in "fd" or not source.size or any(axis < 0 for axis in axes):
        return None
    try:
        one = group.leaf(source)
    except Unsupported:
        return None
    count = int(np.prod([source.shape[axis] for axis in axes]))
    kept = tuple(1 if i in axes else n for i, n in enumerate(source.shape))
    strides = spread(out, axes, len(source.shape), each.params.get("keepdim"))
    window = Window(out.block, out.offset, kept, strides, out.dtype)
    if one is not None and each.op.name == "mean":
        one = one * constant(1.0 / count, source.dtype)
    return source.shape, [], [(window, one)]


def of_loss(group: Group, each: Instruction) -> Any:
    """The mean or sum of losses that are computed number by number."""
    out = each.outputs[0]
    alone = Instruction("op", each.inputs, [], each.op, {**each.params, "reduction": "none"})
    made, shape = operands_made(group, alone, out.dtype), broadcast(each.inputs)
    if made is None or made[0].dtype != out.dtype or not all(shape):
        return None
    loss, how = made[0], each.params["reduction"]
    if how == "none":
        return (shape, [(out, loss)], []) if out.shape == shape else None
    if how == "mean":
        loss = loss * constant(1.0 / int(np.prod(shape)), out.dtype)
    return shape, [], [(Window(out.block, out.offset, (1,) * len(shape), (0,) * len(shape), out.dtype), loss)]


def spread(out: Window, axes: Any, rank: int, keepdim: Any) -> tuple[int, ...]:
    """Strides of a sum's result as it lies under what was summed."""
    if keepdim:
        return out.strides
    left = iter(out.strides)
    return tuple(0 if i in axes else next(left) for i in range(rank))


def of_rule_instruction(group: Group, each: Instruction) -> Any:
    """A gradient rule."""
    assert each.rule is not None
    if each.op.name in ("sum", "mean"):
        return of_spread(group, each)
    if each.op.name in RELAID:
        return of_relaid(group, each.inputs[0], each.outputs[0])
    grad, *args = each.inputs
    if isinstance(grad, list):
        return None
    count = len(each.op.operands) + 1 + len(each.op.extras)
    slots: list[Any] = [None] * count
    params = {}
    try:
        for (kind, which), value in zip(each.rule.args, args, strict=True):
            if kind == SLOT:
                slots[which] = group.operand(value, grad.dtype) if value is not None else None
            elif kind == PARAM:
                params[which] = value
        incoming = group.leaf(grad)
        read = [a for (kind, _), a in zip(each.rule.args, args, strict=True) if kind == SLOT and isinstance(a, Window)]
        common = shape_of(read)
        made = of_rule(each.op, each.rule, incoming, slots, params, shape=common) if incoming is not None else None
    except Unsupported:
        return None
    shape = shape_of([grad, *read])
    if made is None or shape is None:
        return None
    pairs = [(w, one) for w, one in zip(each.outputs, made, strict=False) if isinstance(w, Window) and one is not None]
    if any(w.shape != shape or one.dtype != w.dtype for w, one in pairs) or not pairs:
        return None
    return shape, pairs, []


def of_spread(group: Group, each: Instruction) -> Any:
    """The gradient of a sum or a mean: one number for many, kept as one."""
    grad, shape, dim, _ = each.inputs
    out = each.outputs[0]
    if grad.size != out.size or not isinstance(grad, Window):
        return None
    try:
        seen = Window(grad.block, grad.offset, out.shape, spread_grad(grad, out), grad.dtype)
        one = group.leaf(seen)
    except (Unsupported, StopIteration):
        return None
    count = int(np.prod([n for i, n in enumerate(shape) if dim is None or i in dim]))
    if one is None:
        return None
    return out.shape, [(out, one / constant(max(count, 1), grad.dtype) if each.op.name == "mean" else one)], []


def spread_grad(grad: Window, out: Window) -> tuple[int, ...]:
    """Strides of a reduction's gradient seen in the shape of its collapsed result."""
    if grad.shape == out.shape:
        return grad.strides
    left = iter([s for s, n in zip(grad.strides, grad.shape, strict=True) if n != 1])
    return tuple(0 if n == 1 else next(left) for n in out.shape)


def of_copy(group: Group, each: Instruction) -> Any:
    """A copy, cast where dtypes differ."""
    source, out = each.inputs[0], each.outputs[0]
    if broadcast([source, out]) != out.shape:
        return None
    try:
        one = group.leaf(source)
    except Unsupported:
        return None
    return None if one is None else (out.shape, [(out, cast(one, out.dtype))], [])


def of_relaid(group: Group, source: Window, out: Window) -> Any:
    """Numbers in another shape: a copy in the source's shape, if the result lies in index order."""
    if contiguous(out.shape, out.dtype.itemsize) != out.strides:
        return None
    seen = Window(out.block, out.offset, source.shape, contiguous(source.shape, out.dtype.itemsize), out.dtype)
    try:
        one = group.leaf(source)
    except Unsupported:
        return None
    return (
        None
        if one is None
        else (
            source.shape,
            [
                (seen, cast(one, out.dtype)),
            ],
            [],
        )
    )


def contiguous(shape: tuple[int, ...], step: int) -> tuple[int, ...]:
    """Strides in bytes of an array that lies in index order."""
    found = []
    for length in reversed(shape):
        found.append(step)
        step *= length
    return tuple(reversed(found))


def of_zero(group: Group, each: Instruction) -> Any:
    """Zeros."""
    out = each.outputs[0]
    return out.shape, [(out, constant(0, out.dtype))], []


def of_count(group: Group, each: Instruction) -> Any:
    """One more."""
    out = each.outputs[0]
    try:
        one = group.leaf(out)
    except Unsupported:
        return None
    return out.shape, [(out, one + constant(1, out.dtype))], []


def of_add(group: Group, each: Instruction) -> Any:
    """Two gradients added."""
    out = each.outputs[0]
    try:
        a, b = (group.leaf(operand) for operand in each.inputs)
    except Unsupported:
        return None
    if a is None or b is None or any(w.shape != out.shape for w in each.inputs):
        return None
    return out.shape, [(out, a + b)], []


def of_fit(group: Group, each: Instruction) -> Any:
    """A gradient summed to its operand's shape."""
    source, out = each.inputs[0], each.outputs[0]
    if source.dtype != out.dtype:
        return of_copy(group, each) if source.shape == out.shape else None
    lead = len(source.shape) - len(out.shape)
    if lead < 0 or source.dtype.char not in "fd" or not source.size:
        return None
    shape = (1,) * lead + out.shape
    strides = (0,) * lead + tuple(0 if n == 1 else s for n, s in zip(out.shape, out.strides, strict=True))
    if any(n not in (1, m) for n, m in zip(shape, source.shape, strict=True)):
        return None
    try:
        one = group.leaf(source)
    except Unsupported:
        return None
    return (
        None if one is None else (source.shape, [], [(Window(out.block, out.offset, shape, strides, out.dtype), one)])
    )


EXPRESS: dict[str, Callable[[Group, Instruction], Any]] = {
    "op": of_op_instruction, "rule": of_rule_instruction, "copy": of_copy, "add": of_add, "fit": of_fit,
    "zero": of_zero, "count": of_count,
}  # fmt: skip
