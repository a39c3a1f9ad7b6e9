"""Every distribution beside PyTorch's: its facts, densities, their gradients, and what draws look like."""

from __future__ import annotations

import inspect
import pickle
import warnings

import numpy as np
import pytest

import gradbook
from gradbook import distributions
from tests.parity_tools import array_of, assert_same

torch = pytest.importorskip("torch")

LIBS = (torch, gradbook)
POSITIVE = [[0.5, 1.5, 3.0], [2.0, 0.7, 5.0]]
REAL = [[-1.0, 0.5, 2.0], [0.0, 3.0, -0.5]]
CHANCE = [[0.2, 0.5, 0.9], [0.499, 0.7, 0.05]]
SHARES = [[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]]
MATRIX = [[2.0, 0.3, 0.1], [0.3, 1.0, -0.2], [0.1, -0.2, 1.5]]
FACTOR = [[1.4, 0.0, 0.0], [0.2, 1.0, 0.0], [0.1, -0.2, 1.2]]


def t(lib, values, dtype="float64"):
    return lib.tensor(values, dtype=getattr(lib, dtype))


def vectors(lib, **matrix):
    ((name, values),) = matrix.items()
    return lib.distributions.MultivariateNormal(t(lib, REAL), **{name: t(lib, values)})


CASES = {
    "Bernoulli": lambda lib: lib.distributions.Bernoulli(t(lib, CHANCE)),
    "Bernoulli logits": lambda lib: lib.distributions.Bernoulli(logits=t(lib, REAL)),
    "Beta": lambda lib: lib.distributions.Beta(t(lib, POSITIVE), t(lib, [0.8, 2.0, 3.0])),
    "Binomial": lambda lib: lib.distributions.Binomial(5, t(lib, CHANCE)),
    "Binomial logits": lambda lib: lib.distributions.Binomial(t(lib, [3.0, 8.0, 1.0]), logits=t(lib, REAL)),
    "Categorical": lambda lib: lib.distributions.Categorical(t(lib, [[2.0, 3.0, 5.0], [6.0, 3.0, 1.0]])),
    "Categorical logits": lambda lib: lib.distributions.Categorical(logits=t(lib, REAL)),
    "Cauchy": lambda lib: lib.distributions.Cauchy(t(lib, REAL), t(lib, POSITIVE)),
    "Chi2": lambda lib: lib.distributions.Chi2(t(lib, POSITIVE)),
    "ContinuousBernoulli": lambda lib: lib.distributions.ContinuousBernoulli(t(lib, CHANCE)),
    "ContinuousBernoulli logits": lambda lib: lib.distributions.ContinuousBernoulli(logits=t(lib, REAL)),
    "Dirichlet": lambda lib: lib.distributions.Dirichlet(t(lib, POSITIVE)),
    "Exponential": lambda lib: lib.distributions.Exponential(t(lib, POSITIVE)),
    "FisherSnedecor": lambda lib: lib.distributions.FisherSnedecor(t(lib, POSITIVE), t(lib, [3.0, 5.0, 6.0])),
    "Gamma": lambda lib: lib.distributions.Gamma(t(lib, POSITIVE), t(lib, [0.5, 1.0, 2.0])),
    "GeneralizedPareto": lambda lib: lib.distributions.GeneralizedPareto(
        *(t(lib, values, "float32") for values in (REAL, POSITIVE, [-0.3, 0.0, 0.4]))  # PyTorch fails in float64
    ),
    "Geometric": lambda lib: lib.distributions.Geometric(t(lib, CHANCE)),
    "Geometric logits": lambda lib: lib.distributions.Geometric(logits=t(lib, REAL)),
    "Gumbel": lambda lib: lib.distributions.Gumbel(t(lib, REAL), t(lib, POSITIVE)),
    "HalfCauchy": lambda lib: lib.distributions.HalfCauchy(t(lib, POSITIVE)),
    "HalfNormal": lambda lib: lib.distributions.HalfNormal(t(lib, POSITIVE)),
    "Independent": lambda lib: lib.distributions.Independent(
        lib.distributions.Normal(t(lib, REAL), t(lib, POSITIVE)), 1
    ),
    "InverseGamma": lambda lib: lib.distributions.InverseGamma(t(lib, POSITIVE), t(lib, [0.5, 1.0, 2.0])),
    "Kumaraswamy": lambda lib: lib.distributions.Kumaraswamy(t(lib, POSITIVE), t(lib, [0.8, 2.0, 3.0])),
    "LKJCholesky": lambda lib: lib.distributions.LKJCholesky(3, t(lib, [0.5, 2.0])),
    "Laplace": lambda lib: lib.distributions.Laplace(t(lib, REAL), t(lib, POSITIVE)),
    "LogNormal": lambda lib: lib.distributions.LogNormal(t(lib, REAL), t(lib, [0.5, 1.0, 0.3])),
    "LogisticNormal": lambda lib: lib.distributions.LogisticNormal(t(lib, REAL), t(lib, POSITIVE)),
    "LowRankMultivariateNormal": lambda lib: lib.distributions.LowRankMultivariateNormal(
        t(lib, REAL), t(lib, [[1.0, 0.2], [0.3, 1.0], [-0.5, 0.1]]), t(lib, [0.5, 1.0, 2.0])
    ),
    "Mixture": lambda lib: lib.distributions.MixtureSameFamily(
        lib.distributions.Categorical(t(lib, SHARES)), lib.distributions.Normal(t(lib, REAL), t(lib, POSITIVE))
    ),
    "Mixture of vectors": lambda lib: lib.distributions.MixtureSameFamily(
        lib.distributions.Categorical(t(lib, [0.3, 0.7])), vectors(lib, scale_tril=FACTOR)
    ),
    "Multinomial": lambda lib: lib.distributions.Multinomial(6, t(lib, SHARES)),
    "MultivariateNormal": lambda lib: vectors(lib, covariance_matrix=MATRIX),
    "MultivariateNormal factor": lambda lib: vectors(lib, scale_tril=FACTOR),
    "MultivariateNormal precision": lambda lib: vectors(lib, precision_matrix=MATRIX),
    "NegativeBinomial": lambda lib: lib.distributions.NegativeBinomial(t(lib, [2.0, 3.0, 5.0]), t(lib, CHANCE)),
    "Normal": lambda lib: lib.distributions.Normal(t(lib, REAL), t(lib, POSITIVE)),
    "Normal of numbers": lambda lib: lib.distributions.Normal(0.0, 2),
    "OneHotCategorical": lambda lib: lib.distributions.OneHotCategorical(t(lib, SHARES)),
    "OneHotCategoricalStraightThrough": lambda lib: lib.distributions.OneHotCategoricalStraightThrough(t(lib, SHARES)),
    "Pareto": lambda lib: lib.distributions.Pareto(t(lib, POSITIVE), t(lib, [0.8, 1.5, 3.0])),
    "Poisson": lambda lib: lib.distributions.Poisson(t(lib, POSITIVE)),
    "RelaxedBernoulli": lambda lib: lib.distributions.RelaxedBernoulli(t(lib, 0.7), t(lib, CHANCE)),
    "RelaxedOneHotCategorical": lambda lib: lib.distributions.RelaxedOneHotCategorical(t(lib, 0.7), t(lib, SHARES)),
    "StudentT": lambda lib: lib.distributions.StudentT(t(lib, [0.8, 1.5, 4.0]), t(lib, REAL), t(lib, POSITIVE)),
    "Uniform": lambda lib: lib.distributions.Uniform(t(lib, REAL), t(lib, [[0.0, 1.0, 3.5], [0.1, 4.0, 2.0]])),
    "VonMises": lambda lib: lib.distributions.VonMises(t(lib, REAL), t(lib, POSITIVE)),
    "Weibull": lambda lib: lib.distributions.Weibull(t(lib, POSITIVE), t(lib, [0.8, 2.0, 3.0])),
    "Wishart": lambda lib: lib.distributions.Wishart(t(lib, [3.5, 6.0]), t(lib, MATRIX)),
    "Wishart factor": lambda lib: lib.distributions.Wishart(t(lib, 5.0), scale_tril=t(lib, FACTOR)),
}
# PyTorch's own words differ, or it has a flaw there
NOT_COMPARED = {("Mixture of vectors", "cdf")}
FACTS = ("mean", "mode", "variance", "stddev")


def asked(function):
    """What a call gives, or the type of its exception."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function()
    except Exception as error:
        return type(error)


def same(mine, theirs, what, rtol=1e-9):
    if isinstance(theirs, type):
        assert isinstance(mine, type), f"{what}: PyTorch raises {theirs}, we give {mine}"
        assert issubclass(mine, theirs), f"{what}: {mine}, PyTorch raises {theirs}"
    elif isinstance(theirs, torch.Tensor):
        assert not isinstance(mine, type), f"{what}: raises {mine}"
        exact = None if theirs.dtype == torch.float32 else rtol
        assert_same(mine, theirs, what, 1e-6 if "VonMises" in what else exact)
    else:
        assert mine == theirs, what


def drawn(theirs, n):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's Wishart draws again, with a warning
        return theirs.sample((n,))


def ours(value):
    return gradbook.tensor(array_of(value))


@pytest.mark.parametrize("name", CASES)
def test_facts(name):
    theirs, mine = CASES[name](torch), CASES[name](gradbook)
    assert tuple(mine.batch_shape) == tuple(theirs.batch_shape)
    assert tuple(mine.event_shape) == tuple(theirs.event_shape)
    assert (bool(mine.has_rsample), bool(mine.has_enumerate_support)) == (
        bool(theirs.has_rsample),
        bool(theirs.has_enumerate_support),
    )
    for fact in FACTS:
        same(asked(lambda f=fact: getattr(mine, f)), asked(lambda f=fact: getattr(theirs, f)), f"{name}.{fact}")
    for call in ("entropy", "perplexity", "enumerate_support"):
        same(asked(lambda c=call: getattr(mine, c)()), asked(lambda c=call: getattr(theirs, c)()), f"{name}.{call}")
    for parameter in theirs.arg_constraints:
        same(asked(lambda p=parameter: getattr(mine, p)), asked(lambda p=parameter: getattr(theirs, p)), parameter)
    assert mine.support.event_dim == theirs.support.event_dim
    assert mine.support.is_discrete == theirs.support.is_discrete


@pytest.mark.parametrize("name", CASES)
def test_densities(name):
    torch.manual_seed(0)
    theirs, mine = CASES[name](torch), CASES[name](gradbook)
    value = drawn(theirs, 4)
    same(mine.log_prob(ours(value)), theirs.log_prob(value), f"{name}.log_prob")
    if (name, "cdf") not in NOT_COMPARED:
        chances = asked(lambda: theirs.cdf(value))
        same(asked(lambda: mine.cdf(ours(value))), chances, f"{name}.cdf")
        where = torch.linspace(0.1, 0.9, value[0].numel(), dtype=torch.float64).reshape(value[0].shape)
        same(asked(lambda: mine.icdf(ours(where))), asked(lambda: theirs.icdf(where)), f"{name}.icdf", 1e-6)
    assert bool(mine.support.check(ours(value)).all())


@pytest.mark.parametrize("name", CASES)
def test_expanded(name):
    torch.manual_seed(0)
    theirs, mine = CASES[name](torch), CASES[name](gradbook)
    shape = (3, *theirs.batch_shape)
    theirs, mine = theirs.expand(shape), mine.expand(shape)
    assert tuple(mine.batch_shape) == shape
    assert tuple(mine.sample((2,)).shape) == (2, *shape, *theirs.event_shape)
    value = drawn(theirs, 1)[0]
    same(mine.log_prob(ours(value)), theirs.log_prob(value), name)


@pytest.mark.parametrize("name", CASES)
def test_draws_look_like_pytorchs(name):
    theirs, mine = CASES[name](torch), CASES[name](gradbook)
    gradbook.manual_seed(1)
    torch.manual_seed(1)
    n = 4000
    a, b = mine.sample((n,)), drawn(theirs, n)
    assert tuple(a.shape) == tuple(b.shape)
    assert a.dtype._name == str(b.dtype).removeprefix("torch.")
    assert not a.requires_grad
    assert bool(mine.support.check(a).all())
    x, y = array_of(a).reshape(n, -1), array_of(b).reshape(n, -1)
    for i in range(x.shape[1]):  # two samples' empirical cdfs: beyond this distance once in 10^8
        points = np.sort(np.concatenate([x[:, i], y[:, i]]))
        distance = np.abs(
            np.searchsorted(np.sort(x[:, i]), points, "right") - np.searchsorted(np.sort(y[:, i]), points, "right")
        ).max() / n  # fmt: skip
        assert distance < 3.1 * np.sqrt(2 / n), f"{name}, element {i}: {distance}"


@pytest.mark.parametrize("name", CASES)
def test_gradients_of_densities(name):
    torch.manual_seed(0)
    value = drawn(CASES[name](torch), 2)
    found = []
    for lib, at in ((torch, value), (gradbook, ours(value))):
        leaves = []

        def leaf(lib, values, dtype="float64", leaves=leaves):
            made = lib.tensor(values, dtype=getattr(lib, dtype), requires_grad=True)
            leaves.append(made)
            return made

        globals()["t"], before = leaf, t
        try:
            made = CASES[name](lib)
        finally:
            globals()["t"] = before
        if not leaves:
            return
        loss = made.log_prob(at).sum()
        found.append(lib.autograd.grad(loss, leaves, allow_unused=True) if loss.requires_grad else [])
    assert len(found[0]) == len(found[1])
    for theirs, mine in zip(*found, strict=True):
        if theirs is None or not array_of(theirs).any():
            assert mine is None or not array_of(mine).any()
        else:
            same(mine, theirs, name, 1e-7 if theirs.dtype == torch.float64 else None)


REPARAMETRIZED = {
    "Normal": (lambda lib, p: lib.distributions.Normal(p, 2.0), 1.0),
    "Gamma": (lambda lib, p: lib.distributions.Gamma(p, 1.0), None),
    "Beta": (lambda lib, p: lib.distributions.Beta(p, lib.tensor(2.0, dtype=lib.float64)), None),
    "StudentT": (lambda lib, p: lib.distributions.StudentT(5.0, p, 1.0), 1.0),
    "Exponential": (lambda lib, p: lib.distributions.Exponential(p), None),
    "Laplace": (lambda lib, p: lib.distributions.Laplace(p, 2.0), 1.0),
    "Kumaraswamy": (lambda lib, p: lib.distributions.Kumaraswamy(p, lib.tensor(2.0, dtype=lib.float64)), None),
}


@pytest.mark.parametrize("name", REPARAMETRIZED)
def test_gradients_through_draws_are_those_of_the_mean(name):
    build, slope = REPARAMETRIZED[name]
    gradbook.manual_seed(0)
    p = gradbook.tensor(1.5, dtype=gradbook.float64, requires_grad=True)
    draws = build(gradbook, p).rsample((40_000,))
    (found,) = gradbook.autograd.grad(draws.mean(), p)
    if slope is None:
        (slope,) = gradbook.autograd.grad(build(gradbook, p).mean, p)
        slope = slope.item()
    assert found.item() == pytest.approx(slope, rel=0.05, abs=0.01)


@pytest.mark.parametrize("alpha", [1e-3, 0.1, 0.7, 1.0, 3.0, 30.0, 150.0, 1000.0])
def test_the_implicit_gradient_of_gamma_draws_is_pytorchs(alpha):
    gradbook.manual_seed(0)
    x = gradbook.full((200,), alpha, dtype=gradbook.float64, requires_grad=True)
    draws = gradbook.distributions.Gamma(x, 1.0).rsample()
    (mine,) = gradbook.autograd.grad(draws.sum(), x)
    theirs = torch._standard_gamma_grad(torch.tensor(array_of(x)), torch.tensor(array_of(draws)))
    np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=2e-3, atol=1e-10)


def test_the_gradient_of_gamma_draws_keeps_their_rank():
    """Against differences of the quantile function, which PyTorch approximates to three digits only."""
    from scipy.special import gammainc, gammaincinv

    gradbook.manual_seed(0)
    x = gradbook.tensor(np.repeat([0.3, 2.0, 50.0], 50), requires_grad=True)
    draws = gradbook.distributions.Gamma(x, 1.0).rsample()
    (mine,) = gradbook.autograd.grad(draws.sum(), x)
    alpha, rank = x.detach().numpy(), gammainc(x.detach().numpy(), draws.detach().numpy())
    step = 1e-5 * alpha
    expected = (gammaincinv(alpha + step, rank) - gammaincinv(alpha - step, rank)) / (2 * step)
    inside = (rank > 1e-4) & (rank < 1 - 1e-4)
    np.testing.assert_allclose(mine.numpy()[inside], expected[inside], rtol=1e-5)


BAD = {
    "scale": lambda lib: lib.distributions.Normal(0.0, -1.0),
    "nan": lambda lib: lib.distributions.Normal(lib.tensor(float("nan")), 1.0),
    "chance": lambda lib: lib.distributions.Bernoulli(lib.tensor(1.5)),
    "both": lambda lib: lib.distributions.Bernoulli(lib.tensor(0.5), lib.tensor(0.5)),
    "none": lambda lib: lib.distributions.Categorical(),
    "order": lambda lib: lib.distributions.Uniform(1.0, 0.0),
    "text": lambda lib: lib.distributions.Normal("a", 1.0),
    "shares": lambda lib: lib.distributions.Categorical(lib.tensor([0.5, -0.5])),
    "value": lambda lib: lib.distributions.Bernoulli(lib.tensor(0.5)).log_prob(lib.tensor(0.3)),
    "value outside": lambda lib: lib.distributions.Beta(1.0, 1.0).log_prob(lib.tensor(2.0)),
    "value shape": lambda lib: lib.distributions.Normal(lib.zeros(3), 1.0).log_prob(lib.zeros(2)),
    "event shape": lambda lib: lib.distributions.Dirichlet(lib.ones(3)).log_prob(lib.tensor([0.5, 0.5])),
    "a number": lambda lib: lib.distributions.Normal(0.0, 1.0).log_prob(0.3),
    "matrix": lambda lib: lib.distributions.MultivariateNormal(lib.zeros(2), lib.tensor([[1.0, 2.0], [2.0, 1.0]])),
    "no matrix": lambda lib: lib.distributions.MultivariateNormal(lib.zeros(2)),
    "axes": lambda lib: lib.distributions.Independent(lib.distributions.Normal(0.0, 1.0), 1),
    "dimension": lambda lib: lib.distributions.LKJCholesky(1),
    "df": lambda lib: lib.distributions.Wishart(lib.tensor(1.0), lib.eye(3)),
    "mixture": lambda lib: lib.distributions.MixtureSameFamily(
        lib.distributions.Categorical(lib.ones(3)), lib.distributions.Normal(lib.zeros(2), 1.0)
    ),
    "total": lambda lib: lib.distributions.Multinomial(lib.tensor([1, 2]), lib.ones(2, 2)),
    "no rsample": lambda lib: lib.distributions.Poisson(1.0).rsample(),
    "no cdf": lambda lib: lib.distributions.Poisson(1.0).cdf(lib.tensor(1.0)),
}


@pytest.mark.parametrize("name", BAD)
def test_mistakes(name):
    theirs = asked(lambda: BAD[name](torch))
    assert isinstance(theirs, type), f"PyTorch gives {theirs}"
    mine = asked(lambda: BAD[name](gradbook))
    assert isinstance(mine, type), f"accepted, PyTorch raises {theirs}"
    assert issubclass(mine, theirs)


def test_checks_can_be_left_out():
    normal = gradbook.distributions.Normal(0.0, -1.0, validate_args=False)
    assert normal.scale.item() == -1
    gradbook.distributions.Distribution.set_default_validate_args(False)
    try:
        assert gradbook.distributions.Bernoulli(1.5).probs.item() == 1.5
    finally:
        gradbook.distributions.Distribution.set_default_validate_args(__debug__)
    with pytest.raises(ValueError, match="True or False"):
        gradbook.distributions.Distribution.set_default_validate_args("no")


def test_reprs_are_pytorchs():
    for name in ("Normal", "Bernoulli", "Independent", "Categorical logits", "StudentT"):
        theirs, mine = repr(CASES[name](torch)), repr(CASES[name](gradbook))
        assert mine.replace("gradbook", "torch") == theirs


def test_names_are_pytorchs():
    assert set(torch.distributions.__all__) <= set(distributions.__all__)
    for name in torch.distributions.__all__:
        theirs, mine = getattr(torch.distributions, name), getattr(distributions, name)
        assert theirs.__module__.removeprefix("torch") in (mine.__module__.removeprefix("gradbook"), ".distributions.transforms", ".distributions.constraint_registry")  # fmt: skip  # noqa: E501
        if inspect.isclass(theirs):
            names = list(inspect.signature(theirs.__init__).parameters)
            assert list(inspect.signature(mine.__init__).parameters) == names, name
    from gradbook.distributions.transforms import SoftmaxTransform, StickBreakingTransform  # PyTorch's place

    assert SoftmaxTransform is distributions.SoftmaxTransform
    assert StickBreakingTransform is distributions.StickBreakingTransform


def test_a_distribution_can_be_pickled():
    for name in ("Normal", "Categorical", "LogNormal", "MultivariateNormal", "Beta"):
        mine = CASES[name](gradbook)
        back = pickle.loads(pickle.dumps(mine))
        value = mine.sample()
        assert back.log_prob(value).tolist() == mine.log_prob(value).tolist()


def test_reinforce_as_the_documentation_has_it():
    """Policy gradients: -log_prob * reward, the gradient that PyTorch gives for the same action."""
    grads = []
    for lib in LIBS:
        probs = t(lib, SHARES).requires_grad_()
        chosen = lib.distributions.Categorical(probs)
        action = lib.tensor([2, 0])
        (-chosen.log_prob(action) * t(lib, [1.0, -0.5])).sum().backward()
        grads.append(array_of(probs.grad))
    np.testing.assert_allclose(grads[1], grads[0], rtol=1e-12)


def test_a_variational_autoencoder_step():
    losses = []
    for lib in LIBS:
        mean, log_var = t(lib, REAL).requires_grad_(), t(lib, SHARES).requires_grad_()
        posterior = lib.distributions.Normal(mean, (0.5 * log_var).exp())
        prior = lib.distributions.Normal(lib.zeros_like(mean), lib.ones_like(mean))
        loss = lib.distributions.kl_divergence(posterior, prior).sum()
        loss.backward()
        losses.append((loss.item(), array_of(mean.grad), array_of(log_var.grad)))
    for a, b in zip(*losses, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-12)


def test_what_a_distribution_lacks_is_named():
    draw = gradbook.distributions.Gamma(1.0, 1.0)
    for call, name in (
        (lambda: draw.icdf(gradbook.tensor(0.5)), "icdf"),
        (draw.enumerate_support, "enumerate_support"),
    ):
        with pytest.raises(NotImplementedError, match=f"Gamma has no {name}"):
            call()
