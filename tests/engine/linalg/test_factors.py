"""LU, LDL, QR by reflections, Cholesky, eigenvalues: as PyTorch, gradients of two orders too."""

from __future__ import annotations

import numpy as np
import pytest

import gradbook
from gradbook import linalg
from gradbook.autograd import gradcheck, gradgradcheck
from tests.parity_tools import compare, draw, same_error

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore:torch.*is deprecated:UserWarning")


def complex_draw(*shape: int) -> np.ndarray:
    return draw(*shape, dtype="float64") + 1j * draw(*shape, seed=9, dtype="float64")


SHAPES = [(3, 3), (2, 4, 4), (5, 3), (2, 3, 5), (2, 1, 4, 3), (0, 3, 3), (0, 0), (0, 3), (3, 0), (1, 1)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("make", [lambda *s: draw(*s, dtype="float64"), complex_draw], ids=["real", "complex"])
def test_lu(shape, make):
    a = make(*shape)
    compare(lambda lib, a: tuple(lib.linalg.lu(a)), a, second=True, rtol=1e-8)
    compare(lambda lib, a: tuple(lib.linalg.lu_factor_ex(a)), a, second=True, rtol=1e-8)
    compare(lambda lib, a: tuple(lib.lu_unpack(*lib.linalg.lu_factor(a))), a, rtol=1e-8)
    compare(lambda lib, a: tuple(lib.lu(a, get_infos=True)), a, rtol=1e-8)


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("adjoint", [True, False])
@pytest.mark.parametrize("make", [lambda *s: draw(*s, dtype="float64"), complex_draw], ids=["real", "complex"])
def test_lu_solve(left, adjoint, make):
    def solved(lib, a, b):
        lu, pivots = lib.linalg.lu_factor(a)
        return lib.linalg.lu_solve(lu, pivots, b if left else b.transpose(-2, -1), left=left, adjoint=adjoint)

    compare(solved, make(2, 4, 4), make(2, 4, 3), second=True, rtol=1e-8)
    compare(solved, make(4, 4), make(2, 4, 3), rtol=1e-8)
    compare(lambda lib, a, b: b.lu_solve(*a.lu()), make(4, 4), make(4, 1), rtol=1e-8)


def test_a_singular_matrix_is_named_by_its_pivot():
    a = np.array([[[1.0, 2.0], [2.0, 4.0]], [[1.0, 2.0], [3.0, 4.0]]])
    compare(lambda lib, a: lib.linalg.lu_factor_ex(a).info, a, grad=False)
    for fn in (lambda lib, a: lib.linalg.lu_factor(a), lambda lib, a: lib.linalg.lu_factor_ex(a, check_errors=True)):
        same_error(fn, a)
    compare(lambda lib, a: lib.linalg.inv_ex(a).info, a, grad=False)
    compare(lambda lib, a: lib.linalg.inv_ex(a).inverse[1], a, grad=False)
    compare(lambda lib, a: lib.linalg.solve_ex(a, a[:, :1].transpose(-2, -1)).info, a, grad=False)
    compare(lambda lib, a: lib.linalg.cholesky_ex(lib.stack([a[1], a[1].T @ a[1]])).info, a, grad=False)


def test_one_bad_matrix_leaves_the_gradient_of_the_others():
    a = gradbook.tensor([[[1.0, 2.0], [2.0, 4.0]], [[4.0, 2.0], [2.0, 4.0]]], dtype=gradbook.float64)
    a.requires_grad_(True)
    good = gradbook.tensor([[4.0, 2.0], [2.0, 4.0]], dtype=gradbook.float64).requires_grad_(True)
    linalg.inv_ex(a).inverse[1].sum().backward()
    linalg.inv(good).sum().backward()
    assert np.allclose(np.asarray(a.grad)[1], np.asarray(good.grad))


@pytest.mark.parametrize("hermitian", [True, False])
@pytest.mark.parametrize("make", [lambda *s: draw(*s, dtype="float64"), complex_draw], ids=["real", "complex"])
def test_ldl(hermitian, make):
    a = make(2, 5, 5)
    a = a + (a.conj() if hermitian else a).swapaxes(-1, -2)
    b = make(2, 5, 3)
    compare(lambda lib, a: tuple(lib.linalg.ldl_factor(a, hermitian=hermitian)), a, grad=False, rtol=1e-9)
    compare(lambda lib, a: tuple(lib.linalg.ldl_factor_ex(a, hermitian=hermitian)), a, grad=False, rtol=1e-9)

    def solved(lib, a, b):
        return lib.linalg.ldl_solve(*lib.linalg.ldl_factor(a, hermitian=hermitian), b, hermitian=hermitian)

    compare(solved, a, b, grad=False, rtol=1e-8)
    assert np.allclose(a @ np.asarray(solved(gradbook, gradbook.tensor(a), gradbook.tensor(b))), b)


@pytest.mark.parametrize("make", [lambda *s: draw(*s, dtype="float64"), complex_draw], ids=["real", "complex"])
@pytest.mark.parametrize("shape", [(4, 3), (2, 4, 4), (3, 5), (0, 3), (2, 0, 0)])
def test_reflections(make, shape):
    a = make(*shape)
    compare(lambda lib, a: tuple(lib.geqrf(a)), a, grad=False, rtol=1e-9)
    if shape[-2] < shape[-1]:
        return
    tau = make(*shape[:-2], min(shape[-1], 2))
    compare(lambda lib, a, t: lib.linalg.householder_product(a, t), a, tau, second=True, rtol=1e-8)
    compare(lambda lib, a, t: a.orgqr(t), a, tau, rtol=1e-8)


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("back", [True, False])
def test_ormqr(left, back):
    a, tau = complex_draw(4, 2), complex_draw(2)
    other = complex_draw(4, 3) if left else complex_draw(3, 4)
    compare(lambda lib, a, t, c: lib.ormqr(a, t, c, left, back), a, tau, other, second=True, rtol=1e-8)
    real = draw(4, 2, dtype="float64"), draw(2, dtype="float64"), other.real.copy()
    compare(lambda lib, a, t, c: lib.ormqr(a, t, c, left, back), *real, rtol=1e-8)


def test_geqrf_and_orgqr_are_qr():
    a = gradbook.tensor(draw(5, 3, dtype="float64"))
    q, r = linalg.qr(a)
    turned, tau = gradbook.geqrf(a)
    assert np.allclose(np.asarray(gradbook.orgqr(turned, tau)), np.asarray(q))
    assert np.allclose(np.asarray(turned.triu()[:3]), np.asarray(r))


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("make", [lambda *s: draw(*s, dtype="float64"), complex_draw], ids=["real", "complex"])
def test_cholesky_solve_and_inverse(upper, make):
    low, b = make(2, 3, 3), make(2, 3, 2)
    low[..., range(3), range(3)] = abs(low[..., range(3), range(3)])  # LAPACK takes it to be real
    compare(lambda lib, b, x: lib.cholesky_solve(b, x, upper), b, low, second=True, rtol=1e-7)
    compare(lambda lib, x: lib.cholesky_inverse(x, upper), low[0], second=True, rtol=1e-7)


@pytest.mark.parametrize("uplo", ["L", "U"])
@pytest.mark.parametrize("make", [lambda *s: draw(*s, dtype="float64"), complex_draw], ids=["real", "complex"])
def test_gradients_of_eigenvectors_are_hermitian(uplo, make):
    def parts(lib, a):
        w, v = lib.linalg.eigh(a, UPLO=uplo)
        return w, v.abs()

    compare(parts, make(2, 4, 4), rtol=1e-8)


@pytest.mark.parametrize("shape", [(4, 3), (3, 3), (3, 5)])
def test_complex_qr(shape):
    compare(lambda lib, a: tuple(lib.linalg.qr(a)), complex_draw(*shape), rtol=1e-8)


def test_complex_determinants():
    compare(lambda lib, a: tuple(lib.linalg.slogdet(a)), complex_draw(2, 3, 3), second=True, rtol=1e-8)
    compare(lambda lib, a: lib.logdet(a), complex_draw(2, 3, 3), rtol=1e-8)


def test_triangular_solve():
    a, b = draw(2, 3, 3, dtype="float64"), draw(3, 2, dtype="float64", seed=1)
    for upper in (True, False):
        for transpose in (True, False):
            compare(lambda lib, b, a, u=upper, t=transpose: tuple(lib.triangular_solve(b, a, u, t)), b, a, second=True)
    compare(lambda lib, b, a: b.triangular_solve(a, unitriangular=True).solution, b, a)
    zeros = np.zeros((3, 3))
    compare(lambda lib, b, a: lib.linalg.solve_triangular(a, b, upper=True), b, zeros, grad=False)
    compare(lambda lib, b, a: lib.linalg.solve_triangular(a, b, upper=False), b, zeros, grad=False)


def test_numeric_gradients():
    a = gradbook.tensor(draw(4, 3, dtype="float64")).requires_grad_(True)
    assert gradcheck(lambda a: tuple(linalg.lu(a)[1:]), (a,))
    assert gradgradcheck(lambda a: tuple(linalg.lu(a)[1:]), (a,))
    assert gradcheck(lambda a: tuple(linalg.lu(a.T)[1:]), (a,))
    tau = gradbook.tensor(draw(3, dtype="float64")).requires_grad_(True)
    assert gradcheck(linalg.householder_product, (a, tau))


def test_low_rank():
    gradbook.manual_seed(0)
    a = gradbook.tensor(draw(30, 4, dtype="float64") @ draw(4, 20, seed=1, dtype="float64"))
    for matrix in (a, a.T):
        u, s, v = gradbook.svd_lowrank(matrix, q=5)
        assert np.allclose(np.asarray(u @ gradbook.diag(s) @ v.T), np.asarray(matrix))
    u, s, v = gradbook.pca_lowrank(a, q=4)
    assert np.allclose(np.asarray(u @ gradbook.diag(s) @ v.T), np.asarray(a - a.mean(0)))
    m = gradbook.ones(1, 20, dtype=gradbook.float64)
    u, s, v = gradbook.svd_lowrank(a + m, q=5, M=m)
    assert np.allclose(np.asarray(u @ gradbook.diag(s) @ v.T), np.asarray(a))
    assert [x.shape for x in gradbook.pca_lowrank(gradbook.rand(2, 7, 5))] == [(2, 7, 5), (2, 5), (2, 5, 5)]
    with pytest.raises(ValueError, match="not greater than"):
        gradbook.pca_lowrank(a, q=21)


def test_out():
    def into(lib, a):
        def outs(count):
            return [lib.empty(0, dtype=lib.float64) for _ in range(count)]

        given = outs(3)
        found = lib.linalg.svd(a, full_matrices=False, out=given)
        others = lib.linalg.qr(a, out=outs(2))[1].abs(), lib.linalg.eigh(a, out=outs(2))[0]
        return found[1] is given[1], given[1], *others, *lib.linalg.lu(a, out=outs(3))

    compare(into, draw(3, 3, dtype="float64"), grad=False)


ERRORS = {
    "no pivoting": lambda lib, a: lib.linalg.lu_factor(a, pivot=False),
    "vector": lambda lib, a: lib.linalg.lu(a[0]),
    "vector to solve for": lambda lib, a: lib.linalg.lu_solve(a, lib.tensor([1, 2, 3], dtype=lib.int32), a[0]),
    "pivots of int64": lambda lib, a: lib.linalg.lu_solve(a, lib.tensor([1, 2, 3]), a),
    "pivots too few": lambda lib, a: lib.linalg.lu_solve(a, lib.tensor([1, 2], dtype=lib.int32), a),
    "dtypes": lambda lib, a: lib.linalg.lu_solve(a, lib.tensor([1, 2, 3], dtype=lib.int32), a.double()),
    "unpack": lambda lib, a: lib.lu_unpack(a, lib.tensor([1, 2, 3])),
    "more tau": lambda lib, a: lib.linalg.householder_product(a, lib.ones(4)),
    "wide": lambda lib, a: lib.linalg.householder_product(a[:2], lib.ones(2)),
    "tau of another dtype": lambda lib, a: lib.linalg.householder_product(a.double(), lib.ones(2)),
    "tau of another batch": lambda lib, a: lib.linalg.householder_product(a, lib.ones(1, 2)),
    "geqrf": lambda lib, a: lib.geqrf(a[0]),
    "ormqr": lambda lib, a: lib.ormqr(a, a[0], a[:2], left=True),
    "ormqr tau": lambda lib, a: lib.ormqr(a, lib.ones(4), a),
    "triangle": lambda lib, a: lib.triangular_solve(a[0], a),
    "triangle dtypes": lambda lib, a: lib.triangular_solve(a, a.double()),
    "driver": lambda lib, a: lib.linalg.lstsq(a, a, driver="x"),
    "lstsq dtypes": lambda lib, a: lib.linalg.lstsq(a.double(), a),
    "ldl singular": lambda lib, a: lib.linalg.ldl_factor(a * 0),
    "nan": lambda lib, a: lib.linalg.eig(a * float("nan")),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    same_error(ERRORS[name], draw(3, 3))


def test_linalg_error_is_catchable_under_its_name():
    with pytest.raises(linalg.LinAlgError, match="singular"):
        linalg.inv(gradbook.zeros(2, 2))


def test_every_public_name_is_there():
    beside = {"common_notes", "Tensor", "torch"}
    theirs = {name for name in dir(torch.linalg) if name[0] != "_"} - beside
    assert set(linalg.__all__) == theirs


ODD = {
    "cond of a singular matrix": lambda lib, a: [lib.linalg.cond(a * 0, p) for p in (1, "fro", "nuc", 2, -2, None)],
    "cond of nothing": lambda lib, a: [lib.linalg.cond(a[:0, :0]), lib.linalg.cond(a[:0, :0], 1)],
    "norm of nothing": lambda lib, a: lib.linalg.matrix_norm(a[:0], 2),
    "rank of nothing": lambda lib, a: lib.linalg.matrix_rank(a[:0]),
    "det of nothing": lambda lib, a: lib.linalg.det(a[:0, :0]),
    "pinv by tensors": lambda lib, a: lib.linalg.pinv(lib.stack([a, a]), rtol=lib.tensor([0.1, 0.5])),
    "lstsq of nothing": lambda lib, a: list(lib.linalg.lstsq(a[:0], a[:0])),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_matrices(name):
    compare(ODD[name], draw(3, 3), grad=False)


REFUSED = {
    "out of another dtype": lambda lib, a: lib.mm(a, a, out=lib.empty(3, 3, dtype=lib.float64)),
    "out of inv": lambda lib, a: lib.linalg.inv(a, out=lib.empty(3, 3, dtype=lib.float64)),
    "out and a gradient": lambda lib, a: lib.mm(a.requires_grad_(), a, out=lib.empty(3, 3)),
    "bool": lambda lib, a: (a > 0) @ (a > 0),
    "trace of bool": lambda lib, a: lib.trace(a > 0),
    "vecdot of integers": lambda lib, a: lib.linalg.vecdot(a.long(), a.long()),
    "vecdot of two dtypes": lambda lib, a: lib.linalg.vecdot(a, a.double()),
    "cond": lambda lib, a: lib.linalg.cond(a, "x"),
    "driver": lambda lib, a: lib.linalg.svdvals(a, driver="gesvd"),
    "triangle": lambda lib, a: lib.linalg.solve_triangular(a, a[:2], upper=True),
    "powers of one": lambda lib, a: lib.linalg.vander(a[0, 0]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    same_error(REFUSED[name], draw(3, 3))


def test_integers_sum_up_in_int64_in_einsum():
    compare(lambda lib, a: lib.einsum("ij->i", a), np.arange(6, dtype="int32").reshape(2, 3))


PHASES = {
    "abs": lambda lib, z: z.abs(),
    "sgn": lambda lib, z: lib.sgn(z),
    "norms": lambda lib, z: [lib.linalg.vector_norm(z, p) for p in (0.5, 1, 1.5, 2, 3, float("inf"))],
    "svdvals": lambda lib, z: lib.linalg.svdvals(z),
    "svd": lambda lib, z: [part.abs() for part in lib.linalg.svd(z, full_matrices=False)],
    "eigh": lambda lib, z: [lib.linalg.eigh(z)[0], lib.linalg.eigh(z)[1].abs()],
    "eig": lambda lib, z: [part.abs().sum() for part in lib.linalg.eig(z)],
    "pinv": lambda lib, z: lib.linalg.pinv(z[:, :2]),
}


@pytest.mark.parametrize("name", PHASES)
def test_second_derivatives_of_complex_matrices(name):
    compare(PHASES[name], complex_draw(3, 3) * np.array([1.0, 2.0, 3.0]), second=True, rtol=1e-7)


PHASED = {
    "eigh": lambda lib, z: lib.linalg.eigh(z)[1].real.sum(),
    "eig": lambda lib, z: lib.linalg.eig(z)[1].real.sum(),
    "svd": lambda lib, z: lib.linalg.svd(z)[0].real.sum(),
}


@pytest.mark.parametrize("name", PHASED)
def test_a_loss_of_phases_has_no_gradient(name):
    same_error(lambda lib, z: PHASED[name](lib, z.requires_grad_()).backward(), complex_draw(3, 3))
