"""The rules of optimizers, as their kernels are written: factors from the options, and the change of one vector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from gradbook.kernels.emit import BIT, DOUBLE, LONG, KernelBuilder

__all__ = ["RULES", "Rule"]

Values = dict[str, Any]


class Rule(NamedTuple):
    """An optimizer: the names of its settings and arrays, how its factors are made and what they do."""

    settings: tuple[str, ...]
    state: tuple[tuple[str, str], ...]  # (array, the option it needs or "")
    numbers: int
    factors: Callable[[KernelBuilder, Values], list[Any]]  # float64 settings -> float64 factors
    update: Callable[[KernelBuilder, Values, list[Any], frozenset[str]], Values]  # -> what changed
    flops: int

    def arrays(self, options: frozenset[str]) -> tuple[str, ...]:
        """The arrays of a parameter, in order."""
        return ("param", "grad", *(name for name, needs in self.state if not needs or needs in options))


def power(build: KernelBuilder, base: Any, exponent: Any) -> Any:
    """Base ** exponent of doubles, the exponent a whole number >= 0."""
    start, one = build.ir.fptosi(exponent, LONG), build.constant(1.0, DOUBLE)
    with build.loop_with(0, LONG(63), [one, base, start]) as (_, (result, square, left), after):
        odd = build.ir.trunc(left, BIT)
        after[:] = [
            build.ir.select(odd, build.ir.fmul(result, square), result),
            build.ir.fmul(square, square),
            build.ir.lshr(left, LONG(1)),
        ]
    return after[0]


def one_less(build: KernelBuilder, x: Any) -> Any:
    """1 - x of doubles."""
    return build.ir.fsub(build.constant(1.0, DOUBLE), x)


# -- SGD -------------------------------------------------------------------------------------------------------------


def sgd_factors(build: KernelBuilder, s: Values) -> list[Any]:
    """The first buffer is the gradient itself, whatever the dampening."""
    first = build.ir.fcmp_ordered("<=", s["step"], build.constant(1.0, DOUBLE))
    fresh = build.ir.select(first, build.constant(1.0, DOUBLE), one_less(build, s["dampening"]))
    return [s["lr"], s["momentum"], fresh, s["weight_decay"]]


def sgd_update(build: KernelBuilder, x: Values, numbers: list[Any], options: frozenset[str]) -> Values:
    """θ - lr v."""
    lr, momentum, fresh, decay = numbers
    g = build.fma(x["param"], decay, x["grad"])
    changed: Values = {}
    if "momentum" in options:
        v = changed["momentum_buffer"] = build.fma(x["momentum_buffer"], momentum, build.mul(g, fresh))
        g = build.fma(v, momentum, g) if "nesterov" in options else v
    return {**changed, "param": build.fma(build.ir.fneg(lr), g, x["param"])}


# -- Adam ------------------------------------------------------------------------------------------------------------


def adam_factors(build: KernelBuilder, s: Values) -> list[Any]:
    """Both corrections for the first steps go into eps and the learning rate."""
    root = build.intrinsic("sqrt", one_less(build, power(build, s["beta2"], s["step"])))
    lr = build.ir.fdiv(build.ir.fmul(s["lr"], root), one_less(build, power(build, s["beta1"], s["step"])))
    shrink = one_less(build, build.ir.fmul(s["lr"], s["weight_decay"]))
    fresh = [one_less(build, s[name]) for name in ("beta1", "beta2")]
    return [lr, *fresh, s["beta2"], build.ir.fmul(s["eps"], root), s["weight_decay"], shrink]


def adam_update(build: KernelBuilder, x: Values, numbers: list[Any], options: frozenset[str]) -> Values:
    """θ - lr m / (√v + eps)."""
    lr, fresh1, fresh2, beta2, eps, decay, shrink = numbers
    param, g = x["param"], x["grad"]
    if "decoupled" in options:
        param = build.mul(param, shrink)
    else:
        g = build.fma(param, decay, g)
    mean = build.fma(build.sub(g, x["exp_avg"]), fresh1, x["exp_avg"])
    square = build.fma(build.mul(g, g), fresh2, build.mul(x["exp_avg_sq"], beta2))
    changed = {"exp_avg": mean, "exp_avg_sq": square}
    if "amsgrad" in options:
        square = changed["max_exp_avg_sq"] = build.maximum(x["max_exp_avg_sq"], square)
    root = build.add(build.intrinsic("sqrt", square), eps)
    return {**changed, "param": build.fma(build.ir.fneg(lr), build.div(mean, root), param)}


# -- RMSprop and Adagrad ---------------------------------------------------------------------------------------------


def rmsprop_factors(build: KernelBuilder, s: Values) -> list[Any]:
    """As they are, and 1 - alpha."""
    return [s["lr"], s["alpha"], one_less(build, s["alpha"]), s["eps"], s["weight_decay"], s["momentum"]]


def rmsprop_update(build: KernelBuilder, x: Values, numbers: list[Any], options: frozenset[str]) -> Values:
    """θ - lr g / (√v + eps), or the same of a running sum of those quotients."""
    lr, alpha, fresh, eps, decay, momentum = numbers
    g = build.fma(x["param"], decay, x["grad"])
    square = build.fma(build.mul(g, g), fresh, build.mul(x["square_avg"], alpha))
    changed = {"square_avg": square}
    if "centered" in options:
        mean = changed["grad_avg"] = build.fma(build.sub(g, x["grad_avg"]), fresh, x["grad_avg"])
        square = build.ir.fsub(square, build.ir.fmul(mean, mean))  # not fused: below zero only where NumPy's is
    step = build.div(g, build.add(build.intrinsic("sqrt", square), eps))
    if "momentum" in options:
        step = changed["momentum_buffer"] = build.fma(x["momentum_buffer"], momentum, step)
    return {**changed, "param": build.fma(build.ir.fneg(lr), step, x["param"])}


def adagrad_factors(build: KernelBuilder, s: Values) -> list[Any]:
    """The learning rate falls with the steps."""
    one = build.constant(1.0, DOUBLE)
    slower = build.ir.fadd(one, build.ir.fmul(build.ir.fsub(s["step"], one), s["lr_decay"]))
    return [build.ir.fdiv(s["lr"], slower), s["eps"], s["weight_decay"]]


def adagrad_update(build: KernelBuilder, x: Values, numbers: list[Any], options: frozenset[str]) -> Values:
    """θ - lr g / (√s + eps)."""
    lr, eps, decay = numbers
    g = build.fma(x["param"], decay, x["grad"])
    total = build.fma(g, g, x["sum"])
    step = build.div(g, build.add(build.intrinsic("sqrt", total), eps))
    return {"sum": total, "param": build.fma(build.ir.fneg(lr), step, x["param"])}


RULES = {
    "sgd": Rule(
        ("step", "lr", "momentum", "dampening", "weight_decay"),
        (("momentum_buffer", "momentum"),), 4, sgd_factors, sgd_update, 6,
    ),
    "adam": Rule(
        ("step", "lr", "beta1", "beta2", "eps", "weight_decay"),
        (("exp_avg", ""), ("exp_avg_sq", ""), ("max_exp_avg_sq", "amsgrad")), 7, adam_factors, adam_update, 14,
    ),
    "rmsprop": Rule(
        ("step", "lr", "alpha", "eps", "weight_decay", "momentum"),
        (("square_avg", ""), ("grad_avg", "centered"), ("momentum_buffer", "momentum")), 6,
        rmsprop_factors, rmsprop_update, 10,
    ),
    "adagrad": Rule(
        ("step", "lr", "lr_decay", "eps", "weight_decay"), (("sum", ""),), 3, adagrad_factors, adagrad_update, 8,
    ),
}  # fmt: skip
