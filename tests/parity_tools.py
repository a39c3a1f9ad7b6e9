"""Run one case through PyTorch and gradbook: values, dtypes, shapes, gradients, second gradients, exception types.

    compare(lambda lib, x, y: lib.add(x, y, alpha=2), a, b)      # arrays become tensors; floating ones require grad
    same_error(lambda lib, x: lib.sum(x, dim=7), a)

Every function here ends in an assert; test_parity_tools.py shows that they fail on what is slightly wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import gradbook

torch = pytest.importorskip("torch")

# relative to the value, a tenth of it to the largest value of the tensor, a hundredth of it to 1
TOLERANCE = {
    "float16": 2e-3,
    "bfloat16": 2e-2,
    "float32": 2e-5,
    "float64": 1e-10,
    "complex64": 2e-5,
    "complex128": 1e-10,
}
Fn = Callable[..., Any]


def draw(
    *shape: int, seed: int = 0, low: float = -2.0, high: float = 2.0, dtype: str = "float32"
) -> np.ndarray[Any, Any]:
    """Uniform random numbers, the same each time."""
    made: np.ndarray[Any, Any] = np.asarray(np.random.default_rng(seed).uniform(low, high, shape)).astype(dtype)
    return made


def integers(*shape: int, seed: int = 0, low: int = -9, high: int = 9, dtype: str = "int64") -> np.ndarray[Any, Any]:
    """Uniform random integers, the same each time."""
    return np.asarray(np.random.default_rng(seed).integers(low, high, shape)).astype(dtype)


def tensors_in(lib: Any, value: Any, grad: bool, leaves: list[Any]) -> Any:
    """Arrays inside an argument as tensors of `lib`; floating ones require grad and are noted in `leaves`."""
    if isinstance(value, np.ndarray):
        made = (
            lib.tensor(value.copy())
            if value.dtype.name != "bfloat16"
            else lib.tensor(value.astype("f4")).to(lib.bfloat16)
        )
        if grad and value.dtype.kind in "fcV":
            made.requires_grad_(True)
            leaves.append(made)
        return made
    if isinstance(value, (list, tuple)):
        return type(value)(tensors_in(lib, part, grad, leaves) for part in value)
    return value


def flat(value: Any) -> list[Any]:
    """The outputs of a call, tuples and lists opened."""
    if isinstance(value, (list, tuple)) and type(value).__name__ != "Size":
        return [leaf for part in value for leaf in flat(part)]
    return [value]


def is_tensor(value: Any) -> bool:
    """True for a tensor of either library."""
    return isinstance(value, (torch.Tensor, gradbook.Tensor))


def array_of(tensor: Any) -> np.ndarray[Any, Any]:
    """The values of a tensor of either library, wide enough to compare."""
    if isinstance(tensor, torch.Tensor):
        tensor = tensor.detach().resolve_conj().resolve_neg()
        return tensor.double().numpy() if tensor.dtype == torch.bfloat16 else tensor.numpy(force=True)  # type: ignore[no-any-return]
    array = np.asarray(tensor.detach()._array)
    return array.astype(np.float64) if tensor.dtype is gradbook.bfloat16 else array


def dtype_name(tensor: Any) -> str:
    """`float32`, whichever library it is of."""
    return str(tensor.dtype).rpartition(".")[2]


def assert_same(mine: Any, theirs: Any, what: str, rtol: float | None = None) -> None:
    """Equal dtype, shape and, within tolerance, values; nan and inf in the same places."""
    if not is_tensor(theirs):
        assert not is_tensor(mine), f"{what}: a tensor, but PyTorch gives {type(theirs).__name__}"
        if isinstance(theirs, float):
            np.testing.assert_allclose(mine, theirs, rtol=rtol or 2e-5, err_msg=what)
        else:
            plain = tuple(theirs) if isinstance(theirs, torch.Size) else theirs
            assert (tuple(mine) if isinstance(plain, tuple) else mine) == plain, f"{what}: {mine!r} is not {theirs!r}"
        return
    assert isinstance(mine, gradbook.Tensor), f"{what}: {type(mine).__name__} is no tensor"
    assert dtype_name(mine) == dtype_name(theirs), f"{what}: dtype {dtype_name(mine)}, not {dtype_name(theirs)}"
    a, b = array_of(mine), array_of(theirs)
    assert a.shape == b.shape, f"{what}: shape {a.shape}, not {b.shape}"
    if b.dtype.kind not in "fc":
        np.testing.assert_array_equal(a, b, err_msg=what)
        return
    tolerance = TOLERANCE[dtype_name(theirs)] if rtol is None else rtol
    finite = np.abs(b[np.isfinite(b)])
    scale = float(finite.max()) if finite.size else 0.0
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * (0.1 * scale + 0.01), err_msg=what)


def cotangents(lib: Any, outputs: Sequence[Any]) -> list[Any]:
    """One fixed random gradient an output, the same for both libraries."""
    made = []
    for i, output in enumerate(outputs):
        rng = np.random.default_rng(100 + i)
        array = rng.uniform(0.5, 1.5, tuple(output.shape))
        if output.is_complex():
            array = array + 1j * rng.uniform(0.5, 1.5, tuple(output.shape))
        made.append(lib.tensor(array).to(output.dtype))
    return made


def run(lib: Any, fn: Fn, inputs: Sequence[Any], grad: bool, second: bool) -> tuple[list[Any], list[Any], list[Any]]:
    """(outputs, gradients, second gradients) of one case in one library."""
    leaves: list[Any] = []
    arguments = [tensors_in(lib, value, grad, leaves) for value in inputs]
    outputs = flat(fn(lib, *arguments))
    live = [o for o in outputs if is_tensor(o) and o.requires_grad]
    if not (grad and live and leaves):
        return outputs, [], []
    grads = list(lib.autograd.grad(live, leaves, cotangents(lib, live), create_graph=second, allow_unused=True))
    live = [g for g in grads if g is not None and g.requires_grad]
    if not (second and live):
        return outputs, grads, []
    return outputs, grads, list(lib.autograd.grad(live, leaves, cotangents(lib, live), allow_unused=True))


def compare(
    fn: Fn,
    *inputs: Any,
    grad: bool = True,
    second: bool = False,
    rtol: float | None = None,
    grad_rtol: float | None = None,
) -> None:
    """Assert that `fn(lib, *tensors)` gives the same in both libraries, and so do its gradients (second: theirs)."""
    theirs, their_grads, their_seconds = run(torch, fn, inputs, grad, second)
    mine, grads, seconds = run(gradbook, fn, inputs, grad, second)
    assert len(mine) == len(theirs), f"{len(mine)} outputs, not {len(theirs)}"
    for i, (m, t) in enumerate(zip(mine, theirs, strict=True)):
        assert_same(m, t, f"output {i}", rtol)
        if grad and is_tensor(t):
            assert m.requires_grad == t.requires_grad, (
                f"output {i}: requires_grad {m.requires_grad}, not {t.requires_grad}"
            )
    wider = grad_rtol if grad_rtol is not None else rtol
    for order, (ours, other) in enumerate(((grads, their_grads), (seconds, their_seconds)), 1):
        _compare_grads(ours, other, f"gradient of order {order}", wider)


def _compare_grads(mine: Sequence[Any], theirs: Sequence[Any], what: str, rtol: float | None) -> None:
    if not theirs:  # PyTorch has none: ours must be none or zero
        assert all(g is None or not array_of(g).any() for g in mine), f"{what}: PyTorch has none"
        return
    if not mine:
        assert all(g is None or not array_of(g).any() for g in theirs), f"{what}: missing"
        return
    assert len(mine) == len(theirs), f"{what}: {len(mine)}, not {len(theirs)}"
    for i, (m, t) in enumerate(zip(mine, theirs, strict=True)):
        if t is None or m is None:  # no path is as good as a zero
            present = m if t is None else t
            assert present is None or not array_of(present).any(), f"{what}, input {i}: only one library has it"
        else:
            assert_same(m, t, f"{what}, input {i}", rtol)


def same_error(fn: Fn, *inputs: Any) -> Exception:
    """Assert that both libraries raise, and ours an exception that `except <PyTorch's type>` catches. -> ours"""
    their_error: Exception | None = None
    try:
        fn(torch, *[tensors_in(torch, value, False, []) for value in inputs])
    except Exception as error:
        their_error = error
    assert their_error is not None, "PyTorch accepts this"
    mine: Exception | None = None
    try:
        fn(gradbook, *[tensors_in(gradbook, value, False, []) for value in inputs])
    except Exception as error:
        mine = error
    assert mine is not None, f"accepted, but PyTorch raises {their_error!r}"
    assert isinstance(mine, type(their_error)), f"{mine!r}, but PyTorch raises {their_error!r}"
    return mine
