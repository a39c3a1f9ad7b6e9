"""Kullback-Leibler divergences: the table, and those between distributions of one kind, as torch.distributions.kl."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import gradbook
from gradbook import Tensor
from gradbook.distributions.bernoulli import Bernoulli
from gradbook.distributions.beta import Beta
from gradbook.distributions.binomial import Binomial
from gradbook.distributions.categorical import Categorical
from gradbook.distributions.cauchy import Cauchy
from gradbook.distributions.continuous_bernoulli import ContinuousBernoulli
from gradbook.distributions.dirichlet import Dirichlet
from gradbook.distributions.exp_family import ExponentialFamily
from gradbook.distributions.exponential import Exponential
from gradbook.distributions.gamma import Gamma
from gradbook.distributions.geometric import Geometric
from gradbook.distributions.gumbel import Gumbel
from gradbook.distributions.half_normal import HalfNormal
from gradbook.distributions.independent import Independent, sum_rightmost
from gradbook.distributions.laplace import Laplace
from gradbook.distributions.lowrank_multivariate_normal import LowRankMultivariateNormal
from gradbook.distributions.multivariate_normal import MultivariateNormal, mahalanobis
from gradbook.distributions.normal import Normal
from gradbook.distributions.one_hot_categorical import OneHotCategorical
from gradbook.distributions.pareto import Pareto
from gradbook.distributions.poisson import Poisson
from gradbook.distributions.transformed_distribution import TransformedDistribution
from gradbook.distributions.uniform import Uniform
from gradbook.distributions.utils import euler_constant

__all__ = ["kl_divergence", "register_kl"]

Rule = TypeVar("Rule", bound=Callable[[Any, Any], Any])
_table: dict[tuple[type, type], Callable[[Any, Any], Any]] = {}
_found: dict[tuple[type, type], Callable[[Any, Any], Any]] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Rule], Rule]:
    """Decorator: `rule(p, q)` gives KL(p || q) for these classes and their subclasses. Raises TypeError for others."""
    from gradbook.distributions.distribution import Distribution

    for given in (type_p, type_q):
        if not isinstance(given, type) or not issubclass(given, Distribution):
            raise TypeError(f"Expected a Distribution subclass but got {given}")

    def enter(rule: Rule) -> Rule:
        _table[type_p, type_q] = rule
        _found.clear()
        return rule

    return enter


def _rule(type_p: type, type_q: type) -> Callable[[Any, Any], Any]:
    """The rule for the nearest pair of base classes; p's nearness counts first. Raises NotImplementedError."""
    pairs = [(p, q) for p, q in _table if issubclass(type_p, p) and issubclass(type_q, q)]
    if not pairs:
        raise NotImplementedError(
            f"No KL(p || q) is implemented for p type {type_p.__name__} and q type {type_q.__name__}"
        )
    left = min(pairs, key=lambda pair: (type_p.__mro__.index(pair[0]), type_q.__mro__.index(pair[1])))
    right = min(pairs, key=lambda pair: (type_q.__mro__.index(pair[1]), type_p.__mro__.index(pair[0])))
    if _table[left] is not _table[right]:
        warnings.warn(
            f"Ambiguous kl_divergence({type_p.__name__}, {type_q.__name__}). Please register_kl({left[0].__name__}, "
            f"{right[1].__name__})",
            RuntimeWarning,
            stacklevel=3,
        )
    return _table[left]


def kl_divergence(p: Any, q: Any) -> Tensor:
    """KL(p || q) = E_p[log p(x) - log q(x)], of the batch shape. Raises NotImplementedError without a rule."""
    pair = type(p), type(q)
    if pair not in _found:
        _found[pair] = _rule(*pair)
    return _found[pair](p, q)


def infinite_like(value: Tensor) -> Tensor:
    """inf, of a tensor's shape."""
    return gradbook.full_like(value, math.inf)


def x_log_x(value: Tensor) -> Tensor:
    """x log x, 0 at 0."""
    return gradbook.special.xlogy(value, value)


@register_kl(Bernoulli, Bernoulli)
def _(p: Bernoulli, q: Bernoulli) -> Tensor:
    softplus = gradbook.nn.functional.softplus
    one = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    one = gradbook.where(q.probs == 0, math.inf, one)
    one = gradbook.where(p.probs == 0, 0.0, one)
    zero = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    zero = gradbook.where(q.probs == 1, math.inf, zero)
    return one + gradbook.where(p.probs == 1, 0.0, zero)


@register_kl(Beta, Beta)
def _(p: Beta, q: Beta) -> Tensor:
    sum_p, sum_q = p.concentration1 + p.concentration0, q.concentration1 + q.concentration0
    norms = q.concentration1.lgamma() + q.concentration0.lgamma() + sum_p.lgamma()
    norms = norms - (p.concentration1.lgamma() + p.concentration0.lgamma() + sum_q.lgamma())
    one = (p.concentration1 - q.concentration1) * gradbook.digamma(p.concentration1)
    zero = (p.concentration0 - q.concentration0) * gradbook.digamma(p.concentration0)
    return norms + one + zero + (sum_q - sum_p) * gradbook.digamma(sum_p)


@register_kl(Binomial, Binomial)
def _(p: Binomial, q: Binomial) -> Tensor:
    if bool((p.total_count < q.total_count).any()):
        raise NotImplementedError("KL between Binomials where q.total_count > p.total_count is not implemented")
    found = p.total_count * (p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p())
    return gradbook.where(p.total_count > q.total_count, math.inf, found)


@register_kl(Categorical, Categorical)
def _(p: Categorical, q: Categorical) -> Tensor:
    terms = p.probs * (p.logits - q.logits)
    terms = gradbook.where(q.probs == 0, math.inf, terms)
    return gradbook.where(p.probs == 0, 0.0, terms).sum(-1)


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _(p: ContinuousBernoulli, q: ContinuousBernoulli) -> Tensor:
    mean = p.mean * (p.logits - q.logits)
    return mean + p._log_norm() + gradbook.log1p(-p.probs) - q._log_norm() - gradbook.log1p(-q.probs)


@register_kl(Dirichlet, Dirichlet)
def _(p: Dirichlet, q: Dirichlet) -> Tensor:
    sum_p, sum_q = p.concentration.sum(-1), q.concentration.sum(-1)
    norms = sum_p.lgamma() - sum_q.lgamma() - (p.concentration.lgamma() - q.concentration.lgamma()).sum(-1)
    away = p.concentration.digamma() - sum_p.digamma().unsqueeze(-1)
    return norms + ((p.concentration - q.concentration) * away).sum(-1)


@register_kl(Exponential, Exponential)
def _(p: Exponential, q: Exponential) -> Tensor:
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(ExponentialFamily, ExponentialFamily)
def _(p: ExponentialFamily, q: ExponentialFamily) -> Tensor:
    if type(p) is not type(q):
        raise NotImplementedError(
            "The cross KL-divergence between different exponential families cannot be computed "
            "using Bregman divergences"
        )
    natural_p = [value.detach().requires_grad_() for value in p._natural_params]
    with gradbook.enable_grad():
        norm = p._log_normalizer(*natural_p)
        gradients = gradbook.autograd.grad(norm.sum(), natural_p, create_graph=True)
    found = q._log_normalizer(*q._natural_params) - norm
    for a, b, slope in zip(natural_p, q._natural_params, gradients, strict=True):
        found = found - sum_rightmost((b - a) * slope, len(q.event_shape))
    return found


@register_kl(Gamma, Gamma)
def _(p: Gamma, q: Gamma) -> Tensor:
    norms = (
        q.concentration * (p.rate / q.rate).log() + gradbook.lgamma(q.concentration) - gradbook.lgamma(p.concentration)
    )
    slope = (p.concentration - q.concentration) * gradbook.digamma(p.concentration)
    return norms + slope + (q.rate - p.rate) * (p.concentration / p.rate)


@register_kl(Gumbel, Gumbel)
def _(p: Gumbel, q: Gumbel) -> Tensor:
    ratio, away = p.scale / q.scale, q.loc / q.scale
    moved = p.loc / q.scale - away
    shrink = gradbook.exp(-moved + (1 + ratio).lgamma())
    return -ratio.log() + moved + ratio * euler_constant + shrink - (1 + euler_constant)


@register_kl(Geometric, Geometric)
def _(p: Geometric, q: Geometric) -> Tensor:
    return -p.entropy() - gradbook.log1p(-q.probs) / p.probs - q.logits


@register_kl(HalfNormal, HalfNormal)
def _(p: HalfNormal, q: HalfNormal) -> Tensor:
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(Laplace, Laplace)
def _(p: Laplace, q: Laplace) -> Tensor:
    ratio, away = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + away / q.scale + ratio * gradbook.exp(-away / p.scale) - 1


@register_kl(Normal, Normal)
def _(p: Normal, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale).pow(2)
    away = ((p.loc - q.loc) / q.scale).pow(2)
    return 0.5 * (ratio + away - 1 - ratio.log())


@register_kl(OneHotCategorical, OneHotCategorical)
def _(p: OneHotCategorical, q: OneHotCategorical) -> Tensor:
    return kl_divergence(p._categorical, q._categorical)


@register_kl(Pareto, Pareto)
def _(p: Pareto, q: Pareto) -> Tensor:
    ratio = q.alpha / p.alpha
    found = q.alpha * (p.scale.log() - q.scale.log()) - ratio.log() + ratio - 1
    return gradbook.where(p.scale < q.scale, math.inf, found)


@register_kl(Poisson, Poisson)
def _(p: Poisson, q: Poisson) -> Tensor:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Uniform, Uniform)
def _(p: Uniform, q: Uniform) -> Tensor:
    found = ((q.high - q.low) / (p.high - p.low)).log()
    return gradbook.where((q.low > p.low) | (q.high < p.high), math.inf, found)


@register_kl(Cauchy, Cauchy)
def _(p: Cauchy, q: Cauchy) -> Tensor:
    away = ((p.scale + q.scale).pow(2) + (p.loc - q.loc).pow(2)).log()
    return away - (4 * p.scale * q.scale).log()


@register_kl(TransformedDistribution, TransformedDistribution)
def _(p: TransformedDistribution, q: TransformedDistribution) -> Tensor:
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError("kl_divergence: transformed distributions with different transforms or event shapes")
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(Independent, Independent)
def _(p: Independent, q: Independent) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError("kl_divergence: Independent of different numbers of reinterpreted axes")
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


# -- normal vectors ------------------------------------------------------------------------------------------------


def _trace_of_products(x: Tensor, y: Tensor) -> Tensor:
    """trace(L^-1 x x^T L^-T) once L^-1 x is known: the sum of squares, over broadcast batches."""
    shape = gradbook.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    solved = gradbook.linalg.solve_triangular(
        y.expand(shape + y.shape[-2:]), x.expand(shape + x.shape[-2:]), upper=False
    )
    return solved.pow(2).sum((-2, -1))


@register_kl(MultivariateNormal, MultivariateNormal)
def _(p: MultivariateNormal, q: MultivariateNormal) -> Tensor:
    if p.event_shape != q.event_shape:
        raise ValueError(
            "KL-divergence between two Multivariate Normals with different event shapes cannot be computed"
        )
    factor = q._unbroadcasted_scale_tril
    trace = _trace_of_products(p._unbroadcasted_scale_tril, factor)
    distance = mahalanobis(factor, q.loc - p.loc)
    return q._half_log_det() - p._half_log_det() + 0.5 * (trace + distance - p.event_shape[0])


def _low_rank_parts(p: Any, q: LowRankMultivariateNormal, columns: list[Tensor]) -> Tensor:
    """trace(q.cov^-1 p.cov) + (q.loc - p.loc)^T q.cov^-1 (q.loc - p.loc), p.cov the sum of columns columns^T."""
    w, d = q._unbroadcasted_cov_factor, q._unbroadcasted_cov_diag
    scaled = w.mT / d.unsqueeze(-2)
    away = q.loc - p.loc
    inner = gradbook.matmul(scaled, away.unsqueeze(-1)).squeeze(-1)
    found = (away.pow(2) / d).sum(-1) - mahalanobis(q._capacitance_tril, inner)
    for part in columns:
        found = found + (part.pow(2) / d.unsqueeze(-1)).sum((-2, -1))
        found = found - _trace_of_products(scaled @ part, q._capacitance_tril)
    return found


@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _(p: LowRankMultivariateNormal, q: LowRankMultivariateNormal) -> Tensor:
    if p.event_shape != q.event_shape:
        raise ValueError(
            "KL-divergence between two Low Rank Multivariate Normals with different event shapes cannot be computed"
        )
    columns = [p._unbroadcasted_cov_factor, p._unbroadcasted_cov_diag.sqrt().diag_embed()]
    return 0.5 * (q._log_det() - p._log_det() + _low_rank_parts(p, q, columns) - p.event_shape[0])


@register_kl(MultivariateNormal, LowRankMultivariateNormal)
def _(p: MultivariateNormal, q: LowRankMultivariateNormal) -> Tensor:
    if p.event_shape != q.event_shape:
        raise ValueError(
            "KL-divergence between two (Low Rank) Multivariate Normals with different event shapes cannot be computed"
        )
    parts = _low_rank_parts(p, q, [p._unbroadcasted_scale_tril])
    return 0.5 * (q._log_det() - 2 * p._half_log_det() + parts - p.event_shape[0])


@register_kl(LowRankMultivariateNormal, MultivariateNormal)
def _(p: LowRankMultivariateNormal, q: MultivariateNormal) -> Tensor:
    if p.event_shape != q.event_shape:
        raise ValueError(
            "KL-divergence between two (Low Rank) Multivariate Normals with different event shapes cannot be computed"
        )
    factor = q._unbroadcasted_scale_tril
    trace = _trace_of_products(p._unbroadcasted_cov_factor, factor)
    trace = trace + _trace_of_products(p._unbroadcasted_cov_diag.sqrt().diag_embed(), factor)
    distance = mahalanobis(factor, q.loc - p.loc)
    return q._half_log_det() + 0.5 * (trace + distance - p._log_det() - p.event_shape[0])
