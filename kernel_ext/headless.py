"""Execute a notebook without a front end, with the Python that is running now."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["execute"]


class ThisPython(KernelSpecManager):
    """Whatever kernel a notebook asks for, it gets this Python: the one that has gradbook."""

    def __init__(self, env: dict[str, str]) -> None:
        super().__init__()
        self.kernel_env = env

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Describe a kernel of the running interpreter."""
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name="Python 3",
            language="python",
            env=self.kernel_env,
        )


def execute(notebook: Path, timeout: float, embed_runs: bool = False) -> tuple[NotebookNode, float]:
    """Run all cells of a notebook file. -> the executed notebook (the file is left alone), and the seconds it took.

    timeout: seconds a single cell may take; embed_runs: keep each run in its output, for notebook_to_html.
    Raises CellExecutionError if a cell raises, CellTimeoutError if one takes too long.
    """
    import nbformat
    from nbclient import NotebookClient

    node = nbformat.read(notebook, as_version=4)
    env = {"GRADBOOK_EMBED_RUNS": "1"} if embed_runs else {}

    class Manager(AsyncKernelManager):
        """Starts kernels of this Python; made by the client, which then also shuts it down."""

        def __init__(self, **settings: Any) -> None:
            super().__init__(kernel_spec_manager=ThisPython(env), **settings)

    client = NotebookClient(
        node, kernel_manager_class=Manager, kernel_name="python3", timeout=timeout, store_widget_state=False
    )
    started = time.perf_counter()
    client.execute()
    return node, time.perf_counter() - started
