"""Where the first NaN or infinity came from: the operation whose operand left its domain, or the data."""

from __future__ import annotations

import math
import weakref
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gradbook import backends
from gradbook.coach import code
from gradbook.coach.curves import Curves
from gradbook.coach.finding import Fix
from gradbook.coach.loading import tensors_of
from gradbook.coach.record import Op, Pass, Turn, Value
from gradbook.coach.rule import Rule
from gradbook.coach.rules.domains import mended
from gradbook.coach.updates import Updates
from gradbook.observe import finite
from gradbook.observe.birth import Birth
from gradbook.observe.causes import SINGULAR
from gradbook.observe.naming import Names, visible
from gradbook.observe.provenance import birth_of
from gradbook.observe.raw import from_nodes, key_of
from gradbook.observe.source import Where, user_frame

__all__ = ["RULES", "NanOrigin"]

MAKERS = (
    "log", "log2", "log10", "log1p", "logit", "sqrt", "rsqrt", "div", "reciprocal", "exp", "expm1", "pow", "power",
    "acos", "asin", "atanh", "acosh", "std", "var", "mean", "norm", "binary_cross_entropy", "sinh", "cosh",
)  # fmt: skip
FEW = {"mean": 0, "std": 1, "var": 1}  # values of which they are no number
LEAP = 0.3  # of the parameters changed by a step whose gradient was finite: they ran away
MANY = 1 << 22  # elements: of more, the makers of data are not looked at


@dataclass(frozen=True)
class Seen:
    """An operation that was watched as it made a number that is not finite, or as its derivative must be."""

    op: str
    where: Where | None
    path: str
    what: str  # in words: `log of 0`


class NanOrigin(Rule):
    """A loss is NaN or infinite: the line of the operation that made the first such number of finite ones."""

    id = "nan-origin"
    severity = "error"
    idea = "one NaN makes everything after it NaN: keep operands where log, sqrt, / and exp are finite"
    threshold = "none: the loss is not a number; one that first grew a hundredfold diverges, which is another rule"
    ops: ClassVar[frozenset[str]] = frozenset(MAKERS)

    def begins(self) -> None:
        self.born: list[Seen] = []  # by operations that were watched
        self.risks: list[Seen] = []  # derivatives that are not finite where they were asked for
        self.order: list[tuple[str, Where | None, str]] = []  # operations behind the loss of a watched turn
        self.curves, self.updates = self.coach.shared(Curves), self.coach.shared(Updates)
        self.loaders: list[weakref.ref[Any]] = []
        self.said = False

    # -- while it is watched -----------------------------------------------------------------------------------------

    def operation(self, op: Op, operands: tuple[Any, ...], output: Any) -> None:
        array = getattr(output, "_array", None)
        if self.said or array is None or array.size > MANY or len(self.born) + len(self.risks) > 64:
            return
        arrays = [getattr(x, "_array", x) for x in operands]
        if finite.is_finite(array):
            if (
                op.name in SINGULAR
                and op.recorded
                and op.output.requires_grad
                and (what := singular(op, arrays, array))
            ):
                self.risks.append(Seen(op.name, op.where, op.path, what))
        elif all(finite.is_finite(x) for x in arrays if backends.is_array(x) or isinstance(x, float)):
            self.born.append(Seen(op.name, op.where, op.path, put(op.name, arrays, array)))

    def turned(self, turn: Turn) -> None:
        for made in turn.passes[-1:]:
            if made.loss is not None and not self.said:
                ops = sorted((op for op in made.loss.above() if op.output.requires_grad), key=lambda op: op.number)
                self.order = [(op.name, op.where, op.path) for op in ops]

    def batch(self, phase: str, loader: Any, index: int, total: int | None) -> None:
        if index == 0:
            self.loaders.append(weakref.ref(loader))
            del self.loaders[:-4]

    def broke(self, pass_: Pass) -> None:
        if self.said:
            return
        root = pass_.root()
        if root is None or self.curves.curve(pass_.where).grew():
            return
        self.said = True
        self._look(pass_, root)

    # -- where it came from ------------------------------------------------------------------------------------------

    def _look(self, pass_: Pass, root: Any) -> None:
        frame = user_frame()
        try:
            birth = birth_of(root, Names.in_sight(frame), visible(frame))
        except RuntimeError:  # the graph's values are gone
            birth = None
        if birth is None:
            return
        node = birth.graph.nodes[birth.node]
        few = self._of_few(root)
        if few is not None:
            self._operation(pass_, *few, "forward")
            return
        if birth.phase == "forward" and birth.cause.why.startswith("an operand holds an infinity") and self.born:
            self._data(pass_, birth)  # which was made before the graph begins
        elif birth.phase == "forward" and birth.certain:
            if birth.op not in MAKERS and "softmax" not in birth.op and self.curves.curve(pass_.where).count > 1:
                return  # numbers that have grown too large for a sum: that is no operation's fault
            where, path = self._place(root, birth)
            self._operation(pass_, birth.op, where, birth.sentence, path, "forward", birth.cause.why)
        elif node.kind == "parameter" and self.curves.curve(pass_.where).count > 1:
            self._update(pass_)
        else:
            self._data(pass_, birth)

    def _of_few(self, root: Any) -> tuple[str, Where | None, str, str] | None:
        """A mean of no values, or a deviation of one: its result is not kept, but its shape tells."""
        for node in inner(root._node):
            shape = node.edges[0].shape if node.edges and node.edges[0] is not None else None
            if shape is None or node.op.name not in FEW:
                continue
            ratio = math.prod(shape) / max(math.prod(node.shape), 1)
            if ratio <= FEW[node.op.name] and (node.params or {}).get("correction", 1):
                where, path = self._stands(root, node)
                return node.op.name, where, f"{node.op.name} of {ratio:g} values, which is 0 / 0", path
        return None

    def _place(self, root: Any, birth: Birth) -> tuple[Where | None, str]:
        """Where the operation of a birth stands."""
        raw = from_nodes([root])[birth.node]
        if raw.where is not None:
            return raw.where, raw.path
        node = next((node for node in inner(root._node) if key_of(node) == raw.key), None)
        return self._stands(root, node) if node is not None else (None, "")

    def _stands(self, root: Any, node: Any) -> tuple[Where | None, str]:
        """Where an operation stands: as its node says, or as the same step did when it was watched."""
        if node.where is not None:
            return node.where, node.path or ""
        nodes = sorted(inner(root._node), key=lambda each: each.seq)
        if [each.op.name for each in nodes] == [name for name, _, _ in self.order]:
            return self.order[nodes.index(node)][1:]
        alike = [(where, path) for name, where, path in self.order if name == node.op.name]
        return alike[0] if len({where for where, _ in alike}) == 1 else (None, "")

    def _operation(self, pass_: Pass, op: str, where: Where | None, what: str, path: str, phase: str,
                   why: str = "") -> None:  # fmt: skip
        at = code.place(where if where is not None else pass_.where)
        loss = code.loss_name(code.place(pass_.where))
        message = f"{loss} becomes {kind_of(pass_.value)} here: {what}."
        if why and shorter(message).count("[") > shorter(message).count("]"):  # cut in the middle of an index
            message = f"{loss} becomes {kind_of(pass_.value)} here: {op}, as {why}."
        if phase == "backward":
            message = f"{loss} becomes NaN because of this line: {what}."
        self.find(
            shorter(message), where if where is not None else pass_.where,
            {"loss": pass_.value, "in step": self.coach.steps + 1, "operation": op, "what": what,
             **({"before that": f"{self.curves.curve(pass_.where).last:.4g}"} if phase == "backward" else {})},
            mended(at, op, phase), nodes=[path] if path else (),
        )  # fmt: skip

    def _update(self, pass_: Pass) -> None:
        """The parameters are no numbers any more: a gradient was none, in the step before."""
        if self.risks:
            risk = self.risks[-1]
            self._operation(pass_, risk.op, risk.where, risk.what, risk.path, "backward")
            return
        if self.born:  # of rows that the loss leaves out, backward times zero: which is no number either
            seen = self.born[0]
            self._operation(pass_, seen.op, seen.where, seen.what, seen.path, "forward")
            return
        found = [(name, where, path) for name, where, path in self.order if name in SINGULAR and name not in ("div",)]
        leapt = any(rate.long(LEAP) for rate in self.updates.rates.values())
        if len({where for _, where, _ in found}) == 1 and not leapt:
            name, where, path = found[0]
            self._operation(pass_, name, where, SINGULAR[name][0], path, "backward")

    def _data(self, pass_: Pass, birth: Birth) -> None:
        """The data brought it in: made by an operation that was watched, or read so."""
        if self.born:
            seen = self.born[0]
            self._operation(pass_, seen.op, seen.where, seen.what, seen.path, "forward")
            return
        value = self._bad_input(pass_)
        name = birth.cause.happened.split(" holds ")[0]
        name = name if name.isidentifier() else "x"
        tensor = value.tensor if value is not None else None
        where = value.where if value is not None else None
        at = code.place(where or pass_.where)
        if tensor is not None and (own := code.name_of(tensor, "")):
            name = own
        fix = code.insertion(
            at, f"{name} = torch.nan_to_num({name})", "or leave those rows out", after=where is not None
        )
        rows = f"{name} = {name}[torch.isfinite({name}).all(dim=1)]"
        self.find(
            f"The data holds {birth.kind} before any operation: {name} must be cleaned.", where or pass_.where,
            {"loss": pass_.value, "data": birth.cause.happened}, [fix, Fix(rows, (), "only the rows without it")],
        )  # fmt: skip

    def _bad_input(self, pass_: Pass) -> Value | None:
        """A tensor that was made of numbers and that led to this loss, or that the loader holds."""
        found: list[Value] = []
        for op in pass_.loss.above() if pass_.loss is not None else ():
            found += [value for value in op.inputs if value.maker is None and value.tensor is not None]
        bad = [value for value in found if not finite.is_finite(value.tensor._array)]
        held = [
            self.coach.tape.value(x)
            for loader in self.loaders
            for x in tensors_of(loader())
            if not finite.is_finite(x._array)
        ]
        return next((value for value in (*bad, *held) if value.where is not None), None)


def inner(root: Any) -> set[Any]:
    """The nodes of operations that led to a root."""
    seen, stack = {root}, [root]
    while stack:
        for edge in stack.pop().edges:
            if edge is not None and edge not in seen and edge.tensor is None:
                seen.add(edge)
                stack.append(edge)
    return seen


def kind_of(value: float) -> str:
    """NaN, or infinite."""
    return "NaN" if math.isnan(value) else "infinite"


def shorter(message: str) -> str:
    """At most 120 characters, cut at the last clause that fits."""
    if len(message) <= 120:
        return message
    cut = message[:119]
    return cut[: max(cut.rfind(":"), cut.rfind(","), cut.rfind("("), 60)].rstrip(" (,:") + "."


def put(op: str, arrays: list[Any], output: Any) -> str:
    """What happened, in words and with the operand's number."""
    first = next((x for x in arrays if backends.is_array(x)), None)
    if op == "div":
        return "it divides by 0"
    if first is None or tuple(first.shape) != tuple(output.shape):
        return f"{op} gives a number that is not finite"
    place = np.unravel_index(int(np.argmin(np.isfinite(output))), output.shape) if output.ndim else ()
    return f"{op} of {float(first[place]):.4g}"


def singular(op: Op, arrays: list[Any], output: Any) -> str:
    """Why the derivative of an operation is not finite where it was asked for, '' where it is."""
    first = arrays[0]
    if not backends.is_array(first) or not first.size:
        return ""
    bad = False
    if op.name == "sqrt":
        bad = bool((first == 0).any())
    elif op.name in ("norm", "std"):
        bad = bool((output == 0).any())
    elif op.name in ("pow", "power"):
        power = arrays[1] if len(arrays) > 1 else op.params.get("exponent", op.params.get("p"))
        bad = isinstance(power, int | float) and 0 < power < 1 and bool((first == 0).any())
    elif op.name in ("acos", "asin"):
        bad = bool((abs(first) == 1).any())
    return SINGULAR[op.name][0] if bad else ""


RULES = (NanOrigin,)
