"""Small real data sets that ship inside the package: nothing is downloaded."""

from gradbook.datasets.optdigits import Digits, digits

__all__ = ["Digits", "digits"]
