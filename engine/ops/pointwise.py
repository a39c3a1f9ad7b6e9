"""Element by element: arithmetic, powers, exponentials, trigonometry, comparisons, rounding, activations' cores."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook.autograd.inplace import inplace
from gradbook.autograd.op import Elementwise
from gradbook.tensor import Tensor, method

add_op = Elementwise("add", np.add, "a b", formula="y = a + b", grads={"a": r"\bar y", "b": r"\bar y"})
add_op.grad("a", "b")(lambda grad: grad)

sub_op = Elementwise("sub", np.subtract, "a b", formula="y = a - b", grads={"a": r"\bar y", "b": r"-\bar y"})
sub_op.grad("a")(lambda grad: grad)
sub_op.grad("b")(lambda grad: -grad)

mul_op = Elementwise("mul", np.multiply, "a b", formula=r"y = a \, b", grads={"a": r"\bar y \, b", "b": r"\bar y \, a"})
mul_op.grad("a")(lambda grad, b: grad * b)
mul_op.grad("b")(lambda grad, a: grad * a)

tanh_op = Elementwise("tanh", np.tanh, "x", float_input=True, formula=r"y = \tanh x", grads={"x": r"\bar y \, (1 - y^2)"})
tanh_op.grad("x")(lambda grad, out: grad - grad * (out * out))



for _op, _names in {add_op: "__add__ __radd__", sub_op: "__sub__", mul_op: "__mul__ __rmul__", tanh_op: "tanh"}.items():
    method(*_names.split())(_op.fast)


@method("mul_", "__imul__")
def mul_(self: Tensor, other: Any) -> Any:
    """In-place multiplication."""
    return inplace(mul_op, self, other)
