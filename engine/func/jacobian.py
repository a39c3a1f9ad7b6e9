"""Whole Jacobians: the rows or the columns all in one batch, under vmap."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradbook import backends, pytree
from gradbook.func.transforms import Line, _all_tensors, _chosen, _replaced, vjp
from gradbook.func.vmap import vmap
from gradbook.tensor import Tensor

__all__ = ["hessian", "jacfwd", "jacrev"]


def jacrev(
    func: Callable[..., Any],
    argnums: Any = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable[..., Any]:
    """The function that gives the Jacobian of `func` by reverse mode, as torch.func.jacrev: best where it is wide.

    -> (*output, *input), in the containers of the output, each in those of the input. chunk_size: rows at once. Raises
    ValueError for a chunk_size below 1.
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @functools.wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        def called(chosen: Any) -> Any:
            return func(*_replaced(args, argnums, chosen), **kwargs)

        value, vjp_fn, *aux = vjp(called, _chosen(args, argnums), has_aux=has_aux)
        outs, plan = pytree.flatten(value)
        _all_tensors("jacrev", outs)
        inputs, in_plan = pytree.flatten(_chosen(args, argnums))

        def pulled(*cotangents: Any) -> Any:
            return tuple(pytree.leaves(vjp_fn(pytree.unflatten(cotangents, plan))))

        rows = vmap(pulled, chunk_size=chunk_size)(*standard_basis(outs))
        table = _table(rows, outs, inputs, lambda rows, start, n: rows.narrow(0, start, n))
        result = pytree.unflatten([pytree.unflatten(row, in_plan) for row in table], plan)
        return (result, aux[0]) if has_aux else result

    return jacobian


def jacfwd(
    func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Callable[..., Any]:
    """The function that gives the Jacobian of `func` by columns, as torch.func.jacfwd: best where it is tall.

    -> (*output, *input), in the containers of the output, each in those of the input.
    Differs: goes backward twice, as jvp; a Function's own jvp is not called.
    """

    @functools.wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        def called(chosen: Any) -> Any:
            return func(*_replaced(args, argnums, chosen), **kwargs)

        chosen = _chosen(args, argnums)
        line = Line(called, (chosen,), has_aux, "jacfwd(f)(*args)")
        inputs, in_plan = pytree.flatten(chosen)

        def pushed(*tangents: Any) -> Any:
            return tuple(pytree.leaves(line.moved(tangents, False)))

        columns = vmap(pushed, out_dims=-1, randomness=randomness)(*standard_basis(inputs))
        table = []
        for out, part in zip(line.outs, columns, strict=True):
            start, row = 0, []
            for x in inputs:
                n = x.numel()
                row.append(part.narrow(-1, start, n).reshape((*out.shape, *x.shape)))
                start += n
            table.append(pytree.unflatten(row, in_plan))
        result = pytree.unflatten(table, line.plan)
        return (result, line.aux) if has_aux else result

    return jacobian


def hessian(func: Callable[..., Any], argnums: Any = 0) -> Callable[..., Any]:
    """The function that gives all second derivatives of `func`, as torch.func.hessian: rows of rows."""
    return jacrev(jacrev(func, argnums), argnums)


def standard_basis(tensors: Sequence[Tensor]) -> list[Tensor]:
    """The unit vectors of the space that the tensors span together, as one batch a tensor: (n, *shape), n in all."""
    total = sum(x.numel() for x in tensors)
    made, start = [], 0
    for x in tensors:
        n = x.numel()
        xp = backends.xp_of(x._array) if not backends.is_batched(x._array) else np
        block = xp.zeros((total, n), x._array.dtype)
        block[xp.arange(start, start + n), xp.arange(n)] = 1
        made.append(Tensor._of(block.reshape((total, *x._array.shape))))
        start += n
    return made


def _table(rows: Any, outs: Sequence[Tensor], inputs: Sequence[Tensor], cut: Any) -> list[list[Tensor]]:
    """Rows of all outputs under one another, cut into one block an output and input."""
    table, start = [], 0
    for out in outs:
        n = out.numel()
        table.append(
            [cut(part, start, n).reshape((*out.shape, *x.shape)) for part, x in zip(rows, inputs, strict=True)]
        )
        start += n
    return table
