"""torch.autocast on the CPU: which dtype each operation gives, as PyTorch; and nothing changes without it."""

from __future__ import annotations

import threading
import warnings
from typing import Any

import numpy as np
import pytest

import gradbook
from gradbook import amp, nn
from gradbook.autograd import casting

torch: Any = pytest.importorskip("torch")

SETUP = """\
f = torch.nn.functional
x, t, b, i = torch.rand(3, 4) + 0.1, torch.rand(3, 4), torch.rand(2, 3, 4), torch.rand(1, 2, 6, 6)
"""
EXPRESSIONS = """
    torch.matmul(x,x.t())
    x@x.t()
    torch.mm(x,x.t())
    torch.bmm(b,b.transpose(1,2))
    torch.mv(x,x[0])
    torch.dot(x[0],x[0])
    torch.addmm(torch.rand(3,3),x,x.t())
    torch.addmv(torch.rand(3),x,x[0])
    torch.baddbmm(torch.rand(2,3,3),b,b.transpose(1,2))
    torch.addbmm(torch.rand(3,3),b,b.transpose(1,2))
    torch.addr(torch.rand(3,4),x[:,0],x[0])
    torch.outer(x[0],x[0])
    torch.einsum('ij,kj->ik',x,x)
    torch.tensordot(x,x,([1],[1]))
    torch.chain_matmul(x,x.t())
    torch.linalg.multi_dot([x,x.t()])
    torch.kron(x,x)
    torch.inner(x,x)
    torch.linalg.matmul(x,x.t())
    torch.baddbmm(torch.rand(2,3,3).double(),b.double(),b.transpose(1,2).double())
    x.double()@x.double().t()
    f.linear(x,x)
    f.linear(x,x,x[:,0])
    f.linear(x.bfloat16(),x)
    f.bilinear(x,x,torch.rand(2,4,4))
    f.conv1d(b,torch.rand(2,3,2))
    f.conv2d(i,torch.rand(3,2,2,2))
    f.conv3d(i[None],torch.rand(3,1,1,2,2))
    f.conv_transpose1d(b,torch.rand(3,2,2))
    f.conv_transpose2d(i,torch.rand(2,3,2,2))
    f.conv_transpose3d(i[None],torch.rand(1,2,1,2,2))
    f.scaled_dot_product_attention(b,b,b)
    f.prelu(x,torch.rand(1))
    f.relu(x)
    f.gelu(x.bfloat16())
    x+x.bfloat16()
    torch.cat([x,x.bfloat16()])
    torch.stack([x,x.bfloat16()])
    torch.softmax(x.bfloat16(),1)
    torch.log_softmax(x.bfloat16(),1)
    x.bfloat16().sum()
    x.bfloat16().mean()
    x.bfloat16().exp()
    x.bfloat16().log()
    x.bfloat16().pow(2)
    x.bfloat16().prod()
    x.bfloat16().cumsum(0)
    x.bfloat16().norm()
    torch.cdist(x.bfloat16(),x.bfloat16())
    torch.dist(x.bfloat16(),x.bfloat16())
    x.bfloat16().sqrt()
    x.bfloat16().var()
    f.layer_norm(x.bfloat16(),(4,))
    f.layer_norm(x,(4,))
    f.batch_norm(i,torch.zeros(2),torch.ones(2))
    f.batch_norm(i.bfloat16(),torch.zeros(2),torch.ones(2))
    f.group_norm(i.bfloat16(),2)
    f.instance_norm(i.bfloat16())
    f.rms_norm(x.bfloat16(),(4,))
    f.embedding(torch.tensor([1]),x)
    f.mse_loss(x.bfloat16(),t)
    f.l1_loss(x.bfloat16(),t)
    f.smooth_l1_loss(x.bfloat16(),t)
    f.huber_loss(x.bfloat16(),t)
    f.cross_entropy(x.bfloat16(),torch.tensor([1,2,3]))
    f.nll_loss(x.bfloat16(),torch.tensor([1,2,3]))
    f.binary_cross_entropy(x.clamp(0,1),t.clamp(0,1))
    f.binary_cross_entropy(x.clamp(0,1).bfloat16(),t.clamp(0,1))
    f.binary_cross_entropy_with_logits(x.bfloat16(),t)
    f.kl_div(x.bfloat16(),t)
    f.cosine_embedding_loss(x.bfloat16(),t.bfloat16(),torch.ones(3))
    f.hinge_embedding_loss(x.bfloat16(),t)
    f.poisson_nll_loss(x.bfloat16(),t)
    f.margin_ranking_loss(x.bfloat16(),t,torch.ones(3,4))
    f.soft_margin_loss(x.bfloat16(),t)
    f.triplet_margin_loss(x.bfloat16(),t,t)
    f.multi_margin_loss(x.bfloat16(),torch.tensor([1,2,3]))
    f.multilabel_margin_loss(x.bfloat16(),torch.zeros(3,4).long())
    f.multilabel_soft_margin_loss(x.bfloat16(),t)
    f.gaussian_nll_loss(x.bfloat16(),t,t)
    f.ctc_loss(torch.rand(5,1,4).log_softmax(2).bfloat16(),torch.tensor([[1]]),torch.tensor([5]),torch.tensor([1]))
    f.cosine_similarity(x.bfloat16(),t)
    f.max_pool3d(i.bfloat16(),2)
    f.avg_pool3d(i.bfloat16(),2)
    f.avg_pool2d(i.bfloat16(),2)
    f.max_pool2d(i.bfloat16(),2)
    f.adaptive_avg_pool3d(i.bfloat16(),2)
    f.adaptive_avg_pool2d(i.bfloat16(),2)
    f.adaptive_max_pool2d(i.bfloat16(),2)
    f.interpolate(i.bfloat16(),scale_factor=2)
    f.interpolate(i.bfloat16(),scale_factor=2,mode='bilinear')
    f.pad(i.bfloat16(),(1,1,1,1),mode='reflect')
    f.pad(i.bfloat16(),(1,1,1,1),mode='replicate')
    f.pad(i.bfloat16(),(1,1,1,1))
    f.grid_sample(i.bfloat16(),torch.rand(1,2,2,2).bfloat16())
    torch.fft.fft(x.bfloat16())
    torch.linalg.norm(x.bfloat16())
    torch.linalg.vector_norm(x.bfloat16())
    torch.trace(x.bfloat16())
    torch.quantile(x.bfloat16(),.5)
    torch.polar(x,x)
    torch.nn.LSTM(4,3)(b)[0]
    torch.nn.GRU(4,3)(b)[0]
    torch.nn.RNN(4,3)(b)[0]
    torch.nn.LSTMCell(4,3)(x)[0]
    torch.nn.GRUCell(4,3)(x)
    torch.nn.MultiheadAttention(4,2)(b,b,b)[0]
    torch.nn.TransformerEncoderLayer(4,2,8)(b)
    torch.nn.TransformerEncoderLayer(4,2,8).eval()(b)
    torch.nn.MultiheadAttention(4,2)(b,b,b)[1]
    torch.nn.Linear(4,2)(x)
    torch.nn.Conv2d(2,2,1)(i)
    torch.nn.BatchNorm2d(2)(i.bfloat16())
    torch.nn.LayerNorm(4)(x.bfloat16())
    torch.nn.Embedding(4,2)(torch.tensor([1]))
    x.bfloat16()@x.t()
    x.half()@x.t()
    x.matmul(x.t())
    x.mm(x.t())
    b.bmm(b.transpose(1,2))
    torch.rand(3,3).addmm(x,x.t())
    torch.rand(3,3).addmm_(x,x.t())
    torch.matmul(x,x.t(),out=torch.empty(3,3))
    x.long()@x.long().t()
    f.linear(x.double(),x.double())
    f.mse_loss(x.double(),t)
    torch.nn.functional.linear(x.half(), x.half())
    torch.nanquantile(x.bfloat16(),.5)
    torch.view_as_complex(torch.rand(3,2))
    torch.addcmul(x,x.bfloat16(),x)
    torch.nn.functional.normalize(x.bfloat16())
    torch.logsumexp(x.bfloat16(),0)
""".strip().splitlines()


def dtype_under(module: Any, expression: str, dtype: str) -> str:
    names: dict[str, Any] = {"torch": module}
    exec(SETUP, names)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with module.autocast("cpu", dtype=getattr(module, dtype)):
            return str(eval(expression, names).dtype).rpartition(".")[2]


@pytest.mark.parametrize("expression", [line.strip() for line in EXPRESSIONS])
def test_results_have_torchs_dtype(expression: str) -> None:
    assert dtype_under(gradbook, expression, "bfloat16") == dtype_under(torch, expression, "bfloat16")


@pytest.mark.parametrize("expression", ["x @ x.t()", "f.linear(x, x)", "f.mse_loss(x.half(), t)", "x.half() + t"])
def test_float16_on_request(expression: str) -> None:
    assert dtype_under(gradbook, expression, "float16") == dtype_under(torch, expression, "float16")


def test_training_under_autocast_follows_torch() -> None:
    rng = np.random.default_rng(0)
    w1, w2, x, y = (rng.standard_normal(s).astype("f4") for s in ((8, 4), (1, 8), (16, 4), (16, 1)))
    losses = {}
    for module in (gradbook, torch):
        net = module.nn.Sequential(module.nn.Linear(4, 8), module.nn.Tanh(), module.nn.Linear(8, 1))
        with module.no_grad():
            for parameter, value in zip(net.parameters(), (w1, w1[:, 0], w2, w2[0, :1]), strict=True):
                parameter.copy_(module.from_numpy(value.copy()))
        optimizer = module.optim.SGD(net.parameters(), lr=0.05)
        seen = losses[module] = []
        for _ in range(8):
            optimizer.zero_grad()
            with module.autocast("cpu"):
                out = net(module.from_numpy(x))
                loss = module.nn.functional.mse_loss(out, module.from_numpy(y))
            loss.backward()
            assert net[0].weight.grad.dtype == module.float32
            optimizer.step()
            seen.append(loss.item())
    assert losses[gradbook] == pytest.approx(losses[torch], rel=2e-2)
    assert losses[gradbook][-1] < losses[gradbook][0]


def test_it_is_a_context_manager_and_a_decorator_that_nests_and_restores() -> None:
    x = gradbook.ones(2, 2)

    @gradbook.autocast("cpu")
    def product() -> Any:
        return x @ x

    assert product().dtype is gradbook.bfloat16
    with gradbook.autocast("cpu", dtype=gradbook.float16) as outer:
        assert (x @ x).dtype is gradbook.float16
        with gradbook.autocast("cpu", enabled=False):
            assert (x @ x).dtype is gradbook.float32
            assert not gradbook.is_autocast_enabled("cpu")
        assert gradbook.get_autocast_dtype("cpu") is gradbook.float16
        assert outer.fast_dtype is gradbook.float16
        with outer:
            assert (x @ x).dtype is gradbook.float16
    with pytest.raises(KeyError), gradbook.autocast("cpu"):
        raise KeyError
    assert casting.scopes == 0
    assert (x @ x).dtype is gradbook.float32
    assert gradbook.get_autocast_dtype("cpu") is gradbook.bfloat16


def test_it_holds_on_its_own_thread_only() -> None:
    x, found = gradbook.ones(2, 2), []
    with gradbook.autocast("cpu"):
        worker = threading.Thread(target=lambda: found.append((x @ x).dtype))
        worker.start()
        worker.join()
    assert found == [gradbook.float32]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "expression",
    [
        "torch.is_autocast_enabled()",
        "torch.is_autocast_enabled('cpu')",
        "torch.is_autocast_cpu_enabled()",
        "torch.is_autocast_cache_enabled()",
        "str(torch.get_autocast_dtype('cpu'))[-8:]",
        "str(torch.get_autocast_dtype('cuda'))[-7:]",
        "str(torch.get_autocast_cpu_dtype())[-8:]",
        "str(torch.get_autocast_gpu_dtype())[-7:]",
        "torch.amp.is_autocast_available('cpu')",
        "torch.amp.autocast('nowhere')",
        "torch.amp.autocast(3)",
        "torch.autocast('cuda').__enter__() and torch.is_autocast_enabled('cuda')",
    ],
)
def test_questions_have_torchs_answers(expression: str) -> None:
    def ask(module: Any) -> Any:
        try:
            return eval(expression, {"torch": module})
        except Exception as error:
            return type(error)

    before = casting.scopes
    try:
        assert ask(gradbook) == ask(torch)
    finally:
        casting.count(before - casting.scopes)
        torch.set_autocast_enabled("cuda", False)


@pytest.mark.skipif(gradbook.cuda.is_available(), reason="there is a GPU")
def test_what_cannot_be_is_a_warning_and_changes_nothing() -> None:
    x = gradbook.ones(2, 2)
    with pytest.warns(UserWarning, match="CUDA is not available"), gradbook.autocast("cuda"):
        assert (x @ x).dtype is gradbook.float32
    with pytest.warns(UserWarning, match="not supported"), gradbook.autocast("cpu", dtype=gradbook.float32):
        assert (x @ x).dtype is gradbook.float32
    with pytest.warns(UserWarning, match="CUDA is not available"):
        amp.autocast("cuda", enabled=True)
    assert amp.autocast("cuda", enabled=False)
    with gradbook.cpu.amp.autocast():
        assert (x @ x).dtype is gradbook.bfloat16


def test_switched_for_good_and_back() -> None:
    x = gradbook.ones(2, 2)
    gradbook.set_autocast_enabled("cpu", True)
    gradbook.set_autocast_dtype("cpu", gradbook.float16)
    try:
        assert (x @ x).dtype is gradbook.float16
    finally:
        gradbook.set_autocast_enabled("cpu", False)
        gradbook.set_autocast_dtype("cpu", gradbook.bfloat16)
    assert casting.scopes == 0


def product_of(module: Any, dtype: Any, said: list[str]) -> Any:
    """A Function that multiplies matrices, under custom_fwd and custom_bwd, and says in which dtypes."""

    class Product(module.autograd.Function):
        @staticmethod
        @module.amp.custom_fwd(device_type="cpu", cast_inputs=dtype)
        def forward(ctx: Any, a: Any, b: Any) -> Any:
            ctx.save_for_backward(a, b)
            y = a @ b
            said.append(f"{a.dtype} {y.dtype}".replace("gradbook", "torch"))
            return y

        @staticmethod
        @module.amp.custom_bwd(device_type="cpu")
        def backward(ctx: Any, grad: Any) -> Any:
            a, b = ctx.saved_tensors
            left = grad.to(b.dtype) @ b.t()
            said.append(str(left.dtype).replace("gradbook", "torch"))
            return left.to(a.dtype), (a.t() @ grad.to(a.dtype)).to(b.dtype)

    return Product


@pytest.mark.parametrize("cast_inputs", [None, "float32"])
def test_functions_of_ones_own(cast_inputs: str | None) -> None:
    seen: dict[Any, list[str]] = {gradbook: [], torch: []}
    for module in (gradbook, torch):
        a = module.ones(2, 2, requires_grad=True)
        product = product_of(module, getattr(module, cast_inputs) if cast_inputs else None, seen[module])
        with module.autocast("cpu"):
            product.apply(a, module.ones(2, 2)).float().sum().backward()
        assert a.grad.tolist() == [[2, 2], [2, 2]]
    assert seen[gradbook] == seen[torch]


def test_attention_in_half_precision_keeps_its_dtype() -> None:
    q = np.random.default_rng(0).standard_normal((2, 3, 4)).astype("f4")
    for name in ("bfloat16", "float16"):
        ours = gradbook.from_numpy(q).to(getattr(gradbook, name))
        theirs = torch.from_numpy(q).to(getattr(torch, name))
        out = nn.functional.scaled_dot_product_attention(ours, ours, ours, is_causal=True)
        expected = torch.nn.functional.scaled_dot_product_attention(theirs, theirs, theirs, is_causal=True)
        assert str(out.dtype) == f"gradbook.{name}"
        np.testing.assert_allclose(out.float().numpy(), expected.float().numpy(), atol=2e-2)
