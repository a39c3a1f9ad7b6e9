"""One tensor, looked at by `%inspect`, for the browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gradbook.widgets.describe_detail import describe_detail
from gradbook.widgets.formulas import formulas
from gradbook.widgets.wire import Message, plain

if TYPE_CHECKING:
    from gradbook.observe import Detail
    from gradbook.observe.source import Location

__all__ = ["describe_inspection"]


def describe_inspection(title: str, facts: Sequence[tuple[str, str]], detail: Detail, kind: str, op: Any | None,
                        place: Location | None, no_grad: str) -> Message:  # fmt: skip
    """A tensor's value and gradient, the `facts` beside them as (name, text), the op and the line that made it.

    `kind` is a graph node's; `no_grad` says why there is no gradient.
    """
    message = Message({"kind": "snapshot", "seq": 0, "view": "inspect"})
    known = formulas([op]) if op is not None else {}
    message.content |= {
        "title": plain(title),
        "facts": [[plain(name), plain(text)] for name, text in facts],
        "about": {"shape": [int(size) for size in detail.full_shape], "kind": kind, "op": op.name if op else ""},
        "place": None if place is None else _place(place),
        "formula": known.get(op.name) if op is not None else None,
        "detail": describe_detail(0, detail, message),
        "noGrad": plain(no_grad),
    }
    return message


def _place(place: Location) -> dict[str, Any]:
    marked = None if place.marked is None else list(place.marked)
    return {"cell": plain(place.cell), "line": place.line, "source": plain(place.source), "marked": marked}
