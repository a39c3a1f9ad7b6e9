"""Which rules of the coach are muted, here and in later sessions: a small JSON file in Jupyter's configuration."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

__all__ = ["Mutes"]

FILE = "gradbook.json"  # {"coach": {"muted": ["rule", ...]}}
LARGEST = 1 << 20  # bytes; what is larger is not ours


class BadFile(Exception):
    """The file is there and is not what we write; its text says why."""


class Mutes:
    """`rules` is the set of muted rules, one object for the whole session: the coach and its reports share it.

    The file is read once, when it is first asked for. One that cannot be read is said once and left as it is; what is
    muted then lasts for this session.
    """

    def __init__(self) -> None:
        self.rules: set[str] = set()
        self._read = False

    @property
    def file(self) -> Path:
        """Where they are remembered; in IPython's folder where there is no Jupyter."""
        try:
            from jupyter_core.paths import jupyter_config_dir as folder
        except ImportError:
            from IPython.paths import get_ipython_dir as folder

        return Path(folder()) / FILE

    def recall(self) -> set[str]:
        """-> the muted rules, those of earlier sessions with them."""
        if not self._read:
            self._read = True
            try:
                self.rules.update(muted_in(stored(self.file)))
            except BadFile as why:
                warnings.warn(f"gradbook: {why}; mend or delete it, and the coach's muted rules are remembered again",
                              RuntimeWarning, stacklevel=2)  # fmt: skip
        return self.rules

    def only(self, rules: Iterable[str]) -> None:
        """These are muted, whatever is remembered."""
        self._read = True
        self.rules.clear()
        self.rules.update(rules)

    def change(self, rule: str, *, mute: bool) -> str:
        """Mute a rule, or let it speak again. -> '', or why that lasts for this session only."""
        self.recall()
        (self.rules.add if mute else self.rules.discard)(rule)
        file = self.file
        try:
            content = stored(file)
            others = muted_in(content) - {rule}
            content["coach"] = {**content.get("coach", {}), "muted": sorted(others | ({rule} if mute else set()))}
            file.parent.mkdir(parents=True, exist_ok=True)
            write(file, json.dumps(content, indent=2) + "\n")
        except BadFile as why:
            return str(why)
        except OSError as error:
            return f"{file} cannot be written ({error.strerror})"
        return ""


def stored(file: Path) -> dict[str, Any]:
    """What the file holds, {} where there is none. Raises BadFile for anything but a JSON object."""
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadFile(f"{file} cannot be read ({error.strerror})") from None
    try:
        content = json.loads(data) if len(data) <= LARGEST else None
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise BadFile(f"{file} is not a JSON object")
    return content


def muted_in(content: dict[str, Any]) -> set[str]:
    """The muted rules in it; ids that no rule of this version has are kept. Raises BadFile where they are no list."""
    part = content.get("coach", {})
    muted = part.get("muted", []) if isinstance(part, dict) else None
    if not isinstance(muted, list) or not all(isinstance(rule, str) for rule in muted):
        raise BadFile('the "muted" rules in Jupyter\'s gradbook.json are not a list of names')
    return set(muted)


def write(file: Path, text: str) -> None:
    """So that a reader finds the old file or the new one, never a part."""
    from gradbook.widgets.export import write_atomically

    write_atomically(file, text)
