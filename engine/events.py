"""Who listens to the engine. One tuple of callables a kind; an empty tuple costs the engine one `if`.

Kinds and what a listener is called with:
    op         (op, operands, params, output, node, where)  after each op; where = (code, lasti) of the user's frame
    backward   (phase, root, inputs)                        "start" and "end" of a backward pass
    grad       (node, grad)                                 the gradient that reaches a node, before its rule runs
    rule       (node, grad, edges, results)                 after a node's rule ran: what it gives each operand, before
                                                            broadcasting is undone; None where nothing is wanted
    write      (target, value)                              after a tensor's memory was changed in place: by `value`, a
                                                            tensor that was computed, or by a number (None)
    step       (phase, optimizer)                           "start" and "end" of optimizer.step
    zero_grad  (owner)                                      an optimizer or module whose gradients were cleared
    batch      (phase, loader, index, total)                "next" for each batch handed out, "end" after the last;
                                                            its sampler stands for a loader that nobody kept
    module     (phase, module, value)                       "enter", "exit" or "error" of a module call
    log        (name, value)                                gradbook.log
    made       (tensor)                                     a tensor was made of numbers: zeros, arange, tensor, ...
    cut        (how, source, tensor)                        a tensor was given the values of another one without its
                                                            graph: "detach", "data", "tensor", "Parameter"; source None:
                                                            from NumPy
    built      (owner)                                      a module, an optimizer, a schedule or a loader is being
                                                            constructed
    custom     (phase, function, args, outputs)             "enter" before a Function's forward, "exit" once it is
                                                            recorded; outputs are None at first
    schedule   (scheduler)                                  a learning rate schedule has stepped
    draw       (generator)                                  random numbers are about to be drawn from a generator
    found      (function, arrays, params, result)           indices were computed from arrays, which no op is told of
    read       (tensor)                                     Python is about to see values: item, bool, numpy, print
    mode       (what, owner, value)                         "train": a module was put into training mode or out of it;
                                                            "grad": from now on this thread records operations or not;
                                                            "asks": a tensor is told to ask for a gradient or not
    control    ()                                           at safe points; may block (pause) or raise (stop)

An observer whose `brief` is true at the last `refresh` is told of every step, but not of its inside: neither of the
end of a backward pass nor of the start of an optimizer's step.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from gradbook.errors import BreakpointHit

__all__ = ["KINDS", "attach", "detach", "observers", "observing"]

KINDS = (
    "op", "backward", "grad", "rule", "write", "step", "zero_grad", "batch", "module", "log", "made", "cut", "built",
    "custom", "schedule", "draw", "found", "read", "mode", "control",
)  # fmt: skip
METHODS = {kind: f"on_{kind}" for kind in KINDS}
Listener = Callable[..., Any]

op: tuple[Listener, ...] = ()
backward: tuple[Listener, ...] = ()
grad: tuple[Listener, ...] = ()
rule: tuple[Listener, ...] = ()
write: tuple[Listener, ...] = ()
step: tuple[Listener, ...] = ()
zero_grad: tuple[Listener, ...] = ()
batch: tuple[Listener, ...] = ()
module: tuple[Listener, ...] = ()
log: tuple[Listener, ...] = ()
made: tuple[Listener, ...] = ()
cut: tuple[Listener, ...] = ()
built: tuple[Listener, ...] = ()
custom: tuple[Listener, ...] = ()
schedule: tuple[Listener, ...] = ()
draw: tuple[Listener, ...] = ()
found: tuple[Listener, ...] = ()
read: tuple[Listener, ...] = ()
mode: tuple[Listener, ...] = ()
control: tuple[Listener, ...] = ()

computing = False  # somebody listens to what is computed: ops, gradients, rules, changes in place, modules
counting = False  # somebody listens to what is done with it: backward passes, steps, cleared gradients
backward_end: tuple[Listener, ...] = ()  # those of `backward` and of `step` who are not brief
step_start: tuple[Listener, ...] = ()

observers: tuple[Any, ...] = ()
_lock = threading.RLock()
_thread = threading.local()


def attach(observer: Any) -> None:
    """Let an observer listen: each of its methods `on_<kind>` is called from now on. Attaching twice is once."""
    with _lock:
        if not any(o is observer for o in observers):
            _rebuild((*observers, observer))


def detach(observer: Any) -> None:
    """Stop an observer from listening. Detaching one that does not listen does nothing."""
    with _lock:
        _rebuild(tuple(o for o in observers if o is not observer))


def refresh() -> None:
    """Read the observers' methods again, after one has switched an `on_<kind>` on (callable) or off (None)."""
    with _lock:
        _rebuild(observers)


@contextlib.contextmanager
def observing(observer: Any) -> Iterator[Any]:
    """Listen inside a `with` block, and never longer."""
    attach(observer)
    try:
        yield observer
    finally:
        detach(observer)


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Inside a `with` block nobody listens who did before, and afterwards nobody who did not."""
    before = observers
    with _lock:
        _rebuild(())
    try:
        yield
    finally:
        with _lock:
            _rebuild(before)


def _rebuild(new: tuple[Any, ...]) -> None:
    global observers, backward_end, step_start, computing, counting
    observers = new
    space = globals()
    for kind, method in METHODS.items():  # written out: it happens several times in each notebook cell
        space[kind] = tuple([found for o in new if (found := getattr(o, method, None)) is not None]) if new else ()
    computing, counting = bool(op or grad or rule or write or module), bool(backward or step or zero_grad)
    whole = tuple(o for o in new if not getattr(o, "brief", False))
    backward_end, step_start = _listeners("backward", whole), _listeners("step", whole)


def _listeners(kind: str, among: tuple[Any, ...]) -> tuple[Listener, ...]:
    found = [getattr(o, METHODS[kind], None) for o in among]
    return tuple(listener for listener in found if listener is not None)


def _fall_silent() -> None:
    """In a forked process nobody listens: its pictures would come from a front end that is not its own."""
    global _lock
    _lock = threading.RLock()  # another thread may have held it when the process was forked
    _rebuild(())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_fall_silent)


def emit(listeners: tuple[Listener, ...], *args: Any) -> None:
    """Call listeners; one that raises is detached with one warning: a picture may break, the training may not.

    What a listener raises on purpose to end the training (StopTraining, BreakpointHit) goes through.
    """
    for listener in listeners:
        try:
            listener(*args)
        except BreakpointHit:
            raise
        except Exception as error:
            owner = getattr(listener, "__self__", listener)
            detach(owner)
            message = f"gradbook: an observer ({type(owner).__name__}) failed and was detached: {error!r}"
            warnings.warn(message, RuntimeWarning, stacklevel=2)


def safe_point() -> None:
    """Where a training loop may be paused or stopped. StopTraining and KeyboardInterrupt pass through."""
    if control:
        emit(control)


def finding(function: Callable[..., Any], *arrays: Any, **params: Any) -> Any:
    """function(*arrays, **params): an array that is computed by no op, such as indices; who listens can do it again."""
    result = function(*arrays, **params)
    if found:
        emit(found, function, arrays, params, result)
    return result


def module_stack() -> list[tuple[str, Any]]:
    """The modules being called on this thread, outermost first, as (path, module); kept only while somebody listens."""
    stack: list[tuple[str, Any]] | None = getattr(_thread, "modules", None)
    if stack is None:
        stack = _thread.modules = []
    return stack


def module_path() -> str:
    """Path of the innermost module call on this thread, such as `encoder.0`; empty outside or in the root module."""
    stack = module_stack()
    return stack[-1][0] if stack else ""


seconds = 0.0  # how long the op being reported took
ended = 0.0  # when it was done, by time.perf_counter: what is later is the watching's own
_library: dict[str, bool] = {}  # file name -> belongs to gradbook
_PACKAGE = tuple({__file__.rpartition("/")[0] + "/", __file__.rpartition("\\")[0] + "\\"} - {"/", "\\"})


def user_frame(depth: int = 2) -> tuple[Any, int] | None:
    """(code, lasti) of the nearest calling frame outside gradbook, to be resolved to a line when it is drawn."""
    frame: Any = sys._getframe(depth)
    while frame is not None:
        name = frame.f_code.co_filename
        inside = _library.get(name)
        if inside is None:
            inside = _library[name] = name.startswith(_PACKAGE)
        if not inside:
            return frame.f_code, frame.f_lasti
        frame = frame.f_back
    return None
