"""`pytest --gradbook-coach`: a test in which the coach finds an error fails; others are as they were."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TESTS = """
import pytest
import gradbook as torch
from gradbook import nn

def train(clear):
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    x, y = torch.randn(8, 3), torch.randn(8, 1)
    for _ in range(5):
        loss = nn.functional.mse_loss(model(x), y)
        if clear:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()

def test_faulty():
    train(False)

def test_correct():
    train(True)

@pytest.mark.gradbook_coach(mute=["missing-zero-grad"])
def test_muted():
    train(False)

@pytest.mark.gradbook_coach(off=True)
def test_off():
    train(False)

def test_raises():
    with pytest.raises(RuntimeError):
        nn.Linear(3, 1)(torch.randn(2, 4))
    assert False, "as it is"
"""


def ran(folder: Path, *options: str) -> str:
    (folder / "test_training.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", str(folder), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder).stdout


def test_only_faults_fail(tmp_path: Path) -> None:
    said = ran(tmp_path, "--gradbook-coach")
    for line in ("FAILED test_training.py::test_faulty", "PASSED test_training.py::test_correct",
                 "PASSED test_training.py::test_muted", "PASSED test_training.py::test_off",
                 "FAILED test_training.py::test_raises - AssertionError: as it is"):  # fmt: skip
        assert line in said, said
    assert "[missing-zero-grad] · test_training.py line 14: loss.backward()" in said
    assert "fix: optimizer.zero_grad()" in said


def test_without_the_option_nobody_watches(tmp_path: Path) -> None:
    assert "4 passed" in ran(tmp_path).splitlines()[-1]


def test_rules_are_muted_for_all_tests(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\ngradbook_coach_mute = missing-zero-grad\n")
    assert "PASSED test_training.py::test_faulty" in ran(tmp_path, "--gradbook-coach")
