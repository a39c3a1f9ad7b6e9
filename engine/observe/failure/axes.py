"""What does not fit: which family of operations looks at a failure, and the sentence where none does."""

from __future__ import annotations

import re
from collections.abc import Callable

from gradbook.errors import AutogradError, DeviceError, DTypeError, InplaceError, ShapeError
from gradbook.observe.failure import shape_findings as shapes
from gradbook.observe.failure import value_findings as values
from gradbook.observe.failure.findings import Finding, first_sentence, plain
from gradbook.observe.failure.operands import Call

__all__ = ["find"]

Family = Callable[[Call, str], Finding | None]
KINDS: tuple[tuple[type[BaseException], str], ...] = (
    (InplaceError, "changed-in-place"), (AutogradError, "backward"), (DeviceError, "device-mismatch"),
    (DTypeError, "dtype-mismatch"), (ShapeError, "shape-mismatch"), (IndexError, "index-out-of-range"),
    (AttributeError, "unknown-name"), (KeyError, "unknown-name"),
)  # fmt: skip
FAMILIES: tuple[tuple[str, Family], ...] = (
    ("linear", shapes.linear),
    ("matmul|mm|bmm|mv|dot|addmm|baddbmm|outer|inner", shapes.product),
    ("cat|concat|concatenate|hstack|vstack", shapes.cat),
    ("stack", shapes.stack),
    (shapes.CONVOLUTION.pattern, shapes.convolution),
    ("batch_norm|BatchNorm.*|instance_norm|group_norm", shapes.channels),
    ("layer_norm|rms_norm", shapes.layer_norm),
    ("cross_entropy|nll_loss", values.targets),
    ("binary_cross_entropy.*|mse_loss|l1_loss|huber_loss|smooth_l1_loss", values.same_shape),
    ("embedding", values.rows),
    ("view|reshape|unflatten", shapes.strides),
    ("getitem|setitem|index_put|select|take_apart", values.picked),
    ("expand|broadcast_to", shapes.expand),
    ("scaled_dot_product_attention", shapes.attention),
    ("einsum", shapes.einsum),
    ("states", shapes.states),
    (r"\w+_pool[123]d", shapes.window),
    ("multi_head_attention.*", lambda call, text: shapes.masks(call, text) or shapes.recurrent(call, text)),
    ("forward", shapes.recurrent),
    (".*", lambda call, text: values.dimension(call, text) or shapes.pointwise(call, text)),
)


def find(error: BaseException, call: Call) -> Finding:
    """What an exception means for its operands. Marks the operands' axes; always gives a headline."""
    message = first_sentence(str(error))
    rule = next((rule for kind, rule in KINDS if isinstance(error, kind)), "value")
    if isinstance(error, TypeError):  # an argument of the wrong kind: the tensors beside it are not to blame
        call.operands.clear()
    finding = None
    if rule == "dtype-mismatch":
        finding = values.dtypes(call)
    elif rule == "device-mismatch":
        finding = values.devices(call)
    elif rule in ("shape-mismatch", "index-out-of-range", "value"):
        family = next(family for match, family in FAMILIES if re.fullmatch(match, call.op))
        finding = family(call, str(error))
    finding = finding or values.gradients(call, str(error)) or values.unknown(call, error)
    finding = finding or Finding(rule, headline=plain(message))
    if finding.headline.startswith("this "):
        finding.headline = f"T{finding.headline[1:]}"
    return finding
