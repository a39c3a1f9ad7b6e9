"""Parallel wrappers in one process, and gradients of convolutions by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook.nn import parallel
from tests.parity_tools import array_of, compare, draw, torch

BOTH = [gradbook, torch]


def test_data_parallel_keeps_pytorchs_names() -> None:
    for lib in BOTH:
        inner = lib.nn.Sequential(lib.nn.Linear(3, 2), lib.nn.BatchNorm1d(2))
        module = lib.nn.DataParallel(inner)
        x = lib.tensor(draw(4, 3))
        assert next(iter(module.state_dict())) == "module.0.weight"
        assert module.module is inner
        assert module.device_ids == []
        np.testing.assert_allclose(array_of(module.eval()(x)), array_of(inner(x)))
        assert repr(module).startswith("DataParallel(\n  (module): Sequential(\n")
        lib.nn.DataParallel(lib.nn.Linear(3, 2)).load_state_dict(
            {f"module.{k}": v for k, v in inner[0].state_dict().items()}
        )
    assert parallel.data_parallel(gradbook.nn.Linear(3, 2), gradbook.ones(1, 3)).shape == (1, 2)


def test_distributed_data_parallel_of_one_process() -> None:
    module = parallel.DistributedDataParallel(gradbook.nn.Linear(3, 2), find_unused_parameters=True)
    x = gradbook.tensor(draw(4, 3))
    with module.no_sync():
        module(x).sum().backward()
    module(x).sum().backward()
    np.testing.assert_allclose(array_of(module.module.bias.grad), [8, 8])
    assert list(module.state_dict()) == ["module.weight", "module.bias"]
    with module.join():
        module(x)
    with pytest.raises(RuntimeError, match="not needed"):
        parallel.DistributedDataParallel(gradbook.nn.ReLU())


def test_the_steps_of_data_parallel() -> None:
    x = gradbook.tensor(draw(5, 3))
    parts = parallel.scatter({"x": x, "n": [x, 1]}, ["cpu", "cpu"])
    assert [p["x"].shape[0] for p in parts] == [3, 2]
    assert parts[1]["n"][1] == 1
    layer = gradbook.nn.Linear(3, 2)
    copies = parallel.replicate(layer, ["cpu", "cpu"])
    outs = parallel.parallel_apply(copies, [p["x"] for p in parts])
    whole = parallel.gather(outs, "cpu")
    np.testing.assert_allclose(array_of(whole), array_of(layer(x)), rtol=1e-6)
    whole.sum().backward()
    np.testing.assert_allclose(array_of(layer.bias.grad), [5, 5])
    assert parallel.gather([{"a": outs[0]}, {"a": outs[1]}], "cpu")["a"].shape == (5, 2)
    with pytest.raises(AssertionError, match="number of modules"):
        parallel.parallel_apply(copies, [x])


CONVS: list[tuple[int, dict[str, Any]]] = [
    (1, {}), (1, {"stride": 2, "padding": 1}), (2, {}), (2, {"stride": (2, 1), "padding": 1, "dilation": 2}),
    (2, {"groups": 2}), (3, {"padding": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("rank", "options"), CONVS)
def test_gradients_of_convolutions_by_name(rank: int, options: dict[str, Any]) -> None:
    shape, kernel = (2, 4, *([7, 6, 5][:rank])), (6, 4 // options.get("groups", 1), *([3] * rank))
    out = getattr(gradbook.nn.functional, f"conv{rank}d")(gradbook.zeros(shape), gradbook.zeros(kernel), **options)
    grad = draw(*out.shape, seed=3)

    def of_input(lib: Any, w: Any, g: Any) -> Any:
        return getattr(lib.nn.grad, f"conv{rank}d_input")(shape, w, g, **options)

    def of_weight(lib: Any, x: Any, g: Any) -> Any:
        return getattr(lib.nn.grad, f"conv{rank}d_weight")(x, kernel, g, **options)

    compare(of_input, draw(*kernel), grad)
    compare(of_weight, draw(*shape), grad)
