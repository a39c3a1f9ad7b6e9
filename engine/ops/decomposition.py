"""Inverses, determinants, solutions and factorisations of (batches of) matrices, with their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import backends
from gradbook.autograd.op import MultiOp, Op
from gradbook.errors import AutogradError, LinAlgError
from gradbook.ops.linalg import conj, last_two, matmul_op
from gradbook.ops.strides import tril_op, triu_op
from gradbook.tensor import Tensor

__all__: list[str] = []


def adjoint_of(x: Any) -> Any:
    """The conjugate transpose of matrices: array or Tensor."""
    return conj(last_two(x))


def bare(x: Any) -> Any:
    """The array of a Tensor, or the array itself."""
    return x._array if isinstance(x, Tensor) else x


def identity(x: Any, size: int) -> Any:
    """The identity matrix, in the dtype and library of `x`."""
    array = bare(x)
    return backends.xp_of(array).eye(size, dtype=array.dtype)


def times(*factors: Any) -> Any:
    """The product of matrices, from the left."""
    result = factors[0]
    for factor in factors[1:]:
        result = matmul_op(result, factor)
    return result


def attempt(name: str, compute: Any, *arrays: Any) -> Any:
    """A computation of the array library. Raises LinAlgError in PyTorch's words where it fails."""
    try:
        return compute(*arrays)
    except np.linalg.LinAlgError as error:
        words = {
            "inv": "The diagonal element is zero, the inversion could not be completed because the input "
            "matrix is singular.",
            "solve": "The solver failed because the input matrix is singular.",
            "cholesky": "The factorization could not be completed because the input is not positive-definite.",
        }
        raise LinAlgError(f"linalg.{name}: {words.get(name, error)}") from None


# -- inverse, solve, determinant -------------------------------------------------------------------------------------

inv_op = Op(
    "linalg_inv", "x", formula="y = x^{-1}", grads={"x": r"-y^\top \bar y \, y^\top"}, node_name="LinalgInvExBackward0"
)
inv_op.forward(lambda xp, x: attempt("inv", xp.linalg.inv, x))
inv_op.grad("x")(lambda grad, out: -times(adjoint_of(out), grad, adjoint_of(out)))

solve_op = Op(
    "linalg_solve", "a b", formula="y = a^{-1} b", grads={"a": r"-\bar b \, y^\top", "b": r"\bar b = a^{-\top} \bar y"},
    node_name="LinalgSolveExBackward0",
)  # fmt: skip
solve_op.forward(lambda xp, a, b: attempt("solve", xp.linalg.solve, a, b))
solve_op.grad("a")(lambda grad, a, out: -times(solve_op(adjoint_of(a), grad), adjoint_of(out)))
solve_op.grad("b")(lambda grad, a: solve_op(adjoint_of(a), grad))

triangular_op = Op(
    "linalg_solve_triangular", "a b", formula="y = a^{-1} b", node_name="LinalgSolveTriangularBackward0",
)  # fmt: skip


@triangular_op.forward
def _(xp: Any, a: Any, b: Any, *, upper: bool, unitriangular: bool) -> Any:
    used = xp.triu(a) if upper else xp.tril(a)
    if unitriangular:
        n = a.shape[-1]
        used = used.copy()
        used[..., range(n), range(n)] = 1
    try:
        return xp.linalg.solve(used, b)
    except np.linalg.LinAlgError:
        return substituted(xp, used, b, upper)


def substituted(xp: Any, a: Any, b: Any, upper: bool) -> Any:
    """The solution row by row; a zero on the diagonal gives inf or nan there, as in PyTorch."""
    n = a.shape[-1]
    x = xp.broadcast_to(b, (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), *b.shape[-2:])).copy()
    for i in reversed(range(n)) if upper else range(n):
        known = slice(i + 1, n) if upper else slice(0, i)
        row = a[..., i : i + 1, known] @ x[..., known, :]
        x[..., i : i + 1, :] = (x[..., i : i + 1, :] - row) / a[..., i : i + 1, i : i + 1]
    return x


@triangular_op.grad("a")
def _(grad: Any, a: Any, out: Any, upper: bool, unitriangular: bool) -> Any:
    inner = triangular_op(adjoint_of(a), grad, upper=not upper, unitriangular=unitriangular)
    full = -times(inner, adjoint_of(out))
    return (triu_op if upper else tril_op)(full, diagonal=(1 if upper else -1) if unitriangular else 0)


@triangular_op.grad("b")
def _(grad: Any, a: Any, upper: bool, unitriangular: bool) -> Any:
    return triangular_op(adjoint_of(a), grad, upper=not upper, unitriangular=unitriangular)


det_op = Op(
    "linalg_det", "x", formula=r"y = \det x", grads={"x": r"\bar y \, y \, x^{-\top}"}, node_name="LinalgDetBackward0"
)
det_op.forward(lambda xp, x: xp.linalg.det(x).astype(x.dtype))


@det_op.grad("x")
def _(grad: Any, x: Any, out: Any) -> Any:
    array = bare(x)
    small = np.finfo(array.dtype).eps * 100
    if not isinstance(x, Tensor) and (abs(backends.cpu.asarray(out)) <= small).any():
        return grad[..., None, None] * cofactors(backends.xp_of(array), array)
    return (grad * conj(out))[..., None, None] * adjoint_of(inv_op(x))


def cofactors(xp: Any, x: Any) -> Any:
    """The derivative of the determinant, for singular matrices too: from the products of all other singular values."""
    u, s, vh = xp.linalg.svd(x)
    n = s.shape[-1]
    others = xp.broadcast_to(s[..., None, :], (*s.shape, n)).copy()
    others[..., range(n), range(n)] = 1
    turn = xp.linalg.det(u) * xp.linalg.det(vh)
    return turn[..., None, None] * ((u * others.prod(axis=-1)[..., None, :]) @ vh)


slogdet_op = MultiOp(
    "linalg_slogdet", "x", formula=r"(s, l) = (\operatorname{sign} \det x, \log |\det "
r"x|)", grads={"x": r"\bar l \, x^{-\top}"},
    node_name="LinalgSlogdetBackward0",
)  # fmt: skip


@slogdet_op.forward
def _(xp: Any, x: Any) -> Any:
    sign, log = xp.linalg.slogdet(x)
    return xp.asarray(sign).astype(x.dtype), xp.asarray(log).astype(x.real.dtype)


@slogdet_op.backward
def _(grad: Any, x: Any) -> Any:
    sign_grad, log_grad = grad
    factor = log_grad
    if sign_grad is not None and bare(x).dtype.kind == "c":  # a real sign has no slope; a complex one turns
        found = slogdet_op(x)
        turn = (conj(sign_grad) * (found[0] if isinstance(x, Tensor) else found)).imag * -1j
        factor = turn if log_grad is None else log_grad + turn
    return (None,) if factor is None else (factor[..., None, None] * adjoint_of(inv_op(x)),)


# -- factorisations --------------------------------------------------------------------------------------------------

cholesky_op = Op(
    "linalg_cholesky", "x", formula=r"x = y \, y^\top", node_name="LinalgCholeskyExBackward0",
    grads={"x": r"\tfrac12 y^{-\top} (\Phi + \Phi^\top) \, y^{-1}, \; \Phi = \operatorname{tril}(y^\top \bar y)"},
)  # fmt: skip
cholesky_op.forward(lambda xp, x: attempt("cholesky", xp.linalg.cholesky, x))


@cholesky_op.grad("x")
def _(grad: Any, out: Any) -> Any:
    inner = times(adjoint_of(out), grad)
    low = tril_op(inner, diagonal=0)
    halves = low + adjoint_of(tril_op(inner, diagonal=-1))  # the diagonal once, both sides of it
    inverse = inv_op(out)
    return times(adjoint_of(inverse), halves, inverse) * 0.5


class Factors(MultiOp):
    """A factorisation: its rule needs its own outputs, which are kept."""

    custom = True

    def _record(self, edges: list[Any], arrays: list[Any], result: Any, extras: Any, params: dict[str, Any]) -> Any:
        node = super()._record(edges, arrays, result, extras, params)
        node.saved = tuple(result)
        return node

    def keep(self, need: int) -> tuple[int, ...]:
        """The outputs, kept by _record."""
        return ()

    def backward_node(self, node: Any, g: list[Any], create_graph: bool) -> list[Any]:
        """The gradient of the matrix, from those of the factors."""
        from gradbook.autograd.op import pick_node

        outs = list(node.saved)
        if create_graph:
            outs = [Tensor._of(array, pick_node(node, i, array)) for i, array in enumerate(outs)]
        return [self.rule(g, outs, node.edges[0].shape, **(node.params or {}))]

    def rule(self, g: list[Any], outs: list[Any], shape: Any, **params: Any) -> Any:
        """The gradient; to be written by the factorisation."""
        raise NotImplementedError(f"{self.name} has no rule")


class QR(Factors):
    """x = q r with orthonormal columns of q and an upper triangle r."""

    def rule(self, g: list[Any], outs: list[Any], shape: Any, mode: str = "reduced", **_: Any) -> Any:
        """Seeger et al. 2017 for tall matrices; wide ones by their square part."""
        q, r = outs
        q_grad, r_grad = g
        rows, columns = shape[-2:]
        if mode == "complete" and rows > columns:
            raise RuntimeError(
                "The QR decomposition is not differentiable when mode='complete' and nrows > ncols; use mode='reduced'"
            )
        if rows >= columns:
            return _qr_tall(q, r, q_grad, r_grad)
        # x = [a | b], r = [u | v]: q and u are the factors of the square a, and v = q^H b
        u, v = r[..., :rows], r[..., rows:]
        u_grad = v_grad = None
        if r_grad is not None:
            u_grad, v_grad = r_grad[..., :rows], r_grad[..., rows:]
            right = times(q, v_grad)
            from_v = times(q, v, adjoint_of(v_grad))  # v = q^H b: q has a part of its gradient from there
            q_grad = from_v if q_grad is None else q_grad + from_v
        left = _qr_tall(q, u, q_grad, u_grad)
        if v_grad is None:
            array = bare(left)
            right = backends.xp_of(array).zeros((*array.shape[:-1], columns - rows), array.dtype)
            right = Tensor._of(right) if isinstance(left, Tensor) else right
        from gradbook.ops.joining import cat_op

        return cat_op(left, right, dim=len(shape) - 1, lengths=(rows, columns - rows))


def _qr_tall(q: Any, r: Any, q_grad: Any, r_grad: Any) -> Any:
    middle: Any = 0
    if r_grad is not None:
        middle = times(r, adjoint_of(r_grad))
    if q_grad is not None:
        middle = middle - times(adjoint_of(q_grad), q)
    if isinstance(middle, int):
        return None
    low = tril_op(middle, diagonal=-1)  # the diagonal of r is real, and so is its gradient
    sym = low + adjoint_of(low) + (middle + adjoint_of(middle)) * (identity(middle, middle.shape[-1]) * 0.5)
    total = times(q, sym)
    if q_grad is not None:
        total = total + q_grad
    return adjoint_of(solve_op(r, adjoint_of(total)))


qr_op = QR("linalg_qr", "x", formula="x = q r", node_name="LinalgQrBackward0")
qr_op.forward(lambda xp, x, *, mode: tuple(xp.linalg.qr(x, mode)))


def check_phase(what: str, turn: Any) -> None:
    """Raise AutogradError where a loss depends on the phases of complex vectors, which are anyone's choice.

    turn: V^H V_grad, whose diagonal is real if it does not.
    """
    array = bare(turn)
    if array.dtype.kind == "c" and (abs(array.diagonal(0, -2, -1).imag) > 1e-2).any():
        raise AutogradError(
            f"The {what} in the complex case are specified up to multiplication by e^{{i phi}}. The specified loss "
            "function depends on this quantity, so it is ill-defined; use their absolute values, or products that "
            "their phases drop out of"
        )


class Eigh(Factors):
    """x = v diag(w) v^H for symmetric (Hermitian) x."""

    def rule(self, g: list[Any], outs: list[Any], shape: Any, upper: bool = False, **_: Any) -> Any:
        """V (diag(w_grad) + skew(v^H v_grad) / (w_j - w_i)) v^H: Hermitian, as the matrix is taken to be."""
        w, v = outs
        w_grad, v_grad = g
        n = shape[-1]
        eye = identity(v, n)
        inner: Any = None
        if v_grad is not None:
            gaps = w[..., None, :] - w[..., :, None]
            turn = times(adjoint_of(v), v_grad)
            check_phase("eigenvectors", turn)
            inner = (turn - adjoint_of(turn)) * 0.5 / (gaps + eye.real) * (1 - eye)
        if w_grad is not None:
            diagonal = w_grad[..., None, :] * eye
            inner = diagonal if inner is None else inner + diagonal
        return times(v, inner, adjoint_of(v))


eigh_op = Eigh("linalg_eigh", "x", formula=r"x = v \operatorname{diag}(w) \, v^\top", node_name="LinalgEighBackward0")
eigh_op.forward(lambda xp, x, *, upper: tuple(attempt("eigh", lambda a: xp.linalg.eigh(a, "U" if upper else "L"), x)))


class SVD(Factors):
    """x = u diag(s) vh."""

    def rule(self, g: list[Any], outs: list[Any], shape: Any, **_: Any) -> Any:
        """As in Townsend 2016; the parts of u and v outside the matrix's own space come on top."""
        u, s, vh = outs
        u_grad, s_grad, vh_grad = g
        rows, columns = shape[-2:]
        k = min(rows, columns)
        eye = identity(s, k)
        row, column = s[..., None, :], s[..., :, None]
        gaps = row * row - column * column + eye
        inner: Any = None
        turns = []
        if s_grad is not None:
            inner = s_grad[..., None, :] * eye
        if u_grad is not None:
            turn = times(adjoint_of(u), u_grad)
            turns.append(turn)
            skew = turn - adjoint_of(turn)
            part = skew / gaps * (1 - eye) * row
            if bare(u).dtype.kind == "c":  # the phases that u and v share
                part = part + skew * eye / (row * 2)
            inner = part if inner is None else inner + part
        if vh_grad is not None:
            turn = times(vh, adjoint_of(vh_grad))
            turns.append(turn)
            part = column * ((turn - adjoint_of(turn)) / gaps * (1 - eye))
            inner = part if inner is None else inner + part
        if turns:
            check_phase("singular vectors", turns[0] if len(turns) == 1 else turns[0] + turns[1])
        result = times(u, inner, vh)
        if u_grad is not None and rows > k:
            outside = u_grad - times(u, times(adjoint_of(u), u_grad))
            result = result + times(outside / row, vh)
        if vh_grad is not None and columns > k:
            outside = vh_grad - times(times(vh_grad, adjoint_of(vh)), vh)
            result = result + times(u, outside / column)
        return result


svd_op = SVD("linalg_svd", "x", formula=r"x = u \operatorname{diag}(s) \, v^\top", node_name="LinalgSvdBackward0")
svd_op.forward(lambda xp, x: tuple(attempt("svd", lambda a: xp.linalg.svd(a, full_matrices=False), x)))


class Eig(Factors):
    """x = v diag(w) v^-1, complex."""

    def rule(self, g: list[Any], outs: list[Any], shape: Any, **_: Any) -> Any:
        """Boeddeker et al. 2017; eigenvectors have norm one, their phase must not matter."""
        w, v = outs
        w_grad, v_grad = g
        eye = identity(v, shape[-1])
        vh = adjoint_of(v)
        inner: Any = None
        if v_grad is not None:
            turn = times(vh, v_grad)
            check_phase("eigenvectors", turn)
            array = bare(turn)
            real = (turn * eye).real if isinstance(turn, Tensor) else array * eye.real
            norm = times(vh, v) * (real.real.sum(-2)[..., None, :])
            gaps = conj(w)[..., None, :] - conj(w)[..., :, None]
            inner = (turn - norm) / (gaps + eye) * (1 - eye)
        if w_grad is not None:
            diagonal = w_grad[..., None, :] * eye
            inner = diagonal if inner is None else inner + diagonal
        return solve_op(vh, times(inner, vh))


eig_op = Eig("linalg_eig", "x", formula=r"x = v \operatorname{diag}(w) \, v^{-1}", node_name="LinalgEigBackward0")


@eig_op.forward
def _(xp: Any, x: Any) -> Any:
    w, v = attempt("eig", xp.linalg.eig, x)
    wide = np.complex64 if x.dtype.itemsize == 4 or x.dtype == np.complex64 else np.complex128
    return w.astype(wide), v.astype(wide)


pinv_op = Op("linalg_pinv", "x", formula="y = x^{+}", node_name="LinalgPinvBackward0")
pinv_op.forward(lambda xp, x, *, rcond, hermitian: attempt("pinv", lambda a: xp.linalg.pinv(a, rcond, hermitian), x))


@pinv_op.grad("x")
def _(grad: Any, x: Any, out: Any) -> Any:
    p, ph, gh = out, adjoint_of(out), adjoint_of(grad)
    if x.shape[-2] <= x.shape[-1]:
        k = times(gh, p)
        kp = times(k, ph)
        return kp - adjoint_of(times(p, k)) - times(x, p, kp) + times(ph, p, gh - times(k, x))
    k = times(p, gh)
    pk = times(ph, k)
    return times(gh - times(x, k), p, ph) - adjoint_of(times(k, p)) + pk - times(pk, p, x)
