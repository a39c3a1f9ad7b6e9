"""Attention against the op's own NumPy in float64: sizes, masks, strides, guards, threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels import attention_now
from gradbook.kernels.attention import attention, attention_grad
from gradbook.kernels.host import unavailable
from gradbook.kernels.program import Program, Unsupported
from gradbook.ops.attention import attention_op
from tests.engine.kernels.guarded import guarded, read_only
from tests.engine.kernels.team_of import run_as_team

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)

CASES: list[Any] = [  # leading axes, queries, keys, numbers of a key, of a value
    ((2, 3), 5, 7, 4, 6), ((2,), 1, 1, 1, 1), ((), 65, 65, 16, 16), ((2,), 70, 50, 40, 24),
    ((2,), 13, 33, 65, 130), ((1, 2), 130, 130, 32, 32),
]  # fmt: skip
EACH = [(case, "causal") for case in CASES] + [(case, kind) for case in CASES[2:4] for kind in ("", "bool", "add")]


def numbers(lead: tuple[int, ...], length: int, keys: int, size: int, width: int, kind: str) -> dict[str, Any]:
    """Operands and a gradient."""
    rng = np.random.default_rng(length + keys)
    shapes = {"query": (length, size), "key": (keys, size), "value": (keys, width), "grad": (length, width)}
    found: dict[str, Any] = {k: rng.standard_normal((*lead, *s)).astype(np.float32) for k, s in shapes.items()}
    found["mask"] = None
    if kind == "bool":
        found["mask"] = rng.random((length, keys)) < 0.6
        found["mask"][length // 2] = False  # a row that may look at nothing
    elif kind == "add":
        found["mask"] = rng.standard_normal((*lead, 1, keys)).astype(np.float32)
    return found


def exact(x: dict[str, Any], scale: float, causal: bool) -> tuple[Any, Any, Any]:
    """Result, weights and gradients in float64."""
    wide = {k: v if v is None or v.dtype == bool else v.astype(np.float64) for k, v in x.items()}
    operands = [wide[name] for name in ("query", "key", "value", "mask")]
    out, weights = attention_op._run(np, *operands, scale=scale, causal=causal)
    grads = attention_op.joint.fn(wide["grad"], *operands, weights, (True, True, True, False), scale, causal)
    return out, weights, grads[:3]


def close(found: Any, wanted: Any) -> None:
    """Close, beside the largest number."""
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=3e-6 * max(1.0, float(np.abs(wanted).max(initial=0))))


def empty(like: Any) -> Any:
    """A guarded array to compute into."""
    return guarded(np.full(like.shape, np.nan), np.float32)


@pytest.mark.parametrize(("case", "kind"), EACH)
def test_forward_and_backward(case: Any, kind: str) -> None:
    x = {name: None if v is None else read_only(v) for name, v in numbers(*case, kind).items()}
    scale, causal = 0.3, kind == "causal"
    wanted, wanted_weights, wanted_grads = exact(x, scale, causal)
    out, weights, grads = empty(wanted), empty(wanted_weights), [empty(g) for g in wanted_grads]
    program = Program()
    attention(program, out, weights, x["query"], x["key"], x["value"], x["mask"], scale=scale, causal=causal)
    attention_grad(program, *grads, x["grad"], x["query"], x["key"], x["value"], weights, scale=scale, causal=causal)
    program.run()
    for found, right in zip((out, weights, *grads), (wanted, wanted_weights, *wanted_grads), strict=True):
        close(found, right)
    if causal:
        assert not np.triu(weights, 1).any()


def test_windows_of_one_buffer() -> None:
    rng = np.random.default_rng(0)
    batch, length, heads, size = 2, 37, 3, 24
    both = [guarded(rng.standard_normal((batch, length, 3 * heads * size)), np.float32) for _ in range(2)]
    views = [
        [part.reshape(batch, length, heads, size).swapaxes(1, 2) for part in np.split(buffer, 3, axis=2)]
        for buffer in both
    ]
    assert all(np.shares_memory(view, buffer) for parts, buffer in zip(views, both, strict=True) for view in parts)
    x = dict(zip(("query", "key", "value"), views[0], strict=True))
    grad = rng.standard_normal((batch, length, heads, size)).astype(np.float32).swapaxes(1, 2)
    wanted, wanted_weights, wanted_grads = exact({**x, "grad": grad, "mask": None}, 0.2, True)
    out = guarded(np.zeros((batch, length, heads, size)), np.float32).swapaxes(1, 2)
    weights = empty(wanted_weights)
    program = Program()
    attention(program, out, weights, *x.values(), scale=0.2, causal=True)
    attention_grad(program, *views[1], grad, *x.values(), weights, scale=0.2, causal=True)
    program.run()
    close(out, wanted)
    for found, right in zip(views[1], wanted_grads, strict=True):
        close(found, right)


def test_operands_that_are_broadcast_and_gradients_that_nobody_wants() -> None:
    x = numbers((2, 3), 9, 20, 16, 16, "")
    x["key"], x["value"] = x["key"][:1], x["value"][:, :1]
    wanted, wanted_weights, wanted_grads = exact(x, 0.25, False)
    out, weights = empty(wanted), empty(wanted_weights)
    program = Program()
    attention(program, out, None, x["query"], x["key"], x["value"], scale=0.25)
    attention(program, out, weights, x["query"], x["key"], x["value"], scale=0.25)
    program.run()
    close(out, wanted)
    for k in range(3):
        shape = (*out.shape[:2], *wanted_grads[k].shape[-2:])
        grads = [guarded(np.full(shape, np.nan), np.float32) if i == k else None for i in range(3)]
        program = Program()
        attention_grad(program, *grads, x["grad"], x["query"], x["key"], x["value"], weights, scale=0.25)
        program.run()
        close(grads[k], np.broadcast_to(wanted_grads[k], shape))


def test_any_number_of_threads_gives_the_same() -> None:
    x, results = numbers((1,), 130, 70, 32, 16, ""), []
    wanted, wanted_weights, wanted_grads = exact(x, 0.3, True)
    for threads in (1, 2, 5):
        out, weights, grads = empty(wanted), empty(wanted_weights), [empty(g) for g in wanted_grads]
        program = Program(threads=threads)
        attention(program, out, weights, x["query"], x["key"], x["value"], scale=0.3, causal=True)
        given = (x["grad"], x["query"], x["key"], x["value"], weights)
        attention_grad(program, *grads, *given, scale=0.3, causal=True)
        run_as_team(program, threads)
        close(out, wanted)
        results.append([array.tobytes() for array in (out, weights, *grads)])
    assert results[0] == results[1] == results[2]


def test_nan_and_infinity() -> None:
    x = numbers((), 20, 40, 16, 16, "add")
    x["mask"] = np.repeat(x["mask"], 20, axis=0)
    x["mask"][3, 5], x["mask"][4, 6], x["mask"][5, 7], x["mask"][6] = np.nan, -np.inf, 3e38, -np.inf
    with np.errstate(invalid="ignore", over="ignore"):
        wanted, wanted_weights, _ = exact(x, 0.3, False)
    out, weights = empty(wanted), empty(wanted_weights)
    program = Program()
    attention(program, out, weights, x["query"], x["key"], x["value"], x["mask"], scale=0.3)
    program.run()
    close(out, wanted)
    close(weights, wanted_weights)
    assert np.isnan(out[3]).all()
    assert not out[6].any()


def test_refusals() -> None:
    x, program = numbers((2,), 6, 8, 16, 16, "bool"), Program()
    out, weights = np.zeros((2, 6, 16), np.float32), np.zeros((2, 6, 8), np.float32)
    given = [x[name] for name in ("query", "key", "value", "mask")]
    for k, wrong in (
        (0, x["query"].astype(np.float64)), (0, x["query"][..., ::2]), (1, x["key"][:, :5]), (3, x["mask"][:, :1]),
        (0, np.repeat(x["query"], 2, axis=2)[..., ::2]), (2, x["value"][:, :, :0]), (3, x["mask"].astype(np.int8)),
    ):  # fmt: skip
        with pytest.raises(Unsupported):
            attention(program, out, weights, *(wrong if i == k else a for i, a in enumerate(given)), scale=1.0)
    with pytest.raises(Unsupported, match="shares memory"):
        attention(program, out, weights, out[::-1], *given[1:], scale=1.0)
    assert not len(program)


@pytest.mark.parametrize("kind", ["", "bool", "add"])
def test_eager_entries(kind: str) -> None:
    entries = attention_now.kernels()
    forward, rule = (entries[f"scaled_dot_product_attention{end}"] for end in ("", ".backward"))
    for size in (12, 20):  # other shapes, and then the same plan again
        for causal in (False, True) if not kind else (False,):
            x = numbers((2, 3), 9, size, 16, 16, kind)
            x["key"] = x["key"][:1]
            wanted, wanted_weights, wanted_grads = exact(x, 0.25, causal)
            operands = [x[name] for name in ("query", "key", "value", "mask")]
            out, weights = forward(np, *operands, scale=0.25, causal=causal)
            close(out, wanted)
            close(weights, wanted_weights)
            for needs in ((True, True, True, False), (False, True, False, False)):
                found = rule(x["grad"], *operands, weights, needs, 0.25, causal)
                assert [g is not None for g in found] == list(needs)
                for grad, right, need in zip(found, wanted_grads, needs, strict=False):
                    if need:
                        close(grad, np.broadcast_to(right, grad.shape))
    with pytest.raises(Unsupported):
        rule(x["grad"], *operands, weights, (True, True, True, True), 0.25, False)
