"""Batch norm after what it undoes, or after what undoes it; and of a single sample."""

from __future__ import annotations

import ast
from typing import Any

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.origin import changed_at, is_library
from gradbook.coach.record import Op
from gradbook.coach.rule import Rule
from gradbook.coach.rules.wiring import ACTIVATIONS, CONVOLUTIONS, PASSING, is_learned
from gradbook.observe.failure.text import called_name
from gradbook.observe.source import Where

__all__ = ["RULES", "BatchNormBatchOfOne", "BiasBeforeBatchNorm", "DropoutBeforeBatchNorm", "built_or_run"]

SINGLE = 3  # training batches of one sample: a single one is a rest
CALM = ACTIVATIONS - {"softmax", "log_softmax"}
BIASED = CONVOLUTIONS | {"linear", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"}


class BiasBeforeBatchNorm(Rule):
    """A layer right before batch norm has a bias, which batch norm takes out again."""

    id = "bias-before-batchnorm"
    severity = "hint"
    idea = "batch norm subtracts the mean of each channel, and any bias before it with it"
    threshold = "the producer itself; with statistics of the batch only, as in training"
    ops = frozenset({"batch_norm"})

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        value = op.operand(0)
        maker = value.back(PASSING).maker if value is not None else None
        if maker is None or maker.name not in BIASED or not op.params.get("training") or not op.recorded:
            return
        bias = maker.operand(2)
        if bias is None or not is_learned(bias):
            return
        where = built_or_run(self.coach, maker)
        self.find(
            "The bias before a batch norm does nothing: batch norm subtracts the mean, and the bias with it.", where,
            {"layer": maker.path or maker.name, "numbers in its bias": bias.shape[0]}, unbiased(where),
            nodes=[maker.path],
        )  # fmt: skip


class DropoutBeforeBatchNorm(Rule):
    """Dropout right before batch norm: the variance in training is not the one in evaluation."""

    id = "dropout-before-batchnorm"
    severity = "hint"
    idea = "dropout makes the variance larger in training only; batch norm learns that one, and uses it in evaluation"
    threshold = "only activations between the two; p > 0"
    ops = frozenset({"batch_norm"})

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        value = op.operand(0)
        maker = value.back(PASSING | CALM).maker if value is not None else None
        if maker is None or not maker.name.endswith("dropout") or not op.params.get("training") or not op.recorded:
            return
        where = changed_at(self.coach, maker)
        fixes = behind_norm(code.place(where), code.place(changed_at(self.coach, op)))
        self.find(
            "Dropout before a batch norm: the variance that batch norm learns in training is not that of evaluation.",
            where, {"dropped with p": maker.params.get("p"), "batch norm": op.path or op.name}, fixes,
            nodes=[maker.path, op.path],
        )  # fmt: skip


class BatchNormBatchOfOne(Rule):
    """Batch norm of images that come one by one: the statistics are those of one image."""

    id = "batchnorm-batch-of-one"
    severity = "hint"
    idea = "in training batch norm compares the samples of a batch with each other: it needs several"
    threshold = f"{SINGLE} batches of one sample in training; where there is only one number a channel it raises"
    ops = frozenset({"batch_norm"})

    def begins(self) -> None:
        self.seen: dict[str, int] = {}

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        value = op.operand(0)
        if value is None or value.shape[:1] != (1,) or not op.params.get("training") or not op.recorded:
            return
        self.seen[op.path] = self.seen.get(op.path, 0) + 1
        if self.seen[op.path] != SINGLE:
            return
        where = built_or_run(self.coach, op)
        self.find(
            "Batch norm sees one sample at a time: its statistics are those of a single one, and very noisy.", where,
            {"input of batch norm": tuple(value.shape), "batches of one sample": SINGLE},
            renamed_norm(where, value.shape[1]), nodes=[op.path],
        )  # fmt: skip


def behind_norm(drop: code.Place | None, norm: code.Place | None) -> list[Fix]:
    """Dropout after batch norm: nested the other way, in a line after that of the norm, or out of the list."""
    node, outer = (at.expression if at is not None else None for at in (drop, norm))
    if drop is None or not isinstance(node, ast.Call):
        return []
    if isinstance(drop.source.parents.get(node), ast.Call | ast.List) and called_name(node)[:1].isupper():
        return [code.without_argument(drop, node, "and put it after the batch norm and its activation")]
    if norm is None or not isinstance(outer, ast.Call) or norm.file != drop.file or not node.args:
        return []
    text = drop.source.segment(outer)
    if node in list(ast.walk(outer)) and node is not outer:  # bn(drop(x)) -> drop(bn(x))
        own, given = drop.source.segment(node), drop.source.segment(node.args[0])
        swapped = own.replace(given, text.replace(own, given), 1)
        return [code.replacement(norm, outer, swapped, "the norm first")]
    moved = code.insertion(norm, drop.source.segment(drop.statement) if drop.statement is not None else "",
                           "after the batch norm", after=True)  # fmt: skip
    gone = code.removal(drop)
    moved.edits = (*moved.edits, *gone) if gone and moved.edits and drop.function == norm.function else ()
    return [moved]


def built_or_run(coach: Any, op: Op) -> Where | None:
    """Where the layer of an operation was constructed; of one in the user's own forward where it stands."""
    layer = op.call.module if op.call is not None and is_library(op.call.module) else None
    built = coach.built_at(layer) if layer is not None else None
    return built.where if built is not None and built.where is not None else op.where


def unbiased(where: Where | None) -> list[Fix]:
    """The construction of a layer with bias=False."""
    at = code.place(where)
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call) or any(keyword.arg is None for keyword in call.keywords):
        return []
    return [code.with_option(at, call, "bias", "False", "batch norm has a bias of its own")]


def renamed_norm(where: Where | None, channels: int) -> list[Fix]:
    """The construction of a norm over each sample in the place of batch norm."""
    at = code.place(where)
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call):
        return []
    prefix, _, name = at.source.segment(call.func).rpartition(".")
    if not name.startswith("BatchNorm"):
        return []
    groups = next(count for count in (8, 4, 2, 1) if channels % count == 0)
    new = f"{prefix}.GroupNorm({groups}, {channels})".lstrip(".")
    return [code.replacement(at, call, new, "looks at each sample alone"), Fix("batch_size=16", (), "in the loader")]


RULES = (BiasBeforeBatchNorm, DropoutBeforeBatchNorm, BatchNormBatchOfOne)
