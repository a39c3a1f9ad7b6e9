"""Gradients against finite differences, as torch.autograd.gradcheck and gradgradcheck."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradbook.autograd import grad_mode
from gradbook.autograd.engine import grad
from gradbook.errors import GradbookError
from gradbook.tensor import Tensor

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]


class GradcheckError(GradbookError, RuntimeError):
    """A gradient rule disagrees with finite differences; the message names the input, the output and both numbers."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """True if the analytical Jacobian of `func` at `inputs` agrees with central differences (torch.autograd.gradcheck).

    inputs: float64 tensors that require grad, others are passed on. fast_mode compares along one random direction only.
    Raises GradcheckError (or returns False if not raise_exception), ValueError where no input requires grad.
    """
    arguments = _tuple(inputs)
    checked = [i for i, x in enumerate(arguments) if isinstance(x, Tensor) and x.requires_grad]
    if not checked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )
    try:
        _check_first(func, arguments, checked, eps, atol, rtol, fast_mode)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """True if second derivatives of `func` agree with differences of its first (torch.autograd.gradgradcheck)."""
    arguments = _tuple(inputs)
    rng = np.random.default_rng(7)
    if grad_outputs is None:
        outputs = _outputs(func, arguments)
        grad_outputs = [Tensor._of(_draw(rng, out._array)).requires_grad_() for out in outputs]
    upstream = _tuple(grad_outputs)
    count = len(arguments)

    def first_gradients(*values: Any) -> Any:
        xs = [x.view_as(x) if isinstance(x, Tensor) and x.requires_grad else x for x in values[:count]]
        asked = [x for x in xs if isinstance(x, Tensor) and x.requires_grad]
        outputs = _outputs(func, xs)
        found = grad(outputs, asked, list(values[count:]), create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None and g.requires_grad)

    if not first_gradients(*arguments, *upstream):
        return True
    return gradcheck(
        first_gradients, (*arguments, *upstream), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception,
        fast_mode=fast_mode,
    )  # fmt: skip


def _check_first(
    func: Callable[..., Any],
    arguments: Sequence[Any],
    checked: list[int],
    eps: float,
    atol: float,
    rtol: float,
    fast: bool,
) -> None:
    outputs = _outputs(func, arguments)
    if not outputs:
        raise GradcheckError("gradcheck: func returned no floating point tensor that requires grad")
    rng = np.random.default_rng(11)
    for o, out in enumerate(outputs):
        cotangents = [_draw(rng, out._array)] if fast else list(_units(out._array))
        for number, cotangent in enumerate(cotangents):
            found = grad(
                out, [arguments[i] for i in checked], Tensor._of(cotangent), retain_graph=True, allow_unused=True
            )
            for i, analytical in zip(checked, found, strict=True):
                _compare(func, arguments, i, o, number, cotangent, analytical, eps, atol, rtol)


def _compare(
    func: Any,
    arguments: Any,
    i: int,
    o: int,
    number: int,
    cotangent: Any,
    analytical: Any,
    eps: float,
    atol: float,
    rtol: float,
) -> None:
    array = arguments[i]._array
    shown = np.zeros_like(array) if analytical is None else analytical._array
    if shown.shape != array.shape:
        raise GradcheckError(f"gradcheck: the gradient of input {i} has shape {shown.shape}, the input {array.shape}")
    numerical = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        held = array[index]
        array[index] = held + eps
        above = _value(func, arguments, o, cotangent)
        array[index] = held - eps
        below = _value(func, arguments, o, cotangent)
        array[index] = held
        numerical[index] = (above - below) / (2 * eps)
    if not np.allclose(shown, numerical, rtol=rtol, atol=atol, equal_nan=True):
        worst = np.unravel_index(np.argmax(np.abs(shown - numerical)), array.shape) if array.ndim else ()
        raise GradcheckError(
            f"Jacobian mismatch for output {o} with respect to input {i},\nnumerical:{numerical}\nanalytical:{shown}\n"
            f"worst at input element {tuple(int(k) for k in worst)}, output element {number}: numerical "
            f"{numerical[worst]:.9g}, analytical {shown[worst]:.9g}"
        )


def _value(func: Any, arguments: Any, o: int, cotangent: Any) -> float:
    with grad_mode.enable_grad():
        return float((_outputs(func, arguments)[o]._array * cotangent).sum())


def _outputs(func: Any, arguments: Sequence[Any]) -> list[Tensor]:
    result = func(*arguments)
    return [r for r in _tuple(result) if isinstance(r, Tensor) and r.requires_grad]


def _units(array: Any) -> Any:
    for index in np.ndindex(array.shape):
        unit = np.zeros_like(array)
        unit[index] = 1
        yield unit


def _draw(rng: Any, array: Any) -> Any:
    return np.asarray(rng.uniform(0.5, 1.5, array.shape), array.dtype)


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)
