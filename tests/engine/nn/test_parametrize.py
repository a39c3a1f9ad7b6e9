"""parametrize and the ready-made orthogonal parametrization against PyTorch."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import gradbook
import gradbook.nn.utils.parametrize
from tests.parity_tools import array_of, draw, torch

BOTH = [gradbook, torch]


def symmetric(lib: Any) -> Any:
    """A parametrization that makes a matrix symmetric, with a right inverse."""

    class Symmetric(lib.nn.Module):  # type: ignore[name-defined]
        def forward(self, x: Any) -> Any:
            return x.triu() + x.triu(1).mT

        def right_inverse(self, x: Any) -> Any:
            return x.triu()

    return Symmetric()


def scaled(lib: Any, factor: float = 2.0) -> Any:
    """A parametrization without a right inverse."""

    class Scaled(lib.nn.Module):  # type: ignore[name-defined]
        def forward(self, x: Any) -> Any:
            return factor * x

    return Scaled()


def split(lib: Any) -> Any:
    """A tensor as the difference of two."""

    class Split(lib.nn.Module):  # type: ignore[name-defined]
        def forward(self, a: Any, b: Any) -> Any:
            return a - b

        def right_inverse(self, x: Any) -> Any:
            return x.clamp(min=0), (-x).clamp(min=0)

    return Split()


def linear(lib: Any, n: int = 4, m: int = 4) -> Any:
    made = lib.nn.Linear(n, m).double()
    made.weight.data = lib.tensor(draw(m, n, dtype="float64"))
    made.bias.data = lib.tensor(draw(m, seed=1, dtype="float64"))
    return made


@pytest.mark.parametrize("kinds", [[symmetric], [scaled], [symmetric, scaled], [split], [split, scaled, symmetric]])
def test_values_keys_text_and_gradients(kinds: Any) -> None:
    found = []
    for lib in BOTH:
        P, module = lib.nn.utils.parametrize, linear(lib)
        for kind in kinds:
            assert P.register_parametrization(module, "weight", kind(lib)) is module
        out = module(lib.tensor(draw(3, 4, seed=2, dtype="float64")))
        (out * out).sum().backward()
        assert P.is_parametrized(module)
        assert P.is_parametrized(module, "weight")
        assert not P.is_parametrized(module, "bias")
        assert type(module) is not lib.nn.Linear
        assert P.type_before_parametrizations(module) is lib.nn.Linear
        grads = {name: array_of(p.grad) for name, p in module.named_parameters()}
        found.append((repr(module), list(module.state_dict()), array_of(module.weight), grads))
    mine, theirs = found
    assert mine[:2] == theirs[:2]
    np.testing.assert_allclose(mine[2], theirs[2])
    for name, grad in theirs[3].items():
        np.testing.assert_allclose(mine[3][name], grad, rtol=1e-9, err_msg=name)


def test_assignment_goes_through_the_right_inverse() -> None:
    for lib in BOTH:
        P, module = lib.nn.utils.parametrize, linear(lib)
        P.register_parametrization(module, "weight", symmetric(lib))
        value = lib.tensor(draw(4, 4, seed=7, dtype="float64"))
        module.weight = value + value.T
        np.testing.assert_allclose(array_of(module.weight), array_of(value + value.T))
        np.testing.assert_allclose(
            array_of(module.parametrizations.weight.original), array_of((value + value.T).triu())
        )
        P.register_parametrization(module, "bias", scaled(lib))
        with pytest.raises(RuntimeError, match="does not implement"):
            module.bias = lib.zeros(4, dtype=lib.float64)


@pytest.mark.parametrize("leave", [True, False])
def test_removal(leave: bool) -> None:
    for lib in BOTH:
        P, module = lib.nn.utils.parametrize, linear(lib)
        original = array_of(module.weight).copy()
        P.register_parametrization(module, "weight", scaled(lib))
        P.register_parametrization(module, "bias", scaled(lib))
        P.remove_parametrizations(module, "weight", leave_parametrized=leave)
        np.testing.assert_allclose(array_of(module.weight), original * (2 if leave else 1))
        assert isinstance(module.weight, lib.nn.Parameter)
        assert type(module) is not lib.nn.Linear
        P.remove_parametrizations(module, "bias")
        assert type(module) is lib.nn.Linear
        assert sorted(module.state_dict()) == ["bias", "weight"]
        with pytest.raises(ValueError, match="does not have a parametrization"):
            P.remove_parametrizations(module, "weight")
        P.register_parametrization(module, "weight", split(lib))
        with pytest.raises(ValueError, match="leave_parametrized"):
            P.remove_parametrizations(module, "weight", leave_parametrized=False)


def test_errors() -> None:
    for lib in BOTH:
        P = lib.nn.utils.parametrize
        nn = lib.nn

        class Wider(nn.Module):  # type: ignore[name-defined, misc]
            def forward(self, x: Any) -> Any:
                return x.repeat(2, 1)

        class Other(nn.Module):  # type: ignore[name-defined, misc]
            def forward(self, x: Any) -> Any:
                return x.float()

        class Nothing(nn.Module):  # type: ignore[name-defined, misc]
            def forward(self, x: Any) -> Any:
                return None

        class Half(nn.Module):  # type: ignore[name-defined, misc]
            def forward(self, x: Any) -> Any:
                return x

            def right_inverse(self, x: Any) -> Any:
                return "nothing"

        for kind in (Wider, Other, Nothing, Half):
            with pytest.raises(ValueError):  # noqa: PT011 (each says its own)
                P.register_parametrization(linear(lib), "weight", kind())
        with pytest.raises(ValueError, match="does not have a parameter"):
            P.register_parametrization(linear(lib), "nothing", scaled(lib))
        module = linear(lib)
        P.register_parametrization(module, "weight", Wider(), unsafe=True)
        assert tuple(module.weight.shape) == (8, 4)
        with pytest.raises(RuntimeError, match="only supported through state_dict"):
            pickle.dumps(module)


def test_deepcopy_is_independent_and_state_dict_loads() -> None:
    for lib in BOTH:
        P, module = lib.nn.utils.parametrize, linear(lib)
        P.register_parametrization(module, "weight", scaled(lib))
        other = copy.deepcopy(module)
        with lib.no_grad():
            other.parametrizations.weight.original.zero_()
        assert array_of(module.weight).any()
        assert not array_of(other.weight).any()
        other.load_state_dict(module.state_dict())
        np.testing.assert_array_equal(array_of(other.weight), array_of(module.weight))


def test_cached_computes_once() -> None:
    for lib in BOTH:
        P, module = lib.nn.utils.parametrize, linear(lib)
        P.register_parametrization(module, "weight", scaled(lib))
        assert module.weight is not module.weight
        with P.cached():
            assert module.weight is module.weight
        assert module.weight is not module.weight


def test_a_buffer_may_have_one_and_transfer() -> None:
    for lib in BOTH:
        P, module = lib.nn.utils.parametrize, lib.nn.Module()
        module.register_buffer("b", lib.ones(3))
        P.register_parametrization(module, "b", scaled(lib))
        assert list(module.state_dict()) == ["parametrizations.b.original"]
        np.testing.assert_array_equal(array_of(module.b), [2, 2, 2])
        source, target = linear(lib), linear(lib)
        P.register_parametrization(source, "weight", scaled(lib, 3.0))
        assert P.transfer_parametrizations_and_params(source, target) is target
        np.testing.assert_array_equal(array_of(target.weight), array_of(source.weight))


@pytest.mark.parametrize("shape", [(4, 4), (6, 3), (3, 6), (5, 1)])
@pytest.mark.parametrize("kind", [None, "matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("trivial", [True, False])
def test_orthogonal(shape: tuple[int, int], kind: Any, trivial: bool) -> None:
    pair = []
    for lib in BOTH:
        module = linear(lib, shape[1], shape[0])
        q, _ = lib.linalg.qr(module.weight.detach() if shape[0] >= shape[1] else module.weight.detach().T)
        module.weight.data = q if shape[0] >= shape[1] else q.T.contiguous()
        pair.append(lib.nn.utils.parametrizations.orthogonal(module, "weight", kind, use_trivialization=trivial))
    mine, theirs = pair
    assert list(mine.state_dict()) == list(theirs.state_dict())
    weight = array_of(mine.weight)
    thin = weight if shape[0] >= shape[1] else weight.T
    np.testing.assert_allclose(thin.T @ thin, np.eye(thin.shape[1]), atol=1e-12)
    np.testing.assert_allclose(weight, array_of(theirs.weight), atol=1e-10)
    mine.load_state_dict({key: gradbook.tensor(value.numpy()) for key, value in theirs.state_dict().items()})
    step = draw(*shape, seed=5, dtype="float64")
    for lib, module in zip(BOTH, pair, strict=True):
        with lib.no_grad():  # away from the start, where the three maps differ
            module.parametrizations.weight.original.add_(lib.tensor(np.tril(step, -1)), alpha=0.1)
        (module.weight * lib.tensor(step)).sum().backward()
    np.testing.assert_allclose(array_of(mine.weight), array_of(theirs.weight), atol=1e-9)
    grads = [array_of(m.parametrizations.weight.original.grad) for m in pair]
    lower = np.tril(np.ones_like(grads[0]), -1) if shape[0] >= shape[1] else np.triu(np.ones_like(grads[0]), 1)
    np.testing.assert_allclose(grads[0] * lower, grads[1] * lower, atol=1e-8)


def test_orthogonal_errors() -> None:
    for lib in BOTH:
        make = lib.nn.utils.parametrizations.orthogonal
        with pytest.raises(ValueError, match="has no parameter or buffer"):
            make(lib.nn.Linear(2, 2), "nothing")
        with pytest.raises(ValueError, match="Expected a matrix"):
            make(lib.nn.Linear(2, 2), "bias")
        with pytest.raises(ValueError, match="orthogonal_map has to be one of"):
            make(lib.nn.Linear(2, 2), orthogonal_map="other")
        made = make(lib.nn.Linear(2, 2), use_trivialization=False)
        with pytest.raises(NotImplementedError):
            made.weight = lib.eye(2)
