"""A user's autograd.Function run again beside the training: does its backward give what its forward changes by?"""

from __future__ import annotations

import contextlib
import copy
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from gradbook.autograd.function import Function, FunctionCtx
from gradbook.coach.apart import Draws
from gradbook.coach.samples import numbers_of, sample
from gradbook.tensor import Tensor

__all__ = ["FunctionTrial", "Unfit"]

DIRECTIONS = 3
SINGLE = 32  # elements of an input whose own derivatives are taken, where directions disagree
SLOW = 0.05  # seconds of one forward run: one that takes longer is not tried
LARGE = 2_000_000  # elements of all arguments
SMOOTH = 0.01  # two step sizes agree within that, or the function has a corner there


class Unfit(Exception):
    """The Function cannot be judged by running it again."""


class Raised(Unfit):
    """The user's own code has raised, where it was run again."""


@contextlib.contextmanager
def users() -> Iterator[None]:
    """Round code of the user's: what it raises is Raised."""
    try:
        yield
    except Exception as error:
        raise Raised from error


class FunctionTrial:
    """One Function with the arguments of one call, in float64 where it runs in it; to be used inside `apart`.

    inputs: the positions of the arguments that want a gradient. Their values are moved a little from where they were,
    inwards, so that none lies in a corner such as relu's at 0. Raises Unfit where the Function cannot be run again.
    """

    def __init__(self, function: type[Function], args: tuple[Any, ...], draws: Draws) -> None:
        self.function, self.draws = function, draws
        self.rng = np.random.default_rng(0)
        self.needs = tuple(isinstance(a, Tensor) and a._node is not None for a in args)
        self.inputs = [i for i, need in enumerate(self.needs) if need and args[i]._array.dtype.kind == "f"]
        arrays = [a._array for a in args if isinstance(a, Tensor)]
        if not self.inputs or sum(array.size for array in arrays) > LARGE or not all(map(_plain, args)):
            raise Unfit
        self._given = args
        self.eps, self.tolerance = 1e-5, 0.02
        self.draws_back = False  # its backward draws random numbers
        self.slopes: list[list[tuple[Any, float]]] = []  # by input, once they are known
        self.told: list[Any] = []  # what its backward gives each input
        for dtype in (np.float64, None):  # the user's own code may insist on single precision
            try:
                self._begin(dtype)
            except Raised:
                continue
            return
        raise Unfit

    def _begin(self, dtype: Any) -> None:
        self.args = [_double(a, dtype) for a in self._given]
        for i in self.inputs:
            self.args[i] = self._moved(self.args[i])
        began = time.perf_counter()
        _, outputs = self.run()
        if time.perf_counter() - began > SLOW:
            raise Unfit
        self.outputs = [k for k, out in enumerate(outputs) if _differentiable(out)]
        if not self.outputs or not all(np.isfinite(outputs[k]._array).all() for k in self.outputs):
            raise Unfit
        self.weights = [self._weight(outputs[k]._array) for k in self.outputs]
        if any(outputs[k]._array.dtype != np.float64 for k in self.outputs):
            self.eps, self.tolerance = 2e-3, 0.05
        again = self.run()[1]
        if not all(_same(outputs[k], again[k]) for k in self.outputs):
            raise Unfit  # it depends on more than what it is given
        self.first = outputs

    def given(self, index: int) -> Any:
        """The tensor that an input was in the call."""
        return self._given[self.inputs[index]]

    def _moved(self, array: Any) -> Any:
        shift = 0.01 * self.rng.uniform(0.3, 1.0, array.shape)
        spread = float(np.ptp(array)) if array.size else 0.0
        towards = float(np.median(array)) - array if spread else np.full_like(array, 30.0)  # all the same: apart
        return array + (shift * towards).astype(array.dtype)

    def _weight(self, array: Any) -> Any:
        return np.ones(array.shape) if array.size == 1 else self.rng.standard_normal(array.shape)

    # -- forward and backward ----------------------------------------------------------------------------------------

    def run(self, args: list[Any] | None = None) -> tuple[FunctionCtx, tuple[Any, ...]]:
        """Its forward, with the same random numbers each time. -> its context and its outputs."""
        given = [Tensor._of(a.copy()) if isinstance(a, np.ndarray) else copy.copy(a) for a in args or self.args]
        self.draws.rewind()
        ctx = FunctionCtx()
        ctx.needs_input_grad = self.needs
        with users():
            if self.function.setup_context is Function.setup_context:
                result = self.function.forward(ctx, *given)
            else:
                result = self.function.forward(*given)
                self.function.setup_context(ctx, tuple(given), result)
        outputs = result if isinstance(result, tuple) else (result,)
        return ctx, tuple(None if any(o is n for n in ctx._non_differentiable) else o for o in outputs)

    def total(self, args: list[Any]) -> float:
        """Its outputs, weighed and added."""
        outputs = self.run(args)[1]
        parts = (np.vdot(w, outputs[k]._array) for k, w in zip(self.outputs, self.weights, strict=True))
        return float(sum(parts))

    def backward(self, factor: float = 1.0, instead: Callable[..., Any] | None = None) -> list[Any]:
        """What its backward, or another one, gives each input for the weights times a factor; None for no gradient."""
        ctx, outputs = self.run()
        grads: list[Any] = []
        for k, out in enumerate(outputs):
            if k in self.outputs:
                weight = self.weights[self.outputs.index(k)] * factor
                grads.append(Tensor._of(np.asarray(weight, dtype=out._array.dtype)))
            else:
                grads.append(None)
        given = instead or self.function.__dict__.get("backward") or self.function.backward
        given = given.__func__ if isinstance(given, staticmethod) else given
        before = Draws()
        with users():
            made = given(ctx, *grads)
            made = made if isinstance(made, tuple) else (made,)
            found = [made[i] if i < len(made) else None for i in self.inputs]
            shapes = [self.args[i].shape for i in self.inputs]
            told = [_summed(numbers_of(g._array).astype(np.float64), shape) if g is not None else None
                    for g, shape in zip(found, shapes, strict=True)]  # fmt: skip
        self.draws_back = self.draws_back or before.moved
        return told

    # -- by small changes --------------------------------------------------------------------------------------------

    def step(self, index: int) -> float:
        """How far an input is moved."""
        return self.eps * max(1.0, float(np.sqrt(np.mean(self.args[self.inputs[index]] ** 2))))

    def slope(self, index: int, direction: Any, eps: float | None = None) -> float:
        """By how much the total changes along a direction of one input, for each unit of it."""
        array, step = (
            self.args[self.inputs[index]],
            eps or self.eps * max(1.0, float(np.sqrt(np.mean(self.args[self.inputs[index]] ** 2)))),
        )
        values = []
        for sign in (1, -1):
            args = list(self.args)
            args[self.inputs[index]] = (array + sign * step * direction).astype(array.dtype)
            values.append(self.total(args))
        return (values[0] - values[1]) / (2 * step)

    def smooth(self, index: int, direction: Any) -> float | None:
        """The same, None where two step sizes do not agree, as at a corner."""
        step = self.step(index)
        far, near = self.slope(index, direction, step), self.slope(index, direction, step / 2)
        if not np.isfinite(far + near):
            return None
        scale = max(abs(far), abs(near), 1e-9 * self.size)
        return near if abs(far - near) <= max(SMOOTH, self.tolerance / 2) * scale else None

    @property
    def size(self) -> float:
        """How large the total may be."""
        return float(sum(np.linalg.norm(w) * np.linalg.norm(self.first[k]._array)
                         for k, w in zip(self.outputs, self.weights, strict=True))) + 1e-12  # fmt: skip

    def directions(self, index: int) -> list[tuple[Any, float]]:
        """Some directions of an input with the slope in each."""
        found = []
        for _ in range(DIRECTIONS):
            direction = self.rng.standard_normal(self.args[self.inputs[index]].shape)
            slope = self.smooth(index, direction)
            if slope is not None:
                found.append((direction, slope))
        return found

    def singles(self, index: int) -> list[tuple[int, float]]:
        """Some elements of an input, each with its own slope."""
        count = self.args[self.inputs[index]].size
        found = []
        for at in sample(self.rng.permutation(count), SINGLE).tolist():
            direction = np.zeros(count)
            direction[at] = 1.0
            slope = self.smooth(index, direction.reshape(self.args[self.inputs[index]].shape))
            if slope is not None:
                found.append((at, slope))
        return found

    def agrees(self, grad: Any, known: list[tuple[Any, float]], tolerance: float = 0.0) -> bool:
        """Whether a gradient has the slopes that were found."""
        if grad is None:
            return False
        tolerance = tolerance or self.tolerance
        for direction, slope in known:
            told = float(np.vdot(grad, direction))
            scale = max(abs(slope), abs(told), 0.1 * float(np.linalg.norm(grad)), 1e-12)
            if not abs(told - slope) <= tolerance * scale:
                return False
        return True


def _plain(value: Any) -> bool:
    """Whether an argument can be handed over again without harm: numbers, tensors, names, and tuples of these."""
    if isinstance(value, tuple | list):
        return all(map(_plain, value))
    return value is None or isinstance(value, Tensor | int | float | str | bool | np.ndarray | np.generic)


def _double(value: Any, dtype: Any) -> Any:
    if not isinstance(value, Tensor):
        return value
    array = np.array(value._array)
    return array.astype(dtype) if dtype is not None and array.dtype.kind == "f" else array


def _differentiable(value: Any) -> bool:
    return isinstance(value, Tensor) and bool(value._array.dtype.kind == "f") and value._array.size > 0


def _same(a: Any, b: Any) -> bool:
    return bool(np.array_equal(a._array, b._array, equal_nan=True))


def _summed(array: Any, shape: tuple[int, ...]) -> Any:
    """A gradient as the engine takes it: what was broadcast is added up."""
    if array.shape == shape or array.size == int(np.prod(shape)):
        return array.reshape(shape)
    lead = array.ndim - len(shape)
    axes = tuple(range(lead)) + tuple(i + lead for i, n in enumerate(shape) if n == 1 and array.shape[i + lead] != 1)
    return array.sum(axis=axes, keepdims=True).reshape(shape)
