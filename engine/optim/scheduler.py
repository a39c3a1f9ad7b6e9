"""LRScheduler, the base of all schedules, and those that are made of others."""

from __future__ import annotations

import types
import warnings
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from gradbook import events
from gradbook.optim.optimizer import Optimizer
from gradbook.tensor import Tensor

__all__ = ["ChainedScheduler", "LRScheduler", "SequentialLR"]

EPOCH = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. Please use "
    "`scheduler.step()` to step the scheduler."
)


def set_lr(group: dict[str, Any], value: Any) -> None:
    """Write a learning rate: into the tensor, where it is one."""
    if isinstance(group["lr"], Tensor):
        group["lr"]._array[...] = float(value)
    else:
        group["lr"] = float(value) if isinstance(value, Tensor) else value


def lrs_of(optimizer: Optimizer, key: str = "lr") -> list[Any]:
    """The learning rates of all groups, copied."""
    return [group[key].clone() if isinstance(group[key], Tensor) else group[key] for group in optimizer.param_groups]


def one_a_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """An option as a list with one entry a parameter group. Raises ValueError for a list of another length."""
    if not isinstance(value, (list, tuple)):
        return [value] * len(optimizer.param_groups)
    if len(value) != len(optimizer.param_groups):
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. {name} has {len(value)} "
            "values, param_groups has "
            f"{len(optimizer.param_groups)}."
        )
    return list(value)


def announce(scheduler: Any) -> None:
    """Tell who listens that a schedule is being constructed."""
    if events.built:
        events.emit(events.built, scheduler)


def told(scheduler: Any) -> None:
    """Tell who listens that a schedule has stepped; not of the step that its constructor takes."""
    if events.schedule and not getattr(scheduler, "_is_initial", False):
        events.emit(events.schedule, scheduler)


class LRScheduler:
    """Base of learning rate schedules, as torch.optim.lr_scheduler.LRScheduler: write get_lr() in a subclass.

    Call step() once an epoch (or a batch), after optimizer.step(). Raises TypeError unless it gets an Optimizer,
    KeyError when resumed (last_epoch ≥ 0) with groups that know no initial_lr.
    """

    _is_initial = False
    _get_lr_called_within_step = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                lr = group["lr"]
                group.setdefault("initial_lr", lr.clone() if isinstance(lr, Tensor) else lr)
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming scheduler with "
                    "last_epoch >= 0.\n"
                    "Load the optimizer's state first, or begin with last_epoch=-1"
                )
        self.base_lrs = lrs_of(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        announce(self)
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what state_dict() gave."""
        self.__dict__.update(state_dict)

    def get_last_lr(self) -> list[Any]:
        """The learning rates that the last step() set, one a group."""
        return self._last_lr

    def get_lr(self) -> list[Any]:
        """The learning rates for last_epoch, one a group; to be written by the subclass."""
        raise NotImplementedError(f"{type(self).__name__} has no get_lr()")

    def _only_in_step(self) -> None:
        if not self._get_lr_called_within_step:
            text = "To get the last learning rate computed by the scheduler, please use `get_last_lr()`."
            warnings.warn(text, UserWarning, stacklevel=3)

    def step(self, epoch: int | None = None) -> None:
        """The next epoch's learning rates. Warns when called before the first optimizer.step()."""
        if self._step_count == 1 and not self.optimizer._opt_called:
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`. Call them in the opposite order: "
                "`optimizer.step()` before `lr_scheduler.step()`, or the first value of the schedule is skipped.",
                UserWarning,
                stacklevel=2,
            )
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH, UserWarning, stacklevel=2)
        self._update_lr(epoch)
        told(self)

    def _update_lr(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        closed = None if epoch is None else getattr(self, "_get_closed_form_lr", None)
        self._write(self.get_lr if closed is None else closed)

    def _write(self, compute: Callable[[], list[Any]]) -> None:
        self._get_lr_called_within_step = True
        try:
            values = compute()
        finally:
            self._get_lr_called_within_step = False
        for group, value in zip(self.optimizer.param_groups, values, strict=True):
            set_lr(group, value)
        self._last_lr = lrs_of(self.optimizer)

    def _scaled(self, factor: float) -> list[Any]:
        """All current learning rates times a factor."""
        return [group["lr"] * factor for group in self.optimizer.param_groups]


class Functions(LRScheduler):
    """Schedules made of the user's functions: state_dict keeps callable objects' attributes, not functions."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Any, last_epoch: int = -1) -> None:
        self.optimizer = optimizer
        groups = len(optimizer.param_groups)
        if not isinstance(lr_lambda, (list, tuple)):
            self.lr_lambdas = [lr_lambda] * groups
        elif len(lr_lambda) != groups:
            raise ValueError(f"Expected {groups} lr_lambdas, but got {len(lr_lambda)}")
        else:
            self.lr_lambdas = list(lr_lambda)
        for fn in self.lr_lambdas:
            if not callable(fn):
                raise TypeError(f"lr_lambda should be a function, but got {type(fn).__name__}")
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and plain functions."""
        state = {key: value for key, value in self.__dict__.items() if key not in ("optimizer", "lr_lambdas")}
        state["lr_lambdas"] = [
            None if isinstance(fn, types.FunctionType) else fn.__dict__.copy() for fn in self.lr_lambdas
        ]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what state_dict() gave; functions stay."""
        self.__dict__.update({key: value for key, value in state_dict.items() if key != "lr_lambdas"})
        for fn, saved in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if saved is not None:
                fn.__dict__.update(saved)


class Several(LRScheduler):
    """Schedules made of other schedules."""

    def _check(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer) -> None:
        from gradbook.optim.schedules import ReduceLROnPlateau

        name = type(self).__name__
        for i, scheduler in enumerate(schedulers):
            if not hasattr(scheduler, "optimizer"):
                raise TypeError(f"{name} at index {i} should have `optimizer` as its attribute.")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(
                    f"{name} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to "
                    "be specified "
                    f"when calling `step`, but got one at index {i} in the given schedulers sequence."
                )
            if scheduler.optimizer is not optimizer:
                raise ValueError(
                    f"{name} expects all schedulers to belong to the same optimizer, but the "
                    f"{type(scheduler).__name__} at "
                    f"index {i} belongs to another one"
                )

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer; the schedules as their own state_dicts."""
        state = {key: value for key, value in self.__dict__.items() if key not in ("optimizer", "_schedulers")}
        state["_schedulers"] = [scheduler.state_dict() for scheduler in self._schedulers]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what state_dict() gave."""
        self.__dict__.update({key: value for key, value in state_dict.items() if key != "_schedulers"})
        for scheduler, saved in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            scheduler.load_state_dict(saved)

    _schedulers: Sequence[LRScheduler]


class SequentialLR(Several):
    """One schedule after the other, changing at the milestones (epochs), as torch.optim.lr_scheduler.SequentialLR.

    Raises ValueError unless there is one milestone less than schedules, all of the same optimizer.
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        if not schedulers:
            raise ValueError("SequentialLR expects at least one scheduler, but got no scheduler.")
        self._check(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than the "
                "number of milestone "
                f"points, but got number of schedulers {len(schedulers)} and the number of milestones to be equal to "
                f"{len(milestones)}"
            )
        self._schedulers, self._milestones = schedulers, milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        # each schedule has already taken its first step: undo them, then let the one in charge take its own
        for group in optimizer.param_groups:
            set_lr(group, group["initial_lr"])
        self.recursive_undo()
        chosen = schedulers[bisect_right(milestones, 0)]
        chosen._initial_step()
        self._last_lr = chosen.get_last_lr()
        announce(self)

    def recursive_undo(self, sched: Any = None) -> None:
        """Take the schedules back to before their first step."""
        each = self if sched is None else sched
        if hasattr(each, "_schedulers"):
            for scheduler in each._schedulers:
                self.recursive_undo(scheduler)
        elif hasattr(each, "last_epoch"):
            each.last_epoch -= 1

    def step(self) -> None:  # type: ignore[override]
        """The next epoch's learning rates."""
        self.last_epoch += 1
        i = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[i]
        if i > 0 and self._milestones[i - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()
        told(self)


class ChainedScheduler(Several):
    """Several schedules at once, each applied to what the others left, as torch.optim.lr_scheduler.ChainedScheduler."""

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        if not schedulers:
            raise ValueError("ChainedScheduler expects at least one scheduler to be chained, but got no scheduler.")
        shared = optimizer or schedulers[0].optimizer
        self._check(schedulers, shared)
        self._schedulers, self.optimizer = schedulers, shared
        self._last_lr = lrs_of(shared)
        announce(self)

    def step(self) -> None:  # type: ignore[override]
        """One step of each schedule."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = lrs_of(self.optimizer)
        told(self)
