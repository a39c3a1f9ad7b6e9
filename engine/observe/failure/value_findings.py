"""Values, dtypes, devices, indices and gradients that do not fit. Each marks the operands and says what is wrong."""

from __future__ import annotations

import re

from gradbook.observe.failure.findings import (
    EQUAL,
    Finding,
    alike,
    first_sentence,
    name,
    plain,
    shape,
    subject,
)
from gradbook.observe.failure.operands import Call, Operand
from gradbook.tensor import Tensor

PRODUCTS = ("matmul", "mm", "bmm", "linear", "mv", "dot", "addmm")


def targets(call: Call, text: str) -> Finding | None:
    """Class indices against scores."""
    x, target = call.operand("input"), call.operand("target")
    x = x or _argument(call, "input")
    if target is None or x is None:
        return None
    call.operands[:] = [x, target]
    classes = x.shape[min(1, len(x.shape) - 1)] if x.shape else 0
    if "out of bounds" in text:
        found = re.search(r"Target (-?\d+)", text)
        x.bad = (min(1, len(x.shape) - 1),)
        number = found[1] if found else "?"
        what = f"Class {number} has no score: {name(x)} has {classes} columns, for classes 0 to {classes - 1}."
        return Finding("index-out-of-range", what, f"targets must be below {classes}", ",",
                       facts={"classes": classes, "target": int(found[1]) if found else 0})  # fmt: skip
    if x.shape and target.shape and x.shape[0] != target.shape[0]:
        x.bad, target.bad = (0,), (0,)
        what = f"{x.shape[0]} rows of scores, but {target.shape[0]} targets."
        return Finding("shape-mismatch", what, EQUAL, ",", (x.shape[0], target.shape[0]))
    wants = (x.shape[0], *x.shape[2:]) if len(x.shape) > 1 else ()
    if len(target.shape) == len(wants) + 1:
        target.bad = (len(target.shape) - 1,)
    elif len(target.shape) == len(wants):
        target.bad = tuple(i for i, (m, n) in enumerate(zip(target.shape, wants, strict=True)) if m != n)
    what = f"One class index a row is wanted, {shape(wants)}; {name(target)} is {shape(target.shape)}."
    return Finding(
        "shape-mismatch", what, "the marked axis is in the way" if target.bad else "", ",", facts={"wants": wants}
    )


def _argument(call: Call, role: str) -> Operand | None:
    value = call.arguments.get(role)
    if not isinstance(value, Tensor):
        return None
    named = call.names.of(value)
    return Operand(role, value, named or role)


def same_shape(call: Call, text: str) -> Finding | None:
    """A loss that compares number with number."""
    x, target = call.operand("input"), call.operand("target")
    if x is None or target is None or x.shape == target.shape:
        return None
    call.operands[:] = [x, target]
    if len(x.shape) == len(target.shape):
        x.bad = target.bad = tuple(i for i, (m, n) in enumerate(zip(x.shape, target.shape, strict=True)) if m != n)
    else:
        longer, other = (x, target) if len(x.shape) > len(target.shape) else (target, x)
        longer.bad = (len(longer.shape) - 1,) if longer.shape[:-1] == other.shape else ()
    what = f"{name(x)} is {shape(x.shape)}, {name(target)} is {shape(target.shape)}; they must be equal."
    return Finding(
        "shape-mismatch", what, EQUAL if len(x.shape) == len(target.shape) else "the marked axis is in the way", ","
    )


def rows(call: Call, text: str) -> Finding | None:
    """Indices against the rows of a table."""
    found = re.search(r"Got index (-?\d+), but the table has (\d+) rows", text)
    x = call.operand("input")
    weight = _argument(call, "weight") or (_argument_of(call, "weight") if call.module is not None else None)
    if found is None or x is None:
        return None
    rows = int(found[2])
    if weight is not None:
        weight.bad, call.operands[:] = (0,), [x, weight]
        weight.name = f"{subject(call).strip('`')}.weight" if call.module is not None else weight.name
    what = f"{subject(call)} has {rows} rows, 0 to {rows - 1}; index {found[1]} has none."
    return Finding(
        "index-out-of-range",
        what,
        f"every index must be below {rows}",
        ",",
        facts={"index": int(found[1]), "rows": rows},
    )


def _argument_of(call: Call, role: str) -> Operand | None:
    value = getattr(call.module, role, None)
    return Operand(role, value, role) if isinstance(value, Tensor) else None


def picked(call: Call, text: str) -> Finding | None:
    """An index, or a mask, against the axis it picks from."""
    x = call.operands[0] if call.operands else None
    found = re.search(r"index (-?\d+) is out of bounds for dimension (\d+) with size (\d+)", text)
    if x is None or found is None:
        mask = re.search(r"mask \[[^\]]*\] at index (\d+)", text)
        if x is None or mask is None or len(call.operands) < 2:
            return None
        axis = int(mask[1])
        x.bad = call.operands[1].bad = (axis,)
        what = f"A mask of {shape(call.operands[1].shape)} does not lie over {name(x)}, {shape(x.shape)}."
        return Finding("shape-mismatch", what,
                       EQUAL, ",", (x.shape[axis], call.operands[1].shape[axis]))  # fmt: skip
    axis, size = int(found[2]), int(found[3])
    x.bad = (axis,)
    what = f"Axis {axis} of {name(x)} has {size} entries, 0 to {size - 1}; {found[1]} is none of them."
    return Finding(
        "index-out-of-range",
        what,
        f"below {size} on the marked axis",
        ",",
        facts={"index": int(found[1]), "size": size},
    )


def dimension(call: Call, text: str) -> Finding | None:
    """The number of an axis that is not there."""
    x = call.operands[0] if call.operands else None
    found = re.search(r"range of \[(-?\d+), (-?\d+)\], but got (-?\d+)", text)
    if x is None or found is None:
        return None
    count = len(x.shape)
    have = f"{count} axes, 0 to {count - 1}" if count > 1 else "one axis, 0" if count else "no axes"
    what = f"{name(x)} has {have}; there is no axis {found[3]}."
    return Finding(
        "index-out-of-range", what, "", facts={"low": int(found[1]), "high": int(found[2]), "dim": int(found[3])}
    )


def dtypes(call: Call) -> Finding | None:
    """Operands of two dtypes, or of one that does not serve."""
    kinds = {o.dtype for o in call.operands}
    named = [o for o in call.operands if o.role != "bias"]
    if call.op in ("cross_entropy", "nll_loss") and (target := call.operand("target")) is not None:
        target.wrong = "dtype"
        what = f"Targets are class indices, so whole numbers; {name(target)} is {target.dtype}."
        return Finding("dtype-mismatch", what, "the marked dtype must be int64")
    if call.op == "embedding" and (x := call.operand("input")) is not None:
        x.wrong = "dtype"
        return Finding("dtype-mismatch", f"Indices pick rows, so they are whole numbers; {name(x)} is {x.dtype}.",
                       "the marked dtype must be int64")  # fmt: skip
    if call.op in ("masked_fill", "masked_select", "masked_scatter") and (mask := call.operand("mask")) is not None:
        mask.wrong = "dtype"
        return Finding("dtype-mismatch", f"A mask is True or False; {name(mask)} is {mask.dtype}.",
                       "the marked dtype must be bool")  # fmt: skip
    if len(kinds) > 1 and len(named) > 1:
        a = named[0]
        b = next((o for o in named[1:] if o.dtype != a.dtype), named[1])
        a.wrong = b.wrong = "dtype"
        call.operands[:] = [a, b]
        what = f"{name(a)} is {a.dtype}, {name(b)} is {b.dtype}; {subject(call)} takes one dtype."
        return Finding("dtype-mismatch", what, "the marked dtypes must be equal", "@" if call.op in PRODUCTS else ",",
                       transposed=call.op == "linear")  # fmt: skip
    if call.operands and len(call.operands) == 1:
        call.operands[0].wrong = "dtype"
    return None


def devices(call: Call) -> Finding | None:
    """Operands on two devices."""
    tensors = [o for o in call.operands]
    if len({o.device for o in tensors}) < 2:
        return None
    a = tensors[0]
    b = next(o for o in tensors if o.device != a.device)
    a.wrong = b.wrong = "device"
    call.operands[:] = [a, b]
    return Finding("device-mismatch", f"{name(a)} is on {a.device}, {name(b)} is on {b.device}.",
                   "the marked devices must be equal")  # fmt: skip


def scalar(call: Call) -> Finding | None:
    """Backward from more than one number."""
    x = call.operands[0] if call.operands else None
    if x is None:
        return None
    x.bad, call.operands[:] = tuple(range(len(x.shape))), [x]
    what = f"`backward` starts from one number; {name(x)} holds {x.tensor.numel()}."
    return Finding("backward", what, "the marked axes must be reduced")


def nothing(call: Call) -> Finding | None:
    """Backward from what nothing asks a gradient of."""
    x = call.operands[0] if call.operands else None
    if x is None:
        return None
    del call.operands[1:]
    return Finding("backward", f"Nothing that led to {name(x)} asks for a gradient.", "")


def twice(call: Call) -> Finding:
    """Backward through a graph that was walked before."""
    call.operands.clear()
    return Finding("backward", "This graph was walked before, and what was kept for that is freed.", "")


def inplace(call: Call) -> Finding:
    """A kept value that was changed in place."""
    found = re.search(r"saved as `(\w+)`", call.message)
    call.operands.clear()
    what = "A value that was kept for backward was changed in place."
    return Finding("changed-in-place", what, "", facts={"saved": found[1] if found else ""})


def leaf(call: Call) -> Finding | None:
    """A leaf that asks for a gradient, changed in place."""
    x = call.operands[0] if call.operands else None
    who = name(x) if x is not None else "A leaf"
    return Finding(
        "changed-in-place", f"{who} asks for a gradient, so it cannot be changed in place while one is recorded.", ""
    )


def unknown(call: Call, error: BaseException) -> Finding | None:
    """An attribute that is not there, with one of a like name that is; keys of a state_dict that do not meet."""
    if isinstance(error, AttributeError) and error.name and error.obj is not None:
        near = alike(error.name, [n for n in dir(error.obj) if not n.startswith("_")])
        text = first_sentence(str(error))
        return Finding("unknown-name", f"{plain(text)[:-1]}; there is {near[0]}.") if near else None
    if call.op == "load_state_dict":
        return _keys(str(error))
    return None


def _keys(text: str) -> Finding | None:
    """What is missing, what is too much, and the prefix that explains both."""
    missing, extra = (re.findall(r'"([^"]+)"', found[0]) if (found := re.search(rf"{word} key.*", text)) else []
                      for word in ("Missing", "Unexpected"))  # fmt: skip
    if missing and extra:
        for one, other, what in ((extra, missing, "too much"), (missing, extra, "missing")):
            prefix = one[0].removesuffix(other[0])
            if prefix != one[0] and {f"{prefix}{key}" for key in other} == set(one):
                return Finding("unknown-name", f"The same keys, but `{prefix}` in front of each is {what}.")
    if missing or extra:
        parts = [f"{word} {', '.join(keys[:3])}{' …' if len(keys) > 3 else ''}"
                 for word, keys in (("missing", missing), ("too much:", extra)) if keys]  # fmt: skip
        return Finding("unknown-name", f"Other keys than this module has: {'; '.join(parts)}.")
    sizes = re.search(r"size mismatch for ([^:]+): .*?\[([\d, ]*)\]\) from checkpoint.*?\[([\d, ]*)\]\)", text)
    if sizes is None:
        return None
    what = f"`{sizes[1]}` is ({sizes[2]}) in the file and ({sizes[3]}) in this module."
    return Finding("shape-mismatch", what)


GRADIENTS = (
    ("second time", twice), ("implicitly created only for scalar", scalar), ("does not require grad", nothing),
    ("modified by an inplace", inplace), ("leaf Variable", leaf),
)  # fmt: skip


def gradients(call: Call, text: str) -> Finding | None:
    """What is wrong with a backward pass, or with a change in place."""
    family = next((family for mark, family in GRADIENTS if mark in text), None)
    return family(call) if family is not None else None
