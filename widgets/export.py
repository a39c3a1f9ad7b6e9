"""Pages of their own: a run, or a whole executed notebook, in one file that needs neither network nor kernel."""

from __future__ import annotations

import base64
import json
import os
import tempfile
import zlib
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from gradbook.widgets import describe
from gradbook.widgets.bundle import BUNDLES, bundle, bundle_of
from gradbook.widgets.picture import draw, summary
from gradbook.widgets.wire import view_of

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from gradbook.observe import Run

__all__ = [
    "export_html",
    "mount_point",
    "notebook_to_html",
    "page_with",
    "picture_tag",
    "scripts",
    "svg_image",
    "write_atomically",
]

# finds every mount point and replaces its picture by the view; leaves the picture where that fails
MOUNT = """
const bundles = {};
for (const held of document.querySelectorAll("[data-gradbook-bundle]")) {
  const url = URL.createObjectURL(new Blob([JSON.parse(held.textContent)], { type: "text/javascript" }));
  bundles[held.dataset.gradbookBundle] = await import(url);
}
const inflate = (text) => {
  const data = new Blob([Uint8Array.from(atob(text), (char) => char.charCodeAt(0))]);
  return new Response(data.stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
};
for (const place of document.querySelectorAll("[data-gradbook]")) {
  const el = document.createElement("div");
  bundles[place.dataset.gradbook].mount(el, new Uint8Array(await inflate(place.querySelector("script").textContent)));
  place.replaceChildren(el);
}
"""
POLICY = "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline' blob:"
STYLE = (
    "body{margin:16px;font-family:system-ui,sans-serif;background:#fff}[data-gradbook]{margin:0 0 24px}"
    "@media(prefers-color-scheme:dark){body{background:#111;color-scheme:dark}}"
)
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title><style>{style}</style></head><body>
<main>
{body}
</main>
{scripts}
</body></html>
"""


def export_html(runs: Run | Sequence[Run], path: str | Path) -> Path:
    """Write one page that shows runs with everything but their buttons: zoom, scrub, search, inspect. -> its path.

    The page holds the bundle once, each run's history thinned, and a picture for where scripts are off; it asks
    nothing of any host. The file appears whole or not at all.
    Raises ValueError without runs, BundleMissing if the browser side was not built.
    """
    chosen = list(runs) if isinstance(runs, Sequence) else [runs]
    if not chosen:
        raise ValueError("export_html: there are no runs to write")
    views = [(describe.snapshot(run)[0].packed(), picture_tag(run)) for run in chosen]
    return write_atomically(path, page_with(views, ", ".join(run.name for run in chosen)))


def page_with(views: Sequence[tuple[bytes, str]], title: str) -> str:
    """One page that shows views, each a packed message and the picture in its place until it is mounted. -> HTML."""
    body = "\n".join(mount_point(packed, picture) for packed, picture in views)
    return PAGE.format(policy=POLICY, style=STYLE, title=escape(title), body=body, scripts=scripts(body))


def picture_tag(run: Run) -> str:
    """The still picture as an `<img>`."""
    return svg_image(draw(run), summary(run))


def svg_image(svg: str, alt: str) -> str:
    """An SVG as an `<img>` that carries it."""
    source = base64.b64encode(svg.encode()).decode()
    alt = escape(alt, quote=True)
    return f'<img alt="{alt}" style="max-width:100%;height:auto" src="data:image/svg+xml;base64,{source}">'


def mount_point(packed: bytes, picture: str) -> str:
    """Where a view will stand: the picture until then, and the data it is made of, deflated."""
    data = base64.b64encode(zlib.compress(packed, 9)).decode()
    return f'<div data-gradbook="{bundle_of(view_of(packed))}">{picture}<script type="text/plain">{data}</script></div>'


def scripts(body: str) -> str:
    """The bundles that a body's mount points need, as data, and the script that mounts them. Raises BundleMissing."""
    found = []
    for name in BUNDLES:
        if f'<div data-gradbook="{name}">' in body:
            text = json.dumps(bundle(name)).replace("<", "\\u003c")  # nothing in it may end the element
            found.append(f'<script type="application/json" data-gradbook-bundle="{name}">{text}</script>')
    return "\n".join([*found, f'<script type="module">{MOUNT}</script>'])


def write_atomically(path: str | Path, text: str) -> Path:
    """Write a text file so that a reader sees the old one or the new one, never a part. -> its path."""
    target = Path(path)
    handle, name = tempfile.mkstemp(dir=target.absolute().parent, prefix=f".{target.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise
    return target


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def notebook_to_html(notebook: NotebookNode, path: str | Path) -> Path:
    """Write an executed notebook as one page, its live views as standalone ones. -> its path.

    A view stands where its output holds the run itself (execute with GRADBOOK_EMBED_RUNS=1); otherwise its picture
    does. Nothing is loaded from a host: formulas in text become MathML.
    Raises ImportError naming the install if nbconvert is absent.
    """
    from gradbook.widgets.notebook_page import page_of

    return write_atomically(path, page_of(notebook))
