"""Windows on other columns do not overlap; results are computed where a copy would have put them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from gradbook.compiler.instruction import Instruction
from gradbook.compiler.memory import Block, Window
from gradbook.compiler.placing import ANYWHERE, elsewhere, placed
from gradbook.ops.attention import attention_op


def block(size: int, number: int = 0) -> tuple[Block, Any]:
    """A temporary block of so many numbers, and its memory."""
    memory = np.arange(size, dtype=np.float32)
    return Block(memory, "temporary", number), memory


def window(of: Block, memory: Any, view: Any) -> Window:
    """The window that a view of the memory is."""
    return Window(of, view.ctypes.data - memory.ctypes.data, view.shape, view.strides, view.dtype)


def views_of(memory: Any) -> list[Any]:
    """Many parts of (4, 5, 6) numbers."""
    field = memory.reshape(4, 5, 6)
    found = [field, field[:, :, :2], field[:, :, 2:4], field[:, :, 4:], field[:, 1:3], field[:, 3:], field[::2],
             field[1::2], field.transpose(2, 0, 1), field[..., 0], field[:, 0, 3], field[1:2, 2:3, 4:5], field[2],
             field[:, :, ::2], field[:, :, 1::2], field.reshape(20, 6)[::3], field.reshape(20, 6)[1::3],
             np.broadcast_to(field[:, :1], (4, 5, 6)), field[:0]]  # fmt: skip
    return found


def test_overlap_is_never_denied_where_there_is_some() -> None:
    of, memory = block(120)
    views, seen_apart = views_of(memory), 0
    for a, b in itertools.product(views, views):
        found = window(of, memory, a).overlaps(window(of, memory, b))
        real = bool(a.size and b.size and np.shares_memory(a, b))
        assert found or not real
        seen_apart += not found and a.size > 0 and b.size > 0
    assert not window(of, memory, views[1]).overlaps(window(of, memory, views[2]))
    assert seen_apart > 20


@pytest.mark.parametrize("parts", [1, 3])
def test_a_result_is_written_where_its_copy_would_be(parts: int) -> None:
    """(2, 3, 4, 5), transposed and joined to (2, 4, 15), a part of (2, 4, 15 parts)."""
    (own, memory), (other, elsewhere_memory) = block(120, 1), block(120 * parts, 2)
    heads = memory.reshape(2, 3, 4, 5)
    whole = elsewhere_memory.reshape(2, 4, 15 * parts)
    target = whole[..., 15 * (parts - 1) :]
    moved = elsewhere(
        window(own, memory, heads), window(own, memory, heads.transpose(0, 2, 1, 3)),
        window(other, elsewhere_memory, target),
    )  # fmt: skip
    assert moved is not None
    assert moved.block is other
    made = np.ndarray(moved.shape, moved.dtype, elsewhere_memory, moved.offset, moved.strides)
    made[...] = -heads
    np.testing.assert_array_equal(target, -heads.transpose(0, 2, 1, 3).reshape(2, 4, 15))
    if parts > 1:
        np.testing.assert_array_equal(whole[..., :15], np.arange(120 * parts).reshape(2, 4, -1)[..., :15])


def test_what_cannot_be_cut_alike_stays() -> None:
    (own, memory), (other, target) = block(120, 1), block(240, 2)
    source = memory.reshape(2, 3, 4, 5)
    for wanted in (target[:120].reshape(8, 15)[:, ::1], target.reshape(24, 10)[:, :5], target[:60].reshape(2, 30)):
        found = elsewhere(
            window(own, memory, source),
            window(own, memory, source.transpose(0, 2, 1, 3)),
            window(other, target, wanted),
        )
        if found is None:
            continue
        made = np.ndarray(found.shape, found.dtype, target, found.offset, found.strides)
        made[...] = source
        np.testing.assert_array_equal(wanted.reshape(-1), source.transpose(0, 2, 1, 3).reshape(-1))


def windows_in(value: Any) -> Any:
    """The windows in lists and dicts."""
    if isinstance(value, Window):
        yield value
    elif isinstance(value, tuple | list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from windows_in(part)


def program(use_between: bool, read_later: bool) -> tuple[list[Instruction], Window]:
    """An attention, something else, a copy of its result."""
    (q, _), (own, memory), (other, target) = block(120, 0), block(120, 1), block(120, 2)
    out, to = window(own, memory, memory.reshape(2, 60)), window(other, target, target.reshape(2, 60))
    operand = Window(q, 0, (2, 60), (240, 4), np.dtype(np.float32))
    steps = [Instruction("op", [operand], [out], attention_op)]
    if use_between:
        steps.append(Instruction("add", [to, operand], [to]))
    steps.append(Instruction("copy", [out], [to]))
    if read_later:
        steps.append(Instruction("add", [out, operand], [operand]))
    steps.append(Instruction("add", [to, operand], [operand]))
    return steps, to


def test_only_a_copy_of_which_nobody_sees_the_source_is_left_out() -> None:
    assert attention_op.name in ANYWHERE
    steps, to = program(False, False)
    found = placed(steps, set(), windows_in)
    assert [each.kind for each in found] == ["op", "add"]
    assert found[0].outputs == [to]
    for use_between, read_later in ((True, False), (False, True)):
        steps, _ = program(use_between, read_later)
        assert len(placed(steps, set(), windows_in)) == len(steps)
    steps, _ = program(False, False)
    assert len(placed(steps, {1}, windows_in)) == 3  # the caller reads it
