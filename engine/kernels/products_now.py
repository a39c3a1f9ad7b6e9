"""Products outside a program: what eager operations run, by as many threads as set_num_threads allows.

`forwards()` has them by the names of the operations, with the arguments of their forwards. What kernels
cannot be given, and what is so small that calling one is not worth while, NumPy multiplies.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.backends import native as eager
from gradbook.backends.threads import get_num_threads
from gradbook.kernels.gemm import Array, fits, matmul, plan_of, shaped
from gradbook.kernels.linear import linear_bias_grad, linear_input_grad, linear_weight_grad
from gradbook.kernels.now import F32, run
from gradbook.kernels.program import Kernel, Program, Unsupported, address_of, native
from gradbook.kernels.team import team

__all__ = ["forwards", "linear_input_grad_now", "linear_now", "linear_weight_grad_now", "matmul_now"]

WORTH = 1 << 12  # multiplications from which a kernel is worth its call; callers may want more
SHARED = 1 << 24  # floating point operations from which threads are worth waking


def matmul_now(a: Array, b: Array, bias: Array | None = None) -> Array:
    """A @ b + bias in a new array; a and b with two axes or more, which are broadcast as numpy.matmul does it."""
    least = 1 if eager.state.known else WORTH
    if a.ndim > 1 < b.ndim and b.shape[-1] * a.size >= least and fits(a.dtype, a, b, bias):
        with contextlib.suppress(Unsupported):
            return _by_kernel(a, b, bias)
    if a.dtype.itemsize > 2:
        product = a @ b
    else:  # summed in 32 bits, as PyTorch does it
        from gradbook.ops.linalg import product as numpy_product

        product = numpy_product(a, b)
    if bias is not None:
        product += bias
    return product


def _by_kernel(a: Array, b: Array, bias: Array | None) -> Array:
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2]) if a.ndim > 2 or b.ndim > 2 else ()
    if bias is not None and not (bias.shape == b.shape[-1:] and bias.flags.c_contiguous):
        raise Unsupported("a bias of other columns")
    out = _new((*lead, a.shape[-2], b.shape[-1]), a.dtype)
    if not out.size:
        return out
    if a.dtype is F32:
        run(matmul if bias is None else with_bias, (out,), (a, b) if bias is None else (a, b, bias))
        return out
    plan = plan_of(shaped(out), shaped(a), shaped(b), None, out.itemsize, bias is not None)
    left, right = (b, a) if plan.swapped else (a, b)
    words = plan.template.copy()
    words[0], words[1], words[2] = address_of(out), address_of(left), address_of(right)
    if bias is not None:
        words[4] = address_of(bias)
    threads = get_num_threads()
    if threads > 1 and plan.flops >= SHARED:
        program = Program(threads)
        program.add(Kernel("matmul", plan.address, plan.units), *words.tolist())
        team().run(program, threads)
    else:
        native(plan.address)(address_of(words), 0, plan.units)
    return out


def _new(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    from gradbook.ops.workspace import empty  # which may not be there yet when this is read

    made: Array = empty(np, shape, dtype)
    return made


def linear_now(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """X @ weight.T + bias in a new array: x (.., in), weight (out, in), bias (out,) -> (.., out)."""
    if x.ndim <= 2 or not x.flags.c_contiguous:
        return matmul_now(x, weight.T, bias)
    return matmul_now(_rows(x), weight.T, bias).reshape(*x.shape[:-1], weight.shape[0])


def linear_input_grad_now(grad: Array, weight: Array) -> Array:
    """Grad @ weight: grad (.., out), weight (out, in) -> (.., in)."""
    return linear_now(grad, weight.T)


def linear_weight_grad_now(grad: Array, x: Array) -> Array:
    """Grad.T @ x, over all leading axes: grad (.., out), x (.., in) -> (out, in)."""
    return matmul_now(_rows(grad).T, _rows(x))


def linear_grads_now(grad: Array, x: Any, weight: Any, needs: Any) -> tuple[Any, Any, Any]:
    """The gradients of linear that are asked for, by one program: of x, of the weight, of the bias."""
    given = [grad, x if needs[1] else None, weight if needs[0] else None]
    if not grad.size or not all(array is None or fits(F32, array) for array in given):
        raise Unsupported("not arrays of float32")
    if grad.ndim > 2 and not all(array is None or array.flags.c_contiguous for array in given[:2]):
        raise Unsupported("rows that do not lie one after the other")
    made = (
        _new((*grad.shape[:-1], weight.shape[1]), F32) if needs[0] else None,
        _new((grad.shape[-1], x.shape[-1]), F32) if needs[1] else None,
        _new(grad.shape[-1:], F32) if needs[2] else None,
    )
    outs, arrays = [a for a in made if a is not None], [a for a in given if a is not None]
    run(add_linear_grads, tuple(outs), tuple(arrays), (tuple(needs),))
    return made


def add_linear_grads(program: Program, *rest: Any) -> None:
    """The products of linear_grads_now."""
    *arrays, needs = rest
    of = iter(arrays)
    dx, dw, db = (next(of) if need else None for need in needs)
    grad = next(of)
    if dw is not None:
        linear_weight_grad(program, dw, grad, next(of))
    if dx is not None:
        linear_input_grad(program, dx, grad, next(of))
    if db is not None:
        linear_bias_grad(program, db, grad)


def matmul_grads_now(grad: Array, a: Any, b: Any, needs: Any) -> tuple[Any, Any]:
    """The gradients of a product of matrices, or of as many on both sides, that are asked for, by one program."""
    given = [grad, a if needs[1] else None, b if needs[0] else None]
    if not grad.size or not all(array is None or fits(F32, array) for array in given):
        raise Unsupported("not arrays of float32")
    made = (
        _new((*grad.shape[:-1], b.shape[-2]), F32) if needs[0] else None,
        _new((*grad.shape[:-2], a.shape[-1], grad.shape[-1]), F32) if needs[1] else None,
    )
    outs, arrays = [x for x in made if x is not None], [x for x in given if x is not None]
    run(add_matmul_grads, tuple(outs), tuple(arrays), (tuple(needs),))
    return made


def add_matmul_grads(program: Program, *rest: Any) -> None:
    """The products of matmul_grads_now."""
    *arrays, needs = rest
    of = iter(arrays)
    da, db = (next(of) if need else None for need in needs)
    grad = next(of)
    if db is not None:
        matmul(program, db, next(of).swapaxes(-1, -2), grad)
    if da is not None:
        matmul(program, da, grad, next(of).swapaxes(-1, -2))


def _rows(x: Array) -> Array:
    return x if x.ndim == 2 else x.reshape(-1, x.shape[-1])


def with_bias(program: Program, out: Array, a: Array, b: Array, bias: Array) -> None:
    """Matmul with the bias among the arrays."""
    matmul(program, out, a, b, bias=bias)


def forwards() -> dict[str, Callable[..., Array]]:
    """The forwards of operations: (xp, *arrays) -> array."""

    def matmul(xp: Any, a: Array, b: Array) -> Array:
        if b.ndim == 2 < a.ndim and a.size and a.flags.c_contiguous:  # one large product instead of many small ones
            return matmul_now(_rows(a), b).reshape(*a.shape[:-1], b.shape[1])
        return matmul_now(a, b)

    def product(xp: Any, a: Array, b: Array) -> Array:
        return matmul_now(a, b)

    def linear(xp: Any, x: Array, weight: Array, bias: Array | None) -> Array:
        return linear_now(x, weight, bias)

    return {"mm": product, "bmm": product, "matmul": matmul, "linear": linear}


def kernels() -> dict[str, Callable[..., Any]]:
    """By the names of operations and rules: functions of arrays."""
    multiply = forwards()["matmul"]
    return {
        "matmul": lambda a, b: multiply(np, a, b), "mm": matmul_now, "bmm": matmul_now, "linear": linear_now,
        "linear.input": linear_input_grad_now, "linear.weight": linear_weight_grad_now,
        "linear.together": linear_grads_now,
        "mm.together": matmul_grads_now, "bmm.together": matmul_grads_now,
    }  # fmt: skip
