"""Options of a magic that takes a Python expression: `%graph model(x, k=2) --depth 2 --save net.svg`."""

from __future__ import annotations

import re
import shlex

from IPython.core.error import UsageError

__all__ = ["natural", "operands", "split_options"]

_FIRST = re.compile(r"""\s*--([\w-]+)(?:[ =]+("[^"]*"|'[^']*'|(?!--)\S+))?""")
_LAST = re.compile(r"""(?:^|\s)--([\w-]+)(?:[ =]+("[^"]*"|'[^']*'|(?!--)\S+))?\s*$""")


def split_options(
    magic: str, line: str, valid: tuple[str, ...], flags: tuple[str, ...] = ()
) -> tuple[str, dict[str, str]]:
    """Take the options off both ends of a line -> (what is between them, {option: value}); a flag's value is ''.

    Raises UsageError for an unknown option, one without its value or a flag with one, naming the valid ones.
    """
    options: dict[str, str] = {}
    while match := _LAST.search(line):
        _keep(magic, match, options, valid, flags)
        line = line[: match.start()]
    while match := _FIRST.match(line):
        _keep(magic, match, options, valid, flags)
        line = line[match.end() :]
    return line.strip(), options


def natural(magic: str, option: str, value: str, least: int = 0) -> int:
    """A whole number, `least` or more. Raises UsageError for anything else."""
    if not value.isdecimal() or int(value) < least:
        raise UsageError(f"{magic} --{option}: {value!r} is not a whole number from {least} on")
    return int(value)


def operands(magic: str, line: str) -> list[str]:
    """The words of a line; quotes hold words together, a backslash is a letter, as in a path.

    Raises UsageError for a quote that is not closed.
    """
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split, lexer.escape, lexer.commenters = True, "", ""
    try:
        return list(lexer)
    except ValueError:
        raise UsageError(f"{magic}: a quote in {line!r} is not closed") from None


def _keep(
    magic: str, match: re.Match[str], options: dict[str, str], valid: tuple[str, ...], flags: tuple[str, ...]
) -> None:
    name, value = match[1], match[2]
    known = ", ".join(f"--{option}" for option in (*valid, *flags))
    if name in flags:
        if value is not None:
            raise UsageError(f"{magic}: --{name} takes no value, but {value!r} follows it")
        options.setdefault(name, "")
        return
    if name not in valid:
        raise UsageError(f"{magic}: there is no option --{name}; the options are {known}")
    if value is None:
        raise UsageError(f"{magic}: --{name} needs a value")
    options.setdefault(name, value.strip("\"'"))
