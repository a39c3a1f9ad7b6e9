"""What is known of an interpreted call: what it read from outside, and why it cannot be repeated, if it cannot."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from gradbook.compiler.frames import Frame
from gradbook.compiler.guards import Guards
from gradbook.nn.module import Module
from gradbook.tensor import Tensor

__all__ = ["Notes"]


class Notes:
    """The notes of one call. The functions that start with `on_` tell a recorder."""

    def __init__(self) -> None:
        self.guards = Guards()
        self.modules: dict[int, Module] = {}
        self.failures: list[tuple[str, tuple[str, int] | None]] = []
        self.items: dict[int, tuple[Any, Tensor]] = {}  # numbers that are returned and came from a tensor
        self.on_item: Callable[[bool], None] = lambda on: None
        self.fresh: dict[int, Any] = {}  # containers that the call itself made
        self.frames: list[Frame] = []
        self.varying: set[tuple[str, int, Any]] = set()  # places whose tensor is another one from call to call
        self.inputs: list[tuple[str, int, Any]] = []  # those of them that were read, in order
        self.natively_called: Callable[..., Any] = lambda function, args, kwargs: function(*args, **kwargs)
        self.on_set: Callable[..., None] = operator.setitem
        self.on_clear: Callable[[Tensor], None] = lambda tensor: None
        self.on_input: Callable[[Tensor], None] = lambda tensor: None

    def note(self, how: str, container: Any, key: Any, value: Any) -> None:
        """A value was read from outside: a guard, or another input."""
        place = (how, id(container), key)
        if self.varying and isinstance(value, Tensor) and place in self.varying and place not in self.inputs:
            self.inputs.append(place)
            self.on_input(value)
        if not self.guards.note(how, container, key, value):
            self.fail(f"an element of a {type(container).__name__} is read under a key that cannot be hashed")

    # -- what cannot be repeated -------------------------------------------------------------------------------------

    def place(self) -> tuple[str, int] | None:
        """(file, line) being run."""
        if not self.frames:
            return None
        frame = self.frames[-1]
        return frame.function.__code__.co_filename, frame.line

    def spot(self) -> tuple[str, Any] | None:
        """(file, call) being made."""
        frame = self.frames[-1] if self.frames else None
        return None if frame is None or frame.node is None else (frame.function.__code__.co_filename, frame.node)

    def fail(self, reason: str, whole: bool = False) -> None:
        """Note why the call cannot be repeated without Python."""
        raise NotImplementedError

    # -- containers --------------------------------------------------------------------------------------------------

    def own(self, container: Any) -> Any:
        """Note a container that the call made itself."""
        self.fresh[id(container)] = container
        return container

    def keep(self, container: Any) -> None:
        """Keep what a container held, so that the identities noted of it stay its own."""
        self.fresh.setdefault(-id(container), list(container.values()) if isinstance(container, dict) else [*container])
