"""New tensors against PyTorch: values, dtypes, sharing of memory, conversions, exceptions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradbook
from tests.parity_tools import compare, draw, integers, same_error

torch: Any = pytest.importorskip("torch")

DATA: dict[str, Any] = {
    "float": 1.5,
    "int": 3,
    "bool": True,
    "complex": 1 + 2j,
    "empty": [],
    "floats": [1.0, 2],
    "ints": [[1, 2], [3, 4]],
    "bools": [True, False],
    "mixed": [1, 2.5, True],
    "nested empty": [[], []],
    "tuple": ((1, 2), (3, 4)),
    "array f8": np.arange(3.0),
    "array f4": np.arange(3, dtype="f4"),
    "array i4": np.arange(3, dtype="i4"),
    "numpy float64": np.float64(1.5),
    "list of numpy": [np.float32(1.0), np.float32(2.0)],
    "numpy float64s": [np.float64(1.0)],
    "complexes": [1j, 2.0],
    "numpy bool": np.bool_(True),
}


@pytest.mark.parametrize("name", DATA)
def test_tensor_of(name: str) -> None:
    data = [DATA[name]]
    compare(lambda lib: lib.tensor(data[0]))
    compare(lambda lib: lib.as_tensor(data[0]))
    if "complex" not in name and name not in ("list of numpy", "numpy bool"):  # these PyTorch casts to no integer
        compare(lambda lib: (lib.tensor(data[0], dtype=lib.float64), lib.tensor(data[0], dtype=lib.int32)))


@pytest.mark.parametrize("data", ["text", [[1], [1, 2]], None, [1, None], {"a": 1}, [2**70], ["a"]])
def test_what_is_no_tensor(data: Any) -> None:
    same_error(lambda lib: lib.tensor(data))


def test_a_list_of_tensors() -> None:
    compare(lambda lib: lib.tensor([lib.tensor(1.5), lib.tensor(2.5)]))
    compare(lambda lib: lib.tensor([[lib.tensor(1), 2], [3, 4]]))


def test_tensor_copies_and_as_tensor_shares() -> None:
    array = np.zeros(3, "f4")
    copied, shared, viewed = gradbook.tensor(array), gradbook.as_tensor(array), gradbook.from_numpy(array)
    array[0] = 7
    assert (copied[0].item(), shared[0].item(), viewed[0].item()) == (0, 7, 7)
    assert gradbook.as_tensor(shared) is shared
    with pytest.warns(UserWarning, match="clone"):
        assert gradbook.tensor(shared).data_ptr() != shared.data_ptr()
    same_error(lambda lib: lib.from_numpy([1.0]))
    same_error(lambda lib: lib.from_numpy(np.array(["a"])))
    same_error(lambda lib: lib.from_numpy(np.zeros(2, ">f4")))


CALLS = {
    "zeros": lambda lib: (
        lib.zeros(2, 3),
        lib.zeros((2, 3)),
        lib.zeros([2]),
        lib.zeros(()),
        lib.zeros(size=(2,)),
        lib.zeros(2, dtype=lib.int64),
    ),
    "ones": lambda lib: (
        lib.ones(2, 3),
        lib.ones(2, dtype=lib.bool),
        lib.ones(lib.Size([2])),
        lib.ones(2, dtype=int),
        lib.ones(2, dtype=float),
    ),
    "full": lambda lib: (
        lib.full((2,), 3),
        lib.full((2,), 3.0),
        lib.full((), True),
        lib.full((2,), 1, dtype=lib.float64),
        lib.full((1,), 1j),
    ),
    "arange": lambda lib: (
        lib.arange(5),
        lib.arange(1, 5),
        lib.arange(5, 1, -2),
        lib.arange(0, 1, 0.25),
        lib.arange(3.0),
        lib.arange(0, 5, dtype=lib.float32),
        lib.arange(start=1, end=4),
        lib.arange(end=3),
        lib.arange(0),
    ),
    "linspace": lambda lib: (
        lib.linspace(0, 1, 5),
        lib.linspace(-1, 1, steps=4),
        lib.linspace(0, 1, 1),
        lib.linspace(0, 10, 4, dtype=lib.int64),
        lib.linspace(3, 1, 7, dtype=lib.float64),
        lib.linspace(0, 1, 0),
    ),
    "logspace": lambda lib: (lib.logspace(0, 2, 3), lib.logspace(0, 3, 4, base=2.0)),
    "eye": lambda lib: (lib.eye(3), lib.eye(2, 3), lib.eye(2, dtype=lib.int64)),
    "triangles": lambda lib: (lib.tril_indices(3, 4), lib.triu_indices(3, 4, 1), lib.tril_indices(2, 2, -1)),
    "scalar": lambda lib: (lib.scalar_tensor(3), lib.scalar_tensor(3, dtype=lib.int64)),
    "legacy": lambda lib: (
        lib.FloatTensor([1, 2]),
        lib.LongTensor([[1, 2]]),
        lib.BoolTensor([True]),
        lib.DoubleTensor([1.0]),
    ),
    "default constructor": lambda lib: (lib.Tensor([1, 2]), lib.Tensor(2, 3) * 0 == 0),
}


@pytest.mark.parametrize("name", [n for n in CALLS if n != "default constructor"])
def test_made_from_numbers(name: str) -> None:
    compare(CALLS[name])


@pytest.mark.parametrize(
    "make",
    [
        lambda lib: lib.zeros(-1),
        lambda lib: lib.zeros(2.5),
        lambda lib: lib.arange(1, 0),
        lambda lib: lib.linspace(0, 1, -1),
        lambda lib: lib.tensor([1], requires_grad=True),
        lambda lib: lib.ones(2, dtype=np.float32),
        lambda lib: lib.zeros("a"),
        lambda lib: lib.tensor([1.0]).copy_([1.0]),
        lambda lib: lib.ones(2, 3).copy_(lib.ones(4)),
    ],
)
def test_refused(make: Any) -> None:
    same_error(make)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
def test_like_and_new(dtype: str) -> None:
    x = integers(2, 3, low=0, high=2).astype(dtype)
    compare(
        lambda lib, x: (
            lib.zeros_like(x),
            lib.ones_like(x, dtype=lib.int32),
            lib.full_like(x, 1),
            x.new_zeros(2),
            x.new_ones((2, 2)),
            x.new_full((2,), 1),
            x.new_tensor([1, 0]),
            x.new_zeros(2, dtype=lib.float64),
        ),
        x,
        grad=False,
    )
    compare(
        lambda lib, x: (list(lib.empty_like(x).shape), list(x.new_empty(4, 5).shape), list(lib.empty(3, 2).shape)),
        x,
        grad=False,
    )


def test_requires_grad_and_device() -> None:
    for lib_call in (
        lambda: gradbook.zeros(2, requires_grad=True),
        lambda: gradbook.tensor([1.0], requires_grad=True),
        lambda: gradbook.ones_like(gradbook.ones(2), requires_grad=True),
        lambda: gradbook.full((2,), 1.0, requires_grad=True, device="cpu"),
        lambda: gradbook.linspace(0, 1, 3, requires_grad=True),
        lambda: gradbook.eye(2, requires_grad=True),
    ):
        made = lib_call()
        assert made.requires_grad
        assert made.is_leaf
        assert made.device == gradbook.device("cpu")


def test_conversions_and_their_gradients() -> None:
    compare(
        lambda lib, x: (
            x.double() * 2,
            x.half().float(),
            x.to(lib.float64),
            x.to("cpu"),
            x.to(x.double()),
            x.type(lib.float64),
        ),
        draw(3),
    )
    compare(
        lambda lib, x: (x.int(), x.long(), x.bool(), x.byte(), x.short(), x.char()), draw(3, low=0, high=5), grad=False
    )
    compare(
        lambda lib, x, y: (x.type_as(y) + y, x.to("cpu", lib.float64), x.to(dtype=lib.float64, copy=True)),
        draw(3),
        draw(3, dtype="float64"),
    )
    x = gradbook.ones(2)
    assert x.float() is x
    assert x.to("cpu") is x
    assert x.to(gradbook.float32, copy=True) is not x
    assert x.type() == "gradbook.FloatTensor"
    assert x.type("torch.LongTensor").dtype is gradbook.int64
    assert isinstance(x, gradbook.FloatTensor)
    assert not isinstance(x, gradbook.LongTensor)
    same_error(lambda lib: lib.ones(2).to([1]))


def test_clone_contiguous_detach() -> None:
    compare(lambda lib, x: (x.clone(), x.t().contiguous(), lib.clone(x) * 2, x.detach()), draw(2, 3), second=True)
    x = gradbook.tensor(draw(2, 3))
    assert x.contiguous() is x
    assert x.clone().data_ptr() != x.data_ptr()
    assert x.t().contiguous().is_contiguous()
    assert x.detach().data_ptr() == x.data_ptr()


def test_filling_in_place() -> None:
    compare(
        lambda lib, x: (lib.ones(3).fill_(2.5), lib.ones(3).zero_(), lib.fill(x, 2.0), lib.zeros(2, 3).copy_(x)),
        draw(3),
    )

    def through(lib: Any, x: Any, y: Any) -> Any:
        z = x * 2
        z[1:].copy_(y)
        z[0].fill_(3.0)
        return z

    compare(through, draw(4), draw(3, seed=1))
    same_error(lambda lib: lib.ones(2, requires_grad=True).zero_())
    same_error(lambda lib: lib.ones(2).fill_(lib.ones(2)))
    compare(lambda lib: lib.zeros(3, dtype=lib.int64).copy_(lib.tensor([1.7, -1.7, 2.0])))


def test_asarray() -> None:
    array = np.arange(3.0)
    assert gradbook.asarray(array)._array is not None
    assert np.shares_memory(gradbook.asarray(array).numpy(), array)
    assert not np.shares_memory(gradbook.asarray(array, copy=True).numpy(), array)
    with pytest.raises(ValueError, match="alias"):
        gradbook.asarray([1.0], copy=False)


def test_questions() -> None:
    compare(
        lambda lib, x: (lib.is_tensor(x), lib.is_tensor(1), lib.is_floating_point(x), lib.is_complex(x), lib.numel(x)),
        draw(2, 3),
        grad=False,
    )
    compare(lambda lib: lib.is_nonzero(lib.tensor([0.0])))
    same_error(lambda lib: lib.is_nonzero(lib.ones(2)))


def test_numpy_functions_of_a_tensor_give_tensors():
    t = gradbook.tensor([0.0, 1.0])
    for made in (np.sin(t), np.maximum(t, np.array([0.5, 0.5]))):
        assert isinstance(made, gradbook.Tensor)
    np.testing.assert_allclose(np.sin(t).tolist(), np.sin([0.0, 1.0]), rtol=1e-6)


@pytest.mark.filterwarnings("ignore:torch.set_default_tensor_type")
def test_the_default_type_of_tensors() -> None:
    def named(lib: Any) -> Any:
        try:
            lib.set_default_tensor_type("torch.DoubleTensor")
            doubles = lib.tensor([1.5]), lib.zeros(2)
            lib.set_default_tensor_type(lib.HalfTensor)
            return *doubles, lib.ones(2)
        finally:
            lib.set_default_tensor_type(lib.FloatTensor)

    compare(named)
    for wrong in ("torch.LongTensor", "torch.cuda.FloatTensor", 3):
        same_error(lambda lib, wrong=wrong: lib.set_default_tensor_type(wrong))
    same_error(lambda lib: lib.set_default_tensor_type(lib.float64))
    with pytest.warns(UserWarning, match="set_default_dtype"):
        gradbook.set_default_tensor_type(gradbook.FloatTensor)


def test_assert_takes_tensors_too() -> None:
    for condition in (False, [False], [True, True]):
        same_error(lambda lib, condition=condition: lib._assert(lib.tensor(condition), "not so"))
    assert gradbook._assert(True, "not so") is None


UNKNOWN: dict[str, Any] = {
    "zeros": lambda lib, **more: lib.zeros(2, **more),
    "ones": lambda lib, **more: lib.ones(2, **more),
    "empty": lambda lib, **more: lib.empty(2, **more),
    "rand": lambda lib, **more: lib.rand(2, **more),
    "randn": lambda lib, **more: lib.randn(2, **more),
    "rand_like": lambda lib, **more: lib.rand_like(lib.ones(2), **more),
    "randn_like": lambda lib, **more: lib.randn_like(lib.ones(2), **more),
    "scalar_tensor": lambda lib, **more: lib.scalar_tensor(1.0, **more),
    "tril_indices": lambda lib, **more: lib.tril_indices(2, 2, **more),
    "triu_indices": lambda lib, **more: lib.triu_indices(2, 2, **more),
    "new_zeros": lambda lib, **more: lib.ones(2).new_zeros(2, **more),
    "new_ones": lambda lib, **more: lib.ones(2).new_ones(2, **more),
    "new_empty": lambda lib, **more: lib.ones(2).new_empty(2, **more),
    "new_full": lambda lib, **more: lib.ones(2).new_full((2,), 1.0, **more),
    "new_tensor": lambda lib, **more: lib.ones(2).new_tensor([1.0], **more),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_misspelt_argument_is_no_silent_default(name: str) -> None:
    same_error(lambda lib: UNKNOWN[name](lib, requires_gard=True))
    options = {} if name == "new_tensor" else {"pin_memory": False, "layout": "strided"}
    shapes = [
        tuple(UNKNOWN[name](lib, **{key: value and getattr(lib, value) for key, value in options.items()}).shape)
        for lib in (gradbook, torch)
    ]
    assert shapes[0] == shapes[1]


def test_other_misspelt_arguments() -> None:
    for call in (
        lambda lib, **more: lib.ones(2).uniform_(**more),
        lambda lib, **more: lib.ones(2).reshape(2, **more),
        lambda lib, **more: lib.ones(2).view(2, **more),
        lambda lib, **more: lib.ones(2).expand(2, **more),
        lambda lib, **more: lib.ones(2).permute(0, **more),
        lambda lib, **more: lib.ones(2).repeat(2, **more),
        lambda lib, **more: lib.ones(2).tile(2, **more),
        lambda lib, **more: lib.ones(2).flip(0, **more),
        lambda lib, **more: lib.sort(lib.ones(2), **more),
        lambda lib, **more: lib.ones(2).random_(**more),
        lambda lib, **more: lib.ones(2).type(lib.float64, **more),
        lambda lib, **more: lib.nn.Linear(1, 1).to(lib.float64, **more),
        lambda lib, **more: lib.profiler.profile(**more),
        lambda lib, **more: lib.autograd.profiler.profile(**more),
    ):
        same_error(lambda lib, call=call: call(lib, nonblocking=True))


@pytest.mark.parametrize("name", ["reshape", "view", "expand", "permute", "repeat", "tile", "flip"])
def test_a_missing_shape(name: str) -> None:
    for value in (1.0, [1.0, 2.0]):
        for lib in (torch, gradbook):
            x = lib.tensor(value)
            with pytest.raises(TypeError):
                getattr(x, name)()


ELEMENTS: dict[str, Any] = {
    "of one element": lambda t: [t([1.0]), t([2.0])],
    "nested": lambda t: [[t([1.0]), t(2)], [3, True]],
    "of several axes": lambda t: [t([[1.0]]), 3.0],
    "whole and fraction": lambda t: [t(1), t(1.5)],
    "whole number first": lambda t: [2, t([1.5])],
    "bools": lambda t: [t([True]), t(2), False],
    "single and double": lambda t: (t(np.float32(1)), t(np.float64(2)), 3),
    "a half beside a number": lambda t: [t(np.float16(1)), 2.0],
    "complex": lambda t: [t([1.0]), 2j],
    "a row after a list": lambda t: [[1, 2], t([3, 4])],
    "rows": lambda t: [t([1.0, 2]), t([2.0, 3])],
    "none in it": lambda t: [t([])],
    "complex among real": lambda t: [t([1 + 2j]), t(1.0)],
    "list after a tensor": lambda t: [t([1.0]), [1, 2]],
    "row after a number": lambda t: [1.0, t([1.0, 2])],
}


@pytest.mark.parametrize("case", ELEMENTS)
@pytest.mark.parametrize("dtype", [None, "float64", "int32"])
def test_lists_of_tensors_count_their_elements_as_numbers(case: str, dtype: str | None) -> None:
    def made(lib: Any, maker: str = "tensor") -> Any:
        return getattr(lib, maker)(ELEMENTS[case](lib.tensor), dtype=dtype and getattr(lib, dtype))

    try:
        made(torch)
    except (ValueError, TypeError, RuntimeError):
        same_error(made)
        return
    compare(made)
    compare(lambda lib: made(lib, "as_tensor"))
