"""The coach in one shell: it watches each cell, keeps what it said of it, and never stands in a cell's way."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from gradbook import observe
from gradbook.errors import BreakpointHit
from gradbook.kernel_ext.mutes import Mutes
from gradbook.kernel_ext.settings import Settings

if TYPE_CHECKING:
    from gradbook.coach import Finding, Report
    from gradbook.coach.session import Session
    from gradbook.observe.failure import Failure

__all__ = ["Coaching"]

TIMED = ("%timeit", "%prun")  # a cell that measures: looking would be measured with it
NO_MISTAKES = (observe.StopTraining, BreakpointHit)
T = TypeVar("T")


class Coaching:
    """Watches cells with the coach. `report` is that of the running cell, None while nobody watches.

    What goes wrong in the coach itself is said once, as a warning, and ends its watch; `%coach on` begins it anew.
    `wake` is called when there is another finding, or one less.
    """

    def __init__(self, shell: Any, settings: Settings, wake: Callable[[], None]) -> None:
        self.shell, self.settings, self.mutes = shell, settings, Mutes()
        self.report: Report | None = None
        self.nested = False  # the running cell runs another one: how that ends is not how it ends
        self._wake = wake
        self._cell: tuple[str, str | None, str] = ("", None, "")
        self._session: Session | None = None
        self._ended: Report | None = None  # of the cell that has ended, until the next one begins
        self._on_card: Finding | None = None  # what the error card of the cell says already

    def prepare(self) -> None:
        """Load the rules and what is muted, so that no cell has to wait for them."""
        self._guarded(self._known)

    def _known(self) -> Session:
        if self._session is None:
            from gradbook.coach.session import Session

            self._session = Session(self.mutes.recall(), self._heard)
        return self._session

    def _heard(self, _: Finding) -> None:
        """A rule has spoken, which shall not suffer where a view cannot be told."""
        try:
            self._wake()
        except Exception as error:
            warnings.warn(f"gradbook: a view could not be told of the coach's finding: {error!r}", RuntimeWarning,
                          stacklevel=2)  # fmt: skip

    # -- a cell ------------------------------------------------------------------------------------------------------

    def begin(self, label: str, cell_id: str | None, text: str) -> None:
        """A cell is about to run; `watch` watches it."""
        self._cell = (label, cell_id, text)
        self.report = self._ended = self._on_card = None

    def watch(self) -> None:
        """Watch the running cell from now on, if the coach is on and the cell does not measure time."""
        if self.settings.coach and self.report is None and not any(word in self._cell[2] for word in TIMED):
            self.report = self._guarded(lambda: self._known().begin_cell(*self._cell, self.shell.user_ns))

    def leave(self) -> None:
        """Watch this cell no longer, and say nothing of it."""
        self._finish(None)
        self._ended = None

    def explained(self, error: BaseException) -> Failure | None:
        """What an exception means, found once for the error card and for the coach; None for one that is not ours."""
        session = self._session
        if session is not None and self.report is not None:
            return session.coach.explained(error)
        from gradbook.observe.failure import explain

        return explain(error)

    def raised(self, error: BaseException, failure: Failure) -> str:
        """The cell ends with this error, which is told on a card: its watch is over. -> the rule that it falls under.

        '' where that teaches nothing. What the card says is not said under the cell again.
        """
        from gradbook.coach.rules.raised import Failed, kind_of

        if not self.nested:
            self._finish(error)
            found = self._ended.raised if self._ended is not None else None
            if found is not None:
                self._on_card = found if found.message == failure.headline.replace("`", "") else None
                return "" if found.rule == Failed.id else found.rule
        kind = kind_of(failure, str(error))
        return "" if kind is Failed else kind.id

    def untold(self) -> None:
        """There is no card after all: what it would have said is said under the cell."""
        self._on_card = None

    def end(self, error: BaseException | None) -> None:
        """The cell has ended."""
        if self.report is not None:
            self._finish(error)

    def _finish(self, error: BaseException | None) -> None:
        session, watched, self.report = self._session, self.report is not None, None
        mistake = error if isinstance(error, Exception) and not isinstance(error, NO_MISTAKES) else None
        if session is not None and watched:
            self._ended = self._guarded(lambda: session.end_cell(mistake))

    # -- what is said ------------------------------------------------------------------------------------------------

    def news(self) -> list[Finding]:
        """Errors and warnings of the cell that has just ended, without what its error card or an earlier cell says."""
        new = self._session.new if self._session is not None else bool
        return [f for f in self._ended or () if f.severity != "hint" and f is not self._on_card and new(f)]

    def findings(self) -> list[tuple[str, list[Finding]]]:
        """What is open, by the cell that brought it up: [('[7]', findings)], in the order in which the cells ran."""
        session = self._session
        if session is None:
            return []
        open_ = session.findings
        cells = sorted(session.cells.values(), key=lambda cell: cell.number)
        by_cell = [(cell.label, [f for f in open_ if (f.rule, f.file, f.line) in cell.findings]) for cell in cells]
        return [(label, found) for label, found in by_cell if found]

    @property
    def rules(self) -> int:
        """How many rules look."""
        from gradbook.coach import RULES

        return len(set(RULES) - self.mutes.recall())

    def mute(self, rule: str, mute: bool = True) -> str:
        """Mute a rule, or let it speak again, in this session and later ones. -> '', or why it is not remembered."""
        why = self.mutes.change(rule, mute=mute)
        self._wake()
        return why

    def asked(self, rule: str, mute: bool) -> None:
        """A view asks to mute a rule, or to hear it; what is no rule's id is left alone."""
        from gradbook.coach import RULES

        if rule in RULES:
            self.mute(rule, mute)

    def stop(self) -> None:
        """Watch nothing any longer, and forget all."""
        self.leave()
        session, self._session = self._session, None
        if session is not None:
            session.close()

    # -- when the coach itself fails ---------------------------------------------------------------------------------

    def _guarded(self, act: Callable[[], T]) -> T | None:
        try:
            return act()
        except KeyboardInterrupt:  # the user does not want to wait for what the coach thinks
            if self._session is not None:
                self._session.coach.pause()
        except Exception as error:
            self._give_up(error)
        return None

    def _give_up(self, error: Exception) -> None:
        session, self._session, self.report, self._ended = self._session, None, None, None
        self.settings.coach = False
        if session is not None:
            session.coach.pause()
        warnings.warn(f"gradbook: the coach failed and is off (%coach on tries again): {error!r}", RuntimeWarning,
                      stacklevel=4)  # fmt: skip
