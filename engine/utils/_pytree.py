"""The names of torch.utils._pytree that programs use: nested containers as a list of leaves and a plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook.pytree import Plan as TreeSpec
from gradbook.pytree import flatten as tree_flatten
from gradbook.pytree import leaves as tree_leaves
from gradbook.pytree import unflatten as tree_unflatten

__all__ = [
    "PyTree", "TreeSpec", "tree_all", "tree_any", "tree_flatten", "tree_leaves", "tree_map", "tree_map_",
    "tree_map_only", "tree_structure", "tree_unflatten",
]  # fmt: skip

PyTree = Any


def tree_map(func: Callable[..., Any], tree: Any, *rests: Any) -> Any:
    """The same containers around `func(leaf, ...)`, and a leaf of each further tree. ValueError if they differ."""
    flat, plan = tree_flatten(tree)
    columns = [flat]
    for rest in rests:
        other, same = tree_flatten(rest)
        if same != plan:
            raise ValueError(f"tree_map: the trees differ: {plan} and {same}")
        columns.append(other)
    return tree_unflatten([func(*leaves) for leaves in zip(*columns, strict=True)], plan)


def tree_map_(func: Callable[..., Any], tree: Any, *rests: Any) -> Any:
    """Call `func(leaf, ...)` on every leaf for what it does. -> the tree itself."""
    tree_map(func, tree, *rests)
    return tree


def tree_map_only(kind: Any, func: Callable[..., Any], tree: Any) -> Any:
    """tree_map for leaves of a type or types; the others stay."""
    return tree_map(lambda leaf: func(leaf) if isinstance(leaf, kind) else leaf, tree)


def tree_structure(tree: Any) -> TreeSpec:
    """The plan alone."""
    return tree_flatten(tree)[1]


def tree_all(pred: Callable[[Any], bool], tree: Any) -> bool:
    """True if `pred` holds for every leaf."""
    return all(map(pred, tree_leaves(tree)))


def tree_any(pred: Callable[[Any], bool], tree: Any) -> bool:
    """True if `pred` holds for a leaf."""
    return any(map(pred, tree_leaves(tree)))
