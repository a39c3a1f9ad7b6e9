"""save and load: a safetensors file with the object's structure as JSON in its header. Loading runs nothing.

A file is 8 bytes header length, the header (JSON: one entry a tensor, and `__metadata__`), then the tensors' bytes. Any
safetensors reader can read it; any safetensors file can be loaded, as a dict of tensors.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from gradbook import dtypes
from gradbook.device import place as put_on
from gradbook.errors import SerializationError
from gradbook.structure import Packed, Unpacker
from gradbook.tensor import Tensor

__all__ = ["load", "save"]

CODES = {
    "BOOL": dtypes.bool_, "U8": dtypes.uint8, "I8": dtypes.int8, "I16": dtypes.int16, "U16": dtypes.uint16,
    "I32": dtypes.int32, "U32": dtypes.uint32, "I64": dtypes.int64, "U64": dtypes.uint64, "F16": dtypes.float16,
    "BF16": dtypes.bfloat16, "F32": dtypes.float32, "F64": dtypes.float64,
}  # fmt: skip
NAMES = {dtype._np: code for code, dtype in CODES.items()}
FORMAT, VERSION = "gradbook", 1
LONGEST_HEADER = 100_000_000  # bytes; the limit that safetensors sets too


# -- save ----------------------------------------------------------------------------------------------------------


def save(obj: Any, f: Any, **ignored: Any) -> None:
    """Write tensors, and dicts, lists, tuples, numbers and strings of them, to a path or a file, as torch.save.

    A path is replaced at once when all is written: who is interrupted keeps the old file. Tensors that share memory
    are kept once. Raises TypeError for what cannot be saved (functions, objects), naming where it stands in `obj`;
    modules and optimizers are saved as their state_dict(). Differs: PyTorch's pickles are neither written nor read.
    """
    packed = Packed(obj)
    header, order = _header(packed)
    if hasattr(f, "write"):
        _write(f, header, packed, order)
        return
    with _replacing(os.fspath(f)) as file:
        _write(file, header, packed, order)


def _header(packed: Packed) -> tuple[bytes, list[str]]:
    """The first bytes of the file, and the tensors' names in file order: wide elements first, all aligned."""
    order = sorted(packed.arrays, key=lambda name: (-packed.arrays[name].itemsize, name))
    entries: dict[str, Any] = {}
    if packed.tree is not None:
        tree = json.dumps(packed.tree, separators=(",", ":"), allow_nan=False)
        entries["__metadata__"] = {"format": FORMAT, "version": str(VERSION), "tree": tree}
    begin = 0
    for name in order:
        array = packed.arrays[name]
        end = begin + array.nbytes
        entries[name] = {"dtype": NAMES[array.dtype], "shape": list(array.shape), "data_offsets": [begin, end]}
        begin = end
    text = json.dumps(entries, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text, order


def _write(file: IO[bytes], header: bytes, packed: Packed, order: list[str]) -> None:
    file.write(header)
    for name in order:
        array = packed.arrays[name]
        little = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        if array.dtype.byteorder == ">" or (array.dtype.byteorder == "=" and np.little_endian is False):
            little = np.ascontiguousarray(array.byteswap()).reshape(-1).view(np.uint8)
        file.write(little.data)


@contextlib.contextmanager
def _replacing(path: str) -> Iterator[IO[bytes]]:
    """A file beside `path` that takes its place once it is whole and on the disk; removed if anything goes wrong."""
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    beside = os.path.join(folder, f".{name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    file = os.fdopen(os.open(beside, flags, 0o666), "wb")
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(target):
            os.chmod(beside, os.stat(target).st_mode & 0o7777)
        os.replace(beside, target)
    except BaseException:
        if os.path.exists(beside):
            os.unlink(beside)
        raise
    if hasattr(os, "O_DIRECTORY"):  # the rename itself, too, must reach the disk
        entry = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(entry)
        finally:
            os.close(entry)


# -- load ----------------------------------------------------------------------------------------------------------


def load(
    f: Any, map_location: Any = None, pickle_module: Any = None, *, weights_only: bool = True, mmap: Any = None
) -> Any:
    """Read what save wrote, from a path or a file, as torch.load; a safetensors file of others gives a dict of tensors.

    map_location: a device for all tensors, or a dict of devices. Raises FileNotFoundError, or SerializationError for a
    file that is cut short, damaged or of another kind, saying which; nothing in a file is ever run.
    """
    if hasattr(f, "read"):
        return _read(f, str(getattr(f, "name", "the file object")), map_location)
    with open(os.fspath(f), "rb") as file:
        return _read(file, os.fspath(f), map_location)


def _read(file: IO[bytes], where: str, map_location: Any) -> Any:
    start = file.read(8)
    if len(start) < 8:
        raise _damaged(where, f"it has only {len(start)} bytes" if start else "it is empty")
    _check_kind(where, start)
    length = int.from_bytes(start, "little")
    if length > LONGEST_HEADER:
        raise _damaged(
            where,
            f"its header would be {length} bytes long, more than the {LONGEST_HEADER} allowed: it is no "
            "safetensors file",
        )
    text = _exactly(file, length, where, "header")
    entries, metadata = _entries(text, where)
    arrays = _arrays(file, entries, where)
    if metadata.get("format") != FORMAT or "tree" not in metadata:
        where_to = _place(map_location, "cpu")
        return {name: Tensor._of(put_on(array, where_to)) for name, array in arrays.items()}
    if metadata.get("version") != str(VERSION):
        raise SerializationError(
            f"{where}: written in version {metadata.get('version')!r} of the format, this gradbook "
            f"reads version {VERSION}. "
            "Update gradbook, or save the file again"
        )
    unpacker = Unpacker(arrays, lambda saved: _place(map_location, saved))
    try:
        return unpacker.unpack(json.loads(metadata["tree"], object_pairs_hook=_no_twins))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise _damaged(where, f"the structure in its header makes no sense ({error})") from error


def _place(map_location: Any, saved: str) -> Any:
    """The device for a tensor that was saved from `saved`."""
    if callable(map_location):
        return "cpu"
    if isinstance(map_location, dict):
        return map_location.get(saved, saved)
    return saved if map_location is None else map_location


def _check_kind(where: str, start: bytes) -> None:
    """Raise SerializationError for a pickle or an archive."""
    kind = ""
    if start[:2] == b"PK":
        kind = "a zip archive, as torch.save writes it"
    elif start[0] == 0x80 and start[1] <= 5:
        kind = "a pickle"
    elif start[:6] == b"\x93NUMPY":
        raise SerializationError(f"{where}: this is a NumPy file. Load it with numpy.load, then gradbook.from_numpy")
    if kind:
        raise SerializationError(
            f"{where}: this is {kind}. gradbook does not open pickles, because they can run anything. "
            "In PyTorch, write the "
            "state_dict with safetensors.torch.save_file, then gradbook.load reads it"
        )


def _exactly(file: IO[bytes], count: int, where: str, what: str) -> bytes:
    found = file.read(count)
    if len(found) < count:
        raise _damaged(where, f"it is cut short: {what} should have {count} bytes, there are {len(found)}")
    return found


def _damaged(where: str, why: str) -> SerializationError:
    return SerializationError(f"{where}: cannot be loaded: {why}. Use another copy of the file, or save it again")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice in the header")
    return found


def _entries(text: bytes, where: str) -> tuple[dict[str, Any], dict[str, str]]:
    """(tensor entries, metadata) of a header. Raises SerializationError unless both are what the format says."""
    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=_no_twins)
    except (ValueError, RecursionError) as error:
        raise _damaged(where, f"its header is no proper JSON ({error})") from error
    if not isinstance(header, dict):
        raise _damaged(where, "its header is no JSON object")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise _damaged(where, "its metadata are no strings")
    return header, metadata


def _arrays(file: IO[bytes], entries: dict[str, Any], where: str) -> dict[str, Any]:
    """The tensors' arrays. Every offset is checked before anything is allocated; they must follow one another."""
    checked = sorted((_checked(name, entry, where) for name, entry in entries.items()), key=lambda entry: entry[3])
    at = 0
    for name, _, _, begin, end in checked:
        if begin != at:
            raise _damaged(where, f"tensor {name!r} begins at byte {begin}, but the one before it ends at {at}")
        at = end
    available = _remaining(file)
    if available is not None and available != at:
        raise _damaged(where, f"the tensors need {at} bytes, the file has {available} after its header")
    arrays: dict[str, Any] = {}
    for name, dtype, shape, begin, end in checked:
        try:
            array = np.empty(shape, dtype)
        except (ValueError, MemoryError) as error:
            raise _damaged(where, f"tensor {name!r} has the shape {list(shape)} ({error})") from error
        if available is None:
            array.reshape(-1).view(np.uint8)[...] = np.frombuffer(
                _exactly(file, end - begin, where, repr(name)), np.uint8
            )
        elif end > begin:
            _fill(file, array, where, name)
        arrays[name] = array if np.little_endian else array.byteswap()
    if available is None and file.read(1):
        raise _damaged(where, f"there are bytes after the last tensor, which ends at {at}")
    return arrays


def _checked(name: str, entry: Any, where: str) -> tuple[str, Any, tuple[int, ...], int, int]:
    """(name, dtype, shape, begin, end) of a header's entry."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise _damaged(where, f"the entry of tensor {name!r} lacks dtype, shape or data_offsets, or has more")
    code, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(code, str) or code not in CODES:
        raise _damaged(where, f"tensor {name!r} has the unknown dtype {code!r}")
    for what, numbers in (("shape", shape), ("data_offsets", offsets)):
        if not isinstance(numbers, list) or not all(type(n) is int and n >= 0 for n in numbers):
            raise _damaged(where, f"{what} of tensor {name!r} is {numbers!r}, not a list of whole numbers")
    if len(offsets) != 2 or len(shape) > 64:
        raise _damaged(where, f"tensor {name!r} has {len(offsets)} offsets and {len(shape)} axes")
    wanted = math.prod(shape) * CODES[code]._np.itemsize
    if offsets[1] - offsets[0] != wanted:
        raise _damaged(
            where, f"tensor {name!r} of shape {shape} needs {wanted} bytes, its offsets give {offsets[1] - offsets[0]}"
        )
    return name, CODES[code]._np, tuple(shape), offsets[0], offsets[1]


def _remaining(file: IO[bytes]) -> int | None:
    """Bytes from here to the end; None where a file cannot tell."""
    try:
        here = file.tell()
        end = file.seek(0, os.SEEK_END)
        file.seek(here)
    except (AttributeError, OSError, ValueError):
        return None
    return end - here


def _fill(file: IO[bytes], array: Any, where: str, name: str) -> None:
    view = memoryview(array.reshape(-1).view(np.uint8))
    done = 0
    while done < len(view):
        if hasattr(file, "readinto"):
            count = file.readinto(view[done:])
        else:
            part = file.read(len(view) - done)
            count = len(part)
            view[done : done + count] = part
        if not count:
            raise _damaged(where, f"it is cut short inside tensor {name!r}")
        done += count
