"""A walkthrough as the browser wants it: values as blocks of numbers, operations, steps, formulas as MathML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from gradbook.autograd.op import registry
from gradbook.observe.walkthrough.block import Block
from gradbook.observe.walkthrough.spelling import entry_formula
from gradbook.observe.walkthrough.steps import Call, Filled, Formula, Part, Place, Step, Value
from gradbook.observe.walkthrough.symbols import FIRST, Root, gradient_symbols, local_label, number
from gradbook.observe.walkthrough.symbols import plain as as_text
from gradbook.observe.walkthrough.telling import root_of
from gradbook.widgets.describe_scenes import scenes
from gradbook.widgets.formulas import formulas, mathml
from gradbook.widgets.wire import Message, plain

if TYPE_CHECKING:
    from gradbook.observe import Walk

    Limit = tuple[int, int, int]

__all__ = ["describe_walk", "formula_markup"]

# rows, columns and facets of a block that are sent, and of an image, drawn without numbers; fewer in a long walk
LIMITS = (((8, 8, 16), (28, 28, 4)), ((8, 8, 4), (16, 16, 2)), ((8, 8, 2), (8, 8, 1)))
BYTES = 400_000  # of numbers that are worth a page
SYMBOLS = {
    "matmul": "@", "mm": "@", "bmm": "@", "mv": "@", "add": "+", "sub": "\N{MINUS SIGN}", "mul": "×", "div": "÷",
    "neg": "\N{MINUS SIGN}", "square": "x²", "pow": "xⁿ", "power": "xⁿ", "sum": "Σ", "exp": "eˣ", "sqrt": "√",
    "transpose": "ᵀ", "t": "ᵀ", "scaled_dot_product_attention": "attention", "write": "=", "copy_slices": "[…] =",
}  # fmt: skip


def describe_walk(walk: Walk, *, backward_only: bool = False, quiz: Sequence[Any] = ()) -> Message:
    """A finished walk as one message of kind 'snapshot' and view 'walk'; large tensors sampled the more, the longer."""
    for small, image in LIMITS:
        message = _Describer(walk, backward_only, small, image).message(quiz)
        if message.nbytes <= BYTES:
            break
    return message


def formula_markup(formula: Formula) -> str:
    """A formula of ours as MathML, with the user's names and the numbers put in as text."""
    if not formula.latex:
        return ""
    texts = formula.texts

    def leaf(match: re.Match[str]) -> str:
        text = texts[ord(match[1]) - FIRST]
        kind = "mn" if text[:1].isdigit() or text[:1] in "\N{MINUS SIGN}∞" else "mi"
        return f"<{kind}>{escape(text)}</{kind}>"

    markup = re.sub("<m[ino]>([\ue000-\uf8ff])</m[ino]>", leaf, mathml(formula.latex))
    return re.sub("[\ue000-\uf8ff]", lambda match: escape(texts[ord(match[0]) - FIRST]), markup)


class _Describer:
    """One description in the making: the message, and the place of each value, operation and module in it."""

    def __init__(self, walk: Walk, backward_only: bool, small: Limit, image: Limit) -> None:
        self.walk, self.small, self.image = walk, small, image
        steps = walk.steps
        if backward_only:
            steps = tuple(step for step in steps if step.phase != "forward")
        self.steps = steps
        self.calls: list[Call] = list(walk.calls)
        self.values = list(walk.values)
        self.at_value = {value.id: i for i, value in enumerate(self.values)}
        self.at_call = {call.id: i for i, call in enumerate(self.calls)}
        self.out = Message({})
        self.sent: dict[bytes, int] = {}  # numbers -> the buffer that has them: most are shown more than once
        self.roots = {step.passed: step.root for step in walk.steps if step.root is not None}
        self.modules: dict[str, int] = {}
        self.module_rows: list[dict[str, Any]] = []

    def message(self, quiz: Sequence[Any]) -> Message:
        """The whole message."""
        walk = self.walk
        ops = [self._op(call) for call in self.calls]
        names = {call.op for call in self.calls}
        texts = walk.sources.texts
        self.out.content.update({
            "kind": "snapshot",
            "view": "walk",
            "seq": 0,
            "title": plain(walk.title),
            "code": self._text(texts[0]),
            "others": [self._text(text) for text in texts[1:]],
            "ran": sorted(walk.ran.get(texts[0].file, ())),
            "modules": self.module_rows,
            "values": [self._value(value) for value in self.values],
            "ops": ops,
            "formulas": formulas(registry[name] for name in sorted(names) if name in registry),
            "steps": [self._step(step) for step in self.steps],
            "quiz": [self._question(question) for question in quiz if question.step in self.steps],
            "error": self._error(),
            "truncated": walk.note,
        })  # fmt: skip
        return self.out

    # -- tables ----------------------------------------------------------------------------------------------------

    def _text(self, text: Any) -> dict[str, Any]:
        return {"label": plain(text.label), "first": text.first, "lines": [plain(line) for line in text.lines]}

    def _value(self, value: Value) -> dict[str, Any]:
        source = value.source
        return {
            "id": self.at_value[value.id],
            "name": plain(value.name),
            "symbol": plain(value.label),
            "kind": value.kind,
            "shape": list(value.shape),
            "dtype": value.dtype,
            "rg": value.requires_grad,
            "from": self.at_call.get(source.id) if source is not None else None,
            "block": self.block(value.block),
        }

    def _op(self, call: Call) -> dict[str, Any]:
        made: dict[str, Any] = {
            "id": self.at_call[call.id],
            "op": call.op,
            "symbol": SYMBOLS.get(call.op, call.op),
            "inputs": [self.at_value[o.id] if isinstance(o, Value) else None for o in call.operands],
            "output": [self.at_value[value.id] for value in call.outputs],
            **self._place(call.place),
            "via": [self._place(place) for place in call.via],
            "module": self._module(call),
            "params": self._params(call),
            "repeat": self._repeat(call.repeat),
        }  # fmt: skip
        return made | scenes(call, self.block, self.at_value)

    def _params(self, call: Call) -> dict[str, str]:
        found = {plain(k): plain(short(v)) for k, v in call.params.items() if v is not None}
        for name, operand in zip(call.slots, call.operands, strict=False):
            if operand is not None and not isinstance(operand, Value):
                found[plain(name)] = number(operand)
        return found

    def _module(self, call: Call) -> int:
        """The place of an operation's module among the modules, its parents added."""
        parent, path = -1, ""
        for part in call.path.split(".") if call.path else ():
            path = f"{path}.{part}" if path else part
            if path not in self.modules:
                self.modules[path] = len(self.module_rows)
                row = {"path": plain(path), "label": plain(part), "cls": "", "parent": parent}
                self.module_rows.append(row)
            parent = self.modules[path]
        if parent >= 0:
            self.module_rows[parent]["cls"] = plain(call.cls)
        return parent

    def _place(self, place: Place | None) -> dict[str, Any]:
        if place is None:
            return {"text": None, "line": None, "span": None}
        span = [place.line, place.column, place.end_line, place.end_column]
        return {"text": place.code, "line": place.line, "span": span}

    def _repeat(self, loops: Iterable[Any]) -> list[dict[str, Any]]:
        turns = self.walk.turns
        return [
            {"line": loop.line, "index": loop.index, "of": max(turns.get(loop.key, 0), loop.index + 1),
             "name": self._header(loop)}
            for loop in loops
        ]  # fmt: skip

    def _header(self, loop: Any) -> str:
        """`for step in range(3)`: the first line of a loop."""
        text = self.walk.sources.texts[loop.text]
        line = text.lines[loop.line - text.first] if 0 <= loop.line - text.first < len(text.lines) else ""
        return plain(line.strip().rstrip(":"))

    # -- steps -----------------------------------------------------------------------------------------------------

    def _step(self, step: Step) -> dict[str, Any]:
        made: dict[str, Any] = {
            "phase": step.phase,
            "op": self.at_call[step.call.id] if step.call is not None else None,
            **self._place(step.place),
            "say": plain(step.say),
            "repeat": self._repeat(step.repeat),
        }
        if step.phase == "forward":
            made["filled"] = [self._filled(filled) for filled in step.filled]
        elif step.phase == "backward":
            made["pass"] = step.passed
            made["grad"] = self.block(step.grad)
            made["parts"] = [self._part(step, part) for part in step.parts]
            made["chain"] = [formula_markup(formula) for formula in step.chain]
            made["chain_numbers"] = [formula_markup(formula) for formula in step.chain_numbers]
        elif step.phase == "call":
            made |= self._call(step)
        elif step.error is not None:
            op, operands = step.failed
            rows = [dict(zip(("name", "shape", "dtype"), map(plain, row), strict=True)) for row in operands]
            made["error"] = {"type": plain(step.error[0]), "message": plain(step.error[1]), "op": op, "operands": rows}
        return made

    def _call(self, step: Step) -> dict[str, Any]:
        made: dict[str, Any] = {"what": step.what, "pass": step.passed}
        if step.root is not None:
            made["root"] = {"value": self.at_value[step.root.id], "symbol": root_of(step.root).symbol}
        made["changes"] = [
            {"value": self.at_value[update.of.id], "now": self.at_value[update.now.id],
             "before": self.block(update.of.block), "grad": self.block(update.grad),
             "after": self.block(update.now.block), "text": plain(update_text(update, step))}
            for update in step.updates
        ]  # fmt: skip
        return made

    def _filled(self, filled: Filled) -> dict[str, Any]:
        return {
            "formula": formula_markup(filled.formula),
            "numbers": formula_markup(filled.numbers),
            "text": plain(filled.text),
            "entry": filled.text.count(" = ") > 1,
        }

    def _part(self, step: Step, part: Part) -> dict[str, Any]:
        root = root_of(self.roots.get(step.passed))
        call = step.call
        if call is None:
            raise ValueError("describe_walk: a step backward without an operation")
        symbols, result = gradient_symbols(call, part, root), self.block(part.result)
        return {
            "to": self.at_value[part.to.id],
            "symbols": formula_markup(symbols),
            "operation": part.operation,
            "factors": [
                {"mathml": formula_markup(label := local_label(call, part, factor, root)), "text": as_text(label),
                 "role": factor.role, "block": self.block(factor.block)}
                for factor in part.factors
            ],
            "result": result,
            "adds": part.adds,
            "total": self.block(part.total) if part.adds else result,
            "entry": self._entry(part, root),
            "stored": part.stored,
            "spread": part.spread,
            "why": part.why,
        }  # fmt: skip

    def _entry(self, part: Part, root: Root) -> dict[str, Any] | None:
        """One entry of a gradient in numbers."""
        formula = entry_formula(part, root)
        if not formula.latex:
            return None
        return {"at": list(part.entry[0]), "numbers": formula_markup(formula), "text": plain(as_text(formula))}

    # -- the rest --------------------------------------------------------------------------------------------------

    def block(self, block: Block | None) -> dict[str, Any] | None:
        """A block of numbers as dims, indices and a buffer."""
        if block is None or not block.known or not block.values.size:
            return None
        picture = len(block.shape) == 4 and max(block.shape[-2:]) > self.small[0]
        shown = block.shown(*(self.image if picture else self.small))
        values = np.asarray(abs(shown.values) if shown.values.dtype.kind == "c" else shown.values, "<f4")
        data = values.tobytes()
        if data not in self.sent:
            self.sent[data] = self.out.floats(values)
        return {
            "dims": list(values.shape[1:]),
            "rows": list(shown.rows),
            "cols": list(shown.cols),
            "facets": [list(facet) for facet in shown.facets],
            "whole": shown.whole,
            "shape": list(block.shape),
            "buf": self.sent[data],
        }

    def _question(self, question: Any) -> dict[str, Any]:
        return {
            "step": self.steps.index(question.step),
            "ask": question.ask,
            "target": self.at_value[question.target.id],
            "of": question.of,
            "entry": list(question.entry) if question.entry is not None else None,
            "prompt": plain(question.prompt),
            "answer": question.answer,
            "tolerance": question.tolerance,
            "why": plain(question.why),
        }

    def _error(self) -> dict[str, Any] | None:
        last = self.walk.steps[-1] if self.walk.steps else None
        if last is None or last.error is None:
            return None
        return {"type": plain(last.error[0]), "message": plain(last.error[1]), **self._place(last.place)}


def update_text(update: Any, step: Step) -> str:
    """`W ← W − 0.1·∂L/∂W` where a step is that simple, else which optimizer changed it."""
    name, rate = update.of.label, step.rate
    if rate is None:
        return f"{step.owner} changes {name}"
    return f"{name} ← {name} − {number(rate)}·{name}.grad"


def short(value: Any) -> str:
    """A parameter of an operation in a few words; arrays by their shape."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{value.dtype}{list(value.shape)}"
    if isinstance(value, tuple | list) and any(hasattr(item, "shape") for item in value):
        return "(" + ", ".join(short(item) for item in value) + ")"
    return getattr(value, "__name__", None) or repr(value)
