"""`pytest --gradbook-coach`: the coach watches each test's call; a finding of severity error fails the test.

    @pytest.mark.gradbook_coach(mute=["unseeded"])      # rules that shall be silent in this test
    @pytest.mark.gradbook_coach(off=True)               # nobody watches this test

All findings are in the report section "gradbook coach" of a test that fails.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

__all__ = ["pytest_addoption", "pytest_configure", "pytest_runtest_call"]

MARK = "gradbook_coach"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option, and the rules that are silent in all tests."""
    group = parser.getgroup("gradbook")
    group.addoption(
        "--gradbook-coach", action="store_true", help="fail a test in which gradbook's coach finds an error"
    )
    parser.addini("gradbook_coach_mute", "rules of gradbook's coach that shall be silent", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", f"{MARK}(mute=[...], off=False): how gradbook's coach watches this test")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Watch a test. One that raises fails as it does; what the coach says of it stands below."""
    marks = [mark.kwargs for mark in item.iter_markers(MARK)]
    if not item.config.getoption("--gradbook-coach") or any(mark.get("off") for mark in marks):
        return (yield)
    from gradbook import coach

    muted = {rule for mark in marks for rule in mark.get("mute", ())} | set(item.config.getini("gradbook_coach_mute"))
    watch = coach.Coach(muted=muted).start()
    try:
        result = yield
    except BaseException as error:
        tell(item, watch.finish(error))
        raise
    report = watch.finish()
    tell(item, report)
    errors = [finding for finding in report.findings if finding.severity == "error"]
    if errors:
        pytest.fail("gradbook coach:\n" + "\n".join(map(str, errors)), pytrace=False)
    return result


def tell(item: pytest.Item, report: Any) -> None:
    """Put what was found into the report of the test."""
    if len(report):
        item.add_report_section("call", "gradbook coach", str(report))
