"""What `%gradbook` and `%coach` set: which cells are watched, how closely, how often told; error cards; the coach."""

from __future__ import annotations

from dataclasses import dataclass

from IPython.core.error import UsageError

from gradbook.observe.history import WINDOW, bytes_of

__all__ = ["LEVELS", "PANELS", "THEMES", "Settings", "choice", "frames", "window"]

LEVELS = ("off", "health", "full")
THEMES = ("auto", "light", "dark")
PANELS = ("loss", "gradients", "graph", "coach")
MOST_HZ = 20


@dataclass
class Settings:
    """The extension's settings; each cell reads them when it starts."""

    auto: bool = True
    level: str = "health"
    hz: float = float(MOST_HZ)
    theme: str = "auto"
    window: int = WINDOW  # bytes of a run's history
    cards: bool = True
    coach: bool = True


def choice(option: str, value: str, valid: tuple[str, ...]) -> str:
    """`value` if it is valid. Raises UsageError that names the valid ones otherwise."""
    if value not in valid:
        raise UsageError(f"{option}: {value!r} is not one of {', '.join(valid)}")
    return value


def frames(option: str, value: str) -> float:
    """Frames a second, more than 0 and at most 20. Raises UsageError for anything else."""
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0 < number <= MOST_HZ:
        raise UsageError(f"{option}: {value!r} is not a number of frames a second (more than 0, at most {MOST_HZ})")
    return number


def window(option: str, value: str) -> int:
    """A size in bytes, at least 1 MB. Raises UsageError for anything else."""
    try:
        return bytes_of(value)
    except ValueError:
        raise UsageError(f"{option}: {value!r} is not a size of at least 1 MB, such as 256MB or 1GB") from None
