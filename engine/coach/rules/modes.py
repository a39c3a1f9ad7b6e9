"""Training mode and evaluation mode, and graphs that an evaluation records for nobody."""

from __future__ import annotations

import ast
import copy
import weakref
from typing import Any

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.record import Call, Step, Turn
from gradbook.coach.rule import Rule
from gradbook.coach.rules.forwards import Forward, Forwards
from gradbook.coach.rules.reach import Reach
from gradbook.coach.rules.wherefrom import blocks
from gradbook.coach.stance import Mode
from gradbook.observe.failure.text import Edit, Source, called_name
from gradbook.observe.source import cell_label, place_text

__all__ = ["RULES", "EvalModeMissing", "NoGradMissing", "TrainModeNotRestored"]

SAMPLES = 3  # calls on the same input: their spread is wanted, as in Monte Carlo dropout
STEPS = 2  # training steps in evaluation mode: one may be a trial
DROPOUTS = ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout")


class Modes(Rule):
    """What the rules of this family do: look at calls of models a turn later, when it is known what they were for."""

    def begins(self) -> None:
        self.forwards, self.reach = self.coach.shared(Forwards), self.coach.shared(Reach)

    def turned(self, turn: Turn) -> None:
        self.look(self.forwards.settled, False)

    def rests(self) -> None:
        self.look(self.forwards.settled, False)

    def ended(self) -> None:
        self.forwards.close(self.coach.turn)
        self.look(self.forwards.settled, True)

    def look(self, forwards: list[Forward], last: bool) -> None:
        """These forwards are settled. last: no step followed."""
        raise NotImplementedError


class EvalModeMissing(Modes):
    """A model is evaluated in training mode: dropout drops, batch norm follows the batch (and learns from it)."""

    id = "eval-mode-missing"
    idea = "dropout and batch norm act differently in training: model.eval() before evaluating, model.train() after it"
    threshold = (
        f"its results met targets and were read, and no loss followed; {SAMPLES} calls on one input, or train() since "
        "the last step, are meant so"
    )

    def rests(self) -> None:
        self.look(self.forwards.settled, True)

    def look(self, forwards: list[Forward], last: bool) -> None:
        inputs = [(id(f.told.module), *map(id, f.told.inputs)) for f in forwards if not f.led]
        for forward, key in zip([f for f in forwards if not f.led], inputs, strict=True):
            if not forward.read or inputs.count(key) >= SAMPLES or not forward.trained:
                continue
            if forward.stray is not None and forward.compared:
                self._stray(forward)
            final = last and not forward.told.recorded and len(self.coach.optimizers) == 1
            lively = forward.told.training and forward.lively is not None and not forward.meant
            if lively and (forward.compared or final):
                self._speak(forward)

    def _speak(self, forward: Forward) -> None:
        op = forward.lively
        assert op is not None
        name = model_name(forward)
        at = self._begin(forward)
        typo = uncalled(code.place(forward.told.where), name, "eval")
        what = "dropout drops values" if op.name.endswith("dropout") else "batch norm uses the batch's statistics"
        where = typo.at if typo is not None else self.forwards.apart(forward.told)
        fix = called_fix(typo) if typo is not None else self._eval(at, name)
        self.find(
            f"{name} is evaluated in training mode: {what} there.", where,
            {f"{name}.training": True, "active in it": op.path or op.name, "its results": "read, with no backward()"},
            [fix] if fix is not None else [], nodes=[op.path],
        )  # fmt: skip

    def _eval(self, at: code.Place | None, name: str) -> Fix:
        """The fix that puts the model into evaluation mode, and back if nothing else does."""
        fix = code.insertion(at, f"{name}.eval()", f"and {name}.train() before training goes on")
        restored = at is None or f"{name}.train(" in at.source.text
        if not restored and at is not None and any(map(_trains, at.around(ast.For, ast.While))):
            back = code.insertion(at, f"{name}.train()", after=True)
            fix.edits = (*fix.edits, *back.edits) if back.edits else fix.edits
        return fix

    def _begin(self, forward: Forward) -> code.Place | None:
        """Where the evaluation begins: its `with no_grad()`, or its loop, or the call."""
        call = code.place(self.forwards.apart(forward.told))
        op = forward.lively
        scope = None
        if op is not None and not op.recorded:
            scope = code.place(self.coach.stance.unrecorded_since(op.number))
        if scope is not None and isinstance(scope.statement, ast.With):
            return evaluation(scope)
        return evaluation(call)

    def _stray(self, forward: Forward) -> None:
        """F.dropout is always on, unless it is told what the module's mode is."""
        op = forward.stray
        at = code.place(op.where) if op is not None else None
        call = at.expression if at is not None else None
        if at is None or op is None or not isinstance(call, ast.Call) or called_name(call) not in DROPOUTS:
            return
        if len(call.args) > 2 or any(keyword.arg in ("training", "train", None) for keyword in call.keywords):
            return
        fix = code.with_option(at, call, "training", "self.training", "off in eval()")
        self.find(
            f"{called_name(call)}() drops values in evaluation mode too: it is not told of the model's mode.", op.where,
            {f"{model_name(forward)}.training": False, "dropped with p": op.params.get("p")}, [fix], nodes=[op.path],
        )  # fmt: skip


class TrainModeNotRestored(Modes):
    """Training goes on in evaluation mode, after an evaluation."""

    id = "train-mode-not-restored"
    idea = "model.eval() lasts until model.train(): without it training goes on without dropout, with frozen batch norm"
    threshold = f"{STEPS} steps in evaluation mode of a model that was trained in training mode, then evaluated"

    def begins(self) -> None:
        super().begins()
        self.models: dict[int, tuple[weakref.ref[Any], Forward]] = {}  # that dropout or batch norm trained in
        self.steps: dict[int, tuple[int, Mode]] = {}  # of each in evaluation mode, and since when
        self.evaluated: dict[int, int] = {}  # the last steps before which each was, in evaluation mode

    def inherit(self, before: TrainModeNotRestored) -> None:
        self.models = {key: held for key, held in before.models.items() if held[0]() is not None}

    def look(self, forwards: list[Forward], last: bool) -> None:
        for forward in (*forwards, *self.forwards.pending):
            module, call = forward.told.module, forward.told
            if module is None:
                continue
            if forward.led and (forward.lively is not None if call.training else self._asleep(module, call)):
                self.models.setdefault(id(module), (weakref.ref(module), forward))
            elif not forward.led and not call.training:
                self.evaluated[id(module)] = forward.steps
        if last:
            for key in self.steps:
                self._consider(key)

    def _asleep(self, module: Any, call: Call) -> bool:
        """Whether a model has only ever trained in evaluation mode, because another function had put it there."""
        mode = self.coach.stance.mode(module)
        if mode is None or mode.where is None or call.where is None or mode.where[0] is call.where[0]:
            return False
        modes = mode.where[0].co_name != "<module>"
        return modes and any(type(part).__name__.startswith(("Dropout", "BatchNorm")) for part in module.modules())

    def stepped(self, step: Step, optimizer: Any) -> None:
        for key, (reference, _) in self.models.items():
            module = reference()
            if module is None or module.training:
                self.steps.pop(key, None)
                continue
            ids = self.reach.optimizers[id(optimizer)].ids
            if not any(p._grad is not None and id(p) in ids for p in module.parameters()):
                continue  # another model is being trained
            mode = self.coach.stance.mode(module)
            if mode is None or mode.training:
                continue
            count = self.steps[key][0] + 1 if key in self.steps else 1
            self.steps[key] = count, mode
            if STEPS <= count <= 2 * STEPS:
                self._consider(key)

    def _consider(self, key: int) -> None:
        (count, mode), forward = self.steps[key], self.models[key][1]
        if self.evaluated.get(key, -1) < mode.steps:
            return
        at, name = code.place(mode.where), model_name(forward)
        call = code.place(forward.told.where)
        goes_on = place_text(cell_label(call.file), call.line) if call is not None else "unknown"
        fixes = [code.insertion(training(call), f"{name}.train()", "before training goes on")]
        if at is not None and isinstance(at.expression, ast.Call) and isinstance(at.expression.func, ast.Attribute):
            own = at.source.segment(at.expression.func.value)
            fixes.append(Fix(f"{own}.train()", (), "or after the evaluation"))
        typo = uncalled(call, name, "train")
        if typo is not None and (fix := called_fix(typo)) is not None:
            fixes.insert(0, fix)
        self.find(
            f"{name} stays in evaluation mode: after this, training goes on without dropout or batch statistics.",
            typo.at if typo is not None else mode.where or forward.told.where,
            {"steps in evaluation mode": count, "steps in training mode before": mode.steps, "trained in": goes_on},
            fixes,
        )  # fmt: skip


class NoGradMissing(Modes):
    """An evaluation records a graph that no backward pass ever walks."""

    id = "no-grad-missing"
    idea = "an evaluation needs no gradients: under no_grad() it takes less memory and time"
    threshold = (
        "a model in evaluation mode, or two batches in a row, whose results met targets and were only read; two "
        "batches in evaluation mode that were only read"
    )

    def look(self, forwards: list[Forward], last: bool) -> None:
        idle = [f for f in forwards if self._idle(f)]
        for forward in idle:
            batches = sum(f.told.where == forward.told.where for f in idle)
            evaluates = not forward.told.training and (forward.compared or batches > 1)
            if evaluates or (forward.told.training and batches > 1 and _over_batches(forward)):
                self._speak(forward, batches)

    def _idle(self, forward: Forward) -> bool:
        used = forward.led or (forward.detached and forward.told.training)
        evaluates = forward.compared or not (forward.told.training or forward.asks)
        return forward.recorded and not used and forward.read and evaluates and forward.trained

    def _speak(self, forward: Forward, batches: int) -> None:
        where = self.forwards.apart(forward.told)
        at, name = evaluation(code.place(where)), model_name(forward)
        self.find(
            f"{name} is evaluated with its graph recorded, and no backward() ever uses it: that takes memory and time.",
            where, {"operations recorded": forward.told.ops * batches, "backward passes through them": 0},
            [wrapped(at)] if at is not None else [],
        )  # fmt: skip


def model_name(forward: Forward) -> str:
    """What is called, as it is written there: `model`, `self.net`."""
    at = code.place(forward.told.where)
    if at is None or not isinstance(at.expression, ast.Call):
        return "model"
    text = at.source.segment(at.expression.func)
    return text if text.replace(".", "").isidentifier() else "model"


def uncalled(at: code.Place | None, name: str, method: str) -> code.Place | None:
    """The statement `model.eval` without its brackets, which does nothing."""
    for node in at.source.nodes() if at is not None else ():
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Attribute) and node.value.attr == method:
            if at is not None and ast.unparse(node.value.value) == name:
                there = copy.copy(at)
                there.statement, there.line, there.expression = node, node.lineno, node.value
                return there
    return None


def called_fix(at: code.Place) -> Fix | None:
    """`model.eval()` for `model.eval`."""
    node = at.expression
    return code.appended(at, node, "()", "without brackets it is not called") if node is not None else None


def evaluation(call: code.Place | None) -> code.Place | None:
    """The outermost loop round a call in which nothing is trained; else the call's own statement."""
    if call is None or call.statement is None:
        return None
    found: ast.stmt = call.statement
    for loop in call.around(ast.For, ast.While):
        if _trains(loop):
            break
        if isinstance(loop, ast.For | ast.While):
            found = loop
    call.statement, call.line = found, found.lineno
    return call


def training(call: code.Place | None) -> code.Place | None:
    """The loop over batches round a call that is inside of another loop; else the call's own statement."""
    if call is None:
        return None
    loops = [loop for loop in call.around(ast.For, ast.While) if isinstance(loop, ast.For | ast.While)]
    if len(loops) > 1 or (loops and call.function != "<module>" and call.source.parents.get(loops[0])):
        call.statement = loops[0] if not _just_set(call.source, loops[0]) else loops[0].body[0]
    return call


def _just_set(source: Source, loop: ast.stmt) -> bool:
    """Whether train() is called right before a loop: what ends that mode happens inside of it."""
    block = next((b for b in blocks(source.parents.get(loop)) if loop in b), [])
    before = block[block.index(loop) - 1] if block and block.index(loop) else None
    call = before.value if isinstance(before, ast.Expr) else None
    return isinstance(call, ast.Call) and called_name(call) == "train"


def _trains(node: ast.AST) -> bool:
    """Whether a loop holds a call of backward or step."""
    return any(isinstance(each, ast.Call) and called_name(each) in ("backward", "step") for each in ast.walk(node))


def _over_batches(forward: Forward) -> bool:
    """Whether the call stands in a loop of its own, in which nothing is trained, or in a comprehension."""
    at = code.place(forward.told.where)
    here: ast.AST | None = at.expression if at is not None else None
    while at is not None and isinstance(here, ast.expr | ast.comprehension):
        if isinstance(here, ast.GeneratorExp | ast.ListComp):
            return True
        here = at.source.parents.get(here)
    return at is not None and any(not _trains(loop) for loop in at.around(ast.For, ast.While))


def wrapped(at: code.Place) -> Fix:
    """The fix that puts `with torch.no_grad():` round a statement."""
    head = f"with {alias(at)}.no_grad():"
    statement = at.statement
    if statement is None:
        return Fix(head, (), "round the evaluation")
    first, last = statement.lineno, statement.end_lineno or statement.lineno
    lines = at.source.lines[first - 1 : last]
    if lines[0][: statement.col_offset].strip():
        return Fix(head, (), "round the evaluation")
    text = "\n".join([f"{at.indent}{head}", *(f"    {line}" if line.strip() else line for line in lines)])
    return Fix(head, (Edit(at.file, first, 0, last, len(at.source.lines[last - 1]), text),), "round the evaluation")


def alias(at: code.Place) -> str:
    """What a file calls the engine: `torch` of `import gradbook as torch`."""
    for source in code.sources(at):
        for node in source.nodes():
            for each in node.names if isinstance(node, ast.Import) else ():
                if each.name in ("gradbook", "torch"):
                    return each.asname or each.name
    return "torch"


RULES = (EvalModeMissing, TrainModeNotRestored, NoGradMissing)
