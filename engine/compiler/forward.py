"""The forward part of a recording: ops, functions of the library that are no ops, changes in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.autograd import grad_mode, versions
from gradbook.autograd.op import Elementwise, Op
from gradbook.autograd.promotion import promote_arrays
from gradbook.compiler.instruction import DRAWING, JOINING, SHAPED_BY_DATA, NotRecordable
from gradbook.compiler.memory import Window
from gradbook.compiler.tracked import Tracked
from gradbook.nn.utils.clip_grad import clip_grad_norm_, clip_grad_value_
from gradbook.tensor import Tensor

__all__ = ["Forward", "is_own"]

ndarray = np.ndarray
DRAWN = "random numbers are drawn outside of dropout"


def is_own(op: Op) -> bool:
    """True for an op of the library (an autograd.Function is an op of the user's)."""
    return type(op).__module__.startswith("gradbook.ops.")


def alike(arrays: list[Any]) -> bool:
    """True for arrays of one dtype, and no numbers among them."""
    there = [array for array in arrays if array is not None]
    return all(isinstance(array, ndarray) for array in there) and len({array.dtype for array in there}) <= 1


class Forward(Tracked):
    """What an op, a call or a change in place becomes."""

    handed: set[int]
    blame_call: Callable[[str], bool]
    draws = 0  # random numbers drawn since the last op
    clip: Callable[[Any, Any, Any], Any]

    def call(self, function: Any, args: Any, kwargs: Any) -> Any:
        """Call a function of the library. One that computes by other means than ops is itself what is run again."""
        mark, before = len(self.instructions), self.failure
        if function in (clip_grad_norm_, clip_grad_value_):
            return self.clip(function, args, kwargs)
        result = function(*args, **kwargs)
        outs = result if isinstance(result, tuple | list) else (result,)
        if before is not None or not all(isinstance(out, Tensor) for out in outs) or not outs:
            return result
        for out in outs:
            self.attempt(self._note_view, out, (getattr(function, "__self__", None), *args, *kwargs.values()))
        unseen = any(self._unseen(out) for out in outs)
        if self.failure is not None and not self.failure.unseen:
            return result
        if (self.failure is not None or unseen) and self._opaque(function, args, kwargs, outs, mark):
            self.failure = None
        elif (self.failure is not None or unseen) and all(out._node is None for out in outs):
            reason = self.failure.reason if self.failure is not None else "a value was not seen being computed"
            if self.blame_call(reason) and self.failure is not None:
                self.failure.suspect = {}
        return result

    def _opaque(self, function: Any, args: Any, kwargs: Any, outs: Any, mark: int) -> bool:
        """Note the call itself as one instruction, if it does nothing but compute. -> whether that could be done"""
        name = getattr(function, "__name__", "")
        shaped = name in SHAPED_BY_DATA or (name == "where" and len(args) + len(kwargs) == 1) or name.endswith("_")
        if any(out._node is not None for out in outs) or self.draws or shaped:
            return False
        if any(each.kind in ("copy", "zero") for each in self.instructions[mark:]):
            return False
        del self.instructions[mark:]
        owner = getattr(function, "__self__", None)
        if isinstance(owner, Tensor):
            function, args = getattr(type(owner), name), (owner, *args)
        self.failure = None
        self.attempt(self._note_call, function, args, kwargs, outs)
        return self.failure is None

    def _note_call(self, function: Any, args: Any, kwargs: Any, outs: Any) -> None:
        inputs = [self.param(value) for value in args]
        params = {name: self.param(value) for name, value in kwargs.items()}
        outputs = []
        for out in outs:
            window, _ = self.made(out._array)
            self.seen[id(out)] = window
            self.kept.append(out)
            outputs.append(window)
        self.emit("call", inputs, outputs, function, params)

    def _unseen(self, tensor: Tensor) -> bool:
        if id(tensor) in self.seen or self.is_outside(tensor) or type(tensor._array) is not ndarray:
            return False
        return not tensor._array.size or self.memory.find(tensor._array) is None  # how empty it is may depend on values

    def _note_view(self, out: Tensor, given: Sequence[Any]) -> None:
        """A result that lies in the memory of a tensor that was there before, and that nobody read until now."""
        if id(out) in self.seen or type(out._array) is not ndarray or self.is_outside(out):
            return
        for tensor in given:
            if isinstance(tensor, Tensor) and versions.owner(tensor._array) is versions.owner(out._array):
                self.read(tensor._array, tensor)
                found = self.memory.find(out._array)
                if found is not None:
                    self.seen[id(out)] = found
                    self.kept.append(out)

    def set_item(self, owner: Tensor, key: Any, value: Any) -> None:
        """`owner[key] = value`: one instruction, unless gradients flow through it."""
        mark, before = len(self.instructions), self.failure
        owner[key] = value
        if before is not None or owner._node is not None or (isinstance(value, Tensor) and value._node is not None):
            if not (before is None and not grad_mode.state.enabled):
                return
        del self.instructions[mark:]
        self.failure = None
        self.attempt(self._note_set, owner, key, value)

    def _note_set(self, owner: Tensor, key: Any, value: Any) -> None:
        target = self.read(owner._array, owner)
        self.emit("set", [self.param(value)], [target], "set", {"key": self.param(key)})

    def _found(self, function: Any, arrays: Any, params: Any, result: Any) -> None:
        window, new = self.made(result)
        if new:
            self.emit("found", [self.read(array) for array in arrays], [window], function, params)

    def _new(self, tensor: Tensor) -> None:
        if self.draws:
            self.draws = 0
            if not self.blame_call(DRAWN):
                raise NotRecordable(DRAWN)
        if self.memory.find(tensor._array) is None:
            window = self.seen[id(tensor)] = self.constant(tensor._array)
            self.kept.append(tensor)
            self.originals[window.block.number] = window, tensor._array.copy()

    def _op(self, op: Op, operands: Any, params: Any, out: Any, node: Any, where: Any) -> None:
        if op.custom and not is_own(op):
            raise NotRecordable("an autograd.Function runs Python of its own")
        if op.name in SHAPED_BY_DATA:
            raise NotRecordable(f"the shape of what {op.name} gives depends on values")
        if self.draws:
            if op.name not in DRAWING:
                raise NotRecordable(DRAWN)
            self.draws = 0
        inputs = self._operands(op, operands)
        params = {name: self.param(value) for name, value in params.items()}
        outs = out if isinstance(out, tuple) else (out,)
        outputs, fresh = [], False
        for tensor in outs:
            if not isinstance(tensor, Tensor):
                raise NotRecordable(f"{op.name} gives {type(tensor).__name__}")
            window, new = self.made(tensor._array)
            outputs.append(window)
            self.seen[id(tensor)] = window
            self.kept.append(tensor)
            fresh = fresh or new
        if node is not None and node.saved:
            self._keep(node, inputs)
            if op.extras:
                outputs += self._extras(op, node)
                fresh = True
        place = self.line() or where
        if node is not None:
            self.lines[id(node)] = place
        if op.name in JOINING and fresh and outs[0]._array.size:
            self._joined(op.name, inputs, outs[0]._array, params, place)
        elif fresh:
            self.emit("op", inputs, outputs, op, params, where=place)

    def _joined(self, name: str, inputs: list[Any], made: Any, params: Any, where: Any) -> None:
        """Tensors put together: each is copied to its place, or computed there at once."""
        before, begin = (slice(None),) * params["dim"], 0
        lengths = params["lengths"] if name == "cat" else (1,) * len(inputs)
        for given, length in zip(inputs, lengths, strict=True):
            if not length:
                continue
            index = slice(begin, begin + length) if name == "cat" else begin
            begin += length
            self.emit("copy", [given], [self.memory.find(made[(*before, index, ...)])], where=where)

    def _keep(self, node: Any, inputs: list[Any]) -> None:
        """Note what the operands are that a node keeps: numbers as arrays, and arrays in another dtype."""
        for array, given in zip(node.saved, inputs, strict=False):
            if not isinstance(array, ndarray) or self.memory.find(array) is not None:
                continue
            if isinstance(given, Window):
                if given.shape == array.shape and given.dtype == array.dtype:
                    self.saved_as[id(array)] = given
            elif isinstance(given, int | float | complex | np.number):
                self.saved_as[id(array)] = self.constant(array)
            self.kept.append(array)

    def _operands(self, op: Op, operands: Any) -> list[Any]:
        windows: list[Any] = []
        arrays = [o._array if isinstance(o, Tensor) else o for o in operands]
        for operand, array in zip(operands, arrays, strict=True):
            if isinstance(operand, Tensor):
                windows.append(self.read(array, operand))
                strange = operand._node is not None and operand._node.tensor is None
                if strange and id(operand) not in self.seen and id(operand) not in self.input_ids:
                    raise NotRecordable("a tensor with a history from before the call")
            elif isinstance(array, ndarray):
                windows.append(self.read(array))
            else:
                windows.append(operand)
        wanted = promote_arrays(op.name, operands, arrays) if op.promote and not alike(arrays) else arrays
        for i, (window, array) in enumerate(zip(windows, wanted, strict=True)):
            if isinstance(window, Window):
                floating = isinstance(op, Elementwise) and op.float_input and array.dtype.kind in "iub"
                kind = dtypes._default._np if floating else array.dtype
                windows[i] = window if window.dtype == kind else self.cast(window, array.astype(kind))
        return windows

    def _extras(self, op: Op, node: Any) -> list[Any]:
        first = len(node.edges) + 1
        arrays = [np.asarray(x) if isinstance(x, np.generic) else x for x in node.saved[first:]]  # of a single number
        node.saved = (*node.saved[:first], *arrays)
        return [self.made(array)[0] if isinstance(array, ndarray) else array for array in arrays]

    def _write(self, target: Tensor, value: Tensor | None) -> None:
        window = self.read(target._array, target)
        if window.block.number in self.handed and window.block.kind in ("temporary", "constant"):
            raise NotRecordable("a tensor that Python was given is changed in place afterwards")
        if value is None:
            filled = self.constant(target._array.copy())
            self.emit("copy", [filled], [window])
        else:
            self.emit("copy", [self.read(value._array, value)], [window])
