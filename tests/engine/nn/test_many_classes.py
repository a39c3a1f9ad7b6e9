"""AdaptiveLogSoftmaxWithLoss, LinearCrossEntropyLoss and the old arguments of losses, against PyTorch."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import gradbook
from tests.parity_tools import array_of, draw, integers, same_error, torch

BOTH = [gradbook, torch]


def shared(name: str, *args: Any, **kwargs: Any) -> list[Any]:
    """The module of both libraries, in float64, with PyTorch's start."""
    made = []
    for lib in BOTH:
        given = {k: lib.tensor(v) if isinstance(v, np.ndarray) else v for k, v in kwargs.items()}
        made.append(getattr(lib.nn, name)(*args, **given).double())
    assert repr(made[0]) == repr(made[1])
    assert list(made[0].state_dict()) == list(made[1].state_dict())
    made[0].load_state_dict({k: gradbook.tensor(v.numpy()) for k, v in made[1].state_dict().items()})
    return made


@pytest.mark.parametrize("targets", [[0, 6, 12, 19, 5], [1, 2, 3, 4, 0], [19, 18, 12, 11, 10]])
@pytest.mark.parametrize("head_bias", [True, False])
def test_adaptive_log_softmax(targets: list[int], head_bias: bool) -> None:
    pair = shared("AdaptiveLogSoftmaxWithLoss", 16, 20, [5, 10], div_value=2.0, head_bias=head_bias)
    found = []
    for lib, module in zip(BOTH, pair, strict=True):
        x = lib.tensor(draw(5, 16, dtype="float64"), requires_grad=True)
        made = module(x, lib.tensor(targets))
        assert type(made).__name__ == "_ASMoutput"
        made.loss.backward()
        single = module(x[0], lib.tensor(targets[0]))
        grads = [p.grad if p.grad is not None else lib.zeros_like(p) for p in module.parameters()]
        found.append([made.output, made.loss, x.grad, module.log_prob(x), module.predict(x), *single, *grads])
    for mine, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(array_of(mine), array_of(theirs), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("cutoffs", [[], [5, 5], [0, 3], [3, 20], [3, 25], [3.5, 6], [-1, 4], [6, 3]])
def test_adaptive_cutoffs(cutoffs: Any) -> None:
    same_error(lambda lib: lib.nn.AdaptiveLogSoftmaxWithLoss(16, 20, cutoffs))


def test_adaptive_errors() -> None:
    def call(lib: Any, x: Any, t: Any) -> Any:
        return lib.nn.AdaptiveLogSoftmaxWithLoss(16, 20, [5, 10])(x, t)

    same_error(call, draw(4, 16), integers(3, low=0))
    same_error(call, draw(16), integers(1, low=0))
    same_error(call, draw(4, 16), np.array([1, 2, 3, 20]))
    same_error(call, draw(2, 4, 16), integers(2, 4, low=0))


LCE: list[tuple[dict[str, Any], Any]] = [
    ({}, (2,)), ({"bias": True, "reduction": "sum"}, (2,)), ({"out_features": (4, 3), "bias": True}, (2, 4, 3)),
    ({"label_smoothing": 0.2, "weight": draw(10, low=0.1, dtype="float64")}, (2,)), ({"ignore_index": 3}, (2,)),
    ({"reduction": "none", "out_features": (2,)}, (2, 2)),
]  # fmt: skip


@pytest.mark.parametrize(("options", "shape"), LCE)
def test_linear_cross_entropy(options: dict[str, Any], shape: Any) -> None:
    found = []
    for lib, module in zip(BOTH, shared("LinearCrossEntropyLoss", 5, 10, **options), strict=True):
        x = lib.tensor(draw(2, 5, dtype="float64"), requires_grad=True)
        out = module(x, lib.tensor(integers(*shape, low=0, seed=3)))
        out.sum().backward()
        found.append([out, x.grad, module.linear.weight.grad])
        with pytest.raises(RuntimeError):
            module(lib.zeros(2, 2, 5, dtype=lib.float64), lib.tensor(0))
        with pytest.raises(RuntimeError):
            module(lib.zeros(2, 6, dtype=lib.float64), lib.tensor(0))
    for mine, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(array_of(mine), array_of(theirs), rtol=1e-9)


def test_linear_cross_entropy_options() -> None:
    for lib in BOTH:
        make = lib.nn.LinearCrossEntropyOptions
        assert repr(make(batch_chunk_size=3, chunking_method="aspect_ratio:2")) == (
            "LinearCrossEntropyOptions(allow_retain_graph=False, batch_chunk_size=3, "
            "chunking_method='aspect_ratio:2', acc_policy='auto', acc_dtype=None)"
        )
        for bad in ({"acc_policy": "x"}, {"chunking_method": "x"}, {"batch_chunk_size": 0}, {"acc_dtype": lib.int64}):
            with pytest.raises(ValueError, match=next(iter(bad))):
                make(**bad)


OLD = [(None, False), (True, None), (False, None), (False, True), (True, True), (True, False)]


@pytest.mark.parametrize(("size_average", "reduce"), OLD)
@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "binary_cross_entropy", "soft_margin_loss"])
def test_old_arguments_work_and_say_so(name: str, size_average: Any, reduce: Any) -> None:
    found = []
    for lib in BOTH:
        a, b = lib.tensor(draw(3, 4, low=0.1, high=0.9)), lib.tensor(draw(3, 4, seed=1, low=0.1, high=0.9))
        with pytest.warns(UserWarning, match="size_average and reduce args will be deprecated") as caught:
            out = getattr(lib.nn.functional, name)(a, b, size_average=size_average, reduce=reduce)
        found.append((array_of(out), [str(w.message) for w in caught]))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-5)
    assert found[0][1] == found[1][1]


@pytest.mark.parametrize(
    "name", ["MSELoss", "CrossEntropyLoss", "NLLLoss", "BCELoss", "KLDivLoss", "MarginRankingLoss"]
)
def test_old_arguments_of_layers(name: str) -> None:
    found = []
    for lib in BOTH:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found.append((getattr(lib.nn, name)(size_average=False).reduction, [str(w.message) for w in caught]))
    assert found[0] == found[1]
