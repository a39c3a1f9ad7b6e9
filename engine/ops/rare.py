"""Rare functions become ops: the values are SciPy's, the gradient rules ours. They are functions only, no methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradbook import backends
from gradbook.autograd.op import Elementwise
from gradbook.backends.science import science
from gradbook.ops.arguments import write_out
from gradbook.ops.elementwise import describe
from gradbook.tensor import Tensor

__all__ = ["never", "rare_array", "rare_binary", "rare_unary"]


def rare_array(name: str, public: str = "", *, half: bool = False) -> Callable[..., Any]:
    """`scipy.special.<name>` on float arrays, in their dtype; on 16-bit floats only where `half`, as in PyTorch.

    public: the name torch.special has for it. The first of several results counts.
    """

    def run(*arrays: Any) -> Any:
        kind = arrays[0].dtype
        narrow = kind.itemsize < 4
        if kind.kind not in "fV" or (narrow and not half):
            raise TypeError(public or name)  # told to the caller in PyTorch's words
        special = science(backends.xp_of(*arrays), "special", f"special.{public or name}")
        found = getattr(special, name)(*(a.astype("f4") for a in arrays) if narrow else arrays)
        found = found[0] if isinstance(found, tuple) else found
        return found.astype(kind) if narrow else found

    return run


def rare_unary(
    name: str, formula: str, text: str, *, array: Any = None, rule: Any = None, grad: str = "", node: str = ""
) -> tuple[Elementwise, Callable[..., Tensor]]:
    """The op of torch.special.<name>, of one operand, and its public function. Without a rule it has no gradient."""
    op = _declared(name, array, "x", formula, {"x": grad} if rule else {}, node)
    if rule is not None:
        op.grad("x")(rule)

    def call(input: Tensor, *, out: Tensor | None = None) -> Tensor:
        if not isinstance(input, Tensor):
            raise _no_tensor(name, input)
        return write_out(name, op.fast(input), out)

    describe(call, name, f"{text}, element by element (torch.special.{name}). input: (*) -> (*)")
    return op, call


def rare_binary(
    name: str,
    formula: str,
    text: str,
    *,
    array: Any = None,
    rules: dict[str, Any] | None = None,
    grads: dict[str, str] | None = None,
    node: str = "",
    second: str = "other",
) -> tuple[Elementwise, Callable[..., Tensor]]:
    """The op of torch.special.<name>, of two operands of which one may be a number, and its public function."""
    op = _declared(name, array, "a b", formula, grads or {}, node)
    for operand, rule in (rules or {}).items():
        op.grad(operand)(rule)

    def call(input: Any, *args: Any, out: Tensor | None = None, **named: Any) -> Tensor:
        values = dict(zip((second,), args, strict=True)) | named if args else named
        if set(values) != {second}:
            raise TypeError(f"{name}() takes (input, {second}), got {', '.join(map(repr, values))} beside input")
        other = values[second]
        if not isinstance(input, Tensor) and not isinstance(other, Tensor):
            raise _no_tensor(name, input)
        return write_out(name, op.fast(input, other), out)

    describe(call, name, f"{text}, element by element (torch.special.{name}). input, {second}: broadcastable -> (*)")
    return op, call


def never(name: str) -> Callable[..., Any]:
    """The rule of an operand without an implemented gradient: it raises NotImplementedError, as PyTorch's does."""

    def rule(grad: Any) -> Any:
        raise NotImplementedError(f"the derivative for '{name}' is not implemented.")

    return rule


def _declared(name: str, array: Any, operands: str, formula: str, grads: dict[str, str], node: str) -> Elementwise:
    node = node or "Special" + "".join(part.capitalize() for part in name.split("_")) + "Backward0"
    return Elementwise(
        name, array or rare_array(name), operands, float_input=True, formula=formula, grads=grads, node_name=node
    )


def _no_tensor(name: str, value: Any) -> TypeError:
    kind = type(value).__name__
    return TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {kind}; make it one first")
