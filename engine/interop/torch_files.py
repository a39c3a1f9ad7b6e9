"""PyTorch's checkpoint files, without PyTorch: the zip archives of today, and the pickles in a row of before 1.6.

A zip archive holds `data.pkl`, a pickle whose tensors refer to storages, and each storage as the record `data/<key>`.
"""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook import dtypes
from gradbook.device import place as put_on
from gradbook.errors import SerializationError
from gradbook.interop.pickling import pickled
from gradbook.interop.safe_globals import Memory
from gradbook.interop.unpickling import Unpickler, names_in

__all__ = ["LEGACY_START", "pickle_of_archive", "read_archive", "read_legacy", "write_archive"]

ROOT, ALIGNMENT = "archive", 64  # bytes
PADDING = 0x4246  # id of the extra field that aligns a record
LOCAL_HEADER, ZIP64_FIELD = 30, 20  # bytes
MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_START = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # the magic number as a pickle


# zipfile's words for an archive that is damaged, or encrypted, or of a method that it does not know
BAD_ZIP = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, struct.error, ValueError, OSError)


# -- write ---------------------------------------------------------------------------------------------------------


def write_archive(file: Any, obj: Any) -> None:
    """Write `obj` as torch.save does. file: seekable, opened for writing bytes. Raises UnsavableError."""
    data, memories = pickled(obj)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        _put(archive, "data.pkl", data)
        _put(archive, ".format_version", b"1")
        _put(archive, ".storage_alignment", str(ALIGNMENT).encode())
        _put(archive, "byteorder", b"little")
        for key, memory in enumerate(memories):
            _put(archive, f"data/{key}", memory.data)
        _put(archive, "version", b"3\n")


def _put(archive: zipfile.ZipFile, name: str, data: Any) -> None:
    """One record, its bytes on a boundary that a mapped file can be used from."""
    info = zipfile.ZipInfo(f"{ROOT}/{name}")  # dated 1980: equal objects give equal files
    begin = archive.fp.tell() + LOCAL_HEADER + len(info.filename) + 4  # type: ignore[union-attr]  # open: we write
    if len(data) * 1.05 > zipfile.ZIP64_LIMIT:
        begin += ZIP64_FIELD
    fill = -begin % ALIGNMENT
    info.extra = struct.pack("<HH", PADDING, fill) + b"Z" * fill
    archive.writestr(info, data)


# -- read a zip archive --------------------------------------------------------------------------------------------


class Storages:
    """The storages of a file by key, each read once and put on its device. Raises ValueError for what cannot be."""

    def __init__(self, place: Callable[[str], Any], size_of_file: int) -> None:
        self.place, self.size_of_file = place, size_of_file
        self.known: dict[str, Memory] = {}

    def find(self, pid: Any) -> Memory:
        """The memory that ("storage", dtype, key, location, number of elements) refers to."""
        kind, dtype, key, location, count = pid[:5]
        if kind != "storage" or not isinstance(dtype, dtypes.dtype) or not (type(key) is str and type(count) is int):
            raise ValueError("a reference that is no storage's")
        if not 0 <= count * dtype.itemsize <= self.size_of_file:
            raise ValueError(f"storage {key} of {count} elements in a file of {self.size_of_file} bytes")
        if key not in self.known:
            flat = self.read(key, dtype._np, count)
            self.known[key] = Memory(put_on(flat, self.place(location)))
        return self.known[key]

    def read(self, key: str, kind: np.dtype[Any], count: int) -> Any:
        """The elements of one storage."""
        raise KeyError(key)


class ArchiveStorages(Storages):
    """The storages of a zip archive."""

    def __init__(self, archive: zipfile.ZipFile, root: str, place: Callable[[str], Any], size: int, path: Any) -> None:
        super().__init__(place, size)
        self.archive, self.root, self.path = archive, root, path
        names = set(archive.namelist())
        self.swapped = f"{root}/byteorder" in names and archive.read(f"{root}/byteorder") == b"big"

    def read(self, key: str, kind: np.dtype[Any], count: int) -> Any:
        """The elements of one storage: mapped from the file where a path was given for that, copied otherwise."""
        info = self.archive.getinfo(f"{self.root}/data/{key}")
        if info.compress_type != zipfile.ZIP_STORED:
            raise ValueError(f"record data/{key} is compressed")
        if info.file_size != count * kind.itemsize:
            raise ValueError(f"record data/{key} has {info.file_size} bytes, not {count * kind.itemsize}")
        if self.path is not None and count and not self.swapped:
            return np.memmap(self.path, np.uint8, "c", self._begin(info), (info.file_size,)).view(np.ndarray).view(kind)
        flat = np.empty(count, kind)
        if count:
            with self.archive.open(info) as record:
                _fill(record, flat)
        return flat.byteswap() if self.swapped else flat

    def _begin(self, info: zipfile.ZipInfo) -> int:
        """Where in the file the bytes of a record begin."""
        file: Any = self.archive.fp
        file.seek(info.header_offset + 26)
        name, extra = struct.unpack("<HH", file.read(4))
        return info.header_offset + LOCAL_HEADER + int(name) + int(extra)


def read_archive(
    file: Any, where: str, place: Callable[[str], Any], whole: bool = False, mapped: str | None = None
) -> Any:
    """What write_archive or torch.save wrote. file: seekable; place(location) -> device; mapped: a path to map.

    Raises SerializationError for a file that is damaged or of another kind, UnsafeFileError for a name in it that
    nobody declared safe.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            root = _root(archive, where)
            size = file.seek(0, io.SEEK_END)
            storages = ArchiveStorages(archive, root, place, size, mapped)
            data = _pickle(archive, root)
            return _checked(where, lambda: Unpickler(io.BytesIO(data), where, storages.find, whole).load())
    except SerializationError:
        raise
    except BAD_ZIP as error:
        raise damaged(where, f"it is cut short or damaged ({error})") from error


def pickle_of_archive(file: Any, where: str) -> list[str]:
    """The names that the pickle of an archive refers to."""
    try:
        with zipfile.ZipFile(file) as archive:
            data = _pickle(archive, _root(archive, where))
            return _checked(where, lambda: names_in(data))  # type: ignore[no-any-return]
    except SerializationError:
        raise
    except BAD_ZIP as error:
        raise damaged(where, f"it is cut short or damaged ({error})") from error


def _root(archive: zipfile.ZipFile, where: str) -> str:
    names = archive.namelist()
    roots = [name.removesuffix("/data.pkl") for name in names if name.endswith("/data.pkl")]
    if len(roots) != 1:
        raise SerializationError(f"{where}: a zip archive, but not one that torch.save or gradbook.save wrote")
    if f"{roots[0]}/constants.pkl" in names:
        raise SerializationError(
            f"{where}: a TorchScript archive, which is a program. In PyTorch, save torch.jit.load(file).state_dict()"
        )
    return roots[0]


def _pickle(archive: zipfile.ZipFile, root: str) -> bytes:
    """The pickle of an archive. Raises ValueError for a compressed one: it may expand beyond all memory."""
    record = archive.getinfo(f"{root}/data.pkl")
    if record.compress_type != zipfile.ZIP_STORED:
        raise ValueError("record data.pkl is compressed")
    return archive.read(record)


def _fill(source: Any, flat: Any) -> None:
    """Read exactly as many bytes as an array has. Raises EOFError."""
    view = memoryview(flat.view(np.uint8)).cast("B")
    done = 0
    while done < len(view):
        count = source.readinto(view[done:])
        if not count:
            raise EOFError("the file ends within a storage")
        done += count


# -- read what PyTorch wrote before 1.6 ----------------------------------------------------------------------------


class LegacyStorages(Storages):
    """Storages whose bytes follow after the pickle: their memories are filled when it has been read."""

    def find(self, pid: Any) -> Memory:
        """The memory, or the part of it that a sixth entry (key, begin, number of elements) names."""
        if pid[0] == "module":  # a class, with its source beside it, which is not looked at
            return pid[1]  # type: ignore[no-any-return]
        part = pid[5] if len(pid) > 5 else None
        memory = super().find(pid)
        if part is None:
            return memory
        _, begin, count = part
        if not 0 <= begin <= begin + count <= memory.flat.size:
            raise ValueError("a part that reaches beyond its storage")
        return Memory(memory.flat[begin : begin + count])

    def read(self, key: str, kind: np.dtype[Any], count: int) -> Any:
        """Memory to be filled."""
        return np.empty(count, kind)


def read_legacy(file: Any, where: str, place: Callable[[str], Any], whole: bool = False) -> Any:
    """A file that PyTorch wrote before 1.6 (or with _use_new_zipfile_serialization=False), as read_archive."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    storages = LegacyStorages(lambda location: place(location) and "cpu", size)  # a device that is not there: say so

    def following() -> Any:
        return Unpickler(file, where, storages.find, whole).load()

    def everything() -> Any:
        magic, _protocol, system = following(), following(), following()
        if magic != MAGIC or not system.get("little_endian", True):
            raise ValueError("a wrong magic number, or big-endian order")
        found = following()
        keys = list(following())
        if len(keys) != len(storages.known) or set(keys) != set(storages.known):  # the rest would stay unwritten memory
            raise ValueError(f"{len(storages.known)} storages, and bytes for {len(keys)}")
        for key in keys:
            flat = storages.known[key].flat
            (count,) = struct.unpack("<q", file.read(8))
            if count != flat.size:
                raise ValueError(f"storage {key} has {count} elements, not {flat.size}")
            if count:
                _fill(file, flat)
        return found

    return _checked(where, everything)


# -- what is wrong -------------------------------------------------------------------------------------------------


def _checked(where: str, read: Callable[[], Any]) -> Any:
    """What `read` gives; what pickles and arrays raise when they make no sense becomes SerializationError."""
    try:
        return read()
    except SerializationError:
        raise
    except (
        ValueError, LookupError, TypeError, AttributeError, EOFError, MemoryError, OverflowError, RecursionError,
        AssertionError, struct.error, pickle.UnpicklingError,
    ) as error:  # fmt: skip
        raise damaged(where, f"its structure makes no sense ({type(error).__name__}: {str(error)[:200]})") from error


def damaged(where: str, why: str) -> SerializationError:
    """The error for a file that is not what it claims to be."""
    return SerializationError(f"{where}: cannot be loaded: {why}. Use another copy of the file, or save it again")
