"""How long the imports take, and how large the bundle is."""

from __future__ import annotations

import base64
import statistics
import subprocess
import sys
import zlib

from gradbook.widgets.bundle import bundle
from tests.benchmarks.table import Row

REPEATS = 7


def import_milliseconds(statement: str) -> float:
    """Median time that a statement takes in a fresh Python, in ms, without Python's own start."""
    program = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
    times = [
        float(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)
        for _ in range(REPEATS)
    ]
    return statistics.median(times) * 1e3


LOAD = """\
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
import gradbook, time
t = time.perf_counter()
shell.run_line_magic('load_ext', 'gradbook')
print(time.perf_counter() - t)
"""


def load_extension_milliseconds() -> float:
    """Median time of `%load_ext gradbook` after `import gradbook`, in ms."""
    times = [
        float(
            subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True).stdout.split()[-1]
        )
        for _ in range(REPEATS)
    ]
    return statistics.median(times) * 1e3


CELLS = """\
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
import time
shell = InteractiveShell.instance(config=Config({'HistoryManager': {'enabled': False}}))

def cell():
    best = 1.0
    for _ in range(500):
        began = time.process_time()
        shell.run_cell('x = 1 + 1')
        best = min(best, time.process_time() - began)
    return best

bare = cell()
shell.run_line_magic('load_ext', 'gradbook')
watched = cell()
shell.run_line_magic('coach', 'off')
print(bare * 1e6, cell() * 1e6, watched * 1e6)
"""


def cell_microseconds() -> tuple[float, float, float]:
    """A cell without gradbook's work, in us of CPU: without the extension, with it but no coach, with both."""
    said = subprocess.run([sys.executable, "-c", CELLS], capture_output=True, text=True, check=True).stdout
    bare, quiet, watched = map(float, said.split()[-3:])
    return bare, quiet, watched


def bundle_row(name: str, label: str) -> Row:
    """Size of one bundle as it travels, and of the script inside."""
    text = bundle(name)
    unfolded = len(zlib.decompress(base64.b64decode(text.split('"')[1]), -15))
    return Row(label, f"{len(text) / 1024:.0f} KB", "≤ 150 KB", f"{unfolded / 1024:.0f} KB unfolded in the page")


def rows() -> list[Row]:
    """Measure."""
    numpy = import_milliseconds("import numpy")
    bare, quiet, watched = cell_microseconds()
    return [
        Row(
            "import gradbook",
            f"{import_milliseconds('import gradbook'):.0f} ms",
            "≤ 250 ms",
            f"numpy alone {numpy:.0f} ms",
        ),
        Row("%load_ext gradbook, after it", f"{load_extension_milliseconds():.0f} ms", "≤ 500 ms"),
        Row(
            "a cell in which gradbook has nothing to do",
            f"{watched:.0f} µs",
            "≤ 300 µs more",
            f"{bare:.0f} µs without the extension, {quiet:.0f} µs with %coach off",
        ),
        bundle_row("gradbook", "browser bundle"),
        bundle_row("walk", "the walkthrough's own bundle"),
    ]
