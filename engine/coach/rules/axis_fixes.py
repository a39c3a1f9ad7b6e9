"""Lines that keep the batch axis where it is: a transpose for a view, batch_first=True, the last step of a sample."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradbook.coach import code
from gradbook.coach.finding import Fix
from gradbook.coach.record import Call
from gradbook.coach.rules.reshapes import Axis, Layout
from gradbook.observe.failure.text import called_name
from gradbook.observe.source import Where

if TYPE_CHECKING:
    from gradbook.coach.coach import Coach

__all__ = ["first", "first_swapped", "kept_rows", "last_step", "other_dim", "own_axis", "swapped", "unsqueezed"]

LAYERS = (
    "LSTM",
    "GRU",
    "RNN",
    "MultiheadAttention",
    "TransformerEncoderLayer",
    "TransformerDecoderLayer",
    "Transformer",
)


def _reshaping(at: code.Place | None) -> tuple[str, list[ast.expr], ast.Call] | None:
    """`(x, [4, -1], call)` of `x.contiguous().view(4, -1)` and of `torch.reshape(x, (4, -1))`."""
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    owner, args = call.func.value, list(call.args)
    if at.source.segment(owner) in ("torch", "gradbook", "gb", "tc") and args:
        owner, args = args[0], args[1:]
    if isinstance(owner, ast.Call) and called_name(owner) == "contiguous" and isinstance(owner.func, ast.Attribute):
        owner = owner.func.value
    if len(args) == 1 and isinstance(args[0], ast.Tuple | ast.List):
        args = list(args[0].elts)
    text = at.source.segment(owner)
    return (text if isinstance(owner, ast.Name | ast.Attribute | ast.Call | ast.Subscript) else f"({text})"), args, call


def _moved(order: list[int]) -> str:
    """`.transpose(0, 1)` or `.permute(2, 0, 1)`."""
    other = [i for i, j in enumerate(order) if i != j]
    if len(other) == 2:
        return f".transpose({other[0]}, {other[1]})"
    return f".permute({', '.join(map(str, order))})"


def swapped(at: code.Place | None, layout: Layout, order: list[list[Axis]]) -> list[Fix]:
    """The reshape with its axes moved: before it where it joins some, in its place where it does not."""
    found = _reshaping(at)
    flat = [axis for axes in order for axis in axes]
    axes = [axis for each in layout for axis in each]
    moves = [axes.index(axis) for axis in flat]
    if found is None or at is None:
        return [Fix(f"x{_moved(moves)}", (), "in the place of the view")]
    text, args, call = found
    given = ", ".join(at.source.segment(each) for each in args)
    if (
        any(axis.whole is not None and axis in axes for axis in axes)
        and _is_refined(layout)
        and len(args) == len(moves)
    ):
        first = [at.source.segment(args[moves.index(i)]) for i in range(len(moves))]
        return [
            code.replacement(at, call, f"{text}.view({', '.join(first)}){_moved(moves)}", "first cut, then swapped")
        ]
    if any(len(each) != 1 for each in layout):
        lengths = iter(moves)
        places = [i for i, each in enumerate(layout) if each]
        ones = [i for i, each in enumerate(layout) if not each]
        if any(len(each) > 1 for each in layout):
            return [Fix(f"{text}.transpose(...).reshape({given})", (), "swap the axes before they are joined")]
        moves = [*ones, *(places[i] for i in lengths)]
        return [code.replacement(at, call, f"{text}{_moved(moves)}.reshape({given})", "first swapped, then joined")]
    if len(order) < len(flat):
        return [code.replacement(at, call, f"{text}{_moved(moves)}.reshape({given})", "first swapped, then joined")]
    fixes = [code.replacement(at, call, f"{text}{_moved(moves)}", "swaps the axes")]
    if len([i for i, j in enumerate(moves) if i != j]) == 2:
        fixes.append(code.replacement(at, call, f"{text}.permute({', '.join(map(str, moves))})", "the same"))
    return fixes


def _is_refined(layout: Layout) -> bool:
    last = [axis for each in layout for axis in each][-2:]
    return len(last) == 2 and last[0].whole is not None and last[0].whole is last[1].whole


def kept_rows(at: code.Place | None) -> list[Fix]:
    """The reshape with the batch kept as its first axis."""
    found = _reshaping(at)
    if found is None or at is None:
        return [Fix("x = x.flatten(1)", (), "all axes but the batch")]
    text, _, call = found
    return [
        code.replacement(at, call, f"{text}.flatten(1)", "all axes but the batch"),
        code.replacement(at, call, f"{text}.view({text}.size(0), -1)", "the same"),
    ]


def first_swapped(at: code.Place | None) -> list[Fix]:
    """The reshape with its first two axes swapped before."""
    found = _reshaping(at)
    if found is None or at is None:
        return []
    text, args, call = found
    given = ", ".join(at.source.segment(each) for each in args) or "-1"
    return [code.replacement(at, call, f"{text}.transpose(0, 1).reshape({given})", "samples first, then steps")]


def first(coach: Coach, call: Call) -> tuple[Where | tuple[str, int] | None, list[Fix]]:
    """Where a sequence layer is constructed, and that line with batch_first=True; else a transpose at its call."""
    here = call
    while here.parent is not None and _ours(here.parent):
        here = here.parent
    built = coach.built_at(call.module)
    at = code.place(built.where) if built is not None else None
    node = at.expression if at is not None else None
    if at is None or not isinstance(node, ast.Call) or called_name(node) not in LAYERS:
        node = None
        at = code.place(here.where)
        for each in at.source.nodes() if at is not None else ():  # a copy: what it was copied from
            if isinstance(each, ast.Call) and called_name(each) in LAYERS and at is not None:
                node = each
                break
    swap = _swapped_argument(code.place(here.where))
    if at is None or not isinstance(node, ast.Call):
        return here.where, swap
    fix = code.with_option(at, node, "batch_first", "True", "(batch, steps, features)")
    return (at.file, node.lineno), [fix, *swap]


def _ours(call: Call) -> bool:
    return type(call.module).__module__.startswith("gradbook.")


def _swapped_argument(at: code.Place | None) -> list[Fix]:
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call) or not call.args:
        return []
    return [code.appended(at, call.args[0], ".transpose(0, 1)", "or steps first")]


def unsqueezed(at: code.Place | None) -> list[Fix]:
    """The call with one step a sample."""
    call = at.expression if at is not None else None
    if at is None or not isinstance(call, ast.Call) or not call.args:
        return []
    return [code.appended(at, call.args[0], ".unsqueeze(1)", "one step for each sample, with batch_first=True")]


def last_step(at: code.Place | None, batch_first: bool) -> list[Fix]:
    """The index with the other axis: `out[:, -1]` for `out[-1]`."""
    node = at.expression if at is not None else None
    if at is None or not isinstance(node, ast.Subscript):
        return [Fix("out[:, -1]" if batch_first else "out[-1]", (), "the last step of each sample")]
    text = at.source.segment(node.value)
    return [
        code.replacement(at, node, f"{text}[:, -1]" if batch_first else f"{text}[-1]", "the last step of each sample")
    ]


def own_axis(shape: tuple[int, ...]) -> str:
    """The axis of each sample's own numbers: the last one, and where that is of length 1 the longest."""
    if len(shape) == 2 or shape[-1] > 1:
        return "1" if len(shape) == 2 else "-1"
    return str(max(range(1, len(shape)), key=shape.__getitem__))


def other_dim(at: code.Place | None, shape: tuple[int, ...]) -> list[Fix]:
    """The call with another axis than that of the samples for its dim."""
    call = at.expression if at is not None else None
    new = own_axis(shape)
    if at is None or not isinstance(call, ast.Call):
        return [Fix(f"dim={new}", (), "over each sample's own numbers")]
    why = "over each sample's own numbers"
    numbers = [each for each in call.args if isinstance(each, ast.Constant | ast.UnaryOp)]
    if numbers and not any(each.arg == "dim" for each in call.keywords):
        return [code.replacement(at, numbers[0], new, why)]
    return [code.with_option(at, call, "dim", new, why)]
