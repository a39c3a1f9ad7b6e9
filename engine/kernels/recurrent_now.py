"""Recurrent layers outside a program: what eager operations run.

`forwards()` has them by the names of the operations, with the arguments of their forwards. They raise Unsupported for
arrays that kernels cannot be given: the caller then computes as it would without kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook.kernels import now
from gradbook.kernels.program import Program, Unsupported
from gradbook.kernels.recurrent import gru, gru_grad, lstm, lstm_grad, rnn, rnn_grad

__all__ = ["forwards"]


def made_of(shape: Any, like: Any) -> Any:
    """A new array for a result."""
    if like.dtype is not now.F32:
        raise Unsupported(f"kernels of recurrent layers compute float32, not {like.dtype}")
    return now.made_of(shape)


def run(add: Callable[..., None], made: tuple[Any, ...], given: tuple[Any, ...], *settings: Any) -> None:
    """Compute `made` from `given`."""
    now.run(add, made, tuple(now.whole(*given)), settings)


def lstm_layer(xp: Any, gates: Any, h0: Any, c0: Any, weight: Any, *, reverse: bool) -> Any:
    """As the forward of lstm_layer."""
    steps, n, width = three(gates)
    states, last, kept, cells = (
        made_of(shape, gates) for shape in ((steps, n, width // 4), h0.shape, gates.shape, (steps, n, width // 4))
    )
    run(add_lstm, (states, last, kept, cells), (gates, h0, c0, weight), reverse)
    return (states, last), states, kept, cells


def lstm_layer_backward(
    xp: Any, dstates: Any, dlast: Any, h0: Any, c0: Any, weight: Any, states: Any, kept: Any, cells: Any, *,
    needs: Any, reverse: bool,
) -> Any:  # fmt: skip
    """As the gradient of lstm_layer."""
    wanted = tuple(map(bool, needs))
    made = [made_of(like.shape, like) for like, need in zip((kept, h0, c0, weight), wanted, strict=True) if need]
    given = [x for x in (dstates, dlast, h0, c0, weight, states, kept, cells) if x is not None]
    run(add_lstm_grad, tuple(made), tuple(given), (*wanted, dstates is not None, dlast is not None), reverse)
    return spread(made, wanted)


def gru_layer(xp: Any, gates: Any, h0: Any, weight: Any, bias: Any, *, reverse: bool) -> Any:
    """As the forward of gru_layer."""
    steps, n, width = three(gates)
    states, kept = (made_of((steps, n, count * width // 3), gates) for count in (1, 4))
    run(add_gru, (states, kept), (gates, h0, weight, *(() if bias is None else (bias,))), reverse)
    return states, kept


def gru_layer_backward(
    xp: Any, dstates: Any, h0: Any, weight: Any, states: Any, kept: Any, *, needs: Any, reverse: bool
) -> Any:
    """As the gradient of gru_layer."""
    steps, n, d = three(states)
    wanted = tuple(map(bool, needs))
    shapes = ((steps, n, 3 * d), h0.shape, weight.shape, (3 * d,))
    made = [made_of(shape, kept) for shape, need in zip(shapes, wanted, strict=True) if need]
    run(add_gru_grad, tuple(made), (dstates, h0, weight, states, kept), wanted, reverse)
    return spread(made, wanted)


def rnn_layer(xp: Any, gates: Any, h0: Any, weight: Any, *, reverse: bool, relu: bool) -> Any:
    """As the forward of rnn_layer."""
    states = made_of(gates.shape, gates)
    run(add_rnn, (states,), (gates, h0, weight), relu, reverse)
    return states


def rnn_layer_backward(
    xp: Any, dstates: Any, h0: Any, weight: Any, states: Any, *, needs: Any, reverse: bool, relu: bool
) -> Any:
    """As the gradient of rnn_layer."""
    wanted = tuple(map(bool, needs))
    made = [made_of(like.shape, like) for like, need in zip((states, h0, weight), wanted, strict=True) if need]
    run(add_rnn_grad, tuple(made), (dstates, h0, weight, states), wanted, relu, reverse)
    return spread(made, wanted)


def three(array: Any) -> Any:
    """The shape of an array over time. Raises Unsupported where there is nothing to do."""
    if array.ndim != 3 or not array.size:
        raise Unsupported("a recurrent layer without steps, rows or states")
    return array.shape


def spread(arrays: list[Any], wanted: tuple[bool, ...]) -> tuple[Any, ...]:
    """The arrays in the places where one is wanted, None in the others."""
    left = iter(arrays)
    return tuple(next(left) if want else None for want in wanted)


# -- the adders with all arrays in front, as `run` calls them ----------------------------------------------------------


def add_lstm(
    program: Program, states: Any, last: Any, kept: Any, cells: Any, gates: Any, h0: Any, c0: Any, weight: Any,
    reverse: bool,
) -> None:  # fmt: skip
    """The kernels of lstm_layer."""
    lstm(program, states, last, gates, h0, c0, weight, kept=kept, cells=cells, reverse=reverse)


def add_lstm_grad(program: Program, *given: Any) -> None:
    """The kernels of lstm_layer_backward; before `reverse`, which of four results and two gradients there are."""
    *arrays, there, reverse = given
    lstm_grad(program, *spread([*arrays], (*there, *(True,) * (len(arrays) - sum(there)))), reverse=reverse)


def add_gru(program: Program, states: Any, kept: Any, gates: Any, h0: Any, weight: Any, *more: Any) -> None:
    """The kernels of gru_layer; more: the bias if there is one, and `reverse`."""
    *bias, reverse = more
    gru(program, states, gates, h0, weight, bias[0] if bias else None, kept=kept, reverse=reverse)


def add_gru_grad(program: Program, *given: Any) -> None:
    """The kernels of gru_layer_backward."""
    *arrays, wanted, reverse = given
    gru_grad(program, *spread(arrays, (*wanted, *(True,) * 5)), reverse=reverse)


def add_rnn(program: Program, states: Any, gates: Any, h0: Any, weight: Any, relu: bool, reverse: bool) -> None:
    """The kernels of rnn_layer."""
    rnn(program, states, gates, h0, weight, relu=relu, reverse=reverse)


def add_rnn_grad(program: Program, *given: Any) -> None:
    """The kernels of rnn_layer_backward."""
    *arrays, wanted, relu, reverse = given
    rnn_grad(program, *spread(arrays, (*wanted, *(True,) * 4)), relu=relu, reverse=reverse)


def forwards() -> dict[str, Callable[..., Any]]:
    """Forwards and gradients by the names of the operations."""
    found = (lstm_layer, lstm_layer_backward, gru_layer, gru_layer_backward, rnn_layer, rnn_layer_backward)
    return {function.__name__: function for function in found}
