"""%breakpoint: stop at the operation where something happens."""

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import line_magic, magics_class

from gradbook import observe
from gradbook.kernel_ext.arguments import split_options
from gradbook.kernel_ext.magics.base import GradbookMagics
from gradbook.kernel_ext.pictures import BirthPicture
from gradbook.kernel_ext.settings import choice
from gradbook.observe.breakpoints import Breakpoint, listed, set_breakpoint
from gradbook.observe.conditions import parse
from gradbook.observe.stopping import HOW, default_how

__all__ = ["BreakpointMagic"]

PRICE = "While one is set each operation is looked at, about 15 µs forward and as much backward: 1.6× for a tiny model."


@magics_class
class BreakpointMagic(GradbookMagics):
    """%breakpoint."""

    @line_magic
    def breakpoint(self, line: str) -> BirthPicture | None:
        """Stop at the operation where something happens, with the graph on screen and the operands in hand.

        %breakpoint nan | inf | grad>1e3 | PATH | shape!=(32, *, ...) | op:NAME  [in PATH] … [--how view|pdb|raise]
        %breakpoint list · %breakpoint clear [N] · %breakpoint why [EXPR]

        nan, inf   an operation makes one of finite numbers, in the forward or in a gradient, or a tensor brings it in
        grad>X     the norm of a gradient; also >=, <, <=; once in a backward pass
        PATH       a module is called (encoder.0), a line assigns a variable (h), a parameter gets its gradient
                   (fc1.weight)
        shape!=(…) a result of that shape, or of another; * is any size, ... any number of sizes; also ==
        op:NAME    an operation of the engine, such as op:log
        in PATH    only inside that module, or on lines that assign that variable: nan in decoder
        --how      view: the cell waits in the live view (Continue, Step op, Stop); pdb: the debugger's prompt at the
                   line; raise: a BreakpointHit ends the cell. view is the default; where nobody could go on, it raises
        list       what is set, and how often each has stopped
        clear      take all away, or number N
        why        where the NaN in a tensor, a run or the last run was born: %breakpoint why loss
        It watches the thread that sets it: what other threads and worker processes compute is not stopped.
        Stopped and afterwards, _gb holds what is in hand: _gb.inputs, .output, .op, .grad, .node, .line, .module.
        """
        expression, options = split_options("%breakpoint", line, ("how",))
        how = choice("%breakpoint --how", options["how"], HOW) if "how" in options else None
        word, _, rest = expression.partition(" ")
        if word in ("", "list"):
            print(table())
        elif word == "clear":
            print(clear(rest.strip()))
        elif word == "why":
            return self.why(rest.strip())
        else:
            for one in self.set(expression, how):
                print(described(one))
            print(PRICE)
        return None

    def set(self, expression: str, how: str | None) -> list[Breakpoint]:
        """Set breakpoints. Raises UsageError that names the valid conditions."""
        try:
            conditions = parse(expression)
        except ValueError as error:
            raise UsageError(f"%breakpoint: {error}; also list, clear [N], why [EXPR]") from None
        return [set_breakpoint(condition, how, self.shell.user_ns) for condition in conditions]

    def why(self, expression: str) -> BirthPicture | None:
        """Where the NaN in a value was born; says so if there is none. Raises UsageError where it cannot be known."""
        value: Any = self.value_of("%breakpoint why", expression) if expression else None
        try:
            birth = observe.why_nan(value, self.shell.user_ns)
        except (TypeError, RuntimeError) as error:
            raise UsageError(f"%breakpoint why: {str(error).removeprefix('why_nan: ')}") from None
        if birth is None:
            print(f"{expression or 'the last runs'}: everything is finite, forward and backward")
            return None
        return BirthPicture(birth, self.extension.settings.theme)


def table() -> str:
    """The breakpoints that are set, one a line."""
    rows = [f"{described(one)} · {one.hits} {'hit' if one.hits == 1 else 'hits'}" for one in listed()]
    return "\n".join(rows) or "no breakpoint is set; %breakpoint nan sets one, %breakpoint? tells what there is"


def described(one: Breakpoint) -> str:
    """'breakpoint 2: fc1 (module Linear) · view'."""
    means = one.means
    path = one.condition.name if one.condition.kind == "path" else one.condition.inside
    if path and not means:
        means = "not there yet"
    return f"breakpoint {one.number}: {one.condition.text}{f' ({means})' if means else ''} · {one.how or default_how()}"


def clear(number: str) -> str:
    """Take away one, or all. Raises UsageError for a number that is not set."""
    known = [one.number for one in listed()]
    if number and (not number.isdecimal() or int(number) not in known):
        numbers = ", ".join(map(str, known)) or "none"
        raise UsageError(f"%breakpoint clear: there is no breakpoint {number!r}; set are {numbers}")
    gone = observe.clear_breakpoints(int(number) if number else None)
    return f"{gone} {'breakpoint' if gone == 1 else 'breakpoints'} cleared"
