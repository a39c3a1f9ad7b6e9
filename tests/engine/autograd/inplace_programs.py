"""Random programs of views and in-place changes, run line by line in PyTorch and gradbook.

After every line both must have raised, or hold the same values, shapes, strides, versions and autograd flags; at the
end the gradients of every leaf must agree. `Program(choose)` asks `choose(n)` for each decision, so that Hypothesis or
a plain generator can drive it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import gradbook
from tests.parity_tools import array_of, torch

SHAPES = [(), (3,), (4,), (1,), (2, 3), (3, 2), (1, 3), (3, 3), (4, 1), (2, 2, 3), (2, 1, 2), (0,), (2, 0)]


# The lines that a program is made of; `a`, `b`, `c` become names of tensors.
STEPS = {
    "view": """
a.view(-1); a.view(a.shape); a.reshape(-1); a.t(); a.transpose(0, -1); a.permute(1, 0); a[0]; a[-1]; a[1:];
a[:2]; a[::2]; a[..., 0]; a[..., 1:]; a[:, 0]; a[None]; a[...]; a[:]; a.unsqueeze(0); a.unsqueeze(-1);
a.squeeze(); a.squeeze(0); a.expand(2, *a.shape); a.expand(*a.shape); a.diagonal(); a.unbind(0)[0];
a.split(1)[-1]; a.chunk(2, -1)[0]; a.narrow(0, 0, 1); a.detach(); a.flatten(); a.unfold(0, 2, 2); a.data;
a.movedim(0, -1); a.select(-1, 0); a.as_strided(a.shape, a.stride()); a.view_as(a); a.unflatten(-1, (1, -1)); a.mT; a.T;
a.contiguous(); a.expand_as(b)
""",
    "value": """
a * b; a + b; a - 1.5; a * 2.0; a.exp(); a.sigmoid(); a.clone(); a.sum(0).contiguous(); a.sum();
a.mean(-1, keepdim=True).contiguous(); a * a; a / (b * b + 1); torch.cat([a, b]);
torch.stack([a, b]).contiguous(); torch.where(a > 0, a, b); a.tanh(); a[[0, -1]].contiguous(); a[a > 0];
a.max(); a.relu(); a.square(); a.cumsum(0).contiguous(); a.masked_fill(a > 0, 0.5).contiguous();
(a.detach() * b)
""",
    "change": """
a.mul_(b); a.add_(b); a.mul_(2.0); a.add_(1.0); a.sub_(b, alpha=2); a.div_(2.0); a.exp_(); a.sigmoid_();
a.tanh_(); a.zero_(); a.fill_(0.5); a.copy_(b); a[0] = b; a[1:] = 0.25; a[..., 0] = b; a[0] = 1.0;
a[1:] += 1.0; a[0] *= b; a[:] = b; a[...] = b; a *= b; a += b; a -= 0.5; a[a > 0] = 0.5; a[[0, -1]] = b;
a[[0]] += 1.0; a.clone().masked_fill_(a > 0, 0.5); a.pow_(2); a.relu_(); a.clamp_(-1, 1); a.neg_();
a.square_(); a.t_(); a.transpose_(0, -1); a.squeeze_(); a.unsqueeze_(0);
a.index_fill_(0, torch.tensor([0]), 0.3); a.mul_(a); a.addcmul_(b, c); a.lerp_(b, 0.3);
a.index_add_(0, torch.tensor([0]), b); a.data.mul_(2.0); a.detach().add_(1.0);
a.fill_(b.detach().sum().item()); a.sin_(); a.sqrt_(); a.clamp_(min=0); a.cumsum_(0);
a.index_put_((torch.tensor([0]),), b); a[0].mul_(b); a[1:].zero_(); a.view(-1)[0] = 2.0; a[..., None].add_(b);
a.unbind(0)[0].mul_(2.0); a.add_(a); a[0] = a[1]; a[0, ...] = b; a.floor_(); a.triu_(); a.copy_(a.flip(0));
a.reciprocal_()
""",
}
LINES = {kind: [line.strip() for line in text.replace("\n", " ").split(";")] for kind, text in STEPS.items()}


class Disagreement(AssertionError):
    """The two libraries parted ways; the message holds the program."""


class Program:
    """A program under way in both libraries."""

    def __init__(self, choose: Callable[[int], int]) -> None:
        self.choose = choose
        self.lines: list[str] = []
        self.names: list[str] = []
        self.leaves: list[str] = []
        self.theirs: dict[str, Any] = {"torch": torch}
        self.mine: dict[str, Any] = {"torch": gradbook}

    def run(self, length: int) -> bool:
        """Some leaves, then up to `length` lines, then backward. -> True if it came to its end without an error."""
        for _ in range(2 + self.choose(2)):
            self.leaf()
        for _ in range(length):
            if not self.step():
                return False
        return self.backward()

    def leaf(self) -> None:
        """A new tensor, which may require grad."""
        shape = SHAPES[self.choose(len(SHAPES) if self.choose(6) == 0 else len(SHAPES) - 2)]
        name = f"x{len(self.names)}"
        values = np.random.default_rng(len(self.names)).uniform(-1, 1, shape)
        requires = self.choose(2) == 1
        self.lines.append(f"{name} = torch.tensor(np.random.default_rng({len(self.names)}).uniform(-1, 1, {shape}))"
                          + (".requires_grad_()" if requires else ""))  # fmt: skip
        for lib, names in ((torch, self.theirs), (gradbook, self.mine)):
            names[name] = lib.tensor(values).requires_grad_(requires)
        self.names.append(name)
        self.leaves.append(name)

    def step(self) -> bool:
        """One line. -> False if both raised."""
        kind = ("view", "value", "change", "change")[self.choose(4)]
        source = LINES[kind][self.choose(len(LINES[kind]))]
        for letter in "abc":
            chosen = self.names[self.choose(len(self.names))]
            source = _named(source, letter, chosen)
        if kind != "change":
            name = f"x{len(self.names)}"
            source = f"{name} = {source}"
        if self.choose(6) == 0:
            source = f"with torch.no_grad(): {source}"
        self.lines.append(source)
        errors = self.execute(source)
        if errors:
            return False
        if kind != "change":
            self.names.append(name)
        self.compare_state()
        return True

    def execute(self, source: str) -> bool:
        """Run a line in both. -> True if both raised."""
        raised: list[Exception | None] = []
        for names in (self.theirs, self.mine):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    exec(source, names)
                raised.append(None)
            except Exception as error:
                raised.append(error)
        theirs, mine = raised
        if mine is None and "needed for gradient computation has been modified" in str(theirs):
            return True  # PyTorch kept an operand that our rule does not need
        if (theirs is None) != (mine is None) or (theirs is not None and not isinstance(mine, type(theirs))):
            self.fail(f"PyTorch: {theirs!r}\ngradbook: {mine!r}")
        return theirs is not None

    def compare_state(self) -> None:
        """Every tensor in both: flags, geometry and values."""
        for name in self.names:
            mine, theirs = self.mine[name], self.theirs[name]
            for fact, of in FACTS.items():
                found: list[Any] = []
                for tensor in (theirs, mine):
                    try:
                        found.append(of(tensor))
                    except RuntimeError as error:
                        found.append(error)
                a, b = found
                if isinstance(a, Exception) and isinstance(b, Exception):
                    continue
                if a != b:
                    self.fail(f"{name}: {fact} is {a!r} in PyTorch, {b!r} in gradbook")
            if not np.allclose(array_of(mine), array_of(theirs), rtol=1e-9, atol=1e-9, equal_nan=True):
                self.fail(f"{name} is\n{theirs}\nin PyTorch, in gradbook\n{mine}")

    def backward(self) -> bool:
        """Differentiate the sum of all that requires grad; compare the gradients of the leaves."""
        live = [n for n in self.names if _flag(self.theirs[n]) is True]
        if not live:
            return True
        terms = " + ".join(f"({n} * {n}.detach().cos()).sum()" for n in live)
        self.lines.append(f"({terms}).backward()")
        if self.execute(self.lines[-1]):
            return False
        for name in self.names:
            mine, theirs = self.mine[name], self.theirs[name]
            if _flag(theirs) is not True or not theirs.is_leaf:
                continue
            a, b = theirs.grad, mine.grad
            if a is None or b is None:
                if (a is None) != (b is None) and np.any(array_of(a if b is None else b)):
                    self.fail(f"{name}.grad is {a} in PyTorch, {b} in gradbook")
            elif not np.allclose(array_of(b), array_of(a), rtol=1e-7, atol=1e-9, equal_nan=True):
                self.fail(f"{name}.grad is\n{a}\nin PyTorch, in gradbook\n{b}")
        return True

    def fail(self, why: str) -> None:
        """Raise with the whole program."""
        raise Disagreement("\n" + "\n".join(self.lines) + f"\n{why}")


FACTS: dict[str, Callable[[Any], Any]] = {
    "requires_grad": lambda t: t.requires_grad,
    "is_leaf": lambda t: t.is_leaf,
    "shape": lambda t: tuple(t.shape),
    "version": lambda t: t._version,
    "strides": lambda t: [s for s, n in zip(t.stride(), t.shape, strict=True) if n > 1] if t.numel() else None,
    "is a view": lambda t: t._base is not None,
}


def _flag(tensor: Any) -> Any:
    try:
        _ = tensor.grad_fn
        return tensor.requires_grad
    except RuntimeError as error:
        return error


def _named(source: str, letter: str, name: str) -> str:
    """The source with the variable `letter` called `name`."""
    return re.sub(rf"(?<![\w.]){letter}(?!\w)", name, source)
