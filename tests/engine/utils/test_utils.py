"""torch.utils: pytrees, swapped tensors, a timer, and what cannot be had."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from typing import Any

import pytest

import gradbook
from gradbook import nn
from gradbook.errors import NotProvidedError
from gradbook.utils import _pytree, benchmark, cpp_extension, hooks, model_zoo, swap_tensors

torch: Any = pytest.importorskip("torch")
theirs = pytest.importorskip("torch.utils._pytree")

Pair = namedtuple("Pair", "a b")
TREES = [1, None, [1, (2, 3)], {"b": 1, "a": [2]}, OrderedDict(x=1, y=(2,)), Pair(1, [2]), (), [[], {}]]


@pytest.mark.parametrize("tree", TREES, ids=repr)
def test_pytrees_are_torchs(tree: Any) -> None:
    leaves, plan = _pytree.tree_flatten(tree)
    expected, _ = theirs.tree_flatten(tree)
    assert leaves == expected == _pytree.tree_leaves(tree)
    assert _pytree.tree_unflatten(leaves, plan) == tree
    numbers = [leaf for leaf in leaves if leaf is not None]
    if len(numbers) == len(leaves):
        assert _pytree.tree_map(lambda x: x + 1, tree) == theirs.tree_map(lambda x: x + 1, tree)
        assert _pytree.tree_map(lambda x, y: x + y, tree, tree) == theirs.tree_map(lambda x, y: x + y, tree, tree)
    assert _pytree.tree_map_only(int, lambda x: -x, tree) == theirs.tree_map_only(int, lambda x: -x, tree)
    assert _pytree.tree_structure(tree) == plan


def test_pytrees_that_differ_and_questions() -> None:
    with pytest.raises(ValueError, match="differ"):
        _pytree.tree_map(max, [1], [1, 2])
    seen: list[int] = []
    tree = [1, {"a": 2}]
    assert _pytree.tree_map_(seen.append, tree) is tree
    assert seen == [1, 2]
    assert _pytree.tree_all(bool, tree)
    assert _pytree.tree_any(lambda x: x == 2, tree)


def test_swapped_tensors_change_places_for_whoever_holds_them() -> None:
    layer = nn.Linear(2, 2)
    held, new = layer.weight, nn.Parameter(gradbook.zeros(3, 2))
    new.mark = "new"
    held.grad = gradbook.ones(2, 2)
    swap_tensors(held, new)
    assert layer.weight is held
    assert held.tolist() == [[0, 0]] * 3
    assert held.mark == "new"
    assert held.grad is None
    assert new.grad is not None
    plain = gradbook.ones(1)
    swap_tensors(held, plain)
    assert type(held) is gradbook.Tensor
    assert not held.requires_grad
    assert isinstance(plain, nn.Parameter)
    (plain * 2).sum().backward()
    assert plain.grad.tolist() == [[2, 2]] * 3
    with pytest.raises(RuntimeError, match="detach"):
        swap_tensors(plain * 2, held)


def test_a_timer_measures() -> None:
    timer = benchmark.Timer("x + 1", globals={"x": 1}, label="sum", sub_label="small", num_threads=1)
    once = timer.timeit(100)
    many = timer.blocked_autorange(min_run_time=0.005)
    assert 0 < once.median == once.mean < 1
    assert sum(many.raw_times) >= 0.005
    assert many.iqr >= 0
    assert "sum small" in repr(many)
    assert timer.adaptive_autorange().median > 0


def test_names_that_only_import() -> None:
    assert hooks.RemovableHandle is type(nn.Linear(1, 1).register_forward_hook(print))
    assert model_zoo.load_url is gradbook.hub.load_state_dict_from_url
    assert gradbook.utils.deterministic.fill_uninitialized_memory is True
    with pytest.raises(NotProvidedError, match="autograd"):
        cpp_extension.load(name="fused", sources=["fused.cpp"])
    with pytest.raises(ImportError, match="this extension"):
        cpp_extension.BuildExtension()
    with pytest.raises(AttributeError, match="nowhere"):
        _ = gradbook.utils.nowhere
    from gradbook import _C, functional

    assert _C._get_tracing_state() is None
    assert _C._jit_set_profiling_mode(False) is False
    assert functional.einsum is gradbook.einsum
    with pytest.raises(AttributeError, match="_nothing"):
        _ = _C._nothing
