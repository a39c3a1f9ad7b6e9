"""Gradients against finite differences, as torch.autograd.gradcheck and gradgradcheck."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradbook.autograd import grad_mode
from gradbook.autograd.engine import grad
from gradbook.errors import GradbookError
from gradbook.tensor import Tensor

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]


class GradcheckError(GradbookError, RuntimeError):
    """A gradient rule disagrees with finite differences; the message names the input, the output and both numbers."""


@dataclass
class Check:
    """One check: the function, its inputs, which of them are moved, and how near is near enough."""

    func: Callable[..., Any]
    inputs: Sequence[Any]
    moved: list[int]
    eps: float
    atol: float
    rtol: float
    fast: bool
    recorded: bool = True  # only outputs that require grad count

    def outputs(self) -> list[Tensor]:
        """The outputs that are checked."""
        return _outputs(self.func, self.inputs, self.recorded)

    def numerical(self, i: int, o: int) -> Any:
        """The derivatives of output o in input i by central differences: (elements of the input, *output).

        For a complex input: by its real part + i times by its imaginary part, twice over.
        """
        array = self.inputs[i]._array
        return [self._difference(array, index, o, step) for index, step in _steps(array)]

    def _difference(self, array: Any, index: Any, o: int, step: Any) -> Any:
        held = array[index]
        with grad_mode.enable_grad():
            array[index] = held + self.eps * step
            above = self.outputs()[o]._array.copy()
            array[index] = held - self.eps * step
            below = self.outputs()[o]._array.copy()
        array[index] = held
        return (above - below) / (2 * self.eps)


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
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """True if the derivatives of `func` at `inputs` agree with central differences (torch.autograd.gradcheck).

    inputs: float64 or complex128 tensors that require grad, others are passed on. fast_mode compares along one random
    direction only. check_forward_ad: tangents too. check_batched_grad: gradients under vmap too. nondet_tol: how much
    two backward passes may differ. Raises GradcheckError (or returns False if not raise_exception), ValueError where no
    input requires grad.
    Differs: check_grad_dtypes, check_batched_forward_grad and masked are accepted, and nothing more is checked; so is
    gen_non_contig_grad_outputs of gradgradcheck.
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_batched_grad and not check_backward_ad:
        raise AssertionError("Setting check_batched_grad=True requires check_backward_ad to be True")
    if check_batched_forward_grad and not check_forward_ad:
        raise AssertionError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")
    arguments = _tuple(inputs)
    check = Check(func, arguments, _moved(arguments), eps, atol, rtol, fast_mode)
    try:
        if check_backward_ad:
            _backward(check, nondet_tol)
            if check_undefined_grad:
                _undefined(check)
            if check_batched_grad:
                _batched(check)
        if check_forward_ad:
            _forward(check)
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
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """True if second derivatives of `func` agree with differences of its first (torch.autograd.gradgradcheck).

    Differs: check_fwd_over_rev is refused with NotImplementedError; func.jvp of func.grad is what goes that way here.
    """
    if check_fwd_over_rev:
        raise NotImplementedError("gradgradcheck: check_fwd_over_rev is not supported; leave it False")
    if not check_rev_over_rev:
        raise AssertionError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
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
        nondet_tol=nondet_tol, check_undefined_grad=False, check_batched_grad=check_batched_grad, fast_mode=fast_mode,
    )  # fmt: skip


# -- the checks --------------------------------------------------------------------------------------------------------


def _backward(check: Check, nondet_tol: float) -> None:
    """Rows of the Jacobian from backward against differences."""
    outputs = check.outputs()
    asked = [check.inputs[i] for i in check.moved]
    if not outputs:
        return _constant(check)
    rng = np.random.default_rng(11)
    for o, out in enumerate(outputs):
        differences = {i: check.numerical(i, o) for i in check.moved}
        cotangents = [_draw(rng, out._array)] if check.fast else list(_units(out._array))
        for number, cotangent in enumerate(cotangents):
            found = grad(out, asked, Tensor._of(cotangent), retain_graph=True, allow_unused=True)
            again = grad(out, asked, Tensor._of(cotangent), retain_graph=True, allow_unused=True)
            for i, analytical, twice in zip(check.moved, found, again, strict=True):
                array = check.inputs[i]._array
                shown = np.zeros_like(array) if analytical is None else analytical._array
                if twice is not None and not np.allclose(shown, twice._array, rtol=0, atol=nondet_tol, equal_nan=True):
                    raise GradcheckError(
                        f"Backward is not reentrant, i.e., running backward with same input and grad_output multiple "
                        f"times gives different values, although analytical gradient matches numerical gradient. The "
                        f"tolerance for nondeterminism was {nondet_tol} (input {i}, output {o})."
                    )
                _compare(check, i, o, number, shown, _transposed(array, differences[i], cotangent))
    return None


def _constant(check: Check) -> None:
    """No output requires grad: then none may depend on an input."""
    every = replace(check, recorded=False)
    for o in range(len(every.outputs())):
        for i in check.moved:
            if any(np.any(np.abs(difference) > check.atol) for difference in every.numerical(i, o)):
                raise GradcheckError("Numerical gradient for function expected to be zero")


def _transposed(array: Any, differences: list[Any], cotangent: Any) -> Any:
    """The gradient that a cotangent must give, from differences: PyTorch's convention for complex numbers."""
    result = np.zeros_like(array)
    for (index, step), difference in zip(_steps(array), differences, strict=True):
        part = (np.conj(cotangent) * difference).sum().real
        result[index] += part * step
    return result


def _compare(check: Check, i: int, o: int, number: int, shown: Any, numerical: Any) -> None:
    if shown.shape != numerical.shape:
        raise GradcheckError(
            f"gradcheck: the gradient of input {i} has shape {shown.shape}, the input {numerical.shape}"
        )
    if not np.allclose(shown, numerical, rtol=check.rtol, atol=check.atol, equal_nan=True):
        worst = np.unravel_index(np.argmax(np.abs(shown - numerical)), shown.shape) if shown.ndim else ()
        raise GradcheckError(
            f"Jacobian mismatch for output {o} with respect to input {i},\nnumerical:{numerical}\nanalytical:{shown}\n"
            f"worst at input element {tuple(int(k) for k in worst)}, output element {number}: numerical "
            f"{numerical[worst]:.9g}, analytical {shown[worst]:.9g}"
        )


def _undefined(check: Check) -> None:
    """Backward must do with outputs that get no gradient."""
    outputs = check.outputs()
    for kept in range(len(outputs)) if len(outputs) > 1 else ():
        try:
            _ = grad(outputs[kept].sum() if not outputs[kept].is_complex() else outputs[kept].abs().sum(),
                     [check.inputs[i] for i in check.moved], retain_graph=True, allow_unused=True)  # fmt: skip
        except (TypeError, AttributeError) as error:
            raise GradcheckError(
                "Expected backward function to handle undefined output grads. Please look at the notes on undefined "
                f"gradients: with a gradient for output {kept} only it raised {error!r}"
            ) from error


def _batched(check: Check) -> None:
    """Gradients of two cotangents at once must be those of each."""
    rng = np.random.default_rng(13)
    asked = [check.inputs[i] for i in check.moved]
    for o, out in enumerate(check.outputs()):
        rows = [Tensor._of(_draw(rng, out._array)) for _ in range(2)]
        both = Tensor._of(np.stack([row._array for row in rows]))
        whole = grad(out, asked, both, retain_graph=True, allow_unused=True, is_grads_batched=True)
        single = [grad(out, asked, row, retain_graph=True, allow_unused=True) for row in rows]
        for i, found in enumerate(whole):
            for n, one in enumerate(part[i] for part in single):
                if found is None or one is None:
                    continue
                if not np.allclose(found._array[n], one._array, check.rtol, check.atol):
                    raise GradcheckError(
                        f"While computing batched gradients, got a difference at output {o}, input {i}"
                    )


def _forward(check: Check) -> None:
    """Tangents along each axis of the inputs against differences."""
    from gradbook.autograd import forward_ad

    outputs = check.outputs()
    for i in check.moved:
        array = check.inputs[i]._array
        for o in range(len(outputs)):
            for number, ((index, step), difference) in enumerate(
                zip(_steps(array), check.numerical(i, o), strict=True)
            ):
                tangent = np.zeros_like(array)
                tangent[index] = step
                with forward_ad.dual_level():
                    inputs = list(check.inputs)
                    inputs[i] = forward_ad.make_dual(inputs[i], Tensor._of(tangent))
                    moved = forward_ad.unpack_dual(_outputs(check.func, inputs)[o]).tangent
                shown = np.zeros_like(difference) if moved is None else moved.detach()._array
                if not np.allclose(shown, difference, check.rtol, check.atol, equal_nan=True):
                    raise GradcheckError(
                        f"Jacobian computed with forward mode mismatch for output {o} with respect to input {i},\n"
                        f"numerical:{difference}\nanalytical:{shown}\n(direction {number})"
                    )


# -- inputs and outputs ------------------------------------------------------------------------------------------------


def _moved(arguments: Sequence[Any]) -> list[int]:
    """The inputs to differentiate by. Raises ValueError if there are none, RuntimeError for those that overlap."""
    found = [i for i, x in enumerate(arguments) if isinstance(x, Tensor) and x.requires_grad]
    if not found:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )
    for i in found:
        array = arguments[i]._array
        if array.dtype.itemsize // (2 if array.dtype.kind == "c" else 1) < 8:
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or complex. This check "
                "will likely fail if all the inputs are not of double precision floating point or complex. ",
                UserWarning,
                stacklevel=3,
            )
        if any(step == 0 and length > 1 for step, length in zip(array.strides, array.shape, strict=True)):
            raise RuntimeError(
                f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs that are "
                "non-overlapping to be able to compute the numerical gradients correctly. You should call .contiguous "
                "on the input before passing it to gradcheck."
            )
    return found


def _outputs(func: Any, arguments: Sequence[Any], recorded: bool = True) -> list[Tensor]:
    found = _tuple(func(*arguments))
    return [r for r in found if r.requires_grad or (not recorded and (r.is_floating_point() or r.is_complex()))]


def _steps(array: Any) -> Iterator[tuple[Any, Any]]:
    """Each element with each direction it can move in: 1, and i for complex ones."""
    for index in np.ndindex(array.shape):
        yield index, 1.0
        if array.dtype.kind == "c":
            yield index, 1.0j


def _units(array: Any) -> Iterator[Any]:
    """Each element of the output, with each direction."""
    for index, step in _steps(array):
        unit = np.zeros_like(array)
        unit[index] = step
        yield unit


def _draw(rng: Any, array: Any) -> Any:
    drawn = rng.uniform(0.5, 1.5, array.shape)
    if array.dtype.kind == "c":
        drawn = drawn + 1j * rng.uniform(0.5, 1.5, array.shape)
    return np.asarray(drawn, array.dtype)


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)
