"""What `%gradbook` sets: whether cells are watched, how closely, how often the view is told, in which theme."""

from __future__ import annotations

from dataclasses import dataclass

from IPython.core.error import UsageError

__all__ = ["LEVELS", "PANELS", "THEMES", "Settings", "choice", "frames"]

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
