"""How the columns of data go together: covariance, correlation, distances between rows."""

from __future__ import annotations

from typing import Any

from gradbook.autograd import casting
from gradbook.autograd.op import Op
from gradbook.ops.arguments import tensor_of
from gradbook.ops.elementwise import masked
from gradbook.ops.reduction import sum
from gradbook.ops.vector_norm import vector_norm
from gradbook.tensor import Tensor, method

__all__ = ["cdist", "corrcoef", "cov"]


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: Any = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """The p-norm distance of every row of x1 to every row of x2, as torch.cdist. (*, n, d), (*, m, d) -> (*, n, m).

    Raises RuntimeError unless both have rows of one length.
    """
    if casting.scopes:
        x1, x2 = casting.full(x1, x2)
    for name, x in (("X1", x1), ("X2", x2)):
        if tensor_of("cdist", x).ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {x.ndim}D")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    if compute_mode not in (None, IF_NECESSARY, WITH_PRODUCT, "donot_use_mm_for_euclid_dist"):
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    many = x1.shape[-2] > MANY_ROWS or x2.shape[-2] > MANY_ROWS
    if p == 2 and (compute_mode == WITH_PRODUCT or (compute_mode in (None, IF_NECESSARY) and many)):
        made: Tensor = euclid_op(x1, x2)
        return made
    return vector_norm(x1.unsqueeze(-2) - x2.unsqueeze(-3), p, -1)


SMALLEST = 1e-15  # a distance that is only rounding
MANY_ROWS = 25  # from here on PyTorch, too, takes distances from a matrix product
WITH_PRODUCT, IF_NECESSARY = "use_mm_for_euclid_dist", "use_mm_for_euclid_dist_if_necessary"
euclid_op = Op(
    "euclid", "a b", formula=r"y_{ij} = \lVert a_i - b_j \rVert", node_name="EuclideanDistBackward0",
    grads={
        "a": r"\textstyle\sum_j \bar y_{ij} (a_i - b_j) / y_{ij}",
        "b": r"\textstyle\sum_i \bar y_{ij} (b_j - a_i) / y_{ij}",
    },
)  # fmt: skip


@euclid_op.forward
def _(xp: Any, a: Any, b: Any) -> Any:
    squares = (a * a).sum(-1)[..., :, None] + (b * b).sum(-1)[..., None, :]
    return xp.sqrt(xp.maximum(squares - 2 * (a @ b.swapaxes(-1, -2)), a.dtype.type(SMALLEST**2)))


def _share(grad: Any, out: Any) -> Any:
    """The gradient over the distance; 0 for a point and itself."""
    return masked(grad / out, out > SMALLEST)


@euclid_op.grad("a")
def _(grad: Any, a: Any, b: Any, out: Any) -> Any:
    share = _share(grad, out)
    return share.sum(axis=-1)[..., None] * a - share @ b


@euclid_op.grad("b")
def _(grad: Any, a: Any, b: Any, out: Any) -> Any:
    share = _share(grad, out).swapaxes(-1, -2)
    return share.sum(axis=-1)[..., None] * b - share @ a


@method("cov")
def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """Covariances of the rows, as torch.cov; the columns may carry frequencies and weights. (k, n) -> (k, k)."""
    if tensor_of("cov", input).ndim > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with {input.ndim} dimensions"
        )
    x = input if input.is_floating_point() or input.is_complex() else input.float()
    x = x.reshape(1, -1) if x.ndim < 2 else x
    weights = None
    for name, each in (("fweights", fweights), ("aweights", aweights)):
        if each is not None:
            _check_weights(name, each, x.shape[1])
            weights = each if weights is None else weights * each
    if weights is None:
        total: Any = x.shape[1]
        mean, degrees = x.mean(1, keepdim=True), total - correction
    else:
        total = weights.sum()
        mean = (x * weights).sum(1, keepdim=True) / total
        if aweights is None or correction == 0:
            degrees = total - correction
        else:
            degrees = total - correction * sum(weights * aweights) / total
        degrees = degrees.clamp(min=0)
    far = x - mean
    other = far if weights is None else far * weights
    result = far @ other.conj().t() / (degrees if weights is not None else max(degrees, 0))
    made: Tensor = result.squeeze()
    return made


def _check_weights(name: str, weights: Tensor, columns: int) -> None:
    if weights.ndim > 1:
        raise RuntimeError(f"cov(): expected {name} to have one or fewer dimensions but got {weights.ndim}")
    if weights.numel() != columns:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations, {columns}, but "
            f"got {weights.numel()}"
        )
    floating = weights.is_floating_point()
    if weights.is_complex() or weights.dtype._category == 0 or floating != (name == "aweights"):
        kind = "floating point" if name == "aweights" else "integral"
        raise RuntimeError(f"cov(): expected {name} to have {kind} dtype but got {weights.dtype!r}")
    if bool((weights < 0).any()):
        raise RuntimeError(f"cov(): {name} cannot be negative")


@method("corrcoef")
def corrcoef(input: Tensor) -> Tensor:
    """Correlations of the rows, between -1 and 1, as torch.corrcoef. (k, n) -> (k, k)."""
    if tensor_of("corrcoef", input).ndim > 2:
        raise RuntimeError(
            f"corrcoef(): expected input to have two or fewer dimensions but got an input with {input.ndim} dimensions"
        )
    found = cov(input)
    if not found.ndim:
        return found / found
    spread = found.diagonal().real.sqrt()
    result = found / spread.unsqueeze(1) / spread
    made: Tensor = result if result.is_complex() else result.clamp(-1, 1)
    return made
