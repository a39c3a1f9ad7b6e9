"""Sparse tensors in coordinate form against PyTorch: making, forms, products, gradients, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook.autograd import gradcheck
from tests.parity_tools import compare, draw, same_error

pytestmark = pytest.mark.filterwarnings("ignore:Sparse invariant checks", "ignore:Sparse CSR tensor support")

INDEX = np.array([[0, 1, 1, 2], [2, 0, 0, 1]])
VALUES = np.array([3.0, 4.0, 5.0, -1.0])
DENSE = draw(3, 2, dtype="float64")


def made(lib: Any, index: Any, values: Any, size: Any = (3, 3)) -> Any:
    return lib.sparse_coo_tensor(index, values, size)


def test_facts() -> None:
    def facts(lib: Any, i: Any, v: Any) -> Any:
        s = made(lib, i, v)
        c = s.coalesce()
        return (
            list(s.shape), s.is_coalesced(), c.is_coalesced(), s._nnz(), c._nnz(), s.sparse_dim(), s.dense_dim(),
            s.is_sparse, s.numel(), c.indices(), c.values(), s._indices(), s._values(), s.ndim, list(s.t().shape),
        )  # fmt: skip

    compare(facts, INDEX, VALUES, grad=False)
    assert gradbook.sparse_coo_tensor(INDEX, VALUES).layout is gradbook.sparse_coo


def test_dense_and_back() -> None:
    compare(lambda lib, i, v: made(lib, i, v).to_dense(), INDEX, VALUES, second=True)
    compare(lambda lib, i, v: made(lib, i, v).coalesce().to_dense(), INDEX, VALUES)
    compare(lambda lib, i, v: lib.sparse_coo_tensor(i, v).to_dense(), INDEX, VALUES)
    compare(lambda lib, i, v: made(lib, i, v, (3, 3, 2)).to_dense(), INDEX, draw(4, 2))
    compare(lambda lib, i, v: made(lib, i, v).to(lib.float32).to_dense(), INDEX, VALUES)
    compare(lambda lib: lib.sparse_coo_tensor(size=(2, 3)).to_dense())
    compare(lambda lib: lib.sparse_coo_tensor([[0, 1], [1, 0]], [1, 2]).to_dense())
    matrix = np.where(draw(3, 4, seed=3) > 0.5, draw(3, 4, seed=4), 0)
    compare(lambda lib, x: (x.to_sparse().indices(), x.to_sparse().values(), x.to_sparse().to_dense()), matrix)
    compare(lambda lib, x: x.to_sparse(1).values(), matrix)
    compare(
        lambda lib, x, i, v: x.sparse_mask(made(lib, i, v.detach()).coalesce()).to_dense(),
        DENSE @ DENSE.T,
        INDEX,
        VALUES,
    )


def test_products() -> None:
    compare(lambda lib, i, v, d: lib.sparse.mm(made(lib, i, v), d), INDEX, VALUES, DENSE)
    compare(lambda lib, i, v, d: lib.spmm(made(lib, i, v), d), INDEX, VALUES, DENSE)
    compare(lambda lib, i, v, d: lib.mm(made(lib, i, v), d), INDEX, VALUES, DENSE)
    compare(lambda lib, i, v, d: lib.matmul(made(lib, i, v), d), INDEX, VALUES, DENSE)
    compare(lambda lib, i, v, d: made(lib, i, v) @ d, INDEX, VALUES, DENSE)
    compare(lambda lib, i, v, d: made(lib, i, v).t() @ d, INDEX, VALUES, DENSE)
    compare(lambda lib, i, v, d: made(lib, i, v) @ d[:, 0], INDEX, VALUES, DENSE)
    compare(lambda lib, i, v: lib.sparse.mm(made(lib, i, v), made(lib, i, v)).to_dense(), INDEX, VALUES)
    compare(lambda lib, i, v, d: lib.sparse.addmm(d, made(lib, i, v), d, beta=2, alpha=3), INDEX, VALUES, DENSE)

    values, dense = gradbook.tensor(VALUES, requires_grad=True), gradbook.tensor(DENSE, requires_grad=True)
    index = gradbook.tensor(INDEX)
    assert gradcheck(lambda v, d: gradbook.sparse.mm(gradbook.sparse_coo_tensor(index, v, (3, 3)), d), (values, dense))


def test_arithmetic_and_sums() -> None:
    compare(lambda lib, i, v: (made(lib, i, v) * 2 + made(lib, i, v)).to_dense(), INDEX, VALUES)
    compare(lambda lib, i, v: (-made(lib, i, v) / 2).to_dense(), INDEX, VALUES)
    compare(lambda lib, i, v: lib.ones(3, 3).double() + made(lib, i, v), INDEX, VALUES)
    compare(lambda lib, i, v: (lib.sparse.sum(made(lib, i, v)), made(lib, i, v).sum()), INDEX, VALUES)
    compare(lambda lib, i, v: lib.sparse.sum(made(lib, i, v), 0).to_dense(), INDEX, VALUES)
    compare(lambda lib, i, v: lib.sparse.sum(made(lib, i, v), (0, 1)), INDEX, VALUES)


def test_a_sparse_leaf_has_a_sparse_gradient() -> None:
    def run(lib: Any, i: Any, v: Any, d: Any) -> Any:
        weight = lib.sparse_coo_tensor(i, v.detach(), (3, 3)).coalesce().detach().requires_grad_()
        lib.sparse.mm(weight, d.detach()).sum().backward()
        return weight.grad.to_dense()

    compare(run, INDEX[:, :2], VALUES[:2], DENSE, grad=False)


def test_printing() -> None:
    def shown(lib: Any, i: Any, v: Any) -> str:
        return repr([made(lib, i, v), made(lib, i, v).coalesce()]).replace("torch.sparse", "gradbook.sparse")

    compare(shown, INDEX, VALUES.astype("f4"), grad=False)


def test_refusals() -> None:
    same_error(lambda lib, i, v: made(lib, i, v).indices(), INDEX, VALUES)
    same_error(lambda lib, i, v: made(lib, i, v).values(), INDEX, VALUES)
    same_error(lambda lib, i, v: made(lib, i, v[:2]), INDEX, VALUES)
    same_error(lambda lib, i, v: made(lib, i[0], v), INDEX, VALUES)
    same_error(lambda lib, i, v: lib.sparse_coo_tensor(i - 1, v), INDEX, VALUES)
    same_error(lambda lib, i, v: made(lib, i, v).numpy(), INDEX, VALUES)
    same_error(lambda lib, i, v: made(lib, i, v) + lib.ones(3, 3), INDEX, VALUES)
    same_error(lambda lib, i, v, d: lib.sparse.mm(made(lib, i, v), d[:2]), INDEX, VALUES, DENSE)
    same_error(lambda lib, x: x.indices(), DENSE)
    with pytest.raises(RuntimeError, match="inconsistent with indices"):
        gradbook.sparse_coo_tensor(INDEX, VALUES, (2, 2))
    with pytest.raises(RuntimeError, match="to_dense"):
        gradbook.sparse_coo_tensor(INDEX, VALUES).exp()
    same_error(lambda lib, i, v, d: lib.sparse.mm(made(lib, i, v), d.float()), INDEX, VALUES, DENSE)
    same_error(lambda lib, i, v: lib.sparse.sum(made(lib, i, v), dim=5), INDEX, VALUES)
    same_error(lambda lib, i, v: lib.sparse.sum(made(lib, i, v), dim=(0, -2)), INDEX, VALUES)
    same_error(lambda lib, i, v: made(lib, i, v).transpose(0, 5), INDEX, VALUES)


def test_products_element_by_element() -> None:
    other = draw(3, 3, dtype="float64")
    compare(lambda lib, v, d: (made(lib, lib.tensor(INDEX), v) * d.to_sparse()).to_dense(), VALUES, other)
    compare(lambda lib, v: (made(lib, lib.tensor(INDEX), v) * lib.tensor(other)).to_dense(), VALUES)
    same_error(lambda lib, i, v, d: made(lib, i, v) * d, INDEX, VALUES, DENSE)
