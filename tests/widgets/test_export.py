import base64
import json
import os
import re
import zlib
from pathlib import Path

import nbformat
import pytest

import gradbook.widgets
from gradbook.observe import graph as observed
from gradbook.widgets import describe, export
from gradbook.widgets.bundle import bundle
from gradbook.widgets.notebook_page import without_formulas
from gradbook.widgets.wire import unpack
from tests.widgets.sample import sample_graph, sample_run

EXTERNAL = re.compile(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//|@import|url\(\s*["']?https?:""")


def test_a_page_holds_the_bundle_once_each_run_and_its_picture_and_asks_no_host(tmp_path: Path) -> None:
    path = export.export_html([sample_run(), sample_run(seed=2)], tmp_path / "runs.html")
    page = path.read_text(encoding="utf-8")
    text = json.loads(re.search(r'data-gradbook-bundle="gradbook">(.*?)</script>', page, re.DOTALL)[1])
    assert text == bundle()
    mounts = re.findall(
        r'<div data-gradbook="gradbook"><img alt="[^"]*"[^>]*><script type="text/plain">([^<]*)</script>', page
    )
    packed = [zlib.decompress(base64.b64decode(data)) for data in mounts]
    assert [unpack(block).content["status"]["step"] for block in packed] == [1930, 1930]
    assert not EXTERNAL.search(page.replace(bundle(), ""))
    assert "default-src 'none'" in page


def test_the_file_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.html"
    path.write_text("old")

    def no_space(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(OSError, match="no space"):
        export.export_html(sample_run(steps=20), path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_no_runs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no runs"):
        export.export_html([], tmp_path / "none.html")


def executed(data: dict[str, object]) -> nbformat.NotebookNode:
    code = nbformat.v4.new_code_cell("train()", outputs=[nbformat.v4.new_output("display_data", data=data)])
    text = nbformat.v4.new_markdown_cell("The loss $L = \\frac{1}{n}\\sum_i l_i$ costs $5; not `$x$`")
    node = nbformat.v4.new_notebook(cells=[text, code])
    node.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"a": bundle()}}}
    return node


def test_a_notebook_becomes_a_page_with_standalone_views_and_no_hosts(tmp_path: Path) -> None:
    block = describe.snapshot(sample_run())[0].packed()
    packed = base64.b64encode(block).decode()
    node = executed({
        "text/html": '<img alt="still">', "text/plain": "still", describe.EMBEDDED: {"packed": packed},
        "application/vnd.jupyter.widget-view+json": {"model_id": "x"},
    })  # fmt: skip
    before = nbformat.writes(node)
    page = export.notebook_to_html(node, tmp_path / "lesson.html").read_text(encoding="utf-8")
    assert nbformat.writes(node) == before
    assert base64.b64encode(zlib.compress(block, 9)).decode() in page
    assert page.count('data-gradbook-bundle="') == 1
    assert "<math" in page
    assert "$x$" in page
    head = page.split('data-gradbook-bundle="')[0]
    assert not EXTERNAL.search(head)
    assert "cdnjs" not in head


def test_a_notebook_without_runs_keeps_its_pictures_and_no_bundle(tmp_path: Path) -> None:
    page = export.notebook_to_html(executed({"text/html": '<img alt="still">'}), tmp_path / "p.html").read_text()
    assert '<img alt="still"' in page
    assert "gradbook-bundle" not in page


def test_formulas_are_taken_out_of_text_and_money_and_code_stay() -> None:
    formulas: list[str] = []
    for text in ("pay $5 and $6 now", "`$x$` and ```\n$y$\n```"):
        assert without_formulas(text, formulas) == text
    assert formulas == []
    assert without_formulas("so $x$ and\n$$\nx^2\n$$", formulas) == "so \ue0000\ue001 and\n\ue0001\ue001"
    assert formulas[0].startswith("<math>")
    assert formulas[1].startswith('<math display="block">')


def test_formulas_are_whole_on_the_page(tmp_path: Path) -> None:
    text = nbformat.v4.new_markdown_cell("the derivative of $x^2$ is\n\n$$2x$$\n\n- and $\\frac{1}{2}$ *here*")
    page = export.notebook_to_html(nbformat.v4.new_notebook(cells=[text]), tmp_path / "page.html").read_text("utf-8")
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in page
    assert "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac>" in page
    assert '<math display="block">' in page
    assert "\ue000" not in page


def test_importing_the_widgets_gives_graphs_their_drawing() -> None:
    assert gradbook.widgets.__all__ == ["CoachLesson", "CoachReport", "LiveView", "export_html", "notebook_to_html"]
    assert observed.svg_renderer is not None
    whole = sample_graph().to_svg()
    assert whole.startswith("<svg")
    folded, opened = sample_graph().to_svg(depth=0), sample_graph().to_svg(depth=9)
    assert len(folded) < len(whole) <= len(opened)
    with pytest.raises(ValueError, match="LR"):
        observed.svg_renderer(sample_graph(), direction="LR")
    with pytest.raises(ValueError, match="depth"):
        sample_graph().to_svg(depth=-1)
    with pytest.raises(ValueError, match="theme"):
        sample_graph().to_svg(theme="neon")
