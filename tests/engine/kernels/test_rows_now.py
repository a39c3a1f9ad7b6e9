"""Eager forwards and rules by kernels against the operations' own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import gradbook  # noqa: F401  (declares the operations)
from gradbook.autograd.op import registry
from gradbook.kernels.host import unavailable
from gradbook.kernels.program import Unsupported
from gradbook.kernels.rows_now import forwards, gradients

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)

RNG = np.random.default_rng(0)


def drawn(*shape: int) -> Any:
    """Random numbers."""
    return RNG.standard_normal(shape).astype(np.float32)


X, W, B, IMAGE, C = drawn(9, 20), drawn(20), drawn(20), drawn(3, 4, 5, 6), drawn(4)
CLASSES = RNG.integers(0, 20, 9)
ENTROPY = {"reduction": "mean", "ignore_index": -100, "label_smoothing": 0.0}
BATCH = {"training": True, "momentum": 0.1, "eps": 1e-5}
CASES: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("softmax", (X,), {"dim": 1}),
    ("log_softmax", (X,), {"dim": -1}),
    ("cross_entropy", (X, CLASSES, None), ENTROPY),
    ("cross_entropy", (X, CLASSES, abs(W)), {**ENTROPY, "reduction": "none", "label_smoothing": 0.1}),
    ("cross_entropy", (X, CLASSES, None), {**ENTROPY, "reduction": "sum", "ignore_index": int(CLASSES[0])}),
    ("layer_norm", (X, W, B), {"rank": 1, "eps": 1e-5}),
    ("layer_norm", (IMAGE, None, None), {"rank": 2, "eps": 1e-5}),
    ("rms_norm", (X, W), {"rank": 1, "eps": 1e-5}),
    ("group_norm", (IMAGE, C, C), {"groups": 2, "eps": 1e-5}),
    ("batch_norm", (IMAGE, C, C, np.zeros(4, np.float32), np.ones(4, np.float32)), BATCH),
    ("batch_norm", (X, None, None, W, abs(B)), {**BATCH, "training": False}),
    ("embedding", (X,), {"index": np.array([[1, 8], [1, 0]]), "padding_idx": -1, "scale": False}),
    ("embedding_backward", (drawn(2, 2, 7),),
     {"index": np.array([[1, 8], [1, 0]]), "rows": 9, "padding_idx": 8, "scale": True}),
    ("mse_loss", (X, drawn(9, 20)), {"reduction": "mean"}),
    ("huber_loss", (X, drawn(9, 20)), {"reduction": "sum", "delta": 0.5}),
    ("binary_cross_entropy_with_logits", (X, abs(drawn(9, 20)) % 1, None), {"reduction": "none"}),
]  # fmt: skip


def close(found: Any, wanted: Any) -> None:
    """Equal in shape, dtype and value."""
    assert isinstance(found, np.ndarray)
    assert (found.shape, found.dtype) == (np.shape(wanted), np.float32)
    np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(("name", "arrays", "params"), CASES, ids=[f"{i}-{case[0]}" for i, case in enumerate(CASES)])
def test_forwards_and_rules_are_those_of_the_operation(name: str, arrays: Any, params: Any) -> None:
    op = registry[name]
    plain = op._run.__closure__  # the forward that was declared
    forward = next(cell.cell_contents for cell in plain if getattr(cell.cell_contents, "__name__", "") == "_")
    copies = [[None if array is None else array.copy() for array in arrays] for _ in range(2)]
    wanted, found = forward(np, *copies[0], **params), forwards()[name](np, *copies[1], **params)
    several = isinstance(wanted, tuple)
    for one, exact in zip(found if several else [found], wanted if several else [wanted], strict=True):
        close(one, exact)
    for mine, exact in zip(copies[1], copies[0], strict=True):  # running statistics, and nothing else, have moved
        if exact is not None:
            np.testing.assert_allclose(mine, exact, rtol=1e-5, atol=1e-6)
    if name not in gradients():
        return
    out = wanted[0] if several else wanted
    grad = np.asarray(drawn(*np.shape(out)))
    rule = op.joint or op.rules[0]
    slots = {**dict(zip(op.operands, arrays, strict=True)), "out": out}
    slots["pos_weight"] = None
    slots |= dict(zip(op.extras, wanted[1:], strict=True)) if op.extras else {}
    names = rule.fn.__code__.co_varnames[1 : rule.fn.__code__.co_argcount]
    needs = [array is not None and array.dtype == np.float32 and i < 3 for i, array in enumerate(arrays)]
    needs[1:] = [False] * (len(needs) - 1) if name == "cross_entropy" else needs[1:]
    given = {what: {**slots, **params, "needs": needs}[what] for what in names}
    exact = rule.fn(grad.copy(), **given)
    made = gradients()[name](grad, **given)
    for one, value in zip(made, exact, strict=True) if op.joint else [(made, exact)]:
        assert (one is None) == (value is None)
        if one is not None:
            close(one, value)


def test_what_kernels_cannot_take_is_left_to_numpy() -> None:
    for name, arrays, params in (
        ("softmax", (X,), {"dim": 0}),
        ("softmax", (X.astype(np.float64),), {"dim": 1}),
        ("softmax", (X[:, ::2],), {"dim": 1}),
        ("softmax", (X[:0],), {"dim": 1}),
        ("cross_entropy", (IMAGE, CLASSES, None), ENTROPY),
        ("cross_entropy", (X, X, None), ENTROPY),
        ("layer_norm", (X, W.astype(np.float64), None), {"rank": 1, "eps": 1e-5}),
        ("embedding", (X,), {"index": np.array([9])}),
        ("mse_loss", (X, W), {"reduction": "mean"}),
        ("binary_cross_entropy_with_logits", (X, X, W), {"reduction": "mean"}),
    ):
        with pytest.raises(Unsupported):
            forwards()[name](np, *arrays, **params)
