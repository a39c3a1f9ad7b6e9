"""Finding where a backward pass goes wrong, as torch.autograd.anomaly_mode: the forward line is named, nan refused."""

from __future__ import annotations

import sys
import traceback
import warnings
from typing import Any

from gradbook import backends, events
from gradbook.autograd import layers
from gradbook.autograd.node import Node
from gradbook.autograd.rules import apply_rules
from gradbook.errors import AutogradError
from gradbook.tensor import Tensor

__all__ = ["detect_anomaly", "is_anomaly_check_nan_enabled", "is_anomaly_enabled", "set_detect_anomaly"]


class Anomaly:
    """Remembers where each node was made, and looks at what its rule gives."""

    def __init__(self, check_nan: bool) -> None:
        self.check_nan = check_nan

    def on_op(self, op: Any, operands: Any, params: Any, out: Any, node: Node | None, where: Any) -> None:
        """Note the lines that led to an op that is recorded."""
        if node is not None:
            frames = traceback.walk_stack(sys._getframe(1))
            node.metadata["traceback_"] = traceback.StackSummary.extract(frames, lookup_lines=False)

    def apply(self, node: Node, g: Any, edges: Any, create_graph: bool) -> Any:
        """The gradients of a node, or an error that says where it was made."""
        try:
            results = apply_rules(node, g, edges, create_graph)
        except Exception:
            warn_of(node)
            raise
        for i, result in enumerate(results if self.check_nan else ()):
            array = result._array if isinstance(result, Tensor) else result
            if backends.is_array(array) and array.dtype.kind in "fcV" and bool((array != array).any()):
                warn_of(node)
                raise AutogradError(f"Function '{node.name()}' returned nan values in its {i}th output.")
        return results


def warn_of(node: Node) -> None:
    """Say which forward call a failing node belongs to."""
    stack = node.metadata.get("traceback_")
    if stack is None:
        told = "No forward pass information available. Enable detect anomaly during forward pass for more information."
    else:
        inside = events._PACKAGE
        lines = [frame for frame in reversed(stack) if not frame.filename.startswith(inside)]
        told = "Traceback of forward call that caused the error:\n" + "".join(traceback.format_list(lines))
    warnings.warn(f"Error detected in {node.name()}. {told}", UserWarning, stacklevel=2)


def is_anomaly_enabled() -> bool:
    """True while anomalies are looked for."""
    return layers.anomaly is not None


def is_anomaly_check_nan_enabled() -> bool:
    """True while nan in a gradient is an error."""
    return layers.anomaly is not None and layers.anomaly.check_nan


def _look(mode: bool, check_nan: bool) -> None:
    if layers.anomaly is not None:
        events.detach(layers.anomaly)
    layers.anomaly = Anomaly(check_nan) if mode else None
    if layers.anomaly is not None:
        events.attach(layers.anomaly)


class set_detect_anomaly:
    """Look for anomalies, or no longer; as a context manager until its end (torch.autograd.set_detect_anomaly)."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.before = is_anomaly_enabled(), is_anomaly_check_nan_enabled()
        _look(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        _look(*self.before)


class detect_anomaly:
    """A context in which a backward that fails, or gives nan, names the line of its forward.

    As torch.autograd.detect_anomaly; for debugging, since each op is slower. The error is a RuntimeError, the line
    comes in a warning.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            UserWarning,
            stacklevel=2,
        )

    def __enter__(self) -> None:
        self.scope = set_detect_anomaly(True, self.check_nan)

    def __exit__(self, *exc: object) -> None:
        self.scope.__exit__()
