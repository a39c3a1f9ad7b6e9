"""The coach in a shell: what it says under a cell and in %coach, what it remembers, and that it is in nobody's way."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from gradbook import events, kernel_ext, observe
from gradbook.coach import RULES, Finding, explain
from gradbook.coach.session import Session
from gradbook.kernel_ext.coaching import Coaching
from tests.kernel_ext.conftest import run

MODEL = """\
model = nn.Linear(3, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
x, y = gradbook.randn(8, 3), gradbook.randn(8, 1)"""
FAULTY = """\
for _ in range(5):
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()"""
MENDED = FAULTY.replace("    loss.backward", "    optimizer.zero_grad()\n    loss.backward")
CLEARS = "missing-zero-grad"


def coaching(shell: InteractiveShell) -> Coaching:
    return kernel_ext._loaded[id(shell)].cells.coaching


def rules_of(shell: InteractiveShell) -> list[tuple[str, str]]:
    """What is open beside hints, as (cell, rule)."""
    return [(label, rule) for label, found in coaching(shell).findings() for rule in alarms(found)]


def alarms(findings: Iterable[Finding]) -> list[str]:
    """The rules of errors and warnings."""
    return [finding.rule for finding in findings if finding.severity != "hint"]


@pytest.fixture
def said(loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a cell. -> what it printed."""
    run(loaded, MODEL, cell_id="model")

    def say(text: str, cell_id: str | None = None) -> str:
        capsys.readouterr()
        run(loaded, text, cell_id=cell_id)
        return capsys.readouterr().out

    return say


def usage(shell: InteractiveShell, line: str) -> str:
    with pytest.raises(UsageError) as caught:
        shell.run_line_magic("coach", line)
    return str(caught.value)


# -- a cell ----------------------------------------------------------------------------------------------------------


def test_a_fault_stands_under_its_cell_with_its_line_and_its_fix(said: Any) -> None:
    out = said(FAULTY)
    assert "coach · 1 error in cell [3]" in out
    assert "[missing-zero-grad] · cell [3] line 3: loss.backward()" in out
    assert "      fix: optimizer.zero_grad()" in out


def test_a_correct_cell_says_nothing(said: Any) -> None:
    assert "coach" not in said(MENDED)
    assert "coach" not in said("with gradbook.no_grad():\n    model.eval()(x)\nmodel.train();")


def test_what_is_said_goes_when_its_cell_runs_again_without_the_fault(loaded: InteractiveShell, said: Any) -> None:
    said(FAULTY, cell_id="train")
    assert rules_of(loaded) == [("[3]", CLEARS)]
    said("1 + 1", cell_id="other")
    assert rules_of(loaded) == [("[3]", CLEARS)]
    said(MODEL + "\n" + MENDED, cell_id="train")
    assert rules_of(loaded) == []


def test_findings_reach_the_run_while_the_cell_executes(loaded: InteractiveShell, said: Any) -> None:
    out = said(f"""{FAULTY}
    said_already = [f.rule for f in observe.current_run().coach]
print(said_already)""")
    assert "['missing-zero-grad'" in out
    (seen,) = observe.runs()
    assert alarms(seen.coach) == [CLEARS]
    assert seen.coach.rules == len(RULES)


def test_views_are_woken_by_a_finding_and_by_a_mute(loaded: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    cells, woken = kernel_ext._loaded[id(loaded)].cells, list[int]()
    monkeypatch.setattr(cells.coaching, "_wake", lambda: woken.append(1))
    run(loaded, f"{MODEL}\n{FAULTY}")
    said = len(woken)
    assert said == observe.runs()[0].coach.version > 0
    cells.coaching.mute(CLEARS)
    assert len(woken) == said + 1


def test_what_a_live_view_shows_is_not_said_under_the_cell_again(said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADBOOK_FRONTEND", "picture")
    assert "coach ·" not in said(FAULTY, cell_id="train")
    assert "coach ·" not in said(f"%%watch --panels loss,coach\n{FAULTY}", cell_id="train")
    assert "coach · 1 error in cell [5]" in said(f"%%watch --panels loss\n{FAULTY}", cell_id="train")
    said("%gradbook level off")
    assert "coach · 1 error in cell [7]" in said(FAULTY, cell_id="train")


def test_what_stands_under_an_earlier_cell_is_not_said_again(said: Any) -> None:
    said("def fit():\n" + "\n".join(f"    {line}" for line in FAULTY.splitlines()), "fit")
    assert "coach · 1 error in cell [4]" in said("fit()", "one")
    assert "coach ·" not in said("fit()", "two")
    assert alarms(observe.runs()[-1].coach) == [CLEARS], "its live view shows it all the same"
    assert said("%coach report").count(f"[{CLEARS}]") == 1


def test_hints_stand_in_the_report_alone(said: Any) -> None:
    hint = explain("bias-before-batchnorm")
    assert "coach ·" not in said(hint.example)
    report = said("%coach report")
    assert "hint: " in report
    assert f"[{hint.rule}] · cell [3] line {hint.line}" in report


# -- exceptions ------------------------------------------------------------------------------------------------------


def test_an_exception_is_a_finding_and_said_once(loaded: InteractiveShell, said: Any) -> None:
    out = said("model(gradbook.randn(8, 4))")
    assert out.count("model takes 3 numbers per row and got 4.") == 1
    assert "✕ model takes 3 numbers per row and got 4.   [shape-mismatch]" in out
    assert "what this is about: %coach explain shape-mismatch" in out
    assert rules_of(loaded) == [("[3]", "shape-mismatch")]
    report = said("%coach report")
    assert "error: model takes 3 numbers per row and got 4. [shape-mismatch] · cell [2] line 1" in report


def test_other_findings_of_a_cell_that_raises_are_said_below_its_card(loaded: InteractiveShell, said: Any) -> None:
    out = said(f"%gradbook level off\n{FAULTY}\nmodel(gradbook.randn(8, 4))")
    card, _, below = out.partition("coach · 1 error in cell [3]")
    assert "✕ model takes 3 numbers" in card
    assert CLEARS in below
    assert "shape-mismatch" not in below
    assert sorted(rule for _, rule in rules_of(loaded)) == [CLEARS, "shape-mismatch"]


def test_without_cards_an_exception_is_said_as_a_finding(said: Any) -> None:
    said("%gradbook cards off")
    out = said("model(gradbook.randn(8, 4))")
    assert "✕" not in out
    assert "error: model takes 3 numbers per row and got 4. [shape-mismatch]" in out


def test_where_the_card_fails_the_finding_is_said(said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise OSError("no card")

    monkeypatch.setattr("gradbook.widgets.card.error_card", broken)
    with pytest.warns(RuntimeWarning, match="the error card failed"):
        out = said("model(gradbook.randn(8, 4))")
    assert "error: model takes 3 numbers per row and got 4. [shape-mismatch]" in out


def test_an_exception_is_explained_once_for_card_and_coach(said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from gradbook.observe import failure

    explained, made = failure.explain, list[BaseException]()
    monkeypatch.setattr(failure, "explain", lambda error: made.append(error) or explained(error))
    said("model(gradbook.randn(8, 4))")
    assert len(made) == 1


def test_the_card_names_the_rule_when_nobody_watches_too(loaded: InteractiveShell, said: Any) -> None:
    said("%coach off")
    assert "%coach explain shape-mismatch" in said("model(gradbook.randn(8, 4))")
    assert rules_of(loaded) == []


@pytest.mark.parametrize("text", ["1 / 0", "raise KeyboardInterrupt", "def f(", "assert False", "undefined"])
def test_exceptions_that_are_not_the_engines_are_none(loaded: InteractiveShell, said: Any, text: str) -> None:
    assert "coach" not in said(text)
    assert rules_of(loaded) == []


def test_a_cell_that_runs_another_one_is_one_cell(loaded: InteractiveShell, said: Any) -> None:
    inner = "get_ipython().run_cell('model(gradbook.randn(8, 4))')"
    out = said(f"{inner}\n{FAULTY}")
    assert "✕ model takes 3 numbers" in out
    assert "coach · 1 error in cell [3]" in out
    assert rules_of(loaded) == [("[3]", CLEARS)]


def test_a_script_that_is_run_is_watched(said: Any, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(f"import gradbook\nfrom gradbook import nn, optim\n{MODEL}\n{FAULTY}\n")
    assert "[missing-zero-grad] · train.py line 8: loss.backward()" in said(f"%run {script}")


# -- %coach ----------------------------------------------------------------------------------------------------------


def test_coach_alone_says_how_it_stands(said: Any) -> None:
    assert said("%coach") == f"coach on · {len(RULES)} rules look · nothing to say in this session\n"
    said(FAULTY)
    first, second, *_ = said("%coach").splitlines()
    assert "· 1 error" in first
    assert second.startswith("  [4] error: Gradients are never cleared")
    assert second.endswith("[missing-zero-grad] · cell [4] line 3: loss.backward()")


def test_off_and_on(loaded: InteractiveShell, said: Any) -> None:
    said("%coach off")
    assert "coach" not in said(FAULTY)
    assert said("%coach").startswith("coach off · ")
    assert "coach · 1 error" in said(f"%coach on\n{FAULTY}")
    assert "coach" not in said(f"%coach off\n{MODEL}\n{FAULTY}")
    assert not events.observers


def test_switched_on_in_the_middle_it_speaks_in_the_view_that_is_there(
    said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADBOOK_FRONTEND", "picture")
    said("%coach off")
    said(f"{MENDED}\n%coach on\n{FAULTY}")
    (seen,) = observe.runs()
    assert alarms(seen.coach) == [CLEARS]


def test_gradbook_auto_off_leaves_the_coach_to_watched_cells(said: Any) -> None:
    said("%gradbook auto off")
    assert "coach" not in said(FAULTY)
    assert "coach · 1 error" in said(f"%%watch\n{FAULTY}")
    assert "coach" not in said("1 + 1"), "nothing is said twice"


def test_the_report_has_everything_by_cell(said: Any) -> None:
    assert "The coach has nothing to say.\n" in said("%coach report")
    said(FAULTY)
    said("model(gradbook.randn(8, 4))")
    report = said("%coach report")
    assert report.index("cell [4] · 1 error") < report.index(CLEARS) < report.index("cell [5] · 1 error")
    assert "steps that used old gradients: " in report


def test_explain_teaches_a_rule_or_names_all(said: Any) -> None:
    assert said("%coach explain missing-zero-grad") == explain(CLEARS).text + "\n"
    lines = said("%coach explain").splitlines()
    assert [line.split()[0] for line in lines] == sorted(RULES)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("banana", "on, off, report, explain, mute, unmute"),
        ("explain missing-zerograd", "do you mean missing-zero-grad"),
        ("mute xyz", "the rules are "),
        ("mute", "needs a rule"),
        ("unmute dead-rel", "do you mean dead-relu"),
        ("report now", "'now' follows"),
        ("off missing-zero-grad", "takes no more words"),
    ],
)
def test_usage_errors_name_what_is_valid(loaded: InteractiveShell, line: str, named: str) -> None:
    assert named in usage(loaded, line)


def test_options_and_rules_complete(loaded: InteractiveShell) -> None:
    def offered(text: str) -> list[str]:
        with provisionalcompleter():
            return [found.text for found in loaded.Completer.completions(text, len(text))]

    assert offered("%coach ") == ["on", "off", "report", "explain", "mute", "unmute"]
    assert offered("%coach explain missing-z") == [CLEARS]
    assert CLEARS in offered("%coach mute ")


def test_status_names_the_coach(said: Any) -> None:
    assert "coach on" in said("%gradbook status")
    said("%coach off")
    assert "coach off" in said("%gradbook status")


# -- muted rules -----------------------------------------------------------------------------------------------------


def muted_file(config: Path) -> Any:
    return json.loads((config / "gradbook.json").read_text())


def test_a_muted_rule_is_silent_here_and_in_later_sessions(loaded: InteractiveShell, said: Any, config: Path) -> None:
    said(FAULTY)
    assert said("%coach mute missing-zero-grad") == "missing-zero-grad: muted\n"
    assert rules_of(loaded) == [], "what it has said goes"
    assert "muted: missing-zero-grad" in said("%coach")
    assert "coach" not in said(FAULTY)
    assert muted_file(config) == {"coach": {"muted": [CLEARS]}}
    kernel_ext.unload_ipython_extension(loaded)
    kernel_ext.load_ipython_extension(loaded)
    assert "coach ·" not in said(FAULTY)
    assert said("%coach unmute missing-zero-grad") == "missing-zero-grad: speaks again\n"
    assert "coach · 1 error" in said(FAULTY)
    assert muted_file(config) == {"coach": {"muted": []}}


def test_all_muted_rules_speak_again_those_of_other_versions_too(said: Any, config: Path) -> None:
    said("%coach mute dead-relu bad-init")
    (config / "gradbook.json").write_text('{"coach": {"muted": ["bad-init", "dead-relu", "of-a-later-version"]}}')
    said("%reload_ext gradbook")
    assert said("%coach unmute of-a-later-version") == "of-a-later-version: speaks again\n"
    assert said("%coach unmute") == "bad-init: speaks again\ndead-relu: speaks again\n"
    assert muted_file(config) == {"coach": {"muted": []}}


def test_what_else_is_in_the_file_stays(said: Any, config: Path) -> None:
    config.mkdir(exist_ok=True)
    (config / "gradbook.json").write_text('{"other": 1, "coach": {"muted": ["of-a-later-version"], "more": 2}}')
    said("%coach mute dead-relu")
    assert muted_file(config) == {"other": 1, "coach": {"muted": ["dead-relu", "of-a-later-version"], "more": 2}}


@pytest.mark.parametrize("text", ["{", "[]", '{"coach": {"muted": "all"}}', '{"coach": 3}', "\x00", "[" * 100_000])
def test_a_broken_file_is_said_once_and_left_alone(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], config: Path, text: str
) -> None:
    config.mkdir(exist_ok=True)
    file = config / "gradbook.json"
    file.write_text(text)
    with pytest.warns(RuntimeWarning, match="gradbook.json.*; mend or delete it"):
        shell.extension_manager.load_extension("gradbook")
    run(shell, "import gradbook\nfrom gradbook import nn, optim")
    run(shell, f"{MODEL}\n{FAULTY}")
    capsys.readouterr()
    run(shell, "%coach mute missing-zero-grad")
    assert capsys.readouterr().out.startswith("missing-zero-grad: muted, for this session only: ")
    assert file.read_text() == text
    run(shell, f"{MODEL}\n{FAULTY}")
    assert "coach ·" not in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_said(said: Any, config: Path) -> None:
    config.parent.mkdir(exist_ok=True)
    config.write_text("no folder")
    out = said("%coach mute missing-zero-grad")
    assert out.startswith("missing-zero-grad: muted, for this session only: ")
    assert "coach ·" not in said(FAULTY)


# -- in nobody's way -------------------------------------------------------------------------------------------------


class Broken(Session):
    """A coach that fails as soon as a cell ends."""

    def end_cell(self, error: BaseException | None = None) -> Any:
        raise OSError("lost")


def test_a_coach_that_fails_warns_once_and_the_cells_go_on(
    loaded: InteractiveShell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(loaded, MODEL)
    monkeypatch.setattr("gradbook.coach.session.Session", Broken)
    coaching(loaded).stop()
    with pytest.warns(RuntimeWarning, match="the coach failed and is off .*lost"):
        assert run(loaded, FAULTY).success
    assert not events.observers
    assert run(loaded, FAULTY).success, "and warns no more, which would be an error here"
    run(loaded, "%coach")
    assert "coach off · " in capsys.readouterr().out
    monkeypatch.undo()
    run(loaded, "%coach on")
    run(loaded, f"{MODEL}\n{FAULTY}")
    assert "coach · 1 error" in capsys.readouterr().out


def test_an_interrupt_while_the_coach_thinks_ends_its_thinking_only(
    loaded: InteractiveShell, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("gradbook.coach.coach.Coach.renew", interrupted)
        assert run(loaded, FAULTY).success
    assert not events.observers
    assert observe.runs()[0].state == "finished"
    assert "coach · 1 error" in said(f"{MODEL}\n{FAULTY}")


def test_a_view_that_cannot_be_told_silences_no_rule(
    loaded: InteractiveShell, said: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise OSError("gone")

    monkeypatch.setattr(coaching(loaded), "_wake", broken)
    with pytest.warns(RuntimeWarning, match="a view could not be told .*gone"):
        out = said(FAULTY)
    assert "coach · 1 error" in out


def test_cells_that_measure_are_not_watched(loaded: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    begin_cell = Session.begin_cell
    monkeypatch.setattr(Session, "begin_cell", lambda self, *a: begun.append(a[2]) or begin_cell(self, *a))
    for text in ("%timeit -n1 -r1 1 + 1", "%%timeit -n1 -r1\n1 + 1", "1 + 1"):
        run(loaded, text)
    assert begun == ["1 + 1"]


def test_a_timeline_is_not_disturbed(said: Any) -> None:
    assert "coach ·" not in said(f"%%timeline\n{FAULTY}")


def test_unloading_forgets_everything(loaded: InteractiveShell) -> None:
    import gc
    import weakref

    run(loaded, f"{MODEL}\n{FAULTY}")
    known = weakref.ref(coaching(loaded)._session.coach)
    model = weakref.ref(loaded.user_ns["model"])
    loaded.extension_manager.unload_extension("gradbook")
    run(loaded, "del model, optimizer, loss, x, y, _")
    observe.run.forget_runs()
    gc.collect()
    assert known() is None
    assert model() is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(loaded, "1 + 1")
