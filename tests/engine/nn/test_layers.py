"""Layers against PyTorch's: text, state_dict, start, and values and gradients from the same parameters."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import gradbook
from tests.parity_tools import array_of, draw, torch

X1, X2 = (3, 4, 9), (3, 4, 8, 6)
# name, arguments, input shape
LAYERS: list[tuple[str, tuple[Any, ...], dict[str, Any], tuple[int, ...]]] = [
    ("Linear", (4, 3), {}, (5, 4)), ("Linear", (4, 3), {"bias": False}, (2, 5, 4)), ("Identity", (), {}, (3,)),
    ("Conv1d", (4, 6, 3), {"padding": "same"}, X1), ("Conv2d", (4, 6, 3), {"stride": 2, "groups": 2}, X2),
    ("Conv2d", (4, 6, (3, 2)), {"padding": (2, 1), "padding_mode": "circular", "bias": False}, X2),
    ("Conv2d", (4, 6, 3), {"padding": 1, "dilation": 2, "padding_mode": "reflect"}, X2),
    ("ConvTranspose2d", (4, 6, 3), {"stride": 2, "output_padding": 1}, X2), ("ConvTranspose1d", (4, 2, 3), {}, X1),
    ("MaxPool2d", (2,), {"ceil_mode": True}, X2), ("AvgPool2d", (3,), {"stride": 2}, X2), ("AvgPool1d", (3,), {}, X1),
    ("AdaptiveAvgPool2d", (1,), {}, X2), ("AdaptiveMaxPool2d", ((3, None),), {}, X2), ("LPPool2d", (2, 2), {}, X2),
    ("BatchNorm1d", (4,), {}, (6, 4)), ("BatchNorm2d", (4,), {"momentum": None}, X2),
    ("BatchNorm2d", (4,), {"track_running_stats": False, "affine": False}, X2), ("LayerNorm", (6,), {}, X2),
    ("LayerNorm", ((8, 6),), {"bias": False}, X2), ("GroupNorm", (2, 4), {}, X2), ("RMSNorm", (6,), {}, X2),
    ("InstanceNorm2d", (4,), {"affine": True, "track_running_stats": True}, X2), ("LocalResponseNorm", (3,), {}, X2),
    ("ReLU", (), {"inplace": True}, (3, 4)), ("PReLU", (4,), {}, X1), ("ELU", (0.5,), {}, (3, 4)), ("GELU",
    ("tanh",), {}, (3, 4)),
    ("Softmax", (1,), {}, (3, 4)), ("LogSoftmax", (-1,), {}, (3, 4)), ("Softmin", (0,), {}, (3, 4)), ("Softmax2d",
    (), {}, X2),
    ("Hardtanh", (-0.5, 0.5), {}, (3, 4)), ("Softplus", (2.0,), {}, (3, 4)), ("LeakyReLU", (0.2,), {}, (3, 4)),
    ("GLU", (), {}, (3, 4)), ("SiLU", (), {}, (3, 4)), ("Mish", (), {}, (3, 4)), ("Threshold", (0.1, 2.0), {}, (3, 4)),
    ("Flatten", (), {}, X2), ("Unflatten", (1, (2, 2)), {}, X2), ("ZeroPad2d", (1,), {}, X2), ("ConstantPad1d", (2,
    1.5), {}, X1),
    ("ReflectionPad2d", ((1, 2, 0, 1),), {}, X2), ("ReplicationPad2d", (1,), {}, X2), ("CircularPad1d", (2,), {}, X1),
    ("PixelShuffle", (2,), {}, X2), ("Unfold", (2,), {"stride": 2}, X2), ("Upsample", (), {"scale_factor": 2}, X2),
    ("UpsamplingBilinear2d", ((5, 7),), {}, X2), ("Dropout", (0.0,), {}, (3, 4)), ("RNN", (4, 5),
    {"nonlinearity": "relu"}, (6, 3, 4)),
    ("LSTM", (4, 5, 2), {"bidirectional": True, "batch_first": True}, (3, 6, 4)), ("LSTM", (4, 5), {"proj_size": 2},
    (6, 3, 4)),
    ("GRU", (4, 5, 2), {"bias": False}, (6, 3, 4)), ("GRU", (4, 5), {}, (6, 4)), ("RNNCell", (4, 5), {}, (3, 4)),
    ("LSTMCell", (4, 5), {}, (3, 4)), ("GRUCell", (4, 5), {}, (4,)),
    ("TransformerEncoderLayer", (8, 2, 16), {"dropout": 0.0, "batch_first": True, "norm_first": True}, (3, 5, 8)),
    ("TransformerEncoderLayer", (8, 2, 16), {"dropout": 0.0, "activation": "gelu"}, (5, 3, 8)),
]  # fmt: skip
IDS = [f"{i}-{name}" for i, (name, *_) in enumerate(LAYERS)]


def pair(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    mine, theirs = getattr(gradbook.nn, name)(*args, **kwargs), getattr(torch.nn, name)(*args, **kwargs)
    mine.load_state_dict(theirs.state_dict())
    return mine.double(), theirs.double()


@pytest.mark.parametrize(("name", "args", "kwargs", "shape"), LAYERS, ids=IDS)
@pytest.mark.parametrize("training", [True, False])
def test_values_gradients_and_state(name: str, args: Any, kwargs: Any, shape: tuple[int, ...], training: bool) -> None:
    found = []
    for lib, module in zip((gradbook, torch), pair(name, args, kwargs), strict=True):
        module.train(training)
        x = lib.tensor(draw(*shape, dtype="float64"), requires_grad=True)
        out = module(x * 1.0)
        outs = [out] if not isinstance(out, tuple) else [t for o in out for t in (o if isinstance(o, tuple) else (o,))]
        sum((o * o * 0.5 + o).sum() for o in outs).backward()
        grads = [x.grad, *(p.grad for p in module.parameters())]
        found.append([array_of(t) for t in (*outs, *grads, *module.state_dict().values())])
    assert len(found[0]) == len(found[1])
    for mine, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(("name", "args", "kwargs", "shape"), LAYERS, ids=IDS)
def test_text_and_keys(name: str, args: Any, kwargs: Any, shape: tuple[int, ...]) -> None:
    mine, theirs = pair(name, args, kwargs)
    assert repr(mine) == repr(theirs)
    assert [(k, tuple(v.shape)) for k, v in mine.state_dict().items()] == [
        (k, tuple(v.shape)) for k, v in theirs.state_dict().items()
    ]


WIDE: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("Linear", (300, 200), {}), ("Conv2d", (32, 64, 5), {}), ("ConvTranspose2d", (32, 64, 5), {}), ("Embedding",
    (200, 100), {}),
    ("LSTM", (64, 96), {}), ("GRU", (64, 96), {}), ("Bilinear", (30, 30, 40), {}), ("MultiheadAttention", (128, 4), {}),
    ("MultiheadAttention", (128, 4), {"kdim": 64, "add_bias_kv": True}), ("BatchNorm2d", (8,), {}), ("LayerNorm",
    (8,), {}),
    ("PReLU", (5,), {}), ("EmbeddingBag", (200, 100), {}), ("Transformer", (64, 4, 1, 1, 128), {}),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize(("name", "args", "kwargs"), WIDE)
def test_parameters_start_from_pytorchs_distribution(name: str, args: Any, kwargs: Any) -> None:
    gradbook.manual_seed(0)
    torch.manual_seed(0)
    mine, theirs = getattr(gradbook.nn, name)(*args, **kwargs), getattr(torch.nn, name)(*args, **kwargs)
    for (key, p), (_, q) in zip(mine.named_parameters(), theirs.named_parameters(), strict=True):
        a, b = array_of(p).astype("f8"), array_of(q).astype("f8")
        assert abs(a.std() - b.std()) <= 6 * max(b.std(), 1e-9) / np.sqrt(2 * a.size) * 1.5 + 1e-12, key
        assert abs(a.mean() - b.mean()) <= 8 * b.std() / np.sqrt(a.size) + 1e-12, key
        spread = (abs(b).max() / b.std()) if b.std() else 0
        if 0 < spread < 1.8:  # uniform: the bounds are the distribution
            assert abs(a).max() <= abs(b).max() * (1 + 20 / a.size), key


def test_padding_row_and_pretrained() -> None:
    table = gradbook.nn.Embedding(5, 3, padding_idx=-2)
    assert not table.weight.detach().numpy()[3].any()
    table(gradbook.tensor([3, 1])).sum().backward()
    assert not table.weight.grad.numpy()[3].any()
    frozen = gradbook.nn.Embedding.from_pretrained(gradbook.ones(2, 3))
    assert not frozen.weight.requires_grad


def test_lazy_layers_become_plain() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = gradbook.nn.Sequential(
            gradbook.nn.LazyConv2d(4, 3),
            gradbook.nn.LazyBatchNorm2d(),
            gradbook.nn.Flatten(),
            gradbook.nn.LazyLinear(2),
        )
    assert "LazyLinear(in_features=0, out_features=2, bias=True)" in repr(net)
    net(gradbook.ones(2, 3, 6, 6)).sum().backward()
    assert [type(m).__name__ for m in net] == ["Conv2d", "BatchNorm2d", "Flatten", "Linear"]
    assert tuple(net[3].weight.grad.shape) == (2, 64)


def test_batch_norm_in_eval_learns_nothing() -> None:
    layer = gradbook.nn.BatchNorm1d(3).eval()
    layer(gradbook.randn(8, 3))
    assert layer.running_mean.tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="expected 2D or 3D input"):
        layer(gradbook.randn(2, 3, 4, 4))


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize(
    "options", [{}, {"add_zero_attn": True, "add_bias_kv": True}, {"kdim": 5, "vdim": 7}, {"batch_first": True}]
)
def test_multihead_attention(options: dict[str, Any], need_weights: bool) -> None:
    mine, theirs = pair("MultiheadAttention", (8, 2), options)
    first = options.get("batch_first", False)
    sizes = [(4, 8), (5, options.get("kdim", 8)), (5, options.get("vdim", 8))]
    arrays = [draw(*((3, n) if first else (n, 3)), e, seed=i, dtype="float64") for i, (n, e) in enumerate(sizes)]
    padding = np.zeros((3, 5), bool)
    padding[1, 3:] = True
    found = []
    for lib, module in ((gradbook, mine), (torch, theirs)):
        q, k, v = (lib.tensor(a, requires_grad=True) for a in arrays)
        mask = lib.tensor(draw(4, 5, seed=7, dtype="float64"))
        fill = lib.tensor(np.where(padding, -np.inf, 0.0))
        out, weights = module(q, k, v, key_padding_mask=fill, attn_mask=mask, need_weights=need_weights)
        (out * out).sum().backward()
        found.append(
            [out, *([weights] if need_weights else []), q.grad, k.grad, v.grad, *(p.grad for p in module.parameters())]
        )
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(array_of(a), array_of(b), rtol=1e-8, atol=1e-10)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
def test_transformer() -> None:
    mine, theirs = pair("Transformer", (8, 2, 1, 2, 16), {"dropout": 0.0})
    src, tgt = draw(5, 3, 8, dtype="float64"), draw(4, 3, 8, seed=1, dtype="float64")
    outs = []
    for lib, module in ((gradbook, mine), (torch, theirs)):
        mask = module.generate_square_subsequent_mask(4).double()
        outs.append(array_of(module(lib.tensor(src), lib.tensor(tgt), tgt_mask=mask)))
    np.testing.assert_allclose(outs[0], outs[1], rtol=1e-8, atol=1e-10)
    assert repr(mine) == repr(theirs)


def test_packed_sequences() -> None:
    for name in ("LSTM", "GRU"):
        mine, theirs = pair(name, (4, 5, 2), {"bidirectional": True})
        x, lengths = draw(6, 3, 4, dtype="float64"), [3, 6, 2]
        found = []
        for lib, module in ((gradbook, mine), (torch, theirs)):
            rnn = lib.nn.utils.rnn
            packed = rnn.pack_padded_sequence(lib.tensor(x), lib.tensor(lengths), enforce_sorted=False)
            out, last = module(packed)
            padded, sizes = rnn.pad_packed_sequence(out)
            found.append([array_of(t) for t in (padded, sizes, *(last if name == "LSTM" else (last,)))])
        for a, b in zip(*found, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_data_of_a_lazy_layer_may_be_filled_before_it_is_there() -> None:
    layer = gradbook.nn.LazyLinear(2)
    assert layer.weight.data.normal_(0, 0.01).shape == layer.bias.data.fill_(3).shape == (0,)
    assert not layer.weight.is_cuda
    assert layer(gradbook.ones(4, 3)).shape == (4, 2)
    assert not bool((layer.bias == 3).any())
