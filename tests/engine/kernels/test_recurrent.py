"""Recurrent layers against the ops' own NumPy in float64: sizes, directions, strides, guards, threads, eager use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels import recurrent, recurrent_now
from gradbook.kernels.host import unavailable
from gradbook.kernels.program import Program, Unsupported
from gradbook.ops import recurrent_layers as ops
from tests.engine.kernels.guarded import guarded, read_only
from tests.engine.kernels.team_of import run_as_team

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)

SIZES = [(1, 1, 1), (5, 3, 6), (2, 2, 16), (4, 13, 17), (3, 7, 64), (2, 33, 40), (2, 5, 130), (3, 1, 65)]
CELLS = {"lstm": 4, "gru": 3, "tanh": 1, "relu": 1}


def numbers(cell: str, size: tuple[int, int, int]) -> dict[str, Any]:
    """The arrays that a layer is given, and gradients of its results."""
    steps, n, d = size
    rng, gates = np.random.default_rng(d + n), CELLS[cell]
    shapes = {"gates": (steps, n, gates * d), "h0": (n, d), "c0": (n, d), "weight": (gates * d, d),
              "bias": (gates * d,), "dstates": (steps, n, d), "dlast": (n, d)}  # fmt: skip
    scale = {"weight": d**-0.5}
    return {k: (scale.get(k, 1) * rng.standard_normal(shape)).astype(np.float32) for k, shape in shapes.items()}


def exact(cell: str, x: dict[str, Any], reverse: bool, bias: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the op's own functions give in float64: results, gradients."""
    v = {name: array.astype(np.float64) for name, array in x.items()}
    if cell == "lstm":
        (states, last), _, kept, cells = ops.lstm_layer._run(
            np, v["gates"], v["h0"], v["c0"], v["weight"], reverse=reverse
        )
        grads = ops.lstm_arrays_grad(np, v["dstates"], v["dlast"], v["h0"], v["c0"], v["weight"], states, kept, cells,
                                     needs=(True,) * 4, reverse=reverse)  # fmt: skip
        outs = {"states": states, "last": last, "kept": kept, "cells": cells}
        return outs, dict(zip(("dgates", "dh0", "dc0", "dweight"), grads, strict=True))
    if cell == "gru":
        given = v["bias"] if bias else None
        states, kept = ops.gru_layer._run(np, v["gates"], v["h0"], v["weight"], given, reverse=reverse)
        grads = ops.gru_arrays_grad(
            np, v["dstates"], v["h0"], v["weight"], states, kept, needs=(True,) * 4, reverse=reverse
        )
        return {"states": states, "kept": kept}, dict(zip(("dgates", "dh0", "dweight", "dbias"), grads, strict=True))
    states = ops.rnn_layer._run(np, v["gates"], v["h0"], v["weight"], reverse=reverse, relu=cell == "relu")
    grads = ops.rnn_arrays_grad(np, v["dstates"], v["h0"], v["weight"], states, needs=(True,) * 3, reverse=reverse,
                                relu=cell == "relu")  # fmt: skip
    return {"states": states}, dict(zip(("dgates", "dh0", "dweight"), grads, strict=True))


def add(program: Program, cell: str, x: dict[str, Any], outs: dict[str, Any], reverse: bool, bias: bool) -> None:
    """The kernels of a layer."""
    if cell == "lstm":
        recurrent.lstm(program, outs["states"], outs["last"], x["gates"], x["h0"], x["c0"], x["weight"],
                       kept=outs["kept"], cells=outs["cells"], reverse=reverse)  # fmt: skip
    elif cell == "gru":
        recurrent.gru(program, outs["states"], x["gates"], x["h0"], x["weight"], x["bias"] if bias else None,
                      kept=outs["kept"], reverse=reverse)  # fmt: skip
    else:
        recurrent.rnn(program, outs["states"], x["gates"], x["h0"], x["weight"], relu=cell == "relu", reverse=reverse)


def add_grad(program: Program, cell: str, x: dict[str, Any], outs: dict[str, Any], grads: Any, reverse: bool) -> None:
    """The kernels of its gradient."""
    if cell == "lstm":
        recurrent.lstm_grad(program, *grads.values(), x["dstates"], x["dlast"], x["h0"], x["c0"], x["weight"],
                            outs["states"], outs["kept"], outs["cells"], reverse=reverse)  # fmt: skip
    elif cell == "gru":
        recurrent.gru_grad(program, *grads.values(), x["dstates"], x["h0"], x["weight"], outs["states"], outs["kept"],
                           reverse=reverse)  # fmt: skip
    else:
        recurrent.rnn_grad(program, *grads.values(), x["dstates"], x["h0"], x["weight"], outs["states"],
                           relu=cell == "relu", reverse=reverse)  # fmt: skip


def compare(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Close, beside the largest number of each array."""
    for name, array in found.items():
        scale = max(1.0, float(np.abs(wanted[name]).max(initial=0)))
        np.testing.assert_allclose(array, wanted[name], rtol=2e-5, atol=4e-6 * scale, err_msg=name)


def empty(like: dict[str, Any]) -> dict[str, Any]:
    """Guarded arrays to compute into."""
    return {name: guarded(np.full(array.shape, np.nan), np.float32) for name, array in like.items()}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("cell", CELLS)
def test_forward_and_backward(cell: str, size: tuple[int, int, int]) -> None:
    for reverse in (False, True):
        x = {name: read_only(array) for name, array in numbers(cell, size).items()}
        wanted, wanted_grads = exact(cell, x, reverse, bias=reverse)
        outs, grads = empty(wanted), empty(wanted_grads)
        program = Program()
        add(program, cell, x, outs, reverse, bias=reverse)
        program.run()
        compare(outs, wanted)
        program = Program()
        if cell == "relu":  # which gradients pass depends on a sign: compare where the states are the same
            outs = {"states": wanted["states"].astype(np.float32)}
        add_grad(program, cell, x, outs, grads, reverse)
        program.run()
        compare(grads, wanted_grads)


@pytest.mark.parametrize("cell", ["lstm", "gru", "tanh"])
def test_any_number_of_threads_gives_the_same(cell: str) -> None:
    x, results = numbers(cell, (3, 9, 20)), []
    wanted, wanted_grads = exact(cell, x, False, False)
    for threads in (1, 2, 5):
        outs, grads = empty(wanted), empty(wanted_grads)
        program = Program()
        add(program, cell, x, outs, False, False)
        add_grad(program, cell, x, outs, grads, False)
        run_as_team(program, threads)
        results.append([array.tobytes() for array in (*outs.values(), *grads.values())])
    assert results[0] == results[1] == results[2]


def apart(array: Any) -> Any:
    """The same numbers with the batch first in memory, or with room between the rows."""
    if array.ndim == 3:
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 0, 1)), 0, 1)
    return np.pad(array, ((0, 0), (2, 5)))[:, 2:-5] if array.ndim == 2 else array


@pytest.mark.parametrize("cell", ["lstm", "gru", "tanh"])
def test_strides_and_what_is_not_wanted(cell: str) -> None:
    x = numbers(cell, (4, 3, 18))
    wanted, wanted_grads = exact(cell, x, False, False)
    spread = {name: apart(array) for name, array in x.items()} | {"bias": x["bias"]}
    outs = empty(wanted)
    program = Program()
    add(program, cell, spread, outs, False, False)
    program.run()
    compare(outs, wanted)
    for name in wanted_grads:
        grads = {other: None for other in wanted_grads} | empty({name: wanted_grads[name]})
        program = Program()
        add_grad(program, cell, spread, outs, grads, False)
        program.run()
        compare({name: grads[name]}, wanted_grads)


def test_without_what_the_gradient_needs() -> None:
    x = numbers("lstm", (4, 5, 20))
    wanted, _ = exact("lstm", x, True, False)
    outs = empty({name: wanted[name] for name in ("states", "last")}) | {"kept": None, "cells": None}
    program = Program()
    add(program, "lstm", x, outs, True, False)
    program.run()
    compare({name: outs[name] for name in ("states", "last")}, wanted)


def test_nan_and_large_numbers() -> None:
    x = numbers("lstm", (4, 6, 20))
    x["gates"] *= 1000
    x["gates"][1, 2, 3] = np.nan
    wanted, _ = exact("lstm", x, False, False)
    outs = empty(wanted)
    program = Program()
    add(program, "lstm", x, outs, False, False)
    program.run()
    np.testing.assert_array_equal(np.isnan(outs["states"]), np.isnan(wanted["states"]))
    assert np.isnan(outs["states"][2:, 2]).all()
    np.testing.assert_allclose(outs["states"], wanted["states"], rtol=1e-4, atol=1e-5)


def test_refusals() -> None:
    x, program = numbers("gru", (3, 2, 5)), Program()
    states = np.zeros((3, 2, 5), np.float32)
    for name, array in {
        "gates": x["gates"].astype(np.float64), "h0": x["h0"][:, ::-1], "weight": x["weight"].T.copy().T,
    }.items():  # fmt: skip
        with pytest.raises(Unsupported):
            recurrent.gru(program, states, **{**{k: x[k] for k in ("gates", "h0", "weight")}, name: array})
    with pytest.raises(Unsupported):
        recurrent.gru(program, states[:0], x["gates"][:0], x["h0"], x["weight"])
    with pytest.raises(Unsupported):
        recurrent.rnn(program, states, states, x["h0"], x["weight"][:4])
    field = np.zeros((4, 2, 5), np.float32)
    with pytest.raises(Unsupported, match="shares memory"):
        recurrent.rnn(program, field[1:], field[:-1], x["h0"], x["weight"][:5])
    assert not len(program)


@pytest.mark.parametrize("cell", ["lstm", "gru", "tanh", "relu"])
def test_eager_entries(cell: str) -> None:
    forwards = recurrent_now.forwards()
    for bias in (False, True):
        x = numbers(cell, (3, 4, 10))
        wanted, wanted_grads = exact(cell, x, bias, bias)
        layer = {"lstm": "lstm_layer", "gru": "gru_layer"}.get(cell, "rnn_layer")
        more = {"reverse": bias} | ({"relu": cell == "relu"} if layer == "rnn_layer" else {})
        operands = {"lstm": ("gates", "h0", "c0", "weight"), "gru": ("gates", "h0", "weight", "bias")}
        given = [x[name] for name in operands.get(cell, ("gates", "h0", "weight"))]
        if cell == "gru" and not bias:
            given[-1] = None
        found = forwards[layer](np, *given, **more)
        saved = found[1:] if cell == "lstm" else found if cell == "gru" else (found,)
        results = (*found[0], *found[2:]) if cell == "lstm" else saved
        compare(dict(zip(wanted, results, strict=True)), wanted)
        front = (x["dstates"], x["dlast"]) if cell == "lstm" else (x["dstates"],)
        own = [a for a in given[1:] if a is not None and a.ndim == 2]
        for k, name in enumerate(wanted_grads):
            needs = tuple(i == k for i in range(len(wanted_grads)))
            grads = forwards[f"{layer}_backward"](np, *front, *own, *saved, needs=needs, **more)
            assert [g is not None for g in grads] == list(needs)
            compare({name: grads[k]}, wanted_grads)
    with pytest.raises(Unsupported):
        forwards[layer](np, *(None if a is None else a.astype(np.float64) for a in given), **more)
