"""IR -> machine code -> addresses. Code stays until the process ends; what lies on disk is not compiled again."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ParamSpec

from gradbook.kernels import locks, store
from gradbook.kernels.host import Host, host

__all__ = [
    "ENTRY", "NotReady", "address", "address_of", "compile_ir", "kept", "need_time", "ready_only", "stop",
]  # fmt: skip

P = ParamSpec("P")
ENTRY = "kernel"  # the name of a module's one public function
FORMAT = "2"  # a change to how code is made, other than its IR
_lock = threading.RLock()
locks.append(_lock)
_hurry = threading.local()
_addresses: dict[str, int] = {}  # by the module's key
_keys: dict[int, str] = {}  # by the address
_stopped: threading.Thread | None = None


class NotReady(Exception):
    """A kernel is not compiled yet, and there is no time for it here: see `ready_only`."""


@contextlib.contextmanager
def ready_only() -> Iterator[None]:
    """In this block of this thread no kernel is written, compiled or waited for: the attempt raises NotReady."""
    _hurry.on = True
    try:
        yield
    finally:
        _hurry.on = False


def need_time() -> None:
    """Raise NotReady where there is none for writing a kernel."""
    if getattr(_hurry, "on", False):
        raise NotReady


@contextlib.contextmanager
def _locked() -> Iterator[None]:
    """LLVM serves one thread at a time in any case."""
    if not _lock.acquire(blocking=not getattr(_hurry, "on", False)):
        raise NotReady
    try:
        yield
    finally:
        _lock.release()


def address(ir: str) -> int:
    """Where the function `kernel` of a module is, compiled if it was not yet. Safe from several threads.

    Raises RuntimeError where there are no kernels for this machine, or where LLVM refuses the IR.
    """
    return _found(key_of(ir), lambda: ir)


def address_of(key: str, write: Callable[[], str]) -> int:
    """As `address` of the IR that `write` gives, which is asked for it only if no machine code is kept under `key`.

    key: all that the IR depends on, beside the processor, the compiler and the source of the kernels.
    """
    source = sources()
    return _found(key_of(f"{source} {key}"), write) if source else address(write())


def kept(write: Callable[P, int]) -> Callable[P, int]:
    """Decorator of a function that writes a kernel and gives its address: it writes where no machine code is kept.

    The arguments and the source of the kernels must be all that the IR depends on, beside the processor.
    """
    name = f"{write.__module__}.{write.__qualname__}"

    @functools.cache
    def find(*args: P.args, **kwargs: P.kwargs) -> int:
        arguments = f"{args!r} {sorted(kwargs.items())!r}"
        source = sources()
        if not source or " at 0x" in arguments:  # of objects that are others in every process
            return write(*args, **kwargs)
        note = key_of(f"{source} {name} {arguments}")
        with _locked():
            key = (store.load(note) or b"").decode()
            found = _from_disk(key) if key else None
            if found is None:
                found = write(*args, **kwargs)
                if found in _keys:
                    store.save(note, _keys[found].encode())
        return found

    return functools.update_wrapper(find, write)  # type: ignore[return-value]  # its arguments are only Hashable


def _found(key: str, write: Callable[[], str]) -> int:
    found = _addresses.get(key)
    if found is not None:
        return found
    with _locked():
        if threading.current_thread() is _stopped:
            raise SystemExit
        found = _from_disk(key)
        if found is None:
            need_time()
            code = compile_ir(re.sub(rf"@(\"?){ENTRY}\b", rf"@\g<1>{_name(key)}", write()))
            store.save(key, code)
            found = _load(key, code)
    return found


def stop(thread: threading.Thread | None) -> None:
    """Let a thread end when it wants to compile the next module: Python ends."""
    global _stopped
    _stopped = thread


def _from_disk(key: str) -> int | None:
    """The address of what is loaded already, or kept on disk."""
    if key not in _addresses:
        code = store.load(key)
        return None if code is None else _load(key, code)
    return _addresses[key]


def _name(key: str) -> str:
    """What a module's function is called: all modules share one space of names."""
    return f"{ENTRY}_{key[:24]}"


def sources() -> str:
    """A hash of the source code that writes IR; "" if it was changed since it was loaded, and is another one."""
    global _looked, _same
    now = time.monotonic()
    if now > _looked + 0.1:  # looking takes a fifth of a millisecond
        _looked, _same = now, _stamp() == _loaded
    return _sources if _same else ""


def _stamp() -> int:
    """A number that changes with every change to the source files."""
    found = [(entry.name, entry.stat()) for entry in os.scandir(Path(__file__).parent) if entry.name.endswith(".py")]
    return hash(tuple(sorted((name, status.st_mtime_ns, status.st_size) for name, status in found)))


def _hash() -> str:
    total = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        total.update(file.read_bytes())
    return total.hexdigest()


_loaded, _sources = _stamp(), _hash()
_looked, _same = 0.0, True


def _load(key: str, code: bytes) -> int:
    import llvmlite.binding as llvm

    engine = _engine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    found = int(engine.get_function_address(_name(key)))
    if not found:
        raise RuntimeError(f"the machine code has no function {_name(key)}")
    _addresses[key], _keys[found] = found, key
    return found


def key_of(ir: str) -> str:
    """The name under which a module's machine code is kept: a hash of its IR, the processor and the compiler."""
    return hashlib.sha256("\0".join((FORMAT, *_compiler(), ir)).encode()).hexdigest()


def compile_ir(ir: str) -> bytes:
    """Machine code for this processor. Releases the interpreter lock while LLVM works.

    Kernels are written as they are to be, in vectors and with their loops unrolled: LLVM only tidies up. Its usual
    passes take as long again, and then longer to emit what they unrolled, for no quicker kernels.
    """
    import llvmlite.binding as llvm

    machine = _machine()
    module = llvm.parse_assembly(ir, llvm.create_context())
    module.verify()
    passes = llvm.create_new_module_pass_manager()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
    return bytes(machine.emit_object(module))


@functools.cache
def _compiler() -> tuple[str, ...]:
    import llvmlite
    import llvmlite.binding as llvm

    here = _host()
    return (llvmlite.__version__, str(llvm.llvm_version_info), repr(here))


def _host() -> Host:
    here = host()
    if here is None:
        from gradbook.kernels.host import unavailable

        raise RuntimeError(f"no native kernels: {unavailable()}")
    return here


def _machine() -> Any:
    import llvmlite.binding as llvm

    _initialize()
    here = _host()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(cpu=here.cpu, features=here.features, opt=3, jit=True)


@functools.cache
def _initialize() -> None:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


@functools.cache
def _engine() -> Any:
    import llvmlite.binding as llvm

    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(engine))  # other threads may be in its code until the process is gone
    return engine
