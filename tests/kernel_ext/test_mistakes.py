from __future__ import annotations

import linecache
import re
from collections.abc import Iterator
from typing import Any

import pytest

from gradbook.observe.failure import Failure, Fix, explain
from gradbook.observe.failure.text import apply
from gradbook.observe.source import forget_cells, name_cell
from tests.kernel_ext.mistakes import MISTAKES, Mistake
from tests.kernel_ext.mistakes_asked import ASKED

FILE = "/cells/{}.py"


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """No cell of an earlier notebook is left."""
    yield
    forget_cells()
    for file in [file for file in linecache.cache if file.startswith("/cells/")]:
        del linecache.cache[file]


def run(cells: tuple[str, ...]) -> BaseException | None:
    """Run a notebook's cells one after the other, as the kernel does. -> what the first failing one raised."""
    forget_cells()
    space: dict[str, Any] = {"__name__": "__main__"}
    for number, text in enumerate(cells, 1):
        file = FILE.format(number)
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        name_cell(file, f"[{number}]")
        try:
            exec(compile(text, file, "exec"), space)
        except Exception as error:
            return error
    return None


def mended(cells: tuple[str, ...], fix: Fix) -> tuple[str, ...]:
    """The notebook after a fix was pasted."""
    return tuple(
        apply(text, tuple(edit for edit in fix.edits if edit.file == FILE.format(number)))
        for number, text in enumerate(cells, 1)
    )


def explained(mistake: Mistake) -> tuple[Any, Failure]:
    error = run(mistake.notebook)
    assert error is not None, "the mistake is none"
    failure = explain(error, seconds=30)
    assert failure is not None
    return error, failure


@pytest.mark.filterwarnings("ignore")  # what a mended program warns of is its own affair
@pytest.mark.parametrize("mistake", [*MISTAKES, *ASKED], ids=lambda m: re.sub(r"\W+", "-", m.name))
def test_the_card_says_what_is_wrong_and_its_fixes_work(mistake: Mistake) -> None:
    error, failure = explained(mistake)
    assert failure.place == mistake.at
    assert failure.rule == mistake.rule
    assert tuple(operand.bad for operand in failure.operands) == mistake.axes, failure.operands
    assert failure.headline
    assert error.card.location[1] == int(mistake.at.split()[-1])
    codes = [fix.code for fix in failure.fixes]
    assert mistake.fix in codes if mistake.fix else not codes, (codes, failure.tried)
    for fix in failure.fixes:
        assert run(mended(mistake.notebook, fix)) is None, fix.code


def test_there_are_enough_mistakes() -> None:
    assert len(MISTAKES) >= 40
    assert sum(bool(mistake.fix) for mistake in MISTAKES) >= 40
    assert len({mistake.name for mistake in (*MISTAKES, *ASKED)}) == len(MISTAKES) + len(ASKED)


def test_what_is_misspelt_is_named() -> None:
    said = {mistake.name: explained(mistake)[1].headline for mistake in ASKED}
    assert said["loss.backwards"].endswith("there is backward.")
    assert said["opt.zerograd"].endswith("there is zero_grad.")
    assert said["state_dict keys module."] == "The same keys, but `module.` in front of each is too much."
    assert said["state_dict shapes"] == "`weight` is (5, 4) in the file and (3, 4) in this module."


def test_two_faults_are_shown_with_both_their_lines() -> None:
    mistake = next(each for each in ASKED if each.name == "two faults: width and target float")
    _, failure = explained(mistake)
    first, second = failure.fixes[0].lines
    assert (first.code, first.place) == ("model = nn.Linear(12, 3)", "replaces cell [2] line 1")
    assert (second.code, second.place) == ("loss = F.cross_entropy(scores, y.long())", "replaces cell [2] line 4")
