import math

import pytest

from gradbook.widgets import numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.041, "0.041"), (19, "19"), (0.0031, "3.1e−3"), (1234, "1.2e3"), (0, "0"), (-0.5, "−0.50"), (0.88, "0.88"),
     (9.96, "10"), (math.nan, "NaN"), (math.inf, "∞"), (1.0, "1.0")],
)  # fmt: skip
def test_two_significant_figures(value: float, text: str) -> None:
    assert numbers.number(value) == text


def test_losses_counts_times_rates_and_axis_labels() -> None:
    assert [numbers.loss(v) for v in (0.4123, 0.00031, -2, 12345.6)] == ["0.412", "3.1e−4", "−2.000", "1.2e4"]
    assert [numbers.count(v) for v in (1930, 0, 79_730)] == ["1,930", "0", "79,730"]
    assert [numbers.duration(v) for v in (0, 42, 725, 3723)] == ["0:00", "0:42", "12:05", "1:02:03"]
    assert [numbers.learning_rate(v) for v in (3e-3, 0.1, 0)] == ["3.0e−3", "1.0e−1", "0"]
    assert [numbers.short(v) for v in (1e-3, 0.1, 200, 1e4, 2e-6)] == ["1e−3", "0.1", "200", "1e4", "2e−6"]
