"""Ops whose forward cannot be written for one sample and run for all, and what does all samples at once instead.

A rule is called as `rule(forward, arrays, params)` with arrays of which some have the hidden axis, and gives the output
(and extras, None where they are only a shortcut).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.backends.batched import Batched, NotBatchable, count_of, unwrap

__all__ = ["RULES"]

Forward = Callable[..., Any]


def convolution(forward: Forward, arrays: Any, params: dict[str, Any]) -> Any:
    """Samples share the weight: they are a larger batch. Each has its own: they are groups of channels."""
    level, count = count_of(arrays)
    x, w, b = arrays
    if not (_is(w, level) or _is(b, level)):
        shape = x.data.shape
        y = _plain(forward, (x.data.reshape((shape[0] * shape[1], *shape[2:])), w, b), params)
        return Batched(level, y.reshape((*shape[:2], *y.shape[1:])))
    weights = unwrap(level, w, count)
    bias = None if b is None else unwrap(level, b, count).reshape(-1)
    channels = _channels(unwrap(level, x, count))
    grouped = {**params, "groups": params["groups"] * count}
    y = _plain(forward, (channels, weights.reshape((-1, *weights.shape[2:])), bias), grouped)
    return _samples(level, y, count)


def weight_of_convolution(forward: Forward, arrays: Any, params: dict[str, Any]) -> Any:
    """The gradient of each sample's weight: samples are groups of channels."""
    level, count = count_of(arrays)
    parts = tuple(_channels(unwrap(level, part, count)) for part in arrays)
    y = _plain(forward, parts, {**params, "groups": params["groups"] * count})
    return Batched(level, y.reshape((count, -1, *y.shape[1:])))


def larger_batch(forward: Forward, arrays: Any, params: dict[str, Any]) -> Any:
    """An op on (n, c, ...) and on parameters of that shape: samples are a larger batch."""
    level, count = count_of((*arrays, *params.values()))

    def folded(value: Any) -> Any:
        return value.data.reshape((-1, *value.data.shape[2:])) if _is(value, level) else value

    found = [folded(x) for x in arrays], {name: folded(value) for name, value in params.items()}
    if any(isinstance(x, np.ndarray) and not _is(x, level) for x in (*arrays, *params.values())):
        raise NotBatchable("vmap: arrays with and without samples together")
    result = forward(backends.xp_of(*found[0]), *found[0], **found[1])
    parts = [Batched(level, y.reshape((count, -1, *y.shape[1:]))) for y in _tuple(result)]
    return tuple(parts) if isinstance(result, tuple) else parts[0]


def _tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _is(array: Any, level: int) -> bool:
    return isinstance(array, Batched) and array.level == level


def _plain(forward: Forward, arrays: Any, params: dict[str, Any]) -> Any:
    result = forward(backends.xp_of(*arrays), *arrays, **params)
    return result[0] if isinstance(result, tuple) else result


def _channels(x: Any) -> Any:
    """(samples, n, c, ...) -> (n, samples · c, ...)"""
    moved = np.moveaxis(x, 0, 1)
    return moved.reshape((moved.shape[0], moved.shape[1] * moved.shape[2], *moved.shape[3:]))


def _samples(level: int, y: Any, count: int) -> Batched:
    """(n, samples · c, ...) -> c channels of each sample."""
    return Batched(level, np.moveaxis(y.reshape((y.shape[0], count, -1, *y.shape[2:])), 1, 0))


RULES: dict[str, Callable[..., Any]] = {}
for _rank in (1, 2, 3):
    RULES[f"conv{_rank}d"] = lambda forward, arrays, params: (convolution(forward, arrays, params), None)
    RULES[f"conv_transpose{_rank}d"] = convolution
    RULES[f"conv{_rank}d_weight"] = weight_of_convolution
    for _part in ("", "_backward", "_pick"):
        RULES[f"max_pool{_rank}d{_part}"] = larger_batch
