"""Statements, run from their syntax trees."""

from __future__ import annotations

import ast
import operator
from typing import Any

from gradbook.compiler import rules
from gradbook.compiler.breaks import RESULT, Ended, function_of
from gradbook.compiler.expressions import Closure, Expressions
from gradbook.compiler.frames import Broken, Continued, Frame, Returned
from gradbook.compiler.guards import is_constant
from gradbook.compiler.leaving import all_bare
from gradbook.tensor import Tensor

__all__ = ["Statements"]

IN_PLACE: dict[type[ast.operator], Any] = {
    ast.Add: operator.iadd, ast.Sub: operator.isub, ast.Mult: operator.imul, ast.Div: operator.itruediv,
    ast.FloorDiv: operator.ifloordiv, ast.Mod: operator.imod, ast.Pow: operator.ipow, ast.MatMult: operator.imatmul,
    ast.BitAnd: operator.iand, ast.BitOr: operator.ior, ast.BitXor: operator.ixor, ast.LShift: operator.ilshift,
    ast.RShift: operator.irshift,
}  # fmt: skip


class Statements(Expressions):
    """What each kind of statement does."""

    def run(self, statements: list[ast.stmt]) -> None:
        """Run statements one after the other."""
        frame = self.frames[-1]
        for statement in statements:
            frame.line, frame.statement = statement.lineno, statement
            if self.breaks and self.mode(statement) in ("left", "whole"):
                self.left_over(statement)
                continue
            handler = getattr(self, "run_" + type(statement).__name__, None)
            if handler is None:
                self.fail(f"a {type(statement).__name__.lower()} statement")
                self.natively(statement)
            else:
                handler(statement)

    def left_over(self, statement: ast.stmt) -> None:
        """Leave a statement to Python."""
        found = self.run_left(statement)
        if type(found) is Ended:
            raise Returned(found.value)
        if isinstance(statement, ast.Return):
            raise Returned(found)

    def holds(self, node: Any) -> bool:
        """Whether the condition of an if or while statement holds."""
        self.frames[-1].statement = node
        return self.decide(node) if self.mode(node) == "decided" else self.truth(self.value(node.test))

    def natively(self, node: ast.stmt | ast.expr) -> Any:
        """Let Python run a statement, or give an expression's value, with the frame's variables."""
        frame = self.frames[-1]
        statement = ast.copy_location(ast.Return(node), node) if isinstance(node, ast.expr) else node
        function, given, stores = function_of(frame, statement)
        found = function(**{name: all_bare(value) for name, value in given.items()})
        if type(found) is Ended:
            raise Returned(found.value)
        if statement is not node:
            return found[RESULT]
        frame.variables.update({name: found[name] for name in stores if name in found})
        return None

    def run_Expr(self, node: ast.Expr) -> None:
        self.value(node.value)

    def run_Pass(self, node: ast.Pass) -> None:
        pass

    def run_Return(self, node: ast.Return) -> None:
        raise Returned(None if node.value is None else self.returned(node.value))

    def returned(self, node: ast.expr) -> Any:
        """A returned value; `loss.item()` in it is noted as a number that came from a tensor."""
        if isinstance(node, ast.Tuple | ast.List) and not any(isinstance(part, ast.Starred) for part in node.elts):
            parts = [self.returned(part) for part in node.elts]
            return tuple(parts) if isinstance(node, ast.Tuple) else self.own(parts)
        if isinstance(node, ast.Dict) and all(key is not None for key in node.keys):
            keys = [self.value(key) for key in node.keys if key is not None]
            return self.own({k: self.returned(v) for k, v in zip(keys, node.values, strict=True)})
        named = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args
        if named and node.func.attr == "item" and len(self.frames) == 1:  # type: ignore[attr-defined]
            tensor = self.value(node.func.value)  # type: ignore[attr-defined]
            if isinstance(tensor, Tensor):
                self.on_item(True)
                try:
                    number = tensor.item()
                finally:
                    self.on_item(False)
                self.items[id(number)] = (number, tensor)
                return number
            return tensor.item()
        return self.hosted(node)

    def run_Assign(self, node: ast.Assign) -> None:
        value = self.hosted(node.value)
        for target in node.targets:
            self.assign(target, value)

    def run_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.assign(node.target, self.value(node.value))

    def run_AugAssign(self, node: ast.AugAssign) -> None:
        operate, target = IN_PLACE[type(node.op)], node.target
        if isinstance(target, ast.Name):
            old = self.read_name(target.id)
            if not isinstance(old, Tensor) and not is_constant(old) and id(old) not in self.fresh:
                self.fail("an object from outside is changed in place")
            self.assign(target, operate(old, self.value(node.value)))
        elif isinstance(target, ast.Attribute):
            owner = self.value(target.value)
            name = self.mangled(target.attr)
            self.store_attribute(owner, name, operate(self.attribute(owner, name), self.value(node.value)))
        elif isinstance(target, ast.Subscript):
            owner, key = self.value(target.value), self.value(target.slice)
            self.store_item(owner, key, operate(self.item(owner, key), self.value(node.value)))

    def assign(self, target: ast.expr, value: Any) -> None:
        """Bind a name, unpack, or store in an object."""
        frame = self.frames[-1]
        if isinstance(target, ast.Name):
            if target.id in frame.outside:
                self.set_outside(frame, target.id, value)
            else:
                frame.variables[target.id] = value
            return
        value = self.bare(value)
        if isinstance(target, ast.Tuple | ast.List):
            self.unpack(target.elts, list(self.iterate(value)))
        elif isinstance(target, ast.Attribute):
            self.store_attribute(self.value(target.value), self.mangled(target.attr), value)
        elif isinstance(target, ast.Subscript):
            self.store_item(self.value(target.value), self.value(target.slice), value)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, value)

    def set_outside(self, frame: Frame, name: str, value: Any) -> None:
        """Set a variable that a global or nonlocal statement names."""
        self.fail(f"the variable {name} of outside is set")
        value = self.bare(value)
        if name in frame.cells:
            frame.cells[name].cell_contents = value
        else:
            frame.function.__globals__[name] = value

    def run_Global(self, node: ast.Global | ast.Nonlocal) -> None:
        frame = self.frames[-1]
        if frame.outer is not None:
            self.fail("an inner function changes variables outside itself (global or nonlocal)", whole=True)
        frame.outside |= dict.fromkeys(node.names, type(node))

    run_Nonlocal = run_Global

    def unpack(self, targets: list[ast.expr], values: list[Any]) -> None:
        """Bind several targets, one of which may be starred."""
        star = next((i for i, target in enumerate(targets) if isinstance(target, ast.Starred)), None)
        if star is not None:
            after = len(targets) - star - 1
            if len(values) < len(targets) - 1:
                raise ValueError(
                    f"not enough values to unpack (expected at least {len(targets) - 1}, got {len(values)})"
                )
            middle = values[star : len(values) - after]
            values = [*values[:star], self.own(middle), *values[len(values) - after :]]
        if len(values) != len(targets):
            few = len(values) < len(targets)
            text = f"not enough values to unpack (expected {len(targets)}, got {len(values)})"
            raise ValueError(text if few else f"too many values to unpack (expected {len(targets)})")
        for target, value in zip(targets, values, strict=True):
            self.assign(target, value)

    def store_attribute(self, owner: Any, name: str, value: Any) -> None:
        """owner.name = value."""
        if isinstance(owner, Tensor) and name == "grad" and value is None:
            owner.grad = None
            self.on_clear(owner)
            return
        if id(owner) not in self.fresh:
            self.fail(f"an attribute is set: .{name}")
        setattr(owner, name, value)

    def store_item(self, owner: Any, key: Any, value: Any) -> None:
        """owner[key] = value."""
        if isinstance(owner, Tensor):
            self.on_set(owner, key, value)
            return
        if id(owner) not in self.fresh:
            self.fail(f"an element of a {type(owner).__name__} from outside is set")
        owner[key] = value

    def run_If(self, node: ast.If) -> None:
        self.run(node.body if self.holds(node) else node.orelse)

    def run_While(self, node: ast.While) -> None:
        while self.holds(node):
            try:
                self.run(node.body)
            except Broken:
                return
            except Continued:
                continue
        self.run(node.orelse)

    def run_For(self, node: ast.For) -> None:
        for value in self.iterate(self.value(node.iter)):
            self.assign(node.target, value)
            try:
                self.run(node.body)
            except Broken:
                return
            except Continued:
                continue
        self.run(node.orelse)

    def run_Break(self, node: ast.Break) -> None:
        raise Broken

    def run_Continue(self, node: ast.Continue) -> None:
        raise Continued

    def run_With(self, node: ast.With) -> None:
        self.enter(node.items, node.body)

    def enter(self, items: list[ast.withitem], body: list[ast.stmt]) -> None:
        """The context managers one after the other, then the body."""
        if not items:
            self.run(body)
            return
        manager = self.value(items[0].context_expr)
        if not rules.is_scope(manager):
            self.fail(f"with {type(manager).__name__}(...)")
        with manager as value:
            if items[0].optional_vars is not None:
                self.assign(items[0].optional_vars, value)
            self.enter(items[1:], body)

    def run_Assert(self, node: ast.Assert) -> None:
        if not self.truth(self.value(node.test)):
            raise AssertionError(*([] if node.msg is None else [self.value(node.msg)]))

    def run_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                del self.frames[-1].variables[target.id]
            else:
                self.fail("del of an attribute or element")
                self.natively(ast.Delete([target], lineno=node.lineno, col_offset=node.col_offset))

    def run_Raise(self, node: ast.Raise) -> None:
        error = self.value(node.exc) if node.exc is not None else None
        if error is None:
            raise RuntimeError("No active exception to reraise")
        if node.cause is not None:
            raise error from self.value(node.cause)
        raise error

    def run_FunctionDef(self, node: ast.FunctionDef) -> None:
        made: Any = Closure(self, node, self.frames[-1], self.defaults_of(node))
        for decorator in reversed(node.decorator_list):
            made = self.call(self.value(decorator), (made,), {})
        self.frames[-1].variables[node.name] = made

    def run_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.natively(node)

    run_ImportFrom = run_Import
