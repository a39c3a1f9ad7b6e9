from __future__ import annotations

import re
import sys
import warnings
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from gradbook import kernel_ext
from tests.kernel_ext.conftest import run

WRONG = "x = gradbook.ones(2, 3)\nw = gradbook.ones(4, 3)\ny = x @ w"


def said(capsys: pytest.CaptureFixture[str], shell: InteractiveShell, text: str) -> str:
    capsys.readouterr()
    run(shell, text)
    return capsys.readouterr().out


def test_an_engine_error_ends_in_a_card(loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, loaded, WRONG)
    number = loaded.execution_count - 1
    assert "✕ x has 3 columns, w has 4 rows; a product needs as many of both.   [shape-mismatch]" in out
    assert f"cell [{number}] line 3" in out
    assert "x (2, [3])" in out
    assert "1  y = x @ w.T" in out
    assert "✓ then y (2, 4)" in out


def test_the_card_shows_the_cell_as_it_was_typed(loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    card = said(capsys, loaded, f"%%timeline --by line\n{WRONG}").partition("✕")[2]
    assert "1 │ %%timeline --by line" in card
    assert "get_ipython" not in card
    assert "2 │ %seed 3" in said(capsys, loaded, f"#\n%seed 3\n{WRONG}").partition("✕")[2]


def test_a_misspelt_name_has_a_card_too(loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    out = said(capsys, loaded, "gradbook.ones(2).sqaure()")
    assert "✕ 'Tensor' object has no attribute 'sqaure'; there is square." in out
    assert "1  gradbook.ones(2).square()" in out
    out = said(capsys, loaded, "model = nn.Linear(2, 1)\nopt = optim.SGD(model.parameters(), learning_rate=0.1)")
    assert "1  opt = optim.SGD(model.parameters(), lr=0.1)" in out


def test_what_is_not_ours_has_no_card(loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    for text in (
        "'abc'.uper()",
        "dict(1, 2, 3)",
        "class A: pass\nA().b",
        "def f(x): pass\nf()",
        "int(learning_rate=2)",
    ):
        assert "✕" not in said(capsys, loaded, text)


def test_the_traceback_comes_first_without_frames_of_ours(
    loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    out = said(capsys, loaded, WRONG)
    assert out.index("ShapeError") < out.index("✕")
    assert "ops/linalg.py" not in out
    assert re.search(r"\d frames inside gradbook left out; %tb has them all", out)  # more once overrides are asked
    assert "ops/linalg.py" in said(capsys, loaded, "%tb")


def test_the_cell_has_failed_all_the_same(loaded: InteractiveShell) -> None:
    result = run(loaded, WRONG)
    assert not result.success
    assert type(result.error_in_exec).__name__ == "ShapeError"
    assert sys.last_value is result.error_in_exec
    assert result.error_in_exec.card.fixes[0] == "y = x @ w.T"


@pytest.mark.parametrize(
    "text",
    [
        "1 / 0", "undefined", "raise ValueError('mine')", "def f(", "  x = 1\n y = 2", "raise KeyboardInterrupt",
        "[].pop()", "import gradbook.nothing_of_that_name",
    ],
)  # fmt: skip
def test_other_errors_look_as_ever(loaded: InteractiveShell, capsys: pytest.CaptureFixture[str], text: str) -> None:
    kernel_ext.unload_ipython_extension(loaded)
    capsys.readouterr()
    run(loaded, text)
    bare = capsys.readouterr()
    loaded.extension_manager.load_extension("gradbook")
    kernel_ext.load_ipython_extension(loaded)
    capsys.readouterr()
    run(loaded, text)
    ours = capsys.readouterr()
    assert without_number(ours.out) == without_number(bare.out)
    assert "✕" not in ours.out


def without_number(text: str) -> str:
    return "".join(char for char in text if not char.isdigit())


def test_what_a_users_forward_raises_has_no_card(loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    text = "class N(nn.Module):\n    def forward(self, x):\n        return undefined\nN()(gradbook.ones(2))"
    out = said(capsys, loaded, text)
    assert "NameError" in out
    assert "✕" not in out


def test_cards_can_be_turned_off(loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    run(loaded, "%gradbook cards off")
    out = said(capsys, loaded, WRONG)
    assert "✕" not in out
    assert "ops/linalg.py" in out
    assert "cards off" in said(capsys, loaded, "%gradbook status")


def test_a_card_that_fails_leaves_the_ordinary_traceback_and_one_warning(
    loaded: InteractiveShell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("describe")

    monkeypatch.setattr("gradbook.widgets.card.describe_card", broken)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        out = said(capsys, loaded, WRONG)
    assert "ops/linalg.py" in out
    assert ["describe" in str(warning.message) for warning in heard if "gradbook" in str(warning.message)] == [True]


def test_exceptions_that_were_spoken_for_stay_so(shell: InteractiveShell) -> None:
    heard: list[BaseException] = []
    shell.set_custom_exc((ZeroDivisionError,), lambda shell, kind, value, tb, tb_offset=None: heard.append(value))
    kernel_ext.load_ipython_extension(shell)
    run(shell, "1 / 0")
    assert [type(each) for each in heard] == [ZeroDivisionError]


def test_a_mode_of_tracebacks_is_kept(loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    run(loaded, "%xmode Plain")
    out = said(capsys, loaded, WRONG)
    assert "----> 3" not in out
    assert "ShapeError" in out
    assert "✕" in out


def test_an_interrupt_while_a_card_is_made_leaves_the_traceback_and_the_next_card(
    loaded: InteractiveShell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("gradbook.observe.failure.explain", interrupted)
        out = said(capsys, loaded, WRONG)
    assert "ops/linalg.py" in out
    assert "✕" not in out
    assert "✕" in said(capsys, loaded, WRONG)


def test_no_card_is_made_for_a_training_that_was_stopped(
    loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, loaded, "raise observe.StopTraining") == ""
