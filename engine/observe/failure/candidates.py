"""What might mend a failure, as changes of the source; none is shown before a trial says that it works."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import gradbook
from gradbook import nn
from gradbook.nn.module import Module
from gradbook.observe.failure.definitions import Built, assignments, attribute, built, rebuilt
from gradbook.observe.failure.findings import Finding
from gradbook.observe.failure.operands import Call, Operand, value_of
from gradbook.observe.failure.sandbox import Sandbox
from gradbook.observe.failure.shapes import Ran
from gradbook.observe.failure.text import Edit, Source, called_name, source_of
from gradbook.observe.failure.trial import Outcome, Plan
from gradbook.observe.naming import variables
from gradbook.observe.source import span_of
from gradbook.tensor import Tensor

__all__ = ["Candidate", "Mender"]

PRODUCTS = ("matmul", "mm")
CREATORS = {"randn", "rand", "zeros", "ones", "empty", "full", "randint"}


@dataclass(frozen=True)
class Candidate:
    """A change that may work, and why one would want it."""

    plan: Plan
    why: str
    weak: bool = False  # shown only where nothing better works, such as other data


Maybe = Candidate | None
Candidates = Iterator[Maybe]


class Mender:
    """Makes candidates for one failure. Everything returns None where the source does not show what to change."""

    def __init__(self, call: Call, finding: Finding, control: Outcome, apart: bool = False) -> None:
        """`apart`: the failure is one of a trial, so that all it is about are stand-ins already."""
        self.call, self.finding, self.control, self.apart = call, finding, control, apart
        self.space = call.step.frame.f_globals
        self.held = {**self.space, **variables(call.step.frame)}

    # -- changes of an expression ----------------------------------------------------------------------------------

    def after(self, operand: Operand | None, text: str, why: str) -> Maybe:
        """Write a method behind an operand."""
        if operand is None or operand.node is None:
            return None
        return Candidate(Plan((self.call.source.after(operand.node, text),)), why)

    def put(
        self, node: ast.expr | ast.stmt | ast.keyword | None, text: str, why: str, source: Source | None = None
    ) -> Maybe:
        """Write something else in the place of an expression."""
        if node is None:
            return None
        return Candidate(Plan(((source or self.call.source).replace(node, text),)), why)

    def both(self, *parts: Maybe) -> Maybe:
        """Several changes as one, with the reason of the first."""
        found = [part for part in parts if part is not None]
        if len(found) < len(parts):
            return None
        patches = [part.plan.patch for part in found if part.plan.patch is not None]

        def patch(sandbox: Sandbox) -> None:
            for each in patches:
                each(sandbox)

        edits = tuple(edit for part in found for edit in part.plan.edits)
        return Candidate(Plan(edits, patch if patches else None), found[0].why, any(part.weak for part in found))

    def keyword(self, node: ast.AST | None, name: str, value: str, why: str, source: Source | None = None) -> Maybe:
        """Give a call a keyword argument, or another value for it."""
        if not isinstance(node, ast.Call):
            return None
        source = source or self.call.source
        given = next((k.value for k in node.keywords if k.arg == name), None)
        if given is not None:
            return self.put(given, value, why, source)
        end = source.replace(node, "")
        comma = ", " if node.args or node.keywords else ""
        edit = Edit(
            end.file, end.end_line, end.end_column - 1, end.end_line, end.end_column - 1, f"{comma}{name}={value}"
        )
        return Candidate(Plan((edit,)), why)

    # -- changes of a definition -----------------------------------------------------------------------------------

    def argument(self, module: Any, why: str, **changes: Any) -> Maybe:
        """Build a module with other arguments: at its definition, for all modules that the same call builds."""
        place = built(module, self.call) if isinstance(module, Module) else None
        if place is None:
            return None
        found: list[Maybe] = []
        for name, value in changes.items():
            node = place.argument(module, name)
            if node is not None and place.varies(node):
                return None
            if node is not None:
                found.append(self.put(node, repr(value), why, place.source))
            else:
                found.append(self.keyword(place.call, name, repr(value), why, place.source))
        made = self.both(*found)
        alike = self._alike(module, place)
        if made is None:
            return None

        def patch(sandbox: Sandbox) -> None:
            for each in alike:
                own = self.original(each)
                sandbox.keep(own, rebuilt(sandbox.present(own), **changes))

        return replace(made, plan=replace(made.plan, patch=patch))

    def another(self, module: Any, kind: type, why: str) -> Maybe:
        """Build a module of another class with the same arguments, such as BatchNorm2d for BatchNorm1d."""
        place = built(module, self.call)
        if place is None or not isinstance(place.call.func, ast.Attribute | ast.Name):
            return None
        old = place.source.segment(place.call.func)
        head = old.rpartition(".")[0]
        made = self.put(place.call.func, f"{head}.{kind.__name__}" if head else kind.__name__, why, place.source)
        alike = self._alike(module, place)

        def patch(sandbox: Sandbox) -> None:
            for each in alike:
                own = self.original(each)
                like = rebuilt(sandbox.present(own))
                like.__class__ = kind
                sandbox.keep(own, like)

        return None if made is None else replace(made, plan=replace(made.plan, patch=patch))

    def layer_before(self, module: Any, text: str, extra: Any, why: str) -> Maybe:
        """Put one more layer in front of a module in its nn.Sequential."""
        place, parent = built(module, self.call), self._parent(module)
        if place is None or parent is None or type(parent).__name__ != "Sequential":
            return None
        func = place.source.segment(place.call.func)
        head = func.rpartition(".")[0]
        whole = place.source.replace(place.call, "")
        edit = replace(
            whole, end_line=whole.line, end_column=whole.column, text=f"{head}.{text}, " if head else f"{text}, "
        )

        def patch(sandbox: Sandbox) -> None:
            items: list[Any] = []
            for child in parent.children():
                items += [extra] if child is module else []
                items.append(sandbox.of(self.original(child)))
            sandbox.keep(self.original(parent), nn.Sequential(*items))

        return Candidate(Plan((edit,), patch), why)

    def size(self, operand: Operand | None, axis: int, to: int, why: str) -> Maybe:
        """Make a variable, or a parameter of the user's module, with another length on one axis."""
        if operand is None:
            return None
        source, call = next(self._creations(operand), (None, None))
        numbers = _numbers(call) if call is not None else []
        values = tuple(n.value for n in numbers if isinstance(n, ast.Constant))
        if source is None or len(values) != len(numbers) or values != operand.shape:
            return None
        made = self.put(numbers[axis], str(to), why, source)
        shape = tuple(to if i == axis else n for i, n in enumerate(operand.shape))
        old = self.original(operand.tensor)

        def patch(sandbox: Sandbox) -> None:
            again: Any = type(old)._of(gradbook.zeros(shape, dtype=old.dtype)._array)
            if old.requires_grad:
                again.requires_grad_(True)
            sandbox.keep(old, again)

        return None if made is None else replace(made, plan=replace(made.plan, patch=patch), weak=True)

    def sizes(self, operand: Operand, to: tuple[int, ...], why: str) -> Maybe:
        """Make a variable with other lengths on the axes that differ."""
        differing = [axis for axis, n in enumerate(operand.shape) if n != to[axis]]
        if len(differing) != 1:
            return None
        return self.size(operand, differing[0], to[differing[0]], why)

    def factor_size(self, operand: Operand | None, to: int, why: str) -> Maybe:
        """Where a matrix product made an operand: another width of its second factor, if that is a variable."""
        ran = self.producer(operand)
        factor = ran.operands[1] if ran is not None and ran.op in PRODUCTS and len(ran.operands) > 1 else None
        original = self.control.originals.get(id(factor))
        if not isinstance(original, Tensor) or original.ndim != 2:
            return None
        name = self.call.names.of(original)
        if not name.isidentifier():
            return None
        return self.size(Operand("factor", original, name, ast.Name(name)), 1, to, why)

    def drawn_below(self, operand: Operand | None) -> int:
        """The bound of `torch.randint(low, high, …)` where that gave a variable its value; 0 where it did not."""
        node = operand.node if operand is not None else None
        if not isinstance(node, ast.Name):
            return 0
        _, _, value = next(assignments({node.id}, self.call), (None, None, None))
        if not isinstance(value, ast.Call) or getattr(value.func, "attr", "") != "randint":
            return 0
        bounds = [a.value for a in value.args[:2] if isinstance(a, ast.Constant) and isinstance(a.value, int)]
        return bounds[-1] if bounds else 0

    def _creations(self, operand: Operand) -> Iterator[tuple[Source, ast.Call]]:
        node = operand.node
        if isinstance(node, ast.Name):
            for source, _, value in assignments({node.id}, self.call):
                inner = creation(value)
                if inner is not None:
                    yield source, inner
                return
        for module in self.call.modules[-1:]:
            for name, held in module._parameters.items():
                if held is operand.tensor:
                    place = attribute(type(module), name)
                    inner = creation(place.call) if place is not None else None
                    if place is not None and inner is not None:
                        yield place.source, inner

    def _alike(self, module: Any, place: Built) -> list[Any]:
        """The modules that the same call of the source builds, in every model in sight."""
        roots = [*self.call.modules[:1], *(root for _, root in self.call.names.roots)]
        seen: dict[int, Any] = {id(module): module}
        for root in roots:
            for each in root.modules():
                if type(each) is type(module) and id(each) not in seen:
                    other = built(each, self.call)
                    if other is not None and other.call is place.call:
                        seen[id(each)] = each
        return list(seen.values())

    def _parent(self, module: Any) -> Any:
        for root in [*self.call.modules[:1], *(root for _, root in self.call.names.roots)]:
            for each in root.modules():
                if any(child is module for child in each._modules.values()):
                    return each
        return None

    def original(self, thing: Any) -> Any:
        """What a stand-in stands for; anything else as it is."""
        return self.control.originals.get(id(thing), thing)

    # -- what ran before -------------------------------------------------------------------------------------------

    def producer(self, operand: Operand | None) -> Ran | None:
        """The operation that made an operand, if the trial of the unchanged program saw it."""
        made = self.stand_in(operand)
        if made is None:
            return None
        for ran in reversed(self.control.ran):
            outputs = ran.output if isinstance(ran.output, tuple) else (ran.output,)
            if any(out is made for out in outputs):
                return ran
        return None

    def stand_in(self, operand: Operand | None) -> Tensor | None:
        """What stood for an operand in the trial of the unchanged program."""
        twin = self.control.twins.get(operand.role) if operand is not None else None
        return twin if isinstance(twin, Tensor) else None

    def width_of(self, operand: Operand | None, why: str, to: int) -> Maybe:
        """Let the layer that made an operand's last axis, or its channels, give another number."""
        ran = self.producer(operand)
        steps = 0
        while ran is not None and steps < 32:
            module = ran.module if self.apart else self.original(ran.module)
            if ran.op == "linear" and isinstance(module, nn.Linear):
                return self.argument(module, why, out_features=to)
            if ran.op.startswith("conv") and hasattr(module, "out_channels"):
                return self.argument(module, why, out_channels=to)
            if ran.op == "embedding" and isinstance(module, nn.Embedding):
                return self.argument(module, why, embedding_dim=to)
            source = ran.operands[0] if ran.operands and isinstance(ran.operands[0], Tensor) else None
            if source is None or ran.op in ("reshape", "view", "permute", "transpose", "matmul", "mm"):
                return None
            if not isinstance(ran.output, Tensor) or not _as_wide(source, ran.output):
                return None
            ran = next((r for r in reversed(self.control.ran) if r.output is source), None)
            steps += 1
        return None

    def callee(self) -> Any:
        """What the failing call calls, if a name or an attribute of one of our modules says so."""
        func = self.call.node.func if isinstance(self.call.node, ast.Call) else None
        if isinstance(func, ast.Name):
            return self.held.get(func.id)
        if not isinstance(func, ast.Attribute):
            return None
        owner = value_of(func.value, self.held)
        if isinstance(owner, ModuleType) and owner.__name__.startswith("gradbook"):
            return getattr(owner, func.attr, None)
        return getattr(type(owner), func.attr, None) if isinstance(owner, Tensor | Module) else None

    # -- names -----------------------------------------------------------------------------------------------------

    def alias(self, module: Any) -> str:
        """What the user calls a module of ours, such as `F` or `torch`; '' if nothing."""
        names = [name for name, value in self.space.items() if value is module and not name.startswith("_")]
        return min(names, key=len, default="")


def _as_wide(before: Tensor, after: Tensor) -> bool:
    """Whether an operation left the last axis, or the channels, as long as it was."""
    same_last = before.ndim > 0 and after.ndim > 0 and before.shape[-1] == after.shape[-1]
    return same_last or (before.ndim > 2 and after.ndim > 2 and before.shape[1] == after.shape[1])


def creation(node: ast.AST) -> ast.Call | None:
    """The call in an expression that makes a tensor of a shape in numbers: zeros(3, 4), Parameter(zeros(3))."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            name = called_name(call)
            if name in CREATORS:
                return call
    return None


def _numbers(call: ast.Call) -> Sequence[ast.expr]:
    """The expressions of a shape: of zeros(3, 4), zeros((3, 4)), zeros(size=(3, 4))."""
    given: list[ast.expr] = [*call.args, *(k.value for k in call.keywords if k.arg == "size")]
    for part in given:
        if isinstance(part, ast.Tuple | ast.List):
            return part.elts
    return given


def method_call(ran: Ran) -> ast.Call | None:
    """The user's call that an operation was made by."""
    if ran.where is None:
        return None
    node = source_of(ran.where[0].co_filename).at(span_of(ran.where))
    return node if isinstance(node, ast.Call) else None


def two(m: Mender) -> tuple[Operand | None, Operand | None]:
    """The first two operands."""
    operands = m.call.operands
    return (operands[0] if operands else None), (operands[1] if len(operands) > 1 else None)


def bracketed(node: ast.expr, text: str) -> str:
    """The text of an expression, in brackets where an operator would pull it apart."""
    return f"({text})" if isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare) else text
