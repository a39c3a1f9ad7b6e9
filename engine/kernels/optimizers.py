"""Optimizer steps: all parameters of a group in one call, each number read and written once.

The options lie in a float64 array, `settings`, whose first number is the count of steps; the step itself counts on. So
a new learning rate is a number written into an array, and nothing is compiled or built again. The rules are those of
engine/optim, with the scalar factors computed in float64 and everything else in float32.

A kernel's words are its numbers and a scale, then a row for each chunk of a parameter: the addresses of its arrays, and
how many numbers it has. Unit: a chunk.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook.kernels import jit
from gradbook.kernels.emit import DOUBLE, FLOAT, LONG, POINTER, KernelBuilder
from gradbook.kernels.program import Kernel, Unsupported
from gradbook.kernels.rows import Part, abreast
from gradbook.kernels.rules import RULES, Rule

__all__ = ["SETTINGS", "adagrad", "adam", "add_update", "chunk_rows", "rmsprop", "sgd", "update_kernel"]

SETTINGS = {name: rule.settings for name, rule in RULES.items()}  # what each number of `settings` is
NUMBERS, HEAD = 8, 2  # numbers a rule may have; words before the chunks
CHUNKS, LEAST, MOST = 64, 4096, 65536  # chunks to aim at; numbers in one at least and at most


@jit.kept
def prepare_kernel(name: str) -> int:
    """words: settings, numbers, how many steps arrays, then those. Counts the step and makes the rule's factors."""
    build, rule = KernelBuilder(f"{name}_prepare"), RULES[name]
    settings, numbers = build.pointer(0), build.pointer(1)
    given = {what: build.load(settings, LONG(i), DOUBLE) for i, what in enumerate(rule.settings)}
    given["step"] = build.ir.fadd(given["step"], build.constant(1.0, DOUBLE))
    build.store(given["step"], settings, LONG(0))
    for i, factor in enumerate(rule.factors(build, given)):
        build.store(build.ir.fptrunc(factor, FLOAT), numbers, LONG(i))
    with build.loop(0, build.word(2)) as i:
        place = build.ir.load(build.at(build.words, build.ir.add(i, LONG(3)), LONG), typ=POINTER)
        build.store(build.ir.fptrunc(given["step"], FLOAT), place, LONG(0))
    return build.address()


@jit.kept
def update_kernel(name: str, options: frozenset[str]) -> int:
    """words: numbers, scale, chunks. options: "maximize", "scaled", and the rule's own."""
    build, rule = KernelBuilder(name), RULES[name]
    arrays = rule.arrays(options)
    numbers = [build.splat(build.load(build.pointer(0), LONG(i))) for i in range(rule.numbers)]
    scale = build.splat(build.load(build.pointer(1), LONG(0))) if "scaled" in options else None
    with build.loop(build.start, build.stop, name="chunk") as unit:
        first = build.ir.add(build.ir.mul(unit, LONG(len(arrays) + 1)), LONG(HEAD))
        *places, count = (build.ir.add(first, LONG(i)) for i in range(len(arrays) + 1))
        bases = [build.ir.load(build.at(build.words, place, LONG), typ=POINTER) for place in places]
        size = build.load(build.words, count, LONG)

        def body(parts: list[Part], bases: Any = tuple(bases)) -> None:
            loaded = [{what: part.load(base) for what, base in zip(arrays, bases, strict=True)} for part in parts]
            for part, values in zip(parts, loaded, strict=True):
                grad = values["grad"] if scale is None else build.mul(values["grad"], scale)
                values["grad"] = build.ir.fneg(grad) if "maximize" in options else grad
                changed = rule.update(build, values, numbers, options)
                for what, base in zip(arrays, bases, strict=True):
                    if what in changed:
                        part.store(changed[what], base)

        abreast(build, size, body, 2)
    return build.address()


def flat(array: Any, name: str) -> np.ndarray[Any, Any]:
    """An array's numbers in the order of memory. Raises Unsupported unless they are dense float32."""
    if not isinstance(array, np.ndarray) or array.dtype != np.float32:
        raise Unsupported(f"{name}: {getattr(array, 'dtype', type(array).__name__)}, not float32")
    order = sorted(range(array.ndim), key=lambda axis: -array.strides[axis])
    found: np.ndarray[Any, Any] = array.transpose(order)
    if not found.flags.c_contiguous:
        raise Unsupported(f"{name}: its numbers are not dense")
    return found.reshape(-1)


def chunk_rows(lists: Sequence[Sequence[Any]], names: Sequence[str]) -> list[Any]:
    """Words for lists of arrays that belong together: (array's part, ..., numbers) for each chunk of each.

    Raises Unsupported unless the arrays of one place have one shape and layout.
    """
    total = sum(array.size for array in lists[0])
    step = min(MOST, max(LEAST, -(-total // CHUNKS)))
    words: list[Any] = []
    for group in zip(*lists, strict=True):
        first = group[0]
        for name, array in zip(names, group, strict=True):
            if array.shape != first.shape or (array.strides != first.strides and not alike(array, first)):
                raise Unsupported(f"{name}: {array.shape}, {array.strides}, not as {names[0]}")
        rows = [flat(array, name) for name, array in zip(names, group, strict=True)]
        for start in range(0, first.size, step):
            parts = [row[start : start + step] for row in rows]
            words += [*parts, parts[0].size]
    return words


def alike(a: Any, b: Any) -> bool:
    """Whether arrays of one shape have the same strides where strides count."""
    return all(n <= 1 or s == t for n, s, t in zip(a.shape, a.strides, b.strides, strict=True))


def add_update(
    program: Any, name: str, settings: Any, lists: Sequence[Sequence[Any]], options: Any, scale: Any, steps: Any
) -> None:
    """One step of a rule by its name; the arrays in the order that the rule has for these options."""
    rule: Rule = RULES[name]
    if settings.dtype != np.float64 or settings.shape != (len(rule.settings),) or not settings.flags.c_contiguous:
        raise Unsupported(f"{name}: settings must be float64, {', '.join(rule.settings)}")
    chosen = frozenset(options) | ({"scaled"} if scale is not None else frozenset())
    arrays = rule.arrays(chosen)
    words = chunk_rows([list(arrays_of) for arrays_of in lists], arrays)
    numbers = np.zeros(NUMBERS, np.float32)
    program.add(Kernel(f"{name}_prepare", prepare_kernel(name), alone=True), settings, numbers, len(steps), *steps)
    units = len(words) // (len(arrays) + 1)
    if units:
        size = sum(array.size for array in lists[0])
        kernel = Kernel(name, update_kernel(name, chosen), units, flops=rule.flops * size)
        program.add(kernel, numbers, numbers if scale is None else scale, *words)


def sgd(
    program: Any, settings: Any, params: Any, grads: Any, momentum_buffers: Any = None, *, nesterov: bool = False,
    maximize: bool = False, scale: Any = None, steps: Any = (),
) -> None:  # fmt: skip
    """One step of SGD on lists of arrays. settings: as SETTINGS["sgd"].

    momentum_buffers: zeros before the first step. scale: a float32 number that the gradients are multiplied with, such
    as a clipping factor. steps: float32 numbers that are set to the count of steps. Raises Unsupported.
    """
    lists = [params, grads] if momentum_buffers is None else [params, grads, momentum_buffers]
    options = chosen(momentum=momentum_buffers is not None, nesterov=nesterov, maximize=maximize)
    add_update(program, "sgd", settings, lists, options, scale, steps)


def adam(
    program: Any, settings: Any, params: Any, grads: Any, exp_avgs: Any, exp_avg_sqs: Any, max_exp_avg_sqs: Any = None,
    *, decoupled: bool = False, maximize: bool = False, scale: Any = None, steps: Any = (),
) -> None:  # fmt: skip
    """One step of Adam, or AdamW if decoupled, on lists of arrays; with max_exp_avg_sqs it is amsgrad. As `sgd`."""
    lists = [params, grads, exp_avgs, exp_avg_sqs]
    lists += [] if max_exp_avg_sqs is None else [max_exp_avg_sqs]
    options = chosen(amsgrad=max_exp_avg_sqs is not None, decoupled=decoupled, maximize=maximize)
    add_update(program, "adam", settings, lists, options, scale, steps)


def rmsprop(
    program: Any, settings: Any, params: Any, grads: Any, square_avgs: Any, grad_avgs: Any = None,
    momentum_buffers: Any = None, *, maximize: bool = False, scale: Any = None, steps: Any = (),
) -> None:  # fmt: skip
    """One step of RMSprop on lists of arrays, centered with grad_avgs, with momentum with buffers. As `sgd`."""
    lists = [params, grads, square_avgs, *([] if grad_avgs is None else [grad_avgs])]
    lists += [] if momentum_buffers is None else [momentum_buffers]
    options = chosen(centered=grad_avgs is not None, momentum=momentum_buffers is not None, maximize=maximize)
    add_update(program, "rmsprop", settings, lists, options, scale, steps)


def adagrad(
    program: Any, settings: Any, params: Any, grads: Any, sums: Any, *, maximize: bool = False, scale: Any = None,
    steps: Any = (),
) -> None:  # fmt: skip
    """One step of Adagrad on lists of arrays. As `sgd`."""
    add_update(program, "adagrad", settings, [params, grads, sums], chosen(maximize=maximize), scale, steps)


def chosen(**options: bool) -> set[str]:
    """The names of the options that are on."""
    return {name for name, on in options.items() if on}
