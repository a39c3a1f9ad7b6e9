"""Comparisons of what began with random numbers that nobody can draw again."""

from __future__ import annotations

import ast
import itertools

from gradbook import random
from gradbook.coach import code
from gradbook.coach.lineage import Lineage, Stint
from gradbook.coach.record import Turn
from gradbook.coach.rule import Rule
from gradbook.coach.rules.modes import alias
from gradbook.coach.rules.sweeps import maker, place_of
from gradbook.coach.session import Cell
from gradbook.observe.source import Where

__all__ = ["RULES", "Unseeded"]

ENOUGH = 2  # steps of each
FIRST = "before the first random numbers: each run draws the same ones"


class Unseeded(Rule):
    """Networks that are made and trained alike are compared without a seed: a part of what differs is luck."""

    id = "unseeded"
    severity = "hint"
    idea = "without manual_seed() each run draws other numbers: what is compared should begin with the same ones"
    threshold = (
        "two networks, one trained after the other by the same lines, or by a cell that runs again, and no seed; a "
        "seed for Python's and NumPy's random numbers only; a program, not a notebook, without any seed"
    )

    def begins(self) -> None:
        self.lineage = self.coach.shared(Lineage)
        self.first: Where | None = None  # where numbers were drawn that nobody can draw again
        self.told = False

    def inherit(self, before: Unseeded) -> None:
        self.told, self.first = before.told, before.first

    def turned(self, turn: Turn) -> None:
        if self.first is None:
            found = next((draw for draw in turn.draws if not draw.seeded), None)
            outside = (place for place in found.callers if place[0].co_name != "__init__") if found is not None else ()
            self.first = next(iter(outside), None)

    def rests(self) -> None:
        self.turned(self.coach.turn)

    def ended(self) -> None:
        self.turned(self.coach.turn)
        if random.default_generator.seeded or self.told:
            return
        chains: dict[object, list[Stint]] = {}
        session = self.coach.session
        cell = session.cell if session is not None else None
        for stint in self.lineage.stints:
            if stint.steps >= ENOUGH and stint.callers and stint.built is not None:
                chains.setdefault(self._key(stint, cell), []).append(stint)
        for chain in chains.values():
            apart = [one for one in chain if not any(one.shares(other) for other in chain if other is not one)]
            if len(apart) > 1 and apart[-1] in self.lineage.current.values() and in_turn(apart):
                self.told = True
                self._speak(apart)
                return
        self._whole()

    def _key(self, stint: Stint, cell: Cell | None) -> object:
        """What is alike in variants: the line of the optimizer, or in a notebook the cell that runs again."""
        code_, lasti = stint.callers[0]
        if cell is not None and cell.again and stint.cell == cell.id:
            return cell.id, code_.co_name, stint.kind
        return id(code_), lasti

    def _speak(self, chain: list[Stint]) -> None:
        at, first, begun = self._variants(chain), self._first(), code.place(chain[0].callers[0])
        each = begun is not None and first is not None and first.beside(begun)
        at = first if each else at
        there = first or at
        seed = f"{alias(there) if there is not None else 'torch'}.manual_seed(0)"
        losses = {f"network {n}": f"loss {one.first:.3g} to {one.last:.3g}" for n, one in enumerate(chain[:4], 1)}
        fixes = [code.insertion(at, seed, "before each: then only what you change differs")]
        if first is not None and not each:
            fixes.insert(0, code.insertion(first, seed, FIRST))
        self.find(
            f"{len(chain)} networks are compared that began with other random numbers: no seed was set.",
            there.at if there is not None else None, losses, fixes,
        )  # fmt: skip

    def _variants(self, chain: list[Stint]) -> code.Place | None:
        """Where each of the networks begins."""
        at, (model, _) = place_of(chain), maker(self, chain[-1])
        made = code.assignment(at, model)
        if at is not None and made is not None and made.file == at.file and made.function == at.function:
            at = made if made.loop is at.loop else at
        return at

    def _whole(self) -> None:
        """No seed in all of a program, or one of what it draws elsewhere, not of what the weights begin with."""
        first = self._first()
        seeded = seeds_of(first) if first is not None else []
        if first is None or not self.lineage.current or not (seeded or self.coach.session is None):
            return
        self.told = True
        what = f"{' and '.join(f'{each}()' for each in seeded)}: what is drawn here has no seed, and each run differs."
        if not seeded:
            what = "No seed is set: each run draws other numbers, and no result can be had again."
        self.find(
            what, first.at, {"seeded": ", ".join(seeded) or "nothing", "not seeded": "the engine's own generator"},
            [code.insertion(first, f"{alias(first)}.manual_seed(0)", FIRST)],
        )  # fmt: skip

    def _first(self) -> code.Place | None:
        """Where the first numbers were drawn, if that is in the program as it is now: a cell may have been edited."""
        at, session = code.place(self.first), self.coach.session
        here = at is not None and (session is None or any(cell.file == at.file for cell in session.cells.values()))
        return at if here else None


def seeds_of(at: code.Place) -> list[str]:
    """The calls that seed another library's numbers: `random.seed(42)`, `np.random.seed(42)`."""
    calls = [node for source in code.sources(at) for node in source.nodes() if isinstance(node, ast.Call) and node.args]
    return sorted({text for call in calls if (text := ast.unparse(call.func)).endswith("random.seed")})


def in_turn(chain: list[Stint]) -> bool:
    """Whether one was trained after the other, not all of them together as in a GAN."""
    return all(two.begun >= one.ended for one, two in itertools.pairwise(chain))


RULES = (Unseeded,)
