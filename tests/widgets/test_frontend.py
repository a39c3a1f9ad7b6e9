import sys
from types import SimpleNamespace

import pytest

from gradbook.widgets import frontend


def kernel(monkeypatch: pytest.MonkeyPatch, *, cell: str | None, subshells: bool = True) -> None:
    parent = {"header": {}, "metadata": {"cellId": cell} if cell else {}}
    fake = SimpleNamespace(get_parent=lambda: parent, _supports_kernel_subshells=subshells)
    monkeypatch.delenv("GRADBOOK_FRONTEND", raising=False)
    monkeypatch.setattr(frontend, "_kernel", lambda: fake)


def test_a_cell_id_means_a_notebook_page(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel(monkeypatch, cell="abc")
    assert frontend.detect() == "widgets"


def test_nbclient_and_graders_get_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel(monkeypatch, cell=None)
    assert frontend.detect() == "picture"


def test_colab_gets_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel(monkeypatch, cell="abc")
    monkeypatch.setitem(sys.modules, "google.colab", SimpleNamespace())
    assert frontend.detect() == "picture"


def test_a_script_gets_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADBOOK_FRONTEND", raising=False)
    assert frontend.detect() == "text"
    assert not frontend.in_terminal()


def test_the_variable_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel(monkeypatch, cell="abc")
    monkeypatch.setenv("GRADBOOK_FRONTEND", "text")
    assert frontend.detect() == "text"


def test_controls_that_cannot_work_say_why_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel(monkeypatch, cell="abc")
    assert frontend.why_no_controls() == ""
    monkeypatch.setattr(frontend, "_ipykernel_version", lambda: "6.31.0")
    why = frontend.why_no_controls()
    assert "6.31.0" in why
    assert "pip install -U ipykernel" in why
    assert "Interrupt" in why
    monkeypatch.setattr(frontend, "_ipykernel_version", lambda: "7.2.0")
    kernel(monkeypatch, cell="abc", subshells=False)
    assert "subshells" in frontend.why_no_controls()


def test_the_comm_of_ipykernel_7_4_is_repaired_and_no_other_touched() -> None:
    class Broken:
        def _reply_subshell_for(self, data: object, default: str) -> str:
            return "busy shell"

    broken = Broken()
    frontend.repair_comm(broken)
    assert broken._reply_subshell_for({}, "subshell-1") == "subshell-1"
    sound = SimpleNamespace()
    frontend.repair_comm(sound)
    assert vars(sound) == {}
    frontend.repair_comm(None)


def test_a_message_does_not_end_the_cell_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    from comm.base_comm import BaseComm

    class Comm(BaseComm):
        def publish_msg(self, *args: object, **kwargs: object) -> None:
            """Send nothing."""

    triggered: list[str] = []
    shell = SimpleNamespace(events=SimpleNamespace(trigger=triggered.append))
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    received: list[dict[str, str]] = []
    comm = Comm()
    comm.on_msg(received.append)
    comm.handle_msg({"n": "1"})
    assert triggered == ["pre_execute", "post_execute"]  # what is mended
    frontend.keep_out_of_cells(comm)
    comm.handle_msg({"n": "2"})
    assert [message["n"] for message in received] == ["1", "2"]
    assert triggered == ["pre_execute", "post_execute"]
    comm.on_msg(None)
    comm.handle_msg({"n": "3"})
    frontend.keep_out_of_cells(None)


def test_this_ipykernel_still_has_what_the_repair_replaces_or_needs_none() -> None:
    from ipykernel.comm.comm import BaseComm

    method = getattr(BaseComm, "_reply_subshell_for", None)
    assert method is None or method.__code__.co_varnames[:3] == ("self", "data", "default")
