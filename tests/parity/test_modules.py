"""Every module, optimizer and scheduler of PyTorch's databases."""

from __future__ import annotations

from typing import Any

import pytest

from tests.parity.known import limit_for
from tests.parity.modules import SAMPLED, check_module, check_module_errors, modules
from tests.parity.optimizers import (
    SCHEDULERS,
    check_optimizer,
    check_optimizer_errors,
    check_scheduler,
    optimizers,
)


@pytest.mark.parametrize("name", list(modules()))
def test_module(name: str, whole: bool, settle: Any) -> None:
    settle(check_module(modules()[name], limit_for(name, "modules", SAMPLED, whole)))


@pytest.mark.parametrize("name", [name for name, entry in modules().items() if entry.module_error_inputs_func])
def test_module_refuses_what_torch_refuses(name: str, settle: Any) -> None:
    settle(check_module_errors(modules()[name]))


@pytest.mark.parametrize("name", list(optimizers()))
def test_optimizer(name: str, settle: Any) -> None:
    settle(check_optimizer(name))


@pytest.mark.parametrize("name", list(optimizers()))
def test_optimizer_refuses_what_torch_refuses(name: str, settle: Any) -> None:
    settle(check_optimizer_errors(name))


@pytest.mark.parametrize("name", list(SCHEDULERS))
def test_scheduler(name: str, settle: Any) -> None:
    settle(check_scheduler(name))
