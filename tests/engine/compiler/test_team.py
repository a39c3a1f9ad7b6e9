"""A compiled step gives the same bits by any number of threads, and to several Python threads at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import nn, optim
from gradbook.kernels.host import unavailable
from gradbook.nn import functional as F
from gradbook.tensor import Tensor

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)

from gradbook.kernels import now, winograd
from gradbook.kernels.pace import Paced
from gradbook.kernels.team import Team


@pytest.fixture
def by(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """by(n): all programs are run by n threads from now on."""
    made = Team()

    def choose(threads: int) -> None:
        monkeypatch.setattr(Paced, "run", lambda paced: ran.append(made.run(paced.program, threads, 0.2)))

    ran: list[int] = []
    choose.ran = ran  # type: ignore[attr-defined]  # how many took part, run by run
    yield choose
    made.close()


class Attention(nn.Module):
    """One block of a small transformer."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.parts, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        n, length, width = x.shape
        q, k, v = (
            part.reshape(n, length, self.heads, width // self.heads).transpose(1, 2)
            for part in self.parts(self.before(x)).split(width, dim=2)
        )
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(n, length, width))
        return x + self.down(F.gelu(self.up(self.between(x))))


class Language(nn.Module):
    """A tiny language model."""

    def __init__(self, words: int = 29, width: int = 32) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(words, width), nn.Embedding(12, width)
        self.first, self.second = Attention(width, 2), Attention(width, 4)
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, words)

    def forward(self, index: Tensor) -> Tensor:
        x = self.words(index) + self.places(gradbook.arange(index.shape[1]))
        return self.head(self.norm(self.second(self.first(x)))).reshape(-1, 29)


def mlp() -> tuple[nn.Module, Tensor, Tensor]:
    model = nn.Sequential(nn.Linear(37, 64), nn.ReLU(), nn.Linear(64, 50), nn.Tanh(), nn.Linear(50, 10))
    return model, gradbook.randn(70, 37), gradbook.randint(0, 10, (70,))


def conv_net() -> tuple[nn.Module, Tensor, Tensor]:
    model = nn.Sequential(
        nn.Conv2d(3, 40, 3, padding=1), nn.BatchNorm2d(40), nn.ReLU(), nn.Conv2d(40, 40, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Conv2d(40, 6, 5), nn.Flatten(), nn.Linear(6 * 4, 10),
    )  # fmt: skip
    return model, gradbook.randn(5, 3, 12, 12), gradbook.randint(0, 10, (5,))


def language() -> tuple[nn.Module, Tensor, Tensor]:
    return Language(), gradbook.randint(0, 29, (6, 12)), gradbook.randint(0, 29, (72,))


NETS = {"mlp": mlp, "conv": conv_net, "gpt": language}


def trained(build: Callable[[], tuple[nn.Module, Tensor, Tensor]], steps: int = 5) -> list[Any]:
    """Losses and parameters of a compiled training run."""
    gradbook.manual_seed(0)
    model, x, y = build()
    opt = optim.AdamW(model.parameters(), lr=1e-2)

    @gradbook.compile
    def step() -> Tensor:
        opt.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        opt.step()
        return loss

    losses = [step().item() for _ in range(steps)]
    assert not step.report
    return [np.float32(losses), *(p.detach().numpy().copy() for p in model.parameters())]


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("deterministic", [False, True])
def test_the_number_of_threads_changes_no_bit(
    by: Any, name: str, deterministic: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not deterministic:  # operations that are not compiled round as NumPy does when their shapes come first
        monkeypatch.setattr(now, "at_once", [True])
    gradbook.use_deterministic_algorithms(deterministic)
    try:
        found = []
        trained(NETS[name])  # kernels that eager steps use once they are there, are there
        for threads in (1, 2):
            by(threads)
            found.append(trained(NETS[name]))
            assert threads in by.ran
    finally:
        gradbook.use_deterministic_algorithms(False)
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_what_is_to_be_deterministic_does_without_winograd(monkeypatch: pytest.MonkeyPatch) -> None:
    def convolved() -> Any:
        gradbook.manual_seed(1)
        layer, x = nn.Conv2d(64, 64, 3, padding=1), gradbook.randn(4, 64, 16, 16)

        @gradbook.compile
        def step() -> Tensor:
            layer.zero_grad()
            loss = (layer(x) ** 2).mean()
            loss.backward()
            return loss

        return step, layer

    used: list[int] = []
    for name in ("winograd", "winograd_weight"):
        real = getattr(winograd, name)
        from gradbook.kernels import conv

        monkeypatch.setattr(conv, name, lambda job, m, real=real: (used.append(m), real(job, m)))
    step, layer = convolved()
    for _ in range(3):
        step()
    assert used
    used.clear()
    gradbook.use_deterministic_algorithms(True)
    try:
        for _ in range(3):
            step()  # the same function: another plan
        precise = layer.weight.grad.numpy().copy()
    finally:
        gradbook.use_deterministic_algorithms(False)
    assert not used
    step()
    np.testing.assert_allclose(layer.weight.grad.numpy(), precise, rtol=0, atol=1e-4 * np.abs(precise).max())


def test_several_threads_may_call_one_compiled_function() -> None:
    layer = nn.Sequential(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 64))
    function = gradbook.compile(lambda x: layer(x))
    inputs = [gradbook.randn(80, 64) for _ in range(4)]
    with gradbook.no_grad():
        wanted = [layer(x).numpy() for x in inputs]
        for x in inputs:
            function(x)
    wrong: list[float] = []

    def work(i: int) -> None:
        with gradbook.no_grad():
            for _ in range(200):
                wrong.append(float(np.abs(function(inputs[i]).numpy() - wanted[i]).max()))

    callers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not function.report
    assert max(wrong) < 1e-4
