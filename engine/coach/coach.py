"""The coach listens to a training and lets its rules look: always at what is cheap, closely at some turns."""

from __future__ import annotations

import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from gradbook import events
from gradbook.autograd import versions
from gradbook.autograd.layers import state as walks
from gradbook.coach.attention import Attention
from gradbook.coach.code import builder, name_of
from gradbook.coach.finding import Finding, Report
from gradbook.coach.record import Built, Clear, Pass, Read, Step, Turn
from gradbook.coach.rule import HOOKS, Rule, Shared
from gradbook.coach.stance import Stance
from gradbook.coach.tape import Tape

if TYPE_CHECKING:
    from gradbook.coach.session import Session
    from gradbook.observe.failure.explain import Failure

__all__ = ["Coach"]

clock = time.perf_counter
busy = time.thread_time  # what looks cost, whatever else the machine has to do
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
        self.attention = Attention()
        self.turn = Turn(1)
        self.tape = Tape(self)
        self.stance = Stance()
        self.ended = False
        self._explained: tuple[BaseException | None, Failure | None] = (None, None)
        self._on_finding = on_finding
        self._thread = threading.get_ident()
        self.muted = muted if isinstance(muted, set) else set(muted)
        self._kinds = tuple(KINDS if rules is None else rules)
        self._enlist()
        self.report = self.new_report()
        self.on_op: Hook | None = None
        self.on_module: Hook | None = None
        self.on_grad: Hook | None = None
        self.on_write: Hook | None = None
        self.on_made: Hook | None = None
        self.on_cut: Hook | None = None
        self.on_found: Hook | None = None

    def _enlist(self) -> None:
        """Make the rules, new ones each time."""
        self.rules = [kind(self) for kind in self._kinds if kind.id not in self.muted]
        self._shared: dict[type[Shared], Any] = {}
        self._hooks: dict[str, list[tuple[Rule | Shared, Hook]]] = {
            name: [(rule, getattr(rule, name)) for rule in self.rules if rule.has(name)] for name in HOOKS
        }
        self._by_op: dict[str, list[tuple[Rule | Shared, Hook]]] = {}

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
        self.attention = Attention()
        self.attention.begin(clock())
        self._thread = threading.get_ident()
        self._tune(True, whole=self.close or not self.total)
        events.attach(self)

    def pause(self) -> None:
        """Listen no longer; `resume` goes on."""
        events.detach(self)

    def renew(self) -> None:
        """A training is over, and another one may follow: new rules, which inherit what they need to know of it."""
        before, shared = {type(rule): rule for rule in self.rules}, self._shared
        self.earlier, self.steps, self.last = self.total, 0, None
        self.optimizers = {key: step for key, step in self.optimizers.items() if step.optimizer() is not None}
        self.built = {key: built for key, built in self.built.items() if built.thing() is not None}
        self.names.clear()  # a variable may hold another thing by now
        self.turn = Turn(self.turn.number + 1)
        self._explained = (None, None)
        self._enlist()
        self._tune(True, whole=True)
        self.tell("begins")
        for kind, old in shared.items():
            if kind in self._shared:
                self._shared[kind].inherit(old)
        for rule in self.rules:
            if type(rule) in before:
                rule.inherit(before[type(rule)])

    @property
    def total(self) -> int:
        """Steps since the watch began, those of trainings that are over included."""
        return self.earlier + self.steps

    def finish(self, error: BaseException | None = None) -> Report:
        """Stop listening; the rules say what can only be said at the end. `error` is what the program raised."""
        if not self.ended:
            self.ended = True
            events.detach(self)
            if isinstance(error, Exception):  # one that is interrupted has not failed
                self.fails(error)
            self.tell("ended")
            self._explained = (None, None)
            self.tape.forget()
        return self.report

    def fails(self, error: BaseException) -> None:
        """The program has raised this: the rules say why, the first of them what it is."""
        version = self.report.version
        self.tell("failed", error)
        self.report.raised = next(iter(self.report.since(version)), None)

    def explained(self, error: BaseException) -> Failure | None:
        """What the error card knows of an exception; None for one that is not the engine's."""
        if error is not self._explained[0]:
            from gradbook.observe.failure import explain

            self._explained = error, None  # where explaining fails, once is enough
            self._explained = error, explain(error)
        return self._explained[1]

    def take(self, finding: Finding) -> None:
        """A rule speaks; the same is said once."""
        if self.session is not None and not self.session.admits(finding):
            return
        if self.report.add(finding) and self._on_finding is not None and finding.rule not in self.report.muted:
            self._on_finding(finding)

    def shared(self, kind: type[S]) -> S:
        """The one of a kind in this watch, for all rules that ask; it hears its hooks before any rule does."""
        known: S | None = self._shared.get(kind)
        if known is None:
            known = self._shared[kind] = kind(self)
            for hook in kind.hears:
                first = sum(isinstance(who, Shared) for who, _ in self._hooks[hook])
                self._hooks[hook].insert(first, (known, getattr(known, hook)))
        return known

    def tell(self, hook: str, *args: Any) -> None:
        """Call a hook of all rules that have it."""
        for rule, method in tuple(self._hooks[hook]):
            self._call(rule, method, args)

    def _call(self, rule: Rule | Shared, method: Hook, args: tuple[Any, ...]) -> None:
        """A rule that raises is silent from then on: the training goes on, and so do the other rules."""
        try:
            method(*args)
        except Exception as error:
            for hooks in (*self._hooks.values(), *self._by_op.values()):
                hooks[:] = [pair for pair in hooks if pair[0] is not rule]
            warnings.warn(f"gradbook.coach: rule {rule.id} failed and is off: {error!r}", RuntimeWarning, stacklevel=2)

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
        self.on_op = self._op if closely else None
        self.on_module = self.tape.module if closely else None
        self.on_write = self.tape.wrote if closely else None
        self.on_made = self.tape.made if closely else None
        self.on_cut = self.tape.cut if closely else None
        self.on_found = self.tape.found if closely else None
        self.on_grad = self._grad if closely and self._hooks["gradient"] else None

    def _op(self, op: Any, operands: tuple[Any, ...], params: Any, output: Any, node: Any, where: Any) -> None:
        if threading.get_ident() == self._thread and not self._inside:
            self._written(op.name, operands, params, output, where)

    def _written(self, name: str, operands: tuple[Any, ...], params: Any, output: Any, where: Any) -> None:
        """An operation has run: write it down, and tell the rules."""
        started = busy()
        made = self.tape.record(name, operands, params, output, where)
        hooks = self._by_op.get(name)
        if hooks is None:
            hooks = self._by_op[name] = [
                (rule, hook) for rule, hook in self._hooks["operation"] if rule.ops is None or name in rule.ops
            ]
        for rule, hook in tuple(hooks):
            self._call(rule, hook, (made, operands, output))
        if self.attention.spent(busy() - started, len(self.turn.ops)):
            self._listen(False)

    def _grad(self, node: Any, grad: Any) -> None:
        started = busy()
        self.tell("gradient", node, grad)
        self.attention.spent(busy() - started)

    # -- what is always heard ----------------------------------------------------------------------------------------

    def on_backward(self, phase: str, root: Any, inputs: Any) -> None:
        """A backward pass begins, or ends; one inside another, such as a checkpoint's, is part of that one."""
        if walks.walk is not None or threading.get_ident() != self._thread:
            return
        if inputs is not None:
            if phase == "start" and self.close:
                self.turn.asked.append(self.tape.value(root))
            return
        if phase == "end":
            if not self.optimizers and self.passes > 1 and self.close:
                self._turn_ends(None)
            return
        self.passes += 1
        self.report.watched += 1
        array = root._array
        value = float(array.item().real) if array.size == 1 and array.dtype.kind in "fc" else float("nan")
        made = Pass(self.passes, weakref.ref(root), events.user_frame(), value, tuple(array.shape), root._node)
        if self.close:
            made.loss, made.begun = self.tape.value(root), self.tape.count
            self.turn.passes.append(made)
        self.last = made
        self.tell("passed", made)
        made.node = None

    def on_step(self, phase: str, optimizer: Any) -> None:
        """An optimizer has stepped: a turn ends."""
        if phase == "start" or threading.get_ident() != self._thread:
            return
        self.steps += 1
        self._training.add(self._loader)
        self.report.watched += 1
        self._name(optimizer)
        known = self.optimizers.get(id(optimizer))
        count = known.count + 1 if known is not None and known.optimizer() is optimizer else 1
        step = Step(self.steps, weakref.ref(optimizer), events.user_frame(), count, versions.last)
        self.optimizers[id(optimizer)] = step
        self.tell("stepped", step, optimizer)
        if self.close:
            self._turn_ends(step)
        elif self.attention.due(self.steps, clock()):
            self.turn = Turn(self.turn.number + 1)
            self._listen(True)

    def _turn_ends(self, step: Step | None) -> None:
        started = busy()
        turn, self.turn = self.turn, Turn(self.turn.number + 1)
        turn.step = step
        if step is None:
            self.steps += 1
        self.tape.turn_ends(turn)
        self.tell("turned", turn)
        now = clock()
        self.attention.spent(busy() - started)
        fresh = any(step.count < 2 for step in self.optimizers.values())
        if not self.attention.stays(self.steps, now, fresh):
            self._listen(False)

    def on_zero_grad(self, owner: Any) -> None:
        """Gradients of an optimizer or a module were cleared."""
        if threading.get_ident() == self._thread:
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
            self.constructed += 1
            made = Built(weakref.ref(owner), builder(owner), self.constructed, self.total)
            self.built[id(owner)] = made
            self.tell("constructed", made, owner)

    def on_custom(self, phase: str, function: Any, args: tuple[Any, ...], outputs: Any) -> None:
        """A Function of the user's runs forward: what happens inside is one operation."""
        if threading.get_ident() != self._thread or function.__module__.startswith("gradbook."):
            return
        if phase == "enter":
            self._inside.append(function)
            return
        if (
            not self._inside or self._inside.pop() is not function
        ):  # one that was left by an exception, or begun before the watch
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
            self._loader = id(loader)
            trains = self._loader in self._training
            if self.steps and (phase == "end" if trains else index == 0):  # after an epoch, or of other data
                self._evaluates()
            self.tell("batch", phase, loader, index, total)

    def on_read(self, tensor: Any) -> None:
        """Python is about to see numbers."""
        if threading.get_ident() == self._thread and (self.close or self._hooks["read"]):
            made = Read(self.tape.value(tensor), events.user_frame())
            if self.close:
                self.turn.reads.append(made)
                self.tape.read(made.value, tensor, made.where)
            self.tell("read", made, tensor)

    def on_mode(self, what: str, owner: Any, value: bool) -> None:
        """The program turns to evaluation, or back: how it evaluates is worth a look."""
        if threading.get_ident() != self._thread:
            return
        self.stance.heard(what, owner, value, self.tape.count, self.total)
        if not value and what != "asks":
            self._evaluates()
        self.tell("mode", what, owner, value)

    def _evaluates(self) -> None:
        if not self.close and self.attention.evaluation(clock()):
            self._listen(True, whole=False)
