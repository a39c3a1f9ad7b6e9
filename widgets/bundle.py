"""The one ES module that draws everything in the page, as text."""

from __future__ import annotations

import hashlib
import zlib
from functools import cache
from pathlib import Path

from gradbook.errors import GradbookError

__all__ = ["BUNDLE", "BundleMissing", "bundle", "bundle_hash", "unfolded"]

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


def unfolded(text: str) -> tuple[str, bytes]:
    """A packed bundle as (loader, script). The script is deflated and written in basE91, as build.mjs says."""
    loader, _, rest = text.partition('"')
    packed, _, after = rest.partition('"')
    letters = {letter: i for i, letter in enumerate(c for c in map(chr, range(33, 127)) if c not in '"<\\')}
    found, bits, width = bytearray(), 0, 0
    for low, high in zip(packed[::2], packed[1::2], strict=False):
        pair = letters[low] + 91 * letters[high]
        bits |= pair << width
        width += 13 if pair & 8191 > 88 else 14
        while width > 7:
            found.append(bits & 255)
            bits, width = bits >> 8, width - 8
    if len(packed) % 2:
        found.append((bits | letters[packed[-1]] << width) & 255)
    return loader + after, zlib.decompress(bytes(found), -15)
