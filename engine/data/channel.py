"""What a loader and its worker processes say to each other: pickles over a socket, large arrays in shared memory."""

from __future__ import annotations

import errno
import io
import os
import pickle
import socket
import struct
from typing import Any

import numpy as np

from gradbook.backends import shared

__all__ = ["Channel", "pack"]

LARGE = 16 << 10  # bytes from which an array, or all the rest of a message, goes by shared memory
MOST = 200  # blocks a message; the kernel hands over at most 253 descriptors at once
OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE, errno.ETOOMANYREFS)


class Channel:
    """One end of a two-way connection. send() copies large arrays once; recv() gives them without a copy, writable."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self._line: Any = None
        if shared.CAN_SHARE:
            self._line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=connection.fileno())
            self._line.setblocking(True)

    def send(self, message: Any) -> None:
        """Hand a message over. Raises what pickling it raises (nothing is sent then), or OSError: nobody listens."""
        payload, buffers = pack(message, shared.CAN_SHARE)
        spilled = shared.CAN_SHARE and len(payload) >= LARGE
        parts: list[Any] = [payload, *buffers] if spilled else buffers
        files: list[int] = []
        try:
            try:
                for part in parts:
                    files.append(shared.memory_file(part))
            except OSError as error:
                if error.errno not in OUT_OF_DESCRIPTORS:
                    raise
                payload, parts, spilled = pack(message, False)[0], [], False
            sizes = [memoryview(part).nbytes for part in parts]
            head = struct.pack(f"<?H{len(sizes)}Q", spilled, len(sizes), *sizes)
            self.connection.send_bytes(head + (b"" if spilled else payload))
            if sizes:
                self._send_files(files, message)
        finally:
            for fd in files:
                os.close(fd)

    def _send_files(self, files: list[int], message: Any) -> None:
        try:
            socket.send_fds(self._line, [b"+"], files)
        except OSError as error:
            if error.errno not in OUT_OF_DESCRIPTORS:
                raise
            self._line.sendall(b"-")  # too many descriptors are on their way: this one message goes by value
            self.connection.send_bytes(pack(message, False)[0])

    def recv(self) -> Any:
        """The next message. Raises EOFError or OSError if the other side is gone, or what unpickling raises."""
        raw = self._read()
        spilled, count = struct.unpack_from("<?H", raw)
        payload: Any = memoryview(raw)[3 + 8 * count :]
        if not count:
            return pickle.loads(payload)
        sizes = struct.unpack_from(f"<{count}Q", raw, 3)
        mark, files, flags, _ = socket.recv_fds(self._line, 1, count)
        if not mark:
            raise EOFError
        if mark == b"-":
            return pickle.loads(self._read())
        buffers = _contents(files, sizes)
        if len(files) < count or flags & socket.MSG_CTRUNC:
            raise OSError(errno.EMFILE, "too many open files to receive a batch: raise the limit (ulimit -n)")
        if spilled:
            payload = buffers.pop(0)
        return pickle.loads(payload, buffers=buffers)

    def _read(self) -> bytes:
        try:
            raw: bytes = self.connection.recv_bytes()
        except OSError as error:
            if error.errno is None:  # an end in the middle of a message
                raise EOFError(str(error)) from error
            raise
        return raw

    def hang_up(self) -> None:
        """End the connection for whoever holds an end of it, copies in other processes included."""
        if self._line is not None and self._line.fileno() >= 0:
            try:
                self._line.shutdown(socket.SHUT_RDWR)
            except OSError as error:
                if error.errno not in (errno.ENOTCONN, errno.EPIPE):  # the other side was first
                    raise
        self.close()

    def close(self) -> None:
        """Close this end."""
        if self._line is not None:
            self._line.detach()  # the connection owns the descriptor
        self.connection.close()

    def __del__(self) -> None:
        self.close()


def pack(message: Any, share: bool = True) -> tuple[bytes, list[memoryview]]:
    """A message as a pickle and the large buffers that belong to it; all in the pickle unless `share`."""
    buffers: list[memoryview] = []

    def inside(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if not share or raw.nbytes < LARGE or len(buffers) >= MOST:
            return True
        buffers.append(raw)
        return False

    file = io.BytesIO()
    _Pickler(file, 5, buffer_callback=inside).dump(message)
    return file.getvalue(), buffers


class _Pickler(pickle.Pickler):
    """NumPy hands over contiguous arrays of its own dtypes; this one also any strides, kept, and bfloat16."""

    def reducer_override(self, obj: Any) -> Any:
        if type(obj) is not np.ndarray or obj.nbytes < LARGE or obj.dtype.hasobject:
            return NotImplemented
        order = sorted(range(obj.ndim), key=lambda axis: -obj.strides[axis])
        flat = obj.transpose(order)
        if not flat.flags.c_contiguous:
            order, flat = list(range(obj.ndim)), np.ascontiguousarray(obj)
        flat_bytes: Any = flat.reshape(-1).view(np.uint8)
        return _array, (pickle.PickleBuffer(flat_bytes), obj.dtype, flat.shape, np.argsort(order).tolist())


def _array(raw: Any, dtype: Any, shape: tuple[int, ...], order: list[int]) -> Any:
    return np.frombuffer(raw, np.uint8).view(dtype).reshape(shape).transpose(order)


def _contents(files: list[int], sizes: tuple[int, ...]) -> list[Any]:
    """What lies in the files, mapped; the descriptors are closed. uint8 (size,) each."""
    found: list[Any] = []
    for fd, size in zip(files, sizes, strict=False):
        try:
            block = shared.Block(fd, size)
        except OSError:  # no more mappings for this process: a copy does as well
            found.append(np.empty(size, np.uint8))
            with open(fd, "rb", buffering=0) as file:
                file.seek(0)
                done = 0
                while done < size:
                    done += file.readinto(memoryview(found[-1])[done:]) or 0
        else:
            block.close()
            found.append(np.asarray(block))
    return found
