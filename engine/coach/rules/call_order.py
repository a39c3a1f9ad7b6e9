"""The order of zero_grad, backward and step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradbook.coach import code
from gradbook.coach.record import Clear, Pass, Step
from gradbook.coach.rule import Rule
from gradbook.observe.source import Where

__all__ = ["RULES", "OptimizerCallOrder"]

ENOUGH = 3  # times that a wrong order is seen before it is called a habit


@dataclass
class Order:
    """The last calls that concern one optimizer."""

    cleared: Where | None = None
    clears: int = 0
    since: str = ""  # calls since its last step: B backward, Z zero_grad
    wrong: int = 0
    idle: int = 0  # steps without any gradient
    passes: int = 0  # backward passes between its clears
    steps: int = 0


class OptimizerCallOrder(Rule):
    """zero_grad between backward and step, step before backward, or one of them missing."""

    id = "optimizer-call-order"
    severity = "error"
    idea = "a step needs fresh gradients: zero_grad(), then backward(), then step()"
    threshold = f"{ENOUGH} times, so that a trial call or a last step is no habit"

    def begins(self) -> None:
        self.orders: dict[int, Order] = {}
        self.owners: dict[int, Any] = {}  # optimizers by id, alive as long as the coach watches
        self.last: Where | None = None  # of the last backward pass

    def _order(self, optimizer: Any) -> Order:
        self.owners.setdefault(id(optimizer), optimizer)
        return self.orders.setdefault(id(optimizer), Order())

    def passed(self, pass_: Pass) -> None:
        self.last = pass_.where
        for order in self.orders.values():
            order.since += "B" if order.since[-1:] != "B" else ""
            order.passes += 1

    def cleared(self, clear: Clear, owner: Any) -> None:
        if hasattr(owner, "param_groups"):
            self._order(owner)
        for key, order in self.orders.items():
            if self.owners[key] is owner or _covers(owner, self.owners[key]):
                order.since += "Z" if order.since[-1:] != "Z" else ""
                order.cleared = clear.where
                order.clears += 1

    def stepped(self, step: Step, optimizer: Any) -> None:
        order = self._order(optimizer)
        order.steps += 1
        since, order.since = order.since[-8:], ""
        if order.steps > 200 or _has_gradients(optimizer):
            return
        if since.endswith("BZ"):
            order.wrong += 1
            if order.wrong == ENOUGH:
                self._between(order, step, optimizer)
        elif "B" not in since and not self.coach.passes:
            order.idle += 1
            if order.idle == ENOUGH:
                self._no_backward(step, optimizer)

    def ended(self) -> None:
        for key, order in self.orders.items():
            if not order.steps and order.clears >= ENOUGH and order.passes >= ENOUGH:
                self._no_step(self.owners[key])

    # -- what it says ------------------------------------------------------------------------------------------------

    def _between(self, order: Order, step: Step, optimizer: Any) -> None:
        """The step finds no gradients: a misplaced zero_grad took them, or it comes before backward."""
        name = self.coach.names[id(optimizer)]
        clear, back, at = code.place(order.cleared), code.place(self.last), code.place(step.where)
        evidence = {"gradients at step()": "none, in each of the last steps"}
        if at is not None and back is not None and back.file == at.file and at.line < back.line:
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
        self.find(
            f"{name}.step() has no gradients to follow: backward() is never called.", step.where,
            {"steps": step.count, "backward passes": 0},
            [code.insertion(at, f"{code.loss_name(at)}.backward()", "before step()")],
        )  # fmt: skip

    def _no_step(self, optimizer: Any) -> None:
        name, at = self.coach.names[id(optimizer)], code.place(self.last)
        order = self.orders[id(optimizer)]
        self.find(
            f"{name}.step() is never called: gradients are computed and the parameters stay as they are.", self.last,
            {"backward passes": order.passes, "steps": 0},
            [code.insertion(at, f"{name}.step()", "after backward()", after=True)],
        )  # fmt: skip


def _covers(owner: Any, optimizer: Any) -> bool:
    """Whether clearing an owner clears the optimizer's gradients, all of those that are looked at."""
    params = [p for group in optimizer.param_groups for p in group["params"]][:2]
    if hasattr(owner, "param_groups"):
        held = {id(p) for group in owner.param_groups for p in group["params"]}
    else:
        held = {id(p) for p in owner.parameters()}
    return bool(params) and all(id(p) in held for p in params)


def _has_gradients(optimizer: Any) -> bool:
    """Whether any of its parameters has a gradient that is not zero."""
    grads = [p._grad for group in optimizer.param_groups for p in group["params"] if p._grad is not None]
    return any(bool(grad._array.any()) for grad in grads)


RULES = (OptimizerCallOrder,)
