"""Runs as a table; what is known of two, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from gradbook.observe import Run

__all__ = ["RunTable", "facts"]

HEADS = ("run", "name", "cell", "state", "steps", "last loss", "lowest", "time", "rate")


class RunTable:
    """Rows of text under heads; displays itself as text or as an HTML table."""

    def __init__(self, heads: Sequence[str], rows: Sequence[Sequence[str]], empty: str = "") -> None:
        self.heads, self.rows, self.empty = tuple(heads), [tuple(row) for row in rows], empty

    @classmethod
    def of(cls, runs: Sequence[Run]) -> RunTable:
        """One row a run, the newest last."""
        return cls(HEADS, [_row(run) for run in runs], "no runs yet: one begins at the first .backward() of a cell")

    def __repr__(self) -> str:
        if not self.rows:
            return self.empty
        table = [self.heads, *self.rows]
        widths = [max(len(row[i]) for row in table) for i in range(len(self.heads))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table
        )

    def _repr_html_(self) -> str:
        if not self.rows:
            return f"<p>{escape(self.empty)}</p>"
        head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in self.heads)
        rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def facts(a: Run, b: Run) -> list[tuple[str, str, str]]:
    """How two runs went, side by side -> (what, of the first, of the second)."""
    rows = [(head, left, right) for head, left, right in zip(HEADS[2:], _row(a)[2:], _row(b)[2:], strict=True)]
    rows.append(("learning rate", _rate(a), _rate(b)))
    rows.append(("parameters", _parameters(a), _parameters(b)))
    rows.append(("graph", _graph(a), _graph(b)))
    for name in sorted({*a.series, *b.series} - {"learning rate"}):
        rows.append((name, _last(a, name), _last(b, name)))
    return [row for row in rows if row[1] or row[2]]


def _row(run: Run) -> tuple[str, ...]:
    loss = run.main
    last = _number(loss.last[1]) if loss is not None and loss.last else ""
    lowest = _number(float(loss.values.min())) if loss is not None and len(loss) else ""
    rate = f"{run.rate:,.0f} steps/s" if run.rate else ""
    number = run.id.removeprefix("run-")
    return number, run.name, run.cell, run.state, f"{run.step:,}", last, lowest, _time(run.seconds), rate


def _graph(run: Run) -> str:
    return "not seen" if run.graph is None else f"{run.graph.ops} ops"


def _last(run: Run, name: str) -> str:
    series = run.series.get(name)
    return _number(series.last[1]) if series is not None and series.last else ""


def _rate(run: Run) -> str:
    series = run.series.get("learning rate")
    return f"{series.last[1]:.1e}" if series is not None and series.last else ""


def _parameters(run: Run) -> str:
    return f"{sum(info.numel for info in run.parameters):,} in {len(run.parameters)}"


def _number(value: float) -> str:
    return f"{value:.3f}" if 0.01 <= abs(value) < 1000 else f"{value:.2e}"


def _time(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}" if seconds >= 10 else f"{seconds:.1f} s"
