"""Where a NaN was born is found in the graph of the loss, whatever made it; and what cannot be known is said."""

from __future__ import annotations

import time
import warnings
from typing import Any

import pytest

import gradbook
from gradbook import nn, observe, optim
from gradbook.nn import functional as F
from gradbook.observe import Birth

pytestmark = pytest.mark.filterwarnings("ignore:(divide|invalid|overflow):RuntimeWarning")


def born(value: Any) -> Birth:
    """Where it was born; fails if it was not."""
    birth = observe.why_nan(value)
    assert birth is not None
    return birth


def way(birth: Birth) -> list[str]:
    """The operations from the birth to the loss."""
    return [birth.graph.nodes[i].op for i in birth.path]


@pytest.fixture
def x() -> Any:
    gradbook.manual_seed(0)
    return gradbook.randn(16, 5)


@pytest.fixture
def w() -> Any:
    gradbook.manual_seed(1)
    return gradbook.randn(5, 4).requires_grad_()


def test_the_log_of_a_negative_number(x: Any, w: Any) -> None:
    h = x @ w
    birth = born(gradbook.log(h).mean())
    assert (birth.phase, birth.op, birth.kind, birth.certain) == ("forward", "log", "NaN", True)
    assert way(birth) == ["log", "mean"]
    entry = birth.cause.entries[0]
    assert entry.operands[0] == pytest.approx(h[entry.at].item())
    assert entry.operands[0] < 0
    assert birth.cause.count == int((h < 0).sum())
    assert f"log of {entry.operands[0]:.4g} at {list(entry.at)}" in birth.sentence
    assert "clamp" in birth.cause.fix
    assert "way to the loss: log → mean" in repr(birth)


def test_an_overflow_before_the_nan_is_the_birth(x: Any, w: Any) -> None:
    e = gradbook.exp(x @ w * 100)
    birth = born((e / e.sum(-1, keepdim=True)).log().mean())
    assert (birth.op, birth.kind) == ("exp", "Inf")
    assert way(birth) == ["exp", "div", "log", "mean"]


def test_a_division_by_zero_two_lines_before(w: Any) -> None:
    ratio = w / (w - w)
    birth = born((ratio * 2 + 1).sum())
    assert birth.op == "div"
    assert way(birth) == ["div", "mul", "add", "sum"]


def test_a_row_masked_whole(x: Any, w: Any) -> None:
    mask = gradbook.zeros(16, 4) > 0
    mask[3] = True
    birth = born(gradbook.softmax((x @ w).masked_fill(mask, -float("inf")), -1).sum())
    assert birth.op == "softmax"
    assert "row [3] is -inf everywhere" in birth.sentence


def test_nan_that_a_mask_throws_away_is_no_cause(x: Any, w: Any) -> None:
    h = x @ w
    kept = gradbook.where(h > 0, gradbook.log(h), gradbook.zeros_like(h))
    assert bool(kept.isfinite().all())
    birth = born((kept * kept * 1e38 * 1e38).sum())
    assert (birth.op, birth.kind) == ("mul", "Inf")
    birth = born((kept * 1e38 * 1e38).sum())  # here nobody keeps what where() gave: that is said
    assert (birth.op, birth.certain) == ("where", False)
    assert "or an operation after it" in birth.sentence


def test_data_that_brings_it_in_is_named(x: Any, w: Any) -> None:
    spoiled = x.clone()
    spoiled[1, 1] = float("nan")
    birth = born(((spoiled @ w) ** 2).mean())
    assert (birth.phase, birth.name) == ("value", "spoiled")
    assert "spoiled holds NaN at [1, 1] (1 of 80 values)" in birth.sentence
    assert birth.graph.nodes[birth.path[0]].kind == "input"


def test_a_target_that_backward_does_not_keep_is_found_among_the_variables(x: Any, w: Any) -> None:
    target = gradbook.zeros(16, 4)
    target[3, 2] = float("nan")
    birth = born(((x @ w - target) ** 2).mean())
    assert "target holds NaN at [3, 2]" in birth.sentence
    assert not birth.certain


def test_a_parameter_that_holds_it(x: Any) -> None:
    w = gradbook.zeros(5, 4)
    w[0, 0] = float("inf")
    w.requires_grad_()
    birth = born((x @ w).sum())
    assert (birth.phase, birth.kind, birth.name) == ("value", "Inf", "w")


def test_an_overflow_in_a_product_and_a_cast() -> None:
    large = gradbook.full((3, 3), 1e30, requires_grad=True)
    assert "larger than float32 can hold" in born((large @ large).sum()).sentence
    assert born(large.half().sum()).op == "to"


@pytest.mark.parametrize(
    ("op", "make"),
    [
        ("sqrt", lambda z: z.sqrt().sum()),
        ("pow", lambda z: (z ** gradbook.tensor(0.3)).sum()),
        ("hypot", lambda z: gradbook.hypot(z, z).sum()),
        ("acos", lambda z: gradbook.acos(z + 1).sum()),
        ("sqrt", lambda z: gradbook.where(z > 0, z.sqrt(), z).sum()),
    ],
)
def test_a_finite_loss_is_asked_for_its_gradients(op: str, make: Any) -> None:
    z = gradbook.zeros(4, requires_grad=True)
    loss = make(z)
    birth = born(loss)
    assert (birth.phase, birth.op) == ("backward", op)
    assert birth.path[-1] == len(birth.graph.nodes) - 1
    assert "derivative" in birth.sentence
    assert z.grad is None
    loss.backward()  # the graph is still there


def test_a_number_that_was_not_kept_does_not_hide_the_operation_that_made_it() -> None:
    w = gradbook.tensor([1.0, 9.0], requires_grad=True)
    for root, op in (((w * 0.5 + 1 - 2).sqrt().sum(), "sqrt"), (((w + 1) * 60).exp().sum(), "exp")):
        birth = observe.why_nan(root)
        assert birth is not None
        assert birth.op == op
        assert not birth.certain
        assert "may have brought it in" in birth.sentence
    assert "no real square root" in observe.why_nan((w - 2).sqrt()).sentence


def test_what_is_finite_has_no_birth(x: Any, w: Any) -> None:
    assert observe.why_nan(((x @ w) ** 2).mean()) is None
    assert observe.why_nan(x) is None
    assert observe.why_nan() is None


def test_what_backward_freed_is_said_to_be_gone(x: Any, w: Any) -> None:
    loss = gradbook.log(x @ w).mean()
    loss.backward()
    with pytest.raises(RuntimeError, match="freed the values"):
        observe.why_nan(loss)
    with pytest.raises(TypeError, match="expected a Tensor or a Run, got str"):
        observe.why_nan("loss")


def test_asking_changes_nothing(x: Any, w: Any) -> None:
    gradbook.manual_seed(3)
    h = F.dropout(gradbook.log(x @ w), 0.5)
    state, loss = gradbook.get_rng_state(), h.sum()
    born(loss)
    assert bool((gradbook.get_rng_state() == state).all())
    loss.backward()
    assert w.grad is not None


@pytest.mark.parametrize("at", [0, 700, 1240])
def test_five_thousand_nodes_are_searched_quickly(x: Any, w: Any, at: int) -> None:
    turn = gradbook.eye(4)
    h = x @ w
    for i in range(1250):
        h = gradbook.tanh(h @ turn + 0.01) * 1.01
        if i == at:
            h = gradbook.log(h - 5)
    loss = h.mean()
    took = []
    for _ in range(3):
        began = time.process_time()
        birth = born(loss)
        took.append(time.process_time() - began)
    assert birth.op == "log"
    assert birth.graph.ops > 5000
    assert len(birth.path) == 4 * (1250 - at - 1) + 2  # four a turn, the log and the mean
    assert min(took) < 0.6, f"it took {min(took):.2f} s; 0.07 s is usual"


# -- a training --------------------------------------------------------------------------------------------------------


def test_the_run_knows_where_its_loss_went_wrong() -> None:
    gradbook.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 4))
    optimizer = optim.SGD(net.parameters(), lr=0.01)
    x = gradbook.randn(16, 5)
    with observe.start_run("bad") as run:
        for step in range(8):
            out = net(x)
            p = gradbook.log(out.abs() + 1) if step < 5 else gradbook.log(out)
            loss = p.mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert run.birth is not None
    assert (run.birth.op, run.birth.phase) == ("log", "forward")
    assert observe.why_nan(run) is run.birth
    assert observe.why_nan() is run.birth
    nodes = run.birth.graph.nodes
    assert all(bool(nodes[i].requires_grad) for i in run.birth.path)


def test_the_way_is_found_in_the_graph_of_another_step() -> None:
    gradbook.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 4))
    optimizer = optim.SGD(net.parameters(), lr=0.01)
    x, shift = gradbook.randn(16, 5), gradbook.full((16, 4), 5.0)
    with observe.start_run("bad") as run:
        for step in range(40):
            shift[0, 0] = 5.0 if step < 30 else -50.0
            loss = gradbook.log(net(x) + shift).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert run.birth is not None
    assert run.graph is not None
    found = run.birth.locate(run.graph)
    assert [run.graph.nodes[i].op for i in found] == ["log", "mean"]
    assert run.birth.line is not None  # known from the recorded step, which this one was not
    assert [run.details[i].bad > 0 for i in found[:1]] == [True], "its values are there to be looked at"
    assert run.birth.locate(observe.Graph.of(loss * 2)) == ()


def test_lines_of_a_step_that_was_not_recorded_come_from_the_next_one() -> None:
    gradbook.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 4))
    optimizer = optim.SGD(net.parameters(), lr=0.0)
    x = gradbook.randn(16, 5)
    with observe.start_run("bad") as run:
        for step in range(8):
            out = net(x)
            if step > 1:
                out = gradbook.log(out) * 2
            loss = out.mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert run.birth is not None
    node = run.birth.graph.nodes[run.birth.node]
    assert node.source == "out = gradbook.log(out) * 2"
    assert "line" in run.birth.place


def test_a_parameter_written_by_an_update_is_told_with_what_may_have_done_it() -> None:
    z = gradbook.ones(3, requires_grad=True)
    optimizer = optim.SGD([z], lr=1.0)
    with observe.start_run("bad") as run:
        for _ in range(4):
            length = (z * 0).sqrt().sum() + z.sum()
            optimizer.zero_grad()
            length.backward()
            optimizer.step()
    assert run.birth is not None
    assert run.birth.phase == "value"
    assert not run.birth.certain
    assert "z holds NaN" in run.birth.sentence
    assert "written by the update of step" in run.birth.sentence
    assert "sqrt" in run.birth.sentence


def test_a_loss_that_runs_away_is_told_so() -> None:
    w = gradbook.ones(1, requires_grad=True)
    optimizer = optim.SGD([w], lr=1e6)
    with observe.start_run("diverges") as run:
        for _ in range(30):
            loss = (w * w * w * w).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert run.birth is not None
    assert "grew from" in run.birth.sentence or run.birth.op in ("mul", "sum")


def test_looking_for_it_never_breaks_a_training(monkeypatch: pytest.MonkeyPatch) -> None:
    from gradbook.observe import bad_loss

    def fail(*_: Any) -> None:
        raise ValueError("no")

    monkeypatch.setattr(bad_loss, "birth_in_run", fail)
    w = gradbook.tensor([-1.0], requires_grad=True)
    with warnings.catch_warnings(record=True) as told, observe.start_run("bad") as run:
        warnings.simplefilter("always")
        gradbook.log(w).sum().backward()
    assert run.birth is None
    assert any("was not found" in str(one.message) for one in told)
    assert w.grad is not None
