import base64
import re
import zlib
from pathlib import Path

import pytest

from gradbook.widgets import still
from gradbook.widgets.describe import EMBEDDED
from gradbook.widgets.still import Still
from gradbook.widgets.wire import Message, unpack

SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'


def sample() -> Still:
    return Still(Message({"kind": "snapshot", "view": "walk"}), picture=SVG, text="one step", name='<b>"walk"</b>')


def test_without_a_page_there_is_a_picture_and_a_text() -> None:
    data = sample()._repr_mimebundle_()
    assert set(data) == {"text/plain", "text/html"}
    assert data["text/plain"] == repr(sample()) == "one step"
    assert base64.b64encode(SVG.encode()).decode() in data["text/html"]
    assert "<b>" not in data["text/html"]


def test_a_saved_page_holds_the_message_and_its_title_as_text(tmp_path: Path) -> None:
    page = sample().save(tmp_path / "walk.html").read_text(encoding="utf-8")
    packed = page.split('<script type="text/plain">')[1].split("<")[0]
    assert unpack(zlib.decompress(base64.b64decode(packed))).content["view"] == "walk"
    assert "<title>&lt;b&gt;" in page
    assert re.findall(r'data-gradbook-bundle="(\w+)"', page) == ["walk"], "it carries what draws it, and no more"
    assert "default-src 'none'" in page


def test_an_export_embeds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADBOOK_EMBED_RUNS", "1")
    data = still.widget_of(sample().packed())
    assert unpack(base64.b64decode(data[EMBEDDED]["packed"])).content["view"] == "walk"
