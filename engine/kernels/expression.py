"""Arithmetic written down instead of done: what an op computes for one element.

    x, y = inputs(np.float32, np.float32)
    z = np.tanh(x * y + 1)            # an Expression: nothing is computed

An op's forward and its gradient rules are called with Expressions in place of arrays (trace.py), and what they return
is what a fused kernel evaluates. dtypes follow NumPy, which is asked for every operation. Whatever is more than a
formula of single elements (a shape, an index, a sum, a truth value) raises Inexpressible.

Two equal expressions are one object: a value that is used twice is computed once.
"""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, NoReturn

import numpy as np

__all__ = ["KINDS", "Expression", "Inexpressible", "cast", "constant", "inputs", "node", "walk"]

KINDS = tuple(map(np.dtype, ("f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?")))
BOOL = np.dtype(bool)
common_shape: ContextVar[tuple[int, ...] | None] = ContextVar("common_shape", default=None)
INPUT, CONSTANT, CAST, WHERE = "input", "constant", "cast", "where"


class Inexpressible(Exception):
    """This is more than a formula of single elements, or has a function or dtype that kernels lack."""


class Expression:
    """One operation: name, operands, dtype of the result; a leaf is an input (value: its number) or a constant."""

    __slots__ = ("__weakref__", "dtype", "key", "name", "operands", "value")
    name: str
    operands: tuple[Expression, ...]
    dtype: np.dtype[Any]
    value: Any
    key: bytes  # equal for equal expressions, in every process

    def __repr__(self) -> str:
        if self.name == INPUT:
            return f"x{self.value}"
        if self.name == CONSTANT:
            return repr(self.value.item())
        extra = f", {self.dtype}" if self.name == CAST else ""
        return f"{self.name}({', '.join(map(repr, self.operands))}{extra})"

    # -- NumPy asks ----------------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Expression:
        if method != "__call__" or options:
            raise Inexpressible(f"numpy.{ufunc.__name__}.{method} with {sorted(options)}")
        return made(elements().apply(ufunc, operands))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Expression:
        found = elements().FUNCTIONS.get(function)
        if found is None:
            raise Inexpressible(f"numpy.{function.__name__}")
        made: Expression = found(*args, **kwargs)
        return made

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise Inexpressible("an array of it is wanted")

    def __bool__(self) -> NoReturn:
        raise Inexpressible("its truth is asked for")

    __float__ = __int__ = __index__ = __complex__ = __len__ = __iter__ = __bool__
    __getitem__ = __setitem__ = __contains__ = __array__
    __hash__ = object.__hash__

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        raise Inexpressible(f"its {name} is asked for")

    # -- as an array ---------------------------------------------------------------------------------------------

    def astype(self, dtype: Any, copy: bool = True) -> Expression:
        """In another dtype, as numpy.ndarray.astype."""
        return cast(self, np.dtype(dtype))

    def copy(self) -> Expression:
        """Itself: nothing changes it."""
        return self

    conj = conjugate = copy  # there are no complex ones

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of all operands, where whoever traces knows it. Raises Inexpressible elsewhere."""
        known = common_shape.get()
        if known is None:
            raise Inexpressible("its shape is asked for")
        return known

    @property
    def real(self) -> Expression:
        """Itself."""
        return self

    @property
    def imag(self) -> Expression:
        """Zero."""
        return constant(0, self.dtype)

    def clip(self, low: Any = None, high: Any = None) -> Expression:
        """Between two limits, as numpy.clip."""
        made: Expression = elements().clip(self, low, high)
        return made

    def named(self, name: str) -> Expression:
        """A function of one operand that NumPy lacks and kernels have: erf, erfc. Raises Inexpressible for others."""
        return made(elements().named(name, self))

    def __pow__(self, exponent: Any) -> Expression:
        return made(elements().power(self, exponent))

    def __rpow__(self, base: Any) -> Expression:
        return made(elements().apply(np.power, (base, self)))

    def __abs__(self) -> Expression:
        return made(elements().apply(np.absolute, (self,)))

    def __neg__(self) -> Expression:
        return made(elements().apply(np.negative, (self,)))

    def __pos__(self) -> Expression:
        return self

    def __invert__(self) -> Expression:
        return made(elements().apply(np.invert, (self,)))

    def __eq__(self, other: Any) -> Any:
        return made(elements().apply(np.equal, (self, other)))

    def __ne__(self, other: Any) -> Any:
        return made(elements().apply(np.not_equal, (self, other)))


def _operators() -> None:
    def attach(name: str, ufunc: Any) -> None:
        def forward(self: Expression, other: Any) -> Expression:
            return made(elements().apply(ufunc, (self, other)))

        def reflected(self: Expression, other: Any) -> Expression:
            return made(elements().apply(ufunc, (other, self)))

        setattr(Expression, f"__{name}__", forward)
        if name not in ("lt", "le", "gt", "ge"):
            setattr(Expression, f"__r{name}__", reflected)

    for name, ufunc in {
        "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide, "mod": np.remainder,
        "floordiv": np.floor_divide, "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor,
        "lshift": np.left_shift, "rshift": np.right_shift, "lt": np.less, "le": np.less_equal, "gt": np.greater,
        "ge": np.greater_equal,
    }.items():  # fmt: skip
        attach(name, ufunc)


_operators()
_nodes: weakref.WeakValueDictionary[bytes, Expression] = weakref.WeakValueDictionary()


def node(name: str, operands: tuple[Expression, ...], dtype: Any, value: Any = None) -> Expression:
    """The expression of these parts. Raises Inexpressible for a dtype that kernels lack."""
    dtype = np.dtype(dtype)
    if dtype not in KINDS:
        raise Inexpressible(f"dtype {dtype}")
    bits = value.tobytes() if isinstance(value, np.generic) else repr(value).encode()
    head = f"{name} {dtype.str} {len(operands)} ".encode()
    key = hashlib.blake2b(head + b"".join(o.key for o in operands) + bits, digest_size=16).digest()
    found = _nodes.get(key)
    if found is None:
        found = object.__new__(Expression)
        found.name, found.operands, found.dtype, found.value, found.key = name, operands, dtype, value, key
        _nodes[key] = found
    return found


def constant(value: Any, dtype: Any) -> Expression:
    """A number of a dtype. Raises Inexpressible where it does not fit, and for an array of several."""
    dtype = np.dtype(dtype)
    if isinstance(value, np.ndarray):
        if value.ndim:
            raise Inexpressible("an array among expressions")
        value = value[()]
    try:
        return node(CONSTANT, (), dtype, dtype.type(value))
    except (OverflowError, TypeError, ValueError) as error:
        raise Inexpressible(str(error)) from None


def inputs(*dtypes: Any) -> tuple[Expression, ...]:
    """The inputs number 0, 1, ... of a formula."""
    return tuple(node(INPUT, (), dtype, i) for i, dtype in enumerate(dtypes))


def cast(x: Expression, dtype: Any) -> Expression:
    """An expression in another dtype."""
    dtype = np.dtype(dtype)
    if x.dtype == dtype:
        return x
    if x.name == CONSTANT:
        with np.errstate(all="ignore"):
            return constant(x.value.astype(dtype), dtype)
    return node(CAST, (x,), dtype)


def walk(roots: tuple[Expression, ...]) -> Iterator[Expression]:
    """Every node of some expressions once, operands before what uses them."""
    seen: set[bytes] = set()
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        expression, ready = stack.pop()
        if expression.key in seen:
            continue
        if ready:
            seen.add(expression.key)
            yield expression
        else:
            stack.append((expression, True))
            stack.extend((operand, False) for operand in reversed(expression.operands))


def made(expression: Any) -> Expression:
    """What the module of functions gives."""
    result: Expression = expression
    return result


def elements() -> Any:
    """The module of what NumPy's functions are made of; it needs this one."""
    from gradbook.kernels import elements as module

    return module
