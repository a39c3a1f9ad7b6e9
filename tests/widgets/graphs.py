"""Descriptions of computations as the wire carries them, small and large, for the tests of layout and drawing."""

from __future__ import annotations

import random
from typing import Any

Description = dict[str, Any]


class Builder:
    """Writes a description op by op, as observe does while a model runs."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.edges: list[list[int]] = []
        self.modules: list[dict[str, Any]] = []
        self.inside = -1

    def leaf(self, kind: str, name: str, *shape: int) -> int:
        return self._node(kind, "", name, list(shape))

    def op(self, op: str, *operands: int, shape: tuple[int, ...] = (), name: str = "", line: int = 0) -> int:
        node = self._node("op", op, name, list(shape), line)
        self.edges += [[operand, node, slot] for slot, operand in enumerate(operands)]
        return node

    def module(self, path: str, cls: str, parameters: int = 0) -> int:
        parent = max((m for m, info in enumerate(self.modules) if path.startswith(info["path"] + ".")), default=-1)
        label = path.removeprefix(self.modules[parent]["path"] + ".") if parent >= 0 else path
        self.modules.append({"path": path, "label": label, "cls": cls, "parent": parent, "parameters": parameters})
        return len(self.modules) - 1

    def linear(self, x: int, path: str, *sizes: int, batch: tuple[int, ...] = (64,), line: int = 0) -> int:
        """One module of one op with weight and bias, x: (*batch, sizes[0]) -> (*batch, sizes[1])."""
        before, self.inside = self.inside, self.module(path, "Linear", sizes[0] * sizes[1] + sizes[1])
        weight = self.leaf("parameter", f"{path}.weight", sizes[1], sizes[0])
        bias = self.leaf("parameter", f"{path}.bias", sizes[1])
        y = self.op("linear", x, weight, bias, shape=(*batch, sizes[1]), line=line)
        self.inside = before
        return y

    def description(self) -> Description:
        ops = sum(node["kind"] == "op" for node in self.nodes)
        formulas = {
            "linear": {
                "value": "<math><mi>y</mi><mo>=</mo><mi>x</mi><mi>W</mi><mo>+</mo><mi>b</mi></math>",
                "grads": {"x": "<math><mover><mi>y</mi><mo>¯</mo></mover><mi>W</mi></math>"},
            }
        }
        return {
            "signature": f"{ops}-{len(self.edges)}", "ops": ops, "nodes": self.nodes, "edges": self.edges,
            "modules": self.modules, "formulas": formulas,
        }  # fmt: skip

    def _node(self, kind: str, op: str, name: str, shape: list[int], line: int = 0) -> int:
        node = {
            "id": len(self.nodes), "kind": kind, "op": op, "label": op or name.split(".")[-1], "name": name,
            "module": self.inside, "shape": shape, "dtype": "float32", "device": "cpu",
            "rg": kind in ("op", "parameter"),
            "cell": "[7]", "line": line or None, "source": "h = F.relu(self.fc1(x))" if line else None, "params": {},
        }  # fmt: skip
        self.nodes.append(node)
        return node["id"]


def lenet() -> Description:
    """The mock-up's model: stem, four equal residual blocks, head."""
    b = Builder()
    x = b.leaf("input", "x", 64, 1, 28, 28)

    def conv(x: int, path: str, before: int, after: int, size: int, side: int) -> int:
        outer, b.inside = b.inside, b.module(path, "Conv2d", after * (before * size * size + 1))
        weight = b.leaf("parameter", f"{path}.weight", after, before, size, size)
        bias = b.leaf("parameter", f"{path}.bias", after)
        y = b.op("conv2d", x, weight, bias, shape=(64, after, side, side), line=3)
        b.inside = outer
        return y

    b.inside = b.module("stem", "Sequential", 2572)
    x = conv(x, "stem.conv1", 1, 6, 5, 24)
    x = b.op("relu", x, shape=(64, 6, 24, 24))
    x = b.op("max_pool2d", x, shape=(64, 6, 12, 12))
    x = conv(x, "stem.conv2", 6, 16, 5, 8)
    x = b.op("relu", x, shape=(64, 16, 8, 8))
    x = b.op("max_pool2d", x, shape=(64, 16, 4, 4))
    b.inside = blocks = b.module("blocks", "Sequential", 18688)
    for number in range(4):
        b.inside = b.module(f"blocks.{number}", "Block", 4672)
        skip = x
        x = conv(x, f"blocks.{number}.conv1", 16, 16, 3, 4)
        x = b.op("batch_norm", x, shape=(64, 16, 4, 4))
        x = b.op("relu", x, shape=(64, 16, 4, 4))
        x = conv(x, f"blocks.{number}.conv2", 16, 16, 3, 4)
        x = b.op("batch_norm", x, shape=(64, 16, 4, 4))
        x = b.op("add", skip, x, shape=(64, 16, 4, 4))
        x = b.op("relu", x, shape=(64, 16, 4, 4))
        b.inside = blocks
    b.inside = -1
    x = b.op("flatten", x, shape=(64, 256), line=3)
    b.inside = b.module("head", "Sequential", 32050)
    x = b.linear(x, "head.fc1", 256, 120, line=4)
    x = b.op("relu", x, shape=(64, 120), name="h", line=4)
    x = b.linear(x, "head.fc2", 120, 10)
    b.inside = -1
    b.op("cross_entropy", x, b.leaf("input", "y", 64), name="loss", line=11)
    return b.description()


def mlp() -> Description:
    """Three layers and a loss, 6 ops."""
    b = Builder()
    x = b.leaf("input", "x", 64, 784)
    x = b.op("relu", b.linear(x, "fc1", 784, 64, line=4), shape=(64, 64), name="h1")
    x = b.op("relu", b.linear(x, "fc2", 64, 32), shape=(64, 32), name="h2")
    x = b.linear(x, "fc3", 32, 10)
    b.op("cross_entropy", x, b.leaf("input", "y", 64), name="loss")
    return b.description()


def residual() -> Description:
    """A block with a skip and one with a convolution in the skip."""
    b = Builder()
    x = b.leaf("input", "x", 8, 16)
    b.inside = outer = b.module("block", "Residual", 544)
    h = b.op("relu", b.linear(x, "block.fc1", 16, 16, batch=(8,)), shape=(8, 16))
    x = b.op("add", b.linear(h, "block.fc2", 16, 16, batch=(8,)), x, shape=(8, 16))
    b.inside = -1
    b.inside = outer = b.module("down", "Residual", 816)
    h = b.op("relu", b.linear(x, "down.fc1", 16, 8, batch=(8,)), shape=(8, 8))
    h = b.linear(h, "down.fc2", 8, 8, batch=(8,))
    b.inside = outer
    x = b.op("add", h, b.linear(x, "down.shortcut", 16, 8, batch=(8,)), shape=(8, 8))
    b.inside = -1
    b.op("mean", b.op("pow", x, shape=(8, 8)), name="loss")
    return b.description()


def transformer(layers: int = 2) -> Description:
    """Token and position embedding, pre-norm attention blocks, head."""
    b = Builder()
    tokens = b.leaf("input", "idx", 4, 32)
    x = b.op("embedding", tokens, b.leaf("parameter", "wte.weight", 65, 48), shape=(4, 32, 48))
    places = b.op("arange", shape=(32,))
    x = b.op(
        "add",
        x,
        b.op("embedding", places, b.leaf("parameter", "wpe.weight", 32, 48), shape=(32, 48)),
        shape=(4, 32, 48),
    )
    b.module("blocks", "ModuleList", layers * 28000)
    wide = (4, 32)
    for number in range(layers):
        block = b.module(f"blocks.{number}", "Block", 28000)
        b.inside = block
        x = _attention(b, x, f"blocks.{number}", wide)
        b.inside = block
        h = _norm(b, x, f"blocks.{number}.ln2")
        b.inside = b.module(f"blocks.{number}.mlp", "MLP", 18624)
        h = b.op("gelu", b.linear(h, f"blocks.{number}.mlp.fc", 48, 192, batch=wide), shape=(*wide, 192))
        h = b.linear(h, f"blocks.{number}.mlp.proj", 192, 48, batch=wide)
        b.inside = block
        x = b.op("add", x, h, shape=(*wide, 48))
        b.inside = -1
    x = b.linear(_norm(b, x, "ln_f"), "lm_head", 48, 65, batch=wide)
    b.op("cross_entropy", b.op("view", x, shape=(128, 65)), b.leaf("input", "targets", 4, 32), name="loss")
    return b.description()


def _norm(b: Builder, x: int, path: str) -> int:
    before, b.inside = b.inside, b.module(path, "LayerNorm", 96)
    y = b.op(
        "layer_norm",
        x,
        b.leaf("parameter", f"{path}.weight", 48),
        b.leaf("parameter", f"{path}.bias", 48),
        shape=(4, 32, 48),
    )
    b.inside = before
    return y


def _attention(b: Builder, x: int, path: str, wide: tuple[int, ...]) -> int:
    h = _norm(b, x, f"{path}.ln1")
    before, b.inside = b.inside, b.module(f"{path}.attn", "Attention", 9408)
    heads = (4, 4, 32, 12)
    q, k, v = (
        b.op(
            "transpose",
            b.op("view", b.linear(h, f"{path}.attn.{name}", 48, 48, batch=wide), shape=(4, 32, 4, 12)),
            shape=heads,
        )
        for name in ("q", "k", "v")
    )
    scores = b.op("matmul", q, b.op("transpose", k, shape=(4, 4, 12, 32)), shape=(4, 4, 32, 32), name="scores")
    weights = b.op(
        "softmax",
        b.op("masked_fill", scores, b.leaf("buffer", f"{path}.attn.mask", 32, 32), shape=(4, 4, 32, 32)),
        shape=(4, 4, 32, 32),
    )
    y = b.op("view", b.op("matmul", weights, v, shape=heads), shape=(4, 32, 48))
    y = b.linear(y, f"{path}.attn.proj", 48, 48, batch=wide)
    b.inside = before
    return b.op("add", x, y, shape=(4, 32, 48))


def rnn(steps: int = 50) -> Description:
    """A cell unrolled, its three parameters used at every step, one loss a step."""
    b = Builder()
    x = b.leaf("input", "x", 8, steps, 4)
    w, u, bias = b.leaf("parameter", "W", 4, 16), b.leaf("parameter", "U", 16, 16), b.leaf("parameter", "b", 16)
    h, total = b.leaf("constant", "h0", 8, 16), -1
    for _ in range(steps):
        a = b.op("matmul", b.op("select", x, shape=(8, 4), line=5), w, shape=(8, 16), line=6)
        c = b.op("matmul", h, u, shape=(8, 16), line=6)
        h = b.op(
            "tanh",
            b.op("add", b.op("add", a, c, shape=(8, 16), line=6), bias, shape=(8, 16), line=6),
            shape=(8, 16),
            name="h",
            line=6,
        )
        loss = b.op("mse_loss", h, b.leaf("input", "y", 8, 16), line=7)
        total = loss if total < 0 else b.op("add", total, loss, name="loss", line=8)
    return b.description()


def scalars() -> Description:
    """The expression of micrograd's page: scalars, an operand twice, branches."""
    b = Builder()
    x, y = b.leaf("input", "a"), b.leaf("input", "b")
    c = b.op("add", x, y, name="c")
    d = b.op("add", b.op("mul", x, y), b.op("pow", y), name="d")
    c = b.op("add", c, b.op("add", c, b.leaf("constant", "1")), name="c")
    d = b.op("add", d, b.op("relu", b.op("add", y, x)), name="d")
    e = b.op("sub", c, d, name="e")
    f = b.op("mul", e, e, name="f")
    g = b.op("div", f, b.leaf("constant", "2.0"), name="g")
    b.op("add", g, b.op("div", b.leaf("constant", "10.0"), f), name="g")
    return b.description()


def chain(ops: int) -> Description:
    """One op after the other, nothing else."""
    b = Builder()
    x = b.leaf("input", "x", 8)
    for number in range(ops):
        x = b.op(("sin", "cos", "exp", "neg", "tanh")[(number * number) % 5], x, shape=(8,))
    return b.description()


def tangle(ops: int, seed: int = 0) -> Description:
    """Like what autograd records: a chain with parameters, skips and branches, modules here and there."""
    rng = random.Random(seed)
    b = Builder()
    values = [b.leaf("input", "x", 8)]
    b.module("model", "Model")
    for number in range(ops):
        if number % 40 == 0:
            b.inside = b.module(f"model.part{number // 40}", "Part", 100) if rng.random() < 0.7 else 0
        operands = [values[-1] if rng.random() < 0.85 else rng.choice(values[-6:])]
        if rng.random() < 0.3:
            operands.append(b.leaf("parameter", f"w{number}", 8))
        if rng.random() < 0.15:
            operands.append(rng.choice(values[-40:]))
        values.append(b.op(rng.choice(("add", "mul", "tanh", "matmul")), *operands, shape=(8,)))
    return b.description()


ALL = {
    "lenet": lenet, "mlp": mlp, "residual": residual, "transformer": transformer, "rnn": rnn, "scalars": scalars,
    "chain_2000": lambda: chain(2000), "tangle_2000": lambda: tangle(2000), "tangle_10000": lambda: tangle(10000),
}  # fmt: skip
