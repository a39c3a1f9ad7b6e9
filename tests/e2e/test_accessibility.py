"""Every screen as a page from disk, with the network off: axe-core finds nothing wrong in it, light or dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.e2e.axe import AXE, IMPACTS, faults
from tests.e2e.screens import SCREENS, shown, walkthrough

pytestmark = pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: npm ci, in widgets/js")


@pytest.mark.parametrize("name", SCREENS)
def test_nothing_is_wrong(name: str, chromium: BrowserContext, foreign: list[str], tmp_path: Path) -> None:
    make, use = SCREENS[name]
    make(tmp_path / "page.html")
    for scheme in ("light", "dark"):
        page = shown(chromium, tmp_path / "page.html", scheme)
        use(page)
        page.wait_for_timeout(300)
        assert page.locator(".gb").get_attribute("data-gb-theme") == scheme
        assert (scheme, faults(page) + faults(page, ".gb", IMPACTS)) == (scheme, [])
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_is_wrong_at_any_step_of_a_walkthrough(
    scheme: str, chromium: BrowserContext, foreign: list[str], tmp_path: Path
) -> None:
    walkthrough(tmp_path / "walk.html")
    page = shown(chromium, tmp_path / "walk.html", scheme)
    following = page.get_by_role("button", name="Next", exact=True)
    found = []
    while following.get_attribute("aria-disabled") != "true" and following.is_enabled():
        following.click()
        page.wait_for_timeout(200)
        found += faults(page)
    assert found == []
    page.close()


def test_the_checker_sees_what_is_wrong(chromium: BrowserContext) -> None:
    page = chromium.new_page()
    page.set_content('<main class="gb"><img src="data:,"><p style="color:#aaa;background:#fff">pale words</p></main>')
    found = faults(page)
    assert any("image-alt" in fault for fault in found)
    assert any("color-contrast" in fault for fault in found)
    page.close()
