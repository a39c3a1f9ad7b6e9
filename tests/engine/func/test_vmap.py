"""vmap beside PyTorch's, op by op and option by option; and that what is batched equals a loop."""

from __future__ import annotations

import numpy as np
import pytest

import gradbook
from tests.engine.func.test_func import both, both_raise

torch = pytest.importorskip("torch")
X = np.random.default_rng(0).uniform(0.5, 1.5, (4, 3, 3))
Y = np.random.default_rng(1).uniform(0.5, 1.5, (4, 3))
Z = np.random.default_rng(2).uniform(0.5, 1.5, (3, 4))
I = np.array([[0, 2], [1, 1], [2, 0], [0, 0]])  # noqa: E741
IMAGE = np.random.default_rng(3).uniform(-1, 1, (3, 2, 2, 6, 6))  # samples, n, c, h, w
KERNEL = np.random.default_rng(4).uniform(-1, 1, (3, 4, 2, 3, 3))


@pytest.mark.parametrize(
    ("in_dims", "out_dims"), [(0, 0), ((0, None), 1), ((None, 0), -1), ((1, 0), 0), ((-1, 0), 1), ((0, -2), 0)]
)
def test_dims(in_dims, out_dims):
    both(lambda lib, x: lib.vmap(lambda a, b: a @ b, in_dims=in_dims, out_dims=out_dims)(x[:3], x[1]), X)


def test_nested_containers_of_dims():
    def run(lib, x, y):
        f = lib.func.vmap(
            lambda d, pair: {"sum": d["a"] + pair[0], "b": (pair[1], d["a"])},
            in_dims=({"a": 0}, (0, None)),
            out_dims={"sum": 0, "b": (None, -1)},
        )
        return f({"a": y}, (y, x[0, 0]))

    both(run, X, Y)


BODIES = {
    "elementwise": lambda lib, x, y: (x.exp() * y - x / (y + 1)).tanh().clamp(-0.5, 0.5),
    "broadcast": lambda lib, x, y: x + y[:, None],
    "numbers": lambda lib, x, y: 2 * x**2 - 1,
    "compare": lambda lib, x, y: lib.where(x > y, x, lib.zeros_like(x)),
    "sum": lambda lib, x, y: x.sum(0) + x.sum() + x.mean(-1, keepdim=True).squeeze(-1),
    "extremes": lambda lib, x, y: x.max(0).values + x.min(-1).values + x.amax() + x.argmax(0),
    "statistics": lambda lib, x, y: x.var(0) + x.std(1) + x.norm() + x.logsumexp(0),
    "scans": lambda lib, x, y: x.cumsum(0) + x.cumprod(-1),
    "matmul": lambda lib, x, y: x @ x + (x @ y)[None] + (y @ x)[:, None] + y @ y,
    "products": lambda lib, x, y: lib.einsum("ij,jk,k->i", x, x, y) + lib.outer(y, y).sum(0) + x.mv(y),
    "bmm": lambda lib, x, y: lib.bmm(x[None], x[None]) + lib.mm(x, x),
    "shape": lambda lib, x, y: x.t().reshape(-1).view(3, 3).unsqueeze(0).expand(2, 3, 3).permute(2, 0, 1).flatten(1),
    "join": lambda lib, x, y: (
        lib.cat([x, y[None], lib.ones(1, 3).double()]) + lib.stack([y, y * 2, lib.ones(3).double(), y, y])
    ),
    "split": lambda lib, x, y: x.chunk(3)[1] + x.unbind(1)[0] + x.split(2)[0],
    "index": lambda lib, x, y: x[0] + x[:, 1] + x[-1, ...] + x[1:, None, 0].sum() + x[lib.tensor([0, 2])].sum(0),
    "mask": lambda lib, x, y: x.masked_fill(x > 1, 0.0).tril().triu(-1).flip(0).roll(1, 0),
    "sort": lambda lib, x, y: x.sort(-1).values + x.topk(2, dim=0).values.sum(0),
    "softmax": lambda lib, x, y: x.softmax(-1) + x.log_softmax(0),
    "layer norm": lambda lib, x, y: lib.nn.functional.layer_norm(x, (3,), y, y),
    "losses": lambda lib, x, y: (
        lib.nn.functional.mse_loss(x, y.expand(3, 3) * 1)
        + lib.nn.functional.cross_entropy(x, lib.tensor([0, 1, 2]))
        + lib.nn.functional.huber_loss(y, y * 2)
    ),
    "activations": lambda lib, x, y: lib.nn.functional.gelu(x) + lib.nn.functional.silu(x) + lib.relu(x - 1),
    "linalg": lambda lib, x, y: (
        lib.linalg.inv(x + 3 * lib.eye(3).double())
        + lib.linalg.det(x)
        + lib.linalg.solve(x + 3 * lib.eye(3).double(), y)
    ),
    "cholesky": lambda lib, x, y: lib.linalg.cholesky(x @ x.T + lib.eye(3).double()),
    "attention": lambda lib, x, y: lib.nn.functional.scaled_dot_product_attention(x[None], x[None], x[None]),
    "prod": lambda lib, x, y: x.prod(0) + x.prod(),
    "pad": lambda lib, x, y: lib.nn.functional.pad(x, (1, 2)),
    "diagonal": lambda lib, x, y: x.diagonal() + x.diag() + lib.diag(y).sum(0) + x.trace(),
    "inplace": lambda lib, x, y: x.clone().mul_(2).add_(y),
    "written": lambda lib, x, y: _written(x, y),
    "new": lambda lib, x, y: x.new_zeros(3) + lib.zeros_like(y) + lib.ones(3).double() * y,
    "dtype": lambda lib, x, y: (x.float() > 1).double().sum(0),
}


def _written(x, y):
    z = x.clone()
    z[0] = y * 2
    z[1:, 1] += y[0]
    return z


@pytest.mark.parametrize("name", BODIES)
def test_bodies(name):
    body = BODIES[name]
    both(lambda lib, x, y: lib.vmap(lambda a, b: body(lib, a, b))(x, y), X, Y)
    both(lambda lib, x, y: lib.vmap(lambda a: body(lib, a, y[0]))(x), X, Y)


@pytest.mark.filterwarnings("ignore:An output with one or more elements was resized")  # PyTorch's own
@pytest.mark.parametrize("name", [n for n in BODIES if n not in ("dtype",)])
def test_gradients_of_bodies(name):
    body = BODIES[name]

    def run(lib, x, y):
        per_sample = lib.vmap(lib.func.grad(lambda a, b: body(lib, a, b).pow(2).sum(), argnums=(0, 1)))(x, y)
        shared = y[0].clone().requires_grad_()
        whole = lib.vmap(lambda a: body(lib, a, shared))(x)
        if whole.requires_grad:
            whole.pow(2).sum().backward()
        return per_sample, shared.grad if shared.grad is not None else 0

    both(run, X, Y)


def test_gather_with_indices_of_each_sample():
    both(lambda lib, y, i: lib.vmap(lambda a, k: a[k])(y, i), Y, I)
    both(lambda lib, y, i: lib.vmap(lambda a, k: a.gather(0, k))(y, i), Y, I)
    both(lambda lib, x, i: lib.vmap(lambda a, k: a[:, k] + a.index_select(1, k))(x, i), X, I)
    both(lambda lib, y, i: lib.vmap(lambda k: lib.nn.functional.embedding(k, y))(i), Y, I)
    both(lambda lib, y, i: lib.vmap(lambda a, k: lib.nn.functional.cross_entropy(a, k))(y, i[:, 0]), Y, I)
    both(lambda lib, y, i: lib.vmap(lib.func.grad(lambda a, k: (a[k] ** 2).sum()))(y, i), Y, I)
    both(lambda lib, y, i: lib.vmap(lambda a, k: lib.zeros_like(a).scatter_add(0, k, a[:2]))(y, i), Y, I)


def test_convolution_and_pooling():
    def run(lib, x, w):
        conv = lib.nn.functional.conv2d
        own = lib.vmap(conv)(x, w)
        shared = lib.vmap(lambda a: lib.nn.functional.max_pool2d(conv(a, w[0], padding=1).relu(), 2))(x)
        grads = lib.vmap(lib.func.grad(lambda k, a: conv(a, k).pow(2).sum()), in_dims=(None, 0))(w[0], x)
        return own, shared, grads

    both(run, IMAGE, KERNEL)


@pytest.mark.parametrize(
    "options", [{}, {"weight": True}, {"reduction": "sum"}, {"label_smoothing": 0.2}, {"ignore_index": 1}]
)
def test_cross_entropy_of_each_sample(options):
    def run(lib, x, t):
        named = dict(options)
        if "weight" in named:
            named["weight"] = lib.tensor([1.0, 2.0, 0.5]).double()

        def loss(a, k):
            return lib.nn.functional.cross_entropy(a, k, **named) + lib.nn.functional.nll_loss(a, k)

        return lib.vmap(loss)(x, t), lib.vmap(lib.func.grad(loss))(x, t)

    both(run, X, np.random.default_rng(5).integers(0, 3, (4, 3)))
    with pytest.raises(IndexError, match="Target 5 is out of bounds"):
        gradbook.vmap(gradbook.nn.functional.cross_entropy)(gradbook.tensor(X[:, :2]), gradbook.tensor(I + 5))


def test_convolutions_of_all_kinds():
    def run(lib, x, w):
        f = lib.nn.functional
        turned = lib.vmap(lambda a, k: f.conv_transpose2d(a, k, stride=2))(x, w.transpose(1, 2))
        grouped = lib.vmap(lambda a, k: f.conv2d(a, k[:, :1], groups=2, padding=1))(x, w)
        biased = lib.vmap(lambda a, k: f.conv2d(a, k, k[:, 0, 0, 0]), in_dims=(None, 0))(x[0], w)
        second = lib.vmap(lib.func.jacrev(lib.func.grad(lambda k, a: f.conv2d(a, k).pow(3).sum())), in_dims=(0, 0))
        return turned, grouped, biased, second(w[:, :1, :1], x[:, :1, :1])

    both(run, IMAGE, KERNEL)


def test_batch_norm_of_running_statistics():
    def run(lib, x):
        norm = lib.nn.BatchNorm2d(2).double().eval()
        return lib.vmap(norm)(x).detach()

    both(run, IMAGE)


def test_second_derivatives_from_outside():
    def run(lib, x, w):
        conv = lib.nn.functional.conv2d
        w = w[0].clone().requires_grad_()
        x.requires_grad_()
        y = lib.vmap(lambda a: conv(a, w).sort(-1).values.cumsum(-1).pow(2).sum())(x)
        (slope,) = lib.autograd.grad(y.sum(), x, create_graph=True)
        slope.pow(2).sum().backward()
        return w.grad, x.grad

    both(run, IMAGE, KERNEL)


def test_chunks():
    for size in (1, 3, 4, 9):
        both(lambda lib, x, size=size: lib.vmap(lambda a: (a.sin(), a.sum()), out_dims=(1, 0), chunk_size=size)(x), X)


def test_nested():
    both(lambda lib, x, y: lib.vmap(lib.vmap(lambda a, b: a * b + y[0], in_dims=(0, None)), in_dims=(0, 0))(x, y), X, Y)
    both(lambda lib, y: lib.vmap(lambda a: lib.vmap(lambda b: a @ b, in_dims=1)(y.T))(y), Y)
    both(
        lambda lib, x, y: lib.vmap(lambda a: lib.vmap(lambda b: (a @ b).softmax(0), in_dims=0, out_dims=1)(y))(x), X, Y
    )
    both(lambda lib, x: lib.vmap(lib.vmap(lib.func.grad(lambda a: a.prod())))(x), X)
    both(lambda lib, x: lib.vmap(lib.vmap(lib.linalg.norm))(x), X)


def test_randomness():
    x = gradbook.zeros(5, 100)
    for mode, equal in (("same", True), ("different", False)):
        rows = gradbook.vmap(lambda a: a + gradbook.randn(100), randomness=mode)(x)
        assert bool((rows[0] == rows[1]).all()) is equal
        kept = gradbook.vmap(lambda a: gradbook.nn.functional.dropout(a + 1, 0.5), randomness=mode)(x)
        assert bool((kept[0] == kept[1]).all()) is equal
        assert 0.3 < float((kept == 0).float().mean()) < 0.7
        assert float(kept.max()) == 2.0
        whole = gradbook.vmap(lambda a: a + gradbook.from_numpy(a.numpy() * 0) + gradbook.rand(100), randomness=mode)(x)
        assert bool((whole[0] == whole[1]).all()) is equal  # what looks into a sample is done sample by sample
    with pytest.raises(RuntimeError, match="randomness"):
        gradbook.vmap(lambda a: gradbook.from_numpy(a.numpy()) + gradbook.rand(100))(x)
    both_raise(lambda lib, y: lib.vmap(lambda a: a + lib.rand(3))(y), Y)
    both_raise(lambda lib, y: lib.vmap(lambda a: a, randomness="often")(y), Y)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda lib, y: lib.vmap(lambda: y)(),
        lambda lib, y: lib.vmap(lambda a: a, in_dims="0")(y),
        lambda lib, y: lib.vmap(lambda a: a, in_dims=None)(y),
        lambda lib, y: lib.vmap(lambda a: a, in_dims=(None,))(y),
        lambda lib, y: lib.vmap(lambda a: a, in_dims=(0, 0))(y),
        lambda lib, y: lib.vmap(lambda a: a, in_dims=2)(y),
        lambda lib, y: lib.vmap(lambda a: a, in_dims=0.5)(y),
        lambda lib, y: lib.vmap(lambda a: a)(3.0),
        lambda lib, y: lib.vmap(lambda a, b: a)(y, y[:2]),
        lambda lib, y: lib.vmap(lambda a: 3)(y),
        lambda lib, y: lib.vmap(lambda a: a, out_dims=5)(y),
        lambda lib, y: lib.vmap(lambda a: a, out_dims=(0, 1))(y),
        lambda lib, y: lib.vmap(lambda a: a, out_dims="0")(y),
        lambda lib, y: lib.vmap(lambda a: a, out_dims=None)(y),
        lambda lib, y: lib.vmap(lambda a: a if a.sum() > 3 else -a)(y),
        lambda lib, y: lib.vmap(lambda a: a.sum().item())(y),
        lambda lib, y: lib.vmap(lambda a: a @ y[:2])(y),
        lambda lib, y: lib.vmap(lambda a: a, chunk_size=0)(y),
    ],
)
def test_errors(wrong):
    both_raise(wrong, Y)


def test_ops_outside_do_not_notice():
    from gradbook.autograd import layers, versions

    before = versions.rebased
    with pytest.raises(ZeroDivisionError):
        gradbook.vmap(lambda a: 1 / 0)(gradbook.ones(3))
    assert versions.rebased == before
    assert layers.state.stack == ()


def test_an_op_without_a_rule_is_looped_and_differentiates():
    from gradbook.autograd.op import Op

    odd = Op("odd_test_op", "x")

    @odd.forward
    def _(xp, x):
        return xp.asarray([float(x.sum()) ** 2])  # needs a number: no way to batch

    @odd.grad("x")
    def _(grad, x):
        return grad * 2 * (x.sum() if not isinstance(x, np.ndarray) else float(x.sum())) + 0 * x

    x = gradbook.tensor(Y)
    got = gradbook.vmap(lambda a: odd(a)[0])(x)
    np.testing.assert_allclose(got.numpy(), Y.sum(1) ** 2)
    slope = gradbook.vmap(gradbook.func.grad(lambda a: odd(a)[0]))(x)
    np.testing.assert_allclose(slope.numpy(), np.repeat(2 * Y.sum(1)[:, None], 3, 1))


def test_writing_by_index_into_many_axes():
    """Indices that are no neighbours put their axis in front; PyTorch's vmap refuses them, its loop does not."""

    def write(lib, x, v):
        y = x.clone()
        i = lib.tensor([1, 0])
        y[(slice(None),) * 14 + (i, slice(None), i)] = v
        return y

    def samples(lib):
        return lib.arange(24.0).reshape(3, *(1,) * 14, 2, 2, 2), lib.arange(12.0).reshape(3, 2, *(1,) * 14, 2)

    mine = gradbook.func.vmap(lambda x, v: write(gradbook, x, v))(*samples(gradbook))
    assert mine.tolist() == [write(torch, x, v).tolist() for x, v in zip(*samples(torch), strict=True)]
