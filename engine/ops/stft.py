"""The short-time Fourier transform of a signal, and its inverse."""

from __future__ import annotations

import warnings
from typing import Any

from gradbook import backends
from gradbook.errors import ShapeError
from gradbook.ops.arguments import tensor_of
from gradbook.ops.complex import view_as_real
from gradbook.ops.fourier import as_complex, c2c_op, c2r_op, r2c_op, transformable
from gradbook.ops.padding import pad, pad_op
from gradbook.ops.shape import squeeze_op, transpose_op, unsqueeze_op
from gradbook.ops.strides import unfold_grad_op, unfold_op
from gradbook.tensor import Tensor, method

__all__ = ["istft", "stft"]

SILENT = 1e-11  # below this an envelope cannot be divided by


def _check_frames(name: str, n_fft: int, hop: int, width: int, window: Any) -> None:
    """Raise RuntimeError for lengths that do not fit together."""
    if not 0 < width <= n_fft:
        raise ShapeError(f"{name}: expected 0 < win_length <= n_fft, but got win_length={width} and n_fft={n_fft}")
    if window is not None and tuple(window._array.shape) != (width,):
        raise ShapeError(
            f"{name}: expected a 1D window tensor of size equal to win_length={width}, but got window with size "
            f"{list(window._array.shape)}"
        )


def _framing(n_fft: int, width: int, window: Any, like: Any) -> Tensor:
    """The window in the middle of n_fft weights; ones, with a warning, where none is given."""
    if window is None:
        warnings.warn(
            "A window was not provided. A rectangular window will be applied, which is known to cause spectral "
            "leakage; use gradbook.hann_window or another, or say window=gradbook.ones(win_length).",
            UserWarning,
            stacklevel=3,
        )
        window = Tensor._of(backends.xp_of(like).ones(width, like.real.dtype))
    left = (n_fft - width) // 2
    weights: Tensor = pad_op(window, pads=(left, n_fft - width - left), value=0) if width < n_fft else window
    return weights


def _centered(x: Tensor, n_fft: int, mode: str) -> Tensor:
    """A signal (batch, time) with half a frame more at both ends."""
    half = n_fft // 2
    extended = pad(unsqueeze_op(x, dim=0), (half, half), mode)
    result: Tensor = squeeze_op(extended, dim=(0,))
    return result


def _checked(x: Tensor, is_complex: bool, center: bool, return_complex: Any, align_to_window: Any) -> Tensor:
    """The signal that stft was given. Raises RuntimeError for what it cannot take."""
    if return_complex is None and not is_complex:
        raise RuntimeError(
            "stft requires the return_complex parameter be given for real inputs; pass return_complex=True"
        )
    if align_to_window is not None and center:
        raise RuntimeError("stft align_to_window should only be set when center = false")
    if not (x.is_floating_point() or x.is_complex()):
        raise RuntimeError(f"stft: expected a tensor of floating point or complex values, not {x.dtype!r}")
    if x.ndim > 2:
        raise ShapeError(f"stft: expected a 1D or 2D tensor, not {x.ndim}D")
    return transformable("stft", x)


@method("stft")
def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Tensor:
    """The Fourier transform of each frame of a signal, as torch.stft.

    (time) or (batch, time) -> (.., n_fft // 2 + 1, frames).
    Frames of n_fft values begin every hop_length (n_fft // 4) values, weighted by `window`; center: the first is around
    value 0, the signal being extended in pad_mode. Not onesided, or of complex numbers: all n_fft frequencies.
    Raises RuntimeError for lengths that do not fit, and without return_complex (False: real, imaginary on a last axis).
    Differs: align_to_window works where n_fft - win_length is odd; so do batches that are empty.
    """
    x = tensor_of("stft", input)
    hop, width = n_fft // 4 if hop_length is None else hop_length, n_fft if win_length is None else win_length
    is_complex = x.is_complex() or (window is not None and window.is_complex())
    x = _checked(x, is_complex, center, return_complex, align_to_window)
    single = x.ndim < 2
    if single:
        x = x.reshape(1, -1)
    if center:
        x = _centered(x, n_fft, pad_mode)
    elif align_to_window and width < n_fft:
        x = pad_op(x, pads=((n_fft - width) // 2, n_fft - width - (n_fft - width) // 2), value=0)
    if not 0 < n_fft <= x._array.shape[1]:
        raise ShapeError(f"stft: expected 0 < n_fft <= {x._array.shape[1]}, but got n_fft={n_fft}")
    if hop <= 0:
        raise ShapeError(f"stft: expected hop_length > 0, but got hop_length={hop}")
    _check_frames("stft", n_fft, hop, width, window)
    if onesided and is_complex:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    frames = unfold_op(x, dimension=1, size=n_fft, step=hop) * _framing(n_fft, width, window, x._array)
    result = _spectra(frames, normalized, not is_complex if onesided is None else onesided)
    result = squeeze_op(result, dim=(0,)) if single else result
    return result if return_complex is not False else view_as_real(result)


def _spectra(frames: Any, normalized: bool, half: bool) -> Any:
    """(batch, frames, n_fft) -> (batch, frequencies, frames)."""
    norm = "ortho" if normalized else "backward"
    if half:
        spectra = r2c_op(frames, dim=2, norm=norm)
    else:
        spectra = c2c_op(as_complex(frames), dims=(2,), norm=norm, inverse=False)
    return transpose_op(spectra, dim0=1, dim1=2)


def _added(frames: Any, weights: Tensor, whole: int, hop: int) -> tuple[Any, Any]:
    """Weighted frames (batch, count, n_fft) added up: (batch, whole); their squared weights: (1, whole)."""
    count, n_fft = frames._array.shape[1:]
    how = {"dimension": 1, "size": n_fft, "step": hop}
    signal = unfold_grad_op(frames * weights, shape=(frames._array.shape[0], whole), **how)
    squares = (weights * weights).expand(1, count, n_fft)
    return signal, unfold_grad_op(squares, shape=(1, whole), **how)


@method("istft")
def istft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    """The signal of which stft made these frames, as torch.istft: the frames added up, over the sum of squared weights.

    (.., frequencies, frames) -> (.., time); `length` cuts it off, or fills it up with zeros.
    Raises RuntimeError where no frame reaches, for lengths that do not fit, and for a real input.
    """
    x = tensor_of("istft", input)
    hop, width = n_fft // 4 if hop_length is None else hop_length, n_fft if win_length is None else win_length
    _check_spectra(x, n_fft, hop, width, window, onesided, return_complex)
    single = x.ndim == 2
    x = unsqueeze_op(x, dim=0) if single else x
    frames = transpose_op(x, dim0=1, dim1=2)
    norm = "ortho" if normalized else "backward"
    if return_complex:
        frames = c2c_op(frames, dims=(2,), norm=norm, inverse=True)
    else:  # the other half, if it is there, is taken for the conjugate
        frames = c2r_op(frames[..., : n_fft // 2 + 1], dim=2, norm=norm, length=n_fft)
    weights = _framing(n_fft, width, window, x._array)
    whole = n_fft + hop * (x._array.shape[2] - 1)
    start = n_fft // 2 if center else 0
    stop = start + length if length is not None else whole - start
    signal, envelope = _added(frames, weights, whole, hop)
    signal, envelope = signal[:, start:stop], envelope[:, start:stop]
    if not envelope._array.size or abs(envelope._array).min() < SILENT:
        raise RuntimeError(
            f"istft: window overlap add min is below {SILENT}: some values are in no frame's weight, so they cannot be "
            "found again; use center=True, a shorter hop_length or another window"
        )
    signal = signal / envelope
    if stop > whole:
        warnings.warn(
            "The length of signal is shorter than the length parameter. Result is being padded with zeros in the tail. "
            "Please check your center and hop_length settings.",
            UserWarning,
            stacklevel=2,
        )
        signal = pad_op(signal, pads=(0, stop - whole), value=0)
    result: Tensor = squeeze_op(signal, dim=(0,)) if single else signal
    return result


def _check_spectra(
    x: Tensor, n_fft: int, hop: int, width: int, window: Any, onesided: Any, return_complex: bool
) -> None:  # fmt: skip
    """Raise RuntimeError for what istft cannot take."""
    if not x.is_complex():
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from stft with return_complex=True."
        )
    if not x._array.size:
        raise ShapeError("istft: input tensor cannot be empty.")
    if x.ndim < 2:
        raise IndexError("istft: Dimension out of range: expected (frequencies, frames), with or without a batch")
    if x.ndim > 3:
        raise ShapeError(f"istft: expected a tensor with 2 or 3 dimensions, but got {x.ndim}")
    if window is not None and window.is_complex() and not return_complex:
        raise RuntimeError("Complex windows are incompatible with return_complex=False")
    rows = x._array.shape[-2]
    half = rows != n_fft if onesided is None else onesided
    if rows != (n_fft // 2 + 1 if half else n_fft):
        raise ShapeError(
            f"istft: expected the frequency dimension of the input tensor to match n_fft{' / 2 + 1' if half else ''} "
            f"with n_fft={n_fft}, but it is {rows}"
        )
    if not 0 < hop <= width:
        raise ShapeError(f"istft: expected 0 < hop_length <= win_length, but got {hop} and {width}")
    _check_frames("istft", n_fft, hop, width, window)
    if return_complex and half:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
