"""Listens to the engine while breakpoints are set: what is computed is written down, and looked at."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Any

from gradbook import backends, events
from gradbook.observe import finite, naming
from gradbook.observe.birth import held
from gradbook.observe.causes import Cause, explain, kind_of
from gradbook.observe.finite import INF, NAN
from gradbook.observe.provenance import LOOK, first_bad, gradient_cause, saved_operands
from gradbook.observe.raw import Tape, from_nodes, key_of
from gradbook.observe.source import Where, user_frame
from gradbook.observe.stop import Stop
from gradbook.observe.stopping import default_how, presenters
from gradbook.observe.trail import again, kept_result, saved_of
from gradbook.tensor import Tensor

if TYPE_CHECKING:
    from gradbook.observe.breakpoints import Breakpoint

__all__ = ["watcher"]

TAPE_LIMIT = 20_000  # operations of one step that are remembered for the picture
BITS = {"nan": NAN, "inf": INF}
NUMBER = "it is a plain number, made outside of the graph"
NUMBER_FIX = "look at how it is computed: a division of 0 by 0, or .item() of a tensor that holds NaN"


class Watcher:
    """Listens to the engine while there are breakpoints. Present a stop by `presenters[how](stop)`."""

    def __init__(self) -> None:
        self.listed: tuple[Breakpoint, ...] = ()
        self.thread = 0
        self._inside = False  # a stop is being looked at: what is computed meanwhile is not watched
        self._stepping: str | None = None  # how to stop at the next operation, whatever it is
        self._forget()
        self._sort()

    def _forget(self) -> None:
        """A new step begins."""
        self._tape = Tape()
        self._stale = False
        self._roots: list[Any] = []  # of the backward passes that run now, one inside the other
        self._pass = 0
        self._blamed_pass = -1
        self._calls: list[tuple[Any, Where | None, Any]] = []
        self._stopped_for = 0  # bits of what it has stopped for since the cell began
        self._blamed: dict[int, weakref.ref[Any]] = {}  # arrays that came in bad, and were told of
        self._targets: dict[tuple[int, int], tuple[Any, tuple[str, str]]] = {}
        self._last_where: Where | None = None

    def add(self, one: Breakpoint) -> None:
        """Set one more breakpoint, and begin to listen to this thread."""
        self.thread = threading.get_ident()
        self.listed = (*self.listed, one)
        self._sort()
        events.attach(self)

    def remove(self, one: Breakpoint) -> None:
        """Take one away; without any, nobody listens."""
        self.listed = tuple(other for other in self.listed if other is not one)
        self._sort()
        if not self.listed:
            self._stepping = None
            events.detach(self)
            self._forget()

    def _sort(self) -> None:
        kinds: dict[str, list[Breakpoint]] = {}
        for one in self.listed:
            kinds.setdefault(one.condition.kind, []).append(one)
        self._health = [*kinds.get("nan", ()), *kinds.get("inf", ())]
        self._grads, self._paths = kinds.get("grad", []), kinds.get("path", [])
        self._plain = [*kinds.get("shape", ()), *kinds.get("op", ()), *self._paths]
        self._limited = [one for one in (*self._health, *self._grads) if one.condition.inside]

    def restart(self) -> None:
        """Forget what was computed so far: the picture of a stop begins here, such as at the start of a cell."""
        self._new_tape()
        self._stopped_for, self._stepping = 0, None
        self._calls.clear()
        for one in self.listed:
            one.forget()

    def _new_tape(self) -> None:
        self._tape, self._stale = Tape(), False
        for one in self.listed:
            one.made.clear()

    # -- forward -------------------------------------------------------------------------------------------------------

    def on_op(self, op: Any, operands: tuple[Any, ...], params: dict[str, Any], output: Any, node: Any,
              where: Where | None) -> None:  # fmt: skip
        """Write an operation down, and look at what it made."""
        if threading.get_ident() != self.thread or self._inside:
            return
        if self._stale or len(self._tape.ops) > TAPE_LIMIT:
            self._new_tape()
        key = self._tape.record(op, operands, params, output, node, where).key
        self._tape.fresh.clear()
        for one in self._limited:
            if self._within(one, where):
                one.made.add(key)
        outputs = output if isinstance(output, tuple) else (output,)
        found = self._bad_output(op, operands, params, outputs, where) if self._health else None
        if found is None and self._plain:
            found = self._plain_hit(op, outputs[0], where)
        self._last_where = where
        if found is None and self._stepping is not None:
            found = None, "step", None
        if found is not None:
            one, reason, cause = found
            self._stop(one, Stop(
                reason=reason, phase="forward", op=op.name, inputs=operands, output=output, params=params, node=node,
                where=where, module=events.module_path(), cause=cause, key=key, raw=self._tape.raw(),
                frame=user_frame(2), names=naming.argument_names(where),
            ))  # fmt: skip

    def on_write(self, target: Any, value: Any) -> None:
        """Follow what is changed in place; while somebody listens, it is computed by operations that are told of."""
        if value is not None and threading.get_ident() == self.thread and not self._inside:
            self._tape.wrote(target, value)

    def _bad_output(self, op: Any, operands: tuple[Any, ...], params: dict[str, Any], outputs: tuple[Any, ...],
                    where: Where | None) -> tuple[Breakpoint | None, str, Cause | None] | None:  # fmt: skip
        """What made a result that is not finite out of operands that are, or which of them came in so."""
        for output in outputs:
            if finite.is_finite(output._array):
                continue
            made, given = finite.state(output._array), 0
            for value in (*operands, *params.values()):
                given |= finite.state(getattr(value, "_array", value))
            for one in self._health:
                bit = BITS[one.condition.kind]
                if not made & bit or not self._within(one, where):
                    continue
                if not given & bit:
                    self._stopped_for |= bit
                    arrays = [getattr(value, "_array", value) for value in operands]
                    return one, kind_of(bit), explain(op, arrays, output._array)
                culprit = self._came_in(operands, bit)
                if culprit is not None:
                    self._stopped_for |= bit
                    return one, kind_of(bit), self._held(culprit, operands, where)
                if bit == NAN and not self._stopped_for & bit and (name := _not_a_number(operands, params, where)):
                    self._stopped_for |= bit
                    return one, kind_of(bit), Cause("NaN", 1, 1, (), f"{name} is NaN", NUMBER, NUMBER_FIX)
        return None

    def _came_in(self, operands: tuple[Any, ...], bit: int) -> Any:
        """The operand that holds it and that no operation of this step made, told of only once.

        A parameter is no news when this cell has stopped for it before: the update carried it there.
        """
        found = None
        for value in operands:
            if not hasattr(value, "_node") or not finite.state(value._array) & bit:
                continue
            if self._tape.entry_of(value) is not None or (value._node is not None and value._node.tensor is None):
                continue
            array = value._array
            known = self._blamed.get(id(array))
            if known is not None and known() is array:
                continue
            self._blamed[id(array)] = weakref.ref(array)
            if found is None and not (value._node is not None and self._stopped_for & bit):
                found = value
        return found

    def _held(self, value: Any, operands: tuple[Any, ...], where: Where | None) -> Cause:
        names = naming.argument_names(where)
        slot = next(i for i, other in enumerate(operands) if other is value)
        title = naming.Names.in_sight(user_frame(2)).of(value) or (names[slot] if slot < len(names) else "")
        learned = value._node is not None
        why = "an update wrote it" if learned else "no operation seen before made it"
        fix = "look at the gradients of the step before: %breakpoint nan stops there too" if learned else LOOK
        return held(value._array, title or f"operand {slot}", why, fix)

    def _plain_hit(self, op: Any, output: Any, where: Where | None) -> tuple[Breakpoint, str, None] | None:
        for one in self._plain:
            condition = one.condition
            if condition.kind == "op":
                hit, reason = op.name == condition.name, f"op {op.name}"
            elif condition.kind == "shape":
                shape = tuple(output._array.shape)
                hit, reason = condition.fits(shape), f"shape {shape}"
            elif one.armed:
                one.armed, hit, reason = False, True, f"in {condition.name}"
            else:
                hit, reason = self._assigns(condition.name, where), condition.name
            if hit and (condition.kind == "path" or self._within(one, where)):
                return one, reason, None
        return None

    def _assigns(self, name: str, where: Where | None) -> bool:
        """Whether this operation's line gives a variable its value, not from inside a module that the line calls."""
        if where is None or where == self._last_where or name not in self._target(where):
            return False
        return not (self._calls and self._calls[-1][1] == where)

    def _target(self, where: Where) -> tuple[str, str]:
        """The variable that takes a result, by its name alone and as it is written: ('h', 'self.h')."""
        key = (id(where[0]), where[1])
        known = self._targets.get(key)
        if known is None:
            known = self._targets[key] = (where[0], (naming.target_name(where), naming.target_path(where)))
        return known[1]

    def _within(self, one: Breakpoint, where: Where | None) -> bool:
        """Whether what runs now is inside the path that a condition is limited to."""
        inside = one.condition.inside
        if not inside or naming.assigned_name(where) == inside:
            return True
        return any(one.is_at(path, module) for path, module in events.module_stack())

    def _came_from(self, one: Breakpoint, node: Any) -> bool:
        """Whether a node of the forward was made inside that path, or is a parameter of it."""
        inside, path = one.condition.inside, node.path or ""
        if not inside or key_of(node) in one.made or path == inside or path.startswith(f"{inside}."):
            return True
        if node.tensor is not None:
            return one.holds(node.tensor())
        return naming.assigned_name(node.where) == inside

    # -- modules -------------------------------------------------------------------------------------------------------

    def on_module(self, phase: str, module: Any, value: Any) -> None:
        """Arm what waits for this module; see the variable that takes its result."""
        if threading.get_ident() != self.thread or self._inside or not self._paths:
            return
        if phase == "enter":
            self._calls.append((module, events.user_frame(), value))
            path = events.module_path()
            for one in self._paths:
                one.armed = one.armed or one.is_at(path, module)
            return
        _, where, args = self._calls.pop() if self._calls else (None, None, ())
        for one in self._paths:
            one.armed = False
        outer = self._calls[-1][1] if self._calls else None
        if phase != "exit" or where is None or where == outer or not hasattr(value, "_node"):
            return
        for one in self._paths:
            if one.condition.name in self._target(where):
                entry = self._tape.entry_of(value)
                self._stop(one, Stop(
                    reason=one.condition.name, phase="forward", op=type(module).__name__, inputs=tuple(args),
                    output=value, node=value._node, where=where, module=events.module_path(),
                    key=entry.key if entry is not None else None, raw=self._tape.raw(), frame=user_frame(2),
                    names=naming.argument_names(where),
                ))  # fmt: skip
                return

    # -- backward ------------------------------------------------------------------------------------------------------

    def on_backward(self, phase: str, root: Any, inputs: Any) -> None:
        """A pass begins or ends; after it the next operation begins another step."""
        if threading.get_ident() != self.thread or self._inside:
            return
        if phase == "end":
            del self._roots[-1:]
            self._stale = inputs is None and not self._roots
            return
        self._roots.append(root)
        if len(self._roots) > 1:  # as a checkpoint's: part of the outer pass
            return
        self._pass += 1
        if self._paths:
            names = naming.visible(user_frame(2))
            for one in self._paths:
                one.resolve(names)

    def on_grad(self, node: Any, grad: Any) -> None:
        """Look at a gradient before its node's rule runs: its size, or whether it is one that was waited for."""
        if not (self._grads or self._paths) or threading.get_ident() != self.thread or self._inside:
            return
        leaf = node.tensor() if node.tensor is not None else None
        for one in self._paths:
            if leaf is not None and any(tensor() is leaf for tensor in one.tensors):
                self._stop_back(one, f"gradient of {one.condition.name}", node, grad)
                return
        if not self._grads:
            return
        size = finite.norm(grad)
        for one in self._grads:
            if one.passed != self._pass and one.condition.exceeds(size) and self._came_from(one, node):
                one.passed = self._pass
                limit = f"{one.condition.compare} {one.condition.limit:.4g}"
                self._stop_back(one, f"gradient norm {size:.4g} {limit}", node, grad)
                return

    def on_rule(self, node: Any, grad: Any, edges: Any, results: Any) -> None:
        """Look at the gradients that a node's rule made."""
        if threading.get_ident() != self.thread or self._inside:
            return
        found = self._bad_rule(node, grad, edges, results) if self._health else None
        if found is not None:
            self._stop_back(found[0], found[1], node, grad, results, found[2])
        elif self._stepping is not None:
            self._stop_back(None, "step", node, grad, results)

    def _bad_rule(self, node: Any, grad: Any, edges: Any, results: Any) -> tuple[Breakpoint, str, Cause | None] | None:
        bad, state = first_bad(grad, edges, results)
        for one in self._health:
            bit = BITS[one.condition.kind]
            if state & bit and self._came_from(one, node):
                if self._stopped_for & bit and _keeps_bad(node):  # what the forward made, it was told of
                    continue
                self._blamed_pass, self._stopped_for = self._pass, self._stopped_for | bit
                return one, f"{kind_of(bit)} in the gradient", gradient_cause(node, grad, bad)
        if bad is not None:
            self._blamed_pass = self._pass
        elif self._blamed_pass != self._pass and not isinstance(grad, list):
            arrived = finite.state(getattr(grad, "_array", grad))
            for one in self._health:
                if arrived & BITS[one.condition.kind] and self._came_from(one, node):
                    self._blamed_pass = self._pass
                    return one, f"{kind_of(BITS[one.condition.kind])} in the gradient", None
        return None

    def _stop_back(self, one: Breakpoint | None, reason: str, node: Any, grad: Any, results: Any = (),
                   cause: Cause | None = None) -> None:  # fmt: skip
        key = key_of(node)
        raw = from_nodes(self._roots, self._tape) if self._roots else self._tape.raw()
        kept = kept_result(node)
        leaf = node.tensor() if node.tensor is not None else None
        operands = saved_operands(node)
        if kept is None and operands and all(v is not None for v in operands):
            kept = again(node, operands)
        where, module, names = node.where, node.path or "", naming.argument_names(node.where)
        if leaf is not None:  # no operation: it is told by its name, at the line that first takes it
            use = next((entry for entry in raw if any(source == key for _, source in entry.inputs)), None)
            where, module = (use.where, use.path) if use is not None else (None, "")
            names = (naming.Names.in_sight(user_frame(2)).of(leaf),)
            reason = reason if one in self._paths else " · ".join(filter(None, (reason, *names)))
        self._stop(one, Stop(
            reason=reason, phase="backward", op="leaf" if leaf is not None else node.op.name,
            inputs=(leaf,) if leaf is not None else tuple(map(_tensor, operands)),
            output=_tensor(kept), grad=_tensor(grad, copy=True), grads=tuple(_tensor(v, copy=True) for v in results),
            params=node.params, node=node, where=where, module=module, cause=cause, key=key, raw=raw,
            frame=user_frame(2), names=names,
        ))  # fmt: skip

    # -- stopping ------------------------------------------------------------------------------------------------------

    def _stop(self, one: Breakpoint | None, stop: Stop) -> None:
        if one is not None:
            one.hits += 1
        stop.breakpoint = one
        how = (one.how or default_how()) if one is not None else self._stepping or default_how()
        self._stepping, self._inside = None, True
        try:
            verdict = presenters[how](stop)
        finally:
            self._inside = False
            stop.settle()
        if verdict == "step_op" and self.listed:
            self._stepping = how


def _not_a_number(operands: tuple[Any, ...], params: dict[str, Any], where: Where | None) -> str:
    """The name of a plain number among the operands and parameters that is NaN; '' if there is none."""
    named = {f"operand {slot}": value for slot, value in enumerate(operands)} | params
    bad = next((name for name, value in named.items() if isinstance(value, float) and value != value), "")
    written = dict(zip(named, naming.argument_names(where), strict=False))
    return written.get(bad) or bad


def _keeps_bad(node: Any) -> bool:
    """Whether a value that a node kept of its forward is not finite."""
    return any(finite.state(value) for value in saved_of(node))


def _tensor(value: Any, copy: bool = False) -> Any:
    """An array as a tensor that has no history; None stays None."""
    value = backends.all_samples(getattr(value, "_array", value))
    if not backends.is_array(value):
        return value if isinstance(value, int | float) else None
    return Tensor._of(value.copy() if copy else value)


watcher = Watcher()
