"""Pruning against PyTorch: masks, keys, repeated pruning, removal, global pruning, errors."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook.nn.utils import prune
from tests.parity_tools import array_of, draw, torch

torch_prune: Any = pytest.importorskip("torch.nn.utils.prune")
BOTH: list[tuple[Any, Any]] = [(gradbook, prune), (torch, torch_prune)]


def conv(lib: Any) -> Any:
    made = lib.nn.Conv2d(3, 6, 3).double()
    made.weight.data = lib.tensor(draw(6, 3, 3, 3, dtype="float64"))
    return made


STEPS: list[list[tuple[str, tuple[Any, ...], dict[str, Any]]]] = [
    [("l1_unstructured", (), {"amount": 0.3})],
    [("l1_unstructured", (), {"amount": 7})],
    [("ln_structured", (), {"amount": 0.5, "n": 2, "dim": 0})],
    [("ln_structured", (), {"amount": 1, "n": float("inf"), "dim": 1})],
    [("l1_unstructured", (), {"amount": 0.2}), ("l1_unstructured", (), {"amount": 0.5})],
    [("ln_structured", (), {"amount": 2, "n": 1, "dim": 0}), ("l1_unstructured", (), {"amount": 0.25})],
    [("l1_unstructured", (), {"amount": 0.25}), ("ln_structured", (), {"amount": 0.4, "n": 2, "dim": -1})],
    [("identity", (), {}), ("l1_unstructured", (), {"amount": 0.1})],
]


@pytest.mark.parametrize("steps", STEPS)
def test_masks_values_and_gradients(steps: Any) -> None:
    found = []
    for lib, P in BOTH:
        module = conv(lib)
        for name, args, kwargs in steps:
            assert getattr(P, name)(module, "weight", *args, **kwargs) is module
        assert P.is_pruned(module)
        module(lib.tensor(draw(2, 3, 5, 5, seed=3, dtype="float64"))).pow(2).sum().backward()
        hooks = [type(hook).__name__ for hook in module._forward_pre_hooks.values()]
        state = {key: array_of(value) for key, value in module.state_dict().items()}
        found.append((hooks, list(state), state, array_of(module.weight), array_of(module.weight_orig.grad)))
    mine, theirs = found
    assert mine[:2] == theirs[:2]
    for key, value in theirs[2].items():
        if key != "bias":
            np.testing.assert_array_equal(mine[2][key], value, err_msg=key)
    np.testing.assert_array_equal(mine[3], theirs[3])
    mask = theirs[2]["weight_mask"]
    assert not mine[4][mask == 0].any()
    assert 0 < mask.sum() <= mask.size


@pytest.mark.parametrize("amount", [0.25, 10, 0, 1.0])
def test_random_methods_prune_as_many(amount: Any) -> None:
    counts = []
    for lib, P in BOTH:
        entries = P.random_unstructured(conv(lib), "weight", amount)
        slices = P.random_structured(conv(lib), "weight", min(amount, 3), dim=0)
        kept = array_of(slices.weight_mask).reshape(6, -1)
        assert ((kept == 0).all(1) | (kept == 1).all(1)).all()
        counts.append((array_of(entries.weight_mask).sum(), kept.sum()))
    assert counts[0] == counts[1]


def test_removal_makes_it_permanent() -> None:
    for lib, P in BOTH:
        module = P.l1_unstructured(conv(lib), "weight", 0.5)
        value = array_of(module.weight).copy()
        assert P.remove(module, "weight") is module
        assert [name for name, _ in module.named_parameters()] == ["bias", "weight"]
        assert not module._forward_pre_hooks
        assert not list(module.buffers())
        np.testing.assert_array_equal(array_of(module.weight), value)
        assert not P.is_pruned(module)
        with pytest.raises(ValueError, match="has to be pruned"):
            P.remove(module, "weight")


def test_global_pruning_and_scores() -> None:
    masks = []
    for lib, P in BOTH:
        a, b = conv(lib), lib.nn.Linear(4, 5).double()
        b.weight.data = lib.tensor(draw(5, 4, seed=9, dtype="float64"))
        P.global_unstructured([(a, "weight"), (b, "weight")], pruning_method=P.L1Unstructured, amount=0.3)
        scores = {(b, "weight"): lib.tensor(draw(5, 4, seed=11, dtype="float64"))}
        P.global_unstructured([(a, "weight"), (b, "weight")], P.L1Unstructured, importance_scores=scores, amount=30)
        other = conv(lib)
        P.l1_unstructured(other, "weight", 0.5, importance_scores=lib.tensor(draw(6, 3, 3, 3, seed=5, dtype="float64")))
        P.custom_from_mask(other, "bias", lib.tensor([1.0, 0, 1, 1, 0, 1]))
        masks.append([array_of(m) for m in (a.weight_mask, b.weight_mask, other.weight_mask, other.bias_mask)])
        with pytest.raises(TypeError):
            P.global_unstructured([(a, "weight")], P.LnStructured, amount=1, n=2)
    for mine, theirs in zip(*masks, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_method_of_the_users_own() -> None:
    found = []
    for lib, P in BOTH:

        class EveryOther(P.BasePruningMethod):  # type: ignore[name-defined, misc]
            PRUNING_TYPE = "unstructured"

            def compute_mask(self, t: Any, default_mask: Any) -> Any:
                mask = default_mask.clone()
                mask.view(-1)[::2] = 0
                return mask

        module = lib.nn.Linear(3, 4)
        EveryOther.apply(module, "bias")
        t = lib.tensor(draw(5))
        found.append(
            (array_of(module.bias_mask), array_of(P.L1Unstructured(2).prune(t)), array_of(EveryOther().prune(t)))
        )
        container = P.PruningContainer(*(hook for hook in module._forward_pre_hooks.values()))
        assert len(container) == 1
        assert container[0] is next(iter(container))
        with pytest.raises(TypeError):
            container.add_pruning_method(10)
    for mine, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("amount", [-1, 1.5, "x", 10_000, None])
def test_bad_amounts(amount: Any) -> None:
    for lib, P in BOTH:
        with pytest.raises((TypeError, ValueError)) as caught:
            P.l1_unstructured(conv(lib), "weight", amount)
        assert caught.type is (TypeError if amount in ("x", None) else ValueError)


def test_structured_needs_axes() -> None:
    for lib, P in BOTH:
        with pytest.raises(ValueError, match="multidimensional"):
            P.ln_structured(conv(lib), "bias", 1, 2, 0)
        with pytest.raises(IndexError):
            P.ln_structured(conv(lib), "weight", 1, 2, 7)


def test_pruned_modules_copy_and_pickle() -> None:
    module = prune.l1_unstructured(conv(gradbook), "weight", 0.5)
    prune.remove(prune.l1_unstructured(module, "bias", 2), "bias")
    for other in (pickle.loads(pickle.dumps(_leafy(module))), copy.deepcopy(_leafy(module))):
        x = gradbook.tensor(draw(1, 3, 5, 5, dtype="float64"))
        np.testing.assert_array_equal(array_of(other(x)), array_of(module(x)))
        assert prune.is_pruned(other)


def _leafy(module: Any) -> Any:
    module.weight = module.weight.detach()  # a tensor with a graph is not copied
    return module
