"""Every op through gradbook.compile: the same values, gradients, strides, sharing and changes in place as without it.

A sample becomes the text of a step: the calls that torch recorded, then a backward from a weighted sum of what they
gave. It is run as it is and compiled, each time on new tensors, at last on other numbers of the same kind.
"""

from __future__ import annotations

import itertools
import linecache
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

import gradbook
from tests.parity.agree import TOLERANCE, dtype_name
from tests.parity.entries import DRAWN, entry_id, quiet, samples_of, seed, wants_grad
from tests.parity.grads import cotangent
from tests.parity.names import find
from tests.parity.ops import spellings
from tests.parity.replay import Recording, flat, record
from tests.parity.tally import OutOfScope, Tally
from tests.parity.twins import Twins, array_of, unsupported

NUMBERS = itertools.count()
# entry and dtype -> how many times the tolerance: gradients that are zero but for rounding, of rows that are all equal
LOOSE = {"nn.functional.layer_norm float32": 20.0, "native_layer_norm float32": 20.0}
SIMPLE = (bool, int, float, complex, str, type(None), type(...))
GRADIENT = "gradient"
CALLS = 8  # at most, until there is a plan: the first warms up, the others show what is left to Python


# -- a sample as text --------------------------------------------------------------------------------------------------


class Text:
    """The source of a step, made from a recording; `leaves` are its arguments, `names` what it finds in its globals."""

    def __init__(self, recording: Recording) -> None:
        self.leaves: list[torch.Tensor] = []
        self.names: dict[str, Any] = {}
        self.known: dict[int, str] = {}  # by id: how a torch tensor is written
        self.lines: list[str] = []
        for number, call in enumerate(recording.calls):
            function = find(call.name)
            parts = [self.of(arg) for arg in call.args] + [f"{k}={self.of(v)}" for k, v in call.kwargs.items()]
            if isinstance(function, operator.attrgetter):
                self.lines.append(f"r{number} = {parts[0]}.{function.__reduce__()[1][0]}")
            else:
                self.lines.append(f"r{number} = {self.constant(function)}({', '.join(parts)})")
            self.bind(call.out, f"r{number}")
        if recording.error is None:
            self.result = self.of(recording.result)

    def bind(self, value: Any, path: str) -> None:
        """Results are written so from now on."""
        if isinstance(value, torch.Tensor):
            self.known.setdefault(id(value), path)
        elif isinstance(value, (list, tuple)):
            if is_named(value):
                self.known[id(value)] = path
            for i, part in enumerate(value):
                self.bind(part, f"{path}[{i}]")

    def of(self, value: Any) -> str:
        """A value as an expression."""
        if isinstance(value, torch.Tensor):
            if id(value) not in self.known:
                if unsupported(value):
                    raise OutOfScope(unsupported(value))
                self.known[id(value)] = f"x{len(self.leaves)}"
                self.leaves.append(value)
            return self.known[id(value)]
        if is_named(value) and id(value) in self.known:
            return self.known[id(value)]
        if type(value) in (list, tuple) or is_named(value):
            inner = "".join(f"{self.of(part)}, " for part in value)
            return f"[{inner}]" if type(value) is list else f"({inner})"
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key!r}: {self.of(part)}" for key, part in value.items()) + "}"
        if isinstance(value, slice):
            return f"slice({self.of(value.start)}, {self.of(value.stop)}, {self.of(value.step)})"
        if isinstance(value, SIMPLE) and not (isinstance(value, (float, complex)) and not np.isfinite(value)):
            return repr(value)
        return self.constant(Twins()(value))

    def constant(self, value: Any) -> str:
        """A name for something that is the same in each call."""
        name = f"c{len(self.names)}"
        self.names[name] = value
        return name

    def step(self, weights: dict[int, Any]) -> Callable[..., Any]:
        """The function. weights: the outputs that a backward starts from, by number, and what each is weighted with."""
        arguments = ", ".join(f"x{i}" for i in range(len(self.leaves)))
        lines = [f"def step({arguments}):", *(f"    {line}" for line in self.lines), f"    result = {self.result}"]
        space: dict[str, Any] = {**self.names, "flat": flat}
        if weights:
            space |= {f"w{i}": weight for i, weight in weights.items()}
            lines.append("    parts = " + (self.parts() or "[]"))
            terms = [f"(parts[{i}] * w{i}).sum()" for i in weights]
            terms = [f"{t}.real" if weights[i].is_complex() else t for i, t in zip(weights, terms, strict=True)]
            lines += [f"    loss = {' + '.join(terms)}", "    loss.backward()"]
            given = [f"parts[{i}].detach()" if i in weights else f"parts[{i}]" for i in range(len(flat(self.value)))]
            lines.append(f"    result = [{', '.join(given)}]")
        text = "\n".join([*lines, "    return result"]) + "\n"
        name = f"<sample {next(NUMBERS)}>"
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        exec(compile(text, name, "exec"), space)
        made: Callable[..., Any] = space["step"]
        return made

    def parts(self) -> str:
        """The outputs, one after the other."""
        return "[" + ", ".join(self.of(part) for part in flat(self.value)) + "]"

    value: Any = None  # what torch gave


def is_named(value: Any) -> bool:
    """True for a tuple of results that have names."""
    return isinstance(value, tuple) and (hasattr(value, "_fields") or hasattr(value, "n_fields"))


def new(leaves: list[Any], grad: bool, changed: bool) -> list[Any]:
    """Tensors of gradbook for the leaves; changed: other numbers, of the same kind."""
    made = []
    for leaf in leaves:
        array = array_of(leaf)
        if changed and array.size:
            if array.dtype.kind in "fcV":
                array[...] = (array * 0.75).astype(array.dtype)
            else:
                array[...] = array.reshape(-1)[::-1].reshape(array.shape).copy()
        tensor = gradbook.from_numpy(array)
        if isinstance(leaf, torch.nn.Parameter):
            tensor = gradbook.nn.Parameter(tensor, requires_grad=False)
        made.append(tensor.requires_grad_(True) if grad and leaf.requires_grad else tensor)
    return made


# -- one call ----------------------------------------------------------------------------------------------------------


@dataclass
class Outcome:
    """What a call of a step gave, changed and left behind."""

    error: Exception | None = None
    result: Any = None
    leaves: list[Any] = field(default_factory=list)

    def grads(self) -> list[Any]:
        """Gradients of the leaves."""
        return [leaf.grad for leaf in self.leaves]


def outcome(step: Any, leaves: list[Any], grad: bool) -> Outcome:
    """Call a step, with the random numbers that every call begins with."""
    seed()
    found = Outcome(leaves=leaves)
    try:
        with gradbook.set_grad_enabled(grad):
            found.result = step(*leaves)
    except Exception as error:
        found.error = error
    return found


def contrast(plain: Outcome, fast: Outcome, drawn: bool, loose: float) -> str:
    """What differs, or an empty text."""
    if plain.error is not None or fast.error is not None:
        if type(plain.error) is type(fast.error):
            return ""
        return f"{type(fast.error).__name__} ({str(fast.error)[:150]}), not {type(plain.error).__name__}"
    problem = listed(flat(plain.result), flat(fast.result), "output", drawn, loose)
    problem = problem or listed(plain.leaves, fast.leaves, "argument afterwards", drawn, loose)
    problem = problem or listed(plain.grads(), fast.grads(), GRADIENT, drawn, 3 * loose)
    return problem or sharing(plain, fast)


def sharing(plain: Outcome, fast: Outcome) -> str:
    """Whether results are arguments, or views of them, in one only."""

    def seen(one: Outcome) -> list[tuple[int, int, bool]]:
        outs = [part for part in flat(one.result) if isinstance(part, gradbook.Tensor)]
        found = []
        for i, out in enumerate(outs):
            for j, leaf in enumerate(one.leaves):
                if np.may_share_memory(out.detach()._array, leaf.detach()._array):
                    found.append((i, j, out is leaf))
        return found

    ours, theirs = seen(fast), seen(plain)
    return "" if ours == theirs else f"(output, argument, the same?) that share memory: {ours}, not {theirs}"


def listed(plain: list[Any], fast: list[Any], what: str, drawn: bool, loose: float = 1.0) -> str:
    """What differs between the parts of two lists."""
    if len(plain) != len(fast):
        return f"{len(fast)} {what}s, not {len(plain)}"
    for i, (a, b) in enumerate(zip(plain, fast, strict=True)):
        problem = part_difference(a, b, drawn, loose, what != GRADIENT)
        if problem:
            return f"{what} {i}: {problem}"
    return ""


def part_difference(a: Any, b: Any, drawn: bool, loose: float, laid_out: bool) -> str:
    """What differs between two results: kind, dtype, shape, strides if laid_out, history, values."""
    if not isinstance(a, gradbook.Tensor) or not isinstance(b, gradbook.Tensor):
        same = type(a) is type(b) and (a == b or (a != a and b != b) or isinstance(a, gradbook.Generator))
        return "" if same or close(np.asarray(a), np.asarray(b), "float32", 1.0) else f"{b!r}, not {a!r}"
    if type(a) is not type(b) or a.dtype is not b.dtype or a.shape != b.shape:
        return f"{type(b).__name__} {b.dtype} {tuple(b.shape)}, not {type(a).__name__} {a.dtype} {tuple(a.shape)}"
    if a.requires_grad != b.requires_grad:
        return f"requires_grad {b.requires_grad}, not {a.requires_grad}"
    strides = [[s for s, n in zip(t.stride(), t.shape, strict=True) if n > 1] for t in (a, b)]
    if laid_out and is_dense(a) and strides[0] != strides[1]:
        return f"strides {b.stride()}, not {a.stride()}"
    if drawn or not a.numel():
        return ""
    return close(a.detach()._array, b.detach()._array, dtype_name(a), loose)


def is_dense(tensor: Any) -> bool:
    """True for memory without gaps: another order of axes is kept, gaps (of a part of something larger) are not."""
    step = 1
    for stride, length in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if length > 1 and stride != step:
            return False
        step *= length
    return bool(tensor.numel())


def close(a: Any, b: Any, dtype: str, loose: float) -> str:
    """How far two arrays are apart, or an empty text."""
    if a.dtype.kind in "biu":
        return "" if np.array_equal(a, b) else f"{int((a != b).sum())} of {a.size} values differ"
    if a.dtype.kind not in "fcV":
        return "" if np.array_equal(a, b) else f"{b!r}, not {a!r}"
    wide = np.complex128 if a.dtype.kind == "c" else np.float64
    a, b = a.astype(wide), b.astype(wide)
    finite = np.isfinite(a)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True) or not np.array_equal(finite, np.isfinite(b)):
        return "another nan or inf"
    relative, absolute = TOLERANCE[dtype]
    scale = float(np.abs(a[finite]).max()) if finite.any() else 0.0
    error = float(np.abs(a[finite] - b[finite]).max()) if finite.any() else 0.0
    return "" if error <= loose * (relative * scale + absolute) else f"off by {error:.3g}, the largest is {scale:.3g}"


# -- one sample --------------------------------------------------------------------------------------------------------


@dataclass
class Kinds:
    """How many samples were compiled wholly, with Python between kernels, or not; and why."""

    native: int = 0
    mixed: dict[str, int] = field(default_factory=dict)  # what had no kernel
    python: dict[str, int] = field(default_factory=dict)  # reasons

    def note(self, compiled: Any) -> None:
        """Count a compiled step."""
        plans = [variant.plan for variants in compiled.variants.values() for variant in variants]
        if not plans:
            for reason, _ in compiled.report or [("nothing was compiled", "")]:
                self.python[reason] = self.python.get(reason, 0) + 1
        elif any(plan.left for plan in plans):
            for each in plans[0].left:
                name = f"{each.kind} {getattr(each.op, 'name', getattr(each.op, '__name__', each.op))}"
                self.mixed[name] = self.mixed.get(name, 0) + 1
        else:
            self.native += 1


def check_compiled(
    entry: Any, dtype: str, limit: int | None, kinds: Kinds | None = None, others: bool = False
) -> Tally:
    """Samples of one entry and dtype; others: also its method, in-place forms and aliases."""
    counts = Kinds() if kinds is None else kinds
    tally = Tally("compiled", entry_id(entry), differentiable=bool(entry.supports_autograd))
    functions = [("", entry.op), *(spellings(entry) if others else ())]
    with quiet(), np.errstate(all="ignore"):
        for number, sample in samples_of(entry, dtype, limit):
            for name, function in functions:
                given = sample if not name or isinstance(sample.input, torch.Tensor) else None
                for grad in (False, True) if wants_grad(entry, dtype) else (False,):
                    if given is not None:
                        tally.note(
                            f"sample {number} {name} {'backward' if grad else ''}",
                            lambda f=function, s=given, g=grad: check_sample(entry, f, s, dtype, g, counts),
                        )
    return tally


def check_sample(entry: Any, function: Any, sample: Any, dtype: str, grad: bool, kinds: Kinds) -> str:
    """What is wrong with one sample, or an empty text."""
    first, args, kwargs = Twins(torch)((sample.input, tuple(sample.args), dict(sample.kwargs)))
    seed()
    process = sample.output_process_fn_grad if grad else None
    with torch.set_grad_enabled(grad):
        recording = record(function, first, *args, process=process, **kwargs)
    text = Text(recording)
    if recording.error is not None:
        text.result = "None"
    text.value = recording.result
    drawn, loose = entry.name in DRAWN, LOOSE.get(f"{entry_id(entry)} {dtype}", 1.0)
    step = text.step({})
    if grad:
        probe = outcome(step, new(text.leaves, True, False), True)
        outs = flat(probe.result)
        weights = {
            i: cotangent(i, out, gradbook)
            for i, out in enumerate(outs)
            if isinstance(out, gradbook.Tensor) and out.requires_grad
        }
        if not weights:
            return ""
        step = text.step(weights)
    compiled = gradbook.compile(step, options={"wait": True})
    plain = {changed: outcome(step, new(text.leaves, grad, changed), grad) for changed in (False, True)}
    number = 0
    for changed in rounds(compiled):
        number += 1
        found = outcome(compiled, new(text.leaves, grad, changed), grad)
        wrong = contrast(plain[changed], found, drawn, loose)
        if wrong:
            return f"call {number}: {wrong} [{compiled.report}]"
    kinds.note(compiled)
    return ""


def rounds(compiled: Any) -> Iterator[bool]:
    """Whether numbers are changed in each call: there is a plan before it is called twice more, if there ever is."""
    for _ in range(CALLS):
        yield False
        if compiled.variants or compiled.given_up:
            break
    yield False
    yield True
