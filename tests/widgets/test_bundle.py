from __future__ import annotations

import base64
import zlib

import pytest

from gradbook.widgets.bundle import BUNDLES, STATIC, bundle, bundle_hash, bundle_of


@pytest.mark.parametrize(("name", "held"), [("gradbook", b"Live view"), ("walk", b"Walkthrough")])
def test_a_bundle_unfolds_to_its_script_and_the_other_part_is_not_in_it(name: str, held: bytes) -> None:
    text = bundle(name)
    script = zlib.decompress(base64.b64decode(text.split('"')[1]), -15)
    assert held in script
    assert (b"Walkthrough step" in script) == (name == "walk")
    assert len(text) <= 150 * 1024


def test_every_built_file_is_a_bundle_with_a_name_of_its_own() -> None:
    assert {file.name for file in STATIC.iterdir()} == {f"{name}.js" for name in BUNDLES}
    assert len({bundle_hash(name) for name in BUNDLES}) == len(BUNDLES)
    assert [bundle_of(view) for view in ("live", "walk", "card")] == ["gradbook", "walk", "gradbook"]
