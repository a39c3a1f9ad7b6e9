"""Random programs of small operations in step with PyTorch, and a second look at each call that is known.

`Program(choose)` is the one of inplace_programs with other lines: those whose forwards and rules native kernels
compute, between changes of everything that a call may depend on.
"""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import gradbook
from gradbook.autograd.op import registry
from gradbook.backends import native
from gradbook.kernels import known
from tests.engine.autograd import inplace_programs
from tests.engine.autograd.inplace_programs import _named
from tests.parity_tools import array_of, torch

SHAPES = [(4, 4), (4, 4), (4, 4), (4,), (2, 4, 4), (1, 4), (1, 2, 4, 4), (3, 4)]
COMPUTE = """
a @ b; a @ a; torch.mm(a, b); torch.mm(a, b.t()); torch.bmm(a, b); torch.bmm(a[None], b[None])[0]; F.linear(a, b);
F.linear(a, a); F.linear(a, b, c); F.linear(a, b, b[0]); torch.matmul(a.t(), b); F.mse_loss(a, b); F.mse_loss(a, a);
F.mse_loss(a, b, reduction="none"); F.mse_loss(a, b, reduction="sum"); a.softmax(-1); a.softmax(0); a.t().softmax(-1);
F.log_softmax(a, -1); F.relu(a); F.relu(a).relu(); F.gelu(a); F.elu(a); F.elu(a, 0.5); F.softplus(a); torch.erf(a);
F.layer_norm(a, a.shape[-1:]); F.layer_norm(a, (4,), c, c); F.layer_norm(a, (4,), c, None, 1e-3);
F.rms_norm(a, (4,), c); F.rms_norm(a, (4,)); F.group_norm(a[None], 2);
F.batch_norm(torch.cat([a, b + 1]), None, None, c, None, True); F.cross_entropy(a[:, :4], torch.arange(len(a)) % 4);
F.cross_entropy(a[:, :4], torch.zeros(len(a)).long(), reduction="sum");
F.cross_entropy(a[:, :4], torch.arange(len(a)) % 3, ignore_index=1, label_smoothing=0.1);
F.cross_entropy(a[:, :], b.softmax(-1));
F.cross_entropy(a[:, :4], torch.arange(len(a)) % 4, c.detach(), reduction="none");
F.embedding(torch.tensor([0, 1, 1]), a); F.embedding(torch.tensor([2, 0, 1]), a, padding_idx=0);
F.scaled_dot_product_attention(a, b, b); F.scaled_dot_product_attention(a, a, a, is_causal=True);
F.scaled_dot_product_attention(a, b, c, scale=0.5); F.scaled_dot_product_attention(a, b, a, (b > 0) | (b <= 0));
F.conv1d(a[None], b[None]); F.conv1d(a[None], b[:, :, None], c); F.conv1d(a[None], b[:, :, None], padding=1);
F.conv2d(a[None, None], b[None, None, :2, :2]); F.conv2d(a[None, None], b[None, None, :3, :3], padding=1, stride=2);
F.conv2d(a[None, None], a[None, None]); F.max_pool2d(a[None], 2); F.avg_pool2d(a[None], 2); F.max_pool1d(a, 2, 1);
F.max_pool2d(a[None], 2, 1, ceil_mode=True); F.conv_transpose1d(a[None], b[:, :, None], c);
F.prelu(a, c.reshape(-1)[:1]); a.tanh(); a.sigmoid(); F.silu(a)
"""
GLANCE = """
a * b; a + c; a - 0.5; a.t(); a[:2]; a[1:]; a[0]; a[None]; a.reshape(-1, 4); a.expand(2, *a.shape); a.detach();
a.clone(); a.flip(0); a[:, ::2]; torch.cat([a, b]); a.double(); a.float(); a.unsqueeze(1); a.mean(0); a.contiguous();
a.T.contiguous(); a.repeat(2, 1)[::2]; torch.where(a > 0, a, b); a.sum(0, keepdim=True); a.data; a.squeeze(0);
a.half().float(); a.detach().requires_grad_(); a.clone().detach().requires_grad_();
[h := a.clone(), h.requires_grad and h.register_hook(lambda g: g * 3)][0]
"""
CHANGE = """
a.mul_(0.5); a.add_(b); a.copy_(b.clone()); a[0] = 1.0; a.relu_(); a.is_leaf and a.register_hook(lambda g: g * 2);
a.is_leaf and a.register_hook(lambda g: None); a.grad = None; a.grad.zero_(); a.t_(); a.retain_grad()
"""
ENDS = (
    "({}).backward()",
    "loss = {}; loss.backward(retain_graph=True); loss.backward()",
    "loss = {}; loss.backward(retain_graph=True); (loss * 2).backward()",
    "loss = {}; loss.backward(); loss.backward()",
    "loss = {}; loss.backward(inputs=[t for t in live if t.is_leaf][:1])",
    "found = [t for t in live if t.is_leaf]; loss = {}; "
    "grads = torch.autograd.grad(loss, found, create_graph=True, allow_unused=True); "
    "(sum((g * g).sum() for g in grads if g is not None and g.requires_grad) + loss * 0).backward()",
)


def lines(text: str) -> list[str]:
    """The lines of a table."""
    return [line.strip() for line in text.replace("\n", " ").split(";") if line.strip()]


KINDS = {"compute": lines(COMPUTE), "glance": lines(GLANCE), "change": lines(CHANGE)}


class Program(inplace_programs.Program):
    """A program under way in both libraries."""

    def __init__(self, choose: Callable[[int], int]) -> None:
        super().__init__(choose)
        self.theirs |= {"F": torch.nn.functional, "np": np}
        self.mine |= {"F": gradbook.nn.functional, "np": np}
        self.shapes = [SHAPES[choose(len(SHAPES))] for _ in range(2)]
        self.computed = [choose(len(KINDS["compute"])) for _ in range(4)]  # again and again: calls become known
        self.ended = 0

    def leaf(self) -> None:
        """A new tensor of float32, which mostly requires grad."""
        name, shape = f"x{len(self.lines)}", self.shapes[self.choose(2)]
        numbers = f"np.random.default_rng({self.choose(50)}).uniform(-1, 1, {shape}).astype('float32')"
        self.lines.append(f"{name} = torch.tensor({numbers}){'.requires_grad_()' if self.choose(3) else ''}")
        self.names.append(name)
        self.execute(self.lines[-1])

    def step(self) -> bool:
        """One line, whether or not both raise."""
        kind = ("compute", "compute", "compute", "glance", "change", "leaf", "forget", "end")[self.choose(8)]
        if kind == "leaf":
            self.leaf()
        elif kind == "forget" and len(self.names) > 2:
            name = self.names.pop(self.choose(len(self.names)))
            self.lines.append(f"del {name}")
            self.execute(self.lines[-1])
            gc.collect(0)
        elif kind == "end":
            self.backward()
        elif kind in KINDS:
            self.line(kind)
        return True

    def line(self, kind: str) -> None:
        """One line of a table."""
        table = KINDS[kind]
        source = table[self.computed[self.choose(4)] if kind == "compute" else self.choose(len(table))]
        for letter in "abc":
            late = max(self.choose(len(self.names)), self.choose(len(self.names)))
            source = _named(source, letter, self.names[late])
        name = f"x{len(self.lines)}"
        if kind != "change":
            source = f"{name} = {source}"
        if self.choose(12) == 0 and kind != "glance":
            source = f"with torch.no_grad(): {source}"
        self.lines.append(source)
        if not self.execute(source) and kind != "change":
            self.names.append(name)
            self.compare_state()

    def backward(self) -> bool:
        """Differentiate what requires grad in one of several ways; compare all gradients that there are."""
        for names in (self.theirs, self.mine):
            names["live"] = [t for t in (names[n] for n in self.names) if t.requires_grad]
        live = [n for n in self.names if self.theirs[n].requires_grad]
        if not live:
            return True
        terms = " + ".join(f"({n} * {n}.detach().sigmoid()).sum()" for n in live[-4:])
        self.lines.append(ENDS[self.choose(len(ENDS))].format(terms))
        failed = self.execute(self.lines[-1])
        for names in (self.theirs, self.mine):
            for word in ("live", "found", "grads", "loss"):
                names.pop(word, None)
        if failed:
            self.leave_leaves()
        self.compare_state()
        self.ended += not failed
        return True

    def leave_leaves(self) -> None:
        """After an error in backward: what it left undone need not be the same."""
        self.names = [name for name in self.names if self.theirs[name].is_leaf and self.mine[name].is_leaf]
        for name in self.names:
            self.theirs[name].grad = self.mine[name].grad = None
        self.lines.append("# what is no leaf is given up")
        self.leaf()

    def execute(self, source: str) -> bool:
        """Run a line in both. -> True if one raised. What only one of them refuses is the parity suite's matter."""
        raised = []
        for names in (self.theirs, self.mine):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    exec(source, names)
                raised.append("")
            except Exception as error:
                raised.append(f"{type(error).__name__}: {error}")
        theirs, mine = raised
        if mine and not theirs and "modified by an inplace" not in mine:
            self.fail(f"PyTorch: {theirs}\ngradbook: {mine}")
        return bool(theirs or mine)

    def compare_state(self) -> None:
        """Values and gradients of all tensors."""
        for name in self.names:
            mine, theirs = self.mine[name], self.theirs[name]
            if mine.requires_grad != theirs.requires_grad or mine.shape != tuple(theirs.shape):
                self.fail(f"{name}: {theirs!r} in PyTorch, in gradbook {mine!r}")
            if theirs.is_leaf or theirs.retains_grad:
                self.compare_values(f"{name}.grad", mine.grad, theirs.grad)
            self.compare_values(name, mine, theirs)

    def compare_values(self, name: str, mine: Any, theirs: Any) -> None:
        """Two tensors; a gradient that is not there may be zero in the other library."""
        if mine is None or theirs is None:
            there = theirs if mine is None else mine
            if there is not None and np.any(array_of(there)):
                self.fail(f"{name} is {theirs} in PyTorch, in gradbook {mine}")
            return
        a, b = array_of(mine), array_of(theirs)
        size = np.abs(b[np.isfinite(b)]).max(initial=1)
        if size > 1e3:  # second gradients of norms: what float32 has left of them
            return
        if a.dtype != b.dtype or not np.allclose(a, b, rtol=2e-4, atol=2e-4 * size, equal_nan=True):
            self.fail(f"{name} is\n{theirs}\nin PyTorch, in gradbook\n{mine}")


# -- a second look -----------------------------------------------------------------------------------------------------


class Seen:
    """How many calls were looked at a second time, and how many of them were known."""

    calls = known = 0


@contextmanager
def looked_at_twice() -> Iterator[Seen]:
    """Meanwhile each call that may be known is computed by Python, too, and must give the same bits and do the same."""
    seen = Seen()
    functions = {id(each.function): each for each in known._all}

    def twice(fast: Any) -> Any:
        each = functions.get(id(fast))
        return fast if each is None else lambda *args, **params: compared(seen, each, args, params)

    before = []
    for name in sorted({*native.SMALL, *native.PRODUCTS}):
        op, _, part = name.partition(".")
        if op in registry:
            registry[op].replace(part, lambda fast: before.append(fast) or twice(fast))
    try:
        yield seen
    finally:
        for name in sorted({*native.SMALL, *native.PRODUCTS}):
            op, _, part = name.partition(".")
            if op in registry:
                registry[op].replace(part, lambda _: before.pop(0))


def compared(seen: Seen, each: Any, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """What a call gives, after Python gave the same. Raises AssertionError if it did not."""
    arrays = [value for value in (*args, *params.values()) if type(value) is np.ndarray]
    before, calls = [array.copy() for array in arrays], each.calls
    fast = each.function(*args, **params)
    seen.calls += 1
    if each.calls != calls:
        return fast
    seen.known += 1
    for array, old in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, old)  # what was given is as it was
    slow = each.plain(*args, **params)
    assert type(fast) is type(slow)
    pairs = zip(fast, slow, strict=True) if type(fast) is tuple else [(fast, slow)]
    for a, b in pairs:
        assert type(a) is type(b)
        if a is not None:
            assert a.shape == b.shape
            assert a.dtype is b.dtype
            assert a.flags.c_contiguous
            assert not any(np.shares_memory(a, array) for array in arrays)
            np.testing.assert_array_equal(a, b)
    return fast
