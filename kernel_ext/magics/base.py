"""What our magics have in common: the extension they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics

if TYPE_CHECKING:
    from gradbook.kernel_ext.extension import Extension

__all__ = ["GradbookMagics"]


class GradbookMagics(Magics):
    """Magics that know the loaded extension."""

    if TYPE_CHECKING:
        shell: Any

    def __init__(self, shell: Any, extension: Extension) -> None:
        super().__init__(shell)
        self.extension = extension

    def value_of(self, magic: str, expression: str) -> Any:
        """What an expression means in the notebook. Raises UsageError if there is none, or a name in it is unknown."""
        if not expression:
            raise UsageError(f"{magic}: say what to show, such as {magic} loss")
        try:
            return self.shell.ev(expression)
        except NameError as error:
            raise UsageError(f"{magic}: {error}") from None
        except SyntaxError as error:
            raise UsageError(f"{magic}: {expression!r} is not a Python expression ({error.msg})") from None
