"""A cell step by step: recording, gradients taken apart, formulas with numbers, questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

renderer: Callable[[Any], Any] | None = None  # set by gradbook.widgets: (walk) -> what displays it
