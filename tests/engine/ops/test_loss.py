"""Losses against PyTorch: every reduction, both orders of gradients, errors that name the operands."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook.autograd import gradcheck, gradgradcheck
from tests.parity_tools import compare, draw, integers, same_error

REDUCTIONS = ["none", "mean", "sum"]
SHAPES = [(5,), (4, 5), (3, 5, 2), (2, 5, 3, 2)]


def targets(shape: tuple[int, ...]) -> Any:
    made = integers(*((shape[0], *shape[2:]) if len(shape) > 1 else ()), low=0, high=5)
    if made.ndim:
        made.reshape(-1)[0] = -100
    return made


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_cross_entropy(shape: tuple[int, ...], reduction: str, weighted: bool, smoothing: float) -> None:
    x, w = draw(*shape, dtype="float64"), draw(5, seed=1, low=0.1, dtype="float64")
    kwargs = {"reduction": reduction, "label_smoothing": smoothing}

    def call(lib: Any, x: Any, t: Any) -> Any:
        return lib.nn.functional.cross_entropy(x, t, lib.tensor(w) if weighted else None, **kwargs)

    compare(call, x, targets(shape), second=True)
    soft = draw(*shape, seed=2, low=0.0, dtype="float64")
    compare(call, x, soft, second=True)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weights", [[1.0, 0.0, 2.0, 0.0, 0.5], [0.0, 0.0, 0.0, 0.0, 1.0]])
def test_smoothed_cross_entropy_where_classes_have_no_weight(weights: list[float], reduction: str) -> None:
    x, target = draw(6, 5, dtype="float64"), np.array([0, 1, 3, 2, 1, 4])

    def call(lib: Any, x: Any, t: Any) -> Any:
        w = lib.tensor(weights, dtype=lib.float64)
        return lib.nn.functional.cross_entropy(
            x, t, w, reduction=reduction, ignore_index=2, label_smoothing=0.2
        )  # fmt: skip

    compare(call, x, target)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_nll(reduction: str) -> None:
    for shape in SHAPES:
        compare(
            lambda lib, x, t: lib.nn.functional.nll_loss(x, t, lib.ones(5).double() * 2, reduction=reduction),
            draw(*shape, dtype="float64"),
            targets(shape),
        )


def test_large_scores_do_not_overflow() -> None:
    compare(lambda lib, x, t: lib.nn.functional.cross_entropy(x * 1e4, t), draw(4, 5), targets((4, 5)))
    x = np.array([-200.0, -1.0, 0.0, 1.0, 200.0], "f4")
    compare(lambda lib, x, t: lib.nn.functional.binary_cross_entropy_with_logits(x, t), x, (x > 0).astype("f4"))


PAIRS: dict[str, Any] = {
    "mse_loss": {}, "l1_loss": {}, "smooth_l1_loss": {"beta": 0.5}, "huber_loss": {"delta": 0.7},
    "poisson_nll_loss": {},
    "soft_margin_loss": {}, "hinge_embedding_loss": {}, "kl_div": {"log_target": True},
    "binary_cross_entropy_with_logits": {}, "multilabel_soft_margin_loss": {},
}  # fmt: skip


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", PAIRS)
def test_pairs(name: str, reduction: str) -> None:
    x, t = draw(4, 5, dtype="float64"), draw(4, 5, seed=1, dtype="float64")
    if name == "hinge_embedding_loss":
        t = np.sign(t)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compare(
            lambda lib, x, t: getattr(lib.nn.functional, name)(
                x, t.detach() if name == "soft_margin_loss" else t, reduction=reduction, **PAIRS[name]
            ),
            x,
            t,
            second=name not in ("l1_loss", "hinge_embedding_loss", "huber_loss", "smooth_l1_loss"),
        )


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_more(reduction: str) -> None:
    a, b, c = (draw(4, 5, seed=i, dtype="float64") for i in range(3))
    sign, index = np.sign(draw(4, seed=3, dtype="float64")), integers(4, low=0, high=5)
    how = {"reduction": reduction}
    unit = draw(4, 5, low=0.05, high=0.95, dtype="float64")
    compare(
        lambda lib, x, t: lib.nn.functional.binary_cross_entropy(x, t, **how),
        unit,
        draw(4, 5, low=0, high=1, dtype="float64"),
    )
    compare(
        lambda lib, x, t: lib.nn.functional.binary_cross_entropy_with_logits(
            x, t, pos_weight=lib.tensor(unit[0]), **how
        ),
        a,
        unit,
    )
    compare(lambda lib, x, t, v: lib.nn.functional.gaussian_nll_loss(x, t, v, full=True, **how), a, b, unit)
    compare(lambda lib, x, y, t: lib.nn.functional.cosine_embedding_loss(x, y, t, 0.1, **how), a, b, sign)
    compare(lambda lib, x, y, t: lib.nn.functional.margin_ranking_loss(x, y, t, 0.1, **how), a[:, 0], b[:, 0], sign)
    compare(lambda lib, x, y, z: lib.nn.functional.triplet_margin_loss(x, y, z, swap=True, **how), a, b, c)
    compare(lambda lib, x, t: lib.nn.functional.multi_margin_loss(x, t, **how), a, index)
    lists = np.array([[1, 3, -1, 0, 0]] * 4)
    compare(lambda lib, x, t: lib.nn.functional.multilabel_margin_loss(x, t, **how), a, lists)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_ctc(reduction: str) -> None:
    labels = np.array([[1, 2, 2], [3, 1, 0]])

    def call(lib: Any, x: Any, t: Any) -> Any:
        return lib.nn.functional.ctc_loss(x.log_softmax(2), t, (6, 5), (3, 2), reduction=reduction)

    compare(call, draw(6, 2, 4, dtype="float64"), labels)


def test_derivatives() -> None:
    x = gradbook.tensor(draw(3, 4, 2, dtype="float64"), requires_grad=True)
    t = gradbook.tensor(integers(3, 2, low=0, high=4))
    w = gradbook.tensor(draw(4, seed=1, low=0.2, dtype="float64"))
    f = gradbook.nn.functional
    for smoothing in (0.0, 0.3):
        assert gradcheck(lambda x, s=smoothing: f.cross_entropy(x, t, w, label_smoothing=s), (x,))
        assert gradgradcheck(lambda x, s=smoothing: f.cross_entropy(x, t, w, label_smoothing=s), (x,))
    y = gradbook.tensor(draw(3, 4, 2, seed=2, dtype="float64"), requires_grad=True)
    for name in ("mse_loss", "binary_cross_entropy_with_logits"):
        assert gradcheck(getattr(f, name), (x, y))
        assert gradgradcheck(getattr(f, name), (x, y))


def test_broadcast_warns() -> None:
    with pytest.warns(UserWarning, match="different to the input size"):
        gradbook.nn.functional.mse_loss(gradbook.zeros(3, 1), gradbook.zeros(3))


@pytest.mark.parametrize(
    "case",
    [
        lambda f, x, t: f.cross_entropy(x, t + 9),
        lambda f, x, t: f.cross_entropy(x, t - 9),
        lambda f, x, t: f.cross_entropy(x, t[:2]),
        lambda f, x, t: f.cross_entropy(x, t.unsqueeze(1)),
        lambda f, x, t: f.cross_entropy(x, t.float()),
        lambda f, x, t: f.cross_entropy(x, t.int()),
        lambda f, x, t: f.cross_entropy(x.long(), t),
        lambda f, x, t: f.cross_entropy(x, t, reduction="sums"),
        lambda f, x, t: f.cross_entropy(x, t, x[0, :2]),
        lambda f, x, t: f.binary_cross_entropy(x, x),
        lambda f, x, t: f.binary_cross_entropy_with_logits(x, x[:, 0]),
        lambda f, x, t: f.mse_loss(x, x[:2]),
        lambda f, x, t: f.cosine_embedding_loss(x, x, x),
    ],
)
def test_errors_are_of_pytorchs_type(case: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same_error(lambda lib, x, t: case(lib.nn.functional, x, t), draw(4, 5), integers(4, low=0, high=5))


def test_an_error_says_what_to_do() -> None:
    f = gradbook.nn.functional
    with pytest.raises(RuntimeError, match=r"target\.squeeze\(-1\)") as caught:
        f.cross_entropy(gradbook.zeros(3, 4), gradbook.zeros(3, 1, dtype=gradbook.int64))
    assert [operand["name"] for operand in caught.value.card.operands] == ["input", "target"]  # type: ignore[attr-defined]
    with pytest.raises(RuntimeError, match=r"input\.movedim\(-1, 1\)"):
        f.cross_entropy(gradbook.zeros(2, 3, 5), gradbook.zeros(2, 3, dtype=gradbook.int64))


def test_a_batch_of_ignored_targets_has_no_gradient() -> None:
    for smoothing in (0.0, 0.1):
        compare(
            lambda lib, x, y, s=smoothing: lib.nn.functional.cross_entropy(x, y, ignore_index=1, label_smoothing=s),
            draw(2, 3),
            np.array([1, 1]),
        )
    compare(lambda lib, x, y: lib.nn.functional.nll_loss(x, y, ignore_index=1), draw(2, 3), np.array([1, 1]))
