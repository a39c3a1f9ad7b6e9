"""Layer norm, RMS norm, group norm and column sums against float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels.columns import blocks_of, column_sum
from gradbook.kernels.host import unavailable
from gradbook.kernels.program import Program, Unsupported
from gradbook.kernels.row_norm import group_norm, layer_norm, rms_norm
from gradbook.kernels.row_norm_grad import group_norm_grad, layer_norm_grad, rms_norm_grad
from gradbook.kernels.rows import NOW
from tests.engine.kernels.guarded import guarded, read_only

if unavailable():
    pytest.skip(unavailable(), allow_module_level=True)

EPS = 1e-5
SHAPES = [(1, 1), (3, 2), (5, 10), (9, 16), (2, 17), (70, 65), (333, 128), (3, 1000), (1, 5000)]


def exact(x: Any, grad: Any, weight: Any, bias: Any, centered: bool = True) -> dict[str, Any]:
    """Everything about a norm of rows (m, d), in float64."""
    x, g = x.astype(np.float64), grad.astype(np.float64)
    mean = x.mean(1, keepdims=True) * centered
    invstd = 1 / np.sqrt(((x - mean) ** 2).mean(1, keepdims=True) + EPS)
    hat, gw = (x - mean) * invstd, g * (1 if weight is None else weight)
    along = (gw * hat).mean(1, keepdims=True)
    dx = invstd * (gw - centered * gw.mean(1, keepdims=True) - hat * along)
    y = hat * (1 if weight is None else weight) + (0 if bias is None else bias)
    return dict(y=y, mean=mean[:, 0], invstd=invstd[:, 0], hat=hat, dx=dx, dw=(g * hat).sum(0), db=g.sum(0))


def close(found: Any, wanted: Any, scale: float = 1.0) -> None:
    """Equal up to float32 rounding of sums."""
    np.testing.assert_allclose(found, wanted.reshape(found.shape), rtol=2e-5, atol=2e-6 * scale)


def blank(*shape: int) -> Any:
    """A guarded array of NaN."""
    return guarded(np.full(shape, np.nan), np.float32)


def drawn(*shape: int, seed: int = 0) -> Any:
    """A guarded array that may not be written."""
    return read_only(np.random.default_rng(seed).standard_normal(shape), np.float32)


@pytest.mark.parametrize("keep", ["hat", "mean"])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize(("m", "d"), SHAPES)
def test_layer_norm(m: int, d: int, affine: bool, keep: str) -> None:
    x, grad = read_only(3 * drawn(m, d) + 1), drawn(m, d, seed=1)
    weight, bias = (drawn(d, seed=2), drawn(d, seed=3)) if affine else (None, None)
    wanted = exact(x, grad, weight, bias)
    kept = {"hat": blank(m, d)} if keep == "hat" else {"mean": blank(m)}
    y, invstd, dx, dw, db = blank(m, d), blank(m), blank(m, d), blank(d), blank(d)
    layer_norm(NOW, y, x, weight=weight, bias=bias, eps=EPS, invstd=invstd, **kept)
    close(y, wanted["y"], 3)
    close(kept[keep], wanted[keep], 3)
    np.testing.assert_allclose(invstd, wanted["invstd"], rtol=2e-6)
    layer_norm_grad(NOW, grad, invstd, x=x, weight=weight, dx=dx, dw=dw, db=db, **kept)
    scale = float(wanted["invstd"].max())
    close(dx, wanted["dx"], 3 * scale)
    close(dw, wanted["dw"], m**0.5 * 3)
    close(db, wanted["db"], m**0.5 * 3)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize(("m", "d"), SHAPES)
def test_rms_norm(m: int, d: int, affine: bool) -> None:
    x, grad, weight = read_only(3 * drawn(m, d) + 1), drawn(m, d, seed=1), drawn(d, seed=2) if affine else None
    wanted = exact(x, grad, weight, None, centered=False)
    y, invrms, dx, dw = blank(m, d), blank(m), blank(m, d), blank(d)
    rms_norm(NOW, y, x, weight=weight, eps=EPS, invrms=invrms)
    close(y, wanted["y"], 3)
    np.testing.assert_allclose(invrms, wanted["invstd"], rtol=2e-6)
    rms_norm_grad(NOW, grad, x, invrms, weight=weight, dx=dx, dw=dw)
    close(dx, wanted["dx"], 3 * float(wanted["invstd"].max()))
    close(dw, wanted["dw"], m**0.5 * 3)


@pytest.mark.parametrize("keep", ["hat", "mean"])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize(
    ("shape", "groups"), [((2, 6, 5, 5), 3), ((3, 4), 2), ((1, 8, 70), 8), ((2, 5, 3), 1), ((4, 2, 1, 1), 1)]
)
def test_group_norm(shape: tuple[int, ...], groups: int, affine: bool, keep: str) -> None:
    n, c = shape[:2]
    x, grad = read_only(3 * drawn(*shape) + 1), drawn(*shape, seed=1)
    weight, bias = (drawn(c, seed=2), drawn(c, seed=3)) if affine else (None, None)
    stretch = int(np.prod(shape[2:]))
    along = [None if v is None else np.tile(np.repeat(v, stretch), n).reshape(n * groups, -1) for v in (weight, bias)]
    rows = (n * groups, c // groups * stretch)
    wanted = exact(x.reshape(rows), grad.reshape(rows), *along)
    kept = {"hat": blank(*rows)} if keep == "hat" else {"mean": blank(rows[0])}
    y, invstd, dx, dw, db = blank(*shape), blank(rows[0]), blank(*shape), blank(c), blank(c)
    group_norm(NOW, y, x, groups, weight=weight, bias=bias, eps=EPS, invstd=invstd, **kept)
    close(y, wanted["y"], 3)
    group_norm_grad(NOW, grad, groups, invstd, x=x, weight=weight, dx=dx, dw=dw, db=db, **kept)
    close(dx, wanted["dx"], 3 * float(wanted["invstd"].max()))
    dots = grad.reshape(rows) * wanted["hat"]
    close(dw, dots.reshape(n, c, stretch).sum((0, 2)), 10)
    close(db, grad.astype(np.float64).reshape(n, c, stretch).sum((0, 2)), 10)


def test_rows_may_be_strided_and_results_may_take_an_operands_place() -> None:
    field = np.random.default_rng(0).standard_normal((20, 50)).astype(np.float32)
    x, weight = field[::2, 3:40], np.ones(37, np.float32)
    wanted, before = exact(x, x, weight, None), field.copy()
    hat, invstd, dx = blank(10, 37), blank(10), blank(10, 37)
    layer_norm(NOW, x, x, weight=weight, hat=hat, invstd=invstd)
    close(x, wanted["y"], 3)
    before[::2, 3:40] = x
    np.testing.assert_array_equal(field, before)
    grad = before[::2, 3:40].copy()
    wanted = exact(hat, grad, weight, None)
    layer_norm_grad(NOW, grad, np.ones(10, np.float32), hat=hat, weight=weight, dx=dx)
    layer_norm_grad(NOW, grad, np.ones(10, np.float32), hat=hat, weight=weight, dx=grad)
    np.testing.assert_array_equal(dx, grad)


def test_wanted_gradients_alone_are_computed() -> None:
    x, grad, invstd, hat = drawn(40, 21), drawn(40, 21, seed=1), blank(40), blank(40, 21)
    layer_norm(NOW, blank(40, 21), x, hat=hat, invstd=invstd)
    wanted = exact(x, grad, None, None)
    for name, shape in (("dx", (40, 21)), ("dw", (21,)), ("db", (21,))):
        out = blank(*shape)
        layer_norm_grad(NOW, grad, invstd, hat=hat, **{name: out})
        close(out, wanted[name], 20)


def test_a_row_of_equal_numbers_and_wild_ones() -> None:
    x = np.full((5, 20), 7, np.float32)
    x[1, 3], x[2, 0], x[3] = np.nan, np.inf, 1e-42
    y = np.zeros_like(x)
    layer_norm(NOW, y, x)
    assert not y[[0, 3, 4]].any()
    assert np.isnan(y[1]).all()
    assert np.isnan(y[2, 0])
    with pytest.raises(Unsupported, match="float64"):
        layer_norm(NOW, y, x.astype(np.float64))
    with pytest.raises(Unsupported, match="weight"):
        layer_norm(NOW, y, x, weight=np.ones(19, np.float32))
    with pytest.raises(Unsupported, match="groups divide"):
        group_norm(NOW, y, x, 3)


@pytest.mark.parametrize(
    "shape", [(1, 1), (3, 7), (1000, 65), (65, 1000), (5000, 3), (2, 3, 40), (7,), (0, 4), (200, 129)]
)
def test_column_sum(shape: tuple[int, ...]) -> None:
    x, out = drawn(*shape), blank(shape[-1])
    column_sum(NOW, out, x)
    np.testing.assert_allclose(out, x.astype(np.float64).reshape(-1, shape[-1]).sum(0), rtol=1e-5, atol=1e-4)


def test_sums_do_not_depend_on_how_units_are_shared() -> None:
    x, out, parts = drawn(3000, 40), blank(40), Program()
    assert blocks_of(3000, 40) > 8
    column_sum(NOW, out, x)
    again = blank(40)
    column_sum(parts, again, x)
    parts.run()
    np.testing.assert_array_equal(out, again)
