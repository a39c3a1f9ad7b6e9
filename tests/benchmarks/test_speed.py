"""The benchmark of speed measures what it says, so that its numbers can be believed."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

import gradbook
from gradbook import kernels
from tests.benchmarks import fresh, report, speed
from tests.benchmarks.timing import Block, side_by_side, summary
from tests.benchmarks.workloads import WORKLOADS

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def _threads() -> Any:
    before = torch.get_num_threads(), gradbook.get_num_threads()
    yield
    torch.set_num_threads(before[0])
    gradbook.set_num_threads(before[1])


@pytest.mark.parametrize("name", ["W1", "W2", "W5", "W7"])
def test_losses_are_those_of_pytorch(name: str) -> None:
    assert set(speed.compared(WORKLOADS[name], torch)) == {"eager", "compile"}


def test_another_loss_is_not_let_through() -> None:
    made = WORKLOADS["W1"].make

    def wrong(library: Any) -> Any:
        loss, whole = made(library)
        return (loss, whole) if library is torch else (lambda: loss() * 1.001, whole)

    with pytest.raises(AssertionError, match="away from PyTorch's"):
        speed.compared(WORKLOADS["W1"]._replace(make=wrong), torch)


def test_a_run_makes_tables_and_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "speed.json"
    words = ["--only", "W1", "--threads", "1", "--rounds", "1", "--no-processes", "--out", str(file)]
    assert speed.main(words) == 0
    printed = capsys.readouterr().out
    found = json.loads(file.read_text(encoding="utf-8"))
    (run,) = found["workloads"]["W1"]["runs"]
    assert not run["left_to_python"]
    assert f"{report.ratio(run, 'compile'):.2f}×" in printed
    assert "MLP 2-16-16-1" in printed
    assert "torch " in printed
    assert speed.main(["--table", "--out", str(file)]) == 0
    assert capsys.readouterr().out == printed


def test_what_lies_in_the_cache_is_not_compiled_again() -> None:
    if not kernels.usable():
        pytest.skip("there is no machine code to keep")
    found = fresh.compile_latency("W1")
    assert found["cold"]["compile_cpu_seconds"] > 2 * found["cached"]["compile_cpu_seconds"] > 0
    assert 0 < found["background"]["stall_seconds"] < found["background"]["compile_seconds"]


def test_the_readme_quotes_the_kept_result() -> None:
    text = speed.README.read_text(encoding="utf-8")
    found = json.loads(speed.FILE.read_text(encoding="utf-8"))
    assert report.in_readme(text, found) == text, "python -m tests.benchmarks.speed --readme"


def test_the_kept_result_has_every_workload() -> None:
    found = json.loads(speed.FILE.read_text(encoding="utf-8"))
    assert set(found["workloads"]) == set(WORKLOADS)
    assert report.page(found).count("\n| W") == sum(2 * len(row["runs"]) + 1 for row in found["workloads"].values())


def test_the_slower_of_two_is_slower() -> None:
    times = side_by_side({"short": lambda: sum(range(500)), "long": lambda: sum(range(5000))}, cpu=True, seconds=0.01)
    assert 4 < times["long"].median / times["short"].median < 25
    assert times["long"].blocks == times["long"].clean == 9


def test_sleep_is_no_cpu_time() -> None:
    times = side_by_side({"sleep": lambda: time.sleep(0.01)}, cpu=True, seconds=0.02, rounds=3)
    assert times["sleep"].median < 0.005


def test_blocks_of_a_busy_machine_are_thrown_away() -> None:
    quiet, busy = Block(1.0, 0.0), Block(5.0, 0.5)
    assert summary([busy, quiet, busy]).median == 1.0
    assert summary([busy, quiet, busy]).clean == 1
    assert summary([busy, Block(9.0, 0.9), Block(7.0, 0.9)])[:4] == (5.0, 0.0, 5.0, 0)


def test_unknown_workloads_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        speed.arguments(["--only", "W9"])
    assert "no W9; there are W1" in capsys.readouterr().err
