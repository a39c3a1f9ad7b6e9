"""Nested containers as a list of leaves and a plan to build them again (what torch.func calls pytrees).

Opened are dicts (in order of insertion), lists, tuples, named tuples, OrderedDict, defaultdict and deque of exactly
these types; everything else, None included, is a leaf.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["Plan", "flatten", "leaves", "map_leaves", "spread", "unflatten"]


class Plan:
    """How leaves make up a container: `kind` with `parts`, or one leaf where kind is None. key: its keys, if any."""

    __slots__ = ("count", "key", "kind", "parts")

    def __init__(self, kind: Any = None, key: Any = None, parts: tuple[Plan, ...] = ()) -> None:
        self.kind, self.key, self.parts = kind, key, parts
        self.count: int = sum(part.count for part in parts) if kind is not None else 1

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Plan) or self.kind is not other.kind or self.parts != other.parts:
            return False
        return bool(self.key == other.key)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        inside = ", ".join(map(repr, self.parts))
        return "*" if self.kind is None else f"{self.kind.__name__}({inside})"


LEAF = Plan()


def opened(tree: Any) -> tuple[Any, Any, list[Any]] | None:
    """(kind, keys, parts) of a container; None for a leaf."""
    kind = type(tree)
    if kind in (dict, OrderedDict):
        return kind, list(tree), list(tree.values())
    if kind in (list, tuple):
        return kind, None, list(tree)
    if kind is defaultdict:
        return kind, (tree.default_factory, list(tree)), list(tree.values())
    if kind is deque:
        return kind, tree.maxlen, list(tree)
    if isinstance(tree, tuple) and (hasattr(tree, "_fields") or hasattr(kind, "n_sequence_fields")):
        return kind, None, list(tree)
    return None


def flatten(tree: Any) -> tuple[list[Any], Plan]:
    """(leaves in order, the plan that unflatten needs)."""
    found = opened(tree)
    if found is None:
        return [tree], LEAF
    kind, key, parts = found
    flat: list[Any] = []
    plans = []
    for part in parts:
        inner, plan = flatten(part)
        flat.extend(inner)
        plans.append(plan)
    return flat, Plan(kind, key, tuple(plans))


def unflatten(flat: Iterable[Any], plan: Plan) -> Any:
    """The container that `plan` describes, around `flat`."""
    return _built(iter(flat), plan)


def _built(flat: Any, plan: Plan) -> Any:
    kind = plan.kind
    if kind is None:
        return next(flat)
    parts = [_built(flat, part) for part in plan.parts]
    if kind in (dict, OrderedDict):
        return kind(zip(plan.key, parts, strict=True))
    if kind in (list, tuple):
        return kind(parts)
    if kind is defaultdict:
        return kind(plan.key[0], zip(plan.key[1], parts, strict=True))
    if kind is deque:
        return kind(parts, plan.key)
    return kind(*parts) if hasattr(kind, "_fields") else kind(parts)


def leaves(tree: Any) -> list[Any]:
    """The leaves in order."""
    return flatten(tree)[0]


def map_leaves(fn: Callable[..., Any], tree: Any) -> Any:
    """The same container around fn(leaf)."""
    flat, plan = flatten(tree)
    return unflatten([fn(leaf) for leaf in flat], plan)


def spread(prefix: Any, plan: Plan) -> list[Any] | None:
    """One value a leaf of `plan` from a tree that may stop earlier, for all below that place. None: it does not fit."""
    found = opened(prefix)
    if plan.kind is None or found is None:
        return [prefix] * plan.count if found is None else None
    kind, key, parts = found
    if kind is not plan.kind or len(parts) != len(plan.parts) or (kind is dict and set(key) != set(plan.key)):
        return None
    if kind is dict:
        parts = [prefix[name] for name in plan.key]
    result: list[Any] = []
    for part, inner in zip(parts, plan.parts, strict=True):
        below = spread(part, inner)
        if below is None:
            return None
        result.extend(below)
    return result
