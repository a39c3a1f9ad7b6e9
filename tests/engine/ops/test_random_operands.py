"""Random shapes, strides, dtypes, numbers and indices, against PyTorch: values, dtypes, layouts, gradients, errors."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import gradbook
from tests.parity_tools import assert_same, dtype_name, torch

FAST = settings(max_examples=300, deadline=None, derandomize=True)
DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64",
          "complex128"]  # fmt: skip
NUMBERS = [0, 1, -2, 7, True, False, 0.5, -1.5, 2.0, 1j]
OPERATORS = ["a + b", "a - b", "a * b", "a / b", "a < b", "a == b", "a // b", "a % b", "a ** b", "a & b", "a | b",
             "torch.maximum(a, b)", "torch.where(c, a, b)", "a.add(b, alpha=2)"]  # fmt: skip

# views that give a tensor strides of its own; all keep two axes
VIEWS = ["x", "x.t()", "x[::2]", "x[:, ::2]", "x[1:]", "x[:, 1:]", "x[:1].expand(3, -1)", "x[:, :1].expand(-1, 4)",
         "x.unsqueeze(0)[0]", "x.flip(0)", "x[:0]", "x.t()[1:]", "x.unfold(1, 1, 2)[..., 0]"]  # fmt: skip


@st.composite
def operands(draw: Any) -> Any:
    """(shape, dtype, view, values) of one tensor, or a number."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from(NUMBERS))
    shape = draw(st.sampled_from([(3, 4), (1, 4), (3, 1), (4,), (), (2, 3, 4), (1,), (0, 4), (3, 4)]))
    view = draw(st.sampled_from(VIEWS)) if len(shape) == 2 and 0 not in shape else "x"
    return shape, draw(st.sampled_from(DTYPES)), view, draw(st.integers(0, 99))


def tensor_of(lib: Any, operand: Any) -> Any:
    """An operand as a tensor of a library, or the number that it is."""
    if not isinstance(operand, tuple):
        return operand
    shape, dtype, view, seed = operand
    values = np.random.default_rng(seed).integers(1, 4, shape)
    return eval(view, {"x": lib.tensor(values).to(getattr(lib, dtype))})


def both(source: str, names: dict[str, Any]) -> Any:
    """The results of an expression in PyTorch and gradbook, or None if both raise alike."""
    outcomes: list[Any] = []
    for lib in (torch, gradbook):
        space = {name: tensor_of(lib, value) for name, value in names.items()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                outcomes.append((eval(source, {**space, "torch": lib}), None))
            except Exception as error:
                outcomes.append((None, error))
    (theirs, their_error), (mine, my_error) = outcomes
    shown = f"{source} with {names}"
    if their_error is not None:
        assert isinstance(my_error, type(their_error)), f"{shown}: {their_error!r}, not {my_error!r} {mine}"
        return None
    assert my_error is None, f"{shown}: {my_error!r}, PyTorch gives {theirs}"
    return theirs, mine


@FAST
@given(st.sampled_from(OPERATORS), operands(), operands(), operands())
def test_arithmetic_of_any_two_operands(source, a, b, c):
    if not isinstance(a, tuple) and not isinstance(b, tuple):
        return
    if isinstance(c, tuple):
        c = (c[0], "bool", c[2], c[3])
    half = any(isinstance(v, tuple) and "float16" in v[1] for v in (a, b))
    complex_too = any("complex" in v[1] if isinstance(v, tuple) else isinstance(v, complex) for v in (a, b))
    if half and complex_too:
        return  # Differs: there is no complex32
    if ("//" in source or "%" in source) and not (isinstance(a, tuple) and isinstance(b, tuple)):
        return  # by zero, or by a truth value: refused alike but for other reasons
    found = both(source, {"a": a, "b": b, "c": c})
    if found is not None:
        theirs, mine = found
        assert_same(mine, theirs, f"{source} {a} {b}", rtol=1e-2 if "16" in dtype_name(theirs) else None)


PARTS = ["0", "-1", "1", "2", ":", "1:", ":2", "::2", "...", "None", "[0, 1]", "[1]", "torch.tensor([0, -1])",
         "torch.tensor(1)", "torch.tensor([[0], [1]])", "True", "torch.tensor([True, False, True])", "x > 0",
         "x[..., 0] > 0", "np.array([0, 1])", "np.int64(1)", "torch.tensor([], dtype=torch.int64)", "3", "slice(0, 5)",
         "torch.tensor([True, False])", "range(2)"]  # fmt: skip


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    st.sampled_from([(3, 4), (4, 3), (2, 3, 4), (3,), (), (0, 3), (3, 3)]),
    st.booleans(),
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=4),
    st.sampled_from(["get", "number", "tensor", "add", "put"]),
)
def test_any_index_reads_and_writes(shape, turned, parts, how):
    index = ", ".join(parts) + ("," if len(parts) == 1 and how != "get" else "")
    values = np.random.default_rng(len(parts)).normal(size=shape)
    write = {
        "get": f"y = x[{index}]",
        "number": f"x[{index}] = 0.5\ny = x",
        "tensor": f"x[{index}] = torch.arange(1.0, 1 + v.numel(), dtype=v.dtype).reshape(v.shape)\ny = x",
        "add": f"x[{index}] += 1.5\ny = x",
        "put": f"x[{index}] = w[0]\ny = x",
    }[how]
    outcomes: list[Any] = []
    for lib in (torch, gradbook):
        leaf = lib.tensor(values).requires_grad_()
        w = lib.tensor([2.0, 3.0], dtype=lib.float64).requires_grad_()
        x = leaf * 1.0
        space = {"x": x.mT.contiguous().mT if turned and x.dim() > 1 else x, "torch": lib, "np": np, "w": w}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                space["v"] = eval(f"x[{index}]", space)
                exec(write, space)
                (space["y"] * space["y"].detach()).sum().backward()
                outcomes.append((space["y"], leaf.grad, w.grad, None))
            except Exception as error:
                outcomes.append((None, None, None, error))
    theirs, mine = outcomes
    shown = f"{write!r} on {shape}, turned: {turned}"
    if theirs[3] is not None:
        assert isinstance(mine[3], type(theirs[3])), f"{shown}: PyTorch {theirs[3]!r}, gradbook {mine[3]!r}"
        return
    assert mine[3] is None, f"{shown}: {mine[3]!r}"
    assert_same(mine[0].detach(), theirs[0].detach(), shown)
    assert_same(mine[1], theirs[1], f"gradient of {shown}")
    assert (mine[2] is None) == (theirs[2] is None), shown
    if theirs[2] is not None:
        assert_same(mine[2], theirs[2], f"gradient of w in {shown}")


@FAST
@given(
    st.sampled_from(VIEWS),
    st.sampled_from([
        "x.exp()", "x + 1", "x * x", "x.clone()", "x > 0", "x.abs()", "torch.zeros_like(x)", "torch.ones_like(x)",
        "x.double()", "x.sigmoid()", "x.relu()", "x.neg()", "x.contiguous()", "torch.empty_like(x)", "x.clamp(0, 1)",
        "x.t()", "x.view(-1)", "x.reshape(-1)", "x[None]", "x.unsqueeze(1)", "x.view(2, -1)", "x.flatten()",
        "x.detach()", "x.expand(2, *x.shape)",
    ]),
)  # fmt: skip
def test_strides_are_those_that_pytorch_shows(view, source):
    found: list[Any] = []
    for lib in (torch, gradbook):
        x = eval(view, {"x": lib.tensor(np.random.default_rng(0).normal(size=(3, 4)))})
        try:
            y = eval(source, {"x": x, "torch": lib})
            found.append((tuple(y.shape), y.stride() if y.numel() > 1 else None, y.is_contiguous()))
        except RuntimeError as error:
            found.append(type(error).__mro__[-3].__name__)
    assert found[1] == found[0], f"{source} of {view}"
