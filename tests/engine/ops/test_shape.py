"""Views, transposes, joining, splitting, tiling: as PyTorch, and in the same memory where PyTorch shares it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradbook
from gradbook.autograd import gradcheck, gradgradcheck
from tests.parity_tools import compare, draw, integers, same_error

VIEWS = {
    "reshape": lambda lib, x: lib.reshape(x, (4, -1)),
    "reshape method": lambda lib, x: x.reshape(2, 12),
    "reshape of a transpose": lambda lib, x: x.transpose(0, 2).reshape(-1),
    "view": lambda lib, x: x.view(-1),
    "view of a permutation that allows it": lambda lib, x: x.permute(1, 2, 0).unsqueeze(0).view(3, 4, 2),
    "view_as": lambda lib, x: x.view_as(x),
    "flatten": lambda lib, x: lib.flatten(x, 1),
    "ravel": lambda lib, x: x.ravel(),
    "unflatten": lambda lib, x: x.unflatten(2, (2, -1)),
    "expand": lambda lib, x: x[:, :1].expand(5, 2, 7, -1),
    "broadcast_to": lambda lib, x: lib.broadcast_to(x, (3, 2, 3, 4)),
    "expand_as": lambda lib, x: x[0, 0].expand_as(x),
    "transpose": lambda lib, x: x.transpose(0, -1),
    "swapaxes": lambda lib, x: lib.swapaxes(x, 1, 2),
    "T of a matrix": lambda lib, x: x[0].T,
    "mT": lambda lib, x: x.mT,
    "t": lambda lib, x: lib.t(x[1]),
    "permute": lambda lib, x: x.permute(2, 0, 1),
    "permute tuple": lambda lib, x: lib.permute(x, (1, -1, 0)),
    "movedim": lambda lib, x: lib.movedim(x, (0, 1), (2, 0)),
    "squeeze": lambda lib, x: x.unsqueeze(0).unsqueeze(-1).squeeze(),
    "squeeze one": lambda lib, x: x.unsqueeze(1).squeeze(1),
    "squeeze none": lambda lib, x: x.squeeze(1),
    "diagonal": lambda lib, x: x.diagonal(1, 1, 2),
    "diag_embed": lambda lib, x: lib.diag_embed(x, -1),
    "diag of a vector": lambda lib, x: lib.diag(x[0, 0], 1),
    "diag of a matrix": lambda lib, x: lib.diag(x[0], -1),
    "as_strided": lambda lib, x: x.as_strided((2, 3, 2), (12, 4, 1), 1),
    "as_strided overlapping": lambda lib, x: x.as_strided((3, 3), (2, 1)),
    "unfold": lambda lib, x: x.unfold(2, 3, 1),
    "unfold with a step": lambda lib, x: x.unfold(1, 2, 1).unfold(2, 2, 2),
    "narrow": lambda lib, x: lib.narrow(x, 1, 1, 2),
    "select": lambda lib, x: x.select(1, -1),
    "tril": lambda lib, x: lib.tril(x, 1),
    "triu": lambda lib, x: x.triu(-1),
    "split": lambda lib, x: lib.split(x, 2, 1),
    "split sizes": lambda lib, x: x.split([1, 3], -1)[1],
    "chunk": lambda lib, x: x.chunk(3, 2)[0],
    "unbind": lambda lib, x: x.unbind(1)[2],
    "tensor_split": lambda lib, x: lib.tensor_split(x, (1, 3), 2)[1],
    "hsplit": lambda lib, x: lib.hsplit(x, 3)[1],
    "cat": lambda lib, x: lib.cat([x, x * 2, x[:, :1]], 1),
    "cat with an empty vector": lambda lib, x: lib.cat([x, x.new_empty(0)], 0),
    "stack": lambda lib, x: lib.stack([x, -x], -1),
    "hstack": lambda lib, x: lib.hstack([x[0, 0], x[1, 1]]),
    "vstack": lambda lib, x: lib.vstack([x[0, 0], x[1, 1]]),
    "dstack": lambda lib, x: lib.dstack([x[0], x[1]]),
    "column_stack": lambda lib, x: lib.column_stack([x[0, :, 0], x[1]]),
    "repeat": lambda lib, x: x.repeat(2, 1, 3, 2),
    "tile": lambda lib, x: lib.tile(x, (2, 1)),
    "repeat_interleave": lambda lib, x: x.repeat_interleave(2, 1),
    "repeat_interleave each": lambda lib, x: lib.repeat_interleave(x, lib.tensor([0, 2, 1]), dim=1),
    "flip": lambda lib, x: lib.flip(x, (0, 2)),
    "roll": lambda lib, x: lib.roll(x, (1, -2), (0, 2)),
    "roll all": lambda lib, x: x.roll(5),
    "rot90": lambda lib, x: lib.rot90(x, 1, (1, 2)),
    "rot90 back": lambda lib, x: lib.rot90(x, -1, (0, 2)),
    "meshgrid": lambda lib, x: lib.meshgrid(x[0, 0], x[0, :, 0], indexing="xy"),
    "atleast_3d": lambda lib, x: lib.atleast_3d(x[0, 0]),
    "block_diag": lambda lib, x: lib.block_diag(x[0], x[0, 0]),
}


@pytest.mark.parametrize("name", VIEWS)
def test_value_and_gradients_are_pytorchs(name):
    compare(VIEWS[name], draw(2, 3, 4, dtype="float64"))


@pytest.mark.parametrize("name", VIEWS)
def test_gradients_of_gradients_are_pytorchs(name):
    compare(lambda lib, x: VIEWS[name](lib, x.sin()), draw(2, 3, 4, dtype="float64"), second=True)


@pytest.mark.parametrize("name", ["unfold with a step", "as_strided overlapping", "repeat", "cat", "split", "diagonal"])
def test_gradients_are_the_derivatives(name):
    x = gradbook.tensor(draw(2, 3, 4, dtype="float64"), requires_grad=True)
    assert gradcheck(lambda x: VIEWS[name](gradbook, x.sin()), (x,))
    assert gradgradcheck(lambda x: VIEWS[name](gradbook, x.sin()), (x,))


@pytest.mark.parametrize(
    "name", ["view", "transpose", "permute", "diagonal", "narrow", "select", "as_strided", "mT", "flatten"]
)
def test_views_share_memory_and_history(name):
    x = gradbook.tensor(draw(2, 3, 4), requires_grad=True)
    base = x * 1
    seen = VIEWS[name](gradbook, base)
    assert np.shares_memory(seen._array, base._array)
    seen.mul_(3)
    base.sum().backward()
    assert 3.0 in x.grad._array
    touched = np.isclose(x.grad._array, 3.0)
    np.testing.assert_array_equal(np.isclose(base.detach()._array, x.detach()._array * 3), touched)


def test_parts_of_a_split_cannot_be_changed_in_place_as_in_pytorch():
    def change(lib, x):
        base = x.requires_grad_() * 1
        base.split(2)[1].mul_(5)

    assert "clone() it first" in str(same_error(change, draw(4, 2)))


def test_unused_parts_get_zeros():
    compare(lambda lib, x: x.unbind(0)[1] * x.chunk(2)[0][0], draw(3, 4), second=True)


def test_view_dtype_reads_the_same_bytes():
    compare(lambda lib, x: x.view(lib.int32), draw(3, 4), grad=False)
    compare(lambda lib, x: x.view(lib.uint8), draw(3, 4), grad=False)
    compare(lambda lib, x: x.view(lib.float64), draw(3, 4), grad=False)
    same_error(lambda lib, x: x.view(lib.float64), draw(3, 3))


ERRORS = {
    "a shape that does not fit": lambda lib, x: x.reshape(5, 5),
    "two unknown lengths": lambda lib, x: x.reshape(-1, -1),
    "view across strides": lambda lib, x: x.transpose(0, 2).view(-1),
    "view of too many": lambda lib, x: x.view(7),
    "a fraction": lambda lib, x: x.reshape(2.5, 3),
    "an axis that is not there": lambda lib, x: x.transpose(0, 3),
    "an axis below": lambda lib, x: lib.flatten(x, -4),
    "permute too few": lambda lib, x: x.permute(0, 1),
    "permute twice": lambda lib, x: x.permute(0, 1, 1),
    "t of three axes": lambda lib, x: x.t(),
    "expand another length": lambda lib, x: x.expand(2, 5, 4),
    "shapes that do not broadcast": lambda lib, x: lib.broadcast_tensors(x, x[:, :2]),
    "expand to fewer axes": lambda lib, x: x.expand(3, 4),
    "cat of other widths": lambda lib, x: lib.cat([x, x[:, :2]], 0),
    "cat of nothing": lambda lib, x: lib.cat([]),
    "cat of numbers": lambda lib, x: lib.cat([lib.tensor(1.0), lib.tensor(2.0)]),
    "cat of a list of numbers": lambda lib, x: lib.cat([1, 2]),
    "stack of other shapes": lambda lib, x: lib.stack([x, x[0]]),
    "split sizes": lambda lib, x: x.split([1, 1], 1),
    "chunk into none": lambda lib, x: x.chunk(0),
    "narrow beyond": lambda lib, x: x.narrow(1, 2, 2),
    "repeat too few": lambda lib, x: x.repeat(2, 2),
    "unfold too long": lambda lib, x: x.unfold(1, 4, 1),
    "diagonal of one axis": lambda lib, x: x.diagonal(0, 1, 1),
    "tril of a vector": lambda lib, x: lib.tril(x[0, 0]),
    "flip twice": lambda lib, x: x.flip(0, 0),
    "unflatten wrong": lambda lib, x: x.unflatten(2, (3, 2)),
    "roll without match": lambda lib, x: x.roll((1, 2), 0),
    "as_strided outside": lambda lib, x: x.as_strided((100,), (1,)),
    "no tensor": lambda lib, x: lib.squeeze([1, 2]),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_pytorchs(name):
    error = same_error(ERRORS[name], draw(2, 3, 4))
    assert len(str(error)) > 10


def test_in_place_squeeze_and_transpose():
    x = gradbook.zeros(1, 3)
    assert x.squeeze_() is x
    assert x.shape == (3,)
    assert tuple(x.unsqueeze_(1).t_().shape) == (1, 3)


def test_dtypes_are_promoted_by_cat():
    compare(lambda lib, x, n: lib.cat([x, n]), draw(3), integers(3))


shapes = st.lists(st.integers(1, 4), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(shape=shapes, data=st.data())
def test_any_permutation_then_reshape(shape, data):
    order = data.draw(st.permutations(range(len(shape))))
    axis = data.draw(st.integers(0, len(shape) - 1))
    compare(lambda lib, x: x.permute(*order).reshape(-1).view(shape).transpose(0, axis).flatten(), draw(*shape))


@settings(max_examples=60, deadline=None)
@given(shape=shapes, data=st.data())
def test_view_is_refused_exactly_where_pytorch_refuses(shape, data):
    import torch

    order = data.draw(st.permutations(range(len(shape))))
    target = data.draw(st.permutations(shape))
    array = draw(*shape)
    try:
        wanted = torch.tensor(array).permute(*order).view(target)
    except RuntimeError:
        with pytest.raises(RuntimeError, match="not compatible"):
            gradbook.tensor(array).permute(*order).view(target)
        return
    np.testing.assert_array_equal(gradbook.tensor(array).permute(*order).view(target)._array, wanted.numpy())
