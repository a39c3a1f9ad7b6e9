"""Numbers as the views show them: tabular, short, with a true minus on screen."""

from __future__ import annotations

import math

__all__ = ["MINUS", "count", "duration", "learning_rate", "loss", "number", "short", "span"]

MINUS = "\N{MINUS SIGN}"


def number(value: float) -> str:
    """Two significant figures: `0.041`, `19`, outside 0.01 to 1000 `3.1e−3`; `0` and `–` for what cannot be known."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    size = abs(value)
    if size == 0:
        return "0"
    if not 0.0095 <= size < 1000:
        return _scientific(value, 1)
    decimals = 3 if size < 0.0995 else 2 if size < 0.995 else 1 if size < 9.95 else 0
    return f"{float(f'{value:.2g}'):.{decimals}f}".replace("-", MINUS)


def short(value: float) -> str:
    """An axis label: `1e−3`, `0.1`, `200`, `1e4`; powers of ten without mantissa."""
    if value == 0 or 0.01 <= abs(value) < 10_000:
        return f"{value:,.6g}".replace("-", MINUS)
    mantissa, exponent = f"{value:e}".split("e")
    digits = f"{float(mantissa):.3g}"
    return f"{digits}e{int(exponent)}".replace("-", MINUS)


def loss(value: float) -> str:
    """A loss: three decimals, as `0.412`; scientific where three decimals would hide it."""
    if not math.isfinite(value) or (value != 0 and not 0.0095 <= abs(value) < 10_000):
        return number(value)
    return f"{value:,.3f}".replace("-", MINUS)


def count(value: float) -> str:
    """A count: `1,930`."""
    return f"{round(value):,}".replace("-", MINUS)


def duration(seconds: float) -> str:
    """Time: `0:42`, `12:05`, `1:02:03`."""
    whole = max(0, round(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def span(seconds: float) -> str:
    """How long something took: `0.6 s`, from ten seconds on `0:42`."""
    return f"{number(max(seconds, 0.0))}\N{THIN SPACE}s" if seconds < 9.95 else duration(seconds)


def learning_rate(value: float) -> str:
    """A learning rate: always `3.0e−3`."""
    return _scientific(value, 1) if value else "0"


def _scientific(value: float, decimals: int) -> str:
    if not math.isfinite(value):
        return number(value)
    mantissa, exponent = f"{value:.{decimals}e}".split("e")
    return f"{mantissa}e{int(exponent)}".replace("-", MINUS)
