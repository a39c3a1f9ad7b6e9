"""Convolutions of every kind and images resized, compiled: results, states and gradients are those of eager."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import gradbook
from gradbook import kernels, nn, optim
from tests.engine.compiler.test_compile import none, same, state_of

LAYERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "transposed": (lambda: nn.ConvTranspose2d(6, 5, 3), (2, 6, 5, 7)),
    "transposed, no bias": (lambda: nn.ConvTranspose2d(6, 5, 3, bias=False), (2, 6, 5, 7)),
    "transposed, larger": (lambda: nn.ConvTranspose2d(20, 33, 4, stride=2, padding=1), (3, 20, 5, 4)),
    "transposed, left over": (lambda: nn.ConvTranspose2d(4, 6, 3, stride=3, output_padding=2), (2, 4, 3, 4)),
    "transposed, apart": (lambda: nn.ConvTranspose2d(4, 6, (3, 2), dilation=(2, 3), padding=(1, 0)), (2, 4, 6, 5)),
    "transposed, groups": (lambda: nn.ConvTranspose2d(6, 9, 3, stride=2, groups=3), (2, 6, 4, 5)),
    "transposed, each alone": (lambda: nn.ConvTranspose2d(17, 17, 3, padding=1, groups=17), (2, 17, 6, 6)),
    "transposed, one image": (lambda: nn.ConvTranspose2d(3, 4, 2, stride=2), (3, 4, 5)),
    "transposed, Winograd": (lambda: nn.ConvTranspose2d(32, 48, 3, padding=1), (2, 32, 9, 8)),
    "transposed, a line": (lambda: nn.ConvTranspose1d(5, 7, 4, stride=2, padding=1, output_padding=1), (2, 5, 9)),
    "1 x 1": (lambda: nn.Conv2d(32, 40, 1), (3, 32, 5, 6)),
    "1 x 1, odd": (lambda: nn.Conv2d(37, 5, 1, bias=False), (3, 37, 5, 6)),
    "1 x 1, stride": (lambda: nn.Conv2d(16, 33, 1, stride=2), (3, 16, 7, 6)),
    "resized": (lambda: nn.Upsample(scale_factor=2, mode="bilinear"), (2, 3, 5, 4)),
    "resized, nearest": (lambda: nn.Upsample((7, 9)), (2, 3, 5, 4)),
    "resized, cubic": (lambda: nn.Upsample((4, 9), mode="bicubic", align_corners=True), (2, 3, 5, 4)),
    "means of windows": (lambda: nn.AdaptiveAvgPool2d((3, 2)), (2, 3, 5, 7)),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_and_its_gradients(name: str) -> None:
    def build() -> Any:
        make, shape = LAYERS[name]
        layer, x = make(), gradbook.randn(*shape, requires_grad=True)
        opt = optim.SGD([*layer.parameters(), x], lr=0.1)

        def step() -> Any:
            opt.zero_grad()
            out = layer(x)
            loss = (out * out.detach().cos()).mean()
            loss.backward()
            opt.step()
            return loss, out.detach()

        return step, none, lambda: [state_of(layer)(), x, x.grad]

    made = same(build)
    (variants,) = made.variants.values()
    if kernels.usable() and "nearest" not in name:  # lines are picked by the engine
        assert variants[0].plan.left == []


def test_the_gradient_of_a_weight_is_added_to_what_is_there() -> None:
    def build() -> Any:
        layers = [nn.Conv2d(32, 19, 1), nn.ConvTranspose2d(19, 8, 3)]
        x = gradbook.randn(2, 32, 6, 6)
        weights = [parameter for layer in layers for parameter in layer.parameters()]

        def step() -> Any:
            for weight in weights:
                weight.grad = None
            for part in (x, x * 0.5):
                layers[1](layers[0](part)).square().mean().backward()
            return weights[0].grad.sum()

        return step, none, lambda: [weight.grad for weight in weights]

    same(build)
