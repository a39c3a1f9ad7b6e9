"""Jacobians, Hessians and their products with vectors, as torch.autograd.functional.

`func` takes tensors and gives a tensor or a tuple of them. What goes in as a tuple comes out as one. `strict` raises
where an output does not depend on an input; otherwise such a part is zero. `create_graph` keeps results differentiable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradbook.autograd import grad_mode
from gradbook.autograd.engine import grad
from gradbook.tensor import Tensor

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Func = Callable[..., Any]
Tensors = tuple[Tensor, ...]


def vjp(func: Func, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """The product vᵀ J of a vector with the Jacobian, as torch.autograd.functional.vjp. -> (func(*inputs), vᵀ J).

    v: of the outputs' shapes; None for a single number. Raises RuntimeError where shapes do not fit, or under `strict`.
    """
    with grad_mode.enable_grad():
        single, xs = _entered("vjp", inputs, create_graph)
        one, ys = _called("vjp", func, xs)
        _strict("vjp", xs, ys, strict)
        vector = _vector("vjp", v, ys, "func's output", strict)
    with grad_mode.set_grad_enabled(create_graph or grad_mode.is_grad_enabled()):
        found = _grads(ys, xs, vector, create_graph)
        result = _filled("vjp", found, xs, strict, create_graph)
    return _left(ys, one, create_graph), _left(result, single, create_graph)


def jvp(func: Func, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """The product J v of the Jacobian with a vector, as torch.autograd.functional.jvp. -> (func(*inputs), J v).

    Two backward passes: vᵀ J is linear in v, and its derivative is J. v: of the inputs' shapes; None for one number.
    """
    with grad_mode.enable_grad():
        _, xs = _entered("jvp", inputs, create_graph)
        vector = _vector("jvp", v, xs, "the input", strict)
        one, ys = _called("jvp", func, xs)
        _strict("jvp", xs, ys, strict)
        dual = tuple(_zeros(y).requires_grad_() for y in ys)
        rows = _filled("jvp", _grads(ys, xs, dual, True), xs, strict, True)
    with grad_mode.set_grad_enabled(create_graph or grad_mode.is_grad_enabled()):
        found = _grads(rows, dual, vector, create_graph)
        result = _filled("jvp", found, ys, strict, create_graph)
    return _left(ys, one, create_graph), _left(result, one, create_graph)


def jacobian(
    func: Func,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """All partial derivatives of func's outputs, as torch.autograd.functional.jacobian.

    -> one tensor of shape (*output, *input); a tuple over the inputs where those are a tuple, of that over the outputs
    where func returns a tuple. vectorize: all rows in one batched pass; strategy "forward-mode" (then only) goes by
    columns. Raises RuntimeError under `strict`, AssertionError for another strategy.
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')
    if strategy == "forward-mode":
        return _by_columns(func, inputs, create_graph, strict, vectorize)
    with grad_mode.enable_grad():
        single, xs = _entered("jacobian", inputs, create_graph)
        one, ys = _called("jacobian", func, xs)
        _strict("jacobian", xs, ys, strict)
        if vectorize and strict:
            raise RuntimeError(
                "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported together."
            )
        rows = [(_batched_rows if vectorize else _rows)(y, xs, create_graph, strict) for y in ys]
    parts = [_left(tuple(row), single, create_graph) for row in rows]
    return parts[0] if one else tuple(parts)


def _rows(y: Tensor, xs: Tensors, create_graph: bool, strict: bool) -> list[Tensor]:
    """One backward pass an element of `y`. -> one (*y, *x) an input."""
    import gradbook

    flat = y.reshape(-1)
    columns: list[list[Tensor]] = [[] for _ in xs]
    for i in range(flat.numel()):
        found = _grads((flat[i],), xs, (_ones(flat[i]),), create_graph) if y.requires_grad else (None,) * len(xs)
        for column, part in zip(columns, _filled("jacobian", found, xs, strict, create_graph), strict=True):
            column.append(part)
    return [
        gradbook.stack(column).reshape((*y.shape, *x.shape)) if column else x.new_zeros((*y.shape, *x.shape))
        for column, x in zip(columns, xs, strict=True)
    ]


def _batched_rows(y: Tensor, xs: Tensors, create_graph: bool, strict: bool) -> list[Tensor]:
    """One batched backward pass for all elements of `y`. -> one (*y, *x) an input."""
    import gradbook

    if not y.requires_grad or not y.numel():
        return [x.new_zeros((*y.shape, *x.shape)) for x in xs]
    basis = gradbook.eye(y.numel(), dtype=y.dtype, device=y.device).reshape((y.numel(), *y.shape))
    found = grad(y, xs, basis, retain_graph=True, create_graph=create_graph, allow_unused=True, is_grads_batched=True)
    return [
        x.new_zeros((*y.shape, *x.shape)) if part is None else part.reshape((*y.shape, *x.shape))
        for part, x in zip(found, xs, strict=True)
    ]


def _by_columns(func: Func, inputs: Any, create_graph: bool, strict: bool, vectorize: bool) -> Any:
    """The Jacobian by forward mode: all columns in one batched pass."""
    if strict:
        raise RuntimeError(
            'torch.autograd.functional.jacobian: `strict=True` and `strategy="forward-mode"` are not supported together'
        )
    if not vectorize:
        raise NotImplementedError(
            'torch.autograd.functional.jacobian: `strategy="forward-mode"` is only supported with `vectorize=True`; '
            "pass it, or use func.jacfwd"
        )
    if create_graph:
        raise NotImplementedError(
            "torch.autograd.functional.jacobian: `create_graph=True` is not implemented with "
            '`strategy="forward-mode"`; use func.jacfwd, whose result can be differentiated'
        )
    from gradbook.func import jacfwd

    single, xs = _checked("jacobian", inputs)
    one = True

    def called(*values: Tensor) -> Tensors:
        nonlocal one
        one, ys = _called("jacobian", func, values)
        return ys

    with grad_mode.no_grad():
        table = jacfwd(called, argnums=tuple(range(len(xs))))(*xs)
    parts = [row[0] if single else tuple(row) for row in table]
    return parts[0] if one else tuple(parts)


def hessian(
    func: Func,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """All second derivatives of a function that gives one number, as torch.autograd.functional.hessian.

    -> (*input, *input), or a tuple of tuples of (*input_i, *input_j) for a tuple of inputs. Raises RuntimeError if func
    does not give a single number, AssertionError for another strategy than "reverse-mode" or "forward-mode".
    """
    single, _ = _checked("hessian", inputs)
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')

    def number(*values: Tensor) -> Tensor:
        one, ys = _called("hessian", func, values)
        _one_number("hessian", one, ys[0])
        only: Tensor = ys[0].reshape(())
        return only

    def gradient(*values: Tensor) -> Any:
        if outer_jacobian_strategy == "forward-mode":
            values = tuple(value.requires_grad_() if not value.requires_grad else value for value in values)
        first = jacobian(number, values, create_graph=True)
        return tuple(_reached("hessian", part, x, strict) for part, x in zip(first, values, strict=True))

    whole = jacobian(
        gradient, inputs if not single else (inputs,), create_graph, strict, vectorize, outer_jacobian_strategy
    )
    return whole[0][0] if single else whole


def vhp(func: Func, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """The product vᵀ H of a vector with the Hessian, as torch.autograd.functional.vhp. -> (func(*inputs), vᵀ H)."""
    with grad_mode.enable_grad():
        single, xs = _entered("vhp", inputs, create_graph)
        vector = _vector("vhp", v, xs, "the input", strict)
        one, ys = _called("vhp", func, xs)
        _strict("vhp", xs, ys, strict)
        _one_number("vhp", one, ys[0])
        first = _filled("vhp", _grads(ys, xs, None, True), xs, strict, True)
    with grad_mode.set_grad_enabled(create_graph or grad_mode.is_grad_enabled()):
        found = _grads(first, xs, vector, create_graph)
        result = _filled("vhp", found, xs, strict, create_graph)
    return _left(ys, one, create_graph), _left(result, single, create_graph)


def hvp(func: Func, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple[Any, Any]:
    """The product H v of the Hessian with a vector, as torch.autograd.functional.hvp. -> (func(*inputs), H v).

    H is symmetric, so vhp gives the same with less work.
    """
    with grad_mode.enable_grad():
        single, xs = _entered("hvp", inputs, create_graph)
        vector = _vector("hvp", v, xs, "the input", strict)
        one, ys = _called("hvp", func, xs)
        _strict("hvp", xs, ys, strict)
        _one_number("hvp", one, ys[0])
        first = _filled("hvp", _grads(ys, xs, None, True), xs, strict, True)
        dual = tuple(_zeros(x).requires_grad_() for x in xs)
        second = _filled("hvp", _grads(first, xs, dual, True), xs, strict, True)
    with grad_mode.set_grad_enabled(create_graph or grad_mode.is_grad_enabled()):
        found = _grads(second, dual, vector, create_graph)
        result = _filled("hvp", found, xs, strict, create_graph)
    return _left(ys, one, create_graph), _left(result, single, create_graph)


# -- what goes in ------------------------------------------------------------------------------------------------------


def _checked(name: str, value: Any, what: str = "inputs") -> tuple[bool, Tensors]:
    """(whether it was one tensor, the tensors). Raises TypeError for anything else."""
    single = not isinstance(value, tuple)
    parts = (value,) if single else value
    for i, part in enumerate(parts):
        if not isinstance(part, Tensor):
            where = "" if single else f" {i} of the tuple"
            raise TypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but the given {what}{where} "
                f"has type {type(part)}."
            )
    return single, parts


def _entered(name: str, inputs: Any, create_graph: bool) -> tuple[bool, Tensors]:
    """The inputs as tensors of our own to differentiate by; joined to the caller's graph under create_graph."""
    single, given = _checked(name, inputs)
    if create_graph:
        return single, tuple(x.view_as(x) if x.requires_grad else x.detach().requires_grad_() for x in given)
    return single, tuple(x.detach().requires_grad_() for x in given)


def _called(name: str, func: Func, xs: Sequence[Any]) -> tuple[bool, Tensors]:
    return _checked(name, func(*xs), "outputs of the user-provided function")


def _vector(name: str, v: Any, like: Tensors, whose: str, strict: bool) -> Tensors | None:
    """The vector to multiply with, checked against what it must look like; None stands for 1."""
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise RuntimeError(
                f"The vector v can only be None if {whose} is a single Tensor with a single element; it has "
                f"{len(like)} tensor(s), the first of shape {tuple(like[0].shape)}. Pass v of that shape."
            )
        return (_ones(like[0]),)
    _, parts = _checked(name, v, "v")
    if len(parts) != len(like):
        raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(parts)}.")
    for i, (part, x) in enumerate(zip(parts, like, strict=True)):
        if part.shape != x.shape:
            raise RuntimeError(
                f"v (entry {i}) has invalid size: should be {tuple(x.shape)} but got {tuple(part.shape)}."
            )
    return parts


def _one_number(name: str, one: bool, y: Tensor) -> None:
    if not one:
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if y.numel() != 1:
        raise RuntimeError(
            f"The Tensor returned by the function given to {name} should contain a single element; its shape is "
            f"{tuple(y.shape)}"
        )


# -- gradients, and what comes out -------------------------------------------------------------------------------------


def _grads(ys: Sequence[Tensor], xs: Tensors, vector: Tensors | None, create_graph: bool) -> tuple[Tensor | None, ...]:
    """grad() of the outputs that have a history; None for inputs that none of them came from."""
    live = [i for i, y in enumerate(ys) if y.requires_grad]
    if not live:
        return (None,) * len(xs)
    given = None if vector is None else [vector[i] for i in live]
    return grad([ys[i] for i in live], xs, given, retain_graph=True, create_graph=create_graph, allow_unused=True)


def _strict(name: str, xs: Tensors, ys: Tensors, strict: bool) -> None:
    for i, y in enumerate(ys):
        if strict and not y.requires_grad:
            raise RuntimeError(
                f"Output {i} of the user-provided function does not require gradients. The outputs must be computed in "
                f"a differentiable manner from the input when running {name} in strict mode."
            )


def _filled(
    name: str, found: Sequence[Tensor | None], like: Sequence[Tensor], strict: bool, create_graph: bool
) -> Tensors:
    """Zeros where there is no gradient. Raises RuntimeError instead under `strict`."""
    result = []
    for i, (part, x) in enumerate(zip(found, like, strict=True)):
        if part is None:
            if strict:
                raise RuntimeError(f"The output of the user-provided function is independent of input {i} ({name}).")
            part = _zeros(x)
        elif strict and create_graph and not part.requires_grad:
            raise RuntimeError(
                f"The jacobian of the user-provided function is independent of input {i} ({name}). This is not allowed "
                "in strict mode when create_graph=True."
            )
        result.append(part)
    return tuple(result)


def _reached(name: str, part: Tensor, x: Tensor, strict: bool) -> Tensor:
    """A first derivative that a second one can be taken of."""
    if strict and not part.requires_grad:
        raise RuntimeError(f"The jacobian of the user-provided function is independent of an input ({name}).")
    return part


def _left(parts: Sequence[Tensor], single: bool, create_graph: bool) -> Any:
    """What the caller gets: without history unless asked for, alone if it was alone."""
    done = tuple(part if create_graph else part.detach() for part in parts)
    return done[0] if single else done


def _zeros(x: Tensor) -> Tensor:
    import gradbook

    made: Tensor = gradbook.zeros_like(x)
    return made


def _ones(x: Tensor) -> Tensor:
    import gradbook

    made: Tensor = gradbook.ones_like(x)
    return made
