"""What a Timeline found, as tables: by op, by module, by line; as text, and as a trace for other tools."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradbook.autograd.profiler import chrome_slice, memory_text, time_text, write_chrome_trace
from gradbook.observe.sites import BACKWARD, FORWARD, MODULE, STEP, Site
from gradbook.observe.timing import Timeline

__all__ = ["BY", "Row", "rows", "save_trace", "text"]

BY = ("op", "module", "line")
CATEGORIES = {FORWARD: "forward", BACKWARD: "backward", STEP: "optimizer", MODULE: "module"}
NO_MODULE = "–"
WIDEST = (60, 24, 24)  # characters of the first columns


@dataclass(slots=True)
class Row:
    """The sites of one op, module or line together. Times in seconds, memory in bytes; see observe.sites.Site.

    `ops`, `modules` and `lines`: what is in it, in order of first use.
    """

    key: str
    sites: list[Site] = field(default_factory=list)
    ops: dict[str, None] = field(default_factory=dict)
    modules: dict[str, None] = field(default_factory=dict)
    lines: dict[str, None] = field(default_factory=dict)

    def _sum(self, name: str) -> Any:
        return sum(getattr(site, name) for site in self.sites)

    calls = property(lambda self: self._sum("calls"))
    forward = property(lambda self: self._sum("forward"))
    backward = property(lambda self: self._sum("backward"))
    step = property(lambda self: self._sum("step"))
    seconds = property(lambda self: self._sum("seconds"))
    made = property(lambda self: self._sum("made"))
    saved = property(lambda self: self._sum("saved"))
    held = property(lambda self: self._sum("held"))


def line_of(site: Site) -> str:
    """`[7]:3` or `model.py:12`; `–` where no line is known."""
    place = site.place
    return f"{place.cell}:{place.line}" if place is not None else NO_MODULE


def module_of(site: Site) -> str:
    """`encoder.0`, or the model itself; the model in front where there are several is the caller's business."""
    return site.path or site.root or NO_MODULE


def rows(timeline: Timeline, by: str = "op") -> list[Row]:
    """The table by 'op', 'module' or 'line', the longest first. Raises ValueError for another word."""
    if by not in BY:
        raise ValueError(f"timeline: by is {by!r}; it is one of {', '.join(map(repr, BY))}")
    several = len({site.root for site in timeline.sites if site.root}) > 1

    def module(site: Site) -> str:
        return f"{site.root} {site.path}".strip() if several and site.root else module_of(site)

    key: Callable[[Site], str] = {"op": lambda site: site.op, "module": module, "line": line_of}[by]
    found: dict[str, Row] = {}
    for site in timeline.sites:
        if not site.calls and not site.backward_calls and not site.seconds:
            continue
        name = key(site)
        row = found.get(name)
        if row is None:
            row = found[name] = Row(name)
        row.sites.append(site)
        row.ops.setdefault(site.op)
        row.modules.setdefault(module(site))
        row.lines.setdefault(line_of(site))
    return sorted(found.values(), key=lambda row: -row.seconds)


def summary(timeline: Timeline) -> str:
    """Where the time went, in one line."""
    parts = [("forward", timeline.forward), ("backward", timeline.backward), ("optimizer", timeline.step)]
    shown = [f"{name} {time_text(seconds * 1e6)}" for name, seconds in parts if seconds]
    shown.append(f"Python and the rest {time_text(timeline.other * 1e6)}")
    return (
        f"{time_text((timeline.wall - timeline.watching) * 1e6)} = {' + '.join(shown)}; "
        f"watching took {time_text(timeline.watching * 1e6)} more, taken out"
    )


def text(timeline: Timeline, by: str = "op", memory: bool = False, most: int = 30) -> str:
    """The table as text; `memory` adds bytes. Raises ValueError for a `by` that there is not."""
    found = rows(timeline, by)
    total = sum(row.seconds for row in found) or 1.0
    order = [by, *(other for other in BY if other != by)]
    heads = [*order, "calls", "forward", "backward", "total", "%", *(("at peak", "saved", "made") if memory else ())]
    lines = [heads]
    for row in found[:most]:
        words = {"op": _one(row.ops, "ops"), "module": _one(row.modules, "modules"), "line": _one(row.lines, "lines")}
        words[by] = row.key if by != "line" else _with_source(row)
        times = (row.forward, row.backward, row.seconds)
        cells = [_short(words[column], widest) for column, widest in zip(order, WIDEST, strict=True)]
        cells += [f"{row.calls:,}", *(time_text(seconds * 1e6) if seconds else NO_MODULE for seconds in times)]
        cells.append(f"{100 * row.seconds / total:.1f}")
        if memory:
            cells += [memory_text(nbytes) for nbytes in (row.held, row.saved / max(timeline.passes, 1), row.made)]
        lines.append(cells)
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    body = [
        "  ".join(cell.ljust(width) if column < 3 else cell.rjust(width)
                  for column, (cell, width) in enumerate(zip(line, widths, strict=True))).rstrip()
        for line in lines
    ]  # fmt: skip
    if len(found) > most:
        body.append(f"… {len(found) - most:,} more")
    if memory or timeline.peak:
        body.append(f"most held at once: {memory_text(timeline.peak)}")
    if timeline.error is not None:
        body.append(f"up to {type(timeline.error).__name__}: {timeline.error}".splitlines()[0])
    return "\n".join([summary(timeline), *body])


def save_trace(timeline: Timeline, path: str | Path) -> Path:
    """Write every call that was kept as a Chrome trace: forward and backward, modules around them, bytes held."""
    thread = 1
    slices = [{"ph": "M", "name": "process_name", "pid": 0, "args": {"name": "gradbook"}}]
    for kind, number, start, seconds in timeline.spans():
        if kind == MODULE:
            slices.append(chrome_slice("module", timeline.modules[number], start, seconds, thread, {}))
            continue
        site = timeline.sites[number]
        place = site.place
        args = {"module": site.path or site.root, "class": site.cls}
        if place is not None:
            args |= {"line": f"{place.cell} line {place.line}", "source": place.source}
        name = f"{site.op} backward" if kind == BACKWARD else site.op
        slices.append(chrome_slice(CATEGORIES.get(kind, "backward"), name, start, seconds, thread, args))
    for when, nbytes in timeline.curve:
        counter = {"ph": "C", "name": "bytes held", "pid": 0, "ts": (when - timeline.began) * 1e6}
        slices.append(counter | {"args": {"bytes": nbytes}})
    about = {"watching_seconds": timeline.watching, "slices_left_out": timeline.left_out}
    write_chrome_trace(path, slices, about)
    return Path(path)


def _one(names: dict[str, None], plural: str) -> str:
    return next(iter(names)) if len(names) == 1 else f"{len(names)} {plural}"


def _with_source(row: Row) -> str:
    place = row.sites[0].place
    return row.key if place is None else f"{row.key}  {place.source}"


def _short(words: str, widest: int) -> str:
    return words if len(words) <= widest else words[: widest - 1] + "…"
