"""Averages of a model's weights along the training, as torch.optim.swa_utils."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any

import gradbook
from gradbook.autograd import grad_mode
from gradbook.optim.optimizer import Optimizer
from gradbook.optim.scheduler import LRScheduler, one_a_group
from gradbook.tensor import Tensor

__all__ = [
    "SWALR", "AveragedModel", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn", "get_swa_multi_avg_fn",
    "update_bn",
]  # fmt: skip

PARAM_LIST = tuple[Tensor, ...] | list[Tensor]


def _check_decay(decay: float) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[[Any, Any, Any], None]:
    """The function that moves a list of averages 1 - decay of the way to the model's. Raises ValueError."""
    _check_decay(decay)
    one = get_ema_avg_fn(decay)

    @grad_mode.no_grad()  # type: ignore[untyped-decorator]
    def ema_update(ema_param_list: Any, current_param_list: Any, _: Any) -> None:
        for ema, current in zip(ema_param_list, current_param_list, strict=True):
            ema.copy_(one(ema, current, _))

    made: Callable[[Any, Any, Any], None] = ema_update
    return made


def get_swa_multi_avg_fn() -> Callable[[Any, Any, Any], None]:
    """The function that keeps a list of averages equal means of all models seen."""
    one = get_swa_avg_fn()

    @grad_mode.no_grad()  # type: ignore[untyped-decorator]
    def swa_update(averaged_param_list: Any, current_param_list: Any, num_averaged: Any) -> None:
        for averaged, current in zip(averaged_param_list, current_param_list, strict=True):
            averaged.copy_(one(averaged, current, num_averaged))

    made: Callable[[Any, Any, Any], None] = swa_update
    return made


def get_ema_avg_fn(decay: float = 0.999) -> Callable[[Any, Any, Any], Any]:
    """decay · average + (1 - decay) · model, for one parameter. Raises ValueError for a decay out of 0..1."""
    _check_decay(decay)

    @grad_mode.no_grad()  # type: ignore[untyped-decorator]
    def ema_update(ema_param: Any, current_param: Any, num_averaged: Any) -> Any:
        return decay * ema_param + (1 - decay) * current_param

    made: Callable[[Any, Any, Any], Any] = ema_update
    return made


def get_swa_avg_fn() -> Callable[[Any, Any, Any], Any]:
    """The mean of all models seen, for one parameter."""

    @grad_mode.no_grad()  # type: ignore[untyped-decorator]
    def swa_update(averaged_param: Any, current_param: Any, num_averaged: Any) -> Any:
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    made: Callable[[Any, Any, Any], Any] = swa_update
    return made


class AveragedModel(gradbook.nn.Module):
    """A copy of a model that holds the average of the weights update_parameters has seen, as AveragedModel.

    avg_fn(average, parameter, n) -> average, or multi_avg_fn(averages, parameters, n) in place; else the mean.
    use_buffers: average the buffers too, else copy them. Raises AssertionError for both functions.
    """

    n_averaged: Tensor

    def __init__(
        self, model: Any, device: Any = None, avg_fn: Callable[[Any, Any, Any], Any] | None = None,
        multi_avg_fn: Callable[[Any, Any, Any], None] | None = None, use_buffers: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", gradbook.tensor(0, dtype=gradbook.long, device=device))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def _averaged(self, model: Any) -> list[Tensor]:
        more = model.buffers() if self.use_buffers else ()
        return list(itertools.chain(model.parameters(), more))

    @grad_mode.no_grad()  # type: ignore[untyped-decorator]
    def update_parameters(self, model: Any) -> None:
        """Take the present weights of `model` into the average."""
        averages = [tensor.detach() for tensor in self._averaged(self.module)]
        currents = [tensor.detach().to(own.device) for tensor, own in zip(self._averaged(model), averages, strict=True)]
        if int(self.n_averaged) == 0:
            for average, current in zip(averages, currents, strict=True):
                average.copy_(current)
        elif self.avg_fn is not None:
            for average, current in zip(averages, currents, strict=True):
                average.copy_(self.avg_fn(average, current, self.n_averaged))
        else:
            (self.multi_avg_fn or get_swa_multi_avg_fn())(averages, currents, self.n_averaged)
        if not self.use_buffers:
            for own, other in zip(self.module.buffers(), model.buffers(), strict=True):
                own.detach().copy_(other.detach())
        self.n_averaged += 1


@grad_mode.no_grad()  # type: ignore[untyped-decorator]
def update_bn(loader: Iterable[Any], model: Any, device: Any = None) -> None:
    """Batch norms' running statistics anew, as means over all batches of `loader`, as torch.optim.swa_utils.update_bn.

    A batch is a tensor, or a list or tuple whose first entry is one. Modes and momenta are left as they were.
    """
    from gradbook.nn.modules.batchnorm import _BatchNorm

    momenta: dict[Any, Any] = {module: module.momentum for module in model.modules() if isinstance(module, _BatchNorm)}
    if not momenta:
        return
    training = model.training
    model.train()
    for module in momenta:
        module.reset_running_stats()
        module.momentum = None
    for batch in loader:
        input = batch[0] if isinstance(batch, (list, tuple)) else batch
        model(input if device is None else input.to(device))
    for module, momentum in momenta.items():
        module.momentum = momentum
    model.train(training)


class SWALR(LRScheduler):
    """lr goes to swa_lr in anneal_epochs epochs and stays there, as torch.optim.swa_utils.SWALR.

    anneal_strategy: "cos" or "linear". Raises ValueError for another, or negative or fractional anneal_epochs.
    """

    def __init__(
        self, optimizer: Optimizer, swa_lr: Any, anneal_epochs: int = 10, anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        for rate, group in zip(one_a_group("swa_lr", optimizer, swa_lr), optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._anneal_strategy = anneal_strategy
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _part(self, step: int) -> float:
        """How much of the way has been gone after `step` steps."""
        part = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return part if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * part)) / 2

    def get_lr(self) -> list[Any]:
        """The learning rates for this step, from those before: other schedules may have changed them."""
        self._only_in_step()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._part(step - 1), self._part(step)
        found = []
        for group in self.optimizer.param_groups:
            goal, lr = group["swa_lr"], group["lr"]
            start = goal if before == 1 else (lr - before * goal) / (1 - before)
            found.append(goal * now + start * (1 - now))
        return found
