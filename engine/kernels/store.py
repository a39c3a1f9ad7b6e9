"""Machine code on disk, so that a second start compiles nothing. Safe beside other processes and with damaged files.

One file a module, named by the hash of all that went into it; written aside and moved into place, so that no reader
ever sees half of one; a file whose checksum does not fit is ignored and written anew. The folder must belong to the
user alone: what lies in it is run. Where it cannot be used, everything is compiled again in each process.
"""

from __future__ import annotations

import functools
import hashlib
import os
import stat
import tempfile
import time
from pathlib import Path

__all__ = ["folder", "load", "prune", "save"]

MAGIC = b"gradbook kernels 1\n"
VARIABLE = "GRADBOOK_CACHE"
STALE = 3600.0  # seconds after which a file that is being written is one that nobody writes any more
LIMIT = 256 * 2**20  # bytes on disk; the oldest go first
DIGEST = hashlib.sha256().digest_size


@functools.cache
def folder() -> Path | None:
    """Where the files are: $GRADBOOK_CACHE, or `kernels` in the user's cache folder; None where it cannot be used."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        path = Path(chosen).expanduser() / "kernels"
    else:
        from platformdirs import user_cache_path

        path = user_cache_path("gradbook", appauthor=False) / "kernels"
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        safe = _is_private(path) and os.access(path, os.W_OK | os.X_OK)
    except OSError:  # a home that cannot be written, no home at all
        return None
    return path if safe else None


def _is_private(path: Path) -> bool:
    if os.name == "nt":  # the profile folder belongs to its user
        return True
    status = path.stat()
    return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def load(key: str) -> bytes | None:
    """The machine code kept under `key`, or None if there is none that is whole."""
    path = folder()
    if path is None:
        return None
    try:
        data = (path / key).read_bytes()
    except OSError:
        return None
    head = len(MAGIC) + DIGEST
    if data[: len(MAGIC)] != MAGIC or data[len(MAGIC) : head] != hashlib.sha256(data[head:]).digest():
        return None
    return data[head:]


def save(key: str, code: bytes) -> bool:
    """Keep machine code under `key`. -> whether it could be kept."""
    path = folder()
    if path is None:
        return False
    try:
        handle, name = tempfile.mkstemp(dir=path, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(MAGIC + hashlib.sha256(code).digest() + code)
            os.replace(name, path / key)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        if not _pruned:
            _pruned.append(True)
            prune()
    except OSError:  # a full disk, a folder that went away
        return False
    return True


_pruned: list[bool] = []  # whether it was done in this process: once is enough


def prune(limit: int = LIMIT) -> int:
    """Delete the files used longest ago until at most `limit` bytes are left, and halves of files whose process died.

    -> how many were deleted.
    """
    path = folder()
    if path is None:
        return 0
    found = []
    for file in path.iterdir():
        try:
            status = file.stat()
        except OSError:  # another process deleted it
            continue
        if file.name.startswith(".") and status.st_mtime < time.time() - STALE:
            file.unlink(missing_ok=True)
            continue
        found.append((max(status.st_mtime, status.st_atime), status.st_size, file))
    total, gone = sum(size for _, size, _ in found), 0
    for _, size, file in sorted(found):
        if total <= limit:
            break
        file.unlink(missing_ok=True)
        total, gone = total - size, gone + 1
    return gone
