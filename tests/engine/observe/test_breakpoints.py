"""A computation stops where its breakpoint says, forward and backward, with what is in hand, and leaves nothing."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import gradbook
from gradbook import events, nn, observe, optim
from gradbook.errors import BreakpointHit
from gradbook.observe.stopping import presenters
from gradbook.observe.watcher import watcher

pytestmark = pytest.mark.filterwarnings("ignore:(divide|invalid|overflow):RuntimeWarning")


class Net(nn.Module):
    """Two layers, written line by line."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(5, 8)
        self.fc2 = nn.Linear(8, 4)

    def forward(self, x: Any) -> Any:
        h = gradbook.relu(self.fc1(x))
        out = self.fc2(h)
        return out


@pytest.fixture(autouse=True)
def cleared() -> Iterator[None]:
    """No breakpoint stays."""
    yield
    observe.clear_breakpoints()


@pytest.fixture
def net() -> Net:
    gradbook.manual_seed(0)
    return Net()


@pytest.fixture
def x() -> Any:
    gradbook.manual_seed(1)
    return gradbook.randn(16, 5)


def stop_of(act: Callable[[], Any]) -> Any:
    """The stop that ends this; fails if nothing does."""
    with pytest.raises(BreakpointHit) as caught:
        act()
    return caught.value.stop


def stops_of(act: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, verdict: str = "continue") -> list[Any]:
    """All stops on the way, when each of them is told to go on."""
    seen: list[Any] = []

    def go_on(stop: Any) -> str:
        seen.append(stop)
        return verdict

    monkeypatch.setitem(presenters, "raise", go_on)
    act()
    return seen


# -- nan and inf in the forward ----------------------------------------------------------------------------------------


def test_nan_stops_where_it_is_born_with_the_operands_in_hand(net: Net, x: Any) -> None:
    def train() -> None:
        out = net(x)
        p = gradbook.log(out)
        p.mean().backward()

    with observe.breakpoint("nan") as one:
        stop = stop_of(train)
        assert one.hits == 1
    assert (stop.op, stop.phase, stop.reason) == ("log", "forward", "NaN")
    assert stop.line.source == "p = gradbook.log(out)"
    assert bool((stop.inputs[0] < 0).any())
    assert bool(stop.output.isnan().any())
    assert stop.names == ("out",)
    entry = stop.cause.entries[0]
    assert entry.operands[0] == pytest.approx(stop.inputs[0][entry.at].item())
    assert "a negative number has no logarithm" in stop.sentence
    assert stop.graph.nodes[stop.index].op == "log"
    assert stop.graph.ops == 4
    assert stop.node is stop.output.grad_fn
    assert "stopped at" in repr(stop)


def test_a_finite_training_never_stops(net: Net, x: Any) -> None:
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    before = [p.detach().clone() for p in net.parameters()]
    with observe.breakpoint("nan"), observe.breakpoint("inf"), observe.breakpoint("grad>1e9"):
        for _ in range(3):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x), gradbook.zeros(16, dtype=gradbook.int64)).backward()
            optimizer.step()
    assert any(bool((p != q).any()) for p, q in zip(net.parameters(), before, strict=True))


def test_inf_and_nan_are_told_apart() -> None:
    big = gradbook.tensor([100.0, 1.0])
    with observe.breakpoint("nan"):
        gradbook.exp(big)  # infinite, not NaN
    with observe.breakpoint("inf"):
        assert stop_of(lambda: gradbook.exp(big)).op == "exp"
    with observe.breakpoint("nan"):
        infinite = gradbook.exp(big)
        assert stop_of(lambda: infinite - infinite).op == "sub"


def test_only_the_birth_stops_not_what_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    x = gradbook.tensor([-1.0, 1.0], requires_grad=True)
    with observe.breakpoint("nan"):
        seen = stops_of(lambda: (gradbook.log(x) * 2 + 1).sum().backward(), monkeypatch)
    assert [(stop.op, stop.phase) for stop in seen] == [("log", "forward")]


def test_a_tensor_that_brings_it_in_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = gradbook.tensor([1.0, float("nan"), 3.0])
    w = gradbook.ones(3, requires_grad=True)
    with observe.breakpoint("nan"):
        seen = stops_of(lambda: [(data * w).sum() for _ in range(3)], monkeypatch)
    assert [stop.op for stop in seen] == ["mul"]
    assert "data holds NaN at [1] (1 of 3 values)" in seen[0].sentence


def test_what_it_spreads_to_afterwards_is_no_news(net: Net, x: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    optimizer = optim.SGD(net.parameters(), lr=0.1)

    def train() -> None:
        for step in range(4):
            out = net(x)
            loss = (gradbook.log(out) if step == 1 else out).pow(2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    with observe.breakpoint("nan"):
        seen = stops_of(train, monkeypatch)
    assert [stop.op for stop in seen] == ["log"], "neither its gradients nor the parameters they were added to"


def test_a_parameter_that_holds_it_is_told_when_nothing_was_told_before(net: Net, x: Any) -> None:
    with gradbook.no_grad():
        net.fc1.bias[2] = float("nan")
    with observe.breakpoint("nan"):
        stop = stop_of(lambda: net(x))
    assert stop.op == "linear"
    assert "fc1.bias holds NaN at [2]" in stop.sentence
    assert "an update wrote it" in stop.sentence


def test_a_mask_of_infinities_is_no_birth_but_a_row_masked_whole_is() -> None:
    scores = gradbook.zeros(2, 3, requires_grad=True)
    mask = gradbook.tensor([[False, True, False], [True, True, True]])
    with observe.breakpoint("nan"), observe.breakpoint("inf"):
        stop = stop_of(lambda: scores.masked_fill(mask, -float("inf")).softmax(-1).sum())
    assert stop.op == "softmax"
    assert "row [1] is -inf everywhere" in stop.sentence


def test_under_no_grad_and_in_a_second_output_too() -> None:
    values = gradbook.tensor([[1.0, 2.0], [float("nan"), 0.0]])
    with observe.breakpoint("nan"), gradbook.no_grad():
        stop = stop_of(lambda: gradbook.log(gradbook.tensor([-1.0])))
        assert stop.node is None
        assert stop.graph.nodes[stop.index].op == "log"
        assert stop_of(lambda: values.unbind(0)).op == "unbind"


def test_what_is_computed_in_place_without_a_gradient_is_seen() -> None:
    def act() -> None:
        h = gradbook.ones(3)
        h -= 2
        h.log_()

    with observe.breakpoint("nan"), gradbook.no_grad():
        stop = stop_of(act)
    assert stop.op == "log"
    assert stop.inputs[0].tolist() == [-1.0] * 3
    assert [node.op for node in stop.graph.nodes] == ["input", "sub", "log"]
    assert [(edge.src, edge.dst) for edge in stop.graph.edges] == [(0, 1), (1, 2)]


def test_a_nan_out_of_an_infinity_says_so() -> None:
    with observe.breakpoint("nan"):
        stop = stop_of(lambda: gradbook.full((2, 2), float("inf")) @ gradbook.zeros(2, 2))
    assert "an operand holds an infinity" in stop.sentence


# -- backward ----------------------------------------------------------------------------------------------------------


def test_a_gradient_that_becomes_infinite_stops_at_its_rule_and_names_the_forward_line() -> None:
    z = gradbook.zeros(4, requires_grad=True)

    def train() -> None:
        root = (z * 2).sqrt()
        root.sum().backward()

    with observe.breakpoint("inf"):
        stop = stop_of(train)
    assert (stop.op, stop.phase) == ("sqrt", "backward")
    assert stop.line.source == "root = (z * 2).sqrt()"
    assert stop.grad.tolist() == [1.0] * 4
    assert stop.grads[0].isinf().all()
    assert stop.output.tolist() == [0.0] * 4
    assert "infinite at 0" in stop.sentence
    assert stop.graph.nodes[stop.index].op == "sqrt"


def test_the_branch_that_where_throws_away_is_explained() -> None:
    z = gradbook.zeros(3, requires_grad=True)
    with observe.breakpoint("nan"):
        stop = stop_of(lambda: gradbook.where(z > 0, z.sqrt(), z).sum().backward())
    assert stop.op == "sqrt"
    assert "the gradient there is 0" in stop.sentence
    assert "where(ok, x, 1.0)" in stop.cause.fix


def test_the_value_of_a_forward_that_kept_none_is_computed_again() -> None:
    w = gradbook.tensor([2.0, 3.0], requires_grad=True)
    with observe.breakpoint("grad>0.1 in squares"):

        def train() -> None:
            squares = w**2
            squares.sum().backward()

        stop = stop_of(train)
    assert (stop.op, stop.phase) == ("square", "backward")
    assert stop.output.tolist() == [4.0, 9.0]
    assert stop.inputs[0].tolist() == [2.0, 3.0]


def test_gradients_over_a_limit_stop_once_a_pass(net: Net, x: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def train() -> None:
        for _ in range(2):
            (net(x) * 1000).sum().backward()

    with observe.breakpoint("grad>1e3 in fc1"):
        seen = stops_of(train, monkeypatch)
    assert [(stop.op, stop.module, stop.phase) for stop in seen] == [("linear", "fc1", "backward")] * 2
    assert float(seen[0].grad.norm()) > 1000
    assert seen[0].inputs[1] is net.fc1.weight or seen[0].inputs[1].shape == net.fc1.weight.shape


def test_the_gradient_of_one_parameter(net: Net, x: Any) -> None:
    with observe.breakpoint("fc1.weight") as one:
        assert one.means == "tensor (8, 5)"
        stop = stop_of(lambda: net(x).sum().backward())
    assert stop.inputs[0] is net.fc1.weight
    assert stop.grad.shape == net.fc1.weight.shape


def test_a_nan_made_of_an_infinite_gradient_stops_too() -> None:
    z = gradbook.zeros(2, requires_grad=True)
    with observe.breakpoint("nan"):
        stop = stop_of(lambda: (z * 0).sqrt().sum().backward())
    assert (stop.op, stop.phase) == ("mul", "backward")
    assert "the gradient that arrives is infinite" in stop.sentence


def test_a_plain_number_that_is_nan_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    w, scale = gradbook.ones(2, requires_grad=True), float("nan")
    with observe.breakpoint("nan"):
        seen = stops_of(lambda: [(w * scale).sum().backward() for _ in range(3)], monkeypatch)
    assert [stop.op for stop in seen] == ["mul"]
    assert seen[0].sentence == "scale is NaN: it is a plain number, made outside of the graph"


def test_the_gradient_of_a_shared_parameter_is_told_by_its_name_at_its_first_use() -> None:
    layer = nn.Linear(4, 4)
    with observe.breakpoint("grad>1e3"):

        def train() -> None:
            once = layer(gradbook.ones(2, 4) * 1000)
            layer(once).sum().backward()

        stop = stop_of(train)
    assert stop.op == "leaf"
    assert stop.line.source == "once = layer(gradbook.ones(2, 4) * 1000)"
    assert stop.reason.endswith("> 1000 · weight")
    assert stop.names == ("weight",)


# -- places ------------------------------------------------------------------------------------------------------------


def test_a_module_stops_at_the_first_operation_of_each_call(net: Net, x: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with observe.breakpoint("fc2"):
        seen = stops_of(lambda: [net(x), net(x)], monkeypatch)
    assert [(stop.op, stop.module) for stop in seen] == [("linear", "fc2")] * 2
    monkeypatch.undo()
    with observe.breakpoint("net"):
        assert stop_of(lambda: net(x)).module == "fc1"


@pytest.mark.parametrize(("name", "op", "shape"), [("h", "relu", (16, 8)), ("out", "Linear", (16, 4))])
def test_a_variable_stops_where_its_line_assigns_it(net: Net, x: Any, name: str, op: str, shape: Any) -> None:
    with observe.breakpoint(name):
        stop = stop_of(lambda: net(x))
    assert (stop.op, tuple(stop.output.shape)) == (op, shape)
    assert stop.line.source.startswith(f"{name} = ")


@pytest.mark.parametrize("name", ["self.kept", "kept", "total"])
def test_attributes_and_what_is_added_to_are_assigned_too(name: str) -> None:
    class Keeper(nn.Module):
        def forward(self, x: Any) -> Any:
            self.kept = x * 2
            total = self.kept
            total += 1
            return total

    with observe.breakpoint(name):
        assert stop_of(lambda: Keeper()(gradbook.ones(3))).op == ("add" if name == "total" else "mul")


@pytest.mark.parametrize("path", ["net.fc2", "fc2", "net", "net.fc2.weight", "fc2.weight", "grad>0 in net.fc2",
                                  "grad>0 in net", "op:linear in net.fc2"])  # fmt: skip
def test_a_path_means_what_the_name_means_when_it_runs(path: str, net: Net, x: Any) -> None:
    old = net  # still alive: a variable, an optimizer or an output of an earlier cell may hold it
    with observe.breakpoint(path):
        net = Net()
        stop = stop_of(lambda: net(x).sum().backward())
    held = [id(value) for value in stop.inputs]
    assert not {id(parameter) for parameter in old.parameters()} & set(held)
    assert stop.op in ("linear", "leaf")


@pytest.mark.parametrize("path", ["made.fc1", "fc1", "made.fc1.weight", "grad>0 in made.fc1"])
def test_a_path_may_be_set_before_there_is_a_model(path: str, x: Any) -> None:
    with observe.breakpoint(path) as one:
        assert one.means == ""
        made = Net()
        stop = stop_of(lambda: made(x).sum().backward())
    assert stop.module == "fc1"


def test_two_models_with_the_same_paths_are_told_apart_in_backward(x: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Net(), Net()
    with observe.breakpoint("grad>0 in second.fc1"):
        seen = stops_of(lambda: [(first(x) * 9).sum().backward(), second(x).sum().backward()], monkeypatch)
    assert len(seen) == 1
    assert any(value is not None and value.shape == (16, 5) for value in seen[0].inputs)
    assert seen[0].grad.shape == (16, 8)


def test_operations_and_shapes_by_name(net: Net, x: Any) -> None:
    with observe.breakpoint("op:relu"):
        assert stop_of(lambda: net(x)).op == "relu"
    with observe.breakpoint("shape!=(16, *)"):
        assert tuple(stop_of(lambda: net(x).mean()).output.shape) == ()
    with observe.breakpoint("shape==(16, 4) in out"):
        assert stop_of(lambda: net(x)).line.source == "out = self.fc2(h)"
    with observe.breakpoint("op:relu in fc1"):
        net(x)  # relu is called beside it


# -- how it goes on ----------------------------------------------------------------------------------------------------


def test_step_goes_operation_by_operation_into_the_backward_pass(net: Net, x: Any, monkeypatch: Any) -> None:
    with observe.breakpoint("op:relu"):
        seen = stops_of(lambda: net(x).sum().backward(), monkeypatch, "step_op")
    assert [stop.op for stop in seen] == ["relu", "linear", "sum", "sum", "linear", "relu", "linear"]
    assert [stop.phase for stop in seen] == ["forward"] * 3 + ["backward"] * 4
    assert [stop.reason for stop in seen[1:]] == ["step"] * 6


def test_what_is_computed_while_stopped_does_not_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def look(stop: Any) -> str:
        seen.append(stop)
        gradbook.log(-stop.inputs[0].abs() - 1)
        return "continue"

    monkeypatch.setitem(presenters, "raise", look)
    with observe.breakpoint("nan"):
        gradbook.log(gradbook.tensor([-1.0]))
    assert len(seen) == 1


def test_other_threads_are_not_stopped() -> None:
    failed: list[BaseException] = []

    def work() -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                gradbook.log(gradbook.tensor([-1.0]))
        except BaseException as error:
            failed.append(error)

    with observe.breakpoint("nan"):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert failed == []


def test_after_a_stop_the_engine_works_as_before(net: Net, x: Any) -> None:
    with observe.breakpoint("op:relu"):
        stop_of(lambda: net(x))
    net(x).sum().backward()
    assert net.fc1.weight.grad is not None
    assert events.module_stack() == []
    assert events.observers == ()


def test_the_picture_begins_anew_after_a_backward_pass(net: Net, x: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def train() -> None:
        for _ in range(3):
            net(x).sum().backward()

    with observe.breakpoint("op:sum"):
        seen = stops_of(train, monkeypatch)
    assert [stop.graph.ops for stop in seen] == [4] * 3


def test_breakpoints_are_numbered_and_cleared() -> None:
    one, two = observe.breakpoint("nan"), observe.breakpoint("inf")
    assert two.number == one.number + 1
    assert observe.clear_breakpoints(one.number) == 1
    assert [kept.number for kept in watcher.listed] == [two.number]
    with pytest.raises(KeyError, match="no breakpoint"):
        observe.clear_breakpoints(one.number)
    assert observe.clear_breakpoints() == 1
    assert events.observers == ()


def test_unknown_ways_and_several_conditions_are_refused() -> None:
    with pytest.raises(ValueError, match="view, pdb, raise"):
        observe.breakpoint("nan", how="loudly")
    with pytest.raises(ValueError, match="2 conditions"):
        observe.breakpoint("nan inf")


def test_the_exception_is_no_picture_that_broke() -> None:
    with warnings.catch_warnings(), observe.breakpoint("op:mul"):
        warnings.simplefilter("error")
        stop = stop_of(lambda: gradbook.ones(2) * 2)
    assert stop.breakpoint.hits == 1


def test_vmap_breaks_nothing_and_stops_at_the_operation_with_all_samples_in_hand() -> None:
    rows = gradbook.tensor([[1.0, 4.0], [2.0, -3.0]])
    with warnings.catch_warnings(), observe.breakpoint("nan"), observe.breakpoint("grad>1e9"):
        warnings.simplefilter("error")
        gradbook.func.vmap(gradbook.func.grad(lambda w: (w * 2).sin().sum()))(rows)
        warnings.simplefilter("ignore")
        stop = stop_of(lambda: gradbook.func.vmap(lambda w: gradbook.log(w))(rows))
    assert "log of -3 at [1, 1]" in stop.sentence
    assert stop.inputs[0].tolist() == rows.tolist()
    assert "(2, 2) float32: 1, 4, 2, -3" in repr(stop)
