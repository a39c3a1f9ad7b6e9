"""%coach: what is wrong with the training, why, and how to mend it."""

from __future__ import annotations

from IPython.core.error import UsageError
from IPython.core.magic import line_magic, magics_class

from gradbook.kernel_ext.coach_text import Told, counted, show_lessons
from gradbook.kernel_ext.coaching import Coaching
from gradbook.kernel_ext.magics.base import GradbookMagics
from gradbook.kernel_ext.settings import choice

__all__ = ["COMMANDS", "CoachMagic", "rule_ids"]

COMMANDS = ("on", "off", "report", "explain", "mute", "unmute")
OF_A_RULE = COMMANDS[3:]


@magics_class
class CoachMagic(GradbookMagics):
    """%coach."""

    @line_magic
    def coach(self, line: str) -> Told | None:
        """What is wrong with the training in this notebook, on which line, and how to mend it.

        %coach [on | off | report | explain [RULE …] | mute RULE … | unmute [RULE …]]

        (alone)   whether it watches, what is muted, and the findings of this session, a line each
        on, off   watch cells, or do not; it is on from the start, at a price of at most 5 % of a step
        report    all findings of this session whole: what convinced it, and fixes that can be pasted
        explain   what a rule is about, when it speaks, a short program that shows the fault; alone: all rules
        mute      a rule is silent from now on, in later sessions too; unmute lets it speak again; alone: all
        A finding is an error (it cannot do what it is meant to, or raised), a warning (almost surely wrong) or a hint
        (worth a look). It goes when its cell runs again without the fault. Errors and warnings stand in the cell's live
        view, or under the cell; hints only in the view and in the report. A cell that measures (%timeit, %%timeline) is
        not watched, and after %gradbook auto off only cells with %%watch are.
        """
        words = line.split()
        command = choice("%coach", words[0], COMMANDS) if words else ""
        rest = words[1:]
        if command in OF_A_RULE:
            muted = self.coaching.mutes.recall() if command == "unmute" else ()
            rules = [word if word in muted else known(command, word) for word in rest]
            {"explain": self.explain, "mute": self.mute, "unmute": self.unmute}[command](rules)
        elif rest:
            raise UsageError(f"%coach {command} takes no more words, but {' '.join(rest)!r} follows")
        else:
            if command == "report":
                return Told(self.coaching.findings(), self.extension.settings.theme, self.coaching.asked)
            {"": self.tell, "on": self.on, "off": self.off}[command]()
        return None

    @property
    def coaching(self) -> Coaching:
        """The coach of this shell."""
        return self.extension.cells.coaching

    def tell(self) -> None:
        """Print how it stands."""
        print(self.state())
        for label, findings in self.coaching.findings():
            for finding in findings:
                print(f"  {label} {finding.headline}")

    def state(self) -> str:
        """`coach on · 55 rules look · 1 error, 2 hints in this session`."""
        found = [finding for _, findings in self.coaching.findings() for finding in findings]
        on = "on" if self.extension.settings.coach else "off"
        muted = f" · muted: {', '.join(sorted(self.coaching.mutes.recall()))}" if self.coaching.mutes.recall() else ""
        return f"coach {on} · {self.coaching.rules} rules look{muted} · {counted(found)} in this session"

    def on(self) -> None:
        """Watch this cell and those that follow."""
        self.extension.settings.coach = True
        self.extension.cells.coach()

    def off(self) -> None:
        """Watch no cell, nor the rest of this one."""
        self.extension.settings.coach = False
        self.coaching.leave()

    def explain(self, rules: list[str]) -> None:
        """Teach rules; without one, name all."""
        from gradbook.coach import listing

        if rules:
            show_lessons(rules)
        else:
            print(listing())

    def mute(self, rules: list[str]) -> None:
        """Silence rules."""
        if not rules:
            raise UsageError("%coach mute needs a rule; %coach explain names all of them")
        self._set(rules, True)

    def unmute(self, rules: list[str]) -> None:
        """Let rules speak again; without one, all that are muted."""
        self._set(rules or sorted(self.coaching.mutes.recall()), False)

    def _set(self, rules: list[str], mute: bool) -> None:
        for rule in rules:
            why = self.coaching.mute(rule, mute)
            print(f"{rule}: {'muted' if mute else 'speaks again'}{f', for this session only: {why}' if why else ''}")


def rule_ids() -> tuple[str, ...]:
    """The ids of all rules, for completion."""
    from gradbook.coach import RULES

    return tuple(sorted(RULES))


def known(command: str, word: str) -> str:
    """A rule's id. Raises UsageError for any other word, naming those that are like it, or all."""
    from gradbook.coach.explanation import unknown

    if word in rule_ids():
        return word
    raise UsageError(f"%coach {command}: {unknown(word)}")
