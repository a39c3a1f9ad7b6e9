"""A finished walk put into words: what each step does, in one plain sentence; formulas; the running chain rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gradbook.observe.nodes import shape_text
from gradbook.observe.walkthrough.equations import spelled
from gradbook.observe.walkthrough.filled import fill
from gradbook.observe.walkthrough.steps import Call, Filled, Formula, Part, Step, Value
from gradbook.observe.walkthrough.symbols import FIRST, Root, chain_of, number

if TYPE_CHECKING:
    from gradbook.observe.walkthrough.walk import Walk

__all__ = ["root_of", "tell"]

SHORT = 6  # characters of a name that may stand for L
ABOUT = {
    "relu": "negative entries become 0, the others stay",
    "matmul": "each entry is a row times a column, added up",
    "mm": "each entry is a row times a column, added up",
    "linear": "each entry is a row of the input times a row of the weights, plus the bias",
    "add": "entry by entry", "sub": "entry by entry", "mul": "entry by entry", "div": "entry by entry",
    "mean": "the average of the entries", "sum": "the entries are added up",
    "softmax": "scores become positive shares that add up to 1",
    "sigmoid": "every entry is squeezed between 0 and 1", "tanh": "every entry is squeezed between −1 and 1",
    "cross_entropy": "the average of −ln of the probability of the right class",
    "mse_loss": "the average of the squared differences",
    "conv2d": "the kernel slides over the input; each window gives one number",
    "max_pool2d": "the largest number of each window stays",
    "avg_pool2d": "the average of each window stays",
    "scaled_dot_product_attention": "each row asks all keys, and mixes the values by the answers",
    "reshape": "the same numbers in another shape", "view": "the same numbers in another shape",
    "transpose": "rows become columns", "t": "rows become columns", "permute": "the axes change places",
    "write": "the numbers change in place", "copy": "the numbers are copied",
    "copy_slices": "a part of it was changed through a view",
}  # fmt: skip
BACK = {
    "add": "both operands receive the gradient as it is",
    "sub": "the first operand receives the gradient, the second its negative",
    "mul": "each operand receives the gradient times the other operand",
    "matmul": "each operand receives the gradient times the other, transposed",
    "mm": "each operand receives the gradient times the other, transposed",
    "relu": "nothing goes back where the input was negative",
    "mean": "every entry receives an equal share", "sum": "every entry receives the gradient",
    "cross_entropy": "probability minus the right answer, shared by the rows",
    "reshape": "the gradient goes back in the old shape", "view": "the gradient goes back in the old shape",
    "max_pool2d": "only the largest number of each window receives the gradient",
}  # fmt: skip


def tell(walk: Walk) -> None:
    """Fill in what needs names and the whole story: sentences, formulas with numbers, chains."""
    chains: dict[int, Chains] = {}
    for step in walk.steps:
        if step.phase == "forward" and step.call is not None:
            step.filled = fill(step.call)
            step.say = say_forward(step.call, step.filled)
        elif step.phase == "call":
            if step.root is not None:
                chains[step.passed] = Chains(step.root)
            step.say = say_call(step)
        elif step.phase == "backward":
            step.say = say_backward(step)
            if step.passed in chains:
                chains[step.passed].follow(step)
        elif step.error is not None:
            step.say = f"{step.error[0]}: the cell stops here"


def root_of(value: Value | None) -> Root:
    """What the gradient is of: by its own name where that is short, L for a loss, and for what has no name."""
    name = value.name if value is not None else ""
    short = 0 < len(name) <= SHORT and "loss" not in name.lower() and "." not in name
    return Root(value.label if value is not None and short else "L", value)


class Chains:
    """The running chain rule of one pass: to each value along the way the gradient came first."""

    def __init__(self, root: Value) -> None:
        self.root = root_of(root)
        self.paths: dict[int, list[Value]] = {root.id: [root]}
        self.slopes: dict[int, list[float] | None] = {root.id: [] if not root.shape else None}

    def follow(self, step: Step) -> None:
        """Take one step back into account, and write its chains into it."""
        outputs = step.call.outputs if step.call is not None else ()
        above = next((out for out in outputs if out.id in self.paths), None)
        if above is None:
            return
        chains, numbers = [], []
        for part in step.parts:
            path = [*self.paths[above.id], part.to]
            slopes = _slopes(self.slopes[above.id], part)
            self.paths.setdefault(part.to.id, path)
            self.slopes.setdefault(part.to.id, slopes)
            chains.append(chain_of(path, self.root))
            numbers.append(_product(slopes) if slopes is not None else Formula(""))
        step.chain, step.chain_numbers = tuple(chains), tuple(numbers)


def _slopes(above: list[float] | None, part: Part) -> list[float] | None:
    """The derivatives along a path of scalars, one more at its end; None where not all are scalars."""
    if above is None or part.to.shape or part.operation not in ("times", "jacobian"):
        return None
    local = [factor.block for factor in part.factors if factor.role == "local"]
    if any(block.values.size != 1 for block in local):
        return None
    slope = 1.0
    for block in local:
        slope *= float(block.values.reshape(-1)[0])
    return [*above, slope]


def _product(slopes: list[float]) -> Formula:
    """1 · (−2) · 3 = −6."""
    made = spelled([tuple(slopes)])
    total = 1.0
    for slope in slopes:
        total *= slope
    return Formula(f"{made.latex} = {chr(FIRST + len(made.parts))}", (*made.parts, number(total)))


def say_forward(call: Call, filled: Sequence[Filled]) -> str:
    """What an operation does, and what comes out: the number of a scalar, the shape of anything else."""
    made = call.outputs[0] if call.outputs else None
    if made is None:
        return call.op
    if not made.shape and filled and filled[0].numbers.latex:
        return f"{call.op}: {filled[0].text}"
    about = ABOUT.get(call.op, "")
    text = f"{made.label} is {shape_text(made.shape)}"
    return f"{call.op}: {about}; {text}" if about else f"{call.op}: {text}"


def say_call(step: Step) -> str:
    """What a call that is no operation does."""
    if step.what == "backward":
        name = step.root.label if step.root is not None else "the loss"
        letter = root_of(step.root).symbol
        seed = f"∂{letter}/∂{letter} = 1"
        return f"{name}.backward() starts from {seed} and goes back; each operation hands a gradient to its operands"
    if step.what == "step":
        count = len(step.updates)
        return f"{step.owner}.step() changes {count} parameter{'s' if count != 1 else ''} against the gradient"
    return f"{step.owner}.zero_grad() clears the gradients, so that the next pass starts from nothing"


def say_backward(step: Step) -> str:
    """Where a gradient goes, and what it is added to."""
    call = step.call
    names = " and ".join(part.to.label for part in step.parts) or "nobody"
    about = BACK.get(call.op if call is not None else "", "")
    text = f"back through {call.op if call is not None else ''}: gradient for {names}"
    added = [part.to.label for part in step.parts if part.adds]
    if added:
        text += f"; added to what {' and '.join(added)} already had"
    return f"{text}; {about}" if about else text
