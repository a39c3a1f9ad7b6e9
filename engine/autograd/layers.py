"""What comes between a call of an op and the op: vmap, saved-tensor hooks, forward-mode differentiation.

Each is a Layer, pushed on this thread's stack while its scope is open. An op called meanwhile goes through the layers
from the innermost outwards, then runs. While no scope is open, on any thread, ops do not even look.
"""

from __future__ import annotations

import contextlib
import copy
import threading
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

from gradbook import backends
from gradbook.autograd import grad_mode, versions
from gradbook.errors import BreakpointHit

if TYPE_CHECKING:
    from gradbook.autograd.op import Op
    from gradbook.tensor import Tensor

__all__ = ["Layer", "batched_among", "looped_rule", "pushed", "run_batched", "state"]


class _State(threading.local):
    stack: tuple[Layer, ...] = ()  # those that an op called now goes through
    open: tuple[Layer, ...] = ()  # all whose scope is open, also while an op runs
    walk: tuple[Any, bool] | None = None  # the backward pass that is on: its starts, and whether to chosen tensors only


state = _State()
anomaly: Any = None  # what looks for errors in backward passes, while somebody wants that


class Layer:
    """One reason to look at ops before they run. `outside`: the layers around it."""

    outside: tuple[Layer, ...] = ()
    level = 0  # of a vmap: that of its arrays

    def call(self, op: Op, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Run the op as this layer wants it; here: as the layers outside want it."""
        return self.pass_on(op, operands, params)

    def function(self, cls: Any, args: tuple[Any, ...]) -> Any:
        """The result of an autograd.Function that this layer calls in its own way; None: as ever."""
        return None

    def operand(self, x: Tensor) -> Tensor:
        """A tensor as ops inside this layer see it."""
        return x

    def stream(self, generator: Any, xp: Any) -> Any:
        """Where random numbers come from inside; here: from where they come outside."""
        if self.outside:
            return self.outside[-1].stream(generator, xp)
        return generator.rng(xp) if isinstance(xp, ModuleType) else generator.rng()

    def pass_on(self, op: Op, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Run the op in the layers outside."""
        before = state.stack
        state.stack = self.outside
        try:
            from gradbook.autograd.op import attended

            return attended(op, operands, params)
        finally:
            state.stack = before


@contextlib.contextmanager
def pushed(layer: Layer) -> Iterator[None]:
    """Let a layer see the ops of this thread inside a `with` block."""
    before, around = state.stack, state.open
    layer.outside = around
    state.stack = state.open = (*around, layer)
    versions.watch_ops(1)
    try:
        yield
    finally:
        state.stack, state.open = before, around
        versions.watch_ops(-1)


@contextlib.contextmanager
def outside_of(layer: Layer) -> Iterator[None]:
    """Work as if a layer, and those inside it, were not there."""
    before, around = state.stack, state.open
    state.stack = state.open = layer.outside
    try:
        yield
    finally:
        state.stack, state.open = before, around


def walked(
    walk: Callable[..., Any], starts: Any, retain: bool, create_graph: bool, wanted: Any, to_leaves: bool
) -> Any:
    """One backward pass: recording only under create_graph, and then with an eye on batched arrays. -> what walk gives.

    What set_grad_enabled does stands here again: every training step comes by.
    """
    own, mode, scopes = state, grad_mode.state, grad_mode.scopes
    before, enabled, watching = own.walk, mode.enabled, create_graph and backends.batched is not None
    scopes.append(None)
    try:
        own.walk, mode.enabled = (starts, wanted is not None), create_graph
        if watching:
            versions.watch_ops(1)
        return walk(starts, retain, create_graph, wanted, to_leaves)
    finally:
        own.walk, mode.enabled = before, enabled
        scopes.pop()
        if watching:
            versions.watch_ops(-1)


def tangent_level(tensors: Any) -> Any:
    """The dual level at which one of the tensors carries a tangent, or None."""
    for tensor in tensors:
        found = getattr(tensor, "__dict__", {}).get("_tangent")
        if found is not None and found[0] in state.stack:
            return found[0]
    return None


def refuse_tangent(source: Any) -> None:
    """Raise NotImplementedError for a tensor whose tangent would be lost."""
    if tangent_level((source,)) is not None:
        raise NotImplementedError(
            "forward_ad: writing a tensor that carries a tangent into another is not followed; use gradbook.where, cat "
            "or stack, or func.jvp"
        )


# -- ops on batched arrays ---------------------------------------------------------------------------------------------

# ops that gain from an operand that all samples share; others get it repeated
SHARING = {"mm", "mv", "bmm", "dot", "matmul", "linear", "addmm", "baddbmm", "addmv"} | {
    f"{name}{rank}d" for name in ("conv", "conv_transpose") for rank in (1, 2, 3)
}


def batched_among(operands: Any, params: dict[str, Any]) -> bool:
    """True if vmap's arrays are among the operands or parameters of an op."""
    kind = backends.batched.Batched
    return any(type(getattr(operand, "_array", operand)) is kind for operand in operands) or any(
        type(value) is kind or (type(value) in (tuple, list) and any(type(part) is kind for part in value))
        for value in params.values()
    )


def run_batched(op: Op, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Run an op on all samples at once, or, where its forward cannot, on one after the other."""
    from gradbook.autograd.op import Elementwise, Op, run_attended

    if op.name not in SHARING and not isinstance(op, Elementwise) and not isinstance(op, Structural):
        operands = repeated(operands, params)
    try:
        return run_attended(op, operands, params)
    except BreakpointHit:
        raise
    except Exception:  # whatever it was: if it is the caller's mistake, a single sample shows it better
        if isinstance(op, Structural):
            raise
        return Op.run(looped(op), operands, params)


class Structural:
    """Mark of the ops that add and take away hidden axes: they are what batching is made of."""


def repeated(operands: tuple[Any, ...], params: dict[str, Any]) -> tuple[Any, ...]:
    """Operands that all samples share, given to each (without a copy), so that every operand has the hidden axis."""
    from gradbook.tensor import Tensor

    batched = backends.batched
    arrays = [getattr(operand, "_array", operand) for operand in operands]
    level, _ = batched.count_of((*arrays, *params.values()))
    example = next(
        a for a in (*arrays, *batched.opened(params.values())) if type(a) is batched.Batched and a.level == level
    )
    made: list[Any] = []
    for operand, array in zip(operands, arrays, strict=True):
        if not backends.is_array(array) or (type(array) is batched.Batched and array.level == level):
            made.append(operand)
            continue
        spread = batched.materialize(example, array)
        made.append(Tensor._of(spread, operand._node) if isinstance(operand, Tensor) else spread)
    return tuple(made)


_looped: dict[Op, Op] = {}


def looped(op: Op) -> Op:
    """The same op with a forward that does one sample after the other."""
    found = _looped.get(op)
    if found is None:
        found = _looped[op] = copy.copy(op)
        found._run = lambda xp, *arrays, **params: loop(op._run, arrays, params)
        found._cpu = found._run
    return found


def loop(run: Any, arrays: Any, params: dict[str, Any]) -> Any:
    """run(xp, *arrays, **params) of each sample of the outermost hidden axis, and so on inwards."""

    def one(*parts: Any, **named: Any) -> Any:
        xp = backends.xp_of(*parts)
        if not batched_among(parts, named):
            return run(xp, *parts, **named)
        try:
            return run(xp, *parts, **named)
        except backends.batched.NotBatchable:
            return loop(run, parts, named)

    level, _ = backends.batched.count_of((*arrays, *params.values()))
    with single_sample(level):
        return backends.batched.one_by_one(one, arrays, params)


@contextlib.contextmanager
def single_sample(level: int) -> Iterator[None]:
    """While samples of a level are done one after the other, random numbers are drawn for one at a time."""
    around = state.open
    state.open = tuple(layer for layer in around if layer.level != level)
    try:
        yield
    finally:
        state.open = around


def looped_rule(fn: Any, g: Any, values: list[Any]) -> Any:
    """A gradient rule on one sample after the other."""
    return loop(lambda xp, *args: fn(*args), (g, *values), {})
