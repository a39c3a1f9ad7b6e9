"""The watch itself: what it hears and when, what becomes of a rule that fails, and that it leaves nothing behind."""

from __future__ import annotations

import gc
import importlib
import linecache
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import coach, events, nn
from gradbook.coach import attention
from gradbook.coach.attention import EARLY
from gradbook.coach.coach import Coach
from gradbook.coach.code import Place
from gradbook.coach.record import Op, Turn
from gradbook.coach.rule import Rule
from gradbook.coach.rules.tracing import trace


def train(steps: int = 6, clear: bool = True) -> Any:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    optimizer = gradbook.optim.SGD(model.parameters(), lr=0.01)
    x, y = gradbook.randn(8, 3), gradbook.randn(8, 1)
    for _ in range(steps):
        loss = nn.functional.mse_loss(model(x), y)
        if clear:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


class Listening(Rule):
    """Writes down all that it hears."""

    id = "listening"

    def begins(self) -> None:
        self.turns: list[Turn] = []
        self.seen: list[Op] = []
        self.makers: list[str] = []
        self.heard: list[str] = []

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        self.seen.append(op)

    def turned(self, turn: Turn) -> None:
        self.turns.append(turn)
        if not self.makers:
            self.makers = [op.inputs[0].op or op.inputs[0].kind for op in turn.ops]

    def passed(self, pass_: Any) -> None:
        self.heard.append("backward")

    def stepped(self, step: Any, optimizer: Any) -> None:
        self.heard.append("step")

    def cleared(self, clear: Any, owner: Any) -> None:
        self.heard.append("clear")


def listen(program: Any) -> Listening:
    watch = Coach([Listening]).start()
    try:
        program()
    finally:
        watch.finish()
    rule = watch.rules[0]
    assert isinstance(rule, Listening)
    return rule


def test_a_watch_leaves_nothing_behind() -> None:
    before = events.observers
    with coach.watch() as report:
        assert len(events.observers) == len(before) + 1
        train()
    assert events.observers == before
    assert report.findings == []
    assert str(report) == "The coach has nothing to say."


def test_exceptions_go_on_as_they_would() -> None:
    with pytest.raises(ZeroDivisionError), coach.watch():
        _ = 1 / 0
    assert not any(isinstance(each, Coach) for each in events.observers)


def test_unknown_rules_cannot_be_muted() -> None:
    says = "no rule is called 'xyz'; the rules are missing-zero-grad"
    with pytest.raises(ValueError, match=says), coach.watch(mute=["xyz"]):
        pass


def test_a_muted_rule_is_silent() -> None:
    with coach.watch() as report:
        train(clear=False)
    assert [finding.rule for finding in report] == ["missing-zero-grad"]
    with coach.watch(mute=["missing-zero-grad"]) as report:
        train(clear=False)
    assert report.findings == []


def test_a_rule_that_is_muted_later_leaves_the_reports_that_share_the_set() -> None:
    muted: set[str] = {"unused-parameters"}
    said: list[str] = []
    watch = Coach(muted=muted, on_finding=lambda finding: said.append(finding.rule)).start()
    train(clear=False)
    report = watch.finish()
    assert (report.version, len(report), said) == (1, 1, ["missing-zero-grad"])
    assert 0 < report.rules < len(coach.RULES)
    muted.add("missing-zero-grad")
    assert (report.findings, len(report), str(report)) == ([], 0, "The coach has nothing to say.")
    muted.clear()
    assert [finding.rule for finding in report] == said


def test_a_finding_says_what_where_why_and_how() -> None:
    with coach.watch() as report:
        train(clear=False)
    (finding,) = report.findings
    assert finding.severity == "error"
    assert finding.source == "loss.backward()"
    assert finding.place.startswith("test_coach.py line ")
    assert finding.fixes[0] == "optimizer.zero_grad()"
    mended = next(iter(finding.fixes[0].applied().values()))
    assert "        optimizer.zero_grad()\n        loss.backward()\n" in mended
    assert str(finding).splitlines()[0].endswith(f"[missing-zero-grad] · {finding.place}: loss.backward()")


def test_the_first_turns_are_watched_closely_and_all_steps_are_heard() -> None:
    rule = listen(lambda: train(5))
    assert [op.name for op in rule.turns[0].ops] == ["linear", "relu", "linear", "mse_loss"]
    assert rule.makers == ["input", "linear", "relu", "linear"]
    assert rule.turns[0].ops[0].path == "0"
    assert rule.turns[0].ops[0].inputs == ()  # of earlier turns: no chain grows for ever
    assert [value.kind for value in rule.seen[-1].inputs] == ["op", "input"]
    assert rule.turns[0].passes[0].loss is rule.turns[0].ops[-1].output
    assert rule.turns[0].step is not None
    assert [call.path for call in rule.turns[0].calls] == ["0", "1", "2", ""]
    assert len(rule.turns) == EARLY
    assert rule.heard == ["clear", "backward", "step"] * 5


def test_an_evaluation_is_watched_too() -> None:
    def program() -> None:
        model = train(EARLY + 1)
        rule_before.append(len(model._modules))
        model.eval()
        with gradbook.no_grad():
            model(gradbook.randn(4, 3))

    rule_before: list[int] = []
    rule = listen(program)
    assert [op.recorded for op in rule.seen[-3:]] == [False] * 3
    assert rule.seen[-1].call is not None
    assert rule.seen[-1].call.outermost.training is False


def test_a_loop_without_optimizer_has_turns_too() -> None:
    def program() -> None:
        w = gradbook.ones(3, requires_grad=True)
        for _ in range(6):
            (w * w).sum().backward()
            with gradbook.no_grad():
                w -= 0.1 * w.grad
            w.grad = None

    rule = listen(program)
    assert [len(turn.passes) for turn in rule.turns[:3]] == [2, 1, 1]


def test_a_rule_that_fails_is_off_with_one_warning_and_the_others_go_on() -> None:
    class Failing(Listening):
        id = "failing"

        def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
            raise RuntimeError("a mistake in the rule")

    watch = Coach([Failing, Listening])

    def program() -> None:
        watch.start()
        train()
        watch.finish()

    with pytest.warns(RuntimeWarning, match="rule failing failed and is off") as caught:
        program()
    assert len(caught) == 1
    failing, fine = watch.rules
    assert isinstance(failing, Listening)
    assert isinstance(fine, Listening)
    assert failing.turns == []
    assert fine.turns


def test_no_tensor_is_kept_alive() -> None:
    kept: list[Any] = []

    def program() -> None:
        model = train(3)
        kept.append(weakref.ref(next(model.parameters())))
        x = gradbook.ones(1000, requires_grad=True)
        kept.append(weakref.ref((x * 2)._array))

    watch = Coach([Listening]).start()
    program()
    gc.collect()
    assert [ref() for ref in kept] == [None, None]
    watch.finish()


def test_what_is_tried_is_not_explained_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial runs the user's statements again, also the one that watches: an error in there is not a new one."""
    explain = importlib.import_module("gradbook.observe.failure.explain")
    mended: list[Any] = []
    mend = explain.mend
    monkeypatch.setattr(explain, "mend", lambda *args: mended.append(args) or mend(*args))

    def program() -> None:
        y = gradbook.ones(3, requires_grad=True).exp()
        y += 1
        y.sum().backward()

    def watched(function: Any) -> None:
        with coach.watch() as report:
            reports.append(report)
            function()

    reports: list[Any] = []
    with pytest.raises(RuntimeError, match="inplace"):
        watched(program)
    assert [finding.rule for finding in reports[0]] == ["inplace-breaks-backward"]
    assert len(mended) == 1


def test_a_layer_that_was_built_before_it_watched_is_not_cut_out_of_the_models_call(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3), nn.Softmax(dim=1))
    file = tmp_path / "train.py"
    file.write_text("loss = F.cross_entropy(model(x), y)\nloss.backward()\n")
    names = {"F": nn.functional, "model": model, "x": gradbook.randn(16, 4), "y": gradbook.zeros(16).long()}
    with coach.watch() as report:
        exec(compile(file.read_text(), str(file), "exec"), names)
    (found,) = [one for one in report if one.rule == "softmax-before-cross-entropy"]
    assert (found.line, found.fixes) == (1, ())


def test_it_knows_where_models_and_optimizers_were_constructed() -> None:
    class Small(nn.Module):
        def __init__(self, wide: int) -> None:
            super().__init__()
            self.inner = nn.Linear(2, wide)

    watch = Coach([]).start()
    model = Small(3)
    optimizer = gradbook.optim.SGD(model.parameters(), lr=0.1)
    later = nn.Linear(2, 2)
    watch.finish()
    found = [watch.built_at(thing) for thing in (model.inner, model, optimizer, later)]
    lines = [linecache.getline(__file__, Place(each.where).line).strip() for each in found if each and each.where]
    assert lines == [
        "self.inner = nn.Linear(2, wide)", "model = Small(3)",
        "optimizer = gradbook.optim.SGD(model.parameters(), lr=0.1)", "later = nn.Linear(2, 2)",
    ]  # fmt: skip
    assert [each.number for each in found if each] == [2, 1, 3, 4]
    assert watch.built_at(nn.Linear(2, 2)) is None


@pytest.mark.parametrize(
    ("leave", "how"),
    [
        (lambda y: y.detach() + 1, ["detach"]),
        (lambda y: y.data * 2, ["data"]),
        (lambda y: gradbook.tensor([y[0], y[1]]), ["tensor"]),
        (lambda y: gradbook.tensor([float(y[0]) * 1.0, 3.0]), ["item"]),
        (lambda y: gradbook.from_numpy(np.tanh(y.detach().numpy())), ["read", "detach"]),
        (lambda y: y.argmax() * 1.0, ["argmax"]),
        (lambda y: nn.Parameter(y) * 2.0, ["Parameter"]),
        (lambda y: gradbook.zeros(3) + y.sum().item(), ["item"]),
        (lambda y: nn.functional.embedding(y.topk(2)[1], gradbook.ones(3, 2)), ["indices"]),
        (lambda y: y.max(0).indices * 1.0, ["argmax"]),
        (lambda y: y.topk(2)[1] * 1.0, ["indices"]),
        (lambda y: gradbook.ones(1) - 0.05 * y.sum().item(), ["item"]),
    ],
)
def test_it_knows_what_numbers_were_before_they_left_their_graph(leave: Any, how: list[str]) -> None:
    watch = Coach([]).start()
    y = gradbook.full((3,), 0.5, requires_grad=True) * 2.5
    try:
        found = list(trace(watch.tape.value(leave(y))))
    finally:
        watch.finish()
    cuts = [cut.how for _, cut, _ in found if cut is not None]
    above = [op.name for _, _, op in found if op is not None]
    assert list(dict.fromkeys(cuts)) == how
    assert "mul" in above


def test_what_comes_after_an_epoch_is_watched() -> None:
    def program() -> None:
        model = nn.Linear(3, 1)
        optimizer = gradbook.optim.SGD(model.parameters(), lr=0.01)
        data = gradbook.utils.data.TensorDataset(gradbook.randn(40, 3), gradbook.randn(40, 1))
        for a, b in gradbook.utils.data.DataLoader(data, batch_size=4):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(a), b).backward()
            optimizer.step()
        model(gradbook.randn(5, 3)).exp()

    assert "exp" in [op.name for op in listen(program).seen]


def test_a_loader_that_it_does_not_train_on_is_watched() -> None:
    def program() -> None:
        model = nn.Linear(3, 1)
        optimizer = gradbook.optim.SGD(model.parameters(), lr=0.01)
        x, y = gradbook.randn(40, 3), gradbook.randn(40, 1)
        data = gradbook.utils.data.TensorDataset(x, y)
        loaders = [gradbook.utils.data.DataLoader(data, batch_size=4) for _ in range(2)]
        for a, b in loaders[0]:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(a), b).backward()
            optimizer.step()
        for a, b in loaders[1]:
            nn.functional.l1_loss(model(a), b)

    assert "abs" in [op.name for op in listen(program).seen]


def test_schedules_and_loaders_are_heard() -> None:
    class Scheduling(Rule):
        id = "scheduling"

        def begins(self) -> None:
            self.made: list[str] = []
            self.steps: list[tuple[str, str]] = []

        def constructed(self, built: Any, owner: Any) -> None:
            self.made.append(type(owner).__name__)

        def scheduled(self, scheduler: Any, where: Any) -> None:
            place = Place(where)
            self.steps.append((type(scheduler).__name__, linecache.getline(place.file, place.line).strip()))

    watch = Coach([Scheduling]).start()
    data = gradbook.utils.data.TensorDataset(gradbook.randn(4, 2))
    loader = gradbook.utils.data.DataLoader(data)
    optimizer = gradbook.optim.SGD([gradbook.ones(1, requires_grad=True)], lr=0.1)
    warm = gradbook.optim.lr_scheduler.LinearLR(optimizer, 0.5, total_iters=2)
    plateau = gradbook.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    optimizer.step()
    warm.step()
    plateau.step(1.0)
    watch.finish()
    rule = watch.rules[0]
    assert isinstance(rule, Scheduling)
    assert rule.made == ["DataLoader", "SGD", "LinearLR", "ReduceLROnPlateau"]
    assert rule.steps == [("LinearLR", "warm.step()"), ("ReduceLROnPlateau", "plateau.step(1.0)")]
    built = watch.built_at(loader)
    assert built is not None
    assert built.where is not None
    assert (
        linecache.getline(__file__, Place(built.where).line).strip() == "loader = gradbook.utils.data.DataLoader(data)"
    )


def test_where_the_first_numbers_of_a_parameter_come_from() -> None:
    with coach.watch():
        watching = next(o for o in events.observers if isinstance(o, Coach))
        layer = nn.Linear(3, 2)
        nn.init.constant_(layer.weight, 0.5)
        layer.bias.data.fill_(1.0)
        other = nn.Linear(3, 2)
        made = nn.Parameter(gradbook.randn(3, 2) * 5)
        places = [watching.tape.filled(x) for x in (layer.weight, layer.bias, other.weight, made)]
        lines = [Place(where).source.lines[Place(where).line - 1].strip() for where in places if where is not None]
        train(steps=2)
        late = gradbook.zeros(3)
        assert watching.tape.filled(late) is None  # after the first step nobody asks, and nothing is written down
    assert lines == [
        "nn.init.constant_(layer.weight, 0.5)", "layer.bias.data.fill_(1.0)", "other = nn.Linear(3, 2)",
        "made = nn.Parameter(gradbook.randn(3, 2) * 5)",
    ]  # fmt: skip


def test_changes_in_place_and_frozen_leaves_are_written_down() -> None:
    with coach.watch():
        watching = next(o for o in events.observers if isinstance(o, Coach))
        x, weight = gradbook.ones(3), gradbook.randn(3, requires_grad=True)
        y = x * weight
        y += 1
        weight.requires_grad_(False)
        (write,) = watching.turn.writes
        assert write.memory() is y._array
        assert write.value is not None
        assert write.value.op == "add"
        frozen = watching.stance.frozen(weight)
        assert frozen is not None
        assert frozen.where is not None
        place = Place(frozen.where)
        assert place.source.lines[place.line - 1].strip() == "weight.requires_grad_(False)"
        weight.requires_grad = True
        assert watching.stance.frozen(weight) is None


def test_a_pass_knows_the_operations_of_its_graph() -> None:
    with coach.watch():
        watching = next(o for o in events.observers if isinstance(o, Coach))
        train(steps=1)
        w = gradbook.randn(3, requires_grad=True)
        cut = (w * 2).detach()
        (w.exp() + cut).sum().backward()
        begun = watching.last.begun if watching.last is not None else 0
        ops = {op.name: op.number for op in watching.turn.ops}
        gradbook.optim.SGD([w], lr=0.1).step()
        assert watching.last is not None
        assert watching.last.through == {ops["exp"], ops["add"], ops["sum"]}
        assert begun == ops["sum"]


class Drawing(Rule):
    """Writes down what was drawn."""

    id = "drawing"

    def turned(self, turn: Turn) -> None:
        self.coach.drawn = [*getattr(self.coach, "drawn", []), *turn.draws]  # type: ignore[attr-defined]


def test_random_numbers_are_known_by_the_state_that_they_were_drawn_from() -> None:
    generator = gradbook.Generator().manual_seed(5)
    gradbook.manual_seed(0)
    weight = gradbook.zeros(3, requires_grad=True)
    optimizer = gradbook.optim.SGD([weight], lr=0.1)
    watching = Coach([Drawing]).start()
    rows = []
    for seed in (1, 1, None):
        if seed is not None:
            gradbook.manual_seed(seed)
        rows.append(gradbook.randint(0, 9, (4,)))
        gradbook.zeros(2)
        noise = gradbook.zeros(3).normal_(generator=generator)
        (weight * noise).sum().backward()
        optimizer.step()
    draws = watching.drawn  # type: ignore[attr-defined]
    watching.finish()
    integers, noises = draws[::2], draws[1::2]
    assert [draw.value.tensor is x for draw, x in zip(integers, rows, strict=True)] == [True] * 3
    assert integers[0].state == integers[1].state != integers[2].state
    assert len({draw.state for draw in noises}) == 3
    assert [draw.value for draw in noises] == [None] * 3  # filled in place: no tensor was made
    assert all(draw.seeded for draw in draws)
    assert len({draw.where for draw in integers}) == 1


class Remembering(Rule):
    """Keeps what was read, and asks the tape for tensors by their arrays."""

    id = "remembering"

    def begins(self) -> None:
        self.memories: list[Any] = []
        self.known: list[bool] = []

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        self.known.append(self.coach.tape.of(output._array) is op.output)
        self.known.append(self.coach.tape.of(np.zeros(3)) is None)

    def turned(self, turn: Turn) -> None:
        self.memories += [read.memory for read in turn.reads]
        self.known.append(all(value.tensor is not None for value in self.coach.tape.living()))


def test_what_python_reads_is_known_by_its_memory_and_an_array_by_its_tensor() -> None:
    coach_ = Coach([Remembering]).start()
    model = nn.Linear(3, 2)
    optimizer = gradbook.optim.SGD(model.parameters(), lr=0.1)
    out = model(gradbook.randn(4, 3))
    loss = out.sum()
    kept = out.detach().numpy()
    loss.item()
    loss.backward()
    optimizer.step()
    coach_.finish()
    (rule,) = coach_.rules
    assert isinstance(rule, Remembering)
    assert rule.known
    assert all(rule.known)
    memories = [memory for memory in rule.memories if memory is not None]
    assert memories, "a number by itself has no memory worth a look, several have"
    assert memories[0]() is (kept if kept.base is None else kept.base)
    del out, kept, loss
    gc.collect()
    assert memories[0]() is None


def test_a_training_that_is_interrupted_before_backward_was_no_evaluation() -> None:
    generator = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    critic = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Dropout(0.4), nn.Linear(8, 1))
    first = gradbook.optim.Adam(generator.parameters(), lr=1e-3)
    second = gradbook.optim.Adam(critic.parameters(), lr=1e-3)

    def train() -> None:
        for step in range(3):
            made = generator(gradbook.randn(16, 4))
            first.zero_grad()
            nn.functional.mse_loss(critic(made), gradbook.ones(16, 1)).backward()
            first.step()
            second.zero_grad()
            loss = nn.functional.mse_loss(critic(made.detach()), gradbook.zeros(16, 1))
            print(loss.item())
            if step == 2:
                raise KeyboardInterrupt
            loss.backward()
            second.step()

    with pytest.raises(KeyboardInterrupt), coach.watch() as report:
        train()
    assert list(report) == []


def test_what_a_rule_reckons_warns_nobody_and_raises_nothing() -> None:
    class Reckons(Rule):
        id = "reckons"
        heard = 0

        def passed(self, pass_: Any) -> None:
            type(self).heard += bool(np.isinf(np.float64(1) / np.float64(0)))

    with np.errstate(all="raise"):
        watcher = Coach([Reckons]).start()
        for _ in range(2):
            (gradbook.ones(2, requires_grad=True) * 2).sum().backward()
        watcher.finish()
        with pytest.raises(FloatingPointError):  # the user's own setting holds
            np.float64(1) / np.float64(0)
    assert Reckons.heard == 2


@pytest.mark.parametrize("first", ["data", "model"])
def test_a_long_preparation_takes_no_look_from_the_training(monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    monkeypatch.setattr(attention, "GRACE", 0.01)  # seconds, which it has cost on any machine

    def prepare() -> gradbook.Tensor:
        data = gradbook.zeros(64, 3)
        for row in range(64):
            for _ in range(80):
                data[row] += gradbook.randn(3)
        return data

    data = prepare() if first == "model" else None
    with coach.watch() as report:
        data = prepare() if data is None else data
        model = nn.Linear(3, 4)
        if first == "model":
            prepare()
        optimizer = gradbook.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            loss = nn.functional.cross_entropy(model(data).softmax(1), gradbook.arange(64) % 4)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert [finding.rule for finding in report if finding.severity != "hint"] == ["softmax-before-cross-entropy"]
