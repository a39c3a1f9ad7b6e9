"""Shapes that do not fit, a family of operations at a time. Each marks the operands' axes and says what is wrong."""

from __future__ import annotations

import re

from gradbook.observe.failure.findings import EQUAL, OR_ONE, Finding, name, shape, subject
from gradbook.observe.failure.operands import Call, Operand
from gradbook.tensor import Tensor

BINARY = {
    "add": "+", "sub": "−", "mul": "×", "div": "÷", "pow": "^", "maximum": "max", "minimum": "min",
    "lt": "<", "le": "≤", "gt": ">", "ge": "≥", "eq": "=", "ne": "≠",
}  # fmt: skip
CONVOLUTION = re.compile(r"conv(_transpose)?([123])d")
STAR = "\N{ASTERISK OPERATOR}"


def linear(call: Call, text: str) -> Finding | None:
    """The last axis of the input against in_features."""
    x, weight = call.operand("input", "self"), call.operand("weight")
    if x is None or weight is None or not x.shape or len(weight.shape) != 2 or x.shape[-1] == weight.shape[1]:
        return None
    x.bad, weight.bad = (len(x.shape) - 1,), (1,)
    sizes = (x.shape[-1], weight.shape[1])
    what = f"{subject(call)} takes {sizes[1]} numbers per row and got {sizes[0]}."
    call.operands[:] = [x, weight]
    return Finding("shape-mismatch", what, EQUAL, "@", sizes, transposed=True)


def product(call: Call, text: str) -> Finding | None:
    """The inner lengths of a matrix product."""
    operands = [o for o in call.operands if o.shape]
    if call.op == "addmm" and len(operands) > 2:
        operands = operands[1:]
    if len(operands) < 2:
        return None
    a, b = call.operands[:] = operands[:2]
    rows = max(len(b.shape) - 2, 0)
    if a.shape[-1] == b.shape[rows]:
        return _batches(a, b)
    a.bad, b.bad = (len(a.shape) - 1,), (rows,)
    sizes = (a.shape[-1], b.shape[rows])
    one, two = ("columns" if len(a.shape) > 1 else "numbers"), ("rows" if len(b.shape) > 1 else "numbers")
    what = f"{name(a)} has {sizes[0]} {one}, {name(b)} has {sizes[1]} {two}; a product needs as many of both."
    return Finding("shape-mismatch", what, EQUAL, "@", sizes)


def _batches(a: Operand, b: Operand) -> Finding | None:
    for back in range(3, min(len(a.shape), len(b.shape)) + 1):
        m, n = a.shape[-back], b.shape[-back]
        if m != n and 1 not in (m, n):
            a.bad, b.bad = (len(a.shape) - back,), (len(b.shape) - back,)
            what = f"{name(a)} holds {m} matrices, {name(b)} holds {n}; they are multiplied pair by pair."
            return Finding("shape-mismatch", what, OR_ONE, "@", (m, n))
    return None


def pointwise(call: Call, text: str) -> Finding | None:
    """Axes matched from the right, equal or 1."""
    operands = call.operands[-2:]
    if len(operands) < 2 or not re.search("size of tensor a|broadcast shape|do not broadcast", text):
        return None
    a, b = call.operands[:] = operands
    for back in range(1, min(len(a.shape), len(b.shape)) + 1):
        m, n = a.shape[-back], b.shape[-back]
        if m != n and 1 not in (m, n):
            a.bad, b.bad = (len(a.shape) - back,), (len(b.shape) - back,)
            what = f"Axis −{back} is {m} in {name(a)} and {n} in {name(b)}."
            return Finding("shape-mismatch", what, OR_ONE, BINARY.get(call.op, ","), (m, n))
    if len(a.shape) < len(b.shape) and ("in-place" in text or "output with shape" in text):
        a.bad = b.bad = ()
        what = f"{name(a)} is {shape(a.shape)} and cannot become {shape(b.shape)} in place."
        return Finding("shape-mismatch", what, "", BINARY.get(call.op, ","))
    return None


def cat(call: Call, text: str) -> Finding | None:
    """All axes but the one joined along."""
    found = [(o, p) for o, p in zip(call.operands, call.operands[1:], strict=False) if o.shape != p.shape]
    if not found:
        return None
    a, b = call.operands[0], next(p for o, p in found)
    if len(a.shape) != len(b.shape):
        call.operands[:] = [a, b]
        what = f"`cat` joins tensors of as many axes; {name(a)} has {len(a.shape)}, {name(b)} has {len(b.shape)}."
        return Finding("shape-mismatch", what, "")
    along = int(call.arguments.get("dim", 0) or 0) % max(len(a.shape), 1)
    pairs = [(o, i) for o in call.operands[1:] for i in range(len(a.shape)) if i != along and o.shape[i] != a.shape[i]]
    if not pairs:
        return None
    b, axis = pairs[0]
    call.operands[:] = [a, b]
    a.bad = b.bad = (axis,)
    sizes = (a.shape[axis], b.shape[axis])
    what = f"Axis {axis} is {sizes[0]} in {name(a)} and {sizes[1]} in {name(b)}; only axis {along} may differ here."
    return Finding("shape-mismatch", what, EQUAL, ",", sizes, facts={"along": along})


def stack(call: Call, text: str) -> Finding | None:
    """Equal shapes."""
    a = call.operands[0] if call.operands else None
    b = next((o for o in call.operands[1:] if a is not None and o.shape != a.shape), None)
    if a is None or b is None:
        return None
    call.operands[:] = [a, b]
    axes = tuple(i for i, (m, n) in enumerate(zip(a.shape, b.shape, strict=False)) if m != n)
    if len(a.shape) == len(b.shape):
        a.bad = b.bad = axes
    what = f"`stack` takes equal shapes; {name(a)} is {shape(a.shape)}, {name(b)} is {shape(b.shape)}."
    return Finding("shape-mismatch", what, EQUAL if a.bad else "", ",")


def convolution(call: Call, text: str) -> Finding | None:
    """Channels, and the number of axes."""
    x, weight = call.operand("input", "self"), call.operand("weight")
    match = CONVOLUTION.fullmatch(call.op)
    if x is None or match is None:
        return None
    rank = int(match[2])
    axes = ("batch", "channels", *("depth", "height", "width")[3 - rank :])
    if weight is None or "channels" not in text or len(x.shape) not in (rank + 1, rank + 2):
        if len(x.shape) not in (rank + 1, rank + 2):
            what = f"{subject(call)} takes ({', '.join(axes)}); {name(x)} is {shape(x.shape)}."
            call.operands[:] = [x]
            return Finding("shape-mismatch", what, "", facts={"rank": rank})
        return _too_small(call, x, weight, rank)
    if match[1]:
        wants, at = weight.shape[0], 0
    else:
        groups = int(call.arguments.get("groups", 1) or 1)
        wants, at = weight.shape[1] * groups, 1
    axis = len(x.shape) - rank - 1
    x.bad, weight.bad, call.operands[:] = (axis,), (at,), [x, weight]
    what = f"{subject(call)} takes {wants} {'channel' if wants == 1 else 'channels'} and got {x.shape[axis]}."
    return Finding("shape-mismatch", what, EQUAL, STAR, (x.shape[axis], wants), facts={"rank": rank, "axis": axis})


def _too_small(call: Call, x: Operand, weight: Operand | None, rank: int) -> Finding | None:
    if weight is None or "Kernel size" not in call.message:
        return None
    pairs = [(len(x.shape) - rank + i, 2 + i) for i in range(rank)]
    bad = [(i, j) for i, j in pairs if x.shape[i] < weight.shape[j]]
    x.bad, weight.bad = tuple(i for i, _ in bad), tuple(j for _, j in bad)
    size = " × ".join(str(x.shape[i]) for i, _ in pairs)
    kernel = " × ".join(str(weight.shape[j]) for _, j in pairs)
    return Finding("shape-mismatch", f"A {kernel} window does not fit into the {size} map that {subject(call)} gets.",
                   "the window must fit into the marked axes", STAR, facts={"rank": rank})  # fmt: skip


def channels(call: Call, text: str) -> Finding | None:
    """Channels of a batch norm, and the number of axes."""
    x = call.operand("input", "self")
    if x is None:
        return None
    mean = next((o for o in call.operands if o.role in ("running_mean", "weight") and len(o.shape) == 1), None)
    if mean is None or len(x.shape) < 2 or x.shape[1] == mean.shape[0]:
        if "input" in text and " D" not in text and re.search(r"expected .*\dD", text):
            call.operands[:] = [x]
            wanted = re.search(r"expected (\dD(?: or \dD)?)", text)
            what = (
                f"{subject(call)} takes {wanted[1].replace('D', '')} axes; {name(x)} has {len(x.shape)}."
                if wanted
                else ""
            )
            return Finding("shape-mismatch", what, "") if what else None
        return None
    x.bad, mean.bad, call.operands[:] = (1,), (0,), [x, mean]
    what = f"{subject(call)} was built for {mean.shape[0]} channels and got {x.shape[1]}."
    return Finding("shape-mismatch", what, EQUAL, ",", (x.shape[1], mean.shape[0]))


def layer_norm(call: Call, text: str) -> Finding | None:
    """The last axes against normalized_shape."""
    x = call.operand("input")
    wanted = call.arguments.get("normalized_shape")
    if x is None or wanted is None:
        return None
    wants = tuple(wanted) if isinstance(wanted, tuple | list) else (int(wanted),)
    count = len(wants)
    x.bad = tuple(len(x.shape) - count + i for i in range(count)
                  if len(x.shape) >= count and x.shape[len(x.shape) - count + i] != wants[i])  # fmt: skip
    numbers = " × ".join(map(str, wants))
    got = " × ".join(str(n) for n in x.shape[-count:])
    return Finding("shape-mismatch", f"{subject(call)} normalises {numbers} numbers and got {got}.",
                   "the marked axis must be what the layer was built for", ",", (x.shape[-1], wants[-1]))  # fmt: skip


def _count(call: Call, text: str) -> Finding | None:
    x = call.operands[0] if call.operands else None
    found = re.search(r"shape '\[([^\]]*)\]'", text)
    if x is None or found is None:
        return None
    del call.operands[1:]
    product = " × ".join(map(str, x.shape)) or "1"
    what = f"{name(x)} holds {x.tensor.numel()} = {product} numbers; ({found[1]}) cannot hold them."
    return Finding("shape-mismatch", what, "", facts={"wanted": found[1]})


def strides(call: Call, text: str) -> Finding | None:
    """A view that would need a copy, or other numbers of elements."""
    x = call.operands[0] if call.operands else None
    if "not compatible with input" not in text:
        return _count(call, text)
    if x is None:
        return None
    what = f"{name(x)} lies transposed in memory, so it cannot be seen in another shape without copying."
    return Finding("shape-mismatch", what, "")


def expand(call: Call, text: str) -> Finding | None:
    """Only axes of length 1 can be spread."""
    x = call.operands[0] if call.operands else None
    found = re.search(
        r"size of the tensor \((\d+)\) must match the existing size \((\d+)\) at non-singleton dimension (\d+)", text
    )
    if x is None or found is None:
        return None
    back = int(found[3])
    target = re.search(r"Target sizes: \[([^\]]*)\]", text)
    count = len(target[1].split(",")) if target else len(x.shape)
    axis = back - (count - len(x.shape))
    if 0 <= axis < len(x.shape):
        x.bad = (axis,)
    what = f"{name(x)} has {found[2]} on axis {axis}; only an axis of length 1 can be spread to {found[1]}."
    return Finding(
        "shape-mismatch", what, "only an axis of length 1 can be spread", ",", (int(found[2]), int(found[1]))
    )


def recurrent(call: Call, text: str) -> Finding | None:
    """The width of each step."""
    x = call.operand("input", "query")
    wanted = re.search(r"(?:Expected|dimension of) (\d+),? (?:but )?got (\d+)", text)
    if x is None or wanted is None or not x.shape:
        return None
    x.bad, call.operands[:] = (len(x.shape) - 1,), [x]
    what = f"{subject(call)} takes {wanted[1]} numbers a step and got {wanted[2]}."
    return Finding("shape-mismatch", what, "the marked axis must be what the layer was built for", ",",
                   (int(wanted[2]), int(wanted[1])))  # fmt: skip


def states(call: Call, text: str) -> Finding | None:
    """Initial states against layers, batch and hidden size."""
    found = re.search(r"size \(([\d, ]+)\), got \[([\d, ]+)\]", text)
    if found is None:
        return None
    wants, got = (tuple(int(n) for n in group.split(",") if n.strip()) for group in found.groups())
    wrong = [o for o in call.operands if o.shape == got]
    if not wrong or len(wants) != len(got):
        return None
    for operand in wrong:
        operand.bad = tuple(i for i, (m, n) in enumerate(zip(got, wants, strict=True)) if m != n)
    call.operands[:] = wrong
    axes = ("layers", "batch", "hidden size") if len(wants) == 3 else ("batch", "hidden size")[-len(wants) :]
    form = f"({', '.join(axes)}) = {shape(wants)}"
    what = f"{subject(call)} takes initial states of {form}; {name(wrong[0])} is {shape(got)}."
    return Finding("shape-mismatch", what, "", ",", facts={"wants": wants, "got": got})


def attention(call: Call, text: str) -> Finding | None:
    """Queries against keys."""
    q, k = call.operand("query"), call.operand("key")
    if q is None or k is None or not q.shape or not k.shape or q.shape[-1] == k.shape[-1]:
        return recurrent(call, text)
    q.bad, k.bad, call.operands[:] = (len(q.shape) - 1,), (len(k.shape) - 1,), [q, k]
    what = f"Queries have {q.shape[-1]} numbers each, keys {k.shape[-1]}; their product needs as many of both."
    return Finding("shape-mismatch", what, EQUAL, "·", (q.shape[-1], k.shape[-1]))


MASKS = (
    (r"2D attn_mask is \(([\d, ]+)\), but should be \(([\d, ]+)\)", "attn_mask", "a row a query, a column a key"),
    (r"key_padding_mask shape of \(([\d, ]+)\), but got", "key_padding_mask", "a row a sample, a column a key"),
)


def masks(call: Call, text: str) -> Finding | None:
    """A mask of attention that does not lie over the scores."""
    for pattern, role, meaning in MASKS:
        found = re.search(pattern, text)
        keyword = next((k for k in getattr(call.node, "keywords", ()) if k.arg == role), None)
        held = call.arguments.get(role)
        if found is None or not isinstance(held, Tensor):
            continue
        node = keyword.value if keyword is not None else None
        mask = Operand(role, held, call.source.segment(node) if node is not None else role, node)
        wants = tuple(int(n) for n in found[found.lastindex or 1].split(","))
        mask.bad = tuple(i for i, (m, n) in enumerate(zip(mask.shape, wants, strict=False)) if m != n)
        call.operands[:] = [mask]
        what = f"`{role}` must be {shape(wants)}, {meaning}; {name(mask)} is {shape(mask.shape)}."
        return Finding("shape-mismatch", what, "", facts={"wants": wants, "role": role})
    return None


def einsum(call: Call, text: str) -> Finding | None:
    """One letter, one length."""
    found = re.search(r"subscript (\w) has size (\d+) for operand (\d+)", text)
    equation = next((v for v in (call.arguments.get("args") or ()) if isinstance(v, str)), "")
    terms = equation.replace(" ", "").partition("->")[0].split(",")
    if found is None or len(terms) != len(call.operands) or "..." in equation:
        return None
    letter, size = found[1], int(found[2])
    holding = [(o, term.index(letter)) for o, term in zip(call.operands, terms, strict=True) if letter in term]
    b = next(((o, i) for o, i in holding if o.shape[i] == size), None)
    a = next(((o, i) for o, i in holding if o.shape[i] != size), None)
    if a is None or b is None:
        return None
    a[0].bad, b[0].bad, call.operands[:] = (a[1],), (b[1],), [a[0], b[0]]
    sizes = (a[0].shape[a[1]], size)
    what = f"`{letter}` is {sizes[0]} in {name(a[0])} and {sizes[1]} in {name(b[0])}."
    return Finding("shape-mismatch", what, EQUAL, ",", sizes)


def window(call: Call, text: str) -> Finding | None:
    """A pooling window larger than the map."""
    x = call.operands[0] if call.operands else None
    found = re.search(r"Calculated output size: \(([^)]*)\)", text)
    if x is None or found is None:
        return None
    del call.operands[1:]
    out = found[1].split("x")
    x.bad = tuple(len(x.shape) - len(out) + i for i, n in enumerate(out) if int(n) < 1)
    size = " × ".join(str(n) for n in x.shape[-len(out) + 1 :])
    what = f"{subject(call)} has no room: its window is larger than the {size} map of {name(x)}."
    return Finding("shape-mismatch", what, "the window must fit into the marked axes", facts={"rank": len(out) - 1})
