"""The grammar of breakpoints: what is meant is read, what is not is refused with the valid ones named."""

from __future__ import annotations

import re

import pytest

from gradbook.observe.conditions import matches, parse


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("nan", ["nan"]),
        ("NaN inf", ["nan", "inf"]),
        ("nan, inf", ["nan", "inf"]),
        ("grad>1e3", ["grad"]),
        ("grad <= 1e-9 fc1", ["grad", "path"]),
        ("encoder.0.weight", ["path"]),
        ("0", ["path"]),
        ("nan_loss", ["path"]),
        ("shape!=(32, *, ...) op:log", ["shape", "op"]),
        ("op:log in encoder.0 nan in h", ["op", "nan"]),
    ],
)
def test_lines_are_read(line: str, kinds: list[str]) -> None:
    assert [condition.kind for condition in parse(line)] == kinds


def test_the_parts_of_a_condition() -> None:
    (found,) = parse("grad >= 2.5e2 in encoder.0")
    assert (found.kind, found.compare, found.limit, found.inside) == ("grad", ">=", 250.0, "encoder.0")
    assert found.exceeds(250)
    assert not found.exceeds(249)
    assert not found.exceeds(float("nan"))
    assert found.text == "grad >= 2.5e2 in encoder.0"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "say where to stop: nan, inf, grad>1e3"),
        ("grda>3", "did you mean grad"),
        ("grad>many", "'many' in 'grad>many' is not a number"),
        ("grad>nan", "'grad>nan' is never true"),
        ("grad>inf", "'grad>inf' is never true"),
        ("grad<0", "'grad<0' is never true"),
        ("op:lgo", "did you mean log"),
        ("shape!=(a)", "'a' in a shape"),
        ("shape!=(..., ...)", "one ... at most"),
        ("__import__('os')", "is not a condition"),
        ("x[0]", "is not a condition"),
        ("lambda: 0", "is not a condition"),
        ("nan in", "'in' is not a condition"),
    ],
)
def test_what_is_not_known_is_refused(line: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        parse(line)


@pytest.mark.parametrize(
    ("pattern", "shape", "fits"),
    [
        ((32, 10), (32, 10), True),
        ((32, 10), (10, 32), False),
        ((32, None), (32, 7), True),
        ((32, ...), (32,), True),
        ((32, ...), (32, 1, 2), True),
        ((..., 10), (4, 5, 10), True),
        ((2, ..., 3), (2,), False),
        ((), (), True),
        ((), (1,), False),
    ],
)
def test_patterns_of_shapes(pattern: tuple[object, ...], shape: tuple[int, ...], fits: bool) -> None:
    assert matches(pattern, shape) is fits


def test_a_gradient_may_be_as_large_as_infinity() -> None:
    (found,) = parse("grad>=inf")
    assert found.exceeds(float("inf"))
    assert not found.exceeds(1e30)


def test_a_shape_condition_stops_at_what_differs_or_at_what_fits() -> None:
    different, same = parse("shape!=(32,*) shape==(32,*)")
    assert different.fits((1,))
    assert not different.fits((32, 5))
    assert same.fits((32, 5))
