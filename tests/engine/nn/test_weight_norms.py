"""weight_norm and spectral_norm, by hook and by parametrization: values, gradients, keys and errors of PyTorch."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
import pytest

import gradbook
from tests.parity_tools import array_of, draw, torch

BOTH = (gradbook, torch)
X = draw(5, 4, dtype="float64")
LAYERS: list[tuple[str, tuple[Any, ...], tuple[int, ...]]] = [
    ("Linear", (4, 3), (5, 4)),
    ("Conv2d", (4, 6, 3), (2, 4, 5, 5)),
    ("ConvTranspose1d", (4, 2, 3), (2, 4, 6)),
]


def quietly(fn: Any, *args: Any, **kwargs: Any) -> Any:
    """The call, its deprecation expected."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return fn(*args, **kwargs)


def layer(lib: Any, name: str, args: Any) -> Any:
    """A float64 layer with the same weights in both libraries."""
    made = getattr(lib.nn, name)(*args).double()
    for i, parameter in enumerate(made.parameters()):
        parameter.data = lib.tensor(draw(*parameter.shape, seed=i, dtype="float64"))
    return made


def share(mine: Any, theirs: Any) -> None:
    """Ours takes over their tensors; the names must be the same."""
    state = theirs.state_dict()
    assert list(mine.state_dict()) == list(state)
    mine.load_state_dict({key: gradbook.tensor(value.numpy()) for key, value in state.items()})


def assert_same_step(mine: Any, theirs: Any, shape: tuple[int, ...]) -> None:
    """Outputs, gradients and buffers after a call, twice (power iteration moves)."""
    x = draw(*shape, dtype="float64")
    for _ in range(2):
        outs = [module(lib.tensor(x)) for lib, module in zip(BOTH, (mine, theirs), strict=True)]
        np.testing.assert_allclose(array_of(outs[0]), array_of(outs[1]), rtol=1e-9)
        for out in outs:
            (out * out).sum().backward()
    for (name, a), (other, b) in zip(mine.named_parameters(), theirs.named_parameters(), strict=True):
        assert name == other
        np.testing.assert_allclose(array_of(a.grad), array_of(b.grad), rtol=1e-8, atol=1e-10, err_msg=name)
    for (name, a), (other, b) in zip(mine.state_dict().items(), theirs.state_dict().items(), strict=True):
        assert name == other
        np.testing.assert_allclose(array_of(a), array_of(b), rtol=1e-9, err_msg=name)


@pytest.mark.parametrize(("name", "args", "shape"), LAYERS)
@pytest.mark.parametrize("dim", [0, 1, None])
@pytest.mark.parametrize("where", ["utils", "parametrizations"])
def test_weight_norm(where: str, dim: Any, name: str, args: Any, shape: Any) -> None:
    pair = []
    for lib in BOTH:
        place = lib.nn.utils if where == "utils" else lib.nn.utils.parametrizations
        pair.append(quietly(place.weight_norm, layer(lib, name, args), "weight", dim))
    mine, theirs = pair
    assert repr(mine) == repr(theirs)
    before = array_of(mine.weight)
    np.testing.assert_allclose(before, array_of(theirs.weight), rtol=1e-12)
    share(mine, theirs)
    assert_same_step(mine, theirs, shape)


@pytest.mark.parametrize(("name", "args", "shape"), LAYERS)
@pytest.mark.parametrize("where", ["utils", "parametrizations"])
@pytest.mark.parametrize("training", [True, False])
def test_spectral_norm(where: str, training: bool, name: str, args: Any, shape: Any) -> None:
    pair = []
    for lib in BOTH:
        place = lib.nn.utils if where == "utils" else lib.nn.utils.parametrizations
        pair.append(place.spectral_norm(layer(lib, name, args), n_power_iterations=2).train(training))
    mine, theirs = pair
    assert repr(mine) == repr(theirs)
    share(mine, theirs)
    assert_same_step(mine, theirs, shape)


def test_spectral_norm_reaches_one() -> None:
    made = gradbook.nn.utils.parametrizations.spectral_norm(gradbook.nn.Linear(20, 30), n_power_iterations=20)
    for _ in range(10):
        weight = made.weight
    assert float(gradbook.linalg.svdvals(weight.detach())[0]) == pytest.approx(1.0, abs=1e-3)


def test_removal_keeps_the_value() -> None:
    for lib in BOTH:
        module = quietly(lib.nn.utils.weight_norm, layer(lib, "Linear", (4, 3)))
        value = array_of(module.weight)
        lib.nn.utils.remove_weight_norm(module)
        assert list(dict(module.named_parameters())) == ["bias", "weight"]
        np.testing.assert_allclose(array_of(module.weight), value)
        module = lib.nn.utils.spectral_norm(layer(lib, "Linear", (4, 3))).eval()
        value = array_of(module(lib.tensor(X)))
        lib.nn.utils.remove_spectral_norm(module)
        assert sorted(module.state_dict()) == ["bias", "weight"]
        np.testing.assert_allclose(array_of(module(lib.tensor(X))), value)
        assert not module._forward_pre_hooks


def test_errors_and_warning() -> None:
    for lib in BOTH:
        utils = lib.nn.utils
        with pytest.warns(FutureWarning, match="deprecated in favor of"):
            module = utils.weight_norm(lib.nn.Linear(2, 3))
        with pytest.raises(RuntimeError, match="two weight_norm hooks"):
            quietly(utils.weight_norm, module)
        with pytest.raises(ValueError, match="not found in"):
            utils.remove_weight_norm(lib.nn.Linear(2, 3))
        with pytest.raises(ValueError, match="not found in"):
            utils.remove_spectral_norm(lib.nn.Linear(2, 3))
        with pytest.raises(ValueError, match="positive"):
            utils.spectral_norm(lib.nn.Linear(2, 3), n_power_iterations=0)
        module = utils.spectral_norm(lib.nn.Linear(2, 3))
        with pytest.raises(RuntimeError, match="two spectral_norm hooks"):
            utils.spectral_norm(module)
        with pytest.raises(ValueError, match="has no parameter or buffer"):
            utils.parametrizations.spectral_norm(lib.nn.Linear(2, 3), "nothing")
        with pytest.raises(IndexError):
            utils.parametrizations.spectral_norm(lib.nn.Linear(2, 3), dim=4)


@pytest.mark.parametrize("norm", ["weight_norm", "spectral_norm"])
def test_copies_are_their_own(norm: str) -> None:
    for lib in BOTH:
        module = quietly(getattr(lib.nn.utils, norm), layer(lib, "Linear", (4, 3)))
        other = copy.deepcopy(quietly(lambda m=module, lib=lib: m) if norm == "spectral_norm" else _leafy(module))
        before = array_of(module(lib.tensor(X)))
        with lib.no_grad():
            for parameter in other.parameters():
                parameter.mul_(2)
        np.testing.assert_allclose(array_of(module.eval()(lib.tensor(X))), before, rtol=1e-6)


def _leafy(module: Any) -> Any:
    """weight_norm's weight is no leaf, which neither library copies; PyTorch's advice is to detach it."""
    module.weight = module.weight.detach()
    return module


def test_the_new_weight_norm_reads_the_old_layout() -> None:
    for lib in BOTH:
        old = quietly(lib.nn.utils.weight_norm, layer(lib, "Linear", (4, 3)))
        new = lib.nn.utils.parametrizations.weight_norm(lib.nn.Linear(4, 3).double())
        new.load_state_dict(old.state_dict())
        np.testing.assert_allclose(array_of(new.weight), array_of(old.weight))


def test_weight_norm_of_a_recurrent_layer() -> None:
    pair = [quietly(lib.nn.utils.weight_norm, layer(lib, "GRU", (4, 5)), "weight_hh_l0") for lib in BOTH]
    assert_same_step_of_rnn(*pair)


def assert_same_step_of_rnn(mine: Any, theirs: Any) -> None:
    x = draw(6, 2, 4, dtype="float64")
    outs = [module(lib.tensor(x))[0] for lib, module in zip(BOTH, (mine, theirs), strict=True)]
    np.testing.assert_allclose(array_of(outs[0]), array_of(outs[1]), rtol=1e-9)
    for out in outs:
        out.sum().backward()
    for key in ("weight_hh_l0_g", "weight_hh_l0_v"):
        a, b = getattr(mine, key).grad, getattr(theirs, key).grad
        np.testing.assert_allclose(array_of(a), array_of(b), rtol=1e-8)
