"""Collation, under its name in PyTorch."""

from __future__ import annotations

from gradbook.utils.data.collate import collate, default_collate, default_collate_fn_map, default_convert

__all__ = ["collate", "default_collate", "default_collate_fn_map", "default_convert"]
