"""A walk sees every operation with its numbers, names, places and turns; and it can be asserted."""

from __future__ import annotations

import linecache
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import gradbook
import gradbook.nn.functional as F
from gradbook import events, nn, observe, optim
from gradbook.observe.walkthrough import recorder as recorders
from gradbook.observe.walkthrough import thinning
from gradbook.observe.walkthrough.spelling import entry_formula
from gradbook.observe.walkthrough.symbols import gradient_symbols, plain
from gradbook.observe.walkthrough.telling import root_of
from gradbook.observe.walkthrough.walk import Walk


@pytest.fixture(autouse=True)
def nobody_traces() -> Iterator[None]:
    """Lines are followed only while a walk goes on; what was there before comes back."""
    before = sys.gettrace()
    sys.settrace(None)  # a coverage tool would keep the loops unseen
    yield
    left = sys.gettrace()
    sys.settrace(before)
    assert left is None


def text_of(walk: Walk, step: Any) -> str:
    """The source that a step points at."""
    text = walk.sources.texts[step.place.code]
    return text.lines[step.place.line - text.first][step.place.column : step.place.end_column]


def inputs() -> tuple[Any, ...]:
    x = gradbook.tensor([[1.0, 2.0, -1.0], [0.0, 1.0, 3.0]])
    w = gradbook.tensor([[0.5, -1.0], [1.0, 0.5], [-0.5, 1.0]], requires_grad=True)
    b = gradbook.tensor([0.1, -0.2], requires_grad=True)
    v = gradbook.tensor([[1.0], [-1.0]], requires_grad=True)
    y = gradbook.tensor([[2.1], [-1.3]])
    return x, w, b, v, y


def lesson() -> Walk:
    x, w, b, v, y = inputs()
    with observe.walk() as walk:
        z = x @ w + b
        h = F.relu(z)
        o = h @ v
        loss = ((o - y) ** 2).mean()
        loss.backward()
    return walk


# -- what a step knows ---------------------------------------------------------------------------------------------


def test_every_operation_is_a_step_in_both_directions() -> None:
    walk = lesson()
    ops = [step.op for step in walk.forward]
    assert ops == ["mm", "add", "relu", "mm", "sub", "square", "mean"]
    assert [step.op for step in walk.backward] == ops[::-1]
    assert [step.phase for step in walk.steps] == ["forward"] * 7 + ["call"] + ["backward"] * 7
    assert repr(walk) == "Walk(test_walk.py: 7 steps forward, 7 backward)"
    assert len(walk) == len(list(walk)) == 15


def test_steps_point_at_their_expression() -> None:
    walk = lesson()
    assert [text_of(walk, step) for step in walk.forward] == [
        "x @ w", "x @ w + b", "F.relu(z)", "h @ v", "o - y", "(o - y) ** 2", "((o - y) ** 2).mean()",
    ]  # fmt: skip
    assert text_of(walk, walk.backward[-1]) == "x @ w"
    assert walk.sources.texts[0].lines[0].strip() == "with observe.walk() as walk:"
    assert len(walk.sources.texts) == 1


def test_values_have_the_users_names_and_numbers() -> None:
    walk = lesson()
    x, w, b, *_ = inputs()
    np.testing.assert_array_equal(walk["h"].array, F.relu(x @ w + b).detach().numpy())
    assert walk["x"].kind == "input"
    assert not walk["x"].requires_grad
    assert walk["w"].shape == (3, 2)
    assert walk["t₁"].source is not None
    assert walk["t₁"].source.op == "mm"
    assert float(walk["loss"].array) == pytest.approx(2.5)
    assert "q" not in walk
    with pytest.raises(KeyError, match="no value is called 'q'; there are x, w"):
        walk["q"]


def test_gradients_can_be_asserted() -> None:
    walk = lesson()
    np.testing.assert_allclose(walk["h"].grad, [[1, -1], [-2, 2]], rtol=1e-6)
    np.testing.assert_allclose(walk["w"].grad, [[1, 0], [2, 2], [-1, 6]], rtol=1e-6)
    np.testing.assert_allclose(walk["b"].grad, [1, 2], rtol=1e-6)
    assert walk["x"].grad is None
    assert float(walk["loss"].grad) == 1.0


def test_formulas_carry_the_numbers() -> None:
    walk = lesson()
    assert [filled.text for step in walk.forward for filled in step.filled] == [
        "t₁[0,0] = 1 · 0.5 + 2 · 1 + (−1) · (−0.5) = 3",
        "z[0,0] = 3 + 0.1 = 3.1",
        "h[0,0] = max(3.1, 0) = 3.1",
        "h[0,1] = max(−1.2, 0) = 0",
        "o[0,0] = 3.1 · 1 + 0 · (−1) = 3.1",
        "t₂[0,0] = 3.1 − 2.1 = 1",
        "t₃[0,0] = 1² = 1",
        "loss = (1 + 4)/2 = 2.5",
    ]


def test_two_runs_give_the_same_walk() -> None:
    first, second = lesson(), lesson()
    assert [step.say for step in first] == [step.say for step in second]
    assert [v.symbol for v in first.values] == [v.symbol for v in second.values]
    for one, other in zip(first.values, second.values, strict=True):
        np.testing.assert_array_equal(one.array, other.array)


def test_scalars_give_the_chain_rule_in_numbers() -> None:
    a = gradbook.tensor(2.0, requires_grad=True)
    b = gradbook.tensor(-3.0, requires_grad=True)
    with observe.walk() as walk:
        c = a * b
        L = (c + 10.0).exp()
        L.backward()
    last = walk.backward[-1]
    assert [plain(chain) for chain in last.chain] == [
        "∂L/∂a = ∂L/∂t₁ · ∂t₁/∂c · ∂c/∂a", "∂L/∂b = ∂L/∂t₁ · ∂t₁/∂c · ∂c/∂b",
    ]  # fmt: skip
    assert [plain(chain) for chain in last.chain_numbers] == [
        "54.6 · 1 · (−3) = −163.8", "54.6 · 1 · 2 = 109.2",
    ]  # fmt: skip
    assert walk["a"].grad == pytest.approx(-163.79445)


def test_the_users_order_and_brackets_are_kept() -> None:
    x = gradbook.tensor(3.0, requires_grad=True)
    n = gradbook.tensor(-2.0, requires_grad=True)
    rate = 0.5
    with observe.walk() as walk:
        _ = 4 * x
        _ = x * 4
        _ = rate * x
        _ = 1 + n
        _ = n**2
        _ = -n
        _ = n.exp()
        _ = gradbook.tensor([-1.0, 2.0]).softmax(0)
    assert [step.filled[0].text.split(" = ")[1] for step in walk.forward] == [
        "4 · 3", "3 · 4", "0.5 · 3", "1 + (−2)", "(−2)²", "−(−2)", "e^−2", "(e^−1)/(e^−1 + e²)",
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "symbol"), [
    ("y", "y"), ("x", "x"), ("out", "out"), ("loss", "L"), ("L", "L"), ("train_loss", "L"), ("accuracy", "L"),
])  # fmt: skip
def test_the_symbol_of_the_root_is_its_own_name(name: str, symbol: str) -> None:
    text = f"with observe.walk() as walk:\n    {name} = (w * w).exp() * 2\n    {name}.backward()\n"
    file = f"<root {name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    space: dict[str, Any] = {"observe": observe, "w": gradbook.tensor(0.5, requires_grad=True)}
    exec(compile(text, file, "exec"), space)
    walk = space["walk"]
    root = root_of(walk.steps[4 - 1].root)
    assert root.symbol == symbol
    shown = [plain(gradient_symbols(step.call, part, root)) for step in walk.backward for part in step.parts]
    s = symbol
    assert shown == [
        f"∂{s}/∂t₂ = ∂{s}/∂{s} · 2", f"∂{s}/∂t₁ = ∂{s}/∂t₂ t₂", f"∂{s}/∂w = ∂{s}/∂t₁ w", f"∂{s}/∂w = ∂{s}/∂t₁ w",
    ]  # fmt: skip
    assert [plain(chain) for chain in walk.backward[1].chain] == [f"∂{s}/∂t₁ = ∂{s}/∂t₂ · ∂t₂/∂t₁"]
    entries = [plain(entry_formula(part, root)) for part in walk.backward[0].parts]
    assert entries == [f"∂{s}/∂t₂ = 1 · 2 = 2"]


# -- kinds of programs ---------------------------------------------------------------------------------------------


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.second = nn.Linear(3, 2)

    def forward(self, x: Any) -> Any:
        h = F.relu(self.first(x))
        return self.second(h)


def test_modules_have_paths_and_their_lines() -> None:
    model, x = Net(), gradbook.ones(4, 2)
    with observe.walk() as walk:
        logits = model(x)
    assert [(step.op, step.call.path, step.call.cls) for step in walk.forward if step.call] == [
        ("linear", "first", "Linear"), ("relu", "", "Net"), ("linear", "second", "Linear"),
    ]  # fmt: skip
    assert [text_of(walk, step) for step in walk.forward] == [
        "self.first(x)",
        "F.relu(self.first(x))",
        "self.second(h)",
    ]
    call = walk.forward[0].call
    assert call is not None
    assert walk.sources.texts[1].label == "Net.forward in test_walk.py" or "forward" in walk.sources.texts[1].label
    assert [place.code for place in call.via] == [0]
    assert {value.name for value in walk.values} >= {"first.weight", "second.bias", "h", "logits", "x"}
    del logits


def test_a_training_loop_knows_its_turns_and_updates() -> None:
    model, x, t = Net(), gradbook.ones(4, 2), gradbook.tensor([0, 1, 0, 1])
    opt = optim.SGD(model.parameters(), lr=0.5)
    with observe.walk() as walk:
        for _ in range(3):
            loss = F.cross_entropy(model(x), t)
            opt.zero_grad()
            loss.backward()
            opt.step()
    turns = [step.repeat[-1].index for step in walk.forward]
    assert turns == sorted(turns)
    assert set(turns) == {0, 1, 2}
    assert set(walk.turns.values()) == {3}
    assert len(walk.all("loss")) == 3
    assert [step.what for step in walk.steps if step.phase == "call"] == ["zero_grad", "backward", "step"] * 3
    update = next(step for step in walk.steps if step.what == "step").updates[0]
    assert update.of.name == "first.weight"
    assert update.grad is not None
    np.testing.assert_allclose(update.now.array, update.of.array - 0.5 * update.grad.array, rtol=1e-6)
    second = [step for step in walk.forward if step.op == "linear"][2]
    assert second.call is not None
    assert second.call.operands[1] is update.now
    assert update.now.was is update.of


def test_nested_loops_and_loops_on_one_line() -> None:
    x = gradbook.ones(2)
    with observe.walk() as walk:
        for _ in range(2):
            for _ in range(1):
                x = x * 2
        # fmt: off
        for _ in range(3): x = x + 1  # noqa: E701
        # fmt: on
        n = 0
        while n < 2:
            x = x - 1
            n += 1
    assert [[loop.index for loop in step.repeat] for step in walk.forward] == [
        [0, 0], [1, 0], [0], [1], [2], [0], [1],
    ]  # fmt: skip


def test_the_branch_that_ran_is_known_by_its_lines() -> None:
    x = gradbook.tensor(1.0)
    with observe.walk() as walk:
        if x > 0:
            y = x * 2
        else:
            y = x * 3
    file = walk.sources.texts[0].file
    first = walk.sources.texts[0].first
    assert [text_of(walk, step) for step in walk.forward] == ["x > 0", "x * 2"]
    assert {first + 1, first + 2} <= walk.ran[file]
    assert first + 4 not in walk.ran[file]
    del y


def test_a_walk_through_one_call() -> None:
    def double(x: Any) -> Any:
        return x * 2

    walk = observe.walk(double, gradbook.tensor(3.0))
    assert float(walk.result) == 6.0
    assert walk.title == "double"
    assert [text_of(walk, step) for step in walk.forward] == ["x * 2"]


def test_without_gradients() -> None:
    x = gradbook.ones(2, requires_grad=True)
    with observe.walk() as walk, gradbook.no_grad():
        y = x * 3
        z = y + 1
    assert [step.op for step in walk.forward] == ["mul", "add"]
    assert not walk["z"].requires_grad
    assert walk["z"].source is not None
    assert walk["z"].source.operands[0] is walk["y"]
    del z


def test_gradient_descent_by_hand_changes_in_place() -> None:
    p = gradbook.tensor([1.0, 2.0], requires_grad=True)
    with observe.walk() as walk:
        (p * p).sum().backward()
        with gradbook.no_grad():
            p -= 0.1 * p.grad
        q = p * 1
    names = [value.label for value in walk.values]
    assert "p.grad" in names
    np.testing.assert_allclose(walk["p"].array, [0.8, 1.6], rtol=1e-6)
    assert q.tolist() == walk["p"].array.tolist()
    assert walk["p"].was is walk.all("p")[0]
    assert walk["q"].source is not None
    assert walk["q"].source.operands[0] is walk["p"]


def test_changes_in_place_and_through_views() -> None:
    x = gradbook.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    with observe.walk() as walk:
        h = x * 2
        h[0] = 7.0
        h += 1
        h.sum().backward()
    assert h.tolist() == [[8.0, 8.0], [7.0, 9.0]]
    np.testing.assert_array_equal(walk["h"].array, h.detach().numpy())
    assert x.grad is not None
    np.testing.assert_array_equal(walk["x"].grad, x.grad.numpy())
    assert walk["x"].grad.tolist() == [[0.0, 0.0], [2.0, 2.0]]


def test_changes_in_place_without_gradients() -> None:
    t, s = gradbook.zeros(2, 2), gradbook.tensor([5.0, 6.0])
    with observe.walk() as walk:
        t[0] = 7.0
        t[1].copy_(s)
        t += 1
        t.mul_(2)
        t.fill_(3)
        u = t * 1
    assert t.tolist() == [[3.0, 3.0], [3.0, 3.0]]
    assert [value.array.tolist() for value in walk.all("t")] == [
        [[0.0, 0.0], [0.0, 0.0]], [[7.0, 7.0], [0.0, 0.0]], [[7.0, 7.0], [5.0, 6.0]], [[8.0, 8.0], [6.0, 7.0]],
        [[16.0, 16.0], [12.0, 14.0]], [[3.0, 3.0], [3.0, 3.0]],
    ]  # fmt: skip
    assert walk["u"].source is not None
    assert walk["u"].source.operands[0] is walk["t"]
    del u


def test_several_outputs() -> None:
    x = gradbook.tensor([[1.0, 2.0, 3.0, 4.0]], requires_grad=True)
    with observe.walk() as walk:
        a, b = x.split(2, 1)
        (a * 3 + b).sum().backward()
    call = walk.forward[0].call
    assert call is not None
    assert [value.name for value in call.outputs] == ["a", "b"]
    assert [value.grad.tolist() for value in call.outputs if value.grad is not None] == [[[3.0, 3.0]], [[1.0, 1.0]]]
    assert walk["x"].grad.tolist() == [[3.0, 3.0, 1.0, 1.0]]


def test_attention_and_convolution() -> None:
    q = gradbook.randn(1, 2, 3, 4, requires_grad=True)
    image = gradbook.randn(1, 1, 5, 5)
    conv = nn.Conv2d(1, 2, 3, stride=2, padding=1)
    with observe.walk() as walk:
        mixed = F.scaled_dot_product_attention(q, q, q, is_causal=True)
        maps = conv(image)
    from gradbook.observe.walkthrough.windows import attention_weights, windows

    first, second = (step.call for step in walk.forward)
    assert first is not None
    assert second is not None
    found = attention_weights(first)
    assert found is not None
    np.testing.assert_allclose(found[1].array @ q.detach().numpy(), mixed.detach().numpy(), rtol=1e-5, atol=1e-6)
    seen = windows(second)
    assert len(seen) == 9
    assert seen[4]["rows"] == [1, 4]
    assert seen[0]["cols"] == [-1, 2]
    assert [w["result"] for w in seen] == pytest.approx(maps[0, 0].flatten().tolist(), rel=1e-5)


def test_up_to_the_line_that_raises() -> None:
    x = gradbook.ones(2, 3)
    walk = observe.walk()

    def fail() -> None:
        y = x * 2
        y @ x

    with pytest.raises(gradbook.errors.ShapeError), walk:
        fail()
    assert [step.phase for step in walk.steps] == ["forward", "error"]
    last = walk.steps[-1]
    assert last.error is not None
    assert last.error[0] == "ShapeError"
    assert text_of(walk, last) == "y @ x"
    assert isinstance(walk.error, gradbook.errors.ShapeError)


def test_a_graph_that_was_made_before() -> None:
    x = gradbook.tensor([1.0, 2.0], requires_grad=True)
    loss = (x * x).sum()
    with observe.walk() as walk:
        loss.backward()
    assert walk.forward == ()
    assert [step.op for step in walk.backward] == ["sum", "mul"]
    assert walk["x"].grad.tolist() == [2.0, 4.0]
    assert walk.backward[-1].parts[-1].total.array.tolist() == [2.0, 4.0]


def test_autograd_grad_and_functions_of_ones_own() -> None:
    class Cube(gradbook.autograd.Function):
        calls = 0

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x * x

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            Cube.calls += 1
            (x,) = ctx.saved_tensors
            return 3 * x * x * grad

    x = gradbook.tensor(2.0, requires_grad=True)
    with observe.walk() as walk:
        y = Cube.apply(x)
        (g,) = gradbook.autograd.grad(y * 1, x)
    assert float(g) == 12.0
    assert Cube.calls == 1  # asked once, never probed
    (part,) = walk.backward[-1].parts
    assert not part.stored
    assert float(part.total.array) == 12.0


def through_checkpoint(x: Any) -> None:
    from gradbook.utils.checkpoint import checkpoint

    checkpoint(lambda t: (t * 2).tanh(), x, use_reentrant=False).sum().backward()


def with_a_hook(x: Any) -> None:
    y = x * 2
    y.register_hook(lambda grad: grad * 10)
    y.sum().backward()


def twice(x: Any) -> None:
    loss = (x * x).sum()
    loss.backward(retain_graph=True)
    loss.backward()


ODD: dict[str, Any] = {
    "second derivatives": lambda x: gradbook.autograd.grad(
        (gradbook.autograd.grad((x**3).sum(), x, create_graph=True)[0] ** 2).sum(), x
    ),
    "create_graph": lambda x: (x**3).sum().backward(create_graph=True),
    "checkpoint": through_checkpoint, "hook": with_a_hook, "twice": twice,
    "nan": lambda x: ((x * 0).log() * 0).sum().backward(), "infinite": lambda x: (1 / (x * x * 0)).sum().backward(),
    "half": lambda x: (x.half() * 2).sum().backward(), "double": lambda x: (x.double() * 2).sum().backward(),
    "bfloat16": lambda x: (x.bfloat16() @ x.bfloat16().t()).sum().backward(),
    "complex": lambda x: (x * 2j).abs().sum().backward(),
    "func": lambda x: gradbook.func.grad(lambda a: (a * a).sum())(x.detach()),
    "jvp": lambda x: gradbook.func.jvp(lambda a: (a * a).sum(), (x.detach(),), (x.detach(),)),
    "vmap": lambda x: gradbook.func.vmap(lambda a: (a * 2).sum())(x.detach()),
    "compile": lambda x: gradbook.compile(lambda a: (a * 2).sum())(x.detach()),
    "empty": lambda x: (x[:0] * 2).sum().backward(), "norm": lambda x: nn.BatchNorm1d(4)(x).sum().backward(),
    "hidden": lambda x: x.masked_fill(x > 0, -float("inf")).softmax(1).max().backward(),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_programs_are_walked_without_a_warning(name: str) -> None:
    x = gradbook.tensor([[1.0, -2.0, 0.5, 3.0], [-1.0, 0.2, 1.5, -0.3], [0.1, 0.9, -0.7, 2.0]], requires_grad=True)
    reference = x.detach().clone().requires_grad_()
    ODD[name](reference)
    with observe.walk() as walk:
        ODD[name](x)
    if x.grad is None:
        assert reference.grad is None
    else:
        assert reference.grad is not None
        np.testing.assert_array_equal(x.grad.detach().numpy(), reference.grad.detach().numpy())
    assert repr(walk).startswith("Walk(")


# -- bounds and manners --------------------------------------------------------------------------------------------


def test_large_tensors_are_sampled() -> None:
    x = gradbook.arange(100 * 90).reshape(100, 90).float()
    with observe.walk() as walk:
        y = x + 1
    block = walk["y"].block
    assert not block.whole
    assert block.values.shape == (1, 28, 28)
    assert block.rows[:2] == (0, 1)
    assert block.rows[-2:] == (98, 99)
    assert block.at((99, 89)) == float(y[99, 89])
    assert block.at((50, 50)) is None
    with pytest.raises(ValueError, match="only a sample"):
        _ = walk["y"].array


def test_a_long_loop_loses_its_oldest_turns_but_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thinning, "STEPS", 40)
    x = gradbook.tensor(1.0, requires_grad=True)
    with observe.walk() as walk:
        for _ in range(30):
            (x * 2).backward()
    assert len(walk) <= 40
    turns = [step.repeat[0].index for step in walk.steps]
    assert turns[0] == 0
    assert turns[-1] == 29
    assert turns == sorted(turns)
    assert walk.note is not None
    assert "turns 2 to " in walk.note
    assert walk.note.startswith(f"{len(walk)} of 90 steps are shown")


def test_a_long_cell_without_a_loop_keeps_its_beginning_and_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thinning, "STEPS", 20)

    def more(x: Any, n: int) -> Any:
        return more(x + 1, n - 1) if n else x

    with observe.walk() as walk:
        y = more(gradbook.tensor(0.0), 50)
    assert len(walk) <= 20
    assert float(walk.forward[0].call.output.array) == 1.0  # type: ignore[union-attr]
    assert float(walk.forward[-1].call.output.array) == 50.0 == float(y)  # type: ignore[union-attr]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thinning, "BYTES", 200_000)
    x = gradbook.ones(60, 60)
    with observe.walk() as walk:
        for _ in range(100):
            x = x * 1.0001
    kept = sum(value.block.nbytes for step in walk.forward for value in step.call.outputs)  # type: ignore[union-attr]
    assert kept <= 200_000
    assert walk.note is not None


def test_after_too_many_operations_it_listens_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorders, "EVENTS", 10)
    x = gradbook.tensor(1.0, requires_grad=True)
    with observe.walk() as walk:
        y = x
        for _ in range(30):
            y = y + 1
        y.backward()
    assert len(walk.forward) == 10
    assert walk.note == "recorded up to 10 operations; the rest of the run went on unseen"


def test_other_threads_are_not_heard() -> None:
    with observe.walk() as walk:
        worker = threading.Thread(target=lambda: gradbook.ones(2) * 2)
        worker.start()
        worker.join()
        _ = gradbook.ones(2) + 1
    assert [step.op for step in walk.forward] == ["add"]


def test_nothing_stays_behind() -> None:
    before = events.observers
    walk = lesson()
    assert events.observers == before
    walk.finish()  # twice is once
    with pytest.raises(RuntimeError, match="this walk is over"):
        walk.__enter__()


def test_a_debugger_keeps_its_trace() -> None:
    def tracer(frame: Any, event: str, arg: Any) -> Any:
        return None

    sys.settrace(tracer)
    try:
        with observe.walk() as walk:
            for _ in range(2):
                _ = gradbook.ones(2) * 2
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(None)
    assert [step.repeat for step in walk.forward] == [(), ()]
