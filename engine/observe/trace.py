"""See every operation of a stretch of code, also under no_grad, and up to an exception."""

from __future__ import annotations

import threading
from typing import Any

from gradbook import events
from gradbook.observe.graph import Graph, build
from gradbook.observe.naming import Names
from gradbook.observe.raw import Tape
from gradbook.observe.source import Where, user_frame

__all__ = ["Trace", "trace"]


class Trace:
    """A context manager that writes operations down; `graph` is the picture so far, partial after an exception."""

    def __init__(self, names: dict[str, Any] | None = None) -> None:
        self.tape = Tape()
        self._given = names
        self._thread = threading.get_ident()
        self._graph: Graph | None = None
        self.error: BaseException | None = None

    def __enter__(self) -> Trace:
        events.attach(self)
        return self

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        events.detach(self)
        self.error = error
        self.tape.fresh.clear()
        self._graph = self._build(user_frame(2)) if self.tape.ops else Graph((), ())

    @property
    def graph(self) -> Graph:
        """The computation seen so far."""
        if self._graph is not None:
            return self._graph
        return self._build(user_frame(2))

    def on_op(self, op: Any, operands: tuple[Any, ...], params: dict[str, Any], output: Any, node: Any,
              where: Where | None) -> None:  # fmt: skip
        """Write one operation down."""
        if threading.get_ident() == self._thread:
            self.tape.record(op, operands, params, output, node, where)

    def on_write(self, target: Any, value: Any) -> None:
        """Follow what is changed in place; while somebody listens, it is computed by operations that are told of."""
        if value is not None and threading.get_ident() == self._thread:
            self.tape.wrote(target, value)

    def _build(self, frame: Any) -> Graph:
        names = Names.in_sight(frame) if self._given is None else Names([self._given])
        for module in self.tape.roots.values():
            names.add_root(type(module).__name__.lower(), module)
        return build(self.tape.raw(), names)


def trace(names: dict[str, Any] | None = None) -> Trace:
    """`with observe.trace() as t:` sees every operation inside; then `t.graph`, also after an exception.

    `names` holds the variables whose names to use; by default those in sight of the `with` statement.
    """
    return Trace(names)
