"""Kullback-Leibler divergences between distributions of different kinds."""

from __future__ import annotations

import math

import gradbook
from gradbook import Tensor
from gradbook.distributions.bernoulli import Bernoulli
from gradbook.distributions.beta import Beta
from gradbook.distributions.binomial import Binomial
from gradbook.distributions.continuous_bernoulli import ContinuousBernoulli
from gradbook.distributions.exponential import Exponential
from gradbook.distributions.gamma import Gamma
from gradbook.distributions.gumbel import Gumbel
from gradbook.distributions.kl import infinite_like, register_kl, x_log_x
from gradbook.distributions.laplace import Laplace
from gradbook.distributions.normal import Normal
from gradbook.distributions.pareto import Pareto
from gradbook.distributions.poisson import Poisson
from gradbook.distributions.uniform import Uniform
from gradbook.distributions.utils import euler_constant

__all__: list[str] = []

HALF_LOG_TAU = 0.5 * math.log(2 * math.pi)

# Where p gives values that q never does: infinite, whatever the parameters.
for _kind, _others in {
    Beta: (Pareto,),
    ContinuousBernoulli: (Pareto,),
    Exponential: (Beta, ContinuousBernoulli, Pareto, Uniform),
    Gamma: (Beta, ContinuousBernoulli, Pareto, Uniform),
    Gumbel: (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform),
    Laplace: (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform),
    Normal: (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform),
    Pareto: (Beta, ContinuousBernoulli, Uniform),
    Poisson: (Bernoulli, Binomial),
}.items():
    for _other in _others:
        register_kl(_kind, _other)(lambda p, q: infinite_like(p.mean))


@register_kl(Bernoulli, Poisson)
def _(p: Bernoulli, q: Poisson) -> Tensor:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


@register_kl(Beta, ContinuousBernoulli)
def _(p: Beta, q: ContinuousBernoulli) -> Tensor:
    return -p.entropy() - p.mean * q.logits - gradbook.log1p(-q.probs) - q._log_norm()


@register_kl(Beta, Exponential)
def _(p: Beta, q: Exponential) -> Tensor:
    return -p.entropy() - q.rate.log() + q.rate * (p.concentration1 / (p.concentration1 + p.concentration0))


@register_kl(Beta, Gamma)
def _(p: Beta, q: Gamma) -> Tensor:
    total = p.concentration1 + p.concentration0
    norm = q.concentration.lgamma() - q.concentration * q.rate.log()
    log_mean = p.concentration1.digamma() - total.digamma()
    return -p.entropy() + norm - (q.concentration - 1) * log_mean + q.rate * p.concentration1 / total


@register_kl(Beta, Normal)
def _(p: Beta, q: Normal) -> Tensor:
    total, variance = p.concentration1 + p.concentration0, q.scale.pow(2)
    mean = p.concentration1 / total
    norm = 0.5 * (variance * 2 * math.pi).log()
    square = mean * (1 - mean) / (total + 1) + mean.pow(2)
    return -p.entropy() + norm + (0.5 * square - mean * q.loc + 0.5 * q.loc.pow(2)) / variance


@register_kl(Beta, Uniform)
def _(p: Beta, q: Uniform) -> Tensor:
    found = -p.entropy() + (q.high - q.low).log()
    return gradbook.where((q.low > 0) | (q.high < 1), math.inf, found)


@register_kl(ContinuousBernoulli, Exponential)
def _(p: ContinuousBernoulli, q: Exponential) -> Tensor:
    return -p.entropy() - gradbook.log(q.rate) + q.rate * p.mean


@register_kl(ContinuousBernoulli, Normal)
def _(p: ContinuousBernoulli, q: Normal) -> Tensor:
    norm = HALF_LOG_TAU + 0.5 * (q.loc / q.scale).square() + gradbook.log(q.scale)
    square = (p.variance + p.mean.square()) / (2 * q.scale.square())
    return -p.entropy() + norm + square - p.mean * q.loc / q.scale.square()


@register_kl(ContinuousBernoulli, Uniform)
def _(p: ContinuousBernoulli, q: Uniform) -> Tensor:
    found = -p.entropy() + (q.high - q.low).log()
    return gradbook.where((q.low > 0) | (q.high < 1), math.inf, found)


@register_kl(Exponential, Gamma)
def _(p: Exponential, q: Gamma) -> Tensor:
    ratio = q.rate / p.rate
    norm = -q.concentration * gradbook.log(ratio)
    return norm + ratio + q.concentration.lgamma() + q.concentration * euler_constant - (1 + euler_constant)


@register_kl(Exponential, Gumbel)
def _(p: Exponential, q: Gumbel) -> Tensor:
    product, away = p.rate * q.scale, q.loc / q.scale
    shrink = gradbook.exp(away) * product / (product + 1)
    return product.log() - 1 - away + product.reciprocal() + shrink


@register_kl(Exponential, Normal)
def _(p: Exponential, q: Normal) -> Tensor:
    variance, squared = q.scale.pow(2), p.rate.pow(2)
    norm = 0.5 * gradbook.log(squared * variance * 2 * math.pi)
    return norm - 1 + (squared.reciprocal() - q.loc / p.rate + q.loc.pow(2) / 2) / variance


@register_kl(Gamma, Exponential)
def _(p: Gamma, q: Exponential) -> Tensor:
    return -p.entropy() - q.rate.log() + q.rate * p.concentration / p.rate


@register_kl(Gamma, Gumbel)
def _(p: Gamma, q: Gumbel) -> Tensor:
    product, away = p.rate * q.scale, q.loc / q.scale
    slope = (p.concentration - 1) * p.concentration.digamma() - p.concentration.lgamma() - p.concentration
    return (
        slope
        + product.log()
        + p.concentration / product
        - away
        + gradbook.exp(away) * (1 + product.reciprocal()).pow(-p.concentration)
    )


@register_kl(Gamma, Normal)
def _(p: Gamma, q: Normal) -> Tensor:
    variance, squared, a = q.scale.pow(2), p.rate.pow(2), p.concentration
    norm = 0.5 * (squared * variance * 2 * math.pi).log() - a - a.lgamma()
    square = 0.5 * (a.pow(2) + a) / squared - q.loc * a / p.rate + 0.5 * q.loc.pow(2)
    return norm + (a - 1) * a.digamma() + square / variance


@register_kl(Gumbel, Normal)
def _(p: Gumbel, q: Normal) -> Tensor:
    ratio = p.scale / q.scale
    norm = (ratio * math.sqrt(2 * math.pi)).log()
    square = (math.pi * ratio * 0.5).pow(2) / 3
    away = ((p.loc + p.scale * euler_constant - q.loc) / q.scale).pow(2) * 0.5
    return -norm + square + away - (euler_constant + 1) + 2 * HALF_LOG_TAU


@register_kl(Laplace, Normal)
def _(p: Laplace, q: Normal) -> Tensor:
    variance = q.scale.pow(2)
    ratio = p.scale.pow(2) / variance
    norm = 0.5 * gradbook.log(2 * ratio / math.pi)
    return -norm + ratio - 1 + (0.5 * p.loc.pow(2) - p.loc * q.loc + 0.5 * q.loc.pow(2)) / variance


@register_kl(Normal, Gumbel)
def _(p: Normal, q: Gumbel) -> Tensor:
    moved, ratio = p.loc / q.scale, (p.scale / q.scale).pow(2)
    away = q.loc / q.scale
    shrink = gradbook.exp(-moved + 0.5 * ratio + away)
    return moved - away + shrink - 0.5 * ratio.log() - 0.5 * (1 + math.log(2 * math.pi))


@register_kl(Normal, Laplace)
def _(p: Normal, q: Laplace) -> Tensor:
    away = p.loc - q.loc
    ratio, scaled = p.scale / q.scale, away / p.scale
    bell = math.sqrt(2 / math.pi) * p.scale * gradbook.exp(-0.5 * scaled.pow(2))
    sides = away * gradbook.erf(math.sqrt(0.5) * scaled)
    return -ratio.log() + (bell + sides) / q.scale - (0.5 + 0.5 * math.log(0.5 * math.pi))


@register_kl(Pareto, Exponential)
def _(p: Pareto, q: Exponential) -> Tensor:
    product = p.scale * q.rate
    found = (p.alpha / product).log() - p.alpha.reciprocal() + p.alpha * product / (p.alpha - 1) - 1
    return gradbook.where(p.alpha <= 1, math.inf, found)


@register_kl(Pareto, Gamma)
def _(p: Pareto, q: Gamma) -> Tensor:
    mean_log = p.scale.log() + p.alpha.reciprocal()
    found = (
        p.alpha.log() - mean_log
        + q.concentration.lgamma() - q.concentration * q.rate.log()
        + (1 - q.concentration) * mean_log
        + q.rate * p.alpha * p.scale / (p.alpha - 1)
        - 1
    )  # fmt: skip
    return gradbook.where(p.alpha <= 1, math.inf, found)


@register_kl(Pareto, Normal)
def _(p: Pareto, q: Normal) -> Tensor:
    variance, less = 2 * q.scale.pow(2), p.alpha - 1
    norm = (math.sqrt(2 * math.pi) * q.scale / p.scale * p.alpha).log() - p.alpha.reciprocal()
    square = p.alpha * p.scale.pow(2) / (p.alpha - 2)
    mean = p.alpha * p.scale / less
    found = norm + (square - 2 * mean * q.loc + q.loc.pow(2)) / variance - 1
    return gradbook.where(p.alpha <= 2, math.inf, found)


@register_kl(Uniform, Beta)
def _(p: Uniform, q: Beta) -> Tensor:
    width = p.high - p.low
    below = (q.concentration1 - 1) * (x_log_x(p.high) - x_log_x(p.low) - width) / width
    above = (q.concentration0 - 1) * (x_log_x(1 - p.high) - x_log_x(1 - p.low) + width) / width
    norm = q.concentration1.lgamma() + q.concentration0.lgamma() - (q.concentration1 + q.concentration0).lgamma()
    found = above - below + norm - width.log()
    return gradbook.where((p.high > 1) | (p.low < 0), math.inf, found)


@register_kl(Uniform, ContinuousBernoulli)
def _(p: Uniform, q: ContinuousBernoulli) -> Tensor:
    found = -p.entropy() - p.mean * q.logits - gradbook.log1p(-q.probs) - q._log_norm()
    return gradbook.where((p.high > 1) | (p.low < 0), math.inf, found)


@register_kl(Uniform, Exponential)
def _(p: Uniform, q: Exponential) -> Tensor:
    found = q.rate * (p.high + p.low) / 2 - ((p.high - p.low) * q.rate).log()
    return gradbook.where(p.low < 0, math.inf, found)


@register_kl(Uniform, Gamma)
def _(p: Uniform, q: Gamma) -> Tensor:
    width = p.high - p.low
    norm = q.concentration.lgamma() - q.concentration * q.rate.log() - width.log()
    mean_log = (1 - q.concentration) * (x_log_x(p.high) - x_log_x(p.low) - width) / width
    return gradbook.where(p.low < 0, math.inf, norm + mean_log + q.rate * (p.high + p.low) / 2)


@register_kl(Uniform, Gumbel)
def _(p: Uniform, q: Gumbel) -> Tensor:
    ratio = q.scale / (p.high - p.low)
    high, low = (p.high - q.loc) / q.scale, (p.low - q.loc) / q.scale
    return ratio.log() + 0.5 * (high + low) - ratio * (gradbook.exp(-high) - gradbook.exp(-low))


@register_kl(Uniform, Normal)
def _(p: Uniform, q: Normal) -> Tensor:
    width = p.high - p.low
    norm = (math.sqrt(2 * math.pi) * q.scale / width).log()
    away = ((p.high + p.low - 2 * q.loc) / 2).pow(2)
    return norm + 0.5 * (width.pow(2) / 12 + away) / q.scale.pow(2)


@register_kl(Uniform, Pareto)
def _(p: Uniform, q: Pareto) -> Tensor:
    width = p.high - p.low
    norm = (q.alpha * q.scale.pow(q.alpha) * width).log()
    mean_log = (x_log_x(p.high) - x_log_x(p.low) - width) / width
    return gradbook.where(p.low < q.scale, math.inf, mean_log * (q.alpha + 1) - norm)
