"""What the error card knows of an exception, asked once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradbook.observe.failure.explain import Failure

__all__ = ["Explained"]


class Explained:
    """Calls it for the last exception: fixes are tried once, whoever asks."""

    def __init__(self) -> None:
        self._last: tuple[BaseException | None, Failure | None] = (None, None)

    def __call__(self, error: BaseException) -> Failure | None:
        """What the error card knows of an exception; None for one that is not the engine's."""
        if error is not self._last[0]:
            from gradbook.observe.failure import explain

            self._last = error, None  # where explaining fails, once is enough
            self._last = error, explain(error)
        return self._last[1]

    def forget(self) -> None:
        """Hold no exception, nor what its frames hold, any longer."""
        self._last = (None, None)
