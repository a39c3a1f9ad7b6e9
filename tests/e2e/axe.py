"""axe-core in a page: what it finds against the accessibility rules. It is a development dependency of widgets/js."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

__all__ = ["AXE", "IMPACTS", "faults"]

AXE = Path(__file__).parents[2] / "widgets" / "js" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")
IMPACTS = ("minor", "moderate", *GRAVE)
RUN = """async (selector) => {
  const { violations } = await axe.run(selector, { resultTypes: ["violations"] });
  return violations.flatMap(({ id, impact, help, nodes }) =>
    nodes.map(({ target, html, failureSummary: why }) =>
      ({ id, impact, help, target: target.join(" "), html: html.slice(0, 160), why })));
}"""


def faults(page: Page, selector: str = "html", impacts: tuple[str, ...] = GRAVE) -> list[str]:
    """What axe finds in the part of a page that a selector means, of the given impacts. -> one text a fault."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))  # as the debugger does: no page's policy is in the way
    found: list[dict[str, Any]] = page.evaluate(RUN, selector)
    return [
        f"{one['impact']}: {one['id']}: {one['help']} at {one['target']}: {one['html']}\n{one['why']}"
        for one in found
        if one["impact"] in impacts
    ]
