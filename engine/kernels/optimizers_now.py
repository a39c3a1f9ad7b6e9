"""The steps of SGD, Adam, AdamW, RMSprop and Adagrad outside a program: one native call for a whole group.

`step` is what an optimizer asks before it goes over the parameters itself. It takes a group whose parameters are plain
float32 arrays and already have their state, so the first step of most is the optimizer's own.
"""

from __future__ import annotations

import threading
import weakref
from typing import Any

import numpy as np

from gradbook.autograd import versions
from gradbook.backends import native as eager
from gradbook.kernels import jit, optimizers
from gradbook.kernels.gathering import gatherer
from gradbook.kernels.program import Program, Unsupported, address_of
from gradbook.kernels.rules import RULES
from gradbook.tensor import Tensor

__all__ = ["step"]

FLOAT = np.dtype(np.float32)
KINDS = {"SGD": "sgd", "Adam": "adam", "AdamW": "adam", "RMSprop": "rmsprop", "Adagrad": "adagrad"}
SWITCHES = {
    "momentum": "momentum",
    "nesterov": "nesterov",
    "amsgrad": "amsgrad",
    "centered": "centered",
    "maximize": "maximize",
    "decoupled_weight_decay": "decoupled",
}  # an optimizer's options, and what the kernels call them
LONG_WORK = 100_000  # floating-point operations from which on other threads may run Python meanwhile


class Own(threading.local):
    """The plans of a thread, by optimizer."""

    def __init__(self) -> None:
        self.plans: weakref.WeakKeyDictionary[Any, dict[Any, Plan]] = weakref.WeakKeyDictionary()


class Plan:
    """The program of one group, for arrays that are known: only the gradients may be others in each step."""

    def __init__(self, name: str, switches: frozenset[str], group: Group) -> None:
        self.name, self.group = name, group
        self.switched: list[Any] = []  # the options that are switches
        self.settings = np.zeros(len(RULES[name].settings))
        self.program = Program(threads=1)
        stand_ins = [np.empty(array.shape, FLOAT) for array in group.columns[1]]
        places = [self.program.place(array) for array in stand_ins]
        columns = [group.columns[0], stand_ins, *group.columns[2:]]
        optimizers.add_update(self.program, name, self.settings, columns, switches, None, group.counters)
        self.words: list[list[tuple[Any, int, int]]] = [
            [(memoryview(packed), i, offset) for packed, i, offset in place.uses]  # type: ignore[arg-type]
            for place in places
        ]
        self.unlocked = self.program.flops > LONG_WORK
        self.stateful = any(state for _, _, state in group.held)
        self.asked = [option for option in (*RULES[name].settings, "betas") if option not in ("step", "beta1", "beta2")]
        self.given: list[Any] = []  # what the settings were made of
        self.gather: Any = None
        if eager.state.known:
            held = [(param, array) for param, array, _ in group.held]
            self.gather, self._kept = gatherer(held, [place.uses for place in places])
            self.quick = self.program.quick()

    def ready(self, optimizer: Any, params: list[Any]) -> bool:
        """Put in where the gradients lie. -> False where anything else is not what it was."""
        if self.stateful and not self.same_state(optimizer.state):
            return False
        if self.gather is not None:
            return type(params) is list and bool(self.gather(params))
        held = self.group.held
        if len(held) != len(params):
            return False
        places = iter(self.words)
        for param, (known, array, _) in zip(params, held, strict=True):
            grad = param._grad
            if param is not known or (grad is None) != (array is None):
                return False
            if array is None:
                continue
            found = grad._array
            if param._array is not array or found.shape != array.shape or not is_plain(found):
                return False
            address = address_of(found)
            for words, i, offset in next(places):
                words[i] = address + offset
        return True

    def same_state(self, states: Any) -> bool:
        """Whether the optimizer's state is in the same arrays still."""
        for param, _, state in self.group.held:
            if state:
                own_state = states[param]
                for what, kept in state:
                    tensor = own_state.get(what)
                    if not isinstance(tensor, Tensor) or tensor._array is not kept:
                        return False
        return True

    def run(self, options: dict[str, Any]) -> None:
        """One step with the gradients that are put in."""
        counters, given = self.group.counters, [options.get(option) for option in self.asked]
        count = float(counters[0]) if counters else 1.0  # SGD's is not its first
        if given == self.given:
            self.settings[0] = count
        else:
            self.settings[:] = numbers(self.name, options, count)
            self.given = given
        if self.unlocked or self.gather is None:
            self.program.run(unlocked=self.unlocked)
        else:
            self.quick()
        versions.stamp_all(self.group.columns[0])


class Group:
    """A group's arrays: columns of params, gradients and state; counters; and by parameter, what belongs to it."""

    def __init__(self, columns: int) -> None:
        self.columns: list[list[Any]] = [[] for _ in range(columns)]
        self.counters: list[Any] = []
        self.held: list[tuple[Any, Any, list[tuple[str, Any]]]] = []  # (parameter, its array or None, state)


own = Own()


def step(optimizer: Any, options: dict[str, Any]) -> bool:
    """Take one step of a group whose options are given, if that can be done natively. -> whether it was."""
    if again(optimizer, options):
        return True
    name = KINDS.get(type(optimizer).__name__)
    if name is None or not type(optimizer).__module__.startswith("gradbook.optim"):
        return False
    params, plans = options["params"], own.plans.setdefault(optimizer, {})
    plan = planned(optimizer, name, switches_of(options), params)
    if plan is None or not plan.ready(optimizer, params):
        plans.pop(id(params), None)
        return False
    plan.switched, plans[id(params)] = [options.get(what) for what in SWITCHES], plan
    plan.run(options)
    return True


def again(optimizer: Any, options: dict[str, Any]) -> bool:
    """Take one step as one before, if nothing but gradients and numbers has changed. -> whether it was taken."""
    plans = own.plans.get(optimizer)
    plan = plans.get(id(options["params"])) if plans else None
    if plan is None or plan.switched != [options.get(what) for what in SWITCHES]:
        return False
    if not plan.ready(optimizer, options["params"]):
        return False
    plan.run(options)
    return True


def eager_step(optimizer: Any, options: dict[str, Any]) -> bool:
    """As `step`, where nothing is waited for: the first steps are the optimizer's own while the kernel is compiled."""
    if eager.state.patient:
        return step(optimizer, options)
    if again(optimizer, options):
        return True
    try:
        with jit.ready_only():
            return step(optimizer, options)
    except jit.NotReady:
        name, switches = KINDS[type(optimizer).__name__], switches_of(options)
        if (name, switches) not in _asked:
            _asked.add((name, switches))
            eager.in_background(lambda: (optimizers.prepare_kernel(name), optimizers.update_kernel(name, switches)))
        return False


_asked: set[tuple[str, frozenset[str]]] = set()


def switches_of(options: dict[str, Any]) -> frozenset[str]:
    """What of a rule is switched on by a group's options."""
    return frozenset([switch for what, switch in SWITCHES.items() if options.get(what)])


def planned(optimizer: Any, name: str, switches: frozenset[str], params: list[Any]) -> Plan | None:
    """A plan for a group as it is now, or None where kernels do not take it."""
    group = group_of(optimizer, name, switches, params)
    try:
        return None if group is None else Plan(name, switches, group)
    except Unsupported:
        return None


def is_plain(array: Any) -> bool:
    """Whether it is a contiguous float32 array that may be written, and not empty."""
    if type(array) is not np.ndarray or array.dtype is not FLOAT:
        return False
    flags = array.flags
    return bool(flags.c_contiguous and flags.writeable and array.size)


def group_of(optimizer: Any, name: str, switches: frozenset[str], params: list[Any]) -> Group | None:
    """The arrays of a group; None where not all are plain and have their state, or the counts of steps differ."""
    names = RULES[name].arrays(switches)[2:]
    group = Group(2 + len(names))
    for param in params:
        grad = param._grad
        if grad is None:
            group.held.append((param, None, []))
            continue
        state = optimizer.state.get(param, {})
        wanted = [*names, *([] if name == "sgd" else ["step"])]
        tensors = [state.get(what) for what in wanted]
        if not all(isinstance(tensor, Tensor) for tensor in tensors):
            return None
        kept = [tensor._array for tensor in tensors]
        arrays = [param._array, grad._array, *kept[: len(names)]]
        if not all(is_plain(array) and array.shape == arrays[0].shape for array in arrays):
            return None
        for array, column in zip(arrays, group.columns, strict=True):
            column.append(array)
        group.counters += kept[len(names) :]
        group.held.append((param, arrays[0], list(zip(wanted, kept, strict=True))))
    if not all(is_plain(count) and count.size == 1 for count in group.counters):
        return None
    same = len({float(count) for count in group.counters}) <= 1
    return group if group.columns[0] and same else None


def numbers(name: str, options: dict[str, Any], count: float) -> list[float]:
    """The settings of a rule from a group's options."""
    given = {"step": count, **options}
    if "betas" in options:
        given["beta1"], given["beta2"] = options["betas"]
    return [float(given[what]) for what in RULES[name].settings]
