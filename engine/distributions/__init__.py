"""Probability distributions, as torch.distributions: draws, densities, divergences, transforms."""

from __future__ import annotations

from gradbook.distributions import constraints, transforms
from gradbook.distributions import kl_pairs as kl_pairs  # enters its rules
from gradbook.distributions.bernoulli import Bernoulli
from gradbook.distributions.beta import Beta
from gradbook.distributions.binomial import Binomial
from gradbook.distributions.categorical import Categorical
from gradbook.distributions.cauchy import Cauchy
from gradbook.distributions.chi2 import Chi2
from gradbook.distributions.constraint_registry import biject_to, transform_to
from gradbook.distributions.continuous_bernoulli import ContinuousBernoulli
from gradbook.distributions.dirichlet import Dirichlet
from gradbook.distributions.distribution import Distribution
from gradbook.distributions.exp_family import ExponentialFamily
from gradbook.distributions.exponential import Exponential
from gradbook.distributions.fishersnedecor import FisherSnedecor
from gradbook.distributions.gamma import Gamma
from gradbook.distributions.generalized_pareto import GeneralizedPareto
from gradbook.distributions.geometric import Geometric
from gradbook.distributions.gumbel import Gumbel
from gradbook.distributions.half_cauchy import HalfCauchy
from gradbook.distributions.half_normal import HalfNormal
from gradbook.distributions.independent import Independent
from gradbook.distributions.inverse_gamma import InverseGamma
from gradbook.distributions.kl import kl_divergence, register_kl
from gradbook.distributions.kumaraswamy import Kumaraswamy
from gradbook.distributions.laplace import Laplace
from gradbook.distributions.lkj_cholesky import LKJCholesky
from gradbook.distributions.log_normal import LogNormal
from gradbook.distributions.logistic_normal import LogisticNormal
from gradbook.distributions.lowrank_multivariate_normal import LowRankMultivariateNormal
from gradbook.distributions.mixture_same_family import MixtureSameFamily
from gradbook.distributions.multinomial import Multinomial
from gradbook.distributions.multivariate_normal import MultivariateNormal
from gradbook.distributions.negative_binomial import NegativeBinomial
from gradbook.distributions.normal import Normal
from gradbook.distributions.one_hot_categorical import OneHotCategorical, OneHotCategoricalStraightThrough
from gradbook.distributions.pareto import Pareto
from gradbook.distributions.poisson import Poisson
from gradbook.distributions.relaxed_bernoulli import RelaxedBernoulli
from gradbook.distributions.relaxed_categorical import RelaxedOneHotCategorical
from gradbook.distributions.studentT import StudentT
from gradbook.distributions.transformed_distribution import TransformedDistribution
from gradbook.distributions.transforms import (
    AbsTransform,
    AffineTransform,
    ComposeTransform,
    CumulativeDistributionTransform,
    ExpTransform,
    IndependentTransform,
    PowerTransform,
    ReshapeTransform,
    SigmoidTransform,
    SoftplusTransform,
    TanhTransform,
    Transform,
    identity_transform,
)
from gradbook.distributions.uniform import Uniform
from gradbook.distributions.vector_transforms import (
    CatTransform,
    CorrCholeskyTransform,
    LowerCholeskyTransform,
    PositiveDefiniteTransform,
    SoftmaxTransform,
    StackTransform,
    StickBreakingTransform,
)
from gradbook.distributions.von_mises import VonMises
from gradbook.distributions.weibull import Weibull
from gradbook.distributions.wishart import Wishart

__all__ = [
    "AbsTransform",
    "AffineTransform",
    "Bernoulli",
    "Beta",
    "Binomial",
    "CatTransform",
    "Categorical",
    "Cauchy",
    "Chi2",
    "ComposeTransform",
    "ContinuousBernoulli",
    "CorrCholeskyTransform",
    "CumulativeDistributionTransform",
    "Dirichlet",
    "Distribution",
    "ExpTransform",
    "Exponential",
    "ExponentialFamily",
    "FisherSnedecor",
    "Gamma",
    "GeneralizedPareto",
    "Geometric",
    "Gumbel",
    "HalfCauchy",
    "HalfNormal",
    "Independent",
    "IndependentTransform",
    "InverseGamma",
    "Kumaraswamy",
    "LKJCholesky",
    "Laplace",
    "LogNormal",
    "LogisticNormal",
    "LowRankMultivariateNormal",
    "LowerCholeskyTransform",
    "MixtureSameFamily",
    "Multinomial",
    "MultivariateNormal",
    "NegativeBinomial",
    "Normal",
    "OneHotCategorical",
    "OneHotCategoricalStraightThrough",
    "Pareto",
    "Poisson",
    "PositiveDefiniteTransform",
    "PowerTransform",
    "RelaxedBernoulli",
    "RelaxedOneHotCategorical",
    "ReshapeTransform",
    "SigmoidTransform",
    "SoftmaxTransform",
    "SoftplusTransform",
    "StackTransform",
    "StickBreakingTransform",
    "StudentT",
    "TanhTransform",
    "Transform",
    "TransformedDistribution",
    "Uniform",
    "VonMises",
    "Weibull",
    "Wishart",
    "biject_to",
    "constraints",
    "identity_transform",
    "kl_divergence",
    "register_kl",
    "transform_to",
    "transforms",
]
