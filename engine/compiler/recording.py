"""What one call computed, as a list of instructions on memory: forward, backward, the optimizer's step.

A Recorder listens to the engine while the call runs as it always does. It sees every op with its arrays, every
gradient rule, every change in place, and what an optimizer did; it repeats in its own list what the backward walk does
in between (broadcasting undone, gradients added). What it cannot place it names: such a call is not compiled.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradbook.autograd import grad_mode, versions
from gradbook.autograd.node import Node, hook_table, post_hooks
from gradbook.autograd.op import NEEDS, PARAM, SHAPE, SLOT, Op, Rule
from gradbook.autograd.promotion import promote_arrays
from gradbook.compiler.guards import kind_of
from gradbook.compiler.memory import Memory, Window
from gradbook.nn.module import Module
from gradbook.nn.modules.batchnorm import _BatchNorm
from gradbook.nn.utils.clip_grad import clip_grad_norm_, clip_grad_value_
from gradbook.tensor import Tensor

__all__ = ["Instruction", "NotRecordable", "Recorder"]

ndarray = np.ndarray
DRAWING = {"dropout"}  # ops whose forward draws random numbers, and is simply run again
SHAPED_BY_DATA = {
    "nonzero", "masked_select", "unique", "unique_consecutive", "argwhere", "where", "bincount", "repeat_interleave",
    "one_hot", "__getitem__", "item", "tolist",
}  # fmt: skip


def is_own(op: Op) -> bool:
    """True for an op of the library (an autograd.Function is an op of the user's)."""
    return type(op).__module__.startswith("gradbook.ops.")


def memory_before() -> dict[int, Tensor]:
    """The tensors that are there, by the id of the array that owns their memory."""
    found: dict[int, Tensor] = {}
    for thing in gc.get_objects():
        if isinstance(thing, Tensor) and hasattr(thing, "_array") and type(thing._array) is ndarray:
            found[id(thing._array)] = thing
            found.setdefault(id(versions.owner(thing._array)), thing)
    return found


class NotRecordable(Exception):
    """Something in the call cannot be repeated without Python. where: (file, line) of the user's, or None.

    unseen: the reason is a value that was computed by other means than an op.
    """

    def __init__(self, reason: str, where: Any = None, unseen: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.where, self.unseen = reason, where, unseen


class Instruction:
    """One thing to compute again: `kind` says what, inputs and outputs are windows (or None, or constants).

    kind: "op" (op, params) · "rule" (op, rule, params; the gradient is the first input) · "fit" (a gradient summed to
    its operand's shape, and cast) · "add" · "copy" · "zero" · "update" (an optimizer's step) ·
    "call" (a function of the library, with tensors) · "clip" (clip_grad_*: the gradients) · "count" (one more) ·
    "set" (a part of a tensor set) · "custom" (a rule of an op that computes its gradients in a way of its own).
    """

    __slots__ = ("inputs", "kind", "op", "outputs", "params", "rule", "where")

    def __init__(
        self, kind: str, inputs: Sequence[Any], outputs: Sequence[Any], op: Any = None, params: Any = None,
        rule: Rule | None = None, where: Any = None,
    ) -> None:  # fmt: skip
        self.kind, self.inputs, self.outputs = kind, list(inputs), list(outputs)
        self.op, self.params, self.rule, self.where = op, params or {}, rule, where

    def changes(self) -> list[Window]:
        """The windows on memory from outside the instruction may write to."""
        if self.kind == "update":
            return self.inputs[::2]
        if self.kind == "op" and self.op.name == "batch_norm":
            return [x for x in (*self.inputs[3:5], *self.outputs) if isinstance(x, Window)]
        if self.kind == "clip":
            return [*self.inputs, *self.outputs]
        return [out for out in self.outputs if isinstance(out, Window)]

    def __repr__(self) -> str:
        name = f" {self.op.name if isinstance(self.op, Op) else self.op}" if self.op is not None else ""
        return f"{self.kind}{name} {self.inputs} -> {self.outputs}"


class Recorder:
    """Listens to one call. After it, `instructions` and `memory` say what was computed, `failure` why it cannot be."""

    def __init__(self, inputs: Sequence[Tensor] = ()) -> None:
        self.instructions: list[Instruction] = []
        self.memory = Memory()
        self.inputs = [self.memory.declare(tensor._array, "input") for tensor in inputs]
        self.failure: NotRecordable | None = None
        self.grads: dict[Node, Window] = {}
        self.leaf_grads: dict[int, tuple[Tensor, Window | None]] = {}  # by id(leaf): what `.grad` holds now
        self.cleared_first: set[int] = set()  # ids of leaves whose `.grad` did not matter when the call began
        self.stepping: Any = None
        self.kept: list[Any] = []
        self.before = memory_before()
        self.outside: dict[int, tuple[Tensor, Any]] = {}  # by id(tensor): tensors from outside, and their arrays
        self._aliases: dict[int, Window] = {}  # by id(array): sums of gradients that the walk made itself
        self._seen: dict[int, Window] = {}  # by id(tensor): the ops' outputs
        self._draws = 0
        self._reading = False
        self.held_grads: list[tuple[Tensor, Window]] = []
        self.began = next(versions.sequence)
        self.input_ids = {id(tensor): i for i, tensor in enumerate(inputs)}
        self.totals: dict[Window, Any] = {}  # gradients whose parts arrive one by one, and the arrays they lie in
        self.optimizers: list[Any] = []
        self.zeroed: list[Module] = []  # modules whose gradients were cleared
        self.roots: set[int] = set()  # ids of tensors whose graph a backward has used up
        self.line: Any = lambda: None

    # -- what is heard -------------------------------------------------------------------------------------------

    def on_op(self, op: Op, operands: Any, params: Any, out: Any, node: Any, where: Any) -> None:
        """An op ran."""
        if self.failure is None and self.stepping is None:
            self._attempt(self._op, op, operands, params, out, node, where)

    def on_rule(self, node: Node, grad: Any, edges: Any, results: Any) -> None:
        """A gradient rule ran."""
        if self.failure is None:
            self._attempt(self._rule, node, grad, edges, results)

    def on_grad(self, node: Node, grad: Any) -> None:
        """A gradient reached a node: it is the sum that was noted for it."""
        if self.failure is None:
            self._attempt(self._reached, node, grad)

    def on_write(self, target: Tensor, value: Tensor | None) -> None:
        """A tensor's memory was changed in place."""
        if self.failure is None and self.stepping is None:
            self._attempt(self._write, target, value)

    def on_zero_grad(self, owner: Any) -> None:
        """Gradients were cleared."""
        if self.failure is None:
            self._attempt(self._cleared, owner)

    def on_step(self, phase: str, optimizer: Any) -> None:
        """An optimizer changed its parameters."""
        if phase == "start":
            self.stepping = optimizer
        else:
            self.stepping = None
            if self.failure is None:
                self._attempt(self._stepped, optimizer)

    def on_backward(self, phase: str, root: Any, inputs: Any) -> None:
        """A backward walk begins or ends."""
        if self.failure is None and phase == "end":
            self.grads.clear()
            self.roots.add(id(root))
            self.kept.append(root)
            self._attempt(self._settle)

    def _settle(self) -> None:
        """After a backward: where `.grad` lies in other memory than was noted (the engine copied), it is a copy."""
        for key, (tensor, window) in self.leaf_grads.items():
            if window is None or tensor._grad is None:
                continue
            found, new = self.memory.window(tensor._grad._array, "temporary")
            if new:
                self.emit("copy", [window], [found])
            self.leaf_grads[key] = (tensor, found)

    def fail(self, reason: str, unseen: bool = False) -> None:
        """Say why the call cannot be repeated; the first reason stays."""
        if self.failure is None:
            self.failure = NotRecordable(reason, self.line(), unseen)

    def _attempt(self, what: Any, *args: Any) -> None:
        try:
            what(*args)
        except NotRecordable as failure:
            self.fail(failure.reason, unseen=failure.unseen)
        except Exception as error:  # ours: the call goes on as it is
            self.fail(f"{type(error).__name__}: {error}")

    # -- arrays ----------------------------------------------------------------------------------------------------

    def read(self, array: Any, home: Any = None) -> Window:
        """The window of an array that is read: computed before, or there before the call."""
        self._plain(array)
        window = self.memory.find(array)
        if window is None:
            window = self._unknown(array, home)
        if isinstance(home, Tensor) and window.block.kind in ("outside", "input") and id(home) not in self._seen:
            self.outside[id(home)] = (home, array)
        return window

    def _unknown(self, array: Any, home: Any) -> Window:
        if not array.size:
            return self.constant(array)
        earlier = self._seen.get(id(home))
        if earlier is not None and earlier.shape == array.shape and earlier.dtype == array.dtype:
            window, _ = self.made(array)  # laid out anew by contiguous()
            self.emit("copy", [earlier], [window])
            self._seen[id(home)] = window
            return window
        owner = self.before.get(id(array), self.before.get(id(versions.owner(array))))
        if owner is None:
            raise NotRecordable("a value was not seen being computed", unseen=True)
        return self.memory.window(array, "outside", owner)[0]

    def held_grad(self, leaf: Tensor) -> Window:
        """The window of a `.grad` that was there before the call: another tensor in each call, like an input."""
        array = leaf._grad._array  # type: ignore[union-attr]
        self._plain(array)
        found = self.memory.find(array)
        if found is None:
            if id(leaf) in self.input_ids:
                raise NotRecordable("an argument already has a .grad")
            found = self.memory.declare(array, "grad", leaf)
            self.held_grads.append((leaf, found))
        return found

    def made(self, array: Any) -> tuple[Window, bool]:
        """The window of a result, and whether it is new memory (else it is a view of what was there)."""
        self._plain(array)
        return self.memory.window(array, "temporary")

    def constant(self, array: Any) -> Window:
        """The window of an array whose values are the same in every call."""
        self._plain(array)
        return self.memory.window(array, "constant")[0]

    def _plain(self, array: Any) -> None:
        if type(array) is not ndarray:
            raise NotRecordable(f"a value is no NumPy array but {type(array).__name__}")

    def emit(self, *args: Any, **named: Any) -> None:
        """Append an instruction."""
        self.instructions.append(Instruction(*args, **named))

    def on_made(self, tensor: Tensor) -> None:
        """A tensor was made of numbers: the same ones in each call, if none of them is random."""
        if self.failure is None and self.stepping is None:
            self._attempt(self._new, tensor)

    def on_draw(self) -> None:
        """Random numbers are drawn; the op that draws them is told of next."""
        self._draws += 1

    def on_read(self, tensor: Tensor) -> None:
        """Python sees values: what it does with them cannot be repeated without it."""
        if self.failure is None and self.stepping is None and not self._reading:
            self.fail("Python reads the values of a tensor")

    def add_input(self, tensor: Tensor) -> None:
        """A tensor read from outside that is another one in each call."""
        if id(tensor) in self.input_ids or self.failure is not None:
            return
        if tensor._node is not None and tensor._node.tensor is None:
            self.fail("a tensor with a history from before the call")
            return
        try:
            self.inputs.append(self.memory.declare(tensor._array, "input"))
            self.input_ids[id(tensor)] = len(self.inputs) - 1
        except ValueError as error:
            self.fail(f"two inputs share memory: {error}")

    def allow_reading(self, on: bool) -> None:
        """Values are read only to be returned."""
        self._reading = on

    def clear(self, tensor: Tensor) -> None:
        """`tensor.grad = None`."""
        if id(tensor) not in self.leaf_grads:
            self.cleared_first.add(id(tensor))
        self.leaf_grads[id(tensor)] = (tensor, None)

    def is_outside(self, tensor: Tensor) -> bool:
        """True for a tensor that was there before the call."""
        return id(tensor) in self.outside or self.before.get(id(tensor._array)) is tensor

    def is_spent(self, tensor: Tensor) -> bool:
        """True if a backward of the call has used up the graph of a tensor."""
        return id(tensor) in self.roots or (tensor._node is not None and tensor._node.saved is None)

    def check(self) -> Callable[[], bool]:
        """One function: whether the tensors from outside still hold the arrays that were seen."""
        names: dict[str, Any] = {}
        tests: list[str] = []
        for tensor, array in self.outside.values():
            if id(tensor) in self.input_ids:
                continue
            n = len(tests)
            names[f"t{n}"], names[f"a{n}"] = tensor, array
            tests.append(f"t{n}._array is a{n} and (t{n}._node is None) is {tensor._node is None}")
        held = {id(leaf) for leaf, _ in self.held_grads}
        for tensor, window in self.leaf_grads.values():
            if id(tensor) not in self.cleared_first | self.input_ids.keys() | held and window is not None:
                n = len(tests)
                names[f"t{n}"] = tensor
                tests.append(f"t{n}._grad is None")
        for tensor, _ in self.held_grads:
            n = len(tests)
            names[f"t{n}"], names[f"a{n}"] = tensor, kind_of(tensor._grad)
            tests.append(f"kind_of(t{n}._grad) == a{n}")
        for n, optimizer in enumerate({id(o): o for o in self.optimizers}.values()):
            names[f"o{n}"] = optimizer.param_groups
            sizes = [len(group["params"]) for group in optimizer.param_groups]
            tests += [f"len(o{n}) == {len(sizes)}", *(f"len(o{n}[{i}]['params']) == {k}" for i, k in enumerate(sizes))]
        names["kind_of"] = kind_of
        text = "def check():\n    return " + (" and ".join(tests) or "True")
        exec(compile(text, "<outside>", "exec"), names)  # made of numbers and the words above alone
        found: Callable[[], bool] = names["check"]
        return found

    def call(self, function: Any, args: Any, kwargs: Any) -> Any:
        """Call a function of the library. One that computes by other means than ops is itself what is run again."""
        mark, before = len(self.instructions), self.failure
        if function in (clip_grad_norm_, clip_grad_value_) and args and not isinstance(args[0], Tensor):
            args = (list(args[0]), *args[1:])
        result = function(*args, **kwargs)
        if function in (clip_grad_norm_, clip_grad_value_) and before is None:
            self._attempt(self._clipped, function, args, kwargs, result)
            return result
        outs = result if isinstance(result, tuple | list) else (result,)
        if before is not None or not all(isinstance(out, Tensor) for out in outs) or not outs:
            return result
        unseen = any(self._unseen(out) for out in outs)
        if self.failure is not None and not self.failure.unseen:
            return result
        if (self.failure is not None or unseen) and self._opaque(function, args, kwargs, outs, mark):
            self.failure = None
        return result

    def _clipped(self, function: Any, args: Any, kwargs: Any, norm: Any) -> None:
        """Gradients were made smaller in place."""
        given = args[0] if args else kwargs["parameters"]
        leaves = [given] if isinstance(given, Tensor) else list(given)
        if not isinstance(given, list | tuple | Tensor):
            raise NotRecordable(f"{function.__name__} is given an iterator; give it a list")
        windows = []
        for leaf in leaves:
            if leaf._grad is not None:
                known = self.leaf_grads.get(id(leaf))
                windows.append(known[1] if known and known[1] is not None else self.held_grad(leaf))
        options = {"args": args[1:], "kwargs": {k: v for k, v in kwargs.items() if k != "parameters"}}
        outputs = []
        if isinstance(norm, Tensor):
            outputs = [self.made(norm._array)[0]]
            self._seen[id(norm)] = outputs[0]
            self.kept.append(norm)
        self.emit("clip", windows, outputs, function, options)

    def set_item(self, owner: Tensor, key: Any, value: Any) -> None:
        """`owner[key] = value`: one instruction, unless gradients flow through it."""
        mark, before = len(self.instructions), self.failure
        owner[key] = value
        if before is not None or owner._node is not None or (isinstance(value, Tensor) and value._node is not None):
            if not (before is None and not grad_mode.state.enabled):
                return
        del self.instructions[mark:]
        self.failure = None
        self._attempt(self._note_set, owner, key, value)

    def _note_set(self, owner: Tensor, key: Any, value: Any) -> None:
        target = self.read(owner._array, owner)
        self.emit("set", [self._param(value)], [target], "set", {"key": self._param(key)})

    def _unseen(self, tensor: Tensor) -> bool:
        if id(tensor) in self._seen or self.is_outside(tensor) or type(tensor._array) is not ndarray:
            return False
        return bool(tensor._array.size) and self.memory.find(tensor._array) is None

    def _opaque(self, function: Any, args: Any, kwargs: Any, outs: Any, mark: int) -> bool:
        """Note the call itself as one instruction, if it does nothing but compute. -> whether that could be done"""
        name = getattr(function, "__name__", "")
        if any(out._node is not None for out in outs) or self._draws or name in SHAPED_BY_DATA or name.endswith("_"):
            return False
        if any(each.kind in ("copy", "zero") for each in self.instructions[mark:]):
            return False
        del self.instructions[mark:]
        owner = getattr(function, "__self__", None)
        if isinstance(owner, Tensor):
            function, args = getattr(type(owner), name), (owner, *args)
        self.failure = None
        self._attempt(self._note_call, function, args, kwargs, outs)
        return self.failure is None

    def _note_call(self, function: Any, args: Any, kwargs: Any, outs: Any) -> None:
        inputs = [self._param(value) for value in args]
        params = {name: self._param(value) for name, value in kwargs.items()}
        outputs = []
        for out in outs:
            window, _ = self.made(out._array)
            self._seen[id(out)] = window
            self.kept.append(out)
            outputs.append(window)
        self.emit("call", inputs, outputs, function, params)

    def finish(self) -> None:
        """The call is over: nothing may have happened that was not noted."""
        if self._draws:
            self.fail("random numbers are drawn outside of dropout")
        changed = {window.block.number for each in self.instructions for window in each.changes()}
        for reference, stamp, _ in list(versions._stamps.values()):
            array = reference()
            if stamp <= self.began or type(array) is not ndarray:
                continue
            window = self.memory.find(array) if array.size else None
            if window is None and id(array) not in self.before:
                continue  # made and gone in the call
            if window is None or window.block.number not in changed:
                self.fail("a tensor is changed in place by other means than an op")

    def release(self) -> None:
        """Let go of the call's tensors, once a plan is made of it."""
        self.before, self._seen, self._aliases, self.totals, self.kept, self.instructions = {}, {}, {}, {}, [], []
        self.memory.release()

    def on_module(self, phase: str, module: Any, value: Any) -> None:
        """A module was called: one that counts its batches counts them in a repetition too."""
        if phase != "enter" or self.failure is not None or not isinstance(module, _BatchNorm):
            return
        count = module.num_batches_tracked
        if module.training and module.track_running_stats and count is not None:
            if module.momentum is None:
                self.fail("batch norm with momentum=None depends on how often it was called")
            self._attempt(lambda: self.emit("count", [], [self.read(count._array, count)]))

    def _new(self, tensor: Tensor) -> None:
        if self._draws:
            raise NotRecordable("random numbers are drawn outside of dropout")
        if self.memory.find(tensor._array) is None:
            self.constant(tensor._array)

    # -- forward -----------------------------------------------------------------------------------------------------

    def _op(self, op: Op, operands: Any, params: Any, out: Any, node: Any, where: Any) -> None:
        if op.custom and not is_own(op):
            raise NotRecordable("an autograd.Function runs Python of its own")
        if op.name in SHAPED_BY_DATA:
            raise NotRecordable(f"the shape of what {op.name} gives depends on values")
        if self._draws:
            if op.name not in DRAWING:
                raise NotRecordable("random numbers are drawn outside of dropout")
            self._draws = 0
        inputs = self._operands(op, operands)
        params = {name: self._param(value) for name, value in params.items()}
        outs = out if isinstance(out, tuple) else (out,)
        outputs, fresh = [], False
        for tensor in outs:
            if not isinstance(tensor, Tensor):
                raise NotRecordable(f"{op.name} gives {type(tensor).__name__}")
            window, new = self.made(tensor._array)
            outputs.append(window)
            self._seen[id(tensor)] = window
            self.kept.append(tensor)
            fresh = fresh or new
        if node is not None and op.extras and node.saved:
            outputs += self._extras(op, node)
            fresh = True
        if fresh:
            self.emit("op", inputs, outputs, op, params, where=where)

    def _operands(self, op: Op, operands: Any) -> list[Any]:
        windows: list[Any] = []
        arrays = [o._array if isinstance(o, Tensor) else o for o in operands]
        for operand, array in zip(operands, arrays, strict=True):
            if isinstance(operand, Tensor):
                windows.append(self.read(array, operand))
                if operand._node is not None and id(operand) not in self._seen and operand._node.tensor is None:
                    raise NotRecordable("a tensor with a history from before the call")
            elif isinstance(array, ndarray):
                windows.append(self.read(array))
            else:
                windows.append(operand)
        kinds = {a.dtype for a, o in zip(arrays, operands, strict=True) if isinstance(o, Tensor)}
        if op.promote and len(kinds) > 1:
            promoted = promote_arrays(op.name, operands, arrays)
            for i, (array, wanted) in enumerate(zip(arrays, promoted, strict=True)):
                if isinstance(operands[i], Tensor) and array.dtype != wanted.dtype:
                    windows[i] = self._cast(windows[i], wanted)
        return windows

    def _cast(self, window: Window, wanted: Any) -> Window:
        made, _ = self.made(np.array(wanted))
        self.emit("copy", [window], [made])
        return made

    def _param(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return self.read(value._array, value)
        if isinstance(value, ndarray):
            return self.read(value)
        if isinstance(value, tuple | list):
            return type(value)(self._param(v) for v in value) if type(value) in (tuple, list) else value
        return value

    def _extras(self, op: Op, node: Any) -> list[Any]:
        first = len(node.edges) + 1
        found: list[Any] = []
        for array in node.saved[first:]:
            found.append(self.made(array)[0] if isinstance(array, ndarray) else array)
        return found

    # -- backward ----------------------------------------------------------------------------------------------------

    def _reached(self, node: Node, grad: Any) -> None:
        if node.seq in hook_table or post_hooks(node):
            raise NotRecordable("a hook on a gradient runs Python")
        window = self.grads.get(node)
        found = self.memory.find(grad)
        if window is None:
            window = found if found is not None else self._first(grad)
        elif found is None:
            self._alias(grad, window)
        self.grads[node] = window
        if node.tensor is not None:
            self._leaf(node.tensor(), self.grads.pop(node))

    def _first(self, grad: Any) -> Window:
        """The gradient that a backward starts with: ones."""
        if not (grad == 1).all():
            raise NotRecordable("backward starts with a gradient that nobody computed")
        return self.constant(grad)

    def _alias(self, array: Any, window: Window) -> None:
        """An array of the engine's own that holds what `window` holds: a sum of gradients."""
        if array.shape != window.shape:
            raise NotRecordable("a gradient has another shape than was noted")
        self.kept.append(array)
        self._aliases[id(array)] = window

    def _rule(self, node: Node, grad: Any, edges: Any, results: Any) -> None:
        op = node.op
        if op.custom and not is_own(op):
            raise NotRecordable("an autograd.Function runs Python of its own")
        first = self._incoming(node, grad)
        if op.name in ("slice", "select"):
            self._deposit_part(edges[0], node.params["index"], first)
            return
        if op.name in ("split", "unbind"):
            for index, part in zip(op.indices(edges[0].shape, node.params), first, strict=True):
                if part is not None:
                    self._deposit_part(edges[0], index, part)
            return
        if op.custom:
            pairs = self._custom(node, first, edges, results)
            for edge, window in zip(edges, pairs, strict=False):
                if edge is not None and window is not None:
                    self._deposit(edge, window)
            return
        if op.joint is not None:
            values = results if isinstance(results, tuple | list) else (results,)
            outputs = [self._result(v) for v in values]
            inputs = [first, *self._arguments(op.joint, node, edges)]
            if any(new for _, new in filter(None, outputs)):
                windows = [out[0].collapsed() if out else None for out in outputs]
                self.emit("rule", inputs, windows, op, node.params, op.joint, node.where)
            pairs = [out[0] if out else None for out in outputs]
        else:
            pairs = [None] * len(edges)
            for rule in op.rules:
                if edges[rule.target] is None:
                    continue
                out = self._result(results[rule.target])
                if out is None:
                    continue
                if out[1]:
                    inputs = [first, *self._arguments(rule, node, edges)]
                    self.emit("rule", inputs, [out[0].collapsed()], op, node.params, rule, node.where)
                pairs[rule.target] = out[0]
        for edge, window in zip(edges, pairs, strict=False):
            if edge is not None and window is not None:
                self._deposit(edge, window)

    def _incoming(self, node: Node, grad: Any) -> Any:
        if isinstance(grad, list):
            return [None if g is None else self._known(g) for g in grad]
        return self.grads.pop(node, None) or self._known(grad)

    def _known(self, array: Any) -> Window:
        found = self._aliases.get(id(array)) or self.memory.find(array)
        if found is None:
            raise NotRecordable("a gradient came from somewhere that was not seen")
        return found

    def _result(self, value: Any) -> tuple[Window, bool] | None:
        if value is None:
            return None
        if isinstance(value, Tensor):
            raise NotRecordable("a backward that can itself be differentiated (create_graph)")
        alias = self._aliases.get(id(value))
        if alias is not None:
            return alias, False
        if not isinstance(value, ndarray):
            value = np.asarray(value)
            self.kept.append(value)
        return self.made(value)

    def _arguments(self, rule: Rule, node: Node, edges: Any) -> list[Any]:
        found: list[Any] = []
        for kind, which in rule.args:
            if kind == SLOT:
                value = node.saved[which]
                found.append(self._saved(value) if isinstance(value, ndarray) else value)
            elif kind == SHAPE:
                found.append(node.shape if which < 0 else node.edges[which].shape)
            elif kind == PARAM:
                found.append(self._param((node.params or {}).get(which)))
            elif kind == NEEDS:
                found.append(tuple(edge is not None for edge in edges))
        return found

    def _saved(self, array: Any) -> Window:
        found = self.memory.find(array)
        if found is not None:
            return found
        if array.ndim == 0 and not array.flags.writeable:  # a Python number that was an operand
            return self.constant(array)
        if array.ndim == 0:
            return self.constant(array)
        raise NotRecordable("backward uses a value that was not seen in forward")

    def _custom(self, node: Node, first: Any, edges: Any, results: Any) -> list[Any]:
        """The rule of an op of the library that computes its gradients in a way of its own."""
        saved = [self._saved(value) if isinstance(value, ndarray) else value for value in node.saved]
        outputs = [self._result(value) for value in results]
        windows = [out[0].collapsed() if out else None for out in outputs]
        stands = [None if edge is None else (edge.shape, edge.dtype) for edge in edges]
        params = {name: self._param(value) for name, value in (node.params or {}).items()}
        shape = {"params": params, "edges": stands, "shape": node.shape, "dtype": node.dtype}
        self.emit("custom", [first, *saved], windows, node.op, shape)
        return [out[0] if out else None for out in outputs]

    def _deposit_part(self, edge: Node | None, index: Any, window: Window) -> None:
        """A gradient of a part of an operand: added there, to one array for all parts."""
        if edge is None:
            return
        held = self.grads.get(edge)
        if held is None or held not in self.totals:
            array = np.zeros(edge.shape, edge.dtype)
            total, _ = self.made(array)
            self.totals[total] = array
            if held is None:
                self.emit("zero", [], [total])
            else:
                self.emit("copy", [held], [total])
            self.grads[edge] = held = total
        part = self.memory.find(self.totals[held][(*index, ...)])
        if part is None:  # no elements
            return
        if window.dtype != part.dtype:
            window = self._cast(window, np.empty(window.shape, part.dtype))
        self.emit("add", [part, window], [part])

    def _deposit(self, edge: Node, window: Window) -> None:
        """What the walk does with a rule's result: fitted to the operand, added to what is there."""
        if not edge.op.multi and (window.shape != edge.shape or window.dtype != edge.dtype):
            fitted, _ = self.made(np.empty(edge.shape, edge.dtype))
            self.emit("fit", [window], [fitted])
            window = fitted
        held = self.grads.get(edge)
        if held is not None:
            total, _ = self.made(np.empty(window.shape, window.dtype))
            self.emit("add", [held, window], [total])
            window = total
        self.grads[edge] = window

    def _leaf(self, tensor: Tensor | None, window: Window) -> None:
        """A gradient arrives at a leaf, before the engine adds it to `.grad`."""
        if tensor is None:
            return
        if tensor.__dict__.get("_post_accumulate_hooks"):
            raise NotRecordable("a hook on an accumulated gradient runs Python")
        if tensor._grad is None:
            self.leaf_grads[id(tensor)] = (tensor, window)
            return
        if tensor._grad._node is not None:
            raise NotRecordable("a .grad that has a history of its own")
        known = self.leaf_grads.get(id(tensor))
        held = known[1] if known and known[1] is not None else self.held_grad(tensor)
        self.emit("add", [held, window], [held])

    # -- changes in place, optimizers --------------------------------------------------------------------------------

    def _write(self, target: Tensor, value: Tensor | None) -> None:
        window = self.read(target._array, target)
        if value is None:
            filled = self.constant(target._array.copy())
            self.emit("copy", [filled], [window])
        else:
            self.emit("copy", [self.read(value._array, value)], [window])

    def _cleared(self, owner: Any) -> None:
        if isinstance(owner, Module):
            self.zeroed.append(owner)
            params = list(owner.parameters())
        else:
            self.optimizers.append(owner)
            params = [p for group in owner.param_groups for p in group["params"]]
        for tensor in params:
            if id(tensor) not in self.leaf_grads and tensor._grad is None:
                self.cleared_first.add(id(tensor))
            if tensor._grad is None:
                self.leaf_grads[id(tensor)] = (tensor, None)
            else:
                known = self.leaf_grads.get(id(tensor))
                if known and known[1] is not None:
                    raise NotRecordable("zero_grad(set_to_none=False) after a backward in the same call")
                self.emit("zero", [], [self.held_grad(tensor)])

    def _stepped(self, optimizer: Any) -> None:
        pairs = []
        self.optimizers.append(optimizer)
        for group in optimizer.param_groups:
            for tensor in group["params"]:
                if tensor._grad is None:
                    continue
                known = self.leaf_grads.get(id(tensor))
                grad = known[1] if known and known[1] is not None else self.held_grad(tensor)
                pairs += [self.read(tensor._array, tensor), grad]
        self.emit("update", pairs, [], optimizer)
