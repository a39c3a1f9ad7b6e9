"""Comparisons of what began with random numbers that nobody can draw again."""

from __future__ import annotations

import itertools

from gradbook import random
from gradbook.coach import code
from gradbook.coach.lineage import Lineage, Stint
from gradbook.coach.rule import Rule
from gradbook.coach.rules.modes import alias
from gradbook.coach.rules.sweeps import maker, place_of
from gradbook.coach.session import Cell

__all__ = ["RULES", "Unseeded"]

ENOUGH = 2  # steps of each


class Unseeded(Rule):
    """Networks that are made and trained alike are compared without a seed: a part of what differs is luck."""

    id = "unseeded"
    severity = "hint"
    idea = "without manual_seed() each run draws other numbers: what is compared should begin with the same ones"
    threshold = "two networks, one trained after the other by the same lines, or by a cell that runs again, and no seed"

    def begins(self) -> None:
        self.lineage = self.coach.shared(Lineage)
        self.told = False

    def inherit(self, before: Unseeded) -> None:
        self.told = before.told

    def ended(self) -> None:
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

    def _key(self, stint: Stint, cell: Cell | None) -> object:
        """What is alike in variants: the line of the optimizer, or in a notebook the cell that runs again."""
        code_, lasti = stint.callers[0]
        if cell is not None and cell.again and stint.cell == cell.id:
            return cell.id, code_.co_name, stint.kind
        return id(code_), lasti

    def _speak(self, chain: list[Stint]) -> None:
        at, (model, _) = place_of(chain), maker(self, chain[-1])
        made = code.assignment(at, model)
        if at is not None and made is not None and made.file == at.file and made.function == at.function:
            at = made if made.loop is at.loop else at
        seed = f"{alias(at) if at is not None else 'torch'}.manual_seed(0)"
        losses = {f"network {n}": f"loss {one.first:.3g} to {one.last:.3g}" for n, one in enumerate(chain[:4], 1)}
        self.find(
            f"{len(chain)} networks are compared that began with other random numbers: no seed was set.",
            at.at if at is not None else None, losses,
            [code.insertion(at, seed, "before each: then only what you change differs")],
        )  # fmt: skip


def in_turn(chain: list[Stint]) -> bool:
    """Whether one was trained after the other, not all of them together as in a GAN."""
    return all(two.begun >= one.ended for one, two in itertools.pairwise(chain))


RULES = (Unseeded,)
