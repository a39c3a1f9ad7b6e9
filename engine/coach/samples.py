"""A few of an array's elements, where all would take too long."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["sample"]


def sample(array: Any, at_most: int) -> Any:
    """At most so many elements of an array, evenly spread, in one row; a view where it can be one."""
    flat = np.asarray(array).reshape(-1)
    return flat[:: max(1, flat.size // at_most)][:at_most]
