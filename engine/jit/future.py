"""What torch.jit.fork gives: a result that is there already."""

from __future__ import annotations

from typing import Any

__all__ = ["Future"]


class Future:
    """A finished call, as torch.futures.Future is one after it is done."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def wait(self) -> Any:
        """The result."""
        return self._value

    value = wait

    def done(self) -> bool:
        """True."""
        return True
