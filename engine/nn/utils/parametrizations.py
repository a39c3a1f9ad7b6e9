"""Ready-made parametrizations, as torch.nn.utils.parametrizations: orthogonal, weight_norm, spectral_norm."""

from __future__ import annotations

from typing import Any, TypeVar

import gradbook
from gradbook.autograd import grad_mode
from gradbook.nn.module import Module
from gradbook.nn.modules.conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from gradbook.nn.utils import parametrize
from gradbook.nn.utils.weight_norm import norm_except_dim, scaled
from gradbook.ops.ranking_loss import normalize
from gradbook.tensor import Tensor

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]

M = TypeVar("M", bound=Module)
_MAPS = ("matrix_exp", "cayley", "householder")


def _eye(size: int, like: Tensor) -> Tensor:
    made: Tensor = gradbook.eye(size, dtype=like.dtype, device=like.device)
    return made


def reflected(x: Tensor, columns: int) -> Any:
    """Householder vectors below the diagonal of `x` (*, n, k) -> the first `columns` columns of their product.

    The vectors are 1 on the diagonal; each reflection is I - 2 v vᴴ / vᴴv.
    """
    n, k = x.shape[-2:]
    vectors = x.tril(-1) + gradbook.eye(n, k, dtype=x.dtype, device=x.device)
    made = _eye(n, x).expand(*x.shape[:-2], n, n)[..., :columns]
    for i in reversed(range(k)):
        v = vectors[..., i : i + 1]
        factor = 2.0 / (v.mH @ v)
        made = made - v @ (factor * (v.mH @ made))
    return made


class _Orthogonal(Module):
    """A matrix with orthonormal rows or columns made of any matrix; `base` is where it started."""

    def __init__(self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape, self.orthogonal_map, self.use_trivialization = weight.shape, orthogonal_map, use_trivialization
        self.base: Tensor | None
        self.register_buffer("base", None)

    def forward(self, X: Any) -> Any:
        n, k = X.shape[-2:]
        turned = n < k
        if turned:
            X, n, k = X.mT, k, n
        if self.orthogonal_map == "householder":
            Q = reflected(X, k) * X.diagonal(dim1=-2, dim2=-1).detach().trunc().unsqueeze(-2)  # ±1, not learned
        else:
            square = X.tril()
            if n != k:
                square = gradbook.cat([square, X.new_zeros(*X.shape[:-2], n, n - k)], -1)
            skew = square - square.mH
            if self.orthogonal_map == "matrix_exp":
                Q = gradbook.linalg.matrix_exp(skew)
            else:
                eye = _eye(n, skew)
                Q = gradbook.linalg.solve(eye - 0.5 * skew, eye + 0.5 * skew)
            Q = Q[..., :k]
        if self.base is not None:
            Q = self.base @ Q
        return Q.mT if turned else Q

    @grad_mode.no_grad()  # type: ignore[untyped-decorator]
    def right_inverse(self, Q: Any) -> Any:
        """What gives Q. Without a base only the householder map can tell, for an orthogonal Q."""
        if Q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {tuple(self.shape)}. Got a tensor of shape "
                f"{tuple(Q.shape)}."
            )
        start = Q
        n, k = Q.shape[-2:]
        turned = n < k
        if turned:
            Q, n, k = Q.mT, k, n
        if not self.use_trivialization:
            if self.orthogonal_map != "householder":
                raise NotImplementedError(
                    "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                    "use_trivialization=False."
                )
            A = _householder_vectors(Q)
            return A.mT if turned else A
        if n == k:
            made = _orthonormal(Q) if not _is_orthogonal(Q) else Q.clone()
        else:
            extra = gradbook.randn(*Q.shape[:-1], n - k, dtype=Q.dtype, device=Q.device)
            made = _orthonormal(gradbook.cat([Q, extra], dim=-1))
            if _is_orthogonal(Q):
                made[..., :k] = Q
        self.base = made
        identity: Tensor = gradbook.zeros_like(start) - gradbook.eye(*start.shape[-2:], dtype=start.dtype)
        return identity  # negative, as the householder map wants it; the others do not look at the diagonal


def _is_orthogonal(Q: Tensor) -> bool:
    """True if QᴴQ is the identity, up to rounding."""
    n, k = Q.shape[-2:]
    if n < k:
        Q, n, k = Q.mT, k, n
    eps = 10.0 * n * gradbook.finfo(Q.dtype).eps
    return bool(gradbook.allclose(Q.mH @ Q, _eye(k, Q), atol=eps))


def _orthonormal(A: Tensor) -> Tensor:
    """The orthogonal factor of A, with the signs that make R's diagonal positive."""
    Q, R = gradbook.linalg.qr(A)
    made: Tensor = Q * R.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)
    return made


def _householder_vectors(Q: Tensor) -> Any:
    """The vectors whose reflections make the orthonormal columns Q, below the diagonal; ±1 on it, as PyTorch keeps."""
    A = Q.clone()
    signs = []
    for i in range(Q.shape[-1]):
        x = A[..., i:, i]
        head = x[..., :1]
        sign = gradbook.where(head < 0, -1.0, 1.0).to(A.dtype)
        v = x.clone()
        v[..., :1] += sign * x.norm(dim=-1, keepdim=True)
        v = v / v[..., :1]
        V = v.unsqueeze(-1)
        block = A[..., i:, i:]
        A[..., i:, i:] = block - V @ ((2.0 / (V.mT @ V)) * (V.mT @ block))
        signs.append(-sign)
        A[..., i + 1 :, i] = v[..., 1:]
    diagonal = gradbook.cat(signs, -1)
    A.diagonal(dim1=-2, dim2=-1).copy_(diagonal)
    return A


def orthogonal(
    module: M, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> M:
    """Let a matrix stay orthogonal while it is trained, as torch.nn.utils.parametrizations.orthogonal. -> module

    orthogonal_map: matrix_exp, cayley or householder; None: householder, but matrix_exp where square or complex.
    use_trivialization: start from the present matrix made orthogonal. Raises ValueError for what is no matrix or
    parameter, or for another map.
    """
    weight: Any = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    if orthogonal_map not in _MAPS:
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    made = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    parametrize.register_parametrization(module, name, made, unsafe=True)
    return module


class _WeightNorm(Module):
    """Length (original0) and direction (original1) -> weight."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return scaled(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Length and direction of a weight."""
        return norm_except_dim(weight, 2, self.dim), weight


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Learn a weight's length and direction apart, as torch.nn.utils.parametrizations.weight_norm. -> module

    Reads the state_dict of the older torch.nn.utils.weight_norm too (<name>_g, <name>_v).
    """
    parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def read_older(state_dict: Any, prefix: str, *rest: Any) -> None:
        g, v = f"{prefix}{name}_g", f"{prefix}{name}_v"
        if g in state_dict and v in state_dict:
            for i, key in enumerate((g, v)):
                state_dict[f"{prefix}parametrizations.{name}.original{i}"] = state_dict.pop(key)

    module._register_load_state_dict_pre_hook(read_older)
    return module


class _SpectralNorm(Module):
    """A weight over its largest singular value, by power iteration on two kept vectors."""

    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        axes = weight.ndim
        if not -axes <= dim < axes:
            raise IndexError(f"Dimension out of range (expected to be in range of [-{axes}, {axes - 1}] but got {dim})")
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim, self.eps = dim % axes, eps
        if axes > 1:
            self.n_power_iterations = n_power_iterations
            with grad_mode.no_grad():
                matrix = self._matrix(weight)
                for part, size in zip(("_u", "_v"), matrix.shape, strict=True):
                    self.register_buffer(part, normalize(matrix.new_empty(size).normal_(0, 1), dim=0, eps=eps))
                self._power_method(matrix, 15)

    def _matrix(self, weight: Tensor) -> Tensor:
        if weight.ndim <= 1:
            raise AssertionError("a vector is no matrix")
        made: Tensor = (weight.movedim(self.dim, 0) if self.dim else weight).flatten(1)
        return made

    @grad_mode.no_grad()  # type: ignore[untyped-decorator]
    def _power_method(self, matrix: Tensor, n_power_iterations: int) -> None:
        for _ in range(n_power_iterations):
            self._u.copy_(normalize(matrix @ self._v, dim=0, eps=self.eps))
            self._v.copy_(normalize(matrix.mH @ self._u, dim=0, eps=self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return normalize(weight, dim=0, eps=self.eps)
        matrix = self._matrix(weight)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        sigma = gradbook.vdot(self._u.clone(), matrix @ self._v.clone())
        made: Tensor = weight / sigma
        return made

    def right_inverse(self, value: Tensor) -> Tensor:
        """The value itself: it may have any norm."""
        return value


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide a weight by its largest singular value, as torch.nn.utils.parametrizations.spectral_norm. -> module

    dim: the axis that is the matrix's rows (1 for transposed convolutions, else 0). Miyato et al. 2018. Raises
    ValueError where there is no such parameter.
    """
    weight: Any = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if dim is None:
        dim = 1 if isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)) else 0
    parametrize.register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))
    return module
