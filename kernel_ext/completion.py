"""Tab completion of the options of our magics, which IPython itself does not complete."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

__all__ = ["OptionMatcher", "Words"]

_LINE = re.compile(r"^\s*%{1,2}(\w+)\s+(.*)$", re.DOTALL)
Choice = tuple[str, ...] | Callable[[], tuple[str, ...]]
Words = dict[str, dict[str, Choice]]  # magic -> word before the cursor ("" for any) -> what may follow


class OptionMatcher:
    """A custom matcher for IPython's completer: after `%graph loss --d` it offers `--depth` and `--direction`.

    After a magic that takes an expression it also offers the variables of `namespace`, which jedi does not.
    """

    def __init__(self, words: Words, expressions: tuple[str, ...], namespace: Mapping[str, Any]) -> None:
        self.words, self.expressions, self.namespace = words, expressions, namespace

        @context_matcher(identifier="gradbook.options", priority=500)  # type: ignore[untyped-decorator]
        def match(context: CompletionContext) -> SimpleMatcherResult:
            return self.match(context.line_with_cursor[: context.cursor_position])

        self.matcher: Any = match

    def match(self, text: str) -> SimpleMatcherResult:
        """What may stand at the end of this text; nothing of ours outside the lines of our magics."""
        nothing: SimpleMatcherResult = {"completions": [], "suppress": False}
        found = _LINE.match(text)
        if found is None or not (found[1] in self.words or found[1] in self.expressions):
            return nothing
        before, _, fragment = found[2].rpartition(" ")
        table = self.words.get(found[1], {})
        last = before.split()[-1] if before.split() else ""
        options = _words(table.get(last))
        if options:
            fragment = fragment.rpartition(",")[2]  # a list: --panels loss,gr
        if options is None:
            options = _words(table.get("")) or ()
            if not fragment.startswith("-"):
                options = tuple(option for option in options if not option.startswith("-"))
        matches = [SimpleCompletion(text=option, type="magic") for option in options if option.startswith(fragment)]
        if not matches:
            return self._names(found[1], fragment) or nothing
        return {"completions": matches, "suppress": True, "matched_fragment": fragment, "ordered": True}

    def _names(self, magic: str, fragment: str) -> SimpleMatcherResult | None:
        """The variables that begin like this, for a magic that takes an expression."""
        if magic not in self.expressions or not fragment.isidentifier():
            return None
        names = sorted(name for name in self.namespace if name.startswith(fragment))
        return {"completions": [SimpleCompletion(text=name, type="instance") for name in names], "suppress": False}


def _words(choice: Choice | None) -> tuple[str, ...] | None:
    return choice() if callable(choice) else choice
