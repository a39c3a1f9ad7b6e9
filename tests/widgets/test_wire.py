import json
import struct

import numpy as np
import pytest

from gradbook.widgets.wire import Message, finite, pack, plain, unpack


def test_a_packed_message_comes_back_as_it_was() -> None:
    message = Message({"kind": "snapshot", "name": "naïve ✓"})
    message.content["steps"] = message.steps([1, 2, 70_000])
    message.content["values"] = message.floats([0.5, float("nan"), -1.0])
    back = unpack(pack(message.content, message.buffers))
    assert back.content == message.content
    assert np.frombuffer(back.buffers[0], "<u4").tolist() == [1, 2, 70_000]
    np.testing.assert_array_equal(np.frombuffer(back.buffers[1], "<f4"), np.float32([0.5, np.nan, -1.0]))


@pytest.mark.parametrize("count", [0, 1, 9, 10, 101])
def test_buffers_stand_on_8_byte_bounds_counted_from_the_start(count: int) -> None:
    block = pack({"kind": "frame"}, [bytes([i % 256]) * (i + 1) for i in range(count)])
    (length,) = struct.unpack_from("<I", block)
    places = json.loads(block[4 : 4 + length])["_buffers"]
    assert len(places) == count
    assert all(offset % 8 == 0 and offset >= 4 + length for offset, _ in places)
    assert [block[offset : offset + size] for offset, size in places] == [
        bytes([i % 256]) * (i + 1) for i in range(count)
    ]


def test_a_block_cut_short_is_refused() -> None:
    block = pack({"kind": "frame"}, [b"12345678", b"12345678"])
    for end in (0, 3, 10, len(block) - 1):
        with pytest.raises(ValueError, match="unpack"):
            unpack(block[:end])


def test_nan_never_reaches_json() -> None:
    assert [finite(v) for v in (None, float("nan"), float("inf"), np.float32(0.5), 3)] == [None, None, None, 0.5, 3.0]
    with pytest.raises(ValueError, match="JSON"):
        pack({"value": float("nan")}, [])


def test_user_text_is_shortened_and_stays_text() -> None:
    assert plain("<script>alert(1)</script>") == "<script>alert(1)</script>"
    assert len(plain("x" * 5000)) == 400
    assert plain(None) == ""


def test_a_step_beyond_32_bits_becomes_the_largest() -> None:
    message = Message({})
    message.steps(np.array([5, 2**40]))
    assert np.frombuffer(message.buffers[0], "<u4").tolist() == [5, 0xFFFFFFFF]


def test_a_lone_surrogate_in_a_name_does_not_break_packing() -> None:
    assert unpack(pack({"name": "a\ud800b"}, [])).content["name"] == "a?b"
