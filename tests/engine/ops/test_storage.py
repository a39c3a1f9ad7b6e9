"""Storages, tensors with given strides, resizing in place, and what PyTorch code asks of any tensor."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import gradbook
from tests.parity_tools import compare, draw, same_error, torch

X = draw(3, 4)


def test_storage_is_the_memory() -> None:
    x = gradbook.arange(6.0)
    part = x[2:4]
    bytes_ = part.untyped_storage()
    assert (bytes_.nbytes(), bytes_.size(), len(bytes_)) == (24, 24, 24)
    assert bytes_.data_ptr() == x.data_ptr() == x.untyped_storage().data_ptr()
    assert part.storage().tolist() == [0, 1, 2, 3, 4, 5]
    part.storage()[0] = 9
    assert x[0] == 9
    bytes_.fill_(0)
    assert not x.any()
    assert gradbook.is_storage(bytes_)
    assert not gradbook.is_storage(x)
    with pytest.raises(RuntimeError, match="not resizable"):
        bytes_.resize_(4)


@pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")
def test_a_storage_prints_as_in_pytorch() -> None:
    for make in (lambda lib: lib.tensor([1.0, 2.0]).storage(), lambda lib: lib.tensor([1, 2]).untyped_storage()):
        assert repr(make(gradbook)) == repr(make(torch)).replace("torch", "gradbook")


def test_given_strides() -> None:
    def facts(lib: Any, made: Any) -> Any:
        return list(made.shape), list(made.stride()), made.dtype is lib.float64

    for lib in (gradbook, torch):
        assert facts(lib, lib.empty_strided((2, 3), (1, 2), dtype=lib.float64)) == ([2, 3], [1, 2], True)
        assert facts(lib, lib.ones(2).new_empty_strided((2, 1), (3, 4))) == ([2, 1], [3, 4], False)
        assert facts(lib, lib.empty_permuted((2, 3, 5), (0, 2, 1))) == ([2, 3, 5], [15, 1, 3], False)
    same_error(lambda lib: lib.empty_strided((2, 3), (1,)))
    same_error(lambda lib: lib.empty_permuted((2, 3), (0, 0)))


def test_resize() -> None:
    for size in ((4,), (2, 2), (3, 4), (0,), ()):
        compare(lambda lib, x, s=size: (x.resize_(s), x.stride()), X, grad=False)
    compare(lambda lib, x: x[1:].resize_(4), X, grad=False)
    compare(lambda lib, x: x.t().resize_(2, 5), X, grad=False)
    compare(lambda lib, x: lib.resize_as_(x, lib.ones(2, 3)), X, grad=False)
    compare(lambda lib, x: x.resize_(20)[:12], X, grad=False)
    same_error(lambda lib, x: x.requires_grad_().resize_(2), X)


@pytest.mark.filterwarnings("ignore:non-inplace resize")
def test_resize_of_the_same_number() -> None:
    compare(lambda lib, x: x.resize(4, 3), X)
    compare(lambda lib, x: x.resize_as(x.t()), X)
    same_error(lambda lib, x: x.resize(5), X)


def test_resizing_within_the_memory_keeps_it_shared() -> None:
    def run(lib: Any, x: Any) -> Any:
        part = x.view(-1)[2:4]
        part.resize_(3).zero_()
        return x

    compare(run, X, grad=False)


ATTRIBUTES = (
    "is_sparse is_sparse_csr is_quantized is_meta is_mkldnn is_mps is_mtia is_xpu is_xla is_ipu is_maia is_vulkan "
    "is_nested is_cpu name output_nr itemsize nbytes"
).split()


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attributes(name: str) -> None:
    compare(lambda lib, x: getattr(x, name), X, grad=False)


def test_questions() -> None:
    compare(lambda lib, x: (x.get_device(), x.dense_dim(), x.sparse_dim()), X, grad=False)
    compare(lambda lib, x: (x.is_same_size(x.t()), lib.is_same_size(x, x + 1)), X, grad=False)
    compare(lambda lib, x: (x.is_set_to(x.view(3, 4)), x.is_set_to(x.clone())), X, grad=False)
    compare(lambda lib, x: tuple(x.t().dim_order()), X, grad=False)
    compare(lambda lib, x: (x.dequantize(), x.to_dense()), X)
    compare(lambda lib, x: x.unbind(0)[2].output_nr, X)
    assert gradbook.ones(1).layout is gradbook.strided
    assert pickle.loads(pickle.dumps(gradbook.channels_last)) is gradbook.channels_last
    assert repr(gradbook.contiguous_format) == "gradbook.contiguous_format"


def test_python_functions_on_elements() -> None:
    compare(lambda lib, x: x.apply_(lambda v: v * 2), X, grad=False)
    compare(lambda lib, x, y: x.map_(y, lambda a, b: a - b), X, X[0], grad=False)
    compare(lambda lib, x, y: x.map2_(y, y, lambda a, b, c: a - b * c), X, X, grad=False)
    same_error(lambda lib, x: x.requires_grad_().apply_(abs), X)


def test_new_and_subclasses() -> None:
    compare(lambda lib, x: (x.new([1, 2]), list(x.new(3, 2).shape), list(x.new(x.shape).shape)), X, grad=False)

    class Mine(gradbook.Tensor):
        pass

    x = gradbook.ones(2, requires_grad=True)
    assert type(x.as_subclass(Mine)) is Mine
    with pytest.raises(RuntimeError):
        x.as_subclass(int)


@pytest.mark.parametrize("name", "int_repr q_scale q_zero_point qscheme indices values coalesce eig symeig".split())
def test_methods_of_other_tensors_refuse(name: str) -> None:
    same_error(lambda lib, x: getattr(x, name)(), X)


def test_plain_functions() -> None:
    for lib in (gradbook, torch):
        assert (lib.pi, lib.e, lib.inf, lib.newaxis) == (np.pi, np.e, np.inf, None)
        assert lib.typename(3) == "int"
        assert lib.typename(lib.ones(1)).endswith("FloatTensor")
        numbers = (lib.sym_int(-2.7), lib.sym_float(2), lib.sym_max(2, 3.0), lib.sym_min(2, 3.0), lib.sym_not(True))
        assert numbers == (-2, 2.0, 3.0, 2.0, False)
        assert (lib.sym_sqrt(4), lib.sym_ite(True, 1, 2), lib.sym_sum([1, 2, 3])) == (2.0, 1, 6)
    compare(lambda lib, x: str(lib.result_type(x, 1j)).rpartition(".")[2], X, grad=False)
    compare(lambda lib, x: str(lib.result_type(x, lib.ones(1).double())).rpartition(".")[2], X, grad=False)
    compare(lambda lib, x: str(lib.result_type(x, lib.tensor(1.0).double())).rpartition(".")[2], X, grad=False)
    compare(lambda lib, x: lib._shape_as_tensor(x), X)
    compare(lambda lib, x: lib._chunk_cat([x, x[:2]], 0, 2), X, grad=False)


def test_methods_that_are_functions_too() -> None:
    compare(lambda lib, x: (lib.is_signed(x), lib.is_conj(x), lib.is_neg(x), lib.get_device(x)), X, grad=False)
    compare(lambda lib, x: (lib.detach(x), lib.dequantize(x)), X)
    compare(lambda lib, x: x[0].ger(x[1]), X)
    compare(lambda lib, x: x.as_strided_((2, 2), (1, 3), 1), X, grad=False)
    same_error(lambda lib: lib.detach(3))


def test_binomial() -> None:
    gradbook.manual_seed(0)
    count, chance = gradbook.full((20000,), 10.0), gradbook.full((20000,), 0.3)
    drawn = gradbook.binomial(count, chance)
    assert drawn.dtype is gradbook.float32
    assert abs(drawn.mean().item() - 3) < 0.05
    assert abs(drawn.var().item() - 2.1) < 0.1
    with pytest.raises(RuntimeError):
        gradbook.binomial(-count, chance)
