"""Exceptions of the engine, explained: the line, the operands, how far it got, and fixes that were tried."""

from gradbook.observe.failure.explain import Failure, Fix, Given, Line, explain
from gradbook.observe.failure.steps import Stage
from gradbook.observe.failure.text import Edit

__all__ = ["Edit", "Failure", "Fix", "Given", "Line", "Stage", "explain"]
