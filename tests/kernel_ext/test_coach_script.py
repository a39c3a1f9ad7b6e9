"""`gradbook coach train.py`: the script runs as it would alone, and what the coach says stands at its end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gradbook.coach import RULES, explain
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
    assert said.err.count("[missing-zero-grad] · train.py line 11: loss.backward()") == 1
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
    assert cli.main(["coach", "--mute", "xyz", str(script)]) == 1
    assert "no rule is called 'xyz'; the rules are missing-zero-grad" in capsys.readouterr().err
    assert cli.main(["coach", "--mute", "missing-zerograd", str(script)]) == 1
    assert "do you mean missing-zero-grad" in capsys.readouterr().err
    assert cli.main(["coach", "-m", "no.module.of.this.name"]) == 1
    assert "there is no module 'no.module.of.this.name'" in capsys.readouterr().err


def test_findings_come_as_they_are_found_and_in_short_at_the_end(
    script: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    script.write_text(f"{TRAINING}\nprint('still here', file=sys.stderr)\nmodel(torch.randn(8, 4))")
    assert cli.main(["coach", str(script)]) == 1
    said = capfd.readouterr().err
    first, _, rest = said.partition("still here")
    assert "gradbook coach: error: Gradients are never cleared" in first
    assert "    fix: optimizer.zero_grad()" in first
    end = rest.partition("\ngradbook coach: 2 errors\n")[2].splitlines()
    assert [line[line.index("[") : line.index("]") + 1] for line in end] == ["[missing-zero-grad]", "[shape-mismatch]"]


@pytest.mark.parametrize(("fail_on", "status"), [("error", 0), ("warning", 1), ("never", 0)])
def test_what_fails_can_be_chosen(script: Path, fail_on: str, status: int) -> None:
    script.write_text(explain("not-shuffled").example)
    assert cli.main(["coach", "--fail-on", fail_on, str(script)]) == status


def test_findings_for_other_tools(script: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "coach.json"
    assert cli.main(["coach", "--json", str(file), "--mute", "bad-init", str(script)]) == 1
    data = json.loads(file.read_text())
    assert data["muted"] == ["bad-init"]
    (finding,) = data["findings"]
    assert (finding["rule"], finding["severity"], finding["line"]) == ("missing-zero-grad", "error", 11)
    (fix,) = finding["fixes"]
    (edit,) = fix["edits"]
    assert (edit["file"], edit["line"], edit["text"]) == (str(script), 11, "    optimizer.zero_grad()\n")
    capsys.readouterr()
    assert cli.main(["coach", "--json", "-", str(script)]) == 1
    assert json.loads(capsys.readouterr().out.partition("\n")[2])["findings"] == data["findings"]
    assert cli.main(["coach", "--json", str(tmp_path / "none" / "x.json"), str(script)]) == 1
    assert "x.json: No such file or directory" in capsys.readouterr().err


def test_rules_are_explained_without_a_script(capsys: pytest.CaptureFixture[str]) -> None:
    def said(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            cli.main(["coach", *arguments])
        return (end.value.code, *capsys.readouterr())

    assert said("--explain", "missing-zero-grad") == (0, explain("missing-zero-grad").text + "\n", "")
    status, out, _ = said("--rules")
    assert (status, len(out.splitlines())) == (0, len(RULES))
    status, _, err = said("--explain", "missing-zerograd")
    assert (status, "do you mean missing-zero-grad" in err) == (2, True)


def test_an_interrupted_script_is_reported_too(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script.write_text(f"{MENDED}\nraise KeyboardInterrupt")
    assert cli.main(["coach", str(script)]) == 130
    assert "gradbook coach: nothing to say" in capsys.readouterr().err


def test_a_module_runs_as_python_m_runs_it(
    script: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(script.parent)
    assert cli.main(["coach", "-m", "train", "--epochs", "3"]) == 1
    said = capsys.readouterr()
    assert said.out == "arguments ['--epochs', '3'] __main__\n"
    assert "[missing-zero-grad] · train.py line 11" in said.err


def test_a_reader_that_has_enough_is_no_error(script: Path) -> None:
    command = f"{sys.executable} -m gradbook.kernel_ext.cli coach --rules | true"
    plain = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert plain.stderr == ""


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
