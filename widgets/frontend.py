"""What stands on the other side: a page with widgets, a place for pictures, or plain text. Asking never blocks."""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib import metadata
from typing import Any, Literal, cast

__all__ = ["CONTROLS_SINCE", "Frontend", "detect", "in_terminal", "keep_out_of_cells", "repair_comm", "why_no_controls"]

Frontend = Literal["widgets", "picture", "text"]

CONTROLS_SINCE = (7, 1)  # ipykernel that answers widget messages while a cell runs
INTERRUPT = "To stop now: Interrupt."


def detect() -> Frontend:
    """Who will see an output of the cell that runs now.

    widgets: a notebook page (it says which cell runs). picture: a kernel whose client may only keep outputs, such as
    nbclient or a console. text: no kernel. The variable GRADBOOK_FRONTEND, set to one of the three, decides instead.
    """
    wanted = os.environ.get("GRADBOOK_FRONTEND", "")
    if wanted in ("widgets", "picture", "text"):
        return cast(Frontend, wanted)
    kernel = _kernel()
    if kernel is None:
        return "text"
    if "google.colab" in sys.modules:
        return "picture"  # its widgets drop binary buffers
    about = (_parent(kernel).get("metadata") or {}).get("cellId")
    return "widgets" if about else "picture"


def in_terminal() -> bool:
    """Whether we run in an IPython shell without a kernel, where a line of text is all that can be shown."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return shell is not None and getattr(shell, "kernel", None) is None


def why_no_controls() -> str:
    """The sentence that says why buttons cannot reach a running cell, and what to do; empty when they should."""
    version = _ipykernel_version()
    if _numbers(version) < CONTROLS_SINCE:
        return f"Buttons need ipykernel 7.1, this kernel has {version}: pip install -U ipykernel. {INTERRUPT}"
    if not getattr(_kernel(), "_supports_kernel_subshells", False):
        return f"Buttons act when the cell ends, because this kernel has no subshells. {INTERRUPT}"
    return ""


def repair_comm(comm: Any) -> None:
    """Let messages from the page reach the kernel while a cell runs, on ipykernel 7.4.

    That release sends answers on a comm to the shell that spoke on it last: the one that is busy with the cell. The
    page already says which subshell it wants, so its own choice is put back. Does nothing on other releases.
    """
    if getattr(comm, "_reply_subshell_for", None) is not None:
        comm._reply_subshell_for = lambda data, default: default


def keep_out_of_cells(comm: Any) -> None:
    """Let a message from the page touch nothing of the cell that happens to run.

    `comm` announces each message to IPython as if a cell had ended, on the message's own thread. Whatever waits for the
    end of a cell acts then: matplotlib would hand out, and so lose, the figures that the running cell is still drawing.
    """

    def handle_msg(message: dict[str, Any]) -> None:
        if comm._msg_callback is not None:
            comm._msg_callback(message)

    if hasattr(comm, "_msg_callback"):
        comm.handle_msg = handle_msg


def _kernel() -> Any:
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return getattr(shell, "kernel", None)


def _parent(kernel: Any) -> dict[str, Any]:
    parent = kernel.get_parent()
    return parent if isinstance(parent, dict) else {}


@cache
def _ipykernel_version() -> str:
    return metadata.version("ipykernel")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
