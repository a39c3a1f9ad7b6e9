"""What programs say around their arithmetic: switches, compilers, other devices, other processes."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

import gradbook
from gradbook import _dynamo, accelerator, backends, compiler, distributed, jit, mps, nn, onnx, xpu
from gradbook.errors import MissingExtraError, NotProvidedError

torch: Any = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def settings_restored() -> Iterator[None]:
    yield
    gradbook.use_deterministic_algorithms(False)
    gradbook.set_float32_matmul_precision("highest")


@pytest.mark.parametrize(
    "statement",
    [
        "torch.set_float32_matmul_precision('high'); got = torch.get_float32_matmul_precision()",
        "torch.use_deterministic_algorithms(True); got = torch.are_deterministic_algorithms_enabled()",
        "torch.use_deterministic_algorithms(True, warn_only=True); got = torch.get_deterministic_debug_mode()",
        "torch.set_deterministic_debug_mode('error'); got = torch.get_deterministic_debug_mode()",
        "torch.set_deterministic_debug_mode(1); got = torch.is_deterministic_algorithms_warn_only_enabled()",
        "torch.set_deterministic_debug_mode('x')",
        "torch.use_deterministic_algorithms(1)",
        "got = torch.get_float32_matmul_precision()",
        "got = torch.is_warn_always_enabled()",
        "got = (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic, torch.backends.cudnn.enabled)",
        "got = (torch.backends.cudnn.version(), torch.backends.cudnn.is_available(), torch.backends.cudnn.allow_tf32)",
        "got = (torch.backends.mps.is_available(), torch.backends.mps.is_built(), torch.backends.cuda.is_built())",
        "got = (torch.backends.cuda.matmul.allow_tf32, torch.backends.cuda.flash_sdp_enabled())",
        "got = (torch.accelerator.is_available(), torch.accelerator.device_count())",
        "got = torch.accelerator.current_accelerator()",
        "torch.accelerator.current_device_index()",
        "got = (torch.mps.is_available(), torch.xpu.is_available(), torch.xpu.device_count())",
        "got = (torch.cpu.is_available(), torch.cpu.device_count(), torch.cpu.current_device())",
        "got = torch.backends.cpu.get_cpu_capability() in ('DEFAULT', 'AVX2', 'AVX512')",
        "got = (torch.jit.is_scripting(), torch.jit.is_tracing(), torch.compiler.is_compiling())",
        "got = torch.distributed.is_initialized() if torch.distributed.is_available() else False",
        "torch.distributed.get_rank()",
        "torch.distributed.get_world_size()",
        "got = torch.get_device_module('cpu').__name__.rpartition('.')[2]",
        "got = torch.testing.__name__.rpartition('.')[2]",
    ],
)
def test_as_torch_says(statement: str) -> None:
    def run(module: Any) -> Any:
        names = {"torch": module}
        try:
            exec(statement, names)
        except Exception as error:
            return type(error)
        finally:
            module.use_deterministic_algorithms(False)
            module.set_float32_matmul_precision("highest")
        return names.get("got")

    ours, theirs = run(gradbook), run(torch)
    same_error = isinstance(theirs, type) and isinstance(ours, type) and issubclass(ours, theirs)
    assert ours == theirs or same_error


def test_an_unknown_precision_is_a_warning() -> None:
    with pytest.warns(UserWarning, match="not one of 'highest'"):
        gradbook.set_float32_matmul_precision("low")
    assert gradbook.get_float32_matmul_precision() == "highest"


def test_switches_are_set_for_good_or_for_a_block() -> None:
    cudnn = backends.cudnn
    with cudnn.flags(enabled=False, benchmark=True):
        assert (cudnn.enabled, cudnn.benchmark) == (False, True)
    assert (cudnn.enabled, cudnn.benchmark) == (True, False)
    with pytest.raises(TypeError, match="fast"), cudnn.flags(fast=True):
        pass
    cudnn.benchmark = True
    assert importlib.import_module("gradbook.backends.cudnn").benchmark is True
    cudnn.set_flags(benchmark=False)
    assert cudnn.benchmark is False
    with backends.cuda.sdp_kernel(enable_flash=False):
        assert not backends.cuda.flash_sdp_enabled()
    assert backends.cuda.flash_sdp_enabled()
    for name in ("mkl", "mkldnn", "openmp", "nnpack", "opt_einsum"):
        assert getattr(backends, name).is_available() is False
    with pytest.raises(AttributeError, match="no_such"):
        _ = backends.no_such


def test_other_accelerators_are_not_there_and_asking_is_safe() -> None:
    for module in (mps, xpu, accelerator):
        assert not module.is_available()
        module.empty_cache()
        module.synchronize()
    with accelerator.device_index(None), gradbook.cpu.stream(gradbook.cpu.current_stream()):
        gradbook.cpu.synchronize()
    assert "NumPy" in gradbook.__config__.show()
    assert str(gradbook.get_num_threads()) in gradbook.__config__.parallel_info()


# -- compilers -------------------------------------------------------------------------------------------------------


def test_compile_takes_what_programs_say_to_it() -> None:
    net = nn.Linear(2, 2)
    made = gradbook.compile(net, mode="max-autotune", fullgraph=True, dynamic=None, backend="inductor")
    assert made._orig_mod is net

    @gradbook.compile(dynamic=True)
    def double(x: Any) -> Any:
        return 2 * x

    @gradbook.compile
    def triple(x: Any) -> Any:
        return 3 * x

    @compiler.disable(recursive=False)
    def plain(x: Any) -> Any:
        return x

    with compiler.set_stance("force_eager"):
        assert (double(1), triple(1), plain(1)) == (2, 3, 1)
    compiler.reset()
    compiler.cudagraph_mark_step_begin()
    _dynamo.config.suppress_errors = True
    assert importlib.import_module("gradbook._dynamo.config").suppress_errors is True
    assert _dynamo.optimize("inductor")(plain)(4) == 4
    with pytest.raises(TypeError, match="expected a function or a module, got int"):
        gradbook.compile(3)


def test_scripted_and_traced_modules_are_the_modules() -> None:
    net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    x = gradbook.ones(1, 3)
    for made in (jit.script(net), jit.trace(net, x), jit.trace(net, (x,)), jit.trace(net, example_kwarg_inputs=None)):
        assert made is net
    assert isinstance(net, jit.ScriptModule)
    assert jit.trace_module(net, {"forward": x}) is net
    with pytest.raises(RuntimeError):
        jit.trace(net, gradbook.ones(1, 4))
    with pytest.raises(RuntimeError, match="eval"):
        jit.freeze(net)
    assert jit.freeze(net.eval()) is net


def test_words_to_the_script_compiler_change_nothing() -> None:
    class Net(nn.Module):
        scale: jit.Final[int]

        def __init__(self) -> None:
            super().__init__()
            self.scale = jit.annotate(int, 3)

        @jit.ignore
        def a(self) -> int:
            return 1

        @jit.ignore(drop=True)
        def b(self) -> int:
            return 2

        @jit.unused
        def c(self) -> int:
            return self.scale

        @jit.export
        def d(self) -> int:
            return 4

    net = Net()
    assert [net.a(), net.b(), net.c(), net.d()] == [1, 2, 3, 4]
    assert jit.wait(jit.fork(max, 1, 2)) == 2
    assert jit.isinstance([1], list[int])
    assert not jit.isinstance((1,), list[int])
    annotations = importlib.import_module("gradbook.jit.annotations")
    assert annotations.BroadcastingList2[int] is not None


def test_what_cannot_be_written_or_read_says_what_to_do() -> None:
    net = nn.Linear(1, 1)
    with pytest.raises(NotProvidedError, match="state_dict"):
        jit.save(net, "x.pt")
    with pytest.raises(ImportError, match="state_dict"):
        jit.load("x.pt")
    with pytest.raises(MissingExtraError, match=r"gradbook\[onnx\]"):
        onnx.export(net, (gradbook.ones(1, 1),), "x.onnx", opset_version=17)
    with pytest.raises(RuntimeError, match="one process"):
        distributed.init_process_group("gloo", rank=0, world_size=1)
    with pytest.raises(ValueError, match="process group"):
        distributed.get_rank()
    with pytest.raises(RuntimeError, match="is_initialized"):
        distributed.all_reduce(gradbook.ones(1), op=distributed.ReduceOp.SUM)


def test_result_types_have_torchs_names() -> None:
    assert isinstance(gradbook.max(gradbook.ones(2, 2), 0), gradbook.return_types.max)
    assert isinstance(gradbook.sort(gradbook.ones(2)), gradbook.return_types.sort)
    assert {name for name in gradbook.return_types.__all__ if not hasattr(torch.return_types, name)} <= {"svd", "qr"}
    assert issubclass(gradbook.torch_version.TorchVersion, str)
    assert gradbook.types.Number


def test_older_questions_about_libraries() -> None:
    for name, ask in (("mps", "mps.is_built"), ("cuda", "cuda.is_built"), ("cudnn", "cudnn.is_available")):
        with pytest.warns(UserWarning, match=f"torch.backends.{ask}"):
            assert getattr(gradbook, f"has_{name}") in (True, False)
    assert not hasattr(gradbook, "has_everything")


def test_names_that_programs_only_mention() -> None:
    assert gradbook.GradScaler is gradbook.amp.GradScaler
    assert gradbook.cuda._initialized in (True, False)
    assert gradbook.utils.checkpoint.get_device_states(gradbook.ones(3)) == ([], [])
    assert not isinstance(None, gradbook.distributed.ProcessGroup | gradbook.distributed.Work)


def test_wrap_gives_the_function_back() -> None:
    assert gradbook.fx.wrap(len) is len
    assert gradbook.fx.wrap("len") == "len"
    with pytest.raises(RuntimeError, match="callable"):
        gradbook.fx.wrap(3)
    with pytest.raises(AttributeError, match=r"observe\.trace"):
        gradbook.fx.symbolic_trace(len)
