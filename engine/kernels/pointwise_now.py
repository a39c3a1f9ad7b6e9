"""Functions element by element outside a program: what eager operations run, in one thread, on float32 arrays.

natively(gelu_op._cpu) is a function (np, x) -> (y, cdf), natively(gelu_op.joint.fn) one of (grad, x, cdf) -> (the
gradient of x,), both by one kernel each.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from types import EllipsisType, ModuleType, NoneType
from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.kernels.evaluate import weight
from gradbook.kernels.expression import Expression, inputs
from gradbook.kernels.fused import VECTOR, Form
from gradbook.kernels.fused_loops import kernel_address
from gradbook.kernels.pointwise import CHUNK, vectors
from gradbook.kernels.program import Kernel, address_of, native, noted

__all__ = ["natively"]

SHORT = 256  # elements up to which there is a kernel with one vector a step; longer arrays have another
VARIANTS = 16  # kernels of one function: further parameters are left to NumPy, as each kernel takes time to compile
# arguments that a kernel is specialised on, and what stands for arrays among them
SETTLED = frozenset({int, float, bool, str, tuple, NoneType, ModuleType, EllipsisType})
F32, ndarray = dtypes.F32, np.ndarray


def natively(plain: Callable[..., Any], at_least: int = 0) -> Callable[..., Any]:
    """The same function by one fused kernel where all its arrays are float32, contiguous and of one shape.

    `plain` is an op's forward or gradient rule. It computes what the kernel cannot: other arrays, at most `at_least`
    elements, Tensors, formulas that are no expression, and more than a few different parameters.
    """
    kernels: dict[Any, tuple[Any, Any, Callable[..., Any], Callable[..., None]] | None] = {}

    def run(*args: Any, **params: Any) -> Any:
        arrays, settled = apart(args)
        size = arrays[0].size if arrays else 0
        if size <= at_least:
            return plain(*args, **params)
        if params:
            settled += [*params, *params.values()]
        key: Any = (size > SHORT, *settled, repr(settled) if 0 in settled else "")  # 0.0 is not -0.0
        try:
            found = kernels[key]
        except KeyError:
            found = None
            if len(kernels) < VARIANTS and SETTLED.issuperset(map(type, settled)):
                found = kernels[key] = prepared(plain, args, params, size)
        except TypeError:  # a list, which is no key
            return plain(*args, **params)
        if found is None:
            return plain(*args, **params)
        function, pack, finish, note = found
        outs, result = finish(arrays[0].shape)
        words = pack(size, CHUNK, 0, 0, 0, 0, *map(address_of, arrays), *map(address_of, outs))
        function(words, 0, -(-size // CHUNK))
        note(outs, arrays)
        return result

    return run


def apart(args: tuple[Any, ...]) -> tuple[list[Any], list[Any]]:
    """The arrays among some arguments, and the arguments with `...` for each array; no arrays if a kernel cannot be."""
    arrays: list[Any] = []
    settled: list[Any] = []
    for arg in args:
        if type(arg) is not ndarray:
            settled.append(arg)
        elif arg.dtype is not F32 or not arg.flags.c_contiguous or (arrays and arg.shape != arrays[0].shape):
            return [], []
        else:
            arrays.append(arg)
            settled.append(...)
    return arrays, settled


def prepared(
    plain: Callable[..., Any], args: Sequence[Any], params: dict[str, Any], size: int
) -> tuple[Any, Any, Callable[..., Any], Callable[..., None]] | None:
    """(the native function, what packs its words, makes its outputs, notes a call), or None where there is none."""
    count = sum(type(arg) is ndarray for arg in args)
    leaves = iter(inputs(*(F32,) * count))
    try:
        made = plain(*(next(leaves) if type(arg) is ndarray else arg for arg in args), **params)
    except Exception:  # more than elements; or the op refuses these arguments, and says so when it is run
        return None
    several = made if isinstance(made, tuple) else (made,)
    if not all(isinstance(one, Expression) and one.dtype == F32 for one in several):
        return None
    long = vectors(weight(several), size, light=1) if size > SHORT else 1
    form = Form((F32,) * count, (VECTOR,) * (count + len(several)), chunked=False, unroll=long)
    pack = struct.Struct(f"={6 + count + len(several)}q").pack
    address = kernel_address(several, (), form)

    def add(program: Any, *outs_and_arrays: Any) -> None:
        outs, given = outs_and_arrays[: len(several)], outs_and_arrays[len(several) :]
        units = -(-given[0].size // CHUNK)
        program.add(Kernel("formula", address, units), given[0].size, CHUNK, 0, 0, 0, 0, *given, *outs)

    def note(outs: Any, arrays: Any) -> None:
        if noted.runs is not None:
            noted.runs.append((add, tuple(outs), tuple(arrays), (), ()))

    return native(address), pack, several_outputs(made), note


def several_outputs(made: Any) -> Callable[..., Any]:
    """What makes (the arrays to be written, what the function returns of them), of a shape."""
    if not isinstance(made, tuple):

        def one(shape: Any) -> Any:
            out = np.empty(shape, F32)
            return (out,), out

        return one

    def several(shape: Any) -> Any:
        outs = tuple([np.empty(shape, F32) for _ in made])
        return outs, outs

    return several
