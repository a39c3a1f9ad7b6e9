import os
import threading
import time
from collections.abc import Callable

import pytest

from gradbook.widgets.sender import Sender
from gradbook.widgets.wire import Message


class Talker:
    """A view with a count: whatever it has counted up to is news."""

    def __init__(self, *, busy: bool = True) -> None:
        self.busy = busy
        self.news = self.seq = 0
        self.told = 0
        self.heard: list[tuple[float, dict[str, object]]] = []
        self.failure: Exception | None = None
        self.trouble: Exception | None = None

    def next_message(self) -> Message | None:
        if self.trouble is not None:
            raise self.trouble
        if self.told == self.news:
            return None
        self.told, self.seq = self.news, self.seq + 1
        return Message({"kind": "frame", "seq": self.seq, "count": self.told})

    def deliver(self, message: Message) -> None:
        self.heard.append((time.monotonic(), message.content))

    def fail(self, error: Exception) -> None:
        self.failure = error

    @property
    def counts(self) -> list[object]:
        return [content["count"] for _, content in self.heard if content["kind"] == "frame"]


def until(true: Callable[[], object], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never became true"
        time.sleep(0.005)


def most_in_one_second(times: list[float]) -> int:
    return max(sum(start <= t < start + 1.0 for t in times) for start in times)


@pytest.fixture
def sender():
    one = Sender()
    yield one
    for speaker in one._speakers:
        one.detach(speaker)
    one._wake.set()
    until(lambda: not one.running)


def test_a_fast_loop_is_told_at_most_twenty_times_a_second_and_to_its_end(sender: Sender) -> None:
    talker = Talker()
    sender.attach(talker)
    end = time.monotonic() + 2.2
    while time.monotonic() < end:
        talker.news += 1
        time.sleep(0.0005)
    sender.last(talker)
    times = [t for t, _ in talker.heard]
    assert most_in_one_second(times[:-1]) <= 20
    assert len(times) >= 8
    assert talker.counts[-1] == talker.news
    assert [content["seq"] for _, content in talker.heard] == list(range(1, len(times) + 1))


def test_several_views_share_the_bound_and_none_starves(sender: Sender) -> None:
    talkers = [Talker() for _ in range(5)]
    for talker in talkers:
        sender.attach(talker)
    end = time.monotonic() + 2.2
    while time.monotonic() < end:
        for talker in talkers:
            talker.news += 1
        time.sleep(0.002)
    times = sorted(t for talker in talkers for t, _ in talker.heard)
    assert most_in_one_second(times) <= 20
    assert min(len(talker.heard) for talker in talkers) >= 4


def test_answers_go_at_once_but_a_flood_of_them_does_not(sender: Sender) -> None:
    talker = Talker()
    sender.attach(talker)
    began = time.monotonic()
    for i in range(200):
        talker.news += 1
        sender.reply(talker, {"kind": "ack", "id": i})
    first = next(t for t, content in talker.heard if content["kind"] == "ack")
    assert first - began < 0.1
    until(lambda: ("ack", 199) in [(c["kind"], c.get("id")) for _, c in talker.heard])
    assert most_in_one_second([t for t, _ in talker.heard]) <= 30


def test_no_thread_lives_while_nothing_runs_and_the_next_run_starts_it_again(sender: Sender) -> None:
    assert not sender.running
    talker = Talker()
    sender.attach(talker)
    assert sender.running
    talker.news = 1
    until(lambda: talker.counts == [1])
    talker.busy = False
    until(lambda: not sender.running)
    talker.busy, talker.news = True, 2
    sender.attach(talker)
    until(lambda: talker.counts == [1, 2])


def test_the_thread_does_not_hold_the_interpreter(sender: Sender) -> None:
    sender.attach(Talker())
    (thread,) = [t for t in threading.enumerate() if t.name == "gradbook-sender" and t is sender._thread]
    assert thread.daemon


@pytest.mark.parametrize("where", ["next_message", "deliver"])
def test_a_view_that_fails_is_let_go_and_the_others_go_on(
    sender: Sender, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = Talker(), Talker()
    bad.news = 1

    def explode(*_: object) -> None:
        raise RuntimeError("the page is gone")

    monkeypatch.setattr(bad, where, explode)
    sender.attach(bad)
    sender.attach(good)
    until(lambda: bad.failure is not None)
    assert str(bad.failure) == "the page is gone"
    good.news = 5
    until(lambda: 5 in good.counts)
    assert not any(speaker is bad for speaker in sender._speakers)


def test_last_words_are_said_in_the_calling_thread_without_waiting(sender: Sender) -> None:
    talker = Talker()
    talker.news = 9
    began = time.monotonic()
    sender.last(talker)
    assert talker.counts == [9]
    assert time.monotonic() - began < 0.2
    assert not sender.running


def test_costly_rounds_come_less_often(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    talker = Talker()

    def slowly(message: Message) -> None:
        end = time.thread_time() + 0.02
        while time.thread_time() < end:
            pass
        Talker.deliver(talker, message)

    monkeypatch.setattr(talker, "deliver", slowly)
    sender.attach(talker)
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        talker.news += 1
        time.sleep(0.002)
    assert sender.interval > 0.08
    assert len(talker.heard) < 25


def test_late_wake_ups_make_room_and_it_recovers(sender: Sender) -> None:
    for _ in range(20):
        sender._adapt(late=0.2)
    assert sender.interval == pytest.approx(0.25)
    for _ in range(40):
        sender._adapt(late=0.0)
    assert sender.interval == pytest.approx(0.05)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_has_no_thread_and_no_views() -> None:
    from gradbook.widgets.sender import sender as shared

    talker = Talker()
    shared.attach(talker)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, bytes([shared.running, len(shared._speakers)]))
        os._exit(0)
    os.waitpid(child, 0)
    os.close(write)
    assert os.read(read, 2) == b"\0\0"
    os.close(read)
    assert shared.running
    shared.detach(talker)
    until(lambda: not shared.running)
