"""`gradbook coach train.py`: the script runs as it would alone, and what the coach says stands at its end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gradbook.kernel_ext import cli

TRAINING = """
import sys
import gradbook as torch
from gradbook import nn

model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
x, y = torch.randn(8, 3), torch.randn(8, 1)
for _ in range(5):
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
print("arguments", sys.argv[1:], __name__)
"""
MENDED = TRAINING.replace("    loss.backward()", "    optimizer.zero_grad()\n    loss.backward()")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "train.py"
    path.write_text(TRAINING)
    return path


def test_a_faulty_script(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["coach", str(script), "--epochs", "3"]) == 1
    said = capsys.readouterr()
    assert said.out == "arguments ['--epochs', '3'] __main__\n"
    assert "gradbook coach: 1 error\n" in said.err
    assert "[missing-zero-grad] · train.py line 11: loss.backward()" in said.err
    assert "    fix: optimizer.zero_grad()" in said.err


def test_a_correct_script_and_a_muted_rule(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["coach", "--mute", "missing-zero-grad", str(script)]) == 0
    script.write_text(MENDED)
    assert cli.main(["coach", str(script)]) == 0
    assert capsys.readouterr().err.count("gradbook coach: nothing to say") == 2


def test_its_exit_status_and_its_exceptions_are_its_own(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script.write_text(f"{MENDED}\nsys.exit(3)")
    assert cli.main(["coach", str(script)]) == 3
    script.write_text(f"{MENDED}\nmodel(torch.randn(8, 4))")
    assert cli.main(["coach", str(script)]) == 1
    said = capsys.readouterr().err
    assert 'train.py", line 16, in <module>' in said
    assert "runpy" not in said
    assert "[shape-mismatch]" in said


def test_what_cannot_be_run(tmp_path: Path, script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["coach", str(tmp_path / "none.py")]) == 1
    assert "none.py: there is no such file" in capsys.readouterr().err
    assert cli.main(["coach", "--mute", "nothing", str(script)]) == 1
    assert "no rule is called nothing; the rules are missing-zero-grad" in capsys.readouterr().err


def test_a_script_written_for_pytorch(script: Path) -> None:
    script.write_text(
        TRAINING.replace("import gradbook as torch", "import torch").replace("from gradbook", "from torch")
    )
    command = [sys.executable, "-m", "gradbook.kernel_ext.cli", "coach"]
    plain = subprocess.run([*command, str(script)], capture_output=True, text=True, check=False)
    assert plain.returncode == 0
    assert "No training was seen, and the script uses PyTorch: gradbook coach --as-torch" in plain.stderr
    ours = subprocess.run([*command, "--as-torch", str(script)], capture_output=True, text=True, check=False)
    assert ours.returncode == 1
    assert "[missing-zero-grad]" in ours.stderr
