"""Optimizers that hold other parameters than those that the loss depends on."""

from __future__ import annotations

import ast

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.literals import standing
from gradbook.coach.record import Built, Turn
from gradbook.coach.rule import Rule
from gradbook.coach.rules.reach import Fate, Held, Part, Reach
from gradbook.coach.rules.wherefrom import ids
from gradbook.observe.failure.definitions import function_of
from gradbook.observe.failure.text import Edit, called_name

__all__ = ["RULES", "StaleOptimizer"]

SOON = 3  # steps without any gradient of its own that are no coincidence


class StaleOptimizer(Rule):
    """An optimizer was built on other parameters: of a model that was made again, or before a layer was added.

    Parameters that get gradients and are in no optimizer are no fault by themselves: a network may be there only to
    judge another one, a backbone may stay as it is although it is not frozen. What was made after the optimizer, or
    stands in the place of what the optimizer has, was meant to be trained.
    """

    id = "stale-optimizer"
    severity = "error"
    idea = "an optimizer changes the parameters that it was given when it was built, and no others"
    threshold = f"{SOON} steps without any gradient of its own, or parameters that were made after it and never change"

    def begins(self) -> None:
        self.reach = self.coach.shared(Reach)

    def turned(self, turn: Turn) -> None:
        for held in self.reach.every:
            if held.hungry >= SOON:
                self._judge(held)

    def ended(self) -> None:
        for held in self.reach.every:
            if held.steps > 1 or held.hungry:
                self._judge(held)

    def _judge(self, held: Held) -> None:
        strays = [fate for fate in self.reach.fates.values() if fate.stray and fate.name and fate.holder is None]
        waiting = self._waiting()
        strays = [fate for fate in strays if id(held) in fate.steppers and id(fate.ref()) not in waiting]
        if not strays:
            return
        apart = all(not fate.used or (fate.cut is not None and fate.cut.how == "no_grad") for fate in held.fates)
        never = len(held.starved) == len(held.fates) and apart
        if held.hungry and never:
            self._other_model(held, strays)
            return
        strays = [fate for fate in strays if not fate.earlier]  # such as what has been trained to judge another one
        younger = [fate for fate in strays if _after(fate.built, held.built)]
        if held.hungry >= SOON and younger:
            self._other_model(held, younger)
            return
        roots = {fate.root for fate in held.fates if fate.name}
        orphans = [fate for fate in held.starved if not fate.name and not fate.used]
        inside = [fate for fate in strays if fate.root in roots]
        later = [fate for fate in inside if _after(fate.built, held.built) or fate.frozen]
        later += [fate for fate in younger if fate.training]
        if later or (orphans and inside):
            self._added_later(held, list(dict.fromkeys(later)) or inside)
            return
        orders = [fate.order for fate in held.fates if fate.got and fate.name]
        last_part = [fate for fate in inside if fate.order > max(orders, default=0)]
        if orders and inside == last_part and 0 < len(inside) < len(orders) and len({_whole(f) for f in inside}) == 1:
            self._left_out(held, inside, _whole(inside[0]), min(orders))
        elif orders and not inside:
            for root in dict.fromkeys(fate.root for fate in strays):
                own = [fate for fate in strays if fate.root == root and fate.training and fate.built is not None]
                if own:
                    self._left_out(held, own, root, min(orders))

    def _waiting(self) -> set[int]:
        """Ids of the parameters of optimizers that are there and never step: that is another fault."""
        known = {id(step.optimizer()) for step in self.coach.optimizers.values()}
        built = [made.thing() for made in self.coach.built.values()]
        return set().union(*(ids(o) for o in built if hasattr(o, "param_groups") and id(o) not in known))

    # -- what it says ------------------------------------------------------------------------------------------------

    def _other_model(self, held: Held, strays: list[Fate]) -> None:
        root = strays[0].root
        frozen = not held.fates and held.frozen
        what = "only frozen parameters" if frozen else "the parameters of another model"
        self._say(
            held, f"{held.name} has {what}: those of {root} get gradients and never change.", strays,
            self._rebuilt(held, self.reach.parts[root, ""].built if (root, "") in self.reach.parts else None, root),
        )  # fmt: skip

    def _added_later(self, held: Held, strays: list[Fate]) -> None:
        names = list(dict.fromkeys(_whole(fate) for fate in strays))
        thawed = all(fate.frozen for fate in strays)
        what = "was unfrozen" if thawed else "was made"
        message = f"{' and '.join(names[:2])} {what} after {held.name}, which does not have it: it never changes."
        add = f'{held.name}.add_param_group({{"params": {names[0]}.parameters()}})'
        latest = max((fate.built for fate in strays if fate.built is not None), key=lambda b: b.number, default=None)
        since = held.built.steps if held.built is not None else 0
        if latest is not None and latest.steps > since and not thawed:  # it was there only after some training
            self._grown(held, strays, latest, message)
            return
        fixes = [] if thawed else self._rebuilt(held, latest, called_there(strays[0], latest))
        self._say(held, message, strays, [*fixes, Fix(add, (), "once it is to be trained")])

    def _grown(self, held: Held, strays: list[Fate], latest: Built, message: str) -> None:
        """The line that has made the model grow: there the optimizer has to be told."""
        at = grower(code.place(latest.where), held.name)
        fate = next(fate for fate in strays if fate.built is latest)
        words = fate.module.split(".")
        paths = [".".join(words[: i + 1]) for i in range(len(words))]
        parts = [path for path in paths if _made_after(self.reach.parts.get((fate.root, path)), held)]
        root = called_there(fate, latest)
        name = written(root, parts[0] if parts else fate.module, latest)
        add = f'{held.name}.add_param_group({{"params": {name}.parameters()}})'
        fix = code.insertion(at, add, "the new parameters are trained from here on", after=True)
        self._say(held, message, strays, [fix, *self._rebuilt(held, latest, root)], at=at)

    def _left_out(self, held: Held, strays: list[Fate], name: str, first: int) -> None:
        """What no optimizer has although it was there: what comes after trained layers was surely forgotten."""
        at = _place(held)
        call = at.expression if at is not None else None
        fixes = []
        if at is not None and isinstance(call, ast.Call) and call.args:
            both = f"[*{at.source.segment(call.args[0])}, *{name}.parameters()]"
            fixes = [code.replacement(at, call.args[0], both, "one optimizer for both")]
        downstream = min(fate.order for fate in strays) > first
        message = f"No optimizer has the parameters of {name}: they get gradients and never change."
        self._say(held, message, strays, fixes, "warning" if downstream else "hint")

    def _say(self, held: Held, message: str, strays: list[Fate], fixes: list[Fix], severity: str = "",
             at: code.Place | None = None) -> None:  # fmt: skip
        names = [f"{fate.root}.{fate.name}" for fate in strays]
        evidence = {
            "in no optimizer": ", ".join(names[:4]),
            f"{held.name} has": f"{len(held.fates) + held.frozen} parameters, {len(held.starved)} without a gradient",
        }
        at = at or _place(held)
        self.find(
            message,
            at.at if at is not None else None,
            evidence,
            fixes,
            nodes=[fate.name for fate in strays[:8]],
            severity=severity,
        )

    def _rebuilt(self, held: Held, after: Built | None, root: str) -> list[Fix]:
        """The optimizer's line, with the parameters that it shall have, where all of them are there."""
        at, shall = _place(held), f"{root}.parameters()"
        if at is None or at.statement is None:
            return [Fix(f"{held.name} = ...", (), f"build it again, of {shall}, after {root} is complete")]
        call = at.expression
        given = call.args[0] if isinstance(call, ast.Call) and call.args else None
        other = given is not None and root not in at.source.segment(given)
        behind = code.place(after.where) if after is not None else code.assignment(code.place(held.where), root)
        near = behind is not None and (behind.file, behind.function) == (at.file, at.function)
        if other and given is not None and behind is not None and near and behind.line < at.line:
            return [code.replacement(at, given, shall, "what the loss depends on")]
        text = at.source.segment(at.statement)
        if other and given is not None:
            text = text.replace(at.source.segment(given), shall)
        fix = code.insertion(behind, " ".join(text.split()), "after what it shall train", after=True)
        removed: tuple[Edit, ...] = code.removal(at) if near and behind is not None and behind.line > at.line else ()
        fix.edits = (*fix.edits, *removed) if removed else ()
        return [fix]


def _after(one: Built | None, other: Built | None) -> bool:
    return one is not None and other is not None and one.number > other.number


def _made_after(part: Part | None, held: Held) -> bool:
    return part is not None and _after(part.built, held.built)


def grower(at: code.Place | None, optimizer: str) -> code.Place | None:
    """The line of the training that made a layer: of a method of the model itself its call."""
    for _ in range(3):
        function = function_of(at.source, at.statement) if at is not None else None
        owner = at.source.parents.get(function) if at is not None and function is not None else None
        if at is None or not isinstance(function, ast.FunctionDef) or not isinstance(owner, ast.ClassDef):
            break
        if optimizer.rpartition(".")[2] in at.source.segment(owner):  # a trainer, which has the optimizer
            break
        calls = [
            (source, node) for source in code.sources(at) for node in source.nodes()
            if isinstance(node, ast.Call) and called_name(node) == function.name
        ]  # fmt: skip
        if not calls:
            break
        at = standing(at, *calls[0])
    return at


def called_there(fate: Fate, built: Built | None) -> str:
    """What the line that made a layer calls the model: `net` in `net.fc = nn.Linear(64, 3)`."""
    at = code.place(built.where) if built is not None else None
    target = at.statement.targets[0] if at is not None and isinstance(at.statement, ast.Assign) else None
    owner = target.value if isinstance(target, ast.Attribute) and target.attr == fate.module else None
    return owner.id if isinstance(owner, ast.Name) and owner.id != "self" else fate.root


def written(root: str, path: str, built: Built) -> str:
    """A module as code calls it: `net.layers[-1]` of one that was appended, `model[1]`."""
    words = [f"[{word}]" if word.isdigit() else f".{word}" for word in path.split(".")]
    at = code.place(built.where)
    appended = at is not None and at.statement is not None and "append(" in at.source.segment(at.statement)
    if appended and path.rpartition(".")[2].isdigit():
        words[-1] = "[-1]"
    return root + "".join(words)


def _whole(fate: Fate) -> str:
    """What a parameter belongs to, as the user may write it: `model.head`."""
    top = fate.module.split(".")[0]
    return f"{fate.root}.{top}" if top and not top.isdigit() else fate.root


def _place(held: Held) -> code.Place | None:
    """The line that builds an optimizer."""
    if held.built is not None:
        return code.place(held.built.where)
    return code.assignment(code.place(held.where), held.name)


RULES = (StaleOptimizer,)
