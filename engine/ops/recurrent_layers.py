"""A recurrent layer in one direction as one op: LSTM, GRU and RNN over all steps, and back through time.

The input's part of the gates comes ready from one product over all steps; an op adds the state's part step by step. The
gradient goes the same way back, and the weight's is one product over all steps again. recurrent.py decides when these
are used, and computes the same step by step where somebody wants to see the steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.autograd.op import MultiOp, Op
from gradbook.ops.workspace import empty
from gradbook.tensor import Tensor

__all__ = ["gru_layer", "lstm_layer", "rnn_layer"]

Array = Any

lstm_layer = MultiOp(
    "lstm_layer", "gates h0 c0 weight", extras="states kept cells", promote=False,
    formula=r"i, f, g, o = a_t + W h_{t-1}, \quad c_t = \sigma(f) c_{t-1} + \sigma(i) \tanh g, "
    r"\quad h_t = \sigma(o) \tanh c_t",
    grads={
        "gates": r"\bar a_t", "h0": r"\bar h_0 = W^\top \bar a_1", "c0": r"\bar c_0 = \sigma(f_1) \bar c_1",
        "weight": r"\bar W = \sum_t \bar a_t h_{t-1}^\top",
    },
    flops=lambda gates, h0, c0, w, out: 2 * gates[0] * gates[1] * w[0] * w[1],
)  # fmt: skip
gru_layer = Op(
    "gru_layer", "gates h0 weight bias", extras="kept", promote=False,
    formula=r"r, z = \sigma(a_t + W h_{t-1} + b), \quad n = \tanh(a_t + r (W h_{t-1} + b)), "
    r"\quad h_t = n + z (h_{t-1} - n)",
    grads={
        "gates": r"\bar a_t", "h0": r"\bar h_0", "weight": r"\bar W = \sum_t \bar s_t h_{t-1}^\top",
        "bias": r"\bar b = \sum_t \bar s_t",
    },
    flops=lambda gates, h0, w, b, out: 2 * gates[0] * gates[1] * w[0] * w[1],
)  # fmt: skip
rnn_layer = Op(
    "rnn_layer", "gates h0 weight", promote=False,
    formula=r"h_t = \varphi(a_t + W h_{t-1})",
    grads={
        "gates": r"\bar a_t = \varphi' \bar h_t", "h0": r"\bar h_0 = W^\top \bar a_1",
        "weight": r"\bar W = \sum_t \bar a_t h_{t-1}^\top",
    },
    flops=lambda gates, h0, w, out: 2 * gates[0] * gates[1] * w[0] * w[1],
)  # fmt: skip


def order(steps: int, reverse: bool) -> range:
    """The steps in the order in which they are taken."""
    return range(steps - 1, -1, -1) if reverse else range(steps)


def sigmoid_(xp: Any, x: Array) -> None:
    """1 / (1 + e**-x) in the place of x; an overflow of e**-x gives 0, as it should."""
    xp.negative(x, out=x)
    xp.exp(x, out=x)
    x += 1
    xp.reciprocal(x, out=x)


def dot(xp: Any, a: Array, b: Array) -> Array:
    """The sum over steps and rows of products: (t, n, p), (t, n, q) -> (p, q)."""
    return a.reshape(-1, a.shape[-1]).T @ b.reshape(-1, b.shape[-1])


def weight_grad(xp: Any, da: Array, states: Array, h0: Array, reverse: bool) -> Array:
    """The gradient of the state's weight: each step's gates with the state before it."""
    first, later, before = (da[-1], da[:-1], states[1:]) if reverse else (da[0], da[1:], states[:-1])
    return dot(xp, later, before) + first.T @ h0


def wanted(grads: tuple[Array, ...], needs: Any) -> tuple[Array | None, ...]:
    """Gradients, None where nobody needs them."""
    return tuple(grad if need else None for grad, need in zip(grads, needs, strict=True))


# -- LSTM ------------------------------------------------------------------------------------------------------------


@lstm_layer.forward
def _(xp: Any, gates: Array, h0: Array, c0: Array, weight: Array, *, reverse: bool) -> Any:
    steps, n, width = gates.shape
    size = width // 4
    kept = empty(xp, gates.shape, gates.dtype)
    states, cells = (empty(xp, (steps, n, size), gates.dtype) for _ in range(2))
    h, c, turned = h0, c0, xp.ascontiguousarray(weight.T)
    with np.errstate(over="ignore"):
        for t in order(steps, reverse):
            now = kept[t]
            xp.matmul(h, turned, out=now)
            now += gates[t]
            sigmoid_(xp, now[:, : 2 * size])
            xp.tanh(now[:, 2 * size : 3 * size], out=now[:, 2 * size : 3 * size])
            sigmoid_(xp, now[:, 3 * size :])
            i, f, g, o = (now[:, k * size : (k + 1) * size] for k in range(4))
            h = states[t]
            xp.multiply(f, c, out=cells[t])
            c = cells[t]
            c += xp.multiply(i, g, out=h)
            xp.tanh(c, out=h)
            h *= o
    return (states, c.copy()), states, kept, cells


def lstm_arrays_grad(
    xp: Any, dstates: Array | None, dlast: Array | None, h0: Array, c0: Array, weight: Array, states: Array,
    kept: Array, cells: Array, *, needs: Any, reverse: bool,
) -> Any:  # fmt: skip
    """Gradients of the operands; dstates (t, n, size) and dlast (n, size) are those of the two results, or None."""
    steps, n, size = cells.shape
    before = shifted(xp, cells, c0, reverse)
    i, f, g, o = (kept[..., k * size : (k + 1) * size] for k in range(4))
    squashed = xp.tanh(cells)
    da = empty(xp, kept.shape, kept.dtype)  # first what the gates' gradients are multiplied by
    through = da.reshape(steps, n, 4, size)
    for k, (gate, other) in enumerate(((i, g), (f, before), (g, i), (o, squashed))):
        part = through[:, :, k]
        xp.multiply(gate, gate, out=part)
        xp.subtract(1 if gate is g else gate, part, out=part)
        part *= other
    xp.multiply(squashed, squashed, out=squashed)
    xp.subtract(1, squashed, out=squashed)
    squashed *= o  # how a cell's gradient follows from the state's
    dc = xp.zeros_like(c0) if dlast is None else dlast.copy()
    dh: Array = xp.zeros_like(h0)
    for t in order(steps, not reverse):
        if dstates is not None:
            dh += dstates[t]
        squashed[t] *= dh
        dc += squashed[t]
        through[t, :, :3] *= dc[:, None]
        through[t, :, 3] *= dh
        dc *= f[t]
        xp.matmul(da[t], weight, out=dh)
    dw = weight_grad(xp, da, states, h0, reverse) if needs[3] else None
    return wanted((da, dh, dc, dw), needs)


def shifted(xp: Any, values: Array, first: Array, reverse: bool) -> Array:
    """What each step finds: the values of the step before it."""
    before = empty(xp, values.shape, values.dtype)
    if reverse:
        before[:-1], before[-1] = values[1:], first
    else:
        before[1:], before[0] = values[:-1], first
    return before


lstm_grad = backends.with_kernels("lstm_layer_backward", lstm_arrays_grad)


@lstm_layer.backward
def _(
    grad: Any, gates: Any, h0: Any, c0: Any, weight: Any, states: Any, kept: Any, cells: Any, needs: Any, reverse: bool
) -> Any:
    if any(isinstance(g, Tensor) for g in grad):
        return in_steps("LSTM", grad, (gates, h0, c0, weight, None), needs, reverse)
    xp = backends.xp_of(h0)
    return lstm_grad(xp, *grad, h0, c0, weight, states, kept, cells, needs=needs, reverse=reverse)


# -- GRU -------------------------------------------------------------------------------------------------------------


@gru_layer.forward
def _(xp: Any, gates: Array, h0: Array, weight: Array, bias: Array | None, *, reverse: bool) -> Any:
    steps, n, width = gates.shape
    size = width // 3
    kept = empty(xp, (steps, n, 4 * size), gates.dtype)  # r, z, n, and the state's part of n
    states = empty(xp, (steps, n, size), gates.dtype)
    h, turned, own = h0, xp.ascontiguousarray(weight.T), xp.empty((n, width), gates.dtype)
    with np.errstate(over="ignore"):
        for t in order(steps, reverse):
            xp.matmul(h, turned, out=own)
            if bias is not None:
                own += bias
            both, new, inner = kept[t, :, : 2 * size], kept[t, :, 2 * size : 3 * size], kept[t, :, 3 * size :]
            xp.add(gates[t, :, : 2 * size], own[:, : 2 * size], out=both)
            sigmoid_(xp, both)
            inner[...] = own[:, 2 * size :]
            xp.multiply(both[:, :size], inner, out=new)
            new += gates[t, :, 2 * size :]
            xp.tanh(new, out=new)
            xp.subtract(h, new, out=states[t])
            h = states[t]
            h *= both[:, size:]
            h += new
    return states, kept


def gru_arrays_grad(
    xp: Any, dstates: Array, h0: Array, weight: Array, states: Array, kept: Array, *, needs: Any, reverse: bool
) -> Any:
    """Gradients of the operands; dstates (t, n, size)."""
    steps, n, size = states.shape
    r, z, new, inner = (kept[..., k * size : (k + 1) * size] for k in range(4))
    da = empty(xp, (steps, n, 3 * size), kept.dtype)  # first what the gates' gradients are multiplied by
    through = da.reshape(steps, n, 3, size)
    xp.subtract(shifted(xp, states, h0, reverse), new, out=through[:, :, 1])
    through[:, :, 1] *= z - z * z
    xp.multiply(new, new, out=through[:, :, 2])
    xp.subtract(1, through[:, :, 2], out=through[:, :, 2])
    through[:, :, 2] *= 1 - z
    xp.multiply(r - r * r, inner, out=through[:, :, 0])
    own = empty(xp, da.shape, da.dtype)  # the gradients of what the weight gives
    dh: Array = xp.zeros_like(h0)
    more = xp.empty_like(h0)
    for t in order(steps, not reverse):
        dh += dstates[t]
        through[t, :, 1:] *= dh[:, None]
        through[t, :, 0] *= through[t, :, 2]
        own[t, :, : 2 * size] = da[t, :, : 2 * size]
        xp.multiply(da[t, :, 2 * size :], r[t], out=own[t, :, 2 * size :])
        dh *= z[t]
        dh += xp.matmul(own[t], weight, out=more)
    dw = weight_grad(xp, own, states, h0, reverse) if needs[2] else None
    return wanted((da, dh, dw, own.sum(axis=(0, 1)) if needs[3] else None), needs)


gru_grad = backends.with_kernels("gru_layer_backward", gru_arrays_grad)


@gru_layer.backward
def _(grad: Any, gates: Any, h0: Any, weight: Any, bias: Any, out: Any, kept: Any, needs: Any, reverse: bool) -> Any:
    if isinstance(grad, Tensor):
        da, dh, dw, db = in_steps("GRU", [grad], (gates, h0, weight, bias), needs, reverse)
        return da, dh, dw, db
    return gru_grad(backends.xp_of(h0), grad, h0, weight, out, kept, needs=needs, reverse=reverse)


# -- RNN -------------------------------------------------------------------------------------------------------------


@rnn_layer.forward
def _(xp: Any, gates: Array, h0: Array, weight: Array, *, reverse: bool, relu: bool) -> Any:
    steps, n, size = gates.shape
    states = empty(xp, (steps, n, size), gates.dtype)
    h, turned = h0, xp.ascontiguousarray(weight.T)
    for t in order(steps, reverse):
        h = xp.matmul(h, turned, out=states[t])
        h += gates[t]
        if relu:
            xp.maximum(h, 0, out=h)
        else:
            xp.tanh(h, out=h)
    return states


def rnn_arrays_grad(
    xp: Any, dstates: Array, h0: Array, weight: Array, states: Array, *, needs: Any, reverse: bool, relu: bool
) -> Any:
    """Gradients of the operands; dstates (t, n, size)."""
    steps = len(states)
    da = empty(xp, states.shape, states.dtype)  # first what the gradient is multiplied by
    if relu:
        xp.greater(states, 0, out=da, casting="unsafe")
    else:
        xp.multiply(states, states, out=da)
        xp.subtract(1, da, out=da)
    dh: Array = xp.zeros_like(h0)
    for t in order(steps, not reverse):
        dh += dstates[t]
        da[t] *= dh
        xp.matmul(da[t], weight, out=dh)
    return wanted((da, dh, weight_grad(xp, da, states, h0, reverse) if needs[2] else None), needs)


rnn_grad = backends.with_kernels("rnn_layer_backward", rnn_arrays_grad)


@rnn_layer.backward
def _(grad: Any, gates: Any, h0: Any, weight: Any, out: Any, needs: Any, reverse: bool, relu: bool) -> Any:
    if isinstance(grad, Tensor):
        mode = "RNN_RELU" if relu else "RNN_TANH"
        return in_steps(mode, [grad], (gates, h0, weight, None), needs, reverse)[:3]
    return rnn_grad(backends.xp_of(h0), grad, h0, weight, out, needs=needs, reverse=reverse, relu=relu)


# -- derivatives of derivatives --------------------------------------------------------------------------------------


def in_steps(mode: str, grads: Any, operands: tuple[Any, ...], needs: Any, reverse: bool) -> list[Any]:
    """Gradients as Tensors that can be differentiated again, by the same layer step by step.

    operands: gates, the states, the weight, the bias. -> one an operand, None where needs is false.
    """
    from gradbook.autograd.engine import grad as gradients
    from gradbook.autograd.rules import alias
    from gradbook.ops.recurrent import CELLS, unrolled

    own = [alias(x) if isinstance(x, Tensor) else x for x in operands]
    gates, *states, weight, bias = own
    cell: Callable[..., list[Tensor]] = CELLS[mode]
    outputs, last = unrolled(lambda part, now: cell(part, now, weight, bias), gates, states, reverse)
    pairs = [(out, g) for out, g in zip((outputs, last[-1]), grads, strict=False) if g is not None]
    asked = [i for i, need in enumerate(needs) if need]
    found = gradients(
        [out for out, _ in pairs], [own[i] for i in asked], [g for _, g in pairs], create_graph=True, allow_unused=True
    )
    made: list[Any] = [None] * len(own)
    for i, value in zip(asked, found, strict=True):
        made[i] = value
    return made
