"""Random numbers: their shapes and dtypes as PyTorch's, their distributions, seeds and states."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook.ops.random import dropout_mask
from tests.parity_tools import array_of, dtype_name, same_error, torch

N = 20_000
SHAPED: dict[str, Any] = {
    "rand": lambda lib: (
        lib.rand(2, 3),
        lib.rand((2, 3)),
        lib.rand(2, dtype=lib.float64),
        lib.rand(size=(4,)),
        lib.rand(()),
    ),
    "randn": lambda lib: (
        lib.randn(2, 3),
        lib.randn([2]),
        lib.randn(2, dtype=lib.float64),
        lib.randn(3, dtype=lib.float16),
    ),
    "randint": lambda lib: (
        lib.randint(5, (2, 3)),
        lib.randint(2, 5, (4,)),
        lib.randint(low=0, high=9, size=(2,)),
        lib.randint(0, 3, (2,), dtype=lib.float32),
    ),
    "randperm": lambda lib: (lib.randperm(7), lib.randperm(0), lib.randperm(3, dtype=lib.int32)),
    "like": lambda lib: (
        lib.rand_like(lib.ones(2, 3)),
        lib.randn_like(lib.ones(2).double()),
        lib.randint_like(lib.ones(3), 0, 9),
    ),
    "normal": lambda lib: (
        lib.normal(0.0, 1.0, (2, 3)),
        lib.normal(lib.zeros(4), lib.ones(4)),
        lib.normal(2.0, lib.ones(3)),
        lib.normal(lib.zeros(2)),
    ),
    "bernoulli": lambda lib: (
        lib.bernoulli(lib.full((2, 3), 0.5)),
        lib.bernoulli(lib.ones(3).double()),
        lib.ones(2).bernoulli(0.3),
    ),
    "multinomial": lambda lib: (lib.multinomial(lib.ones(4), 2), lib.multinomial(lib.ones(3, 4), 6, True)),
    "poisson": lambda lib: lib.poisson(lib.ones(2, 3)),
    "in place": lambda lib: [
        getattr(lib.empty(3, 2), f + "_")()
        for f in ("uniform", "normal", "exponential", "bernoulli", "random", "cauchy", "log_normal")
    ],
}


@pytest.mark.parametrize("name", SHAPED)
def test_shape_and_dtype(name: str) -> None:
    mine, theirs = SHAPED[name](gradbook), SHAPED[name](torch)
    for m, t in zip(
        mine if isinstance(mine, (tuple, list)) else [mine],
        theirs if isinstance(theirs, (tuple, list)) else [theirs],
        strict=True,
    ):
        assert (tuple(m.shape), dtype_name(m)) == (tuple(t.shape), dtype_name(t))


MOMENTS: dict[str, tuple[Any, float, float]] = {
    "rand": (lambda: gradbook.rand(N), 0.5, 1 / 12),
    "randn": (lambda: gradbook.randn(N), 0, 1),
    "normal": (lambda: gradbook.normal(3.0, 2.0, (N,)), 3, 4),
    "randint": (lambda: gradbook.randint(0, 10, (N,)), 4.5, 8.25),
    "bernoulli": (lambda: gradbook.bernoulli(gradbook.full((N,), 0.3)), 0.3, 0.21),
    "poisson": (lambda: gradbook.poisson(gradbook.full((N,), 4.0)), 4, 4),
    "uniform_": (lambda: gradbook.empty(N).uniform_(-1, 3), 1, 16 / 12),
    "exponential_": (lambda: gradbook.empty(N).exponential_(2.0), 0.5, 0.25),
    "geometric_": (lambda: gradbook.empty(N).geometric_(0.25), 4, 12),
    "log_normal_": (
        lambda: gradbook.empty(N).log_normal_(0, 0.25),
        np.exp(1 / 32),
        np.exp(1 / 16) * (np.exp(1 / 16) - 1),
    ),
    "half": (lambda: gradbook.rand(N, dtype=gradbook.float16), 0.5, 1 / 12),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_mean_and_variance(name: str) -> None:
    make, mean, variance = MOMENTS[name]
    values = array_of(make()).astype("f8")
    assert abs(values.mean() - mean) < 5 * np.sqrt(variance / N)
    assert abs(values.var() / variance - 1) < 0.1


def test_multinomial_follows_the_weights() -> None:
    weights = gradbook.tensor([1.0, 0.0, 3.0])
    drawn = array_of(gradbook.multinomial(weights, N, replacement=True))
    assert abs((drawn == 2).mean() - 0.75) < 0.02
    assert not (drawn == 1).any()
    firsts = [gradbook.multinomial(weights, 2)[0].item() for _ in range(1000)]
    assert abs(np.mean(np.array(firsts) == 2) - 0.75) < 0.07


def test_a_seed_and_a_state_repeat_the_numbers() -> None:
    gradbook.manual_seed(3)
    assert gradbook.initial_seed() == 3
    first = gradbook.randn(5)
    state = gradbook.get_rng_state()
    second = gradbook.rand(5)
    gradbook.manual_seed(3)
    assert gradbook.equal(gradbook.randn(5), first)
    gradbook.set_rng_state(state)
    assert gradbook.equal(gradbook.rand(5), second)
    gradbook.manual_seed(4)
    assert not gradbook.equal(gradbook.randn(5), first)


def test_the_numbers_of_a_seed_never_change() -> None:
    gradbook.manual_seed(0)
    np.testing.assert_allclose(gradbook.rand(3).numpy(), [0.8506242, 0.63696164, 0.5111365], rtol=1e-6)


def test_a_generator_of_ones_own() -> None:
    one, other = gradbook.Generator().manual_seed(7), gradbook.Generator()
    other.manual_seed(7)
    before = gradbook.get_rng_state()
    assert gradbook.equal(gradbook.rand(4, generator=one), gradbook.rand(4, generator=other))
    assert gradbook.equal(gradbook.get_rng_state(), before)
    again = pickle.loads(pickle.dumps(one))
    assert gradbook.equal(gradbook.randperm(9, generator=again), gradbook.randperm(9, generator=one))
    other.set_state(one.get_state())
    assert gradbook.equal(gradbook.randint(0, 99, (9,), generator=other), gradbook.randint(0, 99, (9,), generator=one))
    assert gradbook.Generator().seed() != gradbook.Generator().seed()


def test_fork_rng_leaves_the_outside_alone() -> None:
    from gradbook.random import fork_rng

    before = gradbook.get_rng_state()
    with fork_rng():
        gradbook.manual_seed(99)
        gradbook.randn(10)
    assert gradbook.equal(gradbook.get_rng_state(), before)


def test_dropout_mask() -> None:
    assert abs(dropout_mask((N,), 0.7).mean() - 0.7) < 0.02
    assert dropout_mask((3, 4), 1.0).all()
    assert not dropout_mask((1000,), 0.0).any()


@pytest.mark.parametrize(
    "make",
    [
        lambda lib: lib.randint(5, 5, (2,)),
        lambda lib: lib.randperm(-1),
        lambda lib: lib.bernoulli(lib.full((2,), 1.5)),
        lambda lib: lib.multinomial(lib.zeros(3), 1),
        lambda lib: lib.multinomial(lib.ones(2), 3),
        lambda lib: lib.multinomial(-lib.ones(2), 1),
        lambda lib: lib.normal(0.0, -1.0, (2,)),
        lambda lib: lib.empty(2).uniform_(3, 1),
        lambda lib: lib.empty(2).exponential_(-1.0),
        lambda lib: lib.poisson(-lib.ones(2)),
        lambda lib: lib.ones(2, requires_grad=True).normal_(),
        lambda lib: lib.randn(2, dtype=lib.int64),
    ],
)
def test_refused(make: Any) -> None:
    same_error(make)


def test_in_place_under_no_grad_keeps_the_leaf() -> None:
    weight = gradbook.zeros(3, requires_grad=True)
    with gradbook.no_grad():
        assert weight.normal_() is weight
    assert weight.is_leaf
    assert weight.requires_grad


def test_a_generator_knows_whether_its_numbers_can_be_drawn_again() -> None:
    generator = gradbook.Generator()
    assert generator.seeded
    generator.seed()
    assert not generator.seeded
    state = generator.get_state()
    assert generator.manual_seed(3).seeded
    generator.seed()
    assert generator.set_state(state).seeded
