"""A timeline as the browser wants it, and as the still picture and the text that stand beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.widgets.picture_timeline import draw
from gradbook.widgets.still import Still
from gradbook.widgets.wire import Message, finite, plain

if TYPE_CHECKING:
    from gradbook.observe.sites import Site
    from gradbook.observe.timing import Timeline

__all__ = ["COLUMNS", "describe_timeline", "still_timeline"]

COLUMNS = ("calls", "forward", "backward_calls", "backward", "step", "made", "saved", "held")
NOWHERE = -1


def describe_timeline(timeline: Timeline, by: str = "op", memory: bool = False, cell: str = "") -> Message:
    """A finished timeline as one message of the view 'timeline'.

    sites: [op, module, place] each an index, -1 for none; table: float32[sites, 8] in COLUMNS, times in seconds, memory
    in bytes, `saved` that of one backward pass; curve: float32[n, 2], seconds and bytes held.
    """
    message = Message({"kind": "snapshot", "seq": 0, "view": "timeline", "cell": plain(cell), "by": by})
    ops, modules, places = _Numbers(), _Numbers(), _Numbers()
    sites, rows = [], []
    passes = max(timeline.passes, 1)
    for site in timeline.sites:
        if not (site.calls or site.backward_calls or site.seconds):
            continue
        module = modules.of((plain(site.root), plain(site.path), plain(site.cls))) if site.root else NOWHERE
        sites.append([ops.of(plain(site.op)), module, places.of(_place(site))])
        row = [float(getattr(site, column)) for column in COLUMNS]
        row[6] /= passes
        rows.append(row)
    error = timeline.error
    message.content |= {
        "measure": "held" if memory else "time",
        "summary": {name: finite(getattr(timeline, name)) for name in ("wall", "watching", "other", "peak")}
        | {name: getattr(timeline, name) for name in ("ops", "rules", "passes", "steps", "left_out")},
        "error": None if error is None else {"type": type(error).__name__, "message": plain(error)},
        "ops": list(ops),
        "modules": list(modules),
        "places": list(places),
        "sites": sites,
        "table": message.floats(np.array(rows, np.float32).reshape(len(rows), len(COLUMNS))),
        "curve": message.floats(np.array(_thinned(timeline), np.float32).reshape(-1, 2)),
    }
    return message


def still_timeline(
    timeline: Timeline, by: str = "op", memory: bool = False, cell: str = "", theme: str = "auto"
) -> Still:
    """A finished timeline to display or to save: icicle and table in a page, a picture and a text elsewhere."""
    message = describe_timeline(timeline, by, memory, cell)
    name = f"Timeline of cell {cell}" if cell else "Timeline"
    return Still(message, picture=draw(message), text=timeline.text(by, memory), name=name, theme=theme)


class _Numbers(dict[Any, int]):
    """Things numbered as they come."""

    def of(self, thing: Any) -> int:
        """The number of a thing."""
        return self.setdefault(thing, len(self))


def _place(site: Site) -> tuple[str, str, int, str]:
    """Cell or file, function, line (0: unknown) and the text of the line."""
    place = site.place
    if place is None or site.where is None:
        return "", "", 0, ""
    function = site.where[0].co_qualname.replace(".<locals>", "")
    return plain(place.cell), "" if function.endswith("<module>") else plain(function), place.line, plain(place.source)


def _thinned(timeline: Timeline, most: int = 600) -> list[tuple[float, float]]:
    """The curve of bytes held, from the beginning, with the largest of neighbours."""
    points = [(when - timeline.began, nbytes) for when, nbytes in timeline.curve]
    if len(points) <= most:
        return points
    every = -(-len(points) // most)
    return [max(points[i : i + every], key=lambda point: point[1]) for i in range(0, len(points), every)]
