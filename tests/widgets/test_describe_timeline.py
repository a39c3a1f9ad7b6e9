"""A timeline as a message, a picture and a page."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

import gradbook
from gradbook import nn, observe
from gradbook.observe.timing import Timeline
from gradbook.widgets.describe_timeline import COLUMNS, describe_timeline, still_timeline
from gradbook.widgets.picture_timeline import Block, bytes_text, draw, seconds_text, tree
from gradbook.widgets.wire import pack


def timed(steps: int = 3) -> Timeline:
    model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
    x = gradbook.randn(4, 8)
    with observe.timeline({"model": model}) as t:
        for _ in range(steps):
            model(x).sum().backward()
    return t


def test_the_message_holds_every_site_that_ran() -> None:
    t = timed(3)
    message = describe_timeline(t, "module", cell="[7]")
    content = message.content
    assert (content["view"], content["by"], content["measure"], content["cell"]) == (
        "timeline",
        "module",
        "time",
        "[7]",
    )
    table = np.frombuffer(message.buffers[content["table"]], "<f4").reshape(-1, len(COLUMNS))
    assert len(table) == len(content["sites"])
    by_op = {content["ops"][op]: row for (op, _, _), row in zip(content["sites"], table, strict=True)}
    assert by_op["relu"][0] == 3
    assert table[:, 1].sum() == pytest.approx(t.forward, rel=1e-5)
    assert table[:, 3].sum() == pytest.approx(t.backward, rel=1e-5)
    assert by_op["relu"][6] == 4 * 8 * 4  # kept by one pass, not by all three
    assert ("model (Sequential)", "1", "ReLU") in content["modules"]
    assert (
        "test_describe_timeline.py",
        "timed",
        timed.__code__.co_firstlineno + 5,
        "model(x).sum().backward()",
    ) in content["places"]
    assert content["summary"]["peak"] == t.peak
    pack(content, message.buffers)  # strict JSON


def test_blocks_add_up_to_the_whole() -> None:
    t = timed()
    message = describe_timeline(t)
    for by in ("op", "module", "line"):

        def check(block: Block) -> None:
            if block.children:
                parts = sum(child.row for child in block.children.values())
                np.testing.assert_allclose(parts, block.row)
            for child in block.children.values():
                check(child)

        check(tree(message, by))
    modules = tree(message, "module")
    assert list(modules.children) == ["model (Sequential)", "outside modules"]
    assert list(modules.children["model (Sequential)"].children) == ["0", "1", "2"]


@pytest.mark.parametrize("memory", [False, True])
@pytest.mark.parametrize("by", ["op", "module", "line"])
def test_the_picture_is_small_and_whole(by: str, memory: bool) -> None:
    svg = draw(describe_timeline(timed(), by, memory, "[7]"))
    root = ET.fromstring(svg)
    texts = [element.text or "" for element in root.iter() if element.tag.endswith("text")]
    assert len(svg) < 36_000
    assert any("watching took" in text for text in texts)
    assert any(text.startswith(by) for text in texts)
    assert "everything" in texts


def test_what_did_not_run_is_said() -> None:
    with observe.timeline() as t:
        pass
    assert "nothing of the engine ran" in draw(describe_timeline(t))


def test_hostile_names_are_text(tmp_path: Path) -> None:
    class Evil(nn.Module):
        def forward(self, x: gradbook.Tensor) -> gradbook.Tensor:
            x.exp()
            raise ValueError("<b>bad</b>\nnews")

    Evil.__name__ = "</script><script>alert(1)</script>"
    with pytest.raises(ValueError, match="bad"), observe.timeline({}) as t:
        Evil()(gradbook.ones(3))
    still = still_timeline(t, "module", cell="[<i>]")
    ET.fromstring(still.picture)
    page = still.save(tmp_path / "evil.html").read_text(encoding="utf-8")
    assert "alert(1)" not in page
    assert "up to ValueError: <b>bad</b>" in still.text


def test_numbers_as_the_views_write_them() -> None:
    assert [seconds_text(value).replace("\N{THIN SPACE}", " ") for value in (0, 1.1e-5, 0.0031, 0.9996, 12.3)] == [
        "0 µs", "11 µs", "3.1 ms", "1.0 s", "12 s",
    ]  # fmt: skip
    assert [bytes_text(value).replace("\N{THIN SPACE}", " ") for value in (0, 12, 30_000, 1_500_000, 3e9)] == [
        "0 B", "12 B", "29 KB", "1.4 MB", "2.8 GB",
    ]  # fmt: skip
