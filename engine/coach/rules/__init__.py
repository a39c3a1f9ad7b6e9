"""All rules, by family; `RULES` has them by id, in the order in which they look."""

from __future__ import annotations

from gradbook.coach.rule import Rule
from gradbook.coach.rules import call_order, cut_graphs, gradients_kept, raised

__all__ = ["RULES"]

FAMILIES = (gradients_kept, call_order, cut_graphs, raised)
RULES: dict[str, type[Rule]] = {rule.id: rule for family in FAMILIES for rule in family.RULES}
