"""The smaller helpers of nn.utils against PyTorch: fusing, functional calls, clipping, vectors, skip_init."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradbook
from tests.parity_tools import array_of, draw, torch

BOTH = [gradbook, torch]


def filled(lib: Any, module: Any) -> Any:
    """The module in float64, its tensors the same in both libraries."""
    module = module.double()
    for i, (name, tensor) in enumerate([*module.named_parameters(), *module.named_buffers()]):
        if tensor.dtype == lib.float64:
            low = 0.5 if "var" in name else -2.0
            tensor.data.copy_(lib.tensor(draw(*tensor.shape, seed=i, low=low, dtype="float64")))
    return module


FUSED: list[tuple[str, tuple[Any, ...], dict[str, Any], str, dict[str, Any], tuple[int, ...]]] = [
    ("Conv1d", (4, 6, 3), {}, "BatchNorm1d", {}, (2, 4, 7)),
    ("Conv2d", (4, 6, 3), {"bias": False}, "BatchNorm2d", {}, (2, 4, 5, 6)),
    ("Conv2d", (4, 6, 3), {"groups": 2}, "BatchNorm2d", {"affine": False}, (2, 4, 5, 6)),
    ("Linear", (4, 6), {}, "BatchNorm1d", {}, (3, 4)),
    ("Linear", (4, 6), {"bias": False}, "BatchNorm1d", {}, (3, 4)),
]


@pytest.mark.parametrize(("name", "args", "options", "norm", "more", "shape"), FUSED)
def test_a_batch_norm_is_folded_in(name: str, args: Any, options: Any, norm: str, more: Any, shape: Any) -> None:
    outs = []
    for lib in BOTH:
        layer = filled(lib, getattr(lib.nn, name)(*args, **options)).eval()
        bn = filled(lib, getattr(lib.nn, norm)(6, **more)).eval()
        fuse = lib.nn.utils.fuse_linear_bn_eval if name == "Linear" else lib.nn.utils.fuse_conv_bn_eval
        fused = fuse(layer, bn)
        x = lib.tensor(draw(*shape, seed=9, dtype="float64"))
        np.testing.assert_allclose(array_of(fused(x)), array_of(bn(layer(x))), rtol=1e-9, atol=1e-12)
        outs.append((repr(fused), list(fused.state_dict()), array_of(fused.weight), array_of(fused.bias)))
        with pytest.raises(AssertionError):
            fuse(layer.train(), bn)
    assert outs[0][1] == outs[1][1]
    for mine, theirs in zip(outs[0][2:], outs[1][2:], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


def test_transposed_convolutions_are_fused_along_their_axis() -> None:
    outs = []
    for lib in BOTH:
        layer = filled(lib, lib.nn.ConvTranspose2d(4, 6, 3)).eval()
        bn = filled(lib, lib.nn.BatchNorm2d(6)).eval()
        fused = lib.nn.utils.fusion.fuse_conv_bn_eval(layer, bn, transpose=True)
        outs.append(array_of(fused(lib.tensor(draw(2, 4, 5, 5, dtype="float64")))))
    np.testing.assert_allclose(outs[0], outs[1], rtol=1e-9)


def call(lib: Any, *args: Any, **kwargs: Any) -> Any:
    with pytest.warns(FutureWarning, match="deprecated"):
        return lib.nn.utils.stateless.functional_call(*args, **kwargs)


def test_functional_call_replaces_and_restores() -> None:
    outs = []
    for lib in BOTH:
        module = filled(lib, lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.BatchNorm1d(4)))
        before = {key: value.clone() for key, value in module.state_dict().items()}
        own = module[0].weight
        new = {"0.weight": lib.ones(4, 3, dtype=lib.float64, requires_grad=True),
               "1.running_mean": lib.zeros(4, dtype=lib.float64)}  # fmt: skip
        out = call(lib, module, new, lib.tensor(draw(5, 3, dtype="float64")))
        (out**2).sum().backward()
        assert module[0].weight is own
        assert own.grad is None
        for key, value in module.state_dict().items():
            if "num" not in key and "var" not in key:
                np.testing.assert_array_equal(array_of(value), array_of(before[key]))
        outs.append([array_of(out), array_of(new["0.weight"].grad), array_of(new["1.running_mean"])])
    for mine, theirs in zip(*outs, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)


def test_functional_call_and_tied_weights() -> None:
    for lib in BOTH:
        module = lib.nn.Sequential(lib.nn.Linear(3, 3, bias=False), lib.nn.Linear(3, 3, bias=False))
        module[1].weight = module[0].weight
        x, twos = lib.ones(1, 3), 2 * lib.eye(3)
        assert array_of(call(lib, module, {"0.weight": twos}, x)).tolist() == [[4.0, 4.0, 4.0]]
        untied = call(lib, module, {"0.weight": twos}, x, tie_weights=False)
        np.testing.assert_allclose(array_of(untied), array_of(module[1](twos @ lib.ones(3))[None]), rtol=1e-5)
        with pytest.raises(ValueError, match="multiple values"):
            call(lib, module, {"0.weight": twos, "1.weight": lib.eye(3)}, x)
        with pytest.raises(RuntimeError, match="Unexpected key"):
            call(lib, module, {"0.weight": twos, "other": twos}, x, strict=True)
        with pytest.raises(RuntimeError, match="Missing key"):
            call(lib, lib.nn.Linear(3, 3), {"weight": twos}, x, strict=True)
        call(lib, module, {"other": twos}, x)  # a name it has not is lent to it
        assert not hasattr(module, "other")
        with pytest.raises(AttributeError):
            call(lib, module, {"2.weight": twos}, x)
        with pytest.raises(TypeError):
            call(lib, module, {}, x, kwargs=[1])


def test_skip_init() -> None:
    for lib in BOTH:
        lib.manual_seed(3)
        made = lib.nn.utils.skip_init(lib.nn.Linear, 3, 5)
        assert tuple(made.weight.shape) == (5, 3)
        after = lib.rand(1)
        lib.manual_seed(3)
        assert array_of(lib.rand(1)) == array_of(after)  # no random number was used
        with pytest.raises(RuntimeError, match="Expected a Module"):
            lib.nn.utils.skip_init(dict)
        with pytest.raises(RuntimeError, match="must support a 'device' arg"):
            lib.nn.utils.skip_init(lib.nn.ReLU)


@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.5, float("inf"), 0.0, -1.0])
@pytest.mark.parametrize("max_norm", [0.5, 100.0])
def test_clip_grad_norm(norm_type: float, max_norm: float) -> None:
    found = []
    for lib in BOTH:
        params = [
            lib.zeros(3, 4, requires_grad=True),
            lib.zeros(5, requires_grad=True),
            lib.zeros(2, requires_grad=True),
        ]
        for i, p in enumerate(params[:2]):
            p.grad = lib.tensor(draw(*p.shape, seed=i))
        norm = lib.nn.utils.clip_grad_norm_(params, max_norm, norm_type)
        total = lib.nn.utils.get_total_norm([p.grad for p in params[:2]], norm_type)
        found.append([array_of(x) for x in (norm, total, params[0].grad, params[1].grad)])
    for mine, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5)


def test_clipping_odds_and_ends() -> None:
    found = []
    for lib in BOTH:
        utils = lib.nn.utils
        p = lib.zeros(4, requires_grad=True)
        assert float(utils.clip_grad_norm_([p], 1.0)) == 0.0
        p.grad = lib.tensor([3.0, -4.0, 0.5, float("nan")])
        with pytest.raises(RuntimeError, match="non-finite"):
            utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)
        p.grad = lib.tensor([3.0, -4.0, 0.5, 1.0])
        utils.clip_grad_value_(p, 2.0)
        found.append(array_of(p.grad))
        utils.clip_grads_with_norm_(p, 1.0, utils.get_total_norm([p.grad]))
        found.append(array_of(p.grad))
        with pytest.warns(FutureWarning, match="deprecated"):
            utils.clip_grad_norm(p, 1.0)
        vector = utils.parameters_to_vector([lib.ones(2, 2), lib.zeros(3)])
        found.append(array_of(vector))
        a, b = lib.nn.Parameter(lib.zeros(2, 2)), lib.nn.Parameter(lib.zeros(3))
        utils.vector_to_parameters(lib.arange(7.0), [a, b])
        found += [array_of(a), array_of(b)]
        with pytest.raises(TypeError):
            utils.vector_to_parameters([1.0], [a])
    half = len(found) // 2
    for mine, theirs in zip(found[:half], found[half:], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)
