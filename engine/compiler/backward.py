"""The backward part of a recording: gradient rules, and what the walk does between them; what leaves hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook.autograd.node import Node, hook_table, post_hooks
from gradbook.autograd.op import NEEDS, PARAM, SHAPE, SLOT, Rule, pick
from gradbook.compiler.forward import is_own
from gradbook.compiler.instruction import Instruction, NotRecordable
from gradbook.compiler.memory import Window
from gradbook.compiler.tracked import Tracked
from gradbook.nn.module import Module
from gradbook.tensor import Tensor

__all__ = ["Backward"]

ndarray = np.ndarray


class Total:
    """A gradient whose parts arrive one by one: the array it lies in, and which parts it has."""

    def __init__(self, array: Any, start: Instruction) -> None:
        self.array, self.start = array, start  # start: the instruction that gives it its first values
        self.parts: list[Window] = []
        self.missing: int = array.size

    def take(self, part: Window) -> bool:
        """Note a part. -> True if nothing was there before"""
        first = not any(part.overlaps(other) for other in self.parts)
        self.parts.append(part)
        if first:
            self.missing -= part.size
        return first and self.start.kind == "zero"


class Backward(Tracked):
    """What a gradient rule, a leaf's gradient or an optimizer's step becomes."""

    def __init__(self, inputs: Sequence[Tensor] = ()) -> None:
        super().__init__(inputs)
        self.grads: dict[Node, Window] = {}  # what has reached a node that was not visited yet
        self.totals: dict[Window, Total] = {}  # gradients whose parts arrive one by one
        self.aliases: dict[int, Window] = {}  # by id(array): sums of gradients that the walk made itself
        self.leaf_grads: dict[int, tuple[Tensor, Window | None]] = {}  # by id(leaf): what `.grad` holds now
        self.cleared_first: set[int] = set()  # ids of leaves whose `.grad` did not matter when the call began
        self.optimizers: list[Any] = []
        self.zeroed: list[Module] = []  # modules whose gradients were cleared
        self.roots: set[int] = set()  # ids of tensors whose graph a backward has used up

    def _reached(self, node: Node, grad: Any) -> None:
        if node.seq in hook_table or node.seq in post_hooks:
            raise NotRecordable("a hook on a gradient runs Python")
        if node in self.histories:
            raise NotRecordable("backward goes on into the history of an argument")
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
        self.aliases[id(array)] = window

    def _rule(self, node: Node, grad: Any, edges: Any, results: Any) -> None:
        op: Any = node.op
        if op.custom and not is_own(op):
            raise NotRecordable("an autograd.Function runs Python of its own")
        first = self._seen_whole(grad, results, self._incoming(node, grad))
        if op.name in ("slice", "select"):
            self._deposit_part(edges[0], (node.params or {})["index"], first)
            return
        if op.name in ("split", "unbind"):
            for index, part in zip(op.indices(edges[0].shape, node.params), first, strict=True):
                if part is not None:
                    self._deposit_part(edges[0], index, part)
            return
        how = self._custom if op.custom else self._joint if op.joint is not None else self._rules
        for edge, window in zip(edges, how(node, first, edges, results), strict=False):
            if edge is not None and window is not None:
                self._deposit(edge, window)

    def _seen_whole(self, grad: Any, results: Any, first: Any) -> Any:
        """The gradient that a rule was given; a copy where its results are parts of an array of the walk's own."""
        if not isinstance(grad, ndarray) or not grad.size or self.memory.find(grad) is not None:
            return first
        several = results if isinstance(results, tuple | list) else (results,)
        if not any(isinstance(r, ndarray) and r is not grad and np.may_share_memory(r, grad) for r in several):
            return first
        made, _ = self.made(grad)
        self.emit("copy", [first], [made])
        return made

    def _joint(self, node: Node, first: Any, edges: Any, results: Any) -> list[Any]:
        """One rule for all operands."""
        rule = node.op.joint
        assert rule is not None
        outputs = [self._result(v) for v in (results if isinstance(results, tuple | list) else (results,))]
        if any(out is not None and out[1] for out in outputs):
            windows = [out[0].collapsed() if out else None for out in outputs]
            inputs = [first, *self._arguments(rule, node, edges)]
            self.emit("rule", inputs, windows, node.op, node.params, rule, self.line_of(node))
        return [out[0] if out else None for out in outputs]

    def _rules(self, node: Node, first: Any, edges: Any, results: Any) -> list[Any]:
        """A rule for each operand."""
        found: list[Any] = [None] * len(edges)
        for rule in node.op.rules:
            out = self._result(results[rule.target]) if edges[rule.target] is not None else None
            if out is None:
                continue
            found[rule.target] = out[0]
            if out[1]:
                inputs = [first, *self._arguments(rule, node, edges)]
                self.emit("rule", inputs, [out[0].collapsed()], node.op, node.params, rule, self.line_of(node))
        return found

    def _incoming(self, node: Node, grad: Any) -> Any:
        if isinstance(grad, list):
            picked = [each for each in self.grads if each.op is pick and each.edges[0] is node]
            sums = {(each.params or {})["index"]: self.grads.pop(each) for each in picked}
            return [None if g is None else sums.get(i) or self._known(g) for i, g in enumerate(grad)]
        return self.grads.pop(node, None) or self._known(grad)

    def _known(self, array: Any) -> Window:
        found = self.aliases.get(id(array)) or self.memory.find(array)
        if found is None:
            raise NotRecordable("a gradient came from somewhere that was not seen")
        return found

    def _result(self, value: Any) -> tuple[Window, bool] | None:
        if value is None:
            return None
        if isinstance(value, Tensor):
            raise NotRecordable("a backward that can itself be differentiated (create_graph)")
        alias = self.aliases.get(id(value))
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
                found.append(self._saved(value))
            elif kind == SHAPE:
                found.append(node.shape if which < 0 else node.edges[which].shape)
            elif kind == PARAM:
                found.append(self.param((node.params or {}).get(which)))
            elif kind == NEEDS:
                found.append(tuple(edge is not None for edge in edges))
        return found

    def _saved(self, array: Any) -> Any:
        """The window of a value that backward uses; of results of an op with several, a tuple of them."""
        if type(array) in (tuple, list):
            return type(array)(self._saved(part) for part in array)
        if not isinstance(array, ndarray):
            return array
        found = self.memory.find(array) or self.saved_as.get(id(array))
        if found is not None:
            return found
        if not array.size:
            return self.constant(array)
        raise NotRecordable("backward uses a value that was not seen in forward")

    def _custom(self, node: Node, first: Any, edges: Any, results: Any) -> list[Any]:
        """The rule of an op of the library that computes its gradients in a way of its own."""
        saved = [self._saved(value) for value in node.saved]
        outputs = [self._result(value) for value in results]
        windows = [out[0].collapsed() if out else None for out in outputs]
        stands = [None if edge is None else (edge.shape, edge.dtype) for edge in edges]
        params = {name: self.param(value) for name, value in (node.params or {}).items()}
        shape = {"params": params, "edges": stands, "shape": node.shape, "dtype": node.dtype}
        self.emit("custom", [first, *saved], windows, node.op, shape, where=self.line_of(node))
        return [out[0] if out else None for out in outputs]

    def _deposit_part(self, edge: Node | None, index: Any, window: Window) -> None:
        """A gradient of a part of an operand: added there, to one array for all parts."""
        if edge is None:
            return
        held = self.grads.get(edge)
        if held is None or held not in self.totals:
            array = np.zeros(edge.shape, edge.dtype)
            made, _ = self.made(array)
            self.emit("zero" if held is None else "copy", [] if held is None else [held], [made])
            self.totals[made] = Total(array, self.instructions[-1])
            self.grads[edge] = held = made
        total = self.totals[held]
        part = self.memory.find(total.array[(*index, ...)])
        if part is None:  # no elements
            return
        if window.dtype != part.dtype:
            window = self.cast(window, np.empty(window.shape, part.dtype))
        if not total.take(part):
            self.emit("add", [part, window], [part])
            return
        self.emit("copy", [window], [part])
        if not total.missing:  # all of it was written: it need not be zero before
            self.instructions.remove(total.start)

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

    def _settle(self) -> None:
        """After a backward: where `.grad` lies in other memory than was noted (the engine copied), it is a copy."""
        for key, (tensor, window) in self.leaf_grads.items():
            if window is None or tensor._grad is None:
                continue
            found, new = self.memory.window(tensor._grad._array, "temporary")
            if new:
                self.emit("copy", [window], [found])
            self.leaf_grads[key] = (tensor, found)

    def clear(self, tensor: Tensor) -> None:
        """`tensor.grad = None`."""
        if id(tensor) not in self.leaf_grads:
            self.cleared_first.add(id(tensor))
        self.leaf_grads[id(tensor)] = (tensor, None)

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

    def clip(self, function: Any, args: Any, kwargs: Any) -> Any:
        """Gradients are made smaller in place, by clip_grad_norm_ or clip_grad_value_."""
        given, *rest = args or (kwargs["parameters"],)
        leaves = [given] if isinstance(given, Tensor) else list(given)
        options = {name: value for name, value in kwargs.items() if name != "parameters"}
        norm = function(leaves, *rest, **options)
        if self.failure is None:
            self.attempt(self._clipped, function, leaves, {"args": tuple(rest), "kwargs": options}, norm)
        return norm

    def _clipped(self, function: Any, leaves: list[Tensor], options: Any, norm: Any) -> None:
        windows = []
        for leaf in leaves:
            if leaf._grad is not None:
                known = self.leaf_grads.get(id(leaf))
                windows.append(known[1] if known and known[1] is not None else self.held_grad(leaf))
        outputs = []
        if isinstance(norm, Tensor):
            outputs = [self.made(norm._array)[0]]
            self.seen[id(norm)] = outputs[0]
            self.kept.append(norm)
        self.emit("clip", windows, outputs, function, options)

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
