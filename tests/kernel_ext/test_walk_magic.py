"""%%walk in a real shell: the cell runs once and stays a cell, the walkthrough appears at its end."""

from __future__ import annotations

import ast
import base64
import zlib
from pathlib import Path
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from gradbook import events
from gradbook.kernel_ext.magics import walk as magic
from gradbook.widgets.still import Still
from gradbook.widgets.wire import unpack

CELL = """\
%%walk {options}
x = gradbook.tensor([1.0, -2.0], requires_grad=True)
h = (x * 3).relu()
loss = h.sum()  {comment}
loss.backward()
"""


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Still]:
    """What is displayed by %%walk."""
    found: list[Still] = []
    monkeypatch.setattr(magic, "display", found.append)
    return found


def run(shell: InteractiveShell, text: str) -> Any:
    return shell.run_cell(text, store_history=True)


def cell(options: str = "", comment: str = "") -> str:
    return CELL.format(options=options, comment=comment)


def test_the_cell_runs_once_and_is_shown_step_by_step(loaded: InteractiveShell, shown: list[Still]) -> None:
    assert run(loaded, cell()).success
    (still,) = shown
    content = still.message.content
    assert content["view"] == "walk"
    assert content["title"] == f"cell [{loaded.execution_count - 1}]"
    assert content["code"]["lines"][:2] == ["%%walk", "x = gradbook.tensor([1.0, -2.0], requires_grad=True)"]
    assert [step["phase"] for step in content["steps"]] == ["forward"] * 3 + ["call"] + ["backward"] * 3
    assert [step["line"] for step in content["steps"]] == [3, 3, 4, 5, 4, 3, 3]
    assert content["ran"] == [2, 3, 4, 5]
    assert loaded.user_ns["x"].grad.tolist() == [3.0, 0.0]
    assert events.observers == ()


def test_a_loop_in_a_cell_has_turns(loaded: InteractiveShell, shown: list[Still]) -> None:
    text = "%%walk\nw = gradbook.ones(1)\nfor i in range(2):\n    for j in range(2):\n        w = w * 2\n"
    assert run(loaded, text).success
    steps = shown[0].message.content["steps"]
    turns = [[(loop["name"], loop["index"], loop["of"]) for loop in step["repeat"]] for step in steps]
    outer, inner = "for i in range(2)", "for j in range(2)"
    assert turns == [[(outer, i, 2), (inner, j, 2)] for i in range(2) for j in range(2)]


def test_the_last_value_and_a_second_run(loaded: InteractiveShell, shown: list[Still]) -> None:
    result = run(loaded, "%%walk\ngradbook.ones(2) * 2\n")
    assert result.result.tolist() == [2.0, 2.0]
    run(loaded, "%%walk\ngradbook.ones(2) * 2\n")
    assert [len(still.message.content["steps"]) for still in shown] == [1, 1]


def test_an_error_stays_an_error_and_is_the_last_step(
    loaded: InteractiveShell, shown: list[Still], capsys: pytest.CaptureFixture[str]
) -> None:
    result = run(loaded, "%%walk\na = gradbook.ones(2, 3) * 2\nb = a @ a\nc = b + 1\n")
    assert type(result.error_in_exec).__name__ == "ShapeError"
    assert "ShapeError" in capsys.readouterr().out
    (still,) = shown
    last = still.message.content["steps"][-1]
    assert (last["phase"], last["line"], last["error"]["type"]) == ("error", 3, "ShapeError")
    assert still.message.content["error"]["line"] == 3
    assert events.observers == ()


def test_a_cell_that_is_stopped_has_not_failed(loaded: InteractiveShell, shown: list[Still]) -> None:
    run(loaded, "%%walk\na = gradbook.ones(2) * 2\nraise observe.StopTraining\n")
    content = shown[0].message.content
    assert [step["phase"] for step in content["steps"]] == ["forward"]
    assert content["error"] is None


def test_a_walk_is_a_value_that_shows_itself(loaded: InteractiveShell) -> None:
    text = "with observe.walk() as w:\n    a = gradbook.ones(2) * 3\nw\n"
    data = run(loaded, text).result._repr_mimebundle_()
    assert set(data) == {"text/plain", "text/html"}
    assert "walkthrough of [" in data["text/plain"]
    assert "a[0] = 1 · 3 = 3" in data["text/plain"]


def test_functions_of_other_cells_are_named(loaded: InteractiveShell, shown: list[Still]) -> None:
    run(loaded, "def twice(x):\n    return x * 2\n")
    run(loaded, "%%walk\ny = twice(gradbook.ones(1))\n")
    content = shown[0].message.content
    (text,) = content["others"]
    assert text["label"].startswith("twice in [")
    assert text["lines"] == ["def twice(x):", "    return x * 2"]
    assert content["values"][-1]["name"] == "y"
    assert "twice line 2" in shown[0].text
    (op,) = content["ops"]
    assert (op["text"], op["line"], [(via["text"], via["line"]) for via in op["via"]]) == (1, 2, [(0, 2)])


def test_a_cell_without_operations_says_so(
    loaded: InteractiveShell, shown: list[Still], capsys: pytest.CaptureFixture[str]
) -> None:
    run(loaded, "%%walk\nn = 1 + 1\n")
    assert shown == []
    assert "no operation ran in this cell" in capsys.readouterr().out


def test_questions_of_the_line_and_of_comments(
    loaded: InteractiveShell, shown: list[Still], capsys: pytest.CaptureFixture[str]
) -> None:
    run(loaded, cell("--predict h,x.grad.zeros,nobody", "# predict: loss"))
    quiz = shown[0].message.content["quiz"]
    assert [(q["step"], q["ask"], q["of"], q["answer"]) for q in quiz] == [
        (1, "value", "value", [3.0, 0.0]), (2, "value", "value", [3.0]), (6, "zeros", "grad", [0.0, 1.0]),
    ]  # fmt: skip
    assert "predict nobody: the walk has no value called nobody" in capsys.readouterr().out
    run(loaded, cell("--quiz"))
    assert len(shown[1].message.content["quiz"]) > 0


def test_only_the_way_back(loaded: InteractiveShell, shown: list[Still]) -> None:
    run(loaded, "x = gradbook.tensor(2.0, requires_grad=True)\nloss = x * x\n")
    run(loaded, "%%walk --backward-only\nloss.backward()\n")
    run(loaded, cell("--backward-only"))
    assert [step["phase"] for step in shown[0].message.content["steps"]] == ["call", "backward"]
    assert shown[0].message.content["steps"][1]["parts"][1]["total"] is not None
    assert {step["phase"] for step in shown[1].message.content["steps"]} == {"call", "backward"}
    run(loaded, cell("--backward-only --predict h,x.grad"))
    content = shown[2].message.content
    assert [content["steps"][q["step"]]["phase"] for q in content["quiz"]] == ["backward"]  # h is known already


def test_it_is_saved_as_a_page(
    loaded: InteractiveShell, shown: list[Still], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "my lesson.html"
    run(loaded, cell(f'--quiz --save "{page}"'))
    assert "a page that needs no kernel and no network" in capsys.readouterr().out
    data = page.read_text(encoding="utf-8").split('<script type="text/plain">')[1].split("<")[0]
    content = unpack(zlib.decompress(base64.b64decode(data))).content
    assert content["view"] == "walk"
    assert content["quiz"]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("--colour red", "--save, --predict, --backward-only, --quiz"),
        ("loss", "'loss' is no option; there are --backward-only, --quiz, --save, --predict"),
        ("--save lesson.pdf", "must end in .html"),
        ("--save /nowhere/at/all.html", "there is no folder /nowhere/at"),
        ("--predict h==2", "'h==2' is nothing to predict"),
        ("--quiz yes", "takes no value"),
        ("--save", "needs a value"),
    ],
)
def test_a_bad_line_names_what_is_valid(line: str, named: str) -> None:
    with pytest.raises(UsageError) as caught:
        magic.parse(line)
    assert named in str(caught.value)


def test_a_bad_line_runs_nothing(loaded: InteractiveShell, shown: list[Still]) -> None:
    assert not run(loaded, "%%walk --colour red\nnot_run = 1\n").success
    assert "not_run" not in loaded.user_ns
    assert shown == []
    assert events.observers == ()


def test_there_is_no_live_view_beside_it(loaded: InteractiveShell, shown: list[Still]) -> None:
    run(loaded, cell())
    assert not loaded.user_ns["observe"].runs()
    run(loaded, cell().replace("%%walk", "pass  #"))
    assert len(loaded.user_ns["observe"].runs()) == 1


def test_it_can_be_awaited_and_covers_the_rest_of_a_cell(loaded: InteractiveShell, shown: list[Still]) -> None:
    text = "%%walk\nimport asyncio\nawait asyncio.sleep(0)\na = gradbook.ones(1) * 2\n"
    assert run(loaded, text).success
    assert run(loaded, "a = gradbook.ones(1) * 2\n%walk\nb = a + 1\n").success
    assert [[op["op"] for op in still.message.content["ops"]] for still in shown] == [["mul"], ["add"]]
    assert shown[1].message.content["code"]["lines"][1] == "%walk"


def test_options_complete(loaded: InteractiveShell) -> None:
    with provisionalcompleter():
        found = {c.text for c in loaded.Completer.completions("%%walk --", len("%%walk --"))}
    assert found >= {"--backward-only", "--predict", "--quiz", "--save"}


def test_the_docstring_is_the_manual() -> None:
    manual = magic.WalkMagic.walk.__doc__ or ""
    for option in (*magic.OPTIONS, *magic.FLAGS):
        assert f"--{option}" in manual
    assert ast.parse(CELL.split("\n", 1)[1].format(comment=""))
