"""Candidates where a call itself is wrong: a misspelt name, a wrong argument, a number wanted from many."""

from __future__ import annotations

import ast
import difflib
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

import gradbook
from gradbook.nn.module import Module
from gradbook.observe.failure.candidates import Candidate, Candidates, Mender
from gradbook.observe.failure.definitions import parameters
from gradbook.observe.failure.findings import alike
from gradbook.observe.failure.operands import value_of
from gradbook.observe.failure.value_fixes import dimension

__all__ = ["other"]

Repair = Callable[[Mender], Candidates]


def other(m: Mender) -> Candidates:
    """What has no family, by what the message says."""
    message = m.call.message
    repair = next((repair for mark, repair in REPAIRS if mark in message), None)
    if repair is not None:
        yield from repair(m)


def _joined(m: Mender) -> Candidates:
    if m.call.op == "tensor":
        yield _renamed(m, "stack", "Lays tensors of one shape on each other.")
        yield _renamed(m, "cat", "Joins tensors end to end.")
    else:
        yield from _scalar(m)


def _scalar(m: Mender) -> Candidates:
    x = m.call.operands[0] if m.call.operands else None
    yield m.after(x, ".mean()", "One number from many.")
    yield m.after(x, ".sum()", "One number from many.")


def _truth(m: Mender) -> Candidates:
    """A loss that was given its tensors where it is made; else the truth of many numbers."""
    kind, node = m.callee(), m.call.node
    if isinstance(kind, type) and issubclass(kind, Module) and isinstance(node, ast.Call):
        yield m.put(node.func, f"{m.call.source.segment(node.func)}()", "First made, then called.")
        return
    x = m.call.operands[0] if m.call.operands else None
    yield m.after(x, ".any()", "True if any is.")
    yield m.after(x, ".all()", "True if all are.")


def _first_of_tuple(m: Mender) -> Candidates:
    for part in _arguments(m)[:1]:
        yield m.put(part, f"{m.call.source.segment(part)}[0]", "The first of the values that it returns.")


def _as_tensor(m: Mender) -> Candidates:
    torch = m.alias(gradbook)
    for part in _arguments(m)[:2] if torch else ():
        if isinstance(part, ast.List | ast.Name):
            text = f"{torch}.tensor({m.call.source.segment(part)})"
            yield m.put(part, text, "A tensor of these numbers.")
            yield m.put(part, f"{text}.float()", "A tensor of these numbers.")


def _unpacked(m: Mender) -> Candidates:
    for part in _arguments(m)[:1]:
        yield m.put(part, f"*{m.call.source.segment(part)}", "The layers one by one, not as one list.")


def _arguments(m: Mender) -> list[ast.expr]:
    """The arguments of the failing call by their place."""
    return m.call.node.args if isinstance(m.call.node, ast.Call) else []


def _product(m: Mender) -> Candidates:
    yield _renamed(m, "matmul", "Multiplies matrices with any axes before them.")


def _parameters(m: Mender) -> Candidates:
    """What an optimizer takes, where it was given a model or forgot to call `parameters`."""
    for node in _arguments(m)[:1]:
        yield _its_parameters(m, node)


def _its_parameters(m: Mender, node: ast.expr) -> Candidate | None:
    segment, why = m.call.source.segment(node), "An optimizer takes the parameters."
    if isinstance(value_of(node, m.held), Module):
        return m.put(node, f"{segment}.parameters()", why)
    called = isinstance(node, ast.Attribute) and node.attr in ("parameters", "named_parameters")
    return m.put(node, f"{segment}()", why) if called else None


def _renamed(m: Mender, name: str, why: str) -> Candidate | None:
    """Another function of the same module, or method of the same tensor."""
    func = m.call.node.func if isinstance(m.call.node, ast.Call) else None
    if not isinstance(func, ast.Attribute):
        return None
    return m.put(func, f"{m.call.source.segment(func.value)}.{name}", why)


def _device_there(m: Mender) -> Candidates:
    """A device that this machine has: the GPU where there is one."""
    node, torch = m.call.node, m.alias(gradbook)
    if not isinstance(node, ast.Call) or not torch:
        return
    for part in [*(k.value for k in node.keywords if k.arg == "device"), *node.args]:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            text = f'"cuda" if {torch}.cuda.is_available() else "cpu"'
            yield m.put(part, text, "The GPU where there is one.")


SAME = {"learning_rate": "lr", "axis": "dim", "axes": "dim", "keepdims": "keepdim", "strides": "stride",
        "batchsize": "batch_size", "rate": "p", "kernel": "kernel_size", "filters": "out_channels",
        "units": "out_features", "decay": "weight_decay", "epsilon": "eps"}  # fmt: skip


def _keywords(m: Mender) -> Candidates:
    """The argument that was meant: of a like name, or the one that other libraries call so."""
    message, node = m.call.message, m.call.node
    if not isinstance(node, ast.Call):
        return
    wrong = message.rpartition("argument ")[2].split("'")[1]
    keyword = next((k for k in node.keywords if k.arg == wrong), None)
    kind = m.callee()
    if keyword is None or kind is None:
        return
    known = parameters(kind) if isinstance(kind, type) else arguments_of(kind)
    likely = [SAME[wrong]] if SAME.get(wrong) in known else difflib.get_close_matches(wrong, known, n=2, cutoff=0.5)
    for name in likely:
        text = f"{name}={m.call.source.segment(keyword.value)}"
        yield m.put(keyword, text, f"The argument is called {name}.")


def arguments_of(function: Any) -> list[str]:
    """The names of a function's parameters; none where it does not tell."""
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []


def _spelling(m: Mender) -> Candidates:
    """A name that is there, for one that is not."""
    node = m.call.node
    if not isinstance(node, ast.Attribute):
        return
    owner = m.call.arguments.get("self")
    if owner is None:
        owner = m.call.lacking
    if isinstance(owner, ModuleType):
        for name in alike(node.attr, [n for n in dir(owner) if not n.startswith("_")]):
            yield m.put(node, f"{m.call.source.segment(node.value)}.{name}", "The name that is there.")
        return
    known = [
        *getattr(owner, "_modules", ()),
        *getattr(owner, "_parameters", ()),
        *getattr(owner, "_buffers", ()),
        *dir(type(owner)),
    ]
    for name in alike(node.attr, known):
        yield m.put(node, f"{m.call.source.segment(node.value)}.{name}", "The name that is there.")


REPAIRS: tuple[tuple[str, Repair], ...] = (
    ("Dimension out of range", dimension),
    ("only one element tensors", _joined),
    ("cannot be converted to Scalar", _scalar),
    ("only one element", _scalar),
    ("Boolean value of Tensor", _truth),
    ("has no attribute", _spelling),
    ("must be Tensor, not tuple", _first_of_tuple),
    ("must be Tensor, not", _as_tensor),
    ("is not iterable", _parameters),
    ("is not a Module subclass", _unpacked),
    ("must be a matrix", _product),
    ("must be a 3D tensor", _product),
    ("device type at start", _device_there),
    ("needs CuPy", _device_there),
    ("unexpected keyword argument", _keywords),
)
