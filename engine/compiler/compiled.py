"""A compiled function: called, it runs a plan if one fits, else the function itself; learns plans from its calls."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

from gradbook import backends, determinism, dtypes, events
from gradbook.autograd import casting, grad_mode, layers, versions
from gradbook.compiler.again import Again, Call
from gradbook.compiler.background import Background, background
from gradbook.compiler.between import Unfinished
from gradbook.compiler.calling import MISSED, OUT_OF_RANGE, calling
from gradbook.compiler.circumstances import what_is_around
from gradbook.compiler.flight import Flights
from gradbook.compiler.guards import is_constant, kind_of
from gradbook.compiler.instruction import NotRecordable
from gradbook.compiler.interpreter import Interpreter
from gradbook.compiler.keeping import VALUES, Keeping, Numbers, with_hosted
from gradbook.compiler.leaving import all_bare
from gradbook.compiler.outward import Outward, is_used_up, levels
from gradbook.compiler.plan import Plan
from gradbook.compiler.recording import Recorder
from gradbook.compiler.report import Report
from gradbook.compiler.results import Unfit, shape_of_result
from gradbook.compiler.splitting import note_checks
from gradbook.compiler.stance import Inside, compiled_functions, here, now
from gradbook.compiler.swapping import attributes, names_of, swapped
from gradbook.compiler.wording import Wording
from gradbook.nn import hooks
from gradbook.nn.module import Module
from gradbook.tensor import Tensor

__all__ = ["Compiled", "Report"]

HANDED = "a tensor whose gradients may still be asked for is kept by what is left to Python"
VARIANTS = 8  # plans kept for one kind of arguments before the function is left to Python


class Draft:
    """A recorded call, with all in it that may be another when a plan is made of it. Raises Unfit."""

    def __init__(self, interpreter: Interpreter, recorder: Recorder, call: Call, result: Any) -> None:
        self.interpreter, self.recorder = interpreter, recorder
        self.outputs: list[Any] = []
        self.spent: list[Any] = []
        for module in recorder.zeroed:
            interpreter.modules.update({id(part): part for part in module.modules()})
        self.shape = shape_of_result(result, interpreter, recorder, self.outputs, self.spent)
        self.breaks, self.slots = dict(interpreter.breaks), interpreter.slots
        for node, place in interpreter.handed:
            if not is_used_up(node, recorder.histories):
                raise Unfit(f"{HANDED}: return it, or keep it detached", place)
        self.flights = self.differentiable(call)
        unexplained = unexplained_tensors(interpreter, recorder)
        if unexplained:
            raise Unfit(f"a tensor of shape {unexplained[0]} comes from where the compiler cannot see it")
        self.wording = Wording()
        interpreter.guards.wording(self.wording, interpreter.inputs)
        recorder.wording(self.wording)
        self.modules = Snapshot(list(interpreter.modules.values()))
        self.world = world()
        note_checks(interpreter, recorder, self.modules)
        recorder.settle()

    def differentiable(self, call: Call) -> Flights | None:
        """What becomes of the results' gradients, if they may still be asked for."""
        recorder = self.recorder
        if any(tensor._node is not node for tensor, node in recorder.arguments):
            raise Unfit("an argument is given another history")
        if any(tensor._node is not None and tensor._node.tensor is None and id(tensor) not in recorder.input_ids
               for tensor, _ in recorder.outside.values()):  # fmt: skip
            raise Unfit("a tensor from outside is given a history")
        live = {i: tensor for i, tensor in enumerate(self.spent) if isinstance(tensor, Tensor)}
        if not live:
            return None
        try:
            legs = [Outward(recorder, live, numbers) for numbers in levels(recorder, live)]
        except NotRecordable as failure:
            raise Unfit(failure.reason) from None
        self.spent = [None if i in live else each for i, each in enumerate(self.spent)]
        again = Again(call, [tensor for tensor, _ in recorder.arguments], self.shape, [*live])
        return Flights(recorder, legs, again)


def world() -> tuple[Any, ...]:
    """What a plan depends on beside what its guards look at."""
    return determinism.settings.deterministic, dtypes.get_default_dtype()


class Variant:
    """One plan and what it takes for granted. `call(inputs)`: see `calling`."""

    def __init__(self, draft: Draft) -> None:
        interpreter = draft.interpreter
        self.flights = flights = draft.flights
        several, self.breaks = bool(interpreter.inputs), draft.breaks
        self.plan = Plan(draft.recorder, draft.outputs, None if flights is None else flights.kept, slots=draft.slots)
        self.plan_breaks = {each.op.key for each in draft.recorder.instructions if each.kind == "left"}
        self.guards, self.kept, self.late = interpreter.guards, interpreter.fresh, 0
        if flights is not None:
            flights.prepare(self.plan)
        self.call = calling(self.plan, draft.wording, draft.modules, several, draft.shape, draft.spent, flights)
        if self.plan.between is not None:
            outside = [*draft.recorder.outside.values()]
            self.plan.between.before = functools.partial(swapped, self.guards, draft.modules.attributes, outside)
        draft.recorder.release()


class Compiled(Keeping):
    """What gradbook.compile(function) gives. `report`: why calls are not compiled, if they are not."""

    def __init__(self, function: Callable[..., Any], waits: bool = False) -> None:
        super().__init__()
        self.function, self.waits = function, waits
        self.pending: dict[Any, Background] = {}  # kinds of calls whose plan is being made, and where
        self.failed: set[Any] = set()  # kinds of calls of which no plan could be made, once
        self.report = Report()
        self.aside: dict[str, int] = {}  # calls that no plan was looked for, by what was around
        self.variants: dict[Any, list[Variant]] = {}
        self.calls: dict[Any, int] = {}
        self.given_up: set[Any] = set()
        self.lock = threading.RLock()
        compiled_functions.add(self)
        functools.update_wrapper(self, function, updated=())
        self._torchdynamo_orig_callable = function

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        return self if owner is None else functools.partial(self, owner)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if (  # something changes what ops do, or wants to see them: what_is_around() says the same, in words
            events.computing
            or casting.scopes
            or layers.anomaly is not None
            or grad_mode.inference_count[0]
            or (versions.rebased and layers.state.stack)  # rebased counts layers, too: a thread's own is slow to ask
            or now.eager
            or (now.disabled and here.eager)
            or (hooks.anywhere and hooks.on_every_module())
        ):
            around = what_is_around()
            self.aside[around] = self.aside.get(around, 0) + 1
            return self.function(*args, **kwargs)
        inputs: list[Tensor] = []
        recorded = not grad_mode.scopes or grad_mode.state.enabled
        key: Any = recorded + 2 * determinism.settings.deterministic
        numbers: Numbers = {}
        if args or kwargs:
            own, named = self.loosened(args, kwargs, numbers) if self.loose else (args, kwargs)
            described = key_of(own, named, inputs)
            if described is None:
                self.note("an argument's memory is not NumPy's, or it is read backwards", None)
                return self.plainly(args, kwargs)
            key = (key, described)
        for variant in self.variants.get(key, ()):
            result = variant.call(inputs, numbers)
            if result is MISSED:
                continue
            if result is OUT_OF_RANGE:
                return self.plainly(args, kwargs)
            if type(result) is Unfinished:
                return self.finish(key, variant.breaks, result, args, kwargs)
            if events.counting:
                variant.plan.taps.tell(variant.plan.arrays)
            if events.control:
                events.safe_point()
            return result
        return self.learn(key, inputs, numbers, args, kwargs)

    def plainly(self, args: Any, kwargs: Any) -> Any:
        """Leave a call to Python."""
        with Inside():
            return self.function(*args, **kwargs)

    def learn(self, key: Any, inputs: list[Tensor], numbers: Numbers, args: Any, kwargs: Any) -> Any:
        """Run the function itself: the first time to warm up, then recorded."""
        calls = self.count(key)
        if calls == 1:
            self.look_at_numbers(args, kwargs)
        known = key in self.given_up or self.pending.get(key) is background()
        if now.name == "fail_on_recompile" and not known:
            raise RuntimeError("gradbook.compile: a call needs a new plan, and set_stance says 'fail_on_recompile'")
        if calls == 1 or known or now.name == "eager_on_recompile" or self.is_rare(key):
            return self.plainly(args, kwargs)
        if len(self.variants.get(key, ())) >= VARIANTS:
            self.give_up(key, "what the call depends on changes from call to call", None)
            return self.plainly(args, kwargs)
        with self.lock, Inside():
            return all_bare(self.record(key, inputs, numbers, args, kwargs))

    def record(self, key: Any, inputs: list[Tensor], numbers: Numbers, args: Any, kwargs: Any) -> Any:
        """Run the function once, watched, and keep a plan of what it did. -> its result, with Hosted values in it"""
        interpreter = Interpreter()
        try:
            recorder = Recorder(inputs)
        except ValueError as error:
            self.give_up(key, f"arguments share memory: {error}", None)
            return self.function(*args, **kwargs)
        known = self.variants.get(key, ())
        for variant in known:
            interpreter.varying |= variant.guards.moved()
            if len(known) >= VALUES and not self.stiff:
                interpreter.numbers |= variant.guards.moved(numbers=True)
        self.numbers_changed = bool(interpreter.numbers) or self.numbers_changed
        self.attach(interpreter, recorder)
        interpreter.on_input = recorder.add_input
        interpreter.on_clear = recorder.clear
        interpreter.on_item = recorder.allow_reading
        recorder.line, recorder.spot = interpreter.place, interpreter.spot
        interpreter.natively_called, interpreter.on_set = recorder.call, recorder.set_item
        with events.observing(recorder):
            interpreter.slots = interpreter.given = len(numbers)
            result = interpreter.call(self.function, *with_hosted(numbers, args, kwargs))
        recorder.finish()
        if self.leave_more(key, interpreter, recorder):
            return result
        if recorder.failure is not None:
            interpreter.failures.append((recorder.failure.reason, recorder.failure.where))
        if not interpreter.failures:
            try:
                self.plan(key, Draft(interpreter, recorder, Call(self.function, args, kwargs), result))
                return result
            except Unfit as unfit:
                interpreter.failures.append((str(unfit), unfit.place))
        if self.leave_otherwise(interpreter.failures):
            return result
        for reason, place in [*(left[1:] for left in self.breaks.values()), *interpreter.failures]:
            self.give_up(key, reason, place)
        return result

    def give_up(self, key: Any, reason: str, place: tuple[str, int] | None) -> None:
        """Leave calls of this kind to Python, and remember why."""
        self.given_up.add(key)
        self.note(reason, place)

    def note(self, reason: str, place: tuple[str, int] | None) -> None:
        """Remember why something is not compiled."""
        entry = (reason, f"{place[0]}:{place[1]}" if place else "")
        if entry not in self.report:
            self.report.append(entry)

    def plan(self, key: Any, draft: Draft) -> None:
        """Make a plan of a recorded call, now or in the background; calls until then are left to Python."""
        if self.waits:
            self.make(key, draft)
        else:
            self.pending[key] = background()
            background().do(functools.partial(self.make, key, draft))

    def make(self, key: Any, draft: Draft) -> None:
        """Make a plan. What the recorded call took for granted is looked at when the plan is to be used."""
        try:
            made = Variant(draft)
            if made.flights is not None:
                made.flights.tell = self.note
            if world() == draft.world:
                self.variants[key] = [made, *self.variants.get(key, ())]
                self.make_room(key)
        except Exception as error:
            if self.waits or key in self.failed:
                self.give_up(key, f"no plan could be made: {type(error).__name__}: {error}", None)
            self.failed.add(key)  # something may have changed meanwhile: it is tried once more
        finally:
            self.pending.pop(key, None)

    def forget(self) -> None:
        """Forget all that was learnt."""
        with self.lock:
            Keeping.__init__(self)
            self.variants, self.calls, self.given_up, self.failed = {}, {}, set(), set()
            self.report, self.aside = Report(), {}

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the plans of the calls so far are made. -> False if that took more than `timeout` seconds."""
        return not self.pending or background().wait(timeout)


class Snapshot:
    """Modules as they were: `hold()` says whether they still are so."""

    def __init__(self, modules: list[Module]) -> None:
        self.modules = modules
        self.seen = hooks.changes
        self.states = [state_of(module) for module in modules]
        self.attributes = [(module, attributes(module)) for module in modules]

    def hold(self) -> bool:
        """True if nothing that matters was set since."""
        if [state_of(module) for module in self.modules] != self.states:
            return False
        self.seen = hooks.changes
        return True


def state_of(module: Module) -> Any:
    """Everything that the library's code may look at, comparable; what else was read is guarded by itself."""
    own = module.__dict__
    plain: dict[str, Any] = {}
    for name in names_of(module):
        value = own[name]
        if name in ("_parameters", "_buffers", "_modules"):
            plain[name] = tuple((key, id(part)) for key, part in value.items())
        elif isinstance(value, dict | set | list):
            plain[name] = repr(value)
        else:
            plain[name] = value if is_constant(value) else id(value)
    return (id(module), plain)


def unexplained_tensors(interpreter: Interpreter, recorder: Recorder) -> list[Any]:
    """Shapes of tensors from outside that neither the code that was followed nor a module or optimizer holds."""
    known = {id(value) for _, _, _, value in interpreter.guards.reads() if isinstance(value, Tensor)}
    for module in interpreter.modules.values():
        for part in (*module.parameters(), *module.buffers()):
            known.add(id(part))
    for each in recorder.optimizers:
        known |= {id(t) for group in each.param_groups for t in group["params"]}
    known |= {id(x) for value in interpreter.fresh.values() if isinstance(value, list) for x in value}
    known |= set(recorder.input_ids)
    return [tuple(t.shape) for t, _ in recorder.outside.values() if id(t) not in known]


# -- arguments and results -------------------------------------------------------------------------------------------


def key_of(args: tuple[Any, ...], kwargs: dict[str, Any], inputs: list[Tensor]) -> Any:
    """What arguments are, apart from the tensors' values; the tensors go to `inputs`. None: they cannot be compiled."""
    try:
        parts = tuple([described(value, inputs) for value in args])
        return (parts, described(kwargs, inputs)) if kwargs else parts
    except Unfit:
        return None


def described(value: Any, inputs: list[Tensor]) -> Any:
    """One argument as part of a key."""
    kind = type(value)
    if isinstance(value, Tensor):
        array = value._array
        if type(array) is not backends.ndarray or min(array.strides, default=0) < 0:
            raise Unfit("not a NumPy array")
        if any([seen is value for seen in inputs]):
            return ("same", [seen is value for seen in inputs].index(True))
        inputs.append(value)
        return kind_of(value)
    if kind in (tuple, list):
        return (kind, tuple(described(part, inputs) for part in value))
    if kind is dict:
        return (kind, tuple((key, described(part, inputs)) for key, part in value.items()))
    if is_constant(value):
        return (kind, value)
    return (kind, id(value), Held(value))


class Held:
    """Keeps an argument that is told by its identity; all are alike."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Held)

    def __hash__(self) -> int:
        return 1
