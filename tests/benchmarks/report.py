"""The tables of `speed.json`, in Markdown: what the README quotes."""

from __future__ import annotations

from typing import Any

from tests.benchmarks.workloads import WORKLOADS

__all__ = ["page", "ratio"]

NOT_CLEAN = "not said: no clean block"
BESIDE_COMPILER = 1.2  # times faster than torch.compile


def page(found: dict[str, Any]) -> str:
    """Everything, under the line that says on what it was measured."""
    about = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    parts = [
        f"Measured on {found['machine']}, {found['date']}: {about}. float32; one thread by CPU time, several by the "
        "wall clock; in turns, medians; (±) half the distance of the quartiles.",
        "**gradbook.compile**, times faster than PyTorch eager:",
        table(COMPILED, [compiled_row(*each) for each in runs(found)]),
        "**eager**, times faster than PyTorch eager:",
        table(EAGER, [eager_row(*each) for each in runs(found)]),
    ]
    apart = [(name, row) for name, row in found["workloads"].items() if "latency" in row]
    if apart:
        parts += [
            "**Compiling**, from the first call until it is compiled, without the calls' own work, in brackets by CPU "
            "time (bar for W5: ≤ 2 s with an empty cache, ≤ 0.2 s from it); by how much the longest step is longer "
            "while it is compiled in the background; and **peak memory** of the process, in brackets how much of it "
            "after the import (bar: ≤ PyTorch's), each in a process of its own:",
            table(APART, [apart_row(*each) for each in apart]),
        ]
    return "\n\n".join(parts)


COMPILED = [
    "", "threads", "PyTorch", "gradbook", "faster", "at least / aim", "", "than torch.compile", "blocks thrown away",
]  # fmt: skip
EAGER = ["", "threads", "PyTorch", "gradbook", "faster", "at least", "", "loss differs by"]
APART = ["", "empty cache", "from the cache", "longest stall", "memory: compile", "eager", "PyTorch", ""]
CACHES = ("cold", "cached")
RIVALS = ("compile", "eager", "torch")


def runs(found: dict[str, Any]) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(name, its row, one run) of each workload and number of threads."""
    return [(name, row, run) for name, row in found["workloads"].items() for run in row["runs"]]


def ratio(run: dict[str, Any], ours: str, theirs: str = "torch") -> float:
    """How many times faster `ours` is than `theirs`."""
    return float(run["times"][theirs]["median"] / run["times"][ours]["median"])


def are_clean(run: dict[str, Any], ours: str) -> bool:
    """Whether some blocks were measured while nobody else had the machine; if not, the numbers say little."""
    return bool(run["times"]["torch"]["clean"] and run["times"][ours]["clean"])


def compiled_row(name: str, row: dict[str, Any], run: dict[str, Any]) -> list[str]:
    """One line of the first table."""
    workload, times = WORKLOADS[name], run["times"]
    faster = ratio(run, "compile")
    verdict = "aim met" if faster >= workload.compiled_aim else met(faster >= workload.compiled_bar)
    verdict = "left to Python" if run["left_to_python"] else verdict if are_clean(run, "compile") else NOT_CLEAN
    beside = run.get("torch_compile_failed", "not measured")
    if "torch.compile" in times:
        times_faster = ratio(run, "compile", "torch.compile")
        beside = f"{times_faster:.2f}× ({met(times_faster >= BESIDE_COMPILER)})"
    blocks = [times["torch"], times["compile"]]
    return [
        f"{name} {row['what']}", str(run["threads"]), shown(times["torch"]), shown(times["compile"]), f"{faster:.2f}×",
        f"{workload.compiled_bar:g} / {workload.compiled_aim:g}",
        verdict,
        beside,
        ", ".join(f"{each['blocks'] - each['clean']} of {each['blocks']}" for each in blocks),
    ]  # fmt: skip


def eager_row(name: str, row: dict[str, Any], run: dict[str, Any]) -> list[str]:
    """One line of the second table."""
    workload, times = WORKLOADS[name], run["times"]
    faster = ratio(run, "eager")
    return [
        name, str(run["threads"]), shown(times["torch"]), shown(times["eager"]), f"{faster:.2f}×",
        f"{workload.eager_bar:g}",
        met(faster >= workload.eager_bar) if are_clean(run, "eager") else NOT_CLEAN,
        f"{row['losses']['eager']:.0e}, compiled {row['losses']['compile']:.0e}",
    ]  # fmt: skip


def apart_row(name: str, row: dict[str, Any]) -> list[str]:
    """One line of the third table."""
    latency, memory = row["latency"], row["memory"]
    shares = [f"{found['peak_mb']:.0f} ({found['over_mb']:.0f}) MB" for found in (memory[rival] for rival in RIVALS)]
    return [
        name,
        *(f"{latency[how]['compile_seconds']:.2f} ({latency[how]['compile_cpu_seconds']:.2f}) s" for how in CACHES),
        f"{latency.get('background', latency['cold'])['stall_seconds']:.2f} s",
        *shares,
        met(memory["compile"]["peak_mb"] <= memory["torch"]["peak_mb"]),
    ]  # fmt: skip


def met(holds: bool) -> str:
    """In words, as colours and signs do not travel."""
    return "met" if holds else "missed"


def shown(timing: dict[str, Any]) -> str:
    """`3.45 µs ±0.02`; a star where no block was clean."""
    unit, name = (1e-3, "ms") if timing["median"] >= 1e-3 else (1e-6, "µs")
    star = "" if timing["clean"] else " *"
    return f"{timing['median'] / unit:,.2f} {name} ±{timing['spread'] / unit:,.2f}{star}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table, aligned for a terminal too."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    cells = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines]
    texts = ["| " + " | ".join(line) + " |" for line in cells]
    return "\n".join([texts[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *texts[1:]])


# -- the part of the README that quotes the file ----------------------------------------------------------------------

BEGIN, END = "<!-- speed: begin -->\n", "<!-- speed: end -->"


def quoted(found: dict[str, Any]) -> str:
    """The table that the README shows: a step's time, by one thread and by more where those were measured in quiet."""
    rows = []
    for _, row, run in runs(found):
        quiet = are_clean(run, "compile") and are_clean(run, "eager")
        if run["threads"] > 1 and not quiet:
            continue
        times = run["times"]
        eager = f"{plain(times['eager'])}, {ratio(run, 'eager'):.1f}×"
        compiled = f"{plain(times['compile'])}, **{ratio(run, 'compile'):.3g}×**"
        rows.append([row["what"], str(run["threads"]), plain(times["torch"]), eager, compiled])
    head = ["training step", "threads", "PyTorch", "gradbook", "`gradbook.compile`"]
    lines = ["| " + " | ".join(line) + " |" for line in (head, ["---", "---:", "---:", "---:", "---:"], *rows)]
    about = (
        f"{found['machine']}; PyTorch {found['versions']['torch']}, {found['date']}; `python -m tests.benchmarks.speed`"
    )
    return "\n".join([*lines, "", f"Medians, float32, in turns ({about}).", ""])


def plain(timing: dict[str, Any]) -> str:
    """`3.45 µs`."""
    unit, name = (1e-3, "ms") if timing["median"] >= 1e-3 else (1e-6, "µs")
    return f"{timing['median'] / unit:,.3g} {name}"


def in_readme(text: str, found: dict[str, Any]) -> str:
    """The README with its table of speed made anew."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + quoted(found) + END + rest.split(END)[1]
