"""Random training steps full of what only Python can do, as source text: see program()."""

from __future__ import annotations

import random

__all__ = ["broken_program"]

FORWARD = [
    "h = torch.tanh(h)", "h = F.relu(h) + 0.1 * h", "h = h + self.buf", "h = h * 0.9 + 0.1", "h = F.softmax(h, 1)",
    "h = self.drop(h)", "h = h - h.mean(0)", "h, low = h.abs(), h.amin()", "h = h + scale",
    # breaks
    "log.append(h.detach().mean().item())",
    "print('h', tuple(h.shape), k)",
    "if h.mean().item() > 0.2:\n    h = h * 0.5\nelse:\n    h = h + 0.3",
    "if h.sum() > 0: h = -h",
    "h = h.sin() if h.norm() > 2 else h.cos()",
    "for i in range(3):\n    if h.abs().max() < 1.5 - 0.3 * i: break\n    h = h * 0.7",
    "while h.abs().max().item() > 1: h = h * 0.5",
    "for part in h.split(2):\n    if part.mean() < 0: continue\n    log.append(part.sum().item())",
    "self.count += 1",
    "self.seen[k % 3] = float(h.detach().abs().mean())",
    "with torch.no_grad():\n    self.buf.mul_(0.9).add_(h.mean() * 0.1)\n    log.append(self.buf.item())",
    "self.buf.add_(0.01)",
    "noise = torch.randn(h.shape) * 0.1\nh = h + noise",
    "h = h + random.random() * 0.1",
    "h = h + (k % 4) * 0.05",
    "h = h * (1 + torch.rand_like(h) * 0.1)",
    "weight = float(np.abs(h.detach().numpy()).mean())\nlog.append(weight)",
    "h = h + torch.from_numpy(np.full(h.shape, 0.1, np.float32)).to(h.dtype)",
    "some = h[h.sum(1) > 0]\nlog.append(len(some))",
    "index = torch.nonzero(h[:, 0] > 0).flatten()\nif len(index): h = h + h[index].mean() * 0.1",
    "h = look(self, h)", "h = twice(h, lambda v: v * 0.8)", "note(self, 'h', h)",
    "big, small = [float(v) for v in (h.max(), h.min())]\nif big - small > 1: log.append(big)",
    "assert torch.isfinite(h).all(), 'not finite'",
    "if torch.isnan(h).any(): raise ValueError('nan')",
    "try:\n    log.append(1 / (k % 5))\nexcept ZeroDivisionError:\n    self.count += 10",
    "values = {'a': h.detach().sum().item()}\nvalues['b'] = k\nlog.extend(values.values())",
    "self.last = h.detach().clone()", "h = h + self.last.mean()" , "kept.append(h.detach())",
    "top = h.detach().max(1).indices.tolist()\nlog += top",
    "n = int(h.detach().abs().sum().item()) % 3 + 1\nh = h[:, :1].repeat(1, h.shape[1]) * 0.1 * n + h",
    "h = torch.where(h > 0, h, h * 0.1)\nif k > 6: print('late')",
    "log.append(f'{k:03d}')",
    "gate = h.detach().mean() > 0\nh = h * (2 if gate else 3)",
    "h.mul_(0.5) if k < 0 else None",
    "z = h * 2\nz.add_(0.5)\nlog.append(z.detach().sum().item())\nz.mul_(0.5)\nh = z",
    "if k == 7: self.first.weight.data.mul_(0.5)",
    "if k == 8: self.eval()",
    "if k == 10: self.train()",
    "if k == 9: self.mode = 'other'",
    "if self.mode == 'other': h = h * 1.5",
    "if self.count % 7 == 3: h = h + 1",
]  # fmt: skip
LOSSES = [
    "loss = F.cross_entropy(h, y)",
    "loss = h.square().mean()",
    "loss = F.nll_loss(F.log_softmax(h, 1), y)",
    "loss = F.cross_entropy(h, y, reduction='none')\nlog.append(loss.max().item())\nloss = loss.mean()",
    "losses = [F.cross_entropy(a, b) for a, b in zip(h.split(3), y.split(3))]\nloss = sum(losses) / len(losses)",
    "loss = F.cross_entropy(h, y) * (1 + (k % 3))",
]
BEFORE = [
    "if loss.item() > 3: loss = loss * 0.5",
    "if not math.isfinite(loss.item()): return None",
    "if loss.item() < 0.02: return 'small', k",
    "log.append(loss.item())", "print(f'{k}')", "self.total += loss.item()",
    "self.best = min(self.best, loss.item())", "pass",
    "extra = (self.first.weight ** 2).sum()\nif extra > 3: loss = loss + 0.01 * extra",
]  # fmt: skip
BACKWARD = [
    "loss.backward()",
    "loss.backward(retain_graph=True)\nlog.append(self.first.weight.grad.sum().item())\n(loss * 0.5).backward()",
    "if k % 4 != 3: loss.backward()\nelse: (loss * 2).backward()",
    "loss.backward()\nother = self(x * 0.5, k, log, print).square().mean()\nlog.append(other.item())\nother.backward()",
    "(loss / 2).backward()",
]
AFTER = [
    "norm = nn.utils.clip_grad_norm_(params, 0.5)\nif norm > 0.5: log.append('clipped')",
    "total = math.sqrt(sum(p.grad.square().sum().item() for p in params if p.grad is not None))\nlog.append(total)",
    "for p in params:\n    if p.grad is not None and p.grad.norm() > 0.4: p.grad.mul_(0.5)",
    "grads = [p.grad.clone() for p in params if p.grad is not None]",
    "if k == 11: opt.param_groups[0]['lr'] *= 0.5",
    "log.append([p.grad is None for p in params])",
    "if any(torch.isnan(p.grad).any() for p in params if p.grad is not None): return 'nan'",
    "self.first.weight.grad[0] = 0", "pass", "print('grads')",
]  # fmt: skip
STEP = [
    "opt.step()",
    "if loss.item() < 20: opt.step()",
    "if k % 3: opt.step()",
    "opt.step()\nlog.append(self.first.weight.detach().sum().item())",
    "opt.step()\nopt.zero_grad()\nself(x, k, log, print).mean().backward()\nopt.step()",
]
LATER = [
    "if loss.item() < self.best - 1e-3:\n    self.best = loss.item()\n    kept.append(params[0].detach().clone())",
    "with torch.no_grad():\n    params[0].clamp_(-2, 2)\n    log.append(self(x, k, log, print).argmax(1).tolist())",
    "for g in opt.param_groups: g['lr'] = 0.05 / (1 + k // 5)",
    "self.count += 1", "log.append(k)", "pass", "nonlocal_step()",
    "if self.count > 5: self.mode = 'done'",
]  # fmt: skip
ENDS = [
    "return loss", "return loss.item()", "return loss.detach(), h.detach(), k",
    "return {'loss': loss.item(), 'k': [k]}",
    "return float(loss), self.count", "return None", "return h.detach().argmax(1).tolist(), loss",
    "return (loss.item() if k % 2 else loss.detach())",
]  # fmt: skip
MODULES = ["nn.Linear({0}, {1})", "nn.Sequential(nn.Linear({0}, {1}), nn.BatchNorm1d({1}))",
           "nn.Sequential(nn.Linear({0}, {1}), nn.Dropout(0.1), nn.Tanh())"]  # fmt: skip
OPTIMIZERS = ["SGD(params, lr=0.05)", "SGD(params, lr=0.05, momentum=0.9)", "Adam(params, lr=0.01)", "AdamW(params)"]
ZERO = ["opt.zero_grad()", "self.zero_grad()", "for p in params: p.grad = None", "opt.zero_grad(set_to_none=False)"]

TEXT = """
import math
import random

import numpy as np


def build(torch):
    nn, F, optim = torch.nn, torch.nn.functional, torch.optim

    def look(self, h):
        if h.mean() > 0.1:
            self.count += 1
            return h * 0.9
        return h

    def twice(h, f):
        h = f(h)
        if h.max() > 2:
            return h / 2
        return f(h)

    def note(self, name, value):
        self.log.append((name, value.detach().mean().item()))

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
{layers}
            self.drop = nn.Dropout(0.1)
            self.scale = nn.Parameter(torch.full((1,), 0.1))
            self.register_buffer('buf', torch.zeros(()))
            self.count, self.total, self.best, self.mode = 0, 0.0, math.inf, 'plain'
            self.seen, self.log, self.kept = {{}}, [], []
            self.last = torch.zeros(2)

        def forward(self, x, k, log, print):
            scale, kept = self.scale, self.kept
            h = x
{body}
            return h

    self = Model()
    log, kept = self.log, self.kept
    params = list(self.parameters())
    opt = optim.{optimizer}
    inner = 0

    def print(*values):
        log.append(' '.join(map(str, values)))

    def nonlocal_step():
        nonlocal inner
        inner += 1
        self.count += inner

    def step(x, y, k):
{step}

    return self, opt, step
"""


def indented(lines: list[str], depth: int) -> str:
    return "\n".join(" " * depth + line for text in lines for line in text.splitlines())


def broken_program(seed: int) -> tuple[str, int, int]:
    """(source of a function build(torch) -> (model, optimizer, step), features of x, classes)."""
    draw = random.Random(seed)
    width = features = draw.choice([2, 3, 8])
    layers, body = [], []
    for i in range(draw.randint(1, 2)):
        wider = draw.choice([2, 5, 9])
        name = "first" if i == 0 else f"layer{i}"
        layers.append(f"self.{name} = {draw.choice(MODULES if i else MODULES[:1]).format(width, wider)}")
        body.append(f"h = self.{name}(h)")
        body += [draw.choice(FORWARD) for _ in range(draw.randint(0, 3))]
        width = wider
    step = [draw.choice(ZERO), "h = self(x, k, log, print)", draw.choice(LOSSES)]
    for part, most in [(BEFORE, 2), (BACKWARD, 0), (AFTER, 2), (STEP, 0), (LATER, 2)]:
        step += [draw.choice(part) for _ in range(draw.randint(0, most) if most else 1)]
    step.append(draw.choice(ENDS))
    text = TEXT.format(
        layers=indented(layers, 12), body=indented(body, 12), optimizer=draw.choice(OPTIMIZERS), step=indented(step, 8)
    )
    return text, features, width
