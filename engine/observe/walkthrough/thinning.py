"""What is let go of when a walk grows too long: whole turns of the outermost loop, the oldest but the first."""

from __future__ import annotations

from gradbook.observe.walkthrough.block import Block
from gradbook.observe.walkthrough.steps import Step

__all__ = ["BYTES", "STEPS", "Thinning"]

STEPS = 1200  # kept at most
BYTES = 64 << 20  # of numbers, at most
HEAD = 0.4  # of the steps that stay when there is no loop to thin: the first ones


class Thinning:
    """Keeps a list of steps within bounds, and says what it took out."""

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps
        self.dropped = 0
        self.turns: dict[tuple[int, int], list[int]] = {}  # (line, run) of a loop -> turns that were let go
        self._bytes = 0
        self._counted = 0

    def look(self) -> None:
        """Let go of steps until the rest fits."""
        while self._counted < len(self.steps):
            self._bytes += cost(self.steps[self._counted])
            self._counted += 1
        while len(self.steps) > STEPS or (self._bytes > BYTES and len(self.steps) > 2):
            self._drop(self._turn() or self._middle())

    def _turn(self) -> list[Step]:
        """The steps of the oldest turns of the longest outermost loop, its first turn and the last two set aside."""
        runs: dict[tuple[int, ...], dict[int, list[Step]]] = {}
        for step in self.steps:
            if step.repeat:
                loop = step.repeat[0]
                runs.setdefault(loop.key, {}).setdefault(loop.index, []).append(step)
        for key in sorted(runs, key=lambda key: -sum(map(len, runs[key].values()))):
            turns = sorted(runs[key])
            gone: list[Step] = []
            for turn in turns[1:-2]:
                self.turns.setdefault((runs[key][turn][0].repeat[0].line, key[0]), []).append(turn)
                gone += runs[key][turn]
                if len(gone) > STEPS // 20:  # some at a time: each look goes through all steps
                    break
            if gone:
                return gone
        return []

    def _middle(self) -> list[Step]:
        at = min(int(STEPS * HEAD), len(self.steps) // 2)
        return self.steps[at : at + max(1, len(self.steps) // 50)]

    def _drop(self, gone: list[Step]) -> None:
        ids = {id(step) for step in gone}
        for step in gone:
            self._bytes -= cost(step)
            if step.call is not None and step.phase == "forward":
                step.call.dropped = True
        self.steps[:] = [step for step in self.steps if id(step) not in ids]
        self._counted = len(self.steps)
        self.dropped += len(ids)

    def note(self) -> str | None:
        """What is missing, in a sentence; None if nothing is."""
        if not self.dropped:
            return None
        total = len(self.steps) + self.dropped
        parts = [f"the loop in line {line}: turns {min(turns) + 1} to {max(turns) + 1} of it are left out"
                 for (line, _), turns in self.turns.items()]  # fmt: skip
        return f"{len(self.steps):,} of {total:,} steps are shown" + ("; " + "; ".join(parts) if parts else "")


def cost(step: Step) -> int:
    """Bytes of the numbers that a step brought."""
    blocks: list[Block] = []
    if step.phase == "forward" and step.call is not None:
        blocks += [value.block for value in step.call.outputs]
    for part in step.parts:
        blocks += [part.result, part.total, *(factor.block for factor in part.factors)]
    for update in step.updates:
        blocks += [update.now.block]
    return sum(block.nbytes for block in blocks) + 500
