"""An executed notebook as a page: nbconvert's template, without what it would load from hosts."""

from __future__ import annotations

import base64
import copy
import re
from typing import TYPE_CHECKING, Any

from gradbook.errors import GradbookError
from gradbook.widgets.describe import EMBEDDED
from gradbook.widgets.export import mount_point, scripts
from gradbook.widgets.formulas import mathml
from gradbook.widgets.still import WIDGET

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["page_of", "without_formulas"]

# nbconvert's lab page, without require.js, MathJax, mermaid and the widget manager
TEMPLATE = """
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock html_head_js -%}
{%- block jupyter_widgets -%}{%- endblock jupyter_widgets -%}
{%- block html_head_js_mathjax -%}{%- endblock html_head_js_mathjax -%}
{%- block html_head_js_mermaidjs -%}{%- endblock html_head_js_mermaidjs -%}
"""
FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\$\w])\$(?=\S)([^$\n]+?)(?<=\S)\$(?![\w$])", re.DOTALL)
MARK = re.compile("\ue000(\\d+)\ue001")  # private characters: nobody writes them
CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)


class ExportUnavailable(GradbookError, ImportError):
    """A package that an export needs is absent."""


def page_of(notebook: NotebookNode) -> str:
    """The notebook as HTML text. The notebook itself is left alone. Raises ExportUnavailable without nbconvert."""
    try:
        from nbconvert import HTMLExporter
    except ImportError:
        raise ExportUnavailable("notebook_to_html: nbconvert is missing: pip install 'gradbook[lab]'") from None
    node = copy.deepcopy(notebook)
    node.metadata.pop("widgets", None)
    formulas: list[str] = []
    live = sum(_prepare(cell, formulas) for cell in node.cells)
    exporter: Any = HTMLExporter(  # type: ignore[no-untyped-call]  # nbconvert has no types
        raw_template=TEMPLATE, embed_images=True
    )
    text, _ = exporter.from_notebook_node(node)
    page = MARK.sub(lambda mark: formulas[int(mark[1])], str(text))
    return page.replace("</body>", f"{scripts(page)}\n</body>", 1) if live else page


def _prepare(cell: Any, formulas: list[str]) -> int:
    """Make one cell ready for the page; its formulas are collected. -> how many live views stand in it."""
    if cell.cell_type == "markdown":
        cell.source = without_formulas(cell.source, formulas)
    live = 0
    for output in cell.get("outputs", []):
        data = output.get("data")
        if data is None:
            continue
        data.pop(WIDGET, None)
        held = data.pop(EMBEDDED, None)
        if held is not None:
            data["text/html"] = mount_point(base64.b64decode(held["packed"]), data.get("text/html", ""))
            live += 1
    return live


def without_formulas(markdown: str, formulas: list[str]) -> str:
    """Markdown with a mark for each `$…$` and `$$…$$`, whose MathML is appended to `formulas`; code is left alone.

    Marks, because nbconvert closes each element in a line of text at once when it embeds images.
    """

    def mark(match: re.Match[str]) -> str:
        formulas.append(_formula(match))
        return f"\ue000{len(formulas) - 1}\ue001"

    parts = CODE.split(markdown)
    return "".join(part if i % 2 else FORMULA.sub(mark, part) for i, part in enumerate(parts))


def _formula(match: re.Match[str]) -> str:
    if match[1] is not None:
        return mathml(match[1].strip()).replace("<math>", '<math display="block">', 1)
    return mathml(match[2])
