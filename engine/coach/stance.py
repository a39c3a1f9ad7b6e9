"""How the program stands: which modules train or evaluate, whether operations are recorded, and since where."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Any

from gradbook.autograd.grad_mode import is_grad_enabled
from gradbook.coach.code import here, user_frame_above
from gradbook.observe.source import Where, user_frame

__all__ = ["Frozen", "Mode", "Stance"]

SCOPES = 64  # of no_grad that are remembered
FROZEN = 20_000  # tensors that were told not to ask for a gradient


@dataclass(eq=False, slots=True)
class Mode:
    """A module was put into training mode or out of it, after so many steps."""

    module: weakref.ref[Any]
    training: bool
    where: Where | None
    steps: int


@dataclass(eq=False, slots=True)
class Frozen:
    """A tensor was told not to ask for a gradient: on this line, in what was called from there."""

    tensor: weakref.ref[Any]
    where: Where | None
    above: Where | None
    number: int  # among all such


class Stance:
    """The modes that a coach has heard of."""

    def __init__(self) -> None:
        self.recording = is_grad_enabled()
        self._scopes: list[tuple[int, Where | None]] = []  # operations so far, where recording was switched off
        self._modes: dict[int, Mode] = {}
        self._frozen: dict[int, Frozen] = {}

    def heard(self, what: str, owner: Any, value: bool, ops: int, steps: int) -> None:
        """A mode changes, after so many operations that were written down and so many steps."""
        if what == "train":
            self._modes[id(owner)] = Mode(weakref.ref(owner), value, here(), steps)
            return
        if what == "asks":
            self._asks(owner, value)
            return
        if self.recording and not value:
            self._scopes.append((ops, here()))
            del self._scopes[:-SCOPES]
        self.recording = value

    def _asks(self, tensor: Any, value: bool) -> None:
        self._frozen.pop(id(tensor), None)
        frame = user_frame()
        if not value and frame is not None and len(self._frozen) < FROZEN:
            outer = user_frame_above(frame)
            above = (outer.f_code, outer.f_lasti) if outer is not None else None
            number = len(self._frozen) + 1
            self._frozen[id(tensor)] = Frozen(weakref.ref(tensor), (frame.f_code, frame.f_lasti), above, number)

    def frozen(self, tensor: Any) -> Frozen | None:
        """Where a tensor was told not to ask for a gradient, if that is the last it was told."""
        known = self._frozen.get(id(tensor))
        return known if known is not None and known.tensor() is tensor else None

    def unrecorded_since(self, number: int) -> Where | None:
        """Where recording was switched off for the operation of this number."""
        return next((where for ops, where in reversed(self._scopes) if ops < number), None)

    @property
    def unrecorded_last(self) -> Where | None:
        """Where recording was switched off the last time."""
        return self._scopes[-1][1] if self._scopes else None

    def mode(self, module: Any) -> Mode | None:
        """The last change of a module's mode."""
        known = self._modes.get(id(module))
        return known if known is not None and known.module() is module else None
