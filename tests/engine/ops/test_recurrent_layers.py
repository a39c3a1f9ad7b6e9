"""Recurrent layers as one op: the same values and gradients as step by step, and as PyTorch's."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import events, nn
from gradbook.autograd import gradcheck, gradgradcheck

KINDS: list[Any] = [
    (nn.LSTM, {}), (nn.GRU, {}), (nn.RNN, {}), (nn.RNN, {"nonlinearity": "relu"}), (nn.LSTM, {"bias": False}),
    (nn.GRU, {"bias": False}), (nn.LSTM, {"bidirectional": True, "num_layers": 2, "batch_first": True}),
    (nn.GRU, {"bidirectional": True, "batch_first": True}), (nn.RNN, {"bidirectional": True, "num_layers": 2}),
]  # fmt: skip


class Ears:
    """Somebody who wants to see the steps."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def on_op(self, op: Any, *_: Any) -> None:
        self.names.append(op.name)


def made(kind: Any, options: Any, dtype: Any = None, steps: int = 5, n: int = 3, given: bool = True) -> Any:
    """A layer, its input and its states (None: it begins with zeros), which all want gradients."""
    gradbook.manual_seed(0)
    layer = kind(4, 6, dtype=dtype, **options)
    shape = (n, steps, 4) if layer.batch_first else (steps, n, 4)
    x = gradbook.randn(*shape, dtype=dtype, requires_grad=True)
    rows = layer.num_layers * (2 if layer.bidirectional else 1)
    count = 2 if kind is nn.LSTM else 1
    states = [gradbook.randn(rows, n, 6, dtype=dtype, requires_grad=True) for _ in range(count if given else 0)]
    return layer, x, states


def outcome(layer: Any, x: Any, states: list[Any], uses: str = "yhc") -> list[Any]:
    """Results of a call, and all gradients of a sum of squares of some of them."""
    for tensor in (*layer.parameters(), x, *states):
        tensor.grad = None
    y, last = layer(x, tuple(states) if len(states) == 2 else states[0] if states else None)
    last = last if isinstance(last, tuple) else (last,)
    parts = [part for name, part in zip("yhc", (y, *last), strict=False) if name in uses]
    sum((part * part).sum() * (i + 1) for i, part in enumerate(parts)).backward()
    return [t.detach().numpy() for t in (y, *last, *(p.grad for p in layer.parameters()), x.grad,
                                         *(s.grad for s in states if s.grad is not None))]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "options", "uses"),
    [(*each, "yhc") for each in KINDS] + [(nn.LSTM, {}, uses) for uses in ("y", "h", "hc", "c")] + [(nn.GRU, {}, "h")],
)
def test_one_op_gives_what_the_steps_give(kind: Any, options: Any, uses: str) -> None:
    for dtype, close in ((gradbook.float64, 1e-12), (gradbook.float32, 3e-5)):
        for given, steps in ((True, 5), (False, 1)):
            layer, x, states = made(kind, options, dtype, steps=steps, given=given)
            whole = outcome(layer, x, states, uses)
            ears = Ears()
            with events.observing(ears):
                slow = outcome(layer, x, states, uses)
            assert not any(name.endswith("_layer") for name in ears.names)
            for a, b in zip(whole, slow, strict=True):
                assert a.dtype == b.dtype
                np.testing.assert_allclose(a, b, rtol=close, atol=close)


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_pytorch_gives_the_same(kind: Any, options: Any) -> None:
    torch = pytest.importorskip("torch")
    layer, x, states = made(kind, options)
    ours = outcome(layer, x, states)
    theirs = getattr(torch.nn, kind.__name__)(4, 6, **options)
    theirs.load_state_dict({name: torch.tensor(p.detach().numpy()) for name, p in layer.named_parameters()})
    copies = [torch.tensor(t.detach().numpy(), requires_grad=True) for t in (x, *states)]
    for a, b in zip(ours, outcome(theirs, copies[0], copies[1:]), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.parametrize("reverse", [False, True])
def test_second_derivatives(kind: Any, reverse: bool) -> None:
    layer, x, states = made(kind, {"bidirectional": reverse}, gradbook.float64, steps=3, n=2)

    def call(x: Any, *states: Any) -> Any:
        y, last = layer(x, states if len(states) == 2 else states[0])
        return (y, *last) if isinstance(last, tuple) else (y, last)

    assert gradcheck(call, (x, *states))
    assert gradgradcheck(call, (x, *states))


def test_a_layer_is_one_op_unless_somebody_listens() -> None:
    for kind, name in ((nn.LSTM, "lstm_layer"), (nn.GRU, "gru_layer"), (nn.RNN, "rnn_layer")):
        layer, x, _ = made(kind, {})
        y, _ = layer(x)
        names, nodes = [], [y.grad_fn]
        while nodes:
            node = nodes.pop()
            names.append(node.name())
            nodes += [below for below, _ in node.next_functions if below is not None]
        assert sum("Layer" in each for each in names) == 1, (name, names)
        assert not any("Stack" in each or "Tanh" in each for each in names)


def test_large_gates_saturate_and_nan_spreads() -> None:
    with np.errstate(all="raise", under="ignore"):
        for kind in (nn.LSTM, nn.GRU):
            layer, x, _ = made(kind, {})
            y, _ = layer(x.detach() * 1e4)
            assert np.isfinite(y.detach().numpy()).all()
            y.sum().backward()
            assert all(np.isfinite(p.grad.numpy()).all() for p in layer.parameters())
    layer, x, _ = made(nn.LSTM, {})
    x = x.detach().clone()
    x[2, 1, 0] = float("nan")
    y = layer(x)[0].detach().numpy()
    assert np.isnan(y[2:, 1]).all()
    assert np.isfinite(y[:2]).all()
    assert np.isfinite(y[:, [0, 2]]).all()


def test_what_one_op_cannot_do_goes_step_by_step() -> None:
    layer, x, _ = made(nn.LSTM, {"proj_size": 2})
    assert layer(x)[0].shape == (5, 3, 2)
    layer, x, _ = made(nn.LSTM, {})
    packed = nn.utils.rnn.pack_padded_sequence(x, [5, 3, 2])
    whole = layer(x)[0].detach().numpy()
    padded = nn.utils.rnn.pad_packed_sequence(layer(packed)[0])[0].detach().numpy()
    for i, length in enumerate((5, 3, 2)):
        np.testing.assert_allclose(padded[:length, i], whole[:length, i], rtol=1e-5, atol=1e-6)
    batched = gradbook.vmap(lambda one: layer(one)[0])(x.detach().unsqueeze(0))
    np.testing.assert_allclose(batched[0].detach().numpy(), whole, rtol=1e-5, atol=1e-6)


def test_results_do_not_share_memory() -> None:
    for kind, first in itertools.product((nn.LSTM, nn.GRU, nn.RNN), (False, True)):
        layer, x, _ = made(kind, {"batch_first": first})
        with gradbook.no_grad():
            y, last = layer(x)
            before = y.clone()
            for part in last if isinstance(last, tuple) else (last,):
                part.zero_()
        assert (y == before).all()
        assert y.is_contiguous()
