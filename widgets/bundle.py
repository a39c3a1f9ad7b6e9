"""The ES modules that draw everything in the page, as text: one for a view that trains, one for the walkthrough."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from gradbook.errors import GradbookError

__all__ = ["BUNDLES", "STATIC", "BundleMissing", "bundle", "bundle_hash", "bundle_of"]

STATIC = Path(__file__).parent / "static"
BUNDLES = ("gradbook", "walk")
BUILD = "npm ci && npm run build, in widgets/js"


class BundleMissing(GradbookError, RuntimeError):
    """The browser side has not been built."""


def bundle_of(view: str) -> str:
    """Name of the bundle that draws a view."""
    return "walk" if view == "walk" else "gradbook"


@cache
def bundle(name: str = "gradbook") -> str:
    """Text of a bundle. Raises BundleMissing, naming the command that builds it."""
    file = STATIC / f"{name}.js"
    if not file.is_file():
        raise BundleMissing(f"static/{file.name} is missing; build it: {BUILD}")
    return file.read_text(encoding="utf-8")


@cache
def bundle_hash(name: str = "gradbook") -> str:
    """Name under which a bundle is known in a page: two releases can live in one."""
    return hashlib.sha256(bundle(name).encode()).hexdigest()[:16]
