"""The order of zero_grad, backward and step."""

from __future__ import annotations

import ast
import traceback
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradbook.coach import code
from gradbook.coach.record import Clear, Op, Pass, Step, Turn, params_of
from gradbook.coach.rule import Rule
from gradbook.coach.rules.reach import Reach
from gradbook.coach.rules.tracing import trace
from gradbook.coach.rules.wherefrom import given_by, leaves, target
from gradbook.coach.samples import sample
from gradbook.observe import naming
from gradbook.observe.source import Where

__all__ = ["RULES", "OptimizerCallOrder"]

FEW = 256  # numbers of a gradient that are looked at first
ENOUGH = 3  # times that a wrong order is seen before it is called a habit
THROWN = 3  # backward passes of one line between two steps, each of which the next clearing throws away
LOOKS = 60  # backward passes after which nobody looks for those
SAMPLED = 16  # elements of a parameter that tell whether it has changed

Site = tuple[int, int]  # of a line that calls backward: id of the code, offset


@dataclass
class Order:
    """The last calls that concern one optimizer."""

    cleared: Where | None = None
    clears: int = 0
    since: str = ""  # calls since its last step: B backward, Z zero_grad
    wrong: int = 0
    idle: int = 0  # steps without any gradient
    said: bool = False  # that no backward pass ever comes
    passes: int = 0  # backward passes between its clears
    steps: int = 0
    back: Where | None = None  # of its last backward pass
    instead: dict[Where, int] = field(default_factory=dict)  # steps of others that followed it at once, how often
    open: bool = False  # that pass has not been followed by a clearing or a step
    thrown: list[int] = field(default_factory=list)  # per step: passes of one line that were thrown away before it
    sites: set[Site] = field(default_factory=set)  # of the passes since its last step
    before: Any = None  # its weights at the last pass
    count: int = 0  # of those that were thrown away since the last step


class OptimizerCallOrder(Rule):
    """zero_grad between backward and step, step before backward, or one of them missing."""

    id = "optimizer-call-order"
    severity = "error"
    idea = "a step needs fresh gradients: zero_grad(), then backward(), then step()"
    threshold = f"{ENOUGH} times, so that a trial call or a last step is no habit"

    def begins(self) -> None:
        self.reach = self.coach.shared(Reach)
        self.orders: dict[int, Order] = {}
        self.owners: dict[int, Any] = {}  # optimizers by id, alive as long as the coach watches
        self.last: Where | None = None  # of the last backward pass
        self.fresh = False  # nothing has stepped since
        self.reached: dict[Site, set[int]] = {}  # the leaves that the passes of a line reach, as far as was watched
        self.losses: dict[int, Op] = {}  # by optimizer: what was computed of its parameters, and never goes backward
        self.inside: Any = None  # the optimizer in whose step() the program was stopped

    def _order(self, optimizer: Any) -> Order:
        self.owners.setdefault(id(optimizer), optimizer)
        return self.orders.setdefault(id(optimizer), Order())

    def passed(self, pass_: Pass) -> None:
        self.last, self.fresh = pass_.where, True
        site = (id(pass_.where[0]), pass_.where[1]) if pass_.where is not None else (0, 0)
        reached = self.reached.get(site)
        for key, order in self.orders.items():
            if reached is not None and reached.isdisjoint(self.reach.ids(self.owners[key])):
                continue  # of another network
            order.since += "B" if order.since[-1:] != "B" else ""
            order.passes += 1
            order.back = pass_.where
            if order.passes <= LOOKS:
                order.sites.add(site)
                order.open = True

    def cleared(self, clear: Clear, owner: Any) -> None:
        if hasattr(owner, "param_groups"):
            self._order(owner)
        for key, order in self.orders.items():
            if self.owners[key] is owner or _covers(owner, self.owners[key]):
                order.since += "Z" if order.since[-1:] != "Z" else ""
                order.cleared = clear.where
                order.clears += 1
                if order.open:
                    order.open = False
                    self._thrown(order, self.owners[key])

    def _thrown(self, order: Order, optimizer: Any) -> None:
        """Gradients are cleared that no step has used: counted where the weights are what they were."""
        weights = next((p._array for p in params_of(optimizer)), None)
        now = sample(weights, SAMPLED).copy() if weights is not None else None
        same = order.before is None or now is None or np.array_equal(now, order.before, equal_nan=True)
        order.before = now
        order.count = order.count + 1 if same else 0

    def turned(self, turn: Turn) -> None:
        for pass_ in turn.passes:
            if pass_.where is not None:
                self.reached.setdefault((id(pass_.where[0]), pass_.where[1]), set()).update(pass_.reached)
        optimizer = turn.step.optimizer() if turn.step is not None else None
        order = self.orders.get(id(optimizer))
        if optimizer is not None and order is not None and order.idle and id(optimizer) not in self.losses:
            loss = idle_loss(turn, self.reach.ids(optimizer))
            if loss is not None:
                self.losses[id(optimizer)] = loss

    def stepped(self, step: Step, optimizer: Any) -> None:
        order = self._order(optimizer)
        order.steps += 1
        self._instead(step, order)
        since, order.since = order.since[-8:], ""
        if len(order.thrown) < ENOUGH:
            order.thrown.append(order.count if len(order.sites) == 1 else 0)
            if len(order.thrown) > 1 and min(order.thrown[-2:]) >= THROWN and not reads_gradients(order.back):
                self._late_step(order, step.where, optimizer)
        order.count, order.open, order.before = 0, False, None
        order.sites.clear()
        if order.steps > 200 or _has_gradients(optimizer):
            return
        if since.endswith("BZ"):
            order.wrong += 1
            if order.wrong == ENOUGH:
                self._between(order, step, optimizer)
        elif "B" not in since:
            order.idle += 1
            never = order.idle >= ENOUGH and (not self.coach.passes or self._never(optimizer))
            if never and not order.said:
                order.said = True
                self._no_backward(step, optimizer)

    def _instead(self, step: Step, order: Order) -> None:
        """Note a step that follows the backward pass of another optimizer, which has not stepped so far."""
        if self.fresh and step.where is not None:
            for other in self.orders.values():
                if not other.steps and other is not order and other.since and other.back is self.last:
                    other.instead[step.where] = other.instead.get(step.where, 0) + 1
        self.fresh = False

    def _never(self, optimizer: Any) -> bool:
        """Whether a loss of these parameters is there, and none of them ever had a gradient."""
        fates = self.reach.optimizers[id(optimizer)].fates
        return id(optimizer) in self.losses and not any(fate.got or fate.live for fate in fates)

    def failed(self, error: BaseException) -> None:
        for frame, _ in traceback.walk_tb(error.__traceback__):
            own = naming.variables(frame).get("self") if frame.f_code.co_name == "step" else None
            self.inside = own if hasattr(own, "param_groups") else self.inside

    def ended(self) -> None:
        for key, order in self.orders.items():
            optimizer = self.owners[key]
            stepped = key in self.coach.optimizers or optimizer is self.inside  # maybe in an earlier cell
            if not order.steps and order.clears >= ENOUGH and order.passes >= ENOUGH and not stepped:
                self._no_step(optimizer)
            elif order.steps == 1 and order.thrown[:1] > [THROWN - 1] and not reads_gradients(order.back):
                self._late_step(order, self.coach.optimizers[key].where, optimizer)

    # -- what it says ------------------------------------------------------------------------------------------------

    def _between(self, order: Order, step: Step, optimizer: Any) -> None:
        """The step finds no gradients: a misplaced zero_grad took them, or it comes before backward."""
        name = self.coach.names[id(optimizer)]
        clear, back, at = code.place(order.cleared), code.place(order.back), code.place(step.where)
        evidence = {"gradients at step()": "none, in each of the last steps"}
        here = at is not None and back is not None and (back.file, back.function) == (at.file, at.function)
        if at is not None and back is not None and here and at.line < back.line:
            fix = code.insertion(back, f"{name}.step()", "after backward()", after=True)
            fix.edits = (*fix.edits, *code.removal(at)) if fix.edits and code.removal(at) else ()
            message = f"{name}.step() runs before backward(): it has no gradients to follow."
            self.find(message, step.where, evidence, [fix])
            return
        fix = code.insertion(back, f"{name}.zero_grad()", "before backward(), not after it")
        fix.edits = (*fix.edits, *code.removal(clear)) if fix.edits and code.removal(clear) else ()
        self.find(
            "zero_grad() stands between backward() and step(): it throws the gradients away before they are used.",
            order.cleared, evidence, [fix],
        )  # fmt: skip

    def _no_backward(self, step: Step, optimizer: Any) -> None:
        name, at = self.coach.names[id(optimizer)], code.place(step.where)
        idle = self.losses.get(id(optimizer))
        loss = (target(code.place(given_by(idle, idle.output))) if idle is not None else "") or code.loss_name(at)
        never = "backward() is never called" if not self.coach.passes else f"{loss} never goes backward"
        self.find(
            f"{name}.step() has no gradients to follow: {never}.", step.where,
            {"steps": step.count, "backward passes": self.orders[id(optimizer)].passes},
            [code.insertion(at, f"{loss}.backward()", "before step()")],
        )  # fmt: skip

    def _late_step(self, order: Order, where: Where | None, optimizer: Any) -> None:
        name, at, back = self.coach.names[id(optimizer)], code.place(where), code.place(order.back)
        fix = code.insertion(back, f"{name}.step()", "after backward(), in each step", after=True)
        gone = code.removal(at)
        fix.edits = (*fix.edits, *gone) if gone and fix.edits else fix.edits
        self.find(
            f"{name}.step() runs once for many backward passes, and zero_grad() throws all but the last away.", where,
            {"backward passes before one step": order.thrown[0] + 1, "of them used": 1}, [fix],
        )  # fmt: skip

    def _no_step(self, optimizer: Any) -> None:
        order = self.orders[id(optimizer)]
        name, where = self.coach.names[id(optimizer)], order.back or self.last
        fixes = [code.insertion(code.place(where), f"{name}.step()", "after backward()", after=True)]
        instead = max(order.instead, key=order.instead.__getitem__, default=None)
        at = code.place(instead)
        call = at.expression if at is not None else None
        often = instead is not None and order.instead[instead] >= ENOUGH
        if at is not None and often and isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            where, fixes = instead, [code.replacement(at, call.func.value, name, "its loss has just gone backward")]
        self.find(
            f"{name}.step() is never called: gradients are computed and the parameters stay as they are.", where,
            {"backward passes": order.passes, "steps": 0}, fixes,
        )  # fmt: skip


def reads_gradients(where: Where | None) -> bool:
    """Whether the program that goes backward here looks at .grad: what is cleared then may have been used."""
    at = code.place(where)
    return at is not None and any(isinstance(n, ast.Attribute) and n.attr == "grad" for n in at.source.nodes())


def idle_loss(turn: Turn, ids: set[int]) -> Op | None:
    """The last single number that was computed of these parameters, which nobody took and no pass went back from."""
    taken = {id(value) for op in turn.ops for value in op.inputs}
    roots = [pass_.loss for pass_ in turn.passes if pass_.loss is not None]
    places = {op.where for root in roots for _, _, op in trace(root) if op is not None}  # also behind a cut
    for op in reversed(turn.ops):
        value = op.output
        single = value.requires_grad and value.shape in ((), (1,)) and id(value) not in taken
        if single and op.where not in places and leaves(value) & ids:
            return op
    return None


def _covers(owner: Any, optimizer: Any) -> bool:
    """Whether clearing an owner clears the optimizer's gradients, all of those that are looked at."""
    params, held = params_of(optimizer)[:2], set(map(id, params_of(owner)))
    return bool(params) and all(id(p) in held for p in params)


def _has_gradients(optimizer: Any) -> bool:
    """Whether any of its parameters has a gradient that is not zero."""
    grads = [p._grad for p in params_of(optimizer) if p._grad is not None]
    return any(bool(array.reshape(-1)[:FEW].any() or array.any()) for array in (grad._array for grad in grads))


RULES = (OptimizerCallOrder,)
