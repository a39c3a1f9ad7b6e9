"""Processes that share tensors, as torch.multiprocessing: Python's multiprocessing, with tensors in shared memory.

A tensor that goes through a queue, a pipe or the arguments of a process is moved to shared memory first, so that what
one side does to it in place the other one sees. Importing this module teaches that to all of multiprocessing.
Differs: a user's subclass of Tensor is sent by copy; Python's own multiprocessing shares tensors only once this module
is imported.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.context
import os
import pickle
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from multiprocessing import *  # noqa: F403 (PyTorch's module has all of Python's names too)
from multiprocessing import __all__ as _pythons
from multiprocessing import connection, reduction
from typing import Any

import numpy as np

from gradbook.backends import shared
from gradbook.nn.parameter import Buffer, Parameter
from gradbook.ops.sharing import block_of
from gradbook.tensor import Tensor, rebuild

__all__ = [
    *_pythons,
    "ProcessContext", "ProcessException", "ProcessExitedException", "ProcessRaisedException", "SpawnContext",
    "get_all_sharing_strategies", "get_sharing_strategy", "set_sharing_strategy", "spawn", "start_processes",
]  # fmt: skip

_strategy = "file_descriptor"


def get_all_sharing_strategies() -> set[str]:
    """The names that set_sharing_strategy takes."""
    return {"file_descriptor", "file_system"}


def get_sharing_strategy() -> str:
    """The name that set_sharing_strategy was given last."""
    return _strategy


def set_sharing_strategy(new_strategy: str) -> None:
    """Accepted, as torch.multiprocessing.set_sharing_strategy. Raises AssertionError for a name that is unknown.

    Differs: descriptors of memory without a name are handed over, whatever the strategy.
    """
    global _strategy
    if new_strategy not in get_all_sharing_strategies():
        raise AssertionError(
            f"invalid sharing strategy {new_strategy!r}, expected one of {sorted(get_all_sharing_strategies())}"
        )
    _strategy = new_strategy


def _reduce_tensor(tensor: Tensor) -> Any:
    array = tensor._array
    if not tensor.is_leaf:
        raise RuntimeError(
            "Cowardly refusing to serialize non-leaf tensor which requires_grad: autograd does not reach into another "
            "process. To send its values, detach() it first."
        )
    if not (shared.CAN_SHARE and isinstance(array, np.ndarray) and array.size):
        return tensor.__reduce_ex__(pickle.HIGHEST_PROTOCOL)
    block = block_of(tensor, resend=True)
    array = tensor._array
    offset = array.__array_interface__["data"][0] - block.address
    place = block, offset, array.shape, array.strides, array.dtype
    return _rebuild_tensor, (type(tensor), *place, tensor.requires_grad, dict(tensor.__dict__))


def _rebuild_tensor(
    kind: Any, block: shared.Block, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], dtype: Any,
    requires_grad: bool, attributes: dict[str, Any],
) -> Any:  # fmt: skip
    array = np.ndarray(shape, dtype, np.asarray(block), offset, strides)
    return rebuild(kind, array, requires_grad, "cpu", attributes)


def _reduce_block(block: shared.Block) -> Any:
    """One descriptor for all tensors of a message that lie in the block: what is pickled once is sent once."""
    fd: Any = block.fd  # never None: block_of(resend=True) saw to that
    return _open_block, (reduction.DupFd(fd), block.size)


def _open_block(handle: Any, size: int) -> shared.Block:
    return shared.Block(handle.detach(), size)


reduction.ForkingPickler.register(shared.Block, _reduce_block)
for _kind in (Tensor, Parameter, Buffer):
    reduction.ForkingPickler.register(_kind, _reduce_tensor)


class ProcessException(Exception):
    """A process that spawn or start_processes began did not end well; error_index and pid say which."""

    def __init__(self, msg: str, error_index: int, pid: int) -> None:
        super().__init__(msg)
        self.msg, self.error_index, self.pid = msg, error_index, pid

    def __reduce__(self) -> Any:
        return type(self), (self.msg, self.error_index, self.pid)


class ProcessRaisedException(ProcessException):
    """It raised; the message has its traceback."""


class ProcessExitedException(ProcessException):
    """It ended with an exit code that is not 0, or by a signal (signal_name)."""

    def __init__(
        self, msg: str, error_index: int, error_pid: int, exit_code: int, signal_name: str | None = None
    ) -> None:
        super().__init__(msg, error_index, error_pid)
        self.exit_code, self.signal_name = exit_code, signal_name

    def __reduce__(self) -> Any:
        return type(self), (self.msg, self.error_index, self.pid, self.exit_code, self.signal_name)


class ProcessContext:
    """Processes that were started together: join() waits for them, pids() names them."""

    def __init__(self, processes: list[Any], error_files: list[str]) -> None:
        self.processes, self.error_files = processes, error_files
        self.sentinels = {process.sentinel: index for index, process in enumerate(processes)}

    def pids(self) -> list[int]:
        """Their process ids."""
        return [process.pid for process in self.processes]

    def join(self, timeout: float | None = None, grace_period: float | None = None) -> bool:
        """Wait for the next one to end. -> True when all have ended well.

        timeout: seconds; grace_period: seconds that the others have once one has failed. Raises ProcessRaisedException
        or ProcessExitedException for one that failed, after the others were ended.
        """
        if not self.sentinels:
            return True
        for sentinel in connection.wait(list(self.sentinels), timeout):
            index = self.sentinels.pop(sentinel)
            process = self.processes[index]
            process.join()
            if process.exitcode != 0:
                self._end_others(grace_period)
                self._raise(index, process)
            _remove(self.error_files[index])
        return not self.sentinels

    def _end_others(self, grace_period: float | None) -> None:
        until = time.monotonic() + (grace_period or 0)
        for process in self.processes:
            process.join(max(0.0, until - time.monotonic()) if grace_period else 0)
        for process in self.processes:
            if process.is_alive():
                process.terminate()
        for process in self.processes:
            process.join(30)
            if process.is_alive():
                process.kill()
                process.join()

    def _raise(self, index: int, process: Any) -> None:
        with open(self.error_files[index], "rb") as file:
            said = file.read()
        for name in self.error_files:
            _remove(name)
        if said:
            message = f"\n\n-- Process {index} terminated with the following error:\n{said.decode()}"
            raise ProcessRaisedException(message, index, process.pid)
        code = process.exitcode
        if code < 0:
            name = signal.Signals(-code).name
            raise ProcessExitedException(
                f"process {index} terminated with signal {name}", index, process.pid, code, name
            )
        raise ProcessExitedException(f"process {index} terminated with exit code {code}", index, process.pid, code)


SpawnContext = ProcessContext


def _remove(name: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name)


def _run(fn: Callable[..., Any], index: int, args: tuple[Any, ...], error_file: str) -> None:
    try:
        fn(index, *args)
    except KeyboardInterrupt:
        pass  # the process that waits for us has it too
    except Exception:
        with open(error_file, "wb") as file:
            file.write(traceback.format_exc().encode())
        sys.exit(1)


def start_processes(
    fn: Callable[..., Any], args: tuple[Any, ...] = (), nprocs: int = 1, join: bool = True, daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:  # fmt: skip
    """Run `fn(i, *args)` in nprocs processes, i = 0 …, as torch.multiprocessing.start_processes.

    join False gives a ProcessContext at once; else it waits, and raises ProcessRaisedException or
    ProcessExitedException if one fails, after the others were ended.
    """
    context = multiprocessing.get_context(start_method)
    processes: list[Any] = []
    error_files: list[str] = []
    for index in range(nprocs):
        fd, name = tempfile.mkstemp(prefix="gradbook-error-")
        os.close(fd)
        error_files.append(name)
        process = context.Process(target=_run, args=(fn, index, args, name), daemon=daemon)  # type: ignore[attr-defined]
        process.start()
        processes.append(process)
    made = ProcessContext(processes, error_files)
    if not join:
        return made
    while not made.join():
        pass
    return None


def spawn(
    fn: Callable[..., Any], args: tuple[Any, ...] = (), nprocs: int = 1, join: bool = True, daemon: bool = False,
    start_method: str = "spawn",
) -> ProcessContext | None:  # fmt: skip
    """As start_processes, with fresh interpreters: torch.multiprocessing.spawn."""
    return start_processes(fn, args, nprocs, join, daemon, start_method)
