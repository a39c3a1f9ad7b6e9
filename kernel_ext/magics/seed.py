"""%seed: the same random numbers again."""

from __future__ import annotations

import random

import numpy as np
from IPython.core.error import UsageError
from IPython.core.magic import line_magic, magics_class

import gradbook
from gradbook.kernel_ext.magics.base import GradbookMagics

__all__ = ["SeedMagic"]


@magics_class
class SeedMagic(GradbookMagics):
    """%seed."""

    @line_magic
    def seed(self, line: str) -> None:
        """Seed gradbook, NumPy and Python's random, so that what follows gives the same numbers each time.

        %seed N

        N  a whole number from 0 to 4294967295
        """
        text = line.strip()
        if not text.isdecimal() or int(text) >= 1 << 32:
            raise UsageError(f"%seed: {text!r} is not a whole number from 0 to 4294967295")
        number = int(text)
        gradbook.manual_seed(number)
        np.random.seed(number)
        random.seed(number)
        print(f"seed {number}: gradbook, numpy.random, random")
