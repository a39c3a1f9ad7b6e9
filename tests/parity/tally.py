"""What one entry of a database came to: samples, passes, and what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

SHOWN = 3  # problems kept of an entry


class Absent(Exception):
    """gradbook has nothing under this name."""


class OutOfScope(Exception):
    """The sample needs something that gradbook does not set out to have; the message says what."""


@dataclass
class Tally:
    """Counts of one entry in one group of the table (`float32`, `variants`, `errors`, `modules`, ...)."""

    group: str
    entry: str
    samples: int = 0
    passed: int = 0
    differentiable: bool = False
    absent: str = ""
    outside: dict[str, int] = field(default_factory=dict)  # samples beyond the scope, by reason
    problems: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Its name in known.toml."""
        return f"{self.entry} {self.group}"

    def note(self, label: str, check: Callable[[], str]) -> None:
        """Count one sample; `check` gives what is wrong, or an empty text."""
        try:
            problem = check()
        except OutOfScope as why:
            self.outside[str(why)] = self.outside.get(str(why), 0) + 1
            return
        except Absent as name:
            self.absent = str(name)
            problem = f"{name} is absent"
        except Exception as error:
            problem = f"{type(error).__name__}: {error}".split("\n")[0][:200]
        self.samples += 1
        if not problem:
            self.passed += 1
        elif len(self.problems) < SHOWN:
            self.problems.append(f"{label}: {problem}")

    def to_json(self) -> dict[str, Any]:
        """Plain values, as a test's property."""
        return asdict(self)
