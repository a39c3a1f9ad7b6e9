"""From the declaration of an op to its expressions: its forward and its gradient rules, called with Expressions.

None: the op does more than to compute element by element, or kernels lack something that it needs for these dtypes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from gradbook.autograd.op import NEEDS, PARAM, SHAPE, SLOT, Op, Rule
from gradbook.kernels.expression import Expression, Inexpressible, common_shape
from gradbook.tensor import Tensor

__all__ = ["of_op", "of_rule"]

SAME = ("clone",)  # ops that move numbers, and change none of them
DRAWING = ("dropout", "standard_gamma")  # ops whose forward draws random numbers: they must not become constants


class NoShape:
    """Stands for the shape of an operand, which an expression does not know: whoever looks at it raises."""

    def _raise(self, *_: Any) -> NoReturn:
        raise Inexpressible("a shape is asked for")

    __len__ = __iter__ = __getitem__ = __bool__ = __add__ = __radd__ = __eq__ = _raise
    __hash__ = object.__hash__


def of_op(op: Op, operands: Sequence[Expression | None], params: dict[str, Any]) -> tuple[Expression, ...] | None:
    """The output of an op, then its extras; operands are promoted, as arrays given to its forward would be."""
    if op.view or op.variadic or op.multi or op.custom or op.name in DRAWING:
        return None
    if holds_arrays((*operands, *params.values())):
        return None
    try:
        made = operands[0] if op.name in SAME else op._run(np, *operands, **params)
    except Exception:  # more than elements; or the op refuses these dtypes, and says so when it is run
        return None
    found: tuple[Expression, ...] | None = _expressions(made, 1 + len(op.extras))
    return found


def of_rule(
    op: Op,
    rule: Rule,
    grad: Expression,
    slots: Sequence[Expression | None],
    params: dict[str, Any],
    needs: tuple[bool, ...] = (),
    shape: tuple[int, ...] | None = None,
) -> tuple[Expression | None, ...] | None:
    """The gradients that a rule gives, one for each of its `targets`; slots: the operands, the output, the extras.

    They are as the rule returns them: not yet summed to a broadcast operand's shape, nor cast to its dtype.
    shape: that of all operands, where they have one: a rule that divides by their number of elements asks for it.
    """
    others = {SHAPE: NoShape(), NEEDS: needs or (True,) * len(op.operands)}
    args = [
        params.get(value) if kind == PARAM else slots[value] if kind == SLOT else others[kind]
        for kind, value in rule.args
    ]
    if holds_arrays(args):
        return None
    before = common_shape.set(shape)
    try:
        made = rule.fn(grad, *args)
    except Exception:  # as above
        return None
    finally:
        common_shape.reset(before)
    found: tuple[Expression | None, ...] | None = _expressions(made, len(rule.targets), optional=True)
    return found


def holds_arrays(values: Any) -> bool:
    """Whether there are arrays or Tensors, whose numbers may be others when the kernel runs."""
    return any(isinstance(value, (np.ndarray, Tensor)) for value in values)


def _expressions(made: Any, count: int, optional: bool = False) -> Any:
    several = made if isinstance(made, tuple) else (made,)
    fit = all(isinstance(one, Expression) or (optional and one is None) for one in several)
    return several if fit and len(several) == count else None
