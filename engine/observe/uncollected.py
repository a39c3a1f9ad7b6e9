"""No garbage collection while a picture is built: it makes a hundred thousand small objects, none of them garbage.

Python's collector starts whenever so many objects are new, and looks through everything that lives, the user's graph
first of all: at 10,000 nodes that was half of the time to the first picture.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["uncollected"]


@contextmanager
def uncollected() -> Iterator[None]:
    """Pause the collector; usable as a decorator. Where it is off already it stays off."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
