"""Element-wise ops against PyTorch: values, dtypes, gradients, second gradients, in-place forms, exceptions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook.autograd import gradcheck, gradgradcheck
from gradbook.nn import functional as activation
from tests.parity_tools import compare, draw, integers, same_error, torch

ANY, POSITIVE, UNIT, ABOVE_ONE = (-2.0, 2.0), (0.1, 3.0), (-0.9, 0.9), (1.1, 3.0)

UNARY = {
    **dict.fromkeys(
        "neg abs square sign sgn positive exp exp2 expm1 sin cos tan atan sinh cosh tanh asinh sigmoid erf erfc floor "
        "ceil trunc frac round deg2rad rad2deg sinc relu logical_not isnan isinf isfinite isposinf isneginf signbit "
        "nan_to_num negative absolute fix arctan arcsinh".split(),
        ANY,
    ),
    **dict.fromkeys("log log2 log10 sqrt rsqrt reciprocal lgamma digamma".split(), POSITIVE),
    **dict.fromkeys("asin acos atanh erfinv log1p".split(), UNIT),
    "acosh": ABOVE_ONE,
    "logit": (0.1, 0.9),
}
BINARY = (
    "add sub mul div maximum minimum fmax fmin atan2 hypot logaddexp logaddexp2 copysign remainder fmod eq ne lt le gt "
    "ge logical_and logical_or logical_xor floor_divide true_divide multiply subtract xlogy"
).split()
ACTIVATIONS: dict[str, list[tuple[Any, ...]]] = {
    "relu6": [()],
    "leaky_relu": [(), (0.3,), (2.0,)],
    "elu": [(), (0.5,)],
    "selu": [()],
    "celu": [(), (2.0,)],
    "gelu": [()],
    "silu": [()],
    "mish": [()],
    "softplus": [(), (3.0, 1.0)],
    "softsign": [()],
    "hardtanh": [(), (-0.5, 1.5)],
    "hardsigmoid": [()],
    "hardswish": [()],
    "logsigmoid": [()],
    "tanhshrink": [()],
    "softshrink": [(), (0.2,)],
    "hardshrink": [(), (0.2,)],
    "threshold": [(0.1, 7.0)],
    "relu": [()],
}
WHOLE_DTYPES = ("int64", "int32", "uint8", "bool")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", UNARY)
def test_unary(name: str, dtype: str) -> None:
    low, high = UNARY[name]
    x = draw(3, 4, low=low, high=high, dtype=dtype)
    compare(lambda lib, x: getattr(lib, name)(x), x, second=True, grad_rtol=1e-4 if dtype == "float32" else 1e-8)
    if name == "digamma":
        return  # PyTorch's own derivative of it is good to 1e-9
    if hasattr(torch.Tensor, name):
        compare(lambda lib, x: getattr(x, name)(), x)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", *WHOLE_DTYPES])
@pytest.mark.parametrize(
    "name",
    [
        "neg",
        "abs",
        "square",
        "sign",
        "exp",
        "log",
        "sqrt",
        "sin",
        "tanh",
        "sigmoid",
        "erf",
        "floor",
        "round",
        "relu",
        "isnan",
        "logical_not",
        "rsqrt",
        "reciprocal",
    ],
)
def test_unary_in_other_dtypes(name: str, dtype: str) -> None:
    x = draw(2, 3, low=0.5, high=3.0) if dtype == "float16" else integers(2, 3, low=0, high=4, dtype="int64") + 1
    values = [x.astype("f4") if dtype in ("float16", "bfloat16") else x]

    def call(lib: Any, x: Any) -> Any:
        return getattr(lib, name)(x.detach().to(getattr(lib, dtype)))

    try:
        call(torch, torch.tensor(values[0]))
    except (RuntimeError, NotImplementedError):
        same_error(call, *values)
    else:
        compare(call, *values, rtol=2e-2 if dtype == "bfloat16" else None)


NO_HISTORY_IN_PLACE = (
    "asinh",
    "acosh",
    "atanh",
    "arcsinh",
    "logical_not",
)  # there PyTorch cannot go back through these


@pytest.mark.parametrize("name", [n for n in UNARY if hasattr(torch.Tensor, n + "_") and n not in NO_HISTORY_IN_PLACE])
def test_unary_in_place(name: str) -> None:
    low, high = UNARY[name]

    def change(lib: Any, x: Any) -> Any:
        y = x * 1.0
        result = getattr(y, name + "_")()
        assert result is y
        return y

    compare(change, draw(3, 4, low=low, high=high), grad_rtol=1e-4)


@pytest.mark.parametrize("shapes", [((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (1, 4)), ((), (2, 3)), ((2, 3), ())])
@pytest.mark.parametrize("name", BINARY)
def test_binary(name: str, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    a, b = draw(*shapes[0], seed=1), draw(*shapes[1], seed=2)
    if name == "xlogy":
        b = abs(b) + 0.1
    grad = (
        name != "floor_divide"
    )  # PyTorch refuses to derive it; here it is flat, as div(rounding_mode="floor") is there
    compare(lambda lib, a, b: getattr(lib, name)(a, b), a, b, grad=grad, second=name != "copysign", grad_rtol=1e-4)


@pytest.mark.parametrize(
    "name", ["add", "sub", "mul", "maximum", "eq", "lt", "div", "floor_divide", "remainder", "pow", "logical_and"]
)
def test_promotion_of_every_pair_of_dtypes(name: str) -> None:
    kinds = ("float32", "float64", "int64", "int32", "uint8", "bool")
    for first in kinds:
        for second in kinds:
            a, b = (integers(3, low=1, high=4, seed=s).astype(k) for s, k in ((1, first), (2, second)))

            def call(lib: Any, a: Any, b: Any) -> Any:
                return getattr(lib, name)(a, b)

            try:
                call(torch, torch.tensor(a), torch.tensor(b))
            except RuntimeError:
                same_error(call, a, b)
            else:
                compare(call, a, b, grad=False)


@pytest.mark.parametrize("number", [2, 2.5, -3, True, 0.5])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8", "bool"])
def test_operators_with_numbers(dtype: str, number: Any) -> None:
    x = integers(4, low=1, high=5).astype(dtype)
    operators = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "/": lambda a, b: a / b,
        "//": lambda a, b: a // b,
        "%": lambda a, b: a % b,
        "**": lambda a, b: a**b,
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
        "==": lambda a, b: a == b,
        "!=": lambda a, b: a != b,
    }
    for sign, operate in operators.items():
        for swapped in (False, True):
            if dtype == "uint8" and number == -3:
                continue  # wraps around in one library's C and not in the other's

            def call(lib: Any, x: Any, operate: Any = operate, swapped: bool = swapped) -> Any:
                return operate(number, x) if swapped else operate(x, number)

            try:
                call(torch, torch.tensor(x))
            except Exception:
                same_error(call, x)
                continue
            try:
                compare(call, x, grad=sign not in ("//", "%") and number is not True)
            except AssertionError as error:
                raise AssertionError(f"{sign}, swapped={swapped}") from error


@pytest.mark.parametrize("sign", ["and", "or", "xor", "lshift", "rshift"])
@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool", "float32"])
def test_bits(sign: str, dtype: str) -> None:
    a, b = integers(5, low=0, high=4, seed=1).astype(dtype), integers(5, low=0, high=4, seed=2).astype(dtype)

    def call(lib: Any, a: Any, b: Any) -> Any:
        return getattr(a, f"__{sign}__")(b)

    if dtype == "float32" or (dtype == "bool" and "shift" in sign):
        same_error(call, a, b)
    else:
        compare(call, a, b)
    if dtype in ("int64", "bool"):
        compare(lambda lib, a: ~a, a)


def test_in_place_arithmetic_keeps_memory_and_history() -> None:
    def change(lib: Any, x: Any, w: Any) -> Any:
        y = x * 1.0
        y += w
        y *= 2
        y -= 1
        y /= w
        y.add_(w, alpha=0.5).sub_(w, alpha=2).mul_(w).div_(3)
        y.pow_(2).addcmul_(x, w, value=0.5).addcdiv_(x, w, value=2).lerp_(w, 0.3).clamp_(-5, 5)
        return y

    compare(change, draw(3, 4), draw(3, 4, low=0.5, seed=3), second=True, grad_rtol=1e-4)
    with_no_graph = gradbook.ones(3)
    memory = with_no_graph.data_ptr()
    with_no_graph.add_(1).addcmul_(with_no_graph, with_no_graph).lerp_(with_no_graph * 2, 0.5).div_(2)
    assert with_no_graph.data_ptr() == memory
    assert with_no_graph.tolist() == [4.5, 4.5, 4.5]


def test_in_place_refuses_what_pytorch_refuses() -> None:
    same_error(lambda lib, x: lib.ones(3, requires_grad=True).add_(1), draw(1))
    same_error(lambda lib, x: lib.ones(3, dtype=lib.int64).mul_(0.5), draw(1))
    same_error(lambda lib, x: lib.ones(3).add_(lib.ones(2, 3)), draw(1))
    same_error(lambda lib, x: lib.ones(3, dtype=lib.int64).div_(2), draw(1))


@pytest.mark.parametrize("mode", [None, "trunc", "floor"])
@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_rounded_division(mode: str | None, dtype: str) -> None:
    a, b = (
        (draw(9, low=-9, high=9), draw(9, seed=1)) if dtype == "float32" else (integers(9), integers(9, seed=1) * 2 + 1)
    )
    compare(lambda lib, a, b: lib.div(a, b, rounding_mode=mode), a, b)
    same_error(lambda lib, a: lib.div(a, a, rounding_mode="up"), a)


def test_whole_division_by_zero_raises() -> None:
    for name in ("floor_divide", "remainder", "fmod"):
        same_error(lambda lib, a, name=name: getattr(lib, name)(a, 0), integers(3))


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 0.5, -1, -2, 2.5, -0.5])
def test_power(exponent: Any) -> None:
    for dtype in ("float32", "float64"):
        compare(lambda lib, x: x**exponent, draw(5, low=0.5, dtype=dtype), second=True, grad_rtol=1e-4)
    compare(lambda lib, x: lib.pow(input=x, exponent=exponent), draw(5, low=0.5))
    compare(lambda lib, x: lib.pow(2.0, x) + lib.float_power(x, 2).float(), draw(5, low=0.5), grad_rtol=1e-4)


def test_complex_power_of_integers() -> None:
    compare(lambda lib, x: lib.pow(x, 1 + 0.5j), np.arange(1, 6), grad=False)


def test_power_of_tensors_at_the_edges() -> None:
    a, b = np.array([0.0, 0.0, 2.0, 3.0], "f4"), np.array([0.0, 2.0, 0.0, 1.5], "f4")
    compare(lambda lib, a, b: a**b, a, b)
    same_error(lambda lib, x: x**-1, integers(3))
    compare(lambda lib, a, b: a**b, np.array([2, -1, 1, 3]), np.array([-1, -3, -2, 2]))


@pytest.mark.parametrize("limits", [(-0.5, 0.5), (None, 0.5), (-0.5, None), (0.5, -0.5), (-1, 1)])
def test_clamp(limits: Any) -> None:
    low, high = limits
    compare(lambda lib, x: lib.clamp(x, low, high), draw(20), second=True)
    compare(lambda lib, x: x.clip(min=low, max=high), integers(20))
    bounds = [np.full(20, v, "f4") if v is not None else None for v in (low, high)]
    compare(lambda lib, x, low, high: lib.clamp(x, min=low, max=high), draw(20), *bounds)
    same_error(lambda lib, x: lib.clamp(x), draw(3))


def test_ties_share_the_gradient() -> None:
    a, b = np.array([1.0, 2.0, 3.0], "f4"), np.array([1.0, 3.0, 2.0], "f4")
    for name in ("maximum", "minimum", "fmax", "fmin"):
        compare(lambda lib, a, b, name=name: getattr(lib, name)(a, b), a, b)


def test_where() -> None:
    mask = draw(3, 4) > 0
    compare(lambda lib, m, a, b: lib.where(m, a, b), mask, draw(3, 4, seed=1), draw(4, seed=2), second=True)
    compare(lambda lib, m, a: lib.where(m, a, 0.0) + a.where(m, lib.zeros(1)), mask, draw(3, 4))
    compare(lambda lib, m, a: lib.where(m, a, 1.5), mask, integers(3, 4))
    compare(lambda lib, m: lib.where(m, 1, 0.5), mask)
    compare(lambda lib, m: lib.where(m), mask)
    same_error(lambda lib, a: lib.where(a, a, a), draw(3))


def test_where_stops_what_is_not_finite() -> None:
    x = np.array([-1.0, 0.0, 4.0], "f4")
    y = gradbook.tensor(x, requires_grad=True)
    gradbook.where(y > 0, y * 2, y.detach() / 0).sum().backward()
    assert y.grad.tolist() == [0.0, 0.0, 2.0]


def test_of_three() -> None:
    a, b, c = draw(3, 4), draw(4, seed=1), draw(3, 1, low=0.5, seed=2)
    compare(lambda lib, a, b, c: lib.addcmul(a, b, c, value=0.3), a, b, c, second=True)
    compare(lambda lib, a, b, c: lib.addcdiv(a, b, c, value=0.3), a, b, c, second=True, grad_rtol=1e-4)
    compare(lambda lib, a, b, c: lib.lerp(a, b, c), a, b, c, second=True)
    compare(lambda lib, a, b: lib.lerp(a, b, 0.7), a, b)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str, dtype: str) -> None:
    x = np.concatenate([draw(40, low=-5, high=5, dtype=dtype), np.array([20.5, 30.0], dtype)])

    def call(lib: Any, x: Any, args: Any) -> Any:
        return (getattr(activation, name) if lib is gradbook else getattr(torch.nn.functional, name))(x, *args)

    for args in ACTIVATIONS[name]:
        compare(
            lambda lib, x, args=args: call(lib, x, args),
            x,
            second=name != "hardsigmoid",
            grad_rtol=2e-4 if dtype == "float32" else 1e-7,
        )
        compare(
            lambda lib, x, args=args: call(lib, x, args),
            np.array([0.0, -3.0, 3.0, 6.0, -1.0, 1.0, 0.5, -0.5], dtype),
            grad_rtol=1e-7 if name == "hardsigmoid" else None,
        )  # PyTorch's 1/6 is a float32


def test_gelu_with_tanh_prelu_and_glu() -> None:
    def call(lib: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        return (getattr(activation, name) if lib is gradbook else getattr(torch.nn.functional, name))(*args, **kwargs)

    compare(lambda lib, x: call(lib, "gelu", x, approximate="tanh"), draw(3, 7), second=True, grad_rtol=2e-4)
    compare(lambda lib, x, w: call(lib, "prelu", x, w), draw(2, 3, 4), draw(3, seed=1), second=True)
    compare(lambda lib, x, w: call(lib, "prelu", x, w), draw(2, 3), draw(1, seed=1), second=True)
    compare(lambda lib, x: call(lib, "glu", x, dim=1), draw(2, 6, 3), second=True)
    same_error(lambda lib, x: call(lib, "glu", x), draw(3))
    same_error(lambda lib, x, w: call(lib, "prelu", x, w), draw(2, 3), draw(2))
    same_error(lambda lib, x: call(lib, "gelu", x, approximate="best"), draw(3))


def test_inplace_activations_change_the_tensor() -> None:
    for name in ("relu", "leaky_relu", "elu", "selu", "celu", "hardtanh", "silu", "hardswish", "mish", "relu6"):
        x = gradbook.tensor(draw(5))
        before = x.clone()
        assert getattr(activation, name)(x, inplace=True) is x
        np.testing.assert_array_equal(x.numpy(), getattr(activation, name)(before).numpy())


SMOOTH = [
    "exp",
    "log",
    "sqrt",
    "rsqrt",
    "sin",
    "cos",
    "tan",
    "tanh",
    "sigmoid",
    "erf",
    "lgamma",
    "atan",
    "sinc",
    "expm1",
    "reciprocal",
]


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients_by_differences(name: str) -> None:
    x = gradbook.tensor(draw(4, low=0.5, high=1.4, dtype="float64"), requires_grad=True)
    assert gradcheck(getattr(gradbook, name), (x,))
    assert gradgradcheck(getattr(gradbook, name), (x,))


@pytest.mark.parametrize("name", [n for n in ACTIVATIONS if n != "threshold"])
def test_gradients_of_activations_by_differences(name: str) -> None:
    x = gradbook.tensor(draw(6, low=-2.7, high=2.7, seed=4, dtype="float64") + 0.01, requires_grad=True)
    assert gradcheck(getattr(activation, name), (x,))
    assert gradgradcheck(getattr(activation, name), (x,))


@pytest.mark.parametrize(
    "name", ["add", "sub", "mul", "div", "pow", "atan2", "hypot", "maximum", "logaddexp", "remainder"]
)
def test_gradients_of_two_by_differences(name: str) -> None:
    a = gradbook.tensor(draw(3, 2, low=1.1, high=2.0, dtype="float64"), requires_grad=True)
    b = gradbook.tensor(draw(2, low=2.1, high=3.0, seed=2, dtype="float64"), requires_grad=True)
    assert gradcheck(getattr(gradbook, name), (a, b))
    assert gradgradcheck(getattr(gradbook, name), (a, b))


def test_closeness() -> None:
    a = np.array([1.0, 2.0, np.nan, np.inf], "f4")
    b = np.array([1.0, 2.0001, np.nan, np.inf], "f4")
    for kwargs in ({}, {"rtol": 1e-3}, {"equal_nan": True}):
        compare(lambda lib, a, b, kwargs=kwargs: (lib.isclose(a, b, **kwargs), lib.allclose(a, b, **kwargs)), a, b)
    compare(lambda lib, a, b: (lib.equal(a, b), lib.equal(a, a.clone()), lib.equal(a[:2], a[:2])), a, b)
    same_error(lambda lib, a, b: lib.isclose(a, b), a, b.astype("f8"))


def test_out_receives_the_result() -> None:
    for name in ("add", "mul", "div", "maximum", "pow"):
        compare(
            lambda lib, a, b, name=name: getattr(lib, name)(a, b, out=lib.empty(0)),
            draw(3),
            draw(3, low=0.5),
            grad=False,
        )
    same_error(lambda lib, a: lib.add(a, a, out=lib.empty(3, dtype=lib.int64)), draw(3))
    same_error(lambda lib, a: lib.exp(a.requires_grad_(), out=lib.empty(3)), draw(3))


def test_errors_name_what_was_wrong() -> None:
    error = same_error(lambda lib, a, b: a + b, draw(3, 4), draw(3))
    assert "(3, 4)" in str(error)
    assert "dimension 1" in str(error)
    same_error(lambda lib, a: lib.exp(2.0), draw(1))
    same_error(lambda lib, a: lib.eq(2.0, a), draw(1))
    compare(lambda lib, a: lib.add(2.0, a) * lib.div(1.0, a), draw(3, low=1.0))
    same_error(lambda lib, a: a + "x", draw(1))
    same_error(lambda lib, a: a - a, draw(2) > 0)
    same_error(lambda lib, a: -a, draw(2) > 0)
    compare(lambda lib, a: (a == None, a != "x"), draw(2))  # noqa: E711


def test_no_scipy_is_needed_for_special_functions() -> None:
    x = np.linspace(-5, 5, 2001)
    for name in ("erf", "erfc", "digamma", "lgamma"):
        compare(lambda lib, x, name=name: getattr(lib, name)(x), x[x > -4.9] + 0.003, grad=False, rtol=2e-12)
    compare(lambda lib, x: lib.erfinv(x), np.linspace(-0.999999, 0.999999, 2001), grad=False, rtol=1e-13)
    compare(lambda lib, x: lib.erf(x), np.array([np.inf, -np.inf, np.nan]), grad=False)
    compare(lambda lib, x: lib.polygamma(2, x), draw(9, low=0.3, high=9, dtype="float64"), grad=False, rtol=1e-9)


def test_complex_parts() -> None:
    z = (draw(3, 2) + 1j * draw(3, 2, seed=1)).astype("c8")
    for fn in (
        lambda lib, z: z * z.conj(),
        lambda lib, z: z.abs(),
        lambda lib, z: lib.exp(z) / z,
        lambda lib, z: z.real + z.imag,
        lambda lib, z: lib.angle(z),
        lambda lib, z: lib.view_as_real(z),
        lambda lib, z: lib.sqrt(z) + z**3,
    ):
        compare(fn, z, grad_rtol=1e-4)
    compare(lambda lib, a, b: lib.complex(a, b) * 2, draw(4), draw(4, seed=1))
    compare(lambda lib, a, b: lib.polar(a, b), draw(4, low=0.5), draw(4, seed=1))
    compare(lambda lib, a: lib.view_as_complex(a) * 1j, draw(4, 2))
