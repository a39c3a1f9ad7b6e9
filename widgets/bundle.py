"""The one ES module that draws everything in the page, as text."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from gradbook.errors import GradbookError

__all__ = ["BUNDLE", "BundleMissing", "bundle", "bundle_hash"]

BUNDLE = Path(__file__).parent / "static" / "gradbook.js"
BUILD = "npm ci && npm run build, in widgets/js"


class BundleMissing(GradbookError, RuntimeError):
    """The browser side has not been built."""


@cache
def bundle() -> str:
    """Text of the bundle. Raises BundleMissing, naming the command that builds it."""
    if not BUNDLE.is_file():
        raise BundleMissing(f"{BUNDLE.parent.name}/{BUNDLE.name} is missing; build it: {BUILD}")
    return BUNDLE.read_text(encoding="utf-8")


@cache
def bundle_hash() -> str:
    """Name under which this bundle is known in a page: two releases can live in one."""
    return hashlib.sha256(bundle().encode()).hexdigest()[:16]
