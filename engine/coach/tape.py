"""Writes down the operations and module calls of a turn, and where each value came from."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook import events
from gradbook.autograd import versions
from gradbook.autograd.grad_mode import state as grad_state
from gradbook.autograd.versions import owner
from gradbook.coach.code import callers
from gradbook.coach.record import Call, Cut, Draw, Op, Read, Turn, Value, Write
from gradbook.observe.raw import is_parameter
from gradbook.observe.source import Where

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["Tape"]

KEPT = 50_000  # values that are known at a time
NUMBERS = 512  # that Python has read, known at a time
FILLED = 20_000  # arrays whose first numbers are known
DRAWS = 4_000  # of a turn that are written down
READS = 8  # the last ones, that what is made next may come from
DIGITS, EXACT = 4, 1e-12  # of a factor that such a number is multiplied by
BEFORE = 3  # turns: a step of a GAN has several
SMALL = 64  # elements of a tensor that may be made of such numbers


class Tape:
    """What the coach writes down while it watches closely. Keeps no tensor alive."""

    def __init__(self, coach: Coach) -> None:
        self._coach = coach
        self._values: dict[int, Value] = {}
        self._arrays: dict[int, Value] = {}  # by their arrays
        self._found: dict[int, tuple[Any, Cut]] = {}  # indices by the id of their array, with a reference
        self._numbers: dict[float, Cut] = {}  # that Python has read in this turn
        self._calls: list[Call] = []
        self._number = 0
        self._before: deque[Turn] = deque()  # those whose operations still know what led to them
        self._filled: dict[int, Where] = {}  # addresses: where what lies there got its numbers, before any step
        self._reads: tuple[Cut, ...] = ()  # what Python saw last: a tensor made right afterwards may come from it

    @property
    def count(self) -> int:
        """Operations written down so far."""
        return self._number

    @property
    def calling(self) -> bool:
        """Whether a module's call has begun and not returned."""
        return bool(self._calls)

    def value(self, tensor: Any) -> Value:
        """The Value of a tensor; one that is not known yet was there before."""
        known = self._values.get(id(tensor))
        if known is not None and known.tensor is tensor:
            if known.maker is None:
                known.requires_grad = tensor._node is not None  # may be told so later, by requires_grad_()
            return known
        kind = "parameter" if is_parameter(tensor) else "input"
        value = self._keep(tensor, Value(tensor, kind))
        if self._found:
            memory = owner(tensor._array)
            found = self._found.get(id(memory))
            if found is not None and found[0]() is memory:
                value.cuts = (found[1],)
        return value

    def living(self) -> list[Value]:
        """The Values of all tensors that are known and still there."""
        return [value for value in self._values.values() if value.tensor is not None]

    def of(self, array: Any) -> Value | None:
        """The Value whose tensor has this array, if it is known and still there."""
        known = self._arrays.get(id(array))
        return known if known is not None and getattr(known.tensor, "_array", None) is array else None

    def _keep(self, tensor: Any, value: Value) -> Value:
        if len(self._values) > KEPT:
            self._sweep()
        self._values[id(tensor)] = self._arrays[id(tensor._array)] = value
        return value

    def _sweep(self) -> None:
        """Forget the values whose tensors are gone."""
        self._values = {key: held for key, held in self._values.items() if held.tensor is not None}
        self._arrays = {id(held.tensor._array): held for held in self._values.values() if held.tensor is not None}

    def record(self, name: str, operands: tuple[Any, ...], params: dict[str, Any] | None, output: Any,
               where: Where | None) -> Op:  # fmt: skip
        """Write one operation down."""
        told = tuple(self.value(x) if hasattr(x, "_node") else x for x in _flat(operands))
        outputs = output if isinstance(output, tuple) else (output,)
        call = self._calls[-1] if self._calls else None
        self._number += 1
        op = Op(
            self._number, name, told, tuple(x for x in told if isinstance(x, Value)), dict(params or {}),
            None, where, call.path if call is not None else "", call, grad_state.enabled,  # type: ignore[arg-type]
        )  # fmt: skip
        op.outputs = tuple(self._keep(x, Value(x, "op", op)) for x in outputs if hasattr(x, "_node"))
        op.output = op.outputs[0]
        if self._numbers or self._found:
            op.output.cuts = tuple(self._cuts((*told, *op.params.values())))
        if not op.output.requires_grad:
            self._fill(outputs[0], where)
        while call is not None:
            call.ops += 1
            call = call.parent
        self._coach.turn.ops.append(op)
        return op

    def _cuts(self, given: tuple[Any, ...]) -> Iterator[Cut]:
        """Which of the numbers that an operation is given had a graph: those that were read, indices."""
        for x in given:
            if type(x) is float and (read := self._numbers.get(x) or self._weighed(x)) is not None:
                yield read
            for array in x if isinstance(x, tuple) else (x,):
                found = self._found.get(id(owner(array))) if isinstance(array, np.ndarray) else None
                if found is not None and found[0]() is owner(array):
                    yield found[1]

    def _weighed(self, number: float) -> Cut | None:
        """Which of the numbers that were read last, times a factor as people write it, such as 0.5, is this one."""
        for read in list(self._numbers)[-READS:]:
            factor = number / read if read else 0.0
            if factor and abs(factor - float(f"{factor:.{DIGITS}g}")) < EXACT * abs(factor):
                return self._numbers[read]
        return None

    def module(self, phase: str, module: Any, value: Any) -> None:
        """A module's call begins, returns or raises."""
        if threading.get_ident() != self._coach._thread:
            return
        if phase == "enter":
            parent = self._calls[-1] if self._calls else None
            call = Call(
                weakref.ref(module),
                events.module_path(),
                events.user_frame(),
                module.training,
                grad_state.enabled,
                parent,
                built=self._coach.constructed,
            )
            if parent is None:
                call.outward = callers()[1:]
            call.inputs = tuple(self.value(x) for x in _flat(value) if hasattr(x, "_node"))
            self._calls.append(call)
            return
        if not self._calls or self._calls[-1].module is not module:  # begun before the look
            return
        call = self._calls.pop()
        if phase == "exit":
            outputs = _flat(
                tuple(value) if isinstance(value, tuple | list) else (value,)
            )  # (states, (h, c)) of an LSTM
            call.outputs = tuple(self.value(x) for x in outputs if hasattr(x, "_node"))
            self._coach.turn.calls.append(call)
            self._coach.tell("called", call)

    def leaves(self) -> None:
        """A look begins or ends: of the calls that have begun it hears only one half."""
        self._calls.clear()

    def wrote(self, target: Any, value: Any) -> None:
        """A tensor's memory was changed in place, by a tensor that was computed or by a number."""
        if threading.get_ident() != self._coach._thread:
            return
        self._fill(target)
        known = self._values.get(id(value)) if value is not None else None
        known = known if known is not None and known.tensor is value else None
        memory, frame = owner(target._array), events.user_frame()
        written = Write(weakref.ref(memory), known, frame, versions.last)
        self._coach.turn.writes.append(written)
        if known is not None and not is_parameter(target):
            written.made = self._keep(target, Value(target, "op", known.maker))

    def draws(self, generator: Any) -> None:
        """Random numbers are about to be drawn; a tensor that is made on the same line next is made of them."""
        turn = self._coach.turn
        if threading.get_ident() == self._coach._thread and len(turn.draws) < DRAWS:
            state = None if generator._cuda is not None else generator.rng().bit_generator.state["state"]["state"]
            turn.draws.append(Draw(state, generator.seeded, callers(), self._number))

    def asks(self, tensor: Any) -> None:
        """A tensor is a leaf that asks for a gradient from here on, whatever its numbers were computed from."""
        known = self._values.get(id(tensor))
        if known is not None and known.tensor is tensor and known.maker is not None and tensor.is_leaf:
            value = self._keep(tensor, Value(tensor, "input"))
            value.where, value.cuts = known.maker.where, (Cut("requires_grad_", known, events.user_frame()),)

    def made(self, tensor: Any) -> None:
        """A tensor was made of numbers, maybe of those that were just read."""
        if threading.get_ident() == self._coach._thread:
            value = self._keep(tensor, Value(tensor, "input"))
            value.reads, value.where = self._reads, events.user_frame()
            self._fill(tensor, value.where)
            draws = self._coach.turn.draws
            if draws and draws[-1].value is None and draws[-1].where == value.where:
                draws[-1].value = value
            array = tensor._array
            if self._numbers and array.size <= SMALL and array.dtype.kind == "f":
                found = {id(cut): cut for x in array.reshape(-1).tolist() if (cut := self._numbers.get(x))}
                value.cuts = tuple(found.values())

    def _fill(self, tensor: Any, where: Where | None = None) -> None:
        """Remember where a tensor gets its first numbers from: before any step, by the memory that they lie in."""
        if self._coach.steps or len(self._filled) >= FILLED:
            return
        place = where or events.user_frame()
        if place is not None:
            self._filled[address_of(tensor._array)] = place

    def filled(self, tensor: Any) -> Where | None:
        """Where the numbers of a tensor were written before the first step: by an init function, a constructor."""
        return self._filled.get(address_of(tensor._array))

    def cut(self, how: str, source: Any, tensor: Any) -> None:
        """A tensor has the numbers of another one, but not its graph."""
        if threading.get_ident() != self._coach._thread:
            return
        if source is None:
            self.made(tensor)
            return
        cut = Cut(how, self.value(source), events.user_frame())
        known = self.value(tensor) if source is not tensor else None
        if known is None or known.maker is not None:  # detach_: from here on it is another value
            known = self._keep(tensor, Value(tensor, "input"))
        for other in known.cuts:
            if other.how == how == "tensor":
                other.many = cut.many = True
        known.cuts = (*(other for other in known.cuts if other.how != "item"), cut)

    def found(self, function: Any, arrays: Any, params: dict[str, Any], result: Any) -> None:
        """Indices were computed from arrays; they have no gradient."""
        source = next((value for array in arrays if (value := self._arrays.get(id(array))) is not None), None)
        if threading.get_ident() != self._coach._thread or source is None or source.tensor is None:
            return
        if source.tensor._array is arrays[0] and hasattr(result, "dtype") and hasattr(result, "base"):
            name = str(params.get("name", "indices"))
            memory = owner(result)
            self._found[id(memory)] = (weakref.ref(memory), Cut(name, source, events.user_frame()))

    def read(self, made: Read, tensor: Any) -> None:
        """Python saw the numbers of a tensor."""
        self._coach.turn.reads.append(made)
        value, where, made.far = made.value, made.where, not isinstance(tensor._array, np.ndarray)
        if tensor._array.size > 1 and not made.far:
            made.memory = weakref.ref(owner(tensor._array))
        self._reads = (*self._reads[1 - READS :], Cut("read", value, where))
        if tensor._array.size == 1 and tensor._array.dtype.kind == "f" and len(self._numbers) < NUMBERS:
            number = tensor._array.item()
            if number not in (0.0, 1.0):  # which many a tensor is made of
                self._numbers[number] = Cut("item", value, where)

    def turn_ends(self, turn: Turn) -> None:
        """What led to the values of turns long past is forgotten, so that no chain grows for ever."""
        self._before.append(turn)
        if len(self._before) > BEFORE:
            for op in self._before.popleft().ops:
                op.inputs = op.operands = ()
        self._reads = ()
        self._filled.clear()  # who asks has asked in the first turn, and memory is used again
        self._numbers.clear()
        self._found = {key: held for key, held in self._found.items() if held[0]() is not None}
        self._sweep()

    def forget(self) -> None:
        """Hold nothing any longer."""
        self._values, self._calls, self._reads = {}, [], ()
        self._before.clear()
        self._arrays, self._found, self._numbers, self._filled = {}, {}, {}, {}


def _flat(operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """Operands with those of a list, as `cat` takes, one by one."""
    if any(isinstance(x, list | tuple) for x in operands):
        return tuple(y for x in operands for y in (x if isinstance(x, list | tuple) else (x,)))
    return operands


def address_of(array: Any) -> int:
    """Where the numbers of an array lie; `.data` and views from the first element on lie there too."""
    told = getattr(array, "__array_interface__", None)
    return int(told["data"][0]) if told is not None else id(array)
