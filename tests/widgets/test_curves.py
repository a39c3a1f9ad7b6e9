import numpy as np
import pytest

from gradbook.widgets.curves import auto_smoothing, ema, evenly, spikes_of


def slow_ema(values: np.ndarray, smoothing: float) -> list[float]:
    mean = weight = 0.0
    out = []
    for value in values.tolist():
        if np.isfinite(value):
            mean, weight = smoothing * mean + (1 - smoothing) * value, smoothing * weight + 1 - smoothing
        out.append(mean / weight if weight else np.nan)
    return out


@pytest.mark.parametrize("smoothing", [0.0, 0.05, 0.5, 0.9, 0.98, 0.999])
def test_ema_agrees_with_the_plain_loop(smoothing: float) -> None:
    values = np.random.default_rng(0).random(3000).astype(np.float32)
    values[[0, 7, 8, 1500]] = [np.nan, np.inf, np.nan, -np.inf]
    tolerance = {"rtol": 1e-6} if smoothing >= 0.1 else {"atol": 0.06}  # below, the memory is left out on purpose
    np.testing.assert_allclose(ema(values, smoothing), slow_ema(values, smoothing), **tolerance)


def test_ema_of_nothing_known_is_nan_and_a_wrong_factor_is_refused() -> None:
    assert np.isnan(ema(np.float32([np.nan, np.inf]), 0.9)).all()
    assert len(ema(np.empty(0, np.float32), 0.9)) == 0
    with pytest.raises(ValueError, match="smoothing"):
        ema(np.ones(3), 1.0)


def test_evenly_keeps_the_last_and_never_too_many() -> None:
    for count in (0, 1, 5, 100):
        for most in (1, 3, 40):
            kept = evenly(count, most)
            assert len(kept) == min(count, most)
            assert count == 0 or kept[-1] == count - 1


def test_a_jump_is_a_spike_with_its_factor_and_noise_is_none() -> None:
    rng = np.random.default_rng(0)
    steps, values = np.arange(2000.0), np.exp(-np.arange(2000) / 800 + 0.15 * rng.standard_normal(2000))
    assert spikes_of(steps, values) == []
    values[1200] *= 6
    values[1201] = np.nan
    (spike,) = spikes_of(steps, values)
    assert spike.step == 1200
    assert 4 < spike.factor < 9


def test_smoothing_grows_with_the_run() -> None:
    assert [auto_smoothing(n) for n in (0, 10, 60, 300, 2000, 10**6)] == [0.0, 0.0, 0.5, 0.9, 0.98, 0.99]
