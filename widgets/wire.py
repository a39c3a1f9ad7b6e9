"""Messages to the browser: a JSON header, binary buffers, and both packed into one block of bytes."""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from gradbook.observe.uncollected import uncollected

__all__ = ["Message", "finite", "pack", "plain", "unpack", "view_of"]

VIEW = re.compile(rb'\{"view":"(\w+)"')
TEXT_AT_MOST = 400  # characters of a user's name or source line that travel; the rest is an ellipsis


@dataclass(slots=True)
class Message:
    """One message: `content` is JSON, an integer in it that names data is an index into `buffers`."""

    content: dict[str, Any]
    buffers: list[bytes] = field(default_factory=list)

    def floats(self, array: npt.ArrayLike) -> int:
        """Append an array as little-endian float32. -> its buffer index."""
        return self._append(np.asarray(array, dtype="<f4"))

    def steps(self, array: npt.ArrayLike) -> int:
        """Append step numbers as little-endian uint32, at most 2**32 - 1. -> its buffer index."""
        return self._append(np.minimum(np.asarray(array), 0xFFFFFFFF).astype("<u4"))

    def octets(self, array: npt.ArrayLike) -> int:
        """Append an array of int8 or uint8, as its bytes. -> its buffer index."""
        return self._append(np.asarray(array).astype("u1"))

    def _append(self, array: npt.NDArray[Any]) -> int:
        self.buffers.append(np.ascontiguousarray(array).tobytes())
        return len(self.buffers) - 1

    def packed(self) -> bytes:
        """The message as one block of bytes, as a trait or a page keeps it."""
        return pack(self.content, self.buffers)

    @property
    def nbytes(self) -> int:
        """Bytes of the binary part."""
        return sum(len(buffer) for buffer in self.buffers)


def finite(value: Any) -> float | None:
    """A number that JSON can carry: NaN, infinities and None become None."""
    if value is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def plain(value: Any) -> str:
    """User text as it travels: a string, shortened; never markup (the browser shows it as text)."""
    text = "" if value is None else str(value)
    return text if len(text) <= TEXT_AT_MOST else text[: TEXT_AT_MOST - 1] + "…"


@uncollected()
def pack(header: Mapping[str, Any], buffers: Sequence[bytes]) -> bytes:
    """One block: u4 header length, UTF-8 JSON, then each buffer on an 8-byte bound.

    The header gains `_buffers`: [[offset, length], ...] in bytes from the start of the block.
    Raises ValueError if the header holds NaN or infinity.
    """
    if "view" in header:  # first, where view_of finds it without reading the rest
        header = {"view": header["view"], **header}
    rest = _encode(header)[:-1] + (b',"_buffers":' if header else b'"_buffers":')
    places: list[tuple[int, int]] = []
    encoded, length = b"", -1
    while length != len(encoded):  # the offsets stand in the header whose length they depend on
        length = len(encoded)
        places, at = [], _align(4 + length)
        for buffer in buffers:
            places.append((at, len(buffer)))
            at = _align(at + len(buffer))
        encoded = rest + _encode(places) + b"}"
    block = bytearray(places[-1][0] + places[-1][1] if places else 4 + length)
    struct.pack_into("<I", block, 0, length)
    block[4 : 4 + length] = encoded
    for (offset, size), buffer in zip(places, buffers, strict=True):
        block[offset : offset + size] = buffer
    return bytes(block)


def view_of(block: bytes) -> str:
    """The view that a packed message is for: what its header says first, else 'live'."""
    found = VIEW.match(block, 4)
    return found[1].decode() if found else "live"


def unpack(block: bytes) -> Message:
    """The inverse of pack. Raises ValueError on a block that is cut short."""
    if len(block) < 4:
        raise ValueError(f"unpack: {len(block)} bytes are no packed snapshot")
    (length,) = struct.unpack_from("<I", block)
    if 4 + length > len(block):
        raise ValueError(f"unpack: the header claims {length} bytes, the block has {len(block)}")
    header = json.loads(block[4 : 4 + length])
    places = header.pop("_buffers")
    if any(offset + size > len(block) for offset, size in places):
        raise ValueError(f"unpack: a buffer leaves the block of {len(block)} bytes")
    return Message(header, [bytes(block[offset : offset + size]) for offset, size in places])


def _encode(value: Any) -> bytes:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "replace")


def _align(offset: int) -> int:
    return (offset + 7) & ~7
