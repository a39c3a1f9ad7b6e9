import base64
import json
import re
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from gradbook.coach import Finding, Report
from gradbook.observe import Run
from gradbook.widgets import LiveView, bundle, frontend, view
from gradbook.widgets.hub import STUB
from gradbook.widgets.sender import sender
from gradbook.widgets.wire import unpack
from tests.widgets.sample import sample_run
from tests.widgets.test_describe_history import run_with_history
from tests.widgets.test_sender import until

WIDGET = "application/vnd.jupyter.widget-view+json"


class Page:
    """What a notebook page would have got: messages of every comm, and displays."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, dict[str, Any], list[bytes]]] = []
        self.displays: list[tuple[dict[str, Any], str, bool]] = []

    def publish(self, kind: str, data: Any, buffers: Any) -> None:
        self.messages.append((kind, data or {}, [bytes(b) for b in buffers or []]))

    @property
    def opened(self) -> list[dict[str, Any]]:
        """States of our models; each has a Layout model of ipywidgets beside it."""
        return [data["state"] for kind, data, _ in self.messages if kind == "comm_open" and "_hub" in data["state"]]

    @property
    def custom(self) -> list[dict[str, Any]]:
        return [data["content"] for _, data, _ in self.messages if data.get("method") == "custom"]

    @property
    def frames(self) -> list[dict[str, Any]]:
        return [content for content in self.custom if content["kind"] in ("frame", "snapshot")]


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """A kernel with a notebook page, faked at the comm."""
    import comm
    from comm.base_comm import BaseComm

    from gradbook.widgets import hub

    page = Page()

    class FakeComm(BaseComm):
        def publish_msg(self, kind: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any) -> None:
            page.publish(kind, data, buffers)

    monkeypatch.setattr(comm, "create_comm", lambda **keys: FakeComm(**keys))
    monkeypatch.setattr(hub, "_hubs", {})
    monkeypatch.setattr(frontend, "detect", lambda: "widgets")
    monkeypatch.setattr(frontend, "why_no_controls", lambda: "")
    monkeypatch.setattr(
        view, "_publish", lambda data, display_id, *, update: page.displays.append((data, display_id, update))
    )
    yield page
    left = list(sender._speakers)
    for speaker in left:
        sender.detach(speaker)
    until(lambda: not sender.running)
    assert left == [], "a view was left with the sender"


def running() -> Run:
    return sample_run(steps=50, state="running")


def say(one: LiveView, **content: Any) -> None:
    """A custom message from the page."""
    one._stub._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})


def test_the_bundle_travels_once_and_each_view_is_a_small_stub(page: Page) -> None:
    views = [LiveView(running()) for _ in range(3)]
    for one in views:
        one.show()
    hub, *stubs = page.opened
    assert hub["_esm"] == bundle.bundle()
    assert [stub["_hub"] for stub in stubs] == [bundle.bundle_hash()] * 3 == [hub["_hub"]] * 3
    assert all(len(stub["_esm"]) < 1024 for stub in stubs)
    assert len(STUB.encode()) < 1024
    for one in views:
        one.run.finish()
        one.finish()
        one.close()


def test_the_first_display_has_every_form_and_the_last_one_replaces_it(page: Page) -> None:
    one = LiveView(running())
    one.show()
    data, display_id, update = page.displays[0]
    assert set(data) == {WIDGET, "text/html", "text/plain"}
    assert not update
    assert data[WIDGET]["model_id"] == one._stub.model_id
    one.run.finish()
    one.finish()
    last, same_id, update = page.displays[-1]
    assert (same_id, update, len(page.displays)) == (display_id, True, 2)
    assert "finished" in last["text/plain"]
    one.close()


def test_a_late_page_gets_a_snapshot_then_frames_without_a_gap_and_the_last_frame(page: Page) -> None:
    one = LiveView(running())
    one.show()
    say(one, kind="hello", seq=-1)
    until(lambda: page.frames)
    first = page.frames[0]
    assert first["kind"] == "snapshot"
    for step in range(51, 91):
        one.run.series["loss"].append(step, 1 / step)
        one.run.step = step
        time.sleep(0.01)
    one.run.finish()
    one.finish()
    frames = page.frames
    assert [f["seq"] for f in frames] == list(range(first["seq"], first["seq"] + len(frames)))
    assert frames[-1]["status"]["state"] == "finished"
    assert frames[-1]["status"]["step"] == 90
    assert all(f["kind"] == "frame" for f in frames[1:])
    until(lambda: not sender.running)
    one.close()


def test_it_knows_for_how_long_nobody_has_looked(page: Page) -> None:
    one = LiveView(sample_run())
    one.show()
    assert one.left_for == 0.0, "nobody has come yet: that is another question"
    say(one, kind="here", view="a")
    say(one, kind="here", view="b")
    say(one, kind="gone", view="a")
    assert one.left_for == 0.0
    say(one, kind="gone", view="b")
    time.sleep(0.02)
    assert one.left_for > 0.01
    say(one, kind="here", view="c")
    assert one.left_for == 0.0
    until(lambda: not sender.running)
    one.close()


def test_a_hello_that_missed_nothing_is_not_answered_and_one_that_did_is(page: Page) -> None:
    one = LiveView(sample_run())
    one.show()
    say(one, kind="hello", seq=-1)
    until(lambda: page.frames and not sender.running)
    count = len(page.frames)
    say(one, kind="hello", seq=page.frames[-1]["seq"])
    time.sleep(0.1)
    assert len(page.frames) == count
    say(one, kind="hello", seq=0)
    until(lambda: len(page.frames) > count)
    assert page.frames[-1]["kind"] == "snapshot"
    until(lambda: not sender.running)
    one.close()


def test_a_page_that_cannot_answer_gets_snapshots_again_and_is_told_why_no_buttons(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "REPEAT", 0.1)
    monkeypatch.setattr(view, "UNHEARD", 0.2)
    one = LiveView(running())
    one.show()
    until(lambda: sum(frame["kind"] == "snapshot" for frame in page.frames) >= 3)
    until(lambda: "Interrupt" in page.frames[-1]["controls"]["why"])
    assert not page.frames[-1]["controls"]["live"]
    one.run.finish()
    one.finish()
    one.close()


def test_messages_from_the_page_only_set_flags_and_are_answered(page: Page) -> None:
    one = LiveView(running())
    one.show()
    say(one, kind="ping", id=1)
    say(one, kind="control", action="pause", id=2)
    assert one.run.control.state == "pausing"
    say(one, kind="control", action="learning_rate", value=0.25, id=3)
    assert one.run.learning_rate == 0.25
    say(one, kind="control", action="resume", id=4)
    say(one, kind="inspect", node=2)
    assert one.run.wanted == {2}
    say(one, kind="inspect", node=None)
    assert one.run.wanted == frozenset()
    answers = [(c["kind"], c["id"]) for c in page.custom if c["kind"] in ("pong", "ack")]
    assert answers == [("pong", 1), ("ack", 2), ("ack", 3), ("ack", 4)]
    one.run.finish()
    one.finish()
    one.close()


def test_a_rule_that_is_muted_in_one_view_leaves_every_view(page: Page) -> None:
    muted: set[str] = set()
    heard: list[tuple[str, bool]] = []

    def on_mute(rule: str, silent: bool) -> None:
        heard.append((rule, silent))
        (muted.add if silent else muted.discard)(rule)

    ended, live = (LiveView(running(), on_mute=on_mute) for _ in range(2))
    for one in (ended, live):
        one.run.coach = Report(muted, 56)
        one.run.coach.add(Finding("dead-relu", "warning", "m", "f.py", 1))
        one.show()
        say(one, kind="hello", seq=-1)
    until(lambda: len(page.frames) >= 2)
    ended.run.finish()
    ended.finish()
    until(lambda: not ended.busy)

    def told() -> dict[str, list[str]]:
        return {frame["run"]["id"]: frame["coach"]["muted"] for frame in page.frames if "coach" in frame}

    assert list(told().values()) == [[], []]
    say(live, kind="control", action="mute", rule="dead-relu", id=9)
    until(lambda: told() == {ended.run.id: ["dead-relu"], live.run.id: ["dead-relu"]})
    say(ended, kind="control", action="unmute", rule="dead-relu", id=10)
    until(lambda: told() == {ended.run.id: [], live.run.id: []})
    assert heard == [("dead-relu", True), ("dead-relu", False)]
    live.run.finish()
    for one in (live, ended):
        one.finish()
        one.close()


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"kind": "control", "action": "mute", "rule": 7},
        {"kind": "control", "action": "mute", "rule": "no-rule-of-that-name"},
        {"kind": "control", "action": "__class__"},
        {"kind": "control", "action": "learning_rate", "value": "x"},
        {"kind": "control", "action": "learning_rate", "value": -1},
        {"kind": "inspect", "node": 10**9},
        {"kind": "hello"},
    ],
)
def test_nonsense_from_the_page_does_nothing(page: Page, content: dict[str, Any]) -> None:
    one = LiveView(running())
    one.show()
    rate = one.run.learning_rate
    say(one, **content)
    one._hear(None, ["not", "a", "dict"], [])
    assert one.run.control.state == "running"
    assert one.run.learning_rate == rate
    one.run.finish()
    one.finish()
    assert one.failure is None
    one.close()


def test_the_state_holds_the_whole_history_at_the_end_and_a_fresh_one_before(page: Page) -> None:
    one = LiveView(running())
    one.show()
    one.run.series["loss"].append(51, 7.5)
    meanwhile = unpack(one._stub.get_state("snapshot")["snapshot"])
    assert meanwhile.content["seq"] == -1
    assert max(np.frombuffer(meanwhile.buffers[meanwhile.content["series"][0]["values"]], "<f4")) == 7.5
    one.run.finish()
    one.finish()
    kept = unpack(one._stub.get_state("snapshot")["snapshot"])
    assert kept.content["seq"] == page.frames[-1]["seq"]
    assert kept.content["status"]["state"] == "finished"
    sent = [data for _, data, _ in page.messages if data.get("method") == "update"]
    assert len(sent) == 1
    one.close()


def test_a_saved_output_is_small(page: Page) -> None:
    one = LiveView(sample_run(steps=10_000))
    one.show()
    one.finish()
    data = page.displays[-1][0]
    assert len(data["text/html"]) < 50_000
    assert len(json.dumps(data)) - len(data["text/html"]) < 10_000
    one.close()


def test_a_cell_that_runs_again_takes_the_same_model(page: Page) -> None:
    one = LiveView(sample_run(steps=60))
    one.show()
    one.finish()
    model, display_id, seq = one._stub.model_id, one.display_id, page.frames[-1]["seq"]
    again = running()
    one.reset(again)
    one.show()
    assert one._stub.model_id == model
    assert one.display_id != display_id
    until(lambda: page.frames[-1]["run"]["id"] == again.id)
    snapshot = next(frame for frame in page.frames if frame["run"]["id"] == again.id)
    assert snapshot["kind"] == "snapshot"
    assert snapshot["seq"] == seq + 1
    again.finish()
    one.finish()
    one.close()


def test_a_view_whose_comm_was_closed_says_nothing_and_breaks_nothing(page: Page) -> None:
    one = LiveView(running())
    one.show()
    one._stub.close()
    one.run.series["loss"].append(51, 1.0)
    one.run.finish()
    one.finish()
    assert WIDGET not in page.displays[-1][0]
    one.close()
    one.close()


def test_a_view_that_cannot_be_described_costs_one_warning_at_its_end(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = LiveView(running())
    one.show()
    say(one, kind="hello", seq=-1)

    def explode(*_: object) -> None:
        raise ZeroDivisionError("in a description")

    monkeypatch.setattr(view.describe, "frame", explode)
    until(lambda: one.failure is not None)
    one.run.finish()
    with pytest.warns(RuntimeWarning, match="in a description"):
        one.finish()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one.finish()
    one.close()


@pytest.mark.parametrize("kind", ["widgets", "picture"])
def test_a_picture_that_cannot_be_drawn_breaks_no_cell(page: Page, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    def explode(*_: object) -> None:
        raise ZeroDivisionError("in a picture")

    monkeypatch.setattr(frontend, "detect", lambda: kind)
    monkeypatch.setattr("gradbook.widgets.export.draw", explode)
    one = LiveView(running())
    one.show()
    one.run.finish()
    with pytest.warns(RuntimeWarning, match="in a picture"):
        one.finish()
    one.close()


def test_a_missing_bundle_is_named_with_its_build_and_the_picture_stays(
    page: Page, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(bundle, "STATIC", tmp_path)
    bundle.bundle.cache_clear()
    bundle.bundle_hash.cache_clear()
    one = LiveView(running())
    one.show()
    assert "text/html" in page.displays[0][0]
    assert WIDGET not in page.displays[0][0]
    one.run.finish()
    with pytest.warns(RuntimeWarning, match="npm run build"):
        one.finish()
    bundle.bundle.cache_clear()


def test_without_a_page_no_model_opens_and_no_thread_starts(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontend, "detect", lambda: "picture")
    one = LiveView(running())
    one.show()
    assert not sender.running
    one.run.finish()
    one.finish()
    assert page.messages == []
    assert [set(data) for data, _, _ in page.displays] == [{"text/html", "text/plain"}] * 2


def test_in_a_script_nothing_is_displayed_at_all(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontend, "detect", lambda: "text")
    one = LiveView(running())
    one.show()
    one.run.finish()
    one.finish()
    assert page.messages == page.displays == []
    assert repr(one).startswith("gradbook live view [7]: finished · 50 steps")


def test_the_picture_is_an_img_with_words_for_those_who_cannot_see_it(page: Page) -> None:
    one = LiveView(sample_run())
    found = re.fullmatch(r'<img alt="([^"]+)" style="[^"]*" src="data:image/svg\+xml;base64,([^"]+)">', one.html())
    assert found
    assert found[1] == one.text()
    assert base64.b64decode(found[2]).decode() == one.svg()


def test_an_export_asks_for_the_run_itself_in_the_last_output_only(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADBOOK_EMBED_RUNS", "1")
    monkeypatch.setattr(frontend, "detect", lambda: "picture")
    one = LiveView(running())
    one.show()
    one.run.finish()
    one.finish()
    held = [data.get("application/vnd.gradbook.run+json") for data, _, _ in page.displays]
    assert held[0] is None
    assert unpack(base64.b64decode(held[1]["packed"])).content["status"]["state"] == "finished"


def test_closing_the_last_view_leaves_no_model_behind(page: Page) -> None:
    import ipywidgets

    before = set(ipywidgets.widgets.widget._instances)
    views = [LiveView(sample_run(steps=20)) for _ in range(2)]
    for one in views:
        one.show()
        one.finish()
    assert len(set(ipywidgets.widgets.widget._instances) - before) == 6  # three models and their layouts
    views[0].close()
    assert len(set(ipywidgets.widgets.widget._instances) - before) == 4
    views[1].close()
    assert set(ipywidgets.widgets.widget._instances) == before
    again = LiveView(sample_run(steps=20))
    again.show()
    assert len([state for state in page.opened if len(state["_esm"]) > 1024]) == 2
    again.finish()
    again.close()


def test_showing_a_finished_run_as_the_value_of_a_cell(page: Page) -> None:
    one = LiveView(sample_run())
    data = one._repr_mimebundle_()
    assert set(data) == {WIDGET, "text/html", "text/plain"}
    until(lambda: not sender.running)
    one.close()
    assert page.custom[-1] == {"kind": "closed"}
    assert page.messages[-1][0] == "comm_close"


# -- an earlier step -------------------------------------------------------------------------------------------------


def moments(page: Page) -> list[dict[str, Any]]:
    return [content for content in page.custom if content["kind"] == "moment"]


def test_the_page_is_told_the_step_it_asks_for_and_of_several_wishes_the_newest(page: Page) -> None:
    run = run_with_history(steps=50)
    one = LiveView(run)
    one.show()
    say(one, kind="hello", seq=-1)
    until(lambda: page.frames)
    with sender._lock:  # it cannot answer meanwhile
        for step in range(1, 31):
            say(one, kind="moment", step=step, node=2, known=[1])
    until(lambda: moments(page))
    time.sleep(0.15)
    assert [content["asked"] for content in moments(page)] == [30]
    assert moments(page)[0]["detail"]["node"] == 2
    assert run.history.pinned == {30}, "what is on the screen may not be dropped"
    say(one, kind="moment", step=None, node=None, known=[])
    assert run.history.pinned == set()
    run.history.pin(7)
    say(one, kind="moment", step=7, node=None, known=[])
    say(one, kind="moment", step=None, node=None, known=[])
    assert run.history.pinned == {7}, "a pin of the user's own stays"
    run.finish()
    one.finish()
    one.close()


def test_a_finished_run_still_answers_and_its_snapshot_holds_its_history(page: Page) -> None:
    run = run_with_history(steps=50)
    one = LiveView(run)
    one.show()
    say(one, kind="hello", seq=-1)
    run.finish()
    one.finish()
    saved = unpack(one._stub.snapshot).content
    assert len(saved["history"]["moments"]) >= 8
    until(lambda: not sender.running)
    say(one, kind="moment", step=20, node=None, known=[])
    until(lambda: moments(page))
    assert moments(page)[-1]["step"] == 20
    assert "graph" in moments(page)[-1]
    until(lambda: not sender.running)
    one.close()


@pytest.mark.parametrize("step", ["x", 1.5, [1], {"a": 1}, True, -3, 10**12])
def test_a_wish_that_makes_no_sense_breaks_nothing(page: Page, step: Any) -> None:
    run = run_with_history(steps=10)
    one = LiveView(run)
    one.show()
    say(one, kind="moment", step=step, node="y", known={"no": "list"})
    say(one, kind="moment", step=3, node=10**9, known=[None, "a", 1])
    until(lambda: moments(page))
    assert moments(page)[-1]["step"] == 3
    run.finish()
    one.finish()
    assert one.failure is None
    one.close()
