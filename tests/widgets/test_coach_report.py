"""Findings and lessons by themselves: HTML that needs nothing, text, and a view where a page has widgets."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from gradbook.coach import Finding, Fix, Report, explain
from gradbook.widgets import CoachLesson, CoachReport, frontend
from gradbook.widgets.describe import EMBEDDED
from gradbook.widgets.wire import unpack

HOSTILE = "<script>alert(1)</script> & \"quoted\" 'so'"
EMPTY = {"br", "meta", "link", "img", "input"}


class Page(HTMLParser):
    """The tags and the texts of a piece of HTML; every tag that opens must close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.texts)


def finding(severity: str = "error", rule: str = "missing-zero-grad", **more: Any) -> Finding:
    return Finding(rule, severity, f"Never cleared {HOSTILE}.", "train.py", 6, **more)


def test_everything_is_said_and_nothing_is_markup() -> None:
    fixes = (Fix(f"x = {HOSTILE}", (), f"because {HOSTILE}"),)
    report = CoachReport([finding(evidence={f"how {HOSTILE}": HOSTILE}, fixes=fixes)], title=f"of {HOSTILE}")
    page = Page(report.html())
    assert page.tags <= {"div", "style", "p", "strong", "section", "code", "table", "tbody", "tr", "th", "td", "pre",
                         "br", "details", "summary", "span"}  # fmt: skip
    for said in ("✕ Error", f"Never cleared {HOSTILE}.", "train.py line 6", f"how {HOSTILE}", f"Fix: because {HOSTILE}",
                 f"x = {HOSTILE}", f"of {HOSTILE}", "missing-zero-grad", explain("missing-zero-grad").fix):  # fmt: skip
        assert said in page.text, said


def test_a_change_is_told_by_signs_too(tmp_path: Any) -> None:
    import linecache

    from gradbook.observe.failure.text import Edit

    file = tmp_path / "train.py"
    file.write_text("a = 1\nb < 2\nc = 3\n")
    linecache.checkcache(str(file))
    fix = Fix("b > 2", [Edit(str(file), 2, 2, 2, 3, ">")])
    html = CoachReport([finding("warning", fixes=(fix,))]).html()
    assert re.search(r"<pre>  a = 1\n<del>− b &lt; 2</del>\n<ins>\+ b &gt; 2</ins>\n  c = 3</pre>", html)


def test_a_report_is_taken_as_it_is_heard() -> None:
    report = Report(muted={"silent"})
    for one in (finding("hint", "a-hint"), finding("error", "silent"), finding("warning", "a-warning")):
        report.add(one)
    shown = CoachReport(report)
    assert [one.rule for one in shown.findings] == ["a-warning", "a-hint"]
    assert repr(shown) == "\n".join(map(str, shown.findings))
    assert "Nothing to say." in Page(CoachReport([]).html()).text
    assert repr(CoachReport([])) == "The coach has nothing to say."


@pytest.mark.parametrize("kind", ["text", "picture", "widgets"])
def test_who_can_explore_it_gets_a_view_all_others_html(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontend, "detect", lambda: kind)
    monkeypatch.setenv("GRADBOOK_EMBED_RUNS", "1")
    bundle = CoachReport([finding()], text="short", cell="[3]", on_mute=print)._repr_mimebundle_()
    assert bundle["text/plain"] == "short"
    assert "Never cleared" in bundle["text/html"]
    import base64

    content = unpack(base64.b64decode(bundle[EMBEDDED]["packed"])).content
    assert (content["view"], content["cell"], content["mutes"]) == ("coach", "[3]", True)
    assert content["coach"]["findings"][0]["rule"] == "missing-zero-grad"
    json.dumps(content)


def test_what_the_page_mutes_is_heard_and_nonsense_is_not() -> None:
    heard: list[tuple[str, bool]] = []
    report = CoachReport([finding()], on_mute=lambda rule, mute: heard.append((rule, mute)))
    for content in (
        {"kind": "control", "action": "mute", "rule": "missing-zero-grad"},
        {"kind": "control", "action": "unmute", "rule": "missing-zero-grad"},
        {"kind": "control", "action": "mute", "rule": 3},
        {"kind": "control", "action": "stop"},
        {"kind": "hello", "seq": 0},
        ["not", "a", "dict"],
    ):
        report._hear(None, content, [])
    assert heard == [("missing-zero-grad", True), ("missing-zero-grad", False)]
    CoachReport([finding()])._hear(None, {"kind": "control", "action": "mute", "rule": "missing-zero-grad"}, [])


@pytest.mark.parametrize("rule", ["missing-zero-grad", "dead-relu", "shape-mismatch"])
def test_a_lesson_is_a_page(rule: str) -> None:
    lesson = CoachLesson(rule)
    page = Page(lesson.html())
    known = explain(rule)
    assert repr(lesson) == known.text
    for row in known.example.splitlines():
        assert row.strip() in page.text
    assert f"> {known.line:>2}  " in page.text
    assert "details" not in page.tags
    assert set(lesson._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_no_rule_no_lesson() -> None:
    with pytest.raises(ValueError, match="no-such-rule"):
        CoachLesson("no-such-rule")
