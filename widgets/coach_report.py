"""What the coach found, by itself: under a cell that has no live view, and for `%coach report` and `%coach explain`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from gradbook.widgets import still
from gradbook.widgets.describe_coach import describe_findings, lesson_of
from gradbook.widgets.still import Still
from gradbook.widgets.wire import Message

if TYPE_CHECKING:
    from gradbook.coach import Finding, Report

__all__ = ["CoachLesson", "CoachReport"]

MARKS = {"error": "✕", "warning": "▲", "hint": "ⓘ"}
LINE, DIM = "var(--jp-border-color2,#bdbdbd)", "var(--jp-ui-font-color2,#616161)"
# twice the class: more than the notebook's own rules for what stands in an output
STYLE = f"""
.gbc{{font:12px/17px var(--jp-ui-font-family,system-ui,sans-serif);color:var(--jp-ui-font-color1,#212121);
border:1px solid {LINE};padding:0 12px 8px;text-align:left}}
.gbc.gbc p,.gbc.gbc table,.gbc.gbc pre{{margin:2px 0 6px}}
.gbc.gbc code,.gbc.gbc pre{{font:11px/17px var(--jp-code-font-family,monospace);background:none;color:inherit;padding:0;
white-space:pre-wrap;overflow-wrap:anywhere}}
.gbc.gbc .h{{padding:8px 0;margin:0;border-bottom:1px solid {LINE}}}
.gbc.gbc .m{{font-size:13px}}.gbc.gbc .u{{color:{DIM}}}.gbc.gbc .error{{color:var(--jp-error-color0,#b71c1c)}}
.gbc.gbc section{{padding:8px 0}}.gbc.gbc section+section{{border-top:1px solid {LINE}}}
.gbc.gbc table{{border:0;border-collapse:collapse;font-size:11px;line-height:17px}}.gbc.gbc tr{{background:none}}
.gbc.gbc th,.gbc.gbc td{{text-align:left;font-weight:400;padding:0 16px 0 0;border:0;vertical-align:top}}
.gbc.gbc pre{{border:1px solid {LINE};padding:4px 8px}}.gbc.gbc ins,.gbc.gbc del{{text-decoration:none}}
.gbc.gbc ins{{background:rgba(0,114,178,.12)}}.gbc.gbc del{{background:rgba(213,94,0,.12)}}
.gbc.gbc .at{{background:rgba(198,40,40,.10)}}.gbc.gbc summary{{cursor:pointer}}
""".replace("\n", "")


class CoachReport(Still):
    """Findings as a page shows them: to go through and apply where widgets live, else as plain HTML, else as text.

    findings: a report, or some of its findings, errors first. title: what they are of, such as `coach · 1 error`; cell:
    the label of the cell that shows them, such as '[3]'. text: the same where there is no page. on_mute(rule, muted)
    hears that the user mutes a rule or hears it again; without it nothing can be muted here. theme: 'auto', 'light' or
    'dark'.
    """

    def __init__(self, findings: Report | Iterable[Finding], theme: str = "auto", *, title: str = "coach",
                 cell: str = "", text: str | None = None,
                 on_mute: Callable[[str, bool], object] | None = None) -> None:  # fmt: skip
        self.findings, self.title, self.on_mute = tuple(findings), title, on_mute
        said = "\n".join(map(str, self.findings)) or "The coach has nothing to say."
        self.told = describe_findings(self.findings)
        content = {"kind": "snapshot", "seq": 0, "view": "coach", "title": title, "coach": self.told,
                   "cell": cell, "mutes": on_mute is not None}  # fmt: skip
        super().__init__(Message(content), picture="", text=text if text is not None else said, name=title, theme=theme)

    def html(self) -> str:
        """Every finding, with its evidence, its fixes and what they change; no script, no picture."""
        lessons = self.told["lessons"]
        parts = [_section(one, lessons.get(one["rule"])) for one in self.told["findings"]]
        return _page(self.title, parts or ["<p>Nothing to say.</p>"])

    def _widget(self) -> dict[str, Any]:
        return still.widget_of(self.packed(), self.theme, self._hear)

    def _hear(self, _: Any, content: Any, buffers: Any) -> None:
        """A message from the page."""
        if not isinstance(content, dict) or content.get("kind") != "control" or self.on_mute is None:
            return
        action, rule = content.get("action"), content.get("rule")
        if action in ("mute", "unmute") and isinstance(rule, str):
            self.on_mute(rule, action == "mute")


class CoachLesson:
    """What a rule is about: its idea, what convinces it, a small program with the fault.

    Raises ValueError for an id that is no rule's.
    """

    def __init__(self, rule: str) -> None:
        from gradbook.coach import explain

        lesson = explain(rule)
        self.rule, self.text, self.severity = rule, lesson.text, lesson.severity

    def html(self) -> str:
        """The lesson; no script, no picture."""
        lesson = lesson_of(self.rule)
        assert lesson is not None
        return _page(f"{self.rule} · {self.severity}", ["".join(_lesson(lesson, folded=False))])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/plain": self.text, "text/html": self.html()}

    def __repr__(self) -> str:
        return self.text


def _page(title: str, parts: Sequence[str]) -> str:
    head = f'<p class="h"><strong>{escape(title)}</strong></p>'
    return f'<div class="gbc"><style>{STYLE}</style>{head}{"".join(parts)}</div>'


def _section(one: dict[str, Any], lesson: dict[str, Any] | None) -> str:
    """One finding."""
    severity = one["severity"]
    lead = f'<strong class="{severity}">{MARKS[severity]} {severity.capitalize()}</strong>'
    place = " ".join(filter(None, (_cell(one["cell"]), f"line {one['line']}" if one["line"] else "")))
    source = f"<code>{escape(one['source'])}</code>" if one["source"] else ""
    below = " · ".join(filter(None, (escape(place), source, escape(one["rule"]))))
    parts = [f'<p class="m">{lead} {escape(one["text"])}</p><p class="u">{below}</p>']
    if one["evidence"]:
        rows = [f'<tr><th class="u">{escape(name)}</th><td>{escape(text)}</td></tr>' for name, text in one["evidence"]]
        parts.append(f"<table><tbody>{''.join(rows)}</tbody></table>")
    parts += [_fix(fix) for fix in one["fixes"]]
    if lesson is not None:
        parts += _lesson(lesson, folded=True)
    return f"<section>{''.join(parts)}</section>"


def _fix(fix: dict[str, Any]) -> str:
    """One fix: what it changes, or the line to be written."""
    why = f"Fix: {escape(fix['why'])}" if fix["why"] else "Fix"
    if not fix["hunks"]:
        return f"<p>{why}<br><code>{escape(fix['code'])}</code></p>"
    return f"<p>{why}</p>" + "".join(
        "<pre>" + "\n".join(_row(sign, text) for sign, text in hunk["rows"]) + "</pre>" for hunk in fix["hunks"]
    )


def _row(sign: str, text: str) -> str:
    if sign == " ":
        return f"  {escape(text)}"
    tag, shown = ("del", "\N{MINUS SIGN}") if sign == "-" else ("ins", "+")
    return f"<{tag}>{shown} {escape(text)}</{tag}>"


def _lesson(lesson: dict[str, Any], folded: bool) -> list[str]:
    """What a rule is about."""
    said = [f"<p>{escape(lesson['idea'])}</p>"]
    if lesson["threshold"]:
        said.append(f'<p class="u">What convinces it: {escape(lesson["threshold"])}.</p>')
    rows = [_numbered(n, row, n == lesson["line"]) for n, row in enumerate(lesson["example"], 1)]
    said.append("<pre>" + "\n".join(rows) + "</pre>")
    if lesson["fix"]:
        said.append(f"<p>What mends line {lesson['line']}: <code>{escape(lesson['fix'])}</code></p>")
    return ['<details><summary class="u">What it is about</summary>', *said, "</details>"] if folded else said


def _numbered(number: int, row: list[list[str]], fault: bool) -> str:
    text = escape(f"{'>' if fault else ' '} {number:>2}  {''.join(text for text, _ in row)}".rstrip())
    return f'<span class="at">{text}</span>' if fault else text


def _cell(label: str) -> str:
    return f"cell {label}" if label.startswith("[") else label
