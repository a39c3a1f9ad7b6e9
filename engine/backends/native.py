"""Native kernels of eager operations: who is asked, from which size on, and what happens until they are ready.

`kernels/now.py` holds the kernels: functions by the name of what they compute, an op's forward ("conv2d") or one of its
gradient rules ("linear.weight", "batch_norm.backward"). They take what the forward or the rule takes and give what it
gives. What they cannot do (other dtypes, small or odd arrays, a kernel that is being compiled) NumPy does, as ever.

Nothing of it is imported before the first operation that is large enough, or many small ones. Then a thread compiles
what is wanted while NumPy goes on computing. Where the same run must give the same bits each time, that is once a seed
was set or with use_deterministic_algorithms, the operation waits for its kernel instead, also the first small one.

Once loaded, kernels take small operations too, for calls that are like earlier ones are native from Python's arguments
on (kernels/known.py): these functions stand in the operations themselves then, and nobody here is asked.
"""

from __future__ import annotations

import collections
import functools
import importlib
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from gradbook import dtypes

__all__ = ["forward", "repeatable", "rule"]

ndarray, F32 = np.ndarray, dtypes.F32
ARRAYS = (ndarray, np.float32)  # the gradient of one number may be a scalar
OFF, ASLEEP, WAKING, READY = "off", "asleep", "waking", "ready"
END = ("", "_backward")
# elements of the first array from which a kernel wins: its call costs 2 to 3 microseconds, NumPy's 1 for each pass
LEAST = {
    **dict.fromkeys(("softmax", "softmax.x", "log_softmax", "log_softmax.x", "cross_entropy"), 16),
    **dict.fromkeys(("cross_entropy.backward",), 0),  # the number of scores counts, not that of the loss
    **dict.fromkeys(
        (f"{kind}_norm{end}" for kind in ("batch", "layer", "group", "rms") for end in ("", ".backward")), 16
    ),
    **dict.fromkeys(("scaled_dot_product_attention", "scaled_dot_product_attention.backward"), 64),
    **dict.fromkeys((f"conv{kind}d" for kind in ("1", "2", "_transpose1", "_transpose2")), 64),
    **dict.fromkeys((f"conv{rank}d{end}" for rank in "12" for end in (".weight", "_weight")), 64),
    **dict.fromkeys((f"conv{kind}d.bias" for kind in ("1", "2", "_transpose1", "_transpose2")), 4096),
    **dict.fromkeys(("conv3d", "conv3d.weight", "conv3d_weight", "conv_transpose3d"), 256),
    **dict.fromkeys(("conv3d.bias", "conv_transpose3d.bias"), 4096),
    **dict.fromkeys((f"{kind}_pool{rank}d{end}" for kind in ("max", "avg") for rank in "12" for end in END), 16),
    **dict.fromkeys((f"{kind}_layer{end}" for kind in ("lstm", "gru", "rnn") for end in END), 64),
    **dict.fromkeys(("embedding", "embedding_backward"), 64),
    **dict.fromkeys(("mse_loss",), 1024),
    **dict.fromkeys(("nll_loss", "huber_loss", "binary_cross_entropy_with_logits"), 64),
    # not the size of the first array counts
    **dict.fromkeys(("mse_loss.input", "huber_loss.input", "binary_cross_entropy_with_logits.input"), 0),
    **dict.fromkeys(("nll_loss.input", "linear.together", "mm.together", "bmm.together"), 0),
    **dict.fromkeys(("gather", "take_along", "scatter_add", "index", "index_select", "cumsum"), 64),
    **dict.fromkeys(("where", "where.input", "where.other", "masked_fill"), 2048),
    **dict.fromkeys(("sum", "summed"), 1 << 15),
    **dict.fromkeys(("copied",), 1 << 17),
    **dict.fromkeys(("gather_grad", "put_along", "index_grad"), 0),  # what is picked may be little of much
}
# the same for what is computed element by element, by a kernel that its own formula is compiled to
ELEMENTWISE = {
    **dict.fromkeys(("erfc", "erfinv", "gelu", "erf", "elu.x", "mish.x", "softplus.x", "prelu.a"), 64),
    **dict.fromkeys(("asin", "acos", "sinc.x", "binary_cross_entropy", "leaky_relu.x", "hardswish.x", "elu"), 256),
    **dict.fromkeys(("softplus", "hypot", "sinc", "logsigmoid", "acosh.x", "pow.a", "gelu_tanh.backward"), 512),
    **dict.fromkeys(("maximum.a", "maximum.b", "minimum.a", "minimum.b", "hardsigmoid", "hardsigmoid.x"), 512),
    **dict.fromkeys(("hardswish", "hardtanh.x", "gelu_tanh", "gelu.backward", "logsigmoid.x", "mish"), 1024),
    **dict.fromkeys(("erf.x", "erfc.x", "asin.x", "acos.x", "xlogy", "binary_cross_entropy.input"), 2048),
    **dict.fromkeys(("sigmoid", "hardtanh", "prelu", "silu", "softsign.x", "asinh.x"), 4096),
    **dict.fromkeys(("relu", "relu.x"), 8192),
    **dict.fromkeys(("leaky_relu", "tanh.x", "sigmoid.x", "silu.x", "silu.backward", "abs.x", "square.x"), 1 << 14),
    **dict.fromkeys(("tan.x", "atan.x", "div.b", "rsqrt.x"), 1 << 14),
}
LEAST |= ELEMENTWISE
# what a kernel computes of any size once calls that are known are native calls (kernels/known.py)
SMALL = {name for name, least in LEAST.items() if least <= 64 or name == "mse_loss"} | {
    "relu", "relu.x", "tanh.x", "sigmoid", "sigmoid.x", "silu", "silu.backward",
}  # fmt: skip
OFTEN = 500  # small operations after which a program is worth loading the kernels for
EVER = os.environ.get("GRADBOOK_KERNELS_EVER", "") == "1"  # for tests: kernels for whatever they can do, however small
MASKED = frozenset({"where"})  # whose first array is a mask
FEW = 128  # elements below which NumPy computes in any case: programs of small operations never load the kernels
# products: which axis of the second array, times the size of the first, is the number of multiplications
PRODUCTS = {"linear": 0, "linear.input": 1, "linear.weight": -1, "matmul": -1, "mm": -1, "bmm": -1}
WORTH = 1 if EVER else 1 << 17  # multiplications from which a kernel wins
OUTER = 1 if EVER else 1 << 13  # the same for a column times a row
PARAMETERS = 1 if EVER else 1 << 10  # numbers of a group of parameters from which a kernel takes an optimizer's step


class _State:
    stage = OFF if os.environ.get("GRADBOOK_KERNELS", "").strip().lower() == "off" else ASLEEP
    known = False  # calls that are known are native calls
    small = 0  # small operations so far that a kernel could have computed
    patient = EVER  # operations wait for their kernels
    precise = False  # convolution never by Winograd's method
    refused: Any = ()  # the exception of kernels that cannot take some arrays


state = _State()
kernels: dict[str, Callable[..., Any]] = {}  # filled by wake()
formulas: dict[str, Callable[..., Any]] = {}  # forwards and rules of ELEMENTWISE, as NumPy computes them


def least_of(name: str) -> int | None:
    """From how many elements on a kernel is taken; None: there is none.

    It does not depend on what was computed before: a program gives the same bits when it is run again.
    """
    least = LEAST.get(name)
    if EVER and least:
        return 1
    return least if not least else max(least, FEW)


def forward(name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    """The forward of op `name` on NumPy's arrays, by a kernel where there is one: run(np, *arrays, **params)."""
    if name in PRODUCTS:
        multiply = product(name, lambda *arrays: plain(np, *arrays))
        return functools.wraps(plain)(lambda xp, *arrays: multiply(*arrays))
    least = least_of(name)
    if least is None:
        return plain
    if name in ELEMENTWISE:
        formulas[name] = plain
    small, kind = name in SMALL, dtypes.B8 if name in MASKED else F32

    @functools.wraps(plain)
    def run(xp: Any, x: Any, *rest: Any, **params: Any) -> Any:
        if type(x) is ndarray and x.dtype is kind and (x.size >= least or (small and x.size)):
            if (state.stage is READY or (least and wake())) if x.size >= least else rouse():
                made = attempt(name, xp, x, *rest, **params)
                if made is not None:
                    return made
        return plain(xp, x, *rest, **params)

    return run


def rule(name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    """A gradient rule or an elementwise op's function, by a kernel where there is one: run(grad, *kept) on arrays."""
    if name in PRODUCTS:
        return product(name, plain)
    least = least_of(name)
    if least is None:
        return plain
    if name in ELEMENTWISE:
        formulas[name] = plain
    small = name in SMALL

    @functools.wraps(plain)
    def run(grad: Any, *rest: Any) -> Any:
        if type(grad) in ARRAYS and grad.dtype is F32 and (grad.size >= least or (small and grad.size)):
            if (state.stage is READY or (least and wake())) if grad.size >= least else rouse():
                made = attempt(name, grad, *rest)
                if made is not None:
                    return made
        return plain(grad, *rest)

    return run


def product(name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    """A function that multiplies matrices, by a kernel where there is much to multiply: run(a, b, *rest)."""
    axis, outer = PRODUCTS[name], name == "linear.weight"

    @functools.wraps(plain)
    def run(a: Any, b: Any, *rest: Any) -> Any:
        if type(a) is ndarray and a.ndim > 1 and type(b) is ndarray:
            work = a.size * b.shape[axis]
            much = work >= WORTH or (outer and work >= OUTER and len(a) == 1)
            if a.dtype is F32 and work:
                if (state.stage is READY or wake()) if much else rouse():
                    made = attempt(name, a, b, *rest)
                    if made is not None:
                        return made
        return plain(a, b, *rest)

    return run


def attempt(name: str, /, *args: Any, **params: Any) -> Any:
    """What kernel `name` makes of these arguments, or None where NumPy is to compute."""
    kernel = kernels.get(name)
    if kernel is None:
        return None
    try:
        return kernel(*args, **params)
    except state.refused:
        return None


copied = rule("copied", np.ndarray.copy)  # an array in index order, of memory of its own
summed = rule("summed", lambda value, axes: value.sum(axis=axes, keepdims=True))


def optimizer_step(optimizer: Any, options: dict[str, Any]) -> bool:
    """Take one step of a group of parameters by a kernel. -> whether it was taken."""
    if state.stage is OFF:
        return False
    if not state.known:
        total = 0
        for param in options["params"]:
            total += param._array.size if type(param._array) is ndarray else 0
            if total >= PARAMETERS:
                break
        if not (state.stage is READY or wake() if total >= PARAMETERS else rouse()):
            return False
    return bool(kernels["optimizer_step"](optimizer, options))


def repeatable() -> None:
    """From now on the same program gives the same bits in each run: no result depends on when a kernel was ready."""
    state.patient = True


# -- getting ready -----------------------------------------------------------------------------------------------------


def wake() -> bool:
    """Load the kernels: here and now if operations wait for them, else in the background. -> whether they are ready."""
    if state.stage is OFF:
        return False
    if state.patient:
        _load()
    elif state.stage is ASLEEP:
        state.stage = WAKING
        importlib.import_module("gradbook.kernels")  # by this thread: so a fork waits for what the other one imports
        in_background(_load)
    return state.stage is READY


def rouse() -> bool:
    """A small operation for which there is a kernel: where there are many, they are loaded. -> whether to take it."""
    if state.stage is READY or state.stage is OFF:
        return state.known and state.stage is READY
    state.small += 1
    return (state.patient or state.small > OFTEN) and wake() and state.known


def forget() -> None:
    """A setting has changed that results depend on beside the arguments: what was learnt of calls is worth nothing."""
    if state.known:
        from gradbook.kernels import known

        known.forget()


def _load() -> None:
    with _loading:
        if state.stage in (OFF, READY):
            return
        from gradbook.kernels import switch_off, trying, usable

        try:
            if not usable():
                state.stage = OFF
                return
            with trying:
                from gradbook.kernels import now

            found = now.kernels(formulas)
            known = bool(found) and now.install({*SMALL, *PRODUCTS})
        except Exception as error:  # kernels make operations faster, and nothing else: without them all works
            switch_off(f"{type(error).__name__}: {error}")
            state.stage = OFF
            return
        if found:
            kernels.update(found)
            state.refused, state.known = now.Unsupported, known
        state.stage = READY if found else OFF


_loading = threading.Lock()
_tasks: collections.deque[Callable[[], Any]] = collections.deque()
_worker: list[threading.Thread] = []
_hiring = threading.Lock()


def in_background(task: Callable[[], Any]) -> None:
    """Do it in a thread that lives as long as there is something to do."""
    _tasks.append(task)
    with _hiring:
        if not _worker:
            _worker.append(threading.Thread(target=_work, name="gradbook-kernels"))
            _worker[0].start()


def _work() -> None:
    while True:
        with _hiring:
            if not _tasks or not threading.main_thread().is_alive():  # the second: the interpreter is about to end
                _tasks.clear()
                _worker.clear()
                return
            task = _tasks.popleft()
        task()


def _after_fork() -> None:
    """In a forked child: the thread that was compiling is not there, and what it had begun will not be finished."""
    global _loading, _hiring
    if _worker or _loading.locked():
        state.stage = OFF
    _tasks.clear()
    _worker.clear()
    _loading, _hiring = threading.Lock(), threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
if sys.implementation.name != "cpython":  # kernels read addresses where CPython's objects have them
    state.stage = OFF
