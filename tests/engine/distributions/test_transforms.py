"""Transforms and constraints beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import gradbook
from tests.engine.distributions.test_distributions import asked, same, t
from tests.parity_tools import assert_same, draw

torch = pytest.importorskip("torch")
LIBS = (torch, gradbook)


def transforms(lib):
    return lib.distributions.transforms


TRANSFORMS = {
    "abs": lambda lib: transforms(lib).AbsTransform(),
    "affine": lambda lib: transforms(lib).AffineTransform(t(lib, [1.0, 2.0, 3.0]), t(lib, [0.5, -1.0, 2.0])),
    "affine of numbers": lambda lib: transforms(lib).AffineTransform(1.0, -2.0),
    "affine of vectors": lambda lib: transforms(lib).AffineTransform(1.0, t(lib, [0.5, -1.0, 2.0]), event_dim=1),
    "cdf": lambda lib: transforms(lib).CumulativeDistributionTransform(lib.distributions.Normal(t(lib, 0.0), 1.0)),
    "exp": lambda lib: transforms(lib).ExpTransform(),
    "independent": lambda lib: transforms(lib).IndependentTransform(transforms(lib).ExpTransform(), 1),
    "power": lambda lib: transforms(lib).PowerTransform(t(lib, 2.0)),
    "reshape": lambda lib: transforms(lib).ReshapeTransform((3,), (3, 1)),
    "sigmoid": lambda lib: transforms(lib).SigmoidTransform(),
    "softmax": lambda lib: transforms(lib).SoftmaxTransform(),
    "softplus": lambda lib: transforms(lib).SoftplusTransform(),
    "stick": lambda lib: transforms(lib).StickBreakingTransform(),
    "tanh": lambda lib: transforms(lib).TanhTransform(),
    "correlation": lambda lib: transforms(lib).CorrCholeskyTransform(),
    "cholesky": lambda lib: transforms(lib).LowerCholeskyTransform(),
    "positive definite": lambda lib: transforms(lib).PositiveDefiniteTransform(),
    "cat": lambda lib: transforms(lib).CatTransform(
        [transforms(lib).ExpTransform(), transforms(lib).TanhTransform()], dim=-1, lengths=[2, 1]
    ),
    "stack": lambda lib: transforms(lib).StackTransform(
        [transforms(lib).ExpTransform(), transforms(lib).TanhTransform(), transforms(lib).SigmoidTransform()], dim=-1
    ),
    "composed": lambda lib: transforms(lib).ComposeTransform(
        [transforms(lib).AffineTransform(0.0, 0.5), transforms(lib).TanhTransform(), transforms(lib).ExpTransform()]
    ),
    "composed, axes": lambda lib: transforms(lib).ComposeTransform(
        [transforms(lib).ExpTransform(), transforms(lib).StickBreakingTransform()]
    ),
    "inverse": lambda lib: transforms(lib).ExpTransform().inv,
    "inverse composed": lambda lib: transforms(lib).ComposeTransform(
        [transforms(lib).ExpTransform(), transforms(lib).AffineTransform(1.0, 2.0)]
    ).inv,
}  # fmt: skip


def point(name):
    if name in ("cholesky", "positive definite"):
        return draw(2, 3, 3, dtype="float64")
    positive = name in ("power", "abs") or name.startswith("inverse")
    return draw(2, 3, low=1.5 if positive else -1.5, high=3.0 if positive else 1.5, dtype="float64")


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform(name):
    x = point(name)
    theirs, mine = (TRANSFORMS[name](lib) for lib in LIBS)
    a, b = torch.tensor(x), gradbook.tensor(x)
    y, z = theirs(a), mine(b)
    assert_same(z, y, "forward", 1e-9)
    assert_same(mine.inv(z), theirs.inv(y), "inverse", 1e-6)
    same(
        asked(lambda: mine.log_abs_det_jacobian(b, z)),
        asked(lambda: theirs.log_abs_det_jacobian(a, y)),
        "log_abs_det_jacobian",
    )
    assert mine.bijective == theirs.bijective
    assert (mine.domain.event_dim, mine.codomain.event_dim) == (theirs.domain.event_dim, theirs.codomain.event_dim)
    assert tuple(mine.forward_shape(tuple(x.shape))) == tuple(theirs.forward_shape(torch.Size(x.shape)))
    assert tuple(mine.inverse_shape(tuple(y.shape))) == tuple(theirs.inverse_shape(y.shape))
    assert mine.inv.inv is mine
    assert mine == mine
    same(asked(lambda: mine.sign), asked(lambda: theirs.sign), "sign")
    assert bool(mine.codomain.check(z).all()) == bool(theirs.codomain.check(y).all())


@pytest.mark.parametrize("name", ["exp", "sigmoid", "tanh", "affine", "softplus", "composed"])
def test_the_change_of_volume_is_the_derivative(name):
    x = gradbook.tensor(point(name), requires_grad=True)
    transform = TRANSFORMS[name](gradbook)
    (slope,) = gradbook.autograd.grad(transform(x).sum(), x)
    np.testing.assert_allclose(transform.log_abs_det_jacobian(x, transform(x)).tolist(), slope.abs().log().tolist())


def test_a_cache_gives_back_the_very_x():
    transform = transforms(gradbook).ExpTransform(cache_size=1)
    x = gradbook.randn(3)
    assert transform.inv(transform(x)) is x
    assert TRANSFORMS["affine"](gradbook).with_cache()._cache_size == 1
    with pytest.raises(ValueError, match="0 or 1"):
        transforms(gradbook).ExpTransform(cache_size=2)


CONSTRAINTS = {
    "boolean": [0.0, 1.0, 0.5],
    "real": [0.0, float("nan"), float("inf")],
    "positive": [0.0, 1.0, -1.0],
    "nonnegative": [0.0, 1.0, -1.0],
    "unit_interval": [0.0, 1.0, 1.5],
    "nonnegative_integer": [0.0, 1.5, -1.0],
    "positive_integer": [0.0, 1.0, 2.5],
    "simplex": [[0.5, 0.5], [0.7, 0.7], [1.5, -0.5]],
    "one_hot": [[0.0, 1.0], [1.0, 1.0], [0.5, 0.5]],
    "real_vector": [[0.0, 1.0], [float("nan"), 1.0]],
    "lower_triangular": [[[1.0, 0.0], [2.0, -3.0]], [[1.0, 0.1], [0.0, 1.0]]],
    "lower_cholesky": [[[1.0, 0.0], [2.0, 3.0]], [[1.0, 0.0], [0.0, -1.0]]],
    "corr_cholesky": [[[1.0, 0.0], [0.6, 0.8]], [[1.0, 0.0], [0.6, 0.7]]],
    "positive_definite": [[[2.0, 0.5], [0.5, 1.0]], [[1.0, 2.0], [2.0, 1.0]]],
    "positive_semidefinite": [[[2.0, 0.5], [0.5, 1.0]], [[1.0, 2.0], [2.0, 1.0]]],
    "symmetric": [[[2.0, 0.5], [0.5, 1.0]], [[1.0, 2.0], [3.0, 1.0]]],
    "square": [[[2.0, 0.5], [0.5, 1.0]], [[1.0, 2.0], [2.0, 1.0]]],
}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_a_constraint(name):
    theirs, mine = (getattr(lib.distributions.constraints, name) for lib in LIBS)
    assert_same(mine.check(t(gradbook, CONSTRAINTS[name])), theirs.check(t(torch, CONSTRAINTS[name])), name)
    assert (mine.event_dim, mine.is_discrete) == (theirs.event_dim, theirs.is_discrete)


@pytest.mark.parametrize("table", ["biject_to", "transform_to"])
def test_the_way_to_a_constraint(table):
    for build in (
        lambda c, lib: c.real,
        lambda c, lib: c.positive,
        lambda c, lib: c.unit_interval,
        lambda c, lib: c.interval(-1.0, t(lib, [2.0, 3.0, 4.0])),
        lambda c, lib: c.greater_than(2.0),
        lambda c, lib: c.less_than(2.0),
        lambda c, lib: c.simplex,
        lambda c, lib: c.corr_cholesky,
        lambda c, lib: c.independent(c.positive, 1),
        lambda c, lib: c.stack([c.positive, c.real, c.unit_interval], -1),
        lambda c, lib: c.cat([c.positive, c.real], -1, [1, 2]),
    ):
        x = draw(2, 3, dtype="float64")
        found = []
        for lib in LIBS:
            constraint = build(lib.distributions.constraints, lib)
            transform = getattr(lib.distributions, table)(constraint)
            y = transform(lib.tensor(x))
            assert bool(constraint.check(y).all())
            found.append(y)
        assert_same(found[1], found[0], table, 1e-9)
    with pytest.raises(NotImplementedError):
        getattr(gradbook.distributions, table)(gradbook.distributions.constraints.boolean)


def test_a_transformed_distribution_of_ones_own():
    """A normalizing flow of three layers, as the documentation has it."""
    found = []
    for lib in LIBS:
        d, tr = lib.distributions, transforms(lib)
        base = d.Uniform(t(lib, 0.0), t(lib, 1.0))
        logistic = d.TransformedDistribution(base, [tr.SigmoidTransform().inv, tr.AffineTransform(t(lib, 2.0), 0.5)])
        value = t(lib, [1.0, 2.5])
        found.append((logistic.log_prob(value), logistic.cdf(value), logistic.icdf(t(lib, [0.3, 0.6]))))
    for mine, theirs in zip(found[1], found[0], strict=True):
        assert_same(mine, theirs, "logistic", 1e-9)
