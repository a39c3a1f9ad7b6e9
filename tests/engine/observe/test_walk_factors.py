"""Every gradient of a walk is the product of the factors shown, and what the engine and PyTorch computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradbook
import gradbook.nn.functional
from gradbook import observe
from gradbook.observe.walkthrough.factors import close, multiply
from gradbook.observe.walkthrough.steps import Part, Step
from gradbook.observe.walkthrough.windows import convolved_back

Program = Callable[[Any, Any, Any, Any, Any], Any]  # (library, functional, x 2×3, w 3×2, p 2×3 positive) -> scalar

FACTORED: dict[str, Program] = {
    "add": lambda t, F, x, w, p: (x + p).sum(),
    "add broadcast": lambda t, F, x, w, p: (x + w[:, 0]).sum(),
    "add number": lambda t, F, x, w, p: (x + 2.5).sum(),
    "sub": lambda t, F, x, w, p: (x - p).sum(),
    "rsub": lambda t, F, x, w, p: (1 - x).sum(),
    "mul": lambda t, F, x, w, p: (x * p).sum(),
    "mul itself": lambda t, F, x, w, p: (x * x).sum(),
    "div": lambda t, F, x, w, p: (x / p).sum(),
    "pow number": lambda t, F, x, w, p: (p**3).sum(),
    "pow tensor": lambda t, F, x, w, p: (p**x).sum(),
    "square": lambda t, F, x, w, p: (x**2).sum(),
    "neg": lambda t, F, x, w, p: (-x).sum(),
    "sqrt": lambda t, F, x, w, p: p.sqrt().sum(),
    "exp": lambda t, F, x, w, p: x.exp().sum(),
    "log": lambda t, F, x, w, p: p.log().sum(),
    "abs": lambda t, F, x, w, p: x.abs().sum(),
    "relu": lambda t, F, x, w, p: (F.relu(x) * p).sum(),
    "leaky relu": lambda t, F, x, w, p: (F.leaky_relu(x, 0.1) * p).sum(),
    "tanh": lambda t, F, x, w, p: (x.tanh() * p).sum(),
    "sigmoid": lambda t, F, x, w, p: (x.sigmoid() * p).sum(),
    "gelu": lambda t, F, x, w, p: (F.gelu(x) * p).sum(),
    "silu": lambda t, F, x, w, p: (F.silu(x) * p).sum(),
    "softplus": lambda t, F, x, w, p: (F.softplus(x) * p).sum(),
    "clamp": lambda t, F, x, w, p: (x.clamp(-0.5, 0.5) * p).sum(),
    "maximum": lambda t, F, x, w, p: (t.maximum(x, p) * p).sum(),
    "where": lambda t, F, x, w, p: (t.where(x > 0, x, p) * p).sum(),
    "matmul": lambda t, F, x, w, p: ((x @ w) ** 2).sum(),
    "matmul vector": lambda t, F, x, w, p: ((x @ w[:, 0]) ** 2).sum(),
    "vector matmul": lambda t, F, x, w, p: ((x[0] @ w) ** 2).sum(),
    "dot": lambda t, F, x, w, p: (x[0] @ w[:, 1]) ** 2,
    "matmul batch": lambda t, F, x, w, p: ((t.stack([x, p]) @ w) ** 2).sum(),
    "bmm": lambda t, F, x, w, p: (t.bmm(t.stack([x, p]), t.stack([w, w])) ** 2).sum(),
    "linear": lambda t, F, x, w, p: (F.linear(x, p, w[0]) ** 2).sum(),
    "linear 3-D": lambda t, F, x, w, p: (F.linear(t.stack([x, p]), p) ** 2).sum(),
    "sum axis": lambda t, F, x, w, p: (x.sum(1) ** 2).sum(),
    "sum keepdim": lambda t, F, x, w, p: (x.sum(0, keepdim=True) * p).sum(),
    "mean": lambda t, F, x, w, p: x.mean() ** 2,
    "mean axis": lambda t, F, x, w, p: (x.mean(0) ** 2).sum(),
    "softmax": lambda t, F, x, w, p: (x.softmax(1) * p).sum(),
    "log softmax": lambda t, F, x, w, p: (F.log_softmax(x, 1) * p).sum(),
    "cross entropy": lambda t, F, x, w, p: F.cross_entropy(x, t.tensor([2, 0])),
    "cross entropy sum": lambda t, F, x, w, p: F.cross_entropy(x, t.tensor([2, 0]), reduction="sum"),
    "cross entropy ignored": lambda t, F, x, w, p: F.cross_entropy(x, t.tensor([2, -100])),
    "cross entropy weights": lambda t, F, x, w, p: F.cross_entropy(x, t.tensor([2, 0]), weight=p[0].detach()),
    "mse": lambda t, F, x, w, p: F.mse_loss(x, p),
    "mse sum": lambda t, F, x, w, p: F.mse_loss(x, p, reduction="sum"),
    "mse none": lambda t, F, x, w, p: F.mse_loss(x, p, reduction="none").sum(),
    "binary cross entropy": lambda t, F, x, w, p: F.binary_cross_entropy_with_logits(x, p.detach() / 4),
    "reshape": lambda t, F, x, w, p: (x.reshape(3, 2) * w).sum(),
    "transpose": lambda t, F, x, w, p: (x.t() * w).sum(),
    "permute": lambda t, F, x, w, p: (x.permute(1, 0) * w).sum(),
    "expand": lambda t, F, x, w, p: (x[0].expand(2, 3) * p).sum(),
    "index row": lambda t, F, x, w, p: (x[0] ** 2).sum(),
    "index slice": lambda t, F, x, w, p: (x[:, 1:] ** 2).sum(),
    "index list": lambda t, F, x, w, p: (x[[0, 0, 1]] ** 2).sum(),
    "gather": lambda t, F, x, w, p: (x.gather(1, t.tensor([[2], [0]])) ** 2).sum(),
    "cat": lambda t, F, x, w, p: (t.cat([x, p]) ** 2).sum(),
    "stack": lambda t, F, x, w, p: (t.stack([x, p]) ** 2).sum(),
    "max": lambda t, F, x, w, p: x.max() ** 2,
    "prod": lambda t, F, x, w, p: p.prod(),
    "cumsum": lambda t, F, x, w, p: (x.cumsum(1) * p).sum(),
    "std": lambda t, F, x, w, p: x.std(),
    "norm": lambda t, F, x, w, p: x.norm(),
    "layer norm": lambda t, F, x, w, p: (F.layer_norm(x, (3,)) * p).sum(),
    "max pool": lambda t, F, x, w, p: (F.max_pool2d(x.reshape(1, 1, 2, 3), 2, 1) ** 2).sum(),
    "avg pool": lambda t, F, x, w, p: (F.avg_pool2d(x.reshape(1, 1, 2, 3), 2, 1) ** 2).sum(),
    "conv": lambda t, F, x, w, p: (F.conv2d(x.reshape(1, 1, 2, 3), w[:2].reshape(1, 1, 2, 2)) ** 2).sum(),
    "conv1d": lambda t, F, x, w, p: (F.conv1d(x.reshape(1, 2, 3), w[:2].reshape(1, 2, 2)) ** 2).sum(),
    "conv stride": lambda t, F, x, w, p: (F.conv2d(t.stack([x, p]).reshape(2, 1, 2, 3), w.reshape(2, 1, 3, 1), w[0],
                                                   stride=(1, 2), padding=1) ** 2).sum(),
    "conv channels": lambda t, F, x, w, p: (F.conv2d(x.reshape(1, 2, 1, 3), w.reshape(1, 2, 1, 3), dilation=1) ** 2
                                            ).sum(),
    "embedding": lambda t, F, x, w, p: (F.embedding(t.tensor([1, 1, 0]), w) ** 2).sum(),
    "attention": lambda t, F, x, w, p: (F.scaled_dot_product_attention(x, p, x * p) ** 2).sum(),
    "unbind": lambda t, F, x, w, p: (lambda a, b: (a * b).sum())(*x.unbind(0)),
    "split": lambda t, F, x, w, p: (lambda a, b: (a * a).sum() + b.sum())(*x.split(1)),
}  # fmt: skip
MANY_OUTPUTS = {"unbind", "split"}  # their own step back joins several gradients, and is not taken apart


def leaves(library: Any) -> list[Any]:
    """The same three leaves in gradbook and in torch."""
    rows = [[[0.5, -1.0, 2.0], [-0.3, 0.8, -1.5]], [[0.5, -1.0], [1.0, 0.5], [-0.5, 1.0]],
            [[0.5, 1.5, 0.9], [1.1, 2.0, 0.4]]]  # fmt: skip
    return [library.tensor(row, requires_grad=True) for row in rows]


def product(step: Step, part: Part) -> np.ndarray:
    """The factors of a part multiplied, and summed back to the operand's shape."""
    arrays, shape = [factor.block.array for factor in part.factors], part.to.shape
    if part.operation == "convolve":
        assert step.call is not None
        return np.asarray(convolved_back(step.call, arrays[0], arrays[1], shape))
    made = np.asarray(multiply(part.operation, arrays))
    if made.size == int(np.prod(shape)):
        return made.reshape(shape)
    lead = made.ndim - len(shape)
    made = made.sum(tuple(range(lead))) if lead > 0 else made
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and made.shape[i] != 1)
    made = made.sum(axes, keepdims=True) if axes else made
    return np.broadcast_to(made, shape)


def check_entry(part: Part) -> None:
    """Assert that the entry that is spelled out adds up to what the operand received."""
    assert part.entry is not None
    index, terms = part.entry
    assert sum(float(np.prod(term)) for term in terms) == pytest.approx(part.result.at(index), rel=1e-4, abs=1e-5)


def check_parts(steps: tuple[Step, ...]) -> int:
    """Assert that each part that is taken apart is what its factors give. -> how many were."""
    count = 0
    for step in steps:
        for part in step.parts:
            if part.operation == "rule":
                continue
            count += 1
            assert close(product(step, part).astype(np.float32), part.result.array, 1.0), (
                step.op,
                part.to,
                part.operation,
            )
            assert any(factor.role == "incoming" for factor in part.factors)
            assert len(part.factors) > 1
            check_entry(part)
    return count


@pytest.mark.parametrize("name", FACTORED)
def test_the_factors_give_the_gradient_that_torch_gives(name: str) -> None:
    torch = pytest.importorskip("torch")
    program = FACTORED[name]
    ours, theirs = leaves(gradbook), leaves(torch)
    with observe.walk() as walk:
        program(gradbook, gradbook.nn.functional, *ours).backward()
    program(torch, torch.nn.functional, *theirs).backward()

    assert check_parts(walk.backward) > 0
    rest = {step.op for step in walk.backward for part in step.parts if part.operation == "rule"}
    assert rest <= ({"unbind", "split"} if name in MANY_OUTPUTS else set())
    for mine, reference in zip(ours, theirs, strict=True):
        known = [value for value in walk.values if value.tensor is not None and value.tensor() is mine]
        if reference.grad is None:
            assert all(value.grad is None for value in known)
            continue
        assert len(known) == 1
        np.testing.assert_allclose(known[0].grad, reference.grad.numpy(), rtol=1e-5, atol=1e-6)
        arrived = [part for step in walk.backward for part in step.parts if part.to is known[0]]
        assert arrived[-1].stored
        np.testing.assert_array_equal(arrived[-1].total.array, known[0].grad)


def test_a_wrong_factor_is_noticed() -> None:
    x = gradbook.tensor([[1.0, 2.0]], requires_grad=True)
    with observe.walk() as walk:
        (x * 3).sum().backward()
    part = walk.backward[-1].parts[0]
    local = next(factor for factor in part.factors if factor.role == "local")
    local.block.values[...] *= 1.0005
    with pytest.raises(AssertionError):
        check_parts(walk.backward)


def test_what_is_added_up_is_told_in_order() -> None:
    a = gradbook.tensor(3.0, requires_grad=True)
    with observe.walk() as walk:
        b = a * a + a * 2
        b.backward()
    parts = [part for step in walk.backward for part in step.parts if part.to.name == "a"]
    assert [part.adds for part in parts] == [False, True, True]
    assert [float(part.total.array) for part in parts] == [2.0, 5.0, 8.0]
    assert [part.why for part in parts[1:]] == ["second part of the gradient", "third part of the gradient"]
    assert walk["a"].grad == 8.0


def test_a_gradient_that_was_not_cleared_is_what_the_next_is_added_to() -> None:
    w = gradbook.tensor([1.0, 2.0], requires_grad=True)
    (w * 10).sum().backward()
    with observe.walk() as walk:
        (w * 3).sum().backward()
    (part,) = [part for step in walk.backward for part in step.parts if part.to.name == "w"]
    assert part.adds
    assert part.why == "what lay in .grad before"
    assert part.result.array.tolist() == [3.0, 3.0]
    assert part.total.array.tolist() == [13.0, 13.0] == walk["w"].grad.tolist()


def test_a_large_op_that_cannot_be_taken_apart_shows_the_incoming_gradient_and_the_result() -> None:
    x = gradbook.randn(40, 5, requires_grad=True)
    with observe.walk() as walk:
        x.softmax(1).square().sum().backward()
    step = next(step for step in walk.backward if step.op == "softmax")
    (part,) = step.parts
    assert part.operation == "rule"
    assert [factor.role for factor in part.factors] == ["incoming"]
    np.testing.assert_array_equal(part.result.array, walk["x"].grad)
