"""PyTorch's database of ops as this suite drives it: names of entries, their dtypes, their samples."""

from __future__ import annotations

import functools
import itertools
import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch.testing._internal.common_methods_invocations import op_db

import gradbook

FLOATS = ("float32", "float64")
OTHERS = ("int64", "bool", "complex64", "bfloat16", "float16")
SAMPLED = {"float32": 16, "float64": 16, "int64": 8, "bool": 8, "complex64": 8, "bfloat16": 5, "float16": 5}
AT_MOST = 2000  # samples of an entry and dtype, even in the whole run

# entries whose values are drawn, or left as they were in memory: shape and dtype are compared
DRAWN = {
    "bernoulli", "cauchy", "empty", "empty_like", "empty_permuted", "empty_strided", "exponential", "geometric",
    "log_normal", "multinomial", "new_empty", "new_empty_strided", "normal", "rand_like", "randint", "randint_like",
    "randn", "randn_like", "resize_", "resize_as_", "uniform",
}  # fmt: skip
MAY_DRAW = ("dropout", "rrelu", "fractional_max_pool", "lowrank", "attention", "multi_head")


def entry_id(entry: Any) -> str:
    """The name of an entry in tables and in known.toml."""
    variant = entry.variant_test_name
    return f"{entry.name}|{variant}" if variant else str(entry.name)


@functools.cache
def entries() -> dict[str, Any]:
    """Every entry, by its name."""
    return {entry_id(entry): entry for entry in op_db}


# what gradbook does not set out to have, by the beginning of an entry's name
OUT_OF_SCOPE = {
    "jiterator_": "code compiled for a GPU (jiterator)",
    "sparse.": "sparse tensors",
    "to_sparse": "sparse tensors",
    "chalf": "complex32",
    "torch.ops.": "internals that PyTorch does not document",
    "ops.": "internals that PyTorch does not document",
    "_": "internals that PyTorch does not document",
}
PUBLIC = ("__",)  # __radd__ and its like are Python's names


def out_of_scope(entry: Any) -> str:
    """Why an entry is outside, or an empty text."""
    name = str(entry.name)
    if name.startswith(PUBLIC):
        return ""
    return next((why for start, why in OUT_OF_SCOPE.items() if name.startswith(start)), "")


def seed() -> None:
    """The same random numbers for every entry, in every order."""
    torch.default_generator.manual_seed(0)  # torch.manual_seed also notes the whole stack for a GPU to come
    np.random.seed(0)
    random.seed(0)
    gradbook.manual_seed(0)


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings, which the databases cause by the hundred; one thread, which is quicker for samples so small."""
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_num_threads(threads)


def dtypes_of(entry: Any, names: tuple[str, ...]) -> list[str]:
    """Those of the dtypes that torch supports for an entry on the CPU."""
    supported = entry.supported_dtypes("cpu")
    return [name for name in names if getattr(torch, name) in supported]


def wants_grad(entry: Any, dtype: str) -> bool:
    """True if gradients are compared."""
    return bool(entry.supports_autograd) and getattr(torch, dtype) in entry.supported_backward_dtypes("cpu")


def spread(samples: list[Any], limit: int | None) -> list[tuple[int, Any]]:
    """At most `limit` samples, evenly over the list, with their numbers."""
    count = len(samples)
    kept = range(count) if limit is None or count <= limit else sorted({i * count // limit for i in range(limit)})
    return [(i, samples[i]) for i in kept]


def samples_of(entry: Any, dtype: str, limit: int | None) -> list[tuple[int, Any]]:
    """Samples of an entry, with their numbers."""
    seed()
    # entry.sample_inputs would note the whole stack with each sample
    made = entry.sample_inputs_func(entry, "cpu", getattr(torch, dtype), wants_grad(entry, dtype))
    return spread(list(itertools.islice(made, AT_MOST)), limit)


def outside() -> dict[str, list[str]]:
    """The entries beyond the scope, by reason."""
    found: dict[str, list[str]] = {}
    for name, entry in entries().items():
        if out_of_scope(entry):
            found.setdefault(out_of_scope(entry), []).append(name)
    return found


def inside() -> list[str]:
    """The names of all other entries."""
    return [name for name, entry in entries().items() if not out_of_scope(entry)]
