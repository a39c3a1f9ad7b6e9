"""What is read from a GPU in each step is a warning. No GPU is needed to say where a tensor lay."""

from __future__ import annotations

import linecache

import gradbook
from gradbook.coach.coach import Coach
from gradbook.coach.record import Pass, Read, Turn
from gradbook.coach.rules.host_reads import HostSyncInLoop

LOOP = """
for step in range(5):
    loss = model(x).sum()
    total += loss.item()
"""


def turns(far: bool, file: str) -> Coach:
    linecache.cache[file] = (len(LOOP), None, LOOP.splitlines(keepends=True), file)
    code = compile(LOOP, file, "exec")
    offset = next(i.offset for i in __import__("dis").get_instructions(code) if i.positions and i.positions.lineno == 4)
    coach = Coach([HostSyncInLoop])
    (rule,) = coach.rules
    rule.begins()
    loss = coach.tape.value(gradbook.ones((), requires_grad=True))
    for number in range(1, 5):
        turn = Turn(number)
        turn.passes.append(Pass(number, lambda: None, None, 1.0, ()))  # type: ignore[arg-type]
        turn.reads.append(Read(loss, (code, offset), far=far))
        rule.turned(turn)
    rule.ended()
    return coach


def test_each_step_waits_for_a_gpu() -> None:
    (finding,) = turns(True, "gpu_loop.py").report.findings
    assert (finding.severity, finding.line) == ("warning", 4)
    assert "the GPU is waited for" in finding.message


def test_nothing_waits_on_a_cpu() -> None:
    assert not turns(False, "cpu_loop.py").report.findings
