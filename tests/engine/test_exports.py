"""The public surface is a list, and PyTorch's where PyTorch has one."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import pytest

import gradbook
from gradbook import nn, optim
from gradbook.utils import data

LISTED = [gradbook, nn, nn.functional, nn.init, optim, optim.lr_scheduler, data, gradbook.autograd, gradbook.observe]


@pytest.mark.parametrize("module", LISTED, ids=lambda module: module.__name__)
def test_all_names_what_is_there(module: ModuleType) -> None:
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None or name == "newaxis"  # which is None


def test_nothing_public_is_unlisted() -> None:
    beside = {"kernel_ext", "widgets", "lessons"}
    submodules = {found.name for found in pkgutil.iter_modules(gradbook.__path__)} | beside
    hooks = {
        "accept_numpy_names",
        "load_ipython_extension",
        "unload_ipython_extension",
        "annotations",
        "importlib",
        "warnings",
        "Any",
    }
    public = {name for name in vars(gradbook) if not name.startswith("_")}
    assert public - submodules - hooks - {"natural_log"} <= set(gradbook.__all__)


@pytest.mark.parametrize("name", ["", ".nn", ".nn.functional", ".nn.init", ".optim", ".utils.data", ".autograd"])
def test_names_are_pytorchs(name: str) -> None:
    """What torch has under a name we have, torch users expect; a name of ours that torch lacks is listed here."""
    torch = importlib.import_module("torch" + name)
    ours = importlib.import_module("gradbook" + name)
    own = {
        "": {"as_torch", "datasets", "dtypes", "errors", "events", "observe"},
        ".autograd": {"Node", "is_grad_enabled"},  # torch has both, elsewhere
    }.get(name, set())
    assert {public for public in ours.__all__ if not hasattr(torch, public)} <= own
