from __future__ import annotations

import threading
import time
from typing import Any, ClassVar

import pytest
from IPython.core.interactiveshell import InteractiveShell

from gradbook import events, kernel_ext, observe, widgets

TRAIN = """\
w = gradbook.ones(3, requires_grad=True)
for _ in range({steps}):
    w.grad = None
    err = (w * w).sum()
    err.backward()
    {more}
"""


def run(shell: InteractiveShell, text: str, *, cell_id: str | None = None) -> Any:
    return shell.run_cell(text, store_history=True, cell_id=cell_id)


def train(
    shell: InteractiveShell, steps: int = 5, more: str = "pass", *, cell_id: str | None = None, head: str = ""
) -> Any:
    return run(shell, TRAIN.format(steps=steps, more=more), cell_id=cell_id)


def state_of(shell: InteractiveShell) -> dict[str, Any]:
    """Everything an extension could leave behind in a shell."""
    manager = shell.magics_manager
    return {
        "callbacks": {name: list(found) for name, found in shell.events.callbacks.items()},
        "magics": {kind: set(found) for kind, found in manager.magics.items()},
        "registry": set(manager.registry),
        "transformers": [*shell.input_transformers_cleanup, *shell.input_transformers_post],
        "ast": list(shell.ast_transformers),
        "matchers": list(shell.Completer.custom_matchers),
        "exceptions": (shell.custom_exceptions, getattr(shell, "CustomTB", None)),
        "attributes": set(vars(shell)),
        "observers": events.observers,
        "names": {name for name in shell.user_ns if not name.startswith("_")},
    }


def test_unloading_leaves_nothing_behind(shell: InteractiveShell) -> None:
    before = state_of(shell)
    shell.extension_manager.load_extension("gradbook")
    assert state_of(shell) != before
    shell.extension_manager.unload_extension("gradbook")
    assert state_of(shell) == before
    assert kernel_ext._loaded == {}


def test_loading_twice_is_loading_once(shell: InteractiveShell) -> None:
    kernel_ext.load_ipython_extension(shell)
    once = state_of(shell)
    kernel_ext.load_ipython_extension(shell)
    assert state_of(shell) == once
    kernel_ext.unload_ipython_extension(shell)
    kernel_ext.unload_ipython_extension(shell)


def test_a_magic_that_was_there_before_comes_back(shell: InteractiveShell) -> None:
    mine = lambda line: "mine"  # noqa: E731
    shell.register_magic_function(mine, "line", "graph")
    shell.extension_manager.load_extension("gradbook")
    shell.extension_manager.unload_extension("gradbook")
    assert shell.run_line_magic("graph", "") == "mine"


def test_a_cell_that_trains_is_a_run(loaded: InteractiveShell) -> None:
    assert train(loaded).success
    (seen,) = observe.runs()
    assert (seen.state, seen.step, seen.main.name) == ("finished", 5, "err")
    assert seen.cell == f"[{loaded.execution_count - 1}]"
    assert not events.observers


def test_a_cell_that_does_not_train_is_none(loaded: InteractiveShell) -> None:
    assert run(loaded, "x = gradbook.ones(3) + 1").success
    assert observe.runs() == []


def test_nodes_know_their_cell_and_line(loaded: InteractiveShell) -> None:
    train(loaded)
    (seen,) = observe.runs()
    total = next(node for node in seen.graph.nodes if node.name == "err")
    assert (total.cell, total.line, total.source) == (seen.cell, 4, "err = (w * w).sum()")


def test_an_exception_stays_one_and_the_run_shows_it(
    loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    result = train(loaded, more="1 / 0")
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    (seen,) = observe.runs()
    assert seen.state == "error"
    assert seen.error == {"type": "ZeroDivisionError", "message": "division by zero", "line": 6}
    assert capsys.readouterr().out.count("Traceback (most recent call last)") == 1, "shown once"


def test_a_stopped_cell_ends_as_finished(loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    result = train(loaded, more="observe.current_run().control.stop(); gradbook.events.safe_point()")
    assert result.success
    (seen,) = observe.runs()
    assert (seen.state, seen.step) == ("stopped", 1)
    assert "Traceback" not in capsys.readouterr().out
    assert run(loaded, "1 + 1").result == 2


def test_an_interrupt_stops_the_run_and_stays_an_interrupt(loaded: InteractiveShell) -> None:
    result = train(loaded, more="raise KeyboardInterrupt")
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert observe.runs()[0].state == "stopped"


def test_what_others_show_of_exceptions_still_works(shell: InteractiveShell) -> None:
    seen = []

    def handler(shell: Any, kind: type, value: Exception, traceback: Any, tb_offset: Any = None) -> list[str]:
        seen.append(value)
        return []

    shell.set_custom_exc((KeyError,), handler)
    shell.extension_manager.load_extension("gradbook")
    run(shell, "{}['a']")
    shell.extension_manager.unload_extension("gradbook")
    run(shell, "{}['b']")
    assert [type(value) for value in seen] == [KeyError, KeyError]
    shell.set_custom_exc((), None)


def test_a_paused_cell_reacts_to_a_click(loaded: InteractiveShell) -> None:
    def click() -> None:
        until = time.monotonic() + 10
        while (seen := observe.current_run()) is None or seen.step < 3:
            assert time.monotonic() < until
            time.sleep(0.001)
        seen.control.pause()
        while seen.state != "paused":
            time.sleep(0.001)
        seen.control.stop()

    thread = threading.Thread(target=click)
    thread.start()
    assert train(loaded, 10_000_000, "gradbook.events.safe_point()").success
    thread.join()
    assert observe.runs()[0].state == "stopped"


class FakeView:
    made: ClassVar[list[FakeView]] = []

    def __init__(self, run: observe.Run, **options: Any) -> None:
        self.told: list[str] = [f"new {run.name}"]
        self.options = options
        self.run = run
        FakeView.made.append(self)

    def show(self) -> None:
        self.told.append(f"show at {self.run.step}, {self.run.state}, graph {self.run.graph is not None}")

    def reset(self, run: observe.Run) -> None:
        self.run = run
        self.told.append(f"reset {run.name}")

    def finish(self) -> None:
        self.told.append(f"finish {self.run.state}")

    def close(self) -> None:
        self.told.append("close")


@pytest.fixture
def views(monkeypatch: pytest.MonkeyPatch) -> list[FakeView]:
    monkeypatch.setattr(widgets, "LiveView", FakeView)
    monkeypatch.setattr(FakeView, "made", [])
    return FakeView.made


def test_the_view_is_there_at_the_first_backward_and_finished_with_the_cell(
    loaded: InteractiveShell, views: list[FakeView]
) -> None:
    train(loaded, cell_id="a")
    (view,) = views
    assert view.told[1:] == ["show at 1, running, graph True", "finish finished"]


def test_a_cell_that_runs_again_uses_its_view_again(loaded: InteractiveShell, views: list[FakeView]) -> None:
    for _ in range(3):
        train(loaded, cell_id="a")
    train(loaded, cell_id="b")
    assert len(views) == 2
    runs = observe.runs()
    assert runs[2].ghosts == (runs[1], runs[0])
    assert runs[3].ghosts == ()
    kernel_ext.unload_ipython_extension(loaded)
    assert [view.told[-1] for view in views] == ["close", "close"]


def test_two_runs_in_a_cell_have_two_views(loaded: InteractiveShell, views: list[FakeView]) -> None:
    program = "with observe.start_run('{0}'):\n    w = gradbook.ones(1, requires_grad=True); (w * w).sum().backward()\n"
    for _ in range(2):
        assert run(loaded, program.format("a") + program.format("b"), cell_id="a").success
    assert len(views) == 2
    assert [seen.name for seen in observe.runs()] == ["a", "b", "a", "b"]


def test_a_view_that_breaks_does_not_break_the_training(
    loaded: InteractiveShell, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    class Broken(FakeView):
        def show(self) -> None:
            raise OSError("no page")

    monkeypatch.setattr(widgets, "LiveView", Broken)
    with pytest.warns(RuntimeWarning, match="a view failed"):
        result = train(loaded)
    assert result.success
    assert observe.runs()[0].step == 5


def test_a_cell_inside_a_cell_is_still_one_cell(loaded: InteractiveShell, views: list[FakeView]) -> None:
    loaded.user_ns["inner"] = TRAIN.format(steps=2, more="pass")
    run(loaded, "get_ipython().run_cell(inner)\n" + TRAIN.format(steps=3, more="pass"), cell_id="a")
    assert len(views) == 1
    assert not events.observers


@pytest.mark.parametrize("cell", ["def broken(:", "%no_such_magic", "", "  ", "%%no_such_cell_magic\n1"])
def test_cells_that_never_run_leave_nobody_listening(loaded: InteractiveShell, cell: str) -> None:
    run(loaded, cell)
    assert not events.observers
    train(loaded)
    assert len(observe.runs()) == 1


def test_the_cell_that_loads_the_extension_has_its_name_too(shell: InteractiveShell) -> None:
    loading = "%load_ext gradbook\nimport gradbook\ndef double(x):\n    return x * 2\n"
    number = shell.execution_count
    assert run(shell, loading).success
    assert run(shell, "w = gradbook.ones(2, requires_grad=True)\nseen = gradbook.observe.Graph.of(double(w))").success
    (node,) = [node for node in shell.user_ns["seen"].nodes if node.kind == "op"]
    assert (node.cell, node.line) == (f"[{number}]", 4)


def test_what_joins_a_cell_ends_with_it_and_its_failure_is_a_warning(loaded: InteractiveShell) -> None:
    told: list[tuple[str, BaseException | None]] = []

    class Part:
        def __init__(self, name: str) -> None:
            self.name = name

        def finish(self, error: BaseException | None) -> None:
            told.append((self.name, error))
            if self.name == "broken":
                raise OSError("no page")

    cells = kernel_ext._loaded[id(loaded)].cells
    loaded.user_ns["join"] = lambda name: cells.join(Part(name))
    with pytest.warns(RuntimeWarning, match="a view failed: OSError"):
        assert not run(loaded, "join('first'); join('broken'); 1 / 0").success
    assert [(name, type(error)) for name, error in told] == [
        ("broken", ZeroDivisionError),
        ("first", ZeroDivisionError),
    ]
    run(loaded, "pass")
    assert len(told) == 2
