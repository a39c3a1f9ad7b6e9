"""Special functions, as torch.special: the ops of those names, and other names of ops."""

from __future__ import annotations

from gradbook.ops.gamma import digamma, polygamma
from gradbook.ops.gamma import lgamma as gammaln
from gradbook.ops.gamma import mvlgamma as multigammaln
from gradbook.ops.rounding import round
from gradbook.ops.softmax import log_softmax, softmax
from gradbook.ops.special import erf, erfc, erfinv, i0, logit, special_entr, special_ndtr, special_ndtri
from gradbook.ops.special import sigmoid as expit
from gradbook.ops.transcendental import exp2, expm1, log1p, sinc, xlogy
from gradbook.ops.vector_norm import logsumexp

entr, ndtr, ndtri, psi = special_entr, special_ndtr, special_ndtri, digamma

__all__ = [
    "digamma", "entr", "erf", "erfc", "erfinv", "exp2", "expit", "expm1", "gammaln", "i0", "log1p", "log_softmax",
    "logit", "logsumexp", "multigammaln", "ndtr", "ndtri", "polygamma", "psi", "round", "sinc", "softmax", "xlogy",
]  # fmt: skip
