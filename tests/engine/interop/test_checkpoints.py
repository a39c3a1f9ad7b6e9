"""The standard checkpoints by their very names and layouts: torchvision's ResNet, GPT-2 and BERT, small and random.

Each network is written once and built in both libraries; PyTorch writes its checkpoint, gradbook reads it.
"""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

import gradbook
from gradbook.interop import safetensors

torch = pytest.importorskip("torch")


def resnet(lib, bottleneck):
    """torchvision's names: conv1, bn1, layer1.0.conv1, layer2.0.downsample.0, fc."""
    nn = lib.nn

    class Block(nn.Module):
        def __init__(self, inputs, planes, stride):
            super().__init__()
            self.widened = planes * (4 if bottleneck else 1)
            if bottleneck:
                self.conv1 = nn.Conv2d(inputs, planes, 1, bias=False)
                self.conv2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False)
                self.conv3 = nn.Conv2d(planes, self.widened, 1, bias=False)
                self.bn3 = nn.BatchNorm2d(self.widened)
            else:
                self.conv1 = nn.Conv2d(inputs, planes, 3, stride, 1, bias=False)
                self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
            self.bn1, self.bn2 = nn.BatchNorm2d(planes), nn.BatchNorm2d(planes)
            self.relu = nn.ReLU(inplace=True)
            self.downsample = None
            if stride != 1 or inputs != self.widened:
                self.downsample = nn.Sequential(
                    nn.Conv2d(inputs, self.widened, 1, stride, bias=False), nn.BatchNorm2d(self.widened)
                )

        def forward(self, x):
            y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
            if bottleneck:
                y = self.bn3(self.conv3(self.relu(y)))
            return self.relu(y + (x if self.downsample is None else self.downsample(x)))

    class ResNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(3, 4, 7, 2, 3, bias=False), nn.BatchNorm2d(4)
            self.relu, self.maxpool = nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
            inputs = 4
            for i, planes in enumerate((4, 8, 16, 32), 1):
                blocks = []
                for j in range(2):
                    blocks.append(Block(inputs, planes, 2 if i > 1 and j == 0 else 1))
                    inputs = blocks[-1].widened
                setattr(self, f"layer{i}", nn.Sequential(*blocks))
            self.avgpool, self.fc = nn.AdaptiveAvgPool2d((1, 1)), nn.Linear(inputs, 10)

        def forward(self, x):
            x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
            x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
            return self.fc(lib.flatten(self.avgpool(x), 1))

    return ResNet()


def gpt2(lib):
    """Hugging Face's names: transformer.h.0.attn.c_attn.weight as (in, out), attn.bias the mask, lm_head tied."""
    nn, width, heads, places, words = lib.nn, 16, 2, 8, 11

    class Conv1D(nn.Module):
        def __init__(self, outputs, inputs):
            super().__init__()
            self.weight, self.bias = nn.Parameter(lib.empty(inputs, outputs)), nn.Parameter(lib.zeros(outputs))
            nn.init.normal_(self.weight, std=0.02)

        def forward(self, x):
            return lib.addmm(self.bias, x.view(-1, x.size(-1)), self.weight).view(*x.size()[:-1], -1)

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            mask = lib.tril(lib.ones((places, places), dtype=lib.bool)).view(1, 1, places, places)
            self.register_buffer("bias", mask)
            self.register_buffer("masked_bias", lib.tensor(-1e4))
            self.c_attn, self.c_proj = Conv1D(3 * width, width), Conv1D(width, width)

        def forward(self, x):
            n, t, _ = x.shape
            q, k, v = (p.view(n, t, heads, -1).transpose(1, 2) for p in self.c_attn(x).split(width, dim=2))
            scores = q @ k.transpose(-1, -2) / math.sqrt(width // heads)
            scores = lib.where(self.bias[:, :, :t, :t], scores, self.masked_bias.to(scores.dtype))
            y = scores.softmax(-1) @ v
            return self.c_proj(y.permute(0, 2, 1, 3).contiguous().view(n, t, width))

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.ln_1, self.attn, self.ln_2 = nn.LayerNorm(width), Attention(), nn.LayerNorm(width)
            self.mlp = nn.ModuleDict({"c_fc": Conv1D(4 * width, width), "c_proj": Conv1D(width, 4 * width)})

        def forward(self, x):
            x = x + self.attn(self.ln_1(x))
            return x + self.mlp["c_proj"](nn.functional.gelu(self.mlp["c_fc"](self.ln_2(x)), approximate="tanh"))

    class GPT2(nn.Module):
        def __init__(self):
            super().__init__()
            self.transformer = nn.ModuleDict(
                {
                    "wte": nn.Embedding(words, width),
                    "wpe": nn.Embedding(places, width),
                    "h": nn.ModuleList([Block(), Block()]),
                    "ln_f": nn.LayerNorm(width),
                }
            )
            self.lm_head = nn.Linear(width, words, bias=False)
            self.lm_head.weight = self.transformer["wte"].weight

        def forward(self, words):
            parts = self.transformer
            x = parts["wte"](words) + parts["wpe"](lib.arange(words.shape[1]))
            for block in parts["h"]:
                x = block(x)
            return self.lm_head(parts["ln_f"](x))

    return GPT2()


def bert(lib):
    """Hugging Face's names: bert.embeddings.word_embeddings, encoder.layer.0.attention.self.query, pooler.dense."""
    nn, width, heads = lib.nn, 12, 3

    class Holder(nn.Module):
        def __init__(holder, /, **parts):
            super().__init__()
            for name, part in parts.items():
                setattr(holder, name, part)

    class Embeddings(nn.Module):
        def __init__(self):
            super().__init__()
            self.word_embeddings = nn.Embedding(13, width, padding_idx=0)
            self.position_embeddings, self.token_type_embeddings = nn.Embedding(9, width), nn.Embedding(2, width)
            self.LayerNorm, self.dropout = nn.LayerNorm(width, eps=1e-12), nn.Dropout(0.1)
            self.register_buffer("position_ids", lib.arange(9).expand((1, -1)))

        def forward(self, words, kinds):
            places = self.position_ids[:, : words.size(1)]
            x = self.word_embeddings(words) + self.position_embeddings(places) + self.token_type_embeddings(kinds)
            return self.dropout(self.LayerNorm(x))

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            own = {name: nn.Linear(width, width) for name in ("query", "key", "value")}
            self.attention = Holder(
                self=Holder(**own), output=Holder(dense=nn.Linear(width, width), LayerNorm=nn.LayerNorm(width))
            )
            self.intermediate = Holder(dense=nn.Linear(width, 4 * width))
            self.output = Holder(dense=nn.Linear(4 * width, width), LayerNorm=nn.LayerNorm(width))

        def forward(self, x, mask):
            n, t, _ = x.shape
            own, out = self.attention.self, self.attention.output
            q, k, v = (f(x).view(n, t, heads, -1).permute(0, 2, 1, 3) for f in (own.query, own.key, own.value))
            y = lib.softmax(q @ k.transpose(-1, -2) / math.sqrt(width // heads) + mask, dim=-1) @ v
            x = out.LayerNorm(out.dense(y.permute(0, 2, 1, 3).reshape(n, t, width)) + x)
            return self.output.LayerNorm(self.output.dense(nn.functional.gelu(self.intermediate.dense(x))) + x)

    class Bert(nn.Module):
        def __init__(self):
            super().__init__()
            self.bert = Holder(
                embeddings=Embeddings(),
                encoder=Holder(layer=nn.ModuleList([Layer(), Layer()])),
                pooler=Holder(dense=nn.Linear(width, width), activation=nn.Tanh()),
            )
            self.classifier = nn.Linear(width, 2)

        def forward(self, words):
            mask = (1.0 - (words != 0).to(lib.float32)[:, None, None, :]) * -10000.0
            x = self.bert.embeddings(words, lib.zeros_like(words))
            for layer in self.bert.encoder.layer:
                x = layer(x, mask)
            return self.classifier(self.bert.pooler.activation(self.bert.pooler.dense(x[:, 0])))

    return Bert()


IMAGES = np.random.default_rng(0).normal(size=(2, 3, 64, 64)).astype(np.float32)
WORDS = np.random.default_rng(1).integers(0, 11, (2, 7))
NETWORKS = {
    "resnet18": SimpleNamespace(build=lambda lib: resnet(lib, False), x=IMAGES, name="layer2.0.downsample.1.weight"),
    "resnet50": SimpleNamespace(build=lambda lib: resnet(lib, True), x=IMAGES, name="layer4.1.bn3.num_batches_tracked"),
    "gpt2": SimpleNamespace(build=gpt2, x=WORDS, name="transformer.h.1.attn.c_attn.weight"),
    "bert": SimpleNamespace(build=bert, x=WORDS, name="bert.encoder.layer.1.attention.output.LayerNorm.weight"),
}  # fmt: skip


def random_state(model):
    """Random numbers in every place, running variances positive."""
    rng = np.random.default_rng(2)
    for tensor in model.state_dict().values():
        if tensor.dtype == torch.float32 and tensor.ndim:
            values = rng.normal(size=tuple(tensor.shape)) * (0.3 if tensor.ndim > 1 else 0.1)
            tensor.copy_(torch.tensor(values if tensor.ndim > 1 else np.abs(values) + 0.5))
    return model


@pytest.mark.parametrize("kind", ["zip", "before 1.6", "safetensors"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_standard_checkpoint(name, kind, tmp_path):
    case = NETWORKS[name]
    theirs, mine = random_state(case.build(torch)).eval(), case.build(gradbook).eval()
    path = tmp_path / "checkpoint"
    if kind == "safetensors":
        from safetensors.torch import save_model

        save_model(theirs, str(path))
        missing, unexpected = safetensors.load_model(mine, path)
    else:
        torch.save(theirs.state_dict(), path, _use_new_zipfile_serialization=kind == "zip")
        missing, unexpected = mine.load_state_dict(gradbook.load(path, map_location="cpu"))
    assert (list(missing), list(unexpected)) == ([], [])
    assert list(mine.state_dict()) == list(theirs.state_dict())
    assert case.name in mine.state_dict()
    expected = theirs(torch.tensor(case.x)).detach().numpy()
    with gradbook.no_grad():
        found = mine(gradbook.tensor(case.x)).numpy()
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-5 * np.abs(expected).max())
    gradbook.save(mine.state_dict(), path)
    theirs.load_state_dict(torch.load(path))


def test_names_of_old_bert_checkpoints_are_mapped_by_the_users_own_lines(tmp_path):
    """gamma and beta, and a prefix of DataParallel: what the loading code of real projects does to the dict."""
    theirs, mine = random_state(bert(torch)).eval(), bert(gradbook).eval()
    old = {}
    for name, tensor in theirs.state_dict().items():
        renamed = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        old["module." + renamed] = tensor
    torch.save(old, tmp_path / "pytorch_model.bin")
    state = gradbook.load(tmp_path / "pytorch_model.bin")
    for key in list(state):
        new = key.removeprefix("module.").replace("gamma", "weight").replace("beta", "bias")
        state[new] = state.pop(key)
    assert str(mine.load_state_dict(state)) == "<All keys matched successfully>"
    np.testing.assert_array_equal(mine.classifier.bias.tolist(), theirs.classifier.bias.tolist())
