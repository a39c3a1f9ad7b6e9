"""All rules, by family. `RULES` has them by id, in the order in which they look; `KINDS` are all classes.

A rule may have two classes: one that hears of the fault as it happens, one that knows the exception that it ends in.
"""

from __future__ import annotations

from gradbook.coach.rule import Rule
from gradbook.coach.rules import (
    activations_before_losses,
    batch_leaks,
    batch_norms,
    batches,
    broadcasts,
    call_order,
    constant_predictions,
    cut_graphs,
    dull_activations,
    flat_functions,
    gradient_flow,
    gradients_kept,
    graphs_kept,
    host_reads,
    initialisation,
    inputs,
    kept_values,
    labels,
    layer_order,
    leaks,
    learning_rates,
    mixed_axes,
    modes,
    not_finite,
    notebook_names,
    notebook_objects,
    notebook_reruns,
    number_types,
    one_batch,
    own_gradients,
    penalties,
    progress,
    raised,
    schedules,
    seeds,
    stale,
    straight_through,
    sweeps,
    unused,
    update_sizes,
)

__all__ = ["KINDS", "RULES"]

FAMILIES = (
    gradients_kept,
    call_order,
    cut_graphs,
    flat_functions,
    activations_before_losses,
    broadcasts,
    mixed_axes,
    batch_leaks,
    modes,
    stale,
    notebook_objects,
    notebook_names,
    sweeps,
    notebook_reruns,
    seeds,
    unused,
    layer_order,
    batch_norms,
    not_finite,
    own_gradients,
    straight_through,
    graphs_kept,
    kept_values,
    host_reads,
    batches,
    schedules,
    initialisation,
    inputs,
    number_types,
    labels,
    leaks,
    penalties,
    learning_rates,
    gradient_flow,
    dull_activations,
    update_sizes,
    progress,
    constant_predictions,
    one_batch,
    raised,
)
KINDS: tuple[type[Rule], ...] = tuple(rule for family in FAMILIES for rule in family.RULES)
RULES: dict[str, type[Rule]] = {}
for _rule in KINDS:
    RULES.setdefault(_rule.id, _rule)
