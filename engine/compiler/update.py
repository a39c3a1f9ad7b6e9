"""An optimizer's step as kernels: its state in place, its options read before each run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook import optim
from gradbook.compiler.guards import is_constant
from gradbook.compiler.instruction import Instruction
from gradbook.compiler.wording import Wording
from gradbook.kernels.optimizers import SETTINGS, adagrad, adam, rmsprop, sgd
from gradbook.kernels.program import Program, Unsupported
from gradbook.optim import optimizer as everywhere
from gradbook.tensor import Tensor

if TYPE_CHECKING:
    from gradbook.compiler.plan import Plan

__all__ = ["Update"]

NAMES = {optim.SGD: "sgd", optim.Adam: "adam", optim.AdamW: "adam", optim.RMSprop: "rmsprop", optim.Adagrad: "adagrad"}
STATE = {
    "sgd": ("momentum_buffer",), "adam": ("exp_avg", "exp_avg_sq", "max_exp_avg_sq"),
    "rmsprop": ("square_avg", "grad_avg", "momentum_buffer"), "adagrad": ("sum",),
}  # fmt: skip
NOTHING = object()  # what no option is
ADDERS: dict[str, Any] = {"sgd": sgd, "adam": adam, "rmsprop": rmsprop, "adagrad": adagrad}


class Update:
    """The kernels of one instruction "update". Raises Unsupported for what they cannot do."""

    def __init__(self, plan: Plan, program: Program, each: Instruction) -> None:
        self.optimizer = optimizer = each.op
        name = NAMES.get(type(optimizer))
        if name is None or self.has_hooks():
            raise Unsupported(f"no kernel for {type(optimizer).__name__}")
        self.name = name
        grads = dict(zip(each.inputs[::2], each.inputs[1::2], strict=True))
        self.groups: list[Group] = []
        self.seen: list[tuple[Any, dict[str, Any], list[tuple[str, Any, Any]]]] = []
        self.state = optimizer.state
        for group in optimizer.param_groups:
            params = [p for p in group["params"] if plan.recorder.memory.find(p._array) in grads]
            if params:
                self.add(plan, program, group, params, grads)

    def add(self, plan: Plan, program: Program, group: dict[str, Any], params: list[Any], grads: Any) -> None:
        """The kernels of one group."""
        if group.get("differentiable"):
            raise Unsupported("a step that autograd follows")
        windows = [plan.recorder.memory.find(p._array) for p in params]
        arrays = [plan.array(window) for window in windows]
        states: list[dict[str, Any]] = [self.state[p] if p in self.state else {} for p in params]
        lists = [self.array_list(key, states) for key in STATE[self.name]]
        steps = [s["step"]._array for s in states if "step" in s]
        if any(step.dtype != np.float32 for step in steps) or not agree(steps):
            raise Unsupported("parameters that have taken different numbers of steps")
        settings = np.zeros(len(SETTINGS[self.name]))
        options = dict(zip(STRUCTURE[self.name], structure_of(self.name, group), strict=True))
        if self.name == "sgd" and not options.pop("momentum"):
            lists = [None]
        if self.name == "rmsprop":
            del options["momentum"], options["centered"]
        if self.name == "adam":
            del options["amsgrad"]
            options["decoupled"] = options.pop("decoupled_weight_decay")
        found = [plan.array(grads[window]) for window in windows]
        ADDERS[self.name](program, settings, arrays, found, *lists, steps=steps, **options)
        self.groups.append(Group(self.name, group, settings, steps[0] if steps else None))
        for p, state in zip(params, states, strict=True):
            self.seen.append((p, state, [(k, v, v._array) for k, v in state.items() if hasattr(v, "_array")]))

    def array_list(self, key: str, states: list[dict[str, Any]]) -> Any:
        """The arrays of one kind of state, or None if there is none."""
        kept = [state.get(key) for state in states]
        found = [part._array for part in kept if isinstance(part, Tensor)]
        if found and len(found) != len(states):
            raise Unsupported(f"{key} of some parameters only")
        return found or None

    def has_hooks(self) -> bool:
        """True if somebody wants to see each step."""
        o = self.optimizer
        own = o._optimizer_step_pre_hooks or o._optimizer_step_post_hooks
        return bool(own or everywhere.everywhere_before or everywhere.everywhere_after)

    def wording(self, wording: Wording) -> list[str]:
        """Conditions: the kernels' arrays are the optimizer's, nobody has hooks. -> what is done before each run."""
        o = wording.name(self.optimizer)
        wording.names["everywhere"] = everywhere
        wording.test(f"{o}.state is {wording.name(self.state)}")
        for hooks in (f"{o}._optimizer_step_pre_hooks", f"{o}._optimizer_step_post_hooks"):
            wording.test(f"not {hooks}")
        wording.test("not everywhere.everywhere_before and not everywhere.everywhere_after")
        for _, state, parts in self.seen:
            for key, tensor, array in parts:
                name = wording.name(tensor)
                wording.test(f"{wording.name(state)}.get({key!r}) is {name} and {name}._array is {wording.name(array)}")
        lines = [f"{o}._opt_called = True"]
        for each in self.groups:
            lines += each.wording(wording)
        return lines


class Group:
    """The options of one group of parameters, as its kernels read them."""

    def __init__(self, name: str, group: dict[str, Any], settings: Any, step: Any) -> None:
        self.name, self.group, self.settings, self.step = name, group, settings, step
        self.structure = structure_of(name, group)
        keys = {"betas" if key.startswith("beta") else key for key in SETTINGS[name][1:]} | {*STRUCTURE[name]}
        self.keys = sorted(key for key in keys if key in group)
        # the options of the run before, by key; NOTHING: read them again in any case
        self.last: list[Any] = [NOTHING] * len(self.keys)
        settings[0] = 1.0

    def wording(self, wording: Wording) -> list[str]:
        """What is done before each run: options that were set since, and the count of steps."""
        same = " and ".join(f"group[{key!r}] is last{i}" for i, key in enumerate(self.keys))
        lasts = "".join(f"last{i}, " for i in range(len(self.keys)))
        lines = [f"group, ({lasts}) = {wording.name(self.group)}, {wording.name(self.last)}"]
        lines += [f"if not ({same}) and not {wording.name(self)}.read():", "    return MISSED"]
        if self.step is not None:
            lines.append(f"{wording.name(self.settings)}[0] = {wording.name(self.step)}")
        return lines

    def read(self) -> bool:
        """Read the options again. -> False if they ask for another kernel"""
        if structure_of(self.name, self.group) != self.structure:
            return False
        self.settings[1:] = values_of(self.name, self.group)
        options = [self.group[key] for key in self.keys]
        self.last[:] = options if all(is_constant(option) for option in options) else [NOTHING] * len(options)
        return True


def structure_of(name: str, group: dict[str, Any]) -> tuple[Any, ...]:
    """The options that decide which kernel it is."""
    return tuple(bool(group.get(key)) for key in STRUCTURE[name])


def agree(steps: list[Any]) -> bool:
    """True if counts of steps are the same, now or soon: another thread may be taking a step."""
    for _ in range(20):
        if len({float(step) for step in steps}) <= 1:
            return True
        time.sleep(1e-3)
    return False


STRUCTURE = {
    "sgd": ("momentum", "nesterov", "maximize"), "adam": ("amsgrad", "decoupled_weight_decay", "maximize"),
    "rmsprop": ("momentum", "centered", "maximize"), "adagrad": ("maximize",),
}  # fmt: skip


def values_of(name: str, group: dict[str, Any]) -> list[float]:
    """A group's options in the order of the kernel's settings, without the count of steps."""
    if name == "adam":
        beta1, beta2 = group["betas"]
        options = {**group, "beta1": beta1, "beta2": beta2}
    else:
        options = group
    return [float(options[key]) for key in SETTINGS[name][1:]]
