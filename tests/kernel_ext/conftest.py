"""A real shell for each test that asks for one, and proof that nothing is left listening."""

from __future__ import annotations

import atexit
import linecache
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from gradbook import events, kernel_ext
from gradbook.observe import recorder, source
from gradbook.observe.run import forget_runs


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Jupyter's folder of settings: another one for each test, not there yet."""
    folder = tmp_path / "jupyter"
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(folder))
    return folder


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """An InteractiveShell without history on disk; the singleton while the test runs."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    yield shell
    kernel_ext.unload_ipython_extension(shell)
    InteractiveShell.clear_instance()
    atexit.unregister(shell.atexit_operations)  # each shell would collect all garbage once more when the tests end


@pytest.fixture
def loaded(shell: InteractiveShell) -> InteractiveShell:
    """The shell with the extension loaded, and gradbook imported in it."""
    shell.extension_manager.load_extension("gradbook")
    run(shell, "import gradbook\nfrom gradbook import nn, observe, optim")
    return shell


@pytest.fixture(autouse=True)
def nobody_listens() -> Iterator[None]:
    """Fail the test that leaves somebody listening."""
    yield
    left, active = events.observers, list(recorder.active)
    for observer in left:
        events.detach(observer)
    recorder.active.clear()
    forget_runs()
    source.forget_cells()
    for file in [file for file in linecache.cache if file.startswith("<ipython-input")]:
        del linecache.cache[file]  # the next shell has never run it
    assert not left, f"the test left {left} listening"
    assert not active, "the test left a recorder active"


def run(shell: InteractiveShell, text: str, *, cell_id: str | None = None) -> Any:
    """Run one cell as a front end does. -> the ExecutionResult."""
    return shell.run_cell(text, store_history=True, cell_id=cell_id)
