"""grad, vjp, jvp, linearize: functions of nested containers of tensors, differentiated."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from gradbook import pytree
from gradbook.autograd import engine, grad_mode
from gradbook.autograd.rules import alias
from gradbook.tensor import Tensor

__all__ = ["debug_unwrap", "functionalize", "grad", "grad_and_value", "jvp", "linearize", "vjp"]


def grad(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that gives the gradient of `func` in its arguments `argnums`, as torch.func.grad.

    func must give one number (with has_aux: a pair, the second part passed on). The gradient is shaped as the argument,
    a tuple of such for a tuple of argnums. Raises RuntimeError where func gives anything else.
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


def grad_and_value(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """As grad, and the value: -> (gradient, value), or (gradient, (value, aux)), as torch.func.grad_and_value."""

    @functools.wraps(func)
    def gradient_and_value(*args: Any, **kwargs: Any) -> Any:
        with grad_mode.enable_grad():
            mine = Inputs(_chosen(args, argnums))
            value = func(*_replaced(args, argnums, mine.tree), **kwargs)
            value, aux = _apart("grad_and_value(f)(*args)", value) if has_aux else (value, None)
            _one_number(value)
            outer = mine.reach_outside([value])
            found = mine.gradients([value], None, outer)
        result = pytree.unflatten(found, mine.plan)
        value = value if outer else value.detach()
        return (result, (value, mine.freed(aux, outer))) if has_aux else (result, value)

    return gradient_and_value


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """(func(*primals), vjp_fn), and aux with has_aux, as torch.func.vjp.

    vjp_fn(cotangents) gives the product of cotangents, shaped as the output, with the Jacobian: a tuple, one part a
    primal. It may be called many times, and under vmap. Raises RuntimeError where cotangents do not fit.
    """
    with grad_mode.enable_grad():
        mine = Inputs(primals)
        result = func(*mine.tree)
        result, aux = _apart("vjp(f, *primals)", result) if has_aux else (result, None)
        outs, plan = pytree.flatten(result)
        _all_tensors("vjp(f, *primals)", outs)
        outer = mine.reach_outside(outs)

    def vjp_fn(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        flat, given = pytree.flatten(cotangents)
        if plan != given:
            raise RuntimeError(
                f"Expected pytree structure of cotangents to be the same as pytree structure of outputs to the "
                f"function. cotangents: {given}, primal output: {plan}"
            )
        _fitting(flat, outs)
        enabled = grad_mode.is_grad_enabled() if create_graph is None else create_graph
        deeper = enabled and (outer or any(c.requires_grad for c in flat))
        with grad_mode.enable_grad():
            found = mine.gradients(outs, flat, deeper)
        parts = pytree.unflatten(found, mine.plan)
        return parts

    shown = pytree.unflatten([out if outer else out.detach() for out in outs], plan)
    return (shown, vjp_fn, mine.freed(aux, outer)) if has_aux else (shown, vjp_fn)


def jvp(func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """(func(*primals), its derivative in the direction of tangents), and aux with has_aux, as torch.func.jvp.

    primals, tangents: tuples of the same structure. strict: raise where an output does not depend on a primal. Raises
    RuntimeError where they do not fit.
    Differs: goes backward twice instead of forward once, so func must be twice differentiable; a Function's own jvp is
    not called.
    """
    if not isinstance(primals, tuple):
        raise RuntimeError(
            f"jvp(f, primals, tangents): Expected primals to be a tuple. "
            f"E.g. it should be valid to call f(*primals); got {type(primals)}."
        )
    flat, given = pytree.flatten(tangents)
    line = Line(func, primals, has_aux, "jvp(f, primals, tangents)")
    if line.mine.plan != given:
        raise RuntimeError(
            f"jvp(f, primals, tangents): Expected primals and tangents to have the same python structure. For example, "
            f"if primals is a tuple of 3 tensors, tangents also must be. Got primals with structure {line.mine.plan} "
            f"and tangents with structure {given}"
        )
    moved = line.moved(flat, strict)
    return (line.value, moved, line.aux) if has_aux else (line.value, moved)


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """(func(*primals), jvp_fn): jvp_fn(*tangents) is the derivative there in their direction, as torch.func.linearize.

    func runs once, however often jvp_fn is called. Raises RuntimeError where tangents do not fit.
    Differs: goes backward twice, as jvp; a Function's own jvp is not called.
    """
    line = Line(func, primals, False, "linearize(f, *primals)")

    def jvp_fn(*tangents: Any) -> Any:
        flat, given = pytree.flatten(tangents)
        if line.mine.plan != given:
            raise RuntimeError(
                f"Expected the tangents {given} to have the same argspec as the primals {line.mine.plan}"
            )
        return line.moved(flat, False)

    return line.value, jvp_fn


class Line:
    """What a function is near a point: vᵀ J as a function of v, of which J t is the derivative."""

    def __init__(self, func: Any, primals: tuple[Any, ...], has_aux: bool, where: str) -> None:
        with grad_mode.enable_grad():
            self.mine = Inputs(primals)
            result = func(*self.mine.tree)
            result, aux = _apart(where, result) if has_aux else (result, None)
            self.outs, self.plan = pytree.flatten(result)
            _all_tensors(where, self.outs)
            self.outer = self.mine.reach_outside(self.outs)
            self.dual = [zeros_like(out).requires_grad_() if out.requires_grad else None for out in self.outs]
            live = [(out, v) for out, v in zip(self.outs, self.dual, strict=True) if v is not None]
            self.rows = self.mine.gradients([out for out, _ in live], [v for _, v in live], True, zeros=False)
        shown = [out if self.outer else out.detach() for out in self.outs]
        self.value, self.aux = pytree.unflatten(shown, self.plan), self.mine.freed(aux, self.outer)

    def moved(self, tangents: Sequence[Any], strict: bool) -> Any:
        """How the outputs move when the inputs move along the tangents."""
        _fitting(tangents, self.mine.fresh, "tangent")
        paired = [(row, t) for row, t in zip(self.rows, tangents, strict=True) if row is not None and row.requires_grad]
        if strict and len(paired) < len(tangents):
            raise RuntimeError("jvp(f, primals, tangents, strict=True): The output of f is independent of an input.")
        duals = [v for v in self.dual if v is not None]
        deeper = grad_mode.is_grad_enabled() and (self.outer or any(t.requires_grad for t in tangents))
        found: list[Any] = [None] * len(duals)
        if paired and duals:
            with grad_mode.enable_grad():
                rows, given = zip(*paired, strict=True)
                found = list(engine.grad(rows, duals, given, True, deeper, allow_unused=True))
        parts = iter(found)
        outs = [None if v is None else next(parts) for v in self.dual]
        return pytree.unflatten(
            [zeros_like(out.detach()) if part is None else part for part, out in zip(outs, self.outs, strict=True)],
            self.plan,
        )


class Inputs:
    """Arguments as tensors of our own to differentiate by, joined to the caller's graph where that wants gradients."""

    def __init__(self, tree: Any) -> None:
        flat, self.plan = pytree.flatten(tree)
        for x in flat:
            if not isinstance(x, Tensor):
                raise ValueError(f"Expected every argument that is differentiated by to be a Tensor, got {type(x)}")
        self.joined = any(x._node is not None for x in flat)
        self.fresh = [alias(x) if x._node is not None else Tensor._of(x._array).requires_grad_() for x in flat]
        self.tree = pytree.unflatten(self.fresh, self.plan)

    def reach_outside(self, outs: Sequence[Any]) -> bool:
        """True if outputs were computed from anything else that wants gradients."""
        own = {x._node for x in self.fresh}
        stack = [out._node for out in outs if isinstance(out, Tensor) and out._node is not None]
        seen = set(stack)
        while stack:
            node = stack.pop()
            if node in own:
                if self.joined and node.edges:
                    return True
                continue
            if node.tensor is not None:
                return True
            for edge in node.edges:
                if edge is not None and edge not in seen:
                    seen.add(edge)
                    stack.append(edge)
        return False

    def gradients(self, outs: Sequence[Any], given: Any, create_graph: bool, zeros: bool = True) -> list[Any]:
        """The gradients of the outputs in our inputs; zeros (or None) where none of them came from one."""
        live = [i for i, out in enumerate(outs) if out.requires_grad]
        found: Sequence[Any] = [None] * len(self.fresh)
        if live:
            found = engine.grad(
                [outs[i] for i in live], self.fresh, None if given is None else [given[i] for i in live],
                retain_graph=True, create_graph=create_graph, allow_unused=True,
            )  # fmt: skip
        if not zeros:
            return list(found)
        return [zeros_like(x.detach()) if part is None else part for part, x in zip(found, self.fresh, strict=True)]

    def freed(self, tree: Any, outer: bool) -> Any:
        """Auxiliary outputs without the history of our own inputs."""
        if tree is None or outer:
            return tree
        return pytree.map_leaves(lambda x: x.detach() if isinstance(x, Tensor) else x, tree)


def zeros_like(x: Tensor) -> Tensor:
    """Zeros in the shape, dtype and place of a tensor."""
    import gradbook

    made: Tensor = gradbook.zeros_like(x)
    return made


# -- arguments and results ---------------------------------------------------------------------------------------------


def _numbers(argnums: Any, count: int) -> tuple[int, ...]:
    """The positions asked for, from 0. Raises RuntimeError for positions that are not there, or come twice."""
    if not isinstance(argnums, (int, tuple)):
        raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
    several = (argnums,) if isinstance(argnums, int) else argnums
    if not several:
        raise RuntimeError("argnums must be non-empty")
    for i in several:
        if not isinstance(i, int):
            raise RuntimeError(f"argnums must be int or Tuple[int, ...], got a {type(i)} inside")
        if not -count <= i < count:
            raise RuntimeError(f"Got argnum={i}, but only {count} positional inputs")
    found = tuple(i % count for i in several)
    if len(set(found)) != len(found):
        raise RuntimeError(f"argnums elements must be unique, got {argnums}")
    return found


def _chosen(args: tuple[Any, ...], argnums: Any) -> Any:
    found = _numbers(argnums, len(args))
    return args[found[0]] if isinstance(argnums, int) else tuple(args[i] for i in found)


def _replaced(args: tuple[Any, ...], argnums: Any, new: Any) -> list[Any]:
    found = _numbers(argnums, len(args))
    made = list(args)
    for i, value in zip(found, (new,) if isinstance(argnums, int) else new, strict=True):
        made[i] = value
    return made


def _apart(where: str, result: Any) -> tuple[Any, Any]:
    if not isinstance(result, tuple) or len(result) != 2:
        raise RuntimeError(f"{where}: output of function f should be a tuple: (output, aux) if has_aux is True")
    return result


def _one_number(value: Any) -> None:
    if not isinstance(value, Tensor):
        raise RuntimeError(f"Expected f(*args) to return a Tensor, got {type(value).__name__}")
    if value._array.ndim:
        raise RuntimeError(
            f"Expected f(*args) to return a scalar tensor, got tensor with {value._array.ndim} dims. Maybe you wanted "
            "to use the vjp or jacrev APIs instead?"
        )


def _all_tensors(where: str, outs: Sequence[Any]) -> None:
    for out in outs:
        if not isinstance(out, Tensor):
            raise RuntimeError(
                f"{where}: Expected f to return only tensors, got a {type(out).__name__}; use has_aux=True for the rest"
            )
    if not outs:
        raise RuntimeError(f"{where}: Expected f to be a function that has non-empty output (got no tensors)")


def _fitting(given: Sequence[Any], like: Sequence[Tensor], what: str = "cotangent") -> None:
    for part, x in zip(given, like, strict=True):
        if not isinstance(part, Tensor):
            raise RuntimeError(f"Expected every {what} to be a Tensor, got {type(part).__name__}")
        if part._array.shape != x._array.shape:
            raise RuntimeError(
                f"Mismatch in shape: a {what} has a shape of {tuple(part.shape)}, but belongs to one of "
                f"{tuple(x.shape)}"
            )


def functionalize(func: Callable[..., Any], *, remove: str = "mutations") -> Callable[..., Any]:
    """The function itself. In PyTorch, one without views and changes in place, for compilers to read.

    Differs: nothing here reads it, so nothing is rewritten. Raises RuntimeError for another `remove` than "mutations"
    and "mutations_and_views".
    """
    if remove not in ("mutations", "mutations_and_views"):
        raise RuntimeError(
            f"functionalize(f, remove='mutations'|'mutations_and_views'): received invalid argument for remove={remove}"
        )

    @functools.wraps(func)
    def same(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)

    return same


def debug_unwrap(tensor: Tensor, *, recurse: bool = True) -> Tensor:
    """The tensor with all samples that a tensor under vmap stands for, to look at while debugging.

    recurse: through all nested vmaps, not only the innermost. Any other tensor comes back as it is.
    """
    from gradbook import backends

    array = tensor._array
    if not backends.is_batched(array):
        return tensor
    array = array.data
    while recurse and backends.is_batched(array):
        array = array.data
    made: Tensor = Tensor._of(array)
    return made
