"""An op is declared once, as data: forward on arrays, one gradient rule an operand, formulas. Calling it makes no Op.

    mul_op = Elementwise("mul", np.multiply, "a b", formula=r"y = a \\, b", grads={"a": r"\\bar y \\, b", ...})

    @mul_op.grad("a")
    def _(grad, b): return grad * b

A rule's arguments say what is kept until backward: an operand's name, `out`, the name of an extra that the forward
returned beside its output, `<operand>_shape`, `out_shape`, or a parameter's name. The rule gets arrays in an ordinary
backward and Tensors under create_graph; ops called on arrays give arrays, so one rule serves both.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradbook import backends, dtypes, events
from gradbook.autograd import calls, grad_mode, layers, versions
from gradbook.autograd.node import Node
from gradbook.autograd.promotion import (
    dtype_error,
    float32_numbers,
    mismatch,
    mixed,
    operand_error,
    promote_arrays,
    with_number,
)
from gradbook.autograd.views import mark_view, renew
from gradbook.backends import native
from gradbook.tensor import Tensor

__all__ = ["Elementwise", "MultiOp", "Op", "Rule", "registry"]

registry: dict[str, Op] = {}
SLOT, PARAM, SHAPE, NEEDS = "slot", "param", "shape", "needs"
ndarray, F32 = np.ndarray, dtypes.F32
new_tensor = object.__new__
grad_state, scopes = grad_mode.state, grad_mode.scopes
next_seq = versions.sequence.__next__


class Rule:
    """How the gradient of some operands is computed: the function, and where each of its arguments comes from."""

    __slots__ = ("args", "arity", "call", "fn", "s0", "s1", "slots", "target", "targets")

    def __init__(self, fn: Callable[..., Any], targets: tuple[int, ...], args: list[tuple[str, Any]]) -> None:
        self.fn, self.targets, self.target, self.args = fn, targets, targets[0] if targets else 0, args
        self.slots = tuple(value for kind, value in args if kind == SLOT)
        plain = len(self.slots) == len(args) and len(args) <= 2
        self.arity = len(args) if plain else -1  # 0, 1, 2: saved values only; -1: anything
        self.s0 = self.slots[0] if self.slots else 0
        self.s1 = self.slots[1] if len(self.slots) > 1 else 0
        self.call: Callable[..., Any] = self._write_call

    def _write_call(self, g: Any, node: Node, edges: Any) -> Any:
        """The first call: `call(g, node, edges)` is written, which is the rule with what it asks for."""
        self.call = calls.rule_call_of(self)
        return self.call(g, node, edges)


class Op:
    """One operation: name, operands, formula, forward, gradient rules. `op(*tensors, **params)` runs and records it."""

    multi = False  # True where forward returns several differentiable outputs
    custom = False  # True for autograd.Function
    opens = False  # True where arrays with hidden axes come out of a backward that had none (vmap)

    def __init__(
        self,
        name: str,
        operands: str,
        *,
        formula: str = "",
        grads: dict[str, str] | None = None,
        extras: str = "",
        view: bool = False,
        variadic: bool = False,
        promote: bool = True,
        node_name: str = "",
        flops: Callable[..., int] | None = None,
    ) -> None:
        self.name, self.operands, self.extras = name, tuple(operands.split()), tuple(extras.split())
        self.formula, self.grads = formula, grads or {}
        self.view, self.variadic, self.promote, self.flops = view, variadic, promote, flops
        self.node_name = node_name or "".join(part.capitalize() for part in name.split("_")) + "Backward0"
        self.rules: list[Rule] = []
        self.quick: list[tuple[Any, ...]] = []  # the rules again, as tuples for the walk
        self.plain = not self.custom and not self.multi  # its rules give arrays for one array: the fast walk
        self.joint: Rule | None = None
        self.joined: Rule | None = None  # all rules at once, where that is quicker
        self.whole: Callable[..., Any] | None = None  # (grad, node, edges) -> the gradients of all operands
        self.composite: Callable[..., Any] | None = None
        self.single = len(self.operands) == 1 and not (variadic or self.extras or self.multi or self.custom)
        self._keep: dict[int, tuple[int, ...]] = {}
        self._run: Callable[..., Any] = lambda xp, *_, **__: _no_forward(self)
        self.fast: Callable[..., Any] = self._write_call  # what a call does
        registry[name] = self

    # -- declaration ---------------------------------------------------------------------------------------------

    def forward(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: `fn(xp, *arrays, **params)` -> array, or (array, *extras) where the op declares extras."""
        self._run = backends.with_kernels(self.name, fn)
        self._cpu = backends.on_cpu(self.name, fn)
        return fn

    def grad(self, *operands: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Decorator: the rule for the gradient of one operand."""

        def declare(fn: Callable[..., Any]) -> Callable[..., Any]:
            targets = tuple(self.operands.index(name) for name in operands)
            fn = native.rule(f"{self.name}.{operands[0]}", fn)
            self.rules.extend(Rule(fn, (target,), self._arguments(fn)) for target in targets)
            # exact: gradients come in the operand's shape and dtype
            exact = isinstance(self, Elementwise) and len(self.operands) == 1 and self.name not in WIDER
            self.quick[:] = [(r.target, r.arity, r.fn, r.s0, exact, r) for r in self.rules]
            self._changed()
            return fn

        return declare

    def backward(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: one rule for all operands -> a tuple, None where `needs[i]` is false."""
        fn = native.rule(f"{self.name}.backward", fn)
        self.joint = Rule(fn, tuple(range(len(self.operands))), self._arguments(fn))
        self.whole = self._write_whole
        self._changed()
        return fn

    def differentiable(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: the same value in terms of other ops; used where derivatives of the rule are asked for."""
        self.composite = fn
        self._changed()
        return fn

    def together(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: what the rules give for all operands, at once; asked in the walk on arrays only.

        What rules of operands that want no gradient would keep is None.
        """
        fn = native.rule(f"{self.name}.together", fn)
        self.joined = Rule(fn, tuple(range(len(self.operands))), self._arguments(fn))
        self.whole = self._write_whole
        return fn

    def _write_whole(self, grad: Any, node: Node, edges: Any) -> Any:
        """The first call of `whole`: it is written."""
        rule = self.joint or self.joined
        assert rule is not None
        self.whole = calls.rule_call_of(rule, 0 if self.variadic else len(self.operands))
        return self.whole(grad, node, edges)

    def replace(self, part: str, better: Callable[..., Any]) -> None:
        """Use better(fn) for fn, which is the forward on NumPy's arrays ("") or the rule of one operand or of all."""
        if not part:
            self._cpu = better(self._cpu)
        for name, whole in (("backward", self.joint), ("together", self.joined)):
            if part == name and whole is not None:
                whole.fn = better(whole.fn)
        for rule in self.rules:
            if part == self.operands[rule.target]:
                rule.fn = better(rule.fn)
        for i, rule in enumerate(self.rules):
            self.quick[i] = (*self.quick[i][:2], rule.fn, *self.quick[i][3:])

    def _changed(self) -> None:
        """Forget what was derived from the rules that were declared so far."""
        self._keep.clear()
        self.fast = self._write_call

    def _arguments(self, fn: Callable[..., Any]) -> list[tuple[str, Any]]:
        names = list(inspect.signature(fn).parameters)[1:]
        slots = (*self.operands, "out", *self.extras)
        found: list[tuple[str, Any]] = []
        for name in names:
            if name in slots:
                found.append((SLOT, slots.index(name)))
            elif name == "needs":
                found.append((NEEDS, None))
            elif name == "out_shape":
                found.append((SHAPE, -1))
            elif name.endswith("_shape") and name[:-6] in self.operands:
                found.append((SHAPE, self.operands.index(name[:-6])))
            else:
                found.append((PARAM, name))
        return found

    def keep(self, need: int) -> tuple[int, ...]:
        """The slots to keep for backward when the operands of bit mask `need` want gradients."""
        found = self._keep.get(need)
        if found is None:
            rules = [self.joint] if self.joint else [r for r in self.rules if need >> r.target & 1]
            slots = {slot for rule in rules if rule for slot in rule.slots}
            if self.composite is not None:
                slots |= set(range(len(self.operands)))
            found = self._keep[need] = tuple(sorted(slots))
        return found

    # -- call ----------------------------------------------------------------------------------------------------

    def __call__(self, *operands: Any, **params: Any) -> Any:
        return self.fast(*operands, **params)

    def _write_call(self, *operands: Any, **params: Any) -> Any:
        """The first call: now that the op is declared, its call is written."""
        usual = type(self).run is Op.run and hasattr(self, "_cpu")
        settled = usual and not (self.multi or self.variadic or self.custom)
        self.fast = calls.call_of(self, attended) if settled else self._any_call
        return self.fast(*operands, **params)

    def _any_call(self, *operands: Any, **params: Any) -> Any:
        if events.op or versions.rebased:
            return attended(self, operands, params)
        return self.run(operands, params)

    def run(self, operands: Sequence[Any], params: dict[str, Any]) -> Any:  # noqa: C901 (a hot path: few calls)
        """Forward, and a node if a gradient is wanted. Operands that are all arrays give a bare array."""
        if self.single and isinstance(operands[0], Tensor):
            return self.run_one(operands[0], params)
        arrays: list[Any] = []
        edges: list[Node | None] = []
        tensors = False
        for operand in operands:
            if isinstance(operand, Tensor):
                tensors = True
                arrays.append(operand._array)
                edges.append(operand._node)
            else:
                arrays.append(operand)
                edges.append(None)
        if not tensors:
            return first(self._run(backends.xp_of(*arrays), *arrays, **params))
        if self.promote:
            arrays = promote_arrays(self.name, operands, arrays)
        xp = backends.xp_of(*arrays)
        try:
            result = self._run(xp, *arrays, **params)
        except ValueError as error:
            raise mismatch(self.name, arrays, error) from None
        extras: tuple[Any, ...] = ()
        if self.extras:
            result, *rest = result
            extras = tuple(rest)
        if type(result) is not ndarray and not self.multi and not backends.is_array(result):
            result = xp.asarray(result)  # NumPy gives scalars for 0-d results; they are saved as arrays all the same
        node = None
        if any(edge is not None for edge in edges) and grad_state.enabled:
            node = self._record(edges, arrays, result, extras, params)
        if self.multi:
            return self._outputs(result, node, xp)
        if node is not None and not is_differentiable(result):
            node = None
        out = wrap(result, node, xp)
        if self.view:
            mark_view(out, self, operands[0], params)
        return out

    def run_one(self, a: Tensor, params: dict[str, Any]) -> Tensor:
        """Forward and node of an op with one operand and one output: many are views and reductions of small tensors."""
        x = a._array
        y = self._cpu(np, x, **params) if type(x) is ndarray else self._run(backends.xp_of(x), x, **params)
        if type(y) is not ndarray:
            y = backends.as_array(y, x)
        out = new_tensor(Tensor)
        out._array = y
        out._grad = out._view = None
        edge = a._node
        if edge is None or (scopes and not grad_state.enabled) or y.dtype.kind not in "fcV":
            out._node = None
        else:
            node = Node()
            node.op, node.params, node.edges, node.origin = self, params or None, (edge,), None
            node.shape, node.dtype = y.shape, y.dtype
            slots = self._keep.get(1)
            if slots is None:
                slots = self.keep(1)
            node.saved = (x if 0 in slots else None, y if 1 in slots else None) if slots else ()
            node.seq = next_seq()
            out._node = node
        if self.view:
            mark_view(out, self, a, params)
        return out

    def _record(self, edges: list[Any], arrays: list[Any], result: Any, extras: Any, params: dict[str, Any]) -> Node:
        node = Node()
        node.op, node.params, node.edges, node.origin = self, params or None, tuple(edges), None
        if not self.multi:
            node.shape, node.dtype = result.shape, result.dtype
        if self.variadic:
            node.saved = tuple(arrays) if self.joint and self.joint.slots else ()
        else:
            need = 0
            for i, edge in enumerate(edges):
                if edge is not None:
                    need |= 1 << i
            slots = self.keep(need)
            if slots:
                everything = (*arrays, result, *extras)
                saved: list[Any] = [None] * len(everything)
                for slot in slots:
                    saved[slot] = everything[slot]
                node.saved = tuple(saved)
            else:
                node.saved = ()
        node.seq = next_seq()
        return node

    def _outputs(self, results: Sequence[Any], node: Node | None, xp: Any) -> tuple[Tensor, ...]:
        if node is not None:
            node.shape, node.dtype = tuple(r.shape for r in results), tuple(r.dtype for r in results)
        outs = []
        for i, result in enumerate(results):
            picked = pick_node(node, i, result) if node is not None and is_differentiable(result) else None
            outs.append(wrap(result, picked, xp))
        return tuple(outs)

    def __repr__(self) -> str:
        return f"<op {self.name}({', '.join(self.operands)})>"


# ops of one operand whose rules multiply by a Python float, which makes bfloat16 float32
WIDER = {"deg2rad", "erf", "erfc", "erfinv", "exp2", "log10", "log2", "rad2deg", "rsqrt", "sinc"}


class MultiOp(Op):
    """An op whose forward returns several differentiable outputs; its rule gets a list of gradients (None: unused)."""

    multi = True


class Elementwise(Op):
    """An op of one or two operands computed by one array function, without parameters: the fast path of the tape.

    float_input: integers become the default float dtype first (exp, sqrt, ...).
    """

    def __init__(
        self, name: str, ufunc: Callable[..., Any], operands: str, *, float_input: bool = False, **declared: Any
    ) -> None:
        super().__init__(name, operands, **declared)
        ufunc = native.rule(name, ufunc)
        self.ufunc, self.float_input = ufunc, float_input
        self._run = ufunc_runner(ufunc)
        self.fast = unary_call(self) if len(self.operands) == 1 else binary_call(self)

    def __call__(self, *operands: Any, **params: Any) -> Any:
        return self.fast(*operands)

    def _changed(self) -> None:
        self._keep.clear()

    def replace(self, part: str, better: Callable[..., Any]) -> None:
        """As Op.replace."""
        super().replace(part, better) if part else setattr(self, "ufunc", better(self.ufunc))

    def run(self, operands: Sequence[Any], params: dict[str, Any]) -> Any:
        """Forward and node, as Op.run."""
        return self.fast(*operands, True)

    def pattern(self) -> str:
        """What calls keep, so that the common cases need no table: "nothing", "crosswise", "output" or "table"."""
        table = [self.keep(need) for need in (1, 2, 3)][: 1 if len(self.operands) == 1 else 3]
        if not any(table):
            return NOTHING
        if table == [(1,), (0,), (0, 1)]:
            return CROSSWISE
        return OUTPUT if table == [(1,)] and len(self.operands) == 1 else TABLE


UNKNOWN, NOTHING, CROSSWISE, OUTPUT, TABLE = "", "nothing", "crosswise", "output", "table"


def unary_call(op: Elementwise) -> Callable[..., Any]:
    """The call of an elementwise op of one operand, with everything it needs at hand."""
    float_input, rules, pattern = op.float_input, op.rules, UNKNOWN

    def call(a: Any, inside: bool = False) -> Any:
        nonlocal pattern
        if (events.op or versions.rebased) and not inside:
            return attended(op, (a,), {})
        try:
            x = a._array
        except AttributeError:
            return op._run(backends.xp_of(a), a)
        if float_input and x.dtype.kind in "iub":
            x = x.astype(dtypes._default._np)
        ufunc = op.ufunc
        try:
            y = ufunc(x)
        except TypeError:
            raise dtype_error(op.name, x) from None
        if type(y) is not ndarray:
            y = backends.as_array(y, x)
        out = new_tensor(Tensor)
        out._array = y
        out._grad = out._view = None
        edge = a._node
        if edge is None or (scopes and not grad_state.enabled) or not rules:
            out._node = None
            return out
        node = Node()
        node.op, node.edges, node.shape, node.dtype = op, (edge,), y.shape, y.dtype
        node.params = node.origin = None
        if pattern is UNKNOWN:
            pattern = op.pattern()
        if pattern is OUTPUT:
            node.saved = (None, y)
        elif pattern is NOTHING:
            node.saved = ()
        else:
            node.saved = (x, y if 1 in op.keep(1) else None)
        node.seq = next_seq()
        out._node = node
        return out

    return call


def binary_call(op: Elementwise) -> Callable[..., Any]:  # noqa: C901 (the hot path: one function, no calls)
    """The call of an elementwise op of two operands, of which one may be a Python number."""
    float_input, rules, pattern = op.float_input, op.rules, UNKNOWN

    def call(a: Any, b: Any, inside: bool = False) -> Any:  # noqa: C901
        nonlocal pattern
        if (events.op or versions.rebased) and not inside:
            return attended(op, (a, b), {})
        kind = type(b)
        try:
            x = a._array
            dtype = x.dtype
            if kind is float or kind is int:
                edge_a, edge_b = a._node, None
                y = float32_numbers.get(b) if dtype is F32 and type(x) is ndarray else None
                if y is None:
                    if float_input and dtype.kind in "iub":  # -2 is no uint8, but a float it is
                        x = x.astype(dtypes._default._np)
                    x, y = with_number(op.name, x, b, a)
                    dtype = x.dtype
            else:
                y = b._array
                edge_a, edge_b = a._node, b._node
                if dtype is not y.dtype:
                    x, y = promote_arrays(op.name, (a, b), [x, y])
                    dtype = x.dtype
        except AttributeError:
            if not isinstance(a, Tensor) and not isinstance(b, Tensor):
                return op._run(backends.xp_of(a, b), a, b)
            x, y, edge_a, edge_b = mixed(op.name, a, b, float_input)
            dtype = x.dtype
        if float_input and dtype.kind in "iub":
            dtype = dtypes._default._np
            x, y = x.astype(dtype), y.astype(dtype)
        ufunc = op.ufunc
        try:
            z = ufunc(x, y)
        except (ValueError, TypeError) as error:
            raise operand_error(op.name, x, y, error) from None
        if type(z) is not ndarray:
            z = backends.as_array(z, x)
        out = new_tensor(Tensor)
        out._array = z
        out._grad = out._view = None
        if (edge_a is None and edge_b is None) or (scopes and not grad_state.enabled) or not rules:
            out._node = None
            return out
        node = Node()
        node.op, node.edges, node.shape, node.dtype = op, (edge_a, edge_b), z.shape, dtype
        node.params = node.origin = None
        if pattern is UNKNOWN:
            pattern = op.pattern()
        if pattern is NOTHING:
            node.saved = ()
        elif pattern is CROSSWISE:
            node.saved = (x if edge_b is not None else None, y if edge_a is not None else None)
        else:
            slots = op.keep((edge_a is not None) + 2 * (edge_b is not None))
            node.saved = tuple(v if i in slots else None for i, v in enumerate((x, y, z))) if slots else ()
        node.seq = next_seq()
        out._node = node
        return out

    return call


def ufunc_runner(ufunc: Any) -> Callable[..., Any]:
    """forward(xp, *arrays) for a NumPy ufunc: the array library's function of the same name."""
    name = getattr(ufunc, "__name__", "")

    def run(xp: Any, *arrays: Any) -> Any:
        return ufunc(*arrays) if xp is np or not hasattr(xp, name) else getattr(xp, name)(*arrays)

    return run


def attended(op: Op, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Run an op where more than arithmetic is to be done: views may have old histories, or somebody listens."""
    stack = layers.state.stack
    if stack:
        return stack[-1].call(op, operands, params)
    if backends.batched is not None and layers.batched_among(operands, params):
        return layers.run_batched(op, operands, params)
    return run_attended(op, operands, params)


def run_attended(op: Op, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """The op itself, after views were given their history."""
    if versions.rebased:
        for operand in operands:
            if isinstance(operand, Tensor) and operand._view is not None:
                renew(operand)
    return watched(op, operands, params) if events.op else carefully(op, operands, params)


def carefully(op: Op, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Run an op, with inference mode in mind while that is on or a tensor made in it is alive."""
    if grad_mode.inference_count[0]:
        from gradbook.autograd import inference

        return inference.run(op, operands, params)
    return op.run(operands, params)


def watched(op: Op, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Run an op while somebody listens: time it, note where it was called from, and say so."""
    started = time.perf_counter()
    out = carefully(op, operands, params)
    events.ended = time.perf_counter()
    events.seconds = events.ended - started
    shown = out[0] if isinstance(out, tuple) and out else out
    if not isinstance(shown, Tensor):
        return out
    where = events.user_frame()
    node = shown._node
    if node is not None and node.op is not op and node.op.name == "pick":
        node = node.edges[0]
    if node is not None and node.op is op:
        node.origin = {"where": where, "path": events.module_path()}
    events.emit(events.op, op, operands, params, out, node, where)
    return out


def wrap(result: Any, node: Node | None, xp: Any) -> Tensor:
    """A Tensor around an op's result."""
    if type(result) is not ndarray and not backends.is_array(result):
        result = xp.asarray(result)
    out = new_tensor(Tensor)
    out._array, out._grad, out._view, out._node = result, None, None, node
    return out


def first(result: Any) -> Any:
    """The output without its extras, where an op is called on bare arrays."""
    return result[0] if type(result) is tuple else result


def is_differentiable(array: Any) -> bool:
    """True for floating and complex arrays."""
    return array.dtype.kind in "fcV"


pick = Op("pick", "source", formula="y = x_i")
pick.plain = False  # the walk hands its gradient over by hand


def pick_node(source: Node, index: int, result: Any) -> Node:
    """The node of output `index` of an op with several outputs."""
    node = Node()
    node.op, node.params, node.edges, node.origin = pick, {"index": index}, (source,), None
    node.saved, node.shape, node.dtype, node.seq = (), result.shape, result.dtype, next_seq()
    return node


def _no_forward(op: Op) -> Any:
    raise RuntimeError(f"op {op.name} was declared without a forward")
