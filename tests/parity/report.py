"""Plug-in for pytest: the option --whole, and the table at the end, put together from all workers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.parity.tally import Tally

PROPERTY = "parity"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The whole run by a flag."""
    parser.addoption("--whole", action="store_true", help="parity: every sample of every entry, not a selection")


class Collector:
    """Keeps the tallies that tests report."""

    def __init__(self) -> None:
        self.tallies: list[Tally] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Called in the process that prints, whichever process ran the test."""
        if report.when == "call":
            self.tallies += [Tally(**value) for name, value in report.user_properties if name == PROPERTY]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The table, if the suite ran."""
        if not self.tallies:
            return
        from tests.parity.entries import outside
        from tests.parity.table import markdown

        terminalreporter.section("agreement with PyTorch")
        terminalreporter.write_line(markdown(self.tallies, outside()))


def pytest_configure(config: pytest.Config) -> None:
    """Only the process that prints collects."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Collector(), "parity-table")


@pytest.fixture
def whole(request: pytest.FixtureRequest) -> bool:
    """True if every sample is asked for."""
    return bool(request.config.getoption("--whole"))


@pytest.fixture
def settle(record_property: Any) -> Any:
    """settle(tally): into the table with it, and assert that known.toml is right about it."""
    from tests.parity.known import verdict

    def check(tally: Tally) -> None:
        record_property(PROPERTY, tally.to_json())
        problem = verdict(tally)
        assert not problem, problem

    return check
