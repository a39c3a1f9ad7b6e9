"""Writes fixtures/layout.json, which holds layout.py and layout.ts to the same coordinates.

Run `python -m tests.widgets.write_layout_fixture` after a wanted change of the layout, and look at the pictures.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gradbook.widgets.layout import Options, Tree, default_expanded, layout
from tests.widgets import graphs

FIXTURE = Path(__file__).parent / "fixtures" / "layout.json"
NARROW = Options(left=190, right=170, chip_shapes=False)


def cases() -> Iterator[dict[str, Any]]:
    """Graph, open blocks and options, and the picture that belongs to them."""
    small = {
        "lenet": graphs.lenet(),
        "mlp": graphs.mlp(),
        "residual": graphs.residual(),
        "transformer": graphs.transformer(),
        "rnn": graphs.rnn(12),
        "scalars": graphs.scalars(),
        "chain": graphs.chain(230),
        "tangle": graphs.tangle(120),
    }
    for name, graph in small.items():
        tree = Tree(graph)
        everything = {block.key for block in tree.walk() if block.foldable and block.key}
        pictures = []
        for expanded, options in ((None, Options()), (everything, Options()), (None, NARROW)):
            opened = sorted(default_expanded(tree) if expanded is None else expanded)
            pictures.append(
                {
                    "expanded": None if expanded is None else opened,
                    "opened": opened,
                    "options": options._asdict(),
                    "picture": layout(tree, expanded, options),
                }
            )
        yield {"name": name, "graph": graph, "pictures": pictures}


if __name__ == "__main__":
    FIXTURE.parent.mkdir(exist_ok=True)
    FIXTURE.write_text(json.dumps(list(cases()), separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf8")
