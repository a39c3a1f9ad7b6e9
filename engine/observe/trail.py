"""The part of a graph that is not finite, from its root down, with the values of it that can still be read or made."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.observe import finite
from gradbook.observe.causes import SOFT, makes
from gradbook.observe.finite import INF, NAN

__all__ = ["FREED", "Trail", "again", "is_freed", "read_values", "way_between"]

FREED = "backward has freed the values of this graph; ask before backward(), or set %breakpoint nan and run it again"
UNREPEATABLE = {"dropout", "batch_norm", "scaled_dot_product_attention", "copy", "overwritten", "accumulate", "pick"}
OPTIONAL = {"bias", "weight"}  # operands that may be absent: what is not there was not there
FILLING = {"masked_fill", "where"}  # they pass on, or put in what somebody gave


class Trail:
    """What led to a `root` that is not finite. `values` holds arrays by node; `find()` says where it began.

    Raises RuntimeError where backward has freed the values.
    """

    def __init__(self, root: Any) -> None:
        self.root = root._node
        self.values: dict[Any, Any] = {root._node: root._array}
        self._shields: set[Any] = set()  # they throw away what is not finite in the operands that are known
        if is_freed(self.root):
            raise RuntimeError(f"why_nan: {FREED}")
        read_values(self.root, self.values)
        self.bits: dict[Any, int | None] = {}  # state of a node's value; None where it cannot be known
        region = self._reach(lambda edge: self._known(edge) != 0)
        users = _users(region)
        for node in sorted(region, key=_age):
            if self._known(node) is None:
                self._make(node, users.get(node, ()))
        self.region = sorted(self._reach(lambda edge: self.bits.get(edge) != 0), key=_age)

    # -- values --------------------------------------------------------------------------------------------------------

    def _reach(self, follow: Any) -> set[Any]:
        """The nodes that lead to the root by edges worth following."""
        reached, stack = {self.root}, [self.root]
        while stack:
            node = stack.pop()
            for edge in () if node in self._shields else node.edges:
                if edge is not None and edge not in reached and follow(edge):
                    reached.add(edge)
                    stack.append(edge)
        return reached

    def _known(self, node: Any) -> int | None:
        """The state of a value that was kept."""
        if node not in self.bits:
            value = self.values.get(node)
            self.bits[node] = None if value is None else finite.state(value)
        return self.bits[node]

    def _make(self, node: Any, users: Iterable[Any]) -> None:
        """Compute a value again; of one that filled in something unseen, only as far as that can be told."""
        operands = self.operands(node)
        if node.op.name not in FILLING or all(value is not None for value in operands):
            self._take(node, None if self.unseen(node) else again(node, operands))
            return
        filled = again(node, [np.zeros((), node.dtype) if value is None else value for value in operands])
        if filled is not None and not finite.is_finite(filled):
            self._take(node, filled)
            return
        self._shields.add(node)
        if any(user.op.name in SOFT for user in users):  # a mask before a softmax: what it fills in is -inf
            self._take(node, again(node, [np.full((), -np.inf, node.dtype) if v is None else v for v in operands]))

    def _take(self, node: Any, value: Any) -> None:
        if value is not None:
            self.values[node] = value
            self.bits[node] = finite.state(value)

    def operands(self, node: Any) -> list[Any]:
        """What an operation was given, as arrays and numbers; None where that is not known."""
        saved = saved_of(node)
        return [self.values.get(edge) if edge is not None else saved[slot] if slot < len(saved) else None
                for slot, edge in enumerate(node.edges)]  # fmt: skip

    def unseen(self, node: Any) -> list[int]:
        """The slots of operands that are not known and must be there."""
        names = node.op.operands
        return [slot for slot, value in enumerate(self.operands(node))
                if value is None and not (slot < len(names) and names[slot] in OPTIONAL)]  # fmt: skip

    def outside(self, node: Any) -> list[Any]:
        """Operands without a gradient, and parameters, that were kept and are not finite."""
        saved = saved_of(node)
        kept = [saved[slot] for slot, edge in enumerate(node.edges) if edge is None and slot < len(saved)]
        return [value for value in (*kept, *(node.params or {}).values()) if finite.state(value)]

    # -- where it began ------------------------------------------------------------------------------------------------

    def find(self) -> tuple[Any, Any, bool] | None:
        """(the node where it was born, the array that brought it in if one did, whether that is certain)."""
        given: set[Any] = set()  # infinities that somebody put there on purpose, such as those of a mask
        region = set(self.region)
        for node in self.region:
            bits = self.bits[node]
            if not bits:
                continue
            if node.tensor is not None:
                return node, None, True
            edges = () if node in self._shields else node.edges
            sources = [edge for edge in edges if edge is not None and edge in region]
            if any(self.bits[edge] and edge not in given for edge in sources):
                continue
            outside = self.outside(node)
            culprit = next((value for value in outside if finite.state(value) & NAN), None)
            doubtful = [edge for edge in sources if self.bits[edge] is None]
            if culprit is not None:
                return node, culprit, True
            if bits == INF and not doubtful and (outside or sources or node in self._shields):
                given.add(node)
                continue
            if doubtful and makes(node.op.name, bits) and not self._made_below(doubtful, bits):
                return node, None, False
            return (self._lowest(doubtful[0]) if doubtful else node), None, not doubtful
        if not given:
            return None
        first = min(given, key=_age)
        return first, next((value for value in self.outside(first) if hasattr(value, "shape")), None), True

    def _made_below(self, nodes: list[Any], bits: int) -> bool:
        """Whether an operation whose result nobody kept is one that makes such numbers, too."""
        seen, stack = set(nodes), list(nodes)
        while stack:
            node = stack.pop()
            if makes(node.op.name, bits):
                return True
            unknown = [e for e in node.edges if e is not None and e not in seen and self.bits.get(e, 0) is None]
            seen.update(unknown)
            stack.extend(unknown)
        return False

    def _lowest(self, node: Any) -> Any:
        """The lowest of a chain of operations whose results nobody kept."""
        while True:
            below = next((e for e in node.edges if e is not None and self.bits.get(e, 0) is None), None)
            if below is None or node in self._shields:
                return node
            node = below

    def way(self, node: Any) -> list[Any]:
        """The shortest way from a node to the root through what is not finite."""
        return way_between(node, self.root, self.region)


def saved_of(node: Any) -> tuple[Any, ...]:
    """What a node kept of its forward, operands first; nothing of a user's Function, whose slots are its own."""
    return () if node.op.custom else node.saved or ()


def kept_result(node: Any) -> Any:
    """The result of a node's forward, None where it was not kept."""
    saved, at = saved_of(node), len(node.edges)
    return saved[at] if at < len(saved) else None


def read_values(root: Any, values: dict[Any, Any]) -> None:
    """Take every value that a node below `root` keeps, as an operand or as its result, into `values`, by node."""
    seen, stack = {root}, [root]
    while stack:
        node = stack.pop()
        tensor = node.tensor() if node.tensor is not None else None
        if tensor is not None:
            values[node] = tensor._array
        saved = () if node.op.custom or node.op.name == "pick" else node.saved or ()
        count = len(node.edges)
        if count < len(saved) and not node.op.multi and _is_value(saved[count], node.shape):
            values.setdefault(node, saved[count])
        for slot, edge in enumerate(node.edges):
            if edge is None:
                continue
            if slot < len(saved) and _is_value(saved[slot], edge.shape):
                values.setdefault(edge, saved[slot])
            if edge not in seen:
                seen.add(edge)
                stack.append(edge)


def again(node: Any, operands: list[Any]) -> Any:
    """A node's value, computed anew of its operands; None where that cannot be done."""
    op = node.op
    if op.custom or op.multi or op.name in UNREPEATABLE:
        return None
    try:
        with np.errstate(all="ignore"):
            xp = backends.xp_of(*(array for array in operands if backends.is_array(array)))
            result = op._run(xp, *operands, **(node.params or {}))
    except Exception:  # an operation that wants more than its operands: its value stays unknown
        return None
    result = result[0] if type(result) is tuple else result
    return np.asarray(result) if isinstance(result, np.generic) else result


def way_between(node: Any, root: Any, among: Iterable[Any]) -> list[Any]:
    """The shortest way from a node to the root along edges of these nodes; the node alone if there is none."""
    users = _users(among)
    before: dict[Any, Any] = {node: None}
    queue = deque([node])
    while queue and root not in before:
        at = queue.popleft()
        for user in users.get(at, ()):
            if user not in before:
                before[user] = at
                queue.append(user)
    way: list[Any] = []
    step: Any = root if root in before else None
    while step is not None:
        way.append(step)
        step = before[step]
    return way[::-1] or [node]


def is_freed(root: Any) -> bool:
    """Whether backward has freed what a node below `root` had kept."""
    seen, stack = {root}, [root]
    while stack:
        node = stack.pop()
        if node.saved is None and node.edges:
            return True
        for edge in node.edges:
            if edge is not None and edge not in seen:
                seen.add(edge)
                stack.append(edge)
    return False


def _users(among: Iterable[Any]) -> dict[Any, list[Any]]:
    users: dict[Any, list[Any]] = {}
    for node in among:
        for edge in node.edges:
            if edge is not None:
                users.setdefault(edge, []).append(node)
    return users


def _age(node: Any) -> int:
    return int(node.seq)


def _is_value(value: Any, shape: Any) -> bool:
    return backends.is_array(value) and not backends.is_batched(value) and tuple(value.shape) == tuple(shape)
