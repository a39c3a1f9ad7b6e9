"""Short programs, run in PyTorch and in gradbook: both print the same last line, warn alike, or raise alike.

programs/*.txt: paragraphs of code; the last line is the expression that is shown. `torch` is the library in question.
"""

from __future__ import annotations

import copy
import io
import pickle
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradbook

torch = pytest.importorskip("torch")
FOLDER = Path(__file__).parent / "programs"
PROGRAMS = [
    pytest.param(source, id=f"{file.stem}-{i}")
    for file in sorted(FOLDER.glob("*.txt"))
    for i, source in enumerate(file.read_text().strip().split("\n\n"))
]


def outcome(lib: Any, source: str) -> tuple[str, Exception | None, set[str]]:
    """(what the last line shows, what was raised, the kinds of warnings)."""
    names = {"torch": lib, "np": np, "F": lib.nn.functional, "nn": lib.nn, "pickle": pickle, "copy": copy, "io": io}
    *body, last = source.split("\n")
    if "; " in last and not last.startswith(" "):
        *more, last = last.split("; ")
        body += more
    if " = " in last.split("(")[0] or last.startswith("del "):
        body.append(last)
        last = "None"
    lib.manual_seed(0)
    if not lib.is_grad_enabled():  # a program before this one left it so
        lib.set_grad_enabled(True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec("\n".join(body), names)
            shown = repr(eval(last, names))
        except Exception as error:
            return "", error, set()
    shown = re.sub(r"0x[0-9a-f]+", "0x", shown).replace("gradbook", "torch")
    # NumPy deprecates how PyTorch, not we, take its results: no warning of PyTorch's
    return shown, None, {note.category.__name__ for note in caught if "__array_wrap__" not in str(note.message)}


@pytest.mark.parametrize("source", PROGRAMS)
def test_a_program_does_what_it_does_in_pytorch(source: str) -> None:
    theirs, their_error, their_warnings = outcome(torch, source)
    mine, my_error, my_warnings = outcome(gradbook, source)
    if their_error is not None:
        assert isinstance(my_error, type(their_error)), f"PyTorch raises {their_error!r}, gradbook {my_error!r}{mine}"
        return
    assert my_error is None, f"gradbook raises {my_error!r}, PyTorch shows {theirs}"
    assert mine == theirs
    assert my_warnings == their_warnings


def test_there_are_programs() -> None:
    assert len(PROGRAMS) > 200
