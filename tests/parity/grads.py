"""Gradients of one result in both libraries, and the gradients of those: what differs."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import gradbook
from tests.parity.agree import difference, dtype_name
from tests.parity.replay import flat
from tests.parity.twins import Twins

Numbered = dict[int, Any]


def live(outputs: Any, kind: type) -> Numbered:
    """Those outputs that lead back to a leaf, by their number."""
    return {i: part for i, part in enumerate(flat(outputs)) if isinstance(part, kind) and part.requires_grad}


def cotangent(number: int, output: Any, library: Any) -> Any:
    """A fixed random gradient for an output, the same in both libraries."""
    rng = np.random.default_rng(number)
    array = np.asarray(rng.uniform(0.5, 1.5, tuple(output.shape)))
    if output.is_complex():
        array = array + 1j * rng.uniform(0.5, 1.5, array.shape)
    return library.tensor(array).to(getattr(library, dtype_name(output)))


def pull(outputs: Numbered, leaves: list[Any], library: Any, create_graph: bool = False) -> list[Any]:
    """The gradients of outputs by leaves, for fixed random cotangents."""
    weights = [cotangent(number, output, library) for number, output in outputs.items()]
    grads = library.autograd.grad(list(outputs.values()), leaves, weights, create_graph=create_graph, allow_unused=True)
    return list(grads)


def grad_difference(
    theirs: Any, mine: Any, leaves: list[torch.Tensor], twins: Twins, second: bool = False, loose: float = 1.0
) -> str:
    """What differs in the gradients (`second`: and in the gradients of those), or an empty text."""
    expected, found = live(theirs, torch.Tensor), live(mine, gradbook.Tensor)
    if not (expected and leaves):
        return ""
    if expected.keys() != found.keys():
        return f"outputs {list(found)} require grad, not {list(expected)}"
    ours = [twins(leaf) for leaf in leaves]
    try:
        grads = pull(expected, leaves, torch, second)
    except (NotImplementedError, RuntimeError):  # PyTorch cannot: nothing to compare with
        return ""
    my_grads = pull(found, ours, gradbook, second)
    problem = listed_difference(grads, my_grads, "gradient", loose)
    if problem or not second:
        return problem
    again = live(grads, torch.Tensor)
    try:
        seconds = pull(again, leaves, torch) if again else [None] * len(leaves)
    except (NotImplementedError, RuntimeError):
        return ""
    mine_again = {i: grad for i, grad in live(my_grads, gradbook.Tensor).items() if i in again}
    my_seconds = pull(mine_again, ours, gradbook) if mine_again else [None] * len(leaves)
    return listed_difference(seconds, my_seconds, "second gradient", 10 * loose)


def listed_difference(theirs: list[Any], mine: list[Any], what: str, loose: float) -> str:
    """What differs in the gradients by some leaves; no path is as good as a zero."""
    for i, (one, other) in enumerate(zip(theirs, mine, strict=True)):
        problem = ""
        if one is None or other is None:
            only = other if one is None else one
            if only is not None and bool((only != 0).any()):
                problem = "only one library has it"
        else:
            problem = difference(
                one.detach().to_dense() if one.is_sparse else one.detach(), other.detach(), loose=3 * loose
            )
        if problem:
            return f"{what} {i}: {problem}"
    return ""
