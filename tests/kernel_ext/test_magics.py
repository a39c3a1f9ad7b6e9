from __future__ import annotations

import base64
import json
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

import gradbook
from gradbook import alias, observe
from gradbook.kernel_ext.arguments import split_options
from gradbook.kernel_ext.magics import WORDS
from gradbook.kernel_ext.magics.cell_line import as_line
from gradbook.widgets.describe import EMBEDDED
from gradbook.widgets.wire import unpack

TRAIN = """\
w = gradbook.ones(3, requires_grad=True)
for _ in range(3):
    w.grad = None; err = (w * w).sum()
    err.backward()
"""


def run(shell: InteractiveShell, text: str) -> Any:
    return shell.run_cell(text, store_history=True)


def usage(shell: InteractiveShell, line: str) -> str:
    """The message of the UsageError that a line magic raises."""
    name, _, rest = line.lstrip("%").partition(" ")
    with pytest.raises(UsageError) as caught:
        shell.run_line_magic(name, rest)
    return str(caught.value)


# -- %gradbook -------------------------------------------------------------------------------------------------------


def test_gradbook_alone_is_a_page_of_help(loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    loaded.run_line_magic("gradbook", "")
    shown = capsys.readouterr().out
    for word in ("auto", "level", "hz", "theme", "status", "%%watch", "%graph", "%inspect", "%runs", "%seed"):
        assert word in shown


def test_settings_change_together_or_not_at_all(loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    loaded.run_line_magic("gradbook", "auto off level full window 64MB hz 5 theme dark status")
    assert "auto off · level full · window 64 MB · 5 frames a second · theme dark" in capsys.readouterr().out
    assert "auto, level, window, hz, theme, cards, status" in usage(loaded, "%gradbook level health colour red")
    loaded.run_line_magic("gradbook", "status")
    assert "level full" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("%gradbook auto maybe", "on, off"),
        ("%gradbook level high", "off, health, full"),
        ("%gradbook theme pink", "auto, light, dark"),
        ("%gradbook hz 0", "at most 20"),
        ("%gradbook hz many", "at most 20"),
        ("%gradbook level", "needs a value"),
        ("%gradbook banana", "auto, level, window, hz, theme, cards, status"),
        ("%graph", "say what to show"),
        ("%graph w --deep 3", "--depth, --direction, --diff, --save"),
        ("%graph w --depth many", "whole number"),
        ("%graph w --direction up", "TB, LR"),
        ("%graph w --save net.docx", "svg, pdf, png, html, dot, json"),
        ("%graph w --save", "needs a value"),
        ("%graph nothing_here", "nothing_here"),
        ("%graph 3 +", "not a Python expression"),
        ("%graph 3", "needs a tensor"),
        ("%graph nn.Linear(2, 3)", "call the module on an input, as in %graph nn.Linear(2, 3)(x)"),
        ("%inspect 3", "not a tensor"),
        ("%inspect", "say what to show"),
        ("%seed", "whole number"),
        ("%seed -1", "whole number"),
        ("%seed 4294967296", "whole number"),
        ("%runs banana", "%runs compare A B"),
        ("%runs compare 1", "two runs, steps or checkpoints"),
        ("%runs compare 98 99", "none yet"),
        ("%watch --panels graph,foo", "loss, gradients, graph, coach"),
        ("%watch --level off", "health, full"),
        ("%watch --every 0", "from 1 on"),
        ("%watch a b", "one name"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(loaded: InteractiveShell, line: str, named: str) -> None:
    loaded.user_ns["w"] = loaded.ev("gradbook.ones(2, requires_grad=True)")
    assert named in usage(loaded, line)


def test_off_means_off_and_watch_still_watches(loaded: InteractiveShell) -> None:
    loaded.run_line_magic("gradbook", "auto off")
    run(loaded, TRAIN)
    assert observe.runs() == []
    run(loaded, "%%watch mine\n" + TRAIN)
    assert [seen.name for seen in observe.runs()] == ["mine"]
    loaded.run_line_magic("gradbook", "auto on level off")
    run(loaded, TRAIN)
    assert len(observe.runs()) == 1


# -- %%watch -----------------------------------------------------------------------------------------------------------


def test_watch_says_what_is_wanted(loaded: InteractiveShell) -> None:
    assert run(loaded, "%%watch baseline --level full --panels loss,graph --every 2\n" + TRAIN).success
    (seen,) = observe.runs()
    assert (seen.name, seen.level, seen.panels) == ("baseline", "full", ("loss", "graph"))


def test_a_watched_cell_shows_its_view_before_it_trains(loaded: InteractiveShell) -> None:
    states = []
    loaded.user_ns["look"] = lambda: states.append([seen.state for seen in observe.runs()])
    assert run(loaded, "%%watch mine\nlook()\n" + TRAIN).success
    assert states == [["waiting"]]
    assert [(seen.name, seen.state, seen.step) for seen in observe.runs()] == [("mine", "finished", 3)]


def test_a_watched_cell_stays_an_ordinary_cell(loaded: InteractiveShell) -> None:
    result = run(loaded, "%%watch\nimport asyncio\nawait asyncio.sleep(0)\n40 + 2")
    assert result.result == 42
    result = run(loaded, "%%watch\n\n1 / 0")
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    assert result.error_in_exec.__traceback__.tb_next.tb_lineno == 3, "lines keep their numbers"


def test_watch_around_another_cell_magic(loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(loaded, "%%watch timed\n%%time\n" + TRAIN).success
    assert "Wall time" in capsys.readouterr().out
    assert [seen.name for seen in observe.runs()] == ["timed"]


@pytest.mark.parametrize(
    ("cell", "first"),
    [
        ("%%watch\nx", "%watch\n"),
        ("%%watch name --hz 3\nx", "%watch name --hz 3\n"),
        ("%%watcher\nx", "%%watcher\n"),
        ("%%watch?", "%%watch?"),
        ("x\n%%watch", "x\n"),
        ("%%watch\n%%time\nx", "%%watch\n"),
    ],
)
def test_only_a_first_line_that_is_watch_is_changed(cell: str, first: str) -> None:
    lines = cell.splitlines(keepends=True)
    assert as_line(lines)[0] == first
    assert as_line(lines)[1:] == lines[1:]
    assert as_line([]) == []


# -- %graph ------------------------------------------------------------------------------------------------------------


def test_graph_of_a_result_a_call_and_a_run(loaded: InteractiveShell) -> None:
    run(loaded, TRAIN + "model = nn.Sequential(nn.Linear(3, 2), nn.ReLU())\nx = gradbook.ones(1, 3)")
    shown = loaded.run_line_magic("graph", "err")
    assert shown.graph.ops == 2
    assert "err = sum(mul) -> ()" in repr(shown)
    assert "line 3" in repr(shown), "the run saw where it happened"
    shown = loaded.run_line_magic("graph", "model(x) --depth 0")
    assert "0 Linear(x" in repr(shown)
    assert {node.name for node in shown.graph.nodes if node.kind == "parameter"} == {"0.weight", "0.bias"}
    assert loaded.run_line_magic("graph", "observe.runs()[-1]").graph is observe.runs()[-1].graph
    assert loaded.run_line_magic("graph", "observe.runs()[-1].graph").graph is observe.runs()[-1].graph
    bundle = shown._repr_mimebundle_()
    assert bundle["text/html"].startswith('<img alt="graph with')
    assert "data:image/svg+xml;base64," in bundle["text/html"]


def test_graph_without_gradients(loaded: InteractiveShell) -> None:
    run(loaded, "x = gradbook.ones(3)")
    with_trace = loaded.run_line_magic("graph", "gradbook.exp(x) + 1")
    assert [node.op for node in with_trace.graph.nodes if node.kind == "op"] == ["exp", "add"]


@pytest.mark.parametrize("name", ["net.svg", "net.html", "net.dot", "net.json"])
def test_graph_is_saved_as_the_ending_says(loaded: InteractiveShell, tmp_path: Path, name: str) -> None:
    run(loaded, "w = gradbook.ones(2, requires_grad=True)")
    file = loaded.run_line_magic("graph", f"(w * 2).sum() --save '{tmp_path / name}'")
    text = file.read_text(encoding="utf-8")
    assert {"svg": "<svg", "html": "<!DOCTYPE html>", "dot": "digraph", "json": '{"signature"'}[name[4:]] in text
    if name == "net.json":
        assert len(json.loads(text)["nodes"]) == 3


def test_graph_from_left_to_right_needs_graphviz_and_says_so(
    loaded: InteractiveShell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run(loaded, "w = gradbook.ones(2, requires_grad=True)")
    file = loaded.run_line_magic("graph", f"w * 2 --direction LR --save {tmp_path / 'g.dot'}")
    assert "rankdir=LR" in file.read_text(encoding="utf-8")
    monkeypatch.setenv("PATH", str(tmp_path))
    for line in ("%graph w * 2 --direction LR", f"%graph w * 2 --save {tmp_path / 'g.pdf'}"):
        assert "install Graphviz" in usage(loaded, line)


# -- %inspect ----------------------------------------------------------------------------------------------------------


def test_inspect_tells_numbers_gradient_and_origin(loaded: InteractiveShell) -> None:
    run(loaded, TRAIN)
    text = repr(loaded.run_line_magic("inspect", "w"))
    assert text.startswith("w: leaf, requires grad · 3 · float32 · cpu · 12 B")
    assert "mean 1" in text
    assert "|grad|" in text
    assert "mean 2" in text
    html = loaded.run_line_magic("inspect", "w")._repr_html_()
    assert html.count("data:image/svg+xml") == 2
    assert html.count("data:image/png") == 2
    assert "retain_grad()" in repr(loaded.run_line_magic("inspect", "err"))
    assert "does not require grad" in repr(loaded.run_line_magic("inspect", "gradbook.ones(2)"))
    assert "none yet" in repr(loaded.run_line_magic("inspect", "gradbook.ones(2, requires_grad=True)"))


def test_inspect_takes_anything_that_is_a_tensor(loaded: InteractiveShell) -> None:
    run(loaded, "h = gradbook.tensor([[1.0, float('nan')], [float('inf'), 0.0]])\nmodel = nn.Linear(2, 2)")
    text = repr(loaded.run_line_magic("inspect", "h"))
    assert "▲ 2 not finite" in text
    assert "<img" in loaded.run_line_magic("inspect", "h")._repr_html_()
    assert "model.weight (weight): parameter" in repr(loaded.run_line_magic("inspect", "model.weight"))
    for expression in ("gradbook.zeros(0)", "gradbook.tensor(True)", "gradbook.arange(5)", "gradbook.ones(2, 3, 4, 5)"):
        shown = loaded.run_line_magic("inspect", expression)
        assert repr(shown)
        assert shown._repr_html_()


def test_inspect_brings_what_a_page_explores(loaded: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADBOOK_EMBED_RUNS", "1")
    run(loaded, "w = gradbook.ones(3, requires_grad=True)\nh = (w * 2).relu()\nh.retain_grad(); h.sum().backward()")
    data = loaded.run_line_magic("inspect", "h")._repr_mimebundle_()
    assert {"text/plain", "text/html", EMBEDDED} == set(data)
    message = unpack(base64.b64decode(data[EMBEDDED]["packed"]))
    content = message.content
    assert (content["view"], content["title"]) == ("inspect", "h")
    assert content["about"] == {"shape": [3], "kind": "op", "op": "relu"}
    assert content["formula"]["value"].startswith("<math")
    assert dict(content["facts"])["memory"] == "12 B"
    value, grad = content["detail"]["value"], content["detail"]["grad"]
    assert np.frombuffer(message.buffers[value["picture"]["buf"]], "<f4").tolist() == [2, 2, 2]
    assert np.frombuffer(message.buffers[grad["picture"]["buf"]], "<f4").tolist() == [1, 1, 1]
    leaf = unpack(loaded.run_line_magic("inspect", "w").packed()).content
    assert (leaf["formula"], leaf["place"], leaf["about"]["kind"]) == (None, None, "input")


def test_no_text_of_the_user_becomes_html(loaded: InteractiveShell) -> None:
    run(loaded, "d = {'<b>': gradbook.ones(1)}")
    assert "&lt;b&gt;" in loaded.run_line_magic("inspect", "d['<b>']")._repr_html_()


# -- %seed, %runs ------------------------------------------------------------------------------------------------------


def test_seed_repeats_everything(loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    def draw() -> list[float]:
        loaded.run_line_magic("seed", "7")
        return [random.random(), float(np.random.rand()), loaded.ev("gradbook.rand(1).item()")]

    assert draw() == draw()
    assert "seed 7" in capsys.readouterr().out


def test_runs_are_a_table_and_two_compare(loaded: InteractiveShell) -> None:
    assert "no runs yet" in repr(loaded.run_line_magic("runs", ""))
    run(loaded, "%%watch first\n" + TRAIN)
    run(loaded, "%%watch second\n" + TRAIN.replace("w * w", "w * w * w"))
    table = loaded.run_line_magic("runs", "")
    assert [row[1] for row in table.rows] == ["first", "second"]
    assert re.search(r"first +\[\d+\] +finished +3 +3\.000", repr(table))
    assert "<th" in table._repr_html_()


def test_two_runs_compare_by_facts_graph_and_parameters(loaded: InteractiveShell) -> None:
    run(loaded, "%%watch first --level full\n" + TRAIN)
    run(loaded, "%%watch second --level full\n" + TRAIN.replace("w * w", "w * w * w"))
    still = loaded.run_line_magic("runs", "compare first second")
    text = repr(still)
    assert re.search(r"^steps +3 +3$", text, re.MULTILINE)
    assert re.search(r"graph: \d+ added, 0 removed", text)
    assert "+ mul" in text
    assert "parameters: " in text
    assert still.message.content["view"] == "diff"
    assert still.message.content["names"] == ["1 first", "2 second"] or "first" in still.message.content["names"][0]
    assert len(still.message.content["series"]) == 2
    assert "the same" in repr(loaded.run_line_magic("runs", "compare first first"))
    bundle = still._repr_mimebundle_()
    assert bundle["text/plain"] == text
    assert "data:image/svg+xml" in bundle["text/html"]


def test_two_steps_of_a_run_and_two_checkpoints_compare(loaded: InteractiveShell, tmp_path: Path) -> None:
    learn = TRAIN + "    with gradbook.no_grad(): w -= 0.1 * w.grad\n"
    run(loaded, "%%watch mine --level full --every 1\n" + learn)
    steps = observe.runs()[-1].history.steps
    assert len(steps) >= 2
    text = repr(loaded.run_line_magic("runs", f"compare mine@{steps[0]} mine@{steps[-1]}"))
    assert f"step {steps[0]} -> step {steps[-1]}" in text
    assert "~  w " in text
    assert "the nearest" in usage(loaded, f"%runs compare mine@{steps[0]} mine@99999")
    gradbook.save({"w": gradbook.ones(2), "epoch": 1}, tmp_path / "a file.pt")
    gradbook.save({"w": gradbook.zeros(2), "epoch": 2}, tmp_path / "b.pt")
    still = loaded.run_line_magic("runs", f"compare '{tmp_path}/a file.pt' {tmp_path}/b.pt")
    assert "epoch" in repr(still)
    assert still.message.content["names"] == ["a file.pt", "b.pt"]
    (tmp_path / "bad.pt").write_bytes(b"\x80\x02cposix\nsystem\n.")
    assert "bare pickle, which can run anything" in usage(loaded, f"%runs compare {tmp_path}/bad.pt {tmp_path}/b.pt")
    loaded.user_ns["state"] = {"w": gradbook.ones(2)}
    assert "1 changed" in repr(loaded.run_line_magic("runs", f"compare state {tmp_path}/b.pt"))
    assert "there is no file 'nowhere.pt'" in usage(loaded, "%runs compare nowhere.pt state")
    loaded.user_ns["number"] = 3
    assert "int is none of what can be compared" in usage(loaded, "%runs compare number state")
    assert "a quote" in usage(loaded, "%runs compare 'open state")


def test_graph_diff_shows_both_graphs_as_one(loaded: InteractiveShell, tmp_path: Path) -> None:
    run(loaded, "w = gradbook.ones(3, requires_grad=True)\na = w.sum()\nb = w.tanh().sum()")
    still = loaded.run_line_magic("graph", "a --diff b")
    assert "1 added, 0 removed" in repr(still)
    assert "+ tanh" in repr(still)
    content = still.message.content
    ops, places = content["graph"]["columns"]["op"]
    assert [ops[places[i]] for i in content["marks"]["added"]] == ["tanh"]
    quoted = loaded.run_line_magic("graph", "w.sum() --diff '(w * 2).exp().sum()'")
    assert "2 added" in repr(quoted)
    for name in ("d.html", "d.svg"):
        assert loaded.run_line_magic("graph", f"a --diff b --save {tmp_path / name}") == tmp_path / name
        assert (tmp_path / name).stat().st_size > 1000
    assert "neither svg nor html" in usage(loaded, "%graph a --diff b --save d.pdf")
    assert "--depth cannot be chosen" in usage(loaded, "%graph a --diff b --depth 1")
    assert "nothing_here" in usage(loaded, "%graph a --diff nothing_here")


# -- completion --------------------------------------------------------------------------------------------------------


def offers(shell: InteractiveShell, text: str) -> list[str]:
    with provisionalcompleter():
        return [completion.text for completion in shell.Completer.completions(text, len(text))]


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("%graph err --d", ["--depth", "--direction", "--diff"]),
        ("%graph err --direction ", ["TB", "LR"]),
        ("%gradbook le", ["level"]),
        ("%gradbook level ", ["off", "health", "full"]),
        ("%gradbook level full th", ["theme"]),
        ("%%watch mine --p", ["--panels"]),
        ("%%watch --panels loss,gr", ["gradients", "graph"]),
        ("%runs co", ["compare"]),
    ],
)
def test_options_complete(loaded: InteractiveShell, text: str, offered: list[str]) -> None:
    assert offers(loaded, text) == offered


def test_other_lines_complete_as_ever(loaded: InteractiveShell) -> None:
    loaded.user_ns["graphics_of_mine"] = 1
    assert "graphics_of_mine" in offers(loaded, "graphics_of_m")
    assert "graphics_of_mine" in offers(loaded, "%graph graphics_of_m"), "an expression completes as Python"


def test_every_magic_has_a_manual_and_known_options(loaded: InteractiveShell) -> None:
    for name, words in WORDS.items():
        kind = "cell" if name == "watch" else "line"
        manual = loaded.find_magic(name, kind).__doc__
        assert f"%{name}" in manual
        for option in words.get("", ()):
            assert option.lstrip("-") in manual


@pytest.mark.parametrize(
    ("line", "expression", "options"),
    [
        ("model(x, k=2) --depth 2", "model(x, k=2)", {"depth": "2"}),
        ("--depth 2 loss", "loss", {"depth": "2"}),
        ("f('a b') --save 'my net.svg'", "f('a b')", {"save": "my net.svg"}),
        ("a - b --depth=1", "a - b", {"depth": "1"}),
        ("a --depth 1 --save x.svg", "a", {"depth": "1", "save": "x.svg"}),
    ],
)
def test_options_are_taken_off_an_expression(line: str, expression: str, options: dict[str, str]) -> None:
    assert split_options("%graph", line, ("depth", "save")) == (expression, options)


# -- %as_torch -------------------------------------------------------------------------------------------------------


def test_as_torch_switches_says_so_and_goes_with_the_extension(
    loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded.run_line_magic("as_torch", "")
    assert "gives PyTorch" in capsys.readouterr().out
    loaded.run_line_magic("as_torch", "on")
    assert "import torch gives gradbook" in capsys.readouterr().out
    run(loaded, "import torch\nfrom torch import nn as layers\nsame = layers is gradbook.nn")
    assert loaded.user_ns["same"] is True
    loaded.run_line_magic("as_torch", "off")
    assert "still bound to the other one: torch" in capsys.readouterr().out
    assert "on, off" in usage(loaded, "%as_torch maybe")
    loaded.run_line_magic("as_torch", "on")
    loaded.run_line_magic("as_torch", "on")
    loaded.extension_manager.unload_extension("gradbook")
    assert not alias.is_on()
