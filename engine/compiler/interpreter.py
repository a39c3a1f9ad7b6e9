"""Runs a user's function from its syntax tree, once, and notes what it depends on beside its arguments.

Values are real: the call computes what it always computes. What is noted are reads of globals, enclosing variables,
attributes and elements (they become guards), the modules that were called, and whatever Python does that a repetition
without Python would leave out: writing to objects from outside, printing, calling what cannot be looked into. One such
thing and the call is not compiled; it still ends as it would have, because what the interpreter does not know it hands
to Python.
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import operator
import types
from collections.abc import Callable, Iterator
from typing import Any

from gradbook.compiler import rules
from gradbook.compiler.guards import Guards, is_constant
from gradbook.compiler.source import tree_of
from gradbook.nn.module import Module
from gradbook.tensor import Tensor

__all__ = ["Interpreter"]

BINARY: dict[type[ast.operator], Any] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.MatMult: operator.matmul,
    ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.BitXor: operator.xor, ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}  # fmt: skip
IN_PLACE: dict[type[ast.operator], Any] = {
    ast.Add: operator.iadd, ast.Sub: operator.isub, ast.Mult: operator.imul, ast.Div: operator.itruediv,
    ast.FloorDiv: operator.ifloordiv, ast.Mod: operator.imod, ast.Pow: operator.ipow, ast.MatMult: operator.imatmul,
    ast.BitAnd: operator.iand, ast.BitOr: operator.ior, ast.BitXor: operator.ixor, ast.LShift: operator.ilshift,
    ast.RShift: operator.irshift,
}  # fmt: skip
UNARY: dict[type[ast.unaryop], Any] = {
    ast.UAdd: operator.pos, ast.USub: operator.neg, ast.Not: operator.not_, ast.Invert: operator.invert,
}  # fmt: skip
COMPARE: dict[type[ast.cmpop], Any] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not, ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
DEPTH = 100  # calls inside calls that are followed


class Returned(Exception):
    """A return statement was reached."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Broken(Exception):
    """A break statement was reached."""


class Continued(Exception):
    """A continue statement was reached."""


class Frame:
    """One function's variables while it is interpreted."""

    def __init__(self, function: types.FunctionType, scope: dict[str, Any], outer: Frame | None = None) -> None:
        self.function, self.variables, self.outer = function, scope, outer
        code = function.__code__
        self.cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
        self.local = {*code.co_varnames, *code.co_cellvars}
        self.line = code.co_firstlineno


class Interpreter:
    """`call(function, args, kwargs)` runs it. Afterwards: `guards`, `modules`, `failures` [(reason, place)]."""

    def __init__(self) -> None:
        self.guards = Guards()
        self.modules: dict[int, Module] = {}
        self.failures: list[tuple[str, tuple[str, int] | None]] = []
        self.items: dict[int, tuple[Any, Tensor]] = {}  # numbers that are returned and came from a tensor
        self.on_item: Callable[[bool], None] = lambda on: None
        self.fresh: dict[int, Any] = {}  # containers that the call itself made
        self.frames: list[Frame] = []
        self.varying: set[tuple[str, int, Any]] = set()  # places whose tensor is another one from call to call
        self.inputs: list[tuple[str, int, Any]] = []  # those of them that were read, in order
        self.natively_called: Callable[..., Any] = lambda function, args, kwargs: function(*args, **kwargs)
        self.on_set: Callable[..., None] = operator.setitem
        self.on_input: Callable[[Tensor], None] = lambda tensor: None

    def note(self, how: str, container: Any, key: Any, value: Any) -> None:
        """A value was read from outside: a guard, or another input."""
        place = (how, id(container), key)
        if self.varying and isinstance(value, Tensor) and place in self.varying and place not in self.inputs:
            self.inputs.append(place)
            self.on_input(value)
        self.guards.note(how, container, key, value)

    # -- what cannot be repeated -------------------------------------------------------------------------------------

    def place(self) -> tuple[str, int] | None:
        """(file, line) being run."""
        if not self.frames:
            return None
        frame = self.frames[-1]
        return frame.function.__code__.co_filename, frame.line

    def fail(self, reason: str) -> None:
        """Note why the call cannot be repeated without Python."""
        self.failures.append((reason, self.place()))

    # -- functions ---------------------------------------------------------------------------------------------------

    def call(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call anything: user functions and modules by their syntax trees, the rest as it is."""
        kind = type(function)
        if kind is types.MethodType:
            return self.call(function.__func__, (function.__self__, *args), kwargs)
        if kind is functools.partial:
            return self.call(function.func, (*function.args, *args), {**function.keywords, **kwargs})
        if isinstance(function, Module):
            return self.call_module(function, args, kwargs)
        if isinstance(function, Closure):
            return function(*args, **kwargs)
        if kind is types.FunctionType and not rules.is_library(function):
            return self.call_function(function, args, kwargs)
        owner = getattr(function, "__self__", None)
        for container in (owner, *args, *kwargs.values()):
            if rules.only_looks(function, owner):
                self.look(container)
        reason = rules.why_not(function, args, kwargs, self.fresh)
        if reason:
            self.fail(reason)
        result = self.natively_called(function, args, kwargs)
        if type(result) in (list, dict, set) and not reason:
            self.own(result)
        return result

    def call_module(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a module: natively if it and all below it are the library's own, else by its forward's tree."""
        self.modules[id(module)] = module
        if rules.has_hooks(module):
            self.fail(f"{type(module).__name__} has hooks, which run Python")
            return module(*args, **kwargs)
        if type(module).__call__ is not Module.__call__:
            self.fail(f"{type(module).__name__} has a __call__ of its own")
            return module(*args, **kwargs)
        if all(rules.is_library(type(part).forward) for part in module.modules()):
            for part in module.modules():
                self.modules[id(part)] = part
            return module(*args, **kwargs)
        forward: Any = type(module).forward
        return self.call_function(forward, (module, *args), kwargs)

    def call_function(self, function: types.FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run a function by its syntax tree."""
        tree = tree_of(function)
        flags = function.__code__.co_flags
        if tree is None or flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
            what = "is a generator or coroutine" if tree is not None else "has no source text to be found"
            self.fail(f"{function.__qualname__} {what}")
            return function(*args, **kwargs)
        if len(self.frames) >= DEPTH:
            self.fail("calls are nested too deeply")
            return function(*args, **kwargs)
        if any(isinstance(node, ast.Global | ast.Nonlocal) for node in ast.walk(tree)):
            self.fail(f"{function.__qualname__} changes variables outside itself (global or nonlocal)")
            return function(*args, **kwargs)
        signature = inspect.signature(function, follow_wrapped=False)
        bound = signature.bind(*args, **kwargs)
        for name, default in signature.parameters.items():
            if (
                name not in bound.arguments
                and default.default is not default.empty
                and not is_constant(default.default)
            ):
                self.guards.note("attribute", function, "__defaults__", function.__defaults__)
        bound.apply_defaults()
        frame = Frame(function, dict(bound.arguments))
        self.guards.note("attribute", function, "__code__", function.__code__)
        return self.run_body(frame, tree)

    def run_body(self, frame: Frame, tree: Any) -> Any:
        """Run the statements of a function in a frame."""
        self.frames.append(frame)
        try:
            if isinstance(tree, ast.Lambda):
                return self.value(tree.body)
            try:
                self.run(tree.body)
            except Returned as returned:
                return returned.value
            return None
        except Exception as error:
            place = self.place()
            if place and not getattr(error, "_gradbook_placed", False):
                error.add_note(f'in {frame.function.__qualname__}, "{place[0]}", line {place[1]}')
                error._gradbook_placed = True  # type: ignore[attr-defined]  # only the innermost line is told
            raise
        finally:
            self.frames.pop()

    # -- statements --------------------------------------------------------------------------------------------------

    def run(self, statements: list[ast.stmt]) -> None:
        """Run statements one after the other."""
        frame = self.frames[-1]
        for statement in statements:
            frame.line = statement.lineno
            handler = getattr(self, "run_" + type(statement).__name__, None)
            if handler is None:
                self.fail(f"a {type(statement).__name__.lower()} statement")
                self.natively(statement)
            else:
                handler(statement)

    def natively(self, node: ast.stmt | ast.expr) -> Any:
        """Let Python run a statement, or give an expression's value, with the frame's variables."""
        frame = self.frames[-1]
        names = {**frame.function.__globals__, **{n: c.cell_contents for n, c in frame.cells.items() if filled(c)}}
        outer = frame.outer
        while outer is not None:
            names = {**names, **outer.variables}
            outer = outer.outer
        names.update(frame.variables)
        where = frame.function.__code__.co_filename
        if isinstance(node, ast.expr):
            return eval(compile(ast.Expression(node), where, "eval"), names)
        if any(isinstance(part, ast.Return) for part in ast.walk(node)):
            raise RuntimeError(f"gradbook.compile cannot run this {type(node).__name__} statement in pieces")
        exec(compile(ast.Module([node], []), where, "exec"), names)
        frame.variables.update({name: names[name] for name in frame.local if name in names})
        return None

    def run_Expr(self, node: ast.Expr) -> None:
        self.value(node.value)

    def run_Pass(self, node: ast.Pass) -> None:
        pass

    def run_Return(self, node: ast.Return) -> None:
        raise Returned(None if node.value is None else self.returned(node.value))

    def returned(self, node: ast.expr) -> Any:
        """A returned value; `loss.item()` in it is noted as a number that came from a tensor."""
        if isinstance(node, ast.Tuple | ast.List):
            parts = [self.returned(part) for part in node.elts]
            return tuple(parts) if isinstance(node, ast.Tuple) else self.own(parts)
        if isinstance(node, ast.Dict) and all(key is not None for key in node.keys):
            keys = [self.value(key) for key in node.keys if key is not None]
            return self.own({k: self.returned(v) for k, v in zip(keys, node.values, strict=True)})
        named = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args
        if named and node.func.attr == "item":  # type: ignore[attr-defined]
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
        return self.value(node)

    def run_Assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
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
            frame = self.frames[-1]
            frame.variables[target.id] = operate(old, self.value(node.value))
        elif isinstance(target, ast.Attribute):
            owner = self.value(target.value)
            self.store_attribute(
                owner, target.attr, operate(self.attribute(owner, target.attr), self.value(node.value))
            )
        elif isinstance(target, ast.Subscript):
            owner, key = self.value(target.value), self.value(target.slice)
            self.store_item(owner, key, operate(self.item(owner, key), self.value(node.value)))

    def assign(self, target: ast.expr, value: Any) -> None:
        """Bind a name, unpack, or store in an object."""
        if isinstance(target, ast.Name):
            self.frames[-1].variables[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            self.unpack(target.elts, list(self.iterate(value)))
        elif isinstance(target, ast.Attribute):
            self.store_attribute(self.value(target.value), target.attr, value)
        elif isinstance(target, ast.Subscript):
            self.store_item(self.value(target.value), self.value(target.slice), value)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, value)

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
            self.cleared(owner)
            return
        if id(owner) not in self.fresh:
            self.fail(f"an attribute is set: .{name}")
        setattr(owner, name, value)

    cleared: Callable[[Tensor], None] = staticmethod(lambda tensor: None)

    def store_item(self, owner: Any, key: Any, value: Any) -> None:
        """owner[key] = value."""
        if isinstance(owner, Tensor):
            self.on_set(owner, key, value)
            return
        if id(owner) not in self.fresh:
            self.fail(f"an element of a {type(owner).__name__} from outside is set")
        owner[key] = value

    def run_If(self, node: ast.If) -> None:
        self.run(node.body if self.look(self.value(node.test)) else node.orelse)

    def run_While(self, node: ast.While) -> None:
        while self.look(self.value(node.test)):
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
        if not self.value(node.test):
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

    # -- expressions -------------------------------------------------------------------------------------------------

    def value(self, node: ast.expr) -> Any:
        """The value of an expression."""
        handler = getattr(self, "value_" + type(node).__name__, None)
        if handler is None:
            self.fail(f"a {type(node).__name__} expression")
            return self.natively(node)
        return handler(node)

    def value_Constant(self, node: ast.Constant) -> Any:
        return node.value

    def value_Name(self, node: ast.Name) -> Any:
        return self.read_name(node.id)

    def read_name(self, name: str) -> Any:
        """A variable: of the frame, of an enclosing function, global, built in."""
        frame: Frame | None = self.frames[-1]
        while frame is not None:
            if name in frame.variables:
                return frame.variables[name]
            if name in frame.cells:
                value = frame.cells[name].cell_contents
                self.note("cell", frame.cells[name], None, value)
                return value
            if frame.outer is None and name in frame.local:
                raise UnboundLocalError(
                    f"cannot access local variable '{name}' where it is not associated with a value"
                )
            scope, frame = frame.function.__globals__, frame.outer
        if name in scope:
            self.note("item", scope, name, scope[name])
            return scope[name]
        try:
            return getattr(builtins, name)
        except AttributeError:
            raise NameError(f"name '{name}' is not defined") from None

    def value_Attribute(self, node: ast.Attribute) -> Any:
        return self.attribute(self.value(node.value), node.attr)

    def attribute(self, owner: Any, name: str) -> Any:
        """owner.name, noted if it was read from outside."""
        if isinstance(owner, Tensor):
            if name in rules.DATA_ATTRIBUTES:
                self.fail(f"Tensor.{name}")
            return getattr(owner, name)
        found = inspect.getattr_static(type(owner), name, None) if not isinstance(owner, type) else None
        if isinstance(found, property) and found.fget is not None and not rules.is_library(found.fget):
            return self.call_function(found.fget, (owner,), {})  # type: ignore[arg-type]
        value = getattr(owner, name)
        own = getattr(owner, "__self__", None)
        bound = isinstance(value, types.MethodType | types.BuiltinMethodType) and value.__self__ is owner
        if not bound and own is None and id(owner) not in self.fresh and not is_constant(owner):
            self.note("attribute", owner, name, value)
        return value

    def value_Subscript(self, node: ast.Subscript) -> Any:
        return self.item(self.value(node.value), self.value(node.slice))

    def item(self, owner: Any, key: Any) -> Any:
        """owner[key], noted if it was read from a container from outside."""
        value = owner[key]
        if not isinstance(owner, Tensor | tuple | str | type | types.GenericAlias) and id(owner) not in self.fresh:
            if isinstance(key, slice):
                self.guards.note("items", owner, None, tuple(id(part) for part in owner))
                self.keep(owner)
            else:
                self.note("item", owner, key, value)
        return value

    def value_Slice(self, node: ast.Slice) -> slice:
        return slice(*(None if part is None else self.value(part) for part in (node.lower, node.upper, node.step)))

    def value_BinOp(self, node: ast.BinOp) -> Any:
        return BINARY[type(node.op)](self.value(node.left), self.value(node.right))

    def value_UnaryOp(self, node: ast.UnaryOp) -> Any:
        return UNARY[type(node.op)](self.look(self.value(node.operand)))

    def value_BoolOp(self, node: ast.BoolOp) -> Any:
        ends = isinstance(node.op, ast.Or)
        for part in node.values:
            value = self.look(self.value(part))
            if bool(value) is ends:
                break
        return value

    def value_Compare(self, node: ast.Compare) -> Any:
        left, result = self.look(self.value(node.left)), True
        for compare, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.look(self.value(right_node))
            result = COMPARE[type(compare)](left, right)
            if len(node.ops) > 1 and not result:
                return result
            left = right
        return result

    def value_IfExp(self, node: ast.IfExp) -> Any:
        return self.value(node.body if self.look(self.value(node.test)) else node.orelse)

    def value_NamedExpr(self, node: ast.NamedExpr) -> Any:
        value = self.value(node.value)
        self.assign(node.target, value)
        return value

    def value_Tuple(self, node: ast.Tuple) -> Any:
        return tuple(self.elements(node.elts))

    def value_List(self, node: ast.List) -> Any:
        return self.own(list(self.elements(node.elts)))

    def value_Set(self, node: ast.Set) -> Any:
        return self.own(set(self.elements(node.elts)))

    def value_Dict(self, node: ast.Dict) -> Any:
        made: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                made.update(self.value(value))
            else:
                made[self.value(key)] = self.value(value)
        return self.own(made)

    def elements(self, nodes: list[ast.expr]) -> Iterator[Any]:
        """Values of a display's or a call's elements, stars unpacked."""
        for node in nodes:
            if isinstance(node, ast.Starred):
                yield from self.iterate(self.value(node.value))
            else:
                yield self.value(node)

    def value_JoinedStr(self, node: ast.JoinedStr) -> str:
        return "".join(str(self.value(part)) for part in node.values)

    def value_FormattedValue(self, node: ast.FormattedValue) -> str:
        value = self.value(node.value)
        value = {-1: value, 115: str, 114: repr, 97: ascii}[node.conversion](value) if node.conversion > 0 else value
        return format(value, "" if node.format_spec is None else self.value(node.format_spec))

    def value_Lambda(self, node: ast.Lambda) -> Any:
        return Closure(self, node, self.frames[-1], self.defaults_of(node))

    def defaults_of(self, node: Any) -> tuple[list[Any], list[Any]]:
        """Default values of a function being defined."""
        only = [None if d is None else self.value(d) for d in node.args.kw_defaults]
        return [self.value(d) for d in node.args.defaults], only

    def value_Call(self, node: ast.Call) -> Any:
        function = self.value(node.func)
        if function is super and not node.args:
            frame = self.frames[-1]
            first = frame.function.__code__.co_varnames[0]
            return super(frame.cells["__class__"].cell_contents, frame.variables[first])
        args = tuple(self.elements(node.args))
        kwargs: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value)
            kwargs.update(value if keyword.arg is None else {keyword.arg: value})
        return self.call(function, args, kwargs)

    def value_ListComp(self, node: ast.ListComp) -> Any:
        return self.own(list(self.comprehend(node, lambda: self.value(node.elt))))

    def value_SetComp(self, node: ast.SetComp) -> Any:
        return self.own(set(self.comprehend(node, lambda: self.value(node.elt))))

    def value_GeneratorExp(self, node: ast.GeneratorExp) -> Any:
        return self.own(list(self.comprehend(node, lambda: self.value(node.elt))))  # all at once: nothing can see it

    def value_DictComp(self, node: ast.DictComp) -> Any:
        return self.own(dict(self.comprehend(node, lambda: (self.value(node.key), self.value(node.value)))))

    def comprehend(self, node: Any, give: Callable[[], Any]) -> list[Any]:
        """The elements of a comprehension, whose variables are its own."""
        frame = self.frames[-1]
        before, found = dict(frame.variables), []

        def loop(generators: list[ast.comprehension]) -> None:
            if not generators:
                found.append(give())
                return
            for value in self.iterate(self.value(generators[0].iter)):
                self.assign(generators[0].target, value)
                if all(self.value(test) for test in generators[0].ifs):
                    loop(generators[1:])

        loop(node.generators)
        named = {t.id for g in node.generators for t in ast.walk(g.target) if isinstance(t, ast.Name)}
        for name in named:
            if name in before:
                frame.variables[name] = before[name]
            else:
                frame.variables.pop(name, None)
        return found

    # -- containers --------------------------------------------------------------------------------------------------

    def iterate(self, container: Any) -> Any:
        """What a loop goes over; of a container from outside, what it held is noted."""
        if type(container) in (list, dict, set):
            self.look(container)
        elif isinstance(container, Module):
            self.modules[id(container)] = container
        elif not rules.may_iterate(container):
            self.fail(f"a loop over a {type(container).__name__}")
        return container

    def look(self, container: Any) -> Any:
        """Note what a container from outside holds, for something that depends on all of it. -> the container"""
        if type(container) in (list, dict, set) and id(container) not in self.fresh:
            self.guards.note("items", container, None, rules.items_of(container))
            self.keep(container)
        return container

    def own(self, container: Any) -> Any:
        """Note a container that the call made itself."""
        self.fresh[id(container)] = container
        return container

    def keep(self, container: Any) -> None:
        """Keep what a container held, so that the identities noted of it stay its own."""
        self.fresh.setdefault(-id(container), list(container.values()) if isinstance(container, dict) else [*container])


class Closure:
    """A function that an interpreted function defined: called, it is interpreted with that one's variables in sight."""

    def __init__(
        self, interpreter: Interpreter, node: Any, frame: Frame, defaults: tuple[list[Any], list[Any]]
    ) -> None:
        self.interpreter, self.node, self.frame = interpreter, node, frame
        self.__name__ = getattr(node, "name", "<lambda>")
        self.signature = signature_of(node.args, *defaults)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        frame = Frame(self.frame.function, dict(bound.arguments), self.frame)
        frame.cells, frame.local = {}, set()
        return self.interpreter.run_body(frame, self.node)


def signature_of(args: ast.arguments, defaults: list[Any], only: list[Any]) -> inspect.Signature:
    """The signature of a function definition."""
    parameters = []
    plain = [*args.posonlyargs, *args.args]
    missing = len(plain) - len(defaults)
    for i, arg in enumerate(plain):
        kind = inspect.Parameter.POSITIONAL_ONLY if i < len(args.posonlyargs) else (
            inspect.Parameter.POSITIONAL_OR_KEYWORD
        )  # fmt: skip
        default = defaults[i - missing] if i >= missing else inspect.Parameter.empty
        parameters.append(inspect.Parameter(arg.arg, kind, default=default))
    if args.vararg:
        parameters.append(inspect.Parameter(args.vararg.arg, inspect.Parameter.VAR_POSITIONAL))
    for arg, node, default in zip(args.kwonlyargs, args.kw_defaults, only, strict=True):
        empty = inspect.Parameter.empty if node is None else default
        parameters.append(inspect.Parameter(arg.arg, inspect.Parameter.KEYWORD_ONLY, default=empty))
    if args.kwarg:
        parameters.append(inspect.Parameter(args.kwarg.arg, inspect.Parameter.VAR_KEYWORD))
    return inspect.Signature(parameters)


def filled(cell: Any) -> bool:
    """True if an enclosing variable has a value."""
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True
