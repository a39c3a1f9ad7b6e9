"""The IPython extension: `%load_ext gradbook` turns on live views and the magics, `%unload_ext gradbook` undoes it."""

from __future__ import annotations

from typing import Any

__all__ = ["load_ipython_extension", "unload_ipython_extension"]

_loaded: dict[int, Any] = {}  # id of a shell -> its Extension


def load_ipython_extension(shell: Any) -> None:
    """Called by `%load_ext gradbook`. Loading twice is loading once."""
    from gradbook.kernel_ext.extension import Extension

    if id(shell) not in _loaded:
        _loaded[id(shell)] = Extension(shell).load()


def extension_of(shell: Any) -> Any:
    """The Extension that is loaded into a shell, None if there is none."""
    return _loaded.get(id(shell))


def unload_ipython_extension(shell: Any) -> None:
    """Called by `%unload_ext gradbook`. Leaves no callback, magic, transformer or attribute behind."""
    extension = _loaded.pop(id(shell), None)
    if extension is not None:
        extension.unload()
