"""%inspect as a page from disk: what its pictures show, pixel by pixel."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

import gradbook
from gradbook.kernel_ext.inspection import look_at
from gradbook.observe.naming import Names
from gradbook.widgets.export import page_with
from tests.e2e.lab import expect
from tests.e2e.screens import shown

ALPHAS = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return Array.from({ length: data.length / 4 }, (_, at) => data[4 * at + 3]);
}"""


@pytest.mark.parametrize("columns", [1, 20, 21])
def test_what_is_not_finite_is_seen(columns: int, chromium: BrowserContext, foreign: list[str], tmp_path: Path) -> None:
    w = gradbook.zeros(30, columns)
    broken = [0, 7 * columns, 20 * columns + columns - 1]
    for at in broken:
        w.view(-1)[at] = float("nan")
    view = look_at(w, "w", Names([{"w": w}])).packed()
    (tmp_path / "w.html").write_text(page_with([(view, "")], "w"), encoding="utf-8")
    page = shown(chromium, tmp_path / "w.html", "light")
    picture = page.get_by_role("img", name="value")
    expect(picture.first).to_be_visible()
    alphas = picture.first.evaluate(ALPHAS)
    assert len(alphas) == 30 * columns
    assert [at for at, alpha in enumerate(alphas) if alpha > 200] == broken
    expect(page.get_by_text("3 elements looked at are NaN or infinite")).to_be_visible()
    page.close()
