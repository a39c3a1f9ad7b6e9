"""torch.cuda asked on a machine without a GPU: PyTorch's answers, or its exception types."""

from __future__ import annotations

from typing import Any

import pytest

import gradbook
from gradbook import cuda
from gradbook.errors import DeviceError, MissingExtraError

torch: Any = pytest.importorskip("torch")

without_gpu = pytest.mark.skipif(
    cuda.device_count() > 0 or torch.cuda.device_count() > 0, reason="there is a GPU, so the answers differ"
)


def ask(module: Any, question: str) -> tuple[str, Any]:
    """What an expression gives, or the type of what it raises."""
    try:
        return "gives", eval(question, {"torch": module})
    except Exception as error:
        return "raises", type(error)


@without_gpu
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "question",
    """torch.cuda.is_available() torch.cuda.device_count() torch.cuda.current_device() torch.cuda.get_device_name()
    torch.cuda.get_device_name(0) torch.cuda.get_device_properties(0) torch.cuda.get_device_capability()
    torch.cuda.set_device(-1) torch.cuda.empty_cache() torch.cuda.memory_allocated() torch.cuda.memory_reserved()
    torch.cuda.max_memory_allocated() torch.cuda.max_memory_reserved() torch.cuda.memory_cached()
    torch.cuda.memory_stats() torch.cuda.mem_get_info() torch.cuda.manual_seed(1) torch.cuda.manual_seed_all(1)
    torch.cuda.seed() torch.cuda.seed_all() torch.cuda.initial_seed() torch.cuda.get_rng_state()
    torch.cuda.get_rng_state_all() torch.cuda.set_rng_state(torch.get_rng_state()) torch.cuda.is_bf16_supported()
    torch.cuda.is_tf32_supported() torch.cuda.is_initialized() torch.cuda.init() torch.cuda.Stream()
    torch.cuda.Event() torch.cuda.current_stream() torch.cuda.default_stream() torch.cuda.get_arch_list()
    torch.cuda.device(0).__enter__() torch.cuda.device(-1).__enter__() torch.cuda.device_of(torch.ones(1)).__enter__()
    torch.cuda.stream(None).__enter__() torch.cuda.can_device_access_peer(0,1) torch.cuda.has_half
    torch.cuda.set_per_process_memory_fraction(0.5) torch.cuda.FloatTensor(2) torch.cuda.no_such_name
    torch.cuda.get_device_name('cuda:0') torch.ones(2).cuda() torch.ones(2,device='cuda') torch.nn.Linear(1,1).cuda()
    torch.nn.Linear(1,1).to('cuda')""".split(),
)
def test_answers_are_torchs(question: str) -> None:
    (how, ours), (same, theirs) = ask(gradbook, question), ask(torch, question)
    assert how == same, (ours, theirs)
    if how == "gives":
        assert ours == theirs
    else:
        assert issubclass(ours, theirs), (ours.__mro__, theirs)


@without_gpu
def test_what_needs_a_gpu_says_what_to_do() -> None:
    with pytest.raises(AssertionError, match=r"CuPy|no NVIDIA GPU") as caught:
        cuda.current_device()
    assert isinstance(caught.value, DeviceError | MissingExtraError)


@without_gpu
def test_the_usual_choice_of_a_device_runs() -> None:
    device = gradbook.device("cuda" if cuda.is_available() else "cpu")
    cuda.synchronize()
    cuda.reset_peak_memory_stats()
    with cuda.stream(None), cuda.device(None), cuda.nvtx.range("a {}", 1):
        x = gradbook.ones(2, device=device)
    assert cuda.nvtx.range_push("b") == 0
    assert cuda.nvtx.range_pop() == 0
    assert x.is_cuda is False
    assert cuda.nccl.version() == ()
    assert issubclass(cuda.OutOfMemoryError, RuntimeError)


def test_a_device_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="Expected a cuda device"):
        cuda.index_of("cpu")


@without_gpu
def test_seeding_a_gpu_that_is_not_there_moves_nothing() -> None:
    gradbook.manual_seed(3)
    cuda.manual_seed_all(9)
    first = gradbook.rand(3).tolist()
    gradbook.manual_seed(3)
    assert gradbook.rand(3).tolist() == first
