"""Kernels by name, causal masks of two kinds, attention's options and errors, against PyTorch."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook.nn.attention import bias as _bias
from tests.parity_tools import array_of, compare, draw, same_error, torch

BOTH = [gradbook, torch]
Q, K, V = draw(2, 4, 5, 8), draw(2, 4, 6, 8, seed=1), draw(2, 4, 6, 3, seed=2)


def place(lib: Any, name: str = "") -> Any:
    return importlib.import_module(f"{lib.__name__}.nn.attention{name}")


def test_the_kernels_of_a_cpu() -> None:
    for lib in BOTH:
        attention = place(lib)
        kinds = attention.SDPBackend
        q = lib.tensor(Q)
        for kind in (kinds.MATH, kinds.FLASH_ATTENTION, [kinds.EFFICIENT_ATTENTION, kinds.MATH]):
            with attention.sdpa_kernel(kind):
                assert lib.nn.functional.scaled_dot_product_attention(q, q, q).shape == q.shape
        for kind in (kinds.EFFICIENT_ATTENTION, [kinds.CUDNN_ATTENTION], kinds.ERROR):
            with attention.sdpa_kernel(kind), pytest.raises(RuntimeError, match="No viable backend"):
                lib.nn.functional.scaled_dot_product_attention(q, q, q)
        lib.nn.functional.scaled_dot_product_attention(q, q, q)  # and afterwards all is as before
        with pytest.raises(AssertionError, match="must be an instance of SDPBackend"), attention.sdpa_kernel("math"):
            pass
        assert str(kinds.MATH) == "SDPBackend.MATH"
        assert repr(kinds.MATH) == "<SDPBackend.MATH: 0>"


@pytest.mark.parametrize("variant", ["causal_upper_left", "causal_lower_right"])
@pytest.mark.parametrize("sizes", [(5, 6), (4, 4), (1, 3)])
def test_causal_masks(variant: str, sizes: tuple[int, int]) -> None:
    length, width = sizes

    def attend(lib: Any, q: Any, k: Any, v: Any) -> Any:
        mask = getattr(place(lib, ".bias"), variant)(*sizes)
        return lib.nn.functional.scaled_dot_product_attention(q, k, v, mask)

    compare(attend, Q[..., :length, :], K[..., :width, :], V[..., :width, :], second=True)
    masks = [getattr(place(lib, ".bias"), variant)(*sizes) for lib in BOTH]
    assert repr(masks[0]) == repr(masks[1])
    same_error(lambda lib: getattr(place(lib, ".bias"), variant)(3))


def test_a_mask_that_leaves_nothing_warns() -> None:
    with pytest.warns(UserWarning, match="will produce NaNs"):
        _bias.causal_lower_right(4, 2)


OPTIONS: list[dict[str, Any]] = [
    {}, {"is_causal": True}, {"scale": 0.3}, {"scale": 0.0}, {"attn_mask": "bool"}, {"attn_mask": "float"},
    {"attn_mask": "row"},
]  # fmt: skip
ROW = np.array([[True, False, True, True, False, True]])
MASKS = {"bool": np.tri(5, 6, dtype=bool), "float": draw(5, 6, seed=5), "row": ROW}


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_options(options: dict[str, Any]) -> None:
    def attend(lib: Any, q: Any, k: Any, v: Any) -> Any:
        given = {key: lib.tensor(MASKS[x]) if key == "attn_mask" else x for key, x in options.items()}
        return lib.nn.functional.scaled_dot_product_attention(q, k, v, **given)

    compare(attend, Q, K, V, second=True)


def test_grouped_queries() -> None:
    def attend(lib: Any, q: Any, k: Any, v: Any) -> Any:
        return lib.nn.functional.scaled_dot_product_attention(q, k, v, enable_gqa=True)

    compare(attend, Q, K[:, :2], V[:, :2])


def test_errors() -> None:
    def attend(lib: Any, q: Any, k: Any, v: Any, *rest: Any, **named: Any) -> Any:
        return lib.nn.functional.scaled_dot_product_attention(q, k, v, *rest, **named)

    same_error(attend, Q, K.astype("f8"), V)
    same_error(attend, Q, K[..., :7], V)
    same_error(attend, Q[0, 0, 0], K, V)
    same_error(lambda lib, q, k, v: attend(lib, q, k, v, lib.ones(5, 6), is_causal=True), Q, K, V)
    same_error(lambda lib, q, k, v: attend(lib, q, k, v, lib.ones(5, 6, dtype=lib.int64)), Q, K, V)
    same_error(lambda lib, q, k, v: attend(lib, q, k, v, lib.ones(5, 7)), Q, K, V)
    same_error(lambda lib, q, k, v: attend(lib, q, k, v, lib.ones(5, 7, dtype=lib.bool)), Q, K, V)
    same_error(lambda lib, q, k, v: attend(lib, q, k, v, enable_gqa=True), Q, K[:, :3], V[:, :3])
    same_error(lambda lib, q, k, v: attend(lib, "q", k, v), Q, K, V)


MHA: list[dict[str, Any]] = [
    {}, {"bias": False}, {"add_bias_kv": True}, {"add_zero_attn": True}, {"kdim": 5, "vdim": 7}, {"batch_first": True},
    {"add_bias_kv": True, "add_zero_attn": True, "kdim": 5}, {"bias": False, "add_bias_kv": True},
]  # fmt: skip
CALLS: list[dict[str, Any]] = [
    {}, {"need_weights": False}, {"average_attn_weights": False}, {"key_padding_mask": "pad"}, {"attn_mask": "causal"},
    {"attn_mask": "added", "need_weights": False}, {"attn_mask": "heads", "average_attn_weights": False},
    {"key_padding_mask": "pad", "attn_mask": "causal"}, {"key_padding_mask": "padf"},
    {"attn_mask": "causal", "is_causal": True, "need_weights": False},
]  # fmt: skip
GIVEN = {
    "pad": np.array([[False, False, False, True], [False, False, True, True]]),
    "padf": np.array([[0, 0, 0, -np.inf], [0, 0.5, -np.inf, -np.inf]]),
    "causal": np.triu(np.ones((4, 4), bool), 1),
    "added": draw(4, 4, seed=8, dtype="float64"),
    "heads": draw(4, 4, 4, seed=9, dtype="float64"),
}


CASES = [(call, batched) for call in CALLS for batched in (True, False)
         if batched or not ("key_padding_mask" in call or call.get("attn_mask") == "heads")]  # fmt: skip


@pytest.mark.parametrize("make", MHA, ids=str)
@pytest.mark.parametrize(("call", "batched"), CASES, ids=str)
def test_multihead_attention(make: dict[str, Any], call: dict[str, Any], batched: bool) -> None:
    found = []
    theirs = torch.nn.MultiheadAttention(6, 2, **make).double()
    mine = gradbook.nn.MultiheadAttention(6, 2, **make).double()
    assert repr(mine) == repr(theirs)
    state = {k: gradbook.tensor(v.numpy()) for k, v in theirs.state_dict().items()}
    assert list(mine.state_dict()) == list(state)
    mine.load_state_dict(state)
    shape = (2, 4) if make.get("batch_first") else (4, 2)
    widths = (6, make.get("kdim", 6), make.get("vdim", 6))
    for lib, module in zip(BOTH, (mine, theirs), strict=True):
        inputs = [lib.tensor(draw(*(shape if batched else (4,)), w, seed=i, dtype="float64"), requires_grad=True)
                  for i, w in enumerate(widths)]  # fmt: skip
        named = {k: lib.tensor(GIVEN[v]) if isinstance(v, str) else v for k, v in call.items()}
        out, weights = module(*inputs, **named)
        (out**2).sum().backward()
        found.append([out, weights, *(x.grad for x in inputs), *(p.grad for p in module.parameters())])
    for a, b in zip(*found, strict=True):
        if b is None:
            assert a is None or not array_of(a).any()
        else:
            np.testing.assert_allclose(array_of(a), array_of(b), rtol=1e-8, atol=1e-10)
