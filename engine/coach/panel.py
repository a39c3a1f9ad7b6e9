"""The rules of one watch, by what they hear."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from gradbook.coach.record import Op
from gradbook.coach.rule import HOOKS, Rule, Shared

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["Panel"]

Hook = Callable[..., Any]
Hooks = list[tuple[Rule | Shared, Hook]]
S = TypeVar("S", bound=Shared)


class Panel:
    """The rules of a watch, and what several of them ask. One that raises is off from then on; the others go on."""

    def __init__(self, coach: Coach, kinds: Iterable[type[Rule]]) -> None:
        self._coach = coach
        self.rules = [kind(coach) for kind in kinds]
        self._shared: dict[type[Shared], Any] = {}
        self._hooks: dict[str, Hooks] = {
            name: [(rule, getattr(rule, name)) for rule in self.rules if rule.has(name)] for name in HOOKS
        }
        self._by_op: dict[str, Hooks] = {}

    def shared(self, kind: type[S]) -> S:
        """The one of a kind, which hears its hooks before any rule does."""
        known: S | None = self._shared.get(kind)
        if known is None:
            known = self._shared[kind] = kind(self._coach)
            for hook in kind.hears:
                first = sum(isinstance(who, Shared) for who, _ in self._hooks[hook])
                self._hooks[hook].insert(first, (known, getattr(known, hook)))
        return known

    def inherit(self, before: Panel) -> None:
        """Take what holds on from the rules that watched until now."""
        old = {type(rule): rule for rule in before.rules}
        for kind, shared in before._shared.items():
            if kind in self._shared:
                self._shared[kind].inherit(shared)
        for rule in self.rules:
            if type(rule) in old:
                rule.inherit(old[type(rule)])

    def hears(self, hook: str) -> bool:
        """Whether anybody has a hook."""
        return bool(self._hooks[hook])

    def tell(self, hook: str, *args: Any) -> None:
        """Call a hook of all that have it."""
        self._call(self._hooks[hook], args)

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        """Tell of an operation those that look at operations of its name."""
        hooks = self._by_op.get(op.name)
        if hooks is None:
            hooks = self._by_op[op.name] = [
                (rule, hook) for rule, hook in self._hooks["operation"] if rule.ops is None or op.name in rule.ops
            ]
        self._call(hooks, (op, operands, output))

    def _call(self, hooks: Hooks, args: tuple[Any, ...]) -> None:
        if not hooks:
            return
        with np.errstate(all="ignore"):  # what a rule reckons with the user's numbers is not the user's to read of
            for rule, method in tuple(hooks):
                try:
                    method(*args)
                except Exception as error:
                    self._dismiss(rule, error)

    def _dismiss(self, rule: Rule | Shared, error: Exception) -> None:
        for hooks in (*self._hooks.values(), *self._by_op.values()):
            hooks[:] = [pair for pair in hooks if pair[0] is not rule]
        warnings.warn(f"gradbook.coach: rule {rule.id} failed and is off: {error!r}", RuntimeWarning, stacklevel=2)
