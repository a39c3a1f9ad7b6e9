"""%%timeline: what stands under the cell, also when it raises, and what it writes."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from gradbook import observe
from gradbook.widgets.still import Still
from tests.kernel_ext.conftest import run

DRAWS = "gradbook.widgets.describe_timeline"
MODEL = "model = nn.Sequential(nn.Linear(4, 4), nn.ReLU()); x = gradbook.ones(2, 4)"
LOOP = "for _ in range(5):\n    model(x).sum().backward()"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setattr("gradbook.kernel_ext.magics.timeline.display", found.append)
    return found


def test_the_cell_runs_as_ever_and_a_timeline_stands_under_it(loaded: InteractiveShell, shown: list[Any]) -> None:
    run(loaded, MODEL)
    result = run(loaded, f"%%timeline --by line\n{LOOP}\n1 + 1")
    assert result.success
    assert result.result == 2
    (still,) = shown
    assert isinstance(still, Still)
    assert still.message.content["cell"] == "[3]"
    assert still.message.content["by"] == "line"
    assert ("[3]", "", 3, "model(x).sum().backward()") in still.message.content["places"]
    assert "[3]:3  model(x).sum().backward()" in still.text
    assert still.message.content["summary"]["passes"] == 5
    assert ("model (Sequential)", "0", "Linear") in still.message.content["modules"]
    assert observe.runs() == []  # nobody else recorded the cell


def test_an_exception_stays_an_exception(loaded: InteractiveShell, shown: list[Any]) -> None:
    run(loaded, MODEL)
    result = run(loaded, "%%timeline\nmodel(x)\nmodel(gradbook.ones(2, 5))")
    assert type(result.error_in_exec).__name__ == "ShapeError"
    (still,) = shown
    assert still.message.content["error"]["type"] == "ShapeError"
    assert "relu" in still.text


def test_the_import_of_what_draws_is_not_timed(
    loaded: InteractiveShell, shown: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow:
        def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
            if name == DRAWS:
                time.sleep(0.5)

    run(loaded, MODEL)
    monkeypatch.delitem(sys.modules, DRAWS, raising=False)
    monkeypatch.setattr(sys, "meta_path", [Slow(), *sys.meta_path])
    run(loaded, f"%%timeline\n{LOOP}")
    assert shown[0].message.content["summary"]["wall"] < 0.5


def test_the_next_cell_is_watched_again(loaded: InteractiveShell, shown: list[Any]) -> None:
    run(loaded, MODEL)
    run(loaded, f"%%timeline\n{LOOP}")
    run(loaded, LOOP)
    assert len(observe.runs()) == 1
    assert len(shown) == 1


def test_it_is_written_as_a_page_or_a_trace(
    loaded: InteractiveShell, shown: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(loaded, MODEL)
    run(loaded, f"%%timeline --memory --save {tmp_path / 'a.html'}\n{LOOP}")
    run(loaded, f"%%timeline --save {tmp_path / 'b.json'}\n{LOOP}")
    assert shown[0].message.content["measure"] == "held"
    assert "data-gradbook" in (tmp_path / "a.html").read_text(encoding="utf-8")
    names = {event["name"] for event in json.loads((tmp_path / "b.json").read_text())["traceEvents"]}
    assert {"linear", "linear backward", "relu"} <= names
    assert "written to" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--by colour", "op, module, line"),
        ("--save t.txt", "html, json"),
        ("--memory yes", "takes no value"),
        ("--depth 3", "--by, --save, --memory"),
        ("loss", "the options are"),
        ("--by", "needs a value"),
    ],
)
def test_a_bad_line_says_what_is_valid_and_leaves_nothing(
    loaded: InteractiveShell, shown: list[Any], line: str, said: str
) -> None:
    result = run(loaded, f"%%timeline {line}\n1 + 1")
    assert isinstance(result.error_in_exec, UsageError)
    assert said in str(result.error_in_exec)
    assert shown == []


@pytest.mark.parametrize(("text", "offered"), [("%%timeline --by m", ["module"]), ("%%timeline --me", ["--memory"])])
def test_options_complete_with_tab(loaded: InteractiveShell, text: str, offered: list[str]) -> None:
    with provisionalcompleter():
        assert [found.text for found in loaded.Completer.completions(text, len(text))] == offered
