"""Runs a user's function from its syntax tree, once, and notes what it depends on beside its arguments.

Values are real: the call computes what it always computes. What is noted are reads of globals, enclosing variables,
attributes and elements (they become guards), the modules that were called, and whatever Python does that a repetition
without Python would leave out: writing to objects from outside, printing, calling what cannot be looked into. One such
thing and the call is not compiled; it still ends as it would have, because what the interpreter does not know it hands
to Python.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import types
from typing import Any

from gradbook.compiler import rules
from gradbook.compiler.expressions import Closure
from gradbook.compiler.frames import Frame, Returned
from gradbook.compiler.guards import is_constant
from gradbook.compiler.leaving import all_bare
from gradbook.compiler.source import tree_of
from gradbook.compiler.statements import Statements
from gradbook.compiler.taps import from_line
from gradbook.nn.module import Module

__all__ = ["Interpreter"]

SCOPED = (globals, locals, vars, dir, eval, exec)
DEPTH = 100  # calls inside calls that are followed


class Interpreter(Statements):
    """`call(function, args, kwargs)` runs it. Afterwards: `guards`, `modules`, `failures` [(reason, place)]."""

    def call(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call anything: user functions and modules by their syntax trees, the rest as it is."""
        kind = type(function)
        if kind is types.MethodType:
            if function.__func__ in (Module.__call__, Module._call_impl):
                return self.call_module(function.__self__, args, kwargs)
            return self.call(function.__func__, (function.__self__, *args), kwargs)
        if kind is functools.partial:
            return self.call(function.func, (*function.args, *args), {**function.keywords, **kwargs})
        if isinstance(function, Module):
            return self.call_module(function, args, kwargs)
        if isinstance(function, Closure):
            return function(*args, **kwargs)
        compiled = getattr(function, "__dict__", {}).get("_torchdynamo_orig_callable")
        if compiled is not None:  # compiled on its own, as it is part of what is compiled here
            return self.call(compiled, args, kwargs)
        if kind is types.FunctionType and not rules.is_library(function):
            return self.call_function(function, args, kwargs)
        return self.call_natively(function, tuple(map(self.whole, args)), {k: self.whole(v) for k, v in kwargs.items()})

    def call_natively(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Let Python call something, and note what of it a repetition could not leave out, or has to look at again."""
        if any(function is each for each in SCOPED):
            return self.call_in_scope(function, args, kwargs)
        owner = getattr(function, "__self__", None)
        if rules.only_looks(function, owner):
            self.look(owner)
        reason = rules.why_not(function, args, kwargs, self.fresh)
        if reason:
            self.fail(reason)
        if function is getattr or function is hasattr:
            return self.asked_for_attribute(function, *args)
        result = from_line(self.spot(), lambda: self.natively_called(function, args, kwargs))
        if not reason:
            self.asked(function, args, kwargs, result)
            if type(result) in (list, dict, set) or hasattr(type(result), "__next__"):
                self.own(result)
        return result

    def call_in_scope(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a built-in function that looks at the variables of who calls it."""
        frame = self.frames[-1]
        self.fail(f"{function.__name__}() looks at all variables", whole=True)
        scope, own = frame.function.__globals__, {name: all_bare(value) for name, value in frame.variables.items()}
        for name, cell in frame.cells.items():
            with contextlib.suppress(ValueError):  # it has no value yet
                own.setdefault(name, cell.cell_contents)
        if function is globals:
            return scope
        if function in (eval, exec):
            return function(*args, **kwargs) if len(args) > 1 or kwargs else function(*args, scope, own)
        if args:
            return function(*args)
        return sorted(own) if function is dir else own

    def follows(self, function: Any) -> bool:
        """True for a function or module whose statements are followed."""
        if type(function) is types.MethodType:
            function = function.__func__
        if isinstance(function, Module):
            return not rules.is_library(type(function).forward)
        return type(function) is types.FunctionType and not rules.is_library(function)

    def plainly(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Let Python call what is not followed."""
        return function(*map(self.whole, args), **{name: self.whole(value) for name, value in kwargs.items()})

    def call_module(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a module: natively if it and all below it are the library's own, else by its forward's tree."""
        self.modules[id(module)] = module
        if rules.has_hooks(module):
            self.fail(f"{type(module).__name__} has hooks, which run Python", whole=True)
            return self.plainly(module, args, kwargs)
        if type(module).__call__ is not Module.__call__:
            self.fail(f"{type(module).__name__} has a __call__ of its own", whole=True)
            return self.plainly(module, args, kwargs)
        parts = list(module.modules())
        self.modules.update({id(part): part for part in parts})
        if any("parametrizations" in part._modules for part in parts):
            self.fail(f"{type(module).__name__} has parametrizations, which run Python", whole=True)
            return self.plainly(module, args, kwargs)
        if all(rules.is_library(type(part).forward) and "forward" not in part.__dict__ for part in parts):
            return self.plainly(module, args, kwargs)
        if "forward" in module.__dict__:
            return self.call(module.__dict__["forward"], args, kwargs)
        forward: Any = type(module).forward
        return self.call_function(forward, (module, *args), kwargs)

    def call_function(self, function: types.FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run a function by its syntax tree."""
        tree = tree_of(function)
        flags = function.__code__.co_flags
        if tree is None or flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
            what = "is a generator or coroutine" if tree is not None else "has no source text to be found"
            self.fail(f"{function.__qualname__} {what}")
            return self.plainly(function, args, kwargs)
        if len(self.frames) >= DEPTH:
            self.fail("calls are nested too deeply", whole=True)
            return self.plainly(function, args, kwargs)
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
        for name, parameter in signature.parameters.items():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                bound.arguments[name] = self.whole(bound.arguments[name])
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
