"""One JupyterLab server and one Chromium for the whole session; one notebook and one page per test."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, sync_playwright

from tests.e2e.lab import Lab
from tests.e2e.server import Server, add_kernel, find_chromium, running_server

ARTIFACTS = Path(__file__).parent / "artifacts"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # whatever asks for another host finds nothing: the tests cannot depend on the network
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
OURS = re.compile(r"^(https?|wss?)://127\.0\.0\.1[:/]|^(data|blob|file|about|chrome):")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is e2e, and a page may take its time."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("e2e")
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab on a temporary folder, with every configuration folder temporary too."""
    with running_server(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="session")
def older_kernel(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of a kernel that runs ipykernel 7.3 in front of this environment's."""
    folder = tmp_path_factory.mktemp("ipykernel73")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), "ipykernel==7.3.*"]
    subprocess.run(pip, check=True)
    return add_kernel(server.data, "ipykernel73", folder)


@pytest.fixture(params=["newest", "7.3"])
def any_kernel(request: pytest.FixtureRequest) -> str:
    """The kernel of this environment, then ipykernel 7.3: front-end messages take another way in each."""
    return "python3" if request.param == "newest" else request.getfixturevalue("older_kernel")


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """The system's Chromium with a fresh profile."""
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium, or set GRADBOOK_CHROMIUM)")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("chromium"),
            executable_path=program,
            args=CHROMIUM_FLAGS,
            headless=True,
            viewport={"width": 1400, "height": 1300},
        )
        context.set_default_timeout(20_000)
        yield context
        context.close()


@pytest.fixture
def foreign(chromium: BrowserContext) -> Iterator[list[str]]:
    """Addresses asked for outside this machine during the test; any left in the list at its end fails the test."""
    asked: list[str] = []

    def note(url: str) -> None:
        if not OURS.match(url):
            asked.append(url)

    def on_request(request: object) -> None:
        note(request.url)  # type: ignore[attr-defined]

    def on_page(page: object) -> None:
        page.on("websocket", lambda socket: note(socket.url))  # type: ignore[attr-defined]

    chromium.on("request", on_request)
    chromium.on("page", on_page)
    yield asked
    chromium.remove_listener("request", on_request)
    chromium.remove_listener("page", on_page)
    assert asked == [], f"the page asked for {asked}"


@pytest.fixture
def lab(server: Server, chromium: BrowserContext, foreign: list[str], request: pytest.FixtureRequest) -> Iterator[Lab]:
    """A page of JupyterLab; its notebook and its kernels go away with the test."""
    (server.config / "gradbook.json").unlink(missing_ok=True)  # what another test has muted
    page = chromium.new_page()
    lab = Lab(page, server, name=re.sub(r"\W+", "_", request.node.name))
    yield lab
    if request.node.stash.get(FAILED, False):
        ARTIFACTS.mkdir(exist_ok=True)
        page.screenshot(path=ARTIFACTS / f"{lab.name}.png")
        shutil.copy(server.log, ARTIFACTS / "server.log")
    page.close()
    server.shut_down_kernels()


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Remember a failure, for the picture of it."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report
