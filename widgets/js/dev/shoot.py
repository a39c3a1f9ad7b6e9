"""Pictures of the harness page: python shoot.py OUT_DIR SCENE:WIDTH[:dark][:extra] ...

Needs `npm run dev` first, and Playwright with a Chromium.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

PAGE = Path(__file__).parent / "index.html"


def main(out: str, *shots: str) -> None:
    """Write one PNG a shot; print what the page's console said and every request that left the page."""
    Path(out).mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--allow-file-access-from-files"]
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM"), args=flags)
        for shot in shots:
            scene, width, *rest = shot.split(":")
            dark = "dark" in rest
            extra = "&".join(["dark"] * dark + [word for word in rest if word != "dark"])
            size = 1600 if width == "full" else int(width) + 32
            page = browser.new_page(viewport={"width": size, "height": 930 if width == "full" else 1100}, device_scale_factor=1)
            page.on("console", lambda message: print("console:", message.text))
            page.on("pageerror", lambda error: print("error:", error))
            page.on("request", lambda request: request.url.startswith("file:") or print("request:", request.url))
            page.goto(f"{PAGE.as_uri()}#scene={scene}&w={width}&{extra}")
            page.wait_for_timeout(900)
            page.screenshot(path=f"{out}/{shot.replace(':', '_').replace('=', '-').replace('/', '-')}.png", full_page=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
