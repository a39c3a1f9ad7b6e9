"""save and load: a safetensors file with the object's structure as JSON in its metadata. Loading runs nothing.

The safetensors library writes and reads the format. Any safetensors reader can read our files; any safetensors file can
be loaded, as a dict of tensors.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

from gradbook.device import place as put_on
from gradbook.errors import SerializationError
from gradbook.structure import Packed, Unpacker
from gradbook.tensor import Tensor

__all__ = ["load", "save"]

FORMAT, VERSION = "gradbook", "1"


# -- save ----------------------------------------------------------------------------------------------------------


def save(obj: Any, f: Any, **ignored: Any) -> None:
    """Write tensors, and dicts, lists, tuples, numbers and strings of them, to a path or a file, as torch.save.

    A path is replaced at once when all is written: who is interrupted keeps the old file. Tensors that share memory
    are kept once. Raises TypeError for what cannot be saved (functions, objects), naming where it stands in `obj`;
    modules and optimizers are saved as their state_dict(). Raises OSError or SerializationError for a file that cannot
    be written. Differs: PyTorch's pickles are neither written nor read.
    """
    from safetensors import SafetensorError  # here: `import gradbook` does not wait for it
    from safetensors import numpy as library

    packed = Packed(obj)
    tree = json.dumps(packed.tree, separators=(",", ":"), allow_nan=False)
    metadata = {"format": FORMAT, "version": VERSION, "tree": tree}
    try:
        if hasattr(f, "write"):
            f.write(library.save(packed.arrays, metadata))
            return
        with _replacing(os.fsdecode(f)) as beside:
            library.save_file(packed.arrays, beside, metadata)
    except SafetensorError as error:
        raise SerializationError(f"{_name(f)}: cannot be saved: {error}") from error


def _name(f: Any) -> str:
    """What errors call a path or a file."""
    return str(getattr(f, "name", "the file object")) if hasattr(f, "read") or hasattr(f, "write") else os.fsdecode(f)


@contextlib.contextmanager
def _replacing(path: str) -> Iterator[str]:
    """A path beside `path`; its file takes the place once it is whole and on the disk, or goes if anything fails."""
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    beside = os.path.join(folder, f".{name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    with open(beside, "xb"):  # with the rights that a new file gets here: safetensors 0.8 gives them to the owner only
        rights = os.stat(target if os.path.exists(target) else beside).st_mode & 0o7777
    try:
        yield beside
        os.chmod(beside, rights)
        with open(beside, "rb+") as file:
            os.fsync(file.fileno())
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
    f: Any, map_location: Any = None, pickle_module: Any = None, *, weights_only: bool = True, mmap: Any = None
) -> Any:
    """Read what save wrote, from a path or a file, as torch.load; a safetensors file of others gives a dict of tensors.

    map_location: a device for all tensors, or a dict of devices. Raises FileNotFoundError, or SerializationError for a
    file that is cut short, damaged or of another kind, saying which; nothing in a file is ever run.
    """
    if not hasattr(f, "read"):
        return _read(os.fsdecode(f), _name(f), map_location)
    with tempfile.TemporaryDirectory() as folder:  # the library reads tensors and their types from paths only
        path = os.path.join(folder, "copy")
        with open(path, "wb") as copy:
            shutil.copyfileobj(f, copy)
        return _read(path, _name(f), map_location)


def _read(path: str, where: str, map_location: Any) -> Any:
    arrays, metadata = _contents(path, where)
    if metadata.get("format") != FORMAT or "tree" not in metadata:
        device = _place(map_location, "cpu")
        return {name: Tensor._of(put_on(array, device)) for name, array in arrays.items()}
    if metadata.get("version") != VERSION:
        raise SerializationError(
            f"{where}: written in version {metadata.get('version')!r} of the format, this gradbook reads version "
            f"{VERSION!r}. Update gradbook, or save the file again"
        )
    unpacker = Unpacker(arrays, lambda saved: _place(map_location, saved))
    try:
        return unpacker.unpack(json.loads(metadata["tree"], object_pairs_hook=_no_twins))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise _damaged(where, f"the structure in its header makes no sense ({error})") from error


def _contents(path: str, where: str) -> tuple[dict[str, Any], dict[str, str]]:
    """(arrays by name, metadata) of a safetensors file; the library checks the file, all but names that come twice."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    with open(path, "rb") as file:
        start = file.read(8)
        try:
            arrays = load_file(path)
            header = json.loads(file.read(int.from_bytes(start, "little")), object_pairs_hook=_no_twins)
        except (
            SafetensorError,
            ValueError,
            AttributeError,
        ) as error:  # or NumPy lacks it
            raise _refusal(where, start, error) from error
    return arrays, header.get("__metadata__", {})


def _place(map_location: Any, saved: str) -> Any:
    """The device for a tensor that was saved from `saved`."""
    if callable(map_location):
        return "cpu"
    if isinstance(map_location, dict):
        return map_location.get(saved, saved)
    return saved if map_location is None else map_location


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key comes twice in the header")
    return found


def _refusal(where: str, start: bytes, error: Exception) -> SerializationError:
    """What to say of a file that the library refuses: other kinds are known by how they start."""
    if start.startswith(b"\x93NUMPY"):
        return SerializationError(f"{where}: this is a NumPy file. Load it with numpy.load, then gradbook.from_numpy")
    if start.startswith((b"PK", b"\x80")):
        kind = "a zip archive, as torch.save writes it" if start.startswith(b"PK") else "a pickle"
        return SerializationError(
            f"{where}: this is {kind}. gradbook does not open pickles, because they can run anything. In PyTorch, "
            "write the state_dict with safetensors.torch.save_file, then gradbook.load reads it"
        )
    return _damaged(where, f"it is empty, cut short, damaged or no safetensors file ({str(error)[:200]})")


def _damaged(where: str, why: str) -> SerializationError:
    return SerializationError(f"{where}: cannot be loaded: {why}. Use another copy of the file, or save it again")
