"""SummaryWriter: what it writes is read back from the event file."""

from __future__ import annotations

import struct
import subprocess
import sys

import numpy as np
import pytest

import gradbook

pytest.importorskip("tensorboardX")
from tensorboardX.proto.event_pb2 import Event

from gradbook.utils import tensorboard


def written(folder):
    """tag -> [(step, value)], of all event files below a folder. A record: length, its check, the event, its check."""
    found = {}
    for path in sorted(folder.rglob("events.*")):
        raw, at = path.read_bytes(), 0
        while at < len(raw):
            (length,) = struct.unpack_from("<Q", raw, at)
            event = Event.FromString(raw[at + 12 : at + 12 + length])
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value))
            at += length + 16
    return found


@pytest.fixture
def writer(tmp_path):
    with tensorboard.SummaryWriter(tmp_path / "logs") as made:
        yield made


def read(writer):
    writer.flush()
    writer.close()
    from pathlib import Path

    return written(Path(writer.log_dir))


def test_scalars(writer):
    for step in range(3):
        writer.add_scalar("loss", gradbook.tensor(2.0, requires_grad=True) ** step, step)
    writer.add_scalar("plain", 7, 1, new_style=True)
    writer.add_scalar("one", gradbook.ones(1, 1, dtype=gradbook.bfloat16))
    writer.add_scalars("both", {"train": gradbook.tensor(1), "test": 2.5}, 4)
    with pytest.raises(AssertionError, match=r"one number.*\(3,\)"):
        writer.add_scalar("many", gradbook.ones(3))
    found = read(writer)
    assert [(step, value.simple_value) for step, value in found["loss"]] == [(0, 1), (1, 2), (2, 4)]
    assert found["plain"][0][1].simple_value == 7
    assert found["one"][0][1].simple_value == 1
    values = {value.simple_value for tag, points in found.items() if tag.startswith("both") for _, value in points}
    assert values == {1, 2.5}


def test_histograms(writer):
    weight = gradbook.nn.Parameter(gradbook.arange(100.0).reshape(10, 10))
    writer.add_histogram("weight", weight, 5)
    writer.add_histogram("half", weight.detach().bfloat16(), 5, bins="auto")
    ((step, value),) = read(writer)["weight"]
    assert (step, value.histo.num, value.histo.min, value.histo.max, value.histo.sum) == (5, 100, 0, 99, 4950)


def test_images(writer):
    pytest.importorskip("PIL")
    writer.add_image("one", gradbook.rand(3, 8, 6), 1)
    writer.add_image("gray", gradbook.rand(8, 6), 1, dataformats="HW")
    writer.add_images("some", gradbook.rand(4, 3, 8, 6), 2)
    writer.add_images("listed", [gradbook.rand(3, 8, 6)] * 2, 2, dataformats="CHW")
    writer.add_image_with_boxes("boxed", gradbook.rand(3, 8, 6), gradbook.tensor([[1, 1, 4, 5]]), 3, labels=["cat"])
    found = read(writer)
    shapes = {tag: (points[0][1].image.height, points[0][1].image.width) for tag, points in found.items()}
    assert {tag: shapes[tag] for tag in ("one", "gray", "boxed")} == dict.fromkeys(("one", "gray", "boxed"), (8, 6))
    assert {"some", "listed"} <= set(shapes)
    assert found["one"][0][1].image.encoded_image_string.startswith(b"\x89PNG")


def test_figures_and_text(writer):
    figure = pytest.importorskip("matplotlib.figure").Figure()
    figure.subplots().plot(gradbook.arange(3).numpy())
    writer.add_text("note", "**done**", 1)
    pytest.importorskip("PIL")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("Agg")
    writer.add_figure("plot", figure, 2)
    found = read(writer)
    assert found["plot"][0][1].image.height > 100
    assert (
        b"**done**" in next(v for tag, p in found.items() if tag.startswith("note") for _, v in p).SerializeToString()
    )


def test_embeddings(writer, tmp_path):
    pytest.importorskip("PIL")
    writer.add_embedding(
        gradbook.rand(5, 3), gradbook.arange(5), gradbook.rand(5, 3, 8, 8), global_step=2, tag="points"
    )
    writer.close()
    place = tmp_path / "logs" / "00002" / "points"
    assert (place / "metadata.tsv").read_text().split() == ["0", "1", "2", "3", "4"]
    assert np.loadtxt(place / "tensors.tsv").shape == (5, 3)
    assert (place / "sprite.png").exists()


def test_hyperparameters_and_curves(writer):
    writer.add_hparams(
        {"lr": gradbook.tensor(0.1), "optimizer": "adam"}, {"accuracy": gradbook.tensor(0.9)}, run_name="a"
    )
    writer.add_pr_curve("pr", gradbook.tensor([0, 1, 1]), gradbook.tensor([0.1, 0.8, 0.6]), 0)
    found = read(writer)
    assert found["accuracy"][0][1].simple_value == pytest.approx(0.9)
    assert {"pr", "_hparams_/experiment"} <= set(found)


def test_a_graph_is_refused_with_what_to_do(writer):
    with pytest.raises(NotImplementedError, match="%graph"):
        writer.add_graph(gradbook.nn.Linear(2, 2), gradbook.ones(1, 2))


def test_the_folder_is_by_default_named_by_time_and_comment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with tensorboard.SummaryWriter(comment="-first") as writer:
        writer.add_scalar("x", 1)
    assert writer.get_logdir() == writer.log_dir
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.endswith("-first")
    assert "x" in written(tmp_path)


def test_without_the_package_the_error_names_the_install():
    program = (
        "import sys; sys.modules['tensorboardX'] = None\n"
        "import gradbook\n"
        "assert 'gradbook.utils.tensorboard' not in sys.modules\n"
        "try:\n    from gradbook.utils.tensorboard import SummaryWriter\n"
        "except gradbook.errors.MissingExtraError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100, check=True)
    assert "pip install 'gradbook[tensorboard]'" in done.stdout
