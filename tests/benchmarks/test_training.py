"""The benchmark of real training trains: the loss falls, with each library and compiled."""

from __future__ import annotations

import pytest

from tests.benchmarks.training import TASKS, main, train

pytest.importorskip("torch")


@pytest.mark.parametrize("rival", ["torch", "compile"])
def test_a_network_learns_digits(rival: str) -> None:
    ended = train(TASKS["digits"]._replace(target=1.5), rival, None, 60)
    assert ended is not None
    assert ended.reached
    assert 10 < ended.steps < 200
    assert ended.accuracy > 0.4
    assert ended.left_to_python == ""


def test_an_lstm_learns_made_up_words() -> None:
    ended = train(TASKS["names"]._replace(target=1.5), "compile", None, 60)
    assert ended is not None
    assert ended.reached


def test_what_has_no_data_is_left_out_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["shakespeare"]) == 0
    assert "GPT of 4 layers on tinyshakespeare, batch 12, AdamW | not measured" in capsys.readouterr().out


def test_unknown_tasks_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["chess"])
    assert "no chess; there are digits" in capsys.readouterr().err
