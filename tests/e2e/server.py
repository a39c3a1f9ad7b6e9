"""Start JupyterLab for the tests: it reads no configuration of the user and writes only into its folder."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
START_SECONDS = 60
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/completer-extension:manager": {"autoCompletion": False},
}


@dataclass(frozen=True)
class Server:
    """A running JupyterLab: its address, the folder it serves, its data folder (kernels), its log, its settings."""

    url: str
    root: Path
    data: Path
    log: Path
    config: Path

    def call(self, method: str, path: str, data: object = None, base: str = "api") -> object:
        """Ask the server's REST interface. -> the JSON it answers, or None."""
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(f"{self.url}/{base}/{path}", data=body, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def shut_down_kernels(self) -> None:
        """End every session, so that no test's loop eats the next test's processor."""
        for session in self.call("GET", "sessions"):
            with contextlib.suppress(urllib.error.HTTPError):  # gone by itself
                self.call("DELETE", f"sessions/{session['id']}")


def find_chromium() -> str | None:
    """The browser to drive: GRADBOOK_CHROMIUM, or the system's."""
    named = os.environ.get("GRADBOOK_CHROMIUM")
    return named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def add_kernel(data: Path, name: str, in_front: Path | None = None) -> str:
    """Describe a kernel of this Python, with the packages of a folder in front of its own. -> its name."""
    folder = data / "kernels" / name
    folder.mkdir(parents=True)
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": name,
        "language": "python",
        "env": {"PYTHONPATH": str(in_front)} if in_front else {},
    }
    (folder / "kernel.json").write_text(json.dumps(spec))
    return name


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running_server(folder: Path) -> Iterator[Server]:
    """JupyterLab without token on this machine only, gone at the end."""
    dirs = {name: folder / name for name in ("notebooks", "config", "data", "runtime", "ipython")}
    for path in dirs.values():
        path.mkdir()
    (dirs["config"] / "labconfig").mkdir()
    (dirs["config"] / "labconfig" / "default_setting_overrides.json").write_text(json.dumps(SETTINGS))
    add_kernel(dirs["data"], "python3")
    env = dict(
        os.environ,
        JUPYTER_CONFIG_DIR=str(dirs["config"]),
        JUPYTER_DATA_DIR=str(dirs["data"]),
        JUPYTER_RUNTIME_DIR=str(dirs["runtime"]),
        IPYTHONDIR=str(dirs["ipython"]),
    )
    port = free_port()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", "--IdentityProvider.token=", "--ServerApp.password="]
    command += ["--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={dirs['notebooks']}"]
    command += ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, env=env, stdout=output, stderr=output, start_new_session=True)
        try:
            server = Server(f"http://127.0.0.1:{port}", dirs["notebooks"], dirs["data"], log, dirs["config"])
            wait_until_up(server, process)
            yield server
        finally:
            stop(process)


def wait_until_up(server: Server, process: subprocess.Popen[bytes]) -> None:
    """Return when the server answers. Raises RuntimeError with its log if it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            server.call("GET", "status")
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not come up:\n{server.log.read_text()}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the server and its kernels."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)
