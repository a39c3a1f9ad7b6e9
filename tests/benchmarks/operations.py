"""Sixty common operations, each written once for gradbook and for PyTorch, at three sizes.

`build(torch, size)` gives (function, tensors): one call of the function is the forward; its result is summed and taken
back to the tensors that require gradients, where there are any.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["OPERATIONS", "SIZES", "prepared"]

SIZES = ("small", "middle", "large")
ROWS = {"small": (8, 16), "middle": (128, 128), "large": (1024, 1024)}  # of a matrix
IMAGES = {"small": (2, 3, 8, 8), "middle": (8, 16, 28, 28), "large": (16, 64, 56, 56)}
TEXTS = {"small": (2, 8, 16), "middle": (8, 64, 64), "large": (8, 256, 256)}  # (batch, length, features)
Build = Callable[[Any, str], tuple[Callable[..., Any], list[Any]]]


def leaf(torch: Any, *shape: int) -> Any:
    """A tensor that wants a gradient."""
    return torch.randn(*shape).requires_grad_()


def of_rows(function: Callable[..., Any], count: int = 1, positive: bool = False) -> Build:
    """An operation function(torch, *matrices) on matrices of one shape."""

    def build(torch: Any, size: str) -> tuple[Callable[..., Any], list[Any]]:
        tensors = [leaf(torch, *ROWS[size]) for _ in range(count)]
        if positive:
            tensors = [(x.detach().abs() + 0.1).requires_grad_() for x in tensors]
        return lambda *given: function(torch, *given), tensors

    return build


def of_images(function: Callable[..., Any]) -> Build:
    """An operation function(torch, images) on a batch of images."""
    return lambda torch, size: (lambda x: function(torch, x), [leaf(torch, *IMAGES[size])])


def of_texts(function: Callable[..., Any]) -> Build:
    """An operation function(torch, x) on (batch, length, features)."""
    return lambda torch, size: (lambda x: function(torch, x), [leaf(torch, *TEXTS[size])])


def by_module(make: Callable[[Any, tuple[int, ...]], Any], sizes: dict[str, tuple[int, ...]]) -> Build:
    """A layer make(nn, shape) on an input of that shape, with gradients of its parameters."""

    def build(torch: Any, size: str) -> tuple[Callable[..., Any], list[Any]]:
        layer = make(torch.nn, sizes[size])
        x = leaf(torch, *sizes[size])

        def run(x: Any, *_: Any) -> Any:
            y = layer(x)
            return y[0] if isinstance(y, tuple) else y

        return run, [x, *layer.parameters()]

    return build


def products(torch: Any, size: str) -> tuple[Callable[..., Any], list[Any]]:
    """A batch of products of matrices, as attention has them."""
    n, length, width = TEXTS[size]
    return torch.bmm, [leaf(torch, n, length, width), leaf(torch, n, width, length)]


def classified(torch: Any, size: str) -> tuple[Callable[..., Any], list[Any]]:
    """Cross entropy of classes."""
    n, c = ROWS[size]
    target = torch.arange(n) * 7 % c
    return lambda x: torch.nn.functional.cross_entropy(x, target), [leaf(torch, n, c)]


def likelihood(torch: Any, size: str) -> tuple[Callable[..., Any], list[Any]]:
    """Negative log likelihood of classes."""
    n, c = ROWS[size]
    target = torch.arange(n) * 7 % c
    return lambda x: torch.nn.functional.nll_loss(x, target), [leaf(torch, n, c)]


def looked_up(torch: Any, size: str) -> tuple[Callable[..., Any], list[Any]]:
    """Rows of a table."""
    n, length, width = TEXTS[size]
    index = (torch.arange(n * length) * 7 % 50).reshape(n, length)
    return lambda w: torch.nn.functional.embedding(index, w), [leaf(torch, 50, width)]


def gathered(torch: Any, size: str) -> tuple[Callable[..., Any], list[Any]]:
    """One number of each row."""
    n, c = ROWS[size]
    index = (torch.arange(n) * 7 % c).unsqueeze(1)
    return lambda x: x.gather(1, index), [leaf(torch, n, c)]


def picked(torch: Any, size: str) -> tuple[Callable[..., Any], list[Any]]:
    """Rows by their numbers."""
    n, c = ROWS[size]
    index = torch.arange(n) * 7 % n
    return lambda x: x[index], [leaf(torch, n, c)]


def attended(torch: Any, size: str) -> tuple[Callable[..., Any], list[Any]]:
    """Causal attention of four heads."""
    n, length, width = TEXTS[size]
    shape = (n, 4, length, width // 4)
    function = torch.nn.functional.scaled_dot_product_attention
    return lambda q, k, v: function(q, k, v, is_causal=True), [leaf(torch, *shape) for _ in range(3)]


def masked(torch: Any, size: str) -> tuple[Callable[..., Any], list[Any]]:
    """Numbers above the diagonal hidden."""
    n, c = ROWS[size]
    hidden = torch.ones(n, c).tril() == 0
    return lambda x: x.masked_fill(hidden, -1.0), [leaf(torch, n, c)]


def chosen(torch: Any, size: str) -> tuple[Callable[..., Any], list[Any]]:
    """One of two by a condition."""
    n, c = ROWS[size]
    condition = torch.ones(n, c).tril() == 0
    return lambda a, b: torch.where(condition, a, b), [leaf(torch, n, c), leaf(torch, n, c)]


def stepping(name: str, **options: Any) -> Build:
    """An optimizer's step over three parameters."""

    def build(torch: Any, size: str) -> tuple[Callable[..., Any], list[Any]]:
        n, c = ROWS[size]
        parameters = [torch.nn.Parameter(torch.randn(*shape)) for shape in ((n, c), (c,), (c, 4))]
        for parameter in parameters:
            parameter.grad = torch.randn(*parameter.shape)
        optimizer = getattr(torch.optim, name)(parameters, lr=1e-5, **options)
        return lambda: optimizer.step(), []

    return build


def image(function: str, *args: Any) -> Build:
    """A function of torch.nn.functional on images."""
    return of_images(lambda torch, x: getattr(torch.nn.functional, function)(x, *args))


def functional(function: str, *args: Any, **options: Any) -> Build:
    """A function of torch.nn.functional on a matrix."""
    return of_rows(lambda torch, x: getattr(torch.nn.functional, function)(x, *args, **options))


OPERATIONS: dict[str, Build] = {
    "+": of_rows(lambda _, a, b: a + b, 2), "-": of_rows(lambda _, a, b: a - b, 2),
    "*": of_rows(lambda _, a, b: a * b, 2), "/": of_rows(lambda _, a, b: a / b, 2, positive=True),
    "* number": of_rows(lambda _, a: a * 0.5), "** 2": of_rows(lambda _, a: a**2),
    "+ row": lambda torch, size: (lambda a, b: a + b, [leaf(torch, *ROWS[size]), leaf(torch, ROWS[size][1])]),
    "exp": of_rows(lambda _, a: a.exp()), "log": of_rows(lambda _, a: a.log(), positive=True),
    "sqrt": of_rows(lambda _, a: a.sqrt(), positive=True), "abs": of_rows(lambda _, a: a.abs()),
    "sin": of_rows(lambda _, a: a.sin()), "tanh": of_rows(lambda _, a: a.tanh()),
    "sigmoid": of_rows(lambda _, a: a.sigmoid()), "clamp": of_rows(lambda _, a: a.clamp(-1, 1)),
    "maximum": of_rows(lambda torch, a, b: torch.maximum(a, b), 2), "where": chosen, "masked_fill": masked,
    "relu": functional("relu"), "gelu": functional("gelu"), "gelu, tanh": functional("gelu", approximate="tanh"),
    "silu": functional("silu"), "leaky_relu": functional("leaky_relu"), "elu": functional("elu"),
    "softplus": functional("softplus"), "softmax": functional("softmax", -1),
    "log_softmax": functional("log_softmax", -1), "dropout": functional("dropout", 0.5),
    "sum": of_rows(lambda _, a: a.sum()), "sum of rows": of_rows(lambda _, a: a.sum(1)),
    "mean of columns": of_rows(lambda _, a: a.mean(0)), "max of rows": of_rows(lambda _, a: a.max(1)[0]),
    "var of rows": of_rows(lambda _, a: a.var(1)), "norm": of_rows(lambda _, a: a.norm()),
    "cumsum": of_rows(lambda _, a: a.cumsum(1)), "cat": of_rows(lambda torch, a, b: torch.cat([a, b]), 2),
    "stack": of_rows(lambda torch, a, b: torch.stack([a, b]), 2),
    "transposed, contiguous": of_texts(lambda _, x: x.transpose(1, 2).contiguous()),
    "reshape": of_texts(lambda _, x: x.reshape(-1, x.shape[-1])), "slice": of_rows(lambda _, a: a[:, 2:-2]),
    "index": picked, "gather": gathered, "embedding": looked_up,
    "matmul": of_rows(lambda _, a, b: a @ b.T, 2), "bmm": products,
    "linear": by_module(lambda nn, shape: nn.Linear(shape[-1], 2 * shape[-1]), TEXTS),
    "attention": attended,
    "conv1d": by_module(lambda nn, shape: nn.Conv1d(shape[1], 16, 3, padding=1), TEXTS),
    "conv2d": by_module(lambda nn, shape: nn.Conv2d(shape[1], 2 * shape[1], 3, padding=1), IMAGES),
    "conv2d, stride 2": by_module(lambda nn, shape: nn.Conv2d(shape[1], 2 * shape[1], 5, 2, 2), IMAGES),
    "conv_transpose2d": by_module(lambda nn, shape: nn.ConvTranspose2d(shape[1], 8, 2, 2), IMAGES),
    "max_pool2d": image("max_pool2d", 2), "avg_pool2d": image("avg_pool2d", 2),
    "adaptive_avg_pool2d": image("adaptive_avg_pool2d", 1),
    "batch_norm": by_module(lambda nn, shape: nn.BatchNorm2d(shape[1]), IMAGES),
    "layer_norm": by_module(lambda nn, shape: nn.LayerNorm(shape[-1]), TEXTS),
    "group_norm": by_module(lambda nn, shape: nn.GroupNorm(1, shape[1]), IMAGES),
    "LSTM": by_module(lambda nn, shape: nn.LSTM(shape[-1], shape[-1], batch_first=True), TEXTS),
    "cross_entropy": classified, "nll_loss": likelihood,
    "mse_loss": of_rows(lambda torch, a, b: torch.nn.functional.mse_loss(a, b), 2),
    "binary_cross_entropy_with_logits": of_rows(
        lambda torch, a, b: torch.nn.functional.binary_cross_entropy_with_logits(a, b.detach()), 2
    ),
    "SGD": stepping("SGD", momentum=0.9), "Adam": stepping("Adam"), "AdamW": stepping("AdamW"),
}  # fmt: skip


def prepared(torch: Any, name: str, size: str) -> Callable[[], object]:
    """One call: forward, and backward where something wants a gradient."""
    torch.manual_seed(0)
    function, tensors = OPERATIONS[name](torch, size)
    if not tensors:
        return lambda: function()
    upstream = torch.ones_like(function(*tensors).detach())

    def run() -> object:
        for tensor in tensors:
            tensor.grad = None
        function(*tensors).backward(upstream)
        return None

    return run
