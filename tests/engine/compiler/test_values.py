"""What depends on the values of tensors, in whatever way, is never taken for a constant of a plan."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import nn, tensor
from gradbook.nn import functional as F
from gradbook.tensor import Tensor

BATCHES = [
    [-1.0, -2.0, -1.0, -3.0], [-1.0, -2.0, -1.0, -3.0], [-1.0, -2.0, -1.0, -3.0], [3.0, 1.0, 2.0, 4.0],
    [1.0, -1.0, 2.0, 0.0], [3.0, 1.0, 2.0, 4.0], [1.0, 1.0, 1.0, 1.0], [-1.0, -2.0, -1.0, -3.0],
    [0.0, 0.0, 0.0, 0.0], [2.0, 5.0, -1.0, 3.0],
]  # fmt: skip
ORDERS = [BATCHES, BATCHES[3:] + BATCHES[:3], BATCHES[8:9] * 4 + BATCHES, BATCHES[9:] * 4 + BATCHES]


def whole(x: Tensor) -> Tensor:
    return (x.abs().long() % 4)[0]


def first(x: Tensor) -> Tensor:
    return x[0]


def packed(x: Tensor) -> Any:
    return nn.utils.rnn.pack_padded_sequence(x.reshape(1, 4, 1), [int(x.abs().max()) % 4 + 1], batch_first=True)


def aligned(x: Tensor, length: Tensor) -> Tensor:
    return F.ctc_loss(x, tensor([[1]]), tensor([int(length) % 3 + 2]), tensor([1]))


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "equal": lambda x: x * 2 if gradbook.equal(x, x.abs()) else x,
    "allclose": lambda x: x * 2 if gradbook.allclose(x, x.abs()) else x,
    "is_nonzero": lambda x: x * 2 if gradbook.is_nonzero((x > 0).all()) else x,
    "any": lambda x: x * 2 if (x > 1).any() else x,
    "tolist": lambda x: x * len([v for v in x.tolist() if v > 0]),
    "item": lambda x: x * x[0].item(),
    "float": lambda x: x * float(x[1]),
    "int": lambda x: x * int(x[1]),
    "bool": lambda x: x * bool(x[1] > 0),
    "numpy": lambda x: x * float(x.numpy().sum()),
    "array": lambda x: x * float(np.asarray(x).sum()),
    "in": lambda x: x * 2 if 3.0 in x else x,
    "iter": lambda x: sum(v * 2 if v > 0 else v for v in x),
    "lennz": lambda x: x * len(gradbook.nonzero(x > 0)),
    "nzsize": lambda x: x * gradbook.nonzero(x > 0).shape[0],
    "nzt": lambda x: x * len(gradbook.nonzero(x > 0, as_tuple=True)[0]),
    "where1": lambda x: x * len(gradbook.where(x > 0)[0]),
    "mask": lambda x: x[x > 0].sum(),
    "masklen": lambda x: x * len(x[x > 0]),
    "masknumel": lambda x: x * x[x > 0].numel(),
    "msel": lambda x: x * gradbook.masked_select(x, x > 0).numel(),
    "uniq": lambda x: x * len(gradbook.unique(x.round())),
    "uniqc": lambda x: x * gradbook.unique(x.round(), return_counts=True)[1].shape[0],
    "bincount": lambda x: x * len(gradbook.bincount(x.abs().long())),
    "ri": lambda x: gradbook.repeat_interleave(x, x.abs().long()).sum(),
    "onehot": lambda x: F.one_hot(x.abs().long()).sum(0).float().sum() + x.sum(),
    "onehotw": lambda x: x * F.one_hot(x.abs().long()).shape[1],
    "arange": lambda x: x * gradbook.arange(int(x.abs().max())).float().sum(),
    "zeros": lambda x: x * gradbook.zeros(int(x.abs().sum())).numel(),
    "slice": lambda x: x[: int(x.abs().max())].sum(),
    "slicet": lambda x: x[: x.abs().max().long()].sum(),
    "idxt": lambda x: x * x[(x.abs().long() % 3)[0]],
    "split": lambda x: x * gradbook.split(x, [int(x.abs()[0]) % 4, 4 - int(x.abs()[0]) % 4])[0].sum(),
    "range": lambda x: x * sum(1 for _ in range(x.abs().max().long())),
    "pct": lambda x: x * float(f"{x[0]:.0f}"),
    "fmt": lambda x: x * float(f"{x[0]:.1f}"),
    "fstr": lambda x: x * len(f"{x}"),
    "str": lambda x: x * len(str(x)),
    "chain": lambda x: x * 2 if 0 < x[0] < 2 else x,
    "and": lambda x: x * 2 if x[0] > 0 and x[1] > 0 else x,
    "not": lambda x: x * 2 if not x[0] > 0 else x,
    "max": lambda x: x * max(x[0], x[1]),
    "maxl": lambda x: x * max([x[0], x[1]]),
    "maxv": lambda x: x * max(x),
    "minf": lambda x: x * min(x[0].item(), 1.0),
    "sorted": lambda x: sorted(list(x))[0] * x,
    "sum": lambda x: x * sum(list(x)),
    "round": lambda x: x * round(x[0].item()),
    "roundt": lambda x: x * round(x[0]),
    "abs": lambda x: x * abs(x),
    "pow": lambda x: pow(x.abs(), 2),
    "divmod": lambda x: divmod(x.abs(), 2)[1] * x,
    "sqrt": lambda x: x * math.sqrt(abs(x[0])),
    "inl": lambda x: x * 2 if x[0] in [3.0, 2.0] else x,
    "dictk": lambda x: x * {3.0: 5, 1.0: 2}.get(x[0].item(), 9),
    "listidx": lambda x: x * [1, 2, 3, 4, 5, 6, 7][x.abs().max().long()],
    "tens": lambda x: x * tensor([x[0].item(), 2.0]),
    "tenst": lambda x: tensor([x[0], x[1]]).repeat(2) * x,
    "stack": lambda x: gradbook.stack([x[0], x[1]]).repeat(2) * x,
    "fullt": lambda x: gradbook.full((4,), x[0].item()) * x,
    "full2": lambda x: gradbook.full((4,), x[0]) * x,
    "linsp": lambda x: gradbook.linspace(0, float(x[0]), 4) * x,
    "sortw": lambda x: x * gradbook.sort(x)[1].float(),
    "topk": lambda x: x * gradbook.topk(x, 2)[0].sum(),
    "argmax": lambda x: x * x.argmax(),
    "kth": lambda x: x * gradbook.kthvalue(x, 2)[0],
    "searchsorted": lambda x: x * gradbook.searchsorted(tensor([0.0, 1.0, 2.0]), x).float(),
    "bucket": lambda x: x * gradbook.bucketize(x, tensor([0.0, 1.0, 2.0])).float(),
    "histc": lambda x: x * gradbook.histc(x, 4, -5, 5),
    "hist0": lambda x: x * gradbook.histc(x, 4),
    "mode": lambda x: x * gradbook.mode(x.round())[0],
    "median": lambda x: x * x.median(),
    "quantile": lambda x: x * gradbook.quantile(x, 0.3),
    "while": lambda x: functools.reduce(lambda a, _: a * 0.5 if a.abs().max() > 1 else a, range(5), x),
    "tri": lambda x: x * gradbook.count_nonzero(x > 0),
    "numel": lambda x: x * x.nonzero().numel(),
    "cumnz": lambda x: x * (x > 0).sum().item(),
    "scatter": lambda x: gradbook.zeros(8).scatter_add(0, x.abs().long(), x),
    "index_put": lambda x: gradbook.zeros(8).index_put((x.abs().long(),), x),
    "embed": lambda x: F.embedding(x.abs().long(), gradbook.arange(16.0).reshape(8, 2)).sum() * x,
    "take": lambda x: gradbook.take(gradbook.arange(8.0), x.abs().long()) * x,
    "gather": lambda x: gradbook.gather(gradbook.arange(8.0), 0, x.abs().long()) * x,
    "isin": lambda x: x * gradbook.isin(x, tensor([3.0, 1.0])).float(),
    "clampt": lambda x: x.clamp(max=x[0].item()),
    "clampt2": lambda x: x.clamp(max=x[0]),
    "roll": lambda x: x * gradbook.roll(x, int(x[0])),
    "expand": lambda x: x.sum().expand(int(x.abs().max()) + 1).sum(),
    "pad": lambda x: F.pad(x, (0, int(x.abs().max()))).shape[0] * x,
    "dim": lambda x: x * x.nonzero().dim(),
    "hash": lambda x: x * (hash(x[0].item()) % 7),
    "trace": lambda x: x * len(x.nonzero().tolist()),
    "argwhere": lambda x: x * len(gradbook.argwhere(x > 0)),
    "isnan": lambda x: x * 2 if gradbook.isnan(x).any() else x,
    "unb": lambda x: [v * 2 if v > 0 else v for v in x.unbind()][-1] * x,
    "maxd": lambda x: x * 2 if x.max(0).values > 2 else x,
    "alltens": lambda x: x * 2 if all(v > 0 for v in x) else x,
    "anyt": lambda x: x * 2 if any(x > 2) else x,
    "filt": lambda x: x * len([v for v in x if v > 0]),
    "filter": lambda x: x * len(list(filter(lambda v: v > 0, x.tolist()))),
    "combos": lambda x: x * gradbook.combinations(x).sum(),
    "pack": lambda x: packed(x).data.sum() * x,
    "asnp": lambda x: x * gradbook.from_numpy(x.numpy()),
    "numpyt": lambda x: x * gradbook.from_numpy(np.abs(x.numpy())),
    "dlp": lambda x: x * tensor(np.array(x)),
    "trilidx": lambda x: x * gradbook.tril_indices(int(x.abs().max()) + 1, 3).shape[1],
    "setitem": lambda x: (lambda y: (y.__setitem__(x > 0, 0.0), y)[1])(x.clone()),
    "fill": lambda x: gradbook.zeros(4).fill_(x[0]) * x,
    "fill2": lambda x: gradbook.zeros(4).fill_(x[0].item()) * x,
    "addv": lambda x: x.add(1, alpha=x[0].item()),
    "lerp": lambda x: gradbook.lerp(x, x * 2, x[0].item()),
    "mulp": lambda x: x.clone().mul_(x[0].item()),
    "empty": lambda x: x.sum() + x[x > 100].sum(),
    "emptymean": lambda x: x * (x[x > 2].mean() if x[x > 2].numel() else 7),
    "emptycat": lambda x: gradbook.cat([x, x[x > 2]]).sum(),
    "nzidx": lambda x: x + x[gradbook.nonzero(x > 0).flatten()].sum(),
    "maxe": lambda x: x[x > 0].shape[0] * x,
    "idxt by a tensor": lambda x: x * x[whole(x)],
    "idxtup": lambda x: x * x.reshape(2, 2)[whole(x) % 2, 0],
    "setidx": lambda x: (lambda y: (y.__setitem__(whole(x), 9.0), y)[1])(x.clone()),
    "narrow": lambda x: x * x.narrow(0, whole(x), 1),
    "select": lambda x: x * x.select(0, whole(x)),
    "fselect": lambda x: x * gradbook.select(x, 0, whole(x)),
    "arange by a tensor": lambda x: x * gradbook.arange(whole(x) + 1).sum(),
    "zeros by a tensor": lambda x: x * gradbook.zeros(whole(x)).numel(),
    "eye": lambda x: x * gradbook.eye(whole(x) + 1).sum(),
    "fullsz": lambda x: x * gradbook.full((whole(x) + 1,), 2.0).sum(),
    "repeat": lambda x: x.repeat(whole(x) + 1).sum() * x,
    "roll by a tensor": lambda x: x * gradbook.roll(x, whole(x)),
    "rolls": lambda x: x * x.roll(whole(x), 0),
    "topk by a tensor": lambda x: x * gradbook.topk(x, whole(x) + 1)[0].sum(),
    "onehot by a tensor": lambda x: x * F.one_hot(gradbook.zeros(3).long(), whole(x) + 1).shape[1],
    "chunk": lambda x: x * x.chunk(whole(x) + 1)[0].sum(),
    "split by a tensor": lambda x: x * x.split(whole(x) + 1)[0].sum(),
    "alpha": lambda x: gradbook.add(x, x, alpha=first(x)),
    "lerp by a tensor": lambda x: gradbook.lerp(x, x * 2, first(x)),
    "slope": lambda x: F.leaky_relu(x, first(x)),
    "where": lambda x: gradbook.where(x > 0, first(x), 0.0),
    "mfill": lambda x: x.masked_fill(x > 1, first(x)),
    "mfill_": lambda x: x.clone().masked_fill_(x > 1, first(x)),
    "ifill": lambda x: x.index_fill(0, tensor([0, 2]), first(x)),
    "scatter by a tensor": lambda x: x.scatter(0, tensor([1]), first(x)),
    "scatterv": lambda x: x.scatter(0, tensor([1]), first(x).item()),
    "padv": lambda x: F.pad(x, (1, 1), value=first(x)).sum() * x,
    "linsp by a tensor": lambda x: gradbook.linspace(0, first(x), 4) * x,
    "linsp2": lambda x: gradbook.linspace(0, first(x).item(), 4) * x,
    "logsp": lambda x: gradbook.logspace(0, first(x).item(), 4) * x,
    "normp": lambda x: x.norm(p=whole(x) + 1) * x,
    "normpf": lambda x: gradbook.norm(x, int(whole(x)) + 1) * x,
    "rem": lambda x: x.long() % 3 + x,
    "fdiv": lambda x: x.long() // 3 + x,
    "fmod": lambda x: gradbook.fmod(x.long(), 3) + x,
    "divr": lambda x: gradbook.div(x.long(), 3, rounding_mode="trunc") + x,
    "rrem": lambda x: 7 % (x.abs().long() + 1) + x,
    "rfdiv": lambda x: 7 // (x.abs().long() + 1) + x,
    "ishift": lambda x: (x.abs().long() << 2) + x,
    "iand": lambda x: (x.abs().long() & 3) + x,
    "ipow": lambda x: x.abs().long() ** 2 + x,
    "rpow": lambda x: 2 ** x.abs().long() + x,
    "imax": lambda x: gradbook.maximum(x.long(), tensor(1)) + x,
    "iclamp": lambda x: x.long().clamp(0, 2) + x,
    "bnot": lambda x: (~(x > 0)).float() + x,
    "xor": lambda x: ((x > 0) ^ True).float() + x,
    "gcd": lambda x: gradbook.gcd(x.abs().long(), tensor(4)) + x,
    "cmp": lambda x: (x.long() > 1).float() + x,
    "eqi": lambda x: (x.long() == 1).float() + x,
    "bern": lambda x: x * gradbook.bernoulli(gradbook.ones(4)),
    "sumdim": lambda x: x * x.reshape(2, 2).sum(int(whole(x)) % 2).sum(),
    "view": lambda x: x.view(int(whole(x)) % 2 + 1, -1).shape[0] * x,
    "unsq": lambda x: x.unsqueeze(int(whole(x)) % 2).shape[0] * x,
    "minmax": lambda x: gradbook.clamp(x, min=x.min() / 2, max=x.max() / 2),
    "fillm": lambda x: x.clone().fill_(x.max()) * x,
    "full_like": lambda x: gradbook.full_like(x, first(x).item()) * x,
    "full_like2": lambda x: gradbook.full_like(x, first(x)) * x,
    "newt": lambda x: x.new_tensor([first(x).item()]) * x,
    "newf": lambda x: x.new_full((4,), first(x).item()) * x,
    "newft": lambda x: x.new_full((4,), first(x)) * x,
    "sct": lambda x: gradbook.scalar_tensor(first(x).item()) * x,
    "trit": lambda x: x.reshape(2, 2).tril(int(whole(x)) % 2).sum() * x,
    "diag": lambda x: gradbook.diag(x, int(whole(x)) % 2).sum() * x,
    "drop": lambda x: F.dropout(x, 1.0 if x[0] > 0 else 0.0),
    "cdist": lambda x: gradbook.cdist(x.reshape(2, 2), x.reshape(2, 2)).sum() * x,
    "exp": lambda x: x.expand(int(whole(x)) + 1, 4).sum() * x,
    "cpy": lambda x: gradbook.zeros(4).copy_(x) * x,
    "copyidx": lambda x: gradbook.zeros(4).index_copy_(0, x.abs().long() % 4, x) * x,
    "iadd": lambda x: gradbook.zeros(4).index_add_(0, x.abs().long() % 4, x) * x,
    "putt": lambda x: gradbook.zeros(4).put_(x.abs().long() % 4, x) * x,
    "msc": lambda x: gradbook.zeros(4).masked_scatter_(x > 0, x) * x,
    "msc2": lambda x: gradbook.zeros(4).masked_scatter(x > 0, x) * x,
    "uniqin": lambda x: gradbook.unique(x.round(), return_inverse=True)[1] * x,
    "uc": lambda x: gradbook.unique_consecutive(x)[0] * x,
    "setm": lambda x: (lambda y: (y.__setitem__(x > 1, x[x > 1] * 2), y)[1])(x.clone()),
    "setm2": lambda x: (lambda y: (y.__setitem__(slice(0, 2), x[2:]), y)[1])(x.clone()),
    "mulm": lambda x: (lambda y: (y.__setitem__(slice(0, 2), y[2:] * first(x)), y)[1])(x.clone()),
    "zero": lambda x: x.clone().zero_() + x,
    "nan": lambda x: gradbook.nan_to_num(x / 0.0, posinf=1.0, neginf=2.0) + x,
    "trunc": lambda x: x.trunc() + x.frac(),
    "cross": lambda x: F.cross_entropy(x.reshape(1, 4), (x.abs().long() % 4)[:1]) + x,
    "nll": lambda x: F.nll_loss(x.reshape(1, 4), (x.abs().long() % 4)[:1]) + x,
    "ctc": lambda x: aligned(x.reshape(4, 1, 1).expand(4, 1, 3).log_softmax(2), whole(x)) + x,
    "bag": lambda x: F.embedding_bag(x.abs().long()[None], gradbook.arange(16.0).reshape(8, 2)).sum() * x,
    "grids": lambda x: F.grid_sample(x.reshape(1, 1, 2, 2), x.reshape(1, 1, 2, 2), align_corners=False).sum() + x,
    "interp": lambda x: F.interpolate(x.reshape(1, 1, 4), size=int(whole(x)) + 1).sum() * x,
    "cumm": lambda x: gradbook.cummax(x, 0)[1] * x,
    "argsort": lambda x: x.argsort() * x,
    "lstsq": lambda x: gradbook.linalg.matrix_rank(x.reshape(2, 2)) * x,
    "det": lambda x: gradbook.linalg.det(x.reshape(2, 2)) * x,
    "inv": lambda x: gradbook.linalg.inv(x.reshape(2, 2) + gradbook.eye(2) * 9).sum() * x,
    "multin": lambda x: x * gradbook.stack(gradbook.meshgrid(x[:2], x[2:], indexing="ij")).sum(),
    "dist": lambda x: gradbook.distributions.Normal(first(x), 1.0).log_prob(x),
    "dist2": lambda x: gradbook.distributions.Categorical(logits=x).entropy() * x,
}


def given(function: Callable[[Any], Any], values: list[float]) -> Any:
    """What a function gives, or the name of what it raises."""
    try:
        result = function(tensor(values))
    except (RuntimeError, ValueError, TypeError, IndexError, ZeroDivisionError) as error:
        return type(error).__name__
    return np.asarray(result.tolist(), np.float64)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_count_each_time(name: str) -> None:
    function = FUNCTIONS[name]
    for order in ORDERS:
        run = gradbook.compile(function)
        for values in order * 2:
            a, b = given(function, values), given(run, values)
            if isinstance(a, str) or isinstance(b, str):
                assert a == b, gradbook.compile.explain(run)  # type: ignore[attr-defined]
            else:
                np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-6)


# -- tensors that the call makes, and changes ------------------------------------------------------------------------


def added(x: Tensor) -> Tensor:
    return gradbook.zeros(4).add_(x)


def several(x: Tensor) -> Tensor:
    y = gradbook.ones(4)
    y += x
    y *= 2
    return y


def parts(x: Tensor) -> Tensor:
    y = gradbook.zeros(4)
    y[:2] += x[2:]
    z = y + 1
    y[1:] -= x[1:]
    return y + z


def elements(x: Tensor) -> Tensor:
    y = gradbook.arange(4.0)
    for i in range(3):
        y[i] += x[i] * 2 if i % 2 else x[i]
    return y


def view(x: Tensor) -> Tensor:
    y = gradbook.zeros(2, 4).t()
    y[:, 0].add_(x)
    return y.sum(1) + gradbook.zeros(4).index_add_(0, tensor([0, 1, 1]), x[:3])


def trained(x: Tensor) -> Tensor:
    w = gradbook.ones(4, requires_grad=True)
    total = gradbook.zeros(())
    for _ in range(2):
        loss = (w * x).square().sum()
        loss.backward()
        total += loss.detach()
    assert w.grad is not None
    return w.grad + total


def logged(x: Tensor) -> Tensor:
    y = gradbook.zeros(4)
    y += x
    LOG.append(float(y.sum()))
    y += x
    return y


LOG: list[float] = []


@pytest.mark.parametrize("function", [added, several, parts, elements, view, trained, logged])
def test_tensors_of_the_call_begin_anew_each_time(function: Callable[[Tensor], Tensor]) -> None:
    run = gradbook.compile(function)
    for i in range(6):
        x = tensor([1.0, 2.0, 3.0, 4.0]) * (i + 1)
        LOG.clear()
        np.testing.assert_allclose(run(x).tolist(), function(x).tolist(), rtol=1e-6)
        assert LOG[:1] == LOG[1:]


def test_a_constant_that_python_was_given_and_the_call_changes() -> None:
    kept: list[Tensor] = []

    def step(x: Tensor) -> Tensor:
        y = gradbook.zeros(3)
        kept.append(y)
        y += x
        return y * 2

    run = gradbook.compile(step)
    for i in range(6):
        assert run(gradbook.full((3,), float(i))).tolist() == [2.0 * i] * 3
        assert kept[-1].tolist() == [float(i)] * 3
