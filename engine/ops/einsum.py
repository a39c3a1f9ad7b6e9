"""einsum: one op whatever the equation; pairs of operands meet as (batched) matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook import backends
from gradbook.autograd import casting, versions
from gradbook.autograd.op import Op
from gradbook.errors import ShapeError
from gradbook.ops.linalg import conj, product, same_dtype
from gradbook.ops.shape import need_tensors, reshape_op
from gradbook.ops.strides import diagonal_op
from gradbook.tensor import Tensor

__all__ = ["einsum"]

Labels = tuple[int, ...]


class EinsumOp(Op):
    """Every operand is kept: the gradient of each is an einsum of the others and the gradient."""

    custom = True

    def _record(self, edges: list[Any], arrays: list[Any], result: Any, extras: Any, params: dict[str, Any]) -> Any:
        node = super()._record(edges, arrays, result, extras, params)
        wanted = [i for i, edge in enumerate(edges) if edge is not None]
        node.saved = tuple(None if wanted == [i] else a for i, a in enumerate(arrays))
        return node

    def backward_node(self, node: Any, g: Any, create_graph: bool) -> list[Any]:
        """One gradient an operand."""
        inputs, output = node.params["inputs"], node.params["output"]
        kept = [
            Tensor._of(a, edge) if create_graph and a is not None else a
            for a, edge in zip(node.saved, node.edges, strict=True)
        ]
        grads: list[Any] = []
        for i, edge in enumerate(node.edges):
            if edge is None:
                grads.append(None)
                continue
            others = [conj(x) for k, x in enumerate(kept) if k != i]
            theirs = tuple(labels for k, labels in enumerate(inputs) if k != i)
            present = set(output).union(*theirs)
            found = tuple(label for label in inputs[i] if label in present)
            back = einsum_op(g, *others, inputs=(output, *theirs), output=found)
            if found != inputs[i]:  # labels summed out of this operand alone: the walk broadcasts
                shape = tuple(n if x in present else 1 for n, x in zip(edge.shape, inputs[i], strict=True))
                back = reshape_op(back, shape=shape)
            grads.append(back)
        return grads


def flops(*shapes: Any) -> int:
    """Multiplications and additions if all is summed at once: an upper bound that needs no equation."""
    return 2 * max(int(np.prod(s, dtype=np.int64)) for s in shapes)


einsum_op = EinsumOp(
    "einsum", "operands", variadic=True, promote=False, formula=r"y_{\text{out}} = \textstyle\sum \prod_i "
r"x^{(i)}_{\dots}",
    grads={"operands": r"\operatorname{einsum}(\bar y, \text{the others})"}, flops=flops,
)  # fmt: skip


@einsum_op.forward
def _(xp: Any, *arrays: Any, inputs: tuple[Labels, ...], output: Labels) -> Any:
    terms = list(zip(arrays, inputs, strict=True))
    for i, k in order(arrays, inputs, output):
        (a, mine), (b, theirs) = terms[i], terms[k]
        rest = [t for j, t in enumerate(terms) if j not in (i, k)]
        needed = set(output).union(*[labels for _, labels in rest])
        terms = [*rest, contract(xp, a, mine, b, theirs, needed, output if not rest else ())]
    array, labels = terms[0]
    array, labels = summed(array, labels, set(output))
    result = array.transpose([labels.index(x) for x in output])
    return result.copy() if any(versions.owner(result) is versions.owner(a) for a in arrays) else result


def order(arrays: Sequence[Any], inputs: tuple[Labels, ...], output: Labels) -> list[tuple[int, int]]:
    """Which two terms meet next; their product goes to the end of the list."""
    if len(arrays) < 3:
        return [(0, 1)] * (len(arrays) - 1)
    shapes = [np.broadcast_to(np.float32(0), a.shape) for a in arrays]
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    names = {label: letters[i] for i, label in enumerate(sorted(set(output).union(*inputs)))}
    text = ",".join("".join(names[x] for x in labels) for labels in inputs) + "->" + "".join(names[x] for x in output)
    path = np.einsum_path(text, *shapes, optimize=("greedy", 10**18))[0][1:]
    pairs = all(len(step) == 2 for step in path)
    return [(min(step), max(step)) for step in path] if pairs else [(0, 1)] * (len(arrays) - 1)


def summed(a: Any, labels: Labels, needed: set[int]) -> tuple[Any, Labels]:
    """Labels that nobody needs any more, summed out."""
    axes = tuple(i for i, x in enumerate(labels) if x not in needed)
    if not axes:
        return a, labels
    total = a.sum(axis=axes, dtype=np.int64 if a.dtype.kind in "biu" else a.dtype)
    return backends.as_array(total, a), tuple(x for x in labels if x in needed)


def contract(
    xp: Any, a: Any, mine: Labels, b: Any, theirs: Labels, needed: set[int], wanted: Labels
) -> tuple[Any, Labels]:
    """Two terms as one (batched) matrix product. -> (array, labels), in the order `wanted` if that costs nothing."""
    a, mine = summed(a, mine, needed | set(theirs))
    b, theirs = summed(b, theirs, needed | set(mine))
    both = [x for x in mine if x in theirs]
    batch = [x for x in (wanted or mine) if x in both and x in needed]
    inner = [x for x in both if x not in needed]
    left = [x for x in (wanted or mine) if x in mine and x not in both]
    right = [x for x in (wanted or theirs) if x in theirs and x not in both]
    size = dict(zip(mine, a.shape, strict=True)) | dict(zip(theirs, b.shape, strict=True))
    if not inner:  # nothing is summed: a product with broadcasting
        labels = (*batch, *left, *right)
        x = a.transpose([mine.index(i) for i in (*batch, *left)]).reshape(
            [size[i] for i in (*batch, *left)] + [1] * len(right)
        )
        y = b.transpose([theirs.index(i) for i in (*batch, *right)])
        y = y.reshape([size[i] for i in batch] + [1] * len(left) + [size[i] for i in right])
        return x * y, labels
    x = _matrix(a, mine, batch, left, inner, size)
    y = _matrix(b, theirs, batch, inner, right, size)
    out = product(x, y).reshape([size[i] for i in (*batch, *left, *right)])
    return out, (*batch, *left, *right)


def _matrix(a: Any, labels: Labels, batch: list[int], rows: list[int], columns: list[int], size: dict[int, int]) -> Any:
    """An array as (batch, rows, columns), without a batch axis where there is none."""
    if len(rows) == 1 and len(columns) == 1:
        moved = a.transpose([labels.index(x) for x in (*batch, *rows, *columns)])  # BLAS takes it as it is
        return moved if len(batch) < 2 else _flat(moved, batch, rows, columns, size)
    return _flat(a.transpose([labels.index(x) for x in (*batch, *rows, *columns)]), batch, rows, columns, size)


def _flat(a: Any, batch: list[int], rows: list[int], columns: list[int], size: dict[int, int]) -> Any:
    shape = [int(np.prod([size[x] for x in group], dtype=np.int64)) for group in (batch, rows, columns)]
    return a.reshape(shape if batch else shape[1:])


# -- reading the equation ------------------------------------------------------------------------------------------

ELLIPSIS = 1000  # labels of the axes that ... stands for count up from here


def einsum(*args: Any) -> Tensor:
    """Sums of products after an equation, as torch.einsum: "bij,bjk->bik", a, b; or a, [0, 1], b, [1, 2].

    `...` stands for leading axes, a letter twice in one operand for its diagonal. Raises RuntimeError for an equation
    that does not fit the operands.
    """
    inputs, output, operands = _parse(args)
    if casting.scopes:
        operands = list(casting.lower(*operands))
    prepared: list[Tensor] = []
    labels: list[Labels] = []
    size: dict[int, int] = {}
    expanded = [_expanded(i, x, operands) for i, x in enumerate(inputs)]
    for i, (tensor, names) in enumerate(zip(operands, expanded, strict=True)):
        tensor, names = _diagonals(tensor, names)
        for label, length in zip(names, tensor._array.shape, strict=True):
            known = size.get(label, 1)
            if known != 1 and length not in (1, known):
                raise ShapeError(
                    f"einsum(): subscript {_letter(label)} has size {length} for operand {i} which does not "
                    "broadcast with "
                    f"previously seen size {known}"
                )
            size[label] = max(known, length) if 0 not in (known, length) else 0
        prepared.append(tensor)
        labels.append(names)
    wanted = _output(output, labels, expanded)
    for i, tensor in enumerate(prepared):  # an axis of length 1 that meets a longer one carries no label
        shape = tensor._array.shape
        gone = [k for k, x in enumerate(labels[i]) if shape[k] == 1 and size[x] != 1]
        if gone:
            prepared[i] = reshape_op(tensor, shape=tuple(n for k, n in enumerate(shape) if k not in gone))
            labels[i] = tuple(x for k, x in enumerate(labels[i]) if k not in gone)
    if len(prepared) > 1:
        same_dtype("einsum", **{f"operand{i}": x for i, x in enumerate(prepared)})
    result: Tensor = einsum_op(*prepared, inputs=tuple(labels), output=wanted)
    return result


def _parse(args: tuple[Any, ...]) -> tuple[list[Any], Any, list[Tensor]]:
    """(labels of each operand, of the output or None, operands): labels are numbers, or Ellipsis."""
    if not args:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one "
            "operand and its subscripts list"
        )
    if isinstance(args[0], Tensor):
        operands = need_tensors("einsum", list(args[0 : len(args) - len(args) % 2 : 2]))
        lists = list(args[1::2])
        output = args[-1] if len(args) % 2 else None
        return [list(x) for x in lists], None if output is None else list(output), operands
    given = args[1] if len(args) == 2 and isinstance(args[1], (list, tuple)) else args[1:]
    operands = need_tensors("einsum", list(given))
    left, arrow, right = args[0].replace(" ", "").partition("->")
    inputs = [_letters(part) for part in left.split(",")]
    if len(inputs) != len(operands):
        more = "more" if len(operands) < len(inputs) else "fewer"
        raise RuntimeError(
            f"einsum(): {more} subscripts in the equation than operands were provided: {len(inputs)} "
            f"for {len(operands)} operands"
        )
    return inputs, _letters(right) if arrow else None, operands


def _letters(text: str) -> list[Any]:
    found: list[Any] = []
    i = 0
    while i < len(text):
        if text.startswith("...", i):
            found.append(Ellipsis)
            i += 3
            continue
        if not (text[i].isascii() and text[i].isalpha()):
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {i} in the equation string, subscripts must be "
                f"in [a-zA-Z]: {text!r}"
            )
        found.append(ord(text[i]))
        i += 1
    if found.count(Ellipsis) > 1:
        raise RuntimeError(f"einsum(): found '...' more than once in {text!r}")
    return found


def _letter(label: int) -> str:
    return "..." if label >= ELLIPSIS else chr(label) if label >= 65 else str(label)


def _expanded(i: int, labels: list[Any], operands: list[Tensor]) -> Labels:
    """Labels with the axes that ... stands for; the last of them is ELLIPSIS, counted up to the left."""
    ndim = operands[i]._array.ndim
    more = ndim - sum(x is not Ellipsis for x in labels)
    if more < 0 or (more and Ellipsis not in labels):
        raise ShapeError(
            f"einsum(): the number of subscripts in the equation ({len(labels)}) does not match the "
            "number of dimensions "
            f"({ndim}) for operand {i}" + ("" if Ellipsis in labels or more < 0 else " and no ellipsis was given")
        )
    found: list[int] = []
    for x in labels:
        found += [ELLIPSIS + k for k in reversed(range(more))] if x is Ellipsis else [int(x)]
    return tuple(found)


def _diagonals(tensor: Tensor, labels: Labels) -> tuple[Tensor, Labels]:
    """An operand without labels that come twice: their diagonal instead."""
    for label in labels:
        while labels.count(label) > 1:
            i = labels.index(label)
            k = labels.index(label, i + 1)
            shape = tensor._array.shape
            if shape[i] != shape[k]:
                raise ShapeError(
                    f"einsum(): subscript {_letter(label)} is repeated for an operand but the sizes don't "
                    f"match, {shape[k]} != {shape[i]}"
                )
            tensor = diagonal_op(tensor, offset=0, dim1=i, dim2=k)
            labels = (*[x for j, x in enumerate(labels) if j not in (i, k)], label)
    return tensor, labels


def _output(output: Any, labels: list[Labels], expanded: list[Labels]) -> Labels:
    dots = sorted({x for names in labels for x in names if x >= ELLIPSIS}, reverse=True)
    if output is None:  # in order of the alphabet, what comes once
        every = [x for names in expanded for x in names]
        return (*dots, *sorted(x for x in set(every) if x < ELLIPSIS and every.count(x) == 1))
    found: list[int] = []
    for x in output:
        found += dots if x is Ellipsis else [int(x)]
    for x in found:
        if found.count(x) > 1:
            raise RuntimeError(f"einsum(): output subscript {_letter(x)} appears more than once in the output")
        if not any(x in names for names in labels):
            raise RuntimeError(
                f"einsum(): output subscript {_letter(x)} does not appear in the equation for any input operand"
            )
    return tuple(found)
