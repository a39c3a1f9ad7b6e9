"""Names of torch.nn and torch.optim are found where PyTorch code imports them from."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

import gradbook
from tests.parity_tools import torch

PATHS = [
    "nn.modules.batchnorm._BatchNorm", "nn.modules.batchnorm._NormBase", "nn.modules.conv._ConvNd",
    "nn.modules.conv._ConvTransposeNd", "nn.modules.conv._pair", "nn.modules.utils._pair", "nn.modules.utils._single",
    "nn.modules.utils._triple", "nn.modules.utils._ntuple", "nn.modules.utils._quadruple",
    "nn.modules.utils._reverse_repeat_tuple", "nn.modules.utils.consume_prefix_in_state_dict_if_present",
    "nn.modules.loss._Loss", "nn.modules.loss._WeightedLoss", "nn.modules.module.Module",
    "nn.modules.module._addindent", "nn.modules.module.register_module_forward_hook",
    "nn.modules.module._IncompatibleKeys", "nn.modules.linear.NonDynamicallyQuantizableLinear",
    "nn.modules.activation.MultiheadAttention", "nn.modules.activation.ReLU", "nn.modules.container.Sequential",
    "nn.modules.dropout._DropoutNd", "nn.modules.pooling._MaxPoolNd", "nn.modules.pooling._AvgPoolNd",
    "nn.modules.pooling._AdaptiveAvgPoolNd", "nn.modules.instancenorm._InstanceNorm", "nn.modules.lazy.LazyModuleMixin",
    "nn.modules.padding._ConstantPadNd", "nn.modules.padding._ReflectionPadNd", "nn.modules.pixelshuffle.PixelShuffle",
    "nn.modules.upsampling.Upsample", "nn.modules.flatten.Flatten", "nn.modules.fold.Unfold",
    "nn.modules.distance.CosineSimilarity", "nn.modules.channelshuffle.ChannelShuffle", "nn.modules.rnn.RNNBase",
    "nn.modules.adaptive.AdaptiveLogSoftmaxWithLoss", "nn.modules.sparse.Embedding",
    "nn.modules.transformer.TransformerEncoderLayer", "nn.modules.transformer._get_clones",
    "nn.modules.normalization.LayerNorm", "nn.common_types._size_2_t", "nn.parameter.Parameter",
    "nn.utils.rnn.pack_padded_sequence", "nn.utils.parametrize.ParametrizationList", "nn.utils.prune.l1_unstructured",
    "nn.utils.clip_grad.clip_grad_norm_", "nn.utils.fusion.fuse_conv_bn_eval", "nn.utils.init.skip_init",
    "nn.attention.SDPBackend", "nn.attention.bias.causal_lower_right", "nn.parallel.DataParallel",
    "nn.parallel.DistributedDataParallel", "nn.parallel.data_parallel.DataParallel", "nn.parallel.replicate",
    "nn.grad.conv2d_weight", "nn._reduction.get_enum", "nn.factory_kwargs",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_name_is_where_pytorch_has_it(path: str) -> None:
    module, _, name = path.rpartition(".")
    for lib in ("torch", "gradbook"):
        place: Any = importlib.import_module(f"{lib}.{module}")
        assert hasattr(place, name), f"{lib}.{path}"
    assert torch is not None


def test_nothing_of_nn_is_absent() -> None:
    """But what is quantised, and what belongs to PyTorch's own building."""
    elsewhere = {"FractionalMaxPool2d", "FractionalMaxPool3d", "intrinsic", "qat", "quantizable", "quantized"}
    absent = {name for name in dir(torch.nn) if not name.startswith("_") and not hasattr(gradbook.nn, name)}
    assert absent <= elsewhere


def test_prefixes_are_taken_off() -> None:
    for lib in (torch, gradbook):
        utils = importlib.import_module(f"{lib.__name__}.nn.modules.utils")
        state = lib.nn.DataParallel(lib.nn.Sequential(lib.nn.Linear(1, 2))).state_dict()
        utils.consume_prefix_in_state_dict_if_present(state, "module.")
        assert list(state) == ["0.weight", "0.bias"]
        assert "0" in state._metadata
        lib.nn.Sequential(lib.nn.Linear(1, 2)).load_state_dict(state)
