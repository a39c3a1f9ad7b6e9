"""Texts, orders and refusals of modules that code and notebooks show, as PyTorch's."""

from __future__ import annotations

import collections
import copy
import pickle
import warnings
from typing import Any

import pytest

import gradbook
from tests.parity_tools import same_error, torch

BOTH: list[Any] = [gradbook, torch]
TEXTS: dict[str, Any] = {
    "nested": lambda lib, nn: nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.BatchNorm1d(3))),
    "runs of equals": lambda lib, nn: nn.ModuleList([nn.Linear(1, 2), nn.Linear(1, 2), nn.ReLU()]),
    "module dict": lambda lib, nn: nn.ModuleDict({"b": nn.ReLU(), "a": nn.Linear(1, 1)}),
    "parameter list": lambda lib, nn: nn.ParameterList([nn.Parameter(lib.zeros(2, 3)), lib.zeros(2), 3]),
    "parameter dict": lambda lib, nn: nn.ParameterDict({"y": lib.zeros(2), "x": nn.Parameter(lib.zeros(2)), "z": None}),
    "empty ones": lambda lib, nn: [nn.ModuleList(), nn.ModuleDict(), nn.ParameterList(), nn.ParameterDict()],
    "identity": lambda lib, nn: nn.Identity(3, x=4),
    "recurrent": lambda lib, nn: [nn.LSTM(3, 4, 2, bidirectional=True), nn.GRUCell(2, 3), nn.RNN(2, 3, bias=False)],
    "transformer": lambda lib, nn: nn.Transformer(8, 2, 1, 1, batch_first=True),
    "embeddings": lambda lib, nn: [nn.Embedding(3, 4, padding_idx=0, max_norm=1.0), nn.EmbeddingBag(3, 4, mode="sum")],
    "convolutions": lambda lib, nn: [
        nn.Conv2d(1, 2, 3, padding="same", dilation=2), nn.ConvTranspose2d(2, 4, 3, 2, output_padding=1, groups=2)
    ],
    "pools": lambda lib, nn: [
        nn.MaxPool2d(2, return_indices=True), nn.AdaptiveAvgPool2d((1, None)), nn.AvgPool2d(3, 2, 1), nn.LPPool2d(2, 3),
        nn.MaxUnpool2d(2), nn.AdaptiveMaxPool1d(3),
    ],
    "norms": lambda lib, nn: [
        nn.GroupNorm(2, 4), nn.LayerNorm((3, 4), elementwise_affine=False), nn.RMSNorm(3), nn.InstanceNorm2d(3),
        nn.LocalResponseNorm(2), nn.CrossMapLRN2d(3), nn.SyncBatchNorm(3),
    ],
    "activations": lambda lib, nn: [
        nn.LeakyReLU(0.2, True), nn.Softmax(1), nn.PReLU(4), nn.Hardtanh(-2, 2), nn.Threshold(1, 2), nn.Softplus(),
        nn.GLU(), nn.RReLU(), nn.CELU(), nn.ELU(), nn.SELU(True), nn.GELU("tanh"), nn.Softshrink(), nn.Hardshrink(),
        nn.LogSigmoid(), nn.Mish(), nn.SiLU(True), nn.ReLU6(), nn.Hardswish(), nn.MultiheadAttention(4, 2),
    ],
    "the rest": lambda lib, nn: [
        nn.CrossEntropyLoss(), nn.Dropout(0.3, inplace=True), nn.Bilinear(1, 2, 3), nn.Unflatten(1, (2, 3)),
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), nn.PixelShuffle(2), nn.Fold((4, 4), 2),
        nn.CosineSimilarity(), nn.ZeroPad2d(2), nn.ReflectionPad2d((1, 2, 3, 4)), nn.ConstantPad1d(2, 1.5),
        nn.ChannelShuffle(2), nn.Flatten(), nn.UpsamplingNearest2d(scale_factor=2), nn.LinearCrossEntropyLoss(2, 3),
    ],
    "lazy ones": lambda lib, nn: nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.LazyLinear(2)),
    "a new submodule": lambda lib, nn: placed(nn.Sequential(nn.Sequential(nn.ReLU())), "0.3", nn.Tanh()),
}  # fmt: skip


def placed(module: Any, path: str, other: Any) -> Any:
    module.set_submodule(path, other)
    return module


@pytest.mark.parametrize("name", TEXTS)
def test_text(name: str) -> None:
    mine, theirs = (TEXTS[name](lib, lib.nn) for lib in BOTH)
    assert repr(mine) == repr(theirs).replace("torch.", "gradbook.")


REFUSALS: dict[str, Any] = {
    "both kinds of backward hooks": lambda lib: two_kinds(lib.nn.Linear(1, 1)),
    "a lazy weight in use": lambda lib: lib.nn.LazyLinear(3).weight + 1,
    "a lazy shape": lambda lib: lib.nn.LazyLinear(3).weight.shape,
    "a lazy state in a ready layer": lambda lib: lib.nn.Linear(4, 3).load_state_dict(lib.nn.LazyLinear(3).state_dict()),
    "a lazy layer's axes": lambda lib: lib.nn.LazyConv2d(3, 3)(lib.ones(1, 2)),
    "a name with a dot": lambda lib: lib.nn.Linear(1, 1).register_parameter("a.b", None),
    "a taken name": lambda lib: lib.nn.Linear(1, 1).add_module("weight", lib.nn.ReLU()),
    "no parameter": lambda lib: setattr(lib.nn.Linear(1, 1), "weight", lib.zeros(1)),
    "no leaf": lambda lib: lib.nn.Linear(1, 1).register_parameter("q", lib.nn.Parameter(lib.zeros(1)) * 2),
    "no module": lambda lib: lib.nn.Sequential(3),
    "no path": lambda lib: lib.nn.Sequential().set_submodule("", lib.nn.ReLU()),
    "a strict path": lambda lib: lib.nn.Sequential().set_submodule("3", lib.nn.ReLU(), strict=True),
    "integers learn nothing": lambda lib: lib.nn.Parameter(lib.ones(2, dtype=lib.int64)),
    "a list is no module": lambda lib: lib.nn.ModuleList([lib.nn.ReLU()])(1),
    "too far": lambda lib: lib.nn.Sequential(lib.nn.ReLU())[3],
    "times nothing": lambda lib: lib.nn.Sequential(lib.nn.ReLU()) * 0,
    "keys": lambda lib: lib.nn.ModuleDict({"keys": lib.nn.ReLU()}),
}


def two_kinds(module: Any) -> None:
    module.register_full_backward_hook(lambda *args: None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module.register_backward_hook(lambda *args: None)


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals(name: str) -> None:
    same_error(REFUSALS[name])


def test_the_order_of_a_parameter_dict() -> None:
    for lib in BOTH:
        nn = lib.nn
        given = {"b": lib.zeros(1), "a": lib.zeros(2)}
        assert list(nn.ParameterDict(given)) == ["a", "b"]  # as PyTorch: a plain mapping is sorted
        assert list(nn.ParameterDict(collections.OrderedDict(given))) == ["b", "a"]
        assert list(nn.ParameterDict(list(given.items()))) == ["b", "a"]
        assert list(nn.ParameterDict(nn.ParameterDict(list(given.items())))) == ["b", "a"]


def test_new_memory() -> None:
    for lib in BOTH:
        module = lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.BatchNorm1d(3))
        weight = module[0].weight
        assert module.to_empty(device="cpu") is module
        assert isinstance(module[0].weight, lib.nn.Parameter)
        assert tuple(module[0].weight.shape) == (3, 2)
        assert module[0].weight is weight or lib is torch
        assert module[1].num_batches_tracked.dtype == lib.int64


def test_lazy_modules_travel() -> None:
    for lib in BOTH:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            lazy = lib.nn.LazyLinear(3)
        for other in (pickle.loads(pickle.dumps(lazy)), copy.deepcopy(lazy), lazy.double()):
            dtype = other.weight.dtype
            other(lib.ones(2, 4, dtype=dtype))
            assert type(other) is lib.nn.Linear
            assert tuple(other.weight.shape) == (3, 4)
            assert other.weight.requires_grad
        late = lib.nn.LazyLinear(3)
        optimizer = lib.optim.SGD(late.parameters(), lr=1.0)
        late(lib.ones(2, 4)).sum().backward()
        before = late.bias.detach().clone()
        optimizer.step()
        assert (before - late.bias).tolist() == pytest.approx([2.0, 2.0, 2.0])


def test_a_backward_hook_without_gradients_to_inputs_says_so() -> None:
    for lib in BOTH:
        module = lib.nn.Linear(2, 1)
        seen: list[Any] = []
        module.register_full_backward_hook(lambda m, gi, go, seen=seen: seen.append((gi, go[0].shape)))
        with pytest.warns(UserWarning, match="Full backward hook is firing"):
            module(lib.ones(3, 2)).sum().backward()
        assert seen[0][0] == (None,)
        assert tuple(seen[0][1]) == (3, 1)
