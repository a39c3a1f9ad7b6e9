"""The same models in gradbook and in PyTorch, and how each tool is asked for a picture of them.

As a program it shows one model in Model Explorer, whose server does not end by itself:
python -m tests.benchmarks.graph_tools MODEL
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import shutil
import subprocess
import sys
import threading
import time
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["MODELS", "NEEDED", "TOOLS", "Shown", "missing"]

NEEDED = {"torch": "torch", "torchview": "torchview", "netron": "netron", "onnx": "onnx", "onnxscript": "onnxscript",
          "model_explorer": "ai-edge-model-explorer"}  # fmt: skip
MODELS = {"MLP": "mlp", "ResNet-50": "resnet50", "GPT, 12 layers": "gpt12", "GPT, 280 layers": "gpt280"}
OURS = "import gradbook\nfrom gradbook import Tensor, nn\n"
SOURCE = Path(__file__).parents[1] / "widgets" / "hard_graphs.py"


class Shown(NamedTuple):
    """What a tool made: where to look at it, the seconds until then, its bytes, and how to tell that it is drawn."""

    url: str
    seconds: float
    nbytes: int
    ready: str


def missing() -> list[str]:
    """The packages on PyPI, and programs, that are to be installed first."""
    packages = [package for module, package in NEEDED.items() if importlib.util.find_spec(module) is None]
    return packages + ([] if shutil.which("dot") else ["Graphviz (the program dot)"])


def models(framework: str) -> types.ModuleType:
    """tests/widgets/hard_graphs.py, run on 'gradbook' or, word for word, on 'torch'."""
    text = SOURCE.read_text(encoding="utf-8")
    assert OURS in text
    module = types.ModuleType(f"{framework}_models")
    theirs = OURS.replace("import gradbook", f"import {framework} as gradbook")
    theirs = theirs.replace("from gradbook", f"from {framework}")
    exec(compile(text.replace(OURS, theirs), str(SOURCE), "exec"), vars(module))
    return module


def model_and_input(framework: str, name: str) -> tuple[Any, Any]:
    """One of MODELS, and what to call it on."""
    module = models(framework)
    lib, nn = module.gradbook, module.nn
    if name == "mlp":
        return nn.Sequential(
            nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10)
        ), lib.ones(8, 64)
    if name == "resnet50":
        return module.ResNet50(8, 10).eval(), lib.ones(2, 3, 32, 32)
    return module.GPT(int(name.removeprefix("gpt")), 8, 16, 50).eval(), lib.ones(1, 16, dtype=lib.int64)


@contextlib.contextmanager
def gradbook(name: str, folder: Path) -> Iterator[Shown]:
    """A page with the graph, as an output of a notebook shows it."""
    from gradbook.observe import Graph
    from gradbook.widgets.export import page_with, write_atomically
    from gradbook.widgets.graph_view import describe_still

    model, x = model_and_input("gradbook", name)
    began = time.perf_counter()
    message = describe_still(Graph.of(model(x).sum()))
    page = write_atomically(folder / "ours.html", page_with([(message.packed(), "")], "graph"))
    seconds = time.perf_counter() - began
    yield Shown(page.as_uri(), seconds, page.stat().st_size, "!!document.querySelector('[aria-label^=\"graph with\"]')")


@contextlib.contextmanager
def torchview(name: str, folder: Path) -> Iterator[Shown]:
    """An SVG by Graphviz, all modules unfolded."""
    from torchview import draw_graph

    model, x = model_and_input("torch", name)
    began = time.perf_counter()
    graph = draw_graph(model, input_data=x, depth=100, expand_nested=True, device="cpu").visual_graph
    graph.engine = "dot"
    file = Path(graph.render(folder / "torchview", format="svg"))
    seconds = time.perf_counter() - began
    yield Shown(file.as_uri(), seconds, file.stat().st_size, "document.querySelectorAll('g.node').length > 0")


@contextlib.contextmanager
def netron(name: str, folder: Path) -> Iterator[Shown]:
    """PyTorch's ONNX export, served by Netron."""
    import netron
    import torch

    model, x = model_and_input("torch", name)
    file = folder / "model.onnx"
    began = time.perf_counter()
    with contextlib.redirect_stdout(None):
        torch.onnx.export(model, (x,), file, dynamo=True, verbose=False)
        host, port = netron.start(str(file), address=("127.0.0.1", 0), browse=False)
    seconds = time.perf_counter() - began
    nbytes = sum(part.stat().st_size for part in folder.glob("model.onnx*"))
    ready = "document.body?.className === 'default' && document.querySelectorAll('.node').length > 0"
    try:
        yield Shown(f"http://{host}:{port}/", seconds, nbytes, ready)
    finally:
        with contextlib.redirect_stdout(None):
            netron.stop()


@contextlib.contextmanager
def model_explorer(name: str, folder: Path) -> Iterator[Shown]:
    """PyTorch's ExportedProgram, served by Model Explorer."""
    command = [sys.executable, "-m", "tests.benchmarks.graph_tools", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            line = next(line for line in process.stdout if line.startswith("{"))
            yield Shown(**json.loads(line))
        finally:
            process.kill()


def serve(name: str) -> None:
    """Show one model in Model Explorer until somebody ends this process."""
    import model_explorer
    import requests
    import torch

    model, x = model_and_input("torch", name)
    torch.export.export(torch.nn.Linear(1, 1), (torch.ones(1, 1),))  # what it imports is no part of the time
    began = time.perf_counter()
    config = model_explorer.config().add_model_from_pytorch(name, torch.export.export(model, (x,)))
    import portpicker

    host, port = "127.0.0.1", portpicker.pick_unused_port()
    threading.Thread(
        target=lambda: model_explorer.visualize_from_config(config, host=host, port=port, no_open_in_browser=True)
    ).start()
    while True:
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(f"http://{host}:{port}/").ok:
                break
        time.sleep(0.02)
    seconds = time.perf_counter() - began
    ready = "[...document.querySelectorAll('canvas.main')].some((canvas) => canvas.width > 300)"
    shown = Shown(f"http://{host}:{port}/?data={config.to_url_param_value()}", seconds, 0, ready)
    print(json.dumps(shown._asdict()), flush=True)


TOOLS = {"gradbook": gradbook, "torchview": torchview, "Netron": netron, "Model Explorer": model_explorer}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    serve(sys.argv[1])
