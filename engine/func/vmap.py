"""vmap: a function written for one sample, run once for all.

The samples' axis is hidden inside the array (backends/batched.py), so the function, and every op in it, sees the shapes
of one sample. Where NumPy can do all samples in one call it does; where an op cannot (or nobody taught it), that op
does one sample after the other; if something outside of any op needs one answer a sample, the whole function does.
"""

from __future__ import annotations

import functools
import importlib
import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradbook import backends, pytree
from gradbook.autograd import layers, versions
from gradbook.autograd.op import Op
from gradbook.random import default_generator
from gradbook.tensor import Tensor, dim_error

__all__ = ["vmap"]

importlib.import_module("gradbook.backends.batched_functions")  # from now on backends looks for batched arrays
_levels = itertools.count(1)


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """The function that does `func` to each sample along an axis of its arguments, as torch.vmap and torch.func.vmap.

    in_dims: the axis of the samples, for all arguments or one each (nested as they are); None for what all share.
    out_dims: where the axis goes. randomness: "error", "same" or "different" for each sample. chunk_size: at most so
    many at once. Raises ValueError where dims do not fit, RuntimeError where func branches on a sample's value.
    Differs: more is accepted: what cannot be done for all samples at once is done one by one, so x.numpy() works and
    print(x) shows each sample. A class out of bounds in cross_entropy raises IndexError, as without vmap.
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @functools.wraps(func)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        flat, plan, dims = _arguments(func, in_dims, args)
        count = next(x._array.shape[d] for x, d in zip(flat, dims, strict=True) if d is not None)
        call = _Call(func, plan, dims, out_dims, randomness, kwargs)
        if chunk_size is None or chunk_size >= count:
            return call.whole(flat, count)
        return call.chunked(flat, count, chunk_size)

    return mapped


class _Call:
    """One call of a mapped function, its arguments taken apart."""

    def __init__(self, func: Any, plan: Any, dims: Any, out_dims: Any, randomness: str, kwargs: Any) -> None:
        self.func, self.plan, self.dims, self.out_dims = func, plan, dims, out_dims
        self.randomness, self.kwargs = randomness, kwargs

    def whole(self, flat: Sequence[Any], count: int) -> Any:
        """All samples in one call, or one after the other if the function cannot be run so."""
        try:
            return self._once(flat, count)
        except backends.batched.NotBatchable:
            if not count:
                raise
        return self._each(flat, count)

    def _each(self, flat: Sequence[Any], count: int) -> Any:
        """One sample after the other."""
        rows = []
        drawn_from = default_generator.get_state()
        for i in range(count):
            if self.randomness == "same":
                default_generator.set_state(drawn_from)
            parts = [x if d is None else x.select(d, i) for x, d in zip(flat, self.dims, strict=True)]
            with layers.pushed(SampleLayer(self.randomness)):
                rows.append(pytree.flatten(self.func(*pytree.unflatten(parts, self.plan), **self.kwargs)))
        outs, plan = rows[0]
        columns = zip(*[row for row, _ in rows], strict=True)
        places = self._places(plan, outs)
        from gradbook.ops.joining import stack

        made = [stack(list(c), d) if d is not None else c[0] for c, d in zip(columns, places, strict=True)]
        return pytree.unflatten(made, plan)

    def _once(self, flat: Sequence[Any], count: int) -> Any:
        level = VmapLayer(count, self.randomness)
        parts = [
            x if d is None else enter_op(x, level=level.level, dim=d, count=count)
            for x, d in zip(flat, self.dims, strict=True)
        ]
        with layers.pushed(level):
            result = self.func(*pytree.unflatten(parts, self.plan), **self.kwargs)
        outs, plan = pytree.flatten(result)
        places = self._places(plan, outs)
        return pytree.unflatten([_taken(x, level, d) for x, d in zip(outs, places, strict=True)], plan)

    def _places(self, plan: Any, outs: Sequence[Any]) -> list[Any]:
        """One out_dim an output. Raises ValueError for outputs that are no tensors, or dims that do not fit."""
        for out in outs:
            if not isinstance(out, Tensor):
                raise ValueError(
                    f"vmap({_name(self.func)}, ...): `{_name(self.func)}` must only return Tensors, got type "
                    f"{type(out)}. Did you mean to set out_dims= to None for output?"
                )
        places = None if self.out_dims is None and len(outs) > 1 else pytree.spread(self.out_dims, plan)
        if places is None and isinstance(self.out_dims, tuple) and len(self.out_dims) == 1 and plan.kind is None:
            places = list(self.out_dims)
        if places is None or any(not (p is None or type(p) is int) for p in places):
            raise ValueError(
                f"vmap({_name(self.func)}, ..., out_dims={self.out_dims})(<inputs>): out_dims is not compatible with "
                f"the structure of `outputs`. out_dims has structure {pytree.flatten(self.out_dims)[1]} but outputs "
                f"has structure {plan}."
            )
        return places

    def chunked(self, flat: Sequence[Any], count: int, size: int) -> Any:
        """At most `size` samples at once."""
        from gradbook.ops.joining import cat

        parts = []
        for start in range(0, count, size):
            length = min(size, count - start)
            piece = [x if d is None else x.narrow(d, start, length) for x, d in zip(flat, self.dims, strict=True)]
            parts.append(pytree.flatten(self.whole(piece, length)))
        outs, plan = parts[0]
        places = self._places(plan, outs)
        columns = zip(*[row for row, _ in parts], strict=True)
        return pytree.unflatten(
            [c[0] if d is None else cat(list(c), d) for c, d in zip(columns, places, strict=True)], plan
        )


def _name(func: Any) -> str:
    return getattr(func, "__name__", repr(func))


def _arguments(func: Any, in_dims: Any, args: tuple[Any, ...]) -> tuple[list[Any], Any, list[Any]]:
    """(leaves of the arguments, their plan, the axis of each leaf). Raises ValueError where in_dims do not fit."""
    name = _name(func)
    where = f"vmap({name}, in_dims={in_dims}, ...)(<inputs>)"
    if not (type(in_dims) is int or isinstance(in_dims, tuple)):
        raise ValueError(
            f"{where}: expected `in_dims` to be int or a (potentially nested) tuple matching the structure of inputs, "
            f"got: {type(in_dims)}."
        )
    if not args:
        raise ValueError(
            f"{where}: got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a "
            "function with no inputs."
        )
    flat, plan = pytree.flatten(args)
    dims = pytree.spread(in_dims, plan)
    if dims is None:
        raise ValueError(
            f"{where}: in_dims is not compatible with the structure of `inputs`. in_dims has structure "
            f"{pytree.flatten(in_dims)[1]} but inputs has structure {plan}."
        )
    found = [_dim(where, x, d) for x, d in zip(flat, dims, strict=True)]
    counts = [x._array.shape[d] for x, d in zip(flat, found, strict=True) if d is not None]
    if not counts:
        raise ValueError(
            f"{where}: at least one argument must have an in_dim that is not None; nothing is mapped over."
        )
    if len(set(counts)) > 1:
        raise ValueError(
            f"vmap: Expected all tensors to have the same size in the mapped dimension, got sizes {counts} for the "
            "mapped dimension"
        )
    return flat, plan, found


def _dim(where: str, x: Any, dim: Any) -> int | None:
    if dim is None:
        return None
    if type(dim) is not int:
        raise ValueError(
            f"{where}: Got in_dim={dim} for an input but in_dim must be either an integer dimension or None."
        )
    if not isinstance(x, Tensor):
        raise ValueError(
            f"{where}: Got in_dim={dim} for an input but the input is of type {type(x)}. We cannot vmap over "
            "non-Tensor arguments, please use None as the respective in_dim"
        )
    ndim = x._array.ndim
    if not -ndim <= dim < ndim:
        raise ValueError(
            f"{where}: Got in_dim={dim} for some input, but that input is a Tensor of dimensionality {ndim} so "
            f"expected in_dim to satisfy -{ndim} <= in_dim < {ndim}."
        )
    return int(dim % ndim)


def _taken(x: Tensor, level: VmapLayer, dim: int | None) -> Tensor:
    """An output with its samples' axis shown again."""
    array = x._array
    if dim is None:
        if level.level in backends.batched.levels_of(array):
            raise ValueError(
                "vmap: can not return a BatchedTensor when out_dim is None: the output differs from sample to sample"
            )
        return x
    ndim = array.ndim + 1
    if not -ndim <= dim < ndim:
        raise dim_error(dim, ndim)
    out: Tensor = exit_op(x, level=level.level, dim=dim % ndim, count=level.count)
    return out


# -- in and out --------------------------------------------------------------------------------------------------------


class Hidden(layers.Structural, Op):
    """An op that hides an axis, shows it, or sums over it. Its gradient is another one of them."""

    custom = opens = True

    def keep(self, need: int) -> tuple[int, ...]:
        """Nothing is kept."""
        return ()

    def backward_node(self, node: Any, g: Any, create_graph: bool) -> list[Any]:
        """The gradient, by the op that undoes this one."""
        params = node.params
        if self is enter_op:
            return [exit_op(g, **params)]
        if self is exit_op:
            return [enter_op(g, **params)]
        return [summed_op(g, levels=params["levels"])]


enter_op = Hidden("vmap_enter", "x", formula=r"y = x_n")
exit_op = Hidden("vmap_exit", "x", formula=r"y_n = x")
lift_op = Hidden("vmap_share", "x", formula="y = x")
summed_op = Hidden("vmap_sum", "x", formula=r"y = \sum_n x_n")


@enter_op.forward
def _(xp: Any, x: Any, *, level: int, dim: int, count: int) -> Any:
    return backends.batched.wrap(level, x, dim)


@exit_op.forward
def _(xp: Any, x: Any, *, level: int, dim: int, count: int) -> Any:
    return backends.batched.unwrap(level, x, count, dim)


@lift_op.forward
def _(xp: Any, x: Any, *, levels: tuple[int, ...]) -> Any:
    return x


@summed_op.forward
def _(xp: Any, x: Any, *, levels: tuple[int, ...]) -> Any:
    for level in levels:
        x = backends.batched.reduce_level(level, x)
    return x


class Info(NamedTuple):
    """What the vmap of an autograd.Function is told."""

    batch_size: int
    randomness: str


class VmapLayer(layers.Layer):
    """One vmap that is open: tensors from outside, of which all samples share one, get their gradients summed."""

    def __init__(self, count: int, randomness: str) -> None:
        self.level, self.count, self.randomness = next(_levels), count, randomness
        self.started = next(versions.sequence)  # what was made before is from outside

    def call(self, op: Op, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Run the op, its operands from outside marked."""
        if op is not lift_op and op is not summed_op:
            operands = tuple(self.operand(x) if isinstance(x, Tensor) else x for x in operands)
        return self.pass_on(op, operands, params)

    def operand(self, x: Tensor) -> Tensor:
        """A tensor, marked if it is from outside."""
        if x._node is None or x._node.seq > self.started:
            return x
        shared: Tensor = lift_op(x, levels=(self.level,))
        return shared

    def function(self, cls: Any, args: tuple[Any, ...]) -> Any:
        """The result of a Function that has a vmap of its own."""
        from gradbook.autograd.function import Function

        levels = [backends.batched.levels_of(a._array)[:1] if isinstance(a, Tensor) else () for a in args]
        if cls.vmap is Function.vmap or (self.level,) not in levels:
            return None
        if cls.generate_vmap_rule:
            raise RuntimeError(
                f"You tried to vmap over {cls.__name__}, but it has both generate_vmap_rule=True and an overriden vmap "
                "staticmethod. Please set generate_vmap_rule=False or delete the overriden vmap staticmethod."
            )
        dims = tuple(0 if level == (self.level,) else None for level in levels)
        hidden = {"level": self.level, "count": self.count}
        shown = [self.operand(a) if isinstance(a, Tensor) else a for a in args]
        with layers.outside_of(self):
            bare = [a if d is None else exit_op(a, dim=0, **hidden) for a, d in zip(shown, dims, strict=True)]
            outs, out_dims = cls.vmap(Info(self.count, self.randomness), dims, *bare)
            flat, plan = pytree.flatten(outs)
            places = pytree.spread(out_dims, plan)
            if places is None:
                raise RuntimeError(f"{cls.__name__}.vmap: the out_dims {out_dims} do not fit the outputs {plan}")
            made = [x if d is None else enter_op(x, dim=d, **hidden) for x, d in zip(flat, places, strict=True)]
        return pytree.unflatten(made, plan)

    def stream(self, generator: Any, xp: Any) -> Any:
        """Random numbers as `randomness` says. Raises RuntimeError where it forbids them."""
        allow_randomness(self.randomness)
        below = super().stream(generator, np)
        return below if self.randomness == "same" else Stream(below, self.level, self.count)


class SampleLayer(layers.Layer):
    """One sample of a vmap whose samples are done one after the other."""

    def __init__(self, randomness: str) -> None:
        self.randomness = randomness

    def stream(self, generator: Any, xp: Any) -> Any:
        """Random numbers of this sample. Raises RuntimeError where `randomness` forbids them."""
        allow_randomness(self.randomness)
        return super().stream(generator, xp)


def allow_randomness(randomness: str) -> None:
    """Raise RuntimeError if random numbers are an error."""
    if randomness == "error":
        raise RuntimeError(
            "vmap: called random operation while in randomness error mode. Please either use the 'same' or "
            "'different' randomness flags on vmap or perform the randomness operation out of vmap"
        )


class Stream:
    """A random generator that draws for each sample."""

    def __init__(self, below: Any, level: int, count: int) -> None:
        self.below, self.level, self.count = below, level, count

    def random(self, size: Any = (), **named: Any) -> Any:
        """Uniform numbers."""
        return self._shaped("random", size, named)

    def standard_normal(self, size: Any = (), **named: Any) -> Any:
        """Normal numbers."""
        return self._shaped("standard_normal", size, named)

    def _shaped(self, name: str, size: Any, named: Any) -> Any:
        shape = (size,) if isinstance(size, int) else tuple(size or ())
        return backends.batched.wrap(self.level, getattr(self.below, name)((self.count, *shape), **named))

    def __getattr__(self, name: str) -> Any:
        draw, sample = getattr(self.below, name), backends.batched.sample

        def drawn(*args: Any, **named: Any) -> Any:
            rows = [
                draw(
                    *[sample(a, self.level, i) for a in args], **{k: sample(v, self.level, i) for k, v in named.items()}
                )
                for i in range(self.count)
            ]
            return backends.batched.stacked(self.level, rows)

        return drawn
