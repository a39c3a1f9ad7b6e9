"""What stands under a cell that an engine error ended: a short traceback, then the error card."""

from __future__ import annotations

import warnings
from types import TracebackType
from typing import Any

from gradbook.errors import BreakpointHit
from gradbook.kernel_ext.coaching import Coaching
from gradbook.kernel_ext.settings import Settings
from gradbook.observe.source import is_own

__all__ = ["ErrorCards", "folded"]

COMPILERS = ("IPython.core.compilerop", "ipykernel.compiler")


class ErrorCards:
    """Shows exceptions in one shell: those of the engine with a card, all others as IPython does."""

    def __init__(self, shell: Any, settings: Settings, coaching: Coaching) -> None:
        self.shell, self.settings, self.coaching = shell, settings, coaching

    def show(self, kind: type, value: BaseException, traceback: TracebackType | None) -> None:
        """The traceback, engine frames folded away if a card follows, and then the card."""
        if _while_compiling(traceback):
            (self.shell.showindentationerror if isinstance(value, IndentationError) else self.shell.showsyntaxerror)()
            return
        if isinstance(value, BreakpointHit):  # no mistake: the live view shows where
            self._show_folded(kind, value, traceback)
            return
        card = self._card(value) if self.settings.cards else None
        if card is None:
            self.shell.showtraceback((kind, value, traceback), running_compiled_code=True)
            return
        self._show_folded(kind, value, traceback)
        self._guarded(lambda: self._display(card))

    def _card(self, error: BaseException) -> Any:
        """The card of an engine error; None for any other, and where making one fails: that is said once."""
        try:
            failure = self.coaching.explained(error)
            if failure is None:
                return None
            from gradbook.widgets.card import error_card

            return error_card(failure, self.settings.theme, self.coaching.raised(error, failure))
        except KeyboardInterrupt:  # no time for a card
            return None
        except Exception as trouble:
            self.coaching.untold()
            _warn(trouble)
            return None

    def _show_folded(self, kind: type, value: BaseException, traceback: TracebackType | None) -> None:
        """As the shell's showtraceback, in its mode, without the engine's frames; `%tb` and `%debug` have them all."""
        shell = self.shell
        short, left_out = folded(traceback)
        if short is None or hasattr(value, "_render_traceback_"):
            shell.showtraceback((kind, value, traceback), running_compiled_code=True)
            return
        shell._get_exc_info((kind, value, traceback))  # for %tb and %debug
        try:
            lines = shell.InteractiveTB.structured_traceback(kind, value, short, tb_offset=None)
            if left_out:
                lines = [
                    *lines,
                    f"({left_out} {'frame' if left_out == 1 else 'frames'} inside gradbook left out; %tb has them all)",
                ]
            shell._showtraceback(kind, value, lines)
        except Exception as trouble:
            _warn(trouble)
            shell.showtraceback((kind, value, traceback), running_compiled_code=True)
            return
        if shell.call_pdb:
            shell.debugger(force=True)

    def _display(self, card: Any) -> None:
        from gradbook.widgets.frontend import detect

        if detect() == "text":
            print(card.text)
            return
        from IPython.display import display

        display(card)

    def _guarded(self, act: Any) -> None:
        try:
            act()
        except Exception as trouble:
            _warn(trouble)


def folded(traceback: TracebackType | None) -> tuple[TracebackType | None, int]:
    """A traceback without the engine's frames, and how many were left out; the traceback itself stays as it is."""
    kept: list[TracebackType] = []
    left_out = 0
    here = traceback
    while here is not None:
        name = str(here.tb_frame.f_globals.get("__name__", ""))
        if is_own(here.tb_frame.f_code.co_filename) or name.startswith("gradbook."):
            left_out += 1
        else:
            kept.append(here)
        here = here.tb_next
    short: TracebackType | None = None
    for entry in reversed(kept):
        short = TracebackType(short, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return short, left_out


def _while_compiling(traceback: TracebackType | None) -> bool:
    """True for an error in the cell's text, before anything ran: IPython shows those in a way of their own."""
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback is not None and traceback.tb_frame.f_globals.get("__name__") in COMPILERS


def _warn(trouble: Exception) -> None:
    warnings.warn(f"gradbook: the error card failed: {trouble!r}", RuntimeWarning, stacklevel=2)
