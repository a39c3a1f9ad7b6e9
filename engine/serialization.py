"""save and load: PyTorch's checkpoint files, written and read without PyTorch. Loading runs nothing of the file.

Files that gradbook writes, torch.load reads, and the other way round; safetensors files are read too.
"""

from __future__ import annotations

import contextlib
import io
import os
import secrets
from collections.abc import Callable, Iterator
from typing import Any

from gradbook.device import device
from gradbook.errors import SerializationError

__all__ = [
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "get_unsafe_globals_in_checkpoint",
    "load",
    "safe_globals",
    "save",
]

ZIP_START = b"PK\x03\x04"


# -- save ----------------------------------------------------------------------------------------------------------


def save(
    obj: Any,
    f: Any,
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Write an object with tensors in it to a path or a file, as torch.save: a zip archive that torch.load reads.

    A path is replaced at once when all is written: who is interrupted keeps the old file. Tensors that share memory
    are kept once and stay shared. Raises UnsavableError (a TypeError and a PicklingError) for what no file can hold,
    naming where it stands in `obj`; OSError for a file that cannot be written.
    Differs: always the archive of PyTorch 1.6 and later, in protocol 2; pickle_module is not used.
    """
    from gradbook.interop.torch_files import write_archive  # here: `import gradbook` does not wait for it

    if hasattr(f, "write"):
        whole = io.BytesIO()
        write_archive(whole, obj)
        f.write(whole.getbuffer())
        return
    try:
        with _replacing(os.fsdecode(f)) as beside, open(beside, "wb") as file:
            write_archive(file, obj)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = os.fsdecode(f)
        raise


def _name(f: Any) -> str:
    """What errors call a path or a file."""
    return str(getattr(f, "name", "the file object")) if hasattr(f, "read") or hasattr(f, "write") else os.fsdecode(f)


@contextlib.contextmanager
def _replacing(path: str) -> Iterator[str]:
    """A path beside `path`; its file takes the place once it is whole and on the disk, or goes if anything fails."""
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    beside = os.path.join(folder, f".{name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        yield beside
        if os.path.exists(target):
            os.chmod(beside, os.stat(target).st_mode & 0o7777)
        os.replace(beside, target)
    except BaseException:
        if os.path.exists(beside):
            os.unlink(beside)
        raise
    if hasattr(os, "O_DIRECTORY"):  # the rename itself, too, must reach the disk
        entry = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(entry)
        finally:
            os.close(entry)


# -- load ----------------------------------------------------------------------------------------------------------


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Read a checkpoint of torch.save or gradbook.save, of any PyTorch, from a path or a file; or a safetensors file.

    map_location: a device for all tensors, a dict of devices, or a function (storage, location) -> device or storage.
    mmap: map a path's tensors from the disk, copied where they are changed. weights_only=False also takes whole
    Modules, of classes that this program has imported already. Raises FileNotFoundError; SerializationError for a file
    that is cut short, damaged or of another kind; UnsafeFileError (an UnpicklingError) for a class or function in it
    that was not declared safe with add_safe_globals.
    Differs: nothing that a file names is imported or called, also with weights_only=False. A file from before
    PyTorch 1.6 comes to the CPU, whatever it says of devices; another map_location is refused.
    """
    where = _name(f)
    with _opened(f) as file:
        start = file.read(32)
        file.seek(0)
        return _read(file, start, where, map_location, weights_only is False, _mapped(f, mmap))


def _read(file: Any, start: bytes, where: str, map_location: Any, whole: bool, mapped: str | None) -> Any:
    from gradbook.interop import torch_files

    place = _placing(map_location, where)
    if start.startswith(ZIP_START):
        return torch_files.read_archive(file, where, place, whole, mapped)
    if start.startswith(torch_files.LEGACY_START):
        if map_location is not None and place("cpu").type != "cpu":
            raise SerializationError(
                f"{where}: a file from before PyTorch 1.6 is read to the CPU: load it with map_location='cpu', then "
                "move what you need with .to(...)"
            )
        return torch_files.read_legacy(file, where, place, whole)
    if start[8:9] == b"{":
        from gradbook.interop.safetensors import read_safetensors

        return read_safetensors(file.read(), where, place("cpu"))
    if not start:
        raise SerializationError(f"{where}: the file is empty; it may have been cut short while it was written")
    if start.startswith(b"\x93NUMPY"):
        raise SerializationError(f"{where}: this is a NumPy file. Load it with numpy.load, then gradbook.from_numpy")
    if start.startswith(b"\x80"):
        raise SerializationError(
            f"{where}: this is a bare pickle, which can run anything, and no checkpoint of torch.save"
        )
    raise torch_files.damaged(where, "it is cut short, damaged, or no checkpoint")


@contextlib.contextmanager
def _opened(f: Any) -> Iterator[Any]:
    """A seekable file from its own beginning."""
    if not hasattr(f, "read"):
        with open(os.fsdecode(f), "rb") as file:
            yield file
    elif hasattr(f, "seek") and hasattr(f, "tell") and hasattr(f, "readinto") and f.tell() == 0:
        yield f
    else:
        yield io.BytesIO(f.read())


def _mapped(f: Any, mmap: bool | None) -> str | None:
    if not mmap:
        return None
    if hasattr(f, "read"):
        raise ValueError("f must be a file name in order to use the mmap argument")
    return os.path.realpath(os.fsdecode(f))


class _Somewhere:
    """What a map_location function gets and gives for a storage: where its bytes shall lie."""

    def __init__(self, where: str) -> None:
        self.where = where

    def cpu(self) -> _Somewhere:
        """On the CPU."""
        return _Somewhere("cpu")

    def cuda(self, index: int = 0) -> _Somewhere:
        """On GPU `index`."""
        return _Somewhere(f"cuda:{index}")


def _placing(map_location: Any, where: str) -> Callable[[str], Any]:
    """location in the file -> device of the tensor."""

    def place(location: str) -> Any:
        if callable(map_location):
            wanted = map_location(_Somewhere("cpu"), location)
            return location if wanted is None else getattr(wanted, "where", wanted)
        if isinstance(map_location, dict):
            return map_location.get(location, location)
        return location if map_location is None else map_location

    def checked(location: str) -> Any:
        try:
            wanted = device(place(location))
        except (RuntimeError, TypeError) as error:
            raise SerializationError(
                f"{where}: its tensors were on {location!r:.40}, and gradbook cannot put them there ({error!s:.200}). "
                "Load it with map_location='cpu'"
            ) from error
        if wanted.type == "cuda":
            from gradbook.backends import cuda

            if cuda.device_count() == 0:
                raise SerializationError(
                    f"{where}: its tensors were on {location}, and no GPU can be used here. Load it with "
                    "map_location='cpu'"
                )
        return wanted

    return checked


# -- names that files may refer to ---------------------------------------------------------------------------------


added: dict[str, Any] = {}  # by the name that a file has for it


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Let files refer to these classes and functions from now on, as torch.serialization.add_safe_globals.

    An entry is the object, or (object, "module.name") for another name. Objects of such a class are made without
    calling __init__; what the class's __setstate__ does is in your hands.
    """
    for entry in safe_globals:
        found, name = entry if isinstance(entry, tuple) else (entry, f"{entry.__module__}.{entry.__qualname__}")
        added[name] = found


def get_safe_globals() -> list[Any]:
    """What was added, in order, as torch.serialization.get_safe_globals."""
    return list(added.values())


def clear_safe_globals() -> None:
    """Forget what was added, as torch.serialization.clear_safe_globals."""
    added.clear()


class safe_globals:
    """`with safe_globals([Config]):` add_safe_globals inside the block only, as torch.serialization.safe_globals."""

    def __init__(self, safe_globals: list[Any]) -> None:
        self.entries = safe_globals

    def __enter__(self) -> None:
        self._before = dict(added)
        add_safe_globals(self.entries)

    def __exit__(self, *exc: Any) -> None:
        added.clear()
        added.update(self._before)


def get_unsafe_globals_in_checkpoint(f: Any) -> list[str]:
    """The names in a checkpoint that load would refuse, `module.name`, as torch.serialization's; nothing is loaded."""
    from gradbook.interop.safe_globals import allowed
    from gradbook.interop.torch_files import pickle_of_archive

    with _opened(f) as file:
        names = pickle_of_archive(file, _name(f))
    return [name for name in names if allowed(*name.rsplit(".", 1)) is None]
