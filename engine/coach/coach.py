"""The coach listens to a training and lets its rules look: always at what is cheap, closely at some turns."""

from __future__ import annotations

import math
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from gradbook import events
from gradbook.autograd import versions
from gradbook.autograd.layers import state as walks
from gradbook.coach.attention import MOST, PREPARED, Attention
from gradbook.coach.code import builder, name_of
from gradbook.coach.curves import Curves
from gradbook.coach.explained import Explained
from gradbook.coach.finding import Finding, Report
from gradbook.coach.panel import Panel
from gradbook.coach.record import Built, Clear, Pass, Read, Step, Turn
from gradbook.coach.rule import Rule, Shared
from gradbook.coach.stance import Stance
from gradbook.coach.tape import Tape

if TYPE_CHECKING:
    from gradbook.coach.session import Session

__all__ = ["Coach"]

clock = time.perf_counter
Hook = Callable[..., Any]
S = TypeVar("S", bound=Shared)


class Coach:
    """One watch over a training: the observer, its rules, their report. Attach it to events with `start`.

    muted: ids of rules that shall not look; a set may grow while it watches, see Report. on_finding(finding) is called
    as soon as a rule speaks.
    """

    def __init__(self, rules: Iterable[type[Rule]] | None = None, muted: Iterable[str] = (),
                 on_finding: Callable[[Finding], None] | None = None) -> None:  # fmt: skip
        from gradbook.coach.rules import KINDS

        self.steps = 0  # of all optimizers; without optimizers: turns
        self.earlier = 0  # those of trainings that are over
        self.session: Session | None = None  # whose cells it watches, in a notebook
        self.optimizers: dict[int, Step] = {}  # the last step of each
        self.passes = 0
        self.last: Pass | None = None  # the last backward pass
        self.names: dict[int, str] = {}  # of optimizers, as the code that first used them calls them
        self.built: dict[int, Built] = {}  # modules and optimizers that were constructed while it watched
        self.constructed = 0
        self._inside: list[Any] = []  # Functions of the user's that run forward now
        self._loader = 0  # id of the one that handed out the last batch
        self._training: set[int] = set()  # those whose batches were followed by a step
        self.attention = Attention(clock())
        self.whole = True  # all since the last step was heard
        self.turn = Turn(1)
        self.tape = Tape(self)
        self.stance = Stance()
        self.ended = self.cut_short = False  # cut_short: by an exception, or by an interrupt
        self.explained = Explained()
        self._on_finding = on_finding
        self._thread = threading.get_ident()
        self.muted = muted if isinstance(muted, set) else set(muted)
        self._kinds = tuple(KINDS if rules is None else rules)
        self.enlist()
        self.report = self.new_report()
        self.on_op: Hook | None = None  # where it looks closely; and others, see _tune

    def enlist(self) -> None:
        """Make the rules, new ones each time."""
        self.panel = Panel(self, [kind for kind in self._kinds if kind.id not in self.muted])
        self.curves = self.shared(Curves)

    def new_report(self) -> Report:
        """-> an empty report for what the rules say from now on, once it is `report`."""
        return Report(self.muted, len({rule.id for rule in self.rules}))

    # -- life --------------------------------------------------------------------------------------------------------

    def start(self) -> Coach:
        """Begin to listen."""
        self.tell("begins")
        self.resume()
        return self

    def resume(self) -> None:
        """Listen from now on: the watch begins, or goes on after a pause."""
        self.attention, self.whole = Attention(clock()), True
        self._thread = threading.get_ident()
        self._tune(True, whole=self.close or not self.total)
        events.attach(self)

    def pause(self) -> None:
        """Listen no longer; `resume` goes on."""
        events.detach(self)

    def renew(self) -> None:
        """A training is over, and another one may follow: new rules, which inherit what they need to know of it."""
        before = self.panel
        self.earlier, self.steps, self.last = self.total, 0, None
        self.optimizers = {key: step for key, step in self.optimizers.items() if step.optimizer() is not None}
        self.built = {key: built for key, built in self.built.items() if built.thing() is not None}
        self.names.clear()  # a variable may hold another thing by now
        self.turn = Turn(self.turn.number + 1)
        self.explained.forget()
        self.enlist()
        self._tune(True, whole=True)
        self.tell("begins")
        self.panel.inherit(before)

    @property
    def total(self) -> int:
        """Steps since the watch began, those of trainings that are over included."""
        return self.earlier + self.steps

    def finish(self, error: BaseException | None = None) -> Report:
        """Stop listening; the rules say what can only be said at the end. `error` is what the program raised."""
        if not self.ended:
            self.ended = True
            self.cut_short = error is not None
            events.detach(self)
            if isinstance(error, Exception):  # one that is interrupted has not failed
                self.fails(error)
            self.tell("ended")
            self.explained.forget()
            self.tape.forget()
        return self.report

    def fails(self, error: BaseException) -> None:
        """The program has raised this: the rules say why, the first of them what it is."""
        version = self.report.version
        self.tell("failed", error)
        self.report.raised = next(iter(self.report.since(version)), None)

    def take(self, finding: Finding) -> None:
        """A rule speaks; the same is said once."""
        if self.session is not None and not self.session.admits(finding):
            return
        if self.report.add(finding) and self._on_finding is not None and finding.rule not in self.report.muted:
            self._on_finding(finding)

    def shared(self, kind: type[S]) -> S:
        """The one of a kind in this watch, for all rules that ask; it hears its hooks before any rule does."""
        return self.panel.shared(kind)

    def tell(self, hook: str, *args: Any) -> None:
        """Call a hook of all rules that have it."""
        self.panel.tell(hook, *args)

    @property
    def rules(self) -> list[Rule]:
        """The rules that look."""
        return self.panel.rules

    # -- close attention ---------------------------------------------------------------------------------------------

    @property
    def close(self) -> bool:
        """Whether every operation is being watched."""
        return self.on_op is not None

    @property
    def brief(self) -> bool:
        """Whether only the beginning of a backward pass and the end of a step are to be told (see events)."""
        return not self.close

    def _listen(self, closely: bool, whole: bool = True) -> None:
        """Watch every operation from now on, or none. whole: the turn begins now."""
        self._tune(closely, whole)
        events.refresh()

    def _tune(self, closely: bool, whole: bool) -> None:
        if closely and not self.close and not whole:
            self.turn.whole = False
        tape = self.tape
        tape.leaves()
        self.on_op = self._op if closely else None
        heard = {
            "module": tape.module, "write": tape.wrote, "made": tape.made, "cut": tape.cut, "draw": tape.draws,
            "found": tape.found, "grad": self._grad if self.panel.hears("gradient") else None,
        }  # fmt: skip
        for kind, hook in heard.items():
            setattr(self, f"on_{kind}", hook if closely else None)

    def _op(self, op: Any, operands: tuple[Any, ...], params: Any, output: Any, node: Any, where: Any) -> None:
        if threading.get_ident() != self._thread or self._inside:
            return
        if self.passes or node is not None or self.tape.calling or not self.attention.knows(where):
            self._written(op.name, operands, params, output, where)
        elif self.attention.bored:
            self._listen(False)

    def _written(self, name: str, operands: tuple[Any, ...], params: Any, output: Any, where: Any) -> None:
        """An operation has run: write it down, and tell the rules."""
        started = clock()
        made = self.tape.record(name, operands, params, output, where)
        self.panel.operation(made, operands, output)
        self.attention.spent(clock() - started)
        if len(self.turn.ops) >= MOST:
            self._listen(False)

    def _grad(self, node: Any, grad: Any) -> None:
        started = clock()
        self.tell("gradient", node, grad)
        self.attention.spent(clock() - started)

    # -- what is always heard ----------------------------------------------------------------------------------------

    def on_backward(self, phase: str, root: Any, inputs: Any) -> None:
        """A backward pass begins, or ends; one inside another, such as a checkpoint's, is part of that one."""
        if walks.walk is not None or threading.get_ident() != self._thread:
            return
        if inputs is not None:
            if phase == "start" and not self.passes and not self.optimizers and root._array.size == 1:
                self.curves.curve(events.user_frame()).add(float(root._array.item().real))  # a training by hand
            if phase == "start" and self.close:
                self.turn.asked.append(self.tape.value(root))
                self.turn.asked_at.append(events.user_frame())
            return
        if phase == "end":
            if not self.optimizers and self.passes > 1 and self.close:
                self._turn_ends(None)
            return
        self.passes += 1
        if self.passes == 1:
            self.attention.begins()
        self.report.watched += 1
        array, where, value, broken = root._array, events.user_frame(), math.nan, False
        if array.size == 1 and array.dtype.kind in "fc":
            value = float(array.item().real)
            broken = value - value != 0
            self.curves.curve(where).add(value)
        if not self.attention.resting or broken:
            made = Pass(self.passes, weakref.ref(root), where, value, tuple(array.shape), root._node, whole=self.whole)
            self._passes(made, root, broken)
            made.node = None
        if not self.optimizers and not self.close:
            self.attention.beat(clock())

    def _passes(self, made: Pass, root: Any, broken: bool) -> None:
        """Tell of a backward pass; at rest only of one whose loss is no number."""
        if self.close:
            made.loss, made.begun = self.tape.value(root), self.tape.count
            self.turn.passes.append(made)
        if broken:
            self.tell("broke", made)
        if not self.attention.resting:
            self.last = made
            self.tell("passed", made)

    def on_step(self, phase: str, optimizer: Any) -> None:
        """An optimizer has stepped: a turn ends."""
        if phase == "start" or threading.get_ident() != self._thread:
            return
        self.steps += 1
        self.report.watched += 1
        known = self.optimizers.get(id(optimizer))
        if known is not None and known.optimizer() is not optimizer:
            known = None
        if self.attention.resting and known is not None:
            known.count += 1
            if self.attention.beat(clock()):
                self._looks()
            return
        if known is None:
            self.attention.news()
        self._steps(optimizer, known.count + 1 if known is not None else 1)

    def _steps(self, optimizer: Any, count: int) -> None:
        """Tell of a step."""
        self._training.add(self._loader)
        self._name(optimizer)
        step = Step(self.steps, weakref.ref(optimizer), events.user_frame(), count, versions.last)
        self.optimizers[id(optimizer)] = step
        self.tell("stepped", step, optimizer)
        self.whole = True
        if self.close:
            self._turn_ends(step)
        else:
            self._looks()
            self.attention.beat(clock())

    def _looks(self) -> None:
        """Look closely from here on, if it is time."""
        if self.attention.due(self.steps):
            self.turn = Turn(self.turn.number + 1)
            self._listen(True)

    def _prepared(self) -> None:
        """A model is made, or a batch: where the data took too many operations to make, the look begins anew."""
        ended = not self.close and (len(self.turn.ops) >= MOST or self.attention.bored)
        if ended and not (self.total or self.passes or self.turn.number >= PREPARED):
            self.turn = Turn(self.turn.number + 1)
            self._listen(True)

    def _turn_ends(self, step: Step | None) -> None:
        started = clock()
        turn, self.turn = self.turn, Turn(self.turn.number + 1)
        turn.step = step
        if step is None:
            self.steps += 1
        self.tape.turn_ends(turn)
        self.tell("turned", turn)
        self.attention.spent(clock() - started)
        fresh = any(step.count < 2 for step in self.optimizers.values())
        if not self.attention.stays(self.steps, fresh):
            self._listen(False)

    def on_zero_grad(self, owner: Any) -> None:
        """Gradients of an optimizer or a module were cleared."""
        if not self.attention.resting and threading.get_ident() == self._thread:
            self._name(owner)
            made = Clear(weakref.ref(owner), events.user_frame())
            if self.close:
                self.turn.clears.append(made)
            self.tell("cleared", made, owner)

    def on_schedule(self, scheduler: Any) -> None:
        """A learning rate schedule has stepped."""
        if threading.get_ident() == self._thread:
            self.tell("scheduled", scheduler, events.user_frame())

    def on_built(self, owner: Any) -> None:
        """A module, an optimizer or a scheduler is being constructed."""
        if threading.get_ident() == self._thread:
            self._prepared()
            self.constructed += 1
            where, outward = builder(owner)
            made = self.built[id(owner)] = Built(weakref.ref(owner), where, self.constructed, self.total, outward)
            self.tell("constructed", made, owner)

    def on_custom(self, phase: str, function: Any, args: tuple[Any, ...], outputs: Any) -> None:
        """A Function of the user's runs forward: what happens inside is one operation."""
        if threading.get_ident() != self._thread or function.__module__.startswith("gradbook."):
            return
        if phase == "enter":
            self._inside.append(function)
            return
        if not self._inside or self._inside.pop() is not function:  # left by an exception, or begun before the watch
            self._inside.clear()
        first = outputs[0] if isinstance(outputs, tuple) and outputs else outputs
        if not hasattr(first, "_node"):
            return
        if self.close and not self._inside:
            self._written(function.__name__, args, None, outputs, events.user_frame())
        if first._node is not None:
            self.tell("applied", function, args)

    def built_at(self, thing: Any) -> Built | None:
        """Where a module or an optimizer was constructed, if that was watched."""
        known = self.built.get(id(thing))
        return known if known is not None and known.thing() is thing else None

    def _name(self, owner: Any) -> None:
        if id(owner) not in self.names:
            self.names[id(owner)] = name_of(owner, "optimizer" if hasattr(owner, "param_groups") else "model")

    def on_batch(self, phase: str, loader: Any, index: int, total: int | None) -> None:
        """A batch was handed out, or a loader has ended."""
        if threading.get_ident() == self._thread:
            self._prepared()
            self._loader = id(loader)
            trains = self._loader in self._training
            if self.steps and (phase == "end" if trains else index == 0):  # after an epoch, or of other data
                self._evaluates()
            self.tell("batch", phase, loader, index, total)

    def on_read(self, tensor: Any) -> None:
        """Python is about to see numbers."""
        if threading.get_ident() == self._thread and (self.close or self.panel.hears("read")):
            made = Read(self.tape.value(tensor), events.user_frame())
            if self.close:
                self.tape.read(made, tensor)
            self.tell("read", made, tensor)

    def on_mode(self, what: str, owner: Any, value: bool) -> None:
        """The program turns to evaluation, or back: how it evaluates is worth a look."""
        if threading.get_ident() != self._thread:
            return
        self.stance.heard(what, owner, value, self.tape.count, self.total)
        if what == "asks" and value and self.close:
            self.tape.asks(owner)
        elif not value and what != "asks":
            self._evaluates()
        self.tell("mode", what, owner, value)

    def _evaluates(self) -> None:
        if self.close or len(self.turn.ops) >= MOST:
            return
        if self.attention.evaluation(self.steps):
            if self.attention.resting:
                self.whole = False
                self.attention.wakes()
            self._listen(True, whole=False)
