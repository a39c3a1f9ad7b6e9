"""Which ops are expressions, and that a kernel gives what NumPy gives: each op and gradient rule of the registry."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import gradbook
from gradbook.autograd.op import NEEDS, PARAM, SLOT, Op, Rule, registry
from gradbook.kernels.expression import Expression, inputs, node
from gradbook.kernels.pointwise import pointwise
from gradbook.kernels.program import Program
from gradbook.kernels.trace import of_op, of_rule

FLOAT, INT, BOOL = np.dtype(np.float32), np.dtype(np.int32), np.dtype(bool)
PARAMS: dict[str, list[dict[str, Any]]] = {
    "clamp": [{"min": -0.5, "max": 0.7}, {"min": None, "max": 0.7}, {"min": -0.5, "max": None}],
    "power": [{"exponent": e} for e in (0, 1, 3, 4, 1.5, -2, 0.25)],
    "logit": [{"eps": 1e-3}, {"eps": None}],
    "leaky_relu": [{"negative_slope": 0.1}, {"negative_slope": -2.0}],
    "elu": [
        {"alpha": 1.2, "scale": 1, "input_scale": 1}, {"alpha": 1.2, "scale": 1, "input_scale": 0.5},
        {"alpha": 1.6732632423543772, "scale": 1.0507009873554805, "input_scale": 1},
    ],
    "softplus": [{"beta": 1.0, "threshold": 20.0}, {"beta": 3.0, "threshold": 5.0}],
    "nan_to_num": [{"nan": None, "posinf": None, "neginf": None}, {"nan": 1.0, "posinf": 2.0, "neginf": 3.0}],
    "hardtanh": [{"low": -1.0, "high": 1.0}, {"low": 0.0, "high": 6.0}],
    "threshold": [{"threshold": 0.1, "value": 2.0}],
    "softshrink": [{"lambd": 0.5}],
    "hardshrink": [{"lambd": 0.5}],
    "addcmul": [{"value": 2.0}, {"value": 1}],
    "addcdiv": [{"value": 2.0}, {"value": 1}],
    "to": [{"dtype": np.dtype(kind), "device": None, "source": None} for kind in ("f8", "?")],
    "round_decimals": [{"decimals": 2}, {"decimals": -1}],
    "mse_loss": [{"reduction": "none"}],
    "huber_loss": [{"reduction": "none", "delta": 1.0}],
    "binary_cross_entropy_with_logits": [{"reduction": "none"}],
}  # fmt: skip
OF_INTEGERS = {
    "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not", "bitwise_left_shift", "bitwise_right_shift",
}  # fmt: skip
BY_SHAPE = {"mse_loss", "huber_loss", "binary_cross_entropy_with_logits"}  # whose rules ask for the number of elements
EXPRESSIBLE = set(
    """
    abs acos acosh add addcdiv addcmul alias asin asinh atan atan2 atanh binary_cross_entropy
    binary_cross_entropy_with_logits bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift
    bitwise_xor ceil clamp clamp_tensor clone conj copysign cos cosh deg2rad div div_trunc elu eq erf erfc erfinv
    exp exp2 expm1 floor fmax fmin frac ge gelu gelu_tanh gt hardshrink hardsigmoid hardswish hardtanh heaviside
    huber_loss hypot isfinite isinf isnan isneginf isposinf isreal le leaky_relu lerp log log10 log1p log2 logaddexp
    logaddexp2 logical_and logical_not logical_or logical_xor logit logsigmoid lt masked_fill maximum minimum mish
    mse_loss mul nan_to_num ne neg positive pow power prelu rad2deg reciprocal relu round round_decimals rsqrt sgn
    sigmoid sign signbit silu sin sinc sinh softplus softshrink softsign spherical_bessel_j0 sqrt square sub tan
    tanh tanhshrink threshold to trunc where xlog1py xlogy
    """.split()
)


def dtypes_of(op: Op) -> list[np.dtype[Any]]:
    special = {"condition": BOOL, "mask": BOOL}
    return [INT if op.name in OF_INTEGERS else special.get(name, FLOAT) for name in op.operands]


def traced(op: Op, params: dict[str, Any]) -> tuple[tuple[Expression, ...], tuple[Expression, ...] | None]:
    operands = inputs(*dtypes_of(op))
    return operands, of_op(op, operands, params)


def test_the_table_of_expressible_ops_is_whole() -> None:
    found = {name for name, op in registry.items() for p in PARAMS.get(name, [{}]) if traced(op, p)[1] is not None}
    assert found == EXPRESSIBLE


def samples(count: int, dtype: np.dtype[Any], seed: int) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(seed)
    if dtype == BOOL:
        return rng.random(count) < 0.5
    if dtype == INT:
        return rng.integers(-40, 40, count).astype(np.int32)
    x = (rng.standard_normal(count) * 10.0 ** rng.uniform(-3, 1, count)).astype(np.float32)
    ends = np.array([0, -0.0, 1, -1, 0.5, 2, 3, -3, 6, 1e-40, -1e-40, 1e30, -1e30, 88, -88, 95], np.float32)
    x[: ends.size] = ends
    rng.shuffle(x)
    x[:6] = [np.nan, np.inf, -np.inf, 0, np.inf, np.nan]
    return np.roll(x, seed)


def computed(
    expressions: list[Expression], arrays: list[np.ndarray[Any, Any]], count: int
) -> list[np.ndarray[Any, Any]]:
    outs = [np.empty(count, expression.dtype) for expression in expressions]
    program = Program()
    pointwise(program, list(zip(expressions, outs, strict=True)), arrays)
    program.run()
    return outs


def agree(made: np.ndarray[Any, Any], wanted: Any, exact: Any, given: list[Any], what: str) -> None:
    """Equal to NumPy's result up to rounding, or no farther than that from float64's; inf and NaN in their places."""
    wanted = np.broadcast_to(np.asarray(wanted).astype(made.dtype), made.shape)
    if made.dtype.kind != "f":
        np.testing.assert_array_equal(made, wanted, err_msg=what)
        return
    loose = 100 if "sinc" in what else 1  # its slope is a difference of two large numbers
    with np.errstate(all="ignore"):
        terms = loose + sum(np.minimum(np.nan_to_num(np.abs(one.astype(np.float64))), 100) for one in given)
        allowed = 3e-6 * np.abs(wanted) + 4e-7 * terms  # where terms cancel, their rounding is left
        exact = np.broadcast_to(np.asarray(exact), made.shape)
        same = (made == wanted) | (np.isnan(made) & np.isnan(wanted)) | (np.abs(made - wanted) <= allowed)
        same |= np.abs(made - exact) <= np.maximum(4e-7 * np.abs(exact), 1.5 * np.abs(wanted - exact))
    where = np.flatnonzero(~same)[:5]
    assert same.all(), f"{what}: {made[where]} not {wanted[where]} ({exact[where]}) of {[one[where] for one in given]}"


CASES = [(name, params) for name in sorted(EXPRESSIBLE) for params in PARAMS.get(name, [{}])]


@pytest.mark.parametrize(("name", "params"), CASES, ids=[f"{n}-{i}" for i, (n, _) in enumerate(CASES)])
def test_values_and_gradients_are_numpys(name: str, params: dict[str, Any]) -> None:
    op, count = registry[name], 203
    operands, made = traced(op, params)
    assert made is not None
    arrays = [samples(count, dtype, 7 * i + 1) for i, dtype in enumerate(dtypes_of(op))]
    wide = [a.astype(np.float64) if a.dtype == FLOAT else a for a in arrays]
    with np.errstate(all="ignore"):
        wanted, exact = tuple_of(op._run(np, *arrays, **params)), tuple_of(op._run(np, *wide, **params))
    results = computed(list(made), arrays, count)
    for got, want, true in zip(results, wanted, exact, strict=True):
        agree(got, want, true, arrays, name)
    if made[0].dtype != FLOAT or name in BY_SHAPE:
        return
    grad = node("input", (), FLOAT, len(arrays))
    above = samples(count, FLOAT, 50)
    above[~np.isfinite(above)] = 1
    for rule in [op.joint] if op.joint else op.rules:
        formulas = of_rule(op, rule, grad, (*operands, *made), params)
        assert formulas is not None, f"a rule of {name}"
        leaves = [node("input", (), one.dtype, i) for i, one in enumerate((*operands, grad, *made))]
        slots = (*leaves[: len(operands)], *leaves[len(operands) + 1 :])
        from_saved = of_rule(op, rule, leaves[len(operands)], slots, params)
        assert from_saved is not None
        with np.errstate(all="ignore"):
            wants = by_rule(op, rule, above, (*arrays, *wanted), params)
            trues = by_rule(op, rule, above.astype(np.float64), (*wide, *exact), params)
        for formula, want, true in zip(from_saved, wants, trues, strict=True):
            if formula is not None:
                got = computed([formula], [*arrays, above, *map(np.asarray, wanted)], count)[0]
                agree(got, want, true, [*arrays, above], f"the gradient of {name}")


NOT_IN_DOUBLE = set(
    "acos acosh asin asinh atan atan2 atanh cos cosh hypot pow sin sinc sinh spherical_bessel_j0 tan".split()
)


@pytest.mark.parametrize("name", sorted(EXPRESSIBLE - OF_INTEGERS))
def test_float64_is_numpys(name: str) -> None:
    op, params = registry[name], PARAMS.get(name, [{}])[0]
    dtypes = [np.dtype(np.float64) if dtype == FLOAT else dtype for dtype in dtypes_of(op)]
    made = of_op(op, inputs(*dtypes), params)
    assert (made is None) == (name in NOT_IN_DOUBLE)
    if made is None:
        return
    arrays = [
        samples(103, dtype, 7 * i + 1).astype(wide)
        for i, (dtype, wide) in enumerate(zip(dtypes_of(op), dtypes, strict=True))
    ]
    with np.errstate(all="ignore"):
        wanted = tuple_of(op._run(np, *arrays, **params))
    for got, want in zip(computed(list(made), arrays, 103), wanted, strict=True):
        if got.dtype.kind == "f":
            np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-14)
        else:
            np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", sorted(BY_SHAPE))
def test_losses_need_the_shape_for_their_gradients(name: str, reduction: str) -> None:
    op, shape, rng = registry[name], (20, 6), np.random.default_rng(0)
    params = {**PARAMS[name][0], "reduction": reduction}
    x, target = rng.standard_normal(shape).astype(np.float32), rng.random(shape).astype(np.float32)
    grad = np.float32(0.7) if reduction != "none" else rng.standard_normal(shape).astype(np.float32)
    leaves = list(inputs(FLOAT, FLOAT, FLOAT))
    slots = [leaves[1], leaves[2], *([None] * (len(op.operands) - 1))]
    saved = (x, target, *([None] * (len(op.operands) - 1)))
    for rule in op.rules:
        assert of_rule(op, rule, leaves[0], slots, params) is None
        made = of_rule(op, rule, leaves[0], slots, params, shape=shape)
        assert made is not None
        assert made[0] is not None
        out = np.empty(shape, np.float32)
        program = Program()
        pointwise(program, [(made[0], out)], [np.asarray(grad), x, target])
        program.run()
        np.testing.assert_allclose(out, by_rule(op, rule, grad, saved, params)[0], rtol=1e-5, atol=1e-7)


def tuple_of(result: Any) -> tuple[Any, ...]:
    return result if isinstance(result, tuple) else (result,)


def by_rule(op: Op, rule: Rule, grad: Any, saved: tuple[Any, ...], params: dict[str, Any]) -> tuple[Any, ...]:
    args = []
    for kind, value in rule.args:
        assert kind in (SLOT, PARAM, NEEDS)
        args.append(saved[value] if kind == SLOT else params[value] if kind == PARAM else (True,) * len(op.operands))
    return tuple_of(rule.fn(grad, *args))


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("sum", {"dim": (0,), "keepdim": False}), ("mean", {"dim": None, "keepdim": False}), ("softmax", {"dim": 0}),
        ("matmul", {}), ("gather", {"dim": 0}), ("dropout", {"p": 0.5, "shape": ()}), ("flip", {"dims": (0,)}),
        ("cumsum", {"dim": 0, "reverse": False}), ("transpose", {"dim0": 0, "dim1": 0}), ("tril", {"diagonal": 0}),
        ("amax", {"dim": (0,), "keepdim": True}), ("mse_loss", {"reduction": "mean"}), ("gcd", {}),
    ],
)  # fmt: skip
def test_what_is_more_than_elements_is_no_expression(name: str, params: dict[str, Any]) -> None:
    op = registry[name]
    assert of_op(op, inputs(*(INT if name == "gcd" else FLOAT for _ in op.operands)), params) is None
    example = np.ones((2, 2), np.int64 if name == "gcd" else np.float32)
    arrays = [example.astype(np.int64) * 0 if operand == "index" else example for operand in op.operands]
    params = {**params, "shape": (2, 2)} if "shape" in params else params
    assert op._run(np, *arrays, **params) is not None  # the parameters are those of the op


def test_numbers_that_may_change_do_not_become_constants() -> None:
    (x,) = inputs(FLOAT)
    bound = np.array(0.5, np.float32)
    assert of_op(registry["clamp"], [x], {"min": bound, "max": None}) is None
    assert of_op(registry["mul"], [x, bound], {}) is None  # type: ignore[list-item]
    clamp = registry["clamp"]
    assert of_rule(clamp, clamp.rules[0], x, (x, x), {"min": gradbook.tensor(0.5), "max": None}) is None
    assert of_op(clamp, [x], {"min": np.float32(0.5), "max": None}) is not None


def test_a_rule_that_asks_for_a_shape_is_no_expression() -> None:
    op = registry["sum"]
    (x,) = inputs(FLOAT)
    assert of_rule(op, op.rules[0], x, (x, x), {"dim": None, "keepdim": False}) is None
    clamp = registry["clamp"]
    one_sided = of_rule(clamp, clamp.rules[0], x, (x, x), {"min": 0.5})  # a parameter left out is None, as in the tape
    (other,) = of_rule(clamp, clamp.rules[0], x, (x, x), {"min": 0.5, "max": None}) or (None,)
    assert one_sided is not None
    assert one_sided[0] is other


@pytest.mark.parametrize("kind", [np.float64, np.int64, np.int32, bool, np.uint8])
@pytest.mark.parametrize("name", "add mul where relu neg maximum gt logical_and square sub".split())
def test_other_dtypes_are_numpys_or_refused(name: str, kind: Any) -> None:
    op = registry[name]
    dtypes = [BOOL if operand == "condition" else np.dtype(kind) for operand in op.operands]
    made = of_op(op, inputs(*dtypes), {})
    rng = np.random.default_rng(5)
    arrays = [rng.integers(0, 100, 77).astype(dtype) for dtype in dtypes]
    try:
        wanted = op._run(np, *arrays)
    except (TypeError, RuntimeError, NotImplementedError):
        assert made is None
        return
    assert made is not None
    assert made[0].dtype == wanted.dtype
    np.testing.assert_array_equal(computed(list(made), arrays, 77)[0], wanted)
