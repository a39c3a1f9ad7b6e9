"""Kullback-Leibler divergences beside PyTorch's: every pair it knows."""

from __future__ import annotations

import pytest

import gradbook
from gradbook import distributions
from tests.engine.distributions.test_distributions import CASES, REAL, same, t

torch = pytest.importorskip("torch")
from torch.distributions import kl as theirs_kl  # noqa: E402 (after the skip)

SECOND = {
    "Bernoulli": lambda d, lib: d.Bernoulli(t(lib, [0.3, 0.6, 0.4])),
    "Beta": lambda d, lib: d.Beta(t(lib, [1.5, 0.6, 2.0]), t(lib, [1.0, 2.5, 0.7])),
    "Binomial": lambda d, lib: d.Binomial(5, t(lib, [0.3, 0.6, 0.4])),
    "Categorical": lambda d, lib: d.Categorical(t(lib, [0.3, 0.3, 0.4])),
    "Cauchy": lambda d, lib: d.Cauchy(t(lib, [0.3, -1.0, 0.4]), t(lib, [1.0, 2.5, 0.7])),
    "ContinuousBernoulli": lambda d, lib: d.ContinuousBernoulli(t(lib, [0.3, 0.5, 0.4])),
    "Dirichlet": lambda d, lib: d.Dirichlet(t(lib, [1.5, 0.6, 2.0])),
    "Exponential": lambda d, lib: d.Exponential(t(lib, [1.5, 0.6, 2.0])),
    "Gamma": lambda d, lib: d.Gamma(t(lib, [1.5, 0.6, 2.0]), t(lib, [1.0, 2.5, 0.7])),
    "Geometric": lambda d, lib: d.Geometric(t(lib, [0.3, 0.6, 0.4])),
    "Gumbel": lambda d, lib: d.Gumbel(t(lib, [0.3, -1.0, 0.4]), t(lib, [1.0, 2.5, 0.7])),
    "HalfNormal": lambda d, lib: d.HalfNormal(t(lib, [1.5, 0.6, 2.0])),
    "Independent": lambda d, lib: d.Independent(d.Normal(t(lib, [0.3, -1.0, 0.4]), t(lib, [1.0, 2.5, 0.7])), 1),
    "Laplace": lambda d, lib: d.Laplace(t(lib, [0.3, -1.0, 0.4]), t(lib, [1.0, 2.5, 0.7])),
    "LogNormal": lambda d, lib: d.LogNormal(t(lib, [0.3, -1.0, 0.4]), t(lib, [1.0, 2.5, 0.7])),
    "LowRankMultivariateNormal": lambda d, lib: d.LowRankMultivariateNormal(
        t(lib, [0.3, -1.0, 0.4]), t(lib, [[0.5], [0.3], [1.0]]), t(lib, [1.0, 2.5, 0.7])
    ),
    "MultivariateNormal": lambda d, lib: d.MultivariateNormal(
        t(lib, REAL), scale_tril=t(lib, [[1.0, 0.0, 0.0], [0.5, 2.0, 0.0], [-0.3, 0.1, 1.5]])
    ),
    "Normal": lambda d, lib: d.Normal(t(lib, [0.3, -1.0, 0.4]), t(lib, [1.0, 2.5, 0.7])),
    "OneHotCategorical": lambda d, lib: d.OneHotCategorical(t(lib, [0.3, 0.3, 0.4])),
    "Pareto": lambda d, lib: d.Pareto(t(lib, [0.4, 0.5, 2.0]), t(lib, [1.0, 2.5, 0.7])),
    "Poisson": lambda d, lib: d.Poisson(t(lib, [1.5, 0.6, 2.0])),
    "Uniform": lambda d, lib: d.Uniform(t(lib, [-2.0, 0.1, 0.3]), t(lib, [4.0, 5.0, 0.9])),
}
FIRST = {
    **{name: CASES[name] for name in SECOND if name in CASES},
    "Uniform": lambda lib: lib.distributions.Uniform(t(lib, [0.1, 0.2, 0.4]), t(lib, [0.8, 4.0, 0.6])),
}
PAIRS = sorted(
    (p.__name__, q.__name__)
    for p, q in theirs_kl._KL_REGISTRY
    if p.__name__ not in ("ExponentialFamily", "TransformedDistribution")
)


@pytest.mark.parametrize(("p", "q"), [*PAIRS, ("LogNormal", "LogNormal")], ids=str)
def test_every_pair(p, q):
    found = []
    for lib in (torch, gradbook):
        first, second = FIRST[p](lib), SECOND[q](lib.distributions, lib)
        found.append(lib.distributions.kl_divergence(first, second.expand(first.batch_shape)))
    same(found[1], found[0], f"KL({p} || {q})", 1e-7)


@pytest.mark.parametrize("name", [name for name in SECOND if name not in ("LogNormal", "Independent")])
def test_a_distribution_does_not_diverge_from_itself(name):
    found = distributions.kl_divergence(FIRST[name](gradbook), FIRST[name](gradbook))
    assert found.abs().max().item() < 1e-12


def test_divergences_are_means_over_draws():
    gradbook.manual_seed(0)
    for p, q in (("Gumbel", "Normal"), ("Gamma", "Gumbel"), ("Laplace", "Normal"), ("Beta", "Gamma")):
        first, second = FIRST[p](gradbook), SECOND[q](distributions, gradbook)
        draws = first.sample((40_000,))
        mean = (first.log_prob(draws) - second.log_prob(draws)).mean(0)
        assert ((mean - distributions.kl_divergence(first, second)).abs() < 0.05 * mean.abs() + 0.02).all()


def test_a_pair_without_a_rule():
    with pytest.raises(NotImplementedError, match="p type Cauchy and q type Poisson"):
        distributions.kl_divergence(FIRST["Cauchy"](gradbook), SECOND["Poisson"](distributions, gradbook))


def test_rules_of_ones_own():
    class Mine(distributions.Normal):
        """A kind of normal distribution."""

    class Yours(distributions.Normal):
        """Another."""

    assert distributions.kl_divergence(Mine(0.0, 1.0), Yours(0.0, 1.0)).item() == 0, "the rule of the base classes"

    @distributions.register_kl(Mine, Yours)
    def _(p, q):
        return "ours"

    assert distributions.kl_divergence(Mine(0.0, 1.0), Yours(0.0, 1.0)) == "ours"
    with pytest.raises(TypeError, match="Distribution subclass"):
        distributions.register_kl(int, Mine)


def test_exponential_families_by_their_normalizers():
    from gradbook.distributions.kl import _table

    general = _table[distributions.ExponentialFamily, distributions.ExponentialFamily]
    for name in ("Normal", "Gamma", "Beta", "Exponential", "Poisson", "Bernoulli", "Dirichlet"):
        p, q = FIRST[name](gradbook), SECOND[name](distributions, gradbook)
        assert ((general(p, q) - distributions.kl_divergence(p, q)).abs() < 1e-9).all(), name
