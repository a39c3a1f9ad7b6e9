"""stft, istft and the windows: as PyTorch, gradients of two orders too, and one undoes the other."""

from __future__ import annotations

import numpy as np
import pytest

import gradbook
from tests.parity_tools import compare, draw, same_error

pytestmark = pytest.mark.filterwarnings("ignore:A window was not:UserWarning", "ignore:stft with return:UserWarning")

FORWARD = [
    {}, {"hop_length": 3}, {"win_length": 5}, {"center": False}, {"normalized": True}, {"onesided": False},
    {"pad_mode": "constant"}, {"pad_mode": "replicate", "hop_length": 1}, {"return_complex": False},
    {"center": False, "align_to_window": True, "win_length": 4},
]  # fmt: skip


@pytest.mark.parametrize("options", FORWARD, ids=str)
def test_stft(options):
    chosen = {"return_complex": True, **options}
    width = chosen.get("win_length", 8)
    for shape in ((40,), (2, 40)):
        compare(
            lambda lib, x, w: lib.stft(x, 8, window=w, **chosen),
            draw(*shape, dtype="float64"), draw(width, seed=1, low=0.1, dtype="float64"), second=True,
        )  # fmt: skip


def test_stft_of_complex_numbers_has_all_frequencies():
    x = draw(30, dtype="float64") + 1j * draw(30, seed=1, dtype="float64")
    compare(lambda lib, x: lib.stft(x, 6, window=lib.hann_window(6)), x, rtol=1e-6)
    compare(lambda lib, x: x.stft(6), x)


INVERSE = [
    {}, {"hop_length": 3}, {"win_length": 6}, {"normalized": True}, {"length": 15}, {"return_complex": True,
    "onesided": False}, {"onesided": False}, {"center": False, "win_length": 8},
]  # fmt: skip


@pytest.mark.parametrize("options", INVERSE, ids=str)
def test_istft(options):
    rows = 8 if options.get("onesided") is False else 5
    for batch in ((), (2,)):
        x = draw(*batch, rows, 9, dtype="float64") + 1j * draw(*batch, rows, 9, seed=1, dtype="float64")
        w = draw(options.get("win_length", 8), seed=2, low=0.5, dtype="float64")
        compare(lambda lib, x, w: lib.istft(x, 8, window=w, **options), x, w, second=True, rtol=1e-8)


def test_one_undoes_the_other():
    x = gradbook.tensor(draw(2, 100, dtype="float64"))
    window = gradbook.hann_window(16, dtype=gradbook.float64)
    spectra = x.stft(16, 4, window=window, return_complex=True)
    assert np.allclose(np.asarray(spectra.istft(16, 4, window=window, length=100)), np.asarray(x))


def test_a_longer_signal_is_filled_up_with_zeros():
    spectra = gradbook.ones(5, 6, dtype=gradbook.complex64)
    with pytest.warns(UserWarning, match="padded with zeros"):
        longer = gradbook.istft(spectra, 8, window=gradbook.ones(8), length=40)
    assert longer.shape == (40,)
    assert longer[-10:].tolist() == [0.0] * 10


def test_no_window_is_a_warning():
    with pytest.warns(UserWarning, match="spectral leakage"):
        gradbook.stft(gradbook.ones(20), 8, return_complex=True)


ERRORS = {
    "return_complex": lambda lib, x: lib.stft(x, 8),
    "onesided": lambda lib, x: lib.stft(x + 0j, 8, onesided=True),
    "frame longer than the signal": lambda lib, x: lib.stft(x, 100, center=False, return_complex=True),
    "nothing to reflect": lambda lib, x: lib.stft(x, 100, return_complex=True),
    "no hop": lambda lib, x: lib.stft(x, 8, hop_length=0, return_complex=True),
    "window length": lambda lib, x: lib.stft(x, 8, win_length=9, return_complex=True),
    "window shape": lambda lib, x: lib.stft(x, 8, window=x, return_complex=True),
    "integers": lambda lib, x: lib.stft(x.long(), 8, return_complex=True),
    "3d": lambda lib, x: lib.stft(x[None, None], 8, return_complex=True),
    "half": lambda lib, x: lib.stft(x.half(), 8, return_complex=True),
    "padding": lambda lib, x: lib.stft(x, 8, pad_mode="other", return_complex=True),
    "alignment": lambda lib, x: lib.stft(x, 8, align_to_window=True, return_complex=True),
    "real spectra": lambda lib, x: lib.istft(x.reshape(5, 8), 8),
    "frequencies": lambda lib, x: lib.istft(x.reshape(4, 10) + 0j, 8),
    "vector": lambda lib, x: lib.istft(x + 0j, 8),
    "4d": lambda lib, x: lib.istft(x.reshape(1, 1, 5, 8) + 0j, 8),
    "inverse hop": lambda lib, x: lib.istft(x.reshape(5, 8) + 0j, 8, hop_length=9),
    "complex of a half": lambda lib, x: lib.istft(x.reshape(5, 8) + 0j, 8, return_complex=True),
    "complex window": lambda lib, x: lib.istft(x.reshape(5, 8) + 0j, 8, window=lib.ones(8) + 0j),
    "nothing reaches": lambda lib, x: lib.istft(x.reshape(5, 8) + 0j, 8, window=lib.zeros(8)),
    "hann": lambda lib, x: lib.hann_window(-1),
    "hann of integers": lambda lib, x: lib.hann_window(5, dtype=lib.int64),
    "hann of a float": lambda lib, x: lib.hann_window(5.0),
    "hann of complex": lambda lib, x: lib.hann_window(5, dtype=lib.complex64),
    "signal length": lambda lib, x: lib.signal.windows.hann(-1),
    "signal dtype": lambda lib, x: lib.signal.windows.bartlett(5, dtype=lib.float16),
    "std": lambda lib, x: lib.signal.windows.gaussian(5, std=-1),
    "tau": lambda lib, x: lib.signal.windows.exponential(5, tau=0),
    "center": lambda lib, x: lib.signal.windows.exponential(5, center=1),
    "beta": lambda lib, x: lib.signal.windows.kaiser(5, beta=-1),
    "no terms": lambda lib, x: lib.signal.windows.general_cosine(5, a=[]),
    "one term": lambda lib, x: lib.signal.windows.general_cosine(5, a=3),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    same_error(ERRORS[name], draw(40))


OLD = ["hann_window", "hamming_window", "bartlett_window", "blackman_window", "kaiser_window"]


@pytest.mark.parametrize("name", OLD)
@pytest.mark.parametrize("length", [0, 1, 2, 3, 10])
def test_old_windows(name, length):
    compare(lambda lib: getattr(lib, name)(length))
    compare(lambda lib: getattr(lib, name)(length, periodic=False, dtype=lib.float64))
    compare(lambda lib: lib.hamming_window(length, False, 0.5, 0.3))
    compare(lambda lib: lib.kaiser_window(length, False, 3.0))


WINDOWS = {
    "bartlett": {}, "blackman": {}, "cosine": {}, "exponential": {"tau": 2.0}, "gaussian": {"std": 1.5}, "hann": {},
    "general_cosine": {"a": [0.4, 0.3, 0.2]}, "general_hamming": {"alpha": 0.6}, "hamming": {}, "kaiser": {"beta": 3.0},
    "nuttall": {},
}  # fmt: skip


@pytest.mark.parametrize("name", WINDOWS)
@pytest.mark.parametrize("length", [0, 1, 2, 3, 10])
def test_windows(name, length):
    for sym in (True, False):
        compare(lambda lib, sym=sym: getattr(lib.signal.windows, name)(length, sym=sym, **WINDOWS[name]))
    compare(lambda lib: getattr(lib.signal.windows, name)(length, dtype=lib.float64, **WINDOWS[name]))
    compare(lambda lib: lib.signal.windows.exponential(length, center=1.0, sym=False))
    assert set(gradbook.signal.windows.__all__) == set(WINDOWS)
