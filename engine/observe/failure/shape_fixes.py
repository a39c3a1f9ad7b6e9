"""Candidates for operands that do not fit: shapes, dtypes, devices, indices. Best first, by family of operation."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable
from itertools import chain

from gradbook import nn
from gradbook.observe.failure.backward_fixes import out_of_place
from gradbook.observe.failure.call_fixes import other
from gradbook.observe.failure.candidates import Candidates, Maybe, Mender, bracketed, method_call, two
from gradbook.observe.failure.einsum_fixes import einsum
from gradbook.observe.failure.operands import Operand
from gradbook.observe.failure.shape_findings import CONVOLUTION
from gradbook.observe.failure.text import called_name, source_of
from gradbook.observe.failure.value_fixes import device, dtype, index, rows, same_shape, targets, view
from gradbook.tensor import Tensor

__all__ = ["shape_candidates"]

REDUCTIONS = {
    "sum",
    "mean",
    "max",
    "min",
    "amax",
    "amin",
    "std",
    "var",
    "norm",
    "prod",
    "argmax",
    "logsumexp",
    "median",
}


def shape_candidates(m: Mender) -> Candidates:
    """Everything worth a trial for this failure."""
    if m.finding.rule == "dtype-mismatch":
        yield from dtype(m)
        return
    if m.finding.rule == "device-mismatch":
        yield from device(m)
        return
    for match, family in FAMILIES:
        if re.fullmatch(match, m.call.op):
            yield from family(m)
            return


def _linear(m: Mender) -> Candidates:
    x, weight = two(m)
    if x is None or weight is None or m.finding.sizes is None:
        return
    got, wants = m.finding.sizes
    module = m.call.module
    if len(x.shape) > 2 and math.prod(x.shape[1:]) == wants:
        why = f"{' × '.join(map(str, x.shape[1:]))} = {wants}: all axes but the first become one."
        yield m.after(x, ".flatten(1)", why)
        yield m.layer_before(module, "Flatten()", nn.Flatten(), why)
    if len(x.shape) > 1 and x.shape[-2] == wants:
        yield m.after(x, ".transpose(-1, -2)" if len(x.shape) > 2 else ".T", f"The axis of length {wants} comes last.")
    yield _joined(m, x)
    if isinstance(module, nn.Linear):
        yield m.argument(module, f"Makes the layer as wide as what comes in: {got} numbers.", in_features=got)
        yield from _pool(m, x, wants)
        yield m.width_of(x, f"The layer before then gives the {wants} numbers this one was built for.", wants)
    else:
        if weight.shape[0] == got:
            yield m.after(weight, ".T", "The weight's rows and columns change places.")
        yield m.size(weight, 1, got, f"A weight for {got} numbers a row.")
    if len(x.shape) == 1 and x.node is not None and wants == 1:
        yield m.after(x, ".unsqueeze(-1)", "One number a row.")


def _pool(m: Mender, x: Operand, wants: int) -> Candidates:
    """Between the convolutions and the first linear layer: pool the map to the size the layer was built for."""
    ran = m.producer(x)
    functional = m.alias(nn.functional)
    if ran is None or ran.where is None or not functional or not isinstance(ran.operands[0], Tensor):
        return
    before = tuple(ran.operands[0].shape)
    call = method_call(ran)
    if len(before) != 4 or call is None or wants % before[1] or not isinstance(call.func, ast.Attribute):
        return
    side = math.isqrt(wants // before[1])
    receiver = call.func.value
    if side * side * before[1] != wants or call.func.attr not in ("flatten", "view", "reshape"):
        return
    source = source_of(ran.where[0].co_filename)
    text = f"{functional}.adaptive_avg_pool2d({source.segment(receiver)}, {side})"
    yield m.put(receiver, text, f"Any image size from now on: {before[1]} × {side} × {side} = {wants}.", source)


def _joined(m: Mender, x: Operand) -> Maybe:
    """What was joined along another axis than the last."""
    ran = m.producer(x)
    call = method_call(ran) if ran is not None and ran.op == "cat" else None
    if ran is None or ran.where is None or call is None:
        return None
    source, why = source_of(ran.where[0].co_filename), "Joined along the last axis."
    return m.put(call.args[1], "-1", why, source) if len(call.args) > 1 else m.keyword(call, "dim", "-1", why, source)


def _product(m: Mender) -> Candidates:
    a, b = two(m)
    if a is None or b is None or m.finding.sizes is None or not a.bad or not b.bad:
        return
    got, wants = m.finding.sizes
    flip = ".T" if max(len(a.shape), len(b.shape)) < 3 else ".transpose(-1, -2)"
    if len(b.shape) > 1 and a.shape[-1] == b.shape[-1]:
        yield m.after(b, flip, f"Each row of {a.name} with each row of {b.name}.")
    if len(a.shape) > 1 and a.shape[-2] == b.shape[-2 if len(b.shape) > 1 else 0]:
        yield m.after(a, flip, f"Each column of {a.name} with each column of {b.name}.")
    node = m.call.node
    if isinstance(node, ast.BinOp) and b.shape[-1] == a.shape[-2 if len(a.shape) > 1 else 0]:
        left, right = m.call.source.segment(node.left), m.call.source.segment(node.right)
        yield m.put(node, f"{bracketed(node.right, right)} @ {bracketed(node.left, left)}", "The other way round.")
    yield m.size(b, b.bad[0], got, f"{b.name} for {got} numbers.")
    yield m.size(a, a.bad[0], wants, f"{a.name} with {wants} numbers.")
    yield m.width_of(a, f"The layer before then gives {wants} numbers.", wants)


def _pointwise(m: Mender) -> Candidates:
    a, b = two(m)
    if a is None or b is None or m.finding.rule != "shape-mismatch":
        return
    if "output with shape" in m.call.message:
        statement = m.call.source.statement(m.call.step.line)
        yield out_of_place(m, statement, m.call.source) if statement is not None else None
    for operand, partner in ((b, a), (a, b)):
        yield _sample_mask(m, operand, partner.shape)
        yield _kept(m, operand)
        if len(operand.shape) == 1 and len(partner.shape) > 1 and operand.shape[0] in partner.shape[:-1]:
            axis = len(partner.shape) - 1 - partner.shape[:-1].index(operand.shape[0])
            if axis == 1:
                yield m.after(operand, ".unsqueeze(1)", f"One number of {operand.name} a row of {partner.name}.")
        if len(operand.shape) == 2 and operand.shape[::-1] == partner.shape[-2:]:
            yield m.after(operand, ".T", f"{operand.name} with rows and columns changed.")
        if (
            operand.shape != partner.shape
            and math.prod(operand.shape) == math.prod(partner.shape)
            and len(partner.shape) > len(operand.shape)
        ):
            if partner.node is not None and isinstance(partner.node, ast.Name | ast.Attribute):
                yield m.after(
                    operand,
                    f".view_as({m.call.source.segment(partner.node)})",
                    f"{operand.name} in the shape of {partner.name}.",
                )
    if m.finding.sizes is not None and a.bad and b.bad:
        got, wants = m.finding.sizes
        yield m.size(b, b.bad[0], got, f"{b.name} as long as {a.name}.")
        yield m.size(a, a.bad[0], wants, f"{a.name} as long as {b.name}.")
        yield m.factor_size(a, wants, f"{a.name} as wide as {b.name}.")
        yield m.factor_size(b, got, f"{b.name} as wide as {a.name}.")
        yield m.width_of(b, f"The layer that gives {b.name} then gives {got} numbers.", got)
        yield m.width_of(a, f"The layer that gives {a.name} then gives {wants} numbers.", wants)


def _sample_mask(m: Mender, mask: Operand, shape: tuple[int, ...]) -> Maybe:
    """A mask with a row for each sample, over what has axes between: `mask[:, None, None, :]`."""
    between = len(shape) - 2
    if mask.shape != (shape[0], shape[-1]) or between < 1 or mask.shape[0] == 1:
        return None
    text = f"[:, {', '.join(['None'] * between)}, :]"
    return m.after(mask, text, f"One row of {mask.name} a sample, the same for all between.")


def _kept(m: Mender, operand: Operand) -> Maybe:
    """keepdim=True in the reduction that made an operand."""
    ran = m.producer(operand)
    call = method_call(ran) if ran is not None else None
    if ran is None or ran.where is None or call is None:
        return None
    name = called_name(call)
    if name not in REDUCTIONS:
        return None
    why = "The reduced axis stays, with length 1, and is spread again."
    return m.keyword(call, "keepdim", "True", why, source_of(ran.where[0].co_filename))


def _cat(m: Mender) -> Candidates:
    a, b = two(m)
    node = m.call.node
    if a is None or b is None or not isinstance(node, ast.Call):
        return
    if len(a.shape) != len(b.shape):
        shorter, longer = (a, b) if len(a.shape) < len(b.shape) else (b, a)
        for axis in range(len(longer.shape)):
            yield m.after(shorter, f".unsqueeze({axis})", f"{shorter.name} gets an axis of length 1.")
        return
    differing = [i for i, (p, q) in enumerate(zip(a.shape, b.shape, strict=True)) if p != q]
    if len(differing) == 1:
        why = f"Joined along axis {differing[0]}, the one on which they differ."
        given = node.args[1] if len(node.args) > 1 else None
        yield (
            m.put(given, str(differing[0]), why)
            if given is not None
            else m.keyword(node, "dim", str(differing[0]), why)
        )
    functional = m.alias(nn.functional)
    maps = len(a.shape) == 4 and all(axis > 1 for axis in differing if axis != m.finding.facts.get("along"))
    if maps and functional and a.node is not None and b.node is not None:
        first, second = (m.call.source.segment(node) for node in (a.node, b.node))
        text = f"{functional}.interpolate({second}, size={first}.shape[2:])"
        yield m.put(b.node, text, f"{b.name} stretched to the size of {a.name}.")
    if b.shape[::-1] == a.shape or (len(a.shape) == 2 and b.shape[0] == a.shape[1]):
        yield m.after(b, ".T", f"{b.name} with rows and columns changed.")
    for axis in a.bad:
        yield m.size(b, axis, a.shape[axis], f"{b.name} as long as {a.name} on axis {axis}.")


def _stack(m: Mender) -> Candidates:
    a, b = two(m)
    node = m.call.node
    if a is None or b is None or not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    if len(a.shape) == len(b.shape) and len(a.bad) == 1:
        axis = a.bad[0]
        if axis == 0 and not node.keywords and len(node.args) == 1:
            head = m.call.source.segment(node.func.value)
            yield m.put(node.func, f"{head}.cat", "Joined end to end instead of laid on each other.")
        yield m.size(b, axis, a.shape[axis], f"{b.name} as long as {a.name}.")


def _convolution(m: Mender) -> Candidates:
    x, _ = two(m)
    module, match = m.call.module, CONVOLUTION.fullmatch(m.call.op)
    if x is None or match is None:
        return
    rank = int(match[2])
    wants = getattr(module, "in_channels", None) or (m.finding.sizes[1] if m.finding.sizes else None)
    if len(x.shape) == rank + 2 and x.shape[-1] == wants:
        order = ", ".join(map(str, (0, rank + 1, *range(1, rank + 1))))
        yield m.after(x, f".permute({order})", "Channels come first, right after the batch.")
    if len(x.shape) == rank + 1 and wants == 1:
        yield m.after(x, ".unsqueeze(1)", "One channel for each of the pictures." if rank == 2 else "One channel each.")
    if len(x.shape) == rank and wants == 1:
        yield m.after(x, ".unsqueeze(0)", "One channel.")
    if "Kernel size" in m.call.message and hasattr(module, "kernel_size"):
        half = tuple(k // 2 for k in module.kernel_size)
        yield m.argument(
            module, "A border of zeros as wide as half the window.", padding=half[0] if len(set(half)) == 1 else half
        )
        size = min(x.shape[-rank:])
        yield m.argument(module, "A window that fits.", kernel_size=size)
        return
    if m.finding.sizes is not None and hasattr(module, "in_channels"):
        got = m.finding.sizes[0]
        yield m.argument(module, f"Makes the layer take the {got} channels that come in.", in_channels=got)
        if m.finding.sizes[0] == 1 and len(x.shape) == rank + 2:
            spread = ", ".join(["-1", str(wants), *["-1"] * rank])
            yield m.after(x, f".expand({spread})", f"The one channel serves as all {wants}.")
        yield m.width_of(
            x, f"The layer before then gives the {wants} channels this one was built for.", int(wants or 0)
        )


def _channels(m: Mender) -> Candidates:
    x, _ = two(m)
    module = m.call.module
    if x is None or module is None:
        return
    name = type(module).__name__
    wanted = {2: "1d", 3: "1d", 4: "2d", 5: "3d"}.get(len(x.shape), "")
    if m.finding.sizes is None and wanted and name[:-2] in ("BatchNorm", "InstanceNorm"):
        yield m.another(
            module, getattr(nn, name[:-2] + wanted), f"{x.name} has {len(x.shape)} axes: (batch, channels, …)."
        )
        return
    if m.finding.sizes is not None:
        got, wants = m.finding.sizes
        if x.shape[-1] == wants and len(x.shape) == 3:
            yield m.after(x, ".transpose(1, 2)", "Channels come second.")
        yield m.argument(module, f"Makes the layer norm the {got} channels that come in.", num_features=got)
        yield m.width_of(x, f"The layer before then gives {wants} channels.", wants)


def _layer_norm(m: Mender) -> Candidates:
    x, _ = two(m)
    module = m.call.module
    if x is None or m.finding.sizes is None:
        return
    got, wants = m.finding.sizes
    count = len(module.normalized_shape) if hasattr(module, "normalized_shape") else 1
    if count == 1 and len(x.shape) > 1 and x.shape[-2] == wants:
        yield m.after(x, ".transpose(-1, -2)", f"The axis of length {wants} comes last.")
    value = got if count == 1 else tuple(x.shape[-count:])
    yield m.argument(module, "Makes the layer norm what comes in.", normalized_shape=value)
    yield m.width_of(x, f"The layer before then gives {wants} numbers.", wants)


def _recurrent(m: Mender) -> Candidates:
    module = m.call.module
    if m.finding.sizes is None or module is None:
        return
    got, wants = m.finding.sizes
    if hasattr(module, "input_size"):
        yield m.argument(module, f"Makes the layer take {got} numbers a step.", input_size=got)
    elif hasattr(module, "embed_dim"):
        yield m.argument(module, f"Makes the layer take {got} numbers a step.", embed_dim=got)
    yield m.width_of(
        m.call.operands[0] if m.call.operands else None, f"The layer before then gives {wants} numbers.", wants
    )


def _states(m: Mender) -> Candidates:
    """Initial states of the size that the layer wants."""
    wants, got = m.finding.facts.get("wants"), m.finding.facts.get("got")
    states = [o for o in m.call.operands if o.shape == got]
    if wants is None or got is None or not states or len(wants) != len(got):
        return
    changed = [m.sizes(operand, wants, f"States for this batch: {wants}.") for operand in states]
    yield m.both(*changed)


def _masks(m: Mender) -> Candidates:
    """A mask the other way round, or given under the other name."""
    wants, role = m.finding.facts.get("wants"), m.finding.facts.get("role")
    mask = m.call.operand(str(role))
    if wants is None or mask is None or not isinstance(m.call.node, ast.Call):
        return
    if mask.shape[::-1] == wants:
        yield m.after(mask, ".T", "Rows and columns changed.")
    keyword = next((k for k in m.call.node.keywords if k.arg == role), None)
    other = "key_padding_mask" if role == "attn_mask" else "attn_mask"
    if keyword is not None and all(k.arg != other for k in m.call.node.keywords):
        text = f"{other}={m.call.source.segment(keyword.value)}"
        meaning = "a row a sample, a column a key" if role == "attn_mask" else "a row a query, a column a key"
        yield m.put(keyword, text, f"That mask has {meaning}.")


def _attention(m: Mender) -> Candidates:
    q, k = two(m)
    mask = m.call.operand("attn_mask")
    query, key = m.call.arguments.get("query"), m.call.arguments.get("key")
    if mask is not None and isinstance(query, Tensor) and isinstance(key, Tensor) and query.ndim > 2:
        yield _sample_mask(m, mask, (*query.shape[:-1], key.shape[-2]))
        return
    if m.finding.sizes is not None:
        yield m.width_of(k, f"Keys as wide as queries: {m.finding.sizes[0]}.", m.finding.sizes[0])
        yield m.width_of(q, f"Queries as wide as keys: {m.finding.sizes[1]}.", m.finding.sizes[1])


def _window(m: Mender) -> Candidates:
    x, _ = two(m)
    module = m.call.module
    if x is None or "rank" not in m.finding.facts:
        return
    size = min(x.shape[-m.finding.facts["rank"] :])
    if module is not None and hasattr(module, "kernel_size"):
        yield m.argument(module, f"A window that fits into {size}.", kernel_size=size)
    elif isinstance(m.call.node, ast.Call) and len(m.call.node.args) > 1:
        yield m.put(m.call.node.args[1], str(size), f"A window that fits into {size}.")


FAMILIES: tuple[tuple[str, Callable[[Mender], Candidates]], ...] = (
    ("linear", lambda m: other(m) if m.finding.sizes is None else _linear(m)),
    ("matmul|mm|bmm|mv|dot|addmm|baddbmm|outer|inner", _product),
    ("cat|concat|concatenate|hstack|vstack", _cat),
    ("stack", _stack),
    ("einsum", lambda m: chain(einsum(m), _pointwise(m))),
    ("states", _states),
    (CONVOLUTION.pattern, _convolution),
    ("batch_norm|BatchNorm.*|instance_norm|group_norm", _channels),
    ("layer_norm|rms_norm", _layer_norm),
    ("cross_entropy|nll_loss", targets),
    ("binary_cross_entropy.*|mse_loss|l1_loss|huber_loss|smooth_l1_loss", same_shape),
    ("embedding", rows),
    ("view|reshape|unflatten", view),
    ("getitem|select", index),
    ("scaled_dot_product_attention", _attention),
    ("multi_head_attention.*", lambda m: chain(_masks(m), _recurrent(m))),
    ("forward", _recurrent),
    (r"\w+_pool[123]d", _window),
    (".*", lambda m: chain(other(m), _pointwise(m))),
)
