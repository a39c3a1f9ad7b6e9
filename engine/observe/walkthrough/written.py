"""Formulas that a declaration can only hint at, as the arguments of a call make them: indices, joins, einsum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook.observe.walkthrough.steps import Call, Formula, Part, Value

__all__ = ["written", "written_gradient"]

FIRST = 0xE000  # the character that stands for part 0
JOINED = 6  # operands that are named one by one


def written(call: Call) -> Formula | None:
    """The formula of a call in the user's names; None where the op's own serves."""
    maker = FORWARD.get(call.op)
    return maker(call) if maker is not None and call.outputs else None


def written_gradient(call: Call, part: Part, top: str) -> Formula | None:
    """∂L/∂operand of such a call, `top` being the letter of the loss; None where the op's own serves."""
    maker = BACK.get(call.op)
    return maker(call, part, top) if maker is not None and call.outputs else None


class Parts:
    """The parts of a formula in the making: `mark(x)` is what stands for x in its LaTeX."""

    def __init__(self) -> None:
        self.parts: list[Any] = []

    def mark(self, part: Any) -> str:
        """A mark that is followed by a space, so that a command before it ends."""
        for i, known in enumerate(self.parts):
            if known is part:
                return chr(FIRST + i)
        self.parts.append(part)
        return chr(FIRST + len(self.parts) - 1)

    def gradient(self, top: str, of: Value) -> str:
        """∂L/∂x."""
        return rf"\frac{{\partial {self.mark(top)}}}{{\partial {self.mark(of)}}}"

    def formula(self, latex: str) -> Formula:
        """The whole."""
        return Formula(latex, tuple(self.parts))


def _indexed(call: Call) -> Formula | None:
    """`b = x[:, 1]`, as it is written in Python."""
    index = call.params.get("index")
    if not isinstance(index, tuple):
        return None
    made = Parts()
    text = "[" + ", ".join(_index(part) for part in index) + "]"
    return made.formula(f"{made.mark(call.output)} = {made.mark(call.operands[0])}{made.mark(text)}")


def _index(part: Any) -> str:
    if isinstance(part, slice):
        ends = [str(end) if end is not None else "" for end in (part.start, part.stop)]
        return ":".join([*ends, *([str(part.step)] if part.step not in (None, 1) else [])])
    return "…" if part is Ellipsis else "None" if part is None else str(part)


def _by_tensors(call: Call) -> Formula:
    """`d = x[:, i]` for tensors of indices."""
    made = Parts()
    dims = dict(zip(call.params.get("dims", ()), call.operands[1:], strict=False))
    inside = ", ".join(made.mark(dims[i]) if i in dims else ":" for i in range(max(dims, default=-1) + 1))
    return made.formula(f"{made.mark(call.output)} = {made.mark(call.operands[0])}[{inside}]")


def _spread(call: Call) -> Formula:
    """`b = a spread to 2×3`."""
    made = Parts()
    shape = made.mark("×".join(map(str, call.output.shape)))
    return made.formula(rf"{made.mark(call.output)} = {made.mark(call.operands[0])} \text{{ spread to }} {shape}")


def _turned(call: Call) -> Formula | None:
    """`y = xᵀ` for a permutation that only turns a matrix."""
    if call.params.get("dims") != (1, 0):
        return None
    made = Parts()
    return made.formula(rf"{made.mark(call.output)} = {made.mark(call.operands[0])}^\top")


def _turned_back(call: Call, part: Part, top: str) -> Formula | None:
    if call.params.get("dims") != (1, 0):
        return None
    made = Parts()
    return made.formula(rf"{made.gradient(top, part.to)} = {made.gradient(top, call.output)}^\top")


def _copied(call: Call) -> Formula:
    """`y = t`, whatever was there before."""
    made = Parts()
    return made.formula(f"{made.mark(call.output)} = {made.mark(call.operands[-1])}")


def _put_in(call: Call) -> Formula:
    """`y = y with t in its place`."""
    made = Parts()
    base, part = (made.mark(operand) for operand in call.operands[:2])
    return made.formula(rf"{made.mark(call.output)} = {base} \text{{ with }} {part} \text{{ in its place}}")


def _joined(call: Call, made: Parts, between: str) -> str:
    names = [made.mark(operand) for operand in call.operands if isinstance(operand, Value)]
    return between.join(names if len(names) <= JOINED else [*names[: JOINED - 2], r"\dots", names[-1]])


def _cat(call: Call) -> Formula:
    """`e = [a | c]`."""
    made, bar = Parts(), r" \mid "
    return made.formula(f"{made.mark(call.output)} = [{_joined(call, made, bar)}]")


def _stack(call: Call) -> Formula:
    """`f = stack(a, b)`."""
    made = Parts()
    return made.formula(rf"{made.mark(call.output)} = \operatorname{{stack}}({_joined(call, made, ', ')})")


def _cat_back(call: Call, part: Part, top: str) -> Formula:
    made = Parts()
    left = made.gradient(top, part.to)
    right = rf"\text{{the part of }} {made.gradient(top, call.output)} \text{{ that came from }} {made.mark(part.to)}"
    return made.formula(f"{left} = {right}")


def _stack_back(call: Call, part: Part, top: str) -> Formula:
    made = Parts()
    left, above, at = made.gradient(top, part.to), made.gradient(top, call.output), made.mark(str(part.slot))
    return made.formula(rf"{left} = \left({above}\right)_{{{at}}}")


def _einsum(call: Call) -> Formula | None:
    """`c_ik = Σ_j a_ij b_jk`, in the letters of the call."""
    inputs, output = call.params.get("inputs", ()), call.params.get("output", ())
    if len(inputs) != len(call.operands) or not _letters(*inputs, output):
        return None
    made = Parts()
    right = " ".join(made.mark(o) + _under(i) for o, i in zip(call.operands, inputs, strict=True))
    return made.formula(f"{made.mark(call.output)}{_under(output)} = {_sum([i for i in inputs], output)}{right}")


def _einsum_back(call: Call, part: Part, top: str) -> Formula | None:
    inputs, output = call.params.get("inputs", ()), call.params.get("output", ())
    if len(inputs) != len(call.operands) or not _letters(*inputs, output):
        return None
    made, own = Parts(), inputs[part.slot]
    others = [(o, i) for k, (o, i) in enumerate(zip(call.operands, inputs, strict=True)) if k != part.slot]
    left = made.gradient(top, part.to) + _under(own)
    right = made.gradient(top, call.output) + _under(output)
    right += "".join(f" {made.mark(o)}{_under(i)}" for o, i in others)
    return made.formula(f"{left} = {_sum([output, *(i for _, i in others)], own)}{right}")


def _letters(*terms: Any) -> bool:
    return all(isinstance(letter, int) and chr(letter).isalpha() and letter < 128 for term in terms for letter in term)


def _under(letters: Any) -> str:
    return f"_{{{''.join(map(chr, letters))}}}" if letters else ""


def _sum(terms: list[Any], kept: Any) -> str:
    """The sign of a sum over the letters that are not kept."""
    gone = sorted({letter for term in terms for letter in term} - set(kept))
    return rf"\textstyle\sum_{{{''.join(map(chr, gone))}}} " if gone else ""


FORWARD: dict[str, Callable[[Call], Formula | None]] = {
    "expand": _spread, "permute": _turned, "copy": _copied, "copy_slices": _put_in,
    "select": _indexed, "slice": _indexed, "index": _by_tensors, "cat": _cat, "stack": _stack, "einsum": _einsum,
}  # fmt: skip
BACK: dict[str, Callable[[Call, Part, str], Formula | None]] = {
    "permute": _turned_back, "cat": _cat_back, "stack": _stack_back, "einsum": _einsum_back,
}  # fmt: skip
