"""While a call is recorded, what nobody can read any more costs no memory, and what somebody can read stays."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import kernels, nn, optim
from gradbook.compiler import dropping, recording
from gradbook.compiler.dropping import drop_dead
from gradbook.compiler.recording import Recorder
from gradbook.nn import functional as F
from gradbook.ops import workspace
from gradbook.tensor import Tensor
from tests.engine.compiler.test_compile import none, same, state_of

pytestmark = pytest.mark.skipif(dropping.advise() is None, reason="memory cannot be dropped on this system")
SIZE = 1 << 20


def owned() -> Any:
    return np.full(SIZE // 4, 7, np.float32)


def used_again() -> Any:
    array = workspace.empty(np, (SIZE // 4,), np.float32)
    array.fill(7)
    return array


HOLDERS: dict[str, Callable[[Any], Any]] = {
    "the array": lambda array: array,
    "a view": lambda array: array[1:3],
    "a view of a view": lambda array: array[:-2].reshape(-1, 2).T[0],
    "a tensor": Tensor._of,
    "a tensor of a part": lambda array: Tensor._of(array[:5]),
    "a buffer": memoryview,
    "an address": lambda array: array.ctypes.data_as(ctypes.c_void_p),
    "an interface": lambda array: np.asarray(memoryview(array)),
}


SHOWN = {name for name in HOLDERS if name.split()[-1] in ("array", "view", "tensor", "part")}


@pytest.mark.parametrize("make", [owned, used_again])
@pytest.mark.parametrize(("holder", "shown"), [(name, shown) for name in HOLDERS for shown in (False, name in SHOWN)])
def test_memory_is_dropped_once_nobody_refers_to_it(make: Callable[[], Any], holder: str, shown: bool) -> None:
    recorder, array = Recorder(), make()
    address = array.ctypes.data
    recorder.memory.window(array, "temporary")
    held = HOLDERS[holder](array)
    if shown:  # the recording refers to it too
        recorder.kept.append(held)
        if isinstance(held, np.ndarray):
            recorder.memory.find(held)
    del array
    assert drop_dead(recorder) == 0
    values = np.frombuffer((ctypes.c_char * SIZE).from_address(address), np.float32)
    assert (values == 7).all()
    del held
    assert SIZE - 2 * dropping.mmap.PAGESIZE <= drop_dead(recorder) <= SIZE
    assert values[SIZE // 8] == 0
    assert drop_dead(recorder) == 0  # it is gone


@pytest.mark.parametrize("kind", ["outside", "constant", "grad", "input", "late"])
def test_what_a_plan_reads_of_the_call_stays(kind: str) -> None:
    recorder = Recorder()
    recorder.memory.window(owned(), kind)
    assert drop_dead(recorder) == 0


def test_memory_of_others_stays() -> None:
    recorder, memory = Recorder(), bytearray(SIZE)
    recorder.memory.window(np.frombuffer(memory, np.float32), "temporary")
    assert drop_dead(recorder) == 0


def test_a_tensor_of_the_call_keeps_what_backward_needs() -> None:
    recorder, x = Recorder(), gradbook.randn(512, 512, requires_grad=True)
    with gradbook.events.observing(recorder):
        loss = (x * 2).exp().mean()
    recorder.failure = None
    drop_dead(recorder)
    loss.backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.exp(2 * x.detach().numpy()) / x.numel(), rtol=1e-5)


@pytest.fixture
def eagerly(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Whatever can be dropped is dropped, after each op and rule. -> how many bytes each time"""
    dropped: list[int] = []

    def counted(recorder: Recorder) -> int:
        dropped.append(drop_dead(recorder))
        return dropped[-1]

    monkeypatch.setattr(dropping, "SMALL", 1)
    monkeypatch.setattr(recording, "EVERY", 0)
    monkeypatch.setattr(recording, "drop_dead", counted)
    return dropped


def convolutional() -> nn.Module:
    layers = [nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.2),
              nn.Conv2d(16, 8, 3), nn.GELU(), nn.Flatten(), nn.Linear(8 * 14 * 14, 10)]  # fmt: skip
    return nn.Sequential(*layers)


def test_a_training_step_is_what_it_was(eagerly: list[int]) -> None:
    def build() -> Any:
        net = convolutional()
        x, y = gradbook.randn(16, 3, 32, 32), gradbook.randint(0, 10, (16,))
        opt = optim.SGD(net.parameters(), lr=0.05, momentum=0.9)

        def step() -> tuple[Tensor, Tensor]:
            opt.zero_grad()
            out = net(x)
            loss = F.cross_entropy(out, y)
            loss.backward()
            opt.step()
            return loss, out.detach()

        return step, none, state_of(net, opt)

    same(build)
    assert sum(eagerly) > 6 << 20


def test_results_views_and_what_is_seen_by_python_stay(eagerly: list[int]) -> None:
    def build() -> Any:
        x = gradbook.randn(300, 100, requires_grad=True)
        held: list[Any] = []

        def step() -> Any:
            x.grad = None
            h = (x * 2).tanh()
            part, turned = (h + 1)[5:200, ::2], (h - 1).T
            y = h.exp().clamp(max=2)
            y.mean().backward()
            held[:] = [h.detach(), (h * 3)[1:].detach()]
            return part, turned, part.detach() * 2, y.detach()[0]

        return step, none, lambda: [x.grad, *held]

    same(build)
    assert sum(eagerly) > 0


def test_a_recorded_chain_needs_a_few_of_its_values_at_a_time() -> None:
    x = y = gradbook.randn(1 << 20)
    recorder, sizes = Recorder([x]), []
    with gradbook.no_grad(), gradbook.events.observing(recorder):
        for _ in range(60):
            y = y.sin()
            sizes.append(int(Path("/proc/self/statm").read_text().split()[1]) * dropping.mmap.PAGESIZE)
    assert recorder.failure is None
    assert max(sizes) - sizes[0] < 80 << 20  # of the 240 MB that were computed


def test_a_convolution_is_run_again_for_a_rule_without_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    if not kernels.usable():
        pytest.skip("there are no kernels here")
    from gradbook.compiler import lower

    def build() -> Any:
        net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3, padding=1), nn.Tanh())
        x = gradbook.randn(2, 3, 9, 9)

        def step() -> Tensor:
            net.zero_grad()
            loss = net(x).square().mean()
            loss.backward()
            return loss

        return step, none, state_of(net)

    (variant,) = next(iter(same(build).variants.values()))
    assert variant.plan.left == []
    monkeypatch.delitem(lower.NATIVE, ("rule", "conv2d.weight"))
    (variant,) = next(iter(same(build).variants.values()))
    assert len(variant.plan.left) == 2


def test_a_plan_has_no_memory_for_what_its_kernels_leave_out() -> None:
    if not kernels.usable():
        pytest.skip("there are no kernels here")
    net, x = nn.Sequential(nn.Conv2d(8, 8, 5, padding=2), nn.ReLU()), gradbook.randn(4, 8, 32, 32)

    def step() -> Tensor:
        net.zero_grad()
        loss = net(x).mean()
        loss.backward()
        return loss

    made = gradbook.compile(step, options={"wait": True})
    for _ in range(3):
        made()
    ((variant,),) = made.variants.values()
    assert variant.plan.pool.size <= 5 * x.numel() * 4  # the unfolded windows alone are 25 of it
