"""A few kernels tried against NumPy before any is used: one that computes something else switches all of them off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook.kernels.conv import conv2d
from gradbook.kernels.expression import inputs
from gradbook.kernels.gemm import matmul
from gradbook.kernels.optimizers import adam
from gradbook.kernels.pointwise import pointwise
from gradbook.kernels.program import Program
from gradbook.kernels.reductions import row_sum
from gradbook.kernels.row_norm import layer_norm

__all__ = ["wrong"]

Array = np.ndarray[Any, Any]
Result = tuple[Array, Array]  # what the kernel gives, what it should give
TOLERANCE = 1e-5  # of the largest number


def wrong() -> str:
    """What a kernel got wrong, in a few words; "" if all are right. Raises what LLVM does."""
    for name, test in TESTS.items():
        for got, wanted in test():
            error = float(np.abs(got - wanted).max())
            if not error <= TOLERANCE * float(np.abs(wanted).max()):  # NaN is wrong, too
                return f"{name} was wrong by {error:.2g}"
    return ""


def numbers(*shape: int, shift: float = 0.0) -> Array:
    """Some numbers between -2 and 2, always the same."""
    count = int(np.prod(shape))
    found: Array = (2 * np.sin(np.arange(count) * 0.7 + shift)).astype(np.float32).reshape(shape)
    return found


def elements() -> list[Result]:
    """exp and tanh: 37 numbers, which are some vectors and a rest."""
    x, out = numbers(37), (np.zeros(37, np.float32), np.zeros(37, np.float32))
    symbol: Any = inputs(np.float32)[0]
    program = Program()
    pointwise(program, [(np.exp(symbol) * 0.5, out[0]), (np.tanh(symbol) + symbol, out[1])], [x])
    program.run()
    wide = x.astype(np.float64)
    return [(out[0], np.exp(wide) * 0.5), (out[1], np.tanh(wide) + wide)]


def products() -> list[Result]:
    """A product with a bias, of sizes that fill no tile, and one with a turned operand."""
    a, b, bias, out, turned = numbers(19, 23), numbers(23, 41, shift=1), numbers(41), *np.zeros((2, 19, 41), np.float32)
    program = Program()
    matmul(program, out, a, b, bias=bias)
    matmul(program, turned, a, np.ascontiguousarray(b.T).T)
    program.run()
    wanted = a.astype(np.float64) @ b
    return [(out, wanted + bias), (turned, wanted)]


def rows() -> list[Result]:
    """The sum and the normalisation of rows."""
    x, weight, total, y = numbers(5, 67), numbers(67, shift=2), np.zeros(5, np.float32), np.zeros((5, 67), np.float32)
    program = Program()
    row_sum(program, total, x)
    layer_norm(program, y, x, weight=weight)
    program.run()
    wide = x.astype(np.float64)
    centred = wide - wide.mean(1, keepdims=True)
    return [
        (total, wide.sum(1)),
        (y, centred / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-5) * weight),
    ]


def convolution() -> list[Result]:
    """A convolution with a border."""
    x, weight, bias, out = (
        numbers(2, 3, 7, 9),
        numbers(5, 3, 3, 3, shift=1),
        numbers(5),
        np.zeros((2, 5, 7, 9), np.float32),
    )
    program = Program()
    conv2d(program, out, x, weight, bias, 1, 1, 1, 1)
    program.run()
    padded = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))
    return [(out, np.einsum("nchwij,ocij->nohw", windows, weight) + bias[:, None, None])]


def update() -> list[Result]:
    """The first step of Adam."""
    p, g, mean, square = numbers(53), numbers(53, shift=1), *np.zeros((2, 53), np.float32)
    wide, grad, step = p.astype(np.float64), g.astype(np.float64), np.zeros((), np.float32)
    program = Program()
    adam(program, np.array([0.0, 0.1, 0.9, 0.999, 1e-8, 0.0]), [p], [g], [mean], [square], steps=[step])
    program.run()
    return [(p, wide - 0.1 * grad / (np.abs(grad) + 1e-8)), (mean, 0.1 * grad), (square, 0.001 * grad**2)]


TESTS: dict[str, Callable[[], list[Result]]] = {
    "elements": elements, "matmul": products, "rows": rows, "conv2d": convolution, "adam": update,
}  # fmt: skip
