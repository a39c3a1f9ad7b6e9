"""`gradbook coach lesson.ipynb`: the cells run in order, and what the coach says stands below each and at the end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gradbook import events
from gradbook.kernel_ext import cli
from tests.kernel_ext.test_coach import FAULTY, MENDED, MODEL

SETUP = f"import gradbook\nfrom gradbook import nn, optim\n{MODEL}"
RAISES = "model(gradbook.randn(8, 4))"
Coached = Callable[..., int]


@pytest.fixture
def coached(tmp_path: Path, shell: object) -> Coached:
    """Runs the command over a notebook of these cells, a pair of text and tag each. -> its exit status."""

    def run(*cells: str | tuple[str, str], options: tuple[str, ...] = ()) -> int:
        pairs = [(cell, "") if isinstance(cell, str) else cell for cell in cells]
        code = [
            {"cell_type": "code", "id": f"id{i}", "source": text.splitlines(keepends=True), "outputs": [],
             "execution_count": None, "metadata": {"tags": [tag]} if tag else {}}
            for i, (text, tag) in enumerate(pairs)
        ]  # fmt: skip
        text = {"cell_type": "markdown", "source": "A *lesson*", "metadata": {}}
        file = tmp_path / "lesson.ipynb"
        file.write_text(json.dumps({"cells": [text, *code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        return cli.main(["coach", *options, str(file)])

    return run


def test_a_fault_stands_below_its_cell_and_at_the_end(coached: Coached, capsys: pytest.CaptureFixture[str]) -> None:
    assert coached("%load_ext gradbook", SETUP, FAULTY, "%unload_ext gradbook\nprint('the last cell')") == 1
    said = capsys.readouterr()
    assert said.out.index("coach · 1 error in cell [3]") < said.out.index("the last cell")
    assert "[missing-zero-grad] · cell [3] line 3: loss.backward()" in said.out
    assert "gradbook coach: 1 error" in said.err
    assert not events.observers


def test_a_correct_notebook_and_a_muted_rule(
    coached: Coached, capsys: pytest.CaptureFixture[str], config: Path
) -> None:
    config.mkdir()
    (config / "gradbook.json").write_text('{"coach": {"muted": ["missing-zero-grad"]}}')
    assert coached(SETUP, MENDED) == 0
    assert coached(SETUP, FAULTY) == 1, "what is muted in Jupyter is told here"
    assert coached(SETUP, FAULTY, options=("--mute", "missing-zero-grad")) == 0
    assert capsys.readouterr().err.count("gradbook coach: 1 error") == 1


def test_a_cell_that_raises_ends_it_unless_it_is_meant_to(coached: Coached, capsys: pytest.CaptureFixture[str]) -> None:
    assert coached(SETUP, "1 / 0", "print('later')") == 1
    assert "later" not in capsys.readouterr().out
    assert coached(SETUP, ("1 / 0", "raises-exception"), "print('later')") == 0
    assert "later" in capsys.readouterr().out
    assert coached(SETUP, (RAISES, "raises-exception"), options=("--fail-on", "never")) == 0
    assert coached(SETUP, "raise KeyboardInterrupt", "print('later')") == 130


def test_findings_for_other_tools_name_the_cell(coached: Coached, tmp_path: Path) -> None:
    file = tmp_path / "coach.json"
    assert coached(SETUP, (RAISES, "raises-exception"), FAULTY, options=("--json", str(file))) == 1
    found = {finding["rule"]: finding for finding in json.loads(file.read_text())["findings"]}
    assert found["shape-mismatch"]["cell"] == "[1]"
    assert (found["missing-zero-grad"]["cell"], found["missing-zero-grad"]["line"]) == ("[3]", 3)


def test_cells_run_in_the_folder_of_the_notebook(coached: Coached, tmp_path: Path) -> None:
    (tmp_path / "settings.txt").write_text("steps")
    before = Path.cwd()
    assert coached("from pathlib import Path\nassert Path('settings.txt').read_text() == 'steps'") == 0
    assert Path.cwd() == before


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"worksheets": []}', '{"cells": [1]}'])
def test_what_is_no_notebook_is_said(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "old.ipynb"
    file.write_text(text)
    assert cli.main(["coach", str(file)]) == 1
    assert "old.ipynb is no notebook of format 4" in capsys.readouterr().err
    assert cli.main(["coach", str(tmp_path / "none.ipynb")]) == 1
    assert "No such file" in capsys.readouterr().err
