"""Gradients that the user writes: the backward of an autograd.Function against what its forward changes by."""

from __future__ import annotations

import ast
import inspect
import re
import time
import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradbook.autograd.function import Function
from gradbook.coach import code
from gradbook.coach.apart import apart
from gradbook.coach.finding import Fix
from gradbook.coach.function_trial import FunctionTrial, Unfit
from gradbook.coach.purity import changes_only_its_own, root_of
from gradbook.coach.repairs import changes, tried
from gradbook.coach.rule import Rule
from gradbook.observe.failure.definitions import definition
from gradbook.observe.failure.text import called_name
from gradbook.observe.source import is_users

__all__ = ["RULES", "WrongGradient"]

SHAPES = 2  # in which each Function is tried
# what a Function whose gradient is not the derivative on purpose calls itself
MEANT = re.compile(
    r"straight|\bste\b|_ste\b|ste_|[a-z]STE\b|surrogate|revers|\bgrl\b|guided|spik|quanti|binar|pass_?through|fake|"
    r"(?:grad\w*_?(?:scal|clip|mult|filter))|(?:(?:scal|clip|stop)\w*_?grad)|biased|approximat|heaviside|relax",
    re.IGNORECASE,
)
STEPPED = frozenset((
    "round", "floor", "ceil", "trunc", "sign", "argmax", "argmin", "bernoulli", "multinomial", "topk", "one_hot",
    "bucketize", "searchsorted", "heaviside",
))  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """What is wrong with the gradient of one input: its position, in words, slopes found and told."""

    index: int
    what: str
    slopes: tuple[float, ...]
    told: tuple[float, ...]
    sure: bool = True


class WrongGradient(Rule):
    """A Function whose backward is not the derivative of its forward."""

    id = "wrong-gradient"
    idea = "a backward written by hand is easily wrong by a sign or a factor, and training goes on with it in silence"
    threshold = (
        "slopes of the forward in three random directions, in float64, differ by 2 % from what backward tells; an "
        "identity (reversal, scaling, clipping of gradients) and a forward in steps (straight-through) are meant so"
    )

    def begins(self) -> None:
        self.seen: weakref.WeakKeyDictionary[type, set[Any]] = weakref.WeakKeyDictionary()

    def applied(self, function: Any, args: tuple[Any, ...]) -> None:
        seen = self.seen.setdefault(function, set())
        shapes = tuple(tuple(a._array.shape) for a in args if hasattr(a, "_array"))
        if shapes in seen or len(seen) >= SHAPES:
            return
        seen.add(shapes)
        if "backward" not in vars(function) or not judged(function):
            return
        began = time.thread_time()
        try:
            with apart() as draws:
                trial = FunctionTrial(function, args, draws)
                for fault in faults(trial):
                    self._speak(function, trial, fault, args)
        except Unfit:
            return
        finally:
            self.coach.attention.spent(time.thread_time() - began)

    def _speak(self, function: Any, trial: FunctionTrial, fault: Fault, args: tuple[Any, ...]) -> None:
        self.seen[function].update(range(SHAPES))  # it is not tried again
        backward = inspect.unwrap(function.backward)
        found = definition(backward)
        assert found is not None
        source, node = found
        at = code.place((backward.__code__, 0))
        name = parameter(function, trial.inputs[fault.index])
        wrong = changes(source, node, trial.inputs[fault.index], kept(function, node), given_back(function))
        good = tried(backward, source, node, wrong, lambda made: mends(trial, made, fault.index))
        assert at is not None
        line = good[0].node.lineno if good else to_blame(node, trial.inputs[fault.index])
        fixes = [code.replacement(at, change.node, change.text, change.why) for change in good]
        check = f"torch.autograd.gradcheck({function.__name__}.apply, ({name}.double().requires_grad_(),))"
        self.find(
            f"{function.__name__}.backward is wrong: for {name} it {fault.what}.", (source.file, line),
            {"slopes of forward": ", ".join(f"{x:.4g}" for x in fault.slopes),
             "slopes that backward tells": ", ".join(f"{x:.4g}" for x in fault.told) or "none",
             "tried in": "float64" if trial.eps < 1e-4 else "float32"},
            [*fixes, Fix(check, (), "tells whether a backward is right")][:3],
            severity="" if fault.sure and is_plain(function) else "hint",
        )  # fmt: skip


# -- what is judged ----------------------------------------------------------------------------------------------------


def judged(function: type[Function]) -> bool:
    """Whether a Function is the user's own, does not say that its gradient is another one, and changes only itself."""
    forward, backward = inspect.unwrap(function.forward), inspect.unwrap(function.backward)
    if not is_users(getattr(getattr(backward, "__code__", None), "co_filename", "<string>")):
        return False
    parts = [definition(forward), definition(backward)]
    for part, found in zip((forward, backward), parts, strict=True):
        if found is None or not changes_only_its_own(part, found[1]):
            return False
    words = [function.__name__, function.__doc__ or "", forward.__doc__ or "", backward.__doc__ or ""]
    return not any(MEANT.search(text) for text in [*words, *comments(parts)])


def comments(parts: list[Any]) -> list[str]:
    """What the comments in some functions say."""
    lines = [line for source, node in parts for line in source.lines[node.lineno - 1 : node.end_lineno]]
    return [line.partition("#")[2] for line in lines if "#" in line and "coach:" not in line]


def is_plain(function: Any) -> bool:
    """Whether a forward has neither loops, whose gradient may be an estimate, nor steps, nor a clamp at both ends."""
    found = definition(inspect.unwrap(function.forward))
    if found is None:
        return False
    for part in ast.walk(found[1]):
        name = called_name(part) if isinstance(part, ast.Call) else ""
        if isinstance(part, ast.For | ast.While) or name in STEPPED or name == "hardtanh":
            return False
        if name in ("clamp", "clip") and not one_sided(part):
            return False
    return True


def one_sided(call: Any) -> bool:
    """clamp(min=0), torch.clamp(x, min=0), x.clamp(0)."""
    keys = {keyword.arg for keyword in call.keywords}
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    module = isinstance(owner, ast.Name) and owner.id in ("torch", "np", "F", "gradbook")
    bounds = len(call.args) - module + len(keys & {"min", "max"})
    return bounds == 1


# -- judging -----------------------------------------------------------------------------------------------------------


def faults(trial: FunctionTrial) -> list[Fault]:
    """What is wrong with each input's gradient; none where the Function is meant to have another gradient."""
    if identity(trial):
        return []
    trial.told = trial.backward()
    told, tiny, turned = trial.told, trial.backward(1e-3), trial.backward(-1.0)
    if trial.draws_back:
        return []
    slopes = trial.slopes = [trial.directions(i) for i in range(len(trial.inputs))]
    for grad, known in zip(told, slopes, strict=True):
        flat = bool(known) and all(abs(slope) <= 1e-9 * trial.size for _, slope in known)
        if flat and grad is not None and np.any(grad):
            return []  # straight through
    found = []
    for i, (grad, known) in enumerate(zip(told, slopes, strict=True)):
        if len(known) < 2 or trial.agrees(grad, known) or all(abs(slope) <= 1e-9 * trial.size for _, slope in known):
            continue
        fault = one(trial, i, grad, (tiny[i], turned[i]))
        if fault is not None:
            found.append(fault)
    return found


def identity(trial: FunctionTrial) -> bool:
    """Whether an output is an input: then the gradient is what the Function is for."""
    for k in trial.outputs:
        out = trial.first[k]._array
        for i in trial.inputs:
            given = trial.args[i]
            if out.size == given.size and np.allclose(out.reshape(-1), given.reshape(-1), rtol=1e-9, atol=0):
                return True
    return False


def one(trial: FunctionTrial, i: int, grad: Any, others: tuple[Any, Any]) -> Fault | None:
    """What is wrong with one input's gradient; None if it may be meant."""
    known = trial.slopes[i]
    slopes = tuple(slope for _, slope in known)
    leaf = bool(trial.given(i).is_leaf)
    if grad is None:
        return Fault(i, "gives no gradient, and forward depends on it", slopes, (), sure=leaf)
    told = tuple(float(np.vdot(grad, direction)) for direction, _ in known)
    if not np.any(grad):
        return Fault(i, "gives 0, and forward depends on it", slopes, told, sure=False)
    tiny, turned = others
    constant = all(np.allclose(each, grad) for each in (tiny, turned) if each is not None)
    linear = np.allclose(tiny * 1e3, grad, rtol=1e-3) and np.allclose(-turned, grad, rtol=1e-3)
    scalar = all(weight.size == 1 for weight in trial.weights)
    if constant and not scalar:
        return Fault(i, "forgets the gradient that comes in (the chain rule)", slopes, told)
    if not linear and not constant:
        return None  # clipped, guided: a gradient that is treated
    ratios = [t / s for t, s in zip(told, slopes, strict=True) if s]
    if ratios and np.ptp(ratios) <= trial.tolerance * max(map(abs, ratios)):
        return Fault(i, in_words(float(np.mean(ratios))), slopes, told)
    return element_by_element(trial, i, grad, slopes, told)


def element_by_element(trial: FunctionTrial, i: int, grad: Any, slopes: tuple[float, ...],
                       told: tuple[float, ...]) -> Fault | None:  # fmt: skip
    """The same, of a gradient that is wrong in some elements; None for a clamp that lets gradients through."""
    flat, values = grad.reshape(-1), trial.args[trial.inputs[i]].reshape(-1)
    singles = trial.singles(i)
    scale = max((abs(slope) for _, slope in singles), default=0.0)
    wrong = [(at, slope) for at, slope in singles if abs(flat[at] - slope) > 0.02 * max(abs(slope), 0.01 * scale)]
    if not wrong or not scale:
        return None
    right = [at for at, _ in singles if at not in {at for at, _ in wrong}]
    if right and all(abs(slope) <= 1e-6 * scale for _, slope in wrong):
        above = max(values[at] for at, _ in wrong) > min(values[at] for at in right)
        if above:
            return None
        return Fault(i, f"should be 0 below {max(values[at] for at, _ in wrong):.2g} or so, and is not", slopes, told)
    if right:
        return Fault(i, f"is wrong in {len(wrong)} of {len(singles)} elements", slopes, told)
    return Fault(i, "gives another value than the slope", slopes, told)


def in_words(ratio: float) -> str:
    """`gives -1 times the slope`."""
    if abs(ratio + 1) < 0.03:
        return "has the wrong sign"
    return f"gives {ratio:.3g} times the slope"


def mends(trial: FunctionTrial, made: Any, i: int) -> bool:
    """Whether a changed backward is right for an input, and for those for which it was."""
    found = trial.backward(instead=made)
    return all(
        trial.agrees(grad, known, trial.tolerance / 20) or (k != i and not trial.agrees(before, known))
        for k, (grad, before, known) in enumerate(zip(found, trial.told, trial.slopes, strict=True))
    )


# -- names and lines ---------------------------------------------------------------------------------------------------


def parameter(function: Any, position: int) -> str:
    """What forward calls an argument."""
    names = list(inspect.signature(inspect.unwrap(function.forward)).parameters)
    first = function.setup_context is Function.setup_context  # forward takes the context
    return names[position + first] if position + first < len(names) else f"argument {position}"


def kept(function: Any, node: ast.FunctionDef) -> list[str]:
    """`ctx.alpha` and the like, that forward leaves for backward beside tensors."""
    own = node.args.args[0].arg
    names: list[str] = []
    for part in (inspect.unwrap(function.forward), inspect.unwrap(function.setup_context)):
        found = definition(part)
        for each in ast.walk(found[1]) if found is not None else ():
            if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store):
                names.append(f"{own}.{each.attr}")
    return list(dict.fromkeys(names))


def to_blame(node: ast.FunctionDef, index: int) -> int:
    """The line that makes the gradient of an input, as far as it can be seen: its last assignment, else the return."""
    last = [n for n in ast.walk(node) if isinstance(n, ast.Return) and n.value is not None]
    if not last:
        return node.lineno
    value = last[-1].value
    part = value.elts[index] if isinstance(value, ast.Tuple) and index < len(value.elts) else value
    if isinstance(part, ast.Name):
        made = [n.lineno for n in ast.walk(node) if isinstance(n, ast.Assign | ast.AugAssign) and part.id in stored(n)]
        return max(made, default=last[-1].lineno)
    return getattr(part, "lineno", last[-1].lineno)


def stored(statement: ast.stmt) -> set[str]:
    """The variables that a statement writes, also a part of."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", statement)]
    return {root_of(part) for target in targets for part in ast.walk(target) if isinstance(part, ast.expr)}


def given_back(function: Any) -> str:
    """What a forward returns, as one expression of its arguments in brackets or as a call; '' where it is not plain."""
    found = definition(inspect.unwrap(function.forward))
    if found is None:
        return ""
    source, node = found
    returned = [n.value for n in ast.walk(node) if isinstance(n, ast.Return) and n.value is not None]
    value = returned[0] if len(returned) == 1 else None
    if isinstance(value, ast.Name):
        made = [n.value for n in node.body if isinstance(n, ast.Assign) and value.id in stored(n)]
        value = made[0] if len(made) == 1 else None
    if value is None or isinstance(value, ast.Tuple):
        return ""
    text = source.segment(value)
    return text if isinstance(value, ast.Call) and "\n" not in text else f"({text})" if "\n" not in text else ""


RULES = (WrongGradient,)
