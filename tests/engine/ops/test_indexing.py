"""x[...] in all forms, assignment, gather and scatter: as PyTorch, gradients too."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradbook
from gradbook.autograd import gradcheck, gradgradcheck
from tests.parity_tools import compare, draw, integers, same_error

X = draw(4, 5, 6, dtype="float64")
I = integers(3, low=-4, high=4, seed=1)  # noqa: E741
J = integers(2, 3, low=-5, high=5, seed=2)
MASK = draw(4, 5, seed=3) > 0

READS = {
    "int": lambda lib, x: x[1],
    "negative": lambda lib, x: x[-1, -2],
    "slices": lambda lib, x: x[1:3, ::2, -4:],
    "ellipsis": lambda lib, x: x[..., 2],
    "none": lambda lib, x: x[:, None, 1, None],
    "whole": lambda lib, x: x[:],
    "numbers": lambda lib, x: x[1, 2, 3],
    "0-d tensor": lambda lib, x: x[lib.tensor(2)],
    "numpy number": lambda lib, x: x[np.int64(1), np.int64(2)],
    "list": lambda lib, x: x[[0, 2, 2]],
    "int tensor": lambda lib, x: x[lib.tensor(I)],
    "two int tensors": lambda lib, x: x[lib.tensor(I), lib.tensor(J)],
    "tensor after slice": lambda lib, x: x[:, lib.tensor(J)],
    "tensors apart": lambda lib, x: x[lib.tensor(I), :, lib.tensor(I)],
    "int beside tensor": lambda lib, x: x[0, :, lib.tensor(I)],
    "int after tensor": lambda lib, x: x[lib.tensor(I), 1],
    "none and tensor": lambda lib, x: x[lib.tensor(I), None, lib.tensor(I)],
    "mask": lambda lib, x: x[lib.tensor(MASK)],
    "full mask": lambda lib, x: x[x > 0],
    "mask and slice": lambda lib, x: x[lib.tensor(MASK), 1:3],
    "mask of an axis": lambda lib, x: x[:, lib.tensor([True, False, True, True, False])],
    "list of truths": lambda lib, x: x[[True, False, True, False]],
    "mask and tensor": lambda lib, x: x[lib.tensor([True, False, True, True]), lib.tensor([1, 2, 3])],
    "true": lambda lib, x: x[True],
    "false": lambda lib, x: x[False],
    "empty list": lambda lib, x: x[[]],
    "empty slice": lambda lib, x: x[3:1],
    "array": lambda lib, x: x[np.array([1, 1, 3])],
    "range": lambda lib, x: x[list(range(3)), ..., 0],
}


@pytest.mark.parametrize("name", READS)
def test_reading(name):
    compare(READS[name], X)


@pytest.mark.parametrize(
    "name", ["int", "slices", "int tensor", "two int tensors", "tensors apart", "full mask", "list"]
)
def test_the_backward_of_reading_can_be_differentiated(name):
    compare(lambda lib, x: READS[name](lib, x.sin()) ** 2, X, second=True)


def test_reading_and_writing_have_the_derivatives():
    x = gradbook.tensor(draw(3, 2, dtype="float64"), requires_grad=True)
    v = gradbook.tensor(draw(2, seed=1, dtype="float64"), requires_grad=True)

    def fn(x, v):
        y = x.sin()[[0, 2, 2]] * 1
        y[1:, 0] = v
        y[y > 0.5] = 0.25
        return y**2

    assert gradcheck(fn, (x, v))
    assert gradgradcheck(fn, (x, v))


WRITES = {
    "number": lambda lib, x, v: x.__setitem__(1, 5.0),
    "tensor": lambda lib, x, v: x.__setitem__((slice(None), 2), v),
    "broadcast": lambda lib, x, v: x.__setitem__((slice(None), slice(None), slice(0, 2)), v[0, 0]),
    "slice of a slice": lambda lib, x, v: x[1:].__setitem__((slice(0, 2), 0), v[:2]),
    "list": lambda lib, x, v: x.__setitem__(([0, 3], 1), v[:2]),
    "mask number": lambda lib, x, v: x.__setitem__(x > 0, 0.0),
    "mask tensor": lambda lib, x, v: x.__setitem__(lib.tensor(MASK), v[0]),
    "tensors apart": lambda lib, x, v: x.__setitem__((lib.tensor([0, 1]), slice(None), lib.tensor([2, 3])), v[0, 0]),
    "ellipsis": lambda lib, x, v: x.__setitem__(..., v.unsqueeze(1)),
    "leading ones": lambda lib, x, v: x.__setitem__(0, v[:1, :1].unsqueeze(0)),
    "cast": lambda lib, x, v: x.__setitem__((0, 0), lib.arange(6)),
}


@pytest.mark.parametrize("name", WRITES)
def test_writing(name):
    def fn(lib, x, v):
        y = x * 1
        WRITES[name](lib, y, v)
        return y * y

    compare(fn, X, draw(4, 6, seed=5, dtype="float64"))


@pytest.mark.parametrize("name", WRITES)
def test_writing_without_gradients(name):
    def fn(lib, x, v):
        WRITES[name](lib, x, v)
        return x

    compare(fn, X, draw(4, 6, seed=5, dtype="float64"), grad=False)


def test_writing_into_what_backward_needs_is_noticed():
    x = gradbook.tensor(draw(3), requires_grad=True)
    y = x.exp()
    z = y * y
    y[0] = 1.0
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


def test_a_changed_index_is_noticed():
    x, index = gradbook.tensor(draw(3), requires_grad=True), gradbook.tensor([0, 2])
    y = x[index]
    index[0] = 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_a_leaf_cannot_be_written_to():
    for key in (0, slice(None), [0, 1]):
        same_error(lambda lib, x, key=key: x.requires_grad_().__setitem__(key, 1.0), draw(3))


ERRORS = {
    "beyond the end": lambda lib, x: x[4],
    "beyond the end in a tensor": lambda lib, x: x[lib.tensor([0, 4])],
    "too many": lambda lib, x: x[0, 0, 0, 0],
    "backwards": lambda lib, x: x[::-1],
    "a float": lambda lib, x: x[1.5],
    "a string": lambda lib, x: x["a"],
    "float tensor": lambda lib, x: x[lib.tensor([1.0])],
    "mask of another shape": lambda lib, x: x[lib.tensor([True, False])],
    "indices that do not broadcast": lambda lib, x: x[[0, 1], [0, 1, 2]],
    "of a number": lambda lib, x: x[0, 0, 0][0],
    "value that does not fit": lambda lib, x: x.__setitem__(0, lib.zeros(4)),
    "select beyond": lambda lib, x: x.select(0, 9),
    "gather float index": lambda lib, x: x.gather(0, x),
    "gather beyond": lambda lib, x: x.gather(0, lib.full((1, 1, 1), 9)),
    "gather other axes": lambda lib, x: x.gather(0, lib.zeros(2, 2, dtype=lib.int64)),
    "scatter other dtype": lambda lib, x: x.scatter(
        0, lib.zeros(1, 1, 1, dtype=lib.int64), lib.ones(1, 1, 1, dtype=lib.int64)
    ),
    "index_select matrix": lambda lib, x: x.index_select(0, lib.zeros(2, 2, dtype=lib.int64)),
    "index_add other shape": lambda lib, x: x.index_add(0, lib.tensor([0, 1]), x),
    "masked_fill mask of another shape": lambda lib, x: x.masked_fill(lib.ones(5, dtype=lib.bool), 0),
    "masked_fill int mask": lambda lib, x: x.masked_fill(lib.ones(6, dtype=lib.int64), 0),
    "take beyond": lambda lib, x: x.take(lib.tensor([1000])),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_pytorchs(name):
    same_error(ERRORS[name], X)


G = integers(2, 5, 3, low=0, high=4, seed=7)
PICKS = {
    "gather": lambda lib, x, g, s: x.gather(0, g),
    "gather last": lambda lib, x, g, s: lib.gather(x, 2, g),
    "scatter": lambda lib, x, g, s: x.scatter(2, lib.arange(3).expand(2, 5, 3), s),
    "scatter number": lambda lib, x, g, s: x.scatter(0, g, 3.0),
    "scatter_add": lambda lib, x, g, s: lib.scatter_add(x, 0, g, s),
    "scatter_reduce sum": lambda lib, x, g, s: x.scatter_reduce(0, g, s, "sum", include_self=False),
    "scatter_reduce mean": lambda lib, x, g, s: x.scatter_reduce(0, g, s, "mean"),
    "scatter_reduce prod": lambda lib, x, g, s: x.scatter_reduce(0, g, s, "prod"),
    "scatter_reduce amax": lambda lib, x, g, s: x.scatter_reduce(0, g, s, "amax"),
    "scatter_reduce amin": lambda lib, x, g, s: x.scatter_reduce(0, g, s, "amin", include_self=False),
    "index_select": lambda lib, x, g, s: x.index_select(1, lib.tensor([0, 4, 4])),
    "index_add": lambda lib, x, g, s: x[:2, :, :3].index_add(1, lib.tensor([4, 4, 0, 1, 2]), s, alpha=2),
    "index_copy": lambda lib, x, g, s: x[:2, :, :3].index_copy(1, lib.tensor([4, 3, 2, 1, 0]), s),
    "index_fill": lambda lib, x, g, s: x.index_fill(1, lib.tensor([1, 1, 3]), s.sum()),
    "index_put": lambda lib, x, g, s: x.index_put((lib.tensor([0, 1]), lib.tensor([2, 2])), s[0, 0, 0]),
    "index_put accumulate": lambda lib, x, g, s: x.index_put((lib.tensor([0, 0]),), s[0, 0, 0], accumulate=True),
    "take": lambda lib, x, g, s: x.take(lib.tensor([[0, 7], [-1, 7]])),
    "take_along_dim": lambda lib, x, g, s: lib.take_along_dim(x, lib.argsort(x, 1), 1),
    "masked_fill": lambda lib, x, g, s: x.masked_fill(x > 0, s.sum()),
    "masked_fill number": lambda lib, x, g, s: x.masked_fill(x[0] > 0, -1e9),
    "masked_select": lambda lib, x, g, s: lib.masked_select(x, x[0] > 0),
    "masked_scatter": lambda lib, x, g, s: x.masked_scatter(x > 1.5, s.repeat(4, 1, 1)),
}


@pytest.mark.parametrize("name", PICKS)
def test_picking_and_placing(name):
    compare(PICKS[name], X, G, draw(2, 5, 3, seed=8, dtype="float64"))


@pytest.mark.parametrize("name", [n for n in PICKS if not n.startswith("scatter_reduce a")])
def test_picking_and_placing_twice_differentiated(name):
    fn = lambda lib, x, g, s: PICKS[name](lib, x, g, s) ** 2  # noqa: E731
    compare(fn, X, G, draw(2, 5, 3, seed=8, dtype="float64"), second=True)


def test_in_place_forms():
    def fn(lib, x, g, s):
        y = x * 1
        y.scatter_add_(0, g, s)
        y.masked_fill_(y > 1, 0.5)
        y.index_add_(1, lib.tensor([0]), y[:, :1].clone())
        y.scatter_(2, g % 3, 2.0)
        return y

    compare(fn, X, G, draw(2, 5, 3, seed=8, dtype="float64"))


@pytest.mark.filterwarnings("ignore:index_reduce.. is in beta")
def test_reducing_nothing_gives_a_copy():
    none = np.zeros((0, 5, 3), np.int64)
    compare(lambda lib, x, g, s: x.scatter_reduce(0, g, s, "sum"), X, none, draw(2, 5, 3, dtype="float64"), grad=False)
    compare(lambda lib, x, g: x.index_reduce(0, g[:, 0, 0], x[:0], "amax"), X, none, grad=False)


def test_where_things_are():
    compare(lambda lib, x: (lib.nonzero(x > 0), lib.argwhere(x > 1), *lib.nonzero(x > 0, as_tuple=True)), X, grad=False)
    edges = np.sort(draw(9, seed=4))
    for right in (False, True):
        compare(lambda lib, e, v, right=right: lib.searchsorted(e, v, right=right), edges, draw(3, 4), grad=False)
        compare(
            lambda lib, e, v, right=right: lib.bucketize(v, e, right=right, out_int32=True),
            edges,
            draw(3, 4),
            grad=False,
        )


def test_sums_at_one_place_are_exact_in_many_dtypes():
    for dtype in ("float32", "float64", "int64", "float16"):
        compare(
            lambda lib, x, i: lib.zeros(3, 4, dtype=x.dtype).index_add(0, i, x),
            draw(50, 4, high=3).astype(dtype),
            integers(50, low=0, high=3),
            rtol=5e-3,
            grad=False,
        )


part = st.one_of(
    st.integers(-3, 2),
    st.just(None),
    st.builds(slice, st.none() | st.integers(-4, 4), st.none() | st.integers(-4, 4), st.none() | st.integers(1, 3)),
    st.lists(st.integers(-3, 2), min_size=2, max_size=2),
    st.lists(st.booleans(), min_size=3, max_size=3),
    st.just(Ellipsis),
)


@settings(max_examples=300, deadline=None)
@given(index=st.lists(part, min_size=1, max_size=4).filter(lambda parts: sum(p is Ellipsis for p in parts) < 2))
def test_any_index(index):
    import torch

    key = tuple(torch.tensor(p) if isinstance(p, list) else p for p in index)
    mine = tuple(gradbook.tensor(p) if isinstance(p, list) else p for p in index)
    array = draw(3, 3, 3, dtype="float64")
    x, y = torch.tensor(array, requires_grad=True), gradbook.tensor(array, requires_grad=True)
    try:
        wanted = x[key]
    except (IndexError, RuntimeError) as error:
        with pytest.raises(type(error)):
            y[mine]
        return
    found = y[mine]
    np.testing.assert_array_equal(found.detach()._array, wanted.detach().numpy())
    if wanted.numel():
        (wanted**2).sum().backward()
        (found**2).sum().backward()
        np.testing.assert_allclose(y.grad._array, x.grad.numpy())
    written, other = torch.tensor(array), gradbook.tensor(array)
    written[key] = 7.0
    other[mine] = 7.0
    np.testing.assert_array_equal(other._array, written.numpy())


def test_a_number_is_a_source_only_where_pytorch_takes_one():
    line = draw(3)
    for name, more in (("index_add", ()), ("index_reduce", ("prod",))):
        same_error(lambda lib, x, n=name, m=more: getattr(lib, n)(x, 0, lib.tensor([1]), lib.tensor(2.0), *m), line)
    compare(lambda lib, x: lib.index_copy(x, 0, lib.tensor([1]), lib.tensor(2.0)), line, grad=False)
    compare(lambda lib, x: lib.index_add(x, 0, lib.tensor([0]), lib.tensor(2.0)), np.array(3, "f4"), grad=False)
