"""Why an operation made a NaN or an infinity: what it did, why that is not a number, and what usually mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

from gradbook import backends
from gradbook.observe import finite
from gradbook.observe.finite import INF, NAN

__all__ = ["SINGULAR", "Cause", "Entry", "explain", "explain_gradient", "kind_of", "makes", "number"]

POSITIVE = "keep its operand positive: log(x.clamp(min=1e-8)); of a probability take log_softmax or logsigmoid"
NOT_NEGATIVE = "keep its operand from going below 0: sqrt(x.clamp(min=1e-8)), or sqrt(x + 1e-8)"
DIVISOR = "keep the divisor away from 0: a / (b + 1e-8), or a / b.clamp(min=1e-8)"
EXPONENT = "subtract the largest first (softmax, log_softmax and logsumexp do), or clamp the exponent"
INTERVAL = "keep its operand inside (-1, 1): x.clamp(-1 + 1e-6, 1 - 1e-6)"
SMALLER = "make the values smaller: a lower learning rate, clip_grad_norm_, normalized inputs, a smaller initialization"
MASKED = "leave at least one position of each row unmasked, or mask with -1e9 instead of -inf"
INFINITE = "find where the infinity comes from: %breakpoint inf stops there"
OUTSIDE = "values that where() or a mask throws away are differentiated too: put where() inside, f(where(ok, x, 1.0))"

_LOG = ("a negative number has no logarithm", "the logarithm of 0 is -inf")
_TOO_LARGE = "the result is larger than {dtype} can hold"


class Known(NamedTuple):
    """How an operation is put into words, why it gives NaN, why infinity, and what mends it."""

    phrase: str
    nan: str
    inf: str
    fix: str


KNOWN = {
    "log": Known("log of {0}", *_LOG, POSITIVE),
    "log2": Known("log2 of {0}", *_LOG, POSITIVE),
    "log10": Known("log10 of {0}", *_LOG, POSITIVE),
    "log1p": Known("log1p of {0}", "below -1 there is no logarithm", "log1p of -1 is -inf", POSITIVE),
    "logit": Known("logit of {0}", "a probability lies between 0 and 1", "logit of 0 or 1 is infinite", POSITIVE),
    "sqrt": Known("sqrt of {0}", "a negative number has no real square root", _TOO_LARGE, NOT_NEGATIVE),
    "rsqrt": Known("1 / sqrt of {0}", "a negative number has no real square root", "it divides by 0", NOT_NEGATIVE),
    "div": Known("{0} / {1}", "0 / 0 is no number", "it divides by 0, or by a number too small", DIVISOR),
    "reciprocal": Known("1 / {0}", "", "it divides by 0", DIVISOR),
    "exp": Known("exp of {0}", "", _TOO_LARGE, EXPONENT),
    "exp2": Known("exp2 of {0}", "", _TOO_LARGE, EXPONENT),
    "expm1": Known("expm1 of {0}", "", _TOO_LARGE, EXPONENT),
    "sinh": Known("sinh of {0}", "", _TOO_LARGE, EXPONENT),
    "cosh": Known("cosh of {0}", "", _TOO_LARGE, EXPONENT),
    "acos": Known("acos of {0}", "it is defined from -1 to 1 only", "", INTERVAL),
    "asin": Known("asin of {0}", "it is defined from -1 to 1 only", "", INTERVAL),
    "atanh": Known("atanh of {0}", "it is defined between -1 and 1 only", "atanh of 1 is infinite", INTERVAL),
    "acosh": Known("acosh of {0}", "it is defined from 1 on", "", "keep its operand at 1 or more: x.clamp(min=1.0)"),
    "pow": Known("{0} ** {1}", "a negative number has no real power of a fraction", _TOO_LARGE, NOT_NEGATIVE),
    "power": Known("{0} to a power", "a negative number has no real power of a fraction", _TOO_LARGE, NOT_NEGATIVE),
    "mul": Known("{0} * {1}", "0 times inf is no number", _TOO_LARGE, SMALLER),
    "square": Known("{0} squared", "", _TOO_LARGE, SMALLER),
    "add": Known("{0} + {1}", "inf - inf is no number", _TOO_LARGE, SMALLER),
    "sub": Known("{0} - {1}", "inf - inf is no number", _TOO_LARGE, SMALLER),
    "to": Known("{0} as {dtype}", "", _TOO_LARGE, "use bfloat16, which reaches as far as float32, or scale the values"),
    "binary_cross_entropy": Known(
        "",
        "a prediction lies outside [0, 1]",
        "a prediction is 0 or 1 and wrong",
        "use binary_cross_entropy_with_logits",
    ),
}
CARRYING = {"add", "sub", "mul", "to"}  # from ordinary numbers to ordinary numbers
SUMS = {"matmul", "mm", "bmm", "mv", "dot", "linear", "addmm", "einsum", "sum", "prod", "cumsum", "cumprod", "mse_loss"}
SUMS |= {"conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "norm"}
SOFT = {"softmax", "log_softmax", "logsumexp", "cross_entropy", "scaled_dot_product_attention"}
SPREAD = {"std", "var"}

# where a derivative is infinite or undefined although the value is finite
SINGULAR = {
    "sqrt": ("the derivative of sqrt is 1 / (2 sqrt(x)), infinite at 0", "add a little inside: sqrt(x + 1e-8)"),
    "norm": ("the derivative of a norm is x / norm(x), 0 / 0 at 0", "add a little inside: sqrt((x * x).sum() + 1e-8)"),
    "pow": ("the derivative of x ** p with p < 1 is infinite at 0", "keep x away from 0: x.clamp(min=1e-8) ** p"),
    "power": ("the derivative of x ** p with p < 1 is infinite at 0", "keep x away from 0: x.clamp(min=1e-8) ** p"),
    "log": ("the derivative of log is 1 / x, infinite at 0", POSITIVE),
    "div": ("the derivative of a / b divides by b * b, which is 0", DIVISOR),
    "reciprocal": ("the derivative of 1 / x is -1 / x², infinite at 0", DIVISOR),
    "rsqrt": ("the derivative of rsqrt is infinite at 0", NOT_NEGATIVE),
    "acos": ("the derivative of acos is infinite at -1 and 1", INTERVAL),
    "asin": ("the derivative of asin is infinite at -1 and 1", INTERVAL),
    "hypot": ("the derivative of hypot is 0 / 0 at the origin", "sqrt(x * x + y * y + 1e-8) has one"),
    "atan2": ("the derivative of atan2 is 0 / 0 at the origin", "keep its operands from being 0 both"),
    "std": ("the derivative of std divides by std, which is 0", "(x.var() + 1e-8).sqrt() has one"),
    "exp": ("the derivative of exp is exp itself, which is too large", EXPONENT),
}


class Entry(NamedTuple):
    """One element that is not finite: its place, what the operands hold there (None: unknown), and the result."""

    at: tuple[int, ...]
    operands: tuple[float | None, ...]
    result: float

    @property
    def known(self) -> bool:
        """Whether anything is known of the operands."""
        return any(value is not None for value in self.operands)


@dataclass(frozen=True)
class Cause:
    """What made numbers that are not finite. `kind` is 'NaN' or 'Inf'; `count` of `size` elements are."""

    kind: str
    count: int
    size: int
    entries: tuple[Entry, ...]
    happened: str
    why: str
    fix: str

    @property
    def sentence(self) -> str:
        """What happened and why, as one sentence."""
        return f"{self.happened}: {self.why}" if self.why else self.happened


def makes(op: str, bits: int) -> bool:
    """Whether an operation is known to make a NaN, or an infinity, out of ordinary numbers."""
    known = KNOWN.get(op)
    return known is not None and op not in CARRYING and bool(known.nan if bits & NAN else known.inf)


def kind_of(bits: int) -> str:
    """'NaN' if there is any, else 'Inf'; '' for finite numbers."""
    return "NaN" if bits & NAN else "Inf" if bits else ""


def number(value: float | None) -> str:
    """A number in four figures, '?' for an unknown one."""
    return "?" if value is None else f"{value:.4g}"


def explain(op: Any, operands: Sequence[Any], output: Any) -> Cause:
    """Why `op` made of these operands (arrays, numbers, None where unknown) an output that is not finite."""
    operands, output = [backends.all_samples(value) for value in operands], backends.all_samples(output)
    bits, count, places = finite.worst(output)
    kind = kind_of(bits)
    elementwise = hasattr(op, "ufunc") or op.name in (
        "to",
        "clamp",
        "where",
        "masked_fill",
        "softplus",
        "gelu",
        "power",
    )
    found = tuple(Entry(at, _there(operands, at, output.shape) if elementwise else (), _item(output, at))
                  for at in places)  # fmt: skip
    known = KNOWN.get(op.name)
    dtype = str(output.dtype)
    what, why, fix = f"{op.name} gives {kind}", "", SMALLER if kind == "Inf" else ""
    if known is not None:
        values = [number(value) for value in (*found[0].operands, None, None)[:2]] if found else ["?", "?"]
        what = known.phrase.format(*values, dtype=dtype) if known.phrase and elementwise else what
        why = (known.nan if kind == "NaN" else known.inf).format(dtype=dtype)
        fix = known.fix
    elif op.name in SOFT:
        why, fix = _soft(operands, kind)
    elif op.name in SPREAD and kind == "NaN":
        why, fix = "it divides by n - 1, and there is only one value", "use correction=0, or more than one value"
    elif op.name == "mean" and operands and getattr(operands[0], "size", 1) == 0:
        why, fix = "the mean of no values is 0 / 0", "skip empty batches"
    elif op.name in SUMS and kind == "Inf":
        why = f"the sum is larger than {dtype} can hold ({_largest(output.dtype):.3g})"
    elif kind == "NaN" and any(finite.state(value) & INF for value in operands):
        why, fix = "an operand holds an infinity: inf - inf, or 0 times inf, is NaN", INFINITE
    return Cause(kind, count, int(output.size), found, _placed(what, kind, found, count, output), why, fix)


def explain_gradient(op: Any, saved: Sequence[Any], out: Any, grad: Any, result: Any) -> Cause:
    """Why the derivative rule of `op` made of a finite gradient one, for an operand, that is not finite.

    `saved` and `out` are the operands and the result of its forward, None where they were not kept.
    """
    saved = [backends.all_samples(value) for value in saved]
    out, grad, result = map(backends.all_samples, (out, grad, result))
    bits, count, places = finite.worst(result)
    kind = kind_of(bits)
    shape = tuple(result.shape)
    found = tuple(Entry(at, _there(saved, at, shape), _item(result, at)) for at in places)
    why, fix = SINGULAR.get(op.name, ("", SMALLER if kind == "Inf" else ""))
    if any(finite.state(value) for value in saved):
        why, fix = "a value of its forward is not finite", "find out where that was born: %breakpoint nan"
    elif kind == "NaN" and places and tuple(grad.shape) == shape and not abs(_item(grad, places[0])):
        why, fix = why + ", and the gradient there is 0: 0 times inf is NaN" if why else "", OUTSIDE
    elif kind == "NaN" and finite.state(grad) & INF:
        why, fix = "the gradient that arrives is infinite: inf times 0, or inf - inf, is NaN", INFINITE
    what = _placed(f"the derivative of {op.name} is {kind}", kind, found, count, result)
    if found and found[0].known:
        what += " where x = " + ", ".join(number(value) for value in found[0].operands)
    elif found and (there := _there([out], places[0], shape)[0]) is not None:
        what += f" where its result is {number(there)}"
    return Cause(kind, count, int(result.size), found, what, why, fix)


def _placed(what: str, kind: str, found: tuple[Entry, ...], count: int, output: Any) -> str:
    """'log of -0.3 at [12, 4] (NaN in 3 of 512 values)'."""
    if not found:
        return what
    where = f" at {list(found[0].at)}" if found[0].at else ""
    rest = f" ({kind} in {count:,} of {int(output.size):,} values)" if count > 1 else ""
    return f"{what}{where}{rest}"


def _soft(operands: Sequence[Any], kind: str) -> tuple[str, str]:
    """Of softmax and what is built on it: rows that are masked whole, or infinities."""
    first: Any = operands[0] if operands else None
    if backends.is_array(first) and first.dtype.kind in "fcV" and first.ndim:
        masked = backends.xp_of(first).isneginf(first) if first.dtype.kind == "f" else finite.nonfinite(first, INF)
        _, places = finite.entries(masked.all(-1), 1)
        if places:
            row = f"row {list(places[0])}" if places[0] else "its operand"
            return f"{row} is -inf everywhere (nothing is left unmasked)", MASKED
        if finite.state(first) & INF:
            return "its operand holds an infinity", SMALLER
    return "", SMALLER if kind == "Inf" else MASKED


def _there(operands: Sequence[Any], index: tuple[int, ...], shape: Any) -> tuple[float | None, ...]:
    """What each operand holds at a place of the output that it is broadcast to; None where that cannot be said."""
    found: list[float | None] = []
    for value in operands:
        if isinstance(value, bool | int | float):
            found.append(float(value))
            continue
        if not backends.is_array(value) or value.dtype.kind in "SUO":
            found.append(None)
            continue
        try:
            found.append(_item(backends.xp_of(value).broadcast_to(value, shape), index))
        except ValueError:
            found.append(None)
    return tuple(found)


def _item(array: Any, index: tuple[int, ...]) -> float:
    value = array[index]
    value = value.item() if hasattr(value, "item") else value
    return abs(value) if isinstance(value, complex) else float(value)


def _largest(dtype: Any) -> float:
    info: Any = ml_dtypes.finfo if dtype.kind == "V" else np.finfo
    return float(info(dtype).max)
