"""IR -> machine code -> addresses. Code stays until the process ends; what lies on disk is not compiled again."""

from __future__ import annotations

import functools
import hashlib
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gradbook.kernels import store
from gradbook.kernels.host import Host, host

__all__ = ["AS_WRITTEN", "ENTRY", "address", "address_of", "compile_ir"]

ENTRY = "kernel"  # the name of a module's one public function
AS_WRITTEN = "; loops as they are written"  # a line of IR: LLVM is not to unroll them
FORMAT = "1"  # a change to how code is made, other than its IR
_lock = threading.RLock()
_addresses: dict[str, int] = {}  # by the module's key


def address(ir: str) -> int:
    """Where the function `kernel` of a module is, compiled if it was not yet. Safe from several threads.

    Raises RuntimeError where there are no kernels for this machine, or where LLVM refuses the IR.
    """
    return _found(key_of(ir), lambda: ir)


def address_of(key: str, write: Callable[[], str]) -> int:
    """As `address` of the IR that `write` gives, which is asked for it only if no machine code is kept under `key`.

    key: all that the IR depends on, beside the processor, the compiler and the source of the kernels.
    """
    return _found(key_of(f"{sources()} {key}"), write)


def _found(key: str, write: Callable[[], str]) -> int:
    found = _addresses.get(key)
    if found is None:
        name = f"{ENTRY}_{key[:24]}"  # all modules share one space of names
        code = store.load(key)
        if code is None:
            code = compile_ir(re.sub(rf"@(\"?){ENTRY}\b", rf"@\g<1>{name}", write()))
            store.save(key, code)
        with _lock:
            found = _addresses.get(key)
            if found is None:
                found = _addresses[key] = _load(code, name)
    return found


@functools.cache
def sources() -> str:
    """A hash of the source code that writes IR."""
    total = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        total.update(file.read_bytes())
    return total.hexdigest()


def _load(code: bytes, name: str) -> int:
    import llvmlite.binding as llvm

    engine = _engine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    found = int(engine.get_function_address(name))
    if not found:
        raise RuntimeError(f"the machine code has no function {name}")
    return found


def key_of(ir: str) -> str:
    """The name under which a module's machine code is kept: a hash of its IR, the processor and the compiler."""
    return hashlib.sha256("\0".join((FORMAT, *_compiler(), ir)).encode()).hexdigest()


def compile_ir(ir: str) -> bytes:
    """Machine code for this processor. Releases the interpreter lock while LLVM works."""
    import llvmlite.binding as llvm

    machine = _machine()
    module = llvm.parse_assembly(ir, llvm.create_context())
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = False  # kernels are written in vectors
    options.loop_unrolling = AS_WRITTEN not in ir
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return bytes(machine.emit_object(module))


@functools.cache
def _compiler() -> tuple[str, ...]:
    import llvmlite
    import llvmlite.binding as llvm

    here = _host()
    return (llvmlite.__version__, str(llvm.llvm_version_info), here.cpu, here.features)


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

    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
