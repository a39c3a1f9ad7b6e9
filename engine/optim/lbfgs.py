"""L-BFGS: a quasi-Newton method that remembers the last steps and the gradient's changes along them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from gradbook import backends
from gradbook.autograd import grad_mode, versions
from gradbook.optim.array_optimizer import check_lr
from gradbook.optim.optimizer import Optimizer
from gradbook.tensor import Tensor

__all__ = ["LBFGS"]

Trial = tuple[float, float, Any, float]  # step length, loss, gradient, slope along the direction


class LBFGS(Optimizer):
    """Newton's method with a curvature estimated from the last `history_size` steps, as torch.optim.LBFGS.

    step(closure) calls the closure several times: it clears the gradients, computes the loss, calls backward, returns
    the loss. line_search_fn: None or "strong_wolfe". Raises ValueError for more than one parameter group.
    """

    formula = r"\theta \leftarrow \theta - t \, H \nabla L, \quad H \approx (\nabla^2 L)^{-1}"

    def __init__(
        self, params: Any, lr: Any = 1, max_iter: int = 20, max_eval: int | None = None, tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9, history_size: int = 100, line_search_fn: str | None = None,
    ) -> None:  # fmt: skip
        check_lr(lr)
        defaults = dict(
            lr=lr, max_iter=max_iter, max_eval=max_iter * 5 // 4 if max_eval is None else max_eval,
            tolerance_grad=tolerance_grad, tolerance_change=tolerance_change, history_size=history_size,
            line_search_fn=line_search_fn,
        )  # fmt: skip
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @property
    def _params(self) -> list[Tensor]:
        found: list[Tensor] = self.param_groups[0]["params"]
        return found

    # -- one long vector ---------------------------------------------------------------------------------------------

    def _gradient(self) -> Any:
        xp = backends.xp_of(self._params[0]._array)
        parts = [
            xp.zeros(p._array.size, p._array.dtype) if p._grad is None else p._grad._array.reshape(-1)
            for p in self._params
        ]
        return xp.concatenate(parts)

    def _values(self) -> Any:
        return backends.xp_of(self._params[0]._array).concatenate([p._array.reshape(-1) for p in self._params])

    def _move(self, start: Any, length: float, direction: Any) -> None:
        """Parameters = start + length · direction."""
        at = 0
        for p in self._params:
            part = slice(at, at + p._array.size)
            p._array[...] = (start[part] + length * direction[part]).reshape(p._array.shape)
            versions.stamp(p._array)
            at = part.stop

    # -- the step ----------------------------------------------------------------------------------------------------

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Up to max_iter iterations. -> the loss before the first one."""
        options = self.param_groups[0]
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        def evaluate() -> tuple[Any, Any]:
            with grad_mode.enable_grad():
                value = closure()
            return value, self._gradient()

        first, gradient = evaluate()
        loss, calls = float(first), 1
        state["func_evals"] += 1
        if _largest(gradient) <= options["tolerance_grad"]:
            return first
        for iteration in range(1, options["max_iter"] + 1):
            state["n_iter"] += 1
            direction = self._direction(state, gradient, options["history_size"])
            before, loss_before = gradient.copy(), loss
            state["prev_flat_grad"], state["prev_loss"] = Tensor._of(before), loss_before
            length = float(options["lr"])
            if state["n_iter"] == 1:
                length *= min(1.0, 1.0 / float(abs(gradient).sum()))
            slope = float(gradient @ direction)
            state["d"], state["t"] = Tensor._of(direction), length
            if slope > -options["tolerance_change"]:
                break
            start = self._values()
            calls_here = 0
            last = iteration == options["max_iter"]
            if options["line_search_fn"] == "strong_wolfe":

                def trial(t: float, start: Any = start, direction: Any = direction) -> Trial:
                    self._move(start, t, direction)
                    value, g = evaluate()
                    return t, float(value), g, float(g @ direction)

                (length, loss, gradient, _), calls_here = strong_wolfe(
                    trial, length, (0.0, loss, gradient, slope), _largest(direction), options["max_eval"] - calls
                )
                self._move(start, length, direction)
                state["t"] = length
            elif options["line_search_fn"] is not None:
                raise RuntimeError("only 'strong_wolfe' is supported")
            else:
                self._move(start, length, direction)
                if not last:
                    value, gradient = evaluate()
                    loss, calls_here = float(value), 1
            calls += calls_here
            state["func_evals"] += calls_here
            if (
                last
                or calls >= options["max_eval"]
                or _largest(gradient) <= options["tolerance_grad"]
                or _largest(direction) * abs(length) <= options["tolerance_change"]
                or abs(loss - loss_before) < options["tolerance_change"]
            ):
                break
        return first

    def _direction(self, state: dict[str, Any], gradient: Any, history_size: int) -> Any:
        """−H ∇L by the two-loop recursion, after the memory took in the last step."""
        if state["n_iter"] == 1:
            state["old_dirs"], state["old_stps"], state["ro"], state["H_diag"] = [], [], [], 1.0
            return -gradient
        changes, steps, ro = state["old_dirs"], state["old_stps"], state["ro"]
        change = gradient - state["prev_flat_grad"]._array
        step = state["d"]._array * state["t"]
        curvature = float(change @ step)
        if curvature > 1e-10:
            if len(changes) == history_size:
                for memory in (changes, steps, ro):
                    memory.pop(0)
            changes.append(Tensor._of(change))
            steps.append(Tensor._of(step))
            ro.append(1.0 / curvature)
            state["H_diag"] = curvature / float(change @ change)
        q = -gradient
        weights = [0.0] * len(changes)
        for i in range(len(changes) - 1, -1, -1):
            weights[i] = float(steps[i]._array @ q) * ro[i]
            q -= weights[i] * changes[i]._array
        q *= state["H_diag"]
        for i in range(len(changes)):
            q += (weights[i] - float(changes[i]._array @ q) * ro[i]) * steps[i]._array
        return q


def _largest(x: Any) -> float:
    return float(abs(x).max())


def cubic_minimum(a: Trial, b: Trial, bounds: tuple[float, float] | None = None) -> float:
    """Where the cubic through two points with slopes is lowest, kept between bounds (Nocedal and Wright, eq. 3.59)."""
    (x1, f1, _, g1), (x2, f2, _, g2) = a, b
    low, high = bounds or (min(x1, x2), max(x1, x2))
    d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2)
    square = d1**2 - g1 * g2
    if square < 0 or math.isnan(square):
        return (low + high) / 2.0
    d2 = math.sqrt(square)
    if x1 > x2:
        x1, g1, x2, g2 = x2, g2, x1, g1
    bottom = g2 - g1 + 2 * d2
    best = x2 - (x2 - x1) * ((g2 + d2 - d1) / bottom) if bottom else math.nan
    return min(max(best, low), high)


def strong_wolfe(
    trial: Callable[[float], Trial], t: float, start: Trial, reach: float, most: int, c1: float = 1e-4, c2: float = 0.9,
    tolerance: float = 1e-9,
) -> tuple[Trial, int]:  # fmt: skip
    """A step length with enough descent and a small enough slope (Nocedal and Wright, algorithms 3.5 and 3.6).

    -> (the trial, how many times the loss was computed).
    """
    _, loss, _, slope = start
    before, now = start, trial(t)
    calls, tries = 1, 0
    bracket: list[Trial] = []
    while tries < most:
        if now[1] > loss + c1 * now[0] * slope or (tries > 1 and now[1] >= before[1]):
            bracket = [before, now]
            break
        if abs(now[3]) <= -c2 * slope:
            return now, calls
        if now[3] >= 0:
            bracket = [before, now]
            break
        bounds = (now[0] + 0.01 * (now[0] - before[0]), now[0] * 10)
        t = cubic_minimum(before, now, bounds)
        before, now = now, trial(t)
        calls, tries = calls + 1, tries + 1
    bracket = bracket or [start, now]
    calls += _narrow(trial, bracket, loss, slope, reach, most - tries, c1, c2, tolerance)
    return min(bracket, key=lambda end: end[1]), calls


def _narrow(
    trial: Callable[[float], Trial], bracket: list[Trial], loss: float, slope: float, reach: float, most: int,
    c1: float, c2: float, tolerance: float,
) -> int:  # fmt: skip
    """Draw the two ends of a bracket together round a good step length. -> how many times the loss was computed."""
    stuck = False
    low, high = (0, 1) if bracket[0][1] <= bracket[1][1] else (1, 0)
    for calls in range(max(most, 0)):
        if abs(bracket[1][0] - bracket[0][0]) * reach < tolerance:
            return calls
        t = cubic_minimum(bracket[0], bracket[1])
        left, right = min(bracket[0][0], bracket[1][0]), max(bracket[0][0], bracket[1][0])
        margin = 0.1 * (right - left)
        near = min(right - t, t - left) < margin  # to an end: no progress
        if near and (stuck or t >= right or t <= left):
            t = right - margin if abs(t - right) < abs(t - left) else left + margin
            stuck = False
        else:
            stuck = near
        now = trial(t)
        if now[1] > loss + c1 * t * slope or now[1] >= bracket[low][1]:
            bracket[high] = now
            low, high = (0, 1) if bracket[0][1] <= bracket[1][1] else (1, 0)
            continue
        done = abs(now[3]) <= -c2 * slope
        if not done and now[3] * (bracket[high][0] - bracket[low][0]) >= 0:
            bracket[high] = bracket[low]
        bracket[low] = now
        if done:
            return calls + 1
    return max(most, 0)
