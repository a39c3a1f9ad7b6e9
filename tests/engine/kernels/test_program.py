"""Kernels written, compiled, kept on disk, and run as a list."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from gradbook.kernels import direct, jit, store
from gradbook.kernels.emit import FLOAT, KernelBuilder
from gradbook.kernels.program import Kernel, Program, aligned, call, extent


def scale_kernel() -> KernelBuilder:
    """out[i] = x[i] * factor."""
    build = KernelBuilder("scale")
    x, out, factor = build.pointer(0), build.pointer(1), build.word(2, FLOAT)
    with build.loop(build.start, build.stop) as i:
        build.store(build.mul(build.load(x, i), factor), out, i)
    return build


@pytest.fixture
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of machine code of this test alone."""
    monkeypatch.setenv(store.VARIABLE, str(tmp_path))
    store.folder.cache_clear()
    yield tmp_path / "kernels"
    store.folder.cache_clear()


def test_a_kernel_computes_its_units_and_nothing_else() -> None:
    x, out = np.arange(10, dtype=np.float32), np.zeros(10, np.float32)
    call(scale_kernel().address(), 2, 7, x, out, 3.0)
    np.testing.assert_array_equal(out, np.where((np.arange(10) >= 2) & (np.arange(10) < 7), 3 * x, 0))


def test_loops_carry_values_and_may_be_empty() -> None:
    build = KernelBuilder("sum")
    x, out = build.pointer(0), build.pointer(1)
    with build.loop_with(build.start, build.stop, [build.constant(0.0)]) as (i, (total,), after):
        after[:] = [build.add(total, build.load(x, i))]
    build.store(after[0], out, build.long(0))
    address = build.address()
    x_array, out_array = np.arange(9, dtype=np.float32), np.full(1, -1, np.float32)
    call(address, 0, 9, x_array, out_array)
    assert out_array[0] == 36
    call(address, 4, 4, x_array, out_array)
    assert out_array[0] == 0


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 100])
def test_masked_vectors_touch_only_their_lanes(count: int) -> None:
    build = KernelBuilder("tail")
    x, out = build.pointer(0), build.pointer(1)
    mask = build.mask(build.stop)
    build.store_masked(build.load_masked(x, build.long(0), mask, 9.0), out, build.long(0), mask)
    x_array, out_array = np.arange(64, dtype=np.float32), np.full(64, -1, np.float32)
    call(build.address(), 0, count, x_array, out_array)
    filled = min(count, build.lanes)
    np.testing.assert_array_equal(out_array, np.where(np.arange(64) < filled, x_array, -1))


def test_nan_wins_every_comparison() -> None:
    build = KernelBuilder("largest")
    x, out = build.pointer(0), build.pointer(1)
    build.store(build.largest(build.load_vector(x, build.long(0))), out, build.long(0))
    build.store(build.total(build.load_vector(x, build.long(0))), out, build.long(1))
    address, lanes = build.address(), build.lanes
    for nan_at in (None, 0, lanes - 1, lanes // 2):
        array, out_array = np.arange(lanes, dtype=np.float32), np.zeros(2, np.float32)
        if nan_at is not None:
            array[nan_at] = np.nan
        call(address, 0, 0, array, out_array)
        np.testing.assert_array_equal(out_array, [array.max(), array.sum()])


def test_a_program_runs_its_kernels_in_order() -> None:
    x, y, z = (np.arange(5, dtype=np.float32) for _ in range(3))
    scale, program = Kernel("scale", scale_kernel().address(), units=5), Program()
    program.add(scale, x, y, 2.0)
    words = program.add(scale, y, z, 3.0)
    program.run()
    np.testing.assert_array_equal(z, 6 * x)
    words[2] = np.array([10.0], np.float32).view(np.int32)[0]  # a number may be changed between runs
    program.run()
    np.testing.assert_array_equal(z, 20 * x)
    Program().run()  # an empty one does nothing


def test_an_array_can_be_put_in_the_place_of_another() -> None:
    stand_in, out = np.zeros((4, 5), np.float32), np.zeros(5, np.float32)
    program = Program()
    place = program.place(stand_in)
    program.add(Kernel("scale", scale_kernel().address(), units=5), stand_in[2], out, 2.0)
    real = np.arange(20, dtype=np.float32).reshape(4, 5)
    place.bind(real.ctypes.data)
    program.run()
    np.testing.assert_array_equal(out, 2 * real[2])
    assert extent(stand_in) == 80
    assert extent(stand_in[:, 1:3]) == (3 * 5 + 2) * 4
    assert extent(stand_in[:0]) == 0


def test_machine_code_is_kept_and_damage_is_seen(own_store: Path) -> None:
    text = scale_kernel().text()
    key = jit.key_of(text)
    code = jit.compile_ir(text)
    assert store.save(key, code)
    assert store.load(key) == code
    assert [file.name for file in own_store.iterdir()] == [key]  # nothing half written is left
    file = own_store / key
    whole = file.read_bytes()
    for damaged in (whole[:-1], whole[:40], b"", whole[:100] + bytes([whole[100] ^ 1]) + whole[101:], b"x" + whole):
        file.write_bytes(damaged)
        assert store.load(key) is None
    assert store.load("0" * 64) is None


def test_a_folder_that_others_may_write_is_not_used(own_store: Path) -> None:
    assert store.folder() == own_store
    own_store.chmod(0o777)
    store.folder.cache_clear()
    assert store.folder() is None
    assert store.load("a" * 64) is None
    assert not store.save("a" * 64, b"code")


def test_the_oldest_code_is_deleted_first(own_store: Path) -> None:
    import os

    assert store.folder() is not None
    for age, name in ((3, "old"), (2, "middle"), (1, "new")):
        store.save(name, bytes(1000))
        os.utime(own_store / name, (1e9 - age, 1e9 - age))
    assert store.prune(2300) == 1
    assert sorted(file.name for file in own_store.iterdir()) == ["middle", "new"]


def test_threads_may_compile_the_same_kernel_at_once(own_store: Path) -> None:
    build = scale_kernel()
    text = build.text() + "; of this test alone\n"
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(jit.address(text))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_aligned_arrays_start_on_a_cache_line() -> None:
    for shape in (1, (3, 5), (0,), ()):
        array = aligned(shape)
        assert not array.size or array.ctypes.data % 64 == 0  # an empty one has no address
        assert array.shape == (shape if isinstance(shape, tuple) else (shape,))
        assert not array.any()


def test_kernels_whose_code_is_kept_are_not_written_again(own_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []

    def write(size: int) -> int:
        written.append(size)
        return jit.address(scale_kernel().text() + f"; {size}, of this test alone\n")

    assert jit.kept(write)(3) == jit.kept(write)(3) != jit.kept(write)(4)
    assert written == [3, 4]
    for file in own_store.iterdir():
        if len(file.read_bytes()) > 500:
            file.unlink()  # the code, not the note of where it is
    monkeypatch.setattr(jit, "_addresses", {})
    jit.kept(write)(3)
    assert written == [3, 4, 3]

    def of_objects(thing: object) -> int:
        written.append(0)
        return write(5)

    for _ in range(2):  # they are other ones in another process
        jit.kept(of_objects)(object())
    assert written[3:] == [0, 5, 0, 5]


def test_source_that_was_changed_meanwhile_is_not_trusted(own_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(jit.sources()) == 64
    monkeypatch.setattr(jit, "_looked", 0.0)
    monkeypatch.setattr(jit, "_loaded", 0)  # as if a file had been edited, or gradbook had been upgraded
    assert jit.sources() == ""
    written: list[int] = []

    def write() -> int:
        written.append(0)
        return jit.address(scale_kernel().text() + "; of a source that was changed\n")

    assert jit.kept(write)() == jit.kept(write)()
    assert len(written) == 2
    text = scale_kernel().text()
    assert jit.address_of("scale", lambda: text) == jit.address(text)
    jit._looked = 0.0  # so that the next test looks again


def test_what_functions_look_into_when_they_go_stays() -> None:
    """At Python's end some go after all else: one went after its definition, and ended in a segmentation fault."""
    made = direct.Definition(b"kernel", 0, direct.NO_ARGUMENTS)
    there = weakref.ref(made)
    del made
    gc.collect()
    assert there() is not None
