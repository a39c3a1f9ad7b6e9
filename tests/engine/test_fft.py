"""gradbook.fft: as torch.fft in value, dtype and gradients of two orders, for every norm, length and axis."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradbook
from gradbook.autograd import gradcheck, gradgradcheck
from tests.parity_tools import compare, draw, integers, same_error

torch = pytest.importorskip("torch")
ONE = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]
REAL = {"rfft", "ihfft", "rfftn", "ihfftn", "rfft2", "ihfft2"}


def signal(name: str, *shape: int, dtype: str = "float64") -> np.ndarray:
    x = draw(*shape, dtype=dtype)
    if name in REAL:
        return x
    return x + 1j * draw(*shape, seed=1, dtype=dtype)


@pytest.mark.parametrize("norm", [None, "backward", "ortho", "forward"])
@pytest.mark.parametrize("name", ONE)
def test_one_axis(name, norm):
    for n in (None, 4, 7, 10, 3):
        compare(lambda lib, x, n=n: getattr(lib.fft, name)(x, n, 0, norm), signal(name, 7, 3), second=True, rtol=1e-9)


@pytest.mark.parametrize("name", [*[f"{one}n" for one in ONE], *[f"{one}2" for one in ONE]])
def test_several_axes(name):
    cases = [{}, {"s": (4, 5)}, {"norm": "ortho"}, {"dim": (0, 2), "norm": "forward"}, {"s": (3, -1), "dim": (1, 0)}]
    for options in cases:
        compare(lambda lib, x, o=options: getattr(lib.fft, name)(x, **o), signal(name, 3, 4, 5), second=True, rtol=1e-9)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_transform(data):
    name = data.draw(st.sampled_from([f"{one}n" for one in ONE]))
    shape = data.draw(st.lists(st.integers(2, 6), min_size=1, max_size=3))
    dims = data.draw(st.lists(st.integers(-len(shape), len(shape) - 1), min_size=1, unique_by=lambda d: d % len(shape)))
    s = data.draw(st.none() | st.lists(st.integers(1, 8), min_size=len(dims), max_size=len(dims)))
    norm = data.draw(st.sampled_from([None, "ortho", "forward"]))
    compare(lambda lib, x: getattr(lib.fft, name)(x, s, dims, norm), signal(name, *shape), rtol=1e-9)


@pytest.mark.parametrize("name", ONE)
def test_single_precision_stays_single(name):
    compare(lambda lib, x: getattr(lib.fft, name)(x), signal(name, 3, 8, dtype="float32").astype(
        "float32" if name in REAL else "complex64"
    ))  # fmt: skip
    compare(lambda lib, x: getattr(lib.fft, name)(x), integers(3, 8))
    compare(lambda lib, x: getattr(lib.fft, name)(x), integers(3, 8) > 0)


@pytest.mark.parametrize("name", ONE)
def test_gradients_are_the_numeric_ones(name):
    def real(x):  # (2, 5, 2): a real pair for each complex number
        y = getattr(gradbook.fft, name)(x[..., 0] if name in REAL else gradbook.view_as_complex(x), 6)
        return gradbook.view_as_real(y) if y.is_complex() else y

    x = gradbook.tensor(draw(2, 5, 2, dtype="float64")).requires_grad_(True)
    assert gradcheck(real, (x,))
    assert gradgradcheck(real, (x,))


def test_half_spectra_weigh_twice_what_stands_for_two():
    half = gradbook.zeros(5, dtype=gradbook.complex128, requires_grad=True)
    gradbook.fft.irfft(half, 8, norm="forward").sum().backward()
    assert np.allclose(np.asarray(half.grad), [8, 0, 0, 0, 0])
    half.grad = None
    gradbook.fft.irfft(half, 8, norm="forward")[0].backward()
    assert np.allclose(np.asarray(half.grad), [1, 2, 2, 2, 1])


FREQUENCIES = [(0,), (1,), (5,), (6,), (7, 0.5), (4, -2.0)]


@pytest.mark.parametrize("arguments", FREQUENCIES)
def test_frequencies(arguments):
    compare(lambda lib: lib.fft.fftfreq(*arguments))
    compare(lambda lib: lib.fft.rfftfreq(*arguments))
    compare(lambda lib: lib.fft.fftfreq(*arguments, dtype=lib.float64))
    compare(lambda lib: lib.fft.rfftfreq(*arguments, requires_grad=True).requires_grad)


def test_shifts():
    for dim in (None, 0, -1, (0, 2), (1, 1)):
        compare(lambda lib, x, dim=dim: lib.fft.fftshift(x, dim), draw(3, 4, 5, dtype="float64"), second=True)
        compare(lambda lib, x, dim=dim: lib.fft.ifftshift(x, dim), draw(3, 4, 5, dtype="float64"))
        compare(lambda lib, x, dim=dim: lib.fft.ifftshift(x, dim), integers(3, 4, 5))


def test_out():
    def into(lib, x):
        out = lib.empty(0, dtype=lib.complex64)
        return lib.fft.fft(x, out=out) is out, out, lib.fft.fftfreq(4, out=lib.empty(4))

    compare(into, draw(3, 4), grad=False)


ERRORS = {
    "half": lambda lib, x: lib.fft.fft(x.half()),
    "bfloat16": lambda lib, x: lib.fft.irfft(x.bfloat16()),
    "complex for rfft": lambda lib, x: lib.fft.rfft(x + 0j),
    "complex for ihfftn": lambda lib, x: lib.fft.ihfftn(x + 0j),
    "no points": lambda lib, x: lib.fft.fft(x, n=0),
    "fewer points": lambda lib, x: lib.fft.rfftn(x, s=(-2, 3)),
    "one half point": lambda lib, x: lib.fft.irfft(x[:, :1]),
    "axis": lambda lib, x: lib.fft.fft(x, dim=5),
    "no axes": lambda lib, x: lib.fft.rfftn(x, dim=()),
    "a number": lambda lib, x: lib.fft.fft(lib.tensor(1.0)),
    "vector for fft2": lambda lib, x: lib.fft.fft2(x[0]),
    "norm": lambda lib, x: lib.fft.fft(x, norm="other"),
    "twice an axis": lambda lib, x: lib.fft.fftn(x, dim=(0, 0)),
    "too many lengths": lambda lib, x: lib.fft.fftn(x, s=(2, 2, 2)),
    "other count": lambda lib, x: lib.fft.fftn(x, s=(2,), dim=(0, 1)),
    "no tensor": lambda lib, x: lib.fft.fft([1.0]),
    "real out": lambda lib, x: lib.fft.fft(x, out=x),
    "integer frequencies": lambda lib, x: lib.fft.fftfreq(5, dtype=lib.int64),
    "count": lambda lib, x: lib.fft.fftfreq(5.5),
    "negative count": lambda lib, x: lib.fft.fftfreq(-1),
    "shift of a number": lambda lib, x: lib.fft.fftshift(lib.tensor(1.0)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    same_error(ERRORS[name], draw(3, 4))


def test_every_public_name_is_there():
    assert set(gradbook.fft.__all__) == {
        name for name in dir(torch.fft) if name[0] != "_" and callable(getattr(torch.fft, name)) and name != "Tensor"
    }
