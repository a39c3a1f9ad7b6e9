"""A machine whose kernels compute something else, or have no compiler that works, computes with NumPy, and says so."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from gradbook import kernels
from gradbook.kernels.host import unavailable

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)

from gradbook.kernels import selftest

TRAIN = """
    import warnings
    import numpy as np
    import gradbook
    from gradbook import kernels, nn, optim

    def losses(wrap):
        gradbook.manual_seed(0)
        model, x = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 4)), gradbook.randn(5, 8)
        opt = optim.Adam(model.parameters())
        def step():
            opt.zero_grad()
            loss = (model(x) ** 2).mean()
            loss.backward()
            opt.step()
            return loss
        run = wrap(step)
        return [run().item() for _ in range(4)], run

    def compare():
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            plain, fast = losses(lambda step: step)[0], [losses(gradbook.compile) for _ in range(2)]
        for found, step in fast:
            assert not step.report, step.report
            np.testing.assert_allclose(found, plain, rtol=1e-5)
        print(len(seen), kernels.usable(), *(str(w.message) for w in seen), sep="|")
"""


def run(code: str, tmp_path: Path, **env: str) -> list[str]:
    """What a fresh interpreter with no machine code on disk prints: warnings, whether kernels are used, texts."""
    environment = {**os.environ, "GRADBOOK_CACHE": str(tmp_path), **env}
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(TRAIN) + textwrap.dedent(code) + "compare()\n")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().split("|")


def test_all_is_well_here_and_found_out_quickly() -> None:
    assert kernels.usable()
    assert kernels.why_not() == ""
    times = []
    for _ in range(3):
        start = time.process_time()
        assert selftest.wrong() == ""
        times.append(time.process_time() - start)
    assert min(times) < 0.03


def test_nothing_is_said_where_all_is_well(tmp_path: Path) -> None:
    assert run("", tmp_path) == ["0", "True"]


def test_nothing_is_said_where_the_user_wants_no_kernels(tmp_path: Path) -> None:
    assert run("", tmp_path, GRADBOOK_KERNELS="off") == ["0", "False"]


def test_a_kernel_that_lies(tmp_path: Path) -> None:
    code = """
        from gradbook.kernels import jit
        real = jit.compile_ir
        jit.compile_ir = lambda ir: real(ir.replace("fsub", "fadd"))  # a compiler with a fault
    """
    count, used, warning = run(code, tmp_path)
    assert (count, used) == ("1", "False")
    assert "native kernels are switched off, NumPy computes everything: " in warning
    assert " was wrong by " in warning


def test_a_compiler_that_raises(tmp_path: Path) -> None:
    code = """
        import llvmlite.binding
        def parse_assembly(*args): raise RuntimeError("no such target")
        llvmlite.binding.parse_assembly = parse_assembly
    """
    count, used, warning = run(code, tmp_path)
    assert (count, used) == ("1", "False")
    assert warning.endswith("RuntimeError: no such target")


def test_a_compiler_that_raises_later(tmp_path: Path) -> None:
    code = """
        from gradbook.kernels import jit
        assert kernels.usable()
        def compile_ir(ir): raise RuntimeError("out of memory")
        jit.compile_ir = compile_ir
    """
    count, used, warning = run(code, tmp_path)
    assert (count, used) == ("1", "False")
    assert warning.endswith("out of memory")


def test_a_compiler_that_cannot_be_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "broken" / "llvmlite"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "binding.py").write_text('raise OSError("libllvmlite.so: wrong ELF class")\n')
    count, used, warning = run("", tmp_path, PYTHONPATH=str(folder.parent))
    assert (count, used) == ("1", "False")
    assert "wrong ELF class" in warning


def test_every_part_of_the_test_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, test in selftest.TESTS.items():
        pairs = test()
        for i in range(len(pairs)):
            bad = [(got.copy(), wanted) for got, wanted in pairs]
            bad[i][0].reshape(-1)[-1] *= 1.001
            monkeypatch.setattr(selftest, "TESTS", {name: lambda bad=bad: bad})
            assert selftest.wrong().startswith(f"{name} was wrong by ")
            bad[i][0].reshape(-1)[0] = float("nan")
            assert selftest.wrong() == f"{name} was wrong by nan"
