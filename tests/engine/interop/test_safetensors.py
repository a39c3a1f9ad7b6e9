"""safetensors files, by the names that users of safetensors.torch know."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors import numpy as library

import gradbook
from gradbook import nn
from gradbook.errors import SerializationError
from gradbook.interop import safetensors


def test_round_trip_and_metadata(tmp_path):
    state = {"w": gradbook.randn(2, 3), "half": gradbook.ones(2, dtype=gradbook.bfloat16), "n": gradbook.arange(3)}
    safetensors.save_file(state, tmp_path / "x.safetensors", {"format": "pt"})
    for back in (safetensors.load_file(tmp_path / "x.safetensors"), gradbook.load(tmp_path / "x.safetensors")):
        assert {name: tensor.dtype for name, tensor in back.items()} == {n: t.dtype for n, t in state.items()}
        assert all(back[name].tolist() == state[name].tolist() for name in state)
        back["w"].zero_()
    assert safetensors.load(safetensors.save(state))["n"].tolist() == [0, 1, 2]


def test_memory_in_another_order_is_written_in_index_order(tmp_path):
    x = gradbook.arange(6).reshape(2, 3).T
    safetensors.save_file({"x": x}, tmp_path / "x")
    np.testing.assert_array_equal(library.load_file(tmp_path / "x")["x"], x.numpy())


def test_what_shares_memory_is_refused_and_kept_once_by_save_model(tmp_path):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.out = nn.Embedding(5, 3), nn.Linear(3, 5, bias=False)
            self.out.weight = self.embedding.weight

    model, other = Tied(), Tied()
    with pytest.raises(ValueError, match=r"'embedding.weight' and 'out.weight' share memory"):
        safetensors.save(model.state_dict())
    safetensors.save_model(model, tmp_path / "m")
    assert list(library.load_file(tmp_path / "m")) == ["embedding.weight"]
    assert safetensors.load_model(other, tmp_path / "m") == ([], [])
    assert other.out.weight.tolist() == model.embedding.weight.tolist()
    with pytest.raises(RuntimeError, match=r"missing \['weight', 'bias'\], unexpected \['embedding.weight'\]"):
        safetensors.load_model(nn.Linear(2, 2), tmp_path / "m")


def test_what_is_no_tensor_or_no_file_is_refused():
    with pytest.raises(TypeError, match="'x' is a int"):
        safetensors.save({"x": 1})
    with pytest.raises(SerializationError, match="cut short"):
        safetensors.load(safetensors.save({"x": gradbook.ones(2)})[:-1])
