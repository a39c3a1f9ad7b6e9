"""What one call computed, as a list of instructions on memory: forward, backward, the optimizer's step.

A Recorder listens to the engine while the call runs as it always does. It sees every op with its arrays, every
gradient rule, every change in place, and what an optimizer did; it repeats in its own list what the backward walk does
in between (broadcasting undone, gradients added). What it cannot place it names: such a call is not compiled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradbook.autograd import grad_mode, versions
from gradbook.autograd.node import Node
from gradbook.autograd.op import Op
from gradbook.compiler.backward import Backward
from gradbook.compiler.breaks import Break
from gradbook.compiler.coalesce import windows_in
from gradbook.compiler.dropping import EVERY, drop_dead
from gradbook.compiler.forward import Forward
from gradbook.compiler.guards import kind_of
from gradbook.compiler.instruction import Instruction, NotRecordable
from gradbook.compiler.memory import Window
from gradbook.compiler.taps import Taps
from gradbook.compiler.wording import Wording
from gradbook.nn.modules.batchnorm import _BatchNorm
from gradbook.tensor import Tensor

__all__ = ["Recorder"]

ndarray = np.ndarray


class Recorder(Forward, Backward):
    """Listens to one call. After it, `instructions` and `memory` say what was computed, `failure` why it cannot be."""

    takes_whole_layers = True  # a recurrent layer may be one op

    def __init__(self, inputs: Sequence[Tensor] = ()) -> None:
        super().__init__(inputs)
        self.began = next(versions.sequence)
        self.stepping: Any = None  # the optimizer whose step runs: what it does inside is its own
        self._reading = False
        self.taps = Taps()
        self.spot: Any = lambda: None  # (file, call) being made
        self.asides: list[tuple[int, int]] = []  # when that was: first and last creation index
        self.blame: Any = lambda reason: False  # asks for the statement that runs to be left to Python
        self.blame_call: Any = lambda reason: False
        self.handed: set[int] = set()  # blocks of which Python was given copies

    def on_op(self, op: Op, operands: Any, params: Any, out: Any, node: Any, where: Any) -> None:
        """An op ran."""
        if self.listens():
            self.attempt(self._op, op, operands, params, out, node, where)
            self.drop()

    def on_rule(self, node: Node, grad: Any, edges: Any, results: Any) -> None:
        """A gradient rule ran."""
        if self.failure is None and not self.aside:
            self.attempt(self._rule, node, grad, edges, results)
            self.drop()

    def drop(self) -> None:
        """Now and then, drop what nobody can read any more."""
        if self.memory.fresh > EVERY:
            self.memory.fresh = 0
            drop_dead(self)

    def on_grad(self, node: Node, grad: Any) -> None:
        """A gradient reached a node: it is the sum that was noted for it."""
        if self.failure is None and not self.aside:
            self.attempt(self._reached, node, grad)

    def on_write(self, target: Tensor, value: Tensor | None) -> None:
        """A tensor's memory was changed in place."""
        if self.aside:
            self.attempt(self._written_aside, target)
        elif self.listens():
            self.attempt(self._write, target, value)

    def on_zero_grad(self, owner: Any) -> None:
        """Gradients were cleared."""
        if self.aside:
            self.fail("gradients are cleared by what is left to Python")
        elif self.failure is None:
            self.attempt(self._cleared, owner)
            self.taps.note("zero_grad", owner)

    def on_step(self, phase: str, optimizer: Any) -> None:
        """An optimizer changed its parameters."""
        if self.aside:
            return
        if phase == "start":
            self.stepping = optimizer
        else:
            self.stepping = None
            if self.failure is None:
                self.attempt(self._stepped, optimizer)
                self.taps.note("step", optimizer)

    def on_backward(self, phase: str, root: Any, inputs: Any) -> None:
        """A backward walk begins or ends."""
        if self.aside:
            self.fail("gradients are computed by what is left to Python")
        elif self.failure is None and phase == "end":
            self.grads.clear()
            self.roots.add(id(root))
            self.kept.append(root)
            self.attempt(self._settle)
            window = self.memory.find(root._array)
            if window is not None and inputs is None:
                self.taps.note("backward", window, self.spot())

    def on_made(self, tensor: Tensor) -> None:
        """A tensor was made of numbers: the same ones in each call, if none of them is random."""
        if self.listens():
            self.attempt(self._new, tensor)

    def on_found(self, function: Any, arrays: Any, params: Any, result: Any) -> None:
        """Indices were computed by a function of arrays."""
        if self.listens():
            self.attempt(self._found, function, arrays, params, result)

    def on_draw(self, generator: Any) -> None:
        """Random numbers are drawn; the op that draws them is told of next."""
        if not self.aside:
            self.draws += 1

    def on_read(self, tensor: Tensor) -> None:
        """Python sees values: what it does with them cannot be repeated without it."""
        reason = "Python reads the values of a tensor"
        if self.listens() and not self._reading and not self.blame(reason):
            self.fail(reason)

    def listens(self) -> bool:
        """True while what happens is to be noted."""
        return self.failure is None and self.stepping is None and not self.aside

    def on_module(self, phase: str, module: Any, value: Any) -> None:
        """A module was called: one that counts its batches counts them in a repetition too."""
        if phase != "enter" or self.failure is not None or self.aside or not isinstance(module, _BatchNorm):
            return
        count = module.num_batches_tracked
        if module.training and module.track_running_stats and count is not None:
            if module.momentum is None:
                self.fail("batch norm with momentum=None depends on how often it was called")
            self.attempt(lambda: self.emit("count", [], [self.read(count._array, count)]))

    def allow_reading(self, on: bool) -> None:
        """Values are read only to be returned."""
        self._reading = on

    def is_spent(self, tensor: Tensor) -> bool:
        """True if a backward of the call has used up the graph of a tensor."""
        return id(tensor) in self.roots or (tensor._node is not None and tensor._node.saved is None)

    def wording(self, wording: Wording) -> None:
        """The tensors from outside still hold the arrays that were seen, and the optimizers their parameters."""
        wording.names["kind_of"] = kind_of
        self.same_outside(wording)
        held = {id(leaf) for leaf, _ in self.held_grads}
        for tensor, window in self.leaf_grads.values():
            if id(tensor) not in self.cleared_first | self.input_ids.keys() | held and window is not None:
                wording.test(f"{wording.name(tensor)}._grad is None")
        for tensor, _ in self.held_grads:
            wording.test(f"kind_of({wording.name(tensor)}._grad) == {wording.name(kind_of(tensor._grad))}")
        for optimizer in {id(o): o for o in self.optimizers}.values():
            groups = wording.name(optimizer.param_groups)
            wording.test(f"len({groups}) == {len(optimizer.param_groups)}")
            for i, group in enumerate(optimizer.param_groups):
                wording.test(f"len({groups}[{i}]['params']) == {len(group['params'])}")

    def same_outside(self, wording: Wording) -> None:
        """The tensors from outside still hold the arrays that were seen."""
        for tensor, array in self.outside.values():
            if id(tensor) not in self.input_ids:
                name, history = wording.name(tensor), "is" if tensor._node is None else "is not"
                places = (tensor, "_array", array), (tensor, "_node", tensor._node)
                wording.test(f"{name}._array is {wording.name(array)} and {name}._node {history} None", *places)

    def finish(self) -> None:
        """The call is over: nothing may have happened that was not noted."""
        if self.draws:
            self.fail("random numbers are drawn outside of dropout")
        self.attempt(self._constants_changed)
        changed = {window.block.number for each in self.instructions for window in each.changes()}
        for reference, stamp, _ in list(versions._stamps.values()):
            array = reference()
            if stamp <= self.began or type(array) is not ndarray:
                continue
            window = self.memory.find(array) if array.size else None
            if any(start <= stamp <= end for start, end in self.asides):
                continue  # so it will be again
            if window is None and id(array) not in self.before:
                continue  # made and gone in the call
            if window is None or window.block.number not in changed:
                self.fail("a tensor is changed in place by other means than an op")

    def _constants_changed(self) -> None:
        """Tensors that were made of numbers and then changed in place are made anew in each call."""
        found = {w.block.number: w.block for each in self.instructions for w in windows_in(each.outputs)}
        for number, block in found.items():
            if block.kind != "constant" or not block.size:
                continue
            window, original = self.originals.get(number, (None, None))
            if window is None or not window.covers_block():
                raise NotRecordable("a constant is changed in place")
            block.kind = "temporary"
            self.instructions.insert(0, Instruction("copy", [self.constant(original)], [window]))

    # -- what is left to Python --------------------------------------------------------------------------------------

    def left(self, made: Break, call: Any) -> Any:
        """Python does something of its own, now and whenever the plan comes there."""
        made.grads, made.told = dict(self.leaf_grads), len(self.taps.told)
        made.grad_mode = grad_mode.state.enabled
        self.handed |= {window.block.number for window in made.windows}
        self.emit("left", made.windows, [], made)
        start, self.aside = next(versions.sequence), True
        try:
            return call()
        finally:
            self.aside = False
            self.asides.append((start, next(versions.sequence)))

    def late(self, tensor: Tensor) -> tuple[Window, Any] | None:
        """(window, kind) of a tensor that Python made, and the plan reads. None: its memory is not its own."""
        if type(tensor._array) is not ndarray or self.is_outside(tensor) or self.memory.find(tensor._array) is not None:
            return None
        try:
            window = self.memory.declare(tensor._array, "late", tensor)
        except ValueError:
            return None
        self.seen[id(tensor)] = window
        self.kept.append(tensor)
        return window, kind_of(tensor)

    def described(self, tensor: Tensor, windows: list[Any]) -> Any:
        """A tensor as what each run hands to Python: ("in", i), ("same", it) or ("out", i of windows, node)."""
        if id(tensor) in self.input_ids:
            return ("in", self.input_ids[id(tensor)])
        if self.is_outside(tensor):
            return ("same", tensor)
        found: list[Any] = []
        self.attempt(lambda: found.append(self.read(tensor._array)))
        if not found:
            return ("same", None)
        windows.append(found[0])
        return ("out", len(windows) - 1, tensor._node)

    def _written_aside(self, target: Tensor) -> None:
        window = self.memory.find(target._array)
        grads = {held.block for _, held in self.leaf_grads.values() if held is not None}
        if window is not None and window.block.kind in ("temporary", "constant") and window.block not in grads:
            raise NotRecordable("what is left to Python changes a tensor of the call in place")

    def settle(self) -> None:
        """The call was looked at: what may change before a plan is made of it is copied, what is not needed let go."""
        self.memory.copy_constants()
        drop_dead(self)
        self.before, self.seen, self.saved_as, self.aliases, self.totals = {}, {}, {}, {}, {}
        self.empty, self.originals = {}, {}

    def release(self) -> None:
        """Let go of the call's tensors, once a plan is made of it."""
        self.kept, self.instructions = [], []
        self.memory.release()
