"""The command line: `gradbook demo`, `gradbook coach` and `gradbook info`."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import metadata, util
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import gradbook

__all__ = ["main"]

HEADLESS_SECONDS = 600  # a lesson that takes longer has gone wrong
FRONT_END = ("jupyterlab", "notebook", "ipykernel", "ipywidgets", "anywidget", "IPython")


class CommandError(Exception):
    """Something the user can mend; its text says how."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. -> the exit status: 0 well, 1 it could not be done (the reason is on stderr), 2 wrong usage."""
    try:
        options = build_parser().parse_args(arguments)
        status: int = options.run(options)
    except CommandError as error:
        print(f"gradbook: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `| head`: whoever reads has enough, and Python shall not complain at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def build_parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    parser = argparse.ArgumentParser(prog="gradbook", description=(gradbook.__doc__ or "").split("\n")[0])
    parser.add_argument("--version", action="version", version=f"gradbook {metadata.version('gradbook')}")
    commands = parser.add_subparsers(required=True, metavar="{demo,coach,info}")
    demo = commands.add_parser("demo", help="open a lesson in JupyterLab, or write it as a page")
    names = lessons()
    titles = ", ".join(name.removesuffix(".ipynb") for name in names)
    numbers = range(1, len(names) + 1)
    demo.add_argument("lesson", nargs="?", type=int, default=1, choices=numbers, help=f"{titles} (default: 1)")
    demo.add_argument("--headless", metavar="FILE.html", type=Path, help="execute it and write a self-contained page")
    demo.add_argument("--folder", type=Path, help="where the lesson is copied to (default: gradbook-lessons, here)")
    demo.add_argument("--no-browser", action="store_true", help="start JupyterLab, but open no browser")
    demo.set_defaults(run=run_demo)
    add_coach(commands.add_parser("coach", help="run a script and say what is wrong with its training"))
    info = commands.add_parser("info", help="versions, device and what the front end can do")
    info.set_defaults(run=run_info)
    return parser


def add_coach(coach: argparse.ArgumentParser) -> None:
    """The options of `gradbook coach`."""
    coach.description = (
        "Run a script or a notebook; what is wrong with its training is told on stderr as soon as it is found. "
        "The exit status is 1 if the script raises or a finding is as bad as --fail-on says, else the script's own."
    )
    add = coach.add_argument
    add("--mute", metavar="RULE", action="append", default=[], help="a rule that shall be silent; may stand repeatedly")
    add("--fail-on", choices=("error", "warning", "never"), default="error", help="what fails (default: error)")
    add("--json", metavar="FILE", help="write the findings there as JSON, for other tools; - is stdout")
    add("--as-torch", action="store_true", help="`import torch` gives gradbook while the script runs")
    add("--explain", metavar="RULE", action=Explain, help="teach a rule by a short example, and run nothing")
    add("--rules", action=Explain, nargs=0, help="name all rules, and run nothing")
    add("-m", dest="module", action="store_true", help="SCRIPT is the name of a module, as for python -m")
    add("script", metavar="SCRIPT", help="a Python file, or a notebook, whose cells run in order")
    add("arguments", nargs=argparse.REMAINDER, help="what the script is given")
    coach.set_defaults(run=run_coach)


class Explain(argparse.Action):
    """Prints what a rule teaches, or all rules, and ends."""

    def __call__(self, parser: argparse.ArgumentParser, *rest: Any, **_: Any) -> None:
        """Called as argparse does: (parser, namespace, the rule or [], ...)."""
        try:
            text = gradbook.coach.explain(rest[1]).text if rest[1] else gradbook.coach.listing()
        except ValueError as error:
            parser.error(str(error).partition(": ")[2])
        print(text)
        parser.exit(0)


def run_demo(options: argparse.Namespace) -> int:
    """Open a lesson, or write it as a page."""
    lesson = lessons()[options.lesson - 1]
    if options.headless is not None:
        return write_page(lesson, options.headless)
    need("jupyterlab", "it opens the lesson")
    notebook = copy_lesson(lesson, options.folder)
    command = [sys.executable, "-m", "jupyterlab", str(notebook)]
    if options.no_browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    print(f"gradbook: opening {notebook} in JupyterLab; Ctrl-C ends it")
    try:
        return subprocess.call(command)
    except KeyboardInterrupt:
        return 0


def lessons() -> list[str]:
    """File names of the lessons, in their order."""
    return sorted(entry.name for entry in files("gradbook.lessons").iterdir() if entry.name.endswith(".ipynb"))


def copy_lesson(name: str, folder: Path | None) -> Path:
    """Put a lesson where it can be changed. A copy that is there already, with the user's changes, stays.

    -> its path. Without a folder: `gradbook-lessons` here, or a temporary folder where that cannot be written.
    Raises CommandError if the folder asked for cannot be written.
    """
    try:
        target = folder or Path("gradbook-lessons")
        target.mkdir(parents=True, exist_ok=True)
        return place(name, target)
    except OSError as error:
        if folder is not None:
            raise CommandError(f"cannot write the lesson into {folder}: {error.strerror}") from error
        return place(name, Path(tempfile.mkdtemp(prefix="gradbook-lessons-")))


def place(name: str, folder: Path) -> Path:
    """Copy a lesson into a folder, unless it is there."""
    copy = folder.resolve() / name
    if not copy.exists():
        with as_file(files("gradbook.lessons") / name) as lesson:
            shutil.copyfile(lesson, copy)
    return copy


def write_page(name: str, page: Path) -> int:
    """Execute a lesson with this Python and write it as one HTML file that needs no network and no kernel."""
    need("nbclient", "it executes the lesson")
    need("nbconvert", "it writes the page")
    if not page.absolute().parent.is_dir():
        raise CommandError(f"cannot write {page}: the folder {page.absolute().parent} does not exist")
    from gradbook.kernel_ext.headless import execute
    from gradbook.widgets.export import notebook_to_html

    with as_file(files("gradbook.lessons") / name) as lesson:
        notebook, seconds = execute(lesson, timeout=HEADLESS_SECONDS, embed_runs=True)
    notebook_to_html(notebook, page)
    print(f"gradbook: {name} ran in {seconds:.1f} s; wrote {page} ({page.stat().st_size / 1024:,.0f} KB)")
    return 0


def run_coach(options: argparse.Namespace) -> int:
    """Run a script or a notebook under the coach. -> 1 if it raises or has a fault, else the script's own status."""
    from gradbook.kernel_ext.coach_notebook import Notebook
    from gradbook.kernel_ext.coach_script import Script

    for rule in options.mute:
        if rule not in gradbook.coach.RULES:
            raise CommandError(gradbook.coach.explanation.unknown(rule))
    notebook = options.script.endswith(".ipynb") and not options.module
    script = Notebook(options.script) if notebook else Script(options.script, options.arguments, module=options.module)
    if missing := script.missing():
        raise CommandError(missing)
    return script.run(options.mute, options.fail_on, options.json, options.as_torch)


def need(module: str, why: str) -> None:
    """Raise CommandError, naming the install, if an optional package is absent."""
    if util.find_spec(module) is None:
        raise CommandError(f"{module} is missing ({why}): pip install 'gradbook[lab]'")


def run_info(options: argparse.Namespace) -> int:
    """Print what a bug report needs: versions, device, and whether the controls can work."""
    rows = [("gradbook", f"{metadata.version('gradbook')} in {Path(gradbook.__file__).parent}")]
    rows.append(("python", f"{sys.version.split()[0]} on {sys.platform}"))
    rows += [(name, version_of(name) or "not installed") for name in ("numpy", *FRONT_END)]
    rows.append(("cuda", version_of("cupy-cuda13x") or "not installed (pip install 'gradbook[cuda]')"))
    rows.append(("controls", explain_controls()))
    for name, value in rows:
        print(f"{name:12} {value}")
    return 0


def explain_controls() -> str:
    """Whether pause, step, stop and the slider can work while a cell runs, and if not, what to install."""
    old = [
        f"{name} {least[0]}.{least[1]}+"
        for name, least in (("ipykernel", (7, 1)), ("jupyterlab", (4, 4)))
        if release(version_of(name) or "0") < least
    ]
    if old:
        return f"not while a cell runs: needs {' and '.join(old)} (pip install -U 'gradbook[lab]')"
    return "work while a cell runs"


def version_of(distribution: str) -> str | None:
    """Installed version of a distribution, or None."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def release(version: str) -> tuple[int, ...]:
    """`7.4.0b1` -> (7, 4): the numbers that decide."""
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


if __name__ == "__main__":
    sys.exit(main())
