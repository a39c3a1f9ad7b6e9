"""Random tensors and random filling in place. None of it has a gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradbook import backends, dtypes, events
from gradbook.autograd import layers
from gradbook.autograd.inplace import assign, check_leaf
from gradbook.errors import DTypeError
from gradbook.ops.arguments import array_dtype, no_others, shape_given, shape_of, tensor_of, write_out
from gradbook.ops.creation import leaf, module_for
from gradbook.ops.like import relaid
from gradbook.random import Generator, default_generator
from gradbook.tensor import Tensor, method

__all__ = [
    "bernoulli", "binomial", "multinomial", "normal", "poisson", "rand", "rand_like", "randint", "randint_like",
    "randn", "randn_like", "randperm",
]  # fmt: skip


def stream(generator: Generator | None, xp: Any = np) -> Any:
    """The array library's generator behind `generator`, or behind the default one; under vmap, what it allows."""
    if events.draw:
        events.emit(events.draw, generator or default_generator)
    if layers.state.open:
        return layers.state.open[-1].stream(generator or default_generator, xp)
    return (generator or default_generator).rng(xp)


def uniform_array(rng: Any, shape: Any, kind: Any) -> Any:
    """Uniform in [0, 1), of a floating dtype; 16-bit dtypes are rounded down from float32."""
    if kind in (dtypes.F32, dtypes.F64):
        return rng.random(shape, dtype=kind)
    if kind.kind == "c":
        return (rng.random(shape) + 1j * rng.random(shape)).astype(kind)
    if kind.kind not in "fV":
        raise RuntimeError(f"rand: expected a floating point dtype, got {kind}")
    bits = 11 if kind == np.float16 else 8
    return (rng.integers(0, 1 << bits, shape) * 2.0**-bits).astype(kind)


def normal_array(rng: Any, shape: Any, kind: Any) -> Any:
    """Standard normal, of a floating or complex dtype."""
    if kind in (dtypes.F32, dtypes.F64):
        return rng.standard_normal(shape, dtype=kind)
    if kind.kind == "c":
        half = np.dtype(np.float64 if kind.itemsize == 16 else np.float32)
        parts = rng.standard_normal((*shape, 2), dtype=half) * half.type(0.5**0.5)
        return (parts[..., 0] + 1j * parts[..., 1]).astype(kind)
    if kind.kind not in "fV":
        raise NotImplementedError(f'"normal_kernel_cpu" not implemented for {kind}')
    return rng.standard_normal(shape, dtype=np.float32).astype(kind)


def rand(
    *size: Any, generator: Generator | None = None, out: Tensor | None = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False, pin_memory: bool = False, **named: Any,
) -> Tensor:  # fmt: skip
    """Uniform random numbers in [0, 1), as torch.rand."""
    kind = array_dtype(dtype) or dtypes._default._np
    array = uniform_array(stream(generator, module_for(device)), shape_given("rand", size, named), kind)
    return write_out("rand", leaf(array, device, requires_grad), out)


def randn(
    *size: Any, generator: Generator | None = None, out: Tensor | None = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False, pin_memory: bool = False, **named: Any,
) -> Tensor:  # fmt: skip
    """Standard normal random numbers, as torch.randn."""
    kind = array_dtype(dtype) or dtypes._default._np
    array = normal_array(stream(generator, module_for(device)), shape_given("randn", size, named), kind)
    return write_out("randn", leaf(array, device, requires_grad), out)


def randint(
    *bounds: Any, generator: Generator | None = None, out: Tensor | None = None, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False, **named: Any,
) -> Tensor:  # fmt: skip
    """Random whole numbers: randint(high, size) or randint(low, high, size), high excluded (torch.randint).

    Raises RuntimeError unless low < high.
    """
    values = list(bounds)
    size = named.pop("size", None)
    if size is None:
        size = values.pop()
    names = ["high"] if len(values) == 1 and "high" not in named else ["low", "high"]
    limits = {"low": 0, **dict(zip(names, values, strict=False)), **named}
    if set(limits) != {"low", "high"}:
        raise TypeError("randint() takes (high, size) or (low, high, size)")
    kind = array_dtype(dtype) or dtypes.I64
    array = _whole(
        stream(generator, module_for(device)),
        int(limits["low"]),
        int(limits["high"]),
        shape_of("randint", (size,)),
        kind,
    )
    return write_out("randint", leaf(array, device, requires_grad), out)


def _whole(rng: Any, low: int, high: int, shape: Any, kind: Any) -> Any:
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    return rng.integers(low, high, shape).astype(kind)


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: Any = dtypes.int64,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """The numbers 0 … n-1 in random order, as torch.randperm. Raises RuntimeError for negative n."""
    if n < 0:
        raise RuntimeError(f"n must be non-negative, got {n}")
    array = stream(generator).permutation(n).astype(array_dtype(dtype))
    return write_out("randperm", leaf(array, device, requires_grad), out)


def rand_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
    layout: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """Uniform in [0, 1), in the shape, dtype and device of `input` (torch.rand_like)."""
    where = input.device if device is None else device
    made = rand(
        tuple(input.shape), generator=generator, dtype=dtype or input.dtype, device=where, requires_grad=requires_grad
    )
    return relaid(made, input, memory_format)


def randn_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
    layout: Any = None,
    pin_memory: bool = False,
) -> Tensor:
    """Standard normal, in the shape, dtype and device of `input` (torch.randn_like)."""
    where = input.device if device is None else device
    made = randn(
        tuple(input.shape), generator=generator, dtype=dtype or input.dtype, device=where, requires_grad=requires_grad
    )
    return relaid(made, input, memory_format)


def randint_like(
    input: Tensor,
    *bounds: Any,
    generator: Generator | None = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
    layout: Any = None,
    **named: Any,
) -> Tensor:
    """Random whole numbers in the shape, dtype and device of `input`: (input, high) or (input, low, high)."""
    where = input.device if device is None else device
    return randint(
        *bounds, size=tuple(input.shape), generator=generator, dtype=dtype or input.dtype, device=where,
        requires_grad=requires_grad, **named,
    )  # fmt: skip


def normal(
    mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None, out: Tensor | None = None,
    dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Normal random numbers; mean and std are numbers (with size) or tensors that broadcast, as torch.normal.

    Raises RuntimeError for a negative std.
    """
    if isinstance(mean, Tensor) or isinstance(std, Tensor):
        example = mean if isinstance(mean, Tensor) else std
        low = std._array.min(initial=0) if isinstance(std, Tensor) else std
        if low < 0:
            raise RuntimeError("normal expects all elements of std >= 0.0")
        a, b = (v._array if isinstance(v, Tensor) else np.asarray(v, example._array.dtype) for v in (mean, std))
        xp = backends.xp_of(example._array)
        shape = size if size is not None else np.broadcast_shapes(a.shape, b.shape)
        array = normal_array(stream(generator, xp), shape, example._array.dtype) * b + a
        return write_out("normal", leaf(array.astype(example._array.dtype), example.device, requires_grad), out)
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    if size is None and out is None:
        raise TypeError("normal() needs a size when mean and std are numbers")
    kind = array_dtype(dtype) or dtypes._default._np
    shape = shape_of("normal", (size if size is not None else tuple(out.shape),))  # type: ignore[union-attr]
    array = normal_array(stream(generator, module_for(device)), shape, kind) * kind.type(std) + kind.type(mean)
    return write_out("normal", leaf(array.astype(kind), device, requires_grad), out)


def bernoulli_array(rng: Any, probability: Any, shape: Any) -> Any:
    """True with the given probability."""
    return rng.random(shape) < probability


@method("bernoulli")
def bernoulli(
    input: Tensor, p: float | None = None, *, generator: Generator | None = None, out: Tensor | None = None
) -> Tensor:
    """1 with the probability that `input` (or p) says, else 0, in the shape and dtype of `input` (torch.bernoulli).

    Raises RuntimeError for a probability outside [0, 1].
    """
    chances = input._array if p is None else p
    _check_chances(chances)
    array = bernoulli_array(stream(generator, backends.xp_of(input._array)), chances, input._array.shape)
    return write_out("bernoulli", Tensor._of(backends.as_array(array, input._array).astype(input._array.dtype)), out)


def _check_chances(chances: Any) -> None:
    good = (chances >= 0) & (chances <= 1)
    if not (good.all() if backends.is_array(good) or isinstance(good, np.generic) else good):
        raise RuntimeError("Expected p_in >= 0 && p_in <= 1 to be true, but got a probability outside [0, 1]")


@method("multinomial")
def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Indices drawn by weight in each row (torch.multinomial). (n,) -> (num_samples,); (m, n) -> (m, num_samples).

    Raises RuntimeError for negative or all-zero weights, and for more samples than columns without replacement.
    """
    weights = tensor_of("multinomial", input)._array
    if out is not None and out.dtype is not dtypes.int64:
        raise DTypeError(f"multinomial expects Long tensor out, got: {out.dtype!r}")
    if weights.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if weights.dtype.kind not in "fV":
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {input.dtype!r}")
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    rows = backends.cpu.asarray(weights).reshape(-1, weights.shape[-1]).astype(np.float64)
    if not replacement and num_samples > rows.shape[1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    if not np.isfinite(rows).all() or (rows < 0).any():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if (rows.sum(1) <= 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    rng = stream(generator)
    if replacement:
        limits = rows.cumsum(1)
        points = rng.random((len(rows), num_samples)) * limits[:, -1:]
        index = np.stack([np.searchsorted(limit, point, "right") for limit, point in zip(limits, points, strict=True)])
        last = rows.shape[1] - 1 - (rows[:, ::-1] > 0).argmax(1)  # rounding may point past the last possible column
        index = np.minimum(index, last[:, None])
    else:  # the largest of weight / exponential, then the next, …: the same as drawing one by one; weight 0 comes last
        index = np.argsort(-rows / rng.standard_exponential(rows.shape), 1, kind="stable")[:, :num_samples]
    return write_out(
        "multinomial", leaf(index.reshape(*weights.shape[:-1], num_samples).astype(np.int64), input.device), out
    )


def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """How many of `count` trials succeed, each with probability `prob`, as torch.binomial. (*), (*) -> (*).

    Raises RuntimeError for negative counts or probabilities outside [0, 1].
    """
    trials, chance = count._array, prob._array
    _check_chances(chance)
    if (trials < 0).any():
        raise RuntimeError("binomial: count must not be negative")
    drawn = stream(generator).binomial(backends.cpu.asarray(trials).astype(np.int64), backends.cpu.asarray(chance))
    return leaf(np.asarray(drawn).astype(trials.dtype), count.device)


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Poisson random numbers with the rates in `input`, as torch.poisson. Raises RuntimeError for a negative rate."""
    rate = input._array
    if (rate < 0).any():
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    return leaf(np.asarray(stream(generator).poisson(backends.cpu.asarray(rate))).astype(rate.dtype), input.device)


def dropout_mask(shape: Any, keep: float, xp: Any = np, generator: Generator | None = None) -> Any:
    """True with probability `keep`, as a bool array: what dropout multiplies with."""
    rng = stream(generator, xp)
    if not isinstance(rng, np.random.Generator):
        return rng.random(shape, dtype=np.float32) < keep
    count = int(np.prod(shape, dtype=np.int64))
    bits = np.frombuffer(rng.bytes(4 * count), np.uint32).reshape(shape)  # thrice as fast as floats
    return bits < min(int(keep * 2**32), 2**32 - 1) if keep < 1 else np.ones(shape, bool)


# -- in place --------------------------------------------------------------------------------------------------------


def _filled(self: Tensor, array: Any) -> Tensor:
    check_leaf(self)
    return assign(self, Tensor._of(backends.as_array(array, self._array).astype(self._array.dtype)))


def _rng(self: Tensor, generator: Generator | None) -> tuple[Any, Any, Any]:
    return stream(generator, backends.xp_of(self._array)), self._array.shape, self._array.dtype


@method()
def uniform_(
    self: Tensor, a: float = 0.0, b: float = 1.0, *, generator: Generator | None = None, **named: float
) -> Tensor:
    """Fill with uniform numbers from [a, b) (torch.Tensor.uniform_). Raises RuntimeError if a > b."""
    no_others("uniform_", named, "from", "to")
    a, b = named.get("from", a), named.get("to", b)
    if a > b:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={a} > to={b}")
    rng, shape, kind = _rng(self, generator)
    low = kind.type(a if kind.kind != "c" else complex(a, a))
    return _filled(self, uniform_array(rng, shape, kind) * kind.type(b - a) + low)


@method()
def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with normal numbers (torch.Tensor.normal_). Raises RuntimeError for a negative std."""
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    rng, shape, kind = _rng(self, generator)
    return _filled(self, normal_array(rng, shape, kind) * kind.type(std) + kind.type(mean))


@method()
def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill with 1 (probability p, a number or Tensor) and 0."""
    chances = p._array if isinstance(p, Tensor) else p
    _check_chances(chances)
    rng, shape, _ = _rng(self, generator)
    return _filled(self, bernoulli_array(rng, chances, shape))


@method()
def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with exponential numbers of rate lambd. Raises RuntimeError unless lambd > 0."""
    if lambd <= 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd}")
    rng, shape, _ = _rng(self, generator)
    return _filled(self, rng.standard_exponential(shape) / lambd)


@method()
def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill with the number of the first success, 1, 2, …, of probability p."""
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p}")
    rng, shape, _ = _rng(self, generator)
    return _filled(self, np.ceil(np.log1p(-rng.random(shape)) / np.log1p(-p)).clip(1))


@method()
def log_normal_(self: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with numbers whose logarithms are normal."""
    if std <= 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std}")
    rng, shape, _ = _rng(self, generator)
    return _filled(self, np.exp(rng.standard_normal(shape) * std + mean))


@method()
def cauchy_(self: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with Cauchy numbers."""
    if sigma <= 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma}")
    rng, shape, _ = _rng(self, generator)
    return _filled(self, np.tan(np.pi * (rng.random(shape) - 0.5)) * sigma + median)


@method()
def random_(
    self: Tensor, low: int | None = None, high: int | None = None, *, generator: Generator | None = None, **named: int
) -> Tensor:
    """Fill with whole numbers: below `low` alone, from low to below high, or over all the dtype holds exactly."""
    no_others("random_", named, "from", "to")
    low, high = named.get("from", low), named.get("to", high)
    rng, shape, kind = _rng(self, generator)
    if low is None:
        top = (
            {2: 2**11, 4: 2**24, 8: 2**53}[kind.itemsize]
            if kind.kind in "fV"
            else (2 if kind.kind == "b" else np.iinfo(kind).max)
        )
        low, high = 0, int(top) + (kind.kind == "f")
    elif high is None:
        low, high = 0, low
    return _filled(self, _whole(rng, int(low), int(high), shape, np.dtype(np.int64)))
