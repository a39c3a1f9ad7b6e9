"""Matrix products, einsum and torch.linalg: as PyTorch, gradients too, and errors that say what would fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradbook
from gradbook.autograd import gradcheck, gradgradcheck
from tests.parity_tools import compare, draw, integers, same_error

SHAPES = [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((5, 2, 3), (5, 3, 4)),
    ((5, 1, 2, 3), (6, 3, 4)), ((3,), (5, 3, 4)), ((5, 2, 3), (3,)), ((2, 3), (5, 3, 4)), ((1, 2, 3), (5, 3, 4)),
    ((0, 3), (3, 4)), ((2, 0), (0, 4)), ((5, 2, 0), (0, 3)), ((2, 3, 4, 5), (2, 3, 5, 2)),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b"), SHAPES)
def test_matmul_in_all_forms(a, b):
    compare(lambda lib, x, y: x @ y, draw(*a, dtype="float64"), draw(*b, seed=1, dtype="float64"), second=True)


@pytest.mark.parametrize(("a", "b"), SHAPES[:11])
def test_matmul_of_transposed_operands(a, b):
    x, y = draw(*a[::-1], dtype="float64"), draw(*b[::-1], seed=1, dtype="float64")
    order_a, order_b = tuple(range(len(a)))[::-1], tuple(range(len(b)))[::-1]
    compare(lambda lib, x, y: lib.matmul(x.permute(order_a), y.permute(order_b)), x, y)


PRODUCTS = {
    "mm": (lambda lib, a, b: lib.mm(a, b), (2, 3), (3, 4)),
    "mv": (lambda lib, a, b: lib.mv(a, b), (2, 3), (3,)),
    "bmm": (lambda lib, a, b: lib.bmm(a, b), (5, 2, 3), (5, 3, 4)),
    "dot": (lambda lib, a, b: lib.dot(a, b), (3,), (3,)),
    "outer": (lambda lib, a, b: lib.outer(a, b), (3,), (4,)),
    "inner": (lambda lib, a, b: lib.inner(a, b), (2, 3), (4, 3)),
    "addmm": (
        lambda lib, a, b: lib.addmm(a[0, 0] * lib.ones(4, dtype=a.dtype), a, b, beta=0.5, alpha=2),
        (2, 3),
        (3, 4),
    ),
    "addmv": (lambda lib, a, b: lib.addmv(a[:, 0], a, b, alpha=3), (2, 3), (3,)),
    "baddbmm": (lambda lib, a, b: lib.baddbmm(b[:, :2], a, b, beta=2), (5, 2, 3), (5, 3, 4)),
    "addbmm": (lambda lib, a, b: lib.addbmm(b[0, :2], a, b), (5, 2, 3), (5, 3, 4)),
    "addr": (lambda lib, a, b: lib.addr(lib.outer(a, b), a, b, alpha=2), (3,), (4,)),
    "tensordot": (lambda lib, a, b: lib.tensordot(a, b, dims=([1, 2], [0, 1])), (2, 3, 4), (3, 4, 5)),
    "tensordot number": (lambda lib, a, b: lib.tensordot(a, b, 1), (2, 3), (3, 4, 5)),
    "kron": (lambda lib, a, b: lib.kron(a, b), (2, 3), (3, 2)),
    "cross": (lambda lib, a, b: lib.cross(a, b, dim=1), (4, 3), (4, 3)),
    "trace": (lambda lib, a, b: lib.trace(a @ b), (2, 3), (3, 2)),
    "chain": (lambda lib, a, b: lib.linalg.multi_dot([a, b, a, b]), (2, 5), (5, 2)),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products(name):
    fn, a, b = PRODUCTS[name]
    compare(fn, draw(*a, dtype="float64"), draw(*b, seed=1, dtype="float64"), second=True)


def test_a_zero_beta_hides_nan():
    result = gradbook.addmm(gradbook.full((2, 2), float("nan")), gradbook.ones(2, 2), gradbook.ones(2, 2), beta=0)
    assert result.tolist() == [[2.0, 2.0], [2.0, 2.0]]


def test_integers_and_half():
    compare(lambda lib, a, b: a @ b, integers(3, 4), integers(4, 2, seed=1))
    compare(lambda lib, a, b: a @ b, draw(3, 4, dtype="float16"), draw(4, 2, seed=1, dtype="float16"))


EQUATIONS = [
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("bij,bjk->bik", (5, 2, 3), (5, 3, 4)),
    ("bhid,bhjd->bhij", (2, 3, 4, 5), (2, 3, 6, 5)), ("bhij,bhjd->bihd", (2, 3, 4, 5), (2, 3, 5, 2)),
    ("ij->ji", (2, 3)), ("ij->", (2, 3)), ("ij->j", (2, 3)), ("ii->i", (3, 3)), ("ii", (3, 3)), ("i,j->ij", (2,), (3,)),
    ("ij,ij->ij", (2, 3), (2, 3)), ("ij,ij->", (2, 3), (2, 3)), ("...ij,...jk->...ik", (5, 2, 3), (3, 4)),
    ("...,...->...", (2, 3), (3,)), ("i,ij,j->", (2,), (2, 3), (3,)), ("bn,anm,bm->ba", (2, 3), (4, 3, 5), (2, 5)),
    ("ab,bc,cd,de->ae", (2, 3), (3, 4), (4, 5), (5, 2)), ("ij,k->i", (2, 3), (4,)), ("ij,j->ij", (1, 3), (3,)),
    ("ij,jk", (2, 1), (3, 4)), ("b...i,...j->b...ij", (2, 7, 3), (7, 4)), ("iij,jk->ik", (3, 3, 2), (2, 4)),
    (" i j , j k -> k i ", (2, 3), (3, 4)), ("ijk,ilm->jklm", (2, 3, 4), (2, 5, 2)), ("ab,ab,ab->a", (2, 3), (2, 3),
    (2, 3)),
]  # fmt: skip


@pytest.mark.parametrize("case", EQUATIONS, ids=[c[0] for c in EQUATIONS])
def test_einsum(case):
    equation, *shapes = case
    operands = [draw(*s, seed=i, dtype="float64") for i, s in enumerate(shapes)]
    compare(lambda lib, *x: lib.einsum(equation, *x), *operands, second=True)


def test_einsum_with_sublists_and_lists():
    a, b = draw(2, 3, dtype="float64"), draw(3, 4, seed=1, dtype="float64")
    compare(lambda lib, a, b: lib.einsum(a, [0, 1], b, [1, 2], [2, 0]), a, b)
    compare(lambda lib, a, b: lib.einsum("ij,jk->ik", [a, b]), a, b)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_any_einsum(data):
    letters = "abcde"
    size = dict(zip(letters, (2, 3, 1, 4, 2), strict=True))
    terms = data.draw(st.lists(st.lists(st.sampled_from(letters), max_size=3, unique=True), min_size=1, max_size=3))
    present = sorted({x for term in terms for x in term})
    out = data.draw(st.permutations(data.draw(st.lists(st.sampled_from(present), unique=True)) if present else []))
    equation = ",".join("".join(t) for t in terms) + "->" + "".join(out)
    operands = [draw(*[size[x] for x in t], seed=i, dtype="float64") for i, t in enumerate(terms)]
    compare(lambda lib, *x: lib.einsum(equation, *x), *operands)


ERRORS = {
    "inner lengths": lambda lib, a: a @ a,
    "numbers": lambda lib, a: a @ lib.tensor(2.0),
    "vector": lambda lib, a: a @ lib.ones(2),
    "dtypes": lambda lib, a: a @ a.T.double(),
    "mm of vectors": lambda lib, a: lib.mm(a, a[0]),
    "bmm of matrices": lambda lib, a: lib.bmm(a, a.T),
    "bmm of other batches": lambda lib, a: lib.bmm(a.expand(2, 2, 3), a.T.expand(3, 3, 2)),
    "dot of other lengths": lambda lib, a: lib.dot(a[0], a[0, :2]),
    "no tensor": lambda lib, a: lib.matmul(a, [1, 2, 3]),
    "einsum sizes": lambda lib, a: lib.einsum("ij,jk->ik", a, a),
    "einsum operands": lambda lib, a: lib.einsum("ij,jk->ik", a),
    "einsum axes": lambda lib, a: lib.einsum("ijk->i", a),
    "einsum output": lambda lib, a: lib.einsum("ij->ik", a),
    "einsum sign": lambda lib, a: lib.einsum("i!->i", a),
    "tensordot lengths": lambda lib, a: lib.tensordot(a, a, 1),
    "addmm shape": lambda lib, a: lib.addmm(lib.ones(5), a, a.T),
    "outer of matrices": lambda lib, a: lib.outer(a, a),
    "trace of a vector": lambda lib, a: lib.trace(a[0]),
    "inverse of a rectangle": lambda lib, a: lib.linalg.inv(a),
    "determinant of integers": lambda lib, a: lib.linalg.det(lib.ones(2, 2, dtype=lib.int64)),
    "qr mode": lambda lib, a: lib.linalg.qr(a, "other"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_pytorchs(name):
    same_error(ERRORS[name], draw(2, 3))


def test_the_error_says_what_would_fit():
    with pytest.raises(
        RuntimeError, match=r"mat1 and mat2 shapes cannot be multiplied \(64x400 and 256x120\)"
    ) as caught:
        gradbook.zeros(64, 400) @ gradbook.zeros(256, 120)
    assert [o["shape"] for o in caught.value.card.operands] == [(64, 400), (256, 120)]
    with pytest.raises(RuntimeError, match=r"b\.T") as caught:
        gradbook.zeros(64, 400) @ gradbook.zeros(120, 400)
    assert caught.value.card.fixes == ["a @ b.T"]


def spd(lib, x):
    return x @ x.mT + 2 * lib.eye(x.shape[-1], dtype=x.dtype)


LINALG = {
    "inv": lambda lib, x: lib.linalg.inv(x),
    "det": lambda lib, x: lib.linalg.det(x),
    "slogdet": lambda lib, x: lib.linalg.slogdet(x)[1],
    "logdet": lambda lib, x: lib.logdet(spd(lib, x)),
    "solve": lambda lib, x: lib.linalg.solve(x, x[..., :2] ** 2),
    "solve vector": lambda lib, x: lib.linalg.solve(x, x[..., 0]),
    "solve right": lambda lib, x: lib.linalg.solve(x, x[..., :2, :], left=False),
    "triangular": lambda lib, x: lib.linalg.solve_triangular(x + 3 * lib.eye(3, dtype=x.dtype), x, upper=True),
    "cholesky": lambda lib, x: lib.linalg.cholesky(spd(lib, x)),
    "qr": lambda lib, x: lib.linalg.qr(x),
    "qr tall": lambda lib, x: lib.linalg.qr(x[..., :2]),
    "qr wide": lambda lib, x: lib.linalg.qr(x[..., :2, :]),
    "eigh": lambda lib, x: [lib.linalg.eigh(spd(lib, x))[0], lib.linalg.eigh(spd(lib, x))[1].abs()],
    "svdvals": lambda lib, x: lib.linalg.svdvals(x[..., :2]),
    "svd": lambda lib, x: [v.abs() for v in lib.linalg.svd(x[..., :2], full_matrices=False)],
    "pinv": lambda lib, x: lib.linalg.pinv(x[..., :2]),
    "pinv wide": lambda lib, x: lib.linalg.pinv(x[..., :2, :]),
    "power": lambda lib, x: lib.linalg.matrix_power(x, 3),
    "power back": lambda lib, x: lib.linalg.matrix_power(x, -2),
    "exp": lambda lib, x: lib.linalg.matrix_exp(x),
    "frobenius": lambda lib, x: lib.linalg.matrix_norm(x),
    "nuclear": lambda lib, x: lib.linalg.matrix_norm(x, "nuc"),
    "norm one": lambda lib, x: lib.linalg.norm(x, 1, dim=(-2, -1)),
    "norm inf": lambda lib, x: lib.linalg.norm(x, float("inf"), dim=(0, 1), keepdim=True),
    "cond": lambda lib, x: lib.linalg.cond(x),
    "lstsq": lambda lib, x: lib.linalg.lstsq(x[..., :2], x[..., 2:]).solution,
    "vander": lambda lib, x: lib.linalg.vander(x[0, 0]),
}  # fmt: skip


@pytest.mark.parametrize("name", LINALG)
def test_linalg(name):
    compare(LINALG[name], draw(2, 3, 3, dtype="float64", seed=4), rtol=1e-7)


@pytest.mark.parametrize(
    "name", ["inv", "solve", "cholesky", "logdet", "slogdet", "qr tall", "svdvals", "pinv", "triangular"]
)
def test_linalg_twice_differentiated(name):
    x = gradbook.tensor(draw(3, 3, dtype="float64", seed=4), requires_grad=True)
    fn = lambda x: LINALG[name](gradbook, x)  # noqa: E731
    assert gradcheck(fn, (x,))
    assert gradgradcheck(fn, (x,), atol=1e-4)


def test_the_determinant_of_a_singular_matrix_has_its_cofactors_as_gradient():
    x = gradbook.tensor([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]], dtype=gradbook.float64, requires_grad=True)
    gradbook.linalg.det(x).backward()
    np.testing.assert_allclose(x.grad._array, [[4, 4, -4], [-2, -2, 2], [0, 0, 0]], atol=1e-12)


@pytest.mark.parametrize(
    "fn",
    [
        lambda lib: lib.linalg.inv(lib.zeros(2, 2)),
        lambda lib: lib.linalg.solve(lib.zeros(2, 2), lib.ones(2)),
        lambda lib: lib.linalg.cholesky(-lib.eye(2)),
    ],
)
def test_singular_matrices_raise_what_pytorch_calls_linalgerror(fn):
    import torch

    with pytest.raises(torch.linalg.LinAlgError):
        fn(torch)
    with pytest.raises(gradbook.linalg.LinAlgError, match=r"singular|positive"):
        fn(gradbook)
    assert issubclass(gradbook.linalg.LinAlgError, RuntimeError)


def test_ranks():
    compare(lambda lib, x: lib.linalg.matrix_rank(x @ x.mT), draw(4, 2, dtype="float64"), grad=False)


def test_flops_of_a_product():
    from gradbook.ops.linalg import mm_op

    assert mm_op.flops((2, 3), (3, 4), (2, 4)) == 48
