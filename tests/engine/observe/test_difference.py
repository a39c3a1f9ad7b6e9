from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import nn, observe, optim
from gradbook.errors import UnsafeFileError
from gradbook.observe import RunDiff, StepDiff
from gradbook.observe import sampler as module


@pytest.fixture(autouse=True)
def whatever_it_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Level full records every step, however short."""
    monkeypatch.setitem(module.SHARE, "full", 1e9)


def train(
    act: nn.Module, steps: int = 6, rate: float = 0.1, name: str = "", deep_from: int = 99
) -> tuple[Any, nn.Module]:
    gradbook.manual_seed(1)
    model = nn.Sequential(nn.Linear(4, 8), act, nn.Linear(8, 2))
    x, y = gradbook.randn(5, 4), gradbook.randint(0, 2, (5,))
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with observe.start_run(name, level="full") as run:
        for step in range(1, steps + 1):
            h = model(x)
            if step >= deep_from:
                h = h.tanh()
            loss = nn.functional.cross_entropy(h, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step == 3:
                run.control.snapshot()
    return run, model


def test_two_steps_of_a_run() -> None:
    run, _ = train(nn.ReLU(), deep_from=4)
    diff = observe.diff(run.history.at(2), run.history.at(5))
    assert isinstance(diff, StepDiff)
    assert [diff.graph.new.nodes[i].op for i in diff.graph.added] == ["tanh"]
    weight = diff.values["0.weight"]
    change = run.history.at(5).value("0.weight").astype(float) - run.history.at(2).value("0.weight")
    assert weight.norm == pytest.approx(np.linalg.norm(change))
    assert diff.grads["loss"].mark == "="
    assert "0.bias" in diff.grads.changed
    assert "+ " in str(diff)
    assert not observe.diff(run.history.at(2), run.history.at(2))


def test_two_runs_by_graph_and_parameters() -> None:
    (a, _), (b, _) = train(nn.ReLU(), name="a"), train(nn.Tanh(), name="b")
    diff = observe.diff(a, b)
    assert isinstance(diff, RunDiff)
    assert [change.what for change in diff.graph.changed] == [("op: relu -> tanh",)]
    assert len(diff.parameters.changed) == 4
    assert "relu -> tanh" in str(diff)
    assert not observe.diff(a, a)


def test_snapshots_state_dicts_modules_and_files_go_together(tmp_path: Path) -> None:
    run, model = train(nn.ReLU())
    (snapshot,) = run.snapshots
    file = tmp_path / "model.pt"
    gradbook.save({"model": model.state_dict(), "epoch": 3}, file)
    by_file = observe.diff(snapshot, file)
    assert by_file.removed == (), "epoch is no reason not to find the others"
    assert len(by_file.changed) == 4
    plain = observe.diff(snapshot, model)
    assert len(plain.changed) == 4
    assert plain.norm > 0
    assert observe.diff(model.state_dict(), model).same == tuple(model.state_dict())
    np.testing.assert_allclose(
        observe.diff(run.history.at(3), snapshot)["0.weight"].norm,
        np.linalg.norm(snapshot.values["0.weight"].astype(float) - run.history.at(3).value("0.weight")),
    )
    other = tmp_path / "other.safetensors"
    from gradbook.interop import safetensors

    safetensors.save_file({name: value * 2 for name, value in model.state_dict().items()}, other)
    assert observe.diff(model, str(other))["0.weight"].relative == pytest.approx(1.0)


def test_a_checkpoint_runs_nothing(tmp_path: Path) -> None:
    import pickle

    class Bad:
        def __reduce__(self) -> Any:
            return (print, ("gotcha",))

    file = tmp_path / "bad.pt"
    file.write_bytes(pickle.dumps({"w": Bad()}))
    with pytest.raises((UnsafeFileError, gradbook.errors.SerializationError)):
        observe.diff(file, file)


def test_what_does_not_go_together_says_what_does() -> None:
    with pytest.raises(TypeError, match="int is none of what can be compared: a Graph, a Run"):
        observe.diff(3, {})
    run, _ = train(nn.ReLU(), steps=2)
    with pytest.raises(TypeError, match="Graph is none of what can be compared"):
        observe.diff(run.graph, {})
