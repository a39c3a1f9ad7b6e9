"""`import gradbook` is light: it brings no notebook, no plotting and no other framework."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys

import pytest

HEAVY = (
    "IPython",
    "traitlets",
    "ipywidgets",
    "anywidget",
    "matplotlib",
    "graphviz",
    "torch",
    "cupy",
    "scipy",
    "pandas",
    "safetensors",
)
LAZY = (  # what few programs use comes when it is named
    "accelerator alias coach cuda datasets distributed distributions fft func functional hub interop jit masked mps "
    "multiprocessing observe onnx profiler signal sparse testing xpu backends.batched utils.benchmark utils.checkpoint "
    "ops.foreach"
).split()
SLOW = {"asyncio", "concurrent.futures", "http", "logging", "multiprocessing", "pickletools", "socket", "zipfile"}
ABOVE = ("gradbook.widgets", "gradbook.kernel_ext", "gradbook.lessons")


def modules_after(statement: str) -> set[str]:
    """Names of the modules that are loaded after a statement, in a fresh Python."""
    program = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("statement", ["import gradbook", "import gradbook, gradbook.observe, gradbook.datasets"])
def test_the_engine_knows_no_notebook(statement: str) -> None:
    loaded = modules_after(statement)
    assert "gradbook" in loaded
    assert loaded & {*HEAVY, *ABOVE} == set()


def test_few_things_wait_for_what_few_programs_use() -> None:
    ours = {f"gradbook.{name}" for name in LAZY}
    assert modules_after("import gradbook") & (ours | SLOW) == set()
    assert [name for name in sorted(ours) if importlib.util.find_spec(name) is None] == []


def test_the_widgets_do_not_load_the_extension() -> None:
    loaded = modules_after("import gradbook.widgets")
    assert "gradbook.widgets" in loaded
    assert "gradbook.kernel_ext" not in loaded
    assert "matplotlib" not in loaded


def test_the_look_for_modules_sees_one() -> None:
    assert "matplotlib" in modules_after("import gradbook, matplotlib")
