"""Layers by family."""

from __future__ import annotations

from gradbook.nn.module import Module
from gradbook.nn.modules.container import ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential

__all__ = ["Module", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]
