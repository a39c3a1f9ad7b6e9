"""torch.testing.assert_close and make_tensor: PyTorch's verdicts and its texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook.testing import make_tensor

torch: Any = pytest.importorskip("torch")

CALLS = [
    "T([1.,2.,3.]), T([1.,2.5,4.])",
    "T([1.,2.,3.]), T([1.,2.5,3.]), rtol=0, atol=0",
    "T([1,2]), T([1,3])",
    "T([1,2,3]), T([1,3])",
    "T([1.]), T([1.],dtype=torch.float64)",
    "T([1.]).double(), T([1.]), check_dtype=False",
    "T([1.]), T([1.000001])",
    "T([1.]).double(), T([1.000001]).double()",
    "T([1.],dtype=torch.bfloat16), T([1.01],dtype=torch.bfloat16)",
    "T([1.],dtype=torch.float16), T([1.01],dtype=torch.float16)",
    "T([1+1j]), T([1+2j])",
    "T([True,False]), T([True,True])",
    "T(1.), T(2.)",
    "T(float('nan')), T(float('nan'))",
    "T(float('nan')), T(float('nan')), equal_nan=True",
    "T([1.,float('inf')]), T([1.,2.])",
    "T([1.,float('inf')]), T([1.,float('inf')])",
    "T([[1.,2.],[3.,4.]]), T([[1.,2.],[3.,5.]])",
    "T([]), T([])",
    "T([1.]), 1.0",
    "T([1.]), [1.0]",
    "torch.ones(2,3).t(), torch.ones(3,2), check_stride=True",
    "torch.ones(2,3).t(), torch.ones(3,2)",
    "torch.nn.Parameter(torch.ones(2)), torch.ones(2)",
    "torch.nn.Parameter(torch.ones(2)), torch.ones(2), allow_subclasses=False",
    "1.0, 1.1",
    "1.0, 1.05, rtol=0.1, atol=0",
    "1, 2",
    "1, 1.0",
    "1, 1.0, check_dtype=False",
    "True, False",
    "True, True",
    "1+1j, 1+2j",
    "float('nan'), float('nan')",
    "0.0, 1.0",
    "1.0, 0.0",
    "[1.,2.], [1.,3.]",
    "[1.,2.], [1.]",
    "(1,(torch.ones(1),)), (1,(torch.ones(1)*2,))",
    "{'a':torch.ones(2)}, {'a':torch.zeros(2)}",
    "{'a':1}, {'b':1}",
    "{'a':1,'b':[2]}, {'b':[2],'a':1}",
    "None, None",
    "None, 1",
    "'a', 'a'",
    "np.ones(2), np.ones(2)",
    "np.ones(2), np.zeros(2)",
    "np.float32(1), np.float32(2)",
    "np.ones(2), torch.ones(2), check_dtype=False",
    "T([1.]), T([2.]), msg='hello'",
    "T([1.]), T([2.]), msg=lambda m: 'X ' + m",
    "T([1.]), T([1.]), rtol=1e-3",
    "T([1.]), T([1.]), atol=1e-3",
]


def outcome(module: Any, call: str) -> tuple[str, str]:
    """("passes", ""), or the type and text of what is raised, without the names of the packages."""
    try:
        eval(f"torch.testing.assert_close({call})", {"torch": module, "T": module.tensor, "np": np})
    except (AssertionError, TypeError, ValueError) as error:
        return type(error).__name__, str(error).replace("gradbook.tensor.", "torch.").replace("gradbook", "torch")
    return "passes", ""


@pytest.mark.parametrize("call", CALLS)
def test_verdict_and_text_are_torchs(call: str) -> None:
    assert outcome(gradbook, call) == outcome(torch, call)


DTYPES = ["bool", "uint8", "int8", "int64", "float16", "bfloat16", "float32", "float64", "complex64", "complex128"]


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("shape", [(3, 4), (), (0,), (200,)])
def test_make_tensor_draws_within_torchs_range(name: str, shape: tuple[int, ...]) -> None:
    options = {"noncontiguous": True, "exclude_zero": name != "bool"}
    ours = make_tensor(*shape, dtype=getattr(gradbook, name), **options)
    theirs = torch.testing.make_tensor(shape, dtype=getattr(torch, name), device="cpu", **options)
    assert tuple(ours.shape) == tuple(theirs.shape)
    assert str(ours.dtype).rpartition(".")[2] == name
    assert ours.is_contiguous() == theirs.is_contiguous()
    if shape == (200,):
        values = np.asarray(ours.double().abs().tolist()) if not name.startswith("complex") else ours.real.numpy()
        assert values.max() <= (1 if name == "bool" else 9)
        assert values.max() > (0 if name == "bool" else 5)
        if name not in ("bool", "complex64", "complex128"):
            assert values.min() > 0


def test_make_tensor_keeps_to_its_bounds() -> None:
    x = make_tensor((100,), dtype=gradbook.float32, low=2, high=3, requires_grad=True)
    assert x.requires_grad
    assert 2 <= x.min().item() <= x.max().item() <= 3
    with pytest.raises(ValueError, match="low must be below high"):
        make_tensor(2, dtype=gradbook.int64, low=3, high=3)
