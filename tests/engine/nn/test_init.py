"""How parameters start, clipping, parameters as a vector: against PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradbook
from tests.parity_tools import array_of, draw, torch

FILLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("uniform_", (-2, 3), {}), ("normal_", (1.0, 2.0), {}), ("trunc_normal_", (0.5, 1.0, -1.0, 1.5), {}),
    ("trunc_normal_", (0.0, 1.0, 2.5, 3.0), {}), ("xavier_uniform_", (2.0,), {}), ("xavier_normal_", (), {}),
    ("kaiming_uniform_", (), {"mode": "fan_out"}), ("kaiming_normal_", (), {"nonlinearity": "relu"}), ("sparse_",
    (0.3, 2.0), {}),
    ("orthogonal_", (3.0,), {}),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:mean is more than 2 std")
@pytest.mark.parametrize(("name", "args", "kwargs"), FILLS)
def test_random_fills(name: str, args: Any, kwargs: Any) -> None:
    values = []
    for lib in (gradbook, torch):
        lib.manual_seed(1)
        weight = lib.nn.Parameter(lib.empty(200, 300))
        assert getattr(lib.nn.init, name)(weight, *args, **kwargs) is weight
        assert weight.requires_grad
        assert weight.grad_fn is None
        values.append(array_of(weight).astype("f8"))
    mine, theirs = values
    points = [1, 10, 35, 50, 65, 90, 99]
    spread = theirs.std()
    np.testing.assert_allclose(np.percentile(mine, points), np.percentile(theirs, points), atol=0.05 * spread)
    assert abs(mine.max() - theirs.max()) < 2.0 * spread
    if name == "orthogonal_":
        np.testing.assert_allclose(mine @ mine.T, 9 * np.eye(200), atol=1e-4)


def test_fixed_fills_and_gain() -> None:
    for name, args, shape in (("ones_", (), (3,)), ("zeros_", (), (3,)), ("constant_", (0.3,), (2, 2)), ("eye_", (),
    (3, 4)),
                              ("dirac_", (2,), (4, 3, 3))):  # fmt: skip
        mine, theirs = (getattr(lib.nn.init, name)(lib.empty(*shape), *args) for lib in (gradbook, torch))
        np.testing.assert_array_equal(array_of(mine), array_of(theirs))
    for kind, slope in (("relu", None), ("tanh", None), ("leaky_relu", 0.3), ("selu", None), ("conv2d", None)):
        assert gradbook.nn.init.calculate_gain(kind, slope) == torch.nn.init.calculate_gain(kind, slope)
    for call in (lambda i, t: i.calculate_gain("no"), lambda i, t: i.eye_(t), lambda i, t: i.xavier_normal_(t)):
        for lib in (gradbook, torch):
            with pytest.raises(ValueError):  # noqa: PT011
                call(lib.nn.init, lib.zeros(3))


@pytest.mark.parametrize("norm", [1.0, 2.0, float("inf")])
def test_clip_grad_norm(norm: float) -> None:
    found = []
    for lib in (gradbook, torch):
        parameters = [lib.nn.Parameter(lib.tensor(draw(4, 3, seed=i))) for i in range(3)]
        for i, p in enumerate(parameters[:2]):
            p.grad = lib.tensor(draw(4, 3, seed=9 + i))
        total = lib.nn.utils.clip_grad_norm_(parameters, 0.7, norm)
        found.append([total, *(p.grad for p in parameters[:2])])
        lib.nn.utils.clip_grad_value_(parameters, 0.05)
        found[-1] += [p.grad for p in parameters[:2]]
    for mine, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(array_of(mine), array_of(theirs), rtol=1e-5)
    bad = gradbook.nn.Parameter(gradbook.ones(1))
    bad.grad = gradbook.tensor([float("nan")])
    with pytest.raises(RuntimeError, match="non-finite"):
        gradbook.nn.utils.clip_grad_norm_([bad], 1.0, error_if_nonfinite=True)


def test_vector_and_back() -> None:
    net = gradbook.nn.Sequential(gradbook.nn.Linear(3, 2), gradbook.nn.Linear(2, 1))
    vector = gradbook.nn.utils.parameters_to_vector(net.parameters())
    assert tuple(vector.shape) == (11,)
    gradbook.nn.utils.vector_to_parameters(gradbook.arange(11).float(), net.parameters())
    assert net[0].weight.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert net[1].bias.tolist() == [10]


@pytest.mark.parametrize("name", ["zeros_", "ones_", "normal_", "orthogonal_"])
def test_who_listens_hears_that_a_parameter_is_filled(name: str) -> None:
    heard: list[Any] = []

    class Listener:
        def on_write(self, target: Any, value: Any) -> None:
            heard.append(target)

    weight = gradbook.nn.Parameter(gradbook.empty(3, 4))
    with gradbook.events.observing(Listener()):
        getattr(gradbook.nn.init, name)(weight)
    assert heard
    assert all(target is weight for target in heard)
