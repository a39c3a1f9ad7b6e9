"""A user's model called again beside the training, and everything put back as it was."""

from __future__ import annotations

import contextlib
import inspect
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradbook.coach.origin import is_library
from gradbook.coach.purity import changes_only_its_own
from gradbook.nn import hooks
from gradbook.observe.failure.definitions import definition

__all__ = ["may_run_again", "restored"]

CONTAINERS = (list, dict, set, deque)


def may_run_again(model: Any) -> bool:
    """Whether a call of a model has, as far as its source tells, no effect outside of the model: no hooks either."""
    if hooks.on_every_module():
        return False
    for module in model.modules():
        if module._has_hooks or module.__dict__.get("_compiled_call_impl") is not None:
            return False
        if is_library(module):
            continue
        forward = inspect.unwrap(type(module).forward)
        found = definition(forward)
        if found is None or not changes_only_its_own(forward, found[1]):
            return False
    return True


@contextlib.contextmanager
def restored(model: Any) -> Iterator[None]:
    """Whatever happens to a model's attributes, modes and buffers inside has not happened afterwards."""
    modules = list(model.modules())
    attributes = [dict(module.__dict__) for module in modules]
    held = [(each, each.copy()) for own in attributes for each in own.values() if isinstance(each, CONTAINERS)]
    memory = [(buffer._array, np.array(buffer._array)) for buffer in model.buffers()]
    try:
        yield
    finally:
        for module, own in zip(modules, attributes, strict=True):
            module.__dict__.clear()
            module.__dict__.update(own)
        for container, before in held:
            refill(container, before)
        for array, numbers in memory:
            if not np.array_equal(array, numbers):
                array[...] = numbers


def refill(container: Any, before: Any) -> None:
    """Give a list, a dictionary, a set or a queue what it held before."""
    if container == before and len(container) == len(before):
        return
    container.clear()
    (container.extend if isinstance(container, list | deque) else container.update)(before)
