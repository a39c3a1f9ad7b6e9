"""Time and memory of a stretch of code, forward and backward, by op, module and line."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gradbook import backends, events
from gradbook.observe.held import Curve, Held
from gradbook.observe.naming import Names
from gradbook.observe.overhead import Detours, detours
from gradbook.observe.sites import BACKWARD, FORWARD, MODULE, PASS, STEP, Open, Roots, Site, Span, Spans
from gradbook.observe.source import Where, user_frame

__all__ = ["Timeline", "timeline"]

clock = time.perf_counter
_marks = itertools.count()


class Timeline:
    """A context manager that times what the engine does inside; also under no_grad, and up to an exception.

    After it: `sites`, the table's finest rows; `wall`, `forward`, `backward`, `step`, `watching` and `other`, in
    seconds, which add up; `peak`, the most bytes that outputs and gradients held at once. `rows(by)` and `text(by)`
    give tables, `save(path)` a trace for Perfetto. Where a GPU computes, each op is waited for, so that its time is its
    own.
    """

    def __init__(self, names: dict[str, Any] | None = None, *, detours: Detours | None = None) -> None:
        self._detours = detours
        self.sites: list[Site] = []
        self.modules: list[str] = []
        self.wall = self.watching = 0.0
        self.ops = self.rules = self.passes = self.steps = 0
        self.peak = 0
        self.curve: list[tuple[float, float]] = []
        self.error: BaseException | None = None
        self._given, self._mark = names, f"timeline {next(_marks)}"
        self._thread = 0
        self._index: dict[Any, int] = {}
        self._roots = Roots()
        self._module_index: dict[str, int] = {}
        self._module_began: list[tuple[int, float]] = []
        self._held, self._live = Held(), Curve()
        self._stack: list[Open] = []
        self._depth = 0  # backward passes that are on
        self._place: Where | None = None  # where the innermost was asked for
        self.began = self._heard = self._freed = 0.0
        self._op_more = self._rule_more = self._module_more = 0.0
        self._spans = Spans()

    # -- life --------------------------------------------------------------------------------------------------------

    def __enter__(self) -> Timeline:
        more = self._detours if self._detours is not None else detours()
        self._op_more, self._rule_more, self._module_more = more
        self._thread = threading.get_ident()
        events.attach(self)
        self.began = clock()
        return self

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        self.finish(error)

    def finish(self, error: BaseException | None = None, late: bool = False) -> None:
        """Stop timing; the numbers are final. Doing so twice is harmless.

        late: the end is when the engine was last heard of, not now, because other things came after it.
        """
        if not self._thread:
            return
        now = self._heard if late and self._heard else clock()
        events.detach(self)
        while self._stack:
            self._close(now)
        self.wall, self.error, self._thread = now - self.began, error, 0
        self.peak, self.curve = self._held.peak, self._live.close()
        for number, nbytes in self._held.at_peak().items():
            self.sites[number].held = nbytes
        self._held.close()
        names = self._roots.by_variable(Names.in_sight(user_frame(2)) if self._given is None else Names([self._given]))
        for site in self.sites:
            site.root = names.get(site.root, site.root)
        self._roots.clear()
        self._index.clear()

    # -- sums --------------------------------------------------------------------------------------------------------

    @property
    def forward(self) -> float:
        """Seconds in ops."""
        return sum(site.forward for site in self.sites)

    @property
    def backward(self) -> float:
        """Seconds in backward passes."""
        return sum(site.backward for site in self.sites)

    @property
    def step(self) -> float:
        """Seconds in optimizers' steps."""
        return sum(site.step for site in self.sites)

    @property
    def other(self) -> float:
        """Seconds of everything else: Python, data, what was printed."""
        return max(0.0, self.wall - self.watching - self.forward - self.backward - self.step)

    @property
    def left_out(self) -> int:
        """Calls that the table has and the trace has not, because there were too many."""
        return self._spans.left_out

    def spans(self) -> Iterator[Span]:
        """Every call that was kept, in order of its end; `start` counts from the beginning."""
        return self._spans.since(self.began)

    def rows(self, by: str = "op") -> list[Any]:
        """The table by 'op', 'module' or 'line', the longest first: a list of observe.timetable.Row.

        Raises ValueError for another word.
        """
        from gradbook.observe import timetable

        return timetable.rows(self, by)

    def text(self, by: str = "op", memory: bool = False, most: int = 30) -> str:
        """The table as text. Raises ValueError for a word other than 'op', 'module' and 'line'."""
        from gradbook.observe import timetable

        return timetable.text(self, by, memory, most)

    def save(self, path: str | Path) -> Path:
        """Write a trace of every call that chrome://tracing and Perfetto (ui.perfetto.dev) read. -> the path."""
        from gradbook.observe import timetable

        return timetable.save_trace(self, path)

    def __repr__(self) -> str:
        return f"<Timeline: {self.ops} ops, {self.rules} backward rules, {self.wall:.3g} s>"

    __str__ = text

    # -- events: these run in the user's loop ------------------------------------------------------------------------

    def on_op(self, op: Any, operands: tuple[Any, ...], params: dict[str, Any], output: Any, node: Any,
              where: Where | None) -> None:  # fmt: skip
        """An op ran, for events.seconds until events.ended."""
        if threading.get_ident() != self._thread:
            return
        ended = events.ended
        seconds = events.seconds
        outputs = output if isinstance(output, tuple) else (output,)
        if type(outputs[0]._array) is not backends.ndarray:
            waited = _wait_for(outputs[0]._array)
            seconds += waited
            ended += waited
        self._settle()
        stack = self._stack
        inside = bool(stack) and stack[-1].kind == BACKWARD and where == self._place  # part of a rule: create_graph
        number = stack[-1].site if inside else self._site_of(op.name, where)
        site = self.sites[number]
        if node is not None and node.origin:
            node.origin[self._mark] = number
        self._remember(site, number, op, operands, outputs, node)
        if not inside:
            self.ops += 1
            site.calls += 1
            if self._depth:
                site.backward += seconds
            else:
                site.forward += seconds
            self._spans.add(BACKWARD if self._depth else FORWARD, number, ended - seconds, seconds)
        self._heard = now = clock()
        watching = now - ended + self._op_more
        self.watching += watching
        if stack:
            stack[-1].inside += watching + (0.0 if inside else seconds)

    def on_grad(self, node: Any, grad: Any) -> None:
        """A gradient has reached a node: the rule before is done, its own begins."""
        if threading.get_ident() != self._thread or not self._stack:
            return
        if type(grad) is not backends.ndarray:
            _wait_for(grad)
        now = clock()
        self._settle()
        if self._stack[-1].kind == BACKWARD:
            self._close(now)
        origin = node.origin
        number = origin.get(self._mark) if origin else None
        if number is None:
            known = (origin or {}).get("where")
            number = self._site_of(node.op.name, known or self._place)
        site = self.sites[number]
        self.rules += 1
        site.backward_calls += 1
        site.made += self._held.see(grad, number)
        rule = Open(BACKWARD, number, now)
        self._stack.append(rule)
        ended = clock()
        self._live.add(ended, self._held.live)
        self.watching += ended - now
        rule.began = ended
        self._stack[-2].inside += ended - now

    def on_backward(self, phase: str, root: Any, inputs: Any) -> None:
        """A backward pass begins or ends; one may stand inside another's rule."""
        if threading.get_ident() != self._thread:
            return
        now = clock()
        self._settle()
        if phase == "start":
            self._place = events.user_frame(2)
            self.passes += 1
            self._depth += 1
            number = self._site_of("backward pass", self._place)
            self._note_watching(now)
            self._stack.append(Open(PASS, number, clock()))
            return
        if not any(one.kind == PASS for one in self._stack):
            return
        while self._stack[-1].kind != PASS:
            self._close(now)
        self._close(now)
        self._depth -= 1
        places = [self.sites[one.site].where for one in self._stack if one.kind == PASS]
        self._place = places[-1] if places else None

    def on_step(self, phase: str, optimizer: Any) -> None:
        """An optimizer's step begins or ends."""
        if threading.get_ident() != self._thread:
            return
        now = clock()
        stack = self._stack
        if phase == "end":
            if stack and stack[-1].kind == STEP:
                self._close(now)
                self.steps += 1
            return
        if stack and stack[-1].kind == STEP:  # one that raised
            stack.pop()
        number = self._site_of(f"{type(optimizer).__name__}.step", events.user_frame(2))
        self.sites[number].calls += 1
        self._note_watching(now)
        stack.append(Open(STEP, number, clock()))

    def on_module(self, phase: str, module: Any, value: Any) -> None:
        """A module's call begins or ends: a slice of the trace."""
        if threading.get_ident() != self._thread:
            return
        now = clock()
        if phase == "enter":
            self._module_began.append((self._module_of(), now))
        elif self._module_began:
            number, began = self._module_began.pop()
            self._spans.add(MODULE, number, began, now - began)
            self._add_watching(self._module_more)
        self._note_watching(now)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _site_of(self, name: str, where: Where | None) -> int:
        """The number of the site of an op called now."""
        stack = events.module_stack()
        path, root = "", None
        if stack:
            path, root = stack[-1][0], stack[0][1]
        key = (name, path, id(root), *((id(where[0]), where[1]) if where else ()))
        number = self._index.get(key)
        if number is None:
            number = self._index[key] = len(self.sites)
            cls = type(stack[-1][1]).__name__ if stack else ""
            self.sites.append(Site(name, self._roots.name(root), path, cls, where))
        elif root is not None and self.sites[number].root != self._roots.name(root):
            del self._index[key]  # another model, where a dead one was
            return self._site_of(name, where)
        return number

    def _module_of(self) -> int:
        """The number of the module being called now."""
        path, module = events.module_stack()[-1]
        label = f"{path} {type(module).__name__}" if path else self._roots.name(module)
        number = self._module_index.get(label)
        if number is None:
            number = self._module_index[label] = len(self.modules)
            self.modules.append(label)
        return number

    def _remember(self, site: Site, number: int, op: Any, operands: Any, outputs: Any, node: Any) -> None:
        """The memory that came with an op: its outputs, and what its node keeps."""
        held = self._held
        for operand in operands:
            taken = getattr(operand, "_array", None)
            if taken is not None:
                held.know(taken)
        for output in outputs:
            made = getattr(output, "_array", None)
            if made is not None:
                site.made += held.see(made, number)
        if node is not None and node.saved:
            edges = node.edges
            for slot, kept in enumerate(node.saved):
                if not hasattr(kept, "nbytes"):
                    continue
                edge = edges[slot] if slot < len(edges) else None
                if edge is None or edge.tensor is None:  # a leaf's value is there anyway
                    site.made += held.see(kept, number)
                    site.saved += held.keep(kept, number)
        self._live.add(events.ended, held.live)

    def _close(self, now: float) -> None:
        """The innermost thing that is open ends."""
        self._heard = now
        one = self._stack.pop()
        took = now - one.began
        if one.kind == BACKWARD:
            self.watching += min(self._rule_more, max(0.0, took - one.inside))
            one.inside += self._rule_more
        own = max(0.0, took - one.inside)
        site = self.sites[one.site]
        if one.kind == STEP:
            site.step += own
        else:
            site.backward += own
        self._spans.add(one.kind, one.site, one.began, took)
        if self._stack:
            self._stack[-1].inside += took

    def _note_watching(self, since: float) -> None:
        self._heard = clock()
        self._add_watching(self._heard - since)

    def _add_watching(self, spent: float) -> None:
        self.watching += spent
        if self._stack:
            self._stack[-1].inside += spent

    def _settle(self) -> None:
        """What was spent on arrays that ended since we last looked is the watching's, too."""
        spent = self._held.spent - self._freed
        if spent:
            self._freed += spent
            self._add_watching(spent)


def _wait_for(value: Any) -> float:
    """Let a GPU finish what made an array. -> the seconds that took, 0 for memory of the CPU."""
    found = backends.all_samples(value)
    if type(found) is backends.ndarray or not hasattr(found, "device"):
        return 0.0
    began = clock()
    backends.xp_of(found).cuda.get_current_stream().synchronize()
    return clock() - began


def timeline(names: dict[str, Any] | None = None) -> Timeline:
    """`with observe.timeline() as t:` times every op inside, forward and backward; then `print(t)`.

    `names` holds the variables whose names to use; by default those in sight of the `with` statement.
    """
    return Timeline(names)
