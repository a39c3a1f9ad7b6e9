"""known.toml: what does not agree yet, each with its reason. What is listed must fail, what is not listed must pass."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path

from tests.parity.tally import Tally

FILE = Path(__file__).parent / "known.toml"


@functools.cache
def known() -> dict[str, dict[str, str]]:
    """`absent`: entry -> reason. `failing`: "entry group" -> reason."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def reason_for(entry: str, group: str) -> str | None:
    """Why an entry may fail in a group; None if it must pass."""
    return known()["absent"].get(entry) or known()["failing"].get(f"{entry} {group}")


def limit_for(entry: str, group: str, limit: int, whole: bool) -> int | None:
    """How many samples to run: all where the whole run is asked for, or where a listed failure must be found again."""
    return None if whole or reason_for(entry, group) else limit


def verdict(tally: Tally) -> str:
    """What is wrong with an entry's place in known.toml, or an empty text."""
    reason = reason_for(tally.entry, tally.group)
    if tally.passed < tally.samples:
        head = f"{tally.key}: {tally.passed} of {tally.samples} samples agree"
        return "" if reason else "\n  ".join([head, *tally.problems])
    if reason and tally.samples:
        return f"{tally.key} passes all {tally.samples} samples, but known.toml lists it ({reason}): take it out"
    return ""
