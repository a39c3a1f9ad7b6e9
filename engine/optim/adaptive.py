"""RMSprop, Adagrad, Adadelta, Rprop and ASGD: step sizes that follow the gradient's history."""

from __future__ import annotations

from typing import Any

from gradbook import backends
from gradbook.optim.optimizer import ArrayOptimizer, check, check_lr, count, counter, zeros_like
from gradbook.tensor import Tensor

__all__ = ["ASGD", "Adadelta", "Adagrad", "RMSprop", "Rprop"]


class RMSprop(ArrayOptimizer):
    """The gradient divided by the root of a running mean of its square, as torch.optim.RMSprop.

    centered subtracts the square of the running mean; momentum as in SGD. Raises ValueError for options out of range.
    """

    formula = (
        r"v \leftarrow \alpha v + (1 - \alpha) g^2, \quad \theta \leftarrow \theta - \eta \, g / (\sqrt v + \epsilon)"
    )

    def __init__(
        self, params: Any, lr: Any = 1e-2, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0,
        momentum: float = 0, centered: bool = False, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check(eps >= 0.0, "epsilon value", eps)
        check(momentum >= 0.0, "momentum value", momentum)
        check(weight_decay >= 0.0, "weight_decay value", weight_decay)
        check(alpha >= 0.0, "alpha value", alpha)
        defaults = dict(
            lr=lr, momentum=momentum, alpha=alpha, eps=eps, centered=centered, weight_decay=weight_decay,
            capturable=capturable, foreach=foreach, maximize=maximize, differentiable=differentiable,
        )  # fmt: skip
        super().__init__(params, defaults)

    def update(self, array: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """One parameter, in place."""
        if not state:
            state["step"], state["square_avg"] = counter(), zeros_like(array)
            if options["momentum"] > 0:
                state["momentum_buffer"] = zeros_like(array)
            if options["centered"]:
                state["grad_avg"] = zeros_like(array)
        xp, alpha = backends.xp_of(array), options["alpha"]
        work, spare = self.scratch(array, 2)
        count(state)
        g = self.directed(array, grad, options, spare)
        square = state["square_avg"]._array
        square *= alpha
        xp.multiply(g, g, out=work)
        work *= 1 - alpha
        square += work
        if options["centered"]:
            mean = state["grad_avg"]._array
            xp.subtract(g, mean, out=work)
            work *= 1 - alpha
            mean += work
            xp.multiply(mean, mean, out=work)
            xp.subtract(square, work, out=work)
            xp.sqrt(work, out=work)
        else:
            xp.sqrt(square, out=work)
        work += options["eps"]
        xp.divide(g, work, out=work)
        if options["momentum"] > 0:
            buffer = state["momentum_buffer"]._array
            buffer *= options["momentum"]
            buffer += work
            xp.multiply(buffer, options["lr"], out=work)
        else:
            work *= options["lr"]
        xp.subtract(array, work, out=array)


class Adagrad(ArrayOptimizer):
    """The gradient divided by the root of the sum of all its squares, as torch.optim.Adagrad. Duchi et al. 2011.

    Raises ValueError for options out of range.
    """

    formula = r"s \leftarrow s + g^2, \quad \theta \leftarrow \theta - \eta_t \, g / (\sqrt s + \epsilon)"

    def __init__(
        self, params: Any, lr: Any = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
        initial_accumulator_value: float = 0, eps: float = 1e-10, foreach: bool | None = None, *,
        maximize: bool = False,
        differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check(lr_decay >= 0.0, "lr_decay value", lr_decay)
        check(weight_decay >= 0.0, "weight_decay value", weight_decay)
        check(initial_accumulator_value >= 0.0, "initial_accumulator_value value", initial_accumulator_value)
        check(eps >= 0.0, "epsilon value", eps)
        defaults = dict(
            lr=lr, lr_decay=lr_decay, eps=eps, weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value, foreach=foreach, maximize=maximize,
            differentiable=differentiable, fused=fused,
        )  # fmt: skip
        super().__init__(params, defaults)
        for group in self.param_groups:
            for param in group["params"]:
                self._start(param._array, self.state[param], group)

    def _start(self, array: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        state["step"], state["sum"] = counter(), zeros_like(array)
        state["sum"]._array += options["initial_accumulator_value"]

    def share_memory(self) -> None:
        """Move the sums of squares to memory that other processes see, as torch.optim.Adagrad.share_memory."""
        for state in self.state.values():
            if state:
                state["sum"].share_memory_()

    def update(self, array: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """One parameter, in place."""
        if not state:
            self._start(array, state, options)
        xp = backends.xp_of(array)
        work, spare = self.scratch(array, 2)
        step = count(state)
        g = self.directed(array, grad, options, spare)
        total = state["sum"]._array
        xp.multiply(g, g, out=work)
        total += work
        xp.sqrt(total, out=work)
        work += options["eps"]
        xp.divide(g, work, out=work)
        work *= options["lr"] / (1 + (step - 1) * options["lr_decay"])
        xp.subtract(array, work, out=array)


class Adadelta(ArrayOptimizer):
    """Steps in proportion to the root of the running mean of earlier steps, as torch.optim.Adadelta. Zeiler 2012.

    Raises ValueError for options out of range.
    """

    formula = r"\Delta = \sqrt{u + \epsilon} / \sqrt{v + \epsilon} \; g, \quad \theta \leftarrow \theta - \eta \Delta"

    def __init__(
        self, params: Any, lr: Any = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0,
        foreach: bool | None = None, *, capturable: bool = False, maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check(0.0 <= rho <= 1.0, "rho value", rho)
        check(eps >= 0.0, "epsilon value", eps)
        check(weight_decay >= 0.0, "weight_decay value", weight_decay)
        defaults = dict(
            lr=lr, rho=rho, eps=eps, weight_decay=weight_decay, maximize=maximize, capturable=capturable,
            foreach=foreach,
            differentiable=differentiable,
        )  # fmt: skip
        super().__init__(params, defaults)

    def update(self, array: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """One parameter, in place."""
        if not state:
            state["step"], state["square_avg"], state["acc_delta"] = counter(), zeros_like(array), zeros_like(array)
        xp, rho, eps = backends.xp_of(array), options["rho"], options["eps"]
        work, spare, delta = self.scratch(array, 3)
        count(state)
        g = self.directed(array, grad, options, spare)
        square, steps = state["square_avg"]._array, state["acc_delta"]._array
        square *= rho
        xp.multiply(g, g, out=work)
        work *= 1 - rho
        square += work
        xp.add(square, eps, out=work)
        xp.sqrt(work, out=work)
        xp.add(steps, eps, out=delta)
        xp.sqrt(delta, out=delta)
        delta /= work
        delta *= g
        steps *= rho
        xp.multiply(delta, delta, out=work)
        work *= 1 - rho
        steps += work
        delta *= options["lr"]
        xp.subtract(array, delta, out=array)


class Rprop(ArrayOptimizer):
    """Only the gradient's sign counts; steps grow while it stays and shrink when it turns, as torch.optim.Rprop.

    For full batches. Raises ValueError for options out of range. Riedmiller and Braun 1993.
    """

    formula = r"\theta \leftarrow \theta - \operatorname{sign}(g) \, s"

    def __init__(
        self, params: Any, lr: Any = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50), *, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        check_lr(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = dict(
            lr=lr, etas=etas, step_sizes=step_sizes, foreach=foreach, maximize=maximize, differentiable=differentiable,
            capturable=capturable,
        )  # fmt: skip
        super().__init__(params, defaults)

    def update(self, array: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """One parameter, in place."""
        if not state:
            state["step"], state["prev"], state["step_size"] = counter(), zeros_like(array), zeros_like(array)
            state["step_size"]._array += options["lr"]
        xp = backends.xp_of(array)
        (work,) = self.scratch(array, 1)[:1]
        count(state)
        g = xp.negative(grad) if options["maximize"] else grad.copy()
        before, size = state["prev"]._array, state["step_size"]._array
        shrink, grow = options["etas"]
        xp.multiply(g, before, out=work)
        turned, stayed = work < 0, work > 0
        size *= xp.where(stayed, grow, xp.where(turned, shrink, 1.0)).astype(size.dtype)
        xp.clip(size, *options["step_sizes"], out=size)
        g[turned] = 0
        xp.sign(g, out=work)
        work *= size
        xp.subtract(array, work, out=array)
        before[...] = g


class ASGD(ArrayOptimizer):
    """SGD that also averages the parameters (state "ax"), as torch.optim.ASGD. Polyak and Juditsky 1992.

    Raises ValueError for options out of range.
    """

    formula = (
        r"\theta \leftarrow (1 - \lambda \eta_t) \theta - \eta_t g, "
        r"\quad \bar\theta \leftarrow \bar\theta + \mu_t (\theta - \bar\theta)"
    )

    def __init__(
        self, params: Any, lr: Any = 1e-2, lambd: float = 1e-4, alpha: float = 0.75, t0: float = 1e6,
        weight_decay: float = 0, foreach: bool | None = None, maximize: bool = False, differentiable: bool = False,
        capturable: bool = False,
    ) -> None:  # fmt: skip
        check_lr(lr)
        check(weight_decay >= 0.0, "weight_decay value", weight_decay)
        defaults = dict(
            lr=lr, lambd=lambd, alpha=alpha, t0=t0, weight_decay=weight_decay, foreach=foreach, maximize=maximize,
            differentiable=differentiable, capturable=capturable,
        )  # fmt: skip
        super().__init__(params, defaults)

    def update(self, array: Any, grad: Any, state: dict[str, Any], options: dict[str, Any]) -> None:
        """One parameter, in place."""
        lr, lambd = options["lr"], options["lambd"]
        if not state:
            state["step"], state["eta"], state["mu"] = counter(), counter(lr), counter(1.0)
            state["ax"] = zeros_like(array)
        work, spare = self.scratch(array, 2)
        step = count(state)
        g = self.directed(array, grad, options, spare)
        eta, mu = _number(state["eta"]), _number(state["mu"])
        array *= 1 - lambd * eta
        backends.xp_of(array).multiply(g, eta, out=work)
        array -= work
        mean = state["ax"]._array
        if mu == 1:
            mean[...] = array
        else:
            mean += (array - mean) * mu
        state["eta"]._array[...] = lr / ((1 + lambd * lr * step) ** options["alpha"])
        state["mu"]._array[...] = 1 / max(1, step - options["t0"])


def _number(value: Tensor) -> float:
    return float(value._array)
