from __future__ import annotations

from gradbook.widgets.bundle import bundle, unfolded


def test_the_bundle_unfolds_to_its_script() -> None:
    loader, script = unfolded(bundle())
    assert "deflate-raw" in loader
    assert len(script) > len(bundle())
    assert b"Live view" in script


def test_no_character_of_the_bundle_is_escaped_in_a_page() -> None:
    packed = bundle().split('"')[1]
    assert not set(packed) & set('"<\\')
    assert packed.isascii()
