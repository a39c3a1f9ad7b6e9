"""`gradbook demo` and `gradbook info`: what they do, and what they say when they cannot."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import util
from pathlib import Path

import pytest

from gradbook.kernel_ext import cli

LESSON = cli.lessons()[0]


def test_the_lesson_is_copied_whole_and_a_changed_copy_stays(tmp_path: Path) -> None:
    copy = cli.copy_lesson(LESSON, tmp_path / "new" / "folder")
    assert json.loads(copy.read_text(encoding="utf-8"))["nbformat"] == 4
    copy.write_text("mine")
    assert cli.copy_lesson(LESSON, tmp_path / "new" / "folder").read_text() == "mine"


def test_a_lesson_is_chosen_by_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(subprocess, "call", lambda command: 0)
    assert cli.main(["demo", "2", "--folder", str(tmp_path)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == [cli.lessons()[1]]
    with pytest.raises(SystemExit):
        cli.main(["demo", "99"])
    assert "invalid choice: 99" in capsys.readouterr().err


def test_without_a_folder_the_copy_is_beside_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.copy_lesson(LESSON, None) == tmp_path / "gradbook-lessons" / LESSON


def test_where_nothing_can_be_written_a_temporary_folder_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gradbook-lessons").write_text("a file is in the way")
    monkeypatch.chdir(tmp_path)
    copy = cli.copy_lesson(LESSON, None)
    assert copy.exists()
    assert tmp_path not in copy.parents


def test_a_folder_that_cannot_be_written_is_an_error_that_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert cli.main(["demo", "--folder", str(blocked / "inside"), "--no-browser"]) == 1
    assert f"cannot write the lesson into {blocked / 'inside'}" in capsys.readouterr().err


@pytest.mark.parametrize(("absent", "arguments"), [("jupyterlab", []), ("nbclient", ["--headless", "out.html"])])
def test_a_missing_extra_names_its_install(
    absent: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == absent else find(name))
    assert cli.main(["demo", *arguments]) == 1
    message = capsys.readouterr().err
    assert absent in message
    assert "pip install 'gradbook[lab]'" in message


def test_a_page_into_a_folder_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo", "--headless", str(tmp_path / "no" / "page.html")]) == 1
    assert "does not exist" in capsys.readouterr().err


def test_demo_starts_jupyterlab_of_this_python_on_the_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr(subprocess, "call", lambda command: called.append(command) or 0)
    assert cli.main(["demo", "--folder", str(tmp_path), "--no-browser"]) == 0
    (command,) = called
    assert command[:4] == [sys.executable, "-m", "jupyterlab", str(tmp_path / LESSON)]
    assert "--no-browser" in command


def test_info_tells_versions_and_controls(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert lines["python"].startswith(sys.version.split()[0])
    assert lines["controls"] == "work while a cell runs"


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        ({"ipykernel": "6.31.0", "jupyterlab": "4.6.6"}, "needs ipykernel 7.1+ ("),
        ({"ipykernel": "7.4.0", "jupyterlab": "4.3.9"}, "needs jupyterlab 4.4+ ("),
        ({}, "needs ipykernel 7.1+ and jupyterlab 4.4+"),
        ({"ipykernel": "7.10.0", "jupyterlab": "5.0.0a1"}, "work while a cell runs"),
    ],
)
def test_info_says_what_the_controls_need(versions: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "version_of", versions.get)
    assert said in cli.explain_controls()


def test_wrong_usage_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["demo", "--colour"])
    assert "--colour" in capsys.readouterr().err
