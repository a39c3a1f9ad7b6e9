"""Predict, then reveal: what a walk may ask, with answers that the engine computed."""

from __future__ import annotations

import io
import math
import re
import tokenize
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gradbook.observe.nodes import shape_text
from gradbook.observe.walkthrough.block import Block
from gradbook.observe.walkthrough.steps import Part, Step, Value
from gradbook.observe.walkthrough.symbols import gradient_symbols, plain
from gradbook.observe.walkthrough.telling import root_of

if TYPE_CHECKING:
    from gradbook.observe.walkthrough.walk import Walk

__all__ = ["Question", "Wish", "automatic", "commented", "questions_of", "wishes"]

MOST = 8  # questions that are found by themselves
TERMS = 6  # numbers that a student can add up in the head
ENTRIES = 9  # of a tensor that are asked for at once
MARKED = (8, 8, 2)  # rows, columns and facets that every page shows
_WISH = re.compile(r"(?P<name>[\w.]*?\w)(?P<grad>\.grad)?(?:\[(?P<entry>[\d\s,]+)\]|\.(?P<ask>shape|zeros))?")
_COMMENT = re.compile(r"#\s*predict\s*:\s*(.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants asked: `h`, `h[0,1]`, `h.shape`, `W.grad`, `z.grad.zeros`; from `line` on, if it is set."""

    name: str
    of: str = "value"
    ask: str = "value"
    entry: tuple[int, ...] | None = None
    line: int = 0

    def __str__(self) -> str:
        entry = f"[{', '.join(map(str, self.entry))}]" if self.entry is not None else ""
        return self.name + (".grad" if self.of == "grad" else "") + entry + (
            f".{self.ask}" if self.ask != "value" else "")  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True)
class Question:
    """One question. `step` makes the answer known; `answer` is flat, in the order of what is shown of the target.

    ask: "value" (numbers, right within `tolerance`), "shape" (sizes), "zeros" (1 where an entry is 0).
    """

    step: Step
    ask: str
    target: Value
    of: str
    entry: tuple[int, ...] | None
    prompt: str
    answer: list[float]
    tolerance: float
    why: str = ""

    def check(self, given: Sequence[float] | float) -> bool:
        """Whether an answer is right."""
        numbers = [given] if isinstance(given, int | float) else list(given)
        if len(numbers) != len(self.answer):
            return False
        return all(abs(a - b) <= self.tolerance or a == b or (a != a and b != b)
                   for a, b in zip(numbers, self.answer, strict=True))  # fmt: skip


def wishes(text: str, line: int = 0) -> list[Wish]:
    """`h, loss, W.grad, z.grad.zeros, o[0,1]` as wishes. Raises ValueError for what is none."""
    found = []
    for part in re.split(r",(?![^\[]*\])", text):
        if not part.strip():
            continue
        match = _WISH.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"{part.strip()!r} is nothing to predict: write a name, name.shape, name.zeros, "
                             "name[row, column], or the same with .grad as in W.grad")  # fmt: skip
        entry = tuple(int(i) for i in match["entry"].split(",")) if match["entry"] else None
        found.append(Wish(match["name"], "grad" if match["grad"] else "value", match["ask"] or "value", entry, line))
    return found


def commented(lines: Sequence[str], first: int = 1) -> tuple[list[Wish], list[str]]:
    """The wishes of comments such as `# predict: h.shape`, and what could not be read."""
    found: list[Wish] = []
    unread: list[str] = []
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO("\n".join(lines) + "\n").readline))
    except (tokenize.TokenError, SyntaxError):
        return found, unread
    for token in tokens:
        match = _COMMENT.fullmatch(token.string.strip()) if token.type == tokenize.COMMENT else None
        if match is not None:
            try:
                found += wishes(match[1], first + token.start[0] - 1)
            except ValueError as error:
                unread.append(str(error))
    return found, unread


def questions_of(walk: Walk, wanted: Iterable[Wish] = (), *, quiz: bool = True) -> tuple[list[Question], list[str]]:
    """The questions that were wished for, and good ones besides if `quiz`; and why a wish was not granted."""
    found: list[Question] = []
    notes: list[str] = []
    for wish in wanted:
        question = _granted(walk, wish)
        if isinstance(question, str):
            notes.append(question)
        else:
            found.append(question)
    if quiz:
        taken = {(id(q.target), q.of, q.ask) for q in found}
        found += [q for q in automatic(walk) if (id(q.target), q.of, q.ask) not in taken][: max(0, MOST - len(found))]
    order = {id(step): i for i, step in enumerate(walk.steps)}
    return sorted(found, key=lambda q: order[id(q.step)]), notes


def _granted(walk: Walk, wish: Wish) -> Question | str:
    values = [value for value in walk.all(wish.name)]
    if not values:
        return f"predict {wish}: the walk has no value called {wish.name}"
    if wish.of == "grad":
        return _of_grad(walk, values, wish)
    made = [(step, value) for step in walk.forward for value in values if step.call and value in step.call.outputs]
    later = [pair for pair in made if pair[0].line is not None and pair[0].line >= wish.line] or made
    if not later:
        return (
            f"predict {wish}: {wish.name} is given, not computed; ask for {wish.name}.grad, or for what is made of it"
        )
    step, value = later[0]
    why = step.filled[0].text if step.filled else ""
    return ask(step, value, "value", value.block, wish.ask, wish.entry, why)


def _of_grad(walk: Walk, values: list[Value], wish: Wish) -> Question | str:
    found = [(step, part) for step in walk.backward for part in step.parts if part.to in values]
    if not found:
        return f"predict {wish}: no gradient reaches {wish.name}"
    first = found[0][0].passed
    step, part = [pair for pair in found if pair[0].passed == first][-1]
    return ask(step, part.to, "grad", part.total, wish.ask, wish.entry, _why(walk, step, part))


def _why(walk: Walk, step: Step, part: Part) -> str:
    root = next((call.root for call in walk.steps if call.root is not None and call.passed == step.passed), None)
    return plain(gradient_symbols(step.call, part, root_of(root))) if step.call is not None else ""


def ask(step: Step, value: Value, of: str, block: Block, kind: str, entry: tuple[int, ...] | None,
        why: str) -> Question | str:  # fmt: skip
    """A question about a value or its gradient; the reason, where it cannot be asked."""
    name = f"∂L/∂{value.label}" if of == "grad" else value.label
    if kind == "shape":
        shape = [float(n) for n in value.shape]
        return Question(step, "shape", value, of, None, f"What shape will {name} have?", shape, 0.0,
                        f"{name} is {shape_text(value.shape)}")  # fmt: skip
    if not block.known:
        return f"predict {name}: its numbers were not kept"
    if kind == "zeros":
        if block.shown(*MARKED) is not block:
            return f"predict {name}: {block.values.size} entries are too many to mark; ask for one, as in {name}[0,1]"
        mask = [float(v == 0) for v in block.values.reshape(-1)]
        return Question(step, "zeros", value, of, None, f"Which entries of {name} will be 0?", mask, 0.0, why)
    if entry is None and (block.values.size > ENTRIES or block.shown(*MARKED) is not block):
        entry = telling_entry(block)
    if entry is not None:
        number = block.at(entry)
        if number is None:
            return f"predict {name}: there is no entry {list(entry)} among those kept"
        answer = [float(number)]
        prompt = f"What will {name}[{', '.join(map(str, entry))}] be?"
    else:
        answer = [float(v) for v in block.values.reshape(-1)]
        prompt = f"What will {name} be?" if len(answer) == 1 else f"What will the entries of {name} be?"
    return Question(step, "value", value, of, entry, prompt, answer, tolerance_of(answer), why)


def telling_entry(block: Block) -> tuple[int, ...]:
    """The first entry that is not 0."""
    flat = block.values.reshape(-1)
    at = next((i for i, v in enumerate(flat) if v != 0), 0)
    f, r, c = np.unravel_index(at, block.values.shape)
    index = (*block.facets[f], block.rows[r], block.cols[c])
    return tuple(int(i) for i in index[len(index) - len(block.shape) :])


def tolerance_of(answer: Sequence[float]) -> float:
    """Right to two figures of the largest number."""
    largest = max((abs(v) for v in answer if math.isfinite(v)), default=0.0)
    return 0.501 * 10.0 ** (math.floor(math.log10(largest)) - 1) if largest > 0 else 1e-6


# -- good questions ----------------------------------------------------------------------------------------------------


def automatic(walk: Walk) -> list[Question]:
    """Questions that a lesson would ask: a shape, an entry, the loss, where a gradient is 0, a sum of two ways."""
    found = [*_forward_questions(walk), *_backward_questions(walk)]
    best: list[Question] = []
    kinds: dict[tuple[str, str, str], int] = {}
    for question in found:
        key = (question.of, question.ask, question.step.op)
        kinds[key] = kinds.get(key, 0) + 1
        if kinds[key] == 1:
            best.append(question)
    return best[:MOST]


SHAPES = ("matmul", "mm", "bmm", "linear", "conv2d", "max_pool2d", "transpose", "reshape", "view", "flatten", "cat")


def _forward_questions(walk: Walk) -> list[Question]:
    found: list[Question | str] = []
    for step in walk.forward:
        call = step.call
        if call is None or not call.outputs or (step.repeat and step.repeat[0].index):
            continue
        value, why = call.output, step.filled[0].text if step.filled else ""
        if call.op in SHAPES and len(value.shape) > 1 and value.name:
            found.append(ask(step, value, "value", value.block, "shape", None, why))
        if call.op in ("relu", "max_pool2d") and 1 < value.block.values.size <= 16:
            found.append(ask(step, value, "value", value.block, "value", None, why))
        given = sum(operand.block.values.size for operand in call.operands if isinstance(operand, Value))
        if not value.shape and given <= TERMS and call.op not in ("cross_entropy", "write") and value.name:
            found.append(ask(step, value, "value", value.block, "value", None, why))
    return [question for question in found if isinstance(question, Question)]


def _backward_questions(walk: Walk) -> list[Question]:
    found: list[Question | str] = []
    last = {part.to.id: part for step in walk.backward if step.passed == 1 for part in step.parts}
    for step in walk.backward:
        for part in step.parts if step.passed == 1 else ():
            if last[part.to.id] is not part:  # more will be added
                continue
            why, count = _why(walk, step, part), part.total.values.size
            zeros = int((part.total.values == 0).sum()) if part.total.known else 0
            if step.op in ("relu", "max_pool2d") and 0 < zeros < count <= 64:
                found.append(ask(step, part.to, "grad", part.total, "zeros", None, why))
            elif part.adds and count <= ENTRIES:
                found.append(ask(step, part.to, "grad", part.total, "value", None, why))
            elif step.op in ("mul", "mm", "matmul", "linear", "square", "tanh") and part.to.name:
                found.append(ask(step, part.to, "grad", part.total, "value", None, why))
    return [question for question in found if isinstance(question, Question)]
