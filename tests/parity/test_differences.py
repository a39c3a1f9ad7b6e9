"""The page of differences is in step with the docstrings and with known.toml."""

from __future__ import annotations

import ast

from tests.parity.differences import ENGINE, PAGE, documented, in_tree, page


def test_the_page_is_in_step() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.parity differences"


def test_differences_are_found_in_docstrings() -> None:
    text = "One.\n\n        Differs: in this\n        and that.\n\n        More."
    source = f'class A:\n    def f(self):\n        """{text}"""\n'
    assert list(in_tree(ast.parse(source), "m")) == [("m.A.f", "in this and that.")]
    assert len(list(documented(ENGINE))) > 5
