"""diff: two graphs, two recorded steps, two runs, two checkpoints; what was added, removed and changed, by name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gradbook.observe.graph import Graph
from gradbook.observe.graphdiff import GraphDiff
from gradbook.observe.moment import Moment
from gradbook.observe.run import Run, Snapshot
from gradbook.observe.tensordiff import TensorDiff, compare_tensors, flatten

__all__ = ["RunDiff", "StepDiff", "diff"]


@dataclass(frozen=True)
class StepDiff:
    """Two recorded steps: their graphs, and values and gradients by name where both were kept whole."""

    graph: GraphDiff
    values: TensorDiff
    grads: TensorDiff
    title: str = ""

    def __bool__(self) -> bool:
        """True if anything differs."""
        return bool(self.graph or self.values or self.grads)

    def __str__(self) -> str:
        return "\n".join([f"{self.title}; graph: {self.graph}", str(self.values), str(self.grads)])

    def __repr__(self) -> str:
        return f"StepDiff({self.title}: {self.graph!r}, {self.values!r}, {self.grads!r})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


@dataclass(frozen=True)
class RunDiff:
    """Two runs: their graphs (None where one saw none), and the parameters of the newest step of each that has them."""

    a: Run
    b: Run
    graph: GraphDiff | None
    parameters: TensorDiff

    def __bool__(self) -> bool:
        """True if their graphs or their parameters differ."""
        return bool(self.graph or self.parameters)

    def __str__(self) -> str:
        graph = "a graph was not seen in both" if self.graph is None else str(self.graph)
        return "\n".join([repr(self.a), repr(self.b), f"graph: {graph}", str(self.parameters)])

    def __repr__(self) -> str:
        return f"RunDiff({self.a.name!r}, {self.b.name!r}: {self.graph!r}, {self.parameters!r})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


Difference = GraphDiff | StepDiff | RunDiff | TensorDiff


def diff(a: Any, b: Any) -> Difference:
    """What `b` has that `a` has not, lacks, and has changed, by name.

    Two Graphs, two steps of `run.history`, two Runs; or two sets of tensors: a state_dict or checkpoint (nested
    dictionaries are flattened), a Module, an entry of `run.snapshots`, a recorded step, a file of torch.save or
    safetensors. A file is read without running anything in it. Raises TypeError for what does not go together, and what
    gradbook.load raises for a file.
    """
    if isinstance(a, Graph) and isinstance(b, Graph):
        return a.diff(b)
    if isinstance(a, Run) and isinstance(b, Run):
        return _runs(a, b)
    if isinstance(a, Moment) and isinstance(b, Moment):
        return _steps(a, b)
    return compare_tensors(_tensors(a), _tensors(b), f"{_name(a)} -> {_name(b)}")


def _steps(a: Moment, b: Moment) -> StepDiff:
    """Nodes of both are paired by the graphs' diff, so that one of another name is still compared."""
    graph = a.graph.diff(b.graph)
    values: tuple[dict[str, Any], dict[str, Any]] = {}, {}
    grads: tuple[dict[str, Any], dict[str, Any]] = {}, {}
    names = b.node_names()
    for before, after in sorted(graph.pairs, key=lambda pair: pair[1]):
        name = names.get(after, f"#{after} {b.graph.nodes[after].op}")
        for found, kept in ((values, (a.value(before), b.value(after))), (grads, (a.grad(before), b.grad(after)))):
            if kept[0] is not None and kept[1] is not None:
                found[0][name], found[1][name] = kept
    return StepDiff(graph, compare_tensors(*values, "values"), compare_tensors(*grads, "gradients"),
                    f"step {a.step} -> step {b.step}")  # fmt: skip


def _runs(a: Run, b: Run) -> RunDiff:
    graph = a.graph.diff(b.graph) if a.graph is not None and b.graph is not None else None
    return RunDiff(a, b, graph, compare_tensors(_parameters(a), _parameters(b), "parameters"))


def _parameters(run: Run) -> Mapping[str, Any]:
    """The parameters of the newest snapshot or recorded step, whichever is later; {} if neither has any."""
    step = next((moment for moment in reversed(list(run.history)) if moment.has_values), None)
    if run.snapshots and (step is None or run.snapshots[-1].step >= step.step):
        return run.snapshots[-1].values
    return {} if step is None else _of_step(step)


def _of_step(moment: Moment) -> dict[str, Any]:
    found = {node.name: moment.value(node.id) for node in moment.graph.nodes if node.kind in ("parameter", "buffer")}
    return {name: value for name, value in found.items() if name and value is not None}


def _tensors(what: Any) -> Mapping[str, Any]:
    if isinstance(what, str | os.PathLike):
        import gradbook

        return flatten(gradbook.load(what, map_location="cpu", weights_only=True))
    if isinstance(what, Moment):
        return _of_step(what)
    if isinstance(what, Run):
        return _parameters(what)
    if isinstance(what, Snapshot):
        return what.values
    if hasattr(what, "state_dict"):
        what = what.state_dict()
    if isinstance(what, Mapping):
        return flatten(what)
    kinds = "a Graph, a Run, a step of run.history, a snapshot, a state_dict, a Module or a checkpoint's path"
    raise TypeError(f"diff: {type(what).__name__} is none of what can be compared: {kinds}")


def _name(what: Any) -> str:
    if isinstance(what, str | os.PathLike):
        return os.path.basename(os.fspath(what))
    if isinstance(what, Moment | Snapshot):
        return f"step {what.step}"
    return what.name if isinstance(what, Run) else type(what).__name__
