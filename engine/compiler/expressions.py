"""Expressions, evaluated from their syntax trees; what they read from outside is noted."""

from __future__ import annotations

import ast
import builtins
import inspect
import operator
import types
from collections.abc import Callable, Iterator
from typing import Any

from gradbook.compiler import rules
from gradbook.compiler.breaks import Hosted
from gradbook.compiler.frames import Frame
from gradbook.compiler.guards import is_constant
from gradbook.compiler.leaving import Leaving
from gradbook.compiler.looking import COMPARING, NUMBERS, TEXT, TRUTH
from gradbook.nn.module import Module
from gradbook.tensor import Tensor

__all__ = ["Closure", "Expressions"]

BINARY: dict[type[ast.operator], Any] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.MatMult: operator.matmul,
    ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.BitXor: operator.xor, ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}  # fmt: skip
UNARY: dict[type[ast.unaryop], Any] = {
    ast.UAdd: operator.pos, ast.USub: operator.neg, ast.Not: operator.not_, ast.Invert: operator.invert,
}  # fmt: skip
COMPARE: dict[type[ast.cmpop], Any] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not, ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
METHODS = (types.MethodType, types.BuiltinMethodType)


class Expressions(Leaving):
    """What each kind of expression gives."""

    def call(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call anything."""
        raise NotImplementedError

    def run_body(self, frame: Frame, tree: Any) -> Any:
        """Run the statements of a function in a frame."""
        raise NotImplementedError

    def follows(self, function: Any) -> bool:
        """True for a function whose statements are followed."""
        raise NotImplementedError

    def call_function(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run a function by its syntax tree."""
        raise NotImplementedError

    def assign(self, target: ast.expr, value: Any) -> None:
        """Bind a name, unpack, or store in an object."""
        raise NotImplementedError

    def natively(self, node: Any) -> Any:
        """Let Python give a value."""
        raise NotImplementedError

    def value(self, node: ast.expr) -> Any:
        """The value of an expression."""
        return self.whole(self.hosted(node))

    def hosted(self, node: ast.expr) -> Any:
        """The value of an expression, or a Hosted one that only Python knows."""
        handler = getattr(self, "value_" + type(node).__name__, None)
        if handler is None:
            self.fail(f"a {type(node).__name__} expression")
            return self.natively(node)
        value = handler(node)
        return Hosted(value, self.taken[id(value)]) if self.taken and id(value) in self.taken else value

    def value_Constant(self, node: ast.Constant) -> Any:
        return node.value

    def value_Name(self, node: ast.Name) -> Any:
        return self.read_name(node.id)

    def read_name(self, name: str) -> Any:
        """A variable: of the frame, of an enclosing function, global, built in."""
        frame: Frame | None = self.frames[-1]
        while frame is not None:
            if name in frame.outside:
                return self.read_outside(frame, name)
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

    def read_outside(self, frame: Frame, name: str) -> Any:
        """A variable that a global or nonlocal statement names."""
        if name in frame.cells:
            value = frame.cells[name].cell_contents
            self.note("cell", frame.cells[name], None, value)
            return value
        scope = frame.function.__globals__
        if name not in scope:
            raise NameError(f"name '{name}' is not defined")
        self.note("item", scope, name, scope[name])
        return scope[name]

    def value_Attribute(self, node: ast.Attribute) -> Any:
        return self.attribute(self.value(node.value), self.mangled(node.attr))

    def mangled(self, name: str) -> str:
        """A name as the class that a function was defined in has it: those with two underscores are its own."""
        *_, owner, _ = ["", *self.frames[-1].function.__qualname__.split(".")]
        private = name.startswith("__") and not name.endswith("__") and owner.isidentifier()
        return f"_{owner.lstrip('_')}{name}" if private else name

    def attribute(self, owner: Any, name: str) -> Any:
        """owner.name, noted if it was read from outside."""
        if isinstance(owner, Tensor):
            if name in rules.DATA_ATTRIBUTES:
                self.fail(f"Tensor.{name}")
            return getattr(owner, name)
        found = inspect.getattr_static(type(owner), name, None) if not isinstance(owner, type) else None
        if isinstance(found, property) and found.fget is not None and not rules.is_library(found.fget):
            return self.call_function(found.fget, (owner,), {})
        value = getattr(owner, name)
        bound = isinstance(value, METHODS) and value.__self__ is owner
        if not bound and not isinstance(owner, METHODS) and id(owner) not in self.fresh and not is_constant(owner):
            self.note("attribute", owner, name, value)
        return value

    def value_Subscript(self, node: ast.Subscript) -> Any:
        return self.item(self.value(node.value), self.value(node.slice))

    def item(self, owner: Any, key: Any) -> Any:
        """owner[key], noted if it was read from a container from outside."""
        if isinstance(owner, Tensor) and rules.reads_index(key):
            self.fail("an index is a tensor's value")
        value = owner[key]
        for part in (key.start, key.stop, key.step) if isinstance(key, slice) else (key,):
            self.steady(part)
        if isinstance(owner, Tensor | tuple | str | type | types.GenericAlias) or id(owner) in self.fresh:
            return value
        if not isinstance(key, slice):
            self.note("item", owner, key, value)
        elif isinstance(owner, list | Module):
            self.guards.note("items", owner, None, rules.items_of(owner))
            self.keep(owner)
        else:
            self.fail(f"a slice of a {type(owner).__name__} is taken")
        return value

    def value_Slice(self, node: ast.Slice) -> slice:
        return slice(*(None if part is None else self.value(part) for part in (node.lower, node.upper, node.step)))

    def value_BinOp(self, node: ast.BinOp) -> Any:
        operate, left, right = BINARY[type(node.op)], self.value(node.left), self.value(node.right)
        return self.seen(operate, (left, right), operate(left, right), NUMBERS)

    def value_UnaryOp(self, node: ast.UnaryOp) -> Any:
        operate, value = UNARY[type(node.op)], self.value(node.operand)
        names = TRUTH if operate is operator.not_ else NUMBERS
        return self.seen(operate, (value,), operate(value), names)

    def value_BoolOp(self, node: ast.BoolOp) -> Any:
        ends = isinstance(node.op, ast.Or)
        for part in node.values:
            value = self.value(part)
            if part is not node.values[-1] and self.truth(value) is ends:
                break
        return value

    def value_Compare(self, node: ast.Compare) -> Any:
        left, result = self.value(node.left), True
        for i, (compare, right_node) in enumerate(zip(node.ops, node.comparators, strict=True), 1):
            right, operate = self.value(right_node), COMPARE[type(compare)]
            result = operate(left, right)
            if not isinstance(compare, ast.Is | ast.IsNot):
                self.seen(operate, (left, right), result, COMPARING)
            if i < len(node.ops) and not self.truth(result):  # two `<` are one object of ast
                return result
            left = right
        return result

    def value_IfExp(self, node: ast.IfExp) -> Any:
        return self.value(node.body if self.truth(self.value(node.test)) else node.orelse)

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
                made.update(self.iterate(self.value(value)))
            else:
                made[self.value(key)] = self.value(value)
        return self.own(made)

    def elements(self, nodes: list[ast.expr], hosted: bool = False) -> Iterator[Any]:
        """Values of a display's or a call's elements, stars unpacked. hosted: they may be Hosted."""
        for node in nodes:
            if isinstance(node, ast.Starred):
                yield from self.iterate(self.value(node.value))
            else:
                yield self.hosted(node) if hosted else self.value(node)

    def value_JoinedStr(self, node: ast.JoinedStr) -> str:
        return "".join(str(self.value(part)) for part in node.values)

    def value_FormattedValue(self, node: ast.FormattedValue) -> str:
        value = self.value(node.value)
        if node.conversion > 0:
            convert: Any = {115: str, 114: repr, 97: ascii}[node.conversion]
            value = self.seen(convert, (value,), convert(value), TEXT)
        spec = "" if node.format_spec is None else self.value(node.format_spec)
        return str(self.seen(format, (value, spec), format(value, spec), TEXT))

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
        own = self.follows(function)
        args = tuple(self.elements(node.args, own))
        kwargs: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self.hosted(keyword.value) if own and keyword.arg else self.value(keyword.value)
            kwargs.update(self.iterate(value) if keyword.arg is None else {keyword.arg: value})
        self.frames[-1].node = node
        if self.mode(node) == "called":
            return self.call_left(function, args, kwargs, node)
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
                if all(self.truth(self.value(test)) for test in generators[0].ifs):
                    loop(generators[1:])

        loop(node.generators)
        named = {t.id for g in node.generators for t in ast.walk(g.target) if isinstance(t, ast.Name)}
        for name in named:
            if name in before:
                frame.variables[name] = before[name]
            else:
                frame.variables.pop(name, None)
        return found


class Closure:
    """A function that an interpreted function defined: called, it is interpreted with that one's variables in sight."""

    def __init__(
        self, interpreter: Expressions, node: Any, frame: Frame, defaults: tuple[list[Any], list[Any]]
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
