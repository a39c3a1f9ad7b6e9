"""`import gradbook` is light: it brings no notebook, no plotting and no other framework."""

from __future__ import annotations

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


def test_the_widgets_do_not_load_the_extension() -> None:
    loaded = modules_after("import gradbook.widgets")
    assert "gradbook.widgets" in loaded
    assert "gradbook.kernel_ext" not in loaded
    assert "matplotlib" not in loaded


def test_the_look_for_modules_sees_one() -> None:
    assert "matplotlib" in modules_after("import gradbook, matplotlib")
