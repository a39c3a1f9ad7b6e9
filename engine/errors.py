"""The tree of exceptions. Each is also the builtin that PyTorch raises, so ported code still catches it.

GradbookError
├── ShapeError(RuntimeError)          operands whose shapes do not fit
├── DTypeError(RuntimeError)          operands whose dtypes do not fit
├── DeviceError(RuntimeError)         operands on different devices, or a device that is not there
├── AutogradError(RuntimeError)       a backward pass that cannot be done
│   └── InplaceError                  a value needed for backward was changed in place
├── SerializationError(RuntimeError)  a file that is damaged, cut short or of an unknown kind
│   └── UnsafeFileError(UnpicklingError)  a file that names code or objects nobody declared safe
├── UnsavableError(PicklingError, TypeError)  an object that no file can hold
├── MissingExtraError(ImportError)    an optional dependency is absent; the message names the pip install
│   └── NoGPUError(DeviceError, AssertionError)  a GPU is asked for, and there is none
├── NotProvidedError(ImportError)     a part of PyTorch, or a companion of it, that gradbook does not have
└── BreakpointHit                     a breakpoint that was told to raise
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pickle import PicklingError, UnpicklingError
from typing import Any

__all__ = [
    "AutogradError",
    "BreakpointHit",
    "Card",
    "DTypeError",
    "DeviceError",
    "GradbookError",
    "InplaceError",
    "LinAlgError",
    "MissingExtraError",
    "NoGPUError",
    "NotProvidedError",
    "SerializationError",
    "ShapeError",
    "UnsafeFileError",
    "UnsavableError",
    "UnsupportedDTypeError",
]


@dataclass
class Card:
    """What an error card shows, as data: op, operands, module path, place, why, and fixes, best first."""

    op: str = ""
    operands: list[dict[str, Any]] = field(default_factory=list)
    module_path: str = ""
    location: tuple[str, int] | None = None
    explanation: str = ""
    fixes: list[str] = field(default_factory=list)


class GradbookError(Exception):
    """Base of every exception the engine raises on purpose; `card` carries the same facts as data."""

    def __init__(self, message: str = "", *, card: Card | None = None) -> None:
        super().__init__(message)
        self.card = card or Card(explanation=message)


class ShapeError(GradbookError, RuntimeError):
    """Operands whose shapes do not fit together."""


class DTypeError(GradbookError, RuntimeError):
    """Operands whose dtypes do not fit together."""


class UnsupportedDTypeError(DTypeError, NotImplementedError):
    """An op that has no meaning, or no implementation, for a dtype."""


class DeviceError(GradbookError, RuntimeError):
    """Operands on different devices, or a device that is not there."""


class LinAlgError(GradbookError, RuntimeError):
    """A matrix that is singular, or not positive definite, where it must not be (torch.linalg.LinAlgError)."""


class AutogradError(GradbookError, RuntimeError):
    """A backward pass that cannot be done."""


class InplaceError(AutogradError):
    """A value needed for backward was changed in place after it was saved."""


class SerializationError(GradbookError, RuntimeError):
    """A file that cannot be read as what it claims to be. Nothing of it was run."""


class UnsafeFileError(SerializationError, UnpicklingError):
    """A file that names a class or function which nobody declared safe. Nothing of it was run."""


class UnsavableError(GradbookError, PicklingError, TypeError):
    """An object that no file can hold; the message names where in the whole it stands."""


class MissingExtraError(GradbookError, ImportError):
    """An optional dependency is not installed; the message names the pip install."""


class NoGPUError(MissingExtraError, DeviceError, AssertionError):
    """A GPU is asked for, and there is none that can be used; PyTorch raises an AssertionError then."""


class NotProvidedError(GradbookError, ModuleNotFoundError):
    """A part of PyTorch, or a package on top of it, that gradbook does not have; the message says what to do."""


class BreakpointHit(GradbookError):
    """Where a breakpoint stops a computation for good. `stop` says where, and holds what is in hand there."""

    def __init__(self, message: str = "", *, stop: Any = None, card: Card | None = None) -> None:
        super().__init__(message, card=card)
        self.stop = stop
