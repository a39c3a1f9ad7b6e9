"""Forward-mode differentiation, as torch.autograd.forward_ad: tensors that carry a tangent through the ops.

    with forward_ad.dual_level():
        out = f(forward_ad.make_dual(x, direction))
        value, derivative = forward_ad.unpack_dual(out)

A linear op does to the tangent what it does to the value. Of any other op the derivative is found from its gradient
rule, which is linear in the gradient: going backward twice through that one op goes forward once.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

from gradbook.autograd import layers, versions
from gradbook.autograd.op import Op
from gradbook.autograd.rules import alias
from gradbook.tensor import Tensor

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]

LINEAR = {"sum", "mean", "neg", "clone", "cumsum", "flip", "roll", "tril", "triu", "index", "take_along", "alias", "to"}


class UnpackedDualTensor(NamedTuple):
    """A value and its tangent; None if it has none."""

    primal: Tensor
    tangent: Tensor | None


class ForwardLayer(layers.Layer):
    """The dual level that is open."""

    def call(self, op: Op, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Run an op, and its derivative in the direction of its operands' tangents."""
        places = [i for i, x in enumerate(operands) if isinstance(x, Tensor) and tangent_of(x, self) is not None]
        if not places:
            return self.pass_on(op, operands, params)
        if len(operands) == 1 and (op.view or op.name in LINEAR):
            out = self.pass_on(op, operands, params)
            return attach(out, self.pass_on(op, (tangent_of(operands[0], self),), params), self)
        return self._derived(op, operands, params, places)

    def change(self, op: Op, target: Tensor, operands: tuple[Any, ...], params: dict[str, Any]) -> Tensor:
        """An in-place op of which an operand carries a tangent. Raises NotImplementedError for a view."""
        from gradbook.autograd.inplace import assign

        if target._view is not None:
            raise NotImplementedError(
                "forward_ad: a view cannot be changed in place while tensors carry tangents; use func.jvp"
            )
        result = op(target, *operands, **params)
        versions.followed.discard(id(versions.owner(target._array)))
        assign(target, result)
        changed: Tensor = attach(target, tangent_of(result, self), self)
        return changed

    def _derived(self, op: Op, operands: tuple[Any, ...], params: dict[str, Any], places: list[int]) -> Any:
        from gradbook.func.transforms import Line

        def part(*xs: Tensor) -> Any:
            whole = list(operands)
            for place, x in zip(places, xs, strict=True):
                whole[place] = x
            return op(*whole, **params)

        with layers.outside_of(self):
            line = Line(part, tuple(operands[i] for i in places), False, op.name)
            moved = line.moved([tangent_of(operands[i], self) for i in places], False)
        return attach(line.value, moved, self)


def current() -> ForwardLayer | None:
    """The dual level that is open on this thread."""
    return next((layer for layer in layers.state.open if isinstance(layer, ForwardLayer)), None)


def tangent_of(x: Tensor, level: ForwardLayer | None) -> Tensor | None:
    """The tangent a tensor carries at a level."""
    found = x.__dict__.get("_tangent")
    return found[1] if found is not None and found[0] is level else None


def attach(out: Any, tangent: Any, level: ForwardLayer) -> Any:
    """An op's outputs with their tangents; outputs that are not floating have none."""
    if isinstance(out, tuple):
        for x, t in zip(out, tangent, strict=True):
            attach(x, t, level)
        return out
    if isinstance(out, Tensor) and isinstance(tangent, Tensor) and out._array.dtype.kind in "fcV":
        out.__dict__["_tangent"] = (level, tangent)
        versions.followed.add(id(versions.owner(out._array)))
    return out


def with_tangents(outs: Any, tangents: Any) -> Any:
    """The outputs of an autograd.Function with the tangents that its jvp gave."""
    level = current()
    if level is None:
        return outs
    return attach(outs, tangents if isinstance(outs, tuple) or not isinstance(tangents, tuple) else tangents[0], level)


def enter_dual_level() -> int:
    """Open a level, for as long as exit_dual_level is not called. -> its number. Raises RuntimeError if one is open."""
    if current() is not None:
        raise RuntimeError("Nested forward mode AD is not supported at the moment; func.jvp nests")
    scope = layers.pushed(ForwardLayer())
    scope.__enter__()
    _open.scopes = (*_open.scopes, scope)
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """Close the level: tangents are forgotten. Raises RuntimeError if none is open, or another one."""
    if not _open.scopes:
        raise RuntimeError("Dual level must be a positive number: no level is open.")
    if level not in (None, 0):
        raise RuntimeError("Trying to exit a forward AD level that was not the last one that was created.")
    versions.followed.clear()
    *rest, scope = _open.scopes
    _open.scopes = tuple(rest)
    scope.__exit__(None, None, None)


class _Open(threading.local):
    scopes: tuple[Any, ...] = ()  # of the level that is open on this thread


_open = _Open()


@contextlib.contextmanager
def dual_level() -> Iterator[int]:
    """A context in which tensors may carry tangents."""
    level = enter_dual_level()
    try:
        yield level
    finally:
        exit_dual_level(level=level)


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """The tensor with a tangent of its shape.

    Raises RuntimeError outside of a level, where shapes differ, or where it has a tangent; ValueError unless floating.
    Differs: writing a dual tensor into another tensor or view (copy_) raises NotImplementedError.
    """
    for name, value in (("primal", tensor), ("tangent", tangent)):
        if not (value.is_floating_point() or value.is_complex()):
            raise ValueError(f"Expected {name} to be floating point or complex, but got: {value.dtype}")
    open_level = current()
    if open_level is None:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    if tangent_of(tensor, open_level) is not None:
        raise RuntimeError(
            "Making a dual Tensor based on a Tensor that already has a forward gradient at the same level 0 is not "
            "supported."
        )
    if tensor.shape != tangent.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
            f"supported. Tensor is of size {list(tensor.shape)} while the given forward gradient is of size "
            f"{list(tangent.shape)}."
        )
    with layers.outside_of(open_level):
        made: Tensor = alias(tensor)
    dual: Tensor = attach(made, tangent, open_level)
    return dual


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """The value and the tangent (None if there is none) of a tensor."""
    open_level = current()
    tangent = tangent_of(tensor, open_level) if open_level is not None else None
    if tangent is None:
        return UnpackedDualTensor(tensor, None)
    return UnpackedDualTensor(Tensor._of(tensor._array, tensor._node), tangent)
