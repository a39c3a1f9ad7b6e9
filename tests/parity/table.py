"""The table of the suite: entries and samples that agree, and everything else by name with a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tests.parity.known import reason_for
from tests.parity.tally import Tally

GROUPS = {
    "float32": "ops, float32: values, dtypes, shapes, gradients",
    "float64": "ops, float64: the same, and second gradients",
    "int64": "ops, int64",
    "bool": "ops, bool",
    "complex64": "ops, complex64, with gradients",
    "bfloat16": "ops, bfloat16, with gradients",
    "float16": "ops, float16, with gradients",
    "variants": "ops, other spellings: method, operator, in place, `out=`, aliases",
    "errors": "ops, error inputs: the same type is raised",
    "compiled": "ops through `gradbook.compile`, against the same without it",
    "modules": "modules: state, outputs, gradients",
    "module errors": "modules, error inputs",
    "optimizers": "optimizers: parameters after each step",
    "optimizer errors": "optimizers, error inputs",
    "schedulers": "learning rate schedulers",
}
ENOUGH = 0.99  # of its samples: an entry counts as one that agrees


def percent(part: int, whole: int) -> str:
    """`99.8 %`, never rounded up to 100."""
    if not whole:
        return "–"
    return f"{int(1000 * part / whole) / 10:.1f} %"


def agreeing(tallies: Iterable[Tally]) -> tuple[int, int]:
    """Differentiable entries that agree in at least 99 % of their float32 and float64 samples, and all there are."""
    counts: dict[str, list[int]] = {}
    for tally in tallies:
        if tally.group in ("float32", "float64") and tally.differentiable and tally.samples:
            count = counts.setdefault(tally.entry, [0, 0])
            count[0] += tally.passed
            count[1] += tally.samples
    return sum(passed >= ENOUGH * samples for passed, samples in counts.values()), len(counts)


def markdown(tallies: list[Tally], outside: dict[str, list[str]]) -> str:
    """The whole table. `outside`: reason -> entries beyond the scope."""
    lines = ["| | entries | present | agree in every sample | samples | agree |", "|---|---:|---:|---:|---:|---:|"]
    for group, title in GROUPS.items():
        rows = [tally for tally in tallies if tally.group == group and tally.samples]
        if rows:
            samples, passed = sum(row.samples for row in rows), sum(row.passed for row in rows)
            present = sum(not row.absent for row in rows)
            whole = sum(row.passed == row.samples for row in rows)
            lines.append(f"| {title} | {len(rows)} | {present} | {whole} | {samples:,} | {percent(passed, samples)} |")
    enough, differentiable = agreeing(tallies)
    if differentiable:
        lines += ["", f"Differentiable ops that agree in at least 99 % of their float32 and float64 samples: "
                  f"{enough} of {differentiable} ({percent(enough, differentiable)})."]  # fmt: skip
    return "\n".join([*lines, "", *others(tallies, outside)])


def others(tallies: list[Tally], outside: dict[str, list[str]]) -> list[str]:
    """What does not agree, and what is beyond the scope, by reason."""
    lines = []
    reasons: dict[str, list[str]] = {}
    for tally in tallies:
        if tally.passed < tally.samples:
            reason = reason_for(tally.entry, tally.group) or "NOT KNOWN: " + tally.problems[0]
            name = tally.entry if tally.absent else tally.key
            if name not in reasons.setdefault(reason, []):
                reasons[reason].append(name)
    if reasons:
        lines.append("Not in agreement:")
        lines += [
            f"- {reason}: {', '.join(f'`{name}`' for name in sorted(names))}"
            for reason, names in sorted(reasons.items())
        ]
    if outside:
        lines.append("Outside the scope:")
        lines += [
            f"- {why} ({len(names)}): {', '.join(f'`{n}`' for n in names)}" for why, names in sorted(outside.items())
        ]
    samples: Counter[str] = Counter()
    for tally in tallies:
        samples.update(tally.outside)
    lines += [f"- {count} samples of entries that are present: {why}" for why, count in sorted(samples.items())]
    return lines
