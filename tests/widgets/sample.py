"""A run as it looks after some training, made by hand: the network of the mock-up, 1,930 steps, two epochs."""

from __future__ import annotations

import numpy as np

from gradbook.observe import (
    Detail,
    Graph,
    GraphEdge,
    GraphNode,
    ModuleInfo,
    ParameterInfo,
    Picture,
    Probes,
    Run,
)

LAYERS = [("stem.conv1", (6, 1, 5, 5)), ("stem.conv2", (16, 6, 5, 5))]
LAYERS += [(f"blocks.{i}.conv{k}", (16, 16, 3, 3)) for i in range(4) for k in (1, 2)]
LAYERS += [("head.fc1", (120, 256)), ("head.fc2", (10, 120))]


def sample_run(steps: int = 1930, state: str = "finished", seed: int = 0, probes: int = 60) -> Run:
    rng = np.random.default_rng(seed)
    run = Run("sample", cell="[7]", cell_id="cell-7", total_steps=79_730)
    run.begin()
    loss, val = run.curve("loss", "train"), None
    for step in range(1, steps + 1):
        spike = 1 + 2.7 * np.exp(-(step - 1412) / 26) if step >= 1412 else 1
        loss.append(step, float((0.352 + 1.95 * np.exp(-step / 400)) * spike * np.exp(0.15 * rng.standard_normal())))
        if step % 240 == 0:
            val = val or run.curve("val_loss", "val")
            val.append(step, 0.40 + 2 * np.exp(-step / 400))
    run.step, run.epoch, run.epochs = steps, 3, [(1, 0), (2, 938), (3, 1876)]
    rate = run.curve("learning rate", "lr")
    rate.append(1, 3e-3)
    run.parameters = parameters()
    run.parameters_version = 1
    run.probes = Probes(len(run.parameters))
    for step in np.linspace(1, steps, probes).astype(int):
        run.probes.add(int(step), *measurement(rng, len(run.parameters), int(step) / steps))
    run.picture = Picture(sample_graph(), 1, statistics(rng, len(sample_graph().nodes)), steps)
    if state in ("finished", "stopped", "error"):
        error = {"type": "RuntimeError", "message": "linear: (64, 256) @ (120, 250)", "line": 4}
        run.finish(state, error if state == "error" else None)
    return run


def parameters() -> tuple[ParameterInfo, ...]:
    rows = []
    for path, shape in LAYERS:
        rows.append(ParameterInfo(f"{path}.weight", shape, int(np.prod(shape)), path))
        rows.append(ParameterInfo(f"{path}.bias", shape[:1], shape[0], path))
    return tuple(rows)


def measurement(rng: np.random.Generator, rows: int, when: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    scale = 10 ** (np.linspace(-2.5, -0.5, rows) + 0.2 * rng.standard_normal(rows) - 0.5 * when)
    table = np.stack(
        [scale, np.full(rows, 3.0), 10 ** (-3 + 0.3 * rng.standard_normal(rows)), np.zeros(rows), scale], 1
    )
    bins = np.arange(32) - 15.5
    counts = 1000 * np.exp(-0.5 * (bins / (5 - 2 * when)) ** 2) * (1 + 0.08 * rng.standard_normal((rows, 32)))
    return table.astype(np.float32), counts.astype(np.float32), scale.astype(np.float32)


def sample_graph(source: str = "h = F.relu(self.fc1(x))") -> Graph:
    nodes = [GraphNode(0, "input", "input", name="x", shape=(64, 1, 28, 28), dtype="float32")]
    edges = []
    last, shape = 0, (64, 1, 28, 28)

    def add(kind: str, op: str, **more: object) -> int:
        nodes.append(GraphNode(len(nodes), kind, op, dtype="float32", requires_grad=True, cell="[7]", line=4, **more))
        return len(nodes) - 1

    for path, weight in LAYERS:
        op = "linear" if path.startswith("head") else "conv2d"
        cls = "Linear" if op == "linear" else "Conv2d"
        if path == "head.fc1":
            last = chain(nodes, edges, last, add("op", "flatten", shape=(64, 256)))
        shape = (64, weight[0]) if op == "linear" else (64, weight[0], 8, 8)
        w = add("parameter", "parameter", name=f"{path}.weight", module_path=path, module_cls=cls, shape=weight)
        b = add("parameter", "parameter", name=f"{path}.bias", module_path=path, module_cls=cls, shape=weight[:1])
        out = add("op", op, module_path=path, module_cls=cls, shape=shape, source=source)
        edges += [GraphEdge(last, out, 0), GraphEdge(w, out, 1), GraphEdge(b, out, 2)]
        last = out
        if path != "head.fc2":
            last = chain(
                nodes, edges, last, add("op", "relu", module_path=path.rpartition(".")[0], shape=shape, name="h")
            )
    y = add("input", "input", name="y", shape=(64,))
    out = add("op", "cross_entropy", name="loss", shape=(), params={"reduction": "mean"})
    edges += [GraphEdge(last, out, 0), GraphEdge(y, out, 1)]
    modules = [ModuleInfo("stem", "Sequential", 2572), ModuleInfo("blocks", "Sequential", 18_560)]
    modules += [ModuleInfo(f"blocks.{i}", "Block", 4640) for i in range(4)] + [ModuleInfo("head", "Sequential", 32_050)]
    modules += [ModuleInfo(path, "Linear" if "fc" in path else "Conv2d", int(np.prod(w)) + w[0]) for path, w in LAYERS]
    return Graph(tuple(nodes), tuple(edges), tuple(modules))


def chain(nodes: list[GraphNode], edges: list[GraphEdge], last: int, new: int) -> int:
    edges.append(GraphEdge(last, new, 0))
    return new


def statistics(rng: np.random.Generator, nodes: int) -> np.ndarray:
    stats = rng.random((nodes, 8)).astype(np.float32)
    stats[:, 5] = np.geomspace(3e-3, 1, nodes)
    return stats


def sample_detail(step: int = 7) -> Detail:
    return Detail(
        step, np.ones((3, 4), np.float32), (3, 4), np.arange(32, dtype=np.float32), -1.0, 1.0, 0.5, 0.1,
        grad_counts=np.ones(32, np.float32), grad_lo=-2.0, grad_hi=2.0, grad_mean=0.0, grad_std=1.0,
        saved=(("x", 48),),
    )  # fmt: skip
