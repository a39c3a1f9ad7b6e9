"""Recurrent layers: RNN, LSTM and GRU over a sequence, padded or packed.

A layer is one op (recurrent_layers.py) where that is possible; it is computed step by step, of other ops, for packed
sequences, projections and mixed precision, under vmap, and where somebody listens to the ops: pictures and walks show
the steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook import backends, events
from gradbook.autograd import casting, layers
from gradbook.ops.linear import linear
from gradbook.ops.recurrent_layers import gru_layer, lstm_layer, rnn_layer
from gradbook.tensor import Tensor


def rnn_tanh(gates: Tensor, states: list[Tensor], w_hh: Tensor, b_hh: Any) -> list[Tensor]:
    """h' = tanh(gates + h W_hhᵀ + b_hh)"""
    return [(gates + linear(states[0], w_hh, b_hh)).tanh()]


def rnn_relu(gates: Tensor, states: list[Tensor], w_hh: Tensor, b_hh: Any) -> list[Tensor]:
    """h' = relu(gates + h W_hhᵀ + b_hh)"""
    return [(gates + linear(states[0], w_hh, b_hh)).relu()]


def lstm(gates: Tensor, states: list[Tensor], w_hh: Tensor, b_hh: Any) -> list[Tensor]:
    """i, f, g, o = gates + h W_hhᵀ + b_hh; c' = σ(f) c + σ(i) tanh(g); h' = σ(o) tanh(c')"""
    h, c = states
    size = c.shape[-1]
    whole = gates + linear(h, w_hh, b_hh)
    i, f = whole[:, :size].sigmoid(), whole[:, size : 2 * size].sigmoid()
    g, o = whole[:, 2 * size : 3 * size].tanh(), whole[:, 3 * size :].sigmoid()
    c = f * c + i * g
    return [o * c.tanh(), c]


def gru(gates: Tensor, states: list[Tensor], w_hh: Tensor, b_hh: Any) -> list[Tensor]:
    """r, z = σ(gates + h W_hhᵀ + b_hh); n = tanh(gates_n + r (h W_hnᵀ + b_hn)); h' = n + z (h - n)"""
    h = states[0]
    size = h.shape[-1]
    own = linear(h, w_hh, b_hh)
    both = (gates[:, : 2 * size] + own[:, : 2 * size]).sigmoid()
    r, z = both[:, :size], both[:, size:]
    n = (gates[:, 2 * size :] + r * own[:, 2 * size :]).tanh()
    return [n + z * (h - n)]


CELLS: dict[str, Callable[..., list[Tensor]]] = {"RNN_TANH": rnn_tanh, "RNN_RELU": rnn_relu, "LSTM": lstm, "GRU": gru}


def one_step(mode: str) -> Callable[..., list[Tensor]]:
    """A cell from the input itself: step(x, states, w_ih, w_hh, b_ih, b_hh) -> states."""

    def step(x: Tensor, states: list[Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Any, b_hh: Any) -> list[Tensor]:
        return CELLS[mode](linear(x, w_ih, b_ih), states, w_hh, b_hh)

    return step


STEPS = {mode: one_step(mode) for mode in CELLS}


def is_watched() -> bool:
    """True if somebody listens who wants to see the steps."""
    return any(not getattr(getattr(f, "__self__", None), "takes_whole_layers", False) for f in events.op)


def fits(x: Tensor, states: list[Tensor], weights: list[Any]) -> bool:
    """Whether a layer can be one op: plain arrays of one float dtype, and nobody who wants to see the steps."""
    if len(weights) > 4 or casting.scopes or layers.state.stack or (events.op and is_watched()):
        return False
    kind, plain = x._array.dtype, backends.ndarray
    arrays = [t._array for t in (x, *states, *weights) if t is not None]
    return kind.char in "fd" and x._array.size > 0 and all(type(a) is plain and a.dtype == kind for a in arrays)


def whole_layer(
    mode: str, x: Tensor, states: list[Tensor], weights: list[Any], reverse: bool
) -> tuple[Tensor, list[Tensor]]:
    """One layer in one direction as one op, after one product for the input's part of all gates."""
    w_ih, w_hh, b_ih, b_hh = weights
    if mode == "GRU":
        y = gru_layer(linear(x, w_ih, b_ih), *states, w_hh, b_hh, reverse=reverse)
    else:
        gates = linear(x, w_ih, None if b_ih is None else b_ih + b_hh)
        if mode == "LSTM":
            y, c = lstm_layer(gates, *states, w_hh, reverse=reverse)
            return y, [y[0 if reverse else -1], c]
        y = rnn_layer(gates, *states, w_hh, reverse=reverse, relu=mode == "RNN_RELU")
    return y, [y[0 if reverse else -1]]


def unrolled(
    step: Callable[..., list[Tensor]], gates: Tensor, states: list[Tensor], reverse: bool
) -> tuple[Tensor, list[Tensor]]:
    """Steps one after the other: step(gates of one step, states) -> states. -> outputs (time, n, size), last states"""
    import gradbook

    order = range(gates.shape[0] - 1, -1, -1) if reverse else range(gates.shape[0])
    outs: list[Any] = [None] * gates.shape[0]
    for t in order:
        states = step(gates[t], states)
        outs[t] = states[0]
    return gradbook.stack(outs), states


def run_layer(
    mode: str, x: Tensor, states: list[Tensor], weights: list[Any], reverse: bool, sizes: list[int] | None
) -> tuple[Tensor, list[Tensor]]:
    """One layer in one direction. x (time, n, features), or packed (sum of sizes.

    Features) -> outputs and last states.
    """
    import gradbook

    if sizes is None and fits(x, states, weights):
        return whole_layer(mode, x, states, weights, reverse)
    if casting.scopes and mode == "LSTM":
        x, *states = casting.lower(x, *states)
    w_ih, w_hh, b_ih, b_hh, *projection = weights
    cell = CELLS[mode]
    gates = linear(x, w_ih, b_ih)  # of all steps at once

    def step(part: Tensor, now: list[Tensor]) -> list[Tensor]:
        found = cell(part, now, w_hh, b_hh)
        return [linear(found[0], projection[0]), *found[1:]] if projection else found

    if sizes is None:
        return unrolled(step, gates, states, reverse)
    starts = [sum(sizes[:t]) for t in range(len(sizes))]
    outs: list[Any] = [None] * len(sizes)
    if not reverse:
        ended: list[list[Tensor]] = [[] for _ in states]
        for t, (start, size) in enumerate(zip(starts, sizes, strict=True)):
            if size < states[0].shape[0]:
                for kept, state in zip(ended, states, strict=True):
                    kept.append(state[size:])
                states = [state[:size] for state in states]
            states = step(gates[start : start + size], states)
            outs[t] = states[0]
        last = [gradbook.cat([state, *reversed(kept)]) for state, kept in zip(states, ended, strict=True)]
        return gradbook.cat(outs), last
    first, states = states, [state[: sizes[-1]] for state in states]
    for t in range(len(sizes) - 1, -1, -1):
        have = states[0].shape[0]
        if sizes[t] > have:
            states = [gradbook.cat([state, begin[have : sizes[t]]]) for state, begin in zip(states, first, strict=True)]
        states = step(gates[starts[t] : starts[t] + sizes[t]], states)
        outs[t] = states[0]
    return gradbook.cat(outs), states
